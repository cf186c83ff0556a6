//! The tree-sitter grammar and its queries.

use super::language::{self, Word};
use std::collections::BTreeSet;
use std::{env, fs, path::Path, process::Command};
use tree_sitter::{Node, Parser, Query, QueryCursor, StreamingIterator, Tree};

fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_bnn::LANGUAGE.into())
        .unwrap();
    parser.parse(text, None).unwrap()
}

fn leaves(node: Node, words: &mut Vec<Word>) {
    if node.child_count() > 0 {
        let mut cursor = node.walk();
        node.children(&mut cursor)
            .for_each(|child| leaves(child, words));
    } else if node.end_byte() > node.start_byte() {
        words.push(Word {
            start: node.start_byte(),
            end: node.end_byte(),
            kind: node.kind().into(),
        });
    }
}

#[test]
fn words_are_those_of_the_language_and_there_are_no_errors() {
    let mut seen = BTreeSet::new();
    for example in language::examples() {
        let tree = parse(&example.text);
        assert!(
            !tree.root_node().has_error(),
            "{}: {}\n{}",
            example.place,
            tree.root_node().to_sexp(),
            example.text
        );
        let mut found = Vec::new();
        leaves(tree.root_node(), &mut found);
        let expected = language::words(&example.text).unwrap();
        if let Some(difference) = language::difference(&example.text, &expected, &found) {
            panic!("{}, {difference}", example.place);
        }
        seen.extend(expected.into_iter().map(|word| word.kind));
    }
    for keyword in language::keywords() {
        assert!(
            seen.contains(&keyword),
            "no example has the keyword {keyword}"
        );
    }
}

#[test]
fn operators_bind_as_the_language_says() {
    for (text, tree) in [
        (
            "-2 ^ 2",
            "(minus (arithmetic left: (number) right: (number)))",
        ),
        (
            "-2 * 3",
            "(arithmetic left: (minus (number)) right: (number))",
        ),
        (
            "1 - 2 - 3",
            "(arithmetic left: (arithmetic left: (number) right: (number)) right: (number))",
        ),
        (
            "2 ^ 3 ^ 4",
            "(arithmetic left: (number) right: (arithmetic left: (number) right: (number)))",
        ),
        (
            "1 + 2 * 3",
            "(arithmetic left: (number) right: (arithmetic left: (number) right: (number)))",
        ),
    ] {
        assert_eq!(
            parse(&format!("const a = {text}")).root_node().to_sexp(),
            format!("(source_file (constant name: (name) value: {tree}))"),
            "{text}"
        );
    }
}

#[test]
fn a_half_typed_line_leaves_the_rest_coloured() {
    let whole = fs::read_to_string(language::root().join("specs/cifar10_flipout.bnn")).unwrap();
    let broken = whole.replace("max_pool2d(2, padding = same)", "max_pool2d(2, padding =");
    assert_ne!(whole, broken);
    let tree = parse(&broken);
    let mut words = Vec::new();
    leaves(tree.root_node(), &mut words);
    for kept in ["default", "network", "observe", "Categorical", "objective"] {
        assert!(
            words.iter().any(|w| &broken[w.start..w.end] == kept),
            "{kept} is lost"
        );
    }
}

#[test]
fn every_word_has_the_colour_of_its_kind() {
    let language = tree_sitter_bnn::LANGUAGE.into();
    let query = Query::new(&language, tree_sitter_bnn::HIGHLIGHTS_QUERY).unwrap();
    let path = language::root().join("tests/corpus/good/everything.bnn");
    let text = fs::read_to_string(path).unwrap();
    let tree = parse(&text);
    let mut colours = vec![""; text.len()];
    let mut cursor = QueryCursor::new();
    let mut captures = cursor.captures(&query, tree.root_node(), text.as_bytes());
    while let Some((found, index)) = captures.next() {
        let capture = found.captures()[*index];
        let name = query.capture_names()[capture.index as usize];
        colours[capture.node.byte_range()].fill(name);
    }
    let colour = |word: &str| {
        colours[text
            .find(word)
            .unwrap_or_else(|| panic!("{word} is not there"))]
    };
    for word in language::words(&text).unwrap() {
        assert_ne!(
            colours[word.start],
            "",
            "{} has no colour",
            &text[word.start..word.end]
        );
    }
    for (word, expected) in [
        ("# Every", "comment"),
        ("const width", "keyword"),
        ("real", "type"),
        ("HalfCauchy", "constructor"),
        ("LogNormal", "constructor"),
        ("sqrt", "function"),
        ("fan_in", "constant"),
        ("prior =", "property"),
        ("\"nets/first", "string"),
        ("relu", "function"),
        ("repeat", "keyword"),
        ("stride = 1", "variable.parameter"),
        ("kernel: prior", "label"),
    ] {
        assert_eq!(colour(word), expected, "{word}");
    }
}

#[test]
fn blocks_fold() {
    let language = tree_sitter_bnn::LANGUAGE.into();
    let query = Query::new(&language, tree_sitter_bnn::FOLDS_QUERY).unwrap();
    let text = "network {\n  relu\n}\ndefault {\n  prior = Normal(0, 1)\n}\n";
    let tree = parse(text);
    let mut cursor = QueryCursor::new();
    let mut captures = cursor.captures(&query, tree.root_node(), text.as_bytes());
    let mut lines = Vec::new();
    while let Some((found, index)) = captures.next() {
        let node = found.captures()[*index].node;
        lines.push((node.start_position().row, node.end_position().row));
    }
    assert_eq!(lines, [(0, 2), (3, 5), (4, 4)]);
}

/// `BNNC_ACCEPT=1` in the environment writes the files.
#[test]
fn the_parser_is_the_one_of_the_grammar() {
    if Command::new("node").arg("--version").output().is_err() {
        eprintln!("SKIPPED: no node, src/ is not compared with grammar.js");
        return;
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let accept = env::var_os("BNNC_ACCEPT").is_some();
    let temporary = tempfile::tempdir().unwrap();
    let written = if accept {
        here.join("src")
    } else {
        temporary.path().join("src")
    };
    fs::create_dir_all(&written).unwrap();
    tree_sitter_generate::generate_parser_in_directory(
        here,
        Some(&written),
        None::<&Path>,
        // Which Neovim reads since 0.9, and Helix and Zed do.
        14,
        None,
        Some("node"),
        true,
        tree_sitter_generate::OptLevel::default(),
        &mut Vec::new(),
    )
    .unwrap();
    for file in ["grammar.json", "node-types.json", "parser.c"] {
        let expected = fs::read_to_string(written.join(file)).unwrap();
        let found = fs::read_to_string(here.join("src").join(file)).unwrap();
        assert!(
            expected == found,
            "src/{file} is not what grammar.js gives; BNNC_ACCEPT=1 writes it"
        );
    }
}
