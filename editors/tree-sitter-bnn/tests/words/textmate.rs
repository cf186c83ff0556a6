//! VS Code's grammar, read by VS Code's own engine under node.

use super::language::{self, Word};
use std::io::Write;
use std::process::{Command, Stdio};

/// The kind that words of a scope have. TextMate grammars read a line at a time: they tell a layer's name from a
/// setting's by guess, and so here all names are one kind.
fn kind_of(scope: &str, text: &str) -> String {
    let kind = match scope {
        _ if scope.starts_with("comment.") => "comment",
        _ if scope.starts_with("string.") => "string",
        _ if scope.starts_with("constant.numeric.") => "number",
        _ if scope.starts_with("keyword.") || scope.starts_with("punctuation.") => text,
        "source.bnn" => "not coloured",
        _ => "name",
    };
    kind.into()
}

#[test]
fn words_are_those_of_the_language() {
    let examples = language::examples();
    let texts: Vec<&str> = examples.iter().map(|e| e.text.as_str()).collect();
    let extension = language::root().join("editors/vscode");
    if !extension.join("node_modules/vscode-textmate").exists() {
        eprintln!(
            "SKIPPED: VS Code's grammar is not tested; `npm ci --prefix editors/vscode` installs its engine"
        );
        return;
    }
    let mut node = Command::new("node")
        .arg(extension.join("test/tokens.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node runs");
    let mut input = node.stdin.take().unwrap();
    input
        .write_all(&serde_json::to_vec(&texts).unwrap())
        .unwrap();
    drop(input);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    let tokens: Vec<Vec<(usize, usize, String)>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(tokens.len(), examples.len());
    for (example, tokens) in examples.iter().zip(tokens) {
        let found: Vec<Word> = tokens
            .into_iter()
            .map(|(start, end, scope)| Word {
                start,
                end,
                kind: kind_of(&scope, &example.text[start..end]),
            })
            .collect();
        let mut expected = language::words(&example.text).unwrap();
        for word in &mut expected {
            if word.kind.ends_with("name") {
                word.kind = "name".into();
            }
        }
        if let Some(difference) = language::difference(&example.text, &expected, &found) {
            panic!("{}, {difference}", example.place);
        }
    }
}
