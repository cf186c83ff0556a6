//! Whether data is what a model takes: the shapes of inputs, and what targets can be. What is wrong is
//! told with the columns that were taken, and with what to do.

use crate::data::{Choices, Columns, Dataset, Split, batch, same_but_for_ones, shortened};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::ir::Model;
use crate::likelihood::TargetKind;
use crate::tensor::Shape;
use crate::words::counted;

/// Whether the inputs and targets of all parts of `data` are those of the model.
///
/// # Errors
///
/// `E0507`, `E0509` and `E0510`.
pub fn check(data: &Dataset, model: &Model) -> Result<()> {
    for test in [false, true] {
        check_part(data, test, model)?;
    }
    Ok(())
}

/// Whether those of one part are; targets where there are any.
///
/// # Errors
///
/// As [`check`].
pub fn check_part(data: &Dataset, test: bool, model: &Model) -> Result<()> {
    let (Some(split), part) = (match test {
        true => (data.test.as_ref(), "the test part of "),
        false if data.test.is_some() => (Some(&data.train), "the training part of "),
        false => (Some(&data.train), ""),
    }) else {
        return Ok(());
    };
    let what = format!("{part}{}", data.name);
    let columns = data.columns.as_ref();
    let taken = &data.seen.taken;
    if let Some(message) = inputs_mismatch(&data.seen.inputs, model, &what) {
        return Err(message.into());
    }
    if let Some(message) = input_mismatch(&split.input_shape, columns, taken, model, &what) {
        return Err(message.into());
    }
    batch::check_inputs(split, &what).map_err(|failure| match columns {
        None => with_lengths(failure, model),
        Some(_) => failure,
    })?;
    if !split.has_targets() {
        return Ok(());
    }
    check_targets(data, split, test, model, &what)
}

/// What is not finite may be padding whose sequences lack their lengths.
fn with_lengths(mut failure: Failure, model: &Model) -> Failure {
    let mut sequences = (model.inputs.iter()).filter(|input| input.sequence.is_none());
    let found = sequences.find_map(|input| match input.shape.0[..] {
        [steps, width] => Some((&input.name, steps, width)),
        _ => None,
    });
    for message in &mut failure.diagnostics {
        let is_nan = message.notes.iter().any(|note| note.contains("has NaN"));
        if let (Some((name, steps, width)), true, "E0510") = (found, is_nan, message.code) {
            let help = format!(
                "if NaN stands for steps behind the end of a sequence: the input `{name}: real[{steps}, {width}, padded]`, and \
                 an array `{name}_length` beside `{name}`, say how many steps of each are there"
            );
            *message = message.clone().help(help);
        }
    }
    failure
}

/// Whether the targets of a part are those of the model.
fn check_targets(
    data: &Dataset,
    split: &Split,
    test: bool,
    model: &Model,
    what: &str,
) -> Result<()> {
    let rows = data.file_rows.as_ref().map(|of| &of[usize::from(test)][..]);
    let fixed: Vec<Option<f64>> = (model.observe.arguments.iter())
        .map(|argument| argument.numbers()?.fixed())
        .collect();
    let refuse = |y| model.observe.likelihood.refuse(&fixed, y);
    batch::check_targets(split, model.target.kind, &refuse, what, rows).map_err(|mut failure| {
        for message in &mut failure.diagnostics {
            if let Some(columns) = &data.columns {
                message.notes.push(format!("taken: {columns}"));
            }
            let message_at = std::mem::replace(message, Diagnostic::error("E0509", ""));
            *message = message_at.at(model.observe.span, "");
        }
        failure
    })
}

/// Why the model does not take these inputs of data that have several.
pub fn inputs_mismatch(found: &[(String, Shape)], model: &Model, what: &str) -> Option<Diagnostic> {
    let expected: Vec<(String, Shape)> = (model.inputs.iter())
        .map(|input| (input.name.clone(), input.shape.clone()))
        .collect();
    if found.is_empty() || found == expected {
        return None;
    }
    let told = |all: &[(String, Shape)]| {
        let each = all.iter().map(|(name, shape)| format!("`{name}` {shape}"));
        crate::words::join(each.collect(), "and")
    };
    let title = format!("the inputs of {what} are {}", told(found));
    let mut message = Diagnostic::error("E0507", title);
    if let Some((_, input)) = model.nodes.iter().next() {
        message = message.at(input.span, format!("the model takes {}", told(&expected)));
    }
    let lines: Vec<String> = (found.iter())
        .map(|(name, shape)| format!("`input {name}: real{shape}`"))
        .collect();
    Some(message.help(format!(
        "a model of these data has {}",
        crate::words::join(lines, "and")
    )))
}

/// Why the model does not take inputs of the shape `found`. `[28, 28]` is taken for `[28, 28, 1]`.
pub fn input_mismatch(
    found: &Shape,
    columns: Option<&Columns>,
    taken: &[String],
    model: &Model,
    what: &str,
) -> Option<Diagnostic> {
    let expected = &model.input.shape;
    if same_but_for_ones(&found.0, &expected.0) {
        return None;
    }
    let title = format!("an input of {what} has the shape {found}, the model takes {expected}");
    let mut message = Diagnostic::error("E0507", title);
    if let Some((_, input)) = model.nodes.iter().next() {
        let several = if model.inputs.len() > 1 {
            ", all inputs in a row"
        } else {
            ""
        };
        let told = format!("`{}` is {expected}{several}", model.input.name);
        message = message.at(input.span, told);
    }
    if let Some(columns) = columns {
        message = message.note(format!("taken: {columns}"));
        let helps = match help_with_steps(columns, found, expected, &model.input.name) {
            Some(help) => vec![help],
            None => helps(columns, expected, model.target.kind),
        };
        message = helps.into_iter().fold(message, Diagnostic::help);
    }
    if let Some(arrays) = taken.first() {
        message = message.note(format!("taken: {arrays}"));
        if let Some(help) = help_with_array(&found.0, &expected.0, &model.input.name) {
            message = message.help(help);
        }
    }
    Some(message)
}

/// What may be meant by an array whose examples have the axes `found`, where the model takes `expected`.
fn help_with_array(found: &[usize], expected: &[usize], input: &str) -> Option<String> {
    let product = |axes: &[usize]| axes.iter().product::<usize>();
    let shape = Shape::new(found);
    match (found, expected) {
        ([a, b, c], [h, w, channels]) if [channels, h, w] == [a, b, c] => Some(
            "its channels come first, as in PyTorch: `--layout nchw`, or `layout = \"nchw\"` under [data] of the \
             run file or in the data's .toml, moves them last"
                .into(),
        ),
        // Moved, though they were last.
        ([a, b, c], [h, w, channels]) if [w, channels, h] == [a, b, c] => {
            Some("its channels are last already: leave `layout` out, or say `--layout nhwc`".into())
        }
        ([_], [_, _, ..]) if product(found) == product(expected) => Some(format!(
            "a model of these rows has the input `{input}: real{shape}` and `reshape({})` as its first layer, if \
             each row holds its pixels with the channels last",
            Shape::new(expected)
        )),
        ([_, _, ..], [_]) if product(found) == product(expected) => Some(format!(
            "a model of this array has the input `{input}: real{shape}` and `flatten` as its first layer"
        )),
        _ => Some(format!("a model of this array has the input `{input}: real{shape}`")),
    }
}

/// What may be meant where the model takes steps of several numbers, or the rows of a table are steps.
fn help_with_steps(
    columns: &Columns,
    found: &Shape,
    expected: &Shape,
    input: &str,
) -> Option<String> {
    let window = columns.steps.as_ref().and_then(|steps| steps.window);
    match (window, &found.0[..], &expected.0[..]) {
        (Some(_), [_, width], [steps, wanted]) if width == wanted => Some(format!(
            "`--window {steps}` makes windows of {steps} rows; or a model of these windows has the input \
             `{input}: real{found}`"
        )),
        (_, [_, width], _) if columns.steps.is_some() => Some(format!(
            "a model of these rows has the input `{input}: real{found}`, {}; `--inputs` names the columns of a step, and \
             `--drop` those that are none",
            counted(*width, "number a step", "numbers a step")
        )),
        (None, [one], [_, _]) if *one == expected.len() => {
            help_with_array(&[*one], &expected.0, input)
        }
        (None, [_], [steps, _]) => Some(format!(
            "a row of the table is an example: `--window {steps}` makes one of every {steps} rows that follow each other, \
             and `--sequence COLUMN` one of all rows that have the same value in the column"
        )),
        _ => None,
    }
}

/// The order in which a likelihood of ordered classes takes texts, where nobody said it.
pub fn order_of_classes(
    classes: &[String],
    columns: Option<&Columns>,
    choices: &Choices,
    model: &Model,
) -> Option<String> {
    let is_ordered = model.observe.likelihood.signature().name == "OrderedLogistic";
    let are_texts = classes.iter().any(|class| class.parse::<f64>().is_err());
    let is_said = choices
        .categories
        .as_deref()
        .is_some_and(|text| text.contains('<'));
    if !is_ordered || !are_texts || is_said || !classes.is_sorted() {
        return None;
    }
    let columns = columns?;
    let other: Vec<&str> = classes.iter().rev().map(String::as_str).collect();
    Some(format!(
        "OrderedLogistic takes the classes of `{}` in the order of the alphabet, {}: `--categories {}` would be the reverse, \
         and any other order is said so",
        shortened(&columns.targets),
        classes.join(" < "),
        columns.order_of_target(&other)?
    ))
}

/// Names that columns of row numbers go by.
const NUMBERS: [&str; 5] = ["", "id", "index", "row", "unnamed: 0"];

/// What may be meant by a table of these columns, of which the model takes `expected`.
fn helps(columns: &Columns, expected: &Shape, kind: TargetKind) -> Vec<String> {
    let (found, wanted) = (columns.entries().len(), expected.len());
    let mut helps = vec![];
    if expected.rank() > 1 {
        return vec!["images are kept in a folder for each class, or in an .npz as an array `x` of [examples, …]".into()];
    }
    if columns.by_default && found + 1 == wanted {
        helps.push(format!(
            "the table has as many columns as the model has inputs, and one of them was taken as the target: \
             add the target's column, or give the model the input `real[{found}]`"
        ));
        return helps;
    }
    let width = kind.entries();
    if columns.by_default && width > 1 && found + 1 == wanted + width {
        let all: Vec<&str> = columns
            .inputs
            .iter()
            .chain(&columns.targets)
            .map(String::as_str)
            .collect();
        let last = all[all.len() - width..].join(",");
        return vec![format!(
            "`--target {last}` takes the last {width} columns as targets"
        )];
    }
    let numbers = columns
        .inputs
        .iter()
        .find(|name| NUMBERS.contains(&&*name.to_lowercase()));
    if let Some(name) = numbers
        && found == wanted + 1
    {
        let name = shortened(std::slice::from_ref(name));
        helps.push(format!(
            "leave the column {name} out of the table if it numbers the rows"
        ));
    }
    if columns.by_default && found > wanted {
        helps
            .push("`--target NAME` names the target column, or several with commas between".into());
    }
    helps.push(format!(
        "a model of this table has the input `real[{found}]`"
    ));
    helps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(inputs: &[&str], by_default: bool) -> Columns {
        Columns {
            inputs: inputs.iter().map(|name| name.to_string()).collect(),
            targets: vec!["y2".into()],
            by_default,
            ..Columns::default()
        }
    }

    #[test]
    fn each_case_has_its_help() {
        let of = |inputs: &[&str], wanted: usize, width| {
            let found = columns(inputs, true);
            helps(&found, &Shape::new(&[wanted]), TargetKind::Real(width)).remove(0)
        };
        assert!(of(&["a"], 2, 1).contains("add the target's column"));
        assert_eq!(
            of(&["a", "b", "y1"], 2, 2),
            "`--target y1,y2` takes the last 2 columns as targets"
        );
        assert!(of(&["id", "a", "b"], 2, 1).contains("leave the column id out"));
        assert!(of(&["", "a", "b"], 2, 1).contains("leave the column (unnamed) out"));
        assert!(of(&["a", "b", "c", "d"], 2, 1).contains("--target NAME"));
        let found = columns(&["a", "b", "c"], false);
        assert_eq!(
            helps(&found, &Shape::new(&[2]), TargetKind::Real(1)),
            ["a model of this table has the input `real[3]`"]
        );
    }
}
