//! The settings that a sweep varies: their keys, the values that they take, and ranges to draw from.

use crate::data::random::{Stream, mix};
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::Span;
use crate::train::settings::SETTINGS;
use crate::train::toml_table::{Table, describe, number, span};
use crate::words::list;
use toml::Spanned;
use toml::de::DeValue;

/// A value of a setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// As a run file has it: `0.01`, `"adam"`.
    pub literal: String,
    /// Where the sweep's file says so.
    pub place: Span,
}

impl Value {
    /// Without quotes.
    pub fn shown(&self) -> &str {
        self.literal.trim_matches('"')
    }
}

/// A setting with the values that it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// As in a run file, with its table: `seed`, `optimizer.learning_rate`, `set.width`.
    pub key: String,
    /// One run each.
    pub values: Vec<Value>,
    /// Whether they stand in a list: then runs are called by them, be it of one value, to which more may be added.
    pub listed: bool,
}

/// What a setting is drawn from.
#[derive(Debug, Clone, PartialEq)]
pub enum Range {
    /// One of some values.
    Of(Vec<Value>),
    /// A number between two, both included; whole where both are.
    Between {
        /// The least.
        low: f64,
        /// The largest.
        high: f64,
        /// Whether its logarithm is uniform.
        log: bool,
        /// Whether it is a whole number.
        whole: bool,
        /// Where the sweep's file says so.
        place: Span,
    },
}

impl Range {
    /// The value of this draw: a function of the seed, the key and the draw's number.
    pub fn draw(&self, seed: u64, key: &str, draw: u64) -> Value {
        let of_key = key
            .bytes()
            .fold(0u64, |hash, byte| mix(hash ^ u64::from(byte)));
        let mut stream = Stream::new(seed ^ of_key, draw);
        match self {
            Range::Of(values) => values[stream.below(values.len() as u64) as usize].clone(),
            Range::Between {
                low,
                high,
                log,
                whole,
                place,
            } => {
                // Each whole number has the same room.
                let (low, high) = match (whole, log) {
                    (true, false) => (*low, *high + 1.0),
                    _ => (*low, *high),
                };
                let u = stream.unit();
                let x = match log {
                    true => (low.ln() + u * (high.ln() - low.ln())).exp(),
                    false => low + u * (high - low),
                };
                let literal = match (whole, log) {
                    (true, true) => format!("{}", x.round()),
                    (true, false) => format!("{}", x.floor()),
                    // As many digits as a person would write.
                    _ => {
                        let rounded: f64 = format!("{x:.3e}").parse().unwrap_or(x);
                        format!("{:?}", rounded.clamp(low, high))
                    }
                };
                Value {
                    literal,
                    place: *place,
                }
            }
        }
    }
}

/// Settings that are data's, which a sweep says at its top.
const AT_THE_TOP: [&str; 5] = [
    "data.name",
    "data.directory",
    "data.target",
    "data.test_rows",
    "data.test",
];
/// Tables of a run file, in which keys may stand.
const TABLES: [&str; 5] = ["set", "optimizer", "schedule", "augmentation", "data"];

/// The key of a setting in a run file: itself, or the one whose last part it is.
fn resolve(key: &str) -> Result<String, Option<&'static str>> {
    let allowed = || {
        SETTINGS
            .iter()
            .map(|s| s.key)
            .filter(|key| !AT_THE_TOP.contains(key))
    };
    let in_table = |table: &str| {
        key.strip_prefix(table)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    // What an optimizer or a schedule has depends on which: the run file's reader knows.
    if allowed().any(|own| own == key)
        || ["set", "optimizer", "schedule"].iter().any(|t| in_table(t))
    {
        return Ok(key.to_owned());
    }
    let alike: Vec<&str> = allowed()
        .filter(|own| own.split_once('.').is_some_and(|(_, name)| name == key))
        .collect();
    match alike[..] {
        [only] => Ok(only.to_owned()),
        _ => {
            let short = allowed().map(|own| own.split_once('.').map_or(own, |(_, name)| name));
            Err(nearest(key, allowed().chain(short)))
        }
    }
}

/// The entries of a table as settings: keys in tables of their own (`set.width`) and plain ones. `is_value` says which
/// inline tables are values.
fn entries<'a>(table: &mut Table<'a>) -> Vec<(String, Span, Spanned<DeValue<'a>>)> {
    let mut found = vec![];
    for (key, place, value) in table.rest() {
        match value.get_ref() {
            DeValue::Table(_) if TABLES.contains(&&*key) => {
                let DeValue::Table(inner) = value.into_inner() else {
                    continue;
                };
                let mut inner: Vec<_> = inner.into_iter().collect();
                inner.sort_by_key(|(name, _)| name.span().start);
                for (name, value) in inner {
                    let place = span(name.span());
                    found.push((format!("{key}.{}", name.get_ref()), place, value));
                }
            }
            _ => found.push((key, place, value)),
        }
    }
    let mut known = vec![];
    for (key, place, value) in found {
        match resolve(&key) {
            Ok(key) => known.push((key, place, value)),
            Err(near) => {
                let message =
                    Diagnostic::error("E0602", format!("there is no setting `{key}` to vary"));
                table.refuse(match near {
                    _ if AT_THE_TOP.contains(&&*key) => message
                        .at(place, "")
                        .help("data and its test part are said at the top of the file, or in a `[[case]]`"),
                    Some(near) => message
                        .at(place, "")
                        .patch(format!("the nearest is `{near}`"), place, near),
                    None => message
                        .at(place, "")
                        .note("it is a setting of run files, or `set.NAME` for a constant of the model"),
                });
            }
        }
    }
    known
}

/// A number, a text or a truth value.
fn single(value: &Spanned<DeValue>) -> Option<Value> {
    let literal = match value.get_ref() {
        DeValue::String(text) => crate::train::settings::quoted(text),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Integer(n) => n.to_string(),
        DeValue::Float(x) => x.to_string(),
        _ => return None,
    };
    Some(Value {
        literal,
        place: span(value.span()),
    })
}

/// A value, or a list of values.
fn several(value: &Spanned<DeValue>) -> Option<Vec<Value>> {
    match value.get_ref() {
        DeValue::Array(items) if !items.is_empty() => items.iter().map(single).collect(),
        _ => single(value).map(|value| vec![value]),
    }
}

/// Whether two values are the same, as 0.1 and 1e-1 are.
fn alike(a: &Value, b: &Value) -> bool {
    let number = |value: &Value| value.literal.parse::<f64>().ok();
    a.literal == b.literal || number(a).is_some_and(|x| number(b) == Some(x))
}

fn wrong(key: &str, expected: &str, value: &Spanned<DeValue>) -> Diagnostic {
    let found = format!("found {}", describe(value.get_ref()));
    Diagnostic::error("E0602", format!("`{key}` is {expected}")).at(span(value.span()), found)
}

/// The settings of a grid.
pub(super) fn grid(table: &mut Table) -> Vec<Axis> {
    let mut axes = vec![];
    for (key, _, value) in entries(table) {
        match several(&value) {
            Some(values) => {
                let twice =
                    (1..values.len()).find(|n| values[..*n].iter().any(|v| alike(v, &values[*n])));
                if let Some(twice) = twice {
                    let title = format!("`{key}` has one value twice");
                    let message = Diagnostic::error("E0602", title).at(values[twice].place, "");
                    table.refuse(message.help("each value of a list makes a run of its own"));
                }
                axes.push(Axis {
                    key,
                    values,
                    listed: matches!(value.get_ref(), DeValue::Array(_)),
                });
            }
            None if value
                .get_ref()
                .as_array()
                .is_some_and(|items| items.is_empty()) =>
            {
                let title = format!("the list of `{key}` is empty");
                let message = Diagnostic::error("E0602", title).at(span(value.span()), "");
                table.refuse(message.help("give it a value, or leave the key out"));
            }
            None => table.refuse(wrong(&key, "a value, or a list of values", &value)),
        }
    }
    axes
}

/// The settings of a case: one value each.
pub(super) fn case(table: &mut Table) -> Vec<(String, Value)> {
    let mut settings = vec![];
    for (key, _, value) in entries(table) {
        match single(&value) {
            Some(value) => settings.push((key, value)),
            None => table.refuse(wrong(&key, "one value in a case", &value)),
        }
    }
    settings
}

/// The settings that are drawn, each with its range.
pub(super) fn ranges(table: &mut Table) -> Vec<(String, Range)> {
    let mut ranges = vec![];
    for (key, _, value) in entries(table) {
        let read = match value.get_ref() {
            DeValue::Table(_) => between(&value),
            _ => several(&value).map(Range::Of).ok_or_else(|| {
                wrong(
                    &key,
                    "a list, or a range `{ low = 0.1, high = 1.0 }`",
                    &value,
                )
            }),
        };
        match read {
            Ok(range) => ranges.push((key, range)),
            Err(message) => table.refuse(message),
        }
    }
    ranges
}

fn between(value: &Spanned<DeValue>) -> Result<Range, Diagnostic> {
    let place = span(value.span());
    let expected = "a range: `low` and `high`, and `log = true` where its logarithm is uniform";
    let wrong = |fact: String| {
        Diagnostic::error("E0602", fact)
            .at(place, "")
            .note(format!("expected {expected}"))
    };
    let DeValue::Table(table) = value.get_ref() else {
        return Err(wrong("this is no range".into()));
    };
    let keys = ["low", "high", "log"];
    if let Some((key, _)) = table
        .iter()
        .find(|(key, _)| !keys.contains(&&**key.get_ref()))
    {
        let message = Diagnostic::error("E0602", format!("a range has no key `{}`", key.get_ref()));
        return Err(message
            .at(span(key.span()), "")
            .note(format!("its keys are {}", list(keys))));
    }
    let get = |name: &str| {
        table
            .iter()
            .find(|(key, _)| key.get_ref() == name)
            .map(|(_, v)| v.get_ref())
    };
    let (Some(low), Some(high)) = (get("low").and_then(number), get("high").and_then(number))
    else {
        return Err(wrong("a range lacks its numbers `low` and `high`".into()));
    };
    let log = match get("log") {
        None => false,
        Some(log) => log
            .as_bool()
            .ok_or_else(|| wrong("`log` is true or false".into()))?,
    };
    let is_whole = |name: &str| get(name).is_some_and(|value| value.as_integer().is_some());
    if low.is_nan() || high.is_nan() || low >= high || !(high - low).is_finite() {
        return Err(wrong(format!(
            "`low` is below `high`, and here they are {low} and {high}"
        )));
    }
    if log && low <= 0.0 {
        return Err(wrong(format!(
            "a range with `log` lies above 0, and `low` is {low}"
        )));
    }
    Ok(Range::Between {
        low,
        high,
        log,
        whole: is_whole("low") && is_whole("high"),
        place,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_for_the_setting_that_ends_with_it() {
        assert_eq!(resolve("learning_rate").unwrap(), "optimizer.learning_rate");
        assert_eq!(resolve("validation").unwrap(), "data.validation");
        assert_eq!(resolve("set.width").unwrap(), "set.width");
        assert_eq!(resolve("optimizer.beta1").unwrap(), "optimizer.beta1");
        assert_eq!(resolve("epoch").unwrap_err(), Some("epochs"));
        assert!(resolve("data.name").is_err());
    }

    #[test]
    fn draws_fill_their_range_and_depend_on_nothing_else() {
        let between = |low, high, log, whole| Range::Between {
            low,
            high,
            log,
            whole,
            place: Span::new(0, 0),
        };
        let draw =
            |range: &Range, n: u64| -> f64 { range.draw(3, "k", n).literal.parse().unwrap() };
        let log = between(1e-4, 1.0, true, false);
        let all: Vec<f64> = (0..2000).map(|n| draw(&log, n)).collect();
        assert!(all.iter().all(|x| (1e-4..=1.0).contains(x)));
        // Half of them lie below the geometric mean.
        let below = all.iter().filter(|x| **x < 1e-2).count();
        assert!((900..1100).contains(&below), "{below}");
        let whole = between(1.0, 3.0, false, true);
        for expected in [1.0, 2.0, 3.0] {
            let count = (0..3000).filter(|n| draw(&whole, *n) == expected).count();
            assert!((900..1100).contains(&count), "{expected}: {count}");
        }
        assert_eq!(log.draw(3, "k", 5), log.draw(3, "k", 5));
        assert_ne!(log.draw(3, "k", 5), log.draw(3, "l", 5));
        assert_ne!(log.draw(3, "k", 5), log.draw(4, "k", 5));
    }
}
