//! What stands for what in the formulas.

use super::numbers::number;
use super::{Kind, Methods, when};
use crate::ir::{Argument, Function, Handle, Learned, Model, Node, Prior, Role, Scalar, Tensor};
use crate::maths::{Class, Maths, SYMBOLS};
use crate::signature;
use crate::syntax::ast::Operator;
use crate::words::{distinct, grouped};

/// Letters with a meaning of their own in the text.
const TAKEN: &str = " alpha beta nu c B D E K L M N S T a b e f h i k l m n p q s t u v w x y z mu sigma rho \
                     epsilon theta psi pi lambda phi ";

/// Whether the text has this letter for something else.
fn is_taken(word: &str) -> bool {
    TAKEN.contains(&format!(" {word} "))
}

/// The symbol of a name of the file: its Greek letter or letter, else the name itself.
pub(super) fn name(name: &str) -> String {
    let symbol = SYMBOLS
        .iter()
        .any(|s| s.word == name && s.class == Class::Factor);
    let letter = name.len() == 1 && name.chars().all(|c| c.is_ascii_alphabetic());
    match (symbol || letter) && !is_taken(name) {
        true => name.into(),
        false => format!("\"{name}\""),
    }
}

/// The symbol of a latent variable: that of its name, set apart where the text has the letter for something
/// else, since a terminal has no other typeface.
pub(super) fn latent(word: &str) -> String {
    match word.len() == 1 && is_taken(word) {
        true => format!("\"latent {word}\""),
        false => name(word),
    }
}

/// Learned numbers of priors that one setting gave to several parameters are a group.
pub(super) fn learned_groups(model: &Model) -> Vec<Vec<Handle<Learned>>> {
    let all: Vec<_> = model.learned.handles().collect();
    let groups = grouped(&all, |handle| {
        let learned = &model.learned[handle];
        let place = learned.name.find(".prior.").map(|at| &learned.name[at..]);
        (place.unwrap_or(&learned.name), learned.span)
    });
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The symbols of distributions' parameters.
#[rustfmt::skip]
const PARAMETERS: [(&str, &str); 10] = [
    ("loc", "m"), ("scale", "s"), ("scales", "s"), ("df", "nu"), ("weight", "c"), ("rate", "beta"),
    ("shape", "alpha"), ("concentration", "alpha"), ("low", "l"), ("high", "u"),
];

/// The symbol of a distribution's parameter, with the index that a list's entry has: `s`, `s_1`.
pub(super) fn parameter(name: &str) -> Option<String> {
    let word = name.split('_').next()?;
    let (_, symbol) = PARAMETERS
        .iter()
        .find(|(parameter, _)| *parameter == word)?;
    Some(format!("{symbol}{}", &name[word.len()..]))
}

/// That symbol, or the name itself.
pub(super) fn parameter_or_name(name: &str) -> String {
    parameter(name).unwrap_or_else(|| format!("\"{name}\""))
}

impl Methods<'_> {
    /// A number of the model, in the notation of [`crate::maths`].
    pub(super) fn scalar(&self, scalar: &Scalar) -> String {
        // Brackets that are not seen; those that are needed come with the simplification.
        let part = |inner: &Scalar| format!("‹{}›", self.scalar(inner));
        let text = match scalar {
            Scalar::Fixed(value) => number(*value),
            Scalar::Learned(learned) => self.learned_symbol(*learned),
            Scalar::Latent(handle) => latent(&self.model.tensors[*handle].name),
            Scalar::Negate(inner) => format!("-{}", part(inner)),
            Scalar::Binary(Operator::Power, a, b) => format!("{}^({})", part(a), self.scalar(b)),
            Scalar::Binary(operator, a, b) => {
                format!("{} {} {}", part(a), operator.symbol(), part(b))
            }
            Scalar::Apply(Function::Log, inner) => format!("ln({})", self.scalar(inner)),
            Scalar::Apply(function, inner) => {
                format!("{}({})", function.word(), self.scalar(inner))
            }
        };
        Maths::parse(&text).replace(&|_| None).to_string()
    }

    /// ψ with the number of its group, and t or j where each tensor, or each entry of a target, has one of its own.
    pub(super) fn learned_symbol(&self, learned: Handle<Learned>) -> String {
        let groups = &self.learned;
        let group = groups.iter().position(|group| group.contains(&learned));
        let group = group.unwrap_or(0);
        let several = groups.get(group).is_some_and(|group| group.len() > 1);
        let index = match (several, self.model.learned[learned].entries) {
            (true, _) => Some("t"),
            (false, 1) => None,
            (false, _) => Some("j"),
        };
        match (groups.len() > 1, index) {
            (false, None) => "psi".into(),
            (false, Some(index)) => format!("psi_{index}"),
            (true, None) => format!("psi_{}", group + 1),
            (true, Some(index)) => format!("psi_({},{index})", group + 1),
        }
    }

    /// The names of a distribution's parameters, each entry of a list by itself: `weight`, `scales_1`.
    pub(super) fn parameter_names(prior: &Prior) -> Vec<String> {
        let lengths = prior.distribution.lengths(prior.parameters.len());
        let numbers = prior.distribution.signature().parameters.iter();
        let numbers = numbers.filter(|p| !matches!(p.kind, signature::Kind::Choice(_)));
        let names = numbers.zip(lengths).flat_map(|(parameter, length)| {
            let index = move |at: usize| when(length > 1, format!("_{at}"));
            (1..=length).map(move |at| format!("{}{}", parameter.name, index(at)))
        });
        names.collect()
    }

    /// A distribution as a paper writes it, with `of` each of its parameters.
    pub(super) fn distribution(&self, prior: &Prior, of: &dyn Fn(usize) -> String) -> Maths {
        let names = Self::parameter_names(prior);
        let word = prior.distribution.signature().name;
        let notation = prior
            .distribution
            .notation(prior.parameters.len(), shares_are_fixed(prior));
        let arguments = when(!names.is_empty(), format!("({})", names.join(", ")));
        let notation = notation.unwrap_or_else(|| format!("\"{word}\"{arguments}"));
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
            let local = prior.local.is_some() && names[at].starts_with("scale");
            match local {
                _ if prior.anchor.is_some() && at == 0 => "w_i^0".into(),
                true if scalar == "1" => lambda.into(),
                true if scalar.contains(' ') => format!("({scalar}) {lambda}"),
                true => format!("{scalar} {lambda}"),
                false => scalar,
            }
        })
    }

    /// The local scale of output unit o: each parameter t has its own.
    pub(super) fn local_symbol(&self) -> &'static str {
        match self.local {
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
        match self.roots()[..] {
            // Beside other targets a value has its own name.
            [only] if self.alone.len() == 1 => Some(only),
            _ => None,
        }
    }

    /// The network's values that the likelihood reads, each once.
    pub(super) fn roots(&self) -> Vec<Handle<Node>> {
        let nodes = self.model.arguments().filter_map(Argument::node);
        distinct(nodes.map(|node| self.root(node)))
    }

    /// The value that `observe` takes an entry of or a function of.
    pub(super) fn root(&self, node: Handle<Node>) -> Handle<Node> {
        let found = &self.model.nodes[node];
        let written = found.name.contains(['(', '[']);
        match (written, &found.inputs[..]) {
            (true, [above]) => self.root(*above),
            _ => node,
        }
    }

    /// What the file calls a value of the network.
    pub(super) fn called(&self, node: Handle<Node>) -> String {
        self.model.compositions.called(&self.model.nodes[node].name)
    }

    /// A value of the network in a formula; `at` is what it is a function of, or nothing.
    pub(super) fn value(&self, node: Handle<Node>, at: &str) -> String {
        let found = &self.model.nodes[node];
        let argument = when(!at.is_empty(), format!("({at})"));
        let root = self.root(node);
        let layer = found.call.as_ref().and_then(|call| call.layer);
        match (layer, found.inputs.first()) {
            _ if root == node && self.output() == Some(node) => format!("f{argument}"),
            _ if root == node => format!("{}{argument}", name(&self.called(node))),
            (Some(layer), Some(above)) => {
                format!("{}({})", layer.signature().name, self.value(*above, at))
            }
            (None, Some(above)) => {
                let entry = found.name.rsplit_once('[').map_or("", |(_, entry)| entry);
                let entry = entry.trim_end_matches(']');
                let entries = match entry.split_once(':') {
                    None => entry.to_string(),
                    Some((first, _)) => {
                        let last = first
                            .parse()
                            .map_or(0, |first: usize| first + found.shape.len() - 1);
                        let between = when(found.shape.len() > 2, ", ...");
                        format!("({first}{between}, {last})")
                    }
                };
                format!("{}_{entries}{argument}", self.value(*above, ""))
            }
            (_, None) => String::new(),
        }
    }

    /// What the network is a function of beside its input: `x ; w, theta`.
    pub(super) fn weights_after(&self, input: &str) -> String {
        let symbols = self.symbols(&[Kind::Weight, Kind::Point, Kind::Free]);
        let after = when(!symbols.is_empty(), format!(" ; {symbols}"));
        format!("{input}{after}")
    }
}

/// Whether a mixture's shares are numbers that the file fixes, and which sum to 1 as they are.
pub(super) fn shares_are_fixed(prior: &Prior) -> bool {
    let lengths = prior.distribution.lengths(prior.parameters.len());
    let shares = lengths.first().copied().unwrap_or(0);
    let mut shares = prior.parameters[..shares].iter();
    shares.all(|share| share.fixed().is_some())
}
