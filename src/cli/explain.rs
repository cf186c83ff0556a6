//! `bnnc explain`: a model as the methods section of a paper has it; or the page of a message's code.

use super::arguments::{DataSource, Sets, count, without_use};
use super::check::{facts, settings};
use super::terminal::{out, width};
use crate::compile;
use crate::diagnostic::{Diagnostic, Result, nearest, page, pages};
use crate::explain::explain;
use crate::lint::{self, LINTS};
use clap::{Args, ValueEnum};
use std::path::Path;

/// The arguments of `bnnc explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A model file, or the code of a message: E0301, temperature-not-one
    #[arg(value_name = "MODEL|CODE")]
    what: String,
    #[command(flatten)]
    data: DataSource,
    #[command(flatten)]
    sets: Sets,
    /// Examples a step; else the run file's beside the model, else 128
    #[arg(long, value_name = "B", value_parser = count)]
    batch_size: Option<usize>,
    /// How a model is written; text unless given
    #[arg(long, value_enum)]
    format: Option<Format>,
}

/// How a model is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For the terminal
    #[default]
    Text,
    /// Markdown with formulas between dollars
    Markdown,
    /// A LaTeX file that compiles as it is
    Latex,
}

impl ExplainArgs {
    /// Ends the command if a flag is given that a code's page makes nothing of.
    fn of_models_alone(&self) {
        let mut flags = self.data.given();
        flags.extend(self.sets.given());
        flags.extend(self.batch_size.map(|_| "--batch-size"));
        flags.extend(self.format.map(|_| "--format"));
        without_use(&flags, "the page of a code is the same for every model");
    }
}

/// Runs `bnnc explain`.
///
/// # Errors
///
/// Every mistake of a model file; data that is not found or does not fit it. `E0610` for what is neither
/// a model file nor a code.
pub fn run(args: &ExplainArgs) -> Result<()> {
    let path = Path::new(&args.what);
    if !path.exists()
        && let Some(page) = page(&args.what).or_else(|| lint::find(&args.what).map(|l| l.page()))
    {
        args.of_models_alone();
        out(format_args!("{page}"));
        return Ok(());
    }
    if !path.exists() && path.extension().is_none_or(|extension| extension != "bnn") {
        return Err(unknown(&args.what).into());
    }
    let (_, config) = settings(path, &args.data, &args.sets, args.batch_size)?;
    let mut compiled = compile::file(path, &config.set)?;
    compiled.draw(config.samples);
    let (facts, _) = facts(&config, &compiled)?;
    let document = explain(&compiled.model, &facts);
    let text = match args.format.unwrap_or_default() {
        Format::Text => document.text(width()),
        Format::Markdown => document.markdown(),
        Format::Latex => document.latex(),
    };
    out(format_args!("{text}"));
    Ok(())
}

fn unknown(what: &str) -> Diagnostic {
    let title = format!("`{what}` is neither a code nor a model file");
    let message = Diagnostic::error("E0610", title);
    let lints = LINTS.iter().map(|lint| lint.name());
    match nearest(what, pages().chain(lints)) {
        Some(near) => message.help(format!("there is `{near}`")),
        None => message
            .note("a code stands in brackets before a message: error[E0301]")
            .help("the path of a model file ends with .bnn"),
    }
}
