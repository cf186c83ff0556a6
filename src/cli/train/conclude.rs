//! The lines after the last epoch: what the fit has come to, and what can be done with it.

use crate::cli::evaluate::{print_nll_of_all, print_scores};
use crate::cli::outcome::{self, Blind};
use crate::cli::terminal::{say, say_wrapped, tell, tell_wrapped};
use crate::data;
use crate::diagnostic::Result;
use crate::engine::Predictor;
use crate::evaluate;
use crate::examples::Part;
use crate::files;
use crate::likelihood::{Detail, Summary};
use crate::lint;
use crate::prior_predictive::Observed;
use crate::train::metrics::Epochs;
use crate::train::prepared::Prepared;
use crate::train::run_dir::RunDir;
use crate::train::start::Start;
use crate::train::{Config, course};
use crate::words::thousands;
use serde_json::{Value, json};

/// The most training examples that a suspicious fit is judged by.
const JUDGED: usize = 10_000;

/// Says in a line whether the loss still falls, and which epoch was best.
pub(super) fn summarize(config: &Config, run: &RunDir, ended_early: bool) -> Option<String> {
    // A log that somebody has removed says nothing.
    let text = files::text(&run.metrics()).unwrap_or_default();
    let verdict = course::verdict(&Epochs::of(&text), config, ended_early)?;
    tell_wrapped("summary    ", &verdict);
    Some(verdict)
}

/// Judges a suspicious fit by its averaged predictions, and tells what it has come to, if there is anything to tell.
pub(super) fn warn_of_fit(
    start: &Start,
    predictor: &mut dyn Predictor,
    blind: &Blind,
) -> Result<Option<String>> {
    let training = start.prepared.training();
    let every = training.len().div_ceil(JUDGED);
    let rows: Vec<usize> = training.rows.iter().copied().step_by(every).collect();
    let part = Part {
        rows: &rows,
        ..training
    };
    let inference = &start.compiled.inference;
    let draws = predictor.draws(start.draws()).max(1);
    let seed = start.config.seed;
    let cause = lint::why_no_fit(inference, &start.facts);
    let scores = evaluate::scored(predictor, &part, draws, seed, Detail::Moments)?;
    let text = outcome::warning(&scores, blind, cause.as_ref());
    if let Some(text) = &text {
        say_wrapped("warning    ", text);
        for cell in &start.prepared.lone {
            say_wrapped("           ", cell);
        }
    }
    Ok(text)
}

/// What can be predicted without the inputs.
pub(super) fn blind(prepared: &Prepared) -> Option<Blind> {
    match Observed::of(&prepared.training()) {
        Observed::Classes { entropy, .. } => {
            let summary = &prepared.training().summary;
            let places = summary.densities() as f64;
            let classes = match summary {
                Summary::Classes(of) => of.probabilities.max(2),
                _ => 2,
            };
            Some(Blind::Frequencies {
                entropy: places * entropy,
                uniform: places * (classes as f64).ln(),
            })
        }
        Observed::Real { .. } if prepared.training().summary.heavy_tailed() => Some(Blind::Unknown),
        Observed::Real { .. } => Blind::mean(&data::Facts::of(&prepared.data).observed),
    }
}

/// What the run has come to, and what can be done with it; the scores of the test part, if there is one, by targets where
/// there are several.
pub(super) fn conclude(
    start: &Start,
    run: &RunDir,
    predictor: &mut dyn Predictor,
) -> Result<Option<Value>> {
    let (config, prepared) = (&start.config, &start.prepared);
    let random = start.compiled.inference.is_random();
    let mut answer = None;
    if let Some(test) = &prepared.data.test {
        let rows = prepared.data.all_examples(true);
        let part = Part {
            split: test,
            rows: &rows,
            ..prepared.training()
        };
        let draws = predictor.draws(start.draws()).max(1);
        let how = match random {
            true => format!("{draws} draws of the weights averaged"),
            false => start.compiled.inference.says_of_one_draw().into(),
        };
        say!("test       {} examples, {how}", thousands(rows.len()));
        let others = prepared.others.iter();
        let others = others.map(|other| (other.part(part, true), &other.data));
        let names = start.compiled.inference.several_targets();
        let mut nll = 0.0;
        for (number, (part, data)) in [(part, &prepared.data)]
            .into_iter()
            .chain(others)
            .enumerate()
        {
            let scores = evaluate::scored(predictor, &part, draws, config.seed, Detail::Moments)?;
            say!("");
            if let Some((name, _)) = names.get(number) {
                say!("{name}");
            }
            nll += scores.nll();
            match names.get(number) {
                None => answer = Some(json!(scores)),
                Some((name, _)) => answer.get_or_insert(json!({}))[name] = json!(scores),
            }
            let columns = data.columns.as_ref();
            let targets = columns.map_or(&[][..], |columns| &columns.targets);
            print_scores(&scores, targets);
        }
        if names.len() > 1 {
            say!("");
            print_nll_of_all(nll);
        }
    }
    let path = run.path().display();
    // As many draws as there are, up to 50.
    let more = predictor.draws(50);
    let samples = match random && more > start.draws() {
        true => format!(" --samples {more}"),
        false => String::new(),
    };
    tell!("\nnext       bnnc evaluate {path}{samples}");
    // A table has no column for a place of an image.
    let kind = start.compiled.inference.target.kind;
    let extension = if kind.axes().is_some() { "npz" } else { "csv" };
    tell!("           bnnc predict {path} --out predictions.{extension}");
    let columns = start.prepared.data.columns.as_ref();
    let steps = columns.and_then(|columns| columns.steps.as_ref());
    if steps.is_some_and(|steps| steps.window.is_some()) {
        tell!("           bnnc predict {path} --split future --out next.csv");
    }
    Ok(answer)
}
