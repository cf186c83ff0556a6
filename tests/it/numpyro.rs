//! Emitted NumPyro programs: their log joint density of given weights is the interpreter's.
//!
//! They need a Python with numpyro: `BNNC_PYTHON`, else `python3`. Where there is none the comparison is skipped, aloud.

use crate::support::{Examples, step};
use bnnc::exec::{Draw, Interpreter};
use bnnc::ir::InferenceMethod;
use bnnc::likelihood::Targets;
use bnnc::plan::Plan;
use bnnc::source::Source;
use bnnc::verify::python;
use safetensors::tensor::{Dtype, TensorView};
use std::process::Command;
use std::sync::Arc;

fn model(target: &str, default: &str, network: &str, observe: &str) -> String {
    format!(
        "model test\ninput x: real[6, 6, 2]\ntarget {target}\ndefault {{ {default} }}\nnetwork {{\n{network}\n}}\n\
         observe {observe}\nobjective elbo\n"
    )
}

fn map(text: &str) -> Arc<Plan> {
    let source = Source {
        name: "test.bnn".into(),
        text: text.into(),
    };
    let method = InferenceMethod::parse("map").unwrap();
    let compiled = bnnc::compile::by_method(source, &[], Some(method));
    Arc::new(Plan::new(
        compiled
            .unwrap_or_else(|failure| panic!("{failure}"))
            .inference,
    ))
}

const CONVOLUTIONS: &str = "conv2d(4, kernel = 3, padding = same, stride = 2)\n tanh\n conv2d(4, kernel = [2, 1], groups = 2, \
     padding = 1, dilation = [1, 2])\n softplus\n max_pool2d(2, padding = same)\n gelu\n flatten\n out = dense(3)";

const GRAPH: &str = "a = conv2d(2, kernel = 3, padding = same)\n relu\n avg_pool2d(3, stride = 2, padding = same)\n b = \
     global_avg_pool2d\n c = dense(2)\n s = silu\n d = add on (b, s)\n e = concat on (d, b)\n out = dense(3) on e";

/// The density at weights that are all points.
#[test]
fn the_log_joint_density_is_the_interpreters() {
    let cases = [
        (
            model(
                "y: category[3]",
                "prior = Normal(0, 1)",
                CONVOLUTIONS,
                "y ~ Categorical(logits = out)",
            ),
            0,
        ),
        (
            model(
                "y: real[3]",
                "prior = Laplace(0, 0.5)",
                GRAPH,
                "y ~ StudentT(df = 4, loc = out, scale = 0.5)",
            ),
            3,
        ),
        (
            model(
                "y: real[3]",
                "prior = StudentT(3, 0.1, 0.5)",
                GRAPH,
                "y ~ Normal(loc = out, scale = [0.1, 0.2, 0.5])",
            ),
            3,
        ),
        (
            model(
                "y: real[3]",
                "prior = ScaleMixture(0.3, scales = [1, 0.1])",
                GRAPH,
                "y ~ Cauchy(loc = out, scale = 1)",
            ),
            3,
        ),
        (
            model(
                "y: real",
                "prior = Normal(0, 1)",
                "flatten\n h = dense(4)\n a = dense(2)\n b = dense(2) on h\n dense(2) on h\n c = softplus",
                "y ~ MixtureNormal(logits = a, loc = b, scale = c)",
            ),
            1,
        ),
        (
            model(
                "y: category[3]",
                "prior = Normal(0, 1)",
                "flatten\n out = dense(1)",
                "y ~ OrderedLogistic(eta = out, cutpoints = [-0.5, 0.7])",
            ),
            0,
        ),
        (
            model(
                "y: count\nlatent kappa ~ Normal(0, 1)",
                "prior = Normal(0, 1)",
                "flatten\n out = dense(1)",
                "y ~ NegativeBinomial(log_mean = out, concentration = exp(kappa))",
            ),
            1,
        ),
        (
            model(
                "y: count",
                "prior = Normal(0, 1)",
                "flatten\n h = dense(4)\n a = dense(1)\n b = dense(1) on h",
                "y ~ ZeroInflatedPoisson(gate_logits = a, log_rate = b)",
            ),
            1,
        ),
        (
            model(
                "y: count",
                "prior = Normal(0, 1 / sqrt(fan_in))",
                "flatten\n out = dense(1)",
                "y ~ Poisson(log_rate = out)",
            ),
            1,
        ),
        (
            model(
                "y: real\nlatent tau ~ HalfCauchy(0.5)",
                "prior = Normal(0, tau / sqrt(fan_in))",
                "flatten\n h = dense(3)\n mish\n out = dense(1)",
                "y ~ Normal(loc = out, scale = exp(tau))",
            ),
            1,
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut expected = vec![];
    let mut command = Command::new(python(None));
    command.arg(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/python/numpyro_density.py"
    ));
    for (number, (text, width)) in cases.iter().enumerate() {
        let plan = map(text);
        let case = folder.path().join(number.to_string());
        std::fs::create_dir(&case).unwrap();
        let program =
            bnnc::emit::numpyro::program(&plan.model).unwrap_or_else(|f| panic!("{f}\n{text}"));
        std::fs::write(case.join("program.py"), program).unwrap();
        let mut examples = Examples::<f64>::new(4, 72, 3, *width);
        if *width == 1 {
            examples.reals = vec![0.0, 3.0, 1.0, 2.0];
        }
        let mut interpreter = Interpreter::<f64>::new(plan.clone(), examples.len);
        for (i, value) in interpreter.variables_mut().iter_mut().enumerate() {
            *value = 0.3 * (1.3 * i as f64 + 0.4).sin();
        }
        let draw = Draw {
            seed: 0,
            step: 0,
            given: None,
        };
        let report = step(&mut interpreter, &examples, &draw, examples.len);
        expected.push(-report.terms.iter().map(|term| term.value).sum::<f64>());
        let mut arrays = vec![("x".to_owned(), vec![4, 6, 6, 2], examples.inputs.clone())];
        arrays.push(match examples.batch().targets {
            Targets::Labels(labels) => {
                let labels = labels.iter().map(|&label| f64::from(label));
                ("target.y".into(), vec![4], labels.collect())
            }
            Targets::Reals(reals) => ("target.y".into(), vec![4, *width], reals.to_vec()),
        });
        for variable in &plan.variables {
            let name = variable.name.strip_suffix(".loc").unwrap().to_owned();
            let mut values = interpreter.variables()[variable.range.clone()].to_vec();
            if name == "tau" {
                // The point is z = ln tau, whose density has a factor tau more.
                *expected.last_mut().unwrap() -= values[0];
                values[0] = values[0].exp();
            }
            arrays.push((name, variable.shape.0.clone(), values));
        }
        let bytes: Vec<Vec<u8>> = arrays
            .iter()
            .map(|(_, _, values)| values.iter().flat_map(|x| x.to_le_bytes()).collect())
            .collect();
        let views = arrays.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
            (
                name.clone(),
                TensorView::new(Dtype::F64, shape.clone(), bytes).unwrap(),
            )
        });
        std::fs::write(
            case.join("case.safetensors"),
            safetensors::serialize(views, None).unwrap(),
        )
        .unwrap();
        command.arg(case);
    }
    let works = Command::new(python(None))
        .args(["-c", "import numpyro, safetensors"])
        .output();
    if !works.is_ok_and(|output| output.status.success()) {
        return eprintln!(
            "SKIPPED: no Python with numpyro (BNNC_PYTHON), its programs are not run"
        );
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let found = String::from_utf8(output.stdout).unwrap();
    let found: Vec<f64> = found.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(found.len(), expected.len());
    for ((found, expected), (text, _)) in found.iter().zip(&expected).zip(&cases) {
        assert!(
            (found / expected - 1.0).abs() < 1e-12,
            "{found}, expected {expected} in\n{text}"
        );
    }
}

/// What has no prior has no posterior to draw from.
#[test]
fn what_has_no_prior_is_refused() {
    let refused = |text: &str| {
        bnnc::emit::numpyro::program(&map(text).model)
            .unwrap_err()
            .to_string()
    };
    let learned = model(
        "y: real",
        "prior = Normal(0, 1)",
        "flatten\n f = dense(1)",
        "y ~ Normal(loc = f, scale = learned(1))",
    );
    assert!(
        refused(&learned).contains("`y.scale` is learned without a prior"),
        "{}",
        refused(&learned)
    );
}
