//! JSON lines, some at a time.

use super::{Column, Table, nested};
use crate::data::error::Faults;
use crate::data::sheet::text::Text;
use crate::data::sheet::typed::refuse_sparse;
use crate::data::sheet::typed_pieces::Source;
use crate::data::sheet::{Builder, Role};
use crate::diagnostic::Result;
use std::path::{Path, PathBuf};

/// The lines, some at a time.
pub(in crate::data::sheet) struct Lines {
    path: PathBuf,
    text: Text,
    table: Table,
    /// Rows so far.
    rows: usize,
}

impl Lines {
    /// Of a text, whose columns begin with these.
    pub(in crate::data::sheet) fn new(path: &Path, text: Text, header: &[String]) -> Lines {
        let mut table = Table::default();
        for name in header {
            table.places.insert(name.clone(), table.columns.len());
            table.columns.push(Column {
                name: name.trim().to_owned(),
                cells: Builder::default(),
                nested: None,
            });
        }
        Lines {
            path: path.to_owned(),
            text,
            table,
            rows: 0,
        }
    }

    /// The keys, as they are written.
    fn keys(&self) -> Vec<String> {
        let mut keys: Vec<(&String, &usize)> = self.table.places.iter().collect();
        keys.sort_by_key(|(_, place)| **place);
        keys.into_iter().map(|(key, _)| key.clone()).collect()
    }
}

impl Source for Lines {
    fn header(&self) -> Vec<String> {
        self.keys()
    }

    fn next(&mut self, most: usize) -> Result<Option<(Vec<Builder>, Vec<u32>)>> {
        let (path, table) = (&self.path, &mut self.table);
        while table.lines.len() < most {
            let text = self.text.read();
            let end = match text.find('\n') {
                Some(end) => end + 1,
                None if self.text.ended && !text.is_empty() => text.len(),
                // What has come is not to wait for more.
                None if self.text.is_pipe() && !table.lines.is_empty() => break,
                None => match self.text.more()? {
                    true => continue,
                    false if self.text.read().is_empty() => break,
                    false => continue,
                },
            };
            table.take(path, self.text.line as u32, &text[..end])?;
            self.text.take(end);
        }
        let lines = std::mem::take(&mut table.lines);
        self.rows += lines.len();
        refuse_sparse(path, self.rows, table.columns.len(), table.present)?;
        if lines.is_empty() {
            return Ok(None);
        }
        let columns = table.columns.iter_mut();
        let columns = columns.map(|column| {
            let mut cells = std::mem::take(&mut column.cells);
            cells.pad(lines.len());
            cells
        });
        Ok(Some((columns.collect(), lines)))
    }

    fn refuse(&self, roles: &[Role]) -> Result<()> {
        let mut faults = Faults::default();
        for (column, role) in self.table.columns.iter().zip(roles) {
            if let (Some(line), Role::Read { .. }) = (column.nested, role) {
                faults.add(|| nested(&self.path, line, &column.name));
            }
        }
        faults.finish("such columns")
    }

    fn said(&self) -> Option<&'static str> {
        self.text.marked.then_some("UTF-8 with a byte-order mark")
    }
}
