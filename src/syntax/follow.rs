//! A prior that names what the fit moves of its own posterior: `prior = Normal(posterior_loc, 1)`.
//!
//! KL(N(m, σ²) ‖ N(m, s²)) = ln(s/σ) + σ²/(2s²) - ½ has no m in it: nothing holds the loc, and what is
//! minimised is a likelihood whose weights have a penalised noise. Some libraries have it under the name
//! of a tied mean; it is no prior, which is what is known of the weights before the data.

use crate::diagnostic::Diagnostic;
use crate::layer;
use crate::source::Span;

/// What a posterior's variables are called where they can be named.
const VARIABLES: [&str; 7] = ["loc", "mean", "scale", "std", "stddev", "rho", "variance"];

/// Whether an undeclared name is meant for a variable of a posterior: `loc`, `posterior_loc`, `q_mean`.
pub fn is_of_posterior(name: &str) -> bool {
    // `kernel_posterior_loc`: the parameter may stand before.
    let mut of_slots = layer::slots().into_iter();
    let own = of_slots.find_map(|slot| name.strip_prefix(slot.name)?.strip_prefix('_'));
    let own = own.filter(|own| own.starts_with("posterior_"));
    let (owner, variable) = own.unwrap_or(name).split_once('_').unwrap_or_default();
    let prefixed = ["posterior", "q"].contains(&owner) && VARIABLES.contains(&variable);
    ["posterior", "loc", "rho"].contains(&name) || prefixed
}

/// The same of a name with a dot in it, taken apart: `posterior.loc`, `kernel.scale`.
pub fn is_variable(owner: &str, variable: &str) -> bool {
    let is_slot = || layer::slots().iter().any(|slot| slot.name == owner);
    (["posterior", "q"].contains(&owner) || is_slot()) && VARIABLES.contains(&variable)
}

/// The message for it.
pub fn message(place: Span, name: &str) -> Diagnostic {
    let title =
        format!("a prior cannot be `{name}`, which is fitted: it would follow the posterior");
    Diagnostic::error("E0413", title)
        .at(place, "the fit moves this")
        .note("the KL of Normal(m, σ) from Normal(m, s) is ln(s/σ) + σ²/(2s²) - 1/2: m is not in it, and nothing regularises the weights")
        .help("a number: `Normal(0, 1)`")
        .help("`Normal(learned(0), learned(1))` fits a loc and a scale that all weights of a kernel share")
        .help("a loc for each weight comes from elsewhere, such as a network that was trained before (MOPED)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_posteriors_variables_are_told_from_other_names() {
        let of_slot = "bias_posterior_scale";
        for name in [
            "posterior_loc",
            "q_mean",
            "loc",
            "posterior",
            "rho",
            of_slot,
        ] {
            assert!(is_of_posterior(name), "{name}");
        }
        for name in [
            "q_width",
            "location",
            "width",
            "posterior_of_x",
            "scale",
            "kernel_loc",
        ] {
            assert!(!is_of_posterior(name), "{name}");
        }
        assert!(is_variable("posterior", "loc") && !is_variable("hidden", "loc"));
        assert!(is_variable("bias", "scale") && !is_variable("bias", "width"));
    }
}
