//! The predictive summary of a likelihood: what is averaged over draws of the weights, which columns a
//! prediction file has, and which scores there are.
//!
//! A draw of the weights gives each example a row of numbers ([`super::Nll::predictive`]). A summary turns these
//! into the target's own units, averages them over the draws, and compares the average with targets. Nothing
//! outside of this room asks what kind a target is.

use super::{Classes, INTERVALS, Numbers, Quantile, Tally, Targets};

/// How predictions of a likelihood are summarised.
#[derive(Debug, Clone, Copy)]
pub enum Summary {
    /// By the probabilities of classes.
    Classes(Classes),
    /// By the distribution of each number.
    Numbers(Numbers),
}

/// What is worked out of each predicted number's distribution besides its moments. Of classes the
/// probabilities are everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Nothing.
    Moments,
    /// Where the target lies in it.
    Levels,
    /// That, and quantiles.
    Quantiles,
    /// Where the target lies, the median, the ends of the central intervals and the CRPS: all that scores are made of.
    Scores,
}

/// The predictive distributions of some examples, averaged over draws of the weights.
#[derive(Debug, Clone, Default)]
pub struct Predictive {
    /// Number of examples.
    pub examples: usize,
    /// Number of draws.
    pub draws: usize,
    /// Numbers in `mean` of an example, or of each of its places where a target has several with a class each.
    pub width: usize,
    /// Classes: probabilities averaged over the draws (of 1 alone for a binary target). Numbers: the
    /// mixture's mean, in own units.
    pub mean: Vec<f64>,
    /// Classes: one number an example or place, the mean of the draws' entropies in nats. Numbers: the mean
    /// of the draws' variances, the aleatoric part. Empty for classes whose average over the weights is a closed form.
    pub within: Vec<f64>,
    /// Classes at a temperature: what the draws disagree about without it, one number an example or place. Empty
    /// elsewhere, where it is the entropy less `within`.
    pub disagreement: Vec<f64>,
    /// Numbers: the variance of the draws' means, the epistemic part. Empty for classes.
    pub between: Vec<f64>,
    /// −ln of the mean over the draws of p(target), in own units, [`Summary::densities`] an example; empty without
    /// targets.
    pub nll: Vec<f64>,
    /// −ln p(target) averaged over the draws, one an example (summed over its places): the ELBO's data term; empty
    /// without targets.
    pub expected_nll: Vec<f64>,
    /// Numbers, where it is asked for: P(Y < target) and P(Y <= target) under the mixture, by entry; empty
    /// without targets.
    pub levels: Vec<[f64; 2]>,
    /// Which quantiles `quantiles` has.
    pub asked: Vec<Quantile>,
    /// Numbers, where it is asked for: the quantiles of one entry after the other, in own units.
    pub quantiles: Vec<f64>,
    /// Numbers, for [`Detail::Scores`]: the median of the mixture by entry, in own units.
    pub medians: Vec<f64>,
    /// Numbers, for [`Detail::Scores`]: the ends of the central intervals [`super::INTERVALS`] by entry, in own units.
    pub ends: Vec<[[f64; 2]; INTERVALS.len()]>,
    /// Numbers, for [`Detail::Scores`]: the continuous ranked probability score of the mixture by entry, in own units;
    /// empty without targets.
    pub crps: Vec<f64>,
}

impl Predictive {
    /// How many rows `mean` has: one an example, or one for each place of it.
    pub fn rows(&self) -> usize {
        self.mean.len() / self.width.max(1)
    }

    /// One row of `mean`: an example's, or a place's.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.mean[row * self.width..][..self.width]
    }

    /// The predictions of one example.
    pub fn example(&self, example: usize) -> Predictive {
        fn part<T: Clone>(all: &[T], examples: usize, example: usize) -> Vec<T> {
            let each = all.len() / examples;
            all[example * each..(example + 1) * each].to_vec()
        }
        let n = self.examples;
        Predictive {
            examples: 1,
            draws: self.draws,
            width: self.width,
            mean: part(&self.mean, n, example),
            within: part(&self.within, n, example),
            disagreement: part(&self.disagreement, n, example),
            between: part(&self.between, n, example),
            nll: part(&self.nll, n, example),
            expected_nll: part(&self.expected_nll, n, example),
            levels: part(&self.levels, n, example),
            asked: self.asked.clone(),
            quantiles: part(&self.quantiles, n, example),
            medians: part(&self.medians, n, example),
            ends: part(&self.ends, n, example),
            crps: part(&self.crps, n, example),
        }
    }

    /// Appends what [`Summary::locate`] found of the next example.
    pub fn append_located(&mut self, located: Predictive) {
        self.levels.extend(located.levels);
        self.quantiles.extend(located.quantiles);
        self.medians.extend(located.medians);
        self.ends.extend(located.ends);
        self.crps.extend(located.crps);
    }
}

/// One column or array of a prediction file.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What its entries are named after.
    pub entries: Entries,
    /// The numbers, one example after the other.
    pub values: Vec<f64>,
}

/// What the entries of a column are named after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entries {
    /// There is one number an example.
    One,
    /// The classes.
    Classes,
    /// The entries of a target.
    Targets,
}

/// How good predictions are in one respect.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Its name.
    pub name: &'static str,
    /// The number or numbers.
    pub value: ScoreValue,
    /// What it is, in a line.
    pub what: &'static str,
}

/// The value of a [`Score`].
#[derive(Debug, Clone, PartialEq)]
pub enum ScoreValue {
    /// A share of the examples.
    Share(f64),
    /// A number.
    Number(f64),
    /// A number for each entry of the targets.
    Entries(Vec<f64>),
    /// A share of the examples for each entry of the targets.
    Shares(Vec<f64>),
    /// The share of the targets that each interval covers.
    Coverage(Vec<Coverage>),
}

impl Score {
    pub(super) fn new(name: &'static str, value: ScoreValue, what: &'static str) -> Self {
        Score { name, value, what }
    }
}

/// The share of the targets that lies in a predictive interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coverage {
    /// The probability of the interval: 0.9 from the 5 % to the 95 % quantile.
    pub interval: f64,
    /// The share of the targets, entry by entry, that lies in it.
    pub covered: f64,
}

/// How well a minibatch or an epoch was predicted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fit {
    /// The share of the examples whose likeliest class is right.
    Accuracy(f64),
    /// The root of the mean squared error, in the target's own units.
    Rmse(f64),
}

impl Fit {
    /// Its name and its number.
    pub fn entry(self) -> (&'static str, f64) {
        match self {
            Fit::Accuracy(x) => ("accuracy", x),
            Fit::Rmse(x) => ("rmse", x),
        }
    }
}

/// How the predictions of some examples compare with their targets.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Compared {
    /// Entries of the targets: labels or numbers that are there.
    pub entries: u64,
    /// Of labels, how many are those of the likeliest class.
    pub hits: u64,
    /// Of numbers, the squared errors in own units, summed.
    pub squared_error: f64,
}

/// The offset and scale of each entry of a target: y = scale · y′ + offset, y′ as the network has it. Of an image
/// they are those of its channels.
#[derive(Debug, Clone, Copy)]
pub struct Units<'a> {
    /// The offsets.
    pub offset: &'a [f64],
    /// The scales.
    pub scale: &'a [f64],
}

impl Units<'_> {
    /// The offset and the scale of an entry.
    #[inline]
    pub fn at(&self, entry: usize) -> (f64, f64) {
        let channel = entry % self.offset.len();
        (self.offset[channel], self.scale[channel])
    }
}

/// The value of one entry of an example's target, in own units; NaN where it is missing.
pub type TargetOf<'a> = &'a dyn Fn(usize, usize) -> f64;

impl Summary {
    /// The same of a mixture of so many components, each of which as many numbers describe.
    pub fn of_components(self, components: usize) -> Summary {
        match self {
            Summary::Classes(_) => self,
            Summary::Numbers(numbers) => Summary::Numbers(Numbers {
                each: numbers.each * components,
                ..numbers
            }),
        }
    }

    /// Numbers of a row of [`super::Nll::predictive`].
    pub fn row(&self) -> usize {
        match self {
            Summary::Classes(classes) => classes.row(),
            Summary::Numbers(numbers) => numbers.row(),
        }
    }

    /// Probabilities or densities of an example that are each averaged over the draws by itself: of a target with a class
    /// at each of several places one a place, else one of the whole target.
    pub fn densities(&self) -> usize {
        match self {
            Summary::Classes(classes) => classes.places,
            Summary::Numbers(_) => 1,
        }
    }

    /// Numbers that [`Predictive`] keeps of an example, with as much detail.
    pub fn kept(&self, detail: Detail) -> usize {
        match self {
            Summary::Classes(classes) => classes.row() + 2 * classes.places,
            Summary::Numbers(numbers) => {
                let located = match detail {
                    Detail::Moments => 0,
                    Detail::Levels => 2,
                    Detail::Quantiles => 2 + Quantile::usual().len(),
                    Detail::Scores => 2 + 1 + 2 * INTERVALS.len() + 1,
                };
                (3 + located) * numbers.entries + 1
            }
        }
    }

    /// Whether a draw's distribution of y′ is, for y = scale · y′ + offset, of the same family: targets may
    /// be standardized.
    pub fn standardizes(&self) -> bool {
        match self {
            Summary::Classes(_) => false,
            Summary::Numbers(numbers) => numbers.marginal.standardizes(),
        }
    }

    /// Whether single targets may lie so far out that means and squares are theirs alone, as under a Cauchy
    /// distribution: targets are then standardized by median and interquartile range, and an RMSE says nothing.
    pub fn heavy_tailed(&self) -> bool {
        match self {
            Summary::Classes(_) => false,
            Summary::Numbers(numbers) => numbers.marginal.heavy_tailed(),
        }
    }

    /// A prediction of `examples` examples before the first draw.
    pub fn begin(&self, examples: usize, draws: usize) -> Predictive {
        let (width, within, between) = match self {
            Summary::Classes(classes) => (classes.probabilities, classes.places, 0),
            Summary::Numbers(numbers) => (numbers.entries, numbers.entries, numbers.entries),
        };
        let row = match self {
            Summary::Classes(classes) => classes.row(),
            Summary::Numbers(_) => width,
        };
        Predictive {
            examples,
            draws,
            width,
            mean: vec![0.0; examples * row],
            within: vec![0.0; examples * within],
            between: vec![0.0; examples * between],
            asked: Quantile::usual(),
            ..Predictive::default()
        }
    }

    /// Writes one draw's row of an example to `out`, in own units.
    pub fn in_units(&self, row: &[f32], units: Units, out: &mut [f64]) {
        match self {
            Summary::Classes(_) => {
                let pairs = out.iter_mut().zip(row);
                pairs.for_each(|(out, p)| *out = f64::from(*p));
            }
            Summary::Numbers(numbers) => numbers.in_units(row, units, out),
        }
    }

    /// Adds one draw's distribution of the example at `place`, as [`Summary::in_units`] made it. `draw`
    /// counts from 0.
    pub fn add(&self, into: &mut Predictive, place: usize, draw: usize, row: &[f64]) {
        match self {
            Summary::Classes(classes) => classes.add(into, place, draw, row),
            Summary::Numbers(numbers) => numbers.add(into, place, draw, row),
        }
    }

    /// After the last draw.
    pub fn finish(&self, predicted: &mut Predictive) {
        let draws = predicted.draws as f64;
        predicted.between.iter_mut().for_each(|sum| *sum /= draws);
    }

    /// Of predictions that are averages over the weights in themselves, after [`Summary::finish`]: gives the weights their
    /// part of each variance, `of_weights` in the network's units. Of classes the parts are not known then.
    pub fn split(&self, predicted: &mut Predictive, of_weights: &[f64], units: Units) {
        match self {
            Summary::Classes(_) => predicted.within.clear(),
            Summary::Numbers(numbers) => {
                let parts = predicted.within.iter_mut().zip(&mut predicted.between);
                for (at, ((within, between), part)) in parts.zip(of_weights).enumerate() {
                    let (_, scale) = units.at(at % numbers.entries);
                    *between = part * scale * scale;
                    *within = (*within - *between).max(0.0);
                }
            }
        }
    }

    /// Whether [`Summary::locate`] has to see all draws of an example together.
    pub fn keeps_draws(&self, detail: Detail) -> bool {
        matches!(self, Summary::Numbers(_)) && detail > Detail::Moments
    }

    /// Appends what `detail` asks for of one example; `rows` are its rows of all draws, `target` its target.
    pub fn locate(
        &self,
        into: &mut Predictive,
        rows: &[f64],
        detail: Detail,
        target: Option<&dyn Fn(usize) -> f64>,
    ) {
        if let Summary::Numbers(numbers) = self {
            numbers.locate(into, rows, detail, target);
        }
    }

    /// What a prediction file holds of a prediction: see [`Classes`] and [`Numbers`].
    pub fn columns(&self, predicted: &Predictive) -> Vec<Column> {
        match self {
            Summary::Classes(_) => Classes::columns(predicted),
            Summary::Numbers(numbers) => numbers.columns(predicted),
        }
    }

    /// The sums that scores are made of, before the first example.
    pub fn tally(&self) -> Tally {
        match self {
            Summary::Classes(classes) => Tally::Classes(classes.tally()),
            Summary::Numbers(numbers) => Tally::Numbers(numbers.tally()),
        }
    }

    /// How good a prediction is; the first score is the one that a training run shows.
    pub fn scores(&self, predicted: &Predictive, target: TargetOf) -> Vec<Score> {
        let mut tally = self.tally();
        tally.add(predicted, target);
        tally.scores()
    }

    /// Compares rows that one draw predicts with the targets.
    pub fn compare(&self, rows: &[f32], targets: Targets<f32>, units: Units) -> Compared {
        match self {
            Summary::Classes(classes) => {
                let (hits, entries) = classes.hits(rows, targets.labels());
                Compared {
                    entries,
                    hits,
                    ..Compared::default()
                }
            }
            Summary::Numbers(numbers) => {
                let (squared_error, entries) = numbers.squared_error(rows, targets.reals(), units);
                Compared {
                    entries,
                    squared_error,
                    ..Compared::default()
                }
            }
        }
    }

    /// The fit of examples of which [`Summary::compare`] gives these sums; 0 of such that have no target at all.
    pub fn fit(&self, of: &Compared) -> Fit {
        let count = of.entries.max(1) as f64;
        match self {
            Summary::Classes(_) => Fit::Accuracy(of.hits as f64 / count),
            Summary::Numbers(_) => Fit::Rmse((of.squared_error / count).sqrt()),
        }
    }

    /// How draws are averaged, as a paper says it.
    pub fn prose(&self) -> String {
        match self {
            Summary::Classes(_) => {
                "So probabilities are averaged, and not logits; the score of a target is $-ln$ of its \
                 averaged probability."
                    .into()
            }
            Summary::Numbers(numbers) => {
                let whole = numbers.marginal.whole();
                let what = if whole { "probability" } else { "density" };
                format!(
                    "With $m_s$ and $v_s$ the mean and variance of the likelihood at draw $s$, its mean is $1/S \
                 sum_s m_s$ and its variance $$1/S sum_s v_s + [1/S sum_s m_s^2 - (1/S sum_s m_s)^2],$$ \
                 the part of the noise and the part of the weights. The score of a target is $-ln$ of \
                 its averaged {what}."
                )
            }
        }
    }
}
