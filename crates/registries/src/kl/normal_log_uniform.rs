//! A normal posterior and the log-uniform prior: variational dropout.

use super::{ClosedForm, Entries, Gradients, Term};
use crate::distribution::{self, Distribution};
use crate::tensor::Math;
use crate::tensor::special::mean_log_shift;

/// KL(N(μ, σ²) ‖ 1/|w|), with the prior's constant as [`crate::distribution::LogUniform`] has it
///
/// ```text
/// E ln|t + z| - E ln|z|  =  2 ∫₀ˣ D(u) du,   t = |μ|/σ,  x = t/√2,  z ~ N(0, 1)
/// ```
///
/// with Dawson's function D (Hron, Matthews and Ghahramani 2018, "Variational Bayesian dropout:
/// pitfalls and fixes", section 3.1, have its derivative). It depends on α = σ²/μ² = 1/t² alone, falls as
/// α grows, and is 0 at α = ∞.
///
/// Molchanov, Ashukha and Vetrov (2017), "Variational dropout sparsifies deep neural networks",
/// equation 14, fit it by k₁ - k₁ sigmoid(k₂ + k₃ ln α) + ½ ln(1 + 1/α), with k = 0.63576, 1.87320 and
/// 1.48695. What they print is *minus* the divergence. This is the integral itself, from which the fit
/// is up to 0.0094 away.
pub struct NormalLogUniform;

impl ClosedForm for NormalLogUniform {
    fn posterior(&self) -> &'static dyn Distribution {
        &distribution::Normal
    }

    fn prior(&self) -> &'static dyn Distribution {
        &distribution::LogUniform
    }

    fn formula(&self) -> &'static str {
        "2 integral_0^(abs(m)/(s sqrt(2))) D(t) d t, D(t) = e^-t^2 integral_0^t e^r^2 d r"
    }

    fn source(&self) -> &'static str {
        "an integral of Dawson's function $D$ [@hron2018], to which a fit is known [@molchanov2017]"
    }
}

impl<T: Math> Term<T> for NormalLogUniform {
    fn accumulate(&self, entries: Entries<T>, _: &[T], weight: T, gradients: Gradients<T>) -> f64 {
        let mut total = 0.0;
        for (i, (&loc, &scale)) in entries.loc.iter().zip(entries.scale).enumerate() {
            let t = (loc / scale).wide();
            let (value, slope) = mean_log_shift(t.abs());
            total += value;
            gradients.loc[i] += weight * T::of(slope * t.signum()) / scale;
            gradients.scale[i] -= weight * T::of(slope * t.abs()) / scale;
        }
        total
    }
}
