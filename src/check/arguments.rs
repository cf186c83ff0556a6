//! Arguments against a [`Signature`].

use super::expression::{RESERVED, Scope, fans_in, number};
use super::{Messages, constants, words};
use crate::diagnostic::{Diagnostic, elsewhere, nearest};
use crate::show;
use crate::signature::{Constant, Domain, Kind, Parameter, Signature};
use crate::source::Span;
use crate::syntax::ast::{Argument, Expr, ExprKind, Ident};

/// The largest whole number an argument may be: more is a slip, and overflows what is made of it.
pub const LARGEST_COUNT: usize = 1 << 24;

/// Arguments in the order of their signature.
#[derive(Debug)]
pub struct Bound {
    /// Whose.
    pub signature: &'static Signature,
    /// The expression of each parameter; `None` once what is wrong has been said.
    pub values: Vec<Option<Given>>,
    /// Whether the call itself (a missing, unknown or doubled argument) is right.
    pub complete: bool,
}

/// One argument.
#[derive(Debug, Clone)]
pub struct Given {
    /// Its expression.
    pub expr: Expr,
    /// Whether the file says it; else it is the signature's default.
    pub written: bool,
    /// The place that messages mark: the argument, or the call of a default.
    pub span: Span,
}

/// Puts arguments, by place and by name, in the order of the signature, defaults in the gaps.
pub fn bind(
    callee: &Ident,
    arguments: &[Argument],
    signature: &'static Signature,
    messages: &mut Messages,
) -> Bound {
    let parameters = signature.parameters;
    let mut found: Vec<Option<&Argument>> = vec![None; parameters.len()];
    let mut complete = true;
    let mut place = 0;
    let form = || {
        format!(
            "`{}` is written {}",
            signature.name,
            words::call_form(signature)
        )
    };
    for (at, argument) in arguments.iter().enumerate() {
        let index = match &argument.name {
            Some(name) => match parameters.iter().position(|p| p.name == name.text) {
                Some(index) => index,
                None => {
                    complete = false;
                    messages.push(unknown(callee, name, signature, without(arguments, at)));
                    continue;
                }
            },
            None => {
                place += 1;
                place - 1
            }
        };
        if index >= parameters.len() {
            complete = false;
            let title = match parameters.len() {
                0 => format!("`{}` takes no arguments", callee.text),
                n => format!(
                    "`{}` takes {}",
                    callee.text,
                    crate::words::count(n, "argument", "arguments at most")
                ),
            };
            let mut message = Diagnostic::error("E0205", title);
            // `dense(20, relu)`
            let word = argument.value.to_call();
            let word = word.filter(|_| argument.name.is_none());
            let elsewhere = word.and_then(|word| elsewhere::find("E0205", &word.name.text, &[]));
            if let Some(entry) = elsewhere {
                message = message.help(entry.help);
            }
            messages.push(match parameters.is_empty() {
                true => message.at(argument.span, ""),
                false => message.at(argument.span, "one too many").note(form()),
            });
            // One message for all that are too many.
            break;
        }
        match found[index] {
            Some(first) => {
                complete = false;
                messages.push(
                    Diagnostic::error(
                        "E0205",
                        format!(
                            "`{}` of `{}` is given twice",
                            parameters[index].name, callee.text
                        ),
                    )
                    .at(argument.span, "again here")
                    .context(first.span, "first here")
                    .note(form()),
                );
            }
            None => found[index] = Some(argument),
        }
    }
    let broken = !complete;
    let mut values: Vec<Option<Given>> = Vec::new();
    for (parameter, found) in parameters.iter().zip(&found) {
        values.push(match (found, parameter.default) {
            (Some(argument), _) => Some(Given {
                expr: argument.value.clone(),
                written: true,
                span: argument.value.span,
            }),
            (None, Some(default)) => constants::parse_default(default).map(|expr| Given {
                expr,
                written: false,
                span: callee.span,
            }),
            (None, None) => {
                complete = false;
                // An unknown argument is most likely this one, mistyped.
                if !broken {
                    messages.push(
                        Diagnostic::error(
                            "E0204",
                            format!("`{}` needs `{}`", callee.text, parameter.name),
                        )
                        .at(
                            callee.span,
                            format!("`{}` is missing: {}", parameter.name, parameter.summary),
                        )
                        .note(form()),
                    );
                }
                None
            }
        });
    }
    // A default may name another parameter: the stride of a pooling layer is its size.
    for index in 0..values.len() {
        let other = match &values[index] {
            Some(Given {
                expr,
                written: false,
                ..
            }) => expr
                .as_name()
                .and_then(|name| parameters.iter().position(|p| p.name == name.text)),
            _ => None,
        };
        if let Some(other) = other {
            values[index] = values[other].clone();
        }
    }
    Bound {
        signature,
        values,
        complete,
    }
}

/// The place of an argument with the comma that goes with it.
fn without(arguments: &[Argument], at: usize) -> Span {
    let span = arguments[at].span;
    match (at.checked_sub(1), arguments.get(at + 1)) {
        (Some(before), _) => Span::new(arguments[before].span.end, span.end),
        (None, Some(next)) => Span::new(span.start, next.span.start),
        (None, None) => span,
    }
}

fn unknown(callee: &Ident, name: &Ident, signature: &Signature, whole: Span) -> Diagnostic {
    let title = match signature.parameters {
        [] => format!("`{}` takes no arguments", callee.text),
        _ => format!("`{}` has no argument `{}`", callee.text, name.text),
    };
    let known = signature.parameters.iter().map(|p| p.name);
    let mut message = words::unknown("E0203", title, name, known, "accepted arguments");
    // What is deleted goes as a whole.
    for help in &mut message.helps {
        if help.patch.is_none() && help.text.starts_with("delete ") {
            help.patch = Some((whole, String::new()));
        }
    }
    match signature.parameters {
        [] => message,
        _ => {
            message.notes = vec![format!(
                "`{}` is written {}",
                signature.name,
                words::call_form(signature)
            )];
            message
        }
    }
}

impl Bound {
    /// Every argument as a constant; `None` once what is wrong has been said.
    pub fn constants(
        &self,
        scope: Scope,
        messages: &mut Messages,
    ) -> Option<crate::signature::Constants> {
        let mut all = Some(Vec::new());
        for (parameter, given) in self.signature.parameters.iter().zip(&self.values) {
            let value = given
                .as_ref()
                .and_then(|given| constant(parameter, given, scope, messages));
            all = all.zip(value).map(|(mut all, value)| {
                all.push((parameter.name, value));
                all
            });
        }
        all.filter(|_| self.complete)
            .map(crate::signature::Constants)
    }
}

/// One argument as a constant.
pub fn constant(
    parameter: &Parameter,
    given: &Given,
    scope: Scope,
    messages: &mut Messages,
) -> Option<Constant> {
    let expr = &given.expr;
    match parameter.kind {
        Kind::Count => count(parameter.name, expr, scope, messages).map(Constant::Count),
        Kind::Pair => axes(parameter.name, expr, scope, messages).map(Constant::Pair),
        Kind::Triple => axes(parameter.name, expr, scope, messages).map(Constant::Triple),
        Kind::Cells { words, axes } => cells(parameter.name, expr, words, axes, scope, messages),
        Kind::Counts => match &expr.kind {
            ExprKind::List(items) => {
                let counts: Vec<Option<usize>> = items
                    .iter()
                    .map(|item| count(parameter.name, item, scope, messages))
                    .collect();
                counts
                    .into_iter()
                    .collect::<Option<_>>()
                    .map(Constant::Counts)
            }
            _ => count(parameter.name, expr, scope, messages).map(|n| Constant::Counts(vec![n])),
        },
        Kind::Choice(words) => choice(parameter.name, expr, words, messages).map(Constant::Word),
        Kind::Names(words) => names(parameter.name, expr, words, messages),
        Kind::Number { domain, .. } => {
            in_domain(parameter.name, expr, domain, scope, messages).map(Constant::Number)
        }
        Kind::NumberOr { domain, word } => match expr.as_name() {
            Some(name) if name.text == word && scope.constants.find(word).is_none() => {
                Some(Constant::Word(word))
            }
            _ => in_domain(parameter.name, expr, domain, scope, messages).map(Constant::Number),
        },
        _ => {
            messages.push(
                Diagnostic::error("E0206", format!("`{}` is not a constant", parameter.name))
                    .at(given.span, ""),
            );
            None
        }
    }
}

/// One of these words, or names in brackets.
fn names(
    name: &str,
    expr: &Expr,
    words: &[&'static str],
    messages: &mut Messages,
) -> Option<Constant> {
    let ExprKind::List(items) = &expr.kind else {
        let beside = Some("names in brackets");
        return word_of(name, expr, words, beside, messages).map(Constant::Word);
    };
    let names: Option<Vec<String>> = items
        .iter()
        .map(|item| item.as_name().map(|name| name.text.clone()))
        .collect();
    match names.filter(|names| !names.is_empty()) {
        Some(names) => Some(Constant::Names(names)),
        None => {
            let title = format!("`{name}` takes names in brackets");
            messages.push(Diagnostic::error("E0206", title).at(expr.span, ""));
            None
        }
    }
}

/// One count for all of `N` axes, or a list with one for each.
fn axes<const N: usize>(
    name: &str,
    expr: &Expr,
    scope: Scope,
    messages: &mut Messages,
) -> Option<[usize; N]> {
    let ExprKind::List(items) = &expr.kind else {
        return count(name, expr, scope, messages).map(|n| [n; N]);
    };
    if items.len() != N {
        messages.push(wrong_number(name, expr, items.len(), N));
        return None;
    }
    let counts: Vec<_> = items
        .iter()
        .map(|item| count(name, item, scope, messages))
        .collect();
    let counts: Option<Vec<usize>> = counts.into_iter().collect();
    counts?.try_into().ok()
}

/// What an argument by axis says that has too few or too many numbers.
fn wrong_number(name: &str, expr: &Expr, given: usize, axes: usize) -> Diagnostic {
    let takes = match axes {
        1 => "one number".into(),
        2 => "one number for both axes, or two in brackets".into(),
        _ => format!("one number for all axes, or {axes} in brackets"),
    };
    Diagnostic::error("E0206", format!("`{name}` takes {takes}"))
        .at(expr.span, format!("{given} numbers"))
}

/// One of these words, or numbers of cells: one for all axes, or a list with one for each.
fn cells(
    name: &str,
    expr: &Expr,
    words: &[&'static str],
    axes: usize,
    scope: Scope,
    messages: &mut Messages,
) -> Option<Constant> {
    let constant = |word: &str| RESERVED.contains(&word) || scope.constants.find(word).is_some();
    if !words.is_empty() && expr.as_name().is_some_and(|name| !constant(&name.text)) {
        let numbers = Some("a whole number");
        return word_of(name, expr, words, numbers, messages).map(Constant::Word);
    }
    let items = match &expr.kind {
        ExprKind::List(items) => &items[..],
        _ => std::slice::from_ref(expr),
    };
    if axes > 0 && items.len() != 1 && items.len() != axes || items.is_empty() {
        messages.push(wrong_number(name, expr, items.len(), axes));
        return None;
    }
    let numbers: Vec<_> = items
        .iter()
        .map(|item| whole(name, item, 0, scope, messages))
        .collect();
    let numbers: Option<Vec<usize>> = numbers.into_iter().collect();
    numbers.map(Constant::Cells)
}

/// One of a few words.
pub fn choice(
    name: &str,
    expr: &Expr,
    words: &[&'static str],
    messages: &mut Messages,
) -> Option<&'static str> {
    word_of(name, expr, words, None, messages)
}

/// One of a few words, where something else may stand `beside` them.
fn word_of(
    name: &str,
    expr: &Expr,
    words: &[&'static str],
    beside: Option<&str>,
    messages: &mut Messages,
) -> Option<&'static str> {
    let given = expr.as_name();
    if let Some(word) = given.and_then(|given| words.iter().copied().find(|w| *w == given.text)) {
        return Some(word);
    }
    let all = words.iter().map(|word| format!("`{word}`"));
    let all = all.chain(beside.map(String::from)).collect();
    let all = crate::words::join(all, "or");
    let message = Diagnostic::error("E0206", format!("`{name}` is {all}")).at(expr.span, "");
    let elsewhere = given.and_then(|given| elsewhere::find("E0206", &given.text, words));
    let near = given.and_then(|given| nearest(&given.text, words.iter().copied()));
    let theirs = elsewhere.and_then(|entry| Some((entry.help.to_owned(), entry.ours?)));
    let near = theirs.or(near.map(|near| (format!("there is `{near}`"), near)));
    messages.push(match near {
        Some((help, ours)) => message.patch(help, expr.span, ours),
        None => message,
    });
    None
}

/// A whole number, at least 1.
pub fn count(name: &str, expr: &Expr, scope: Scope, messages: &mut Messages) -> Option<usize> {
    whole(name, expr, 1, scope, messages)
}

/// A whole number, at least `least`.
fn whole(
    name: &str,
    expr: &Expr,
    least: usize,
    scope: Scope,
    messages: &mut Messages,
) -> Option<usize> {
    if let Some(word) = word(expr, scope) {
        messages.push(not_a_number(name, word, expr.span));
        return None;
    }
    let value = number(expr, scope, messages)?;
    // 0.1 * 30 is 3 to a reader.
    let whole = value.round();
    let said = if (value - whole).abs() > 1e-9 * whole.abs().max(1.0) {
        "not a whole number"
    } else if whole < least as f64 {
        ["below 0", "below 1"][least]
    } else if whole > LARGEST_COUNT as f64 {
        "more than this language counts to"
    } else {
        return Some(whole as usize);
    };
    let message = Diagnostic::error(
        "E0207",
        format!(
            "{} is a whole number, {least} or more; {} is {said}",
            named(name),
            show(value)
        ),
    );
    messages.push(message.at(expr.span, value_label(expr, value, scope)));
    None
}

/// A number in a domain.
pub fn in_domain(
    name: &str,
    expr: &Expr,
    domain: Domain,
    scope: Scope,
    messages: &mut Messages,
) -> Option<f64> {
    if let Some(word) = word(expr, scope) {
        messages.push(not_a_number(name, word, expr.span));
        return None;
    }
    let value = number(expr, scope, messages)?;
    if domain.holds(value) {
        let (single, positive) = (value.abs() as f32, domain == Domain::Positive);
        let beyond = match () {
            () if single.is_infinite() => "more than float32 holds, in which models are trained",
            () if positive && single < f32::MIN_POSITIVE => {
                "less than float32 tells from 0, in which models are trained"
            }
            () => return Some(value),
        };
        let title = format!("`{name}` is {}, {beyond}", show(value));
        let label = value_label(expr, value, scope);
        messages.push(Diagnostic::error("E0207", title).at(expr.span, label));
        return None;
    }
    messages.push(
        Diagnostic::error(
            "E0207",
            format!(
                "{} is {}, not {}",
                named(name),
                domain.describe(),
                show(value)
            ),
        )
        .at(expr.span, value_label(expr, value, scope)),
    );
    None
}

/// An argument's word; what has none is said in several: the size of an axis.
fn named(name: &str) -> String {
    match name.contains(' ') {
        true => name.into(),
        false => format!("`{name}`"),
    }
}

/// `= 0.5`, unless the expression says that itself.
fn value_label(expr: &Expr, value: f64, scope: Scope) -> String {
    let literal = match &expr.kind {
        ExprKind::Number(_) => true,
        ExprKind::Negate(inner) => matches!(inner.kind, ExprKind::Number(_)),
        _ => false,
    };
    match fans_in(expr, scope) {
        _ if literal => String::new(),
        Some(fans) => format!("= {}, with {fans}", show(value)),
        None => format!("= {}", show(value)),
    }
}

/// A word of the language, such as `same`, where a number is wanted.
fn word<'a>(expr: &'a Expr, scope: Scope) -> Option<&'a str> {
    const OTHER_WORDS: &[&str] = &["same", "valid", "none", "auto", "true", "false"];
    let name = expr.as_name()?;
    (OTHER_WORDS.contains(&name.text.as_str()) && scope.constants.find(&name.text).is_none())
        .then_some(name.text.as_str())
}

fn not_a_number(name: &str, word: &str, span: Span) -> Diagnostic {
    Diagnostic::error(
        "E0206",
        format!("{} is a number, not the word `{word}`", named(name)),
    )
    .at(span, "")
}
