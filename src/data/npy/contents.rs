//! What follows the header of a `.npy` array. Values are converted as they are read, so that an array takes the memory
//! of its values and no more.

use super::Header;
use crate::data::Values;
use crate::files::half;
use crate::memory::available;
use crate::words::bytes;
use std::io::{self, Read};

/// The entries of an array, its last axis innermost.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Contents {
    Numbers(Values),
    Texts(Vec<String>),
}

impl Contents {
    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Contents::Numbers(values) => values.len(),
            Contents::Texts(texts) => texts.len(),
        }
    }
}

/// Reads the values that follow `header`. The error is a sentence.
pub(crate) fn read_contents(header: &Header, reader: &mut impl Read) -> Result<Contents, String> {
    let unknown = || not_taken(&header.kind);
    let mut symbols = header.kind.chars();
    let big = match symbols.next() {
        Some('>') => true,
        Some('<' | '|' | '=') => false,
        _ => return Err(unknown()),
    };
    let kind = symbols.as_str();
    let width = match kind {
        "b1" | "u1" | "i1" => 1,
        "u2" | "i2" | "f2" => 2,
        "u4" | "i4" | "f4" => 4,
        "u8" | "i8" | "f8" => 8,
        _ => text_width(kind).ok_or_else(unknown)?,
    };
    let expected = header.len.checked_mul(width).ok_or_else(unknown)?;
    // A compressed member may hold a thousand times its own length.
    let needed = match kind.starts_with(['U', 'S']) {
        true => header
            .len
            .saturating_mul(width.saturating_add(size_of::<String>())) as u64,
        false => expected as u64,
    };
    if let Some(available) = available().filter(|available| needed > *available) {
        return Err(format!(
            "its values take {}, and this machine has {} of memory",
            bytes(needed),
            bytes(available)
        ));
    }
    let mut source = Source {
        reader,
        big,
        expected,
        found: 0,
    };
    let contents = match kind {
        "u1" | "b1" => numbers(source.read(|[b]| b)?, header, Values::U8),
        "f2" => {
            let of = |b| half(u16::from_le_bytes(b)) as f32;
            numbers(source.read(of)?, header, Values::F32)
        }
        "f4" => numbers(source.read(f32::from_le_bytes)?, header, Values::F32),
        "f8" => numbers(source.read(f64::from_le_bytes)?, header, Values::F64),
        "u2" => source.wide(header, |b| f64::from(u16::from_le_bytes(b)))?,
        "u4" => source.wide(header, |b| f64::from(u32::from_le_bytes(b)))?,
        "u8" => source.wide(header, |b| u64::from_le_bytes(b) as f64)?,
        "i1" => source.wide(header, |b| f64::from(i8::from_le_bytes(b)))?,
        "i2" => source.wide(header, |b| f64::from(i16::from_le_bytes(b)))?,
        "i4" => source.wide(header, |b| f64::from(i32::from_le_bytes(b)))?,
        "i8" => source.wide(header, |b| i64::from_le_bytes(b) as f64)?,
        _ => {
            let texts = source.texts(header.len, width, kind.starts_with('U'))?;
            match is_fortran(header) {
                true => return Err("it holds text in Fortran order, which is not read".into()),
                false => Contents::Texts(texts),
            }
        }
    };
    // An archive's member has its checksum compared where its end is met.
    match reader.read(&mut [0]) {
        Ok(0) => Ok(contents),
        Ok(_) => Err("it is longer than its header says".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// The bytes of a text of the kind `U8` (characters of four bytes) or `S8` (bytes).
fn text_width(kind: &str) -> Option<usize> {
    let of = |digits: &str, bytes: usize| digits.parse::<usize>().ok()?.checked_mul(bytes);
    let width = match kind.strip_prefix('U') {
        Some(digits) => of(digits, 4),
        None => of(kind.strip_prefix('S')?, 1),
    };
    // No byte would bound their number.
    width.filter(|width| *width > 0)
}

/// Whether the order of the entries is another than that of an array with its last axis innermost.
fn is_fortran(header: &Header) -> bool {
    header.fortran && header.len > 0 && header.shape.iter().filter(|n| **n > 1).count() > 1
}

fn numbers<V: Copy>(values: Vec<V>, header: &Header, of: fn(Vec<V>) -> Values) -> Contents {
    Contents::Numbers(of(match is_fortran(header) {
        true => last_axis_innermost(&values, &header.shape),
        false => values,
    }))
}

/// The entries of an array of `shape` that lie with its first axis innermost.
fn last_axis_innermost<V: Copy>(values: &[V], shape: &[usize]) -> Vec<V> {
    let mut stride = 1;
    let strides: Vec<usize> = (shape.iter())
        .map(|length| {
            let own = stride;
            stride *= length;
            own
        })
        .collect();
    let (mut place, mut at) = (vec![0; shape.len()], 0);
    let mut next = || {
        let value = values[at];
        for axis in (0..shape.len()).rev() {
            (place[axis], at) = (place[axis] + 1, at + strides[axis]);
            if place[axis] < shape[axis] {
                break;
            }
            (place[axis], at) = (0, at - strides[axis] * shape[axis]);
        }
        value
    };
    (0..values.len()).map(|_| next()).collect()
}

/// The bytes of an array's values.
struct Source<'a, R> {
    reader: &'a mut R,
    big: bool,
    expected: usize,
    found: usize,
}

/// Bytes that are read at a time.
const PIECE: usize = 1 << 16;

impl<R: Read> Source<'_, R> {
    /// Values of `W` bytes each, of which `of` takes the bytes in little-endian order.
    fn read<const W: usize, V>(&mut self, of: impl Fn([u8; W]) -> V) -> Result<Vec<V>, String> {
        let mut values = vec![];
        let mut piece = vec![0; PIECE.min(self.expected)];
        while self.found < self.expected {
            let length = piece.len().min(self.expected - self.found);
            self.fill(&mut piece[..length])?;
            values.extend(piece[..length].chunks_exact(W).map(|bytes| {
                let mut bytes: [u8; W] = bytes.try_into().expect("a chunk of that size");
                if self.big {
                    bytes.reverse();
                }
                of(bytes)
            }));
        }
        Ok(values)
    }

    fn wide<const W: usize>(
        &mut self,
        header: &Header,
        of: impl Fn([u8; W]) -> f64,
    ) -> Result<Contents, String> {
        Ok(numbers(self.read(of)?, header, Values::F64))
    }

    /// Texts of `width` bytes each, in characters of four bytes or in bytes, filled up with zeros.
    fn texts(&mut self, len: usize, width: usize, wide: bool) -> Result<Vec<String>, String> {
        let mut bytes = vec![0; if len == 0 { 0 } else { width }];
        let mut texts = vec![];
        for _ in 0..len {
            self.fill(&mut bytes)?;
            texts.push(match wide {
                true => self.characters(&bytes)?,
                false => match String::from_utf8(bytes.clone()) {
                    Ok(text) => text,
                    // Bytes that are not UTF-8 are Latin-1.
                    Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
                },
            });
            let text = texts.last_mut().expect("it was just pushed");
            text.truncate(text.trim_end_matches('\0').len());
            text.shrink_to_fit();
        }
        Ok(texts)
    }

    fn characters(&self, bytes: &[u8]) -> Result<String, String> {
        let code = |bytes: &[u8]| {
            let bytes: [u8; 4] = bytes.try_into().expect("four bytes");
            match self.big {
                true => u32::from_be_bytes(bytes),
                false => u32::from_le_bytes(bytes),
            }
        };
        let codes = bytes.chunks_exact(4).map(code);
        let text: Option<String> = codes.map(char::from_u32).collect();
        text.ok_or_else(|| "it holds text that is no Unicode".into())
    }

    /// Reads the next bytes.
    fn fill(&mut self, into: &mut [u8]) -> Result<(), String> {
        let mut filled = 0;
        while filled < into.len() {
            match self.reader.read(&mut into[filled..]) {
                Ok(0) => {
                    let (expected, found) = (self.expected, self.found + filled);
                    return Err(format!(
                        "expected {expected} bytes of values, found {found}"
                    ));
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        self.found += filled;
        Ok(())
    }
}

/// The message for a kind that [`read_contents`] does not convert.
fn not_taken(kind: &str) -> String {
    let held = match kind.trim_start_matches(['<', '>', '|', '=']).chars().next() {
        Some('O') => {
            return format!(
                "it holds Python objects (`{kind}`), which only Python can read: `array.astype(str)` makes text of \
                 labels, `array.astype(float)` numbers"
            );
        }
        Some('c') => "complex numbers",
        Some('M' | 'm') => "dates or times",
        Some('V' | '[') => "records",
        _ => "numbers of another kind",
    };
    format!(
        "it holds {held} (`{kind}`), expected booleans (b1), integers of 1 to 8 bytes (u1 to u8, i1 to i8), \
         floats of 2, 4 or 8 bytes (f2, f4, f8) or text (U, S)"
    )
}
