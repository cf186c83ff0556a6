//! `bnnc predict`: a run's predictions as a file.

mod making;
mod progress;
mod streamed;

use super::arguments::{DataSource, DrawArgs, Format, with_threads};
use super::beyond::tell_what_is_odd;
use super::calibrated::{CalibrationArgs, say_calibration};
use super::evaluate::say_columns;
use super::open::{Chosen, Opened, open};
use super::parts::PartArgs;
use super::terminal::{answer, answers_alone, here, is_quiet, tell};
use crate::diagnostic::{Diagnostic, Result};
use crate::examples::Part;
use crate::likelihood::{Quantile, Summary};
use crate::predict::samples::{Samples, refuse_ending};
use crate::predict::{Names, Out};
use crate::train::asked::place_of_length;
use clap::Args;
use making::{Chunk, Making, OfTarget};
use std::path::{Path, PathBuf};

/// The arguments of `bnnc predict`.
#[derive(Debug, Args)]
pub struct PredictArgs {
    /// The run's directory
    run: PathBuf,
    #[command(flatten)]
    data: DataSource,
    #[command(flatten)]
    part: PartArgs,
    /// Where to: a .csv, .npz or .parquet file; `-` is standard output, as csv. `--data -` reads a table on standard input
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Also the ends of the central interval that holds this much of the predictive distribution, as lower_90 and
    /// upper_90; may be given several times
    #[arg(long, value_name = "P", value_parser = probability, allow_negative_numbers = true)]
    interval: Vec<f64>,
    /// These quantiles of numbers in place of 0.05,0.5,0.95, as q10 and q02.5
    #[arg(long, value_name = "P,P,…", value_delimiter = ',', value_parser = probability, allow_negative_numbers = true)]
    quantiles: Vec<f64>,
    /// Also what each draw predicts, and for numbers draws of the target: a .npz or .safetensors file of arrays with the
    /// axes [draws, rows, …]
    #[arg(long, value_name = "FILE")]
    samples_out: Option<PathBuf>,
    #[command(flatten)]
    calibration: CalibrationArgs,
    #[command(flatten)]
    draws: DrawArgs,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// A probability that is neither 0 nor 1.
pub(super) fn probability(text: &str) -> std::result::Result<f64, String> {
    let expected = "expected a probability between 0 and 1, such as 0.9";
    let value: f64 = text.trim().parse().map_err(|_| expected)?;
    match value > 0.0 && value < 1.0 {
        true => Ok(value),
        false => Err(expected.into()),
    }
}

/// The file that a path leads to, which need not be there yet.
fn place(path: &Path) -> PathBuf {
    if let Ok(file) = path.canonicalize() {
        return file;
    }
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    match (folder, path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

impl PredictArgs {
    /// Which quantiles are wanted, each once.
    ///
    /// # Errors
    ///
    /// `E0603` for two that would be in columns of one name.
    fn asked(&self) -> Result<Vec<Quantile>> {
        let mut all = match self.quantiles.is_empty() {
            true => Quantile::usual(),
            false => self.quantiles.iter().map(|p| Quantile::of(*p)).collect(),
        };
        all.extend(self.interval.iter().flat_map(|p| Quantile::ends(*p)));
        let mut asked: Vec<Quantile> = vec![];
        for quantile in all {
            match asked.iter().find(|other| other.name == quantile.name) {
                None => asked.push(quantile),
                Some(other) if other.at == quantile.at => {}
                Some(other) => {
                    let title = format!("two quantiles would be the column `{}`", quantile.name);
                    return Err(Diagnostic::error("E0603", title)
                        .note(format!("those of {:e} and {:e}", other.at, quantile.at))
                        .note("columns are called by percentages of at most 12 decimal places")
                        .help("ask for one of them at a time")
                        .into());
                }
            }
        }
        Ok(asked)
    }

    /// Refuses two outputs in one file.
    fn refuse_same(&self) -> Result<()> {
        let samples_out = self.samples_out.as_deref().map(place);
        if samples_out != Some(place(&self.out)) {
            return Ok(());
        }
        let title = format!(
            "`{}` is both `--out` and `--samples-out`",
            self.out.display()
        );
        Err(Diagnostic::error("E0601", title)
            .help("name another file with one of them")
            .into())
    }

    /// The file of single draws, if one is wanted, of so many draws and rows.
    fn create_samples(
        &self,
        alone: &[Opened],
        shape: [Option<usize>; 2],
        seed: u64,
    ) -> Result<Option<Samples>> {
        let (Some(path), [Some(draws), Some(rows)]) = (&self.samples_out, shape) else {
            return Ok(None);
        };
        let of_target = |own: &Opened| {
            let name = (alone.len() > 1).then(|| own.inference.target.name.clone());
            (name, own.inference.target.kind, own.inference.summary())
        };
        let targets: Vec<_> = alone.iter().map(of_target).collect();
        let targets: Vec<_> = targets
            .iter()
            .map(|(name, kind, summary)| (name.as_deref(), *kind, *summary))
            .collect();
        Samples::create(path, [draws, rows], seed, &targets).map(Some)
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
            let is_image = own.inference.target.kind.axes().is_some();
            is_number && (!is_image || place_of_length(&own.inference).is_some())
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
    if let Some(path) = &args.samples_out {
        refuse_ending(path)?;
    }
    if args.format == Format::Json {
        answers_alone();
    }
    with_threads(args.draws.threads, || predict(args, &out))
}

fn predict(args: &PredictArgs, out: &Out) -> Result<()> {
    let (run, mut predictor) = open(&args.run)?;
    let alone = run.of_targets(&args.data)?;
    let steps = place_of_length(&run.inference);
    for own in alone.iter().filter(|_| steps.is_none()) {
        out.refuse_images(own.inference.target.kind)?;
    }
    args.refuse_needless(&alone)?;
    let quantiles = args.asked()?;
    for (out, flag) in [
        (Some(&args.out), "--out"),
        (args.samples_out.as_ref(), "--samples-out"),
    ] {
        if let Some(out) = out {
            run.refuse_own(["predictions", flag], out, &args.run, &args.data)?;
        }
    }
    args.refuse_same()?;
    let rows = match streamed::find(args, &run, &alone)? {
        Some(table) => Rows::Streamed(table),
        None => {
            let chosen = run.choose_all(&alone, &args.data, args.part, false)?;
            Rows::Whole(chosen)
        }
    };
    let (samples, seed) = args.draws.of(&args.run, &run, &*predictor);
    let of = [samples as u64, seed];
    let calibrations = (args.calibration).fit(&run, &mut *predictor, &args.data, of)?;
    let count = match &rows {
        Rows::Whole(chosen) => Some(chosen[0].file_rows().len()),
        Rows::Streamed(table) => table.rows(),
    };
    let predicted = alone.iter().map(|own| own.inference.summary().row()).max();
    let draws = if args.samples_out.is_some() {
        samples
    } else {
        1
    };
    let at_once = making::at_once(
        run.inference.input.shape.len(),
        predicted.unwrap_or(1),
        draws,
    );
    let making = Making {
        predictor: &mut *predictor,
        samples,
        seed,
        quantiles,
        calibrations: calibrations.clone(),
        bar: progress::bar(count, out),
        sink: out.create()?,
        out,
        steps,
        samples_out: args.create_samples(&alone, [Some(samples), count], seed)?,
        done: 0,
        is_unread: false,
        broken: None,
    };
    let (name, chosen, count) = match rows {
        Rows::Whole(chosen) => {
            let count = whole(&alone, &chosen, making, at_once)?;
            (chosen[0].name.clone(), chosen, count)
        }
        Rows::Streamed(table) => table.predict(&run, &alone, making, at_once)?,
    };
    if *out == Out::Stdout {
        return Ok(());
    }
    if args.format == Format::Json {
        answer(&serde_json::json!({
            "out": args.out,
            "samples_out": args.samples_out,
            "data": name,
            "predictions": count,
            "draws": samples,
            "seed": seed,
        }));
    }
    if is_quiet() {
        return Ok(());
    }
    tell!("data       {}", here(&name));
    for (own, chosen) in alone.iter().zip(&chosen) {
        say_columns(own, chosen);
    }
    for calibration in &calibrations {
        say_calibration(calibration, None);
    }
    let how = match run.inference.is_random() {
        true => format!("{} each", crate::words::count(samples, "draw", "draws")),
        false => run.inference.says_of_one_draw().into(),
    };
    let count = crate::words::count(count, "prediction", "predictions");
    tell!("{count}, {how}, in {}", args.out.display());
    if let Some(path) = &args.samples_out {
        tell!("each of the draws in {}", path.display());
    }
    Ok(())
}

/// The rows that are predicted for.
enum Rows {
    /// They have been read, with each of the run's targets.
    Whole(Vec<Chosen>),
    /// They are read some at a time.
    Streamed(streamed::Table),
}

/// Predicts rows that have been read, and says how many there are.
fn whole(alone: &[Opened], chosen: &[Chosen], mut making: Making, at_once: usize) -> Result<usize> {
    let parts = targets(alone, chosen);
    let rows = chosen[0].file_rows();
    for start in (0..rows.len()).step_by(at_once) {
        let end = rows.len().min(start + at_once);
        let places = start..end;
        let of_chunk = parts.iter().map(|of| of.of(places.clone()));
        let is_read = making.take(&Chunk {
            targets: &of_chunk.collect::<Vec<_>>(),
            rows: &rows[places],
            identifiers: chosen[0].identifiers(),
            at: &rows[start..end],
            of_steps: chosen[0].of_steps(),
        })?;
        if !is_read {
            break;
        }
    }
    making.finish(|| tell_what_is_odd(&alone[0], &chosen[0]))
}

/// Each of the run's targets with its examples.
fn targets<'a>(alone: &'a [Opened], chosen: &'a [Chosen]) -> Vec<OfTarget<'a>> {
    let pairs = alone.iter().zip(chosen);
    let of = |(own, chosen): (&'a Opened, &'a Chosen)| OfTarget {
        name: (alone.len() > 1).then_some(&own.inference.target.name[..]),
        part: Part {
            with_targets: chosen.data.train.has_targets(),
            ..own.part(chosen)
        },
        to_come: chosen.to_come(),
        names: Names {
            classes: &own.record.class_names,
            classes_of_data: chosen.class_names(),
            targets: own.target_names(),
            read: chosen.columns().map_or(&[], |columns| &columns.targets),
        },
    };
    pairs.map(of).collect()
}
