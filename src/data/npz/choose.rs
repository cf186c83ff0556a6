//! Which arrays of an archive are the inputs and which the targets: by what is said, or by the names that people give
//! them.

use crate::data::names;
use crate::diagnostic::nearest;

/// Names of arrays of inputs, in small letters and without an s at the end.
const INPUTS: [&str; 6] = ["x", "data", "feature", "image", "input", "img"];
/// Names of arrays of targets, in the same way.
const TARGETS: [&str; 4] = ["y", "target", "label", "output"];
/// Those that are used together; of other pairs there must be no second one.
const TOGETHER: [[&str; 2]; 7] = [
    ["x", "y"],
    ["data", "target"],
    ["feature", "label"],
    ["feature", "target"],
    ["image", "label"],
    ["input", "target"],
    ["input", "output"],
];

/// What stands between the words of a name.
const BETWEEN: [char; 4] = ['_', '-', '.', ' '];
/// Words of the training part, and those in their place for the test part.
const OF_TEST: [[&str; 2]; 5] = [
    ["train", "test"],
    ["Train", "Test"],
    ["TRAIN", "TEST"],
    ["training", "testing"],
    ["Training", "Testing"],
];

/// The part of a data set that an array is of, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Training,
    Validation,
    Test,
}

/// What an array is, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Meaning {
    is_target: bool,
    stem: &'static str,
    part: Part,
}

/// The names of an array of inputs and of one of targets; no targets where there are none to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) inputs: String,
    pub(super) targets: Option<String>,
}

/// The arrays that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) train: Pair,
    pub(super) test: Option<Pair>,
}

/// What is said of the arrays.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Named<'a> {
    /// The array of inputs, as a list of one name.
    pub(super) inputs: Option<&'a str>,
    /// The array of targets.
    pub(super) targets: Option<&'a str>,
}

/// Why no arrays are chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A name that is said and no array has, and the nearest that one has.
    NoArray(String, Option<String>),
    /// Several names are said where an array has one.
    Several(String),
    /// More than one pair may be meant.
    Ambiguous,
    /// None is found.
    None,
}

fn meaning(name: &str) -> Option<Meaning> {
    let name = name.to_lowercase();
    let (mut part, mut word) = (Part::Whole, None);
    for token in name.split(BETWEEN).filter(|t| !t.is_empty()) {
        match token {
            "train" | "training" => part = Part::Training,
            "test" | "testing" => part = Part::Test,
            "val" | "valid" | "validation" | "dev" => part = Part::Validation,
            _ if word.is_none() => word = Some(token),
            _ => return None,
        }
    }
    let word = word?;
    let of = |words: &'static [&'static str]| {
        let stem = word.strip_suffix('s').unwrap_or(word);
        words.iter().find(|known| **known == stem)
    };
    let (stem, is_target) = match (of(&INPUTS), of(&TARGETS)) {
        (Some(stem), _) => (stem, false),
        (None, Some(stem)) => (stem, true),
        _ => return None,
    };
    Some(Meaning {
        is_target,
        stem,
        part,
    })
}

/// The name of the test part's array beside one of the training part: `x_test` beside `x_train` and beside `x`.
pub(super) fn of_test(name: &str) -> String {
    let mut is_of_training = false;
    let words = name.split_inclusive(BETWEEN).map(|word| {
        let bare = word.trim_end_matches(BETWEEN);
        let pair = OF_TEST.iter().find(|[training, _]| *training == bare);
        match pair.filter(|_| !is_of_training) {
            Some([training, test]) => {
                is_of_training = true;
                word.replacen(training, test, 1)
            }
            None => word.to_owned(),
        }
    });
    let other: String = words.collect();
    match is_of_training {
        true => other,
        false => format!("{name}_test"),
    }
}

/// The part that an array is of, where its name is known.
pub(super) fn part(name: &str) -> Option<Part> {
    meaning(name).map(|meaning| meaning.part)
}

/// The arrays to read of those called `all`; targets are left out only where `targets_needed` is false and no array
/// can be meant.
pub(super) fn choose(all: &[String], said: Named, targets_needed: bool) -> Result<Chosen, Refusal> {
    let archive = Names(all);
    let inputs = said.inputs.map(|name| archive.named(name)).transpose()?;
    let targets = said.targets.map(|name| archive.named(name)).transpose()?;
    let train = match (inputs, targets) {
        (Some(inputs), Some(targets)) => Some(Pair {
            inputs,
            targets: Some(targets),
        }),
        (Some(inputs), None) => archive.beside(&inputs, false)?.map(|targets| Pair {
            inputs: inputs.clone(),
            targets: Some(targets),
        }),
        (None, Some(targets)) => archive.beside(&targets, true)?.map(|inputs| Pair {
            inputs,
            targets: Some(targets.clone()),
        }),
        (None, None) => archive.training()?,
    };
    let train = match train {
        Some(train) => train,
        None if targets_needed => return Err(Refusal::None),
        None => archive.inputs_alone(said)?,
    };
    let test = archive.test(&train)?;
    Ok(Chosen { train, test })
}

/// The array of inputs, whatever targets there may be.
pub(super) fn alone(all: &[String], said: Named) -> Result<Chosen, Refusal> {
    let train = Names(all).inputs_alone(said)?;
    Ok(Chosen { train, test: None })
}

/// The names of an archive's arrays.
struct Names<'a>(&'a [String]);

impl Names<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|own| own == name)
    }

    /// The array that a list of one name names.
    fn named(&self, list: &str) -> Result<String, Refusal> {
        // A name is one whatever signs are in it.
        if self.has(list) {
            return Ok(list.to_owned());
        }
        let [item] = &names::items(list)[..] else {
            return Err(Refusal::Several(list.to_owned()));
        };
        match self.has(&item.name) {
            true => Ok(item.name.clone()),
            false => {
                let near = nearest(&item.name, self.0.iter().map(String::as_str));
                Err(Refusal::NoArray(item.name.clone(), near.map(str::to_owned)))
            }
        }
    }

    fn of(&self, part: Part, is_target: bool) -> Vec<(&String, &'static str)> {
        let all = self
            .0
            .iter()
            .filter_map(|name| Some((name, meaning(name)?)));
        all.filter(|(_, meaning)| (meaning.part, meaning.is_target) == (part, is_target))
            .map(|(name, meaning)| (name, meaning.stem))
            .collect()
    }

    /// The inputs and targets of a part; `None` where one of them is missing.
    fn pair(&self, part: Part) -> Result<Option<Pair>, Refusal> {
        let (inputs, targets) = (self.of(part, false), self.of(part, true));
        let pair = |inputs: &String, targets: &String| Pair {
            inputs: inputs.clone(),
            targets: Some(targets.clone()),
        };
        match (&inputs[..], &targets[..]) {
            ([], _) | (_, []) => Ok(None),
            ([(input, _)], [(target, _)]) => Ok(Some(pair(input, target))),
            _ => {
                let mut together = inputs.iter().flat_map(|(input, a)| {
                    let fits = targets.iter().filter(|(_, b)| TOGETHER.contains(&[a, b]));
                    fits.map(|(target, _)| pair(input, target))
                });
                match (together.next(), together.next()) {
                    (Some(only), None) => Ok(Some(only)),
                    _ => Err(Refusal::Ambiguous),
                }
            }
        }
    }

    /// The pair to train on, where nothing is said.
    fn training(&self) -> Result<Option<Pair>, Refusal> {
        match (self.pair(Part::Whole)?, self.pair(Part::Training)?) {
            (Some(_), Some(_)) => Err(Refusal::Ambiguous),
            (Some(pair), None) | (None, Some(pair)) => Ok(Some(pair)),
            // As `numpy.savez(file, x, y)` names them.
            (None, None) => Ok(match self.0 {
                [first, second] if [&first[..], second] == ["arr_0", "arr_1"] => Some(Pair {
                    inputs: first.clone(),
                    targets: Some(second.clone()),
                }),
                _ => None,
            }),
        }
    }

    /// What goes with an array that is said: inputs, or targets.
    fn beside(&self, said: &str, said_targets: bool) -> Result<Option<String>, Refusal> {
        if let [first, second] = self.0 {
            let other = if first == said { second } else { first };
            return Ok(Some(other.clone()));
        }
        let known = meaning(said);
        let part = known.as_ref().map(|known| known.part);
        let parts = match part {
            Some(part) => vec![part],
            None => vec![Part::Whole, Part::Training],
        };
        let mut found = parts.iter().map(|part| self.of(*part, !said_targets));
        let mut found = found.find(|found| !found.is_empty()).unwrap_or_default();
        found.retain(|(name, _)| *name != said);
        if let (2.., Some(known)) = (found.len(), known) {
            found.retain(|(_, stem)| match said_targets {
                true => TOGETHER.contains(&[stem, known.stem]),
                false => TOGETHER.contains(&[known.stem, stem]),
            });
        }
        match &found[..] {
            [] => Ok(None),
            [(only, _)] => Ok(Some((*only).clone())),
            _ => Err(Refusal::Ambiguous),
        }
    }

    /// An array of inputs, where the archive has no targets.
    fn inputs_alone(&self, said: Named) -> Result<Pair, Refusal> {
        let alone = |inputs: &String| {
            Ok(Pair {
                inputs: inputs.clone(),
                targets: None,
            })
        };
        if let Some(name) = said.inputs {
            return alone(&self.named(name)?);
        }
        let found = [Part::Whole, Part::Test, Part::Training].map(|part| self.of(part, false));
        let mut found = found.iter().filter(|found| !found.is_empty());
        match (found.next().map(Vec::as_slice), self.0) {
            (Some([(only, _)]), _) => alone(only),
            (None, [only]) => alone(only),
            (Some(_), _) => Err(Refusal::Ambiguous),
            (None, _) => Err(Refusal::None),
        }
    }

    /// The test part that belongs to a training part; none where only its inputs or its targets are there.
    fn test(&self, train: &Pair) -> Result<Option<Pair>, Refusal> {
        let Some(targets) = &train.targets else {
            return Ok(None);
        };
        let swapped = |name: &str| Some(of_test(name)).filter(|other| self.has(other));
        if let (Some(inputs), Some(targets)) = (swapped(&train.inputs), swapped(targets)) {
            let targets = Some(targets);
            return Ok(Some(Pair { inputs, targets }));
        }
        self.pair(Part::Test)
    }
}

#[cfg(test)]
mod tests;
