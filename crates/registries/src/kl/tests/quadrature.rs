//! Quadrature against adaptive integration, and against itself with twice the nodes.

use super::*;
use crate::distribution::Feature;

const NORMAL: Family = Family {
    law: Law::Normal,
    transform: Transform::Identity,
};

const LOCS: [f64; 4] = [-2.0, 0.0, 1e-3, 0.3];
const SCALES: [f64; 7] = [1e-6, 1e-3, 0.01, 0.05, 1.0, 20.0, 1e3];
/// Of the logarithm, or the logit.
const SCALES_OF_Z: [f64; 5] = [1e-3, 0.05, 0.4, 2.0, 10.0];

/// Calls `check` with each prior, its parameters, a family of normal z, loc and scale.
fn on_the_grid(mut check: impl FnMut(&'static dyn Distribution, &[f64], Family, f64, f64, String)) {
    for &prior in DISTRIBUTIONS {
        for parameters in examples(prior) {
            for family in families(prior, &parameters) {
                if family.law != Law::Normal {
                    continue;
                }
                let scales = match family.transform {
                    Transform::Identity => &SCALES[..],
                    _ => &SCALES_OF_Z,
                };
                // e^(kσz) overflows beyond
                let growth = PulledBack::new(prior, family.transform).growth();
                let fastest = growth[0].max(growth[1]);
                for &scale in scales.iter().filter(|scale| *scale * fastest <= 15.0) {
                    for loc in LOCS {
                        let name = format!(
                            "{}({loc}, {scale}) || {}{parameters:?}",
                            family.name(),
                            prior.signature().name
                        );
                        check(prior, &parameters, family, loc, scale, name);
                    }
                }
            }
        }
    }
}

#[test]
fn quadrature_agrees_with_integration() {
    on_the_grid(|prior, parameters, family, loc, scale, name| {
        let term = super::super::quadrature(PulledBack::new(prior, family.transform));
        let got = run::<f64>(&*term, [&[loc], &[scale], &[]], parameters);
        assert_three(
            three(&got, scale),
            reference(family, prior, parameters, loc, scale),
            1e-7,
            &name,
        );
    });
}

#[test]
fn twice_the_nodes_move_nothing() {
    on_the_grid(|prior, parameters, family, loc, scale, name| {
        let seen = PulledBack::new(prior, family.transform);
        let [usual, refined] = [Quadrature::new(seen), Quadrature::refined(seen)]
            .map(|term| run::<f64>(&term, [&[loc], &[scale], &[]], parameters).value);
        // relative where the divergence is not next to 0
        let error = (usual - refined).abs() / refined.abs().max(0.01);
        assert!(error < 1e-6, "{name}: {usual}, then {refined}");
    });
}

#[test]
fn closed_forms_agree_with_quadrature() {
    on_the_grid(|prior, parameters, family, loc, scale, name| {
        if let Some(form) = family.closed_form(prior) {
            let entries: [&[f64]; 3] = [&[loc], &[scale], &[]];
            let exact = run::<f64>(&*registered(form), entries, parameters);
            let term = super::super::quadrature(PulledBack::new(prior, family.transform));
            let got = run::<f64>(&*term, entries, parameters);
            assert_three(three(&got, scale), three(&exact, scale), 1e-7, &name);
            let size = exact.prior.iter().fold(1.0, |a: f64, x| a.max(x.abs()));
            for (got, exact) in got.prior.iter().zip(&exact.prior) {
                assert_close(got / size, exact / size, 1e-7, &name);
            }
        }
    });
}

#[test]
fn float32_agrees_with_float64() {
    on_the_grid(|prior, parameters, family, loc, scale, name| {
        // the same numbers in both types
        let round = |x: f64| f64::from(x as f32);
        let parameters: Vec<f64> = parameters.iter().copied().map(round).collect();
        let entries: [&[f64]; 3] = [&[round(loc)], &[round(scale)], &[0.5]];
        let seen = PulledBack::new(prior, family.transform);
        if scale * seen.growth()[0].max(seen.growth()[1]) > 3.0 {
            return;
        }
        let mut forms = vec![
            super::super::quadrature(seen),
            super::super::monte_carlo(seen),
        ];
        // at its singularity a density has no value to compare
        let at_infinity = prior
            .features(&parameters)
            .contains(&Feature::singular(loc, 0.0));
        if family == NORMAL && !at_infinity {
            forms.push(negative_log_prior(prior));
        }
        for term in forms {
            let [double, single] = [
                run::<f64>(&*term, entries, &parameters),
                run::<f32>(&*term, entries, &parameters),
            ];
            assert_three(
                three(&single, scale),
                three(&double, scale),
                1e-5,
                &format!("in float32, {name}"),
            );
        }
    });
}

#[test]
fn quadrature_holds_where_it_changes_its_rule() {
    let spike = (-6f64).exp();
    let priors = [
        ("StudentT", vec![4.0, 0.0, 0.5]),
        ("ScaleMixture", vec![0.5, 1.0, spike]),
        ("Laplace", vec![0.0, 0.1]),
        ("Horseshoe", vec![0.3]),
        ("LogUniform", vec![]),
    ];
    for (name, parameters) in priors {
        let prior = distribution::find(name).unwrap();
        let feature = prior.features(&parameters)[0];
        for step in 0..30 {
            // of the feature, in units of the posterior's scale
            let width = 0.01 * 1.3f64.powi(step);
            let scale = if feature.width == 0.0 {
                width
            } else {
                feature.width / width
            };
            for distance in [0.0, 0.4, 1.7, 3.0, 5.0, 6.9, 7.5, 8.2] {
                let loc = feature.at + distance * scale;
                let term = super::super::quadrature(prior);
                let got = run::<f64>(&*term, [&[loc], &[scale], &[]], &parameters);
                let expected = reference(NORMAL, prior, &parameters, loc, scale);
                for (got, expected) in three(&got, scale).into_iter().zip(expected) {
                    assert_close(
                        got,
                        expected,
                        2e-8,
                        format!("{name}, a feature {width} wide, {distance} away"),
                    );
                }
            }
        }
    }
}

#[test]
fn mixtures_of_many_at_random() {
    let mut uniform = uniforms(17);
    let prior = &distribution::ScaleMixture;
    for n in 0..150 {
        let count = 2 + n % 5;
        let weights: Vec<f64> = (0..count).map(|_| 0.05 + uniform()).collect();
        let total: f64 = weights.iter().sum();
        let mut parameters: Vec<f64> = weights.iter().map(|w| w / total).collect();
        parameters.extend((0..count).map(|_| (6.0 * uniform() - 4.0).exp()));
        let scale = (6.0 * uniform() - 4.0).exp();
        let loc = 2.0 * scale * uniform();
        let term = super::super::quadrature(prior as &'static dyn Distribution);
        let got = run::<f64>(&*term, [&[loc], &[scale], &[]], &parameters);
        assert_three(
            three(&got, scale),
            reference(NORMAL, prior, &parameters, loc, scale),
            1e-7,
            &format!("N({loc}, {scale}) || ScaleMixture{parameters:?}"),
        );
    }
}

/// The prior's logarithm falls faster than float64 counts: told at once, and as what it is.
#[test]
fn a_divergence_beyond_float64_is_infinite() {
    for (name, parameters, sign) in [
        ("Gamma", vec![2.0, 1.0], 1.0),
        ("HalfNormal", vec![1.0], 1.0),
        ("InverseGamma", vec![2.0, 1.0], -1.0),
    ] {
        let prior = distribution::find(name).unwrap();
        let term = super::super::quadrature(PulledBack::new(prior, Transform::Exp));
        for scale in [40.0, 1e8, 1e300] {
            let got = run::<f64>(&*term, [&[0.0], &[scale], &[]], &parameters);
            assert_eq!(got.value, f64::INFINITY, "{name} at {scale}");
            assert!(got.scale[0] > 1e300 && sign * got.loc[0] > 1e300, "{name}");
            let single = run::<f32>(&*term, [&[0.0], &[scale], &[]], &parameters);
            assert_eq!(single.value, f64::INFINITY, "{name} at {scale}");
        }
    }
}

#[test]
fn float32_resolves_a_spike_that_is_narrower_than_its_rounding() {
    let round = |x: f64| f64::from(x as f32);
    let prior: &dyn Distribution = &distribution::ScaleMixture;
    for spike in [1e-3, 1e-5, 1e-6, 1e-8] {
        for loc in [0.15, -0.6, 0.001] {
            let parameters = [0.5, 1.0, round(spike)];
            let entries: [&[f64]; 3] = [&[round(loc)], &[round(0.1)], &[]];
            let term = super::super::quadrature(prior);
            let single = run::<f32>(&*term, entries, &parameters);
            let expected = reference(NORMAL, prior, &parameters, entries[0][0], entries[1][0]);
            let what = format!("a spike of {spike} beside {loc}");
            assert_three(three(&single, 0.1), expected, 1e-5, &what);
        }
    }
}
