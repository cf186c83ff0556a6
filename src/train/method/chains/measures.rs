//! What HMC and NUTS measure of their transitions.

use super::super::kept::Kept;
use crate::plan::Plan;
use crate::sampler::hmc::LEAPFROGS;
use crate::words::{counted, plural, thousands};

/// What is measured at each draw, by ArviZ's names.
pub(super) const MEASURES: &[&str] = &[
    "acceptance_rate",
    "accepted",
    "diverging",
    "energy",
    "energy_error",
    "lp",
    "n_steps",
    "step_size",
    "tree_depth",
];

/// Acceptance, divergences and the lengths of trajectories.
pub(super) fn said(kept: &Kept, chains: &[usize], plan: &Plan) -> String {
    let all = |name: &str| -> Vec<f64> {
        let of = chains.iter().map(|chain| kept.measured(*chain, name));
        of.flatten().copied().collect()
    };
    let mean = |name: &str| {
        let all = all(name);
        all.iter().sum::<f64>() / all.len() as f64
    };
    let divergent = all("diverging").iter().sum::<f64>() as usize;
    let mut text = format!(
        "acceptance {:.2}, {:.1} leapfrogs a transition, step size {:.3e}, {}",
        mean("acceptance_rate"),
        mean("n_steps"),
        mean("step_size"),
        plural(divergent, "divergence"),
    );
    if divergent > 0 {
        text.push_str(": trajectories left the posterior's narrow places, which the draws then lack; a higher `acceptance` takes smaller steps");
    }
    if all("n_steps").contains(&(LEAPFROGS as f64)) {
        text.push_str(&format!(
            "; some trajectories were cut at {} leapfrogs: the step size is too small for their length",
            thousands(LEAPFROGS)
        ));
    }
    let arguments = &plan.inference.method.arguments;
    let depth = arguments.find("depth").map(|_| arguments.count("depth"));
    let longest = depth.map(|depth| {
        all("tree_depth")
            .iter()
            .filter(|d| **d as usize >= depth)
            .count()
    });
    if let Some(longest) = longest.filter(|longest| *longest > 0) {
        text.push_str(&format!(
            "; {} ended at the largest `depth`",
            counted(longest, "trajectory", "trajectories")
        ));
    }
    text
}
