//! From the notation of formulas to expressions.

use super::build::{call, name, negative, number, power, product, quotient, sum};
use super::{Condition, Expression, Function};
use crate::distribution::{Distribution, Normal};
use crate::maths::{Brackets, Class, Maths};

/// The expression of a whole formula.
pub(super) fn formula(formula: &Maths, names: &[&str]) -> Result<Expression, String> {
    let mut clauses = split(formula.items(), ",").into_iter();
    let value = clauses.next().unwrap_or_default();
    let mut reader = Reader {
        names,
        definitions: vec![],
    };
    let mut conditions = Vec::new();
    // A definition may use those after it.
    for clause in clauses.rev() {
        match clause {
            // The definition of a function that has its name: Dawson's.
            [Maths::Letter('D'), Maths::Group(..), equals, ..] if equals.is_symbol("=") => {}
            [defined, equals, rest @ ..] if equals.is_symbol("=") => {
                let what = plain_name(defined).ok_or("a definition of what has no name")?;
                let value = reader.row(rest)?;
                reader.definitions.push((what, value));
            }
            _ => conditions.extend(reader.conditions(clause)?),
        }
    }
    // Of equal forms the first counts.
    let forms = split(value, "=");
    let inside = reader.row(forms[0])?;
    Ok(match conditions.is_empty() {
        true => inside,
        false => Expression::Within {
            conditions,
            inside: Box::new(inside),
            outside: 0.0,
        },
    })
}

struct Reader<'a> {
    names: &'a [&'a str],
    definitions: Vec<(String, Expression)>,
}

impl Reader<'_> {
    /// `low < w < high`, or the other way round.
    fn conditions(&self, clause: &[Maths]) -> Result<Vec<Condition>, String> {
        let relation = |item: &Maths| {
            let words = ["<", "<=", ">", ">="].into_iter();
            words.into_iter().find(|word| item.is_symbol(word))
        };
        let relations: Vec<&str> = clause.iter().filter_map(relation).collect();
        let sides = clause.split(|item| relation(item).is_some());
        let sides: Vec<Expression> = sides.map(|side| self.row(side)).collect::<Result<_, _>>()?;
        if relations.is_empty() {
            return Err("a clause that is neither a definition nor a condition".into());
        }
        let pairs = sides.windows(2).zip(relations);
        Ok(pairs
            .map(|(sides, relation)| {
                let (left, right) = (sides[0].clone(), sides[1].clone());
                let turned = relation.starts_with('>');
                let (left, right) = if turned { (right, left) } else { (left, right) };
                Condition {
                    left,
                    right,
                    equal: relation.ends_with('='),
                }
            })
            .collect())
    }

    fn maths(&self, maths: &Maths) -> Result<Expression, String> {
        self.row(maths.items())
    }

    /// Terms between plus and minus signs.
    fn row(&self, items: &[Maths]) -> Result<Expression, String> {
        let mut terms = Vec::new();
        let mut minus = false;
        let mut start = 0;
        for at in 0..=items.len() {
            let sign = items.get(at).and_then(sign);
            if at < items.len() && sign.is_none() {
                continue;
            }
            if at > start {
                let term = self.term(&items[start..at])?;
                terms.push(if minus { negative(term) } else { term });
                minus = false;
            }
            // Of a sign after a sign both count.
            minus ^= sign == Some("-");
            start = at + 1;
        }
        match terms.is_empty() || items.last().and_then(sign).is_some() {
            true => Err("a part in which something is missing".into()),
            false => Ok(sum(terms)),
        }
    }

    /// Factors side by side.
    fn term(&self, mut items: &[Maths]) -> Result<Expression, String> {
        let mut factors = Vec::new();
        while !items.is_empty() {
            let (factor, rest) = self.factor(items)?;
            factors.extend(factor);
            items = rest;
        }
        Ok(product(factors))
    }

    /// The first factor, if it is none of the dots between factors, and what follows it.
    fn factor<'m>(&self, items: &'m [Maths]) -> Result<(Option<Expression>, &'m [Maths]), String> {
        let (first, rest) = items.split_first().expect("not called on nothing");
        if first.is_symbol("*") {
            return Ok((None, rest));
        }
        if first.class() == Class::Big {
            return Ok((Some(self.over(first, rest)?), &[]));
        }
        if first.is_symbol("Normal") {
            let (arguments, rest) = rest.split_first().ok_or("a distribution of nothing")?;
            return Ok((Some(self.normal(arguments)?), rest));
        }
        if let (true, Some((Maths::Group(_, inner), rest))) = (is_e1(first), rest.split_first()) {
            return Ok((Some(call(Function::E1, vec![self.maths(inner)?])), rest));
        }
        if let Some(function) = function(first) {
            let (arguments, rest) = self.arguments(first, rest)?;
            return Ok((Some(call(function, arguments)), rest));
        }
        Ok((Some(self.one(first)?), rest))
    }

    /// The arguments of a function: those in brackets, or the factor that follows.
    fn arguments<'m>(
        &self,
        function: &Maths,
        items: &'m [Maths],
    ) -> Result<(Vec<Expression>, &'m [Maths]), String> {
        match items.split_first() {
            None => Err(format!("`{function}` of nothing")),
            Some((Maths::Group(Brackets::Round, inner), rest)) => {
                let arguments = split(inner.items(), ",").into_iter();
                let arguments: Result<_, _> = arguments.map(|a| self.row(a)).collect();
                Ok((arguments?, rest))
            }
            Some(_) => {
                let (argument, rest) = self.factor(items)?;
                Ok((argument.into_iter().collect(), rest))
            }
        }
    }

    /// A sum over an index, of the rest of its term; or the integral of Dawson's function, of integrals the only one
    /// with an expression.
    fn over(&self, sign: &Maths, operand: &[Maths]) -> Result<Expression, String> {
        if let Maths::Script {
            base,
            below: Some(zero),
            above: Some(end),
        } = sign
            && base.is_symbol("integral")
            && **zero == Maths::Number("0".into())
            && operand == Maths::parse("D(t) d t").items()
        {
            return Ok(call(Function::DawsonIntegral, vec![self.maths(end)?]));
        }
        let Maths::Script {
            base,
            below: Some(index),
            above: None,
        } = sign
        else {
            return Err(format!("`{sign}`, of which no sum is known"));
        };
        let index = plain_name(index).filter(|_| base.is_symbol("sum"));
        let index = index.ok_or_else(|| format!("`{sign}`, of which no sum is known"))?;
        Ok(Expression::Over {
            function: Function::Sum,
            inner: Box::new(self.term(operand)?),
            index,
        })
    }

    /// `Normal(w ; loc, scale^2)`: its density.
    fn normal(&self, arguments: &Maths) -> Result<Expression, String> {
        let Maths::Group(Brackets::Round, inner) = arguments else {
            return Err("a normal distribution without arguments".into());
        };
        let parts = inner
            .items()
            .split(|item| item.is_symbol(";") || item.is_symbol(","));
        let parts: Vec<&[Maths]> = parts.collect();
        let [w, loc, variance] = parts[..] else {
            return Err("a normal distribution that is not `Normal(w ; loc, scale^2)`".into());
        };
        let (w, loc) = (self.row(w)?, self.row(loc)?);
        let scale = match self.row(variance)? {
            Expression::Power(base, exponent) if *exponent == number(2.0) => *base,
            other => call(Function::Sqrt, vec![other]),
        };
        let density = formula(&Maths::parse(Normal.formula()), &["w", "loc", "scale"])?;
        Ok(density.with(&|name| match name {
            "w" => Some(w.clone()),
            "loc" => Some(loc.clone()),
            "scale" => Some(scale.clone()),
            _ => None,
        }))
    }

    /// A factor that needs nothing of what follows.
    fn one(&self, maths: &Maths) -> Result<Expression, String> {
        match maths {
            Maths::Row(items) => self.row(items),
            Maths::Number(digits) => {
                let digits = digits.replace(',', "");
                let value = digits.parse();
                value
                    .map(number)
                    .map_err(|_| format!("the number {digits}"))
            }
            Maths::Fraction(above, below) => Ok(quotient(self.maths(above)?, self.maths(below)?)),
            Maths::Root(under) => Ok(call(Function::Sqrt, vec![self.maths(under)?])),
            Maths::Group(Brackets::Bars, inner) => {
                Ok(call(Function::Abs, vec![self.maths(inner)?]))
            }
            Maths::Group(Brackets::Norm, _) => Err("a norm".into()),
            Maths::Group(_, inner) => self.maths(inner),
            Maths::Script {
                base,
                below,
                above: Some(exponent),
            } => {
                let base = match below {
                    None => self.one(base)?,
                    Some(index) => self.entry(base, index)?,
                };
                Ok(power(base, self.maths(exponent)?))
            }
            Maths::Script {
                base,
                below: Some(index),
                above: None,
            } => self.entry(base, index),
            other => match plain_name(other) {
                Some(text) => self.named(&text),
                None => Err(format!("`{other}`")),
            },
        }
    }

    fn named(&self, text: &str) -> Result<Expression, String> {
        let mut definitions = self.definitions.iter();
        match definitions.find(|(name, _)| name == text) {
            Some((_, value)) => Ok(value.clone()),
            None if self.names.contains(&text) => Ok(name(text)),
            None if text == "pi" => Ok(Expression::Pi),
            None if text == "e" => Ok(Expression::E),
            None => Err(format!("`{text}`, which is not known")),
        }
    }

    /// An entry of a list.
    fn entry(&self, list: &Maths, index: &Maths) -> Result<Expression, String> {
        match (plain_name(list), plain_name(index)) {
            (Some(list), Some(index)) if self.names.contains(&list.as_str()) => {
                Ok(name(format!("{list}_{index}")))
            }
            _ => Err(format!("`{list}_{index}`, which is not known")),
        }
    }
}

/// `+` or `-`.
fn sign(item: &Maths) -> Option<&'static str> {
    ["+", "-"].into_iter().find(|word| item.is_symbol(word))
}

/// `"E"_1`, the exponential integral.
fn is_e1(maths: &Maths) -> bool {
    *maths == Maths::parse("\"E\"_1")
}

/// Parts between symbols.
fn split<'m>(items: &'m [Maths], word: &str) -> Vec<&'m [Maths]> {
    items.split(|item| item.is_symbol(word)).collect()
}

/// What a name, a letter or a symbol for a variable is called; of an index also the number.
fn plain_name(maths: &Maths) -> Option<String> {
    match maths {
        Maths::Name(name) | Maths::Number(name) => Some(name.clone()),
        Maths::Letter(letter) => Some(letter.to_string()),
        Maths::Symbol(symbol) if symbol.class == Class::Factor => Some(symbol.word.into()),
        _ => None,
    }
}

/// The function that a symbol stands for.
fn function(maths: &Maths) -> Option<Function> {
    let Maths::Symbol(symbol) = maths else {
        return None;
    };
    Some(match symbol.word {
        "ln" | "log" => Function::Ln,
        "exp" => Function::Exp,
        "gamma" => Function::Gamma,
        "lgamma" => Function::LogGamma,
        "erf" => Function::Erf,
        "Phi" => Function::NormalCdf,
        "tanh" => Function::Tanh,
        "sigmoid" => Function::Sigmoid,
        "softplus" => Function::Softplus,
        "max" => Function::Max,
        "min" => Function::Min,
        _ => return None,
    })
}
