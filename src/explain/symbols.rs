//! What stands for what in the formulas.

use super::{Kind, Methods};
use crate::ir::{Argument, Function, Handle, Learned, Node, Prior, Role, Scalar, Tensor};
use crate::maths::{Class, Maths, SYMBOLS};
use crate::show;
use crate::signature;
use crate::syntax::ast::Operator;

/// Letters with a meaning of their own in the text.
const TAKEN: &[&str] = &[
    "alpha", "beta", "nu", "c", "B", "D", "E", "K", "L", "M", "N", "S", "T", "a", "b", "e", "f",
    "h", "i", "k", "l", "m", "n", "p", "q", "s", "t", "u", "v", "w", "x", "y", "z", "mu", "sigma",
    "rho", "epsilon", "theta", "psi", "pi", "lambda", "phi",
];

/// The symbol of a name of the file: its Greek letter or letter, else the name itself.
pub(super) fn name(name: &str) -> String {
    let free = !TAKEN.contains(&name);
    let symbol = SYMBOLS
        .iter()
        .any(|s| s.word == name && s.class == Class::Factor);
    let letter = name.len() == 1 && name.chars().all(|c| c.is_ascii_alphabetic());
    match free && (symbol || letter) {
        true => name.into(),
        false => format!("\"{name}\""),
    }
}

/// The symbol of a latent variable: that of its name, set apart where the text has the letter for something
/// else, which no typeface tells in a terminal.
pub(super) fn latent(word: &str) -> String {
    match word.len() == 1 && TAKEN.contains(&word) {
        true => format!("\"latent {word}\""),
        false => name(word),
    }
}

/// A mixture's formula with its weights divided by their sum, as they are where they are not fixed numbers that
/// add up to 1.
pub(super) fn normalised(prior: &Prior, formula: String) -> String {
    let weights = prior.distribution.lengths(prior.parameters.len());
    let weights = weights.first().copied().unwrap_or(0);
    let fixed = |weight: &Scalar| weight.fixed().is_some();
    if prior.distribution.signature().name != "ScaleMixture"
        || weights < 2
        || prior.parameters[..weights].iter().all(fixed)
    {
        return formula;
    }
    let all: Vec<String> = (1..=weights).map(|k| format!("weight_{k}")).collect();
    let sum = all.join(" + ");
    let formula = all.iter().fold(formula, |formula, weight| {
        formula.replace(
            &format!("{weight} Normal"),
            &format!("{weight}/({sum}) Normal"),
        )
    });
    formula.replace("weight_k Normal", "weight_k/(sum_j weight_j) Normal")
}

/// The symbol of a distribution's parameter.
pub(super) fn parameter(name: &str) -> Option<&'static str> {
    Some(match name {
        "loc" => "m",
        "scale" => "s",
        "df" => "nu",
        "weight" => "c",
        "rate" => "beta",
        "shape" | "concentration" => "alpha",
        "scales" => "s",
        "low" => "l",
        "high" => "u",
        _ => return None,
    })
}

/// That symbol, with the index that a list's entry has; or the name itself.
pub(super) fn parameter_or_name(name: &str) -> String {
    let (word, index) = name.split_once('_').unwrap_or((name, ""));
    let symbol = parameter(word).map_or(format!("\"{word}\""), Into::into);
    match index.is_empty() {
        true => symbol,
        false => format!("{symbol}_{index}"),
    }
}

/// A number: with few digits as it is, else as a root or a power of e if it is one, else with as many
/// digits as tell it from its neighbours, and a share from all or nothing.
pub(super) fn number(value: f64) -> String {
    let shown = show(value);
    if shown.parse() == Ok(value) || !value.is_finite() {
        return shown;
    }
    let whole = |x: f64| {
        let near = (x - x.round()).abs() < 1e-9 * x.abs() && (1.0..1e9).contains(&x.round());
        near.then(|| x.round())
    };
    // √4 is 2, and what is a little less than 1 is not √1.
    let root = |square: &f64| show(square.sqrt()).parse() != Ok(square.sqrt());
    let magnitude = value.abs();
    let sign = if value < 0.0 { "-" } else { "" };
    if let Some(square) = whole(magnitude * magnitude).filter(root) {
        return format!("{sign}sqrt({square})");
    }
    for above in [1.0, 2.0, 3.0] {
        let below = whole(above / (magnitude * magnitude));
        if let Some(below) = below.filter(|below| root(&(above / below))) {
            return match above == 1.0 {
                true => format!("{sign}1/sqrt({below})"),
                false => format!("{sign}sqrt({above}/{below})"),
            };
        }
    }
    match whole(magnitude.ln().abs()) {
        Some(power) if magnitude > 1.0 => format!("{sign}e^{power}"),
        Some(power) => format!("{sign}e^-{power}"),
        None => digits(value),
    }
}

/// With as few significant digits as leave an error of 1e-9, of the number and of what it lacks to 1.
fn digits(value: f64) -> String {
    let error = 1e-9 * value.abs().min((1.0 - value.abs()).abs());
    let texts = (6..17).map(|digits| format!("{value:.digits$e}"));
    let near = |number: &f64| (number - value).abs() <= error;
    let mut numbers = texts.filter_map(|text| text.parse().ok());
    numbers.find(near).unwrap_or(value).to_string()
}

impl Methods<'_> {
    /// A number of the model, in the notation of [`crate::maths`].
    pub(super) fn scalar(&self, scalar: &Scalar) -> String {
        let operand = |inner: &Scalar| {
            let text = self.scalar(inner);
            let fixed = matches!(inner, Scalar::Fixed(_));
            match inner {
                Scalar::Binary(..) | Scalar::Negate(_) => format!("({text})"),
                // `1/sqrt(3)`, `-2`
                _ if fixed && (text.contains('/') || text.starts_with('-')) => format!("({text})"),
                _ => text,
            }
        };
        // A power of a function is not the function of a power.
        let base = |inner: &Scalar| match inner {
            Scalar::Apply(..) => format!("({})", self.scalar(inner)),
            Scalar::Fixed(value) if number(*value).contains(['(', '^']) => {
                format!("({})", number(*value))
            }
            _ => operand(inner),
        };
        match scalar {
            Scalar::Fixed(value) => number(*value),
            Scalar::Learned(learned) => self.learned_symbol(*learned),
            Scalar::Latent(handle) => latent(&self.model.tensors[*handle].name),
            Scalar::Negate(inner) => format!("-{}", operand(inner)),
            Scalar::Binary(Operator::Divide, a, b) => format!("{}/{}", operand(a), operand(b)),
            Scalar::Binary(Operator::Power, a, b) => format!("{}^({})", base(a), self.scalar(b)),
            Scalar::Binary(operator, a, b) => {
                format!("{} {} {}", operand(a), operator.symbol(), operand(b))
            }
            Scalar::Apply(Function::Log, inner) => format!("ln({})", self.scalar(inner)),
            Scalar::Apply(function, inner) => {
                format!("{}({})", function.word(), self.scalar(inner))
            }
        }
    }

    /// ψ with the number of its group, and t where each tensor has one of its own.
    pub(super) fn learned_symbol(&self, learned: Handle<Learned>) -> String {
        let groups = self.learned_groups();
        let found = groups.iter().position(|group| group.contains(&learned));
        let group = found.unwrap_or(0);
        let several = groups.get(group).is_some_and(|group| group.len() > 1);
        match (groups.len() > 1, several) {
            (false, false) => "psi".into(),
            (false, true) => "psi_t".into(),
            (true, false) => format!("psi_{}", group + 1),
            (true, true) => format!("psi_({},t)", group + 1),
        }
    }

    /// Learned numbers of priors that one setting gave to several parameters are a group.
    pub(super) fn learned_groups(&self) -> Vec<Vec<Handle<Learned>>> {
        let all: Vec<Handle<Learned>> = self
            .model
            .learned
            .iter()
            .map(|(handle, _)| handle)
            .collect();
        let groups = super::groups::grouped(&all, |handle| {
            let learned = &self.model.learned[handle];
            let place = learned.name.find(".prior.").map(|at| &learned.name[at..]);
            (place.unwrap_or(&learned.name), learned.span)
        });
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// The names of a distribution's parameters, a list's entries apart: `weight`, `scales_1`.
    pub(super) fn parameter_names(prior: &Prior) -> Vec<String> {
        let lengths = prior.distribution.lengths(prior.parameters.len());
        let numbers = prior.distribution.signature().parameters.iter();
        let numbers = numbers.filter(|p| !matches!(p.kind, signature::Kind::Choice(_)));
        let mut names = Vec::new();
        for (parameter, length) in numbers.zip(lengths) {
            match length {
                1 => names.push(parameter.name.to_string()),
                _ => names.extend((1..=length).map(|at| format!("{}_{at}", parameter.name))),
            }
        }
        names
    }

    /// A distribution as a paper writes it, with `of` each of its parameters.
    pub(super) fn distribution(&self, prior: &Prior, of: &dyn Fn(usize) -> String) -> Maths {
        let names = Self::parameter_names(prior);
        let word = prior.distribution.signature().name;
        let notation = match prior.distribution.notation(prior.parameters.len()) {
            Some(notation) => normalised(prior, notation),
            None if names.is_empty() => format!("\"{word}\""),
            None => format!("\"{word}\"({})", names.join(", ")),
        };
        Maths::parse(&notation).replace(&|name| {
            let at = names.iter().position(|other| other == name)?;
            Some(Maths::parse(&of(at)))
        })
    }

    /// A prior with its numbers. Pretrained weights stand in place of its loc, which comes first.
    pub(super) fn prior_symbol(&self, prior: &Prior) -> Maths {
        let names = Self::parameter_names(prior);
        let lambda = self.local_symbol();
        self.distribution(prior, &|at| {
            let scalar = self.scalar(&prior.parameters[at]);
            match prior.local {
                _ if prior.anchor.is_some() && at == 0 => "w_i^0".into(),
                Some(_) if names[at].starts_with("scale") && scalar == "1" => lambda.into(),
                Some(_) if names[at].starts_with("scale") => match scalar.contains(' ') {
                    true => format!("({scalar}) {lambda}"),
                    false => format!("{scalar} {lambda}"),
                },
                _ => scalar,
            }
        })
    }

    /// The local scale of output unit o: each parameter t has its own.
    pub(super) fn local_symbol(&self) -> &'static str {
        let tensors = self.model.tensors.iter();
        match tensors
            .filter(|(_, tensor)| tensor.role == Role::Local)
            .count()
        {
            0 | 1 => "lambda_o",
            _ => "lambda_(t,o)",
        }
    }

    /// The symbol of a latent variable: its name's; λ of all local scales.
    pub(super) fn latent_symbol(&self, latent: Handle<Tensor>) -> String {
        let tensor = &self.model.tensors[latent];
        match tensor.role {
            Role::Local => "lambda".into(),
            _ => self::latent(&tensor.name),
        }
    }

    /// The network's value that the likelihood reads, if it reads one alone: that is f.
    fn output(&self) -> Option<Handle<Node>> {
        let mut roots: Vec<Handle<Node>> = Vec::new();
        for argument in &self.model.observe.arguments {
            if let Argument::Node(node) = argument {
                let root = self.root(*node);
                if !roots.contains(&root) {
                    roots.push(root);
                }
            }
        }
        match roots[..] {
            [one] => Some(one),
            _ => None,
        }
    }

    /// What `observe` takes an entry of or a function of.
    pub(super) fn root(&self, node: Handle<Node>) -> Handle<Node> {
        let found = &self.model.nodes[node];
        let written = found.name.contains(['(', '[']);
        match (written, &found.inputs[..]) {
            (true, [above]) => self.root(*above),
            _ => node,
        }
    }

    /// A value of the network in a formula; `at` is what it is a function of, or nothing.
    pub(super) fn value(&self, node: Handle<Node>, at: &str) -> String {
        let found = &self.model.nodes[node];
        let argument = if at.is_empty() {
            String::new()
        } else {
            format!("({at})")
        };
        if self.root(node) == node {
            return match self.output() == Some(node) {
                true => format!("f{argument}"),
                false => format!("{}{argument}", name(&found.name)),
            };
        }
        let Some(above) = found.inputs.first() else {
            return String::new();
        };
        match found.call.as_ref().and_then(|call| call.layer) {
            Some(layer) => format!("{}({})", layer.signature().name, self.value(*above, at)),
            None => {
                let entry = found.name.rsplit_once('[').map_or("", |(_, entry)| entry);
                let entry = entry.trim_end_matches(']');
                format!("{}_{entry}{argument}", self.value(*above, ""))
            }
        }
    }

    /// An argument of the likelihood in a formula.
    pub(super) fn argument(&self, argument: &Argument, at: &str) -> String {
        match argument {
            Argument::Node(node) => self.value(*node, at),
            Argument::Scalar(scalar) => self.scalar(scalar),
        }
    }

    /// What the network is a function of beside its input: `; w, theta`.
    pub(super) fn weights_after(&self, input: &str) -> String {
        match self.symbols_of(&[Kind::Weight, Kind::Point, Kind::Free]) {
            symbols if symbols.is_empty() => input.into(),
            symbols => format!("{input} ; {}", symbols.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_told_as_what_it_is() {
        for (value, text) in [
            (0.1, "0.1"),
            (8f64.sqrt().recip(), "1/sqrt(8)"),
            (2f64.sqrt(), "sqrt(2)"),
            ((-6f64).exp(), "e^-6"),
            (0.1 + 0.2, "0.3"),
            (0.999_999_9, "0.9999999"),
            (1.0 - 1e-10, "0.9999999999"),
            (1.0 + 1e-10, "1.0000000001"),
            (123_456.789, "123456.789"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
