//! Variational parameters: they make kernels out of variables and random streams, and turn gradients by
//! kernels into terms, gradients by variables, and moved variables.

mod collect;
mod draw;
mod entries;
mod kept_draws;
mod start;
mod terms;
mod weights;

use super::kernels::{ExampleWise, KernelGradients, first};
use super::memory::{Array, Length};
use super::{BLOCK, Kernels, Number, zeros};
use crate::ir::{Argument, Handle, Leaf, Learned, Node, Scalar, Table, Tensor};
use crate::layer::Operation;
use crate::plan::{Family, Plan, TensorPlan};
use crate::tensor::Aligned;
use kept_draws::KeptDraws;
use std::ops::Range;
use std::sync::Arc;
use terms::Part;

/// Which cached values still match the current variables. Tracked only for parameters that
/// [`Variational::collect_entries`] takes; all others recompute their scales at every draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cached {
    /// None.
    Nothing,
    /// Only what the estimator makes of the scales alone.
    Second,
    /// The scales, and what the estimator makes of them alone.
    All,
}

/// The variables of a plan, and all that one draw of them needs.
pub struct Variational<T> {
    plan: Arc<Plan>,
    /// Every trainable number, laid out as [`Plan::variables`].
    variables: Aligned<T>,
    /// The gradient by them.
    gradient: Aligned<T>,
    cached: Table<Tensor, Cached>,
    /// Whether [`Variational::collect_entries`] takes a parameter.
    entrywise: Table<Tensor, bool>,
    /// The variables of the other parameters, and of numbers that belong to no parameter.
    others: Vec<Range<usize>>,
    /// The scale of every entry of every parameter.
    scale: Aligned<T>,
    /// The ε of each parameter's draw.
    noise: Aligned<T>,
    /// Gradients by the marginal scales of families that draw whole tensors.
    d_scale: Aligned<T>,
    /// The two arrays that estimators prepare, of every entry.
    first: Aligned<T>,
    second: Aligned<T>,
    /// The gradients by them.
    by_kernels: KernelGradients<T>,
    /// Gradients by the learned numbers themselves.
    d_learned: Table<Learned, Vec<f64>>,
    /// The blocks' parts of one term.
    parts: Vec<Part>,
    /// What differs between examples.
    example_wise: ExampleWise<T>,
    /// Nothing: examples have nothing of their own in a prediction.
    shared_weights: ExampleWise<T>,
    /// The likelihood's arguments that are numbers, at the last draw.
    numbers: Vec<T>,
    /// Whole draws beside the one in `first`.
    kept_draws: KeptDraws<T>,
}

impl<T: Number> Variational<T> {
    /// Allocates all it needs for minibatches of up to `batch` examples; every variable is 0.
    pub fn new(plan: Arc<Plan>, batch: usize) -> Self {
        let (trainable, entries) = (plan.trainable(), plan.entries());
        let entrywise = entries::are_entrywise(&plan);
        let longest = plan.tensors.values().map(|t| t.entries.len());
        let blocks = longest.max().unwrap_or(0).div_ceil(BLOCK);
        Variational {
            variables: zeros(trainable),
            gradient: zeros(trainable),
            cached: plan.tensors.map(|_, _| Cached::Nothing),
            others: entries::others(&plan, &entrywise),
            entrywise,
            scale: zeros(entries),
            noise: zeros(plan.tensors.last().map_or(0, |t| t.noise.end)),
            d_scale: zeros(d_scales(&plan)),
            first: zeros(entries),
            second: zeros(entries),
            by_kernels: KernelGradients::new(&plan),
            d_learned: plan
                .learned
                .map(|_, learned| vec![0.0; learned.range.len()]),
            parts: vec![Part::default(); blocks],
            example_wise: start::example_wise(&plan, batch),
            shared_weights: ExampleWise::default(),
            numbers: vec![T::zero(); plan.model.arguments().map(Argument::width).sum()],
            kept_draws: KeptDraws::default(),
            plan,
        }
    }

    /// Every trainable number.
    pub fn variables(&self) -> &[T] {
        &self.variables
    }

    /// [`Variational::variables`] and the gradient, to write.
    pub fn variables_and_gradient(&mut self) -> (&mut [T], &mut [T]) {
        self.forget_cached();
        (&mut self.variables, &mut self.gradient)
    }

    /// The gradient by the variables, after the last sample is collected without an optimizer's step.
    pub fn gradient(&self) -> &[T] {
        &self.gradient
    }

    /// The kernels of the last draw.
    pub fn kernels(&self) -> Kernels<'_, T> {
        Kernels {
            graph: &self.plan.graph,
            variables: &self.variables,
            first: &self.first,
            second: &self.second,
            example_wise: &self.example_wise,
            numbers: &self.numbers,
        }
    }

    /// [`Variational::kernels`], and where the gradients by them go.
    pub fn kernels_and_gradients(&mut self) -> (Kernels<'_, T>, &mut KernelGradients<T>) {
        let kernels = Kernels {
            graph: &self.plan.graph,
            variables: &self.variables,
            first: &self.first,
            second: &self.second,
            example_wise: &self.example_wise,
            numbers: &self.numbers,
        };
        (kernels, &mut self.by_kernels)
    }

    /// Moves what layers keep towards the means and variances of a minibatch: once a step, towards the mean over its
    /// samples, of which this is one; by this share of the way, or by that of the layer's momentum. Their gradients are
    /// 0: no optimizer moves them.
    pub fn keep<'a>(
        &mut self,
        moments: impl Iterator<Item = (Handle<Node>, [&'a [T]; 2])>,
        [sample, samples]: [usize; 2],
        share: Option<f64>,
    ) {
        let plan = self.plan.clone();
        let of_sample = T::of(1.0 / samples as f64);
        for (node, moments) in moments {
            let Some(call) = &plan.model.nodes[node].call else {
                continue;
            };
            let Operation::Statistics(statistics) = &call.operation else {
                continue;
            };
            let share = T::of(share.unwrap_or(1.0 - statistics.momentum()));
            for (tensor, moments) in call.states().zip(moments) {
                let kept = &mut self.variables[plan.tensors[tensor].loc.clone()];
                let entries = kept.iter_mut().zip(moments);
                entries.for_each(|(kept, &new)| {
                    let stays = if sample == 0 { *kept } else { T::zero() };
                    *kept += share * (new * of_sample - stays);
                });
            }
        }
    }

    fn forget_cached(&mut self) {
        self.kept_draws.forget();
        let all = self.cached.values_mut();
        all.for_each(|cached| *cached = Cached::Nothing);
    }

    /// Forgets the last step's gradients.
    pub fn start_step(&mut self) {
        for range in &self.others {
            self.gradient[range.clone()].fill(T::zero());
        }
        self.d_learned.values_mut().for_each(|d| d.fill(0.0));
        self.d_scale.fill(T::zero());
    }

    /// Forgets the last sample's gradients.
    pub fn start_sample(&mut self) {
        self.by_kernels.clear();
    }

    /// A learned number, that of an entry of the target where each has one, or a latent variable at the draw at
    /// hand.
    fn leaf(&self, leaf: Leaf, entry: usize) -> f64 {
        match leaf {
            Leaf::Learned(learned) => {
                let learned = &self.plan.learned[learned];
                learned.value(self.variables[learned.place(entry)].wide())
            }
            Leaf::Latent(latent) => {
                let latent = &self.plan.tensors[latent];
                first(latent, &self.variables, &self.first)[0].wide()
            }
        }
    }

    /// Carries a gradient by a number, that of an entry of the target, on to what the number is made of.
    fn add_to_leaves(&mut self, scalar: &Scalar, entry: usize, d: f64) {
        let mut found = Vec::new();
        scalar.gradient(&|leaf| self.leaf(leaf, entry), d, &mut |leaf, d| {
            found.push((leaf, d));
        });
        for (leaf, d) in found {
            match leaf {
                Leaf::Learned(learned) => {
                    let all = &mut self.d_learned[learned];
                    let last = all.len() - 1;
                    all[entry.min(last)] += d;
                }
                Leaf::Latent(latent) => {
                    let entry = self.plan.tensors[latent].entries.start;
                    self.by_kernels.first[entry] += T::of(d);
                }
            }
        }
    }
}

/// Numbers of the vector that holds every gradient by marginal scales.
fn d_scales(plan: &Plan) -> usize {
    plan.tensors.last().map_or(0, |t| t.d_scale.end)
}

/// Numbers that training touches: what is never written takes no memory.
pub fn touched(plan: &Plan, batch: usize) -> u128 {
    let kept = start::draws::<Length>(plan, batch);
    let rows = start::rows::<Length>(plan, batch);
    let masks = start::masks::<Length>(plan, batch);
    let arrays = |tensor: &TensorPlan| {
        let (entries, estimator) = (tensor.entries.len(), tensor.estimator);
        let random = !matches!(tensor.family, Family::Point);
        let drawn = !estimator.first_is_loc();
        let arrays = 1 + usize::from(random) + usize::from(drawn);
        let noise = match tensor.draws.noise {
            true => tensor.noise.len(),
            false => 0,
        };
        (noise + entries * (arrays + 2 * usize::from(estimator.has_second()))) as u128
    };
    // With one sample, a parameter taken entry by entry has its gradient used up block by block.
    let gradient = match plan.inference.objective.samples {
        1 => {
            let others = entries::others(plan, &entries::are_entrywise(plan));
            others.iter().map(Range::len).sum()
        }
        _ => plan.trainable(),
    };
    plan.tensors.values().map(arrays).sum::<u128>()
        + kept.values().map(Length::numbers).sum::<u128>()
        + rows.values().map(Length::numbers).sum::<u128>()
        + masks.values().map(Length::numbers).sum::<u128>()
        + (d_scales(plan) + plan.trainable() + gradient) as u128
}
