//! From a sheet to a data set: which columns are taken, how their cells become numbers, which rows are held out.

use super::choices::{Choices, Rules, categories};
use super::choose::{Chosen, choose};
use super::coding::{self, Code, Coding};
use super::columns::{Columns, Wanted};
use super::error::Faults;
use super::held_out;
use super::labels::{self, Labels};
use super::lesson::{self, Lesson};
use super::look::{self, Kind};
use super::memory;
use super::parts::{group_column, groups, parts, parts_in_time, refuse_split_groups, training};
use super::refusal::{Refused, no_number, otherwise_than_the_run, refuse};
use super::sequences::wide;
use super::sheet::{self, Column, Decimal, Role, Sheet};
use super::steps::{Layout, Steps, inputs_of_a_row};
use super::{Dataset, InTime, Request, Split, TargetKind, Values, names, recipe, weights};
use crate::diagnostic::{Diagnostic, Result};
use crate::tensor::Shape;
use crate::words::counted;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// What was seen of a table beside the numbers that were read.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The names and shapes of the inputs that a row holds one after the other, where the data have several.
    pub inputs: Vec<(String, Shape)>,
    /// What was recognised of its file, a phrase each.
    pub said: Vec<String>,
    /// What is odd about it, and what to do.
    pub remarks: Vec<String>,
    /// Which arrays of an `.npz` are taken, and what was done with its labels, a line each.
    pub taken: Vec<String>,
    /// Where the inputs are read from as they are needed, if they are not in memory.
    pub streamed: Option<String>,
    /// Columns that say which example a row is, as texts by the row of the file.
    pub identifiers: Vec<Identifier>,
    pub(super) groups: Option<Vec<u32>>,
    /// The rows of the file that the steps of each sequence are, by the first one.
    pub of_steps: Option<HashMap<usize, Vec<usize>>>,
    /// Where the training part's windows lie in their time series.
    pub(super) in_time: Option<InTime>,
    /// How many times each row of the training part and of the test part occurs.
    pub(super) counts: Option<[Vec<u32>; 2]>,
}

/// A column that says which example a row is.
#[derive(Debug, Clone)]
pub struct Identifier(pub(super) Column);

impl Identifier {
    /// A column of texts.
    #[cfg(feature = "images")]
    pub(super) fn of(name: &str, texts: sheet::Builder) -> Identifier {
        Identifier(texts.finish(name.into(), Decimal::Point))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The cell of a row of the file.
    pub fn cell(&self, row: usize) -> String {
        let written = self.0.written(row).map(str::to_owned);
        written.unwrap_or_else(|| coding::name(self.0.cell(row)))
    }
}

/// Reads the table at `path`. Of a run's table the columns are read as the run has them; else how they are read is
/// learned from the rows that will be trained on.
pub(super) fn read(
    path: &Path,
    wanted: &Wanted,
    request: &Request,
    test_rows: Option<&Path>,
) -> Result<Dataset> {
    let sheet = sheet::read(path, wanted.sheet, &|header| roles(header, wanted))?;
    from_sheet(path, sheet, wanted, request, test_rows)
}

/// Reads a table in memory, as [`read`] reads a file.
pub(super) fn in_memory(
    columns: &[memory::Column],
    wanted: &Wanted,
    request: &Request,
) -> Result<Dataset> {
    let sheet = memory::sheet(columns, &|header| roles(header, wanted))?;
    let (path, test_rows) = (Path::new(&request.data), request.test_rows.as_deref());
    from_sheet(path, sheet, wanted, request, test_rows)
}

fn from_sheet(
    path: &Path,
    sheet: Sheet,
    wanted: &Wanted,
    request: &Request,
    test_rows: Option<&Path>,
) -> Result<Dataset> {
    let silent = Choices::default();
    let choices = wanted.choices.unwrap_or(&silent);
    if choices.layout.is_some() {
        let title = format!("`{}` has no images, whose `layout` is said", path.display());
        return Err(Diagnostic::error("E0506", title)
            .note("`layout` says the order of the axes of an .npz's images")
            .into());
    }
    let header = sheet.header();
    let steps = match wanted.of_run {
        None => Steps::of(choices)?,
        Some(run) => run.columns.steps.clone(),
    };
    let by_name = match (&request.inputs[..], wanted.of_run, &choices.inputs) {
        ([_, _, ..], None, None) => {
            let of_row = steps
                .as_ref()
                .map(|steps| inputs_of_a_row(request, steps.window));
            let inputs = of_row.as_ref().unwrap_or(&request.inputs);
            Some(Choices {
                inputs: Some(columns_of_inputs(path, &header, inputs)?),
                ..choices.clone()
            })
        }
        _ => None,
    };
    let choices = by_name.as_ref().unwrap_or(choices);
    let others = request.others.iter();
    let others = others.map(|(name, width)| columns_of_target(path, &header, name, *width));
    let others: Vec<String> = match wanted.of_run {
        None => others.collect::<Result<_>>()?,
        // Data that a run predicts need not have them.
        Some(_) => others.flatten().collect(),
    };
    let width = request.predicts.map_or(1, TargetKind::entries);
    let target = match (wanted.target, wanted.of_run) {
        (Some(name), None) if !others.is_empty() => {
            Some(columns_of_target(path, &header, name, width)?)
        }
        (target, _) => target.map(str::to_owned),
    };
    let wanted = &Wanted {
        choices: Some(choices),
        target: target.as_deref(),
        others: &others,
        steps: steps.as_ref(),
        ..*wanted
    };
    let chosen = choose(path, &header, wanted)?;
    // A run predicts from windows whose targets are yet to come.
    let with_future =
        wanted.of_run.is_some_and(|run| !run.targets_needed) && choices.window.is_none();
    let layout = steps.as_ref();
    let layout = layout.map(|steps| steps.layout(path, &sheet, with_future));
    let layout = layout.transpose()?;
    let group = choices.group.as_deref();
    let group = group
        .map(|name| group_column(&header, name))
        .transpose()?
        .map(|place| &sheet.columns[place]);
    let groups = match (group, &layout) {
        (None, _) => None,
        (Some(column), None) => Some(groups(column)),
        (Some(column), Some(layout)) => Some(layout.groups(&groups(column), column)?),
    };
    let n = layout.as_ref().map_or(sheet.rows(), Layout::len);
    let in_time = layout.as_ref().and_then(Layout::in_time);
    let mut said = sheet.said.clone();
    let parts = match &in_time {
        None => parts(n, choices, test_rows, groups.as_deref())?,
        Some(windows) => {
            let found = parts_in_time(windows, choices, test_rows)?;
            let left_out = found.as_ref().map_or(0, |(_, left_out)| *left_out);
            if left_out > 0 {
                said.push(format!(
                    "{} that reach from the training into the test part are left out",
                    counted(left_out, "window", "windows")
                ));
            }
            found.map(|(parts, _)| parts)
        }
    };
    let weights = match wanted.of_run {
        None => choices.weights.as_deref(),
        Some(run) => run.columns.weights.as_deref(),
    };
    // Another table than that of a run may have each row once, and no such column.
    let weights =
        weights.filter(|name| wanted.of_run.is_none() || header.iter().any(|h| h == name));
    let weights = weights
        .map(|name| weights::column(&header, name))
        .transpose()?;
    if let (Some(_), Some(place)) = (&layout, weights) {
        let title = format!(
            "`weights` names `{}`, and rows that are steps are counted once",
            header[place]
        );
        return Err(Diagnostic::error("E0506", title).into());
    }
    let counts = weights
        .map(|place| weights::counts(path, &sheet, place))
        .transpose()?;
    // A table that a run is evaluated on is not trained on: its parts may share a group.
    if let (None, Some(list)) = (wanted.of_run, test_rows)
        && let (Some(parts), Some(groups), Some(column)) = (&parts, &groups, group)
    {
        refuse_split_groups(list, parts, groups, column)?;
    }
    let table = Table {
        path,
        sheet: &sheet,
        header: &header,
        chosen: &chosen,
        weights,
        steps: steps.as_ref(),
        others: wanted.others,
    };
    let (columns, remarks) = match wanted.of_run {
        Some(run) => (table.columns_of_run(&run.columns, choices)?, vec![]),
        None => {
            let training = training(
                n,
                parts.as_ref(),
                groups.as_deref(),
                in_time.as_ref(),
                request,
            )?;
            let training = match &layout {
                None => weights::repeated(&training, counts.as_deref()),
                Some(layout) => layout.rows_of(&training, sheet.rows()),
            };
            table.learned_columns(choices, &training, request)?
        }
    };
    let needs_no_target = wanted.of_run.is_some_and(|run| !run.targets_needed);
    let needless = needs_no_target.then_some(needless(wanted.target));
    let mut train = table.split(&columns, needless)?;
    let mut remarks = remarks;
    let mut places = None;
    if let Some(layout) = &layout {
        train = layout.assemble(path, &train, request)?;
        remarks.extend(layout.remarks.iter().cloned());
        places = Some(layout.places());
    } else if !request.sequences.is_empty() {
        train = wide::rows(path, &sheet.lines, train, request)?;
    }
    let class_names = match columns.targets.is_empty() {
        true => vec![],
        false => columns.coding.classes.clone(),
    };
    if let (Some(run), None) = (wanted.of_run, weights)
        && let Some(name) = run.columns.weights.as_ref().filter(|_| run.targets_needed)
    {
        said.push(format!("no column {name}: each row counts once"));
    }
    let kept = |column: &Column| columns.identifiers.contains(&column.name);
    let identifiers = sheet
        .columns
        .into_iter()
        .filter(kept)
        .map(Identifier)
        .collect();
    let dataset = Dataset {
        name: path.display().to_string(),
        train,
        test: None,
        file_rows: None,
        class_names,
        columns: Some(columns),
        seen: Seen {
            said,
            remarks,
            identifiers,
            groups,
            of_steps: layout.as_ref().and_then(Layout::of_steps),
            in_time,
            counts: counts.map(|counts| [counts, vec![]]),
            ..Seen::default()
        },
    };
    let mut dataset = match parts {
        None => dataset,
        Some(parts) => held_out::part(dataset, parts)?,
    };
    if let Some(places) = places {
        // The rows of the file that the examples go by.
        dataset.file_rows = Some(match dataset.file_rows {
            None => [places, vec![]],
            Some(parts) => parts.map(|part| part.iter().map(|example| places[*example]).collect()),
        });
    }
    Ok(dataset)
}

/// What to do about a target that is none, where none is needed.
pub(super) fn needless(target: Option<&str>) -> &'static str {
    match target {
        None => "leave the column out: `predict` needs no target",
        Some(_) => "leave the column and `--target` out: `predict` needs no target",
    }
}

/// The columns of one of several targets, as a list of names: what is said of it, or numbered columns of its name.
pub(super) fn columns_of_target(
    path: &Path,
    header: &[String],
    name: &str,
    width: usize,
) -> Result<String> {
    let is_said = names::resolve(header, name).is_ok_and(|places| !places.is_empty());
    if is_said || width == 1 {
        return Ok(name.to_owned());
    }
    let all = [(name.to_owned(), Shape::new(&[width]))];
    columns_of(path, header, &all, "target")
}

/// The columns of several inputs by the inputs' names, as a list of names.
fn columns_of_inputs(path: &Path, header: &[String], inputs: &[(String, Shape)]) -> Result<String> {
    columns_of(path, header, inputs, "input")
}

/// The columns of inputs or targets by their names; `what` they are.
fn columns_of(
    path: &Path,
    header: &[String],
    all_wanted: &[(String, Shape)],
    what: &str,
) -> Result<String> {
    let mut all: Vec<String> = vec![];
    for (name, shape) in all_wanted {
        let numbered = |sign: &str, first: usize| -> Vec<String> {
            (first..first + shape.len())
                .map(|n| format!("{name}{sign}{n}"))
                .collect()
        };
        let mut forms: Vec<Vec<String>> = ["_", ""]
            .into_iter()
            .flat_map(|sign| [1, 0].map(|first| numbered(sign, first)))
            .collect();
        if shape.len() == 1 {
            forms.insert(0, vec![name.clone()]);
        }
        let there = |form: &&Vec<String>| form.iter().all(|name| header.contains(name));
        let Some(found) = forms.iter().find(there) else {
            let title = format!(
                "`{}` has no columns for the {what} `{name}`",
                path.display()
            );
            let expected = match &forms[0][..] {
                [only] => format!("`{only}`"),
                [first, .., last] => format!("`{first}` to `{last}`, as `{name}` is {shape}"),
                [] => String::new(),
            };
            return Err(Diagnostic::error("E0506", title)
                .note(format!("expected {expected}"))
                .note(format!("its columns: {}", crate::words::list(header)))
                .help(match what {
                    "target" => "`--target A,B` names the columns of each target, in their order",
                    _ => "`--inputs A,B,…` of `bnnc train` and `bnnc check` names the columns of all inputs, one input's after \
                          the other's",
                })
                .into());
        };
        all.extend(found.iter().map(|name| names::written(name)));
    }
    Ok(all.join(","))
}

/// What is known of the columns of a table before it is read.
pub(super) fn roles(header: &[String], wanted: &Wanted) -> Vec<Role> {
    let named = |list: Option<&str>| {
        let places = list.and_then(|list| names::resolve(header, list).ok());
        places.unwrap_or_default()
    };
    let Some(run) = wanted.of_run else {
        let of = |pick: fn(&Choices) -> &Option<String>| {
            named(wanted.choices.and_then(|choices| pick(choices).as_deref()))
        };
        let aside = [
            of(|choices| &choices.drop),
            of(|choices| &choices.group),
            of(|choices| &choices.sequence),
        ]
        .concat();
        let role = |place: usize| match aside.contains(&place) {
            true => Role::Aside { written: true },
            false => Role::Read { decimal: None },
        };
        return (0..header.len()).map(role).collect();
    };
    let own = &run.columns;
    let time = own.steps.as_ref().and_then(|steps| steps.time.as_ref());
    let targets = [named(wanted.target), named(wanted.described)].concat();
    let role = |(place, name): (usize, &String)| match () {
        _ if own.inputs.contains(name) || own.targets.contains(name) => Role::Read {
            decimal: Some(own.coding.decimal(name)),
        },
        _ if targets.contains(&place) || own.weights.as_ref() == Some(name) => {
            Role::Read { decimal: None }
        }
        _ if time == Some(name) => Role::Read { decimal: None },
        _ => Role::Aside {
            written: own.identifiers.contains(name),
        },
    };
    header.iter().enumerate().map(role).collect()
}

/// A sheet, and which of its columns are taken.
pub(super) struct Table<'a> {
    pub(super) path: &'a Path,
    pub(super) sheet: &'a Sheet,
    pub(super) header: &'a [String],
    pub(super) chosen: &'a Chosen,
    /// The column that says how many times a row occurs.
    pub(super) weights: Option<usize>,
    /// Which rows are steps of what.
    pub(super) steps: Option<&'a Steps>,
    /// The columns of a model's other targets.
    pub(super) others: &'a [String],
}

impl Table<'_> {
    /// The places of the inputs and targets.
    fn taken(&self) -> impl Iterator<Item = usize> {
        let all = self.chosen.inputs.iter().chain(&self.chosen.targets);
        all.copied()
    }

    /// The names of the inputs and targets of which `holds` is true.
    fn named(&self, holds: impl Fn(&Column) -> bool) -> BTreeSet<String> {
        let columns = self.taken().map(|place| &self.sheet.columns[place]);
        let chosen = columns.filter(|column| holds(column));
        chosen.map(|column| column.name.clone()).collect()
    }

    fn columns(&self) -> Columns {
        // A model's other targets are read for themselves.
        let others = self.others.iter();
        let others: Vec<usize> = others
            .flat_map(|list| super::names::resolve(self.header, list).unwrap_or_default())
            .collect();
        let names = |places: &[usize]| {
            places
                .iter()
                .map(|place| self.header[*place].clone())
                .collect()
        };
        let taken = |place: &usize| {
            let taken = self.taken().chain(self.weights);
            let steps = self
                .steps
                .iter()
                .flat_map(|steps| steps.places(self.header));
            taken
                .into_iter()
                .chain(steps.flatten())
                .any(|other| other == *place)
        };
        let left_out: Vec<usize> = (0..self.header.len())
            .filter(|place| !taken(place) && !others.contains(place))
            .collect();
        Columns {
            inputs: names(&self.chosen.inputs),
            targets: names(&self.chosen.targets),
            by_default: self.chosen.by_default,
            left_out: names(&left_out),
            weights: self.weights.map(|place| self.header[place].clone()),
            steps: self.steps.cloned(),
            ..Columns::default()
        }
    }

    /// The columns, read as a run reads its own; cells that mean a missing value here alone do, too.
    ///
    /// # Errors
    ///
    /// `E0505` for a column whose numbers have `%` and had none in the run's table, or the other way round.
    pub(super) fn columns_of_run(&self, run: &Columns, choices: &Choices) -> Result<Columns> {
        let mut coding = run.coding.clone();
        coding.missing_values.extend(choices.marks());
        for column in self.taken().map(|place| &self.sheet.columns[place]) {
            let name = &column.name;
            if !run.inputs.contains(name) && !run.targets.contains(name) {
                continue;
            }
            let [with, without] = look::percent(column, &coding.missing_values);
            let (row, found, expected) = match (coding.percent.contains(name), with, without) {
                (true, _, Some(row)) => (row, "without", "with"),
                (false, Some(row), _) => (row, "with", "without"),
                _ => continue,
            };
            return Err(otherwise_than_the_run(
                self.path,
                self.sheet.lines[row],
                name,
                [found, expected],
            )
            .into());
        }
        Ok(Columns {
            coding,
            identifiers: run.identifiers.clone(),
            ..self.columns()
        })
    }

    /// The columns, read as the training rows teach, and what is odd about them.
    fn learned_columns(
        &self,
        choices: &Choices,
        training: &[usize],
        request: &Request,
    ) -> Result<(Columns, Vec<String>)> {
        let (coding, remarks) = self.learn(choices, training, request)?;
        let columns = Columns {
            coding,
            identifiers: self.identifiers(choices),
            ..self.columns()
        };
        Ok((columns, remarks))
    }

    /// The dropped columns that tell rows apart, and that of groups.
    fn identifiers(&self, choices: &Choices) -> Vec<String> {
        let of = |list: &Option<String>| {
            let list = list.as_deref().unwrap_or_default();
            names::resolve(self.header, list).unwrap_or_default()
        };
        let mut group = of(&choices.group);
        for list in [&choices.sequence, &choices.time] {
            let more = of(list).into_iter().filter(|place| !group.contains(place));
            group.extend(more.collect::<Vec<_>>());
        }
        let tells_apart = |place: &usize| {
            let found = look::look(&self.sheet.columns[*place], &[]);
            matches!(found.kind, Kind::Identifier | Kind::FreeText) || found.counts_rows
        };
        let dropped = of(&choices.drop).into_iter().filter(tells_apart);
        let all = group.iter().copied().chain(dropped);
        all.map(|place| self.header[place].clone()).collect()
    }

    /// How the columns are read, and what is odd about them.
    ///
    /// # Errors
    ///
    /// `E0505` with all columns that cannot be taken as they are, and what to do.
    fn learn(
        &self,
        choices: &Choices,
        training: &[usize],
        request: &Request,
    ) -> Result<(Coding, Vec<String>)> {
        let predicts = request.predicts;
        // Of a table whose rows are no steps, a sequence stands in a row.
        let are_steps = |index: usize| self.steps.is_none() && wide::is_of_sequence(request, index);
        let are_words = self.steps.is_some()
            && request.inputs.len() == 1
            && request
                .sequence(0)
                .is_some_and(|of| of.vocabulary.is_some());
        let marks = choices.marks();
        let rules = Rules::of(choices.missing.as_deref(), self.header)?;
        let orders = categories(choices.categories.as_deref(), self.header)?;
        let mut coding = Coding {
            missing_values: marks.clone(),
            decimal_commas: self.named(|column| column.decimal == Decimal::Comma),
            percent: self.named(Column::has_percent),
            ..Coding::default()
        };
        let (mut refused, mut remarks) = (vec![], vec![]);
        for (index, &place) in self.chosen.inputs.iter().enumerate() {
            let column = &self.sheet.columns[place];
            if are_steps(index) {
                coding.inputs.insert(column.name.clone(), Code::Step);
                continue;
            }
            let found = look::look(column, &marks);
            let is_text = !matches!(found.kind, Kind::Number | Kind::Mixed | Kind::Empty);
            if are_words && is_text && found.missing == 0 {
                let words = lesson::values(column, training.iter().copied(), &marks);
                let code = Code::Token(words);
                coding.inputs.insert(column.name.clone(), code);
                continue;
            }
            let named = orders.iter().find(|(of, _)| *of == place);
            let named = named
                .map(|(_, order)| order.as_cells(&column.name, column.decimal))
                .transpose()?;
            let (order, rule) = recipe::decide(&found, named, |fits| rules.rule(place, fits));
            if recipe::refuses(&found, order.as_ref(), rule) {
                refused.push(Refused {
                    place,
                    found,
                    is_target: false,
                });
                continue;
            }
            remarks.extend(recipe::remark(column, &found, self.chosen.inputs.len()));
            let lesson = Lesson {
                column,
                look: &found,
                order: order.as_ref(),
                rule,
                training,
                marks: &marks,
            };
            let code = lesson.code();
            if let Some(code) = code {
                coding.inputs.insert(column.name.clone(), code);
            }
            if let Some(fill) = lesson.fill() {
                coding.fills.insert(column.name.clone(), fill);
            }
        }
        for &place in &self.chosen.targets {
            let column = &self.sheet.columns[place];
            let found = look::look(column, &marks);
            let alone = self.chosen.targets.len() == 1;
            if let Some(classes) =
                labels::classes(column, &found, predicts, &marks).filter(|_| alone)
            {
                remarks.extend(labels::unseen(column, &classes, training, &marks));
                coding.classes = classes;
            }
            let is_named = !coding.classes.is_empty();
            if found.missing > 0
                || found.is_half_percent()
                || found.kind != Kind::Number && !is_named
            {
                refused.push(Refused {
                    place,
                    found,
                    is_target: true,
                });
                continue;
            }
            remarks.extend(recipe::remark(column, &found, 1));
        }
        match refused.is_empty() {
            true => Ok((coding, remarks)),
            false => Err(refuse(self.path, self.sheet, &refused, &marks).into()),
        }
    }

    /// The numbers of all rows.
    fn split(&self, columns: &Columns, needless: Option<&str>) -> Result<Split> {
        let mut faults = Faults::default();
        let split = self.split_of(columns, needless, &mut faults);
        faults.finish("faults of the table")?;
        Ok(split)
    }

    /// The numbers of all rows; those that are none are among the `faults`.
    pub(super) fn split_of(
        &self,
        columns: &Columns,
        needless: Option<&str>,
        faults: &mut Faults,
    ) -> Split {
        let coding = &columns.coding;
        let code = |place: &usize| (*place, coding.code(&self.header[*place]));
        let codes: Vec<(usize, Code)> = self.chosen.inputs.iter().map(code).collect();
        let width = codes.iter().map(|(_, code)| code.width()).sum();
        let marks = &coding.missing_values;
        let labels = Labels::of(&coding.classes);
        let rows = self.sheet.rows();
        let mut inputs = Vec::with_capacity(rows * width);
        let mut targets = Vec::with_capacity(rows * self.chosen.targets.len());
        let message = |at, fault, needless| no_number(self.path, self.sheet, at, fault, needless);
        for row in 0..rows {
            for (place, code) in &codes {
                let cell = self.sheet.columns[*place].cell(row);
                if let Err(fault) = code.apply(cell, marks, &mut inputs) {
                    faults.add(|| message((row, *place), fault, None));
                }
            }
            for &place in &self.chosen.targets {
                let cell = self.sheet.columns[place].cell(row);
                match labels.target(cell, marks) {
                    Ok(value) => targets.push(value),
                    Err(fault) => faults.add(|| message((row, place), fault, needless)),
                }
            }
        }
        Split {
            inputs: Values::F64(inputs),
            input_shape: Shape::new(&[width]),
            targets: Values::F64(targets),
            target_shape: match self.chosen.targets.len() {
                1 => Shape::default(),
                width => Shape::new(&[width]),
            },
            len: rows,
        }
    }
}
