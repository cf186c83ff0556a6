//! Split-conformal sets and intervals: they contain the target with at least the probability that is asked for, whatever
//! the model is worth, as long as the examples they are fitted on and those they are of are exchangeable.
//!
//! Each of n examples that were set aside has a score, larger the worse it is predicted. With q the ⌈(n+1)·level⌉-th
//! smallest of them, the set of another example holds every target whose score is at most q. The probability that it
//! holds the right one is then at least the level, and below level + 1/(n+1) where no scores are equal, over draws of
//! both (Vovk, Gammerman and Shafer 2005; Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018).
//!
//! - Classes: 1 − p of the right class (Sadinle, Lei and Wasserman 2019, "Least ambiguous set-valued classifiers with
//!   bounded error levels", often called THR or LAC). A set holds the classes whose probability is at least 1 − q: the
//!   smallest sets on average of their coverage. One may be empty: such an example is predicted worse than nearly all
//!   that were set aside.
//! - Numbers: |y − mean| / std, with the mean and the standard deviation of the predictive distribution (Lei et al.
//!   2018, section 5.2). The interval is mean ± q·std. Of a target with several entries each has a q of its own.

use crate::diagnostic::{Diagnostic, Result};
use crate::likelihood::{Classes, Column, Entries, Predictive, Summary};
use crate::score::Outcomes;
use crate::words::plural;

/// Sets of a level, fitted.
#[derive(Debug, Clone)]
pub struct Conformal {
    /// The probability that a set is to hold the target with.
    pub level: f64,
    /// How many examples it is fitted on.
    pub examples: usize,
    /// q: of classes one, of numbers one an entry.
    pub quantiles: Vec<f64>,
    summary: Summary,
}

/// What sets are like on examples with known targets.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The share of the sets that hold the target; of several entries of each.
    pub covered: Vec<f64>,
    /// How large they are on average: classes of a set, or the width of an interval in the target's unit.
    pub size: Vec<f64>,
    /// Of classes, the share of the sets that are empty.
    pub empty: Option<f64>,
}

impl Conformal {
    /// What the scheme is called beside its numbers.
    pub fn scheme(&self) -> &'static str {
        match self.summary {
            Summary::Classes(_) => {
                "split conformal, score 1 − p of the class (THR). Sadinle et al. 2019"
            }
            Summary::Numbers(_) => "split conformal, score |y − mean| / std. Lei et al. 2018",
        }
    }

    /// Sets of `level` by these outcomes.
    ///
    /// # Errors
    ///
    /// `E0603` where there are too few of them for the level, and where a predictive distribution has no variance.
    pub fn fit(outcomes: &Outcomes, level: f64) -> Result<Conformal> {
        let n = outcomes.examples();
        let needed = least_examples(level);
        if n < needed || outcomes.targets.is_empty() {
            let title = format!(
                "sets of {level} need at least {} that were set aside",
                plural(needed, "example")
            );
            return Err(Diagnostic::error("E0603", title)
                .note(format!("there are {n}"))
                .help("train with a larger `--validation`, or ask for a lower level")
                .into());
        }
        let predicted = &outcomes.predicted;
        let quantiles = match outcomes.summary {
            Summary::Classes(_) => {
                let scores = (0..n).map(|i| 1.0 - all(predicted, i)[outcomes.label(i)]);
                vec![quantile(scores.collect(), level)]
            }
            Summary::Numbers(numbers) => {
                let of_entry = |entry: usize| {
                    let score = |i: usize| {
                        let at = i * numbers.entries + entry;
                        (outcomes.targets[at] - predicted.mean[at]).abs() / std(predicted, at)
                    };
                    quantile((0..n).map(score).collect(), level)
                };
                (0..numbers.entries).map(of_entry).collect()
            }
        };
        if quantiles.iter().any(|q| !q.is_finite()) || !has_widths(outcomes) {
            let title = "a predictive distribution has no variance to measure distances by";
            return Err(Diagnostic::error("E0603", title)
                .note("intervals are the mean and so many standard deviations about it; a deviation here is 0 or infinite")
                .help("leave `--conformal` out")
                .into());
        }
        Ok(Conformal {
            level,
            examples: n,
            quantiles,
            summary: outcomes.summary,
        })
    }

    /// Whether each class is in the set of an example.
    pub fn set(&self, predicted: &Predictive, example: usize) -> Vec<bool> {
        let all = all(predicted, example).into_iter();
        all.map(|p| 1.0 - p <= self.quantiles[0]).collect()
    }

    /// The ends of the interval of an entry of an example. Those of a count are whole numbers, of which there is none
    /// below 0; where none lies between the ends, both are the nearest to the mean, which can only cover more.
    pub fn interval(&self, predicted: &Predictive, example: usize, entry: usize) -> [f64; 2] {
        let at = example * self.quantiles.len() + entry;
        let reach = self.quantiles[entry] * std(predicted, at);
        let (low, high) = (predicted.mean[at] - reach, predicted.mean[at] + reach);
        match self.summary {
            Summary::Numbers(numbers) if numbers.marginal.whole() => {
                let ends = [low.ceil().max(0.0), high.floor()];
                match ends[0] <= ends[1] {
                    true => ends,
                    false => [predicted.mean[at].round(); 2],
                }
            }
            _ => [low, high],
        }
    }

    /// The columns of a prediction file: of classes `in_set` of each, 1 or 0, and `set_size`; of numbers
    /// `conformal_low` and `conformal_high`.
    pub(super) fn columns(&self, predicted: &Predictive) -> Vec<Column> {
        let column = |name: &str, entries, values| Column {
            name: name.into(),
            entries,
            values,
        };
        let examples = 0..predicted.examples;
        match self.summary {
            Summary::Classes(_) => {
                let sets: Vec<Vec<bool>> = examples.map(|i| self.set(predicted, i)).collect();
                let size = |set: &Vec<bool>| set.iter().filter(|has| **has).count() as f64;
                let sizes = sets.iter().map(size).collect();
                let each = sets.iter().flatten().map(|has| f64::from(u8::from(*has)));
                vec![
                    column("in_set", Entries::Classes, each.collect()),
                    column("set_size", Entries::One, sizes),
                ]
            }
            Summary::Numbers(numbers) => {
                let all = examples.flat_map(|i| {
                    (0..numbers.entries).map(move |k| self.interval(predicted, i, k))
                });
                let (low, high) = all.map(|[low, high]| (low, high)).unzip();
                vec![
                    column("conformal_low", Entries::Targets, low),
                    column("conformal_high", Entries::Targets, high),
                ]
            }
        }
    }

    /// How often the sets of these outcomes hold the target, and how large they are.
    pub fn effect(&self, outcomes: &Outcomes) -> Effect {
        let (n, predicted) = (outcomes.examples(), &outcomes.predicted);
        let share = |count: usize| count as f64 / n as f64;
        match self.summary {
            Summary::Classes(_) => {
                let sets: Vec<Vec<bool>> = (0..n).map(|i| self.set(predicted, i)).collect();
                let sizes = sets
                    .iter()
                    .map(|set| set.iter().filter(|has| **has).count());
                let held = sets.iter().enumerate();
                Effect {
                    covered: vec![share(held.filter(|(i, s)| s[outcomes.label(*i)]).count())],
                    empty: Some(share(sizes.clone().filter(|size| *size == 0).count())),
                    size: vec![share(sizes.sum())],
                }
            }
            Summary::Numbers(numbers) => {
                let of_entry = |entry: usize| {
                    let intervals = (0..n).map(|i| self.interval(predicted, i, entry));
                    let target = |i: usize| outcomes.targets[i * numbers.entries + entry];
                    let held = intervals.clone().enumerate();
                    let held = held.filter(|(i, [low, high])| (*low..=*high).contains(&target(*i)));
                    let width: f64 = intervals.map(|[low, high]| high - low).sum();
                    (share(held.count()), width / n as f64)
                };
                let (covered, size) = (0..numbers.entries).map(of_entry).unzip();
                Effect {
                    covered,
                    size,
                    empty: None,
                }
            }
        }
    }
}

fn all(predicted: &Predictive, example: usize) -> Vec<f64> {
    Classes::all(predicted.row(example))
}

/// The standard deviation of the predictive distribution of one number.
fn std(predicted: &Predictive, at: usize) -> f64 {
    (predicted.within[at] + predicted.between[at]).sqrt()
}

/// Whether every predicted number has a standard deviation.
fn has_widths(outcomes: &Outcomes) -> bool {
    let predicted = &outcomes.predicted;
    match outcomes.summary {
        Summary::Classes(_) => true,
        Summary::Numbers(_) => (0..predicted.mean.len()).all(|at| std(predicted, at).is_normal()),
    }
}

/// Which of n ordered scores is taken, from 1: ⌈(n+1)·level⌉. What rounding of the product adds is no reason to take the
/// next, nor what is taken off for it to take none.
fn rank(n: usize, level: f64) -> usize {
    ((n + 1) as f64 * level - 1e-9).ceil().max(1.0) as usize
}

/// The least n of which a score is taken.
fn least_examples(level: f64) -> usize {
    let n = (level / (1.0 - level)).floor() as usize;
    (n.max(1)..).find(|n| rank(*n, level) <= *n).unwrap_or(n)
}

/// The score that is taken.
fn quantile(mut scores: Vec<f64>, level: f64) -> f64 {
    scores.sort_by(f64::total_cmp);
    scores[rank(scores.len(), level) - 1]
}

#[cfg(test)]
pub(super) mod tests;
