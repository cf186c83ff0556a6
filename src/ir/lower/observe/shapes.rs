//! Whether a value of the network fits the target: its entries, its axes, and whether it is above 0 where it has to be.

use super::super::Lower;
use crate::diagnostic::Diagnostic;
use crate::ir::arena::Handle;
use crate::ir::model::{Argument, Node, Target};
use crate::layer::Operation;
use crate::likelihood::{Axes, TargetKind};
use crate::signature::{Domain, Kind, Parameter};
use crate::source::Span;
use crate::syntax::ast::Expr;
use crate::tensor::Shape;

impl Lower<'_> {
    /// How many components a mixture has: the numbers of its first argument for each entry of the target.
    pub(super) fn components(
        &mut self,
        argument: &Argument,
        parameter: &Parameter,
        entries: usize,
        span: Span,
    ) -> Option<usize> {
        let name = parameter.name;
        let Some(node) = argument.node() else {
            let title =
                format!("`{name}` is a value of the network, with a number for each component");
            let help = "the network ends with all of them: `out = dense(9)`, `logits = out[0:3]`, `loc = out[3:6]`, \
                        `scale = softplus(out[6:9])`";
            self.report(Diagnostic::error("E0206", title).at(span, "").help(help));
            return None;
        };
        let node = &self.nodes[node];
        let count = node.shape.len();
        if count.is_multiple_of(entries) {
            return Some(count / entries);
        }
        let title = format!(
            "`{}` has {}, which are no components of {entries} entries",
            node.name,
            crate::words::count(count, "number", "numbers")
        );
        let message =
            Diagnostic::error("E0305", title).at(span, format!("a multiple of {entries} wanted"));
        self.report(message);
        None
    }

    /// As many entries as the target wants.
    pub(super) fn check_width(
        &mut self,
        node: Handle<Node>,
        [entries, components]: [usize; 2],
        place: Span,
        target: &Target,
        declared: Span,
    ) {
        let (called, is) = (self.called(node), self.called_with_shape(node));
        let node = &self.nodes[node];
        if let Some(axes) = target.kind.axes() {
            return self.check_axes(
                (node.clone(), is),
                [entries, components],
                axes,
                place,
                target,
                declared,
            );
        }
        let wanted = entries * components;
        let (width, rank) = (node.shape.len(), node.shape.rank());
        if width == wanted && rank <= 1 {
            return;
        }
        let has = match rank {
            0 | 1 => format!("has {}", crate::words::count(width, "entry", "entries")),
            _ => format!("is {}", node.shape),
        };
        let of_each = match components {
            1 => String::new(),
            _ => format!(", of {components} components each"),
        };
        let wants = format!("`{}` {}{of_each}", target.name, target.kind.size());
        let wanted_text = crate::words::count(wanted, "entry wanted", "entries wanted");
        let mut message = Diagnostic::error("E0305", format!("`{called}` {has}, and {wants}"))
            .at(place, wanted_text);
        if node.span != place {
            message = message.context(node.span, is);
        }
        message = message.context(declared, "");
        message = match rank {
            0 | 1 if width == 2 * wanted => message.help(match wanted {
                1 => format!("`{called}[0]` and `{called}[1]` are its entries"),
                _ => format!("end the network with `dense({wanted})`"),
            }),
            0 | 1 => message.help(format!("end the network with `dense({wanted})`")),
            _ if self.states_of(node) => message.help(
                "`returns = last` in the last recurrent layer gives one state for the sequence, and not one a step",
            ),
            _ => message.help(format!(
                "end the network with `flatten` and `dense({wanted})`"
            )),
        };
        self.report(message);
    }

    /// A value at each place of the target, and of a category one for each class there.
    fn check_axes(
        &mut self,
        (node, is): (Node, String),
        [entries, components]: [usize; 2],
        axes: Axes,
        place: Span,
        target: &Target,
        declared: Span,
    ) {
        let mut expected = axes.sizes().to_vec();
        if let TargetKind::Categories { classes, .. } = target.kind {
            // One number a class; of classes that have an order one for all.
            if entries == axes.len() * classes {
                expected.push(classes);
            }
        }
        if components > 1 {
            expected.push(components);
        }
        let squeezed = |sizes: &[usize]| sizes.iter().copied().filter(|n| *n != 1).collect();
        let (found, asked): (Vec<usize>, Vec<usize>) =
            (squeezed(&node.shape.0), squeezed(&expected));
        if found == asked {
            return;
        }
        let expected = Shape(expected);
        let wants = format!("`{}` {}", target.name, target.kind.size());
        let title = format!("{is}, and {wants}");
        let mut message = Diagnostic::error("E0305", title).at(place, format!("{expected} wanted"));
        if node.span != place {
            message = message.context(node.span, is);
        }
        message = message.context(declared, "");
        let channels = *expected.0.last().unwrap_or(&1);
        let same_places = node.shape.rank() == expected.rank()
            && node.shape.0[..node.shape.rank() - 1] == expected.0[..expected.rank() - 1];
        self.report(match (same_places, expected.rank()) {
            (true, 3) => message.help(format!(
                "end the network with `conv2d({channels}, kernel = 1)`, which keeps the places"
            )),
            (true, _) => message,
            (false, _) => message.help(format!(
                "a network of {} gives a value of {expected}: its layers keep the places, or bring them back",
                crate::words::count(expected.len(), "number", "numbers")
            )),
        });
    }

    /// A standard deviation comes from a layer that keeps it above 0.
    pub(super) fn check_positive(
        &mut self,
        node: Handle<Node>,
        parameter: &Parameter,
        expr: &Expr,
    ) {
        let Kind::Value {
            domain: Domain::Positive,
        } = parameter.kind
        else {
            return;
        };
        let call = self.nodes[node].call.as_ref();
        if call.is_some_and(|call| is_positive(&call.operation)) {
            return;
        }
        let text = self.written(expr.span);
        let title = format!("`{}` is above 0, and `{text}` need not be", parameter.name);
        self.report(Diagnostic::error("E0408", title).at(expr.span, "").patch(
            "softplus keeps it above 0",
            expr.span,
            format!("softplus({text})"),
        ));
    }
}

/// Whether an operation is an activation that makes a number above 0 of any.
fn is_positive(operation: &Operation) -> bool {
    let Operation::Map(map) = operation else {
        return false;
    };
    let x = [-30.0, -3.0, -0.3, 0.0, 0.3, 3.0, 30.0];
    let mut y = [0.0f64; 7];
    map.elementwise() && {
        map.forward(&x, &mut y);
        y.iter().all(|y| *y > 0.0)
    }
}
