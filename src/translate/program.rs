//! What a program says of its model: the layers in their order, the input's shape, the loss.

use super::parser::{Argument, Expr, ExprKind, Statement, statements};
use crate::diagnostic::elsewhere::plain;
use crate::source::Span;
use std::collections::BTreeMap;

/// The layers of a model, and what is said of it elsewhere in the program.
#[derive(Debug, Default)]
pub(super) struct Program {
    /// Calls of layers, in their order.
    pub layers: Vec<Expr>,
    /// Names with numbers: `N = 60000`.
    constants: BTreeMap<String, f64>,
    /// The shape that the program gives a model beside its layers: `model.build([None, 28, 28, 1])`.
    pub shape: Option<Expr>,
    /// What the target is, by the loss.
    pub target: Option<Target>,
    /// `epochs = 10` of a call of `fit`, as flags of `bnnc train`.
    pub flags: Vec<(&'static str, f64)>,
    /// Another stack of layers in the program, which is not translated.
    pub another: Option<Span>,
}

/// What a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Category,
    Binary,
    Real,
}

/// Reads a program.
pub(super) fn read(text: &str) -> Program {
    let statements = statements(text);
    let mut program = Program::default();
    let mut of: Option<Option<String>> = None;
    for statement in &statements {
        program.constant(statement);
        if let Some(stack) = find(&statement.value, &["Sequential"]) {
            match &of {
                None => {
                    of = Some(statement.target.clone());
                    program.layers = stacked(stack);
                }
                Some(_) => program.another = program.another.or(Some(stack.span)),
            }
        } else if let (Some((word, arguments)), Some(of)) = (statement.value.call(), &of) {
            let owner = owner(&statement.value);
            if word == "add" && (of.as_deref() == owner || of.is_none()) {
                program
                    .layers
                    .extend(arguments.iter().map(|a| a.value.clone()));
            }
        }
        program.beside(&statement.value);
    }
    if program.layers.is_empty() {
        program.layers = chain(&statements);
    }
    program.target = target(text);
    program
}

/// `model` of `model.add(…)`.
fn owner(value: &Expr) -> Option<&str> {
    match &value.kind {
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Name(name) => name.rsplit_once('.').map(|(owner, _)| owner),
            _ => None,
        },
        _ => None,
    }
}

/// The first call of one of `words` in an expression.
fn find<'a>(expr: &'a Expr, words: &[&str]) -> Option<&'a Expr> {
    let (word, arguments) = expr.call()?;
    if words.contains(&word) {
        return Some(expr);
    }
    let mut values = arguments.iter().map(|argument| &argument.value);
    values.find_map(|value| find(value, words))
}

/// The layers that stand in a `Sequential`: in a list (Keras), or one by one (PyTorch).
fn stacked(stack: &Expr) -> Vec<Expr> {
    let arguments = stack.call().map_or(&[][..], |(_, arguments)| arguments);
    let of_list = |argument: &Argument| match &argument.value.kind {
        ExprKind::List(items) => items.clone(),
        _ => vec![argument.value.clone()],
    };
    let layers =
        |argument: &&Argument| argument.name.as_deref().is_none_or(|name| name == "layers");
    arguments.iter().filter(layers).flat_map(of_list).collect()
}

/// Layers that are called on the value before: `x = Dense(10)(x)`.
fn chain(statements: &[Statement]) -> Vec<Expr> {
    let mut layers = vec![];
    for statement in statements {
        if statement.target.is_none() {
            continue;
        }
        match &statement.value.kind {
            ExprKind::Call { callee, .. } if callee.call().is_some() => {
                layers.push((**callee).clone())
            }
            ExprKind::Call { .. } if find(&statement.value, &["Input"]).is_some() => {
                layers.push(statement.value.clone());
            }
            _ => {}
        }
    }
    let is_input = |layer: &Expr| layer.call().is_some_and(|(word, _)| word == "Input");
    match layers.iter().all(is_input) {
        true => vec![],
        false => layers,
    }
}

/// The target that the words of losses in a program speak of.
fn target(text: &str) -> Option<Target> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.map(plain).find_map(|word| match word.as_str() {
        "sparsecategoricalcrossentropy"
        | "categoricalcrossentropy"
        | "crossentropyloss"
        | "onehotcategorical" => Some(Target::Category),
        "binarycrossentropy" | "bcewithlogitsloss" | "bceloss" => Some(Target::Binary),
        "mse" | "meansquarederror" | "mseloss" | "mae" | "meanabsoluteerror"
        | "distributionlambda" => Some(Target::Real),
        _ => None,
    })
}

impl Program {
    fn constant(&mut self, statement: &Statement) {
        if let (Some(name), Some(value)) = (&statement.target, self.number(&statement.value)) {
            self.constants.insert(name.clone(), value);
        }
    }

    /// What a call of `build`, `compile` or `fit` says.
    fn beside(&mut self, value: &Expr) {
        const FLAGS: &[(&str, &str)] = &[("epochs", "--epochs"), ("batch_size", "--batch-size")];
        let Some((word, arguments)) = value.call() else {
            return;
        };
        let named = |wanted: &str| {
            let mut all = arguments.iter();
            all.find(|argument| argument.name.as_deref() == Some(wanted))
                .map(|a| &a.value)
        };
        if word == "build" {
            let first = arguments.first().map(|argument| &argument.value);
            self.shape = named("input_shape").or(first).cloned();
        }
        if word == "fit" {
            let found = FLAGS
                .iter()
                .filter_map(|(name, flag)| Some((*flag, self.number(named(name)?)?)));
            let found: Vec<_> = found.collect();
            self.flags.extend(found);
        }
        if let Some((_, arguments)) = find(value, &["Adam"]).and_then(Expr::call)
            && let Some(rate) = arguments.first().and_then(|rate| self.number(&rate.value))
        {
            self.flags.push(("--learning-rate", rate));
        }
    }

    /// The number of an expression of numbers and constants.
    pub fn number(&self, expr: &Expr) -> Option<f64> {
        match &expr.kind {
            ExprKind::Number(value) => Some(*value),
            ExprKind::Name(name) => self.constants.get(name).copied(),
            ExprKind::Binary {
                operator,
                left,
                right,
            } => {
                let (a, b) = (self.number(left)?, self.number(right)?);
                Some(match operator {
                    '+' => a + b,
                    '-' => a - b,
                    '*' => a * b,
                    '/' => a / b,
                    '%' => (a / b).floor(),
                    _ => a.powf(b),
                })
            }
            _ => None,
        }
        .filter(|value| value.is_finite())
    }

    /// The sizes of a shape, one for the batch left out.
    pub fn sizes(&self, expr: &Expr) -> Option<Vec<usize>> {
        let items = match &expr.kind {
            ExprKind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(expr),
        };
        let is_batch =
            |item: &Expr| item.last_name() == Some("None") || self.number(item) == Some(-1.0);
        let items = match items {
            [first, rest @ ..] if is_batch(first) => rest,
            items => items,
        };
        let sizes = items
            .iter()
            .map(|item| self.number(item).filter(|n| *n >= 1.0 && n.fract() == 0.0));
        let sizes: Option<Vec<usize>> = sizes.map(|size| size.map(|n| n as usize)).collect();
        sizes.filter(|sizes| !sizes.is_empty())
    }
}
