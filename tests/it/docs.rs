//! The documentation says what the program does: a page for each entry of the registries with its
//! arguments, model files that compile, links that lead somewhere, a row for each code.

use bnnc::signature::{Kind, Signature};
use bnnc::source::Source;
use bnnc::{distribution, estimator, layer, likelihood, posterior};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files under `folder` with this extension, folders within it included.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every page: the book, and the files beside it that users read.
fn pages() -> Vec<PathBuf> {
    let mut pages = files(&root().join("docs"), "md");
    pages.extend(["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(|name| root().join(name)));
    pages
}

/// The registries by the folder of their pages.
fn registries() -> [(&'static str, Vec<&'static Signature>); 5] {
    [
        ("layers", layer::LAYERS.iter().map(|e| e.signature()).collect()),
        ("priors", distribution::DISTRIBUTIONS.iter().map(|e| e.signature()).collect()),
        ("posteriors", posterior::POSTERIORS.iter().map(|e| e.signature()).collect()),
        ("estimators", estimator::ESTIMATORS.iter().map(|e| e.signature()).collect()),
        ("likelihoods", likelihood::LIKELIHOODS.iter().map(|e| e.signature()).collect()),
    ]
}

/// What an argument takes, as its page says it.
fn takes(kind: Kind) -> String {
    match kind {
        Kind::Count => "a count".into(),
        Kind::Pair => "a count, or two in brackets".into(),
        Kind::Counts => "counts in brackets".into(),
        Kind::Choice(words) => words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(" or "),
        Kind::Number { domain, learnable: false } => domain.describe().into(),
        Kind::Number { domain, learnable: true } => format!("{}, or `learned(…)`", domain.describe()),
        Kind::Numbers { domain, learnable } => {
            let what = domain.describe().replacen("a number", "numbers", 1);
            let learned = if learnable { ", each may be `learned(…)`" } else { "" };
            format!("{what} in brackets{learned}")
        }
        Kind::Initializer => "an initialiser".into(),
        Kind::ScaleInitializer => "a scale initialiser".into(),
        Kind::Value { .. } => "a value of the network, or a number".into(),
    }
}

const HEADER: &str = "| argument | takes | default | meaning |";

/// The argument table as a page of `signature` must have it, but for its last column.
fn table(signature: &Signature) -> Vec<[String; 3]> {
    let default = |default: Option<&str>| default.map_or("required".into(), |d| format!("`{d}`"));
    let row = |p: &bnnc::signature::Parameter| [format!("`{}`", p.name), takes(p.kind), default(p.default)];
    signature.parameters.iter().map(row).collect()
}

/// The argument table that a page has.
fn stated(page: &str) -> Vec<[String; 3]> {
    let rows = page.lines().skip_while(|line| *line != HEADER).skip(2);
    let cells = |row: &str| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{row}");
        assert!(!cells[3].is_empty(), "{row}");
        [0, 1, 2].map(|i| cells[i].to_string())
    };
    rows.take_while(|line| line.starts_with('|')).map(cells).collect()
}

#[test]
fn every_entry_of_a_registry_has_its_page() {
    for (folder, entries) in registries() {
        for signature in &entries {
            let path = root().join("docs").join(folder).join(format!("{}.md", signature.name));
            let page = read(&path);
            let place = path.display();
            assert!(page.starts_with(&format!("# {}\n", signature.name)), "{place}: its title");
            assert_eq!(stated(&page), table(signature), "{place}: its arguments");
            assert_eq!(page.contains("\nNo arguments.\n"), signature.parameters.is_empty(), "{place}");
            assert!(page.contains("```bnn\n"), "{place}: an example");
        }
        let names: BTreeSet<String> = entries.iter().map(|s| s.name.to_string()).collect();
        let stem = |path: PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
        let written = files(&root().join("docs").join(folder), "md").into_iter().map(stem).collect();
        assert_eq!(names, written, "docs/{folder} has a page for each entry and for nothing else");
    }
}

#[test]
fn the_index_links_every_page() {
    let index = read(&root().join("docs/README.md"));
    for page in files(&root().join("docs"), "md") {
        let name = page.strip_prefix(root().join("docs")).expect("a page of the book");
        let name = name.to_string_lossy().replace('\\', "/");
        assert!(name == "README.md" || index.contains(&format!("({name})")), "docs/README.md does not link {name}");
    }
}

/// The fenced blocks of `language`: the line of each, and its text.
fn blocks(page: &str, language: &str) -> Vec<(usize, String)> {
    let mut found = vec![];
    let mut open: Option<(bool, usize, String)> = None;
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(word)) => open = Some((word == language, number + 1, String::new())),
            (Some(_), Some(_)) => {
                let (wanted, start, text) = open.take().expect("an open block");
                if wanted {
                    found.push((start, text));
                }
            }
            (Some((.., text)), None) => *text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is never closed");
    found
}

fn source(place: &str, text: String) -> Source {
    Source { name: place.into(), text }
}

#[test]
fn models_in_the_documentation_compile() {
    let mut whole = 0;
    for path in pages() {
        for (line, text) in blocks(&read(&path), "bnn") {
            let place = format!("{}:{line}", path.display());
            if text.lines().any(|line| line.starts_with("model ")) {
                whole += 1;
                if let Err(failure) = bnnc::compile::source(source(&place, text), &[]) {
                    panic!("{place}: {failure}");
                }
                continue;
            }
            // Declarations, layers or settings.
            let forms = [text.clone(), format!("network {{\n{text}}}\n"), format!("default {{\n{text}}}\n")];
            let parses = forms.into_iter().any(|form| bnnc::syntax::parse(&source(&place, form)).is_ok());
            assert!(parses, "{place}: neither declarations, nor layers, nor settings\n{text}");
        }
    }
    assert!(whole >= 2, "whole models are found");
}

/// The targets of the links of a page, outside its blocks.
fn links(page: &str) -> Vec<String> {
    let mut outside = true;
    let mut text = String::new();
    for line in page.lines() {
        if line.starts_with("```") {
            outside = !outside;
        } else if outside && !line.starts_with("    ") {
            text += line;
            text.push('\n');
        }
    }
    let target = |rest: &str| rest.split_once(')').map(|(target, _)| target.to_string());
    text.split("](").skip(1).filter_map(target).collect()
}

/// A heading's anchor, by GitHub's rule.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading.trim().to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn relative_links_lead_somewhere() {
    for path in pages() {
        let page = read(&path);
        for link in links(&page) {
            if link.contains("://") {
                continue;
            }
            let (file, fragment) = link.split_once('#').map_or((link.as_str(), None), |(f, a)| (f, Some(a)));
            let target = if file.is_empty() { path.clone() } else { path.with_file_name("").join(file) };
            assert!(target.exists(), "{}: {link}", path.display());
            if let Some(fragment) = fragment {
                let found = anchors(&read(&target)).iter().any(|a| a == fragment);
                assert!(found, "{}: {link} names no heading", path.display());
            }
        }
    }
}

/// The codes in quotes in a text: `"E0101"`.
fn codes(text: &str) -> BTreeSet<String> {
    let quoted = text.split('"');
    let is_code = |word: &&str| {
        word.len() == 5 && word.starts_with('E') && word[1..].bytes().all(|b| b.is_ascii_digit())
    };
    quoted.filter(is_code).map(String::from).collect()
}

#[test]
fn every_code_is_explained() {
    let page = read(&root().join("docs/diagnostics.md"));
    for path in files(&root().join("src"), "rs") {
        for code in codes(&read(&path)) {
            let row = format!("| {code} | ");
            assert!(page.lines().any(|line| line.starts_with(&row)), "docs/diagnostics.md has no {code}, of {}", path.display());
        }
    }
}
