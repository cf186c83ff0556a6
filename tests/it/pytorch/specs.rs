//! The program of every spec: its model as a person reads it, in `specs/`, and the whole of it as Python's own tools see
//! it.

use super::COMPARISON;
use crate::front_ir::compiled;
use bnnc::emit::pytorch;
use bnnc::plan::Plan;
use bnnc::verify::python;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The models of `specs/`, with their names.
fn specs() -> Vec<(String, Plan)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir("specs")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "bnn"))
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap();
            (name.to_owned(), Plan::new(compiled(path).inference))
        })
        .collect()
}

/// With `BNNC_ACCEPT=1` in the environment the files are written: read what changed before it is committed.
#[test]
fn the_model_of_each_spec_is_written_as_it_was_read() {
    let accept = std::env::var_os("BNNC_ACCEPT").is_some();
    let folder = Path::new("tests/it/pytorch/specs");
    let mut expected = vec![];
    for (name, plan) in specs() {
        let text = pytorch::model(&plan).unwrap_or_else(|failure| panic!("{name}: {failure}"));
        let path = folder.join(&name).with_extension("py");
        expected.push(path.clone());
        if accept {
            std::fs::write(&path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        let mut lines = kept.lines().zip(text.lines()).enumerate();
        let first = lines.find(|(_, (kept, now))| kept != now);
        assert!(
            kept == text,
            "{} is not what is emitted now, first in {first:?}; BNNC_ACCEPT=1 writes it",
            path.display()
        );
    }
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert!(expected.contains(&path), "{} is of no spec", path.display());
    }
}

/// `ruff` is looked for beside the Python.
#[test]
fn programs_are_clean_python() {
    if COMPARISON.is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, plan) in specs() {
        let text = pytorch::module(&plan).unwrap();
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert!(
            longest <= Some(100),
            "{name} has a line of {longest:?} signs"
        );
        std::fs::write(folder.path().join(name).with_extension("py"), text).unwrap();
    }
    let run = |arguments: &[&str]| {
        let mut command = Command::new(python(None));
        let output = command.args(arguments).arg(folder.path()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&text).into_owned(),
        )
    };
    let (compiles, text) = run(&["-W", "error", "-m", "compileall", "-q"]);
    assert!(compiles, "{text}");
    match run(&["-m", "ruff", "check", "--isolated"]) {
        (true, _) => {}
        (false, text) if text.contains("No module named ruff") => {
            eprintln!("SKIPPED: no ruff, programs are not checked by it");
        }
        (false, text) => panic!("{text}"),
    }
}
