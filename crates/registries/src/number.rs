//! The two number types as the interpreter sees them: the arithmetic of each registry entry in one of them, and
//! the loops over entries that the interpreter calls.
//!
//! The loops are methods of [`Number`], and not generic functions, so that they are compiled here, in the one unit
//! of this crate. A generic function is compiled by the crate that calls it, and there the standard library's
//! functions in the loop would be called and not inlined.

pub mod fused_update;

use crate::distribution::Law;
use crate::estimator::{Estimate, Estimator, Slope};
use crate::kl::{AnyTerm, Term};
use crate::layer::{
    AnyFunction, AnyLinear, AnyMap, AnyScan, AnyStatistics, Function, Linear, Map, Scan, Statistics,
};
use crate::likelihood::{Likelihood, Nll};
use crate::optimizer;
use crate::posterior::{self, AnyVariational, Transform, Variational};
use crate::tensor::{Math, Stream, simd};
use fused_update::{Block, FusedUpdate, Outcome};

/// `f32` or `f64`: what the interpreter runs in.
pub trait Number: Math + optimizer::Number {
    /// A map's arithmetic.
    fn map(map: &dyn AnyMap) -> &dyn Map<Self>;
    /// A linear layer's arithmetic.
    fn linear(linear: &dyn AnyLinear) -> &dyn Linear<Self>;
    /// The arithmetic of a function of one example.
    fn function(function: &dyn AnyFunction) -> &dyn Function<Self>;
    /// The arithmetic of a layer that normalises by a minibatch's statistics.
    fn statistics(statistics: &dyn AnyStatistics) -> &dyn Statistics<Self>;
    /// The arithmetic of a recurrence's step.
    fn scan(scan: &dyn AnyScan) -> &dyn Scan<Self>;
    /// An estimator's arithmetic.
    fn estimate(estimator: &'static dyn Estimator) -> &'static dyn Estimate<Self>;
    /// A term's arithmetic.
    fn term(term: &dyn AnyTerm) -> &dyn Term<Self>;
    /// A posterior family's arithmetic.
    fn variational(family: &dyn AnyVariational) -> &dyn Variational<Self>;
    /// A likelihood's arithmetic.
    fn nll(likelihood: &'static dyn Likelihood) -> &'static dyn Nll<Self>;

    /// [`posterior::scales`]
    fn scales(transform: Transform, rho: &[Self], out: &mut [Self]);
    /// [`posterior::chain`]
    fn chain(transform: Transform, rho: &[Self], scale: &[Self], gradient: &mut [Self]);
    /// [`Slope::add`]
    fn add_slope(slope: Slope, d: &[Self], scale: &[Self], noise: &[Self], d_scale: &mut [Self]);
    /// [`Law::fill`]
    fn fill(law: Law, stream: &Stream, start: usize, out: &mut [Self]);
    /// A training step of one block of entries; the scales are left as those of the moved variables.
    fn fused(update: &FusedUpdate<Self>, block: Block<Self>) -> Outcome;
    /// to += from
    fn add_to(to: &mut [Self], from: &[Self]);
    /// Each row of `to` += `row`.
    fn add_row(to: &mut [Self], row: &[Self]);
    /// [`simd::add_rows`]
    fn add_rows(to: &mut [Self], rows: &[Self]);
}

macro_rules! number {
    ($type:ty) => {
        impl Number for $type {
            fn map(map: &dyn AnyMap) -> &dyn Map<Self> {
                map
            }
            fn linear(linear: &dyn AnyLinear) -> &dyn Linear<Self> {
                linear
            }
            fn function(function: &dyn AnyFunction) -> &dyn Function<Self> {
                function
            }
            fn statistics(statistics: &dyn AnyStatistics) -> &dyn Statistics<Self> {
                statistics
            }
            fn scan(scan: &dyn AnyScan) -> &dyn Scan<Self> {
                scan
            }
            fn estimate(estimator: &'static dyn Estimator) -> &'static dyn Estimate<Self> {
                estimator
            }
            fn term(term: &dyn AnyTerm) -> &dyn Term<Self> {
                term
            }
            fn variational(family: &dyn AnyVariational) -> &dyn Variational<Self> {
                family
            }
            fn nll(likelihood: &'static dyn Likelihood) -> &'static dyn Nll<Self> {
                likelihood
            }
            fn scales(transform: Transform, rho: &[Self], out: &mut [Self]) {
                posterior::scales(transform, rho, out);
            }
            fn chain(transform: Transform, rho: &[Self], scale: &[Self], gradient: &mut [Self]) {
                posterior::chain(transform, rho, scale, gradient);
            }
            fn add_slope(
                slope: Slope,
                d: &[Self],
                scale: &[Self],
                noise: &[Self],
                d_scale: &mut [Self],
            ) {
                slope.add(d, scale, noise, d_scale);
            }
            fn fill(law: Law, stream: &Stream, start: usize, out: &mut [Self]) {
                law.fill(stream, start, out);
            }
            fn fused(update: &FusedUpdate<Self>, block: Block<Self>) -> Outcome {
                update.run(block)
            }
            fn add_to(to: &mut [Self], from: &[Self]) {
                simd::each(
                    to,
                    [from],
                    #[inline(always)]
                    |to, [from]| *to += from,
                );
            }
            fn add_row(to: &mut [Self], row: &[Self]) {
                simd::add_row(to, row);
            }
            fn add_rows(to: &mut [Self], rows: &[Self]) {
                simd::add_rows(to, rows);
            }
        }
    };
}

number!(f32);
number!(f64);
