//! Distributions that weights and observations can have: each a file with its parameters, support,
//! density, derivatives, sampler and test.
//!
//! A distribution's parameters reach it as one flat slice in the order of its signature, a list
//! argument's entries in place: `ScaleMixture(weight, scales = [a, b])` is `[weight, a, b]`.

mod cauchy;
mod cumulative;
mod exponential;
mod gamma;
mod half_cauchy;
mod half_normal;
mod horseshoe;
mod inverse_gamma;
mod laplace;
mod law;
mod log_normal;
mod log_uniform;
mod normal;
mod scale_mixture;
mod student_t;
mod support;
mod uniform;

pub use cauchy::Cauchy;
pub use cumulative::{Cumulative, beta_share, gamma_shares};
pub use exponential::Exponential;
pub use gamma::Gamma;
pub use half_cauchy::HalfCauchy;
pub use half_normal::HalfNormal;
pub use horseshoe::Horseshoe;
pub use inverse_gamma::InverseGamma;
pub use laplace::Laplace;
pub use law::Law;
pub use log_normal::LogNormal;
pub use log_uniform::LogUniform;
pub use normal::Normal;
pub use scale_mixture::ScaleMixture;
pub use student_t::StudentT;
pub use support::Support;
pub use uniform::Uniform;

use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use crate::tensor::{Math, Real};

/// Every distribution there is.
pub static DISTRIBUTIONS: &[&dyn Distribution] = &[
    &Normal,
    &Laplace,
    &Cauchy,
    &StudentT,
    &ScaleMixture,
    &Horseshoe,
    &LogUniform,
    &Uniform,
    &HalfNormal,
    &HalfCauchy,
    &LogNormal,
    &Gamma,
    &InverseGamma,
    &Exponential,
];

/// The distribution called `name`.
pub fn find(name: &str) -> Option<&'static dyn Distribution> {
    DISTRIBUTIONS
        .iter()
        .copied()
        .find(|d| d.signature().name == name)
}

/// The most numbers that a prior's arguments may hold; only a mixture's lists can hold as many.
pub const MAX_PARAMETERS: usize = 64;

/// An entry of the registry.
pub trait Distribution: Density<f32> + Density<f64> + Sync {
    /// Its name and arguments.
    fn signature(&self) -> &'static Signature;
    /// Where its density is above 0.
    fn support(&self, parameters: &[f64]) -> Support;
    /// The density at w, in the notation of `bnnc::maths`.
    fn formula(&self) -> &'static str;
    /// [`Distribution::formula`] written out for `count` parameters. A mixture divides its weights by their
    /// sum unless they are fixed numbers.
    fn density(&self, count: usize, fixed_weights: bool) -> String {
        let _ = (count, fixed_weights);
        self.formula().into()
    }
    /// The distribution of `count` parameters as a paper writes it, in the same notation, a list's
    /// entries as `scales_1`; `None` where that is its name with its arguments.
    fn notation(&self, count: usize, fixed_weights: bool) -> Option<String> {
        let _ = (count, fixed_weights);
        None
    }
    /// Its mean and standard deviation where they are finite.
    fn moments(&self, parameters: &[f64]) -> (Option<f64>, Option<f64>);
    /// A draw; `uniform` gives independent numbers in (0, 1). NaN where there is none to make.
    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64;
    /// What follows of its integral being infinite, in words; `None` where that is 1.
    fn improper(&self) -> Option<&'static str> {
        None
    }
    /// Where its density is infinite, if it is anywhere: a point there has no penalty but -infinity.
    fn pole(&self) -> Option<f64> {
        None
    }
    /// The local scales that its words ask for, as parameters of their own; `None` where it is taken as it is.
    fn local_scales(&self, words: &Constants) -> Option<LocalScales> {
        let _ = words;
        None
    }
    /// How many of `count` parameters each argument of the signature holds.
    fn lengths(&self, count: usize) -> Vec<usize> {
        vec![1; count]
    }
    /// Arguments that are each in their domain and yet not valid together: what is wrong, or `None`.
    /// Each argument is the list of its numbers.
    fn refuse(&self, arguments: &[Vec<f64>]) -> Option<String> {
        let _ = arguments;
        None
    }
    /// Where ln p is not smooth, or is so only on a narrow scale: quadrature puts its nodes there. A
    /// feature left out costs accuracy without a sign of it.
    fn features(&self, parameters: &[f64]) -> Vec<Feature> {
        let _ = parameters;
        vec![]
    }
    /// How fast -ln p grows as the size of w goes to 0 and to infinity: as w⁻ᵃ and as wᵇ are `[a, b]`,
    /// 0 where not faster than a power of the logarithm.
    fn growth(&self) -> [f64; 2] {
        [0.0; 2]
    }
}

/// A prior that is simpler given a positive scale for each output unit, which multiplies its own.
pub struct LocalScales {
    /// The prior given the scales.
    pub given: &'static dyn Distribution,
    /// Its parameters before those of the whole prior.
    pub first: &'static [f64],
    /// The prior of a scale.
    pub prior: &'static dyn Distribution,
    /// That prior's parameters.
    pub parameters: &'static [f64],
    /// Where the scales' prior and posterior come from, as the IR says it.
    pub rules: [&'static str; 2],
}

/// Two entries of the registry are the same if their signatures are the same item.
impl PartialEq for dyn Distribution {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.signature(), other.signature())
    }
}

/// A point near which the logarithm of a density is far from any polynomial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feature {
    /// Where it is.
    pub at: f64,
    /// How far from the real line ln p has its singularity, which lies at `at ± i·width`.
    pub width: f64,
    /// Whether ln p is smooth on both sides, right up to it; its width is 0.
    pub kink: bool,
}

impl Feature {
    /// Two smooth pieces meet here.
    pub fn kink(at: f64) -> Self {
        let (width, kink) = (0.0, true);
        Feature { at, width, kink }
    }

    /// ln p is singular at `at ± i·width`.
    pub fn singular(at: f64, width: f64) -> Self {
        let kink = false;
        Feature { at, width, kink }
    }
}

/// The density and its derivatives.
pub trait Density<T: Real> {
    /// ln p(w), every constant kept.
    fn log_prob(&self, parameters: &[T], w: T) -> T;
    /// ∂ ln p(w) / ∂w
    fn score(&self, parameters: &[T], w: T) -> T;
    /// Writes ∂ ln p(w) / ∂parameters.
    fn parameter_score(&self, parameters: &[T], w: T, out: &mut [T]);
    /// Both [`Density::log_prob`] and [`Density::score`] for a block.
    fn evaluate(&self, parameters: &[T], w: &[T], log_prob: &mut [T], score: &mut [T]);
}

/// What a distribution's file holds: the density with its parameters fixed. [`Density`] follows.
pub trait Family: Sync {
    /// The density of one set of parameters.
    type Fixed<T: Math>: Fixed<T>;
    /// The density with these parameters, whatever depends on them alone worked out.
    fn fix<T: Math>(&self, parameters: &[T]) -> Self::Fixed<T>;
}

/// A density whose parameters are fixed. Without branches, it is evaluated in vector registers.
pub trait Fixed<T> {
    /// ln p(w)
    fn log_prob(&self, w: T) -> T;
    /// ∂ ln p(w) / ∂w
    fn score(&self, w: T) -> T;
    /// Writes ∂ ln p(w) / ∂parameters.
    fn parameter_score(&self, w: T, out: &mut [T]);
    /// The first two for a block; inlined where vector registers are at hand.
    #[inline(always)]
    fn evaluate(&self, w: &[T], log_prob: &mut [T], score: &mut [T])
    where
        T: Copy,
    {
        for ((&w, log_prob), score) in w.iter().zip(log_prob).zip(score) {
            *log_prob = self.log_prob(w);
            *score = self.score(w);
        }
    }
}

impl<T: Math, D: Family> Density<T> for D {
    fn log_prob(&self, parameters: &[T], w: T) -> T {
        self.fix(parameters).log_prob(w)
    }

    fn score(&self, parameters: &[T], w: T) -> T {
        self.fix(parameters).score(w)
    }

    fn parameter_score(&self, parameters: &[T], w: T, out: &mut [T]) {
        self.fix(parameters).parameter_score(w, out);
    }

    fn evaluate(&self, parameters: &[T], w: &[T], log_prob: &mut [T], score: &mut [T]) {
        let fixed = self.fix(parameters);
        T::dispatch(
            #[inline(always)]
            || fixed.evaluate(w, log_prob, score),
        );
    }
}

/// `value` where `inside`, else `other`: a select, so that loops stay free of branches.
#[inline(always)]
fn select<T>(inside: bool, value: T, other: T) -> T {
    if inside { value } else { other }
}

/// A draw from N(0, 1), by Box and Muller.
fn standard_normal(uniform: &mut dyn FnMut() -> f64) -> f64 {
    (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
}

/// A learnable number, as a row of a signature.
const fn number(
    name: &'static str,
    domain: Domain,
    default: Option<&'static str>,
    summary: &'static str,
) -> Parameter {
    Parameter {
        name,
        kind: Kind::Number {
            domain,
            learnable: true,
        },
        default,
        summary,
    }
}

#[cfg(test)]
pub(crate) mod tests;
