//! Draws of the weights themselves, for predictions. Training's estimators give each example of a minibatch
//! weights, or pre-activations, of its own; a prediction is averaged over functions, and a function has one set of
//! weights for all inputs.

use super::super::{BLOCK, Kernels, Number};
use super::draw::fill;
use super::entries::keeps_second;
use super::{Cached, Variational};
use crate::estimator::REPARAMETERIZATION;
use crate::ir::{Handle, Tensor};
use crate::plan::{DrawKind, Family, Graph, TensorPlan};
use crate::posterior::Transform;
use crate::tensor::{Share, Stream};
use rayon::prelude::*;

impl<T: Number> Variational<T> {
    /// Draws every parameter whole, as [`Plan::prediction_graph`](crate::plan::Plan::prediction_graph) reads them.
    /// The streams are those of [`Variational::draw`], so that with `reparameterization` the weights are those of a
    /// training step of the same number.
    pub fn draw_weights(&mut self, seed: u64, step: u64) {
        if self.kept_draws.take((seed, step), &mut self.first) {
            self.draw_numbers();
            return;
        }
        let plan = self.plan.clone();
        for (handle, tensor) in plan.tensors.iter() {
            let stream = stream(seed, step, handle, DrawKind::Noise);
            match tensor.family {
                Family::Variational { .. } => {
                    let noise = &mut self.noise[tensor.noise.clone()];
                    fill(DrawKind::Noise, tensor, &stream, noise);
                    self.draw_whole(tensor);
                }
                Family::Independent { transform, .. } => {
                    let stale = self.cached[handle] != Cached::All;
                    self.sample_entries(tensor, transform, &stream, stale);
                    if stale && self.entrywise[handle] {
                        self.cached[handle] = Cached::All;
                    }
                }
                Family::Point if tensor.is_constant() => {}
                Family::Point => self.first[tensor.entries.clone()]
                    .copy_from_slice(&self.variables[tensor.loc.clone()]),
            }
        }
        for (handle, tensor) in plan.tensors.iter() {
            if let Some(factors) = tensor.factors {
                let [r, s] = factors.map(|factor| self.drawn(factor).to_vec());
                self.multiply_channels(tensor, &r, &s);
            } else if tensor.mask.is_some() {
                let stream = stream(seed, step, handle, DrawKind::Mask);
                let axes = &plan.model.tensors[handle].shape.0;
                let mut mask = vec![T::zero(); axes[axes.len() - 2]];
                fill(DrawKind::Mask, tensor, &stream, &mut mask);
                self.multiply_channels(tensor, &mask, &vec![T::one(); axes[axes.len() - 1]]);
            }
        }
        self.draw_numbers();
    }

    /// From now on [`Variational::draw_weights`] keeps draws of up to `most` numbers in all, until variables change.
    pub fn keep_draws(&mut self, most: usize) {
        self.kept_draws.keep(most);
    }

    /// The weights of the last [`Variational::draw_weights`], for the network `graph`.
    pub fn weights<'a>(&'a self, graph: &'a Graph) -> Kernels<'a, T> {
        Kernels {
            graph,
            variables: &self.variables,
            first: &self.first,
            second: &[],
            example_wise: &self.shared_weights,
            numbers: &self.numbers,
        }
    }

    /// One draw of a parameter of independent entries, block by block; and its scales, if these are `stale`, with
    /// what training's estimator makes of them.
    fn sample_entries(
        &mut self,
        tensor: &TensorPlan,
        transform: Transform,
        stream: &Stream,
        stale: bool,
    ) {
        let (loc, rho) = (
            &self.variables[tensor.loc.clone()],
            &self.variables[tensor.rho()],
        );
        let [draws, trains] = [REPARAMETERIZATION, tensor.estimator].map(T::estimate);
        let second = keeps_second(tensor);
        let entries = tensor.entries.clone();
        let scale = self.scale[entries.clone()].par_chunks_mut(BLOCK);
        let arrays = self.first[entries.clone()].par_chunks_mut(BLOCK);
        let arrays = arrays.zip(self.second[entries].par_chunks_mut(BLOCK));
        let blocks = scale.zip(arrays).enumerate();
        blocks.share_with(
            || [T::zero(); BLOCK],
            |noise, (block, (scale, (w, also)))| {
                let start = block * BLOCK;
                let (range, noise) = (start..start + w.len(), &mut noise[..w.len()]);
                let loc = &loc[range.clone()];
                if stale {
                    T::scales(transform, &rho[range], scale);
                    if second {
                        trains.prepare(loc, scale, &[], &mut [], also);
                    }
                }
                T::fill(tensor.law(), stream, start, noise);
                draws.prepare(loc, scale, noise, w, &mut []);
            },
        );
    }

    /// A parameter at the last [`Variational::draw_weights`].
    pub fn drawn(&self, handle: Handle<Tensor>) -> &[T] {
        let tensor = &self.plan.tensors[handle];
        match tensor.is_constant() {
            true => &self.variables[tensor.loc.clone()],
            false => &self.first[tensor.entries.clone()],
        }
    }

    /// Multiplies a kernel's input channels with `r` and its output channels with `s`.
    fn multiply_channels(&mut self, tensor: &TensorPlan, r: &[T], s: &[T]) {
        let rows = self.first[tensor.entries.clone()].par_chunks_exact_mut(s.len());
        rows.enumerate().share(|(row, w)| {
            let r = r[row % r.len()];
            for (w, &s) in w.iter_mut().zip(s) {
                *w = *w * r * s;
            }
        });
    }
}

fn stream(seed: u64, step: u64, handle: Handle<Tensor>, kind: DrawKind) -> Stream {
    Stream::new(seed, step, handle.index() as u32, kind as u32)
}
