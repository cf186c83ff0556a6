//! What commands say of a loss, of a run's settings and of mistakes: that it is what is computed.

use crate::cli::{MODEL, Place};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn model(place: &Place, name: &str, edits: &[(&str, &str)]) {
    let text = edits
        .iter()
        .fold(MODEL.to_owned(), |text, (from, to)| text.replace(from, to));
    std::fs::write(place.path(name), text).unwrap();
}

#[test]
fn a_tempered_run_is_told_its_true_elbo() {
    let place = Place::new();
    let cold = ("objective elbo", "objective elbo { temperature = 0.1 }");
    model(&place, "cold.bnn", &[cold]);
    let said = place.ok("train cold.bnn --data t.csv --epochs 1 --batch-size 20 --out run");
    assert!(
        said.contains("T·kl/N") && !said.contains("loss       -ELBO"),
        "{said}"
    );
    let elbo = json(&place.ok("evaluate run --samples 2 --format json"))["elbo"].take();
    let kl = |terms: &Value| {
        let terms = terms.as_array().unwrap().iter().skip(1);
        terms.map(|t| t["scaled"].as_f64().unwrap()).sum::<f64>()
    };
    let (whole, tempered) = (kl(&elbo["terms"]), kl(&elbo["objective"]["terms"]));
    assert!((tempered / whole - 0.1).abs() < 1e-12, "{elbo:#}");
    let loss = |v: &Value| v["loss"].as_f64().unwrap();
    assert!((loss(&elbo) - loss(&elbo["objective"]) - 0.9 * whole).abs() < 1e-9);
    let said = place.ok("evaluate run --samples 2");
    assert!(said.contains("\n-ELBO / N = "), "{said}");
    assert!(said.contains("\nobjective minimised = "), "{said}");
    let metrics = std::fs::read_to_string(place.path("run/metrics.jsonl")).unwrap();
    assert_eq!(json(metrics.lines().last().unwrap())["lambda"], 0.1);
}

/// Two numbers, two names: of averaged probabilities, and averaged over draws. And coverage with what it means.
#[test]
fn evaluate_tells_the_nlls_apart_and_says_what_coverage_means() {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --epochs 1 --batch-size 20 --out run");
    let scores = json(&place.ok("evaluate run --samples 5 --format json"));
    let term = &scores["elbo"]["terms"][0];
    assert_eq!(term["name"], "expected nll");
    let (of_term, expected) = (&term["scaled"], &scores["expected_nll"]);
    let of_term = of_term.as_f64().unwrap();
    assert!((of_term / expected.as_f64().unwrap() - 1.0).abs() < 1e-12);
    let said = place.ok("evaluate run --samples 5");
    for head in ["\nnll  ", "\nexpected nll  ", "\n  expected nll  "] {
        assert!(said.contains(head), "{head:?}: {said}");
    }
    assert!(!said.contains("\n  nll "), "{said}");
    let coverage = scores["coverage"].as_array().unwrap();
    assert_eq!(coverage.len(), 3);
    for one in coverage {
        let number = |key: &str| one[key].as_f64().unwrap();
        let (p, off) = (number("interval"), number("covered") - number("interval"));
        let by_chance = (3.0 * (p * (1.0 - p) / 60.0).sqrt()).max(0.01);
        let verdict = match off {
            off if off > by_chance => "too wide",
            off if off < -by_chance => "too narrow",
            _ => "fits",
        };
        assert_eq!(one["verdict"], verdict, "{one}");
        let line = format!("of targets in the {} % interval: {verdict}", p * 100.0);
        assert!(said.contains(&line), "{line}: {said}");
    }
}

#[test]
fn point_estimates_have_a_penalty_and_no_kl() {
    let place = Place::new();
    let delta = [
        ("posterior = MeanField", "posterior = Delta"),
        (", estimator = reparameterization", ""),
    ];
    model(&place, "map.bnn", &delta);
    let said = place.ok("train map.bnn --data t.csv --epochs 1 --batch-size 20 --out run");
    assert!(
        said.contains("penalty/N") && !said.contains("kl") && !said.contains("ELBO"),
        "{said}"
    );
    let said = place.ok("evaluate run --samples 1");
    assert!(
        said.contains("-(log likelihood + log prior) / N = "),
        "{said}"
    );
    assert!(said.contains("every weight is a point"), "{said}");
}

/// A model in which nothing is random has no KL to show, and its parts are told for what they are.
#[test]
fn a_likelihood_alone_has_no_kl_and_a_held_out_part_no_elbo() {
    let place = Place::new();
    let free = [(
        "prior = Normal(0, 1), posterior = MeanField, estimator = reparameterization",
        "posterior = deterministic",
    )];
    model(&place, "free.bnn", &free);
    let train = "train free.bnn --data t.csv --batch-size 20 --epochs 1 --validation";
    let said = place.ok(&format!("{train} 0.25 --learning-rate 1e-9 --out run"));
    assert!(
        !said.contains("kl/N") && !said.contains("--samples 50"),
        "{said}"
    );
    assert!(
        said.contains("t.csv: N = 45 examples to train on, 15 set aside"),
        "{said}"
    );
    // A step of 1e-9 leaves the network where it started.
    assert!(
        said.contains("\nwarning    the rmse of training examples, 14.6"),
        "{said}"
    );
    let said = place.ok("evaluate run");
    assert!(
        said.contains("predicts once") && said.contains("15 examples that were set aside"),
        "{said}"
    );

    place.ok("train line.bnn --data t.csv --batch-size 20 --epochs 1 --validation 15 --out drawn");
    let said = place.ok("evaluate drawn --samples 2");
    assert!(
        said.contains("validation expected nll + KL/N (not -ELBO / N: the nll is of 15 examples"),
        "{said}"
    );
    let said = place.ok("evaluate drawn --samples 2 --split train");
    assert!(said.contains("\n-ELBO / N = "), "{said}");
}

#[test]
fn check_reads_what_train_would() {
    let place = Place::new();
    model(&place, "wide.bnn", &[("dense(8)", "dense(width)")]);
    let text = std::fs::read_to_string(place.path("wide.bnn")).unwrap();
    let text = text.replace("\ndefault", "\nconst width = 8\n\ndefault");
    std::fs::write(place.path("wide.bnn"), text).unwrap();
    let run_file = "batch_size = 9\n[data]\nname = \"t.csv\"\nvalidation = 0.1\n";
    std::fs::write(place.path("wide.toml"), run_file).unwrap();
    let found = json(&place.ok("check wide.bnn --set width=5 --format json"));
    for (key, value) in [
        ("training_examples", 54),
        ("validation_examples", 6),
        ("batch_size", 9),
    ] {
        assert_eq!(found[key], value, "{key}");
    }
    assert_eq!(
        (&found["set"]["width"], &found["run_file"]),
        (&"5".into(), &"wide.toml".into())
    );
    let said = place.ok("check wide.bnn --set width=5");
    for told in ["  set  width = 5\n", "wide.toml", "6 more set aside"] {
        assert!(said.contains(told), "{told}\n{said}");
    }
    let ir = place.ok("check wide.bnn --set width=5 --emit ir");
    assert!(
        ir.contains("  set  width = 5\n") && ir.contains("6 more are set aside"),
        "{ir}"
    );
    place.ok("train wide.bnn --set width=5 --epochs 1 --out run");
    let of_run = std::fs::read_to_string(place.path("run/ir.txt")).unwrap();
    assert!(of_run.contains("N = 54") && ir.contains("N = 54"));

    std::fs::write(place.path("wide.toml"), "[set]\nwidth = [1]\n").unwrap();
    for command in ["check", "train"] {
        let text = place.refused(&format!("{command} wide.bnn --data t.csv"));
        assert!(
            text.contains("E0602") && text.contains("`width` is a number"),
            "{text}"
        );
    }
}

#[test]
fn mistakes_are_json_where_json_is_asked_for() {
    let place = Place::new();
    model(&place, "typo.bnn", &[("dense(8)", "dens(8)")]);
    for (command, code) in [
        ("check typo.bnn", "E0201"),
        ("check line.bnn --data shapes", "E0507"),
        ("check nowhere.bnn", "E0601"),
        ("evaluate nowhere", "E0604"),
    ] {
        let output = place.bnnc(&format!("{command} --format json"));
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(output.stderr.is_empty());
        let found = json(&String::from_utf8(output.stdout).unwrap());
        assert_eq!(found["errors"][0]["code"], code, "{found:#}");
    }
}

/// What is wrong with the command line itself is said as text, as docs/command-line.md has it.
#[test]
fn a_mistake_in_the_command_line_is_text_on_standard_error() {
    let output = Place::new().bnnc("check line.bnn --batch-sise 3 --format json");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty() && !output.stderr.is_empty());
}

/// Labels that are all the same leave nothing to learn, however well their probability is found.
#[test]
fn labels_that_are_all_the_same_are_told() {
    let place = Place::new();
    let rows: String = (0..60)
        .map(|i| format!("{i}.5,{},1\n", i * 7 % 11))
        .collect();
    std::fs::write(place.path("same.csv"), format!("a,b,y\n{rows}")).unwrap();
    let binary = ("target y: real", "target y: binary");
    let bernoulli = (
        "Normal(loc = f, scale = learned(0.5))",
        "Bernoulli(logits = f)",
    );
    model(&place, "same.bnn", &[binary, bernoulli]);
    let said = place.ok("train same.bnn --data same.csv --epochs 1 --batch-size 20 --out run");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains(
            "for every input, 0.0000: all targets are the same, so that there is nothing to learn"
        ),
        "{said}"
    );
}

#[test]
fn training_warns_of_what_the_run_shows() {
    let place = Place::new();
    for (objective, lint) in [
        ("minibatch = blundell", "blundell-weights-vanish"),
        ("annealing = linear(epochs = 4)", "annealing-never-ends"),
    ] {
        let changed = format!("objective elbo {{ {objective} }}");
        model(&place, "warned.bnn", &[("objective elbo", &changed)]);
        for (epochs, warned) in [(1, true), (4, lint == "blundell-weights-vanish")] {
            let output = place.bnnc(&format!(
                "train warned.bnn --data t.csv --epochs {epochs} --batch-size 1 --out {lint}-{epochs}"
            ));
            let text = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success(), "{text}");
            assert_eq!(text.contains(lint), warned, "{epochs} epochs: {text}");
        }
    }
}

#[test]
fn a_warm_up_longer_than_the_run_is_warned_of() {
    let place = Place::new();
    model(&place, "warm.bnn", &[]);
    std::fs::write(
        place.path("warm.toml"),
        "[schedule]\nname = \"cosine\"\nwarmup_epochs = 2\n",
    )
    .unwrap();
    for (epochs, warned) in [(1, true), (3, false)] {
        let output = place.bnnc(&format!(
            "train warm.bnn --data t.csv --epochs {epochs} --batch-size 1 --out warm-{epochs}"
        ));
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{text}");
        assert_eq!(text.contains("warm-up-never-ends"), warned, "{text}");
    }
}

#[test]
fn a_point_under_a_learned_scale_is_warned_of() {
    for (posterior, prior, warned) in [
        ("Delta", "Normal(0, learned(1))", true),
        ("Delta", "Normal(learned(0), 1)", false),
        ("MeanField", "Normal(0, learned(1))", false),
    ] {
        let text = format!(
            "model m\ninput x: real[2]\ntarget y: real\n\
             default {{ prior = {prior}, posterior = {posterior} }}\n\
             network {{ f = dense(1) }}\nobserve y ~ Normal(f, 1)\nobjective elbo\n"
        );
        let source = bnnc::source::Source {
            name: "m.bnn".into(),
            text,
        };
        let warnings = bnnc::compile::source(source, &[])
            .expect("a model")
            .warnings;
        let found = warnings.iter().any(|w| w.code == "penalty-without-bound");
        assert_eq!(found, warned, "{posterior} under {prior}");
    }
}

/// For estimators that draw for each example of its own, too.
#[test]
fn scores_do_not_depend_on_the_size_of_the_runs_batches() {
    let place = Place::new();
    let mut table = String::from("a,b,y\n");
    for i in 0..300 {
        let x = f64::from(i);
        table += &format!(
            "{},{},{}\n",
            (0.7 * x).sin(),
            (0.3 * x).cos(),
            (0.1 * x).sin()
        );
    }
    std::fs::write(place.path("many.csv"), table).unwrap();
    let held_out: String = (0..290).step_by(2).map(|row| format!("{row}\n")).collect();
    std::fs::write(place.path("test.txt"), held_out).unwrap();
    let described = "file = \"many.csv\"\ntest_rows = \"test.txt\"\n";
    std::fs::write(place.path("many.toml"), described).unwrap();
    for estimator in ["flipout", "local_reparameterization"] {
        let name = format!("{estimator}.bnn");
        model(&place, &name, &[("reparameterization", estimator)]);
        for size in [10, 150] {
            let run = format!("{estimator}-{size}");
            let train =
                format!("train {name} --data many.toml --epochs 1 --batch-size {size} --out {run}");
            let trained = place.ok(&train);
            let evaluated = place.ok(&format!("evaluate {run} --samples 10"));
            let score = |said: &str| {
                // `train` has no interval beside it.
                let line = said.lines().find(|line| line.starts_with("nll   "));
                line.unwrap().split_whitespace().nth(1).unwrap().to_owned()
            };
            assert_eq!(score(&trained), score(&evaluated), "{run}");
        }
    }
    // A held-out row is told by its place in the table.
    place.ok("predict flipout-10 --samples 1 --out p.csv");
    let rows = std::fs::read_to_string(place.path("p.csv")).unwrap();
    let first = |line: &str| line.split(',').next().unwrap().to_owned();
    let rows: Vec<String> = rows.lines().map(first).collect();
    assert_eq!(rows[..4], ["row", "0", "2", "4"]);
}

#[test]
fn a_prediction_names_the_row_of_the_data() {
    let place = Place::new();
    let run_file = "epochs = 1\nbatch_size = 10\n[data]\nname = \"t.csv\"\nvalidation = 6\n";
    std::fs::write(place.path("line.toml"), run_file).unwrap();
    place.ok("train line.bnn --out run");
    let table = std::fs::read_to_string(place.path("t.csv")).unwrap();
    let targets: Vec<&str> = table
        .lines()
        .skip(1)
        .map(|line| line.rsplit(',').next().unwrap())
        .collect();
    let mut seen = vec![];
    for (part, count) in [("validation", 6), ("train", 54)] {
        place.ok(&format!(
            "predict run --split {part} --samples 1 --out p.csv"
        ));
        let rows = std::fs::read_to_string(place.path("p.csv")).unwrap();
        assert_eq!(rows.lines().count(), count + 1);
        for line in rows.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let row: usize = cells[0].parse().unwrap();
            assert_eq!(targets[row].parse::<f64>(), cells[1].parse::<f64>());
            seen.push(row);
        }
    }
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..60));
}

#[test]
fn an_archive_without_targets_is_predicted() {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --epochs 1 --batch-size 20 --out run");
    let x = ("x", &[2, 2][..], &[0.5, 0.1, -0.5, 0.2][..]);
    std::fs::write(place.path("x.npz"), bnnc::data::npz::encode([x]).unwrap()).unwrap();
    place.ok("predict run --data x.npz --samples 2 --out p.csv");
    std::fs::write(place.path("x.csv"), "a,b\n0.5,0.1\n-0.5,0.2\n").unwrap();
    place.ok("predict run --data x.csv --samples 2 --out q.csv");
    let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    assert_eq!(read("p.csv"), read("q.csv"));
    let text = place.refused("evaluate run --data x.npz");
    assert!(text.contains("expected `x` and `y`"), "{text}");
}

/// With the run's scaling the KL is as before and the nll of its targets' own units.
#[test]
fn a_loss_can_take_the_scaling_of_a_run() {
    let place = Place::new();
    place.ok(
        "train line.bnn --data t.csv --epochs 60 --batch-size 20 --learning-rate 0.02 --out run",
    );
    let loss = "loss line.bnn --weights run/checkpoint.safetensors --data t.csv";
    let nll = |flags: &str| {
        let found = json(&place.ok(&format!("{loss} --format json {flags}")));
        found["terms"][0]["scaled"].as_f64().unwrap()
    };
    let scores = json(&place.ok("evaluate run --samples 20 --format json"));
    let expected = scores["expected_nll"].as_f64().unwrap();
    let scaled = nll("--run run");
    assert!((scaled - expected).abs() < 0.5, "{scaled} {expected}");
    assert!(nll("") > 100.0);
    assert!(
        place
            .ok(&format!("{loss} --run run"))
            .contains("of the run in run")
    );
    assert!(place.ok(loss).contains("scaling    none"));
}

/// From the command line: the targets' range comes from the data, and a denied lint ends the command.
#[test]
fn lints_are_denied_and_allowed() {
    let place = Place::new();
    let fixed = ("scale = learned(0.5)", "scale = 1");
    model(&place, "raw.bnn", &[fixed]);
    let run_file = "epochs = 1\nbatch_size = 20\n[data]\nname = \"t.csv\"\ntargets = \"none\"\n";
    std::fs::write(place.path("raw.toml"), run_file).unwrap();
    let lint = "targets-not-standardized";
    let warned = |command: &str| {
        let output = place.bnnc(command);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{command}: {text}");
        text.contains(&format!("warning[{lint}]"))
    };
    assert!(warned("check raw.bnn") && warned("train raw.bnn --out first"));
    assert!(!warned("check raw.bnn --allow targets-not-standardized"));
    let found = json(&place.ok("check raw.bnn --format json"));
    assert_eq!(found["warnings"][0]["code"], lint, "{found:#}");
    for command in ["check raw.bnn", "train raw.bnn --out second"] {
        for deny in ["warnings", lint] {
            let text = place.refused(&format!("{command} --deny {deny}"));
            assert!(text.contains(&format!("error[{lint}]")), "{text}");
            assert!(text.contains(&format!("`--deny {deny}`")), "{text}");
        }
    }
    assert!(!place.path("second").exists());
    let wrong = place.bnnc("check raw.bnn --deny no-such-lint");
    assert_eq!(wrong.status.code(), Some(2));
    // Standardized, the noise is as wide as they are.
    std::fs::remove_file(place.path("raw.toml")).unwrap();
    let text =
        place.refused("check raw.bnn --data t.csv --batch-size 20 --deny noise-as-wide-as-targets");
    assert!(text.contains("standard deviation is 1.000"), "{text}");
    let listed = place.ok("list lints");
    assert!(
        listed.contains(lint) && listed.contains("pedantic"),
        "{listed}"
    );
}

#[test]
fn one_draw_is_warned_of_where_it_is_asked_for() {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --epochs 1 --batch-size 20 --out run");
    for (samples, warned) in [(1, true), (2, false)] {
        for command in ["evaluate run", "predict run --out p.csv"] {
            let output = place.bnnc(&format!("{command} --samples {samples}"));
            let text = String::from_utf8(output.stderr).unwrap();
            assert_eq!(text.contains("one-draw-evaluation"), warned, "{text}");
        }
    }
}

/// λ and its factors, of `check`, of `train` and in JSON.
#[test]
fn lambda_is_told_always() {
    let place = Place::new();
    let train = |name: &str| {
        format!("train {name} --data t.csv --epochs 1 --batch-size 20 --out run-{name}")
    };
    let whole = "1 on every minibatch: the KL has the weight of the ELBO";
    for said in [place.ok("check line.bnn"), place.ok(&train("line.bnn"))] {
        assert!(
            said.contains("; lambda 1\n") || said.contains(&format!("  lambda  {whole}")),
            "{said}"
        );
    }
    let options = "temperature = 0.5, annealing = linear(epochs = 2)";
    let changed = format!("objective elbo {{ {options} }}");
    model(&place, "cold.bnn", &[("objective elbo", &changed)]);
    let said = place.ok(&train("cold.bnn"));
    assert!(
        said.contains("lambda     0.25 = T · a, the weight of the KL; 1 is the ELBO's"),
        "{said}"
    );
    let found = json(&place.ok("check cold.bnn --format json"));
    assert_eq!(found["lambda"], 0.5);
    assert_eq!(found["lambda_factors"][0]["name"], "temperature");
    assert_eq!(found["lambda_factors"][1]["symbol"], "a");
}

/// In step t of a run, counted from 0, the KL has min(1, t/(E·M)) of its weight, M the steps of an epoch; the last
/// batch of an epoch is smaller, and a step like the others.
#[test]
fn annealing_grows_with_the_steps_of_a_run() {
    let place = Place::new();
    let annealed = "objective elbo { annealing = linear(epochs = 1.5) }";
    model(&place, "annealed.bnn", &[("objective elbo", annealed)]);
    std::fs::write(place.path("annealed.toml"), "log_every = 1\n").unwrap();
    place.ok("train annealed.bnn --data t.csv --epochs 3 --batch-size 16 --out run");
    let metrics = std::fs::read_to_string(place.path("run/metrics.jsonl")).unwrap();
    let lines = metrics.lines().map(json);
    let steps: Vec<Value> = lines.filter(|line| line["kind"] == "step").collect();
    // 60 examples in batches of 16.
    assert_eq!(steps.len(), 3 * 4);
    for (t, line) in steps.iter().enumerate() {
        let factor = (t as f64 / (1.5 * 4.0)).min(1.0);
        assert_eq!(line["step"], t + 1);
        assert!(
            (line["lambda"].as_f64().unwrap() - factor).abs() < 1e-12,
            "{line}"
        );
        let terms = line["terms"].as_array().unwrap();
        assert!(terms.len() > 1);
        for kl in &terms[1..] {
            let of = |name: &str| kl[name].as_f64().unwrap();
            assert!((of("scale") - factor / 60.0).abs() < 1e-12, "{line}");
            assert!(
                (of("scaled") - of("value") * factor / 60.0).abs() < 1e-9,
                "{line}"
            );
        }
    }
}

/// Flags that would be ignored are refused as arguments are, with exit code 2.
#[test]
fn no_flag_is_ignored_without_a_word() {
    let place = Place::new();
    for command in [
        "check line.bnn --target y",
        "check line.bnn --test-rows rows.txt",
        "explain line.bnn --target y",
        "check line.bnn --emit ast --data t.csv",
        "check line.bnn --emit ast --set width=3",
        "check line.bnn --emit ast --deny warnings",
        "check line.bnn --prior-predictive --deny warnings",
        "check line.bnn --prior-predictive --pedantic",
        "explain E0301 --format latex",
        "explain temperature-not-one --data t.csv",
    ] {
        let output = place.bnnc(command);
        assert_eq!(output.status.code(), Some(2), "{command}");
        let text = String::from_utf8(output.stderr).unwrap();
        let flag = command.split(' ').rfind(|word| word.starts_with("--"));
        assert!(text.contains(flag.unwrap()), "{command}: {text}");
        assert!(output.stdout.is_empty(), "{command}");
    }
}

/// What train refuses for want of examples, check does.
#[test]
fn check_refuses_a_batch_larger_than_the_data() {
    let place = Place::new();
    for command in ["check line.bnn", "train line.bnn --out run"] {
        let text = place.refused(&format!("{command} --data t.csv --batch-size 61"));
        assert!(
            text.contains("error[E0603]: a batch of 61 is larger than the 60"),
            "{text}"
        );
    }
    let text = place.ok("check line.bnn --data t.csv --batch-size 60");
    assert!(text.contains("1 batch of B = 60"), "{text}");
}

/// Weights that are points beside a latent variable that has a KL: no ELBO, and no sum of KLs alone.
#[test]
fn a_bound_beside_penalties_is_called_what_it_is() {
    let place = Place::new();
    let text = "model mixed\ninput x: real[2]\ntarget y: real\nlatent tau ~ Normal(0, 1)\n\
                default { prior = Normal(0, exp(tau)), posterior = Delta }\n\
                network { f = dense(1) }\nobserve y ~ Normal(loc = f, scale = 0.5)\nobjective elbo\n";
    std::fs::write(place.path("mixed.bnn"), text).unwrap();
    let said = place.ok("check mixed.bnn");
    let whole = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "loss -(ELBO + log prior of the point estimates) / N",
        "sum of penalties",
        "start latent variables at their posteriors' middles",
    ] {
        assert!(whole.contains(words), "{words}: {said}");
    }
    let found = json(&place.ok("check mixed.bnn --format json"));
    let parts = found["initial"]["parts"].as_array().unwrap();
    let names: Vec<_> = parts
        .iter()
        .map(|part| part["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["KL", "penalty"]);
    let sum: f64 = parts
        .iter()
        .map(|part| part["nats"].as_f64().unwrap())
        .sum();
    assert!((sum - found["initial"]["kl"].as_f64().unwrap()).abs() < 1e-9);
    // Weighted, it is neither a bound nor an estimate's posterior.
    let cold = text.replace("objective elbo", "objective elbo { temperature = 0.5 }");
    std::fs::write(place.path("cold.bnn"), &cold).unwrap();
    assert!(
        place
            .ok("check cold.bnn")
            .contains("weighted KLs and penalties")
    );
    let warned = place.refused("check cold.bnn --deny temperature-not-one");
    assert!(
        warned.contains("the KL and penalty have weight 0.5"),
        "{warned}"
    );
    let map = cold
        .replace("latent tau ~ Normal(0, 1)\n", "")
        .replace("exp(tau)", "1");
    std::fs::write(place.path("map.bnn"), map).unwrap();
    let said = place.ok("check map.bnn");
    assert!(
        !said.contains("maximum a posteriori") && said.contains("weighted penalties"),
        "{said}"
    );
    let warned = place.refused("check map.bnn --deny temperature-not-one");
    assert!(warned.contains("the penalty has weight 0.5"), "{warned}");
}
