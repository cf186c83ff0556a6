//! `bnnc report`: a page about one run or several.

mod facts;
mod model;
mod read;
mod scores;

use super::arguments::{DataSource, DrawArgs, Format, with_threads};
use super::material;
use super::parts::PartArgs;
use super::plot::refuse_own;
use super::terminal::{answer, tell};
use crate::diagnostic::Result;
use crate::likelihood::Summary;
use crate::plot::page::{Block, Page, Picture, Section};
use crate::plot::{self, Material};
use crate::train::files::write_whole;
use crate::words::distinct;
use clap::Args;
use read::Read;
use std::path::PathBuf;

/// The arguments of `bnnc report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The runs' directories; of several their scores side by side and their curves over each other
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    #[command(flatten)]
    data: DataSource,
    #[command(flatten)]
    part: PartArgs,
    /// Data out of distribution, whose inputs have the same shape: how well uncertainty tells its examples apart. May
    /// be repeated
    #[arg(long, value_name = "NAME|PATH")]
    ood: Vec<String>,
    /// Where to: an .html file
    #[arg(long, value_name = "FILE", default_value = "report.html", value_parser = out)]
    out: PathBuf,
    #[command(flatten)]
    draws: DrawArgs,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

fn out(text: &str) -> std::result::Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    match ending == "html" || ending == "htm" {
        true => Ok(path),
        false => Err("expected a file that ends in .html".into()),
    }
}

/// Runs `bnnc report`.
///
/// # Errors
///
/// What is no run; data that was named and cannot be read. What a run itself lacks stands in its page.
pub fn run(args: &ReportArgs) -> Result<()> {
    with_threads(args.draws.threads, || {
        for run in &args.runs {
            refuse_own(&args.out, run)?;
        }
        let runs = read::all(args)?;
        let page = compose(runs);
        write_whole(&args.out, page.html().as_bytes())?;
        match args.format {
            Format::Text => tell!("{} in {}", page.title, args.out.display()),
            Format::Json => answer(&serde_json::json!({ "out": args.out, "title": page.title })),
        }
        Ok(())
    })
}

/// The page about these runs, of which there is at least one.
fn compose(runs: Vec<Read>) -> Page {
    let mut page = facts::head(&runs);
    page.sections.extend(scores::sections(&runs));
    let model = model::section(&runs);
    let weights_of_several = runs.len() > 1;
    let mut opened = runs.iter().filter_map(|run| run.opened.as_ref().ok());
    let is_sampled = opened.any(|run| run.inference.method.is_sampler());
    let (all, mut materials) = materials(runs);
    page.sections.push(Section {
        title: "Training".into(),
        lead: match is_sampled {
            true => "What was minimised, or sampled, part by part.".into(),
            false => "What was minimised, part by part.".into(),
        },
        blocks: pictures(&["loss"], &materials),
    });
    let several = all.len() > 1;
    for (name, predicted) in all {
        for (material, (predicted, elsewhere)) in materials.iter_mut().zip(predicted) {
            (material.predicted, material.elsewhere) = (predicted, elsewhere);
        }
        page.sections.push(Section {
            title: match several {
                true => format!("Predictions of {name}"),
                false => "Predictions".into(),
            },
            lead: "Whether they are as sure as they are right, and what the network does not know."
                .into(),
            blocks: pictures(kinds(&materials), &materials),
        });
    }
    page.sections.push(Section {
        title: "Weights".into(),
        lead: match weights_of_several {
            true => "What the priors did, and what the weights of each run carry.".into(),
            false => "What the prior did, and which weights carry anything.".into(),
        },
        blocks: pictures(&["posterior", "kl", "pruning"], &materials),
    });
    page.sections.push(model);
    page
}

/// The pictures of a target's predictions.
fn kinds(materials: &[Material]) -> &'static [&'static str] {
    let numbers = materials.iter().find_map(|material| {
        let predicted = material.predicted.as_ref().ok()?;
        Some(matches!(predicted.outcomes.summary, Summary::Numbers(_)))
    });
    match numbers {
        Some(true) => &["predictions", "pit", "quantiles"],
        Some(false) => &["reliability", "risk_coverage", "entropy", "examples"],
        // Why there is none is the same of all.
        None => &["reliability"],
    }
}

/// What one run predicts of one target, and of examples out of distribution.
type OfTarget = (
    std::result::Result<plot::Predicted, String>,
    Vec<plot::Predicted>,
);

/// For each target its name and what each run predicts of it; and what else is known of each run.
fn materials(runs: Vec<Read>) -> (Vec<(String, Vec<OfTarget>)>, Vec<Material>) {
    let first = runs.iter().find_map(|run| run.scored.as_ref().ok());
    let names = first.map_or(vec![String::new()], |scored| {
        let targets = scored.targets.iter();
        targets
            .map(|t| t.run.inference.target.name.clone())
            .collect()
    });
    let mut all: Vec<(String, Vec<OfTarget>)> =
        names.into_iter().map(|name| (name, vec![])).collect();
    let mut materials = vec![];
    let alone = runs.len() == 1;
    for run in runs {
        let mut targets = run.scored.map(|scored| scored.targets.into_iter());
        for (_, of_target) in &mut all {
            of_target.push(match &mut targets {
                Err(why) => (Err(why.clone()), vec![]),
                Ok(targets) => match targets.next() {
                    Some(target) => material::predicted(target),
                    None => (Err("the run has no such target".into()), vec![]),
                },
            });
        }
        materials.push(Material {
            name: if alone { String::new() } else { run.name },
            log: run.log,
            parameters: run.parameters,
            predicted: Err(String::new()),
            elsewhere: vec![],
            pruned: run.pruned,
        });
    }
    (all, materials)
}

/// The pictures of these kinds, and what is missing.
fn pictures(kinds: &[&str], materials: &[Material]) -> Vec<Block> {
    let all: Vec<&Material> = materials.iter().collect();
    let (mut drawn, mut missing) = (vec![], vec![]);
    for name in kinds {
        let kind = plot::find(name).expect("a kind of picture");
        let each: Vec<(&str, &[&Material])> = match kind.overlays() || all.len() == 1 {
            true => vec![("", &all[..])],
            false => all.chunks(1).map(|one| (&one[0].name[..], one)).collect(),
        };
        // How to read it is said once.
        let mut reading = kind.reading();
        for (of, runs) in each {
            match kind.draw(runs) {
                Ok(figure) => drawn.push(Picture {
                    figure,
                    of: of.into(),
                    reading: std::mem::take(&mut reading).into(),
                }),
                Err(why) if of.is_empty() => missing.push(format!("No picture `{name}`: {why}.")),
                Err(why) => missing.push(format!("No picture `{name}` of {of}: {why}.")),
            }
        }
    }
    let mut blocks = vec![];
    if !drawn.is_empty() {
        blocks.push(Block::Pictures(drawn));
    }
    let missing = distinct(missing).into_iter();
    blocks.extend(missing.map(|text| Block::Note(text.replace('`', ""))));
    blocks
}
