//! What follows the header of a `.npy` array. Values are converted as they are read, so that an array takes the memory
//! of its values and no more.

use super::Header;
use crate::data::Values;
use crate::data::stored::Kind;
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
    let (big, kind) = order(&header.kind).ok_or_else(unknown)?;
    let of_number = number_width(kind);
    let width = of_number.or_else(|| text_width(kind));
    let width = width.ok_or_else(unknown)?;
    let expected = header.len.checked_mul(width).ok_or_else(unknown)?;
    // A compressed member may hold a thousand times its own length.
    let needed = match of_number {
        None => header
            .len
            .saturating_mul(width.saturating_add(size_of::<String>())) as u64,
        Some(_) => expected as u64,
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
    let contents = match of_number {
        Some(_) => Contents::Numbers(source.numbers(kind, header)?),
        None => {
            let texts = source.texts(header.len, width, kind.starts_with('U'))?;
            match header.is_fortran() {
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

/// Whether numbers of a kind, `<f4`, have their first byte last, and the kind without that.
fn order(kind: &str) -> Option<(bool, &str)> {
    let mut symbols = kind.chars();
    match symbols.next() {
        Some('>') => Some((true, symbols.as_str())),
        Some('<' | '|' | '=') => Some((false, symbols.as_str())),
        _ => None,
    }
}

/// The bytes of a number of a kind, `f4`; `None` of text.
fn number_width(kind: &str) -> Option<usize> {
    match kind {
        "b1" | "u1" | "i1" => Some(1),
        "u2" | "i2" | "f2" => Some(2),
        "u4" | "i4" | "f4" => Some(4),
        "u8" | "i8" | "f8" => Some(8),
        _ => None,
    }
}

impl Header {
    /// The bytes of a number in the file and what it is once it is read; `None` of what is no number.
    pub(crate) fn number(&self) -> Option<(usize, Kind)> {
        let (_, kind) = order(&self.kind)?;
        let read = match kind {
            "u1" | "b1" => Kind::U8,
            "f2" | "f4" => Kind::F32,
            _ => Kind::F64,
        };
        Some((number_width(kind)?, read))
    }

    /// The numbers in these bytes, some rows of the array. The error is a sentence.
    pub(crate) fn numbers(&self, bytes: Vec<u8>) -> Result<Values, String> {
        let unknown = || not_taken(&self.kind);
        let (big, kind) = order(&self.kind).ok_or_else(unknown)?;
        let width = number_width(kind).ok_or_else(unknown)?;
        if width == 1 && kind != "i1" {
            return Ok(Values::U8(bytes));
        }
        let rows = Header {
            shape: vec![bytes.len() / width],
            len: bytes.len() / width,
            ..self.clone()
        };
        let mut source = Source {
            reader: &mut &bytes[..],
            big,
            expected: bytes.len(),
            found: 0,
        };
        source.numbers(kind, &rows)
    }

    /// Whether the order of the entries is another than that of an array with its last axis innermost.
    pub(crate) fn is_fortran(&self) -> bool {
        self.fortran && self.len > 0 && self.shape.iter().filter(|n| **n > 1).count() > 1
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

fn ordered<V: Copy>(values: Vec<V>, header: &Header) -> Vec<V> {
    match header.is_fortran() {
        true => last_axis_innermost(&values, &header.shape),
        false => values,
    }
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

    /// The numbers of a kind without its byte order.
    fn numbers(&mut self, kind: &str, header: &Header) -> Result<Values, String> {
        Ok(match kind {
            "u1" | "b1" => Values::U8(ordered(self.read(|[b]| b)?, header)),
            "f2" => {
                let of = |b| half(u16::from_le_bytes(b)) as f32;
                Values::F32(ordered(self.read(of)?, header))
            }
            "f4" => Values::F32(ordered(self.read(f32::from_le_bytes)?, header)),
            "f8" => Values::F64(ordered(self.read(f64::from_le_bytes)?, header)),
            "u2" => self.wide(header, |b| f64::from(u16::from_le_bytes(b)))?,
            "u4" => self.wide(header, |b| f64::from(u32::from_le_bytes(b)))?,
            "u8" => self.wide(header, |b| u64::from_le_bytes(b) as f64)?,
            "i1" => self.wide(header, |b| f64::from(i8::from_le_bytes(b)))?,
            "i2" => self.wide(header, |b| f64::from(i16::from_le_bytes(b)))?,
            "i4" => self.wide(header, |b| f64::from(i32::from_le_bytes(b)))?,
            "i8" => self.wide(header, |b| i64::from_le_bytes(b) as f64)?,
            _ => return Err(not_taken(&header.kind)),
        })
    }

    fn wide<const W: usize>(
        &mut self,
        header: &Header,
        of: impl Fn([u8; W]) -> f64,
    ) -> Result<Values, String> {
        Ok(Values::F64(ordered(self.read(of)?, header)))
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
