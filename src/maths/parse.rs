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
        items.push(Maths::Name(token.to_string()));
        items.extend(parser.row());
    }
    Maths::row(items)
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(String),
    Word(String),
    Quoted(String),
    Mark(char),
    Operator(&'static str),
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Token::Number(text) | Token::Word(text) | Token::Quoted(text) => f.write_str(text),
            Token::Mark(mark) => write!(f, "{mark}"),
            Token::Operator(operator) => f.write_str(operator),
        }
    }
}

/// Operators of more than one mark, the longer first.
const LONG: &[&str] = &["...", "||", "->", "<=", ">=", "!=", ":="];

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let run = |holds: &dyn Fn(char) -> bool| rest.find(|c| !holds(c)).unwrap_or(rest.len());
        let (token, length) = if c.is_whitespace() {
            (None, c.len_utf8())
        } else if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').unwrap_or(quoted.len());
            (
                Some(Token::Quoted(quoted[..end].into())),
                (end + 2).min(rest.len()),
            )
        } else if let Some(operator) = LONG.iter().find(|o| rest.starts_with(**o)) {
            (Some(Token::Operator(operator)), operator.len())
        } else if c.is_ascii_digit() {
            let length = number(rest);
            (Some(Token::Number(rest[..length].into())), length)
        } else if c.is_ascii_alphabetic() {
            let length = run(&|c| c.is_ascii_alphabetic());
            (Some(Token::Word(rest[..length].into())), length)
        } else {
            (Some(Token::Mark(c)), c.len_utf8())
        };
        tokens.extend(token);
        rest = &rest[length..];
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

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    /// Absolute values that are open.
    bars: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn is(&self, mark: char) -> bool {
        self.peek() == Some(&Token::Mark(mark))
    }

    fn take(&mut self, mark: char) -> bool {
        let found = self.is(mark);
        self.at += usize::from(found);
        found
    }

    /// The operator that comes next, if one does.
    fn operator(&self) -> Option<Maths> {
        let word = self.peek()?.to_string();
        let symbol = symbol::find(&word)?;
        let between = [Class::Binary, Class::Relation, Class::Punctuation];
        let quoted = matches!(self.peek(), Some(Token::Quoted(_)));
        (between.contains(&symbol.class) && !quoted).then_some(Maths::Symbol(symbol))
    }

    /// Up to a closing bracket or the end.
    fn row(&mut self) -> Vec<Maths> {
        let mut items: Vec<Maths> = Vec::new();
        while let Some(token) = self.peek() {
            if matches!(token, Token::Mark(')' | ']' | '}' | '›')) {
                break;
            }
            let operand = items.last().is_none_or(|last| {
                matches!(
                    last.class(),
                    Class::Binary | Class::Relation | Class::Punctuation
                )
            });
            if self.is('|') && !operand && self.bars > 0 {
                break;
            }
            match self.operator() {
                Some(operator) if !(self.is('|') && operand) => {
                    self.at += 1;
                    let operator = self.scripts(operator);
                    items.push(operator);
                }
                _ => items.extend(self.term()),
            }
        }
        items
    }

    /// Factors and fractions.
    fn term(&mut self) -> Vec<Maths> {
        let mut factors: Vec<Maths> = Vec::new();
        while let Some(token) = self.peek() {
            // A point between two factors is within their term.
            if !factors.is_empty()
                && let Some(point) = self.operator().filter(|o| o.is_symbol("*"))
            {
                self.at += 1;
                factors.push(point);
                continue;
            }
            if matches!(token, Token::Mark(')' | ']' | '}' | '›')) || self.operator().is_some() {
                // A stroke begins an absolute value where a factor can begin.
                if !(self.is('|') && factors.is_empty()) {
                    break;
                }
            }
            if self.is('/') && !factors.is_empty() {
                self.at += 1;
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
        let atom = match token {
            Token::Number(digits) => Maths::Number(digits),
            Token::Quoted(name) => Maths::Name(name),
            Token::Word(word) => self.word(word),
            Token::Mark('√') => self.root(),
            Token::Mark('(') => self.group(Brackets::Round, ')'),
            Token::Mark('[') => self.group(Brackets::Square, ']'),
            Token::Mark('{') => self.group(Brackets::Curly, '}'),
            Token::Mark('|') => self.bars(),
            Token::Mark('‹') => match self.group(Brackets::Round, '›') {
                Maths::Group(_, inner) => *inner,
                other => other,
            },
            Token::Operator("...") => {
                symbol::find("dots").map_or(Maths::Row(vec![]), Maths::Symbol)
            }
            Token::Mark(mark) => match symbol::find(&mark.to_string()) {
                Some(symbol) => Maths::Symbol(symbol),
                None if mark.is_alphabetic() => Maths::Letter(mark),
                None => Maths::Name(mark.to_string()),
            },
            Token::Operator(operator) => {
                symbol::find(operator).map_or(Maths::Name(operator.into()), Maths::Symbol)
            }
        };
        Some(self.scripts(atom))
    }

    fn word(&mut self, word: String) -> Maths {
        let mut letters = word.chars();
        match (symbol::find(&word), letters.next(), letters.next()) {
            _ if word == "sqrt" => self.root(),
            _ if matches!(word.as_str(), "abs" | "norm") && self.is('(') => {
                self.at += 1;
                let brackets = if word == "abs" {
                    Brackets::Bars
                } else {
                    Brackets::Norm
                };
                self.group(brackets, ')')
            }
            (Some(symbol), ..) => Maths::Symbol(symbol),
            (None, Some(letter), None) => Maths::Letter(letter),
            _ => Maths::Name(word),
        }
    }

    /// √ of what follows.
    fn root(&mut self) -> Maths {
        let of = self.factor().map_or(Maths::Row(vec![]), ungrouped);
        Maths::Root(Box::new(of))
    }

    /// Up to the bracket that closes it; a stroke inside is of the inside.
    fn group(&mut self, brackets: Brackets, close: char) -> Maths {
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
        self.take('|');
        Maths::Group(Brackets::Bars, Box::new(Maths::row(inner)))
    }

    /// What stands below and above `base`.
    fn scripts(&mut self, base: Maths) -> Maths {
        let (mut below, mut above) = (None, None);
        loop {
            if below.is_none() && self.take('_') {
                below = Some(Box::new(self.script(false)));
            } else if above.is_none() && self.take('^') {
                above = Some(Box::new(self.script(true)));
            } else {
                break;
            }
        }
        if below.is_none() && above.is_none() {
            return base;
        }
        Maths::Script {
            base: Box::new(base),
            below,
            above,
        }
    }

    /// One atom, or what parentheses hold; a minus sign may stand before it.
    fn script(&mut self, exponent: bool) -> Maths {
        let minus = self.is('-').then(|| self.operator()).flatten();
        self.at += usize::from(minus.is_some());
        let atom = match self.next() {
            Some(Token::Mark('(')) => ungrouped(self.group(Brackets::Round, ')')),
            Some(Token::Word(word)) => self.word(word),
            Some(Token::Number(digits)) => Maths::Number(digits),
            Some(token) => match symbol::find(&token.to_string()) {
                Some(symbol) => Maths::Symbol(symbol),
                None => Maths::Name(token.to_string()),
            },
            None => Maths::Row(vec![]),
        };
        // A power of a power is taken from the right; an index has none.
        let atom = match exponent && self.take('^') {
            true => Maths::Script {
                base: Box::new(atom),
                below: None,
                above: Some(Box::new(self.script(true))),
            },
            false => atom,
        };
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
