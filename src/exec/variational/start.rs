//! Example-wise arrays, allocated once, and the variables' first values.

use super::super::Number;
use super::super::kernels::ExampleWise;
use super::super::memory::Array;
use super::Variational;
use crate::ir::{Handle, Node, Role, Tensor};
use crate::plan::{DrawKind, Plan, TensorDraw};
use crate::tensor::{Real, Stream};
use std::collections::BTreeMap;

/// The use of initial values among those of a stream's key.
const INITIAL: u32 = 7;

/// Room for what differs between examples.
pub fn example_wise<T: Real>(plan: &Plan, batch: usize) -> ExampleWise<T> {
    ExampleWise {
        batch,
        draws: draws(plan, batch),
        rows: rows(plan, batch),
        masks: masks(plan, batch),
        ..ExampleWise::default()
    }
}

/// Room for the example-wise draws that are kept. ε of every entry lies with the parameter's own, other ε are
/// made where they are used.
pub fn draws<A: Array>(plan: &Plan, batch: usize) -> BTreeMap<(Handle<Tensor>, DrawKind), A> {
    let mut draws = BTreeMap::new();
    for (handle, tensor) in plan.model.tensors.iter() {
        for TensorDraw { kind, shape, .. } in plan.draws_of(handle, batch) {
            let kept = match kind {
                DrawKind::Noise | DrawKind::ExampleNoise => false,
                DrawKind::Activation => tensor.role != Role::Kernel,
                DrawKind::SignIn | DrawKind::SignOut | DrawKind::Mask => true,
            };
            if kept {
                // A mask that examples share is kept in a row for each of them.
                let rows = match kind {
                    DrawKind::Mask if shape.rank() == 1 => batch,
                    _ => 1,
                };
                draws.insert((handle, kind), A::zeros(rows * shape.len()));
            }
        }
    }
    draws
}

/// Room for what nodes leave out of each example.
pub fn masks<A: Array>(plan: &Plan, batch: usize) -> BTreeMap<Handle<Node>, A> {
    let masks = plan.masks();
    masks
        .map(|(node, mask)| (node, A::zeros(batch * mask.len)))
        .collect()
}

/// Room for the biases and other rows that differ between examples, and for factors.
pub fn rows<A: Array>(plan: &Plan, batch: usize) -> BTreeMap<Handle<Tensor>, A> {
    let calls = plan.model.nodes.iter();
    let calls = calls.filter_map(|(_, node)| node.call.as_ref());
    let tensors = calls.flat_map(|call| {
        let differs = |row: &Handle<Tensor>| plan.tensors[*row].estimator.draws().of_examples();
        let factors = call.kernel().and_then(|k| plan.tensors[k].factors);
        let factors = factors.into_iter().flatten();
        call.rows().filter(differs).chain(factors)
    });
    let row =
        |tensor: Handle<Tensor>| (tensor, A::zeros(batch * plan.tensors[tensor].entries.len()));
    tensors.map(row).collect()
}

impl<T: Number> Variational<T> {
    /// Sets every variable by its initialiser, or by what it is given to start with. No scale starts above its
    /// posterior's largest.
    pub fn initialize(&mut self, seed: u64) {
        self.forget_cached();
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
        self.limit_scales();
    }
}
