//! `bnnc sweep`: many runs from one file.

use crate::cli::Place;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// A folder with a model, a table of 60 rows and a sweep's file.
fn place(sweep: &str) -> Place {
    let place = Place::new();
    let model = std::fs::read_to_string(place.path("line.bnn")).unwrap();
    let model = model.replace("model line\n", "model line\nconst width = 8\n");
    let model = model.replace("dense(8)", "dense(width)");
    std::fs::write(place.path("line.bnn"), model).unwrap();
    std::fs::write(place.path("line.toml"), "epochs = 3\nbatch_size = 16\n").unwrap();
    std::fs::write(place.path("s.toml"), sweep).unwrap();
    place
}

const GRID: &str = "model = \"line.bnn\"
data = \"t.csv\"
folds = 3
samples = 5
[grid]
set.width = [4, 8]
learning_rate = 0.02
seed = [0, 1]
";

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| !["rows", "sweep.toml"].contains(&&**name))
        .collect()
}

fn rows(path: &Path) -> Vec<usize> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

fn tensors(run: &Path) -> Vec<u8> {
    std::fs::read(run.join("checkpoint.safetensors")).unwrap()
}

fn table(place: &Place, arguments: &str) -> Value {
    serde_json::from_str(&place.ok(&format!("{arguments} --format json"))).unwrap()
}

/// Every combination under its name, each what `train` makes and `evaluate` scores; the table has their means.
#[test]
fn a_grid_is_trained_as_train_does_and_scored_as_evaluate_does() {
    let place = place(GRID);
    let listed = place.ok("sweep s.toml --dry-run");
    assert!(!place.path("runs").exists(), "a dry run writes nothing");
    let found = table(&place, "sweep s.toml");
    let out = place.path("runs/s");
    let expected: Vec<String> = ["4", "8"]
        .iter()
        .flat_map(|width| ["0", "1"].map(|seed| (*width, seed)))
        .flat_map(|(width, seed)| {
            (1..=3).map(move |fold| format!("width={width},seed={seed},fold={fold}"))
        })
        .collect();
    assert_eq!(names(&out), expected.iter().cloned().collect());
    for (number, name) in (1..).zip(&expected) {
        let line = listed
            .lines()
            .find(|line| line.contains(name.as_str()))
            .unwrap();
        assert!(
            line.trim_start().starts_with(&format!("{number} ")),
            "{line}"
        );
    }
    // Folds: each row is held out once, and no run trains on what it holds out.
    let folds: Vec<Vec<usize>> = (1..=3)
        .map(|fold| rows(&out.join(format!("rows/fold_{fold}_of_3_seed_0.txt"))))
        .collect();
    let mut all = folds.concat();
    all.sort_unstable();
    assert_eq!(all, (0..60).collect::<Vec<_>>());
    // The table's numbers are means of what `evaluate` prints of runs that `train` makes.
    for (width, group) in [(4, "width=4"), (8, "width=8")] {
        let mut values = vec![];
        for seed in 0..2 {
            for fold in 1..=3 {
                let name = format!("width={width},seed={seed},fold={fold}");
                let file = format!("runs/s/rows/fold_{fold}_of_3_seed_0.txt");
                place.ok(&format!(
                    "train line.bnn --data t.csv --test-rows {file} --set width={width} --learning-rate 0.02 \
                     --seed {seed} --out own/{name}"
                ));
                let own = place.path(&format!("own/{name}"));
                assert_eq!(tensors(&own), tensors(&out.join(&name)), "{name}");
                let said = place.ok(&format!("evaluate own/{name} --samples 5 --format json"));
                let said: Value = serde_json::from_str(&said).unwrap();
                assert_eq!(
                    (&said["split"], &said["examples"]),
                    (&"test".into(), &20.into())
                );
                values.push(said["nll"].as_f64().unwrap());
            }
        }
        let groups = found["groups"].as_array().unwrap();
        let own = groups.iter().find(|own| own["name"] == group).unwrap();
        assert_eq!(own["runs"], 6);
        let mean = values.iter().sum::<f64>() / 6.0;
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        let error = (squares / 5.0 / 6.0).sqrt();
        let score = |key: &str| own["scores"]["nll"][key].as_f64().unwrap();
        assert!((score("mean") - mean).abs() < 1e-12 * mean.abs());
        assert!((score("standard_error") - error).abs() < 1e-9 * error);
    }
}

/// One run by its number, then the rest: the same bits as all at once, on any number of jobs.
#[test]
fn a_task_of_an_array_is_a_run_of_the_whole() {
    let place = place(GRID);
    place.ok("sweep s.toml --out whole --jobs 2");
    for task in 1..=12 {
        place.ok(&format!("sweep s.toml --out array --task {task}"));
        assert_eq!(names(&place.path("array")).len(), task);
    }
    for name in names(&place.path("whole")) {
        let [a, b] = ["whole", "array"].map(|out| tensors(&place.path(out).join(&name)));
        assert_eq!(a, b, "{name}");
    }
    let said = place.ok("sweep s.toml --out array --task 3");
    assert!(
        said.contains("nothing is left to do for width=4,seed=0,fold=3"),
        "{said}"
    );
    assert_eq!(
        table(&place, "sweep s.toml --out array"),
        table(&place, "sweep s.toml --out whole")
    );
    let refused = place.refused("sweep s.toml --out array --task 13");
    assert!(refused.contains("its runs are 1 to 12"), "{refused}");
    let only = place.ok("sweep s.toml --out some --only width=8 --only fold=2");
    assert!(only.contains("2 runs"), "{only}");
    assert_eq!(names(&place.path("some")).len(), 2);
}

/// A sweep that is stopped by Ctrl-C, and then killed, goes on where it was: finished runs stay, the one under way goes
/// on from its checkpoint.
#[cfg(unix)]
#[test]
fn a_sweep_that_is_stopped_or_killed_goes_on_to_the_same_bits() {
    let sweep = "model = \"line.bnn\"\ndata = \"t.csv\"\ntest = 0.25\nsplits = 3\nsamples = 2\n[grid]\nepochs = 1500\n";
    let place = place(sweep);
    let stopped = |signal: &str, run: &str| -> String {
        let child = Command::new(env!("CARGO_BIN_EXE_bnnc"))
            .current_dir(place.path(""))
            .args(["sweep", "s.toml", "--out", "parts", "--jobs", "1"])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // In the middle of a run: it has some epochs, and not all.
        let log = place.path("parts").join(run).join("metrics.jsonl");
        let begun = std::time::Instant::now();
        while std::fs::read_to_string(&log).map_or(0, |text| text.lines().count()) < 10 {
            assert!(begun.elapsed().as_secs() < 300, "{run} does not begin");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let kill = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    let said = stopped("-INT", "split=1");
    assert!(
        said.contains("0 of 3 runs done, 1 under way and saved"),
        "{said}"
    );
    assert!(
        said.contains("go on      bnnc sweep s.toml --out parts"),
        "{said}"
    );
    stopped("-KILL", "split=2");
    assert!(!place.path("parts/split=3").exists());
    let first = tensors(&place.path("parts/split=1"));
    let modified = |run: &str| {
        let file = place.path(run).join("checkpoint.safetensors");
        std::fs::metadata(file).unwrap().modified().unwrap()
    };
    let before = modified("parts/split=1");
    let said = place.ok("sweep s.toml --out parts");
    assert!(said.contains("1 done before"), "{said}");
    assert_eq!(
        modified("parts/split=1"),
        before,
        "a finished run is left alone"
    );
    place.ok("sweep s.toml --out whole --jobs 1");
    assert_eq!(first, tensors(&place.path("whole/split=1")));
    for split in 1..=3 {
        let run = format!("split={split}");
        let [a, b] = ["parts", "whole"].map(|out| tensors(&place.path(out).join(&run)));
        assert_eq!(a, b, "split {split}");
    }
    // Other settings are another sweep.
    std::fs::write(place.path("s.toml"), sweep.replace("1500", "10")).unwrap();
    let refused = place.refused("sweep s.toml --out parts");
    assert!(
        refused.contains("E0607") && refused.contains("epochs = 1500, not 10"),
        "{refused}"
    );
}

/// A run that diverges is recorded, and the others go on.
#[test]
fn a_run_that_diverges_is_recorded() {
    let place = place(
        "model = \"line.bnn\"\ndata = \"t.csv\"\ntest = 0.2\nsplits = 2\nsamples = 2\n\
         [grid]\nlearning_rate = [0.01, 1e30]\n",
    );
    let found = table(&place, "sweep s.toml --out s");
    let groups = found["groups"].as_array().unwrap();
    assert_eq!(
        (&groups[0]["name"], &groups[0]["runs"]),
        (&"learning_rate=0.01".into(), &2.into())
    );
    assert_eq!(groups[1]["runs"], 0);
    assert_eq!(
        groups[1]["left_out"]["learning_rate=1e30,split=1"],
        "diverged"
    );
    // It is not tried again.
    let said = place.ok("sweep s.toml --out s");
    assert!(said.contains("4 done before"), "{said}");
    assert!(
        said.contains("0, 2 diverged") && said.contains("not scored"),
        "{said}"
    );
}

/// Rows of a target of classes are shared out by class; two inputs and a target of classes from a made data set.
#[test]
fn cases_classes_and_random_draws() {
    let place = Place::new();
    let mut csv = String::from("a,b,kind\n");
    for i in 0..60 {
        let kind = ["red", "green", "blue", "red", "red", "green"][i % 6];
        csv += &format!("{},{},{kind}\n", (i as f64).sin(), i % 7);
    }
    std::fs::write(place.path("c.csv"), csv).unwrap();
    let model = "model c\ninput x: real[_]\ntarget kind: category[3]\ndefault { prior = Normal(0, 1) }\n\
                 network { logits = dense(3) }\nobserve kind ~ Categorical(logits = logits)\nobjective elbo\n";
    std::fs::write(place.path("c.bnn"), model).unwrap();
    std::fs::write(
        place.path("s.toml"),
        "model = \"c.bnn\"\ndata = \"c.csv\"\ntest = 0.2\nsamples = 2\n\
         [random]\ndraws = 3\nseed = 4\nlearning_rate = { low = 0.001, high = 0.1, log = true }\n\
         epochs = { low = 1, high = 3 }\n\
         [[case]]\nname = \"short\"\nbatch_size = 32\n[[case]]\nname = \"long\"\nbatch_size = 8\n",
    )
    .unwrap();
    let text = place.ok("sweep s.toml --out s");
    assert_eq!(names(&place.path("s")).len(), 6, "{text}");
    assert!(
        text.contains("learning_rate") && text.contains("accuracy"),
        "{text}"
    );
    let held_out = rows(&place.path("s/rows/short_split_1_of_0.2_seed_0.txt"));
    // A fifth of 30 red, 20 green and 10 blue rows.
    let of = |places: &[usize]| {
        held_out
            .iter()
            .filter(|row| places.contains(&(*row % 6)))
            .count()
    };
    assert_eq!([of(&[0, 3, 4]), of(&[1, 5]), of(&[2])], [6, 4, 2]);
    let settings = |run: &str| {
        let text = std::fs::read_to_string(place.path(run).join("run.toml")).unwrap();
        let config: toml::Table = text.parse().unwrap();
        let rate = config["optimizer"]["learning_rate"].as_float().unwrap();
        (
            rate,
            config["epochs"].as_integer().unwrap(),
            config["batch_size"].as_integer().unwrap(),
        )
    };
    for draw in 1..=3 {
        let (rate, epochs, batch) = settings(&format!("s/short,draw={draw},split=1"));
        assert!((0.001..=0.1).contains(&rate) && (1..=3).contains(&epochs) && batch == 32);
        assert_eq!(
            (rate, epochs, 8),
            settings(&format!("s/long,draw={draw},split=1"))
        );
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
}

#[test]
fn a_mistake_is_told_before_the_first_run() {
    let place = place(GRID);
    for (from, to, code, said) in [
        (
            "set.width",
            "set.wide",
            "E0",
            "in the run `wide=4,seed=0,fold=1`",
        ),
        (
            "learning_rate = 0.02",
            "learning_rate = -1",
            "E0602",
            "found -1",
        ),
        ("folds = 3", "folds = 100", "E0513", "100 folds of 60 rows"),
        ("folds = 3", "test_rows = \"no_*.txt\"", "E0503", "no_*.txt"),
        ("line.bnn", "none.bnn", "E0601", "none.bnn"),
        ("samples = 5", "sample = 5", "E0602", "has no key `sample`"),
        (
            "samples = 5",
            "sort = \"nlll\"",
            "E0602",
            "the nearest is `nll`",
        ),
        ("folds = 3", "target = \"zzz\"", "E05", "zzz"),
    ] {
        std::fs::write(place.path("s.toml"), GRID.replace(from, to)).unwrap();
        let text = place.refused("sweep s.toml --out s");
        assert!(text.contains(code) && text.contains(said), "{to}: {text}");
        assert!(names_or_none(&place.path("s")).is_empty(), "{to}");
    }
}

/// Folds of data that have grown would overlap with those of before: the sweep is refused while a run has these.
#[test]
fn rows_of_folds_are_those_of_the_data() {
    let place = place(&GRID.replace("seed = [0, 1]\n", "").replace("[4, 8]", "[4]"));
    place.ok("sweep s.toml --out s");
    let data = std::fs::read_to_string(place.path("t.csv")).unwrap();
    let more: Vec<&str> = data.lines().skip(1).take(30).collect();
    std::fs::write(
        place.path("t.csv"),
        format!("{}\n{}\n", data.trim_end(), more.join("\n")),
    )
    .unwrap();
    std::fs::remove_dir_all(place.path("s/width=4,fold=2")).unwrap();
    let refused = place.refused("sweep s.toml --out s --only fold=2");
    assert!(
        refused.contains("E0611") && refused.contains("width=4,fold="),
        "{refused}"
    );
    for fold in [1, 3] {
        std::fs::remove_dir_all(place.path(&format!("s/width=4,fold={fold}"))).unwrap();
    }
    place.ok("sweep s.toml --out s");
    let mut all: Vec<usize> = (1..=3)
        .flat_map(|fold| rows(&place.path(&format!("s/rows/fold_{fold}_of_3_seed_0.txt"))))
        .collect();
    all.sort_unstable();
    assert_eq!(all, (0..90).collect::<Vec<_>>());
}

/// Each column of groups has folds of its own, whole groups of it.
#[test]
fn each_column_of_groups_has_its_own_folds() {
    let place = place(
        "model = \"line.bnn\"\ndata = \"g.csv\"\ntarget = \"y\"\nfolds = 3\nsamples = 2\n\
         [grid]\ndata.group = [\"g1\", \"g2\"]\n",
    );
    let data = std::fs::read_to_string(place.path("t.csv")).unwrap();
    let mut lines = data.lines();
    let mut table = format!("g1,g2,{}\n", lines.next().unwrap());
    for (row, line) in lines.enumerate() {
        table += &format!("{},{},{line}\n", row % 6, row / 10);
    }
    std::fs::write(place.path("g.csv"), table).unwrap();
    // The other column of groups is an input.
    let model = std::fs::read_to_string(place.path("line.bnn")).unwrap();
    std::fs::write(place.path("line.bnn"), model.replace("real[2]", "real[3]")).unwrap();
    place.ok("sweep s.toml --out s");
    for (group, of) in [
        ("g1", (|row| row % 6) as fn(usize) -> usize),
        ("g2", |row| row / 10),
    ] {
        let folds: Vec<BTreeSet<usize>> = (1..=3)
            .map(|fold| {
                let file = format!("s/rows/by_{group}_fold_{fold}_of_3_seed_0.txt");
                rows(&place.path(&file)).into_iter().map(of).collect()
            })
            .collect();
        let groups = folds.iter().map(BTreeSet::len).sum::<usize>();
        assert_eq!(groups, 6, "{group}: {folds:?}");
    }
}

/// Of a run that fails the table has the reason that it failed by.
#[test]
fn each_run_that_fails_is_told_with_its_own_reason() {
    let place = place(
        "model = \"line.bnn\"\ndata = \"t.csv\"\ntest_rows = \"test_*.txt\"\nsamples = 2\nsort = \"accuracy\"\n",
    );
    for (file, text) in [("test_1.txt", "0\n1\n"), ("test_2.txt", "999\n")] {
        std::fs::write(place.path(file), text).unwrap();
    }
    let output = place.bnnc("sweep s.toml --out s");
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stdout).unwrap();
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.contains("not scored split=2: ") && told.contains("999"),
        "{told}"
    );
    assert!(!told.contains("E0604"), "{told}");
    assert!(
        told.contains("no run has a score `accuracy`: they are sorted by nll"),
        "{told}"
    );
}

/// More seeds in a list of one leave the run that is there.
#[test]
fn more_values_leave_finished_runs() {
    let sweep = GRID
        .replace("folds = 3", "test = 0.2")
        .replace("[0, 1]", "[0]");
    let place = place(&sweep);
    place.ok("sweep s.toml --out s");
    std::fs::write(place.path("s.toml"), sweep.replace("[0]", "[0, 1]")).unwrap();
    let listed = place.ok("sweep s.toml --out s --dry-run");
    assert!(listed.contains("2 done before"), "{listed}");
    let refused = place.refused("sweep s.toml --out s.toml");
    assert!(refused.contains("`s.toml` is a file"), "{refused}");
}

fn names_or_none(folder: &Path) -> BTreeSet<String> {
    if folder.exists() {
        names(folder)
    } else {
        BTreeSet::new()
    }
}

/// Inference methods are an axis like any other setting; runs are called by them in a way that a shell takes.
#[test]
fn methods_are_an_axis() {
    let place = place(
        "model = \"line.bnn\"\ndata = \"t.csv\"\ntest = 0.2\nsamples = 5\n[grid]\n\
         inference = [\"mean_field\", \"map\", \"ensemble(members = 2)\", \"ivon(hess_init = 0.5, beta2 = 0.9)\"]\n",
    );
    let found = table(&place, "sweep s.toml");
    let expected = [
        "inference=mean_field",
        "inference=map",
        "inference=ensemble-members=2",
        "inference=ivon-hess_init=0.5-beta2=0.9",
    ];
    let named = |split: &str| -> BTreeSet<String> {
        expected
            .iter()
            .map(|name| format!("{name}{split}"))
            .collect()
    };
    assert_eq!(names(&place.path("runs/s")), named(",split=1"));
    let groups = found["groups"].as_array().unwrap();
    assert_eq!(groups.len(), expected.len(), "{groups:?}");
    let kept = |run: &str| {
        let path = place.path("runs/s").join(format!("{run},split=1/run.toml"));
        std::fs::read_to_string(path).unwrap()
    };
    // Each has its own learning rate where the file says none.
    for (run, method, rate) in [
        (expected[1], "map", "0.001"),
        (expected[2], "ensemble(members = 2)", "0.001"),
        (
            expected[3],
            "ivon(hess_init = 0.5, beta1 = 0.9, beta2 = 0.9, clip_radius = none)",
            "0.1",
        ),
    ] {
        let kept = kept(run);
        let of = [
            format!("inference = \"{method}\"\n"),
            format!("learning_rate = {rate}\n"),
        ];
        assert!(of.iter().all(|line| kept.contains(line)), "{kept}");
    }
    let said = place.ok("sweep s.toml --only inference=ensemble-members=2 --dry-run");
    assert!(
        said.contains("ensemble-members=2") && !said.contains("inference=map"),
        "{said}"
    );
    // What differs between two of the runs is the method, and what follows from it.
    let said =
        place.ok("diff runs/s/inference=map,split=1 runs/s/inference=ensemble-members=2,split=1");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("inference map -> ensemble(members = 2)"),
        "{said}"
    );
}
