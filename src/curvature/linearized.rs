//! A network linearised in some of its parameters: rows of the Jacobian of the likelihood's arguments, example by
//! example.

use super::{Refusal, Result};
use crate::exec::{Batch, KernelGradients, Kernels, Mode, Network, Number};
use crate::ir::{Argument, Handle, Node, Role, Table, Tensor};
use crate::layer::{AnyLinear, Linear, Operation};
use crate::likelihood::{ArgumentAt, Information};
use crate::plan::{Graph, Plan};
use crate::tensor::Share;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// A parameter that is curved about.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// It.
    pub tensor: Handle<Tensor>,
    /// `conv1.kernel`
    pub name: String,
    /// Its entries among those of all parameters that are curved about.
    pub range: Range<usize>,
    /// Where its loc lies among the plan's variables.
    pub loc: Range<usize>,
    /// Its axes but the last, multiplied: the inputs of a kernel; 1 of a row.
    pub inputs: usize,
    /// Where it is applied.
    pub uses: Vec<Use>,
}

/// How a node applies a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The node.
    pub node: Handle<Node>,
    /// As what.
    pub role: Applied,
}

/// What a node does with a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It is linear in it.
    Kernel,
    /// It adds it to each position.
    Bias,
    /// It is one of a function's rows: its entries among those of all its rows.
    Row(Range<usize>),
}

impl Parameter {
    /// How many numbers its Kronecker factors take.
    pub(super) fn kronecker_numbers(&self) -> u64 {
        let outputs = self.range.len() / self.inputs.max(1);
        (self.inputs as u64).pow(2) + (outputs as u64).pow(2)
    }
}

/// Where a backward pass starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// A column of the factor S of each example's information, Λ = S Sᵀ.
    Information {
        /// The number of the target.
        target: usize,
        /// The column.
        column: usize,
    },
    /// An entry of one of the likelihood's arguments.
    Entry {
        /// The place of the argument among those of all targets.
        argument: usize,
        /// The entry.
        entry: usize,
    },
}

/// The most numbers of values and gradients that are kept, unless one example has more.
const NUMBERS: usize = 1 << 24;

/// The most numbers of gradients that are made at a time.
const AT_ONCE: usize = 1 << 22;

/// A network with the gradients of each example at hand, with room for some examples at a time.
pub struct Linearized<T: Number> {
    graph: Arc<Graph>,
    network: Network<T>,
    parameters: Vec<Parameter>,
    capacity: usize,
    examples: usize,
    /// For each target that of each example.
    information: Vec<Vec<Information>>,
    /// Where a backward pass would write gradients by kernels, and adds those by biases and rows: nobody reads it.
    unused: KernelGradients<T>,
}

impl<T: Number> Linearized<T> {
    /// With respect to the parameters that `covers` says, for up to `most` examples at a time; fewer where their values
    /// take much memory.
    pub fn new(plan: &Plan, covers: &Table<Tensor, bool>, most: usize) -> Self {
        let graph = Arc::new(plan.linearized_graph(covers.clone()));
        // Values, and the gradients by them.
        let numbers: usize = graph.storages.values().map(|s| 2 * s.len).sum();
        let capacity = (NUMBERS / numbers.max(1)).clamp(1, most);
        let mut start = 0;
        let covered = plan
            .model
            .tensors
            .iter()
            .filter(|(handle, _)| covers[*handle]);
        let parameters = covered.map(|(handle, tensor)| {
            let range = start..start + tensor.shape.len();
            start = range.end;
            let outputs = match tensor.role {
                Role::Kernel => tensor.shape.0.last().copied().unwrap_or(1),
                _ => tensor.shape.len(),
            };
            Parameter {
                tensor: handle,
                name: tensor.name.clone(),
                inputs: range.len() / outputs.max(1),
                range,
                loc: plan.tensors[handle].loc.clone(),
                uses: uses(&graph, handle),
            }
        });
        let parameters = parameters.collect();
        Linearized {
            network: Network::new(graph.clone(), capacity),
            unused: KernelGradients::new(&graph),
            parameters,
            capacity,
            examples: 0,
            information: vec![],
            graph,
        }
    }

    /// The network's graph: what [`crate::exec::Interpreter::kernels_for`] makes kernels for.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// The parameters, in the model's order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// How many entries they have together.
    pub fn entries(&self) -> usize {
        self.parameters.last().map_or(0, |p| p.range.end)
    }

    /// The most examples of one forward pass.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Examples of the last forward pass.
    pub fn examples(&self) -> usize {
        self.examples
    }

    /// The network itself, to read what it gave.
    pub fn network(&self) -> &Network<T> {
        &self.network
    }

    /// −ln p of the targets of the last forward pass's examples, that of each target; adds its gradient by all
    /// parameters to `gradient`.
    pub fn nll(
        &mut self,
        kernels: &Kernels<T>,
        batch: &Batch<T>,
        gradient: &mut [f64],
    ) -> Vec<f64> {
        let targets = self.graph.model.others.len() + 1;
        let of = |network: &mut Network<T>, target| network.nll(kernels, batch, target, 1.0);
        let nll = (0..targets).map(|target| of(&mut self.network, target));
        let nll = nll.collect();
        self.network.start_backward(self.examples);
        self.network
            .backward(kernels, batch.inputs, &mut self.unused, None);
        for parameter in &self.parameters {
            let to = &mut gradient[parameter.range.clone()];
            self.for_rows(kernels, batch.inputs, parameter, |row| {
                let entries = to.iter_mut().zip(row);
                entries.for_each(|(to, d)| *to += d.wide());
            });
        }
        nll
    }

    /// Runs the network on some examples. What it gives of an example does not depend on the others.
    pub fn forward(&mut self, kernels: &Kernels<T>, inputs: &[T], examples: usize) {
        self.examples = examples;
        self.network
            .forward(kernels, inputs, examples, Mode::Predict, None);
    }

    /// Works out the information of each target after a forward pass. The directions whose gradients r make up
    /// H = Σ r rᵀ. An entry of a target that is missing has none.
    ///
    /// # Errors
    /// A likelihood whose information is not known.
    pub fn information(
        &mut self,
        kernels: &Kernels<T>,
        batch: &Batch<T>,
    ) -> Result<Vec<Direction>> {
        let model = self.graph.model.clone();
        let mut directions = vec![];
        self.information.clear();
        for (number, (target, observe)) in model.observed().enumerate() {
            let rows = self.network.arguments_of(kernels, batch.inputs, number);
            let entries = target.kind.entries();
            let observed = batch.targets_of(number).observed();
            let mut of_examples = Vec::with_capacity(self.examples);
            for example in 0..self.examples {
                let values: Vec<Vec<f64>> = rows
                    .iter()
                    .map(|rows| {
                        let width = match rows.stride {
                            0 => rows.values.len(),
                            stride => stride,
                        };
                        let entry = |at: usize| rows.values[example * rows.stride + at].wide();
                        (0..width).map(entry).collect()
                    })
                    .collect();
                let arguments: Vec<ArgumentAt> = values
                    .iter()
                    .zip(&observe.arguments)
                    .map(|(values, argument)| ArgumentAt {
                        values,
                        is_of_network: argument.node().is_some(),
                    })
                    .collect();
                let own = &observed[example * entries..][..entries];
                let found = observe.likelihood.information(&arguments, own);
                of_examples.push(found.map_err(|why| {
                    Refusal::new(why, "a Laplace approximation needs it: take another likelihood, or give numbers for \
                                       the arguments that it is not known by")
                })?);
            }
            let columns = of_examples.first().map_or(0, Information::len);
            directions.extend((0..columns).map(|column| Direction::Information {
                target: number,
                column,
            }));
            self.information.push(of_examples);
        }
        Ok(directions)
    }

    /// The entries of a target's arguments that come from the network, in the order of an [`Information`]'s rows.
    pub fn entries_of(&self, target: usize) -> Vec<Direction> {
        let model = &self.graph.model;
        let mut argument = 0;
        let mut found = vec![];
        for (number, (_, observe)) in model.observed().enumerate() {
            for of in &observe.arguments {
                if let (true, Some(node)) = (number == target, of.node()) {
                    let len = model.nodes[node].shape.len();
                    found.extend((0..len).map(|entry| Direction::Entry { argument, entry }));
                }
                argument += 1;
            }
        }
        found
    }

    /// Runs the network back from a direction.
    pub fn backward(&mut self, kernels: &Kernels<T>, inputs: &[T], from: Direction) {
        let (examples, model) = (self.examples, &self.graph.model);
        let all: Vec<&Argument> = model.arguments().collect();
        let len = |argument: usize| {
            let node = all[argument].node();
            node.map_or(0, |node| model.nodes[node].shape.len())
        };
        let first_of = |target: usize| {
            let before = model.observed().take(target);
            before.map(|(_, observe)| observe.arguments.len()).sum()
        };
        let information = &self.information;
        self.network.start_from(|argument, direction| match from {
            Direction::Entry {
                argument: of,
                entry,
            } if of == argument => {
                let rows = direction.chunks_exact_mut(len(argument));
                rows.take(examples).for_each(|row| row[entry] = T::one());
            }
            Direction::Entry { .. } => {}
            Direction::Information { target, column } => {
                let first: usize = first_of(target);
                let count = model.observed().nth(target);
                let count = count.map_or(0, |(_, observe)| observe.arguments.len());
                if !(first..first + count).contains(&argument) || len(argument) == 0 {
                    return;
                }
                // Where this argument's numbers begin among those of the information.
                let before: usize = (first..argument).map(len).sum();
                let rows = direction.chunks_exact_mut(len(argument));
                for (row, information) in rows.zip(&information[target]) {
                    let (start, entries) = information.column(column);
                    for (at, value) in (start..).zip(entries) {
                        if let Some(to) = at.checked_sub(before).and_then(|at| row.get_mut(at)) {
                            *to = T::of(value);
                        }
                    }
                }
            }
        });
        self.network
            .backward(kernels, inputs, &mut self.unused, None);
    }

    /// The gradient of each example by a parameter after a backward pass: a row of `out` for each of some examples.
    pub fn gradients(
        &self,
        kernels: &Kernels<T>,
        inputs: &[T],
        parameter: &Parameter,
        examples: Range<usize>,
        out: &mut [T],
    ) {
        let len = parameter.range.len();
        let scratch = self.scratch(parameter);
        let rows = out.par_chunks_mut(len).enumerate();
        rows.share_with(
            || vec![T::zero(); scratch],
            |scratch, (row, out)| {
                let example = examples.start + row;
                let at = example..example + 1;
                out.fill(T::zero());
                for Use { node, role } in &parameter.uses {
                    match role {
                        Applied::Kernel => {
                            let linear = T::linear(self.linear(*node));
                            let x = self.network.taken(*node, inputs, at.clone());
                            let dy = self.network.by_output(*node, at.clone());
                            Linear::weight_gradient(linear, x, dy, true, out, scratch);
                        }
                        Applied::Bias => {
                            T::add_rows(out, self.network.by_output(*node, at.clone()))
                        }
                        Applied::Row(entries) => {
                            let rows = self.network.by_rows(kernels, inputs, *node, example);
                            T::add_to(out, &rows[entries.clone()]);
                        }
                    }
                }
            },
        );
    }

    /// Hands over the gradient of each example by a parameter after a backward pass, one after the other; some are made
    /// at a time.
    pub fn for_rows(
        &self,
        kernels: &Kernels<T>,
        inputs: &[T],
        parameter: &Parameter,
        mut take: impl FnMut(&[T]),
    ) {
        let len = parameter.range.len();
        let most = (AT_ONCE / len.max(1)).clamp(1, self.examples.max(1));
        let mut rows = vec![T::zero(); most * len];
        for start in (0..self.examples).step_by(most) {
            let examples = start..self.examples.min(start + most);
            let rows = &mut rows[..examples.len() * len];
            self.gradients(kernels, inputs, parameter, examples, rows);
            rows.chunks_exact(len).for_each(&mut take);
        }
    }

    /// J v of each example along one direction after a backward pass: `applied` holds what
    /// [`Linearized::tangents`] made of v; adds a number an example to `out`.
    pub fn along(
        &self,
        tangents: &[Vec<T>],
        kernels: &Kernels<T>,
        inputs: &[T],
        v: &[T],
        out: &mut [T],
    ) {
        let mut tangents = tangents.iter();
        for parameter in &self.parameters {
            for Use { node, role } in &parameter.uses {
                let v = &v[parameter.range.clone()];
                let dy = self.network.by_output(*node, 0..self.examples);
                let of_example = dy.len() / self.examples.max(1);
                let tangent = match role {
                    Applied::Kernel => tangents.next().map(|tangent| &tangent[..]),
                    _ => None,
                };
                let rows = out.par_iter_mut().enumerate();
                rows.share(|(example, out)| {
                    let dy = &dy[example * of_example..][..of_example];
                    *out += match (role, tangent) {
                        (Applied::Row(entries), _) => {
                            let rows = self.network.by_rows(kernels, inputs, *node, example);
                            dot(&rows[entries.clone()], v)
                        }
                        (_, Some(tangent)) => {
                            dot(dy, &tangent[example * of_example..][..of_example])
                        }
                        (_, None) => dy.chunks_exact(v.len()).map(|dy| dot(dy, v)).sum(),
                    };
                });
            }
        }
    }

    /// What each layer makes of its inputs under the kernel's part of v in place of its kernel, for
    /// [`Linearized::along`]: an array for each use of a kernel.
    pub fn tangents(&self, inputs: &[T], v: &[T]) -> Vec<Vec<T>> {
        let mut all = vec![];
        for parameter in &self.parameters {
            let kernels = parameter.uses.iter().filter(|u| u.role == Applied::Kernel);
            for Use { node, .. } in kernels {
                let linear = self.linear(*node);
                let x = self.network.taken(*node, inputs, 0..self.examples);
                let (input, output) = (x.len() / self.examples.max(1), linear.output().len());
                let mut tangent = vec![T::zero(); output * self.examples];
                let v = &v[parameter.range.clone()];
                let rows = tangent.par_chunks_mut(output).zip(x.par_chunks(input));
                rows.share_with(
                    || vec![T::zero(); linear.scratch(1)],
                    |scratch, (y, x)| Linear::apply(T::linear(linear), x, v, y, scratch),
                );
                all.push(tangent);
            }
        }
        all
    }

    /// A linear layer.
    pub(super) fn linear(&self, node: Handle<Node>) -> &dyn AnyLinear {
        let call = self.graph.model.nodes[node].call.as_ref();
        match call.map(|call| &call.operation) {
            Some(Operation::Linear(linear)) => &**linear,
            _ => unreachable!("a kernel belongs to a linear layer"),
        }
    }

    fn scratch(&self, parameter: &Parameter) -> usize {
        let uses = parameter.uses.iter();
        let kernels = uses.filter(|of| of.role == Applied::Kernel);
        let needs = kernels.map(|of| self.linear(of.node).scratch(1));
        needs.max().unwrap_or(0)
    }
}

fn dot<T: Number>(a: &[T], b: &[T]) -> T {
    let products = a.iter().zip(b).map(|(&a, &b)| a * b);
    products.fold(T::zero(), |sum, product| sum + product)
}

/// Where a parameter is applied.
fn uses(graph: &Graph, tensor: Handle<Tensor>) -> Vec<Use> {
    let mut found = vec![];
    for (node, of) in graph.model.nodes.iter() {
        let Some(call) = &of.call else { continue };
        if call.kernel() == Some(tensor) {
            found.push(Use {
                node,
                role: Applied::Kernel,
            });
        }
        let is_linear = matches!(call.operation, Operation::Linear(_));
        if is_linear && call.bias() == Some(tensor) {
            found.push(Use {
                node,
                role: Applied::Bias,
            });
        }
        if is_linear {
            continue;
        }
        let mut start = 0;
        for row in call.tensors() {
            let entries = start..start + graph.model.tensors[row].shape.len();
            start = entries.end;
            if row == tensor {
                found.push(Use {
                    node,
                    role: Applied::Row(entries),
                });
            }
        }
    }
    found
}
