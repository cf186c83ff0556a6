//! Comments that say what the lines of a model file mean, each above the first line of its kind.

use crate::words::wrap;
use crate::{estimator, posterior};

/// The longest line of a comment.
const LONGEST: usize = 100;

/// The model file with a comment above the first line that begins with each word; lines that say already what they mean
/// are left as they are.
pub(super) fn explained(text: &str) -> String {
    let mut seen: Vec<&str> = vec![];
    let mut out = String::new();
    let mut before = "";
    for line in text.lines() {
        let plain = line.trim_start();
        let word = plain.split([' ', '(']).next().unwrap_or_default();
        if !seen.contains(&word)
            && !line.contains('#')
            && !before.trim_start().starts_with('#')
            && let Some(lesson) = lesson(word, plain)
        {
            let indent = &line[..line.len() - plain.len()];
            let head = format!("{indent}# ");
            let lines = wrap(&lesson, LONGEST - head.len());
            lines
                .iter()
                .for_each(|line| out += &format!("{head}{line}\n"));
        }
        if !word.is_empty() {
            seen.push(word);
        }
        out += line;
        out.push('\n');
        before = line;
    }
    out
}

/// What a line that begins with `word` means.
fn lesson(word: &str, line: &str) -> Option<String> {
    let value = line.split_once('=').map_or("", |(_, value)| value.trim());
    let entry = value.split('(').next().unwrap_or_default().trim();
    let fixed = match word {
        "const" => "Numbers with a name: `--set NAME=VALUE` puts another in their place.",
        "input" => {
            "What an example holds, and what is predicted of it. The batch axis is not written."
        }
        "latent" => {
            "A random number for all examples, with a prior and a posterior as a weight has."
        }
        "default" => "What holds for every weight whose layer says nothing else.",
        "prior" => "Before the data: how large a weight may be.",
        "block" => "Layers under a name, which the network has several times.",
        "network" => "Layers from the input on. A name before `=` can be used further below.",
        "observe" => {
            "The likelihood of a target: -ln of it is the nll, the data's term in the loss."
        }
        "objective" => {
            "The loss is the mean nll plus KL/N, how far the posterior is from the prior, over N examples."
        }
        "bias" if entry == "deterministic" => {
            "Ordinary numbers: no prior, no posterior, no term in the loss."
        }
        "posterior" => {
            let summary = posterior::find(entry)?.signature().summary;
            return Some(format!(
                "After the data: what training fits. {entry}: {summary}."
            ));
        }
        "estimator" => {
            let summary = estimator::find(entry)?.signature().summary;
            return Some(format!(
                "How a training step draws weights. {entry}: {summary}."
            ));
        }
        _ => return None,
    };
    Some(fixed.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_kind_is_explained_unless_it_explains_itself() {
        let text = "model m\nconst a = 1\nconst b = 2\ndefault {\n  prior = Normal(0, 1)   # said\n  \
                    bias  = deterministic\n}\n# why\nobserve y ~ Normal(f, 1)\nobjective elbo\n";
        let lesson = |word: &str, line: &str| lesson(word, line).unwrap();
        assert_eq!(
            explained(text),
            format!(
                "model m\n# {}\nconst a = 1\nconst b = 2\n# {}\ndefault {{\n  prior = Normal(0, 1)   # said\n  \
                 # {}\n  bias  = deterministic\n}}\n# why\nobserve y ~ Normal(f, 1)\n# {}\nobjective elbo\n",
                lesson("const", ""),
                lesson("default", ""),
                lesson("bias", "bias = deterministic"),
                lesson("objective", "")
            )
        );
        let family = lesson("posterior", "posterior = MeanField(loc = 0)");
        assert!(family.contains("MeanField: "), "{family}");
    }
}
