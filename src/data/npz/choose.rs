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
mod tests {
    use super::*;

    fn chosen(names: &str, inputs: Option<&str>, targets: Option<&str>) -> Result<String, Refusal> {
        let all: Vec<String> = names.split(' ').map(str::to_owned).collect();
        let pair = |pair: Pair| {
            let targets = pair.targets.unwrap_or_default();
            format!("{} -> {targets}", pair.inputs)
        };
        choose(&all, Named { inputs, targets }, true).map(|chosen| {
            let test = chosen.test.map(|test| format!("; {}", pair(test)));
            pair(chosen.train) + &test.unwrap_or_default()
        })
    }

    #[test]
    fn the_names_that_people_give_are_known() {
        for (names, expected) in [
            ("x y", "x -> y"),
            ("X Y", "X -> Y"),
            ("X y", "X -> y"),
            ("data target", "data -> target"),
            ("data target target_names", "data -> target"),
            ("DESCR data feature_names images target", "data -> target"),
            ("features labels", "features -> labels"),
            ("images labels", "images -> labels"),
            ("image label", "image -> label"),
            ("inputs targets", "inputs -> targets"),
            ("arr_0 arr_1", "arr_0 -> arr_1"),
            ("x_train y_train", "x_train -> y_train"),
            (
                "x_test x_train y_test y_train",
                "x_train -> y_train; x_test -> y_test",
            ),
            (
                "X_test X_train y_test y_train",
                "X_train -> y_train; X_test -> y_test",
            ),
            ("sample_weight x x_val y y_val", "x -> y"),
            ("x x_test y y_test", "x -> y; x_test -> y_test"),
            ("x_train x_test y_train", "x_train -> y_train"),
            (
                "X_Test X_Train y_Test y_Train",
                "X_Train -> y_Train; X_Test -> y_Test",
            ),
            (
                "test_images test_labels train_images train_labels val_images val_labels",
                "train_images -> train_labels; test_images -> test_labels",
            ),
        ] {
            assert_eq!(
                chosen(names, None, None).as_deref(),
                Ok(expected),
                "{names}"
            );
        }
    }

    #[test]
    fn what_may_be_meant_twice_is_asked_for() {
        for names in [
            "x X y",
            "x y x_train y_train",
            "x y features labels",
            "x labels target y2 features",
        ] {
            assert_eq!(
                chosen(names, None, None),
                Err(Refusal::Ambiguous),
                "{names}"
            );
        }
        for names in ["x", "arr_0 arr_1 arr_2", "a b", "x_val y_val"] {
            assert_eq!(chosen(names, None, None), Err(Refusal::None), "{names}");
        }
    }

    #[test]
    fn what_is_said_goes_first() {
        let of = |names, inputs, targets| chosen(names, inputs, targets).unwrap();
        assert_eq!(of("a b c", Some("c"), Some("a")), "c -> a");
        assert_eq!(of("x y X", Some("X"), None), "X -> y");
        assert_eq!(of("x y labels", None, Some("labels")), "x -> labels");
        assert_eq!(of("a b", None, Some("a")), "b -> a");
        assert_eq!(
            of("x_train x_test a_train a_test", None, Some("a_train")),
            "x_train -> a_train; x_test -> a_test"
        );
        assert_eq!(of("x speed", None, Some("speed")), "x -> speed");
        let missing = chosen("x speed", None, Some("sped"));
        let near = Some("speed".to_owned());
        assert_eq!(missing, Err(Refusal::NoArray("sped".into(), near)));
        let several = chosen("x a b", None, Some("a,b"));
        assert_eq!(several, Err(Refusal::Several("a,b".into())));
    }

    #[test]
    fn a_name_is_of_training_by_a_word_of_its_own() {
        for (name, test) in [
            ("x", "x_test"),
            ("x_train", "x_test"),
            ("train-images", "test-images"),
            ("x_training", "x_testing"),
            ("strain", "strain_test"),
            ("strain_train", "strain_test"),
            ("train_strain_train", "test_strain_train"),
            ("constraints.train", "constraints.test"),
        ] {
            assert_eq!(of_test(name), test);
        }
        assert_eq!(
            chosen("strain strain_test y y_test", Some("strain"), None).unwrap(),
            "strain -> y; strain_test -> y_test"
        );
    }

    #[test]
    fn inputs_may_be_alone_where_no_targets_are_needed() {
        let of = |names: &str| {
            let all: Vec<String> = names.split(' ').map(str::to_owned).collect();
            choose(&all, Named::default(), false).map(|chosen| chosen.train)
        };
        assert_eq!(of("X sample_weight").unwrap().inputs, "X");
        assert_eq!(of("arr_0").unwrap().inputs, "arr_0");
        assert_eq!(of("x_test").unwrap().inputs, "x_test");
        assert_eq!(of("x y").unwrap().targets.as_deref(), Some("y"));
        assert_eq!(of("a b"), Err(Refusal::None));
    }
}
