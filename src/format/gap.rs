//! What stands between two tokens: blanks, new lines, commas and comments.

/// The comments between two tokens, and whether the second begins a line.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Gap {
    /// In their order.
    pub notes: Vec<Note>,
    /// Whether a line ends in it.
    pub newline: bool,
    /// Whether an empty line stands before the second token.
    pub empty: bool,
}

/// A comment.
#[derive(Debug, PartialEq)]
pub(super) struct Note {
    /// From its `#` on.
    pub text: String,
    /// Whether it has a line to itself.
    pub own_line: bool,
    /// Whether an empty line stands before it.
    pub empty: bool,
}

impl Gap {
    /// Reads the text between two tokens; what stands before the first token of a file begins a line.
    pub fn of(text: &str, first: bool) -> Gap {
        let mut gap = Gap::default();
        let mut lines = usize::from(first);
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\n' => lines += 1,
                '\r' if rest.peek() != Some(&'\n') => lines += 1,
                '#' => {
                    let mut text = String::from(c);
                    while let Some(c) = rest.next_if(|c| !matches!(c, '\n' | '\r')) {
                        text.push(c);
                    }
                    gap.newline |= lines > 0;
                    gap.notes.push(Note {
                        text: text.trim_end().to_owned(),
                        own_line: lines > 0,
                        empty: lines > 1,
                    });
                    lines = 0;
                }
                _ => {}
            }
        }
        gap.newline |= lines > 0;
        gap.empty = lines > 1;
        gap
    }

    /// Takes the comment that ends the line of the token before, if there is one.
    pub fn trailing(&mut self) -> Option<String> {
        let is_trailing = self.notes.first().is_some_and(|note| !note.own_line);
        is_trailing.then(|| self.notes.remove(0).text)
    }
}
