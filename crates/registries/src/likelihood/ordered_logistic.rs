//! One of k classes that have an order: bad, fair, good (McCullagh 1980, the proportional-odds model).

use super::{
    ArgumentAt, Classes, Information, Likelihood, MISSING, Nll, Rows, Summary, TargetKind, Targets,
    settled, value,
};
use crate::signature::{Domain, Kind, Parameter, Signature};
use crate::tensor::Math;

/// OrderedLogistic(eta, cutpoints): the class is the one between whose cutpoints a logistic variable about eta falls
///
/// ```text
/// p(y) = sigmoid(a) - sigmoid(b),   a = c_(y+1) - eta, b = c_y - eta,   c_0 = -∞ < c_1 < … < c_(k-1) < c_k = ∞
/// nll = softplus(-a) + softplus(b) - ln(1 - exp(b - a))
/// ∂nll/∂eta = sigmoid(-a) - sigmoid(b)
/// ∂nll/∂a = -sigmoid(-a) - r        ∂nll/∂b = sigmoid(b) + r,   r = 1/(exp(a - b) - 1)
/// ```
///
/// The form of the nll is a product of the difference, of which nothing cancels where both terms are close to 0 or 1.
/// Classes y are counted from 0. Of a target with a class at each of several places, the sum over those that have one.
pub struct OrderedLogistic;

static SIGNATURE: Signature = Signature {
    name: "OrderedLogistic",
    summary: "one of k classes that have an order, by where a number lies among k - 1 cutpoints",
    parameters: &[
        value(
            "eta",
            Domain::Real,
            "one number: the larger, the later the class",
        ),
        Parameter {
            name: "cutpoints",
            kind: Kind::Ordered,
            default: None,
            summary: "k - 1 numbers in ascending order, between the classes",
        },
    ],
};

/// The numbers between which a class lies.
struct Between<T> {
    /// c_(y+1) - eta; `None` of the last class.
    upper: Option<T>,
    /// c_y - eta; `None` of the first class.
    lower: Option<T>,
}

impl<T: Math> Between<T> {
    /// Of a class of the example n, whose place has this eta.
    fn new(cutpoints: &Rows<T>, last: usize, n: usize, eta: T, class: usize) -> Self {
        let less = |at: usize| cutpoints.at(n, at) - eta;
        Between {
            upper: (class < last).then(|| less(class)),
            lower: (class > 0).then(|| less(class - 1)),
        }
    }

    /// sigmoid(-a): how likely a later class is.
    fn above(&self) -> T {
        self.upper.map_or(T::zero(), |a| (-a).sigmoid())
    }

    /// sigmoid(b): how likely an earlier class is.
    fn below(&self) -> T {
        self.lower.map_or(T::zero(), |b| b.sigmoid())
    }

    /// a - b, of a class between two others.
    fn width(&self) -> Option<T> {
        Some(self.upper? - self.lower?)
    }

    fn nll(&self) -> T {
        let above = self.upper.map_or(T::zero(), |a| (-a).softplus());
        let below = self.lower.map_or(T::zero(), |b| b.softplus());
        let within = self.width().map_or(T::zero(), |width| {
            // ln(1 - exp(-width)): either form where it has its digits.
            match width > T::of(std::f64::consts::LN_2) {
                true => (-(-width).exp()).ln_1p(),
                false => (-(-width).exp_m1()).ln(),
            }
        });
        above + below - within
    }

    fn probability(&self) -> T {
        let not_above = self.upper.map_or(T::one(), |a| a.sigmoid());
        let not_below = self.lower.map_or(T::one(), |b| (-b).sigmoid());
        let within = self.width().map_or(T::one(), |width| -(-width).exp_m1());
        not_above * not_below * within
    }
}

impl Likelihood for OrderedLogistic {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn arguments(&self, target: &TargetKind) -> Result<Vec<usize>, String> {
        match target {
            TargetKind::Category(classes) => Ok(vec![1, classes - 1]),
            TargetKind::Categories { classes, places } => Ok(vec![places.len(), classes - 1]),
            other => Err(format!(
                "OrderedLogistic is for a category, and the target is {other}"
            )),
        }
    }

    // Cutpoints are counted from 1, classes from 0; the outermost are infinite.
    fn formula(&self) -> &'static str {
        "ln(1 + exp(eta - cutpoints_j)) + ln(1 + exp(cutpoints_y - eta)) \
         - ln(1 - exp(cutpoints_y - cutpoints_j)), j = y + 1"
    }

    fn notation(&self) -> &'static str {
        "OrderedLogistic(eta, cutpoints)"
    }

    /// ln k where the cutpoints make all classes as likely.
    fn uninformed(&self, target: &TargetKind) -> Option<f64> {
        self.arguments(target).ok()?;
        let classes = target.classes()? as f64;
        Some(target.entries() as f64 * classes.ln())
    }

    /// By eta: Σ (∂p/∂eta)²/p over the classes. Cutpoints do not come from the network.
    fn information(
        &self,
        arguments: &[ArgumentAt],
        observed: &[bool],
    ) -> Result<Information, String> {
        let cutpoints = Rows {
            values: arguments[1].values,
            stride: 0,
            step: usize::from(arguments[1].values.len() > 1),
        };
        let last = arguments[1].values.len();
        let of_entry = |(entry, is_there): (usize, &bool)| {
            let eta = arguments[0].at(entry);
            let of_class = |class: usize| {
                let between = Between::new(&cutpoints, last, 0, eta, class);
                // ∂ ln p/∂eta
                let score = between.below() - between.above();
                between.probability() * score * score
            };
            match is_there {
                true => (0..=last).map(of_class).sum(),
                false => 0.0,
            }
        };
        match arguments[0].is_of_network {
            true => Ok(Information::diagonal(
                observed.iter().enumerate().map(of_entry),
            )),
            false => Ok(Information::diagonal(std::iter::empty())),
        }
    }

    fn summary(&'static self, target: &TargetKind) -> Summary {
        Summary::Classes(Classes {
            probabilities: target.classes().unwrap_or(1),
            places: target.entries(),
        })
    }
}

impl<T: Math> Nll<T> for OrderedLogistic {
    fn nll(
        &self,
        arguments: &[Rows<T>],
        targets: Targets<T>,
        weight: T,
        nll: &mut [T],
        gradients: &mut [&mut [T]],
    ) {
        let [by_eta, by_cutpoints] = gradients else {
            panic!("OrderedLogistic has two arguments")
        };
        let (eta, cutpoints) = (&arguments[0], &arguments[1]);
        let last = cutpoints.width(nll.len());
        let places = (targets.labels().len() / nll.len().max(1)).max(1);
        let labels = targets.labels().chunks_exact(places);
        for (n, (nll, labels)) in nll.iter_mut().zip(labels).enumerate() {
            *nll = T::zero();
            let there = labels.iter().enumerate();
            for (place, &label) in there.filter(|(_, label)| **label != MISSING) {
                let class = label as usize;
                let between = Between::new(cutpoints, last, n, eta.at(n, place), class);
                *nll += between.nll();
                let (above, below) = (between.above(), between.below());
                if !by_eta.is_empty() {
                    let change = settled(weight * above) - settled(weight * below);
                    by_eta[eta.place(n, place)] += change;
                }
                if !by_cutpoints.is_empty() {
                    let rest = between
                        .width()
                        .map_or(T::zero(), |width| T::one() / width.exp_m1());
                    if class < last {
                        by_cutpoints[cutpoints.place(n, class)] -= weight * (above + rest);
                    }
                    if class > 0 {
                        by_cutpoints[cutpoints.place(n, class - 1)] += weight * (below + rest);
                    }
                }
            }
        }
    }

    fn nll_only(&self, arguments: &[Rows<T>], targets: Targets<T>, nll: &mut [T]) {
        let none: [&mut [T]; 2] = [&mut [], &mut []];
        self.nll(arguments, targets, T::zero(), nll, &mut { none });
    }

    fn predictive(&self, arguments: &[Rows<T>], [examples, _]: [usize; 2], out: &mut [T]) {
        let (eta, cutpoints) = (&arguments[0], &arguments[1]);
        let classes = out.len() / examples.max(1);
        for (n, row) in out.chunks_exact_mut(classes.max(1)).enumerate() {
            for (class, out) in row.iter_mut().enumerate() {
                *out = Between::new(cutpoints, classes - 1, n, eta.at(n, 0), class).probability();
            }
        }
    }
}
