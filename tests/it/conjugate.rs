//! Linear regression with known noise, where everything is known: the evidence, the exact posterior, and
//! the best of every posterior family.
//!
//! E_q[nll] is an integral over draws. Here nll is a quadratic function of the noise ε, whose mean over
//! the 2K points ±√K e_k is that over ε exactly; given as the draws of a step they make −ELBO/N a
//! deterministic function of the variables, and its gradient exact.

use crate::support::{Examples, plan, shared, step};
use bnnc::exec::{Draw, Interpreter};
use std::collections::BTreeMap;

/// A dense matrix, row by row.
#[derive(Clone)]
struct Matrix {
    size: usize,
    entries: Vec<f64>,
}

impl Matrix {
    /// λI
    fn diagonal(size: usize, value: f64) -> Self {
        let entries = (0..size * size).map(|i| if i % (size + 1) == 0 { value } else { 0.0 });
        Matrix {
            size,
            entries: entries.collect(),
        }
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        self.entries[i * self.size + j]
    }

    /// The lower triangular L with L Lᵀ = self.
    fn cholesky(&self) -> Matrix {
        let n = self.size;
        let mut l = Matrix::diagonal(n, 0.0);
        for i in 0..n {
            for j in 0..=i {
                let dot: f64 = (0..j).map(|k| l.at(i, k) * l.at(j, k)).sum();
                let rest = self.at(i, j) - dot;
                l.entries[i * n + j] = if i == j {
                    rest.sqrt()
                } else {
                    rest / l.at(j, j)
                };
            }
        }
        l
    }

    fn ln_det(&self) -> f64 {
        let l = self.cholesky();
        (0..self.size).map(|i| 2.0 * l.at(i, i).ln()).sum()
    }

    /// self⁻¹ b
    fn solve(&self, b: &[f64]) -> Vec<f64> {
        let (l, n) = (self.cholesky(), self.size);
        let mut x = b.to_vec();
        for i in 0..n {
            let dot: f64 = (0..i).map(|k| l.at(i, k) * x[k]).sum();
            x[i] = (x[i] - dot) / l.at(i, i);
        }
        for i in (0..n).rev() {
            let dot: f64 = (i + 1..n).map(|k| l.at(k, i) * x[k]).sum();
            x[i] = (x[i] - dot) / l.at(i, i);
        }
        x
    }

    fn inverse(&self) -> Matrix {
        let n = self.size;
        let mut inverse = Matrix::diagonal(n, 0.0);
        for j in 0..n {
            let mut unit = vec![0.0; n];
            unit[j] = 1.0;
            for (i, x) in self.solve(&unit).into_iter().enumerate() {
                inverse.entries[i * n + j] = x;
            }
        }
        inverse
    }
}

/// y = x·w + noise, w ~ N(0, prior²), noise ~ N(0, sd²): what is exact of it.
struct Exact {
    mean: Vec<f64>,
    precision: Matrix,
    /// ln p(y)
    log_evidence: f64,
}

fn exact(examples: &Examples<f64>, width: usize, prior: f64, sd: f64) -> Exact {
    // Precision I/prior² + XᵀX/sd²; evidence N(y; 0, sd² I + prior² X Xᵀ) by the determinant lemma.
    let mut precision = Matrix::diagonal(width, 1.0 / (prior * prior));
    let mut xy = vec![0.0; width];
    for (x, y) in examples.inputs.chunks(width).zip(&examples.reals) {
        for i in 0..width {
            xy[i] += x[i] * y / (sd * sd);
            for j in 0..width {
                precision.entries[i * width + j] += x[i] * x[j] / (sd * sd);
            }
        }
    }
    let mean = precision.solve(&xy);
    let n = examples.len as f64;
    let yy: f64 = examples.reals.iter().map(|y| y * y / (sd * sd)).sum();
    let fit: f64 = mean.iter().zip(&xy).map(|(m, b)| m * b).sum();
    let log_evidence = -0.5
        * (n * (std::f64::consts::TAU * sd * sd).ln()
            + precision.ln_det()
            + width as f64 * 2.0 * prior.ln()
            + yy
            - fit);
    Exact {
        mean,
        precision,
        log_evidence,
    }
}

fn model(width: usize, posterior: &str, prior: f64, sd: f64) -> String {
    let samples = 2 * noises(width, posterior);
    format!(
        "model linear\ninput x: real[{width}]\ntarget y: real\n\
         default {{ prior = Normal(0, {prior}), posterior = {posterior}, bias = none }}\n\
         network {{ f = dense(1) }}\nobserve y ~ Normal(loc = f, scale = {sd})\n\
         objective elbo {{ samples = {samples} }}\n"
    )
}

/// Numbers in ε.
fn noises(width: usize, posterior: &str) -> usize {
    match posterior.split_once("rank = ") {
        Some((_, rank)) => width + rank[..1].parse::<usize>().expect("a digit"),
        None => width,
    }
}

/// The points ±√K e_k.
fn points(count: usize) -> BTreeMap<String, Vec<f64>> {
    let mut all = vec![0.0; 2 * count * count];
    for k in 0..count {
        all[2 * k * count + k] = (count as f64).sqrt();
        all[(2 * k + 1) * count + k] = -(count as f64).sqrt();
    }
    BTreeMap::from([("f.kernel.noise".to_string(), all)])
}

/// −ELBO (of the whole data set) at the interpreter's variables.
fn negative_elbo(
    interpreter: &mut Interpreter<f64>,
    examples: &Examples<f64>,
    given: &BTreeMap<String, Vec<f64>>,
) -> f64 {
    let draw = Draw {
        seed: 0,
        step: 0,
        given: Some(given),
    };
    step(interpreter, examples, &draw, examples.len).loss * examples.len as f64
}

/// Fits by BFGS with backtracking, until nothing is left to gain.
fn fit(
    interpreter: &mut Interpreter<f64>,
    examples: &Examples<f64>,
    given: &BTreeMap<String, Vec<f64>>,
) -> f64 {
    let n = interpreter.variables().len();
    let mut value = negative_elbo(interpreter, examples, given);
    let mut gradient = interpreter.gradient().to_vec();
    let mut inverse = Matrix::diagonal(n, 1.0);
    for _ in 0..3000 {
        let from = interpreter.variables().to_vec();
        let direction: Vec<f64> = (0..n)
            .map(|i| -(0..n).map(|j| inverse.at(i, j) * gradient[j]).sum::<f64>())
            .collect();
        let slope: f64 = direction.iter().zip(&gradient).map(|(d, g)| d * g).sum();
        // What is left to gain is below the rounding of the value.
        if slope > -1e-15 {
            break;
        }
        let mut length = 1.0;
        loop {
            for ((x, from), d) in interpreter
                .variables_mut()
                .iter_mut()
                .zip(&from)
                .zip(&direction)
            {
                *x = from + length * d;
            }
            let new = negative_elbo(interpreter, examples, given);
            if new <= value + 1e-4 * length * slope * examples.len as f64 || length < 1e-3 {
                value = new;
                break;
            }
            length *= 0.5;
        }
        let s: Vec<f64> = direction.iter().map(|d| length * d).collect();
        let y: Vec<f64> = interpreter
            .gradient()
            .iter()
            .zip(&gradient)
            .map(|(new, old)| new - old)
            .collect();
        gradient = interpreter.gradient().to_vec();
        let sy: f64 = s.iter().zip(&y).map(|(s, y)| s * y).sum();
        if sy <= 1e-300 {
            inverse = Matrix::diagonal(n, 1.0);
            continue;
        }
        let hy: Vec<f64> = (0..n)
            .map(|i| (0..n).map(|j| inverse.at(i, j) * y[j]).sum())
            .collect();
        let yhy: f64 = y.iter().zip(&hy).map(|(y, h)| y * h).sum();
        for i in 0..n {
            for j in 0..n {
                inverse.entries[i * n + j] +=
                    (1.0 + yhy / sy) * s[i] * s[j] / sy - (hy[i] * s[j] + s[i] * hy[j]) / sy;
            }
        }
    }
    value
}

/// Mean and covariance of the fitted kernel, from draws at ±√K e_k: w is linear in ε.
fn fitted(interpreter: &Interpreter<f64>, posterior: &str, width: usize) -> (Vec<f64>, Matrix) {
    let plan = interpreter.plan();
    let of = |name: &str| {
        let name = format!("f.kernel.{name}");
        let mut all = plan.variables.iter();
        let variable = all.find(|v| v.name == name).expect("a variable");
        &interpreter.variables()[variable.range.clone()]
    };
    let scale = |rho: f64| f64::EPSILON + rho.max(0.0) + (-rho.abs()).exp().ln_1p();
    let mut covariance = Matrix::diagonal(width, 0.0);
    match posterior {
        "MeanField" => {
            for (i, rho) in of("rho").iter().enumerate() {
                covariance.entries[i * width + i] = scale(*rho).powi(2);
            }
        }
        "FullRank" => {
            let mut l = Matrix::diagonal(width, 0.0);
            let mut lower = of("lower").iter();
            for i in 0..width {
                for j in 0..i {
                    l.entries[i * width + j] = *lower.next().expect("a number a place");
                }
                l.entries[i * width + i] = scale(of("rho")[i]);
            }
            for i in 0..width {
                for j in 0..width {
                    covariance.entries[i * width + j] =
                        (0..width).map(|k| l.at(i, k) * l.at(j, k)).sum();
                }
            }
        }
        other => panic!("{other}"),
    }
    (of("loc").to_vec(), covariance)
}

#[track_caller]
fn near(got: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!(
            (got - expected).abs() < tolerance * (1.0 + expected.abs()),
            "{what} {i}: {got}, expected {expected}"
        );
    }
}

/// −ELBO at the optimum, and whether mean and covariance are what they must be.
fn check(examples: &Examples<f64>, width: usize, prior: f64, sd: f64) {
    let exact = exact(examples, width, prior, sd);
    for posterior in ["FullRank", "MeanField"] {
        let text = model(width, posterior, prior, sd);
        let mut interpreter = Interpreter::<f64>::new(plan(&text), examples.len);
        interpreter.initialize(3);
        let given = points(width);
        let value = fit(&mut interpreter, examples, &given);
        let (mean, covariance) = fitted(&interpreter, posterior, width);
        near(&mean, &exact.mean, 1e-5, "mean");
        let (bound, best) = match posterior {
            "FullRank" => (-exact.log_evidence, exact.precision.inverse()),
            _ => {
                // The best of independent normals keeps the diagonal of the precision; what it loses is
                // half the logarithm of how much its determinant is above the whole precision's.
                let mut best = Matrix::diagonal(width, 0.0);
                let mut ln_det = 0.0;
                for i in 0..width {
                    best.entries[i * width + i] = 1.0 / exact.precision.at(i, i);
                    ln_det += exact.precision.at(i, i).ln();
                }
                let lost = 0.5 * (ln_det - exact.precision.ln_det());
                assert!(lost > 0.01, "weights are correlated here");
                (-exact.log_evidence + lost, best)
            }
        };
        near(&covariance.entries, &best.entries, 1e-5, "covariance");
        assert!(
            (value / bound - 1.0).abs() < 1e-6 && (value - bound).abs() < 1e-6 * bound.abs(),
            "{posterior}: −ELBO {value}, expected {bound}"
        );
        assert!(value > -exact.log_evidence - 1e-7 * value.abs());
    }
}

#[test]
fn the_best_full_rank_posterior_is_exact_and_the_best_mean_field_known() {
    let mut examples = Examples::<f64>::new(40, 4, 0, 1);
    // Correlated inputs.
    for x in examples.inputs.chunks_mut(4) {
        x[1] += 0.8 * x[0];
        x[3] -= 0.5 * x[2];
    }
    check(&examples, 4, 0.8, 0.6);
}

#[test]
fn the_evidence_of_concretes_linear_model() {
    let Some(folder) = shared("data/uci/concrete") else {
        return;
    };
    let file = std::fs::File::open(folder.join("data.txt.gz")).expect("the data");
    let text = std::io::read_to_string(flate2::read::GzDecoder::new(file)).expect("text");
    let rows: Vec<Vec<f64>> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let numbers = line.split_whitespace();
            numbers.map(|n| n.parse().expect("a number")).collect()
        })
        .collect();
    // Every column standardised; the last is the target.
    let n = rows.len() as f64;
    let columns: Vec<Vec<f64>> = (0..9)
        .map(|c| {
            let mean = rows.iter().map(|r| r[c]).sum::<f64>() / n;
            let sd = (rows.iter().map(|r| (r[c] - mean).powi(2)).sum::<f64>() / n).sqrt();
            rows.iter().map(|r| (r[c] - mean) / sd).collect()
        })
        .collect();
    let inputs = (0..rows.len()).flat_map(|r| (0..8).map(move |c| (r, c)));
    let examples = Examples {
        inputs: inputs.map(|(r, c)| columns[c][r]).collect(),
        labels: vec![],
        reals: columns[8].clone(),
        len: rows.len(),
    };
    assert_eq!(examples.len, 1030);
    check(&examples, 8, 1.0, 0.62);
}

#[test]
fn no_elbo_is_above_the_evidence() {
    let examples = Examples::<f64>::new(30, 3, 0, 1);
    let exact = exact(&examples, 3, 0.7, 0.5);
    for posterior in [
        "MeanField",
        "FullRank",
        "MatrixNormal",
        "LowRank(rank = 1, factor = Normal(0, 0.5))",
    ] {
        for seed in 0..20 {
            let text = model(3, posterior, 0.7, 0.5);
            let mut interpreter = Interpreter::<f64>::new(plan(&text), examples.len);
            interpreter.initialize(seed);
            let given = points(noises(3, posterior));
            let start = negative_elbo(&mut interpreter, &examples, &given);
            assert!(start > -exact.log_evidence, "{posterior} at the start");
            if seed == 0 {
                let best = fit(&mut interpreter, &examples, &given);
                let gap = best + exact.log_evidence;
                assert!(gap > -1e-7, "{posterior}: above the evidence by {}", -gap);
                // A covariance of one column is free in all of them but MeanField and rank 1.
                if ["FullRank", "MatrixNormal"].contains(&posterior) {
                    assert!(gap < 1e-5, "{posterior} reaches the evidence: {gap} off");
                }
            }
        }
    }
}
