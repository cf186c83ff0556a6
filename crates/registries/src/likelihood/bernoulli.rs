//! 0 or 1.

use super::MISSING;
use super::{
    ArgumentAt, Classes, Information, Likelihood, Nll, Rows, Summary, TargetKind, Targets, probit,
    settled, value,
};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;

/// Bernoulli(logits)
///
/// ```text
/// nll = softplus(±logits), + for a 0 and - for a 1        ∂nll/∂logits = sigmoid(logits) - y
/// ```
///
/// Of a target with a value at each of several places, the sum over the places that have one.
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
            TargetKind::Binaries(axes) => Ok(vec![axes.len()]),
            other => Err(format!(
                "Bernoulli is for a binary target, and this one is {other}"
            )),
        }
    }

    fn formula(&self) -> &'static str {
        "ln(1 + exp((1 - 2 y) logits))"
    }

    fn notation(&self) -> &'static str {
        "Bernoulli(sigmoid(logits))"
    }

    fn uninformed(&self, target: &TargetKind) -> Option<f64> {
        let fits = self.arguments(target).is_ok();
        fits.then_some(target.entries() as f64 * std::f64::consts::LN_2)
    }

    /// p(1 − p)
    fn information(
        &self,
        arguments: &[ArgumentAt],
        observed: &[bool],
    ) -> Result<Information, String> {
        let logits = arguments[0].values.iter().zip(observed);
        Ok(Information::diagonal(logits.map(
            |(logit, is_there)| match is_there {
                true => logit.sigmoid() * (-logit).sigmoid(),
                false => 0.0,
            },
        )))
    }

    fn averaged(&self, arguments: &mut [Vec<f64>], variances: &[Vec<f64>]) -> Result<(), String> {
        for (logit, variance) in arguments[0].iter_mut().zip(&variances[0]) {
            *logit = probit(*logit, *variance);
        }
        Ok(())
    }

    fn summary(&'static self, target: &TargetKind) -> Summary {
        Summary::Classes(Classes {
            probabilities: 1,
            places: target.entries(),
        })
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
        let (logits, labels) = (&arguments[0], targets.labels());
        let places = (labels.len() / nll.len().max(1)).max(1);
        for (n, labels) in labels.chunks_exact(places).enumerate().take(nll.len()) {
            let places = labels.iter().enumerate();
            for (place, &label) in places.filter(|(_, label)| **label != MISSING) {
                let sign: T = sign(label);
                let share = settled(weight * (sign * logits.at(n, place)).sigmoid());
                gradients[0][logits.place(n, place)] += sign * share;
            }
        }
    }

    fn nll_only(&self, arguments: &[Rows<T>], targets: Targets<T>, nll: &mut [T]) {
        let labels = targets.labels();
        let places = (labels.len() / nll.len().max(1)).max(1);
        for (n, (nll, labels)) in nll.iter_mut().zip(labels.chunks_exact(places)).enumerate() {
            let logits = |place| arguments[0].at(n, place);
            let places = labels.iter().enumerate();
            let places = places.filter(|(_, label)| **label != MISSING);
            let of_place = places.map(|(i, &label)| (sign::<T>(label) * logits(i)).softplus());
            *nll = of_place.fold(T::zero(), |sum, nll| sum + nll);
        }
    }

    fn predictive(&self, arguments: &[Rows<T>], [examples, _]: [usize; 2], out: &mut [T]) {
        for (n, out) in out.iter_mut().enumerate().take(examples) {
            *out = arguments[0].at(n, 0).sigmoid();
        }
    }
}
