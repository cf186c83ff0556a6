//! What clipping, decay and averaging do to the steps of a small network.

use super::*;
use crate::compile;
use crate::engine::Numbers;
use crate::exec::Draw;
use crate::ir::Position;
use crate::likelihood::Targets;
use crate::source::Source;

const BATCH: usize = 6;
const WIDTH: usize = 4;

/// A layer of points, then one of a posterior.
fn plan() -> Arc<Plan> {
    plan_of("MeanField")
}

/// The same with this posterior.
fn plan_of(posterior: &str) -> Arc<Plan> {
    plan_with("tanh", posterior)
}

/// The same with these layers in the middle.
fn plan_with(middle: &str, posterior: &str) -> Arc<Plan> {
    let text = "model m\ninput x: real[4]\ntarget y: real\ndefault { prior = Normal(0, 1) }\n\
        network {\n dense(5) { kernel = deterministic, bias = deterministic }\n tanh\n f = dense(1)\n}\n\
        observe y ~ Normal(f, learned(0.5))\nobjective elbo\n";
    let last = format!("f = dense(1) {{ posterior = {posterior} }}");
    let text = text.replace("f = dense(1)", &last).replace("tanh", middle);
    let source = Source {
        name: "m.bnn".into(),
        text,
    };
    let compiled = compile::source(source, &[]).expect("a model");
    Arc::new(Plan::new(compiled.inference))
}

/// A network that keeps means and variances between steps.
fn plan_of_batch_norm() -> Arc<Plan> {
    plan_with("batch_norm\n tanh", "MeanField")
}

/// An engine at its start, with the settings of a run file.
fn engine(text: &str) -> Descent {
    engine_of(plan(), text)
}

/// The same of a plan.
fn engine_of(plan: Arc<Plan>, text: &str) -> Descent {
    let name = "run.toml".into();
    let text = text.into();
    let config = Config::parse(Source { name, text }).expect("a run file");
    let mut engine = Descent::new(plan, &config, BATCH).expect("little memory");
    engine.initialize(3);
    engine
}

/// The step after `done` others, at a learning rate of 1/8.
fn step(done: u64) -> Step {
    Step {
        seed: 5,
        round: 0,
        done,
        learning_rate: 0.125,
        at: Position {
            training_examples: 60,
            batch: BATCH,
            batch_index: 0,
            batches: 10,
            epoch: 0.0,
        },
    }
}

/// Does the steps numbered `range`; the minibatch is always the same.
fn train(engine: &mut Descent, range: Range<u64>) {
    let inputs: Vec<f32> = (0..BATCH * WIDTH).map(|i| (i as f32).sin()).collect();
    let targets: Vec<f32> = (0..BATCH).map(|i| (3.0 * i as f32).cos()).collect();
    for done in range {
        let batch = Batch {
            inputs: &inputs,
            targets: Targets::Reals(&targets),
            others: &[],
            len: BATCH,
        };
        engine.step(&batch, &step(done), &mut []);
    }
}

/// The gradient of the first step.
fn gradient() -> Vec<f32> {
    let mut interpreter = Interpreter::<f32>::new(plan(), BATCH);
    interpreter.initialize(3);
    let inputs: Vec<f32> = (0..BATCH * WIDTH).map(|i| (i as f32).sin()).collect();
    let targets: Vec<f32> = (0..BATCH).map(|i| (3.0 * i as f32).cos()).collect();
    let batch = Batch {
        inputs: &inputs,
        targets: Targets::Reals(&targets),
        others: &[],
        len: BATCH,
    };
    let draw: Draw = step(0).draw();
    interpreter.step(&batch, &draw, &step(0).at);
    interpreter.gradient().to_vec()
}

/// The numbers of a section, which an optimizer keeps in float32.
fn numbers(section: Section<'_>) -> &mut [f32] {
    match section.values {
        Numbers::F32(values) => values,
        Numbers::F64(_) => panic!("{} is float64", section.name),
    }
}

/// The sections of a checkpoint whose names begin as `prefix` says, one after the other.
fn kept(engine: &mut Descent, prefix: &str) -> Vec<f32> {
    let sections = engine.sections().into_iter();
    let sections = sections.filter(|section| match prefix {
        "" => !section.name.starts_with("optimizer."),
        _ => section.name.starts_with(prefix),
    });
    sections
        .flat_map(|section| numbers(section).to_vec())
        .collect()
}

const SGD: &str = "[optimizer]\nname = 'sgd'\n";

#[test]
fn a_long_gradient_is_clipped_over_all_variables() {
    let gradient = gradient();
    let squares = gradient.iter().map(|g| f64::from(*g).powi(2));
    let norm = squares.sum::<f64>().sqrt();
    let start = kept(&mut engine(""), "");
    for most in [0.5 * norm, 2.0 * norm] {
        let mut clipped = engine(&format!("clip_norm = {most:?}\n{SGD}"));
        train(&mut clipped, 0..1);
        assert!((clipped.gradient_norm().unwrap() / norm - 1.0).abs() < 1e-12);
        let factor = (most / norm).min(1.0);
        let moved = kept(&mut clipped, "");
        for ((moved, start), g) in moved.iter().zip(&start).zip(&gradient) {
            let expected = f64::from(*start) - 0.125 * factor * f64::from(*g);
            assert!(
                (f64::from(*moved) - expected).abs() < 1e-6,
                "{moved} {expected}"
            );
        }
    }
    assert_eq!(engine(SGD).gradient_norm(), None);
}

#[test]
fn what_is_never_clipped_keeps_its_bits() {
    for optimizer in ["adam", "adamw", "sgd", "rmsprop"] {
        for plan in [plan, plan_of_batch_norm] {
            let optimizer = format!("[optimizer]\nname = '{optimizer}'\n");
            let mut plain = engine_of(plan(), &optimizer);
            let mut clipped = engine_of(plan(), &format!("clip_norm = 1e30\n{optimizer}"));
            train(&mut plain, 0..5);
            train(&mut clipped, 0..5);
            for prefix in ["", "optimizer."] {
                assert_eq!(
                    kept(&mut plain, prefix),
                    kept(&mut clipped, prefix),
                    "{optimizer}"
                );
            }
        }
    }
}

#[test]
fn what_layers_keep_moves_with_clipped_steps_too() {
    let plan = plan_of_batch_norm();
    let mut clipped = engine_of(plan.clone(), "clip_norm = 0.01\n");
    let start = kept(&mut clipped, "");
    train(&mut clipped, 0..1);
    let after = kept(&mut clipped, "");
    for name in ["batch_norm_1.mean", "batch_norm_1.variance"] {
        let mut all = plan.variables.iter();
        let variable = all.find(|variable| variable.name.starts_with(name));
        let range = variable.expect("a batch norm").range.clone();
        assert_ne!(start[range.clone()], after[range], "{name}");
    }
}

#[test]
fn weight_decay_is_of_kernels_alone() {
    let plan = plan();
    let start = kept(&mut engine(""), "");
    let mut plain = engine("");
    train(&mut plain, 0..1);
    let plain = kept(&mut plain, "");
    for (decays, names) in [
        ("without_prior", &["dense_1.kernel.loc"][..]),
        ("kernels", &["dense_1.kernel.loc", "f.kernel.loc"]),
    ] {
        for clip in ["", "clip_norm = 1e30\n"] {
            let mut decaying = engine(&format!(
                "{clip}[optimizer]\nname = 'adamw'\nweight_decay = 0.5\ndecays = '{decays}'\n"
            ));
            train(&mut decaying, 0..1);
            let decaying = kept(&mut decaying, "");
            for variable in &plan.variables {
                let rate = match names.contains(&&*variable.name) {
                    true => 0.125 * 0.5,
                    false => 0.0,
                };
                for entry in variable.range.clone() {
                    let expected = plain[entry] - rate * start[entry];
                    let found = decaying[entry];
                    let what = format!("{} under {decays}: {found} {expected}", variable.name);
                    assert!((found - expected).abs() < 1e-6, "{what}");
                }
            }
        }
    }
}

/// What layers keep is averaged as everything else is: a prediction takes the average of it.
#[test]
fn the_average_predicts_and_the_variables_go_on() {
    for plan in [plan, plan_of_batch_norm] {
        the_average_predicts(&plan());
    }
}

fn the_average_predicts(plan: &Arc<Plan>) {
    let engine = |text| engine_of(plan.clone(), text);
    let mut plain = engine("");
    let mut averaged = engine("ema_decay = 0.75\n");
    assert_eq!(
        kept(&mut averaged, ""),
        kept(&mut plain, ""),
        "before the first step"
    );
    let mut all = vec![];
    for done in 0..6 {
        train(&mut plain, done..done + 1);
        train(&mut averaged, done..done + 1);
        all.push(kept(&mut plain, ""));
        // A prediction between two steps changes neither.
        averaged.predictor().draw_weights(0, 1);
        assert_eq!(
            all[all.len() - 1],
            kept(&mut averaged, "optimizer.variables/")
        );
        let weights: Vec<f64> = (0..all.len())
            .rev()
            .map(|age| 0.75f64.powi(age as i32))
            .collect();
        for (entry, found) in kept(&mut averaged, "").iter().enumerate() {
            let terms = weights.iter().zip(&all);
            let sum: f64 = terms.map(|(weight, w)| weight * f64::from(w[entry])).sum();
            let expected = sum / weights.iter().sum::<f64>();
            assert!(
                (f64::from(*found) - expected).abs() < 1e-5,
                "{found} {expected}"
            );
        }
    }
    // What predicts is the average: a network of its own with these numbers says the same.
    let mut other = engine("");
    let average = kept(&mut averaged, "");
    other.interpreter.variables_mut().copy_from_slice(&average);
    let mut out = [vec![0.0; 2], vec![0.0; 2]];
    for (engine, out) in [&mut averaged, &mut other].into_iter().zip(&mut out) {
        let predictor = engine.predictor();
        predictor.draw_weights(2, 9);
        predictor.predict_drawn(&[0.5, -1.0, 2.0, 0.25], 1, out, None);
    }
    assert_eq!(out[0], out[1]);
}

#[test]
fn an_average_that_is_saved_goes_on_with_the_same_bits() {
    let settings =
        "ema_decay = 0.75\nclip_norm = 0.5\n[optimizer]\nname = 'rmsprop'\nmomentum = 0.5\n";
    let mut whole = engine(settings);
    train(&mut whole, 0..7);
    let mut first = engine(settings);
    train(&mut first, 0..4);
    let saved = first.sections().into_iter();
    let saved: Vec<Vec<f32>> = saved.map(|s| numbers(s).to_vec()).collect();
    let mut resumed = engine(settings);
    for (section, values) in resumed.sections().into_iter().zip(&saved) {
        numbers(section).copy_from_slice(values);
    }
    train(&mut resumed, 4..7);
    for prefix in ["", "optimizer."] {
        assert_eq!(kept(&mut whole, prefix), kept(&mut resumed, prefix));
    }
    // From the start again, too.
    whole.initialize(3);
    train(&mut whole, 0..7);
    assert_eq!(kept(&mut whole, ""), kept(&mut resumed, ""));
}

/// Whether the step is one pass or two, and whether it goes on from a checkpoint: the bits are the same, and no
/// scale is above the largest.
#[test]
fn scales_are_limited_in_every_way_to_step() {
    let limited = || plan_of("MeanField(scale = 0.099, largest_scale = 0.1)");
    let largest_rho = 0.1f64.exp_m1().ln();
    let rho = |values: &[f32]| {
        let plan = limited();
        let of = plan
            .variables
            .iter()
            .filter(|v| v.name.starts_with("f.") && v.name.ends_with(".rho"));
        let of = of.flat_map(|variable| variable.range.clone());
        of.map(|place| f64::from(values[place])).collect::<Vec<_>>()
    };
    let mut engines = ["", "clip_norm = 1e30\n", "ema_decay = 0.5\n"]
        .map(|settings| engine_of(limited(), settings));
    let mut free = engine_of(plan_of("MeanField(scale = 0.099)"), "");
    train(&mut free, 0..5);
    assert!(
        rho(&kept(&mut free, ""))
            .iter()
            .any(|rho| *rho > largest_rho + 0.01)
    );
    for engine in &mut engines {
        train(engine, 0..3);
        let saved: Vec<Vec<f32>> = engine
            .sections()
            .into_iter()
            .map(|s| numbers(s).to_vec())
            .collect();
        engine.initialize(8);
        for (section, values) in engine.sections().into_iter().zip(&saved) {
            numbers(section).copy_from_slice(values);
        }
        train(engine, 3..5);
        let found = rho(&kept(engine, ""));
        assert!(
            found.iter().all(|rho| *rho < largest_rho + 1e-6),
            "{found:?}"
        );
        assert!(
            found.iter().any(|rho| *rho > largest_rho - 1e-6),
            "{found:?}"
        );
    }
    let mut whole = engine_of(limited(), "");
    train(&mut whole, 0..5);
    for prefix in ["", "optimizer."] {
        let expected = kept(&mut whole, prefix);
        assert_eq!(kept(&mut engines[0], prefix), expected);
        assert_eq!(kept(&mut engines[1], prefix), expected);
    }
}
