//! `bnnc diff`: in what two models differ, as models and not as texts. What a fit or its result does not
//! depend on is no difference: layout, comments, constants written out, who supplied a setting.

mod loss;
mod network;
mod pairing;
mod parameters;
mod run;
#[cfg(test)]
mod tests;
mod text;
mod value;

use crate::ir::Inference;
use crate::plan::Plan;
use pairing::Pairing;
use serde::Serialize;
use std::sync::Arc;

/// Two models beside each other.
#[derive(Debug, Clone, Serialize)]
pub struct Diff {
    /// The names of the two.
    pub models: [String; 2],
    /// Whether the models are the same but for their names; what runs of them differ in is none of it.
    pub same: bool,
    /// Each fact in which they differ.
    pub changes: Vec<Change>,
    /// Sums over the whole models.
    pub totals: Totals,
    /// How many kernels and biases both have: what `every kernel` means.
    #[serde(skip)]
    common: [usize; 2],
    /// What their terms are beside the data's: `KL`, `penalty`.
    #[serde(skip)]
    weighted: [Vec<&'static str>; 2],
}

/// A fact in which two models differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The part of the model.
    pub section: Section,
    /// Whether the subject is there in both.
    pub what: What,
    /// A layer, parameter, term or option, by its name in the second model if it is there.
    pub subject: String,
    /// What of it.
    pub field: &'static str,
    /// In the first model.
    pub before: Option<String>,
    /// In the second.
    pub after: Option<String>,
    /// What else is to be known.
    pub note: Option<String>,
    /// What kind of parameter the subject is, if it is one.
    #[serde(skip)]
    role: Option<crate::ir::Role>,
}

/// A part of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// Input and target.
    Data,
    /// Layers.
    Network,
    /// What the layers apply, and what these bring with them.
    Parameters,
    /// `latent …`
    Latents,
    /// `learned(…)`
    Learned,
    /// `observe …`
    Likelihood,
    /// `objective …`
    Objective,
    /// Its terms.
    Loss,
    /// Of two runs: data and settings.
    Run,
}

/// Whether something is there in both models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// In the second alone.
    Added,
    /// In the first alone.
    Removed,
    /// In both, and not the same.
    Changed,
}

/// Sums over each of two models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Totals {
    /// Entries of parameters that are drawn.
    pub random_weights: [usize; 2],
    /// Numbers that are trained.
    pub trainable: [usize; 2],
    /// All terms but the data's before the first step, expected, in nats.
    pub initial_kl: [Option<f64>; 2],
    /// The weight of these terms against the ELBO's, once annealing is over.
    pub lambda: [f64; 2],
}

/// In what the second model differs from the first.
pub fn diff(first: &Arc<Plan>, second: &Arc<Plan>) -> Diff {
    let (a, b): (&Inference, &Inference) = (&first.inference, &second.inference);
    let two = Two {
        a,
        b,
        pairing: &Pairing::new(a, b),
    };
    let mut changes = Vec::new();
    network::data(&two, &mut changes);
    network::network(&two, &mut changes);
    parameters::parameters(&two, &mut changes);
    parameters::learned(&two, &mut changes);
    loss::likelihood(&two, &mut changes);
    loss::objective(&two, &mut changes);
    loss::terms(&two, &mut changes);
    Diff {
        models: [a.name.clone(), b.name.clone()],
        same: changes.is_empty(),
        totals: loss::totals(first, second),
        common: parameters::common(&two),
        weighted: [a, b].map(Inference::weighted),
        changes,
    }
}

impl Diff {
    /// As JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("plain data")
    }
}

/// The two models, and what of one is what of the other.
struct Two<'a> {
    a: &'a Inference,
    b: &'a Inference,
    pairing: &'a Pairing,
}

impl Change {
    fn new(section: Section, subject: &str, field: &'static str) -> Self {
        Change {
            section,
            what: What::Changed,
            subject: subject.into(),
            field,
            before: None,
            after: None,
            note: None,
            role: None,
        }
    }

    fn role(self, role: crate::ir::Role) -> Self {
        Change {
            role: Some(role),
            ..self
        }
    }

    /// In the second model alone.
    fn added(self, after: String) -> Self {
        Change {
            what: What::Added,
            after: Some(after),
            ..self
        }
    }

    /// In the first model alone.
    fn removed(self, before: String) -> Self {
        Change {
            what: What::Removed,
            before: Some(before),
            ..self
        }
    }

    /// From one value to another; nothing where they are the same.
    fn changed(
        self,
        before: impl Into<value::Value>,
        after: impl Into<value::Value>,
    ) -> Option<Self> {
        let (before, after) = value::apart(before.into(), after.into())?;
        Some(Change {
            before: Some(before),
            after: Some(after),
            ..self
        })
    }
}
