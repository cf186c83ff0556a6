//! What the interpreter runs: variables laid out, estimators chosen, buffers and order settled.
//!
//! A plan depends on the inference alone. It cuts the graph into [`Segment`]s: runs of layers that are
//! taken example by example (convolutions, pools, activations), so that an example's values stay in
//! cache from one to the next, and dense layers, which take the whole minibatch at once.

mod cut;
mod draws;
mod graph;
mod places;
mod tensors;
mod terms;
mod text;
mod variables;

pub use draws::{DrawKind, DrawStream, TensorDraw, mask_key};
pub use graph::{
    Graph, InputPlan, KernelPlan, NodePlan, Place, Segment, SegmentKind, Statistics, Storage,
};
pub use tensors::{Family, Frame, Mask, TensorPlan};
pub use terms::TermPlan;
pub use text::text;
pub use variables::{LearnedPlan, Variable};

use crate::estimator::{Estimator, FIXED_DRAW, FIXED_LOC, POINT, REPARAMETERIZATION};
use crate::ir::{Call, Handle, Inference, Learned, Node, Table, Tensor};
use crate::layer::Operation;
use std::ops::Deref;
use std::sync::Arc;

/// A model ready to run.
pub struct Plan {
    /// The network.
    pub graph: Arc<Graph>,
    /// How its model is fitted.
    pub inference: Arc<Inference>,
    /// Every trainable tensor, in the order of the flat vector that holds them.
    pub variables: Vec<Variable>,
    /// One for each of the model's tensors.
    pub tensors: Table<Tensor, TensorPlan>,
    /// The layers whose kernel a tensor is: its uses, in order.
    uses: Table<Tensor, Vec<Handle<Node>>>,
    /// One for each of the model's learned numbers.
    pub learned: Table<Learned, LearnedPlan>,
    /// The term of each of the model's tensors that has one.
    pub terms: Table<Tensor, Option<TermPlan>>,
}

impl Deref for Plan {
    type Target = Graph;
    fn deref(&self) -> &Graph {
        &self.graph
    }
}

impl Plan {
    /// Settles how an inference and its model are run.
    pub fn new(inference: Arc<Inference>) -> Plan {
        let mut variables = Vec::new();
        let tensors = tensors::lay_out(&inference, &mut variables);
        let learned = variables::of_learned(&inference, &mut variables);
        let kernels = tensors.map(|_, tensor| tensor.kernel.clone());
        let mut uses = tensors.map(|_, _| Vec::new());
        for (node, layer) in inference.nodes.iter() {
            if let Some(kernel) = layer.call.as_ref().and_then(Call::kernel) {
                uses[kernel].push(node);
            }
        }
        let model = inference.model.clone();
        Plan {
            graph: Arc::new(Graph::new(model, kernels, Statistics::OfBatch)),
            terms: terms::plan(&inference),
            inference,
            variables,
            tensors,
            uses,
            learned,
        }
    }

    /// The network on one draw of the weights that all examples share, whatever the estimators of training.
    pub fn prediction_graph(&self) -> Graph {
        let kernels = self.drawn_kernels([&POINT, REPARAMETERIZATION]);
        Graph::new(self.model.clone(), kernels, Statistics::Kept)
    }

    /// The kernels of one draw that all examples share, with the estimators of those that are their loc and of others.
    fn drawn_kernels(
        &self,
        [of_loc, of_draw]: [&'static dyn Estimator; 2],
    ) -> Table<Tensor, KernelPlan> {
        self.tensors.map(|_, tensor| KernelPlan {
            estimator: match tensor.is_constant() {
                true => of_loc,
                false => of_draw,
            },
            by_example: false,
            factors: None,
            masked: false,
            ..tensor.kernel.clone()
        })
    }

    /// The network on one draw of the weights, for the Jacobian of the likelihood's arguments by the parameters `of`:
    /// every value and the gradient by it can be read. There is no gradient by kernels: it is made of these.
    pub fn linearized_graph(&self, of: Table<Tensor, bool>) -> Graph {
        Graph::linearized(
            self.model.clone(),
            self.drawn_kernels([&FIXED_LOC, &FIXED_DRAW]),
            of,
        )
    }

    /// Number of trainable numbers.
    pub fn trainable(&self) -> usize {
        self.variables.last().map_or(0, |v| v.range.end)
    }

    /// Multiplications and additions of one training step of the deterministic network, an example:
    /// forward, the gradient by each kernel, and by each input where it is wanted.
    pub fn operations(&self) -> u64 {
        self.operations_of(|node| 2 + u64::from(self.nodes[node].input().gradient))
    }

    /// Multiplications and additions of the deterministic network's forward pass, an example.
    pub fn forward_operations(&self) -> u64 {
        self.operations_of(|_| 1)
    }

    /// Of all linear layers; `passes` is how often a node's products are made. The largest number there is where
    /// the sum does not fit.
    fn operations_of(&self, passes: impl Fn(Handle<Node>) -> u64) -> u64 {
        let of = |(handle, node): (Handle<Node>, &Node)| match &node.call.as_ref()?.operation {
            Operation::Linear(linear) => {
                Some(linear.multiplications().saturating_mul(2 * passes(handle)))
            }
            Operation::Scan(scan) => {
                let once = scan.product().multiplications();
                let all = once.saturating_mul(scan.geometry().steps as u64);
                Some(all.saturating_mul(2 * passes(handle).max(1)))
            }
            _ => None,
        };
        self.model
            .nodes
            .iter()
            .filter_map(of)
            .fold(0, u64::saturating_add)
    }
}
