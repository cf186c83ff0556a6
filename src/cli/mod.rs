//! The command line: one file a subcommand.

mod arguments;
mod bench;
mod beyond;
mod calibrated;
mod check;
mod compare;
pub mod data;
mod diff;
mod emit;
mod evaluate;
mod explain;
mod export;
mod fetch;
mod fix;
mod fmt;
mod lints;
mod list;
mod loss;
mod lsp;
mod material;
mod new;
mod open;
mod outcome;
mod parts;
mod plot;
mod predict;
mod report;
mod rewrite;
mod scored;
mod sweep;
mod targets;
mod terminal;
mod train;
mod translate;
mod verify;
mod words;

use crate::diagnostic::{elsewhere, to_json};
use arguments::Format;
use clap::error::{ContextKind, ContextValue};
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::process::ExitCode;
use terminal::say;

/// Trains Bayesian neural networks from a file that says what they are, and says what the loss is
#[derive(Debug, Parser)]
#[command(name = "bnnc", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a model file and its run file to start from: a template, or a model for a table
    New(new::NewArgs),
    /// Say what a model file means: layers, parameters, and the loss term by term
    Check(check::CheckArgs),
    /// Show how two models differ: parameters, layers, terms, forms and scales
    Diff(diff::DiffArgs),
    /// Say what a word or a message's code means, or write a model as the methods section of a paper
    Explain(explain::ExplainArgs),
    /// Write model files in the one style: blanks, ends of lines, columns
    Fmt(fmt::FmtArgs),
    /// Serve editors: messages as you type, what a thing is, completion, rename, quick fixes
    Lsp(lsp::LspArgs),
    /// Draft a model file from a program of Keras, TensorFlow Probability or PyTorch
    Translate(translate::TranslateArgs),
    /// Train a model, into a run directory
    Train(train::TrainArgs),
    /// Score a trained run on data
    Evaluate(evaluate::EvaluateArgs),
    /// Put runs side by side: the settings that differ, scores with paired differences, the ELBO and the cost
    Compare(compare::CompareArgs),
    /// Train many runs from one file: a grid or random draws of constants and settings, on folds or random test parts
    Sweep(sweep::SweepArgs),
    /// Write a trained run's predictions to a file
    Predict(predict::PredictArgs),
    /// Draw one picture of a trained run: its loss, its posterior, what it predicts
    Plot(plot::PlotArgs),
    /// Write a model as a program of another system: PyTorch, with the same loss, or NumPyro
    Emit(emit::EmitArgs),
    /// Write draws of a trained run's weights and predictions for other programs
    Export(export::ExportArgs),
    /// Write a page about trained runs: scores, pictures, model, in one HTML file
    Report(report::ReportArgs),
    /// Measure how fast this machine trains and predicts, and where a step's time goes
    Bench(bench::BenchArgs),
    /// One step's loss on given parameters: every term, its scale, and the gradients
    Loss(loss::LossArgs),
    /// One step in the interpreter and in an emitted program, on the same weights and noise: what differs
    Verify(verify::VerifyArgs),
    /// Print what the language knows: layers, priors, posteriors, estimators, likelihoods, …
    List(list::ListArgs),
    /// List, fetch and verify the named data sets
    Data(data::DataArgs),
}

impl Command {
    /// How it answers, mistakes included.
    fn format(&self) -> Format {
        match self {
            Command::Bench(args) => args.format,
            Command::Check(args) => args.format,
            Command::Compare(args) => args.format.of_mistakes(),
            Command::Diff(args) => args.format,
            Command::Evaluate(args) => args.format,
            Command::Loss(args) => args.format,
            Command::New(args) => args.format,
            Command::Sweep(args) => args.format.of_mistakes(),
            Command::Verify(args) => args.format,
            _ => Format::Text,
        }
    }
}

/// Runs the command that the arguments name. The exit code is 0, 1 where something is wrong with a model
/// file, data or a run, or where `diff --exit-code`, `fmt --check` or `verify` finds a difference, and 2 where the arguments are wrong.
pub fn main() -> ExitCode {
    run(std::env::args_os())
}

/// As [`main`], with these arguments, the first of which is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    code(arguments).into()
}

/// As [`run`], the exit code as a number.
pub fn code(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let command = match Cli::try_parse_from(arguments) {
        Ok(arguments) => arguments.command,
        Err(error) => return refused(&error),
    };
    let format = command.format();
    let mut differs = false;
    let result = match command {
        Command::Bench(args) => bench::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Diff(args) => diff::run(&args).map(|found| differs = found),
        Command::Explain(args) => explain::run(&args),
        Command::Fmt(args) => fmt::run(&args).map(|found| differs = found),
        Command::Train(args) => train::run(&args),
        Command::Translate(args) => translate::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Plot(args) => plot::run(&args),
        Command::Emit(args) => emit::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Loss(args) => loss::run(&args),
        Command::Lsp(args) => lsp::run(&args),
        Command::Verify(args) => verify::run(&args).map(|found| differs = found),
        Command::List(args) => list::run(&args),
        Command::New(args) => new::run(&args),
        Command::Data(args) => data::run(&args),
    };
    match result.err().or_else(terminal::fault) {
        None if differs => 1,
        None => 0,
        Some(failure) => {
            match format {
                Format::Text => terminal::report(&failure),
                Format::Json => {
                    let source = failure.source_file.as_deref();
                    let errors = to_json(&failure.diagnostics, source);
                    say!("{:#}", serde_json::json!({ "errors": errors }));
                }
            }
            1
        }
    }
}

/// Prints why the arguments are none, or the help that was asked for; of a flag of another tool what is here.
fn refused(error: &clap::Error) -> u8 {
    // A closed pipe has no reader of the message.
    let _ = error.print();
    let flag = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag)) => flag.trim_start_matches('-').replace('-', "_"),
        _ => String::new(),
    };
    let flag = flag.split('=').next().unwrap_or_default();
    if let Some(help) = elsewhere::anywhere(flag) {
        terminal::err(&format!("\n{help}\n"));
    }
    error.exit_code() as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_well_formed() {
        Cli::command().debug_assert();
    }
}
