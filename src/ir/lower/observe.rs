//! `observe label ~ Categorical(logits = logits)`: how the network's values and the target meet.

mod arguments;
mod shapes;

use super::items::Items;
use super::paths::is_name;
use super::{Lower, one_line};
use crate::check::{bind, words};
use crate::diagnostic::Diagnostic;
use crate::ir::model::{Argument, Observe, Target};
use crate::likelihood::{self, LIKELIHOODS, Likelihood, TargetKind};
use crate::signature::Kind;
use crate::source::Span;
use crate::syntax::ast::{Call as Written, Ident};

impl Lower<'_> {
    /// Each target with its likelihood, in the order of the targets; every one is observed once.
    pub(super) fn observed(
        &mut self,
        items: &Items,
        targets: &[Option<Target>],
    ) -> Option<Vec<(Target, Observe)>> {
        let mut found: Vec<Option<Option<Observe>>> = targets.iter().map(|_| None).collect();
        let mut whole = true;
        for &(name, call) in &items.observed {
            let declared = items.targets.iter();
            let place = declared.clone().position(|(own, _)| own.text == name.text);
            let Some(place) = place else {
                whole = false;
                self.not_a_target(name, items);
                // What it says is looked at as if it were of the only target.
                if let ([(_, data_type)], [target]) = (&items.targets[..], targets) {
                    let declared = Some(items.targets[0].0.span.to(data_type.span));
                    self.observe(name, call, target.as_ref().zip(declared), items);
                    found[0] = Some(None);
                }
                continue;
            };
            if found[place].is_some() {
                whole = false;
                let mut before = items.observed.iter();
                let first = before.find(|(own, _)| own.text == name.text);
                let title = format!("`{}` is observed twice", name.text);
                let message = Diagnostic::error("E0211", title).at(name.span, "again here");
                self.report(
                    first
                        .into_iter()
                        .fold(message, |message, (first, _)| message.context(first.span, "first here"))
                        .help(
                            "numbers of one distribution are one target of several entries: `target y: real[2]`, `loc = f`, \
                             and `scale = learned(0.5)` is a noise for each; another quantity is another `target`",
                        ),
                );
                continue;
            }
            let (own, data_type) = items.targets[place];
            let declared = targets[place]
                .as_ref()
                .zip(Some(own.span.to(data_type.span)));
            found[place] = Some(self.observe(name, call, declared, items));
        }
        for ((name, _), found) in items.targets.iter().zip(&found) {
            // Of a file without any, that has been said.
            if found.is_none() && !items.observed.is_empty() && whole {
                let title = format!("the target `{}` is not observed", name.text);
                self.report(
                    Diagnostic::error("E0210", title)
                        .at(name.span, "")
                        .help(format!("add its distribution: `observe {} ~ …`", name.text)),
                );
            }
        }
        let pairs = targets.iter().zip(found);
        let pairs = pairs.map(|(target, observe)| {
            let (mut target, observe) = (target.clone()?, observe??);
            target.steps_of = self.steps_of(&target, &observe)?;
            Some((target, observe))
        });
        pairs.collect::<Option<_>>().filter(|_| whole)
    }

    /// What is observed is no target.
    fn not_a_target(&mut self, observed: &Ident, items: &Items) {
        let title = match &items.targets[..] {
            [] => return,
            [_] => format!("`{}` is not the target", observed.text),
            _ => format!("`{}` is not a target", observed.text),
        };
        let message = Diagnostic::error("E0202", title).at(observed.span, "");
        self.report(match &items.targets[..] {
            [(name, _)] => {
                let help = format!("`{}` is what is observed", name.text);
                message
                    .context(name.span, "this is")
                    .patch(help, observed.span, name.text.clone())
            }
            several => {
                let names = several.iter().map(|(name, _)| format!("`{}`", name.text));
                let names = crate::words::join(names.collect(), "and");
                message.help(format!("the targets are {names}"))
            }
        });
    }

    /// The likelihood of a target, which is declared in a place of the file.
    fn observe(
        &mut self,
        observed: &Ident,
        call: &Written,
        place: Option<(&Target, Span)>,
        items: &Items,
    ) -> Option<Observe> {
        let target = place.map(|(target, _)| target);
        let span = observed.span.to(call.span);
        let likelihood = self.likelihood(&call.name)?;
        let signature = likelihood.signature();
        let bound = bind(&call.name, &call.arguments, signature, &mut self.messages);
        if let ([parameter], true) = (signature.parameters, call.arguments.is_empty())
            && let Some(output) = self.output()
        {
            let text = format!("{}({} = {output})", signature.name, parameter.name);
            let help = format!("`{output}` is the network's last value");
            self.messages.mend(call.name.span, help, call.span, text);
        }
        let widths = place.and_then(|(target, span)| self.widths(likelihood, call, target, span));
        let mut arguments = Vec::new();
        let mut components = 1;
        for (index, (parameter, given)) in
            signature.parameters.iter().zip(&bound.values).enumerate()
        {
            let Some(given) = given else { continue };
            // All entries of an image have one number: there may be many. So have all components.
            let of_image = target.is_some_and(|target| target.kind.axes().is_some());
            let is_one =
                (of_image || likelihood.has_components()) && parameter.kind != Kind::Ordered;
            let width = widths.as_ref().filter(|_| !is_one);
            let width = width.map_or(1, |widths| widths[index]);
            let Some(argument) = self.argument((observed, parameter), width, &given.expr, items)
            else {
                continue;
            };
            if likelihood.has_components() && index == 0 {
                let entries = widths.as_ref().map_or(1, |widths| widths[0]);
                let Some(found) = self.components(&argument, parameter, entries, given.span) else {
                    continue;
                };
                components = found;
            }
            if let Argument::Node(node) = argument {
                if let (Some(widths), Some((target, declared))) = (&widths, place) {
                    let wanted = [widths[index], components];
                    self.check_width(node, wanted, given.span, target, declared);
                }
                self.check_positive(node, parameter, &given.expr);
            }
            arguments.push(argument);
        }
        let whole =
            bound.complete && widths.is_some() && arguments.len() == signature.parameters.len();
        whole.then(|| Observe {
            likelihood,
            arguments,
            components,
            text: one_line(self.source.slice(span)),
            span,
        })
    }

    /// The name of the network's last value.
    fn output(&self) -> Option<String> {
        let last = self.current.filter(|_| self.layers)?;
        let names = self.names.iter();
        let names = names.filter(|(name, value)| **value == last && is_name(name));
        names.map(|(name, _)| name).min().cloned()
    }

    fn likelihood(&mut self, name: &Ident) -> Option<&'static dyn Likelihood> {
        let found = likelihood::find(&name.text);
        if found.is_none() {
            let title = format!("`{}` is not a likelihood", name.text);
            let known = LIKELIHOODS.iter().map(|l| l.signature().name);
            let message = match name.text.as_str() {
                "Gaussian" => Diagnostic::error("E0215", title).at(name.span, "").patch(
                    "here it is called `Normal`",
                    name.span,
                    "Normal",
                ),
                _ => words::unknown("E0215", title, name, known, "likelihoods"),
            };
            self.report(message);
        }
        found
    }

    /// How many entries each argument has.
    fn widths(
        &mut self,
        likelihood: &dyn Likelihood,
        call: &Written,
        target: &Target,
        declared: Span,
    ) -> Option<Vec<usize>> {
        let widths = likelihood.arguments(&target.kind).ok();
        if widths.is_none() {
            let kind = target.kind.words();
            let fitting = LIKELIHOODS
                .iter()
                .filter(|l| l.arguments(&target.kind).is_ok());
            let fitting = fitting.map(|l| format!("`{}`", words::call_form(l.signature())));
            let two = target.kind == TargetKind::Category(2);
            let binary = format!("`target {}: binary` is 0 or 1", target.name);
            let binary = (two && call.name.text == "Bernoulli").then_some(binary);
            let what = crate::words::join(fitting.collect(), "or");
            self.report(
                Diagnostic::error(
                    "E0406",
                    format!("`{}` is not a likelihood of {kind}", call.name.text),
                )
                .at(call.name.span, "")
                .context(declared, format!("`{}` is {}", target.name, target.kind))
                .help(binary.unwrap_or(format!("what fits: {what}"))),
            );
        }
        widths
    }
}
