//! `bnnc explain`: a model and its loss as the methods section of a paper has them. Everything is read
//! off the [`Inference`]; what the registries' entries are is said in their own files.

mod data;
mod family;
mod forms;
mod groups;
mod likelihood;
mod network;
mod numbers;
mod objective;
mod prior;
mod symbols;

use crate::document::{Document, code};
use crate::ir::{Facts, Fitted, Handle, Inference, Learned, Role, Tensor};

/// The methods section of a model. `facts` give N and B their numbers where they are known,
/// and say how it is trained.
pub fn explain(model: &Inference, facts: &Facts) -> Document {
    let alone = model.of_targets();
    let mut text = Methods::new(model, &alone, facts);
    text.data();
    text.network();
    text.prior();
    text.likelihood();
    text.family();
    text.objective();
    text.estimators();
    text.training();
    text.prediction();
    text.document
}

/// The formula of each term of the loss, in their order and in the notation of [`crate::maths`]: of the data terms for all
/// examples, of all others for one entry of the parameter.
pub fn formulas(model: &Inference, facts: &Facts) -> Vec<String> {
    let alone = model.of_targets();
    let text = Methods::new(model, &alone, facts);
    let terms = model.loss.terms.iter();
    terms.map(|term| text.formula(term)).collect()
}

/// The section while it is written.
struct Methods<'a> {
    model: &'a Inference,
    /// The same of each target alone.
    alone: &'a [Inference],
    facts: &'a Facts,
    document: Document,
    /// The parameters of each kind.
    kinds: [Vec<Handle<Tensor>>; KINDS.len()],
    /// How many parameters have local scales.
    local: usize,
    /// Learned numbers of priors that one setting gave to several parameters are a group.
    learned: Vec<Vec<Handle<Learned>>>,
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

const KINDS: [Kind; 4] = [Kind::Latent, Kind::Weight, Kind::Point, Kind::Free];

impl Kind {
    fn of(tensor: Fitted) -> Kind {
        match (tensor.role, &tensor.prior) {
            (Role::Latent | Role::Local, _) if is_random(tensor) => Kind::Latent,
            (_, Some(_)) if is_random(tensor) => Kind::Weight,
            (_, Some(_)) => Kind::Point,
            (_, None) => Kind::Free,
        }
    }
}

fn is_random(tensor: Fitted) -> bool {
    tensor.posterior.family.entries().is_random()
}

/// Those parameters that `is` holds of, in the model's order.
fn tensors(model: &Inference, is: impl Fn(Fitted) -> bool) -> Vec<Handle<Tensor>> {
    let found = model.all_fitted().filter(|(_, tensor)| is(*tensor));
    found.map(|(handle, _)| handle).collect()
}

impl<'a> Methods<'a> {
    /// Before the first word; `alone` are the model's targets alone.
    fn new(model: &'a Inference, alone: &'a [Inference], facts: &'a Facts) -> Self {
        Methods {
            model,
            alone,
            facts,
            document: Document::new(&format!("Methods: {}", code(&model.name))),
            kinds: KINDS.map(|kind| {
                // What a layer keeps between steps is no parameter of the model.
                let is = |tensor: Fitted| {
                    !matches!(tensor.role, Role::State(_)) && Kind::of(tensor) == kind
                };
                tensors(model, is)
            }),
            local: tensors(model, |tensor| tensor.role == Role::Local).len(),
            learned: symbols::learned_groups(model),
        }
    }

    /// Writes about each target as if it were the only one; ` of NAME` is what tells it from others, where there are.
    fn of_each_target(&mut self, mut write: impl FnMut(&mut Self, &str)) {
        let whole = std::mem::replace(&mut self.model, &self.alone[0]);
        for alone in self.alone {
            self.model = alone;
            let of = match self.alone {
                [_] => String::new(),
                _ => format!(" of {}", code(&alone.target.name)),
            };
            write(self, &of);
        }
        self.model = whole;
    }
}

impl Methods<'_> {
    fn say(&mut self, text: &str) {
        self.document.prose(text);
    }

    /// Those parameters that `is` holds of, in the model's order.
    fn tensors(&self, is: impl Fn(Fitted) -> bool) -> Vec<Handle<Tensor>> {
        tensors(self.model, is)
    }

    fn of_kind(&self, kind: Kind) -> &[Handle<Tensor>] {
        &self.kinds[kind as usize]
    }

    /// The number of their entries.
    fn count(&self, tensors: &[Handle<Tensor>]) -> usize {
        let entries = tensors
            .iter()
            .map(|tensor| self.model.tensors[*tensor].shape.len());
        entries.sum()
    }

    /// The parameters that are drawn from a posterior.
    fn random(&self) -> Vec<Handle<Tensor>> {
        self.tensors(is_random)
    }

    /// The symbol of point estimates with a prior.
    fn point_symbol(&self) -> &'static str {
        if self.of_kind(Kind::Weight).is_empty() {
            "w"
        } else {
            "v"
        }
    }

    /// The symbols of all parameters of these kinds that there are: `w`, `tau`.
    fn symbols_of(&self, kinds: &[Kind]) -> Vec<String> {
        let symbol = |kind: &Kind| {
            let tensors = self.of_kind(*kind);
            let first = &self.model.tensors[*tensors.first()?];
            Some(match kind {
                Kind::Latent if tensors.len() == 1 && first.role == Role::Latent => {
                    symbols::latent(&first.name)
                }
                Kind::Latent => "z".into(),
                Kind::Weight => "w".into(),
                Kind::Point => self.point_symbol().into(),
                Kind::Free => "theta".into(),
            })
        };
        kinds.iter().filter_map(symbol).collect()
    }

    /// The same in one text: `w, tau`.
    fn symbols(&self, kinds: &[Kind]) -> String {
        self.symbols_of(kinds).join(", ")
    }
}

/// `text` where `holds`, else nothing.
fn when(holds: bool, text: impl Into<String>) -> String {
    if holds { text.into() } else { String::new() }
}

/// A phrase as a sentence; a full stop belongs to the formula that it ends with.
fn sentence(phrase: &str) -> String {
    match phrase.strip_suffix("$$") {
        Some(formula) => format!("{formula}.$$"),
        None => format!("{phrase}."),
    }
}

/// A formula with `$` around it, for prose.
fn inline(formula: impl std::fmt::Display) -> String {
    format!("${formula}$")
}
