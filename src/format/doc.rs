//! Documents: text with the places where it may be broken, and the lines that fit a width.
//!
//! The algorithm is Wadler's ("A prettier printer", 1998): a group stands on one line where what follows it up to
//! the next place to break fits there, too; else all its own places are broken.

/// A piece of a document.
pub(super) enum Doc {
    /// A token or a comment that has a line to itself.
    Text(String),
    /// A blank, except at either end of a line.
    Blank,
    /// Blanks that put what follows under the same of the lines around it. None where its group is on one line.
    Pad(usize),
    /// A new line in a broken group, else a blank.
    Line,
    /// A new line in a broken group, else nothing.
    SoftLine,
    /// A new line, unless one has just begun.
    Hard,
    /// An empty line.
    Empty,
    /// A token of broken groups alone, or of those on one line alone.
    Only {
        /// Which.
        broken: bool,
        /// The token.
        text: &'static str,
    },
    /// A comment at the end of its line.
    Comment(String),
    /// Lines that begin within it are indented by two more blanks.
    Indent(Vec<Doc>),
    /// On one line if it fits there.
    Group(Vec<Doc>),
    /// One after the other.
    Sequence(Vec<Doc>),
}

/// A line, and the comment at its end.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Line {
    /// What stands before the comment, indented.
    pub text: String,
    /// From its `#` on.
    pub comment: Option<String>,
}

impl Doc {
    /// Its width on one line; none where it cannot stand on one.
    pub fn width(&self) -> Option<usize> {
        match self {
            Doc::Text(text) => Some(text.chars().count()),
            Doc::Blank | Doc::Line => Some(1),
            Doc::Pad(_) | Doc::SoftLine => Some(0),
            Doc::Hard | Doc::Empty | Doc::Comment(_) => None,
            Doc::Only { broken, text } => Some(if *broken { 0 } else { text.len() }),
            Doc::Indent(parts) | Doc::Group(parts) | Doc::Sequence(parts) => {
                parts.iter().map(Doc::width).sum()
            }
        }
    }

    /// Sets the first pad, if there is one.
    pub fn pad(&mut self, blanks: usize) -> bool {
        match self {
            Doc::Pad(pad) => {
                *pad = blanks;
                true
            }
            Doc::Indent(parts) | Doc::Group(parts) | Doc::Sequence(parts) => {
                parts.iter_mut().any(|part| part.pad(blanks))
            }
            _ => false,
        }
    }

    /// The lines, at most `width` wide where there is a place to break.
    pub fn lines(&self, width: usize) -> Vec<Line> {
        let mut out = Out {
            lines: vec![Line::default()],
            width,
        };
        let mut rest = vec![Piece {
            indent: 0,
            broken: true,
            doc: self,
        }];
        while let Some(piece) = rest.pop() {
            out.put(piece, &mut rest);
        }
        out.end();
        out.lines
    }
}

/// What is still to be printed.
#[derive(Clone, Copy)]
struct Piece<'a> {
    indent: usize,
    broken: bool,
    doc: &'a Doc,
}

struct Out {
    lines: Vec<Line>,
    width: usize,
}

impl Out {
    fn line(&mut self) -> &mut Line {
        self.lines.last_mut().expect("there is always a line")
    }

    /// Ends the line, without the blanks at its end.
    fn end(&mut self) {
        let line = self.line();
        line.text.truncate(line.text.trim_end().len());
    }

    /// Begins a line, unless one has just begun.
    fn begin(&mut self) {
        self.end();
        if *self.line() != Line::default() {
            self.lines.push(Line::default());
        }
    }

    fn text(&mut self, text: &str, indent: usize) {
        let line = self.line();
        if line.text.is_empty() {
            line.text = " ".repeat(indent);
        }
        line.text += text;
    }

    fn put<'a>(&mut self, piece: Piece<'a>, rest: &mut Vec<Piece<'a>>) {
        let Piece {
            indent,
            broken,
            doc,
        } = piece;
        let mut push = |indent, broken, parts: &'a [Doc]| {
            let pieces = parts.iter().rev();
            rest.extend(pieces.map(|doc| Piece {
                indent,
                broken,
                doc,
            }));
        };
        match doc {
            Doc::Text(text) => self.text(text, indent),
            Doc::Blank if self.line().text.is_empty() => {}
            Doc::Blank => self.text(" ", indent),
            Doc::Pad(blanks) if broken => self.text(&" ".repeat(*blanks), indent),
            Doc::Pad(_) => {}
            Doc::Line | Doc::SoftLine if broken => self.begin(),
            Doc::Line => self.text(" ", indent),
            Doc::SoftLine => {}
            Doc::Hard => self.begin(),
            Doc::Empty => {
                self.begin();
                self.lines.push(Line::default());
            }
            Doc::Only { broken: of, text } if *of == broken => self.text(text, indent),
            Doc::Only { .. } => {}
            Doc::Comment(comment) => {
                self.end();
                self.line().comment = Some(comment.clone());
            }
            Doc::Indent(parts) => push(indent + 2, broken, parts),
            Doc::Sequence(parts) => push(indent, broken, parts),
            Doc::Group(parts) => {
                let broken = doc.width().is_none() || !self.fits(doc, rest);
                let pieces = parts.iter().rev();
                rest.extend(pieces.map(|doc| Piece {
                    indent,
                    broken,
                    doc,
                }));
            }
        }
    }

    /// Whether the group, and what follows up to the next place to break, fits on the line.
    fn fits(&self, group: &Doc, rest: &[Piece]) -> bool {
        let used = self
            .lines
            .last()
            .map_or(0, |line| line.text.chars().count());
        let room = self.width.saturating_sub(used);
        let Some(mut left) = group.width().and_then(|width| room.checked_sub(width)) else {
            return false;
        };
        let mut pieces: Vec<(bool, &Doc)> = vec![];
        for piece in rest.iter().rev() {
            pieces.push((piece.broken, piece.doc));
            while let Some((broken, doc)) = pieces.pop() {
                let width = match doc {
                    Doc::Hard | Doc::Empty | Doc::Comment(_) => return true,
                    Doc::Line | Doc::SoftLine if broken => return true,
                    Doc::Pad(blanks) if broken => *blanks,
                    Doc::Only { broken: of, text } => text.len() * usize::from(*of == broken),
                    Doc::Indent(parts) | Doc::Group(parts) | Doc::Sequence(parts) => {
                        pieces.extend(parts.iter().rev().map(|part| (broken, part)));
                        0
                    }
                    plain => plain.width().unwrap_or(0),
                };
                match left.checked_sub(width) {
                    Some(less) => left = less,
                    None => return false,
                }
            }
        }
        true
    }
}
