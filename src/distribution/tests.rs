//! What every entry of the registry must satisfy.

use super::*;
use crate::testing::{assert_close, integrate, slope, uniforms};
use std::f64::consts::PI;

/// Sets of parameters to try a distribution with.
pub(crate) fn examples(distribution: &dyn Distribution) -> Vec<Vec<f64>> {
    match distribution.signature().name {
        "Normal" | "Laplace" => vec![
            vec![0.0, 1.0],
            vec![0.3, 0.1],
            vec![-1.0, 2e-3],
            vec![0.0, 100.0],
        ],
        "StudentT" => {
            vec![
                vec![3.0, 0.0, 1.0],
                vec![1.0, 0.5, 0.2],
                vec![60.0, 0.0, 2e-3],
                vec![0.5, 0.0, 10.0],
            ]
        }
        "ScaleMixture" => {
            vec![
                vec![0.5, 1.0, (-6f64).exp()],
                vec![0.25, 0.1, 2.0],
                vec![0.9, 1.0, 0.5],
                vec![0.5, 1.0, 1.0],
            ]
        }
        name => panic!("{name} has no examples here"),
    }
}

fn each(mut check: impl FnMut(&dyn Distribution, &[f64], String)) {
    for distribution in DISTRIBUTIONS {
        for parameters in examples(*distribution) {
            check(
                *distribution,
                &parameters,
                format!("{}{parameters:?}", distribution.signature().name),
            );
        }
    }
}

/// The point of symmetry, and a scale.
fn centre_and_radius(distribution: &dyn Distribution, parameters: &[f64]) -> (f64, f64) {
    match distribution.signature().name {
        "ScaleMixture" => (0.0, parameters[2]),
        "StudentT" => (parameters[1], parameters[2]),
        _ => (parameters[0], parameters[1]),
    }
}

#[test]
fn names_lead_to_their_entries() {
    for distribution in DISTRIBUTIONS {
        let name = distribution.signature().name;
        assert_eq!(find(name).unwrap().signature().name, name);
        assert!(
            examples(*distribution)
                .iter()
                .all(|p| p.len() <= MAX_PARAMETERS)
        );
    }
    assert!(find("normal").is_none());
}

#[test]
fn densities_integrate_to_1() {
    each(|distribution, parameters, name| {
        // w = sinh u takes in the tails of Student's t
        let points: Vec<_> = (-120..=120).map(f64::from).collect();
        let centre = centre_and_radius(distribution, parameters).0;
        let density =
            |u: f64| (distribution.log_prob(parameters, centre + u.sinh()) + u.cosh().ln()).exp();
        assert_close(integrate(density, &points), 1.0, 1e-10, name);
    });
}

/// Points where densities are tried; none on a kink.
const POINTS: [f64; 9] = [-20.0, -1.3, -0.11, -0.02, 0.001, 0.013, 0.25, 0.9, 7.0];

#[test]
fn scores_are_derivatives() {
    each(|distribution, parameters, name| {
        let mut by_parameter = vec![0.0; parameters.len()];
        for w in POINTS {
            // the narrowest of these densities is 0.002 wide
            let h = 1e-4 * w.abs().max(0.01);
            let expected = slope(|w| distribution.log_prob(parameters, w), w, h);
            assert_close(
                distribution.score(parameters, w),
                expected,
                1e-6,
                format!("{name} by w at {w}"),
            );
            distribution.parameter_score(parameters, w, &mut by_parameter);
            for (i, got) in by_parameter.iter().enumerate() {
                let at = |x: f64| {
                    let mut changed = parameters.to_vec();
                    changed[i] = x;
                    distribution.log_prob(&changed, w)
                };
                let h = 1e-3
                    * if parameters[i] == 0.0 {
                        0.01
                    } else {
                        parameters[i].abs()
                    };
                let expected = slope(at, parameters[i], h.min(1e-4));
                assert_close(
                    *got,
                    expected,
                    1e-6,
                    format!("{name} by parameter {i} at {w}"),
                );
            }
        }
    });
}

#[test]
fn blocks_and_float32_agree_with_single_values() {
    each(|distribution, parameters, name| {
        let (mut log_prob, mut score) = ([0.0; 9], [0.0; 9]);
        distribution.evaluate(parameters, &POINTS, &mut log_prob, &mut score);
        let narrow = parameters.iter().map(|&x| x as f32).collect::<Vec<_>>();
        let points = POINTS.map(|x| x as f32);
        let (mut log_prob32, mut score32) = ([0f32; 9], [0f32; 9]);
        distribution.evaluate(&narrow, &points, &mut log_prob32, &mut score32);
        for i in 0..9 {
            assert_eq!(log_prob[i], distribution.log_prob(parameters, POINTS[i]));
            assert_eq!(score[i], distribution.score(parameters, POINTS[i]));
            assert_close(f64::from(log_prob32[i]), log_prob[i], 1e-5, &name);
            assert_close(f64::from(score32[i]), score[i], 3e-5, &name);
        }
    });
}

#[test]
fn draws_have_the_moments_and_the_median() {
    let count = 40_000;
    each(|distribution, parameters, name| {
        let mut uniform = uniforms(7);
        let draws: Vec<f64> = (0..count)
            .map(|_| distribution.sample(parameters, &mut uniform))
            .collect();
        let (mean, deviation) = distribution.moments(parameters);
        let n = f64::from(count);
        // every distribution here is symmetric
        let centre = centre_and_radius(distribution, parameters).0;
        let above = draws.iter().filter(|w| **w > centre).count() as f64;
        assert!(
            (above - n / 2.0).abs() < 4.5 * (n / 4.0).sqrt(),
            "{name}: {above} of {n} above the middle"
        );
        if let (Some(mean), Some(deviation)) = (mean, deviation) {
            let average = draws.iter().sum::<f64>() / n;
            assert!(
                (average - mean).abs() < 4.5 * deviation / n.sqrt(),
                "{name}: mean {average}"
            );
            let squares: Vec<f64> = draws
                .iter()
                .map(|w| ((w - mean) / deviation).powi(2))
                .collect();
            let ratio = squares.iter().sum::<f64>() / n;
            let spread = (squares.iter().map(|s| (s - ratio).powi(2)).sum::<f64>() / n).sqrt();
            assert!(
                (ratio - 1.0).abs() < 4.5 * spread / n.sqrt(),
                "{name}: variance {ratio} of the stated"
            );
        }
    });
}

#[test]
fn draws_follow_the_density() {
    // the share of draws within a radius of the middle against the integral
    let count = 40_000;
    each(|distribution, parameters, name| {
        let (centre, radius) = centre_and_radius(distribution, parameters);
        let density = |w: f64| distribution.log_prob(parameters, w).exp();
        let share = integrate(density, &[centre - radius, centre, centre + radius]);
        let mut uniform = uniforms(11);
        let inside = (0..count)
            .filter(|_| (distribution.sample(parameters, &mut uniform) - centre).abs() < radius)
            .count();
        let error = inside as f64 / f64::from(count) - share;
        assert!(
            error.abs() < 4.5 * (share * (1.0 - share) / f64::from(count)).sqrt(),
            "{name}: off by {error}"
        );
    });
}

#[test]
fn known_values() {
    let third = (2.0 / (PI * 3f64.sqrt())).ln() - 2.0 * (1.0 + 0.25 / 3f64).ln();
    assert_close(StudentT.log_prob(&[3.0, 0.0, 1.0], 0.5), third, 1e-14, "t");
    assert_close(
        StudentT.log_prob(&[1.0, 0.0, 1.0], 2.0),
        -(5.0 * PI).ln(),
        1e-14,
        "Cauchy",
    );
    assert_close(
        Laplace.log_prob(&[0.0, 1.0], -1.0),
        -1.0 - 2f64.ln(),
        1e-15,
        "Laplace",
    );
    assert_close(
        Normal.log_prob(&[1.0, 2.0], 0.0),
        -1.737_085_713_764_618,
        1e-14,
        "normal",
    );
    // with many degrees of freedom it is the normal distribution
    let limit = Normal.log_prob(&[0.0, 1.0], 1.0);
    assert_close(
        StudentT.log_prob(&[1e12, 0.0, 1.0], 1.0),
        limit,
        1e-11,
        "t in the limit",
    );
}
