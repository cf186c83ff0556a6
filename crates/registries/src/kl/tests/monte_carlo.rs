//! Draws of ln q - ln p: their mean, and the two gradients.

use super::*;
use crate::tensor::Stream;

fn noise(law: Law, count: usize) -> Vec<f64> {
    let mut noise = vec![0.0; count];
    law.fill(&Stream::new(3, 0, 0, 9), 0, &mut noise);
    noise
}

/// The mean of `values` and its standard error.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    (mean, (variance / n).sqrt())
}

/// The value, and the derivatives by loc and scale, at each draw.
fn draws(term: &MonteCarlo, entry: [f64; 2], parameters: &[f64], noise: &[f64]) -> [Vec<f64>; 3] {
    let n = noise.len();
    let [loc, scale] = entry.map(|x| vec![x; n]);
    let all = run::<f64>(term, [&loc, &scale, noise], parameters);
    let value = |e: &f64| run::<f64>(term, [&loc[..1], &scale[..1], &[*e]], parameters).value;
    [noise.iter().map(value).collect(), all.loc, all.scale]
}

#[test]
fn draws_have_the_mean_of_the_exact_form() {
    for &prior in DISTRIBUTIONS {
        for parameters in examples(prior) {
            for family in families(prior, &parameters) {
                let (loc, scale) = (0.1, 0.4);
                let exact = match family.closed_form(prior) {
                    Some(form) => registered(form),
                    None if family.law == Law::Normal => {
                        super::super::quadrature(PulledBack::new(prior, family.transform))
                    }
                    None => continue,
                };
                let exact = run::<f64>(&*exact, [&[loc], &[scale], &[]], &parameters).value;
                let term = MonteCarlo {
                    law: family.law,
                    ..MonteCarlo::new(PulledBack::new(prior, family.transform))
                };
                let noise = noise(family.law, 20_000);
                let [values, ..] = draws(&term, [loc, scale], &parameters, &noise);
                let (mean, error) = mean(&values);
                assert!(
                    (mean - exact).abs() < 4.5 * error + 1e-9,
                    "{} || {}{parameters:?}: {mean} for {exact}",
                    family.name(),
                    prior.signature().name
                );
            }
        }
    }
}

/// Pairs whose score has a variance, so that means can be compared.
fn pairs() -> Vec<(Law, &'static str, Vec<f64>)> {
    vec![
        (Law::Normal, "Normal", vec![0.2, 0.5]),
        (Law::Normal, "StudentT", vec![3.0, 0.0, 0.4]),
        (Law::Normal, "ScaleMixture", vec![0.5, 1.0, 0.1]),
        (Law::Laplace, "Normal", vec![0.2, 0.5]),
        (Law::Laplace, "Laplace", vec![-0.3, 0.5]),
        (Law::Laplace, "Cauchy", vec![0.0, 0.5]),
        (Law::Cauchy, "Cauchy", vec![0.1, 0.5]),
        (Law::Cauchy, "StudentT", vec![1.5, 0.0, 1.0]),
    ]
}

#[test]
fn both_gradients_have_one_mean() {
    for (law, name, parameters) in pairs() {
        let prior = distribution::find(name).unwrap();
        let plain = MonteCarlo {
            law,
            ..MonteCarlo::new(prior)
        };
        let path = MonteCarlo {
            path: true,
            ..MonteCarlo {
                law,
                ..MonteCarlo::new(prior)
            }
        };
        let entry = [-0.4, 0.3];
        let noise = noise(law, 40_000);
        let [a, b] = [&plain, &path].map(|term| draws(term, entry, &parameters, &noise));
        assert_eq!(a[0], b[0], "{name}: the value is the same");
        for by in 1..3 {
            let differences: Vec<f64> = a[by].iter().zip(&b[by]).map(|(a, b)| a - b).collect();
            let (mean, error) = mean(&differences);
            assert!(error > 1e-6, "{name}: the two are not the same");
            assert!(
                mean.abs() < 4.5 * error,
                "{law:?} || {name}: {mean}, with an error of {error}"
            );
        }
    }
}

#[test]
fn at_the_prior_the_path_gradient_is_0() {
    for (law, name) in [
        (Law::Normal, "Normal"),
        (Law::Laplace, "Laplace"),
        (Law::Cauchy, "Cauchy"),
    ] {
        let term = MonteCarlo {
            law,
            path: true,
            ..MonteCarlo::new(distribution::find(name).unwrap())
        };
        // numbers of which every sum and product is exact
        let noise = [-3.0, -0.5, 0.25, 1.0, 2.5];
        let [values, by_loc, by_scale] = draws(&term, [0.5, 0.25], &[0.5, 0.25], &noise);
        assert!(by_loc.iter().chain(&by_scale).all(|x| *x == 0.0), "{name}");
        assert!(values.iter().all(|x| x.abs() < 1e-15), "{name}: {values:?}");
        let plain = MonteCarlo {
            path: false,
            ..term
        };
        let [_, by_loc, _] = draws(&plain, [0.5, 0.25], &[0.5, 0.25], &noise);
        assert!(by_loc.iter().all(|x| *x != 0.0), "{name}");
    }
}
