//! What may stand at a place of a text, which is broken while it is typed: the brackets around the place and the words
//! before it on its line say that without a parser.

use super::registries::{Registry, signature};
use crate::ir::Function;
use crate::signature::{Kind, Parameter, Signature};
use crate::source::Span;

/// What may stand at a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    /// `const`, `network`, …
    Declaration,
    /// A layer, a composition, or the use of a block.
    Step,
    /// The name of a setting.
    Setting(Owner),
    /// An entry of a registry.
    Entry(Registry),
    /// The value of an objective's option.
    Option(String),
    /// An argument of a call, the names that were given before, and the parameter whose value is being written, if that is
    /// known.
    Argument {
        /// What is called.
        call: Callee,
        /// The arguments before it.
        given: Vec<String>,
        /// Which argument by place it is.
        position: usize,
        /// Its name, if that is written.
        name: Option<String>,
    },
    /// `real`, `category`, …
    Type,
    /// The name of a value of the network.
    Value,
    /// The name of a target.
    Target,
    /// A number or constant.
    Number,
    /// Nothing that is known: a name that is declared, a comment.
    Nothing,
}

/// Whose settings stand in braces.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Owner {
    /// Those of every parameter.
    Default,
    /// Those of a layer, by its word.
    Layer(String),
    /// `objective`
    Objective,
}

/// What stands before parentheses.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Callee {
    /// Its name.
    pub name: String,
    /// Which registry it is an entry of.
    pub registry: Registry,
}

impl Callee {
    /// Its signature; none of a block.
    pub fn signature(&self) -> Option<&'static Signature> {
        signature(self.registry, &self.name)
    }

    /// The parameter that an argument is for.
    pub fn parameter(&self, name: Option<&str>, position: usize) -> Option<&'static Parameter> {
        let signature = self.signature()?;
        match name {
            Some(name) => signature.parameters.iter().find(|p| p.name == name),
            None => signature.parameters.get(position),
        }
    }
}

/// A token before the place.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Sign(char),
    Value,
}

#[derive(Debug)]
enum Bracket {
    Top,
    Steps,
    Branches,
    Settings(Owner),
    Call {
        call: Callee,
        given: Vec<String>,
        position: usize,
    },
    Other,
}

/// An open bracket, and what was read since the last separator in it.
#[derive(Debug)]
struct Frame {
    bracket: Bracket,
    line: Vec<Token>,
    /// The line before, whose block may open on this one.
    before: Vec<Token>,
}

impl Frame {
    fn of(bracket: Bracket) -> Frame {
        Frame {
            bracket,
            line: vec![],
            before: vec![],
        }
    }

    fn word(&self, at: usize) -> Option<&str> {
        match self.line.get(at) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn last(&self) -> Option<&Token> {
        self.line.last()
    }

    /// Whether a sign stands on the line.
    fn has(&self, sign: char) -> bool {
        self.line.contains(&Token::Sign(sign))
    }

    /// What stands behind the last of a sign, or the whole line.
    fn behind(&self, sign: char) -> &[Token] {
        let at = self.line.iter().rposition(|t| *t == Token::Sign(sign));
        &self.line[at.map_or(0, |at| at + 1)..]
    }

    /// The word before the last `=`.
    fn set(&self) -> Option<&str> {
        let at = self.line.iter().rposition(|t| *t == Token::Sign('='))?;
        self.word(at.checked_sub(1)?)
    }

    fn separate(&mut self) {
        if !self.line.is_empty() {
            self.before = std::mem::take(&mut self.line);
        }
    }
}

/// The place at byte `offset`, the word that it is in left out.
pub(super) fn place(text: &str, offset: usize) -> Place {
    let word = super::position::word_at(text, offset);
    let mut frames = vec![Frame::of(Bracket::Top)];
    let mut at = 0;
    let before = &text[..word.start];
    while let Some(c) = before[at..].chars().next() {
        let rest = &before[at..];
        at += match c {
            '#' => {
                let Some(end) = rest.find(['\n', '\r']) else {
                    return Place::Nothing;
                };
                end
            }
            '"' => {
                let end = rest[1..].find(['"', '\n', '\r']);
                let Some(end) = end else {
                    return Place::Nothing;
                };
                push(&mut frames, Token::Value);
                end + 2
            }
            _ if c.is_alphabetic() || c == '_' => {
                let length = word_length(rest);
                push(&mut frames, Token::Word(rest[..length].to_owned()));
                length
            }
            _ if c.is_ascii_digit() => {
                push(&mut frames, Token::Value);
                let inside = |c: char| !(c.is_alphanumeric() || c == '_' || c == '.');
                rest.find(inside).unwrap_or(rest.len())
            }
            _ => {
                sign(&mut frames, c);
                c.len_utf8()
            }
        };
    }
    let Some(frame) = frames.last() else {
        return Place::Nothing;
    };
    of(frame, &frames)
}

/// The word that a hover is of, with its span: that at byte `offset`.
pub(super) fn word(text: &str, offset: usize) -> Option<(&str, Span)> {
    let span = super::position::word_at(text, offset);
    let word = &text[span.start..span.end];
    let begins = |c: char| c.is_alphabetic() || c == '_';
    word.starts_with(begins).then_some((word, span))
}

fn word_length(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(text.len())
}

fn push(frames: &mut [Frame], token: Token) {
    if let Some(frame) = frames.last_mut() {
        frame.line.push(token);
    }
}

/// Takes a sign: a bracket, a separator, an operator or the end of a line.
fn sign(frames: &mut Vec<Frame>, c: char) {
    let Some(frame) = frames.last_mut() else {
        return;
    };
    match c {
        '{' => {
            let bracket = braces(frame);
            frame.line.push(Token::Value);
            frames.push(Frame::of(bracket));
        }
        '(' => {
            let called = match frame.last() {
                Some(Token::Word(name)) if name != "on" => Some(name.clone()),
                _ => None,
            };
            let bracket = match called {
                Some(name) => Bracket::Call {
                    call: Callee {
                        registry: registry(frame, &name),
                        name,
                    },
                    given: vec![],
                    position: 0,
                },
                None => Bracket::Other,
            };
            frames.push(Frame::of(bracket));
        }
        '[' => frames.push(Frame::of(Bracket::Other)),
        ')' | ']' | '}' => {
            if frames.len() > 1 {
                frames.pop();
            }
            push(frames, Token::Value);
        }
        '\n' | '\r' => match frame.bracket {
            Bracket::Call { .. } | Bracket::Other => {}
            // A value goes on after an operator.
            _ if matches!(frame.last(), Some(Token::Sign('+' | '*' | '/' | '^' | ','))) => {}
            _ => frame.separate(),
        },
        ',' => {
            let name = frame.set().map(str::to_owned);
            match &mut frame.bracket {
                Bracket::Call {
                    given, position, ..
                } => {
                    given.extend(name);
                    *position += 1;
                    frame.line.clear();
                }
                Bracket::Top => frame.line.push(Token::Sign(',')),
                _ => frame.separate(),
            }
        }
        ' ' | '\t' => {}
        c => frame.line.push(Token::Sign(c)),
    }
}

/// What a `{` opens.
fn braces(frame: &Frame) -> Bracket {
    let head = Frame {
        bracket: Bracket::Other,
        line: match frame.line.is_empty() {
            true => frame.before.clone(),
            false => frame.line.clone(),
        },
        before: vec![],
    };
    match (&frame.bracket, head.word(0)) {
        (Bracket::Top, Some("default")) => Bracket::Settings(Owner::Default),
        (Bracket::Top, Some("objective" | "inference")) => Bracket::Settings(Owner::Objective),
        (Bracket::Top, Some("network" | "block")) => Bracket::Steps,
        (Bracket::Branches, _) => Bracket::Steps,
        (Bracket::Steps, _) => match head.behind('=').first() {
            Some(Token::Word(word)) if word == "concat" => Bracket::Branches,
            Some(Token::Word(word)) if ["residual", "repeat"].contains(&word.as_str()) => {
                Bracket::Steps
            }
            Some(Token::Word(word)) => Bracket::Settings(Owner::Layer(word.clone())),
            _ => Bracket::Other,
        },
        _ => Bracket::Other,
    }
}

/// The registry that a name before `(` is an entry of, by what it is a value of.
fn registry(frame: &Frame, name: &str) -> Registry {
    if name == "learned" || Function::ALL.iter().any(|(word, _)| *word == name) {
        return Registry::None;
    }
    match &frame.bracket {
        Bracket::Top => match (frame.word(0), frame.has('~')) {
            (Some("observe"), true) => Registry::Likelihoods,
            (Some("latent"), true) => of_setting(frame.set()).unwrap_or(Registry::Priors),
            (Some("inference"), _) => Registry::Methods,
            _ => Registry::None,
        },
        Bracket::Steps => match name {
            "residual" => Registry::None,
            _ => Registry::Layers,
        },
        Bracket::Settings(Owner::Objective) => Registry::None,
        Bracket::Settings(_) => of_setting(frame.set()).unwrap_or(Registry::None),
        Bracket::Call { call, position, .. } => {
            let name = frame.set();
            match call.parameter(name, *position).map(|p| p.kind) {
                Some(Kind::Initializer | Kind::ScaleInitializer) => Registry::Initializers,
                _ if call.registry == Registry::Layers => {
                    of_setting(name).unwrap_or(Registry::Layers)
                }
                _ if call.registry == Registry::Initializers => Registry::Initializers,
                _ if name == Some("shortcut") => Registry::Layers,
                _ => Registry::None,
            }
        }
        _ => Registry::None,
    }
}

/// The registry of a setting's values.
fn of_setting(name: Option<&str>) -> Option<Registry> {
    Some(match name? {
        "prior" => Registry::Priors,
        "posterior" | "bias" | "kernel" => Registry::Posteriors,
        "estimator" => Registry::Estimators,
        _ => return None,
    })
}

/// What may stand at the end of a frame's line.
fn of(frame: &Frame, frames: &[Frame]) -> Place {
    match &frame.bracket {
        Bracket::Top => top(frame),
        Bracket::Steps => match frame.behind('=') {
            [] => Place::Step,
            [.., Token::Word(word)] if word == "on" || word == "reuse" => Place::Value,
            [Token::Word(word)] if word == "repeat" => Place::Number,
            _ => Place::Nothing,
        },
        Bracket::Branches => Place::Nothing,
        Bracket::Settings(owner) => match (frame.set(), frame.behind('=')) {
            (None, line) => match line {
                [] | [.., Token::Sign(':')] => Place::Setting(owner.clone()),
                _ => Place::Nothing,
            },
            (Some(name), []) => match (owner, of_setting(Some(name))) {
                (Owner::Objective, _) => Place::Option(name.to_owned()),
                (_, Some(registry)) => Place::Entry(registry),
                _ => Place::Nothing,
            },
            (Some(_), _) => Place::Number,
        },
        Bracket::Call {
            call,
            given,
            position,
        } => Place::Argument {
            call: call.clone(),
            given: given.clone(),
            position: *position,
            name: frame.set().map(str::to_owned),
        },
        Bracket::Other => match frames.iter().rev().nth(1).and_then(Frame::last) {
            Some(Token::Word(word)) if word == "on" => Place::Value,
            _ => Place::Number,
        },
    }
}

fn top(frame: &Frame) -> Place {
    let line = &frame.line;
    let is_after = |sign: char| frame.last() == Some(&Token::Sign(sign));
    match (frame.word(0), line.len()) {
        (_, 0) => Place::Declaration,
        (Some("observe"), 1) => Place::Target,
        (Some("observe"), _) if is_after('~') => Place::Entry(Registry::Likelihoods),
        (Some("latent"), _) if is_after('~') => Place::Entry(Registry::Priors),
        (Some("latent"), _) if is_after('=') => {
            of_setting(frame.set()).map_or(Place::Nothing, Place::Entry)
        }
        (Some("latent"), _) if is_after(',') => Place::Setting(Owner::Default),
        (Some("input" | "target"), _) if is_after(':') => Place::Type,
        (Some("inference"), 1) => Place::Entry(Registry::Methods),
        (Some("objective"), 1) => Place::Entry(Registry::Objectives),
        (Some("const"), _) if frame.has('=') => Place::Number,
        _ => Place::Nothing,
    }
}

#[cfg(test)]
mod tests;
