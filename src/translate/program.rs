//! What a program says of its model: the layers in their order, the input's shape, the loss.

use super::module;
use super::parser::{Argument, Expr, ExprKind};
use super::statements::{Statement, statements};
use super::tokens::{Kind, Token, tokens};
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
    /// Names with losses: `loss_fn = MeanSquaredError()`.
    losses: BTreeMap<String, Target>,
    /// The shape that the program gives a model beside its layers: `model.build([None, 28, 28, 1])`.
    pub shape: Option<Expr>,
    /// What the target is by the loss of a call of `compile`: `Some(None)` for a loss that is not known.
    compiled: Option<Option<Target>>,
    /// Whether the loss applies the softmax or the sigmoid itself.
    pub of_logits: bool,
    /// What the target is, by the loss.
    pub target: Option<Target>,
    /// `epochs = 10` of a call of `fit`, as flags of `bnnc train`.
    pub flags: Vec<(&'static str, f64)>,
    /// What of the program is not translated beside its layers.
    pub notes: Vec<(Span, String)>,
}

/// What a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Category,
    Binary,
    /// A number, whose errors are squared.
    Real,
    /// A number, whose errors are taken without their sign.
    Absolute,
}

/// Reads a program.
pub(super) fn read(text: &str) -> Program {
    let statements = statements(text);
    let mut program = Program::default();
    // The name of the model, once it is found, as long as the name means it.
    let mut model: Option<&str> = None;
    let mut found = false;
    for statement in &statements {
        program.name(statement);
        if let Some(stack) = find(&statement.value, &["Sequential"]) {
            let target = statement.target.as_deref();
            if !found {
                model = target;
                program.layers = stacked(stack);
                program.forward(model, &statements);
            } else {
                let note = "a second model, which is not translated";
                program.notes.push((stack.span, note.into()));
                model = model.filter(|model| target != Some(*model));
            }
            found = true;
        } else if model.is_some() && owner(&statement.value) == model {
            program.change(statement);
        }
        program.beside(&statement.value);
    }
    let of_module = match program.layers.is_empty() {
        true => module::layers(&statements, &mut program.notes),
        false => vec![],
    };
    let chain = match of_module.is_empty() {
        true => program.chain(&statements),
        false => vec![],
    };
    program.layers.extend(of_module);
    if program.layers.is_empty() {
        program.layers = chain;
    } else if let Some(first) = chain.first() {
        let note = "layers that are called one after another beside the model are not translated";
        program.notes.push((first.span, note.into()));
    }
    let names = names(text);
    program.target = program
        .compiled
        .unwrap_or_else(|| names.iter().find_map(|name| target_of(name)));
    program.of_logits =
        text.contains("from_logits=True") || names.iter().any(|name| is_of_logits(name));
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
pub(super) fn find<'a>(expr: &'a Expr, words: &[&str]) -> Option<&'a Expr> {
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

/// Puts the layers that are called one on another in an expression to others, the innermost first. The name of the
/// value that the first is called on, if it has one.
fn applied<'a>(value: &'a Expr, layers: &mut Vec<Expr>) -> Option<&'a str> {
    match &value.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Call { callee, arguments } if callee.call().is_some() => {
            let on = arguments.first();
            let on = on.and_then(|argument| applied(&argument.value, layers));
            layers.push((**callee).clone());
            on
        }
        ExprKind::Call { .. } if find(value, &["Input"]).is_some() => {
            layers.push(value.clone());
            None
        }
        _ => None,
    }
}

/// What the target is by the word of a loss.
fn target_of(word: &str) -> Option<Target> {
    match plain(word).as_str() {
        "sparsecategoricalcrossentropy"
        | "categoricalcrossentropy"
        | "crossentropyloss"
        | "crossentropy"
        | "nllloss"
        | "onehotcategorical" => Some(Target::Category),
        "binarycrossentropy" | "binarycrossentropywithlogits" | "bcewithlogitsloss" | "bceloss" => {
            Some(Target::Binary)
        }
        "mse" | "meansquarederror" | "mseloss" => Some(Target::Real),
        "mae" | "meanabsoluteerror" | "l1loss" => Some(Target::Absolute),
        _ => None,
    }
}

/// Whether a loss of PyTorch applies the softmax or the sigmoid itself.
fn is_of_logits(word: &str) -> bool {
    [
        "bcewithlogitsloss",
        "binarycrossentropywithlogits",
        "crossentropyloss",
    ]
    .contains(&plain(word).as_str())
}

/// The names in a program, but for those that it imports.
fn names(text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let lines = tokens.split(|token| token.kind == Kind::Line);
    let is_import = |line: &&[Token]| matches!(line.first(), Some(Token { kind: Kind::Name(word), .. }) if word == "import" || word == "from");
    let used = lines.filter(|line| !is_import(line)).flatten();
    let names = used.filter_map(|token| match &token.kind {
        Kind::Name(name) => Some(name.clone()),
        _ => None,
    });
    names.collect()
}

/// The learning rate among the arguments of an optimizer; PyTorch's begin with the parameters.
fn rate(arguments: &[Argument]) -> Option<&Expr> {
    let is_rate =
        |argument: &&Argument| matches!(argument.name.as_deref(), Some("lr" | "learning_rate"));
    let named = arguments.iter().find(is_rate);
    named.or(arguments.first()).map(|argument| &argument.value)
}

impl Program {
    /// Keeps the number or the loss that a name is given.
    fn name(&mut self, statement: &Statement) {
        let Some(name) = &statement.target else {
            return;
        };
        if let Some(value) = self.number(&statement.value) {
            self.constants.insert(name.clone(), value);
        }
        if let Some(loss) = self.loss(&statement.value) {
            self.losses.insert(name.clone(), loss);
        }
    }

    /// What the target is by a loss: `'mse'`, `tf.losses.mse`, `MeanSquaredError()`, or a name for one of them.
    fn loss(&self, value: &Expr) -> Option<Target> {
        match &value.kind {
            ExprKind::Text(word) => target_of(word),
            ExprKind::Name(name) => self
                .losses
                .get(name)
                .copied()
                .or_else(|| target_of(value.last_name()?)),
            _ => target_of(value.call()?.0),
        }
    }

    /// Adds the layers of `model.add(…)`, `net.append(…)`, `net.add_module("fc", …)`.
    fn change(&mut self, statement: &Statement) {
        let added = match statement.value.call() {
            Some(("add" | "append", arguments)) => arguments,
            Some(("add_module", [_name, layers @ ..])) => layers,
            Some((word @ ("extend" | "insert" | "pop"), _)) => {
                let note = format!("`{word}` is left out: it changes the layers of the model");
                self.notes.push((statement.value.span, note));
                return;
            }
            _ => return,
        };
        self.within(statement);
        let layers = added.iter().map(|argument| argument.value.clone());
        self.layers.extend(layers);
    }

    /// Notes a line with a layer that is not run just once.
    fn within(&mut self, statement: &Statement) {
        if let Some(word) = &statement.inside {
            let note = format!("this stands under `{word}`: the draft takes it once");
            self.notes.push((statement.value.span, note));
        }
    }

    /// Layers that are called on the value before: `x = Dense(10)(x)`. Where they are the model, notes those that are
    /// called on another.
    fn chain(&mut self, statements: &[Statement]) -> Vec<Expr> {
        let is_model = self.layers.is_empty();
        let mut layers = vec![];
        let mut before: Option<&str> = None;
        for statement in statements {
            let is_loss = match &statement.value.kind {
                ExprKind::Call { callee, .. } => self.loss(callee).is_some(),
                _ => true,
            };
            let count = layers.len();
            if is_loss {
                continue;
            }
            let on = applied(&statement.value, &mut layers);
            if layers.len() == count {
                continue;
            }
            if is_model {
                self.within(statement);
            }
            if let (Some(on), Some(before)) = (on, before)
                && on != before
                && is_model
            {
                let note = format!(
                    "this is called on `{on}`; the draft has no branches, and puts it behind `{before}`"
                );
                self.notes.push((statement.value.span, note));
            }
            before = statement.target.as_deref();
        }
        let is_input = |layer: &Expr| layer.call().is_some_and(|(word, _)| word == "Input");
        match layers.iter().all(is_input) {
            true => vec![],
            false => layers,
        }
    }

    /// Notes what the class of a model `self.net` does with its input beside calling it.
    fn forward(&mut self, model: Option<&str>, statements: &[Statement]) {
        let Some(model) = model.filter(|model| model.starts_with("self.")) else {
            return;
        };
        let is_forward = |statement: &&Statement| match &statement.value.kind {
            ExprKind::Definition(name) => ["forward", "call"].contains(&name.as_str()),
            _ => false,
        };
        let mut body = statements.iter().skip_while(|s| !is_forward(s));
        let Some(head) = body.next() else {
            return;
        };
        let mut body = body.take_while(|statement| statement.column > head.column);
        let calls_model = |statement: &Statement| match &statement.value.kind {
            // A comment in quotes.
            ExprKind::Text(_) => true,
            ExprKind::Call { callee, arguments } => {
                matches!(&callee.kind, ExprKind::Name(name) if name == model)
                    && matches!(&arguments[..], [only] if only.value.last_name().is_some())
            }
            _ => false,
        };
        if let Some(other) = body.find(|statement| !calls_model(statement)) {
            let note = format!("what is done here beside `{model}` is not translated");
            self.notes.push((other.value.span, note));
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
        if word == "compile" {
            let mut placed = arguments.iter().filter(|argument| argument.name.is_none());
            let second = placed.nth(1).map(|argument| &argument.value);
            let loss = named("loss").or(second);
            self.compiled = loss.map(|loss| self.loss(loss)).or(self.compiled);
        }
        if word == "fit" {
            let found = FLAGS
                .iter()
                .filter_map(|(name, flag)| Some((*flag, self.number(named(name)?)?)));
            let found: Vec<_> = found.collect();
            self.flags.extend(found);
        }
        if let Some((_, arguments)) = find(value, &["Adam"]).and_then(Expr::call)
            && let Some(rate) = rate(arguments).and_then(|rate| self.number(rate))
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
