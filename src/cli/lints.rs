//! Which lints a command shows.

use super::open::Opened;
use super::terminal::{err, report};
use crate::compile::Compiled;
use crate::diagnostic::{Diagnostic, Failure, Result, Severity};
use crate::ir::{Facts, Inference};
use crate::lint::{self, LINTS, Policy};
use crate::plan::Plan;
use crate::report::initial::initial_terms;
use crate::words::plural;
use clap::Args;
use clap::builder::PossibleValuesParser;
use std::path::Path;
use std::sync::Arc;

/// Flags of the lints.
#[derive(Debug, Clone, Default, Args)]
pub struct LintFlags {
    /// Show the pedantic lints, too: what goes by a rule of thumb (`bnnc list lints`)
    #[arg(long)]
    pedantic: bool,
    /// Take a lint for an error, or `warnings`: all that are shown; may be given several times
    #[arg(long, value_name = "LINT", value_parser = names(&["warnings"]), hide_possible_values = true)]
    deny: Vec<String>,
    /// Do not show a lint; may be given several times
    #[arg(long, value_name = "LINT", value_parser = names(&[]), hide_possible_values = true)]
    allow: Vec<String>,
}

fn names(others: &'static [&'static str]) -> PossibleValuesParser {
    let lints = LINTS.iter().map(|lint| lint.name());
    PossibleValuesParser::new(lints.chain(others.iter().copied()))
}

impl LintFlags {
    /// Those of the flags that are given.
    pub fn given(&self) -> Vec<&'static str> {
        let flags = [
            ("--pedantic", self.pedantic),
            ("--deny", !self.deny.is_empty()),
            ("--allow", !self.allow.is_empty()),
        ];
        flags
            .iter()
            .filter(|(_, given)| *given)
            .map(|(flag, _)| *flag)
            .collect()
    }

    /// What there is to warn of.
    ///
    /// # Errors
    ///
    /// All of it, where some is denied.
    pub fn warnings(&self, compiled: &Compiled, facts: &Facts) -> Result<Vec<Diagnostic>> {
        let policy = Policy {
            pedantic: self.pedantic,
            deny: self.deny.clone(),
            allow: self.allow.clone(),
        };
        let mut facts = facts.clone();
        // It takes a while, and two lints alone ask for it.
        let shows = |name| lint::find(name).is_some_and(|lint| policy.shows(lint));
        let has_unseen = facts
            .unseen_tokens
            .iter()
            .any(|(_, tokens)| !tokens.is_empty());
        if shows("kl-outweighs-data") || has_unseen && shows("tokens-never-seen") {
            let plan = Arc::new(Plan::new(compiled.inference.clone()));
            facts.initial_terms = initial_terms(&plan, facts.training_examples);
        }
        let found = lint::run(&compiled.inference, &facts, &policy);
        if found.iter().any(|m| m.severity == Severity::Error) {
            return Err(Failure::new(found, compiled.source.clone()));
        }
        Ok(found)
    }
}

/// Prints warnings to standard error, apart from what follows.
pub fn show(warnings: Vec<Diagnostic>, compiled: &Compiled) {
    if !warnings.is_empty() {
        report(&Failure::new(warnings, compiled.source.clone()));
        err("\n");
    }
}

/// Warns of a run whose loss diverged: its weights are those of before, maybe of the start.
pub fn warn_of_divergence(path: &Path, run: &Opened) {
    if let Some(why) = run.divergence() {
        err(&format!("warning: `{}`: {why}\n\n", path.display()));
    }
}

/// Warns of a run that has made fewer draws of the weights than its method makes until its end.
pub fn warn_of_missing_draws(path: &Path, run: &Opened, made: usize, asked: usize) {
    let path = path.display();
    let text = match made {
        0 => format!(
            "the run in `{path}` has no draws of the weights yet: what follows is of one network, whose weights are those \
             after {}",
            run.progress()
        ),
        _ => format!(
            "the run in `{path}` has {} of the weights in place of {asked}, after {}",
            plural(made, "draw"),
            run.progress()
        ),
    };
    let text = match run.left_out().filter(|_| made > 0) {
        None => text,
        Some(why) => format!(
            "the run in `{path}` has {} of the weights in place of {asked}; left out: {why}",
            plural(made, "draw")
        ),
    };
    err(&format!("warning: {text}\n\n"));
}

/// Warns of predictions from one draw of the weights.
pub fn warn_of_one_draw(inference: &Inference, samples: usize) {
    let facts = Facts {
        evaluation_samples: Some(samples),
        ..Facts::default()
    };
    let lint = lint::find("one-draw-evaluation").expect("in the registry");
    if let Some(message) = lint.check(inference, &facts) {
        report(&message.into());
    }
}
