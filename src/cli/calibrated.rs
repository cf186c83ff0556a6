//! Calibration after training: flags that `evaluate` and `predict` have in common, and how what they ask for is fitted.

use super::arguments::DataSource;
use super::open::{Chosen, Opened, Which};
use super::parts::PartArgs;
use super::predict::probability;
use super::terminal::say_wrapped;
use crate::calibrate::{Calibration, Conformal, Effect, Temperature};
use crate::diagnostic::{Diagnostic, Result};
use crate::engine::Predictor;
use crate::evaluate::outcomes;
use crate::likelihood::{Detail, Summary};
use crate::score::Outcomes;
use crate::train::progress::{number, percent};
use crate::words::thousands;
use clap::Args;
use serde_json::{Value, json};

/// What is fitted on the examples that the run set aside.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct CalibrationArgs {
    /// Sharpen or soften probabilities of classes by one temperature, fitted on what the run set aside
    #[arg(long)]
    pub temperature: bool,
    /// Sets of classes, or intervals of numbers, that hold the target with this probability, as 0.9: split conformal,
    /// fitted on what the run set aside
    #[arg(long, value_name = "LEVEL", value_parser = probability, allow_negative_numbers = true)]
    pub conformal: Option<f64>,
}

impl CalibrationArgs {
    /// Refuses to judge a calibration by the examples that it is fitted on.
    ///
    /// # Errors
    ///
    /// `E0603`.
    pub fn refuse_judged(&self, split: &str) -> Result<()> {
        if split != "validation" || !self.temperature && self.conformal.is_none() {
            return Ok(());
        }
        let title = "a calibration is not judged by the validation part, which it is fitted on";
        Err(Diagnostic::error("E0603", title)
            .help("train with held-out rows, as by `--test 0.2`, or name other data with `--data`")
            .into())
    }

    /// Fits what is asked for, of each target of the run: with `samples` draws of the weights, as what is then predicted.
    ///
    /// # Errors
    ///
    /// `E0603` where the run set nothing aside, or too little; where a temperature is asked for and no target is of
    /// classes, or anything of a target with a value at each of several places.
    pub fn fit(
        &self,
        run: &Opened,
        predictor: &mut dyn Predictor,
        source: &DataSource,
        [samples, seed]: [u64; 2],
    ) -> Result<Vec<Calibration>> {
        if !self.temperature && self.conformal.is_none() {
            let targets = 0..=run.inference.others.len();
            return Ok(targets.map(|_| Calibration::default()).collect());
        }
        let (alone, chosen) = set_aside(run, source)?;
        let of_classes = |own: &Opened| matches!(own.inference.summary(), Summary::Classes(_));
        let any = alone.iter().any(of_classes);
        let mut all = vec![];
        for (own, chosen) in alone.iter().zip(&chosen) {
            let part = own.part(chosen);
            if part.kind.axes().is_some() {
                let title = "predictions with a value at each of several places are not calibrated";
                return Err(Diagnostic::error("E0603", title)
                    .help("leave `--temperature` and `--conformal` out")
                    .into());
            }
            let mut found = outcomes(predictor, &part, samples as usize, seed, Detail::Moments)?;
            // Of several targets those that are classes have one.
            let temperature = match self.temperature && (of_classes(own) || !any) {
                true => Some(Temperature::fit(&found)?),
                false => None,
            };
            let mut calibration = Calibration {
                temperature,
                conformal: None,
            };
            calibration.apply(&mut found.predicted, None);
            if let Some(level) = self.conformal {
                calibration.conformal = Some(Conformal::fit(&found, level)?);
            }
            all.push(calibration);
        }
        Ok(all)
    }
}

/// What the run set aside of its own data.
fn set_aside(run: &Opened, source: &DataSource) -> Result<(Vec<Opened>, Vec<Chosen>)> {
    if run.record.validation_examples == 0 {
        let title =
            "a calibration is fitted on examples that the run set aside, and it set none aside";
        return Err(Diagnostic::error("E0603", title)
            .note("never on those that it was trained on, nor on those that it is judged on")
            .help("train with `--validation 0.1`")
            .into());
    }
    // Where the run's data are no more where they were, the data that is named may be they.
    let named = source.data.as_deref().filter(|data| *data != "-");
    let source = match run.config.data.is_gone() && named.is_some() {
        true => source.clone(),
        false => DataSource {
            data_dir: source.data_dir.clone(),
            ..DataSource::default()
        },
    };
    let part = PartArgs {
        split: Some(Which::Validation),
        ..PartArgs::default()
    };
    let alone = run.of_targets(&source)?;
    let chosen = run.choose_all(&alone, &source, part, true)?;
    Ok((alone, chosen))
}

/// What calibrates a target, and what it does to these outcomes, at the temperature already, as lines.
pub fn say_calibration(calibration: &Calibration, outcomes: Option<&Outcomes>) {
    if let Some(found) = &calibration.temperature {
        let [before, after] = found.nll.map(number);
        let of = format!("{} validation examples", thousands(found.examples));
        let end = match found.is_at_end() {
            true => ". That is an end of what is tried: these examples do not say it",
            false => "",
        };
        let what = format!(
            "fitted on {of}, whose nll it takes from {before} to {after}{end}. Probabilities and their entropy are at it; \
             aleatoric_entropy and mutual_information are of the draws without it, and do not add up to entropy"
        );
        say_wrapped(
            &format!("{:<25}{:<8} ", "temperature", number(found.value)),
            &what,
        );
    }
    let Some(sets) = &calibration.conformal else {
        return;
    };
    let level = percent(sets.level);
    let of = format!("fitted on {} validation examples", thousands(sets.examples));
    let head = format!("{:<25}{:<8} ", "conformal", level);
    say_wrapped(&head, &format!("{}; {of}", sets.scheme()));
    let Some(effect) = outcomes.map(|outcomes| sets.effect(outcomes)) else {
        return;
    };
    for (covered, size) in effect.covered.iter().zip(&effect.size) {
        let what = match effect.empty {
            Some(empty) => format!(
                "of targets in their sets, of {} classes on average; {} of the sets are empty",
                number(*size),
                percent(empty)
            ),
            None => format!(
                "of targets in their intervals, {} wide on average",
                number(*size)
            ),
        };
        say_wrapped(&format!("{:<25}{:<8} ", "", percent(*covered)), &what);
    }
}

/// The same as JSON; null where nothing is calibrated.
pub fn calibration_json(calibration: &Calibration, outcomes: Option<&Outcomes>) -> Value {
    let temperature = calibration.temperature.as_ref();
    let sets = calibration.conformal.as_ref();
    let effect = |sets: &Conformal| -> Option<Effect> { outcomes.map(|found| sets.effect(found)) };
    if temperature.is_none() && sets.is_none() {
        return Value::Null;
    }
    json!({
        "temperature": temperature.map(|found| json!({
            "value": found.value,
            "examples": found.examples,
            "validation_nll": { "before": found.nll[0], "after": found.nll[1] },
        })),
        "conformal": sets.map(|sets| {
            let effect = effect(sets);
            json!({
                "level": sets.level,
                "examples": sets.examples,
                "scheme": sets.scheme(),
                "quantiles": sets.quantiles,
                "covered": effect.as_ref().map(|effect| &effect.covered),
                "size": effect.as_ref().map(|effect| &effect.size),
                "empty": effect.as_ref().and_then(|effect| effect.empty),
            })
        }),
    })
}
