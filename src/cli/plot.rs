//! `bnnc plot`: one picture of a run.

use super::arguments::{DataSource, DrawArgs, Format, with_threads};
use super::lints::warn_of_divergence;
use super::material;
use super::open::{open, refuse_over};
use super::parts::PartArgs;
use super::scored::{Asked, score_run};
use super::terminal::{answer, tell};
use crate::diagnostic::nearest;
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::plot::{self, Figure, KINDS, Kind, Material, Needs, svg};
use crate::train::files::write_whole;
use crate::train::run_dir::RunDir;
use clap::Args;
use std::path::{Path, PathBuf};

/// The arguments of `bnnc plot`.
#[derive(Debug, Args)]
#[command(after_help = kinds_help())]
pub struct PlotArgs {
    /// The run's directory
    run: PathBuf,
    /// What to draw
    #[arg(value_name = "KIND", value_parser = kind)]
    kind: &'static str,
    /// Where to: an .svg or a .png file
    #[arg(long, value_name = "FILE", value_parser = out)]
    out: PathBuf,
    #[command(flatten)]
    data: DataSource,
    #[command(flatten)]
    part: PartArgs,
    /// Which of several targets of the model, by its name; else the first
    #[arg(long, value_name = "NAME")]
    of: Option<String>,
    /// Data out of distribution, whose inputs have the same shape, for `entropy`; may be repeated
    #[arg(long, value_name = "NAME|PATH")]
    ood: Vec<String>,
    #[command(flatten)]
    draws: DrawArgs,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// The kinds, a line each.
fn kinds_help() -> String {
    let longest = KINDS.iter().map(|kind| kind.name().len()).max();
    let longest = longest.unwrap_or_default();
    let lines = KINDS.iter().map(|kind| {
        let (name, what) = (kind.name(), kind.what());
        format!("  {name:longest$}  {what}\n")
    });
    format!("Kinds:\n{}", lines.collect::<String>())
}

/// A kind of picture.
fn kind(text: &str) -> std::result::Result<&'static str, String> {
    let names = KINDS.iter().map(|kind| kind.name());
    match plot::find(text) {
        Some(kind) => Ok(kind.name()),
        None => {
            let all = names.clone().collect::<Vec<_>>().join(", ");
            let near =
                nearest(text, names).map_or(String::new(), |near| format!("did you mean {near}? "));
            Err(format!("{near}the kinds are {all}"))
        }
    }
}

/// A file whose ending says how it is written.
fn out(text: &str) -> std::result::Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match ending(&path).as_str() {
        "svg" => Ok(path),
        "png" if cfg!(feature = "raster") => Ok(path),
        "png" => Err(
            "this bnnc was built without the feature `raster`, which writes .png: name an .svg"
                .into(),
        ),
        _ => Err("expected a file that ends in .svg or .png".into()),
    }
}

fn ending(path: &Path) -> String {
    let ending = path.extension().unwrap_or_default();
    ending.to_string_lossy().to_lowercase()
}

/// Runs `bnnc plot`.
///
/// # Errors
///
/// A run or data that cannot be read; `E0618` where there is nothing to draw.
pub fn run(args: &PlotArgs) -> Result<()> {
    with_threads(args.draws.threads, || {
        let kind = plot::find(args.kind).expect("a kind that was parsed");
        refuse_own(&args.out, &args.run)?;
        refuse_needless(args, kind)?;
        let material = gather(args, kind)?;
        let figure = kind
            .draw(&[&material])
            .map_err(|why| nothing(kind, &args.run, &why))?;
        write_whole(&args.out, &file(&figure, &args.out)?)?;
        match args.format {
            Format::Text => tell!("{} in {}", figure.title, args.out.display()),
            Format::Json => answer(&serde_json::json!({
                "out": args.out,
                "kind": kind.name(),
                "title": figure.title,
            })),
        }
        Ok(())
    })
}

/// Refuses flags of what the picture is not drawn of.
fn refuse_needless(args: &PlotArgs, kind: &dyn Kind) -> Result<()> {
    let mut needless = vec![];
    if matches!(kind.needs(), Needs::Log | Needs::Parameters) {
        needless = args.data.given();
        let part = [
            ("--split", args.part.split.is_some()),
            ("--allow-changed", args.part.allow_changed),
            ("--of", args.of.is_some()),
        ];
        let part = part.iter().filter(|(_, given)| *given);
        needless.extend(part.map(|(flag, _)| *flag));
        if kind.needs() == Needs::Log && args.draws.seed.is_some() {
            needless.push("--seed");
        }
    }
    if !args.ood.is_empty() && kind.name() != "entropy" {
        needless.push("--ood");
    }
    let Some(flag) = needless.first() else {
        return Ok(());
    };
    let title = format!("`{flag}` is not for `{}`", kind.name());
    let note = match (*flag, kind.needs()) {
        ("--ood", _) => "data out of distribution are drawn in `entropy` alone",
        (_, Needs::Log) => "the picture is drawn of the run's log alone",
        _ => "the picture is drawn of the run's parameters alone",
    };
    Err(Diagnostic::error("E0618", title)
        .note(note)
        .help(format!("leave `{flag}` out"))
        .into())
}

/// There is nothing to draw.
fn nothing(kind: &dyn Kind, run: &Path, why: &str) -> Failure {
    let title = format!(
        "there is no picture `{}` of the run in `{}`",
        kind.name(),
        run.display()
    );
    Diagnostic::error("E0618", title).note(why).into()
}

/// Refuses to write over a file of the run, and where there is no folder, before any work is done.
pub(super) fn refuse_own(out: &Path, run: &Path) -> Result<()> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        let title = format!("cannot write `{}`", out.display());
        let note = format!("there is no folder `{}`", folder.display());
        return Err(Diagnostic::error("E0601", title).note(note).into());
    }
    let own = RunDir::open(run).map_or(vec![], |run| run.files());
    refuse_over("pictures", "--out", out, &[("it is part of the run", own)])
}

/// The picture as its file has it.
fn file(figure: &Figure, out: &Path) -> Result<Vec<u8>> {
    #[cfg(feature = "raster")]
    if ending(out) == "png" {
        return plot::raster::png(figure);
    }
    debug_assert_eq!(ending(out), "svg");
    Ok(svg::write(figure, svg::Use::File).into_bytes())
}

fn gather(args: &PlotArgs, kind: &dyn Kind) -> Result<Material> {
    let mut material = Material::unknown("", "it was not asked for");
    match kind.needs() {
        Needs::Log => material.log = Ok(material::log(&args.run)?),
        Needs::Parameters => {
            let (run, mut predictor) = open(&args.run)?;
            warn_of_divergence(&args.run, &run);
            let seed = args.draws.seed.unwrap_or(run.config.seed);
            let found = material::parameters(&run, &mut *predictor, args.draws.samples, seed);
            material.parameters = Ok(found);
        }
        Needs::Predictions | Needs::Pruned => {
            let mut scored = score_run(
                &args.run,
                Asked {
                    data: &args.data,
                    part: args.part,
                    bar: true,
                    ood: &args.ood,
                    draws: args.draws,
                    resamples: 0,
                    calibration: Default::default(),
                    reference: None,
                },
            )?;
            if let Some(name) = &args.of {
                let names = scored.targets.iter().map(|t| &t.run.inference.target.name);
                let names: Vec<String> = names.cloned().collect();
                scored
                    .targets
                    .retain(|t| t.run.inference.target.name == *name);
                if scored.targets.is_empty() {
                    return Err(no_target(name, &names));
                }
            }
            if kind.needs() == Needs::Pruned {
                material.pruned = material::pruned(&scored)?;
            } else {
                (material.predicted, material.elsewhere) =
                    material::predicted(scored.targets.swap_remove(0));
            }
        }
    }
    Ok(material)
}

fn no_target(name: &str, names: &[String]) -> Failure {
    let title = format!("the model has no target `{name}`");
    let note = format!("its targets are {}", crate::words::list(names));
    Diagnostic::error("E0618", title).note(note).into()
}
