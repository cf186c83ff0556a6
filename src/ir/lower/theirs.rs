//! Layers as other tools write them, rewritten as they are written here.

use super::Lower;
use crate::check::words;
use crate::diagnostic::elsewhere::{self, Activation, LayerWord};
use crate::diagnostic::{Diagnostic, activation};
use crate::layer::{self, LAYERS};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, Expr, ParameterSettings, Step};

fn layer_names() -> impl Iterator<Item = &'static str> {
    LAYERS.iter().map(|layer| layer.signature().name)
}

/// A call of another tool's layer as it is written here.
#[derive(Default)]
struct Rewritten {
    arguments: Vec<String>,
    /// What stands in braces that the call does not have in its own.
    settings: Vec<String>,
    /// The activation that is an argument there, and its own arguments.
    activation: Option<(Activation, String)>,
}

impl Lower<'_> {
    /// The message for a layer that is not known here.
    pub(super) fn unknown_layer(&mut self, step: &Step, call: &ast::Layer) {
        let kind = &call.kind;
        let title = format!("`{}` is not a layer", kind.text);
        let is_softmax =
            elsewhere::activation(&kind.text, layer_names()) == Some(Activation::Softmax);
        let error = |title: String| Diagnostic::error("E0201", title).at(kind.span, "");
        let message = match elsewhere::known_layer(&kind.text, layer_names()) {
            _ if is_softmax => error(title)
                .help("leave it out: `Categorical(logits = …)` applies the softmax itself"),
            None => words::unknown("E0201", title, kind, layer_names(), "layers"),
            Some(row) => {
                let mut help = match row.estimator {
                    Some(_) => format!("here it is `{}`", row.written("(…)")),
                    None => format!("here it is called `{}`", row.ours),
                };
                match self.rewritten(call, row) {
                    Err(why) => error(title).help(help).help(why),
                    Ok(rewritten) => {
                        if let Some((activation, arguments)) = &rewritten.activation {
                            let said = activation::help("", Some(*activation), arguments);
                            help = format!("{help}; {said}");
                        }
                        let (place, text) = self.line_of(step, call, row.ours, &rewritten);
                        error(title).patch(help, place, text)
                    }
                }
            }
        };
        self.report(message);
    }

    /// A call of another tool's layer as it is written here. What is not known under any name stays as it is, for the
    /// next message to say.
    ///
    /// # Errors
    ///
    /// What to do by hand: where an argument by place has no name, or the call says two things.
    fn rewritten(&self, call: &ast::Layer, row: LayerWord) -> Result<Rewritten, String> {
        let parameters = layer::find(row.ours).map_or(&[][..], |l| l.signature().parameters);
        let names: Vec<&str> = parameters.iter().map(|p| p.name).collect();
        let name_of = |argument: &'_ Argument| argument.name.as_ref().map(|name| name.text.clone());
        let given: Vec<Option<String>> = call.arguments.iter().map(name_of).collect();
        let given: Vec<Option<&str>> = given.iter().map(Option::as_deref).collect();
        let order = elsewhere::order(&call.kind.text, &given).unwrap_or(&names);
        let mut places = order.iter().copied();
        let mut rewritten = Rewritten::default();
        for (argument, name) in call.arguments.iter().zip(&given) {
            let value = self.written(argument.value.span);
            let word = match name {
                Some(name) => name,
                None => places.next().ok_or("write its arguments by name")?,
            };
            match word {
                _ if elsewhere::is_input_width(word) => {}
                "activation" => {
                    let found = self.activation_of(&argument.value);
                    let unknown = || activation::help(&value, None, "");
                    rewritten.activation = Some(found.ok_or_else(unknown)?);
                }
                "bias" | "use_bias" => match value.to_lowercase().as_str() {
                    "true" => {}
                    "false" | "none" => rewritten.arguments.push("bias = none".into()),
                    _ => rewritten.arguments.push(format!("bias = {value}")),
                },
                "prior" | "posterior" | "estimator" => {
                    rewritten.settings.push(format!("{word} = {value}"));
                }
                _ => {
                    let theirs = elsewhere::find("E0203", word, &names);
                    let theirs = theirs.and_then(|entry| entry.ours);
                    let ours = match names.contains(&word) {
                        true => word,
                        false => theirs.unwrap_or(word),
                    };
                    let by_place = name.is_none() && names.first() == Some(&ours);
                    rewritten.arguments.push(match by_place {
                        true => value,
                        false => format!("{ours} = {value}"),
                    });
                }
            }
        }
        if let Some(estimator) = row.estimator {
            let written = format!("estimator = {estimator}");
            let own = call.settings.iter().flat_map(|settings| &settings.shared);
            let own = own.map(|setting| self.written(setting.span));
            let all = own.chain(rewritten.settings.iter().cloned());
            let mut estimators = all.filter(|setting| setting.starts_with("estimator"));
            match estimators.next() {
                None => rewritten.settings.insert(0, written),
                Some(own) if own == written => {}
                Some(own) => return Err(format!("and its own `{own}` is another: leave one out")),
            }
        }
        Ok(rewritten)
    }

    /// The place of a line of a network with another tool's layer, and what stands there instead.
    fn line_of(
        &self,
        step: &Step,
        call: &ast::Layer,
        ours: &str,
        rewritten: &Rewritten,
    ) -> (Span, String) {
        let arguments = match rewritten.arguments.is_empty() {
            true => String::new(),
            false => format!("({})", rewritten.arguments.join(", ")),
        };
        let settings = self.settings_of(call.settings.as_ref(), &rewritten.settings);
        let text = format!("{ours}{arguments}{settings}");
        match &rewritten.activation {
            None => (call.span, text),
            Some((activation, of_activation)) => {
                let name = step.name.as_ref().map(|name| name.text.as_str());
                let text = activation::behind(&text, name, *activation, of_activation);
                (step.span, text)
            }
        }
    }

    /// The braces of a layer, with these settings before its own.
    fn settings_of(&self, own: Option<&ParameterSettings>, added: &[String]) -> String {
        let own = own.map(|settings| self.source.slice(settings.span));
        match (own, added) {
            (None, []) => String::new(),
            (None, _) => format!(" {{ {} }}", added.join(", ")),
            (Some(own), []) => format!(" {own}"),
            (Some(own), _) => format!(" {{ {},{}", added.join(", "), &own[1..]),
        }
    }

    /// What an activation is here, and its arguments as they are written.
    fn activation_of(&self, value: &Expr) -> Option<(Activation, String)> {
        let call = value.to_call()?;
        let activation = elsewhere::activation(&call.name.text, layer_names())?;
        let arguments = Span::new(call.name.span.end, call.span.end);
        Some((activation, self.written(arguments)))
    }

    /// Reports the arguments `activation = …` of a layer, with the line as it is written here.
    pub(super) fn activation(&mut self, step: &Step, arguments: &[Argument]) {
        for argument in arguments {
            let title = "a layer has no argument `activation`";
            let error = Diagnostic::error("E0203", title).at(argument.span, "");
            let start = step.span.start;
            let within = Span::new(argument.span.start - start, argument.span.end - start);
            let step_text = self.source.slice(step.span);
            let found = self.activation_of(&argument.value);
            let line = found.as_ref().and_then(|(activation, own)| {
                activation::moved(step_text, within, *activation, own)
            });
            let word = self.written(argument.value.span);
            let own = found.as_ref().map_or("", |(_, own)| own);
            let help = activation::help(&word, found.as_ref().map(|(what, _)| *what), own);
            self.report(match line {
                Some(line) => error.patch(help, step.span, line),
                None => error.help(help),
            });
        }
    }
}
