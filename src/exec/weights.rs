//! The passes over parameters whose entries are independent of each other. All of a pass is done to one
//! block of entries before the next, so that a block stays in cache and each array is read and written
//! once: with E entries in float32, about 32·E bytes for a draw and 48·E for the gradient.
//!
//! ```text
//! draw      rho → scale;  ε;  loc, scale, ε → what the estimator's passes read
//! gradient  d_loc = d_first;  d_scale by the estimator;  both += the term's;  d_rho = d_scale · slope(rho)
//! ```

use super::buffers::Part;
use super::collect::{Posterior, Priced, part};
use super::{BLOCK, Interpreter, Number};
use crate::kl::Entries;
use crate::plan::{Family, Plan, TensorPlan};
use crate::posterior::{chain, scales};
use crate::tensor::Stream;
use crate::tensor::simd::each;
use rayon::prelude::*;

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

impl<T: Number> Interpreter<T> {
    /// Draws a parameter: its scales, where they are `stale`, its ε, and what its estimator makes of them.
    pub(super) fn draw_entries(&mut self, tensor: &TensorPlan, source: Source, stale: bool) {
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
        blocks.for_each(|(block, ((scale, noise), (first, also)))| {
            let start = block * BLOCK;
            let range = start..start + scale.len();
            if let (Some(transform), true) = (transform, stale) {
                scales(transform, &rho[range.clone()], scale);
            }
            match &source {
                Source::None => {}
                Source::Stream(stream) => tensor.law().fill(stream, start, noise),
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
    pub(super) fn collect_entries(
        &mut self,
        tensor: &TensorPlan,
        term: Option<&Priced<T>>,
        sample: Sample,
    ) -> Part {
        let estimate = T::estimate(tensor.estimator);
        let variables = &self.variables[tensor.variables.clone()];
        let (loc, rho) = variables.split_at(tensor.loc.len());
        let buffers = &mut self.buffers;
        let entries = tensor.entries.clone();
        let transform = match tensor.family {
            Family::Independent { transform, .. } => Some(transform),
            _ => None,
        };
        let of = Posterior {
            loc,
            scale: match transform {
                Some(_) => &buffers.scale[entries.clone()],
                None => &[],
            },
            noise: &buffers.noise[tensor.noise.clone()],
        };
        let (d_first, d_second) = (
            &buffers.d_first[entries.clone()],
            &buffers.d_second[entries],
        );
        let gradient = &mut self.gradient[tensor.variables.clone()];
        let (d_loc, d_rho) = gradient.split_at_mut(loc.len());
        let work = |block: usize, d_loc: &mut [T], d_rho: &mut [T], part_of: &mut Part| {
            let range = block * BLOCK..block * BLOCK + d_loc.len();
            let entries = Entries {
                loc: &of.loc[range.clone()],
                scale: part(of.scale, range.clone()),
                noise: part(of.noise, range.clone()),
            };
            let (d_first, d_second) = (&d_first[range.clone()], &d_second[range.clone()]);
            if sample.first {
                d_loc.copy_from_slice(d_first);
                d_rho.fill(T::zero());
            } else {
                each(
                    d_loc,
                    [d_first],
                    #[inline(always)]
                    |d_loc, [d]| *d_loc += d,
                );
            }
            if let Some(transform) = transform {
                let (scale, noise) = (entries.scale, entries.noise);
                estimate.scale_gradient(scale, noise, d_first, d_second, d_rho);
                if let Some(term) = term {
                    *part_of = term.part(entries, d_loc, d_rho);
                }
                if sample.last {
                    chain(transform, &rho[range], d_rho);
                }
            } else if let Some(term) = term {
                *part_of = term.part(entries, d_loc, &mut []);
            }
        };
        let parts = &mut buffers.parts[..loc.len().div_ceil(BLOCK)];
        parts.fill(Part::default());
        let blocks = d_loc.par_chunks_mut(BLOCK).zip(parts.par_iter_mut());
        match transform {
            Some(_) => blocks
                .zip(d_rho.par_chunks_mut(BLOCK))
                .enumerate()
                .for_each(|(block, ((d_loc, part), d_rho))| work(block, d_loc, d_rho, part)),
            None => blocks
                .enumerate()
                .for_each(|(block, (d_loc, part))| work(block, d_loc, &mut [], part)),
        }
        // in their order
        let mut sum = Part::default();
        parts.iter().for_each(|part| sum.add(part));
        sum
    }
}
