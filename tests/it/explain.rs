//! `bnnc explain`: a model as a methods section. Its numbers are the model's, every formula of every
//! registry is LaTeX that compiles, and the text fits a terminal.

use crate::support::plan;
use bnnc::bibliography;
use bnnc::compile;
use bnnc::distribution::DISTRIBUTIONS;
use bnnc::document::{Block, Document, Inline, Table};
use bnnc::estimator::{ESTIMATORS, POINT, SCALED};
use bnnc::explain::explain;
use bnnc::ir::{Facts, Inference, InferenceMethod, METHODS, Method, TermKind, Training};
use bnnc::kl::CLOSED_FORMS;
use bnnc::layer::LAYERS;
use bnnc::likelihood::LIKELIHOODS;
use bnnc::maths::Maths;
use bnnc::posterior::POSTERIORS;
use bnnc::signature::{Constant, Constants, Kind};
use bnnc::source::Source;
use bnnc::train::{self, Config};
use std::path::Path;
use std::process::Command;

/// Four layers alike, a latent noise and a prior of its own scale, everything tempered.
const HIERARCHY: &str = "model hierarchy
input  x: real[8]
target y: real
latent noise ~ Normal(0, 1), posterior = MeanField(loc = -1, scale = 0.1)
latent tau ~ Normal(1, 0.5)
default {
  prior = Normal(0, exp(tau) / sqrt(fan_in)), posterior = MeanField
  estimator = local_reparameterization, bias = deterministic(0)
}
network {
  dense(8), relu
  dense(8), relu
  dense(8), relu
  dense(8), relu
  f = dense(1)
}
observe y ~ Normal(loc = f, scale = exp(noise))
objective elbo { samples = 4, temperature = 0.5, annealing = linear(epochs = 10) }
";

/// Each posterior, each form of a term, each estimator, learned numbers.
const MANY: &str = "model many_kinds
input  image: real[28, 28, 1]
target label: category[10]
default {
  prior = Normal(0, learned(0.5)), posterior = MeanField(scale = Exp(Normal(-3, 0.1)))
  estimator = per_example
}
network {
  c1 = conv2d(6, kernel = 5) { estimator = local_reparameterization }
  gelu
  c2 = conv2d(6, kernel = 5, stride = 2) { posterior = Rank1, prior = Normal(0, 1) }
  silu
  flatten
  d1 = dense(40) { posterior = Dropout(rate = 0.1), prior = Normal(0, 1) }
  relu
  d2 = dense(20) { posterior = MatrixNormal, prior = Laplace(0, 1), estimator = reparameterization }
  relu
  d3 = dense(20) { posterior = LowRank(rank = 3), prior = StudentT(3), estimator = reparameterization }
  elu
  d4 = dense(20) { posterior = FullRank, estimator = reparameterization }
  tanh
  d5 = dense(20) { posterior = Radial, prior = Normal(0, 1), estimator = reparameterization }
  leaky_relu(0.1)
  d6 = dense(20) {
    posterior = Laplace, prior = ScaleMixture(weight = 0.5, scales = [1, exp(-6)])
    bias: prior = Normal(0, 10), posterior = Delta
  }
  relu
  d7 = dense(20) { posterior = Cauchy, estimator = flipout
    kernel: posterior = MeanField
    bias: estimator = reparameterization, prior = StudentT(3, 0, 1) }
  relu
  logits = dense(10)
}
observe label ~ Categorical(logits = logits)
objective elbo { kl = auto, minibatch = blundell }
";

const POINTS: &str = "model points
input  x: real[4]
target y: real[3]
default { prior = StudentT(4, 0, 0.5), posterior = Delta, bias = deterministic(0) }
network { dense(16), tanh, out = dense(3) }
observe y ~ Normal(loc = out, scale = 0.3)
objective map
";

const LIKELIHOOD_ALONE: &str = "model likelihood_alone
input  x: real[4]
target y: binary
default { posterior = deterministic }
network { dense(16), relu, out = dense(2) }
observe y ~ Bernoulli(logits = out[1])
objective elbo
";

/// Latent variables of every kind of prior, local scales, an improper prior.
const LATENTS: &str = "model latents
input  x: real[4]
target y: real
latent noise ~ HalfNormal(1)
latent tau   ~ HalfCauchy(1), posterior = LogNormal(loc = -1, scale = Exp(-2))
latent alpha ~ Gamma(2, 2)
latent beta  ~ InverseGamma(3, 2)
latent rate_of_all ~ Exponential(2)
latent kappa ~ LogNormal(0, 1)
latent omega ~ Uniform(0, 2)
default { prior = Normal(0, tau * alpha), posterior = MeanField }
network {
  h1 = dense(6) { prior = Horseshoe(tau, local = unit) }
  relu
  h2 = dense(5) { prior = Horseshoe(0.1) }
  relu
  h3 = dense(5) { prior = LogUniform }
  relu
  h4 = dense(5) { prior = Cauchy(0, beta + kappa), posterior = Cauchy }
  relu
  h5 = dense(5) { prior = Laplace(0, rate_of_all), posterior = Laplace }
  relu
  h6 = dense(5) { prior = ScaleMixture(weight = [0.2, 0.3, 0.5], scales = [1, 0.1, exp(-6)]) }
  relu
  f = dense(1)
}
observe y ~ Normal(loc = f, scale = noise * omega)
objective elbo
";

const MODELS: [&str; 5] = [HIERARCHY, MANY, POINTS, LIKELIHOOD_ALONE, LATENTS];

/// The models above and those of `specs/`.
fn models() -> Vec<std::sync::Arc<Inference>> {
    let mut models: Vec<_> = MODELS
        .iter()
        .map(|text| plan(text).inference.clone())
        .collect();
    for entry in std::fs::read_dir("specs").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "bnn") {
            models.push(crate::front_ir::compiled(&path).inference);
        }
    }
    assert!(models.len() > MODELS.len() + 3);
    models
}

fn facts() -> Facts {
    Facts {
        training_examples: Some(50_000),
        validation_examples: 1_000,
        batch: Some(128),
        data: Some("set_of_data".into()),
        training: Some(Training {
            inputs: "standardize",
            targets_standardized: true,
            epochs: 20,
            optimizer: Method {
                name: "adam",
                settings: vec![("learning_rate", "0.001".into()), ("beta1", "0.9".into())],
            },
            schedule: Method {
                name: "cosine",
                settings: vec![("warmup_epochs", "1".into())],
            },
            ..Training::default()
        }),
        ..Facts::default()
    }
}

fn table<'a>(document: &'a Document, label: &str) -> &'a Table {
    let mut tables = document.blocks.iter().filter_map(|block| match block {
        Block::Table(table) => Some(table),
        _ => None,
    });
    tables.find(|table| table.label == label).expect(label)
}

/// The words of a cell.
fn cell(parts: &[Inline]) -> String {
    let text = |part: &Inline| match part {
        Inline::Text(text) | Inline::Code(text) | Inline::Lead(text) => text.clone(),
        Inline::Maths(maths) => maths.plain(),
        Inline::Cite(_) | Inline::Table(_) => String::new(),
    };
    parts.iter().map(text).collect()
}

/// A count as the document writes it: `1,000`, or `3×272` for three rows.
fn count(text: &str) -> usize {
    let number = |text: &str| {
        text.replace(',', "")
            .parse::<usize>()
            .unwrap_or_else(|_| panic!("{text}"))
    };
    match text.split_once('×') {
        Some((times, each)) => number(times) * number(each),
        None if text.is_empty() => 0,
        None => number(text),
    }
}

/// From a heading to the next.
fn section(text: &str, heading: &str, next: &str) -> String {
    let start = text
        .find(heading)
        .unwrap_or_else(|| panic!("no {heading} in\n{text}"));
    let end = text[start + 1..]
        .find(next)
        .map_or(text.len(), |end| start + 1 + end);
    text[start..end].trim_end().to_string() + "\n"
}

#[test]
fn each_entry_is_counted_once() {
    for model in models() {
        let document = explain(&model, &facts());
        // The rows of a block's layers tell again what one of its uses is made of.
        let of_block = |row: &&Vec<Vec<Inline>>| cell(&row[0]).starts_with('.');
        let column = |label: &str, at: usize| -> usize {
            let rows = table(&document, label).rows.iter();
            let rows = rows.filter(|row| !of_block(row));
            rows.map(|row| count(&cell(&row[at]))).sum()
        };
        let len = |tensor| model.tensors[tensor].shape.len();
        let terms = model.loss.terms.iter();
        let expected: usize = terms.filter_map(|term| term.kind.tensor()).map(len).sum();
        assert_eq!(column("terms", 2), expected, "{}: the terms", model.name);
        let of_layers = model
            .tensors
            .iter()
            .filter(|(_, tensor)| tensor.role.is_of_layer());
        let expected: usize = of_layers.map(|(_, tensor)| tensor.shape.len()).sum();
        assert_eq!(column("layers", 3), expected, "{}: the layers", model.name);
    }
}

/// The scale of each row of the table is that of the terms, with its numbers.
#[test]
fn scales_are_the_terms_own() {
    for model in models() {
        let document = explain(&model, &facts());
        let mut scales: Vec<String> = model
            .loss
            .terms
            .iter()
            .map(|term| Maths::parse(&term.scale.with_numbers(Some(50_000), Some(128))).plain())
            .collect();
        scales.dedup();
        for row in &table(&document, "terms").rows {
            assert!(
                scales.contains(&cell(&row[4])),
                "{}: {}",
                model.name,
                cell(&row[4])
            );
        }
    }
}

/// q has as many parameters as there are trainable numbers of what is drawn.
#[test]
fn the_family_has_the_plans_variables() {
    for text in [HIERARCHY, MANY] {
        let plan = plan(text);
        let random = plan.inference.all_fitted().zip(plan.tensors.values());
        let random =
            random.filter(|((_, tensor), _)| tensor.posterior.family.entries().is_random());
        let expected: usize = random.map(|(_, tensor)| tensor.variables.len()).sum();
        let said = explain(&plan.inference, &facts()).text(100);
        let number = said
            .split("is approximated by a distribution")
            .nth(1)
            .unwrap();
        let number = number
            .split("with")
            .nth(1)
            .unwrap()
            .split_whitespace()
            .next()
            .unwrap();
        assert_eq!(count(number), expected);
    }
}

#[test]
fn sections() {
    let hierarchy = explain(&plan(HIERARCHY).inference, &facts());
    let (text, markdown) = (hierarchy.text(80), hierarchy.markdown());
    insta::assert_snapshot!(
        "explain_repeated_layers",
        section(&markdown, "### Network", "\n### ")
    );
    insta::assert_snapshot!(
        "explain_latent_prior",
        section(&text, "Prior\n", "\nVariational")
    );
    insta::assert_snapshot!(
        "explain_tempered",
        section(&text, "Objective\n", "\nEstimator")
    );
    let many = explain(&plan(MANY).inference, &facts());
    insta::assert_snapshot!(
        "explain_terms",
        section(&many.markdown(), "**Table 3", "\n*Closed")
    );
    insta::assert_snapshot!(
        "explain_forms",
        section(&many.text(80), "Closed form.", "\nThe scales")
    );
    let points = explain(&plan(POINTS).inference, &Facts::default());
    insta::assert_snapshot!(
        "explain_points",
        section(&points.latex(), "\\section{Point", "\nEach step")
    );
    let alone = explain(&plan(LIKELIHOOD_ALONE).inference, &Facts::default());
    insta::assert_snapshot!(
        "explain_likelihood",
        section(&alone.text(80), "Objective\n", "\nTable")
    );
}

/// A small model under each inference method: what is minimised, how, and what predicts.
#[test]
fn methods() {
    for method in [
        "map",
        "ensemble(members = 3)",
        "swag",
        "laplace",
        "laplace(predictive = probit)",
        "ivon",
        "hmc",
        "sghmc(temperature = 0.5)",
        "sgld(cycles = 4, preconditioner = rmsprop)",
    ] {
        let model = plan(&format!(
            "model line\ninput x: real[4]\ntarget y: real\ndefault {{ prior = Normal(0, 1) }}\n\
             network {{\n dense(8)\n tanh\n f = dense(1)\n}}\nobserve y ~ Normal(f, 0.5)\ninference {method}\n"
        ));
        let mut config = Config::default();
        config.follow_method(&model.inference.method);
        let facts = Facts {
            training: Some(train::training(&config)),
            ..facts()
        };
        let text = explain(&model.inference, &facts).text(80);
        // One that takes all examples at each step has said how many.
        let last = match text.contains("\nTraining\n") {
            true => "Training\n",
            false => "Prediction\n",
        };
        let name = match method.split_once("predictive = ") {
            Some((_, predictive)) => predictive.trim_end_matches(')'),
            None => method.split('(').next().unwrap(),
        };
        insta::assert_snapshot!(
            format!("explain_{name}"),
            section(&text, "Objective\n", "\nTable") + "\n" + &section(&text, last, "\nReferences")
        );
    }
}

#[test]
fn a_model_is_called_what_it_is() {
    let said = |text: &str| explain(&plan(text).inference, &facts()).text(200);
    let points = said(POINTS);
    assert!(
        points.contains("maximum a posteriori") && !points.contains("ELBO"),
        "{points}"
    );
    let alone = said(LIKELIHOOD_ALONE);
    assert!(
        alone.contains("maximum likelihood") && !alone.contains("KL"),
        "{alone}"
    );
    assert!(said(HIERARCHY).contains("This is not the negative ELBO"));
    let plain = HIERARCHY.replace("objective elbo {", "objective elbo # {");
    let plain = said(&plain);
    assert!(plain.contains("L = −ELBO/N ="), "{plain}");
    assert!(
        !plain.contains("temperature") && !plain.contains("annealing"),
        "{plain}"
    );
}

#[test]
fn a_prior_is_told_as_what_it_is() {
    for (prior, told) in [
        ("Normal(0, exp(tau)^(-tau))", "N(0, ((exp(τ))^(−τ))²)"),
        ("Normal(log(tau)^2, 1)", "N((ln(τ))², 1)"),
        ("Normal(0, 2 / (tau / 3))", "N(0, (2/(τ/3))²)"),
        ("Normal(0, 0.9999999)", "N(0, 0.9999999²)"),
        (
            "ScaleMixture([0.9999999, 1e-7], [0.9999999, 0.5])",
            "0.9999999 N(0, 0.9999999²) + 1e-7 N(0, 0.5²)",
        ),
    ] {
        let text = format!(
            "model m\ninput x: real[2]\ntarget y: real\nlatent tau ~ HalfCauchy(1)\n\
             default {{ prior = {prior} }}\nnetwork {{\n f = dense(1)\n}}\n\
             observe y ~ Normal(loc = f, scale = tau)\nobjective elbo\n"
        );
        let said = explain(&plan(&text).inference, &facts()).text(200);
        assert!(said.contains(told), "{prior}: {said}");
    }
}

#[test]
fn the_text_fits_the_terminal() {
    for model in models() {
        for width in [80, 100] {
            for line in explain(&model, &facts()).text(width).lines() {
                assert!(line.chars().count() <= width, "{}: {line}", model.name);
            }
        }
    }
}

/// Whether the grammar knows a text. One that it does not know becomes one name, without a complaint.
fn is_formula(text: &str) -> bool {
    let word = text.chars().all(char::is_alphabetic);
    word || Maths::parse(text) != Maths::Name(text.trim().into())
}

/// One document with every formula and phrase of every registry.
fn registries() -> Document {
    let mut document = Document::new("Registries");
    let mut add = |name: &str, text: &str| {
        assert!(!text.trim().is_empty(), "{name} has no text");
        for part in text.split('$').skip(1).step_by(2) {
            let maths = Maths::parse(part);
            assert!(is_formula(part), "{name}: {part}");
            assert_eq!(Maths::parse(&maths.to_string()), maths, "{name}: {part}");
        }
        document.prose(&format!("Of `{name}`: {text}"));
    };
    for layer in LAYERS {
        let signature = layer.signature();
        let mut first = Constants::default();
        for parameter in signature.parameters {
            match parameter.kind {
                Kind::Choice(words) => first.set(parameter.name, Constant::Word(words[0])),
                Kind::Number { .. } => first.set(parameter.name, Constant::Number(0.5)),
                _ => {}
            }
        }
        add(signature.name, &layer.described(&first));
        for parameter in signature.parameters {
            let Kind::Choice(words) = parameter.kind else {
                continue;
            };
            for word in &words[1..] {
                let mut arguments = first.clone();
                arguments.set(parameter.name, Constant::Word(word));
                add(signature.name, &layer.described(&arguments));
            }
        }
    }
    for entry in DISTRIBUTIONS {
        add(entry.signature().name, &format!("$${}$$", entry.formula()));
        for count in [3, 4, 8] {
            for notation in [true, false]
                .map(|fixed| entry.notation(count, fixed))
                .into_iter()
                .flatten()
            {
                add(entry.signature().name, &format!("$${notation}$$"));
            }
            for fixed in [true, false] {
                let density = entry.density(count, fixed);
                assert!(
                    is_formula(&density),
                    "{}: {density}",
                    entry.signature().name
                );
            }
        }
    }
    for entry in CLOSED_FORMS {
        let name = entry.names().join(" ");
        add(
            &name,
            &format!("by {}, $${}$$", entry.source(), entry.formula()),
        );
    }
    let rank = Constants(vec![("rank", Constant::Count(2))]);
    for entry in POSTERIORS {
        let name = entry.signature().name;
        add(name, entry.methods());
        entry
            .draw()
            .into_iter()
            .for_each(|draw| add(name, &format!("$${draw}$$")));
        entry
            .beyond_entries()
            .into_iter()
            .for_each(|text| add(name, text));
        for variable in entry.variables(&bnnc::tensor::Shape(vec![3, 2]), &rank) {
            let (symbol, scale) = entry.symbols(variable.name);
            add(name, &format!("${symbol}$ ${}$", scale.unwrap_or(symbol)));
        }
    }
    for entry in ESTIMATORS {
        add(entry.signature().name, entry.methods());
    }
    add("point", bnnc::estimator::Estimator::methods(&POINT));
    add("scaled", bnnc::estimator::Estimator::methods(&SCALED));
    for entry in LIKELIHOODS {
        add(
            entry.signature().name,
            &format!("$${}$$ $${}$$", entry.notation(), entry.formula()),
        );
    }
    let normed = plan(
        "model m\ninput x: real[2]\ntarget y: real\ndefault { prior = Normal(0, 1) }\n\
         network { dense(2), batch_norm, f = dense(1) }\nobserve y ~ Normal(f, 1)\ninference map\n",
    );
    for entry in bnnc::ir::METHODS {
        let name = entry.signature().name;
        let method = bnnc::ir::InferenceMethod::parse(name).expect("its defaults");
        if let Some(text) = entry.methods(&method.arguments, &normed.inference) {
            add(name, &text);
        }
    }
    document
}

/// What a registry cites is known, and all that is known is cited somewhere.
#[test]
fn citations_lead_somewhere() {
    let text = registries().text(80);
    assert!(!text.contains("[@"), "{text}");
    let mut cited = registries().references();
    for model in models() {
        let said = explain(&model, &facts());
        assert!(!said.text(80).contains("[@"));
        cited.extend(said.references());
    }
    let sticking = "objective elbo { kl = monte_carlo(gradient = path) }";
    let sticking = MANY.replace(
        "objective elbo { kl = auto, minibatch = blundell }",
        sticking,
    );
    let folder = tempfile::tempdir().unwrap();
    let file = crate::pretrained::written(folder.path());
    let moped = format!("from = \"{file}\", prior = MOPED(delta = 0.2)");
    let moped = crate::pretrained::model(&moped, "", "");
    for text in [sticking, moped] {
        let said = explain(&plan(&text).inference, &facts());
        assert!(!said.text(80).contains("[@"), "{}", said.text(80));
        cited.extend(said.references());
    }
    let by_method = |text: &str| {
        let source = Source {
            name: "m.bnn".into(),
            text: "model m\ninput x: real[2]\ntarget y: real\ndefault { prior = Normal(0, 1) }\n\
                   network { f = dense(1) }\nobserve y ~ Normal(f, 1)\nobjective elbo\n"
                .into(),
        };
        let method = InferenceMethod::parse(text).expect("a method");
        let compiled = compile::by_method(source, &[], Some(method)).expect("a model");
        explain(&compiled.inference, &facts()).references()
    };
    for method in METHODS {
        cited.extend(by_method(method.signature().name));
    }
    cited.extend(by_method("sgld(cycles = 2, preconditioner = rmsprop)"));
    for reference in bibliography::REFERENCES {
        let found = cited.iter().any(|c| c.key == reference.key);
        assert!(found, "{} is cited nowhere", reference.key);
    }
}

/// Names that mean something in LaTeX, or that its fonts do not have.
fn hostile() -> Document {
    let facts = Facts {
        data: Some("a_b%c$d#{x}~^\\\\é日本&<|>\"`*[@graves2011].csv".into()),
        set: vec![("width".into(), "4".into())],
        ..facts()
    };
    let text = POINTS
        .replace("out", "out_of_all")
        .replace("dense(16)", "h_1 = dense(16)");
    explain(&plan(&text).inference, &facts)
}

fn documents() -> Vec<Document> {
    let models = models();
    let said = models.iter().map(|model| explain(model, &facts()));
    said.chain([registries(), hostile()]).collect()
}

/// What stands outside of formulas, and the formulas.
fn apart(latex: &str) -> (String, Vec<String>) {
    let (mut words, mut formulas) = (String::new(), Vec::new());
    let mut rest = latex;
    let marks = [
        ("$", "$"),
        ("\\[", "\\]"),
        ("\\begin{equation*}", "\\end{equation*}"),
    ];
    while let Some((at, open, close)) = marks
        .iter()
        .filter_map(|(open, close)| {
            let mut places = rest.match_indices(open).map(|(at, _)| at);
            let at = places.find(|at| !rest[..*at].ends_with('\\'))?;
            Some((at, *open, *close))
        })
        .min_by_key(|(at, ..)| *at)
    {
        words += &rest[..at];
        let inside = &rest[at + open.len()..];
        let end = inside
            .find(close)
            .unwrap_or_else(|| panic!("{open} is never closed: {inside}"));
        formulas.push(inside[..end].to_string());
        rest = &inside[end + close.len()..];
    }
    (words + rest, formulas)
}

fn balanced(text: &str) -> bool {
    let mut depth = 0i32;
    let mut escaped = false;
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

/// Signs with a meaning that no backslash takes from them.
fn bare(text: &str, signs: &str) -> Option<char> {
    let mut escaped = false;
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if signs.contains(c) => return Some(c),
            _ => {}
        }
    }
    None
}

#[test]
fn the_latex_is_well_formed() {
    for document in documents() {
        let latex = document.latex();
        assert!(balanced(&latex), "{latex}");
        let mut open: Vec<&str> = Vec::new();
        for (at, _) in latex
            .match_indices("\\begin{")
            .chain(latex.match_indices("\\end{"))
        {
            assert!(latex[at..].contains('}'));
        }
        for part in latex.split('\\').skip(1) {
            if let Some(name) = part.strip_prefix("begin{") {
                open.push(name.split('}').next().unwrap());
            } else if let Some(name) = part.strip_prefix("end{") {
                assert_eq!(open.pop(), name.split('}').next(), "{latex}");
            }
        }
        assert!(open.is_empty(), "{open:?} are open");
        let body = &latex[latex.find("\\begin{document}").unwrap()..];
        let (words, formulas) = apart(body);
        let words: String = words.lines().filter(|line| !line.contains('&')).collect();
        // The columns of a table, and keys of references, are no words.
        assert_eq!(bare(&words, "_^#%$"), None, "{words}");
        assert!(words.chars().all(|c| c <= 'ſ'), "{words}");
        for formula in formulas {
            assert!(balanced(&formula), "{formula}");
            assert!(formula.is_ascii(), "{formula}");
            assert_eq!(bare(&formula, "#%$|"), None, "{formula}");
        }
    }
}

/// Runs pdflatex on each, where there is one.
#[test]
fn the_latex_compiles() {
    if Command::new("pdflatex").arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no pdflatex, nothing was compiled");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    for (index, document) in documents().iter().enumerate() {
        let name = format!("{index}.tex");
        std::fs::write(place.path().join(&name), document.latex()).unwrap();
        let mut log = compile(place.path(), &name);
        log += &compile(place.path(), &name);
        let last = log.rsplit("This is pdfTeX").next().unwrap();
        for complaint in ["undefined", "Overfull \\hbox", "Missing character"] {
            // A table of formulas may be a hair wider than the page.
            let lines: Vec<&str> = last
                .lines()
                .filter(|line| line.contains(complaint))
                .collect();
            assert!(
                lines.is_empty(),
                "{}: {lines:?}\n{}",
                complaint,
                document.latex()
            );
        }
    }
}

fn compile(folder: &Path, name: &str) -> String {
    let output = Command::new("pdflatex")
        .current_dir(folder)
        .args([
            "-draftmode",
            "-interaction=nonstopmode",
            "-halt-on-error",
            name,
        ])
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{log}");
    log
}

#[test]
fn surrogates_are_no_bound() {
    let model = &plan(MANY).inference;
    let terms = &model.loss.terms;
    assert!(
        terms
            .iter()
            .any(|term| matches!(term.kind, TermKind::Surrogate(_)))
    );
    let said = explain(model, &facts()).text(400);
    assert!(said.contains("no bound on the evidence"), "{said}");
    assert!(!said.contains("−ELBO/N"), "{said}");
}

/// What the page of the book shows is what is written.
#[test]
fn the_page_shows_what_is_written() {
    let page = std::fs::read_to_string("docs/explain.md").unwrap();
    let model = crate::front_ir::compiled(Path::new("specs/concrete_hierarchical.bnn")).inference;
    let facts = Facts {
        batch: Some(32),
        ..Facts::default()
    };
    let document = explain(&model, &facts);
    let (terminal, markdown) = page.split_once("## In Markdown").unwrap();
    let terminal = terminal.split_once("## In a terminal").unwrap().1;
    let (text, shown) = (
        document.text(100),
        terminal.lines().filter_map(|l| l.strip_prefix("    ")),
    );
    for line in shown {
        assert!(text.lines().any(|written| written == line), "{line}");
    }
    let shown = markdown.split_once("From the same model:\n\n").unwrap().1;
    assert!(document.markdown().contains(shown.trim_end()), "{shown}");
}

#[test]
fn the_command_explains_models_codes_and_lints() {
    let place = crate::cli::Place::new();
    let said = place.ok("explain line.bnn --data t.csv --batch-size 16");
    let data = "60 examples of t.csv";
    assert!(said.contains(&format!("N = {data}")), "{said}");
    let one_line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "in 4 minibatches of b = 16, the last of 12",
        "feature of the inputs is standardized",
        "adam(learning_rate = 0.001",
    ] {
        assert!(one_line.to_lowercase().contains(part), "{said}");
    }
    let latex = place.ok("explain line.bnn --format latex");
    assert!(!latex.contains("standardized") && !latex.contains("\\section{Training}"));
    assert!(latex.starts_with("\\documentclass") && latex.ends_with("\\end{document}\n"));
    assert!(
        place
            .ok("explain line.bnn --format markdown")
            .starts_with("# Methods: `line`\n")
    );
    assert!(place.ok("explain e0301").starts_with("E0301\n"));
    assert!(
        place
            .ok("explain temperature-not-one")
            .starts_with("temperature-not-one\n")
    );
    let unknown = place.refused("explain E031");
    assert!(
        unknown.contains("E0610") && unknown.contains("there is `E0"),
        "{unknown}"
    );
    assert!(
        place
            .refused("explain temprature-not-one")
            .contains("`temperature-not-one`")
    );
    assert!(place.refused("explain nowhere.bnn").contains("E0601"));
    assert!(place.ok("explain horseshoe").starts_with("Horseshoe\n"));
    assert!(
        place
            .ok("explain temperature")
            .contains("Temperature and annealing\n──")
    );
    assert!(
        place
            .refused("explain Horsehoe")
            .contains("there is `Horseshoe`")
    );
    place.ok("train line.bnn --data t.csv --batch-size 16 --epochs 1 --out explained");
    let run = place.ok("explain explained");
    let run = run.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        run.contains("N = 60 examples of") && run.contains("for 1 epoch"),
        "{run}"
    );
    assert!(
        place
            .refused("explain explained --batch-size 3")
            .contains("E0607")
    );
    // Whatever is not of a run is refused by its name.
    let refused = place.refused("explain explained --target y --test-rows rows.txt");
    assert!(
        refused.contains("E0607") && refused.contains("leave `--target` and `--test-rows` out"),
        "{refused}"
    );
}

/// A model of one layer without bias.
fn one_layer(declarations: &str, settings: &str, objective: &str) -> String {
    let text = format!(
        "model m\ninput x: real[4]\ntarget y: real\n{declarations}\n\
         default {{ {settings}, bias = none }}\nnetwork {{ f = dense(1) }}\n\
         observe y ~ Normal(loc = f, scale = 0.5)\nobjective elbo {{ {objective} }}\n"
    );
    let said = explain(&plan(&text).inference, &facts()).text(200);
    // A sentence may be broken, a formula stands by itself.
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(said: &str, words: &[&str]) {
    for words in words {
        assert!(said.contains(words), "{words}\n{said}");
    }
}

#[test]
fn learned_weights_of_a_mixture_are_divided_by_their_sum() {
    let prior = |weights: &str| {
        one_layer(
            "",
            &format!("prior = ScaleMixture({weights}, [1, 0.1, 0.01])"),
            "",
        )
    };
    let learned = prior("[learned(0.5), learned(0.25), learned(0.25)]");
    says(&learned, &["ψ₁/(ψ₁ + ψ₂ + ψ₃)", "c₁/(c₁ + c₂ + c₃)"]);
    assert!(!prior("[0.5, 0.25, 0.25]").contains("c₁/("));
}

#[test]
fn a_penalty_under_a_latent_variable_is_an_expectation() {
    let tau = "latent tau ~ Normal(0, 1)";
    let said = one_layer(tau, "prior = Normal(0, exp(tau)), posterior = Delta", "");
    says(&said, &["− 1/N E_(q(τ))[ln p(w | τ)]"]);
    let said = one_layer(tau, "prior = Normal(0, 1), posterior = Delta", "");
    says(&said, &["− 1/N ln p(w)"]);
}

#[test]
fn each_parameter_has_local_scales_of_its_own() {
    let said = explain(&plan(LATENTS).inference, &facts()).text(200);
    says(
        &said,
        &["For each of these parameters t (the kernel and bias of h1), each output unit o has"],
    );
    let said = one_layer("", "prior = Horseshoe(1, local = unit)", "");
    says(
        &said,
        &["Each output unit o of the kernel of f has a local scale of its own"],
    );
}

#[test]
fn what_is_weighted_is_named() {
    let cold = "temperature = 0.5, annealing = linear(epochs = 2)";
    let map = one_layer("", "prior = Normal(0, 1), posterior = Delta", cold);
    says(
        &map,
        &[
            "its minimum is not the maximum a posteriori estimate",
            "T = 0.5 multiplies the penalties",
            "the penalties are multiplied with a",
            "is not the negative log joint probability",
        ],
    );
    assert!(!map.contains("ELBO"), "{map}");
    let tau = "latent tau ~ Normal(0, 1)";
    let mixed = one_layer(tau, "prior = Normal(0, exp(tau)), posterior = Delta", cold);
    says(
        &mixed,
        &[
            "T = 0.5 multiplies the KL divergence and penalties",
            "the KL divergence and penalties are multiplied with a",
        ],
    );
    let dropout = one_layer("", "prior = Normal(0, 1), posterior = Dropout", cold);
    says(
        &dropout,
        &[
            "T = 0.5 multiplies the surrogate",
            "the surrogate is multiplied with a",
        ],
    );
}

#[test]
fn a_monte_carlo_kl_is_a_mean_over_the_draws_of_a_step() {
    let kl = |samples: &str| {
        one_layer(
            "",
            "prior = Normal(0, 1)",
            &format!("kl = monte_carlo{samples}"),
        )
    };
    says(
        &kl(", samples = 3"),
        &["≈ 1/S Σ_(s = 1 … S) [ln q(w^(s)) − ln p(w^(s))]"],
    );
    says(&kl(""), &["≈ ln q(w) − ln p(w)"]);
}

#[test]
fn a_latent_variable_is_set_apart_from_the_documents_own_letters() {
    for name in ["w", "N"] {
        let said = one_layer(
            &format!("latent {name} ~ Normal(0, 1)"),
            &format!("prior = Normal(0, exp({name}))"),
            "",
        );
        says(&said, &[&format!("q(latent {name})")]);
    }
}

/// What `explain` says of a network.
fn of_network(inputs: &str, network: &str) -> String {
    let text = format!(
        "model m\n{inputs}\ntarget y: real\n{network}\nobserve y ~ Normal(loc = f, scale = 0.5)\nobjective elbo\n"
    );
    let said = explain(&plan(&text).inference, &facts()).text(200);
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn recurrences_say_where_they_start_and_what_they_give() {
    let said = of_network(
        "input x: real[5, 3]",
        "network { lstm(6, direction = both, forget_bias = 0.5)\n rnn(4, returns = last, direction = backward)\n f = dense(1) }",
    );
    says(
        &said,
        &[
            ".forward lstm(6, forget_bias = 0.5) ",
            ".backward lstm(6, forget_bias = 0.5, direction = backward) on its input",
            "lstm_1.forward the block lstm, as in lstm(6, forget_bias = 0.5) ",
            ".recurrent lstm_cell(forget_bias = 0.5) ",
            "1997), with h₀ = c₀ = 0 and b_f = 0.5; y_t = h_t.",
            "1997), t counting the steps from the last to the first, with h₀ = c₀ = 0 and b_f = 0.5; y_t = h_t.",
            "1990), t counting the steps from the last to the first, with h₀ = 0; y is h_t at the last t.",
        ],
    );
}

#[test]
fn a_decoder_says_what_reads_its_memory() {
    let said = of_network(
        "input x: real[5, 4]\ninput m: real[7, 4]",
        "block layer(heads, memory) {\n attention(heads, causal = true)\n own = layer_norm\n attention(heads) on (own, memory)\n}\n\
         network { read = positions on m\n positions on x\n layer(2, memory = read)\n flatten\n f = dense(1) }",
    );
    says(
        &said,
        &[
            "as in attention(2, causal = true)",
            "as in attention(2) .query",
            ".key dense(4) on its memory",
            ".value dense(4) on its memory",
            "P its table",
            "y_t = x_t + P_t at step t",
        ],
    );
    assert!(!said.contains("b its table"), "{said}");
}
