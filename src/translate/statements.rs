//! The lines of a program that a stack of layers is written in.

use super::parser::{Expr, ExprKind, expression};
use super::tokens::{Kind, Token, tokens};

/// A line of the program that does something with an expression.
#[derive(Debug)]
pub(super) struct Statement {
    /// The name that it gives the value to, `self.net` with its dots.
    pub target: Option<String>,
    pub value: Expr,
    /// How far it is indented, in bytes.
    pub column: usize,
    /// The word of the loop or condition that it stands in: `for`, `if`, …
    pub inside: Option<String>,
}

/// Every `NAME = EXPRESSION`, `return EXPRESSION`, `EXPRESSION` and head of a function; other lines are passed over.
pub(super) fn statements(text: &str) -> Vec<Statement> {
    const BRANCHES: &[&str] = &["for", "while", "if", "elif", "else"];
    let tokens = tokens(text);
    let mut statements = vec![];
    // The loops and conditions around a line, and how far each is indented.
    let mut around: Vec<(usize, &str)> = vec![];
    for line in tokens.split(|token| token.kind == Kind::Line) {
        let Some(first) = line.first() else { continue };
        let start = first.span.start;
        let column = start - text[..start].rfind('\n').map_or(0, |end| end + 1);
        while around.last().is_some_and(|(of, _)| *of >= column) {
            around.pop();
        }
        let is_main = |token: &Token| token.kind == Kind::Name("__name__".into());
        let mut rest = line;
        if let Kind::Name(word) = &first.kind
            && BRANCHES.contains(&word.as_str())
            && !line.iter().any(is_main)
        {
            around.push((column, word));
            rest = behind_colon(line);
        }
        let inside = around.last().map(|(_, word)| word.to_string());
        statements.extend(statement(rest).map(|(target, value)| Statement {
            target,
            value,
            column,
            inside,
        }));
    }
    statements
}

/// What stands behind the colon of `for x in y: …` on its line.
fn behind_colon(line: &[Token]) -> &[Token] {
    let mut depth = 0;
    let colon = line.iter().position(|token| {
        match token.kind {
            Kind::Mark('(' | '[' | '{') => depth += 1,
            Kind::Mark(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        depth == 0 && token.kind == Kind::Mark(':')
    });
    colon.map_or(&[], |colon| &line[colon + 1..])
}

/// The name that a line gives a value to, and the value.
fn statement(line: &[Token]) -> Option<(Option<String>, Expr)> {
    const OTHERS: &[&str] = &["import", "from", "class", "if", "with"];
    let word = |at: usize| match line.get(at).map(|token| &token.kind) {
        Some(Kind::Name(word)) => Some(word.as_str()),
        _ => None,
    };
    let (target, from) = match (word(0), word(1)) {
        _ if line.is_empty() => return None,
        (Some(word), _) if OTHERS.contains(&word) => return None,
        (Some("def"), Some(name)) => {
            let kind = ExprKind::Definition(name.into());
            let span = line[0].span.to(line[1].span);
            return Some((None, Expr { kind, span }));
        }
        (Some("return"), _) => (None, 1),
        _ => target(line),
    };
    Some((target, expression(&line[from..])))
}

/// The name before the `=` of a line, and how many tokens both are: `net`, `self.net`, `net: Module`, `x, state`.
fn target(line: &[Token]) -> (Option<String>, usize) {
    let mut name = String::new();
    let mut tokens = line.iter().map(|token| &token.kind).enumerate();
    let none = (None, 0);
    while let (Some((_, Kind::Name(word))), Some((at, mark))) = (tokens.next(), tokens.next()) {
        name += word;
        let equals = match mark {
            Kind::Mark('.') => {
                name.push('.');
                continue;
            }
            // `net: Module = …`, and `x, state = …`, whose first value goes on.
            Kind::Mark(':' | ',') => line.iter().position(|token| token.kind == Kind::Mark('=')),
            Kind::Mark('=') => Some(at),
            _ => return none,
        };
        return match equals {
            Some(at)
                if line
                    .get(at + 1)
                    .is_some_and(|next| next.kind != Kind::Mark('=')) =>
            {
                (Some(name), at + 1)
            }
            _ => none,
        };
    }
    none
}
