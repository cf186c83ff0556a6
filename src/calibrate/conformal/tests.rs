//! Tests of `conformal`.

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
