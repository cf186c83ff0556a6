//! The tree of a file as a document: which token is followed by a blank, and where lines may end.

use super::doc::Doc;
use super::gap::Gap;
use super::rows::{Column, Element, Rows, WIDTH};
use crate::syntax::{Rule, Tree};

/// Lays a file out.
pub(super) fn file(text: &str, tree: &Tree) -> Doc {
    let mut layout = Layout {
        text,
        done: 0,
        before: None,
        depth: 0,
    };
    let mut rows = Rows::default();
    for item in tree.children.iter().filter(|part| part.rule == Rule::item) {
        rows.gap(layout.gap(item.span.start));
        let doc = layout.node(item, Rule::file);
        let declared = &item.children[0];
        let column = column(declared).filter(|_| doc.width().is_some_and(|own| own <= WIDTH));
        rows.push(Element { doc, column });
    }
    rows.close(layout.gap(text.len()));
    rows.align();
    rows.set_apart();
    Doc::Sequence(rows.broken_lines())
}

/// The column of a declaration, a step or a setting, and the width of what stands before it.
pub(super) fn column(tree: &Tree) -> Option<(Column, usize)> {
    let width = |rule| {
        let part = tree.children.iter().find(|part| part.rule == rule)?;
        Some(part.span.end - part.span.start)
    };
    Some(match tree.rule {
        Rule::constant => (Column::Constant, width(Rule::name)?),
        Rule::input => (Column::Data, width(Rule::input_keyword)?),
        Rule::target => (Column::Data, width(Rule::target_keyword)?),
        Rule::latent => (Column::Latent, width(Rule::name)?),
        Rule::observe => (Column::Observe, width(Rule::name)?),
        Rule::step => (Column::Step, width(Rule::name)?),
        Rule::setting => (Column::Setting, width(Rule::setting_name)?),
        _ => return None,
    })
}

/// Whether a token stands between others and is printed with them.
fn is_separator(tree: &Tree) -> bool {
    matches!(tree.rule, Rule::newline | Rule::comma | Rule::EOI)
}

/// A file that is laid out, token by token.
pub(super) struct Layout<'a> {
    text: &'a str,
    /// What stands before is printed, comments included.
    done: usize,
    /// The token before and the rule that it stands in, where a blank may follow.
    pub(super) before: Option<(Rule, Rule)>,
    /// How many blocks it stands in.
    pub(super) depth: usize,
}

impl Layout<'_> {
    /// What stands between the last token and the one at `start`.
    pub(super) fn gap(&mut self, start: usize) -> Gap {
        let gap = Gap::of(&self.text[self.done..start], self.done == 0);
        self.done = start;
        self.before = None;
        gap
    }

    /// The width that a row has here.
    pub(super) fn room(&self) -> usize {
        WIDTH.saturating_sub(2 * self.depth)
    }

    pub(super) fn node(&mut self, tree: &Tree, parent: Rule) -> Doc {
        match tree.rule {
            Rule::steps | Rule::settings => self.block(&tree.children, parent),
            Rule::parameter_settings => self.parameters(tree),
            Rule::arguments | Rule::axes | Rule::list | Rule::block_parameters => {
                self.list(&tree.children, tree.rule)
            }
            Rule::parenthesised => self.parenthesised(tree),
            Rule::expression | Rule::inner_expression => self.expression(tree),
            Rule::latent => self.latent(tree),
            Rule::on => self.split(tree, Rule::left_paren),
            Rule::concat => self.split(tree, Rule::left_brace),
            _ if tree.children.is_empty() => Doc::Sequence(self.token(tree, parent)),
            _ => Doc::Sequence(self.sequence(&tree.children, tree.rule)),
        }
    }

    fn sequence(&mut self, children: &[Tree], parent: Rule) -> Vec<Doc> {
        let parts = children.iter().filter(|part| !is_separator(part));
        parts.map(|part| self.node(part, parent)).collect()
    }

    /// A token with the blank and the comments before it, and a pad where a column begins.
    pub(super) fn token(&mut self, tree: &Tree, parent: Rule) -> Vec<Doc> {
        let notes = Gap::of(&self.text[self.done..tree.span.start], self.done == 0).notes;
        self.done = tree.span.end;
        let mut parts = vec![];
        if self
            .before
            .is_some_and(|before| is_apart(before, tree.rule, parent))
        {
            parts.push(Doc::Blank);
        }
        for note in notes {
            parts.push(match note.own_line {
                true => Doc::Sequence(vec![Doc::Hard, Doc::Text(note.text)]),
                false => Doc::Comment(note.text),
            });
            parts.push(Doc::Hard);
        }
        parts.push(Doc::Text(
            self.text[tree.span.start..tree.span.end].to_owned(),
        ));
        let begins_column = match parent {
            Rule::constant | Rule::latent | Rule::observe | Rule::step => tree.rule == Rule::name,
            Rule::input => tree.rule == Rule::input_keyword,
            Rule::target => tree.rule == Rule::target_keyword,
            Rule::setting => tree.rule == Rule::setting_name,
            Rule::entry => tree.rule == Rule::colon,
            _ => false,
        };
        parts.extend(begins_column.then_some(Doc::Pad(0)));
        self.before = Some((tree.rule, parent));
        parts
    }

    /// The comments before the next token, then a place to break.
    fn line(&mut self, start: usize, place: Doc) -> Vec<Doc> {
        let notes = self.gap(start).notes;
        if notes.is_empty() {
            return vec![place];
        }
        let mut parts = vec![];
        for note in notes {
            parts.push(match note.own_line {
                true => Doc::Sequence(vec![Doc::Hard, Doc::Text(note.text)]),
                false => Doc::Comment(note.text),
            });
        }
        parts.push(Doc::Hard);
        parts
    }

    /// `(64, kernel = 5)`, `[1, 2]`: on one line, or an entry a line.
    fn list(&mut self, children: &[Tree], rule: Rule) -> Doc {
        let [open, .., close] = children else {
            return Doc::Sequence(vec![]);
        };
        let mut parts = self.token(open, rule);
        let entries = children[1..children.len() - 1].iter();
        let entries: Vec<&Tree> = entries.filter(|part| !is_separator(part)).collect();
        let mut inside = vec![];
        for (i, entry) in entries.iter().enumerate() {
            if i > 0 {
                inside.push(Doc::Text(",".into()));
            }
            let place = if i == 0 { Doc::SoftLine } else { Doc::Line };
            inside.extend(self.line(entry.span.start, place));
            inside.push(self.node(entry, rule));
        }
        if !entries.is_empty() {
            let (broken, text) = (true, ",");
            inside.push(Doc::Only { broken, text });
        }
        let mut end = self.line(close.span.start, Doc::SoftLine);
        let closes = end.pop();
        inside.extend(end);
        parts.push(Doc::Indent(inside));
        parts.extend(closes);
        parts.extend(self.token(close, rule));
        Doc::Group(parts)
    }

    /// `(1 + 2)`
    fn parenthesised(&mut self, tree: &Tree) -> Doc {
        let mut parts = vec![];
        let mut inside = vec![];
        for part in tree.children.iter().filter(|part| !is_separator(part)) {
            match part.rule {
                Rule::left_paren => parts.extend(self.token(part, tree.rule)),
                Rule::right_paren => {
                    let mut end = self.line(part.span.start, Doc::SoftLine);
                    let closes = end.pop();
                    inside.extend(end);
                    parts.push(Doc::Indent(std::mem::take(&mut inside)));
                    parts.extend(closes);
                    parts.extend(self.token(part, tree.rule));
                }
                _ => {
                    inside.extend(self.line(part.span.start, Doc::SoftLine));
                    inside.push(self.node(part, tree.rule));
                }
            }
        }
        Doc::Group(parts)
    }

    /// `a + b`: a line may end after an operator.
    fn expression(&mut self, tree: &Tree) -> Doc {
        let mut first = vec![];
        let mut more = vec![];
        let mut after_operator = false;
        for part in tree.children.iter().filter(|part| !is_separator(part)) {
            let parts = if more.is_empty() && part.rule != Rule::operator {
                &mut first
            } else {
                &mut more
            };
            if std::mem::replace(&mut after_operator, part.rule == Rule::operator) {
                parts.extend(self.line(part.span.start, Doc::Line));
            }
            parts.push(self.node(part, tree.rule));
        }
        if more.is_empty() {
            return Doc::Sequence(first);
        }
        first.push(Doc::Indent(more));
        Doc::Group(first)
    }

    /// `latent tau ~ Normal(0, 1), posterior = …`: a line may end after a comma.
    fn latent(&mut self, tree: &Tree) -> Doc {
        let mut head = vec![];
        let mut family = vec![];
        let mut settings = vec![];
        for part in tree.children.iter().filter(|part| !is_separator(part)) {
            match part.rule {
                Rule::setting => {
                    settings.push(Doc::Text(",".into()));
                    settings.extend(self.line(part.span.start, Doc::Line));
                    settings.push(self.node(part, tree.rule));
                }
                Rule::distribution => family.push(self.node(part, tree.rule)),
                _ => head.push(self.node(part, tree.rule)),
            }
        }
        family.push(Doc::Indent(settings));
        head.push(Doc::Group(family));
        Doc::Sequence(head)
    }

    /// `on (a, b)`, `concat { … }`: words, then brackets.
    fn split(&mut self, tree: &Tree, bracket: Rule) -> Doc {
        let at = tree.children.iter().position(|part| part.rule == bracket);
        let (words, brackets) = tree.children.split_at(at.unwrap_or(tree.children.len()));
        let mut parts = self.sequence(words, tree.rule);
        if !brackets.is_empty() {
            parts.push(match bracket {
                Rule::left_paren => self.list(brackets, tree.rule),
                _ => self.block(brackets, tree.rule),
            });
        }
        Doc::Sequence(parts)
    }

    /// `{ … }`, its braces among `children`.
    fn block(&mut self, children: &[Tree], parent: Rule) -> Doc {
        let [open, .., close] = children else {
            return Doc::Sequence(vec![]);
        };
        let open = self.token(open, parent);
        self.depth += 1;
        let mut rows = Rows::default();
        let mut branches = false;
        for part in children[1..children.len() - 1].iter() {
            if is_separator(part) {
                continue;
            }
            branches = part.rule == Rule::branch;
            rows.gap(self.gap(part.span.start));
            if branches {
                rows.begin();
            }
            let doc = self.node(part, parent);
            let fits = |column: &(Column, usize)| {
                column.0 != Column::Step || doc.width().is_some_and(|own| own <= self.room())
            };
            let column = column(part).filter(fits);
            rows.push(Element { doc, column });
        }
        let separator = if branches { "" } else { "," };
        self.braces(open, rows, close, parent, separator)
    }

    /// A block of these rows.
    pub(super) fn braces(
        &mut self,
        open: Vec<Doc>,
        mut rows: Rows,
        close: &Tree,
        parent: Rule,
        separator: &'static str,
    ) -> Doc {
        rows.close(self.gap(close.span.start));
        let is_empty = rows.is_empty();
        rows.split(self.room());
        rows.align();
        self.depth -= 1;
        let mut parts = open;
        let broken = rows.broken && !is_empty;
        match (is_empty, broken) {
            (true, _) => parts.push(Doc::Text(" ".into())),
            (_, true) => parts.extend([Doc::Indent(rows.broken_lines()), Doc::Hard]),
            (_, false) => {
                let inside = rows.lines_if_too_wide(separator);
                parts.extend([Doc::Indent(inside), Doc::Line]);
            }
        }
        self.before = None;
        parts.extend(self.token(close, parent));
        Doc::Group(parts)
    }
}

/// Whether a blank stands between the token before and the next.
fn is_apart((before, within): (Rule, Rule), next: Rule, parent: Rule) -> bool {
    match next {
        _ if before == Rule::minus => false,
        _ if within == Rule::slice_end || parent == Rule::slice_end => false,
        Rule::comma | Rule::colon | Rule::right_bracket | Rule::right_paren => false,
        Rule::left_paren => matches!(parent, Rule::on | Rule::parenthesised),
        Rule::left_bracket => parent == Rule::list,
        _ => !matches!(before, Rule::left_bracket | Rule::left_paren),
    }
}
