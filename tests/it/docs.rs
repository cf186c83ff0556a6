//! The documentation says what the program does: a page for each entry of the registries with its
//! arguments, model files that compile, links that lead somewhere, a row for each code.

use bnnc::ir::validate;
use bnnc::signature::{Kind, Signature};
use bnnc::source::Source;
use bnnc::{
    distribution, estimator, initializer, layer, likelihood, lint, optimizer, posterior, pretrained,
};
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
    pages.extend(
        [
            "README.md",
            "ARCHITECTURE.md",
            "CHANGELOG.md",
            "RELEASING.md",
        ]
        .map(|name| root().join(name)),
    );
    pages
}

/// The registries by the folder of their pages.
fn registries() -> [(&'static str, Vec<&'static Signature>); 6] {
    [
        (
            "layers",
            layer::LAYERS.iter().map(|e| e.signature()).collect(),
        ),
        (
            "priors",
            distribution::DISTRIBUTIONS
                .iter()
                .map(|e| e.signature())
                .chain([&pretrained::moped::SIGNATURE])
                .collect(),
        ),
        (
            "posteriors",
            posterior::POSTERIORS
                .iter()
                .map(|e| e.signature())
                .collect(),
        ),
        (
            "initializers",
            initializer::INITIALIZERS
                .iter()
                .map(|e| e.signature())
                .chain(posterior::TRANSFORMS.iter().map(|t| t.signature()))
                .collect(),
        ),
        (
            "estimators",
            estimator::ESTIMATORS
                .iter()
                .map(|e| e.signature())
                .collect(),
        ),
        (
            "likelihoods",
            likelihood::LIKELIHOODS
                .iter()
                .map(|e| e.signature())
                .collect(),
        ),
    ]
}

/// What an argument takes, as its page says it.
fn takes(kind: Kind) -> String {
    match kind {
        Kind::Count => "a count".into(),
        Kind::Pair => "a count, or two in brackets".into(),
        Kind::Triple => "a count, or three in brackets".into(),
        Kind::Cells { words, axes } => {
            let words: String = words.iter().map(|word| format!("`{word}`, ")).collect();
            let each = match axes {
                1 => "",
                _ => ", or one for each axis in brackets",
            };
            format!("{words}a number from 0{each}")
        }
        Kind::Counts => "counts in brackets".into(),
        Kind::Ordered => "numbers in ascending order, or `learned(…)`".into(),
        Kind::Choice(words) => words
            .iter()
            .map(|w| format!("`{w}`"))
            .collect::<Vec<_>>()
            .join(" or "),
        Kind::Names(words) => {
            let words: String = words.iter().map(|word| format!("`{word}`, ")).collect();
            format!("{words}or names in brackets")
        }
        Kind::Number {
            domain,
            learnable: false,
        } => domain.describe().into(),
        Kind::Number {
            domain,
            learnable: true,
        } => format!("{}, or `learned(…)`", domain.describe()),
        Kind::NumberOr { domain, word } => format!("{}, or `{word}`", domain.describe()),
        Kind::Numbers { domain, learnable } => {
            let what = domain.describe().replacen("a number", "numbers", 1);
            let learned = if learnable {
                ", each may be `learned(…)`"
            } else {
                ""
            };
            format!("{what} in brackets, or one{learned}")
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
    let row = |p: &bnnc::signature::Parameter| {
        [format!("`{}`", p.name), takes(p.kind), default(p.default)]
    };
    signature.parameters.iter().map(row).collect()
}

/// The table under `header` that a page has.
fn stated(page: &str, header: &str) -> Vec<[String; 3]> {
    let rows = page.lines().skip_while(|line| *line != header).skip(2);
    let cells = |row: &str| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{row}");
        assert!(!cells[3].is_empty(), "{row}");
        [0, 1, 2].map(|i| cells[i].to_string())
    };
    rows.take_while(|line| line.starts_with('|'))
        .map(cells)
        .collect()
}

#[test]
fn every_entry_of_a_registry_has_its_page() {
    for (folder, entries) in registries() {
        for signature in &entries {
            let path = root()
                .join("docs")
                .join(folder)
                .join(format!("{}.md", signature.name));
            let page = read(&path);
            let place = path.display();
            assert!(
                page.starts_with(&format!("# {}\n", signature.name)),
                "{place}: its title"
            );
            assert_eq!(
                stated(&page, HEADER),
                table(signature),
                "{place}: its arguments"
            );
            assert_eq!(
                page.contains("\nNo arguments.\n"),
                signature.parameters.is_empty(),
                "{place}"
            );
            assert!(page.contains("```bnn\n"), "{place}: an example");
        }
        let names: BTreeSet<String> = entries.iter().map(|s| s.name.to_string()).collect();
        let stem = |path: PathBuf| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        };
        let written = files(&root().join("docs").join(folder), "md")
            .into_iter()
            .map(stem)
            .collect();
        assert_eq!(
            names, written,
            "docs/{folder} has a page for each entry and for nothing else"
        );
    }
}

/// The parameters that a layer declares are those of its page's table, in shape and order.
#[test]
fn a_layers_page_has_its_parameters() {
    for layer in layer::LAYERS {
        let path = format!("docs/layers/{}.md", layer.signature().name);
        let page = read(&root().join(&path));
        let of_page = stated(&page, "| parameter | shape | fan_in | fan_out |");
        let of_page: Vec<[&str; 2]> = of_page
            .iter()
            .map(|[name, shape, _]| [name, shape].map(|cell| cell.trim_matches('`')))
            .collect();
        let slots = layer.slots().iter();
        let declared: Vec<[&str; 2]> = slots.map(|slot| [slot.name, slot.axes]).collect();
        assert_eq!(of_page, declared, "{path}");
    }
}

#[test]
fn run_files_are_as_documented() {
    let page = read(&root().join("docs/run-files.md"));
    let optimizers = optimizer::OPTIMIZERS.iter().map(|o| o.signature());
    let schedules = optimizer::SCHEDULES.iter().map(|s| s.signature());
    for signature in optimizers.chain(schedules) {
        let name = signature.name;
        let header = format!("| `{name}` | takes | default | meaning |");
        assert!(
            page.contains(&format!("`{name}`")),
            "docs/run-files.md: {name}"
        );
        assert_eq!(
            stated(&page, &header),
            table(signature),
            "docs/run-files.md: {name}"
        );
    }
    for (line, text) in blocks(&page, "toml") {
        let place = format!("docs/run-files.md:{line}");
        if let Err(failure) = bnnc::train::Config::parse(source(&place, text)) {
            panic!("{place}: {failure}");
        }
    }
}

#[test]
fn the_index_links_every_page() {
    let index = read(&root().join("docs/README.md"));
    let messages = read(&root().join("docs/diagnostics.md"));
    for page in files(&root().join("docs"), "md") {
        let name = page
            .strip_prefix(root().join("docs"))
            .expect("a page of the book");
        let name = name.to_string_lossy().replace('\\', "/");
        // The codes' pages are in their own table.
        let (index, name) = match name.strip_prefix("diagnostics/") {
            Some(_) => (&messages, name),
            None => (&index, name),
        };
        assert!(
            ["README.md", "SUMMARY.md"].contains(&&*name) || index.contains(&format!("({name})")),
            "docs/README.md does not link {name}"
        );
    }
}

/// A page that is not there has no page in the book, and a link to it leads nowhere.
#[test]
fn the_book_has_every_page_once() {
    let summary = read(&root().join("docs/SUMMARY.md"));
    for page in files(&root().join("docs"), "md") {
        let name = page.strip_prefix(root().join("docs")).expect("a page");
        let name = name.to_string_lossy().replace('\\', "/");
        let count = summary.matches(&format!("({name})")).count();
        let expected = usize::from(name != "SUMMARY.md");
        assert_eq!(
            count, expected,
            "docs/SUMMARY.md: a line `- [Title]({name})`"
        );
    }
}

/// The README's table of what there is. `conv1d`, `conv2d` and `conv3d` are one word there.
#[test]
fn the_readme_lists_every_entry() {
    let text = read(&root().join("README.md"));
    let row = |head: &str| -> BTreeSet<&str> {
        let start = format!("| {head} |");
        let line = text.lines().find(|line| line.starts_with(&start));
        let line = line.unwrap_or_else(|| panic!("no row of {head}"));
        line.split(|c: char| !c.is_alphanumeric() && c != '_')
            .collect()
    };
    let optimizers = optimizer::OPTIMIZERS.iter().map(|o| o.signature().name);
    let schedules = optimizer::SCHEDULES.iter().map(|s| s.signature().name);
    for (head, names) in [
        (
            "layers",
            layer::LAYERS.iter().map(|l| l.signature().name).collect(),
        ),
        ("training", optimizers.chain(schedules).collect()),
        (
            "likelihoods",
            (likelihood::LIKELIHOODS.iter().map(|l| l.signature().name)).collect::<Vec<_>>(),
        ),
    ] {
        let row = row(head);
        for name in names {
            let stem = ["1d", "2d", "3d"].iter().find_map(|d| name.strip_suffix(d));
            assert!(row.contains(stem.unwrap_or(name)), "{head}: {name}");
        }
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
    Source {
        name: place.into(),
        text,
    }
}

/// Whole models that hold a part of one: declarations, layers or settings.
fn wholes(part: &str) -> Vec<String> {
    let has = |word: &str| {
        part.lines()
            .any(|line| line.split_whitespace().next() == Some(word))
    };
    let word_after = |word: &str| {
        let rest = part.split_once(word)?.1;
        rest.split_whitespace().next().map(String::from)
    };
    let items = ["latent", "default", "network", "observe", "objective"];
    let target = word_after("observe ").unwrap_or_else(|| "y".into());
    let value = ["f", "logits"].into_iter().find(|name| {
        let mut words = part.split(|c: char| !c.is_alphanumeric());
        items[1..].iter().any(|item| has(item)) && words.any(|word| word == *name)
    });
    let value = value.unwrap_or("last");
    let prior = if part.contains("prior") {
        ""
    } else {
        "prior = Normal(0, 1)\n"
    };
    let mut wholes = vec![];
    for input in [
        "real[8]",
        "real[784]",
        "real[28, 28, 1]",
        "real[9, 4]",
        "real[6, 8, 8, 2]",
    ] {
        for (kind, width, likelihood) in [
            ("real", 1, "Normal(VALUE, 1)"),
            ("binary", 1, "Bernoulli(VALUE)"),
            ("count", 1, "Poisson(VALUE)"),
            ("category[10]", 10, "Categorical(VALUE)"),
        ] {
            let head = format!("model m\ninput x: {input}\ntarget {target}: {kind}\n");
            let last = format!("flatten\n{value} = dense({width})\n");
            let observe = format!(
                "observe {target} ~ {}\n",
                likelihood.replace("VALUE", value)
            );
            let plain = format!("network {{\n{last}}}\n");
            let tail = format!("{observe}objective elbo\n");
            if items.iter().any(|item| has(item)) {
                let or = |word, text: &str| {
                    if has(word) {
                        String::new()
                    } else {
                        text.to_string()
                    }
                };
                wholes.push(format!(
                    "{head}{}{part}{}{}",
                    or("network", &plain),
                    or("observe", &observe),
                    or("objective", "objective elbo\n")
                ));
            } else {
                wholes.push(format!("{head}default {{\n{part}{prior}}}\n{plain}{tail}"));
                wholes.push(format!("{head}network {{\n{part}{last}}}\n{tail}"));
            }
        }
    }
    wholes
}

/// A folder with the file that a model starts from, where it names one: of the shapes that its
/// parameters have.
fn weights_of(place: &str, whole: &str) -> Option<tempfile::TempDir> {
    let (before, rest) = whole.split_once("from = \"")?;
    let (file, after) = rest.split_once('"')?;
    let after = match after.split_once("MOPED") {
        Some((before, rest)) => {
            let arguments = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
            let rest = arguments.map_or(rest, |(_, rest)| rest);
            format!("{before}Normal(0, 1){rest}")
        }
        None => after.to_string(),
    };
    let without = format!("{before}from = none{after}");
    let model = bnnc::compile::source(source(place, without), &[])
        .ok()?
        .inference;
    let tensors = model.tensors.iter().map(|(_, tensor)| {
        let values = vec![0.5; tensor.shape.len()];
        (tensor.name.clone(), tensor.shape.0.clone(), values)
    });
    let folder = tempfile::tempdir().expect("a folder");
    crate::support::write_weights(&folder.path().join(file), tensors);
    Some(folder)
}

#[test]
fn models_in_the_documentation_compile() {
    let mut whole = 0;
    for path in pages() {
        for (line, text) in blocks(&read(&path), "bnn") {
            let place = format!("{}:{line}", path.display());
            if text.lines().any(|line| line.starts_with("model ")) {
                whole += 1;
                match bnnc::compile::source(source(&place, text), &[]) {
                    Ok(compiled) => assert_eq!(validate(&compiled.inference), Ok(()), "{place}"),
                    Err(failure) => panic!("{place}: {failure}"),
                }
                continue;
            }
            let compile = |whole: String| {
                let folder = weights_of(&place, &whole);
                let beside = folder
                    .as_ref()
                    .map_or(Path::new(""), |folder| folder.path());
                bnnc::compile::within(beside, source(&place, whole), &[], None).map(|_| ())
            };
            let failures: Vec<_> = wholes(&text)
                .into_iter()
                .map_while(|whole| compile(whole).err())
                .collect();
            if failures.len() == wholes(&text).len() {
                let why: Vec<_> = failures.iter().map(ToString::to_string).collect();
                panic!(
                    "{place}: in no model does this compile\n{text}\n{}",
                    why.join("\n")
                );
            }
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
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter(kept)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}

#[test]
fn relative_links_lead_somewhere() {
    for path in pages() {
        let page = read(&path);
        for link in links(&page) {
            if link.contains("://") {
                continue;
            }
            let (file, fragment) = link
                .split_once('#')
                .map_or((link.as_str(), None), |(f, a)| (f, Some(a)));
            let target = if file.is_empty() {
                path.clone()
            } else {
                path.with_file_name("").join(file)
            };
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

/// And no page is of a code that no message has. (What the pages hold: `pages.rs`.)
#[test]
fn every_code_is_explained() {
    let mut found = BTreeSet::new();
    for path in files(&root().join("src"), "rs") {
        if !path.ends_with("src/diagnostic/pages.rs") {
            found.extend(codes(&read(&path)));
        }
    }
    let pages: BTreeSet<String> = bnnc::diagnostic::pages().map(String::from).collect();
    assert_eq!(found, pages, "the codes of the source, and the pages");
}

/// Its page, what `Lint::page` gives, and its row in the table of all.
#[test]
fn every_lint_has_its_page_and_its_row() {
    let book = root().join("docs");
    let all = read(&book.join("lints.md"));
    for lint in lint::LINTS {
        let (name, level) = (lint.name(), lint.level().word());
        let page = read(&book.join("lints").join(format!("{name}.md")));
        assert_eq!(page, lint.page(), "{name}: the page that it shows");
        let head = format!("# {name}\n\nLevel: {level}. ");
        assert!(page.starts_with(&head), "{name}: {head}");
        for section in ["\n## Why\n", "\n## Example\n", "\n## What to do\n"] {
            assert!(page.contains(section), "{name}:{section}");
        }
        let row = format!(
            "| [{name}](lints/{name}.md) | {level} | {} |",
            lint.summary()
        );
        assert!(all.lines().any(|line| line == row), "docs/lints.md: {row}");
    }
    assert_eq!(files(&book.join("lints"), "md").len(), lint::LINTS.len());
}

/// As RELEASING.md says.
#[test]
fn the_editors_files_have_the_version_of_the_program() {
    let version = env!("CARGO_PKG_VERSION");
    let editors = root().join("editors");
    let json = |path: &str| -> serde_json::Value {
        serde_json::from_str(&read(&editors.join(path))).unwrap_or_else(|e| panic!("{path}: {e}"))
    };
    let package = json("vscode/package.json");
    assert_eq!(package["version"], version, "editors/vscode/package.json");
    let lock = json("vscode/package-lock.json");
    for own in [&lock, &lock["packages"][""]] {
        assert_eq!(own["version"], version, "editors/vscode/package-lock.json");
    }
    let grammar = json("tree-sitter-bnn/tree-sitter.json");
    let found = &grammar["metadata"]["version"];
    assert_eq!(found, version, "editors/tree-sitter-bnn/tree-sitter.json");
    let page = read(&editors.join("vscode/README.md"));
    let archives = page
        .split_whitespace()
        .filter(|word| word.ends_with(".vsix"));
    let archives: Vec<&str> = archives.collect();
    assert!(!archives.is_empty(), "editors/vscode/README.md");
    for archive in archives {
        let expected = format!("bnnc-{version}.vsix");
        assert_eq!(archive, expected, "editors/vscode/README.md");
    }
}
