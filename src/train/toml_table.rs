//! Reading TOML tables with messages that point at the place: every mistake of a file at once, each
//! with what was expected and the nearest key.

use super::settings::{LARGEST_COUNT, a_count};
use crate::diagnostic::{Diagnostic, Failure, Result, elsewhere, nearest};
use crate::signature::{Constant, Constants, Domain, Kind, Signature};
use crate::source::{Source, Span};
use crate::words::list;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table whose keys are taken one by one; what is left in the end is unknown.
pub(crate) struct Table<'a> {
    /// As messages name it: `the run file`, `[optimizer]`.
    name: String,
    entries: Vec<(String, Span, Spanned<DeValue<'a>>)>,
    known: Vec<&'static str>,
    mistakes: Vec<Diagnostic>,
}

pub(crate) fn span(range: Range<usize>) -> Span {
    Span::new(range.start, range.end)
}

/// Parses the whole file, which messages call `what`.
pub(crate) fn parse<'a>(source: &'a Arc<Source>, what: &str) -> Result<Table<'a>> {
    match DeTable::parse(&source.text) {
        Ok(table) => Ok(Table::new(what, table.into_inner())),
        Err(error) => {
            let place = error.span().map_or(Span::new(0, 0), span);
            let mut message = Diagnostic::error("E0602", format!("{what} is not valid TOML"));
            message = message.at(place, error.message().replace('\n', "; "));
            Err(Failure::new(vec![message], source.clone()))
        }
    }
}

impl<'a> Table<'a> {
    fn new(name: &str, table: DeTable<'a>) -> Self {
        let entries = table.into_iter().map(|(key, value)| {
            let place = span(key.span());
            (key.into_inner().into_owned(), place, value)
        });
        Table {
            name: name.into(),
            entries: entries.collect(),
            known: vec![],
            mistakes: vec![],
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'a>>> {
        self.known.push(key);
        let at = self.entries.iter().position(|(k, ..)| k == key)?;
        Some(self.entries.remove(at).2)
    }

    fn wrong(&mut self, key: &str, expected: &str, found: &Spanned<DeValue>) {
        let message = Diagnostic::error("E0602", format!("`{key}` is {expected}"));
        self.mistakes.push(message.at(
            span(found.span()),
            format!("found {}", describe(found.get_ref())),
        ));
    }

    fn value<V>(
        &mut self,
        key: &'static str,
        expected: &str,
        read: impl Fn(&DeValue) -> Option<V>,
    ) -> Option<V> {
        let value = self.take(key)?;
        let read = read(value.get_ref());
        if read.is_none() {
            self.wrong(key, expected, &value);
        }
        read
    }

    /// A whole number of at least 1, and at most [`LARGEST_COUNT`].
    pub(crate) fn count(&mut self, key: &'static str) -> Option<usize> {
        self.value(key, &a_count(), |v| {
            let number = integer(v).and_then(|n| usize::try_from(n).ok());
            number.filter(|n| (1..=LARGEST_COUNT).contains(n))
        })
    }

    /// The same, or 0.
    pub(super) fn count_or_0(&mut self, key: &'static str) -> Option<usize> {
        let expected = format!("{}, or 0", a_count());
        self.value(key, &expected, |v| {
            let number = integer(v).and_then(|n| usize::try_from(n).ok());
            number.filter(|n| (0..=LARGEST_COUNT).contains(n))
        })
    }

    /// A list of such numbers, each larger than the one before.
    fn counts(&mut self, key: &'static str) -> Option<Vec<usize>> {
        let expected = format!(
            "a list of whole numbers, each larger than the one before, from 1 to {LARGEST_COUNT}"
        );
        self.value(key, &expected, |value| {
            let items = value.as_array()?.iter();
            let one = |item: &Spanned<DeValue>| usize::try_from(integer(item.get_ref())?).ok();
            let all: Vec<usize> = items.map(one).collect::<Option<_>>()?;
            let fits = all.iter().all(|n| (1..=LARGEST_COUNT).contains(n));
            (fits && all.is_sorted_by(|a, b| a < b) && !all.is_empty()).then_some(all)
        })
    }

    /// `true`, `false`, or a whole number of at least 1, as it is written.
    pub(super) fn flag_or_count(&mut self, key: &'static str) -> Option<String> {
        let expected = format!("true, false, or {}", a_count());
        self.value(key, &expected, |v| match v.as_bool() {
            Some(flag) => Some(flag.to_string()),
            None => {
                let number = integer(v).and_then(|n| usize::try_from(n).ok());
                let number = number.filter(|n| (1..=LARGEST_COUNT).contains(n));
                number.map(|n| n.to_string())
            }
        })
    }

    /// A whole number of at least 0.
    pub(crate) fn whole(&mut self, key: &'static str) -> Option<u64> {
        self.value(key, "a whole number of at least 0", integer)
    }

    /// A number of `domain`.
    pub(crate) fn number(&mut self, key: &'static str, domain: Domain) -> Option<f64> {
        self.value(key, domain.describe(), |v| {
            number(v).filter(|x| domain.holds(*x))
        })
    }

    /// Any text.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<String> {
        self.value(key, "text in quotes", |v| v.as_str().map(str::to_owned))
    }

    /// A call as a model file has it: text, `"ensemble(members = 5)"`, or a table with its `name` and arguments.
    pub(super) fn called<V>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> std::result::Result<V, String>,
    ) -> Option<V> {
        let value = self.take(key)?;
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Table(table) => {
                let of = |name: &str| table.iter().find(|(key, _)| key.get_ref() == name);
                let name = of("name").and_then(|(_, name)| name.get_ref().as_str());
                let arguments = table.iter().filter(|(key, _)| key.get_ref() != "name");
                let arguments: Vec<String> = arguments
                    .map(|(key, value)| {
                        format!("{} = {}", key.get_ref(), argument(value.get_ref()))
                    })
                    .collect();
                match (name, &arguments[..]) {
                    (Some(name), []) => name.to_owned(),
                    (Some(name), _) => format!("{name}({})", arguments.join(", ")),
                    (None, _) => {
                        self.wrong(key, "a table with a `name`", &value);
                        return None;
                    }
                }
            }
            _ => {
                self.wrong(key, "text in quotes, or a table", &value);
                return None;
            }
        };
        match parse(&text) {
            Ok(found) => Some(found),
            Err(why) => {
                let message = Diagnostic::error("E0602", format!("`{key}`: {why}"));
                self.mistakes.push(message.at(span(value.span()), ""));
                None
            }
        }
    }

    /// Names of columns: a list, or a text with commas between.
    pub(crate) fn names(&mut self, key: &'static str) -> Option<String> {
        let expected = "a list of texts in quotes, or one text with commas between";
        self.value(key, expected, |value| match value {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Array(items) => {
                let item = |item: &Spanned<DeValue>| match item.get_ref() {
                    DeValue::String(text) if text.contains(',') => Some(format!("\"{text}\"")),
                    DeValue::String(text) => Some(text.to_string()),
                    other => number(other).map(|x| x.to_string()),
                };
                let items: Option<Vec<String>> = items.iter().map(item).collect();
                items.map(|items| items.join(", "))
            }
            other => number(other).map(|x| x.to_string()),
        })
    }

    /// A count or a fraction, for `validation`.
    pub(super) fn share(&mut self, key: &'static str) -> Option<crate::data::split::Validation> {
        use crate::data::split::Validation;
        self.value(
            key,
            "a number of examples, or a fraction above 0 and below 1",
            |v| match integer(v) {
                Some(n) => Some(Validation::Count(n as usize)),
                None => number(v)
                    .filter(|x| *x > 0.0 && *x < 1.0)
                    .map(Validation::Fraction),
            },
        )
    }

    /// A text in quotes, or a list of them; none where the key is absent.
    pub(crate) fn text_or_texts(&mut self, key: &'static str) -> Vec<String> {
        let read = self.value(
            key,
            "text in quotes, or a list of such",
            |value| match value {
                DeValue::String(text) => Some(vec![text.to_string()]),
                DeValue::Array(items) if !items.is_empty() => {
                    let items = items.iter().map(|item| item.get_ref().as_str());
                    items.map(|item| item.map(str::to_owned)).collect()
                }
                _ => None,
            },
        );
        read.unwrap_or_default()
    }

    /// The tables under `[[key]]`.
    pub(crate) fn tables(&mut self, key: &'static str) -> Vec<Table<'a>> {
        let Some(value) = self.take(key) else {
            return vec![];
        };
        let is_list = matches!(value.get_ref(), DeValue::Array(items)
            if items.iter().all(|item| item.get_ref().as_table().is_some()));
        if !is_list {
            self.wrong(
                key,
                &format!("a list of tables, each under `[[{key}]]`"),
                &value,
            );
            return vec![];
        }
        let DeValue::Array(items) = value.into_inner() else {
            return vec![];
        };
        let tables = items
            .into_iter()
            .filter_map(|item| match item.into_inner() {
                DeValue::Table(table) => Some(Table::new(&format!("[[{key}]]"), table)),
                _ => None,
            });
        tables.collect()
    }

    /// What nobody has taken, in the order of the file.
    pub(crate) fn rest(&mut self) -> Vec<(String, Span, Spanned<DeValue<'a>>)> {
        let mut rest = std::mem::take(&mut self.entries);
        rest.sort_by_key(|(_, place, _)| place.start);
        rest
    }

    /// Adds to what is wrong with this table.
    pub(crate) fn refuse(&mut self, message: Diagnostic) {
        self.mistakes.push(message);
    }

    /// One of `words`.
    pub(crate) fn choice(
        &mut self,
        key: &'static str,
        words: &[&'static str],
    ) -> Option<&'static str> {
        let value = self.take(key)?;
        let found = value.get_ref().as_str();
        let word = words.iter().copied().find(|w| Some(*w) == found);
        if word.is_none() {
            let mut message =
                Diagnostic::error("E0602", format!("`{key}` is one of {}", list(words)));
            message = message.at(
                span(value.span()),
                format!("found {}", describe(value.get_ref())),
            );
            if let Some(near) = found.and_then(|f| nearest(f, words.iter().copied())) {
                message = message.patch(
                    format!("the nearest is `{near}`"),
                    span(value.span()),
                    format!("{near:?}"),
                );
            }
            self.mistakes.push(message);
        }
        word
    }

    /// A table inside this one; empty if there is none.
    pub(crate) fn table(&mut self, key: &'static str) -> Table<'a> {
        match self.take(key) {
            None => Table::new(&format!("[{key}]"), DeTable::new()),
            Some(value) => {
                let place = span(value.span());
                match value.into_inner() {
                    DeValue::Table(table) => Table::new(&format!("[{key}]"), table),
                    other => {
                        let title = format!("`{key}` is a table");
                        let message = Diagnostic::error("E0602", title)
                            .at(place, format!("found {}", describe(&other)));
                        self.mistakes.push(message.help(format!(
                            "write `[{key}]` on a line of its own and its keys below"
                        )));
                        Table::new(&format!("[{key}]"), DeTable::new())
                    }
                }
            }
        }
    }

    /// Every entry as text, numbers as they are written: a table of free names.
    pub(super) fn texts(&mut self) -> Vec<(String, String)> {
        let mut texts = vec![];
        for (key, _, value) in std::mem::take(&mut self.entries) {
            match value.get_ref() {
                DeValue::String(s) => texts.push((key, s.to_string())),
                DeValue::Integer(i) => texts.push((key, i.to_string())),
                DeValue::Float(x) => texts.push((key, x.to_string())),
                _ => self.wrong(&key, "a number, or an expression in quotes", &value),
            }
        }
        texts
    }

    /// The settings of `signature`, defaults filled in.
    /// Whether it has this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(k, ..)| k == key)
    }

    pub(super) fn settings(&mut self, signature: &'static Signature) -> Constants {
        let mut settings = crate::optimizer::defaults(signature);
        for parameter in signature.parameters {
            let name = parameter.name;
            let read = match parameter.kind {
                Kind::Choice(words) if words == ["false", "true"] => self
                    .value(name, "true or false", |v| v.as_bool())
                    .map(|b| Constant::Word(if b { "true" } else { "false" })),
                Kind::Choice(words) => self.choice(name, words).map(Constant::Word),
                Kind::Count => self.count(name).map(Constant::Count),
                Kind::Counts => self.counts(name).map(Constant::Counts),
                Kind::Number { domain, .. } => self.number(name, domain).map(Constant::Number),
                _ => None,
            };
            if let (Some(value), Some(entry)) =
                (read, settings.0.iter_mut().find(|(n, _)| *n == name))
            {
                entry.1 = value;
            }
        }
        settings
    }

    /// What is wrong with this table, keys that nobody took included.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        for (key, place, _) in self.entries {
            let mut message =
                Diagnostic::error("E0602", format!("{} has no key `{key}`", self.name))
                    .at(place, "");
            match (
                elsewhere::anywhere(&key),
                nearest(&key, self.known.iter().copied()),
            ) {
                (Some(help), _) => message = message.help(help),
                (None, Some(near)) => {
                    message = message.patch(format!("the nearest key is `{near}`"), place, near)
                }
                (None, None) => {
                    message = message.note(format!("its keys are {}", list(&self.known)))
                }
            }
            self.mistakes.push(message);
        }
        self.mistakes
    }
}

/// A value as an argument of a call.
fn argument(value: &DeValue) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Array(items) => {
            let items = items.iter().map(|item| argument(item.get_ref()));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        other => describe(other),
    }
}

fn integer(value: &DeValue) -> Option<u64> {
    let found = value.as_integer()?;
    u64::from_str_radix(&found.as_str().replace('_', ""), found.radix()).ok()
}

/// A number, whole or not.
pub(crate) fn number(value: &DeValue) -> Option<f64> {
    match value {
        DeValue::Float(x) => x.as_str().replace('_', "").parse().ok(),
        _ => value.as_integer().and_then(|i| i.to_string().parse().ok()),
    }
}

/// A value as messages show it.
pub(crate) fn describe(value: &DeValue) -> String {
    match value {
        DeValue::String(s) => format!("the text \"{s}\""),
        DeValue::Integer(i) => i.to_string(),
        DeValue::Float(x) => x.to_string(),
        DeValue::Boolean(b) => b.to_string(),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a table".into(),
        DeValue::Datetime(_) => "a date".into(),
    }
}
