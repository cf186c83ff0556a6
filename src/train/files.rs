//! Files that are whole or not there at all.

use crate::diagnostic::{Diagnostic, Failure, Result};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

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
    let write = || -> io::Result<()> {
        let mut beside = Beside::new(path, "")?;
        contents(&mut beside.file)?;
        beside.finish()
    };
    write().map_err(|error| failed(path, "write", &error))
}

/// A file that is written beside another, `NAME.part`, and then takes its place; if it does not, it is removed.
pub(crate) struct Beside {
    /// What is written to.
    pub(crate) file: File,
    beside: PathBuf,
    path: PathBuf,
    is_done: bool,
}

impl Beside {
    /// A file that is empty; `which` tells several beside one file apart.
    pub(crate) fn new(path: &Path, which: &str) -> io::Result<Beside> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        name.push(which);
        let beside = path.with_file_name(name);
        // Not through a link that lies there: a run directory from elsewhere could have one.
        let _ = fs::remove_file(&beside);
        let open = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&beside);
        Ok(Beside {
            file: open?,
            beside,
            path: path.to_owned(),
            is_done: false,
        })
    }

    /// Puts it in the place of the other file.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.beside, &self.path)?;
        self.is_done = true;
        // The rename itself is on the disk once its folder is.
        if let Some(folder) = self.path.parent() {
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
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.is_done {
            let _ = fs::remove_file(&self.beside);
        }
    }
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
