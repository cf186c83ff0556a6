//! `bnnc check --fix`: the edits that messages propose, made in the model file.

use super::arguments::Format;
use super::rewrite::rewrite;
use super::terminal::err;
use crate::compile::{self, Made};
use crate::diagnostic::Result;
use crate::train::config::Config;
use serde_json::{Value, json};
use std::path::Path;

/// Makes the edits that errors about a model propose, and prints each. The file is written once, at the end.
///
/// # Errors
///
/// `E0601` if the file cannot be read or written.
pub(super) fn run(path: &Path, config: &Config, format: Format) -> Result<()> {
    let source = compile::read(path)?;
    let (text, made) = compile::mend(&source, &config.set, config.inference.as_ref());
    if made.is_empty() {
        return Ok(());
    }
    rewrite(path, &text)?;
    match format {
        Format::Text => {
            let lines: String = made.iter().map(|made| line(&source.name, made)).collect();
            err(&format!("{lines}\n"));
        }
        Format::Json => {
            let edits: Vec<Value> = made.iter().map(|made| edit(&source.name, made)).collect();
            err(&format!("{}\n", json!({ "fixed": edits })));
        }
    }
    Ok(())
}

/// The same for programs.
fn edit(name: &str, made: &Made) -> Value {
    json!({
        "file": name,
        "line": made.line,
        "column": made.column,
        "before": made.before,
        "after": made.edit.text,
        "code": made.edit.code,
        "help": made.edit.help,
    })
}

/// What an edit does, where, and for which message.
fn line(name: &str, made: &Made) -> String {
    let change = match (made.before.trim(), made.edit.text.trim()) {
        ("", after) => format!("added `{after}`"),
        (before, "") => format!("removed `{before}`"),
        (before, after) => format!("`{before}` is now `{after}`"),
    };
    let Made { line, column, .. } = made;
    let (code, help) = (made.edit.code, &made.edit.help);
    format!("{name}:{line}:{column}: {change} ({code}: {help})\n")
}
