//! 0 or 1.

use super::{Classes, Likelihood, Nll, Rows, Summary, TargetKind, Targets, settled, value};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;

/// Bernoulli(logits)
///
/// ```text
/// nll = softplus(±logits), + for a 0 and - for a 1        ∂nll/∂logits = sigmoid(logits) - y
/// ```
pub struct Bernoulli;

static SIGNATURE: Signature = Signature {
    name: "Bernoulli",
    summary: "0 or 1, by the log-odds of a 1",
    parameters: &[value("logits", Domain::Real, "the log-odds of a 1")],
};

impl Likelihood for Bernoulli {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn arguments(&self, target: &TargetKind) -> Result<Vec<usize>, String> {
        match target {
            TargetKind::Binary => Ok(vec![1]),
            other => Err(format!(
                "Bernoulli is for a binary target, and this one is {other}"
            )),
        }
    }

    fn formula(&self) -> &'static str {
        "ln(1 + exp(logits)) - y logits"
    }

    fn notation(&self) -> &'static str {
        "Bernoulli(sigmoid(logits))"
    }

    fn uninformed(&self, target: &TargetKind) -> Option<f64> {
        (*target == TargetKind::Binary).then_some(std::f64::consts::LN_2)
    }

    fn summary(&'static self, _: &TargetKind) -> Summary {
        Summary::Classes(Classes { probabilities: 1 })
    }
}

/// 1 for a 0 and -1 for a 1.
#[inline(always)]
fn sign<T: Math>(label: u32) -> T {
    if label == 0 { T::one() } else { -T::one() }
}

impl<T: Math> Nll<T> for Bernoulli {
    fn nll(
        &self,
        arguments: &[Rows<T>],
        targets: Targets<T>,
        weight: T,
        nll: &mut [T],
        gradients: &mut [&mut [T]],
    ) {
        self.nll_only(arguments, targets, nll);
        if gradients[0].is_empty() {
            return;
        }
        let logits = &arguments[0];
        for (n, &label) in targets.labels().iter().enumerate().take(nll.len()) {
            let sign: T = sign(label);
            let share = settled(weight * (sign * logits.at(n, 0)).sigmoid());
            gradients[0][logits.place(n, 0)] += sign * share;
        }
    }

    fn nll_only(&self, arguments: &[Rows<T>], targets: Targets<T>, nll: &mut [T]) {
        for (n, (nll, &label)) in nll.iter_mut().zip(targets.labels()).enumerate() {
            *nll = (sign::<T>(label) * arguments[0].at(n, 0)).softplus();
        }
    }

    fn predictive(&self, arguments: &[Rows<T>], examples: usize, out: &mut [T]) {
        for (n, out) in out.iter_mut().enumerate().take(examples) {
            *out = arguments[0].at(n, 0).sigmoid();
        }
    }
}
