//! `FullRank(loc, scale)`: one normal over all entries of the tensor, any covariance.

use super::entrywise::standard_normal;
use super::triangular::refuse_wide;
use super::triangular::{Triangular, TriangularGradient, packed};
use super::variational::{AnyVariational, Dimensions, Start, VariableSpec, Variational};
use super::{Entries, Posterior};
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::{Math, Shape};
use std::sync::Arc;

/// FullRank(loc, scale), over D entries
///
/// ```text
/// w = loc + L ε,   Σ = L Lᵀ,   L lower triangular, L_ii = scale_i > 0
/// ln q(w) = -½ D ln 2π - Σ_i ln L_ii - ½ |ε|²       ∂ ln q/∂w = -L⁻ᵀ ε
/// s_i² = Σ_j≤i L_ij²                                TC = Σ_i ½ ln(1 + Σ_j<i L_ij²/L_ii²)
/// ```
///
/// D + D(D + 1)/2 numbers, the entries in their order in memory. At the start what is below the
/// diagonal is 0: it starts as a `MeanField` of the same arguments. Source: Titsias and
/// Lázaro-Gredilla 2014, "Doubly stochastic variational Bayes"; Kucukelbir et al. 2017, "Automatic
/// differentiation variational inference", section 2.5.
pub struct FullRank;

static SIGNATURE: Signature = Signature {
    name: "FullRank",
    summary: "one normal over all weights of the tensor, any covariance",
    parameters: &[
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
            summary: "how the standard deviations start; covariances start at 0",
        },
    ],
};

impl Posterior for FullRank {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn variables(&self, shape: &Shape, _: &Constants) -> Vec<VariableSpec> {
        let mut specs = vec![
            VariableSpec::new("loc", shape.clone(), Start::Argument("loc")),
            VariableSpec::new("rho", shape.clone(), Start::Argument("scale")),
        ];
        if packed(shape.len()) > 0 {
            let below = Shape::new(&[packed(shape.len())]);
            specs.push(VariableSpec::new("lower", below, Start::Zero));
        }
        specs
    }
    fn variational(&self, _: &Constants) -> Option<Arc<dyn AnyVariational>> {
        Some(Arc::new(FullRank))
    }
    fn entries(&self) -> Entries {
        Entries::Correlated
    }
    fn refuse(&self, shape: &Shape) -> Option<String> {
        refuse_wide(shape.len(), "the covariance of its entries")
    }
    fn formula(&self) -> &'static str {
        "Normal(loc, L L^T), L lower triangular"
    }
    fn methods(&self) -> &'static str {
        "one normal over all entries of a tensor, with any covariance [@titsias2014; @kucukelbir2017], \
         $$q(w) = Normal(mu, L L^T), L_(i i) = softplus(rho_i),$$ with $L$ lower triangular"
    }
    fn draw(&self) -> Option<&'static str> {
        Some("w = mu + L epsilon, epsilon ~ Normal(0, I)")
    }
    fn beyond_entries(&self) -> Option<&'static str> {
        Some(
            "their total correlation [@watanabe1960], $$sum_i ln sigma_i - ln det L, sigma_i^2 = sum_j L_(i j)^2,$$ with $sigma_i$ the standard deviation of entry $i$",
        )
    }
    fn symbols(&self, variable: &str) -> (&'static str, Option<&'static str>) {
        match variable {
            "loc" => ("mu_i", None),
            "rho" => ("rho_i", Some("L_(i i)")),
            _ => ("L_(i j)", None),
        }
    }
}

/// loc and L.
fn split<'a, T: Math>(at: &Dimensions, values: &'a [T]) -> (&'a [T], Triangular<'a, T>) {
    let (loc, rest) = values.split_at(at.entries());
    (loc, Triangular::split(at.transform, loc.len(), rest).0)
}

/// The gradient by loc and by L.
fn split_gradient<'a, T>(
    at: &Dimensions,
    gradient: &'a mut [T],
) -> (&'a mut [T], TriangularGradient<'a, T>) {
    let (loc, rest) = gradient.split_at_mut(at.entries());
    (loc, TriangularGradient::split(at.entries(), rest).0)
}

impl<T: Math> Variational<T> for FullRank {
    fn noise(&self, at: &Dimensions) -> usize {
        at.entries()
    }

    fn marginal_scales(&self, at: &Dimensions, values: &[T], scales: &mut [T]) {
        split(at, values).1.lengths(scales);
    }

    fn marginal_scales_backward(
        &self,
        at: &Dimensions,
        values: &[T],
        scales: &[T],
        d_scales: &[T],
        gradient: &mut [T],
    ) {
        let (_, mut gradient) = split_gradient(at, gradient);
        let (_, factor) = split(at, values);
        factor.lengths_backward(scales, d_scales, &mut gradient);
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
        let (_, mut gradient) = split_gradient(at, gradient);
        split(at, values).1.excess(weight, &mut gradient)
    }

    fn draw(&self, at: &Dimensions, values: &[T], noise: &[T], w: &mut [T]) {
        let (loc, factor) = split(at, values);
        factor.multiply(noise, w);
        w.iter_mut().zip(loc).for_each(|(w, &loc)| *w += loc);
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
        let (_, factor) = split(at, values);
        let (d_loc, mut gradient) = split_gradient(at, gradient);
        d_loc.iter_mut().zip(d_w).for_each(|(to, &d)| *to += d);
        factor.multiply_backward(noise, d_w, &mut gradient);
    }

    fn score(&self, at: &Dimensions, values: &[T], noise: &[T], _w: &[T], out: &mut [T]) {
        out.iter_mut().zip(noise).for_each(|(out, &e)| *out = -e);
        split(at, values).1.solve_transposed(out);
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
        let (_, factor) = split(at, values);
        let (_, mut gradient) = split_gradient(at, gradient);
        factor.log_determinant_backward(-weight, &mut gradient);
        standard_normal(noise) - factor.log_determinant()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, Dense};
    use super::*;
    use crate::posterior::Transform;

    /// Scales from 1e-6 to 1e3, and correlations that are not small.
    fn cases() -> Vec<Case> {
        let mut cases = Vec::new();
        for transform in [Transform::Softplus, Transform::Exp] {
            for (shape, scales) in [
                (vec![], vec![0.3]),
                (vec![5], vec![0.5, 1e-6, 2.0, 1e3, 1e-3]),
                (vec![2, 3], vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
            ] {
                let mut case = Case::new(&FullRank, &shape, Constants::default(), transform);
                let n = scales.len();
                case.fill(|name, entry| match name {
                    "rho" => transform.raw(scales[entry], f64::EPSILON),
                    "lower" => {
                        let row = (1..n)
                            .rfind(|&i| packed(i) <= entry)
                            .expect("a row below the first");
                        scales[row] * [0.7, -0.4, 1.1][entry % 3]
                    }
                    _ => 0.3 * entry as f64 - 0.5,
                });
                cases.push(case);
            }
        }
        cases
    }

    /// L Lᵀ entry by entry.
    fn covariance(case: &Case) -> Vec<f64> {
        let n = case.at.entries();
        let (rho, lower) = (case.variable("rho"), case.variable("lower"));
        let entry = |i: usize, j: usize| match i.cmp(&j) {
            std::cmp::Ordering::Less => 0.0,
            std::cmp::Ordering::Equal => case.at.transform.value(rho[i]),
            std::cmp::Ordering::Greater => lower[i * (i - 1) / 2 + j],
        };
        let product = |i: usize, j: usize| (0..n).map(|k| entry(i, k) * entry(j, k)).sum();
        (0..n * n).map(|ij| product(ij / n, ij % n)).collect()
    }

    #[test]
    fn it_is_the_normal_with_that_covariance() {
        for case in cases() {
            case.check_normal(&Dense::new(case.variable("loc"), covariance(&case)));
        }
    }

    #[test]
    fn its_derivatives_and_its_float32() {
        for case in cases() {
            case.check_derivatives();
            case.check_float32();
        }
    }
}
