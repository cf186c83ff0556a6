//! The mixture of a predictor whose moments and density are known.

use super::*;
use crate::data::scaling::Transform;
use crate::data::{Split, Values};
use crate::engine::Section;
use crate::examples::Scales;
use crate::exec::Interpreter;
use crate::likelihood::{Likelihood, Normal, ScoreValue, TargetKind, Targets};
use crate::tensor::Shape;

/// Predicts N(x + 1 if the draw's number is odd else x − 1, 0.25) of scaled targets.
#[derive(Default)]
struct Two {
    shift: f32,
}

impl Predictor for Two {
    fn draw_weights(&mut self, draw: usize, _: u64) {
        self.shift = if draw % 2 == 1 { 1.0 } else { -1.0 };
    }
    fn predict_drawn(
        &mut self,
        inputs: &[f32],
        examples: usize,
        out: &mut [f32],
        nll: Option<(Targets<f32>, &mut [f32])>,
    ) {
        let shift = self.shift;
        for i in 0..examples {
            out[2 * i] = inputs[i] + shift;
            out[2 * i + 1] = 0.25;
        }
        if let Some((Targets::Reals(y), nll)) = nll {
            for i in 0..examples {
                let z = (y[i] - inputs[i] - shift) / 0.5;
                nll[i] = 0.5 * z * z + (0.5 * (2.0 * std::f32::consts::PI).sqrt()).ln();
            }
        }
    }
    fn drawn(&self) -> Vec<crate::engine::Drawn<'_>> {
        vec![]
    }
    fn predict_target(&mut self, _: usize) {}
    fn weight_terms(&mut self, _: usize, _: u64) -> Vec<Option<f64>> {
        vec![]
    }
    fn centre(&mut self) -> &mut Interpreter<f32> {
        unreachable!("no evaluation looks at it")
    }
    fn weights(&mut self) -> Vec<Section<'_>> {
        vec![]
    }
    fn capacity(&self) -> usize {
        2
    }
}

#[test]
fn mixtures_have_the_moments_and_density_of_their_parts_in_own_units() {
    let split = Split {
        inputs: Values::F64(vec![0.0, 1.0, 2.0]),
        input_shape: Shape::new(&[1]),
        targets: Values::F64(vec![10.0, 13.0, 16.0]),
        target_shape: Shape::default(),
        len: 3,
    };
    // y = 3 scaled + 10.
    let scales = Scales {
        inputs: Transform::identity(1),
        targets: Transform {
            offset: vec![10.0],
            scale: vec![3.0],
            padded: vec![],
        },
    };
    let part = Part {
        split: &split,
        rows: &[0, 1, 2],
        scales: &scales,
        kind: TargetKind::Real(1),
        summary: Normal.summary(&TargetKind::Real(1)),
        target: 0,
        targets: None,
        others: &[],
        with_targets: true,
    };
    let found = predict_with(&mut Two::default(), &part, 4, 0, Detail::Quantiles).unwrap();
    for i in 0..3 {
        assert!((found.mean[i] - (10.0 + 3.0 * i as f64)).abs() < 1e-6);
        assert!((found.within[i] - 9.0 * 0.25).abs() < 1e-6);
        assert!((found.between[i] - 9.0).abs() < 1e-6);
        // Both parts are 1 scaled unit = 2 standard deviations away: N(0 | 3, 1.5²).
        let density = (-2.0f64).exp() / (1.5 * (2.0 * std::f64::consts::PI).sqrt());
        assert!(
            (found.nll[i] + density.ln()).abs() < 1e-5,
            "{} {}",
            found.nll[i],
            -density.ln()
        );
    }
    assert!((found.expected_nll[0] - found.nll[0]).abs() < 1e-6);
    let scores = scored(&mut Two::default(), &part, 4, 0, Detail::Levels).unwrap();
    let [rmse, nll, coverage] = &scores.scores[..] else {
        panic!("{scores:?}")
    };
    assert_eq!((rmse.name, nll.name), ("rmse", "nll"));
    let (ScoreValue::Number(rmse), ScoreValue::Coverage(coverage)) = (&rmse.value, &coverage.value)
    else {
        panic!("{scores:?}")
    };
    // Between N(-3, 1.5²) and N(3, 1.5²) about each target: it is the median of all.
    for (level, quantiles) in found.levels.iter().zip(found.quantiles.chunks(3)) {
        assert!(level.iter().all(|level| (level - 0.5).abs() < 1e-6));
        assert!((quantiles[2] - quantiles[1] - (quantiles[1] - quantiles[0])).abs() < 1e-5);
    }
    assert!(coverage.iter().all(|c| c.covered == 1.0), "{coverage:?}");
    assert_eq!(coverage[1].interval, 0.9);
    assert!(*rmse < 1e-6);
}

/// Densities that a float64 does not hold are averaged all the same.
#[test]
fn an_nll_does_not_underflow() {
    let mut sum = LogSum::EMPTY;
    for log in [f64::NEG_INFINITY, -2000.0, -1990.0, -3000.0] {
        sum.add(log);
    }
    let expected = 1990.0 + 4.0f64.ln() - f64::exp(-10.0).ln_1p();
    let none = LogSum::EMPTY;
    assert_eq!(none.nll(4), f64::INFINITY);
    assert!((sum.nll(4) - expected).abs() < 1e-12, "{}", sum.nll(4));
}
