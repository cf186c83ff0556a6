//! One model file under several inference methods.

use crate::cli::{MODEL, Place};
use crate::support::{Examples, draw, plan, step};
use bnnc::compile;
use bnnc::exec::{Interpreter, Number};
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
    let methods = |goal: &str| {
        let source = |text: String| Source {
            name: "test.bnn".into(),
            text,
        };
        let found = bnnc::ir::METHODS.iter().map(|method| {
            let source = source(two(families, goal));
            let compiled = compile::by_method(source, &[], Some(*method)).expect("a model");
            let inference = compiled.inference;
            (
                inference.method.signature().name,
                inference.loss_head(),
                inference.unused.len(),
            )
        });
        found.collect::<Vec<_>>()
    };
    for goal in ["objective elbo", "inference mean_field", "inference map"] {
        let found = methods(goal);
        let map = "-(log likelihood + log prior) / N, minimised: maximum a posteriori";
        assert_eq!(
            found,
            [
                (
                    "mean_field",
                    "-ELBO / N, minimised; all constants kept".into(),
                    0
                ),
                ("map", map.into(), 2),
            ]
        );
    }
    let inference = plan(&two(families, "inference map { samples = 3 }"))
        .inference
        .clone();
    assert_eq!(
        inference.loss_remarks()[0],
        "`map` does not use `posterior = MeanField`, `estimator = flipout` and `samples = 3`"
    );
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
            model(
                "latent tau ~ HalfCauchy(1)",
                "Normal(0, tau)",
                "inference map",
            ),
            "error[E0401]: the penalty -log HalfCauchy(w) is infinite for some w",
        ),
        (
            model("", "Horseshoe(1, local = unit)", "inference map"),
            "error[E0401]: the local scales of `f.kernel` are above 0",
        ),
        (
            model("", "Normal(0, 1)", "inference maps"),
            "error[E0212]: `maps` is not an inference method",
        ),
        (
            model("", "Normal(0, 1)", "objective elbo\ninference map"),
            "error[E0211]: a model has `objective` or `inference`, and this file has both",
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
