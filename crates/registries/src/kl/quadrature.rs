//! E_q[ln q - ln p] by quadrature: any one-dimensional prior, without noise.

use super::pulled_back::PulledBack;
use super::rules::{Node, hermite, legendre};
use super::{Entries, Gradients, Term, add_prior_gradient};
use crate::distribution::{Density, Distribution, Feature};
use crate::tensor::Math;
use crate::tensor::math::HALF_LN_TWO_PI;
use std::sync::LazyLock;

/// KL(N(μ, σ²) ‖ p), entry by entry:
///
/// ```text
/// -½ ln(2πeσ²) - Σ_k v_k ln p(μ + σ z_k)
/// ```
///
/// with derivatives -Σ v_k score_k by μ and -1/σ - Σ v_k z_k score_k by σ. The nodes z_k depend on how
/// far the features of ln p ([`Distribution::features`]) lie from the posterior, in units of σ:
///
/// - None within 8, or each at least 2.6 wide: Gauss–Hermite, with 8, 16 or 32 nodes, the wider the fewer.
/// - Else Gauss–Legendre with 12 nodes on panels of [-7, 7] that end at kinks and are so short that
///   every feature lies outside the Bernstein ellipse of parameter 2.5 about each, where the error of
///   a panel falls as 2.5⁻²⁴ = 3e-10. A spike of a hundredth of the posterior's width takes about 10 panels.
///
/// Plain Gauss–Hermite fails there: for `ScaleMixture(0.5, [1, exp(-6)])` under a scale of 0.05 it is off by
/// a tenth with 64 nodes and by 1e-3 with 512, this by 2e-12 with about 130. Over the registry's priors
/// and scales from 1e-6 to 1e3 the errors of value and derivatives are below 1e-8 of the largest of
/// them, or of 1; in float32, below 1e-5, an entry beside a spike that float32 does not resolve from
/// where the entry is being worked out in float64 (`Quadrature::is_unresolved`).
///
/// Two things come with some priors:
///
/// - *A singularity on the line itself* (log-uniform, horseshoe). Panels shrink toward it down to
///   `NEAREST`, and since the score has no integral there, derivatives are taken of the density
///   instead: ∂/∂μ E f = E[z (f - E f)]/σ, ∂/∂σ E f = E[z² (f - E f)]/σ.
/// - *Exponential growth*, e^(kσz), of priors seen through e^z ([`PulledBack::growth`]). It counts as
///   a feature that is 8/(kσ) wide; its mass is around z = kσ, and as far the panels reach further.
///   These are worked out in float64, as they are of few entries. Where kσ is beyond `FASTEST` the
///   divergence is more than float64 holds, and is infinite.
pub struct Quadrature {
    prior: PulledBack,
    rules: &'static Rules,
    /// Where the panels end; outside ±7 lies 3e-12 of the mass.
    reach: f64,
    /// Of a panel's length as told by the features.
    length: f64,
}

/// Counts of nodes, and how wide the features must be for each.
const HERMITE: [(usize, f64); 3] = [(8, 8.0), (16, 4.5), (32, 2.6)];
const LEGENDRE: usize = 12;
/// The longest panel.
const LONGEST: f64 = 3.5;
/// (ρ + 1/ρ)/2 for ρ = 2.5
const ELLIPSE: f64 = 0.5 * (2.5 + 1.0 / 2.5);
/// How near panels come to a singularity on the line, in units of σ. What lies nearer has 1e-9 of the
/// mass.
const NEAREST: f64 = 1e-9;
/// The fastest growth that is followed: beyond, e^(kσz) at z = kσ + 7 is more than float64 holds.
const FASTEST: f64 = 23.0;
/// The most panels of one entry, far more than features ask for: whatever a fit makes of a scale, its
/// divergence takes no longer than these.
const MOST: usize = 20_000;
/// How many roundings of w near a spike must fit into its width.
const RESOLVED: f64 = 1e4;

/// Nodes, and for those of Gauss–Hermite how wide the features must be.
struct Rules {
    hermite: Vec<(f64, Vec<Node>)>,
    legendre: Vec<Node>,
}

impl Rules {
    fn new(times: usize) -> Self {
        let hermite = |&(count, width): &(usize, f64)| (width, hermite(times * count));
        Rules {
            hermite: HERMITE.iter().map(hermite).collect(),
            legendre: legendre(LEGENDRE),
        }
    }
}

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(1));
static REFINED: LazyLock<Rules> = LazyLock::new(|| Rules::new(2));

/// Where a posterior sees the prior's features, in units of its scale.
struct View<'a> {
    features: &'a [Feature],
    growth: [f64; 2],
}

impl Quadrature {
    /// The rule for this prior.
    pub fn new(prior: impl Into<PulledBack>) -> Self {
        Quadrature {
            prior: prior.into(),
            rules: &RULES,
            reach: 7.0,
            length: 1.0,
        }
    }

    /// With twice the nodes, and further out: what is left of the error, to be looked at.
    pub fn refined(prior: impl Into<PulledBack>) -> Self {
        Quadrature {
            rules: &REFINED,
            reach: 8.5,
            length: 0.5,
            ..Quadrature::new(prior)
        }
    }

    /// Calls `panel` with nodes, the middle and the half length of each panel; Gauss–Hermite is one
    /// panel with middle 0 and half length 1.
    #[inline(always)]
    fn panels(&self, view: &View, mut panel: impl FnMut(&[Node], f64, f64)) {
        let near = view
            .features
            .iter()
            .filter(|feature| feature.at.hypot(feature.width) < 8.0);
        let fastest = view.growth[0].max(view.growth[1]);
        let width = near
            .map(|feature| feature.width)
            .fold(8.0 / fastest, f64::min);
        if let Some((_, nodes)) = self
            .rules
            .hermite
            .iter()
            .find(|(needed, _)| width >= *needed)
        {
            return panel(nodes, 0.0, 1.0);
        }
        let longest = LONGEST.min(12.0 / fastest.min(FASTEST));
        let [left, right] = view.growth.map(|rate| self.reach + rate.min(FASTEST));
        let mut start = -left;
        for _ in 0..MOST {
            if start >= right {
                break;
            }
            let mut length = longest;
            for feature in view.features {
                let ahead = feature.at - start;
                if feature.kink {
                    if ahead > 1e-12 {
                        length = length.min(ahead / self.length);
                    }
                    continue;
                }
                // the longest panel from here whose ellipse leaves the feature out
                let distance = ahead.hypot(feature.width.max(NEAREST));
                length = length.min(2.0 * (ELLIPSE * distance - ahead) / (ELLIPSE * ELLIPSE - 1.0));
            }
            let end = right.min(start + (self.length * length).max(1e-12));
            panel(
                &self.rules.legendre,
                0.5 * (start + end),
                0.5 * (end - start),
            );
            start = end;
        }
    }
}

/// Nodes of several entries, evaluated together.
struct Batch<T> {
    z: [T; CAPACITY],
    w: [T; CAPACITY],
    weight: [T; CAPACITY],
    log_prob: [T; CAPACITY],
    score: [T; CAPACITY],
    used: usize,
    /// Nodes of one entry that follow each other.
    runs: [Run; CAPACITY / 8],
    run: usize,
}

#[derive(Clone, Copy, Default)]
struct Run {
    entry: usize,
    /// Where its nodes end.
    end: usize,
}

const CAPACITY: usize = 512;

impl<T: Math> Batch<T> {
    fn new() -> Self {
        let zeros = [T::zero(); CAPACITY];
        Batch {
            z: zeros,
            w: zeros,
            weight: zeros,
            log_prob: zeros,
            score: zeros,
            used: 0,
            runs: [Run::default(); CAPACITY / 8],
            run: 0,
        }
    }

    fn has_room_for(&self, nodes: usize) -> bool {
        self.used + nodes <= CAPACITY
    }

    fn push(&mut self, entry: usize, nodes: &[Node], middle: f64, half: f64, loc: T, scale: T) {
        for (i, node) in nodes.iter().enumerate() {
            let z = T::of(middle + half * node.at);
            self.z[self.used + i] = z;
            self.w[self.used + i] = loc + scale * z;
            self.weight[self.used + i] = T::of(half * node.weight);
        }
        self.used += nodes.len();
        self.runs[self.run] = Run {
            entry,
            end: self.used,
        };
        self.run += 1;
    }
}

/// Multiplies each weight by the density of N(0, 1) and puts weighted sums' terms in place.
#[inline(always)]
fn weigh<T: Math>(weight: &mut [T], log_prob: &mut [T], score: &mut [T], z: &mut [T]) {
    let constant = T::of(-HALF_LN_TWO_PI);
    let half = T::of(0.5);
    for (((weight, log_prob), score), z) in weight.iter_mut().zip(log_prob).zip(score).zip(z) {
        *weight *= (constant - half * *z * *z).fast_exp();
        *log_prob *= *weight;
        *score *= *weight;
        *z *= *score;
    }
}

impl<T: Math> Term<T> for Quadrature
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
        let wide = |x: &[T]| x.iter().map(|x| x.wide()).collect::<Vec<_>>();
        let parameters = wide(prior);
        if self.prior.is_plain() {
            return self.sum_up(entries, prior, &parameters, weight, gradients);
        }
        let (loc, scale) = (wide(entries.loc), wide(entries.scale));
        let (mut by_loc, mut by_scale) = (vec![0.0; loc.len()], vec![0.0; scale.len()]);
        let value = self.in_float64(
            Entries {
                loc: &loc,
                scale: &scale,
                noise: &[],
            },
            &parameters,
            weight.wide(),
            Gradients {
                loc: &mut by_loc,
                scale: &mut by_scale,
                prior: gradients.prior,
            },
        );
        for (out, x) in [(gradients.loc, by_loc), (gradients.scale, by_scale)] {
            out.iter_mut().zip(x).for_each(|(out, x)| *out += T::of(x));
        }
        value
    }
}

impl Quadrature {
    fn in_float64(
        &self,
        entries: Entries<f64>,
        prior: &[f64],
        weight: f64,
        gradients: Gradients<f64>,
    ) -> f64 {
        self.sum_up(entries, prior, prior, weight, gradients)
    }

    /// Whether a spike within the posterior's reach is so narrow that w = loc + scale·z, rounded, misses
    /// where on it a node lies. Of kinks and singularities on the line no width is to be resolved.
    fn is_unresolved<T: Math>(&self, features: &[Feature], loc: T, scale: T) -> bool {
        let (epsilon, loc, scale) = (T::epsilon().wide(), loc.wide(), scale.wide());
        // float64 is as far as it goes
        epsilon > f64::EPSILON
            && features.iter().any(|feature| {
                let rounding = epsilon * loc.abs().max(feature.at.abs());
                let near = (feature.at - loc).abs() < 8.0 * scale;
                near && feature.width > 0.0 && feature.width < RESOLVED * rounding
            })
    }

    /// One entry's term.
    fn entry_in_float64<T: Math>(
        &self,
        entry: usize,
        [loc, scale]: [T; 2],
        parameters: &[f64],
        weight: T,
        gradients: &mut Gradients<T>,
    ) -> f64 {
        let (mut by_loc, mut by_scale) = ([0.0], [0.0]);
        let value = self.in_float64(
            Entries {
                loc: &[loc.wide()],
                scale: &[scale.wide()],
                noise: &[],
            },
            parameters,
            weight.wide(),
            Gradients {
                loc: &mut by_loc,
                scale: &mut by_scale,
                prior: gradients.prior,
            },
        );
        gradients.loc[entry] += T::of(by_loc[0]);
        gradients.scale[entry] += T::of(by_scale[0]);
        value
    }

    /// `parameters` are the prior's in float64.
    fn sum_up<T: Math>(
        &self,
        entries: Entries<T>,
        prior: &[T],
        parameters: &[f64],
        weight: T,
        mut gradients: Gradients<T>,
    ) -> f64
    where
        dyn Distribution: Density<T>,
    {
        let (features, growth) = (self.prior.features(parameters), self.prior.growth());
        let mut seen = features.clone();
        let mut batch = Batch::new();
        let mut total = 0.0;
        for (i, (&loc, &scale)) in entries.loc.iter().zip(entries.scale).enumerate() {
            for (seen, feature) in seen.iter_mut().zip(&features) {
                seen.at = (feature.at - loc.wide()) / scale.wide();
                seen.width = feature.width / scale.wide();
            }
            let view = View {
                features: &seen,
                growth: growth.map(|rate| rate * scale.wide()),
            };
            if view.growth.iter().any(|&rate| rate > FASTEST) {
                total += f64::INFINITY;
                // Away from where it grows, and toward a smaller scale.
                let steep = |rate: f64| T::of(f64::from(u8::from(rate > FASTEST))) * T::max_value();
                let [left, right] = view.growth.map(steep);
                gradients.loc[i] += weight * (right - left);
                gradients.scale[i] += weight * T::max_value();
                continue;
            }
            if self.is_unresolved(&features, loc, scale) {
                total += self.entry_in_float64(i, [loc, scale], parameters, weight, &mut gradients);
                continue;
            }
            let by_parts = seen
                .iter()
                .any(|f| !f.kink && f.width == 0.0 && f.at.abs() < 8.0);
            if by_parts {
                // its nodes are summed up together
                total -= self.flush(&mut batch, prior, weight, &mut gradients);
                let moments = self.moments(&view, [loc, scale], prior, weight, gradients.prior);
                total -= moments[0];
                gradients.loc[i] -= weight * T::of(moments[1]) / scale;
                gradients.scale[i] -= weight * T::of(moments[2]) / scale;
            } else {
                self.panels(&view, |nodes, middle, half| {
                    if !batch.has_room_for(nodes.len()) {
                        total -= self.flush(&mut batch, prior, weight, &mut gradients);
                    }
                    batch.push(i, nodes, middle, half, loc, scale);
                });
            }
            total -= scale.fast_ln().wide() + HALF_LN_TWO_PI + 0.5;
            gradients.scale[i] -= weight / scale;
        }
        total - self.flush(&mut batch, prior, weight, &mut gradients)
    }

    /// E f, E[z (f - E f)] and E[z² (f - E f)] of f = ln p, for one entry.
    fn moments<T: Math>(
        &self,
        view: &View,
        [loc, scale]: [T; 2],
        prior: &[T],
        weight: T,
        by_prior: &mut [f64],
    ) -> [f64; 3]
    where
        dyn Distribution: Density<T>,
    {
        // E[z f], E[z² f], E z, E z²
        let mut sums = [0.0; 5];
        let mut mass = 0.0;
        let [mut w, mut log_prob, mut score] = [[T::zero(); LEGENDRE]; 3];
        self.panels(view, |nodes, middle, half| {
            let n = nodes.len();
            for (w, node) in w.iter_mut().zip(nodes) {
                *w = loc + scale * T::of(middle + half * node.at);
            }
            self.prior
                .evaluate(prior, &w[..n], &mut log_prob[..n], &mut score[..n]);
            let weight_of = |k: usize| {
                let z = middle + half * nodes[k].at;
                half * nodes[k].weight * (-0.5 * z * z - HALF_LN_TWO_PI).exp()
            };
            for k in 0..n {
                let z = middle + half * nodes[k].at;
                let (v, f) = (weight_of(k), log_prob[k].wide());
                mass += v;
                for (sum, x) in sums.iter_mut().zip([f, z * f, z * z * f, z, z * z]) {
                    *sum += v * x;
                }
            }
            add_prior_gradient(
                &self.prior,
                prior,
                &w[..n],
                |k| -weight * T::of(weight_of(k)),
                by_prior,
            );
        });
        let [f, zf, zzf, z, zz] = sums;
        [f, zf - z * f / mass, zzf - zz * f / mass]
    }

    /// E ln p over the batch's runs, which it empties.
    fn flush<T: Math>(
        &self,
        batch: &mut Batch<T>,
        prior: &[T],
        weight: T,
        gradients: &mut Gradients<T>,
    ) -> f64
    where
        dyn Distribution: Density<T>,
    {
        let n = batch.used;
        let (w, node_weight) = (&batch.w[..n], &mut batch.weight[..n]);
        let (log_prob, score, z) = (
            &mut batch.log_prob[..n],
            &mut batch.score[..n],
            &mut batch.z[..n],
        );
        self.prior.evaluate(prior, w, log_prob, score);
        T::dispatch(
            #[inline(always)]
            || weigh(node_weight, log_prob, score, z),
        );
        add_prior_gradient(
            &self.prior,
            prior,
            w,
            |k| -weight * node_weight[k],
            gradients.prior,
        );
        let mut total = 0.0;
        let mut start = 0;
        for &Run { entry, end } in &batch.runs[..batch.run] {
            total += log_prob[start..end].iter().copied().sum::<T>().wide();
            gradients.loc[entry] -= weight * score[start..end].iter().copied().sum();
            gradients.scale[entry] -= weight * z[start..end].iter().copied().sum();
            start = end;
        }
        (batch.used, batch.run) = (0, 0);
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::ScaleMixture;

    #[test]
    fn a_spike_takes_some_panels_more() {
        let parameters = [0.5, 1.0, (-6f64).exp()];
        let quadrature = Quadrature::new(&ScaleMixture as &'static dyn Distribution);
        let nodes = |loc: f64, scale: f64| {
            let mut features = ScaleMixture.features(&parameters);
            for feature in &mut features {
                feature.at = (feature.at - loc) / scale;
                feature.width /= scale;
            }
            let view = View {
                features: &features,
                growth: [0.0; 2],
            };
            let mut count = 0;
            quadrature.panels(&view, |nodes, _, _| count += nodes.len());
            count
        };
        assert!(
            (100..200).contains(&nodes(0.0, 0.05)),
            "{}",
            nodes(0.0, 0.05)
        );
        assert_eq!(nodes(1.0, 0.05), 8);
        assert!(nodes(0.0, 1e3) < 500);
    }
}
