//! Passes over parameters whose entries are independent of each other. Each block of entries goes through all
//! of a pass before the next block, so that it stays in cache and each array is read and written once. With E
//! entries in float32 and reparameterization these are 16·E bytes for a draw whose scales are cached, and 64·E
//! for the gradient with Adam's step.
//!
//! ```text
//! draw      rho → scale, unless cached;  ε;  loc, scale, ε → what the estimator reads
//! gradient  d_loc = d_first;  d_scale by the estimator;  both += the term's;  d_rho = d_scale · slope(rho, scale)
//! ```
//!
//! For the commonest models and optimizers [`FusedUpdate`] does a training step's second pass entry by entry. It knows
//! no largest scale: where a posterior has one, its parameter takes the separate passes.

use super::super::{BLOCK, Number};
use super::terms::{Part, Priced, part};
use super::{Cached, Variational};
use crate::estimator::{Estimate, Slope};
use crate::fused_update::{self, FusedUpdate};
use crate::ir::{Handle, Table, Tensor};
use crate::kl::Entries;
use crate::optimizer::{self, Rule, SLOTS, Step};
use crate::plan::{Family, Plan, TensorPlan};
use crate::posterior::Transform;
use crate::tensor::{Share, blocks};
use rayon::prelude::*;
use std::ops::Range;

/// Which of a step's samples of the weights.
#[derive(Clone, Copy)]
pub struct Sample {
    /// Whether gradients start with it.
    pub first: bool,
    /// Whether gradients end with it.
    pub last: bool,
}

/// Which parameters [`Variational::collect_entries`] takes: those of independent entries or of none at
/// all, whose prior is that of w itself, and that no other's prior depends on.
pub fn are_entrywise(plan: &Plan) -> Table<Tensor, bool> {
    plan.tensors.map(|handle, tensor| {
        let variational = matches!(tensor.family, Family::Variational { .. });
        let role = plan.model.tensors[handle].role;
        !variational && !tensor.frame.is_some() && !role.is_of_others()
    })
}

/// The ranges of variables of the other parameters, and of numbers that are no parameter's.
pub fn others(plan: &Plan, entrywise: &Table<Tensor, bool>) -> Vec<Range<usize>> {
    let tensors = plan.tensors.iter();
    let tensors = tensors.filter(|(handle, _)| entrywise[*handle]);
    let mut taken: Vec<_> = tensors.map(|(_, t)| t.variables.clone()).collect();
    taken.sort_by_key(|range| range.start);
    let (mut others, mut from) = (Vec::new(), 0);
    for range in taken {
        if from < range.start {
            others.push(from..range.start);
        }
        from = from.max(range.end);
    }
    if from < plan.trainable() {
        others.push(from..plan.trainable());
    }
    others
}

/// Whether what the estimator prepares is made of scales alone: it stays valid for as long as they do.
pub fn prepared_from_scales(tensor: &TensorPlan) -> bool {
    tensor.estimator.first_is_loc() && !tensor.draws.noise
}

/// What a pass changes of a block: loc and rho (empty where there is none), each with its gradient and the
/// optimizer's state, and the sample's gradient by the first of the estimator's arrays.
struct Block<'a, T> {
    variables: [&'a mut [T]; 2],
    d_first: &'a mut [T],
    gradient: [&'a mut [T]; 2],
    state: [[&'a mut [T]; SLOTS]; 2],
}

/// One pass over a parameter's entries, at one sample.
struct Pass<'a, T> {
    sample: Sample,
    /// The parameter's term, if it is taken now.
    term: Option<&'a Priced<'a, T>>,
    /// From rho to scale; `None` for a point.
    transform: Option<Transform>,
    slope: Option<Slope>,
    estimate: &'a dyn Estimate<T>,
    noise: &'a [T],
    /// The gradient by the second of the estimator's arrays, if it has one.
    d_second: Option<&'a [T]>,
    fused: Option<FusedUpdate<T>>,
    /// The largest rho that a step leaves, if there is one.
    largest_rho: Option<T>,
    /// Whether the scales are to be computed anew.
    stale: bool,
    /// Whether nothing is kept of the gradient: that by loc is made in place, and each worker has room for a
    /// block of that by rho.
    alone: bool,
}

impl<T: Number> Pass<'_, T> {
    /// One block, with its scales and what the estimator makes of them alone.
    fn block(
        &self,
        block: usize,
        [scale, second]: [&mut [T]; 2],
        of: Block<T>,
        rule: Option<&Rule<T>>,
    ) -> Part {
        let range = block * BLOCK..block * BLOCK + of.variables[0].len();
        let noise = part(self.noise, range.clone());
        let d_second = self.d_second.map(|d| &d[range]);
        if let Some(fused) = &self.fused {
            let squares = fused.reads_squares();
            let block = fused_update::Block {
                scales: if squares { second } else { scale },
                noise,
                d_first: of.d_first,
                d_second,
                variables: of.variables,
                state: of.state,
            };
            let outcome = T::fused(fused, block);
            return Part {
                value: outcome.kl,
                finite: outcome.finite,
                ..Part::default()
            };
        }
        let Block {
            variables: [loc, rho],
            d_first,
            gradient: [d_loc, d_rho],
            state: [loc_state, rho_state],
        } = of;
        let (sample, transform) = (self.sample, self.transform);
        if let (Some(transform), true) = (transform, self.stale) {
            T::scales(transform, rho, scale);
        }
        let d_first = &mut d_first[..loc.len()];
        if sample.first {
            d_rho.fill(T::zero());
        }
        if let (Some(_), Some(slope)) = (transform, self.slope) {
            T::add_slope(slope, d_second.unwrap_or(d_first), scale, noise, d_rho);
        }
        let d_loc = match self.alone {
            true => d_first,
            false => {
                match sample.first {
                    true => d_loc.copy_from_slice(d_first),
                    false => T::add_to(d_loc, d_first),
                }
                d_loc
            }
        };
        let mut found = Part::default();
        if let Some(term) = self.term {
            let entries = Entries {
                loc,
                scale: &*scale,
                noise,
            };
            let by_scale = if transform.is_some() {
                &mut *d_rho
            } else {
                &mut []
            };
            found = term.part(entries, d_loc, by_scale);
        }
        if let (Some(transform), true) = (transform, sample.last) {
            T::chain(transform, rho, scale, d_rho);
        }
        if let Some(rule) = rule {
            let finite = rule.update(loc, d_loc, loc_state);
            found.finite = rule.undecayed().update(rho, d_rho, rho_state) && finite;
            if let Some(largest) = self.largest_rho {
                limit(rho, largest);
            }
            if let Some(transform) = transform {
                T::scales(transform, rho, scale);
                if !second.is_empty() {
                    self.estimate.prepare(loc, scale, &[], &mut [], second);
                }
            }
        }
        found
    }
}

impl<T: Number> Variational<T> {
    /// Adds a sample's gradients by the draw to those by the variables, with those of the parameter's term if
    /// it is taken at each draw or this is the last. Returns the term's value and its derivatives by the
    /// prior's parameters, if a term is taken.
    ///
    /// With a `step` it also moves the variables, block by block. The gradient is then written down only if
    /// several samples add up to it; with one sample, what the estimator left is overwritten. While a block is
    /// in cache its scales are computed anew, and what is made of them alone, so that the next draw need not.
    /// Where the latter determine the scales ([`FusedUpdate::reads_squares`]) the scales are not written. A parameter
    /// with a gradient that is not finite goes to `not_finite`.
    pub fn collect_entries(
        &mut self,
        handle: Handle<Tensor>,
        term: Option<&Priced<T>>,
        sample: Sample,
        step: Option<&mut Step<T>>,
        not_finite: &mut Vec<Range<usize>>,
    ) -> Part {
        let plan = self.plan.clone();
        let tensor = &plan.tensors[handle];
        let entries = tensor.entries.clone();
        let transform = match tensor.family {
            Family::Independent { transform, .. } => Some(transform),
            _ => None,
        };
        let rule = step.as_deref().map(|step| step.rule(&tensor.loc));
        let fused = match &rule {
            Some(rule) if sample.first && sample.last => fused(tensor, transform, term, rule),
            _ => None,
        };
        let stale = self.mark_cached(handle, fused.as_ref(), step.is_some());
        let (scale, noise) = match transform {
            Some(_) => (
                &mut self.scale[entries.clone()],
                &self.noise[tensor.noise.clone()],
            ),
            None => (&mut [][..], &[][..]),
        };
        let second = match keeps_second(tensor) {
            true => &mut self.second[entries.clone()],
            false => &mut [][..],
        };
        let has_second = tensor.estimator.has_second();
        let pass = Pass {
            sample,
            term,
            transform,
            slope: tensor.estimator.slope(),
            estimate: T::estimate(tensor.estimator),
            noise,
            d_second: has_second.then_some(&self.by_kernels.second[entries.clone()]),
            fused,
            largest_rho: tensor.largest_rho().map(T::of),
            stale,
            alone: step.is_some() && sample.first,
        };
        let gradient = match pass.alone {
            true => &mut [][..],
            false => &mut self.gradient[tensor.variables.clone()],
        };
        let arrays = Arrays {
            variables: &mut self.variables[tensor.variables.clone()],
            gradient,
            d_first: &mut self.by_kernels.first[entries],
            scale,
            second,
            parts: &mut self.parts,
        };
        let sum = pass.run(tensor, arrays, step);
        if !sum.finite {
            not_finite.push(tensor.variables.clone());
        }
        sum
    }

    /// Notes what a pass leaves cached. Returns whether it has to compute the scales anew first.
    fn mark_cached(
        &mut self,
        handle: Handle<Tensor>,
        fused: Option<&FusedUpdate<T>>,
        moves: bool,
    ) -> bool {
        let squares = fused.is_some_and(FusedUpdate::reads_squares);
        let stale = !squares && self.cached[handle] == Cached::Second;
        if squares {
            self.cached[handle] = Cached::Second;
        } else if stale || moves {
            self.cached[handle] = Cached::All;
        }
        stale
    }
}

/// Whether the estimator has a second array that is cached.
pub fn keeps_second(tensor: &TensorPlan) -> bool {
    tensor.estimator.has_second() && prepared_from_scales(tensor)
}

/// The loop that does all of a training step's pass to an entry before the next, if there is one for this
/// parameter and rule.
fn fused<T: Number>(
    tensor: &TensorPlan,
    transform: Option<Transform>,
    term: Option<&Priced<T>>,
    rule: &Rule<T>,
) -> Option<FusedUpdate<T>> {
    if tensor.largest_rho().is_some() {
        return None;
    }
    let (slope, second) = (tensor.estimator.slope(), keeps_second(tensor));
    FusedUpdate::find(
        slope,
        second,
        transform,
        term.and_then(Priced::integrand),
        rule,
    )
}

/// Sets what is above `largest` to it.
pub fn limit<T: Number>(rho: &mut [T], largest: T) {
    T::dispatch(
        #[inline(always)]
        || {
            for rho in rho.iter_mut() {
                // Unlike `min` this keeps what is not a number.
                *rho = if *rho > largest { largest } else { *rho };
            }
        },
    );
}

/// The arrays of one parameter that a pass writes.
struct Arrays<'a, T> {
    variables: &'a mut [T],
    /// Empty where nothing is kept of it.
    gradient: &'a mut [T],
    d_first: &'a mut [T],
    scale: &'a mut [T],
    second: &'a mut [T],
    parts: &'a mut [Part],
}

/// The blocks of loc and rho, which follow each other in `all`; empty blocks where it has none.
fn split<T: Number>(
    all: &mut [T],
    loc: usize,
    count: usize,
) -> impl IndexedParallelIterator<Item = (&mut [T], &mut [T])> {
    let (loc, rho) = all.split_at_mut(loc.min(all.len()));
    blocks(loc, BLOCK, count).zip(blocks(rho, BLOCK, count))
}

impl<T: Number> Pass<'_, T> {
    /// All blocks in parallel; their parts are added up in order.
    fn run(&self, tensor: &TensorPlan, of: Arrays<T>, step: Option<&mut Step<T>>) -> Part {
        let count = tensor.entries.len().div_ceil(BLOCK);
        let loc = tensor.loc.len();
        let parts = &mut of.parts[..count];
        let d_first = of.d_first.par_chunks_mut(BLOCK);
        let mut none: [&mut [T]; SLOTS] = Default::default();
        let (rule, state) = match step {
            Some(step) => (Some(step.rule(&tensor.loc)), &mut step.state),
            None => (None, &mut none),
        };
        let [first_state, second_state] =
            optimizer::part(state, &tensor.variables).map(|slot| split(slot, loc, count));
        let made = blocks(of.scale, BLOCK, count).zip(blocks(of.second, BLOCK, count));
        parts
            .par_iter_mut()
            .zip(made)
            .zip(split(of.variables, loc, count).zip(d_first.zip(split(of.gradient, loc, count))))
            .zip(first_state.zip(second_state))
            .enumerate()
            .share_with(
                || [T::zero(); BLOCK],
                |own, (block, (((part, (scale, second)), (variables, gradient)), state))| {
                    let ((loc, rho), (d_first, (d_loc, d_rho))) = (variables, gradient);
                    let (first_state, second_state) = state;
                    let d_rho = match self.alone {
                        true => &mut own[..rho.len()],
                        false => d_rho,
                    };
                    let of = Block {
                        variables: [loc, rho],
                        d_first,
                        gradient: [d_loc, d_rho],
                        state: [
                            [first_state.0, second_state.0],
                            [first_state.1, second_state.1],
                        ],
                    };
                    *part = self.block(block, [scale, second], of, rule.as_ref());
                },
            );
        let mut sum = Part::default();
        parts.iter().for_each(|part| sum.add(part));
        sum
    }
}
