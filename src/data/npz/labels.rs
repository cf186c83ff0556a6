//! Targets of an archive as the numbers that a model learns from. Labels have what labels of tables have: texts, any k
//! whole numbers, booleans; and each row of an array of 0 and 1 may hold its 1 at the label's place.

use super::archive::Found;
use crate::data::coding::{self, Fault};
use crate::data::labels::{self, Labels};
use crate::data::look::{self, Kind};
use crate::data::npy::Contents;
use crate::data::sheet::{Builder, Cell, Column, Decimal};
use crate::data::{TargetKind, Values};
use crate::diagnostic::Diagnostic;
use crate::tensor::Shape;
use crate::words::{list, plural};

/// Targets as numbers, a part each.
pub(super) struct Numbered {
    pub(super) values: Vec<Values>,
    /// The shape of one target.
    pub(super) shape: Shape,
    /// What the classes are called, in the order of their labels; none where the numbers are the labels.
    pub(super) classes: Vec<String>,
    /// What was done with the labels, in words.
    pub(super) said: Option<String>,
}

/// What the targets of an archive are read for.
#[derive(Clone, Copy)]
pub(super) struct Purpose<'a> {
    /// What the model predicts, where that is known.
    pub(super) predicts: Option<TargetKind>,
    /// The names of a run's classes: none of a run whose labels are numbers.
    pub(super) classes: Option<&'a [String]>,
}

/// The numbers of the targets `found`, of all parts. `shape` is that of one target.
pub(super) fn number(
    found: Vec<Found>,
    shape: Shape,
    purpose: Purpose,
) -> Result<Numbered, Diagnostic> {
    let classes = purpose.predicts.and_then(TargetKind::classes);
    let is_text = found
        .iter()
        .any(|part| matches!(part.contents, Contents::Texts(_)));
    if shape.rank() > 0 {
        if is_text {
            let first = &found[0];
            return Err(fault(first, "holds text in more than one column")
                .note(format!("its shape is {:?}", first.header.shape))
                .help("a model predicts one class: keep one column of labels"));
        }
        let of_places = purpose.predicts.is_some_and(|kind| kind.axes().is_some());
        return match classes {
            Some(_) if shape.rank() == 1 && !of_places => one_hot(found, shape.len()),
            _ => Ok(plain(found, shape)),
        };
    }
    let is_boolean = found.iter().all(|part| part.header.kind.ends_with("b1"));
    if is_boolean && classes == Some(2) && purpose.classes.is_none() {
        let classes = ["False", "True"].map(str::to_owned).to_vec();
        return Ok(Numbered {
            said: Some(mapping(&classes)),
            classes,
            ..plain(found, shape)
        });
    }
    let are_numbers = |name: &String| name.parse::<f64>().is_ok();
    let needs_names = match (classes, purpose.classes) {
        _ if is_text => true,
        (None, _) => false,
        // Labels of a run whose classes are called otherwise are numbers still.
        (_, Some(of_run)) => !of_run.is_empty() && of_run.iter().all(are_numbers),
        (Some(k), None) => !found.iter().all(|part| fits(&part.contents, k)),
    };
    if needs_names {
        return named(found, shape, purpose);
    }
    let of_run = purpose.classes.filter(|of_run| !of_run.is_empty());
    Ok(Numbered {
        said: of_run.map(mapping),
        ..plain(found, shape)
    })
}

/// As they are.
fn plain(found: Vec<Found>, shape: Shape) -> Numbered {
    let values = found.into_iter().filter_map(|part| match part.contents {
        Contents::Numbers(values) => Some(values),
        Contents::Texts(_) => None,
    });
    Numbered {
        values: values.collect(),
        shape,
        classes: vec![],
        said: None,
    }
}

/// Whether all are whole numbers below `k`.
fn fits(contents: &Contents, k: usize) -> bool {
    let Contents::Numbers(values) = contents else {
        return false;
    };
    let fits = |value: f64| value.fract() == 0.0 && (0.0..k as f64).contains(&value);
    (0..values.len()).all(|index| fits(values.get(index)))
}

/// Labels by the names of their classes.
fn named(found: Vec<Found>, shape: Shape, purpose: Purpose) -> Result<Numbered, Diagnostic> {
    let Some(column) = column(&found) else {
        // Numbers that are not finite are told with their rows.
        return Ok(plain(found, shape));
    };
    let looked = look::look(&column, &[]);
    let of_text = |part: &&Found| matches!(part.contents, Contents::Texts(_));
    let (texts, numbers): (Vec<&Found>, Vec<&Found>) = found.iter().partition(of_text);
    if let ([text], [number], false) = (&texts[..], &numbers[..], looked.kind == Kind::Number) {
        let what = format!("holds text, and `{}` numbers", number.name);
        return Err(fault(text, &what).help("give both parts the same labels"));
    }
    if let Some(row) = looked.first_missing {
        return Err(at(
            &found,
            row,
            "has no label",
            "the cell is empty or means a missing value",
        ));
    }
    let classes = match purpose.classes {
        None => labels::classes(&column, &looked, purpose.predicts, &[]),
        Some(of_run) => Some(of_run.to_vec()),
    };
    let of_classes = purpose.predicts.is_none_or(|kind| kind.classes().is_some());
    let classes = match (classes, looked.kind) {
        (Some(classes), _) if of_classes => classes,
        // Texts that are numbers are read as such, whatever is predicted.
        (_, Kind::Number) => vec![],
        (_, kind) => {
            return Err(no_classes(
                &found[0],
                &column,
                kind,
                looked.distinct,
                purpose,
            ));
        }
    };
    let labels = Labels::of(&classes);
    let mut rows = 0..column.len();
    let mut values = vec![];
    for part in &found {
        let own: Result<Vec<f64>, (usize, Fault)> = (rows.by_ref().take(part.contents.len()))
            .map(|row| {
                labels
                    .target(column.cell(row), &[])
                    .map_err(|fault| (row, fault))
            })
            .collect();
        let unseen = |(row, _): (usize, Fault)| {
            let name = coding::name(column.cell(row));
            let what = format!("has the label `{name}`, for which the model has no class");
            let known = match classes.is_empty() {
                true => "its labels are numbers from 0 on".to_owned(),
                false => format!("the classes are {}", list(&classes)),
            };
            at(&found, row, &what, &known)
        };
        values.push(Values::F64(own.map_err(unseen)?));
    }
    Ok(Numbered {
        said: (!classes.is_empty()).then(|| mapping(&classes)),
        values,
        shape,
        classes,
    })
}

/// The labels of all parts as a table's column; `None` where one is no finite number.
fn column(found: &[Found]) -> Option<Column> {
    let mut cells = Builder::default();
    for part in found {
        match &part.contents {
            Contents::Texts(texts) => {
                let texts = texts.iter().map(|text| text.trim());
                texts.for_each(|text| cells.push(Cell::read(text, Decimal::Point)));
            }
            Contents::Numbers(values) => {
                for value in (0..values.len()).map(|index| values.get(index)) {
                    cells.push(Cell::Number(Some(value).filter(|x| x.is_finite())?));
                }
            }
        }
    }
    Some(cells.finish(found[0].name.clone(), Decimal::Point))
}

/// Each label from a row that has 1 in the label's place and 0 elsewhere.
fn one_hot(found: Vec<Found>, width: usize) -> Result<Numbered, Diagnostic> {
    let mut values = vec![];
    for part in &found {
        let Contents::Numbers(numbers) = &part.contents else {
            continue;
        };
        let label = |row: usize| {
            let entries = row * width..(row + 1) * width;
            let mut ones = entries.clone().filter(|entry| numbers.get(*entry) != 0.0);
            let only = ones.next().filter(|only| numbers.get(*only) == 1.0);
            match (only, ones.next()) {
                (Some(only), None) => Ok((only - entries.start) as f64),
                _ => Err(row),
            }
        };
        let labels: Result<Vec<f64>, usize> = (0..numbers.len() / width).map(label).collect();
        let refused = |row: usize| {
            let shown: Vec<String> = (row * width..(row + 1) * width)
                .take(8)
                .map(|entry| numbers.get(entry).to_string())
                .collect();
            let dots = if width > 8 { ", …" } else { "" };
            fault(part, "is neither labels nor one-hot")
                .note(format!("its shape is {:?}", part.header.shape))
                .note(format!(
                    "expected one number a row, or a single 1 among zeros; row {row} (the first being 0) has {}{dots}",
                    shown.join(", ")
                ))
                .help("probabilities and several labels a row cannot be learned from: keep the label of each row")
        };
        values.push(Values::F64(labels.map_err(refused)?));
    }
    Ok(Numbered {
        values,
        shape: Shape::default(),
        classes: vec![],
        said: Some(format!(
            "`{}` is one-hot: the label is the place of the 1, from 0 to {}",
            found[0].name,
            width - 1
        )),
    })
}

/// At most so many classes are listed.
const MOST_LISTED: usize = 20;

/// `classes setosa = 0, versicolor = 1`
fn mapping(classes: &[String]) -> String {
    let pairs = classes.iter().enumerate();
    let mut shown: Vec<String> = pairs
        .take(MOST_LISTED)
        .map(|(label, name)| format!("{name} = {label}"))
        .collect();
    if classes.len() > MOST_LISTED {
        shown.push(format!("… ({} classes)", classes.len()));
    }
    format!("classes {}", shown.join(", "))
}

fn fault(part: &Found, what: &str) -> Diagnostic {
    Diagnostic::error(
        "E0509",
        format!("the array `{}` of `{}` {what}", part.name, part.path),
    )
}

/// A fault of one row of all parts together.
fn at(found: &[Found], row: usize, what: &str, why: &str) -> Diagnostic {
    let mut row = row;
    let mut parts = found.iter();
    let mut part = parts.next();
    while let Some(current) = part
        && row >= current.contents.len()
    {
        row -= current.contents.len();
        part = parts.next();
    }
    let part = part.unwrap_or(&found[0]);
    let title = format!(
        "row {row} (the first being 0) of `{}` in `{}` {what}",
        part.name, part.path
    );
    Diagnostic::error("E0509", title).note(why)
}

/// Targets that are text and no classes.
fn no_classes(
    part: &Found,
    column: &Column,
    kind: Kind,
    distinct: usize,
    purpose: Purpose,
) -> Diagnostic {
    let first = coding::name(column.cell(0));
    let message = match kind {
        Kind::Category | Kind::Boolean => fault(part, "holds text"),
        _ => fault(part, "holds text that is no label").note(format!(
            "{kind}: {} among {}, the first is `{first}`",
            plural(distinct, "different value"),
            plural(column.len(), "row")
        )),
    };
    match purpose.predicts {
        Some(kind) if kind.classes().is_none() => {
            message.note(format!("the model predicts {kind}"))
        }
        _ => message,
    }
    .help("`--target NAME` names another array")
}
