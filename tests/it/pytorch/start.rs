//! Where the variables of emitted programs start: the interpreter's numbers for the same seed.

use super::COMPARISON;
use crate::pretrained;
use crate::support::plan;
use bnnc::exec::Interpreter;
use bnnc::initializer::INITIALIZERS;
use bnnc::verify::python;
use std::collections::BTreeMap;
use std::process::Command;

const SEED: u64 = 0x1234_5678_9abc;

/// Every scheme, with arguments where it needs some.
fn forms() -> Vec<String> {
    let form = |name: &str| match name {
        "Constant" => "Constant(-0.3)".into(),
        "Normal" | "TruncatedNormal" => format!("{name}(0.2, 0.4)"),
        "Uniform" => "Uniform(-0.5, 0.7)".into(),
        _ => name.to_owned(),
    };
    let schemes = INITIALIZERS.iter().map(|scheme| scheme.signature().name);
    schemes.map(form).collect()
}

fn model(declared: &str, network: &str, observe: &str) -> String {
    format!(
        "model test\ninput x: real[4]\ntarget y: real\n{declared}\nnetwork {{\n{network}\n}}\n\
         observe y ~ {observe}\nobjective elbo\n"
    )
}

#[test]
fn variables_start_from_the_interpreters_numbers() {
    if COMPARISON.is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let layers: Vec<String> = forms()
        .iter()
        .map(|form| {
            format!(
                " dense(5) {{ posterior = MeanField(loc = {form}, scale = Exp({form})) }}\n tanh\n"
            )
        })
        .collect();
    let latents = "latent tau ~ HalfCauchy(1), posterior = LogNormal(loc = Normal(-0.3, 0.1), scale = 0.2)\n\
                   default { prior = StudentT(learned(3), learned(0.1), tau * learned(0.4)), posterior = LowRank(rank = 2, factor = Normal(0, 0.3)) }";
    let limited = "default { posterior = MeanField(scale = Exp(Uniform(-0.4, -0.001)), largest_scale = exp(-0.2)) }";
    let moped = format!(
        "from = \"{}\", prior = MOPED(delta = 0.3, scale = 0.4)",
        pretrained::written(folder.path())
    );
    let texts = [
        model(
            "",
            &format!("{}f = dense(1)", layers.concat()),
            "Normal(f, 0.5)",
        ),
        model(
            latents,
            "dense(3)\n batch_norm\n f = dense(1)",
            "Normal(f, 0.4)",
        ),
        model(limited, "f = dense(1)", "StudentT(learned(3), f, 0.4)"),
        pretrained::model(&moped, "", ""),
    ];
    let plans = texts.map(|text| plan(&text));
    let mut command = Command::new(python(None));
    command.args(["tests/python/start.py", &SEED.to_string()]);
    for (number, plan) in plans.iter().enumerate() {
        let path = folder.path().join(format!("program_{number}.py"));
        std::fs::write(&path, bnnc::emit::pytorch::module(plan).unwrap()).unwrap();
        command.arg(path);
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(lines.lines().count(), plans.len());
    for (plan, line) in plans.iter().zip(lines.lines()) {
        let mut interpreter = Interpreter::<f64>::new(plan.clone(), 1);
        interpreter.initialize(SEED);
        let found: BTreeMap<String, Vec<f64>> = serde_json::from_str(line).unwrap();
        assert_eq!(found.len(), plan.variables.len());
        for variable in &plan.variables {
            let expected = &interpreter.variables()[variable.range.clone()];
            for (x, y) in found[&variable.name].iter().zip(expected) {
                assert!(
                    (x - y).abs() <= 1e-12 * (1.0 + y.abs()),
                    "{}: {x} {y}",
                    variable.name
                );
            }
        }
    }
}
