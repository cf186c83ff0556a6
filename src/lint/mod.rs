//! What is allowed, and more likely a mistake than a choice: each a file. A lint reads the model and
//! what is known of the run, never the source, and is exact: it prints the number found and the
//! number expected.

mod annealing_never_ends;
mod blundell_vanishes;
mod flipout_alone;
mod penalty_without_bound;
mod temperature_not_one;

use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Model};

/// An entry of the registry.
pub trait Lint: Sync {
    /// Its name in messages: kebab case.
    fn name(&self) -> &'static str;
    /// One line.
    fn summary(&self) -> &'static str;
    /// Whether it needs to know of the run (N, B, epochs).
    fn needs_run(&self) -> bool;
    /// What it has to say.
    fn check(&self, model: &Model, facts: &Facts) -> Option<Diagnostic>;
}

/// Every lint.
pub static LINTS: &[&dyn Lint] = &[
    &temperature_not_one::TemperatureNotOne,
    &penalty_without_bound::PenaltyWithoutBound,
    &annealing_never_ends::AnnealingNeverEnds,
    &blundell_vanishes::BlundellVanishes,
    &flipout_alone::FlipoutAlone,
];

/// What the model alone shows.
pub fn run(model: &Model) -> Vec<Diagnostic> {
    let lints = LINTS.iter().filter(|lint| !lint.needs_run());
    lints
        .filter_map(|lint| lint.check(model, &Facts::default()))
        .collect()
}

/// What shows once N and B are known.
pub fn run_with(model: &Model, facts: &Facts) -> Vec<Diagnostic> {
    let lints = LINTS.iter().filter(|lint| lint.needs_run());
    lints.filter_map(|lint| lint.check(model, facts)).collect()
}

/// Where an option of the objective stands.
fn option(model: &Model, name: &str) -> crate::source::Span {
    let mut options = model.objective.option_spans.iter();
    options
        .find(|(option, _)| *option == name)
        .map_or(model.objective.span, |(_, span)| *span)
}
