//! The predictions of one target, draw by draw: probabilities of classes, or the mean of each number; a draw of the
//! target from the likelihood; and the log-likelihood of each example.

use super::array::{Array, DRAW, EXAMPLE, Group, Values};
use super::draws::{Asked, Target, own_axes};
use crate::diagnostic::Result;
use crate::engine::{EVALUATION_STEPS, Predictor};
use crate::evaluate::{BATCH, not_finite};
use crate::examples::Buffers;
use crate::likelihood::{Summary, quantile};
use crate::tensor::Stream;

/// The uses of random numbers have these keys, less the target's number: no parameter has so high a number.
const TARGETS: u32 = u32::MAX;

/// What is kept of every draw.
pub struct Predictions<'a> {
    number: usize,
    target: &'a Target<'a>,
    asked: &'a Asked,
    /// Probabilities of classes.
    probabilities: Vec<f32>,
    /// Means of numbers, in own units.
    means: Vec<f64>,
    /// Targets drawn from the likelihood.
    drawn: Vec<f64>,
    log_likelihood: Vec<f64>,
    /// Examples of which some draw's prediction is not finite.
    broken: Vec<usize>,
    buffers: Buffers<f32>,
}

impl<'a> Predictions<'a> {
    pub fn new(number: usize, target: &'a Target<'a>, asked: &'a Asked) -> Self {
        Predictions {
            number,
            target,
            asked,
            probabilities: vec![],
            means: vec![],
            drawn: vec![],
            log_likelihood: vec![],
            broken: vec![],
            buffers: Buffers::default(),
        }
    }

    /// Bytes that all draws take.
    pub fn bytes(&self) -> u64 {
        let part = &self.target.part;
        let entries = part.kind.entries() as u64;
        let predicted = match part.summary {
            Summary::Classes(_) => 4 * part.summary.row() as u64 + 8 * entries,
            Summary::Numbers(_) => 16 * entries,
        };
        let of_draw = u64::from(self.asked.predictions) * predicted
            + u64::from(self.asked.log_likelihood) * 8;
        let inputs = 8 * part.split.input_shape.len() as u64 * u64::from(self.asked.inputs);
        let of_example = (self.asked.draws as u64).saturating_mul(of_draw) + inputs;
        (part.len() as u64).saturating_mul(of_example)
    }

    /// Adds what the weights drawn last, draw number `draw`, predict.
    pub fn add(&mut self, predictor: &mut dyn Predictor, draw: usize) -> Result<()> {
        if !self.asked.predictions && !self.asked.log_likelihood {
            return Ok(());
        }
        let part = &self.target.part;
        let (summary, entries) = (part.summary, part.kind.entries());
        let (columns, each) = (summary.row(), summary.densities());
        predictor.predict_target(part.target);
        let batch_size = BATCH.min(predictor.capacity());
        let (mut out, mut nll) = (
            vec![0.0; batch_size * columns],
            vec![0.0; batch_size * each],
        );
        let key = TARGETS - self.number as u32;
        let step = EVALUATION_STEPS + draw as u64;
        let stream = Stream::new(self.asked.seed, step, key, 0);
        let (mut own, mut uniform) = (vec![0.0; columns], vec![0.0; entries]);
        for start in (0..part.len()).step_by(batch_size) {
            let places = start..part.len().min(start + batch_size);
            let batch = part.gather(places.clone(), &mut self.buffers)?;
            part.expect(places.end..part.len().min(places.end + batch_size));
            let nll = &mut nll[..batch.len * each];
            predictor.predict_drawn(
                batch.inputs,
                batch.len,
                &mut out[..batch.len * columns],
                part.with_targets.then_some((batch.targets, &mut nll[..])),
            );
            for (example, place) in places.enumerate() {
                let row = &out[example * columns..][..columns];
                if row.iter().any(|x| !x.is_finite()) {
                    self.broken.push(place);
                }
                if self.asked.predictions {
                    stream.fill_uniform(place * entries, &mut uniform);
                    match summary {
                        Summary::Classes(_) => {
                            self.probabilities.extend_from_slice(row);
                            let rows = row.chunks_exact(columns / entries);
                            let labels = rows.zip(&uniform).map(|(row, u)| label(row, *u));
                            self.drawn.extend(labels);
                        }
                        Summary::Numbers(numbers) => {
                            summary.in_units(row, part.scales.units(), &mut own);
                            let marginal = numbers.marginal;
                            for (of, u) in own.chunks_exact(numbers.each).zip(&uniform) {
                                self.means.push(marginal.moments(of).0);
                                self.drawn.push(quantile(marginal, &[of], *u));
                            }
                        }
                    }
                }
                if self.asked.log_likelihood && part.with_targets {
                    let nll = nll[example * each..][..each].iter();
                    let nll: f64 = nll.map(|nll| f64::from(*nll)).sum();
                    let own = batch.targets.of(example..example + 1, entries);
                    let log_scale = part.scales.log_scale(part.kind, own, 1);
                    self.log_likelihood.push(-(nll + log_scale));
                }
            }
        }
        Ok(())
    }

    /// The arrays.
    ///
    /// # Errors
    ///
    /// `E0612` where a prediction is not finite.
    pub fn finish(mut self) -> Result<Vec<Array>> {
        self.broken.sort_unstable();
        self.broken.dedup();
        let part = &self.target.part;
        if let Some(&first) = self.broken.first() {
            let farthest = part.farthest_input(first);
            return Err(not_finite(self.broken.len(), first, part.len(), farthest));
        }
        let name = self.target.name;
        let labels = self.target.labels.to_vec();
        let mut arrays = vec![];
        if self.asked.predictions {
            let (values, further) = match part.summary {
                Summary::Classes(_) => (Values::F32(self.probabilities), "probability"),
                Summary::Numbers(_) => (Values::F64(self.means), "mean"),
            };
            let further = format!("{name}_{further}");
            arrays.push(array(
                self.target,
                name,
                whole(part.summary, self.drawn),
                &labels,
            ));
            arrays.push(array(self.target, &further, values, &labels));
            for array in &mut arrays {
                array.group = Group::PosteriorPredictive;
                array.shape.insert(0, self.asked.draws);
                array.axes.insert(0, DRAW.into());
            }
        }
        if self.asked.log_likelihood && part.with_targets {
            arrays.push(Array {
                group: Group::LogLikelihood,
                name: name.into(),
                axes: vec![DRAW.into(), EXAMPLE.into()],
                shape: vec![self.asked.draws, part.len()],
                values: Values::F64(self.log_likelihood),
                labels: vec![],
            });
        }
        if part.with_targets {
            let entries = part.kind.entries();
            let of = |place| (0..entries).map(move |entry| part.target(place, entry));
            let targets = (0..part.len()).flat_map(of).collect();
            arrays.push(array(
                self.target,
                name,
                whole(part.summary, targets),
                &labels,
            ));
        }
        Ok(arrays)
    }
}

/// The class whose share of the probabilities, one after the other, a uniform number falls in; of one probability,
/// that of a 1, 1 or 0.
fn label(probabilities: &[f32], u: f64) -> f64 {
    let mut below = 0.0;
    if let [one] = probabilities {
        return f64::from(u < f64::from(*one));
    }
    let passed = probabilities.iter().take_while(|p| {
        below += f64::from(**p);
        below <= u
    });
    // What rounding leaves above the sum is the last class's.
    passed.count().min(probabilities.len() - 1) as f64
}

/// Labels and counts as whole numbers, -1 for a label that is missing.
fn whole(summary: Summary, values: Vec<f64>) -> Values {
    let is_whole = match summary {
        Summary::Classes(_) => true,
        Summary::Numbers(numbers) => numbers.marginal.whole(),
    };
    match is_whole {
        true => {
            let whole = |x: f64| if x.is_nan() { -1 } else { x as i64 };
            Values::I64(values.into_iter().map(whole).collect())
        }
        false => Values::F64(values),
    }
}

/// An array of the examples, as observed; its last axis are classes where it has more numbers than the target.
fn array(target: &Target, name: &str, values: Values, labels: &[String]) -> Array {
    let part = &target.part;
    let entries = part.kind.entries();
    let of_example = match part.kind.axes() {
        Some(axes) => axes.sizes().to_vec(),
        None if entries == 1 => vec![],
        None => vec![entries],
    };
    let (mut axes, mut shape) = (vec![EXAMPLE.to_owned()], vec![part.len()]);
    axes.extend(own_axes(target.name, of_example.len()));
    shape.extend(of_example);
    let row = part.summary.row() / entries;
    let is_probability = matches!(
        (part.summary, &values),
        (Summary::Classes(_), Values::F32(_))
    );
    if is_probability && row > 1 {
        axes.push(format!("{}_class", target.name));
        shape.push(row);
    }
    Array {
        group: Group::ObservedData,
        name: name.into(),
        axes,
        shape,
        values,
        labels: labels.to_vec(),
    }
}
