//! JSON lines: an object a line, whose keys are the columns' names.

mod lines;

pub(super) use lines::Lines;

use super::encoding::decode;
use super::notation::is_digits;
use super::typed::{finish, refuse_sparse};
use super::{Builder, Role, Sheet};
use crate::data::error::{Faults, corrupt};
use crate::diagnostic::{Diagnostic, Result};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::path::Path;

/// Reads a table from the contents of the file at `path`. A key that a line does not have is a missing value there.
///
/// # Errors
///
/// `E0504` for what is no text and for a file without rows, `E0505` for lines that are no objects and for lists and
/// objects inside them.
pub(super) fn parse(
    path: &Path,
    bytes: &[u8],
    roles: &dyn Fn(&[String]) -> Vec<Role>,
) -> Result<Sheet> {
    let (text, encoding) = decode(path, bytes)?;
    let mut table = Table::default();
    let mut faults = Faults::default();
    for (line, row) in (1..).zip(text.lines()) {
        if let Err(message) = table.take(path, line, row) {
            faults.add(|| message);
        }
        refuse_sparse(path, table.lines.len(), table.columns.len(), table.present)?;
    }
    faults.finish("faulty lines")?;
    if table.columns.is_empty() {
        return Err(corrupt(path, "is empty")
            .note("expected an object a line, such as {\"x\": 0.5, \"y\": 2}")
            .into());
    }
    let mut sheet = table.finish(path, roles)?;
    sheet.said.splice(0..0, encoding.map(str::to_owned));
    Ok(sheet)
}

/// The columns in the order in which their keys are met.
#[derive(Default)]
struct Table {
    places: HashMap<String, usize>,
    columns: Vec<Column>,
    lines: Vec<u32>,
    /// How many values there are.
    present: usize,
}

struct Column {
    name: String,
    cells: Builder,
    /// The first line that has a list or an object here.
    nested: Option<u32>,
}

impl Table {
    /// Takes a line of the file.
    fn take(&mut self, path: &Path, line: u32, row: &str) -> std::result::Result<(), Diagnostic> {
        let row = row.trim();
        if row.is_empty() {
            return Ok(());
        }
        match serde_json::from_str(row) {
            Ok(Row::Object(mut cells)) => {
                self.lines.push(line);
                keep_long(row, &mut cells);
                self.append(cells).map_err(|key| twice(path, line, &key))
            }
            Ok(Row::Other) => Err(no_object(path, line, row)),
            Err(error) => Err(no_json(path, line, row, &error)),
        }
    }

    /// Appends the cells of the last line.
    ///
    /// # Errors
    ///
    /// A key that comes twice.
    fn append(&mut self, cells: Vec<(Cow<str>, Value)>) -> std::result::Result<(), String> {
        let rows = self.lines.len();
        for (key, value) in cells {
            let place = match self.places.get(&*key) {
                Some(place) => *place,
                None => {
                    self.places.insert(key.to_string(), self.columns.len());
                    self.columns.push(Column {
                        name: key.trim().to_owned(),
                        cells: Builder::default(),
                        nested: None,
                    });
                    self.columns.len() - 1
                }
            };
            let column = &mut self.columns[place];
            if column.cells.len() == rows {
                return Err(key.into_owned());
            }
            column.cells.pad(rows - 1);
            self.present += 1;
            match value {
                Value::Null => column.cells.push_missing(),
                Value::Boolean(value) => column.cells.push_boolean(value),
                Value::Integer(value) => column.cells.push_integer(value),
                Value::Float(value) => column.cells.push_float(value),
                Value::Text(text) => column.cells.push_text(&text),
                Value::Nested => {
                    column.cells.push_missing();
                    column.nested.get_or_insert(self.lines[rows - 1]);
                }
            }
        }
        Ok(())
    }

    fn finish(self, path: &Path, roles: &dyn Fn(&[String]) -> Vec<Role>) -> Result<Sheet> {
        let header: Vec<String> = self
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let roles = roles(&header);
        let mut faults = Faults::default();
        for (column, role) in self.columns.iter().zip(&roles) {
            if let (Some(line), Role::Read { .. }) = (column.nested, role) {
                faults.add(|| nested(path, line, &column.name));
            }
        }
        faults.finish("such columns")?;
        let rows = self.lines.len();
        let columns = self.columns.into_iter().map(|mut column| {
            column.cells.pad(rows);
            (column.name, column.cells)
        });
        finish(path, columns.collect(), self.lines, &roles)
    }
}

/// Keeps whole numbers as they are written that no `i64` or `u64` holds: they come as the nearest float64, which
/// others are nearest to as well.
fn keep_long<'a>(row: &'a str, cells: &mut [(Cow<'a, str>, Value<'a>)]) {
    let is_long =
        |value: &Value| matches!(value, Value::Float(value) if value.abs() >= 2f64.powi(63));
    if !cells.iter().any(|(_, value)| is_long(value)) {
        return;
    }
    let values = cells.iter_mut().map(|(_, value)| value);
    let numbers = values.filter(|value| matches!(value, Value::Integer(_) | Value::Float(_)));
    for (value, written) in numbers.zip(numbers_of(row)) {
        if is_long(value) && is_digits(written.trim_start_matches('-')) {
            *value = Value::Text(Cow::Borrowed(written));
        }
    }
}

/// The numbers of a line's object as they are written, without those in lists and objects inside it.
fn numbers_of(row: &str) -> Vec<&str> {
    let (mut depth, mut in_text, mut is_escaped) = (0, false, false);
    let (mut found, mut start) = (vec![], None);
    for (place, byte) in row.bytes().enumerate() {
        let is_inside = byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        match (is_inside && !in_text && depth == 1, start) {
            (true, None) => start = Some(place),
            (false, Some(from)) => {
                found.push(&row[from..place]);
                start = None;
            }
            _ => {}
        }
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth -= 1,
            _ => {}
        }
    }
    // Not `true`, `false` and `null`.
    found.retain(|word| word.starts_with(|c: char| c == '-' || c.is_ascii_digit()));
    found
}

/// A line.
enum Row<'a> {
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
    Other,
}

/// What stands behind a key.
enum Value<'a> {
    Null,
    Boolean(bool),
    Integer(i128),
    Float(f64),
    Text(Cow<'a, str>),
    /// A list or an object.
    Nested,
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result2<Self, D::Error> {
        deserializer.deserialize_any(OfValue)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Row<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result2<Self, D::Error> {
        deserializer.deserialize_any(OfRow)
    }
}

type Result2<T, E> = std::result::Result<T, E>;

struct OfValue;

impl<'de> Visitor<'de> for OfValue {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result2<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result2<Value<'de>, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result2<Value<'de>, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result2<Value<'de>, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result2<Value<'de>, E> {
        Ok(Value::Float(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result2<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result2<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result2<Value<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result2<Value<'de>, A::Error> {
        while items.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Nested)
    }
}

struct OfRow;

/// Everything but an object is [`Row::Other`].
impl<'de> Visitor<'de> for OfRow {
    type Value = Row<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result2<Row<'de>, E> {
        Ok(Row::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result2<Row<'de>, E> {
        Ok(Row::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result2<Row<'de>, E> {
        Ok(Row::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result2<Row<'de>, E> {
        Ok(Row::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result2<Row<'de>, E> {
        Ok(Row::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result2<Row<'de>, E> {
        Ok(Row::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result2<Row<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Row::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result2<Row<'de>, A::Error> {
        let mut cells = vec![];
        while let Some(key) = items.next_key::<Value>()? {
            let Value::Text(key) = key else { continue };
            cells.push((key, items.next_value()?));
        }
        Ok(Row::Object(cells))
    }
}

fn fault(path: &Path, line: u32, fact: &str) -> Diagnostic {
    Diagnostic::error("E0505", format!("{}:{line}: {fact}", path.display()))
}

fn nested(path: &Path, line: u32, key: &str) -> Diagnostic {
    fault(path, line, &format!("`{key}` holds a list or an object"))
        .note("expected a number, a text, true, false or null")
        .help("give each of its values a key of its own, or `--drop` the column")
}

fn twice(path: &Path, line: u32, key: &str) -> Diagnostic {
    fault(path, line, &format!("the key `{key}` comes twice"))
}

fn no_object(path: &Path, line: u32, row: &str) -> Diagnostic {
    let message = fault(path, line, "the line is no object")
        .note("expected the values of a row behind their names, such as {\"x\": 0.5, \"y\": 2}");
    match row.starts_with('[') {
        true => message.help("`jq -c '.[]'` writes the objects of a list in lines of their own"),
        false => message,
    }
}

fn no_json(path: &Path, line: u32, row: &str, error: &serde_json::Error) -> Diagnostic {
    let text = error.to_string();
    let fact = text.split(" at line ").next().unwrap_or_default();
    let message = fault(path, line, "the line is not JSON")
        .note(format!("character {}: {fact}", error.column()));
    match row.contains("NaN") || row.contains("Infinity") {
        true => message.help("JSON has no NaN and no Infinity: a missing value is `null`"),
        false if error.is_eof() => {
            message.help("an object stands in one line; `jq -c .` writes it so")
        }
        false => message,
    }
}
