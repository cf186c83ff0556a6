//! The arrays of a model's inputs: one, or one for each of several, whose values lie one after the other.

use super::Wanted;
use super::archive::Archive;
use super::choose::of_test;
use super::sequences::OfSequences;
use super::streamed::Reading;
use super::told::described;
use crate::data::npy::Header;
use crate::data::stored::{self, Kind};
use crate::data::{Choices, Values, same_but_for_ones};
use crate::diagnostic::{Diagnostic, Result};
use crate::tensor::Shape;
use crate::words::{count, join};
use std::io::{Read, Seek};

/// The inputs of one part of a data set.
pub(super) struct Inputs {
    /// The array of each input, in the model's order.
    arrays: Vec<(String, Header)>,
    /// What is known of each that holds sequences.
    pub(super) sequences: Vec<Option<OfSequences>>,
    /// What is odd about them.
    pub(super) remarks: Vec<String>,
    /// The shape of one example: of several inputs that of their row.
    pub(super) shape: Shape,
}

impl Inputs {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.arrays.iter().map(|(name, _)| name.as_str())
    }

    /// Their names and headers.
    pub(super) fn arrays(&self) -> impl Iterator<Item = (&str, &Header)> {
        let arrays = self.arrays.iter();
        arrays.map(|(name, header)| (name.as_str(), header))
    }

    /// The header of the first array; all have as many examples.
    pub(super) fn first(&self) -> &Header {
        &self.arrays[0].1
    }

    /// Whether one is of tokens: what is none is told before a run begins.
    pub(super) fn holds_tokens(&self) -> bool {
        let mut all = self.sequences.iter().flatten();
        all.any(|found| found.of.vocabulary.is_some())
    }

    /// The arrays that say the lengths of sequences.
    pub(super) fn lengths(&self) -> impl Iterator<Item = &str> {
        let all = self.sequences.iter().flatten();
        all.flat_map(|found| {
            let first = found.told_by.iter().map(|(by, _)| &by[..]);
            first.chain(found.said_again.iter().map(String::as_str))
        })
    }

    /// `inputs x float32 [150, 4]`
    pub(super) fn described(&self, choices: &Choices) -> String {
        let layout = match choices.layout.as_deref() {
            Some("nchw") => " with its channels moved last",
            _ => "",
        };
        let arrays = self.arrays.iter();
        let each = arrays.zip(&self.sequences).map(|((name, header), found)| {
            let lengths = match found {
                None => String::new(),
                Some(OfSequences {
                    told_by: Some((by, is_mask)),
                    ..
                }) => {
                    let what = if *is_mask { "mask" } else { "lengths" };
                    format!(" with the {what} in `{by}`")
                }
                Some(_) => " of which all steps are there".into(),
            };
            format!("`{name}` {}{layout}{lengths}", described(header))
        });
        format!("inputs {}", join(each.collect(), "and"))
    }
}

impl<R: Read + Seek> Archive<'_, R> {
    /// The arrays of several inputs: those that are named, else those of the inputs' names. Of another archive than the
    /// run's own, an array that the run named is taken only if it is there.
    pub(super) fn arrays_of_inputs(&mut self, wanted: &Wanted) -> Result<Vec<String>> {
        let inputs = &wanted.request.inputs;
        let items = |said: &str| -> Vec<String> {
            said.split(',').map(|name| name.trim().to_owned()).collect()
        };
        let said = wanted.choices.inputs.as_deref().map(items);
        if let Some(said) = said.as_ref().filter(|said| said.len() != inputs.len()) {
            let named = count(said.len(), "array is named", "arrays are named");
            let fact = format!("is to give {} inputs, and {named}", inputs.len());
            return Err(self
                .fault(&fact)
                .help("`--inputs A,B` names one for each input, in their order")
                .into());
        }
        let of_run = wanted.request.arrays[0].as_deref().map(items);
        let array = |(place, (input, _)): (usize, &(String, Shape))| {
            let names = match (&said, &of_run) {
                (Some(said), _) => vec![&said[place]],
                (None, Some(of_run)) => of_run.get(place).into_iter().chain([input]).collect(),
                (None, None) => vec![input],
            };
            let found = names.iter().find_map(|name| self.of_training(name));
            found.ok_or_else(|| (names[0].clone(), input.clone()))
        };
        let arrays = inputs.iter().enumerate().map(array);
        let arrays: std::result::Result<Vec<_>, _> = arrays.collect();
        arrays.map_err(|(name, input)| self.no_array(&name, &input).into())
    }

    fn no_array(&mut self, name: &str, input: &str) -> Diagnostic {
        let fact = format!("has no array `{name}` for the input `{input}`");
        let note = format!("its arrays: {}", self.listed());
        self.fault(&fact).note(note).help(format!(
            "an array has the name of its input, `{input}`; `--inputs A,B` of `bnnc train` and `bnnc check` names others, \
             one for each input, in their order"
        ))
    }

    /// The inputs of a part, of which the first array is known.
    pub(super) fn inputs_of(&mut self, first: &str, wanted: &Wanted) -> Result<Inputs> {
        let names = self.names_of_inputs(first, wanted)?;
        let mut inputs = Inputs {
            arrays: vec![],
            sequences: vec![],
            remarks: vec![],
            shape: Shape::default(),
        };
        let mut shapes = vec![];
        for (place, name) in names.into_iter().enumerate() {
            let header = self.header(&name)?;
            let shape = self.input_shape(&name, &header, wanted.choices)?;
            let of = wanted.request.sequence(place);
            let found = of.map(|of| self.sequences(&name, &header, of, wanted));
            let found = found.transpose()?;
            if found.is_none() {
                let remark = self.unread_lengths(&name, wanted)?;
                inputs.remarks.extend(remark);
            }
            shapes.push(match &found {
                None => shape,
                Some(found) => Shape::new(&[found.of.row_len()]),
            });
            inputs.sequences.push(found);
            inputs.arrays.push((name, header));
        }
        inputs.shape = match &shapes[..] {
            [only] => only.clone(),
            all => {
                self.check_inputs(&inputs, all, wanted)?;
                Shape::new(&[all.iter().map(Shape::len).sum()])
            }
        };
        Ok(inputs)
    }

    fn names_of_inputs(&mut self, first: &str, wanted: &Wanted) -> Result<Vec<String>> {
        if wanted.request.inputs.len() < 2 {
            return Ok(vec![first.to_owned()]);
        }
        let training = self.arrays_of_inputs(wanted)?;
        if training[0] == first {
            return Ok(training);
        }
        let all: Vec<String> = training.iter().map(|name| of_test(name)).collect();
        match all.iter().find(|name| !self.names.contains(name)) {
            None => Ok(all),
            Some(missing) => Err(self
                .fault(&format!("has no array `{missing}` beside `{first}`"))
                .note("the test part needs every input, as the training part has")
                .into()),
        }
    }

    /// Whether the arrays of several inputs have the shapes that the model takes, and the same examples.
    fn check_inputs(&self, inputs: &Inputs, shapes: &[Shape], wanted: &Wanted) -> Result<()> {
        let of_model = wanted.request.inputs.iter();
        for ((((array, header), found), shape), (input, expected)) in
            (inputs.arrays.iter().zip(&inputs.sequences))
                .zip(shapes)
                .zip(of_model)
        {
            if found.is_none() && !same_but_for_ones(&shape.0, &expected.0) {
                let fact = format!(
                    "does not fit: `{array}` is {shape} an example, the model's input `{input}` takes {expected}"
                );
                return Err(self.fault(&fact).into());
            }
            self.same_length([&inputs.arrays[0].0, array], inputs.first(), header)?;
        }
        Ok(())
    }

    /// The values of these inputs: of several, each example's one after the other.
    pub(super) fn values_of(
        &mut self,
        inputs: &Inputs,
        choices: &Choices,
        reading: &Reading,
    ) -> Result<Values> {
        if reading.is_streamed {
            return self.stored(inputs, choices);
        }
        let mut all = vec![];
        for ((name, header), found) in inputs.arrays().zip(&inputs.sequences) {
            all.push(match found {
                None => self.input_values(name, choices)?,
                Some(found) => self.sequences_in_memory((name, header), found, choices)?,
            });
        }
        if all.len() == 1 {
            return Ok(all.remove(0));
        }
        Ok(in_rows(&all, inputs.first().shape[0]))
    }
}

/// The values of several arrays, those of an example one after the other, in the narrowest type that holds them all.
pub(in crate::data) fn in_rows(all: &[Values], examples: usize) -> Values {
    let is_narrow = |values: &Values| match values {
        Values::F64(all) => all.iter().all(|x| f64::from(*x as f32) == *x || x.is_nan()),
        _ => true,
    };
    let kind = if all.iter().all(Values::are_bytes) {
        Kind::U8
    } else if all.iter().all(is_narrow) {
        Kind::F32
    } else {
        Kind::F64
    };
    stored::in_rows(all, examples, kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_the_narrowest_type_that_holds_all() {
        let (bytes, halves) = (vec![1, 2, 3, 4], vec![0.5f32, 1.5]);
        let of = |last: Values| in_rows(&[Values::U8(bytes.clone()), last], 2);
        assert_eq!(
            of(Values::U8(vec![8, 9])),
            Values::U8(vec![1, 2, 8, 3, 4, 9])
        );
        let expected = Values::F32(vec![1.0, 2.0, 0.5, 3.0, 4.0, 1.5]);
        assert_eq!(of(Values::F32(halves.clone())), expected);
        let wide = halves.iter().map(|x| f64::from(*x)).collect();
        assert_eq!(of(Values::F64(wide)), expected);
        let third = of(Values::F64(vec![1.0 / 3.0, 0.0]));
        assert_eq!(third, Values::F64(vec![1.0, 2.0, 1.0 / 3.0, 3.0, 4.0, 0.0]));
    }
}
