//! The terms of a loss with their numbers, by name.

use crate::exec::{StepReport, TermValue};
use crate::ir::{Inference, Position, Scale, TermKind, is_data_term};
use serde::Serialize;

/// One term.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Term {
    /// As in the IR: `nll`, `kl(conv1.kernel)`.
    pub name: String,
    /// Its scale as a formula, where a report prints it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// Its numbers.
    #[serde(flatten)]
    pub value: TermValue,
}

impl Term {
    /// Whether it is the nll of a target.
    pub fn is_data(&self) -> bool {
        let name = self.name.strip_prefix("expected ").unwrap_or(&self.name);
        is_data_term(name)
    }
}

/// The names of a report's terms.
#[derive(Debug, Clone)]
pub struct Naming {
    /// In the order of the loss's terms.
    pub names: Vec<String>,
    /// The targets, where there are several.
    pub targets: Vec<String>,
    /// What the KLs are multiplied with; `None` where there is none.
    pub kl_scale: Option<Scale>,
}

impl Naming {
    /// Of `model`'s terms.
    pub fn new(inference: &Inference) -> Naming {
        let terms = &inference.loss.terms;
        let kl = terms.iter().find(|t| matches!(t.kind, TermKind::Kl(..)));
        Naming {
            names: terms.iter().map(|t| t.kind.name(inference)).collect(),
            targets: (inference.several_targets().into_iter())
                .map(|(name, _)| name)
                .collect(),
            kl_scale: kl.map(|term| term.scale.clone()),
        }
    }

    /// λ of a step's line.
    pub fn lambda(&self, at: &Position) -> Option<f64> {
        self.kl_scale.as_ref().map(|scale| scale.lambda_at(at))
    }

    /// λ of an epoch's line, whose `terms` carry the mean of their scale over the steps.
    pub fn mean_lambda(&self, terms: &[Term], at: &Position) -> Option<f64> {
        let scale = self.kl_scale.as_ref()?;
        if scale.is_steady() {
            return Some(scale.lambda_at(at));
        }
        let kl = terms.iter().find(|t| t.name.starts_with("kl("))?;
        Some(kl.value.scale * at.training_examples as f64)
    }

    /// A report's terms with their names. `log_scales` are added to the nll of each target, so that it is one in the
    /// target's own units: [`Part::log_scales`](crate::examples::Part::log_scales).
    pub fn terms(&self, report: &StepReport, log_scales: &[f64]) -> Vec<Term> {
        let mut terms: Vec<_> = self
            .names
            .iter()
            .zip(&report.terms)
            .map(|(name, value)| Term {
                name: name.clone(),
                symbol: None,
                value: *value,
            })
            .collect();
        for (nll, log_scale) in terms.iter_mut().zip(log_scales) {
            let value = nll.value.value + log_scale;
            nll.value = TermValue {
                value,
                scaled: value * nll.value.scale,
                ..nll.value
            };
        }
        terms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Factor;

    #[test]
    fn lambda_is_the_symbols_and_no_quotient() {
        let naming = |factors: Vec<Factor>| Naming {
            names: vec![],
            targets: vec![],
            kl_scale: Some(Scale(factors)),
        };
        for n in 1..1000 {
            let at = Position::full_batch(n);
            let terms = [("nll", 1.0, 1.0), ("kl(a)", 0.1, 0.3 / n as f64)];
            let terms = terms.map(|(name, value, scale)| Term {
                name: name.into(),
                symbol: None,
                value: TermValue {
                    value,
                    scale,
                    scaled: value * scale,
                },
            });
            let tempered = naming(vec![Factor::Temperature(0.3), Factor::PerExample]);
            assert_eq!(tempered.lambda(&at), Some(0.3));
            assert_eq!(tempered.mean_lambda(&terms, &at), Some(0.3));
            assert_eq!(naming(vec![Factor::PerExample]).lambda(&at), Some(1.0));
            let shares = naming(vec![Factor::Blundell]).mean_lambda(&terms, &at);
            assert!((shares.unwrap() - 0.3).abs() < 1e-15);
        }
    }
    #[test]
    fn the_nll_is_in_the_targets_own_units() {
        let naming = Naming {
            names: vec!["nll".into()],
            targets: vec![],
            kl_scale: None,
        };
        let report = StepReport {
            terms: vec![TermValue {
                value: 3.0,
                scale: 0.5,
                scaled: 1.5,
            }],
            loss: 1.5,
        };
        assert_eq!(
            naming.terms(&report, &[4.0])[0].value,
            TermValue {
                value: 7.0,
                scale: 0.5,
                scaled: 3.5
            }
        );
    }
}
