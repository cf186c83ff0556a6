//! A temperature of class probabilities: one number T, by which predictions that say too much are softened and those
//! that say too little are sharpened. Guo, Pleiss, Sun and Weinberger 2017, "On Calibration of Modern Neural Networks",
//! section 4.2.
//!
//! ```text
//! q_k = p_k^(1/T) / Σ_j p_j^(1/T)
//! ```
//!
//! For a network of one softmax that divides its logits by T. Here p is the average over the draws: it is what is
//! predicted and scored, and it is less sure than the draws are, so that a temperature of the draws' logits would be
//! fitted to something else than what is told. The nll of the labels is convex in 1/T, and its minimum is found by
//! bisection. The likeliest class stays the likeliest.

use crate::diagnostic::{Diagnostic, Result};
use crate::likelihood::{Classes, Predictive, Summary};
use crate::score::Outcomes;

/// Temperatures that are tried. Where every example is predicted right the nll falls without end as T does.
const LEAST: f64 = 0.01;
const MOST: f64 = 100.0;
/// Halvings of the logarithm of that range: to the last digits of a float64.
const HALVINGS: usize = 60;

/// A temperature, fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Temperature {
    /// T
    pub value: f64,
    /// How many examples it is fitted on.
    pub examples: usize,
    /// The mean nll of these at T = 1 and at T.
    pub nll: [f64; 2],
}

impl Temperature {
    /// The temperature of the least nll of these outcomes.
    ///
    /// # Errors
    ///
    /// `E0603` for predictions of numbers, and without targets.
    pub fn fit(outcomes: &Outcomes) -> Result<Temperature> {
        if !matches!(outcomes.summary, Summary::Classes(_)) {
            let message = Diagnostic::error("E0603", "a temperature is of predicted classes");
            return Err(message
                .note("this run predicts numbers")
                .help("`--conformal LEVEL` calibrates intervals of numbers")
                .into());
        }
        if outcomes.targets.is_empty() {
            return Err(Diagnostic::error("E0603", "a temperature is fitted on labels").into());
        }
        let all: Vec<(Vec<f64>, usize)> = (0..outcomes.examples())
            .map(|i| (logs(outcomes.predicted.row(i)), outcomes.label(i)))
            .collect();
        let slope = |beta: f64| -> f64 {
            let of = |(logs, label): &(Vec<f64>, usize)| {
                let q = at(logs, beta);
                let mean: f64 = q.iter().zip(logs).map(|(q, log)| q * log).sum();
                mean - logs[*label]
            };
            all.iter().map(of).sum()
        };
        let (mut low, mut high) = ((1.0 / MOST).ln(), (1.0 / LEAST).ln());
        for _ in 0..HALVINGS {
            let middle = (low + high) / 2.0;
            match slope(middle.exp()) > 0.0 {
                true => high = middle,
                false => low = middle,
            }
        }
        let beta = ((low + high) / 2.0).exp();
        let nll = |beta| {
            let each = all.iter().map(|(logs, label)| nll_at(logs, beta, *label));
            each.sum::<f64>() / all.len() as f64
        };
        Ok(Temperature {
            value: 1.0 / beta,
            examples: all.len(),
            nll: [nll(1.0), nll(beta)],
        })
    }

    /// Whether it is at an end of what is tried: the examples say no more than that it is far from 1.
    pub fn is_at_end(&self) -> bool {
        self.value < 1.001 * LEAST || self.value > MOST / 1.001
    }

    /// Puts the probabilities at this temperature in the place of the averaged ones, with the nll of the labels where
    /// these are known. What is of the draws stays: the mean of their entropies, what they disagree about, and the mean
    /// of their nlls.
    pub fn apply(&self, predicted: &mut Predictive, label: Option<&dyn Fn(usize) -> usize>) {
        let beta = 1.0 / self.value;
        let rows = 0..predicted.rows();
        if predicted.is_split() {
            let disagreement = rows.map(|i| predicted.mutual_information(i));
            predicted.disagreement = disagreement.collect();
        }
        for example in 0..predicted.rows() {
            let logs = logs(predicted.row(example));
            let width = predicted.width;
            let all = at(&logs, beta);
            let row = &mut predicted.mean[example * width..][..width];
            match row {
                [one] => *one = all[1],
                row => row.copy_from_slice(&all),
            }
            if let (Some(label), Some(nll)) = (label, predicted.nll.get_mut(example)) {
                *nll = nll_at(&logs, beta, label(example));
            }
        }
    }
}

/// The logarithms of the probabilities of all classes. A probability of 0 is the least that a number is.
fn logs(row: &[f64]) -> Vec<f64> {
    let all = Classes::all(row).into_iter();
    all.map(|p| p.max(f64::MIN_POSITIVE).ln()).collect()
}

/// The probabilities whose logarithms are `beta` times these, but for a constant.
fn at(logs: &[f64], beta: f64) -> Vec<f64> {
    let most = logs.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
    let parts: Vec<f64> = logs.iter().map(|log| (beta * (log - most)).exp()).collect();
    let sum: f64 = parts.iter().sum();
    parts.into_iter().map(|part| part / sum).collect()
}

/// −ln of the probability of `label` among [`at`].
fn nll_at(logs: &[f64], beta: f64, label: usize) -> f64 {
    let most = logs.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
    let sum: f64 = logs.iter().map(|log| (beta * (log - most)).exp()).sum();
    sum.ln() - beta * (logs[label] - most)
}

#[cfg(test)]
mod tests {
    use super::super::conformal::tests::{Random, classes};
    use super::*;

    /// Outcomes of `n` examples whose labels are drawn at `sharpness` times the logits that are predicted with.
    fn made(n: usize, sharpness: f64) -> Outcomes {
        let mut random = Random(7);
        let (mut rows, mut labels) = (vec![], vec![]);
        for _ in 0..n {
            let logits: Vec<f64> = (0..3).map(|_| 3.0 * random.normal()).collect();
            rows.push(at(&logits, 1.0));
            labels.push(random.pick(&at(&logits, sharpness)));
        }
        classes(&rows, &labels)
    }

    fn nll(outcomes: &Outcomes, temperature: f64) -> f64 {
        let of = |i: usize| {
            let row = outcomes.predicted.row(i);
            let sum: f64 = row.iter().map(|p| p.powf(1.0 / temperature)).sum();
            -(row[outcomes.label(i)].powf(1.0 / temperature) / sum).ln()
        };
        (0..outcomes.examples()).map(of).sum::<f64>() / outcomes.examples() as f64
    }

    #[test]
    fn it_undoes_what_made_probabilities_too_sure_and_no_other_is_better() {
        for sharpness in [0.5, 1.0, 2.0] {
            let outcomes = made(4000, sharpness);
            let found = Temperature::fit(&outcomes).unwrap();
            assert!((found.value * sharpness - 1.0).abs() < 0.1, "{found:?}");
            assert!((found.nll[0] - nll(&outcomes, 1.0)).abs() < 1e-12);
            assert!((found.nll[1] - nll(&outcomes, found.value)).abs() < 1e-12);
            for other in [0.999, 1.001] {
                assert!(nll(&outcomes, found.value * other) > found.nll[1]);
            }
            let mut applied = outcomes.clone();
            let label = |i| outcomes.label(i);
            found.apply(&mut applied.predicted, Some(&label));
            let mean = applied.predicted.nll.iter().sum::<f64>() / 4000.0;
            assert!((mean - found.nll[1]).abs() < 1e-12);
            let top = |o: &Outcomes| (0..4000).map(|i| o.predicted.top(i).0).collect::<Vec<_>>();
            assert_eq!(top(&applied), top(&outcomes));
            for i in 0..4000 {
                let sum: f64 = applied.predicted.row(i).iter().sum();
                assert!((sum - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn what_is_of_the_draws_stays() {
        let mut outcomes = classes(&[vec![0.6, 0.4], vec![0.9, 0.1]], &[0, 1]);
        outcomes.predicted.within = vec![0.1, 0.3];
        let before = [0, 1].map(|i| outcomes.predicted.mutual_information(i));
        let entropy = outcomes.predicted.entropy(0);
        for value in [0.05, 5.0] {
            let mut at = outcomes.predicted.clone();
            let temperature = Temperature {
                value,
                examples: 2,
                nll: [0.0; 2],
            };
            temperature.apply(&mut at, None);
            assert!((at.entropy(0) - entropy).abs() > 0.01);
            assert_eq!([0, 1].map(|i| at.mutual_information(i)), before);
            assert_eq!(at.example(1).mutual_information(0), before[1]);
            assert_eq!(at.within, [0.1, 0.3]);
        }
    }

    #[test]
    fn probabilities_of_0_and_1_and_of_one_number() {
        // Of 2: sure and right, sure and wrong.
        let outcomes = classes(
            &[vec![1.0, 0.0], vec![1.0, 0.0], vec![0.9, 0.1]],
            &[0, 1, 0],
        );
        let found = Temperature::fit(&outcomes).unwrap();
        assert!(
            found.nll.iter().all(|nll| nll.is_finite()) && found.value > 10.0,
            "{found:?}"
        );
        // All right: no end to it.
        let right = classes(&[vec![0.9, 0.1], vec![0.2, 0.8]], &[0, 1]);
        assert!(Temperature::fit(&right).unwrap().is_at_end());
        // A binary target has the probability of a 1 alone, and the same temperature.
        let rows = [0.9, 0.8, 0.3, 0.95];
        let (labels, both) = ([1, 0, 0, 1], rows.map(|p| vec![1.0 - p, p]));
        let one = classes(&rows.map(|p| vec![p]), &labels);
        let two = classes(&both, &labels);
        let [one_found, two_found] = [&one, &two].map(|o| Temperature::fit(o).unwrap());
        assert!((one_found.value - two_found.value).abs() < 1e-9);
        let (mut one, mut two) = (one.predicted, two.predicted);
        one_found.apply(&mut one, None);
        one_found.apply(&mut two, None);
        for i in 0..4 {
            assert!((one.mean[i] - two.mean[2 * i + 1]).abs() < 1e-12);
        }
    }
}
