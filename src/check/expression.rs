//! Constant expressions.

use super::{Constants, Messages, words};
use crate::diagnostic::{Diagnostic, nearest};
use crate::show;
use crate::source::Span;
use crate::syntax::ast::{Call, Expr, ExprKind, Ident, Operator};

/// What `fan_in` and `fan_out` are in the settings of one parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fans {
    /// Products that meet in one output entry.
    pub fan_in: usize,
    /// Outputs that one input entry takes part in.
    pub fan_out: usize,
}

/// Which names an expression may use.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The file's constants.
    pub constants: &'a Constants,
    /// `fan_in` and `fan_out`, in the settings of a kernel or bias.
    pub fans: Option<Fans>,
}

/// Functions of one number.
pub const FUNCTIONS: &[&str] = &["sqrt", "exp", "log"];

/// Words of the language that no constant or value may be called.
pub const RESERVED: &[&str] = &["pi", "fan_in", "fan_out", "sqrt", "exp", "log", "learned"];

/// The value of an expression; `None` once what is wrong with it has been said.
pub fn number(expr: &Expr, scope: Scope, messages: &mut Messages) -> Option<f64> {
    match &expr.kind {
        ExprKind::Number(value) => Some(*value),
        ExprKind::Name(name) => named(name, scope, messages),
        ExprKind::Negate(inner) => number(inner, scope, messages).map(|x| -x),
        ExprKind::Binary {
            operator,
            left,
            right,
        } => {
            // Both sides, so that both are checked.
            let (a, b) = (
                number(left, scope, messages),
                number(right, scope, messages),
            );
            let (a, b) = (a?, b?);
            let value = match operator {
                Operator::Add => a + b,
                Operator::Subtract => a - b,
                Operator::Multiply => a * b,
                Operator::Divide => a / b,
                Operator::Power => a.powf(b),
            };
            let text = format!("{} {} {}", show(a), operator.symbol(), show(b));
            finite(value, text, expr.span, fans_in(expr, scope), messages)
        }
        ExprKind::Call(call) => function(call, fans_in(expr, scope), scope, messages),
        ExprKind::Text(_) => wrong(expr.span, "the name of a file", messages),
        ExprKind::List(_) => wrong(expr.span, "a list", messages),
        ExprKind::Index { .. } => wrong(expr.span, "an entry of a value", messages),
        ExprKind::Slice { .. } => wrong(expr.span, "a slice of a value", messages),
    }
}

fn wrong(span: Span, what: &str, messages: &mut Messages) -> Option<f64> {
    messages.push(
        Diagnostic::error("E0206", format!("{what} stands where a number is wanted")).at(span, ""),
    );
    None
}

fn finite(
    value: f64,
    text: String,
    expr: Span,
    fans: Option<String>,
    messages: &mut Messages,
) -> Option<f64> {
    if value.is_finite() {
        return Some(value);
    }
    let what = if value.is_nan() {
        "is not a number"
    } else {
        "is not finite"
    };
    let message = Diagnostic::error("E0207", format!("`{text}` {what}"));
    messages.push(message.at(expr, fans.unwrap_or_default()));
    None
}

/// `fan_in = 192`, of those that stand in the expression.
pub(super) fn fans_in(expr: &Expr, scope: Scope) -> Option<String> {
    let fans = scope.fans?;
    let mut found = Vec::new();
    let mut stack = vec![expr];
    while let Some(expr) = stack.pop() {
        match &expr.kind {
            ExprKind::Name(name) if name.text == "fan_in" => {
                found.push(format!("fan_in = {}", fans.fan_in));
            }
            ExprKind::Name(name) if name.text == "fan_out" => {
                found.push(format!("fan_out = {}", fans.fan_out));
            }
            ExprKind::Negate(inner) => stack.push(inner),
            ExprKind::Binary { left, right, .. } => stack.extend([&**left, &**right]),
            ExprKind::Call(call) => stack.extend(call.arguments.iter().map(|a| &a.value)),
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    (!found.is_empty()).then(|| found.join(", "))
}

fn function(
    call: &Call,
    fans: Option<String>,
    scope: Scope,
    messages: &mut Messages,
) -> Option<f64> {
    let name = call.name.text.as_str();
    if name == "learned" {
        messages.push(
            Diagnostic::error("E0216", "`learned(…)` cannot stand here")
                .at(call.span, "")
                .note("it stands for a number in an argument of a prior or of the likelihood"),
        );
        return None;
    }
    if !FUNCTIONS.contains(&name) {
        let title = format!("`{name}` is not a function of the language");
        let message = match name {
            "ln" => Diagnostic::error("E0202", title)
                .at(call.name.span, "")
                .patch("`log` is the natural logarithm", call.name.span, "log"),
            _ => words::unknown(
                "E0202",
                title,
                &call.name,
                FUNCTIONS.iter().copied(),
                "functions",
            ),
        };
        messages.push(message);
        return None;
    }
    let [argument] = &call.arguments[..] else {
        messages.push(
            Diagnostic::error("E0204", format!("`{name}` takes one number"))
                .at(call.span, format!("{} given", call.arguments.len())),
        );
        return None;
    };
    if let Some(given) = &argument.name {
        messages.push(
            Diagnostic::error("E0203", format!("`{name}` takes a number without a name"))
                .at(given.span, ""),
        );
        return None;
    }
    let x = number(&argument.value, scope, messages)?;
    let value = match name {
        "sqrt" => x.sqrt(),
        "exp" => x.exp(),
        _ => x.ln(),
    };
    finite(
        value,
        format!("{name}({})", show(x)),
        call.span,
        fans,
        messages,
    )
}

fn named(name: &Ident, scope: Scope, messages: &mut Messages) -> Option<f64> {
    match (name.text.as_str(), scope.fans) {
        ("pi", _) => return Some(std::f64::consts::PI),
        ("fan_in", Some(fans)) => return Some(fans.fan_in as f64),
        ("fan_out", Some(fans)) => return Some(fans.fan_out as f64),
        ("fan_in" | "fan_out", None) => {
            messages.push(
                Diagnostic::error("E0209", format!("`{}` has no meaning here", name.text))
                    .at(name.span, "")
                    .note("it belongs to one kernel or bias, and is known in their settings: in `default { … }` and in a layer's `{ … }`"),
            );
            return None;
        }
        _ => {}
    }
    if let Some(constant) = scope.constants.find(&name.text) {
        if constant.name.span.start > name.span.start && !scope.constants.anywhere {
            messages.push(
                Diagnostic::error(
                    "E0209",
                    format!("`{}` is used before it is declared", name.text),
                )
                .at(name.span, "used here")
                .context(constant.name.span, "declared here"),
            );
            return None;
        }
        return constant.value;
    }
    if let Some(later) = scope.constants.later(&name.text) {
        messages.push(
            Diagnostic::error(
                "E0209",
                format!("`{}` is used before it is declared", name.text),
            )
            .at(name.span, "used here")
            .context(later, "declared here"),
        );
        return None;
    }
    let mut known: Vec<&str> = scope.constants.names().collect();
    known.push("pi");
    if scope.fans.is_some() {
        known.extend(["fan_in", "fan_out"]);
    }
    let mut message = Diagnostic::error(
        "E0202",
        format!("`{}` is not a constant of this file", name.text),
    )
    .at(name.span, "a number is wanted here");
    if let Some(what) = scope.constants.other(&name.text) {
        message = message.context(what.0, format!("this is {}", what.1));
    } else if let Some(near) = nearest(&name.text, known.iter().copied()) {
        message = message.patch(format!("there is `{near}`"), name.span, near);
    } else {
        message = message.help(format!("`const {} = …` above declares one", name.text));
    }
    messages.push(message.note(format!("known here: {}", known.join(", "))));
    None
}
