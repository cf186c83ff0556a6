//! `bnnc data`: the named data sets and their files, and a look at tables.

use super::arguments::Format;
use super::terminal::{answer, answers_alone, out, report, say, say_wrapped, tell, width};
use crate::data::catalog::{self, CATALOG, CatalogEntry};
use crate::data::verify::{State, verify};
use crate::data::{describe, download_directory, places};
use crate::diagnostic::{Diagnostic, Result};
use crate::memory;
use crate::report::table::table;
use crate::words::{bytes, plural};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The arguments of `bnnc data`.
#[derive(Debug, Args)]
pub struct DataArgs {
    #[command(subcommand)]
    command: Command,
    /// How to answer
    #[arg(long, value_enum, global = true, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the named data sets, and where each is found
    List {
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Download a data set from where it is published; what is there already is kept
    Fetch {
        /// Its name
        name: String,
        /// Take the files from URL/FILE instead
        #[arg(long, value_name = "URL")]
        mirror: Option<String>,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Look at a table: each column's kind, values, missing values, and what becomes of it as an input
    Look {
        /// The table: a .csv, .tsv or .jsonl (each also with .gz behind it), .xlsx or .parquet
        table: PathBuf,
    },
    /// Compare the files of a data set with their published checksums
    Verify {
        /// Its name
        name: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
}

#[derive(Debug, Args)]
struct PlaceArgs {
    /// The folder of the data sets; else BNNC_DATA, else the user's data directory
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Runs `bnnc data`, its tables going to standard output.
pub fn run(args: &DataArgs) -> Result<()> {
    if args.format == Format::Json {
        answers_alone();
    }
    let said = match &args.command {
        Command::List { place } => list(place.data_dir.as_deref()),
        Command::Fetch {
            name,
            mirror,
            place,
        } => {
            let directory = download_directory(place.data_dir.as_deref())?;
            let entry = catalog::require(name)?;
            let folder = super::fetch::fetch(entry, &directory, mirror.as_deref())?;
            say!("`{name}` is complete in {}", folder.display());
            json!({ "name": name, "folder": folder })
        }
        Command::Look { table } => look(table)?,
        Command::Verify { name, place } => {
            compare(catalog::require(name)?, place.data_dir.as_deref())?
        }
    };
    if args.format == Format::Json {
        answer(&said);
    }
    Ok(())
}

fn look(path: &Path) -> Result<Value> {
    let (said, rows, columns) = describe(path)?;
    say!(
        "{}: {}, {}",
        path.display(),
        plural(rows, "row"),
        plural(columns.len(), "column")
    );
    if !said.is_empty() {
        say_wrapped("  ", &said.join(", "));
    }
    let answer = columns.iter().map(|column| {
        json!({
            "name": column.name,
            "kind": column.kind,
            "values": column.distinct,
            "missing": column.missing,
            "becomes": column.becomes,
        })
    });
    let answer = json!({
        "table": path,
        "said": said,
        "rows": rows,
        "columns": answer.collect::<Vec<_>>(),
    });
    let heading = ["column", "kind", "values", "missing", "becomes"];
    let lines = columns.into_iter().map(|column| {
        let missing = column.missing.to_string();
        vec![
            column.name,
            column.kind,
            column.distinct,
            missing,
            column.becomes,
        ]
    });
    let lines: Vec<Vec<String>> = std::iter::once(heading.map(String::from).to_vec())
        .chain(lines)
        .collect();
    out(format_args!("\n{}", table(&lines, &[2, 3], width())));
    if let Some(peak) = memory::peak() {
        tell!("\nlooked at with {} of memory at most", bytes(peak));
    }
    Ok(answer)
}

fn list(data_dir: Option<&Path>) -> Value {
    let places = places(data_dir);
    let heading = ["name", "what", "train", "test", "found"].map(String::from);
    let row = |entry: &&dyn CatalogEntry| {
        let facts = entry.known_facts();
        let found = match catalog::find(*entry, &places) {
            _ if entry.folders().is_empty() => "built in".into(),
            Some(folder) => folder.display().to_string(),
            None => "not found".into(),
        };
        let test = facts.test.map_or("-".into(), |n| n.to_string());
        [
            entry.name().into(),
            entry.summary().into(),
            facts.train.to_string(),
            test,
            found,
        ]
    };
    let answer = CATALOG.iter().map(|entry| {
        let facts = entry.known_facts();
        json!({
            "name": entry.name(),
            "what": entry.summary(),
            "train": facts.train,
            "test": facts.test,
            "is_made": entry.folders().is_empty(),
            "found": catalog::find(*entry, &places),
        })
    });
    let answer = json!({ "data": answer.collect::<Vec<_>>() });
    let rows = std::iter::once(heading).chain(CATALOG.iter().map(row));
    let rows: Vec<Vec<String>> = rows.map(|row| row.to_vec()).collect();
    out(format_args!("{}", table(&rows, &[2, 3], width())));
    answer
}

fn compare(entry: &dyn CatalogEntry, data_dir: Option<&Path>) -> Result<Value> {
    if entry.folders().is_empty() {
        say!("`{}` is made, it has no files", entry.name());
        return Ok(json!({ "name": entry.name(), "files": [] }));
    }
    let folder = catalog::locate(entry, &places(data_dir))?;
    say!("`{}` in {}", entry.name(), folder.display());
    let states = verify(entry, &folder)?;
    for (file, state) in &states {
        match state {
            State::Same => say!("  same     {file}"),
            State::Missing => say!("  missing  {file}"),
            State::Differs { expected, found } => {
                say!(
                    "  differs  {file}\n           published  {expected}\n           here       {found}"
                );
            }
        }
    }
    let count =
        |wanted: fn(&State) -> bool| states.iter().filter(|(_, state)| wanted(state)).count();
    let differing = count(|state| matches!(state, State::Differs { .. }));
    if differing > 0 {
        let title = format!(
            "{differing} of {} files differ from the published ones",
            states.len()
        );
        let warning = Diagnostic::warning("E0512", title)
            .note("they are read all the same")
            .help(format!("`bnnc data fetch {}` replaces them", entry.name()));
        report(&warning.into());
    }
    match count(|state| matches!(state, State::Missing)) {
        0 => {
            let state = |state: &State| match state {
                State::Differs { .. } => "differs",
                State::Same | State::Missing => "same",
            };
            let files = states.iter();
            let files = files.map(|(file, of)| json!({ "file": file, "state": state(of) }));
            Ok(json!({
                "name": entry.name(),
                "folder": folder,
                "files": files.collect::<Vec<_>>(),
            }))
        }
        missing => Err(Diagnostic::error(
            "E0502",
            format!("{missing} of {} files are missing", states.len()),
        )
        .help(format!("`bnnc data fetch {}` downloads them", entry.name()))
        .into()),
    }
}
