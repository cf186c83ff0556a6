//! A normal posterior and a normal prior.

use super::{BLOCK, ClosedForm, Entries, Gradients, Term, sum};
use crate::distribution::{self, Distribution};
use crate::tensor::Math;

/// KL(N(μ, σ²) ‖ N(m, s²))
///
/// ```text
/// ½ d² + ½ t² + (t - ln r),   d = (μ - m)/s,  r = σ/s,  t = r - 1 = (σ - s)/s
/// ```
///
/// which is `ln(s/σ) + (σ² + (μ - m)²)/(2s²) - ½` as a sum of three terms, none negative: nothing
/// cancels, and the relative error stays that of the arithmetic where the two are all but equal.
pub struct NormalNormal;

impl ClosedForm for NormalNormal {
    fn posterior(&self) -> &'static dyn Distribution {
        &distribution::Normal
    }

    fn prior(&self) -> &'static dyn Distribution {
        &distribution::Normal
    }

    fn formula(&self) -> &'static str {
        "ln(scale/s) + (s^2 + (m - loc)^2)/(2 scale^2) - 1/2"
    }

    fn source(&self) -> &'static str {
        "the integral of two quadratics [@kingma2014]"
    }
}

impl<T: Math> Term<T> for NormalNormal {
    fn accumulate(
        &self,
        entries: Entries<T>,
        prior: &[T],
        weight: T,
        gradients: Gradients<T>,
    ) -> f64 {
        T::dispatch(
            #[inline(always)]
            || match gradients.prior.is_empty() {
                true => accumulate::<T, false>(entries, prior, weight, gradients),
                false => accumulate::<T, true>(entries, prior, weight, gradients),
            },
        )
    }
    fn integrand(&self, prior: &[T], weight: T) -> Option<Integrand<T>> {
        Some(Integrand::new(prior, weight))
    }
}

/// One entry's KL.
#[derive(Debug, Clone, Copy)]
pub struct Integrand<T> {
    m: T,
    s: T,
    per_s: T,
    weight: T,
}

/// What is known of one entry: the KL, `weight` times its derivatives by loc and by scale, and d and
/// d² + r² − 1, whose sums the derivatives by the prior's parameters are made of.
#[derive(Debug, Clone, Copy)]
pub struct Entry<T> {
    /// The KL.
    pub value: T,
    /// `weight` times its derivative by loc.
    pub by_loc: T,
    /// `weight` times its derivative by scale.
    pub by_scale: T,
    distance: T,
    spread: T,
}

impl<T: Math> Integrand<T> {
    fn new(prior: &[T], weight: T) -> Self {
        let (m, s) = (prior[0], prior[1]);
        Integrand {
            m,
            s,
            per_s: T::one() / s,
            weight,
        }
    }

    /// The KL of an entry.
    #[inline(always)]
    pub fn entry(&self, loc: T, scale: T) -> Entry<T> {
        let d = (loc - self.m) * self.per_s;
        let t = (scale - self.s) * self.per_s;
        let excess = t * (t + T::of(2.0)); // r² - 1
        Entry {
            value: T::of(0.5) * (d * d + t * t) + T::ln_gap(scale * self.per_s, t),
            by_loc: self.weight * (d * self.per_s),
            by_scale: self.weight * (excess / scale),
            distance: d,
            spread: d * d + excess,
        }
    }
}

/// What the sums over a block are taken of.
struct Parts<T> {
    value: [T; BLOCK],
    distance: [T; BLOCK],
    spread: [T; BLOCK],
}

#[inline(always)]
fn accumulate<T: Math, const OF_PRIOR: bool>(
    entries: Entries<T>,
    prior: &[T],
    weight: T,
    gradients: Gradients<T>,
) -> f64 {
    let integrand = Integrand::new(prior, weight);
    let zeros = [T::zero(); BLOCK];
    let mut parts = Parts {
        value: zeros,
        distance: zeros,
        spread: zeros,
    };
    let (mut value, mut distance, mut spread) = (0.0, 0.0, 0.0);
    let posterior = entries.loc.chunks(BLOCK).zip(entries.scale.chunks(BLOCK));
    let derivatives = gradients
        .loc
        .chunks_mut(BLOCK)
        .zip(gradients.scale.chunks_mut(BLOCK));
    for ((loc, scale), (by_loc, by_scale)) in posterior.zip(derivatives) {
        let n = loc.len();
        block::<T, OF_PRIOR>(&integrand, loc, scale, by_loc, by_scale, &mut parts);
        value += sum(&parts.value[..n]);
        if OF_PRIOR {
            distance += sum(&parts.distance[..n]);
            spread += sum(&parts.spread[..n]);
        }
    }
    if let [by_m, by_s] = gradients.prior {
        let factor = (weight * integrand.per_s).wide();
        *by_m -= factor * distance;
        *by_s -= factor * spread;
    }
    value
}

#[inline(always)]
fn block<T: Math, const OF_PRIOR: bool>(
    integrand: &Integrand<T>,
    loc: &[T],
    scale: &[T],
    by_loc: &mut [T],
    by_scale: &mut [T],
    parts: &mut Parts<T>,
) {
    let n = loc.len();
    // the lengths are told so that the loop needs no check
    let (scale, by_loc, by_scale) = (&scale[..n], &mut by_loc[..n], &mut by_scale[..n]);
    let (value, distance, spread) = (
        &mut parts.value[..n],
        &mut parts.distance[..n],
        &mut parts.spread[..n],
    );
    for i in 0..n {
        let entry = integrand.entry(loc[i], scale[i]);
        value[i] = entry.value;
        if OF_PRIOR {
            distance[i] = entry.distance;
            spread[i] = entry.spread;
        }
        by_loc[i] += entry.by_loc;
        by_scale[i] += entry.by_scale;
    }
}
