//! A class of PyTorch or Keras whose `forward` calls its layers one after another.

use super::parser::{Argument, Expr, ExprKind};
use super::statements::Statement;
use crate::source::Span;
use std::collections::HashMap;

/// The layers in the order in which the last `forward` calls them; none of a program without such a class. What it does
/// beside that is noted, and so are other classes that have one.
pub(super) fn layers(statements: &[Statement], notes: &mut Vec<(Span, String)>) -> Vec<Expr> {
    let is_forward = |statement: &Statement| match &statement.value.kind {
        ExprKind::Definition(name) => ["forward", "call"].contains(&name.as_str()),
        _ => false,
    };
    let forwards = statements.iter().enumerate();
    let forwards: Vec<usize> = forwards
        .filter(|(_, s)| is_forward(s))
        .map(|(at, _)| at)
        .collect();
    let Some((last, others)) = forwards.split_last() else {
        return vec![];
    };
    // What the class of another `forward` makes is none of this one's.
    let class = &statements[others.last().map_or(0, |before| before + 1)..];
    let named = class.iter().filter_map(|statement| {
        let name = statement
            .target
            .as_deref()
            .filter(|name| name.starts_with("self."))?;
        statement.value.call().map(|_| (name, &statement.value))
    });
    let own: HashMap<&str, &Expr> = named.collect();
    let (head, body) = (&statements[*last], &statements[last + 1..]);
    let mut found = Found {
        own,
        layers: vec![],
        uses_own: false,
        notes: vec![],
    };
    for other in others {
        let note =
            "the layers of this class are not in the draft: it has those of the program's last one";
        found
            .notes
            .push((statements[*other].value.span, note.into()));
    }
    for statement in body
        .iter()
        .take_while(|statement| statement.column > head.column)
    {
        if let Some(word) = &statement.inside {
            let note = format!("this stands under `{word}`: the draft takes it once");
            found.notes.push((statement.value.span, note));
        }
        found.take(&statement.value);
    }
    match found.uses_own {
        false => vec![],
        true => {
            notes.extend(found.notes);
            found.layers
        }
    }
}

struct Found<'a> {
    /// The layers that the class makes, by their names.
    own: HashMap<&'a str, &'a Expr>,
    layers: Vec<Expr>,
    /// Whether one of them is called.
    uses_own: bool,
    notes: Vec<(Span, String)>,
}

impl Found<'_> {
    /// Takes the layers of a value, the innermost first.
    fn take(&mut self, value: &Expr) {
        let ExprKind::Call { callee, arguments } = &value.kind else {
            // A name, or a comment in quotes.
            if !matches!(value.kind, ExprKind::Name(_) | ExprKind::Text(_)) {
                let note = "what is done here beside calling layers is not translated";
                self.notes.push((value.span, note.into()));
            }
            return;
        };
        let ExprKind::Name(name) = &callee.kind else {
            let note = "the draft does not follow calls of what a call gives; what stands here is left out";
            return self.notes.push((value.span, note.into()));
        };
        let (owner, word) = name.rsplit_once('.').unwrap_or(("", name));
        // `x.view(-1, 320)`
        let is_view = ["view", "reshape", "flatten"].contains(&word);
        let is_of_value =
            is_view && !["torch", "F", "nn.functional", "torch.nn.functional"].contains(&owner);
        if is_of_value && !self.own.contains_key(name.as_str()) {
            return self.layers.push(layer("flatten", &[], value.span));
        }
        // `x.relu()`
        let Some((first, rest)) = arguments.split_first() else {
            return self.layers.push(layer(word, &[], value.span));
        };
        self.take(&first.value);
        match self.own.get(name.as_str()) {
            Some(layer) => {
                self.uses_own = true;
                self.layers.push((*layer).clone());
            }
            None if is_view => self.layers.push(layer("flatten", &[], value.span)),
            // `F.max_pool2d(x, 2)`; the axis of a softmax is the last.
            None if word.ends_with("softmax") => self.layers.push(layer(word, &[], value.span)),
            None => {
                let is_training = |given: &&Argument| given.name.as_deref() != Some("training");
                let rest: Vec<Argument> = rest.iter().filter(is_training).cloned().collect();
                self.layers.push(layer(word, &rest, value.span));
            }
        }
    }
}

/// A function of PyTorch as the layer of its name.
fn layer(word: &str, arguments: &[Argument], span: Span) -> Expr {
    let callee = Expr {
        kind: ExprKind::Name(format!("nn.{word}")),
        span,
    };
    Expr {
        kind: ExprKind::Call {
            callee: Box::new(callee),
            arguments: arguments.to_vec(),
        },
        span,
    }
}
