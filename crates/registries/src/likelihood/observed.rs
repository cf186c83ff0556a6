//! What a data set's real targets are like, before any model has seen them.

/// The interquartile range of a normal distribution of standard deviation 1.
const NORMAL_RANGE: f64 = 1.348_979_500_392_163_4;

/// The numbers that one entry of the targets takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observed {
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, the population's.
    pub deviation: f64,
    /// Their median.
    pub median: f64,
    /// Their third quartile less their first.
    pub interquartile_range: f64,
    /// The least of them.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

impl Observed {
    /// Of these numbers, in two passes, NaN left out; of none, `None`.
    pub fn of(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let values = values.filter(|x| !x.is_nan());
        let mut sorted: Vec<f64> = values.clone().collect();
        if sorted.is_empty() {
            return None;
        }
        let count = sorted.len() as f64;
        let mean = values.clone().sum::<f64>() / count;
        let squares: f64 = values.map(|x| (x - mean).powi(2)).sum();
        let deviation = (squares / count).sqrt();
        sorted.sort_unstable_by(f64::total_cmp);
        Some(Observed {
            mean,
            deviation,
            median: quantile(&sorted, 0.5),
            interquartile_range: quantile(&sorted, 0.75) - quantile(&sorted, 0.25),
            low: sorted[0],
            high: sorted[sorted.len() - 1],
        })
    }

    /// Their interquartile range/1.349, which of normal numbers is the standard deviation; where the middle half
    /// of them is one number, the standard deviation.
    pub fn spread(&self) -> f64 {
        if self.interquartile_range > 0.0 {
            self.interquartile_range / NORMAL_RANGE
        } else {
            self.deviation
        }
    }

    /// Where they lie, and how wide: mean and standard deviation, or, for a likelihood that is
    /// [heavy-tailed](super::Summary::heavy_tailed), median and [spread](Observed::spread).
    pub fn place_and_width(&self, heavy_tailed: bool) -> [f64; 2] {
        if heavy_tailed {
            [self.median, self.spread()]
        } else {
            [self.mean, self.deviation]
        }
    }

    /// The same in units in which [place and width](Observed::place_and_width) are 0 and 1; of numbers that are
    /// all the same, only moved.
    pub fn standardized(self, heavy_tailed: bool) -> Self {
        let [place, width] = self.place_and_width(heavy_tailed);
        let differ = self.low < self.high;
        let scale = if differ { width } else { 1.0 };
        let moved = |x: f64| (x - place) / scale;
        let stretched = |x: f64| if differ { x / scale } else { 0.0 };
        Observed {
            mean: moved(self.mean),
            deviation: stretched(self.deviation),
            median: moved(self.median),
            interquartile_range: stretched(self.interquartile_range),
            low: moved(self.low),
            high: moved(self.high),
        }
    }

    /// Whether they are standardized already, either way, but for rounding.
    pub fn is_standardized(&self) -> bool {
        [false, true].into_iter().any(|heavy_tailed| {
            let [place, width] = self.place_and_width(heavy_tailed);
            place.abs() < 1e-6 && (width - 1.0).abs() < 1e-6
        })
    }
}

/// The p-quantile of sorted numbers, between two of them by linear interpolation.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let place = p * (sorted.len() - 1) as f64;
    let (below, above) = (
        sorted[place.floor() as usize],
        sorted[place.ceil() as usize],
    );
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_ends_are_those_of_the_numbers() {
        let found = Observed::of([2.0, 4.0, 9.0].into_iter()).unwrap();
        assert_eq!((found.mean, found.low, found.high), (5.0, 2.0, 9.0));
        assert!((found.deviation - (26.0f64 / 3.0).sqrt()).abs() < 1e-15);
        let scaled = found.standardized(false);
        assert!(scaled.is_standardized() && !found.is_standardized());
        assert!((scaled.high - 4.0 / (26.0f64 / 3.0).sqrt()).abs() < 1e-15);
        let same = Observed::of([3.0; 4].into_iter()).unwrap();
        for heavy_tailed in [false, true] {
            let same = same.standardized(heavy_tailed);
            assert_eq!((same.mean, same.deviation, same.low), (0.0, 0.0, 0.0));
        }
        assert_eq!(Observed::of(std::iter::empty()), None);
    }

    /// One number far out moves mean and deviation, and not what heavy tails are measured by.
    #[test]
    fn a_number_far_out_leaves_median_and_spread_as_they_are() {
        let with = |last: f64| Observed::of([1.0, 3.0, 2.0, 4.0, last].into_iter()).unwrap();
        let (near, far) = (with(5.0), with(1e9));
        assert_eq!((near.median, near.interquartile_range), (3.0, 2.0));
        assert_eq!(far.place_and_width(true), [3.0, 2.0 / NORMAL_RANGE]);
        let scaled = far.standardized(true);
        assert!(scaled.is_standardized() && scaled.high > 1e8);
        assert_eq!(scaled.low, -NORMAL_RANGE);
        // Between two numbers of an even count; most of them the same.
        assert_eq!(Observed::of([1.0, 2.0].into_iter()).unwrap().median, 1.5);
        let zeros = Observed::of([0.0, 0.0, 0.0, 0.0, 5.0].into_iter()).unwrap();
        assert_eq!(zeros.place_and_width(true), [0.0, 2.0]);
    }
}
