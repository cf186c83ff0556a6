//! A value of the network where it is observed: `f`, `out[0]`, `softplus(out[1])`.

use super::{Lower, scoped};
use crate::check::expression::FUNCTIONS;
use crate::check::{Scope, bind, number, words};
use crate::diagnostic::Diagnostic;
use crate::ir::arena::Handle;
use crate::ir::model::*;
use crate::layer::{self, LAYERS, Layer, Operation, select::Select};
use crate::show;
use crate::signature::{Constant, Constants};
use crate::source::Span;
use crate::syntax::ast::{Call as Written, Expr, ExprKind};
use std::sync::Arc;

impl Lower<'_> {
    /// Whether a value of the network stands in it.
    pub(super) fn of_network(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::Text(_) => false,
            ExprKind::Name(name) => {
                self.node(&name.text).is_some() || self.broken.contains(&name.text)
            }
            ExprKind::Call(call) => {
                let mut arguments = call.arguments.iter().map(|a| &a.value);
                let word = call.name.text.as_str();
                // `exp(-1)` is a number.
                let is_layer = is_layer(word) && !FUNCTIONS.contains(&word);
                is_layer && !arguments.clone().any(|a| self.varies(a))
                    || arguments.any(|a| self.of_network(a))
            }
            ExprKind::List(items) => items.iter().any(|item| self.of_network(item)),
            ExprKind::Index { .. } | ExprKind::Slice { .. } => true,
            ExprKind::Negate(inner) => self.of_network(inner),
            ExprKind::Binary { left, right, .. } => self.of_network(left) || self.of_network(right),
        }
    }

    /// The value; `None` once what is wrong has been said.
    pub(super) fn value(&mut self, expr: &Expr) -> Option<Handle<Node>> {
        let message = match &expr.kind {
            ExprKind::Name(name) => {
                let Some(node) = self.node(&name.text) else {
                    let said = self.broken.contains(&name.text) || !self.layers;
                    if !said {
                        let message = self.unknown(name);
                        self.report(message);
                    }
                    return None;
                };
                let computed = self.nodes[node].span;
                if computed.start <= name.span.start {
                    return Some(node);
                }
                let title = format!("`{}` is used before it is computed", name.text);
                Diagnostic::error("E0209", title)
                    .at(name.span, "used here")
                    .context(computed, "computed here")
                    .help("put `observe` below the network")
            }
            ExprKind::Index { base, index } => {
                let above = self.value(base)?;
                return self.entry(above, index, expr);
            }
            ExprKind::Slice { base, start, end } => {
                let above = self.value(base)?;
                return self.slice(above, [start.as_deref(), end.as_deref()], expr);
            }
            ExprKind::Call(call) => return self.applied(call, expr),
            ExprKind::List(_) => Diagnostic::error("E0206", "a list is of numbers, and a value of the network stands in it")
                .at(expr.span, "")
                .help("entries of one value that follow each other are `out[0:2]`"),
            _ => Diagnostic::error("E0220", "there is no arithmetic on values of the network")
                .at(expr.span, "")
                .help("name a value `f`, an entry of one `out[0]`, or an activation of either `softplus(out[1])`"),
        };
        self.report(message);
        None
    }

    /// `out[0]`
    fn entry(&mut self, above: Handle<Node>, index: &Expr, expr: &Expr) -> Option<Handle<Node>> {
        let (scope, messages) = scoped!(self, None);
        let wanted = number(index, scope, messages)?;
        let node = &self.nodes[above];
        let whole = wanted >= 0.0 && wanted.fract() == 0.0;
        let first = wanted as usize;
        let select = Some(first).filter(|_| whole && node.shape.rank() == 1);
        let select =
            select.and_then(|first| Select::new(&node.shape, first..first.checked_add(1)?));
        if let Some(select) = select {
            let name = format!("{}[{wanted}]", node.name);
            let operation = Operation::Map(Arc::new(select));
            let layer = (None, entries_from(first));
            return Some(self.derived(name, above, layer, operation, expr.span));
        }
        let is = format!("`{}` is {}", node.name, node.shape);
        let message = match node.shape.0[..] {
            [width] => {
                let title = format!("`{}` has no entry {}", node.name, show(wanted));
                let entries = match width {
                    1 => "its only entry is 0".to_string(),
                    _ => format!("its entries are 0 to {}", width - 1),
                };
                Diagnostic::error("E0302", title).at(index.span, entries)
            }
            _ => Diagnostic::error("E0302", format!("`{}` is not a row of entries", node.name))
                .at(expr.span, ""),
        };
        self.report(message.context(self.nodes[above].span, is));
        None
    }

    /// `out[0:2]`
    fn slice(
        &mut self,
        above: Handle<Node>,
        ends: [Option<&Expr>; 2],
        expr: &Expr,
    ) -> Option<Handle<Node>> {
        let shape = self.nodes[above].shape.clone();
        let width = shape.0.last().copied().unwrap_or(0);
        let mut places = [0, width];
        for (place, end) in places.iter_mut().zip(ends) {
            let Some(end) = end else { continue };
            let (scope, messages) = scoped!(self, None);
            let wanted = number(end, scope, messages)?;
            // Anything else is an entry that is not there.
            *place = match wanted >= 0.0 && wanted.fract() == 0.0 {
                true => wanted as usize,
                false => usize::MAX,
            };
        }
        let [first, after] = places;
        let select = Some(()).filter(|()| shape.rank() == 1 && first <= after);
        let select = select.and_then(|()| Select::new(&shape, first..after));
        let node = &self.nodes[above];
        if let Some(select) = select {
            // The whole of a value is that value.
            if (first, after) == (0, width) {
                return Some(above);
            }
            let name = format!("{}[{first}:{after}]", node.name);
            let operation = Operation::Map(Arc::new(select));
            let layer = (None, entries_from(first));
            return Some(self.derived(name, above, layer, operation, expr.span));
        }
        let (name, is) = (&node.name, format!("`{}` is {shape}", node.name));
        let message = match shape.rank() {
            1 => {
                let title = format!("`{name}` has no such slice");
                let has = crate::words::count(width, "entry", "entries");
                let marked = match first == after && first < width {
                    true => "no entry lies in it".to_string(),
                    false => format!("`{name}` has {has}: `{name}[0:{width}]` is all of it"),
                };
                Diagnostic::error("E0302", title)
                    .at(expr.span, marked)
                    .help("`out[0:2]` is of the entries 0 and 1: the second number is the first that is left out")
            }
            _ => Diagnostic::error("E0302", format!("`{name}` is not a row of entries"))
                .at(expr.span, ""),
        };
        self.report(message.context(self.nodes[above].span, is));
        None
    }

    /// `softplus(out[1])`
    fn applied(&mut self, call: &Written, expr: &Expr) -> Option<Handle<Node>> {
        let word = call.name.text.as_str();
        let Some(entry) = layer::find(word) else {
            let message = match word {
                "softmax" | "log_softmax" => {
                    Diagnostic::error("E0201", format!("`{word}` is not applied here"))
                        .at(call.span, "")
                        .help("leave it out: `Categorical(logits = …)` applies the softmax itself")
                }
                "learned" => Diagnostic::error("E0216", "`learned(…)` starts from a constant")
                    .at(call.span, ""),
                _ if FUNCTIONS.contains(&word) => {
                    let title = format!("`{word}` is for constants, not for values of the network");
                    Diagnostic::error("E0220", title)
                        .at(call.span, "")
                        .help("`softplus(…)` makes a value of the network positive")
                }
                _ => {
                    let title = format!("`{word}` is not a layer");
                    let known = LAYERS.iter().map(|layer| layer.signature().name);
                    words::unknown("E0201", title, &call.name, known, "layers")
                }
            };
            self.report(message);
            return None;
        };
        let [argument] = &call.arguments[..] else {
            let given = crate::words::count(call.arguments.len(), "argument", "arguments");
            let title = format!("`{word}` takes one value of the network here");
            self.report(Diagnostic::error("E0204", title).at(call.span, given));
            return None;
        };
        let above = self.value(&argument.value)?;
        // Only its defaults: a layer that needs arguments is no activation.
        let needs = entry
            .signature()
            .parameters
            .iter()
            .any(|p| p.default.is_none());
        if !needs {
            let bound = bind(&call.name, &[], entry.signature(), &mut self.messages);
            let (scope, messages) = scoped!(self, None);
            let arguments = bound.constants(scope, messages)?;
            let shape = &self.nodes[above].shape;
            if let Ok(operation @ Operation::Map(_)) = entry.build(&arguments, shape)
                && operation.output() == *shape
            {
                let name = format!("{word}({})", self.nodes[above].name);
                return Some(self.derived(
                    name,
                    above,
                    (Some(entry), arguments),
                    operation,
                    expr.span,
                ));
            }
        }
        self.report(
            Diagnostic::error("E0220", format!("`{word}` is not an activation"))
                .at(call.name.span, "")
                .help("put it into the network, and name its value here"),
        );
        None
    }

    /// A value made of another where it is observed; the same expression is the same value.
    fn derived(
        &mut self,
        name: String,
        above: Handle<Node>,
        (layer, arguments): (Option<&'static dyn Layer>, Constants),
        operation: Operation,
        span: Span,
    ) -> Handle<Node> {
        if let Some(node) = self.node(&name) {
            return node;
        }
        self.add(Node {
            name,
            inputs: vec![above],
            shape: operation.output(),
            length: self.nodes[above].length,
            call: Some(Call {
                layer,
                arguments,
                operation,
                parameters: vec![],
            }),
            span,
        })
    }
}

fn is_layer(word: &str) -> bool {
    layer::find(word).is_some() || ["softmax", "log_softmax"].contains(&word)
}

/// Where the entries that are taken out of a value begin, as arguments.
pub(super) fn entries_from(first: usize) -> Constants {
    Constants(vec![("first", Constant::Cells(vec![first]))])
}
