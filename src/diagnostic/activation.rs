//! `dense(10, activation = relu)`: an activation is a layer of its own here.

use super::elsewhere::Activation;
use crate::source::Span;

/// What to do with an activation that is an argument: with `word` as it is written, `arguments` its own, and what it is
/// here, if it is anything.
pub fn help(word: &str, activation: Option<Activation>, arguments: &str) -> String {
    match activation {
        Some(Activation::Softmax) => {
            "leave the softmax out: `Categorical(logits = …)` applies it itself".into()
        }
        Some(Activation::Identity) => "leave the activation out: a layer has none here".into(),
        Some(Activation::Layer(ours)) => {
            format!("an activation is a layer of its own, behind this one: `{ours}{arguments}`")
        }
        None => format!(
            "an activation is a layer of its own, behind this one, and no layer is called `{word}`: \
             see `bnnc list layers`"
        ),
    }
}

/// A layer without its name, and the activation behind it, which then has the name: `dense(10), f = relu`.
pub fn behind(call: &str, name: Option<&str>, activation: Activation, arguments: &str) -> String {
    let name = name.map_or(String::new(), |name| format!("{name} = "));
    match activation {
        Activation::Layer(ours) => format!("{call}, {name}{ours}{arguments}"),
        Activation::Softmax | Activation::Identity => format!("{name}{call}"),
    }
}

/// The text of a line of a network once the argument at `argument`, which gives the activation, is what it is here:
/// `f = dense(10, activation = relu)` becomes `dense(10), f = relu`. Nothing where a comment stands in the line.
pub fn moved(
    step: &str,
    argument: Span,
    activation: Activation,
    arguments: &str,
) -> Option<String> {
    if step.contains('#') {
        return None;
    }
    let before = step[..argument.start].trim_end();
    let after = step[argument.end..].trim_start();
    let line = match (before.strip_suffix(','), after.strip_prefix(',')) {
        (_, Some(after)) => format!("{} {}", before, after.trim_start()).replace("( ", "("),
        (Some(before), None) => format!("{before}{after}"),
        (None, None) => format!("{before}{after}"),
    };
    let head = line.find('(').unwrap_or(line.len());
    let (name, call) = match line[..head].split_once('=') {
        Some((name, _)) => (Some(name.trim_end()), line[name.len() + 1..].trim_start()),
        None => (None, line.as_str()),
    };
    Some(behind(call, name, activation, arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activation_becomes_a_layer_behind_its_own() {
        for (step, argument, activation, arguments, wanted) in [
            (
                "dense(10, activation = relu)",
                "activation = relu",
                Activation::Layer("relu"),
                "",
                "dense(10), relu",
            ),
            (
                "f = dense(10, activation = 'tanh')",
                "activation = 'tanh'",
                Activation::Layer("tanh"),
                "",
                "dense(10), f = tanh",
            ),
            (
                "f = dense(10, activation = softmax)",
                "activation = softmax",
                Activation::Softmax,
                "",
                "f = dense(10)",
            ),
            (
                "conv2d(6, activation = elu(0.5), kernel = 5) { prior = Normal(0, 1) }",
                "activation = elu(0.5)",
                Activation::Layer("elu"),
                "(0.5)",
                "conv2d(6, kernel = 5) { prior = Normal(0, 1) }, elu(0.5)",
            ),
            (
                "dense(activation = relu, units = 3)",
                "activation = relu",
                Activation::Layer("relu"),
                "",
                "dense(units = 3), relu",
            ),
        ] {
            let start = step.find(argument).unwrap();
            let place = Span::new(start, start + argument.len());
            let moved = moved(step, place, activation, arguments);
            assert_eq!(moved.as_deref(), Some(wanted));
        }
    }
}
