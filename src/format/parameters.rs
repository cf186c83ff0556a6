//! The settings of parameters: shared ones, and groups of one parameter's own.

use super::doc::Doc;
use super::layout::{Layout, column};
use super::rows::{Column, Element, Rows};
use crate::syntax::{Rule, Tree};

/// A parameter and the settings that are its own.
struct Group {
    head: Vec<Doc>,
    width: usize,
    rows: Rows,
}

impl Layout<'_> {
    /// `{ prior = …, kernel: prior = … }`
    pub(super) fn parameters(&mut self, tree: &Tree) -> Doc {
        let [open, .., close] = &tree.children[..] else {
            return Doc::Sequence(vec![]);
        };
        let open = self.token(open, tree.rule);
        self.depth += 1;
        let mut rows = Rows::default();
        let mut group: Option<Group> = None;
        for entry in tree.children.iter().filter(|part| part.rule == Rule::entry) {
            let (parameter, setting) = match &entry.children[..] {
                [name, colon, .., setting] => (Some((name, colon)), setting),
                [setting] => (None, setting),
                _ => continue,
            };
            let gap = self.gap(entry.span.start);
            if let Some((name, colon)) = parameter {
                self.end(group.take(), &mut rows);
                rows.gap(gap);
                rows.begin();
                let mut head = self.token(name, Rule::entry);
                self.before = None;
                head.extend(self.token(colon, Rule::entry));
                let width = name.span.end - name.span.start;
                let mut own = Rows::default();
                own.gap(self.gap(setting.span.start));
                own.broken = false;
                group = Some(Group {
                    head,
                    width,
                    rows: own,
                });
            } else {
                group
                    .as_mut()
                    .map_or(&mut rows, |group| &mut group.rows)
                    .gap(gap);
            }
            let doc = self.node(setting, Rule::entry);
            let column = column(setting);
            let rows = group.as_mut().map_or(&mut rows, |group| &mut group.rows);
            rows.push(Element { doc, column });
        }
        // What ends the last group's line is taken with the gap before the brace.
        self.end(group, &mut rows);
        self.braces(open, rows, close, tree.rule, ",")
    }

    /// Adds a parameter with its settings: on one line if they stand on one and fit, else below the parameter.
    fn end(&self, group: Option<Group>, rows: &mut Rows) {
        let Some(mut group) = group else {
            return;
        };
        let mut doc = group.head;
        let room = self.room().saturating_sub(group.width + ": ".len());
        if group.rows.single() || group.rows.on_one_line(room) {
            doc.push(Doc::Blank);
            for (i, element) in group.rows.into_elements().into_iter().enumerate() {
                if i > 0 {
                    doc.push(Doc::Text(", ".into()));
                }
                doc.push(element.doc);
            }
        } else {
            group.rows.split(self.room().saturating_sub(2));
            group.rows.align();
            doc.push(Doc::Indent(group.rows.broken_lines()));
            rows.broken = true;
            rows.push(Element {
                doc: Doc::Sequence(doc),
                column: None,
            });
            return;
        }
        rows.push(Element {
            doc: Doc::Sequence(doc),
            column: Some((Column::Group, group.width)),
        });
    }
}
