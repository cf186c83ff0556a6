//! `bnnc loss`: one step's loss on given parameters.

use super::arguments::{DataSource, Format, Sets, method, with_threads};
use super::evaluate::print_terms;
use super::open::refuse_over;
use super::terminal::say;
use crate::compile;
use crate::data::{self, RunColumns};
use crate::diagnostic::{Diagnostic, Result};
use crate::examples::{Part, Scales};
use crate::ir::InferenceMethod;
use crate::loss::{self, Step};
use crate::plan::Plan;
use crate::syntax::ast::OF_DATA;
use crate::train::asked::asked_for;
use crate::train::config::{Config, SCALINGS};
use crate::train::data_record::DataRecord;
use crate::train::prepared::Prepared;
use crate::train::rows::{By, Relation, Use, relate};
use crate::train::run_dir::RunDir;
use crate::train::settings::{count, seed};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::sync::Arc;

/// The arguments of `bnnc loss`.
#[derive(Debug, Args)]
pub struct LossArgs {
    /// The model file
    model: PathBuf,
    /// Every variable under its name (`conv1.kernel.loc`), or a run's checkpoint
    #[arg(long, value_name = "FILE.safetensors")]
    weights: PathBuf,
    #[command(flatten)]
    data: DataSource,
    /// Every random draw under its name (`conv1.kernel.noise`, `.sign_in`, `.sign_out`, `.activation_noise`; with
    /// several samples a leading axis for them); else they are made from the seed
    #[arg(long, value_name = "FILE.safetensors")]
    noise: Option<PathBuf>,
    /// Where to write the gradient by every variable, in float64 under its name
    #[arg(long, value_name = "OUT.safetensors")]
    gradients: Option<PathBuf>,
    /// What to compute in
    #[arg(long, value_enum, default_value_t = Dtype::Float32)]
    dtype: Dtype,
    /// N; else that of the run of --run, else the number of rows
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    training_examples: Option<usize>,
    /// Of the draws that are not given
    #[arg(long, value_parser = seed, allow_negative_numbers = true, default_value_t = 0)]
    seed: u64,
    /// How inputs are scaled
    #[arg(long, default_value = "none", value_parser = clap::builder::PossibleValuesParser::new(SCALINGS))]
    scaling: String,
    /// Scale inputs and targets as the run in this folder does, and take its N and, of its own data, the rows that
    /// it was trained on
    #[arg(long, value_name = "DIR", conflicts_with = "scaling")]
    run: Option<PathBuf>,
    /// The inference method, `bnnc list inference`; else the run's, else the model's
    #[arg(long, value_name = "METHOD", value_parser = method)]
    inference: Option<InferenceMethod>,
    #[command(flatten)]
    sets: Sets,
    /// Threads; else one a core. The numbers do not depend on it
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    threads: Option<usize>,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Dtype {
    Float32,
    Float64,
}

/// Runs `bnnc loss`: all rows of the data's training part are one minibatch.
pub fn run(args: &LossArgs) -> Result<()> {
    with_threads(args.threads, || {
        let run = args.run.as_deref().map(RunDir::open).transpose()?;
        let of_run = run.as_ref().map(RunDir::config).transpose()?;
        let record = run.as_ref().map(RunDir::record).transpose()?;
        let method = args
            .inference
            .clone()
            .or(of_run.as_ref().and_then(|config| config.inference.clone()));
        let mut set = args.sets.set.clone();
        let of_data = of_run.iter().flat_map(|config| config.set.clone());
        set.extend(of_data.filter(|(name, _)| name == OF_DATA));
        crate::train::width::fill(&compile::read(&args.model)?, &mut set, args.data.request())?;
        let compiled = compile::file_by_method(&args.model, &set, method)?;
        let mut request = args
            .data
            .request()
            .ok_or_else(|| crate::train::start::no_data(&args.model))?;
        // A run's scaling is that of its own columns.
        let columns = record.as_ref().and_then(|record| record.columns.clone());
        request.columns = columns.map(|columns| RunColumns {
            columns,
            targets_needed: true,
        });
        let mut request = asked_for(&compiled.inference, request);
        request.classes = record.as_ref().map(|record| record.class_names.clone());
        if let Some(own) = of_run.as_ref().map(|config| &config.data) {
            request.arrays = [own.choices.inputs.clone(), own.target.clone()];
            request.choices.layout = request.choices.layout.or(own.choices.layout.clone());
        }
        let (data, others) = data::load_all(&request)?;
        let mut config = Config {
            batch_size: Some(1),
            ..Config::default()
        };
        config.data.scaling = SCALINGS
            .iter()
            .find(|s| **s == args.scaling)
            .expect("one of the possible values");
        config.data.targets = "none";
        let mut prepared = Prepared::new(data, others, &compiled.inference, &mut config)
            .map_err(|failure| failure.within(&compiled.source))?;
        let mut training_examples = args.training_examples;
        let mut rows = "rows";
        if let (Some(run), Some(of_run), Some(record)) = (&run, &of_run, &record) {
            prepared.scales = scales_of(run, record, &prepared.scales)?;
            for (number, other) in (1..).zip(&mut prepared.others) {
                let of_target = record.of_target(number).unwrap_or(record.clone());
                other.scales = scales_of(run, &of_target, &other.scales)?;
            }
            training_examples = training_examples.or(Some(record.training_examples));
            let digests = run.rows()?;
            let training = match relate(digests.as_ref(), record, of_run, &prepared.data, By::Row)?
            {
                Relation::Own { training, .. } => training,
                Relation::Compared(compared) => compared.places(Use::Training),
                Relation::Unknown => vec![],
            };
            // Of a run that has none of the rows, they are a minibatch of others.
            if !training.is_empty() {
                prepared.training = prepared.data.examples(false, &training);
                rows = "rows that the run was trained on";
            }
        }
        let part: Part = prepared.training();
        if let Some(n) = training_examples.filter(|n| *n < part.len()) {
            let title = format!(
                "a minibatch of {} examples is larger than the {n} training examples",
                part.len()
            );
            return Err(Diagnostic::error("E0603", title).into());
        }
        if let Some(out) = &args.gradients {
            let given = [Some(&args.model), Some(&args.weights), args.noise.as_ref()];
            let files = [
                (
                    "this command reads it",
                    given.into_iter().flatten().cloned().collect(),
                ),
                (
                    "the data are read from it",
                    data::files(&request.data, request.test_rows.as_deref()),
                ),
                (
                    "it is part of the run",
                    run.as_ref().map_or(vec![], RunDir::files),
                ),
            ];
            refuse_over("gradients", "--gradients", out, &files)?;
        }
        let plan = Arc::new(Plan::new(compiled.inference));
        let step = Step {
            weights: &args.weights,
            noise: args.noise.as_deref(),
            training_examples,
            seed: args.seed,
        };
        let (report, gradients) = match args.dtype {
            Dtype::Float32 => loss::compute::<f32>(plan, &part, &step)?,
            Dtype::Float64 => loss::compute::<f64>(plan, &part, &step)?,
        };
        if let Some(path) = &args.gradients {
            loss::write_gradients(path, &gradients)?;
        }
        match args.format {
            Format::Json => say!(
                "{}",
                serde_json::to_string_pretty(&report).expect("plain data")
            ),
            Format::Text => {
                say!(
                    "data       {}, {} {rows} as one minibatch",
                    prepared.data.name,
                    report.batch
                );
                say!("scaling    {}", scaling(args));
                say!("N          {}", report.training_examples);
                say!("numbers    {}\n", report.dtype);
                say!("loss = {}", report.loss);
                print_terms(&report.terms);
                if let Some(path) = &args.gradients {
                    say!(
                        "\ngradients of {} variables in {}",
                        gradients.len(),
                        path.display()
                    );
                }
            }
        }
        Ok(())
    })
}

/// The scaling of a run.
fn scales_of(run: &RunDir, record: &DataRecord, expected: &Scales) -> Result<Scales> {
    let scales = &record.scales;
    let widths = |s: &Scales| (s.inputs.scale.len(), s.targets.scale.len());
    if widths(scales) == widths(expected) {
        return Ok(scales.clone());
    }
    let title = format!("the run in `{}` is of another model", run.path().display());
    let (inputs, targets) = widths(scales);
    Err(Diagnostic::error("E0606", title)
        .note(format!(
            "it scales {inputs} input and {targets} target entries"
        ))
        .into())
}

/// How inputs and targets are scaled, in words.
fn scaling(args: &LossArgs) -> String {
    match (&args.run, args.scaling.as_str()) {
        (Some(run), _) => format!(
            "of the run in {}; the nll is of targets in their own units",
            run.display()
        ),
        (None, "none") => "none: inputs and targets as they are".into(),
        (None, inputs) => format!("inputs {inputs}, targets as they are"),
    }
}
