//! One model file under several inference methods.

use crate::cli::{MODEL, Place};
use crate::support::{Examples, draw, plan, step};
use bnnc::compile;
use bnnc::exec::{Interpreter, Number};
use bnnc::ir::InferenceMethod;
use bnnc::source::Source;
use safetensors::SafeTensors;

/// A network with several families, and the same with points in their places.
fn two(settings: [&str; 3], goal: &str) -> String {
    let [default, first, second] = settings;
    format!(
        "model test\ninput x: real[4]\ntarget y: real\nlatent tau ~ Normal(0, 1){}\n\
         default {{ prior = Laplace(0, exp(tau)){default} }}\n\
         network {{\n dense(5) {{ {first} }}\n tanh\n dense(3, bias = deterministic) {{ {second} }}\n tanh\n \
         f = dense(1)\n}}\nobserve y ~ Normal(f, learned(0.5))\n{goal}\n",
        if default.contains("Delta") {
            ", posterior = Delta"
        } else {
            ""
        }
    )
}

/// The loss, its gradient and the variables' names after a step from one start.
fn first_step<T: Number>(text: &str) -> (Vec<String>, f64, Vec<f64>) {
    let plan = plan(text);
    let examples = Examples::<T>::new(5, 4, 0, 1);
    let mut interpreter = Interpreter::<T>::new(plan.clone(), examples.len);
    interpreter.initialize(5);
    let loss = step(&mut interpreter, &examples, &draw(3, 9), 11).loss;
    let names = plan.variables.iter().map(|v| v.name.clone()).collect();
    let gradient = interpreter.gradient().iter().map(|x| x.wide()).collect();
    (names, loss, gradient)
}

#[test]
fn map_is_what_points_everywhere_are() {
    let families = [
        ", posterior = MeanField, estimator = flipout",
        "posterior = LowRank(rank = 2), estimator = reparameterization",
        "kernel: posterior = Rank1, estimator = per_example",
    ];
    let points = [", posterior = Delta", "", ""];
    for options in ["", " { temperature = 0.5 }", " { minibatch = blundell }"] {
        let by_method = two(families, &format!("inference map{options}"));
        let by_points = two(points, &format!("objective map{options}"));
        assert_eq!(first_step::<f64>(&by_method), first_step::<f64>(&by_points));
        assert_eq!(first_step::<f32>(&by_method), first_step::<f32>(&by_points));
    }
}

#[test]
fn a_file_says_its_method_and_a_call_goes_before_it() {
    let families = [", posterior = MeanField, estimator = flipout", "", ""];
    let head = |goal: &str, method: &str| {
        let source = Source {
            name: "test.bnn".into(),
            text: two(families, goal),
        };
        let method = InferenceMethod::parse(method).expect("a method");
        let compiled = compile::by_method(source, &[], Some(method)).expect("a model");
        let inference = compiled.inference;
        (inference.loss_head(), inference.unused.len())
    };
    let map = "-(log likelihood + log prior) / N, minimised: maximum a posteriori";
    let elbo = "-ELBO / N, minimised; all constants kept";
    for goal in [
        "objective elbo",
        "inference mean_field",
        "inference ensemble(members = 3)",
    ] {
        assert_eq!(head(goal, "mean_field"), (elbo.into(), 0));
        assert_eq!(head(goal, "map"), (map.into(), 2));
        assert_eq!(head(goal, "ensemble(2)"), (map.into(), 2));
    }
    for (text, told) in [
        ("maps", "expected mean_field, map"),
        ("ensemble(members = 0)", "`members`"),
        ("ensemble(member = 2)", "`member`"),
        ("swag(learning_rate = schedule)", "schedule"),
        ("map { samples = 2 }", "in the model file"),
        ("map\nobjective elbo", "expected mean_field"),
    ] {
        let said = InferenceMethod::parse(text).unwrap_err();
        assert!(said.contains(told), "{said}");
    }
    let inference = plan(&two(families, "inference map { samples = 3 }"))
        .inference
        .clone();
    assert_eq!(
        inference.loss_remarks()[0],
        "`map` does not use `posterior = MeanField`, `estimator = flipout` and `samples = 3`"
    );
}

/// Positive variables and those between two ends are points on the whole line: the loss has the slope that its
/// gradient says, by each variable.
#[test]
fn points_of_bounded_variables_have_the_gradient_of_their_loss() {
    let text = "model test\ninput x: real[4]\ntarget y: real\nlatent tau ~ HalfCauchy(1)\n\
                latent noise ~ Gamma(2, 3)\nlatent share ~ Uniform(0.5, 2)\n\
                default { prior = Normal(0, tau) }\n\
                network {\n dense(3) { kernel: prior = Horseshoe(share, local = unit) }\n tanh\n \
                f = dense(1) { bias: prior = Exponential(1) }\n}\nobserve y ~ Normal(f, noise)\ninference map\n";
    let plan = plan(text);
    let examples = Examples::<f64>::new(5, 4, 0, 1);
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), examples.len);
    interpreter.initialize(5);
    let loss =
        |interpreter: &mut Interpreter<f64>| step(interpreter, &examples, &draw(3, 9), 11).loss;
    loss(&mut interpreter);
    let gradient = interpreter.gradient().to_vec();
    for (at, slope) in gradient.iter().enumerate() {
        let mut beside = |by: f64| {
            interpreter.variables_mut()[at] += by;
            let found = loss(&mut interpreter);
            interpreter.variables_mut()[at] -= by;
            found
        };
        let found = (beside(1e-5) - beside(-1e-5)) / 2e-5;
        let name = &plan
            .variables
            .iter()
            .find(|v| v.range.contains(&at))
            .unwrap()
            .name;
        assert!(
            (found - slope).abs() < 1e-8 + 1e-6 * slope.abs(),
            "{name}: {found} {slope}"
        );
    }
    let noise = plan
        .variables
        .iter()
        .find(|v| v.name == "noise.loc")
        .unwrap();
    let z = noise.range.start;
    // -ln p(noise) - z alone, with Gamma(2, 3)'s density 9 w e^(-3 w).
    let before = step(&mut interpreter, &examples, &draw(3, 9), 11);
    let handle = plan.inference.loss.terms.iter();
    let term = handle
        .map(|t| t.kind.name(&plan.inference))
        .position(|name| name.contains("noise"));
    let w = interpreter.variables()[z].exp();
    let expected = -(9.0 * w).ln() + 3.0 * w - w.ln();
    assert!((before.terms[term.unwrap()].value - expected).abs() < 1e-12);
}

fn refused(text: &str) -> String {
    let source = Source {
        name: "test.bnn".into(),
        text: text.into(),
    };
    let failure = compile::source(source, &[]).map(|_| ()).unwrap_err();
    bnnc::diagnostic::render(&failure.diagnostics, failure.source_file.as_deref(), false)
}

#[test]
fn what_a_method_cannot_fit_is_refused() {
    let model = |declared: &str, prior: &str, goal: &str| {
        format!(
            "model test\ninput x: real[4]\ntarget y: real\n{declared}\ndefault {{ prior = {prior} }}\n\
             network {{ f = dense(1) }}\nobserve y ~ Normal(f, 1)\n{goal}\n"
        )
    };
    for (text, told) in [
        (
            model("", "Normal(0, 1)", "inference maps"),
            "error[E0212]: `maps` is not an inference method",
        ),
        (
            model("", "Normal(0, 1)", "objective elbo\ninference map"),
            "error[E0211]: a model has `objective` or `inference`, and this file has both",
        ),
        (
            model("", "Normal(0, 1)", "inference swag(rank = 1)"),
            "error[E0207]: `rank` of `swag` is 1, not a whole number of at least 2",
        ),
    ] {
        let said = refused(&text);
        assert!(said.contains(told), "{said}");
    }
}

#[test]
fn a_run_by_map_is_that_of_points() {
    let place = Place::new();
    let points = MODEL
        .replace(
            "posterior = MeanField, estimator = reparameterization",
            "posterior = Delta",
        )
        .replace("objective elbo", "objective map");
    std::fs::write(place.path("points.bnn"), points).unwrap();
    let said = place.ok("check line.bnn --inference map");
    assert!(said.contains("maximum a posteriori"), "{said}");
    assert!(
        said.contains("`map` does not use `posterior = MeanField` and"),
        "{said}"
    );
    let train = "--data t.csv --batch-size 20 --epochs 2 --seed 3";
    place.ok(&format!("train line.bnn --inference map {train} --out map"));
    place.ok(&format!("train points.bnn {train} --out points"));
    let tensors = |run: &str| {
        let file = std::fs::read(place.path(run).join("checkpoint.safetensors")).unwrap();
        let tensors = SafeTensors::deserialize(&file).unwrap();
        let mut all: Vec<_> = tensors
            .iter()
            .map(|(name, view)| (name.to_owned(), view.data().to_vec()))
            .collect();
        all.sort();
        all
    };
    assert_eq!(tensors("map"), tensors("points"));
    let evaluate = |run: &str| {
        place
            .ok(&format!("evaluate {run} --format json"))
            .replace(run, "")
    };
    assert_eq!(
        evaluate("map").lines().count(),
        evaluate("points").lines().count()
    );
    let said = place.ok("evaluate map");
    assert!(
        said.contains("-(log likelihood + log prior) / N = "),
        "{said}"
    );

    // The run keeps its method, and goes on by it alone.
    place.ok("train line.bnn --out map --resume --epochs 3");
    let other =
        place.refused("train line.bnn --out map --resume --epochs 4 --inference mean_field");
    assert!(
        other.contains("E0607") && other.contains("inference = \"map\", not \"mean_field\""),
        "{other}"
    );
}

/// The tensors of a run's checkpoint whose names begin as `prefix` says, without it.
fn tensors(place: &Place, run: &str, prefix: &str) -> Vec<(String, Vec<u8>)> {
    let file = std::fs::read(place.path(run).join("checkpoint.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let own = |(name, view): (&str, safetensors::tensor::TensorView)| {
        let name = name.strip_prefix(prefix)?;
        let is_variable = !name.contains('/') && !name.starts_with("members.");
        is_variable.then(|| (name.to_owned(), view.data().to_vec()))
    };
    let mut all: Vec<_> = tensors.iter().filter_map(own).collect();
    all.sort();
    all
}

#[test]
fn a_file_needs_no_objective_where_the_method_is_said_elsewhere() {
    let place = Place::new();
    let file = std::fs::read_to_string(place.path("line.bnn")).unwrap();
    let lines = file.lines().filter(|line| !line.starts_with("objective"));
    let bare: String = lines.flat_map(|line| [line, "\n"]).collect();
    assert_ne!(bare, file);
    std::fs::write(place.path("bare.bnn"), bare).unwrap();
    let train = "--data t.csv --batch-size 20 --epochs 3";
    for (model, run) in [("line.bnn", "said"), ("bare.bnn", "bare")] {
        place.ok(&format!(
            "train {model} --inference map {train} --out {run}"
        ));
    }
    assert_eq!(tensors(&place, "bare", ""), tensors(&place, "said", ""));
    place.ok("evaluate bare");
    place.ok("explain bare");
    let refused = place.refused("check bare.bnn");
    assert!(
        refused.contains("E0210") && refused.contains("and `--inference` do so"),
        "{refused}"
    );
    let refused = place.refused("check bare.bnn --inference hmc");
    assert!(refused.contains("E0421"), "{refused}");
}

#[test]
fn an_ensembles_members_are_single_fits_and_its_prediction_is_their_mean() {
    let place = Place::new();
    let train = "--data t.csv --batch-size 20 --epochs 3";
    place.ok(&format!(
        "train line.bnn --inference ensemble(members=2) {train} --seed 3 --out both"
    ));
    for (seed, run) in [(3, "first"), (4, "second")] {
        place.ok(&format!(
            "train line.bnn --inference map {train} --seed {seed} --out {run}"
        ));
    }
    assert_eq!(
        tensors(&place, "both", "member.1/"),
        tensors(&place, "first", "")
    );
    assert_eq!(
        tensors(&place, "both", "member.2/"),
        tensors(&place, "second", "")
    );

    let mean = |run: &str| -> Vec<f64> {
        place.ok(&format!("predict {run} --data t.csv --out {run}.csv"));
        let text = std::fs::read_to_string(place.path(&format!("{run}.csv"))).unwrap();
        let at = text
            .lines()
            .next()
            .unwrap()
            .split(',')
            .position(|c| c == "mean");
        let column = text.lines().skip(1);
        column
            .map(|line| line.split(',').nth(at.unwrap()).unwrap().parse().unwrap())
            .collect()
    };
    let [both, first, second] = ["both", "first", "second"].map(mean);
    for (both, (first, second)) in both.iter().zip(first.iter().zip(&second)) {
        assert!((both - (first + second) / 2.0).abs() <= 1e-7 * both.abs().max(1.0));
    }
    let said = place.ok("evaluate both");
    assert!(
        said.contains("draws      2 of the weights, averaged"),
        "{said}"
    );
    place.ok("report both --out both.html");

    // It goes on from the middle of a member to the same bits, and not beyond its last.
    let source =
        format!("train line.bnn --inference ensemble(members=2) {train} --seed 3 --out parts");
    place.ok(&source);
    let again = place.refused("train line.bnn --out parts --resume --epochs 9");
    assert!(again.contains("E0607"), "{again}");
    let early = place.refused(&format!(
        "train line.bnn --inference ensemble {train} --early-stopping=2 --out early"
    ));
    assert!(
        early.contains("E0603") && early.contains("ensemble"),
        "{early}"
    );
}

#[test]
fn a_run_file_has_the_method_as_text_or_as_a_table() {
    let place = Place::new();
    for (name, text) in [
        ("text", "inference = \"ensemble(members = 2)\"\n"),
        ("table", "[inference]\nname = \"ensemble\"\nmembers = 2\n"),
    ] {
        std::fs::write(place.path("run.toml"), text).unwrap();
        place.ok(&format!(
            "train line.bnn --config run.toml --data t.csv --batch-size 20 --epochs 1 --out {name}"
        ));
        let kept = std::fs::read_to_string(place.path(name).join("run.toml")).unwrap();
        assert!(
            kept.contains("inference = \"ensemble(members = 2)\"\n"),
            "{kept}"
        );
    }
    std::fs::write(
        place.path("run.toml"),
        "[inference]\nname = \"ensemble\"\nmember = 2\n",
    )
    .unwrap();
    let said = place.refused("train line.bnn --config run.toml --data t.csv --out bad");
    assert!(
        said.contains("E0602") && said.contains("`member`"),
        "{said}"
    );
}

/// Without the places where a terminal's lines end.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The learning rate of each epoch, by the log.
fn learning_rates(place: &Place, run: &str) -> Vec<f64> {
    let text = std::fs::read_to_string(place.path(run).join("metrics.jsonl")).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines
        .filter(|line| line["kind"] == "epoch")
        .map(|line| line["learning_rate"].as_f64().unwrap())
        .collect()
}

#[test]
fn swag_goes_on_at_a_constant_rate_and_draws_about_its_mean() {
    let place = Place::new();
    std::fs::write(
        place.path("line.toml"),
        "epochs = 8\nbatch_size = 20\n[optimizer]\nlearning_rate = 0.02\n[schedule]\nname = \"cosine\"\n",
    )
    .unwrap();
    let method = "--inference swag(start=0.5,rank=3)";
    let said = one_line(&place.ok(&format!(
        "train line.bnn {method} --data t.csv --out constant"
    )));
    assert!(
        said.contains("after 50 % of the epochs the learning rate is constant, the optimizer's"),
        "{said}"
    );
    assert!(
        said.contains("snapshots 4, at the ends of epochs 5 to 8;"),
        "{said}"
    );
    let rates = learning_rates(&place, "constant");
    assert!(rates[3] < 0.02 && rates[4..] == [0.02; 4], "{rates:?}");
    let other = "swag(start=0.5,rank=3,learning_rate=0.05)";
    place.ok(&format!(
        "train line.bnn --inference {other} --data t.csv --out given"
    ));
    assert_eq!(learning_rates(&place, "given")[4..], [0.05; 4]);

    // Draws differ, and average out to what the mean of the weights is near to.
    let said = place.ok("evaluate constant --samples 7");
    assert!(
        said.contains("draws      7 of the weights, averaged"),
        "{said}"
    );
    place.ok("predict constant --samples 7 --out p.csv");
    let text = std::fs::read_to_string(place.path("p.csv")).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let at = header.iter().position(|name| *name == "epistemic_std");
    let column = text.lines().skip(1);
    let mut spread = column.map(|line| line.split(',').nth(at.unwrap()).unwrap().parse::<f64>());
    assert!(spread.all(|std| std.unwrap() > 0.0));
    for text in ["explain constant", "report constant --out r.html"] {
        place.ok(text);
    }
    let said = one_line(&place.ok("explain constant"));
    assert!(
        said.contains("SWAG") && said.contains("mixture over"),
        "{said}"
    );
    let few = place.refused(&format!(
        "train line.bnn {method} --data t.csv --epochs 2 --out few"
    ));
    assert!(
        few.contains("E0603") && few.contains("1 snapshot in 2 epochs"),
        "{few}"
    );
    assert!(!place.path("few").exists());
}

/// The tensors of a run's checkpoint by their names.
fn by_name(place: &Place, run: &str) -> std::collections::BTreeMap<String, Vec<u8>> {
    tensors(place, run, "").into_iter().collect()
}

#[test]
fn a_run_starts_where_another_has_come_to() {
    let place = Place::new();
    let train = "train line.bnn --data t.csv --batch-size 20";
    place.ok(&format!("{train} --epochs 3 --seed 3 --out field"));
    let field = by_name(&place, "field");
    let said = one_line(&place.ok(&format!(
        "{train} --inference map --from field --epochs 0 --out point"
    )));
    assert!(
        said.contains("field after 3 epochs, fitted by mean_field"),
        "{said}"
    );
    // Every point is a loc of the other run, to the bit.
    let point = by_name(&place, "point");
    assert_eq!(point.len(), 5);
    for (name, values) in &point {
        assert_eq!(values, &field[name], "{name}");
    }
    let kept = std::fs::read_to_string(place.path("point/run.toml")).unwrap();
    assert!(
        kept.contains("from = \"") && kept.contains("field\"\n"),
        "{kept}"
    );
    let said = one_line(&place.ok("explain point"));
    let told = "Nothing is trained: the parameters are those that another run has come to.";
    assert!(said.contains(told), "{said}");

    // A posterior takes both from one, and its locs alone from points.
    place.ok(&format!("{train} --from field --epochs 0 --out again"));
    assert_eq!(by_name(&place, "again"), field);
    let said = one_line(&place.ok(&format!("{train} --from point --epochs 0 --out wide")));
    assert!(said.contains("as in any run"), "{said}");
    let wide = by_name(&place, "wide");
    assert_eq!(wide.len(), field.len());
    for (name, values) in &wide {
        match point.get(name) {
            Some(start) => assert_eq!(values, start, "{name}"),
            None => assert!(name.ends_with(".rho") && *values != field[name], "{name}"),
        }
    }

    // What is worked out at a trained point needs no epoch of its own.
    let said = place.ok(&format!(
        "{train} --inference laplace --from point --ema-decay 0.9 --epochs 0 --out around"
    ));
    assert!(said.contains("evidence"), "{said}");
    let around = by_name(&place, "around");
    for (name, values) in &point {
        assert_eq!(values, &around[name], "{name}");
    }

    // A run that goes on does not read it again.
    let swag = "--inference swag(start=0) --from point";
    place.ok(&format!("{train} {swag} --epochs 3 --out swag"));
    place.ok(&format!(
        "{train} --inference map --from point --epochs 1 --out on"
    ));
    std::fs::remove_dir_all(place.path("point")).unwrap();
    place.ok("train line.bnn --out on --resume --epochs 2");
    let said = one_line(&place.ok("explain on"));
    assert!(
        said.contains("Parameters start from those that another run"),
        "{said}"
    );
    place.ok("evaluate swag");
}

#[test]
fn a_start_that_does_not_fit_is_refused_by_name() {
    let place = Place::new();
    let train = "--data t.csv --batch-size 20";
    place.ok(&format!("train line.bnn {train} --epochs 1 --out run"));
    for (name, text) in [
        ("wide", MODEL.replace("dense(8)", "dense(9)")),
        ("named", MODEL.replace("dense(8)", "hidden = dense(8)")),
    ] {
        std::fs::write(place.path(&format!("{name}.bnn")), text).unwrap();
    }
    for (command, told) in [
        (
            "train wide.bnn --from run",
            "`f.kernel.loc` is [9, 1] here, and [8, 1] there",
        ),
        (
            "train named.bnn --from run",
            "`hidden.kernel.loc` [2, 8] is not there",
        ),
        ("train line.bnn --from t.csv", "is not the folder of a run"),
        ("train line.bnn --epochs 0", "`epochs` is 0"),
        (
            "train line.bnn --from run --inference ensemble",
            "the members of an `ensemble` do not start from one run",
        ),
    ] {
        let said = place.refused(&format!("{command} {train} --out new"));
        assert!(said.contains(told), "{command}: {said}");
        assert!(!place.path("new").exists(), "{command}");
    }
    // Another unit, other scales.
    let text = std::fs::read_to_string(place.path("t.csv")).unwrap();
    let mut rows: Vec<String> = vec!["a,b,y".into()];
    rows.extend(text.lines().skip(1).map(|line| {
        let cells = line.split(',').map(|cell| cell.parse::<f64>().unwrap());
        let cells: Vec<String> = cells.map(|x| (3.0 * x).to_string()).collect();
        cells.join(",")
    }));
    std::fs::write(place.path("tripled.csv"), rows.join("\n")).unwrap();
    let output = place.bnnc(
        "train line.bnn --data tripled.csv --batch-size 20 --epochs 1 --from run --out other",
    );
    let said = one_line(&String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{said}");
    assert!(said.contains("scaled its inputs otherwise"), "{said}");
    assert!(said.contains("scaled its targets otherwise"), "{said}");
}
