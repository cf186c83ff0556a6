//! What a data set's real targets are like, before any model has seen them.

/// The numbers that one entry of the targets takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observed {
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, the population's.
    pub deviation: f64,
    /// The least of them.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

impl Observed {
    /// Of these numbers, in two passes; of none, `None`.
    pub fn of(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let count = values.clone().count();
        if count == 0 {
            return None;
        }
        let mean = values.clone().sum::<f64>() / count as f64;
        let squares: f64 = values.clone().map(|x| (x - mean).powi(2)).sum();
        Some(Observed {
            mean,
            deviation: (squares / count as f64).sqrt(),
            low: values.clone().fold(f64::INFINITY, f64::min),
            high: values.fold(f64::NEG_INFINITY, f64::max),
        })
    }

    /// The same with mean 0 and standard deviation 1; of numbers that are all the same, only moved.
    pub fn standardized(self) -> Self {
        let scale = if self.low < self.high {
            self.deviation
        } else {
            1.0
        };
        Observed {
            mean: 0.0,
            deviation: if self.low < self.high { 1.0 } else { 0.0 },
            low: (self.low - self.mean) / scale,
            high: (self.high - self.mean) / scale,
        }
    }

    /// Whether they are standardized already, but for rounding.
    pub fn is_standardized(&self) -> bool {
        self.mean.abs() < 1e-6 && (self.deviation - 1.0).abs() < 1e-6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_ends_are_those_of_the_numbers() {
        let found = Observed::of([2.0, 4.0, 9.0].into_iter()).unwrap();
        assert_eq!((found.mean, found.low, found.high), (5.0, 2.0, 9.0));
        assert!((found.deviation - (26.0f64 / 3.0).sqrt()).abs() < 1e-15);
        let scaled = found.standardized();
        assert!(scaled.is_standardized() && !found.is_standardized());
        assert!((scaled.high - 4.0 / (26.0f64 / 3.0).sqrt()).abs() < 1e-15);
        let same = Observed::of([3.0; 4].into_iter()).unwrap().standardized();
        assert_eq!((same.mean, same.deviation, same.low), (0.0, 0.0, 0.0));
        assert_eq!(Observed::of(std::iter::empty()), None);
    }
}
