//! What an argument of a likelihood can say: numbers for each entry of a target, slices of a value, exp.

use crate::cli::Place;
use crate::support::{Examples, draw, plan, step};
use bnnc::exec::Interpreter;
use bnnc::plan::Plan;
use std::fmt::Write;

/// A network of one layer without random weights.
fn linear(width: usize, observe: &str) -> String {
    format!(
        "model m\ninput x: real[3]\ntarget y: real[2]\ndefault {{ posterior = deterministic }}\n\
         network {{ out = dense({width}) }}\nobserve y ~ {observe}\nobjective elbo\n"
    )
}

/// The entries of a variable.
fn variable(plan: &Plan, values: &[f64], name: &str) -> Vec<f64> {
    let mut all = plan.variables.iter();
    let found = all.find(|variable| variable.name == name);
    values[found.unwrap_or_else(|| panic!("no {name}")).range.clone()].to_vec()
}

/// −ln of normal densities, each number by its formula, for the outputs of a layer with these variables.
#[test]
fn the_nll_is_that_of_the_numbers_that_each_entry_has() {
    type Scales = fn(&[f64], &dyn Fn(&str) -> Vec<f64>) -> [f64; 2];
    let cases: [(usize, &str, Scales); 7] = [
        (2, "Normal(out, learned(0.4))", |_, learned| {
            let rho = learned("y.scale.rho");
            [rho[0], rho[1]].map(|x| x.exp().ln_1p())
        }),
        (2, "Normal(out, learned([0.4, 3]))", |_, _| [0.4, 3.0]),
        (2, "Normal(out, learned(0.4, shared))", |_, _| [0.4, 0.4]),
        (2, "Normal(out, [0.7, 2 * learned(0.4)])", |_, learned| {
            [0.7, 2.0 * learned("y.scale.1.rho")[0].exp().ln_1p()]
        }),
        (4, "Normal(out[0:2], softplus(out[2:4]))", |out, _| {
            [out[2], out[3]].map(|x| x.exp().ln_1p())
        }),
        (4, "Normal(out[:2], exp(out[2:]))", |out, _| {
            [out[2].exp(), out[3].exp()]
        }),
        (3, "Normal(out[0:2], exp(out[1:3]))", |out, _| {
            [out[1].exp(), out[2].exp()]
        }),
    ];
    for (width, observe, scales) in cases {
        let examples = Examples::<f64>::new(5, 3, 0, 2);
        let plan = plan(&linear(width, observe));
        let mut interpreter = Interpreter::<f64>::new(plan.clone(), examples.len);
        interpreter.initialize(5);
        let found = step(&mut interpreter, &examples, &draw(3, 9), 5).loss;
        let values = interpreter.variables().to_vec();
        let of = |name: &str| variable(&plan, &values, name);
        let (kernel, bias) = (of("out.kernel.loc"), of("out.bias.loc"));
        let mut expected = 0.0;
        for n in 0..examples.len {
            let x = &examples.inputs[3 * n..][..3];
            let out =
                |j: usize| bias[j] + (0..3).map(|i| x[i] * kernel[i * width + j]).sum::<f64>();
            let out: Vec<f64> = (0..width).map(out).collect();
            for (k, scale) in scales(&out, &of).into_iter().enumerate() {
                let z = (examples.reals[2 * n + k] - out[k]) / scale;
                let constant = 0.5 * std::f64::consts::TAU.ln();
                expected += (0.5 * z * z + scale.ln() + constant) / examples.len as f64;
            }
        }
        assert!(
            (found - expected).abs() < 1e-12,
            "{observe}: {found}, {expected}"
        );
    }
}

/// The names and shapes of the numbers that are learned.
#[test]
fn a_learned_number_is_one_for_each_entry_unless_it_is_shared() {
    for (observe, expected) in [
        ("Normal(out, learned(0.4))", vec![("y.scale.rho", "[2]")]),
        (
            "Normal(out, learned(0.4, shared))",
            vec![("y.scale.rho", "[]")],
        ),
        (
            "Normal(out, [learned(0.4), learned(0.5)])",
            vec![("y.scale.0.rho", "[]"), ("y.scale.1.rho", "[]")],
        ),
        (
            "Normal(out, learned(1) * learned(0.5, shared))",
            vec![("y.scale.rho", "[2]"), ("y.scale.2.rho", "[]")],
        ),
    ] {
        let plan = plan(&linear(2, observe));
        let learned = plan.variables.iter().filter(|v| v.name.starts_with("y."));
        let learned: Vec<(&str, String)> = learned
            .map(|v| (v.name.as_str(), v.shape.to_string()))
            .collect();
        let expected: Vec<(&str, String)> = expected
            .iter()
            .map(|(name, shape)| (*name, shape.to_string()))
            .collect();
        assert_eq!(learned, expected, "{observe}");
    }
}

/// A value's whole slice is the value, and a slice is what its entries are.
#[test]
fn slices_are_half_open_and_either_end_may_be_left_out() {
    let loss = |observe: &str| {
        let examples = Examples::<f64>::new(5, 3, 0, 2);
        let mut interpreter = Interpreter::<f64>::new(plan(&linear(4, observe)), 5);
        interpreter.initialize(5);
        step(&mut interpreter, &examples, &draw(3, 9), 5).loss
    };
    let whole = loss("Normal(out[0:2], exp(out[2:4]))");
    assert_eq!(whole, loss("Normal(out[:2], exp(out[2:]))"));
    assert_eq!(whole, loss("Normal(out[0:4][0:2], exp(out[1:4][1:]))"));
    assert_ne!(whole, loss("Normal(out[1:3], exp(out[2:4]))"));
}

/// Two targets of very different noise.
fn write_two_noises(place: &Place, scale: &str) {
    let model = format!(
        "model two\ninput x: real[2]\ntarget y: real[2]\ndefault {{ prior = Normal(0, 1 / sqrt(fan_in)) }}\n\
         network {{ f = dense(2) }}\nobserve y ~ Normal(loc = f, scale = {scale})\nobjective elbo\n"
    );
    std::fs::write(place.path("two.bnn"), model).unwrap();
    let mut state = 0.5f64;
    // Uniform numbers of variance 1, by the logistic map's invariant measure.
    let mut noise = || {
        state = 3.999_999 * state * (1.0 - state);
        ((2.0 * state - 1.0).asin() / std::f64::consts::FRAC_PI_2) * 3f64.sqrt()
    };
    let mut table = String::from("a,b,quiet,loud\n");
    for i in 0..400 {
        let (a, b) = ((0.7 * f64::from(i)).sin(), (1.3 * f64::from(i)).cos());
        let (quiet, loud) = (a + b + 0.03 * noise(), a - b + noise());
        writeln!(table, "{a},{b},{quiet},{loud}").unwrap();
    }
    std::fs::write(place.path("two.csv"), table).unwrap();
}

fn coverage_by_entry(place: &Place, run: &str) -> Vec<f64> {
    let said = place.ok(&format!("evaluate {run} --format json"));
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let all = said["coverage_by_entry"].as_array().unwrap().iter();
    all.map(|share| share.as_f64().unwrap()).collect()
}

#[test]
fn intervals_cover_each_of_two_targets_of_different_noise() {
    let place = Place::new();
    let train = "train two.bnn --data two.csv --target quiet,loud --epochs 150 --batch-size 50 \
                 --learning-rate 0.02";
    write_two_noises(&place, "learned(0.5)");
    place.ok(&format!("{train} --out each"));
    for share in coverage_by_entry(&place, "each") {
        assert!((0.82..0.98).contains(&share), "{share} of 0.9");
    }
    let said = place.ok("evaluate each");
    assert!(said.contains("in the 90 % interval, of quiet"), "{said}");
    // Predictions have the noise of each: 0.03 and 1.
    place.ok("predict each --data two.csv --out p.csv");
    let text = std::fs::read_to_string(place.path("p.csv")).unwrap();
    let mut lines = text.lines();
    let mut header = lines.next().unwrap().split(',');
    let first = header
        .position(|name| name == "aleatoric_std_quiet")
        .unwrap();
    let row: Vec<f64> = lines
        .next()
        .unwrap()
        .split(',')
        .map(|x| x.parse().unwrap())
        .collect();
    assert!((row[first] - 0.03).abs() < 0.01, "{}", row[first]);
    assert!((row[first + 1] - 1.0).abs() < 0.1, "{}", row[first + 1]);
    // One noise for both is too wide for one and too narrow for the other.
    write_two_noises(&place, "learned(0.5, shared)");
    place.ok(&format!("{train} --out shared"));
    let [quiet, loud] = coverage_by_entry(&place, "shared")[..] else {
        panic!("two targets")
    };
    assert!(quiet > 0.98 && loud < 0.9, "{quiet} {loud}");
}
