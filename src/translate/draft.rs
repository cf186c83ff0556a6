//! The draft's text.

use super::Draft;
use super::layers::{Distribution, Line, Step, Weights, line};
use super::program::{Program, Target};
use crate::source::{Source, Span};

/// A line of the draft: a layer, or a comment about one that is not translated.
enum Row {
    Step(Step),
    Comment(String),
}

/// What a guess or a choice of the draft is, and its place in the program if it has one.
type Remark = (Option<Span>, String);

/// Writes the draft of a program that has layers.
pub(super) fn write(source: &Source, program: &Program) -> Draft {
    let mut lines: Vec<Line> = program
        .layers
        .iter()
        .map(|layer| line(program, layer))
        .collect();
    let ends_in_softmax = inner_softmaxes(&mut lines);
    let places = Places::of(&source.text);
    let mut notes = vec![];
    let mut rows = vec![];
    for line in &lines {
        for (span, text) in &line.notes {
            rows.push(Row::Comment(places.said(Some(*span), text)));
            notes.push((Some(places.place(span.start)), text.clone()));
        }
        rows.extend(line.steps.iter().cloned().map(Row::Step));
    }
    let others = program.notes.iter();
    let mut remarks: Vec<Remark> = others
        .map(|(span, note)| (Some(*span), note.clone()))
        .collect();
    let shape = shape(program, &lines, &rows, &mut remarks);
    let distribution = lines.iter().find_map(|line| line.distribution.as_ref());
    let target = said(program, &rows, distribution, ends_in_softmax, &mut remarks);
    let count = rows.len();
    let (data_type, likelihood) = likelihood(target, &mut rows, &mut remarks);
    let ends_in_link = ends_in_softmax || rows.len() < count;
    let remark = match distribution {
        _ if ends_in_softmax && target != Target::Category => {
            Some("the softmax at the end is left out: there is no such layer here")
        }
        Some(made) if made.of_probabilities && !ends_in_link => Some(
            "the program takes the network's outputs for probabilities; the draft takes them for logits",
        ),
        _ if !ends_in_link => None,
        made if made.map_or(program.of_logits, |made| !made.of_probabilities) => Some(
            "the program applies the softmax or sigmoid that its network ends in once more; the draft applies it once",
        ),
        _ => None,
    };
    remarks.extend(remark.map(|remark| (None, remark.into())));
    for (span, remark) in &remarks {
        notes.push((span.map(|span| places.place(span.start)), remark.clone()));
    }
    let bayesian = rows
        .iter()
        .any(|row| matches!(row, Row::Step(step) if matches!(step.weights, Weights::Drawn(_))));
    let estimator = common_estimator(&rows);
    let mut text = format!("model {}\n", name(&source.name));
    for (span, remark) in &remarks {
        text += &format!("# {}\n", places.said(*span, remark));
    }
    text += &format!("input  x: {shape}\ntarget y: {data_type}\n\n");
    text += &defaults(bayesian, estimator);
    text += &network(&rows, bayesian, estimator);
    text += &format!("\nobserve y ~ {likelihood}\nobjective elbo\n");
    let flags = program
        .flags
        .iter()
        .map(|(flag, value)| format!("{flag} {value}"))
        .collect();
    Draft { text, notes, flags }
}

/// Whether the network ends in a softmax; notes each other, for which there is no layer.
fn inner_softmaxes(lines: &mut [Line]) -> bool {
    let last = lines
        .iter()
        .rposition(|line| line.softmax.is_some() || !line.steps.is_empty());
    for (index, line) in lines.iter_mut().enumerate() {
        if let Some(span) = line.softmax
            && last != Some(index)
        {
            let note = "the softmax is left out: there is no such layer here, and the likelihood applies one \
                        at the end alone";
            line.notes.push((span, note.into()));
        }
    }
    last.is_some_and(|last| lines[last].softmax.is_some())
}

/// The block with the layers.
fn network(rows: &[Row], bayesian: bool, estimator: Option<&str>) -> String {
    let mut text = String::from("network {\n");
    let last = rows.iter().rposition(|row| matches!(row, Row::Step(_)));
    for (index, row) in rows.iter().enumerate() {
        let output = if last == Some(index) { "output = " } else { "" };
        text += &match row {
            Row::Comment(comment) => format!("  # {comment}\n"),
            Row::Step(step) => format!(
                "  {output}{}{}{}\n",
                step.layer,
                step.arguments,
                settings(step, bayesian, estimator)
            ),
        };
    }
    text + "}\n"
}

/// Where the lines of a program begin, to say places by line and column.
struct Places<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Places<'a> {
    fn of(text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(ends).collect();
        Places { text, starts }
    }

    /// The line and column of a byte, from 1.
    fn place(&self, at: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= at);
        let begin = self.starts[line - 1];
        let before = self.text.get(begin..at).unwrap_or("");
        (line, before.chars().count() + 1)
    }

    /// A text with the place that it is about.
    fn said(&self, span: Option<Span>, text: &str) -> String {
        match span.map(|span| self.place(span.start)) {
            Some((line, column)) => format!("line {line}, column {column}: {text}"),
            None => text.into(),
        }
    }
}

/// The file's name without its ending, as a name of the language.
fn name(path: &str) -> String {
    let stem = std::path::Path::new(path)
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or("");
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = stem.chars().map(word).collect();
    match name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => name,
        false => format!("model_{name}"),
    }
}

/// The input's axes; a guess is said among the remarks.
fn shape(program: &Program, lines: &[Line], rows: &[Row], remarks: &mut Vec<Remark>) -> String {
    let is_of_images = |step: &Step| step.layer.ends_with("2d");
    // Behind a layer of images, the width of a dense layer's input is not that of the network's.
    let first = lines
        .iter()
        .position(|line| line.steps.iter().any(is_of_images));
    let before = &lines[..first.map_or(lines.len(), |first| first + 1)];
    let said = before.iter().find_map(|line| line.shape.clone());
    let built = || {
        program
            .shape
            .as_ref()
            .and_then(|shape| program.sizes(shape))
    };
    let vocabulary = lines.iter().find_map(|line| line.vocabulary);
    let is_recurrent = |step: &Step| ["lstm", "gru", "rnn"].contains(&step.layer);
    let first_step = rows.iter().find_map(|row| match row {
        Row::Step(step) => Some(step),
        Row::Comment(_) => None,
    });
    let is_sequence = vocabulary.is_some() || first_step.is_some_and(is_recurrent);
    if is_sequence {
        return sequence(said.or_else(built), vocabulary, remarks);
    }
    let sizes = said.or_else(built).unwrap_or_else(|| {
        let image = rows.iter().any(
            |row| matches!(row, Row::Step(step) if is_of_images(step) || step.layer == "flatten"),
        );
        let channels = first.and_then(|first| lines[first].channels);
        let order = if image { ", channels last" } else { "" };
        let remark = format!(
            "the program does not say the input's shape: change that of `input` to yours{order}"
        );
        remarks.push((None, remark));
        match image {
            true => vec![28, 28, channels.unwrap_or(1)],
            false => vec![1],
        }
    });
    let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
    format!("real[{}]", sizes.join(", "))
}

/// The input's type where it is a sequence, whose examples may have lengths of their own; a guess is said among the
/// remarks.
fn sequence(
    sizes: Option<Vec<usize>>,
    vocabulary: Option<usize>,
    remarks: &mut Vec<Remark>,
) -> String {
    const STEPS: usize = 100;
    let mut guess = |what: &str| {
        let remark = format!(
            "the program does not say {what}: change that of `input` to yours; padding and lengths are in `bnnc explain padded`"
        );
        remarks.push((None, remark));
    };
    match (vocabulary, sizes.as_deref()) {
        (Some(size), Some([steps])) => format!("token[{steps}, vocabulary = {size}]"),
        (Some(size), _) => {
            guess("how many steps a sequence has at most");
            format!("token[{STEPS}, vocabulary = {size}]")
        }
        (None, Some([steps, channels])) => format!("real[{steps}, {channels}, padded]"),
        (None, Some([channels])) => {
            guess("how many steps a sequence has at most");
            format!("real[{STEPS}, {channels}, padded]")
        }
        (None, _) => {
            guess("the shape of a sequence");
            format!("real[{STEPS}, 1, padded]")
        }
    }
}

/// The number of outputs of the last dense layer, if it says it.
fn units(rows: &[Row]) -> Option<usize> {
    let last = rows.iter().rev().find_map(|row| match row {
        Row::Step(step) if step.layer == "dense" => Some(step.units),
        _ => None,
    });
    last.flatten()
}

fn ends_in_sigmoid(rows: &[Row]) -> bool {
    let mut steps = rows.iter().rev();
    let last = steps.find(|row| matches!(row, Row::Step(_)));
    matches!(last, Some(Row::Step(step)) if step.layer == "sigmoid")
}

/// What the program says that the target is, by its distribution, its last activation or its loss; else a guess.
fn said(
    program: &Program,
    rows: &[Row],
    distribution: Option<&Distribution>,
    ends_in_softmax: bool,
    remarks: &mut Vec<Remark>,
) -> Target {
    if let Some(Distribution {
        span,
        target,
        remark,
        ..
    }) = distribution
    {
        remarks.extend(remark.clone().map(|remark| (Some(*span), remark)));
        if let Some(target) = target {
            return *target;
        }
    }
    match program.target {
        target if ends_in_softmax => {
            if target.is_some_and(|target| target != Target::Category) {
                let remark = "the program's loss of a softmax is not the cross-entropy: `target` and `observe` \
                              are a guess by the softmax";
                remarks.push((None, remark.into()));
            }
            return Target::Category;
        }
        Some(target) => return target,
        None => {}
    }
    if distribution.is_none() {
        let remark = "the program does not say a loss that is known here: `target` and `observe` are a guess by \
                      the network's output";
        remarks.push((None, remark.into()));
    }
    match units(rows) {
        None | Some(1) if ends_in_sigmoid(rows) => Target::Binary,
        None | Some(1) => Target::Real,
        _ => Target::Category,
    }
}

/// The target's type and its likelihood. A sigmoid that the likelihood applies is taken from the rows.
fn likelihood(target: Target, rows: &mut Vec<Row>, remarks: &mut Vec<Remark>) -> (String, String) {
    let units = units(rows).unwrap_or(1);
    let mut remark = |text: &str| remarks.push((None, text.into()));
    match target {
        Target::Category if units > 1 => {
            let logits = "Categorical(logits = output)".into();
            return (format!("category[{units}]"), logits);
        }
        Target::Category => remark(
            "the program's targets are classes, and how many is not said: `target` and `observe` are a guess",
        ),
        Target::Binary if units > 1 => remark(
            "several binary outputs have no likelihood here: `target` and `observe` are a guess",
        ),
        _ => {}
    }
    if matches!(target, Target::Category | Target::Binary) && units == 1 {
        if ends_in_sigmoid(rows) {
            let last = rows.iter().rposition(|row| matches!(row, Row::Step(_)));
            last.map(|last| rows.remove(last));
        }
        return ("binary".into(), "Bernoulli(logits = output)".into());
    }
    let name = match target {
        Target::Absolute => "Laplace",
        _ => "Normal",
    };
    let target = match units {
        1 => "real".into(),
        units => format!("real[{units}]"),
    };
    (target, format!("{name}(loc = output, scale = learned(1))"))
}

/// The estimator of all layers that have one, if it is one.
fn common_estimator(rows: &[Row]) -> Option<&'static str> {
    let mut found = rows.iter().filter_map(|row| match row {
        Row::Step(step) => match step.weights {
            Weights::Drawn(estimator) => Some(estimator),
            _ => None,
        },
        Row::Comment(_) => None,
    });
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

/// The settings of all parameters.
fn defaults(bayesian: bool, estimator: Option<&str>) -> String {
    let mut text = match bayesian {
        true => String::from("default {\n  prior     = Normal(0, 1)\n  posterior = MeanField\n"),
        false => String::from(
            "# The program's weights are points; here each has a prior and a posterior.\n\
             default {\n  prior     = Normal(0, 1 / sqrt(fan_in))\n  posterior = MeanField\n",
        ),
    };
    if let Some(estimator) = estimator {
        text += &format!("  estimator = {estimator}\n");
    }
    text + "  bias      = deterministic\n}\n\n"
}

/// What a layer has in braces.
fn settings(step: &Step, bayesian: bool, common: Option<&str>) -> String {
    match step.weights {
        Weights::Points if bayesian => " { posterior = deterministic }".into(),
        Weights::Drawn(estimator) if common.is_none() => format!(" {{ estimator = {estimator} }}"),
        _ => String::new(),
    }
}
