//! Latent variables: each has its term, and what depends on them is an expectation over them.

use crate::support::{Examples, draw, plan, step};
use bnnc::exec::Interpreter;
use std::collections::BTreeMap;

/// Unscaled values of the weights' terms, at `draws` draws, and loc and scale of each parameter.
struct Run {
    terms: Vec<BTreeMap<String, f64>>,
    variables: BTreeMap<String, Vec<f64>>,
}

fn run(text: &str, draws: u64) -> Run {
    let plan = plan(text);
    let examples = Examples::<f64>::new(2, 3, 0, 1);
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), 2);
    interpreter.initialize(7);
    let terms = (0..draws).map(|index| {
        let report = step(&mut interpreter, &examples, &draw(5, index), 10);
        let terms = plan.inference.loss.terms.iter().zip(&report.terms);
        terms
            .map(|(term, value)| (term.kind.name(&plan.model), value.value))
            .collect()
    });
    let terms = terms.collect();
    let softplus = |x: &f64| f64::EPSILON + x.max(0.0) + (-x.abs()).exp().ln_1p();
    let variables = plan.variables.iter().map(|variable| {
        let values = &interpreter.variables()[variable.range.clone()];
        match variable.name.strip_suffix(".rho") {
            Some(name) => {
                let name = format!("{name}.scale");
                (name, values.iter().map(softplus).collect())
            }
            None => (variable.name.clone(), values.to_vec()),
        }
    });
    Run {
        terms,
        variables: variables.collect(),
    }
}

fn model(declared: &str, prior: &str) -> String {
    format!(
        "model test\ninput x: real[3]\ntarget y: real\n{declared}\n\
         default {{ prior = {prior}, posterior = MeanField, bias = none }}\n\
         network {{ h = dense(4)\n tanh\n f = dense(1) }}\n\
         observe y ~ Normal(loc = f, scale = 1)\nobjective elbo\n"
    )
}

/// Mean and its standard error.
fn mean(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let all: Vec<f64> = values.collect();
    let n = all.len() as f64;
    let mean = all.iter().sum::<f64>() / n;
    let variance = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    (mean, (variance / n).sqrt())
}

/// E_q(τ)[KL(N(m, s²) ‖ N(0, τ²))] with ln τ ~ N(a, b²): E ln τ = a, E τ⁻² = exp(2b² - 2a).
#[test]
fn what_depends_on_a_latent_scale_is_its_expectation() {
    let tau = "latent tau ~ HalfCauchy(1), posterior = LogNormal(loc = -0.3, scale = 0.2)";
    let run = run(&model(tau, "Normal(0, tau)"), 4000);
    let (a, b) = (run.variables["tau.loc"][0], run.variables["tau.scale"][0]);
    assert!((a + 0.3).abs() < 1e-12 && (b - 0.2).abs() < 1e-12);
    let per_square = (2.0 * b * b - 2.0 * a).exp();
    for name in ["h.kernel", "f.kernel"] {
        let loc = &run.variables[&format!("{name}.loc")];
        let scale = &run.variables[&format!("{name}.scale")];
        let entries = loc.iter().zip(scale);
        let exact: f64 = entries
            .map(|(m, s)| a - s.ln() + 0.5 * (s * s + m * m) * per_square - 0.5)
            .sum();
        let term = format!("kl({name})");
        let (got, error) = mean(run.terms.iter().map(|terms| terms[&term]));
        assert!(
            (got - exact).abs() < 5.0 * error && error > 0.0,
            "{name}: {got} ± {error}, exactly {exact}"
        );
    }
    // Its own KL does not depend on the draw.
    let own = |terms: &BTreeMap<String, f64>| terms["kl(tau)"];
    assert!(
        run.terms
            .iter()
            .all(|terms| own(terms) == own(&run.terms[0]))
    );
}

/// KL(LogNormal(a, b) ‖ HalfCauchy(1)) = -ln q's entropy part - E ln p, by plain summation.
#[test]
fn a_latent_variables_own_term_is_its_kl() {
    let tau = "latent tau ~ HalfCauchy(1), posterior = LogNormal(loc = 0.4, scale = 0.5)";
    let run = run(&model(tau, "Normal(0, tau)"), 1);
    let (a, b) = (0.4, 0.5);
    let (steps, reach) = (40_000, 10.0);
    let h = 2.0 * reach / f64::from(steps);
    let exact: f64 = (0..steps)
        .map(|i| {
            let e = -reach + (f64::from(i) + 0.5) * h;
            let z = a + b * e;
            let density = (-0.5 * e * e).exp() / std::f64::consts::TAU.sqrt();
            let ln_q = -0.5 * e * e - 0.5 * std::f64::consts::TAU.ln() - f64::ln(b) - z;
            let ln_p = (2.0 / std::f64::consts::PI).ln() - (2.0 * z).exp().ln_1p();
            h * density * (ln_q - ln_p)
        })
        .sum();
    let got = run.terms[0]["kl(tau)"];
    assert!((got / exact - 1.0).abs() < 1e-8, "{got}, {exact}");
}

/// A horseshoe with a local scale for each output unit, λ_j: N(0, (τ λ_j)²) given them.
#[test]
fn a_horseshoes_local_scales_are_parameters() {
    let text = model("", "Horseshoe(0.5, local = unit)");
    let run = run(&text, 4000);
    let names: Vec<&String> = run.terms[0].keys().collect();
    let wanted = [
        "kl(f.kernel)",
        "kl(f.kernel.local)",
        "kl(h.kernel)",
        "kl(h.kernel.local)",
        "nll",
    ];
    assert_eq!(names, wanted);
    for (name, units) in [("h.kernel", 4), ("f.kernel", 1)] {
        let of = |what: &str| &run.variables[&format!("{name}.{what}")];
        let (loc, scale) = (of("loc"), of("scale"));
        let (a, b) = (of("local.loc"), of("local.scale"));
        assert_eq!(a.len(), units);
        let exact: f64 = (0..loc.len())
            .map(|i| {
                let (m, s, j) = (loc[i], scale[i], i % units);
                let per_square = (2.0 * b[j] * b[j] - 2.0 * a[j]).exp() / 0.25;
                f64::ln(0.5) + a[j] - s.ln() + 0.5 * (s * s + m * m) * per_square - 0.5
            })
            .sum();
        let term = format!("kl({name})");
        let (got, error) = mean(run.terms.iter().map(|terms| terms[&term]));
        assert!(
            (got - exact).abs() < 5.0 * error && error > 0.0,
            "{name}: {got} ± {error}, exactly {exact}"
        );
    }
}

/// Closed forms and quadrature have the mean of ln q(w) - ln p(w) over draws, for every posterior, joint
/// ones included.
#[test]
fn every_form_of_a_pair_is_the_mean_over_draws() {
    for family in [
        "MeanField(scale = 0.3)",
        "MeanField(scale = Exp(Normal(-1, 0.3)))",
        "FullRank(scale = 0.3)",
        "LowRank(rank = 2, scale = 0.2, factor = Normal(0, 0.3))",
        "MatrixNormal(scale = 0.3)",
        "Radial(scale = 0.8)",
        "Laplace(scale = 0.3)",
        "LogNormal(loc = Normal(-1, 0.2), scale = 0.4)",
    ] {
        for prior in [
            "Normal(0.1, 0.7)",
            "Laplace(0, 0.5)",
            "StudentT(4, 0, 0.6)",
            "ScaleMixture(weight = 0.4, scales = [1, 0.1])",
            "Horseshoe(0.5)",
            "Horseshoe(0.5, local = unit)",
        ] {
            let text = |kl: &str| {
                let text = model("", prior).replace("MeanField", family);
                text.replace("objective elbo", &format!("objective elbo {{ kl = {kl} }}"))
            };
            let values = |kl: &str, draws: u64| {
                let run = run(&text(kl), draws);
                mean(run.terms.iter().map(|terms| terms["kl(h.kernel)"]))
            };
            let (auto, auto_error) = values("auto", 3000);
            let (drawn, error) = values("monte_carlo", 3000);
            let bound = 5.0 * (error + auto_error) + 1e-9 * auto.abs();
            assert!(
                (auto - drawn).abs() < bound,
                "{family} || {prior}: {auto} ± {auto_error}, by draws {drawn} ± {error}"
            );
        }
    }
}
