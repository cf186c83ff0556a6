//! The laws that a posterior's noise can have: those of loc + scale·ε with independent ε.

use crate::tensor::math::HALF_LN_TWO_PI;
use crate::tensor::{Math, Real, Stream};
use std::f64::consts::{LN_2, PI};

/// What ε is drawn from.
///
/// | | density of ε | its logarithm's derivative |
/// | --- | --- | --- |
/// | `Normal` | exp(-ε²/2)/√(2π) | -ε |
/// | `Laplace` | exp(-\|ε\|)/2 | -sign ε |
/// | `Cauchy` | 1/(π(1 + ε²)) | -2ε/(1 + ε²) |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// N(0, 1)
    Normal,
    /// The double exponential with scale 1.
    Laplace,
    /// The Cauchy distribution with scale 1.
    Cauchy,
}

impl Law {
    /// The distribution of loc + scale·ε, as the registry calls it.
    pub fn name(self) -> &'static str {
        match self {
            Law::Normal => "Normal",
            Law::Laplace => "Laplace",
            Law::Cauchy => "Cauchy",
        }
    }

    /// ln of the density at ε.
    #[inline(always)]
    pub fn log_density<T: Math>(self, noise: T) -> T {
        match self {
            Law::Normal => -T::of(0.5) * noise * noise - T::of(HALF_LN_TWO_PI),
            Law::Laplace => -noise.abs() - T::of(LN_2),
            Law::Cauchy => -(noise * noise).fast_ln_1p() - T::of(PI.ln()),
        }
    }

    /// The derivative of [`Law::log_density`]; 0 at the Laplace law's kink.
    #[inline(always)]
    pub fn score<T: Math>(self, noise: T) -> T {
        match self {
            Law::Normal => -noise,
            Law::Laplace if noise == T::zero() => T::zero(),
            Law::Laplace => -noise.signum(),
            Law::Cauchy => -T::of(2.0) * noise / (T::one() + noise * noise),
        }
    }

    /// Entries `start`, `start` + 1, … of the stream's independent ε.
    pub fn fill<T: Real>(self, stream: &Stream, start: usize, out: &mut [T]) {
        match self {
            Law::Normal => stream.fill_normal(start, out),
            Law::Laplace => stream.fill_laplace(start, out),
            Law::Cauchy => stream.fill_cauchy(start, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::find;
    use crate::testing::{assert_close, slope};

    const LAWS: [Law; 3] = [Law::Normal, Law::Laplace, Law::Cauchy];

    #[test]
    fn laws_are_the_distributions_of_their_names() {
        for law in LAWS {
            let distribution = find(law.name()).unwrap();
            for noise in [-30.0, -1.2, -0.01, 0.3, 1.0, 7.5] {
                let expected = distribution.log_prob(&[0.0, 1.0], noise);
                assert_close(law.log_density(noise), expected, 1e-14, law.name());
                let score = distribution.score(&[0.0, 1.0], noise);
                assert_close(law.score(noise), score, 1e-14, law.name());
                let h = 1e-4 * noise.abs();
                let difference = slope(|e| law.log_density(e), noise, h);
                assert_close(law.score(noise), difference, 1e-7, law.name());
            }
            assert_eq!(law.score(0.0f64), 0.0);
        }
    }

    #[test]
    fn noise_has_its_law() {
        // the number of draws below each point against the distribution function
        let count = 1 << 20;
        for law in LAWS {
            let mut noise = vec![0.0f32; count];
            law.fill(&Stream::new(8, 0, 0, 1), 0, &mut noise);
            let below = |x: f64| match law {
                Law::Normal => 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2),
                Law::Laplace if x < 0.0 => 0.5 * x.exp(),
                Law::Laplace => 1.0 - 0.5 * (-x).exp(),
                Law::Cauchy => 0.5 + x.atan() / PI,
            };
            for x in [-12.0, -3.0, -1.0, -0.1, 0.0, 0.2, 1.5, 4.0, 10.0, 1000.0] {
                let (p, n) = (below(x), count as f64);
                let got = noise.iter().filter(|&&e| f64::from(e) < x).count() as f64;
                let error = (got - n * p).abs();
                assert!(
                    error < 4.5 * (n * p * (1.0 - p)).sqrt() + 1.0,
                    "{}: {got} of {n} below {x}, expected {}",
                    law.name(),
                    n * p
                );
            }
        }
    }
}
