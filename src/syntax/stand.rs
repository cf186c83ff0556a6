//! Lines that are not of the file as if they stood at a place of it.

use super::ast::{Argument, Expr, ExprKind, Operation, Step};
use crate::source::Span;

impl Step {
    /// Moves the line and all that is in it to one place, but settings that have places of their own.
    pub fn stand_at(&mut self, place: Span) {
        self.span = place;
        self.name.iter_mut().for_each(|name| name.span = place);
        if let Some(on) = &mut self.on {
            on.span = place;
            on.values.iter_mut().for_each(|value| value.span = place);
        }
        match &mut self.operation {
            Operation::Layer(call) => {
                (call.span, call.kind.span) = (place, place);
                arguments(&mut call.arguments, place);
            }
            Operation::Residual {
                arguments: all,
                body,
            } => {
                arguments(all, place);
                steps(body, place);
            }
            Operation::Concat { branches } => {
                for branch in branches {
                    branch.span = place;
                    steps(&mut branch.body, place);
                }
            }
            Operation::Reuse { layer } => layer.span = place,
            Operation::Repeat { count, body } => {
                count.stand_at(place);
                steps(body, place);
            }
        }
    }
}

impl Expr {
    fn stand_at(&mut self, place: Span) {
        self.span = place;
        match &mut self.kind {
            ExprKind::Name(name) => name.span = place,
            ExprKind::Call(call) => {
                (call.span, call.name.span) = (place, place);
                arguments(&mut call.arguments, place);
            }
            _ => self
                .parts_mut()
                .into_iter()
                .for_each(|part| part.stand_at(place)),
        }
    }
}

fn steps(steps: &mut [Step], place: Span) {
    steps.iter_mut().for_each(|step| step.stand_at(place));
}

fn arguments(arguments: &mut [Argument], place: Span) {
    for argument in arguments {
        argument.span = place;
        argument.name.iter_mut().for_each(|name| name.span = place);
        argument.value.stand_at(place);
    }
}
