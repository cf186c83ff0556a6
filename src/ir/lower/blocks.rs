//! Blocks: layers under a name, written out where they are used with what their parameters are given.

use super::paths::Namespace;
use super::{Lower, scoped};
use crate::check::{Messages, Scope, Use, number, words};
use crate::diagnostic::Diagnostic;
use crate::ir::arena::Handle;
use crate::ir::composition::Composition;
use crate::ir::model::Node;
use crate::source::Span;
use crate::syntax::ast::*;
use std::collections::HashMap;

/// `block basic(channels, stride = 1) { … }`
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    name: &'a Ident,
    parameters: &'a [BlockParameter],
    body: &'a [Step],
    span: Span,
}

/// What each parameter is given.
type Given = HashMap<String, Expr>;

/// The most parts that an argument may have once blocks are written out.
const MOST_PARTS: usize = 4096;

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

impl Lower<'_> {
    /// Writes a block out where it is used; its layers have names below `path`.
    pub(super) fn use_block(
        &mut self,
        path: String,
        call: &Layer,
        input: Option<Handle<Node>>,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
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
        if let Some(circle) = self.messages.circle(&block.name.text) {
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
        let body: Vec<Step> = steps(block.body, &given);
        let written = match (call.arguments.first(), call.arguments.last()) {
            (Some(first), Some(last)) => format!(
                "{}({})",
                block.name.text,
                self.written(first.span.to(last.span))
            ),
            _ => block.name.text.clone(),
        };
        self.uses_by_path.insert(path.clone(), call.clone());
        self.compositions.push(Composition {
            path: path.clone(),
            written,
            block: Some(block.name.text.clone()),
        });
        let mut space = Namespace::new(path, &body, false);
        for (name, value) in &given {
            let node = value
                .as_name()
                .and_then(|value| self.find_visible(&value.text));
            space.given.extend(node.map(|node| (name.clone(), node)));
        }
        self.messages.enter(Use {
            block: block.name.text.clone(),
            body: block.span,
            used: call.span,
            at: block.name.span,
        });
        let value = self.within(space, &body, input, default);
        self.messages.leave();
        value
    }

    /// What a use gives each parameter; `None` once what is wrong has been said.
    fn given(&mut self, block: Block, call: &Layer) -> Option<Given> {
        let form = block.form(self);
        let note = format!("`{}` is written {form}", block.name.text);
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
        let mut given = Given::new();
        for (parameter, argument) in block.parameters.iter().zip(found) {
            let value = match (argument, &parameter.default) {
                (Some(argument), _) => argument.value.clone(),
                // A default may name the parameters before it.
                (None, Some(default)) => expression(default, &given),
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
            let value = self.settled(value);
            if parts(&value) > MOST_PARTS {
                let title = format!("what `{}` is given is too long", parameter.name.text);
                self.report(
                    Diagnostic::error("E0307", title).at(value.span, "once it is written out"),
                );
                return None;
            }
            given.insert(parameter.name.text.clone(), value);
        }
        Some(given)
    }

    /// An argument with its numbers worked out, so that it does not grow from block to block.
    fn settled(&mut self, value: Expr) -> Expr {
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

/// How many parts an expression has.
fn parts(expr: &Expr) -> usize {
    let inner: usize = match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Name(_) => 0,
        ExprKind::Call(call) => call.arguments.iter().map(|a| parts(&a.value)).sum(),
        ExprKind::List(items) => items.iter().map(parts).sum(),
        ExprKind::Index { base, index } => parts(base) + parts(index),
        ExprKind::Slice { base, start, end } => {
            let ends = start.iter().chain(end).map(|end| parts(end));
            parts(base) + ends.sum::<usize>()
        }
        ExprKind::Negate(inner) => parts(inner),
        ExprKind::Binary { left, right, .. } => parts(left) + parts(right),
    };
    inner + 1
}

/// Lines of a block, with what its parameters are given in their places.
fn steps(body: &[Step], given: &Given) -> Vec<Step> {
    body.iter().filter_map(|line| step(line, given)).collect()
}

/// A line; `None` of a layer that is a parameter which is given `none`.
fn step(line: &Step, given: &Given) -> Option<Step> {
    let operation = match &line.operation {
        Operation::Layer(call) => Operation::Layer(layer(call, given)?),
        Operation::Residual { arguments, body } => Operation::Residual {
            arguments: self::arguments(arguments, given),
            body: steps(body, given),
        },
        Operation::Concat { branches } => Operation::Concat {
            branches: branches
                .iter()
                .map(|branch| Branch {
                    body: steps(&branch.body, given),
                    span: branch.span,
                })
                .collect(),
        },
        Operation::Reuse { .. } => line.operation.clone(),
        Operation::Repeat { count, body } => Operation::Repeat {
            count: expression(count, given),
            body: steps(body, given),
        },
    };
    Some(Step {
        operation,
        ..line.clone()
    })
}

/// A layer, whose word may itself be a parameter: `activation`, given `relu` or `elu(0.5)`.
fn layer(call: &Layer, given: &Given) -> Option<Layer> {
    let mut arguments = arguments(&call.arguments, given);
    let mut kind = call.kind.clone();
    if let Some(own) = given.get(&kind.text).and_then(Expr::to_call) {
        if own.name.text == "none" && own.arguments.is_empty() {
            return None;
        }
        kind = own.name;
        arguments.splice(0..0, own.arguments);
    }
    Some(Layer {
        kind,
        arguments,
        settings: call.settings.as_ref().map(|all| ParameterSettings {
            shared: settings(&all.shared, given),
            groups: all
                .groups
                .iter()
                .map(|group| SettingGroup {
                    settings: settings(&group.settings, given),
                    ..group.clone()
                })
                .collect(),
            span: all.span,
        }),
        span: call.span,
    })
}

fn settings(all: &[Setting], given: &Given) -> Vec<Setting> {
    let setting = |setting: &Setting| Setting {
        value: expression(&setting.value, given),
        ..setting.clone()
    };
    all.iter().map(setting).collect()
}

fn arguments(all: &[Argument], given: &Given) -> Vec<Argument> {
    let argument = |argument: &Argument| Argument {
        value: expression(&argument.value, given),
        ..argument.clone()
    };
    all.iter().map(argument).collect()
}

fn expression(expr: &Expr, given: &Given) -> Expr {
    let boxed = |expr: &Expr| Box::new(expression(expr, given));
    let kind = match &expr.kind {
        ExprKind::Name(name) => match given.get(&name.text) {
            Some(value) => return value.clone(),
            None => expr.kind.clone(),
        },
        ExprKind::Number(_) | ExprKind::Text(_) => expr.kind.clone(),
        ExprKind::Call(call) => ExprKind::Call(Call {
            arguments: arguments(&call.arguments, given),
            ..call.clone()
        }),
        ExprKind::List(items) => {
            ExprKind::List(items.iter().map(|item| expression(item, given)).collect())
        }
        ExprKind::Index { base, index } => ExprKind::Index {
            base: boxed(base),
            index: boxed(index),
        },
        ExprKind::Slice { base, start, end } => ExprKind::Slice {
            base: boxed(base),
            start: start.as_deref().map(boxed),
            end: end.as_deref().map(boxed),
        },
        ExprKind::Negate(inner) => ExprKind::Negate(boxed(inner)),
        ExprKind::Binary {
            operator,
            left,
            right,
        } => ExprKind::Binary {
            operator: *operator,
            left: boxed(left),
            right: boxed(right),
        },
    };
    Expr {
        kind,
        span: expr.span,
    }
}
