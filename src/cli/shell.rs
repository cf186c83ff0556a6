//! `bnnc completions` and `bnnc man`: what a shell and its manual know of the commands.

use super::Cli;
use super::arguments::Format;
use super::terminal::{answer, out, say};
use crate::diagnostic::{Diagnostic, Result};
use crate::train::files::write_whole;
use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use std::path::{Path, PathBuf};

/// The arguments of `bnnc completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell; its script goes to standard output
    #[arg(value_enum)]
    shell: Shell,
}

/// The arguments of `bnnc man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The folder for the pages, `~/.local/share/man/man1` for one: bnnc.1, bnnc-train.1, …
    directory: PathBuf,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// Runs `bnnc completions`.
pub fn completions(args: &CompletionsArgs) -> Result<()> {
    let mut script = vec![];
    clap_complete::generate(args.shell, &mut Cli::command(), "bnnc", &mut script);
    out(format_args!("{}", String::from_utf8_lossy(&script)));
    Ok(())
}

/// Runs `bnnc man`.
///
/// # Errors
///
/// `E0601` where a page cannot be written.
pub fn man(args: &ManArgs) -> Result<()> {
    std::fs::create_dir_all(&args.directory).map_err(|error| {
        let title = format!("cannot make the folder `{}`", args.directory.display());
        Diagnostic::error("E0601", title).note(error.to_string())
    })?;
    let mut written = vec![];
    let mut all = Cli::command();
    // Flags that every command takes are on every page.
    all.build();
    pages(all, "bnnc", &args.directory, &mut written)?;
    match args.format {
        Format::Text => say!("{} pages in {}", written.len(), args.directory.display()),
        Format::Json => answer(&serde_json::json!({ "files": written })),
    }
    Ok(())
}

/// Writes the page of a command and those of its subcommands.
fn pages(command: Command, name: &str, folder: &Path, written: &mut Vec<PathBuf>) -> Result<()> {
    for below in command.get_subcommands().filter(|c| c.get_name() != "help") {
        let name = format!("{name}-{}", below.get_name());
        pages(below.clone(), &name, folder, written)?;
    }
    let command = command
        .name(name.to_owned())
        .bin_name(name.replace('-', " "))
        .disable_help_subcommand(true);
    let path = folder.join(format!("{name}.1"));
    let mut page = vec![];
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| {
            Diagnostic::error("E0601", format!("cannot write `{}`", path.display()))
                .note(error.to_string())
        })?;
    write_whole(&path, &page)?;
    written.push(path);
    Ok(())
}
