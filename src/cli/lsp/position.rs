//! Places of a text as the protocol counts them: lines from 0, and characters in units of UTF-16, or of UTF-8 where the
//! editor agrees to that.

use crate::source::Span;
use lsp_types::{Position, Range};

/// What characters of a line are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16, the protocol's own.
    Utf16,
}

/// Where the lines of a text begin.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    starts: Vec<usize>,
    encoding: Encoding,
}

impl Lines {
    /// The lines of `text`, which end with `\n`, `\r\n` or `\r`.
    pub fn of(text: &str, encoding: Encoding) -> Lines {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(i, byte)| {
            **byte == b'\n' || **byte == b'\r' && bytes.get(i + 1) != Some(&b'\n')
        });
        let starts = [0].into_iter().chain(ends.map(|(i, _)| i + 1)).collect();
        Lines { starts, encoding }
    }

    /// Where byte `offset` of the text is.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let offset = border(text, offset);
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let before = &text[self.starts[line]..offset];
        let character = match self.encoding {
            Encoding::Utf8 => before.len(),
            Encoding::Utf16 => before.encode_utf16().count(),
        };
        Position::new(line as u32, character as u32)
    }

    /// The byte at a position; the end of its line or of the text where that is shorter.
    pub fn offset(&self, text: &str, position: Position) -> usize {
        let line = position.line as usize;
        let Some(&start) = self.starts.get(line) else {
            return text.len();
        };
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        let content = text[start..end].trim_end_matches(['\n', '\r']);
        let wanted = position.character as usize;
        let mut units = 0;
        for (at, c) in content.char_indices() {
            if units >= wanted {
                return start + at;
            }
            units += match self.encoding {
                Encoding::Utf8 => c.len_utf8(),
                Encoding::Utf16 => c.len_utf16(),
            };
        }
        start + content.len()
    }

    /// Where a span is.
    pub fn range(&self, text: &str, span: Span) -> Range {
        Range::new(
            self.position(text, span.start),
            self.position(text, span.end),
        )
    }

    /// The span of a range.
    pub fn span(&self, text: &str, range: Range) -> Span {
        let start = self.offset(text, range.start);
        Span::new(start, self.offset(text, range.end).max(start))
    }

    /// The number of the line that holds byte `offset`.
    pub fn line(&self, offset: usize) -> u32 {
        (self.starts.partition_point(|start| *start <= offset) - 1) as u32
    }
}

/// The nearest place at or before byte `offset` that is between characters.
fn border(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset)
        .rev()
        .find(|&i| text.is_char_boundary(i))
        .unwrap_or(0)
}

/// The word, of letters, digits and `_`, that byte `offset` is in or at the end of.
pub(super) fn word_at(text: &str, offset: usize) -> Span {
    let inside = |c: &char| c.is_alphanumeric() || *c == '_';
    let offset = border(text, offset);
    let before = text[..offset].chars().rev().take_while(inside);
    let after = text[offset..].chars().take_while(inside);
    let (before, after): (usize, usize) = (
        before.map(char::len_utf8).sum(),
        after.map(char::len_utf8).sum(),
    );
    Span::new(offset - before, offset + after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_units_of_utf_16_or_in_bytes() {
        let text = "a\r\n# 𝛃 é\nx\ry";
        // 𝛃 has 4 bytes and 2 units, é 2 bytes and 1 unit.
        let e = text.find('é').unwrap();
        let utf16 = Lines::of(text, Encoding::Utf16);
        let utf8 = Lines::of(text, Encoding::Utf8);
        assert_eq!(utf16.position(text, e), Position::new(1, 5));
        assert_eq!(utf8.position(text, e), Position::new(1, 7));
        assert_eq!(utf16.offset(text, Position::new(1, 5)), e);
        assert_eq!(utf8.offset(text, Position::new(1, 7)), e);
        // Within a character, beyond a line, and beyond the text.
        assert_eq!(utf8.position(text, e + 1), Position::new(1, 7));
        assert_eq!(utf16.offset(text, Position::new(0, 9)), 1);
        assert_eq!(utf16.offset(text, Position::new(3, 0)), text.len() - 1);
        assert_eq!(utf16.offset(text, Position::new(9, 0)), text.len());
        assert_eq!(utf16.position(text, text.len()), Position::new(3, 1));
    }

    #[test]
    fn a_word_is_found_from_any_place_in_it() {
        let text = "on (fan_in, b)";
        for offset in 4..=10 {
            assert_eq!(word_at(text, offset), Span::new(4, 10), "{offset}");
        }
        assert_eq!(word_at(text, 3), Span::new(3, 3));
        assert_eq!(word_at(text, 99), Span::new(14, 14));
    }
}
