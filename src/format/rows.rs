//! The rows of a block: what stands on one line of it, the comments beside, and the columns that rows share.

use super::doc::Doc;
use super::gap::{Gap, Note};

/// The width that lines are broken at.
pub(super) const WIDTH: usize = 100;

/// What is put under the same of the rows around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// The `=` of a constant.
    Constant,
    /// The name of an input or a target.
    Data,
    /// The `~` of a latent variable.
    Latent,
    /// The `~` of a likelihood.
    Observe,
    /// The `=` of a layer's name.
    Step,
    /// The `=` of a setting.
    Setting,
    /// The first setting of a parameter.
    Group,
}

/// One element of a block.
pub(super) struct Element {
    /// How it is printed.
    pub doc: Doc,
    /// Its column, and the width of what stands before it.
    pub column: Option<(Column, usize)>,
}

/// A line of a block, with the comments above it and the one at its end.
#[derive(Default)]
pub(super) struct Row {
    notes: Vec<Note>,
    empty: bool,
    /// What stands on it, separated by commas.
    pub elements: Vec<Element>,
    trailing: Option<String>,
}

impl Row {
    /// Its width without indentation; none where it takes several lines.
    fn width(&self) -> Option<usize> {
        let widths = self.elements.iter().map(|element| element.doc.width());
        let sum: Option<usize> = widths.sum();
        Some(sum? + 2 * self.elements.len().saturating_sub(1))
    }
}

/// The rows of a block.
#[derive(Default)]
pub(super) struct Rows {
    rows: Vec<Row>,
    /// The comment after what opens the block.
    opening: Option<String>,
    /// The comments after its last row.
    closing: Vec<Note>,
    /// Whether it takes several lines whatever its width.
    pub broken: bool,
}

impl Rows {
    /// Takes the gap before the next element. Says whether that begins a row.
    pub fn gap(&mut self, mut gap: Gap) -> bool {
        let begins = gap.newline || !gap.notes.is_empty() || self.rows.is_empty();
        self.broken |= gap.newline || !gap.notes.is_empty();
        let trailing = gap.trailing();
        match self.rows.last_mut() {
            Some(row) => row.trailing = row.trailing.take().or(trailing),
            None => self.opening = trailing,
        }
        if begins {
            let is_first = self.rows.is_empty();
            let mut row = Row {
                empty: gap.empty && !(is_first && gap.notes.is_empty()),
                notes: gap.notes,
                ..Row::default()
            };
            if let (true, Some(first)) = (is_first, row.notes.first_mut()) {
                first.empty = false;
            }
            self.rows.push(row);
        }
        begins
    }

    /// Adds an element to the last row.
    pub fn push(&mut self, element: Element) {
        if let Some(row) = self.rows.last_mut() {
            row.elements.push(element);
        }
    }

    /// Begins a row although no line ends before it.
    pub fn begin(&mut self) {
        if self.rows.last().is_some_and(|row| !row.elements.is_empty()) {
            self.rows.push(Row::default());
        }
    }

    /// Takes the gap before what closes the block.
    pub fn close(&mut self, mut gap: Gap) {
        self.broken |= gap.newline || !gap.notes.is_empty();
        let trailing = gap.trailing();
        match self.rows.last_mut() {
            Some(row) => row.trailing = row.trailing.take().or(trailing),
            None => self.opening = trailing,
        }
        self.closing = gap.notes;
        if let (true, Some(first)) = (self.rows.is_empty(), self.closing.first_mut()) {
            first.empty = false;
        }
    }

    /// Whether nothing stands in it, not even a comment.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.opening.is_none() && self.closing.is_empty()
    }

    /// Whether it is one element without comments.
    pub fn single(&self) -> bool {
        self.rows.len() == 1 && self.rows[0].elements.len() == 1 && self.is_plain()
    }

    /// Whether it is one row without comments that is at most `width` wide.
    pub fn on_one_line(&self, width: usize) -> bool {
        self.rows.len() == 1
            && self.is_plain()
            && self.rows[0].width().is_some_and(|row| row <= width)
    }

    fn is_plain(&self) -> bool {
        let notes = |row: &Row| !row.notes.is_empty() || row.trailing.is_some();
        !self.rows.iter().any(notes) && self.opening.is_none() && self.closing.is_empty()
    }

    /// The elements of all rows, one after the other.
    pub fn into_elements(self) -> Vec<Element> {
        self.rows.into_iter().flat_map(|row| row.elements).collect()
    }

    /// Gives each element of a row that is wider than `width` a row of its own.
    pub fn split(&mut self, width: usize) {
        let mut rows = vec![];
        for mut row in self.rows.drain(..) {
            if row.elements.len() < 2 || row.width().is_some_and(|own| own <= width) {
                rows.push(row);
                continue;
            }
            self.broken = true;
            let trailing = row.trailing.take();
            for (i, element) in row.elements.into_iter().enumerate() {
                let (notes, empty) = match i {
                    0 => (std::mem::take(&mut row.notes), row.empty),
                    _ => (vec![], false),
                };
                rows.push(Row {
                    notes,
                    empty,
                    elements: vec![element],
                    trailing: None,
                });
            }
            if let Some(last) = rows.last_mut() {
                last.trailing = trailing;
            }
        }
        self.rows = rows;
    }

    /// Puts the columns of rows that follow each other under one another.
    pub fn align(&mut self) {
        let key = |row: &Row| match &row.elements[..] {
            [only] => only.column,
            _ => None,
        };
        let mut start = 0;
        while start < self.rows.len() {
            let Some((column, _)) = key(&self.rows[start]) else {
                start += 1;
                continue;
            };
            let follows = |row: &Row| {
                let apart = row.empty || row.notes.iter().any(|note| note.empty);
                !apart && key(row).is_some_and(|(own, _)| own == column)
            };
            let more = self.rows[start + 1..].iter().take_while(|row| follows(row));
            let end = start + 1 + more.count();
            let run = &mut self.rows[start..end];
            let widths = run.iter().filter_map(key).map(|(_, width)| width);
            let widest = widths.max().unwrap_or(0);
            for row in run {
                let own = key(row).map_or(widest, |(_, width)| width);
                row.elements[0].doc.pad(widest - own);
            }
            start = end;
        }
    }

    /// An empty line before and after every row that takes several lines, and before the comments above it.
    pub fn set_apart(&mut self) {
        let mut before = false;
        for (i, row) in self.rows.iter_mut().enumerate() {
            let long = row.width().is_none_or(|width| width > WIDTH);
            if i > 0 && (before || long) {
                match row.notes.first_mut() {
                    Some(first) => first.empty = true,
                    None => row.empty = true,
                }
            }
            before = long;
        }
        if let (true, Some(first)) = (before, self.closing.first_mut()) {
            first.empty = true;
        }
    }

    /// The rows on lines of their own, the first on a new line.
    pub fn broken_lines(self) -> Vec<Doc> {
        let mut parts: Vec<Doc> = self.opening.into_iter().map(Doc::Comment).collect();
        parts.push(Doc::Hard);
        let note = |parts: &mut Vec<Doc>, note: Note| {
            parts.extend(note.empty.then_some(Doc::Empty));
            parts.extend([Doc::Text(note.text), Doc::Hard]);
        };
        for row in self.rows {
            for own in row.notes {
                note(&mut parts, own);
            }
            parts.extend(row.empty.then_some(Doc::Empty));
            for (i, element) in row.elements.into_iter().enumerate() {
                if i > 0 {
                    parts.push(Doc::Text(", ".into()));
                }
                parts.push(element.doc);
            }
            parts.extend(row.trailing.map(Doc::Comment));
            parts.push(Doc::Hard);
        }
        for own in self.closing {
            note(&mut parts, own);
        }
        // The line that closes the block begins with another indentation.
        parts.pop_if(|last| matches!(last, Doc::Hard));
        parts
    }

    /// The rows on one line if they fit, with `separator` between their elements, else on lines of their own.
    pub fn lines_if_too_wide(self, separator: &'static str) -> Vec<Doc> {
        let mut parts = vec![Doc::Line];
        for (i, row) in self.rows.into_iter().enumerate() {
            if i > 0 {
                let text = separator;
                let broken = false;
                parts.extend([Doc::Only { broken, text }, Doc::Line]);
            }
            for (i, element) in row.elements.into_iter().enumerate() {
                if i > 0 {
                    parts.push(Doc::Text(format!("{separator} ")));
                }
                parts.push(element.doc);
            }
        }
        parts
    }
}
