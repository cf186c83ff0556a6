//! Values that cannot be joined, as their shapes differ.

use super::Lower;
use crate::diagnostic::Diagnostic;
use crate::ir::arena::Handle;
use crate::ir::model::Node;
use crate::layer::ShapeError;
use crate::source::Span;
use crate::syntax::ast::Step;

impl Lower<'_> {
    /// Values that a layer cannot join.
    pub(super) fn unlike(
        &mut self,
        what: &str,
        place: Span,
        values: &[Handle<Node>],
        error: ShapeError,
    ) {
        let said = values.iter().map(|value| {
            let node = &self.nodes[*value];
            format!("`{}` is {}", node.name, node.shape)
        });
        let title = format!(
            "{what} takes {}, and {}",
            error.expected,
            crate::words::join(said.collect(), "and")
        );
        let mut message = Diagnostic::error("E0303", title).at(place, "");
        for value in values {
            let node = &self.nodes[*value];
            message = message.context(node.span, format!("`{}` is {}", node.name, node.shape));
        }
        self.report(match error.help {
            Some(help) => message.help(help),
            None => message,
        });
    }

    /// A composition up to its brace.
    pub(super) fn head(&self, step: &Step) -> Span {
        let text = self.source.slice(step.span);
        let head = text.find('{').map_or(text, |brace| &text[..brace]);
        Span::new(step.span.start, step.span.start + head.trim_end().len())
    }

    /// A body whose value is not of the shape of its input.
    pub(super) fn unlike_residual(
        &mut self,
        of_body: Handle<Node>,
        shortcut: Handle<Node>,
        step: &Step,
    ) {
        let (body, other) = (&self.nodes[of_body], &self.nodes[shortcut]);
        let title = format!(
            "a residual adds values of one shape: its body gives `{}`, {}, and its input is `{}`, {}",
            body.name, body.shape, other.name, other.shape
        );
        let mut message = Diagnostic::error("E0303", title).at(self.head(step), "");
        for node in [body, other] {
            message = message.context(node.span, format!("`{}` is {}", node.name, node.shape));
        }
        let help = match (&body.shape.0[..], &other.shape.0[..]) {
            ([to_height, to_width, channels], [height, width, _])
                if to_height * to_width > 0
                    && height.div_ceil(*to_height) == width.div_ceil(*to_width) =>
            {
                let stride = height.div_ceil(*to_height);
                let stride = match stride {
                    1 => String::new(),
                    stride => format!(", stride = {stride}"),
                };
                format!(
                    "`residual(shortcut = conv2d({channels}, kernel = 1{stride})) {{ … }}` gives its input that shape"
                )
            }
            ([units], [_]) => {
                format!("`residual(shortcut = dense({units})) {{ … }}` gives its input that shape")
            }
            _ => "`shortcut = …` names a layer, or a block, that gives its input the body's shape"
                .into(),
        };
        self.report(message.help(help));
    }
}
