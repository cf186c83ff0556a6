//! How far chains can be trusted: R-hat, effective sample sizes and E-BFMI, as ArviZ computes them.
//!
//! Vehtari, Gelman, Simpson, Carpenter and Bürkner 2021, "Rank-normalization, folding, and localization: an improved R̂
//! for assessing convergence of MCMC". A quantity is given by chain and draw; all chains have the same number of draws.
//! Every result is NaN if there are too few draws, or one of them is not a number.
//!
//! The weights of a network are not identifiable: two units that change places leave the function as it is. So these
//! are computed of predictions and of latent variables.

mod energy;
mod ess;
mod ranks;
mod rhat;

pub use energy::energy_bfmi;
pub use ess::{effective_sample_size, ess_bulk, ess_tail};
pub use rhat::r_hat;

/// Whether there are `least` chains or more, of four draws or more that are all numbers.
fn is_valid(chains: &[Vec<f64>], least: usize) -> bool {
    let draws = chains.first().map_or(0, Vec::len);
    chains.len() >= least
        && draws >= 4
        && chains.iter().all(|chain| chain.len() == draws)
        && chains.iter().flatten().all(|x| !x.is_nan())
}

/// Each chain's first half and last half as chains of their own. The middle one of an odd number of draws is left out.
fn split(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let halves = |chain: &Vec<f64>| {
        let half = chain.len() / 2;
        [chain[..half].to_vec(), chain[chain.len() - half..].to_vec()]
    };
    chains.iter().flat_map(halves).collect()
}

/// A function of every draw.
fn map(chains: &[Vec<f64>], f: impl Fn(f64) -> f64) -> Vec<Vec<f64>> {
    let chain = |chain: &Vec<f64>| chain.iter().map(|x| f(*x)).collect();
    chains.iter().map(chain).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// With n − 1 in the denominator.
fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)
}

/// The quantile of all draws together, between neighbours by R's type 7.
fn quantile(chains: &[Vec<f64>], p: f64) -> f64 {
    let mut all = chains.concat();
    all.sort_by(f64::total_cmp);
    // In the order in which ArviZ computes it: whether a draw equals the quantile depends on the last bit.
    let place = all.len() as f64 * p + (1.0 - p);
    let above = (place as usize).clamp(1, all.len() - 1);
    let share = place - above as f64;
    (1.0 - share) * all[above - 1] + share * all[above]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(value: &serde_json::Value) -> Vec<f64> {
        let all = value.as_array().expect("an array").iter();
        all.map(|x| x.as_f64().expect("a number")).collect()
    }

    #[test]
    fn they_are_those_of_arviz() {
        let text = include_str!("../../../tests/fixtures/samplers.json");
        let fixture: serde_json::Value = serde_json::from_str(text).unwrap();
        let cases = fixture["diagnostics"].as_object().unwrap();
        assert!(cases.len() > 6);
        for (name, case) in cases {
            let chains: Vec<Vec<f64>> = case["chains"]
                .as_array()
                .unwrap()
                .iter()
                .map(numbers)
                .collect();
            let check = |what: &str, found: f64| match case[what].as_f64() {
                Some(expected) => assert!(
                    (found - expected).abs() <= 1e-10 * expected.abs(),
                    "{name}, {what}: {found} for {expected}"
                ),
                None => assert!(found.is_nan(), "{name}, {what}: {found} for NaN"),
            };
            check("r_hat", r_hat(&chains));
            check("ess_bulk", ess_bulk(&chains));
            check("ess_tail", ess_tail(&chains));
            check("ess", effective_sample_size(&chains));
            for (chain, expected) in chains.iter().zip(numbers(&case["bfmi"])) {
                let found = energy_bfmi(chain);
                assert!(
                    (found - expected).abs() <= 1e-10 * expected,
                    "{name}: {found}"
                );
            }
        }
    }

    #[test]
    fn what_is_not_a_number_is_said() {
        let chains = [vec![1.0, 2.0, f64::NAN, 4.0], vec![1.0, 2.0, 3.0, 4.0]];
        let all = [r_hat(&chains), ess_bulk(&chains), ess_tail(&chains)];
        assert!(all.iter().all(|x| x.is_nan()));
        assert!(r_hat(&chains[1..]).is_nan(), "of one chain");
        assert!(r_hat(&[vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 3.0]]).is_nan());
    }
}
