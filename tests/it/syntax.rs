//! Text to tree, and messages where that fails.

use bnnc::diagnostic::render;
use bnnc::source::Source;
use bnnc::syntax::{file_text, parse};

fn source(text: &str) -> Source {
    Source {
        name: "model.bnn".to_string(),
        text: text.to_string(),
    }
}

/// The tree of `text`.
fn tree(text: &str) -> String {
    let source = source(text);
    match parse(&source) {
        Ok(file) => file_text(&file),
        Err(diagnostics) => panic!("{}", render(&diagnostics, Some(&source), false)),
    }
}

#[test]
fn every_spec_parses() {
    let mut count = 0;
    for entry in std::fs::read_dir("specs").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "bnn") {
            println!(
                "{}\n{}",
                path.display(),
                tree(&std::fs::read_to_string(&path).unwrap())
            );
            count += 1;
        }
    }
    assert!(count >= 7);
}
