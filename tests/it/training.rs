//! A training step is the gradient's step and the optimizer's in one.

use crate::support::plan;
use bnnc::exec::{Batch, Draw, Interpreter, Update};
use bnnc::ir::Position;
use bnnc::likelihood::Targets;
use bnnc::optimizer::{self, State};
use bnnc::plan::Plan;
use std::sync::Arc;

const BATCH: usize = 6;

fn network(estimator: &str, prior: &str, objective: &str) -> Arc<Plan> {
    plan(&format!(
        "model training
         input x: real[8, 7, 2]
         target y: category[3]
         default {{
           prior     = {prior}
           estimator = {estimator}
         }}
         network {{
           conv2d(5, kernel = 3)
           relu
           flatten
           dense(70)
           relu
           logits = dense(3)
         }}
         observe y ~ Categorical(logits = logits)
         objective {objective}"
    ))
}

fn adam(plan: &Plan) -> State<f32> {
    let adam = optimizer::find("adam").unwrap();
    State::new(
        adam,
        optimizer::defaults(adam.signature()),
        plan.trainable(),
    )
}

/// The interpreter at its start, and what a step of it is given.
fn start(plan: &Arc<Plan>) -> (Interpreter<f32>, Vec<f32>) {
    let mut interpreter = Interpreter::new(plan.clone(), BATCH);
    interpreter.initialize(3);
    let inputs = (0..BATCH * 8 * 7 * 2).map(|i| (i as f32).sin()).collect();
    (interpreter, inputs)
}

fn draw(step: u64) -> Draw<'static> {
    Draw {
        seed: 5,
        step,
        given: None,
    }
}

#[test]
fn it_moves_variables_as_its_two_halves_do() {
    let labels = [0, 2, 1, 1, 0, 2];
    let at = Position::full_batch(BATCH);
    for (estimator, prior, objective) in [
        ("reparameterization", "Normal(0, 1)", "elbo"),
        ("reparameterization", "Normal(0, 1)", "elbo { samples = 2 }"),
        ("local_reparameterization", "Normal(0.1, 0.5)", "elbo"),
        ("flipout", "Normal(0, 1)", "elbo"),
        ("flipout", "ScaleMixture(0.5, [1, 0.1])", "elbo"),
        ("local_reparameterization", "Normal(0, learned(1))", "elbo"),
        ("per_example", "Normal(0, 1)", "elbo"),
        ("per_example", "Laplace(0, 1)", "elbo { samples = 3 }"),
        ("flipout", "Horseshoe(1)", "elbo { samples = 2 }"),
    ] {
        let plan = network(estimator, prior, objective);
        let ((mut whole, inputs), (mut halves, _)) = (start(&plan), start(&plan));
        let (mut of_whole, mut of_halves) = (adam(&plan), adam(&plan));
        let batch = Batch {
            inputs: &inputs,
            targets: Targets::Labels(&labels),
            others: &[],
            len: BATCH,
        };
        for step in 0..3 {
            let report = halves.step(&batch, &draw(step), &at);
            let mut expected = vec![0.0; BATCH * 3];
            halves.last_predictive(&mut expected);
            let (variables, gradient) = halves.variables_and_gradient();
            of_halves.step(step + 1, 0.01, variables, gradient);
            let mut predictive = vec![0.0; BATCH * 3];
            let update = Update {
                step: of_whole.begin(step + 1, 0.01),
                predictive: &mut predictive,
            };
            let trained = whole.train(&batch, &draw(step), &at, update);
            assert_eq!(trained.report, report, "{estimator}, {prior}, {objective}");
            assert_eq!(predictive, expected);
            assert!(trained.not_finite.is_empty());
            // What is made of the variables ahead of the next draw does not outlive a change of them.
            if step == 1 {
                for of in [&mut whole, &mut halves] {
                    of.variables_mut().iter_mut().for_each(|x| *x *= 0.9);
                }
            }
        }
        let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(
            bits(whole.variables()),
            bits(halves.variables()),
            "{estimator}, {prior}, {objective}"
        );
        for slot in 0..2 {
            assert_eq!(of_whole.slot(slot), of_halves.slot(slot));
        }
        // Nor does what a step leaves of the scales, which may be their squares alone, mislead what comes after.
        let found = [&mut whole, &mut halves].map(|of| {
            let report = of.step(&batch, &draw(3), &at);
            let terms = of.weight_terms(&draw(4));
            (report, terms, bits(of.gradient()))
        });
        assert_eq!(found[0], found[1], "{estimator}, {prior}, {objective}");
    }
}

/// A step with a largest scale is a step without one, followed by setting every rho above that of the largest to it:
/// in float64, whichever loop takes the step. The prior pulls the scales up, from just below the limit.
#[test]
fn scales_stay_at_or_below_the_largest() {
    let at = Position::full_batch(BATCH);
    for (estimator, prior, transform, objective) in [
        ("reparameterization", "Normal(0, 1)", "Softplus", "elbo"),
        (
            "flipout",
            "Normal(0, 1)",
            "Softplus",
            "elbo { samples = 2 }",
        ),
        ("local_reparameterization", "Normal(0, 1)", "Exp", "elbo"),
        (
            "local_reparameterization",
            "Laplace(0, 1)",
            "Softplus",
            "elbo",
        ),
        ("per_example", "Normal(0, learned(1))", "Softplus", "elbo"),
        ("flipout", "Horseshoe(1)", "Softplus", "elbo"),
    ] {
        let largest = 1.2f64.ln();
        // Some scales of the initialiser are above the limit, most below.
        let (largest_rho, start) = match transform {
            "Exp" => (largest.ln(), "Normal(-1.75, 0.02)"),
            _ => (0.2f64.ln(), "Normal(-1.65, 0.02)"),
        };
        let posterior = format!(
            "MeanField(scale = {transform}({start}), largest_scale = log(1.2)), estimator = {estimator}"
        );
        let text = format!(
            "model m\ninput x: real[4]\ntarget y: real\n\
             default {{ prior = {prior}, posterior = {posterior} }}\n\
             network {{\n dense(30)\n tanh\n f = dense(1)\n}}\n\
             observe y ~ Normal(f, 2)\nobjective {objective}\n"
        );
        let limited = plan(&text);
        let free = plan(&text.replace(", largest_scale = log(1.2)", ""));
        let is_limited = |name: &str| {
            name.ends_with(".rho") && !name.contains(".local") && !name.contains(".prior")
        };
        let limit = |variables: &mut [f64]| {
            let of = free.variables.iter().filter(|v| is_limited(&v.name));
            of.flat_map(|variable| variable.range.clone())
                .filter(|&place| {
                    let above = variables[place] > largest_rho;
                    variables[place] = variables[place].min(largest_rho);
                    above
                })
                .count()
        };
        let mut whole = Interpreter::<f64>::new(limited.clone(), BATCH);
        let mut apart = Interpreter::<f64>::new(free.clone(), BATCH);
        let adam = optimizer::find("adam").unwrap();
        let state = || {
            let settings = optimizer::defaults(adam.signature());
            State::<f64>::new(adam, settings, free.trainable())
        };
        let (mut of_whole, mut of_apart) = (state(), state());
        whole.initialize(3);
        apart.initialize(3);
        let mut set = vec![limit(apart.variables_mut())];
        let inputs: Vec<f64> = (0..BATCH * 4).map(|i| (i as f64).sin()).collect();
        let batch = Batch {
            inputs: &inputs,
            targets: Targets::Reals(&[0.1, -0.2, 0.3, 0.0, 0.2, -0.1]),
            others: &[],
            len: BATCH,
        };
        for step in 0..6 {
            apart.step(&batch, &draw(step), &at);
            let (variables, gradient) = apart.variables_and_gradient();
            of_apart.step(step + 1, 0.02, variables, gradient);
            set.push(limit(variables));
            let update = Update {
                step: of_whole.begin(step + 1, 0.02),
                predictive: &mut [],
            };
            whole.train(&batch, &draw(step), &at, update);
            let what = format!("{estimator}, {prior}, {objective}, step {step}");
            for (found, expected) in whole.variables().iter().zip(apart.variables()) {
                assert!(
                    (found - expected).abs() < 1e-12,
                    "{what}: {found} {expected}"
                );
            }
            let scale = |rho: f64| match transform {
                "Exp" => rho.exp(),
                _ => rho.exp().ln_1p(),
            };
            let limited = limited.variables.iter().filter(|v| is_limited(&v.name));
            for place in limited.flat_map(|variable| variable.range.clone()) {
                let found = scale(whole.variables()[place]);
                assert!(found < largest + 1e-12, "{what}: {found}");
            }
        }
        assert!(
            set[0] > 0 && set[6] > 100,
            "{estimator}, {prior}: {set:?} were above"
        );
    }
}

#[test]
fn it_says_whose_gradient_is_no_number() {
    let plan = network("flipout", "Normal(0, 1)", "elbo");
    let (mut interpreter, inputs) = start(&plan);
    let mut optimizer = adam(&plan);
    let last = plan.variables.last().unwrap().range.clone();
    interpreter.variables_mut()[last.start] = f32::NAN;
    let update = Update {
        step: optimizer.begin(1, 0.01),
        predictive: &mut [],
    };
    let batch = Batch {
        inputs: &inputs,
        targets: Targets::Labels(&[0, 2, 1, 1, 0, 2]),
        others: &[],
        len: BATCH,
    };
    let trained = interpreter.train(&batch, &draw(0), &Position::full_batch(BATCH), update);
    let named = |range: &std::ops::Range<usize>| {
        trained
            .not_finite
            .iter()
            .any(|bad| bad.start <= range.start && range.end <= bad.end)
    };
    assert!(named(&last), "{:?}", trained.not_finite);
}
