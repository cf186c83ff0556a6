//! Parameters that are alike are spoken of once.

use super::{Methods, symbols};
use crate::document::code;
use crate::ir::{Handle, Role, Tensor};
use crate::words::join;

/// More names than this are told by what they leave out, where that is less.
const MANY: usize = 4;

/// What belongs to a layer, in the order it is told.
const LAYERED: [Role; 5] = [
    Role::Kernel,
    Role::Bias,
    Role::InputFactor,
    Role::OutputFactor,
    Role::Local,
];

/// Items with the same key together, in the order of their first.
pub(super) fn grouped<T: Copy, K: PartialEq>(
    items: &[T],
    key: impl Fn(T) -> K,
) -> Vec<(K, Vec<T>)> {
    let mut groups: Vec<(K, Vec<T>)> = Vec::new();
    for &item in items {
        let key = key(item);
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => group.push(item),
            None => groups.push((key, vec![item])),
        }
    }
    groups
}

impl Methods<'_> {
    /// `all 3 kernels and the bias of f`; latent variables by their symbols.
    pub(super) fn names(&self, tensors: &[Handle<Tensor>]) -> String {
        let of = |role: Role| -> Vec<&Tensor> {
            let tensors = tensors.iter().map(|tensor| &self.model.tensors[*tensor]);
            tensors.filter(|tensor| tensor.role == role).collect()
        };
        let mut parts: Vec<String> = of(Role::Latent)
            .iter()
            .map(|latent| format!("${}$", symbols::latent(&latent.name)))
            .collect();
        // Roles of which the same layers are meant are told together.
        let roles: Vec<Role> = LAYERED
            .into_iter()
            .filter(|role| !of(*role).is_empty())
            .collect();
        let layers =
            |role: Role| -> Vec<&str> { of(role).iter().map(|tensor| layer(tensor)).collect() };
        for ((layers, missing), roles) in grouped(&roles, |role| {
            let layers = layers(role);
            let all = self
                .model
                .tensors
                .iter()
                .filter(|(_, tensor)| tensor.role == role);
            let all: Vec<&str> = all.map(|(_, tensor)| layer(tensor)).collect();
            let missing: Vec<&str> = all
                .into_iter()
                .filter(|layer| !layers.contains(layer))
                .collect();
            (layers, missing)
        }) {
            parts.push(told(&roles, &layers, &missing));
        }
        join(parts, "and")
    }
}

/// `the kernel and bias of f`, `all kernels and biases but those of f`.
fn told(roles: &[Role], layers: &[&str], missing: &[&str]) -> String {
    let words = |many: bool| {
        let words = roles.iter().map(|role| word(*role, many).to_string());
        join(words.collect(), "and")
    };
    let names = |layers: &[&str]| join(layers.iter().map(|layer| code(layer)).collect(), "and");
    let of_layer = roles.iter().any(|role| role.is_of_layer());
    match (layers.len(), missing.len()) {
        (1, _) => format!("the {} of {}", words(false), names(layers)),
        (2, 0) if roles.len() == 1 => format!("both {}", words(true)),
        (n, 0) if roles.len() == 1 && of_layer => format!("all {n} {}", words(true)),
        (_, 0) => format!("all {}", words(true)),
        (n, m) if n > MANY && m < n => {
            let those = if m == 1 && roles.len() == 1 {
                "that"
            } else {
                "those"
            };
            format!("all {} but {those} of {}", words(true), names(missing))
        }
        _ => format!("the {} of {}", words(true), names(layers)),
    }
}

fn word(role: Role, many: bool) -> &'static str {
    match (role, many) {
        (Role::Bias, false) => "bias",
        (Role::Bias, true) => "biases",
        (Role::InputFactor, _) => "input factors $r$",
        (Role::OutputFactor, _) => "output factors $s$",
        (Role::Local, _) => "local scales $lambda$",
        (_, false) => "kernel",
        (_, true) => "kernels",
    }
}

/// `conv1` of `conv1.kernel` and of `conv1.kernel.r`.
fn layer(tensor: &Tensor) -> &str {
    let name = &tensor.name;
    let (owner, _) = name.rsplit_once('.').unwrap_or((name, ""));
    match tensor.role.is_of_layer() {
        true => owner,
        false => owner.rsplit_once('.').map_or(owner, |(layer, _)| layer),
    }
}
