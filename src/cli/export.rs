//! `bnnc export`: draws of a run's weights and predictions as a file for other programs.

use super::arguments::{DataSource, DrawArgs, with_threads};
use super::beyond::tell_what_is_odd;
use super::evaluate::say_columns;
use super::open::{Chosen, Opened, open};
use super::parts::PartArgs;
use super::terminal::{here, tell as say, tell_wrapped};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::export::{self, About, Array, Asked, Format, Group, Target, in_chains};
use crate::words::{bytes, thousands};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The arguments of `bnnc export`.
#[derive(Debug, Args)]
#[command(mut_arg("samples", |samples| samples.default_value("200").help("Draws; draw s is that of `evaluate` and `predict` with the same seed")))]
pub struct ExportArgs {
    /// The run's directory
    run: PathBuf,
    /// Where to: a file, or of zarr a folder
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// The format; else what PATH ends in
    #[arg(long, value_enum)]
    format: Option<FormatName>,
    /// What is exported, with commas between; else weights,latent,predictions,log_likelihood
    #[arg(long, value_enum, value_delimiter = ',')]
    what: Vec<What>,
    /// The parameters and latent variables that are exported, with commas between; `conv1.*` are all whose names begin so
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    parameters: Vec<String>,
    #[command(flatten)]
    data: DataSource,
    #[command(flatten)]
    part: PartArgs,
    #[command(flatten)]
    draws: DrawArgs,
}

/// The name of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// One file of named tensors
    Safetensors,
    /// A file of NumPy arrays
    Npz,
    /// A folder, as ArviZ opens it
    Zarr,
}

/// A part of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum What {
    /// The parameters of layers
    Weights,
    /// Latent variables, local scales of priors, and learned numbers
    Latent,
    /// Probabilities, or means, and a draw of the target, of each example
    Predictions,
    /// That of each example under each draw
    LogLikelihood,
    /// The examples' inputs as the data has them
    Inputs,
    /// Draws of the priors
    Prior,
}

/// Runs `bnnc export`.
pub fn run(args: &ExportArgs) -> Result<()> {
    let format = match args.format {
        Some(FormatName::Safetensors) => Format::Safetensors,
        Some(FormatName::Npz) => Format::Npz,
        Some(FormatName::Zarr) => Format::Zarr,
        None => Format::of(&args.out)?,
    };
    export::refuse_place(&args.out, format)?;
    with_threads(args.draws.threads, || export(args, format))
}

fn export(args: &ExportArgs, format: Format) -> Result<()> {
    let (run, mut predictor) = open(&args.run)?;
    run.refuse_own(["draws", "--out"], &args.out, &args.run, &args.data)?;
    let unless_named = [
        What::Weights,
        What::Latent,
        What::Predictions,
        What::LogLikelihood,
    ];
    let wants = |what| match args.what.is_empty() {
        true => unless_named.contains(&what),
        false => args.what.contains(&what),
    };
    let (mut draws, seed) = args.draws.of(&args.run, &run, &*predictor);
    if run.inference.closed_form().is_some() {
        predictor.predict_by_draws();
        let asked = run.inference.draws_of_weights(args.draws.samples);
        draws = predictor.draws(asked).max(1);
    }
    let mut asked = Asked {
        weights: wants(What::Weights),
        latent: wants(What::Latent),
        predictions: wants(What::Predictions),
        log_likelihood: wants(What::LogLikelihood),
        inputs: wants(What::Inputs),
        prior: wants(What::Prior),
        prior_draws: args.draws.samples,
        parameters: args.parameters.clone(),
        draws,
        seed,
        order: vec![],
    };
    let mut chains = 1;
    if let Some((order, count)) = in_chains(&*predictor, draws) {
        (asked.draws, asked.order, chains) = (order.len(), order, count);
    }
    let alone = run.of_targets(&args.data)?;
    let chosen = match asked.of_examples() {
        true => run.choose_all(&alone, &args.data, args.part, false)?,
        false => vec![],
    };
    if asked.log_likelihood && !chosen.iter().any(|chosen| chosen.with_targets) {
        if !args.what.is_empty() {
            return Err(no_targets(&chosen));
        }
        asked.log_likelihood = false;
    }
    let targets: Vec<Target> = (alone.iter().zip(&chosen))
        .map(|(own, chosen)| Target {
            name: &own.inference.target.name,
            part: own.part(chosen),
            labels: match own.record.class_names.is_empty() {
                true => own.target_names(),
                false => &own.record.class_names,
            },
        })
        .collect();
    let rows = chosen.first().map_or(vec![], Chosen::file_rows);
    if let (Some(own), Some(chosen)) = (alone.first(), chosen.first()) {
        tell_what_is_odd(own, chosen)?;
    }
    let mut arrays = export::collect(&mut *predictor, &run.inference, &targets, &rows, &asked)?;
    // A Zarr store has chains as an axis.
    if chains > 1 && format != Format::Zarr {
        arrays.push(Array::of_chains(chains, asked.draws));
    }
    let about = About {
        model: run.inference.name.clone(),
        run: args.run.display().to_string(),
        seed: asked.seed,
        draws: asked.draws,
        chains,
        rows,
        data: chosen.first().map(|chosen| here(&chosen.name)),
    };
    export::write(&args.out, format, &about, &arrays)?;
    tell(args, &alone, &chosen, &asked, &arrays);
    Ok(())
}

/// Log-likelihoods are of targets, and there are none.
fn no_targets(chosen: &[Chosen]) -> Failure {
    let message = Diagnostic::error("E0603", "there are no targets to take a log-likelihood of");
    let data = chosen.iter().map(|chosen| here(&chosen.name)).take(1);
    let message = data.fold(message, Diagnostic::note);
    message
        .help("leave `log_likelihood` out of `--what`, or name data with targets")
        .into()
}

fn tell(args: &ExportArgs, alone: &[Opened], chosen: &[Chosen], asked: &Asked, arrays: &[Array]) {
    if let Some(first) = chosen.first() {
        say!("data       {}", here(&first.name));
    }
    for (own, chosen) in alone.iter().zip(chosen) {
        say_columns(own, chosen);
    }
    let draws = thousands(asked.draws);
    let inference = &alone[0].inference;
    match inference.draws_of_weights(2) > 1 {
        true if inference.closed_form().is_some() => say!(
            "draws      {draws}, and what each predicts: `bnnc predict` has their average in closed form"
        ),
        true if asked.order.is_empty() => say!("draws      {draws}"),
        true => say!("draws      {draws}, as many of each chain"),
        false => say!("draws      1: {}", inference.says_of_one_draw()),
    }
    for group in Group::ALL {
        let own: Vec<&Array> = arrays.iter().filter(|array| array.group == group).collect();
        if own.is_empty() {
            continue;
        }
        let size: usize = own.iter().map(|array| array.values.bytes()).sum();
        let array = |array: &&Array| format!("{} {:?}", array.name, array.shape);
        let mut names: Vec<String> = own.iter().take(SHOWN).map(array).collect();
        if own.len() > SHOWN {
            names.push(format!("and {} more", own.len() - SHOWN));
        }
        let text = format!("{}: {}", bytes(size as u64), names.join(", "));
        tell_wrapped(&format!("{:<22}", group.name()), &text);
    }
    say!("written to {}", args.out.display());
}

/// Arrays of a group that are told.
const SHOWN: usize = 6;
