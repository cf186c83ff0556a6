//! Every file of `tests/corpus/bad` holds one idea of a mistake: its message, with the source.

use bnnc::compile;
use bnnc::diagnostic::render;
use bnnc::source::Source;

fn messages(text: &str, sets: &[(&str, &str)]) -> String {
    let source = Source {
        name: "model.bnn".into(),
        text: text.into(),
    };
    let sets: Vec<(String, String)> = sets
        .iter()
        .map(|(n, v)| (n.to_string(), v.to_string()))
        .collect();
    match compile::source(source, &sets) {
        Ok(compiled) => {
            let warnings = render(&compiled.warnings, Some(&compiled.source), false);
            format!("accepted\n{warnings}")
        }
        Err(failure) => render(&failure.diagnostics, failure.source_file.as_deref(), false),
    }
}

#[test]
fn messages_of_bad_files() {
    insta::glob!("../corpus/bad", "*.bnn", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        insta::assert_snapshot!(messages(&text, &[]));
    });
}

const MODEL: &str = "model m
const width = 4
const depth = width * 2
input  x: real[8]
target y: real
network {
  dense(width)
  f = dense(1)
}
observe y ~ Normal(loc = f, scale = 1)
objective elbo
";

#[test]
fn a_constant_can_be_set() {
    insta::assert_snapshot!("set_unknown", messages(MODEL, &[("widht", "8")]));
    insta::assert_snapshot!(
        "set_no_number",
        messages(MODEL, &[("width", "8 +"), ("depth", "w")])
    );
    insta::assert_snapshot!("set_too_small", messages(MODEL, &[("width", "0")]));
    assert!(messages(MODEL, &[("width", "2 ^ 4"), ("depth", "width / 2")]).starts_with("accepted"));
}

#[test]
fn a_temperature_is_warned_about() {
    let cold = MODEL.replace("objective elbo", "objective elbo { temperature = 0.1 }");
    insta::assert_snapshot!("cold", messages(&cold, &[]));
}
