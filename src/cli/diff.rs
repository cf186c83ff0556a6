//! `bnnc diff`: in what two models differ.

use super::arguments::{Format, Sets, pair};
use super::terminal::{out, say, width};
use crate::diagnostic::Result;
use crate::{compile, report};
use clap::Args;
use std::path::{Path, PathBuf};

/// The arguments of `bnnc diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// A model file
    a: PathBuf,
    /// Another, or the same under other constants
    b: PathBuf,
    #[command(flatten)]
    sets: Sets,
    /// Override a constant of the first file alone
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    set_a: Vec<(String, String)>,
    /// Override a constant of the second file alone
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    set_b: Vec<(String, String)>,
    /// End with exit code 1 if the models differ
    #[arg(long)]
    exit_code: bool,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// Runs `bnnc diff`; whether what it found is to end with exit code 1.
///
/// # Errors
///
/// Every mistake of the first file, or else of the second.
pub fn run(args: &DiffArgs) -> Result<bool> {
    let compiled = |path: &Path, own: &[(String, String)]| {
        let sets: Vec<_> = args.sets.set.iter().chain(own).cloned().collect();
        compile::file(path, &sets)
    };
    let a = compiled(&args.a, &args.set_a)?;
    let b = compiled(&args.b, &args.set_b)?;
    let diff = report::diff(&a.model, &b.model);
    match args.format {
        Format::Text => out(format_args!("{}", diff.text(width()))),
        Format::Json => say!("{:#}", diff.json()),
    }
    Ok(args.exit_code && !diff.same)
}
