//! An archive of arrays, and the data set in it.

use super::Wanted;
use super::choose::{self, Chosen, Named, Pair};
use super::inputs::Inputs;
use super::labels::{self, Numbered, Purpose};
use super::sequences::says_lengths;
use crate::data::error::corrupt;
use crate::data::memory::{ARRAYS, Array};
use crate::data::npy::{Contents, Header, read_contents, read_header};
use crate::data::sequences::of_places;
use crate::data::{Choices, Dataset, Seen, Split, Values};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::tensor::Shape;
use std::io::{Read, Seek};
use std::path::Path;
use zip::ZipArchive;

pub(super) struct Archive<'a, R: Read + Seek> {
    pub(super) path: &'a Path,
    pub(super) names: Vec<String>,
    members: Members<'a, R>,
}

/// Where the arrays of an archive are.
enum Members<'a, R: Read + Seek> {
    File(ZipArchive<R>),
    Memory(&'a [Array]),
}

/// An array that was read.
pub(super) struct Found {
    pub(super) name: String,
    /// The archive's path, for messages.
    pub(super) path: String,
    pub(super) header: Header,
    pub(super) contents: Contents,
}

impl<'a, R: Read + Seek> Archive<'a, R> {
    pub(super) fn open(path: &'a Path, reader: R) -> Result<Self> {
        let archive = ZipArchive::new(reader)
            .map_err(|e| Failure::from(corrupt(path, "is not an .npz file").note(e.to_string())))?;
        let files = archive.file_names().filter_map(|name| name.ok());
        let arrays = files.filter_map(|name| name.strip_suffix(".npy").map(String::from));
        let mut names: Vec<String> = arrays.collect();
        names.sort();
        Ok(Archive {
            path,
            names,
            members: Members::File(archive),
        })
    }

    /// Arrays in memory, which messages call `name`.
    pub(super) fn of(name: &'a str, arrays: &'a [Array]) -> Self {
        let names = arrays.iter().map(|array| array.name().to_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        Archive {
            path: Path::new(name),
            names,
            members: Members::Memory(arrays),
        }
    }

    /// Whether a program has its arrays in memory.
    pub(super) fn is_of_a_program(&self) -> bool {
        self.path == Path::new(ARRAYS)
    }

    /// The file, if it is one.
    pub(super) fn zip(&mut self) -> Option<&mut ZipArchive<R>> {
        match &mut self.members {
            Members::File(archive) => Some(archive),
            Members::Memory(_) => None,
        }
    }

    pub(super) fn fault(&self, fact: &str) -> Diagnostic {
        Diagnostic::error("E0507", format!("`{}` {fact}", self.path.display()))
    }

    /// The array called so, or so with the word of a training part.
    pub(super) fn of_training(&self, name: &str) -> Option<String> {
        let forms = [
            name.to_owned(),
            format!("{name}_train"),
            format!("train_{name}"),
        ];
        forms.into_iter().find(|form| self.names.contains(form))
    }

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

    /// The header of the array `name`.
    pub(super) fn header(&mut self, name: &str) -> Result<Header> {
        self.member(
            name,
            |member| read_header(member),
            |array| Ok(array.header().clone()),
        )
    }

    /// The array `name`.
    pub(super) fn array(&mut self, name: &str) -> Result<Found> {
        let read = |member: &mut zip::read::ZipFile<R>| {
            let header = read_header(member)?;
            let contents = read_contents(&header, member)?;
            Ok((header, contents))
        };
        let (header, contents) = self.member(name, read, |array| {
            Ok((array.header().clone(), array.contents()?))
        })?;
        Ok(Found {
            name: name.to_owned(),
            path: self.path.display().to_string(),
            header,
            contents,
        })
    }

    /// What `read` makes of the file of the array `name`, or `take` of the array in memory.
    fn member<V>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut zip::read::ZipFile<R>) -> std::result::Result<V, String>,
        take: impl FnOnce(&Array) -> std::result::Result<V, String>,
    ) -> Result<V> {
        let corrupt = |error: String| -> Failure {
            let fact = format!("holds an array `{name}` that cannot be read");
            corrupt(self.path, fact).note(error).into()
        };
        match &mut self.members {
            Members::File(archive) => {
                let member = archive.by_name(&format!("{name}.npy"));
                read(&mut member.map_err(|e| corrupt(e.to_string()))?).map_err(corrupt)
            }
            Members::Memory(arrays) => {
                let array = arrays.iter().find(|array| array.name() == name);
                let array = array.ok_or_else(|| corrupt("it is not there".into()))?;
                take(array).map_err(corrupt)
            }
        }
    }

    /// The values of an array of inputs, its channels last.
    pub(super) fn input_values(&mut self, name: &str, choices: &Choices) -> Result<Values> {
        let found = self.array(name)?;
        let Contents::Numbers(mut values) = found.contents else {
            return Err(self
                .fault(&format!("holds text in the array of inputs `{name}`"))
                .help("inputs are numbers; a .csv may hold text, which becomes categories")
                .into());
        };
        move_channels(&mut values, &found.header, choices);
        Ok(values)
    }

    /// The shape of one input, its channels last. A row of `x` alone is one number an example.
    pub(super) fn input_shape(
        &self,
        name: &str,
        header: &Header,
        choices: &Choices,
    ) -> Result<Shape> {
        let axes = match &header.shape[..] {
            [] | [0, ..] => return Err(self.empty(name, header)),
            [_, axes @ ..] if axes.contains(&0) => return Err(self.empty(name, header)),
            [_] => &[1][..],
            [_, axes @ ..] => axes,
        };
        match (choices.layout.as_deref(), axes) {
            (None | Some("nhwc"), _) => Ok(Shape::new(axes)),
            (Some("nchw"), [c, h, w]) => Ok(Shape::new(&[*h, *w, *c])),
            (Some("nchw"), _) => {
                let fact = format!("holds an array `{name}` that has no channels to move");
                let expected = "`layout = \"nchw\"` is for [examples, channels, height, width]";
                Err(self
                    .fault(&fact)
                    .note(format!("its shape is {:?}, {expected}", header.shape))
                    .into())
            }
            (Some(other), _) => Err(Diagnostic::error("E0506", format!("`{other}` is no layout"))
                .note("expected `nhwc`, channels last, or `nchw`, channels first as PyTorch has them")
                .into()),
        }
    }

    /// The shape of one target, its channels last. A column of `y` alone is one number an example.
    fn target_shape(&self, name: &str, header: &Header, choices: &Choices) -> Result<Shape> {
        match &header.shape[..] {
            [] | [0, ..] | [_, 0] => Err(self.empty(name, header)),
            [_, axes @ ..] if axes.iter().all(|n| *n == 1) => Ok(Shape::default()),
            [_, axes @ ..] if axes.contains(&0) => Err(self.empty(name, header)),
            [_, c, h, w] if choices.layout.as_deref() == Some("nchw") => {
                Ok(Shape::new(&[*h, *w, *c]))
            }
            [_, axes @ ..] => Ok(Shape::new(axes)),
        }
    }

    fn empty(&self, name: &str, header: &Header) -> Failure {
        self.fault(&format!("holds an array `{name}` with no examples"))
            .note(format!("its shape is {:?}", header.shape))
            .into()
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

/// Moves the channels of images last, where they are said to stand first.
fn move_channels(values: &mut Values, header: &Header, choices: &Choices) {
    if let (Some("nchw"), [_, c, h, w]) = (choices.layout.as_deref(), &header.shape[..]) {
        channels_last(values, [*c, *h, *w]);
    }
}

/// Moves the channels of images `[c, h, w]` last, one image after the other.
pub(super) fn channels_last(values: &mut Values, [c, h, w]: [usize; 3]) {
    fn each<V: Copy>(values: &mut [V], c: usize, pixels: usize) {
        for image in values.chunks_exact_mut(c * pixels) {
            let planes = image.to_vec();
            for (pixel, channels) in image.chunks_exact_mut(c).enumerate() {
                for (channel, value) in channels.iter_mut().enumerate() {
                    *value = planes[channel * pixels + pixel];
                }
            }
        }
    }
    match values {
        Values::U8(v) => each(v, c, h * w),
        Values::F32(v) => each(v, c, h * w),
        Values::F64(v) => each(v, c, h * w),
        // What is stored is moved as it is read.
        Values::Stored(_) => {}
    }
}
