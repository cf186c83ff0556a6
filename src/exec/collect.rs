//! From the gradients by what estimators prepared to those by the variables, and the terms over the
//! weights.

use super::{BLOCK, Interpreter, Number};
use crate::estimator::Estimate;
use crate::ir::{Handle, Leaf, Model, Scalar, Tensor};
use crate::kl::{Entries, Gradients};
use crate::posterior::scale_slope;
use crate::tensor::simd;
use rayon::prelude::*;

/// The most parameters a prior has.
const PRIOR: usize = 16;

/// Its prior's numbers.
fn prior_scalars(model: &Model, tensor: Handle<Tensor>) -> &[Scalar] {
    &model.tensors[tensor]
        .prior
        .as_ref()
        .expect("a term has a prior")
        .parameters
}

impl<T: Number> Interpreter<T> {
    /// A learned number, or a latent variable at the draw at hand.
    pub(super) fn leaf(&self, leaf: Leaf) -> f64 {
        match leaf {
            Leaf::Learned(learned) => {
                let learned = &self.plan.learned[learned.index()];
                learned.value(self.variables[learned.place].wide())
            }
            Leaf::Latent(latent) => {
                let entry = self.plan.tensors[latent.index()].entries.start;
                self.buffers.first[entry].wide()
            }
        }
    }

    /// Carries a gradient by a number on to what the number is made of.
    pub(super) fn add_to_leaves(&mut self, scalar: &Scalar, d: f64) {
        let mut found = Vec::new();
        scalar.gradient(&|leaf| self.leaf(leaf), d, &mut |leaf, d| {
            found.push((leaf, d))
        });
        for (leaf, d) in found {
            match leaf {
                Leaf::Learned(learned) => self.buffers.d_learned[learned.index()] += d,
                Leaf::Latent(latent) => {
                    let entry = self.plan.tensors[latent.index()].entries.start;
                    self.buffers.d_first[entry] += T::of(d);
                }
            }
        }
    }

    /// Adds one sample's gradients by loc and scale.
    pub(super) fn collect_sample(&mut self) {
        let plan = self.plan.clone();
        for tensor in &plan.tensors {
            let buffers = &self.buffers;
            let entries = tensor.entries.clone();
            let estimate: &dyn Estimate<T> = T::estimate(tensor.estimator);
            let gradient = &mut self.gradient[tensor.loc.start..tensor.end()];
            let (d_loc, d_scale) = gradient.split_at_mut(tensor.loc.len());
            let d_first = buffers.d_first[entries.clone()].par_chunks(BLOCK);
            d_loc
                .par_chunks_mut(BLOCK)
                .zip(d_first)
                .for_each(|(d_loc, d_first)| {
                    d_loc
                        .iter_mut()
                        .zip(d_first)
                        .for_each(|(d_loc, &d)| *d_loc += d);
                });
            let (scale, noise) = (
                &buffers.scale[entries.clone()],
                &buffers.noise[entries.clone()],
            );
            let (d_first, d_second) = (
                &buffers.d_first[entries.clone()],
                &buffers.d_second[entries],
            );
            let by = scale.par_chunks(BLOCK).zip(noise.par_chunks(BLOCK));
            let by = by.zip(d_first.par_chunks(BLOCK).zip(d_second.par_chunks(BLOCK)));
            d_scale.par_chunks_mut(BLOCK).zip(by).for_each(
                |(d_scale, ((scale, noise), (d_first, d_second)))| {
                    estimate.scale_gradient(scale, noise, d_first, d_second, d_scale);
                },
            );
        }
    }

    /// The terms that are taken at a draw, at the one at hand, each 1/`samples` of its value. Before
    /// [`Interpreter::collect_sample`], which carries on what they add to the gradients by draws.
    pub(super) fn collect_at_draw(&mut self, samples: usize, scales: &[f64], values: &mut [f64]) {
        self.collect(scales, values, samples, true);
    }

    /// The terms that need no sample.
    pub(super) fn collect_terms(&mut self, scales: &[f64], values: &mut [f64]) {
        self.collect(scales, values, 1, false);
    }

    fn collect(&mut self, scales: &[f64], values: &mut [f64], samples: usize, per_draw: bool) {
        let plan = self.plan.clone();
        for (index, term) in plan.model.loss.terms.iter().enumerate() {
            let (Some(computed), Some(of)) = (&plan.terms[index], term.kind.tensor()) else {
                continue;
            };
            if computed.per_draw != per_draw {
                continue;
            }
            let tensor = &plan.tensors[of.index()];
            let scalars = prior_scalars(&plan.model, of);
            let mut prior = [T::zero(); PRIOR];
            let prior = &mut prior[..scalars.len()];
            for (value, scalar) in prior.iter_mut().zip(scalars) {
                *value = T::of(scalar.value(&|leaf| self.leaf(leaf)));
            }
            let prior = &*prior;
            // Where no number of the prior is trained, its gradient is not asked for.
            let trained = scalars.iter().any(|scalar| scalar.fixed().is_none());
            let wanted = if trained { prior.len() } else { 0 };
            let weight = T::of(scales[index] / samples as f64);
            let gradient = &mut self.gradient[tensor.loc.start..tensor.end()];
            let (d_loc, d_scale) = gradient.split_at_mut(tensor.loc.len());
            let entries = tensor.entries.clone();
            let loc = &self.variables[tensor.loc.clone()];
            let (scale, noise) = (
                &self.buffers.scale[entries.clone()],
                &self.buffers.noise[entries],
            );
            let computation = T::term(&*computed.computation);
            let blocks = loc.len().div_ceil(BLOCK);
            // A point estimate has no scale: its blocks are empty slices.
            let d_scales: Vec<&mut [T]> = if tensor.random {
                d_scale.chunks_mut(BLOCK).collect()
            } else {
                (0..blocks).map(|_| &mut [][..]).collect()
            };
            let parts: Vec<(f64, [f64; PRIOR])> = d_loc
                .par_chunks_mut(BLOCK)
                .zip(d_scales)
                .enumerate()
                .map(|(block, (d_loc, d_scale))| {
                    let range = block * BLOCK..block * BLOCK + d_loc.len();
                    let entries = Entries {
                        loc: &loc[range.clone()],
                        scale: if d_scale.is_empty() {
                            &[]
                        } else {
                            &scale[range.clone()]
                        },
                        noise: if d_scale.is_empty() {
                            &[]
                        } else {
                            &noise[range]
                        },
                    };
                    let mut d_prior = [0.0; PRIOR];
                    let gradients = Gradients {
                        loc: d_loc,
                        scale: d_scale,
                        prior: &mut d_prior[..wanted],
                    };
                    let value = computation.accumulate(entries, prior, weight, gradients);
                    (value, d_prior)
                })
                .collect();
            let mut total = [0.0; PRIOR];
            for (value, d_prior) in parts {
                values[index] += value / samples as f64;
                total
                    .iter_mut()
                    .zip(d_prior)
                    .for_each(|(total, d)| *total += d);
            }
            for (d, scalar) in total.into_iter().zip(scalars) {
                self.add_to_leaves(scalar, d);
            }
        }
    }

    /// Turns gradients by scale into gradients by rho, and those by learned numbers into those by
    /// their variables.
    pub(super) fn chain(&mut self) {
        let plan = self.plan.clone();
        for tensor in plan.tensors.iter().filter(|t| t.random) {
            let rho = &self.variables[tensor.rho()];
            let gradient = &mut self.gradient[tensor.rho()];
            gradient
                .par_chunks_mut(BLOCK)
                .zip(rho.par_chunks(BLOCK))
                .for_each(|(gradient, rho)| {
                    simd::dispatch(
                        #[inline(always)]
                        || {
                            gradient
                                .iter_mut()
                                .zip(rho)
                                .for_each(|(gradient, &rho)| *gradient *= scale_slope(rho))
                        },
                    );
                });
        }
        for (learned, &d) in plan.learned.iter().zip(&self.buffers.d_learned) {
            let slope = learned.slope(self.variables[learned.place].wide());
            self.gradient[learned.place] = T::of(d * slope);
        }
    }
}
