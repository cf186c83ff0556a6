//! Gaussian quadrature: the nodes and weights of Gauss–Hermite and Gauss–Legendre rules of any length,
//! found once, by bisection of the orthogonal polynomials.

use crate::tensor::math::HALF_LN_TWO_PI;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A node of a rule.
#[derive(Debug, Clone, Copy)]
pub struct Node {
    /// Where.
    pub at: f64,
    /// How much its value counts.
    pub weight: f64,
}

/// The rules of one kind that were found so far, by their length. `check` asks for the same few of every
/// parameter, and to find one takes milliseconds.
type Found = Mutex<BTreeMap<usize, Vec<Node>>>;

fn once(found: &Found, count: usize, find: impl FnOnce() -> Vec<Node>) -> Vec<Node> {
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    found.entry(count).or_insert_with(find).clone()
}

/// Nodes and weights of ∫ f(z) dz that are exact for N(0, 1)'s density times a polynomial of degree
/// 2·count - 1: the weights of Gauss–Hermite, divided by that density.
pub fn hermite(count: usize) -> Vec<Node> {
    static FOUND: Found = Mutex::new(BTreeMap::new());
    once(&FOUND, count, || find_hermite(count))
}

fn find_hermite(count: usize) -> Vec<Node> {
    // the orthonormal Hermite functions, whose squares sum to 1/weight at the nodes
    let functions = |z: f64| {
        let (mut before, mut now) = (0.0, (-0.25 * z * z - 0.5 * HALF_LN_TWO_PI).exp());
        let mut sum = now * now;
        for k in 1..count {
            (before, now) = (
                now,
                (z * now - ((k - 1) as f64).sqrt() * before) / (k as f64).sqrt(),
            );
            sum += now * now;
        }
        let next = (z * now - ((count - 1) as f64).sqrt() * before) / (count as f64).sqrt();
        (next, sum)
    };
    let edge = 2.0 * (count as f64 + 1.0).sqrt();
    roots(|z| functions(z).0, edge, 20 * count)
        .into_iter()
        .map(|at| Node {
            at,
            weight: 1.0 / functions(at).1,
        })
        .collect()
}

/// Nodes and weights of ∫ f(x) dx from -1 to 1.
pub fn legendre(count: usize) -> Vec<Node> {
    static FOUND: Found = Mutex::new(BTreeMap::new());
    once(&FOUND, count, || find_legendre(count))
}

fn find_legendre(count: usize) -> Vec<Node> {
    let n = count as f64;
    let polynomial = |x: f64| {
        let (mut before, mut now) = (1.0, x);
        for k in 2..=count {
            let k = k as f64;
            (before, now) = (now, ((2.0 * k - 1.0) * x * now - (k - 1.0) * before) / k);
        }
        (now, n * (x * now - before) / (x * x - 1.0))
    };
    roots(|x| polynomial(x).0, 1.0, 20 * count)
        .into_iter()
        .map(|at| Node {
            at,
            weight: 2.0 / ((1.0 - at * at) * polynomial(at).1.powi(2)),
        })
        .collect()
}

/// The roots between -edge and edge of a function that is even or odd, by bisection between changes of
/// sign on a grid.
fn roots(f: impl Fn(f64) -> f64, edge: f64, grid: usize) -> Vec<f64> {
    let at = |i: usize| edge * (2.0 * (i as f64 + 0.5) / grid as f64 - 1.0);
    (0..grid - 1)
        .filter(|&i| (f(at(i)) > 0.0) != (f(at(i + 1)) > 0.0))
        .map(|i| {
            let (mut low, mut high) = (at(i), at(i + 1));
            for _ in 0..100 {
                let middle = 0.5 * (low + high);
                if (f(middle) > 0.0) == (f(low) > 0.0) {
                    low = middle
                } else {
                    high = middle
                }
            }
            0.5 * (low + high)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_exact_for_polynomials() {
        for count in [8, 16, 32] {
            let nodes = hermite(count);
            assert_eq!(nodes.len(), count);
            let mut moment = 1.0;
            for power in (0..count.min(14) as i32).step_by(2) {
                let density = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
                let sum: f64 = nodes
                    .iter()
                    .map(|node| node.weight * density(node.at) * node.at.powi(power))
                    .sum();
                assert!(
                    (sum / moment - 1.0).abs() < 1e-12,
                    "{count} nodes, power {power}: {sum}"
                );
                moment *= f64::from(power + 1);
            }
        }
        for power in (0..24).step_by(2) {
            let sum: f64 = legendre(12)
                .iter()
                .map(|node| node.weight * node.at.powi(power))
                .sum();
            assert!(
                (sum * f64::from(power + 1) / 2.0 - 1.0).abs() < 1e-13,
                "power {power}"
            );
        }
    }
}
