//! Predictions by a normal distribution of the weights around a point.
//!
//! Linearised, an argument of the likelihood is f(x; θ*) + J(x)(θ − θ*): draw s of θ is one function of x. An argument
//! that must be above 0, such as a scale, is linearised in its logarithm. In closed form f(x) is normal with the variance
//! J P⁻¹ Jᵀ, and the likelihood says what its average over f is ([`crate::likelihood::Likelihood::averaged`]).

use super::Around;
use crate::curvature::{Direction, Linearized};
use crate::exec::{ExampleWise, Kernels, Number};
use crate::ir::Argument;
use crate::likelihood::{Rows, Summary, Targets};
use crate::signature::{Domain, Kind};
use rayon::prelude::*;

/// How predictions are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predictive {
    /// By the network at draws of the weights.
    Sampled,
    /// By the network linearised at the point, at draws of the weights.
    Linearised,
    /// By the average over the linearised network.
    ClosedForm,
}

impl Predictive {
    /// That of a word of the language. A network that is linear in the weights at hand is its own linearisation.
    pub fn new(word: &str, linearized: &Linearized<f32>) -> Self {
        match word {
            "probit" => Predictive::ClosedForm,
            "linearised" if !is_linear(linearized) => Predictive::Linearised,
            _ => Predictive::Sampled,
        }
    }
}

/// Whether every argument of the likelihood is linear in the parameters: each of these is applied by a layer whose value
/// is an argument, and that depends on no other of them.
fn is_linear(linearized: &Linearized<f32>) -> bool {
    let model = &linearized.graph().model;
    let arguments: Vec<_> = model.arguments().filter_map(Argument::node).collect();
    let uses = || linearized.parameters().iter().flat_map(|p| &p.uses);
    let is_last = |node| arguments.contains(&node);
    let feeds = |node| {
        model
            .nodes
            .values()
            .any(|other| other.inputs.contains(&node))
    };
    uses().all(|of| is_last(of.node) && !feeds(of.node))
}

/// The values of an argument: a row an example, or one for all.
struct Values {
    values: Vec<f32>,
    stride: usize,
}

impl Values {
    fn rows(&self) -> Rows<'_, f32> {
        let width = match self.stride {
            0 => self.values.len(),
            stride => stride,
        };
        Rows {
            values: &self.values,
            stride: self.stride,
            step: usize::from(width > 1),
        }
    }
}

/// Predicts some examples at the last draw, or on average.
pub fn predict(
    around: &mut Around,
    inputs: &[f32],
    examples: usize,
    out: &mut [f32],
    mut nll: Option<(Targets<f32>, &mut [f32])>,
) {
    let graph = around.linearized.graph().clone();
    let observed = graph.model.observed().nth(around.target);
    let (target, observe) = observed.expect("one of the model's targets");
    let likelihood = f32::nll(observe.likelihood);
    let places = match target.kind.classes() {
        Some(_) => target.kind.entries(),
        None => 1,
    };
    let (input, row) = (graph.model.input.shape.len(), out.len() / examples.max(1));
    let at_once = around.linearized.capacity();
    around.of_weights.clear();
    for start in (0..examples).step_by(at_once) {
        let at = start..examples.min(start + at_once);
        let inputs = &inputs[at.start * input..at.end * input];
        let arguments = arguments(around, inputs, at.len());
        let rows: Vec<Rows<f32>> = arguments
            .iter()
            .map(|values| values.rows().by_place(places))
            .collect();
        let out = &mut out[at.start * row..at.end * row];
        likelihood.predictive(
            &rows,
            [at.len() * places, target.kind.entries() / places],
            out,
        );
        if let Some((targets, nll)) = &mut nll {
            let nll = &mut nll[at.start * places..at.end * places];
            let targets = targets.of(at, target.kind.entries());
            likelihood.nll_only(&rows, targets, nll);
        }
    }
}

/// The arguments of the target's likelihood for some examples.
fn arguments(around: &mut Around, inputs: &[f32], examples: usize) -> Vec<Values> {
    let Around {
        linearized,
        ready,
        predictive,
        target,
        of_weights,
        ..
    } = around;
    let ready = ready.as_ref().expect("a distribution to predict with");
    let graph = linearized.graph().clone();
    let shared = ExampleWise::default();
    let kernels = Kernels {
        graph: &graph,
        variables: &ready.point,
        first: &ready.drawn,
        second: &[],
        example_wise: &shared,
        numbers: &ready.numbers,
    };
    linearized.forward(&kernels, inputs, examples);
    let rows = linearized.network().arguments_of(&kernels, inputs, *target);
    let mut arguments: Vec<Values> = rows
        .iter()
        .map(|rows| Values {
            values: rows.values.to_vec(),
            stride: rows.stride,
        })
        .collect();
    let before = graph.model.observed().take(*target);
    let before: usize = before.map(|(_, observe)| observe.arguments.len()).sum();
    let observed = graph.model.observed().nth(*target);
    let (about, observe) = observed.expect("one of the model's targets");
    let likelihood = observe.likelihood;
    if *predictive == Predictive::ClosedForm {
        let variances = variances(linearized, &kernels, inputs, *target, before, ready);
        // Of numbers the part of the weights is the variance of the first argument, the location.
        if let Summary::Numbers(numbers) = observe.summary(about.kind) {
            let locations: Vec<&Vec<f64>> = variances
                .iter()
                .filter(|(argument, _)| *argument == 0)
                .map(|(_, of_examples)| of_examples)
                .collect();
            for example in 0..examples {
                let of_entry = |entry: usize| {
                    locations
                        .get(entry)
                        .map_or(0.0, |of: &&Vec<f64>| of[example])
                };
                of_weights.extend((0..numbers.entries).map(of_entry));
            }
        }
        return averaged(likelihood, &arguments, &variances, examples);
    }
    let tangents = linearized.tangents(inputs, &ready.moved);
    for direction in linearized.entries_of(*target) {
        let Direction::Entry { argument, entry } = direction else {
            continue;
        };
        linearized.backward(&kernels, inputs, direction);
        let mut along = vec![0.0; examples];
        linearized.along(&tangents, &kernels, inputs, &ready.moved, &mut along);
        let number = argument - before;
        let domain = match likelihood.signature().parameters[number].kind {
            Kind::Value { domain } => domain,
            _ => Domain::Real,
        };
        let Values { values, stride } = &mut arguments[number];
        for (row, along) in values.chunks_exact_mut(*stride).zip(along) {
            row[entry] = match domain {
                Domain::Positive => row[entry] * (along / row[entry]).exp(),
                _ => row[entry] + along,
            };
        }
    }
    arguments
}

/// The variance of each number of each argument that comes from the network, a row an example.
fn variances(
    linearized: &mut Linearized<f32>,
    kernels: &Kernels<f32>,
    inputs: &[f32],
    target: usize,
    before: usize,
    ready: &super::Ready,
) -> Vec<(usize, Vec<f64>)> {
    let (examples, entries) = (linearized.examples(), linearized.entries());
    let mut found = vec![];
    for direction in linearized.entries_of(target) {
        let Direction::Entry { argument, .. } = direction else {
            continue;
        };
        linearized.backward(kernels, inputs, direction);
        let mut rows = vec![0.0f32; examples * entries];
        for parameter in linearized.parameters() {
            let len = parameter.range.len();
            let mut own = vec![0.0; examples * len];
            linearized.gradients(kernels, inputs, parameter, 0..examples, &mut own);
            for (row, own) in rows.chunks_exact_mut(entries).zip(own.chunks_exact(len)) {
                row[parameter.range.clone()].copy_from_slice(own);
            }
        }
        let variance = |row: &[f32]| {
            let row: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
            let mut whitened = vec![0.0; entries];
            ready.precision.whiten(&row, &mut whitened);
            whitened.iter().map(|u| u * u).sum()
        };
        found.push((
            argument - before,
            rows.par_chunks_exact(entries).map(variance).collect(),
        ));
    }
    found
}

/// The arguments of the average over the network's values.
fn averaged(
    likelihood: &'static dyn crate::likelihood::Likelihood,
    arguments: &[Values],
    variances: &[(usize, Vec<f64>)],
    examples: usize,
) -> Vec<Values> {
    let mut all: Vec<Values> = arguments
        .iter()
        .map(|_| Values {
            values: vec![],
            stride: 0,
        })
        .collect();
    for example in 0..examples {
        let mut values: Vec<Vec<f64>> = arguments
            .iter()
            .map(|argument| {
                let rows = argument.rows();
                let width = match argument.stride {
                    0 => argument.values.len(),
                    stride => stride,
                };
                let entries = (0..width).map(|i| f64::from(rows.at(example, i)));
                entries.collect()
            })
            .collect();
        let of_arguments: Vec<Vec<f64>> = (0..arguments.len())
            .map(|number| {
                let own = variances.iter().filter(|(argument, _)| *argument == number);
                own.map(|(_, of_examples)| of_examples[example]).collect()
            })
            .collect();
        let averaged = likelihood.averaged(&mut values, &of_arguments);
        averaged.expect("what has no closed form was refused when the model was read");
        for (to, values) in all.iter_mut().zip(values) {
            to.stride = values.len();
            to.values.extend(values.iter().map(|x| *x as f32));
        }
    }
    all
}
