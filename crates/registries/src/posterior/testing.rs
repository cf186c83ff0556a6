//! What the tests of the families share.

use super::variational::{AnyVariational, Dimensions, VariableSpec, Variational};
use super::{Posterior, Transform};
use crate::signature::Constants;
use crate::tensor::{Math, Shape, Stream};
use crate::testing::{assert_close, slope, uniforms};
use std::f64::consts::TAU;
use std::sync::Arc;

/// A family with values for its variables.
pub struct Case {
    family: Arc<dyn AnyVariational>,
    pub arguments: Constants,
    pub at: Dimensions,
    pub values: Vec<f64>,
    specs: Vec<VariableSpec>,
}

/// Everything a family computes at one draw, and the derivatives of four numbers made of it.
struct Outcome {
    scales: Vec<f64>,
    w: Vec<f64>,
    score: Vec<f64>,
    /// 1.3 ln q(w)'s derivatives through the draw alone.
    path: Vec<f64>,
    numbers: [f64; 4],
    gradients: [Vec<f64>; 4],
}

/// What the four numbers are.
const NUMBERS: [&str; 4] = ["c·w", "c·scales", "total correlation", "ln q(w)"];

impl Case {
    pub fn new(
        family: &dyn Posterior,
        shape: &[usize],
        arguments: Constants,
        transform: Transform,
    ) -> Self {
        let shape = Shape::new(shape);
        let at = Dimensions::of(&shape, transform);
        let specs = family.variables(&shape, &arguments);
        assert_eq!((specs[0].name, &specs[0].shape), ("loc", &shape));
        assert!(specs.iter().all(|spec| !spec.shape.is_empty()));
        let len = specs.iter().map(|spec| spec.shape.len()).sum();
        Case {
            family: family.variational(&arguments).expect("arithmetic"),
            arguments,
            at,
            values: vec![0.0; len],
            specs,
        }
    }

    /// Sets every variable, told its name and the entry.
    pub fn fill(&mut self, value: impl Fn(&str, usize) -> f64) {
        let all = self.specs.iter().flat_map(|spec| {
            let value = &value;
            (0..spec.shape.len()).map(move |entry| value(spec.name, entry))
        });
        self.values = all.collect();
    }

    /// The values of one variable; none if the family leaves it out for this shape.
    pub fn variable(&self, name: &str) -> &[f64] {
        let mut start = 0;
        for spec in &self.specs {
            let end = start + spec.shape.len();
            if spec.name == name {
                return &self.values[start..end];
            }
            start = end;
        }
        &[]
    }

    /// The variable that holds this entry of the values.
    fn name(&self, entry: usize) -> &'static str {
        let mut end = 0;
        let holds = |spec: &&VariableSpec| {
            end += spec.shape.len();
            entry < end
        };
        self.specs.iter().find(holds).expect("an entry").name
    }

    fn noise_len(&self) -> usize {
        Variational::<f64>::noise(&*self.family, &self.at)
    }

    /// Noise of draw number `draw`.
    pub fn noise(&self, draw: u64) -> Vec<f64> {
        let mut noise = vec![0.0; self.noise_len()];
        Stream::new(3, draw, 1, 4).fill_normal(0, &mut noise);
        noise
    }

    /// s_i in float64.
    pub fn scales(&self) -> Vec<f64> {
        let mut scales = vec![0.0; self.at.entries()];
        self.family
            .marginal_scales(&self.at, &self.values, &mut scales);
        scales
    }

    /// w in float64.
    pub fn draw(&self, noise: &[f64]) -> Vec<f64> {
        let mut w = vec![0.0; self.at.entries()];
        self.family.draw(&self.at, &self.values, noise, &mut w);
        w
    }

    /// The total correlation in float64.
    pub fn total_correlation(&self) -> f64 {
        let (n, mut gradient) = (self.at.entries(), vec![0.0; self.values.len()]);
        let (scales, mut d_scales) = (self.scales(), vec![0.0; n]);
        self.family.total_correlation(
            &self.at,
            &self.values,
            &scales,
            1.0,
            &mut d_scales,
            &mut gradient,
        )
    }

    /// ln q(w) and its score at a draw, in float64.
    pub fn density(&self, noise: &[f64], w: &[f64]) -> (f64, Vec<f64>) {
        let (mut gradient, mut score) = (vec![0.0; self.values.len()], vec![0.0; w.len()]);
        self.family
            .score(&self.at, &self.values, noise, w, &mut score);
        let value = self
            .family
            .log_density(&self.at, &self.values, noise, w, 1.0, &mut gradient);
        (value, score)
    }

    /// Everything at these values, each entry of a gradient starting from `start`.
    fn run<T: Math>(&self, values: &[f64], noise: &[f64], c: &[f64], start: f64) -> Outcome
    where
        dyn AnyVariational: Variational<T>,
    {
        let narrow = |x: &[f64]| x.iter().map(|&x| T::of(x)).collect::<Vec<T>>();
        let widen = |x: &[T]| x.iter().map(|x| x.wide()).collect::<Vec<f64>>();
        let (values, noise, c) = (narrow(values), narrow(noise), narrow(c));
        let (family, at, n) = (&*self.family, &self.at, self.at.entries());
        let zeros = || vec![T::zero(); n];
        let (mut scales, mut w, mut score) = (zeros(), zeros(), zeros());
        let mut by: [Vec<T>; 4] = std::array::from_fn(|_| vec![T::of(start); values.len()]);
        family.marginal_scales(at, &values, &mut scales);
        family.draw(at, &values, &noise, &mut w);
        family.score(at, &values, &noise, &w, &mut score);
        family.draw_backward(at, &values, &noise, &w, &c, &mut by[0]);
        family.marginal_scales_backward(at, &values, &scales, &c, &mut by[1]);
        let mut d_scales = zeros();
        let total_correlation =
            family.total_correlation(at, &values, &scales, T::of(0.7), &mut d_scales, &mut by[2]);
        family.marginal_scales_backward(at, &values, &scales, &d_scales, &mut by[2]);
        let mut path = vec![T::zero(); values.len()];
        family.score_backward(at, &values, &noise, &w, T::of(1.3), &mut path);
        let log_density = family.log_density(at, &values, &noise, &w, T::of(1.3), &mut by[3]);
        let dot = |x: &[T]| x.iter().zip(&c).map(|(x, c)| x.wide() * c.wide()).sum();
        Outcome {
            numbers: [
                dot(&w),
                dot(&scales),
                0.7 * total_correlation,
                1.3 * log_density,
            ],
            scales: widen(&scales),
            w: widen(&w),
            score: widen(&score),
            path: widen(&path),
            gradients: by.map(|by| by.iter().map(|g| g.wide() - start).collect()),
        }
    }

    /// Coefficients under which every entry counts, however small its scale.
    fn coefficients(&self) -> Vec<f64> {
        let mut uniform = uniforms(17);
        let w = self.draw(&self.noise(0));
        let scales = self.scales();
        let width = |i: usize| scales[i].min(w[i].abs().max(1e-3));
        (0..w.len()).map(|i| (uniform() - 0.5) / width(i)).collect()
    }

    /// How far a variable moves before anything happens.
    fn step(&self, entry: usize) -> f64 {
        match self.values[entry] {
            0.0 => 1.0,
            x => x.abs().min(1.0),
        }
    }

    /// The gradients of the four numbers by every variable against central differences.
    pub fn check_derivatives(&self) {
        let (noise, c) = (self.noise(0), self.coefficients());
        let base = self.run::<f64>(&self.values, &noise, &c, 0.25);
        let mut path = vec![0.0; self.values.len()];
        let score: Vec<f64> = base.score.iter().map(|score| 1.3 * score).collect();
        self.family
            .draw_backward(&self.at, &self.values, &noise, &base.w, &score, &mut path);
        for (entry, path) in path.into_iter().enumerate() {
            let (step, what) = (self.step(entry), "the score through the draw");
            let size = (step * path).abs().max(1.0);
            assert_close(
                step * base.path[entry] / size,
                step * path / size,
                1e-9,
                what,
            );
        }
        for entry in 0..self.values.len() {
            let step = self.step(entry);
            for (number, what) in NUMBERS.iter().enumerate() {
                let mut values = self.values.clone();
                let at = |x: f64| {
                    values[entry] = x;
                    self.run::<f64>(&values, &noise, &c, 0.0).numbers[number]
                };
                let difference = slope(at, self.values[entry], 1e-3 * step);
                assert_close(
                    step * base.gradients[number][entry],
                    step * difference,
                    2e-6,
                    format!("d {what} / d {}, entry {entry}", self.name(entry)),
                );
            }
        }
    }

    /// float32 against float64, on numbers that both can hold.
    pub fn check_float32(&self) {
        let round = |x: &[f64]| x.iter().map(|&x| f64::from(x as f32)).collect::<Vec<f64>>();
        let (values, noise) = (round(&self.values), round(&self.noise(0)));
        let c = round(&self.coefficients());
        let single = self.run::<f32>(&values, &noise, &c, 0.0);
        let double = self.run::<f64>(&values, &noise, &c, 0.0);
        let close =
            |a: f64, b: f64, what: &str| assert_close(a, b, 1e-4, format!("float32 {what}"));
        for i in 0..self.at.entries() {
            let s = double.scales[i];
            close(single.scales[i] / s, 1.0, "scale");
            let size = double.w[i].abs().max(s);
            close(single.w[i] / size, double.w[i] / size, "draw");
            close(s * single.score[i], s * double.score[i], "score");
        }
        for (number, what) in NUMBERS.iter().enumerate() {
            close(single.numbers[number], double.numbers[number], what);
            for entry in 0..values.len() {
                let step = self.step(entry);
                close(
                    step * single.gradients[number][entry],
                    step * double.gradients[number][entry],
                    &format!("d {what} / d {}, entry {entry}", self.name(entry)),
                );
            }
        }
    }

    /// ln q(w) and the score at some draws against a density written down by itself; `step` is how
    /// far each entry of w may move for a difference.
    pub fn check_density(
        &self,
        log_q: impl Fn(&[f64]) -> f64,
        step: impl Fn(&[f64], usize) -> f64,
    ) {
        for draw in 0..3 {
            let noise = self.noise(draw);
            let w = self.draw(&noise);
            let (value, score) = self.density(&noise, &w);
            assert_close(value, log_q(&w), 1e-9, "ln q(w)");
            for i in 0..w.len() {
                let h = step(&w, i);
                let mut moved = w.clone();
                let difference = slope(
                    |x| {
                        moved[i] = x;
                        log_q(&moved)
                    },
                    w[i],
                    h,
                );
                assert_close(
                    h * score[i],
                    h * difference,
                    1e-7,
                    format!("score of entry {i}"),
                );
            }
        }
    }

    /// The sample's mean and covariance over many draws, each within five standard errors;
    /// `fourth(i, j)` is E e_i² e_j² of the standardised entries.
    pub fn check_moments(&self, dense: &Dense, fourth: impl Fn(usize, usize) -> f64) {
        const DRAWS: u64 = 20_000;
        let n = self.at.entries();
        let s: Vec<f64> = (0..n).map(|i| dense.covariance[i * n + i].sqrt()).collect();
        let (mut mean, mut product) = (vec![0.0; n], vec![0.0; n * n]);
        for draw in 0..DRAWS {
            let w = self.draw(&self.noise(draw));
            let e: Vec<f64> = (0..n).map(|i| (w[i] - dense.mean[i]) / s[i]).collect();
            for i in 0..n {
                mean[i] += e[i] / DRAWS as f64;
                for j in 0..n {
                    product[i * n + j] += e[i] * e[j] / DRAWS as f64;
                }
            }
        }
        let root = (DRAWS as f64).sqrt();
        for i in 0..n {
            assert!((mean[i] * root).abs() < 5.0, "mean of {i}: {}", mean[i]);
            for j in 0..n {
                let expected = dense.covariance[i * n + j] / (s[i] * s[j]);
                let error = (fourth(i, j) - expected * expected).sqrt() / root;
                let found = product[i * n + j];
                assert!(
                    (found - expected).abs() < 5.0 * error,
                    "correlation of {i} and {j}: {found} where {expected} is expected"
                );
            }
        }
    }

    /// Everything that can be said of a jointly normal family.
    pub fn check_normal(&self, dense: &Dense) {
        let n = self.at.entries();
        let s = self.scales();
        for (i, s) in s.iter().enumerate() {
            let exact = dense.covariance[i * n + i].sqrt();
            assert_close(s / exact, 1.0, 1e-12, "scale");
        }
        let marginals: f64 = (0..n)
            .map(|i| 0.5 * (s[i] * s[i] + dense.mean[i] * dense.mean[i] - 1.0) - s[i].ln())
            .sum();
        let total_correlation = self.total_correlation();
        assert!(total_correlation > -1e-12);
        assert_close(
            marginals + total_correlation,
            dense.kl(),
            1e-9,
            "KL from N(0, I)",
        );
        self.check_density(
            |w| dense.log_density(w),
            |_, i| 0.1 * dense.factor[i * n + i],
        );
        self.check_moments(dense, |i, j| {
            let r = dense.covariance[i * n + j] / (s[i] * s[j]);
            1.0 + 2.0 * r * r
        });
    }
}

/// A normal with any covariance, by a Cholesky factor of its own.
pub struct Dense {
    pub mean: Vec<f64>,
    /// Rows one after the other.
    pub covariance: Vec<f64>,
    factor: Vec<f64>,
}

impl Dense {
    pub fn new(mean: &[f64], covariance: Vec<f64>) -> Self {
        let n = mean.len();
        let mut factor = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| factor[i * n + k] * factor[j * n + k]).sum();
                let rest = covariance[i * n + j] - known;
                factor[i * n + j] = if i == j {
                    rest.sqrt()
                } else {
                    rest / factor[j * n + j]
                };
            }
        }
        Dense {
            mean: mean.to_vec(),
            covariance,
            factor,
        }
    }

    /// ½ ln det Σ
    fn half_log_determinant(&self) -> f64 {
        let n = self.mean.len();
        (0..n).map(|i| self.factor[i * n + i].ln()).sum()
    }

    /// ½ [tr Σ + |μ|² - D - ln det Σ]
    pub fn kl(&self) -> f64 {
        let n = self.mean.len();
        let trace: f64 = (0..n).map(|i| self.covariance[i * n + i]).sum();
        let square: f64 = self.mean.iter().map(|m| m * m).sum();
        0.5 * (trace + square - n as f64) - self.half_log_determinant()
    }

    pub fn log_density(&self, w: &[f64]) -> f64 {
        let n = self.mean.len();
        let mut e = vec![0.0; n];
        for i in 0..n {
            let known: f64 = (0..i).map(|k| self.factor[i * n + k] * e[k]).sum();
            e[i] = (w[i] - self.mean[i] - known) / self.factor[i * n + i];
        }
        let square: f64 = e.iter().map(|e| e * e).sum();
        -0.5 * (n as f64 * TAU.ln() + square) - self.half_log_determinant()
    }
}
