//! `bnnc check --fix`: edits that messages propose, made in the file.

use crate::cli::Place;
use bnnc::compile;
use bnnc::diagnostic::Diagnostic;
use bnnc::source::Source;
use std::fs;

const BROKEN: &str = "model line   # kept

input  x = real[2]
target y: real

defualt { prior = Normal(0, 1), posterior = Meanfield }

network {
  dense(units = 8, activation = \"relu\")
  f = dense(1
}

observe y ~ Normal(loc = g, scale = learned(0.5))
objective elbo
";

#[test]
fn edits_are_made_round_by_round_and_what_is_left_is_reported() {
    let place = Place::new();
    fs::write(place.path("broken.bnn"), BROKEN).unwrap();
    let output = place.bnnc("check broken.bnn --fix");
    let said = String::from_utf8(output.stderr).unwrap();
    let text = fs::read_to_string(place.path("broken.bnn")).unwrap();
    assert_eq!(
        text,
        BROKEN
            .replace(" = real[2]", ": real[2]")
            .replace("defualt", "default")
            .replace("Meanfield", "MeanField")
            .replace(
                "dense(units = 8, activation = \"relu\")",
                "dense(units = 8), relu"
            )
            .replace("dense(1", "dense(1)"),
        "{said}"
    );
    assert!(
        said.contains(
            "broken.bnn:6:1: `defualt` is now `default` (E0101: did you mean `default`?)"
        ),
        "{said}"
    );
    assert!(said.contains("added `)` (E0102"), "{said}");
    // Which value was meant is nobody's guess.
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("error[E0202]: `g` is not a value"), "{said}");
    assert!(!place.path("broken.bnn.part").exists());
}

/// No layer begins with a number: a comma before one would make another mistake.
#[test]
fn a_number_behind_a_layer_is_its_argument() {
    let place = Place::new();
    let good = fs::read_to_string(place.path("line.bnn")).unwrap();
    let with = |line: &str| good.replacen("network {\n", &format!("network {{\n  {line}\n"), 1);
    fs::write(place.path("m.bnn"), with("dropout 0.5    # half")).unwrap();
    let said = String::from_utf8(place.bnnc("check m.bnn --fix").stderr).unwrap();
    let text = fs::read_to_string(place.path("m.bnn")).unwrap();
    assert_eq!(text, with("dropout(0.5)    # half"), "{said}");
    place.ok("check m.bnn");
    // What is no layer, or more than a number, is nobody's guess.
    for line in ["half 0.5", "dropout 0.5 0.5", "dropout 2 * 3"] {
        fs::write(place.path("m.bnn"), with(line)).unwrap();
        place.refused("check m.bnn --fix");
        let text = fs::read_to_string(place.path("m.bnn")).unwrap();
        assert_eq!(text, with(line));
    }
}

#[test]
fn a_file_without_mistakes_is_left_as_it_is() {
    let place = Place::new();
    let before = fs::metadata(place.path("line.bnn"))
        .unwrap()
        .modified()
        .unwrap();
    let said = place.ok("check line.bnn --fix");
    assert_eq!(said, place.ok("check line.bnn"));
    let after = fs::metadata(place.path("line.bnn"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(before, after);
}

#[cfg(unix)]
#[test]
fn permissions_and_links_are_kept() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = Place::new();
    let real = place.path("real.bnn");
    fs::write(&real, "model m\nconst a=1\n").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.bnn", place.path("link.bnn")).unwrap();
    place.ok("fmt link.bnn");
    assert!(place.path("link.bnn").is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), "model m\nconst a = 1\n");
    assert_eq!(
        fs::metadata(&real).unwrap().permissions().mode() & 0o777,
        0o640
    );
}

#[test]
fn every_edit_of_the_corpus_is_made_and_none_is_proposed_again() {
    let (mut files, mut models) = (0, 0);
    for entry in fs::read_dir("tests/corpus/bad").unwrap() {
        let path = entry.unwrap().path();
        let source = compile::read(&path).unwrap();
        let (text, made) = compile::mend(&source, &[], None);
        assert_eq!(made.is_empty(), text == source.text, "{}", path.display());
        files += usize::from(!made.is_empty());
        let after = compile::source(Source { text, ..source }, &[]);
        match after {
            Ok(_) => models += 1,
            Err(failure) => {
                let mut left = failure.diagnostics.iter().filter_map(Diagnostic::edit);
                assert_eq!(left.next(), None, "{}", path.display());
            }
        }
    }
    assert!(
        files >= 50 && models >= 20,
        "{files}, {models} of them models"
    );
}
