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
pub use crate::likelihood::Fit;
use crate::terms::Term;
use serde::{Deserialize, Serialize, Serializer};
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
    /// Their nll, summed.
    pub nll: f64,
    /// Examples whose likeliest class is right.
    pub hits: u64,
    /// Squared errors in the target's own units.
    pub squared_error: f64,
    /// Each term's scale, summed.
    pub scales: Vec<f64>,
    /// Steps whose gradient was clipped.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub clipped: u64,
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
    /// Of the training examples.
    #[serde(flatten, serialize_with = "fit_entry")]
    pub fit: Fit,
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
    /// Of the validation part, at an epoch's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Scores>,
}

/// A fit as one entry of a line's object: `"accuracy": 0.31`.
fn fit_entry<S: Serializer>(fit: &Fit, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map([fit.entry()])
}

impl Line {
    /// The scaled nll: per example where nothing tempers it.
    pub fn nll(&self) -> f64 {
        self.terms.first().map_or(0.0, |t| t.value.scaled)
    }

    /// The sum of the other scaled terms.
    pub fn kl(&self) -> f64 {
        self.terms.iter().skip(1).map(|t| t.value.scaled).sum()
    }
}

impl EpochSums {
    /// Adds a step: its terms in own units, and how its examples were predicted.
    pub fn add(&mut self, terms: &[Term], examples: usize, hits: u64, squared_error: f64) {
        self.steps += 1;
        self.examples += examples as u64;
        self.nll += terms.first().map_or(0.0, |t| t.value.value);
        self.hits += hits;
        self.squared_error += squared_error;
        self.scales.resize(terms.len(), 0.0);
        self.scales
            .iter_mut()
            .zip(terms)
            .for_each(|(sum, term)| *sum += term.value.scale);
    }

    /// The epoch's terms: the nll over its examples, the others as in `last`.
    pub fn terms(&self, last: &[Term]) -> Vec<Term> {
        let mut terms = last.to_vec();
        for (index, (term, sum)) in terms.iter_mut().zip(&self.scales).enumerate() {
            let (value, scale) = match index {
                0 => (self.nll, 1.0 / self.examples as f64),
                _ => (term.value.value, sum / self.steps as f64),
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

    /// The nll of the first epoch that it has.
    pub fn first_nll(&self) -> Option<f64> {
        Epochs::of(&self.text).0.first().map(|epoch| epoch.nll)
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
                nll: line["terms"][0]["scaled"].as_f64()?,
                validation: line["validation"]["nll"].as_f64(),
                lambda: line["lambda"].as_f64(),
            })
        };
        Epochs(text.lines().filter_map(epoch).collect())
    }
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
            fit,
            gradient_norm: None,
            clipped: None,
            examples_per_second: 10.0,
            seconds: 0.1,
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
            2,
            0.0,
        );
        let last = [term("nll", 4.0, 1.0), term("kl(a)", 8.0, 0.3)];
        sums.add(&last, 1, 0, 0.0);
        let terms = sums.terms(&last);
        assert_eq!((terms[0].value.value, terms[0].value.scaled), (10.0, 2.5));
        assert_eq!((terms[1].value.value, terms[1].value.scale), (8.0, 0.2));
        assert_eq!((sums.hits, sums.examples), (2, 4));
    }
}
