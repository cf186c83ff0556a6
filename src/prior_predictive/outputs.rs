//! What networks of the prior predict, beside what the data has.

use super::spread::{Spread, Values, quantile};
use crate::examples::Part;
use crate::ir::Model;
use crate::likelihood::{Predictive, Storage, Summary};
use serde::Serialize;

/// A class is predicted for sure where its probability is above this.
const SURE: f64 = 0.99;

/// What all networks predict.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Outputs {
    /// Of a target with classes, 0 and 1 among them.
    Classes {
        /// How many there are.
        classes: usize,
        /// The entropy of a prediction, in nats, averaged over networks and inputs.
        entropy: f64,
        /// The share of predictions with a probability above 0.99.
        sure: f64,
        /// The share of the inputs for which a network predicts its commonest class, averaged.
        commonest: f64,
    },
    /// Of real numbers.
    Real {
        /// The means that the networks predict.
        mean: Spread,
        /// The standard deviation of the noise about them: its 5th, 50th and 95th percentile.
        noise: [f64; 3],
    },
}

/// What the training part of the data has.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Observed {
    /// Classes.
    Classes {
        /// The entropy of a class drawn from the data, in nats.
        entropy: f64,
        /// The share of the commonest.
        commonest: f64,
    },
    /// Real numbers, all entries of a target together.
    Real {
        /// Their mean.
        mean: f64,
        /// Their standard deviation.
        sd: f64,
        /// Their 5th and 95th percentile.
        quantiles: [f64; 2],
        /// Whether they are in standard deviations from their mean, as training takes them.
        standardized: bool,
    },
}

impl Outputs {
    /// Of all networks, each with its predictions as [`crate::likelihood::Nll::predictive`] gives them.
    pub(super) fn new(model: &Model, networks: &[&[f64]]) -> Self {
        let summary = model.summary();
        match summary {
            Summary::Classes(of_classes) => {
                let classes = model.target.kind.classes().unwrap_or(1);
                Outputs::of_classes(classes, of_classes.probabilities, networks)
            }
            Summary::Numbers(numbers) => {
                let (mut means, mut noise) = (vec![], vec![]);
                for network in networks {
                    let rows = network.chunks_exact(summary.row());
                    let (mean, variance): (Vec<f64>, Vec<f64>) =
                        rows.flat_map(|row| numbers.moments(row)).unzip();
                    means.push(Values::of(&mean));
                    noise.extend(variance.into_iter().map(f64::sqrt));
                }
                noise.sort_unstable_by(f64::total_cmp);
                Outputs::Real {
                    mean: Spread::new(means.iter(), false),
                    noise: [0.05, 0.5, 0.95].map(|p| quantile(&noise, p)),
                }
            }
        }
    }

    fn of_classes(classes: usize, row: usize, networks: &[&[f64]]) -> Self {
        let (mut entropy, mut sure, mut commonest, mut predictions) = (0.0, 0.0, 0.0, 0.0);
        for network in networks {
            let predicted = predictive(network, row);
            let mut counts = vec![0.0; classes];
            // An example, or a place of one.
            for example in 0..predicted.rows() {
                let (likeliest, probability) = predicted.top(example);
                entropy += predicted.entropy(example);
                sure += f64::from(u8::from(probability > SURE));
                counts[likeliest] += 1.0;
            }
            commonest += largest(&counts) / predicted.examples.max(1) as f64;
            predictions += predicted.examples as f64;
        }
        Outputs::Classes {
            classes,
            entropy: entropy / predictions,
            sure: sure / predictions,
            commonest: commonest / networks.len().max(1) as f64,
        }
    }
}

/// Rows of probabilities, an example after the other.
fn predictive(probabilities: &[f64], row: usize) -> Predictive {
    Predictive {
        examples: probabilities.len() / row,
        width: row,
        mean: probabilities.to_vec(),
        ..Predictive::default()
    }
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

impl Observed {
    /// What the targets of a part are, scaled as training takes them.
    pub fn of(part: &Part) -> Self {
        let width = part.of_targets().target_shape.len();
        match part.kind.storage() {
            Storage::Labels { classes } => {
                let mut shares = vec![0.0; classes];
                for place in 0..part.len() {
                    for entry in 0..width {
                        let label = part.target(place, entry);
                        if !label.is_nan() {
                            shares[(label as usize).min(classes - 1)] += 1.0;
                        }
                    }
                }
                // Counted first, divided then: the share of an only class is 1 and no less.
                let all = shares.iter().sum::<f64>().max(1.0);
                shares.iter_mut().for_each(|share| *share /= all);
                Observed::Classes {
                    entropy: predictive(&shares, classes).entropy(0),
                    commonest: largest(&shares),
                }
            }
            Storage::Reals => {
                let scales = &part.scales.targets;
                let mut targets = Vec::new();
                for place in 0..part.len() {
                    let channels = scales.channels();
                    let target = |entry| scales.apply(entry % channels, part.target(place, entry));
                    targets.extend((0..width).map(target).filter(|y| !y.is_nan()));
                }
                targets.sort_unstable_by(f64::total_cmp);
                let spread = Spread::new([Values::of(&targets)].iter(), false);
                Observed::Real {
                    mean: spread.mean,
                    sd: spread.sd,
                    quantiles: [0.05, 0.95].map(|p| quantile(&targets, p)),
                    standardized: scales.scale.iter().any(|scale| *scale != 1.0)
                        || scales.offset.iter().any(|offset| *offset != 0.0),
                }
            }
        }
    }
}
