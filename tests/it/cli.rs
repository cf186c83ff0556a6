//! What a user sees of training: a run, stopped and resumed, evaluated, predicted with, and refused.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub const MODEL: &str = "model line

input  x: real[2]
target y: real

default { prior = Normal(0, 1), posterior = MeanField, estimator = reparameterization }

network {
  dense(8)
  tanh
  f = dense(1)
}

observe y ~ Normal(loc = f, scale = learned(0.5))
objective elbo
";

/// A folder with a model and a table of 60 rows.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        let place = Place(tempfile::tempdir().unwrap());
        std::fs::write(place.path("line.bnn"), MODEL).unwrap();
        let mut table = String::from("a,b,y\n");
        for i in 0..60 {
            let (a, b) = ((0.7 * f64::from(i)).sin(), (0.3 * f64::from(i)).cos());
            writeln!(table, "{a},{b},{}", 100.0 + 20.0 * a - 7.0 * b).unwrap();
        }
        std::fs::write(place.path("t.csv"), table).unwrap();
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn bnnc(&self, arguments: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bnnc"));
        command
            .current_dir(self.0.path())
            .args(arguments.split_whitespace())
            .output()
            .unwrap()
    }

    /// Standard output of a command that must succeed.
    pub fn ok(&self, arguments: &str) -> String {
        let output = self.bnnc(arguments);
        assert!(
            output.status.success(),
            "{arguments}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Says that the file `name` of the folder `run` is changed on purpose: its line in the sums is deleted.
    pub fn changed(&self, run: &str, name: &str) {
        let sums = self.path(run).join("sha256sums.txt");
        let text = std::fs::read_to_string(&sums).unwrap();
        let lines = text.lines().filter(|line| !line.ends_with(name));
        std::fs::write(
            sums,
            lines.map(|line| format!("{line}\n")).collect::<String>(),
        )
        .unwrap();
    }

    /// Standard error of a command that must end with code 1.
    pub fn refused(&self, arguments: &str) -> String {
        let output = self.bnnc(arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments}\n{text}");
        text
    }
}

fn tensors(run: &Path) -> Vec<u8> {
    std::fs::read(run.join("checkpoint.safetensors")).unwrap()
}

/// Metrics without what a clock says.
fn metrics(run: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let lines = text.lines().map(|line| {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        line.as_object_mut()
            .unwrap()
            .retain(|key, _| key != "seconds" && key != "examples_per_second");
        line
    });
    lines.collect()
}

#[test]
fn a_run_has_the_same_bits_longer_or_resumed_or_on_other_threads() {
    let place = Place::new();
    let train = "train line.bnn --data t.csv --batch-size 16 --seed 3";
    place.ok(&format!("{train} --epochs 6 --out whole --threads 1"));
    place.ok(&format!("{train} --epochs 2 --out parts --threads 2"));
    let said = place.ok("train line.bnn --epochs 6 --out parts --resume");
    assert!(
        said.contains("resumed    after 2 epochs and 0 steps"),
        "{said}"
    );
    assert_eq!(tensors(&place.path("whole")), tensors(&place.path("parts")));
    assert_eq!(metrics(&place.path("whole")), metrics(&place.path("parts")));
    let finished = place.refused("train line.bnn --out parts --resume");
    assert!(
        finished.contains("E0607") && finished.contains("finished: 6 epochs"),
        "{finished}"
    );
}

/// What batch_norm keeps is in the checkpoint, and what dropout leaves out is the same in a run that is resumed.
#[test]
fn a_run_with_norms_has_the_same_bits_longer_or_resumed_or_on_other_threads() {
    let place = Place::new();
    let network = "dense(8)\n batch_norm(0.5)\n prelu\n layer_norm\n dropout(0.2)\n f = dense(1)";
    let model = MODEL.replace("dense(8)\n  tanh\n  f = dense(1)", network);
    let default = "estimator = flipout, gain: prior = Normal(1, 0.2) }";
    let model = model.replace("estimator = reparameterization }", default);
    assert!(model.contains(network) && model.contains(default));
    std::fs::write(place.path("norms.bnn"), &model).unwrap();
    let train = "train norms.bnn --data t.csv --batch-size 16 --seed 3";
    place.ok(&format!("{train} --epochs 5 --out whole --threads 1"));
    place.ok(&format!("{train} --epochs 2 --out parts --threads 2"));
    place.ok("train norms.bnn --epochs 5 --out parts --resume");
    assert_eq!(tensors(&place.path("whole")), tensors(&place.path("parts")));
    assert_eq!(metrics(&place.path("whole")), metrics(&place.path("parts")));
    let saved = tensors(&place.path("whole"));
    let saved = safetensors::SafeTensors::deserialize(&saved).unwrap();
    for (name, start) in [("mean", 0.0f32), ("variance", 1.0)] {
        let found = saved.names().into_iter();
        let found = found.filter(|found| found.starts_with(&format!("batch_norm_1.{name}")));
        let name = found.collect::<Vec<_>>()[0].to_owned();
        let kept = saved.tensor(&name).unwrap();
        let moved = kept.data().chunks(4).filter(|x| *x != start.to_le_bytes());
        assert_eq!(moved.count(), 8, "{name}");
    }
}

#[test]
fn a_run_whose_schedule_goes_by_its_epochs_is_not_told_to_go_on() {
    let place = Place::new();
    std::fs::write(
        place.path("c.toml"),
        "epochs = 1\nbatch_size = 20\n[schedule]\nname = 'cosine'\n",
    )
    .unwrap();
    place.ok("train line.bnn --data t.csv --config c.toml --out run");
    for more in ["", "--epochs 2"] {
        let text = place.refused(&format!("train line.bnn --out run --resume {more}"));
        for told in [
            "E0607",
            "its schedule, cosine, goes by",
            "a new run with another `--out`",
        ] {
            assert!(text.contains(told), "{told}\n{text}");
        }
        assert!(!text.contains("trains it further"), "{text}");
    }
}

#[test]
fn a_negative_number_is_told_what_is_expected() {
    let place = Place::new();
    for (arguments, told) in [
        (
            "train line.bnn --learning-rate -1",
            "expected a number above 0",
        ),
        (
            "train line.bnn --seed -1",
            "expected a whole number of at least 0",
        ),
        (
            "train line.bnn --validation -0.5",
            "expected a number of examples",
        ),
        ("bench --seconds -1", "expected a number above 0"),
    ] {
        let output = place.bnnc(arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments}\n{text}");
        assert!(
            text.contains(told) && !text.contains("'-- "),
            "{arguments}\n{text}"
        );
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_finishes_the_step_and_saves() {
    let place = Place::new();
    let train = "train line.bnn --data t.csv --batch-size 4 --epochs 100000 --out run";
    let mut command = Command::new(env!("CARGO_BIN_EXE_bnnc"));
    command
        .current_dir(place.0.path())
        .args(train.split_whitespace());
    let child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let metrics = place.path("run/metrics.jsonl");
    let begun = std::time::Instant::now();
    while !std::fs::read(&metrics).is_ok_and(|m| !m.is_empty()) {
        assert!(begun.elapsed().as_secs() < 60, "no step was done");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("stopped    after"), "{said}");
    assert!(
        said.contains("go on      bnnc train line.bnn --out run --resume"),
        "{said}"
    );
    assert!(place.ok("evaluate run --samples 2").contains("rmse"));
}

#[test]
fn a_run_is_evaluated_and_predicted_with_in_own_units() {
    let place = Place::new();
    std::fs::write(
        place.path("line.toml"),
        "epochs = 60\nbatch_size = 10\n[optimizer]\nlearning_rate = 0.02\n",
    )
    .unwrap();
    let said = place.ok("train line.bnn --data t.csv --out run");
    assert!(
        said.contains("settings: line.toml (taken by its name)"),
        "{said}"
    );
    for file in [
        "model.bnn",
        "run.toml",
        "data.json",
        "ir.txt",
        "metrics.jsonl",
    ] {
        assert!(place.path("run").join(file).is_file(), "{file}");
    }
    let scores: serde_json::Value =
        serde_json::from_str(&place.ok("evaluate run --format json --samples 20")).unwrap();
    // The targets' own standard deviation is about 15.
    let rmse = scores["rmse"].as_f64().unwrap();
    assert!(rmse < 8.0, "{scores:#}");
    let terms = scores["elbo"]["terms"].as_array().unwrap();
    let sum: f64 = terms.iter().map(|t| t["scaled"].as_f64().unwrap()).sum();
    assert!((sum - scores["elbo"]["loss"].as_f64().unwrap()).abs() < 1e-9);
    assert!(
        scores["nll"].as_f64().unwrap() <= scores["expected_nll"].as_f64().unwrap(),
        "Jensen"
    );

    place.ok("predict run --out p.csv --samples 20");
    let rows = std::fs::read_to_string(place.path("p.csv")).unwrap();
    assert!(
        rows.starts_with(
            "row,target,mean,std,aleatoric_std,epistemic_std,q05,q50,q95,log_density\n"
        ),
        "{rows}"
    );
    let squares = rows.lines().skip(1).map(|row| {
        let cells: Vec<f64> = row.split(',').map(|c| c.parse().unwrap()).collect();
        (cells[1] - cells[2]).powi(2)
    });
    // The scores are those of the rows.
    let column = |index: usize| -> Vec<f64> {
        let rows = rows.lines().skip(1);
        rows.map(|row| row.split(',').nth(index).unwrap().parse().unwrap())
            .collect()
    };
    let nll = -column(9).iter().sum::<f64>() / 60.0;
    assert!((nll / scores["nll"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    let (low, high) = (column(6), column(8));
    let inside = column(1)
        .iter()
        .zip(low.iter().zip(&high))
        .filter(|(y, (low, high))| low <= y && y <= high)
        .count();
    assert_eq!(scores["coverage"][1]["interval"], 0.9);
    assert_eq!(scores["coverage"][1]["covered"], inside as f64 / 60.0);
    let found = (squares.sum::<f64>() / 60.0).sqrt();
    assert!(
        (found / rmse - 1.0).abs() < 1e-9,
        "predict and evaluate draw alike: {found} {rmse}"
    );

    std::fs::write(place.path("x.csv"), "a,b\n0.5,0.1\n-0.5,0.2\n").unwrap();
    place.ok("predict run --data x.csv --out x_p.csv");
    assert_eq!(
        std::fs::read_to_string(place.path("x_p.csv"))
            .unwrap()
            .lines()
            .count(),
        3
    );
}

#[test]
fn every_wrong_start_has_its_message_and_loses_nothing() {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --batch-size 16 --epochs 1 --out run");
    let before = tensors(&place.path("run"));
    for (arguments, code, told) in [
        ("train line.bnn", "E0603", "no data is named"),
        (
            "train line.bnn --data t.csv --batch-size 61",
            "E0603",
            "a batch of 61 is larger than the 60",
        ),
        ("train line.bnn --data shapes", "E0507", "[32, 32, 3]"),
        (
            "train line.bnn --data t.csv --out run",
            "E0604",
            "is not empty",
        ),
        (
            "train line.bnn --out nowhere --resume",
            "E0604",
            "no such folder",
        ),
        (
            "train line.bnn --out run --resume --epochs 2 --seed 9",
            "E0607",
            "seed = 0, not 9",
        ),
        (
            "train line.bnn --out run --resume --epochs 2 --batch-size 8",
            "E0607",
            "batch_size = 16, not 8",
        ),
        (
            "evaluate run --data t.csv --split test",
            "E0603",
            "has no test part",
        ),
        ("evaluate nowhere", "E0604", "is not the folder of a run"),
        ("predict run --out p.txt", "E0601", ".csv, .npz or .parquet"),
    ] {
        let text = place.refused(arguments);
        assert!(
            text.contains(code) && text.contains(told),
            "{arguments}\n{text}"
        );
    }
    let checkpoint = place.path("run/checkpoint.safetensors");
    assert_eq!(std::fs::read(&checkpoint).unwrap(), before);

    std::fs::write(
        place.path("other.bnn"),
        MODEL.replace("dense(8)", "dense(9)"),
    )
    .unwrap();
    let text = place.refused("train other.bnn --out run --resume --epochs 2");
    assert!(text.contains("E0606"), "{text}");
    std::fs::write(&checkpoint, &before[..before.len() / 2]).unwrap();
    for command in [
        "train line.bnn --out run --resume --epochs 2",
        "evaluate run",
    ] {
        let text = place.refused(command);
        assert!(text.contains("E0605") && text.contains("damaged"), "{text}");
    }
    let text = place
        .refused("train line.bnn --data t.csv --batch-size 20 --learning-rate 1e30 --out wild");
    assert!(
        text.contains("E0608") && text.contains("not finite at step"),
        "{text}"
    );
    assert!(text.contains("keeps the state after step 0"), "{text}");
    std::fs::write(place.path("line.toml"), "epoch = 3\n").unwrap();
    let text = place.refused("train line.bnn --data t.csv");
    assert!(
        text.contains("line.toml:1") && text.contains("`epochs`"),
        "{text}"
    );
}

#[test]
fn the_loss_of_a_checkpoint_with_given_draws() {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --epochs 1 --batch-size 20 --out run");
    let loss = "loss line.bnn --weights run/checkpoint.safetensors --data t.csv --format json";
    let one: serde_json::Value =
        serde_json::from_str(&place.ok(&format!("{loss} --dtype float64"))).unwrap();
    assert_eq!(
        (&one["batch"], &one["training_examples"]),
        (&60.into(), &60.into())
    );
    assert_eq!(one["outputs"][0]["shape"], serde_json::json!([60, 1]));
    let ten: serde_json::Value =
        serde_json::from_str(&place.ok(&format!("{loss} --dtype float64 --training-examples 600")))
            .unwrap();
    let kl = |v: &serde_json::Value| v["terms"][1]["scaled"].as_f64().unwrap();
    assert!((kl(&one) / kl(&ten) - 10.0).abs() < 1e-12);
    place.ok(&format!("{loss} --gradients g.safetensors"));
    assert!(place.path("g.safetensors").is_file());
    // What is read is not written over.
    for read in ["line.bnn", "t.csv", "run/checkpoint.safetensors"] {
        let before = std::fs::read(place.path(read)).unwrap();
        let text =
            place.refused(&format!("{loss} --gradients {read}").replace("--format json", ""));
        assert!(
            text.contains("E0601") && text.contains("gradients are not written over"),
            "{text}"
        );
        assert_eq!(std::fs::read(place.path(read)).unwrap(), before, "{read}");
    }
    // The gradients are no noise file: what one holds is told.
    let text = place.refused(&format!("{loss} --noise g.safetensors").replace("--format json", ""));
    assert!(
        text.contains("E0609") && text.contains("dense_1.kernel.noise [2, 8]"),
        "{text}"
    );
}

#[test]
fn the_registries_are_listed() {
    let place = Place::new();
    let all = place.ok("list");
    for word in [
        "conv2d",
        "ScaleMixture",
        "MeanField",
        "flipout",
        "Categorical",
        "adam",
        "cosine",
        "shapes",
        "shapes_segmentation",
        "volumes",
        "shapes_and_numbers",
        "adding_problem",
        "made_language",
        "seasonal_series",
        "made_counts",
        "inverse_sine",
    ] {
        assert!(all.contains(word), "{word}");
    }
    assert!(
        place
            .ok("list optimizers")
            .starts_with("adam(learning_rate = 0.001, beta1 = 0.9")
    );
    let initializers = place.ok("list initializers");
    for form in ["GlorotNormal\n", "Orthogonal(gain = 1)", "Exp(rho)"] {
        assert!(initializers.contains(form), "{form}");
    }
    let layers = place.ok("list layers");
    for line in [
        "kernel    [kh, kw, C_in/groups, filters]\n",
        "bias    [units]; `bias = none` leaves it out\n",
    ] {
        assert!(layers.contains(line), "{line}");
    }
    assert_eq!(place.bnnc("list nothing").status.code(), Some(2));
}

/// An archive with `x` of the shape of `axes` and `y`, both irregular.
fn archive(path: &Path, axes: &[usize]) {
    let values: Vec<f64> = (0..axes.iter().product::<usize>() as u32)
        .map(|i| f64::from(i * i).sin())
        .collect();
    let x = ("x", axes, &values[..]);
    let y = ("y", &axes[..1], &values[..axes[0]]);
    std::fs::write(path, bnnc::data::npz::encode([x, y]).unwrap()).unwrap();
}

#[test]
fn a_flipped_byte_in_an_archive_is_refused() {
    let place = Place::new();
    archive(&place.path("d.npz"), &[60, 2]);
    let train = "train line.bnn --data d.npz --epochs 1 --batch-size 60";
    place.ok(&format!("{train} --out run"));
    let mut bytes = std::fs::read(place.path("d.npz")).unwrap();
    // Among the numbers of `x`, which come first.
    bytes[500] ^= 0x10;
    std::fs::write(place.path("d.npz"), bytes).unwrap();
    let text = place.refused(&format!("{train} --out other"));
    assert!(text.contains("E0504") && text.contains("`x`"), "{text}");
    assert!(!place.path("other").exists());
}

/// Data may leave the axis of one channel out; all its pixels are scaled alike.
#[test]
fn images_without_a_channel_axis_are_scaled_as_one_channel() {
    let place = Place::new();
    archive(&place.path("d.npz"), &[20, 28, 28]);
    let text = MODEL
        .replace("real[2]", "real[28,28,1]")
        .replace("  dense(8)", "  flatten\n  dense(8)");
    std::fs::write(place.path("image.bnn"), text).unwrap();
    place.ok("train image.bnn --data d.npz --epochs 1 --batch-size 10 --out run");
    let record = std::fs::read_to_string(place.path("run/data.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let scales = record["inputs"]["scale"].as_array().unwrap();
    assert_eq!(scales.len(), 1);
    assert!(scales[0].as_f64().unwrap() != 1.0, "{scales:?}");
}

/// The loss and the gradient of the step are finite; what it makes of the parameters is not.
#[test]
fn parameters_that_a_step_breaks_are_not_saved() {
    let place = Place::new();
    let train = "train line.bnn --data t.csv --batch-size 60";
    let text = place.refused(&format!(
        "{train} --epochs 2 --learning-rate 1e39 --out broken"
    ));
    assert!(
        text.contains("E0608") && text.contains("keeps the state after step 0"),
        "{text}"
    );
    place.ok(&format!("{train} --epochs 1 --out run"));
    let settings = std::fs::read_to_string(place.path("run/run.toml")).unwrap();
    let steep = settings.replace("learning_rate = 0.001", "learning_rate = 1e39");
    assert_ne!(settings, steep);
    std::fs::write(place.path("run/run.toml"), steep).unwrap();
    place.changed("run", "run.toml");
    let before = tensors(&place.path("run"));
    let text = place.refused("train line.bnn --epochs 2 --out run --resume");
    assert!(
        text.contains("E0608") && text.contains("keeps the state after step 1"),
        "{text}"
    );
    assert_eq!(tensors(&place.path("run")), before);
}

#[test]
fn a_record_with_too_few_scales_is_damaged() {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --epochs 1 --batch-size 60 --out run");
    let path = place.path("run/data.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
    record["inputs"]["scale"].as_array_mut().unwrap().pop();
    std::fs::write(&path, record.to_string()).unwrap();
    let text = place.refused("evaluate run");
    assert!(
        text.contains("`run/data.json` is not as the run wrote it") && text.contains("line, 3,"),
        "{text}"
    );
    place.changed("run", "data.json");
    for command in [
        "evaluate run",
        "train line.bnn --epochs 2 --out run --resume",
    ] {
        let text = place.refused(command);
        assert!(
            text.contains("E0605") && text.contains("2 offsets and 1 scales"),
            "{text}"
        );
    }
}

/// Files may grow to a few kilobytes, so that the first checkpoint alone cannot be written.
#[cfg(unix)]
#[test]
fn a_run_without_its_first_checkpoint_is_no_run() {
    let place = Place::new();
    let wide = MODEL.replace("dense(8)", "dense(4000)");
    std::fs::write(place.path("wide.bnn"), wide).unwrap();
    for (out, folder) in [("--out run", "run"), ("", "runs/line-1")] {
        let script = format!(
            "trap '' XFSZ; ulimit -f 32; exec \"$0\" train wide.bnn --data t.csv --batch-size 60 {out}"
        );
        let output = Command::new("sh")
            .current_dir(place.path(""))
            .args(["-c", &script, env!("CARGO_BIN_EXE_bnnc")])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(
            text.contains("E0601") && text.contains("checkpoint.safetensors"),
            "{text}"
        );
        assert!(!place.path(folder).exists(), "{folder}");
    }
    // Where there can be no folder, nothing is made either.
    let text = place.refused("train line.bnn --data t.csv --batch-size 60 --out t.csv/run");
    assert!(text.contains("E0601"), "{text}");
}

#[test]
fn one_minibatch_is_told_as_one() {
    let place = Place::new();
    std::fs::write(place.path("line.toml"), "batch_size = 60\n").unwrap();
    let said = place.ok("check line.bnn --data t.csv");
    assert!(said.contains(" 1 batch of B = 60"), "{said}");
}
