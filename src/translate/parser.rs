//! Tokens to the expressions that a stack of layers is written in.

use super::tokens::{Kind, Token};
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

/// The expression that tokens begin with.
pub(super) fn expression(tokens: &[Token]) -> Expr {
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
    };
    parser.expression()
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
                && let (ExprKind::Name(name), Some((Kind::Name(next), span))) = (&value.kind, &more)
            {
                value = Expr {
                    kind: ExprKind::Name(format!("{name}.{next}")),
                    span: value.span.to(*span),
                };
                self.at += 2;
            } else if self.is('.')
                && let (ExprKind::Call { .. }, Some((Kind::Name(method), at))) = (&value.kind, more)
                && let Some(Kind::Mark('(')) = self.tokens.get(self.at + 2).map(|t| &t.kind)
            {
                // `Sequential(…).to(device)`: a function of what it is called on.
                let callee = Expr {
                    kind: ExprKind::Name(method),
                    span: at,
                };
                self.at += 3;
                let others = self.arguments();
                let span = value.span.to(self.close());
                let on = Argument { name: None, value };
                value = Expr {
                    kind: ExprKind::Call {
                        callee: Box::new(callee),
                        arguments: std::iter::once(on).chain(others).collect(),
                    },
                    span,
                };
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
