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

impl Maths {
    /// Its lines of at most `limit` signs where it can be broken: before a clause, else before a relation
    /// or a sum of it. `hanging` lines stand under the relation of their clause.
    pub fn lines(&self, limit: usize, hanging: bool) -> Vec<Line> {
        let length = |piece: &Maths| piece.plain().chars().count() + 1;
        let mut lines: Vec<Line> = Vec::new();
        let mut used = 0;
        for clause in self.clauses() {
            let aligned = clause.get(1).is_some_and(Maths::starts_with_relation);
            let indent = if aligned && hanging {
                length(&clause[0])
            } else {
                0
            };
            let clause_length: usize = clause.iter().map(length).sum();
            match lines.last_mut() {
                Some(line) if used + clause_length <= limit => line.clauses.push(vec![]),
                _ => {
                    lines.push(Line {
                        start: Start::Clause { aligned },
                        clauses: vec![vec![]],
                    });
                    used = 0;
                }
            }
            for (index, piece) in clause.into_iter().enumerate() {
                // A hanging clause keeps the relation that the lines under it are aligned with.
                if index > usize::from(hanging) && used + length(&piece) > limit {
                    let relation = hanging && piece.starts_with_relation();
                    let start = if relation {
                        Start::Relation
                    } else {
                        Start::Operator
                    };
                    lines.push(Line {
                        start,
                        clauses: vec![vec![]],
                    });
                    used = indent + if relation { 0 } else { 4 };
                }
                used += length(&piece);
                let clause = lines.last_mut().and_then(|line| line.clauses.last_mut());
                clause.expect("each line has a clause").push(piece);
            }
        }
        lines
    }

    /// Its clauses, each cut before the relations, sums, differences and compositions that no bracket
    /// holds. All pieces together are the formula.
    pub(super) fn clauses(&self) -> Vec<Vec<Maths>> {
        let items = self.items();
        let ends = clause_ends(items);
        let mut clauses: Vec<Vec<Maths>> = vec![vec![]];
        let mut piece: Vec<Maths> = Vec::new();
        let mut operand = true;
        for (at, item) in items.iter().enumerate() {
            let cut = match item.class() {
                Class::Relation => item.is_relation(),
                Class::Binary => !operand && item.is_additive(),
                _ => false,
            };
            operand = item.class() > Class::Big;
            if cut && !piece.is_empty() {
                // An operator after nothing would be a sign.
                let next = vec![Maths::Row(vec![])];
                push(&mut clauses, std::mem::replace(&mut piece, next));
            }
            piece.push(item.clone());
            if ends.contains(&at) {
                push(&mut clauses, std::mem::take(&mut piece));
                clauses.push(vec![]);
            }
        }
        push(&mut clauses, piece);
        clauses
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

fn push(clauses: &mut [Vec<Maths>], piece: Vec<Maths>) {
    let clause = clauses.last_mut().expect("there is a first clause");
    clause.push(Maths::Row(piece));
}

/// The commas after which another clause begins. A clause is a part between commas with a relation of its
/// own: `w = a + b, b > 0`.
pub(super) fn clause_ends(items: &[Maths]) -> Vec<usize> {
    let relates = |items: &[Maths]| items.iter().any(Maths::is_relation);
    let mut commas: Vec<usize> = (0..items.len())
        .filter(|at| items[*at].is_symbol(","))
        .collect();
    commas.push(items.len());
    let (mut ends, mut start) = (Vec::new(), 0);
    for pair in commas.windows(2) {
        if relates(&items[start..pair[0]]) && relates(&items[pair[0] + 1..pair[1]]) {
            ends.push(pair[0]);
            start = pair[0] + 1;
        }
    }
    ends
}
