//! `bnnc explain WORD` knows every word that bnnc prints: headings of columns, heads of lines, names of the registries,
//! lints, codes, and settings.

use bnnc::train::settings::SETTINGS;
use bnnc::{
    distribution, estimator, initializer, ir, layer, likelihood, lint, optimizer, posterior, score,
};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn bnnc(place: &Path, arguments: &str) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_bnnc"))
        .args(arguments.split(' '))
        .current_dir(place)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout) + &text(output.stderr),
    )
}

fn ok(place: &Path, arguments: &str) -> String {
    let (done, said) = bnnc(place, arguments);
    assert!(done, "{arguments}: {said}");
    said
}

/// What stands between two blanks or more.
fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
}

/// The heads of lines and of columns of what a command prints, without the names that the files here have.
fn heads(said: &str) -> BTreeSet<String> {
    let own = [
        "class", "reg", "points", "x", "y", "z", "f", "kind", "id", "site", "when", "wet", "conv",
        "tau", "logits", "image", "label",
    ];
    let is_own = |head: &str| {
        let head = head.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
        let is_name = head.contains('(') || head.contains('.') && !head.contains(". ");
        own.contains(&head) || is_name
    };
    let mut found = BTreeSet::new();
    for line in said.lines().filter(|line| !line.contains("bnnc ")) {
        let all: Vec<&str> = cells(line).collect();
        let titles = ["term", "layer", "parameter", "epoch", "column", "run"];
        let is_heading = all.first().is_some_and(|first| titles.contains(first)) && all.len() > 2;
        // A head has two blanks behind it; further lines of a text stand far to the right.
        let is_head = all.len() > 1 && line.len() - line.trim_start().len() < 3;
        let heads = match () {
            () if is_heading => &all[..],
            () if is_head => &all[..1],
            () => &[],
        };
        // Runs are numbered: `1 r`.
        let is_numbered = |head: &str| head.split(' ').any(|n| n.parse::<f64>().is_ok());
        let heads = heads
            .iter()
            .filter(|head| !is_own(head) && !is_numbered(head));
        found.extend(heads.map(|head| {
            // `auroc by entropy`
            head.split(" by ")
                .next()
                .unwrap_or(head)
                .trim_end_matches(':')
                .trim_start_matches(['+', '-', ' '])
                .to_string()
        }));
    }
    found
}

const CLASSES: &str = "model class
input image: real[32, 32, 3]
target label: category[10]
default { prior = Normal(0, 1), estimator = flipout }
network {
  conv1 = conv2d(4, kernel = 3) { kernel: posterior = MeanField(largest_scale = 0.1) }
  relu
  flatten
  logits = dense(10)
}
observe label ~ Categorical(logits = logits)
objective elbo { temperature = 0.5, annealing = linear(epochs = 1) }
";

const REALS: &str = "model reg
input x: real[_]
target y: real
latent tau ~ HalfNormal(1)
default { prior = Normal(0, tau) }
network { f = dense(1) { bias: posterior = Delta } }
observe y ~ Normal(loc = f, scale = learned(0.5))
objective elbo
";

/// Words of what the commands print.
fn printed(place: &Path) -> BTreeSet<String> {
    let write = |name: &str, text: &str| std::fs::write(place.join(name), text).unwrap();
    write("class.bnn", CLASSES);
    write("reg.bnn", REALS);
    let points = REALS.replace("latent tau ~ HalfNormal(1)\n", "");
    write("points.bnn", &points.replace("tau", "1"));
    let row = |i: usize| {
        let site = ["north", "south"][i % 2];
        format!(
            "P{i}-{},{},{site},2020-01-{:02},{},{}\n",
            i * 7919,
            i % 7,
            1 + i % 28,
            ["yes", "no"][i % 2],
            i % 5
        )
    };
    let rows: String = (0..60).map(row).collect();
    write("t.csv", &format!("id,z,site,when,wet,y\n{rows}"));
    let table = "--data t.csv --drop id --batch-size 16";
    let mut all = BTreeSet::new();
    for command in [
        "check class.bnn --data shapes".to_owned(),
        "check class.bnn".into(),
        "check class.bnn --prior-predictive --draws 2".into(),
        format!("check reg.bnn {table}"),
        "data look t.csv".into(),
        format!("train reg.bnn {table} --epochs 1 --validation 0.2 --test 0.2 --out r"),
        "evaluate r --samples 2".into(),
        "evaluate r --samples 2 --split train".into(),
        "export r --samples 2 --what weights,latent,predictions,log_likelihood,prior --out e.npz"
            .into(),
        "evaluate r r --samples 2 --resamples 100 --ood t.csv".into(),
        format!("train points.bnn {table} --epochs 1 --inference map --out m"),
        "new drafted --from t.csv --target y".into(),
        "new begun --template unet".into(),
        "diff reg.bnn class.bnn --set-a _=4".into(),
        "compare r m --samples 2".into(),
    ] {
        all.extend(heads(&ok(place, &command)));
    }
    ok(place, "predict r --samples 2 --out p.csv");
    let header = std::fs::read_to_string(place.join("p.csv")).unwrap();
    let header = header
        .lines()
        .next()
        .unwrap()
        .split(',')
        .filter(|name| *name != "id");
    all.extend(header.map(String::from));
    all.extend(score::ALL.iter().map(|score| score.about().name.to_owned()));
    for name in [
        "brier",
        "ece",
        "accuracy",
        "valid. accuracy",
        "mutual_information",
        "entropy",
        "predicted",
    ] {
        all.insert(name.into());
    }
    all
}

/// Names of what the language and the run files have.
fn names() -> BTreeSet<String> {
    let mut all: BTreeSet<&str> = BTreeSet::new();
    let signatures = (layer::LAYERS.iter().map(|e| e.signature()))
        .chain(distribution::DISTRIBUTIONS.iter().map(|e| e.signature()))
        .chain(posterior::POSTERIORS.iter().map(|e| e.signature()))
        .chain(posterior::TRANSFORMS.iter().map(|e| e.signature()))
        .chain(estimator::ESTIMATORS.iter().map(|e| e.signature()))
        .chain(initializer::INITIALIZERS.iter().map(|e| e.signature()))
        .chain(likelihood::LIKELIHOODS.iter().map(|e| e.signature()))
        .chain(optimizer::OPTIMIZERS.iter().map(|e| e.signature()))
        .chain(optimizer::SCHEDULES.iter().map(|e| e.signature()))
        .chain(ir::METHODS.iter().map(|e| e.signature()));
    for signature in signatures {
        all.insert(signature.name);
        all.extend(signature.parameters.iter().map(|parameter| parameter.name));
    }
    all.extend(lint::LINTS.iter().map(|lint| lint.name()));
    all.extend(bnnc::diagnostic::pages());
    all.extend(SETTINGS.iter().map(|setting| setting.table().1));
    all.extend([
        "kl",
        "samples",
        "minibatch",
        "temperature",
        "annealing",
        "fan_in",
        "fan_out",
        "likelihood",
    ]);
    all.into_iter().map(String::from).collect()
}

#[test]
fn every_word_that_is_printed_is_explained() {
    let place = tempfile::tempdir().unwrap();
    let words = printed(place.path());
    for word in [
        "term",
        "nats",
        "lambda",
        "valid. nll",
        "expected nll",
        "coverage_90",
        "becomes",
        "epistemic_std",
    ] {
        assert!(words.contains(word), "{word} is not among {words:?}");
    }
    let unknown: Vec<String> = words
        .into_iter()
        .chain(names())
        .filter(|word| !bnnc(place.path(), &format!("explain {word}")).0)
        .collect();
    assert!(unknown.is_empty(), "no page is about {unknown:?}");
}

#[test]
fn an_unknown_word_is_told_those_near_it() {
    let place = tempfile::tempdir().unwrap();
    let (done, said) = bnnc(place.path(), "explain quadratur");
    assert!(
        !done && said.contains("E0610") && said.contains("`quadrature`"),
        "{said}"
    );
    let (done, said) = bnnc(place.path(), "explain epoc");
    let near = said
        .lines()
        .find(|line| line.contains("there is"))
        .unwrap_or_default();
    assert!(!done && near.matches('`').count() > 2, "{said}");
}

#[test]
fn a_word_is_set_for_the_terminal() {
    let place = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("ece", ok(place.path(), "explain ece"));
    insta::assert_snapshot!("flipout", ok(place.path(), "explain flipout"));
}
