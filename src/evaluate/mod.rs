//! Evaluation: what averaging over draws of the weights predicts, and how good that is.
//!
//! Draw s of the weights is one function for all examples, and its number is one that no training step has: a
//! prediction depends on the example, the run's variables and seed, and the number of draws, not on the example's
//! place, the others or the estimators of training.

mod scores;
mod verdict;

pub use scores::{Scores, outcomes, scored, scored_by_example};

use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::engine::Predictor;
use crate::examples::{Buffers, Part};
use crate::exec::TermValue;
use crate::ir::{Factor, Inference, Position, Scale, TermKind};
use crate::likelihood::{Detail, Predictive, Quantile};
use crate::memory;
use crate::terms::Term;
use rayon::prelude::*;
use serde::Serialize;

/// Examples of one call.
pub const BATCH: usize = 128;
/// The most batches that share a draw of the weights before the next is made, and the most numbers of
/// their inputs: these are kept meanwhile.
const SHARED: [usize; 2] = [64, 1 << 22];
/// The most numbers of predictions that are made at a time, where targets are images.
const MOST_PREDICTED: usize = 1 << 24;
/// The most numbers of single draws that are kept at a time.
const MOST_KEPT: usize = 1 << 23;

/// What one density, of an example or of one of its places, is averaged from: the largest log density so far, and the sum of
/// exp(log density − it).
#[derive(Clone, Copy)]
struct LogSum {
    largest: f64,
    sum: f64,
}

impl LogSum {
    const EMPTY: LogSum = LogSum {
        largest: f64::NEG_INFINITY,
        sum: 0.0,
    };

    fn add(&mut self, log: f64) {
        if log > self.largest {
            self.sum = self.sum * (self.largest - log).exp() + 1.0;
            self.largest = log;
        } else if log > f64::NEG_INFINITY {
            // Of no density at all there is nothing to add.
            self.sum += (log - self.largest).exp();
        }
    }

    /// −ln of the mean over `draws`.
    fn nll(&self, draws: usize) -> f64 {
        (draws as f64).ln() - self.largest - self.sum.ln()
    }
}

/// Predicts every example of `part` with `draws` draws.
pub fn predict(
    predictor: &mut dyn Predictor,
    part: &Part,
    draws: usize,
    seed: u64,
) -> Result<Predictive> {
    let wanted = Wanted::new(draws, seed, Detail::Moments);
    Ok(predict_some(predictor, part, wanted)?.0)
}

/// What is predicted of some examples.
pub struct Wanted<'a> {
    /// Draws of the weights.
    pub draws: usize,
    /// Their seed.
    pub seed: u64,
    /// As much of predicted numbers.
    pub detail: Detail,
    /// Which quantiles of these, where `detail` has any.
    pub quantiles: Vec<Quantile>,
    /// Is told what each draw predicts of each example, in own units: the example's place, the draw, its row
    /// ([`crate::likelihood::Summary::in_units`]).
    pub watch: Option<Watch<'a>>,
}

/// What [`Wanted`] tells single draws to.
pub type Watch<'a> = &'a mut dyn FnMut(usize, usize, &[f64]);

impl Wanted<'_> {
    /// The usual quantiles, if any.
    pub fn new(draws: usize, seed: u64, detail: Detail) -> Self {
        Wanted {
            draws,
            seed,
            detail,
            quantiles: Quantile::usual(),
            watch: None,
        }
    }
}

/// As [`predict`], with as much of predicted numbers as `detail` asks for; each prediction has to be finite.
///
/// # Errors
///
/// As [`predict`]; `E0612` for a prediction that is infinite or not a number.
pub fn predict_with(
    predictor: &mut dyn Predictor,
    part: &Part,
    draws: usize,
    seed: u64,
    detail: Detail,
) -> Result<Predictive> {
    let wanted = Wanted::new(draws, seed, detail);
    let (predicted, broken) = predict_some(predictor, part, wanted)?;
    match broken.first() {
        None => Ok(predicted),
        Some(first) => {
            let farthest = part.farthest_input(*first);
            Err(not_finite(broken.len(), *first, part.len(), farthest))
        }
    }
}

/// The message about so many of `examples` predictions; `farthest` is the input of the first of them that lies
/// farthest from the training data, and how many of their standard deviations.
pub fn not_finite(
    count: usize,
    first: usize,
    examples: usize,
    farthest: Option<(usize, f64)>,
) -> Failure {
    let title = match count {
        1 => "a prediction is not finite".into(),
        many => format!("{many} predictions are not finite"),
    };
    let mut message = Diagnostic::error("E0612", title).note(format!(
        "the first is that of example {first} of {examples} (the first being 0)",
    ));
    if let Some((entry, size)) = farthest {
        message = message.note(format!(
            "its input at entry {entry} lies {size:.1e} standard deviations of the training data from their mean"
        ));
    }
    message
        .help("such inputs are far from all that was trained on: leave them out, or look whether they are meant")
        .into()
}

/// How many examples are predicted at a time: several batches share a draw of the weights, and each example is scaled once.
///
/// # Errors
///
/// `E0613` where the predictions, or the draws that are kept of such a group, take more memory than there is.
fn at_once(part: &Part, batch_size: usize, draws: usize, detail: Detail) -> Result<usize> {
    let (summary, n, input) = (part.summary, part.len(), part.split.input_shape.len());
    let (columns, keep) = (summary.row(), summary.keeps_draws(detail));
    let mut group = batch_size * (SHARED[1] / (batch_size * input.max(1))).clamp(1, SHARED[0]);
    if part.kind.axes().is_some() {
        let of_example = columns * if keep { draws } else { 1 };
        group = group.min(MOST_PREDICTED / of_example).max(1);
    }
    if keep {
        // Memory does not grow with the draws.
        group = group.min(MOST_KEPT / (draws * columns)).max(1);
    }
    let densities = summary.densities() * size_of::<LogSum>();
    let of_example = summary.kept(detail) * size_of::<f64>() + densities;
    let bytes = (n as u64).saturating_mul(of_example as u64);
    memory::refuse("what is predicted", bytes, "predict fewer rows")?;
    if keep {
        let numbers = (group.min(n) as u64).saturating_mul((draws * columns) as u64);
        let bytes = numbers.saturating_mul(size_of::<f64>() as u64);
        memory::refuse("keeping every draw", bytes, "take fewer `--samples`")?;
    }
    Ok(group)
}

/// What ends predictions that nobody wants any more.
pub fn stopped() -> Diagnostic {
    Diagnostic::error("E0603", "predictions were stopped before their end")
}

/// The predictions averaged over draws, and the examples of which some draw's is not finite.
///
/// # Errors
///
/// A target that is not one of the model's; more than the memory has room for.
pub fn predict_some(
    predictor: &mut dyn Predictor,
    part: &Part,
    wanted: Wanted,
) -> Result<(Predictive, Vec<usize>)> {
    let Wanted {
        draws,
        seed,
        detail,
        quantiles,
        mut watch,
    } = wanted;
    let mut broken = vec![];
    predictor.predict_target(part.target);
    let (summary, n) = (part.summary, part.len());
    let (entries, columns) = (part.kind.entries(), summary.row());
    // Densities of an example that are averaged each by itself.
    let each = summary.densities();
    let keep = summary.keeps_draws(detail);
    let batch_size = BATCH.min(predictor.capacity());
    let input = part.split.input_shape.len();
    let group = at_once(part, batch_size, draws, detail)?;
    let mut predicted = summary.begin(n, draws);
    predicted.asked = quantiles;
    let of_targets = usize::from(part.with_targets) * each;
    let mut densities = vec![LogSum::EMPTY; n * of_targets];
    let mut expected_nll = vec![0.0; n * usize::from(part.with_targets)];
    let mut buffers = Buffers::default();
    let (mut out, mut nll) = (vec![0.0f32; group * columns], vec![0.0f32; group * each]);
    // Of averages in closed form.
    let mut of_weights: Option<Vec<f64>> = None;
    // One row in own units; and all of a group, an example's draws beside each other.
    let (mut own, mut kept) = (vec![0.0; columns], vec![]);
    for start in (0..n).step_by(group) {
        let places = start..n.min(start + group);
        let batch = part.gather(places.clone(), &mut buffers)?;
        part.expect(places.end..n.min(places.end + group));
        let log_scales: Vec<f64> = (0..batch.len * of_targets.min(1))
            .map(|example| {
                let target = batch.targets.of(example..example + 1, entries);
                part.scales.log_scale(part.kind, target, 1)
            })
            .collect();
        kept.resize(if keep { batch.len * draws * columns } else { 0 }, 0.0);
        for draw in 0..draws {
            if predictor.is_stopped() {
                return Err(stopped().into());
            }
            predictor.draw_weights(draw, seed);
            for first in (0..batch.len).step_by(batch_size) {
                let range = first..batch.len.min(first + batch_size);
                let nll = &mut nll[range.start * each..range.end * each];
                predictor.predict_drawn(
                    &batch.inputs[range.start * input..range.end * input],
                    range.len(),
                    &mut out[range.start * columns..range.end * columns],
                    part.with_targets
                        .then(|| (batch.targets.of(range, entries), nll)),
                );
                if let (0, Some(parts)) = (draw, predictor.of_weights()) {
                    of_weights
                        .get_or_insert_with(Vec::new)
                        .extend_from_slice(parts);
                }
            }
            for (example, place) in places.clone().enumerate() {
                let row = &out[example * columns..][..columns];
                if row.iter().any(|x| !x.is_finite()) && broken.last() != Some(&place) {
                    broken.push(place);
                }
                summary.in_units(row, part.scales.units(), &mut own);
                summary.add(&mut predicted, place, draw, &own);
                if let Some(watch) = &mut watch {
                    watch(place, draw, &own);
                }
                if keep {
                    kept[(example * draws + draw) * columns..][..columns].copy_from_slice(&own);
                }
                let of_example = place * of_targets..(place + 1) * of_targets;
                let nll = &nll[example * of_targets..];
                for (density, nll) in densities[of_example].iter_mut().zip(nll) {
                    let nll = f64::from(*nll) + log_scales[example];
                    expected_nll[place] += nll / draws as f64;
                    density.add(-nll);
                }
            }
        }
        let rows = kept.par_chunks_exact((draws * columns).max(1)).enumerate();
        let asked = &predicted.asked;
        let located: Vec<Predictive> = rows
            .map(|(example, rows)| {
                let target = |entry| part.target(places.start + example, entry);
                let target: Option<&dyn Fn(usize) -> f64> = match part.with_targets {
                    true => Some(&target),
                    false => None,
                };
                let mut located = Predictive {
                    asked: asked.clone(),
                    ..Predictive::default()
                };
                summary.locate(&mut located, rows, detail, target);
                located
            })
            .collect();
        for of_example in located {
            predicted.append_located(of_example);
        }
    }
    summary.finish(&mut predicted);
    if let Some(parts) = of_weights {
        summary.split(&mut predicted, &parts, part.scales.units());
    }
    predicted.nll = densities.iter().map(|sum| sum.nll(draws)).collect();
    predicted.expected_nll = expected_nll;
    broken.sort_unstable();
    broken.dedup();
    Ok((predicted, broken))
}

/// What a model's variables come to.
#[derive(Debug, Clone, Serialize)]
pub struct Elbo {
    /// What the terms add up to: [`Inference::quantity`], or what [`Elbo::of_others`] says.
    pub quantity: &'static str,
    /// Their sum.
    pub loss: f64,
    /// N.
    pub training_examples: usize,
    /// The true terms: every KL or penalty at weight 1/N.
    pub terms: Vec<Term>,
    /// The terms as they are minimised, where that is something else: a temperature.
    pub objective: Option<Objective>,
}

/// What was minimised.
#[derive(Debug, Clone, Serialize)]
pub struct Objective {
    /// The sum of the terms.
    pub loss: f64,
    /// T
    pub temperature: f64,
    /// With their scales.
    pub terms: Vec<Term>,
}

impl Elbo {
    /// The same of examples that the model was not trained on, for which the sum is no bound.
    pub fn of_others(mut self) -> Elbo {
        self.quantity = match (self.terms.iter().all(Term::is_data), self.quantity) {
            (true, _) => "nll",
            (_, "-ELBO / N") => "expected nll + KL/N",
            _ => "nll + the weights' terms / N",
        };
        self
    }
}

/// The ELBO's terms with the nll of the examples that were scored, each target's: −ELBO/N itself for the training part,
/// and what it would be with these examples' log-likelihood for any other. Without temperature and
/// annealing; beside it, where T is not 1, the objective at its end.
///
/// Monte-Carlo KLs, and expectations over latent variables, are averaged over `draws`.
pub fn elbo(
    predictor: &mut dyn Predictor,
    inference: &Inference,
    scores: &[Scores],
    training_examples: usize,
    draws: usize,
    seed: u64,
) -> Elbo {
    let noisy = inference
        .loss
        .terms
        .iter()
        .any(|term| inference.is_noisy(term));
    let draws = if noisy { draws } else { 1 };
    let mut values = vec![0.0; inference.loss.terms.len()];
    for draw in 0..draws {
        for (sum, value) in values.iter_mut().zip(predictor.weight_terms(draw, seed)) {
            *sum += value.unwrap_or(0.0) / draws as f64;
        }
    }
    let at = Position::full_batch(training_examples);
    let once = Scale(vec![Factor::PerExample]);
    let term = |term: &crate::ir::Term, value: f64, scale: &Scale| {
        let (value, scale, symbol) = match term.kind {
            TermKind::Nll(target) => {
                let scores = &scores[target];
                let examples = scores.examples as f64;
                (scores.expected_nll * examples, 1.0 / examples, "1/n".into())
            }
            _ => (value, scale.value(&at), scale.to_string()),
        };
        let name = match term.kind {
            // Not the nll of the averaged probabilities.
            TermKind::Nll(_) if inference.is_random() => {
                format!("expected {}", term.kind.name(inference))
            }
            _ => term.kind.name(inference),
        };
        Term {
            name,
            symbol: Some(symbol),
            value: TermValue {
                value,
                scale,
                scaled: value * scale,
            },
        }
    };
    let of = |scale: &dyn Fn(&crate::ir::Term) -> Scale| -> (f64, Vec<Term>) {
        let pairs = inference.loss.terms.iter().zip(&values);
        let terms: Vec<Term> = pairs.map(|(t, v)| term(t, *v, &scale(t))).collect();
        (terms.iter().map(|t| t.value.scaled).sum(), terms)
    };
    let (loss, terms) = of(&|_| once.clone());
    let temperature = inference.objective.temperature;
    let objective = (temperature != 1.0 && !terms.iter().all(Term::is_data)).then(|| {
        let (loss, terms) = of(&|term| term.scale.clone());
        Objective {
            loss,
            temperature,
            terms,
        }
    });
    Elbo {
        quantity: inference.quantity(),
        loss,
        training_examples,
        terms,
        objective,
    }
}

#[cfg(test)]
pub(crate) mod tests;
