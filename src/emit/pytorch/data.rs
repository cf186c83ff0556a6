//! Which data a program reads: `read_data`.

use super::refused;
use crate::data::npz::Taken;
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
    if !request.sequences.is_empty() {
        return Err(not_read(format!(
            "`{}` holds sequences, which the program reads of an .npz alone",
            request.data
        )));
    }
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
    if columns.steps.is_some() {
        return Err(not_read(
            "rows are steps of sequences or of windows, which the program does not read".into(),
        ));
    }
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
    let mut parts: Vec<(Taken, Vec<String>)> = vec![];
    for of_target in request.of_targets()? {
        for (part, taken) in data::npz::arrays(path, &of_target)?.into_iter().enumerate() {
            match parts.get_mut(part) {
                Some((_, targets)) => targets.push(taken.targets),
                None => {
                    let targets = vec![taken.targets.clone()];
                    parts.push((taken, targets));
                }
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
    let read = |(taken, targets): &(Taken, Vec<String>)| {
        let sequences = sequences(request, taken);
        format!(
            "read_npz(path, {}, {}{told}{sequences})",
            list(&taken.inputs),
            list(targets)
        )
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

/// What a program is told of the inputs that are sequences, and of the targets of their steps; nothing where there are
/// none.
fn sequences(request: &Request, taken: &Taken) -> String {
    if request.sequences.is_empty() {
        return String::new();
    }
    let of = |place: usize| {
        let name = &request.inputs[place].0;
        request.sequences.iter().find(|of| of.name == *name)
    };
    let input = |(place, lengths): (usize, &Option<(String, bool)>)| match of(place) {
        None => "None".to_owned(),
        Some(of) => {
            let (array, is_mask) = match lengths {
                None => ("None".to_owned(), false),
                Some((array, is_mask)) => (quoted(array), *is_mask),
            };
            let first = if of.vocabulary.is_some() { 1 } else { 0 };
            let is_mask = if is_mask { "True" } else { "False" };
            format!("({}, {first}, {array}, {is_mask})", of.steps)
        }
    };
    let inputs: Vec<String> = taken.lengths.iter().enumerate().map(input).collect();
    let place = |name: &String| request.inputs.iter().position(|(input, _)| input == name);
    let steps_of = request.steps_of.iter().map(|name| {
        let place = name.as_ref().and_then(place);
        place.map_or("None".to_owned(), |place| place.to_string())
    });
    format!(
        ", sequences=[{}], steps_of=[{}]",
        inputs.join(", "),
        steps_of.collect::<Vec<_>>().join(", ")
    )
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
