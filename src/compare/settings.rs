//! The settings in which some runs differ.

use super::Run;
use crate::words::distinct;

/// A setting that is not the same in all runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Differing {
    /// As in run files: `optimizer.learning_rate`, `set.width`; `model` and `N`.
    pub key: String,
    /// As a column of a table is headed: `learning_rate`, `width`.
    pub title: String,
    /// Each run's; none of a run without it.
    pub values: Vec<Option<String>>,
}

/// In the order in which the runs' settings have them, the model first.
pub fn differing<'r>(runs: impl Iterator<Item = &'r Run>) -> Vec<Differing> {
    let runs: Vec<&Run> = runs.collect();
    // Of a run that cannot be read nothing is known.
    let known = || runs.iter().filter(|run| !run.settings.is_empty());
    let keys = distinct(known().flat_map(|run| run.settings.iter().map(|(key, _)| key)));
    let of = |run: &Run, key: &str| {
        let found = run.settings.iter().find(|(other, _)| other == key);
        found.map(|(_, value)| value.clone())
    };
    let differ = |key: &&&String| distinct(known().map(|run| of(run, key))).len() > 1;
    let mut found: Vec<Differing> = models(&runs).into_iter().collect();
    found.extend(keys.iter().filter(differ).map(|key| Differing {
        key: (*key).clone(),
        title: String::new(),
        values: runs.iter().map(|run| of(run, key)).collect(),
    }));
    let short: Vec<String> = found.iter().map(|d| short(&d.key)).collect();
    for (differing, title) in found.iter_mut().zip(&short) {
        let is_alone = short.iter().filter(|other| *other == title).count() == 1;
        differing.title = match is_alone {
            true => title.clone(),
            false => differing.key.clone(),
        };
    }
    found
}

/// `width` of `set.width`, `optimizer` of `optimizer.name`.
fn short(key: &str) -> String {
    match key.split_once('.') {
        Some((table, "name")) => table.into(),
        Some((_, name)) => name.into(),
        None => key.into(),
    }
}

/// The models, where they are not all the same text; those of one name are numbered.
fn models(runs: &[&Run]) -> Option<Differing> {
    let known: Vec<&&Run> = runs.iter().filter(|run| !run.settings.is_empty()).collect();
    let texts = distinct(known.iter().map(|run| &run.model));
    let name = |text: &str| {
        let named = |line: &str| Some(line.trim().strip_prefix("model ")?.trim().to_owned());
        text.lines().find_map(named).unwrap_or_default()
    };
    let values = |run: &&Run| {
        let own = name(&run.model);
        let alike: Vec<&&String> = texts.iter().filter(|text| name(text) == own).collect();
        let number = alike.iter().position(|text| **text == &run.model)? + 1;
        Some(match alike.len() {
            1 => own,
            _ => format!("{own} ({number})"),
        })
    };
    (texts.len() > 1).then(|| Differing {
        key: "model".into(),
        title: String::new(),
        values: runs.iter().map(values).collect(),
    })
}

/// Values for a narrow table: of paths that all begin with the same folders what comes after these.
pub fn tails(values: &[Option<String>]) -> Vec<String> {
    let there: Vec<&str> = values.iter().flatten().map(String::as_str).collect();
    let common =
        there
            .iter()
            .skip(1)
            .fold(there.first().map_or("", |first| *first), |common, value| {
                let same = common.char_indices().zip(value.chars());
                let end = same.take_while(|((_, a), b)| a == b).last();
                let end = end.map_or(0, |((place, c), _)| place + c.len_utf8());
                &common[..end]
            });
    let folder = common.rfind('/').map_or(0, |slash| slash + 1);
    let tail = |value: &Option<String>| match value {
        Some(value) => value[folder..].to_owned(),
        None => "–".into(),
    };
    values.iter().map(tail).collect()
}
