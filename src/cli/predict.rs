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
        let alone = run.of_targets(&args.data)?;
        for own in &alone {
            predict::refuse_images(&args.out, own.inference.target.kind)?;
        }
        run.refuse_own(&args.out, &args.run, &args.data)?;
        let chosen = run.choose_all(&alone, &args.data, args.part, false)?;
        let random = run.inference.is_random();
        let samples = if random { args.samples } else { 1 };
        warn_of_one_draw(&run.inference, samples);
        let seed = args.seed.unwrap_or(run.config.seed);
        let mut targets = vec![];
        for (own, chosen) in alone.iter().zip(&chosen) {
            let part = own.part(chosen);
            // Quantiles of every entry of an image take more than all else.
            let detail = match part.kind.axes() {
                Some(_) => Detail::Moments,
                None => Detail::Quantiles,
            };
            targets.push(predict::Target {
                name: (alone.len() > 1).then_some(&own.inference.target.name[..]),
                predicted: predict_with(&mut interpreter, &part, samples, seed, detail)?,
                part,
                names: Names {
                    classes: &own.record.class_names,
                    targets: own.target_names(),
                    read: chosen.columns().map_or(&[], |columns| &columns.targets),
                },
            });
        }
        let rows = chosen[0].file_rows();
        warn_of_far_inputs(&alone[0], &chosen[0]);
        predict::write(&args.out, &targets, &rows, chosen[0].identifiers())?;
        say!("data       {}", here(&chosen[0].name));
        for (own, chosen) in alone.iter().zip(&chosen) {
            say_columns(own, chosen);
        }
        let how = match random {
            true => format!("{samples} draws each"),
            false => "each of the one point that the weights are".into(),
        };
        let (count, out) = (targets[0].predicted.examples, args.out.display());
        say!("{count} predictions, {how}, in {out}");
        Ok(())
    })
}
