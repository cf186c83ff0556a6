//! Long formulas over several lines.

use super::{Class, Maths};

/// A line of a formula that takes several.
#[derive(Debug, PartialEq)]
pub struct Line {
    /// Its beginning.
    pub start: Start,
    /// The pieces of each clause that stands on it.
    pub clauses: Vec<Vec<Maths>>,
}

/// What a line begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A clause.
    Clause {
        /// Whether a relation follows the first piece of the clause, at which lines are aligned.
        aligned: bool,
    },
    /// A relation of the clause above.
    Relation,
    /// An operator of the clause above.
    Operator,
}

impl Line {
    fn new(start: Start) -> Self {
        Line {
            start,
            clauses: vec![vec![]],
        }
    }
}

impl Maths {
    /// Its lines of at most `limit` signs where it can be broken: before a clause, else before a relation
    /// or a sum of it. `hanging` lines stand under the relation of their clause.
    pub fn lines(&self, limit: usize, hanging: bool) -> Vec<Line> {
        let length = |piece: &Maths| piece.plain().chars().count() + 1;
        let mut lines: Vec<Line> = Vec::new();
        let mut used = 0;
        for clause in self.clauses() {
            let aligned = clause.get(1).is_some_and(Maths::starts_with_relation);
            match lines.last_mut() {
                Some(line) if used + clause.iter().map(length).sum::<usize>() <= limit => {
                    line.clauses.push(vec![]);
                }
                _ => {
                    lines.push(Line::new(Start::Clause { aligned }));
                    used = 0;
                }
            }
            let indent = if aligned && hanging {
                length(&clause[0])
            } else {
                0
            };
            for (index, piece) in clause.into_iter().enumerate() {
                // A hanging clause keeps the relation that the lines under it are aligned with.
                if index > usize::from(hanging) && used + length(&piece) > limit {
                    let relation = hanging && piece.starts_with_relation();
                    let (start, further) = match relation {
                        true => (Start::Relation, 0),
                        false => (Start::Operator, 4),
                    };
                    lines.push(Line::new(start));
                    used = indent + further;
                }
                used += length(&piece);
                let clause = lines.last_mut().and_then(|line| line.clauses.last_mut());
                clause.expect("each line has a clause").push(piece);
            }
        }
        lines
    }

    /// The pieces of each of its clauses. All pieces together are the formula.
    pub(super) fn clauses(&self) -> Vec<Vec<Maths>> {
        clauses(self.items()).into_iter().map(pieces).collect()
    }

    fn starts_with_relation(&self) -> bool {
        let mut items = self.items().iter();
        items
            .find(|item| **item != Maths::Row(vec![]))
            .is_some_and(Maths::is_relation)
    }

    /// Whether it is a relation between two sides: the stroke of a condition is none.
    fn is_relation(&self) -> bool {
        self.class() == Class::Relation && !self.is_symbol("|")
    }

    fn is_additive(&self) -> bool {
        matches!(self, Maths::Symbol(symbol) if matches!(symbol.word, "+" | "-" | "compose"))
    }
}

/// A clause is a part between commas with a relation of its own: `w = a + b, b > 0` has two.
pub(super) fn clauses(items: &[Maths]) -> Vec<&[Maths]> {
    let relates = |items: &[Maths]| items.iter().any(Maths::is_relation);
    let mut clauses = Vec::new();
    let (mut start, mut end) = (0, 0);
    for part in items.split_inclusive(|item| item.is_symbol(",")) {
        if relates(&items[start..end]) && relates(part) {
            clauses.push(&items[start..end]);
            start = end;
        }
        end += part.len();
    }
    clauses.push(&items[start..]);
    clauses
}

/// A clause cut before the relations, sums, differences and compositions that no bracket holds.
fn pieces(clause: &[Maths]) -> Vec<Maths> {
    let mut pieces: Vec<Vec<Maths>> = Vec::new();
    let mut operand = true;
    for item in clause {
        let cut = match item.class() {
            Class::Relation => item.is_relation(),
            Class::Binary => !operand && item.is_additive(),
            _ => false,
        };
        operand = item.class() > Class::Big;
        match pieces.last_mut() {
            Some(piece) if !cut => piece.push(item.clone()),
            // An operator after nothing would be a sign.
            Some(_) => pieces.push(vec![Maths::Row(vec![]), item.clone()]),
            None => pieces.push(vec![item.clone()]),
        }
    }
    pieces.into_iter().map(Maths::Row).collect()
}
