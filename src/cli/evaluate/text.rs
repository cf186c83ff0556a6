//! What `bnnc evaluate` prints of one run.

use super::super::calibrated::say_calibration;
use super::super::open::{Chosen, Opened};
use super::super::scored::{ScoredRun, ScoredTarget};
use super::super::terminal::{here, out, say, say_wrapped, width};
use super::rows::{entry_names, headline, print_detections, print_measured, said_of_coverage};
use crate::data::shortened;
use crate::evaluate::{Elbo, Scores};
use crate::likelihood::ScoreValue;
use crate::report::columns;
use crate::terms::Term;
use crate::train::progress::{number, percent};
use crate::words::thousands;

/// Prints a run's scores.
pub fn text(scored: &ScoredRun) {
    let (run, samples, elbo) = (&scored.run, scored.samples, &scored.elbo);
    let targets = &scored.targets[..];
    say!(
        "run        {}: {} after {}",
        scored.path.display(),
        run.inference.name,
        run.progress()
    );
    let (chosen, scores) = (&targets[0].chosen, &targets[0].scores);
    say!("data       {}", here(&chosen.name));
    for (number, target) in targets.iter().enumerate() {
        say_columns(&target.run, &target.chosen);
        // What became of the inputs is the same for all.
        if let (Some(columns), 0) = (target.chosen.columns(), number) {
            let rows = columns::decided(columns);
            out(format_args!(
                "{}",
                columns::table(&rows, "           ", width())
            ));
        }
    }
    match run.inference.is_random() {
        true => {
            say!("draws      {samples} of the weights, averaged");
            say_of_sampler(run);
            say!("");
        }
        false => say!("draws      none: {}\n", run.inference.says_of_one_draw()),
    }
    for target in targets {
        if targets.len() > 1 {
            say!("{}", target.run.inference.target.name);
        }
        print_target(target);
        if targets.len() > 1 {
            say!("");
        }
    }
    if targets.len() > 1 {
        let nll: f64 = targets.iter().map(|target| target.scores.nll()).sum();
        print_nll_of_all(nll);
    }
    let n = run.record.training_examples;
    let (what, loss) = (
        head(
            elbo,
            run.inference.quantity(),
            chosen.split,
            scores.examples,
        ),
        number(elbo.loss),
    );
    say!("");
    say_wrapped(
        "",
        &format!(
            "{what} = {loss}, with N = {} training examples{}",
            thousands(n),
            match targets
                .iter()
                .any(|target| target.calibration.temperature.is_some())
            {
                true => ", without the temperature",
                false => "",
            }
        ),
    );
    print_terms(&elbo.terms);
    let mut terms = run.inference.loss.terms.iter();
    if run.inference.method.rounds() > 1 && !run.inference.method.fits_posteriors() {
        say_wrapped("  ", "terms over the weights are means over the draws");
    } else if terms.any(|term| run.inference.is_noisy(term)) {
        let draws = crate::words::count(samples, "draw", "draws");
        let text = format!("terms over the weights are Monte-Carlo estimates, from {draws}");
        say_wrapped("  ", &text);
    }
    if let Some(factor) = scored.prior_factor {
        let text = format!(
            "the penalty is under the priors of the file; predictions and the log evidence are under theirs with scales times \
             {}",
            number(factor)
        );
        say_wrapped("  ", &text);
    }
    if let Some(log_evidence) = scored.log_evidence {
        let of = thousands(n);
        say!("");
        say_wrapped(
            "",
            &format!(
                "log evidence = {}, log p(D) of the {of} training examples in their own units; {} an example",
                number(log_evidence),
                number(log_evidence / n as f64)
            ),
        );
    }
    if let Some(objective) = &elbo.objective {
        let (loss, t) = (number(objective.loss), objective.temperature);
        say!("\nobjective minimised = {loss}, with T = {t}");
        print_terms(&objective.terms);
    }
}

/// What a sampler said of its draws at the end, their number apart.
fn say_of_sampler(run: &Opened) {
    let said = run.said.iter().filter(|(word, _)| word != "draws");
    for (word, text) in said.filter(|_| run.inference.method.is_sampler()) {
        say_wrapped(&format!("{word:<11}"), text);
    }
}

/// The scores of one target, the baseline's, and how examples out of distribution are told from these.
fn print_target(target: &ScoredTarget) {
    say_calibration(&target.calibration, target.outcomes.as_ref());
    print_measured(target, &entry_names(target));
    headline(target);
    print_detections(target);
}

/// Which columns of a table are the target, and which were not read.
pub fn say_columns(run: &Opened, chosen: &Chosen) {
    let own = run.target_names();
    for line in chosen.taken() {
        say_wrapped("           ", line);
    }
    if !chosen.said().is_empty() {
        say_wrapped("           ", &chosen.said().join(", "));
    }
    if let Some(columns) = chosen.columns().filter(|c| !c.targets.is_empty()) {
        let read = shortened(&columns.targets);
        match own.is_empty() || own == columns.targets {
            true => say!("target     {read}"),
            false => say_wrapped(
                "target     ",
                &format!("{read}, in the place of the run's {}", shortened(own)),
            ),
        }
    }
    for (index, line) in chosen.left_out(own).iter().enumerate() {
        let head = if index == 0 { "left out" } else { "" };
        say_wrapped(&format!("{head:<11}"), line);
    }
}

/// The nll of several targets.
pub fn print_nll_of_all(nll: f64) {
    let what = "of all targets together: the sum of theirs";
    say_wrapped(&format!("{:<14}{:<8} ", "nll", number(nll)), what);
}

/// Each score, with what it is; `targets` are the names of a target's entries, where they are known.
pub fn print_scores(scores: &Scores, targets: &[String]) {
    let line = |name: &str, value: String, what: &str| {
        say_wrapped(&format!("{name:<14}{value:<8} "), what);
    };
    let verdicts = &scores.verdicts;
    let by_entry = |all: &[f64], text: fn(f64) -> String, what: &str| {
        for (entry, x) in all.iter().enumerate() {
            let name = targets.get(entry).cloned();
            let name = name.unwrap_or_else(|| format!("entry {entry}"));
            line("", text(*x), &format!("{what} {name}"));
        }
    };
    for score in &scores.scores {
        match &score.value {
            ScoreValue::Share(x) => line(score.name, percent(*x), score.what),
            ScoreValue::Number(x) => {
                line(score.name, number(*x), score.what);
                if let ("nll", 2..) = (score.name, scores.draws) {
                    let what = "mean over single draws: the loss has this one";
                    line("expected nll", number(scores.expected_nll), what);
                }
                if let ("ece", Some(found)) = (score.name, &verdicts.calibration) {
                    let says = format!("{:.2}, is right in {:.2}", found.says, found.right);
                    line(
                        "",
                        String::new(),
                        &format!("{}: says {says}", found.verdict),
                    );
                }
            }
            ScoreValue::Entries(all) => by_entry(all, number, score.what),
            ScoreValue::Shares(all) => by_entry(all, percent, score.what),
            ScoreValue::Coverage(all) => {
                let of = "of targets in the";
                for (index, coverage) in all.iter().enumerate() {
                    let name = if index == 0 { score.name } else { "" };
                    let interval = coverage.interval * 100.0;
                    let verdict = verdicts.coverage.get(index).copied().flatten();
                    let verdict = verdict.map_or(String::new(), |verdict| {
                        format!(": {}", said_of_coverage(verdict))
                    });
                    let what = format!("{of} {interval} % interval{verdict}");
                    line(name, percent(coverage.covered), &what);
                }
            }
        }
    }
}

/// What the terms add up to: the loss at weight 1 on what was trained on; the bound is none for others.
fn head(elbo: &Elbo, bound: &str, split: &str, examples: usize) -> String {
    let (sum, examples) = (elbo.quantity, thousands(examples));
    match (split, elbo.terms.iter().all(Term::is_data)) {
        ("train", _) => sum.into(),
        (_, true) => format!("nll of {examples} {}", examples_of(split)),
        _ => format!(
            "{split} {sum} (not {bound}: the nll is of {examples} {})",
            examples_of(split)
        ),
    }
}

fn examples_of(split: &str) -> &'static str {
    match split {
        "test" => "held-out examples",
        "validation" => "examples that were set aside",
        "unseen" => "examples that were never trained on",
        _ => "examples of other data",
    }
}

/// `1/50000` where a scale is one over a whole number.
fn fraction(scale: f64) -> String {
    let below = (1.0 / scale).round();
    match scale {
        1.0 => "1".into(),
        _ if scale > 0.0 && (scale * below - 1.0).abs() < 1e-12 => format!("1/{below}"),
        _ => number(scale),
    }
}

/// A line for each term: value, scale and their product.
pub fn print_terms(terms: &[Term]) {
    let names = terms
        .iter()
        .map(|t| t.name.chars().count())
        .max()
        .unwrap_or(0)
        .max(4);
    let symbol = |term: &Term| term.symbol.clone().unwrap_or_default();
    let symbols = terms
        .iter()
        .map(|t| symbol(t).chars().count())
        .max()
        .unwrap_or(0)
        .max(5);
    say!(
        "  {:names$}  {:>14}  {:>symbols$} {:>13}  {:>10}",
        "term",
        "value",
        "scale",
        "",
        "scaled"
    );
    for term in terms {
        let value = &term.value;
        say!(
            "  {:names$}  {:>14}  {:>symbols$} = {:<11}  {:>10}",
            term.name,
            number(value.value),
            symbol(term),
            fraction(value.scale),
            number(value.scaled),
        );
    }
}
