//! Files and flags that ask for more than there is: each is told in words, in a time and memory near its length.

use crate::cli::{MODEL, Place};
use crate::support::shared;
use std::fmt::Write as _;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// What is checked in far less than a second by a released program; a test's machine may be slow and busy.
const SOON: Duration = Duration::from_secs(30);

/// A command that has to end soon.
fn soon(place: &Place, arguments: &str) -> Output {
    let start = Instant::now();
    let output = place.bnnc(arguments);
    assert!(start.elapsed() < SOON, "{arguments}: {:?}", start.elapsed());
    output
}

/// Standard error of a command that must end soon with this code.
fn told(place: &Place, arguments: &str, code: i32) -> String {
    let output = soon(place, arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments}\n{text}");
    text
}

fn model(network: &str) -> String {
    format!(
        "model m\ninput  x: real[4]\ntarget y: real\ndefault {{ prior = Normal(0, 1) }}\nnetwork {{\n{network}  \
         f = dense(1)\n}}\nobserve y ~ Normal(loc = f, scale = 1)\nobjective elbo\n"
    )
}

fn write(place: &Place, name: &str, text: &str) {
    std::fs::write(place.path(name), text).unwrap();
}

#[test]
fn counts_have_a_most() {
    let place = Place::new();
    for command in [
        "check line.bnn --batch-size",
        "check line.bnn --prior-predictive --draws",
        "train line.bnn --data t.csv --samples",
        "bench line.bnn --batch-size",
        "bench line.bnn --samples",
    ] {
        for count in ["18446744073709551615", "1000000000000", "0"] {
            let said = told(&place, &format!("{command} {count}"), 2);
            assert!(
                said.contains("expected a whole number from 1 to 16777216"),
                "{said}"
            );
        }
    }
    // Of epochs there may be none, where a run starts from another.
    for epochs in ["18446744073709551615", "1000000000000"] {
        let said = told(
            &place,
            &format!("train line.bnn --data t.csv --epochs {epochs}"),
            2,
        );
        assert!(said.contains("from 1 to 16777216"), "{said}");
    }
    write(&place, "line.toml", "batch_size = 1000000000000\n");
    let said = told(&place, "check line.bnn", 1);
    assert!(
        said.contains("error[E0602]: `batch_size` is a whole number from 1 to 16777216"),
        "{said}"
    );
}

#[test]
fn check_says_how_much_memory_and_takes_none_of_it() {
    let place = Place::new();
    let wide = "model m\ninput image: real[28, 28, 1]\ntarget y: category[10]\ndefault { prior = Normal(0, 1) }\n\
                network {\n  conv2d(1e6, kernel = 5, padding = same)\n  relu\n  conv2d(16, kernel = 5)\n  flatten\n  \
                logits = dense(10)\n}\nobserve y ~ Categorical(logits = logits)\nobjective elbo\n";
    write(&place, "wide.bnn", wide);
    let output = soon(&place, "check wide.bnn --batch-size 16777216");
    let text = String::from_utf8(output.stdout).unwrap();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("PiB of memory beside the data"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_machine_does_not_hold_is_refused_with_both_numbers() {
    let place = Place::new();
    write(
        &place,
        "wide.bnn",
        &MODEL.replace("dense(8)", "dense(16777216)\n  tanh\n  dense(16)"),
    );
    let said = told(&place, "bench wide.bnn --batch-size 1000000", 1);
    assert!(
        said.contains("error[E0613]: a step of 1000000 examples takes 1")
            && said.contains("TiB of memory, and this machine has "),
        "{said}"
    );
    let said = told(&place, "train wide.bnn --data t.csv --batch-size 60", 1);
    assert!(
        said.contains("error[E0613]: training with 128 examples a step takes "),
        "{said}"
    );
    assert!(!place.path("runs").exists(), "nothing is begun");
}

#[test]
fn a_rank_above_the_tensors_is_refused() {
    let place = Place::new();
    for rank in [33, 100_000] {
        let posterior = format!("posterior = LowRank({rank}), estimator = reparameterization }}");
        let layer = format!("  hidden = dense(8) {{ {posterior}\n");
        write(&place, "rank.bnn", &model(&layer));
        let said = told(&place, "check rank.bnn", 1);
        let expected = format!(
            "error[E0411]: `hidden.kernel` is [4, 8], and the factor of `LowRank({rank})` is [32, {rank}]: \
             {rank} directions of 32 weights"
        );
        assert!(said.contains(&expected), "{said}");
    }
    let layer = "  dense(8) { posterior = LowRank(32), estimator = reparameterization }\n";
    write(&place, "rank.bnn", &model(layer));
    told(&place, "check rank.bnn", 0);
}

#[test]
fn an_axis_of_0_beside_a_long_one_is_no_examples() {
    let Some(cases) = shared("cases/breaking") else {
        return;
    };
    let place = Place::new();
    for name in ["fortran_0_axis_1e12", "fortran_0_axis_max", "y_fortran_0"] {
        let path = cases.join(format!("{name}.npz"));
        for command in ["check line.bnn", "train line.bnn"] {
            let said = told(&place, &format!("{command} --data {}", path.display()), 1);
            assert!(said.contains("error[E0507]"), "{name}: {said}");
        }
    }
}

#[test]
fn a_long_file_is_checked_soon() {
    let place = Place::new();
    let many = |line: &dyn Fn(usize) -> String, n: usize| (0..n).map(line).collect::<String>();
    let layers = many(&|_| "  dense(4)\n  relu\n".into(), 3000);
    let constants = many(&|i| format!("const c{i} = {i}\n"), 30_000);
    let arguments = many(&|i| format!("u{i} = 4, "), 10_000);
    for (name, text, code) in [
        ("layers", model(&layers), 0),
        ("constants", constants + &model("  dense(c9)\n"), 0),
        ("mistakes", model(&"  dens(4)\n".repeat(30_000)), 1),
        (
            "arguments",
            model(&format!("  dense(4, {arguments} bias = none)\n")),
            1,
        ),
        ("name", model(&format!("  {}(4)\n", "d".repeat(1 << 20))), 1),
        (
            "nested",
            model(&format!("  dense({}4)\n", "(".repeat(1 << 19))),
            1,
        ),
    ] {
        write(&place, "long.bnn", &text);
        let said = told(&place, "check long.bnn", code);
        assert!(said.len() < 1 << 20, "{name}: {} bytes", said.len());
    }
}

#[test]
fn towers_of_powers_and_wide_numbers_are_explained_soon() {
    let place = Place::new();
    let tower = format!("scale = {}learned(0.5)", "2^".repeat(22));
    for likelihood in [
        tower.as_str(),
        "scale = 1e37",
        "scale = learned(0.5) * 1e30",
    ] {
        write(
            &place,
            "power.bnn",
            &MODEL.replace("scale = learned(0.5)", likelihood),
        );
        for format in ["text", "markdown", "latex"] {
            told(&place, &format!("explain power.bnn --format {format}"), 0);
        }
    }
    // As many digits as a number may have.
    let wide = format!("Normal(0, 1{})", "0".repeat(37));
    write(&place, "wide.bnn", &MODEL.replace("Normal(0, 1)", &wide));
    told(&place, "explain wide.bnn", 0);
}

#[test]
fn mistakes_after_the_first_50_are_counted() {
    let place = Place::new();
    write(&place, "many.bnn", &model(&"  dens(4)\n".repeat(70)));
    let said = told(&place, "check many.bnn", 1);
    assert_eq!(said.matches("error[E0201]").count(), 50, "{said}");
    assert!(
        said.ends_with("\n70 errors, of which the first 50 are shown\n"),
        "{said}"
    );
    let json = soon(&place, "check many.bnn --format json").stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["errors"].as_array().unwrap().len(), 70, "{json}");
}

#[cfg(unix)]
#[test]
fn only_regular_files_are_opened() {
    let place = Place::new();
    let made = Command::new("mkfifo").arg(place.path("pipe")).status();
    assert!(made.unwrap().success());
    let why = "only regular files are read";
    for path in ["/dev/zero", "pipe"] {
        let from = format!("  dense(8) {{ from = \"{path}\" }}\n");
        write(&place, "from.bnn", &model(&from));
        for command in [
            "check from.bnn".to_owned(),
            format!("check {path}"),
            format!("check line.bnn --data t.csv --test-rows {path}"),
            format!("train line.bnn --data t.csv --config {path}"),
        ] {
            let said = told(&place, &command, 1);
            let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains(why), "{command}: {said}");
        }
    }
    for name in ["zero.csv", "zero.npz"] {
        std::os::unix::fs::symlink("/dev/zero", place.path(name)).unwrap();
        let said = told(&place, &format!("check line.bnn --data {name}"), 1);
        assert!(said.contains(why), "{name}: {said}");
    }
    // Longer than any model is.
    let long = std::fs::File::create(place.path("long.bnn")).unwrap();
    long.set_len(1 << 40).unwrap();
    let said = told(&place, "check long.bnn", 1);
    assert!(said.contains("1024 GiB"), "{said}");
}

#[test]
fn foreign_names_do_not_act_on_the_terminal() {
    let place = Place::new();
    let mut table = "a\u{1b}[31m,b\u{9b}2J,y\n".to_owned();
    (0..20).for_each(|i| writeln!(table, "{i},{},{}", i % 3, i % 7).unwrap());
    write(&place, "escape.csv", &table);
    for command in [
        "check line.bnn --data escape.csv --batch-size 4",
        "check line.bnn --data escape.csv --batch-size 4 --target a\u{1b}[32m",
        "train line.bnn --data escape.csv --batch-size 4 --epochs 1 --out run",
        "evaluate run --data escape.csv --split train",
        "explain run",
    ] {
        let output = soon(&place, command);
        for text in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(text);
            let acts = |c: char| c.is_control() && c != '\n' && c != '\t';
            assert!(!text.contains(acts), "{command}: {text:?}");
        }
    }
    let text = place.ok("check line.bnn --data escape.csv --batch-size 4");
    assert!(text.contains("a\\u001b[31m"), "{text}");
    if let Some(cases) = shared("cases/breaking") {
        let path = cases.join("escape.npz");
        let said = told(
            &place,
            &format!("check line.bnn --data {}", path.display()),
            1,
        );
        assert!(said.contains("\\u001b[2J"), "{said}");
    }
}

#[test]
fn more_threads_than_cores_are_told_and_capped() {
    let place = Place::new();
    let train = "train line.bnn --data t.csv --batch-size 20 --epochs 1";
    let said = told(&place, &format!("{train} --threads 100000 --out run"), 0);
    assert!(
        said.contains("note: 100000 threads are more than this machine has cores"),
        "{said}"
    );
    let said = told(&place, &format!("{train} --threads 1 --out other"), 0);
    assert!(!said.contains("note: "), "{said}");
}

#[test]
fn a_file_that_is_no_whole_model_is_named() {
    let place = Place::new();
    let (unobserved, _) = MODEL.split_once("observe").unwrap();
    for text in ["", "# nothing\n", unobserved] {
        write(&place, "part.bnn", text);
        let said = told(&place, "check part.bnn", 1);
        assert!(
            said.contains("error[E0210]") && said.contains("--> part.bnn"),
            "{said}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn more_draws_of_an_example_than_the_memory_holds_are_refused() {
    let place = Place::new();
    let wide = "model wide\ninput  x: real[1]\ntarget y: real[200]\nnetwork { f = dense(200) }\n\
                observe y ~ Normal(loc = f, scale = 1)\nobjective elbo\n";
    write(&place, "wide.bnn", wide);
    let mut table = String::from("x");
    (0..200).for_each(|entry| write!(table, ",y{entry}").unwrap());
    for row in 0..20 {
        write!(table, "\n{row}").unwrap();
        (0..200).for_each(|entry| write!(table, ",{}", row * entry % 7).unwrap());
    }
    write(&place, "wide.csv", &(table + "\n"));
    place.ok("train wide.bnn --data wide.csv --target y* --batch-size 20 --epochs 1 --out run");
    for command in ["evaluate run", "predict run --out p.csv"] {
        let limited = format!(
            "ulimit -v 3000000; exec '{}' {command} --samples 16777216",
            env!("CARGO_BIN_EXE_bnnc")
        );
        let output = Command::new("sh")
            .current_dir(place.path(""))
            .args(["-c", &limited])
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("E0613") && said.contains("fewer `--samples`"),
            "{said}"
        );
    }
}
