//! Python's text: lines with their indentation, names and numbers.

/// The longest line of what is emitted.
const WIDTH: usize = 100;

/// Text under way, with the indentation of its next line.
#[derive(Default)]
pub struct Code {
    text: String,
    depth: usize,
}

impl Code {
    /// Adds lines, each indented.
    pub fn line(&mut self, text: impl AsRef<str>) {
        for line in text.as_ref().split('\n') {
            if !line.is_empty() {
                self.text += &"    ".repeat(self.depth);
                self.text += line;
            }
            self.text.push('\n');
        }
    }

    /// Adds `opening`, and what `inside` adds one level further in.
    pub fn block<E>(
        &mut self,
        opening: impl AsRef<str>,
        inside: impl FnOnce(&mut Code) -> Result<(), E>,
    ) -> Result<(), E> {
        self.line(opening);
        self.depth += 1;
        let result = inside(self);
        self.depth -= 1;
        result
    }

    /// Adds a comment, broken into lines.
    pub fn comment(&mut self, text: &str) {
        let room = WIDTH - 4 * self.depth - 2;
        for line in broken(text, room) {
            self.line(format!("# {line}"));
        }
    }

    /// Adds a docstring, broken into lines: a first line, and what follows it after an empty one.
    pub fn docstring(&mut self, first: &str, rest: &str) {
        if rest.is_empty() {
            return self.line(format!("\"\"\"{first}\"\"\""));
        }
        self.line(format!("\"\"\"{first}\n"));
        for line in broken(rest, WIDTH - 4 * self.depth) {
            self.line(line);
        }
        self.line("\"\"\"");
    }

    /// Adds `opening`, the items one after the other and `closing`: on one line where it is short enough, else
    /// an item a line.
    pub fn call(&mut self, opening: &str, items: &[String], closing: &str) {
        let short = format!("{opening}{}{closing}", items.join(", "));
        if 4 * self.depth + short.chars().count() <= WIDTH && !short.contains('\n') {
            return self.line(short);
        }
        self.line(opening);
        self.depth += 1;
        items.iter().for_each(|item| self.line(format!("{item},")));
        self.depth -= 1;
        self.line(closing);
    }

    /// Adds a statement, broken into lines as the formatter black does where it is too long for one.
    pub fn statement(&mut self, text: &str) {
        for line in lines(text, 4 * self.depth, "") {
            self.line(line);
        }
    }

    /// Adds an entry of a dictionary, its value on a line of its own where one does not hold both.
    pub fn entry(&mut self, key: &str, value: &str) {
        let short = format!("{key}: {value},");
        if 4 * self.depth + short.chars().count() <= WIDTH {
            return self.line(short);
        }
        self.line(format!("{key}: ("));
        self.depth += 1;
        self.statement(value);
        self.depth -= 1;
        self.line("),");
    }

    /// [`Code::statement`] with a comment behind it, where there is room.
    pub fn statement_with(&mut self, text: &str, comment: &str) {
        let whole = format!("{text}  # {comment}");
        let fits = 4 * self.depth + whole.chars().count() <= WIDTH;
        self.statement(if fits { &whole } else { text });
    }

    /// Adds lines that `make` makes for so many blanks before them.
    pub fn placed(&mut self, make: impl FnOnce(usize) -> String) {
        self.text += &make(4 * self.depth);
        self.text.push('\n');
    }

    /// All of it.
    pub fn finish(self) -> String {
        self.text
    }
}

/// An expression or statement in lines of at most [`WIDTH`] signs after `indent` blanks, `end` behind the last.
fn lines(text: &str, indent: usize, end: &str) -> Vec<String> {
    let whole = vec![format!("{text}{end}")];
    if indent + whole[0].chars().count() <= WIDTH {
        return whole;
    }
    let Some((open, close)) = last_brackets(text) else {
        return whole;
    };
    let (head, inside, tail) = (&text[..=open], &text[open + 1..close], &text[close..]);
    let mut all = vec![head.to_string()];
    let items = split(inside);
    let inner = match indent + 4 + inside.chars().count() <= WIDTH {
        true => vec![inside.into()],
        // A comma behind the last of several.
        false if items.len() > 1 => items
            .iter()
            .flat_map(|item| lines(item, indent + 4, ","))
            .collect(),
        false => lines(inside, indent + 4, ""),
    };
    all.extend(inner.into_iter().map(|line| format!("    {line}")));
    all.push(format!("{tail}{end}"));
    all
}

/// The last brackets of a text that stand in no others, if something stands between them.
fn last_brackets(text: &str) -> Option<(usize, usize)> {
    let mut found = None;
    let mut open = vec![];
    for (at, sign) in code(text) {
        match sign {
            '(' | '[' | '{' => open.push(at),
            ')' | ']' | '}' => {
                let start = open.pop()?;
                if open.is_empty() && at > start + 1 {
                    found = Some((start, at));
                }
            }
            _ => {}
        }
    }
    found
}

/// The parts of a text between commas that stand in no brackets.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (vec![], 0, 0);
    for (at, sign) in code(text) {
        match sign {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

/// The signs of a text with their places, but for those between quotes.
fn code(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quoted = false;
    text.char_indices().filter(move |(_, sign)| {
        quoted ^= *sign == '"';
        !quoted
    })
}

/// A text broken between its words into lines of at most `room` signs where words allow it; lines stay apart.
fn broken(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line += word;
        }
        lines.push(line);
    }
    lines
}

/// Python's keywords, and attributes of `nn.Module` that a name of one word could hide.
const TAKEN: &[&str] = &[
    "False",
    "None",
    "True",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "try",
    "while",
    "with",
    "yield",
    "apply",
    "bfloat16",
    "buffers",
    "call",
    "children",
    "compile",
    "cpu",
    "cuda",
    "double",
    "draw",
    "dump_patches",
    "eval",
    "float",
    "forward",
    "half",
    "modules",
    "name",
    "network",
    "nll",
    "parameters",
    "share_memory",
    "terms",
    "to",
    "train",
    "training",
    "type",
    "xpu",
    "zero_grad",
    "math",
    "torch",
    "nn",
    "np",
    "self",
    "noise",
    "x",
    "targets",
    "scale",
    "values",
];

/// Whether a name has a meaning of its own in Python or in the class of a model.
pub fn is_word(name: &str) -> bool {
    TAKEN.contains(&name)
}

/// A name of the model as one of Python: `stage2.1.conv1.kernel` as `stage2_1_conv1_kernel`.
pub fn identifier(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let mut text: String = name.chars().map(letter).collect();
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '_') {
        text.insert(0, 'n');
    }
    if is_word(&text) {
        text.push('_');
    }
    text
}

/// A number that Python reads as the same one.
pub fn number(x: f64) -> String {
    match x {
        x if x.is_nan() => "math.nan".into(),
        f64::INFINITY => "math.inf".into(),
        f64::NEG_INFINITY => "-math.inf".into(),
        x => format!("{x:?}"),
    }
}

/// A text between quotes.
pub fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', "\\n"))
}

/// A shape: `[5, 5, 1, 6]`.
pub fn shape(axes: &[usize]) -> String {
    format!("{axes:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names_of_python() {
        for (name, python) in [
            ("stage2.1.conv1.kernel", "stage2_1_conv1_kernel"),
            ("lambda", "lambda_"),
            ("1.a", "n1_a"),
            ("training", "training_"),
        ] {
            assert_eq!(identifier(name), python);
        }
    }

    #[test]
    fn long_statements_are_broken_at_their_brackets() {
        let mut code = Code::default();
        let name = "a_name_of_quite_some_length";
        code.statement(&format!("y = f({name})"));
        code.statement(&format!("y = f({name}, {name}, draw[\"{name}\"], 1)"));
        code.statement(&format!(
            "y = f({name}, {name}, partial({name}, {name}, [1, 2]), 3) + 4"
        ));
        let expected = "y = f(NAME)\ny = f(\n    NAME, NAME, draw[\"NAME\"], 1\n)\n\
                        y = f(\n    NAME,\n    NAME,\n    partial(NAME, NAME, [1, 2]),\n    3,\n) + 4\n";
        assert_eq!(code.finish(), expected.replace("NAME", name));
    }

    #[test]
    fn numbers_are_those_of_the_language() {
        for (x, python) in [
            (0.1, "0.1"),
            (1e-7, "1e-7"),
            (2.0, "2.0"),
            (f64::NEG_INFINITY, "-math.inf"),
        ] {
            assert_eq!(number(x), python);
        }
    }
}
