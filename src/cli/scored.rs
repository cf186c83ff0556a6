//! A run with its scores on some data: what `evaluate`, `report`, `plot` and `compare` start from.

mod bar;
mod elsewhere;

use super::arguments::{DataSource, DrawArgs};
use super::beyond::tell_what_is_odd;
use super::calibrated::CalibrationArgs;
use super::open::{Chosen, Opened, open};
use super::parts::PartArgs;
use crate::calibrate::Calibration;
use crate::data::probabilities::Probabilities;
use crate::diagnostic::{Diagnostic, Result};
use crate::engine::{Observed, Predictor};
use crate::evaluate::{Elbo, Scores, elbo, outcomes, scored_by_example};
use crate::examples::Part;
use crate::likelihood::Detail;
use crate::score::ood::{self, Detection};
use crate::score::{
    Measured, Outcomes, baseline, baseline_of_places, measure, measure_against, measure_entries,
    measure_tallies,
};
use bar::Bar;
use elsewhere::Elsewhere;
use std::borrow::Borrow;
use std::path::{Path, PathBuf};

/// How a run is scored.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The data.
    pub data: &'a DataSource,
    /// Which part of it.
    pub part: PartArgs,
    /// Data out of distribution.
    pub ood: &'a [String],
    /// Whether a terminal shows how far it is.
    pub bar: bool,
    /// Draws of the weights.
    pub draws: DrawArgs,
    /// Resamples of the bootstrap; 0 for none.
    pub resamples: usize,
    /// What predictions are calibrated by.
    pub calibration: CalibrationArgs,
    /// Probabilities that predictions are compared with.
    pub reference: Option<&'a Probabilities>,
}

/// A run, scored.
pub struct ScoredRun {
    /// Its directory.
    pub path: PathBuf,
    /// The run.
    pub run: Opened,
    /// Draws of the weights that were averaged: 1 where nothing is random.
    pub samples: usize,
    /// Of the draws.
    pub seed: u64,
    /// Each of its targets.
    pub targets: Vec<ScoredTarget>,
    /// The terms of the loss, with the nll of these examples.
    pub elbo: Elbo,
    /// ln p(D) of the training examples, where the method works it out.
    pub log_evidence: Option<f64>,
    /// The factor by which the method has multiplied the scale of every prior, where it has.
    pub prior_factor: Option<f64>,
}

/// One target of a run, scored.
pub struct ScoredTarget {
    /// The run, as one of this target alone.
    pub run: Opened,
    /// The examples.
    pub chosen: Chosen,
    /// What its predictions are calibrated by: what is predicted is at the temperature.
    pub calibration: Calibration,
    /// What was predicted of each; not kept of targets with a value at each of several places.
    pub outcomes: Option<Outcomes>,
    /// The likelihood's scores.
    pub scores: Scores,
    /// Every score, with its resamples.
    pub measured: Vec<Measured>,
    /// Of each entry of targets of several its scores; else empty.
    pub by_entry: Vec<Vec<Measured>>,
    /// The scores of the baseline, without resamples.
    pub baseline: Vec<Measured>,
    /// How examples out of distribution are told from these.
    pub ood: Vec<OutOfDistribution>,
}

/// Some data out of distribution.
pub struct OutOfDistribution {
    /// `fashion_mnist`
    pub data: String,
    /// `fashion_mnist, test part of 10,000 examples`
    pub name: String,
    /// What was predicted of them.
    pub outcomes: Outcomes,
    /// How they are told from the examples in distribution.
    pub detections: Vec<Detection>,
}

/// Opens the run in `path` and scores it.
///
/// # Errors
///
/// A run or data that cannot be read; predictions that are not finite; `E0616` for data out of distribution of a target
/// with a value at each of several places.
pub fn score_run(path: &Path, asked: Asked) -> Result<ScoredRun> {
    let (run, mut predictor) = open(path)?;
    let alone = run.of_targets(asked.data)?;
    let chosen = run.choose_all(&alone, asked.data, asked.part, true)?;
    refuse_of_places(&alone, asked.ood)?;
    if asked.reference.is_some() {
        refuse_without_classes(&alone)?;
    }
    let elsewhere: Vec<Elsewhere> = (asked.ood.iter())
        .map(|name| Elsewhere::read(&run, asked.data, name))
        .collect::<Result<_>>()?;
    let (samples, seed) = asked.draws.of(path, &run, &*predictor);
    asked.calibration.refuse_judged(chosen[0].split)?;
    let of = [samples as u64, seed];
    let calibrations = (asked.calibration).fit(&run, &mut *predictor, asked.data, of)?;
    let each: usize = elsewhere.iter().map(Elsewhere::len).sum();
    let examples: usize = chosen.iter().map(|chosen| chosen.rows.len() + each).sum();
    let what = asked.bar.then(|| format!("evaluating {}", path.display()));
    let mut watched = Observed {
        predictor: &mut *predictor,
        observer: Bar::new(what, (examples * samples) as u64),
    };
    let mut targets = vec![];
    for ((own, chosen), calibration) in alone.into_iter().zip(chosen).zip(calibrations) {
        let scoring = Scoring {
            samples,
            seed,
            resamples: asked.resamples,
            calibration,
            reference: asked.reference,
        };
        targets.push(scoring.target(&mut watched, own, chosen, &elsewhere)?);
    }
    drop(watched);
    tell_what_is_odd(&targets[0].run, &targets[0].chosen)?;
    let n = run.record.training_examples;
    let scores: Vec<Scores> = targets.iter().map(|t| t.scores.clone()).collect();
    let elbo = elbo(&mut *predictor, &run.inference, &scores, n, samples, seed);
    let elbo = match targets[0].chosen.split {
        "train" => elbo,
        _ => elbo.of_others(),
    };
    Ok(ScoredRun {
        path: path.into(),
        run,
        samples,
        seed,
        targets,
        elbo,
        log_evidence: predictor.log_evidence(),
        prior_factor: predictor.prior_factor(),
    })
}

/// Examples are told apart by one uncertainty each.
fn refuse_of_places(targets: &[Opened], ood: &[String]) -> Result<()> {
    let of_places = |run: &&Opened| run.inference.target.kind.axes().is_some();
    match (targets.iter().find(of_places), ood) {
        (Some(run), [_, ..]) => {
            let target = &run.inference.target;
            let title = format!(
                "`--ood` compares one uncertainty an example, and the target `{}` has a value at each of several places",
                target.name
            );
            Err(Diagnostic::error("E0616", title)
                .help("leave `--ood` out; `bnnc predict` writes the uncertainty of each place")
                .into())
        }
        _ => Ok(()),
    }
}

/// A reference has the probabilities of one target's classes.
fn refuse_without_classes(targets: &[Opened]) -> Result<()> {
    let target = &targets[0].inference.target;
    let title = match targets {
        [_, _, ..] => "`--reference` is of one target, and the model has several".to_owned(),
        _ if target.kind.axes().is_some() => format!(
            "`--reference` is of one class an example, and the target `{}` has several places",
            target.name
        ),
        _ if target.kind.classes().is_none() => format!(
            "`--reference` is of probabilities of classes, and the target `{}` has none",
            target.name
        ),
        _ => return Ok(()),
    };
    Err(Diagnostic::error("E0603", title)
        .help("leave `--reference` out: the run has its other scores without it")
        .into())
}

/// How the targets of a run are scored.
struct Scoring<'a> {
    samples: usize,
    seed: u64,
    resamples: usize,
    calibration: Calibration,
    reference: Option<&'a Probabilities>,
}

impl Scoring<'_> {
    fn target(
        self,
        predictor: &mut dyn Predictor,
        run: Opened,
        chosen: Chosen,
        elsewhere: &[Elsewhere],
    ) -> Result<ScoredTarget> {
        let part = run.part(&chosen);
        let (samples, seed) = (self.samples, self.seed);
        if part.kind.axes().is_some() {
            let (scores, tallies) = scored_by_example(predictor, &part, samples, seed)?;
            let measured = measure_tallies(&tallies, self.resamples);
            let places = part.kind.entries();
            let targets = (0..part.len())
                .flat_map(|example| (0..places).map(move |place| part.target(example, place)));
            let baseline = baseline_of_places(&part.summary, part.len(), targets);
            return Ok(ScoredTarget {
                run,
                chosen,
                calibration: self.calibration,
                outcomes: None,
                scores,
                measured,
                by_entry: vec![],
                baseline,
                ood: vec![],
            });
        }
        let mut found = outcomes(predictor, &part, samples, seed, Detail::Scores)?;
        let label = |example: usize| found.targets[example] as usize;
        self.calibration.apply(&mut found.predicted, Some(&label));
        let ood = (elsewhere.iter())
            .map(|data| self.elsewhere(predictor, &found, data, &data.part(&run)))
            .collect::<Result<_>>()?;
        let mut measured = measure(&found, self.resamples);
        if let Some(reference) = self.reference {
            let width = found.predicted.width;
            let all = reference.of_classes(width, &run.record.class_names, found.examples())?;
            measured.extend(measure_against(&found, all, self.resamples));
        }
        Ok(ScoredTarget {
            scores: Scores::of(&found),
            measured,
            by_entry: measure_entries(&found, self.resamples),
            baseline: baseline(&found).map_or(vec![], |known| measure(&known, 0)),
            outcomes: Some(found),
            calibration: self.calibration,
            ood,
            run,
            chosen,
        })
    }

    fn elsewhere(
        &self,
        predictor: &mut dyn Predictor,
        inside: &Outcomes,
        data: &Elsewhere,
        part: &Part,
    ) -> Result<OutOfDistribution> {
        let mut outcomes = outcomes(predictor, part, self.samples, self.seed, Detail::Moments)?;
        self.calibration.apply(&mut outcomes.predicted, None);
        Ok(OutOfDistribution {
            data: data.data.name.clone(),
            name: data.name.clone(),
            detections: ood::detect(inside, &outcomes, self.resamples),
            outcomes,
        })
    }
}

/// That runs are scored on the same examples, in the same order.
///
/// # Errors
///
/// `E0615` where they are not.
pub fn same_examples<R: Borrow<ScoredRun>>(runs: &[R]) -> Result<()> {
    let mut runs = runs.iter().map(Borrow::borrow);
    let Some(first) = runs.next() else {
        return Ok(());
    };
    for other in runs {
        let differ = differ(first, other);
        let Some(why) = differ else {
            continue;
        };
        let title = format!(
            "`{}` and `{}` are not scored on the same examples",
            first.path.display(),
            other.path.display()
        );
        return Err(Diagnostic::error("E0615", title)
            .note(format!(
                "{}: {}",
                first.path.display(),
                first.targets[0].chosen.name
            ))
            .note(format!(
                "{}: {}",
                other.path.display(),
                other.targets[0].chosen.name
            ))
            .note(why)
            .help("name data for all of them with `--data`, or evaluate each by itself")
            .into());
    }
    Ok(())
}

/// Why two runs' examples are not the same.
fn differ(one: &ScoredRun, other: &ScoredRun) -> Option<&'static str> {
    if one.targets.len() != other.targets.len() {
        return Some("they have another number of targets");
    }
    one.targets.iter().zip(&other.targets).find_map(|(a, b)| {
        let (of_a, of_b) = (&a.chosen, &b.chosen);
        if of_a.rows.len() != of_b.rows.len() {
            return Some("these are not as many");
        }
        let (part_a, part_b) = (a.run.part(of_a), b.run.part(of_b));
        let entries = part_a.kind.entries();
        if entries != part_b.kind.entries() {
            return Some("the targets have another number of entries");
        }
        let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
        let same_target = (0..part_a.len()).all(|place| {
            (0..entries).all(|e| same(part_a.target(place, e), part_b.target(place, e)))
        });
        if !same_target {
            return Some("the targets differ");
        }
        let same_place = of_a.data.name == of_b.data.name && of_a.file_rows() == of_b.file_rows();
        let same_inputs = || part_a.split.inputs == part_b.split.inputs && of_a.rows == of_b.rows;
        (!same_place && !same_inputs()).then_some("the rows differ")
    })
}
