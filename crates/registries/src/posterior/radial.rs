//! `Radial(loc, scale)`: a direction drawn evenly and a distance that is half-normal, however many
//! weights there are.

use super::entrywise::{self, sum};
use super::mean_field::loc_and_rho;
use super::variational::{AnyVariational, Dimensions, VariableSpec, Variational};
use super::{AtStart, Entries, Posterior};
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::math::HALF_LN_TWO_PI;
use crate::tensor::simd::par_each;
use crate::tensor::{Math, Shape};
use std::f64::consts::{LN_2, PI};
use std::sync::Arc;

/// Euler's constant.
const EULER: f64 = 0.577_215_664_901_532_9;

/// Radial(loc, scale), over D entries
///
/// ```text
/// w = loc + scale∘d r,   d = ε/|ε|,  r = |ζ|,   ε [D] and ζ [1] standard normal
/// ```
///
/// A normal's draws in many dimensions all lie near a shell of radius √D; these lie near loc. With
/// u = (w - loc)/scale, r = |u|, φ the standard normal density and S = 2 π^(D/2)/Γ(D/2) the surface of
/// the unit sphere:
///
/// ```text
/// ln q(w)    = ln 2φ(r) - ln S - (D - 1) ln r - Σ_i ln scale_i
/// ∂ ln q/∂w  = -(r + (D - 1)/r) d/scale
/// E w_i = loc_i,   Var w_i = s_i² = scale_i²/D,   entries uncorrelated
/// ```
///
/// As E r² = 1, E d_i² = 1/D and E ln |ζ| = -(γ + ln 2)/2, E ln q is exact; and E ln p under a normal
/// prior of independent entries depends on mean and variance alone, so that
///
/// ```text
/// KL(q ‖ p) = Σ_i KL(N(loc_i, s_i²) ‖ p_i) + κ(D)
/// κ(D) = (D - 1)/2 (1 + ln 2π + γ + ln 2) - D/2 ln(π D) + ln Γ(D/2)  →  D/2 (γ + ln 2)
/// ```
///
/// κ(D) = KL(q ‖ Π_i N(loc_i, s_i²)), 0 for D = 1, where q is N(loc, scale²). It has no gradient and
/// the paper leaves it out. Under any other prior the KL is not this sum.
/// Source: Farquhar, Osborne and Gal 2020, "Radial Bayesian neural networks: beyond
/// discrete support in large-scale Bayesian deep learning", section 3.
pub struct Radial;

static SIGNATURE: Signature = Signature {
    name: "Radial",
    summary: "an even direction and a half-normal distance from loc, however many weights there are",
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
            summary: "how the scales start: root mean square distances from loc times √D an entry",
        },
    ],
};

impl Posterior for Radial {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn variables(&self, shape: &Shape, _: &Constants) -> Vec<VariableSpec> {
        loc_and_rho(shape)
    }
    fn variational(&self, _: &Constants) -> Option<Arc<dyn AnyVariational>> {
        Some(Arc::new(Radial))
    }
    /// All entries share the length of one normal number.
    fn variance(&self, start: &AtStart) -> Option<f64> {
        Some(start.scale * start.scale / start.entries as f64)
    }
    fn starts_factorized(&self) -> bool {
        false
    }
    fn entries(&self) -> Entries {
        Entries::Radial
    }
    fn formula(&self) -> &'static str {
        "loc + scale eps/|eps| |zeta|"
    }
    fn methods(&self) -> &'static str {
        "a radial distribution [@farquhar2020]: from $mu$ a direction drawn evenly and a distance that is \
         half-normal, stretched by the scales $sigma_i = softplus(rho_i)$"
    }
    fn draw(&self) -> Option<&'static str> {
        Some(
            "w = mu + sigma odot epsilon/norm(epsilon) abs(zeta), epsilon ~ Normal(0, I), zeta ~ Normal(0, 1)",
        )
    }
    fn beyond_entries(&self) -> Option<&'static str> {
        Some(
            "a constant that depends on their number $D$ alone; $sigma_i/sqrt(D)$, the standard deviation of an entry, stands in place of $sigma$",
        )
    }
}

/// κ(D): see [`Radial`].
fn beyond_normal(entries: usize) -> f64 {
    let d = entries as f64;
    let each = 1.0 + 2.0 * HALF_LN_TWO_PI + EULER + LN_2;
    0.5 * (d - 1.0) * each - 0.5 * d * (PI * d).ln() + (0.5 * d).log_gamma()
}

/// ε, r, and 1/|ε|, which is 0 where ε is.
fn polar<T: Math>(noise: &[T]) -> (&[T], T, T) {
    let (zeta, each) = noise.split_last().expect("noise of D + 1 numbers");
    let squares = sum(
        [each],
        #[inline(always)]
        |[e]| e * e,
    );
    let per_length = if squares > 0.0 {
        squares.sqrt().recip()
    } else {
        0.0
    };
    (each, zeta.abs(), T::of(per_length))
}

impl<T: Math> Variational<T> for Radial {
    fn noise(&self, at: &Dimensions) -> usize {
        at.entries() + 1
    }

    fn marginal_scales(&self, at: &Dimensions, values: &[T], scales: &mut [T]) {
        let n = at.entries();
        entrywise::scales(at.transform, &values[n..], scales);
        let factor = T::of((n as f64).sqrt().recip());
        par_each(
            scales,
            [],
            #[inline(always)]
            |scale, []| *scale *= factor,
        );
    }

    fn marginal_scales_backward(
        &self,
        at: &Dimensions,
        values: &[T],
        _scales: &[T],
        d_scales: &[T],
        gradient: &mut [T],
    ) {
        let n = at.entries();
        let factor = T::of((n as f64).sqrt().recip());
        let d: Vec<T> = d_scales.iter().map(|&d| d * factor).collect();
        entrywise::scales_backward(at.transform, &values[n..], &d, &mut gradient[n..]);
    }

    fn total_correlation(
        &self,
        at: &Dimensions,
        _values: &[T],
        _scales: &[T],
        _weight: T,
        _d_scales: &mut [T],
        _gradient: &mut [T],
    ) -> f64 {
        beyond_normal(at.entries())
    }

    fn draw(&self, at: &Dimensions, values: &[T], noise: &[T], w: &mut [T]) {
        let (loc, rho) = values.split_at(at.entries());
        let (each, radius, per_length) = polar(noise);
        let factor = radius * per_length;
        entrywise::scales(at.transform, rho, w);
        par_each(
            w,
            [loc, each],
            #[inline(always)]
            |w, [loc, e]| *w = loc + *w * (e * factor),
        );
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
        let n = at.entries();
        let (each, radius, per_length) = polar(noise);
        let factor = radius * per_length;
        let (d_loc, d_rho) = gradient.split_at_mut(n);
        par_each(
            d_loc,
            [d_w],
            #[inline(always)]
            |to, [d]| *to += d,
        );
        let by = d_w.iter().zip(each);
        let d_scale: Vec<T> = by.map(|(&d, &e)| d * (e * factor)).collect();
        entrywise::scales_backward(at.transform, &values[n..], &d_scale, d_rho);
    }

    fn score(&self, at: &Dimensions, values: &[T], noise: &[T], _w: &[T], out: &mut [T]) {
        let n = at.entries();
        let (each, radius, per_length) = polar(noise);
        let pull = -(radius + T::of(n as f64 - 1.0) / radius) * per_length;
        entrywise::scales(at.transform, &values[n..], out);
        par_each(
            out,
            [each],
            #[inline(always)]
            |out, [e]| *out = pull * e / *out,
        );
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
        let n = at.entries();
        let (_, radius, _) = polar(noise);
        let (d, r) = (n as f64, radius.wide());
        let rho = &values[n..];
        let mut scales = vec![T::zero(); n];
        entrywise::scales(at.transform, rho, &mut scales);
        let width = sum(
            [&scales[..]],
            #[inline(always)]
            |[scale]| scale.fast_ln(),
        );
        par_each(
            &mut scales,
            [],
            #[inline(always)]
            |scale, []| *scale = -weight / *scale,
        );
        entrywise::scales_backward(at.transform, rho, &scales, &mut gradient[n..]);
        let sphere = LN_2 + 0.5 * d * PI.ln() - (0.5 * d).log_gamma();
        LN_2 - HALF_LN_TWO_PI - 0.5 * r * r - sphere - (d - 1.0) * r.ln() - width
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, Dense};
    use super::*;
    use crate::posterior::Transform;
    use crate::testing::assert_close;

    fn cases() -> Vec<Case> {
        let mut cases = Vec::new();
        for transform in [Transform::Softplus, Transform::Exp] {
            for (shape, scales) in [
                (vec![], vec![0.4]),
                (vec![2], vec![0.4, 1.3]),
                (vec![2, 3], vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
                (vec![5], vec![0.5, 1e-6, 2.0, 1e3, 1e-3]),
            ] {
                let mut case = Case::new(&Radial, &shape, Constants::default(), transform);
                case.fill(|name, entry| match name {
                    "rho" => transform.raw(scales[entry], f64::EPSILON),
                    _ => 0.3 * entry as f64 - 0.5,
                });
                cases.push(case);
            }
        }
        cases
    }

    fn unit_scales(case: &Case) -> Vec<f64> {
        let rho = case.variable("rho").iter();
        rho.map(|&rho| case.at.transform.value(rho)).collect()
    }

    #[test]
    fn it_has_the_stated_density() {
        // 2 π^(D/2)/Γ(D/2) for the cases' numbers of entries
        let surface = |d: usize| match d {
            1 => 2.0,
            2 => 2.0 * PI,
            5 => 8.0 * PI * PI / 3.0,
            6 => PI.powi(3),
            _ => unreachable!(),
        };
        for case in cases() {
            let (scales, d) = (unit_scales(&case), case.at.entries());
            let log_q = |w: &[f64]| {
                let u = w.iter().zip(case.variable("loc")).zip(&scales);
                let square: f64 = u.map(|((w, m), s)| ((w - m) / s).powi(2)).sum();
                let shell = surface(d) * square.sqrt().powi(d as i32 - 1);
                let radial = 2.0 * (-0.5 * square).exp() / (2.0 * PI).sqrt();
                let width: f64 = scales.iter().map(|s| s.ln()).sum();
                (radial / shell).ln() - width
            };
            case.check_density(log_q, |w, i| {
                // the density has a pole at loc
                let u = w.iter().zip(case.variable("loc")).zip(&scales);
                let square: f64 = u.map(|((w, m), s)| ((w - m) / s).powi(2)).sum();
                1e-3 * scales[i] * square.sqrt().min(1.0)
            });
        }
    }

    /// E w, Var w; and E e_i² e_j² = D² E r⁴ E d_i² d_j² = 3 D/(D + 2), three times it for i = j.
    #[test]
    fn it_has_the_stated_moments() {
        for case in cases() {
            let d = case.at.entries();
            let mut covariance = vec![0.0; d * d];
            for (i, scale) in unit_scales(&case).iter().enumerate() {
                covariance[i * d + i] = scale * scale / d as f64;
                assert_close(
                    case.scales()[i] / scale * (d as f64).sqrt(),
                    1.0,
                    1e-12,
                    "s",
                );
            }
            let fourth = |i: usize, j: usize| {
                let even = 3.0 * d as f64 / (d as f64 + 2.0);
                if i == j { 3.0 * even } else { even }
            };
            case.check_moments(&Dense::new(case.variable("loc"), covariance), fourth);
        }
    }

    /// The mean of ln q(w) - ln p(w) over many draws, for a normal prior.
    #[test]
    fn its_kl_from_a_normal_is_the_mean_of_the_log_ratio() {
        for case in cases() {
            let (m, s) = (0.2, 1.7);
            let prior = |w: f64| -0.5 * ((w - m) / s).powi(2) - s.ln() - HALF_LN_TWO_PI;
            const DRAWS: u64 = 40_000;
            let ratios: Vec<f64> = (0..DRAWS)
                .map(|draw| {
                    let noise = case.noise(draw);
                    let w = case.draw(&noise);
                    case.density(&noise, &w).0 - w.iter().map(|&w| prior(w)).sum::<f64>()
                })
                .collect();
            let mean = ratios.iter().sum::<f64>() / DRAWS as f64;
            let square = ratios.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
            let error = square.sqrt() / DRAWS as f64;
            let marginals: f64 = case
                .scales()
                .iter()
                .zip(case.variable("loc"))
                .map(|(t, mu)| (s / t).ln() + (t * t + (mu - m) * (mu - m)) / (2.0 * s * s) - 0.5)
                .sum();
            let closed = marginals + case.total_correlation();
            assert!(
                (mean - closed).abs() < 5.0 * error,
                "{closed}, but {mean} ± {error} of the draws"
            );
        }
    }

    #[test]
    fn one_entry_is_normal() {
        assert_eq!(beyond_normal(1), 0.0);
        let case = &cases()[0];
        for draw in 0..4 {
            let noise = case.noise(draw);
            let w = case.draw(&noise);
            let z = (w[0] - case.variable("loc")[0]) / 0.4;
            let normal = -0.5 * z * z - HALF_LN_TWO_PI - 0.4f64.ln();
            assert_close(case.density(&noise, &w).0, normal, 1e-12, "ln q");
        }
    }

    #[test]
    fn the_constant_grows_as_stated() {
        // κ(D)/D from above to (γ + ln 2)/2
        let limit = 0.5 * (EULER + LN_2);
        assert_close(beyond_normal(1_000_000) / 1e6, limit, 1e-5, "limit");
        let all = [1, 2, 3, 10, 100, 1000].map(beyond_normal);
        assert!(all.is_sorted());
    }

    #[test]
    fn its_derivatives_and_its_float32() {
        for case in cases() {
            case.check_derivatives();
            case.check_float32();
        }
    }
}
