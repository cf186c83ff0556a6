//! ln q(w) - ln p(w) at a draw: any prior with a density, without bias, with noise.

use super::{BLOCK, Entries, Gradients, Term, add_prior_gradient, sum};
use crate::distribution::{Density, Distribution};
use crate::posterior::Law;
use crate::tensor::Math;

/// With w = μ + σε, ε of density h:
///
/// ```text
/// ln h(ε) - ln σ - ln p(w)
/// ```
///
/// The derivatives are those of this number with ε held: ln q(w) adds nothing by μ and -1/σ by σ, and
/// -ln p(w) adds minus the score, times ε by σ.
///
/// Along the `path` alone the score of q at fixed w is left out, whose expectation is 0 (Roeder, Wu and
/// Duvenaud 2017, "Sticking the landing"): what is left is
///
/// ```text
/// ∂/∂w [ln q(w) - ln p(w)] = h'(ε)/h(ε)/σ - ∂ ln p/∂w     by μ, times ε by σ
/// ```
///
/// which is 0 at every draw where q = p.
pub struct MonteCarlo {
    /// p
    pub prior: &'static dyn Distribution,
    /// h
    pub law: Law,
    /// Whether the gradient is that along the path alone.
    pub path: bool,
}

impl<T: Math> Term<T> for MonteCarlo
where
    dyn Distribution: Density<T>,
{
    fn accumulate(
        &self,
        entries: Entries<T>,
        prior: &[T],
        weight: T,
        gradients: Gradients<T>,
    ) -> f64 {
        let mut total = 0.0;
        let [mut w, mut log_prob, mut score] = [[T::zero(); BLOCK]; 3];
        for start in (0..entries.loc.len()).step_by(BLOCK) {
            let range = start..entries.loc.len().min(start + BLOCK);
            let n = range.len();
            let (loc, scale, noise) = (
                &entries.loc[range.clone()],
                &entries.scale[range.clone()],
                &entries.noise[range.clone()],
            );
            for (((w, &loc), &scale), &noise) in w.iter_mut().zip(loc).zip(scale).zip(noise) {
                *w = loc + scale * noise;
            }
            self.prior
                .evaluate(prior, &w[..n], &mut log_prob[..n], &mut score[..n]);
            add_prior_gradient(self.prior, prior, &w[..n], |_| -weight, gradients.prior);
            let by_loc = &mut gradients.loc[range.clone()];
            let by_scale = &mut gradients.scale[range];
            for i in 0..n {
                if self.path {
                    let by_w = self.law.score(noise[i]) / scale[i] - score[i];
                    by_loc[i] += weight * by_w;
                    by_scale[i] += weight * by_w * noise[i];
                } else {
                    by_loc[i] -= weight * score[i];
                    by_scale[i] -= weight * (score[i] * noise[i] + T::one() / scale[i]);
                }
                log_prob[i] += scale[i].fast_ln() - self.law.log_density(noise[i]);
            }
            total -= sum(&log_prob[..n]);
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::Normal;
    use crate::testing::assert_close;

    /// Value, derivatives by loc and by scale of one entry.
    fn run(law: Law, path: bool, [loc, scale, noise]: [f64; 3], prior: &[f64]) -> [f64; 3] {
        let term = MonteCarlo {
            prior: &Normal,
            law,
            path,
        };
        let (mut by_loc, mut by_scale) = ([0.0], [0.0]);
        let entries = Entries {
            loc: &[loc],
            scale: &[scale],
            noise: &[noise],
        };
        let gradients = Gradients {
            loc: &mut by_loc,
            scale: &mut by_scale,
            prior: &mut [],
        };
        let value = term.accumulate(entries, prior, 1.0, gradients);
        [value, by_loc[0], by_scale[0]]
    }

    #[test]
    fn along_the_path_nothing_is_left_where_posterior_and_prior_agree() {
        for noise in [-2.0, 0.3, 1.7] {
            let [value, by_loc, by_scale] = run(Law::Normal, true, [0.4, 0.7, noise], &[0.4, 0.7]);
            assert_close(value, 0.0, 1e-14, "value");
            assert_close(by_loc, 0.0, 1e-14, "by loc");
            assert_close(by_scale, 0.0, 1e-14, "by scale");
            let [_, by_loc, _] = run(Law::Normal, false, [0.4, 0.7, noise], &[0.4, 0.7]);
            assert!(by_loc.abs() > 0.1, "the whole gradient is noisy");
        }
    }

    #[test]
    fn both_gradients_have_one_mean() {
        for law in [Law::Normal, Law::Laplace] {
            let mut noise = vec![0.0_f64; 20_000];
            law.fill(&crate::tensor::Stream::new(1, 1, 1, 1), 0, &mut noise);
            for place in [1, 2] {
                let differences: Vec<f64> = noise
                    .iter()
                    .map(|&noise| {
                        let at = |path| run(law, path, [0.3, 0.5, noise], &[0.0, 1.0])[place];
                        at(true) - at(false)
                    })
                    .collect();
                let n = differences.len() as f64;
                let mean = differences.iter().sum::<f64>() / n;
                let square = differences.iter().map(|d| d * d).sum::<f64>() / n;
                let z = mean / ((square - mean * mean) / n).sqrt();
                assert!(z.abs() < 5.0, "{law:?}, place {place}: z = {z}");
            }
        }
    }

    #[test]
    fn a_laplace_posteriors_mean_is_its_kl() {
        // KL(Laplace(0, b) ‖ N(0, s²)) = ln(s/(2b)) + ½ ln 2π - 1 + b²/s²
        let (b, s) = (0.5, 0.8_f64);
        let mut noise = vec![0.0_f64; 40_000];
        Law::Laplace.fill(&crate::tensor::Stream::new(2, 1, 1, 1), 0, &mut noise);
        let values = noise
            .iter()
            .map(|&noise| run(Law::Laplace, false, [0.0, b, noise], &[0.0, s])[0]);
        let mean = values.sum::<f64>() / 40_000.0;
        let exact = (s / (2.0 * b)).ln() + 0.5 * std::f64::consts::TAU.ln() - 1.0 + b * b / (s * s);
        assert_close(mean, exact, 0.03, "the mean over draws");
    }
}
