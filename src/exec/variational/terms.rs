//! One term over a parameter's entries: its value and gradients under the prior's numbers at hand.

use super::super::{BLOCK, Number, zeros};
use crate::distribution::MAX_PARAMETERS;
use crate::ir::{Handle, Leaf, Model, Scalar, Tensor};
use crate::kl::{AnyTerm, Entries, Gradients, normal_normal};
use rayon::prelude::*;
use std::ops::Range;

/// A part of a term's value, with the derivatives by the prior's parameters.
#[derive(Debug, Clone)]
pub struct Part {
    pub value: f64,
    /// None where they are not wanted: a step writes and reads a part for every block of every parameter.
    pub d_prior: Vec<f64>,
    /// Whether the gradient there is finite, if somebody looked.
    pub finite: bool,
}

impl Default for Part {
    fn default() -> Self {
        Part {
            value: 0.0,
            d_prior: Vec::new(),
            finite: true,
        }
    }
}

impl Part {
    /// Adds another part.
    pub fn add(&mut self, other: &Part) {
        self.value += other.value;
        self.finite &= other.finite;
        if self.d_prior.is_empty() {
            self.d_prior.clone_from(&other.d_prior);
            return;
        }
        let sums = self.d_prior.iter_mut().zip(&other.d_prior);
        sums.for_each(|(sum, d)| *sum += d);
    }
}

/// The numbers of a tensor's prior.
pub fn prior_scalars(model: &Model, tensor: Handle<Tensor>) -> &[Scalar] {
    &model.tensors[tensor]
        .prior
        .as_ref()
        .expect("a term has a prior")
        .parameters
}

/// A term with its prior's numbers at hand.
pub struct Priced<'a, T> {
    computation: &'a dyn AnyTerm,
    /// The prior's parameters; the first `parameters` of them.
    prior: [T; MAX_PARAMETERS],
    parameters: usize,
    /// How many of their derivatives are wanted: all or none.
    wanted: usize,
    pub weight: T,
}

/// The posterior that a term is of, entry by entry: as [`Entries`] has it.
#[derive(Clone, Copy)]
pub struct Posterior<'a, T> {
    pub loc: &'a [T],
    pub scale: &'a [T],
    pub noise: &'a [T],
}

/// A block's part of a slice; an empty slice has only empty parts.
pub fn part<T>(all: &[T], range: Range<usize>) -> &[T] {
    if all.is_empty() { all } else { &all[range] }
}

impl<'a, T: Number> Priced<'a, T> {
    /// `computation` under a prior whose numbers have these values; nobody wants the derivatives by numbers that
    /// are all fixed.
    pub fn new(
        computation: &'a dyn AnyTerm,
        scalars: &[Scalar],
        weight: f64,
        leaf: impl Fn(Leaf) -> f64,
    ) -> Self {
        let mut prior = [T::zero(); MAX_PARAMETERS];
        for (value, scalar) in prior.iter_mut().zip(scalars) {
            *value = T::of(scalar.value(&leaf));
        }
        let trained = scalars.iter().any(|scalar| scalar.fixed().is_none());
        Priced {
            computation,
            prior,
            parameters: scalars.len(),
            wanted: if trained { scalars.len() } else { 0 },
            weight: T::of(weight),
        }
    }

    /// The term as [`Term::integrand`](crate::kl::Term::integrand) has it, if nothing is wanted by the prior's
    /// parameters.
    pub fn integrand(&self) -> Option<normal_normal::Integrand<T>> {
        let prior = &self.prior[..self.parameters];
        let computation = T::term(self.computation);
        match self.wanted {
            0 => computation.integrand(prior, self.weight),
            _ => None,
        }
    }

    /// A block's part; `d_loc` and `d_scale` are added to.
    pub fn part(&self, entries: Entries<T>, loc: &mut [T], scale: &mut [T]) -> Part {
        let mut d_prior = vec![0.0; self.wanted];
        let gradients = Gradients {
            loc,
            scale,
            prior: &mut d_prior,
        };
        let prior = &self.prior[..self.parameters];
        let computation = T::term(self.computation);
        let value = computation.accumulate(entries, prior, self.weight, gradients);
        Part {
            value,
            d_prior,
            finite: true,
        }
    }

    /// The sum over the entries, and the derivatives by the prior's parameters; `d_loc` and `d_scale` are
    /// added to. Blocks run in parallel and are added up in their order.
    pub fn sum(&self, of: Posterior<T>, d_loc: &mut [T], d_scale: &mut [T]) -> (f64, Vec<f64>) {
        let blocks = of.loc.len().div_ceil(BLOCK);
        // A point estimate has no scale: its blocks are empty slices.
        let d_scales: Vec<&mut [T]> = match d_scale.is_empty() {
            true => (0..blocks).map(|_| &mut [][..]).collect(),
            false => d_scale.chunks_mut(BLOCK).collect(),
        };
        let parts: Vec<Part> = d_loc
            .par_chunks_mut(BLOCK)
            .zip(d_scales)
            .enumerate()
            .map(|(block, (loc, scale))| {
                let range = block * BLOCK..block * BLOCK + loc.len();
                let entries = Entries {
                    loc: part(of.loc, range.clone()),
                    scale: part(of.scale, range.clone()),
                    noise: part(of.noise, range),
                };
                self.part(entries, loc, scale)
            })
            .collect();
        let mut sum = Part::default();
        parts.iter().for_each(|part| sum.add(part));
        (sum.value, sum.d_prior)
    }

    /// [`Priced::sum`] of (w - anchor)/local in place of w, under the prior as it is written: the prior
    /// of w is that, moved and stretched. A KL does not change when both its sides are; `jacobian` says
    /// that this is the density of a point, which does: it gains ln local an entry.
    pub fn framed(
        &self,
        frame: &Framed<T>,
        jacobian: bool,
        of: Posterior<T>,
        d_loc: &mut [T],
        d_scale: &mut [T],
    ) -> (f64, Vec<f64>, Vec<f64>) {
        let local = |entry: usize| match frame.local {
            [] => T::one(),
            local => local[entry % local.len()],
        };
        let anchor = |entry: usize| frame.anchor.get(entry).map_or(T::zero(), |&a| T::of(a));
        let loc: Vec<T> = of
            .loc
            .iter()
            .enumerate()
            .map(|(i, &loc)| (loc - anchor(i)) / local(i))
            .collect();
        let scale: Vec<T> = of
            .scale
            .iter()
            .enumerate()
            .map(|(i, &scale)| scale / local(i))
            .collect();
        let mut by_loc = zeros::<T>(loc.len());
        let mut by_scale = zeros::<T>(scale.len());
        let inner = Posterior {
            loc: &loc,
            scale: &scale,
            noise: of.noise,
        };
        let (mut value, d_prior) = self.sum(inner, &mut by_loc, &mut by_scale);
        let mut d_local = vec![0.0; frame.local.len()];
        for (i, (d_loc, &by)) in d_loc.iter_mut().zip(&by_loc).enumerate() {
            *d_loc += by / local(i);
            if !d_local.is_empty() {
                let at = i % d_local.len();
                d_local[at] -= (by * loc[i] / local(i)).wide();
                if jacobian {
                    value += local(i).wide().ln();
                    d_local[at] += (self.weight / local(i)).wide();
                }
            }
        }
        for (i, (d_scale, &by)) in d_scale.iter_mut().zip(&by_scale).enumerate() {
            *d_scale += by / local(i);
            if !d_local.is_empty() {
                let at = i % d_local.len();
                d_local[at] -= (by * scale[i] / local(i)).wide();
            }
        }
        (value, d_prior, d_local)
    }
}

/// What a prior is moved and stretched by ([`crate::plan::Frame`]), at the draw at hand.
pub struct Framed<'a, T> {
    pub anchor: &'a [f64],
    pub local: &'a [T],
}
