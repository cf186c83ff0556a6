//! The sums that scores are made of. Predictions are added some examples at a time, so that those of large targets need
//! not all be kept.

use super::summary::{Coverage, Score, ScoreValue, TargetOf};
use super::{INTERVALS, Predictive};

/// Bins of the calibration error.
const BINS: usize = 15;
/// The interval whose coverage is told of each entry of a target by itself.
const BY_ENTRY: f64 = 0.9;

/// The sums of a likelihood's scores.
#[derive(Debug, Clone)]
pub enum Tally {
    /// Of classes.
    Classes(ClassTally),
    /// Of numbers.
    Numbers(NumberTally),
}

impl Tally {
    /// Adds predictions; `target` counts these examples from 0.
    pub fn add(&mut self, predicted: &Predictive, target: TargetOf) {
        match self {
            Tally::Classes(tally) => tally.add(predicted, target),
            Tally::Numbers(tally) => tally.add(predicted, target),
        }
    }

    /// Adds the sums of other examples so many `times`, as resampling them does.
    ///
    /// # Panics
    ///
    /// Where one is of classes and the other of numbers.
    pub fn add_tally(&mut self, other: &Tally, times: usize) {
        match (self, other) {
            (Tally::Classes(tally), Tally::Classes(other)) => tally.add_tally(other, times),
            (Tally::Numbers(tally), Tally::Numbers(other)) => tally.add_tally(other, times),
            _ => panic!("sums of one kind"),
        }
    }

    /// The sums of no example.
    pub fn clear(&mut self) {
        match self {
            Tally::Classes(tally) => {
                *tally = ClassTally::new(tally.classes, tally.of_places);
            }
            Tally::Numbers(tally) => {
                *tally = NumberTally::new(tally.entries, tally.squares_by_entry.len(), tally.whole);
            }
        }
    }

    /// The same sums in less memory, for [`Tally::add_tally`] alone: most pairs of classes are not in an image.
    pub fn compact(mut self) -> Self {
        if let Tally::Classes(tally) = &mut self {
            let cells = std::mem::take(&mut tally.confusion).into_iter().enumerate();
            tally.cells = cells.filter(|(_, count)| *count > 0).collect();
        }
        self
    }

    /// The scores; the first is the one that a training run shows.
    pub fn scores(&self) -> Vec<Score> {
        match self {
            Tally::Classes(tally) => tally.scores(),
            Tally::Numbers(tally) => tally.scores(),
        }
    }
}

/// Predictions of classes whose likeliest class has a probability within some range.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bin {
    /// How many of them are right.
    pub right: f64,
    /// The sum of the probabilities.
    pub says: f64,
    /// What `right` would vary by if these were true.
    pub variance: f64,
}

/// The sums of classes: over examples, or over all places of examples that have several.
#[derive(Debug, Clone, Default)]
pub struct ClassTally {
    /// The number of classes.
    classes: usize,
    of_places: bool,
    /// Places of each class (a row) that are predicted as each (a column); empty where examples have one place.
    confusion: Vec<u64>,
    /// Those of its numbers that are not 0, once it is [compact](Tally::compact).
    cells: Vec<(usize, u64)>,
    examples: usize,
    count: usize,
    hits: usize,
    nll: f64,
    brier: f64,
    bins: Vec<Bin>,
}

impl ClassTally {
    pub(super) fn new(classes: usize, of_places: bool) -> Self {
        ClassTally {
            classes,
            of_places,
            confusion: vec![0; if of_places { classes * classes } else { 0 }],
            bins: vec![Bin::default(); BINS],
            ..ClassTally::default()
        }
    }

    /// How many examples there are.
    pub fn examples(&self) -> usize {
        self.examples
    }

    /// How many predictions there are: one an example, or one for each of its places that has a label.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Bins of equal width of the likeliest class's probability.
    pub fn bins(&self) -> &[Bin] {
        &self.bins
    }

    fn add(&mut self, predicted: &Predictive, target: TargetOf) {
        let rows = predicted.rows();
        let places = rows / predicted.examples.max(1);
        for i in 0..rows {
            let label = target(i / places, i % places);
            if label.is_nan() {
                continue;
            }
            let label = label as usize;
            self.count += 1;
            let (top, p) = predicted.top(i);
            self.hits += usize::from(top == label);
            let row = predicted.row(i);
            self.brier += match row {
                [p] => (p - label as f64).powi(2),
                row => row
                    .iter()
                    .enumerate()
                    .map(|(k, p)| (p - f64::from(u8::from(k == label))).powi(2))
                    .sum(),
            };
            let bin = &mut self.bins[((p * BINS as f64).ceil() as usize).clamp(1, BINS) - 1];
            bin.right += f64::from(u8::from(top == label));
            bin.says += p;
            bin.variance += p * (1.0 - p);
            if !self.confusion.is_empty() {
                self.confusion[label * self.classes + top] += 1;
            }
        }
        self.examples += predicted.examples;
        predicted.nll.iter().for_each(|nll| self.nll += nll);
    }

    fn add_tally(&mut self, other: &ClassTally, times: usize) {
        let factor = times as f64;
        let dense = other.confusion.iter().copied().enumerate();
        for (cell, count) in dense.chain(other.cells.iter().copied()) {
            self.confusion[cell] += count * times as u64;
        }
        self.examples += other.examples * times;
        self.count += other.count * times;
        self.hits += other.hits * times;
        self.nll += other.nll * factor;
        self.brier += other.brier * factor;
        for (bin, other) in self.bins.iter_mut().zip(&other.bins) {
            bin.right += other.right * factor;
            bin.says += other.says * factor;
            bin.variance += other.variance * factor;
        }
    }

    /// Of the classes that are there or predicted: the share of the places of both that are so of both.
    fn mean_iou(&self) -> f64 {
        let at = |label: usize, top: usize| self.confusion[label * self.classes + top];
        let all = 0..self.classes;
        let of_class = all.clone().filter_map(|class| {
            let either: u64 = all
                .clone()
                .map(|other| at(class, other) + at(other, class))
                .sum();
            let both = at(class, class);
            (either > 0).then(|| both as f64 / (either - both) as f64)
        });
        let (sum, count) = of_class.fold((0.0, 0), |(sum, count), iou| (sum + iou, count + 1));
        sum / f64::from(count)
    }

    fn scores(&self) -> Vec<Score> {
        let mean = |sum: f64| sum / self.count as f64;
        let of_places = self.of_places;
        let number = |name, value, what| Score::new(name, ScoreValue::Number(value), what);
        let accuracy = ScoreValue::Share(mean(self.hits as f64));
        let what = match of_places {
            true => "of the places have the right class as the likeliest",
            false => "of the examples have the right class as the likeliest",
        };
        let mut scores = vec![Score::new("accuracy", accuracy, what)];
        if of_places {
            let what =
                "overlap of a class's places with those predicted as it, mean over the classes";
            scores.push(Score::new(
                "mean_iou",
                ScoreValue::Share(self.mean_iou()),
                what,
            ));
        }
        let what = match of_places {
            true => {
                "-ln of the labels' averaged probabilities, summed over an example's places, nats"
            }
            false => "-ln of the label's averaged probability, nats",
        };
        let gaps = self.bins.iter().map(|bin| (bin.right - bin.says).abs());
        scores.extend([
            number("nll", self.nll / self.examples as f64, what),
            number(
                "brier",
                mean(self.brier),
                "squared error of the probabilities, summed over classes",
            ),
            number(
                "ece",
                mean(gaps.sum()),
                "gap of confidence and accuracy, 15 bins of equal width",
            ),
        ]);
        scores
    }
}

/// The sums of numbers.
#[derive(Debug, Clone)]
pub struct NumberTally {
    entries: usize,
    whole: bool,
    examples: usize,
    /// Entries of the targets that there are.
    count: usize,
    nll: f64,
    squares: f64,
    /// By entry, where these are told.
    squares_by_entry: Vec<f64>,
    /// How many levels are known.
    levels: usize,
    covered: [usize; INTERVALS.len()],
    covered_by_entry: Vec<usize>,
    /// Whether the distributions are of whole numbers, each with a probability of its own.
    has_steps: bool,
}

impl NumberTally {
    /// Of targets of so many entries; `by_entry` of them are told one by one.
    pub(super) fn new(entries: usize, by_entry: usize, whole: bool) -> Self {
        NumberTally {
            entries,
            whole,
            examples: 0,
            count: 0,
            nll: 0.0,
            squares: 0.0,
            squares_by_entry: vec![0.0; by_entry],
            levels: 0,
            covered: [0; INTERVALS.len()],
            covered_by_entry: vec![0; by_entry],
            has_steps: false,
        }
    }

    /// How many examples there are.
    pub fn examples(&self) -> usize {
        self.examples
    }

    /// Whether an interval of the distributions ends at whole numbers, and holds more than its share.
    pub fn has_steps(&self) -> bool {
        self.has_steps
    }

    fn add(&mut self, predicted: &Predictive, target: TargetOf) {
        for example in 0..predicted.examples {
            for (entry, mean) in predicted.row(example).iter().enumerate() {
                let y = target(example, entry);
                if y.is_nan() {
                    continue;
                }
                self.count += 1;
                let square = (mean - y).powi(2);
                self.squares += square;
                if let Some(sum) = self.squares_by_entry.get_mut(entry) {
                    *sum += square;
                }
            }
        }
        self.examples += predicted.examples;
        predicted.nll.iter().for_each(|nll| self.nll += nll);
        for (at, level) in predicted.levels.iter().enumerate() {
            if target(at / self.entries, at % self.entries).is_nan() {
                continue;
            }
            self.levels += 1;
            for (count, interval) in self.covered.iter_mut().zip(INTERVALS) {
                *count += usize::from(is_covered(level, interval));
            }
            if let Some(count) = self.covered_by_entry.get_mut(at % self.entries) {
                *count += usize::from(is_covered(level, BY_ENTRY));
            }
            self.has_steps |= level[0] < level[1];
        }
    }

    fn add_tally(&mut self, other: &NumberTally, times: usize) {
        let factor = times as f64;
        self.examples += other.examples * times;
        self.count += other.count * times;
        self.nll += other.nll * factor;
        self.squares += other.squares * factor;
        let by_entry = self.squares_by_entry.iter_mut();
        for (sum, other) in by_entry.zip(&other.squares_by_entry) {
            *sum += other * factor;
        }
        self.levels += other.levels * times;
        for (count, other) in self.covered.iter_mut().zip(&other.covered) {
            *count += other * times;
        }
        let by_entry = self.covered_by_entry.iter_mut();
        for (count, other) in by_entry.zip(&other.covered_by_entry) {
            *count += other * times;
        }
        self.has_steps |= other.has_steps;
    }

    fn scores(&self) -> Vec<Score> {
        let n = self.examples as f64;
        let rmse = (self.squares / self.count as f64).sqrt();
        let mut scores = vec![Score::new(
            "rmse",
            ScoreValue::Number(rmse),
            "typical error of the mean, in the target's units",
        )];
        if !self.squares_by_entry.is_empty() {
            let roots = self.squares_by_entry.iter().map(|sum| (sum / n).sqrt());
            let by_entry = ScoreValue::Entries(roots.collect());
            scores.push(Score::new("rmse_by_entry", by_entry, "of"));
        }
        let what = match self.whole {
            true => "-ln of the target's averaged probability, nats",
            false => "-ln of the averaged density, in the target's units",
        };
        scores.push(Score::new("nll", ScoreValue::Number(self.nll / n), what));
        if self.levels > 0 {
            let share = |count: &usize, all: usize| *count as f64 / all as f64;
            let pairs = INTERVALS.into_iter().zip(&self.covered);
            let coverage = pairs.map(|(interval, count)| Coverage {
                interval,
                covered: share(count, self.levels),
            });
            let what = "of the targets are in their central";
            let coverage = ScoreValue::Coverage(coverage.collect());
            scores.push(Score::new("coverage", coverage, what));
            if !self.covered_by_entry.is_empty() {
                let of_entry = self.levels / self.entries;
                let shares = self.covered_by_entry.iter().map(|n| share(n, of_entry));
                scores.push(Score::new(
                    "coverage_by_entry",
                    ScoreValue::Shares(shares.collect()),
                    "in the 90 % interval, of",
                ));
            }
        }
        scores
    }
}

/// A target lies in the central interval of probability c if the mixture has at least (1 − c)/2 up to it, and
/// at most (1 + c)/2 below it.
pub fn is_covered([below, upto]: &[f64; 2], interval: f64) -> bool {
    let half = interval / 2.0;
    below - 0.5 <= half && 0.5 - upto <= half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_covers_what_lies_between_its_ends() {
        let covered = |levels: &[[f64; 2]]| {
            INTERVALS.map(|interval| levels.iter().filter(|l| is_covered(l, interval)).count())
        };
        let levels = [0.01, 0.04, 0.2, 0.26, 0.5, 0.74, 0.96, 0.98].map(|level| [level; 2]);
        assert_eq!(covered(&levels), [3, 4, 6]);
        // A count is in an interval whose end it is.
        let counts = [[0.0, 0.3], [0.01, 0.04], [0.7, 0.97], [0.96, 0.98]];
        assert_eq!(covered(&counts), [2, 2, 4]);
    }

    /// Two examples of three places, added together and one by one.
    #[test]
    fn places_are_scored_one_by_one_whatever_comes_together() {
        let rows = [
            [0.5, 0.3, 0.2],
            [0.1, 0.8, 0.1],
            [0.2, 0.2, 0.6],
            [0.7, 0.2, 0.1],
            [0.6, 0.3, 0.1],
            [0.1, 0.2, 0.7],
        ];
        let labels = [0, 1, 1, 0, 1, 2];
        let predicted = |from: usize, examples: usize| Predictive {
            examples,
            draws: 1,
            width: 3,
            mean: rows[3 * from..3 * (from + examples)].concat(),
            within: vec![0.0; 3 * examples],
            // Not of these rows: float32 has no probability below 1e-45.
            nll: (3 * from..3 * (from + examples))
                .map(|place| 100.0 * place as f64)
                .collect(),
            ..Predictive::default()
        };
        let classes = super::super::Classes {
            probabilities: 3,
            places: 3,
        };
        let mut whole = Tally::Classes(classes.tally());
        whole.add(&predicted(0, 2), &|n, place| {
            f64::from(labels[3 * n + place])
        });
        let mut parts = Tally::Classes(classes.tally());
        for n in 0..2 {
            parts.add(&predicted(n, 1), &|_, place| {
                f64::from(labels[3 * n + place])
            });
        }
        assert_eq!(whole.scores(), parts.scores());
        let number = |name: &str| {
            let scores = whole.scores();
            let score = scores.iter().find(|score| score.name == name).unwrap();
            match score.value {
                ScoreValue::Share(x) | ScoreValue::Number(x) => x,
                _ => panic!("one number"),
            }
        };
        assert_eq!(number("accuracy"), 4.0 / 6.0);
        // Class 0: 2 of 3 places; class 1: 1 of 3; class 2: 1 of 2.
        let iou = (2.0 / 3.0 + 1.0 / 3.0 + 1.0 / 2.0) / 3.0;
        assert!((number("mean_iou") - iou).abs() < 1e-15);
        // A mean over the two examples of the sum over places.
        assert_eq!(number("nll"), 1500.0 / 2.0);
        // Sums of single examples make the same, as often as each is there.
        let mut twice = Tally::Classes(classes.tally());
        let mut resampled = Tally::Classes(classes.tally());
        for (n, times) in [(0, 2), (1, 1)] {
            let mut one = Tally::Classes(classes.tally());
            for _ in 0..times {
                twice.add(&predicted(n, 1), &|_, place| {
                    f64::from(labels[3 * n + place])
                });
            }
            one.add(&predicted(n, 1), &|_, place| {
                f64::from(labels[3 * n + place])
            });
            resampled.add_tally(&one.compact(), times);
        }
        for (a, b) in twice.scores().iter().zip(&resampled.scores()) {
            let (ScoreValue::Share(x) | ScoreValue::Number(x)) = a.value else {
                panic!("one number")
            };
            let (ScoreValue::Share(y) | ScoreValue::Number(y)) = b.value else {
                panic!("one number")
            };
            assert!(
                (x - y).abs() < 1e-12 * x.abs().max(1.0),
                "{}: {x} and {y}",
                a.name
            );
        }
    }

    /// What is scored of places without a target is what is scored of the others alone.
    #[test]
    fn missing_places_are_not_scored() {
        let number = |tally: &Tally, name: &str| {
            let scores = tally.scores();
            let score = scores.iter().find(|score| score.name == name).unwrap();
            match &score.value {
                ScoreValue::Share(x) | ScoreValue::Number(x) => *x,
                ScoreValue::Coverage(all) => all[0].covered,
                _ => panic!("one number"),
            }
        };
        let target = |_: usize, place: usize| [1.0, f64::NAN, 0.0, f64::NAN][place];
        let classes = super::super::Classes {
            probabilities: 2,
            places: 4,
        };
        let mut tally = Tally::Classes(classes.tally());
        let probabilities = [[0.2, 0.8], [0.9, 0.1], [0.4, 0.6], [0.5, 0.5]];
        let predicted = Predictive {
            examples: 1,
            draws: 1,
            width: 2,
            mean: probabilities.concat(),
            within: vec![0.0; 4],
            nll: vec![-0.8f64.ln(), 0.0, -0.4f64.ln(), 0.0],
            ..Predictive::default()
        };
        tally.add(&predicted, &target);
        assert_eq!(number(&tally, "accuracy"), 0.5);
        assert!((number(&tally, "nll") + 0.8f64.ln() + 0.4f64.ln()).abs() < 1e-15);
        let brier = (2.0 * 0.04 + 2.0 * 0.36) / 2.0;
        assert!((number(&tally, "brier") - brier).abs() < 1e-15);
        // One of two places of each class is right: half of what is either.
        assert_eq!(number(&tally, "mean_iou"), 0.5 * (0.0 + 0.5));
        // Numbers.
        let mut tally = Tally::Numbers(NumberTally::new(4, 0, false));
        let predicted = Predictive {
            examples: 1,
            draws: 1,
            width: 4,
            mean: vec![3.0, 7.0, 1.0, 7.0],
            nll: vec![1.5],
            levels: [0.5, f64::NAN, 0.9, f64::NAN]
                .map(|level| [level; 2])
                .to_vec(),
            ..Predictive::default()
        };
        tally.add(&predicted, &target);
        assert!((number(&tally, "rmse") - 2.5f64.sqrt()).abs() < 1e-15);
        assert_eq!(
            (number(&tally, "nll"), number(&tally, "coverage")),
            (1.5, 0.5)
        );
    }
}
