//! The regression study that the literature repeats: UCI tables, a hidden layer of 50, twenty fixed splits;
//! RMSE and log-likelihood of the test parts in the target's own units, with standard errors, beside the
//! published numbers.
//!
//!     cargo run --release --example uci -- --data DIR
//!
//! DIR holds a folder for each set: `concrete/data.csv`, a table whose last column is the target, and
//! `concrete/test_0.txt` … `test_19.txt`, the rows of each split's test part, from 0. Split k is what
//!
//!     bnnc train specs/uci.bnn --data DIR/concrete/data.csv --test-rows DIR/concrete/test_k.txt --set inputs=8 --seed k
//!
//! trains, to the bit, and `bnnc evaluate RUN --samples 100` scores. Settings are those of the run file beside
//! the model, the same for all sets and splits. The test parts are looked at once, at the end; whoever
//! wants to choose settings has `--validation 0.2`, which scores rows set aside from the training part
//! in their place.

pub mod published;

use bnnc::data::split::Validation;
use bnnc::data::{self, Request};
use bnnc::diagnostic::{Diagnostic, Result, render};
use bnnc::evaluate;
use bnnc::examples::Part;
use bnnc::likelihood::Detail;
use bnnc::plan::Plan;
use bnnc::train::descent::Descent;
use bnnc::train::prepared::Prepared;
use bnnc::train::{Config, in_memory};
use bnnc::{compile, source::Source};
use clap::Parser;
use published::{METHODS, PUBLISHED, Published};
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs the UCI regression study and prints its table
#[derive(Debug, Clone, Parser)]
#[command(name = "uci", args_override_self = true)]
pub struct Study {
    /// The folder that holds a folder for each set
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Models with a `const inputs`, commas between, each with its run file beside it
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "MODEL",
        default_value = "specs/uci.bnn,specs/uci_hierarchical.bnn"
    )]
    models: Vec<PathBuf>,
    /// Which sets, with commas between; else those with published numbers
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    sets: Vec<String>,
    /// The first so many splits
    #[arg(long, value_name = "K", default_value = "20")]
    splits: NonZeroUsize,
    /// Draws of the weights that predictions are averaged over
    #[arg(long, value_name = "S", default_value = "100")]
    samples: NonZeroUsize,
    /// Score this part of the training rows, set aside, in place of the test rows
    #[arg(long, value_name = "FRACTION")]
    validation: Option<f64>,
    /// Override a constant of the model file; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE")]
    constants: Vec<String>,
    /// Passes over the training rows; else the run files'
    #[arg(long, value_name = "N")]
    epochs: Option<NonZeroUsize>,
    /// Runs at once; else one a core. The numbers do not depend on it
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

/// What one split comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The root of the mean squared error.
    pub rmse: f64,
    /// The mean log density of a target.
    pub log_likelihood: f64,
}

fn main() -> ExitCode {
    match Study::parse().run() {
        Ok(table) => {
            print!("{table}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            let source = failure.source_file.as_deref();
            eprint!("{}", render(&failure.diagnostics, source, false));
            ExitCode::FAILURE
        }
    }
}

impl Study {
    /// The study's tables, in Markdown.
    pub fn run(&self) -> Result<String> {
        let sets = self.sets();
        let scores = self.scores(&sets)?;
        Ok(self.table(&sets, &scores))
    }

    fn sets(&self) -> Vec<&str> {
        match self.sets.is_empty() {
            true => PUBLISHED.iter().map(|row| row.set).collect(),
            false => self.sets.iter().map(String::as_str).collect(),
        }
    }

    /// The scores of every split: of each set, of each model. Each run has a thread of its own: a network
    /// this small has no work for two.
    pub fn scores(&self, sets: &[&str]) -> Result<Vec<Vec<Vec<Score>>>> {
        let mut jobs = vec![];
        for set in sets {
            for model in &self.models {
                jobs.extend((0..self.splits.get()).map(|split| (*set, model, split)));
            }
        }
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = self
            .threads
            .map_or_else(cores, NonZeroUsize::get)
            .clamp(1, jobs.len().max(1));
        let next = AtomicUsize::new(0);
        let work = || -> Result<Vec<(usize, Score)>> {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
            let pool = pool.map_err(|error| {
                Diagnostic::error("E0603", "a thread cannot be started").note(error.to_string())
            })?;
            let mut done = vec![];
            loop {
                let job = next.fetch_add(1, Ordering::Relaxed);
                let Some((set, model, split)) = jobs.get(job) else {
                    return Ok(done);
                };
                let score = pool.install(|| self.split(set, model, *split));
                // After a fault the others need not go on.
                let score = score.inspect_err(|_| next.store(jobs.len(), Ordering::Relaxed))?;
                let (name, rmse, ll) = (stem(model), score.rmse, score.log_likelihood);
                eprintln!("{set} {split}, {name}: rmse {rmse:.4}, log-likelihood {ll:.4}");
                done.push((job, score));
            }
        };
        let parts: Vec<Result<Vec<(usize, Score)>>> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let joined = workers.into_iter().map(|worker| worker.join());
            joined
                .map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        let parts: Vec<Vec<(usize, Score)>> = parts.into_iter().collect::<Result<_>>()?;
        let mut all: Vec<(usize, Score)> = parts.into_iter().flatten().collect();
        all.sort_by_key(|(job, _)| *job);
        let scores: Vec<Score> = all.into_iter().map(|(_, score)| score).collect();
        let of_model: Vec<Vec<Score>> = scores
            .chunks(self.splits.get())
            .map(<[Score]>::to_vec)
            .collect();
        Ok(of_model
            .chunks(self.models.len().max(1))
            .map(<[Vec<Score>]>::to_vec)
            .collect())
    }

    /// Trains on one split and scores its test part.
    fn split(&self, set: &str, model: &Path, split: usize) -> Result<Score> {
        let folder = self.data.join(set);
        let mut config = Config::beside(model)?.map_or_else(Config::default, |(_, c)| c);
        config.seed = split as u64;
        config.epochs = self.epochs.map(NonZeroUsize::get).or(config.epochs);
        if let Some(part) = self.validation {
            config.data.validation = Some(Validation::Fraction(part));
        }
        let data = data::load(&Request {
            data: folder.join("data.csv").display().to_string(),
            test_rows: Some(folder.join(format!("test_{split}.txt"))),
            ..Request::default()
        })?;
        config.set = vec![("inputs".into(), data.train.input_shape.len().to_string())];
        for constant in &self.constants {
            let (name, value) = constant.split_once('=').unwrap_or((constant, ""));
            config.set.push((name.into(), value.into()));
        }
        let source: Source = compile::read(model)?;
        let mut compiled = compile::source(source, &config.set)?;
        compiled.draw(config.samples);
        let prepared = Prepared::new(data, vec![], &compiled.inference, &mut config)?;
        let plan = Arc::new(Plan::new(compiled.inference));
        let capacity = config.batch_size().max(evaluate::BATCH);
        let mut engine = Descent::new(plan, &config, capacity)?;
        in_memory(&mut engine, &prepared, &config)?;

        let held_out = prepared
            .data
            .test
            .as_ref()
            .filter(|_| self.validation.is_none());
        let rows: Vec<usize> = (0..held_out.map_or(0, |test| test.len)).collect();
        let part = match held_out {
            Some(test) => Part {
                split: test,
                rows: &rows,
                ..prepared.training()
            },
            None => prepared.validation(),
        };
        let draws = self.samples.get();
        let scores = evaluate::scored(&mut engine, &part, draws, config.seed, Detail::Moments)?;
        let Some(rmse) = scores.number("rmse") else {
            let title = format!("{} is no regression", model.display());
            return Err(Diagnostic::error("E0603", title).into());
        };
        if !scores.nll().is_finite() {
            let title = format!("split {split} of {set} has come to no finite score");
            return Err(Diagnostic::error("E0608", title).into());
        }
        Ok(Score {
            rmse,
            log_likelihood: -scores.nll(),
        })
    }

    /// Two tables, RMSE and log-likelihood: a row a set, this study's columns before the published ones.
    fn table(&self, sets: &[&str], scores: &[Vec<Vec<Score>>]) -> String {
        let part = match self.validation {
            Some(part) => format!("a part of {part} of the training rows, set aside"),
            None => "the test rows".into(),
        };
        let mut text = format!(
            "splits 0 to {}, {} draws, of {part}\n",
            self.splits.get() - 1,
            self.samples
        );
        let columns: [Column; 2] = [
            ("RMSE", |s| s.rmse, |p| p.rmse),
            ("log-likelihood", |s| s.log_likelihood, |p| p.log_likelihood),
        ];
        for (name, of, of_published) in columns {
            let ours = self.models.iter().map(|model| stem(model));
            let methods = METHODS.iter().map(|(method, _)| method.to_string());
            let heads: Vec<String> = ours.chain(methods).collect();
            let _ = writeln!(text, "\n| {name} | {} |", heads.join(" | "));
            let _ = writeln!(text, "| --- |{}", " ---: |".repeat(heads.len()));
            for (set, of_models) in sets.iter().zip(scores) {
                let _ = write!(text, "| {set} |");
                for scores in of_models {
                    let values: Vec<f64> = scores.iter().map(of).collect();
                    let _ = write!(text, " {} |", with_error(&values));
                }
                match PUBLISHED.iter().find(|row| row.set == *set) {
                    Some(row) => {
                        for [mean, error] in of_published(row) {
                            let _ = write!(text, " {mean:.2} ± {error:.2} |");
                        }
                    }
                    None => text += &" |".repeat(METHODS.len()),
                }
                text.push('\n');
            }
        }
        text.push('\n');
        for (method, source) in METHODS {
            let _ = writeln!(text, "{method}: {source}");
        }
        text
    }
}

/// A score's name, and where it stands here and in what was published.
type Column = (
    &'static str,
    fn(&Score) -> f64,
    fn(&Published) -> [[f64; 2]; METHODS.len()],
);

/// A file's name without its extension.
fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The mean of the splits and its standard error, s/√K, with two digits of the error.
fn with_error(values: &[f64]) -> String {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    if values.len() < 2 {
        return format!("{mean:.3}");
    }
    let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    let error = (squares / (count - 1.0) / count).sqrt();
    let decimals = (1.0 - error.log10().floor()).clamp(2.0, 6.0) as usize;
    format!("{mean:.decimals$} ± {error:.decimals$}")
}
