//! A run directory is written by one program at a time.

use super::files::failed;
use crate::diagnostic::{Diagnostic, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

/// The file that is locked.
pub(super) const NAME: &str = "lock";

/// The right to write a run directory. It ends with the value, and with the program, even if that is killed.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the directory `run`.
    ///
    /// # Errors
    ///
    /// `E0604` where another program has it, `E0601` where the lock cannot be made.
    pub fn take(run: &Path) -> Result<Lock> {
        let path = run.join(NAME);
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| failed(&path, "write", &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                let title = format!("another `bnnc train` writes the run in `{}`", run.display());
                Err(Diagnostic::error("E0604", title)
                    .help("wait until it ends, or start a new run with another `--out`")
                    .into())
            }
            Err(TryLockError::Error(error)) => Err(failed(&path, "lock", &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_one_writer_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        let refused = Lock::take(folder.path()).unwrap_err();
        assert_eq!(refused.diagnostics[0].code, "E0604");
        drop(lock);
        Lock::take(folder.path()).unwrap();
    }
}
