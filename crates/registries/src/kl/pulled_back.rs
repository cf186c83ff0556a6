//! A prior of w seen from the z of which a posterior's w is made.

use crate::distribution::{Density, Distribution, Feature};
use crate::tensor::Math;
use std::f64::consts::PI;

/// How w is made of the z whose distribution a posterior holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Transform {
    /// w = z
    Identity,
    /// w = eᶻ, above 0
    Exp,
    /// w = low + (high - low)/(1 + e⁻ᶻ)
    Logistic {
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
    },
}

/// The density that z has where w = f(z) has the prior's:
///
/// ```text
/// ln p(f(z)) + ln f'(z),   with the derivative score(f(z)) f'(z) + (ln f')'(z)
/// ```
///
/// KL does not change with the variable, so that KL(q(z) ‖ this) is KL(q(w) ‖ p(w)). Both are kept
/// finite: where eᶻ, or what is made of it, is beyond the number type, they are its largest number.
#[derive(Clone, Copy)]
pub struct PulledBack {
    prior: &'static dyn Distribution,
    transform: Transform,
}

impl From<&'static dyn Distribution> for PulledBack {
    fn from(prior: &'static dyn Distribution) -> Self {
        PulledBack::new(prior, Transform::Identity)
    }
}

impl PulledBack {
    /// `prior`, seen through `transform`.
    pub fn new(prior: &'static dyn Distribution, transform: Transform) -> Self {
        PulledBack { prior, transform }
    }

    /// Whether it is the prior itself.
    pub fn is_plain(&self) -> bool {
        self.transform == Transform::Identity
    }

    /// Where the logarithm of its density is not smooth: the prior's features, at f⁻¹ of where they
    /// are, and the transform's own.
    pub fn features(&self, parameters: &[f64]) -> Vec<Feature> {
        let features = self.prior.features(parameters);
        match self.transform {
            Transform::Identity => features,
            Transform::Exp => features
                .iter()
                .filter_map(|feature| carry(feature, logarithm(feature.at, feature.width)))
                .collect(),
            Transform::Logistic { low, high } => {
                let length = high - low;
                let logit = |feature: &Feature| {
                    let below = logarithm((feature.at - low) / length, feature.width / length);
                    let above = logarithm((high - feature.at) / length, feature.width / length);
                    carry(feature, [below[0] - above[0], below[1] + above[1]])
                };
                let mut features: Vec<_> = features.iter().filter_map(logit).collect();
                // the poles of the logistic function
                features.push(Feature::singular(0.0, PI));
                features
            }
        }
    }

    /// The rates at which minus its logarithm grows exponentially, to the left and to the right; 0
    /// where it grows as a power.
    pub fn growth(&self) -> [f64; 2] {
        let [toward_zero, far_out] = self.prior.growth();
        let at = |end: f64| if end == 0.0 { toward_zero } else { 0.0 };
        match self.transform {
            Transform::Identity => [0.0; 2],
            Transform::Exp => [toward_zero, far_out],
            Transform::Logistic { low, high } => [at(low), at(high)],
        }
    }

    /// w, and ∂w/∂z.
    #[inline(always)]
    fn map<T: Math>(&self, z: T) -> (T, T) {
        match self.transform {
            Transform::Identity => (z, T::one()),
            Transform::Exp => {
                let w = z
                    .fast_exp()
                    .max(T::min_positive_value())
                    .min(T::max_value());
                (w, w)
            }
            Transform::Logistic { low, high } => {
                let (low, high) = (T::of(low), T::of(high));
                let (share, rest) = (z.sigmoid(), (-z).sigmoid());
                let length = high - low;
                let w = if z < T::zero() {
                    low + length * share
                } else {
                    high - length * rest
                };
                (w, length * share * rest)
            }
        }
    }

    /// ln f'(z) and its derivative.
    #[inline(always)]
    fn log_slope<T: Math>(&self, z: T) -> (T, T) {
        match self.transform {
            Transform::Identity => (T::zero(), T::zero()),
            Transform::Exp => (z, T::one()),
            Transform::Logistic { low, high } => (
                T::of((high - low).ln()) - z.softplus() - (-z).softplus(),
                (-z).sigmoid() - z.sigmoid(),
            ),
        }
    }
}

/// ln(re + i·im), for im from 0 on.
fn logarithm(re: f64, im: f64) -> [f64; 2] {
    [re.hypot(im).ln(), im.atan2(re)]
}

/// The feature at a new place; `None` where that is infinitely far, or a kink is off the real line.
fn carry(feature: &Feature, [at, width]: [f64; 2]) -> Option<Feature> {
    let width = width.abs();
    let seen = at.is_finite() && (width == 0.0 || !feature.kink);
    seen.then_some(Feature {
        at,
        width,
        kink: feature.kink,
    })
}

#[inline(always)]
fn finite<T: Math>(x: T) -> T {
    x.max(-T::max_value()).min(T::max_value())
}

impl<T: Math> Density<T> for PulledBack
where
    dyn Distribution: Density<T>,
{
    fn log_prob(&self, parameters: &[T], z: T) -> T {
        if self.is_plain() {
            return self.prior.log_prob(parameters, z);
        }
        let inside = self.prior.log_prob(parameters, self.map(z).0);
        finite(inside + self.log_slope(z).0)
    }

    fn score(&self, parameters: &[T], z: T) -> T {
        if self.is_plain() {
            return self.prior.score(parameters, z);
        }
        let (w, slope) = self.map(z);
        finite(self.prior.score(parameters, w) * slope + self.log_slope(z).1)
    }

    fn parameter_score(&self, parameters: &[T], z: T, out: &mut [T]) {
        self.prior.parameter_score(parameters, self.map(z).0, out);
    }

    fn evaluate(&self, parameters: &[T], z: &[T], log_prob: &mut [T], score: &mut [T]) {
        self.prior_at(parameters, z, log_prob, score);
        if self.is_plain() {
            return;
        }
        for ((&z, log_prob), score) in z.iter().zip(log_prob).zip(score) {
            let (log_slope, by_z) = self.log_slope(z);
            *log_prob = finite(*log_prob + log_slope);
            *score = finite(*score * self.map(z).1 + by_z);
        }
    }
}

impl PulledBack {
    /// The prior's own logarithm and score, at f(z).
    fn prior_at<T: Math>(&self, parameters: &[T], z: &[T], log_prob: &mut [T], score: &mut [T])
    where
        dyn Distribution: Density<T>,
    {
        if self.is_plain() {
            return self.prior.evaluate(parameters, z, log_prob, score);
        }
        let mut w = [T::zero(); super::BLOCK];
        let blocks = z
            .chunks(w.len())
            .zip(log_prob.chunks_mut(w.len()))
            .zip(score.chunks_mut(w.len()));
        for ((z, log_prob), score) in blocks {
            for (w, &z) in w.iter_mut().zip(z) {
                *w = self.map(z).0;
            }
            self.prior
                .evaluate(parameters, &w[..z.len()], log_prob, score);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::{self, DISTRIBUTIONS, Support, tests::examples};
    use crate::testing::{assert_close, integrate, slope};

    /// Transforms whose values lie where the prior has mass.
    fn transforms(prior: &dyn Distribution, parameters: &[f64]) -> Vec<Transform> {
        let (low, high) = match prior.support(parameters) {
            Support::Interval { low, high } => (low, high),
            Support::Positive => (0.0, 3.0),
            Support::Real => (-1.0, 2.0),
        };
        let exp = prior.support(parameters).holds(Support::Positive);
        let mut all = vec![Transform::Identity, Transform::Logistic { low, high }];
        all.extend(exp.then_some(Transform::Exp));
        all
    }

    #[test]
    fn scores_are_derivatives() {
        for &prior in DISTRIBUTIONS {
            for parameters in examples(prior) {
                for transform in transforms(prior, &parameters) {
                    let seen = PulledBack::new(prior, transform);
                    let points = [-4.1, -1.3, -0.2, 0.03, 0.7, 2.9];
                    let (mut log_prob, mut score) = ([0.0; 6], [0.0; 6]);
                    seen.evaluate(&parameters, &points, &mut log_prob, &mut score);
                    for (i, z) in points.into_iter().enumerate() {
                        assert_eq!(log_prob[i], seen.log_prob(&parameters, z));
                        assert_eq!(score[i], seen.score(&parameters, z));
                        if !(-1e300..).contains(&log_prob[i]) {
                            continue;
                        }
                        let h = 1e-4 * z.abs();
                        let expected = slope(|z| seen.log_prob(&parameters, z), z, h);
                        let name = prior.signature().name;
                        let what = format!("{name}{parameters:?} through {transform:?} at {z}");
                        assert_close(score[i], expected, 1e-6, what);
                    }
                }
            }
        }
    }

    #[test]
    fn it_is_a_density() {
        let points: Vec<_> = (-40..=40).map(f64::from).collect();
        for (name, parameters, transform) in [
            ("Gamma", vec![2.5, 3.0], Transform::Exp),
            ("HalfCauchy", vec![0.4], Transform::Exp),
            (
                "Uniform",
                vec![-1.0, 3.0],
                Transform::Logistic {
                    low: -1.0,
                    high: 3.0,
                },
            ),
        ] {
            let seen = PulledBack::new(distribution::find(name).unwrap(), transform);
            let density = |z: f64| Density::<f64>::log_prob(&seen, &parameters, z).exp();
            assert_close(integrate(density, &points), 1.0, 1e-10, name);
        }
    }

    #[test]
    fn nothing_overflows() {
        for &prior in DISTRIBUTIONS {
            let parameters = &examples(prior)[0];
            for transform in transforms(prior, parameters) {
                if transform == Transform::Identity {
                    continue;
                }
                let seen = PulledBack::new(prior, transform);
                let single: Vec<f32> = parameters.iter().map(|&x| x as f32).collect();
                for z in [-1e4, -800.0, -90.0, 90.0, 800.0, 1e4f64] {
                    let name = prior.signature().name;
                    assert!(seen.log_prob(parameters, z).is_finite(), "{name} at {z}");
                    assert!(seen.score(parameters, z).is_finite(), "{name} at {z}");
                    let z = z as f32;
                    assert!(seen.log_prob(&single, z).is_finite(), "{name} at {z}");
                    assert!(seen.score(&single, z).is_finite(), "{name} at {z}");
                }
            }
        }
    }

    #[test]
    fn features_follow_the_variable() {
        let kink = PulledBack::new(&distribution::Laplace, Transform::Exp);
        let [feature] = kink.features(&[2.0, 1.0])[..] else {
            panic!("one kink")
        };
        assert_eq!(feature, Feature::kink(2f64.ln()));
        assert!(kink.features(&[-2.0, 1.0]).is_empty(), "it is never met");
        let half = PulledBack::new(&distribution::HalfCauchy, Transform::Exp);
        let [feature] = half.features(&[3.0])[..] else {
            panic!("one singularity")
        };
        assert_close(feature.at, 3f64.ln(), 1e-15, "at");
        assert_close(feature.width, 0.5 * PI, 1e-15, "width");
        let logistic = Transform::Logistic {
            low: 0.0,
            high: 4.0,
        };
        let seen = PulledBack::new(&distribution::Laplace, logistic);
        let [kink, pole] = seen.features(&[1.0, 1.0])[..] else {
            panic!("a kink and a pole")
        };
        assert_close(kink.at, -(3f64.ln()), 1e-15, "logit of a quarter");
        assert_eq!((pole.at, pole.width), (0.0, PI));
    }
}
