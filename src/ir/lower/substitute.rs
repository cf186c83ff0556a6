//! A block's lines, with what its parameters are given in their places.

use crate::syntax::ast::{Argument, Expr, Layer, Operation, Step};
use std::collections::HashMap;

/// What each parameter of a block is given.
pub(super) type Parameters = HashMap<String, Expr>;

/// Puts what is given into the places of the parameters.
pub(super) struct Substitution<'a> {
    pub given: &'a Parameters,
    /// How many parts may still be put in; `None` once they were too many, and what is made is not whole.
    pub left: Option<usize>,
}

impl<'a> Substitution<'a> {
    /// Lines with what is given.
    pub fn lines(&mut self, lines: &[Step]) -> Vec<Step> {
        let mut lines = lines.to_vec();
        self.steps(&mut lines);
        lines
    }

    /// Puts what is given into an expression.
    pub fn put_into(&mut self, expr: &mut Expr) {
        match expr.as_name().and_then(|name| self.of(&name.text)) {
            Some(value) => *expr = value.clone(),
            None => (expr.parts_mut().into_iter()).for_each(|part| self.put_into(part)),
        }
    }

    /// What a parameter is given.
    fn of(&mut self, parameter: &str) -> Option<&'a Expr> {
        let value = self.given.get(parameter)?;
        self.left = self.left?.checked_sub(value.size());
        self.left.map(|_| value)
    }

    fn steps(&mut self, steps: &mut Vec<Step>) {
        steps.retain_mut(|step| self.step(step));
    }

    /// A line; `false` of a layer that is a parameter which is given `none`.
    fn step(&mut self, step: &mut Step) -> bool {
        match &mut step.operation {
            Operation::Layer(call) => return self.layer(call),
            Operation::Residual { arguments, body } => {
                self.arguments(arguments);
                self.steps(body);
            }
            Operation::Concat { branches } => {
                branches
                    .iter_mut()
                    .for_each(|branch| self.steps(&mut branch.body));
            }
            Operation::Reuse { .. } => {}
            Operation::Repeat { count, body } => {
                self.put_into(count);
                self.steps(body);
            }
        }
        true
    }

    /// A layer, whose word may itself be a parameter: `activation`, given `relu` or `elu(0.5)`.
    fn layer(&mut self, call: &mut Layer) -> bool {
        self.arguments(&mut call.arguments);
        if let Some(all) = &mut call.settings {
            let groups = all.groups.iter_mut().flat_map(|group| &mut group.settings);
            let settings = all.shared.iter_mut().chain(groups);
            settings.for_each(|setting| self.put_into(&mut setting.value));
        }
        let Some(own) = self.of(&call.kind.text).and_then(Expr::to_call) else {
            return true;
        };
        let stays = own.name.text != "none" || !own.arguments.is_empty();
        call.kind = own.name;
        call.arguments.splice(0..0, own.arguments);
        stays
    }

    fn arguments(&mut self, arguments: &mut [Argument]) {
        arguments
            .iter_mut()
            .for_each(|argument| self.put_into(&mut argument.value));
    }
}
