//! What every form of every pair must satisfy.

use super::*;
use crate::distribution::{DISTRIBUTIONS, tests::examples};
use crate::testing::{assert_close, integrate, slope, uniforms};

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

/// The KL of one entry by adaptive quadrature that knows where to look.
fn reference(prior: &dyn Distribution, parameters: &[f64], loc: f64, scale: f64) -> f64 {
    let mut points: Vec<f64> = (-24..=24).map(|z| f64::from(z) / 2.0).collect();
    for feature in prior.features(parameters).into_iter().flatten() {
        for width in [-8.0, -2.0, -1.0, 0.0, 1.0, 2.0, 8.0] {
            points.push((feature.at + width * feature.width - loc) / scale);
        }
    }
    points.retain(|z| z.abs() <= 12.0);
    points.sort_by(f64::total_cmp);
    points.dedup();
    let density = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    let expected = integrate(
        |z| density(z) * prior.log_prob(parameters, loc + scale * z),
        &points,
    );
    -0.5 * (std::f64::consts::TAU * std::f64::consts::E * scale * scale).ln() - expected
}

const LOCS: [f64; 6] = [-2.0, -0.05, 0.0, 1e-3, 0.3, 5.0];
const SCALES: [f64; 8] = [1e-6, 1e-3, 0.01, 0.05, 0.3, 1.0, 20.0, 1e3];

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
        if let Some(form) = closed_form(prior) {
            let got = run::<f64>(&*form, [&[loc], &[scale], &[]], parameters).value;
            assert_close(got, reference(prior, parameters, loc, scale), 1e-10, &name);
            assert!(got >= 0.0, "{name}: {got}");
        }
    });
}

#[test]
fn quadrature_agrees_with_integration() {
    let mut worst = vec![(0.0, String::new()); DISTRIBUTIONS.len()];
    on_the_grid(|prior, parameters, loc, scale, name| {
        let got = run::<f64>(&*quadrature(prior), [&[loc], &[scale], &[]], parameters).value;
        let expected = reference(prior, parameters, loc, scale);
        let error = (got - expected).abs() / expected.abs().max(1.0);
        let index = DISTRIBUTIONS
            .iter()
            .position(|d| d.signature().name == prior.signature().name)
            .unwrap();
        if error > worst[index].0 {
            worst[index] = (error, name);
        }
    });
    println!("{worst:#?}");
    for (error, name) in worst {
        assert!(error < 1e-7, "{name}: off by {error:.1e}");
    }
}
