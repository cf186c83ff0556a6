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
                .note("intervals are the mean and so many standard deviations about it")
                .help("leave `--conformal` out: the likelihood's tails are too heavy for it")
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
pub(super) mod tests {
    use super::*;
    use crate::likelihood::{Likelihood, Normal, TargetKind, find};

    /// Numbers that look random: the multiplier of Knuth's MMIX.
    pub struct Random(pub u64);

    impl Random {
        pub fn uniform(&mut self) -> f64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
        }
        pub fn normal(&mut self) -> f64 {
            let (u, v) = (self.uniform(), self.uniform());
            (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
        }
        pub fn pick(&mut self, probabilities: &[f64]) -> usize {
            let (u, mut sum) = (self.uniform(), 0.0);
            let below = |p: &&f64| {
                sum += **p;
                sum <= u
            };
            let passed = probabilities.iter().take_while(below).count();
            passed.min(probabilities.len() - 1)
        }
    }

    /// Outcomes of classes, by their probabilities and labels.
    pub fn classes(rows: &[Vec<f64>], labels: &[usize]) -> Outcomes {
        let width = rows[0].len();
        Outcomes {
            summary: Summary::Classes(Classes {
                probabilities: width,
                places: 1,
            }),
            predicted: Predictive {
                examples: rows.len(),
                draws: 1,
                width,
                mean: rows.concat(),
                within: vec![0.0; rows.len()],
                nll: vec![0.0; rows.len()],
                ..Predictive::default()
            },
            targets: labels.iter().map(|label| *label as f64).collect(),
        }
    }

    /// Outcomes of numbers, by mean, standard deviation and target.
    fn numbers(all: &[[f64; 3]]) -> Outcomes {
        Outcomes {
            summary: Normal.summary(&TargetKind::Real(1)),
            predicted: Predictive {
                examples: all.len(),
                draws: 1,
                width: 1,
                mean: all.iter().map(|[mean, ..]| *mean).collect(),
                within: all.iter().map(|[_, sd, _]| 0.75 * sd * sd).collect(),
                between: all.iter().map(|[_, sd, _]| 0.25 * sd * sd).collect(),
                ..Predictive::default()
            },
            targets: all.iter().map(|[.., target]| *target).collect(),
        }
    }

    #[test]
    fn the_rank_is_that_of_the_finite_sample() {
        assert_eq!([9, 10, 19, 99].map(|n| rank(n, 0.9)), [9, 10, 18, 90]);
        // The least score, however low the level is.
        assert_eq!((rank(9, 1e-12), least_examples(1e-12)), (1, 1));
        assert_eq!(quantile(vec![3.0, 2.0], 1e-300), 2.0);
        assert_eq!(
            [0.5, 0.8, 0.9, 0.95, 0.99].map(least_examples),
            [1, 4, 9, 19, 99]
        );
    }

    /// Four examples at level 0.6: the third of the ordered scores, ⌈5·0.6⌉.
    #[test]
    fn sets_by_hand() {
        let rows = [
            vec![0.7, 0.2, 0.1],
            vec![0.5, 0.3, 0.2],
            vec![0.1, 0.8, 0.1],
            vec![0.25, 0.35, 0.4],
        ];
        let fitted = Conformal::fit(&classes(&rows, &[0, 1, 1, 2]), 0.6).unwrap();
        // Scores 0.3, 0.7, 0.2, 0.6, of which the third is 0.6: classes of at least 0.4.
        assert!((fitted.quantiles[0] - 0.6).abs() < 1e-12);
        let others = classes(
            &[
                vec![0.45, 0.5, 0.05],
                vec![0.34, 0.33, 0.33],
                vec![0.0, 0.0, 1.0],
            ],
            &[1, 0, 0],
        );
        let sets = (0..3).map(|i| fitted.set(&others.predicted, i));
        assert_eq!(
            sets.collect::<Vec<_>>(),
            [[true, true, false], [false; 3], [false, false, true]]
        );
        let effect = fitted.effect(&others);
        assert_eq!(
            (effect.covered[0], effect.size[0], effect.empty),
            (1.0 / 3.0, 1.0, Some(1.0 / 3.0))
        );
        // Scores 2, 0.5, 1, 3: the third is 2.
        let fitted = Conformal::fit(
            &numbers(&[
                [0.0, 1.0, 2.0],
                [5.0, 2.0, 4.0],
                [1.0, 1.0, 0.0],
                [0.0, 1.0, 3.0],
            ]),
            0.6,
        )
        .unwrap();
        let others = numbers(&[[10.0, 3.0, 15.9], [10.0, 0.5, 8.5]]);
        let near = |found: [f64; 2], expected: [f64; 2]| {
            found
                .iter()
                .zip(expected)
                .for_each(|(a, b)| assert!((a - b).abs() < 1e-12));
        };
        near(fitted.interval(&others.predicted, 0, 0), [4.0, 16.0]);
        near(fitted.interval(&others.predicted, 1, 0), [9.0, 11.0]);
        let effect = fitted.effect(&others);
        near([effect.covered[0], effect.size[0]], [0.5, 7.0]);
    }

    /// Of a count an interval without a whole number in it is the number nearest to the mean: it has no width, and never
    /// a negative one.
    #[test]
    fn an_interval_of_counts_does_not_end_before_it_begins() {
        let counts = |all: &[[f64; 3]]| Outcomes {
            summary: find("Poisson").unwrap().summary(&TargetKind::Count),
            ..numbers(all)
        };
        // Scores 0.1 and 3: at level 0.3 the first.
        let fitted = counts(&[[2.0, 10.0, 3.0], [2.0, 1.0, 5.0]]);
        let fitted = Conformal::fit(&fitted, 0.3).unwrap();
        let others = counts(&[[2.4, 1.0, 2.0], [2.6, 1.0, 2.0], [2.0, 15.0, 4.0]]);
        let ends = [0, 1, 2].map(|i| fitted.interval(&others.predicted, i, 0));
        assert_eq!(ends, [[2.0, 2.0], [3.0, 3.0], [1.0, 3.0]]);
        let effect = fitted.effect(&others);
        assert_eq!((effect.covered[0], effect.size[0]), (1.0 / 3.0, 2.0 / 3.0));
    }

    #[test]
    fn too_few_examples_and_no_variance_are_refused() {
        let few = Conformal::fit(&numbers(&[[0.0, 1.0, 0.5]; 8]), 0.9).unwrap_err();
        let message = &few.diagnostics[0];
        assert_eq!(
            message.title,
            "sets of 0.9 need at least 9 examples that were set aside"
        );
        assert!(Conformal::fit(&numbers(&[[0.0, 1.0, 0.5]; 9]), 0.9).is_ok());
        let heavy = Conformal::fit(&numbers(&[[0.0, f64::INFINITY, 0.5]; 9]), 0.9).unwrap_err();
        assert!(heavy.diagnostics[0].title.contains("no variance"));
    }

    /// Predictions that are far too sure, and too narrow: sets and intervals of 49 examples cover the next one
    /// k / (n + 1) of the time all the same, as the theory has it of scores that differ.
    #[test]
    fn coverage_is_that_of_the_level_whatever_is_predicted() {
        let mut random = Random(3);
        let (n, level, repeats) = (49, 0.8, 2000);
        let example = |random: &mut Random| -> (Vec<f64>, usize) {
            let logits: Vec<f64> = (0..4).map(|_| random.normal()).collect();
            let softmax = |beta: f64| {
                let parts: Vec<f64> = logits.iter().map(|z| (beta * z).exp()).collect();
                let sum: f64 = parts.iter().sum();
                parts.into_iter().map(|part| part / sum).collect::<Vec<_>>()
            };
            (softmax(5.0), random.pick(&softmax(1.0)))
        };
        let number = |random: &mut Random| {
            let mean = random.normal();
            [
                mean,
                0.2 + random.uniform(),
                mean + 3.0 * random.normal() + 1.0,
            ]
        };
        let (mut of_classes, mut of_numbers) = (0.0, 0.0);
        for _ in 0..repeats {
            let (rows, labels): (Vec<_>, Vec<_>) = (0..=n).map(|_| example(&mut random)).unzip();
            let fitted = Conformal::fit(&classes(&rows[..n], &labels[..n]), level).unwrap();
            of_classes += fitted.effect(&classes(&rows[n..], &labels[n..])).covered[0];
            let all: Vec<[f64; 3]> = (0..=n).map(|_| number(&mut random)).collect();
            let fitted = Conformal::fit(&numbers(&all[..n]), level).unwrap();
            of_numbers += fitted.effect(&numbers(&all[n..])).covered[0];
        }
        // Four standard errors.
        let off = 4.0 * (level * (1.0 - level) / f64::from(repeats)).sqrt();
        for covered in [of_classes, of_numbers] {
            let covered = covered / f64::from(repeats);
            assert!((covered - 40.0 / 50.0).abs() < off, "{covered}");
        }
    }
}
