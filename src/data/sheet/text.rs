//! A text that is read some of it at a time: of a file, compressed or not, or of standard input.

use super::dialect::Dialect;
use crate::data::error::{corrupt, unreadable};
use crate::diagnostic::{Failure, Result};
use flate2::read::MultiGzDecoder;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};

/// Bytes that are read at once.
const PIECE: usize = 1 << 20;
/// Pieces of standard input that wait to be taken.
const WAITING: usize = 16;

/// Where a text comes from.
enum From {
    File(Box<dyn Read>),
    /// What has come on standard input, as it came.
    Pipe(Receiver<io::Result<Vec<u8>>>),
}

/// A text in UTF-8, of which the beginning is taken bit by bit.
pub(crate) struct Text {
    path: PathBuf,
    from: From,
    /// Bytes that end within a character.
    bytes: Vec<u8>,
    /// What has been read, of which the first `taken` bytes have been taken.
    text: String,
    taken: usize,
    /// The line at which it begins, the first being 1.
    pub(super) line: u64,
    /// Whether there is no more.
    pub(super) ended: bool,
    /// Where cells are separated by blanks: how, and the line that has not ended.
    blanks: Option<(Dialect, String)>,
    is_first: bool,
    /// Whether the text begins with a byte-order mark.
    pub(super) marked: bool,
}

impl Text {
    /// The text in the file at `path`.
    pub(super) fn of_file(path: &Path) -> Result<Text> {
        let file = crate::files::open(path).map_err(|e| unreadable(path, "open", &e))?;
        let is_gzip = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("gz"));
        let file: Box<dyn Read> = match is_gzip {
            true => Box::new(MultiGzDecoder::new(io::BufReader::new(file))),
            false => Box::new(file),
        };
        Ok(Text::new(path, From::File(file)))
    }

    /// That on standard input, which a thread of its own waits for: what has come while rows were predicted is taken
    /// together.
    pub(crate) fn of_stdin(path: &Path) -> Text {
        let (sender, receiver) = sync_channel(WAITING);
        std::thread::spawn(move || {
            let mut stdin = io::stdin().lock();
            loop {
                let mut piece = vec![0; PIECE / 4];
                let read = match stdin.read(&mut piece) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Ok(0) => return,
                    Ok(read) => Ok(piece[..read].to_vec()),
                    Err(error) => Err(error),
                };
                if sender.send(read).is_err() {
                    return;
                }
            }
        });
        Text::new(path, From::Pipe(receiver))
    }

    fn new(path: &Path, from: From) -> Text {
        Text {
            path: path.to_owned(),
            from,
            bytes: vec![],
            text: String::new(),
            taken: 0,
            line: 1,
            ended: false,
            blanks: None,
            is_first: true,
            marked: false,
        }
    }

    /// Whether it comes as it is made, so that what has come is not to wait for more.
    pub(super) fn is_pipe(&self) -> bool {
        matches!(self.from, From::Pipe(_))
    }

    /// What has been read and not been taken.
    pub(super) fn read(&self) -> &str {
        &self.text[self.taken..]
    }

    /// Takes the first bytes away.
    pub(super) fn take(&mut self, bytes: usize) {
        let lines = self.read().as_bytes()[..bytes].iter();
        self.line += lines.filter(|byte| **byte == b'\n').count() as u64;
        self.taken += bytes;
    }

    /// From here on, runs of blanks separate cells and become tabs. What has been read is read again so.
    pub(super) fn separate_by_blanks(&mut self, dialect: Dialect) {
        let text = self.read().to_owned();
        (self.text, self.taken) = (String::new(), 0);
        self.blanks = Some((dialect, String::new()));
        self.append(&text);
    }

    /// Reads some more; `false` at the end.
    ///
    /// # Errors
    ///
    /// What cannot be read; `E0504` for what is no text in UTF-8.
    pub(super) fn more(&mut self) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.text.drain(..self.taken);
        self.taken = 0;
        let before = self.bytes.len();
        let read = match &mut self.from {
            From::File(file) => file.take(PIECE as u64).read_to_end(&mut self.bytes),
            From::Pipe(pieces) => pieces.recv().unwrap_or(Ok(vec![])).map(|piece| {
                let read = piece.len();
                self.bytes.extend(piece);
                read
            }),
        };
        let read = read.map_err(|error| self.unread(&error))?;
        if let From::Pipe(pieces) = &mut self.from
            && read > 0
        {
            while self.bytes.len() - before < WAITING * PIECE {
                match pieces.try_recv() {
                    Ok(piece) => self
                        .bytes
                        .extend(piece.map_err(|e| unreadable(&self.path, "read", &e))?),
                    Err(_) => break,
                }
            }
        }
        self.ended = read == 0;
        self.decode()?;
        Ok(!self.ended)
    }

    fn unread(&self, error: &io::Error) -> Failure {
        let is_gzip = self
            .path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("gz"));
        match is_gzip {
            true => corrupt(&self.path, "is not a whole gzip file")
                .note(error.to_string())
                .into(),
            false => unreadable(&self.path, "read", error),
        }
    }

    fn decode(&mut self) -> Result<()> {
        let mut bytes = std::mem::take(&mut self.bytes);
        if self.is_first && bytes.len() >= 3 {
            self.is_first = false;
            self.marked = bytes.starts_with(b"\xEF\xBB\xBF");
            bytes.drain(..if self.marked { 3 } else { 0 });
        }
        let valid = match std::str::from_utf8(&bytes) {
            Ok(_) => bytes.len(),
            // The last character's other bytes are yet to come.
            Err(error) if error.error_len().is_none() && !self.ended => error.valid_up_to(),
            Err(error) => {
                let before = &bytes[..error.valid_up_to()];
                let line = self.lines_read(before) + 1;
                let byte = bytes[error.valid_up_to()];
                return Err(corrupt(
                    &self.path,
                    format!("is not UTF-8: byte 0x{byte:02x} in line {line}"),
                )
                .help("save the table as UTF-8")
                .into());
            }
        };
        if let Some(place) = bytes[..valid].iter().position(|byte| *byte == 0) {
            let line = self.lines_read(&bytes[..place]) + 1;
            return Err(corrupt(&self.path, format!("holds a NUL character in line {line}"))
                .note("expected text: the file is damaged, or it is of another kind than its ending says")
                .into());
        }
        let rest = bytes.split_off(valid);
        let text = String::from_utf8(bytes).expect("it is valid up to there");
        self.append(&text);
        self.bytes = rest;
        Ok(())
    }

    /// The lines that ended before `bytes` and in them.
    fn lines_read(&self, bytes: &[u8]) -> u64 {
        let unread = self.blanks.as_ref().map_or("", |(_, rest)| rest);
        let all = self
            .read()
            .bytes()
            .chain(unread.bytes())
            .chain(bytes.iter().copied());
        self.line - 1 + all.filter(|byte| *byte == b'\n').count() as u64
    }

    fn append(&mut self, text: &str) {
        let Some((dialect, rest)) = &mut self.blanks else {
            self.text.push_str(text);
            return;
        };
        rest.push_str(text);
        let end = match self.ended {
            true => rest.len(),
            false => rest.rfind('\n').map_or(0, |place| place + 1),
        };
        self.text.push_str(&dialect.normalised(&rest[..end]));
        rest.drain(..end);
    }
}
