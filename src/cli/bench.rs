//! `bnnc bench`: how fast this machine is.

use super::arguments::{Format, Sets, with_threads};
use super::terminal::{note, out, say, width};
use crate::bench::{self, Measured, NETWORKS, Peak, Settings};
use crate::compile::{self, Compiled};
use crate::diagnostic::Result;
use crate::plan::Plan;
use crate::source::Source;
use crate::train::settings::{count, positive};
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The arguments of `bnnc bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Model files, or names of the networks that this program brings along; without one, all of these
    models: Vec<PathBuf>,
    /// Examples a step
    #[arg(long, value_name = "B", value_parser = count, allow_negative_numbers = true, default_value_t = 128)]
    batch_size: usize,
    /// Monte-Carlo samples of the weights a step; else the model's
    #[arg(long, value_name = "S", value_parser = count, allow_negative_numbers = true)]
    samples: Option<usize>,
    /// Threads; else one a core
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    threads: Option<usize>,
    /// How long each network is trained, and how long it predicts
    #[arg(long, value_name = "SECONDS", value_parser = positive, allow_negative_numbers = true, default_value_t = 4.0)]
    seconds: f64,
    /// Print where a step's time goes for the networks that the program brings along, too
    #[arg(long)]
    layers: bool,
    #[command(flatten)]
    sets: Sets,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// Runs `bnnc bench`.
///
/// # Errors
///
/// Every mistake of a model file.
pub fn run(args: &BenchArgs) -> Result<()> {
    let built_in = args.models.is_empty();
    let mut compiled: Vec<Compiled> = match built_in {
        true => {
            let networks = NETWORKS.iter().map(|network| bench::source(*network));
            let compiled = networks.map(|source| compile::source(source, &args.sets.set));
            compiled.collect::<Result<_>>()?
        }
        false => {
            let models = args.models.iter();
            let compiled = models.map(|path| match brought_along(path) {
                Some(source) => compile::source(source, &args.sets.set),
                None => compile::file(path, &args.sets.set),
            });
            compiled.collect::<Result<_>>()?
        }
    };
    compiled.iter_mut().for_each(|c| c.draw(args.samples));
    let settings = Settings {
        batch: args.batch_size,
        seconds: args.seconds,
        examples: 1000,
        draws: 32,
    };
    let (peak, measured) = with_threads(args.threads, || measure(&compiled, &settings))?;
    match args.format {
        Format::Json => say!("{:#}", bench::json(&peak, &settings, &measured)),
        Format::Text => {
            let layers = args.layers || !built_in;
            let text = bench::text(&peak, &settings, &measured, layers, width());
            out(format_args!("{text}"));
        }
    }
    Ok(())
}

/// The network of this name that the program brings along, where there is no such file.
fn brought_along(path: &Path) -> Option<Source> {
    let network = NETWORKS.iter().find(|[name, _]| path == Path::new(name))?;
    (!path.exists()).then(|| bench::source(*network))
}

fn measure(compiled: &[Compiled], settings: &Settings) -> Result<(Peak, Vec<Measured>)> {
    let mut peak = Peak::default();
    let mut measured = Vec::new();
    for compiled in compiled {
        note(&format!("measuring {}\n", compiled.inference.name));
        let plan = Arc::new(Plan::new(compiled.inference.clone()));
        measured.push(bench::measure(&plan, settings, &mut peak)?);
    }
    Ok((peak, measured))
}
