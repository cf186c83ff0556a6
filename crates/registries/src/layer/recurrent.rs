//! The layers `lstm`, `gru` and `rnn`, and the recurrences that they are made of: what they share. Each says its cell alone.
//!
//! A layer is written in the language: a dense layer for the products of the inputs of all steps, and the recurrence on
//! them; of both directions two such layers side by side.

use super::composed::Block;
use super::scan::{Cell, operation};
use super::sequences::told;
use super::{Layer, Operation, Sequences, ShapeError, Slot};
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::Shape;
use std::marker::PhantomData;

/// Which of its states a recurrence gives.
pub(super) const RETURNS: Parameter = Parameter {
    name: "returns",
    kind: Kind::Choice(&["steps", "last"]),
    default: Some("steps"),
    summary: "`steps` for the state after each step, a sequence; `last` for the one after the last step",
};

/// In which order it takes the steps.
pub(super) const DIRECTION: Parameter = Parameter {
    name: "direction",
    kind: Kind::Choice(&["forward", "backward"]),
    default: Some("forward"),
    summary: "`backward` from the last step to the first",
};

/// The directions of a layer that may have two cells.
pub(super) const DIRECTIONS: Parameter = Parameter {
    name: "direction",
    kind: Kind::Choice(&["forward", "backward", "both"]),
    default: Some("forward"),
    summary: "`backward` from the last step to the first; `both` for one of each, joined along the last axis",
};

/// How many units a layer has.
pub(super) const UNITS: Parameter = Parameter {
    name: "units",
    kind: Kind::Count,
    default: None,
    summary: "numbers of the state",
};

/// What a layer and its recurrence say of themselves, by their cell.
pub(super) trait Recurrent: Cell {
    /// The layer's name and arguments.
    const LAYER: &'static Signature;
    /// The recurrence's: its name is the layer's with `_cell` behind it.
    const CELL: &'static Signature;
    /// [`Layer::methods`] of the layer, and of the recurrence.
    const METHODS: [&'static str; 2];
    /// The recurrence's parameters.
    const SLOTS: &'static [Slot];

    /// What the recurrence starts with, and its constants: `$h_0 = 0$`.
    fn start(arguments: &Constants) -> String {
        let _ = arguments;
        "$h_0 = 0$".into()
    }

    /// A cell with these arguments of the recurrence.
    fn new(arguments: &Constants) -> Self;
}

/// The registry's entry of a layer.
pub(super) struct Entry<C>(PhantomData<C>);

/// The registry's entry of its recurrence.
pub(super) struct CellEntry<C>(PhantomData<C>);

impl<C> Entry<C> {
    pub(super) const NEW: Self = Entry(PhantomData);
}

impl<C> CellEntry<C> {
    pub(super) const NEW: Self = CellEntry(PhantomData);
}

impl<C: Recurrent> Layer for Entry<C> {
    fn signature(&self) -> &'static Signature {
        C::LAYER
    }

    fn methods(&self, _: &Constants) -> &'static str {
        C::METHODS[0]
    }

    fn block(&self) -> Option<Block> {
        Some(|arguments| {
            let (name, gates) = (C::LAYER.name, C::GATES);
            let own = C::CELL.parameters.iter().map(|parameter| parameter.name);
            let passed: Vec<String> = own
                .filter(|name| *name != DIRECTION.name)
                .map(|name| format!("{name} = {name}"))
                .collect();
            let passed = passed.join(", ");
            match arguments.word(DIRECTION.name) {
                "both" => format!(
                    "block {name} {{
                       forward  = {name}(units, {passed}) on input
                       backward = {name}(units, {passed}, direction = backward) on input
                       concat on (forward, backward)
                     }}"
                ),
                _ => format!(
                    "block {name} {{
                       input     = dense({gates} * units)
                       recurrent = {name}_cell({passed}, direction = direction)
                     }}"
                ),
            }
        })
    }
}

impl<C: Recurrent> Layer for CellEntry<C> {
    fn signature(&self) -> &'static Signature {
        C::CELL
    }

    fn methods(&self, _: &Constants) -> &'static str {
        C::METHODS[1]
    }

    fn methods_of(&self, arguments: &Constants) -> String {
        let backward = match arguments.word(DIRECTION.name) {
            "backward" => ", $t$ counting the steps from the last to the first",
            _ => "",
        };
        let gives = match arguments.word(RETURNS.name) {
            "last" => "$y$ is $h_t$ at the last $t$",
            _ => "$y_t = h_t$",
        };
        format!("{backward}, with {}; {gives}", C::start(arguments))
    }

    fn slots(&self) -> &'static [Slot] {
        C::SLOTS
    }

    /// What it gives has the lengths of what it takes, unless it is the last state.
    fn sequences(&self) -> Sequences {
        told(true)
    }

    fn join(&self, arguments: &Constants, shapes: &[Shape]) -> Result<Operation, ShapeError> {
        self.build(arguments, &shapes[0])
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        operation(C::new(arguments), arguments, shape)
    }
}
