//! The encoding of a text file: UTF-8, UTF-16 of either byte order, or Windows-1252.

use crate::data::error::corrupt;
use crate::diagnostic::Result;
use std::borrow::Cow;
use std::path::Path;

/// The text in `bytes`, and what its encoding is where that is not plain UTF-8.
///
/// # Errors
///
/// `E0504` for a NUL character, for half a UTF-16 character, and for bytes that are neither UTF-8 nor Windows-1252.
pub(super) fn decode<'a>(
    path: &Path,
    bytes: &'a [u8],
) -> Result<(Cow<'a, str>, Option<&'static str>)> {
    let (text, encoding) = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => (utf8(rest), Some("UTF-8 with a byte-order mark")),
        [0xFF, 0xFE, rest @ ..] => (utf16(path, rest, u16::from_le_bytes)?, Some(UTF16_LITTLE)),
        [0xFE, 0xFF, rest @ ..] => (utf16(path, rest, u16::from_be_bytes)?, Some(UTF16_BIG)),
        _ => match bytes.get(..2) {
            // The first letters of a header are ASCII, whose other byte is 0.
            Some([first, 0]) if *first != 0 => {
                (utf16(path, bytes, u16::from_le_bytes)?, Some(UTF16_LITTLE))
            }
            Some([0, second]) if *second != 0 && bytes.get(2) == Some(&0) => {
                (utf16(path, bytes, u16::from_be_bytes)?, Some(UTF16_BIG))
            }
            _ => (utf8(bytes), None),
        },
    };
    let (text, encoding) = match text {
        Some(text) => (text, encoding),
        None => (
            Cow::Owned(windows_1252(path, bytes)?),
            Some("Windows-1252, as it is not UTF-8"),
        ),
    };
    if let Some(place) = text.find('\0') {
        let line = text[..place].matches('\n').count() + 1;
        return Err(corrupt(path, format!("holds a NUL character in line {line}"))
            .note("expected text: the file is damaged, or it is of another kind than its ending says")
            .into());
    }
    Ok((text, encoding))
}

const UTF16_LITTLE: &str = "UTF-16 (little-endian)";
const UTF16_BIG: &str = "UTF-16 (big-endian)";

fn utf8(bytes: &[u8]) -> Option<Cow<'_, str>> {
    std::str::from_utf8(bytes).ok().map(Cow::Borrowed)
}

fn utf16(path: &Path, bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Option<Cow<'static, str>>> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: std::result::Result<String, _> = char::decode_utf16(units).collect();
    match text {
        Ok(text) if rest.is_empty() => Ok(Some(Cow::Owned(text))),
        _ => Err(corrupt(path, "looks like UTF-16, and is not valid UTF-16")
            .help("save the table as UTF-8")
            .into()),
    }
}

/// What the bytes 0x80 to 0x9F are in Windows-1252; all others are as in Latin-1. Five have no meaning.
const WINDOWS: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘',
    '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

fn windows_1252(path: &Path, bytes: &[u8]) -> Result<String> {
    let mut text = String::with_capacity(bytes.len());
    for (place, &byte) in bytes.iter().enumerate() {
        let character = match byte {
            0x80..=0x9F => WINDOWS[usize::from(byte - 0x80)],
            _ => char::from(byte),
        };
        if character == '\0' && byte != 0 {
            let line = bytes[..place].iter().filter(|b| **b == b'\n').count() + 1;
            let title =
                format!("is in an encoding that is not known: byte 0x{byte:02x} in line {line}");
            return Err(corrupt(path, title)
                .note("it is not UTF-8, UTF-16 or Windows-1252 (Latin-1)")
                .help("save the table as UTF-8")
                .into());
        }
        text.push(character);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> (String, Option<&'static str>) {
        let (text, said) = decode(Path::new("t.csv"), bytes).unwrap();
        (text.into_owned(), said)
    }

    #[test]
    fn encodings_are_recognised() {
        let text = "größe,y\n1,2\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let with = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        for (bytes, said) in [
            (text.as_bytes().to_vec(), None),
            (
                with(b"\xEF\xBB\xBF", text.as_bytes()),
                Some("UTF-8 with a byte-order mark"),
            ),
            (with(b"\xFF\xFE", &little), Some(UTF16_LITTLE)),
            (with(b"\xFE\xFF", &big), Some(UTF16_BIG)),
            (little, Some(UTF16_LITTLE)),
            (big, Some(UTF16_BIG)),
            (
                b"gr\xF6\xDFe,y\n1,2\n".to_vec(),
                Some("Windows-1252, as it is not UTF-8"),
            ),
        ] {
            assert_eq!(decoded(&bytes), (text.to_owned(), said));
        }
        assert_eq!(decoded(b"a \x80,y\n").0, "a €,y\n");
    }

    #[test]
    fn what_is_no_text_names_the_line() {
        let told = |bytes: &[u8]| {
            let failure = decode(Path::new("t.csv"), bytes).unwrap_err();
            failure.diagnostics[0].title.clone()
        };
        assert_eq!(
            told(b"a,y\n\0,2\n"),
            "`t.csv` holds a NUL character in line 2"
        );
        assert_eq!(
            told(b"a,y\n\x81,2\n"),
            "`t.csv` is in an encoding that is not known: byte 0x81 in line 2"
        );
        assert_eq!(
            told(b"\xFF\xFEa\0,"),
            "`t.csv` looks like UTF-16, and is not valid UTF-16"
        );
    }
}
