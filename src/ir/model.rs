//! The model: data, parameters with their priors, graph and likelihood. How it is fitted is an
//! [`Inference`](super::Inference).

use super::arena::{Arena, Handle};
use super::composition::Compositions;
use super::scalar::Scalar;
use crate::distribution::{Distribution, LocalScales, Support};
use crate::initializer::Initializer;
use crate::layer::{self, Layer, Operation, Sequence, Slot};
use crate::likelihood::{Likelihood, Summary, TargetKind};
use crate::posterior::{LEAST_SCALE, Posterior, Start, Transform, VariableSpec};
use crate::pretrained::{self, moped};
use crate::signature::{Constants, Domain};
use crate::source::Span;
use crate::tensor::Shape;
use std::sync::Arc;

/// A model file, every name resolved, every default filled in.
#[derive(Clone)]
pub struct Model {
    /// After `model`.
    pub name: String,
    /// One example's input; of several inputs the row that holds them one after the other.
    pub input: Input,
    /// The inputs as they are declared.
    pub inputs: Vec<Input>,
    /// What is observed of one example; of several targets the first.
    pub target: Target,
    /// The graph in data-flow order; the first node is the input.
    pub nodes: Arena<Node>,
    /// Latent variables, then the network's parameters in the order of their layers, kernel before bias.
    pub tensors: Arena<Tensor>,
    /// Numbers learned as point estimates.
    pub learned: Arena<Learned>,
    /// How the network's values and the target meet.
    pub observe: Observe,
    /// Further targets, each with its likelihood.
    pub others: Vec<(Target, Observe)>,
    /// The files that parameters start from, each once.
    pub pretrained: Vec<pretrained::File>,
    /// The uses of blocks and the repeats that the graph was written as, in its order.
    pub compositions: Compositions,
}

impl Model {
    /// The names and shapes of the inputs.
    pub fn named_inputs(&self) -> Vec<(String, Shape)> {
        let inputs = self.inputs.iter();
        inputs
            .map(|input| (input.name.clone(), input.shape.clone()))
            .collect()
    }

    /// Every target with its likelihood.
    pub fn observed(&self) -> impl Iterator<Item = (&Target, &Observe)> {
        let others = self
            .others
            .iter()
            .map(|(target, observe)| (target, observe));
        [(&self.target, &self.observe)].into_iter().chain(others)
    }

    /// The names of the targets and what they are, where there are several.
    pub fn several_targets(&self) -> Vec<(String, TargetKind)> {
        let targets = self.observed().filter(|_| !self.others.is_empty());
        targets
            .map(|(target, _)| (target.name.clone(), target.kind))
            .collect()
    }

    /// How predictions of each target are averaged, written and scored.
    pub fn summaries(&self) -> impl Iterator<Item = Summary> {
        self.observed()
            .map(|(target, observe)| observe.summary(target.kind))
    }

    /// The arguments of all likelihoods.
    pub fn arguments(&self) -> impl Iterator<Item = &Argument> {
        self.observed().flat_map(|(_, observe)| &observe.arguments)
    }

    /// The model of one of several targets alone, by whose name everything that looks at a target sees it.
    pub fn of_target(&self, index: usize) -> Model {
        let (target, observe) = self.observed().nth(index).expect("one of its targets");
        Model {
            target: target.clone(),
            observe: observe.clone(),
            others: vec![],
            ..self.clone()
        }
    }

    /// How predictions are averaged, written and scored.
    pub fn summary(&self) -> Summary {
        self.observe.summary(self.target.kind)
    }

    /// Whether a value is the length of a sequence.
    pub fn is_length(&self, value: Handle<Node>) -> bool {
        let is_entry = self.nodes[value]
            .call
            .as_ref()
            .is_some_and(|call| call.layer.is_none());
        is_entry && self.nodes.values().any(|node| node.length == Some(value))
    }

    /// The values that a node is made of, without the lengths of sequences.
    pub fn values_of(&self, node: &Node) -> Vec<Handle<Node>> {
        let values = node.inputs.iter().copied();
        values.filter(|value| !self.is_length(*value)).collect()
    }

    /// The layers that normalise by a minibatch's statistics, each with the positions of an example that these are
    /// taken over.
    pub fn batch_statistics(&self) -> impl Iterator<Item = (&Node, usize)> {
        self.nodes.values().filter_map(|node| {
            let Operation::Statistics(statistics) = &node.call.as_ref()?.operation else {
                return None;
            };
            Some((node, node.shape.len() / statistics.channels()))
        })
    }

    /// The parameters whose priors have infinite integrals, with what those are called.
    pub fn improper_priors(&self) -> impl Iterator<Item = (Handle<Tensor>, &'static str)> {
        self.tensors.iter().filter_map(|(handle, tensor)| {
            let distribution = tensor.prior.as_ref()?.distribution;
            let name = distribution.signature().name;
            distribution.improper().map(|_| (handle, name))
        })
    }
}

/// `input image: real[32, 32, 3]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// The shape of one example.
    pub shape: Shape,
    /// What else is known of a sequence whose examples have lengths of their own.
    pub sequence: Option<Sequence>,
}

impl Input {
    /// How many numbers an example's row has of it: of a sequence with lengths its own and the length.
    pub fn row_len(&self) -> usize {
        self.shape.len() + usize::from(self.sequence.is_some())
    }

    /// Its type, as the language writes it, with a first axis for the examples: `real[B, 32, 32, 3]`.
    pub fn data_type(&self, examples: &str) -> String {
        let axes = self.shape.0.iter().map(usize::to_string);
        let axes: Vec<String> = std::iter::once(examples.into()).chain(axes).collect();
        let axes = axes.join(", ");
        match self.sequence {
            None => format!("real[{axes}]"),
            Some(Sequence { vocabulary: None }) => format!("real[{axes}, padded]"),
            Some(Sequence {
                vocabulary: Some(size),
            }) => format!("token[{axes}, vocabulary = {size}]"),
        }
    }
}

/// `target label: category[10]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: TargetKind,
    /// Of a target that has a value a step of a sequence: the place among the inputs of the one whose lengths it has.
    pub steps_of: Option<usize>,
}

/// A value of the graph.
#[derive(Clone)]
pub struct Node {
    /// The source's name, or the layer's word and a number.
    pub name: String,
    /// What it is computed from; none for the input.
    pub inputs: Vec<Handle<Node>>,
    /// How; `None` for the input.
    pub call: Option<Call>,
    /// The shape of one example's value.
    pub shape: Shape,
    /// The value of one number that is its length, of a sequence whose examples have lengths of their own.
    pub length: Option<Handle<Node>>,
    /// Where it is written.
    pub span: Span,
}

/// A layer applied.
#[derive(Clone)]
pub struct Call {
    /// The layer; `None` for an entry taken out of a value, `out[0]`.
    pub layer: Option<&'static dyn Layer>,
    /// Its arguments.
    pub arguments: Constants,
    /// Its arithmetic, geometry settled.
    pub operation: Operation,
    /// Its parameters, one for each of the layer's slots; `None` for one that is left out.
    pub parameters: Vec<Option<Handle<Tensor>>>,
}

impl Call {
    /// The layer's slots.
    pub fn slots(&self) -> &'static [Slot] {
        self.layer.map_or(&[], |layer| layer.slots())
    }

    /// Its parameters that are there, in the order of their slots.
    pub fn tensors(&self) -> impl Iterator<Item = Handle<Tensor>> {
        self.parameters.iter().copied().flatten()
    }

    /// The kernel that it is linear in.
    pub fn kernel(&self) -> Option<Handle<Tensor>> {
        self.with_role(layer::Role::Kernel)
    }

    /// What it adds to its output channels.
    pub fn bias(&self) -> Option<Handle<Tensor>> {
        self.with_role(layer::Role::Bias)
    }

    /// What each example may have its own row of: its bias, or a function's parameters.
    pub fn rows(&self) -> impl Iterator<Item = Handle<Tensor>> {
        let slots = self.slots().iter().zip(&self.parameters);
        let rows =
            slots.filter(|(slot, _)| matches!(slot.role, layer::Role::Bias | layer::Role::Row(_)));
        rows.filter_map(|(_, tensor)| *tensor)
    }

    /// What it keeps between steps, in the order of its slots.
    pub fn states(&self) -> impl Iterator<Item = Handle<Tensor>> {
        let slots = self.slots().iter().zip(&self.parameters);
        let states = slots.filter(|(slot, _)| matches!(slot.role, layer::Role::State(_)));
        states.filter_map(|(_, tensor)| *tensor)
    }

    fn with_role(&self, role: layer::Role) -> Option<Handle<Tensor>> {
        let mut slots = self.slots().iter().zip(&self.parameters);
        slots.find(|(slot, _)| slot.role == role)?.1.to_owned()
    }
}

/// What a tensor is in the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `layer.kernel`
    Kernel,
    /// `layer.bias`
    Bias,
    /// Another of a layer's parameters, called so: `norm.gain`
    Row(&'static str),
    /// What a layer keeps between steps and is not trained: `norm.mean`
    State(&'static str),
    /// A global variable of the file's own: `latent tau ~ …`
    Latent,
    /// What a kernel's input channels are multiplied with: `layer.kernel.r`
    InputFactor,
    /// What its output channels are multiplied with: `layer.kernel.s`
    OutputFactor,
    /// The local scales of a prior, one an output unit: `layer.kernel.local`
    Local,
}

impl Role {
    /// The last part of its name: `kernel`, `bias`, `r`; `latent` for a variable with a name of its own.
    pub fn word(self) -> &'static str {
        match self {
            Role::Kernel => "kernel",
            Role::Bias => "bias",
            Role::Row(name) | Role::State(name) => name,
            Role::Latent => "latent",
            Role::InputFactor => "r",
            Role::OutputFactor => "s",
            Role::Local => "local",
        }
    }
}

impl Role {
    /// Whether a layer applies it.
    pub fn is_of_layer(self) -> bool {
        matches!(
            self,
            Role::Kernel | Role::Bias | Role::Row(_) | Role::State(_)
        )
    }

    /// Whether the priors of others, or the likelihood, can depend on it.
    pub fn is_of_others(self) -> bool {
        matches!(self, Role::Latent | Role::Local)
    }
}

impl From<layer::Role> for Role {
    fn from(role: layer::Role) -> Self {
        match role {
            layer::Role::Kernel => Role::Kernel,
            layer::Role::Bias => Role::Bias,
            layer::Role::Row(name) => Role::Row(name),
            layer::Role::State(name) => Role::State(name),
        }
    }
}

/// A parameter of the network, or a latent variable beside it.
#[derive(Clone)]
pub struct Tensor {
    /// `conv1.kernel`, `tau`
    pub name: String,
    /// What it is.
    pub role: Role,
    /// `[in, out]`, `[kh, kw, C_in, C_out]`, `[out]`, or `[]` for a single number.
    pub shape: Shape,
    /// Products that meet in one output entry (a bias has its kernel's).
    pub fan_in: usize,
    /// Outputs that one input entry takes part in.
    pub fan_out: usize,
    /// Places of one example's output that share its entries; 1 of all but kernels.
    pub positions: usize,
    /// The prior, if it has one.
    pub prior: Option<Prior>,
    /// What each example multiplies its rows and columns with, if its family is of such factors: over
    /// its input channels, and over its output channels.
    pub factors: Option<[Handle<Tensor>; 2]>,
    /// Who supplied the prior.
    pub prior_from: Origin,
}

/// Who supplied a setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// The layer's own body.
    Own(Span),
    /// The default block.
    Default(Span),
    /// The language: the rule, in words.
    Language(&'static str),
}

impl Origin {
    /// Where it is written, if it is.
    pub fn span(&self) -> Option<Span> {
        match self {
            Origin::Own(span) | Origin::Default(span) => Some(*span),
            Origin::Language(_) => None,
        }
    }
}

/// A prior with its arguments.
#[derive(Clone)]
pub struct Prior {
    /// The distribution.
    pub distribution: &'static dyn Distribution,
    /// Its parameters, flat, in the signature's order.
    pub parameters: Vec<Scalar>,
    /// What each entry's distance from is taken of, where that is not 0: `MOPED`'s pretrained weights.
    pub anchor: Option<Arc<[f64]>>,
    /// The positive variables, one an output unit, that its scale is multiplied with.
    pub local: Option<Handle<Tensor>>,
    /// Its arguments that are words.
    pub words: Constants,
    /// As the file has it: `Normal(0, 1 / sqrt(fan_in))`.
    pub written: String,
}

impl Prior {
    /// A distribution with its parameters, of independent entries.
    pub fn new(
        distribution: &'static dyn Distribution,
        parameters: Vec<Scalar>,
        written: impl Into<String>,
    ) -> Self {
        Prior {
            distribution,
            parameters,
            anchor: None,
            local: None,
            words: Constants::default(),
            written: written.into(),
        }
    }

    /// What its words ask for beside it.
    pub fn local_scales(&self) -> Option<LocalScales> {
        self.distribution.local_scales(&self.words)
    }
}

/// A posterior with its initialisers.
#[derive(Clone)]
pub struct BoundPosterior {
    /// The family.
    pub family: &'static dyn Posterior,
    /// By the name of the argument that gives it.
    pub initializers: Vec<(&'static str, Initializer)>,
    /// How a scale comes out of its variable.
    pub transform: Transform,
    /// The family's arguments that are no initialisers, and what its prior settles.
    pub arguments: Constants,
    /// Where loc starts, if not by its initialiser.
    pub pretrained: Option<Pretrained>,
    /// As the file has it: `MeanField`.
    pub written: String,
}

/// `from = "lenet.safetensors"`: the weights of a pretrained network.
#[derive(Debug, Clone, PartialEq)]
pub struct Pretrained {
    /// The file, as the model names it.
    pub file: String,
    /// The tensor in it.
    pub tensor: String,
    /// Its entries.
    pub values: Arc<[f64]>,
    /// Under `MOPED`, what a scale starts with as a part of the weight's size.
    pub delta: Option<f64>,
}

impl Pretrained {
    /// The scales at the start, where the weights give them.
    pub fn scales(&self) -> Option<impl Iterator<Item = f64>> {
        let delta = self.delta?;
        Some(
            self.values
                .iter()
                .map(move |w| moped::start_scale(delta, *w)),
        )
    }
}

impl BoundPosterior {
    /// A family with its initialisers and arguments, before its prior is known.
    pub fn new(family: &'static dyn Posterior, written: String) -> Self {
        BoundPosterior {
            family,
            initializers: Vec::new(),
            transform: Transform::default(),
            arguments: Constants(family.settled_by(Support::Real)),
            pretrained: None,
            written,
        }
    }

    /// Starts every draw about `start`, if the family has a loc and it can be there.
    pub fn start_at(&mut self, start: f64) {
        let loc = match self.family.support(&self.arguments) {
            Support::Real => start,
            Support::Positive if start > 0.0 => start.ln(),
            Support::Positive | Support::Interval { .. } => return,
        };
        for (name, initializer) in &mut self.initializers {
            if *name == "loc" {
                *initializer = Initializer::Constant(loc);
            }
        }
    }

    /// The initialiser that stands for an argument.
    pub fn initializer(&self, argument: &str) -> Option<Initializer> {
        let mut all = self.initializers.iter();
        all.find(|(name, _)| *name == argument).map(|(_, i)| *i)
    }

    /// Whether the inference method sets a variable before the first step, and no initialiser.
    pub fn starts_by_method(&self, variable: &VariableSpec) -> bool {
        matches!(variable.start, Start::Argument(name) if self.initializer(name).is_none())
    }

    /// How a variable starts; one that the inference method sets is 0 until then.
    pub fn start(&self, variable: &VariableSpec) -> Initializer {
        match variable.start {
            Start::Argument(name) => self.initializer(name).unwrap_or(Initializer::Constant(0.0)),
            Start::Zero => Initializer::Constant(0.0),
            Start::UnitScale => Initializer::Constant(self.transform.raw(1.0, LEAST_SCALE)),
        }
    }

    /// What a variable's entries start with, where they are given one by one.
    pub fn given(&self, variable: &VariableSpec) -> Option<Arc<[f64]>> {
        let pretrained = self.pretrained.as_ref()?;
        match variable.start {
            Start::Argument("loc") => Some(pretrained.values.clone()),
            Start::Argument("scale") => {
                let raw = |scale| self.transform.raw(scale, LEAST_SCALE);
                Some(pretrained.scales()?.map(raw).collect())
            }
            _ => None,
        }
    }

    /// The trained variables of a parameter of this shape, loc first.
    pub fn variables(&self, shape: &Shape) -> Vec<VariableSpec> {
        self.family.variables(shape, &self.arguments)
    }

    /// The largest scale that training leaves an entry, if there is one.
    pub fn largest_scale(&self) -> Option<f64> {
        self.family.largest_scale(&self.arguments)
    }

    /// The variable of [`BoundPosterior::largest_scale`].
    pub fn largest_rho(&self) -> Option<f64> {
        let largest = self.largest_scale()?;
        Some(self.transform.raw(largest, LEAST_SCALE))
    }

    /// The probability that a draw leaves the weights of an input out; 0 for families that leave none out.
    pub fn drop_rate(&self) -> f64 {
        self.family.drop_rate(&self.arguments).unwrap_or(0.0)
    }
}

/// `learned(0.1)`
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// `conv1.kernel.prior.scale`, `label.scale`
    pub name: String,
    /// How many numbers it is: one, or one for each entry of the target.
    pub entries: usize,
    /// The first value of each, or one of all.
    pub initial: Vec<f64>,
    /// Which values its place allows; it is kept there by a transform.
    pub domain: Domain,
    /// Where it is written.
    pub span: Span,
}

impl Learned {
    /// `[]` for a single number, `[k]` for one of each entry of the target.
    pub fn shape(&self) -> Shape {
        match self.entries {
            1 => Shape::default(),
            entries => Shape(vec![entries]),
        }
    }

    /// The first value of its number for an entry of the target; a single number serves all.
    pub fn initial_at(&self, entry: usize) -> f64 {
        self.initial[entry.min(self.initial.len() - 1)]
    }

    /// The first values as the language writes them: `0.5`, `[0.5, 1]`.
    pub fn initial_text(&self) -> String {
        let numbers: Vec<String> = self.initial.iter().map(|x| crate::show(*x)).collect();
        match &numbers[..] {
            [only] => only.clone(),
            all => format!("[{}]", all.join(", ")),
        }
    }
}

/// `observe label ~ Categorical(logits = logits)`
#[derive(Clone)]
pub struct Observe {
    /// The likelihood.
    pub likelihood: &'static dyn Likelihood,
    /// One for each of its signature's parameters.
    pub arguments: Vec<Argument>,
    /// Of a mixture the components of each entry of the target, else 1.
    pub components: usize,
    /// How it is written.
    pub text: String,
    /// Where.
    pub span: Span,
}

impl Observe {
    /// How predictions of its target are averaged, written and scored.
    pub fn summary(&self, target: TargetKind) -> Summary {
        self.likelihood
            .summary(&target)
            .of_components(self.components)
    }

    /// How many numbers its arguments are that are no values of the network.
    pub fn numbers(&self) -> usize {
        self.arguments.iter().map(Argument::width).sum()
    }
}

/// A likelihood's argument.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// A value of the graph.
    Node(Handle<Node>),
    /// Numbers.
    Numbers(Numbers),
}

/// The numbers of a likelihood's argument.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// An expression for all entries of the target, or one for each.
    pub each: Vec<Scalar>,
    /// How many numbers they are: one for all entries of the target, or one for each.
    pub width: usize,
}

impl Numbers {
    /// One number for all entries.
    pub fn one(scalar: Scalar) -> Self {
        Numbers {
            each: vec![scalar],
            width: 1,
        }
    }

    /// The expression of an entry's number; its learned numbers are those of that entry.
    pub fn at(&self, entry: usize) -> &Scalar {
        &self.each[entry.min(self.each.len() - 1)]
    }

    /// The number, if one that nothing moves serves all entries.
    pub fn fixed(&self) -> Option<f64> {
        match (&self.each[..], self.width) {
            ([only], 1) => only.fixed(),
            _ => None,
        }
    }
}

impl Argument {
    /// The numbers, where it is no value of the network.
    pub fn numbers(&self) -> Option<&Numbers> {
        match self {
            Argument::Node(_) => None,
            Argument::Numbers(numbers) => Some(numbers),
        }
    }

    /// The value of the network, where it is one.
    pub fn node(&self) -> Option<Handle<Node>> {
        match self {
            Argument::Node(node) => Some(*node),
            Argument::Numbers(_) => None,
        }
    }

    /// How many numbers it is; none where it is a value of the network.
    pub fn width(&self) -> usize {
        self.numbers().map_or(0, |numbers| numbers.width)
    }
}
