//! Which data a program reads: `read_data`.

use super::refused;
use crate::data::{self, Columns, Request, catalog};
use crate::diagnostic::{Diagnostic, Result};
use crate::emit::python::{Code, quoted};
use crate::train::prepared::Prepared;
use std::path::Path;

/// What else can be done.
const NPZ: &str =
    "save the arrays of its inputs and targets as an .npz, and name that with `--data`";

/// The lines of `read_data`.
///
/// # Errors
///
/// `E0619` for data that programs do not read.
pub(super) fn reader(code: &mut Code, request: &Request, prepared: &Prepared) -> Result<()> {
    let name = &request.data;
    if let Some(entry) = catalog::entry(name) {
        let read = match entry.name() {
            "cifar10" => "read_cifar10",
            "mnist" | "fashion-mnist" => "read_mnist",
            _ => {
                return Err(not_read(format!(
                    "`{name}` is made by bnnc, and no file of it is read"
                )));
            }
        };
        let folders = entry.folders().iter().map(|folder| quoted(folder));
        let folders = format!("[{}]", folders.collect::<Vec<_>>().join(", "));
        code.line("def read_data(where):");
        code.line("    \"\"\"The training and the test part; `where` is the folder of the data set, or one above it.\"\"\"");
        code.line(format!(
            "    return {read}(data_folder({}, where, {folders}))",
            quoted(name)
        ));
        return Ok(());
    }
    if prepared.data.groups().is_some() {
        return Err(not_read(
            "`group` divides rows by their group, which the program does not".into(),
        ));
    }
    if request.choices.weights.is_some() {
        return Err(not_read(
            "`weights` says how often a row occurs, which the program does not read".into(),
        ));
    }
    let ending = Path::new(name)
        .extension()
        .map(|e| e.to_string_lossy().to_lowercase());
    code.line("def read_data(where):");
    code.line("    \"\"\"The training and the test part, if there is one; `where` is the file, if it is not where it was.\"\"\"");
    code.line(format!("    path = where or {}", quoted(name)));
    match ending.as_deref() {
        Some("csv" | "tsv") => table(code, request, prepared)?,
        Some("npz") => archive(code, request, prepared)?,
        _ => return Err(not_read(format!("the program does not read `{name}`"))),
    }
    Ok(())
}

fn not_read(why: String) -> crate::diagnostic::Failure {
    let message: Diagnostic = refused(why);
    message.help(NPZ).into()
}

/// The lines that read a table of text.
fn table(code: &mut Code, request: &Request, prepared: &Prepared) -> Result<()> {
    let first = prepared.data.columns.iter();
    let others = prepared
        .others
        .iter()
        .filter_map(|other| other.data.columns.as_ref());
    for columns in first.chain(others) {
        refuse_coding(columns)?;
    }
    code.line("    record = json.loads(DATA_JSON)");
    code.line("    columns = [record[\"columns\"], *(other[\"columns\"] for other in record.get(\"others\", []))]");
    code.line("    split = TextTable(path).split(columns)");
    held_out(code, request, prepared);
    Ok(())
}

/// Columns whose cells the program would read otherwise.
fn refuse_coding(columns: &Columns) -> Result<()> {
    let mut codes = columns.coding.inputs.iter();
    let date = codes.find(|(_, code)| code.kind() == "date");
    match date {
        Some((name, _)) => Err(not_read(format!(
            "the column `{name}` has dates, which the program does not read"
        ))),
        None => Ok(()),
    }
}

/// The lines that read an archive of arrays.
fn archive(code: &mut Code, request: &Request, prepared: &Prepared) -> Result<()> {
    let path = Path::new(&request.data);
    let mut parts: Vec<(Vec<String>, Vec<String>)> = vec![];
    for of_target in request.of_targets()? {
        for (part, (inputs, target)) in data::npz::arrays(path, &of_target)?.into_iter().enumerate()
        {
            match parts.get_mut(part) {
                Some((_, targets)) => targets.push(target),
                None => parts.push((inputs, vec![target])),
            }
        }
    }
    let list = |names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        format!("[{}]", names.join(", "))
    };
    let mut told = String::new();
    if let Some(layout) = &request.choices.layout {
        told += &format!(", layout={}", quoted(layout));
    }
    let classes = &prepared.data.class_names;
    if !classes.is_empty() {
        told += &format!(", classes={}", list(classes));
    }
    if prepared
        .others
        .iter()
        .any(|other| !other.data.class_names.is_empty())
    {
        return Err(not_read(
            "the classes of a second target have names, which the program does not read".into(),
        ));
    }
    let read = |(inputs, targets): &(Vec<String>, Vec<String>)| {
        format!("read_npz(path, {}, {}{told})", list(inputs), list(targets))
    };
    match &parts[..] {
        [train, test] => {
            code.line(format!("    train = {}", read(train)));
            code.line(format!("    return train, {}", read(test)));
        }
        _ => {
            parts
                .iter()
                .for_each(|part| code.line(format!("    split = {}", read(part))));
            held_out(code, request, prepared);
        }
    }
    Ok(())
}

/// The lines that take the test part out.
fn held_out(code: &mut Code, request: &Request, prepared: &Prepared) {
    let test = prepared.data.test.as_ref();
    code.line(match (test, &request.test_rows) {
        (None, _) => "    return split, None".into(),
        (Some(_), Some(path)) => {
            let path = quoted(&path.display().to_string());
            format!("    return hold_out(split, {path})")
        }
        (Some(test), None) => format!("    return hold_out_at_random(split, {})", test.len),
    });
}
