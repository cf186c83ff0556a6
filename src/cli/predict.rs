//! `bnnc predict`: a run's predictions as a file.

use super::arguments::{DataSource, with_threads};
use super::beyond::warn_of_far_inputs;
use super::evaluate::say_columns;
use super::lints::warn_of_one_draw;
use super::open::open;
use super::parts::PartArgs;
use super::terminal::{here, say};
use crate::diagnostic::Result;
use crate::evaluate::predict_with;
use crate::likelihood::Detail;
use crate::predict::{self, Names};
use crate::train::settings::{count, seed};
use clap::Args;
use std::path::PathBuf;

/// The arguments of `bnnc predict`.
#[derive(Debug, Args)]
pub struct PredictArgs {
    /// The run's directory
    run: PathBuf,
    #[command(flatten)]
    data: DataSource,
    #[command(flatten)]
    part: PartArgs,
    /// Where to: a .csv or .npz file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Draws of the weights to average over
    #[arg(long, value_name = "S", default_value_t = 50, value_parser = count, allow_negative_numbers = true)]
    samples: usize,
    /// Of the draws; else the run's
    #[arg(long, value_parser = seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Threads; else one a core. The numbers do not depend on it
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    threads: Option<usize>,
}

/// Runs `bnnc predict`.
pub fn run(args: &PredictArgs) -> Result<()> {
    // Before any work is done.
    predict::format(&args.out)?;
    with_threads(args.threads, || {
        let (run, mut interpreter) = open(&args.run)?;
        let kind = run.inference.target.kind;
        predict::refuse_images(&args.out, kind)?;
        run.refuse_own(&args.out, &args.run, &args.data)?;
        let chosen = run.choose(&args.data, args.part, false)?;
        let random = run.inference.is_random();
        let samples = if random { args.samples } else { 1 };
        warn_of_one_draw(&run.inference, samples);
        let part = run.part(&chosen);
        // Quantiles of every entry of an image take more than all else.
        let detail = match kind.axes() {
            Some(_) => Detail::Moments,
            None => Detail::Quantiles,
        };
        let predicted = predict_with(
            &mut interpreter,
            &part,
            samples,
            args.seed.unwrap_or(run.config.seed),
            detail,
        )?;
        let rows = chosen.file_rows();
        let names = Names {
            classes: &run.record.class_names,
            targets: run.target_names(),
            identifiers: chosen.identifiers(),
            read: chosen.columns().map_or(&[], |columns| &columns.targets),
        };
        warn_of_far_inputs(&run, &chosen);
        predict::write(&args.out, &predicted, &part, &rows, &names)?;
        say!("data       {}", here(&chosen.name));
        say_columns(&run, &chosen);
        let how = match random {
            true => format!("{samples} draws each"),
            false => "each of the one point that the weights are".into(),
        };
        let (count, out) = (predicted.examples, args.out.display());
        say!("{count} predictions, {how}, in {out}");
        Ok(())
    })
}
