//! What a scheme comes to for one tensor: how its entries are drawn, their mean, and a rule for the
//! mean of any function of an entry.

use super::{orthogonal, truncated_normal};
use crate::kl::rules::{Node, hermite, legendre};
use crate::show;
use crate::tensor::{Real, Shape, Stream};
use rayon::prelude::*;
use std::fmt;

/// How a variable starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Initializer {
    /// Every entry this number.
    Constant(f64),
    /// Independent normal draws.
    Normal {
        /// Mean.
        loc: f64,
        /// Standard deviation.
        scale: f64,
    },
    /// Independent uniform draws.
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Independent normal draws, those beyond two scales drawn again.
    TruncatedNormal {
        /// Mean.
        loc: f64,
        /// Standard deviation of the normal before it is cut; 0.8796 of it is left.
        scale: f64,
    },
    /// An orthogonal matrix, evenly drawn, times this number.
    Orthogonal {
        /// The length of its rows or columns.
        gain: f64,
    },
}

/// Entries that one thread fills at once.
const BLOCK: usize = 4096;

/// Fills `out` in parallel blocks; `fill` is told where a block starts.
fn in_blocks<T: Real>(out: &mut [T], fill: impl Fn(usize, &mut [T]) + Sync) {
    out.par_chunks_mut(BLOCK)
        .enumerate()
        .for_each(|(block, out)| fill(block * BLOCK, out));
}

/// `of(u)` of the stream's uniform numbers.
fn from_uniform<T: Real>(stream: &Stream, out: &mut [T], of: impl Fn(f64) -> f64 + Sync) {
    in_blocks(out, |start, out| {
        let mut uniform = vec![0.0; out.len()];
        stream.fill_uniform(start, &mut uniform);
        out.iter_mut()
            .zip(uniform)
            .for_each(|(x, u)| *x = T::of(of(u)));
    });
}

impl Initializer {
    /// Draws a tensor of this shape.
    pub fn fill<T: Real>(&self, shape: &Shape, stream: &Stream, out: &mut [T]) {
        match *self {
            Initializer::Constant(value) => out.fill(T::of(value)),
            Initializer::Normal { loc, scale } => in_blocks(out, |start, out| {
                stream.fill_normal(start, out);
                out.iter_mut()
                    .for_each(|x| *x = T::of(loc + scale * x.wide()));
            }),
            Initializer::Uniform { low, high } => {
                from_uniform(stream, out, |u| low + (high - low) * u)
            }
            Initializer::TruncatedNormal { loc, scale } => {
                from_uniform(stream, out, |u| loc + scale * truncated_normal::quantile(u))
            }
            Initializer::Orthogonal { gain } => {
                let mut matrix = vec![0.0; out.len()];
                orthogonal::fill(shape, stream, &mut matrix);
                out.iter_mut()
                    .zip(matrix)
                    .for_each(|(x, q)| *x = T::of(gain * q));
            }
        }
    }

    /// The mean of an entry.
    pub fn mean(&self) -> f64 {
        match *self {
            Initializer::Constant(value) => value,
            Initializer::Normal { loc, .. } | Initializer::TruncatedNormal { loc, .. } => loc,
            Initializer::Uniform { low, high } => 0.5 * (low + high),
            Initializer::Orthogonal { .. } => 0.0,
        }
    }

    /// Whether an entry's distribution depends on the shape of its tensor.
    pub fn depends_on_shape(&self) -> bool {
        matches!(self, Initializer::Orthogonal { .. })
    }

    /// The rule whose weighted sum of a function is the function's mean over one entry of a tensor of
    /// this shape; about `nodes` nodes.
    pub fn rule(&self, shape: &Shape, nodes: usize) -> Vec<Node> {
        match *self {
            Initializer::Constant(at) => vec![Node { at, weight: 1.0 }],
            Initializer::Uniform { low, high } => legendre(nodes)
                .into_iter()
                .map(|n| Node {
                    at: 0.5 * (low + high + (high - low) * n.at),
                    weight: 0.5 * n.weight,
                })
                .collect(),
            Initializer::Normal { loc, scale } => hermite(nodes)
                .into_iter()
                .map(|n| Node {
                    at: loc + scale * n.at,
                    weight: n.weight * (-0.5 * n.at * n.at).exp() / std::f64::consts::TAU.sqrt(),
                })
                .collect(),
            Initializer::TruncatedNormal { loc, scale } => weighted(
                nodes.max(20),
                |x| (-2.0 * x * x).exp(),
                |x| loc + 2.0 * scale * x,
            ),
            Initializer::Orthogonal { gain } => orthogonal::rule(shape, gain, nodes),
        }
    }
}

/// A rule for a density on (-1, 1) that is known but for a factor, its nodes put elsewhere by `at`.
pub(super) fn weighted(
    nodes: usize,
    density: impl Fn(f64) -> f64,
    at: impl Fn(f64) -> f64,
) -> Vec<Node> {
    let rule: Vec<Node> = legendre(nodes)
        .into_iter()
        .map(|n| Node {
            at: at(n.at),
            weight: n.weight * density(n.at),
        })
        .collect();
    let mass: f64 = rule.iter().map(|n| n.weight).sum();
    rule.into_iter()
        .map(|n| Node {
            weight: n.weight / mass,
            ..n
        })
        .collect()
}

impl fmt::Display for Initializer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Initializer::Constant(value) => write!(f, "{}", show(*value)),
            Initializer::Normal { loc, scale } => {
                write!(f, "Normal({}, {})", show(*loc), show(*scale))
            }
            Initializer::Uniform { low, high } => {
                write!(f, "Uniform({}, {})", show(*low), show(*high))
            }
            Initializer::TruncatedNormal { loc, scale } => {
                write!(f, "TruncatedNormal({}, {})", show(*loc), show(*scale))
            }
            Initializer::Orthogonal { gain } => write!(f, "Orthogonal({})", show(*gain)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::assert_close;

    #[test]
    fn a_rule_has_its_initializers_moments() {
        let normal = Initializer::Normal {
            loc: -3.0,
            scale: 0.1,
        };
        let uniform = Initializer::Uniform {
            low: -1.0,
            high: 2.0,
        };
        let truncated = Initializer::TruncatedNormal {
            loc: 0.5,
            scale: 2.0,
        };
        // 1 - 4 phi(2)/(Phi(2) - Phi(-2)) = 0.8796…²
        let left = 0.773_741_303_558_382;
        for (initializer, shape, mean, second) in [
            (normal, vec![3], -3.0, 9.01),
            (uniform, vec![3], 0.5, 1.0),
            (Initializer::Constant(0.7), vec![3], 0.7, 0.49),
            (truncated, vec![3], 0.5, 0.25 + 4.0 * left),
            (Initializer::Orthogonal { gain: 3.0 }, vec![], 0.0, 9.0),
            (Initializer::Orthogonal { gain: 3.0 }, vec![2], 0.0, 4.5),
            (Initializer::Orthogonal { gain: 3.0 }, vec![9, 3], 0.0, 1.0),
            (
                Initializer::Orthogonal { gain: 3.0 },
                vec![3, 3, 10, 900],
                0.0,
                0.01,
            ),
        ] {
            for nodes in [40, 6] {
                let rule = initializer.rule(&Shape(shape.clone()), nodes);
                let moment = |k: i32| rule.iter().map(|n| n.weight * n.at.powi(k)).sum::<f64>();
                assert_close(moment(0), 1.0, 1e-12, "mass");
                assert_close(moment(1), mean, 1e-12, format!("{initializer:?}: mean"));
                let what = format!("{initializer:?} {shape:?}: second moment by {nodes}");
                assert_close(moment(2), second, 1e-9, what);
                assert_eq!(initializer.mean(), mean);
            }
        }
    }
}
