//! `observe label ~ Categorical(logits = logits)`: how the network's values and the target meet.

use super::items::Items;
use super::paths::is_name;
use super::scalar::Place;
use super::{Lower, one_line, scoped};
use crate::check::{Scope, arguments, bind, words};
use crate::diagnostic::Diagnostic;
use crate::ir::arena::Handle;
use crate::ir::model::*;
use crate::ir::scalar::{Leaf, Scalar};
use crate::layer::Operation;
use crate::likelihood::{self, Axes, LIKELIHOODS, Likelihood, TargetKind};
use crate::signature::{Domain, Kind, Parameter};
use crate::source::Span;
use crate::syntax::ast::{Call as Written, Expr, ExprKind, Ident};
use crate::tensor::Shape;

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

    /// How many components a mixture has: the numbers of its first argument for each entry of the target.
    fn components(
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

    /// What a parameter of a target's likelihood is given, which has `width` entries.
    fn argument(
        &mut self,
        (target, parameter): (&Ident, &Parameter),
        width: usize,
        expr: &Expr,
        items: &Items,
    ) -> Option<Argument> {
        let domain = match parameter.kind {
            Kind::Value { domain } => domain,
            Kind::Ordered => return self.ordered((target, parameter), width, expr),
            // A constant, such as a number of trials.
            _ => {
                let (scope, messages) = scoped!(self, None);
                let count = arguments::count(parameter.name, expr, scope, messages)?;
                return Some(Argument::Numbers(Numbers::one(Scalar::Fixed(count as f64))));
            }
        };
        if self.of_network(expr) {
            return self.value(expr).map(Argument::Node);
        }
        let target = target.text.as_str();
        if let Some(name) = expr.as_name()
            && !self.is_latent(&name.text)
            && self.constants.find(&name.text).is_none()
            && name.text != "pi"
        {
            self.unknown_value(name, items);
            return None;
        }
        let learned = format!("{target}.{}", parameter.name);
        let place = Place {
            parameter: parameter.name,
            domain,
            learned: &learned,
            of_prior: false,
            entries: width,
            fans: None,
        };
        let numbers = match &expr.kind {
            ExprKind::List(items) => self.list(place, items, expr.span),
            _ => self.number_or_numbers(place, expr),
        };
        numbers.map(Argument::Numbers)
    }

    /// One expression: a number for all entries of the target, or one for each where a learned number is.
    fn number_or_numbers(&mut self, place: Place, expr: &Expr) -> Option<Numbers> {
        let scalar = self.scalar(place, expr)?;
        let widths = scalar.leaves().into_iter().map(|leaf| match leaf {
            Leaf::Learned(learned) => self.learned[learned].entries,
            Leaf::Latent(_) => 1,
        });
        let width = widths.max().unwrap_or(1);
        let each = vec![scalar];
        Some(Numbers { each, width })
    }

    /// `[learned(0.5), n2]`: a number for each entry of the target.
    pub(super) fn list(&mut self, place: Place, items: &[Expr], span: Span) -> Option<Numbers> {
        let (parameter, width) = (place.parameter, place.entries);
        if items.len() != width {
            let wanted = match width {
                1 => "one number".to_string(),
                _ => format!("one number, or {width}: one for each entry of the target"),
            };
            let given = crate::words::count(items.len(), "number", "numbers");
            let title = format!("`{parameter}` is {wanted}");
            self.report(Diagnostic::error("E0206", title).at(span, format!("a list of {given}")));
            return None;
        }
        let each = items.iter().enumerate().map(|(entry, item)| {
            let learned = match width {
                1 => place.learned.to_string(),
                _ => format!("{}.{entry}", place.learned),
            };
            let place = Place {
                learned: &learned,
                entries: 1,
                ..place
            };
            self.scalar(place, item)
        });
        let each: Vec<Option<Scalar>> = each.collect();
        let each = each.into_iter().collect::<Option<_>>()?;
        Some(Numbers { each, width })
    }

    fn unknown_value(&mut self, name: &Ident, items: &Items) {
        let mut targets = items.targets.iter();
        let is_target = targets.any(|(own, _)| own.text == name.text);
        let message = if is_target {
            let title = format!("`{}` is not a value of the network", name.text);
            Diagnostic::error("E0202", title)
                .at(name.span, "this is the target, which the network predicts")
        } else if !self.layers {
            return;
        } else {
            self.unknown(name)
        };
        // The output of the network lacks the name.
        let last = items.network.and_then(|(steps, _)| steps.last());
        let unnamed = last.filter(|step| step.name.is_none() && !is_target);
        self.report(match unnamed {
            Some(step) if message.helps.is_empty() => {
                let start = Span::new(step.span.start, step.span.start);
                message.patch(
                    "name the network's output",
                    start,
                    format!("{} = ", name.text),
                )
            }
            _ => message,
        });
    }

    /// As many entries as the target wants.
    fn check_width(
        &mut self,
        node: Handle<Node>,
        [entries, components]: [usize; 2],
        place: Span,
        target: &Target,
        declared: Span,
    ) {
        let node = &self.nodes[node];
        if let Some(axes) = target.kind.axes() {
            return self.check_axes(
                node.clone(),
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
        let mut message = Diagnostic::error("E0305", format!("`{}` {has}, and {wants}", node.name))
            .at(place, wanted_text);
        if node.span != place {
            message = message.context(node.span, format!("`{}` is {}", node.name, node.shape));
        }
        message = message.context(declared, "");
        message = match rank {
            0 | 1 if width == 2 * wanted => message.help(match wanted {
                1 => format!("`{0}[0]` and `{0}[1]` are its entries", node.name),
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
        node: Node,
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
        let title = format!("`{}` is {}, and {wants}", node.name, node.shape);
        let mut message = Diagnostic::error("E0305", title).at(place, format!("{expected} wanted"));
        if node.span != place {
            message = message.context(node.span, format!("`{}` is {}", node.name, node.shape));
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
    fn check_positive(&mut self, node: Handle<Node>, parameter: &Parameter, expr: &Expr) {
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
