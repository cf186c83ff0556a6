//! IVON's steps against those of its authors' package, and its fixed point against a closed form.

use super::*;
use crate::compile;
use crate::ir::Position;
use crate::likelihood::Targets;
use crate::source::Source;
use serde_json::Value;
use std::collections::BTreeMap;

fn plan(text: &str) -> Arc<Plan> {
    let source = Source {
        name: "m.bnn".into(),
        text: text.into(),
    };
    let compiled = compile::source(source, &[]).expect("a model");
    Arc::new(Plan::new(compiled.inference))
}

/// The step after `done` others, on minibatches of `batch` of `n` examples.
fn step(done: u64, learning_rate: f64, [n, batch]: [usize; 2]) -> Step {
    Step {
        seed: 5,
        round: 0,
        done,
        learning_rate,
        at: Position {
            training_examples: n,
            batch,
            batch_index: 0,
            batches: n / batch,
            epoch: 0.0,
        },
    }
}

fn batch<'a>(inputs: &'a [f32], targets: &'a [f32]) -> Batch<'a, f32> {
    Batch {
        inputs,
        targets: Targets::Reals(targets),
        others: &[],
        len: targets.len(),
    }
}

/// Where a variable lies.
fn place(plan: &Plan, name: &str) -> Range<usize> {
    let mut all = plan.variables.iter();
    let found = all.find(|variable| variable.name == name);
    found.expect(name).range.clone()
}

/// A section's entries.
fn section(engine: &mut Ivon, name: &str) -> Vec<f32> {
    let mut all = engine.sections().into_iter();
    match all.find(|section| section.name == name).expect(name).values {
        Numbers::F32(values) => values.to_vec(),
        Numbers::F64(_) => panic!("{name} is float64"),
    }
}

fn close(found: &[f32], expected: &[f64], within: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        let error = (f64::from(*found) - expected).abs();
        assert!(
            error <= within * expected.abs().max(1.0),
            "{what}: {found} is not {expected}"
        );
    }
}

#[test]
fn steps_are_those_of_the_package() {
    let text = include_str!("../../../../tests/fixtures/ivon_opt.json");
    let fixture: Value = serde_json::from_str(text).unwrap();
    let numbers = |value: &Value| -> Vec<f64> { serde_json::from_value(value.clone()).unwrap() };
    let narrow = |value: &Value| -> Vec<f32> {
        let wide = numbers(value).into_iter();
        wide.map(|x| x as f32).collect()
    };
    for (name, case) in fixture["cases"].as_object().unwrap() {
        let settings = case["settings"].as_object().unwrap();
        let own = |name: &str| !["lr", "temperature"].contains(&name);
        let arguments = settings.iter().filter(|(name, _)| own(name));
        let arguments: Vec<String> = arguments.map(|(name, x)| format!("{name} = {x}")).collect();
        let plan = plan(&format!(
            "model m\ninput x: real[4]\ntarget y: real\ndefault {{ prior = Normal(0, 2) }}\nnetwork {{\n \
             h = dense(3) {{ kernel: prior = Normal(0, 0.5) }}\n tanh\n f = dense(1) {{ kernel: prior = Normal(0, 1) }}\n}}\n\
             observe y ~ Normal(f, 0.5)\ninference ivon({}) {{ samples = 2, temperature = {} }}\n",
            arguments.join(", "),
            settings["temperature"]
        ));
        let (inputs, targets) = (narrow(&case["x"]), narrow(&case["y"]));
        let batch = batch(&inputs, &targets);
        let mut engine = Ivon::new(plan.clone(), batch.len);
        engine.initialize(0);
        for (name, start) in case["start"].as_object().unwrap() {
            let place = place(&plan, &format!("{name}.loc"));
            engine.interpreter.variables_mut()[place].copy_from_slice(&narrow(start));
        }
        let steps = case["noise"].as_array().unwrap().iter();
        for (done, (noise, after)) in steps.zip(case["after"].as_array().unwrap()).enumerate() {
            let noise = noise.as_object().unwrap().iter();
            let given: BTreeMap<String, Vec<f64>> = noise
                .map(|(name, values)| (format!("{name}.noise"), numbers(values)))
                .collect();
            let step = step(
                done as u64,
                settings["lr"].as_f64().unwrap(),
                [60, batch.len],
            );
            let draw = Draw {
                given: Some(&given),
                ..step.draw()
            };
            let trained = engine.step_drawn(&batch, &draw, &step, &mut []);
            assert!(trained.not_finite.is_empty());
            for (tensor, after) in after.as_object().unwrap() {
                let what = |of: &str| format!("{of} of {tensor} in {name} after step {}", done + 1);
                let loc = format!("{tensor}.loc");
                let found = section(&mut engine, &loc);
                close(&found, &numbers(&after["loc"]), 1e-6, &what("loc"));
                for of in ["momentum", "hessian"] {
                    let found = section(&mut engine, &format!("ivon.{of}/{loc}"));
                    close(&found, &numbers(&after[of]), 2e-6, &what(of));
                }
            }
        }
    }
}

#[test]
fn linear_regressions_mean_field_optimum_is_the_fixed_point() {
    const N: usize = 5;
    let inputs: [[f64; 3]; N] = [
        [1.0, -0.5, 0.25],
        [0.5, 1.5, -1.0],
        [-1.25, 0.75, 0.5],
        [0.25, 1.0, 1.75],
        [-0.5, -1.0, 0.75],
    ];
    let targets = [0.5, -1.0, 2.0, 0.75, -0.25];
    let (noise, loc, scale) = (0.5, 0.25, 0.8);
    let plan = plan(&format!(
        "model m\ninput x: real[3]\ntarget y: real\nnetwork {{ f = dense(1, bias = none) {{ prior = Normal({loc}, {scale}) }} }}\n\
         observe y ~ Normal(f, {noise})\ninference ivon(beta1 = 0.5, beta2 = 0.8) {{ samples = 8 }}\n"
    ));
    let narrow: Vec<f32> = inputs.iter().flatten().map(|x| *x as f32).collect();
    let of_targets: Vec<f32> = targets.iter().map(|x| *x as f32).collect();
    let batch = batch(&narrow, &of_targets);
    let mut engine = Ivon::new(plan.clone(), N);
    engine.initialize(1);
    // Every pattern of signs once: over these the estimates of gradient and curvature are exact.
    let signs = (0..8).flat_map(|s| (0..3).map(move |i| f64::from((s >> i & 1) * 2 - 1)));
    let given = BTreeMap::from([("f.kernel.noise".to_owned(), signs.collect::<Vec<f64>>())]);
    for done in 0..400 {
        let step = step(done, 1.0, [N, N]);
        let draw = Draw {
            given: Some(&given),
            ..step.draw()
        };
        engine.step_drawn(&batch, &draw, &step, &mut []);
    }
    // The gradient of the log joint at the mean is 0, and each precision is the diagonal of its curvature.
    let found = section(&mut engine, "f.kernel.loc");
    let rho = section(&mut engine, "f.kernel.rho");
    for i in 0..3 {
        let rows = inputs.iter().zip(targets);
        let gradient: f64 = rows
            .map(|(x, y)| {
                let f: f64 = (0..3).map(|j| x[j] * f64::from(found[j])).sum();
                (f - y) * x[i] / (noise * noise)
            })
            .sum();
        let of_prior = (f64::from(found[i]) - loc) / (scale * scale);
        assert!((gradient + of_prior).abs() < 1e-4, "{gradient} {of_prior}");
        let data: f64 = inputs.iter().map(|x| x[i] * x[i]).sum();
        let precision = data / (noise * noise) + 1.0 / (scale * scale);
        let sigma = f64::from(rho[i]).exp();
        assert!(
            (sigma * precision.sqrt() - 1.0).abs() < 1e-5,
            "{sigma} is not {precision}^(-1/2)"
        );
    }
}

/// A layer without a prior, one whose prior has a loc, and a learned number.
const MIXED: &str = "model m\ninput x: real[4]\ntarget y: real\ndefault { prior = Normal(0.5, 1) }\nnetwork {\n \
     dense(3) { kernel = deterministic, bias = deterministic }\n tanh\n f = dense(1)\n}\n\
     observe y ~ Normal(f, learned(0.5))\ninference ivon(hess_init = 0.5)\n";

/// A minibatch of six.
fn six() -> [Vec<f32>; 2] {
    let inputs = (0..24).map(|i| (i as f32).sin()).collect();
    let targets = (0..6).map(|i| (3.0 * i as f32).cos()).collect();
    [inputs, targets]
}

#[test]
fn what_has_no_prior_takes_a_momentum_step() {
    let plan = plan(MIXED);
    let [inputs, targets] = six();
    let batch = batch(&inputs, &targets);
    let mut engine = Ivon::new(plan.clone(), 6);
    engine.initialize(3);
    let first = step(0, 0.125, [60, 6]);
    engine.set_scales(&first);
    let mut whole = Interpreter::<f32>::new(plan.clone(), 6);
    let start = engine.interpreter.variables().to_vec();
    whole.variables_mut().copy_from_slice(&start);
    let report = whole.step(&batch, &first.draw(), &first.at);
    let gradient = whole.gradient().to_vec();
    let trained = engine.step(&batch, &first, &mut []);
    // The loss is that of the whole, though the gradient is the data's.
    assert_eq!(trained.report, report);
    // The first step is bias-corrected: lr·g.
    for name in ["dense_1.kernel.loc", "dense_1.bias.loc", "y.scale.rho"] {
        let moved = engine.interpreter.variables()[place(&plan, name)].to_vec();
        let expected = place(&plan, name)
            .map(|i| f64::from(start[i]) - 0.125 * f64::from(gradient[i]))
            .collect::<Vec<f64>>();
        close(&moved, &expected, 1e-6, name);
    }
    // The gradient of the whole loss by loc is the data's and δ(μ − μ₀).
    let name = "f.kernel.loc";
    let h = section(&mut engine, "ivon.hessian/f.kernel.loc");
    let moved = section(&mut engine, name);
    let delta = 1.0 / 60.0;
    let expected: Vec<f64> = place(&plan, name)
        .zip(h)
        .map(|(i, h)| {
            let newton = f64::from(gradient[i]) / (f64::from(h) + delta);
            f64::from(start[i]) - 0.125 * (0.5 + delta) * newton
        })
        .collect();
    close(&moved, &expected, 1e-6, name);
}

#[test]
fn a_run_that_goes_on_from_its_sections_goes_to_the_same_bits() {
    let plan = plan(MIXED);
    let [inputs, targets] = six();
    let batch = batch(&inputs, &targets);
    let fresh = || {
        let mut engine = Ivon::new(plan.clone(), 6);
        engine.initialize(3);
        engine
    };
    let (mut whole, mut first, mut second) = (fresh(), fresh(), fresh());
    (0..5).for_each(|done| {
        whole.step(&batch, &step(done, 0.125, [60, 6]), &mut []);
    });
    (0..2).for_each(|done| {
        first.step(&batch, &step(done, 0.125, [60, 6]), &mut []);
    });
    let kept: Vec<_> = (first.sections().into_iter())
        .map(|section| section.values.kept())
        .collect();
    for (section, kept) in second.sections().into_iter().zip(kept) {
        match (section.values, kept) {
            (Numbers::F32(to), crate::engine::Kept::F32(from)) => to.copy_from_slice(&from),
            _ => panic!("{} is float64", section.name),
        }
    }
    (2..5).for_each(|done| {
        second.step(&batch, &step(done, 0.125, [60, 6]), &mut []);
    });
    let bits = |engine: &mut Ivon| -> Vec<u32> {
        let sections = engine.sections().into_iter();
        let numbers = sections.flat_map(|section| match section.values {
            Numbers::F32(values) => values.to_vec(),
            Numbers::F64(_) => vec![],
        });
        numbers.map(f32::to_bits).collect()
    };
    assert_eq!(bits(&mut second), bits(&mut whole));
}

#[test]
fn the_precision_stays_positive_whatever_the_estimate() {
    let settings = Settings {
        hess_init: 0.1,
        beta1: 0.9,
        beta2: 0.5,
        clip_radius: f64::INFINITY,
    };
    let rule = Rule::<f32>::new(&settings, [60.0, 0.02], 0.1, 1);
    for by_rho in [-1e4, -10.0, -1.0, -0.1, 0.0, 0.1, 1e4] {
        let (mut mu, mut m, mut h) = (0.0, 0.0, 0.1);
        rule.step(&mut mu, &mut m, &mut h, [0.0, by_rho, 0.0]);
        // By the factor 1 + x + x²/2, half or more.
        let precision = f64::from(h) + 0.02;
        assert!(precision >= 0.5 * 0.12 - 1e-6, "{by_rho}: {h}");
        let x = 0.5 * (60.0 * 0.12 * f64::from(by_rho) - 0.1) / 0.12;
        let expected = 0.12 * (1.0 + x + 0.5 * x * x);
        assert!(
            (precision / expected - 1.0).abs() < 1e-4,
            "{by_rho}: {h} {expected}"
        );
        assert!(rule.rho(h).is_finite());
    }
}
