//! The data set in an archive: which arrays are its inputs and targets, and the examples that they are.

use super::Wanted;
use super::archive::Archive;
use super::choose::{self, Chosen, Named, Pair};
use super::inputs::Inputs;
use super::labels::{self, Numbered, Purpose};
use super::sequences::says_lengths;
use super::shapes::move_channels;
use crate::data::npy::{Contents, Header};
use crate::data::sequences::of_places;
use crate::data::{Dataset, Seen, Split, Values};
use crate::diagnostic::Result;
use crate::tensor::Shape;
use std::io::{Read, Seek};

impl<R: Read + Seek> Archive<'_, R> {
    /// Which arrays are read. What a run said of its own archive is said of another one as far as it has such arrays.
    pub(super) fn choose(&mut self, wanted: &Wanted, targets_needed: bool) -> Result<Chosen> {
        let names = self.names.clone();
        let of_run = |place: usize| {
            let own = wanted.request.arrays[place].as_deref();
            own.filter(|name| self.names.iter().any(|other| other == name))
                .map(str::to_owned)
        };
        let of_run = [of_run(0), of_run(1)];
        let mut names = names;
        if !wanted.request.sequences.is_empty() {
            names.retain(|name| !says_lengths(name));
        }
        let said_inputs = match &wanted.request.inputs[..] {
            [_, _, ..] => {
                let mut arrays = self.arrays_of_inputs(wanted)?;
                let first = arrays.remove(0);
                // The other inputs are no targets, whatever they are called.
                arrays.extend(arrays.clone().iter().map(|name| choose::of_test(name)));
                names.retain(|name| !arrays.contains(name));
                Some(first)
            }
            _ => None,
        };
        let of_several = !wanted.request.others.is_empty();
        let others = wanted.request.others.iter();
        let others = others.map(|(name, _)| self.of_training(name).unwrap_or_else(|| name.clone()));
        for name in others.collect::<Vec<_>>() {
            names.retain(|own| *own != name && *own != choose::of_test(&name));
        }
        // An array of the name of the model's target or input is meant, where the name is none that such arrays usually have.
        let own = wanted.request.targets.first();
        let own = own
            .filter(|(name, _)| of_run[1].is_none() && choose::part(name).is_none() && !of_several);
        let own = own.and_then(|(name, _)| self.of_training(name));
        let target = wanted.target.map_or(own, |name| {
            Some(self.of_training(name).unwrap_or_else(|| name.to_owned()))
        });
        // Where targets go by their names, so does the input.
        let input = wanted.request.inputs.first();
        let input = input.filter(|(name, _)| of_several || choose::part(name).is_none());
        let input = input.and_then(|(name, _)| self.of_training(name));
        let said = Named {
            inputs: match &said_inputs {
                Some(first) => Some(first.as_str()),
                None => (wanted.choices.inputs.as_deref())
                    .or(of_run[0].as_deref())
                    .or(input.as_deref()),
            },
            targets: target.as_deref().or(of_run[1].as_deref()),
        };
        let is_there = |name: &String| self.names.contains(name);
        let chosen = match of_several && !targets_needed && !target.as_ref().is_some_and(is_there) {
            true => choose::alone(&names, said),
            false => choose::choose(&names, said, targets_needed),
        };
        chosen.map_err(|refusal| self.refused(refusal).into())
    }

    /// The examples; their inputs are read where `with_inputs` says so, else only what is known without.
    pub(super) fn dataset(&mut self, wanted: &Wanted, with_inputs: bool) -> Result<Dataset> {
        let chosen = self.choose(wanted, true)?;
        let pairs: Vec<Pair> = [Some(&chosen.train), chosen.test.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        let (mut targets, mut inputs): (_, Vec<Inputs>) = (vec![], vec![]);
        for pair in &pairs {
            let name = pair.targets.as_ref().expect("targets are needed");
            let of_pair = self.inputs_of(&pair.inputs, wanted)?;
            let mut found = self.array(name)?;
            self.same_length([&pair.inputs, name], of_pair.first(), &found.header)?;
            if let Contents::Numbers(values) = &mut found.contents {
                move_channels(values, &found.header, wanted.choices);
            }
            targets.push((
                self.target_shape(name, &found.header, wanted.choices)?,
                found,
            ));
            inputs.push(of_pair);
        }
        if let [(train, _), (test, found)] = &targets[..] {
            self.agree(&inputs[0].shape, &inputs[1].shape, &pairs[1].inputs)?;
            match (&train.0[..], &test.0[..], wanted.request.follows()) {
                // Each part may be padded by itself.
                ([_, train @ ..], [_, test @ ..], Some(_)) if train == test => {}
                _ => self.agree(train, test, &found.name)?,
            }
        }
        if let [train, test] = &inputs[..] {
            self.lengths_of_both([train, test])?;
        }
        let taken = self.taken(&inputs, &targets, wanted);
        let reading = self.reading(&inputs, wanted.request.stream)?;
        let purpose = Purpose {
            predicts: wanted.request.predicts,
            classes: wanted.request.classes.as_deref(),
        };
        let shapes: Vec<Shape> = targets.iter().map(|(shape, _)| shape.clone()).collect();
        let shape = shapes[0].clone();
        let found = targets.into_iter().map(|(_, found)| found).collect();
        let numbered = labels::number(found, shape, purpose)?;
        let mut splits = vec![];
        for (index, values) in numbered.values.iter().enumerate() {
            let inputs = &inputs[index];
            let name = pairs[index].targets.as_deref().unwrap_or_default();
            let (target_shape, targets) = inputs.targets(
                wanted.request.follows(),
                [name, &self.path.display().to_string()],
                match numbered.shape.rank() {
                    0 => &numbered.shape,
                    _ => &shapes[index],
                },
                values.clone(),
            )?;
            let target_shape = match wanted.request.follows() {
                Some(_) => of_places(wanted.request.predicts, target_shape),
                None => target_shape,
            };
            splits.push(Split {
                len: inputs.first().shape[0],
                inputs: match with_inputs || inputs.holds_tokens() {
                    true => self.values_of(inputs, wanted.choices, &reading)?,
                    false => Values::U8(vec![]),
                },
                input_shape: inputs.shape.clone(),
                targets,
                target_shape,
            });
        }
        let test = (splits.len() > 1).then(|| splits.remove(1));
        let mut data = self.finished(splits.remove(0), test, numbered, taken);
        data.seen.remarks.extend(inputs[0].remarks.iter().cloned());
        data.seen.streamed = reading.said;
        Ok(data)
    }

    fn finished(
        &self,
        train: Split,
        test: Option<Split>,
        numbered: Numbered,
        mut taken: Vec<String>,
    ) -> Dataset {
        taken.extend(numbered.said);
        Dataset {
            name: self.path.display().to_string(),
            train,
            test,
            file_rows: None,
            columns: None,
            seen: Seen {
                taken,
                ..Seen::default()
            },
            class_names: numbered.classes,
        }
    }

    pub(super) fn inputs_alone(&mut self, name: &str, wanted: &Wanted) -> Result<Dataset> {
        let inputs = [self.inputs_of(name, wanted)?];
        let reading = self.reading(&inputs, wanted.request.stream)?;
        let [inputs] = inputs;
        let train = Split {
            len: inputs.first().shape[0],
            inputs: self.values_of(&inputs, wanted.choices, &reading)?,
            input_shape: inputs.shape.clone(),
            targets: Values::F64(vec![]),
            target_shape: Shape::new(&[0]),
        };
        let read = inputs.names().chain(inputs.lengths());
        let not_read = self.not_read(&read.collect::<Vec<_>>());
        let taken = [inputs.described(wanted.choices)].into_iter();
        let taken = taken.chain(not_read).collect();
        Ok(Dataset {
            name: self.path.display().to_string(),
            train,
            test: None,
            file_rows: None,
            columns: None,
            seen: Seen {
                taken,
                streamed: reading.said,
                ..Seen::default()
            },
            class_names: vec![],
        })
    }

    pub(super) fn same_length(
        &self,
        [x, y]: [&str; 2],
        inputs: &Header,
        targets: &Header,
    ) -> Result<()> {
        match (inputs.shape.first(), targets.shape.first()) {
            (Some(n), Some(m)) if n != m => Err(self
                .fault(&format!(
                    "holds arrays `{x}` and `{y}` of different lengths"
                ))
                .note(format!(
                    "`{x}` is {:?}, `{y}` is {:?}",
                    inputs.shape, targets.shape
                ))
                .into()),
            _ => Ok(()),
        }
    }

    fn agree(&self, train: &Shape, test: &Shape, name: &str) -> Result<()> {
        if train == test {
            return Ok(());
        }
        Err(self
            .fault(&format!(
                "holds an array `{name}` unlike that of the training part"
            ))
            .note(format!(
                "one example is {test} there, {train} in the training part"
            ))
            .into())
    }
}
