//! Inference methods: how a program fits the variables.

use super::refused;
use crate::diagnostic::Result;
use crate::emit::python::{number, quoted};
use crate::plan::Plan;
use crate::signature::{Constant, Constants};

/// What a program does with the gradient of a step.
pub(super) enum Fit {
    /// The optimizer goes down it.
    Descent,
    /// The same from a start of its own for each of so many members, one after the other.
    Members(usize),
    /// The same, and iterates are gathered: the arguments of `Swag`.
    Iterates(Vec<String>),
    /// A chain moves by it and by noise: the arguments of `Langevin`.
    Chain(Vec<String>),
}

impl Fit {
    /// Whether a program scores examples that were set aside at the end of an epoch.
    pub(super) fn is_validated(&self) -> bool {
        matches!(self, Fit::Descent)
    }
}

/// How a program fits a model by the method of its plan.
///
/// # Errors
///
/// `E0619` of a method that has no PyTorch.
pub(super) fn fit(plan: &Plan) -> Result<Fit> {
    let method = &plan.inference.method;
    let arguments = |keys: &[&str]| keyword_arguments(&method.arguments, keys);
    let all: Vec<&str> = method.arguments.0.iter().map(|(key, _)| *key).collect();
    match method.signature().name {
        "mean_field" | "map" => Ok(Fit::Descent),
        "ensemble" => Ok(Fit::Members(method.rounds())),
        "swag" if plan.model.batch_statistics().next().is_some() => {
            Err(refused("`swag` beside a batch norm has no PyTorch yet".to_owned())
                .help("emit the model with `--inference map`, train that, and go on with `bnnc train --inference swag --from RUN`")
                .into())
        }
        "swag" => Ok(Fit::Iterates(arguments(&["start", "rank", "learning_rate"]))),
        "sghmc" => Ok(Fit::Chain(arguments(&all))),
        "sgld" => {
            let mut arguments = arguments(&all);
            arguments.push("momentum=0.0".into());
            Ok(Fit::Chain(arguments))
        }
        name => Err(refused(format!("the inference method `{name}` has no PyTorch yet"))
            .help(format!(
                "emit the model with `--inference map`, train that, and fit the rest with `bnnc train --inference {name} --from RUN`"
            ))
            .into()),
    }
}

/// `beta1=0.9` of each of these settings.
pub(super) fn keyword_arguments(settings: &Constants, keys: &[&str]) -> Vec<String> {
    let of = |key: &&str| {
        let (_, value) = settings.0.iter().find(|(name, _)| name == key)?;
        let value = match value {
            Constant::Number(x) => number(*x),
            Constant::Word("true") => "True".into(),
            Constant::Word("false") => "False".into(),
            Constant::Word(word) => quoted(word),
            other => other.to_string(),
        };
        Some(format!("{key}={value}"))
    };
    keys.iter().filter_map(of).collect()
}
