//! The graph cut into segments, and where each value is kept.

use crate::ir::{Argument, Model};
use crate::layer::Operation;

/// A run of nodes executed together.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// How.
    pub kind: SegmentKind,
    /// Node numbers in forward order; views are left out.
    pub nodes: Vec<usize>,
}

/// How a segment takes its examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentKind {
    /// One after the other, through all of its nodes; several workers.
    ByExample,
    /// All at once: one linear layer without positions.
    WholeBatch,
}

/// A place for values of a fixed length per example.
#[derive(Debug, Clone, PartialEq)]
pub struct Storage {
    /// Entries an example.
    pub len: usize,
    /// Whether the whole minibatch's values are kept together, because another segment or the
    /// likelihood reads them; otherwise each chunk of examples keeps its own.
    pub shared: bool,
    /// Whether a gradient flows through it.
    pub gradient: bool,
}

/// What a node needs at run time.
#[derive(Debug, Clone, PartialEq)]
pub struct NodePlan {
    /// Where its value is kept; `None` for the minibatch's inputs (and views of them).
    pub storage: Option<usize>,
    /// Whether it is written over its input.
    pub in_place: bool,
    /// Whether its input's gradient is wanted.
    pub input_gradient: bool,
    /// Whether it is the first, going backwards, to write its input's gradient; later ones add.
    pub writes_first: bool,
    /// Whether it is the first, going backwards, to have a gradient by its kernel and has it for the whole
    /// minibatch: it writes it, others add.
    pub writes_kernel: bool,
}

/// Cuts the graph of `model`.
pub(super) fn cut(model: &Model) -> (Vec<NodePlan>, Vec<Storage>, Vec<Segment>) {
    let nodes: Vec<_> = model.nodes.iter().map(|(_, node)| node).collect();
    let observed: Vec<usize> = model
        .observe
        .arguments
        .iter()
        .filter_map(|argument| {
            if let Argument::Node(node) = argument {
                Some(node.index())
            } else {
                None
            }
        })
        .collect();
    let consumers = |index: usize| {
        nodes
            .iter()
            .filter(|n| n.inputs.iter().any(|i| i.index() == index))
            .count()
            + observed.iter().filter(|&&o| o == index).count()
    };
    let is_batched = |index: usize| match nodes[index].call.as_ref().map(|c| &c.operation) {
        Some(Operation::Linear(linear)) => {
            let kernel = nodes[index].call.as_ref().and_then(|call| call.kernel);
            let estimator = kernel.and_then(|kernel| model.tensors[kernel].estimator);
            linear.positions() == 1 && !estimator.is_some_and(|e| e.by_example())
        }
        _ => false,
    };

    // Segments.
    let mut segments: Vec<Segment> = Vec::new();
    let mut segment_of = vec![usize::MAX; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        let Some(call) = &node.call else { continue };
        if matches!(call.operation, Operation::View(_)) {
            continue;
        }
        let kind = if is_batched(index) {
            SegmentKind::WholeBatch
        } else {
            SegmentKind::ByExample
        };
        match segments.last_mut() {
            Some(last) if last.kind == kind && kind == SegmentKind::ByExample => {
                last.nodes.push(index)
            }
            _ => segments.push(Segment {
                kind,
                nodes: vec![index],
            }),
        }
        segment_of[index] = segments.len() - 1;
    }

    // Storages: a view shares its input's; a map that does not need its input is written over it,
    // where nobody else reads it and its producer does not read its own output.
    let mut plans: Vec<NodePlan> = Vec::new();
    let mut storages: Vec<Storage> = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let mut plan = NodePlan {
            storage: None,
            in_place: false,
            input_gradient: false,
            writes_first: true,
            writes_kernel: false,
        };
        if let Some(call) = &node.call {
            let input = node.inputs[0].index();
            let input_storage = plans[input].storage;
            plan.input_gradient = input_storage.is_some_and(|s| storages[s].gradient);
            let alone = consumers(input) == 1;
            let producer_is_linear = produced_by_linear(&nodes, input, &consumers);
            plan.storage = match &call.operation {
                Operation::View(_) => input_storage,
                Operation::Map(map)
                    if map.elementwise() && !map.needs_input() && alone && producer_is_linear =>
                {
                    plan.in_place = true;
                    input_storage
                }
                _ => {
                    let gradient =
                        plan.input_gradient || call.kernel.is_some() || call.bias.is_some();
                    storages.push(Storage {
                        len: node.shape.len(),
                        shared: false,
                        gradient,
                    });
                    Some(storages.len() - 1)
                }
            };
        }
        plans.push(plan);
        debug_assert_eq!(plans.len(), index + 1);
    }

    // Shared: written in one segment and read in another, by a whole-batch layer, or observed.
    for (index, node) in nodes.iter().enumerate() {
        let here = segment_of[index];
        if here == usize::MAX {
            continue;
        }
        if let (Some(storage), SegmentKind::WholeBatch) =
            (plans[index].storage, segments[here].kind)
        {
            storages[storage].shared = true;
        }
        for input in &node.inputs {
            let producer = behind_views(&nodes, input.index());
            if let Some(storage) = plans[producer].storage
                && (segment_of[producer] != here || segments[here].kind == SegmentKind::WholeBatch)
            {
                storages[storage].shared = true;
            }
        }
    }
    for &index in &observed {
        if let Some(storage) = plans[index].storage {
            storages[storage].shared = true;
        }
    }

    // Going backwards, the first to reach a storage's gradient writes it; the likelihood always does.
    let mut reached: Vec<bool> = vec![false; storages.len()];
    for &index in &observed {
        if let Some(storage) = plans[index].storage {
            reached[storage] = true;
        }
    }
    for index in (0..nodes.len()).rev() {
        if segment_of[index] == usize::MAX || plans[index].in_place {
            continue;
        }
        if let Some(storage) = plans[nodes[index].inputs[0].index()].storage {
            plans[index].writes_first = !std::mem::replace(&mut reached[storage], true);
        }
    }
    let mut seen: Vec<usize> = Vec::new();
    for index in (0..nodes.len()).rev() {
        let kernel = nodes[index].call.as_ref().and_then(|call| call.kernel);
        if let Some(kernel) = kernel.map(|kernel| kernel.index())
            && !seen.contains(&kernel)
        {
            seen.push(kernel);
            plans[index].writes_kernel =
                segments[segment_of[index]].kind == SegmentKind::WholeBatch;
        }
    }
    (plans, storages, segments)
}

/// The node whose value a chain of views shows.
fn behind_views(nodes: &[&crate::ir::Node], mut index: usize) -> usize {
    while let Some(Operation::View(_)) = nodes[index].call.as_ref().map(|c| &c.operation) {
        index = nodes[index].inputs[0].index();
    }
    index
}

/// Whether the value at `index` comes, through views that nobody else reads, from a linear layer.
fn produced_by_linear(
    nodes: &[&crate::ir::Node],
    mut index: usize,
    consumers: &dyn Fn(usize) -> usize,
) -> bool {
    loop {
        match nodes[index].call.as_ref().map(|c| &c.operation) {
            Some(Operation::Linear(_)) => return consumers(index) == 1,
            Some(Operation::View(_)) if consumers(index) == 1 => {
                index = nodes[index].inputs[0].index()
            }
            _ => return false,
        }
    }
}
