//! Inference methods: how the posterior of a model's parameters is approached, a file each. `inference map` in a
//! file, or `--inference map` over it.

mod ensemble;
mod hmc;
pub mod ivon;
pub mod laplace;
mod map;
mod mean_field;
mod nuts;
mod sampling;
mod sghmc;
mod sgld;
pub mod swag;

use super::arena::Handle;
use super::inference::Inference;
use super::model::{Origin, Tensor};
use crate::check::{Constants as Declared, Messages, Scope, bind};
use crate::diagnostic::Diagnostic;
use crate::signature::{Constants, Signature};
use crate::source::{Source, Span};
use crate::syntax::ast::{Argument, Ident, ItemKind};
use crate::syntax::parse;
use crate::words;
use std::fmt;

/// An entry of the registry: what a method makes of a model. How it is run is an `Engine`, of the same name in
/// `train::method`.
pub trait Method: Sync {
    /// Its name and arguments.
    fn signature(&self) -> &'static Signature;
    /// What becomes of the posteriors that the file sets.
    fn parameters(&self) -> Parameters {
        Parameters::Points
    }
    /// What is minimised or sampled, in place of the words for the loss's terms.
    fn head(&self, arguments: &Constants) -> Option<String> {
        let _ = arguments;
        None
    }
    /// What is to be known beside the loss, a line each.
    fn remarks(&self, arguments: &Constants) -> Vec<String> {
        let _ = arguments;
        vec![]
    }
    /// The same of this model.
    fn remarks_of(&self, arguments: &Constants, inference: &Inference) -> Vec<String> {
        let _ = (arguments, inference);
        vec![]
    }
    /// What a paper says of it, sentences with the marks of `bnnc::document`; `None` where the loss says it all.
    fn methods(&self, arguments: &Constants, inference: &Inference) -> Option<String> {
        let _ = (arguments, inference);
        None
    }
    /// What a paper says of its predictive distribution, where that is not a mixture over draws as any other.
    fn prediction(&self, arguments: &Constants) -> Option<String> {
        let _ = arguments;
        None
    }
    /// Of points: how many draws of the weights an average over `asked` draws takes.
    fn draws(&self, arguments: &Constants, _: &Inference, asked: usize) -> usize {
        let _ = (arguments, asked);
        1
    }
    /// What a prediction is that takes one draw and is no point's: `the average over the weights in closed form`.
    fn closed_form(&self, arguments: &Constants) -> Option<&'static str> {
        let _ = arguments;
        None
    }
    /// How many fits follow each other, from the seeds s, s + 1, …
    fn rounds(&self, arguments: &Constants) -> usize {
        let _ = arguments;
        1
    }
    /// Of one that takes all examples at each step: how many steps it takes, each an epoch.
    fn transitions(&self, arguments: &Constants) -> Option<usize> {
        let _ = arguments;
        None
    }
    /// What moves the variables.
    fn moved_by(&self) -> MovedBy {
        MovedBy::Optimizer
    }
    /// Of [`Parameters::Normals`]: the scale of each entry of a parameter before the first step, with `n` training examples.
    fn start_scale(
        &self,
        arguments: &Constants,
        inference: &Inference,
        tensor: Handle<Tensor>,
        n: usize,
    ) -> Option<f64> {
        let _ = (arguments, inference, tensor, n);
        None
    }
    /// Whether what it does at a step goes by the number of epochs, so that a run cannot be made longer.
    fn needs_epochs(&self) -> bool {
        false
    }
    /// The learning rate of a step.
    fn learning_rate(&self, arguments: &Constants, rate: &LearningRate) -> f64 {
        let _ = arguments;
        rate.scheduled
    }
    /// That of its own arguments, where a step of this epoch of so many takes it.
    fn own_rate(&self, arguments: &Constants, epoch: usize, epochs: usize) -> Option<f64> {
        let _ = (arguments, epoch, epochs);
        None
    }
    /// What it cannot fit of a model, or not with these arguments.
    fn refuse(&self, arguments: &Constants, inference: &Inference) -> Vec<Diagnostic> {
        let _ = (arguments, inference);
        vec![]
    }
}

/// What moves the variables of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MovedBy {
    /// The run's optimizer.
    Optimizer,
    /// The method, by the run's learning rate.
    LearningRate {
        /// The rate where none is said.
        default: f64,
    },
    /// The method, which draws from the posterior by step sizes of its own.
    Sampler,
}

/// What the settings of a run say of the learning rate of a step.
#[derive(Debug, Clone, Copy)]
pub struct LearningRate {
    /// The optimizer's own.
    pub of_optimizer: f64,
    /// What the schedule makes of it.
    pub scheduled: f64,
    /// The epoch of the step, from 0.
    pub epoch: usize,
    /// How many epochs the run has.
    pub epochs: usize,
}

/// What a method makes of the posteriors that a file sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameters {
    /// They are fitted.
    Posteriors,
    /// Each parameter is a point under its prior.
    Points,
    /// Each parameter with a prior has an independent normal for each entry, whose scales the method sets.
    Normals,
}

/// Every inference method.
pub static METHODS: &[&dyn Method] = &[
    &mean_field::MeanField,
    &map::Map,
    &ensemble::Ensemble,
    &swag::Swag,
    &laplace::Laplace,
    &ivon::Ivon,
    &hmc::Hmc,
    &nuts::Nuts,
    &sgld::Sgld,
    &sghmc::Sghmc,
];

/// A method with its arguments.
#[derive(Clone)]
pub struct InferenceMethod {
    /// Which.
    pub entry: &'static dyn Method,
    /// All of its arguments, defaults filled in.
    pub arguments: Constants,
}

impl InferenceMethod {
    /// What a file means that names no method.
    pub fn mean_field() -> InferenceMethod {
        InferenceMethod {
            entry: &mean_field::MeanField,
            arguments: Constants::default(),
        }
    }

    /// The entry called `name`.
    pub fn find(name: &str) -> Option<&'static dyn Method> {
        let mut all = METHODS.iter().copied();
        all.find(|method| method.signature().name == name)
    }

    /// Its name and arguments.
    pub fn signature(&self) -> &'static Signature {
        self.entry.signature()
    }

    /// Whether the posteriors of the file are fitted.
    pub fn fits_posteriors(&self) -> bool {
        self.entry.parameters() == Parameters::Posteriors
    }

    /// Whether each parameter is a point.
    pub fn has_points(&self) -> bool {
        self.entry.parameters() == Parameters::Points
    }

    /// Whether it draws from the posterior by step sizes of its own.
    pub fn is_sampler(&self) -> bool {
        self.entry.moved_by() == MovedBy::Sampler
    }

    /// Of one that moves the variables itself by the run's learning rate: the rate where none is said.
    pub fn default_learning_rate(&self) -> Option<f64> {
        match self.entry.moved_by() {
            MovedBy::LearningRate { default } => Some(default),
            _ => None,
        }
    }

    /// [`Method::start_scale`]
    pub fn start_scale(
        &self,
        inference: &Inference,
        tensor: Handle<Tensor>,
        n: usize,
    ) -> Option<f64> {
        self.entry
            .start_scale(&self.arguments, inference, tensor, n)
    }

    /// Of one that takes all examples at each step: how many steps it takes, each an epoch.
    pub fn transitions(&self) -> Option<usize> {
        self.entry.transitions(&self.arguments)
    }

    /// How many fits follow each other.
    pub fn rounds(&self) -> usize {
        self.entry.rounds(&self.arguments)
    }

    /// What one of them is called.
    pub fn round_word(&self) -> &'static str {
        match self.is_sampler() {
            true => "chain",
            false => "member",
        }
    }

    /// The method of this name with these arguments; `None` once what is wrong has been said.
    pub(super) fn bind(
        name: &Ident,
        arguments: &[Argument],
        scope: Scope,
        messages: &mut Messages,
    ) -> Option<InferenceMethod> {
        let entry = InferenceMethod::find(&name.text)?;
        let bound = bind(name, arguments, entry.signature(), messages);
        let arguments = bound.constants(scope, messages)?;
        Some(InferenceMethod { entry, arguments })
    }

    /// `map`, `ensemble(members = 5)`: as a flag or a run file says it.
    ///
    /// # Errors
    ///
    /// What was expected instead.
    pub fn parse(text: &str) -> Result<InferenceMethod, String> {
        let source = Source {
            name: String::new(),
            text: format!("inference {text}"),
        };
        let file = parse(&source).map_err(|_| Self::expected())?;
        let [item] = &file.items[..] else {
            return Err(Self::expected());
        };
        let ItemKind::Inference {
            name,
            arguments,
            settings,
        } = &item.kind
        else {
            return Err(Self::expected());
        };
        if !settings.is_empty() {
            return Err("options in braces stand in the model file alone".into());
        }
        let mut messages = Messages::default();
        let constants = Declared::default();
        let scope = Scope {
            constants: &constants,
            fans: None,
        };
        let found = InferenceMethod::bind(name, arguments, scope, &mut messages);
        let first = messages.sorted().into_iter().next();
        found.ok_or_else(|| match first {
            Some(message) => message.title,
            None => Self::expected(),
        })
    }

    /// What is expected where a word is none of them.
    pub fn expected() -> String {
        let names = METHODS.iter().map(|method| method.signature().name.into());
        format!("expected {}", words::join(names.collect(), "or"))
    }
}

impl PartialEq for InferenceMethod {
    fn eq(&self, other: &InferenceMethod) -> bool {
        let name = |method: &InferenceMethod| method.signature().name;
        name(self) == name(other) && self.arguments == other.arguments
    }
}

impl fmt::Debug for InferenceMethod {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for InferenceMethod {
    /// As a file would write it: `ensemble(members = 5)`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.signature().name)?;
        let arguments = self.arguments.0.iter();
        let arguments: Vec<String> = arguments
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        match &arguments[..] {
            [] => Ok(()),
            _ => write!(f, "({})", arguments.join(", ")),
        }
    }
}

/// A setting of the file that a method does not use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unused {
    /// `posterior`, `estimator`, `samples`
    pub setting: &'static str,
    /// Its value, as the file has it.
    pub written: String,
    /// Where it is written.
    pub span: Span,
}

impl Unused {
    /// Adds a setting that the file says; each place once.
    pub(super) fn add(all: &mut Vec<Unused>, setting: &'static str, written: &str, from: &Origin) {
        if let Some(span) = from.span()
            && !all.iter().any(|other| other.span == span)
        {
            all.push(Unused {
                setting,
                written: written.into(),
                span,
            });
        }
    }
}
