//! The names that a file declares, and where each is used.

use crate::source::Span;
use crate::syntax::ast::{
    Argument, BlockParameter, Call, DataType, Expr, ExprKind, File, Ident, ItemKind, Operation,
    ParameterSettings, Setting, Step,
};
use std::collections::{BTreeMap, HashMap};

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `const`
    Constant,
    /// `input`
    Input,
    /// `target`
    Target,
    /// `latent`
    Latent,
    /// `block`
    Block,
    /// A parameter of a block.
    Parameter,
    /// A value of the network that the file names.
    Value,
    /// A value that is numbered: `dense_1`.
    Numbered,
}

impl Kind {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Constant => "constant",
            Kind::Input => "input",
            Kind::Target => "target",
            Kind::Latent => "latent variable",
            Kind::Block => "block",
            Kind::Parameter => "parameter of the block",
            Kind::Value | Kind::Numbered => "value of the network",
        }
    }
}

/// A name with its places.
#[derive(Debug, Clone)]
pub(super) struct Name {
    /// It.
    pub text: String,
    /// What it is of.
    pub kind: Kind,
    /// Where it is declared.
    pub definition: Span,
    /// The whole declaration: an item, or a step of the network.
    pub whole: Span,
    /// Where it is used, in the file's order.
    pub uses: Vec<Span>,
    /// The braces in which it is known.
    pub scope: Span,
}

impl Name {
    /// Every place where it stands.
    pub fn places(&self) -> impl Iterator<Item = Span> + '_ {
        let declared = (self.kind != Kind::Numbered).then_some(self.definition);
        declared.into_iter().chain(self.uses.iter().copied())
    }
}

/// The names of a file.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// In the order of their declarations.
    pub all: Vec<Name>,
    scopes: Vec<Scope>,
}

#[derive(Debug, Default)]
struct Scope {
    known: HashMap<String, usize>,
    counts: BTreeMap<String, usize>,
    span: Span,
}

impl Names {
    /// The names of `file`, a text of `length` bytes.
    pub fn of(file: &File, length: usize) -> Names {
        let mut names = Names::default();
        names.open(Span::new(0, length));
        for item in &file.items {
            names.item(&item.kind, item.span);
        }
        names
    }

    /// The name at byte `offset`.
    pub fn at(&self, offset: usize) -> Option<&Name> {
        let is_there = |span: Span| span.start <= offset && offset <= span.end;
        self.all.iter().find(|name| name.places().any(is_there))
    }

    /// The names that are known at byte `offset`, the last declared first.
    pub fn known(&self, offset: usize) -> impl Iterator<Item = &Name> {
        self.all.iter().rev().filter(move |name| {
            let inside = name.scope.start <= offset && offset <= name.scope.end;
            inside && name.definition.end < offset
        })
    }

    fn open(&mut self, span: Span) {
        self.scopes.push(Scope {
            span,
            ..Scope::default()
        });
    }

    fn close(&mut self) {
        self.scopes.pop();
    }

    fn declare(&mut self, text: &str, definition: Span, kind: Kind, whole: Span) {
        let place = self.all.len();
        let Some(scope) = self.scopes.last_mut() else {
            return;
        };
        scope.known.insert(text.to_owned(), place);
        self.all.push(Name {
            text: text.to_owned(),
            kind,
            definition,
            whole,
            uses: vec![],
            scope: scope.span,
        });
    }

    fn used(&mut self, ident: &Ident) {
        let mut scopes = self.scopes.iter().rev();
        if let Some(place) = scopes.find_map(|scope| scope.known.get(&ident.text)) {
            self.all[*place].uses.push(ident.span);
        }
    }

    fn item(&mut self, item: &ItemKind, whole: Span) {
        match item {
            ItemKind::Model(_) => {}
            ItemKind::Const { name, value } => {
                self.expression(value);
                self.declare(&name.text, name.span, Kind::Constant, whole);
            }
            ItemKind::Input { name, data_type } => {
                self.data_type(data_type);
                self.declare(&name.text, name.span, Kind::Input, whole);
            }
            ItemKind::Target { name, data_type } => {
                self.data_type(data_type);
                self.declare(&name.text, name.span, Kind::Target, whole);
            }
            ItemKind::Latent {
                name,
                prior,
                settings,
            } => {
                self.call(prior);
                self.settings(settings);
                self.declare(&name.text, name.span, Kind::Latent, whole);
            }
            ItemKind::Default(settings) => self.parameters(settings),
            ItemKind::Block {
                name,
                parameters,
                body,
            } => {
                self.open(whole);
                parameters.iter().for_each(|one| self.parameter(one));
                self.steps(body);
                self.close();
                self.declare(&name.text, name.span, Kind::Block, whole);
            }
            ItemKind::Network(body) => self.steps(body),
            ItemKind::Observe { target, likelihood } => {
                self.used(target);
                self.call(likelihood);
            }
            ItemKind::Objective { settings, .. } => self.settings(settings),
            ItemKind::Inference {
                arguments,
                settings,
                ..
            } => {
                self.arguments(arguments);
                self.settings(settings);
            }
        }
    }

    fn data_type(&mut self, data_type: &DataType) {
        let axes = data_type.axes.iter().chain(&data_type.places);
        axes.flatten().for_each(|axis| self.expression(axis));
        self.arguments(&data_type.said);
    }

    fn parameter(&mut self, parameter: &BlockParameter) {
        if let Some(default) = &parameter.default {
            self.expression(default);
        }
        let name = &parameter.name;
        self.declare(&name.text, name.span, Kind::Parameter, parameter.span);
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step) {
        if let Some(on) = &step.on {
            on.values.iter().for_each(|value| self.used(value));
        }
        let (kind, head) = match &step.operation {
            Operation::Layer(layer) => {
                self.used(&layer.kind);
                self.arguments(&layer.arguments);
                layer.settings.iter().for_each(|own| self.parameters(own));
                (layer.kind.text.as_str(), layer.kind.span)
            }
            Operation::Residual { arguments, body } => {
                self.arguments(arguments);
                // The values of an unnamed residual are known around it.
                match step.name {
                    Some(_) => self.within(step.span, body),
                    None => self.steps(body),
                }
                ("residual", step.span)
            }
            Operation::Concat { branches } => {
                for branch in branches {
                    self.within(branch.span, &branch.body);
                }
                ("concat", step.span)
            }
            Operation::Reuse { layer } => {
                self.used(layer);
                ("reuse", step.span)
            }
            Operation::Repeat { count, body } => {
                self.expression(count);
                self.within(step.span, body);
                ("repeat", step.span)
            }
        };
        match &step.name {
            Some(name) => self.declare(&name.text, name.span, Kind::Value, step.span),
            None => {
                let Some(scope) = self.scopes.last_mut() else {
                    return;
                };
                let count = scope.counts.entry(kind.to_owned()).or_default();
                *count += 1;
                let text = format!("{kind}_{count}");
                self.declare(&text, head, Kind::Numbered, step.span);
            }
        }
    }

    fn within(&mut self, span: Span, body: &[Step]) {
        self.open(span);
        self.steps(body);
        self.close();
    }

    fn parameters(&mut self, settings: &ParameterSettings) {
        self.settings(&settings.shared);
        for group in &settings.groups {
            self.settings(&group.settings);
        }
    }

    fn settings(&mut self, settings: &[Setting]) {
        for setting in settings {
            self.expression(&setting.value);
        }
    }

    fn arguments(&mut self, arguments: &[Argument]) {
        for argument in arguments {
            self.expression(&argument.value);
        }
    }

    fn call(&mut self, call: &Call) {
        self.used(&call.name);
        self.arguments(&call.arguments);
    }

    fn expression(&mut self, value: &Expr) {
        match &value.kind {
            ExprKind::Name(name) => self.used(name),
            ExprKind::Call(call) => self.call(call),
            _ => value
                .parts()
                .into_iter()
                .for_each(|part| self.expression(part)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::syntax::parse;

    const TEXT: &str = "model m
const width = 8
input image: real[width]
target y: real
latent tau ~ Normal(0, width)
default { prior = Normal(0, exp(tau)) }
block body(width, activation = relu) {
  a = dense(width)
  activation
}
network {
  body(3), dense(4)
  a = dense(width) on image
  residual { inner = dense(width) }
  repeat 2 { hidden = dense(width) }
  f = add on (a, inner)
  f2 = dense(1) on dense_1
}
observe y ~ Normal(loc = f, scale = exp(tau))
";

    fn names() -> Names {
        let source = Source {
            name: "m.bnn".into(),
            text: TEXT.into(),
        };
        Names::of(&parse(&source).unwrap(), TEXT.len())
    }

    /// The 1-based lines at which the name stands that is at the `nth` occurrence of a text.
    fn lines(text: &str, nth: usize) -> Vec<usize> {
        let names = names();
        let (at, _) = TEXT.match_indices(text).nth(nth).unwrap();
        let name = names.at(at).unwrap_or_else(|| panic!("{text} {nth}"));
        let line = |span: Span| TEXT[..span.start].matches('\n').count() + 1;
        name.places().map(line).collect()
    }

    #[test]
    fn a_parameter_hides_the_constant_of_its_name_in_its_block_alone() {
        assert_eq!(lines("width", 0), [2, 3, 5, 13, 14, 15]);
        assert_eq!(lines("width,", 0), [7, 8]);
    }

    #[test]
    fn uses_are_found_in_settings_arguments_and_likelihoods() {
        assert_eq!(lines("tau", 0), [5, 6, 19]);
        assert_eq!(lines("activation", 0), [7, 9]);
        assert_eq!(lines("y:", 0), [4, 19]);
        assert_eq!(lines("body", 0), [7, 12]);
        assert_eq!(lines("image", 0), [3, 13]);
    }

    #[test]
    fn a_value_is_known_in_its_braces_and_that_of_an_unnamed_residual_around_it() {
        // `a` of the block is another than that of the network.
        assert_eq!(lines("a = ", 0), [8]);
        assert_eq!(lines("a = dense(width) on", 0), [13, 16]);
        assert_eq!(lines("inner", 0), [14, 16]);
        assert_eq!(lines("hidden", 0), [15]);
        let names = names();
        let at = TEXT.find("f = add").unwrap();
        let known: Vec<&str> = names.known(at).map(|name| name.text.as_str()).collect();
        assert!(
            known.contains(&"inner") && !known.contains(&"hidden"),
            "{known:?}"
        );
    }

    #[test]
    fn a_numbered_value_leads_to_its_layer() {
        let names = names();
        let at = TEXT.find("dense_1").unwrap();
        let name = names.at(at).unwrap();
        assert_eq!(name.kind, Kind::Numbered);
        assert_eq!(&TEXT[name.definition.start..name.definition.end], "dense");
    }
}
