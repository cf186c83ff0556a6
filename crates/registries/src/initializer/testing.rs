//! What the tests of the schemes share.

use super::find;
use crate::signature::{Constant, Constants};
use crate::tensor::{Shape, Stream};

/// A tensor drawn by a scheme.
pub struct Sample {
    pub entries: Vec<f64>,
}

impl Sample {
    /// Of the scheme called `name`, for a dense kernel with these fans; the same in float32.
    pub fn of(name: &str, arguments: &[(&'static str, f64)], fans: [usize; 2]) -> Self {
        let arguments = arguments.iter().map(|(n, x)| (*n, Constant::Number(*x)));
        let scheme = find(name).expect("a scheme of the registry");
        let initializer = scheme
            .resolve(&Constants(arguments.collect()), fans)
            .expect("arguments that go together");
        let (shape, stream) = (Shape::new(&fans), Stream::new(1, 0, 2, 7));
        let (mut single, mut double) = (vec![0.0f32; shape.len()], vec![0.0f64; shape.len()]);
        initializer.fill(&shape, &stream, &mut single);
        initializer.fill(&shape, &stream, &mut double);
        for (single, double) in single.iter().zip(&double) {
            let error = (f64::from(*single) - double).abs();
            assert!(error < 1e-6 * (1.0 + double.abs()), "{single} {double}");
        }
        Sample { entries: double }
    }

    /// Mean and variance within five standard errors.
    pub fn check_moments(&self, mean: f64, variance: f64) {
        let n = self.entries.len() as f64;
        let moment = |k: i32| self.entries.iter().map(|x| (x - mean).powi(k)).sum::<f64>() / n;
        let found = moment(1);
        assert!(
            found.abs() < 5.0 * (variance / n).sqrt(),
            "{found} from the mean"
        );
        let error = ((moment(4) - variance * variance) / n).sqrt();
        let found = moment(2);
        assert!(
            (found - variance).abs() < 5.0 * error,
            "variance {found} where {variance} is expected, give or take {error}"
        );
    }

    /// Everything is between the ends, and comes near both.
    pub fn check_ends(&self, low: f64, high: f64) {
        let least = self.entries.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self
            .entries
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let near = 1e-3 * (high - low);
        assert!(low < least && least < low + near, "{least} from {low}");
        assert!(high - near < most && most < high, "{most} to {high}");
    }
}
