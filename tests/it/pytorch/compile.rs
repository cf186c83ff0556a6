//! `torch.compile(model, fullgraph=True)` of emitted programs: no graph breaks, the same loss and gradients.

use super::COMPARISON;
use crate::support::plan;
use bnnc::verify::python;
use std::process::Command;

/// Every posterior, and every estimator over every kind of linear layer that they differ for.
fn layers() -> String {
    let posteriors = [
        "FullRank",
        "LowRank(rank = 2)",
        "MatrixNormal",
        "Radial",
        "Rank1",
        "Dropout(0.3)",
        "LogNormal(loc = Normal(0, 0.2))",
        "LogitNormal",
        "Laplace",
        "Cauchy",
        "Delta",
    ];
    let dense = posteriors.map(|posterior| {
        // The KL of a Cauchy to a normal is infinite.
        let prior = if posterior == "Cauchy" {
            "StudentT(3)"
        } else {
            "Normal(0, 0.7)"
        };
        format!(" dense(3) {{ posterior = {posterior}, prior = {prior} }}\n tanh\n")
    });
    let estimators = [
        "flipout",
        "local_reparameterization",
        "per_example",
        "reparameterization",
    ]
    .map(|name| {
        format!(" conv2d(2, kernel = 2, padding = same) {{ estimator = {name} }}\n tanh\n")
    });
    format!(
        "{} flatten\n{} f = dense(1)",
        estimators.concat(),
        dense.concat()
    )
}

/// Traces the models of these texts, their noise made in this way.
fn traces(texts: &[String], how: &str) {
    if COMPARISON.is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(python(None));
    command.args(["tests/python/compile.py", "[4, 3, 3, 2]", how]);
    for (number, text) in texts.iter().enumerate() {
        let path = folder.path().join(format!("program_{number}.py"));
        std::fs::write(&path, bnnc::emit::pytorch::module(&plan(text)).unwrap()).unwrap();
        command.arg(path);
    }
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

fn model(declared: &str, default: &str, network: &str, objective: &str) -> String {
    format!(
        "model test\ninput x: real[3, 3, 2]\ntarget y: real\n{declared}\ndefault {{ {default} }}\n\
         network {{\n{network}\n}}\nobserve y ~ Normal(f, 0.5)\nobjective elbo {{ {objective} }}\n"
    )
}

#[test]
fn every_posterior_and_estimator_is_one_graph() {
    traces(&[model("", "bias = none", &layers(), "")], "torch");
}

/// Densities, integrals, numbers that are drawn, noise from counters and several samples.
#[test]
fn every_form_of_a_term_is_one_graph() {
    let small = "flatten\n dense(2)\n tanh\n f = dense(1)";
    let tau = "latent tau ~ Gamma(2, 3), posterior = LogNormal(loc = -0.3, scale = 0.2)";
    let texts = [
        model(
            "",
            "prior = Normal(0, 0.7), posterior = FullRank",
            small,
            "kl = monte_carlo(gradient = path), samples = 2",
        ),
        model(tau, "prior = StudentT(3, 0, tau)", small, "kl = quadrature"),
        model(tau, "prior = Horseshoe(tau, local = unit)", small, ""),
    ];
    traces(&texts, "counter");
}

/// With the code that PyTorch generates: in float32, no farther from float64 than the program without it.
#[test]
fn a_compiled_program_rounds_as_an_eager_one() {
    if COMPARISON.is_none() {
        return;
    }
    if Command::new("g++").arg("--version").output().is_err() {
        eprintln!("SKIPPED: no g++, with which PyTorch compiles");
        return;
    }
    let network = " conv2d(2, kernel = 2, padding = same) { estimator = flipout }\n tanh\n flatten\n dense(4)\n relu\n \
                   f = dense(1)";
    let text = model("", "prior = StudentT(3)", network, "kl = quadrature");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program.py");
    std::fs::write(&path, bnnc::emit::pytorch::module(&plan(&text)).unwrap()).unwrap();
    let output = Command::new(python(None))
        .arg("tests/python/compiled.py")
        .arg(&path)
        .env("TORCHINDUCTOR_CACHE_DIR", folder.path().join("cache"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}
