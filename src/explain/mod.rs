//! `bnnc explain`: a model and its loss as the methods section of a paper has them. Everything is read
//! off the [`Inference`]; what the registries' entries are is said in their own files.

mod data;
mod estimate;
mod family;
mod forms;
mod groups;
mod likelihood;
mod network;
mod objective;
mod prediction;
mod prior;
mod symbols;
mod training;

use crate::document::{Document, code};
use crate::ir::{Facts, Fitted, Handle, Inference, Role, Tensor};

/// The methods section of a model. `facts` give N and B their numbers where they are known,
/// and say how it is trained.
pub fn explain(model: &Inference, facts: &Facts) -> Document {
    let mut text = Methods {
        model,
        facts,
        document: Document::new(&format!("Methods: {}", code(&model.name))),
    };
    text.data();
    text.network();
    text.prior();
    text.likelihood();
    text.family();
    text.objective();
    text.estimate();
    text.training();
    text.prediction();
    text.document
}

/// The section while it is written.
struct Methods<'a> {
    model: &'a Inference,
    facts: &'a Facts,
    document: Document,
}

/// Which symbol stands for a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A latent variable: z, or its own name.
    Latent,
    /// With a prior and a posterior: w.
    Weight,
    /// A point estimate with a prior: v beside weights that are drawn, else w.
    Point,
    /// A point estimate without one: θ.
    Free,
}

impl Methods<'_> {
    fn kind(tensor: Fitted) -> Kind {
        let random = tensor.posterior.family.entries().is_random();
        match (tensor.role, &tensor.prior) {
            (Role::Latent | Role::Local, _) if random => Kind::Latent,
            (_, Some(_)) if random => Kind::Weight,
            (_, Some(_)) => Kind::Point,
            (_, None) => Kind::Free,
        }
    }

    /// The parameters of a kind, in the model's order.
    fn of_kind(&self, kind: Kind) -> Vec<Handle<Tensor>> {
        let tensors = self.model.all_fitted();
        tensors
            .filter(|(_, tensor)| Self::kind(*tensor) == kind)
            .map(|(handle, _)| handle)
            .collect()
    }

    /// Their entries.
    fn count(&self, tensors: &[Handle<Tensor>]) -> usize {
        tensors
            .iter()
            .map(|tensor| self.model.tensors[*tensor].shape.len())
            .sum()
    }

    /// Those that are drawn from a posterior.
    fn random(&self) -> Vec<Handle<Tensor>> {
        let tensors = self.model.all_fitted();
        tensors
            .filter(|(_, tensor)| tensor.posterior.family.entries().is_random())
            .map(|(handle, _)| handle)
            .collect()
    }

    /// The symbol of point estimates with a prior.
    fn point_symbol(&self) -> &'static str {
        match self.of_kind(Kind::Weight).is_empty() {
            true => "w",
            false => "v",
        }
    }

    /// The symbols of all parameters of these kinds that there are: `w`, `w, tau`.
    fn symbols_of(&self, kinds: &[Kind]) -> Vec<String> {
        let mut symbols = Vec::new();
        for kind in kinds {
            let tensors = self.of_kind(*kind);
            match (kind, &tensors[..]) {
                (_, []) => {}
                (Kind::Latent, [one]) if self.model.tensors[*one].role == Role::Latent => {
                    symbols.push(symbols::latent(&self.model.tensors[*one].name))
                }
                (Kind::Latent, _) => symbols.push("z".into()),
                (Kind::Weight, _) => symbols.push("w".into()),
                (Kind::Point, _) => symbols.push(self.point_symbol().into()),
                (Kind::Free, _) => symbols.push("theta".into()),
            }
        }
        symbols
    }
}

/// A phrase as a sentence; a full stop belongs to the formula that it ends with.
fn sentence(phrase: &str) -> String {
    match phrase.strip_suffix("$$") {
        Some(formula) => format!("{formula}.$$"),
        None => format!("{phrase}."),
    }
}

/// `1 weight`, `4,800 weights`
fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

fn thousands(n: usize) -> String {
    crate::words::thousands(n)
}
