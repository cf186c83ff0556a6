//! `reuse conv1`: a layer, or the use of a block, once more with the same parameters.

use super::Lower;
use super::paths::Value;
use crate::diagnostic::Diagnostic;
use crate::ir::arena::Handle;
use crate::ir::model::Node;
use crate::layer::Operation as Arithmetic;
use crate::source::Span;
use crate::syntax::ast::{Ident, ParameterSettings, Step};

impl Lower<'_> {
    /// `reuse conv1`: its layer once more, with the same tensors.
    pub(super) fn reuse(
        &mut self,
        path: String,
        step: &Step,
        name: &Ident,
        inputs: Option<&[Handle<Node>]>,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
        let Value {
            node: first,
            path: of,
        } = self.visible(name)?;
        let inputs = inputs?;
        if let Some(used) = self.composed_by_path.get(&of).cloned() {
            self.shared.push((path.clone(), of));
            let value = self.write_composed(path, used, inputs, default);
            self.shared.pop();
            return value;
        }
        if let (Some(used), [input]) = (self.uses_by_path.get(&of).cloned(), inputs) {
            self.shared.push((path.clone(), of));
            let value = self.write_out(path, used, Some(*input), default);
            self.shared.pop();
            return value;
        }
        if self
            .compositions
            .at(&of)
            .is_some_and(|of| of.block.is_none())
        {
            let title = format!(
                "`{}` is a `repeat`, which is not used again as a whole",
                name.text
            );
            self.report(
                Diagnostic::error("E0304", title)
                    .at(name.span, "")
                    .help("a block that holds it is: `block body { repeat … }`"),
            );
            return None;
        }
        let node = &self.nodes[first];
        let call = node.call.clone();
        let call = call.filter(|call| call.tensors().next().is_some());
        let Some((call, layer)) = call
            .and_then(|call| Some((call.layer?, call)))
            .map(|(l, c)| (c, l))
        else {
            let title = format!("`{}` has no parameters to use again", name.text);
            let message = Diagnostic::error("E0304", title)
                .at(name.span, "")
                .context(node.span, format!("this is `{}`", node.name));
            self.report(
                message.help("name a layer that has parameters, in the block where it stands"),
            );
            return None;
        };
        if let [_, second, ..] = inputs {
            let second = self.nodes[*second].name.clone();
            let on = step.on.as_ref().map_or(step.span, |on| on.span);
            let title = format!(
                "`{}` takes one value, and `{second}` is a second",
                name.text
            );
            self.report(Diagnostic::error("E0205", title).at(on, "one too many"));
            return None;
        }
        let mut call = call;
        let taken = self.of_sequences(&path, step.span, layer, &mut call.arguments, inputs)?;
        let inputs = &taken.inputs[..];
        let shapes = self.shapes(inputs);
        let operation = match layer.join(&call.arguments, &shapes) {
            Ok(operation) => operation,
            Err(error) => {
                self.shape_error(&name.text, step.span, inputs, error);
                return None;
            }
        };
        if !self.same_shapes(step.span, inputs, first, &operation) {
            return None;
        }
        self.fits(&path, &operation, step.span)?;
        let of = (call.arguments, operation, call.parameters);
        self.call_on(taken, path, layer, of, step.span)
    }

    /// The layer whose parameters the one at `path` has, where its block is written out with those of another use.
    pub(super) fn shared_of(&self, path: &str) -> Option<Handle<Node>> {
        self.shared.iter().rev().find_map(|(again, first)| {
            let rest = path.strip_prefix(again)?;
            self.node(&format!("{first}{rest}"))
        })
    }

    /// Whether a layer's parameters have on these values the shapes that they have where it was first used.
    pub(super) fn same_shapes(
        &mut self,
        place: Span,
        inputs: &[Handle<Node>],
        first: Handle<Node>,
        operation: &Arithmetic,
    ) -> bool {
        let Some(call) = self.nodes[first].call.clone() else {
            return false;
        };
        let slots = call.slots().iter();
        for ((slot, declared), tensor) in slots.zip(operation.parameters()).zip(&call.parameters) {
            let Some(tensor) = tensor else { continue };
            let tensor = &self.tensors[*tensor];
            if tensor.shape == declared.shape {
                continue;
            }
            let (above, was) = (&self.nodes[inputs[0]], &self.nodes[first]);
            let before = was.inputs.first().map(|input| &self.nodes[*input]);
            let title = format!(
                "`{}` is {}, and on `{}` its {} would be {}",
                tensor.name, tensor.shape, above.name, slot.name, declared.shape
            );
            let of_first = before.map_or(String::new(), |before| {
                format!(
                    "first used here, on `{}`, which is {}",
                    before.name, before.shape
                )
            });
            let message = Diagnostic::error("E0304", title)
                .at(place, format!("used again on `{}`, which is {}", above.name, above.shape))
                .context(was.span, of_first)
                .help("a layer is used again on values with as many channels, or written as a layer of its own");
            self.report(message);
            return false;
        }
        true
    }
}
