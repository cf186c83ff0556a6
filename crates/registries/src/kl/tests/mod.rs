//! What every form of every pair must satisfy.

mod closed_forms;
mod monte_carlo;
mod quadrature;

use super::*;
use crate::distribution::{self, DISTRIBUTIONS, Law, Support, tests::examples};
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

/// Compares values and derivatives: the error is relative to the largest of the three, or absolute.
#[track_caller]
fn assert_three(got: [f64; 3], expected: [f64; 3], tolerance: f64, what: &str) {
    let size = expected.iter().fold(1.0, |size: f64, x| size.max(x.abs()));
    for (got, expected) in got.into_iter().zip(expected) {
        assert_close(got / size, expected / size, tolerance, what);
    }
}

/// The value, and the derivatives by loc and by scale times the scale.
fn three(outcome: &Outcome, scale: f64) -> [f64; 3] {
    [
        outcome.value,
        scale * outcome.loc[0],
        scale * outcome.scale[0],
    ]
}

/// The closed form of the distributions of these names.
fn named(posterior: &str, prior: &str) -> Option<&'static dyn ClosedForm> {
    find(distribution::find(posterior)?, distribution::find(prior)?)
}

/// What w is made of: w = f(loc + scale·ε), ε of a law.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Family {
    law: Law,
    transform: Transform,
}

impl Family {
    fn new(law: Law, transform: Transform) -> Self {
        Family { law, transform }
    }

    /// The closed form for this prior, if there is one.
    fn closed_form(self, prior: &'static dyn Distribution) -> Option<&'static dyn ClosedForm> {
        named(self.name(), prior.signature().name)
    }

    /// The name of its distribution.
    fn name(self) -> &'static str {
        match (self.law, self.transform) {
            (law, Transform::Identity) => law.name(),
            (Law::Normal, Transform::Exp) => "LogNormal",
            _ => "LogitNormal",
        }
    }

    fn support(self) -> Support {
        match self.transform {
            Transform::Identity => Support::Real,
            Transform::Exp => Support::Positive,
            Transform::Logistic { low, high } => Support::Interval { low, high },
        }
    }

    /// ln of the density that z has where f(z) has the prior's, and its derivative.
    fn log_prior(self, prior: &dyn Distribution, parameters: &[f64], z: f64) -> [f64; 2] {
        // w, ∂w/∂z, and the derivative of the latter's logarithm
        let (w, slope, by_z) = match self.transform {
            Transform::Identity => (z, 1.0, 0.0),
            Transform::Exp => (z.exp(), z.exp(), 1.0),
            Transform::Logistic { low, high } => {
                let share = 1.0 / (1.0 + (-z).exp());
                let slope = (high - low) * share * share * (-z).exp();
                (low + (high - low) * share, slope, 1.0 - 2.0 * share)
            }
        };
        let score = prior.score(parameters, w);
        [
            prior.log_prob(parameters, w) + slope.ln(),
            score * slope + by_z,
        ]
    }
}

/// The families whose mass lies where the prior's does.
fn families(prior: &dyn Distribution, parameters: &[f64]) -> Vec<Family> {
    let mut families = [Law::Normal, Law::Laplace, Law::Cauchy]
        .map(|law| Family::new(law, Transform::Identity))
        .to_vec();
    families.push(Family::new(Law::Normal, Transform::Exp));
    let support = prior.support(parameters);
    if let Support::Interval { low, high } = support {
        families.push(Family::new(Law::Normal, Transform::Logistic { low, high }));
    }
    families.retain(|family| support.holds(family.support()));
    families
}

/// The KL of one entry of a normal z, and its derivatives by loc and scale times the scale, by adaptive
/// quadrature that knows where to look.
fn reference(
    family: Family,
    prior: &'static dyn Distribution,
    parameters: &[f64],
    loc: f64,
    scale: f64,
) -> [f64; 3] {
    assert_eq!(family.law, Law::Normal);
    let growth = PulledBack::new(prior, family.transform).growth();
    let reach = growth.map(|rate| 12.0 + rate * scale);
    let mut points: Vec<f64> = (-reach[0] as i32..=reach[1] as i32)
        .map(f64::from)
        .collect();
    for feature in PulledBack::new(prior, family.transform).features(parameters) {
        for width in [-8.0, -2.0, -1.0, 0.0, 1.0, 2.0, 8.0] {
            points.push((feature.at + width * feature.width - loc) / scale);
        }
    }
    points.retain(|z| (-reach[0]..=reach[1]).contains(z));
    points.sort_by(f64::total_cmp);
    points.dedup();
    // with 1 added, so that rounding about 0 is not refined
    let density = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    let expected = |g: &dyn Fn(f64) -> f64| integrate(|z| density(z) * (1.0 + g(z)), &points) - 1.0;
    let log_prior = |z: f64| family.log_prior(prior, parameters, loc + scale * z);
    let mean = expected(&|z| log_prior(z)[0]);
    let entropy = scale.ln() + crate::tensor::math::HALF_LN_TWO_PI + 0.5;
    let singular =
        |f: &distribution::Feature| !f.kink && f.width == 0.0 && (f.at - loc).abs() < 12.0 * scale;
    let features = PulledBack::new(prior, family.transform).features(parameters);
    let [by_loc, by_scale] = match features.iter().any(singular) {
        // the score has no integral: the density's derivative, less the mean, which changes nothing
        true => [
            expected(&|z| z * (log_prior(z)[0] - mean)),
            expected(&|z| (z * z - 1.0) * (log_prior(z)[0] - mean)),
        ],
        false => [
            scale * expected(&|z| log_prior(z)[1]),
            scale * expected(&|z| z * log_prior(z)[1]),
        ],
    };
    [-entropy - mean, -by_loc, -1.0 - by_scale]
}

/// A form of a pair.
struct Case {
    name: String,
    term: Arc<dyn AnyTerm>,
    parameters: Vec<f64>,
    /// Whether its value follows its parameters smoothly only down to 1e-8.
    rough: bool,
    point: bool,
}

/// Every form of every pair, for each of the prior's examples.
fn cases() -> Vec<Case> {
    let mut cases = vec![];
    for &prior in DISTRIBUTIONS {
        for parameters in examples(prior) {
            for family in families(prior, &parameters) {
                let seen = PulledBack::new(prior, family.transform);
                let pair = format!(
                    "{} || {}{parameters:?}",
                    family.name(),
                    prior.signature().name
                );
                let mut add = |form: &str, term, rough, point| {
                    cases.push(Case {
                        name: format!("{form} of {pair}"),
                        term,
                        parameters: parameters.clone(),
                        rough,
                        point,
                    });
                };
                if let Some(form) = family.closed_form(prior) {
                    add("closed form", registered(form), false, false);
                }
                let drawn = MonteCarlo {
                    law: family.law,
                    ..MonteCarlo::new(seen)
                };
                add("Monte Carlo", Arc::new(drawn), false, false);
                if family.law == Law::Normal {
                    add("quadrature", super::quadrature(seen), true, false);
                }
                if family == Family::new(Law::Normal, Transform::Identity) {
                    add("MAP", negative_log_prior(prior), false, true);
                }
            }
        }
    }
    cases
}

const ENTRIES: [[f64; 5]; 3] = [
    [0.02, -0.7, 0.31, 0.9, -0.004],
    [0.05, 0.3, 0.011, 0.35, 0.06],
    [-0.5, 1.1, 0.3, -1.7, 0.6],
];

#[test]
fn gradients_are_derivatives() {
    for case in cases() {
        let Case {
            name,
            term,
            parameters,
            ..
        } = &case;
        let (relative, tolerance) = if case.rough {
            (0.02, 5e-6)
        } else {
            (1e-4, 1e-6)
        };
        let [loc, scale, noise] = ENTRIES;
        let scale: &[f64] = if case.point { &[] } else { &scale };
        let got = run::<f64>(&**term, [&loc, scale, &noise], parameters);
        // a derivative that is large is known less well
        let close = |got: f64, expected: f64, what: String| {
            let size = expected.abs().max(1.0);
            assert_close(got / size, expected / size, tolerance, what);
        };
        for i in 0..loc.len() {
            let unit = ENTRIES[1][i];
            let value = |x: f64| {
                let mut changed = loc;
                changed[i] = x;
                run::<f64>(&**term, [&changed, scale, &noise], parameters).value
            };
            let expected = slope(value, loc[i], relative * unit.min(loc[i].abs()));
            close(
                unit * got.loc[i],
                unit * expected,
                format!("{name} by loc {i}"),
            );
        }
        for i in 0..scale.len() {
            let value = |x: f64| {
                let mut changed = scale.to_vec();
                changed[i] = x;
                run::<f64>(&**term, [&loc, &changed, &noise], parameters).value
            };
            let expected = slope(value, scale[i], relative * scale[i]);
            close(
                scale[i] * got.scale[i],
                scale[i] * expected,
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
                run::<f64>(&**term, [&loc, scale, &noise], &changed).value
            };
            let expected = slope(value, parameters[i], relative * 0.3 * unit);
            close(
                unit * got.prior[i],
                unit * expected,
                format!("{name} by parameter {i}"),
            );
        }
    }
}

#[test]
fn gradients_are_weighted_and_added() {
    for case in cases() {
        let Case {
            name,
            term,
            parameters,
            ..
        } = &case;
        let [loc, scale, noise] = ENTRIES;
        let scale: &[f64] = if case.point { &[] } else { &scale };
        let once = run::<f64>(&**term, [&loc, scale, &noise], parameters);
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
            "{name}: the value itself is not weighted"
        );
        for (got, once) in by_loc
            .iter()
            .zip(&once.loc)
            .chain(by_scale.iter().zip(&once.scale))
        {
            assert_close(*got, 1.0 + 6.0 * once, 1e-12, name);
        }
        for (got, once) in by_prior.iter().zip(&once.prior) {
            assert_close(*got, 1.0 + 3.0 * once, 1e-12, name);
        }
    }
}

#[test]
fn blocks_leave_no_entry_out() {
    let mut seen = vec![];
    for case in cases() {
        // of each form and prior, the first example
        let form = case.name.split('[').next().map(String::from);
        if seen.contains(&form) {
            continue;
        }
        seen.push(form);
        for n in [1, 15, 17, 256, 257, 520] {
            let loc: Vec<f64> = (0..n).map(|i| f64::from(i).sin()).collect();
            let scale: Vec<f64> = (0..n).map(|i| 0.1 + 0.05 * f64::from(i).cos()).collect();
            let at = |i: usize| [&loc[i..=i], &scale[i..=i], &loc[i..=i]];
            let all = run::<f64>(&*case.term, [&loc, &scale, &loc], &case.parameters);
            let mut total = 0.0;
            for i in 0..loc.len() {
                let one = run::<f64>(&*case.term, at(i), &case.parameters);
                assert_close(all.loc[i], one.loc[0], 1e-12, &case.name);
                assert_close(all.scale[i], one.scale[0], 1e-12, &case.name);
                total += one.value;
            }
            assert_close(all.value, total, 1e-12, &case.name);
        }
    }
}
