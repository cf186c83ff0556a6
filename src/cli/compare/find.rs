//! Which folders hold runs.

use crate::diagnostic::{Diagnostic, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The runs that some paths name.
pub(super) struct Runs {
    /// Their folders.
    pub runs: Vec<PathBuf>,
    /// What they are called: their folders without the beginning that all share.
    pub names: Vec<String>,
    /// Folders that hold no run.
    pub without: Vec<PathBuf>,
}

/// Each path that is a run, and the runs below each that is a folder of them. What is neither stays a run, whose row
/// says why it cannot be read.
///
/// # Errors
///
/// `E0604` where there is no run at all.
pub(super) fn runs(paths: &[PathBuf]) -> Result<Runs> {
    let (mut runs, mut without) = (vec![], vec![]);
    for path in paths {
        let before = runs.len();
        if path.is_dir() && !is_run(path) {
            below(path, &mut runs, &mut without);
        } else {
            runs.push(path.clone());
        }
        if runs.len() == before && paths.len() == 1 {
            let title = format!("there is no run in `{}`", path.display());
            return Err(Diagnostic::error("E0604", title)
                .note("neither it nor a folder within it has a `run.toml`")
                .help("`bnnc train MODEL` prints the folder of the run that it makes")
                .into());
        }
    }
    runs = crate::words::distinct(runs);
    Ok(Runs {
        names: names(&runs),
        runs,
        without,
    })
}

fn is_run(path: &Path) -> bool {
    path.join("run.toml").exists()
}

/// The runs below a folder, in the order of their names; and the folders without folders that are none. Links are not
/// followed: they may lead in a circle.
fn below(folder: &Path, runs: &mut Vec<PathBuf>, without: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut folders: Vec<PathBuf> = folders.map(|entry| entry.path()).collect();
    if folder.join("sweep.toml").is_file() {
        // The rows that a sweep's runs hold out.
        folders.retain(|folder| !folder.ends_with("rows"));
    }
    folders.sort_by_key(|folder| natural(folder));
    if folders.is_empty() {
        without.push(folder.to_owned());
    }
    for folder in folders {
        match is_run(&folder) {
            true => runs.push(folder),
            false => below(&folder, runs, without),
        }
    }
}

/// Numbers in names by their values: `run-2` before `run-10`.
fn natural(path: &Path) -> Vec<(String, u64)> {
    let text = path.display().to_string();
    let mut parts = vec![];
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let start = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let number = &rest[start..];
        let end = number
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(number.len());
        parts.push((rest[..start].to_owned(), number[..end].parse().unwrap_or(0)));
        rest = &number[end..];
    }
    parts
}

/// The paths without the folders that all begin with.
fn names(runs: &[PathBuf]) -> Vec<String> {
    let [first, others @ ..] = runs else {
        return vec![];
    };
    let mut common = match others {
        [] => Path::new(""),
        _ => first.parent().unwrap_or(Path::new("")),
    };
    while !others.iter().all(|run| run.starts_with(common)) {
        common = common.parent().unwrap_or(Path::new(""));
    }
    let name = |run: &PathBuf| {
        let rest = run.strip_prefix(common).unwrap_or(run);
        rest.display().to_string()
    };
    runs.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_at_any_depth_in_the_order_of_their_numbers() {
        let place = tempfile::tempdir().unwrap();
        for run in ["a/run-10", "a/run-2", "b/c/run-1"] {
            fs::create_dir_all(place.path().join(run)).unwrap();
            fs::write(place.path().join(run).join("run.toml"), "").unwrap();
        }
        // What a run keeps is no run; and a folder without any is told.
        fs::create_dir_all(place.path().join("a/run-2/pretrained")).unwrap();
        fs::create_dir_all(place.path().join("notes")).unwrap();
        // Nor do the rows of a sweep hold one.
        fs::create_dir_all(place.path().join("a/rows")).unwrap();
        fs::write(place.path().join("a/sweep.toml"), "").unwrap();
        let found = runs(&[place.path().to_owned()]).unwrap();
        assert_eq!(found.names, ["a/run-2", "a/run-10", "b/c/run-1"]);
        assert_eq!(found.without, [place.path().join("notes")]);
        let refused = runs(&[place.path().join("notes")]).err().unwrap();
        assert_eq!(refused.diagnostics[0].code, "E0604");
    }
}
