//! `bnnc check`: what a model is, what its loss is, and why.

use super::arguments::{DataSource, Format, Sets, TableFlags, method, without_use};
use super::fix;
use super::lints::{LintFlags, show};
use super::terminal::{err, out, say, width};
use crate::compile::{self, Compiled};
use crate::data::{self, split};
use crate::diagnostic::{Diagnostic, Failure, Result, to_json};
use crate::ir::{self, Facts, InferenceMethod, Model};
use crate::plan::{self, Plan};
use crate::prior_predictive::{self, Observed};
use crate::train::config::{self, Config};
use crate::train::fitting::{self, input_mismatch, inputs_mismatch};
use crate::train::prepared::{Prepared, batch_fits};
use crate::train::settings::{self, count};
use crate::{exec, report, syntax, train};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The arguments of `bnnc check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The model file
    model: PathBuf,
    #[command(flatten)]
    data: DataSource,
    #[command(flatten)]
    table: TableFlags,
    #[command(flatten)]
    sets: Sets,
    #[command(flatten)]
    lints: LintFlags,
    /// The inference method, `bnnc list inference`; else the run file's beside the model, else the model's
    #[arg(long, value_name = "METHOD", value_parser = method)]
    inference: Option<InferenceMethod>,
    /// Examples a step; else the run file's beside the model, else chosen by the number of training
    /// examples, and 128 without data
    #[arg(long, value_name = "B", value_parser = count, allow_negative_numbers = true)]
    batch_size: Option<usize>,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Make the edits that messages propose in the model file, print them, and report what is left
    #[arg(long)]
    fix: bool,
    /// Print one of the compiler's own forms of the model instead
    #[arg(long, value_enum)]
    emit: Option<Emit>,
    /// Show the layers and parameters of blocks and repeats one by one
    #[arg(long, conflicts_with_all = ["emit", "prior_predictive"])]
    layers: bool,
    /// Draw networks from the prior, run them, and print how large their values are instead
    #[arg(long, conflicts_with_all = ["emit", "pedantic", "deny", "allow", "batch_size"])]
    prior_predictive: bool,
    /// Networks to draw from the prior
    #[arg(long, value_name = "S", value_parser = count, allow_negative_numbers = true, default_value_t = 100, requires = "prior_predictive")]
    draws: usize,
}

/// A form of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Emit {
    /// The syntax tree
    Ast,
    /// The model with its loss worked out
    Ir,
    /// What is run: buffers, draws, order
    Plan,
}

/// Runs `bnnc check`: the report to standard output, warnings to standard error.
///
/// # Errors
///
/// Every mistake of the file; data that is not found or does not fit the model.
pub fn run(args: &CheckArgs) -> Result<()> {
    if args.fix {
        fix(args)?;
    }
    if args.emit == Some(Emit::Ast) {
        let batch = args.batch_size.map(|_| "--batch-size");
        let inference = args.inference.as_ref().map(|_| "--inference");
        let mut flags = args.data.given();
        flags.extend(args.table.given());
        flags.extend(args.sets.given().into_iter().chain(batch).chain(inference));
        flags.extend(args.lints.given());
        without_use(&flags, "the syntax tree is that of the text alone");
        let source = compile::read(&args.model)?;
        let file = syntax::parse(&source).map_err(|m| Failure::new(m, Arc::new(source)))?;
        match args.format {
            Format::Text => out(format_args!("{}", syntax::file_text(&file))),
            Format::Json => say!("{:#}", serde_json::to_value(&file).expect("plain data")),
        }
        return Ok(());
    }
    let (run_file, mut config) = settings(
        &args.model,
        (&args.data, &args.table),
        &args.sets,
        args.batch_size,
    )?;
    config.inference = args.inference.clone().or(config.inference);
    let request = config.request(None);
    super::width::fill(&compile::read(&args.model)?, &mut config.set, request)?;
    let mut compiled = compile::file_by_method(&args.model, &config.set, config.inference.clone())?;
    if args.prior_predictive {
        return prior_predictive(args, &config, &compiled);
    }
    compiled.draw(config.samples);
    let (facts, mut found, chosen) = facts(&mut config, &compiled)?;
    let batch = facts.batch.unwrap_or(config.batch_size());
    let warnings = args.lints.warnings(&compiled, &facts)?;
    let plan = Arc::new(Plan::new(compiled.inference.clone()));
    let memory = exec::memory(&plan, batch);
    let text = match args.emit {
        Some(Emit::Ir) => ir::text(&plan.inference, &facts),
        Some(Emit::Plan) => plan::text(&plan, batch, memory),
        _ => {
            let mut check = report::check(&plan, &facts, batch, memory);
            check.run_file = run_file.map(|path| path.display().to_string());
            let mut found = found.drain(..).map(|found| (found.columns, found.taken));
            if let Some(first) = found.next() {
                (check.columns, check.taken) = first;
            }
            check.others = found.collect();
            check.chosen = chosen;
            check.unfolded = args.layers;
            if args.format == Format::Json {
                let mut json = check.json();
                json["warnings"] = to_json(&warnings, Some(&compiled.source));
                say!("{json:#}");
                return Ok(());
            }
            check.text(width())
        }
    };
    show(warnings, &compiled);
    match args.format {
        Format::Text => out(format_args!("{text}")),
        Format::Json => say!("{:#}", serde_json::json!({ "text": text })),
    }
    Ok(())
}

/// Makes the edits that messages about the model propose.
fn fix(args: &CheckArgs) -> Result<()> {
    let data = (&args.data, &args.table);
    let (_, mut config) = settings(&args.model, data, &args.sets, args.batch_size)?;
    config.inference = args.inference.clone().or(config.inference);
    let request = config.request(None);
    super::width::fill(&compile::read(&args.model)?, &mut config.set, request)?;
    fix::run(&args.model, &config)
}

/// Networks of the prior, on the data if any is named.
fn prior_predictive(args: &CheckArgs, config: &Config, compiled: &Compiled) -> Result<()> {
    let model = &compiled.inference;
    let examples = prior_predictive::examples(model, args.draws);
    let (inputs, observed) = match config.request(Some(model)) {
        None => (prior_predictive::standard_inputs(model, examples), vec![]),
        Some(request) => {
            // One step on one example is always possible; no more is wanted of the run here.
            let mut config = Config {
                batch_size: Some(1),
                epochs: Some(1),
                ..config.clone()
            };
            let (first, others) = data::load_all(&request)?;
            let prepared = Prepared::new(first, others, model, &mut config)
                .map_err(|failure| failure.within(&compiled.source))?;
            let part = prepared.training();
            let scaled = match config.data.scaling {
                "none" => "as they are".into(),
                scaling => format!("scaled as in training ({scaling})"),
            };
            let name = format!("training examples of {}, {scaled}", prepared.data.name);
            let inputs = prior_predictive::training_inputs(&part, &name, examples)?;
            let others = prepared.others.iter();
            let others = others.map(|other| Observed::of(&other.part(part, false)));
            (
                inputs,
                [Observed::of(&part)].into_iter().chain(others).collect(),
            )
        }
    };
    let mut observed = observed.into_iter();
    let mut by_target = serde_json::Map::new();
    for alone in model.of_targets() {
        let found = prior_predictive::look(&alone, &inputs, observed.next(), args.draws)
            .map_err(|failure| Failure::new(failure.diagnostics, compiled.source.clone()))?;
        let name = &alone.target.name;
        match (args.format, model.others.is_empty()) {
            (Format::Text, true) => out(format_args!("{}", found.text(width()))),
            (Format::Text, false) => out(format_args!("target {name}\n{}\n", found.text(width()))),
            (Format::Json, true) => say!("{:#}", found.json()),
            (Format::Json, false) => {
                by_target.insert(name.clone(), found.json());
            }
        }
    }
    if !by_target.is_empty() {
        say!("{:#}", serde_json::json!({ "targets": by_target }));
    }
    Ok(())
}

/// What `bnnc train` would run with: the run file of the model's name, and flags over it.
pub(super) fn settings(
    model: &Path,
    (data, table): (&DataSource, &TableFlags),
    sets: &Sets,
    batch_size: Option<usize>,
) -> Result<(Option<PathBuf>, Config)> {
    let (path, config) = Config::beside(model)?.unzip();
    let mut config = config.unwrap_or_default();
    let mut given = data.settings();
    given.extend(table.0.iter().cloned());
    given.extend(batch_size.map(|n| (settings::find("batch_size"), n.to_string())));
    config.apply(&given, &sets.set);
    config.watch()?;
    if config.data.request().is_none() {
        let why = "no data are named, neither by --data nor in a run file beside the model";
        without_use(&[data.given(), table.given()].concat(), why);
    }
    Ok((path, config))
}

/// What is known of the run, the data held against the model; what the data holds, with each of the model's targets;
/// and what was chosen of the settings, in words.
pub(super) fn facts(
    config: &mut Config,
    compiled: &Compiled,
) -> Result<(Facts, Vec<data::Facts>, Option<String>)> {
    config.follow_method(&compiled.inference.method);
    let Some(request) = config.request(Some(&compiled.inference)) else {
        let facts = train::facts(config, &compiled.inference, None, &[], &[]);
        return Ok((facts, vec![], None));
    };
    let mut of_targets = vec![];
    for (request, alone) in request
        .of_targets()?
        .iter()
        .zip(compiled.inference.of_targets())
    {
        let found = data::facts(request)?;
        for remark in &found.remarks {
            err(&format!("warning: {remark}\n\n"));
        }
        if let Some(message) = mismatch(&alone, &found) {
            if message.code == "E0509" && config::is_path(&request.data) {
                // The rows of a file say which of them does not fit.
                fitting::check(&data::load(request)?, &alone)
                    .map_err(|failure| failure.within(&compiled.source))?;
            }
            return Err(Failure::new(vec![message], compiled.source.clone()));
        }
        of_targets.push(found);
    }
    let (found, others) = of_targets.split_first().expect("a model has a target");
    let (part, groups) = (config.data.set_aside(), found.groups.as_deref());
    let (_, aside) = split::take_validation(found.rows(), groups, part, config.seed)?;
    let n = found.left(&aside);
    let chosen = config.choose(n, &compiled.inference).words(config, n);
    batch_fits(config.batch_size(), n)?;
    let facts = train::facts(config, &compiled.inference, Some(found), others, &aside);
    Ok((facts, of_targets, chosen))
}

/// Why the model cannot learn from the data.
fn mismatch(model: &Model, found: &data::Facts) -> Option<Diagnostic> {
    let columns = found.columns.as_ref();
    if let Some(message) = inputs_mismatch(&found.inputs, model, &found.name) {
        return Some(message);
    }
    if let Some(message) = input_mismatch(
        &found.input_shape,
        columns,
        &found.taken,
        model,
        &found.name,
    ) {
        return Some(message);
    }
    let why = found.target.accepts(model.target.kind).err()?;
    let title = format!("the targets of {} do not fit: {why}", found.name);
    Some(Diagnostic::error("E0509", title).at(model.observe.span, ""))
}
