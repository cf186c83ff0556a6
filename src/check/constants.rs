//! The file's constants, and `--set`.

use super::Messages;
use super::expression::{RESERVED, Scope, number};
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::{Source, Span};
use crate::syntax::ast::{Expr, File, Ident, ItemKind, OF_DATA};
use std::cell::RefCell;
use std::collections::HashMap;

/// `const width = 400`
#[derive(Debug, Clone)]
pub struct Constant {
    /// Its name.
    pub name: Ident,
    /// Its value; `None` if something is wrong with it, which has been said.
    pub value: Option<f64>,
}

/// The names a file declares: its constants, and others so that messages can say what they are.
#[derive(Debug, Default)]
pub struct Constants {
    list: Vec<Constant>,
    /// Where each stands in the list.
    places: HashMap<String, usize>,
    others: HashMap<String, (Span, &'static str)>,
    declared: HashMap<String, Span>,
    /// Whether the order of the text does not matter (expressions that are not in the file).
    pub(super) anywhere: bool,
}

impl Constants {
    /// Evaluates the constants of a file in their order, `sets` in place of those they name.
    pub fn new(file: &File, sets: &[(String, String)], messages: &mut Messages) -> Self {
        let mut constants = Constants::default();
        for item in &file.items {
            if let ItemKind::Const { name, .. } = &item.kind {
                let declared = constants.declared.entry(name.text.clone());
                declared.or_insert(name.span);
            }
        }
        let declared: Vec<&str> = file
            .items
            .iter()
            .filter_map(|item| match &item.kind {
                ItemKind::Const { name, .. } => Some(name.text.as_str()),
                _ => None,
            })
            .collect();
        for (name, value) in sets {
            if name == OF_DATA {
                // No file declares it: the data do.
                constants.places.insert(name.clone(), constants.list.len());
                constants.list.push(Constant {
                    name: Ident {
                        text: name.clone(),
                        span: Span::new(0, 0),
                    },
                    value: value.parse().ok(),
                });
            } else if !declared.contains(&name.as_str()) {
                messages.push(unknown_set(name, value, &declared));
            }
        }
        for item in &file.items {
            let ItemKind::Const { name, value } = &item.kind else {
                continue;
            };
            let mut value = number(
                value,
                Scope {
                    constants: &constants,
                    fans: None,
                },
                messages,
            );
            // The last of several, as with every flag.
            if let Some((_, text)) = sets.iter().rev().find(|(n, _)| *n == name.text) {
                value = constants.set(&name.text, text, messages);
            }
            if RESERVED.contains(&name.text.as_str()) {
                messages.push(
                    Diagnostic::error(
                        "E0208",
                        format!("`{}` is a word of the language", name.text),
                    )
                    .at(name.span, "")
                    .help("another name"),
                );
            } else if constants.find(&name.text).is_none() {
                // The second of two is reported with every other name used twice.
                let place = constants.list.len();
                constants.places.insert(name.text.clone(), place);
                constants.list.push(Constant {
                    name: name.clone(),
                    value,
                });
            }
        }
        constants
    }

    fn set(&mut self, name: &str, text: &str, messages: &mut Messages) -> Option<f64> {
        let refuse = |why: String| {
            Diagnostic::error("E0217", format!("`--set {name}={text}` is not a constant")).note(why)
        };
        let Some(expr) = parse(text) else {
            messages.push(refuse(format!(
                "`{text}` is not an expression such as `400` or `1 / sqrt(2)`"
            )));
            return None;
        };
        let mut inner = Messages::default();
        self.anywhere = true;
        let value = number(
            &expr,
            Scope {
                constants: self,
                fans: None,
            },
            &mut inner,
        );
        self.anywhere = false;
        for message in inner.sorted() {
            messages.push(refuse(message.title));
        }
        value
    }

    /// The constant called `name`.
    pub fn find(&self, name: &str) -> Option<&Constant> {
        self.places.get(name).map(|place| &self.list[*place])
    }

    /// Where a constant is declared that has no value yet: further below.
    pub(super) fn later(&self, name: &str) -> Option<Span> {
        let known = self.find(name).is_some();
        self.declared.get(name).filter(|_| !known).copied()
    }

    /// The names, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|c| c.name.text.as_str())
    }

    /// Notes what another name of the file is: `a value of the network`.
    pub fn note_other(&mut self, name: &Ident, what: &'static str) {
        let other = self.others.entry(name.text.clone());
        other.or_insert((name.span, what));
    }

    pub(super) fn other(&self, name: &str) -> Option<(Span, &'static str)> {
        self.others.get(name).copied()
    }

    /// Whether the file declares `name`, as whatever.
    pub fn is_declared(&self, name: &str) -> bool {
        self.find(name).is_some() || self.other(name).is_some()
    }
}

fn unknown_set(name: &str, value: &str, declared: &[&str]) -> Diagnostic {
    let message = Diagnostic::error(
        "E0217",
        format!("`--set {name}={value}`: the file has no constant `{name}`"),
    );
    let message = match nearest(name, declared.iter().copied()) {
        Some(near) => message.help(format!("`--set {near}={value}`")),
        None => message,
    };
    message.note(match declared {
        [] => format!("the file declares none; `const {name} = …` in it would"),
        _ => format!("its constants: {}", crate::words::list(declared)),
    })
}

/// A default of a signature; each is parsed once.
pub(super) fn parse_default(text: &'static str) -> Option<Expr> {
    thread_local! {
        static PARSED: RefCell<HashMap<&'static str, Option<Expr>>> = RefCell::default();
    }
    let known = PARSED.with_borrow(|parsed| parsed.get(text).cloned());
    known.unwrap_or_else(|| {
        let expr = parse(text);
        PARSED.with_borrow_mut(|parsed| parsed.insert(text, expr.clone()));
        expr
    })
}

/// An expression that does not stand in the file: of a flag, or a default of a signature.
pub(super) fn parse(text: &str) -> Option<Expr> {
    if text.contains(['\n', '#']) {
        return None;
    }
    let source = Source {
        name: String::new(),
        text: format!("const value = {text}"),
    };
    match crate::syntax::parse(&source).ok()?.items.pop()?.kind {
        ItemKind::Const { value, .. } => Some(value),
        _ => None,
    }
}
