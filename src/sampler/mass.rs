//! A diagonal mass, adapted in windows of the warm-up as Stan does.
//!
//! The mass of an entry is the inverse of its variance, so that all entries move at the scale of their spread. The warm-up
//! begins with 75 transitions that find the bulk of the distribution and ends with 50 that settle the step size. Between
//! lie windows of 25, 50, 100, … transitions; at the end of each the variances of its positions become the inverse
//! mass. Stan Reference Manual 2.36, section "HMC algorithm parameters".

use std::ops::Range;

const FIRST: usize = 75;
const LAST: usize = 50;
const BASE: usize = 25;
/// A warm-up shorter than this adapts no mass.
const SHORTEST: usize = 20;

/// The windows of a warm-up of this many transitions, one after the other. A window that would leave less than twice
/// its length for the next takes the rest. Of a warm-up under 150, the first 15 % and the last 10 % lie outside.
pub fn windows(warmup: usize) -> Vec<Range<usize>> {
    if warmup < SHORTEST {
        return vec![];
    }
    let (start, end, mut length) = if warmup < FIRST + BASE + LAST {
        let start = warmup * 15 / 100;
        let end = warmup - warmup / 10;
        (start, end, end - start)
    } else {
        (FIRST, warmup - LAST, BASE)
    };
    let mut windows = vec![];
    let mut next = start;
    while next < end {
        let stop = if next + 3 * length > end {
            end
        } else {
            next + length
        };
        windows.push(next..stop);
        (next, length) = (stop, 2 * length);
    }
    windows
}

/// The variances of positions as they come: Welford 1962, "Note on a method for calculating corrected sums of squares".
#[derive(Debug, Clone, PartialEq)]
pub struct Variances {
    pub(super) count: f64,
    pub(super) mean: Vec<f64>,
    /// The sum of squared distances from the mean.
    pub(super) squares: Vec<f64>,
}

impl Variances {
    /// Of no positions yet, with this many entries each.
    pub fn new(dimension: usize) -> Self {
        Variances {
            count: 0.0,
            mean: vec![0.0; dimension],
            squares: vec![0.0; dimension],
        }
    }

    /// Takes a position.
    pub fn add(&mut self, position: &[f64]) {
        self.count += 1.0;
        let moments = self.mean.iter_mut().zip(&mut self.squares);
        for ((mean, squares), x) in moments.zip(position) {
            let away = x - *mean;
            *mean += away / self.count;
            *squares += away * (x - *mean);
        }
    }

    /// Writes the variances, drawn towards 0.001 as if by 5 more positions, as Stan does: n/(n + 5) s² + 0.001·5/(n + 5).
    pub fn write_inverse_mass(&self, to: &mut [f64]) {
        let n = self.count;
        for (to, squares) in to.iter_mut().zip(&self.squares) {
            *to = n / (n + 5.0) * squares / (n - 1.0) + 1e-3 * 5.0 / (n + 5.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_those_of_numpyro() {
        let fixture: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/fixtures/samplers.json")).unwrap();
        let warmups = fixture["windows"].as_object().unwrap();
        assert!(warmups.len() > 8);
        for (warmup, expected) in warmups {
            let found = windows(warmup.parse().unwrap());
            let found: Vec<[usize; 2]> = found.iter().map(|w| [w.start, w.end]).collect();
            assert_eq!(serde_json::json!(found), *expected, "{warmup}");
        }
    }

    #[test]
    fn variances_are_those_of_two_passes() {
        let positions: Vec<[f64; 2]> = (0..40)
            .map(|i| [1e6 + (f64::from(i)).sin(), f64::from(i * i)])
            .collect();
        let mut variances = Variances::new(2);
        positions
            .iter()
            .for_each(|position| variances.add(position));
        let mut inverse_mass = [0.0; 2];
        variances.write_inverse_mass(&mut inverse_mass);
        for (entry, found) in inverse_mass.into_iter().enumerate() {
            let mean = positions.iter().map(|p| p[entry]).sum::<f64>() / 40.0;
            let squares = positions.iter().map(|p| (p[entry] - mean).powi(2));
            let expected = 40.0 / 45.0 * squares.sum::<f64>() / 39.0 + 0.005 / 45.0;
            assert!(
                (found / expected - 1.0).abs() < 1e-9,
                "{found} for {expected}"
            );
        }
    }
}
