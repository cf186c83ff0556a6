//! The graph cut into segments, and where each value is kept.

use crate::ir::{Argument, Inference};
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
    /// All at once: one linear layer without positions, and the activations that are written over its values.
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
    /// The node whose value it takes: its input's, or that of a node behind it (below).
    pub input: usize,
    /// The bias that is added to what it gives, by tensor: a linear layer's own, unless that comes later.
    pub bias: Option<usize>,
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

/// Cuts the graph of a model.
///
/// The largest of some numbers plus b is the largest of these numbers plus b, and alike for a function that
/// never falls: a bias, and an activation as relu, are done after the maxima of a pool, on a quarter of the
/// numbers where it halves both sides. Rounding never falls either, so that values have the same bits. Of numbers
/// that are equal only once b is added and rounded, the largest has the gradient, not the first.
pub(super) fn cut(inference: &Inference) -> (Vec<NodePlan>, Vec<Storage>, Vec<Segment>) {
    let nodes: Vec<_> = inference.nodes.iter().map(|(_, node)| node).collect();
    let observed: Vec<usize> = inference
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
            let estimator = kernel.and_then(|kernel| inference.fitted(kernel).estimator);
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
        let bias = node.call.as_ref().and_then(|call| call.bias);
        let mut plan = NodePlan {
            storage: None,
            input: node.inputs.first().map_or(index, |input| input.index()),
            bias: bias.map(|bias| bias.index()),
            in_place: false,
            input_gradient: false,
            writes_first: true,
            writes_kernel: false,
        };
        if let Some(call) = &node.call {
            let after = match &call.operation {
                Operation::Map(map) if map.takes_maxima() => {
                    let here = |node: usize| segment_of[node] == segment_of[index];
                    left_for_later(&nodes, &plans, index, &consumers)
                        .filter(|(linear, maps)| here(*linear) && maps.iter().all(|&map| here(map)))
                }
                _ => None,
            };
            if let Some((linear, _)) = after {
                plan.input = linear;
            }
            let input_storage = plans[plan.input].storage;
            plan.input_gradient = input_storage.is_some_and(|s| storages[s].gradient);
            let alone = consumers(plan.input) == 1;
            // Of two activations over one value the first would find the second's where it left its own.
            let over = |other: &NodePlan| other.in_place && other.storage == input_storage;
            let nobody_minds =
                may_be_written_over(&nodes, plan.input, &consumers) && !plans.iter().any(over);
            plan.storage = match &call.operation {
                Operation::View(_) => input_storage,
                Operation::Map(map)
                    if map.elementwise() && !map.needs_input() && alone && nobody_minds =>
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
            if let Some((linear, maps)) = after {
                plan.bias = plans[linear].bias.take();
                let segment = &mut segments[segment_of[index]].nodes;
                segment.retain(|node| !maps.contains(node));
                let mut input = index;
                for map in maps {
                    plans[map].storage = plan.storage;
                    plans[map].input = input;
                    let before = segment.iter().position(|&node| node == input);
                    segment.insert(before.expect("a node of its segment") + 1, map);
                    input = map;
                }
            }
        }
        plans.push(plan);
        debug_assert_eq!(plans.len(), index + 1);
    }

    // Activations over the values of a layer for the whole minibatch go with it.
    for at in 1..segments.len() {
        let (before, here) = segments.split_at_mut(at);
        let (whole, nodes) = (&mut before[at - 1], &mut here[0].nodes);
        if whole.kind == SegmentKind::WholeBatch && here[0].kind == SegmentKind::ByExample {
            let storage = plans[whole.nodes[0]].storage;
            let over = |&&node: &&usize| plans[node].in_place && plans[node].storage == storage;
            let count = nodes.iter().take_while(over).count();
            whole.nodes.extend(nodes.drain(..count));
        }
    }
    segments.retain(|segment| !segment.nodes.is_empty());
    for (at, segment) in segments.iter().enumerate() {
        segment.nodes.iter().for_each(|&node| segment_of[node] = at);
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
        if node.call.is_some() {
            let producer = behind_views(&nodes, plans[index].input);
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
        if let Some(storage) = plans[plans[index].input].storage {
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

/// The linear layer that a pool takes its maxima of, and in their order the activations between the two, if nobody
/// else reads any of them and all activations are written over the layer's values.
fn left_for_later(
    nodes: &[&crate::ir::Node],
    plans: &[NodePlan],
    pool: usize,
    consumers: &dyn Fn(usize) -> usize,
) -> Option<(usize, Vec<usize>)> {
    let mut maps = Vec::new();
    let mut index = nodes[pool].inputs[0].index();
    loop {
        if consumers(index) != 1 {
            return None;
        }
        match nodes[index].call.as_ref().map(|c| &c.operation) {
            Some(Operation::Linear(linear)) => {
                return (linear.positions() > 1).then_some((index, maps));
            }
            Some(Operation::Map(map)) if map.after_maxima() && plans[index].in_place => {
                maps.insert(0, index);
                index = nodes[index].inputs[0].index();
            }
            _ => return None,
        }
    }
}

/// Whether the value at `index` comes, through views that nobody else reads, from a node that does not read its
/// own output on the way back: a linear layer, or a pool of maxima.
fn may_be_written_over(
    nodes: &[&crate::ir::Node],
    mut index: usize,
    consumers: &dyn Fn(usize) -> usize,
) -> bool {
    loop {
        match nodes[index].call.as_ref().map(|c| &c.operation) {
            Some(Operation::Linear(_)) => return consumers(index) == 1,
            Some(Operation::Map(map)) if map.takes_maxima() => return consumers(index) == 1,
            Some(Operation::View(_)) if consumers(index) == 1 => {
                index = nodes[index].inputs[0].index()
            }
            _ => return false,
        }
    }
}
