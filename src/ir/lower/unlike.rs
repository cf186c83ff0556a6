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
        // Of a layer that is written in the language, the file knows what that takes.
        let outer = self.compositions.layer_of(what);
        let what = outer.map_or(what, |of| &of.path);
        let values: Vec<Handle<Node>> = match outer {
            Some(of) => of
                .inputs
                .iter()
                .filter_map(|name| self.node(name))
                .collect(),
            None => values.to_vec(),
        };
        let values = values.into_iter();
        let values = values.filter(|value| !self.lengths.contains_key(value));
        let said: Vec<(Span, String)> = values
            .map(|value| (self.nodes[value].span, self.called_with_shape(value)))
            .collect();
        let is = said.iter().map(|(_, is)| is.clone()).collect();
        let title = format!(
            "`{what}` takes {}, and {}",
            error.expected,
            crate::words::join(is, "and")
        );
        let mut message = Diagnostic::error("E0303", title).at(place, "");
        for (span, is) in said {
            message = message.context(span, is);
        }
        self.report(match error.help {
            Some(help) => message.help(help),
            None => message,
        });
    }

    /// "`h` is [12, 8]"
    pub(super) fn called_with_shape(&self, value: Handle<Node>) -> String {
        format!("`{}` is {}", self.called(value), self.nodes[value].shape)
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
            self.called(of_body),
            body.shape,
            self.called(shortcut),
            other.shape
        );
        let mut message = Diagnostic::error("E0303", title).at(self.head(step), "");
        for value in [of_body, shortcut] {
            message = message.context(self.nodes[value].span, self.called_with_shape(value));
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
