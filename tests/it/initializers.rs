//! How a model's variables start: every initialiser where one may stand, and what the report expects
//! of it.

use crate::support::{Examples, draw, plan, step};
use bnnc::exec::Interpreter;
use bnnc::initializer::INITIALIZERS;
use bnnc::ir::text;
use bnnc::report::initial::initial_terms;

fn model(posterior: &str) -> String {
    format!(
        "model test\ninput x: real[6]\ntarget y: real\n\
         default {{ prior = Laplace(0.1, 0.7), posterior = {posterior}, estimator = flipout }}\n\
         network {{\n dense(9)\n tanh\n f = dense(1)\n}}\nobserve y ~ Normal(f, 0.5)\nobjective elbo\n"
    )
}

/// Every scheme, written with arguments if it needs some.
fn forms() -> Vec<String> {
    let form = |name: &str| match name {
        "Constant" => "Constant(-0.3)".into(),
        "Normal" | "TruncatedNormal" => format!("{name}(0.2, 0.4)"),
        "Uniform" => "Uniform(-0.5, 0.7)".into(),
        _ => name.to_owned(),
    };
    INITIALIZERS
        .iter()
        .map(|s| form(s.signature().name))
        .collect()
}

/// The expected KL at the start against its mean over many starts, within five standard errors.
#[test]
fn the_expected_kl_is_the_mean_over_seeds() {
    const SEEDS: u64 = 300;
    let mut posteriors: Vec<String> = Vec::new();
    for form in forms() {
        posteriors.push(format!("MeanField(loc = {form})"));
        posteriors.push(format!("MeanField(scale = Softplus({form}))"));
        posteriors.push(format!("MeanField(scale = Exp({form}))"));
    }
    // Half of the draws start above the largest scale, at it.
    posteriors
        .push("MeanField(scale = Exp(Uniform(-0.4, -0.001)), largest_scale = exp(-0.2))".into());
    for posterior in posteriors {
        let plan = plan(&model(&posterior));
        let expected = initial_terms(&plan, None);
        let examples = Examples::new(1, 6, 0, 1);
        let mut interpreter = Interpreter::<f64>::new(plan, 1);
        let starts: Vec<Vec<f64>> = (0..SEEDS)
            .map(|seed| {
                interpreter.initialize(seed);
                let report = step(&mut interpreter, &examples, &draw(1, 1), 1);
                report.terms.iter().map(|term| term.value).collect()
            })
            .collect();
        for (index, expected) in expected.iter().enumerate() {
            let Some(expected) = expected else { continue };
            let values = starts.iter().map(|values| values[index]);
            let mean = values.clone().sum::<f64>() / SEEDS as f64;
            let square: f64 = values.map(|x| (x - mean).powi(2)).sum();
            let error = square.sqrt() / SEEDS as f64;
            assert!(
                (mean - expected).abs() <= 5.0 * error + 1e-9 * expected.abs(),
                "{posterior}, term {index}: {expected} expected, {mean} ± {error} found"
            );
        }
    }
}

/// Glorot's limit is √(6/(6 + 9)) for a kernel of 6 inputs and 9 units, and its bias has the same fans.
#[test]
fn fans_are_the_parameters() {
    let plan = plan(&model("MeanField(loc = GlorotUniform, scale = Exp(-3))"));
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), 1);
    interpreter.initialize(3);
    for (name, limit) in [
        ("dense_1.kernel.loc", (6.0f64 / 15.0).sqrt()),
        ("dense_1.bias.loc", (6.0f64 / 15.0).sqrt()),
        ("f.kernel.loc", (6.0f64 / 10.0).sqrt()),
    ] {
        let variable = plan.variables.iter().find(|v| v.name == name).expect(name);
        let entries = &interpreter.variables()[variable.range.clone()];
        let most = entries.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        assert!(
            most < limit && most > 0.6 * limit,
            "{name}: {most} of {limit}"
        );
    }
    let rho = plan
        .variables
        .iter()
        .find(|v| v.name == "f.kernel.rho")
        .expect("a rho");
    assert!(
        interpreter.variables()[rho.range.clone()]
            .iter()
            .all(|&rho| rho == -3.0)
    );
}

#[test]
fn the_ir_says_what_they_come_to() {
    let plan = plan(&model(
        "MeanField(loc = GlorotNormal, scale = Exp(Normal(-3, 0.1)))",
    ));
    let ir = text(&plan.inference, &Default::default());
    for line in [
        "posterior Normal(loc, exp(rho))",
        // √(2/15)/0.8796, and √(2/10)/0.8796
        "start     loc ~ TruncatedNormal(0, 0.415118), rho ~ Normal(-3, 0.1)",
        "start     loc ~ TruncatedNormal(0, 0.508414), rho ~ Normal(-3, 0.1)",
        "default posterior = MeanField(loc = GlorotNormal, scale = Exp(Normal(-3, 0.1)))",
    ] {
        assert!(ir.contains(line), "{line} in\n{ir}");
    }
}
