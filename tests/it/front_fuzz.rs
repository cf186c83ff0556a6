//! Damaged files get messages, never a panic.

use bnnc::compile;
use bnnc::diagnostic::render;
use bnnc::source::Source;
use proptest::prelude::*;

fn specs() -> Vec<String> {
    let entries = std::fs::read_dir("specs")
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries
        .filter(|p| p.extension().is_some_and(|e| e == "bnn"))
        .collect();
    paths.sort();
    let strip = |text: String| -> String {
        text.lines()
            .map(|line| format!("{}\n", line.split('#').next().unwrap()))
            .collect()
    };
    paths
        .iter()
        .map(|path| strip(std::fs::read_to_string(path).unwrap()))
        .collect()
}

const WORDS: &[&str] = &[
    "dense",
    "relu",
    "flatten",
    "conv2d",
    "Normal",
    "MeanField",
    "Delta",
    "deterministic",
    "none",
    "learned",
    "fan_in",
    "logits",
    "softplus",
    "0",
    "-1",
    "1e300",
    "16000000",
    "0.5",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ",",
    "=",
    "\n",
    "prior",
    "bias",
    "kernel:",
    "StudentT",
    "x",
    "pi",
    "/",
    "^",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutated_specs_never_panic(
        spec in 0usize..7,
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..WORDS.len(), 0..3u8), 1..6),
    ) {
        let specs = specs();
        let text = &specs[spec % specs.len()];
        let mut tokens: Vec<String> = Vec::new();
        for part in text.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_' && c != '.') {
            let (word, end) = part.split_at(part.len() - usize::from(part.ends_with(|c: char| c.is_ascii_punctuation() || c.is_whitespace())));
            tokens.extend([word, end].iter().filter(|t| !t.is_empty()).map(ToString::to_string));
        }
        for (index, word, kind) in edits {
            let at = index.index(tokens.len());
            match kind {
                0 => tokens[at] = WORDS[word].into(),
                1 => { tokens.remove(at); }
                _ => tokens.insert(at, format!(" {} ", WORDS[word])),
            }
        }
        let source = Source { name: "m.bnn".into(), text: tokens.concat() };
        if let Err(failure) = compile::source(source, &[]) {
            prop_assert!(!failure.diagnostics.is_empty());
            render(&failure.diagnostics, failure.source_file.as_deref(), false);
        }
    }
}
