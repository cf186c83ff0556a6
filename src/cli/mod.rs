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
mod overview;
mod parts;
mod plot;
mod predict;
mod report;
mod rewrite;
mod scored;
mod shell;
mod sweep;
mod targets;
mod terminal;
mod train;
mod translate;
mod verify;
mod version;
mod words;

use crate::diagnostic::{elsewhere, to_json};
use arguments::Format;
use clap::error::{ContextKind, ContextValue};
use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::process::ExitCode;

/// Trains Bayesian neural networks from a file that says what they are, and says what the loss is
#[derive(Debug, Parser)]
#[command(name = "bnnc", version = version::version(), max_term_width = 100, override_help = overview::TEXT)]
struct Cli {
    /// Print results and warnings alone: no progress, no notes, nothing of what is next
    #[arg(long, short, global = true, display_order = 1000)]
    quiet: bool,
    /// When messages have colours; `auto` is on a terminal, unless NO_COLOR is set
    #[arg(
        long,
        global = true,
        display_order = 1001,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_possible_values = true
    )]
    color: terminal::Color,
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
    /// Print the completions of a shell
    Completions(shell::CompletionsArgs),
    /// Write the pages of the manual
    Man(shell::ManArgs),
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
            Command::Data(args) => args.format,
            Command::Diff(args) => args.format,
            Command::Emit(args) => args.format,
            Command::Explain(args) => args.of_mistakes(),
            Command::Evaluate(args) => args.format,
            Command::Loss(args) => args.format,
            Command::List(args) => args.format,
            Command::Man(args) => args.format,
            Command::New(args) => args.format,
            Command::Plot(args) => args.format,
            Command::Predict(args) => args.format,
            Command::Report(args) => args.format,
            Command::Train(args) => args.format,
            Command::Translate(args) => args.format,
            Command::Sweep(args) => args.format.of_mistakes(),
            Command::Verify(args) => args.format,
            Command::Fmt(args) => args.format,
            Command::Completions(_) | Command::Export(_) | Command::Lsp(_) => Format::Text,
        }
    }
}

/// Runs the command that the arguments name. The exit code is 0, 1 where something is wrong with a model
/// file, data or a run, or where `diff --exit-code`, `fmt --check` or `verify` finds a difference, and 2 where the arguments are wrong.
///
/// `commit`: the git commit that the program was built from, for `--version`.
pub fn main(commit: Option<&'static str>) -> ExitCode {
    version::built_from(commit);
    run(std::env::args_os())
}

/// As [`main`], with these arguments, the first of which is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    code(arguments).into()
}

pub use version::built_from;

/// As [`run`], the exit code as a number.
pub fn code(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    terminal::begin(false, terminal::Color::Auto);
    let color = color_of(&arguments);
    let parsed = Cli::command().color(color).try_get_matches_from(arguments);
    let parsed = parsed.and_then(|matches| Cli::from_arg_matches(&matches));
    let command = match parsed {
        Ok(parsed) => {
            terminal::begin(parsed.quiet, parsed.color);
            parsed.command
        }
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
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
    };
    let code = match result.err().or_else(terminal::fault) {
        None if differs => 1,
        None => 0,
        Some(failure) => {
            match format {
                Format::Text => terminal::report(&failure),
                Format::Json => {
                    let source = failure.source_file.as_deref();
                    let errors = to_json(&failure.diagnostics, source);
                    terminal::answer(&serde_json::json!({ "errors": errors }));
                }
            }
            1
        }
    };
    terminal::hint();
    code
}

/// Whether messages about the arguments have colours, which clap has to know before it has read them.
fn color_of(arguments: &[OsString]) -> ColorChoice {
    let words: Vec<_> = arguments
        .iter()
        .map(|word| word.to_string_lossy())
        .collect();
    let behind = words.windows(2).filter(|pair| pair[0] == "--color");
    let behind = behind.map(|pair| &*pair[1]);
    let within = words
        .iter()
        .filter_map(|word| word.strip_prefix("--color="));
    match behind.chain(within).next_back() {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
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

    #[test]
    fn the_arguments_are_well_formed() {
        Cli::command().debug_assert();
    }
}
