//! The words of a model file as `grammar/bnn.pest` reads them, and the files to compare grammars on.

use pest::Parser;
use pest::iterators::Pair;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(pest_derive::Parser)]
#[grammar = "../../grammar/bnn.pest"]
struct Grammar;

/// A word of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word {
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where the next byte is.
    pub end: usize,
    /// `name`, `layer_name`, `type_name`, `distribution_name`, `setting_name`, `number`, `string`, `comment`;
    /// of keywords and punctuation, the word itself.
    pub kind: String,
}

/// A model file, from a file of its own or from a page of the book.
pub struct Example {
    /// Where it stands.
    pub place: String,
    /// Its text.
    pub text: String,
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The words of a text, or `None` where it is not of the language.
pub fn words(text: &str) -> Option<Vec<Word>> {
    let file = Grammar::parse(Rule::file, text).ok()?.next()?;
    let mut words = Vec::new();
    leaves(file, &mut words);
    // Comments are not in the tree. Between two words stand blanks, new lines and comments.
    let mut end = 0;
    let mut comments = Vec::new();
    let last = (text.len(), text.len());
    for (next, after) in words.iter().map(|w| (w.start, w.end)).chain([last]) {
        let mut at = end;
        for line in text[end..next].split_inclusive(['\n', '\r']) {
            if let Some(hash) = line.find('#') {
                let comment = line[hash..].trim_end_matches(['\n', '\r']);
                comments.push(Word {
                    start: at + hash,
                    end: at + hash + comment.len(),
                    kind: "comment".into(),
                });
            }
            at += line.len();
        }
        end = after;
    }
    words.extend(comments);
    words.sort();
    Some(words)
}

fn leaves(pair: Pair<Rule>, words: &mut Vec<Word>) {
    let (span, rule) = (pair.as_span(), pair.as_rule());
    let mut inner = pair.into_inner().peekable();
    if inner.peek().is_some() {
        inner.for_each(|pair| leaves(pair, words));
        return;
    }
    let kind = match rule {
        Rule::newline | Rule::EOI => return,
        Rule::name
        | Rule::layer_name
        | Rule::type_name
        | Rule::distribution_name
        | Rule::setting_name
        | Rule::number
        | Rule::string => format!("{rule:?}"),
        _ => span.as_str().into(),
    };
    words.push(Word {
        start: span.start(),
        end: span.end(),
        kind,
    });
}

/// The words that the grammar has a rule `…_keyword` for.
pub fn keywords() -> BTreeSet<String> {
    let grammar = fs::read_to_string(root().join("grammar/bnn.pest")).unwrap();
    grammar
        .lines()
        .filter_map(|line| line.split_once("_keyword = "))
        .map(|(word, _)| word.to_string())
        .collect()
}

/// Every model file of the repository and every example of the book that is of the language: a model may make no sense.
pub fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    for folder in ["specs", "tests/corpus", "docs"] {
        collect(&root().join(folder), &mut examples);
    }
    examples.retain(|example| words(&example.text).is_some());
    assert!(examples.len() > 300, "{} examples", examples.len());
    examples
}

fn collect(folder: &Path, examples: &mut Vec<Example>) {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let place = path.display().to_string();
        match path.extension().and_then(|e| e.to_str()) {
            None if path.is_dir() => collect(&path, examples),
            Some("bnn") => examples.push(Example {
                text: fs::read_to_string(&path).unwrap(),
                place,
            }),
            Some("md") => {
                let page = fs::read_to_string(&path).unwrap();
                for block in page.split("```bnn\n").skip(1) {
                    let text = block.split("```").next().unwrap_or_default().to_string();
                    let place = place.clone();
                    examples.push(Example { place, text });
                }
            }
            _ => {}
        }
    }
}

/// The first word that differs, with its neighbours, for a message.
pub fn difference(text: &str, expected: &[Word], found: &[Word]) -> Option<String> {
    let at = (0..expected.len().max(found.len())).find(|&i| expected.get(i) != found.get(i))?;
    let say = |words: &[Word]| match words.get(at) {
        None => "the end".to_string(),
        Some(w) => format!("{:?} as {}", &text[w.start..w.end], w.kind),
    };
    let line = text[..expected.get(at).map_or(text.len(), |w| w.start)]
        .matches('\n')
        .count()
        + 1;
    Some(format!(
        "line {line}: expected {}, found {}",
        say(expected),
        say(found)
    ))
}
