//! `residual(shortcut = …) { … }`: the value of a body and that of the shortcut, added.

use super::Lower;
use super::paths::Namespace;
use crate::diagnostic::Diagnostic;
use crate::ir::arena::Handle;
use crate::ir::model::Node;
use crate::layer;
use crate::syntax::ast::{self, Argument, Expr, Ident, Operation, ParameterSettings, Step};

impl Lower<'_> {
    pub(super) fn residual(
        &mut self,
        path: String,
        step: &Step,
        (arguments, body): (&[Argument], &[Step]),
        input: Option<Handle<Node>>,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
        if body.is_empty() {
            self.report(Diagnostic::error("E0210", "the residual has no layers").at(step.span, ""));
            return None;
        }
        let of_body = match step.name {
            Some(_) => self.within(Namespace::new(path.clone(), body), body, input, default),
            None => {
                self.current = input;
                self.steps(body, default);
                self.current
            }
        };
        let shortcut = self.shortcut(&path, arguments, input, default)?;
        let (of_body, shortcut) = (of_body?, shortcut?);
        let inputs = vec![of_body, shortcut];
        self.joined(
            path,
            &layer::add::Add,
            inputs,
            self.head(step),
            |lower, _| lower.unlike_residual(of_body, shortcut, step),
        )
    }

    /// The value that is added to the body's; the outer `None` says that an argument is wrong.
    #[allow(clippy::option_option)]
    fn shortcut(
        &mut self,
        path: &str,
        arguments: &[Argument],
        input: Option<Handle<Node>>,
        default: Option<&ParameterSettings>,
    ) -> Option<Option<Handle<Node>>> {
        let mut found: Option<&Expr> = None;
        for argument in arguments {
            match &argument.name {
                Some(name) if name.text == "shortcut" && found.is_none() => {
                    found = Some(&argument.value);
                }
                _ => {
                    self.report(
                        Diagnostic::error("E0203", "`residual` has one argument, `shortcut`")
                            .at(argument.span, "")
                            .help(
                                "`residual(shortcut = conv2d(32, kernel = 1, stride = 2)) { … }`",
                            ),
                    );
                    return None;
                }
            }
        }
        let Some(expr) = found else {
            return Some(input);
        };
        if super::settings::is_none(expr) {
            return Some(input);
        }
        let Some(call) = expr.to_call() else {
            let title = "a shortcut is a layer or the use of a block";
            self.report(
                Diagnostic::error("E0206", title)
                    .at(expr.span, "")
                    .help("`shortcut = conv2d(32, kernel = 1, stride = 2)`"),
            );
            return None;
        };
        let name = Ident {
            text: "shortcut".into(),
            span: call.name.span,
        };
        let span = call.span;
        let step = Step {
            name: Some(name),
            operation: Operation::Layer(ast::Layer {
                kind: call.name,
                arguments: call.arguments,
                settings: None,
                span,
            }),
            on: None,
            span,
        };
        let steps = [step];
        let space = Namespace::new(path.to_owned(), &steps);
        Some(self.within(space, &steps, input, default))
    }
}
