//! `bnnc compare`: runs side by side.

mod find;
pub(super) mod read;

use super::arguments::{DataSource, DrawArgs, Format, with_threads};
use super::parts::PartArgs;
use super::scored::Asked;
use super::terminal::{draws_bars, note, out, say, width};
use crate::compare::{Comparison, Run, State};
use crate::data::probabilities::Probabilities;
use crate::diagnostic::{Diagnostic, Result};
use crate::score::RESAMPLES;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::path::PathBuf;

/// The arguments of `bnnc compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Runs, and folders whose runs are all taken
    #[arg(required = true, value_name = "RUN|FOLDER")]
    paths: Vec<PathBuf>,
    /// The score that they are sorted by, the best first, or `none`: as they are given
    #[arg(long, value_name = "SCORE", default_value = "nll")]
    sort: String,
    /// A table, or an .npz, with the predictive probabilities of a reference, such as a long run of HMC, a row an example of the part
    /// in its order, a column a class as `bnnc predict` names them: adds `agreement` and `total_variation`
    #[arg(long, value_name = "PROBABILITIES.csv")]
    reference: Option<PathBuf>,
    #[command(flatten)]
    data: DataSource,
    #[command(flatten)]
    part: PartArgs,
    #[command(flatten)]
    draws: DrawArgs,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: TableFormat,
}

/// How a command answers whose answer is a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum TableFormat {
    /// For a person
    #[default]
    Text,
    /// For a program
    Json,
    /// For a spreadsheet
    Csv,
    /// For a page
    Markdown,
}

impl TableFormat {
    /// How mistakes are told.
    pub(super) fn of_mistakes(self) -> Format {
        match self {
            TableFormat::Json => Format::Json,
            _ => Format::Text,
        }
    }
}

/// Runs `bnnc compare`.
///
/// # Errors
///
/// `E0503` and others for a reference that cannot be read, `E0604` where there is no run at all, `E0603` where none has the score to sort by. A run that cannot be read is
/// told in its row.
pub fn run(args: &CompareArgs) -> Result<()> {
    with_threads(args.draws.threads, || compare(args))
}

fn compare(args: &CompareArgs) -> Result<()> {
    let found = find::runs(&args.paths)?;
    for folder in &found.without {
        note(&format!(
            "note: {} holds no run and is left out\n",
            folder.display()
        ));
    }
    let reference = args.reference.as_deref().map(Probabilities::read);
    let reference = reference.transpose()?;
    let asked = Asked {
        data: &args.data,
        part: args.part,
        ood: &[],
        bar: false,
        draws: args.draws,
        resamples: RESAMPLES,
        calibration: Default::default(),
        reference: reference.as_ref(),
    };
    let target = match draws_bars() && found.runs.len() > 1 {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(Some(found.runs.len() as u64), target);
    let runs = found.runs.iter().zip(&found.names);
    let runs: Vec<Run> = runs
        .map(|(path, name)| {
            let run = read::run(path, name, asked);
            bar.inc(1);
            run
        })
        .collect();
    bar.finish_and_clear();
    refuse_all_failed(&runs)?;
    show(&Comparison::new(runs, &args.sort)?, args.format);
    Ok(())
}

/// Ends where no run at all can be read: there is nothing to compare.
fn refuse_all_failed(runs: &[Run]) -> Result<()> {
    const SHOWN: usize = 5;
    let why = |run: &Run| match &run.state {
        State::Failed(why) => Some(format!("{}: {why}", run.name)),
        _ => None,
    };
    let all: Vec<String> = runs.iter().filter_map(why).collect();
    if all.len() < runs.len() {
        return Ok(());
    }
    let mut message = Diagnostic::error("E0604", "no run can be scored");
    message.notes = all.into_iter().take(SHOWN).collect();
    Err(message.into())
}

/// Prints a comparison.
fn show(comparison: &Comparison, format: TableFormat) {
    match format {
        TableFormat::Text => out(format_args!("{}", comparison.text(width()))),
        TableFormat::Json => say!("{:#}", comparison.json()),
        TableFormat::Csv => out(format_args!("{}", comparison.csv())),
        TableFormat::Markdown => out(format_args!("{}", comparison.markdown())),
    }
}
