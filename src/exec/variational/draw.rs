//! The random draws of a step, and what estimators make of them.

use super::super::{BLOCK, Draw, Number};
use super::entries::prepared_from_scales;
use super::{Cached, Variational};
use crate::distribution::Law;
use crate::estimator::NoiseSource;
use crate::ir::{Argument, Handle, Tensor};
use crate::plan::{self, DrawKind, Family, TensorDraw, TensorPlan};
use crate::tensor::simd::SHARE;
use crate::tensor::{Share, Stream};
use rayon::prelude::*;

/// The source of a parameter's ε.
enum Source<'a> {
    /// The estimator asks for none.
    None,
    /// Drawn.
    Stream(Stream),
    /// Given from outside.
    Given(&'a [f64]),
}

/// Fills `out` in parallel blocks; `fill` takes the place where a block starts.
fn in_blocks<T: Number>(out: &mut [T], fill: impl Fn(usize, &mut [T]) + Sync) {
    out.par_chunks_mut(BLOCK)
        .enumerate()
        .share(|(block, out)| fill(block * BLOCK, out));
}

fn convert<T: Number>(given: &[f64], out: &mut [T]) {
    let entries = out.iter_mut().zip(given);
    entries.for_each(|(out, &given)| *out = T::of(given));
}

/// Fills the draws of a kind that are kept.
pub fn fill<T: Number>(kind: DrawKind, tensor: &TensorPlan, stream: &Stream, out: &mut [T]) {
    match kind {
        DrawKind::Noise | DrawKind::ExampleNoise => {
            let law = tensor.law();
            in_blocks(out, |start, out| T::fill(law, stream, start, out))
        }
        DrawKind::Activation => in_blocks(out, |start, out| stream.fill_normal(start, out)),
        DrawKind::SignIn | DrawKind::SignOut => {
            in_blocks(out, |start, out| stream.fill_signs(start, out))
        }
        DrawKind::Mask => fill_mask(tensor.mask.map_or(0.0, |mask| mask.rate), stream, out),
    }
}

/// Zeros with a probability of `rate`, ones elsewhere.
fn fill_mask<T: Number>(rate: f64, stream: &Stream, out: &mut [T]) {
    in_blocks(out, |start, out| {
        let mut uniform = [0.0; BLOCK];
        let uniform = &mut uniform[..out.len()];
        stream.fill_uniform(start, uniform);
        for (out, u) in out.iter_mut().zip(uniform) {
            *out = T::of(if *u < rate { 0.0 } else { 1.0 });
        }
    });
}

impl<T: Number> Variational<T> {
    /// The marginal scales of families that draw whole tensors; those of others belong to the draw.
    pub fn scales(&mut self) {
        for tensor in self.plan.tensors.values() {
            if let Family::Variational { family, at } = &tensor.family {
                let scale = &mut self.scale[tensor.entries.clone()];
                let values = &self.variables[tensor.variables.clone()];
                T::variational(&**family).marginal_scales(at, values, scale);
            }
        }
    }

    /// Draws sample number `sample` of the step: noise and signs, and what estimators make of them.
    pub fn draw(&mut self, draw: &Draw, sample: usize, examples: usize) {
        self.kept_draws.forget();
        let plan = self.plan.clone();
        for (handle, tensor) in plan.tensors.iter() {
            let noise = self.random_numbers(draw, sample, handle, examples);
            self.share_mask(handle, tensor);
            match tensor.family {
                Family::Variational { .. } => self.draw_whole(tensor),
                Family::Point | Family::Independent { .. } => {
                    let stale = sample == 0 && self.cached[handle] == Cached::Nothing;
                    self.draw_entries(tensor, noise, stale);
                    if stale && self.entrywise[handle] {
                        self.cached[handle] = Cached::All;
                    }
                }
            }
            self.fill_rows(handle, tensor, examples);
        }
        self.draw_masks(draw, sample, examples);
        self.draw_numbers();
    }

    /// What nodes leave out of each example.
    fn draw_masks(&mut self, draw: &Draw, sample: usize, examples: usize) {
        let plan = self.plan.clone();
        for (node, mask) in plan.masks() {
            let room = self.example_wise.masks.get_mut(&node);
            let out = &mut room.expect("room for each mask")[..examples * mask.len];
            match draw.given {
                Some(given) => {
                    let given = &given[&plan.mask_name(node)];
                    convert(&given[sample * out.len()..], out);
                }
                None => {
                    let key = plan::mask_key(sample);
                    let stream = Stream::new(draw.seed, draw.step, node.index() as u32, key);
                    fill_mask(mask.rate, &stream, out);
                }
            }
        }
    }

    /// The likelihood's arguments that are numbers, at the draw of the latent variables.
    pub(super) fn draw_numbers(&mut self) {
        let mut numbers = std::mem::take(&mut self.numbers);
        let arguments = self.plan.model.arguments();
        let all = arguments.filter_map(Argument::numbers);
        let entries = all.flat_map(|all| (0..all.width).map(|entry| (entry, all.at(entry))));
        for (number, (entry, scalar)) in numbers.iter_mut().zip(entries) {
            *number = T::of(scalar.value(&|leaf| self.leaf(leaf, entry)));
        }
        self.numbers = numbers;
    }

    /// Makes the random numbers of one parameter. Returns the source of its ε, where these are made block by
    /// block.
    fn random_numbers<'d>(
        &mut self,
        draw: &Draw<'d>,
        sample: usize,
        handle: Handle<Tensor>,
        examples: usize,
    ) -> Source<'d> {
        let plan = self.plan.clone();
        let tensor = &plan.tensors[handle];
        let whole = matches!(tensor.family, Family::Variational { .. });
        let mut noise = Source::None;
        for TensorDraw {
            kind,
            of_use,
            shape,
        } in plan.draws_of(handle, examples)
        {
            let given = draw.given.map(|given| {
                let given = &given[&plan.draw_name(handle, kind, of_use)];
                &given[sample * shape.len()..][..shape.len()]
            });
            let key = kind.key(of_use, sample);
            let stream = Stream::new(draw.seed, draw.step, handle.index() as u32, key);
            let kept = self.example_wise.draws.contains_key(&(handle, kind));
            let out = match kind {
                DrawKind::ExampleNoise | DrawKind::Activation if !kept => {
                    let law = match kind {
                        DrawKind::Activation => Law::Normal,
                        _ => tensor.law(),
                    };
                    let source = match given {
                        None => NoiseSource::Stream(stream, law),
                        Some(given) => {
                            NoiseSource::Given(given.iter().map(|&x| T::of(x)).collect())
                        }
                    };
                    let width = shape.0[1..].iter().product();
                    let sources = &mut self.example_wise.sources;
                    sources.insert((handle, of_use), (source, width));
                    continue;
                }
                DrawKind::Noise if !whole => {
                    noise = given.map_or(Source::Stream(stream), Source::Given);
                    continue;
                }
                DrawKind::Noise => &mut self.noise[tensor.noise.clone()],
                _ => {
                    let room = self.example_wise.draws.get_mut(&(handle, kind));
                    &mut room.expect("a buffer for each draw")[..shape.len()]
                }
            };
            match given {
                Some(given) => convert(given, out),
                None => fill(kind, tensor, &stream, out),
            }
        }
        noise
    }

    /// Copies a mask that all examples share to the row of each.
    fn share_mask(&mut self, handle: Handle<Tensor>, tensor: &TensorPlan) {
        if tensor.mask.is_some_and(|mask| !mask.per_example) {
            let mask = self.example_wise.draws.get_mut(&(handle, DrawKind::Mask));
            let rows = mask.expect("a buffer for each draw");
            let channels = rows.len() / self.example_wise.batch;
            let (row, rest) = rows.split_at_mut(channels);
            rest.chunks_exact_mut(channels)
                .for_each(|other| other.copy_from_slice(row));
        }
    }

    /// A draw of a family that draws whole tensors, from its noise.
    pub(super) fn draw_whole(&mut self, tensor: &TensorPlan) {
        if let Family::Variational { family, at } = &tensor.family {
            let values = &self.variables[tensor.variables.clone()];
            let noise = &self.noise[tensor.noise.clone()];
            let w = &mut self.first[tensor.entries.clone()];
            T::variational(&**family).draw(at, values, noise, w);
        }
    }

    /// Draws a parameter of independent entries block by block: its scales, if they and what is made of them
    /// are `stale`, its ε, and what its estimator makes of both.
    fn draw_entries(&mut self, tensor: &TensorPlan, source: Source, stale: bool) {
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
        let (drawn, second) = (
            !tensor.estimator.first_is_loc(),
            tensor.estimator.has_second(),
        );
        let entries = tensor.entries.clone();
        let scale = self.scale[entries.clone()].par_chunks_mut(BLOCK);
        let noise = self.noise[tensor.noise.clone()].par_chunks_mut(BLOCK);
        let arrays = self.first[entries.clone()].par_chunks_mut(BLOCK);
        let arrays = arrays.zip(self.second[entries].par_chunks_mut(BLOCK));
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
                Source::Given(given) => convert(&given[range.clone()], noise),
            }
            let first = if drawn { first } else { &mut [] };
            let also = if second { also } else { &mut [] };
            estimate.prepare(&loc[range], scale, noise, first, also);
        });
    }

    /// The row that each example has of a bias or factor.
    fn fill_rows(&mut self, handle: Handle<Tensor>, tensor: &TensorPlan, examples: usize) {
        let Some(rows) = self.example_wise.rows.get_mut(&handle) else {
            return;
        };
        let mut rows = std::mem::take(rows);
        let kernels = self.kernels();
        let width = tensor.entries.len();
        let at_once = (SHARE / width).max(1);
        let shares = rows[..examples * width].par_chunks_mut(at_once * width);
        shares.enumerate().share(|(at, rows)| {
            let (start, count) = (at * at_once, rows.len() / width);
            let draws = kernels.draws(handle, 0, start, count);
            let estimate = kernels.estimate(handle);
            estimate.bias_rows(kernels.kernel(handle), draws, rows);
        });
        *self
            .example_wise
            .rows
            .get_mut(&handle)
            .expect("it was there") = rows;
    }
}
