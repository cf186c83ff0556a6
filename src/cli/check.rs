//! `bnnc check`: what a model is, what its loss is, and why.

use super::arguments::{DataSource, Format, Sets, TableFlags, method, without_use};
use super::fix;
use super::lints::{LintFlags, show};
use super::terminal::{err, out, say, width};
use crate::compile::{self, Compiled};
use crate::data;
use crate::diagnostic::{Failure, Result, to_json};
use crate::ir::{self, InferenceMethod};
use crate::plan::{self, Plan};
use crate::prior_predictive::{self, Observed};
use crate::train::Known;
use crate::train::config::Config;
use crate::train::prepared::Prepared;
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
        (&args.model, None),
        (&args.data, &args.table),
        &args.sets,
        args.batch_size,
    )?;
    config.inference = args.inference.clone().or(config.inference);
    let request = config.request(None);
    crate::train::width::fill(&compile::read(&args.model)?, &mut config.set, request)?;
    let mut compiled = compile::file_by_method(&args.model, &config.set, config.inference.clone())?;
    if args.prior_predictive {
        return prior_predictive(args, &config, &compiled);
    }
    compiled.draw(config.samples);
    let Known {
        facts,
        mut found,
        chosen,
        ..
    } = known(&mut config, &compiled)?;
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
            let mut found = found.drain(..).map(|mut found| {
                found.taken.extend(found.streamed.take());
                (found.columns, found.taken)
            });
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
    let (_, mut config) = settings((&args.model, None), data, &args.sets, args.batch_size)?;
    config.inference = args.inference.clone().or(config.inference);
    let request = config.request(None);
    crate::train::width::fill(&compile::read(&args.model)?, &mut config.set, request)?;
    fix::run(&args.model, &config, args.format)
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

/// What `bnnc train` would run with: a run file, that of the model's name if none is given, and flags over it.
pub(super) fn settings(
    (model, run_file): (&Path, Option<&Path>),
    (data, table): (&DataSource, &TableFlags),
    sets: &Sets,
    batch_size: Option<usize>,
) -> Result<(Option<PathBuf>, Config)> {
    let found = match run_file {
        Some(path) => Some((path.to_path_buf(), Config::read(path)?)),
        None => Config::beside(model)?,
    };
    let (path, config) = found.unzip();
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

/// [`train::known`], what is odd about the data told.
pub(super) fn known(config: &mut Config, compiled: &Compiled) -> Result<Known> {
    let known = train::known(config, compiled)?;
    for remark in &known.remarks {
        err(&format!("warning: {remark}\n\n"));
    }
    Ok(known)
}
