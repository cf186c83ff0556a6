//! Whole programs, with the command line: what they train is what bnnc trains, on any number of processes, stopped and
//! resumed, moved there and back.

use super::COMPARISON;
use bnnc::verify::python;
use std::path::Path;
use std::process::Command;

/// Runs a command in a folder; its standard output.
pub(super) fn run(place: &Path, program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(place)
        .env("OMP_NUM_THREADS", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}\n{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs bnnc in a folder.
pub(super) fn bnnc(place: &Path, arguments: &[&str]) -> String {
    run(place, Path::new(env!("CARGO_BIN_EXE_bnnc")), arguments)
}

pub(super) const MODEL: &str = "model line
input x: real[3]
target y: real
default { prior = Normal(0, 1), posterior = MeanField, estimator = reparameterization }
network {
  dense(4)
  relu
  f = dense(1)
}
observe y ~ Normal(loc = f, scale = 0.5)
objective elbo
";

/// A table of 101 rows: no number of processes, and no batch of 16, divides them.
pub(super) fn table() -> String {
    let row = |i: u32| {
        let [a, b, c] = [1.3, 0.7, 2.9].map(|f| (f * f64::from(i)).sin());
        format!("{a},{b},{c},{}\n", a + 0.5 * b - c * a)
    };
    let rows: String = (0..101).map(row).collect();
    format!("a,b,c,y\n{rows}")
}

/// A folder with the model, its data and its run file.
pub(super) fn place(settings: &str) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("line.bnn"), MODEL).unwrap();
    std::fs::write(place.path().join("d.csv"), table()).unwrap();
    std::fs::write(place.path().join("line.toml"), settings).unwrap();
    place
}

/// What a script of tests/python says in a folder with the model and its data.
fn said_by(script: &str) -> String {
    let script = format!("{}/tests/python/{script}", env!("CARGO_MANIFEST_DIR"));
    let place = place("[data]\nname = \"d.csv\"\n");
    let arguments = [&script, env!("CARGO_BIN_EXE_bnnc")];
    run(place.path(), &python(None), &arguments)
}

#[test]
fn programs_train_what_bnnc_trains() {
    if COMPARISON.is_some() {
        let said = said_by("programs.py");
        assert!(said.ends_with("all programs agree\n"), "{said}");
    }
}

#[test]
fn programs_of_other_methods_train_what_bnnc_trains() {
    if COMPARISON.is_some() {
        let said = said_by("methods.py");
        assert!(said.ends_with("all methods agree\n"), "{said}");
    }
}

#[test]
fn a_program_has_what_it_uses_and_no_more() {
    let adam = place("batch_size = 16\nepochs = 2\n[data]\nname = \"d.csv\"\n");
    let text = bnnc(adam.path(), &["emit", "pytorch", "line.bnn"]);
    for there in [
        "class Adam(",
        "class TextTable",
        "Normal(y | f, 0.5)",
        "1/N",
    ] {
        assert!(text.contains(there), "{there}");
    }
    for absent in [
        "class AdamW",
        "class Clipped",
        "class Validation",
        "read_npz",
        "class Augmentation",
    ] {
        assert!(!text.contains(absent), "{absent}");
    }
    let other = "batch_size = 16\nepochs = 2\nclip_norm = 1.0\nearly_stopping = true\n[optimizer]\nname = \"sgd\"\n\
                 [data]\nname = \"d.csv\"\n";
    let other = place(other);
    bnnc(
        other.path(),
        &["emit", "pytorch", "line.bnn", "--out", "p.py"],
    );
    let text = std::fs::read_to_string(other.path().join("p.py")).unwrap();
    for there in ["class SGD(", "class Clipped", "class EarlyStopping"] {
        assert!(text.contains(there), "{there}");
    }
    // Without data: the model and its loss alone.
    std::fs::remove_file(other.path().join("line.toml")).unwrap();
    let text = bnnc(other.path(), &["emit", "pytorch", "line.bnn"]);
    assert!(text.contains("def report_loss") && !text.contains("def train_model"));
}

#[test]
fn a_program_is_never_written_over_what_is_read() {
    let place = place("[data]\nname = \"d.csv\"\n");
    let output = Command::new(env!("CARGO_BIN_EXE_bnnc"))
        .args([
            "emit", "pytorch", "line.bnn", "--data", "d.csv", "--out", "d.csv",
        ])
        .current_dir(place.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("E0601") && said.contains("d.csv"), "{said}");
    assert_eq!(
        std::fs::read_to_string(place.path().join("d.csv")).unwrap(),
        table()
    );
}

/// What `bnnc verify --out` writes is held against the interpreter without bnnc; a number that is another is found.
#[test]
fn a_step_is_compared_on_a_machine_without_bnnc() {
    if COMPARISON.is_none() {
        return;
    }
    let place = place("[data]\nname = \"d.csv\"\n");
    let said = bnnc(place.path(), &["verify", "line.bnn", "--out", "step"]);
    assert!(said.contains("python step/compare.py step"), "{said}");
    let compare = |tolerance: &str| {
        Command::new(python(None))
            .args(["step/compare.py", "step", "--tolerance", tolerance])
            .current_dir(place.path())
            .output()
            .unwrap()
    };
    let output = compare("1e-12");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("gradient/f.kernel.rho"), "{said}");
    let program = place.path().join("step/program.py");
    let text = std::fs::read_to_string(&program).unwrap();
    std::fs::write(&program, text.replace("torch.relu(", "torch.sigmoid(")).unwrap();
    let output = compare("1e-12");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("differs")
    );
    let again = Command::new(env!("CARGO_BIN_EXE_bnnc"))
        .args(["verify", "line.bnn", "--out", "step"])
        .current_dir(place.path())
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8(again.stderr).unwrap().contains("E0601"));
}

/// The run file of another name says which program is compared: its data, its draws.
#[test]
fn a_step_is_that_of_the_run_file_that_is_named() {
    let place = place("[data]\nname = \"d.csv\"\n");
    let other = "samples = 3\n[data]\nname = \"d.csv\"\n";
    std::fs::write(place.path().join("other.toml"), other).unwrap();
    bnnc(place.path(), &["verify", "line.bnn", "--out", "own"]);
    bnnc(
        place.path(),
        &[
            "verify",
            "line.bnn",
            "--config",
            "other.toml",
            "--out",
            "step",
        ],
    );
    let of = |folder: &str| {
        std::fs::read_to_string(place.path().join(folder).join("program.py")).unwrap()
    };
    assert_ne!(of("own"), of("step"));
}
