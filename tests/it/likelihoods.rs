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
    let cases: [(&str, &str, Truth); 10] = [
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
