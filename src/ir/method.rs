//! Inference methods: how the posterior of a model's parameters is approached. `inference map` in a file,
//! or `--inference map` over it.

use super::model::Origin;
use crate::signature::Signature;
use crate::source::Span;
use crate::words;

/// An entry of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InferenceMethod {
    /// Every parameter has the posterior of its settings, and the loss is the negative ELBO.
    MeanField,
    /// Every parameter is a point under its prior, and the loss is the negative log joint probability.
    Map,
}

static MEAN_FIELD: Signature = Signature {
    name: "mean_field",
    summary: "variational inference: the posteriors that the file sets, fitted by the ELBO; what `objective elbo` says",
    parameters: &[],
};

static MAP: Signature = Signature {
    name: "map",
    summary: "maximum a posteriori: every parameter is a point under its prior; posteriors and estimators are not used",
    parameters: &[],
};

/// Every inference method.
pub static METHODS: &[InferenceMethod] = &[InferenceMethod::MeanField, InferenceMethod::Map];

impl InferenceMethod {
    /// Its name.
    pub fn signature(self) -> &'static Signature {
        match self {
            InferenceMethod::MeanField => &MEAN_FIELD,
            InferenceMethod::Map => &MAP,
        }
    }

    /// The method called `name`.
    pub fn find(name: &str) -> Option<InferenceMethod> {
        let mut all = METHODS.iter().copied();
        all.find(|method| method.signature().name == name)
    }

    /// What is expected where a word is none of them.
    pub fn expected() -> String {
        let names = METHODS.iter().map(|method| method.signature().name.into());
        format!("expected {}", words::join(names.collect(), "or"))
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
