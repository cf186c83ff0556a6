//! `bnnc evaluate`: how good runs' predictions are.

mod answer;
mod rows;
mod several;
mod text;

pub use rows::{interval, value, with_interval};
pub use several::{differences, verdict};
pub use text::{print_nll_of_all, print_scores, print_terms, say_columns};

use super::arguments::{DataSource, DrawArgs, Format, with_threads};
use super::calibrated::CalibrationArgs;
use super::parts::PartArgs;
use super::scored::{Asked, ScoredRun, same_examples, score_run};
use super::terminal::say;
use crate::diagnostic::Result;
use crate::score::RESAMPLES;
use clap::Args;
use std::path::PathBuf;

/// The arguments of `bnnc evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// The runs' directories; several are scored side by side, on the same examples
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    #[command(flatten)]
    data: DataSource,
    #[command(flatten)]
    part: PartArgs,
    /// Data out of distribution, whose inputs have the same shape: how well uncertainty tells its examples apart. May
    /// be repeated
    #[arg(long, value_name = "NAME|PATH")]
    ood: Vec<String>,
    #[command(flatten)]
    calibration: CalibrationArgs,
    #[command(flatten)]
    draws: DrawArgs,
    /// Resamples of the examples, of which the 95 % intervals are: 100 or more; 0 for no intervals
    #[arg(long, value_name = "R", default_value_t = RESAMPLES as u32, value_parser = resamples, allow_negative_numbers = true)]
    resamples: u32,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// None, or as many as the ends of a 95 % interval take: of fewer they are single resamples, of one the score itself.
fn resamples(text: &str) -> std::result::Result<u32, String> {
    let number = text.parse().ok();
    let number = number.filter(|n| *n == 0 || (100..=100_000).contains(n));
    number.ok_or_else(|| {
        "expected 0, for no intervals, or a whole number from 100 to 100000: fewer resamples have no 95 % interval"
            .into()
    })
}

/// Runs `bnnc evaluate`.
pub fn run(args: &EvaluateArgs) -> Result<()> {
    with_threads(args.draws.threads, || evaluate(args))
}

fn evaluate(args: &EvaluateArgs) -> Result<()> {
    let asked = Asked {
        data: &args.data,
        part: args.part,
        ood: &args.ood,
        bar: true,
        draws: args.draws,
        resamples: args.resamples as usize,
        calibration: args.calibration,
        reference: None,
    };
    let score = |path: &PathBuf| score_run(path, asked);
    let runs: Vec<ScoredRun> = args.runs.iter().map(score).collect::<Result<_>>()?;
    same_examples(&runs)?;
    match (args.format, &runs[..]) {
        (Format::Json, [only]) => say!("{:#}", answer::of_run(only)),
        (Format::Json, several) => say!("{:#}", answer::of_runs(several)),
        (Format::Text, [only]) => text::text(only),
        (Format::Text, several) => several::text(several),
    }
    Ok(())
}
