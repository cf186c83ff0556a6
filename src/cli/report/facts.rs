//! The head of a page: what it is about, and what is to be known first.

use super::super::evaluate::{interval, value};
use super::super::scored::{ScoredRun, ScoredTarget};
use super::read::Read;
use crate::plot::page::Page;
use crate::train::progress;
use crate::words::{counted, distinct, plural, thousands};

/// The page's title, facts and warnings.
pub fn head(runs: &[Read]) -> Page {
    let models = distinct(runs.iter().map(model));
    let title = match (runs, &models[..]) {
        ([_], [model]) => model.clone(),
        (_, [model]) => format!("{} runs of {model}", runs.len()),
        _ => format!("{} runs", runs.len()),
    };
    let mut page = Page {
        title,
        lead: match runs {
            [run] => run.scored.as_ref().map_or(String::new(), verdict),
            _ => String::new(),
        },
        ..Page::default()
    };
    let mut fact = |name: &str, text: String| page.facts.push((name.into(), text));
    for run in runs {
        let name = if runs.len() == 1 {
            "run"
        } else {
            &run.name[..]
        };
        fact(name, about(run, runs.len() > 1));
    }
    for (name, of) in FACTS {
        let known = runs.iter().filter_map(|run| Some((run, of(run)?)));
        let known: Vec<(&Read, String)> = known.collect();
        // What is the same of all stands once.
        match &distinct(known.iter().map(|(_, text)| text.clone()))[..] {
            [] => {}
            [text] => fact(name, text.clone()),
            _ => {
                for (run, text) in known {
                    fact(&format!("{name}, {}", run.name), text);
                }
            }
        }
    }
    page.warnings = runs
        .iter()
        .flat_map(|run| warnings(run, runs.len() > 1))
        .collect();
    page
}

/// What is told of a run beside where it is, where it is known.
type Fact = fn(&Read) -> Option<String>;

const FACTS: [(&str, Fact); 5] = [
    ("trained on", trained_on),
    ("predictions", predictions),
    ("the method says", said),
    ("log evidence", log_evidence),
    ("out of distribution", elsewhere),
];

fn trained_on(run: &Read) -> Option<String> {
    let record = &run.opened.as_ref().ok()?.record;
    let n = counted(record.training_examples, "example", "examples");
    let aside = match record.validation_examples {
        0 => String::new(),
        aside => format!(", {} more set aside", thousands(aside)),
    };
    Some(format!("{}: {n}{aside}", record.name))
}

fn predictions(run: &Read) -> Option<String> {
    let scored = run.scored.as_ref().ok()?;
    let draws = match scored.run.inference.is_random() {
        true => format!("{} of the weights averaged", plural(scored.samples, "draw")),
        false => scored.run.inference.says_of_one_draw().into(),
    };
    Some(format!("{}; {draws}", scored.targets[0].chosen.name))
}

/// What the method said at the end, such as whether a sampler's chains agree; the evidence apart.
fn said(run: &Read) -> Option<String> {
    let said = &run.opened.as_ref().ok()?.said;
    let said = said.iter().filter(|(word, _)| word != "evidence");
    let texts: Vec<String> = said.map(|(word, text)| format!("{word}: {text}")).collect();
    (!texts.is_empty()).then(|| texts.join(". "))
}

fn log_evidence(run: &Read) -> Option<String> {
    let scored = run.scored.as_ref().ok()?;
    let n = scored.run.record.training_examples;
    let n = counted(n, "training example", "training examples");
    let log = scored.log_evidence?;
    let scales = scored.prior_factor.map_or(String::new(), |factor| {
        let factor = progress::number(factor);
        format!(", under priors of {factor} times the file's scales; the loss's penalty is under the file's")
    });
    Some(format!(
        "{}, log p(D) of the {n}{scales}",
        progress::number(log)
    ))
}

fn elsewhere(run: &Read) -> Option<String> {
    let ood = &run.scored.as_ref().ok()?.targets[0].ood;
    let names: Vec<String> = ood.iter().map(|ood| ood.name.clone()).collect();
    (!names.is_empty()).then(|| names.join("; "))
}

fn model(run: &Read) -> String {
    match &run.opened {
        Ok(opened) => opened.inference.name.clone(),
        Err(_) => run.name.clone(),
    }
}

/// A run: where it is, and how far.
fn about(run: &Read, with_model: bool) -> String {
    let path = run.path.display();
    match &run.opened {
        Err(_) => format!("{path}"),
        Ok(opened) => {
            let trainable = run.check.as_ref().map_or(0, |check| check.step.trainable);
            let model = match with_model {
                true => format!("{}, ", opened.inference.name),
                false => String::new(),
            };
            format!(
                "{path}: {model}{} after {}",
                counted(trainable, "trainable number", "trainable numbers"),
                opened.progress()
            )
        }
    }
}

/// What a reader is to be warned of.
fn warnings(run: &Read, named: bool) -> Vec<String> {
    let of = if named {
        format!("{}: ", run.name)
    } else {
        String::new()
    };
    let mut all = vec![];
    match &run.opened {
        Err(why) => all.push(format!(
            "{of}the run has no weights to look at: {why}. What follows is of its log alone."
        )),
        Ok(opened) => {
            let (config, n) = (&opened.config, opened.record.training_examples);
            // The weights may be those of an earlier epoch on purpose.
            let last = run.last.as_ref().unwrap_or(&opened.counters);
            let done = last.epochs(config, n);
            let logged = run.log.as_ref().ok().and_then(|log| log.points.last());
            let logged = logged.map_or(0.0, |point| point.epoch);
            if let Some(why) = opened.divergence() {
                all.push(format!("{of}{why}."));
            } else if logged > done + 1.0 / config.steps(n) as f64 {
                all.push(format!(
                    "{of}training broke off, or still goes on: the log goes on to epoch {}, and the weights are those of the last checkpoint, \
                     after {}.",
                    short(logged),
                    opened.progress()
                ));
            } else if !last.are_over(config, n) {
                all.push(format!(
                    "{of}the run is not finished, after {} of {}: everything is after {}.",
                    short(done),
                    plural(config.all_epochs(), "epoch"),
                    opened.progress()
                ));
            }
        }
    }
    if let (Ok(_), Err(why)) = (&run.opened, &run.scored) {
        all.push(format!("{of}nothing was predicted: {why}."));
    }
    all
}

fn short(x: f64) -> String {
    format!("{}", (x * 100.0).round() / 100.0)
}

/// What the scores of a run say, in a sentence for each target.
fn verdict(scored: &ScoredRun) -> String {
    let several = scored.targets.len() > 1;
    let each = scored.targets.iter().map(|target| {
        let sentence = of_target(target);
        match several && !sentence.is_empty() {
            true => format!("{}: {sentence}", target.run.inference.target.name),
            false => sentence,
        }
    });
    each.filter(|sentence| !sentence.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn of_target(target: &ScoredTarget) -> String {
    let find = |name: &str| target.measured.iter().find(|m| m.about.name == name);
    let number = |name: &str| {
        let measured = find(name)?;
        Some(match interval(measured) {
            none if none.is_empty() => value(measured),
            interval => format!("{} {interval}", value(measured)),
        })
    };
    let verdicts = &target.scores.verdicts;
    let examples = counted(target.scores.examples, "example", "examples");
    if let Some(accuracy) = number("accuracy") {
        let sure = verdicts
            .calibration
            .as_ref()
            .map_or(String::new(), |found| {
                format!(
                    " Its probabilities: {} (it says {:.2} and is right in {:.2}).",
                    found.verdict, found.says, found.right
                )
            });
        let observed = &target.run.inference.target;
        let of = match observed.kind.axes() {
            None => String::new(),
            Some(_) if observed.steps_of.is_some() => "the steps of ".into(),
            Some(_) => "the places of ".into(),
        };
        return format!("Right on {accuracy} of {of}{examples}.{sure}");
    }
    let Some(rmse) = number("rmse") else {
        return String::new();
    };
    let covered = number("coverage_90").map_or(String::new(), |covered| {
        let verdict = verdicts.coverage.get(1).copied().flatten();
        let verdict = verdict.map_or(String::new(), |verdict| format!(": {verdict}"));
        format!(" {covered} of the targets lie in their 90 % interval{verdict}.")
    });
    format!("A typical error of {rmse} on {examples}.{covered}")
}
