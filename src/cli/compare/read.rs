//! A run, opened and scored for a comparison.

use crate::cli::scored::{Asked, ScoredRun, ScoredTarget, score_run};
use crate::cli::terminal::here;
use crate::compare::{Bound, Cost, Examples, Found, Run, Scored, State};
use crate::data::verify::hex;
use crate::diagnostic::{Failure, Result};
use crate::files;
use crate::score::Measured;
use crate::source::Source;
use crate::syntax::{self, ast};
use crate::train::checkpoint::Counters;
use crate::train::metrics::of_target;
use crate::train::run_dir::RunDir;
use crate::words::plural;
use sha2::{Digest, Sha256};
use std::path::Path;

/// The run in `path`, under `name`; one that cannot be read or scored says why.
pub(in crate::cli) fn run(path: &Path, name: &str, asked: Asked) -> Run {
    let mut run = Run {
        name: name.into(),
        state: State::Finished,
        model: String::new(),
        settings: vec![],
        found: None,
    };
    let result = RunDir::open(path).and_then(|folder| {
        run.settings = settings(&folder)?;
        run.model = folder.source()?;
        if let Some(why) = folder.diverged() {
            run.state = State::Diverged(why);
            return Ok(());
        }
        let scored = score_run(path, asked)?;
        let counters = folder.last()?;
        run.state = state(&scored, &counters);
        run.found = Some(found(&folder, &scored, &counters)?);
        Ok(())
    });
    if let Err(failure) = result {
        run.state = State::Failed(line(&failure));
    }
    run
}

/// A run that failed by this before it could be scored.
pub(in crate::cli) fn failed(name: &str, failure: &Failure) -> Run {
    Run {
        name: name.into(),
        state: State::Failed(line(failure)),
        model: String::new(),
        settings: vec![],
        found: None,
    }
}

/// A failure in a line.
fn line(failure: &Failure) -> String {
    let first = failure.diagnostics.first();
    first.map_or(String::new(), |message| {
        let notes = message.notes.first().map(|note| format!(": {note}"));
        format!(
            "{}{} ({})",
            message.title,
            notes.unwrap_or_default(),
            message.code
        )
    })
}

/// Settings on which no result depends.
const WITHOUT_EFFECT: [&str; 4] = ["threads", "log_every", "tensorboard", "data.directory"];

/// The settings of a run: keys as in run files, values without quotes.
fn settings(folder: &RunDir) -> Result<Vec<(String, String)>> {
    let config = folder.config()?;
    let keys = config.keys().into_iter();
    let keys = keys.filter(|(key, _)| !WITHOUT_EFFECT.contains(&&**key));
    let plain = |text: String| text.trim_matches('"').to_owned();
    let mut all: Vec<(String, String)> = keys.map(|(key, value)| (key, plain(value))).collect();
    for (name, value) in constants(&folder.source()?) {
        let key = format!("set.{name}");
        if all.iter().all(|(other, _)| *other != key) {
            all.push((key, value));
        }
    }
    let record = folder.record()?;
    all.push(("N".into(), record.training_examples.to_string()));
    if let Some(columns) = &record.columns {
        all.retain(|(key, _)| key != "data.target");
        all.push(("data.target".into(), columns.targets.join(", ")));
        all.push(("input columns".into(), columns.inputs.len().to_string()));
    }
    Ok(all)
}

/// The constants of a model's text, as it has them.
fn constants(text: &str) -> Vec<(String, String)> {
    let source = Source {
        name: String::new(),
        text: text.into(),
    };
    let items = syntax::parse(&source).map_or(vec![], |file| file.items);
    let constant = |item: ast::Item| match item.kind {
        ast::ItemKind::Const { name, value } => Some((
            name.text,
            text.get(value.span.start..value.span.end)?.to_owned(),
        )),
        _ => None,
    };
    items.into_iter().filter_map(constant).collect()
}

/// How far a run is.
fn state(scored: &ScoredRun, counters: &Counters) -> State {
    let (config, n) = (&scored.run.config, scored.run.record.training_examples);
    match counters.are_over(config, n) {
        true => State::Finished,
        false => {
            let done = counters.epochs(config, n);
            let rounded = (done * 100.0).round() / 100.0;
            State::Unfinished(format!(
                "{rounded} of {}",
                plural(config.all_epochs(), "epoch")
            ))
        }
    }
}

fn found(folder: &RunDir, scored: &ScoredRun, counters: &Counters) -> Result<Found> {
    let run = &scored.run;
    let weights = run.inference.tensors.iter();
    let weights = weights.map(|(_, tensor)| tensor.shape.len()).sum();
    // A log that somebody has removed says nothing.
    let log = files::text(&folder.metrics()).unwrap_or_default();
    let n = run.record.training_examples;
    let epochs = counters.epochs(&run.config, n);
    let skipped = counters.skipped as usize / run.config.steps(n);
    Ok(Found {
        scores: scores(&scored.targets),
        bound: Bound::new(
            &scored.elbo,
            scored.log_evidence,
            scored.prior_factor.is_some(),
            &run.inference,
            &run.config,
            &run.record,
            epochs,
        ),
        r_hat: r_hat(&run.said),
        left_out: run.left_out().is_some(),
        cost: Cost::of(weights, epochs as usize - skipped, &log),
        examples: examples(scored)?,
    })
}

/// The largest R-hat among what a sampler said at the end: `1.003, effective draws …`.
fn r_hat(said: &[(String, String)]) -> Option<f64> {
    let rows = said.iter().filter(|(word, _)| word == "R-hat");
    let numbers = rows.filter_map(|(_, text)| text.split(',').next()?.parse().ok());
    numbers.reduce(f64::max)
}

/// The scores of the only target; of several their nll together, then those of each by its name.
fn scores(targets: &[ScoredTarget]) -> Vec<Scored> {
    let [_, _, ..] = targets else {
        return targets.iter().flat_map(|target| of(target, None)).collect();
    };
    let named: Vec<Scored> = targets
        .iter()
        .flat_map(|target| of(target, Some(&target.run.inference.target.name)))
        .collect();
    let nlls: Vec<&Scored> = named
        .iter()
        .filter(|score| score.name.starts_with("nll("))
        .collect();
    let of_all = nlls.split_first().map(|(first, others)| {
        let mut sum = Scored {
            name: "nll".into(),
            ..(*first).clone()
        };
        for other in others {
            sum.value += other.value;
            sum.measured = sum.measured.zip(other.measured.as_ref()).map(|(a, b)| {
                let pairs = a.replicates.iter().zip(&b.replicates);
                Measured {
                    replicates: pairs.map(|(a, b)| a + b).collect(),
                    value: a.value + b.value,
                    ..a
                }
            });
        }
        sum
    });
    of_all.into_iter().chain(named).collect()
}

/// What was measured of a target. The nll comes first.
fn of(target: &ScoredTarget, name: Option<&str>) -> Vec<Scored> {
    let measured = target.measured.iter().map(|measured| Scored {
        name: measured.about.name.into(),
        unit: measured.about.unit,
        better: measured.about.better,
        value: measured.value,
        measured: Some(measured.clone()),
    });
    let mut all: Vec<Scored> = measured.collect();
    all.sort_by_key(|score| score.name != "nll");
    for score in &mut all {
        score.name = of_target(&score.name, name);
    }
    all
}

/// What tells the examples that were scored from others.
fn examples(scored: &ScoredRun) -> Result<Examples> {
    let mut rows = Sha256::new();
    for row in scored.targets[0].chosen.file_rows() {
        rows.update((row as u64).to_le_bytes());
    }
    let mut targets = Sha256::new();
    for target in &scored.targets {
        let part = target.run.part(&target.chosen);
        let entries = part.kind.entries();
        for place in 0..part.len() {
            for entry in 0..entries {
                targets.update(part.target(place, entry).to_le_bytes());
            }
        }
    }
    let first = &scored.targets[0];
    let (split, width) = (first.chosen.split(), first.chosen.split().input_shape.len());
    let mut inputs = Sha256::new();
    for rows in first.chosen.rows.chunks(1024) {
        let values = split.inputs.of_rows(rows, width)?;
        (0..values.len()).for_each(|entry| inputs.update(values.get(entry).to_le_bytes()));
    }
    Ok(Examples {
        name: here(&scored.targets[0].chosen.name),
        count: scored.targets[0].scores.examples,
        rows: hex(rows),
        targets: hex(targets),
        inputs: hex(inputs),
    })
}
