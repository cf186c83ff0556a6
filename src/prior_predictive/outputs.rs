//! What networks of the prior predict, beside what the data has.

use super::spread::{Spread, Values, quantile};
use crate::examples::Part;
use crate::exec::{Kernels, Network};
use crate::ir::Model;
use crate::likelihood::{Classes, Storage, Summary, TargetKind};
use serde::Serialize;

/// A class is predicted for sure where its probability is above this.
const SURE: f64 = 0.99;

/// What one network predicts.
pub struct Predictions {
    /// As [`crate::likelihood::Nll::predictive`] gives it, an example after the other.
    values: Vec<f64>,
    examples: usize,
}

/// What all of them predict.
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

impl Predictions {
    /// From a network that has run on so many examples.
    pub fn new(
        model: &Model,
        network: &Network<f64>,
        kernels: &Kernels<f64>,
        examples: usize,
    ) -> Self {
        let mut values = vec![0.0; examples * model.summary().row()];
        network.predictive(kernels, &mut values);
        Predictions { values, examples }
    }
}

fn entropy(probabilities: &[f64]) -> f64 {
    let terms = probabilities.iter().filter(|p| **p > 0.0);
    -terms.map(|p| p * p.ln()).sum::<f64>()
}

impl Outputs {
    /// Of all networks.
    pub(super) fn new(model: &Model, networks: &[&Predictions]) -> Self {
        let summary = model.summary();
        match summary {
            Summary::Classes(_) => Outputs::classes(model.target.kind, networks),
            Summary::Numbers(numbers) => {
                let (mut means, mut noise) = (vec![], vec![]);
                for network in networks {
                    let rows = network.values.chunks_exact(summary.row());
                    let moments: Vec<_> = rows.flat_map(|row| numbers.moments(row)).collect();
                    let of_network: Vec<f64> = moments.iter().map(|(mean, _)| *mean).collect();
                    means.push(Values::of(&of_network));
                    noise.extend(moments.iter().map(|(_, variance)| variance.sqrt()));
                }
                noise.sort_unstable_by(f64::total_cmp);
                Outputs::Real {
                    mean: Spread::new(&means, false),
                    noise: [0.05, 0.5, 0.95].map(|p| quantile(&noise, p)),
                }
            }
        }
    }

    fn classes(target: TargetKind, networks: &[&Predictions]) -> Self {
        let classes = target.classes().unwrap_or(1);
        let (mut total, mut sure, mut commonest) = (0.0, 0.0, 0.0);
        let mut predictions = 0.0;
        for network in networks {
            let mut counts = vec![0.0; classes];
            let width = network.values.len() / network.examples.max(1);
            for row in network.values.chunks_exact(width.max(1)) {
                let p = Classes::all(row);
                let likeliest = (0..classes)
                    .max_by(|i, j| p[*i].total_cmp(&p[*j]))
                    .unwrap_or(0);
                total += entropy(&p);
                sure += f64::from(u8::from(p[likeliest] > SURE));
                counts[likeliest] += 1.0;
                predictions += 1.0;
            }
            commonest +=
                counts.iter().copied().fold(0.0, f64::max) / network.examples.max(1) as f64;
        }
        Outputs::Classes {
            classes,
            entropy: total / predictions,
            sure: sure / predictions,
            commonest: commonest / networks.len().max(1) as f64,
        }
    }
}

impl Observed {
    /// What the targets of a part are, scaled as training takes them.
    pub fn of(part: &Part) -> Self {
        let width = part.split.target_shape.len();
        match part.kind.storage() {
            Storage::Labels { classes } => {
                let mut shares = vec![0.0; classes];
                for place in 0..part.len() {
                    shares[(part.target(place, 0) as usize).min(classes - 1)] +=
                        1.0 / part.len() as f64;
                }
                Observed::Classes {
                    entropy: entropy(&shares),
                    commonest: shares.iter().copied().fold(0.0, f64::max),
                }
            }
            Storage::Reals => {
                let scales = &part.scales.targets;
                let entries =
                    (0..part.len()).flat_map(|place| (0..width).map(move |entry| (place, entry)));
                let mut targets: Vec<f64> = entries
                    .map(|(place, entry)| scales.apply(entry, part.target(place, entry)))
                    .collect();
                targets.sort_unstable_by(f64::total_cmp);
                let spread = Spread::new(&[Values::of(&targets)], false);
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
