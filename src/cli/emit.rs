//! `bnnc emit`: a model as a program of another system.

use super::arguments::{DataSource, Format, Sets, SettingFlags, TableFlags};
use super::lints::LintFlags;
use super::open::refuse_over;
use super::terminal::{answer, note, out, tell};
use super::train::{TrainArgs, settings, start};
use crate::compile;
use crate::data;
use crate::diagnostic::{Diagnostic, Result};
use crate::emit::numpyro;
use crate::emit::pytorch::{self, Run};
use crate::ir;
use crate::plan::Plan;
use crate::train::Config;
use crate::train::files::write_whole;
use crate::train::start::Start;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// The arguments of `bnnc emit`.
#[derive(Debug, Args)]
pub struct EmitArgs {
    /// The system
    #[arg(value_enum)]
    system: System,
    /// The model file
    model: PathBuf,
    #[command(flatten)]
    data: DataSource,
    /// A run file; else the one of the model's name beside it, if there is one
    #[arg(long, value_name = "RUN.toml")]
    config: Option<PathBuf>,
    #[command(flatten)]
    table: TableFlags,
    #[command(flatten)]
    settings: SettingFlags,
    #[command(flatten)]
    sets: Sets,
    #[command(flatten)]
    lints: LintFlags,
    /// The file of the program; else standard output
    #[arg(long, value_name = "FILE.py")]
    out: Option<PathBuf>,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// A system that runs programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum System {
    /// A program that trains the model with the same loss, on one device or many
    Pytorch,
    /// The model alone, with its priors and likelihood, to sample from its posterior
    Numpyro,
}

/// Runs `bnnc emit`: the program to standard output or a file.
///
/// # Errors
///
/// Mistakes of the model and the settings, data that does not fit; `E0619` for what the system has no words for yet.
pub fn run(args: &EmitArgs) -> Result<()> {
    let train = TrainArgs {
        model: args.model.clone(),
        data: args.data.clone(),
        config: args.config.clone(),
        table: args.table.clone(),
        settings: args.settings.clone(),
        sets: args.sets.clone(),
        lints: args.lints.clone(),
        out: None,
        resume: false,
        format: Format::Text,
    };
    let (config, from) = settings(&train, None)?;
    let text = match (args.system, config.data.request()) {
        (System::Pytorch, Some(_)) => trained(args, start(&train, config, from, None)?)?,
        (system, _) => untrained(args, system, config)?,
    };
    let system = args
        .system
        .to_possible_value()
        .map(|value| value.get_name().to_owned());
    match (&args.out, args.format) {
        (None, Format::Text) => out(format_args!("{text}")),
        (None, Format::Json) => answer(&json!({ "system": system, "program": text })),
        (Some(path), format) => {
            let run_file = match &args.config {
                Some(path) => Some(path.clone()),
                None => Config::beside(&args.model)?.map(|(path, _)| path),
            };
            let read = [Some(&args.model), run_file.as_ref()];
            let mut files = vec![(
                "this command reads it",
                read.into_iter().flatten().cloned().collect(),
            )];
            if let Some(data) = &args.data.data {
                let of_data = data::files(data, args.data.test_rows.as_deref());
                files.push(("the data are read from it", of_data));
            }
            refuse_over("programs", "--out", path, &files)?;
            refuse_other(path)?;
            write_whole(path, text.as_bytes())?;
            match format {
                Format::Text => tell!("program    {}", path.display()),
                Format::Json => answer(&json!({ "system": system, "out": path })),
            }
        }
    }
    Ok(())
}

/// Refuses to write over a file that is no emitted program.
fn refuse_other(path: &Path) -> Result<()> {
    let head = fs::read(path).unwrap_or_default();
    if head.is_empty() || head.starts_with(b"\"\"\"The model `") {
        return Ok(());
    }
    let title = format!(
        "`{}` is there, and is no program of `bnnc emit`",
        path.display()
    );
    Err(Diagnostic::error("E0604", title)
        .help("name another file, or remove it")
        .into())
}

/// The program of a model with data.
fn trained(args: &EmitArgs, start: Start) -> Result<String> {
    // Refuses the settings that the method does not go with.
    drop(start.engine()?);
    let run = Run {
        request: start.request(),
        config: &start.config,
        prepared: &start.prepared,
        record: start.record.text(),
        rows: &start.rows,
        ir: ir::text(&start.compiled.inference, &start.facts),
        settings: start.config.text(),
        source: &start.compiled.source.text,
        fingerprint: &start.fingerprint,
    };
    pytorch::program(&start.plan, &file_name(args), Some(&run))
        .map_err(|failure| failure.within(&start.compiled.source))
}

/// The program of a model alone.
fn untrained(args: &EmitArgs, system: System, mut config: Config) -> Result<String> {
    let source = compile::read(&args.model)?;
    let request = config.request(None);
    crate::train::width::fill(&source, &mut config.set, request)?;
    let mut compiled = compile::by_method(source, &config.set, config.inference)?;
    compiled.draw(config.samples);
    let text = match system {
        System::Pytorch => {
            let why = "no data are named, neither by --data nor in a run file";
            note(&format!(
                "note: {why}: the program has the model and its loss, and does not train\n"
            ));
            let plan = Plan::new(compiled.inference);
            pytorch::program(&plan, &file_name(args), None)
        }
        System::Numpyro => numpyro::program(&compiled.inference),
    };
    text.map_err(|failure| failure.within(&compiled.source))
}

/// What the program's file is called.
fn file_name(args: &EmitArgs) -> String {
    let name = args.out.as_deref().and_then(Path::file_name);
    name.map_or("program.py".into(), |name| {
        name.to_string_lossy().into_owned()
    })
}
