//! Initial values, and the random draws of a step.

use super::weights::{Made, Source};
use super::{BLOCK, Draw, Interpreter, Number};
use crate::distribution::Law;
use crate::estimator::NoiseSource;
use crate::plan::{DrawKind, Family, TensorPlan};
use crate::tensor::simd::SHARE;
use crate::tensor::{Share, Stream};
use rayon::prelude::*;

/// Uses of random numbers: the last part of a stream's key. Draw kinds take the first eight for
/// the first sample of the weights, the next eight for the second, and so on.
const USES: u32 = 8;
/// The use of initial values.
const INITIAL: u32 = 7;

/// Fills `out` in parallel blocks; `fill` is told where a block starts.
fn in_blocks<T: Number>(out: &mut [T], fill: impl Fn(usize, &mut [T]) + Sync) {
    out.par_chunks_mut(BLOCK)
        .enumerate()
        .share(|(block, out)| fill(block * BLOCK, out));
}

impl<T: Number> Interpreter<T> {
    /// Sets every variable by its initialiser, or by what it is given to start with.
    pub fn initialize(&mut self, seed: u64) {
        self.made.fill(Made::Nothing);
        for (index, variable) in self.plan.variables.iter().enumerate() {
            let out = &mut self.variables[variable.range.clone()];
            if let Some(given) = &variable.given {
                let entries = out.iter_mut().zip(given.iter());
                entries.for_each(|(out, &given)| *out = T::of(given));
                continue;
            }
            let stream = Stream::new(seed, 0, index as u32, INITIAL);
            variable.initializer.fill(&variable.shape, &stream, out);
        }
    }

    /// The marginal scales of families that draw whole tensors; those of others belong to the draw.
    pub(super) fn scales(&mut self) {
        for tensor in &self.plan.tensors {
            if let Family::Variational { family, at } = tensor.family {
                let scale = &mut self.buffers.scale[tensor.entries.clone()];
                let values = &self.variables[tensor.variables.clone()];
                T::variational(family).marginal_scales(&at, values, scale);
            }
        }
    }

    /// Draws sample number `sample` of the step: noise and signs, and what estimators make of them.
    pub(super) fn draw(&mut self, draw: &Draw, sample: usize, examples: usize) {
        let plan = self.plan.clone();
        for (index, tensor) in plan.tensors.iter().enumerate() {
            let whole = matches!(tensor.family, Family::Variational { .. });
            let mut source = Source::None;
            let stream = |kind: DrawKind| {
                Stream::new(
                    draw.seed,
                    draw.step,
                    index as u32,
                    sample as u32 * USES + kind as u32,
                )
            };
            for (kind, shape) in plan.draws_of(index, examples) {
                let kept = self.buffers.draws.contains_key(&(index, kind));
                let out = match kind {
                    DrawKind::ExampleNoise | DrawKind::Activation if !kept => {
                        let law = match kind {
                            DrawKind::Activation => Law::Normal,
                            _ => tensor.law(),
                        };
                        let source = match draw.given {
                            None => NoiseSource::Stream(stream(kind), law),
                            Some(given) => {
                                let given = &given[&plan.draw_name(index, kind)];
                                let given = &given[sample * shape.len()..][..shape.len()];
                                NoiseSource::Given(given.iter().map(|&x| T::of(x)).collect())
                            }
                        };
                        let width = shape.0[1..].iter().product();
                        self.buffers.sources.insert(index, (source, width));
                        continue;
                    }
                    DrawKind::Noise if !whole => {
                        source = match draw.given {
                            None => Source::Stream(stream(kind)),
                            Some(given) => {
                                let given = &given[&plan.draw_name(index, kind)];
                                Source::Given(&given[sample * shape.len()..][..shape.len()])
                            }
                        };
                        continue;
                    }
                    DrawKind::Noise => &mut self.buffers.noise[tensor.noise.clone()],
                    _ => &mut self
                        .buffers
                        .draws
                        .get_mut(&(index, kind))
                        .expect("a buffer for each draw")[..shape.len()],
                };
                if let Some(given) = draw.given {
                    let name = plan.draw_name(index, kind);
                    let given = &given[&name][sample * shape.len()..];
                    out.iter_mut()
                        .zip(given)
                        .for_each(|(out, &given)| *out = T::of(given));
                    continue;
                }
                let stream = stream(kind);
                match kind {
                    DrawKind::Noise | DrawKind::ExampleNoise => {
                        let law = tensor.law();
                        in_blocks(out, |start, out| T::fill(law, &stream, start, out))
                    }
                    DrawKind::Activation => {
                        in_blocks(out, |start, out| stream.fill_normal(start, out))
                    }
                    DrawKind::SignIn | DrawKind::SignOut => {
                        in_blocks(out, |start, out| stream.fill_signs(start, out))
                    }
                    DrawKind::Mask => {
                        let rate = tensor.mask.map_or(0.0, |mask| mask.rate);
                        in_blocks(out, |start, out| {
                            let mut uniform = vec![0.0; out.len()];
                            stream.fill_uniform(start, &mut uniform);
                            for (out, u) in out.iter_mut().zip(uniform) {
                                *out = T::of(if u < rate { 0.0 } else { 1.0 });
                            }
                        });
                    }
                }
            }
            self.share_mask(index, tensor);
            match whole {
                true => self.draw_whole(tensor),
                false => {
                    let stale = sample == 0 && self.made[index] == Made::Nothing;
                    self.draw_entries(tensor, source, stale);
                    if stale && self.by_entries[index] {
                        self.made[index] = Made::All;
                    }
                }
            }
            self.bias_rows(index, tensor, examples);
        }
    }

    /// Makes the noise of outputs that else is made when it is wanted, for a draw that serves several batches.
    pub(super) fn hold_activation_noise(&mut self, examples: usize) {
        let plan = self.plan.clone();
        for (&index, (source, width)) in &mut self.buffers.sources {
            if let (NoiseSource::Stream(stream, law), true) =
                (&*source, plan.tensors[index].draws.activation)
            {
                let mut all = vec![T::zero(); examples * *width];
                in_blocks(&mut all, |start, out| T::fill(*law, stream, start, out));
                *source = NoiseSource::Given(all);
            }
        }
    }

    /// A mask that all examples share, in the row of each.
    fn share_mask(&mut self, index: usize, tensor: &TensorPlan) {
        if tensor.mask.is_some_and(|mask| !mask.per_example) {
            let mask = self.buffers.draws.get_mut(&(index, DrawKind::Mask));
            let rows = mask.expect("a buffer for each draw");
            let channels = rows.len() / self.batch;
            let (row, rest) = rows.split_at_mut(channels);
            rest.chunks_exact_mut(channels)
                .for_each(|other| other.copy_from_slice(row));
        }
    }

    /// A draw of a family that draws whole tensors, from its noise.
    fn draw_whole(&mut self, tensor: &TensorPlan) {
        if let Family::Variational { family, at } = tensor.family {
            let buffers = &mut self.buffers;
            let values = &self.variables[tensor.variables.clone()];
            let noise = &buffers.noise[tensor.noise.clone()];
            let w = &mut buffers.first[tensor.entries.clone()];
            T::variational(family).draw(&at, values, noise, w);
        }
    }

    /// The bias that each example adds, if the parameter is a bias.
    fn bias_rows(&mut self, index: usize, tensor: &TensorPlan, examples: usize) {
        let buffers = &mut self.buffers;
        let Some(rows) = buffers.bias_rows.get_mut(&index) else {
            return;
        };
        let shared = super::forward::Shared {
            plan: &self.plan,
            variables: &self.variables,
            first: &buffers.first,
            second: &buffers.second,
            draws: &buffers.draws,
            sources: &buffers.sources,
            bias_rows: &Default::default(),
            inputs: &[],
            keep: true,
            timed: false,
        };
        let width = tensor.entries.len();
        let at_once = (SHARE / width).max(1);
        let shares = rows[..examples * width].par_chunks_mut(at_once * width);
        shares.enumerate().share(|(at, rows)| {
            let (start, count) = (at * at_once, rows.len() / width);
            let draws = shared.draws(index, self.batch, start, count);
            let estimate = shared.estimate(index);
            estimate.bias_rows(shared.kernel(index), draws, rows);
        });
    }
}
