//! The page of each code: its example is what makes the message, and the message is what is shown.
//!
//! A block with a file's name (```` ```bnn model.bnn ````) is that file; in a `console` block what follows
//! a `$` is run and the lines below it are what it prints. `BNNC_BLESS=1 cargo test pages` writes what is
//! printed into the pages.

use bnnc::diagnostic::{page, pages};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagnostics")
}

/// The blocks of a page: the words after the backquotes, and the lines.
pub fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = vec![];
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(words) = line.strip_prefix("```") {
            let inside = lines.by_ref().take_while(|line| *line != "```");
            blocks.push((
                words.into(),
                inside.map(|line| format!("{line}\n")).collect(),
            ));
        }
    }
    blocks
}

/// What a command prints, in a folder.
pub fn printed(command: &str, place: &Path) -> String {
    let bnnc = Path::new(env!("CARGO_BIN_EXE_bnnc")).parent().unwrap();
    let path = std::env::join_paths(
        [bnnc.to_path_buf()]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(place)
        .env("PATH", path.unwrap())
        .env("HOME", "/home/me")
        .env("NO_COLOR", "1")
        .env("LC_ALL", "C")
        .env_remove("BNNC_DATA")
        .env_remove("XDG_DATA_HOME")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.replace(place.to_str().unwrap(), "/home/me/work")
}

/// The page with what its commands print, and what the last of them does. Files that are no text are in
/// `tests/corpus/pages/`.
fn run(text: &str) -> (String, String) {
    let place = tempfile::tempdir().unwrap();
    for entry in fs::read_dir("tests/corpus/pages").unwrap() {
        let file = entry.unwrap();
        fs::copy(file.path(), place.path().join(file.file_name())).unwrap();
    }
    let (mut whole, mut last) = (text.to_string(), String::new());
    for (words, inside) in blocks(text) {
        match words.split_once(' ') {
            Some((_, name)) => fs::write(place.path().join(name), inside).unwrap(),
            None if words == "console" => {
                let mut now = String::new();
                for command in inside.lines().filter_map(|line| line.strip_prefix("$ ")) {
                    last = printed(command, place.path());
                    now += &format!("$ {command}\n{last}");
                }
                whole = whole.replace(&inside, &now);
            }
            None => {}
        }
    }
    (whole, last)
}

#[cfg(unix)]
#[test]
fn the_example_of_each_page_makes_its_message() {
    let mut wrong = String::new();
    for code in pages() {
        let path = folder().join(format!("{code}.md"));
        let text = fs::read_to_string(&path).unwrap();
        let (now, last) = run(&text);
        // `error[E0301]: …`
        if !last.contains(&format!("[{code}]: ")) {
            wrong += &format!("{code} is not the code of\n{last}\n");
        } else if std::env::var_os("BNNC_BLESS").is_some() {
            fs::write(&path, now).unwrap();
        } else if text != now {
            wrong += &format!("docs/diagnostics/{code}.md is now\n{now}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn each_page_has_its_parts() {
    let table = fs::read_to_string(folder().with_extension("md")).unwrap();
    for code in pages() {
        let text = page(code).unwrap();
        assert_eq!(
            text,
            fs::read_to_string(folder().join(format!("{code}.md"))).unwrap()
        );
        let meaning = text.strip_prefix(&format!("# {code}\n\n")).expect(code);
        let meaning = meaning.lines().next().unwrap();
        let row = format!("| [{code}](diagnostics/{code}.md) | {meaning} |");
        assert!(
            table.lines().any(|line| line == row),
            "docs/diagnostics.md: {row}"
        );
        for part in ["\n## Example\n", "\n## What to do\n"] {
            assert!(text.contains(part), "{code}:{part}");
        }
        assert!(text.lines().count() < 60, "{code} is long");
    }
    let written = fs::read_dir(folder()).unwrap().count();
    assert_eq!(
        written,
        pages().count(),
        "docs/diagnostics/ has a page for each code and no other"
    );
}
