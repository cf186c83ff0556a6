//! Names of values by path: `stage2.1.conv1`.

use super::Lower;
use super::blocks::Given;
use crate::check::words;
use crate::diagnostic::Diagnostic;
use crate::ir::arena::Handle;
use crate::ir::model::Node;
use crate::source::Span;
use crate::syntax::ast::{Ident, Operation, Step};
use std::collections::HashMap;
use std::rc::Rc;

/// Layers that are named and numbered together: those of the network, of a block's use, of one round of a `repeat`,
/// of a branch, or of a composition with a name. A residual without a name belongs to what is around it.
#[derive(Default)]
pub(super) struct Namespace {
    /// `stage2.1`; empty for the network.
    path: String,
    /// The number that the next unnamed value of each kind has.
    numbers: HashMap<String, usize>,
    /// The names that are declared here, with their places.
    declared: HashMap<String, Span>,
    /// What the block is given whose use this is.
    given: Option<Rc<Given>>,
    /// Whether values around it are known in it: not in a block.
    is_open: bool,
}

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Named {
    Value(Value),
    /// A value with which something is wrong, which has been said.
    Broken,
}

/// A value, and the path that its name has where it is declared.
#[derive(Clone)]
pub(super) struct Value {
    pub node: Handle<Node>,
    pub path: String,
}

impl Named {
    pub fn node(&self) -> Option<Handle<Node>> {
        match self {
            Named::Value(value) => Some(value.node),
            Named::Broken => None,
        }
    }

    fn value(self) -> Option<Value> {
        match self {
            Named::Value(value) => Some(value),
            Named::Broken => None,
        }
    }
}

impl Namespace {
    /// The namespace of these steps, with that around it.
    pub fn new(path: String, steps: &[Step]) -> Self {
        let mut space = Namespace {
            path,
            is_open: true,
            ..Namespace::default()
        };
        space.declare(steps);
        space
    }

    /// The namespace of a block's use.
    pub fn of_block(path: String, steps: &[Step], given: Rc<Given>) -> Self {
        Namespace {
            given: Some(given),
            is_open: false,
            ..Namespace::new(path, steps)
        }
    }

    fn declare(&mut self, steps: &[Step]) {
        for step in steps {
            if let Some(name) = &step.name {
                let place = self.declared.entry(name.text.clone());
                place.or_insert(name.span);
            } else if let Operation::Residual { body, .. } = &step.operation {
                self.declare(body);
            }
        }
    }

    fn of(&self, name: &str) -> String {
        match self.path.is_empty() {
            true => name.to_owned(),
            false => format!("{}.{name}", self.path),
        }
    }
}

impl Lower<'_> {
    /// The path of a name that is declared here.
    pub(super) fn path(&self, name: &str) -> String {
        let space = self.spaces.last();
        space.map_or_else(|| name.to_owned(), |space| space.of(name))
    }

    /// The path of an unnamed value, which is numbered by its kind: `relu_2`.
    pub(super) fn numbered(&mut self, kind: &str) -> String {
        let next = self.spaces.last().and_then(|space| space.numbers.get(kind));
        let mut number = next.copied().unwrap_or(1);
        let name = loop {
            let name = format!("{kind}_{number}");
            number += 1;
            if !self.is_taken(&name) {
                break name;
            }
        };
        let path = self.path(&name);
        if let Some(space) = self.spaces.last_mut() {
            space.numbers.insert(kind.to_owned(), number);
        }
        path
    }

    fn is_taken(&self, name: &str) -> bool {
        let space = self.spaces.last();
        let declared = space.is_some_and(|space| space.declared.contains_key(name));
        let of_file = self.spaces.len() < 2 && self.constants.is_declared(name);
        declared || of_file
    }

    /// Reports two values of one path that have different names in the file, which is rare: `shortcut` in the body of a
    /// residual with a name.
    pub(super) fn paths_are_unique(&mut self) {
        if self.messages.failed() {
            return;
        }
        if let Some([first, again]) = self.one_path_twice() {
            let title = format!("two values are called `{}`", first.name);
            let message = Diagnostic::error("E0208", title)
                .at(again.span, "again here")
                .context(first.span, "first here");
            self.report(message);
        }
    }

    /// Two values of one path, if there are such.
    pub(super) fn one_path_twice(&self) -> Option<[&Node; 2]> {
        let mut firsts: HashMap<&str, &Node> = HashMap::new();
        let mut nodes = self.nodes.iter();
        nodes.find_map(|(_, node)| Some([firsts.insert(&node.name, node)?, node]))
    }

    /// The namespaces whose names are known where the network is read now, the innermost first.
    fn open(&self) -> impl Iterator<Item = &Namespace> {
        let closed = self.spaces.iter().rposition(|space| !space.is_open);
        self.spaces[closed.unwrap_or(0)..].iter().rev()
    }

    /// The value called `name` where the network is read now; `None` once what is wrong has been said.
    pub(super) fn visible(&mut self, name: &Ident) -> Option<Value> {
        if let Some(named) = self.named(&name.text) {
            return named.value();
        }
        let mut open = self.open();
        let declared = open.find_map(|space| space.declared.get(&name.text).copied());
        drop(open);
        let message = match declared {
            Some(place) => {
                let title = format!("`{}` is used before it is computed", name.text);
                Diagnostic::error("E0209", title)
                    .at(name.span, "used here")
                    .context(place, "computed here")
            }
            None => self.unknown(name),
        };
        self.report(message);
        None
    }

    /// What a name stands for where the network is read now.
    fn named(&self, name: &str) -> Option<Named> {
        self.open().find_map(|space| {
            let given = space.given.as_ref().and_then(|given| given.named(name));
            given.cloned().or_else(|| {
                let path = space.of(name);
                match self.node(&path) {
                    Some(node) => Some(Named::Value(Value { node, path })),
                    None => self.broken.contains(&path).then_some(Named::Broken),
                }
            })
        })
    }

    /// What a name in an argument stands for. One that was an argument of the block around it stands for what it stood
    /// for there.
    pub(super) fn handed(&self, name: &Ident) -> Option<Named> {
        let mut given = self.open().filter_map(|space| space.given.as_ref());
        let handed_on = given.find_map(|given| given.values.get(&name.span));
        match handed_on {
            Some(named) => Some(named.clone()),
            None if self.messages.is_here(name.span) => self.named(&name.text),
            None => None,
        }
    }

    /// The message about a name that no value has.
    pub(super) fn unknown(&self, name: &Ident) -> Diagnostic {
        let mut known: Vec<&str> = Vec::new();
        let mut of_block = false;
        for space in self.open() {
            let given = space.given.iter();
            known.extend(given.flat_map(|given| given.names()));
            of_block |= space.given.is_some();
            let own = self.names.keys().chain(&self.broken).filter_map(|path| {
                let name = match space.path.is_empty() {
                    true => Some(path.as_str()),
                    false => path.strip_prefix(&space.path)?.strip_prefix('.'),
                };
                name.filter(|name| is_name(name))
            });
            known.extend(own);
        }
        known.sort_unstable();
        known.dedup();
        let title = match of_block {
            true => format!("`{}` is not a value of this block", name.text),
            false => format!("`{}` is not a value of the network", name.text),
        };
        let message = words::unknown("E0202", title, name, known, "values known here");
        match of_block {
            true => message.note(
                "a block knows its own values, and those that its parameters are given: `block join(other) { … on other … }`",
            ),
            false => message,
        }
    }
}

/// Whether a line can name a value so: not `stage2.conv2d_1`, and neither the row of all inputs nor an entry of a value,
/// which are called `(a, b)` and `out[0]`.
pub(super) fn is_name(text: &str) -> bool {
    text.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}
