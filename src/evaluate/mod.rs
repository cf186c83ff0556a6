//! Evaluation: what averaging over draws of the weights predicts, and how good that is.
//!
//! Draw s of the weights is the same for every batch of a part, and its number is one that no training
//! step has, so an evaluation depends on the run's seed, the number of draws and nothing else of the
//! run. What an estimator draws for each example of its own (Flipout's signs, the deviates of local
//! reparameterization) is keyed by the example's place in its batch; batches of evaluation are always of
//! [`BATCH`] examples, whatever the training's were.

pub mod mixture;
mod scores;

pub use mixture::Mixtures;
pub use scores::{Scores, score};

use crate::diagnostic::Result;
use crate::engine::Predictor;
use crate::examples::{Buffers, Part, target_width};
use crate::exec::TermValue;
use crate::ir::{Factor, Inference, Position, Scale, TermKind};
use crate::likelihood::TargetKind;
use crate::terms::Term;
use serde::Serialize;

/// Examples of one call.
pub const BATCH: usize = 128;
/// The most batches that share a draw of the weights before the next is made, and the most numbers of
/// their inputs: these are kept meanwhile.
const SHARED: [usize; 2] = [16, 1 << 22];

/// The predictive distributions of some examples, averaged over draws of the weights.
#[derive(Debug, Clone, Default)]
pub struct Predictive {
    /// Number of examples.
    pub examples: usize,
    /// Number of draws.
    pub draws: usize,
    /// Numbers an example in `mean`.
    pub width: usize,
    /// Classes: probabilities averaged over the draws (of 1 alone for a binary target). Real targets:
    /// the mixture's mean, in own units.
    pub mean: Vec<f64>,
    /// Classes: one number an example, the mean of the draws' entropies in nats. Real targets: the mean
    /// of the draws' variances, the aleatoric part.
    pub within: Vec<f64>,
    /// Real targets: the variance of the draws' means, the epistemic part. Empty for classes.
    pub between: Vec<f64>,
    /// −ln of the mean over the draws of p(target), in own units; empty without targets.
    pub nll: Vec<f64>,
    /// −ln p(target) averaged over draws and examples: the ELBO's data term, per example.
    pub expected_nll: Option<f64>,
    /// Real targets under a Normal likelihood, where it is asked for: P(Y <= target) under the mixture, by
    /// entry; empty without targets.
    pub levels: Vec<f64>,
    /// The same: [`mixture::QUANTILES`] by entry, in own units.
    pub quantiles: Vec<[f64; 3]>,
}

/// Running means over draws.
struct Sums {
    mean: Vec<f64>,
    within: Vec<f64>,
    squares: Vec<f64>,
    /// The largest log density so far, and the sum of exp(log density − it).
    log_sum: Vec<(f64, f64)>,
    total_nll: f64,
}

/// Predicts every example of `part` with `draws` draws.
pub fn predict(
    predictor: &mut dyn Predictor,
    part: &Part,
    draws: usize,
    seed: u64,
) -> Result<Predictive> {
    predict_with(predictor, part, draws, seed, Mixtures::Unknown)
}

/// As [`predict`], with what `mixtures` says of real targets.
pub fn predict_with(
    predictor: &mut dyn Predictor,
    part: &Part,
    draws: usize,
    seed: u64,
    mixtures: Mixtures,
) -> Result<Predictive> {
    let (kind, n) = (part.kind, part.len());
    let (width, columns) = match kind {
        TargetKind::Category(classes) => (classes, classes),
        TargetKind::Binary => (1, 1),
        TargetKind::Real(k) => (k, 2 * k),
    };
    let real = matches!(kind, TargetKind::Real(_));
    let mut sums = Sums {
        mean: vec![0.0; n * width],
        within: vec![0.0; if real { n * width } else { n }],
        squares: vec![0.0; if real { n * width } else { 0 }],
        log_sum: vec![(f64::NEG_INFINITY, 0.0); if part.with_targets { n } else { 0 }],
        total_nll: 0.0,
    };
    let keep = real && mixtures != Mixtures::Unknown;
    // Of one group: the draws of an entry beside each other.
    let mut normals: Vec<mixture::Normal> = vec![];
    let (mut levels, mut quantiles) = (vec![], vec![]);
    let batch_size = BATCH.min(predictor.capacity());
    // Several batches share a draw of the weights, and each example is scaled once.
    let input = part.split.input_shape.len();
    let group = batch_size * (SHARED[1] / (batch_size * input.max(1))).clamp(1, SHARED[0]);
    let mut buffers = Buffers::default();
    let (mut out, mut nll) = (vec![0.0f32; group * columns], vec![0.0f32; group]);
    for start in (0..n).step_by(group) {
        let places = start..n.min(start + group);
        let batch = part.gather(places.clone(), &mut buffers)?;
        if keep {
            normals.resize(places.len() * width * draws, (0.0, 0.0));
        }
        for draw in 0..draws {
            predictor.draw_weights(draw, seed, batch_size.min(batch.len));
            for first in (0..batch.len).step_by(batch_size) {
                let range = first..batch.len.min(first + batch_size);
                let nll = &mut nll[range.clone()];
                predictor.predict_drawn(
                    &batch.inputs[range.start * input..range.end * input],
                    range.len(),
                    &mut out[range.start * columns..range.end * columns],
                    part.with_targets
                        .then(|| (batch.targets.of(range, width), nll)),
                );
            }
            for (example, place) in places.clone().enumerate() {
                for entry in 0..if keep { width } else { 0 } {
                    let row = &out[example * columns..][..columns];
                    let (mean, variance) = in_own_units(part, entry, row);
                    normals[(example * width + entry) * draws + draw] = (mean, variance.sqrt());
                }
                sums.add(
                    kind,
                    part,
                    place,
                    draw,
                    &out[example * columns..][..columns],
                );
                if part.with_targets {
                    sums.add_nll(place, f64::from(nll[example]) + part.scales.log_scale());
                }
            }
        }
        for (at, parts) in normals.chunks_exact(draws).enumerate() {
            let (place, entry) = (places.start + at / width, at % width);
            if part.with_targets {
                levels.push(mixture::level(parts, part.target(place, entry)));
            }
            if mixtures == Mixtures::Quantiles {
                quantiles.push(mixture::QUANTILES.map(|(_, p)| mixture::quantile(parts, p)));
            }
        }
    }
    let between = sums.squares.iter().map(|m2| m2 / draws as f64).collect();
    let nll: Vec<f64> = sums
        .log_sum
        .iter()
        .map(|(largest, sum)| (draws as f64).ln() - largest - sum.ln())
        .collect();
    let expected_nll = part
        .with_targets
        .then(|| sums.total_nll / (n * draws) as f64);
    let (mean, within) = (sums.mean, sums.within);
    Ok(Predictive {
        examples: n,
        draws,
        width,
        mean,
        within,
        between,
        nll,
        expected_nll,
        levels,
        quantiles,
    })
}

/// The mean and variance of one entry of a target in one draw's row.
fn in_own_units(part: &Part, entry: usize, row: &[f32]) -> (f64, f64) {
    let targets = &part.scales.targets;
    (
        targets.invert(entry, f64::from(row[entry])),
        f64::from(row[row.len() / 2 + entry]) * targets.scale[entry].powi(2),
    )
}

impl Sums {
    /// Adds one draw's distribution of one example.
    fn add(&mut self, kind: TargetKind, part: &Part, place: usize, draw: usize, row: &[f32]) {
        let count = (draw + 1) as f64;
        match kind {
            TargetKind::Real(k) => {
                for entry in 0..k {
                    let (mean, variance) = in_own_units(part, entry, row);
                    let at = place * k + entry;
                    // Welford: no digits are lost where the means are large.
                    let before = mean - self.mean[at];
                    self.mean[at] += before / count;
                    self.squares[at] += before * (mean - self.mean[at]);
                    self.within[at] += (variance - self.within[at]) / count;
                }
            }
            _ => {
                let probabilities: &mut [f64] = &mut self.mean[place * row.len()..][..row.len()];
                for (mean, &p) in probabilities.iter_mut().zip(row) {
                    *mean += (f64::from(p) - *mean) / count;
                }
                let within = entropy_of(row.iter().map(|&p| f64::from(p)));
                self.within[place] += (within - self.within[place]) / count;
            }
        }
    }

    fn add_nll(&mut self, place: usize, nll: f64) {
        self.total_nll += nll;
        let (largest, sum) = &mut self.log_sum[place];
        let log = -nll;
        if log > *largest {
            *sum = *sum * (*largest - log).exp() + 1.0;
            *largest = log;
        } else {
            *sum += (log - *largest).exp();
        }
    }
}

/// −Σ p ln p in nats; of a single probability that of it and its complement.
fn entropy_of(probabilities: impl Iterator<Item = f64>) -> f64 {
    let part = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    let (mut sum, mut first, mut count) = (0.0, 0.0, 0);
    for p in probabilities {
        sum += part(p);
        first = p;
        count += 1;
    }
    if count == 1 {
        sum + part(1.0 - first)
    } else {
        sum
    }
}

impl Predictive {
    /// One example's row of `mean`.
    pub fn row(&self, example: usize) -> &[f64] {
        &self.mean[example * self.width..][..self.width]
    }

    /// The likeliest class and its probability; the first of several.
    pub fn top(&self, example: usize) -> (usize, f64) {
        match self.row(example) {
            [p] if *p > 0.5 => (1, *p),
            [p] => (0, 1.0 - p),
            row => row
                .iter()
                .copied()
                .enumerate()
                .fold((0, f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a }),
        }
    }

    /// The entropy of the averaged probabilities, in nats.
    pub fn entropy(&self, example: usize) -> f64 {
        entropy_of(self.row(example).iter().copied())
    }

    /// What the draws disagree about: that entropy less the mean of the draws' own, in nats.
    pub fn mutual_information(&self, example: usize) -> f64 {
        (self.entropy(example) - self.within[example]).max(0.0)
    }
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
        self.quantity = match (self.terms.len(), self.quantity) {
            (1, _) => "nll",
            (_, "-ELBO / N") => "nll + KL/N",
            _ => "nll + the weights' terms / N",
        };
        self
    }
}

/// The ELBO's terms with the nll of the examples that were scored: −ELBO/N itself for the training part,
/// and what it would be with these examples' log-likelihood for any other. Without temperature and
/// annealing; beside it, where T is not 1, the objective at its end.
///
/// Monte-Carlo KLs, and expectations over latent variables, are averaged over `draws`.
pub fn elbo(
    predictor: &mut dyn Predictor,
    inference: &Inference,
    scores: &Scores,
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
            TermKind::Nll => (
                scores.expected_nll() * scores.examples() as f64,
                1.0 / scores.examples() as f64,
                "1/n".into(),
            ),
            _ => (value, scale.value(&at), scale.to_string()),
        };
        Term {
            name: term.kind.name(inference),
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
    let objective = (temperature != 1.0 && terms.len() > 1).then(|| {
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

/// Number of target entries of a part, for means over them.
pub(crate) fn numbers(part: &Part) -> usize {
    part.len() * target_width(part.kind)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::data::scaling::Transform;
    use crate::data::{Split, Values};
    use crate::engine::Section;
    use crate::examples::Scales;
    use crate::likelihood::Targets;
    use crate::tensor::Shape;

    /// Predicts N(x + 1 if the draw's number is odd else x − 1, 0.25) of scaled targets.
    #[derive(Default)]
    struct Two {
        shift: f32,
    }

    impl Predictor for Two {
        fn draw_weights(&mut self, draw: usize, _: u64, _: usize) {
            self.shift = if draw % 2 == 1 { 1.0 } else { -1.0 };
        }
        fn predict_drawn(
            &mut self,
            inputs: &[f32],
            examples: usize,
            out: &mut [f32],
            nll: Option<(Targets<f32>, &mut [f32])>,
        ) {
            let shift = self.shift;
            for i in 0..examples {
                out[2 * i] = inputs[i] + shift;
                out[2 * i + 1] = 0.25;
            }
            if let Some((Targets::Reals(y), nll)) = nll {
                for i in 0..examples {
                    let z = (y[i] - inputs[i] - shift) / 0.5;
                    nll[i] = 0.5 * z * z + (0.5 * (2.0 * std::f32::consts::PI).sqrt()).ln();
                }
            }
        }
        fn weight_terms(&mut self, _: usize, _: u64) -> Vec<Option<f64>> {
            vec![]
        }
        fn weights(&mut self) -> Vec<Section<'_>> {
            vec![]
        }
        fn capacity(&self) -> usize {
            2
        }
    }

    #[test]
    fn mixtures_have_the_moments_and_density_of_their_parts_in_own_units() {
        let split = Split {
            inputs: Values::F64(vec![0.0, 1.0, 2.0]),
            input_shape: Shape::new(&[1]),
            targets: Values::F64(vec![10.0, 13.0, 16.0]),
            target_shape: Shape::default(),
            len: 3,
        };
        // y = 3 scaled + 10.
        let scales = Scales {
            inputs: Transform::identity(1),
            targets: Transform {
                offset: vec![10.0],
                scale: vec![3.0],
            },
        };
        let part = Part {
            split: &split,
            rows: &[0, 1, 2],
            scales: &scales,
            kind: TargetKind::Real(1),
            with_targets: true,
        };
        let found = predict_with(&mut Two::default(), &part, 4, 0, Mixtures::Quantiles).unwrap();
        for i in 0..3 {
            assert!((found.mean[i] - (10.0 + 3.0 * i as f64)).abs() < 1e-6);
            assert!((found.within[i] - 9.0 * 0.25).abs() < 1e-6);
            assert!((found.between[i] - 9.0).abs() < 1e-6);
            // Both parts are 1 scaled unit = 2 standard deviations away: N(0 | 3, 1.5²).
            let density = (-2.0f64).exp() / (1.5 * (2.0 * std::f64::consts::PI).sqrt());
            assert!(
                (found.nll[i] + density.ln()).abs() < 1e-5,
                "{} {}",
                found.nll[i],
                -density.ln()
            );
        }
        assert!((found.expected_nll.unwrap() - found.nll[0]).abs() < 1e-6);
        let scores = score(&found, &part);
        let Scores::Regression { rmse, coverage, .. } = scores else {
            panic!()
        };
        // Between N(-3, 1.5²) and N(3, 1.5²) about each target: it is the median of all.
        for (level, quantiles) in found.levels.iter().zip(&found.quantiles) {
            assert!((level - 0.5).abs() < 1e-6);
            assert!((quantiles[2] - quantiles[1] - (quantiles[1] - quantiles[0])).abs() < 1e-5);
        }
        assert!(coverage.iter().all(|c| c.covered == 1.0), "{coverage:?}");
        assert_eq!(coverage[1].interval, 0.9);
        assert!(rmse < 1e-6);
    }

    #[test]
    fn entropies_are_in_nats() {
        let probabilities = |mean: Vec<f64>, width| Predictive {
            examples: 1,
            draws: 1,
            width,
            mean,
            within: vec![0.2],
            ..Predictive::default()
        };
        let two = probabilities(vec![0.5], 1);
        assert!((two.entropy(0) - 2.0f64.ln()).abs() < 1e-15);
        assert!((two.mutual_information(0) - (2.0f64.ln() - 0.2)).abs() < 1e-15);
        let three = probabilities(vec![0.2, 0.7, 0.1], 3);
        assert_eq!(three.top(0), (1, 0.7));
        assert_eq!(probabilities(vec![0.3], 1).top(0), (0, 0.7));
        assert_eq!(probabilities(vec![1.0, 0.0], 2).entropy(0), 0.0);
    }
}
