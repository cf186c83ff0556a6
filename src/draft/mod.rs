//! Models to start from: templates, and a model drafted from a table; what `bnnc new` writes.
//!
//! A draft is a model file and its run file, which train at once and say in comments what their lines mean.

mod lesson;
mod table;
pub mod template;

pub use table::from_table;

use crate::format;
use crate::source::Source;
use crate::words::on_one_line;
use std::path::Path;

/// A model file and its run file, as texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The model file.
    pub model: String,
    /// The run file beside it.
    pub run_file: String,
    /// The named data set, or the path of the table, that it is trained on; `None` where `--data` is to name one.
    pub data: Option<String>,
    /// What was found and chosen: a word and what is to be said of it.
    pub found: Vec<(&'static str, String)>,
}

/// A word of the language that is as near to a file's name as can be: `my-model 2.bnn` is `my_model_2`.
pub fn model_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    match name.chars().next() {
        Some(first) if !first.is_ascii_digit() => name,
        _ => format!("model_{name}"),
    }
}

/// A model file in the style of `bnnc fmt`, whatever widths its names have.
fn formatted(name: &str, text: String) -> String {
    let source = Source {
        name: format!("{name}.bnn"),
        text,
    };
    format::format(&source).unwrap_or(source.text)
}

/// A model's files as commands have them: `lenet.bnn`, in quotes where a shell would split it.
fn in_a_command(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "._-".contains(c);
    match name.chars().all(is_plain) {
        true => name.into_owned(),
        false => on_one_line(&format!("'{}'", name.replace('\'', r"'\''"))),
    }
}

/// What stands above every run file; `path` is the model's.
fn run_file_head(path: &Path) -> String {
    let file = in_a_command(path);
    format!(
        "# How {file} is trained. A flag goes before a key: `bnnc train {file} --epochs 5`.\n\
         # `bnnc explain run-files` has every key, `bnnc explain epochs` says what a word is.\n"
    )
}

/// What stands above every model file, behind what it is.
fn model_head(path: &Path) -> String {
    let file = in_a_command(path);
    let commands = [
        (
            format!("bnnc check {file}"),
            "the loss, term by term, before anything is trained",
        ),
        (
            format!("bnnc train {file}"),
            "trains it on the data and in the way that its .toml says",
        ),
        (
            "bnnc explain WORD".into(),
            "what a word below means: prior, posterior, estimator, …",
        ),
    ];
    let width = commands.iter().map(|(command, _)| command.len()).max();
    let width = width.unwrap_or(0);
    let lines = commands.map(|(command, what)| format!("#   {command:width$}   {what}\n"));
    format!("#\n{}", lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_is_a_word() {
        for (path, name) in [
            ("a/lenet", "lenet"),
            ("my-model 2.bnn", "my_model_2"),
            ("3d", "model_3d"),
            ("größe", "gr__e"),
        ] {
            assert_eq!(model_name(Path::new(path)), name);
        }
    }
}
