//! Where densities are above 0.

/// Where a density is above 0, the ends left aside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Support {
    /// Every number.
    Real,
    /// Numbers above 0.
    Positive,
    /// Numbers between two.
    Interval {
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
    },
}

impl Support {
    /// Whether all of `other` lies in it: a posterior with mass elsewhere has an infinite KL.
    pub fn holds(self, other: Support) -> bool {
        let ends = |support| match support {
            Support::Real => (f64::NEG_INFINITY, f64::INFINITY),
            Support::Positive => (0.0, f64::INFINITY),
            Support::Interval { low, high } => (low, high),
        };
        let ((low, high), (least, most)) = (ends(self), ends(other));
        low <= least && most <= high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_what() {
        let interval = |low, high| Support::Interval { low, high };
        assert!(Support::Real.holds(Support::Positive) && !Support::Positive.holds(Support::Real));
        assert!(Support::Positive.holds(interval(0.0, 2.0)));
        assert!(!Support::Positive.holds(interval(-0.1, 2.0)));
        assert!(interval(0.0, 2.0).holds(interval(0.0, 2.0)));
        assert!(!interval(0.0, 2.0).holds(Support::Positive));
    }
}
