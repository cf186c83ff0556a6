//! The scale mixture of normals (Blundell et al. 2015, "Weight uncertainty in neural networks").

use super::{
    Distribution, Family, Feature, Fixed, MAX_PARAMETERS, Support, select, standard_normal,
};
use crate::signature::{Domain, Kind, Parameter, Signature};
use crate::tensor::Math;
use crate::tensor::math::HALF_LN_TWO_PI;

mod zeros;

/// ScaleMixture(weight, scales)
///
/// ```text
/// p(w) = Σ_k weight_k · N(w; 0, scales_k²)
/// ```
///
/// One weight with two scales is the first one's share: `[weight, a, b]`. Else each scale has its own
/// weight: `[weights…, scales…]`. These sum to 1; where they are learned they are divided by their sum.
pub struct ScaleMixture;

static SIGNATURE: Signature = Signature {
    name: "ScaleMixture",
    summary: "a mixture of normals about 0, as a spike and a slab",
    parameters: &[
        Parameter {
            name: "weight",
            kind: Kind::Numbers {
                domain: Domain::OpenUnit,
                learnable: true,
            },
            default: None,
            summary: "the share of the first of two; or every share, 1 in sum",
        },
        Parameter {
            name: "scales",
            kind: Kind::Numbers {
                domain: Domain::Positive,
                learnable: true,
            },
            default: None,
            summary: "the standard deviations",
        },
    ],
};

/// The mixture of `count` parameters, term by term where that is short; `at` are the first arguments of
/// each normal. Weights that are not fixed are divided by their sum.
fn written_out(count: usize, at: &str, fixed_weights: bool) -> String {
    let shares = 1..=count / 2;
    let (sum, of_sum) = match fixed_weights {
        true => (String::new(), ""),
        false => {
            let weights: Vec<String> = shares.clone().map(|k| format!("weight_{k}")).collect();
            (format!("/({})", weights.join(" + ")), "/(sum_j weight_j)")
        }
    };
    match count {
        3 => format!("weight Normal({at}, scales_1^2) + (1 - weight) Normal({at}, scales_2^2)"),
        count if count <= 6 => {
            let terms = shares.map(|k| format!("weight_{k}{sum} Normal({at}, scales_{k}^2)"));
            terms.collect::<Vec<_>>().join(" + ")
        }
        _ => format!("sum_k weight_k{of_sum} Normal({at}, scales_k^2)"),
    }
}

impl Distribution for ScaleMixture {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn support(&self, _: &[f64]) -> Support {
        Support::Real
    }

    fn formula(&self) -> &'static str {
        "sum_k weight_k Normal(w ; 0, scales_k^2)"
    }

    fn density(&self, count: usize, fixed_weights: bool) -> String {
        written_out(count, "w ; 0", fixed_weights)
    }

    fn notation(&self, count: usize, fixed_weights: bool) -> Option<String> {
        Some(written_out(count, "0", fixed_weights))
    }

    fn moments(&self, parameters: &[f64]) -> (Option<f64>, Option<f64>) {
        let variance: f64 = components(parameters).map(|(p, s)| p * s * s).sum();
        (Some(0.0), Some(variance.sqrt()))
    }

    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64 {
        let mut left = uniform();
        let mut chosen = components(parameters).skip_while(|(share, _)| {
            left -= share;
            left > 0.0
        });
        // rounding may leave a little of the last one's share
        let last = parameters[parameters.len() - 1];
        chosen.next().map_or(last, |(_, scale)| scale) * standard_normal(uniform)
    }

    fn lengths(&self, count: usize) -> Vec<usize> {
        match count {
            3 => vec![1, 2],
            count => vec![count / 2, count - count / 2],
        }
    }

    fn refuse(&self, arguments: &[Vec<f64>]) -> Option<String> {
        let (weights, scales) = (&arguments[0], &arguments[1]);
        let sum: f64 = weights.iter().sum();
        match (weights.len(), scales.len()) {
            (_, 0 | 1) => Some("a mixture of normals has two scales or more".into()),
            // What float32 leaves of 1 - weight would be another model's share.
            (1, 2) if lost_in_float32(weights[0]) => Some(format!(
                "beside a `weight` of {}, float32 loses the second normal's share; with both written it is kept: `weight = [{}, {:.1e}]`",
                weights[0],
                weights[0],
                1.0 - weights[0],
            )),
            (1, 2) => None,
            (1, n) => Some(format!(
                "one `weight` is the share of the first of two normals, and `scales` holds {n}: each needs its own, as in `weight = [0.5, 0.25, …]`"
            )),
            (n, m) if n != m => Some(format!("`weight` holds {n} numbers and `scales` {m}")),
            _ if (sum - 1.0).abs() > 1e-6 => {
                let sum = (sum * 1e6).round() / 1e6;
                Some(format!("the weights of a mixture sum to 1, not to {sum}"))
            }
            _ => None,
        }
    }

    /// ln p is singular where p is 0, off the real line: two terms cancel there.
    fn features(&self, parameters: &[f64]) -> Vec<Feature> {
        let (mut features, components) = (vec![], components(parameters).collect::<Vec<_>>());
        for (at, width) in zeros::of(&components) {
            features.extend([at, -at].map(|at| Feature::singular(at, width)));
        }
        features
    }

    fn growth(&self) -> [f64; 2] {
        [0.0, 2.0]
    }
}

/// Whether 1 - weight is off by a hundredth where the weight is rounded to float32.
fn lost_in_float32(weight: f64) -> bool {
    let (share, rounded) = (1.0 - weight, 1.0 - f64::from(weight as f32));
    (rounded - share).abs() > 0.01 * share
}

/// The share and the scale of each normal.
fn components(parameters: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    let of_two = parameters.len() == 3;
    let single = [parameters[0], 1.0 - parameters[0]];
    let (weights, scales) = parameters.split_at(if of_two { 1 } else { parameters.len() / 2 });
    let total: f64 = weights.iter().sum();
    let weight = move |k: usize| match of_two {
        true => single[k],
        false => weights[k] / total,
    };
    scales
        .iter()
        .enumerate()
        .map(move |(k, &scale)| (weight(k), scale))
}

impl Family for ScaleMixture {
    type Fixed<T: Math> = FixedScaleMixture<T>;

    fn fix<T: Math>(&self, parameters: &[T]) -> FixedScaleMixture<T> {
        let (one, half_ln) = (T::one(), T::of(HALF_LN_TWO_PI));
        if let [weight, a, b] = *parameters {
            return FixedScaleMixture::Two(Two {
                per_weight: [one / weight, one / (one - weight)],
                per_scale: [one / a, one / b],
                constant: [
                    weight.ln() - a.ln() - half_ln,
                    (-weight).ln_1p() - b.ln() - half_ln,
                ],
            });
        }
        let (weights, scales) = parameters.split_at(parameters.len() / 2);
        let total: T = weights.iter().copied().sum();
        let zeros = [T::zero(); COMPONENTS];
        let mut many = Many {
            count: scales.len(),
            per_total: one / total,
            per_weight: zeros,
            per_scale: zeros,
            constant: zeros,
        };
        for (k, (&weight, &scale)) in weights.iter().zip(scales).enumerate() {
            many.per_weight[k] = one / weight;
            many.per_scale[k] = one / scale;
            many.constant[k] = (weight / total).ln() - scale.ln() - half_ln;
        }
        FixedScaleMixture::Many(many)
    }
}

/// [`ScaleMixture`] with its parameters.
pub enum FixedScaleMixture<T> {
    /// One weight and two scales.
    Two(Two<T>),
    /// A weight for each scale.
    Many(Many<T>),
}

impl<T: Math> Fixed<T> for FixedScaleMixture<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        match self {
            FixedScaleMixture::Two(two) => two.log_prob(w),
            FixedScaleMixture::Many(many) => many.log_prob(w),
        }
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        match self {
            FixedScaleMixture::Two(two) => two.score(w),
            FixedScaleMixture::Many(many) => many.score(w),
        }
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        match self {
            FixedScaleMixture::Two(two) => two.parameter_score(w, out),
            FixedScaleMixture::Many(many) => many.parameter_score(w, out),
        }
    }

    #[inline(always)]
    fn evaluate(&self, w: &[T], log_prob: &mut [T], score: &mut [T]) {
        match self {
            FixedScaleMixture::Two(two) => two.evaluate(w, log_prob, score),
            FixedScaleMixture::Many(many) => many.evaluate(w, log_prob, score),
        }
    }
}

/// A mixture of two.
pub struct Two<T> {
    per_weight: [T; 2],
    per_scale: [T; 2],
    constant: [T; 2],
}

impl<T: Math> Two<T> {
    /// z² and the logarithm of each term of the density.
    #[inline(always)]
    fn terms(&self, w: T) -> ([T; 2], [T; 2]) {
        let z = self.per_scale.map(|per_scale| w * per_scale);
        let square = z.map(|z| z * z);
        let half = T::of(0.5);
        (
            square,
            [
                self.constant[0] - half * square[0],
                self.constant[1] - half * square[1],
            ],
        )
    }

    /// Given w, the probability of each of the two.
    #[inline(always)]
    fn shares(&self, terms: [T; 2]) -> [T; 2] {
        let difference = terms[0] - terms[1];
        [difference.sigmoid(), (-difference).sigmoid()]
    }
}

impl<T: Math> Fixed<T> for Two<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let (_, [a, b]) = self.terms(w);
        let top = if a > b { a } else { b };
        top + (-(a - b).abs()).fast_exp().fast_ln_1p()
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        let (_, terms) = self.terms(w);
        let [a, b] = self.shares(terms);
        -w * (a * self.per_scale[0] * self.per_scale[0] + b * self.per_scale[1] * self.per_scale[1])
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        let (square, terms) = self.terms(w);
        let [a, b] = self.shares(terms);
        out[0] = a * self.per_weight[0] - b * self.per_weight[1];
        out[1] = a * (square[0] - T::one()) * self.per_scale[0];
        out[2] = b * (square[1] - T::one()) * self.per_scale[1];
    }
}

/// The most normals of a mixture.
const COMPONENTS: usize = MAX_PARAMETERS / 2;

/// Entries that are gone through together, component after component.
const LANES: usize = 64;

/// A mixture of any number.
pub struct Many<T> {
    count: usize,
    per_total: T,
    per_weight: [T; COMPONENTS],
    per_scale: [T; COMPONENTS],
    constant: [T; COMPONENTS],
}

impl<T: Math> Many<T> {
    /// The logarithm of a term of the density.
    #[inline(always)]
    fn term(&self, k: usize, w: T) -> T {
        let z = w * self.per_scale[k];
        self.constant[k] - T::of(0.5) * z * z
    }

    /// ln p and its derivative for up to [`LANES`] entries: the largest term first, then the sum of all
    /// of them over it.
    #[inline(always)]
    fn block(&self, w: &[T], log_prob: &mut [T], score: &mut [T]) {
        let n = w.len();
        let (log_prob, score) = (&mut log_prob[..n], &mut score[..n]);
        let mut top = [T::neg_infinity(); LANES];
        let mut sum = [T::zero(); LANES];
        let (top, sum) = (&mut top[..n], &mut sum[..n]);
        for k in 0..self.count {
            for (top, &w) in top.iter_mut().zip(w) {
                let term = self.term(k, w);
                *top = select(term > *top, term, *top);
            }
        }
        score.fill(T::zero());
        for k in 0..self.count {
            let rate = self.per_scale[k] * self.per_scale[k];
            for i in 0..n {
                let share = (self.term(k, w[i]) - top[i]).fast_exp();
                sum[i] += share;
                score[i] += share * rate;
            }
        }
        for i in 0..n {
            log_prob[i] = top[i] + sum[i].fast_ln();
            score[i] *= -w[i] / sum[i];
        }
    }
}

impl<T: Math> Fixed<T> for Many<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let (mut log_prob, mut score) = ([T::zero()], [T::zero()]);
        self.block(&[w], &mut log_prob, &mut score);
        log_prob[0]
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        let (mut log_prob, mut score) = ([T::zero()], [T::zero()]);
        self.block(&[w], &mut log_prob, &mut score);
        score[0]
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        let log_prob = self.log_prob(w);
        let (by_weight, by_scale) = out.split_at_mut(self.count);
        for k in 0..self.count {
            let z = w * self.per_scale[k];
            let share = (self.term(k, w) - log_prob).fast_exp();
            by_weight[k] = share * self.per_weight[k] - self.per_total;
            by_scale[k] = share * (z * z - T::one()) * self.per_scale[k];
        }
    }

    #[inline(always)]
    fn evaluate(&self, w: &[T], log_prob: &mut [T], score: &mut [T]) {
        let blocks = w.chunks(LANES).zip(log_prob.chunks_mut(LANES));
        for ((w, log_prob), score) in blocks.zip(score.chunks_mut(LANES)) {
            self.block(w, log_prob, score);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::Density;
    use crate::testing::assert_close;

    #[test]
    fn a_share_for_each_scale() {
        let refuse = |weights: &[f64], scales: &[f64]| {
            ScaleMixture.refuse(&[weights.to_vec(), scales.to_vec()])
        };
        assert_eq!(refuse(&[0.5], &[1.0, 2.0]), None);
        assert_eq!(refuse(&[0.5, 0.3, 0.2], &[1.0, 2.0, 3.0]), None);
        assert_eq!(refuse(&[1.0 / 3.0; 3], &[1.0, 2.0, 3.0]), None);
        let says = |weights: &[f64], scales: &[f64], what: &str| {
            let said = refuse(weights, scales).expect("it is refused");
            assert!(said.contains(what), "{said}");
        };
        says(&[0.5], &[1.0], "two scales or more");
        says(&[0.5], &[1.0, 2.0, 3.0], "each needs its own");
        says(&[0.5, 0.5], &[1.0, 2.0, 3.0], "2 numbers and `scales` 3");
        says(&[0.5, 0.4], &[1.0, 2.0], "not to 0.9");
    }

    #[test]
    fn one_weight_is_the_first_of_two() {
        let (one, two) = ([0.3, 1.0, 0.05], [0.3, 0.7, 1.0, 0.05]);
        for w in [-3.0, -0.1, 0.0, 0.02, 8.0f64] {
            let [a, b] = [&one[..], &two].map(|p| ScaleMixture.log_prob(p, w));
            assert_close(a, b, 1e-14, "density");
            let [a, b] = [&one[..], &two].map(|p| ScaleMixture.score(p, w));
            assert_close(a, b, 1e-14, "score");
        }
        assert_eq!(ScaleMixture.lengths(3), [1, 2]);
        assert_eq!(ScaleMixture.lengths(4), [2, 2]);
        assert_eq!(ScaleMixture.lengths(10), [5, 5]);
    }
}
