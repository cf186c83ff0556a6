//! The distribution of ε in w = loc + scale·ε: what tells the families of independent entries apart.

use crate::tensor::math::HALF_LN_TWO_PI;
use crate::tensor::{Math, Stream};
use std::f64::consts::{LN_2, PI};

/// A standard distribution, symmetric about 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Law {
    /// ln density -½ ε² - ½ ln 2π
    #[default]
    Normal,
    /// ln density -|ε| - ln 2
    Laplace,
    /// ln density -ln(1 + ε²) - ln π
    Cauchy,
}

impl Law {
    /// ln of the density.
    #[inline(always)]
    pub fn log_density<T: Math>(self, noise: T) -> T {
        match self {
            Law::Normal => -T::of(0.5) * noise * noise - T::of(HALF_LN_TWO_PI),
            Law::Laplace => -noise.abs() - T::of(LN_2),
            Law::Cauchy => -(noise * noise).fast_ln_1p() - T::of(PI.ln()),
        }
    }

    /// Its derivative by ε.
    #[inline(always)]
    pub fn score<T: Math>(self, noise: T) -> T {
        match self {
            Law::Normal => -noise,
            Law::Laplace if noise > T::zero() => -T::one(),
            Law::Laplace => T::one(),
            Law::Cauchy => -(noise + noise) / (T::one() + noise * noise),
        }
    }

    /// As the IR and the plan write a standard draw.
    pub fn text(self) -> &'static str {
        match self {
            Law::Normal => "Normal(0, 1)",
            Law::Laplace => "Laplace(0, 1)",
            Law::Cauchy => "Cauchy(0, 1)",
        }
    }

    /// Entries `start`, `start` + 1, … of a stream's deviates; Laplace's and Cauchy's from uniform numbers by
    /// the inverse of the distribution function.
    pub fn fill<T: Math>(self, stream: &Stream, start: usize, out: &mut [T]) {
        let quantile: fn(f64) -> f64 = match self {
            Law::Normal => return stream.fill_normal(start, out),
            Law::Laplace => |u| (-(2.0 * u.min(1.0 - u)).ln()).copysign(u - 0.5),
            Law::Cauchy => |u| (PI * (u - 0.5)).tan(),
        };
        let mut uniform = [0.0; 256];
        for (block, out) in out.chunks_mut(uniform.len()).enumerate() {
            let uniform = &mut uniform[..out.len()];
            stream.fill_uniform(start + block * 256, uniform);
            for (out, &u) in out.iter_mut().zip(&*uniform) {
                *out = T::of(quantile(u));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, integrate, slope};

    const LAWS: [Law; 3] = [Law::Normal, Law::Laplace, Law::Cauchy];

    #[test]
    fn densities_integrate_to_1_and_scores_are_their_slopes() {
        let points: Vec<f64> = (-60..=60).map(f64::from).collect();
        for law in LAWS {
            // noise = sinh u takes in the tails of Cauchy's
            let density = |u: f64| (law.log_density(u.sinh()) + u.cosh().ln()).exp();
            assert_close(integrate(density, &points), 1.0, 1e-9, law.text());
            for noise in [-2.3, -0.4, 0.7, 5.0] {
                let difference = slope(|x| law.log_density(x), noise, 1e-3);
                assert_close(law.score(noise), difference, 1e-8, law.text());
            }
        }
    }

    #[test]
    fn deviates_have_the_laws_quartiles() {
        let mut deviates = vec![0.0_f64; 40_000];
        for (law, quartile) in [
            (Law::Normal, 0.674_489_750_196),
            (Law::Laplace, LN_2),
            (Law::Cauchy, 1.0),
        ] {
            law.fill(&Stream::new(3, 1, 4, 1), 0, &mut deviates);
            for (level, end) in [(0.25, -quartile), (0.5, 0.0), (0.75, quartile)] {
                let below = deviates.iter().filter(|&&x| x < end).count() as f64 / 40_000.0;
                let sd = (level * (1.0 - level) / 40_000.0_f64).sqrt();
                assert!(
                    (below - level).abs() < 5.0 * sd,
                    "{}: {below} below {end}",
                    law.text()
                );
            }
        }
    }

    #[test]
    fn a_deviate_does_not_depend_on_the_block_it_is_made_in() {
        for law in LAWS {
            let stream = Stream::new(1, 2, 3, 4);
            let (mut whole, mut part) = (vec![0.0_f32; 700], vec![0.0_f32; 300]);
            law.fill(&stream, 0, &mut whole);
            law.fill(&stream, 333, &mut part);
            assert_eq!(part, whole[333..633], "{}", law.text());
        }
    }
}
