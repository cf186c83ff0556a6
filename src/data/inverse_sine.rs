//! `inverse_sine`: the inverse problem of Bishop, "Mixture density networks", 1994.
//!
//! x = t + 0.3 sin(2πt) + ε with t uniform from 0 to 1 and ε from −0.1 to 0.1. The input is x and the target t, of which
//! up to three stretches belong to one x: their mean lies in none of them. Given x, t is uniform over the places where x
//! is within 0.1 of t + 0.3 sin(2πt), so that the nll that nobody can beat is the logarithm of their length: −1.2458 on
//! the test part, of which 753 of 1,000 inputs have several stretches. The sine is a sum of powers, the same on every machine.

use super::catalog::CatalogEntry;
use super::made::numbers;
use super::memory::Array;
use super::random::Stream;

/// `--data inverse_sine`
pub(crate) struct InverseSine;

const TRAIN: usize = 1000;
const TEST: usize = 1000;
const SEED: u64 = 0x696e_7665_7273;
/// The largest size of ε.
const NOISE: f64 = 0.1;

impl CatalogEntry for InverseSine {
    fn name(&self) -> &'static str {
        "inverse_sine"
    }

    fn summary(&self) -> &'static str {
        "made: x = t + 0.3 sin(2πt) + noise, the t of an x; one, two or three stretches of it"
    }

    fn arrays(&self) -> Vec<Array> {
        let part = |first: usize, len: usize, ending: &str| {
            let of = |example: usize| draw(&mut Stream::new(SEED, example as u64));
            let pairs: Vec<[f64; 2]> = (first..first + len).map(of).collect();
            let column = |at: usize| pairs.iter().map(|pair| pair[at] as f32).collect();
            [
                numbers(&format!("x{ending}"), &[len, 1], column(0)),
                numbers(&format!("y{ending}"), &[len], column(1)),
            ]
        };
        let parts = [part(0, TRAIN, "_train"), part(TRAIN, TEST, "_test")];
        parts.into_iter().flatten().collect()
    }
}

/// x and t.
fn draw(random: &mut Stream) -> [f64; 2] {
    let t = random.unit();
    let noise = NOISE * (2.0 * random.unit() - 1.0);
    [forward(t) + noise, t]
}

fn forward(t: f64) -> f64 {
    // sin(2πt) = −sin(2πt − π), whose series needs few terms.
    t - 0.3 * sine(std::f64::consts::PI * (2.0 * t - 1.0))
}

/// The sine of a number from −π to π, by its series.
fn sine(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for k in 1..20 {
        term *= -x * x / f64::from(2 * k * (2 * k + 1));
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::made::testing::fingerprint;

    #[test]
    fn the_pairs_are_the_same_everywhere() {
        assert_eq!(
            fingerprint(&InverseSine),
            "176b387363c62125e5f2630682bbafa0a56f5413c8619e9263f94832f709b52a"
        );
    }

    #[test]
    fn the_best_nll_is_the_one_that_is_told() {
        const GRID: usize = 20_000;
        let at = |i: usize| forward((i as f64 + 0.5) / GRID as f64);
        let grid: Vec<f64> = (0..GRID).map(at).collect();
        for (i, x) in grid.iter().enumerate().step_by(997) {
            let t = (i as f64 + 0.5) / GRID as f64;
            let expected = t + 0.3 * (std::f64::consts::TAU * t).sin();
            assert!((x - expected).abs() < 1e-14, "{t}");
        }
        let (mut nll, mut several) = (0.0, 0);
        for example in TRAIN..TRAIN + TEST {
            let [x, _] = draw(&mut Stream::new(SEED, example as u64));
            let is_near: Vec<bool> = grid.iter().map(|g| (g - x).abs() < NOISE).collect();
            let length = is_near.iter().filter(|near| **near).count() as f64 / GRID as f64;
            nll += length.ln() / TEST as f64;
            let begins = is_near
                .windows(2)
                .filter(|pair| !pair[0] && pair[1])
                .count();
            several += usize::from(begins + usize::from(is_near[0]) > 1);
        }
        assert!((nll + 1.2458).abs() < 5e-5, "{nll}");
        assert_eq!(several, 753);
    }
}
