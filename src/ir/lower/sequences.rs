//! Sequences with lengths of their own: which values have them, and how layers take these.

use super::Lower;
use crate::diagnostic::Diagnostic;
use crate::ir::arena::Handle;
use crate::ir::model::{Argument, Node, Observe, Role, Target, Tensor};
use crate::layer::sequences::VOCABULARY;
use crate::layer::{Layer, Operation, Sequence, Sequences, mask_padding::MaskPadding};
use crate::signature::{Constant, Constants};
use crate::source::Span;
use crate::tensor::Shape;

/// The values that a layer takes, once lengths are settled.
pub(super) struct Taken {
    /// In order; a length that the layer is told is the last.
    pub inputs: Vec<Handle<Node>>,
    /// The length of what it gives.
    length: Option<Handle<Node>>,
    /// Whether that length holds only for an output of as many steps.
    of_steps: Option<usize>,
}

impl Lower<'_> {
    /// What a layer takes of these values: with padding set to 0, or with a length beside them, as it asks. `None` where
    /// it cannot take them, which has been said.
    pub(super) fn of_sequences(
        &mut self,
        name: &str,
        place: Span,
        layer: &'static dyn Layer,
        arguments: &mut Constants,
        values: &[Handle<Node>],
    ) -> Option<Taken> {
        let mut taken = Taken {
            inputs: values.to_vec(),
            length: None,
            of_steps: None,
        };
        let word = layer.signature().name;
        let asks = layer.sequences();
        for &value in values {
            let node = &self.nodes[value];
            let Some(length) = node.length else { continue };
            let tokens = self.vocabulary(value);
            let message = match (asks, tokens) {
                (Sequences::Tokens, Some(size)) => {
                    arguments.0.retain(|(name, _)| *name != VOCABULARY);
                    arguments.0.push((VOCABULARY, Constant::Count(size)));
                    taken.length = Some(length);
                    continue;
                }
                (_, Some(_)) => Diagnostic::error(
                    "E0309",
                    format!("`{word}` takes numbers, and `{}` are tokens", node.name),
                )
                .at(place, "")
                .help("`embedding(64)` before it gives each token a vector"),
                (Sequences::Refused(instead), None) => {
                    let title = format!(
                        "`{word}` takes all steps of `{}` alike, and those behind an example's length are padding",
                        self.called(value)
                    );
                    Diagnostic::error("E0308", title)
                        .at(place, "")
                        .help(instead)
                }
                _ => continue,
            };
            let context = format!("`{}` is declared here", self.called(value));
            self.report(message.context(node.span, context));
            return None;
        }
        let first = values.first().and_then(|value| self.nodes[*value].length);
        match asks {
            Sequences::EachStep => taken.length = self.common_length(name, place, values)?,
            Sequences::Told { of, keeps } => {
                let told = values.get(of).and_then(|value| self.nodes[*value].length);
                taken.inputs.extend(told);
                taken.length = first.filter(|_| keeps);
            }
            Sequences::Zeroed { keeps } => {
                for value in &mut taken.inputs {
                    let node = &self.nodes[*value];
                    if let Some(length) = node.length {
                        taken.of_steps = node.shape.0.first().copied();
                        *value = self.masked(name, *value, length, place);
                    }
                }
                taken.length = first.filter(|_| keeps);
            }
            Sequences::Tokens | Sequences::Refused(_) => {}
        }
        Some(taken)
    }

    /// The length of what a layer gives; `None` where it gives a sequence of other steps, which has been said.
    pub(super) fn length_of(
        &mut self,
        taken: &Taken,
        name: &str,
        output: &Shape,
        place: Span,
    ) -> Option<Option<Handle<Node>>> {
        // A last state is no sequence.
        let rank = taken
            .inputs
            .first()
            .map(|value| self.nodes[*value].shape.rank());
        let kept = taken
            .length
            .filter(|_| rank.is_none_or(|rank| output.rank() >= rank));
        let (Some(length), Some(steps)) = (kept, taken.of_steps) else {
            return Some(kept);
        };
        if output.0.first() == Some(&steps) {
            return Some(Some(length));
        }
        let title = format!(
            "`{name}` makes {} steps of {steps}, and of a padded sequence it would not be known which are there",
            output.0.first().copied().unwrap_or(1)
        );
        self.report(
            Diagnostic::error("E0308", title)
                .at(place, "")
                .help("`padding = same` or `padding = causal` with a stride of 1 keeps the steps"),
        );
        None
    }

    /// Reports an estimator that a recurrence's kernel cannot have.
    pub(super) fn takes_recurrence(&mut self, place: Span, parameters: &[Option<Handle<Tensor>>]) {
        let mut fits = parameters
            .iter()
            .flatten()
            .map(|tensor| (*tensor, &self.fits[*tensor]));
        let refused = fits.find_map(|(tensor, fit)| {
            let is_kernel = self.tensors[tensor].role == Role::Kernel;
            let estimator = fit.estimator.filter(|_| is_kernel)?;
            Some((
                tensor,
                estimator,
                estimator.refuse_recurrence()?,
                fit.estimator_from.span(),
            ))
        });
        let Some((tensor, estimator, reason, from)) = refused else {
            return;
        };
        let title = format!(
            "`{}` cannot draw `{}`: {reason}",
            estimator.signature().name,
            self.tensors[tensor].name
        );
        let mut message = Diagnostic::error("E0404", title).at(place, "");
        if let Some(from) = from {
            message = message.context(from, "the estimator");
        }
        self.report(message.help(
            "`lstm(64) { recurrent: estimator = flipout }` gives the recurrence one of its own; \
             `reparameterization` and `per_example` fit, too",
        ));
    }

    /// The place of the input whose lengths a target has that is observed so; `None` once what is wrong has been said.
    pub(super) fn steps_of(&mut self, target: &Target, observe: &Observe) -> Option<Option<usize>> {
        let nodes: Vec<Handle<Node>> = observe
            .arguments
            .iter()
            .filter_map(Argument::node)
            .collect();
        if let Some(tokens) = nodes.iter().find(|node| self.vocabulary(**node).is_some()) {
            let title = format!(
                "`{}` are tokens, and a likelihood takes numbers",
                self.nodes[*tokens].name
            );
            let message = Diagnostic::error("E0309", title).at(observe.span, "");
            self.report(message.help("`embedding(64)` gives each token a vector"));
            return None;
        }
        let length = self.common_length("observe", observe.span, &nodes)?;
        let Some((length, node)) = length.zip(
            nodes
                .iter()
                .find(|node| self.nodes[**node].length.is_some()),
        ) else {
            return Some(None);
        };
        let steps = self.nodes[*node].shape.0.first().copied();
        let axes = target.kind.axes();
        if axes.and_then(|axes| axes.sizes().first().copied()) == steps {
            return Some(self.lengths.get(&length).map(|(input, _)| *input));
        }
        let steps = steps.unwrap_or(1);
        let title = format!(
            "`{}` has a value for each of {steps} steps, and the target `{}` is no sequence of as many",
            self.called(*node),
            target.name
        );
        self.report(Diagnostic::error("E0308", title).at(observe.span, "").help(format!(
            "`real[{steps}, 1]` and `category[5][{steps}]` have a value a step; `returns = last` or a pool makes one value of \
             the steps"
        )));
        None
    }

    /// Whether a value is made of all states of a recurrence.
    pub(super) fn states_of(&self, node: &Node) -> bool {
        let mut node = node;
        loop {
            let operation = node.call.as_ref().map(|call| &call.operation);
            match (operation, node.inputs.first()) {
                (Some(Operation::Scan(scan)), _) => return !scan.geometry().last,
                (_, Some(above)) => node = &self.nodes[*above],
                (_, None) => return false,
            }
        }
    }

    /// The input of tokens that a value is.
    pub(super) fn vocabulary(&self, value: Handle<Node>) -> Option<usize> {
        let node = &self.nodes[value];
        let (_, Sequence { vocabulary }) = self.lengths.get(&node.length?)?;
        // What is made of an input is none of tokens.
        let call = node.call.as_ref()?;
        vocabulary.filter(|_| call.layer.is_none() && self.nodes[node.inputs[0]].call.is_none())
    }

    /// The length that all of these have which have one.
    fn common_length(
        &mut self,
        name: &str,
        place: Span,
        values: &[Handle<Node>],
    ) -> Option<Option<Handle<Node>>> {
        let of = |value: &Handle<Node>| Some((*value, self.nodes[*value].length?));
        let mut all = values.iter().filter_map(of);
        let Some((first, length)) = all.next() else {
            return Some(None);
        };
        let Some((other, _)) = all.find(|(_, other)| *other != length) else {
            return Some(Some(length));
        };
        let title = format!(
            "`{name}` takes `{}` and `{}`, which have lengths of different inputs",
            self.called(first),
            self.called(other)
        );
        let message = Diagnostic::error("E0308", title)
            .at(place, "")
            .context(self.nodes[first].span, "")
            .context(self.nodes[other].span, "")
            .help(
                "`attention` reads one sequence by another; a last state or a pool is of no length",
            );
        self.report(message);
        None
    }

    /// A value with its padding set to 0.
    fn masked(
        &mut self,
        name: &str,
        value: Handle<Node>,
        length: Handle<Node>,
        span: Span,
    ) -> Handle<Node> {
        static LAYER: MaskPadding = MaskPadding;
        let of = &self.nodes[value];
        if of
            .call
            .as_ref()
            .and_then(|call| call.layer)
            .is_some_and(|layer| layer.signature().name == LAYER.signature().name)
        {
            return value;
        }
        let shapes = [of.shape.clone(), Shape::new(&[1])];
        let arguments = Constants::default();
        let Ok(operation) = LAYER.join(&arguments, &shapes) else {
            unreachable!("a sequence has an axis of steps")
        };
        self.add(Node {
            name: format!("{name}.mask_padding"),
            inputs: vec![value, length],
            shape: operation.output(),
            length: Some(length),
            call: Some(crate::ir::model::Call {
                layer: Some(&LAYER),
                arguments,
                operation,
                parameters: vec![],
            }),
            span,
        })
    }
}
