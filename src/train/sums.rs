//! `sha256sums.txt`: the SHA-256 of each file of a run that is written once, as `sha256sum --check` reads it.

use super::files::{failed, write_whole};
use crate::diagnostic::{Diagnostic, Result};
use crate::files;
use crate::pretrained::sha256;
use std::fmt::Write;
use std::path::{Component, Path};

/// The file with the sums.
pub(super) const NAME: &str = "sha256sums.txt";

/// Writes the sums of these files of the folder `run`, by their names in it.
///
/// # Errors
///
/// `E0601` where a file cannot be read, or the sums cannot be written.
pub(super) fn write(run: &Path, names: &[String]) -> Result<()> {
    let mut text = String::new();
    for name in names {
        let path = run.join(name);
        let contents = files::read(&path).map_err(|error| failed(&path, "read", &error))?;
        writeln!(text, "{}  {name}", sha256(&contents)).expect("a string");
    }
    write_whole(&run.join(NAME), text.as_bytes())
}

/// Compares the files of the folder `run` with their sums. A run of before there were any has none to compare.
///
/// # Errors
///
/// `E0605` for the first file that is not as it was written, `E0601` where one cannot be read.
pub(super) fn check(run: &Path) -> Result<()> {
    let sums = run.join(NAME);
    let text = match crate::files::text(&sums) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        text => text.map_err(|error| failed(&sums, "read", &error))?,
    };
    for (line, text) in text.lines().enumerate() {
        let Some((sum, name)) = text.split_once("  ") else {
            let title = format!("`{}` is damaged", sums.display());
            let note = format!("line {} is no SHA-256 with the name of a file", line + 1);
            return Err(Diagnostic::error("E0605", title).note(note).into());
        };
        let inside = |part| matches!(part, Component::Normal(_));
        if !Path::new(name).components().all(inside) {
            let title = format!("`{}` is damaged", sums.display());
            let note = format!("line {} names a file outside the run", line + 1);
            return Err(Diagnostic::error("E0605", title).note(note).into());
        }
        let path = run.join(name);
        let found = match files::read(&path) {
            Ok(contents) if sha256(&contents) == sum => continue,
            Ok(_) => {
                "its SHA-256 is not the one that the run keeps: it is damaged, or has been edited"
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => "it is missing",
            Err(error) => return Err(failed(&path, "read", &error)),
        };
        let title = format!("`{}` is not as the run wrote it", path.display());
        return Err(Diagnostic::error("E0605", title)
            .note(found)
            .help(format!(
                "if you changed it on purpose, delete its line, {}, from `{}`",
                line + 1,
                sums.display()
            ))
            .into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn every_bit_of_every_file_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path();
        fs::write(run.join("a.txt"), "one").unwrap();
        fs::write(run.join("b.txt"), "two").unwrap();
        check(run).unwrap();
        write(run, &["a.txt".into(), "b.txt".into()]).unwrap();
        check(run).unwrap();
        let refused = |contents: &str| {
            fs::write(run.join("b.txt"), contents).unwrap();
            let failure = check(run).unwrap_err();
            assert!(failure.to_string().contains("b.txt"), "{failure}");
        };
        refused("twp");
        refused("");
        fs::remove_file(run.join("b.txt")).unwrap();
        assert_eq!(
            check(run).unwrap_err().diagnostics[0].notes,
            ["it is missing"]
        );
        // Its line is deleted: it was changed on purpose.
        let text = fs::read_to_string(run.join(NAME)).unwrap();
        fs::write(run.join(NAME), text.lines().next().unwrap()).unwrap();
        check(run).unwrap();
        fs::write(run.join(NAME), format!("{}  ../a.txt\n", "0".repeat(64))).unwrap();
        let failure = check(run).unwrap_err();
        assert!(
            failure.diagnostics[0].notes[0].contains("outside the run"),
            "{failure}"
        );
        fs::write(run.join(NAME), "x").unwrap();
        assert_eq!(check(run).unwrap_err().diagnostics[0].code, "E0605");
    }
}
