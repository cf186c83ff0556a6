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
const AGREE: f64 = 1.01;
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
    let row = part.summary.row();
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
            predictor.predict_drawn(batch.inputs, examples, &mut out, None);
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
    let mut said = vec![];
    let looked_at = chains.len() * count.min(DRAWS);
    let what = format!("predictions for {}", plural(examples, "training example"));
    if let Some(worst) = worst(&predictions) {
        said.push(("R-hat", text(&what, &worst, chains.len(), looked_at)));
    }
    for (name, quantity) in latents {
        if let Some(worst) = worst(&[quantity]) {
            let what = format!("the latent variable `{name}`");
            said.push(("R-hat", text(&what, &worst, chains.len(), looked_at)));
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
    all.into_iter().reduce(|a, b| Worst {
        r_hat: a.r_hat.max(b.r_hat),
        bulk: a.bulk.min(b.bulk),
        tail: a.tail.min(b.tail),
    })
}

/// `1.003, effective draws 812 (bulk) and 640 (tail) of 2,000, at worst, of …: up to 1.01, the chains agree`
fn text(what: &str, worst: &Worst, chains: usize, draws: usize) -> String {
    let enough = worst.bulk.min(worst.tail) >= EFFECTIVE * chains as f64;
    let verdict = match worst.r_hat {
        r_hat if r_hat.is_nan() => "one chain cannot be compared; take `chains = 4`",
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
