//! What is known without a network: the same prediction for every example, made of the very targets that are scored.
//!
//! Of classes their frequencies. Of real numbers the normal distribution with the targets' mean and standard deviation,
//! whose CRPS is replaced by the lower one of the targets' own (empirical) distribution. Of counts their frequencies. A
//! constant that has seen the targets it is scored on is a little better than one from the training part would be.

use super::Outcomes;
use crate::likelihood::{INTERVALS, Likelihood, Normal, Numbers, Predictive, Summary, TargetKind};

/// The baseline's predictions of these examples; `None` without targets.
pub fn baseline(outcomes: &Outcomes) -> Option<Outcomes> {
    let predicted = match (&outcomes.summary, outcomes.targets.is_empty()) {
        (_, true) => return None,
        (Summary::Classes(_), _) => of_classes(outcomes),
        (Summary::Numbers(numbers), _) => of_numbers(outcomes, numbers),
    };
    Some(Outcomes {
        summary: outcomes.summary,
        targets: outcomes.targets.clone(),
        predicted,
    })
}

/// What the baseline predicts, in words.
pub fn says(summary: &Summary) -> &'static str {
    match summary {
        Summary::Classes(_) => {
            "the frequencies of the classes, of these very examples, for every one"
        }
        Summary::Numbers(numbers) if numbers.marginal.whole() => {
            "the frequencies of the counts, of these very examples, for every one"
        }
        Summary::Numbers(numbers) if numbers.of_image => {
            "the normal of these very targets' mean and deviation, for every one"
        }
        Summary::Numbers(_) => {
            "the normal of these very targets' mean and deviation, for every one; its crps is that of their distribution"
        }
    }
}

fn of_classes(outcomes: &Outcomes) -> Predictive {
    let (n, width) = (outcomes.examples(), outcomes.predicted.width);
    let mut frequencies = vec![0.0; width.max(2)];
    for example in 0..n {
        frequencies[outcomes.label(example)] += 1.0 / n as f64;
    }
    let nll: Vec<f64> = (0..n)
        .map(|example| -frequencies[outcomes.label(example)].ln())
        .collect();
    let row = match width {
        1 => &frequencies[1..],
        _ => &frequencies,
    };
    let mut predicted = Predictive {
        examples: n,
        draws: 1,
        width,
        mean: row.repeat(n),
        expected_nll: nll.clone(),
        nll,
        ..Predictive::default()
    };
    predicted.within = vec![predicted.entropy(0); n];
    predicted
}

fn of_numbers(outcomes: &Outcomes, numbers: &Numbers) -> Predictive {
    let (n, entries) = (outcomes.examples(), numbers.entries);
    let entry = |entry: usize| {
        let targets = outcomes.targets.iter().skip(entry).step_by(entries);
        let targets: Vec<f64> = targets.copied().collect();
        match numbers.marginal.whole() {
            true => Entry::of_counts(targets),
            false => Entry::of_reals(targets),
        }
    };
    let all: Vec<Entry> = (0..entries).map(entry).collect();
    let each = |of: &dyn Fn(&Entry, usize) -> f64| -> Vec<f64> {
        let pairs = (0..n).flat_map(|example| all.iter().map(move |entry| (entry, example)));
        pairs.map(|(entry, example)| of(entry, example)).collect()
    };
    let nll: Vec<f64> = (0..n)
        .map(|example| all.iter().map(|entry| entry.nll[example]).sum())
        .collect();
    // All targets alike have a density without bound.
    let nll = if nll.iter().all(|x: &f64| x.is_finite()) {
        nll
    } else {
        vec![]
    };
    Predictive {
        examples: n,
        draws: 1,
        width: entries,
        mean: each(&|entry, _| entry.mean),
        within: each(&|entry, _| entry.variance),
        disagreement: vec![],
        between: vec![0.0; n * entries],
        expected_nll: nll.clone(),
        nll,
        levels: (0..n)
            .flat_map(|example| all.iter().map(move |entry| entry.levels[example]))
            .collect(),
        asked: vec![],
        quantiles: vec![],
        medians: each(&|entry, _| entry.median),
        ends: (0..n)
            .flat_map(|_| all.iter().map(|entry| entry.ends))
            .collect(),
        crps: each(&|entry, example| entry.crps[example]),
    }
}

/// The baseline of one entry of the targets.
struct Entry {
    mean: f64,
    variance: f64,
    median: f64,
    ends: [[f64; 2]; INTERVALS.len()],
    nll: Vec<f64>,
    levels: Vec<[f64; 2]>,
    crps: Vec<f64>,
}

impl Entry {
    fn of_reals(targets: Vec<f64>) -> Self {
        let (mean, variance) = moments(&targets);
        let Summary::Numbers(normal) = Normal.summary(&TargetKind::Real(1)) else {
            panic!("a normal number is a number")
        };
        let marginal = normal.marginal;
        let part = [mean, variance];
        let quantile = |p| crate::likelihood::quantile(marginal, &[&part], p);
        let nll = |y: &f64| {
            0.5 * ((y - mean).powi(2) / variance + (std::f64::consts::TAU * variance).ln())
        };
        Entry {
            mean,
            variance,
            median: mean,
            ends: ends(quantile),
            nll: targets.iter().map(nll).collect(),
            levels: (targets.iter())
                .map(|y| [marginal.level(&part, *y); 2])
                .collect(),
            crps: empirical_crps(&targets),
        }
    }

    fn of_counts(targets: Vec<f64>) -> Self {
        let (mean, variance) = moments(&targets);
        let mut sorted = targets.clone();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len() as f64;
        let level = |y: f64| {
            let below = sorted.partition_point(|x| *x < y) as f64 / n;
            [below, sorted.partition_point(|x| *x <= y) as f64 / n]
        };
        // The least count with at least p up to it; rounding must not make it the next.
        let quantile = |p: f64| sorted[((p * n - 1e-9).ceil() as usize).clamp(1, sorted.len()) - 1];
        let levels: Vec<[f64; 2]> = targets.iter().map(|y| level(*y)).collect();
        Entry {
            mean,
            variance,
            median: quantile(0.5),
            ends: ends(quantile),
            nll: (levels.iter())
                .map(|[below, upto]| -(upto - below).ln())
                .collect(),
            levels,
            crps: empirical_crps(&targets),
        }
    }
}

fn moments(targets: &[f64]) -> (f64, f64) {
    let n = targets.len() as f64;
    let mean = targets.iter().sum::<f64>() / n;
    let squares: f64 = targets.iter().map(|y| (y - mean).powi(2)).sum();
    (mean, squares / n)
}

fn ends(quantile: impl Fn(f64) -> f64) -> [[f64; 2]; INTERVALS.len()] {
    INTERVALS.map(|c| [quantile((1.0 - c) / 2.0), quantile((1.0 + c) / 2.0)])
}

/// `mean |x − y| − ½ mean |x − x′|` over the targets x, for each target y.
fn empirical_crps(targets: &[f64]) -> Vec<f64> {
    let n = targets.len() as f64;
    let mut sorted = targets.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut sums = vec![0.0];
    for x in &sorted {
        sums.push(sums[sums.len() - 1] + x);
    }
    let whole = sums[sorted.len()];
    let to_all = |y: f64| {
        let below = sorted.partition_point(|x| *x < y);
        let to_below = below as f64 * y - sums[below];
        let to_above = whole - sums[below] - (n - below as f64) * y;
        (to_below + to_above) / n
    };
    let each: Vec<f64> = targets.iter().map(|y| to_all(*y)).collect();
    let to_each_other = each.iter().sum::<f64>() / n;
    each.iter().map(|x| x - to_each_other / 2.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::tests::{number, of_classes};
    use crate::score::{measure, tests::of_reals};

    #[test]
    fn frequencies_have_the_entropy_as_nll() {
        let outcomes = of_classes(
            &[&[0.9, 0.1], &[0.2, 0.8], &[0.6, 0.4], &[0.5, 0.5]],
            &[0, 1, 0, 0],
        );
        let found = measure(&baseline(&outcomes).unwrap(), 0);
        let entropy = -(0.75f64 * 0.75f64.ln() + 0.25 * 0.25f64.ln());
        assert!((number(&found, "nll") - entropy).abs() < 1e-15);
        assert_eq!(number(&found, "accuracy"), 0.75);
        // 2 · 0.75 · 0.25
        assert!((number(&found, "brier") - 0.375).abs() < 1e-15);
        assert!(number(&found, "ece") < 1e-15);
        assert!(number(&found, "mutual_information") < 1e-15);
    }

    #[test]
    fn the_normal_of_the_targets_has_their_deviation_as_rmse() {
        let targets = [1.0, 4.0, 4.0, 11.0];
        let found = measure(&baseline(&of_reals(&[0.0; 4], &targets)).unwrap(), 0);
        let deviation = (54.0f64 / 4.0).sqrt();
        assert!((number(&found, "rmse") - deviation).abs() < 1e-14);
        let nll = 0.5 + deviation.ln() + 0.5 * std::f64::consts::TAU.ln();
        assert!((number(&found, "nll") - nll).abs() < 1e-14);
        // Half the mean distance of two: (3+3+10 + 0+7 + 7)·2/16/2.
        assert!((number(&found, "crps") - 30.0 / 16.0).abs() < 1e-14);
        let width = 2.0 * 1.644_853_626_951_472_2 * deviation;
        assert!((number(&found, "width_90") - width).abs() < 1e-12);
    }

    /// Its density is infinite: there is no nll to tell.
    #[test]
    fn constant_targets_have_no_nll() {
        let found = measure(&baseline(&of_reals(&[0.0; 3], &[2.0; 3])).unwrap(), 0);
        assert!(found.iter().all(|score| score.about.name != "nll"));
        assert_eq!((number(&found, "rmse"), number(&found, "crps")), (0.0, 0.0));
        assert!(found.iter().all(|score| score.value.is_finite()));
    }
}
