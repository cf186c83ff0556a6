//! The graph cut into segments, and where each value is kept.

use super::graph::{
    Graph, InputPlan, KernelPlan, NodePlan, Segment, SegmentKind, Statistics, Storage,
};
use crate::estimator::POINT;
use crate::ir::{Arena, Argument, Handle, Model, Node, Table, Tensor};
use crate::layer::Operation;
use std::mem;
use std::sync::Arc;

/// What can be read after the passes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// The values that the likelihood takes.
    Outputs,
    /// All values.
    All,
    /// All values, and after a backward pass the gradients by them.
    Gradients,
}

impl Graph {
    /// The network of `model` with these kernels.
    pub(super) fn new(
        model: Arc<Model>,
        kernels: Table<Tensor, KernelPlan>,
        statistics: Statistics,
    ) -> Self {
        Cut::new(model, kernels, statistics, Keep::Outputs).graph()
    }

    /// The network of `model` with these kernels, in which every value is kept, and after a backward pass the gradient
    /// by every value that depends on one of the parameters `of`. The backward pass goes no further down than these.
    /// Batch norms normalise by the statistics that they keep.
    pub(super) fn linearized(
        model: Arc<Model>,
        kernels: Table<Tensor, KernelPlan>,
        of: Table<Tensor, bool>,
    ) -> Self {
        let mut cut = Cut::new(model, kernels, Statistics::Kept, Keep::Gradients);
        cut.differentiated = of;
        cut.graph()
    }

    /// The network of `model` on weights that lie one tensor after another, with every value kept.
    pub fn of_weights(model: Arc<Model>) -> Self {
        let mut start = 0;
        let kernels = model.tensors.map(|_, tensor| {
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
        Cut::new(model, kernels, Statistics::OfBatch, Keep::All).graph()
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
    observed: Vec<Handle<Node>>,
    /// The parameters whose gradients are wanted.
    differentiated: Table<Tensor, bool>,
    /// How often each node's value is read, also by one node.
    consumers: Table<Node, usize>,
    /// Which storages a map is written over.
    written_over: Table<Storage, bool>,
    /// The segment of each node; `None` for inputs and views.
    segment_of: Table<Node, Option<Handle<Segment>>>,
}

impl Cut {
    fn new(
        model: Arc<Model>,
        kernels: Table<Tensor, KernelPlan>,
        statistics: Statistics,
        keep: Keep,
    ) -> Self {
        let arguments = model.arguments();
        let observed: Vec<Handle<Node>> = arguments.filter_map(Argument::node).collect();
        let mut consumers = model.nodes.map(|_, _| 0);
        // A node that reads another twice counts twice: it cannot be written over what it reads again.
        let inputs = model.nodes.values().flat_map(|node| &node.inputs);
        for read in inputs.chain(&observed) {
            consumers[*read] += 1;
        }
        Cut {
            differentiated: kernels.map(|_, _| true),
            observed,
            consumers,
            written_over: Table::default(),
            segment_of: model.nodes.map(|_, _| None),
            keep,
            graph: Graph {
                model,
                kernels,
                statistics,
                nodes: Table::default(),
                storages: Arena::default(),
                places: Arena::default(),
                segments: Arena::default(),
            },
        }
    }

    fn graph(mut self) -> Graph {
        let model = self.graph.model.clone();
        let nodes = &model.nodes;
        self.segments(nodes);
        for node in nodes.handles() {
            let plan = self.place(nodes, node);
            self.graph.nodes.push(plan);
        }
        self.join_activations();
        self.share(nodes);
        self.order_gradients(nodes);
        match self.keep {
            Keep::Outputs => self.graph.find_places(&self.observed),
            Keep::Gradients => self.graph.keep_gradients(),
            Keep::All => {}
        }
        self.graph
    }

    fn segment_kind(&self, node: &Node) -> SegmentKind {
        let call = node.call.as_ref();
        match call.map(|call| (&call.operation, call.kernel())) {
            Some((Operation::Linear(linear), Some(kernel)))
                if linear.whole_batch() && !self.graph.kernels[kernel].by_example =>
            {
                SegmentKind::WholeBatch
            }
            Some((Operation::Statistics(_), _)) if self.graph.statistics == Statistics::OfBatch => {
                SegmentKind::Statistics
            }
            Some((Operation::Scan(_), _)) => SegmentKind::Scan,
            _ => SegmentKind::ByExample,
        }
    }

    /// Runs of layers that take one example at a time, and layers for the whole minibatch.
    fn segments(&mut self, nodes: &Arena<Node>) {
        let mut here = None;
        for (handle, node) in nodes.iter() {
            let Some(call) = &node.call else { continue };
            if matches!(call.operation, Operation::View(_)) {
                continue;
            }
            let kind = self.segment_kind(node);
            let segments = &mut self.graph.segments;
            match segments.last_mut() {
                Some(last) if last.kind == kind && kind == SegmentKind::ByExample => {
                    last.nodes.push(handle)
                }
                _ => {
                    let nodes = vec![handle];
                    here = Some(segments.push(Segment { kind, nodes }));
                }
            }
            self.segment_of[handle] = here;
        }
    }

    /// A node with its storage. A view shares its input's; a map that does not need its input is written over
    /// it, where no other node reads it and its producer does not read its own output. A function that can be is
    /// written over any such input of its own.
    fn place(&mut self, nodes: &Arena<Node>, handle: Handle<Node>) -> NodePlan {
        let node = &nodes[handle];
        let mut plan = NodePlan {
            storage: None,
            inputs: Vec::new(),
            // A function adds it by itself.
            bias: node
                .call
                .as_ref()
                .filter(|call| matches!(call.operation, Operation::Linear(_) | Operation::Scan(_)))
                .and_then(|call| call.bias()),
            in_place: false,
            kernel_use: 0,
            writes_kernel: false,
        };
        let Some(call) = &node.call else {
            return plan;
        };
        let later = self.left_for_later(nodes, handle);
        let inputs = match &later {
            Some((linear, _)) => vec![*linear],
            None => node.inputs.clone(),
        };
        let mut inputs: Vec<InputPlan> = inputs.into_iter().map(|node| self.input(node)).collect();
        plan.in_place = match &call.operation {
            Operation::Map(map) if map.elementwise() && !map.needs_input() => {
                self.may_be_written_over(nodes, inputs[0].node)
            }
            Operation::Function(function) if function.in_place() => {
                // The gradient by the output lies where that by this input does.
                let wanted = inputs.iter().any(|input| input.gradient);
                let mut over = inputs.iter();
                let over = over.position(|input| {
                    input.gradient == wanted && self.may_be_written_over(nodes, input.node)
                });
                inputs.swap(0, over.unwrap_or(0));
                over.is_some()
            }
            _ => false,
        };
        let input_storage = self.graph.nodes[inputs[0].node].storage;
        plan.storage = match &call.operation {
            Operation::View(_) => input_storage,
            _ if plan.in_place => input_storage,
            _ => {
                let gradient = inputs.iter().any(|input| input.gradient);
                let gradient = gradient || call.tensors().any(|t| self.differentiated[t]);
                self.written_over.push(false);
                Some(self.graph.storages.push(Storage {
                    len: node.shape.len(),
                    shared: false,
                    gradient,
                    place: None,
                }))
            }
        };
        plan.inputs = inputs;
        // A function that is written over a value reads nothing of it on the way back, and an activation may follow.
        let is_map = matches!(call.operation, Operation::Map(_));
        if let Some(storage) = plan.storage.filter(|_| plan.in_place && is_map) {
            self.written_over[storage] = true;
        }
        if let Some((linear, maps)) = later {
            plan.bias = self.graph.nodes[linear].bias.take();
            self.move_behind(handle, plan.storage, maps);
        }
        plan
    }

    /// A value as a node takes it.
    fn input(&self, node: Handle<Node>) -> InputPlan {
        let storage = self.graph.nodes[node].storage;
        InputPlan {
            node,
            gradient: storage.is_some_and(|s| self.graph.storages[s].gradient),
            writes_first: true,
        }
    }

    /// Runs `maps` after a pool, over its values.
    fn move_behind(
        &mut self,
        pool: Handle<Node>,
        storage: Option<Handle<Storage>>,
        maps: Vec<Handle<Node>>,
    ) {
        let segment = self.segment_of[pool].expect("a pool is in a segment");
        let segment = &mut self.graph.segments[segment].nodes;
        segment.retain(|node| !maps.contains(node));
        if let (Some(storage), false) = (storage, maps.is_empty()) {
            self.written_over[storage] = true;
        }
        let mut input = pool;
        for map in maps {
            self.graph.nodes[map].storage = storage;
            self.graph.nodes[map].inputs[0].node = input;
            let before = segment.iter().position(|&node| node == input);
            segment.insert(before.expect("a node of its segment") + 1, map);
            input = map;
        }
    }

    /// Activations over the values of a layer for the whole minibatch go with it.
    fn join_activations(&mut self) {
        let (nodes, model) = (&self.graph.nodes, &self.graph.model);
        let mut joined: Arena<Segment> = Arena::default();
        for mut segment in mem::take(&mut self.graph.segments) {
            if let Some(whole) = joined.last_mut()
                && whole.kind == SegmentKind::WholeBatch
                && segment.kind == SegmentKind::ByExample
            {
                let storage = nodes[whole.nodes[0]].storage;
                let over = |node: &&Handle<Node>| {
                    let (plan, call) = (&nodes[**node], &model.nodes[**node].call);
                    let operation = call.as_ref().map(|call| &call.operation);
                    let is_map = matches!(operation, Some(Operation::Map(_)));
                    plan.in_place && plan.storage == storage && is_map
                };
                let count = segment.nodes.iter().take_while(over).count();
                whole.nodes.extend(segment.nodes.drain(..count));
            }
            if !segment.nodes.is_empty() {
                joined.push(segment);
            }
        }
        for (handle, segment) in joined.iter() {
            for &node in &segment.nodes {
                self.segment_of[node] = Some(handle);
            }
        }
        self.graph.segments = joined;
    }

    /// Shared are storages that are written in one segment and read in another, those of whole-batch layers,
    /// and those that are observed.
    fn share(&mut self, nodes: &Arena<Node>) {
        let Graph {
            segments,
            nodes: plans,
            storages,
            ..
        } = &mut self.graph;
        for (node, segment) in self.segment_of.iter() {
            let &Some(here) = segment else { continue };
            let whole = segments[here].kind != SegmentKind::ByExample;
            if let (Some(storage), true) = (plans[node].storage, whole) {
                storages[storage].shared = true;
            }
            for input in &plans[node].inputs {
                let producer = behind_views(nodes, input.node);
                if let Some(storage) = plans[producer].storage
                    && (self.segment_of[producer] != Some(here) || whole)
                {
                    storages[storage].shared = true;
                }
            }
        }
        for &node in &self.observed {
            if let Some(storage) = plans[node].storage {
                storages[storage].shared = true;
            }
        }
        if self.keep != Keep::Outputs {
            let all = storages.values_mut();
            all.for_each(|storage| storage.shared = true);
        }
    }

    /// Going backwards, the first node to reach a storage's gradient writes it; the likelihood always does.
    /// Alike for a kernel's, if the node has it for the whole minibatch.
    fn order_gradients(&mut self, nodes: &Arena<Node>) {
        let plans = &mut self.graph.nodes;
        let mut reached = self.graph.storages.map(|_, _| false);
        for &node in &self.observed {
            if let Some(storage) = plans[node].storage {
                reached[storage] = true;
            }
        }
        let mut seen = self.graph.kernels.map(|_, _| false);
        for (handle, node) in nodes.iter().rev() {
            let Some(here) = self.segment_of[handle] else {
                continue;
            };
            for at in usize::from(plans[handle].in_place)..plans[handle].inputs.len() {
                let storage = plans[plans[handle].inputs[at].node].storage;
                if let Some(storage) = storage {
                    let writes_first = !mem::replace(&mut reached[storage], true);
                    plans[handle].inputs[at].writes_first = writes_first;
                }
            }
            let kernel = node.call.as_ref().and_then(|call| call.kernel());
            if let Some(kernel) = kernel
                && !mem::replace(&mut seen[kernel], true)
            {
                let kind = self.graph.segments[here].kind;
                plans[handle].writes_kernel = kind == SegmentKind::WholeBatch;
            }
        }
        let mut uses = self.graph.kernels.map(|_, _| 0);
        for (handle, node) in nodes.iter() {
            if let Some(kernel) = node.call.as_ref().and_then(|call| call.kernel()) {
                plans[handle].kernel_use = uses[kernel];
                uses[kernel] += 1;
            }
        }
    }

    /// The linear layer that a pool takes its maxima of, and in their order the activations between the two, if
    /// no other node reads any of them, all activations are written over the layer's values, and all are in
    /// one segment.
    fn left_for_later(
        &self,
        nodes: &Arena<Node>,
        pool: Handle<Node>,
    ) -> Option<(Handle<Node>, Vec<Handle<Node>>)> {
        let operation = |node: Handle<Node>| nodes[node].call.as_ref().map(|call| &call.operation);
        match operation(pool) {
            Some(Operation::Map(map)) if map.takes_maxima() && self.keep == Keep::Outputs => {}
            _ => return None,
        }
        let mut maps = Vec::new();
        let mut node = nodes[pool].inputs[0];
        loop {
            if self.consumers[node] != 1 || self.segment_of[node] != self.segment_of[pool] {
                return None;
            }
            match operation(node) {
                Some(Operation::Linear(_)) => return Some((node, maps)),
                Some(Operation::Map(map))
                    if map.after_maxima() && self.graph.nodes[node].in_place =>
                {
                    maps.insert(0, node);
                    node = nodes[node].inputs[0];
                }
                _ => return None,
            }
        }
    }

    /// Whether a map may be written over its input: no other node reads it, and it comes, through views that no
    /// other node reads, from a node that does not read its own output on the way back: a linear layer, or a
    /// pool of maxima. Of two activations over one value the first would find the second's values in place of
    /// its own.
    fn may_be_written_over(&self, nodes: &Arena<Node>, input: Handle<Node>) -> bool {
        let storage = self.graph.nodes[input].storage;
        let written_over = storage.is_some_and(|storage| self.written_over[storage]);
        if self.keep != Keep::Outputs || written_over {
            return false;
        }
        let mut node = input;
        while self.consumers[node] == 1 {
            match nodes[node].call.as_ref().map(|call| &call.operation) {
                Some(Operation::Linear(_)) => return true,
                Some(Operation::Map(map)) => return map.takes_maxima(),
                Some(Operation::View(_)) => node = nodes[node].inputs[0],
                Some(Operation::Function(_) | Operation::Statistics(_) | Operation::Scan(_)) => {
                    return true;
                }
                None => return false,
            }
        }
        false
    }
}

/// The node whose value a chain of views shows.
fn behind_views(nodes: &Arena<Node>, mut node: Handle<Node>) -> Handle<Node> {
    while let Some(Operation::View(_)) = nodes[node].call.as_ref().map(|c| &c.operation) {
        node = nodes[node].inputs[0];
    }
    node
}
