//! `bnnc fmt`: every model file in the one style, the model the same.

use crate::cli::Place;
use bnnc::compile::{self, Compiled};
use bnnc::format::format;
use bnnc::ir::{self, Facts};
use bnnc::source::Source;
use bnnc::syntax::{file_text, parse};
use proptest::prelude::*;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn source(name: &str, text: &str) -> Source {
    Source {
        name: name.into(),
        text: text.into(),
    }
}

fn models(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let mut paths: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|e| e == "bnn"))
        .collect();
    paths.sort();
    paths
}

/// The model as the compiler prints it, without blanks: it quotes the file. What does not compile by its syntax tree.
fn meaning(name: &str, text: &str) -> String {
    let text = match compile::source(source(name, text), &[]) {
        Ok(Compiled { inference, .. }) => ir::text(&inference, &Facts::default()),
        Err(_) => file_text(&parse(&source(name, text)).unwrap()),
    };
    let text: String = text.split_whitespace().collect();
    text.replace(",)", ")")
}

/// A line's code and its comment.
fn parts(line: &str) -> (&str, Option<&str>) {
    let mut quoted = false;
    let start = line.find(|c| {
        quoted ^= c == '"';
        c == '#' && !quoted
    });
    start.map_or((line, None), |at| (&line[..at], Some(&line[at..])))
}

/// Comments, in their order.
fn comments(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| parts(line).1);
    lines.map(|comment| comment.trim_end().to_owned()).collect()
}

/// Formats `text`; a second time changes nothing, and model and comments are the same.
fn formatted(name: &str, text: &str) -> String {
    let once = format(&source(name, text)).unwrap();
    assert_eq!(format(&source(name, &once)).unwrap(), once, "{name}");
    assert!(
        meaning(name, text) == meaning(name, &once),
        "{name}\n{once}"
    );
    assert_eq!(comments(text), comments(&once), "{name}");
    let wide = |line: &&str| line.chars().count() > 100 && !line.contains('#');
    assert_eq!(once.lines().find(wide), None, "{name}");
    once
}

#[test]
fn specs_are_in_the_style() {
    for path in models("specs") {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.display().to_string();
        assert_eq!(formatted(&name, &text), text, "{name}");
    }
}

#[test]
fn every_good_file_keeps_its_meaning() {
    for folder in ["tests/corpus/good", "tests/corpus/lint"] {
        for path in models(folder) {
            let text = fs::read_to_string(&path).unwrap();
            formatted(&path.display().to_string(), &text);
        }
    }
}

/// The Markdown files under a folder.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|e| e == "md") {
            found.push(path);
        }
    }
}

#[test]
fn every_model_of_the_book_keeps_its_meaning() {
    let mut found = vec![PathBuf::from("README.md")];
    pages(Path::new("docs"), &mut found);
    let mut formats = 0;
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        for block in text.split("```bnn\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            // Some are mistakes, and some parts of a model.
            if parse(&source("page.bnn", block)).is_ok() {
                let name = path.display().to_string();
                let style = formatted(&name, block);
                if ["README.md", "docs/language.md"].contains(&name.as_str()) {
                    assert_eq!(style, block, "{name}");
                }
                formats += 1;
            }
        }
    }
    assert!(formats > 60, "{formats}");
}

/// A text with other blanks, ends of lines and comments where they mean nothing.
fn scrambled(text: &str, mut choices: impl FnMut(usize) -> usize) -> String {
    let mut out = String::new();
    let mut round = 0_i32;
    for line in text.lines() {
        let (code, comment) = parts(line);
        let mut quoted = false;
        for c in code.chars() {
            quoted ^= c == '"';
            if quoted {
                out.push(c);
                continue;
            }
            match c {
                '(' | '[' => round += 1,
                ')' | ']' => round -= 1,
                _ => {}
            }
            let loose = round > 0 && matches!(c, '(' | '[' | ',' | '/') || c == '{';
            if c == '}' && choices(4) == 0 {
                out.push('\n');
            }
            out.push(c);
            match (c, choices(8)) {
                (' ', 0) => out += "  \t",
                ('(' | '=' | '~' | '{', 1) => out.push(' '),
                _ if loose && choices(6) == 0 => out += ["\n", " # c\n", "\n\n# own\n"][choices(3)],
                _ => {}
            }
        }
        if let Some(comment) = comment {
            out += comment;
        } else if round == 0 && choices(6) == 0 {
            out += "   # here";
        }
        out += ["\n", "\n", "\n   ", "\n\n\n", "\n# between\n"]
            [choices(if round == 0 { 5 } else { 2 })];
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn other_blanks_and_comments_are_laid_out_alike(file in any::<usize>(), seed in any::<u64>()) {
        let folders = ["specs", "tests/corpus/good", "tests/corpus/lint", "tests/corpus/bad"];
        let paths: Vec<PathBuf> = folders.into_iter().flat_map(models).collect();
        let path = &paths[file % paths.len()];
        let text = fs::read_to_string(path).unwrap();
        prop_assume!(parse(&source("m.bnn", &text)).is_ok());
        let mut state = seed | 1;
        let scrambled = scrambled(&text, |n| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % n as u64) as usize
        });
        let name = path.display().to_string();
        let found = formatted(&name, &scrambled);
        prop_assert!(meaning(&name, &found) == meaning(&name, &text), "{name}\n{found}");
    }
}

#[test]
fn the_command_writes_checks_and_leaves_what_does_not_parse() {
    let place = Place::new();
    let read = |name: &str| fs::read_to_string(place.path(name)).unwrap();
    let text = "model m # a name\nconst  a=1\n";
    fs::write(place.path("loose.bnn"), text).unwrap();
    fs::write(place.path("good.bnn"), "model m\n").unwrap();
    fs::write(place.path("broken.bnn"), "model m\nnetwork {\n").unwrap();

    let check = place.bnnc("fmt --check loose.bnn good.bnn");
    assert_eq!(check.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(check.stdout).unwrap(),
        "--- loose.bnn\n+++ loose.bnn (formatted)\n@@ -1,2 +1,2 @@\n-model m # a name\n-const  a=1\n\
         +model m    # a name\n+const a = 1\n"
    );
    assert_eq!(read("loose.bnn"), text);
    assert_eq!(place.ok("fmt --check good.bnn"), "");

    let said = place.refused("fmt nowhere.bnn");
    assert!(said.contains("`nowhere.bnn` cannot be read"), "{said}");
    let said = place.refused("fmt broken.bnn loose.bnn");
    assert!(said.contains("error[E0102]: `{` is never closed"), "{said}");
    assert_eq!(read("broken.bnn"), "model m\nnetwork {\n");
    assert_eq!(read("loose.bnn"), "model m    # a name\nconst a = 1\n");
    assert_eq!(place.ok("fmt loose.bnn"), "");

    let filtered = |arguments: &[&str], text: &str| {
        let mut filter = Command::new(env!("CARGO_BIN_EXE_bnnc"));
        let pipe = Stdio::piped;
        let filter = filter.args(arguments).stdin(pipe()).stdout(pipe());
        let mut filter = filter.spawn().unwrap();
        let mut input = filter.stdin.take().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        drop(input);
        String::from_utf8(filter.wait_with_output().unwrap().stdout).unwrap()
    };
    // A filter gives the file's own bytes back, whatever a terminal would make of them.
    for (text, expected) in [
        (text, "model m    # a name\nconst a = 1\n"),
        ("model  m # \u{1b}[1m\r\n", "model m    # \u{1b}[1m\r\n"),
        ("", ""),
    ] {
        assert_eq!(filtered(&["fmt", "-"], text), expected);
        let said = filtered(&["fmt", "-", "--format", "json"], text);
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said["files"][0]["text"], expected);
    }
}
