//! The draft's text.

use super::Draft;
use super::layers::{Line, Step, Weights, line};
use super::program::{Program, Target};
use crate::source::Source;

/// A line of the draft: a layer, or a comment about one that is not translated.
enum Row {
    Step(Step),
    Comment(String),
}

/// Writes the draft of a program that has layers.
pub(super) fn write(source: &Source, program: &Program) -> Draft {
    let lines: Vec<Line> = program
        .layers
        .iter()
        .map(|layer| line(program, layer))
        .collect();
    let places = Places::of(&source.text);
    let mut notes = vec![];
    let mut rows = vec![];
    for line in &lines {
        for (span, text) in &line.notes {
            let (row, column) = places.place(span.start);
            rows.push(Row::Comment(format!("line {row}, column {column}: {text}")));
            notes.push((Some((row, column)), text.clone()));
        }
        rows.extend(line.steps.iter().cloned().map(Row::Step));
    }
    let link = lines.last().and_then(|line| line.link.as_deref());
    if link == Some("sigmoid")
        && matches!(rows.last(), Some(Row::Step(step)) if step.layer == "sigmoid")
    {
        rows.pop();
    }
    let mut remarks = vec![];
    let shape = shape(program, &lines, &rows, &mut remarks);
    let (target, likelihood) = likelihood(program, &rows, link, &mut remarks);
    if let Some(span) = program.another {
        notes.push((
            Some(places.place(span.start)),
            "a second model, which is not translated".into(),
        ));
    }
    notes.extend(remarks.iter().map(|remark| (None, remark.clone())));
    let bayesian = rows
        .iter()
        .any(|row| matches!(row, Row::Step(step) if matches!(step.weights, Weights::Drawn(_))));
    let estimator = common_estimator(&rows);
    let mut text = format!("model {}\n", name(&source.name));
    for remark in &remarks {
        text += &format!("# {remark}\n");
    }
    text += &format!("input  x: real{shape}\ntarget y: {target}\n\n");
    text += &defaults(bayesian, estimator);
    text += "network {\n";
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
    text += &format!("}}\n\nobserve y ~ {likelihood}\nobjective elbo\n");
    let flags = program
        .flags
        .iter()
        .map(|(flag, value)| format!("{flag} {value}"))
        .collect();
    Draft { text, notes, flags }
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
fn shape(program: &Program, lines: &[Line], rows: &[Row], remarks: &mut Vec<String>) -> String {
    let said = lines.iter().find_map(|line| line.shape.clone());
    let built = || {
        program
            .shape
            .as_ref()
            .and_then(|shape| program.sizes(shape))
    };
    let sizes = said.or_else(built).unwrap_or_else(|| {
        let image = rows.iter().any(|row| matches!(row, Row::Step(step) if step.layer.ends_with("2d") || step.layer == "flatten"));
        remarks.push("the program does not say the input's shape: change that of `input` to yours".into());
        match image {
            true => vec![28, 28, 1],
            false => vec![1],
        }
    });
    let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
    format!("[{}]", sizes.join(", "))
}

/// The target's type and its likelihood.
fn likelihood(
    program: &Program,
    rows: &[Row],
    link: Option<&str>,
    remarks: &mut Vec<String>,
) -> (String, String) {
    let units = rows.iter().rev().find_map(|row| match row {
        Row::Step(step) if step.layer == "dense" => Some(step.units),
        _ => None,
    });
    let units = units.flatten().unwrap_or(1);
    let said = match link {
        Some("softmax") => Some(Target::Category),
        Some(_) if units == 1 => Some(Target::Binary),
        _ => program.target,
    };
    let target = said.unwrap_or_else(|| {
        remarks.push(
            "the program does not say the loss: the target is a guess by the number of outputs"
                .into(),
        );
        match units {
            1 => Target::Real,
            _ => Target::Category,
        }
    });
    match target {
        Target::Category if units > 1 => (
            format!("category[{units}]"),
            "Categorical(logits = output)".into(),
        ),
        Target::Category | Target::Binary if units == 1 => {
            ("binary".into(), "Bernoulli(logits = output)".into())
        }
        _ if units == 1 => (
            "real".into(),
            "Normal(loc = output, scale = learned(1))".into(),
        ),
        _ => (
            format!("real[{units}]"),
            "Normal(loc = output, scale = learned(1))".into(),
        ),
    }
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
