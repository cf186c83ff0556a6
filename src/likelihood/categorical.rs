//! One of k classes.

use super::{Likelihood, Nll, Rows, TargetKind, Targets, labels, settled, value};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;

/// Categorical(logits)
///
/// ```text
/// nll = ln Σ_i exp(logits_i) - logits_y        ∂nll/∂logits_i = softmax(logits)_i - [i = y]
/// ```
pub struct Categorical;

static SIGNATURE: Signature = Signature {
    name: "Categorical",
    summary: "one of k classes, their log-probabilities up to a constant",
    parameters: &[value("logits", Domain::Real, "one number a class")],
};

impl Likelihood for Categorical {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn arguments(&self, target: &TargetKind) -> Result<Vec<usize>, String> {
        match target {
            TargetKind::Category(classes) => Ok(vec![*classes]),
            other => Err(format!(
                "Categorical is for a category, and the target is {other}"
            )),
        }
    }

    fn formula(&self) -> &'static str {
        "ln sum_k exp(logits_k) - logits_y"
    }

    fn notation(&self) -> &'static str {
        "Categorical(softmax(logits))"
    }

    fn uninformed(&self, target: &TargetKind) -> Option<f64> {
        match target {
            TargetKind::Category(classes) => Some((*classes as f64).ln()),
            _ => None,
        }
    }
}

/// The largest logit and the sum of exp(logit - largest) over the others, which keeps its digits
/// where one class is all but certain.
#[inline(always)]
fn normalizer<T: Math>(logits: &Rows<T>, n: usize, classes: usize) -> (T, T) {
    let mut best = 0;
    for i in 1..classes {
        if logits.at(n, i) > logits.at(n, best) {
            best = i;
        }
    }
    let top = logits.at(n, best);
    let mut rest = T::zero();
    for i in (0..classes).filter(|&i| i != best) {
        rest += (logits.at(n, i) - top).fast_exp();
    }
    (top, rest)
}

/// The nll; adds its gradient where there is somewhere to add it.
#[inline(always)]
fn one<T: Math>(
    logits: &Rows<T>,
    n: usize,
    label: usize,
    classes: usize,
    weight: T,
    gradient: &mut [T],
) -> T {
    let (top, rest) = normalizer(logits, n, classes);
    let nll = (top - logits.at(n, label)) + rest.fast_ln_1p();
    if !gradient.is_empty() {
        let scale = weight / (T::one() + rest);
        let mut others = T::zero();
        for i in (0..classes).filter(|&i| i != label) {
            let share = settled(scale * (logits.at(n, i) - top).fast_exp());
            gradient[logits.place(n, i)] += share;
            others += share;
        }
        gradient[logits.place(n, label)] -= others;
    }
    nll
}

impl<T: Math> Nll<T> for Categorical {
    fn nll(
        &self,
        arguments: &[Rows<T>],
        targets: Targets<T>,
        weight: T,
        nll: &mut [T],
        gradients: &mut [&mut [T]],
    ) {
        let (logits, gradient) = (&arguments[0], &mut *gradients[0]);
        let classes = logits.width(nll.len());
        for (n, (nll, &label)) in nll.iter_mut().zip(labels(&targets)).enumerate() {
            *nll = one(logits, n, label as usize, classes, weight, gradient);
        }
    }

    fn nll_only(&self, arguments: &[Rows<T>], targets: Targets<T>, nll: &mut [T]) {
        let classes = arguments[0].width(nll.len());
        for (n, (nll, &label)) in nll.iter_mut().zip(labels(&targets)).enumerate() {
            *nll = one(
                &arguments[0],
                n,
                label as usize,
                classes,
                T::zero(),
                &mut [],
            );
        }
    }

    fn predictive(&self, arguments: &[Rows<T>], examples: usize, out: &mut [T]) {
        let logits = &arguments[0];
        let classes = out.len() / examples.max(1);
        for (n, out) in out.chunks_exact_mut(classes.max(1)).enumerate() {
            let (top, rest) = normalizer(logits, n, classes);
            for (i, out) in out.iter_mut().enumerate() {
                *out = (logits.at(n, i) - top).fast_exp() / (T::one() + rest);
            }
        }
    }
}
