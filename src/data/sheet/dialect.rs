//! What separates a table's cells, and which of its lines are comments.

use std::borrow::Cow;

/// How many lines are looked at.
const LOOKED_AT: usize = 50;

/// How the lines of a table are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Between two cells; a tab where the cells were separated by runs of blanks.
    pub(super) separator: u8,
    /// Whether cells are separated by runs of blanks.
    pub(super) blanks: bool,
    /// The header stands behind a `#`, as NumPy's `savetxt` writes it.
    pub(super) marked_header: bool,
}

impl Dialect {
    /// Looks at the first lines of `text`.
    pub(super) fn of(text: &str) -> Dialect {
        let is_comment = |line: &&str| line.starts_with('#');
        let lines = || text.lines().filter(|line| !line.trim().is_empty());
        let rows: Vec<&str> = lines().filter(|l| !is_comment(l)).take(LOOKED_AT).collect();
        let last_comment = lines().take_while(is_comment).last();
        let (separator, blanks) = separator(&rows);
        let cells = |line: &str| match blanks {
            true => line.split_whitespace().count(),
            false => marks(line, separator) + 1,
        };
        let numeric =
            |line: &&str| line.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
        let marked_header = last_comment
            .zip(rows.first())
            .is_some_and(|(comment, first)| {
                numeric(first) && cells(comment.trim_start_matches('#').trim()) == cells(first)
            });
        Dialect {
            separator: if blanks { b'\t' } else { separator },
            blanks,
            marked_header,
        }
    }

    /// How it is told, where cells are not separated by commas.
    pub(super) fn said(&self) -> Option<&'static str> {
        match (self.blanks, self.separator) {
            (true, _) => Some("cells separated by blanks"),
            (_, b'\t') => Some("cells separated by tabs"),
            (_, b';') => Some("cells separated by `;`"),
            _ => None,
        }
    }

    /// The text with what the reader of cells does not know put in its words: runs of blanks outside quotes become
    /// tabs.
    pub(super) fn normalised<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.blanks {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let (mut quoted, mut gap) = (false, false);
            for c in line.trim().chars() {
                quoted ^= c == '"';
                if !quoted && c.is_whitespace() {
                    gap = true;
                    continue;
                }
                if gap {
                    out.push('\t');
                    gap = false;
                }
                out.push(c);
            }
            out.push('\n');
        }
        Cow::Owned(out)
    }
}

/// How often `separator` stands outside quotes.
fn marks(line: &str, separator: u8) -> usize {
    let mut quoted = false;
    let outside = |byte: &u8| {
        quoted ^= *byte == b'"';
        !quoted && *byte == separator
    };
    line.as_bytes().iter().copied().filter(outside).count()
}

/// The separator with which most lines have as many cells as the first, and whether it is runs of blanks.
fn separator(rows: &[&str]) -> (u8, bool) {
    let Some(header) = rows.first() else {
        return (b',', false);
    };
    let agreeing = |separator: u8| {
        let own = marks(header, separator);
        let same = |row: &&&str| marks(row, separator) == own;
        (own > 0).then(|| (rows.iter().filter(same).count(), own))
    };
    let mut best: Option<(u8, (usize, usize))> = None;
    for separator in [b',', b';', b'\t'] {
        if let Some(score) = agreeing(separator)
            && best.is_none_or(|(_, other)| score > other)
        {
            best = Some((separator, score));
        }
    }
    if let Some((separator, _)) = best {
        return (separator, false);
    }
    let cells = header.split_whitespace().count();
    let same = |row: &&&str| row.split_whitespace().count() == cells;
    let rows_of_cells = rows.iter().skip(1).filter(same).count();
    let blanks = cells > 1 && rows_of_cells > 0 && 2 * rows_of_cells >= rows.len() - 1;
    (b',', blanks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_those_that_make_rows_of_one_length() {
        for (text, separator, blanks) in [
            ("a,b\n1,2\n", b',', false),
            ("a;b;y\n0,5;0;0,25\n1,5;1;1,25\n", b';', false),
            ("x;y\n0;0\n", b';', false),
            ("a\tb\n1\t2\n", b'\t', false),
            ("a b  c\n1  2 3\n", b'\t', true),
            ("\"a; kg\",b\n1,2\n", b',', false),
            ("a, kg;b\n1,5;2\n2;3\n", b';', false),
            ("Cement (kg), Blast Slag \n1,2\n", b',', false),
            ("first name\nAda\n", b',', false),
            ("", b',', false),
        ] {
            let found = Dialect::of(text);
            assert_eq!(
                (found.separator, found.blanks),
                (separator, blanks),
                "{text:?}"
            );
        }
        let spaced = "a b\n 1   2 \n\"x y\"  3\n";
        assert_eq!(
            Dialect::of("a b\n1 2\n").normalised(spaced),
            "a\tb\n1\t2\n\"x y\"\t3\n"
        );
    }

    #[test]
    fn a_header_may_stand_behind_a_mark() {
        assert!(Dialect::of("# a,b\n1,2\n").marked_header);
        assert!(Dialect::of("# by a logger\n# a b\n1 2\n3 4\n").marked_header);
        assert!(!Dialect::of("# made, by hand\na,b\n1,2\n").marked_header);
        assert!(!Dialect::of("a,b\n1,2\n").marked_header);
    }
}
