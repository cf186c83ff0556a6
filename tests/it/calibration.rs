//! `--temperature` and `--conformal`: fitted on what a run set aside, they do to predictions what their page says.

use crate::cli::Place;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const CLASSES: &str = "model kinds
input x: real[2]
target kind: category[3]
default { posterior = deterministic }
network {
  dense(60)
  relu
  dense(60)
  relu
  logits = dense(3)
}
observe kind ~ Categorical(logits = logits)
objective elbo
";

/// A folder with a run `kinds` on classes that no one can tell well, which it is far too sure of, and a run `line` on
/// numbers; each with rows set aside and rows held out.
fn place() -> Place {
    let place = Place::new();
    std::fs::write(place.path("kinds.bnn"), CLASSES).unwrap();
    let (mut rows, mut numbers) = (String::from("a,b,kind\n"), String::from("a,b,y\n"));
    let mut state = 5u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    for _ in 0..900 {
        let (a, b, u) = (uniform(), uniform(), uniform());
        let kind = match (u < 0.4, a > b) {
            (true, _) => ["low", "middle", "high"][(u * 7.5) as usize],
            (false, true) => "high",
            (false, false) => "low",
        };
        writeln!(rows, "{a},{b},{kind}").unwrap();
        let noise = (1.0 + 9.0 * a) * (uniform() + uniform() + uniform() - 1.5);
        writeln!(numbers, "{a},{b},{}", 10.0 * b + noise).unwrap();
    }
    std::fs::write(place.path("k.csv"), rows).unwrap();
    std::fs::write(place.path("n.csv"), numbers).unwrap();
    let parts = "--validation 300 --test 300 --seed 2 --batch-size 30 --learning-rate 0.02";
    place.ok(&format!(
        "train kinds.bnn --data k.csv {parts} --epochs 60 --out kinds"
    ));
    place.ok(&format!(
        "train line.bnn --data n.csv {parts} --epochs 20 --out line"
    ));
    place
}

fn table(place: &Place, name: &str) -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(place.path(name)).unwrap();
    let mut lines = text
        .lines()
        .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let names = lines.next().unwrap();
    let rows: Vec<Vec<String>> = lines.collect();
    let column = |k: usize| rows.iter().map(|row| row[k].clone()).collect();
    names
        .into_iter()
        .enumerate()
        .map(|(k, name)| (name, column(k)))
        .collect()
}

fn numbers(table: &BTreeMap<String, Vec<String>>, name: &str) -> Vec<f64> {
    table[name]
        .iter()
        .map(|cell| cell.parse().unwrap())
        .collect()
}

fn json(place: &Place, arguments: &str) -> Value {
    serde_json::from_str(&place.ok(&format!("{arguments} --format json"))).unwrap()
}

const CLASS_NAMES: [&str; 3] = ["high", "low", "middle"];

#[test]
fn a_temperature_and_sets_of_classes() {
    let place = place();
    let plain = json(&place, "evaluate kinds");
    let found = json(&place, "evaluate kinds --temperature --conformal 0.8");
    let calibration = &found["calibrated"];
    let t = calibration["temperature"]["value"].as_f64().unwrap();
    assert!(t > 1.2, "{t}");
    let nll = |of: &Value| of["nll"].as_f64().unwrap();
    assert!(
        nll(&found) < nll(&plain) - 0.02,
        "{} and {}",
        nll(&found),
        nll(&plain)
    );
    // What is of the draws is without the temperature.
    for name in ["accuracy", "aleatoric_entropy", "mutual_information"] {
        assert_eq!(found[name], plain[name], "{name}");
    }
    place.ok("predict kinds --out plain.csv");
    place.ok("predict kinds --temperature --conformal 0.8 --out at.csv");
    let (plain, at) = (table(&place, "plain.csv"), table(&place, "at.csv"));
    let columns = |of| CLASS_NAMES.map(|class| numbers(of, &format!("probability_{class}")));
    let (before, after) = (columns(&plain), columns(&at));
    let q = calibration["conformal"]["quantiles"][0].as_f64().unwrap();
    let sets = CLASS_NAMES.map(|class| numbers(&at, &format!("in_set_{class}")));
    let (sizes, mut held, mut nll_at) = (numbers(&at, "set_size"), 0, 0.0);
    for row in 0..300 {
        let powers = [0, 1, 2].map(|k| before[k][row].powf(1.0 / t));
        for k in 0..3 {
            let expected = powers[k] / powers.iter().sum::<f64>();
            assert!((after[k][row] - expected).abs() < 1e-9);
            let is_in = 1.0 - after[k][row] <= q + 1e-12;
            assert_eq!(sets[k][row] == 1.0, is_in, "{} and {q}", after[k][row]);
        }
        assert_eq!(sizes[row], sets.iter().map(|set| set[row]).sum::<f64>());
        let label = CLASS_NAMES
            .iter()
            .position(|class| *class == at["target"][row])
            .unwrap();
        held += usize::from(sets[label][row] == 1.0);
        nll_at -= after[label][row].ln() / 300.0;
    }
    assert!((nll_at - nll(&found)).abs() < 1e-6, "{nll_at}");
    let covered = held as f64 / 300.0;
    assert_eq!(
        calibration["conformal"]["covered"][0].as_f64().unwrap(),
        covered
    );
    // Four standard errors of both parts.
    assert!(
        (covered - 0.8).abs() < 4.0 * (0.16f64 / 300.0 * 2.0).sqrt(),
        "{covered}"
    );
    let said = place.ok("evaluate kinds --temperature --conformal 0.8");
    for told in [
        "temperature",
        "fitted on 300 validation examples",
        "split conformal",
        "Sadinle",
        "do not add up to entropy",
    ] {
        assert!(said.contains(told), "{told}\n{said}");
    }
}

/// A binary target's sets are called by its classes, as its other columns are.
#[test]
fn sets_of_a_binary_target_have_the_names_of_its_classes() {
    let place = Place::new();
    let model = "model m\ninput x: real[1]\ntarget y: binary\nnetwork { f = dense(1) }\n\
                 observe y ~ Bernoulli(logits = f)\nobjective elbo\n";
    std::fs::write(place.path("b.bnn"), model).unwrap();
    let row = |i: usize| format!("{i},{}\n", ["no", "yes"][usize::from(i * 7 % 60 > 30)]);
    let rows: String = (0..60).map(row).collect();
    std::fs::write(place.path("b.csv"), format!("a,y\n{rows}")).unwrap();
    place.ok("train b.bnn --data b.csv --validation 20 --batch-size 20 --epochs 2 --out b");
    place.ok("predict b --conformal 0.8 --out b_p.csv");
    let found = table(&place, "b_p.csv");
    let sets = ["in_set_no", "in_set_yes", "set_size"].map(|name| numbers(&found, name));
    let sums = sets[0].iter().zip(&sets[1]).map(|(no, yes)| no + yes);
    assert_eq!(sums.collect::<Vec<_>>(), sets[2]);
    assert!(!found.contains_key("in_set_0"));
    let text = std::fs::read_to_string(place.path("b_p.csv")).unwrap();
    assert_eq!(
        text.lines().next().unwrap().matches("probability").count(),
        1
    );
}

#[test]
fn intervals_of_numbers() {
    let place = place();
    // However low the level: the interval of the least score.
    place.ok("predict line --conformal 1e-12 --out least.csv");
    let found = json(&place, "evaluate line --conformal 0.9");
    let conformal = &found["calibrated"]["conformal"];
    place.ok("predict line --conformal 0.9 --out intervals.csv");
    let all = table(&place, "intervals.csv");
    let [mean, std, low, high, target] =
        ["mean", "std", "conformal_low", "conformal_high", "target"]
            .map(|name| numbers(&all, name));
    let q = conformal["quantiles"][0].as_f64().unwrap();
    let mut held = 0;
    for row in 0..300 {
        assert!((low[row] - (mean[row] - q * std[row])).abs() < 1e-9);
        assert!((high[row] - (mean[row] + q * std[row])).abs() < 1e-9);
        held += usize::from((low[row]..=high[row]).contains(&target[row]));
    }
    let covered = held as f64 / 300.0;
    assert_eq!(conformal["covered"][0].as_f64().unwrap(), covered);
    assert!(
        (covered - 0.9).abs() < 4.0 * (0.09f64 / 300.0 * 2.0).sqrt(),
        "{covered}"
    );
}

#[test]
fn what_cannot_be_calibrated_is_refused() {
    let place = Place::new();
    let train = "train line.bnn --data t.csv --batch-size 10 --epochs 1";
    place.ok(&format!("{train} --out none"));
    place.ok(&format!("{train} --validation 8 --out few"));
    for (arguments, told) in [
        (
            "evaluate few --conformal 0.5",
            "not judged by the validation part",
        ),
        (
            "evaluate none --conformal 0.9",
            "train with `--validation 0.1`",
        ),
        (
            "predict none --conformal 0.9 --out p.csv",
            "train with `--validation 0.1`",
        ),
        (
            "evaluate few --temperature --split train",
            "this run predicts numbers",
        ),
        (
            "evaluate few --conformal 0.9 --split train",
            "sets of 0.9 need at least 9 examples",
        ),
    ] {
        let text = place.refused(arguments);
        assert!(
            text.contains("E0603") && text.contains(told),
            "{arguments}\n{text}"
        );
    }
    assert!(!place.path("p.csv").exists());
}
