//! Parameters, latent variables and learned numbers.

use super::value::{Value, family, one_line, start, whole_posterior};
use super::{Change, Section, Two};
use crate::ir::{Fitted, Inference, Role, Tensor};

/// How many kernels and biases the two models have in common.
pub fn common(two: &Two) -> [usize; 2] {
    let of = |role: Role| {
        let pairs = two.pairing.tensors.iter();
        let pairs = pairs.filter_map(|(a, b)| a.zip(*b));
        pairs
            .filter(|(_, b)| two.b.tensors[*b].role == role)
            .count()
    };
    [Role::Kernel, Role::Bias].map(of)
}

/// Parameters and latent variables.
pub fn parameters(two: &Two, out: &mut Vec<Change>) {
    for pair in &two.pairing.tensors {
        match *pair {
            (Some(first), Some(second)) => {
                both(two, two.a.fitted(first), two.b.fitted(second), out);
            }
            (Some(first), None) => {
                let tensor = two.a.fitted(first);
                out.push(change(&tensor, "").removed(whole(two.a, tensor)));
            }
            (None, Some(second)) => {
                let tensor = two.b.fitted(second);
                out.push(change(&tensor, "").added(whole(two.b, tensor)));
            }
            (None, None) => {}
        }
    }
}

fn change(tensor: &Tensor, field: &'static str) -> Change {
    let section = match tensor.role {
        Role::Latent => Section::Latents,
        _ => Section::Parameters,
    };
    Change::new(section, &tensor.name, field).role(tensor.role)
}

/// `[400, 10]  Normal(0, 1), MeanField, flipout`
fn whole(model: &Inference, tensor: Fitted) -> String {
    let mut parts = Vec::new();
    parts.extend(tensor.prior.as_ref().map(|prior| model.prior_text(prior)));
    parts.push(tensor.posterior.family.signature().name.to_owned());
    let estimator = tensor.estimator.map(|e| e.signature().name.to_owned());
    parts.extend(estimator.filter(|_| tensor.role != Role::Latent));
    match tensor.role {
        Role::Latent => parts.join(", "),
        _ => format!("{}  {}", tensor.shape, parts.join(", ")),
    }
}

fn both(two: &Two, a: Fitted, b: Fitted, out: &mut Vec<Change>) {
    if a.role == Role::Latent {
        out.extend(change(&b, "name").changed(a.name.as_str(), b.name.as_str()));
    }
    out.extend(change(&b, "shape").changed(a.shape.to_string(), b.shape.to_string()));
    let [before, after] = two.priors(a.prior.as_ref(), b.prior.as_ref());
    if let Some(mut prior) = change(&b, "prior").changed(before, after) {
        prior.note = same_text(&a, &b);
        out.push(prior);
    }
    let (x, y) = (a.posterior, b.posterior);
    if x.family.signature().name != y.family.signature().name {
        out.extend(change(&b, "posterior").changed(whole_posterior(x), whole_posterior(y)));
    } else {
        out.extend(change(&b, "posterior").changed(family(x), family(y)));
        for (argument, _) in &x.initializers {
            if let Some(field) = start_of(argument, &a) {
                out.extend(change(&b, field).changed(start(x, argument), start(y, argument)));
            }
        }
    }
    let estimator = |tensor: Fitted| match tensor.estimator {
        Some(estimator) => Value::from(estimator.signature().name),
        None => "none".into(),
    };
    out.extend(change(&b, "estimator").changed(estimator(a), estimator(b)));
}

/// One text that means two priors: its fans or constants are not the same.
fn same_text(a: &Tensor, b: &Tensor) -> Option<String> {
    let text = |tensor: &Tensor| Some(one_line(&tensor.prior.as_ref()?.written));
    let (first, second) = (text(a)?, text(b)?);
    let words = |text: &str| text.contains(|c: char| c.is_alphabetic());
    let arguments = first.split_once('(').map_or("", |(_, rest)| rest);
    (first == second && words(arguments)).then(|| format!("both written {first}"))
}

/// The factors of a kernel say themselves how they start.
fn start_of(argument: &str, tensor: &Tensor) -> Option<&'static str> {
    match argument {
        "loc" => Some("start of loc"),
        "scale" => Some("start of scale"),
        _ if tensor.factors.is_some() => None,
        "factor" => Some("start of factor"),
        _ => Some("start"),
    }
}

/// Numbers learned as point estimates.
pub fn learned(two: &Two, out: &mut Vec<Change>) {
    let text = |model: &Inference, handle| {
        let learned: &crate::ir::Learned = &model.learned[handle];
        let initial = crate::show(learned.initial);
        (
            learned.name.clone(),
            format!("learned({initial}), {}", learned.domain.describe()),
        )
    };
    for pair in &two.pairing.learned {
        match *pair {
            (Some(first), Some(second)) => {
                let (a, b) = (&two.a.learned[first], &two.b.learned[second]);
                let change = |field| Change::new(Section::Learned, &b.name, field);
                out.extend(change("start").changed(a.initial, b.initial));
                let domains = [a.domain, b.domain].map(|domain| domain.describe());
                out.extend(change("domain").changed(domains[0], domains[1]));
            }
            (Some(first), None) => {
                let (name, text) = text(two.a, first);
                out.push(Change::new(Section::Learned, &name, "").removed(text));
            }
            (None, Some(second)) => {
                let (name, text) = text(two.b, second);
                out.push(Change::new(Section::Learned, &name, "").added(text));
            }
            (None, None) => {}
        }
    }
}
