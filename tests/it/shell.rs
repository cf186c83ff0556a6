//! What a shell and its scripts see of the commands: completions, the manual, `--quiet`, `--color`, `--format json`.

use crate::cli::Place;
use serde_json::Value;
use std::process::Command;

/// Standard output and error of a command, and its exit code.
fn said(command: &mut Command) -> (String, String, Option<i32>) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        text(output.stdout),
        text(output.stderr),
        output.status.code(),
    )
}

fn bnnc() -> Command {
    Command::new(env!("CARGO_BIN_EXE_bnnc"))
}

/// Whether a program of the system is there; said aloud where it is not.
fn has(program: &str) -> bool {
    let is_there = Command::new(program).arg("--version").output().is_ok();
    if !is_there {
        eprintln!("SKIPPED: {program} is absent");
    }
    is_there
}

#[test]
fn the_version_has_the_commit_and_the_target() {
    let (version, ..) = said(bnnc().arg("--version"));
    let inside = version
        .trim_end()
        .strip_prefix(concat!("bnnc ", env!("CARGO_PKG_VERSION"), " ("));
    let inside = inside
        .and_then(|rest| rest.strip_suffix(')'))
        .expect(&version);
    let (commit, target) = inside.split_once(", ").unwrap_or(("", inside));
    if has("rustc") {
        let (rustc, ..) = said(Command::new("rustc").arg("-vV"));
        assert!(
            rustc.contains(&format!("host: {target}\n")),
            "{target} {rustc}"
        );
    }
    let git = ["-C", env!("CARGO_MANIFEST_DIR"), "rev-parse", "HEAD"];
    if let Ok(output) = Command::new("git").args(git).output()
        && output.status.success()
    {
        let head = String::from_utf8(output.stdout).unwrap();
        assert!(
            commit.len() == 12 && head.starts_with(commit),
            "{commit} {head}"
        );
    }
}

#[test]
fn bash_completes_commands_flags_and_names() {
    let place = Place::new();
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        let script = place.ok(&format!("completions {shell}"));
        // PowerShell's and Elvish's have commands and flags, and no values.
        let word = match shell {
            "zsh" | "fish" => "heteroscedastic",
            _ => "--conformal",
        };
        assert!(script.contains(word), "{shell}");
    }
    std::fs::write(place.path("bnnc.bash"), place.ok("completions bash")).unwrap();
    if !has("bash") {
        return;
    }
    let completed = |words: &str| {
        let last = words.split(' ').next_back().unwrap_or_default();
        let count = words.split(' ').count() - 1;
        let before = words.split(' ').nth_back(1).unwrap_or_default();
        let script = format!(
            "source {}; COMP_WORDS=({words}); COMP_CWORD={count}; _bnnc bnnc '{last}' '{before}'; echo ${{COMPREPLY[@]}}",
            place.path("bnnc.bash").display()
        );
        said(Command::new("bash").args(["--norc", "-c", &script])).0
    };
    assert_eq!(completed("bnnc eval"), "evaluate\n");
    assert_eq!(completed("bnnc list lay"), "layers\n");
    assert_eq!(completed("bnnc new --template res"), "resnet20\n");
    assert!(completed("bnnc train --early").contains("--early-stopping"));
    assert_eq!(completed("bnnc check --color al"), "always\n");
}

#[test]
fn each_command_has_a_page_of_the_manual() {
    let place = Place::new();
    let answer: Value = serde_json::from_str(&place.ok("man pages --format json")).unwrap();
    let files = answer["files"].as_array().unwrap();
    for (page, words) in [
        ("bnnc.1", "evaluate"),
        ("bnnc-train.1", "early\\-stopping"),
        ("bnnc-data-look.1", "bnnc data look"),
        ("bnnc-new.1", "\\-\\-quiet"),
    ] {
        let text = std::fs::read_to_string(place.path("pages").join(page)).unwrap();
        let is_listed = files
            .iter()
            .any(|file| file.as_str().unwrap().ends_with(page));
        assert!(
            text.contains(".TH ") && text.contains(words) && is_listed,
            "{page}\n{text}"
        );
    }
}

#[test]
fn quiet_leaves_results_and_warnings() {
    let place = Place::new();
    let train = "train line.bnn --data t.csv --batch-size 16 --epochs 2 --test 0.2";
    let whole = place.ok(&format!("{train} --out a"));
    let quiet = place.bnnc(&format!("{train} --out b --quiet"));
    let text = String::from_utf8(quiet.stdout).unwrap();
    assert_eq!(String::from_utf8(quiet.stderr).unwrap(), "");
    // The scores are those of the whole text, and then comes the run's folder.
    let (scores, directory) = text.trim_end().rsplit_once('\n').unwrap();
    assert!(
        scores.contains("rmse") && whole.contains(scores),
        "{text}\n{whole}"
    );
    assert_eq!(directory, "directory  b");
    assert!(!text.contains("next") && !text.contains("epoch "), "{text}");
    // A warning is not left out.
    let warned = place.bnnc(&format!("-q {train} --samples 1 --set x=1 --out c"));
    assert!(!warned.stderr.is_empty());
    assert_eq!(place.ok("predict b --out p.csv -q"), "");
}

#[test]
fn colours_are_asked_for() {
    let place = Place::new();
    let has_colour = |arguments: &str| {
        let output = place.bnnc(arguments);
        output.stderr.contains(&0x1b)
    };
    assert!(!has_colour("check none.bnn"));
    assert!(has_colour("check none.bnn --color always"));
    assert!(has_colour("--color=always chek"));
    assert!(!has_colour("check none.bnn --color never"));
    let mut command = bnnc();
    let forced = command
        .env("NO_COLOR", "1")
        .args(["check", "none.bnn", "--color", "always"]);
    assert!(said(forced).1.contains('\x1b'));
}

/// Every command that prints answers with one object, mistakes included.
#[test]
fn every_command_answers_in_json() {
    let place = Place::new();
    let program =
        "from keras import *\nmodel = Sequential([Dense(4, activation='relu'), Dense(1)])\n";
    std::fs::write(place.path("k.py"), program).unwrap();
    let train = "train line.bnn --data t.csv --batch-size 16 --epochs 2 --test 0.2 --out r";
    for (arguments, keys) in [
        (
            train,
            "epochs model run seconds state test training_examples",
        ),
        ("check line.bnn", "loss terms warnings"),
        ("check line.bnn --emit ast", "items"),
        (
            "new m --template regression",
            "model next run_file template",
        ),
        ("evaluate r --samples 2", "nll rmse"),
        ("compare r r --samples 2", "runs"),
        ("predict r --out p.csv --samples 2", "draws out predictions"),
        ("plot r loss --out l.svg", "kind out title"),
        ("report r --out r.html --samples 2", "out title"),
        ("explain r", "latex markdown model text"),
        ("explain nll", "pages word"),
        ("translate k.py", "flags model notes"),
        ("emit pytorch line.bnn", "program system"),
        ("list", "data layers lints scores"),
        ("list layers", "layers"),
        ("data list", "data"),
        ("data look t.csv", "columns rows"),
        ("data verify shapes", "files name"),
        ("diff line.bnn m.bnn --set-b _=2", "changes models same"),
        ("fmt line.bnn", "files"),
    ] {
        let output = place.bnnc(&format!("{arguments} --format json"));
        let text = String::from_utf8(output.stdout).unwrap();
        let value: Value =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{arguments}: {e}\n{text}"));
        let object = value
            .as_object()
            .unwrap_or_else(|| panic!("{arguments}: {text}"));
        for key in keys.split(' ') {
            assert!(object.contains_key(key), "{arguments}: {key}\n{text}");
        }
    }
    let text = place.ok("predict r --out q.csv --samples 2");
    assert!(text.contains("12 predictions"), "{text}");
    for arguments in [
        "check none.bnn",
        "train none.bnn",
        "new line --from t.csv",
        "explain qqqq",
        "data look none.csv",
        "data fetch none",
        "predict none --out p.csv",
        "plot none loss --out a.svg",
        "report none --out a.html",
        "translate none.py",
        "emit pytorch none.bnn",
        "fmt none.bnn",
        "evaluate none",
    ] {
        let output = place.bnnc(&format!("{arguments} --format json"));
        assert_eq!(output.status.code(), Some(1), "{arguments}");
        let text = String::from_utf8(output.stdout).unwrap();
        let value: Value =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{arguments}: {e}\n{text}"));
        let code = value["errors"][0]["code"].as_str().expect("a code");
        assert!(code.starts_with('E'), "{arguments}: {code}");
    }
}

#[test]
fn a_message_names_its_page_once_and_on_a_terminal_alone() {
    let place = Place::new();
    std::fs::write(
        place.path("bad.bnn"),
        "model m\ninput x: real[2]\ntarget y: reel\n",
    )
    .unwrap();
    assert!(!place.refused("check bad.bnn").contains("bnnc explain"));
    if !has("script") {
        return;
    }
    let on_terminal = |flags: &str| {
        let command = format!("{} check bad.bnn {flags}", env!("CARGO_BIN_EXE_bnnc"));
        let mut script = Command::new("script");
        script
            .args(["-qec", &command, "/dev/null"])
            .current_dir(place.path(""));
        said(&mut script).0
    };
    let text = on_terminal("");
    assert_eq!(text.matches("bnnc explain E").count(), 1, "{text}");
    assert!(text.trim_end().ends_with("says more"), "{text}");
    assert!(!on_terminal("--quiet").contains("bnnc explain"));
}

#[test]
fn the_overview_fits_on_a_screen() {
    let (out, err, code) = said(&mut bnnc());
    assert_eq!((out.as_str(), code), ("", Some(2)));
    let help = said(bnnc().arg("--help")).0;
    assert_eq!(help, err);
    let lines: Vec<&str> = err.lines().collect();
    assert!(
        lines.len() < 24 && lines.iter().all(|line| line.chars().count() <= 80),
        "{err}"
    );
}
