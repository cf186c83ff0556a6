//! Whether a sampler's chains agree: R-hat and effective sample sizes of predictions, of latent variables and of energies.

use super::kept::Kept;
use super::points::PointPredictor;
use crate::diagnostic::Result;
use crate::engine::Predictor;
use crate::examples::{Buffers, Part};
use crate::sampler::diagnostics::{energy_bfmi, ess_bulk, ess_tail, r_hat};
use crate::words::{plural, thousands};
use rayon::prelude::*;

/// Examples whose predictions are looked at.
const EXAMPLES: usize = 50;
/// Draws of each chain that are looked at, at most: the last ones.
const DRAWS: usize = 1000;
/// Below it chains agree (Vehtari et al. 2021).
pub const AGREE: f64 = 1.01;
/// Above it they do not.
const APART: f64 = 1.1;
/// Effective draws of each chain that quantiles need (Vehtari et al. 2021).
const EFFECTIVE: f64 = 100.0;
/// An E-BFMI below it says that energies are explored too slowly (Betancourt 2016).
const SLOW: f64 = 0.3;

/// A quantity by chain and draw.
type Quantity = Vec<Vec<f64>>;

/// The worst of some quantities.
struct Worst {
    r_hat: f64,
    bulk: f64,
    tail: f64,
}

/// What is to be said of the draws, a word and a text each.
pub(super) fn judge(
    predictor: &mut PointPredictor<Kept>,
    training: &Part,
) -> Result<Vec<(&'static str, String)>> {
    let chains = predictor.points.chains();
    let counts = chains.iter().map(|chain| predictor.points.count(*chain));
    let Some(count) = counts.min().filter(|count| *count >= 4) else {
        return Ok(vec![]);
    };
    let mut buffers = Buffers::<f32>::default();
    let part = Part {
        with_targets: false,
        others: &[],
        ..*training
    };
    let examples = part.len().min(EXAMPLES).min(predictor.capacity());
    let places = (0..examples).map(|i| i * part.len() / examples);
    let batch = part.gather(places, &mut buffers)?;
    // Each target with the numbers that an example's prediction of it has.
    let others = training.others.iter();
    let others = others.map(|other| (other.number, other.summary.row()));
    let first = (part.target, part.summary.row());
    let targets: Vec<(usize, usize)> = std::iter::once(first).chain(others).collect();
    let row: usize = targets.iter().map(|(_, row)| row).sum();
    let mut predictions: Vec<Quantity> = vec![vec![]; examples * row];
    let mut latents: Vec<(String, Quantity)> = vec![];
    let mut out = vec![0.0; examples * row];
    for chain in &chains {
        let last = predictor.points.count(*chain);
        let first = last - count.min(DRAWS);
        predictions.iter_mut().for_each(|all| all.push(vec![]));
        latents.iter_mut().for_each(|(_, all)| all.push(vec![]));
        for draw in first..last {
            predictor.draw_from(|kept, variables| kept.read(*chain, draw, variables));
            let mut rest = &mut out[..];
            for (target, row) in &targets {
                let (own, others) = rest.split_at_mut(examples * row);
                predictor.predict_target(*target);
                predictor.predict_drawn(batch.inputs, examples, own, None);
                rest = others;
            }
            for (all, x) in predictions.iter_mut().zip(&out) {
                all.last_mut().expect("a chain").push(f64::from(*x));
            }
            let drawn = predictor.drawn();
            let of_latents = drawn
                .iter()
                .filter(|drawn| drawn.is_latent && drawn.values.len() == 1);
            for (number, drawn) in of_latents.enumerate() {
                if latents.len() == number {
                    latents.push((drawn.name.to_owned(), vec![vec![]]));
                }
                let chain = latents[number].1.last_mut().expect("a chain");
                chain.push(f64::from(drawn.values[0]));
            }
        }
    }
    predictor.predict_target(part.target);
    let mut said = vec![];
    let looked_at = chains.len() * count.min(DRAWS);
    let of = [chains.len(), predictor.points.all()];
    let what = format!("predictions for {}", plural(examples, "training example"));
    if let Some(worst) = worst(&predictions) {
        said.push(("R-hat", text(&what, &worst, of, looked_at)));
    }
    for (name, quantity) in latents {
        if let Some(worst) = worst(&[quantity]) {
            let what = format!("the latent variable `{name}`");
            said.push(("R-hat", text(&what, &worst, of, looked_at)));
        }
    }
    if predictor.points.has("energy") {
        let energies = chains
            .iter()
            .map(|chain| predictor.points.measured(*chain, "energy"));
        let least = energies.map(energy_bfmi).fold(f64::INFINITY, f64::min);
        if least < SLOW {
            let text = format!(
                "E-BFMI {least:.2}, below {SLOW}: energies are explored slowly, and the posterior's tails may be missed"
            );
            said.push(("energies", text));
        }
    }
    Ok(said)
}

/// The worst of quantities that vary; `None` where none does.
fn worst(quantities: &[Quantity]) -> Option<Worst> {
    let varies = |quantity: &&Quantity| {
        let first = quantity[0][0];
        quantity.iter().flatten().any(|x| *x != first)
    };
    let of = |quantity: &Quantity| Worst {
        r_hat: r_hat(quantity),
        bulk: ess_bulk(quantity),
        tail: ess_tail(quantity),
    };
    let all: Vec<Worst> = quantities.par_iter().filter(varies).map(of).collect();
    // What is no number is worse than any.
    let worse = |a: f64, b: f64, is_worse: bool| if a.is_nan() || is_worse { a } else { b };
    all.into_iter().reduce(|a, b| Worst {
        r_hat: worse(a.r_hat, b.r_hat, a.r_hat > b.r_hat),
        bulk: worse(a.bulk, b.bulk, a.bulk < b.bulk),
        tail: worse(a.tail, b.tail, a.tail < b.tail),
    })
}

/// `1.003, effective draws 812 (bulk) and 640 (tail) of 2,000, at worst, of …: up to 1.01, the chains agree`
fn text(what: &str, worst: &Worst, [chains, all]: [usize; 2], draws: usize) -> String {
    let enough = worst.bulk.min(worst.tail) >= EFFECTIVE * chains as f64;
    let verdict = match worst.r_hat {
        _ if chains < all && chains == 1 => {
            "the only chain that is left cannot be compared; a smaller `step_size` keeps more of them"
        }
        _ if chains == 1 => "one chain cannot be compared; take `chains = 4`",
        r_hat if r_hat.is_nan() => "some draws are not finite: do not trust them",
        r_hat if r_hat > APART => {
            "the chains have not come together: do not trust the draws; take a longer run"
        }
        r_hat if r_hat > AGREE => {
            "above 1.01, so that the chains do not agree yet; take a longer run"
        }
        _ if enough => "up to 1.01, the chains agree",
        _ => {
            "up to 1.01, the chains agree, with fewer than 100 effective draws each: quantiles are rough"
        }
    };
    let r_hat = match worst.r_hat.is_nan() {
        true => String::new(),
        false => format!("{:.3}, ", worst.r_hat),
    };
    format!(
        "{r_hat}effective draws {} (bulk) and {} (tail) of {}, at worst, of {what}: {verdict}",
        thousands(worst.bulk as usize),
        thousands(worst.tail as usize),
        thousands(draws)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(from: f64) -> Vec<f64> {
        (0..40).map(|i| from + (1.3 * f64::from(i)).sin()).collect()
    }

    #[test]
    fn what_is_no_number_is_worse_than_any() {
        let good = vec![chain(0.0), chain(0.01)];
        let mut broken = good.clone();
        broken[1][7] = f64::NAN;
        for all in [[good.clone(), broken.clone()], [broken, good.clone()]] {
            let worst = worst(&all).unwrap();
            assert!(worst.r_hat.is_nan());
            let said = text("predictions", &worst, [2, 2], 80);
            assert!(said.contains("not finite"), "{said}");
        }
        let apart = worst(&[good, vec![chain(0.0), chain(5.0)]]).unwrap();
        assert!(apart.r_hat > APART);
    }
}
