//! Text to formula. Every text has one: what fits nowhere is taken as a name.

use super::symbol::{self, Class};
use super::{Brackets, Maths};

pub(super) fn parse(text: &str) -> Maths {
    let mut parser = Parser {
        tokens: tokens(text),
        at: 0,
        bars: 0,
    };
    let mut items = parser.row();
    // A bracket that closes nothing.
    while let Some(token) = parser.next() {
        items.push(Maths::Name(token.text.into()));
        items.extend(parser.row());
    }
    Maths::row(items)
}

#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    kind: Kind,
    text: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Number,
    Word,
    /// What stood in quotes.
    Quoted,
    /// One sign, or an operator of several.
    Mark,
}

/// Operators of more than one sign, the longer first.
const OPERATORS: &[&str] = &["...", "||", "->", "<=", ">=", "!=", ":="];

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        let (kind, length) = match c {
            '"' => (
                Kind::Quoted,
                rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            ),
            '0'..='9' => (Kind::Number, number(rest)),
            'a'..='z' | 'A'..='Z' => {
                let end = rest.find(|c: char| !c.is_ascii_alphabetic());
                (Kind::Word, end.unwrap_or(rest.len()))
            }
            _ => {
                let operator = OPERATORS
                    .iter()
                    .find(|operator| rest.starts_with(**operator));
                (
                    Kind::Mark,
                    operator.map_or(c.len_utf8(), |operator| operator.len()),
                )
            }
        };
        let (text, after) = rest.split_at(length);
        let text = if kind == Kind::Quoted {
            text.trim_matches('"')
        } else {
            text
        };
        tokens.push(Token { kind, text });
        rest = after.trim_start();
    }
    tokens
}

/// The length of the number that `text` begins with: `50,000`, `0.5`, `1e-3`.
fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let digits = |from: usize| (from..).find(|at| !digit(*at)).unwrap_or(bytes.len());
    let mut end = digits(0);
    // Commas of thousands, and no others.
    while bytes.get(end) == Some(&b',') && digits(end + 1) == end + 4 {
        end += 4;
    }
    if bytes.get(end) == Some(&b'.') && digit(end + 1) {
        end = digits(end + 1);
    }
    if bytes.get(end) == Some(&b'e') {
        let sign = usize::from(bytes.get(end + 1) == Some(&b'-'));
        if digit(end + 1 + sign) {
            end = digits(end + 1 + sign);
        }
    }
    end
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    /// Absolute values that are open.
    bars: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn is(&self, mark: &str) -> bool {
        self.peek()
            .is_some_and(|token| token.kind == Kind::Mark && token.text == mark)
    }

    fn take(&mut self, mark: &str) -> bool {
        let found = self.is(mark);
        self.at += usize::from(found);
        found
    }

    fn closes(&self) -> bool {
        [")", "]", "}", "›"].iter().any(|mark| self.is(mark))
    }

    /// The operator that comes next, if one does.
    fn operator(&self) -> Option<Maths> {
        let token = self.peek().filter(|token| token.kind != Kind::Quoted)?;
        let symbol = symbol::find(token.text)?;
        (symbol.class > Class::Big).then_some(Maths::Symbol(symbol))
    }

    /// Up to a closing bracket or the end.
    fn row(&mut self) -> Vec<Maths> {
        let mut items: Vec<Maths> = Vec::new();
        while self.peek().is_some() && !self.closes() {
            let operand = items.last().is_none_or(|last| last.class() > Class::Big);
            // A stroke opens an absolute value where a factor can begin.
            let stroke = self.is("|");
            if stroke && !operand && self.bars > 0 {
                break;
            }
            match self.operator() {
                Some(operator) if !(stroke && operand) => {
                    self.at += 1;
                    items.push(self.scripts(operator));
                }
                _ => items.extend(self.term()),
            }
        }
        items
    }

    /// Factors and fractions.
    fn term(&mut self) -> Vec<Maths> {
        let mut factors: Vec<Maths> = Vec::new();
        while self.peek().is_some() && !self.closes() {
            if let Some(operator) = self.operator() {
                // A point between two factors is within their term.
                if operator.is_symbol("*") && !factors.is_empty() {
                    self.at += 1;
                    factors.push(operator);
                    continue;
                }
                if !(self.is("|") && factors.is_empty()) {
                    break;
                }
            }
            if !factors.is_empty() && self.take("/") {
                let above = ungrouped(Maths::row(factors));
                let below = self.factor().map_or(Maths::Row(vec![]), ungrouped);
                factors = vec![Maths::Fraction(Box::new(above), Box::new(below))];
                continue;
            }
            let Some(factor) = self.factor() else { break };
            let big = factor.class() == Class::Big;
            factors.push(factor);
            if big {
                factors.extend(self.term());
                break;
            }
        }
        factors
    }

    /// An atom with its scripts.
    fn factor(&mut self) -> Option<Maths> {
        let token = self.next()?;
        let atom = match (token.kind, token.text) {
            (Kind::Mark, "√") => self.root(),
            (Kind::Mark, "(") => self.group(Brackets::Round, ")"),
            (Kind::Mark, "[") => self.group(Brackets::Square, "]"),
            (Kind::Mark, "{") => self.group(Brackets::Curly, "}"),
            (Kind::Mark, "‹") => ungrouped(self.group(Brackets::Round, "›")),
            (Kind::Mark, "|") => self.bars(),
            _ => self.atom(token),
        };
        Some(self.scripts(atom))
    }

    /// What one token stands for.
    fn atom(&mut self, token: Token) -> Maths {
        let text = token.text;
        match token.kind {
            Kind::Number => Maths::number(text),
            Kind::Quoted => Maths::Name(text.into()),
            _ if text == "sqrt" => self.root(),
            _ if matches!(text, "abs" | "norm") && self.take("(") => {
                let brackets = if text == "abs" {
                    Brackets::Bars
                } else {
                    Brackets::Norm
                };
                self.group(brackets, ")")
            }
            _ => {
                let mut letters = text.chars();
                let word = if text == "..." { "dots" } else { text };
                match (symbol::find(word), letters.next(), letters.next()) {
                    (Some(symbol), ..) => Maths::Symbol(symbol),
                    (None, Some(letter), None) if letter.is_alphabetic() => Maths::Letter(letter),
                    _ => Maths::Name(text.into()),
                }
            }
        }
    }

    /// √ of what follows.
    fn root(&mut self) -> Maths {
        let under = self.factor().map_or(Maths::Row(vec![]), ungrouped);
        Maths::Root(Box::new(under))
    }

    /// Up to the bracket that closes it. Strokes inside belong to the inside.
    fn group(&mut self, brackets: Brackets, close: &str) -> Maths {
        let outside = std::mem::take(&mut self.bars);
        let inner = self.row();
        self.bars = outside;
        self.take(close);
        Maths::Group(brackets, Box::new(Maths::row(inner)))
    }

    fn bars(&mut self) -> Maths {
        self.bars += 1;
        let inner = self.row();
        self.bars -= 1;
        self.take("|");
        Maths::Group(Brackets::Bars, Box::new(Maths::row(inner)))
    }

    /// What stands below and above `base`.
    fn scripts(&mut self, base: Maths) -> Maths {
        let (mut below, mut above) = (None, None);
        loop {
            if below.is_none() && self.take("_") {
                below = Some(Box::new(self.script(false)));
            } else if above.is_none() && self.take("^") {
                above = Some(Box::new(self.script(true)));
            } else if below.is_none() && above.is_none() {
                return base;
            } else {
                return Maths::script(base, below, above);
            }
        }
    }

    /// One atom, or what parentheses hold; a minus sign may stand before it.
    fn script(&mut self, exponent: bool) -> Maths {
        let minus = self.operator().filter(|operator| operator.is_symbol("-"));
        self.at += usize::from(minus.is_some());
        let mut atom = match self.take("(") {
            true => ungrouped(self.group(Brackets::Round, ")")),
            false => self
                .next()
                .map_or(Maths::Row(vec![]), |token| self.atom(token)),
        };
        // A power of a power is taken from the right; an index has none.
        if exponent && self.take("^") {
            atom = Maths::power(atom, self.script(true));
        }
        match minus {
            Some(minus) => Maths::Row(vec![minus, atom]),
            None => atom,
        }
    }
}

/// Without the parentheses around the whole.
fn ungrouped(maths: Maths) -> Maths {
    match maths {
        Maths::Group(Brackets::Round, inner) => *inner,
        other => other,
    }
}
