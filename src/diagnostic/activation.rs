//! `dense(10, activation = relu)`: an activation is a layer of its own here.

use crate::source::Span;

/// What to do with an activation that is an argument.
pub fn help(word: &str) -> String {
    match super::elsewhere::plain(word).as_str() {
        "softmax" | "logsoftmax" => {
            "leave it out: `Categorical(logits = …)` applies the softmax itself".into()
        }
        "linear" | "none" => "leave it out: no activation is what a layer has here".into(),
        _ => format!(
            "an activation is a layer of its own, on the next line: `{}`",
            ours(word)
        ),
    }
}

/// The word here.
fn ours(word: &str) -> &str {
    super::elsewhere::layer(word).map_or(word, |row| row.ours)
}

/// The text of a line of a network once the argument at `argument`, which gives the activation `word`, is
/// what it is here: `f = dense(10, activation = relu)` becomes `dense(10), f = relu`.
pub fn moved(step: &str, argument: Span, word: &str) -> String {
    let before = step[..argument.start].trim_end();
    let after = step[argument.end..].trim_start();
    let call = match (before.strip_suffix(','), after.strip_prefix(',')) {
        (_, Some(after)) => format!("{} {}", before, after.trim_start()).replace("( ", "("),
        (Some(before), None) => format!("{before}{after}"),
        (None, None) => format!("{before}{after}"),
    };
    if matches!(
        super::elsewhere::plain(word).as_str(),
        "softmax" | "logsoftmax" | "linear" | "none"
    ) {
        return call;
    }
    let head = call.find('(').unwrap_or(call.len());
    match call[..head].split_once('=') {
        Some((name, _)) => {
            let rest = &call[name.len() + 1..];
            format!(
                "{}, {} = {}",
                rest.trim_start(),
                name.trim_end(),
                ours(word)
            )
        }
        None => format!("{call}, {}", ours(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activation_becomes_a_layer_behind_its_own() {
        for (step, argument, word, wanted) in [
            (
                "dense(10, activation = relu)",
                "activation = relu",
                "relu",
                "dense(10), relu",
            ),
            (
                "f = dense(10, activation = 'tanh')",
                "activation = 'tanh'",
                "tanh",
                "dense(10), f = tanh",
            ),
            (
                "f = dense(10, activation = softmax)",
                "activation = softmax",
                "softmax",
                "f = dense(10)",
            ),
            (
                "conv2d(6, activation = swish, kernel = 5) { prior = Normal(0, 1) }",
                "activation = swish",
                "swish",
                "conv2d(6, kernel = 5) { prior = Normal(0, 1) }, silu",
            ),
            (
                "dense(activation = relu, units = 3)",
                "activation = relu",
                "relu",
                "dense(units = 3), relu",
            ),
        ] {
            let start = step.find(argument).unwrap();
            let place = Span::new(start, start + argument.len());
            assert_eq!(moved(step, place, word), wanted);
        }
    }
}
