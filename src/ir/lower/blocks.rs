//! Blocks: layers under a name, written out where they are used with what their parameters are given.

use super::paths::{Named, Namespace};
use super::substitute::{Parameters, Substitution};
use super::{Lower, scoped};
use crate::check::{Messages, Scope, Use, number, words};
use crate::diagnostic::Diagnostic;
use crate::ir::arena::Handle;
use crate::ir::composition::Composition;
use crate::ir::model::Node;
use crate::source::Span;
use crate::syntax::ast::*;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// `block basic(channels, stride = 1) { … }`
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    name: &'a Ident,
    parameters: &'a [BlockParameter],
    body: &'a [Step],
    span: Span,
}

/// The use of a block, with what it stood for where it is written.
#[derive(Clone)]
pub(super) struct BlockUse<'a> {
    block: Block<'a>,
    given: Rc<Given>,
    /// As the file has it, on one line.
    written: String,
    used: Span,
    named: Span,
}

/// What a use gives a block.
#[derive(Default)]
pub(super) struct Given {
    pub parameters: Parameters,
    /// What the names in these stand for, by the places of the names.
    pub values: HashMap<Span, Named>,
}

impl Given {
    /// What a parameter stands for, if that is a value.
    pub fn named(&self, parameter: &str) -> Option<&Named> {
        let name = self.parameters.get(parameter)?.as_name()?;
        self.values.get(&name.span)
    }

    /// The parameters that stand for values, with these.
    fn nodes(&self, parameters: &[BlockParameter]) -> Vec<(String, Handle<Node>)> {
        let names = parameters.iter().map(|parameter| &parameter.name.text);
        let nodes = names.filter_map(|name| Some((name.clone(), self.named(name)?.node()?)));
        nodes.collect()
    }

    /// The names of these.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.parameters.keys().map(String::as_str);
        names.filter(|name| self.named(name).is_some())
    }
}

/// The most parts that an argument may have once blocks are written out.
const MOST_PARTS: usize = 4096;

/// The most parts that all arguments may have together, each counted wherever it stands.
pub(super) const MOST_PARTS_IN_ALL: usize = 1_000_000;

/// The blocks of a file, the first of each name.
pub(super) fn blocks(file: &File) -> HashMap<String, Block<'_>> {
    let mut blocks = HashMap::new();
    for item in &file.items {
        if let ItemKind::Block {
            name,
            parameters,
            body,
        } = &item.kind
        {
            let block = Block {
                name,
                parameters,
                body,
                span: item.span,
            };
            blocks.entry(name.text.clone()).or_insert(block);
        }
    }
    blocks
}

impl Block<'_> {
    /// `basic(channels, stride = 1)`
    fn form(&self, lower: &Lower) -> String {
        let parameters = self.parameters.iter();
        let parameters = parameters.map(|parameter| lower.written(parameter.span));
        match self.parameters {
            [] => self.name.text.clone(),
            _ => format!(
                "{}({})",
                self.name.text,
                parameters.collect::<Vec<_>>().join(", ")
            ),
        }
    }
}

impl<'a> Lower<'a> {
    /// Notes the blocks that the network has no use of.
    pub(super) fn unused_blocks(&mut self) {
        let used = self.compositions.iter();
        let used: HashSet<&String> = used.filter_map(|of| of.block.as_ref()).collect();
        let unused = self.blocks.iter().filter(|(name, _)| !used.contains(name));
        let unused = unused.map(|(name, block)| (name.clone(), block.name.span));
        let mut unused: Vec<(String, Span)> = unused.collect();
        unused.sort_by_key(|(_, place)| *place);
        self.compositions.unused_blocks = unused;
    }

    /// Writes a block out where it is used; its layers have names below `path`.
    pub(super) fn use_block(
        &mut self,
        path: String,
        call: &Layer,
        input: Option<Handle<Node>>,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
        let used = self.block_use(call)?;
        self.write_out(path, used, input, default)
    }

    /// The use of a block; `None` once what is wrong has been said.
    fn block_use(&mut self, call: &Layer) -> Option<BlockUse<'a>> {
        let block = *self.blocks.get(&call.kind.text)?;
        if block.span.start > call.span.start && !self.messages.is_within() {
            let title = format!(
                "the block `{}` is used before it is declared",
                block.name.text
            );
            let message = Diagnostic::error("E0209", title)
                .at(call.kind.span, "used here")
                .context(block.name.span, "declared here");
            self.report(message);
            return None;
        }
        if let Some(circle) = self.messages.circle(&block.name.text, call.kind.span) {
            let circle: Vec<String> = circle.iter().map(|name| format!("`{name}`")).collect();
            let title = match &circle[..] {
                [one] => format!("the block {one} uses itself"),
                all => format!(
                    "the block `{}` uses itself: {} → `{}`",
                    block.name.text,
                    all.join(" → "),
                    block.name.text
                ),
            };
            let message = Diagnostic::error("E0221", title)
                .at(call.kind.span, "it would be written out without end")
                .context(block.name.span, "the block");
            self.report(message.help("`repeat N { … }` writes layers out a number of times"));
            return None;
        }
        if let Some(settings) = &call.settings {
            let title = format!(
                "`{}` is a block, and its use has no settings",
                block.name.text
            );
            self.report(
                Diagnostic::error("E0218", title)
                    .at(settings.span, "")
                    .help("set them in the block, in its layers' braces; a parameter of the block can stand in them"),
            );
        }
        if block.body.is_empty() {
            let title = format!("the block `{}` has no layers", block.name.text);
            self.report(Diagnostic::error("E0210", title).at(block.name.span, ""));
            return None;
        }
        let given = self.given(block, call)?;
        Some(BlockUse {
            block,
            given: Rc::new(given),
            written: call.call_text(),
            used: call.span,
            named: call.kind.span,
        })
    }

    /// Writes the use of a block out, with names below `path`.
    pub(super) fn write_out(
        &mut self,
        path: String,
        of: BlockUse<'a>,
        input: Option<Handle<Node>>,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
        let mut given = Substitution {
            given: &of.given.parameters,
            left: self.parts_left,
        };
        let body = given.lines(of.block.body);
        self.parts_left = given.left;
        if self.parts_left.is_none() {
            let most = crate::words::thousands(MOST_PARTS_IN_ALL);
            self.too_long(
                of.used,
                format!("what blocks are given has more than {most} parts once it is written out"),
            );
            return None;
        }
        self.compositions.push(Composition {
            path: path.clone(),
            written: of.written.clone(),
            block: Some(of.block.name.text.clone()),
            line: of.used,
            inputs: self.names_of(input.as_slice()),
            given: of.given.nodes(of.block.parameters),
        });
        self.messages.enter(Use {
            block: of.block.name.text.clone(),
            body: of.block.span,
            used: of.used,
            named: of.named,
            at: of.block.name.span,
        });
        let space = Namespace::of_block(path.clone(), &body, of.given.clone());
        self.uses_by_path.insert(path, of);
        let value = self.within(space, &body, input, default);
        self.messages.leave();
        value
    }

    /// The argument of each parameter; `None` once what is wrong has been said.
    fn assigned<'c>(
        &mut self,
        block: Block,
        call: &'c Layer,
        note: &str,
    ) -> Option<Vec<Option<&'c Argument>>> {
        let mut found: Vec<Option<&Argument>> = vec![None; block.parameters.len()];
        let mut place = 0;
        for argument in &call.arguments {
            let index = match &argument.name {
                Some(name) => {
                    let mut parameters = block.parameters.iter();
                    let Some(index) = parameters.position(|p| p.name.text == name.text) else {
                        let title = format!(
                            "the block `{}` has no parameter `{}`",
                            block.name.text, name.text
                        );
                        let known = block.parameters.iter().map(|p| p.name.text.as_str());
                        let message = words::unknown("E0203", title, name, known, "parameters");
                        self.report(message.context(block.name.span, "the block"));
                        return None;
                    };
                    index
                }
                None => {
                    place += 1;
                    place - 1
                }
            };
            let Some(slot) = found.get_mut(index) else {
                let most = block.parameters.len();
                let title = match most {
                    0 => format!("the block `{}` has no parameters", block.name.text),
                    _ => format!(
                        "the block `{}` has {}",
                        block.name.text,
                        crate::words::count(most, "parameter", "parameters")
                    ),
                };
                let message = Diagnostic::error("E0205", title).at(argument.span, "one too many");
                self.report(message.context(block.name.span, "the block").note(note));
                return None;
            };
            if let Some(first) = slot.replace(argument) {
                let name = &block.parameters[index].name.text;
                let title = format!("`{name}` of `{}` is given twice", block.name.text);
                let message = Diagnostic::error("E0205", title)
                    .at(argument.span, "again here")
                    .context(first.span, "first here");
                self.report(message.note(note));
                return None;
            }
        }
        Some(found)
    }

    /// What a use gives each parameter; `None` once what is wrong has been said.
    fn given(&mut self, block: Block, call: &Layer) -> Option<Given> {
        let note = format!("`{}` is written {}", block.name.text, block.form(self));
        let found = self.assigned(block, call, &note)?;
        let mut given = Given::default();
        for (parameter, argument) in block.parameters.iter().zip(found) {
            let value = match (argument, &parameter.default) {
                (Some(argument), _) => {
                    self.note_values(&argument.value, &mut given.values);
                    argument.value.clone()
                }
                // A default may name the parameters before it.
                (None, Some(default)) => {
                    let mut default = default.clone();
                    let mut before = Substitution {
                        given: &given.parameters,
                        left: self.parts_left,
                    };
                    before.put_into(&mut default);
                    self.parts_left = before.left;
                    default
                }
                (None, None) => {
                    let (block, name) = (block.name, &parameter.name);
                    let title = format!("the block `{}` needs `{}`", block.text, name.text);
                    let message = Diagnostic::error("E0204", title)
                        .at(call.kind.span, format!("`{}` is missing", name.text))
                        .context(name.span, "it has no value of its own");
                    self.report(message.note(note));
                    return None;
                }
            };
            let is_value = value
                .as_name()
                .is_some_and(|name| given.values.contains_key(&name.span));
            let value = if is_value { value } else { self.settled(value) };
            let parts = value.size();
            self.parts_left = self.parts_left.and_then(|left| left.checked_sub(parts));
            if parts > MOST_PARTS {
                let title = format!("what `{}` is given is too long", parameter.name.text);
                self.report(
                    Diagnostic::error("E0307", title).at(value.span, "once it is written out"),
                );
                return None;
            }
            given.parameters.insert(parameter.name.text.clone(), value);
        }
        Some(given)
    }

    /// Notes what the names in an argument stand for where it is written.
    fn note_values(&self, argument: &Expr, values: &mut HashMap<Span, Named>) {
        match argument.as_name() {
            Some(name) => values.extend(self.handed(name).map(|named| (name.span, named))),
            None => (argument.parts().into_iter()).for_each(|part| self.note_values(part, values)),
        }
    }

    /// An argument with its numbers worked out, so that it does not grow from block to block.
    pub(super) fn settled(&mut self, value: Expr) -> Expr {
        let span = value.span;
        match value.kind {
            ExprKind::List(items) => {
                let items = items.into_iter().map(|item| self.settled(item));
                Expr {
                    kind: ExprKind::List(items.collect()),
                    span,
                }
            }
            ExprKind::Binary { .. } | ExprKind::Negate(_) | ExprKind::Name(_) => {
                let mut unsaid = Messages::default();
                let (scope, _) = scoped!(self, None);
                match number(&value, scope, &mut unsaid) {
                    Some(value) => Expr {
                        kind: ExprKind::Number(value),
                        span,
                    },
                    None => value,
                }
            }
            _ => value,
        }
    }
}
