//! What is allowed, and more likely a mistake than a choice: each a file. A lint reads the model and
//! what is known of the run, never the source; it prints the number found and the number expected.
//!
//! A lint that is exact warns by default: what it says is so. One that goes by a rule of thumb is
//! pedantic, and says something only where it is asked to.

mod annealing_never_ends;
mod augmented_count;
mod batch_of_one;
mod batch_statistics;
mod blundell_vanishes;
mod classes_never_seen;
mod dropout_beside_kl;
mod dropout_layer;
mod flipout_alone;
mod gain_about_zero;
mod gradient_without_variance;
mod improper_prior;
mod kl_beyond_data;
mod kl_outweighs_data;
mod latent_without_use;
mod loc_out_of_reach;
mod logits_through_activation;
mod mixture_of_one;
mod more_weights_than_examples;
mod noise_as_wide_as_targets;
mod noisy_kl;
mod one_draw_evaluation;
mod one_layer_holds_most;
mod output_without_bias;
mod penalty_without_bound;
mod posterior_scale_tiny;
mod posterior_scale_wide;
mod prior_follows_posterior;
mod prior_outputs_wide;
mod scale_out_of_reach;
mod small_last_batch;
mod step_size_diverges;
mod targets_not_standardized;
mod temperature_not_one;
mod tempered_noise;
mod tempered_sampler;
mod tokens_never_seen;
mod unused_block;
mod warm_up_never_ends;
mod weight_decay_beside_prior;

use crate::diagnostic::{Diagnostic, Severity};
use crate::ir::{Argument, Call, Facts, Fitted, Handle, Inference, Node, Origin, Scalar, Tensor};
use crate::layer::{AnyMap, Operation};
use crate::source::Span;
use std::ops::Deref;

/// An entry of the registry.
pub trait Lint: Sync {
    /// Its name in messages: kebab case.
    fn name(&self) -> &'static str;
    /// One line.
    fn summary(&self) -> &'static str;
    /// Whether it is shown unasked.
    fn level(&self) -> Level {
        Level::Warn
    }
    /// Its page: what it is, why with numbers, an example, what to do.
    fn page(&self) -> &'static str;
    /// Whether what it finds explains a fit that ends no better than a constant; `train` then says it again.
    fn explains_no_fit(&self) -> bool {
        false
    }
    /// Whether it looks at a target: of several, at each.
    fn looks_at_target(&self) -> bool {
        false
    }
    /// What it has to say; nothing where what it looks at is not known.
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic>;
}

/// Whether a lint is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Always: it is exact.
    Warn,
    /// With `--pedantic`: a rule of thumb.
    Pedantic,
}

impl Level {
    /// `warn` or `pedantic`.
    pub fn word(self) -> &'static str {
        match self {
            Level::Warn => "warn",
            Level::Pedantic => "pedantic",
        }
    }
}

/// Every lint.
pub static LINTS: &[&dyn Lint] = &[
    &temperature_not_one::TemperatureNotOne,
    &tempered_noise::TemperedNoise,
    &tempered_sampler::TemperedSampler,
    &step_size_diverges::StepSizeDiverges,
    &annealing_never_ends::AnnealingNeverEnds,
    &blundell_vanishes::BlundellVanishes,
    &dropout_beside_kl::DropoutBesideKl,
    &dropout_layer::DropoutLayer,
    &batch_statistics::BatchStatistics,
    &batch_of_one::BatchOfOne,
    &noisy_kl::NoisyKl,
    &gradient_without_variance::GradientWithoutVariance,
    &penalty_without_bound::PenaltyWithoutBound,
    &prior_follows_posterior::PriorFollowsPosterior,
    &improper_prior::ImproperPrior,
    &mixture_of_one::MixtureOfOne,
    &latent_without_use::LatentWithoutUse,
    &unused_block::UnusedBlock,
    &posterior_scale_tiny::PosteriorScaleTiny,
    &logits_through_activation::LogitsThroughActivation,
    &loc_out_of_reach::LocOutOfReach,
    &scale_out_of_reach::ScaleOutOfReach,
    &noise_as_wide_as_targets::NoiseAsWideAsTargets,
    &targets_not_standardized::TargetsNotStandardized,
    &kl_beyond_data::KlBeyondData,
    &classes_never_seen::ClassesNeverSeen,
    &tokens_never_seen::TokensNeverSeen,
    &flipout_alone::FlipoutAlone,
    &warm_up_never_ends::WarmUpNeverEnds,
    &weight_decay_beside_prior::WeightDecayBesidePrior,
    &one_draw_evaluation::OneDrawEvaluation,
    &kl_outweighs_data::KlOutweighsData,
    &more_weights_than_examples::MoreWeightsThanExamples,
    &one_layer_holds_most::OneLayerHoldsMost,
    &prior_outputs_wide::PriorOutputsWide,
    &posterior_scale_wide::PosteriorScaleWide,
    &output_without_bias::OutputWithoutBias,
    &gain_about_zero::GainAboutZero,
    &small_last_batch::SmallLastBatch,
    &augmented_count::AugmentedCount,
];

/// The lint called `name`.
pub fn find(name: &str) -> Option<&'static dyn Lint> {
    LINTS.iter().copied().find(|lint| lint.name() == name)
}

/// Which lints are shown, and as what.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Whether the pedantic ones are.
    pub pedantic: bool,
    /// Names of those that are errors; `warnings` are all that are shown.
    pub deny: Vec<String>,
    /// Names of those that are not shown, whatever else is said of warnings as a whole.
    pub allow: Vec<String>,
}

impl Policy {
    /// Whether a lint is looked at.
    pub fn shows(&self, lint: &dyn Lint) -> bool {
        self.of(lint).is_some()
    }

    /// As what a lint is shown, and the word after `--deny` that makes it an error.
    fn of(&self, lint: &dyn Lint) -> Option<(Severity, Option<&str>)> {
        let is = |name: &&String| name.as_str() == lint.name();
        if let Some(name) = self.deny.iter().find(is) {
            return Some((Severity::Error, Some(name)));
        }
        if self.allow.iter().any(|name| is(&name)) {
            return None;
        }
        if lint.level() == Level::Pedantic && !self.pedantic {
            return None;
        }
        match self.deny.iter().find(|name| *name == "warnings") {
            Some(name) => Some((Severity::Error, Some(name))),
            None => Some((Severity::Warning, None)),
        }
    }
}

/// Why a fit may end no better than a constant: the first lint that finds a reason.
pub fn why_no_fit(inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
    let mut lints = LINTS.iter().filter(|lint| lint.explains_no_fit());
    lints.find_map(|lint| lint.check(inference, facts))
}

/// What the lints have to say of a model and what is known of its run.
pub fn run(inference: &Inference, facts: &Facts, policy: &Policy) -> Vec<Diagnostic> {
    let alone: Vec<(Inference, Facts)> = match inference.others.is_empty() {
        true => vec![],
        false => (inference.of_targets().into_iter().enumerate())
            .map(|(number, alone)| (alone, facts.of_target(number)))
            .collect(),
    };
    let found = LINTS.iter().flat_map(|lint| {
        let Some((severity, denied)) = policy.of(*lint) else {
            return vec![];
        };
        let messages: Vec<Diagnostic> = match lint.looks_at_target() && !alone.is_empty() {
            true => alone
                .iter()
                .filter_map(|(one, facts)| lint.check(one, facts))
                .collect(),
            false => lint.check(inference, facts).into_iter().collect(),
        };
        let told = |mut message: Diagnostic| {
            message.severity = severity;
            match denied {
                Some(name) => message.note(format!("an error by `--deny {name}`")),
                None => message,
            }
        };
        messages.into_iter().map(told).collect()
    });
    found.collect()
}

/// Where an option of the objective stands.
fn option(inference: &Inference, name: &str) -> Span {
    let mut options = inference.objective.option_spans.iter();
    options
        .find(|(option, _)| *option == name)
        .map_or(inference.objective.span, |(_, span)| *span)
}

/// Marks where a setting is written, if it is.
fn at_origin(message: Diagnostic, origin: &Origin, text: impl Into<String>) -> Diagnostic {
    match origin.span() {
        Some(span) => message.at(span, text),
        None => message,
    }
}

/// `a`, `a` and `b`, or `a` and 3 more parameters; each in backquotes.
fn names(tensors: &[impl Deref<Target = Tensor>]) -> String {
    match tensors {
        [] => String::new(),
        [only] => format!("`{}`", only.name),
        [first, second] => format!("`{}` and `{}`", first.name, second.name),
        [first, rest @ ..] => format!("`{}` and {} more parameters", first.name, rest.len()),
    }
}

/// The parameters that are drawn and have a KL or what stands for one, latent variables included.
fn random(inference: &Inference) -> impl Iterator<Item = (Handle<Tensor>, Fitted<'_>)> {
    let tensors = inference.all_fitted();
    tensors.filter(|(_, tensor)| tensor.posterior.family.entries().is_random())
}

/// The likelihood's argument of this name.
fn argument<'a>(inference: &'a Inference, name: &str) -> Option<&'a Argument> {
    let signature = inference.observe.likelihood.signature();
    let mut names = signature.parameters.iter();
    let index = names.position(|parameter| parameter.name == name)?;
    inference.observe.arguments.get(index)
}

/// The same, where it is a value of the network.
fn value<'a>(inference: &'a Inference, name: &str) -> Option<&'a Node> {
    let node = argument(inference, name)?.node()?;
    Some(&inference.nodes[node])
}

/// The same, where it is a number that nothing moves.
fn fixed(inference: &Inference, name: &str) -> Option<f64> {
    argument(inference, name)?.numbers()?.fixed()
}

/// The value with arithmetic that `node` is, other shapes and entries taken out of it looked through.
fn source<'a>(inference: &'a Inference, mut node: &'a Node) -> Option<(&'a Node, &'a Call)> {
    loop {
        let call = node.call.as_ref()?;
        match call.operation {
            Operation::View(_) => {}
            _ if call.layer.is_none() => {}
            _ => return Some((node, call)),
        }
        node = &inference.nodes[*node.inputs.first()?];
    }
}

/// Where the numbers of a value of the network can lie.
struct Reach<'a> {
    /// The least; infinite where there is none.
    low: f64,
    /// The largest; infinite where there is none.
    high: f64,
    /// The activation that bounds them, and its name: of several the one that the others come after.
    by: Option<(&'a Node, &'static str)>,
}

/// Where the numbers of `node` can lie: what activations make of what they are given, down to the last layer with
/// weights, through other shapes, entries and pools.
fn reach<'a>(inference: &'a Inference, node: &'a Node) -> Reach<'a> {
    reach_through(inference, node, MOST_LAYERS)
}

/// The most layers without weights that [`reach`] goes through: no network has as many on purpose.
const MOST_LAYERS: usize = 64;

/// The same through at most `most` layers.
fn reach_through<'a>(inference: &'a Inference, node: &'a Node, most: usize) -> Reach<'a> {
    let anything = Reach {
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
        by: None,
    };
    let (Some(call), [input], 1..) = (&node.call, &node.inputs[..], most) else {
        return anything;
    };
    let above = || reach_through(inference, &inference.nodes[*input], most - 1);
    let map = match &call.operation {
        Operation::Linear(_)
        | Operation::Function(_)
        | Operation::Statistics(_)
        | Operation::Scan(_) => {
            return anything;
        }
        // The numbers of a view are its input's; those of a pool lie between them.
        Operation::View(_) => return above(),
        Operation::Map(map) if !map.elementwise() && map.range().is_none() => return above(),
        Operation::Map(map) => map,
    };
    let inside = above();
    let [low, high] = match map.range() {
        Some(range) => range,
        None => image(&**map, inside.low, inside.high),
    };
    let own = (low.is_finite() || high.is_finite()).then_some(node);
    let name = call.layer.map_or("", |layer| layer.signature().name);
    Reach {
        low,
        high,
        by: inside.by.or(own.map(|node| (node, name))),
    }
}

/// Where an entry-by-entry activation takes the numbers from `low` to `high`; an end that it leaves open is infinite.
fn image(map: &dyn AnyMap, low: f64, high: f64) -> [f64; 2] {
    const END: f64 = 50.0;
    const STEPS: u32 = 10_000;
    let (from, to) = (low.clamp(-END, END), high.clamp(-END, END));
    let x: Vec<f64> = (0..=STEPS)
        .map(|i| from + (to - from) * f64::from(i) / f64::from(STEPS))
        .collect();
    let mut y = vec![0.0; x.len()];
    crate::layer::Map::<f64>::forward(map, &x, &mut y);
    let end = |fold: fn(f64, f64) -> f64| y.iter().copied().fold(y[0], fold);
    let mut ends = [end(f64::min), end(f64::max)];
    // What still moves far out has no bound that way, however slowly: a leaky relu's slope may be 0.01.
    let quarter = y.len() / 4;
    let outermost = [
        (low < -END, 0, quarter),
        (high > END, y.len() - 1, y.len() - 1 - quarter),
    ];
    for (_, outer, inner) in outermost.into_iter().filter(|(is_open, ..)| *is_open) {
        match y[outer] - y[inner] {
            fall if fall < -1e-6 => ends[0] = f64::NEG_INFINITY,
            rise if rise > 1e-6 => ends[1] = f64::INFINITY,
            _ => {}
        }
    }
    // A sigmoid comes as near to 0 as it is asked to.
    let whole = |x: f64| if x.abs() < 1e-9 { 0.0 } else { x };
    ends.map(whole)
}

/// The number of this name among a prior's arguments.
fn prior_argument<'a>(tensor: &'a Tensor, name: &str) -> Option<&'a Scalar> {
    let prior = tensor.prior.as_ref()?;
    let mut names = prior.distribution.signature().parameters.iter();
    let index = names.position(|parameter| parameter.name == name)?;
    prior.parameters.get(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    #[test]
    fn an_activations_ends_are_found() {
        let open = f64::INFINITY;
        for (word, low, high) in [
            ("relu", 0.0, open),
            ("leaky_relu", -open, open),
            ("leaky_relu(0.01)", -open, open),
            ("leaky_relu(0.01)\nsoftplus", 0.0, open),
            ("elu", -1.0, open),
            ("elu(20)", -20.0, open),
            ("gelu", -0.17, open),
            ("silu", -0.2785, open),
            ("tanh", -1.0, 1.0),
            ("sigmoid", 0.0, 1.0),
            ("softplus", 0.0, open),
            ("exp", 0.0, open),
            ("relu\nsoftplus", std::f64::consts::LN_2, open),
            ("tanh\nexp", (-1f64).exp(), 1f64.exp()),
            ("relu\ntanh", 0.0, 1.0),
            ("relu\nleaky_relu", 0.0, open),
            ("softmax", 0.0, 1.0),
            ("log_softmax", -open, 0.0),
            ("hard_swish", -0.375, open),
            ("mish", -0.3088, open),
            ("sigmoid\ndense(1)", -open, open),
        ] {
            let (above, word) = word.rsplit_once('\n').unwrap_or(("", word));
            let text = format!(
                "model m\ninput x: real[3]\ntarget y: real\n\
                 default {{ prior = Normal(0, 1) }}\nnetwork {{ dense(1)\n{above}\nf = {word} }}\n\
                 observe y ~ Normal(f, 1)\nobjective elbo\n"
            );
            let name = "m.bnn".into();
            let inference = crate::compile::source(Source { name, text }, &[])
                .expect("a model")
                .inference;
            let found = reach(&inference, value(&inference, "loc").expect("a value"));
            let same = |a: f64, b: f64| a == b || (a - b).abs() < 1e-3;
            assert!(same(found.low, low), "{word}: {}", found.low);
            assert!(same(found.high, high), "{word}: {}", found.high);
        }
    }
}
