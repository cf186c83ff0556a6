//! The tutorials: every command in them is run, in their order, and prints what the page has.
//!
//! Numbers may differ by some percent: of another processor the last digits are others, and training carries them on.
//! `BNNC_BLESS=1 cargo test tutorials` writes what is printed into the pages.

use crate::pages::{blocks, printed};
use std::fs;
use std::path::Path;

/// Words and numbers of a text; what stands between them is layout.
fn parts(text: &str) -> Vec<String> {
    let is_sign = |c: char| !(c.is_alphanumeric() || "._".contains(c));
    let parts = text.split(is_sign).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

/// Whether two texts say the same but for the last digits of numbers.
fn alike(expected: &str, found: &str) -> bool {
    let (expected, found) = (parts(expected), parts(found));
    let same = |(a, b): (&String, &String)| match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => (a - b).abs() <= 0.05 * a.abs().max(b.abs()) + 0.02,
        _ => a == b,
    };
    expected.len() == found.len() && expected.iter().zip(&found).all(same)
}

/// Runs a page, and compares.
fn run(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tutorials");
    let path = folder.join(format!("{name}.md"));
    let text = fs::read_to_string(&path).unwrap();
    let place = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap();
        if file.path().extension().is_some_and(|e| e == "csv") {
            fs::copy(file.path(), place.path().join(file.file_name())).unwrap();
        }
    }
    let (mut whole, mut wrong) = (text.clone(), String::new());
    for (words, inside) in blocks(&text) {
        if let Some((_, name)) = words.split_once(' ') {
            fs::write(place.path().join(name), inside).unwrap();
        } else if words == "console" {
            let commands = inside.lines().filter_map(|line| line.strip_prefix("$ "));
            let now: String = commands
                .map(|command| format!("$ {command}\n{}", printed(command, place.path())))
                .collect();
            if !alike(&inside, &now) {
                wrong += &format!("the page has\n{inside}\nand it is\n{now}\n");
            }
            whole = whole.replace(&inside, &now);
        }
    }
    if std::env::var_os("BNNC_BLESS").is_some() {
        fs::write(&path, whole).unwrap();
    } else {
        assert!(wrong.is_empty(), "{}: {wrong}", path.display());
    }
}

#[cfg(unix)]
#[test]
fn a_students_loss() {
    run("loss");
}

#[cfg(unix)]
#[test]
fn a_researchers_comparison() {
    run("compare");
}

#[cfg(unix)]
#[test]
fn a_practitioners_table() {
    run("table");
}

#[test]
fn numbers_may_differ_in_their_last_digits_and_words_may_not() {
    assert!(alike("nll  6.452 ± 0.1", "nll 6.461 ± 0.09"));
    assert!(!alike("nll  6.452", "nll  7.1"));
    assert!(!alike("nll  6.452", "rmse 6.452"));
    assert!(!alike("nll  6.452", "nll"));
}
