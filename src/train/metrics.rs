//! `metrics.jsonl`: one JSON object a line, for every epoch and every so many steps, with each of the
//! loss's terms unscaled and scaled, so that a plot of its parts needs no rerun.
//!
//! ```text
//! {"kind":"step","step":100,"epoch":0.2557,"learning_rate":0.001,"loss":…,"lambda":1.0,
//!  "terms":[{"name":"nll","value":…,"scale":…,"scaled":…},…],"accuracy":0.31,"examples_per_second":…}
//! {"kind":"epoch", …, "validation":{…}}
//! ```
//!
//! `step` counts the steps done, `epoch` the epochs, fractional. A step's line is of that minibatch. In
//! an epoch's line the nll, its accuracy and its RMSE are over all of the epoch's examples (each as it
//! was when it was its turn), and every other term has its value at the last step and the mean of its
//! scale over the epoch's steps. `lambda` is the weight of the KL against the ELBO's: 1 is the ELBO.
//! The nll of a real target is that of its own units: what standardisation takes off is added back.

use super::checkpoint::is_zero;
use super::files::{failed, read_text, write_whole};
use crate::diagnostic::Result;
use crate::evaluate::Scores;
use crate::exec::TermValue;
use crate::ir::is_data_term;
use crate::likelihood::Compared;
pub use crate::likelihood::Fit;
use crate::terms::Term;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Running sums of an epoch; part of a checkpoint, so that a resumed epoch reports what the whole one
/// would have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochSums {
    /// Steps done.
    pub steps: u64,
    /// Examples seen.
    pub examples: u64,
    /// Of the first target.
    #[serde(flatten)]
    pub target: TargetSums,
    /// Each term's scale, summed.
    pub scales: Vec<f64>,
    /// Of further targets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<TargetSums>,
    /// Steps whose gradient was clipped.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub clipped: u64,
}

/// What the examples of an epoch come to, of one target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct TargetSums {
    /// Their nll, summed.
    pub nll: f64,
    /// Entries of their targets: one an example, or one for each place that has a value.
    #[serde(default)]
    pub entries: u64,
    /// Entries whose likeliest class is right.
    pub hits: u64,
    /// Squared errors in the target's own units.
    pub squared_error: f64,
}

impl TargetSums {
    /// How predictions compare.
    pub fn compared(&self) -> Compared {
        Compared {
            entries: self.entries,
            hits: self.hits,
            squared_error: self.squared_error,
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// `step` or `epoch`.
    pub kind: &'static str,
    /// Steps done.
    pub step: u64,
    /// Epochs done.
    pub epoch: f64,
    /// At the last step.
    pub learning_rate: f64,
    /// The sum of the scaled terms.
    pub loss: f64,
    /// The KL's weight against the ELBO's; `None` where there is no KL.
    pub lambda: Option<f64>,
    /// The loss's terms.
    pub terms: Vec<Term>,
    /// Of the training examples: how good each target's predictions are, with its name where there are several.
    #[serde(flatten, serialize_with = "fit_entries")]
    pub fits: Vec<(Option<String>, Fit)>,
    /// The norm of a step's gradient before it was clipped, if gradients are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f64>,
    /// The part of an epoch's steps whose gradient was clipped, if gradients are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clipped: Option<f64>,
    /// Training examples a second.
    pub examples_per_second: f64,
    /// Seconds that the step or the epoch's training took.
    pub seconds: f64,
    /// What the inference method measured: [`Engine::measured`](crate::engine::Engine::measured).
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "entries")]
    pub measured: Vec<(&'static str, f64)>,
    /// Of the validation part, at an epoch's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,
}

/// Scores of each target, with its name where there are several.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation(pub Vec<(Option<String>, Scores)>);

impl Validation {
    /// That of all targets together: their sum, as they are independent given the network's values.
    pub fn nll(&self) -> f64 {
        self.0.iter().map(|(_, scores)| scores.nll()).sum()
    }
}

impl Serialize for Validation {
    /// The scores of the only target; of several the `nll` of all, and in `targets` the scores of each by its name.
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        if let [(None, only)] = &self.0[..] {
            return only.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("nll", &self.nll())?;
        let named = self.0.iter();
        let named = named.map(|(target, scores)| (target.as_deref().unwrap_or_default(), scores));
        map.serialize_entry("targets", &named.collect::<BTreeMap<_, _>>())?;
        map.end()
    }
}

/// What a number about a target is called: `accuracy`, of one of several targets `accuracy(label)`.
pub fn of_target(word: &str, target: Option<&str>) -> String {
    match target {
        None => word.to_owned(),
        Some(target) => format!("{word}({target})"),
    }
}

/// Fits as entries of a line's object: `"accuracy": 0.31`.
fn fit_entries<S: Serializer>(
    fits: &[(Option<String>, Fit)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(fits.iter().map(|(target, fit)| {
        let (word, value) = fit.entry();
        (of_target(word, target.as_deref()), value)
    }))
}

/// Named numbers as an object.
fn entries<S: Serializer>(
    entries: &[(&'static str, f64)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(entries.iter().copied())
}

impl Line {
    /// The scaled nll of all targets: per example where nothing tempers it.
    pub fn nll(&self) -> f64 {
        let data = self.terms.iter().filter(|term| term.is_data());
        data.map(|t| t.value.scaled).sum()
    }

    /// The sum of the other scaled terms.
    pub fn kl(&self) -> f64 {
        let others = self.terms.iter().filter(|term| !term.is_data());
        others.map(|t| t.value.scaled).sum()
    }
}

impl EpochSums {
    /// Adds a step: its terms in own units, and how predictions of each target compare.
    pub fn add(&mut self, terms: &[Term], examples: usize, predicted: &[Compared]) {
        self.steps += 1;
        self.examples += examples as u64;
        self.others
            .resize_with(predicted.len().saturating_sub(1), TargetSums::default);
        let all = std::iter::once(&mut self.target).chain(&mut self.others);
        for ((sums, term), compared) in all.zip(terms).zip(predicted) {
            sums.nll += term.value.value;
            sums.entries += compared.entries;
            sums.hits += compared.hits;
            sums.squared_error += compared.squared_error;
        }
        self.scales.resize(terms.len(), 0.0);
        self.scales
            .iter_mut()
            .zip(terms)
            .for_each(|(sum, term)| *sum += term.value.scale);
    }

    /// Of every target.
    pub fn targets(&self) -> impl Iterator<Item = &TargetSums> {
        std::iter::once(&self.target).chain(&self.others)
    }

    /// The epoch's terms: the nll over its examples, the others as in `last`.
    pub fn terms(&self, last: &[Term]) -> Vec<Term> {
        let mut terms = last.to_vec();
        for (index, (term, sum)) in terms.iter_mut().zip(&self.scales).enumerate() {
            let (value, scale) = match self.targets().nth(index) {
                Some(target) => (target.nll, 1.0 / self.examples as f64),
                None => (term.value.value, sum / self.steps as f64),
            };
            term.value = TermValue {
                value,
                scale,
                scaled: value * scale,
            };
        }
        terms
    }
}

/// The file under way, and a copy of it: where somebody removes or shortens it, it is written anew.
pub struct Log {
    path: PathBuf,
    file: File,
    text: String,
}

impl Log {
    /// Opens the log at `path`, of which only lines of up to `step` steps are kept.
    pub fn open(path: &Path, step: u64) -> Result<Log> {
        let mut text = String::new();
        if path.exists() {
            text = read_text(path)?;
            let keep = |line: &&str| {
                let line: Option<serde_json::Value> = serde_json::from_str(line).ok();
                line.and_then(|l| l["step"].as_u64())
                    .is_some_and(|s| s <= step)
            };
            let kept: String = text
                .lines()
                .filter(keep)
                .flat_map(|line| [line, "\n"])
                .collect();
            if kept != text {
                write_whole(path, kept.as_bytes())?;
                text = kept;
            }
        }
        let file = append(path)?;
        Ok(Log {
            path: path.to_owned(),
            file,
            text,
        })
    }

    /// Appends a line; what a full disk cuts off is taken back.
    pub fn write(&mut self, line: &Line) -> Result<()> {
        let before = self.text.len();
        self.text
            .push_str(&serde_json::to_string(line).expect("plain data"));
        self.text.push('\n');
        let there = std::fs::metadata(&self.path).map_or(0, |file| file.len());
        if there != before as u64 {
            write_whole(&self.path, self.text.as_bytes())?;
            self.file = append(&self.path)?;
            return Ok(());
        }
        let line = &self.text.as_bytes()[before..];
        self.file.write_all(line).map_err(|error| {
            let _ = self.file.set_len(before as u64);
            self.text.truncate(before);
            failed(&self.path, "write", &error)
        })
    }
}

/// The epochs of a log.
pub struct Epochs(pub Vec<Epoch>);

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// The loss.
    pub loss: f64,
    /// The scaled nll of the training examples.
    pub nll: f64,
    /// The nll of the validation part, if there is one.
    pub validation: Option<f64>,
    /// The KL's weight, if there is one.
    pub lambda: Option<f64>,
}

impl Epochs {
    /// Those of a log's text. Lines that are none are left out.
    pub fn of(text: &str) -> Epochs {
        let epoch = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            (line["kind"] == "epoch").then_some(())?;
            Some(Epoch {
                loss: line["loss"].as_f64()?,
                nll: nll(&line["terms"])?,
                validation: line["validation"]["nll"].as_f64(),
                lambda: line["lambda"].as_f64(),
            })
        };
        Epochs(text.lines().filter_map(epoch).collect())
    }
}

/// The sum of the scaled nlls of a line's terms.
fn nll(terms: &serde_json::Value) -> Option<f64> {
    let is_data = |term: &&serde_json::Value| term["name"].as_str().is_some_and(is_data_term);
    let mut data = terms.as_array()?.iter().filter(is_data).peekable();
    data.peek()?;
    data.map(|term| term["scaled"].as_f64()).sum()
}

fn append(path: &Path) -> Result<File> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.map_err(|error| failed(path, "write", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(name: &str, value: f64, scale: f64) -> Term {
        Term {
            name: name.into(),
            symbol: None,
            value: TermValue {
                value,
                scale,
                scaled: value * scale,
            },
        }
    }

    fn line(step: u64) -> Line {
        let terms = vec![term("nll", 3.0, 0.5), term("kl(a.kernel)", 8.0, 0.25)];
        let (kind, fit) = ("step", Fit::Rmse(0.5));
        Line {
            kind,
            step,
            epoch: 0.5,
            learning_rate: 0.1,
            loss: 3.5,
            lambda: Some(1.0),
            terms,
            fits: vec![(None, fit)],
            gradient_norm: None,
            clipped: None,
            examples_per_second: 10.0,
            seconds: 0.1,
            measured: vec![],
            validation: None,
        }
    }

    #[test]
    fn a_line_has_every_term_apart() {
        let value: serde_json::Value = serde_json::to_value(line(3)).unwrap();
        assert_eq!(value["terms"][1]["name"], "kl(a.kernel)");
        assert_eq!(value["terms"][1]["scaled"], 2.0);
        assert_eq!(
            (&value["lambda"], &value["rmse"]),
            (&1.0.into(), &0.5.into())
        );
    }

    #[test]
    fn lines_after_the_checkpoint_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut log = Log::open(&path, 0).unwrap();
        (1..=4).for_each(|step| log.write(&line(step)).unwrap());
        drop(log);
        // A line that a crash cut off is dropped, too.
        std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"{\"step\":2,")
            .unwrap();
        Log::open(&path, 2).unwrap().write(&line(3)).unwrap();
        assert_eq!(steps(&path), [1, 2, 3]);
    }

    /// The `step` of each line.
    fn steps(path: &Path) -> Vec<u64> {
        let text = std::fs::read_to_string(path).unwrap();
        let step = |line| serde_json::from_str::<serde_json::Value>(line).unwrap()["step"].as_u64();
        text.lines().map(|line| step(line).unwrap()).collect()
    }

    #[test]
    fn a_file_that_somebody_removes_or_shortens_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut log = Log::open(&path, 0).unwrap();
        (1..=2).for_each(|step| log.write(&line(step)).unwrap());
        std::fs::remove_file(&path).unwrap();
        (3..=4).for_each(|step| log.write(&line(step)).unwrap());
        assert_eq!(steps(&path), [1, 2, 3, 4]);
        std::fs::write(&path, "").unwrap();
        (5..=6).for_each(|step| log.write(&line(step)).unwrap());
        assert_eq!(steps(&path), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn an_epoch_weighs_examples_alike_and_keeps_the_last_kl() {
        let mut sums = EpochSums::default();
        sums.add(
            &[term("nll", 6.0, 1.0 / 3.0), term("kl(a)", 10.0, 0.1)],
            3,
            &[Compared {
                entries: 3,
                hits: 2,
                squared_error: 0.0,
            }],
        );
        let last = [term("nll", 4.0, 1.0), term("kl(a)", 8.0, 0.3)];
        sums.add(&last, 1, &[Compared::default()]);
        let terms = sums.terms(&last);
        assert_eq!((terms[0].value.value, terms[0].value.scaled), (10.0, 2.5));
        assert_eq!((terms[1].value.value, terms[1].value.scale), (8.0, 0.2));
        let of_target = (sums.target.hits, sums.target.entries);
        assert_eq!((of_target, sums.examples), ((2, 3), 4));
    }
}
