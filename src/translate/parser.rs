//! Tokens to the expressions and statements that a stack of layers is written in.

use super::tokens::{Kind, Token, tokens};
use crate::source::Span;

/// How deep brackets may stand in each other; what is deeper is passed over.
const MAX_NESTING: usize = 64;

/// An expression and its place.
#[derive(Debug, Clone)]
pub(super) struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub(super) enum ExprKind {
    Number(f64),
    Text(String),
    /// `tf.keras.layers.Dense`, or a single name.
    Name(String),
    /// A tuple or a list.
    List(Vec<Expr>),
    Call {
        callee: Box<Expr>,
        arguments: Vec<Argument>,
    },
    Binary {
        operator: char,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// What a lambda gives.
    Lambda(Box<Expr>),
    /// The head of a function, by its name.
    Definition(String),
    /// A comparison, an index, …
    Other,
}

/// `10` or `padding='same'`.
#[derive(Debug, Clone)]
pub(super) struct Argument {
    pub name: Option<String>,
    pub value: Expr,
}

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
        match &first.kind {
            Kind::Name(word) if BRANCHES.contains(&word.as_str()) && !line.iter().any(is_main) => {
                around.push((column, word));
            }
            _ => {
                let inside = around.last().map(|(_, word)| word.to_string());
                statements.extend(statement(line).map(|(target, value)| Statement {
                    target,
                    value,
                    column,
                    inside,
                }));
            }
        }
    }
    statements
}

/// The name that a line gives a value to, and the value.
fn statement(line: &[Token]) -> Option<(Option<String>, Expr)> {
    const OTHERS: &[&str] = &["import", "from", "class", "if", "with"];
    let word = |at: usize| match line.get(at).map(|token| &token.kind) {
        Some(Kind::Name(word)) => Some(word.as_str()),
        _ => None,
    };
    let (target, from) = match (word(0), word(1)) {
        (Some(word), _) if OTHERS.contains(&word) => return None,
        (Some("def"), Some(name)) => {
            let kind = ExprKind::Definition(name.into());
            let span = line[0].span.to(line[1].span);
            return Some((None, Expr { kind, span }));
        }
        (Some("return"), _) => (None, 1),
        _ => target(line),
    };
    let mut parser = Parser {
        tokens: &line[from..],
        at: 0,
        depth: 0,
    };
    Some((target, parser.expression()))
}

/// The name before the `=` of a line, and how many tokens both are: `net`, `self.net`, `net: Module`.
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
            Kind::Mark(':') => line.iter().position(|token| token.kind == Kind::Mark('=')),
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

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn is(&self, mark: char) -> bool {
        self.peek() == Some(&Kind::Mark(mark))
    }

    fn take(&mut self, mark: char) -> bool {
        let found = self.is(mark);
        self.at += usize::from(found);
        found
    }

    fn here(&self) -> Span {
        let place = self.tokens.get(self.at).or(self.tokens.last());
        place.map_or(Span::default(), |token| token.span)
    }

    /// An expression up to the next comma or closing bracket; what it goes on with that is not known makes it
    /// [`ExprKind::Other`].
    fn expression(&mut self) -> Expr {
        let start = self.here();
        self.depth += 1;
        let mut value = match self.depth > MAX_NESTING {
            true => other(start),
            false => self.sum(),
        };
        self.depth -= 1;
        if self.skip() {
            let end = self.tokens[..self.at]
                .last()
                .map_or(start, |token| token.span);
            value = other(start.to(end));
        }
        value
    }

    /// Goes to the next comma or closing bracket of this level; whether anything was passed over.
    fn skip(&mut self) -> bool {
        let begin = self.at;
        let mut depth = 0usize;
        while let Some(kind) = self.peek() {
            match kind {
                Kind::Mark('(' | '[' | '{') => depth += 1,
                Kind::Mark(')' | ']' | '}') if depth == 0 => break,
                Kind::Mark(')' | ']' | '}') => depth -= 1,
                Kind::Mark(',') if depth == 0 => break,
                _ => {}
            }
            self.at += 1;
        }
        self.at > begin
    }

    fn sum(&mut self) -> Expr {
        let mut left = self.product();
        // What goes on for longer is passed over by `expression`.
        for _ in 0..MAX_NESTING {
            let Some(Kind::Mark(operator @ ('+' | '-'))) = self.peek() else {
                break;
            };
            let operator = *operator;
            self.at += 1;
            left = binary(operator, left, self.product());
        }
        left
    }

    fn product(&mut self) -> Expr {
        let mut left = self.unary();
        for _ in 0..MAX_NESTING {
            let Some(Kind::Mark(operator @ ('*' | '/'))) = self.peek() else {
                break;
            };
            let mut operator = *operator;
            self.at += 1;
            if self.take(operator) {
                operator = if operator == '*' { '^' } else { '%' };
            }
            left = binary(operator, left, self.unary());
        }
        left
    }

    fn unary(&mut self) -> Expr {
        let start = self.here();
        if self.take('-') {
            let value = self.postfix();
            let span = start.to(value.span);
            return match value.kind {
                ExprKind::Number(number) => Expr {
                    kind: ExprKind::Number(-number),
                    span,
                },
                _ => other(span),
            };
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Expr {
        let mut value = self.primary();
        for _ in 0..MAX_NESTING {
            let more = self
                .tokens
                .get(self.at + 1)
                .map(|token| (token.kind.clone(), token.span));
            if self.is('.')
                && let (ExprKind::Name(name), Some((Kind::Name(next), span))) = (&value.kind, more)
            {
                value = Expr {
                    kind: ExprKind::Name(format!("{name}.{next}")),
                    span: value.span.to(span),
                };
                self.at += 2;
            } else if self.take('(') {
                let arguments = self.arguments();
                let span = value.span.to(self.close());
                value = Expr {
                    kind: ExprKind::Call {
                        callee: Box::new(value),
                        arguments,
                    },
                    span,
                };
            } else {
                break;
            }
        }
        value
    }

    /// Passes a closing bracket, if one is here; its place.
    fn close(&mut self) -> Span {
        let here = self.here();
        self.at += usize::from(self.at < self.tokens.len());
        here
    }

    fn arguments(&mut self) -> Vec<Argument> {
        let mut arguments = vec![];
        while self
            .peek()
            .is_some_and(|kind| !matches!(kind, Kind::Mark(')' | ']' | '}')))
        {
            let ahead = &self.tokens[self.at..];
            let name = match ahead {
                [
                    Token {
                        kind: Kind::Name(name),
                        ..
                    },
                    Token {
                        kind: Kind::Mark('='),
                        ..
                    },
                    next,
                    ..,
                ] if next.kind != Kind::Mark('=') => Some(name.clone()),
                _ => None,
            };
            self.at += if name.is_some() { 2 } else { 0 };
            let value = self.expression();
            arguments.push(Argument { name, value });
            if !self.take(',')
                && self
                    .peek()
                    .is_some_and(|kind| !matches!(kind, Kind::Mark(')' | ']' | '}')))
            {
                self.at += 1;
            }
        }
        arguments
    }

    fn primary(&mut self) -> Expr {
        let span = self.here();
        let Some(kind) = self.peek().cloned() else {
            return other(span);
        };
        let kind = match kind {
            Kind::Number(value) => ExprKind::Number(value),
            Kind::Text(text) => ExprKind::Text(text),
            Kind::Name(word) if word == "lambda" => return self.lambda(),
            // What follows is passed over by `expression`.
            Kind::Name(word) if ["not", "await"].contains(&word.as_str()) => {
                return other(span);
            }
            Kind::Name(name) => ExprKind::Name(name),
            Kind::Mark(open @ ('(' | '[')) => {
                self.at += 1;
                let items = self.arguments();
                // One value in parentheses is that value.
                let single = items.len() == 1 && self.tokens[self.at - 1].kind != Kind::Mark(',');
                let round = open == '(';
                let end = self.close();
                let mut items: Vec<Expr> = items.into_iter().map(|item| item.value).collect();
                let kind = match (single && round, items.pop()) {
                    (true, Some(value)) => return value,
                    (_, last) => ExprKind::List(items.into_iter().chain(last).collect()),
                };
                return Expr {
                    kind,
                    span: span.to(end),
                };
            }
            _ => return other(span),
        };
        self.at += 1;
        Expr { kind, span }
    }

    /// `lambda q, p, _: …`, whose parameters have commas of their own.
    fn lambda(&mut self) -> Expr {
        let start = self.here();
        while self
            .peek()
            .is_some_and(|kind| !matches!(kind, Kind::Mark(':' | ')' | ']')))
        {
            self.at += 1;
        }
        self.take(':');
        let body = self.expression();
        Expr {
            span: start.to(body.span),
            kind: ExprKind::Lambda(Box::new(body)),
        }
    }
}

fn other(span: Span) -> Expr {
    Expr {
        kind: ExprKind::Other,
        span,
    }
}

fn binary(operator: char, left: Expr, right: Expr) -> Expr {
    Expr {
        span: left.span.to(right.span),
        kind: ExprKind::Binary {
            operator,
            left: Box::new(left),
            right: Box::new(right),
        },
    }
}

impl Expr {
    /// The last part of a dotted name: `Dense` of `tf.keras.layers.Dense`.
    pub fn last_name(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Name(name) => name.rsplit('.').next(),
            _ => None,
        }
    }

    /// The word that a call calls, and its arguments.
    pub fn call(&self) -> Option<(&str, &[Argument])> {
        match &self.kind {
            ExprKind::Call { callee, arguments } => Some((callee.last_name()?, arguments)),
            _ => None,
        }
    }
}
