//! Layers that are written in the language: [`Layer::block`], written out where they are used as a file's blocks are.
//! Everything in them stands, for messages, where the layer is used.

use super::blocks::Given;
use super::paths::{Named, Namespace, Value};
use super::substitute::Substitution;
use super::{Lower, scoped};
use crate::check::{Scope, bind, words};
use crate::diagnostic::Diagnostic;
use crate::ir::arena::Handle;
use crate::ir::composition::Composition;
use crate::ir::model::Node;
use crate::layer::composed::{INPUT, MEMORY, WIDTH};
use crate::layer::{self, Layer};
use crate::signature::Constants;
use crate::source::{Source, Span};
use crate::syntax::ast::{
    self, Expr, ExprKind, Ident, ItemKind, Operation, ParameterSettings, SettingGroup, Step,
};
use crate::syntax::parse;
use std::rc::Rc;

/// A use of such a layer.
#[derive(Clone)]
pub(super) struct ComposedUse {
    /// Its lines, with what its arguments are given and with its settings.
    body: Vec<Step>,
    /// Its call, with what it is given, on one line.
    written: String,
    word: &'static str,
    place: Span,
}

impl Lower<'_> {
    /// Writes out a layer that is written in the language.
    pub(super) fn composed(
        &mut self,
        path: String,
        step: &Step,
        call: &ast::Layer,
        entry: &'static dyn Layer,
        inputs: Option<&[Handle<Node>]>,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
        let used = self.composed_use(step, call, entry, inputs)?;
        self.composed_by_path.insert(path.clone(), used.clone());
        self.write_composed(path, used, inputs?, default)
    }

    fn composed_use(
        &mut self,
        step: &Step,
        call: &ast::Layer,
        entry: &'static dyn Layer,
        inputs: Option<&[Handle<Node>]>,
    ) -> Option<ComposedUse> {
        let signature = entry.signature();
        let mut bound = bind(&call.kind, &call.arguments, signature, &mut self.messages);
        let width = inputs.and_then(|inputs| self.nodes[*inputs.first()?].shape.0.last().copied());
        for given in bound.values.iter_mut().flatten() {
            if !given.written && given.expr.as_name().is_some_and(|name| name.text == WIDTH) {
                // Where the input is wrong that has been said, and any width will do.
                given.expr.kind = ExprKind::Number(width.unwrap_or(1) as f64);
            }
        }
        let (scope, messages) = scoped!(self, None);
        let arguments = bound.constants(scope, messages)?;
        if let Some([_, _, third, ..]) = inputs {
            let title = format!("`{}` takes one value, or two", signature.name);
            let on = step.on.as_ref().map_or(step.span, |on| on.span);
            let too_many = format!("`{}` is one too many", self.nodes[*third].name);
            self.report(Diagnostic::error("E0205", title).at(on, too_many));
            return None;
        }
        let mut body = body_of(entry, &arguments);
        if let Some(settings) = &call.settings {
            self.settings_of_composed(settings, call, &body)?;
            for step in &mut body {
                set(step, settings);
            }
        }
        body.iter_mut()
            .for_each(|step| step.stand_at(call.kind.span));
        let parameters = signature.parameters.iter().zip(bound.values);
        let given = parameters
            .map(|(parameter, given)| Some((parameter.name.to_owned(), self.settled(given?.expr))))
            .collect::<Option<_>>()?;
        let mut substitution = Substitution {
            given: &given,
            left: self.parts_left,
        };
        let body = substitution.lines(&body);
        self.parts_left = substitution.left;
        let mut written = call.clone();
        written.arguments.retain(|argument| {
            let mut parameters = signature.parameters.iter();
            let name = argument.name.as_ref();
            let default = parameters.find(|of| name.is_some_and(|name| name.text == of.name));
            default.and_then(|of| of.default) != Some(&argument.value.to_string())
        });
        Some(ComposedUse {
            body,
            written: written.call_text(),
            word: signature.name,
            place: call.kind.span,
        })
    }

    /// Writes its lines out, with names below `path`.
    pub(super) fn write_composed(
        &mut self,
        path: String,
        used: ComposedUse,
        inputs: &[Handle<Node>],
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
        let value = |node: Handle<Node>| {
            let path = self.nodes[node].name.clone();
            Named::Value(Value { node, path })
        };
        let input = inputs[0];
        let memory = inputs.get(1).copied().unwrap_or(input);
        let given = Given::of_values([(INPUT, value(input)), (MEMORY, value(memory))], used.place);
        self.compositions.push(Composition {
            path: path.clone(),
            written: used.written,
            block: Some(used.word.into()),
            line: used.place,
            inputs: self.names_of(inputs),
            given: vec![],
        });
        let space = Namespace::of_block(path, &used.body, Rc::new(given));
        self.within(space, &used.body, Some(input), default)
    }

    /// Whether what stands in the braces is of the layer's parameters: of all, of those called so, or of those of one of
    /// its own layers.
    fn settings_of_composed(
        &mut self,
        settings: &ParameterSettings,
        call: &ast::Layer,
        body: &[Step],
    ) -> Option<()> {
        let own = body.iter().filter_map(|step| step.name.as_ref());
        let slots = layer::slots();
        let known: Vec<&str> = (slots.iter().map(|slot| slot.name))
            .chain(own.map(|name| name.text.as_str()))
            .collect();
        let mut groups = settings.groups.iter();
        let unknown = groups.find(|group| !known.contains(&group.parameter.text.as_str()));
        let Some(unknown) = unknown else {
            return Some(());
        };
        let title = format!(
            "`{}` has no parameter `{}`",
            call.kind.text, unknown.parameter.text
        );
        let own = body.iter().filter_map(|step| step.name.as_ref());
        let names = ["kernel", "bias"].into_iter();
        let names = names.chain(own.map(|name| name.text.as_str()));
        let message = words::unknown("E0212", title, &unknown.parameter, names, "parameters");
        self.report(message);
        None
    }
}

/// The lines of a layer's block.
fn body_of(entry: &dyn Layer, arguments: &Constants) -> Vec<Step> {
    let source = Source {
        name: entry.signature().name.into(),
        text: (entry.block().map(|block| block(arguments))).unwrap_or_default(),
    };
    let Ok(file) = parse(&source) else {
        unreachable!("`{}` is written in the language", source.name)
    };
    let mut items = file.items.into_iter();
    match items.next().map(|item| item.kind) {
        Some(ItemKind::Block { body, .. }) => body,
        _ => unreachable!("`{}` is written as a block", source.name),
    }
}

/// Gives one of the layers the settings that are for it.
fn set(step: &mut Step, settings: &ParameterSettings) {
    let Operation::Layer(call) = &mut step.operation else {
        return;
    };
    let Some(entry) = layer::find(&call.kind.text) else {
        return;
    };
    if entry.slots().is_empty() {
        return;
    }
    let mut own = settings.clone();
    own.groups.retain(|group: &SettingGroup| {
        let name = &group.parameter.text;
        entry.slots().iter().any(|slot| slot.name == name)
    });
    let is_step = |group: &&SettingGroup| {
        let name = step.name.as_ref();
        name.is_some_and(|name| name.text == group.parameter.text)
    };
    // What is said of this layer goes before what is said of all.
    for setting in settings
        .groups
        .iter()
        .filter(is_step)
        .flat_map(|group| &group.settings)
    {
        own.shared
            .retain(|other| other.name.text != setting.name.text);
        own.shared.push(setting.clone());
    }
    call.settings = (!own.shared.is_empty() || !own.groups.is_empty()).then_some(own);
}

impl Given {
    /// These values, as if they were named at `place`.
    fn of_values(values: [(&str, Named); 2], place: Span) -> Self {
        let mut given = Given::default();
        for (at, (name, value)) in values.into_iter().enumerate() {
            let span = Span::new(place.start, place.start + at);
            given.give(
                name,
                Ident {
                    text: name.into(),
                    span,
                },
                value,
            );
        }
        given
    }

    fn give(&mut self, parameter: &str, name: Ident, value: Named) {
        let span = name.span;
        self.values.insert(span, value);
        let kind = ExprKind::Name(name);
        self.parameters
            .insert(parameter.into(), Expr { kind, span });
    }
}
