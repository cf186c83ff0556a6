//! Every lint of the registry, on a file that triggers it and on one that does not:
//! `tests/corpus/lint/NAME.bnn` and `NAME.ok.bnn`, what is known of their runs in the first line,
//! `# facts: N=506 B=32 epochs=100 targets=MEAN,DEVIATION,LOW,HIGH`.

use bnnc::compile;
use bnnc::diagnostic::{Diagnostic, Severity, render};
use bnnc::ir::Facts;
use bnnc::likelihood::Observed;
use bnnc::lint::{self, LINTS, Level, Lint, Policy};
use bnnc::optimizer::{Decay, Decayed};
use bnnc::plan::Plan;
use bnnc::report::initial::initial_terms;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// The facts of a fixture's first line.
fn facts(text: &str) -> Facts {
    let mut facts = Facts::default();
    let line = text.lines().next().unwrap_or("");
    let words = line.strip_prefix("# facts: ").unwrap_or("");
    for word in words.split_whitespace() {
        let (key, value) = word.split_once('=').expect(word);
        let number = || value.parse::<usize>().expect(word);
        match key {
            "N" => facts.training_examples = Some(number()),
            "B" => facts.batch = Some(number()),
            "epochs" => facts.epochs = Some(number()),
            "warm_up" => facts.warm_up = Some(number() as f64),
            "augmented" => facts.augmented = number() == 1,
            "decay" => {
                let (of, rate) = (Decayed::AllKernels, value.parse().expect(word));
                facts.decay = Some(Decay { of, rate });
            }
            "evaluation_samples" => facts.evaluation_samples = Some(number()),
            "classes" => facts.classes = Some(number()),
            "absent" => {
                facts.absent_classes = value.split(',').map(|x| x.parse().expect(word)).collect();
            }
            "unseen" => {
                let (input, tokens) = value.split_once(':').expect(word);
                let tokens = tokens.split(',').map(|x| x.parse().expect(word)).collect();
                facts.unseen_tokens = vec![(input.into(), tokens)];
            }
            "data" => facts.data = Some(value.into()),
            "targets" => {
                let numbers = value.split(',').map(|x| x.parse().expect(word));
                let [mean, deviation, low, high] = numbers.collect::<Vec<f64>>()[..] else {
                    panic!("{word}")
                };
                facts.targets = vec![Observed {
                    mean,
                    deviation,
                    median: mean,
                    interquartile_range: 1.349 * deviation,
                    low,
                    high,
                }];
            }
            _ => panic!("{word}"),
        }
    }
    facts
}

/// What a lint says of a fixture, and the fixture's source for it.
fn said(lint: &dyn Lint, suffix: &str) -> Option<String> {
    let path = format!("tests/corpus/lint/{}{suffix}.bnn", lint.name());
    let compiled = compile::file(Path::new(&path), &[]);
    let compiled = compiled.unwrap_or_else(|failure| panic!("{path}: {failure}"));
    let mut facts = facts(&compiled.source.text);
    let plan = Arc::new(Plan::new(compiled.inference.clone()));
    facts.initial_terms = initial_terms(&plan, facts.training_examples);
    let message = lint.check(&compiled.inference, &facts)?;
    assert_eq!(message.code, lint.name());
    assert_eq!(message.severity, Severity::Warning);
    assert!(!message.helps.is_empty(), "{path}: what to do");
    Some(render(&[message], Some(&compiled.source), false))
}

#[test]
fn every_lint_speaks_of_its_file_and_is_silent_on_the_other() {
    for lint in LINTS {
        let name = lint.name();
        let message = said(*lint, "").unwrap_or_else(|| panic!("{name} says nothing"));
        insta::assert_snapshot!(name, message);
        assert_eq!(said(*lint, ".ok"), None, "{name}.ok.bnn");
    }
    let fixtures = std::fs::read_dir("tests/corpus/lint").unwrap();
    let found: BTreeSet<String> = fixtures
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let both = |lint: &&dyn Lint| ["", ".ok"].map(|suffix| format!("{}{suffix}.bnn", lint.name()));
    assert_eq!(found, LINTS.iter().flat_map(both).collect());
}

/// A model with a temperature (which warns) whose LeNet is wide under its prior (which is pedantic).
const COLD: &str = "model cold
input  image: real[28, 28, 1]
target label: category[10]
default { prior = Normal(0, 1), posterior = MeanField }
network {
  flatten
  dense(400)
  relu
  logits = dense(10)
}
observe label ~ Categorical(logits = logits)
objective elbo { temperature = 0.1 }
";

fn under(policy: &Policy) -> Vec<Diagnostic> {
    let source = bnnc::source::Source {
        name: "cold.bnn".into(),
        text: COLD.into(),
    };
    let model = compile::source(source, &[]).unwrap().inference;
    lint::run(&model, &Facts::default(), policy)
}

fn codes(found: &[Diagnostic], severity: Severity) -> Vec<&str> {
    let of = found.iter().filter(|m| m.severity == severity);
    of.map(|m| m.code).collect()
}

#[test]
fn a_policy_says_which_lints_are_shown_and_as_what() {
    use Severity::{Error, Warning};
    let policy = |pedantic, deny: &[&str], allow: &[&str]| Policy {
        pedantic,
        deny: deny.iter().map(|s| s.to_string()).collect(),
        allow: allow.iter().map(|s| s.to_string()).collect(),
    };
    let (cold, wide) = ("temperature-not-one", "prior-outputs-wide");
    assert_eq!(lint::find(wide).unwrap().level(), Level::Pedantic);
    let found = under(&policy(false, &[], &[]));
    assert_eq!(codes(&found, Warning), [cold]);
    let found = under(&policy(true, &[], &[]));
    assert!(codes(&found, Warning).contains(&wide));
    let found = under(&policy(true, &["warnings"], &[cold]));
    assert!(codes(&found, Warning).is_empty() && !codes(&found, Error).contains(&cold));
    assert!(codes(&found, Error).contains(&wide));
    // One that is denied by its name is shown without `--pedantic`, and whatever is allowed.
    let found = under(&policy(false, &[wide], &[]));
    assert_eq!(codes(&found, Error), [wide]);
    assert_eq!(codes(&found, Warning), [cold]);
    assert!(
        found
            .last()
            .unwrap()
            .notes
            .iter()
            .any(|n| n.contains("--deny"))
    );
    assert!(under(&policy(false, &[], &[cold])).is_empty());
}

#[test]
fn every_lint_has_a_name_of_its_own_in_kebab_case() {
    let names: BTreeSet<&str> = LINTS.iter().map(|lint| lint.name()).collect();
    assert_eq!(names.len(), LINTS.len());
    for name in names {
        assert!(
            name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
            "{name}"
        );
        assert!(lint::find(name).is_some());
    }
}

fn model(text: &str) -> Arc<bnnc::ir::Inference> {
    let source = bnnc::source::Source {
        name: "m.bnn".into(),
        text: text.into(),
    };
    compile::source(source, &[]).unwrap().inference
}

/// −ln p of a point falls without bound where a learned number takes a scale to 0 and where the density is
/// infinite; not where something keeps the scale away from 0.
#[test]
fn a_penalty_without_bound_is_found_in_whatever_stands_for_the_scale() {
    let found = |prior: &str| {
        let model = model(&format!(
            "model m\ninput x: real[8]\ntarget y: real\nlatent tau ~ HalfNormal(1)\n\
             default {{ prior = {prior}, posterior = Delta }}\n\
             network {{ dense(4)\ntanh\nf = dense(1) }}\n\
             observe y ~ Normal(f, tau)\nobjective elbo\n"
        ));
        let lint = lint::find("penalty-without-bound").unwrap();
        lint.check(&model, &Facts::default()).map(|m| m.title)
    };
    for prior in [
        "Normal(0, learned(1))",
        "Normal(0, learned(1) / sqrt(fan_in))",
        "Laplace(0, tau * learned(1))",
        "ScaleMixture(weight = 0.5, scales = [1, learned(0.1)])",
        "Horseshoe(0.1)",
        "Horseshoe(1, local = unit)",
        "LogUniform",
    ] {
        let title = found(prior).unwrap_or_else(|| panic!("{prior}"));
        assert!(title.contains("without bound"), "{title}");
    }
    for prior in [
        "Normal(learned(0), 1)",
        "Normal(0, 0.1 + learned(1))",
        "Normal(0, exp(learned(1)))",
        "StudentT(learned(3), 0, 1)",
        "Normal(0, tau)",
    ] {
        assert_eq!(found(prior), None, "{prior}");
    }
}

/// Labels are numbers in many files: what a class can tell is not counted as what a measurement can.
#[test]
fn classifiers_are_left_out_of_what_data_can_pay() {
    let said = |target: &str, observe: &str, outputs: usize| {
        let model = model(&format!(
            "model m\ninput x: real[128]\ntarget y: {target}\n\
             default {{ prior = Normal(0, 1), posterior = MeanField }}\n\
             network {{ dense(256)\nrelu\nf = dense({outputs}) }}\nobserve y ~ {observe}\nobjective elbo\n"
        ));
        let mut facts = facts("# facts: N=200 B=50 targets=0.5,0.5,0,1");
        facts.classes = Some(2);
        let lint = lint::find("kl-beyond-data").unwrap();
        lint.check(&model, &facts).is_some()
    };
    assert!(said("real", "Normal(f, 0.5)", 1));
    assert!(!said("category[2]", "Categorical(logits = f)", 2));
    assert!(!said("binary", "Bernoulli(logits = f)", 1));
}

/// What is said of an improper prior of points holds no ELBO, and proposes no prior as bad.
#[test]
fn an_improper_prior_of_points_is_not_said_to_spoil_an_elbo() {
    for (posterior, elbo) in [("Delta", false), ("MeanField", true)] {
        let model = model(&format!(
            "model m\ninput x: real[8]\ntarget y: real\n\
             default {{ prior = LogUniform, posterior = {posterior}, bias = none }}\n\
             network {{ f = dense(1) }}\nobserve y ~ Normal(f, 1)\nobjective elbo\n"
        ));
        let lint = lint::find("improper-prior").unwrap();
        let message = lint.check(&model, &Facts::default()).unwrap();
        let text = render(&[message], None, false);
        assert_eq!(text.contains("ELBO"), elbo, "{text}");
        assert_eq!(text.contains("Horseshoe"), elbo, "{text}");
        let remarks = model.loss_remarks().join("\n");
        assert_eq!(remarks.contains("ELBO bounds"), elbo, "{remarks}");
    }
}

/// A convolution, a dense layer and biases under an objective's options.
fn image(options: &str) -> Arc<bnnc::ir::Inference> {
    model(&format!(
        "model m\ninput x: real[8, 8, 1]\ntarget y: category[3]\n\
         default {{ prior = Normal(0, 1), posterior = MeanField }}\n\
         network {{ conv2d(4, kernel = 3)\nrelu\nflatten\nlogits = dense(3) }}\n\
         observe y ~ Categorical(logits)\nobjective elbo {{ {options} }}\n"
    ))
}

fn of_run(n: usize, batch: usize, epochs: usize) -> Facts {
    Facts {
        training_examples: Some(n),
        batch: Some(batch),
        epochs: Some(epochs),
        ..Facts::default()
    }
}

/// Whatever the size of a tensor, the number of positions, N and B: each KL once, over N.
#[test]
fn every_kl_has_the_weight_of_the_elbo() {
    let model = image("");
    assert_eq!(model.loss.terms.len(), 5);
    for (n, b) in [(60_000, 128), (506, 32), (7, 7)] {
        let lambda = model.lambda(&of_run(n, b, 1)).unwrap();
        assert_eq!((lambda.value, lambda.factors.len()), (1.0, 0));
        for term in &model.loss.terms[1..] {
            let at = bnnc::ir::Position {
                batch: b,
                batches: n.div_ceil(b),
                epoch: 0.0,
                ..bnnc::ir::Position::full_batch(n)
            };
            assert_eq!(term.scale.value(&at), 1.0 / n as f64);
        }
    }
}

/// λ at the run's end, what names it, and what a reader is told.
#[test]
fn lambda_has_every_factor() {
    for (options, epochs, value, names) in [
        ("", 10, 1.0, &[][..]),
        ("samples = 4", 10, 1.0, &[]),
        ("temperature = 0.1", 10, 0.1, &["temperature"]),
        ("annealing = linear(epochs = 10)", 10, 1.0, &["annealing"]),
        ("annealing = linear(epochs = 40)", 10, 0.25, &["annealing"]),
        ("minibatch = blundell", 10, 1.0, &["minibatch"]),
        (
            "temperature = 2, annealing = linear(epochs = 40), minibatch = blundell",
            10,
            0.5,
            &["temperature", "annealing", "minibatch"],
        ),
    ] {
        let model = image(options);
        let facts = of_run(1000, 100, epochs);
        let lambda = model.lambda(&facts).unwrap();
        assert_eq!(lambda.value, value, "{options}");
        let found: Vec<&str> = lambda.factors.iter().map(|factor| factor.name).collect();
        assert_eq!(found, names, "{options}");
        let lines = model.lambda_lines(&facts);
        assert_eq!(lines.len(), 1 + names.len());
        let first = format!("{value}");
        assert_eq!(
            lines[0].split(' ').next(),
            Some(first.as_str()),
            "{lines:?}"
        );
        assert_eq!(
            names.is_empty(),
            lines[0].contains("has the weight of the ELBO")
        );
    }
    // 512/1023 of the KL on the first of 10 batches, 1/1023 on the last, each of 100 of 1000 examples.
    let text = image("minibatch = blundell")
        .lambda_lines(&of_run(1000, 100, 1))
        .join("\n");
    assert!(
        text.contains("from 5.00489 on an epoch's first to 0.00977517 on its last"),
        "{text}"
    );
}

#[test]
fn lambda_is_of_what_there_is() {
    let of = |posterior: &str| {
        model(&format!(
            "model m\ninput x: real[2]\ntarget y: real\n\
             default {{ prior = Normal(0, 1), posterior = {posterior} }}\n\
             network {{ f = dense(1) }}\nobserve y ~ Normal(f, 1)\nobjective elbo\n"
        ))
    };
    let line = |model: &bnnc::ir::Inference| model.lambda_lines(&Facts::default()).remove(0);
    assert!(line(&of("Delta")).contains("the penalty has the weight of the posterior"));
    assert!(line(&of("MeanField")).contains("the KL has the weight of the ELBO"));
    let said = line(&of("Dropout(0.1)"));
    assert!(
        said.contains("penalty and surrogate have the weight of the ELBO"),
        "{said}"
    );
    let plain = model(
        "model m\ninput x: real[2]\ntarget y: real\n\
         network { f = dense(1) { kernel = deterministic, bias = deterministic } }\n\
         observe y ~ Normal(f, 1)\nobjective elbo\n",
    );
    assert_eq!(plain.lambda(&Facts::default()), None);
    assert!(line(&plain).starts_with("none"));
}

/// What `adamw` has to say of a model, whose decay is of kernels without a prior or of all.
#[test]
fn weight_decay_beside_a_prior_is_told() {
    let of = |body: &str, head: &str, decays: &str| {
        let inference = model(&format!(
            "model m\ninput x: real[2]\ntarget y: real\ndefault {{ prior = Normal(0, 1) }}\n\
             network {{ a = dense(3) {body}\n tanh\n f = dense(1) {head} }}\n\
             observe y ~ Normal(f, 1)\nobjective elbo\n"
        ));
        let text = format!("[optimizer]\nname = 'adamw'\nweight_decay = 0.1\n{decays}");
        let name = "run.toml".into();
        let config = bnnc::train::Config::parse(bnnc::source::Source { name, text }).unwrap();
        let facts = bnnc::train::facts(&config, &inference, None, &[], [&[]; 2]);
        let lint = bnnc::lint::find("weight-decay-beside-prior").unwrap();
        lint.check(&inference, &facts).map(|message| message.title)
    };
    let point = "{ kernel = deterministic, bias = deterministic }";
    assert_eq!(of(point, "", ""), None);
    assert_eq!(
        of("", "", "").unwrap(),
        "`weight_decay` = 0.1 decays nothing: every kernel has a prior"
    );
    let all = "decays = 'kernels'";
    assert_eq!(
        of(point, "", all).unwrap(),
        "`weight_decay` = 0.1 shrinks `f.kernel`, which its prior shrinks too"
    );
    assert_eq!(of(point, point, all), None);
}

/// The default settings of the language say nothing: no lint warns of what no one has written. What other programs do is
/// warned of.
#[test]
fn the_gallery_is_free_of_warnings() {
    let of_others = |model: &str| match model {
        "cifar10_resnet20" => &["batch-statistics-of-draws"][..],
        "cifar10_vgg" | "cifar10_resnet_tfp" => {
            &["batch-statistics-of-draws", "posterior-scale-tiny"]
        }
        _ => &[],
    };
    for entry in std::fs::read_dir("specs").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "bnn") {
            let compiled = compile::file(&path, &[]).unwrap();
            let codes = compiled.warnings.iter().map(|warning| warning.code);
            let expected = of_others(&compiled.inference.name);
            assert_eq!(codes.collect::<Vec<_>>(), expected, "{}", path.display());
        }
    }
}
