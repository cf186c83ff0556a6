//! Layers as other tools write them, rewritten as they are written here.

use super::Lower;
use crate::check::words;
use crate::diagnostic::{Diagnostic, activation, elsewhere};
use crate::layer::{self, LAYERS};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, Step};

impl Lower<'_> {
    /// The message for a layer that is not known here.
    pub(super) fn unknown_layer(&mut self, call: &ast::Layer) {
        let kind = &call.kind;
        if self.constants.is_silent(&kind.text) {
            return;
        }
        let title = format!("`{}` is not a layer", kind.text);
        let known = LAYERS.iter().map(|layer| layer.signature().name);
        let same = known.clone().find(|ours| {
            elsewhere::plain(ours) == elsewhere::plain(&kind.text) && *ours != kind.text
        });
        let error = |title: String| Diagnostic::error("E0201", title).at(kind.span, "");
        let message = match (elsewhere::plain(&kind.text).as_str(), same) {
            ("softmax" | "logsoftmax", _) => error(title)
                .help("leave it out: `Categorical(logits = …)` applies the softmax itself"),
            (_, Some(ours)) => {
                error(title).patch(format!("here it is called `{ours}`"), kind.span, ours)
            }
            _ => match elsewhere::layer(&kind.text) {
                Some(row) => {
                    let help = format!("here it is called `{}`", row.ours);
                    let help = match row.estimator {
                        Some(_) => format!("here it is `{}`", row.written("(…)")),
                        None => help,
                    };
                    let (place, with) = self.rewritten(call, row);
                    error(title).patch(help, place, with)
                }
                None => words::unknown("E0201", title, kind, known, "layers"),
            },
        };
        self.report(message);
    }

    /// The place of a call of another tool's layer, and what stands there instead.
    fn rewritten(&self, call: &ast::Layer, row: &elsewhere::LayerWord) -> (Span, String) {
        let parameters = layer::find(row.ours).map_or(&[][..], |l| l.signature().parameters);
        let names: Vec<&str> = parameters.iter().map(|p| p.name).collect();
        let placed = call.arguments.iter().filter(|a| a.name.is_none()).count();
        // PyTorch gives the width of the input first.
        let skipped = usize::from(placed > 1 && self.counts_inputs(row.ours, placed));
        let argument = |argument: &Argument| {
            let value = self.written(argument.value.span);
            let Some(name) = &argument.name else {
                return Some(value);
            };
            let ours = elsewhere::find("E0203", &name.text, &names).and_then(|entry| entry.ours);
            let known = names.iter().copied().find(|known| *known == name.text);
            known.or(ours).map(|name| format!("{name} = {value}"))
        };
        let given: Vec<String> = call
            .arguments
            .iter()
            .skip(skipped)
            .filter_map(argument)
            .collect();
        let arguments = match given.is_empty() {
            true => String::new(),
            false => format!("({})", given.join(", ")),
        };
        match (&call.settings, row.estimator) {
            (Some(settings), Some(estimator)) => {
                let open = Span::new(call.kind.span.start, settings.span.start + 1);
                let text = format!("{}{arguments} {{ estimator = {estimator},", row.ours);
                (open, text)
            }
            (Some(settings), None) => {
                let head = Span::new(call.kind.span.start, settings.span.start);
                (head, format!("{}{arguments} ", row.ours))
            }
            (None, _) => (call.span, row.written(&arguments)),
        }
    }

    fn counts_inputs(&self, ours: &str, placed: usize) -> bool {
        ours == "dense" || placed > 2
    }

    /// Reports the arguments `activation = …` of a layer, with the line as it is written here.
    pub(super) fn activation(&mut self, step: &Step, arguments: &[Argument]) {
        for argument in arguments {
            let word = argument.value.as_name().map_or("relu", |name| &name.text);
            let start = step.span.start;
            let within = Span::new(argument.span.start - start, argument.span.end - start);
            let line = activation::moved(self.source.slice(step.span), within, word);
            let title = "a layer has no argument `activation`";
            self.report(
                Diagnostic::error("E0203", title)
                    .at(argument.span, "")
                    .patch(activation::help(word), step.span, line),
            );
        }
    }
}
