//! Targets of the samplers' tests.

use super::Potential;
use super::diagnostics::effective_sample_size;

/// N(mean, precision⁻¹)
pub struct Gaussian {
    mean: Vec<f64>,
    /// Row by row.
    precision: Vec<f64>,
}

impl Gaussian {
    pub fn standard(dimension: usize) -> Self {
        Gaussian::independent(&vec![0.0; dimension], &vec![1.0; dimension])
    }

    pub fn independent(mean: &[f64], deviation: &[f64]) -> Self {
        let n = mean.len();
        let mut precision = vec![0.0; n * n];
        for (i, deviation) in deviation.iter().enumerate() {
            precision[i * n + i] = 1.0 / (deviation * deviation);
        }
        Gaussian {
            mean: mean.to_vec(),
            precision,
        }
    }

    /// Two entries with these standard deviations and this correlation.
    pub fn pair(mean: [f64; 2], deviation: [f64; 2], correlation: f64) -> Self {
        let [s, t] = deviation;
        let rest = 1.0 - correlation * correlation;
        let across = -correlation / (s * t * rest);
        Gaussian {
            mean: mean.to_vec(),
            precision: vec![1.0 / (s * s * rest), across, across, 1.0 / (t * t * rest)],
        }
    }
}

impl Potential for Gaussian {
    fn dimension(&self) -> usize {
        self.mean.len()
    }
    fn value_and_gradient(&mut self, q: &[f64], gradient: &mut [f64]) -> f64 {
        let n = q.len();
        let away: Vec<f64> = q.iter().zip(&self.mean).map(|(q, mean)| q - mean).collect();
        for (row, slope) in self.precision.chunks(n).zip(gradient.iter_mut()) {
            *slope = row.iter().zip(&away).map(|(a, b)| a * b).sum();
        }
        0.5 * gradient.iter().zip(&away).map(|(a, b)| a * b).sum::<f64>()
    }
}

/// U(x, y) = ½x² + 2(y − x²)²: curved, with a gradient that is not linear.
pub struct Banana;

impl Potential for Banana {
    fn dimension(&self) -> usize {
        2
    }
    fn value_and_gradient(&mut self, q: &[f64], gradient: &mut [f64]) -> f64 {
        let away = q[1] - q[0] * q[0];
        gradient[0] = q[0] - 8.0 * away * q[0];
        gradient[1] = 4.0 * away;
        0.5 * q[0] * q[0] + 2.0 * away * away
    }
}

/// Neal's funnel (2003): y ~ N(0, 3²), and nine entries x ~ N(0, eʸ). Its neck is too narrow for any one step size.
pub struct Funnel;

impl Potential for Funnel {
    fn dimension(&self) -> usize {
        10
    }
    fn value_and_gradient(&mut self, q: &[f64], gradient: &mut [f64]) -> f64 {
        let (y, x) = (q[0], &q[1..]);
        let precision = (-y).exp();
        let squares = x.iter().map(|x| x * x).sum::<f64>() * precision;
        gradient[0] = y / 9.0 + 4.5 - 0.5 * squares;
        for (slope, x) in gradient[1..].iter_mut().zip(x) {
            *slope = x * precision;
        }
        y * y / 18.0 + 4.5 * y + 0.5 * squares
    }
}

/// Checks that the mean of `values` over chains is `expected`, within 4 Monte Carlo standard errors.
pub fn check_mean(chains: &[Vec<f64>], expected: f64, what: &str) {
    let all: Vec<f64> = chains.concat();
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    let variance = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / all.len() as f64;
    let size = effective_sample_size(chains);
    let error = (variance / size).sqrt();
    assert!(
        (mean - expected).abs() < 4.0 * error,
        "{what}: {mean} for {expected}, with an error of {error} and {size} effective draws"
    );
}

/// A case of tests/fixtures/samplers.json, array by array.
pub fn fixture(case: &str) -> std::collections::BTreeMap<String, Vec<f32>> {
    let text = include_str!("../../tests/fixtures/samplers.json");
    let all: serde_json::Value = serde_json::from_str(text).expect("JSON");
    serde_json::from_value(all[case].clone()).expect("arrays by name")
}
