//! From the gradients by what estimators prepared to those by the variables, and the terms over the
//! weights.

use super::buffers::Part;
use super::forward::first;
use super::weights::Sample;
use super::{BLOCK, Interpreter, Number, zeros};
use crate::distribution::MAX_PARAMETERS;
use crate::ir::{Form, Handle, Leaf, Model, Scalar, Tensor, TermKind};
use crate::kl::{AnyTerm, Entries, Gradients, normal_normal};
use crate::optimizer::Step;
use crate::plan::{Family, Plan, TensorPlan};
use rayon::prelude::*;
use std::ops::Range;

/// Its prior's numbers.
fn prior_scalars(model: &Model, tensor: Handle<Tensor>) -> &[Scalar] {
    &model.tensors[tensor]
        .prior
        .as_ref()
        .expect("a term has a prior")
        .parameters
}

/// A term under the prior's numbers at hand.
pub(super) struct Priced<'a, T> {
    computation: &'a dyn AnyTerm,
    /// The prior's parameters; the first `parameters` of them.
    prior: [T; MAX_PARAMETERS],
    parameters: usize,
    /// How many of their derivatives are wanted: all or none.
    wanted: usize,
    weight: T,
}

/// The posterior that a term is of, entry by entry: as [`Entries`] has it.
#[derive(Clone, Copy)]
pub(super) struct Posterior<'a, T> {
    pub loc: &'a [T],
    pub scale: &'a [T],
    pub noise: &'a [T],
}

/// The part of a slice that a block takes; an empty slice has only empty parts.
pub(super) fn part<T>(all: &[T], range: Range<usize>) -> &[T] {
    if all.is_empty() { all } else { &all[range] }
}

impl<T: Number> Priced<'_, T> {
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
    fn sum(&self, of: Posterior<T>, d_loc: &mut [T], d_scale: &mut [T]) -> (f64, Vec<f64>) {
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
    fn framed(
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

/// A [`Frame`] at the draw at hand.
struct Framed<'a, T> {
    anchor: &'a [f64],
    local: &'a [T],
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
                let latent = &self.plan.tensors[latent.index()];
                first(latent, &self.variables, &self.buffers.first)[0].wide()
            }
        }
    }

    /// Carries a gradient by a number on to what the number is made of.
    pub(super) fn add_to_leaves(&mut self, scalar: &Scalar, d: f64) {
        let mut found = Vec::new();
        scalar.gradient(&|leaf| self.leaf(leaf), d, &mut |leaf, d| {
            found.push((leaf, d));
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

    /// One sample's gradients by the draws, carried on to those by the variables, with the terms that are
    /// taken at each draw, each 1/`samples` of its value; with the last sample the others, too.
    ///
    /// Latent variables and local scales come last: what depends on them adds to the gradients by their
    /// draws.
    ///
    /// With the last sample an optimizer may take its `step`, each part of it as soon as its gradient is
    /// known; where that is not finite goes to `not_finite`.
    pub(super) fn collect_sample(
        &mut self,
        [sample, samples]: [usize; 2],
        scales: &[f64],
        values: &mut [f64],
        mut step: Option<&mut Step<T>>,
        not_finite: &mut Vec<Range<usize>>,
    ) {
        let plan = self.plan.clone();
        let at = Sample {
            first: sample == 0,
            last: sample + 1 == samples,
        };
        self.collect_whole(scales, values, samples, true);
        for index in 0..plan.tensors.len() {
            if !self.by_entries[index] {
                continue;
            }
            let term = self.term_of[index].filter(|&term| {
                let computed = plan.terms[term].as_ref();
                computed.is_some_and(|term| term.per_draw || at.last)
            });
            let step = step.as_deref_mut();
            let Some(term) = term else {
                self.collect_entries(index, None, at, step, not_finite);
                continue;
            };
            let per_draw = plan.terms[term].as_ref().is_some_and(|term| term.per_draw);
            let share = if per_draw { samples } else { 1 };
            let priced = self
                .priced(&plan, term, scales[term] / share as f64)
                .expect("a term of a parameter");
            let part = self.collect_entries(index, Some(&priced), at, step, not_finite);
            self.told(&plan, term, &part, share, values);
        }
        self.collect_draws();
        if at.last {
            self.collect_whole(scales, values, 1, false);
            self.chain();
        }
        if let Some(step) = step {
            self.update_apart(step, not_finite);
        }
    }

    /// The optimizer's step of variables that [`Interpreter::collect_entries`] does not take.
    fn update_apart(&mut self, step: &mut Step<T>, not_finite: &mut Vec<Range<usize>>) {
        for range in &self.apart {
            let gradient = &self.gradient[range.clone()];
            if !step.update(range, &mut self.variables[range.clone()], gradient) {
                not_finite.push(range.clone());
            }
        }
    }

    /// The terms over the weights alone, at the draw at hand; leaves gradients undefined.
    pub(super) fn collect_terms(&mut self, scales: &[f64], values: &mut [f64]) {
        self.collect_sample([0, 1], scales, values, None, &mut Vec::new());
    }

    /// From the gradients by draws to those by the variables (by scale, where a family is independent), of
    /// parameters that [`Interpreter::collect_entries`] does not take.
    fn collect_draws(&mut self) {
        let plan = self.plan.clone();
        for (index, tensor) in plan.tensors.iter().enumerate() {
            if self.by_entries[index] {
                continue;
            }
            let buffers = &self.buffers;
            let entries = tensor.entries.clone();
            let d_first = &buffers.d_first[entries.clone()];
            let noise = &buffers.noise[tensor.noise.clone()];
            let gradient = &mut self.gradient[tensor.variables.clone()];
            if let Family::Variational { family, at } = tensor.family {
                let values = &self.variables[tensor.variables.clone()];
                let w = &buffers.first[entries];
                T::variational(family).draw_backward(&at, values, noise, w, d_first, gradient);
                continue;
            }
            let (d_loc, d_scale) = gradient.split_at_mut(tensor.loc.len());
            let by_loc = d_loc.iter_mut().zip(d_first);
            by_loc.for_each(|(d_loc, &d)| *d_loc += d);
            if tensor.is_independent() {
                let scale = &buffers.scale[entries.clone()];
                let d = match tensor.estimator.has_second() {
                    true => &buffers.d_second[entries],
                    false => d_first,
                };
                if let Some(slope) = tensor.estimator.slope() {
                    T::add_slope(slope, d, scale, noise, d_scale);
                }
            }
        }
    }

    /// A term under the prior's numbers at hand.
    fn priced<'a>(&self, plan: &'a Plan, term: usize, weight: f64) -> Option<Priced<'a, T>> {
        let of = plan.inference.loss.terms[term].kind.tensor()?;
        let scalars = prior_scalars(&plan.model, of);
        let mut prior = [T::zero(); MAX_PARAMETERS];
        for (value, scalar) in prior.iter_mut().zip(scalars) {
            *value = T::of(scalar.value(&|leaf| self.leaf(leaf)));
        }
        // Where no number of the prior is trained, its gradient is not asked for.
        let trained = scalars.iter().any(|scalar| scalar.fixed().is_none());
        Some(Priced {
            computation: &*plan.terms[term].as_ref()?.computation,
            prior,
            parameters: scalars.len(),
            wanted: if trained { scalars.len() } else { 0 },
            weight: T::of(weight),
        })
    }

    /// Adds what came of a term to its value and to the gradients by its prior's numbers.
    fn told(&mut self, plan: &Plan, term: usize, part: &Part, share: usize, values: &mut [f64]) {
        values[term] += part.value / share as f64;
        if let Some(of) = plan.inference.loss.terms[term].kind.tensor() {
            let scalars = prior_scalars(&plan.model, of);
            for (d, scalar) in part.d_prior.iter().zip(scalars) {
                self.add_to_leaves(scalar, *d);
            }
        }
    }

    /// The terms of parameters that [`Interpreter::collect_entries`] does not take: those that are taken at
    /// each draw, at the one at hand, or the others.
    fn collect_whole(&mut self, scales: &[f64], values: &mut [f64], share: usize, per_draw: bool) {
        let plan = self.plan.clone();
        for (index, term) in plan.inference.loss.terms.iter().enumerate() {
            let (Some(computed), Some(of)) = (&plan.terms[index], term.kind.tensor()) else {
                continue;
            };
            if computed.per_draw != per_draw || self.by_entries[of.index()] {
                continue;
            }
            let Some(priced) = self.priced(&plan, index, scales[index] / share as f64) else {
                continue;
            };
            let (value, d_prior) =
                self.collect_term(&priced, &term.kind, &plan.tensors[of.index()]);
            let part = Part {
                value,
                d_prior,
                ..Part::default()
            };
            self.told(&plan, index, &part, share, values);
        }
    }

    /// One term: its value, and the derivatives by the prior's parameters.
    fn collect_term(
        &mut self,
        priced: &Priced<T>,
        kind: &TermKind,
        tensor: &TensorPlan,
    ) -> (f64, Vec<f64>) {
        let entries = tensor.entries.clone();
        let loc = &self.variables[tensor.loc.clone()];
        let buffers = &mut self.buffers;
        // The gradients by local scales belong to another tensor, in the same vector.
        let local = tensor.frame.local_entries(&self.plan.tensors);
        let local_values: Vec<T> = match tensor.frame.local_tensor(&self.plan.tensors) {
            Some(local) => first(local, &self.variables, &buffers.first).to_vec(),
            None => Vec::new(),
        };
        let framed = tensor.frame.is_some().then(|| Framed {
            anchor: tensor.frame.anchor(),
            local: &local_values,
        });
        let sum =
            |jacobian: bool, of: Posterior<T>, d_loc: &mut [T], d_scale: &mut [T]| match &framed {
                Some(framed) => priced.framed(framed, jacobian, of, d_loc, d_scale),
                None => {
                    let (value, d_prior) = priced.sum(of, d_loc, d_scale);
                    (value, d_prior, Vec::new())
                }
            };
        let (value, d_prior, d_local) = match (tensor.family, kind) {
            (Family::Point, _) => {
                let of = Posterior {
                    loc,
                    scale: &[],
                    noise: &[],
                };
                let d_loc = &mut self.gradient[tensor.loc.clone()];
                sum(true, of, d_loc, &mut [])
            }
            (Family::Independent { .. }, _) => {
                let of = Posterior {
                    loc,
                    scale: &buffers.scale[entries],
                    noise: &buffers.noise[tensor.noise.clone()],
                };
                let gradient = &mut self.gradient[tensor.variables.clone()];
                let (d_loc, d_scale) = gradient.split_at_mut(tensor.loc.len());
                sum(false, of, d_loc, d_scale)
            }
            (Family::Variational { family, at }, TermKind::Kl(_, Form::MonteCarlo { path })) => {
                let family = T::variational(family);
                let values = &self.variables[tensor.variables.clone()];
                let noise = &buffers.noise[tensor.noise.clone()];
                let gradient = &mut self.gradient[tensor.variables.clone()];
                let w = &buffers.first[entries.clone()];
                let of = Posterior {
                    loc: w,
                    scale: &[],
                    noise: &[],
                };
                let d_w = &mut buffers.d_first[entries];
                let (mut value, d_prior, d_local) = sum(true, of, d_w, &mut []);
                let weight = if *path { T::zero() } else { priced.weight };
                value += family.log_density(&at, values, noise, w, weight, gradient);
                if *path {
                    family.score_backward(&at, values, noise, w, priced.weight, gradient);
                }
                (value, d_prior, d_local)
            }
            (Family::Variational { family, at }, _) => {
                let values = &self.variables[tensor.variables.clone()];
                let scale = &buffers.scale[entries];
                let of = Posterior {
                    loc,
                    scale,
                    noise: &[],
                };
                let d_scale = &mut buffers.d_scale[tensor.d_scale.clone()];
                let d_loc = &mut self.gradient[tensor.loc.clone()];
                let (value, d_prior, d_local) = sum(false, of, d_loc, d_scale);
                let gradient = &mut self.gradient[tensor.variables.clone()];
                let family = T::variational(family);
                let weight = priced.weight;
                let joint = family.total_correlation(&at, values, scale, weight, d_scale, gradient);
                (value + joint, d_prior, d_local)
            }
        };
        for (d, by) in buffers.d_first[local].iter_mut().zip(d_local) {
            *d += T::of(by);
        }
        (value, d_prior)
    }

    /// Turns gradients by scale into gradients by the variables, and those by learned numbers into those
    /// by theirs.
    pub(super) fn chain(&mut self) {
        let plan = self.plan.clone();
        for (index, tensor) in plan.tensors.iter().enumerate() {
            match tensor.family {
                Family::Point => {}
                Family::Independent { .. } if self.by_entries[index] => {}
                Family::Independent { transform, .. } => {
                    let rho = &self.variables[tensor.rho()];
                    let scale = &self.buffers.scale[tensor.entries.clone()];
                    let gradient = &mut self.gradient[tensor.rho()];
                    T::chain(transform, rho, scale, gradient);
                }
                Family::Variational { family, at } => {
                    let values = &self.variables[tensor.variables.clone()];
                    let scale = &self.buffers.scale[tensor.entries.clone()];
                    let d_scale = &self.buffers.d_scale[tensor.d_scale.clone()];
                    let gradient = &mut self.gradient[tensor.variables.clone()];
                    let family = T::variational(family);
                    family.marginal_scales_backward(&at, values, scale, d_scale, gradient);
                }
            }
        }
        for (learned, &d) in plan.learned.iter().zip(&self.buffers.d_learned) {
            let slope = learned.slope(self.variables[learned.place].wide());
            self.gradient[learned.place] = T::of(d * slope);
        }
    }
}
