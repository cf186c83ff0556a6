//! `bnnc new`: a model file and its run file to start from.

use super::arguments::Format;
use super::terminal::{answer, tell, tell_wrapped};
use super::train::shell_word;
use crate::data::{catalog, places};
use crate::diagnostic::{Diagnostic, Result};
use crate::draft::template::{self, TEMPLATES, Template};
use crate::draft::{Draft, from_table};
use crate::train::files::{failed, write_whole};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use std::fs;
use std::path::{Path, PathBuf};

/// The arguments of `bnnc new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// What the model is called: NAME.bnn and NAME.toml are written, which must not be there yet
    name: PathBuf,
    /// A table to predict a column of: a .csv, .tsv, .jsonl, .xlsx or .parquet
    #[arg(long, value_name = "TABLE", conflicts_with = "template")]
    from: Option<PathBuf>,
    /// The model to start from
    #[arg(long, value_name = "TEMPLATE", value_parser = template_names(), default_value = TEMPLATES[0].name)]
    template: String,
    /// The column to predict, or several with commas between; else the last that can be one
    #[arg(long, value_name = "COLUMN", requires = "from")]
    target: Option<String>,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

fn template_names() -> impl TypedValueParser<Value = String> {
    let value = |template: &Template| PossibleValue::new(template.name).help(template.summary);
    PossibleValuesParser::new(TEMPLATES.iter().map(value))
}

/// Runs `bnnc new`.
///
/// # Errors
///
/// `E0601` where a file is there already; what is wrong with a table.
pub fn run(args: &NewArgs) -> Result<()> {
    let model = with_ending(&args.name, "bnn");
    let run_file = with_ending(&args.name, "toml");
    for path in [&model, &run_file] {
        // A link that leads nowhere is there, too.
        if path.symlink_metadata().is_ok() {
            return Err(there_already(path));
        }
    }
    let draft = match &args.from {
        Some(table) => from_table(
            &model,
            table,
            args.target.as_deref(),
            &seen_from(&model, table),
        )?,
        None => template::find(&args.template)
            .unwrap_or(&TEMPLATES[0])
            .draft(&model),
    };
    write(&model, &draft.model)?;
    if let Err(failure) = write(&run_file, &draft.run_file) {
        let _ = fs::remove_file(&model);
        return Err(failure);
    }
    tell(args.format, &draft, &model, &run_file);
    Ok(())
}

/// NAME.bnn of NAME or NAME.bnn.
fn with_ending(name: &Path, ending: &str) -> PathBuf {
    let is_model = name.extension().is_some_and(|e| e == "bnn");
    let mut path = match is_model {
        true => name.with_extension("").into_os_string(),
        false => name.as_os_str().to_owned(),
    };
    path.push(".");
    path.push(ending);
    path.into()
}

/// A table's path as a run file beside `model` says it.
fn seen_from(model: &Path, table: &Path) -> String {
    let folder = model.parent().unwrap_or(Path::new(""));
    let whole = || table.canonicalize().unwrap_or_else(|_| table.to_owned());
    let seen = match folder.as_os_str().is_empty() || table.is_absolute() {
        true => table.to_owned(),
        false => match table.strip_prefix(folder) {
            Ok(within) => within.to_owned(),
            Err(_) => whole(),
        },
    };
    seen.display().to_string()
}

fn there_already(path: &Path) -> crate::diagnostic::Failure {
    let title = format!("`{}` is there already", path.display());
    Diagnostic::error("E0601", title)
        .help("give the new model another name; nothing is written over")
        .into()
}

/// Writes a file that is not there yet, and leaves none where that fails.
fn write(path: &Path, text: &str) -> Result<()> {
    // An empty file takes the name first: what another program wrote since is not replaced.
    fs::File::create_new(path).map_err(|error| failed(path, "write", &error))?;
    write_whole(path, text.as_bytes()).inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
}

/// Says what was written, what was found, and how to go on.
fn tell(format: Format, draft: &Draft, model: &Path, run_file: &Path) {
    let commands = next(draft, model);
    if format == Format::Json {
        let found = draft.found.iter();
        let mut json: serde_json::Map<_, _> = [
            ("model".to_owned(), model.display().to_string().into()),
            ("run_file".to_owned(), run_file.display().to_string().into()),
            ("data".to_owned(), draft.data.clone().into()),
            ("next".to_owned(), commands.into()),
        ]
        .into_iter()
        .collect();
        json.extend(found.map(|(word, text)| (word.replace(' ', "_"), text.clone().into())));
        answer(&serde_json::Value::Object(json));
        return;
    }
    tell!("wrote      {} and {}", model.display(), run_file.display());
    for (word, text) in &draft.found {
        tell_wrapped(&format!("{word:<11}"), text);
    }
    for (place, command) in commands.iter().enumerate() {
        let word = if place == 0 { "next" } else { "" };
        tell!("{word:<11}{command}");
    }
}

/// The commands to go on with.
fn next(draft: &Draft, model: &Path) -> Vec<String> {
    let model = shell_word(model);
    let mut commands = vec![];
    let entry = draft.data.as_deref().and_then(catalog::entry);
    if let Some(entry) = entry
        && !entry.folders().is_empty()
        && catalog::find(entry, &places(None)).is_none()
    {
        commands.push(format!("bnnc data fetch {}", entry.name()));
    }
    let data = match draft.data {
        Some(_) => "",
        None => " --data TABLE.csv",
    };
    commands.push(format!("bnnc check {model}{data}"));
    commands.push(format!("bnnc train {model}{data}"));
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stand_beside_each_other() {
        for (name, model, run_file) in [
            ("a", "a.bnn", "a.toml"),
            ("d/a.bnn", "d/a.bnn", "d/a.toml"),
            ("v1.2", "v1.2.bnn", "v1.2.toml"),
        ] {
            let of = |ending| with_ending(Path::new(name), ending);
            assert_eq!((of("bnn"), of("toml")), (model.into(), run_file.into()));
        }
    }

    #[test]
    fn a_run_file_says_where_its_table_is() {
        for (model, table, seen) in [
            ("a.bnn", "d/t.csv", "d/t.csv"),
            ("d/a.bnn", "d/t.csv", "t.csv"),
            ("d/a.bnn", "/e/t.csv", "/e/t.csv"),
        ] {
            assert_eq!(seen_from(Path::new(model), Path::new(table)), seen);
        }
        let elsewhere = seen_from(Path::new("d/a.bnn"), Path::new("Cargo.toml"));
        assert!(Path::new(&elsewhere).is_absolute(), "{elsewhere}");
    }
}
