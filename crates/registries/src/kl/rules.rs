//! Gaussian quadrature: the nodes and weights of Gauss–Hermite and Gauss–Legendre rules of any length,
//! found once, as the roots of orthogonal polynomials.

use crate::tensor::math::HALF_LN_TWO_PI;
use std::collections::BTreeMap;
use std::f64::consts::FRAC_PI_2;
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
    let n = count as f64;
    let steps: Vec<[f64; 2]> = (1..count)
        .map(|k| k as f64)
        .map(|k| [1.0 / k.sqrt(), ((k - 1.0) / k).sqrt()])
        .collect();
    // The orthonormal Hermite functions: the one with the nodes as its roots, its derivative, and the sum of
    // the squares of those before it, which is 1/weight at the nodes.
    let functions = |z: f64| {
        let (mut before, mut now) = (0.0, (-0.25 * z * z - 0.5 * HALF_LN_TWO_PI).exp());
        let mut sum = now * now;
        for [ahead, back] in &steps {
            (before, now) = (now, ahead * z * now - back * before);
            sum += now * now;
        }
        let next = (z * now - (n - 1.0).sqrt() * before) / n.sqrt();
        ([next, n.sqrt() * now - 0.5 * z * next], sum)
    };
    let edge = 2.0 * (n + 1.0).sqrt();
    roots(|z| functions(z).0, edge, count)
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
    let steps: Vec<[f64; 2]> = (2..=count)
        .map(|k| k as f64)
        .map(|k| [(2.0 * k - 1.0) / k, (k - 1.0) / k])
        .collect();
    let polynomial = |x: f64| {
        let (mut before, mut now) = (1.0, x);
        for [ahead, back] in &steps {
            (before, now) = (now, ahead * x * now - back * before);
        }
        [now, n * (x * now - before) / (x * x - 1.0)]
    };
    roots(polynomial, 1.0, count)
        .into_iter()
        .map(|at| Node {
            at,
            weight: 2.0 / ((1.0 - at * at) * polynomial(at)[1].powi(2)),
        })
        .collect()
}

/// The `count` roots between -edge and edge of a function that is even or odd and comes with its derivative,
/// in ascending order: by Newton's method from where a grid has changes of sign. Every `check` waits for
/// this, so each value is worked out once, and the roots left of 0 are those right of it.
fn roots(f: impl Fn(f64) -> [f64; 2], edge: f64, count: usize) -> Vec<f64> {
    let grid = 5 * count;
    // Even in the angle, as the roots about are: closer toward the edge.
    let place = |i: usize| edge * ((i as f64 + 0.5) / grid as f64 * FRAC_PI_2).sin();
    let value = |i: usize| (place(i), f(place(i))[0]);
    let mut left = value(0);
    let mut found = Vec::with_capacity(count);
    for right in (1..grid).map(value) {
        if (left.1 > 0.0) != (right.1 > 0.0) {
            let mut root = 0.5 * (left.0 + right.0);
            for _ in 0..MOST_STEPS {
                let [value, slope] = f(root);
                let next = (root - value / slope).clamp(left.0, right.0);
                if (next - root).abs() <= f64::EPSILON * root {
                    break;
                }
                root = next;
            }
            found.push(root);
        }
        left = right;
    }
    let mirrored = found.iter().rev().map(|root| -root);
    let middle = (count % 2 == 1).then_some(0.0);
    mirrored
        .chain(middle)
        .chain(found.iter().copied())
        .collect()
}

/// Newton's method doubles the digits: a grid's two become all of them in five steps.
const MOST_STEPS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_exact_for_polynomials() {
        for count in [5, 6, 8, 16, 32, 40, 64] {
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
        for count in [1, 6, 11, 12, 40, 80] {
            let nodes = legendre(count);
            assert_eq!(nodes.len(), count);
            for power in (0..2 * count as i32).step_by(2) {
                let moments = nodes.iter().map(|node| node.weight * node.at.powi(power));
                let sum: f64 = moments.sum();
                assert!(
                    (sum * f64::from(power + 1) / 2.0 - 1.0).abs() < 1e-12,
                    "{count} nodes, power {power}: {sum}"
                );
            }
        }
    }
}
