//! From the gradients by what estimators prepared to those by the variables, and the terms over the
//! weights.

use super::super::Number;
use super::super::kernels::first;
use super::Variational;
use super::entries::{Sample, limit};
use super::terms::{Framed, Posterior, Priced, prior_scalars};
use crate::ir::{Form, Handle, Scalar, Table, Tensor, Term, TermKind};
use crate::optimizer::Step;
use crate::plan::{Family, Plan, TensorPlan, TermPlan};
use crate::posterior::{self, Dimensions};
use std::ops::Range;

/// A term's value, and its derivatives by the prior's parameters and by local scales.
type Derivatives = (f64, Vec<f64>, Vec<f64>);

impl<T: Number> Variational<T> {
    /// Carries gradients by those of the likelihood's arguments that are numbers, each with the entry of the target
    /// that it is for, on to what the numbers are made of.
    pub fn collect_numbers<'s>(
        &mut self,
        gradients: impl Iterator<Item = (&'s Scalar, usize, f64)>,
    ) {
        gradients.for_each(|(scalar, entry, d)| self.add_to_leaves(scalar, entry, d));
    }

    /// Carries one sample's gradients by the draws on to those by the variables, with the terms that are
    /// taken at each draw, each 1/`samples` of its value; with the last sample the others, too.
    ///
    /// Latent variables and local scales come last, since what depends on them adds to the gradients by their
    /// draws.
    ///
    /// With the last sample an optimizer may take its `step`, each part of it as soon as its gradient is
    /// known; ranges whose gradient is not finite go to `not_finite`.
    pub fn collect_sample(
        &mut self,
        [sample, samples]: [usize; 2],
        scales: &Table<Term, f64>,
        values: &mut Table<Term, f64>,
        mut step: Option<&mut Step<T>>,
        not_finite: &mut Vec<Range<usize>>,
    ) {
        let plan = self.plan.clone();
        let at = Sample {
            first: sample == 0,
            last: sample + 1 == samples,
        };
        self.collect_whole(scales, values, samples, true);
        for (tensor, term) in plan.terms.iter() {
            if !self.entrywise[tensor] {
                continue;
            }
            let term = term.as_ref().filter(|term| term.per_draw || at.last);
            let step = step.as_deref_mut();
            let Some(term) = term else {
                self.collect_entries(tensor, None, at, step, not_finite);
                continue;
            };
            let share = if term.per_draw { samples } else { 1 };
            let priced = self.priced(&plan, tensor, term, scales[term.term] / share as f64);
            let part = self.collect_entries(tensor, Some(&priced), at, step, not_finite);
            values[term.term] += part.value / share as f64;
            self.add_to_prior(&plan, tensor, &part.d_prior);
        }
        self.collect_draws();
        if at.last {
            self.collect_whole(scales, values, 1, false);
            self.chain();
        }
        if let Some(step) = step {
            self.update_others(step, not_finite);
        }
    }

    /// The optimizer's step of variables that [`Variational::collect_entries`] does not take.
    fn update_others(&mut self, step: &mut Step<T>, not_finite: &mut Vec<Range<usize>>) {
        for range in &self.others {
            let gradient = &self.gradient[range.clone()];
            if !step.update(range, &mut self.variables[range.clone()], gradient) {
                not_finite.push(range.clone());
            }
        }
        self.limit(|entrywise| !entrywise);
    }

    /// Sets every rho above the largest of its posterior to that, of all parameters: for a step that someone else
    /// takes.
    pub fn limit_scales(&mut self) {
        self.forget_cached();
        self.limit(|_| true);
    }

    /// [`Variational::limit_scales`] of the parameters that are chosen by whether [`Variational::collect_entries`]
    /// takes them.
    fn limit(&mut self, chosen: impl Fn(bool) -> bool) {
        for (handle, tensor) in self.plan.tensors.iter() {
            if let Some(largest) = tensor.largest_rho()
                && chosen(self.entrywise[handle])
            {
                limit(&mut self.variables[tensor.rho()], T::of(largest));
            }
        }
    }

    /// From the gradients by draws to those by the variables (by scale, where a family is independent), of
    /// parameters that [`Variational::collect_entries`] does not take.
    fn collect_draws(&mut self) {
        for (handle, tensor) in self.plan.tensors.iter() {
            if self.entrywise[handle] {
                continue;
            }
            let entries = tensor.entries.clone();
            let d_first = &self.by_kernels.first[entries.clone()];
            let noise = &self.noise[tensor.noise.clone()];
            let gradient = &mut self.gradient[tensor.variables.clone()];
            if let Family::Variational { family, at } = &tensor.family {
                let values = &self.variables[tensor.variables.clone()];
                let w = &self.first[entries];
                T::variational(&**family).draw_backward(at, values, noise, w, d_first, gradient);
                continue;
            }
            let (d_loc, d_scale) = gradient.split_at_mut(tensor.loc.len());
            let by_loc = d_loc.iter_mut().zip(d_first);
            by_loc.for_each(|(d_loc, &d)| *d_loc += d);
            if tensor.is_independent() {
                let scale = &self.scale[entries.clone()];
                let d = match tensor.estimator.has_second() {
                    true => &self.by_kernels.second[entries],
                    false => d_first,
                };
                if let Some(slope) = tensor.estimator.slope() {
                    T::add_slope(slope, d, scale, noise, d_scale);
                }
            }
        }
    }

    /// A tensor's term with its prior's numbers at hand.
    fn priced<'a>(
        &self,
        plan: &'a Plan,
        tensor: Handle<Tensor>,
        term: &'a TermPlan,
        weight: f64,
    ) -> Priced<'a, T> {
        let scalars = prior_scalars(&plan.model, tensor);
        Priced::new(&*term.computation, scalars, weight, |leaf| {
            self.leaf(leaf, 0)
        })
    }

    /// Carries the derivatives of a term by the numbers of its tensor's prior on to what these are made of.
    fn add_to_prior(&mut self, plan: &Plan, tensor: Handle<Tensor>, d_prior: &[f64]) {
        let scalars = prior_scalars(&plan.model, tensor);
        for (d, scalar) in d_prior.iter().zip(scalars) {
            self.add_to_leaves(scalar, 0, *d);
        }
    }

    /// The terms of parameters that [`Variational::collect_entries`] does not take: those that are taken at
    /// each draw, at the one at hand, or the others.
    fn collect_whole(
        &mut self,
        scales: &Table<Term, f64>,
        values: &mut Table<Term, f64>,
        share: usize,
        per_draw: bool,
    ) {
        let plan = self.plan.clone();
        for (handle, term) in plan.terms.iter() {
            let Some(term) = term else { continue };
            if term.per_draw != per_draw || self.entrywise[handle] {
                continue;
            }
            let priced = self.priced(&plan, handle, term, scales[term.term] / share as f64);
            let kind = &plan.inference.loss[term.term].kind;
            let tensor = &plan.tensors[handle];
            let (value, d_prior) = self.collect_term(&plan, &priced, kind, tensor);
            values[term.term] += value / share as f64;
            self.add_to_prior(&plan, handle, &d_prior);
        }
    }

    /// One term: its value, and the derivatives by the prior's parameters.
    fn collect_term(
        &mut self,
        plan: &Plan,
        priced: &Priced<T>,
        kind: &TermKind,
        tensor: &TensorPlan,
    ) -> (f64, Vec<f64>) {
        // The gradients by local scales belong to another tensor, in the same vector.
        let local = tensor.frame.local_entries(&plan.tensors);
        let local_values: Vec<T> = match tensor.frame.local_tensor(&plan.tensors) {
            Some(local) => first(local, &self.variables, &self.first).to_vec(),
            None => Vec::new(),
        };
        let framed = tensor.frame.is_some().then(|| Framed {
            anchor: tensor.frame.anchor(),
            local: &local_values,
        });
        let sum = |of: Posterior<T>, d_loc: &mut [T], d_scale: &mut [T]| match &framed {
            // The density of a point changes with the measure, a KL does not.
            Some(framed) => priced.framed(framed, of.scale.is_empty(), of, d_loc, d_scale),
            None => {
                let (value, d_prior) = priced.sum(of, d_loc, d_scale);
                (value, d_prior, Vec::new())
            }
        };
        let (value, d_prior, d_local) = match &tensor.family {
            Family::Point => {
                let of = Posterior {
                    loc: &self.variables[tensor.loc.clone()],
                    scale: &[],
                    noise: &[],
                };
                sum(of, &mut self.gradient[tensor.loc.clone()], &mut [])
            }
            Family::Independent { .. } => {
                let of = Posterior {
                    loc: &self.variables[tensor.loc.clone()],
                    scale: &self.scale[tensor.entries.clone()],
                    noise: &self.noise[tensor.noise.clone()],
                };
                let gradient = &mut self.gradient[tensor.variables.clone()];
                let (d_loc, d_scale) = gradient.split_at_mut(tensor.loc.len());
                sum(of, d_loc, d_scale)
            }
            Family::Variational { family, at } => {
                let family = (T::variational(&**family), *at);
                match kind {
                    TermKind::Kl(_, Form::MonteCarlo { path }) => {
                        self.density_term(tensor, family, priced.weight, *path, sum)
                    }
                    TermKind::NegLogPrior(_) => {
                        self.density_term(tensor, family, priced.weight, false, sum)
                    }
                    _ => self.marginal_term(tensor, family, priced.weight, sum),
                }
            }
        };
        for (d, by) in self.by_kernels.first[local].iter_mut().zip(d_local) {
            *d += T::of(by);
        }
        (value, d_prior)
    }

    /// A term of a family with a density of its own, at the draw at hand: ln q(w) - ln p(w).
    fn density_term(
        &mut self,
        tensor: &TensorPlan,
        (family, at): (&dyn posterior::Variational<T>, Dimensions),
        weight: T,
        path: bool,
        sum: impl Fn(Posterior<T>, &mut [T], &mut [T]) -> Derivatives,
    ) -> Derivatives {
        let values = &self.variables[tensor.variables.clone()];
        let noise = &self.noise[tensor.noise.clone()];
        let gradient = &mut self.gradient[tensor.variables.clone()];
        let w = &self.first[tensor.entries.clone()];
        let of = Posterior {
            loc: w,
            scale: &[],
            noise: &[],
        };
        let d_w = &mut self.by_kernels.first[tensor.entries.clone()];
        let (mut value, d_prior, d_local) = sum(of, d_w, &mut []);
        let by_density = if path { T::zero() } else { weight };
        value += family.log_density(&at, values, noise, w, by_density, gradient);
        if path {
            family.score_backward(&at, values, noise, w, weight, gradient);
        }
        (value, d_prior, d_local)
    }

    /// A term of a family of whole tensors in closed form: that of its marginals, and the total correlation.
    fn marginal_term(
        &mut self,
        tensor: &TensorPlan,
        (family, at): (&dyn posterior::Variational<T>, Dimensions),
        weight: T,
        sum: impl Fn(Posterior<T>, &mut [T], &mut [T]) -> Derivatives,
    ) -> Derivatives {
        let values = &self.variables[tensor.variables.clone()];
        let scale = &self.scale[tensor.entries.clone()];
        let of = Posterior {
            loc: &self.variables[tensor.loc.clone()],
            scale,
            noise: &[],
        };
        let d_scale = &mut self.d_scale[tensor.d_scale.clone()];
        let d_loc = &mut self.gradient[tensor.loc.clone()];
        let (value, d_prior, d_local) = sum(of, d_loc, d_scale);
        let gradient = &mut self.gradient[tensor.variables.clone()];
        let joint = family.total_correlation(&at, values, scale, weight, d_scale, gradient);
        (value + joint, d_prior, d_local)
    }

    /// Turns gradients by scale into gradients by the variables, and those by learned numbers into those
    /// by theirs.
    fn chain(&mut self) {
        for (handle, tensor) in self.plan.tensors.iter() {
            match &tensor.family {
                Family::Point => {}
                Family::Independent { .. } if self.entrywise[handle] => {}
                Family::Independent { transform, .. } => {
                    let rho = &self.variables[tensor.rho()];
                    let scale = &self.scale[tensor.entries.clone()];
                    let gradient = &mut self.gradient[tensor.rho()];
                    T::chain(*transform, rho, scale, gradient);
                }
                Family::Variational { family, at } => {
                    let values = &self.variables[tensor.variables.clone()];
                    let scale = &self.scale[tensor.entries.clone()];
                    let d_scale = &self.d_scale[tensor.d_scale.clone()];
                    let gradient = &mut self.gradient[tensor.variables.clone()];
                    let family = T::variational(&**family);
                    family.marginal_scales_backward(at, values, scale, d_scale, gradient);
                }
            }
        }
        for (learned, d) in self.plan.learned.values().zip(self.d_learned.values()) {
            for (place, d) in learned.range.clone().zip(d) {
                let slope = learned.slope(self.variables[place].wide());
                self.gradient[place] = T::of(d * slope);
            }
        }
    }
}
