//! A data set made ready to train on: the validation part set aside, the scaling fitted to the rest.

use super::choice::Chosen;
use super::config::Config;
use super::fitting;
use super::lone::{Extremes, lone_cells, refuse_too_large};
use super::method::refuse_few_steps;
use super::rows::{Rows, digests_of};
use crate::data::scaling::{Fitted, Scaling, Span, Transform};
use crate::data::{Dataset, Piece, Split, split};
use crate::diagnostic::{Diagnostic, Result};
use crate::examples::{Fingerprint, OtherTarget, Part, Scales, padded};
use crate::ir::{Input, Model, Node};
use crate::likelihood::{Summary, TargetKind};
use crate::tensor::Shape;

/// The most steps of a run: twice as many are counted still, and written to a run file.
const MOST_STEPS: usize = usize::MAX / 4;

/// Whether there are as many training examples as a batch takes.
///
/// # Errors
///
/// `E0603` where there are fewer.
pub fn batch_fits(batch: usize, examples: usize) -> Result<()> {
    if batch <= examples {
        return Ok(());
    }
    if examples == 0 {
        let message = Diagnostic::error("E0603", "there are no training examples");
        return Err(message.note("all counts are 0").into());
    }
    let title = format!("a batch of {batch} is larger than the {examples} training examples");
    Err(Diagnostic::error("E0603", title)
        .help(format!(
            "`--batch-size {examples}` takes all of them in one step"
        ))
        .into())
}

/// Whether every layer that normalises by a minibatch's statistics has more than one number to take them of.
///
/// # Errors
///
/// `E0614` for minibatches of one example with one position.
fn refuse_one_number(model: &Model, batch: usize) -> Result<()> {
    let of_one = |(_, positions): &(&Node, usize)| batch * positions == 1;
    let Some((node, _)) = model.batch_statistics().find(of_one) else {
        return Ok(());
    };
    let title = format!(
        "with `batch_size` = 1, `{}` takes the mean and variance of one number",
        node.name
    );
    Err(Diagnostic::error("E0614", title)
        .at(node.span, "a number less its mean is 0: the layer gives its shift for every example")
        .note("nothing below it would be trained, and the variance that predictions take goes to 0")
        .help("`--batch-size 32`, or `batch_size` in the run file, gives it more examples; `layer_norm` looks at one")
        .into())
}

/// The scaling of the inputs: of several, each by its own channels or features, told for every entry of their row.
/// `also` is shown all inputs on the way.
fn scale_inputs(
    scaling: Scaling,
    split: &Split,
    model: &Model,
    training: &[usize],
    also: &mut dyn FnMut(&Piece),
) -> Result<Fitted> {
    let (row, mut start) = (model.input.shape.len(), 0);
    let mut spans = vec![];
    for input in &model.inputs {
        let span = Span {
            row,
            start,
            is_sequence: input.sequence.is_some(),
        };
        // A token is no number.
        let is_token = input.sequence.is_some_and(|of| of.vocabulary.is_some());
        spans.extend((!is_token).then_some((span, &input.shape)));
        start += input.row_len();
    }
    let mut fitted = match &spans[..] {
        [] => {
            split.inputs.show(split.len, also)?;
            vec![]
        }
        spans => scaling.fit_spans(&split.inputs, spans, training, Some(also))?,
    };
    if let [Input { sequence: None, .. }] = &model.inputs[..] {
        return Ok(fitted.remove(0));
    }
    let mut fitted = fitted.into_iter();
    let mut all = Fitted {
        transform: Transform::identity(0),
        constant: vec![],
    };
    let mut start = 0;
    for input in &model.inputs {
        let width = input.shape.len();
        let is_token = input.sequence.is_some_and(|of| of.vocabulary.is_some());
        let as_they_are = || Fitted {
            transform: Transform::identity(1),
            constant: vec![],
        };
        let own = (!is_token).then(|| fitted.next()).flatten();
        let fitted = own.unwrap_or_else(as_they_are);
        let channels = fitted.transform.channels();
        let entries = || (0..width).map(|entry| entry % channels);
        let Transform { offset, scale, .. } = &fitted.transform;
        all.transform.offset.extend(entries().map(|c| offset[c]));
        all.transform.scale.extend(entries().map(|c| scale[c]));
        let is_constant = |entry: &usize| fitted.constant.contains(&(entry % channels));
        // Of a sequence those of its first step.
        let told = if input.sequence.is_some() {
            channels
        } else {
            width
        };
        let constant = (0..told).filter(is_constant).map(|entry| start + entry);
        all.constant.extend(constant);
        if input.sequence.is_some() {
            // Its length.
            all.transform.offset.push(0.0);
            all.transform.scale.push(1.0);
        }
        start += input.row_len();
    }
    all.transform.padded = padded(model);
    Ok(all)
}

/// The scaling of the model's target, the identity where it has none.
fn scale_targets(
    split: &Split,
    model: &Model,
    config: &Config,
    training: &[usize],
) -> Result<Transform> {
    let (kind, summary) = (model.target.kind, model.summary());
    if !summary.standardizes() || config.data.targets != "standardize" {
        return Ok(Transform::identity(kind.channels()));
    }
    let scaling = match summary.heavy_tailed() {
        true => Scaling::Quartiles,
        false => Scaling::Standardize,
    };
    // Of the model's axes, as of inputs.
    let axes = kind.axes().map(|axes| Shape::new(axes.sizes()));
    let shape = axes.as_ref().unwrap_or(&split.target_shape);
    Ok(scaling.fit(&split.targets, shape, training)?.transform)
}

/// What is largest and least of the targets that are trained on.
fn extreme_targets<'a>(split: &Split, training: &'a [usize]) -> Result<Extremes<'a>> {
    let mut extremes = Extremes::new(split.target_shape.len(), training);
    split
        .targets
        .show(split.len, &mut |piece| extremes.look(piece))?;
    Ok(extremes)
}

/// A data set ready to train on.
pub struct Prepared {
    /// As read; of several targets with the first.
    pub data: Dataset,
    /// How it is scaled.
    pub scales: Scales,
    /// The further targets of its examples.
    pub others: Vec<OtherTarget>,
    /// The rows of the training split that are trained on, each as often as it occurs.
    pub training: Vec<usize>,
    /// Those set aside, likewise.
    pub validation: Vec<usize>,
    /// The rows that are trained on and those set aside, each once.
    pub rows: [Vec<usize>; 2],
    /// Channels or features whose training values are all the same.
    pub constant: Vec<usize>,
    /// Cells that make the scale of their column alone, told.
    pub lone: Vec<String>,
    /// The least and the largest value of each input among the rows that are trained on; none of images
    /// and sequences.
    pub input_ranges: Vec<[f64; 2]>,
    /// Of the training part, [`crate::examples::fingerprint`].
    pub fingerprint: String,
    /// The digests of the rows, taken once.
    pub(super) digests: Vec<[u64; 2]>,
    /// What was chosen of the settings.
    pub chosen: Chosen,
    kind: TargetKind,
    summary: Summary,
}

impl Prepared {
    /// Takes the validation part out, fits the scaling to what is left, and chooses the batch size and the number of
    /// epochs where `config` has none.
    ///
    /// # Errors
    ///
    /// Data that cannot be read (`E0503`, `E0504`) or does not fit the model (`E0507`, `E0509`, `E0510`), no examples, a batch larger
    /// than their number, or more steps than can be counted (`E0603`); one number to take a variance of (`E0614`).
    pub fn new(
        data: Dataset,
        others: Vec<Dataset>,
        model: &Model,
        config: &mut Config,
    ) -> Result<Prepared> {
        fitting::check(&data, model)?;
        // Each further target by the model that has no other.
        let alone = (1..=model.others.len()).map(|target| model.of_target(target));
        let others: Vec<(Dataset, Model)> = others.into_iter().zip(alone).collect();
        if others.len() != model.others.len() {
            return Err(Diagnostic::error(
                "E0510",
                "the model has several targets, and the data one",
            )
            .into());
        }
        for (data, model) in &others {
            fitting::check(data, model)?;
        }
        config.augmentation.settle(&model.input, &model.target)?;
        let mut targets = model.others.iter().map(|(target, _)| target);
        if let Some(target) = targets.find(|target| target.kind.axes().is_some())
            && config.augmentation.is_on()
        {
            let title = format!(
                "`[augmentation]` changes the first target alone, and `{}` is an image, too",
                target.name
            );
            return Err(Diagnostic::error("E0603", title)
                .help(format!(
                    "declare `{}` first, if no other target is an image; or leave `[augmentation]` out, or `--flip` and \
                     `--crop-padding`",
                    target.name
                ))
                .into());
        }
        if data.train.len == 0 {
            return Err(Diagnostic::error(
                "E0603",
                format!("{} has no training examples", data.name),
            )
            .into());
        }
        let (training_rows, validation_rows) = split::set_aside(
            data.train.len,
            data.groups(),
            data.in_time(),
            config.data.set_aside(),
            config.seed,
        )?;
        let training = data.examples(false, &training_rows);
        let validation = data.examples(false, &validation_rows);
        let chosen = config.choose(training.len(), model);
        if config.epochs() == 0 && config.from.is_none() {
            let title = "`epochs` is 0, and nothing is trained";
            return Err(Diagnostic::error("E0603", title)
                .help("`from`, or `--from RUN`, takes the weights of a run that is trained already")
                .into());
        }
        batch_fits(config.batch_size(), training.len())?;
        refuse_one_number(model, config.batch_size())?;
        let steps = config.steps(training.len());
        let most = MOST_STEPS / steps / config.method.rounds();
        if config.epochs() > most {
            let title = format!(
                "{} epochs of {steps} steps are more than can be counted",
                config.epochs()
            );
            return Err(Diagnostic::error("E0603", title)
                .help(format!("`--epochs {most}` is the most"))
                .into());
        }
        refuse_few_steps(&config.method, config.epochs() * steps)?;
        let scaling = match config.data.scaling {
            "standardize" => Scaling::Standardize,
            "symmetric" => Scaling::Symmetric,
            "unit" => Scaling::Unit,
            _ => Scaling::None,
        };
        // Of the model's shape: data may leave axes of 1 out, and its last axis is then not the channels.
        // One look at all of the inputs, which may be in files, for all that is asked of them.
        let train = &data.train;
        let mut fingerprint = Fingerprint::begin(train)?;
        let mut digests = vec![];
        // Of columns; the pixels of images share theirs, and so do the steps of sequences.
        let has_sequences = model.inputs.iter().any(|input| input.sequence.is_some());
        let has_columns = train.input_shape.rank() < 2;
        let has_columns =
            has_columns || model.input.shape.0.last() == Some(&train.input_shape.len());
        let extremes = || Extremes::new(train.input_shape.len(), &training);
        let mut extremes = (has_columns && !has_sequences).then(extremes);
        let inputs = scale_inputs(scaling, train, model, &training, &mut |piece| {
            fingerprint.look(piece);
            digests_of(train, piece, &mut digests);
            if let Some(extremes) = &mut extremes {
                extremes.look(piece);
            }
        })?;
        let fingerprint = fingerprint.finish();
        let targets = scale_targets(train, model, config, &training)?;
        let scales = Scales {
            inputs: inputs.transform,
            targets,
        };
        refuse_too_large(&data, &scales)?;
        let of_targets = extreme_targets(&data.train, &training)?;
        let mut lone = lone_cells(&data, &scales, [extremes.as_ref(), Some(&of_targets)]);
        let of_columns = extremes.filter(|_| data.train.input_shape.rank() < 2);
        let input_ranges = of_columns.map_or(vec![], |found| found.ranges());
        let other = |(number, (data, model)): (usize, (Dataset, Model))| {
            let scales = Scales {
                inputs: scales.inputs.clone(),
                targets: scale_targets(&data.train, &model, config, &training)?,
            };
            refuse_too_large(&data, &scales)?;
            let of_targets = extreme_targets(&data.train, &training)?;
            lone.extend(lone_cells(&data, &scales, [None, Some(&of_targets)]));
            Ok(OtherTarget {
                number,
                data,
                scales,
                kind: model.target.kind,
                summary: model.summary(),
            })
        };
        let others = (1..).zip(others).map(other).collect::<Result<_>>()?;
        Ok(Prepared {
            data,
            scales,
            others,
            training,
            validation,
            rows: [training_rows, validation_rows],
            constant: inputs.constant,
            lone,
            input_ranges,
            fingerprint,
            digests,
            chosen,
            kind: model.target.kind,
            summary: model.summary(),
        })
    }

    /// The digests of its rows, for a run to keep; they are given away.
    ///
    /// # Errors
    ///
    /// A file of stored inputs that cannot be read.
    pub fn digests(&mut self) -> Result<Rows> {
        let train = std::mem::take(&mut self.digests);
        Rows::of(&train, &self.rows, self.data.test.as_ref())
    }

    /// The examples that are trained on.
    pub fn training(&self) -> Part<'_> {
        self.part(&self.data.train, &self.training)
    }

    /// Those set aside.
    pub fn validation(&self) -> Part<'_> {
        self.part(&self.data.train, &self.validation)
    }

    fn part<'a>(&'a self, split: &'a Split, rows: &'a [usize]) -> Part<'a> {
        Part {
            split,
            rows,
            target: 0,
            targets: None,
            others: &self.others,
            scales: &self.scales,
            kind: self.kind,
            summary: self.summary,
            with_targets: true,
        }
    }
}

impl OtherTarget {
    /// Examples of the same data with this target: the split of its targets is that of the test part where `test` says
    /// so.
    pub fn part<'a>(&'a self, of_first: Part<'a>, test: bool) -> Part<'a> {
        let test = self.data.test.as_ref().filter(|_| test);
        Part {
            target: self.number,
            targets: Some(test.unwrap_or(&self.data.train)),
            others: &[],
            scales: &self.scales,
            kind: self.kind,
            summary: self.summary,
            ..of_first
        }
    }
}
