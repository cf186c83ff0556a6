//! Kernels and biases ready for one draw: all that a network reads of its weights.

use super::Number;
use crate::estimator::{Estimate, ExampleDraws, ExampleNoise, Kernel, NoiseSource};
use crate::ir::{Handle, Node, Tensor};
use crate::plan::{DrawKind, Graph, KernelPlan};
use crate::tensor::Aligned;
use std::collections::BTreeMap;
use std::ops::Range;

/// Kernels, biases and the likelihood's numbers at one draw.
#[derive(Clone, Copy)]
pub struct Kernels<'a, T> {
    /// The network that they belong to.
    pub graph: &'a Graph,
    /// The vector that holds every loc.
    pub variables: &'a [T],
    /// The two arrays that estimators prepare, of every entry.
    pub first: &'a [T],
    /// See `first`.
    pub second: &'a [T],
    /// What differs between examples.
    pub example_wise: &'a ExampleWise<T>,
    /// The numbers among the likelihood's arguments, in their order: one for all entries of the target, or one each.
    pub numbers: &'a [T],
}

/// What each example has of its own. Empty for weights that all examples share.
pub struct ExampleWise<T> {
    /// Examples that the arrays have rows for.
    pub batch: usize,
    /// Draws by tensor and kind.
    pub draws: BTreeMap<(Handle<Tensor>, DrawKind), Aligned<T>>,
    /// By tensor and its use: the source of each example's ε, and how many an example has.
    pub sources: BTreeMap<(Handle<Tensor>, usize), (NoiseSource<T>, usize)>,
    /// What each example leaves out, by node.
    pub masks: BTreeMap<Handle<Node>, Aligned<T>>,
    /// By tensor: a bias (or factor) of which each example has its own row.
    pub rows: BTreeMap<Handle<Tensor>, Aligned<T>>,
}

impl<T> Default for ExampleWise<T> {
    fn default() -> Self {
        ExampleWise {
            batch: 0,
            draws: BTreeMap::new(),
            sources: BTreeMap::new(),
            masks: BTreeMap::new(),
            rows: BTreeMap::new(),
        }
    }
}

/// The gradients by the two arrays that estimators prepare.
pub struct KernelGradients<T> {
    /// By [`Kernels::first`].
    pub first: Aligned<T>,
    /// By [`Kernels::second`].
    pub second: Aligned<T>,
    /// Ranges that a backward pass adds to. It writes the others whole.
    added: Vec<Range<usize>>,
}

/// The first of the arrays that an estimator reads: loc itself, or what it prepared of a draw.
pub fn first<'a, T>(tensor: &KernelPlan, variables: &'a [T], prepared: &'a [T]) -> &'a [T] {
    match tensor.estimator.first_is_loc() {
        true => &variables[tensor.loc.clone()],
        false => &prepared[tensor.entries.clone()],
    }
}

impl<T: Number> KernelGradients<T> {
    /// Zeros for every parameter.
    pub fn new(graph: &Graph) -> Self {
        let entries = graph.entries();
        KernelGradients {
            first: Aligned::zeros(entries),
            second: Aligned::zeros(entries),
            added: added(graph),
        }
    }

    /// Zeros what a backward pass adds to.
    pub fn clear(&mut self) {
        for range in &self.added {
            self.first[range.clone()].fill(T::zero());
            self.second[range.clone()].fill(T::zero());
        }
    }
}

/// The entries of parameters whose gradient no node writes whole.
fn added(graph: &Graph) -> Vec<Range<usize>> {
    let mut added = graph.kernels.map(|_, kernel| kernel.entries.clone());
    for (handle, node) in graph.model.nodes.iter() {
        let kernel = node.call.as_ref().and_then(|call| call.kernel());
        if let (Some(kernel), true) = (kernel, graph.nodes[handle].writes_kernel) {
            added[kernel] = 0..0;
        }
    }
    let added = added.into_iter();
    added.filter(|range| !range.is_empty()).collect()
}

impl<'a, T: Number> Kernels<'a, T> {
    /// What a tensor's estimator prepared.
    pub fn kernel(&self, tensor: Handle<Tensor>) -> Kernel<'a, T> {
        let tensor = &self.graph.kernels[tensor];
        Kernel {
            first: first(tensor, self.variables, self.first),
            second: match tensor.estimator.has_second() {
                true => &self.second[tensor.entries.clone()],
                false => &[],
            },
        }
    }

    /// A tensor's estimator.
    pub fn estimate(&self, tensor: Handle<Tensor>) -> &'static dyn Estimate<T> {
        T::estimate(self.graph.kernels[tensor].estimator)
    }

    /// The factors that one example has of a kernel's channels.
    pub fn factor_channels(&self, kernel: Handle<Tensor>) -> usize {
        let factors = self.graph.kernels[kernel].factors.into_iter().flatten();
        factors
            .map(|factor| self.graph.kernels[factor].entries.len())
            .sum()
    }

    /// The bias rows of `count` examples from `start`; `None` where all examples add the same bias.
    pub fn bias_rows(&self, bias: Handle<Tensor>, start: usize, count: usize) -> Option<&'a [T]> {
        let width = self.graph.kernels[bias].entries.len();
        let rows: &'a [T] = self.example_wise.rows.get(&bias)?;
        Some(&rows[start * width..(start + count) * width])
    }

    /// The mask of an example at a node; empty where nothing is left out.
    pub fn mask(&self, node: Handle<Node>, example: usize) -> &'a [T] {
        let all = self.example_wise;
        let Some(mask) = all.masks.get(&node) else {
            return &[];
        };
        let width = mask.len() / all.batch;
        &mask[example * width..(example + 1) * width]
    }

    /// The row that an example has of a bias or of another parameter that is a row.
    pub fn row(&self, tensor: Handle<Tensor>, example: usize) -> &'a [T] {
        let own = self.bias_rows(tensor, example, 1);
        own.unwrap_or_else(|| self.kernel(tensor).first)
    }

    /// The draws of `count` examples from `start`, for one use of a kernel.
    pub fn draws(
        &self,
        tensor: Handle<Tensor>,
        of_use: usize,
        start: usize,
        count: usize,
    ) -> ExampleDraws<'a, T> {
        let all = self.example_wise;
        let of = |kind| -> &'a [T] {
            let Some(values) = all.draws.get(&(tensor, kind)) else {
                return &[];
            };
            let width = values.len() / all.batch;
            &values[start * width..(start + count) * width]
        };
        let kernel = &self.graph.kernels[tensor];
        let factor = |factor| self.bias_rows(factor, start, count).unwrap_or(&[]);
        let [sign_in, sign_out] = match (kernel.factors, kernel.masked) {
            (Some(factors), _) => factors.map(factor),
            (None, true) => [of(DrawKind::Mask), &[]],
            (None, false) => [DrawKind::SignIn, DrawKind::SignOut].map(of),
        };
        // Weights that an example has of its own are the same in all uses.
        let source = |of_use| all.sources.get(&(tensor, of_use));
        let source = source(of_use).or_else(|| source(0));
        ExampleDraws {
            sign_in,
            sign_out,
            activation: of(DrawKind::Activation),
            noise: ExampleNoise {
                source: source.map(|(source, _)| source),
                start: source.map_or(0, |(_, width)| start * width),
            },
        }
    }
}
