//! Closed forms against integrals, and the mistakes that others made with them.

use super::*;
use std::sync::LazyLock;

/// A row of `closed_forms.csv`.
struct Row {
    posterior: &'static str,
    prior: &'static str,
    loc: f64,
    scale: f64,
    parameters: Vec<f64>,
    /// The divergence, and its derivatives by loc and by scale times the scale.
    expected: [f64; 3],
}

/// Integrals by mpmath in 40 digits: `closed_forms.py` makes them.
static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let parse = |text: &str| text.parse::<f64>().expect("a number");
    let row = |line: &'static str| {
        let cells: Vec<&'static str> = line.split(',').collect();
        Row {
            posterior: cells[0],
            loc: parse(cells[1]),
            scale: parse(cells[2]),
            prior: cells[3],
            parameters: cells[4].split_whitespace().map(parse).collect(),
            expected: [5, 6, 7].map(|i| parse(cells[i])),
        }
    };
    include_str!("closed_forms.csv")
        .lines()
        .skip(1)
        .map(row)
        .collect()
});

#[test]
fn every_closed_form_is_in_the_table() {
    for form in CLOSED_FORMS {
        let rows = ROWS
            .iter()
            .filter(|row| [row.posterior, row.prior] == form.names());
        assert!(rows.count() >= 5, "{}", form.names().join(" || "));
    }
}

/// Whether the two differ by `tolerance` of the second, or by a little that rounding leaves.
#[track_caller]
fn assert_relative(got: f64, expected: f64, tolerance: f64, least: f64, what: &str) {
    let error = (got - expected).abs();
    assert!(
        error <= tolerance * expected.abs() + least,
        "{what}: {got:e} where {expected:e} is expected"
    );
}

#[test]
fn values_to_the_last_digits() {
    for row in ROWS.iter() {
        let form = registered(named(row.posterior, row.prior).expect("a closed form"));
        let name = format!(
            "{}({}, {}) || {}{:?}",
            row.posterior, row.loc, row.scale, row.prior, row.parameters
        );
        let entries: [&[f64]; 3] = [&[row.loc], &[row.scale], &[]];
        let got = three(&run::<f64>(&*form, entries, &row.parameters), row.scale);
        let [value, ..] = row.expected;
        assert!(got[0] >= 0.0, "{name}: {}", got[0]);
        // the table's zeros are 1e-42
        assert_relative(got[0], value, 1e-10, 1e-40, &name);
        // derivatives are 0 at a minimum, which rounding of loc and scale moves
        for (got, expected) in got.into_iter().zip(row.expected).skip(1) {
            assert_relative(got, expected, 1e-10, 1e-15, &name);
        }
        let numbers = [row.loc, row.scale];
        let exact = |x: &f64| f64::from(*x as f32) == *x;
        if numbers.iter().chain(&row.parameters).all(exact) {
            let got = three(&run::<f32>(&*form, entries, &row.parameters), row.scale);
            assert_relative(got[0], value, 1e-5, 1e-14, &format!("{name} in float32"));
            for (got, expected) in got.into_iter().zip(row.expected).skip(1) {
                assert_relative(got, expected, 1e-5, 3e-7, &format!("{name} in float32"));
            }
        }
    }
}

#[test]
fn nothing_overflows_on_a_wide_grid() {
    let scales: Vec<f64> = (-6..=3).map(|k| 10f64.powi(k)).collect();
    for form in CLOSED_FORMS {
        let term = registered(*form);
        let [posterior, prior] = form.names();
        let log_normal = posterior == "LogNormal";
        for &scale in &scales {
            for loc in [-1e3f64, -1.0, -1e-6, 0.0, 0.3, 1e3] {
                // of ln w
                let (loc, scale) = if log_normal {
                    (loc.clamp(-7.0, 7.0), scale.min(3.0))
                } else {
                    (loc, scale)
                };
                for &s in &scales {
                    let parameters: &[f64] = match prior {
                        "LogUniform" => &[],
                        "HalfNormal" | "Exponential" => &[s],
                        "Gamma" | "InverseGamma" => &[1.5, s],
                        _ => &[0.1, s],
                    };
                    for single in [false, true] {
                        let entries: [&[f64]; 3] = [&[loc], &[scale], &[]];
                        let got = match single {
                            false => run::<f64>(&*term, entries, parameters),
                            true => run::<f32>(&*term, entries, parameters),
                        };
                        let numbers = [got.value, got.loc[0], got.scale[0]];
                        let all = numbers.iter().chain(&got.prior);
                        assert!(
                            all.clone().all(|x| x.is_finite()) && got.value >= 0.0,
                            "{posterior}({loc}, {scale}) || {prior}{parameters:?}: {:?}",
                            all.collect::<Vec<_>>()
                        );
                    }
                }
            }
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

/// What Molchanov et al. (2017) fit, as printed: minus the divergence.
fn molchanov(log_alpha: f64) -> f64 {
    let (k1, k2, k3) = (0.63576, 1.87320, 1.48695);
    k1 / (1.0 + (-k2 - k3 * log_alpha).exp()) - 0.5 * (-log_alpha).exp().ln_1p() - k1
}

/// edward2's `LogUniformKLDivergence` adds the printed expression to the loss: the sign is lost, and
/// training drives α to 0, away from the prior.
#[test]
fn the_log_uniform_divergence_has_the_right_sign() {
    let mut before = f64::INFINITY;
    for step in 0..=100 {
        let log_alpha = -6.0 + 0.12 * f64::from(step);
        let loc = (-0.5 * log_alpha).exp();
        let value = run::<f64>(&NormalLogUniform, [&[loc], &[1.0], &[]], &[]).value;
        assert!(
            0.0 < value && value < before,
            "ln alpha = {log_alpha}: {value} after {before}"
        );
        assert!(
            (value + molchanov(log_alpha)).abs() < 0.01,
            "ln alpha = {log_alpha}: {value}, and {} by the fit",
            -molchanov(log_alpha)
        );
        before = value;
    }
    // by as much as draws of ln q - ln p fall on the way
    let draws = 40_000;
    let mut uniform = uniforms(3);
    let mut noise = || distribution::Normal.sample(&[0.0, 1.0], &mut uniform);
    let noise: Vec<f64> = (0..draws).map(|_| noise()).collect();
    let divergence = |loc: f64| {
        let at =
            |&e: &f64| -0.5 * e * e - crate::tensor::math::HALF_LN_TWO_PI + (loc + e).abs().ln();
        noise.iter().map(at).sum::<f64>() / f64::from(draws)
    };
    let exact = |loc: f64| run::<f64>(&NormalLogUniform, [&[loc], &[1.0], &[]], &[]).value;
    let (near, far) = (0.2, 5.0);
    let fall = divergence(far) - divergence(near);
    assert!(
        (fall - (exact(far) - exact(near))).abs() < 0.03,
        "{fall} for {}",
        exact(far) - exact(near)
    );
}

/// torch-uncertainty's sampler adds ½ to ln q and not to ln p, so that its divergence is off by ½ a weight;
/// bayesian-torch takes a mean over a tensor's entries where a sum belongs; PyTorch-BayesianCNN has prior
/// and posterior the wrong way round.
#[test]
fn the_divergence_is_a_sum_from_the_posterior_to_the_prior() {
    let [loc, scale] = [[0.0, 0.5, -1.0], [1.0, 0.25, 2.0]];
    let got = run::<f64>(&NormalNormal, [&loc, &scale, &[]], &[0.0, 1.0]).value;
    let each = |m: f64, s: f64| -s.ln() + 0.5 * (s * s + m * m) - 0.5;
    let sum: f64 = loc.iter().zip(&scale).map(|(m, s)| each(*m, *s)).sum();
    assert_close(got, sum, 1e-14, "sum");
    assert_eq!(each(0.0, 1.0), 0.0);
    // reversed, a narrow posterior would cost ½/s²
    let narrow = run::<f64>(&NormalNormal, [&[0.0], &[1e-3], &[]], &[0.0, 1.0]).value;
    assert_close(narrow, 1e3f64.ln() - 0.5, 1e-6, "narrow");
}

/// Values of TensorFlow Probability 0.25 for its own layers' kernels, with these patterns for loc and
/// scale (`oracles/tfp_kl.json`, which says so too).
#[test]
fn values_of_tensorflow_probability() {
    let folder = std::env::var("BNNC_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into());
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
        let term = closed_form(&crate::distribution::Normal).unwrap();
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
