//! `bnnc check`: what a model file means.

use super::arguments::{DataSource, Format, Sets};
use super::terminal::{err, out, report, say};
use crate::compile;
use crate::data;
use crate::diagnostic::{Failure, Result, to_json};
use crate::exec;
use crate::ir;
use crate::plan::{self, Plan};
use crate::syntax;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The arguments of `bnnc check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The model file
    model: PathBuf,
    #[command(flatten)]
    data: DataSource,
    #[command(flatten)]
    sets: Sets,
    /// Examples of a minibatch, for the numbers of scales and memory
    #[arg(long, value_name = "B", default_value_t = 128, value_parser = super::arguments::count)]
    batch_size: usize,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Print a stage of compilation instead: the syntax tree, the model with its loss, or what is run
    #[arg(long, value_enum)]
    emit: Option<Emit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Emit {
    Ast,
    Ir,
    Plan,
}

/// Runs `bnnc check`.
pub fn run(args: &CheckArgs) -> Result<()> {
    match (check(args), args.format) {
        (Err(failure), Format::Json) => {
            say!(
                "{:#}",
                to_json(&failure.diagnostics, failure.source_file.as_deref())
            );
            std::process::exit(1);
        }
        (result, _) => result,
    }
}

fn check(args: &CheckArgs) -> Result<()> {
    if args.emit == Some(Emit::Ast) {
        let source = compile::read(&args.model)?;
        match syntax::parse(&source) {
            Ok(file) => say!("{file:#?}"),
            Err(messages) => return Err(Failure::new(messages, source.into())),
        }
        return Ok(());
    }
    let compiled = compile::file(&args.model, &args.sets.set)?;
    if !compiled.warnings.is_empty() {
        report(&Failure::new(
            compiled.warnings.clone(),
            compiled.source.clone(),
        ));
        err("\n");
    }
    let known = args
        .data
        .request()
        .map(|request| data::facts(&request))
        .transpose()?;
    let facts = ir::Facts {
        training_examples: known.as_ref().map(|f| f.train),
        batch: Some(args.batch_size),
        data: known.as_ref().map(|f| f.name.clone()),
    };
    match args.emit {
        Some(Emit::Plan) => {
            let plan = Plan::new(compiled.model);
            let bytes = exec::memory(&plan, args.batch_size);
            out(format_args!(
                "{}",
                plan::text(&plan, args.batch_size, bytes)
            ));
        }
        _ => out(format_args!("{}", ir::text(&compiled.model, &facts))),
    }
    Ok(())
}
