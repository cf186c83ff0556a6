//! An archive of arrays, and the data set in it.

use super::Wanted;
use super::choose::{self, Chosen, Named, Pair};
use super::labels::{self, Numbered, Purpose};
use super::told::inputs_taken;
use crate::data::error::corrupt;
use crate::data::npy::{Contents, Header, read_contents, read_header};
use crate::data::{Choices, Dataset, Seen, Split, Values};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::tensor::Shape;
use std::io::{Read, Seek};
use std::path::Path;
use zip::ZipArchive;

pub(super) struct Archive<'a, R: Read + Seek> {
    pub(super) path: &'a Path,
    pub(super) names: Vec<String>,
    pub(super) archive: ZipArchive<R>,
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
            archive,
        })
    }

    pub(super) fn fault(&self, fact: &str) -> Diagnostic {
        Diagnostic::error("E0507", format!("`{}` {fact}", self.path.display()))
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
        let said_inputs = match &wanted.request.inputs[..] {
            [_, _, ..] => {
                let mut arrays = self.arrays_of_inputs(wanted)?;
                let first = arrays.remove(0);
                // The other inputs are no targets, whatever they are called.
                arrays.extend(arrays.clone().iter().map(|name| of_test(name)));
                names.retain(|name| !arrays.contains(name));
                Some(first)
            }
            _ => None,
        };
        let said = Named {
            inputs: match &said_inputs {
                Some(first) => Some(first.as_str()),
                None => wanted.choices.inputs.as_deref().or(of_run[0].as_deref()),
            },
            targets: wanted.target.or(of_run[1].as_deref()),
        };
        choose::choose(&names, said, targets_needed).map_err(|refusal| self.refused(refusal).into())
    }

    /// The arrays of several inputs: those that are named, else those of the inputs' names.
    fn arrays_of_inputs(&mut self, wanted: &Wanted) -> Result<Vec<String>> {
        let inputs = &wanted.request.inputs;
        let said = wanted.choices.inputs.as_deref();
        let said = said.or(wanted.request.arrays[0].as_deref());
        let named: Vec<String> = match said {
            Some(said) => said.split(',').map(|name| name.trim().to_owned()).collect(),
            None => inputs.iter().map(|(name, _)| name.clone()).collect(),
        };
        if named.len() != inputs.len() {
            let count = crate::words::count(named.len(), "array", "arrays");
            let fact = format!("is to give {} inputs, and {count} are named", inputs.len());
            return Err(self
                .fault(&fact)
                .help("`--inputs A,B` names one for each input, in their order")
                .into());
        }
        let mut all = vec![];
        for (name, (input, _)) in named.iter().zip(inputs) {
            let forms = [
                name.clone(),
                format!("{name}_train"),
                format!("train_{name}"),
            ];
            match forms.into_iter().find(|form| self.names.contains(form)) {
                Some(found) => all.push(found),
                None => {
                    let fact = format!("has no array `{name}` for the input `{input}`");
                    let listed = self.listed();
                    return Err(self
                        .fault(&fact)
                        .note(format!("its arrays: {listed}"))
                        .help("`--inputs A,B` names an array for each input, in their order")
                        .into());
                }
            }
        }
        Ok(all)
    }

    /// The arrays of all inputs of a part, of which the first is known.
    fn all_inputs(&mut self, first: &str, wanted: &Wanted) -> Result<Vec<String>> {
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

    /// The shape of one example of these inputs: of several that of their row.
    fn shape_of_inputs(&mut self, arrays: &[String], wanted: &Wanted) -> Result<(Header, Shape)> {
        let first = self.header(&arrays[0])?;
        if let [only] = arrays {
            let shape = self.input_shape(only, &first, wanted.choices)?;
            return Ok((first, shape));
        }
        let mut width = 0;
        for (array, (input, expected)) in arrays.iter().zip(&wanted.request.inputs) {
            let header = self.header(array)?;
            let shape = self.input_shape(array, &header, wanted.choices)?;
            let squeezed =
                |axes: &[usize]| axes.iter().copied().filter(|n| *n != 1).collect::<Vec<_>>();
            if squeezed(&shape.0) != squeezed(&expected.0) {
                let title = format!(
                    "`{array}` is {shape} an example, the model's input `{input}` takes {expected}"
                );
                return Err(self.fault(&format!("does not fit: {title}")).into());
            }
            self.same_length([&arrays[0], array], &first, &header)?;
            width += shape.len();
        }
        Ok((first, Shape::new(&[width])))
    }

    /// The values of these inputs: of several, each example's one after the other.
    fn values_of_inputs(&mut self, arrays: &[String], choices: &Choices) -> Result<Values> {
        if let [only] = arrays {
            return self.input_values(only, choices);
        }
        let all = arrays.iter().map(|name| self.input_values(name, choices));
        let all: Vec<Values> = all.collect::<Result<_>>()?;
        let examples = self.header(&arrays[0])?.shape[0];
        let mut rows = Vec::with_capacity(all.iter().map(Values::len).sum());
        for example in 0..examples {
            for values in &all {
                let width = values.len() / examples;
                let entries = example * width..(example + 1) * width;
                rows.extend(entries.map(|entry| values.get(entry)));
            }
        }
        let narrow = |x: &f64| f64::from(*x as f32) == *x || x.is_nan();
        Ok(match rows.iter().all(narrow) {
            true => Values::F32(rows.into_iter().map(|x| x as f32).collect()),
            false => Values::F64(rows),
        })
    }

    /// The examples; their inputs are read where `with_inputs` says so, else only what is known without.
    pub(super) fn dataset(&mut self, wanted: &Wanted, with_inputs: bool) -> Result<Dataset> {
        let chosen = self.choose(wanted, true)?;
        let pairs: Vec<Pair> = [Some(&chosen.train), chosen.test.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        let (mut targets, mut inputs) = (vec![], vec![]);
        for pair in &pairs {
            let name = pair.targets.as_ref().expect("targets are needed");
            let arrays = self.all_inputs(&pair.inputs, wanted)?;
            let (header, shape) = self.shape_of_inputs(&arrays, wanted)?;
            let mut found = self.array(name)?;
            self.same_length([&pair.inputs, name], &header, &found.header)?;
            if let Contents::Numbers(values) = &mut found.contents {
                move_channels(values, &found.header, wanted.choices);
            }
            targets.push((
                self.target_shape(name, &found.header, wanted.choices)?,
                found,
            ));
            inputs.push((header, shape));
        }
        if let [(train, _), (test, found)] = &targets[..] {
            self.agree(&inputs[0].1, &inputs[1].1, &pairs[1].inputs)?;
            self.agree(train, test, &found.name)?;
        }
        let taken = self.taken(&pairs, &inputs, &targets, wanted.choices);
        let purpose = Purpose {
            predicts: wanted.request.predicts,
            classes: wanted.request.classes.as_deref(),
        };
        let shape = targets[0].0.clone();
        let found = targets.into_iter().map(|(_, found)| found).collect();
        let numbered = labels::number(found, shape, purpose)?;
        let mut splits = vec![];
        for (index, values) in numbered.values.iter().enumerate() {
            let (header, shape) = &inputs[index];
            splits.push(Split {
                len: header.shape[0],
                inputs: match with_inputs {
                    true => {
                        let arrays = self.all_inputs(&pairs[index].inputs, wanted)?;
                        self.values_of_inputs(&arrays, wanted.choices)?
                    }
                    false => Values::U8(vec![]),
                },
                input_shape: shape.clone(),
                targets: values.clone(),
                target_shape: numbered.shape.clone(),
            });
        }
        let test = (splits.len() > 1).then(|| splits.remove(1));
        Ok(self.finished(splits.remove(0), test, numbered, taken))
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
        let arrays = self.all_inputs(name, wanted)?;
        let (header, input_shape) = self.shape_of_inputs(&arrays, wanted)?;
        let train = Split {
            len: header.shape[0],
            inputs: self.values_of_inputs(&arrays, wanted.choices)?,
            input_shape,
            targets: Values::F64(vec![]),
            target_shape: Shape::new(&[0]),
        };
        let taken = [inputs_taken(name, &header, wanted.choices)];
        let taken = taken.into_iter().chain(self.not_read(&[name])).collect();
        Ok(Dataset {
            name: self.path.display().to_string(),
            train,
            test: None,
            file_rows: None,
            columns: None,
            seen: Seen {
                taken,
                ..Seen::default()
            },
            class_names: vec![],
        })
    }

    /// The header of the array `name`.
    pub(super) fn header(&mut self, name: &str) -> Result<Header> {
        self.member(name, |member| read_header(member))
    }

    /// The array `name`.
    pub(super) fn array(&mut self, name: &str) -> Result<Found> {
        let (header, contents) = self.member(name, |member| {
            let header = read_header(member)?;
            let contents = read_contents(&header, member)?;
            Ok((header, contents))
        })?;
        Ok(Found {
            name: name.to_owned(),
            path: self.path.display().to_string(),
            header,
            contents,
        })
    }

    /// What `read` makes of the file of the array `name`.
    fn member<V>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut zip::read::ZipFile<R>) -> std::result::Result<V, String>,
    ) -> Result<V> {
        let corrupt = |error: String| -> Failure {
            let fact = format!("holds an array `{name}` that cannot be read");
            corrupt(self.path, fact).note(error).into()
        };
        let mut member = self
            .archive
            .by_name(&format!("{name}.npy"))
            .map_err(|e| corrupt(e.to_string()))?;
        read(&mut member).map_err(corrupt)
    }

    /// The values of an array of inputs, its channels last.
    fn input_values(&mut self, name: &str, choices: &Choices) -> Result<Values> {
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
    fn input_shape(&self, name: &str, header: &Header, choices: &Choices) -> Result<Shape> {
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

    fn same_length(&self, [x, y]: [&str; 2], inputs: &Header, targets: &Header) -> Result<()> {
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

/// The array of the test part beside one of the training part.
fn of_test(name: &str) -> String {
    match name.contains("train") {
        true => name.replacen("train", "test", 1),
        false => format!("{name}_test"),
    }
}

/// Moves the channels of images last, where they are said to stand first.
fn move_channels(values: &mut Values, header: &Header, choices: &Choices) {
    if let (Some("nchw"), [_, c, h, w]) = (choices.layout.as_deref(), &header.shape[..]) {
        channels_last(values, [*c, *h, *w]);
    }
}

/// Moves the channels of images `[c, h, w]` last, one image after the other.
fn channels_last(values: &mut Values, [c, h, w]: [usize; 3]) {
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
    }
}
