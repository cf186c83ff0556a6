//! `bnnc check`: what a model is, what its loss is, and why.

use crate::compile::{self, Compiled};
use crate::data::{self, Request};
use crate::diagnostic::{Diagnostic, Failure, Result, render, to_json};
use crate::ir::{self, Facts, Model};
use crate::plan::{self, Plan};
use crate::{exec, report, syntax};
use clap::{Args, ValueEnum};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The arguments of `bnnc check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The model file
    pub model: PathBuf,
    /// A named data set, or the path of a .csv, .npz or .toml: held against the model, and gives N
    #[arg(long, value_name = "NAME|PATH")]
    pub data: Option<String>,
    /// The folder of the data sets; else BNNC_DATA, else the user's data directory
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The target column of a table
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,
    /// Another value for a constant of the file; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub sets: Vec<(String, String)>,
    /// B; else the run file's beside the model, else 128
    #[arg(long, value_name = "B", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    pub batch_size: Option<u32>,
    /// How it is printed
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Print one of the compiler's own forms of the model instead
    #[arg(long, value_enum)]
    pub emit: Option<Emit>,
}

/// How results and messages are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// A form of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Emit {
    /// The syntax tree
    Ast,
    /// The model with its loss worked out
    Ir,
    /// What is run: buffers, draws, order
    Plan,
}

/// `NAME=VALUE`
pub fn pair(text: &str) -> std::result::Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("NAME=VALUE is wanted, such as width=400")?;
    Ok((name.trim().into(), value.trim().into()))
}

/// Runs `bnnc check`: the report to standard output, warnings to standard error.
///
/// # Errors
///
/// Every mistake of the file; data that is not found or does not fit the model.
pub fn run(args: &CheckArgs) -> Result<()> {
    if args.emit == Some(Emit::Ast) {
        let source = compile::read(&args.model)?;
        let file = syntax::parse(&source).map_err(|m| Failure::new(m, Arc::new(source)))?;
        match args.format {
            Format::Text => print!("{}", syntax::file_text(&file)),
            Format::Json => print_json(&serde_json::to_value(&file).expect("plain data")),
        }
        return Ok(());
    }
    let compiled = compile::file(&args.model, &args.sets)?;
    let model = &compiled.model;
    let batch = args
        .batch_size
        .map_or_else(|| batch_beside(&args.model), |b| b as usize);
    let facts = facts(args, &compiled, batch)?;
    let mut warnings = compiled.warnings.clone();
    warnings.extend(crate::lint::run_with(model, &facts));
    let plan = Plan::new(model.clone());
    let text = match args.emit {
        Some(Emit::Ast) => String::new(),
        Some(Emit::Ir) => ir::text(model, &facts),
        Some(Emit::Plan) => plan::text(&plan, batch, exec::memory(&plan, batch)),
        None => {
            let memory = exec::memory(&plan, batch);
            let check = report::check(model, &facts, batch, plan.trainable(), memory);
            if args.format == Format::Json {
                let mut json = check.json();
                json["warnings"] = to_json(&warnings, Some(&compiled.source));
                print_json(&json);
                return Ok(());
            }
            check.text()
        }
    };
    let color = std::io::stderr().is_terminal();
    if !warnings.is_empty() {
        eprint!("{}", render(&warnings, Some(&compiled.source), color));
    }
    match args.format {
        Format::Text => print!("{text}"),
        Format::Json => print_json(&serde_json::json!({ "text": text })),
    }
    Ok(())
}

fn print_json(value: &serde_json::Value) {
    println!("{value:#}");
}

/// What is known of the run, the data held against the model.
fn facts(args: &CheckArgs, compiled: &Compiled, batch: usize) -> Result<Facts> {
    let Some(name) = &args.data else {
        return Ok(Facts {
            batch: Some(batch),
            ..Facts::default()
        });
    };
    let found = data::facts(&Request {
        data: name.clone(),
        data_dir: args.data_dir.clone(),
        target: args.target.clone(),
    })?;
    if let Some(message) = mismatch(&compiled.model, &found) {
        return Err(Failure::new(vec![message], compiled.source.clone()));
    }
    Ok(Facts {
        training_examples: Some(found.train),
        batch: Some(batch.min(found.train.max(1))),
        data: Some(found.name),
    })
}

/// Why the model cannot learn from the data.
pub fn mismatch(model: &Model, found: &data::Facts) -> Option<Diagnostic> {
    let (_, input) = model.nodes.iter().next()?;
    if found.input_shape != model.input.shape {
        let title = format!(
            "the model reads {}, and the examples of {} are {}",
            model.input.shape, found.name, found.input_shape
        );
        return Some(Diagnostic::error("E0509", title).at(
            input.span,
            format!("`{}` is {}", model.input.name, model.input.shape),
        ));
    }
    let why = found.target.accepts(model.target.kind).err()?;
    Some(
        Diagnostic::error(
            "E0509",
            format!("the targets of {} do not fit: {why}", found.name),
        )
        .at(model.observe.span, ""),
    )
}

/// `batch_size` of the run file of the model's name, else 128.
fn batch_beside(model: &Path) -> usize {
    let text = std::fs::read_to_string(model.with_extension("toml")).unwrap_or_default();
    let size = text
        .parse::<toml::Table>()
        .ok()
        .and_then(|t| t.get("batch_size")?.as_integer());
    size.and_then(|size| usize::try_from(size).ok())
        .filter(|size| *size > 0)
        .unwrap_or(128)
}
