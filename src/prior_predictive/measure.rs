//! Many networks of the prior on the same inputs, and what is kept of them.

use super::Inputs;
use super::activation::Activation;
use super::draw::Priors;
use super::outputs::{Outputs, Predictions};
use super::spread::{Spread, Values};
use crate::exec::{self, ExampleWise, Kernels, Mode};
use crate::ir::{Handle, Inference, Node, Tensor};
use crate::layer::{AnyMap, Operation};
use crate::plan::Graph;
use rayon::prelude::*;
use serde::Serialize;
use std::sync::Arc;

/// A layer with weights, over all networks.
#[derive(Debug, Clone, Serialize)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// The shape of its kernel.
    pub shape: Vec<usize>,
    /// Products that meet in one pre-activation.
    pub fan_in: usize,
    /// The prior of its kernel; `None` where it has none and starts as training does.
    pub prior: Option<String>,
    /// That of its bias.
    pub bias_prior: Option<String>,
    /// The root mean square of what it takes; the median network's where one makes up the most of it.
    pub inputs_rms: f64,
    /// Its pre-activations.
    pub pre_activations: Spread,
    /// What follows it.
    pub then: Option<Then>,
    #[serde(skip)]
    pub(super) node: Option<Handle<Node>>,
}

/// The activation after a layer.
#[derive(Debug, Clone, Serialize)]
pub struct Then {
    /// Its name.
    pub activation: &'static str,
    /// Whether it is flat on both sides.
    pub saturates: bool,
    /// The share of units and examples where it is flat, if it is flat on both sides.
    pub saturated: Option<f64>,
    /// The share of units where it is flat for every example, if it is flat on one side.
    pub dead: Option<f64>,
}

/// What many networks come to.
pub(super) struct Measured {
    pub inputs_rms: f64,
    pub layers: Vec<Layer>,
    pub outputs: Outputs,
}

/// What is looked at of a model.
struct Sites<'a> {
    /// Layers with weights, and for each the activation after it.
    linear: Vec<(Handle<Node>, Option<Site<'a>>)>,
}

#[derive(Clone, Copy)]
struct Site<'a> {
    node: Handle<Node>,
    word: &'static str,
    map: &'a dyn AnyMap,
    activation: Activation,
}

impl<'a> Sites<'a> {
    fn new(model: &'a Inference) -> Self {
        let is_linear = |node: &Node| {
            let operation = node.call.as_ref().map(|call| &call.operation);
            matches!(operation, Some(Operation::Linear(_)))
        };
        let linear = model.nodes.iter().filter(|(_, node)| is_linear(node));
        let mut sites: Vec<(Handle<Node>, Option<Site>)> =
            linear.map(|(handle, _)| (handle, None)).collect();
        for (handle, node) in model.nodes.iter() {
            let Some(site) = Site::of(handle, node) else {
                continue;
            };
            // The nearest layer with weights above it, past pooling and views.
            let mut above = node.inputs[0];
            while !is_linear(&model.nodes[above]) {
                match model.nodes[above].inputs.first() {
                    Some(input) if Site::of(above, &model.nodes[above]).is_none() => above = *input,
                    _ => break,
                }
            }
            if let Some((_, then)) = sites.iter_mut().find(|(layer, _)| *layer == above) {
                then.get_or_insert(site);
            }
        }
        Sites { linear: sites }
    }
}

impl<'a> Site<'a> {
    fn of(node: Handle<Node>, of: &'a Node) -> Option<Self> {
        let call = of.call.as_ref()?;
        let Operation::Map(map) = &call.operation else {
            return None;
        };
        Some(Site {
            node,
            word: call.layer?.signature().name,
            map: &**map,
            activation: Activation::of(&**map)?,
        })
    }
}

/// What is kept of one network.
struct Network {
    pre: Vec<Values>,
    /// The mean square of what each layer takes.
    inputs: Vec<f64>,
    flat: Vec<Option<[f64; 2]>>,
    predictions: Predictions,
}

/// Draws `draws` networks and runs each on all inputs.
pub(super) fn measure(priors: &Priors, inputs: &Inputs, draws: usize) -> Measured {
    let model = priors.model;
    let sites = Sites::new(model);
    let graph = Arc::new(Graph::of_weights(model.model.clone()));
    let new = || exec::Network::new(graph.clone(), inputs.examples);
    // In the order of their numbers, whatever thread runs them.
    let networks: Vec<Network> = (0..draws as u64)
        .into_par_iter()
        .map_init(new, |network, draw| {
            run(priors, &sites, inputs, draw, &graph, network)
        })
        .collect();
    let infinite = infinite(priors);
    let layers = sites
        .linear
        .iter()
        .enumerate()
        .map(|(place, (node, site))| {
            let pre: Vec<Values> = networks
                .iter()
                .map(|network| network.pre[place].clone())
                .collect();
            let squares = networks
                .iter()
                .map(|network| network.inputs[place])
                .collect();
            let shares = networks.iter().filter_map(|network| network.flat[place]);
            layer(
                priors,
                *node,
                Spread::new(&pre, infinite[node.index()]),
                squares,
                site.as_ref().map(|site| then(site, shares.collect())),
            )
        });
    let predictions = networks
        .iter()
        .map(|network| &network.predictions)
        .collect::<Vec<_>>();
    Measured {
        inputs_rms: mean_square(&inputs.values).sqrt(),
        layers: layers.collect(),
        outputs: Outputs::new(model, &predictions),
    }
}

/// Runs network number `draw` of the prior.
fn run(
    priors: &Priors,
    sites: &Sites,
    inputs: &Inputs,
    draw: u64,
    graph: &Graph,
    network: &mut exec::Network<f64>,
) -> Network {
    let (model, drawn) = (priors.model, priors.network(draw));
    let (weights, numbers) = (priors.weights(&drawn), priors.numbers(&drawn));
    let kernels = Kernels {
        graph,
        variables: &weights,
        first: &[],
        second: &[],
        example_wise: &ExampleWise::default(),
        numbers: &numbers,
    };
    network.forward(
        &kernels,
        &inputs.values,
        inputs.examples,
        Mode::Predict,
        None,
    );
    let values = |node| network.values(node).unwrap_or(&inputs.values);
    let input = |node: Handle<Node>| values(model.nodes[node].inputs[0]);
    let layers = sites.linear.iter();
    let flat = layers.clone().map(|(_, site)| {
        let site = (*site)?;
        let units = model.nodes[site.node].shape.0.last().copied().unwrap_or(1);
        Some(site.activation.shares(site.map, input(site.node), units))
    });
    Network {
        pre: layers
            .clone()
            .map(|(layer, _)| Values::of(values(*layer)))
            .collect(),
        inputs: layers
            .map(|(layer, _)| mean_square(input(*layer)))
            .collect(),
        flat: flat.collect(),
        predictions: Predictions::new(model, network, &kernels, inputs.examples),
    }
}

fn layer(
    priors: &Priors,
    node: Handle<Node>,
    pre: Spread,
    squares: Vec<f64>,
    then: Option<Then>,
) -> Layer {
    let model = priors.model;
    let call = model.nodes[node].call.as_ref();
    let (kernel, bias) = call.map_or((None, None), |call| (call.kernel(), call.bias()));
    let prior =
        |tensor: Option<Handle<Tensor>>| priors.of(tensor?).map(|prior| model.prior_text(prior));
    Layer {
        name: model.nodes[node].name.clone(),
        shape: kernel.map_or(vec![], |kernel| model.tensors[kernel].shape.0.clone()),
        fan_in: kernel.map_or(1, |kernel| model.tensors[kernel].fan_in),
        prior: prior(kernel),
        bias_prior: prior(bias),
        inputs_rms: root_mean(squares),
        pre_activations: pre,
        then,
        node: Some(node),
    }
}

/// The root of the mean of the networks' mean squares; of the median one's where one network is most of it.
fn root_mean(mut squares: Vec<f64>) -> f64 {
    squares.sort_unstable_by(f64::total_cmp);
    let sum: f64 = squares.iter().sum();
    let largest = squares.last().copied().unwrap_or(0.0);
    let most = largest > 0.25f64.max(4.0 / squares.len() as f64) * sum;
    match most || !sum.is_finite() {
        true => super::spread::quantile(&squares, 0.5).sqrt(),
        false => (sum / squares.len() as f64).sqrt(),
    }
}

fn then(site: &Site, shares: Vec<[f64; 2]>) -> Then {
    let mean = |which: usize| {
        shares.iter().map(|share| share[which]).sum::<f64>() / shares.len().max(1) as f64
    };
    let (saturates, one_side) = (
        site.activation.saturates(),
        site.activation.flat != [false; 2],
    );
    Then {
        activation: site.word,
        saturates,
        saturated: saturates.then(|| mean(0)),
        dead: (one_side && !saturates).then(|| mean(1)),
    }
}

fn mean_square(values: &[f64]) -> f64 {
    values.iter().map(|x| x * x).sum::<f64>() / values.len().max(1) as f64
}

/// By node: whether its values have an infinite standard deviation under the prior. A bounded activation
/// ends that.
fn infinite(priors: &Priors) -> Vec<bool> {
    let model = priors.model;
    let mut infinite = vec![false; model.nodes.len()];
    for (handle, node) in model.nodes.iter() {
        let Some(call) = &node.call else { continue };
        let above = node.inputs.iter().any(|input| infinite[input.index()]);
        let factors = call
            .kernel()
            .and_then(|kernel| model.tensors[kernel].factors);
        let mut own = call.tensors().chain(factors.into_iter().flatten());
        let bounded = Site::of(handle, node).is_some_and(|site| site.activation.saturates());
        infinite[handle.index()] =
            !bounded && (above || own.any(|tensor| priors.sd(tensor).is_none()));
    }
    infinite
}
