//! One of k classes.

use super::MISSING;
use super::{
    ArgumentAt, Classes, Information, Likelihood, Nll, Rows, Summary, TargetKind, Targets, probit,
    settled, value,
};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;
use crate::tensor::simd::each;

/// Categorical(logits)
///
/// ```text
/// nll = ln Σ_i exp(logits_i) - logits_y        ∂nll/∂logits_i = softmax(logits)_i - [i = y]
/// ```
///
/// Of a target with a class at each of several places, the sum over the places that have one.
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
            TargetKind::Categories { classes, places } => Ok(vec![classes * places.len()]),
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
        self.arguments(target).ok()?;
        let classes = target.classes()? as f64;
        Some(target.entries() as f64 * classes.ln())
    }

    /// diag(p) − ppᵀ = S Sᵀ with S = diag(√p) − p√pᵀ, a block for each place.
    fn information(
        &self,
        arguments: &[ArgumentAt],
        observed: &[bool],
    ) -> Result<Information, String> {
        let logits = arguments[0].values;
        let classes = logits.len() / observed.len().max(1);
        let mut factor = Vec::with_capacity(logits.len() * classes);
        for (logits, is_there) in logits.chunks_exact(classes).zip(observed) {
            if !is_there {
                factor.resize(factor.len() + classes * classes, 0.0);
                continue;
            }
            let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = logits.iter().map(|logit| (logit - top).exp()).sum();
            let p: Vec<f64> = logits.iter().map(|x| (x - top).exp() / sum).collect();
            for (i, row) in p.iter().enumerate() {
                let entries = p.iter().enumerate();
                factor.extend(entries.map(|(j, column)| {
                    let identity = if i == j { 1.0 } else { 0.0 };
                    (identity - row) * column.sqrt()
                }));
            }
        }
        Ok(Information {
            block: classes,
            factor,
        })
    }

    fn averaged(&self, arguments: &mut [Vec<f64>], variances: &[Vec<f64>]) -> Result<(), String> {
        for (logit, variance) in arguments[0].iter_mut().zip(&variances[0]) {
            *logit = probit(*logit, *variance);
        }
        Ok(())
    }

    fn summary(&'static self, target: &TargetKind) -> Summary {
        Summary::Classes(Classes {
            probabilities: target.classes().unwrap_or(1),
            places: target.entries(),
        })
    }
}

/// An example's logits under the exponential.
struct Exponentials<'a, T> {
    /// The largest logit.
    top: T,
    /// exp(logit - top) of each class.
    of: &'a [T],
    /// Their sum but for that of the largest logit, 1, beside which they would lose digits where one class is all
    /// but certain.
    rest: T,
}

/// The logits of some examples, each of which has so many places with so many classes.
struct Logits<'a, T> {
    rows: &'a Rows<'a, T>,
    places: usize,
    classes: usize,
}

impl<T: Copy> Logits<'_, T> {
    /// Where the logit of a class lies, of a place counted through all examples.
    #[inline(always)]
    fn place(&self, place: usize, class: usize) -> usize {
        let (example, place) = (place / self.places, place % self.places);
        self.rows.place(example, place * self.classes + class)
    }

    #[inline(always)]
    fn at(&self, place: usize, class: usize) -> T {
        self.rows.values[self.place(place, class)]
    }
}

/// `f` of every place's, in their order. They are made for many places at a time, in vectors; of what is done
/// class by class nothing is a choice, which a processor would guess wrong for every other place.
fn exponentials<T: Math>(
    logits: &Logits<T>,
    examples: usize,
    mut f: impl FnMut(usize, Exponentials<T>),
) {
    let (examples, classes) = (examples * logits.places, logits.classes);
    /// Numbers that are made at a time, unless one example has more.
    const AT_ONCE: usize = 512;
    let at_once = (AT_ONCE / classes.max(1)).clamp(1, examples.max(1));
    let mut all = vec![T::zero(); at_once * classes];
    let mut largest = vec![(T::zero(), 0); at_once];
    for start in (0..examples).step_by(at_once) {
        let all = &mut all[..at_once.min(examples - start) * classes];
        let rows = all.chunks_exact_mut(classes).zip(&mut largest);
        for ((row, largest), n) in rows.zip(start..) {
            let (mut top, mut best) = (logits.at(n, 0), 0);
            for (i, to) in row.iter_mut().enumerate() {
                *to = logits.at(n, i);
                // of several the first
                best = if *to > top { i } else { best };
                top = if *to > top { *to } else { top };
            }
            row.iter_mut().for_each(|logit| *logit -= top);
            *largest = (top, best);
        }
        each(
            all,
            [],
            #[inline(always)]
            |x, []| *x = x.fast_exp(),
        );
        let rows = all.chunks_exact(classes).zip(&largest);
        for ((of, &(top, best)), n) in rows.zip(start..) {
            let rest = sum_but(best, of.iter().copied());
            f(n, Exponentials { top, of, rest });
        }
    }
}

/// The sum of all numbers but that of one class.
#[inline(always)]
fn sum_but<T: Math>(class: usize, all: impl Iterator<Item = T>) -> T {
    let zero = T::zero();
    let others = all
        .enumerate()
        .map(|(i, x)| if i == class { zero } else { x });
    others.fold(zero, |sum, x| sum + x)
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
        let labels = targets.labels();
        let places = (labels.len() / nll.len().max(1)).max(1);
        let logits = &Logits {
            rows: logits,
            places,
            classes: logits.width(nll.len()) / places,
        };
        nll.fill(T::zero());
        exponentials(logits, nll.len(), |n, Exponentials { top, of, rest }| {
            let label = match labels[n] {
                MISSING => return,
                label => label as usize,
            };
            nll[n / places] += (top - logits.at(n, label)) + rest.fast_ln_1p();
            if gradient.is_empty() {
                return;
            }
            let scale = weight / (T::one() + rest);
            let shares = of.iter().map(|&x| settled(scale * x));
            let others = sum_but(label, shares.clone());
            for (i, share) in shares.enumerate() {
                let d = if i == label { -others } else { share };
                gradient[logits.place(n, i)] += d;
            }
        });
    }

    fn nll_only(&self, arguments: &[Rows<T>], targets: Targets<T>, nll: &mut [T]) {
        self.nll(arguments, targets, T::zero(), nll, &mut [&mut []]);
    }

    fn predictive(&self, arguments: &[Rows<T>], [examples, _]: [usize; 2], out: &mut [T]) {
        let classes = out.len() / examples.max(1);
        let logits = Logits {
            rows: &arguments[0],
            places: 1,
            classes,
        };
        exponentials(&logits, examples, |n, Exponentials { of, rest, .. }| {
            let out = &mut out[n * classes..][..classes];
            for (out, &exponential) in out.iter_mut().zip(of) {
                *out = exponential / (T::one() + rest);
            }
        });
    }
}
