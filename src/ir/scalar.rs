//! A number in an argument of a prior or of the likelihood: a constant, or an expression of learned
//! numbers and latent variables, `tau / sqrt(fan_in)`.
//!
//! Its value and its gradient by each leaf are worked out at every draw; where it can lie is worked
//! out once, from where its leaves can lie, by interval arithmetic.

use super::arena::Handle;
use super::inference::Inference;
use super::model::{Learned, Tensor};
use super::range::Range;
use crate::syntax::ast::Operator;

/// A number.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A constant.
    Fixed(f64),
    /// A point estimate.
    Learned(Handle<Learned>),
    /// A latent variable, at its draw.
    Latent(Handle<Tensor>),
    /// −a
    Negate(Box<Scalar>),
    /// a + b and its like.
    Binary(Operator, Box<Scalar>, Box<Scalar>),
    /// f(a)
    Apply(Function, Box<Scalar>),
}

/// A function of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// √a
    Sqrt,
    /// eᵃ
    Exp,
    /// ln a
    Log,
    /// ln(1 + eᵃ)
    Softplus,
}

/// What a [`Scalar`] depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaf {
    /// A point estimate.
    Learned(Handle<Learned>),
    /// A latent variable.
    Latent(Handle<Tensor>),
}

impl Function {
    /// Every function, with its word in the language.
    pub const ALL: [(&'static str, Function); 4] = [
        ("sqrt", Function::Sqrt),
        ("exp", Function::Exp),
        ("log", Function::Log),
        ("softplus", Function::Softplus),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        let mut all = Function::ALL.iter();
        all.find(|(_, f)| *f == self)
            .expect("every function is listed")
            .0
    }

    fn value(self, x: f64) -> f64 {
        match self {
            Function::Sqrt => x.sqrt(),
            Function::Exp => x.exp(),
            Function::Log => x.ln(),
            Function::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        }
    }

    fn slope(self, x: f64) -> f64 {
        match self {
            Function::Sqrt => 0.5 / x.sqrt(),
            Function::Exp => x.exp(),
            Function::Log => 1.0 / x,
            Function::Softplus => 1.0 / (1.0 + (-x).exp()),
        }
    }
}

fn apply(operator: Operator, a: f64, b: f64) -> f64 {
    match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        Operator::Power => a.powf(b),
    }
}

/// The derivatives of `a operator b` by a and by b.
fn slopes(operator: Operator, a: f64, b: f64) -> [f64; 2] {
    match operator {
        Operator::Add => [1.0, 1.0],
        Operator::Subtract => [1.0, -1.0],
        Operator::Multiply => [b, a],
        Operator::Divide => [1.0 / b, -a / (b * b)],
        Operator::Power => [b * a.powf(b - 1.0), a.powf(b) * a.ln()],
    }
}

impl Scalar {
    /// The number, if it is a constant.
    pub fn fixed(&self) -> Option<f64> {
        match self {
            Scalar::Fixed(value) => Some(*value),
            _ => None,
        }
    }

    /// Its value, given those of its leaves.
    pub fn value(&self, leaf: &impl Fn(Leaf) -> f64) -> f64 {
        match self {
            Scalar::Fixed(value) => *value,
            Scalar::Learned(learned) => leaf(Leaf::Learned(*learned)),
            Scalar::Latent(latent) => leaf(Leaf::Latent(*latent)),
            Scalar::Negate(inner) => -inner.value(leaf),
            Scalar::Binary(operator, a, b) => apply(*operator, a.value(leaf), b.value(leaf)),
            Scalar::Apply(function, inner) => function.value(inner.value(leaf)),
        }
    }

    /// Calls `add` with each leaf and `d` times the derivative by it; a leaf that stands in it twice
    /// comes twice.
    pub fn gradient(&self, leaf: &impl Fn(Leaf) -> f64, d: f64, add: &mut impl FnMut(Leaf, f64)) {
        match self {
            Scalar::Fixed(_) => {}
            Scalar::Learned(learned) => add(Leaf::Learned(*learned), d),
            Scalar::Latent(latent) => add(Leaf::Latent(*latent), d),
            Scalar::Negate(inner) => inner.gradient(leaf, -d, add),
            Scalar::Binary(operator, a, b) => {
                let [by_a, by_b] = slopes(*operator, a.value(leaf), b.value(leaf));
                // A constant side has no derivative, and its formula may have none either.
                if a.fixed().is_none() {
                    a.gradient(leaf, d * by_a, add);
                }
                if b.fixed().is_none() {
                    b.gradient(leaf, d * by_b, add);
                }
            }
            Scalar::Apply(function, inner) => {
                inner.gradient(leaf, d * function.slope(inner.value(leaf)), add);
            }
        }
    }

    /// What it depends on, each once.
    pub fn leaves(&self) -> Vec<Leaf> {
        let mut found = Vec::new();
        self.gradient(&|_| 1.0, 0.0, &mut |leaf, _| {
            if !found.contains(&leaf) {
                found.push(leaf);
            }
        });
        found
    }

    /// The latent variables it depends on.
    pub fn latents(&self) -> impl Iterator<Item = Handle<Tensor>> {
        self.leaves().into_iter().filter_map(|leaf| match leaf {
            Leaf::Latent(latent) => Some(latent),
            Leaf::Learned(_) => None,
        })
    }

    /// Where it can lie, given where its leaves can.
    pub fn range(&self, leaf: &impl Fn(Leaf) -> Range) -> Range {
        match self {
            Scalar::Fixed(value) => Range::point(*value),
            Scalar::Learned(learned) => leaf(Leaf::Learned(*learned)),
            Scalar::Latent(latent) => leaf(Leaf::Latent(*latent)),
            Scalar::Negate(inner) => inner.range(leaf).negative(),
            Scalar::Binary(operator, a, b) => {
                Range::binary(*operator, a.range(leaf), b.range(leaf))
            }
            Scalar::Apply(function, inner) => {
                let inner = inner.range(leaf);
                let low = match function {
                    Function::Sqrt | Function::Log => inner.low.max(0.0),
                    _ => inner.low,
                };
                Range {
                    low: function.value(low),
                    high: function.value(inner.high),
                    ..inner
                }
            }
        }
    }
}

impl Inference {
    /// A number before the first step; of a latent variable, its posterior's middle.
    pub fn initial(&self, scalar: &Scalar) -> f64 {
        scalar.value(&|leaf| match leaf {
            Leaf::Learned(learned) => self.learned[learned].initial_at(0),
            Leaf::Latent(latent) => self.fits[latent].posterior.middle(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::arena::Arena;
    use super::*;
    use crate::signature::Domain;

    fn leaf() -> Scalar {
        // A handle is only compared here, never followed.
        let mut arena = Arena::default();
        Scalar::Learned(arena.push(Learned {
            name: String::new(),
            entries: 1,
            initial: vec![1.0],
            domain: Domain::Positive,
            span: Default::default(),
        }))
    }

    fn binary(operator: Operator, a: Scalar, b: Scalar) -> Scalar {
        Scalar::Binary(operator, Box::new(a), Box::new(b))
    }

    fn some() -> Vec<Scalar> {
        let two = || Scalar::Fixed(2.0);
        let mut all = vec![Scalar::Negate(Box::new(leaf()))];
        for (_, function) in Function::ALL {
            all.push(Scalar::Apply(function, Box::new(leaf())));
        }
        for operator in [
            Operator::Add,
            Operator::Subtract,
            Operator::Multiply,
            Operator::Divide,
            Operator::Power,
        ] {
            all.push(binary(operator, leaf(), two()));
            all.push(binary(operator, two(), leaf()));
            all.push(binary(operator, leaf(), leaf()));
        }
        all
    }

    #[test]
    fn the_gradient_is_that_of_the_value() {
        for scalar in some() {
            for x in [0.3, 1.7] {
                let h = 1e-6;
                let at = |x: f64| scalar.value(&|_| x);
                let mut gradient = 0.0;
                scalar.gradient(&|_| x, 1.0, &mut |_, d| gradient += d);
                let difference = (at(x + h) - at(x - h)) / (2.0 * h);
                assert!(
                    (gradient - difference).abs() < 1e-8 * (1.0 + gradient.abs()),
                    "{scalar:?} at {x}: {gradient}, {difference}"
                );
            }
        }
    }

    #[test]
    fn the_range_holds_every_value() {
        for scalar in some() {
            let range = scalar.range(&|_| Range::of(Domain::Positive));
            for x in [1e-9, 0.3, 1.0, 40.0] {
                let value = scalar.value(&|_| x);
                assert!(
                    range.low <= value && value <= range.high,
                    "{scalar:?} at {x}: {value} outside {range:?}"
                );
            }
        }
    }

    #[test]
    fn a_positive_number_stays_positive_where_it_must() {
        let over_root = binary(Operator::Divide, leaf(), Scalar::Fixed(3.0));
        let less = binary(Operator::Subtract, leaf(), Scalar::Fixed(1.0));
        let positive = |s: &Scalar| {
            s.range(&|_| Range::of(Domain::Positive))
                .within(Domain::Positive)
        };
        assert!(positive(&over_root) && !positive(&less));
        assert!(positive(&Scalar::Apply(Function::Exp, Box::new(less))));
    }
}
