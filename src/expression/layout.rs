//! Code as a tree of brackets, set on one line where it fits and else as the formatter black sets it.

/// The longest line.
const WIDTH: usize = 100;

/// A piece of code.
#[derive(Debug, Clone)]
pub(super) enum Code {
    /// What is not broken.
    Text(String),
    /// `head(argument, argument)`: a head that ends in its opening bracket, and what stands in the brackets.
    Call(String, Vec<Code>),
    /// Operands, each with the operator before it; the first with a minus sign or nothing.
    Chain(Vec<(&'static str, Code)>),
}

impl Code {
    pub(super) fn text(text: impl Into<String>) -> Code {
        Code::Text(text.into())
    }

    pub(super) fn call(head: impl Into<String>, arguments: Vec<Code>) -> Code {
        Code::Call(head.into() + "(", arguments)
    }

    pub(super) fn list(entries: Vec<Code>) -> Code {
        Code::Call("[".into(), entries)
    }

    pub(super) fn in_brackets(self) -> Code {
        Code::call("", vec![self])
    }

    /// On one line.
    pub(super) fn flat(&self) -> String {
        match self {
            Code::Text(text) => text.clone(),
            Code::Call(head, arguments) => {
                let arguments: Vec<String> = arguments.iter().map(Code::flat).collect();
                format!("{head}{}{}", arguments.join(", "), closing(head))
            }
            Code::Chain(operands) => {
                let operand = |(at, (operator, code)): (usize, &(&str, Code))| match at {
                    0 => format!("{operator}{}", code.flat()),
                    _ => format!(" {operator} {}", code.flat()),
                };
                operands.iter().enumerate().map(operand).collect()
            }
        }
    }

    /// On lines that begin with `indent` blanks, after `start` and before `end`. What does not fit is broken at its
    /// outermost operators or arguments.
    pub(super) fn lines(&self, indent: usize, start: &str, end: &str) -> Vec<String> {
        let line = format!("{}{start}{}{end}", " ".repeat(indent), self.flat());
        if line.chars().count() <= WIDTH {
            return vec![line];
        }
        let edge = |text: String| format!("{}{text}", " ".repeat(indent));
        match self {
            Code::Text(_) => vec![line],
            Code::Call(head, arguments) => {
                let mut lines = vec![edge(format!("{start}{head}"))];
                lines.extend(bracketed(arguments, indent + 4));
                lines.push(edge(format!("{}{end}", closing(head))));
                lines
            }
            Code::Chain(_) => {
                let mut lines = vec![edge(format!("{start}("))];
                lines.extend(self.operands(indent + 4, ""));
                lines.push(edge(format!("){end}")));
                lines
            }
        }
    }

    /// On one line where it fits, else an operand a line. Only within brackets.
    fn operands(&self, indent: usize, end: &str) -> Vec<String> {
        let line = format!("{}{}{end}", " ".repeat(indent), self.flat());
        let operands = match self {
            Code::Chain(operands) if line.chars().count() > WIDTH => operands,
            _ => return self.lines(indent, "", end),
        };
        let last = operands.len() - 1;
        let lines = operands
            .iter()
            .enumerate()
            .flat_map(|(at, (operator, code))| {
                let start = match at {
                    0 => (*operator).to_string(),
                    _ => format!("{operator} "),
                };
                code.lines(indent, &start, if at == last { end } else { "" })
            });
        lines.collect()
    }
}

/// The bracket that closes a head.
fn closing(head: &str) -> char {
    if head.ends_with('[') { ']' } else { ')' }
}

/// Arguments on one line of their own, or one a line.
fn bracketed(arguments: &[Code], indent: usize) -> Vec<String> {
    let flat: Vec<String> = arguments.iter().map(Code::flat).collect();
    let line = format!("{}{}", " ".repeat(indent), flat.join(", "));
    if line.chars().count() <= WIDTH {
        return vec![line];
    }
    match arguments {
        [only] => only.operands(indent, ""),
        _ => {
            let lines = arguments
                .iter()
                .map(|argument| argument.operands(indent, ","));
            lines.flatten().collect()
        }
    }
}
