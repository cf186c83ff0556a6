//! Parameters that are alike are spoken of once.

use super::{Methods, inline, symbols};
use crate::document::code;
use crate::ir::{Handle, Role, Tensor};
use crate::layer;
use crate::words::{distinct, grouped, join};
use std::collections::HashSet;

/// From more names than this on, those that are left out are named where they are fewer.
const MANY: usize = 4;

/// What parameters are called, one and several of them, by the last part of their names and in the order in which
/// they are named. Only those that a layer declares are counted: others have no singular.
fn nouns() -> Vec<(&'static str, [String; 2])> {
    let slots = layer::slots().into_iter().map(|slot| {
        let ending = if slot.name.ends_with('s') { "es" } else { "s" };
        (
            slot.name,
            [slot.name.into(), format!("{}{ending}", slot.name)],
        )
    });
    let others = [
        (Role::InputFactor, "input factors $r$"),
        (Role::OutputFactor, "output factors $s$"),
        (Role::Local, "local scales $lambda$"),
    ];
    let others = others.map(|(role, several)| (role.word(), [several; 2].map(String::from)));
    slots.chain(others).collect()
}

impl Methods<'_> {
    /// `all 3 kernels and the bias of f`; latent variables by their symbols.
    pub(super) fn names(&self, tensors: &[Handle<Tensor>]) -> String {
        let wanted: HashSet<Handle<Tensor>> = tensors.iter().copied().collect();
        let (latents, others): (Vec<_>, Vec<_>) = (self.model.tensors.iter())
            .map(|(handle, tensor)| (wanted.contains(&handle), tensor))
            .partition(|(_, tensor)| tensor.role == Role::Latent);
        let latents = latents.into_iter().filter(|(here, _)| *here);
        let mut parts: Vec<String> = latents
            .map(|(_, latent)| inline(symbols::latent(&latent.name)))
            .collect();
        // The layers whose parameter of this name is here, and those whose is left out.
        let layers = |last: &str| {
            [true, false].map(|wanted| {
                let found = others.iter().filter_map(|(here, tensor)| {
                    let (owner, own) = tensor.name.rsplit_once('.')?;
                    (*here == wanted && own == last).then(|| layer(tensor, owner))
                });
                found.collect::<Vec<&str>>()
            })
        };
        let nouns = nouns();
        let mut here: Vec<&(&str, [String; 2])> = nouns.iter().collect();
        here.retain(|(last, _)| !layers(last)[0].is_empty());
        for ([layers, left_out], nouns) in grouped(&here, |(last, _)| layers(last)) {
            let nouns: Vec<&[String; 2]> = nouns.into_iter().map(|(_, noun)| noun).collect();
            let all: Vec<&str> = layers.iter().chain(&left_out).copied().collect();
            let names = [&layers, &left_out].map(|these| self.layer_names(these, &all));
            parts.push(phrase(&nouns, [layers.len(), left_out.len()], &names));
        }
        join(parts, "and")
    }

    /// The names of layers; of a block's use, or a repeat, all of whose layers among `all` are here, its own.
    fn layer_names(&self, layers: &[&str], all: &[&str]) -> Vec<String> {
        let root = |layer: &str| self.model.compositions.of(layer, "").map(|of| &of.path);
        let here: HashSet<&str> = layers.iter().copied().collect();
        let left_out = all.iter().filter(|layer| !here.contains(*layer));
        let in_part: HashSet<&String> = left_out.filter_map(|layer| root(layer)).collect();
        let name = |layer: &&str| match root(layer).filter(|of| !in_part.contains(of)) {
            Some(of) => code(of),
            None => code(layer),
        };
        distinct(layers.iter().map(name))
    }
}

/// `the kernel and bias of f`, `all kernels and biases but those of f`.
fn phrase(nouns: &[&[String; 2]], counts: [usize; 2], names: &[Vec<String>; 2]) -> String {
    let number = usize::from(counts[0] > 1);
    let words = nouns.iter().map(|noun| noun[number].clone());
    let words = join(words.collect(), "and");
    let [here, left_out] = names.clone().map(|names| join(names, "and"));
    let counted = matches!(nouns, [[one, several]] if one != several);
    match (counts[0], counts[1]) {
        (2, 0) if nouns.len() == 1 => format!("both {words}"),
        (n, 0) if n > 2 && counted => format!("all {n} {words}"),
        (n, 0) if n > 1 => format!("all {words}"),
        (n, m) if n > MANY && m < n => {
            let those = if m == 1 && nouns.len() == 1 {
                "that"
            } else {
                "those"
            };
            format!("all {words} but {those} of {left_out}")
        }
        _ => format!("the {words} of {here}"),
    }
}

/// `conv1` of `conv1.kernel` and of `conv1.kernel.r`; `owner` is the name up to its last dot.
fn layer<'a>(tensor: &Tensor, owner: &'a str) -> &'a str {
    match tensor.role.is_of_layer() {
        true => owner,
        false => owner.rsplit_once('.').map_or(owner, |(layer, _)| layer),
    }
}
