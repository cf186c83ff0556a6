//! Where a number can lie: interval arithmetic.

use crate::signature::Domain;
use crate::syntax::ast::Operator;

/// The numbers between two ends, each with whether it is one of them. A number that may be 0 and one
/// that comes as near to it as it likes are not the same: a scale may be the second only.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Whether the lower end belongs to it.
    pub has_low: bool,
    /// Whether the upper end belongs to it.
    pub has_high: bool,
}

/// An end of a range, or what an operator makes of two.
#[derive(Clone, Copy)]
struct End {
    at: f64,
    reached: bool,
}

impl Range {
    /// One number.
    pub fn point(value: f64) -> Self {
        Range {
            low: value,
            high: value,
            has_low: true,
            has_high: true,
        }
    }

    /// The numbers between two ends, these left out.
    pub fn open(low: f64, high: f64) -> Self {
        Range {
            low,
            high,
            has_low: false,
            has_high: false,
        }
    }

    /// Those a learned number of this domain can be.
    pub fn of(domain: Domain) -> Self {
        match domain {
            Domain::Real => Range::open(f64::NEG_INFINITY, f64::INFINITY),
            Domain::Positive | Domain::NonNegative => Range::open(0.0, f64::INFINITY),
            Domain::Unit | Domain::OpenUnit => Range::open(0.0, 1.0),
        }
    }

    /// Whether every one of them is in the domain.
    pub fn within(self, domain: Domain) -> bool {
        let above = |end: f64| self.low > end || (self.low == end && !self.has_low);
        let below = |end: f64| self.high < end || (self.high == end && !self.has_high);
        match domain {
            Domain::Real => true,
            Domain::Positive => above(0.0),
            Domain::NonNegative => self.low >= 0.0,
            Domain::Unit => self.low >= 0.0 && self.high <= 1.0,
            Domain::OpenUnit => above(0.0) && below(1.0),
        }
    }

    /// Those of -a.
    pub fn negative(self) -> Self {
        Range {
            low: -self.high,
            high: -self.low,
            has_low: self.has_high,
            has_high: self.has_low,
        }
    }

    fn ends(self) -> [End; 2] {
        let end = |at, reached| End { at, reached };
        [end(self.low, self.has_low), end(self.high, self.has_high)]
    }

    /// From the least to the greatest of some ends.
    fn between(ends: &[End]) -> Self {
        let least = ends.iter().map(|end| end.at).fold(f64::INFINITY, f64::min);
        let greatest = ends
            .iter()
            .map(|end| end.at)
            .fold(f64::NEG_INFINITY, f64::max);
        let reached = |at: f64| ends.iter().any(|end| end.at == at && end.reached);
        Range {
            low: least,
            high: greatest,
            has_low: reached(least),
            has_high: reached(greatest),
        }
    }

    /// What `f` makes of each end of one and each of the other.
    fn corners(self, other: Range, f: impl Fn(f64, f64) -> f64) -> Self {
        let mut all = Vec::new();
        for a in self.ends() {
            for b in other.ends() {
                let reached = a.reached && b.reached;
                all.push(End {
                    at: f(a.at, b.at),
                    reached,
                });
            }
        }
        Range::between(&all)
    }

    /// With an end that is 0, where one of the factors can be 0: it makes the product 0 whether or not
    /// the other's end is reached.
    fn or_zero(mut self, factors: &[Range]) -> Self {
        if factors.iter().any(|factor| factor.holds(0.0)) {
            self.has_low |= self.low == 0.0;
            self.has_high |= self.high == 0.0;
        }
        self
    }

    fn holds(self, x: f64) -> bool {
        (self.low < x && x < self.high)
            || (x == self.low && self.has_low)
            || (x == self.high && self.has_high)
    }

    /// Every value of `a operator b`.
    pub fn binary(operator: Operator, a: Range, b: Range) -> Range {
        match operator {
            Operator::Add => Range {
                low: a.low + b.low,
                high: a.high + b.high,
                has_low: a.has_low && b.has_low,
                has_high: a.has_high && b.has_high,
            },
            Operator::Subtract => Range::binary(Operator::Add, a, b.negative()),
            // An infinite end is not reached, so that 0 times it is 0.
            Operator::Multiply => a
                .corners(b, |x, y| if x == 0.0 || y == 0.0 { 0.0 } else { x * y })
                .or_zero(&[a, b]),
            Operator::Divide if b.within(Domain::Positive) => a
                .corners(b, |x, y| if x == 0.0 { 0.0 } else { x / y })
                .or_zero(&[a]),
            Operator::Power if b.low == b.high => a.power(b.low),
            Operator::Power if a.within(Domain::Positive) => Range::open(0.0, f64::INFINITY),
            Operator::Divide | Operator::Power => Range::of(Domain::Real),
        }
    }

    /// Those of a to a constant power.
    fn power(self, exponent: f64) -> Range {
        if exponent == 0.0 {
            return Range::point(1.0);
        }
        let even = exponent > 0.0 && exponent % 2.0 == 0.0;
        if !even && !self.within(Domain::Positive) {
            return Range::of(Domain::Real);
        }
        let mut ends = self
            .ends()
            .map(|end| End {
                at: end.at.abs().powf(exponent),
                ..end
            })
            .to_vec();
        // An even power has its least value at 0.
        if self.holds(0.0) {
            ends.push(End {
                at: 0.0,
                reached: true,
            });
        }
        Range::between(&ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPERATORS: [Operator; 5] = [
        Operator::Add,
        Operator::Subtract,
        Operator::Multiply,
        Operator::Divide,
        Operator::Power,
    ];

    fn closed(low: f64, high: f64) -> Range {
        Range {
            has_low: true,
            has_high: true,
            ..Range::open(low, high)
        }
    }

    /// Ranges with numbers that lie in them, the ends among them where they are reached.
    fn some() -> Vec<(Range, Vec<f64>)> {
        let inf = f64::INFINITY;
        vec![
            (Range::open(0.0, inf), vec![1e-3, 0.3, 1.0, 40.0]),
            (Range::open(-inf, inf), vec![-30.0, -1.0, 0.0, 0.2, 5.0]),
            (Range::open(-1.0, 1.0), vec![-0.99, -0.4, 0.0, 0.7]),
            (Range::open(0.0, 1.0), vec![1e-6, 0.5, 0.999]),
            (Range::open(2.0, 3.0), vec![2.001, 2.5, 2.99]),
            (closed(-2.0, 0.0), vec![-2.0, -0.1, 0.0]),
            (closed(0.0, 0.0), vec![0.0]),
            (closed(2.0, 2.0), vec![2.0]),
            (closed(-1.0, -1.0), vec![-1.0]),
            (
                Range {
                    has_high: false,
                    ..closed(0.0, inf)
                },
                vec![0.0, 0.1, 7.0],
            ),
        ]
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

    #[test]
    fn a_range_holds_every_value() {
        for operator in OPERATORS {
            for (a, numbers_a) in some() {
                for (b, numbers_b) in some() {
                    let range = Range::binary(operator, a, b);
                    for &x in &numbers_a {
                        for &y in &numbers_b {
                            let value = apply(operator, x, y);
                            assert!(
                                !value.is_finite() || range.holds(value),
                                "{x} {operator:?} {y} is {value}, outside {range:?}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_can_be_zero_is_not_above_zero() {
        let positive = Range::of(Domain::Positive);
        let zero = Range::point(0.0);
        let square = Range::binary(Operator::Power, Range::of(Domain::Real), Range::point(2.0));
        for (operator, a, b) in [
            (Operator::Multiply, positive, zero),
            (Operator::Multiply, zero, positive),
            (Operator::Divide, zero, positive),
            (Operator::Multiply, square, positive),
            (Operator::Divide, square, positive),
        ] {
            let range = Range::binary(operator, a, b);
            assert!(!range.within(Domain::Positive), "{a:?} {operator:?} {b:?}");
            assert!(
                range.within(Domain::NonNegative),
                "{a:?} {operator:?} {b:?}"
            );
        }
        for operator in [Operator::Multiply, Operator::Divide, Operator::Power] {
            let range = Range::binary(operator, positive, positive);
            assert!(range.within(Domain::Positive), "{operator:?}");
        }
    }

    #[test]
    fn a_square_is_no_further_from_zero_than_its_root_allows() {
        let square = |range| Range::binary(Operator::Power, range, Range::point(2.0));
        let less = |range| Range::binary(Operator::Subtract, Range::point(1.0), range);
        assert!(less(square(Range::open(-1.0, 1.0))).within(Domain::Positive));
        assert!(!less(square(closed(-1.0, 0.5))).within(Domain::Positive));
        assert!(less(square(closed(-1.0, 0.5))).within(Domain::NonNegative));
        assert_eq!(square(Range::open(-3.0, -2.0)), Range::open(4.0, 9.0));
        assert_eq!(square(closed(-3.0, 2.0)), closed(0.0, 9.0));
    }
}
