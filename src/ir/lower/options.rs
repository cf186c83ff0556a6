//! `objective elbo { … }`, or `inference mean_field { … }`

use super::items::Items;
use super::{Lower, scoped};
use crate::check::arguments::{choice, count, in_domain};
use crate::check::{Scope, bind, words};
use crate::diagnostic::Diagnostic;
use crate::ir::inference::{Annealing, KlChoice, Minibatch, Objective};
use crate::ir::method::METHODS;
use crate::signature::{Domain, Kind, Parameter, Signature};
use crate::syntax::ast::{Expr, ExprKind};

const OPTIONS: [&str; 5] = ["kl", "samples", "minibatch", "temperature", "annealing"];

static LINEAR: Signature = Signature {
    name: "linear",
    summary: "the KL's weight grows in a straight line from 0 to 1",
    parameters: &[Parameter {
        name: "epochs",
        kind: Kind::Number {
            domain: Domain::Positive,
            learnable: false,
        },
        default: None,
        summary: "how many epochs it takes",
    }],
};

static MONTE_CARLO: Signature = Signature {
    name: "monte_carlo",
    summary: "ln q(w) - ln p(w) at the draw",
    parameters: &[Parameter {
        name: "gradient",
        kind: Kind::Choice(&["total", "path"]),
        default: Some("total"),
        summary: "the whole of its gradient, or that through the draw alone, which sticks the landing",
    }],
};

impl Lower<'_> {
    pub(super) fn objective(&mut self, items: &Items) -> Option<Objective> {
        let Some((name, settings, span)) = items.objective else {
            // The method is said elsewhere, or it was told that there is none.
            return Some(Objective::plain(items.model?.span));
        };
        let (known, what, kinds) = match items.inference {
            Some(_) => {
                let methods = METHODS.iter().map(|method| method.signature().name);
                (
                    methods.collect(),
                    "an inference method",
                    "inference methods",
                )
            }
            None => (vec!["elbo", "map"], "an objective", "objectives"),
        };
        if !known.contains(&name.text.as_str()) {
            let title = format!("`{}` is not {what}", name.text);
            self.report(words::unknown("E0212", title, name, known, kinds));
        }
        let mut objective = Objective {
            map: items.inference.is_none() && name.text == "map",
            ..Objective::plain(span)
        };
        for setting in settings {
            let word = setting.name.text.as_str();
            let Some(option) = OPTIONS.iter().copied().find(|option| *option == word) else {
                let title = format!("`{word}` is not an option of the objective");
                let share = self.share(setting, settings);
                self.report(share.unwrap_or_else(|| {
                    words::unknown("E0212", title, &setting.name, OPTIONS, "options")
                }));
                continue;
            };
            let mut before = objective.option_spans.iter();
            if let Some((_, first)) = before.find(|(other, _)| *other == option) {
                self.report(
                    Diagnostic::error("E0205", format!("`{word}` is set twice"))
                        .at(setting.span, "again here")
                        .context(*first, "first here"),
                );
                continue;
            }
            objective.option_spans.push((option, setting.span));
            let count = || self.undeclared_count(setting, settings);
            match (option == "temperature").then(count).flatten() {
                Some(message) => self.report(message),
                None => self.option(option, &setting.value, &mut objective),
            }
        }
        Some(objective)
    }

    /// A value that is wrong leaves the default; that it is wrong has been said.
    fn option(&mut self, option: &str, value: &Expr, objective: &mut Objective) {
        let (scope, messages) = scoped!(self, None);
        match option {
            "kl" => {
                let words = &["auto", "closed_form", "quadrature", "monte_carlo"];
                let call = value
                    .to_call()
                    .filter(|call| call.name.text == "monte_carlo");
                if let Some(call) = call {
                    let bound = bind(&call.name, &call.arguments, &MONTE_CARLO, messages);
                    if let Some(constants) = bound.constants(scope, messages) {
                        let path = constants.word("gradient") == "path";
                        objective.kl = KlChoice::MonteCarlo { path };
                    }
                    return;
                }
                objective.kl = match choice(option, value, words, messages) {
                    Some("closed_form") => KlChoice::ClosedForm,
                    Some("quadrature") => KlChoice::Quadrature,
                    _ => KlChoice::Auto,
                };
            }
            "samples" => objective.samples = count(option, value, scope, messages).unwrap_or(1),
            "minibatch" => {
                let words = &["uniform", "blundell"];
                if choice(option, value, words, messages) == Some("blundell") {
                    objective.minibatch = Minibatch::Blundell;
                }
            }
            "temperature" => {
                let temperature = in_domain(option, value, Domain::Positive, scope, messages);
                objective.temperature = temperature.unwrap_or(1.0);
            }
            _ => objective.annealing = self.annealing(value),
        }
    }

    fn annealing(&mut self, value: &Expr) -> Option<Annealing> {
        let call = value.to_call();
        match call.as_ref().map(|call| call.name.text.as_str()) {
            Some("none") => None,
            Some("linear") => {
                let call = call?;
                let bound = bind(&call.name, &call.arguments, &LINEAR, &mut self.messages);
                let (scope, messages) = scoped!(self, None);
                let epochs = bound.constants(scope, messages)?.number("epochs");
                Some(Annealing { epochs })
            }
            _ => {
                let title = "`annealing` is `none` or `linear(epochs = 10)`";
                let message = Diagnostic::error("E0206", title).at(value.span, "");
                self.report(match value.kind {
                    ExprKind::Number(_) => {
                        let linear = format!("linear(epochs = {})", self.written(value.span));
                        let what = "the KL's weight grows from 0 to 1 over so many epochs";
                        message.patch(what, value.span, linear)
                    }
                    _ => message,
                });
                None
            }
        }
    }
}
