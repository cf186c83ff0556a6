//! The graph cut into segments, and where each value is kept.

use super::graph::{Graph, KernelPlan, NodePlan, Segment, SegmentKind, Storage};
use crate::estimator::POINT;
use crate::ir::{Argument, Model, Node};
use crate::layer::Operation;
use std::sync::Arc;

/// Which values can be read after a forward pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// Those that the likelihood takes.
    Outputs,
    /// All.
    All,
}

impl Graph {
    /// The network of `model` with these kernels.
    pub(super) fn new(model: Arc<Model>, kernels: Vec<KernelPlan>) -> Self {
        Cut::new(model, kernels, Keep::Outputs).graph()
    }

    /// The network of `model` on weights that lie one tensor after another, with every value kept.
    pub fn of_weights(model: Arc<Model>) -> Self {
        let mut start = 0;
        let kernels = model.tensors.iter().map(|(_, tensor)| {
            let entries = start..start + tensor.shape.len();
            start = entries.end;
            KernelPlan {
                loc: entries.clone(),
                entries,
                estimator: &POINT,
                by_example: false,
                factors: None,
                masked: false,
            }
        });
        let kernels = kernels.collect();
        Cut::new(model, kernels, Keep::All).graph()
    }
}

/// The graph while it is cut.
///
/// The largest of some numbers plus b is the largest of these numbers plus b, and alike for a function that
/// never falls: a bias, and an activation as relu, are done after the maxima of a pool, on a quarter of the
/// numbers where it halves both sides. Rounding never falls either, so that values have the same bits. If two
/// inputs tie only after adding and rounding the bias, the gradient goes to the one that was larger before.
struct Cut {
    graph: Graph,
    keep: Keep,
    /// The nodes that the likelihood takes.
    observed: Vec<usize>,
    /// The segment of each node; `NONE` for inputs and views.
    segment_of: Vec<usize>,
}

/// No segment.
const NONE: usize = usize::MAX;

impl Cut {
    fn new(model: Arc<Model>, kernels: Vec<KernelPlan>, keep: Keep) -> Self {
        let node = |argument: &Argument| match argument {
            Argument::Node(node) => Some(node.index()),
            Argument::Scalar(_) => None,
        };
        Cut {
            observed: model.observe.arguments.iter().filter_map(node).collect(),
            segment_of: vec![NONE; model.nodes.len()],
            keep,
            graph: Graph {
                model,
                kernels,
                nodes: Vec::new(),
                storages: Vec::new(),
                segments: Vec::new(),
            },
        }
    }

    fn graph(mut self) -> Graph {
        let model = self.graph.model.clone();
        let nodes: Vec<&Node> = model.nodes.iter().map(|(_, node)| node).collect();
        self.segments(&nodes);
        for index in 0..nodes.len() {
            self.place(&nodes, index);
        }
        self.join_activations();
        self.share(&nodes);
        self.order_gradients(&nodes);
        self.graph
    }

    /// How often a node's value is read.
    fn consumers(&self, nodes: &[&Node], index: usize) -> usize {
        let reads = |node: &&&Node| node.inputs.iter().any(|input| input.index() == index);
        let observed = self.observed.iter().filter(|&&node| node == index);
        nodes.iter().filter(reads).count() + observed.count()
    }

    fn segment_kind(&self, node: &Node) -> SegmentKind {
        let call = node.call.as_ref();
        match call.map(|call| (&call.operation, call.kernel())) {
            Some((Operation::Linear(linear), Some(kernel)))
                if linear.whole_batch() && !self.graph.kernels[kernel.index()].by_example =>
            {
                SegmentKind::WholeBatch
            }
            _ => SegmentKind::ByExample,
        }
    }

    /// Runs of layers that take one example at a time, and layers for the whole minibatch.
    fn segments(&mut self, nodes: &[&Node]) {
        for (index, node) in nodes.iter().enumerate() {
            let Some(call) = &node.call else { continue };
            if matches!(call.operation, Operation::View(_)) {
                continue;
            }
            let kind = self.segment_kind(node);
            let segments = &mut self.graph.segments;
            match segments.last_mut() {
                Some(last) if last.kind == kind && kind == SegmentKind::ByExample => {
                    last.nodes.push(index)
                }
                _ => segments.push(Segment {
                    kind,
                    nodes: vec![index],
                }),
            }
            self.segment_of[index] = segments.len() - 1;
        }
    }

    /// Gives a node its storage. A view shares its input's; a map that does not need its input is written over
    /// it, where no other node reads it and its producer does not read its own output.
    fn place(&mut self, nodes: &[&Node], index: usize) {
        let node = nodes[index];
        let bias = node.call.as_ref().and_then(|call| call.bias());
        let mut plan = NodePlan {
            storage: None,
            input: node.inputs.first().map_or(index, |input| input.index()),
            bias: bias.map(|bias| bias.index()),
            in_place: false,
            input_gradient: false,
            writes_first: true,
            writes_kernel: false,
        };
        let Some(call) = &node.call else {
            return self.graph.nodes.push(plan);
        };
        let later = self.left_for_later(nodes, index);
        if let Some((linear, _)) = later {
            plan.input = linear;
        }
        let input_storage = self.graph.nodes[plan.input].storage;
        plan.input_gradient = input_storage.is_some_and(|s| self.graph.storages[s].gradient);
        plan.in_place = match &call.operation {
            Operation::Map(map) if map.elementwise() && !map.needs_input() => {
                self.may_be_written_over(nodes, plan.input)
            }
            _ => false,
        };
        plan.storage = match &call.operation {
            Operation::View(_) => input_storage,
            _ if plan.in_place => input_storage,
            _ => {
                let gradient =
                    plan.input_gradient || call.kernel().is_some() || call.bias().is_some();
                let storages = &mut self.graph.storages;
                storages.push(Storage {
                    len: node.shape.len(),
                    shared: false,
                    gradient,
                });
                Some(storages.len() - 1)
            }
        };
        if let Some((linear, maps)) = later {
            plan.bias = self.graph.nodes[linear].bias.take();
            self.move_behind(index, plan.storage, maps);
        }
        self.graph.nodes.push(plan);
    }

    /// Runs `maps` after the pool at `index`, over its values.
    fn move_behind(&mut self, index: usize, storage: Option<usize>, maps: Vec<usize>) {
        let segment = &mut self.graph.segments[self.segment_of[index]].nodes;
        segment.retain(|node| !maps.contains(node));
        let mut input = index;
        for map in maps {
            self.graph.nodes[map].storage = storage;
            self.graph.nodes[map].input = input;
            let before = segment.iter().position(|&node| node == input);
            segment.insert(before.expect("a node of its segment") + 1, map);
            input = map;
        }
    }

    /// Activations over the values of a layer for the whole minibatch go with it.
    fn join_activations(&mut self) {
        let Graph {
            segments, nodes, ..
        } = &mut self.graph;
        for at in 1..segments.len() {
            let (before, here) = segments.split_at_mut(at);
            let (whole, own) = (&mut before[at - 1], &mut here[0].nodes);
            if whole.kind == SegmentKind::WholeBatch && here[0].kind == SegmentKind::ByExample {
                let storage = nodes[whole.nodes[0]].storage;
                let over = |&&node: &&usize| nodes[node].in_place && nodes[node].storage == storage;
                let count = own.iter().take_while(over).count();
                whole.nodes.extend(own.drain(..count));
            }
        }
        segments.retain(|segment| !segment.nodes.is_empty());
        for (at, segment) in segments.iter().enumerate() {
            segment
                .nodes
                .iter()
                .for_each(|&node| self.segment_of[node] = at);
        }
    }

    /// Shared are storages that are written in one segment and read in another, those of whole-batch layers,
    /// and those that are observed.
    fn share(&mut self, nodes: &[&Node]) {
        let Graph {
            segments,
            nodes: plans,
            storages,
            ..
        } = &mut self.graph;
        for (index, &here) in self.segment_of.iter().enumerate() {
            if here == NONE {
                continue;
            }
            let whole = segments[here].kind == SegmentKind::WholeBatch;
            if let (Some(storage), true) = (plans[index].storage, whole) {
                storages[storage].shared = true;
            }
            let producer = behind_views(nodes, plans[index].input);
            if let Some(storage) = plans[producer].storage
                && (self.segment_of[producer] != here || whole)
            {
                storages[storage].shared = true;
            }
        }
        for &index in &self.observed {
            if let Some(storage) = plans[index].storage {
                storages[storage].shared = true;
            }
        }
        if self.keep == Keep::All {
            storages
                .iter_mut()
                .for_each(|storage| storage.shared = true);
        }
    }

    /// Going backwards, the first node to reach a storage's gradient writes it; the likelihood always does.
    /// Alike for a kernel's, if the node has it for the whole minibatch.
    fn order_gradients(&mut self, nodes: &[&Node]) {
        let plans = &mut self.graph.nodes;
        let mut reached = vec![false; self.graph.storages.len()];
        for &index in &self.observed {
            if let Some(storage) = plans[index].storage {
                reached[storage] = true;
            }
        }
        let mut seen: Vec<usize> = Vec::new();
        for index in (0..nodes.len()).rev() {
            let here = self.segment_of[index];
            if here != NONE
                && !plans[index].in_place
                && let Some(storage) = plans[plans[index].input].storage
            {
                plans[index].writes_first = !std::mem::replace(&mut reached[storage], true);
            }
            let kernel = nodes[index].call.as_ref().and_then(|call| call.kernel());
            if let Some(kernel) = kernel.map(|kernel| kernel.index())
                && !seen.contains(&kernel)
            {
                seen.push(kernel);
                let kind = self.graph.segments[here].kind;
                plans[index].writes_kernel = kind == SegmentKind::WholeBatch;
            }
        }
    }

    /// The linear layer that a pool takes its maxima of, and in their order the activations between the two, if
    /// no other node reads any of them, all activations are written over the layer's values, and all are in
    /// one segment.
    fn left_for_later(&self, nodes: &[&Node], pool: usize) -> Option<(usize, Vec<usize>)> {
        let operation = |index: usize| nodes[index].call.as_ref().map(|call| &call.operation);
        match operation(pool) {
            Some(Operation::Map(map)) if map.takes_maxima() && self.keep == Keep::Outputs => {}
            _ => return None,
        }
        let mut maps = Vec::new();
        let mut index = nodes[pool].inputs[0].index();
        loop {
            if self.consumers(nodes, index) != 1 || self.segment_of[index] != self.segment_of[pool]
            {
                return None;
            }
            match operation(index) {
                Some(Operation::Linear(_)) => return Some((index, maps)),
                Some(Operation::Map(map))
                    if map.after_maxima() && self.graph.nodes[index].in_place =>
                {
                    maps.insert(0, index);
                    index = nodes[index].inputs[0].index();
                }
                _ => return None,
            }
        }
    }

    /// Whether a map may be written over its input: no other node reads it, and it comes, through views that no
    /// other node reads, from a node that does not read its own output on the way back: a linear layer, or a
    /// pool of maxima. Of two activations over one value the first would find the second's values in place of
    /// its own.
    fn may_be_written_over(&self, nodes: &[&Node], input: usize) -> bool {
        let plans = &self.graph.nodes;
        let storage = plans[input].storage;
        let over = |other: &NodePlan| other.in_place && other.storage == storage;
        if self.keep == Keep::All || plans.iter().any(over) {
            return false;
        }
        let mut index = input;
        while self.consumers(nodes, index) == 1 {
            match nodes[index].call.as_ref().map(|call| &call.operation) {
                Some(Operation::Linear(_)) => return true,
                Some(Operation::Map(map)) => return map.takes_maxima(),
                Some(Operation::View(_)) => index = nodes[index].inputs[0].index(),
                None => return false,
            }
        }
        false
    }
}

/// The node whose value a chain of views shows.
fn behind_views(nodes: &[&Node], mut index: usize) -> usize {
    while let Some(Operation::View(_)) = nodes[index].call.as_ref().map(|c| &c.operation) {
        index = nodes[index].inputs[0].index();
    }
    index
}
