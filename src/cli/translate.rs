//! `bnnc translate`: the draft of a model file from a program of Keras, TensorFlow Probability or PyTorch.

use super::arguments::Format;
use super::terminal::{answer, note, out};
use crate::compile;
use crate::diagnostic::{Diagnostic, Failure, Result, render};
use crate::source::Source;
use crate::translate::{Draft, translate};
use clap::Args;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The arguments of `bnnc translate`.
#[derive(Debug, Args)]
pub struct TranslateArgs {
    /// The program: a Sequential of layers; it is read, never run
    program: PathBuf,
    /// Write the draft to a file that is not there yet; else to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// Runs `bnnc translate`: the draft to standard output or a file, what is not translated to standard error.
///
/// # Errors
///
/// `E0107` where the program has no layers; `E0601` where it cannot be read, or the draft is there already.
pub fn run(args: &TranslateArgs) -> Result<()> {
    let source = Arc::new(compile::read(&args.program)?);
    let draft =
        translate(&source).map_err(|message| Failure::new(vec![message], source.clone()))?;
    if let Some(path) = &args.out {
        write(path, &draft.text)?;
    }
    if args.format == Format::Json {
        let notes = draft.notes.iter().map(|(place, text)| {
            let (line, column) = place.unzip();
            json!({ "line": line, "column": column, "text": text })
        });
        answer(&json!({
            "out": args.out,
            "model": draft.text,
            "notes": notes.collect::<Vec<_>>(),
            "flags": draft.flags,
        }));
        return Ok(());
    }
    if args.out.is_none() {
        out(format_args!("{}", draft.text));
    }
    note(&remarks(args, &draft, &source));
    Ok(())
}

/// Writes a draft to a file that is not there yet.
fn write(path: &Path, text: &str) -> Result<()> {
    let file = std::fs::File::create_new(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| {
            let title = format!("cannot write `{}`", path.display());
            let message = Diagnostic::error("E0601", title).note(error.to_string());
            match error.kind() {
                std::io::ErrorKind::AlreadyExists => message.help("name another file with `--out`"),
                _ => message,
            }
            .into()
        })
}

/// What is not translated, what is still wrong with the draft, and how to go on.
fn remarks(args: &TranslateArgs, draft: &Draft, source: &Source) -> String {
    let mut text = String::new();
    for (place, note) in &draft.notes {
        text += &match place {
            None => format!("{}: {note}\n", source.name),
            Some((row, column)) => format!("{}:{row}:{column}: {note}\n", source.name),
        };
    }
    let name = args
        .out
        .as_ref()
        .map_or("MODEL.bnn".into(), |path| path.display().to_string());
    let drafted = Source {
        name: name.clone(),
        text: draft.text.clone(),
    };
    if let Err(failure) = compile::source(drafted, &[]) {
        text += &format!(
            "the draft is not a model yet:\n\n{}",
            render(&failure.diagnostics, failure.source_file.as_deref(), false)
        );
    }
    let flags: String = draft.flags.iter().map(|flag| format!(" {flag}")).collect();
    text + &format!("next: `bnnc check {name}`, and `bnnc train {name}{flags} --data DATA`\n")
}
