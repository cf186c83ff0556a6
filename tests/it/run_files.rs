//! A run's files: one writer, no damage that is not seen, no way out of the folder.

use crate::cli::Place;
use std::process::{Command, Stdio};

const TRAIN: &str = "train line.bnn --data t.csv --batch-size 20 --epochs 3 --out run";

#[test]
fn of_two_trainings_into_one_folder_one_has_it() {
    let place = Place::new();
    let start = || {
        Command::new(env!("CARGO_BIN_EXE_bnnc"))
            .current_dir(place.path(""))
            .args(TRAIN.split(' '))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let both = [start(), start()].map(|child| child.wait_with_output().unwrap());
    let refused: Vec<_> = both
        .iter()
        .filter(|output| !output.status.success())
        .collect();
    assert_eq!(refused.len(), 1);
    let said = String::from_utf8_lossy(&refused[0].stderr);
    assert!(said.contains("E0604"), "{said}");
    let lines = std::fs::read_to_string(place.path("run/metrics.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 3);
    place.ok("evaluate run --samples 2");
}

#[test]
fn what_a_kill_before_the_first_step_leaves_is_used_again() {
    let place = Place::new();
    std::fs::create_dir(place.path("run")).unwrap();
    for name in ["lock", "model.bnn", "run.toml.part"] {
        std::fs::write(place.path("run").join(name), "").unwrap();
    }
    place.ok(TRAIN);
    place.ok("evaluate run --samples 2");
}

#[test]
fn a_changed_bit_is_seen_by_every_command_that_reads_it() {
    let place = Place::new();
    place.ok(TRAIN);
    let loss = "loss line.bnn --data t.csv --weights run/checkpoint.safetensors";
    let commands = ["evaluate run", "predict run --out p.csv", "explain run"];
    place.ok(loss);
    for name in [
        "model.bnn",
        "run.toml",
        "data.json",
        "rows.safetensors",
        "ir.txt",
        "checkpoint.safetensors",
    ] {
        let path = place.path("run").join(name);
        let bytes = std::fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        *changed.last_mut().unwrap() ^= 1;
        std::fs::write(&path, changed).unwrap();
        let checkpoint = name == "checkpoint.safetensors";
        for command in if checkpoint {
            [commands[0], commands[1], loss]
        } else {
            commands
        } {
            let said = place.refused(command);
            assert!(
                said.contains("E0605") && said.contains(name),
                "{command}: {said}"
            );
        }
        std::fs::write(&path, bytes).unwrap();
    }
    place.ok("evaluate run --samples 2");
}

#[test]
fn a_number_that_cannot_be_scaled_is_refused_before_there_is_a_run() {
    let place = Place::new();
    let text = std::fs::read_to_string(place.path("t.csv")).unwrap();
    std::fs::write(place.path("t.csv"), format!("{text}0.5,1e155,3\n")).unwrap();
    let said = place.refused(TRAIN);
    assert!(
        said.contains("E0510") && said.contains("too large to be scaled"),
        "{said}"
    );
    assert!(
        said.contains("row 60 (the first being 0) has 1e155 in column `b`"),
        "{said}"
    );
    assert!(!place.path("run").exists());
}

#[cfg(unix)]
#[test]
fn files_behind_a_link_are_not_a_trainings_to_remove() {
    let place = Place::new();
    for folder in ["run", "mine"] {
        std::fs::create_dir(place.path(folder)).unwrap();
    }
    for name in ["run/lock", "run/model.bnn", "mine/w.safetensors"] {
        std::fs::write(place.path(name), "mine").unwrap();
    }
    std::os::unix::fs::symlink(place.path("mine"), place.path("run/pretrained")).unwrap();
    assert!(place.refused(TRAIN).contains("E0604"));
    assert!(place.path("mine/w.safetensors").exists());
}

#[cfg(unix)]
#[test]
fn a_link_in_a_run_is_not_followed() {
    let place = Place::new();
    place.ok(TRAIN);
    for name in ["metrics.jsonl", "checkpoint.safetensors", "lock"] {
        let (path, own) = (place.path("run").join(name), place.path("own"));
        std::fs::rename(&path, &own).unwrap();
        std::os::unix::fs::symlink(&own, &path).unwrap();
        let before = std::fs::read(&own).unwrap();
        let said = place.refused("train line.bnn --out run --resume --epochs 5");
        assert!(said.contains("is a symbolic link"), "{said}");
        assert_eq!(std::fs::read(&own).unwrap(), before);
        std::fs::rename(&own, &path).unwrap();
    }
    place.ok("train line.bnn --out run --resume --epochs 5");
}
