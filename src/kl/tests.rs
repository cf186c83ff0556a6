//! What every form of every pair must satisfy.

use super::*;
use crate::distribution::{DISTRIBUTIONS, tests::examples};
use crate::posterior::Law;
use crate::testing::{assert_close, integrate, slope, uniforms};
use std::f64::consts::{E, TAU};

/// A term's value and its derivatives by loc, scale and the prior's parameters.
struct Outcome {
    value: f64,
    loc: Vec<f64>,
    scale: Vec<f64>,
    prior: Vec<f64>,
}

fn run<T: Real>(term: &(dyn AnyTerm + 'static), entries: [&[f64]; 3], prior: &[f64]) -> Outcome
where
    dyn AnyTerm: Term<T>,
{
    let narrow = |x: &[f64]| x.iter().map(|&x| T::of(x)).collect::<Vec<T>>();
    let [loc, scale, noise] = entries.map(narrow);
    let (mut by_loc, mut by_scale) = (vec![T::zero(); loc.len()], vec![T::zero(); scale.len()]);
    let mut by_prior = vec![0.0; prior.len()];
    let value = term.accumulate(
        Entries {
            loc: &loc,
            scale: &scale,
            noise: &noise,
        },
        &narrow(prior),
        T::one(),
        Gradients {
            loc: &mut by_loc,
            scale: &mut by_scale,
            prior: &mut by_prior,
        },
    );
    let widen = |x: Vec<T>| x.into_iter().map(|x| x.wide()).collect();
    Outcome {
        value,
        loc: widen(by_loc),
        scale: widen(by_scale),
        prior: by_prior,
    }
}

fn closed_form_of(prior: &'static dyn Distribution) -> Option<Arc<dyn AnyTerm>> {
    find("Normal", prior.signature().name).map(closed_form)
}

/// The KL of one entry, and its derivatives by loc and scale times the scale, by adaptive quadrature
/// that knows where to look.
fn reference(prior: &dyn Distribution, parameters: &[f64], loc: f64, scale: f64) -> [f64; 3] {
    let mut points: Vec<f64> = (-12..=12).map(f64::from).collect();
    for feature in prior.features(parameters).into_iter().flatten() {
        for width in [-8.0, -2.0, -1.0, 0.0, 1.0, 2.0, 8.0] {
            points.push((feature.at + width * feature.width - loc) / scale);
        }
    }
    points.retain(|z| z.abs() <= 12.0);
    points.sort_by(f64::total_cmp);
    points.dedup();
    let density = |z: f64| (-0.5 * z * z).exp() / TAU.sqrt();
    let score = |z: f64| scale * prior.score(parameters, loc + scale * z);
    [
        -0.5 * (TAU * E * scale * scale).ln()
            - integrate(
                |z| density(z) * prior.log_prob(parameters, loc + scale * z),
                &points,
            ),
        -integrate(|z| density(z) * score(z), &points),
        -1.0 - integrate(|z| density(z) * z * score(z), &points),
    ]
}

/// Compares values and derivatives: the error is relative to the largest of the three, or absolute.
#[track_caller]
fn assert_three(got: [f64; 3], expected: [f64; 3], tolerance: f64, what: &str) {
    let size = expected.iter().fold(1.0, |size: f64, x| size.max(x.abs()));
    for (got, expected) in got.into_iter().zip(expected) {
        assert_close(got / size, expected / size, tolerance, what);
    }
}

/// Value and derivatives as [`reference`] has them.
fn three(outcome: &Outcome, scale: f64) -> [f64; 3] {
    [
        outcome.value,
        scale * outcome.loc[0],
        scale * outcome.scale[0],
    ]
}

const LOCS: [f64; 4] = [-2.0, 0.0, 1e-3, 0.3];
const SCALES: [f64; 7] = [1e-6, 1e-3, 0.01, 0.05, 1.0, 20.0, 1e3];

fn on_the_grid(mut check: impl FnMut(&'static dyn Distribution, &[f64], f64, f64, String)) {
    for &prior in DISTRIBUTIONS {
        for parameters in examples(prior) {
            for loc in LOCS {
                for scale in SCALES {
                    let name = format!(
                        "N({loc}, {scale}) || {}{parameters:?}",
                        prior.signature().name
                    );
                    check(prior, &parameters, loc, scale, name);
                }
            }
        }
    }
}

#[test]
fn closed_forms_agree_with_integration() {
    on_the_grid(|prior, parameters, loc, scale, name| {
        if let Some(form) = closed_form_of(prior) {
            let got = run::<f64>(&*form, [&[loc], &[scale], &[]], parameters);
            assert!(got.value >= 0.0, "{name}: {}", got.value);
            assert_three(
                three(&got, scale),
                reference(prior, parameters, loc, scale),
                1e-10,
                &name,
            );
        }
    });
}

#[test]
fn quadrature_agrees_with_integration() {
    on_the_grid(|prior, parameters, loc, scale, name| {
        let got = run::<f64>(&*quadrature(prior), [&[loc], &[scale], &[]], parameters);
        assert_three(
            three(&got, scale),
            reference(prior, parameters, loc, scale),
            1e-7,
            &name,
        );
    });
}

#[test]
fn quadrature_holds_where_it_changes_its_rule() {
    let spike = (-6f64).exp();
    let priors = [
        ("StudentT", vec![4.0, 0.0, 0.5]),
        ("ScaleMixture", vec![0.5, 1.0, spike]),
        ("Laplace", vec![0.0, 0.1]),
    ];
    for (name, parameters) in priors {
        let prior = crate::distribution::find(name).unwrap();
        let feature = prior.features(&parameters)[0].unwrap();
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
                let got = run::<f64>(&*quadrature(prior), [&[loc], &[scale], &[]], &parameters);
                for (got, expected) in
                    three(&got, scale)
                        .into_iter()
                        .zip(reference(prior, &parameters, loc, scale))
                {
                    assert_close(
                        got,
                        expected,
                        1e-8,
                        format!("{name}, a feature {width} wide, {distance} away"),
                    );
                }
            }
        }
    }
}

/// Every form of every prior, and whether its value follows its parameters smoothly only down to 1e-8.
fn forms(prior: &'static dyn Distribution) -> Vec<(&'static str, Arc<dyn AnyTerm>, bool)> {
    let mut forms = vec![
        ("quadrature", quadrature(prior), true),
        ("Monte Carlo", monte_carlo(prior, Law::Normal, false), false),
        ("MAP", negative_log_prior(prior), false),
    ];
    forms.extend(closed_form_of(prior).map(|form| ("closed form", form, false)));
    forms
}

const ENTRIES: [[f64; 5]; 3] = [
    [0.02, -0.7, 0.31, 1.9, -0.004],
    [0.05, 0.3, 0.011, 2.0, 0.06],
    [-0.5, 1.1, 0.3, -1.7, 0.6],
];

#[test]
fn gradients_are_derivatives() {
    for &prior in DISTRIBUTIONS {
        for parameters in examples(prior) {
            for (form, term, rough) in forms(prior) {
                let name = format!("{form} of {}{parameters:?}", prior.signature().name);
                let (relative, tolerance) = if rough { (0.02, 5e-6) } else { (1e-4, 1e-6) };
                let [loc, scale, noise] = ENTRIES;
                let scale: &[f64] = if form == "MAP" { &[] } else { &scale };
                let got = run::<f64>(&*term, [&loc, scale, &noise], &parameters);
                for i in 0..loc.len() {
                    let unit = ENTRIES[1][i];
                    let value = |x: f64| {
                        let mut changed = loc;
                        changed[i] = x;
                        run::<f64>(&*term, [&changed, scale, &noise], &parameters).value
                    };
                    let expected = slope(value, loc[i], relative * unit.min(loc[i].abs()));
                    assert_close(
                        unit * got.loc[i],
                        unit * expected,
                        tolerance,
                        format!("{name} by loc {i}"),
                    );
                }
                for i in 0..scale.len() {
                    let value = |x: f64| {
                        let mut changed = scale.to_vec();
                        changed[i] = x;
                        run::<f64>(&*term, [&loc, &changed, &noise], &parameters).value
                    };
                    let expected = slope(value, scale[i], relative * scale[i]);
                    assert_close(
                        scale[i] * got.scale[i],
                        scale[i] * expected,
                        tolerance,
                        format!("{name} by scale {i}"),
                    );
                }
                for i in 0..parameters.len() {
                    let unit = if parameters[i] == 0.0 {
                        0.01
                    } else {
                        parameters[i].abs().min(1.0)
                    };
                    let value = |x: f64| {
                        let mut changed = parameters.clone();
                        changed[i] = x;
                        run::<f64>(&*term, [&loc, scale, &noise], &changed).value
                    };
                    let expected = slope(value, parameters[i], relative * 0.3 * unit);
                    assert_close(
                        unit * got.prior[i],
                        unit * expected,
                        tolerance,
                        format!("{name} by parameter {i}"),
                    );
                }
            }
        }
    }
}

#[test]
fn gradients_are_weighted_and_added() {
    for &prior in DISTRIBUTIONS {
        for (form, term, _) in forms(prior) {
            let parameters = &examples(prior)[0];
            let [loc, scale, noise] = ENTRIES;
            let scale: &[f64] = if form == "MAP" { &[] } else { &scale };
            let once = run::<f64>(&*term, [&loc, scale, &noise], parameters);
            let (mut by_loc, mut by_scale, mut by_prior) = (
                vec![1.0; 5],
                vec![1.0; scale.len()],
                vec![1.0; parameters.len()],
            );
            let mut add = |prior: &mut [f64]| {
                let gradients = Gradients {
                    loc: &mut by_loc,
                    scale: &mut by_scale,
                    prior,
                };
                term.accumulate(
                    Entries {
                        loc: &loc,
                        scale,
                        noise: &noise,
                    },
                    parameters,
                    3.0,
                    gradients,
                )
            };
            let value = add(&mut by_prior);
            assert_eq!(add(&mut []), value);
            assert_eq!(
                value, once.value,
                "{form}: the value itself is not weighted"
            );
            for (got, once) in by_loc
                .iter()
                .zip(&once.loc)
                .chain(by_scale.iter().zip(&once.scale))
            {
                assert_close(*got, 1.0 + 6.0 * once, 1e-12, form);
            }
            for (got, once) in by_prior.iter().zip(&once.prior) {
                assert_close(*got, 1.0 + 3.0 * once, 1e-12, form);
            }
        }
    }
}

#[test]
fn float32_agrees_with_float64() {
    on_the_grid(|prior, parameters, loc, scale, name| {
        // the same numbers in both types
        let round = |x: f64| f64::from(x as f32);
        let parameters: Vec<f64> = parameters.iter().copied().map(round).collect();
        let entries: [&[f64]; 3] = [&[round(loc)], &[round(scale)], &[0.5]];
        for (form, term, _) in forms(prior) {
            let [double, single] = [
                run::<f64>(&*term, entries, &parameters),
                run::<f32>(&*term, entries, &parameters),
            ];
            assert_three(
                three(&single, scale),
                three(&double, scale),
                1e-5,
                &format!("{form}, {name}"),
            );
        }
    });
}

#[test]
fn monte_carlo_has_the_mean_of_the_closed_form() {
    let draws = 20_000;
    let mut uniform = uniforms(3);
    let noise: Vec<f64> = (0..draws)
        .map(|_| crate::distribution::Normal.sample(&[0.0, 1.0], &mut uniform))
        .collect();
    for &prior in DISTRIBUTIONS {
        for parameters in examples(prior) {
            let (loc, scale) = (0.1, 0.4);
            let term = monte_carlo(prior, Law::Normal, false);
            let values: Vec<f64> = noise
                .iter()
                .map(|&e| run::<f64>(&*term, [&[loc], &[scale], &[e]], &parameters).value)
                .collect();
            let mean = values.iter().sum::<f64>() / f64::from(draws);
            let variance =
                values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / f64::from(draws);
            let exact = closed_form_of(prior).unwrap_or_else(|| quadrature(prior));
            let exact = run::<f64>(&*exact, [&[loc], &[scale], &[]], &parameters).value;
            let z = (mean - exact) / (variance / f64::from(draws)).sqrt();
            assert!(
                z.abs() < 4.5,
                "{}{parameters:?}: {mean} for {exact}, z = {z}",
                prior.signature().name
            );
        }
    }
}

#[test]
fn normals_that_are_all_but_equal() {
    // KL = ½ d² + t² - 2t³/3 + … where σ = s(1 + t)
    for s in [1e-6, 1.0, 1e3] {
        for k in [1, 5, 1000] {
            let scale = s * (1.0 + f64::from(k) * f64::EPSILON);
            let t = (scale - s) / s;
            let d = 1e-9;
            let got = run::<f64>(&NormalNormal, [&[d * s], &[scale], &[]], &[0.0, s]).value;
            let expected = 0.5 * d * d + t * t;
            assert!((got / expected - 1.0).abs() < 1e-10, "{got} for {expected}");
        }
        let (s, k) = (s as f32, 3.0);
        let scale = s * (1.0 + k * f32::EPSILON);
        let got = run::<f32>(
            &NormalNormal,
            [&[0.0], &[f64::from(scale)], &[]],
            &[0.0, f64::from(s)],
        )
        .value;
        let t = f64::from(scale) / f64::from(s) - 1.0;
        assert!((got / (t * t) - 1.0).abs() < 1e-5, "{got} for {}", t * t);
    }
}

#[test]
fn blocks_leave_no_entry_out() {
    for n in [1, 15, 16, 17, 255, 256, 257, 1000] {
        let loc: Vec<f64> = (0..n).map(|i| f64::from(i).sin()).collect();
        let scale: Vec<f64> = (0..n).map(|i| 0.1 + 0.05 * f64::from(i).cos()).collect();
        for &prior in DISTRIBUTIONS {
            let parameters = &examples(prior)[0];
            for (form, term, _) in forms(prior) {
                let all = run::<f64>(&*term, [&loc, &scale, &loc], parameters);
                let mut total = 0.0;
                for i in 0..loc.len() {
                    let one = run::<f64>(
                        &*term,
                        [&loc[i..=i], &scale[i..=i], &loc[i..=i]],
                        parameters,
                    );
                    assert_close(all.loc[i], one.loc[0], 1e-12, form);
                    assert_close(all.scale[i], one.scale[0], 1e-12, form);
                    total += one.value;
                }
                assert_close(all.value, total, 1e-12, form);
            }
        }
    }
}

/// Values of TensorFlow Probability 0.25 for its own layers' kernels, with these patterns for loc and
/// scale (`oracles/tfp_kl.json`, which says so too).
#[test]
fn values_of_tensorflow_probability() {
    let folder = std::env::var("BNNC_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").into());
    let Ok(text) = std::fs::read_to_string(format!("{folder}/oracles/tfp_kl.json")) else {
        eprintln!(
            "SKIPPED values_of_tensorflow_probability: no oracles/tfp_kl.json under {folder}"
        );
        return;
    };
    let oracle: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut checked = 0;
    for layer in oracle["models"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|model| model["layers"].as_array().unwrap())
    {
        let n = layer["weights"].as_u64().unwrap();
        let loc: Vec<f64> = (0..n).map(|i| 0.05 * (i as f64 + 1.0).sin()).collect();
        let scale: Vec<f64> = (0..n)
            .map(|i| 0.02 + 0.01 * (i as f64).cos().powi(2))
            .collect();
        let term = closed_form_of(&crate::distribution::Normal).unwrap();
        let expected = layer["kl_tfp_f64"].as_f64().unwrap();
        let double = run::<f64>(&*term, [&loc, &scale, &[]], &[0.0, 1.0]).value;
        assert!(
            (double / expected - 1.0).abs() < 1e-12,
            "{double} for {expected}"
        );
        let single = run::<f32>(&*term, [&loc, &scale, &[]], &[0.0, 1.0]).value;
        assert!(
            (single / expected - 1.0).abs() < 1e-6,
            "{single} for {expected}"
        );
        checked += 1;
    }
    assert!(checked > 0);
}
