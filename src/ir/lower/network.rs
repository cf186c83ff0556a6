//! The network: layers, their shapes and their parameters.

use super::conflicts::slots_of;
use super::items::Items;
use super::paths::{Namespace, is_name};
use super::settings::{Own, is_for};
use super::types::fits;
use super::value::entries_from;
use super::{Lower, scoped};
use crate::check::{Fans, Scope, bind};
use crate::diagnostic::Diagnostic;
use crate::ir::arena::Handle;
use crate::ir::model::*;
use crate::layer::select::Part;
use crate::layer::{self, Layer, Operation as Arithmetic, Takes};
use crate::pretrained::layout::Layout;
use crate::source::Span;
use crate::syntax::ast::{self, Argument as Written, ParameterSettings, Step};
use crate::tensor::Shape;
use std::sync::Arc;

/// Where a parameter's fans are not known, its settings are checked with these.
const SOME_FANS: Fans = Fans {
    fan_in: 64,
    fan_out: 64,
};

impl Lower<'_> {
    /// The layers, and what they read: the input, or the row of several inputs.
    pub(super) fn network(&mut self, items: &Items, inputs: Option<&[Input]>) -> Option<Input> {
        let spans: Vec<Span> = items.inputs.iter().map(|(name, _)| name.span).collect();
        let row = inputs.map(|inputs| self.input_nodes(inputs, &spans));
        if row.is_none() {
            let names = items.inputs.iter().map(|(name, _)| name.text.clone());
            self.broken.extend(names);
        }
        if let Some(default) = items.default {
            self.check_settings(default, None);
        }
        if let Some((steps, keyword)) = items.network {
            self.spaces.push(Namespace::new(String::new(), steps));
            self.steps(steps, items.default);
            if steps.is_empty() {
                let title = "the network has no layers";
                self.report(Diagnostic::error("E0210", title).at(keyword, ""));
            }
        }
        if let Some(default) = items.default {
            self.check_unused(default);
        }
        row
    }

    /// Adds the input's value. Of several, their row comes first, and each is a part of it; the last is the value
    /// above the network.
    fn input_nodes(&mut self, inputs: &[Input], spans: &[Span]) -> Input {
        let row = match inputs {
            [only @ Input { sequence: None, .. }] => only.clone(),
            several => {
                let names: Vec<&str> = several.iter().map(|input| input.name.as_str()).collect();
                Input {
                    name: format!("({})", names.join(", ")),
                    shape: Shape(vec![several.iter().map(Input::row_len).sum()]),
                    sequence: None,
                }
            }
        };
        let first = self.add(Node {
            name: row.name.clone(),
            inputs: vec![],
            call: None,
            shape: row.shape.clone(),
            length: None,
            span: spans[0],
        });
        self.current = Some(first);
        if row == inputs[0] {
            return row;
        }
        let mut start = 0;
        for (index, (input, &span)) in inputs.iter().zip(spans).enumerate() {
            let own = start;
            start += input.row_len();
            let length = input.sequence.map(|sequence| {
                let name = format!("{}.length", input.name);
                let length = self.part(first, name, start - 1, Shape::new(&[1]), span);
                self.lengths.insert(length, (index, sequence));
                length
            });
            let value = self.part(first, input.name.clone(), own, input.shape.clone(), span);
            self.nodes[value].length = length;
            self.current = Some(value);
        }
        row
    }

    /// Adds the part of the row of inputs that begins at `start`.
    fn part(
        &mut self,
        row: Handle<Node>,
        name: String,
        start: usize,
        shape: Shape,
        span: Span,
    ) -> Handle<Node> {
        self.add(Node {
            name,
            inputs: vec![row],
            call: Some(Call {
                layer: None,
                arguments: entries_from(start),
                operation: Arithmetic::Map(Arc::new(Part::new(start, shape.clone()))),
                parameters: vec![],
            }),
            shape,
            length: None,
            span,
        })
    }

    /// The value of a layer, of the values it takes where nothing is wrong with these.
    pub(super) fn layer(
        &mut self,
        name: String,
        step: &Step,
        call: &ast::Layer,
        inputs: Option<&[Handle<Node>]>,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
        let entry = layer::find(&call.kind.text);
        if let Some(settings) = &call.settings {
            self.check_settings(settings, entry);
        }
        let slots = slots_of(entry);
        let Some(entry) = entry else {
            self.unknown_layer(step, call);
            return self.check_alone(&slots, call.settings.as_ref(), default);
        };
        // `bias = …` among the arguments is a setting of the layer's bias.
        let is_setting = |argument: &Written| slots.iter().any(|slot| is_for(slot, argument));
        let (own, arguments): (Vec<Written>, Vec<Written>) =
            call.arguments.iter().cloned().partition(is_setting);
        let is_activation = |argument: &Written| {
            let mut names = argument.name.iter();
            names.any(|name| name.text == "activation")
        };
        let (activations, arguments): (Vec<Written>, Vec<Written>) =
            arguments.into_iter().partition(is_activation);
        self.activation(step, &activations);
        let own = Own {
            slots: &slots,
            arguments: &own,
            body: call.settings.as_ref(),
        };
        let bound = bind(
            &call.kind,
            &arguments,
            entry.signature(),
            &mut self.messages,
        );
        let (scope, messages) = scoped!(self, None);
        let constants = bound.constants(scope, messages);
        let inputs = inputs.filter(|inputs| self.takes(step, entry, inputs));
        let (Some(mut constants), Some(inputs)) = (constants, inputs) else {
            return self.check_alone(&slots, call.settings.as_ref(), default);
        };
        let place = call.kind.span;
        let Some(taken) = self.of_sequences(&name, place, entry, &mut constants, inputs) else {
            return self.check_alone(&slots, call.settings.as_ref(), default);
        };
        let inputs = &taken.inputs[..];
        let operation = match entry.join(&constants, &self.shapes(inputs)) {
            Ok(operation) => operation,
            Err(error) => {
                self.shape_error(&name, place, inputs, error);
                return self.check_alone(&slots, call.settings.as_ref(), default);
            }
        };
        self.is_small_enough(&name, call, &operation)?;
        self.check_own(call, entry, own);
        self.pretrained.above = inputs.first().copied();
        self.pretrained.torch = match entry.signature().name {
            name if name.starts_with("conv_transpose") => Layout::TorchTransposed,
            // PyTorch has them as they are here.
            "embedding" | "positions" => Layout::Bnnc,
            _ => Layout::Torch,
        };
        let parameters = match self.shared_of(&name) {
            Some(first) => {
                let parameters = self.nodes[first].call.as_ref()?.parameters.clone();
                if !self.same_shapes(step.span, inputs, first, &operation) {
                    return None;
                }
                parameters
            }
            None => {
                let declared = operation.parameters();
                let parameters = entry.slots().iter().zip(declared);
                parameters
                    .map(|(slot, declared)| self.parameter(&name, slot, declared, own, default))
                    .collect()
            }
        };
        if matches!(operation, Arithmetic::Scan(_)) {
            self.takes_recurrence(place, &parameters);
        }
        let of = (constants, operation, parameters);
        self.call_on(taken, name, entry, of, step.span)
    }

    /// Whether a layer takes so many values.
    fn takes(&mut self, step: &Step, entry: &dyn Layer, inputs: &[Handle<Node>]) -> bool {
        let word = entry.signature().name;
        let on = step.on.as_ref().map_or(step.span, |on| on.span);
        let given = crate::words::count(inputs.len(), "value", "values");
        let most = layer::MOST_INPUTS;
        let message = match (entry.takes(), inputs.len()) {
            (Takes::One, 1) => return true,
            (Takes::Several, n) if (2..=most).contains(&n) => return true,
            (Takes::One, _) => Diagnostic::error("E0205", format!("`{word}` takes one value"))
                .at(on, given)
                .help("`concat on (a, b)` joins values"),
            (Takes::Several, _) => {
                let title = format!("`{word}` takes 2 to {most} values");
                Diagnostic::error("E0204", title)
                    .at(on, given)
                    .help(format!("name them after it: `{word} on (a, b)`"))
            }
        };
        self.report(message);
        false
    }

    /// What a layer says of its parameters is said once, and of parameters that it has.
    fn check_own(&mut self, call: &ast::Layer, entry: &'static dyn Layer, own: Own) {
        let kind = &call.kind.text;
        if entry.slots().is_empty() {
            let argument = own.arguments.first().map(|argument| argument.span);
            if let Some(place) = argument.or(own.body.map(|body| body.span)) {
                let title = format!("`{kind}` has no weights to set");
                let known = layer::slots().into_iter();
                let is_common = |slot: &&layer::Slot| match slot.role {
                    layer::Role::Kernel => true,
                    role => role == layer::Role::Bias && slot.optional,
                };
                let known = known
                    .filter(is_common)
                    .map(|slot| format!("no {}", slot.name))
                    .collect();
                self.report(
                    Diagnostic::error("E0218", title).at(place, crate::words::join(known, "and")),
                );
            }
            return;
        }
        if let Some(body) = own.body {
            self.no_own_group(kind, own.slots, body);
        }
        for slot in own.slots {
            let mut given = own.arguments.iter().filter(|given| is_for(slot, given));
            if let (Some(first), Some(second)) = (given.next(), given.next()) {
                let title = format!("`{}` of `{kind}` is given twice", slot.name);
                self.report(
                    Diagnostic::error("E0205", title)
                        .at(second.span, "again here")
                        .context(first.span, "first here"),
                );
            }
        }
    }

    pub(super) fn shape_error(
        &mut self,
        name: &str,
        place: Span,
        inputs: &[Handle<Node>],
        error: layer::ShapeError,
    ) {
        let [above] = inputs else {
            return self.unlike(name, place, inputs, error);
        };
        let is = self.called_with_shape(*above);
        let title = format!("`{name}` takes {}, and {is}", error.expected);
        let mut message = Diagnostic::error("E0301", title)
            .at(place, "")
            .context(self.nodes[*above].span, is);
        message = match (self.channels_first(inputs[0]), error.help) {
            (Some((place, axes)), _) => {
                message.patch("an image has its channels last", place, axes)
            }
            (None, Some(help)) => message.help(help),
            (None, None) => message,
        };
        self.report(message);
    }

    /// The axes of the input that a value is made of, if they look as if an image's channels stood first, and how they
    /// stand here.
    fn channels_first(&self, value: Handle<Node>) -> Option<(Span, String)> {
        let mut input = &self.nodes[value];
        // The row of several inputs is none of them.
        let above = |node: &Node| node.inputs.first().map(|above| &self.nodes[*above]);
        while let Some(above) =
            above(input).filter(|above| is_name(&above.name) || above.call.is_some())
        {
            input = above;
        }
        let [channels, height, width] = input.shape.0[..] else {
            return None;
        };
        if channels > 4 || height.min(width) <= 2 * channels {
            return None;
        }
        let rest = &self.source.text[input.span.end..];
        let (open, close) = (rest.find('[')?, rest.find(']')?);
        let place = Span::new(input.span.end + open, input.span.end + close + 1);
        Some((place, format!("[{height}, {width}, {channels}]")))
    }

    /// Reports a layer of which a parameter or the value has too many numbers.
    fn is_small_enough(
        &mut self,
        name: &str,
        call: &ast::Layer,
        operation: &Arithmetic,
    ) -> Option<()> {
        let slots = layer::find(&call.kind.text).map_or(&[][..], |layer| layer.slots());
        let declared = operation.parameters();
        let mut parameters = slots.iter().zip(&declared);
        let Some((slot, declared)) = parameters.find(|(_, declared)| !fits(&declared.shape)) else {
            return self.fits(name, operation, call.span);
        };
        let title = format!(
            "`{name}` is too large: its {} is {}",
            slot.name, declared.shape
        );
        self.report(Diagnostic::error("E0307", title).at(call.span, ""));
        None
    }

    /// Checks the settings of a layer whose shapes are not known.
    fn check_alone(
        &mut self,
        slots: &[&'static layer::Slot],
        body: Option<&ParameterSettings>,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
        if body.is_some() {
            self.check_without_shape(
                Own {
                    slots,
                    arguments: &[],
                    body,
                },
                default,
            );
        }
        None
    }

    /// Checks the settings of `default` that no parameter took.
    fn check_unused(&mut self, default: &ParameterSettings) {
        let groups = default.groups.iter().flat_map(|group| &group.settings);
        let mut settings = default.shared.iter().chain(groups);
        if settings.any(|setting| !self.used.contains(&setting.span)) {
            let own = Own {
                slots: &layer::slots(),
                arguments: &[],
                body: None,
            };
            self.check_without_shape(own, Some(default));
        }
    }

    fn check_without_shape(&mut self, own: Own, default: Option<&ParameterSettings>) {
        let learned = self.learned.clone();
        for slot in own.slots {
            self.resolve("", slot, None, SOME_FANS, own, default);
        }
        self.learned = learned;
    }
}
