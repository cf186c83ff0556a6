//! The scores of a page: of one run with intervals and baseline, of several side by side.

use super::super::evaluate::{differences, interval, value, verdict, with_interval};
use super::super::scored::{ScoredRun, ScoredTarget, same_examples};
use super::read::Read;
use crate::likelihood::Summary;
use crate::plot::page::{Block, Headline, Section, Table};
use crate::score::{About, Measured, Unit, baseline_says};
use crate::train::progress::{number, percent};

/// A section for each target.
pub fn sections(runs: &[Read]) -> Vec<Section> {
    let scored: Vec<(&str, &ScoredRun)> = runs
        .iter()
        .filter_map(|run| Some((&run.name[..], run.scored.as_ref().ok()?)))
        .collect();
    let Some((_, first)) = scored.first() else {
        return vec![];
    };
    let several = first.targets.len() > 1;
    (0..first.targets.len())
        .map(|number| {
            let name = &first.targets[number].run.inference.target.name;
            let title = match several {
                true => format!("Scores of {name}"),
                false => "Scores".into(),
            };
            let blocks = match &scored[..] {
                [(_, only)] => of_one(&only.targets[number]),
                all => side_by_side(all, number),
            };
            Section {
                title,
                lead: "The 95 % intervals are bootstrap intervals over the examples: how much each score would vary on \
                       other test sets of this size."
                    .into(),
                blocks,
            }
        })
        .collect()
}

/// What stands out, of classes and of numbers.
const HEADLINE: [&str; 8] = [
    "accuracy",
    "mean_iou",
    "rmse",
    "nll",
    "brier",
    "ece",
    "crps",
    "coverage_90",
];

/// Scores of classes that say nothing of a baseline made of the very targets: frequencies are calibrated by construction.
const OF_ITSELF: [&str; 7] = [
    "ece",
    "ece_equal_mass",
    "classwise_ece",
    "confidence",
    "entropy",
    "aleatoric_entropy",
    "mutual_information",
];

/// What a score is and how it is computed, nothing twice, and nothing of other kinds of targets.
fn explained(about: &About, target: &ScoredTarget) -> String {
    let summary = target.run.inference.summary();
    let of_counts = matches!(&summary, Summary::Numbers(numbers) if numbers.marginal.whole());
    let scheme = about
        .scheme
        .filter(|_| of_counts || !about.name.starts_with("coverage_"));
    match (scheme, about.what.rsplit_once(", ")) {
        (None, _) => about.what.into(),
        (Some(scheme), Some((what, how))) if scheme.starts_with(how) => {
            format!("{what} ({scheme})")
        }
        (Some(scheme), _) => format!("{} ({scheme})", about.what),
    }
}

/// The baseline's number; rounding alone is 0.
fn of_baseline(measured: &Measured) -> String {
    let is_rounding = measured.value.abs() < 1e-7;
    value(&Measured {
        value: if is_rounding { 0.0 } else { measured.value },
        ..measured.clone()
    })
}

/// A name as a reader has it.
fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

fn of_one(target: &ScoredTarget) -> Vec<Block> {
    let known = |name: &str| {
        let mut told = target.baseline.iter();
        told.find(|m| m.about.name == name && !OF_ITSELF.contains(&name))
    };
    let headline = target.measured.iter();
    let headline = headline.filter(|m| HEADLINE.contains(&m.about.name));
    let headline: Vec<Headline> = headline
        .map(|measured| Headline {
            name: spoken(measured.about.name),
            value: value(measured),
            beneath: [
                Some(interval(measured)).filter(|text| !text.is_empty()),
                known(measured.about.name).map(|known| format!("baseline {}", of_baseline(known))),
            ]
            .into_iter()
            .flatten()
            .collect(),
        })
        .collect();
    let mut rows = vec![texts([
        "score",
        "",
        "95 % interval",
        "baseline",
        "what it is",
    ])];
    for measured in &target.measured {
        let about = measured.about;
        let baseline = known(about.name).map_or(String::new(), of_baseline);
        rows.push(texts([
            &spoken(about.name),
            &value(measured),
            &interval(measured),
            &baseline,
            &explained(about, target),
        ]));
    }
    let says = target
        .outcomes
        .as_ref()
        .map(|found| baseline_says(&found.summary));
    let caption = says.map_or(String::new(), |says| format!("The baseline is {says}."));
    let mut blocks = vec![
        Block::Headline(headline),
        Block::Table(Table {
            caption,
            rows,
            right: vec![1, 2, 3],
            explanation: Some(4),
            folded: None,
        }),
    ];
    blocks.extend(detections(&[("", target)]));
    blocks
}

fn texts<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(String::from).to_vec()
}

/// How examples out of distribution are told from those in it.
fn detections(targets: &[(&str, &ScoredTarget)]) -> Option<Block> {
    let mut rows: Vec<Vec<String>> = vec![];
    let mut head = vec![];
    for (run, target) in targets {
        for ood in &target.ood {
            for detection in &ood.detections {
                let mut row = vec![];
                if targets.len() > 1 {
                    row.push((*run).to_owned());
                }
                row.extend([ood.data.clone(), spoken(detection.by.name)]);
                row.extend(detection.scores.iter().map(with_interval));
                rows.push(row);
                head = detection
                    .scores
                    .iter()
                    .map(|m| spoken(m.about.name))
                    .collect();
            }
        }
    }
    if rows.is_empty() {
        return None;
    }
    let mut first = texts(["out of distribution", "told by"]);
    if targets.len() > 1 {
        first.insert(0, "run".into());
    }
    let right = (first.len()..first.len() + head.len()).collect();
    first.extend(head);
    rows.insert(0, first);
    Some(Block::Table(Table {
        caption: "How well each uncertainty tells examples out of distribution from those in it: an AUROC of 50 % is a \
                  coin, 100 % is perfect; FPR95 is how many of the former pass where 95 % of the latter do."
            .into(),
        rows,
        right,
        ..Table::default()
    }))
}

fn side_by_side(runs: &[(&str, &ScoredRun)], target: usize) -> Vec<Block> {
    let with: Vec<(&str, &ScoredTarget)> = runs
        .iter()
        .filter_map(|(name, run)| Some((*name, run.targets.get(target)?)))
        .collect();
    let mut names: Vec<&'static str> = vec![];
    for (_, of_run) in &with {
        for measured in &of_run.measured {
            if !names.contains(&measured.about.name) {
                names.push(measured.about.name);
            }
        }
    }
    let mut rows = vec![vec!["score".to_owned()]];
    rows[0].extend(with.iter().map(|(name, _)| (*name).to_owned()));
    rows.extend(names.iter().map(|name| {
        let cell = |of_run: &ScoredTarget| {
            let found = of_run.measured.iter().find(|m| m.about.name == *name);
            found.map_or("–".into(), with_interval)
        };
        let cells = with.iter().map(|(_, of_run)| cell(of_run));
        std::iter::once(spoken(name)).chain(cells).collect()
    }));
    let right = (1..=with.len()).collect();
    let mut blocks = vec![Block::Table(Table {
        rows,
        right,
        ..Table::default()
    })];
    blocks.extend(paired(runs, target));
    blocks.extend(detections(&with));
    blocks
}

/// How each run differs from the first, example by example.
fn paired(runs: &[(&str, &ScoredRun)], target: usize) -> Vec<Block> {
    let (first_name, first) = runs[0];
    runs[1..]
        .iter()
        .map(|(name, run)| {
            if let Err(failure) = same_examples(&[first, *run]) {
                let why = super::super::material::reason(&failure);
                return Block::Note(format!("{name} less {first_name}: not compared. {why}."));
            }
            let mut rows = vec![texts(["score", "difference", "95 % interval", "it is"])];
            let all = differences(first, run);
            let found = all.get(target).map_or(&[][..], |(_, found)| found);
            for (score, difference) in found {
                let text = match difference.about.unit {
                    Unit::Share => percent(difference.value),
                    _ => number(difference.value),
                };
                let sign = if difference.value > 0.0 { "+" } else { "" };
                rows.push(texts([
                    &spoken(score),
                    &format!("{sign}{text}"),
                    &interval(difference),
                    verdict(difference).unwrap_or_default(),
                ]));
            }
            Block::Table(Table {
                caption: format!("{name} less {first_name}, of the same examples"),
                rows,
                right: vec![1, 2],
                ..Table::default()
            })
        })
        .collect()
}
