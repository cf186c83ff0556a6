//! Parameters that are alike are spoken of once.

use super::{Methods, inline, symbols};
use crate::document::code;
use crate::ir::{Handle, Role, Tensor};
use crate::words::join;

/// From more names than this on, those that are left out are named where they are fewer.
const MANY: usize = 4;

/// The roles of a layer's parameters and what they are called, one and several of them, in the order in
/// which they are named.
const LAYERED: [(Role, [&str; 2]); 5] = [
    (Role::Kernel, ["kernel", "kernels"]),
    (Role::Bias, ["bias", "biases"]),
    (Role::InputFactor, ["input factors $r$"; 2]),
    (Role::OutputFactor, ["output factors $s$"; 2]),
    (Role::Local, ["local scales $lambda$"; 2]),
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
        let tensor = |handle: &Handle<Tensor>| &self.model.tensors[*handle];
        let latents = tensors
            .iter()
            .map(tensor)
            .filter(|tensor| tensor.role == Role::Latent);
        let mut parts: Vec<String> = latents
            .map(|latent| inline(symbols::latent(&latent.name)))
            .collect();
        // Roles of the same layers are named together: these layers, and those left out.
        let layers = |role: Role| {
            let all = self
                .model
                .tensors
                .iter()
                .filter(|(_, tensor)| tensor.role == role);
            let (here, left_out): (Vec<_>, Vec<_>) =
                all.partition(|(handle, _)| tensors.contains(handle));
            [here, left_out]
                .map(|tensors| tensors.iter().map(|(_, t)| layer(t)).collect::<Vec<_>>())
        };
        let mut roles = LAYERED.to_vec();
        roles.retain(|(role, _)| !layers(*role)[0].is_empty());
        for ([layers, left_out], roles) in grouped(&roles, |(role, _)| layers(role)) {
            parts.push(phrase(&roles, &layers, &left_out));
        }
        join(parts, "and")
    }
}

/// `the kernel and bias of f`, `all kernels and biases but those of f`.
fn phrase(roles: &[(Role, [&str; 2])], layers: &[&str], left_out: &[&str]) -> String {
    let words = |words: [&str; 2]| words[usize::from(layers.len() > 1)].to_string();
    let words = join(roles.iter().map(|(_, both)| words(*both)).collect(), "and");
    let names = |layers: &[&str]| join(layers.iter().map(|layer| code(layer)).collect(), "and");
    let one_role = roles.len() == 1;
    let of_layer = roles.iter().any(|(role, _)| role.is_of_layer());
    match (layers.len(), left_out.len()) {
        (2, 0) if one_role => format!("both {words}"),
        (n, 0) if n > 2 && one_role && of_layer => format!("all {n} {words}"),
        (n, 0) if n > 1 => format!("all {words}"),
        (n, m) if n > MANY && m < n => {
            let those = if m == 1 && one_role { "that" } else { "those" };
            format!("all {words} but {those} of {}", names(left_out))
        }
        _ => format!("the {words} of {}", names(layers)),
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
