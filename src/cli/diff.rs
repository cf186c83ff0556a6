//! `bnnc diff`: how two models differ.

use super::arguments::{Format, Sets, pair};
use super::terminal::{out, say, width};
use crate::diagnostic::Result;
use crate::plan::Plan;
use crate::train::config::Config;
use crate::train::data_record::DataRecord;
use crate::train::run_dir::RunDir;
use crate::{compile, report};
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The arguments of `bnnc diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// A model file, or the folder of a run
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
    /// End with exit code 1 if the models, or two runs, differ
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
    type Side = (Arc<Plan>, Option<(Config, DataRecord)>);
    let side = |path: &Path, own: &[(String, String)]| -> Result<Side> {
        let sets = args.sets.set.iter().chain(own).cloned();
        let mut of_run = None;
        let compiled = match path.is_dir() {
            // A run has its model as it was, and the constants it was run with.
            true => {
                let run = RunDir::open(path)?;
                let mut config = run.config()?;
                config.set.extend(sets);
                let mut compiled = run.compile(&config)?;
                compiled.draw(config.samples);
                of_run = Some((config, run.record()?));
                compiled
            }
            false => compile::file(path, &sets.collect::<Vec<_>>())?,
        };
        Ok((Arc::new(Plan::new(compiled.inference)), of_run))
    };
    let (a, of_a) = side(&args.a, &args.set_a)?;
    let (b, of_b) = side(&args.b, &args.set_b)?;
    let mut diff = report::diff(&a, &b);
    if let (Some((a, of_a)), Some((b, of_b))) = (&of_a, &of_b) {
        diff.add_runs((a, of_a), (b, of_b));
    }
    match args.format {
        Format::Text => out(format_args!("{}", diff.text(width()))),
        Format::Json => say!("{:#}", diff.json()),
    }
    Ok(args.exit_code && (!diff.same || diff.runs_differ()))
}
