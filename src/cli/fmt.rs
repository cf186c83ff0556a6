//! `bnnc fmt`: model files in the one style.

use super::arguments::Format;
use super::rewrite::{rewrite, unified};
use super::terminal::{answer, answers_alone, out, report, say, write_as_it_is};
use crate::compile;
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::format::format;
use crate::source::Source;
use clap::Args;
use serde_json::json;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The arguments of `bnnc fmt`.
#[derive(Debug, Args)]
pub struct FmtArgs {
    /// Model files; `-` formats standard input to standard output
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Write nothing: print what would change, and exit with 1 if anything would
    #[arg(long)]
    check: bool,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// Runs `bnnc fmt`. A file that does not parse is reported and left as it is, and the others are formatted all the same.
/// Says whether `--check` found a file in another style.
///
/// # Errors
///
/// The messages about the last of the files that do not parse; `E0601` for one that cannot be read or written.
pub fn run(args: &FmtArgs) -> Result<bool> {
    if args.format == Format::Json {
        answers_alone();
    }
    let mut files = vec![];
    let mut differs = false;
    let mut failed: Option<Failure> = None;
    for path in &args.files {
        match one(path, args.check) {
            Ok(Formatted { changed, text }) => {
                differs |= changed && args.check;
                let mut file = json!({ "file": path, "changed": changed });
                match text {
                    Some(text) if args.format == Format::Json => file["text"] = text.into(),
                    Some(text) => write_as_it_is(&text),
                    None => {}
                }
                files.push(file);
            }
            Err(failure) => {
                if let Some(before) = failed.replace(failure) {
                    report(&before);
                }
            }
        }
    }
    if args.format == Format::Json && failed.is_none() {
        answer(&json!({ "files": files }));
    }
    failed.map_or(Ok(differs), Err)
}

/// What became of a file.
struct Formatted {
    /// It was in another style.
    changed: bool,
    /// What standard input is in the one style, which no file has.
    text: Option<String>,
}

/// Formats a file.
fn one(path: &Path, check: bool) -> Result<Formatted> {
    let is_input = path.as_os_str() == "-";
    let source = if is_input {
        input()?
    } else {
        compile::read(path)?
    };
    let text = format(&source).map_err(|messages| {
        let source = Arc::new(source.clone());
        Failure::new(messages, source)
    })?;
    let changed = text != source.text;
    match (is_input, check) {
        (_, true) if changed => out(format_args!(
            "{}",
            unified(&source.name, &source.text, &text)
        )),
        (_, true) => {}
        (false, false) if changed => {
            rewrite(path, &text)?;
            say!("{}: formatted", path.display());
        }
        (_, false) => {}
    }
    Ok(Formatted {
        changed,
        text: (is_input && !check).then_some(text),
    })
}

/// All of standard input.
fn input() -> Result<Source> {
    let text = io::read_to_string(io::stdin()).map_err(|error| {
        Diagnostic::error("E0601", "cannot read standard input").note(error.to_string())
    })?;
    Ok(Source {
        name: "standard input".into(),
        text,
    })
}
