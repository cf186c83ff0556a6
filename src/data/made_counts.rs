//! `made_counts`: a made table of counts with too many zeros.
//!
//! Four inputs a, b, c, d from −1 to 1. The count is 0 with the probability 1/(1 + exp(1 − 3c)), and else has a Poisson
//! distribution with the mean exp(1 + a − b² + a·b/2); d says nothing. On the test part, of which 705 of 1,500 counts are 0,
//! this distribution has the nll 1.3737, and a Poisson distribution with the same mean 1.5529. Exponentials are sums of powers, so that the counts are the same on every machine.

use super::catalog::CatalogEntry;
use super::made::{numbers, whole};
use super::memory::Array;
use super::random::Stream;

/// `--data made_counts`
pub(crate) struct MadeCounts;

const INPUTS: usize = 4;
const TRAIN: usize = 1500;
const TEST: usize = 1500;
const SEED: u64 = 0x636f_756e_7473;

impl CatalogEntry for MadeCounts {
    fn name(&self) -> &'static str {
        "made_counts"
    }

    fn summary(&self) -> &'static str {
        "made: four numbers, a count whose zeros are more than a Poisson rate makes"
    }

    fn arrays(&self) -> Vec<Array> {
        let part = |first: usize, len: usize, ending: &str| {
            let (mut x, mut y) = (vec![], vec![]);
            for example in first..first + len {
                let (inputs, count) = draw(&mut Stream::new(SEED, example as u64));
                x.extend(inputs.map(|x| x as f32));
                y.push(count);
            }
            [
                numbers(&format!("x{ending}"), &[len, INPUTS], x),
                whole(&format!("y{ending}"), &[len], y),
            ]
        };
        let parts = [part(0, TRAIN, "_train"), part(TRAIN, TEST, "_test")];
        parts.into_iter().flatten().collect()
    }
}

fn draw(random: &mut Stream) -> ([f64; INPUTS], u8) {
    let inputs: [f64; INPUTS] = std::array::from_fn(|_| 2.0 * random.unit() - 1.0);
    let [gate, rate] = gate_and_rate(inputs);
    let is_gated = random.unit() < gate;
    // Inversion: as many terms of the distribution function as the number passes.
    let u = random.unit();
    let mut term = 1.0 / exp(rate);
    let (mut below, mut count) = (term, 0u8);
    while below <= u && count < u8::MAX {
        count += 1;
        term *= rate / f64::from(count);
        below += term;
    }
    (inputs, if is_gated { 0 } else { count })
}

/// The probability of a 0 whatever the rate, and the rate of the other counts.
fn gate_and_rate([a, b, c, _]: [f64; INPUTS]) -> [f64; 2] {
    [
        1.0 / (1.0 + exp(1.0 - 3.0 * c)),
        exp(1.0 + a - b * b + a * b / 2.0),
    ]
}

/// eˣ by its series, of numbers up to some 20.
fn exp(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..90 {
        term *= x / f64::from(k);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::made::testing::fingerprint;
    use crate::likelihood::{Rows, Targets, find};

    #[test]
    fn the_counts_are_the_same_everywhere() {
        assert_eq!(
            fingerprint(&MadeCounts),
            "2736fc9745d45c86562c897f7208bd6e4acae8d9f18c2cf1aa30be9155a328a6"
        );
    }

    /// The nll of the distribution that the test part is drawn from: what no model has less of but by chance.
    #[test]
    fn the_best_nll_is_the_one_that_is_told() {
        for x in [-3.0f64, 0.2, 4.0, 15.0] {
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-12, "{x}");
        }
        let of = |name: &str, arguments: &[f64], y: f64| {
            let rows: Vec<Rows<f64>> = (arguments.chunks(1))
                .map(|values| Rows {
                    values,
                    stride: 0,
                    step: 0,
                })
                .collect();
            let mut nll = [0.0];
            find(name)
                .unwrap()
                .nll_only(&rows, Targets::Reals(&[y]), &mut nll);
            nll[0]
        };
        let (mut truth, mut zeros, mut poisson) = (0.0, 0, 0.0);
        for example in TRAIN..TRAIN + TEST {
            let (inputs, count) = draw(&mut Stream::new(SEED, example as u64));
            let [gate, rate] = gate_and_rate(inputs);
            let y = f64::from(count);
            let logits = (gate / (1.0 - gate)).ln();
            truth += of("ZeroInflatedPoisson", &[logits, rate.ln()], y) / TEST as f64;
            // The mean is known, and the kind of distribution is not.
            let mean = (1.0 - gate) * rate;
            poisson += of("Poisson", &[mean.ln()], y) / TEST as f64;
            zeros += usize::from(count == 0);
        }
        assert!((truth - 1.3737).abs() < 5e-5, "{truth}");
        assert!((poisson - 1.5529).abs() < 5e-5, "{poisson}");
        assert_eq!(zeros, 705);
    }
}
