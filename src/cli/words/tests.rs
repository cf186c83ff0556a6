use super::*;
use crate::diagnostic::page as code;
use crate::distribution::DISTRIBUTIONS;
use crate::document::page;
use crate::estimator::ESTIMATORS;
use crate::initializer::INITIALIZERS;
use crate::layer::LAYERS;
use crate::likelihood::LIKELIHOODS;
use crate::lint;
use crate::posterior::POSTERIORS;

#[test]
fn every_entry_of_the_registries_has_a_page() {
    let names = LAYERS.iter().map(|e| e.signature().name);
    let names = names
        .chain(DISTRIBUTIONS.iter().map(|e| e.signature().name))
        .chain(POSTERIORS.iter().map(|e| e.signature().name))
        .chain(INITIALIZERS.iter().map(|e| e.signature().name))
        .chain(ESTIMATORS.iter().map(|e| e.signature().name))
        .chain(LIKELIHOODS.iter().map(|e| e.signature().name));
    for name in names {
        assert!(!pages(name).is_empty(), "{name}");
    }
    // A prior, a posterior, a likelihood and an inference method.
    assert_eq!(pages("laplace").len(), 4);
}

#[test]
fn a_word_in_the_case_it_is_given_comes_first() {
    let first = |word: &str| pages(word)[0].lines().next().unwrap().to_owned();
    assert_ne!(first("softplus"), first("Softplus"));
    assert_eq!(pages("Softplus")[0], pages("softplus")[1]);
}

#[test]
fn what_a_word_is_comes_before_how_it_is_set() {
    for (word, is, section) in [
        ("nll", "how surprised the model is", None),
        (
            "batch_size",
            "The number of examples in one",
            Some("## As a key of a"),
        ),
        ("batch size", "The number of examples in one", None),
        (
            "temperature",
            "A number that multiplies the KL",
            Some("## Temperature and annealing"),
        ),
        ("Closed form", "An exact formula", Some("### Closed form")),
        (
            "cosine",
            "How the learning rate changes",
            Some("## [schedule]"),
        ),
        (
            "map",
            "One best value for each weight",
            Some("## MAP and maximum likelihood"),
        ),
    ] {
        let found = pages(word);
        assert!(found[0].contains(is), "{word}: {}", found[0]);
        let rest = found[1..].concat();
        assert!(
            section.is_none_or(|section| rest.contains(section)),
            "{word}: {rest}"
        );
    }
    assert!(pages("temperature")[1].lines().count() < 30);
    assert!(
        pages("df")
            .concat()
            .contains("## As an argument of [StudentT]("),
        "{:?}",
        pages("df")
    );
    assert!(
        pages("loss.md")
            .concat()
            .starts_with("# What is in my loss")
    );
    assert!(pages("no such word").is_empty());
    for word in ["kl(conv1.kernel)", "conv1.kernel", "probability_setosa"] {
        assert!(!pages_of_part(word).is_empty(), "{word}");
    }
}

/// No word of the glossary stands twice, and none is without a text.
#[test]
fn the_glossary_has_each_word_once() {
    let mut seen = std::collections::HashSet::new();
    for (names, entry) in glossary() {
        for name in names {
            assert!(seen.insert(plain(name)), "{name} stands twice");
        }
        assert!(entry.lines().skip(1).any(|line| line.len() > 20), "{entry}");
    }
}

/// Every page is set without a mark of Markdown, within the terminal's width, and its commands lead to pages.
#[test]
fn every_page_is_set_for_the_terminal() {
    for word in all().collect::<std::collections::BTreeSet<_>>() {
        let found = pages(word);
        assert!(!found.is_empty(), "{word}");
        for text in found {
            let text = page(&text, 80, &|target| leads(target, word));
            for line in text.lines() {
                let is_code = line.starts_with("    ") || line.starts_with("  http");
                let is_short = line.chars().count() <= 80;
                assert!(is_code || is_short, "{word}: {line}");
                let marks = ["](", "| ---", "```", "**"];
                assert!(
                    is_code || !marks.iter().any(|mark| line.contains(mark)),
                    "{word}: {line}"
                );
                if let Some(command) = line.trim().strip_prefix("bnnc explain ") {
                    let to = command.split("  ").next().unwrap_or(command);
                    let known =
                        !pages(to).is_empty() || code(to).is_some() || lint::find(to).is_some();
                    assert!(
                        known || to.starts_with(char::is_uppercase),
                        "{word}: {line}"
                    );
                }
            }
        }
    }
}
