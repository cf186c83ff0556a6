//! What a run predicts once the weights whose signal-to-noise is lowest are 0 (Blundell et al. 2015, section 5.1; Graves
//! 2011).

use super::parameters::{Marginals, is_located};
use crate::diagnostic::Result;
use crate::evaluate::{Scores, scored};
use crate::examples::Part;
use crate::exec::Interpreter;
use crate::likelihood::Detail;
use crate::plan::Family;

/// The shares of the weights that are left out.
const SHARES: [f64; 9] = [0.0, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99];
/// A variable whose scale is as good as 0.
const NO_SCALE: f32 = -40.0;
/// The most examples that are predicted, and the most draws.
pub const MOST: [usize; 2] = [2000, 10];

/// Scores without some of the weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Pruned {
    /// `accuracy`, `rmse`
    pub score: &'static str,
    /// Examples that are scored.
    pub examples: usize,
    /// Draws of the weights that are averaged.
    pub draws: usize,
    /// How many weights there are.
    pub weights: usize,
    /// Each share that is left out, with the ratio below which that is, and the score.
    pub points: Vec<[f64; 3]>,
}

/// Leaves out more and more weights of a run and scores what is left; the run is as before afterwards. Says why not
/// where no weight has a scale.
///
/// # Errors
///
/// As [`scored`].
pub fn prune(
    interpreter: &mut Interpreter<f32>,
    part: &Part,
    draws: usize,
    seed: u64,
) -> Result<std::result::Result<Pruned, String>> {
    let plan = interpreter.plan().clone();
    let before = interpreter.variables().to_vec();
    // Of each weight: its ratio, the place of its loc and that of its rho.
    let mut weights: Vec<(f32, usize, usize)> = vec![];
    for (handle, tensor) in plan.inference.all_fitted() {
        let planned = &plan.tensors[handle];
        let independent = matches!(planned.family, Family::Independent { .. });
        let located = is_located(tensor.posterior.family.entries());
        if !(independent && located && tensor.role.is_of_layer()) {
            continue;
        }
        let ratios = Marginals::of(planned, &before).ratios();
        let places = planned.loc.clone().zip(planned.rho());
        let all = ratios.iter().zip(places);
        weights.extend(all.map(|(ratio, (loc, rho))| (*ratio as f32, loc, rho)));
    }
    if weights.is_empty() {
        return Ok(Err(
            "no weight of a layer has a loc and a scale of its own: there is no signal-to-noise to prune by".into(),
        ));
    }
    weights.sort_by(|a, b| a.0.total_cmp(&b.0));
    let step = part.len().div_ceil(MOST[0]).max(1);
    let rows: Vec<usize> = part.rows.iter().copied().step_by(step).collect();
    let part = Part {
        rows: &rows,
        ..*part
    };
    let draws = draws.min(MOST[1]);
    let mut found = Pruned {
        score: "",
        examples: rows.len(),
        draws,
        weights: weights.len(),
        points: vec![],
    };
    let mut zeroed = 0;
    for share in SHARES {
        let count = (share * weights.len() as f64) as usize;
        let variables = interpreter.variables_mut();
        for (_, loc, rho) in &weights[zeroed..count] {
            variables[*loc] = 0.0;
            variables[*rho] = NO_SCALE;
        }
        zeroed = count;
        // Levels are not kept, but predictions have to be finite.
        let scores = scored(interpreter, &part, draws, seed, Detail::Levels);
        let Some((name, value)) = scores.as_ref().ok().and_then(first) else {
            interpreter.variables_mut().copy_from_slice(&before);
            return scores.map(|_| Err("its predictions have no accuracy and no RMSE".into()));
        };
        found.score = name;
        let ratio = weights
            .get(count)
            .map_or(f64::NAN, |(ratio, ..)| f64::from(*ratio));
        found.points.push([share, ratio, value]);
    }
    interpreter.variables_mut().copy_from_slice(&before);
    Ok(Ok(found))
}

fn first(scores: &Scores) -> Option<(&'static str, f64)> {
    ["accuracy", "rmse"]
        .into_iter()
        .find_map(|name| Some((name, scores.number(name)?)))
}
