//! Arrays of inputs that stay in their archive: each row of one that is not compressed is found by its place.

use super::archive::Archive;
use super::inputs::Inputs;
use super::sequences::OfSequences;
use super::shapes::channels_last;
use crate::data::error::{corrupt, unreadable};
use crate::data::npy::{Header, read_header};
use crate::data::stored::{FileArray, Numbers, Stored, beside, unpack};
use crate::data::streaming::{self, Streaming};
use crate::data::{Choices, Values};
use crate::diagnostic::{Failure, Result};
use std::io::{self, Read, Seek};
use zip::CompressionMethod;

/// Where the inputs of an archive are read from.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    /// Whether they stay in their files.
    pub(super) is_streamed: bool,
    /// What is said of it.
    pub(super) said: Option<String>,
}

impl<R: Read + Seek> Archive<'_, R> {
    /// Where the inputs of all parts are read from.
    pub(super) fn reading(&mut self, parts: &[Inputs], stream: Streaming) -> Result<Reading> {
        let whole = Reading::default();
        if self.zip().is_none() {
            return Ok(whole);
        }
        let mut bytes = 0;
        let arrays = || parts.iter().flat_map(Inputs::arrays);
        for (_, header) in arrays() {
            // Text is refused where it is read.
            let Some((_, kind)) = header.number() else {
                return Ok(whole);
            };
            bytes += header.len as u64 * kind.size();
        }
        if !stream.takes(bytes) {
            return Ok(whole);
        }
        if let Some((name, _)) = arrays().find(|(_, header)| header.is_fortran()) {
            return Ok(Reading {
                said: Some(format!(
                    "not streamed: the rows of `{name}` lie scattered, as it is in Fortran order, and it is read whole; \
                     save `numpy.ascontiguousarray({name})`"
                )),
                ..whole
            });
        }
        let mut is_compressed = false;
        for (name, _) in arrays() {
            is_compressed |= self.is_compressed(name)?;
        }
        let said = match is_compressed {
            true => streaming::unpacked(bytes),
            false => streaming::from_file(bytes, self.path),
        };
        Ok(Reading {
            is_streamed: true,
            said: Some(said),
        })
    }

    fn is_compressed(&mut self, name: &str) -> Result<bool> {
        let path = self.path;
        let Some(zip) = self.zip() else {
            return Ok(false);
        };
        let member = zip.by_name(&format!("{name}.npy"));
        let member = member.map_err(|error| {
            let fact = format!("holds an array `{name}` that cannot be read");
            Failure::from(corrupt(path, fact).note(error.to_string()))
        })?;
        Ok(member.compression() != CompressionMethod::Stored)
    }

    /// The values of these inputs where they are: of several, each example's side by side.
    pub(super) fn stored(&mut self, inputs: &Inputs, choices: &Choices) -> Result<Values> {
        let mut all = vec![];
        for ((name, _), sequences) in inputs.arrays().zip(&inputs.sequences) {
            let stored = self.stored_array(name, choices)?;
            all.push(match sequences {
                None => stored,
                Some(of) => of.stored(name, &self.path.display().to_string(), stored)?,
            });
        }
        Ok(Values::Stored(beside(all)?))
    }

    /// The rows that a model takes of sequences, in memory: of an array that can be read by its places without a copy of it.
    pub(super) fn sequences_in_memory(
        &mut self,
        (name, header): (&str, &Header),
        sequences: &OfSequences,
        choices: &Choices,
    ) -> Result<Values> {
        let path = self.path.display().to_string();
        let in_place = self.zip().is_some()
            && header.number().is_some()
            && !header.is_fortran()
            && !self.is_compressed(name)?;
        match in_place {
            true => {
                let array = self.stored_array(name, choices)?;
                sequences.stored(name, &path, array)?.whole()
            }
            false => sequences.rows(name, &path, &self.input_values(name, choices)?),
        }
    }

    fn stored_array(&mut self, name: &str, choices: &Choices) -> Result<Stored> {
        let path = self.path;
        let failed = |error: String| -> Failure {
            let fact = format!("holds an array `{name}` that cannot be read");
            corrupt(path, fact).note(error).into()
        };
        let Some(zip) = self.zip() else {
            return Err(failed("it is not in a file".into()));
        };
        let member = zip.by_name(&format!("{name}.npy"));
        let mut member = member.map_err(|error| failed(error.to_string()))?;
        let (is_stored, size) = (
            member.compression() == CompressionMethod::Stored,
            member.size(),
        );
        let start = member.data_start();
        let mut counted = Counted {
            reader: &mut member,
            count: 0,
        };
        let header = read_header(&mut counted).map_err(failed)?;
        let before = counted.count;
        let (width, kind) = header
            .number()
            .ok_or_else(|| failed("it holds no numbers".into()))?;
        let expected = (header.len as u64).saturating_mul(width as u64);
        if is_stored && size.saturating_sub(before) != expected {
            let found = size.saturating_sub(before);
            return Err(failed(format!(
                "expected {expected} bytes of values, found {found}"
            )));
        }
        let (file, start) = match (is_stored, start) {
            (true, Some(start)) => {
                let file = crate::files::open(path).map_err(|e| unreadable(path, "open", &e))?;
                (file, start + before)
            }
            _ => (unpack(path, &mut member, expected, failed)?, 0),
        };
        let rows = header.shape[0];
        let row = header.len / rows.max(1);
        let numbers = Numbers {
            width,
            kind,
            of: rows_of(header, choices),
        };
        let array = FileArray::new(path.to_owned(), file, start, [rows, row], numbers)?;
        Ok(Stored::new(array))
    }
}

type OfBytes = Box<dyn Fn(Vec<u8>) -> std::result::Result<Values, String> + Send + Sync>;

/// Makes numbers of the bytes of rows, with their channels last.
fn rows_of(header: Header, choices: &Choices) -> OfBytes {
    let channels = match (choices.layout.as_deref(), &header.shape[..]) {
        (Some("nchw"), [_, c, h, w]) => Some([*c, *h, *w]),
        _ => None,
    };
    Box::new(move |bytes| {
        let mut values = header.numbers(bytes)?;
        if let Some(channels) = channels {
            channels_last(&mut values, channels);
        }
        Ok(values)
    })
}

/// Counts the bytes that are read.
struct Counted<'r, R> {
    reader: &'r mut R,
    count: u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.count += read as u64;
        Ok(read)
    }
}
