//! `bnnc predict`: a run's predictions as a file.

mod making;
mod progress;

use super::arguments::{DataSource, with_threads};
use super::beyond::warn_of_far_inputs;
use super::evaluate::say_columns;
use super::lints::warn_of_one_draw;
use super::open::{Opened, open};
use super::parts::PartArgs;
use super::terminal::{here, say};
use crate::diagnostic::{Diagnostic, Result};
use crate::likelihood::{Quantile, Summary};
use crate::predict::{Names, Out};
use crate::train::settings::{count, seed};
use clap::Args;
use making::{Chunk, Making, OfTarget};
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
    /// Where to: a .csv, .npz or .parquet file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Also the ends of the central interval that holds this much of the predictive distribution, as lower_90 and
    /// upper_90; may be given several times
    #[arg(long, value_name = "P", value_parser = probability, allow_negative_numbers = true)]
    interval: Vec<f64>,
    /// These quantiles of numbers in place of 0.05,0.5,0.95, as q10 and q02.5
    #[arg(long, value_name = "P,P,…", value_delimiter = ',', value_parser = probability, allow_negative_numbers = true)]
    quantiles: Vec<f64>,
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

/// A probability that is neither 0 nor 1.
fn probability(text: &str) -> std::result::Result<f64, String> {
    let expected = "expected a probability between 0 and 1, such as 0.9";
    let value: f64 = text.trim().parse().map_err(|_| expected)?;
    match value > 0.0 && value < 1.0 {
        true => Ok(value),
        false => Err(expected.into()),
    }
}

impl PredictArgs {
    /// Which quantiles are wanted, each once.
    fn asked(&self) -> Vec<Quantile> {
        let mut all = match self.quantiles.is_empty() {
            true => Quantile::usual(),
            false => self.quantiles.iter().map(|p| Quantile::of(*p)).collect(),
        };
        all.extend(self.interval.iter().flat_map(|p| Quantile::ends(*p)));
        let mut asked: Vec<Quantile> = vec![];
        for quantile in all {
            if !asked.iter().any(|other| other.name == quantile.name) {
                asked.push(quantile);
            }
        }
        asked
    }

    /// Refuses intervals and quantiles where no target has any.
    fn refuse_needless(&self, alone: &[Opened]) -> Result<()> {
        let flag = match (&self.interval[..], &self.quantiles[..]) {
            ([], []) => return Ok(()),
            ([_, ..], _) => "--interval",
            _ => "--quantiles",
        };
        let kinds = || alone.iter().map(|own| &own.inference);
        let has = |own: &Opened| {
            let is_number = matches!(own.inference.summary(), Summary::Numbers(_));
            is_number && own.inference.target.kind.axes().is_none()
        };
        if alone.iter().any(has) {
            return Ok(());
        }
        let title = format!("`{flag}` is for targets that are numbers");
        let all = kinds().map(|own| format!("`{}: {}`", own.target.name, own.target.kind));
        let what = crate::words::join(all.collect(), "and");
        let is_image = kinds().any(|own| own.target.kind.reals().is_some());
        let why = match is_image {
            true => {
                "a distribution at each place of an image takes more than all else: they are left out of it"
            }
            false => {
                "classes have no order: of each its probability is written, which is all there is to know"
            }
        };
        Err(Diagnostic::error("E0603", title)
            .note(format!("the run predicts {what}"))
            .note(why)
            .into())
    }
}

/// Runs `bnnc predict`.
pub fn run(args: &PredictArgs) -> Result<()> {
    // Before any work is done.
    let out = Out::of(&args.out)?;
    with_threads(args.threads, || predict(args, &out))
}

fn predict(args: &PredictArgs, out: &Out) -> Result<()> {
    let (run, mut interpreter) = open(&args.run)?;
    let alone = run.of_targets(&args.data)?;
    for own in &alone {
        out.refuse_images(own.inference.target.kind)?;
    }
    args.refuse_needless(&alone)?;
    run.refuse_own(&args.out, &args.run, &args.data)?;
    let chosen = run.choose_all(&alone, &args.data, args.part, false)?;
    let random = run.inference.is_random();
    let samples = if random { args.samples } else { 1 };
    warn_of_one_draw(&run.inference, samples);
    let parts: Vec<OfTarget> = (alone.iter().zip(&chosen))
        .map(|(own, chosen)| OfTarget {
            name: (alone.len() > 1).then_some(&own.inference.target.name[..]),
            part: own.part(chosen),
            names: Names {
                classes: &own.record.class_names,
                classes_of_data: chosen.class_names(),
                targets: own.target_names(),
                read: chosen.columns().map_or(&[], |columns| &columns.targets),
            },
        })
        .collect();
    let rows = chosen[0].file_rows();
    let mut making = Making {
        predictor: &mut interpreter,
        samples,
        seed: args.seed.unwrap_or(run.config.seed),
        quantiles: args.asked(),
        bar: progress::bar(Some(rows.len())),
        sink: out.create()?,
        out,
        done: 0,
        broken: None,
    };
    let at_once = making::at_once(&parts);
    for start in (0..rows.len()).step_by(at_once) {
        let places = start..rows.len().min(start + at_once);
        let of_chunk = parts.iter().map(|of| of.of(places.clone()));
        making.take(&Chunk {
            targets: &of_chunk.collect::<Vec<_>>(),
            rows: &rows[places],
            identifiers: chosen[0].identifiers(),
        })?;
    }
    let count = making.finish(|| warn_of_far_inputs(&alone[0], &chosen[0]))?;
    say!("data       {}", here(&chosen[0].name));
    for (own, chosen) in alone.iter().zip(&chosen) {
        say_columns(own, chosen);
    }
    let how = match random {
        true => format!("{samples} draws each"),
        false => "each of the one point that the weights are".into(),
    };
    say!("{count} predictions, {how}, in {}", args.out.display());
    Ok(())
}
