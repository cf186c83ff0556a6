//! A formula as the text that it can be read from again.

use super::Maths;
use std::fmt::{Display, Formatter, Result};

impl Display for Maths {
    fn fmt(&self, f: &mut Formatter) -> Result {
        match self {
            Maths::Row(items) => {
                let items: Vec<String> = items.iter().map(one).collect();
                f.write_str(&items.join(" "))
            }
            Maths::Number(digits) => f.write_str(digits),
            Maths::Letter(letter) => write!(f, "{letter}"),
            Maths::Name(name) => write!(f, "\"{name}\""),
            Maths::Symbol(symbol) => f.write_str(symbol.word),
            Maths::Fraction(above, below) => write!(f, "({above})/({below})"),
            Maths::Root(under) => write!(f, "sqrt({under})"),
            Maths::Script { base, below, above } => {
                match **base {
                    Maths::Script { .. } | Maths::Root(_) => write!(f, "‹{base}›")?,
                    _ => f.write_str(&one(base))?,
                }
                for (mark, script) in [('_', below), ('^', above)] {
                    if let Some(script) = script {
                        write!(f, "{mark}({script})")?;
                    }
                }
                Ok(())
            }
            Maths::Group(brackets, inner) => {
                let [(open, close), ..] = brackets.marks();
                write!(f, "{open}{inner}{close}")
            }
        }
    }
}

/// A part, between brackets that are not seen where it would run into its neighbours.
fn one(maths: &Maths) -> String {
    match maths {
        Maths::Row(_) | Maths::Fraction(..) => format!("‹{maths}›"),
        _ => maths.to_string(),
    }
}
