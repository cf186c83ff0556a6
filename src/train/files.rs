//! Files that are whole or not there at all.

use crate::diagnostic::{Diagnostic, Failure, Result};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// A file that the operating system would not read or write.
pub(crate) fn failed(path: &Path, doing: &str, error: &io::Error) -> Failure {
    let mut message = Diagnostic::error("E0601", format!("cannot {doing} `{}`", path.display()))
        .note(error.to_string());
    if error.kind() == io::ErrorKind::StorageFull {
        message = message.help("free some space and try again; what was saved before is unharmed");
    }
    message.into()
}

/// Writes beside `path` and renames, so that whatever happens the file holds all of the old or all of
/// the new.
pub(crate) fn write_whole(path: &Path, contents: &[u8]) -> Result<()> {
    write_whole_with(path, |file| file.write_all(contents))
}

/// [`write_whole`], of what `contents` writes.
pub(crate) fn write_whole_with(
    path: &Path,
    contents: impl Fn(&mut File) -> io::Result<()>,
) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let beside = path.with_file_name(name);
    let write = || -> io::Result<()> {
        // Not through a link that lies there: a run directory from elsewhere could have one.
        let _ = fs::remove_file(&beside);
        let mut file = File::create_new(&beside)?;
        contents(&mut file)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        // The rename itself is on the disk once its folder is.
        if let Some(folder) = path.parent() {
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            if let Ok(folder) = File::open(folder) {
                let _ = folder.sync_all();
            }
        }
        Ok(())
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&beside);
        failed(path, "write", &error)
    })
}

/// The text of a file.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    crate::files::text(path).map_err(|error| failed(path, "read", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            let part = folder.path().join("a.json.part");
            let own = folder.path().join("own");
            fs::write(&own, "mine").unwrap();
            std::os::unix::fs::symlink(&own, part).unwrap();
            write_whole(&path, b"three").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"three");
            assert_eq!(fs::read(&own).unwrap(), b"mine");
        }
        let nowhere = folder.path().join("no/such/a.json");
        assert_eq!(
            write_whole(&nowhere, b"x").unwrap_err().diagnostics[0].code,
            "E0601"
        );
    }
}
