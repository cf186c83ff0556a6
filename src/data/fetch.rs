//! Downloads: HTTPS, resumable, checked as they arrive, and whole or not there at all.

use super::catalog::{CatalogEntry, Form, Origin};
use super::error::unreadable;
use super::unpack::unpack;
use super::verify::{digest, hex, sha256};
use crate::diagnostic::{Diagnostic, Failure, Result};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ureq::Agent;

/// What [`fetch`] is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// The file is there and right.
    Complete {
        /// Its name.
        file: &'a str,
    },
    /// So much of the file is there.
    Progress {
        /// Its name.
        file: &'a str,
        /// Bytes so far, those of an earlier attempt included.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// The file is whole, and is the published one.
    Fetched {
        /// Its name.
        file: &'a str,
    },
    /// The archive is being unpacked.
    Unpacking {
        /// Its name.
        file: &'a str,
    },
}

/// Downloads the files of `entry` that `directory` does not have, from where they are published or from
/// `MIRROR/name`; the folder they are in.
///
/// A file that arrives in part stays beside its place as `name.part`, and the next call goes on from
/// there.
///
/// # Errors
///
/// `E0501` for a made data set, `E0503` where a file cannot be written, `E0511` where a server does not
/// give it, `E0512` where what it gives is not the published file, of which then nothing is kept.
pub fn fetch(
    entry: &dyn CatalogEntry,
    directory: &Path,
    mirror: Option<&str>,
    progress: &mut dyn FnMut(Event),
) -> Result<PathBuf> {
    let config = Agent::config_builder()
        .https_only(mirror.is_none())
        .timeout_connect(Some(Duration::from_secs(30)))
        .timeout_per_read(Some(Duration::from_secs(60)))
        .accept_encoding("identity")
        .user_agent(concat!("bnnc/", env!("CARGO_PKG_VERSION")));
    fetch_by(&config.build().into(), entry, directory, mirror, progress)
}

fn fetch_by(
    agent: &Agent,
    entry: &dyn CatalogEntry,
    directory: &Path,
    mirror: Option<&str>,
    progress: &mut dyn FnMut(Event),
) -> Result<PathBuf> {
    let (Some(origin), [name, ..]) = (entry.origin(), entry.folders()) else {
        return Err(Diagnostic::error(
            "E0501",
            format!("`{}` is made, there is nothing to fetch", entry.name()),
        )
        .into());
    };
    let folder = directory.join(name);
    std::fs::create_dir_all(&folder).map_err(|e| unreadable(&folder, "create", &e))?;
    let mut incomplete = vec![];
    for file in entry.files() {
        match file.find(&folder) {
            Some((form, path)) if same(&path, &form)? => {
                progress(Event::Complete { file: form.name })
            }
            _ => incomplete.push(file.forms[0]),
        }
    }
    match origin {
        Origin::Files { url } => {
            for form in incomplete {
                download(agent, mirror.unwrap_or(url), &form, &folder, progress)?;
            }
        }
        Origin::Archive { .. } if incomplete.is_empty() => {}
        Origin::Archive { url, archive } => {
            let path = directory.join(archive.name);
            if !path.is_file() || !same(&path, &archive)? {
                download(agent, mirror.unwrap_or(url), &archive, directory, progress)?;
            }
            progress(Event::Unpacking { file: archive.name });
            unpack(&path, &incomplete, name, &folder)?;
            std::fs::remove_file(&path).map_err(|e| unreadable(&path, "remove", &e))?;
        }
    }
    Ok(folder)
}

fn same(path: &Path, form: &Form) -> Result<bool> {
    let length = path
        .metadata()
        .map_err(|e| unreadable(path, "read", &e))?
        .len();
    Ok(length == form.bytes && sha256(path)? == form.sha256)
}

/// `folder/name`, from `base/name` by way of `folder/name.part`.
fn download(
    agent: &Agent,
    base: &str,
    form: &Form,
    folder: &Path,
    progress: &mut dyn FnMut(Event),
) -> Result<()> {
    let url = format!("{}/{}", base.trim_end_matches('/'), form.name);
    let path = folder.join(format!("{}.part", form.name));
    let mut part = Part::open(path, form)?;
    if part.done < form.bytes {
        part.receive(agent, &url, progress)?;
    }
    let found = hex(part.hash.clone());
    if found != form.sha256 {
        let message = Diagnostic::error("E0512", format!("{url} is not the published file")).note(
            format!("expected the sha256 {}, found {found}", form.sha256),
        );
        return Err(part.discard(message));
    }
    part.file
        .sync_all()
        .map_err(|e| unreadable(&part.path, "write", &e))?;
    let target = folder.join(form.name);
    std::fs::rename(&part.path, &target).map_err(|e| unreadable(&target, "write", &e))?;
    progress(Event::Fetched { file: form.name });
    Ok(())
}

/// A file that has arrived in part.
struct Part<'a> {
    form: &'a Form,
    path: PathBuf,
    file: File,
    /// How much there is.
    done: u64,
    /// Of that much.
    hash: Sha256,
}

impl<'a> Part<'a> {
    /// What an earlier attempt left, or nothing yet.
    fn open(path: PathBuf, form: &'a Form) -> Result<Self> {
        let fault = |doing, e| unreadable(&path, doing, &e);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let mut file = file.map_err(|e| fault("write", e))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(Diagnostic::error(
                    "E0511",
                    format!("{} is being downloaded already", form.name),
                )
                .into());
            }
            // A file system without locks is no reason not to download.
            Err(TryLockError::Error(_)) | Ok(()) => {}
        }
        let mut hash = Sha256::new();
        let mut done = file.metadata().map_err(|e| fault("read", e))?.len();
        if done > form.bytes {
            file.set_len(0).map_err(|e| fault("write", e))?;
            done = 0;
        }
        digest(&mut file, &mut hash).map_err(|e| fault("read", e))?;
        Ok(Part {
            form,
            path,
            file,
            done,
            hash,
        })
    }

    fn restart(&mut self) -> Result<()> {
        (self.done, self.hash) = (0, Sha256::new());
        let emptied = self
            .file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied
            .map(|_| ())
            .map_err(|e| unreadable(&self.path, "write", &e))
    }

    fn discard(self, message: Diagnostic) -> Failure {
        match std::fs::remove_file(&self.path) {
            Ok(()) => message.note("nothing of it was kept").into(),
            Err(e) => message
                .note(format!("{} cannot be removed: {e}", self.path.display()))
                .into(),
        }
    }

    /// Asks for what is missing.
    fn receive(&mut self, agent: &Agent, url: &str, progress: &mut dyn FnMut(Event)) -> Result<()> {
        let ask = |from: u64| match from {
            0 => agent.get(url).call(),
            _ => agent
                .get(url)
                .header("Range", format!("bytes={from}-"))
                .call(),
        };
        let response = match ask(self.done) {
            // The server has less than is here already.
            Err(ureq::Error::StatusCode(416)) if self.done > 0 => {
                self.restart()?;
                ask(0)
            }
            other => other,
        };
        let response = response.map_err(|e| refused(url, &e))?;
        let range = response
            .headers()
            .get("content-range")
            .and_then(|value| value.to_str().ok());
        let resumed = response.status().as_u16() == 206
            && range.is_some_and(|r| r.starts_with(&format!("bytes {}-", self.done)));
        if !resumed {
            if response.status().as_u16() == 206 {
                return Err(Diagnostic::error(
                    "E0511",
                    format!("{url} gave another part than was asked for"),
                )
                .into());
            }
            self.restart()?;
        }
        self.write(response.into_body().into_reader(), url, progress)
    }

    fn write(
        &mut self,
        mut body: impl Read,
        url: &str,
        progress: &mut dyn FnMut(Event),
    ) -> Result<()> {
        let (file, total) = (self.form.name, self.form.bytes);
        let mut buffer = vec![0; 1 << 16];
        let ended = loop {
            progress(Event::Progress {
                file,
                done: self.done,
                total,
            });
            match body.read(&mut buffer) {
                Ok(0) => break "the connection was closed".to_string(),
                Ok(n) => {
                    let n = n.min((total - self.done) as usize + 1);
                    self.file
                        .write_all(&buffer[..n])
                        .map_err(|e| unreadable(&self.path, "write", &e))?;
                    self.hash.update(&buffer[..n]);
                    self.done += n as u64;
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => break e.to_string(),
            }
            // One byte too many is enough for another checksum.
            if self.done > total {
                return Ok(());
            }
        };
        if self.done == total {
            return Ok(());
        }
        Err(Diagnostic::error("E0511", format!("{url} arrived in part"))
            .note(format!(
                "{} of {total} bytes are kept in {}: {ended}",
                self.done,
                self.path.display()
            ))
            .help("the same command goes on from there")
            .into())
    }
}

/// The server did not give the file.
fn refused(url: &str, error: &ureq::Error) -> Failure {
    let message = match error {
        ureq::Error::StatusCode(code) => {
            let known = ureq::http::StatusCode::from_u16(*code).ok();
            let reason = known
                .and_then(|code| code.canonical_reason())
                .unwrap_or("an unknown status");
            Diagnostic::error("E0511", format!("{url} is not given"))
                .note(format!("the server says {code}, {reason}"))
        }
        other => {
            Diagnostic::error("E0511", format!("{url} cannot be reached")).note(other.to_string())
        }
    };
    message
        .help("`--mirror URL` takes the files from another place")
        .into()
}

#[cfg(test)]
mod tests;
