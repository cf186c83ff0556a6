//! The passes over parameters whose entries are independent of each other. All of a pass is done to one
//! block of entries before the next, so that a block stays in cache and each array is read and written
//! once. With E entries in float32 and reparameterization these are 16·E bytes for a draw whose scales are
//! there, and 64·E for the gradient with Adam's step.
//!
//! ```text
//! draw      rho → scale, unless it, or all that is wanted of it, is there;  ε;  loc, scale, ε → what the estimator reads
//! gradient  d_loc = d_first;  d_scale by the estimator;  both += the term's;  d_rho = d_scale · slope(rho, scale)
//! ```
//!
//! For the commonest of models and optimizers [`FusedUpdate`] does a training step's second pass entry by entry.

use super::buffers::Part;
use super::collect::{Priced, part};
use super::{BLOCK, Interpreter, Number};
use crate::fused_update::{self, FusedUpdate};
use crate::kl::Entries;
use crate::optimizer::{self, Rule, SLOTS, Step};
use crate::plan::{Family, Plan, TensorPlan};
use crate::tensor::{Share, Stream, blocks};
use rayon::prelude::*;
use std::ops::Range;

/// Where a parameter's ε are from.
pub(super) enum Source<'a> {
    /// Nobody asks for them.
    None,
    /// Drawn.
    Stream(Stream),
    /// Given from outside.
    Given(&'a [f64]),
}

/// Which of a step's samples of the weights.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    /// Whether gradients start with it.
    pub first: bool,
    /// Whether gradients end with it.
    pub last: bool,
}

/// What of a parameter's scales is that of its variables as they are now: of one that
/// [`Interpreter::collect_entries`] takes. Of another, at each draw they are made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// Nothing until the next draw.
    Nothing,
    /// What the estimator makes of them alone, not they themselves.
    Second,
    /// They, and what the estimator makes of them alone.
    All,
}

/// Which parameters [`Interpreter::collect_entries`] takes: those of independent entries or of none at
/// all, whose prior is that of w itself, and that no other's prior depends on.
pub(super) fn collected_by_entries(plan: &Plan) -> Vec<bool> {
    let model = &plan.model;
    let plain = |(index, tensor): (usize, &TensorPlan)| {
        let role = model.tensors.iter().nth(index).map(|(_, t)| t.role);
        let variational = matches!(tensor.family, Family::Variational { .. });
        !variational && !tensor.frame.is_some() && !role.is_some_and(|role| role.is_of_others())
    };
    plan.tensors.iter().enumerate().map(plain).collect()
}

/// The ranges of variables of the other parameters, and of numbers that are no parameter's.
pub(super) fn apart(plan: &Plan, by_entries: &[bool]) -> Vec<Range<usize>> {
    let mut taken: Vec<Range<usize>> = plan
        .tensors
        .iter()
        .zip(by_entries)
        .filter(|(_, by_entries)| **by_entries)
        .map(|(tensor, _)| tensor.variables.clone())
        .collect();
    taken.sort_by_key(|range| range.start);
    let (mut apart, mut from) = (Vec::new(), 0);
    for range in taken {
        if from < range.start {
            apart.push(from..range.start);
        }
        from = from.max(range.end);
    }
    if from < plan.trainable() {
        apart.push(from..plan.trainable());
    }
    apart
}

/// Whether what the estimator prepares is made of scales alone: it holds for as long as they do.
fn prepared_from_scales(tensor: &TensorPlan) -> bool {
    tensor.estimator.first_is_loc() && !tensor.draws.noise
}

impl<T: Number> Interpreter<T> {
    /// Draws a parameter: its scales, where they and what is made of them are `stale`, its ε, and what its
    /// estimator makes of them.
    pub(super) fn draw_entries(&mut self, tensor: &TensorPlan, source: Source, stale: bool) {
        if !stale && prepared_from_scales(tensor) {
            return;
        }
        let estimate = T::estimate(tensor.estimator);
        let [loc, rho] = [tensor.loc.clone(), tensor.rho()].map(|range| {
            let random = range.end <= tensor.variables.end;
            if random { &self.variables[range] } else { &[] }
        });
        let transform = match tensor.family {
            Family::Independent { transform, .. } => Some(transform),
            _ => None,
        };
        let buffers = &mut self.buffers;
        let (drawn, second) = (
            !tensor.estimator.first_is_loc(),
            tensor.estimator.has_second(),
        );
        let entries = tensor.entries.clone();
        let scale = buffers.scale[entries.clone()].par_chunks_mut(BLOCK);
        let noise = buffers.noise[tensor.noise.clone()].par_chunks_mut(BLOCK);
        let arrays = buffers.first[entries.clone()].par_chunks_mut(BLOCK);
        let arrays = arrays.zip(buffers.second[entries].par_chunks_mut(BLOCK));
        let blocks = scale.zip(noise).zip(arrays).enumerate();
        blocks.share(|(block, ((scale, noise), (first, also)))| {
            let start = block * BLOCK;
            let range = start..start + scale.len();
            if let (Some(transform), true) = (transform, stale) {
                T::scales(transform, &rho[range.clone()], scale);
            }
            match &source {
                Source::None => {}
                Source::Stream(stream) => T::fill(tensor.law(), stream, start, noise),
                Source::Given(given) => {
                    let given = given[range.clone()].iter();
                    noise
                        .iter_mut()
                        .zip(given)
                        .for_each(|(to, &x)| *to = T::of(x));
                }
            }
            let first = if drawn { first } else { &mut [] };
            let also = if second { also } else { &mut [] };
            estimate.prepare(&loc[range], scale, noise, first, also);
        });
    }

    /// Adds a sample's gradients by the draw to those by the variables; with those of the parameter's
    /// term where it is taken at each draw, or this is the last. Returns the term's value and its
    /// derivatives by the prior's parameters, if there is one to take.
    ///
    /// With a `step` the variables are moved, too, block by block: their gradient is written down only
    /// where several samples add up to it; what the estimator left of one sample's is overwritten. While a block
    /// is in cache its scales are made anew, and what is made of them alone: the next draw need not. Where the
    /// latter tell the scales ([`FusedUpdate::reads_squares`]) these are not written down. A parameter with a gradient
    /// that is not finite goes to `not_finite`.
    pub(super) fn collect_entries(
        &mut self,
        index: usize,
        term: Option<&Priced<T>>,
        sample: Sample,
        step: Option<&mut Step<T>>,
        not_finite: &mut Vec<Range<usize>>,
    ) -> Part {
        let plan = self.plan.clone();
        let tensor = &plan.tensors[index];
        let slope = tensor.estimator.slope();
        let transform = match tensor.family {
            Family::Independent { transform, .. } => Some(transform),
            _ => None,
        };
        let buffers = &mut self.buffers;
        let entries = tensor.entries.clone();
        let (scale, noise) = match transform {
            Some(_) => (
                &mut buffers.scale[entries.clone()],
                &buffers.noise[tensor.noise.clone()],
            ),
            None => (&mut [][..], &[][..]),
        };
        let second = match tensor.estimator.has_second() && prepared_from_scales(tensor) {
            true => &mut buffers.second[entries.clone()],
            false => &mut [][..],
        };
        let estimate = T::estimate(tensor.estimator);
        let has_second = tensor.estimator.has_second();
        let d_second = has_second.then_some(&buffers.d_second[entries.clone()]);
        // Of one sample's gradient nothing is kept: that by loc is made in place, and each worker has room
        // for a block of that by rho.
        let alone = step.is_some() && sample.first;
        let fused = match step.as_deref() {
            Some(Step { rule, .. }) if sample.first && sample.last => FusedUpdate::find(
                slope,
                !second.is_empty(),
                transform,
                term.and_then(Priced::integrand),
                rule,
            ),
            _ => None,
        };
        let of_second = fused.as_ref().is_some_and(FusedUpdate::reads_squares);
        let stale = !of_second && self.made[index] == Made::Second;
        if of_second {
            self.made[index] = Made::Second;
        } else if stale || step.is_some() {
            self.made[index] = Made::All;
        }
        let work = |block: usize, made: [&mut [T]; 2], of: Block<T>, rule: Option<&Rule<T>>| {
            let range = block * BLOCK..block * BLOCK + of.variables[0].len();
            let noise = part(noise, range.clone());
            let d_second = d_second.map(|d| &d[range]);
            let [scale, second] = made;
            if let Some(fused) = &fused {
                let made = if of_second { second } else { scale };
                let outcome = T::fused(
                    fused,
                    fused_update::Block {
                        scales: made,
                        noise,
                        d_first: of.d_first,
                        d_second,
                        variables: of.variables,
                        state: of.state,
                    },
                );
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
            if let (Some(transform), true) = (transform, stale) {
                T::scales(transform, rho, scale);
            }
            let d_first = &mut d_first[..loc.len()];
            let entries = Entries {
                loc,
                scale: &*scale,
                noise,
            };
            if sample.first {
                d_rho.fill(T::zero());
            }
            if let (Some(_), Some(slope)) = (transform, slope) {
                T::add_slope(slope, d_second.unwrap_or(d_first), scale, noise, d_rho);
            }
            let d_loc = match (alone, sample.first) {
                (true, _) => d_first,
                (false, true) => {
                    d_loc.copy_from_slice(d_first);
                    d_loc
                }
                (false, false) => {
                    T::add_to(d_loc, d_first);
                    d_loc
                }
            };
            let mut of_block = Part::default();
            if let Some(transform) = transform {
                if let Some(term) = term {
                    of_block = term.part(entries, d_loc, d_rho);
                }
                if sample.last {
                    T::chain(transform, rho, scale, d_rho);
                }
            } else if let Some(term) = term {
                of_block = term.part(entries, d_loc, &mut []);
            }
            if let Some(rule) = rule {
                let finite = rule.update(loc, d_loc, loc_state);
                of_block.finite = rule.update(rho, d_rho, rho_state) && finite;
                if let Some(transform) = transform {
                    T::scales(transform, rho, scale);
                    if !second.is_empty() {
                        estimate.prepare(loc, scale, &[], &mut [], second);
                    }
                }
            }
            of_block
        };
        let count = entries.len().div_ceil(BLOCK);
        let variables = &mut self.variables[tensor.variables.clone()];
        let (loc, rho) = variables.split_at_mut(tensor.loc.len());
        let variables = blocks(loc, BLOCK, count).zip(blocks(rho, BLOCK, count));
        let parts = &mut buffers.parts[..count];
        let d_first = buffers.d_first[entries].par_chunks_mut(BLOCK);
        let gradient = match alone {
            true => &mut [][..],
            false => &mut self.gradient[tensor.variables.clone()],
        };
        let (d_loc, d_rho) = gradient.split_at_mut(tensor.loc.len().min(gradient.len()));
        let gradient = blocks(d_loc, BLOCK, count).zip(blocks(d_rho, BLOCK, count));
        let mut none: [&mut [T]; SLOTS] = Default::default();
        let (rule, state) = match step {
            Some(Step { rule, state }) => (Some(&*rule), state),
            None => (None, &mut none),
        };
        let [first_state, second_state] = optimizer::part(state, &tensor.variables).map(|slot| {
            let (loc, rho) = slot.split_at_mut(tensor.loc.len().min(slot.len()));
            blocks(loc, BLOCK, count).zip(blocks(rho, BLOCK, count))
        });
        let made = blocks(scale, BLOCK, count).zip(blocks(second, BLOCK, count));
        parts
            .par_iter_mut()
            .zip(made)
            .zip(variables.zip(d_first.zip(gradient)))
            .zip(first_state.zip(second_state))
            .enumerate()
            .share_with(
                || [T::zero(); BLOCK],
                |own, (block, (((part, (scale, second)), (variables, gradient)), state))| {
                    let ((loc, rho), (d_first, (d_loc, d_rho))) = (variables, gradient);
                    let (first_state, second_state) = state;
                    let d_rho = match alone {
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
                    *part = work(block, [scale, second], of, rule);
                },
            );
        // in their order
        let mut sum = Part::default();
        parts.iter().for_each(|part| sum.add(part));
        if !sum.finite {
            not_finite.push(tensor.variables.clone());
        }
        sum
    }
}

/// What a pass changes of a block: loc and rho (empty where there is none), each with its gradient and the
/// optimizer's state, and the sample's gradient by the first of the estimator's arrays.
pub(super) struct Block<'a, T> {
    pub variables: [&'a mut [T]; 2],
    pub d_first: &'a mut [T],
    pub gradient: [&'a mut [T]; 2],
    pub state: [[&'a mut [T]; SLOTS]; 2],
}
