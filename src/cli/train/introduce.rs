//! The lines before the first epoch: what is trained, on what, to minimise what, and where the run goes.

use super::{Start, TrainArgs};
use crate::cli::terminal::{say, say_wrapped, width};
use crate::data;
use crate::ir::{Facts, Fitted, Inference, TermKind};
use crate::train::run_dir::RunDir;
use crate::words::plural;

/// What is trained, on what, to minimise what, and where the run goes.
pub(super) fn introduce(args: &TrainArgs, start: &Start, run: &RunDir, steps: usize, done: u64) {
    let Start {
        config,
        compiled,
        prepared,
        record,
        facts,
        plan,
        ..
    } = start;
    let inference = &compiled.inference;
    say!("model      {} ({})", inference.name, args.model.display());
    let n = record.training_examples;
    let mut parts = vec![format!("N = {n} examples to train on")];
    if record.validation_examples > 0 {
        parts.push(format!("{} set aside", record.validation_examples));
    }
    parts.extend(record.test_examples.map(|n| format!("{n} held out")));
    let text = format!("{}: {}", record.name, parts.join(", "));
    say_wrapped("data       ", &text);
    let seen = &prepared.data.seen;
    if !seen.said.is_empty() {
        say_wrapped(UNDER, &seen.said.join(", "));
    }
    if let Some(columns) = &prepared.data.columns {
        say_wrapped(UNDER, &columns.to_string());
        for (name, code) in &columns.coding.inputs {
            say_wrapped(UNDER, &format!("{name}: {}", code.words()));
        }
        if !columns.coding.fills.is_empty() {
            let inputs = plural(columns.coding.fills.len(), "input");
            say_wrapped(
                UNDER,
                &format!("no value missing in {inputs}: the rule is kept for other tables"),
            );
        }
        if !columns.coding.classes.is_empty() {
            let classes = columns.coding.classes.iter().enumerate();
            let classes: Vec<String> = classes
                .map(|(label, name)| format!("{name} = {label}"))
                .collect();
            say_wrapped(UNDER, &format!("classes {}", data::shortened(&classes)));
        }
    }
    say_wrapped(UNDER, &scaling(start));
    let entries = prepared.data.columns.as_ref().map(data::Columns::entries);
    let name = |entry: &usize| match &entries {
        Some(names) => names[*entry].clone(),
        None => entry.to_string(),
    };
    let constant: Vec<String> = prepared.constant.iter().map(name).collect();
    // No training row has a value that training does not see.
    let constant: Vec<String> = constant
        .into_iter()
        .filter(|name| !name.ends_with(" = (other)"))
        .collect();
    if !constant.is_empty() {
        let list = constant.join(", ");
        let text = match &prepared.data.columns {
            Some(_) => format!("always the same: {list}; left at 0"),
            None => format!("always the same: entry {list} of the last axis; left at 0"),
        };
        say_wrapped(UNDER, &text);
    }
    let weights: usize = inference.tensors.iter().map(|(_, t)| t.shape.len()).sum();
    say!(
        "network    {}, {}",
        plural(weights, "weight"),
        plural(plan.trainable(), "trainable number")
    );
    print_loss(inference, facts);
    let schedule = match config.schedule.0.signature().name {
        "constant" => String::new(),
        name => format!(" on the {name} schedule"),
    };
    let (optimizer, rate) = (config.optimizer.0.signature().name, config.learning_rate());
    say!("optimizer  {optimizer}, learning rate {rate:?}{schedule}");
    let batch = config.batch_size;
    let epochs = plural(config.epochs, "epoch");
    say!(
        "run        {epochs} of {} of {batch} examples, seed {}",
        plural(steps, "step"),
        config.seed
    );
    say!("settings   {}", start.settings_from);
    say!("directory  {}", run.path().display());
    if done > 0 {
        let (epochs, of_next) = (done as usize / steps, done as usize % steps);
        let (epochs, of_next) = (plural(epochs, "epoch"), plural(of_next, "step"));
        say!("resumed    after {epochs} and {of_next}");
    }
    say!("");
}

/// What is minimised, term by term: a line each, or what a term is below it where that is too wide.
fn print_loss(inference: &Inference, facts: &Facts) {
    say_wrapped("loss       ", &inference.loss_head());
    for remark in inference.loss_remarks() {
        say_wrapped(UNDER, &remark);
    }
    let terms = &inference.loss.terms;
    let names: Vec<String> = terms.iter().map(|t| t.kind.name(inference)).collect();
    let longest = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
    let lines: Vec<(String, String)> = terms
        .iter()
        .zip(&names)
        .map(|(term, name)| {
            let (n, batch) = (facts.training_examples, facts.batch);
            let scale = term.scale.with_numbers(n, batch);
            let head = format!("{UNDER}  {name:longest$}  × {scale:<16}  ");
            (head, describe(inference, &term.kind))
        })
        .collect();
    let fits =
        |(head, what): &(String, String)| head.chars().count() + what.chars().count() <= width();
    if lines.iter().all(fits) {
        lines.iter().for_each(|(head, what)| say!("{head}{what}"));
    } else {
        for (head, what) in &lines {
            say!("{}", head.trim_end());
            say_wrapped(&format!("{UNDER}    "), what);
        }
    }
    for (index, line) in inference.lambda_lines(facts).iter().enumerate() {
        let head = if index == 0 { "lambda     " } else { UNDER };
        say_wrapped(head, line);
    }
}

/// Before what stands under a line's text.
const UNDER: &str = "           ";

/// How inputs and targets are scaled, in words.
fn scaling(start: &Start) -> String {
    let shape = &start.compiled.inference.input.shape;
    let each = if shape.rank() > 1 {
        "channel"
    } else {
        "feature"
    };
    let inputs = match start.config.data.scaling {
        "standardize" => format!("standardized per {each}"),
        "symmetric" => "scaled from 0..255 to -1..1".into(),
        "unit" => "scaled from 0..255 to 0..1".into(),
        _ => "as they are".into(),
    };
    let summary = start.compiled.inference.summary();
    let targets = match (start.config.data.targets, summary.heavy_tailed()) {
        ("standardize", _) if !summary.standardizes() => "",
        ("standardize", false) => "; targets standardized, numbers below in their own units",
        ("standardize", true) => {
            "; targets standardized by median and interquartile range, as the noise is heavy-tailed; \
             numbers below in their own units"
        }
        _ => "",
    };
    format!("inputs {shape} {inputs}{targets}")
}

/// A term in a few words.
fn describe(inference: &Inference, kind: &TermKind) -> String {
    let prior = |tensor: Fitted| {
        tensor
            .prior
            .as_ref()
            .map_or(String::new(), |p| inference.prior_text(p))
    };
    match kind {
        TermKind::Nll => format!("-log {}", inference.likelihood_text()),
        TermKind::Kl(tensor, form) => {
            let tensor = inference.fitted(*tensor);
            let form = form.words();
            let family = tensor.posterior.family.signature().name;
            format!(
                "{family} || {}, {}, {form}",
                prior(tensor),
                plural(tensor.shape.len(), "weight")
            )
        }
        TermKind::Surrogate(tensor) => {
            let tensor = inference.fitted(*tensor);
            let family = tensor.posterior.family.signature().name;
            let count = plural(tensor.shape.len(), "weight");
            format!(
                "surrogate of {family} under {}, {count}, no KL",
                prior(tensor)
            )
        }
        TermKind::NegLogPrior(tensor) => {
            let tensor = inference.fitted(*tensor);
            format!(
                "-log {}, {} at a point",
                prior(tensor),
                plural(tensor.shape.len(), "weight")
            )
        }
    }
}
