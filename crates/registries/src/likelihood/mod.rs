//! Likelihoods: how the network's values and a target make the data term; each a file with its nll,
//! gradient, predictive distribution and test.

mod bernoulli;
mod categorical;
mod classes;
mod counts;
mod crps;
mod independent;
mod information;
mod mixture;
mod mixture_normal;
mod normal;
mod numbers;
mod observed;
mod ordered_logistic;
mod quantile;
mod reals;
mod summary;
mod tally;
mod target;
mod zero_inflated;

pub use bernoulli::Bernoulli;
pub use categorical::Categorical;
pub use classes::Classes;
pub use independent::{Independent, Observable, Values};
pub use information::{ArgumentAt, Information, probit};
pub use mixture::{Marginal, quantile};
pub use normal::Normal;
pub use numbers::{INTERVALS, Numbers};
pub use observed::Observed;
pub use quantile::Quantile;
pub use summary::{
    Column, Compared, Coverage, Detail, Entries, Fit, Predictive, Score, ScoreValue, Summary, Units,
};
pub use tally::{Bin, ClassTally, NumberTally, Tally, is_covered};
pub use target::{
    Axes, MISSING, MOST_COUNTED, OwnedTargets, Storage, TargetKind, Targets, numbers,
};

use crate::signature::{Domain, Kind, Parameter, Signature};
use crate::tensor::Real;
use std::ops::Range;

/// Every likelihood there is.
pub static LIKELIHOODS: &[&dyn Likelihood] = &[
    &Categorical,
    &Bernoulli,
    &Normal,
    &reals::LAPLACE,
    &reals::STUDENT_T,
    &reals::CAUCHY,
    &reals::LOG_NORMAL,
    &reals::GAMMA,
    &reals::INVERSE_GAMMA,
    &reals::EXPONENTIAL,
    &counts::POISSON,
    &counts::NEGATIVE_BINOMIAL,
    &counts::BINOMIAL,
    &zero_inflated::ZERO_INFLATED_POISSON,
    &ordered_logistic::OrderedLogistic,
    &mixture_normal::MixtureNormal,
];

/// The likelihood called `name`.
pub fn find(name: &str) -> Option<&'static dyn Likelihood> {
    LIKELIHOODS
        .iter()
        .copied()
        .find(|l| l.signature().name == name)
}

/// A value of the network, as a row of a signature.
const fn value(name: &'static str, domain: Domain, summary: &'static str) -> Parameter {
    Parameter {
        name,
        kind: Kind::Value { domain },
        default: None,
        summary,
    }
}

/// An entry of the registry.
pub trait Likelihood: Nll<f32> + Nll<f64> + Sync {
    /// Its name and arguments; those of [`crate::signature::Kind::Value`] are the network's values.
    fn signature(&self) -> &'static Signature;
    /// How many entries each argument has for a target of this kind, or why the target does not fit.
    fn arguments(&self, target: &TargetKind) -> Result<Vec<usize>, String>;
    /// Whether each argument has several numbers for each of the entries that [`Likelihood::arguments`] counts: those of
    /// the components of a mixture. The first argument, a value of the network, says how many.
    fn has_components(&self) -> bool {
        false
    }
    /// The nll of one entry of a target y, in the notation of `bnnc::maths`.
    fn formula(&self) -> &'static str;
    /// The mean of one entry of a target of numbers, in the same notation, and the median where there is no mean; `None` where
    /// targets are labels.
    fn mean(&self) -> Option<&'static str> {
        None
    }
    /// The distribution of the target as a paper writes it, in the same notation.
    fn notation(&self) -> &'static str;
    /// The nll per example that a network that knows nothing starts near, for `check` to print beside
    /// the initial KL: ln k for k classes; `None` where it depends on the data.
    fn uninformed(&self, target: &TargetKind) -> Option<f64>;
    /// How predictions of a target of this kind, which fits, are averaged, written and scored; of a mixture with one
    /// component ([`Summary::of_components`]).
    fn summary(&'static self, target: &TargetKind) -> Summary;
    /// The expected Fisher information of one example by the arguments that come from the network, or why it is not
    /// known; `observed` says of each of the target's [`TargetKind::entries`] whether it is there.
    fn information(
        &self,
        arguments: &[ArgumentAt],
        observed: &[bool],
    ) -> Result<Information, String> {
        let _ = (arguments, observed);
        Err(format!(
            "the expected Fisher information of `{}` is not known here",
            self.signature().name
        ))
    }
    /// Turns one example's arguments into such that describe the predictive distribution where the values of the
    /// network are independent normal numbers of these variances, one for each number of each argument (none of an
    /// argument that is no value of the network); or why there is no closed form.
    fn averaged(&self, arguments: &mut [Vec<f64>], variances: &[Vec<f64>]) -> Result<(), String> {
        let _ = (arguments, variances);
        Err(format!(
            "`{}` has no closed form of its average over normal values",
            self.signature().name
        ))
    }
    /// Why an entry y of a target has no probability, though its kind allows it: what is expected instead.
    /// `arguments` are those that are fixed numbers.
    fn refuse(&self, arguments: &[Option<f64>], y: f64) -> Option<String> {
        let _ = (arguments, y);
        None
    }
}

/// A gradient by a logit, 0 where an example is settled: below the root of the smallest normal number (1e-19
/// in float32). On its way back it would become a number so small (denormal) that processors take some
/// hundred times as long for each operation on it, and beside the other examples' it is nothing.
#[inline(always)]
fn settled<T: Real>(share: T) -> T {
    if share < T::min_positive_value().sqrt() {
        T::zero()
    } else {
        share
    }
}

/// One argument's values for n examples: `n × width` entries, or `width` (one row for all: a fixed or
/// learned number), or a single one.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a, T> {
    /// The entries, up to the last example's last one.
    pub values: &'a [T],
    /// Distance from one example's entries to the next's: 0 where all share one row.
    pub stride: usize,
    /// Distance from one entry to the next in a row: 0 where one number serves all.
    pub step: usize,
}

impl<T: Copy> Rows<'_, T> {
    /// Entry `i` of example `n`.
    #[inline(always)]
    pub fn at(&self, n: usize, i: usize) -> T {
        self.values[n * self.stride + i * self.step]
    }
    /// Where entry `i` of example `n` lies in `values`; the same place in its gradient.
    #[inline(always)]
    pub fn place(&self, n: usize, i: usize) -> usize {
        n * self.stride + i * self.step
    }
    /// Those of some of the examples.
    pub fn of(self, examples: Range<usize>) -> Self {
        match self.stride {
            0 => self,
            stride => Rows {
                values: &self.values[examples.start * stride..examples.end * stride],
                ..self
            },
        }
    }
    /// The same with each of `places` places of an example as an example of its own; not of entries that examples
    /// share.
    pub fn by_place(self, places: usize) -> Self {
        Rows {
            stride: self.stride / places,
            ..self
        }
    }
    /// Entries in a row, for this many examples.
    pub fn width(&self, examples: usize) -> usize {
        self.values.len() - examples.saturating_sub(1) * self.stride
    }
}

/// The negative log-likelihood and its gradient.
pub trait Nll<T: Real>: Sync {
    /// Writes −log p(target_n | arguments_n) for each example to `nll`, all constants kept: the sum over the entries
    /// that its target has. **Adds** `weight` times its derivatives to `gradients` (one slice per argument, laid out as that
    /// argument's values; an empty one is not wanted); an entry that is missing adds nothing.
    fn nll(
        &self,
        arguments: &[Rows<T>],
        targets: Targets<T>,
        weight: T,
        nll: &mut [T],
        gradients: &mut [&mut [T]],
    );

    /// −log p(target_n | arguments_n) alone.
    fn nll_only(&self, arguments: &[Rows<T>], targets: Targets<T>, nll: &mut [T]);

    /// Writes the predictive distribution of each example given one draw of the weights, a row as its
    /// [`Likelihood::summary`] takes it: class probabilities (categorical: k; binary: the probability of 1), or
    /// what describes the distribution of each of a target's entries (Normal: `[mean.., variance..]`, 2k numbers).
    fn predictive(&self, arguments: &[Rows<T>], examples_and_entries: [usize; 2], out: &mut [T]);
}

#[cfg(test)]
mod tests;
