//! What the language knows, by the places where it may stand.

use crate::distribution::DISTRIBUTIONS;
use crate::estimator::ESTIMATORS;
use crate::initializer::INITIALIZERS;
use crate::ir::METHODS;
use crate::layer::LAYERS;
use crate::likelihood::LIKELIHOODS;
use crate::posterior::{POSTERIORS, TRANSFORMS};
use crate::pretrained::moped;
use crate::signature::{Kind, Parameter, Signature};

/// A registry of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Registry {
    /// `dense`
    Layers,
    /// `Horseshoe`
    Priors,
    /// `MeanField`
    Posteriors,
    /// `HeNormal`, and `Softplus` around one.
    Initializers,
    /// `flipout`
    Estimators,
    /// `Categorical`
    Likelihoods,
    /// `ensemble`
    Methods,
    /// `elbo`, `map`
    Objectives,
    /// None of them.
    None,
}

/// The entries of a registry.
pub(super) fn entries(registry: Registry) -> Vec<&'static Signature> {
    match registry {
        Registry::Layers => LAYERS.iter().map(|of| of.signature()).collect(),
        Registry::Priors => {
            let all = DISTRIBUTIONS.iter().map(|of| of.signature());
            all.chain([&moped::SIGNATURE]).collect()
        }
        Registry::Posteriors => POSTERIORS.iter().map(|of| of.signature()).collect(),
        Registry::Initializers => {
            let all = INITIALIZERS.iter().map(|of| of.signature());
            all.chain(TRANSFORMS.iter().map(|of| of.signature()))
                .collect()
        }
        Registry::Estimators => ESTIMATORS.iter().map(|of| of.signature()).collect(),
        Registry::Likelihoods => LIKELIHOODS.iter().map(|of| of.signature()).collect(),
        Registry::Methods => METHODS.iter().map(|of| of.signature()).collect(),
        Registry::Objectives | Registry::None => vec![],
    }
}

/// The signature of an entry.
pub(super) fn signature(registry: Registry, name: &str) -> Option<&'static Signature> {
    entries(registry)
        .into_iter()
        .find(|signature| signature.name == name)
}

/// `conv2d(filters, kernel, stride = 1)`, and where each argument stands in it, in characters.
pub(super) fn label(signature: &Signature) -> (String, Vec<[u32; 2]>) {
    let mut label = signature.name.to_owned();
    let mut places = vec![];
    for (i, parameter) in signature.parameters.iter().enumerate() {
        label += if i == 0 { "(" } else { ", " };
        let start = label.chars().count() as u32;
        label += parameter.name;
        if let Some(default) = parameter.default {
            label += &format!(" = {default}");
        }
        places.push([start, label.chars().count() as u32]);
    }
    if !signature.parameters.is_empty() {
        label.push(')');
    }
    (label, places)
}

/// What an argument takes, in words.
pub(super) fn takes(parameter: &Parameter) -> String {
    let words = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        words.join(", ")
    };
    let takes = match parameter.kind {
        Kind::Count => "a count".into(),
        Kind::Pair => "a count, or two in brackets".into(),
        Kind::Triple => "a count, or three in brackets".into(),
        Kind::Cells { words: known, .. } => format!("{}, or whole numbers", words(known)),
        Kind::Counts => "counts in brackets".into(),
        Kind::Choice(known) => words(known),
        Kind::Names(known) => format!("{}, or names in brackets", words(known)),
        Kind::Number { domain, .. } | Kind::Value { domain } => domain.describe().into(),
        Kind::NumberOr { domain, word } => format!("{}, or `{word}`", domain.describe()),
        Kind::Numbers { domain, .. } => format!("{}, or several in brackets", domain.describe()),
        Kind::Ordered => "numbers in ascending order, in brackets, or `learned(…)`".into(),
        Kind::Initializer => "an initialiser".into(),
        Kind::ScaleInitializer => "a scale initialiser".into(),
    };
    let default = parameter
        .default
        .map_or("must be given".into(), |of| format!("`{of}` unless given"));
    format!("{}: {takes}; {default}", parameter.summary)
}

/// The words that may stand for an argument.
pub(super) fn words(parameter: &Parameter) -> Vec<&'static str> {
    match parameter.kind {
        Kind::Choice(words) | Kind::Names(words) | Kind::Cells { words, .. } => words.to_vec(),
        Kind::NumberOr { word, .. } => vec![word],
        _ => vec![],
    }
}
