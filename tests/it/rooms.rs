//! The rooms of the tree use each other in one direction.
//!
//! A room is a top-level module of `src/` or of the registries' crate, or the whole tensor crate. For `src/`,
//! all that it re-exports of the registries is the room `registries`. The table under "Rooms" in ARCHITECTURE.md says what each
//! room may use; these tests compare it with every `crate::` path outside tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A path from one room into another.
#[derive(Debug, PartialEq)]
struct Use {
    file: String,
    line: usize,
    from: String,
    to: String,
}

/// A row of the table: a room and the rooms that it may use.
type Row = (String, BTreeSet<String>);

/// The rows of the table under `## Rooms`: the first column names the room, the last what it uses.
fn table(page: &str) -> Vec<Row> {
    let section = page.split("\n## ").find(|s| s.starts_with("Rooms\n"));
    let lines = section.expect("a section `## Rooms`").lines();
    let words = |cell: &str| {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(String::from)
            .collect()
    };
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let room: Vec<String> = words(cells[0]);
        let uses: BTreeSet<String> = words(cells[cells.len() - 1]).into_iter().collect();
        Some((room.first()?.clone(), uses))
    };
    lines
        .filter(|line| line.starts_with('|'))
        .filter_map(row)
        .collect()
}

/// The source with comments and test code blanked out, line by line.
///
/// rustfmt closes an item in the column in which its attribute begins.
fn without_tests(text: &str) -> String {
    let mut test_item = None;
    let mut kept = String::new();
    for line in text.lines() {
        let column = line.len() - line.trim_start().len();
        let code = line.split("//").next().unwrap_or_default();
        match test_item {
            Some(start) => {
                if start == column && line.ends_with(['}', ';']) {
                    test_item = None;
                }
            }
            None if line.trim_start() == "#[cfg(test)]" => test_item = Some(column),
            None => kept.push_str(code),
        }
        kept.push('\n');
    }
    kept
}

/// The first names of the paths in the braces with which `text` begins: `a`, `b` of `{a::{c, d}, b}`.
fn first_names(text: &str) -> Vec<String> {
    let (mut depth, mut names, mut name) = (0, vec![], Some(String::new()));
    for symbol in text.chars() {
        match symbol {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        match (&mut name, symbol) {
            (Some(word), c) if depth == 1 && (c.is_alphanumeric() || c == '_') => word.push(c),
            (Some(word), _) if !word.is_empty() => names.extend(name.take()),
            _ => {}
        }
        if depth == 1 && symbol == ',' {
            name = Some(String::new());
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// Every place where the file `file`, `depth` modules below its crate's root, leaves the room `from`.
fn uses(file: &str, depth: usize, from: &str, text: &str) -> Vec<Use> {
    let text = without_tests(text);
    let mut found = vec![];
    let mut add = |place: usize, to: String| {
        let line = text[..place].matches('\n').count() + 1;
        let (file, from) = (file.to_string(), from.to_string());
        if to != from {
            found.push(Use {
                file,
                line,
                from,
                to,
            });
        }
    };
    for (place, _) in text.match_indices("bnnc_tensor::") {
        add(place, "tensor".into());
    }
    let above = "super::".repeat(depth);
    for root in ["crate::", "bnnc_registries::", &above] {
        for (place, _) in text.match_indices(root) {
            let before = text[..place].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let path = &text[place + root.len()..];
            let names = match path.starts_with('{') {
                true => first_names(path),
                false => first_names(&format!("{{{path}"))
                    .into_iter()
                    .take(1)
                    .collect(),
            };
            names.into_iter().for_each(|name| add(place, name));
        }
    }
    found
}

/// All `.rs` files under `folder` that are not tests, with their paths in it.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            if name == "tests" || name == "testing" {
                continue;
            } else if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path.strip_prefix(folder).unwrap().to_path_buf());
            }
        }
    }
    found.sort();
    found
}

/// Every use of another room in the tree, and the names of all rooms.
fn tree() -> (BTreeSet<String>, Vec<Use>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut rooms = BTreeSet::from(["tensor", "registries"].map(String::from));
    let mut found = vec![];
    for crate_folder in ["crates/registries/src", "src"] {
        let mut own = BTreeSet::from(["tensor".to_string()]);
        let start = found.len();
        for file in sources(&root.join(crate_folder)) {
            let parts: Vec<String> = file
                .with_extension("")
                .iter()
                .map(|part| part.to_string_lossy().into_owned())
                .collect();
            if matches!(&parts[0][..], "lib" | "main") {
                continue;
            }
            let depth = parts.len() - usize::from(parts.last().unwrap() == "mod");
            let path = Path::new(crate_folder).join(&file);
            let text = std::fs::read_to_string(root.join(&path)).unwrap();
            own.insert(parts[0].clone());
            found.extend(uses(&path.display().to_string(), depth, &parts[0], &text));
        }
        // What is no module here is re-exported from the crate below.
        let used = found[start..].iter_mut().map(|u| &mut u.to);
        used.filter(|to| !own.contains(*to))
            .for_each(|to| *to = "registries".into());
        rooms.extend(own);
    }
    (rooms, found)
}

/// What is wrong with a table: rooms without a row, rows without a room, uses of a room further down.
fn faults_of_table(table: &[Row], rooms: &BTreeSet<String>) -> Vec<String> {
    let place: BTreeMap<&str, usize> = table
        .iter()
        .enumerate()
        .map(|(i, (room, _))| (&room[..], i))
        .collect();
    let mut faults = vec![];
    for room in rooms.iter().filter(|room| !place.contains_key(&room[..])) {
        faults.push(format!(
            "the table has no row for the room `{room}`: add one, below the rooms that it uses"
        ));
    }
    for (i, (room, uses)) in table.iter().enumerate() {
        if !rooms.contains(room) {
            faults.push(format!(
                "the table has a row for `{room}`, which is no room: remove it"
            ));
        }
        for used in uses {
            if place.get(&used[..]).is_none_or(|j| *j >= i) {
                faults.push(format!(
                    "`{room}` may use `{used}`, which is no row above it: rooms use rooms above them alone"
                ));
            }
        }
    }
    faults
}

/// Uses that the table does not allow, and what it allows and nobody uses.
fn faults_of_uses(table: &[Row], uses: &[Use]) -> Vec<String> {
    let allowed: BTreeMap<&str, &BTreeSet<String>> =
        table.iter().map(|(room, uses)| (&room[..], uses)).collect();
    let mut faults = vec![];
    for Use {
        file,
        line,
        from,
        to,
    } in uses
    {
        if !allowed.get(&from[..]).is_some_and(|uses| uses.contains(to)) {
            faults.push(format!(
                "{file}:{line}: `{from}` uses `{to}`, which its row does not allow\n  move what both need into \
                 a room above both; where `{to}` stands above `{from}` already, add it to the row of `{from}`"
            ));
        }
    }
    for (room, may_use) in table {
        for unused in may_use {
            if !uses.iter().any(|u| u.from == *room && u.to == *unused) {
                faults.push(format!(
                    "`{room}` may use `{unused}` and does not: take it out of the row of `{room}`"
                ));
            }
        }
    }
    faults
}

#[test]
fn rooms_use_what_the_architecture_says() {
    let table = table(include_str!("../../ARCHITECTURE.md"));
    let (rooms, uses) = tree();
    let mut faults = faults_of_table(&table, &rooms);
    faults.extend(faults_of_uses(&table, &uses));
    assert!(
        faults.is_empty(),
        "the table under \"Rooms\" in ARCHITECTURE.md does not fit the tree:\n{}",
        faults.join("\n")
    );
}

const PAGE: &str = "# Page\n\n## Rooms\n\n| room | holds | uses |\n| --- | --- | --- |\n\
    | `source` | files | |\n| `syntax` | the `tree` | `source` |\n| `ir` | models | `source`, `syntax` |\n\n## Next\n";

#[test]
fn a_table_is_read_and_checked() {
    let table = table(PAGE);
    let names = |names: &[&str]| names.iter().map(|n| n.to_string()).collect::<BTreeSet<_>>();
    assert_eq!(table[0], ("source".into(), names(&[])));
    assert_eq!(table[2], ("ir".into(), names(&["source", "syntax"])));
    assert_eq!(
        faults_of_table(&table, &names(&["source", "syntax", "ir"])),
        [""; 0]
    );
    let turned = [table[1].clone(), table[0].clone()];
    assert_eq!(
        faults_of_table(&turned, &names(&["source", "lint"])),
        [
            "the table has no row for the room `lint`: add one, below the rooms that it uses",
            "the table has a row for `syntax`, which is no room: remove it",
            "`syntax` may use `source`, which is no row above it: rooms use rooms above them alone",
        ]
    );
}

#[test]
fn a_forbidden_use_names_its_place_and_a_remedy() {
    let text = "//! crate::comment\nuse crate::{\n    ir::{Model, Node},\n    source,\n};\nuse super::super::ir;\n\
        fn f() { crate::source::g(); xcrate::y(); super::z(); }\n#[cfg(test)]\nmod tests {\n    use crate::ir;\n}\n";
    let found = uses("src/syntax/a.rs", 2, "syntax", text);
    let places: Vec<(usize, &str)> = found.iter().map(|u| (u.line, &u.to[..])).collect();
    assert_eq!(places, [(2, "ir"), (2, "source"), (7, "source"), (6, "ir")]);
    assert_eq!(
        faults_of_uses(&table(PAGE), &found[..1]),
        [
            "src/syntax/a.rs:2: `syntax` uses `ir`, which its row does not allow\n  move what both need into \
             a room above both; where `ir` stands above `syntax` already, add it to the row of `syntax`",
            "`syntax` may use `source` and does not: take it out of the row of `syntax`",
            "`ir` may use `source` and does not: take it out of the row of `ir`",
            "`ir` may use `syntax` and does not: take it out of the row of `ir`",
        ]
    );
}
