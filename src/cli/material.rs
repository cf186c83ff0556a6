//! What the pictures of a run are made of, gathered from its directory and some data.

use super::open::{Chosen, Opened, open};
use super::scored::{ScoredRun, ScoredTarget};
use crate::data::Split;
use crate::diagnostic::{Failure, Result};
use crate::engine::Predictor;
use crate::ir::Inference;
use crate::plot::log::Log;
use crate::plot::parameters::{OverDraws, Parameter};
use crate::plot::pixels::Pixels;
use crate::plot::pruned::{Pruned, prune};
use crate::plot::{Inputs, Predicted};
use crate::train::files::read_text;
use crate::train::run_dir::RunDir;
use std::ops::Range;
use std::path::Path;

/// The log of the run in `path`.
///
/// # Errors
///
/// As [`RunDir::open`]; `E0601` where it cannot be read.
pub fn log(path: &Path) -> Result<Log> {
    Ok(Log::of(&read_text(&RunDir::open(path)?.metrics())?))
}

/// The parameters of an opened run; terms that are noisy are averaged over `asked` draws, and so are the moments of draws
/// that are points.
pub fn parameters(
    run: &Opened,
    predictor: &mut dyn Predictor,
    asked: usize,
    seed: u64,
) -> Vec<Parameter> {
    let terms = &run.inference.loss.terms;
    let noisy = terms.iter().any(|term| run.inference.is_noisy(term));
    let draws = if noisy { asked } else { 1 };
    let mut values = vec![None; terms.len()];
    for draw in 0..draws {
        for (sum, value) in values.iter_mut().zip(predictor.weight_terms(draw, seed)) {
            *sum = value.map(|value| sum.unwrap_or(0.0) + value / draws as f64);
        }
    }
    let over_draws = OverDraws::of_points(&run.inference, predictor, asked, seed);
    let interpreter = predictor.centre();
    let plan = interpreter.plan().clone();
    Parameter::all(&plan, interpreter.variables(), &values, over_draws)
}

/// What the scored run loses by pruning, by its first target.
///
/// # Errors
///
/// As [`prune`].
pub fn pruned(scored: &ScoredRun) -> Result<std::result::Result<Pruned, String>> {
    // Another one: that of the scores is as it was.
    let (_, mut predictor) = open(&scored.path)?;
    let target = &scored.targets[0];
    let part = target.run.part(&target.chosen);
    prune(predictor.centre(), &part, scored.samples, scored.seed)
}

/// What was predicted of a scored target's examples, and of those out of distribution; the reason where that is not
/// kept.
pub fn predicted(target: ScoredTarget) -> (std::result::Result<Predicted, String>, Vec<Predicted>) {
    let classes = target.run.record.class_names.clone();
    let targets = target.run.target_names().to_vec();
    let predicted = |data, outcomes, inputs| Predicted {
        data,
        outcomes,
        classes: classes.clone(),
        targets: targets.clone(),
        inputs,
    };
    let Some(outcomes) = target.outcomes else {
        let why =
            "the target has a value at each of several places, whose predictions are not all kept";
        return (Err(why.into()), vec![]);
    };
    let elsewhere = target.ood.into_iter();
    let elsewhere = elsewhere
        .map(|ood| predicted(ood.name, ood.outcomes, Inputs::Other))
        .collect();
    let inputs = inputs(&target.run, target.chosen);
    let inputs = inputs.map_err(|failure| reason(&failure));
    let own = inputs.map(|(data, inputs)| predicted(data, outcomes, inputs));
    (own, elsewhere)
}

/// What the inputs of the chosen examples look like, and what the examples are called.
///
/// # Errors
///
/// A file of stored inputs that cannot be read.
fn inputs(run: &Opened, chosen: Chosen) -> Result<(String, Inputs)> {
    let name = chosen.name.clone();
    let split = chosen.split();
    if let [1] | [] = split.input_shape.0[..] {
        let values = split.inputs.of_rows(&chosen.rows, 1)?;
        let numbers = (0..values.len()).map(|place| values.get(place));
        let of_table = run.record.columns.as_ref();
        let column = of_table.and_then(|columns| columns.entries().first().cloned());
        let column = column.unwrap_or_else(|| run.inference.inputs[0].name.clone());
        return Ok((name, Inputs::Number(column, numbers.collect())));
    }
    let Some((start, shape)) = image_in(&run.inference) else {
        return Ok((name, Inputs::Other));
    };
    let entries = shape.iter().product::<usize>();
    let range = brightness(split, &chosen.rows, start..start + entries)?;
    let image = move |example: usize| {
        let split = chosen.split();
        let (row, width) = (&chosen.rows[example..=example], split.input_shape.len());
        // A picture of what cannot be read any more is left out.
        let values = split.inputs.of_rows(row, width).ok()?;
        let numbers: Vec<f64> = (start..start + entries).map(|at| values.get(at)).collect();
        Pixels::of(&shape, &numbers, range)
    };
    Ok(match image(0) {
        Some(_) => (name, Inputs::Images(Box::new(image))),
        None => (name, Inputs::Other),
    })
}

/// Where the first of a model's inputs that could be an image begins in the row of all, and its shape.
fn image_in(inference: &Inference) -> Option<(usize, Vec<usize>)> {
    let mut start = 0;
    for input in &inference.inputs {
        if input.sequence.is_none() && matches!(input.shape.0.len(), 2 | 3) {
            return Some((start, input.shape.0.clone()));
        }
        start += input.row_len();
    }
    None
}

/// What is black and what is white in these entries of rows: of bytes 0 and 255, of other numbers the ends of what some
/// examples have.
fn brightness(split: &Split, rows: &[usize], entries: Range<usize>) -> Result<[f64; 2]> {
    if split.inputs.are_bytes() {
        return Ok([0.0, 255.0]);
    }
    let width = split.input_shape.len();
    let rows = &rows[..rows.len().min(1000)];
    let values = split.inputs.of_rows(rows, width)?;
    let places = (0..rows.len()).flat_map(|row| entries.clone().map(move |at| row * width + at));
    let numbers = places.map(|place| values.get(place));
    let [low, high] = numbers.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| {
        [low.min(x), high.max(x)]
    });
    Ok(if low < high {
        [low, high]
    } else {
        [low, low + 1.0]
    })
}

/// A failure in one sentence, for a page.
pub fn reason(failure: &Failure) -> String {
    let mut sentences = vec![];
    for message in &failure.diagnostics {
        sentences.push(message.title.clone());
        sentences.extend(message.notes.iter().cloned());
    }
    sentences.join("; ").replace('`', "")
}
