//! The code of each kind of expression.

use super::build;
use super::layout::Code;
use super::{Condition, Dialect, Expression, Function, Operand};
use Expression::{Call, Name, Negative, Number, Over, Power, Product, Quotient, Sum, Within};

/// How tightly a piece holds together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binding {
    /// A conditional expression, or what a caller wrote.
    Loose,
    Sum,
    Product,
    Power,
    Atom,
}

/// A piece of code, and how it may stand among others.
pub(super) struct Piece {
    pub(super) code: Code,
    binding: Binding,
}

impl Piece {
    fn new(code: Code, binding: Binding) -> Self {
        Piece { code, binding }
    }

    fn call(head: impl Into<String>, arguments: Vec<Code>) -> Self {
        Piece::new(Code::call(head, arguments), Binding::Atom)
    }

    /// In brackets, unless it holds together as tightly as this.
    fn at_least(self, binding: Binding) -> Code {
        match self.binding >= binding {
            true => self.code,
            false => self.code.in_brackets(),
        }
    }
}

/// Prints in a dialect, with what `names` gives in place of names.
pub(super) struct Printer<'a> {
    pub(super) dialect: Dialect,
    pub(super) names: &'a dyn Fn(&str) -> Operand,
}

impl Printer<'_> {
    fn is_tensor(&self, a: &Expression) -> bool {
        a.any(&|part| match part {
            Name(name) => (self.names)(name).tensor,
            Over { .. } => true,
            _ => false,
        })
    }

    pub(super) fn print(&self, a: &Expression) -> Piece {
        let atom = |text: String| Piece::new(Code::text(text), Binding::Atom);
        match a {
            Number(x) if *x < 0.0 => {
                let operand = ("-", self.print(&Number(-x)).code);
                Piece::new(Code::Chain(vec![operand]), Binding::Product)
            }
            Number(x) => atom(literal(*x)),
            Expression::Pi => atom("math.pi".into()),
            Expression::E => atom("math.e".into()),
            Name(name) => {
                let text = (self.names)(name).text;
                let binding = binding(&text);
                Piece::new(Code::text(text), binding)
            }
            Negative(inner) => Piece::new(Code::Chain(self.negated(inner)), Binding::Product),
            Sum(terms) => self.rectifier(terms).unwrap_or_else(|| self.sum(terms)),
            Product(_) | Quotient(..) => Piece::new(Code::Chain(self.factors(a)), Binding::Product),
            Power(base, exponent) => self.power(base, exponent),
            Call(function, arguments) => self.call(*function, arguments),
            Over {
                function,
                index,
                inner,
            } => self.over(*function, index, inner),
            Within {
                conditions,
                inside,
                outside,
            } => self.within(conditions, inside, *outside),
        }
    }

    /// max(x, 0) + a min(x, 0) and max(x, 0) + a (exp(min(x, 0)) - 1), by the functions of their names. Their derivative
    /// at 0 is that of the layers' kernels; that of a bound there depends on the library's version.
    fn rectifier(&self, terms: &[Expression]) -> Option<Piece> {
        let [Call(Function::Max, above), rest] = terms else {
            return None;
        };
        let (slope, below) = match rest {
            Product(factors) => match &factors[..] {
                [slope, below] if !self.is_tensor(slope) => (Some(slope), below),
                _ => return None,
            },
            other => (None, other),
        };
        let (name, below) = match below {
            Call(Function::Expm1, inner) => ("elu", &inner[0]),
            other => ("leaky_relu", other),
        };
        let is_below = matches!(below, Call(Function::Min, below) if below == above);
        if !is_below || above[1] != Number(0.0) || !self.is_tensor(&above[0]) {
            return None;
        }
        let library = match self.dialect {
            Dialect::Torch => "F",
            Dialect::Jax => "jax.nn",
        };
        let arguments = [Some(&above[0]), slope].into_iter().flatten();
        let arguments = arguments.map(|argument| self.print(argument).code);
        Some(Piece::call(
            format!("{library}.{name}"),
            arguments.collect(),
        ))
    }

    fn sum(&self, terms: &[Expression]) -> Piece {
        let mut operands = Vec::new();
        for (at, term) in terms.iter().enumerate() {
            let (operator, term) = match (at, term) {
                (0, term) => ("", term.clone()),
                (_, Negative(inner)) => ("-", (**inner).clone()),
                (_, Number(x)) if *x < 0.0 => ("-", Number(-x)),
                (_, term) => ("+", term.clone()),
            };
            operands.push((operator, self.print(&term).at_least(Binding::Product)));
        }
        Piece::new(Code::Chain(operands), Binding::Sum)
    }

    /// A minus sign and what follows. Black puts brackets around a power after it.
    fn negated(&self, inner: &Expression) -> Vec<(&'static str, Code)> {
        let mut factors = self.factors(inner);
        let first = &mut factors[0];
        first.0 = "-";
        let leading = match inner {
            Product(factors) => &factors[0],
            Quotient(above, _) => match &**above {
                Product(factors) => &factors[0],
                other => other,
            },
            other => other,
        };
        if matches!(leading, Power(..)) {
            let code = std::mem::replace(&mut first.1, Code::text(""));
            first.1 = code.in_brackets();
        }
        factors
    }

    /// Factors with the operators before them; those of a quotient's numerator among them.
    fn factors(&self, a: &Expression) -> Vec<(&'static str, Code)> {
        match a {
            Product(all) => {
                let mut factors = Vec::new();
                for factor in all {
                    let start = factors.len();
                    factors.extend(self.factors(factor));
                    if start > 0 {
                        factors[start].0 = "*";
                    }
                }
                factors
            }
            Quotient(above, below) => {
                let mut factors = self.factors(above);
                factors.push(("/", self.print(below).at_least(Binding::Power)));
                factors
            }
            // A sign in the midst of factors.
            Negative(_) => vec![("", self.print(a).code.in_brackets())],
            other => vec![("", self.print(other).at_least(Binding::Product))],
        }
    }

    fn power(&self, base: &Expression, exponent: &Expression) -> Piece {
        let (base, exponent) = (self.print(base), self.print(exponent));
        let is_simple = |text: &str| {
            let text = text.strip_prefix('-').unwrap_or(text);
            let mut signs = text.chars();
            signs.all(|c| c.is_alphanumeric() || "_.".contains(c)) && !text.is_empty()
        };
        let is_signed = exponent.code.flat().starts_with('-') && is_simple(&exponent.code.flat());
        let base = base.at_least(Binding::Atom);
        let exponent = match is_signed {
            true => exponent.code,
            false => exponent.at_least(Binding::Atom),
        };
        let close = is_simple(&base.flat()) && is_simple(&exponent.flat());
        let code = match close {
            true => Code::text(format!("{}**{}", base.flat(), exponent.flat())),
            false => Code::Chain(vec![("", base), ("**", exponent)]),
        };
        Piece::new(code, Binding::Power)
    }

    fn call(&self, function: Function, arguments: &[Expression]) -> Piece {
        let codes = || {
            arguments
                .iter()
                .map(|a| self.print(a).code)
                .collect::<Vec<_>>()
        };
        if !arguments.iter().any(|a| self.is_tensor(a)) {
            return self.float(function, codes());
        }
        match (function, arguments) {
            (Function::Gamma, _) => {
                let head = self.dialect.function(Function::Exp);
                let inner = Code::call(self.dialect.function(Function::LogGamma), codes());
                Piece::call(head, vec![inner])
            }
            (Function::E1, [a]) => {
                let decay = build::call(Function::Exp, vec![build::negative(a.clone())]);
                let scaled = build::call(Function::ExpE1, vec![a.clone()]);
                self.print(&build::product(vec![decay, scaled]))
            }
            (Function::Max | Function::Min, [a, b]) => self.bound(function, a, b),
            (Function::LogSumExp, [_, _]) => Piece::call(self.dialect.own("logaddexp"), codes()),
            (Function::LogSumExp, _) => {
                let list = Code::list(codes());
                let stack = Code::call(self.dialect.own("stack"), vec![list]);
                let head = self.dialect.function(Function::LogSumExp);
                Piece::call(head, vec![stack, Code::text("0")])
            }
            _ => Piece::call(self.dialect.function(function), codes()),
        }
    }

    /// The larger or the smaller of two. The derivative of relu and relu6 at their bounds is 0, as that of the layers'
    /// kernels.
    fn bound(&self, function: Function, a: &Expression, b: &Expression) -> Piece {
        let (code, limit) = (self.print(a).code, self.print(b).code);
        match (self.dialect, function, a, b) {
            (Dialect::Torch, Function::Max, a, Number(0.0)) if self.is_tensor(a) => {
                Piece::call("torch.relu", vec![code])
            }
            (Dialect::Jax, Function::Max, a, Number(0.0)) if self.is_tensor(a) => {
                Piece::call("jax.nn.relu", vec![code])
            }
            (_, Function::Min, Call(Function::Max, inner), Number(6.0))
                if inner[1] == Number(0.0) && self.is_tensor(a) =>
            {
                let head = match self.dialect {
                    Dialect::Torch => "F.relu6",
                    Dialect::Jax => "jax.nn.relu6",
                };
                Piece::call(head, vec![self.print(&inner[0]).code])
            }
            (Dialect::Torch, _, a, b) if self.is_tensor(a) && !self.is_tensor(b) => {
                let side = if function == Function::Max {
                    "min"
                } else {
                    "max"
                };
                let limit = Code::text(format!("{side}={}", limit.flat()));
                Piece::call("torch.clamp", vec![code, limit])
            }
            _ => Piece::call(self.dialect.function(function), vec![code, limit]),
        }
    }

    /// A function of Python floats.
    fn float(&self, function: Function, arguments: Vec<Code>) -> Piece {
        let head = match function {
            Function::Ln => "math.log",
            Function::Log1p => "math.log1p",
            Function::Exp => "math.exp",
            Function::Expm1 => "math.expm1",
            Function::Sqrt => "math.sqrt",
            Function::Abs => "abs",
            Function::Gamma => "math.gamma",
            Function::LogGamma => "math.lgamma",
            Function::Erf => "math.erf",
            Function::Tanh => "math.tanh",
            Function::Max => "max",
            Function::Min => "min",
            Function::Sum => "sum",
            Function::Softplus => {
                return Piece::call("math.log1p", vec![Code::call("math.exp", arguments)]);
            }
            // `math` has none of these.
            Function::Sigmoid
            | Function::NormalCdf
            | Function::LogSumExp
            | Function::E1
            | Function::ExpE1
            | Function::DawsonIntegral => {
                let tensor = match self.dialect {
                    Dialect::Torch => "torch.tensor",
                    Dialect::Jax => "jnp.array",
                };
                let tensors = arguments.into_iter().map(|a| Code::call(tensor, vec![a]));
                return Piece::call(self.dialect.function(function), tensors.collect());
            }
        };
        Piece::call(head, arguments)
    }

    fn over(&self, function: Function, index: &str, inner: &Expression) -> Piece {
        let suffix = format!("_{index}");
        let names = |name: &str| (self.names)(name.strip_suffix(&suffix).unwrap_or(name));
        let inside = Printer {
            dialect: self.dialect,
            names: &names,
        };
        let arguments = vec![inside.print(inner).code, Code::text("-1")];
        Piece::call(self.dialect.function(function), arguments)
    }

    fn within(&self, conditions: &[Condition], inside: &Expression, outside: f64) -> Piece {
        let several = conditions.len() > 1;
        let condition = |condition: &Condition| {
            let variable = |side: &Expression| matches!(side, Name(_)) && self.is_tensor(side);
            let (left, right) = (&condition.left, &condition.right);
            // `w > 0`, not `0 < w`.
            let (left, sign, right) = match variable(right) && !several {
                true => (right, if condition.equal { ">=" } else { ">" }, left),
                false => (left, if condition.equal { "<=" } else { "<" }, right),
            };
            let side = |side| self.print(side).at_least(Binding::Sum).flat();
            let text = format!("{} {sign} {}", side(left), side(right));
            if several { format!("({text})") } else { text }
        };
        let holds = conditions
            .iter()
            .map(condition)
            .collect::<Vec<_>>()
            .join(" & ");
        let tensors = conditions.iter().flat_map(|c| [&c.left, &c.right]);
        let tensor = tensors.into_iter().find(|side| self.is_tensor(side));
        let outside = match outside {
            0.0 => "0.0",
            _ => "-math.inf",
        };
        let (is_tensor, code) = (self.is_tensor(inside), self.print(inside));
        let Some(tensor) = tensor else {
            let value = code.at_least(Binding::Sum).flat();
            let text = format!("{value} if {holds} else {outside}");
            return Piece::new(Code::text(text), Binding::Loose);
        };
        let value = match is_tensor {
            true => code.code,
            // Of two floats `where` would make a tensor of the default type.
            false => {
                let like = vec![self.print(tensor).code, code.code];
                Code::call(self.dialect.own("full_like"), like)
            }
        };
        let arguments = vec![Code::text(holds), value, Code::text(outside)];
        Piece::call(self.dialect.own("where"), arguments)
    }
}

/// A number as Python writes it.
fn literal(x: f64) -> String {
    match x.fract() == 0.0 && x.abs() < 1e15 {
        true => format!("{x}"),
        false => format!("{x:?}"),
    }
}

/// How tightly a caller's text holds together.
fn binding(text: &str) -> Binding {
    let mut depth = 0;
    let mut whole = true;
    for sign in text.chars() {
        match sign {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => whole &= depth > 0 || sign.is_alphanumeric() || "_.".contains(sign),
        }
    }
    match (
        whole,
        text.strip_prefix('-').map(|rest| rest.parse::<f64>()),
    ) {
        (true, _) => Binding::Atom,
        (_, Some(Ok(_))) => Binding::Product,
        _ => Binding::Loose,
    }
}
