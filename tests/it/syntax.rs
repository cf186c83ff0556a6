//! Text to tree, and messages where that fails.

use bnnc::diagnostic::{Diagnostic, render};
use bnnc::source::Source;
use bnnc::syntax::{MAX_NESTING, ast, file_text, parse};
use insta::assert_snapshot;
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

fn source(text: &str) -> Source {
    Source {
        name: "model.bnn".to_string(),
        text: text.to_string(),
    }
}

/// The tree of `text`.
fn file(text: &str) -> ast::File {
    let source = source(text);
    parse(&source).unwrap_or_else(|messages| panic!("{}", render(&messages, Some(&source), false)))
}

/// The tree of `text`, as text.
fn tree(text: &str) -> String {
    file_text(&file(text))
}

/// The messages about `text`.
fn messages(text: &str) -> Vec<Diagnostic> {
    parse(&source(text)).expect_err("a mistake")
}

fn models(folder: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "bnn"))
        .collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn every_spec_parses() {
    let paths = models("specs");
    assert!(paths.len() >= 7);
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            tree(&text).starts_with(&format!("model {}\n", stem(&path))),
            "{}",
            path.display()
        );
    }
}

#[test]
fn every_bad_file_says_what_is_wrong() {
    for path in models("tests/corpus/bad") {
        let text = fs::read_to_string(&path).unwrap();
        let source = Source {
            name: format!("{}.bnn", stem(&path)),
            text,
        };
        // What parses and is wrong all the same is told by `front_bad`.
        let Err(messages) = parse(&source) else {
            continue;
        };
        let rendered = render(&messages, Some(&source), false);
        assert_snapshot!(
            stem(&path),
            format!("{}\n----\n{rendered}", source.text.trim_end())
        );
    }
}

#[test]
fn expressions() {
    let mut out = String::new();
    for text in [
        "1 + 2 * 3 - 4",
        "2 ^ 3 ^ 2",
        "-2 ^ 2 * 3",
        "2 ^ -1",
        "--a - -b",
        "1 / 2 / 3",
        "(1 + 2) * 3",
        "1e-3 + .5 + 50_000 + 1.",
        "Normal(0, 1 / sqrt(fan_in))",
        "softplus(out[1]) + out[0][2]",
        "[1, exp(-6), [],]",
        "f()",
        "f(a = g(b = 1), 2,)",
        "1 +\n 2",
        "(1\n + # one\n 2\n)",
    ] {
        let value = tree(&format!("const x = {text}")).replace("const x =", "=>");
        out += &format!("{text} {value}");
    }
    assert_snapshot!(out);
}

#[test]
fn settings_of_one_layer() {
    assert_snapshot!(tree(
        "network {
           hidden = dense(400) {
             kernel: prior = ScaleMixture(weight = 0.5, scales = [1, exp(-6)])   # Blundell et al. 2015
             bias:   prior = Normal(0, 1), posterior = MeanField
           }
           out = dense(10) {
             estimator = flipout
             kernel:
               prior = Normal(0, 1 / sqrt(fan_in))
               posterior = LowRank(rank = 4), estimator = reparameterization
           }
           relu
           {
             prior = Normal(0, 1), bias: posterior = Delta,
           }
           dense(1) {}
         }"
    ));
}

#[test]
fn composition() {
    assert_snapshot!(tree(
        "block basic(channels, stride = 1) {
           residual(shortcut = conv2d(channels, kernel = 1, stride = stride)) {   # identity otherwise
             conv2d(channels, kernel = 3,
                    stride = stride, padding = same)
             relu
           }
           relu
         }
         block plain { relu }
         network {
           repeat 3 { basic(16), relu }
           repeat 2 * depth { repeat_it }
           joined = concat { { conv2d(8) } { conv2d(8), relu }, {} }
           concat {
             { relu }
             { tanh }
           }
           skip = residual { dense(3) }
         }"
    ));
}

#[test]
fn latent_and_objective() {
    assert_snapshot!(tree(
        "latent noise ~ HalfNormal(1), posterior = LogNormal(loc = -1, scale = 0.1)
         latent tau   ~ HalfCauchy(1),
                        posterior = Delta
         target y: real
         target z: binary
         observe y ~ Normal(loc = out[0], scale = softplus(out[1]))
         observe z ~ Bernoulli
         objective elbo {
           kl = auto, samples = 1
           annealing = linear(epochs = 10)
         }
         objective map"
    ));
}

#[test]
fn line_ends_blanks_and_marks_of_all_systems() {
    let text = fs::read_to_string("specs/cifar10_flipout.bnn").unwrap();
    let expected = tree(&text);
    assert_eq!(tree(&text.replace('\n', "\r\n")), expected);
    assert_eq!(tree(&text.replace('\n', "\r")), expected);
    assert_eq!(tree(&text.replace("  ", "\t")), expected);
    assert_eq!(tree(&format!("\u{FEFF}{text}")), expected);
    assert_eq!(tree(text.trim_end()), expected);
    assert_eq!(tree(""), "");
    assert_eq!(tree("\n # nothing\n\n"), "");
}

#[test]
fn spans_are_those_of_the_text() {
    let text = "network {\n  a = dense( 10 ) { bias: prior = -f( x )  # c\n }  # d\n  relu   # e\n}  # f\n";
    let source = source(text);
    let file = file(text);
    assert_eq!(
        source.slice(file.items[0].span),
        text.trim_end().trim_end_matches("  # f")
    );
    let ast::ItemKind::Network(steps) = &file.items[0].kind else {
        panic!("a network")
    };
    assert_eq!(source.slice(steps[1].span), "relu");
    let ast::Operation::Layer(dense) = &steps[0].operation else {
        panic!("a layer")
    };
    assert!(source.slice(steps[0].span).starts_with("a = dense( 10 ) {"));
    assert!(source.slice(dense.span).ends_with("# c\n }"));
    assert_eq!(source.slice(dense.arguments[0].span), "10");
    let group = &dense.settings.as_ref().unwrap().groups[0];
    assert_eq!(source.slice(group.span), "bias: prior = -f( x )");
    assert_eq!(source.slice(group.settings[0].value.span), "-f( x )");
}

#[test]
fn the_tree_is_serializable() {
    let value = serde_json::to_value(file("const a = f(x = 1)")).unwrap();
    assert_eq!(value["items"][0]["kind"]["const"]["name"]["text"], "a");
    assert_eq!(
        value["items"][0]["span"],
        serde_json::json!({"start": 0, "end": 18})
    );
}

#[test]
fn nesting_has_a_bound() {
    let nested = |n: usize| format!("const a = {}1{}", "(".repeat(n), ")".repeat(n));
    assert!(parse(&source(&nested(MAX_NESTING))).is_ok());
    let calls = format!(
        "const a = {}1{}",
        "f(-1 + ".repeat(MAX_NESTING),
        ")".repeat(MAX_NESTING)
    );
    assert!(parse(&source(&calls)).is_ok());
    let minuses = format!("{}(", "-".repeat(60));
    for text in [
        nested(MAX_NESTING + 1),
        "(".repeat(100_000),
        format!("network {}", "{ repeat 2 ".repeat(100_000)),
        format!("const a = {}1", "-".repeat(100_000)),
        format!("const a = 1{}", " + 1".repeat(100_000)),
        format!("const a = 1{}", " ^ 1".repeat(100_000)),
        format!("const a = b{}", "[0]".repeat(100_000)),
        format!("const a = {}1{}", minuses.repeat(60), ")".repeat(60)),
    ] {
        let codes: Vec<_> = messages(&text).iter().map(|message| message.code).collect();
        assert_eq!(codes, ["E0103"], "{}", &text[..30]);
    }
    let label = |text: &str| messages(text)[0].labels[0].text.clone();
    assert_eq!(label(&nested(MAX_NESTING + 1)), "more than 64 levels");
    let flat = format!("const a = 1{}", " + 1".repeat(300));
    assert_eq!(label(&flat), "more than 256 levels");
}

#[test]
fn one_mistake_does_not_hide_another() {
    let text = "model m\nconst a =\ndefault {\n  prior =\n}\nnetwork {\n  dense(1\n}\nobserve y\n";
    let lines: Vec<_> = messages(text)
        .iter()
        .map(|message| source(text).line_column(message.labels[0].span.start).0)
        .collect();
    assert_eq!(lines, [2, 4, 8, 9]);
}

/// Whatever the text, a tree or messages that can be shown.
fn survives(text: &str) {
    let source = source(text);
    match parse(&source) {
        Ok(file) => {
            file_text(&file);
        }
        Err(messages) => {
            assert!(!messages.is_empty());
            for message in &messages {
                for label in &message.labels {
                    assert!(
                        text.get(label.span.start..label.span.end).is_some(),
                        "{label:?}"
                    );
                }
            }
            assert!(!render(&messages, Some(&source), false).is_empty());
        }
    }
}

/// Pieces of the language, for texts that come near to it.
const PIECES: &[&str] = &[
    "model",
    "network",
    "observe",
    "latent",
    "default",
    "block",
    "objective",
    "const",
    "input",
    "repeat",
    "residual",
    "concat",
    "kernel",
    "x",
    "Normal",
    "elbo",
    "1",
    "0.5",
    "1e",
    "=",
    "~",
    ":",
    ",",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "+",
    "-",
    "*",
    "/",
    "^",
    "\n",
    "\r\n",
    " ",
    "\t",
    "#",
    "\"",
    "é",
];

/// Brackets and `#` within quotes are no brackets and no comment; only `from` takes quotes.
#[test]
fn the_name_of_a_file_is_read_as_it_stands() {
    let text = fs::read_to_string("tests/corpus/good/everything.bnn").unwrap();
    let whole = tree(&text);
    let line = "\n  set from = \"nets/first (old) #1 {.safetensors\"\n";
    assert!(whole.contains(line), "{whole}");
    let alone = |setting: &str| format!("default {{ {setting} }}\n");
    assert!(tree(&alone("from = \"\"")).contains("set from = \"\"\n"));
    for setting in [
        "prior = \"Normal\"",
        "prior = \"Normal\"(0, 1)",
        "from = \"a\" + 1",
        "from = \"a",
    ] {
        let code = messages(&alone(setting))[0].code;
        assert!(["E0101", "E0104"].contains(&code), "{setting}: {code}");
    }
}

proptest! {
    #[test]
    fn any_text_survives(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn pieces_survive(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40), gap in " ?") {
        survives(&pieces.join(&gap));
    }

    #[test]
    fn a_damaged_spec_survives(
        at in 0.0..1.0f64,
        length in 0usize..30,
        piece in prop::sample::select(PIECES),
        composed in any::<bool>(),
    ) {
        let path = if composed { "tests/corpus/good/everything.bnn" } else { "specs/cifar10_flipout.bnn" };
        let text = fs::read_to_string(path).unwrap();
        let start = (at * text.len() as f64) as usize;
        let end = (start + length).min(text.len());
        prop_assume!(text.is_char_boundary(start) && text.is_char_boundary(end));
        survives(&format!("{}{piece}{}", &text[..start], &text[end..]));
        survives(&text[..start]);
    }
}
