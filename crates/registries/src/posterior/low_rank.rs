//! `LowRank(rank, loc, scale, factor)`: independent normals plus a few directions in which all entries
//! move together.

use super::entrywise::{self, BLOCK, add_scaled};
use super::variational::{AnyVariational, Dimensions, Start, VariableSpec, Variational};
use super::{AtStart, Entries, Posterior};
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::math::HALF_LN_TWO_PI;
use crate::tensor::simd::par_each;
use crate::tensor::{Math, Shape};
use rayon::prelude::*;
use std::sync::Arc;

/// LowRank(rank, loc, scale, factor), over D entries
///
/// ```text
/// w = loc + σ∘ε + U ζ,   Σ = diag(σ²) + U Uᵀ,   U [D, rank],  ε [D],  ζ [rank]
/// ```
///
/// With V = diag(1/σ) U, C = I + Vᵀ V (the capacitance matrix) and K its Cholesky factor:
///
/// ```text
/// ½ ln det Σ = Σ_i ln σ_i + ½ ln det C                       (determinant lemma)
/// TC         = Σ_i ½ ln(1 + |v_i|²) - ½ ln det C
/// q          = C⁻¹ (Vᵀ ε - ζ),   y = ε - V q
/// Σ⁻¹(w - loc)            = y/σ                              (Woodbury)
/// (w - loc)ᵀ Σ⁻¹ (w - loc) = |y|² + |ζ + q|²
/// ```
///
/// y and ζ + q are the shortest (ε, ζ) with the same w. Written like this nothing large cancels where
/// U is far above σ. The derivatives of ln q(w), those through w included and v_i the rows of V:
///
/// ```text
/// by U_ik    (y_i q_k - (C⁻¹ v_i)_k)/σ_i
/// by σ_i     (v_iᵀ C⁻¹ v_i - 1 + y_i (y_i - ε_i))/σ_i        by loc  0
/// ```
///
/// The noise has more numbers than w, so that ln q(w) is no function of the noise's density alone.
/// What has `rank` numbers an entry is worked out in float64, in rank² operations an entry.
/// Source: Ong, Nott and Smith 2018, "Gaussian variational approximation with a factor covariance
/// structure"; Mishkin et al. 2018 (SLANG).
pub struct LowRank;

static SIGNATURE: Signature = Signature {
    name: "LowRank",
    summary: "independent normals plus `rank` directions in which all weights move together",
    parameters: &[
        Parameter {
            name: "rank",
            kind: Kind::Count,
            default: Some("1"),
            summary: "how many directions",
        },
        Parameter {
            name: "loc",
            kind: Kind::Initializer,
            default: Some("Normal(0, 0.1)"),
            summary: "how the means start",
        },
        Parameter {
            name: "scale",
            kind: Kind::ScaleInitializer,
            default: Some("Softplus(Normal(-3, 0.1))"),
            summary: "how the standard deviations of the independent part start",
        },
        Parameter {
            name: "factor",
            kind: Kind::Initializer,
            default: Some("Normal(0, 0.01)"),
            summary: "how the directions start; a direction that starts at 0 stays there",
        },
    ],
};

impl Posterior for LowRank {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn variables(&self, shape: &Shape, arguments: &Constants) -> Vec<VariableSpec> {
        let factor = Shape::new(&[shape.len(), arguments.count("rank")]);
        vec![
            VariableSpec::new("loc", shape.clone(), Start::Argument("loc")),
            VariableSpec::new("rho", shape.clone(), Start::Argument("scale")),
            VariableSpec::new("factor", factor, Start::Argument("factor")),
        ]
    }
    fn variational(&self, arguments: &Constants) -> Option<Arc<dyn AnyVariational>> {
        Some(Arc::new(Directions(arguments.count("rank"))))
    }
    /// The directions are independent of the rest and of each other.
    fn variance(&self, start: &AtStart) -> Option<f64> {
        let rank = start.arguments.count("rank") as f64;
        Some(start.scale * start.scale + rank * (start.mean_square)("factor"))
    }
    fn starts_factorized(&self) -> bool {
        false
    }
    fn entries(&self) -> Entries {
        Entries::Correlated
    }
    fn formula(&self) -> &'static str {
        "Normal(loc, diag(scale^2) + U U^T)"
    }
    fn methods(&self) -> &'static str {
        "a normal over all entries of a tensor whose covariance is a diagonal and {rank} common directions \
         [@ong2018], $$q(w) = Normal(mu, diag(sigma^2) + U U^T), sigma_i = softplus(rho_i),$$ with a column of $U$ for each direction"
    }
    fn draw(&self) -> Option<&'static str> {
        Some("w = mu + sigma odot epsilon + U zeta, epsilon ~ Normal(0, I), zeta ~ Normal(0, I)")
    }
    fn beyond_entries(&self) -> Option<&'static str> {
        Some(
            "their total correlation [@watanabe1960], $$sum_i ln s_i - 1/2 ln det(diag(sigma^2) + U U^T), s_i^2 = sigma_i^2 + sum_k U_(i k)^2,$$ with $s_i$ the standard deviation of entry $i$, in place of $sigma$ above",
        )
    }
    fn symbols(&self, variable: &str) -> (&'static str, Option<&'static str>) {
        match variable {
            "loc" => ("mu_i", None),
            "rho" => ("rho_i", Some("sigma_i")),
            _ => ("U_(i k)", None),
        }
    }
}

/// The arithmetic of [`LowRank`] with so many directions.
struct Directions(usize);

/// The values taken apart: loc, rho, and U row by row.
struct Parts<'a, T> {
    rank: usize,
    at: &'a Dimensions,
    loc: &'a [T],
    rho: &'a [T],
    factor: &'a [T],
}

impl<'a, T: Math> Parts<'a, T> {
    fn of(rank: usize, at: &'a Dimensions, values: &'a [T]) -> Self {
        let (loc, rest) = values.split_at(at.entries());
        let (rho, factor) = rest.split_at(at.entries());
        Parts {
            rank,
            at,
            loc,
            rho,
            factor,
        }
    }

    fn scale(&self, i: usize) -> T {
        self.at.transform.value(self.rho[i])
    }

    /// Row i of U.
    fn row(&self, i: usize) -> &'a [T] {
        &self.factor[i * self.rank..][..self.rank]
    }

    /// `f` of each entry of `out`, its place and its row of U.
    fn update(&self, out: &mut [T], f: impl Fn(&mut T, usize, &[T]) + Sync) {
        out.par_chunks_mut(BLOCK)
            .enumerate()
            .for_each(|(block, out)| {
                for (i, out) in (block * BLOCK..).zip(out) {
                    f(out, i, self.row(i));
                }
            });
    }

    /// Writes row i of V; gives σ_i.
    fn scaled_row(&self, i: usize, v: &mut [f64]) -> f64 {
        let scale = self.scale(i).wide();
        v.iter_mut()
            .zip(self.row(i))
            .for_each(|(v, u)| *v = u.wide() / scale);
        scale
    }

    /// Σ_i of what `add` adds for entry i and its row of V to `len` numbers, in a fixed order.
    fn sum(&self, len: usize, add: impl Fn(usize, &[f64], &mut [f64]) + Sync) -> Vec<f64> {
        let entries = self.loc.len();
        let blocks: Vec<Vec<f64>> = (0..entries.div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| {
                let (mut sum, mut v) = (vec![0.0; len], vec![0.0; self.rank]);
                for i in block * BLOCK..entries.min((block + 1) * BLOCK) {
                    self.scaled_row(i, &mut v);
                    add(i, &v, &mut sum);
                }
                sum
            })
            .collect();
        blocks.into_iter().fold(vec![0.0; len], |mut all, sum| {
            all.iter_mut().zip(sum).for_each(|(all, x)| *all += x);
            all
        })
    }

    /// The Cholesky factor of C.
    fn capacitance(&self) -> Capacitance {
        let rank = self.rank;
        let mut c = self.sum(rank * rank, |_, v, sum| {
            for (sum, a) in sum.chunks_exact_mut(rank).zip(v) {
                sum.iter_mut().zip(v).for_each(|(sum, b)| *sum += a * b);
            }
        });
        (0..rank).for_each(|k| c[k * rank + k] += 1.0);
        Capacitance::of(c, rank)
    }

    /// q of this noise.
    fn pull(&self, capacitance: &Capacitance, noise: &[T]) -> Vec<f64> {
        let (each, shared) = noise.split_at(self.loc.len());
        let mut q = self.sum(self.rank, |i, v, sum| {
            let e = each[i].wide();
            sum.iter_mut().zip(v).for_each(|(sum, v)| *sum += e * v);
        });
        q.iter_mut()
            .zip(shared)
            .for_each(|(q, zeta)| *q -= zeta.wide());
        capacitance.forward(&mut q);
        capacitance.backward(&mut q);
        q
    }

    /// Calls `each` for every entry with the gradient by its row of U, adds to the gradient by rho
    /// what it gives times `weight` (its derivative by σ_i), and sums its values.
    fn entries(
        &self,
        weight: T,
        gradient: &mut [T],
        each: impl Fn(usize, &[f64], &mut [f64]) -> [f64; 2] + Sync,
    ) -> f64 {
        let (rank, n) = (self.rank, self.loc.len());
        let (d_rho, d_factor) = gradient[n..].split_at_mut(n);
        let blocks: Vec<f64> = d_rho
            .par_chunks_mut(BLOCK)
            .zip(d_factor.par_chunks_mut(BLOCK * rank))
            .enumerate()
            .map(|(block, (d_rho, d_factor))| {
                let (mut v, mut by_row) = (vec![0.0; rank], vec![0.0; rank]);
                let mut total = 0.0;
                let rows = d_factor.chunks_exact_mut(rank);
                for (i, (d_rho, d_row)) in (block * BLOCK..).zip(d_rho.iter_mut().zip(rows)) {
                    let scale = self.scaled_row(i, &mut v);
                    let [value, by_scale] = each(i, &v, &mut by_row);
                    total += value;
                    let weight = weight.wide() / scale;
                    let slope = self.at.transform.slope(self.rho[i]);
                    *d_rho += T::of(weight * by_scale) * slope;
                    d_row
                        .iter_mut()
                        .zip(&by_row)
                        .for_each(|(to, by)| *to += T::of(weight * by));
                }
                total
            })
            .collect();
        blocks.into_iter().sum()
    }
}

/// The Cholesky factor K of C = K Kᵀ, rows one after the other.
struct Capacitance {
    rank: usize,
    factor: Vec<f64>,
}

impl Capacitance {
    fn of(c: Vec<f64>, rank: usize) -> Self {
        let mut factor = c;
        for i in 0..rank {
            for j in 0..=i {
                let known: f64 = (0..j)
                    .map(|k| factor[i * rank + k] * factor[j * rank + k])
                    .sum();
                let rest = factor[i * rank + j] - known;
                factor[i * rank + j] = if i == j {
                    // C - I has no negative eigenvalue: no pivot is below 1 but by rounding, which
                    // is 1e-16 of the largest eigenvalue.
                    rest.max(1.0).sqrt()
                } else {
                    rest / factor[j * rank + j]
                };
            }
        }
        Capacitance { rank, factor }
    }

    /// ½ ln det C
    fn half_log_determinant(&self) -> f64 {
        let diagonal = (0..self.rank).map(|k| self.factor[k * self.rank + k]);
        diagonal.map(f64::ln).sum()
    }

    /// x ← K⁻¹ x
    fn forward(&self, x: &mut [f64]) {
        for i in 0..self.rank {
            let row = &self.factor[i * self.rank..];
            let known: f64 = row[..i].iter().zip(&*x).map(|(k, x)| k * x).sum();
            x[i] = (x[i] - known) / row[i];
        }
    }

    /// x ← K⁻ᵀ x
    fn backward(&self, x: &mut [f64]) {
        for i in (0..self.rank).rev() {
            let row = &self.factor[i * self.rank..];
            x[i] /= row[i];
            let solved = x[i];
            x[..i]
                .iter_mut()
                .zip(row)
                .for_each(|(x, k)| *x -= k * solved);
        }
    }

    /// C⁻¹ v into `out`; gives vᵀ C⁻¹ v.
    fn solve(&self, v: &[f64], out: &mut [f64]) -> f64 {
        out.copy_from_slice(v);
        self.forward(out);
        let square = out.iter().map(|x| x * x).sum();
        self.backward(out);
        square
    }
}

/// Σ_k a_k b_k
fn product<'a>(a: &'a [f64], b: impl IntoIterator<Item = &'a f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl<T: Math> Variational<T> for Directions {
    fn noise(&self, at: &Dimensions) -> usize {
        at.entries() + self.0
    }

    fn marginal_scales(&self, at: &Dimensions, values: &[T], scales: &mut [T]) {
        let parts = Parts::of(self.0, at, values);
        entrywise::scales(at.transform, parts.rho, scales);
        parts.update(scales, |scale, _, row| {
            let shared: T = row.iter().map(|&u| u * u).sum();
            *scale = (*scale * *scale + shared).sqrt();
        });
    }

    fn marginal_scales_backward(
        &self,
        at: &Dimensions,
        values: &[T],
        scales: &[T],
        d_scales: &[T],
        gradient: &mut [T],
    ) {
        let parts = Parts::of(self.0, at, values);
        let n = at.entries();
        let (d_rho, d_factor) = gradient[n..].split_at_mut(n);
        for (i, d_row) in d_factor.chunks_exact_mut(self.0).enumerate() {
            add_scaled(d_row, d_scales[i] / scales[i], parts.row(i));
        }
        let mut d_scale = vec![T::zero(); n];
        entrywise::scales(at.transform, parts.rho, &mut d_scale);
        par_each(
            &mut d_scale,
            [scales, d_scales],
            #[inline(always)]
            |x, [scale, d]| *x *= d / scale,
        );
        entrywise::scales_backward(at.transform, parts.rho, &d_scale, d_rho);
    }

    fn total_correlation(
        &self,
        at: &Dimensions,
        values: &[T],
        _scales: &[T],
        weight: T,
        _d_scales: &mut [T],
        gradient: &mut [T],
    ) -> f64 {
        let parts = Parts::of(self.0, at, values);
        let capacitance = parts.capacitance();
        let marginals = parts.entries(weight, gradient, |_, v, by_row| {
            let square = product(v, v);
            let within = capacitance.solve(v, by_row);
            by_row
                .iter_mut()
                .zip(v)
                .for_each(|(by, v)| *by = v / (1.0 + square) - *by);
            [0.5 * square.ln_1p(), within - square / (1.0 + square)]
        });
        marginals - capacitance.half_log_determinant()
    }

    fn draw(&self, at: &Dimensions, values: &[T], noise: &[T], w: &mut [T]) {
        let parts = Parts::of(self.0, at, values);
        let (each, shared) = noise.split_at(at.entries());
        entrywise::scales(at.transform, parts.rho, w);
        parts.update(w, |w, i, row| {
            let moved: T = row.iter().zip(shared).map(|(&u, &zeta)| u * zeta).sum();
            *w = parts.loc[i] + (*w * each[i] + moved);
        });
    }

    fn draw_backward(
        &self,
        at: &Dimensions,
        values: &[T],
        noise: &[T],
        _w: &[T],
        d_w: &[T],
        gradient: &mut [T],
    ) {
        let parts = Parts::of(self.0, at, values);
        let n = at.entries();
        let (each, shared) = noise.split_at(n);
        let (d_loc, rest) = gradient.split_at_mut(n);
        let (d_rho, d_factor) = rest.split_at_mut(n);
        d_loc.iter_mut().zip(d_w).for_each(|(to, &d)| *to += d);
        for (i, d_row) in d_factor.chunks_exact_mut(self.0).enumerate() {
            add_scaled(d_row, d_w[i], shared);
        }
        let d_scale: Vec<T> = d_w.iter().zip(each).map(|(&d, &e)| d * e).collect();
        entrywise::scales_backward(at.transform, parts.rho, &d_scale, d_rho);
    }

    fn score(&self, at: &Dimensions, values: &[T], noise: &[T], _w: &[T], out: &mut [T]) {
        let parts = Parts::of(self.0, at, values);
        let q = parts.pull(&parts.capacitance(), noise);
        let mut v = vec![0.0; self.0];
        for (i, out) in out.iter_mut().enumerate() {
            let scale = parts.scaled_row(i, &mut v);
            *out = T::of((product(&v, &q) - noise[i].wide()) / scale);
        }
    }

    fn log_density(
        &self,
        at: &Dimensions,
        values: &[T],
        noise: &[T],
        _w: &[T],
        weight: T,
        gradient: &mut [T],
    ) -> f64 {
        let parts = Parts::of(self.0, at, values);
        let capacitance = parts.capacitance();
        let q = parts.pull(&capacitance, noise);
        let (each, shared) = noise.split_at(at.entries());
        // -Σ (½ y² + ln σ)
        let independent = parts.entries(weight, gradient, |i, v, by_row| {
            let pulled = product(v, &q);
            let y = each[i].wide() - pulled;
            let within = capacitance.solve(v, by_row);
            by_row
                .iter_mut()
                .zip(&q)
                .for_each(|(by, q)| *by = y * q - *by);
            let value = -0.5 * y * y - parts.scale(i).fast_ln().wide();
            [value, within - 1.0 - y * pulled]
        });
        let along: f64 = shared
            .iter()
            .zip(&q)
            .map(|(zeta, q)| (zeta.wide() + q).powi(2))
            .sum();
        independent
            - 0.5 * along
            - capacitance.half_log_determinant()
            - HALF_LN_TWO_PI * at.entries() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, Dense};
    use super::*;
    use crate::posterior::Transform;
    use crate::signature::Constant;
    use crate::testing::assert_close;

    /// Scales from 1e-6 to 1e3; directions far above, near and far below them.
    fn of_rank(rank: usize) -> Constants {
        Constants(vec![("rank", Constant::Count(rank))])
    }

    fn cases() -> Vec<Case> {
        let mut cases = Vec::new();
        for transform in [Transform::Softplus, Transform::Exp] {
            for (shape, rank, scales) in [
                (vec![], 1, vec![0.3]),
                (vec![3], 1, vec![0.5, 0.01, 2.0]),
                (vec![2, 3], 2, vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
                (vec![5], 2, vec![1e-6, 1e3, 1e-3, 1.0, 1e2]),
                (vec![2], 3, vec![0.2, 0.7]),
            ] {
                let mut case = Case::new(&LowRank, &shape, of_rank(rank), transform);
                case.fill(|name, entry| match name {
                    "rho" => transform.raw(scales[entry], f64::EPSILON),
                    "factor" => {
                        let size = [0.7, -1.4, 0.05, 2.1, -0.4, 30.0, 0.9][entry % 7];
                        scales[entry / rank] * size
                    }
                    _ => 0.3 * entry as f64 - 0.5,
                });
                cases.push(case);
            }
        }
        cases
    }

    #[test]
    fn it_is_the_normal_with_that_covariance() {
        for case in cases() {
            let (n, rank) = (case.at.entries(), case.arguments.count("rank"));
            let (rho, factor) = (case.variable("rho"), case.variable("factor"));
            let entry = |i: usize, j: usize| {
                let shared: f64 = (0..rank)
                    .map(|k| factor[i * rank + k] * factor[j * rank + k])
                    .sum();
                let scale = case.at.transform.value(rho[i]);
                shared + if i == j { scale * scale } else { 0.0 }
            };
            let covariance = (0..n * n).map(|ij| entry(ij / n, ij % n)).collect();
            case.check_normal(&Dense::new(case.variable("loc"), covariance));
        }
    }

    #[test]
    fn its_derivatives_and_its_float32() {
        for case in cases() {
            case.check_derivatives();
            case.check_float32();
        }
    }

    /// Two directions that are one: the capacitance matrix has the eigenvalues 1 and 1 + 6/scale².
    #[test]
    fn directions_far_above_the_scales_and_parallel() {
        for (scale, tolerance) in [(1e-2, 1e-12), (1e-4, 1e-7), (1e-9, 0.02)] {
            let mut case = Case::new(&LowRank, &[3], of_rank(2), Transform::Exp);
            case.fill(|name, _| match name {
                "rho" => f64::ln(scale),
                "factor" => 1.0,
                _ => 0.0,
            });
            let log_determinant = |squares: f64| (squares / scale / scale).ln_1p();
            let expected = 0.5 * (3.0 * log_determinant(2.0) - log_determinant(6.0));
            assert_close(case.total_correlation(), expected, tolerance, scale);
            let noise = case.noise(1);
            let (value, score) = case.density(&noise, &case.draw(&noise));
            assert!(value.is_finite() && score.iter().all(|s| s.is_finite()));
        }
    }
}
