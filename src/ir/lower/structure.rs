//! How a network is put together: `residual`, `concat`, `repeat`, `reuse`, and the values that a layer takes.

use super::paths::Namespace;
use super::sequences::Taken;
use super::{Lower, scoped, types};
use crate::check::{Scope, arguments};
use crate::diagnostic::Diagnostic;
use crate::ir::arena::Handle;
use crate::ir::composition::Composition;
use crate::ir::model::{Call, Node};
use crate::layer::{self, Layer, Operation as Arithmetic, ShapeError};
use crate::signature::Constants;
use crate::source::Span;
use crate::syntax::ast::{Branch, Expr, Operation, ParameterSettings, Step};
use crate::tensor::Shape;

/// The most lines that a network may have once its blocks and repeats are written out.
const MOST_STEPS: usize = 20_000;

/// How deep blocks, repeats, residuals and branches may stand in each other once they are written out.
const DEEPEST: usize = 128;

impl Lower<'_> {
    /// Reads lines of a network one after the other, each of which takes the value of the one above it.
    pub(super) fn steps(&mut self, steps: &[Step], default: Option<&ParameterSettings>) {
        for step in steps {
            self.depth += 1;
            let path = self.path_of(step);
            let value = self.step(step, path.clone(), default);
            self.depth -= 1;
            match value {
                Some(value) => drop(self.names.entry(path).or_insert(value)),
                None => drop(self.broken.insert(path)),
            }
            self.current = value;
        }
    }

    /// The path of a step's value. One without a name is numbered by its word: `relu_2`.
    fn path_of(&mut self, step: &Step) -> String {
        match &step.name {
            Some(name) => self.path(&name.text),
            None => self.numbered(word(step)),
        }
    }

    fn step(
        &mut self,
        step: &Step,
        path: String,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
        self.messages.at(step.span);
        if !self.has_room(step) {
            return None;
        }
        let inputs = self.inputs(step);
        if let Operation::Layer(call) = &step.operation
            && !self.blocks.contains_key(&call.kind.text)
        {
            if let Some(entry) = layer::find(&call.kind.text)
                && entry.block().is_some()
            {
                return self.composed(path, step, call, entry, inputs.as_deref(), default);
            }
            return self.layer(path, step, call, inputs.as_deref(), default);
        }
        if let Operation::Reuse { layer } = &step.operation {
            return self.reuse(path, step, layer, inputs.as_deref(), default);
        }
        let input = match inputs.as_deref() {
            Some([input]) => Some(*input),
            None => None,
            Some(_) => {
                let on = step.on.as_ref().map_or(step.span, |on| on.span);
                let title = format!("`{}` takes one value", word(step));
                let message = Diagnostic::error("E0205", title).at(on, "one too many");
                self.report(match &step.operation {
                    Operation::Layer(_) => {
                        message.help("others can be given as parameters of the block")
                    }
                    _ => message,
                });
                None
            }
        };
        match &step.operation {
            Operation::Layer(call) => self.use_block(path, call, input, default),
            Operation::Residual { arguments, body } => {
                self.residual(path, step, (arguments, body), input, default)
            }
            Operation::Concat { branches } => self.branches(path, step, branches, input, default),
            Operation::Repeat { count, body } => {
                self.repeat(path, step, (count, body), input, default)
            }
            Operation::Reuse { .. } => None,
        }
    }

    /// Whether the network is not too long for another line; that it is is said once.
    fn has_room(&mut self, step: &Step) -> bool {
        let deep = self.depth > DEEPEST;
        if self.written_out < MOST_STEPS && !deep {
            self.written_out += 1;
            return true;
        }
        let title = match deep {
            true => {
                format!(
                    "blocks, repeats and residuals stand in each other more than {DEEPEST} deep"
                )
            }
            false => {
                let most = crate::words::thousands(MOST_STEPS);
                format!("the network has more than {most} layers once it is written out")
            }
        };
        self.too_long(step.span, title);
        false
    }

    /// Reports a network that is too long to be written out, once.
    pub(super) fn too_long(&mut self, place: Span, title: String) {
        if !std::mem::replace(&mut self.is_full, true) {
            self.report(Diagnostic::error("E0307", title).at(place, "here"));
        }
    }

    /// The values that a step takes; `None` where something is wrong with one, which has been said.
    fn inputs(&mut self, step: &Step) -> Option<Vec<Handle<Node>>> {
        match &step.on {
            None => Some(vec![self.current?]),
            Some(on) => {
                let values: Vec<_> = on.values.iter().map(|name| self.visible(name)).collect();
                values.into_iter().map(|value| Some(value?.node)).collect()
            }
        }
    }

    /// Reads what stands in a namespace of its own, on `input`.
    pub(super) fn within(
        &mut self,
        space: Namespace,
        steps: &[Step],
        input: Option<Handle<Node>>,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
        self.spaces.push(space);
        self.current = input;
        self.steps(steps, default);
        self.spaces.pop();
        self.current
    }

    fn branches(
        &mut self,
        path: String,
        step: &Step,
        branches: &[Branch],
        input: Option<Handle<Node>>,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
        let mut values = Vec::new();
        for (index, branch) in branches.iter().enumerate() {
            let path = format!("{path}.{}", index + 1);
            values.push(self.body(path, &branch.body, input, default));
        }
        let values: Vec<Handle<Node>> = values.into_iter().collect::<Option<_>>()?;
        if !(2..=layer::MOST_INPUTS).contains(&values.len()) {
            let found = crate::words::count(values.len(), "branch", "branches");
            let title = format!("`concat` joins 2 to {} branches", layer::MOST_INPUTS);
            self.report(Diagnostic::error("E0204", title).at(step.span, found));
            return None;
        }
        let of = values.clone();
        self.joined(
            path,
            &layer::concat::Concat,
            values,
            self.head(step),
            |lower, error| {
                lower.unlike("concat", step.span, &of, error);
            },
        )
    }

    /// Reads a body with a path of its own. Where it is the use of one block and nothing else, the block's layers have
    /// that path.
    fn body(
        &mut self,
        path: String,
        body: &[Step],
        input: Option<Handle<Node>>,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
        if let [
            Step {
                name: None,
                operation: Operation::Layer(call),
                on: None,
                span,
            },
        ] = body
            && self.blocks.contains_key(&call.kind.text)
        {
            if !self.has_room(&body[0]) {
                return None;
            }
            self.messages.at(*span);
            return self.use_block(path, call, input, default);
        }
        self.within(Namespace::new(path, body), body, input, default)
    }

    fn repeat(
        &mut self,
        path: String,
        step: &Step,
        (count, body): (&Expr, &[Step]),
        input: Option<Handle<Node>>,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
        let (scope, messages) = scoped!(self, None);
        let times = arguments::count("the number of repeats", count, scope, messages);
        if body.is_empty() {
            self.report(Diagnostic::error("E0210", "the repeat has no layers").at(step.span, ""));
            return None;
        }
        let times = times?;
        let mut value = input;
        self.compositions.push(Composition {
            path: path.clone(),
            written: self.repeat_text(times, body),
            block: None,
            line: step.span,
            inputs: self.names_of(input.as_slice()),
            given: vec![],
        });
        for round in 1..=times {
            value = self.body(format!("{path}.{round}"), body, value, default);
            if value.is_none() {
                break;
            }
        }
        value
    }

    /// `3 × basic(16)`, `2 × (dense, relu)`
    fn repeat_text(&self, times: usize, body: &[Step]) -> String {
        if let [only] = body
            && let Operation::Layer(call) = &only.operation
            && self.blocks.contains_key(&call.kind.text)
        {
            return format!("{times} × {}", call.call_text());
        }
        let words: Vec<&str> = body.iter().map(word).collect();
        format!("{times} × ({})", words.join(", "))
    }

    /// Adds the value of a join without arguments; `refused` says why there is none.
    pub(super) fn joined(
        &mut self,
        path: String,
        layer: &'static dyn Layer,
        inputs: Vec<Handle<Node>>,
        span: Span,
        refused: impl FnOnce(&mut Self, ShapeError),
    ) -> Option<Handle<Node>> {
        let mut arguments = Constants::default();
        let taken = self.of_sequences(&path, span, layer, &mut arguments, &inputs)?;
        let shapes = self.shapes(&inputs);
        let operation = match layer.join(&arguments, &shapes) {
            Ok(operation) => operation,
            Err(error) => {
                refused(self, error);
                return None;
            }
        };
        self.fits(&path, &operation, span)?;
        self.call_on(taken, path, layer, (arguments, operation, vec![]), span)
    }

    /// Reports a value with more numbers than one example can have.
    pub(super) fn fits(&mut self, path: &str, operation: &Arithmetic, place: Span) -> Option<()> {
        let output = operation.output();
        if !types::fits(&output) {
            let title = format!("`{path}` is too large: its value is {output}");
            self.report(Diagnostic::error("E0307", title).at(place, ""));
            return None;
        }
        Some(())
    }

    /// Adds the value of a layer on what it takes.
    pub(super) fn call_on(
        &mut self,
        taken: Taken,
        name: String,
        layer: &'static dyn Layer,
        (arguments, operation, parameters): (
            Constants,
            Arithmetic,
            Vec<Option<Handle<crate::ir::Tensor>>>,
        ),
        span: Span,
    ) -> Option<Handle<Node>> {
        let shape = operation.output();
        let length = self.length_of(&taken, &name, &shape, span)?;
        Some(self.add(Node {
            name,
            inputs: taken.inputs,
            length,
            call: Some(Call {
                layer: Some(layer),
                arguments,
                operation,
                parameters,
            }),
            shape,
            span,
        }))
    }

    pub(super) fn shapes(&self, nodes: &[Handle<Node>]) -> Vec<Shape> {
        nodes
            .iter()
            .map(|node| self.nodes[*node].shape.clone())
            .collect()
    }
}

/// The word of a step.
fn word(step: &Step) -> &str {
    match &step.operation {
        Operation::Layer(call) => &call.kind.text,
        Operation::Residual { .. } => "residual",
        Operation::Concat { .. } => "concat",
        Operation::Repeat { .. } => "repeat",
        Operation::Reuse { .. } => "reuse",
    }
}
