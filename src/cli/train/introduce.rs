//! The lines before the first epoch: what is trained, on what, to minimise what, and where the run goes. Six of
//! them, and more only where something is unusual; `bnnc check` has all that is left out here.

use super::TrainArgs;
use crate::cli::terminal::{here, tell, tell_wrapped, told, width};
use crate::data::Columns;
use crate::ir::{Facts, Inference, InferenceMethod, Input};
use crate::report::columns::{self, Row};
use crate::train::prepared::Prepared;
use crate::train::run_dir::RunDir;
use crate::train::settings::Setting;
use crate::train::start::Start;
use crate::words::{counted, distinct, join, plural, thousands};

/// What is trained, on what, to minimise what, and where the run goes.
pub(super) fn introduce(args: &TrainArgs, start: &Start, run: &RunDir, steps: usize, done: u64) {
    let Start {
        config,
        compiled,
        facts,
        plan,
        prepared,
        record,
        ..
    } = start;
    let inference = &compiled.inference;
    let weights: usize = inference.tensors.iter().map(|(_, t)| t.shape.len()).sum();
    let text = format!(
        "{} ({}): {}, {}",
        inference.name,
        args.model.display(),
        counted(weights, "weight", "weights"),
        counted(plan.trainable(), "trainable number", "trainable numbers")
    );
    tell_wrapped("model      ", &text);
    say_data(start);
    say_loss(inference, facts);
    let schedule = match config.schedule.0.signature().name {
        "constant" => String::new(),
        name => format!(", {name}"),
    };
    let (optimizer, rate) = (config.optimizer.0.signature().name, config.learning_rate());
    let fits = match config.method.rounds() {
        1 => String::new(),
        rounds => format!("{rounds} fits of "),
    };
    let epochs = plural(config.epochs(), "epoch");
    let (steps_of, batch) = (plural(steps, "step"), config.batch_size());
    let method = &inference.method;
    let moved = match method.default_learning_rate() {
        None if method.is_sampler() => format!("; `{method}`"),
        None => format!("; {optimizer}, learning rate {rate:?}{schedule}"),
        Some(_) => format!("; `{method}`, learning rate {rate:?}{schedule}"),
    };
    let text = format!("{fits}{epochs} of {steps_of} of B = {batch}{moved}");
    tell_wrapped("run        ", &text);
    let unused = unused(args, method);
    if !unused.is_empty() {
        let flags = join(unused, "and");
        let text = format!("`{}` does not use {flags}", method.signature().name);
        tell_wrapped(UNDER, &text);
    }
    if let Some(chosen) = prepared.chosen.words(config, record.training_examples) {
        tell_wrapped(UNDER, &chosen);
    }
    if let Some(patience) = config.patience() {
        let epochs = plural(patience, "epoch");
        let text = format!("ends early once the validation nll has not fallen for {epochs}");
        tell_wrapped(UNDER, &text);
    }
    if let Some(warm) = &start.warm {
        tell_wrapped(UNDER, &warm.said);
    }
    let mut more = vec![];
    more.extend((config.augmentation.words()).map(|how| format!("augmented by {how}")));
    more.extend((config.clip_norm).map(|most| format!("gradients clipped to a norm of {most}")));
    more.extend(
        (config.ema_decay)
            .map(|decay| format!("predicts with an average of the variables, decay {decay}")),
    );
    if !more.is_empty() {
        tell_wrapped(UNDER, &more.join("; "));
    }
    let text = format!(
        "{}; seed {}; settings: {}",
        run.path().display(),
        config.seed,
        start.settings_from
    );
    tell_wrapped("directory  ", &text);
    if done > 0 {
        let (epochs, of_next) = (done as usize / steps, done as usize % steps);
        let (epochs, of_next) = (plural(epochs, "epoch"), plural(of_next, "step"));
        tell!("resumed    after {epochs} and {of_next}");
    }
    tell!("");
}

/// The data, its parts and units; of a table its columns.
fn say_data(start: &Start) {
    let Start {
        prepared, record, ..
    } = start;
    let counted = start.facts.counted.as_ref();
    let mut parts = vec![format!(
        "N = {} examples to train on{}",
        thousands(record.training_examples),
        counted.map_or(String::new(), |counted| counted.to_string())
    )];
    if record.validation_examples > 0 {
        parts.push(format!(
            "{} set aside",
            thousands(record.validation_examples)
        ));
    }
    let test = record.test_examples;
    parts.extend(test.map(|n| format!("{} held out", thousands(n))));
    let text = format!(
        "{}: {}; {}",
        here(&record.name),
        parts.join(", "),
        scaling(start)
    );
    tell_wrapped("data       ", &text);
    let seen = &prepared.data.seen;
    if !seen.said.is_empty() {
        tell_wrapped(UNDER, &seen.said.join(", "));
    }
    let kept = prepared.rows.iter().map(Vec::len).sum::<usize>();
    let left_out = prepared.data.train.len - kept;
    if left_out > 0 {
        let windows = plural(left_out, "window");
        let text =
            format!("{windows} that reach from the training into the validation part are left out");
        tell_wrapped(UNDER, &text);
    }
    for line in seen.taken.iter().chain(&seen.streamed) {
        tell_wrapped(UNDER, line);
    }
    let (found, taken_for) = (
        &prepared.data.train.input_shape,
        &start.compiled.inference.input.shape,
    );
    if found != taken_for {
        tell_wrapped(
            UNDER,
            &format!("inputs of {found} are taken for {taken_for}"),
        );
    }
    let Some(columns) = &prepared.data.columns else {
        if !prepared.constant.is_empty() {
            let entries: Vec<String> = prepared.constant.iter().map(usize::to_string).collect();
            let text = format!(
                "always the same: entry {} of the last axis; left at 0",
                entries.join(", ")
            );
            tell_wrapped(UNDER, &text);
        }
        return say_others(prepared);
    };
    for line in columns::lines(columns) {
        tell_wrapped(UNDER, &line);
    }
    let mut rows = columns::decided(columns);
    rows.extend(constant(columns, &prepared.constant));
    told(format_args!("{}", columns::table(&rows, UNDER, width())));
    say_others(prepared);
}

/// Where further targets are read from.
fn say_others(prepared: &Prepared) {
    for other in &prepared.others {
        let (columns, taken) = (other.data.columns.as_ref(), &other.data.seen.taken);
        let text = columns::of_other_target(columns, taken, UNDER, width());
        told(format_args!("{text}"));
    }
}

/// The inputs of a table that are always the same.
fn constant(columns: &Columns, constant: &[usize]) -> Vec<Row> {
    let (entries, unseen) = (columns.entries(), columns.unseen());
    // No training row has a value that training does not see.
    let seen = constant
        .iter()
        .filter(|entry| !matches!(unseen.get(**entry), Some(Some(_))));
    seen.filter_map(|entry| entries.get(*entry))
        .map(|name| [name, "always the same", "0"].map(String::from))
        .collect()
}

/// What is minimised, in a line: its terms by their scales. What is unusual about it has lines of its own.
fn say_loss(inference: &Inference, facts: &Facts) {
    let terms = inference.loss.terms.iter();
    let terms: Vec<(String, String)> = terms
        .map(|term| (term.kind.word().to_owned(), term.scale.to_string()))
        .collect();
    let sums = distinct(terms.iter()).into_iter().map(|(word, scale)| {
        let count = terms
            .iter()
            .filter(|(w, s)| w == word && s == scale)
            .count();
        match count {
            1 => format!("{word} × {scale}"),
            _ => match word.strip_suffix('y') {
                Some(stem) => format!("{count} {stem}ies × {scale}"),
                None => format!("{count} {word}s × {scale}"),
            },
        }
    });
    let sums: Vec<String> = sums.collect();
    let lambda = inference.lambda(facts);
    let is_whole = lambda
        .as_ref()
        .is_none_or(|lambda| lambda.factors.is_empty());
    let head = inference.loss_head();
    let head = head.trim_end_matches("; all constants kept");
    let mut text = format!("{head}: {}", sums.join(" + "));
    if lambda.is_some() && is_whole {
        text += "; lambda 1";
    }
    tell_wrapped("loss       ", &text);
    for remark in inference.loss_remarks() {
        tell_wrapped(UNDER, &remark);
    }
    if !is_whole {
        for (index, line) in inference.lambda_lines(facts).iter().enumerate() {
            let head = if index == 0 { "lambda     " } else { UNDER };
            tell_wrapped(head, line);
        }
    }
}

/// Before what stands under a line's text.
const UNDER: &str = "           ";

/// How inputs and targets are scaled, in words.
fn scaling(start: &Start) -> String {
    let of_tokens = |input: &Input| input.sequence.is_some_and(|of| of.vocabulary.is_some());
    let inputs = match start.config.data.scaling {
        _ if start.compiled.inference.inputs.iter().all(of_tokens) => "as they are",
        "standardize" => "standardized",
        "symmetric" => "from -1 to 1",
        "unit" => "from 0 to 1",
        _ => "as they are",
    };
    let summary = start.compiled.inference.summary();
    match (start.config.data.targets, summary.heavy_tailed()) {
        ("standardize", _) if !summary.standardizes() => format!("inputs {inputs}"),
        ("standardize", true) => format!(
            "inputs {inputs}, targets standardized by median and interquartile range, as the noise is \
             heavy-tailed"
        ),
        ("standardize", false) if inputs == "standardized" => {
            "inputs and targets standardized".into()
        }
        ("standardize", false) => format!("inputs {inputs}, targets standardized"),
        _ => format!("inputs {inputs}"),
    }
}

/// The flags of the command that the method takes no notice of. A sampler has no optimizer, and one that takes all examples
/// at each step says itself how many steps there are; a point needs one sample a step.
fn unused(args: &TrainArgs, method: &InferenceMethod) -> Vec<String> {
    let takes_all = method.transitions().is_some();
    let is_unused = |key: &str| match key {
        "epochs" | "batch_size" => takes_all,
        _ => key.starts_with("optimizer") || key.starts_with("schedule"),
    };
    let given = args.settings.0.iter();
    let unused = given.filter(|(setting, _)| {
        method.is_sampler() && is_unused(setting.key)
            || method.has_points() && setting.key == "samples"
    });
    let flag =
        |(setting, _): &(&Setting, String)| Some(format!("`--{}`", setting.flag.as_ref()?.name));
    unused.filter_map(flag).collect()
}
