//! Likelihoods from data to scores: numbers drawn from a known distribution, a run on them, its predictions.

use crate::cli::Place;
use bnnc::distribution;
use bnnc::likelihood::{self, Rows, Targets};
use serde_json::Value;

/// Independent numbers in (0, 1), by splitmix64.
fn uniforms(mut state: u64) -> impl FnMut() -> f64 {
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((z >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
}

/// A count, by the times between its events.
fn poisson(rate: f64, uniform: &mut dyn FnMut() -> f64) -> f64 {
    let (mut time, mut count) = (-uniform().ln(), 0.0);
    while time < rate {
        time -= uniform().ln();
        count += 1.0;
    }
    count
}

/// A draw from the distribution that a likelihood is called after, with its arguments.
fn draw(name: &str, arguments: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64 {
    match (name, arguments) {
        ("Poisson", [log_rate]) => poisson(log_rate.exp(), uniform),
        ("ZeroInflatedPoisson", [gate, log_rate]) => {
            let gate = 1.0 / (1.0 + (-gate).exp());
            let is_open = uniform() >= gate;
            let count = poisson(log_rate.exp(), uniform);
            if is_open { count } else { 0.0 }
        }
        ("NegativeBinomial", [log_mean, r]) => {
            let gamma = distribution::find("Gamma").unwrap();
            let rate = gamma.sample(&[*r, r / log_mean.exp()], uniform);
            poisson(rate, uniform)
        }
        ("Binomial", [trials, logits]) => {
            let p = 1.0 / (1.0 + (-logits).exp());
            (0..*trials as usize)
                .map(|_| f64::from(u8::from(uniform() < p)))
                .sum()
        }
        _ => distribution::find(name).unwrap().sample(arguments, uniform),
    }
}

/// −ln p(y), by the registry.
fn nll(name: &str, arguments: &[f64], y: f64) -> f64 {
    let rows: Vec<Rows<f64>> = arguments
        .chunks(1)
        .map(|values| Rows {
            values,
            stride: 0,
            step: 0,
        })
        .collect();
    let mut nll = [0.0];
    let likelihood = likelihood::find(name).unwrap();
    likelihood.nll_only(&rows, Targets::Reals(&[y]), &mut nll);
    nll[0]
}

/// Writes `m.bnn` and `t.csv`: y of the likelihood `call` with the arguments that `truth` makes of a + b·x.
/// Returns the mean of −ln p(y) under the truth.
fn write(place: &Place, target: &str, call: &str, truth: &dyn Fn(f64) -> Vec<f64>) -> f64 {
    let model = format!(
        "model m\ninput x: real[1]\ntarget y: {target}\ndefault {{ prior = Normal(0, 1) }}\n\
         network {{ f = dense(1) }}\nobserve y ~ {call}\nobjective elbo\n"
    );
    let name = call.split('(').next().unwrap();
    let mut uniform = uniforms(11);
    let (mut table, mut total) = ("x,y\n".to_string(), 0.0);
    const EXAMPLES: usize = 500;
    for _ in 0..EXAMPLES {
        let x = 2.0 * uniform() - 1.0;
        let arguments = truth(0.7 + 0.9 * x);
        let y = draw(name, &arguments, &mut uniform);
        total += nll(name, &arguments, y);
        table += &format!("{x},{y}\n");
    }
    std::fs::write(place.path("m.bnn"), model).unwrap();
    std::fs::write(place.path("t.csv"), table).unwrap();
    total / EXAMPLES as f64
}

/// Every likelihood of numbers comes within a few hundredths of the nll of the truth, and its intervals cover.
#[test]
fn runs_find_the_distribution_that_data_are_drawn_from() {
    type Truth = fn(f64) -> Vec<f64>;
    let cases: [(&str, &str, Truth); 11] = [
        ("real", "Laplace(loc = f, scale = learned(0.5))", |f| {
            vec![f, 0.4]
        }),
        (
            "real",
            "StudentT(df = 4, loc = f, scale = learned(0.5))",
            |f| vec![4.0, f, 0.3],
        ),
        ("real", "Cauchy(loc = f, scale = learned(0.5))", |f| {
            vec![f, 0.2]
        }),
        ("real", "LogNormal(loc = f, scale = learned(0.5))", |f| {
            vec![f, 0.6]
        }),
        (
            "real",
            "Gamma(concentration = learned(1), rate = softplus(f))",
            |f| vec![2.5, f.exp().ln_1p()],
        ),
        (
            "real",
            "InverseGamma(concentration = learned(2), scale = softplus(f))",
            |f| vec![3.5, f.exp().ln_1p()],
        ),
        ("real", "Exponential(rate = softplus(f))", |f| {
            vec![f.exp().ln_1p()]
        }),
        ("count", "Poisson(log_rate = f)", |f| vec![f]),
        (
            "count",
            "NegativeBinomial(log_mean = f, concentration = learned(1))",
            |f| vec![f + 1.0, 2.0],
        ),
        ("count", "Binomial(trials = 12, logits = f)", |f| {
            vec![12.0, f]
        }),
        (
            "count",
            "ZeroInflatedPoisson(gate_logits = learned(0), log_rate = f)",
            |f| vec![-0.5, f + 0.5],
        ),
    ];
    let place = Place::new();
    for (index, (target, call, truth)) in cases.iter().enumerate() {
        let expected = write(&place, target, call, truth);
        let said = place.ok("check m.bnn --data t.csv");
        assert!(said.contains(call.split('(').next().unwrap()), "{said}");
        place.ok(&format!(
            "train m.bnn --data t.csv --epochs 80 --batch-size 50 --learning-rate 0.05 --out run{index}"
        ));
        let said = place.ok(&format!("evaluate run{index} --samples 20 --format json"));
        let scores: Value = serde_json::from_str(&said).unwrap();
        let found = scores["nll"].as_f64().unwrap();
        assert!(
            (found - expected).abs() < 0.04,
            "{call}: {found}, {expected}"
        );
        let covered = scores["coverage"][1]["covered"].as_f64().unwrap();
        // Intervals of counts cover more than they have to.
        let most = if *target == "count" { 0.99 } else { 0.935 };
        assert!((0.86..most).contains(&covered), "{call}: {covered}");

        place.ok(&format!("predict run{index} --samples 20 --out p.csv"));
        let table = std::fs::read_to_string(place.path("p.csv")).unwrap();
        let density = if *target == "count" {
            "log_probability"
        } else {
            "log_density"
        };
        let columns = "row,target,mean,std,aleatoric_std,epistemic_std,q05,q50,q95";
        assert_eq!(
            table.lines().next().unwrap(),
            format!("{columns},{density}")
        );
        let numbers: Vec<f64> = (table.lines().nth(1).unwrap().split(','))
            .map(|cell| cell.parse().unwrap())
            .collect();
        assert!(
            numbers[6] <= numbers[7] && numbers[7] <= numbers[8],
            "{call}: {numbers:?}"
        );
        if *target == "count" {
            assert!(
                numbers[6..9].iter().all(|q| q.fract() == 0.0),
                "{numbers:?}"
            );
        }
    }
}

#[test]
fn targets_outside_of_a_distribution_are_refused() {
    let place = Place::new();
    for (target, call, value, told) in [
        (
            "count",
            "Poisson(log_rate = f)",
            "-1",
            "expected a whole number from 0 to 16777216, row 1 (the first being 0) has -1",
        ),
        (
            "count",
            "Poisson(log_rate = f)",
            "2.5",
            "the targets are no whole numbers: a measurement is a `target` of `real`",
        ),
        (
            "count",
            "Binomial(trials = 3, logits = f)",
            "4",
            "expected a whole number from 0 to 3, the `trials`, row 1 (the first being 0) has 4",
        ),
        (
            "real",
            "Gamma(concentration = 2, rate = softplus(f))",
            "0",
            "expected a number above 0, row 1 (the first being 0) has 0",
        ),
    ] {
        write(&place, target, call, &|_| match target {
            "count" => vec![3.0, 0.0][..call.matches('=').count()].to_vec(),
            _ => vec![2.0, 1.0],
        });
        let table = std::fs::read_to_string(place.path("t.csv")).unwrap();
        let mut lines: Vec<&str> = table.lines().collect();
        let bad = format!("0.1,{value}");
        lines[2] = &bad;
        std::fs::write(place.path("t.csv"), lines.join("\n")).unwrap();
        let said = place.refused("train m.bnn --data t.csv --epochs 1 --out run");
        assert!(said.contains("E0509") && said.contains(told), "{said}");
    }
}

/// Classes in order: a run finds eta and the cutpoints that the data are drawn from, and predicts classes.
#[test]
fn ordered_classes_are_found_with_their_cutpoints() {
    let place = Place::new();
    let model = |cutpoints: &str, latents: &str| {
        format!(
            "model m\ninput x: real[1]\ntarget y: category[4]\n{latents}\n\
             default {{ prior = Normal(0, 2) }}\nnetwork {{ f = dense(1, bias = none) }}\n\
             observe y ~ OrderedLogistic(eta = f, cutpoints = {cutpoints})\nobjective elbo\n"
        )
    };
    let truth = [-1.0, 0.4, 2.0];
    let mut uniform = uniforms(5);
    let (mut table, mut total) = ("x,y\n".to_string(), 0.0);
    const EXAMPLES: usize = 600;
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    for _ in 0..EXAMPLES {
        let x = 4.0 * uniform() - 2.0;
        let eta = 1.5 * x;
        let u = uniform();
        let below = |c: f64| sigmoid(c - eta);
        let y = truth.iter().filter(|c| below(**c) < u).count();
        let ends = [-1e9, truth[0], truth[1], truth[2], 1e9];
        total -= (below(ends[y + 1]) - below(ends[y])).ln();
        // The names of the classes say their order.
        table += &format!("{x},{}\n", ["0", "1", "2", "3"][y]);
    }
    std::fs::write(place.path("t.csv"), table).unwrap();
    let latents = "latent c ~ Normal(0, 2)\nlatent d ~ HalfNormal(2)\nlatent e ~ HalfNormal(2)";
    for (run, cutpoints, latents) in [
        ("learned", "learned(0)", ""),
        ("latent", "[c, c + d, c + d + e]", latents),
    ] {
        std::fs::write(place.path("m.bnn"), model(cutpoints, latents)).unwrap();
        let said = place.ok("check m.bnn --data t.csv --emit ir");
        assert!(said.contains("cutpoints"), "{said}");
        place.ok(&format!(
            "train m.bnn --data t.csv --epochs 100 --batch-size 50 --learning-rate 0.05 --out {run}"
        ));
        let said = place.ok(&format!("evaluate {run} --samples 20 --format json"));
        let scores: Value = serde_json::from_str(&said).unwrap();
        let (found, expected) = (scores["nll"].as_f64().unwrap(), total / EXAMPLES as f64);
        assert!(
            (found - expected).abs() < 0.02,
            "{run}: {found}, {expected}"
        );
        assert!(scores["accuracy"].as_f64().unwrap() > 0.45, "{said}");
        place.ok(&format!("predict {run} --samples 20 --out p.csv"));
        let written = std::fs::read_to_string(place.path("p.csv")).unwrap();
        assert!(
            written.starts_with("row,target,probability_0,"),
            "{written}"
        );
    }
    let explained = place.ok("explain learned");
    assert!(explained.contains("cutpoints"), "{explained}");
    for (cutpoints, code, what) in [
        ("[0, -1, 2]", "E0408", "ascending order"),
        (
            "[learned(-1), learned(0), learned(1)]",
            "E0408",
            "learned([-1, 0, 1])",
        ),
        ("learned([0, -1, 2])", "E0207", "ascending order"),
        ("learned([0, 1])", "E0206", "3 numbers"),
        ("0.5", "E0206", "learned(0)"),
        ("f", "E0206", "all examples share"),
        ("[0, 1]", "E0206", "3: one for each"),
    ] {
        std::fs::write(place.path("m.bnn"), model(cutpoints, "")).unwrap();
        let said = place.refused("check m.bnn");
        assert!(
            said.contains(code) && said.contains(what),
            "{cutpoints}: {said}"
        );
    }
}

/// Two modes, of which a normal noise has the middle.
#[test]
fn a_mixture_finds_both_modes() {
    let place = Place::new();
    let mut uniform = uniforms(3);
    let (mut table, mut total) = ("x,y\n".to_string(), 0.0);
    const EXAMPLES: usize = 400;
    let density = |y: f64, loc: f64| {
        (-0.5 * ((y - loc) / 0.2).powi(2)).exp() / (0.2 * std::f64::consts::TAU.sqrt())
    };
    for _ in 0..EXAMPLES {
        let x = 2.0 * uniform() - 1.0;
        let normal = distribution::find("Normal").unwrap();
        let loc = if uniform() < 0.3 {
            1.0 + x
        } else {
            -1.0 + 0.5 * x
        };
        let y = normal.sample(&[loc, 0.2], &mut uniform);
        total -= (0.3 * density(y, 1.0 + x) + 0.7 * density(y, -1.0 + 0.5 * x)).ln();
        table += &format!("{x},{y}\n");
    }
    std::fs::write(place.path("t.csv"), table).unwrap();
    let model = |observe: &str| {
        format!(
            "model m\ninput x: real[1]\ntarget y: real\ndefault {{ prior = Normal(0, 2) }}\n\
             network {{ out = dense(6) }}\nobserve y ~ {observe}\nobjective elbo\n"
        )
    };
    let mixture = "MixtureNormal(logits = out[0:2], loc = out[2:4], scale = softplus(out[4:6]))";
    std::fs::write(place.path("m.bnn"), model(mixture)).unwrap();
    place
        .ok("train m.bnn --data t.csv --epochs 200 --batch-size 50 --learning-rate 0.05 --out run");
    let said = place.ok("evaluate run --samples 20 --format json");
    let scores: Value = serde_json::from_str(&said).unwrap();
    let (found, expected) = (scores["nll"].as_f64().unwrap(), total / EXAMPLES as f64);
    assert!(
        (found - expected).abs() < 0.1,
        "{found}, {expected}: {said}"
    );
    let covered = scores["coverage"][1]["covered"].as_f64().unwrap();
    assert!((0.85..0.95).contains(&covered), "{said}");
    let explained = place.ok("explain run");
    assert!(explained.contains("softmax"), "{explained}");
    for (observe, code, what) in [
        (
            "MixtureNormal(logits = out[0:2], loc = out[2:6], scale = 1)",
            "E0305",
            "2 components each",
        ),
        (
            "MixtureNormal(logits = 0, loc = out, scale = 1)",
            "E0206",
            "a number for each component",
        ),
        (
            "MixtureNormal(logits = out[0:2], loc = out[2:4], scale = out[4:6])",
            "E0408",
            "softplus",
        ),
    ] {
        std::fs::write(place.path("m.bnn"), model(observe)).unwrap();
        let said = place.refused("check m.bnn");
        assert!(
            said.contains(code) && said.contains(what),
            "{observe}: {said}"
        );
    }
}
