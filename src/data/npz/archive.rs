//! An archive of arrays: which there are, and what is in one.

use crate::data::error::corrupt;
use crate::data::memory::{ARRAYS, Array};
use crate::data::npy::{Contents, Header, read_contents, read_header};
use crate::diagnostic::{Diagnostic, Failure, Result};
use std::io::{Read, Seek};
use std::path::Path;
use zip::ZipArchive;

pub(super) struct Archive<'a, R: Read + Seek> {
    pub(super) path: &'a Path,
    pub(super) names: Vec<String>,
    members: Members<'a, R>,
}

/// Where the arrays of an archive are.
enum Members<'a, R: Read + Seek> {
    File(ZipArchive<R>),
    Memory(&'a [Array]),
}

/// An array that was read.
pub(super) struct Found {
    pub(super) name: String,
    /// The archive's path, for messages.
    pub(super) path: String,
    pub(super) header: Header,
    pub(super) contents: Contents,
}

impl<'a, R: Read + Seek> Archive<'a, R> {
    pub(super) fn open(path: &'a Path, reader: R) -> Result<Self> {
        let archive = ZipArchive::new(reader)
            .map_err(|e| Failure::from(corrupt(path, "is not an .npz file").note(e.to_string())))?;
        let files = archive.file_names().filter_map(|name| name.ok());
        let arrays = files.filter_map(|name| name.strip_suffix(".npy").map(String::from));
        let mut names: Vec<String> = arrays.collect();
        names.sort();
        Ok(Archive {
            path,
            names,
            members: Members::File(archive),
        })
    }

    /// Arrays in memory, which messages call `name`.
    pub(super) fn of(name: &'a str, arrays: &'a [Array]) -> Self {
        let names = arrays.iter().map(|array| array.name().to_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        Archive {
            path: Path::new(name),
            names,
            members: Members::Memory(arrays),
        }
    }

    /// Whether a program has its arrays in memory.
    pub(super) fn is_of_a_program(&self) -> bool {
        self.path == Path::new(ARRAYS)
    }

    /// The file, if it is one.
    pub(super) fn zip(&mut self) -> Option<&mut ZipArchive<R>> {
        match &mut self.members {
            Members::File(archive) => Some(archive),
            Members::Memory(_) => None,
        }
    }

    pub(super) fn fault(&self, fact: &str) -> Diagnostic {
        Diagnostic::error("E0507", format!("`{}` {fact}", self.path.display()))
    }

    /// The array called so, or so with the word of a training part.
    pub(super) fn of_training(&self, name: &str) -> Option<String> {
        let forms = [
            name.to_owned(),
            format!("{name}_train"),
            format!("train_{name}"),
        ];
        forms.into_iter().find(|form| self.names.contains(form))
    }

    /// The header of the array `name`.
    pub(super) fn header(&mut self, name: &str) -> Result<Header> {
        self.member(
            name,
            |member| read_header(member),
            |array| Ok(array.header().clone()),
        )
    }

    /// The array `name`.
    pub(super) fn array(&mut self, name: &str) -> Result<Found> {
        let read = |member: &mut zip::read::ZipFile<R>| {
            let header = read_header(member)?;
            let contents = read_contents(&header, member)?;
            Ok((header, contents))
        };
        let (header, contents) = self.member(name, read, |array| {
            Ok((array.header().clone(), array.contents()?))
        })?;
        Ok(Found {
            name: name.to_owned(),
            path: self.path.display().to_string(),
            header,
            contents,
        })
    }

    /// What `read` makes of the file of the array `name`, or `take` of the array in memory.
    fn member<V>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut zip::read::ZipFile<R>) -> std::result::Result<V, String>,
        take: impl FnOnce(&Array) -> std::result::Result<V, String>,
    ) -> Result<V> {
        let corrupt = |error: String| -> Failure {
            let fact = format!("holds an array `{name}` that cannot be read");
            corrupt(self.path, fact).note(error).into()
        };
        match &mut self.members {
            Members::File(archive) => {
                let member = archive.by_name(&format!("{name}.npy"));
                read(&mut member.map_err(|e| corrupt(e.to_string()))?).map_err(corrupt)
            }
            Members::Memory(arrays) => {
                let array = arrays.iter().find(|array| array.name() == name);
                let array = array.ok_or_else(|| corrupt("it is not there".into()))?;
                take(array).map_err(corrupt)
            }
        }
    }
}
