//! What every entry of the registry must satisfy.

use super::*;
use crate::testing::{assert_close, integrate, slope, uniforms};

/// Sets of parameters to try a distribution with.
pub(crate) fn examples(distribution: &dyn Distribution) -> Vec<Vec<f64>> {
    let sets: &[&[f64]] = match distribution.signature().name {
        "Normal" | "Laplace" => &[&[0.0, 1.0], &[0.3, 0.1], &[-1.0, 2e-3], &[0.0, 100.0]],
        "Cauchy" => &[&[0.0, 1.0], &[0.5, 0.2], &[-1.0, 2e-3]],
        "StudentT" => &[
            &[3.0, 0.0, 1.0],
            &[1.0, 0.5, 0.2],
            &[60.0, 0.0, 2e-3],
            &[0.5, 0.0, 10.0],
        ],
        "ScaleMixture" => &[
            &[0.5, 1.0, 0.002_478_752_176_666_358_5],
            &[0.25, 0.1, 2.0],
            &[0.9, 1.0, 0.5],
            &[0.5, 1.0, 1.0],
            &[0.2, 0.3, 0.5, 1.0, 0.1, 0.01],
            &[0.25, 0.25, 0.25, 0.25, 0.3, 2.0, 0.31, 0.05],
        ],
        "Horseshoe" => &[&[1.0], &[0.05], &[20.0]],
        "LogUniform" => &[&[]],
        "Uniform" => &[&[-1.0, 3.0], &[0.0, 0.05]],
        "HalfNormal" | "HalfCauchy" => &[&[1.0], &[0.03], &[40.0]],
        "LogNormal" => &[&[0.0, 1.0], &[-2.0, 0.1], &[1.0, 0.7]],
        "Gamma" => &[&[2.0, 3.0], &[0.3, 1.0], &[30.0, 0.5]],
        "InverseGamma" => &[&[3.0, 2.0], &[0.4, 0.1], &[20.0, 5.0]],
        "Exponential" => &[&[1.0], &[0.05], &[30.0]],
        name => panic!("{name} has no examples here"),
    };
    sets.iter().map(|set| set.to_vec()).collect()
}

fn each(mut check: impl FnMut(&'static dyn Distribution, &[f64], String)) {
    for &distribution in DISTRIBUTIONS {
        for parameters in examples(distribution) {
            check(
                distribution,
                &parameters,
                format!("{}{parameters:?}", distribution.signature().name),
            );
        }
    }
}

fn each_proper(mut check: impl FnMut(&'static dyn Distribution, &[f64], String)) {
    each(|distribution, parameters, name| {
        if distribution.improper().is_none() {
            check(distribution, parameters, name);
        }
    });
}

/// The integral of the density from `from` to `to`, infinite ends included.
fn mass(distribution: &dyn Distribution, parameters: &[f64], from: f64, to: f64) -> f64 {
    let density = |w: f64| distribution.log_prob(parameters, w).exp();
    if from.is_infinite() || to.is_infinite() {
        // w = end ± eᵘ
        let (end, side) = if from.is_infinite() {
            (to, -1.0)
        } else {
            (from, 1.0)
        };
        let points: Vec<_> = (-60..=120).map(f64::from).collect();
        return integrate(|u| density(end + side * u.exp()) * u.exp(), &points);
    }
    let mut points = vec![from, to];
    points.extend(distribution.features(parameters).iter().map(|f| f.at));
    points.retain(|w| (from..=to).contains(w));
    points.sort_by(f64::total_cmp);
    points.dedup();
    integrate(density, &points)
}

fn ends(distribution: &dyn Distribution, parameters: &[f64]) -> (f64, f64) {
    match distribution.support(parameters) {
        Support::Real => (f64::NEG_INFINITY, f64::INFINITY),
        Support::Positive => (0.0, f64::INFINITY),
        Support::Interval { low, high } => (low, high),
    }
}

#[test]
fn names_lead_to_their_entries() {
    for distribution in DISTRIBUTIONS {
        let name = distribution.signature().name;
        assert_eq!(find(name).unwrap().signature().name, name);
        for parameters in examples(*distribution) {
            assert!(parameters.len() <= MAX_PARAMETERS);
            let lengths = distribution.lengths(parameters.len());
            let numbers = distribution.signature().parameters.iter();
            let numbers = numbers.filter(|p| !matches!(p.kind, Kind::Choice(_)));
            assert_eq!(lengths.len(), numbers.count());
            assert_eq!(lengths.iter().sum::<usize>(), parameters.len());
            let mut rest = &parameters[..];
            let arguments = lengths.into_iter().map(|length| {
                let (argument, others) = rest.split_at(length);
                rest = others;
                argument.to_vec()
            });
            let arguments: Vec<_> = arguments.collect();
            assert_eq!(distribution.refuse(&arguments), None, "{name}{arguments:?}");
        }
    }
    assert!(find("normal").is_none());
}

#[test]
fn densities_integrate_to_1() {
    each_proper(|distribution, parameters, name| {
        let (low, high) = ends(distribution, parameters);
        let mut uniform = uniforms(1);
        // from the middle to both sides
        let middle = distribution.sample(parameters, &mut uniform);
        let density = |w: f64| distribution.log_prob(parameters, w).exp();
        let below = match low {
            // w = middle·eᵘ, since some densities are infinite at 0
            0.0 => {
                let points: Vec<_> = (-120..=0).map(f64::from).collect();
                let at = |u: f64| middle * u.exp();
                integrate(|u| density(at(u)) * at(u), &points)
            }
            low => mass(distribution, parameters, low, middle),
        };
        let above = mass(distribution, parameters, middle, high);
        assert_close(below + above, 1.0, 1e-10, name);
    });
}

/// Points where densities are tried; none on a kink.
const POINTS: [f64; 10] = [
    -20.0, -1.3, -0.11, -0.02, 0.001, 0.013, 0.04, 0.25, 0.9, 7.0,
];

/// Those with a density above 0.
fn inside(distribution: &dyn Distribution, parameters: &[f64]) -> impl Iterator<Item = f64> {
    let (low, high) = ends(distribution, parameters);
    POINTS.into_iter().filter(move |w| (low..=high).contains(w))
}

#[test]
fn scores_are_derivatives() {
    each(|distribution, parameters, name| {
        let mut by_parameter = vec![0.0; parameters.len()];
        for w in inside(distribution, parameters) {
            // the narrowest of these densities is 0.002 wide
            let h = 1e-4 * w.abs().max(0.01);
            let h = if w < 0.01 { h.min(0.01 * w.abs()) } else { h };
            let expected = slope(|w| distribution.log_prob(parameters, w), w, h);
            assert_close(
                distribution.score(parameters, w),
                expected,
                2e-6,
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
fn outside_the_support_the_density_is_0() {
    each(|distribution, parameters, name| {
        let (low, high) = ends(distribution, parameters);
        let narrow = parameters.iter().map(|&x| x as f32).collect::<Vec<_>>();
        let mut by_parameter = vec![0.0; parameters.len()];
        for w in [
            -1e30,
            -3.5,
            -1e-30,
            3.5,
            1e30,
            f64::INFINITY,
            -f64::INFINITY,
        ] {
            if (low..=high).contains(&w) {
                // and nothing is NaN far out, or next to 0
                if w.is_finite() {
                    assert!(
                        !distribution.log_prob(parameters, w).is_nan(),
                        "{name} at {w}"
                    );
                    assert!(
                        distribution.score(parameters, w).is_finite(),
                        "{name} at {w}"
                    );
                }
                continue;
            }
            assert_eq!(
                distribution.log_prob(parameters, w),
                f64::NEG_INFINITY,
                "{name} at {w}"
            );
            assert_eq!(distribution.score(parameters, w), 0.0, "{name} at {w}");
            distribution.parameter_score(parameters, w, &mut by_parameter);
            assert!(by_parameter.iter().all(|x| *x == 0.0), "{name} at {w}");
            let single = distribution.log_prob(&narrow, w as f32);
            assert_eq!(single, f32::NEG_INFINITY, "{name} at {w}");
        }
    });
}

#[test]
fn blocks_and_float32_agree_with_single_values() {
    each(|distribution, parameters, name| {
        let points: Vec<f64> = inside(distribution, parameters).collect();
        let n = points.len();
        let (mut log_prob, mut score) = (vec![0.0; n], vec![0.0; n]);
        distribution.evaluate(parameters, &points, &mut log_prob, &mut score);
        let narrow = parameters.iter().map(|&x| x as f32).collect::<Vec<_>>();
        let single = points.iter().map(|&x| x as f32).collect::<Vec<_>>();
        let (mut log_prob32, mut score32) = (vec![0f32; n], vec![0f32; n]);
        distribution.evaluate(&narrow, &single, &mut log_prob32, &mut score32);
        for i in 0..n {
            assert_eq!(log_prob[i], distribution.log_prob(parameters, points[i]));
            assert_eq!(score[i], distribution.score(parameters, points[i]));
            assert_close(f64::from(log_prob32[i]), log_prob[i], 1e-5, &name);
            assert_close(f64::from(score32[i]), score[i], 3e-5, &name);
        }
    });
}

const DRAWS: usize = 40_000;

#[test]
fn draws_have_the_moments() {
    each_proper(|distribution, parameters, name| {
        let mut uniform = uniforms(7);
        let draw = |_| distribution.sample(parameters, &mut uniform);
        let draws: Vec<f64> = (0..DRAWS).map(draw).collect();
        let n = DRAWS as f64;
        if let (Some(mean), Some(deviation)) = distribution.moments(parameters) {
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
    // between quantiles of one sample, the draws of another against the integral
    each_proper(|distribution, parameters, name| {
        let mut uniform = uniforms(11);
        let mut draw = |_| distribution.sample(parameters, &mut uniform);
        let mut first: Vec<f64> = (0..2000).map(&mut draw).collect();
        first.sort_by(f64::total_cmp);
        let draws: Vec<f64> = (0..DRAWS).map(&mut draw).collect();
        let (low, high) = ends(distribution, parameters);
        assert!(draws.iter().all(|w| (low..=high).contains(w)), "{name}");
        let quantiles = [0.01, 0.1, 0.3, 0.45, 0.55, 0.7, 0.9, 0.99];
        let cuts = quantiles.map(|q| first[(q * 2000.0) as usize]);
        let compare = |from: f64, to: f64, share: f64| {
            let inside = draws.iter().filter(|w| (from..to).contains(*w)).count();
            let error = inside as f64 / DRAWS as f64 - share;
            assert!(
                error.abs() < 4.5 * (share * (1.0 - share) / DRAWS as f64).sqrt(),
                "{name}: off by {error} from {from} to {to}"
            );
        };
        let above = mass(distribution, parameters, cuts[7], high);
        compare(cuts[7], f64::INFINITY, above);
        let mut below = 1.0 - above;
        for pair in cuts.windows(2) {
            let share = mass(distribution, parameters, pair[0], pair[1]);
            compare(pair[0], pair[1], share);
            below -= share;
        }
        compare(f64::NEG_INFINITY, cuts[0], below);
    });
}

#[test]
fn an_improper_prior_says_so() {
    let improper: Vec<_> = DISTRIBUTIONS
        .iter()
        .filter(|d| d.improper().is_some())
        .map(|d| d.signature().name)
        .collect();
    assert_eq!(improper, ["LogUniform"]);
    assert!(LogUniform.sample(&[], &mut uniforms(1)).is_nan());
}

/// A density is infinite where it says so and nowhere else: above any other on the way there.
#[test]
fn a_pole_is_one() {
    for &distribution in DISTRIBUTIONS {
        for parameters in examples(distribution) {
            if distribution.support(&parameters) != Support::Real {
                continue;
            }
            let pole = distribution.pole();
            let at = pole.unwrap_or(0.0);
            let log_prob = |w: f64| Density::<f64>::log_prob(distribution, &parameters, w);
            let [far, near] = [1e-60, 1e-120].map(|step| log_prob(at + step));
            let name = distribution.signature().name;
            assert_eq!(near > far + 0.1, pole.is_some(), "{name}{parameters:?}");
        }
    }
}

/// Of mpmath at 40 digits, from the formulas of textbooks; the horseshoe from the integral over its local
/// scales.
#[test]
fn known_values() {
    let values: [(&str, &[f64], f64, f64); 31] = [
        ("Normal", &[1.0, 2.0], 0.0, -1.737_085_713_764_618),
        ("Laplace", &[0.0, 1.0], -1.0, -1.693_147_180_559_945_3),
        ("StudentT", &[3.0, 0.0, 1.0], 0.5, -1.1609742649705825),
        ("Cauchy", &[0.5, 0.2], 2.0, -3.5827196158496486),
        ("Cauchy", &[0.0, 1.0], -1000000.0, -28.77575100177895),
        ("Cauchy", &[-1.0, 0.001], -1.0, 5.763025393132737),
        ("Horseshoe", &[1.0], 1.0, -2.1438912910988606),
        ("Horseshoe", &[1.0], 1e-12, 1.9505135098560629),
        ("Horseshoe", &[0.1], -0.03, 1.2271904253801251),
        ("Horseshoe", &[0.01], 7.0, -9.86751580420051),
        ("Horseshoe", &[2.0], 100000.0, -23.703224988674638),
        ("HalfNormal", &[1.0], 0.5, -0.35079135264472744),
        ("HalfNormal", &[0.1], 0.3, -2.423206259650681),
        ("HalfNormal", &[5.0], 0.0, -1.8352292650788278),
        ("HalfCauchy", &[1.0], 0.5, -0.6747262566036646),
        ("HalfCauchy", &[0.1], 30.0, -9.556573672657194),
        ("HalfCauchy", &[5.0], 0.0, -2.061020617723555),
        ("LogNormal", &[0.0, 1.0], 2.5, -2.255023617738065),
        ("LogNormal", &[-1.0, 0.1], 0.4, 1.9495752131552975),
        ("LogNormal", &[3.0, 2.0], 0.001, -6.9747822683072815),
        ("Gamma", &[2.0, 3.0], 0.5, 0.004077396776274073),
        ("Gamma", &[0.1, 1.0], 1e-05, 8.108910266738999),
        ("Gamma", &[1000.0, 10.0], 99.0, -2.110599930680191),
        ("InverseGamma", &[2.0, 3.0], 0.5, -1.7233338809839447),
        ("InverseGamma", &[0.1, 1.0], 100000.0, -14.916940663201457),
        ("InverseGamma", &[50.0, 10.0], 0.2, 2.644844237496517),
        ("Exponential", &[4.0], 0.3, 0.18629436111989067),
        ("Uniform", &[-1.0, 3.0], 0.3, -1.3862943611198906),
        (
            "ScaleMixture",
            &[0.2, 0.3, 0.5, 1.0, 0.1, 0.01],
            0.02,
            1.3743353634070623,
        ),
        (
            "ScaleMixture",
            &[0.2, 0.3, 0.5, 1.0, 0.1, 0.01],
            3.0,
            -7.028376445638773,
        ),
        ("LogUniform", &[], -0.25, -0.6678255948155212),
    ];
    for (name, parameters, w, expected) in values {
        let got = find(name).unwrap().log_prob(parameters, w);
        assert_close(got, expected, 1e-12, format!("{name}{parameters:?} at {w}"));
    }
    // with many degrees of freedom it is the normal distribution, with one Cauchy's
    let limit = Normal.log_prob(&[0.0, 1.0], 1.0);
    assert_close(
        StudentT.log_prob(&[1e12, 0.0, 1.0], 1.0),
        limit,
        1e-11,
        "t in the limit",
    );
    assert_close(
        StudentT.log_prob(&[1.0, 0.5, 0.2], 2.0),
        Cauchy.log_prob(&[0.5, 0.2], 2.0),
        1e-14,
        "t with one degree of freedom",
    );
}

/// BLiTZ adds 1e-6 to the density of its scale mixture before it takes the logarithm: beyond five
/// standard deviations nothing pulls a weight back.
#[test]
fn a_weight_far_out_is_pulled_back() {
    let parameters = [0.5, 0.1, 0.002_478_752_176_666_358_5];
    for w in [2.0f64, -2.0] {
        let expected = -w / (0.1 * 0.1);
        assert_close(
            ScaleMixture.score(&parameters, w),
            expected,
            1e-12,
            "at 20 scales",
        );
        let single = parameters.map(|x| x as f32);
        let score = ScaleMixture.score(&single, w as f32);
        assert_close(f64::from(score), expected, 1e-6, "in float32");
    }
    each(|distribution, parameters, name| {
        if distribution.support(parameters) == Support::Real {
            for w in [-1e4, 1e4] {
                let score = distribution.score(parameters, w);
                assert!(score * w < 0.0, "{name}: score {score} at {w}");
            }
        }
    });
}
