//! The adapter that makes a distribution of one number a likelihood.
//!
//! A file of `distribution/` has a density with its derivatives and a distribution function
//! ([`Cumulative`]); a file of `likelihood/` that is named after a distribution of counts has a probability with
//! the same. [`Independent`] makes of either a likelihood whose arguments are the distribution's parameters.

use super::mixture::Marginal;
use super::{
    ArgumentAt, Information, Likelihood, Nll, Numbers, Rows, Summary, TargetKind, Targets,
};
use crate::distribution::{Cumulative, Distribution, Family, Fixed, Support};
use crate::signature::Signature;
use crate::tensor::Math;

/// The most parameters of an observed distribution.
const MOST_PARAMETERS: usize = 3;

/// A distribution that each entry of a target has, independently of the others.
pub trait Observable: Sync + 'static {
    /// Which values it has.
    fn values(&self) -> Values;
    /// ln p(y), every constant kept; unless `slopes` is empty, writes its derivatives by the parameters there.
    fn log_prob<T: Math>(&self, parameters: &[T], y: T, slopes: &mut [T]) -> T;
    /// Its mean and variance. A distribution without a mean gives its median; a variance may be infinite.
    fn moments(&self, parameters: &[f64]) -> (f64, f64);
    /// P(Y <= y)
    fn level(&self, parameters: &[f64], y: f64) -> f64;
    /// A point amid it and a distance from it, within a few of which most of it lies.
    fn middle(&self, parameters: &[f64]) -> (f64, f64);
    /// [`Marginal::heavy_tailed`]
    fn heavy_tailed(&self) -> bool {
        false
    }
    /// The expected Fisher information of one entry by each parameter, the others given: `None` where it is not known,
    /// or where the scores by it and by another parameter are correlated and that is not a constant.
    fn information(&self, parameters: &[f64]) -> Vec<Option<f64>> {
        vec![None; parameters.len()]
    }
}

/// Which values a distribution has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Every number.
    Real,
    /// Numbers above 0.
    Positive,
    /// Whole numbers from 0 on.
    Counts,
    /// Whole numbers from 0 to the distribution's first parameter, a constant.
    UpToFirst,
}

impl<D: Family + Cumulative + 'static> Observable for D {
    fn values(&self) -> Values {
        // No distribution with a known distribution function has ends that depend on its parameters.
        match self.support(&[]) {
            Support::Real => Values::Real,
            Support::Positive | Support::Interval { .. } => Values::Positive,
        }
    }

    fn log_prob<T: Math>(&self, parameters: &[T], y: T, slopes: &mut [T]) -> T {
        let fixed = self.fix(parameters);
        if !slopes.is_empty() {
            fixed.parameter_score(y, slopes);
        }
        fixed.log_prob(y)
    }

    fn moments(&self, parameters: &[f64]) -> (f64, f64) {
        let (mean, deviation) = Distribution::moments(self, parameters);
        let mean = mean.unwrap_or_else(|| Cumulative::middle(self, parameters).0);
        (mean, deviation.map_or(f64::INFINITY, |d| d * d))
    }

    fn level(&self, parameters: &[f64], y: f64) -> f64 {
        self.cumulative(parameters, y)
    }

    fn middle(&self, parameters: &[f64]) -> (f64, f64) {
        Cumulative::middle(self, parameters)
    }

    fn information(&self, parameters: &[f64]) -> Vec<Option<f64>> {
        Cumulative::information(self, parameters)
    }

    /// −ln p(y) grows slower than any power of y, such as its logarithm.
    fn heavy_tailed(&self) -> bool {
        let [_, far_out] = self.growth();
        far_out == 0.0
    }
}

/// A distribution as a likelihood: −ln p(y) summed over the entries that a target has.
pub struct Independent<D> {
    pub(super) distribution: D,
    /// The parameters, as values of the network.
    pub(super) signature: &'static Signature,
    pub(super) formula: &'static str,
    pub(super) mean: &'static str,
    pub(super) notation: &'static str,
}

impl<D: Observable> Independent<D> {
    fn parameters(&self) -> usize {
        self.signature.parameters.len()
    }
}

impl<D: Observable> Likelihood for Independent<D>
where
    Self: Nll<f32> + Nll<f64>,
{
    fn signature(&self) -> &'static Signature {
        self.signature
    }

    fn arguments(&self, target: &TargetKind) -> Result<Vec<usize>, String> {
        let counts = matches!(
            self.distribution.values(),
            Values::Counts | Values::UpToFirst
        );
        let (fits, what) = match counts {
            true => (*target == TargetKind::Count, "counts"),
            false => (target.reals().is_some(), "real numbers"),
        };
        match fits {
            true => Ok(vec![target.entries(); self.parameters()]),
            false => Err(format!(
                "{} is for {what}, and the target is {target}",
                self.signature.name
            )),
        }
    }

    fn formula(&self) -> &'static str {
        self.formula
    }

    fn mean(&self) -> Option<&'static str> {
        Some(self.mean)
    }

    fn notation(&self) -> &'static str {
        self.notation
    }

    fn uninformed(&self, _: &TargetKind) -> Option<f64> {
        None
    }

    fn information(
        &self,
        arguments: &[ArgumentAt],
        observed: &[bool],
    ) -> Result<Information, String> {
        let of = |values: &[f64]| self.distribution.information(values);
        Information::of_entries(arguments, observed, of).map_err(|argument| {
            format!(
                "the expected Fisher information of `{}` by its `{}` is not known here",
                self.signature.name, self.signature.parameters[argument].name
            )
        })
    }

    fn summary(&'static self, target: &TargetKind) -> Summary {
        Summary::Numbers(Numbers::new(self, target, self.parameters()))
    }

    fn refuse(&self, arguments: &[Option<f64>], y: f64) -> Option<String> {
        let (fits, values) = match self.distribution.values() {
            Values::Real => (true, ""),
            // What is above 0 as the network has it, in float32.
            Values::Positive => ((y as f32) > 0.0, "a number above 0"),
            Values::Counts => (true, ""),
            Values::UpToFirst => {
                let most = arguments[0].unwrap_or(f64::INFINITY);
                return (y > most).then(|| {
                    let name = self.signature.parameters[0].name;
                    format!("a whole number from 0 to {most}, the `{name}`")
                });
            }
        };
        (!fits).then(|| values.into())
    }
}

impl<T: Math, D: Observable> Nll<T> for Independent<D> {
    fn nll(
        &self,
        arguments: &[Rows<T>],
        targets: Targets<T>,
        weight: T,
        nll: &mut [T],
        gradients: &mut [&mut [T]],
    ) {
        let width = targets.reals().len() / nll.len().max(1);
        let mut parameters = [T::zero(); MOST_PARAMETERS];
        let parameters = &mut parameters[..arguments.len()];
        let mut slopes = [T::zero(); MOST_PARAMETERS];
        let wanted = gradients.iter().any(|gradient| !gradient.is_empty());
        let slopes = &mut slopes[..if wanted { arguments.len() } else { 0 }];
        let rows = targets.reals().chunks_exact(width.max(1));
        for (n, (nll, y)) in nll.iter_mut().zip(rows).enumerate() {
            *nll = T::zero();
            for (i, &y) in y.iter().enumerate().filter(|(_, y)| !y.is_nan()) {
                for (parameter, argument) in parameters.iter_mut().zip(arguments) {
                    *parameter = argument.at(n, i);
                }
                *nll -= self.distribution.log_prob(parameters, y, slopes);
                let parts = gradients.iter_mut().zip(arguments).zip(&*slopes);
                for ((gradient, argument), &slope) in parts {
                    if !gradient.is_empty() {
                        gradient[argument.place(n, i)] -= weight * slope;
                    }
                }
            }
        }
    }

    fn nll_only(&self, arguments: &[Rows<T>], targets: Targets<T>, nll: &mut [T]) {
        self.nll(arguments, targets, T::zero(), nll, &mut []);
    }

    fn predictive(&self, arguments: &[Rows<T>], [_, width]: [usize; 2], out: &mut [T]) {
        let rows = out.chunks_exact_mut((arguments.len() * width).max(1));
        for (n, out) in rows.enumerate() {
            for (argument, out) in arguments.iter().zip(out.chunks_exact_mut(width)) {
                for (i, out) in out.iter_mut().enumerate() {
                    *out = argument.at(n, i);
                }
            }
        }
    }
}

impl<D: Observable> Marginal for Independent<D> {
    fn standardizes(&self) -> bool {
        self.distribution.values() == Values::Real
    }

    fn whole(&self) -> bool {
        matches!(
            self.distribution.values(),
            Values::Counts | Values::UpToFirst
        )
    }

    fn heavy_tailed(&self) -> bool {
        self.distribution.heavy_tailed()
    }

    /// A distribution of every number has a `loc` and a `scale`, which alone are in the target's units.
    fn in_units(&self, numbers: &mut [f64], offset: f64, scale: f64) {
        if !self.standardizes() {
            return;
        }
        for (number, parameter) in numbers.iter_mut().zip(self.signature.parameters) {
            match parameter.name {
                "loc" => *number = *number * scale + offset,
                "scale" => *number *= scale,
                _ => {}
            }
        }
    }

    fn moments(&self, numbers: &[f64]) -> (f64, f64) {
        self.distribution.moments(numbers)
    }

    fn level(&self, numbers: &[f64], y: f64) -> f64 {
        self.distribution.level(numbers, y)
    }

    fn middle(&self, numbers: &[f64]) -> (f64, f64) {
        self.distribution.middle(numbers)
    }
}
