//! Parameters that are alike are spoken of once.

use super::{Methods, symbols};
use crate::check::words::join;
use crate::document::code;
use crate::ir::{Handle, Role, Tensor};

/// More names than this are told by what they leave out, where that is less.
const MANY: usize = 4;

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
            .map(|latent| format!("${}$", symbols::name(&latent.name)))
            .collect();
        for role in [Role::Kernel, Role::Bias] {
            let found = of(role);
            if !found.is_empty() {
                parts.push(self.of_role(role, &found));
            }
        }
        join(parts, "and")
    }

    fn of_role(&self, role: Role, found: &[&Tensor]) -> String {
        let (one, many) = match role {
            Role::Bias => ("bias", "biases"),
            _ => ("kernel", "kernels"),
        };
        let all = self.model.tensors.iter().map(|(_, tensor)| tensor);
        let all: Vec<&Tensor> = all.filter(|tensor| tensor.role == role).collect();
        let missing: Vec<&&Tensor> = all
            .iter()
            .filter(|tensor| !found.iter().any(|f| f.name == tensor.name))
            .collect();
        let layers = |tensors: &mut dyn Iterator<Item = &Tensor>| {
            join(tensors.map(|tensor| code(layer(tensor))).collect(), "and")
        };
        match (found.len(), missing.len()) {
            (1, _) => format!("the {one} of {}", code(layer(found[0]))),
            (n, 0) => format!("all {n} {many}"),
            (n, m) if n > MANY && m < n => {
                let but = layers(&mut missing.iter().map(|tensor| **tensor));
                format!(
                    "all {many} but {} of {but}",
                    if m == 1 { "that" } else { "those" }
                )
            }
            _ => format!("the {many} of {}", layers(&mut found.iter().copied())),
        }
    }
}

/// `conv1` of `conv1.kernel`.
fn layer(tensor: &Tensor) -> &str {
    tensor
        .name
        .rsplit_once('.')
        .map_or(&tensor.name, |(layer, _)| layer)
}
