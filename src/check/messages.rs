//! The messages about one file.

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Span;
use std::collections::HashSet;

/// The messages collected so far.
#[derive(Debug, Default)]
pub struct Messages {
    list: Vec<Diagnostic>,
    /// The code and place of each; the title in place of no place.
    said: HashSet<(&'static str, Option<Span>, String)>,
    /// The uses of blocks that are being read, the innermost last.
    within: Vec<Use>,
}

/// The use of a block.
#[derive(Debug, Clone)]
pub struct Use {
    /// The block.
    pub block: String,
    /// The whole of it.
    pub body: Span,
    /// Where it is used.
    pub used: Span,
    /// Where its name is written: elsewhere, if the use is an argument of another block.
    pub named: Span,
    /// The line of the block that is being read.
    pub at: Span,
}

/// Of more uses in each other than this, the innermost are shown.
const MOST_USES: usize = 4;

impl Messages {
    /// Adds a message, unless the same was said of the same place: a default is read again for
    /// every parameter it holds for, and is wrong once.
    ///
    /// In a block, it shows where the block is used, and the line of the block where what is wrong is an argument of
    /// the use.
    pub fn push(&mut self, mut message: Diagnostic) {
        let place = primary(&message);
        let title = match place {
            None => message.title.clone(),
            Some(_) => String::new(),
        };
        if self.said.insert((message.code, place, title)) {
            for (depth, of) in self.within.iter().rev().take(MOST_USES).enumerate() {
                let Some(place) = place else { break };
                let block = &of.block;
                if depth == 0 && !of.body.holds(place) {
                    message = message.context(of.at, format!("in `{block}`, here"));
                }
                if of.used != place {
                    message = message.context(of.used, format!("`{block}` is used here"));
                }
            }
            self.list.push(message);
        }
    }

    /// What is said from now on is said of a block's use.
    pub fn enter(&mut self, of: Use) {
        self.within.push(of);
    }

    /// The end of a block's use.
    pub fn leave(&mut self) {
        self.within.pop();
    }

    /// The line that is being read.
    pub fn at(&mut self, line: Span) {
        if let Some(of) = self.within.last_mut() {
            of.at = line;
        }
    }

    /// The blocks that are being read, each with the place of its use, the outermost first.
    pub fn uses(&self) -> Vec<(String, Span)> {
        let uses = self.within.iter();
        uses.map(|of| (of.block.clone(), of.used)).collect()
    }

    /// Whether a block's use is being read.
    pub fn is_within(&self) -> bool {
        !self.within.is_empty()
    }

    /// Whether a place lies in what is being read: in the block, or outside all of them in the network.
    pub fn is_here(&self, place: Span) -> bool {
        let innermost = self.within.last();
        innermost.is_none_or(|of| of.body.holds(place))
    }

    /// The blocks from `block` on in each of which the next is written, and in the last `named`, a use of `block` again.
    pub fn circle(&self, block: &str, named: Span) -> Option<Vec<&str>> {
        let (mut around, mut named) = (&self.within[..], named);
        let mut circle = vec![];
        loop {
            let writer = around.iter().rposition(|of| of.body.holds(named))?;
            let of = &around[writer];
            circle.insert(0, of.block.as_str());
            if of.block == block {
                return Some(circle);
            }
            (around, named) = (&around[..writer], of.named);
        }
    }

    /// Adds a replacement to what was last said, if that was of an argument missing at `place`.
    pub fn mend(&mut self, place: Span, help: String, span: Span, text: String) {
        if let Some(message) = self.list.last_mut()
            && message.code == "E0204"
            && primary(message) == Some(place)
        {
            message.helps.push(crate::diagnostic::Help {
                text: help,
                patch: Some((span, text)),
            });
        }
    }

    /// Whether one of them is an error.
    pub fn failed(&self) -> bool {
        self.list.iter().any(|m| m.severity == Severity::Error)
    }

    /// Number of messages.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// In the order of their places; those without a place last.
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.list
            .sort_by_key(|m| primary(m).map_or((usize::MAX, 0), |span| (span.start, span.end)));
        self.list
    }
}

fn primary(message: &Diagnostic) -> Option<Span> {
    message
        .labels
        .iter()
        .find(|label| label.primary)
        .map(|label| label.span)
}
