//! The tree as text, for `--emit ast`: a line for each node that has a line of its own, and
//! expressions with a parenthesis around every operation in another, so that what binds to what is seen.

use super::ast::*;
use std::fmt::{self, Display, Write};

/// The whole tree, indented by two blanks a level.
pub fn file_text(file: &File) -> String {
    let mut out = String::new();
    for item in &file.items {
        item_text(&mut out, item);
    }
    out
}

/// An expression, with parentheses around every operation in another.
pub fn expression_text(expression: &Expr) -> String {
    expression.to_string()
}

fn line(out: &mut String, depth: usize, text: impl Display) {
    let _ = writeln!(out, "{:width$}{text}", "", width = 2 * depth);
}

fn item_text(out: &mut String, item: &Item) {
    match &item.kind {
        ItemKind::Model(name) => line(out, 0, format_args!("model {name}")),
        ItemKind::Const { name, value } => line(out, 0, format_args!("const {name} = {value}")),
        ItemKind::Input { name, data_type } => {
            line(out, 0, format_args!("input {name}: {data_type}"))
        }
        ItemKind::Target { name, data_type } => {
            line(out, 0, format_args!("target {name}: {data_type}"))
        }
        ItemKind::Latent {
            name,
            prior,
            settings,
        } => {
            line(out, 0, format_args!("latent {name} ~ {prior}"));
            setting_lines(out, 1, settings);
        }
        ItemKind::Default(settings) => {
            line(out, 0, "default");
            parameter_setting_lines(out, 1, settings);
        }
        ItemKind::Block {
            name,
            parameters,
            body,
        } => {
            line(out, 0, format_args!("block {name}"));
            for parameter in parameters {
                match &parameter.default {
                    Some(value) => line(
                        out,
                        1,
                        format_args!("parameter {} = {value}", parameter.name),
                    ),
                    None => line(out, 1, format_args!("parameter {}", parameter.name)),
                }
            }
            step_lines(out, 1, body);
        }
        ItemKind::Network(steps) => {
            line(out, 0, "network");
            step_lines(out, 1, steps);
        }
        ItemKind::Observe { target, likelihood } => {
            line(out, 0, format_args!("observe {target} ~ {likelihood}"));
        }
        ItemKind::Objective { name, settings } => {
            line(out, 0, format_args!("objective {name}"));
            setting_lines(out, 1, settings);
        }
        ItemKind::Inference {
            name,
            arguments,
            settings,
        } => {
            let list = Arguments(arguments);
            line(out, 0, format_args!("inference {name}{list}"));
            setting_lines(out, 1, settings);
        }
    }
}

fn setting_lines(out: &mut String, depth: usize, settings: &[Setting]) {
    for setting in settings {
        line(
            out,
            depth,
            format_args!("set {} = {}", setting.name, setting.value),
        );
    }
}

fn parameter_setting_lines(out: &mut String, depth: usize, settings: &ParameterSettings) {
    setting_lines(out, depth, &settings.shared);
    for group in &settings.groups {
        line(out, depth, format_args!("parameter {}", group.parameter));
        setting_lines(out, depth + 1, &group.settings);
    }
}

fn step_lines(out: &mut String, depth: usize, steps: &[Step]) {
    for step in steps {
        let name = step
            .name
            .as_ref()
            .map(|name| format!("{name} = "))
            .unwrap_or_default();
        let on = step.on.as_ref().map(|on| match &on.values[..] {
            [value] => format!(" on {value}"),
            values => format!(" on ({})", Commas(values)),
        });
        let on = on.unwrap_or_default();
        match &step.operation {
            Operation::Layer(layer) => {
                let arguments = Arguments(&layer.arguments);
                let text = format_args!("layer {name}{}{arguments}{on}", layer.kind);
                line(out, depth, text);
                if let Some(settings) = &layer.settings {
                    parameter_setting_lines(out, depth + 1, settings);
                }
            }
            Operation::Residual { arguments, body } => {
                let arguments = Arguments(arguments);
                line(out, depth, format_args!("{name}residual{arguments}{on}"));
                step_lines(out, depth + 1, body);
            }
            Operation::Concat { branches } => {
                line(out, depth, format_args!("{name}concat{on}"));
                for branch in branches {
                    line(out, depth + 1, "branch");
                    step_lines(out, depth + 2, &branch.body);
                }
            }
            Operation::Reuse { layer } => {
                line(out, depth, format_args!("{name}reuse {layer}{on}"));
            }
            Operation::Repeat { count, body } => {
                line(out, depth, format_args!("{name}repeat {count}{on}"));
                step_lines(out, depth + 1, body);
            }
        }
    }
}

/// Entries with `, ` between them.
struct Commas<'a, T>(&'a [T]);

impl<T: Display> Display for Commas<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (i, entry) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            entry.fmt(f)?;
        }
        Ok(())
    }
}

/// Arguments in parentheses, or nothing where there are none.
struct Arguments<'a>(&'a [Argument]);

impl Display for Arguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if self.0.is_empty() {
            Ok(())
        } else {
            write!(f, "({})", Commas(self.0))
        }
    }
}

impl Layer {
    /// `gru(4, direction = both)`: the call alone, on one line.
    pub fn call_text(&self) -> String {
        format!("{}{}", self.kind, Arguments(&self.arguments))
    }
}

impl Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} = {}", self.value),
            None => self.value.fmt(f),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}{}", self.name, Arguments(&self.arguments))
    }
}

impl Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.name.fmt(f)?;
        if let Some(axes) = &self.axes {
            let said = self.said.iter().map(ToString::to_string);
            let all: Vec<String> = axes.iter().map(ToString::to_string).chain(said).collect();
            write!(f, "[{}]", all.join(", "))?;
        }
        let mut places = self.places.iter();
        places.try_for_each(|places| write!(f, "[{}]", Commas(places)))
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.kind {
            ExprKind::Number(value) => write!(f, "{value}"),
            ExprKind::Text(text) => write!(f, "\"{text}\""),
            ExprKind::Name(name) => name.fmt(f),
            ExprKind::Call(call) => write!(f, "{}({})", call.name, Commas(&call.arguments)),
            ExprKind::List(entries) => write!(f, "[{}]", Commas(entries)),
            ExprKind::Index { base, index } => write!(f, "{}[{index}]", Within(base)),
            ExprKind::Slice { base, start, end } => {
                let end_text = |end: &Option<Box<Expr>>| match end {
                    Some(end) => end.to_string(),
                    None => String::new(),
                };
                write!(f, "{}[{}:{}]", Within(base), end_text(start), end_text(end))
            }
            ExprKind::Negate(value) => write!(f, "-{}", Within(value)),
            ExprKind::Binary {
                operator,
                left,
                right,
            } => {
                write!(
                    f,
                    "{} {} {}",
                    Within(left),
                    operator.symbol(),
                    Within(right)
                )
            }
        }
    }
}

/// An operand: in parentheses if it has operators of its own.
struct Within<'a>(&'a Expr);

impl Display for Within<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.0.kind {
            ExprKind::Negate(_) | ExprKind::Binary { .. } => write!(f, "({})", self.0),
            _ => self.0.fmt(f),
        }
    }
}
