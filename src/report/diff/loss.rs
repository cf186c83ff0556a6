//! The likelihood, the objective, the terms of the loss, and sums over the model.

use super::pairing::is_of_likelihood;
use super::value::Which;
use super::{Change, Section, Totals, Two};
use crate::ir::{
    Absent, Argument, Factor, Form, Handle, Inference, KlChoice, Minibatch, Node, Scale, Subject,
    Tensor, Term, TermKind,
};
use crate::plan::Plan;
use crate::report::initial::initial_terms;
use crate::show;
use std::sync::Arc;

/// How the network's values and the target meet.
pub fn likelihood(two: &Two, out: &mut Vec<Change>) {
    let exact = |which: Which| {
        let observe = &two.model(which).observe;
        let argument = |argument: &Argument| match argument {
            Argument::Node(node) => read(two, which, *node),
            Argument::Scalar(scalar) => two.exact(which, scalar),
        };
        let arguments: Vec<String> = observe.arguments.iter().map(argument).collect();
        (observe.likelihood.signature().name, arguments)
    };
    if exact(Which::First) != exact(Which::Second) {
        let (before, after) = (two.a.likelihood_text(), two.b.likelihood_text());
        let change = Change::new(Section::Likelihood, &two.b.target.name, "");
        out.extend(change.changed(before, after));
    }
}

/// What `observe` reads: a layer of the second model, an entry of one, an activation of either.
fn read(two: &Two, which: Which, node: Handle<Node>) -> String {
    let found = &two.model(which).nodes[node];
    if let (true, [above]) = (is_of_likelihood(found), &found.inputs[..]) {
        let above = read(two, which, *above);
        return match found.call.as_ref().and_then(|call| call.layer) {
            Some(layer) => format!("{}({above})", layer.signature().name),
            None => {
                let entry = found.name.rfind('[').map_or("", |at| &found.name[at..]);
                format!("{above}{entry}")
            }
        };
    }
    let layer = match which {
        Which::First => two.pairing.node(node),
        Which::Second => Some(node),
    };
    format!("{layer:?}")
}

/// What the file asks for.
pub fn objective(two: &Two, out: &mut Vec<Change>) {
    let (a, b) = (&two.a.objective, &two.b.objective);
    let change = |field| Change::new(Section::Objective, field, "");
    let name = |map: bool| if map { "map" } else { "elbo" };
    out.extend(change("objective").changed(name(a.map), name(b.map)));
    let kl = |kl: KlChoice| match kl {
        KlChoice::Auto => "auto",
        KlChoice::ClosedForm => "closed_form",
        KlChoice::Quadrature => "quadrature",
        KlChoice::MonteCarlo { path: false } => "monte_carlo",
        KlChoice::MonteCarlo { path: true } => "monte_carlo(gradient = path)",
    };
    out.extend(change("kl").changed(kl(a.kl), kl(b.kl)));
    out.extend(change("samples").changed(a.samples.to_string(), b.samples.to_string()));
    let minibatch = |minibatch: Minibatch| match minibatch {
        Minibatch::Uniform => "uniform",
        Minibatch::Blundell => "blundell",
    };
    out.extend(change("minibatch").changed(minibatch(a.minibatch), minibatch(b.minibatch)));
    out.extend(change("temperature").changed(a.temperature, b.temperature));
    let annealing = |annealing: Option<crate::ir::Annealing>| match annealing {
        None => "none".into(),
        Some(annealing) => format!("linear(epochs = {})", show(annealing.epochs)),
    };
    out.extend(change("annealing").changed(annealing(a.annealing), annealing(b.annealing)));
}

/// What joins the loss of one parameter, or why nothing does.
#[derive(Clone, Copy)]
enum Place<'a> {
    Term(&'a Term),
    Absent(&'a Absent),
}

fn place(model: &Inference, tensor: Handle<Tensor>) -> Option<Place<'_>> {
    let term = model
        .loss
        .terms
        .iter()
        .find(|term| term.kind.tensor() == Some(tensor));
    let absent = model
        .loss
        .absent
        .iter()
        .find(|absent| absent.subject == Subject::Tensor(tensor));
    term.map(Place::Term).or(absent.map(Place::Absent))
}

/// The loss, term by term.
pub fn terms(two: &Two, out: &mut Vec<Change>) {
    let head = Change::new(Section::Loss, "minimised", "");
    out.extend(head.changed(two.a.loss_head(), two.b.loss_head()));
    for pair in &two.pairing.tensors {
        let of =
            |model, tensor: Option<Handle<Tensor>>| tensor.and_then(|tensor| place(model, tensor));
        let tensor = match *pair {
            (_, Some(second)) => &two.b.tensors[second],
            (Some(first), None) => &two.a.tensors[first],
            (None, None) => continue,
        };
        let change = |field| Change::new(Section::Loss, &tensor.name, field).role(tensor.role);
        match (of(two.a, pair.0), of(two.b, pair.1)) {
            (Some(Place::Term(x)), Some(Place::Term(y))) if kind(x) == kind(y) => {
                out.extend(change("form").changed(form(two.a, x), form(two.b, y)));
                out.extend(
                    change("mean over")
                        .changed(over(two, Which::First, x), over(two, Which::Second, y)),
                );
                if let Some(mut scale) = change("scale").changed(scale(&x.scale), scale(&y.scale)) {
                    scale.note = Some(y.why.to_string()).filter(|_| x.why != y.why);
                    out.push(scale);
                }
            }
            (Some(x), Some(y)) => {
                out.extend(change("term").changed(whole(two.a, x), whole(two.b, y)));
            }
            (Some(x), None) => out.push(change("").removed(whole(two.a, x))),
            (None, Some(y)) => out.push(change("").added(whole(two.b, y))),
            (None, None) => {}
        }
    }
}

fn kind(term: &Term) -> &'static str {
    match term.kind {
        TermKind::Nll => "nll",
        TermKind::Kl(..) => "KL",
        TermKind::NegLogPrior(_) => "penalty -log p, no KL",
        TermKind::Surrogate(_) => "surrogate, no KL",
    }
}

/// `closed form, Normal || Laplace`
fn form(model: &Inference, term: &Term) -> String {
    let TermKind::Kl(tensor, form) = term.kind else {
        return kind(term).into();
    };
    let tensor = model.fitted(tensor);
    let family = tensor.posterior.family;
    let posterior = family
        .entries()
        .marginal()
        .unwrap_or(family.signature().name);
    let prior = tensor
        .prior
        .as_ref()
        .map_or("", |prior| prior.distribution.signature().name);
    let how = match form {
        Form::MonteCarlo { path: true } => "Monte Carlo, gradient along the path",
        form => form.words(),
    };
    format!("{how}, {posterior} || {prior}")
}

/// `tau`
fn over(two: &Two, which: Which, term: &Term) -> String {
    let latents = two.model(which).latents_of(term).into_iter();
    let names: Vec<&str> = latents
        .map(|latent| two.latent_name(which, latent))
        .collect();
    match names.is_empty() {
        true => "none".into(),
        false => names.join(", "),
    }
}

/// `T/N, T = 0.1`
fn scale(scale: &Scale) -> String {
    let mut text = scale.to_string();
    for factor in &scale.0 {
        match factor {
            Factor::Temperature(temperature) => text += &format!(", T = {temperature}"),
            Factor::Annealing(annealing) => {
                text += &format!(", a to 1 over {} epochs", annealing.epochs)
            }
            Factor::PerBatch | Factor::PerExample | Factor::Blundell => {}
        }
    }
    text
}

fn whole(model: &Inference, place: Place) -> String {
    match place {
        Place::Absent(absent) => format!("absent: {}", absent.reason),
        Place::Term(term) => {
            let what = match term.kind {
                TermKind::Kl(..) => format!("KL, {}", form(model, term)),
                _ => kind(term).into(),
            };
            format!("{what}, times {}", scale(&term.scale))
        }
    }
}

/// Sums over the two models.
pub fn totals(a: &Arc<Plan>, b: &Arc<Plan>) -> Totals {
    let both = [a, b];
    let lambda = |plan: &Arc<Plan>| {
        let term = plan.inference.loss.terms.get(1);
        term.map_or(1.0, |term| term.scale.lambda())
    };
    let initial = |plan: &Arc<Plan>| {
        let terms = initial_terms(plan).into_iter().skip(1);
        terms.sum::<Option<f64>>().filter(|kl| kl.is_finite())
    };
    Totals {
        random_weights: both.map(|plan| random(&plan.inference)),
        trainable: both.map(|plan| plan.trainable()),
        initial_kl: both.map(initial),
        lambda: both.map(lambda),
    }
}

fn random(model: &Inference) -> usize {
    let tensors = model.all_fitted().map(|(_, tensor)| tensor);
    let drawn = tensors.filter(|tensor| tensor.posterior.family.entries().is_random());
    drawn.map(|tensor| tensor.shape.len()).sum()
}
