//! `bnnc data`: the named data sets and their files, and a look at tables.

use super::terminal::{out, say, say_wrapped, width};
use crate::data::catalog::{self, CATALOG, CatalogEntry};
use crate::data::verify::{State, verify};
use crate::data::{describe, download_directory, places};
use crate::diagnostic::{Diagnostic, Result, render};
use crate::memory;
use crate::report::table::table;
use crate::words::{bytes, plural};
use clap::{Args, Subcommand};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// The arguments of `bnnc data`.
#[derive(Debug, Args)]
pub struct DataArgs {
    #[command(subcommand)]
    command: Command,
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
    match &args.command {
        Command::List { place } => {
            list(place.data_dir.as_deref());
            Ok(())
        }
        Command::Fetch {
            name,
            mirror,
            place,
        } => {
            let directory = download_directory(place.data_dir.as_deref())?;
            let entry = catalog::require(name)?;
            let folder = super::fetch::fetch(entry, &directory, mirror.as_deref())?;
            say!("`{name}` is complete in {}", folder.display());
            Ok(())
        }
        Command::Look { table } => look(table),
        Command::Verify { name, place } => {
            compare(catalog::require(name)?, place.data_dir.as_deref())
        }
    }
}

fn look(path: &Path) -> Result<()> {
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
        say!("\nlooked at with {} of memory at most", bytes(peak));
    }
    Ok(())
}

fn list(data_dir: Option<&Path>) {
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
    let rows: Vec<[String; 5]> = std::iter::once(heading)
        .chain(CATALOG.iter().map(row))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let [name, what, train, test] = [0, 1, 2, 3].map(width);
    for row in &rows {
        say!(
            "{:name$}  {:what$}  {:>train$}  {:>test$}  {}",
            row[0],
            row[1],
            row[2],
            row[3],
            row[4]
        );
    }
}

fn compare(entry: &dyn CatalogEntry, data_dir: Option<&Path>) -> Result<()> {
    if entry.folders().is_empty() {
        say!("`{}` is made, it has no files", entry.name());
        return Ok(());
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
        warn(
            Diagnostic::warning(
                "E0512",
                format!(
                    "{differing} of {} files differ from the published ones",
                    states.len()
                ),
            )
            .note("they are read all the same")
            .help(format!("`bnnc data fetch {}` replaces them", entry.name())),
        );
    }
    match count(|state| matches!(state, State::Missing)) {
        0 => Ok(()),
        missing => Err(Diagnostic::error(
            "E0502",
            format!("{missing} of {} files are missing", states.len()),
        )
        .help(format!("`bnnc data fetch {}` downloads them", entry.name()))
        .into()),
    }
}

fn warn(warning: Diagnostic) {
    super::terminal::styled(&render(&[warning], None, std::io::stderr().is_terminal()));
}
