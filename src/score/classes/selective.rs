//! Selective prediction: how right the most confident predictions are, if the others are left to somebody else.
//!
//! Examples are accepted from the most confident on, by the likeliest class's probability. Equal confidences have no
//! order: what is told is the mean over all orders of these, so that of a group of m with e errors the first j have
//! j e/m.

use crate::score::outcomes::Groups;
use crate::score::{About, Better, Outcomes, Score, Unit, Weighted};

/// The examples from the most confident on, and which are wrong.
struct Accepted {
    groups: Groups,
    wrong: Vec<bool>,
}

impl Accepted {
    fn of(outcomes: &Outcomes) -> Option<Self> {
        outcomes.of_classes().then(|| Accepted {
            groups: outcomes.by_confidence(),
            wrong: (0..outcomes.examples())
                .map(|example| !outcomes.is_right(example))
                .collect(),
        })
    }

    /// Calls `each` for every group of equal confidence, the most confident first: how many examples and errors are
    /// before it, and how many it has.
    fn walk(&self, weights: &[f64], mut each: impl FnMut([f64; 2], [f64; 2])) {
        let mut before = [0.0; 2];
        for group in self.groups.all().rev() {
            let mut here = [0.0; 2];
            for &example in group {
                here[0] += weights[example];
                here[1] += weights[example] * f64::from(u8::from(self.wrong[example]));
            }
            if here[0] > 0.0 {
                each(before, here);
                before = [before[0] + here[0], before[1] + here[1]];
            }
        }
    }
}

const TIES: &str = "by the likeliest class's probability; of equal ones the mean over their orders";

/// The area under the risk–coverage curve: the mean over k of the share of errors among the k most confident examples.
pub struct Aurc;

impl Score for Aurc {
    fn about(&self) -> &'static About {
        &About {
            name: "aurc",
            what: "errors among the most confident examples, mean over all coverages",
            scheme: Some(TIES),
            source: "Geifman, Uziel and El-Yaniv 2019",
            unit: Unit::Plain,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        let accepted = Accepted::of(outcomes)?;
        Some(Box::new(move |weights| {
            let mut sum = 0.0;
            accepted.walk(weights, |[n, errors], [m, wrong]| {
                for j in 1..=m as usize {
                    let j = j as f64;
                    sum += (errors + j * wrong / m) / (n + j);
                }
            });
            sum / weights.iter().sum::<f64>()
        }))
    }
}

/// The area under the generalized risk–coverage curve: the mean over the coverages of the share of all examples that are
/// accepted and wrong. `(1 − AUROC) accuracy (1 − accuracy) + (1 − accuracy)²/2`, AUROC that of the confidence as a
/// sign of being right.
pub struct Augrc;

impl Score for Augrc {
    fn about(&self) -> &'static About {
        &About {
            name: "augrc",
            what: "accepted errors as a share of all examples, mean over all coverages",
            scheme: Some(TIES),
            source: "Traub et al. 2024",
            unit: Unit::Plain,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        let accepted = Accepted::of(outcomes)?;
        Some(Box::new(move |weights| {
            let all: f64 = weights.iter().sum();
            let mut sum = 0.0;
            accepted.walk(weights, |[_, errors], [m, wrong]| {
                sum += m * (errors + wrong / 2.0);
            });
            sum / (all * all)
        }))
    }
}

/// The accuracy on the most confident 80 % of the examples.
pub struct AccuracyAt80;

const COVERAGE: f64 = 0.8;

impl Score for AccuracyAt80 {
    fn about(&self) -> &'static About {
        &About {
            name: "accuracy_at_80_coverage",
            what: "of the most confident 80 % have the right class as the likeliest",
            scheme: Some(TIES),
            source: "Geifman and El-Yaniv 2017",
            unit: Unit::Share,
            better: Better::Higher,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        let accepted = Accepted::of(outcomes)?;
        Some(Box::new(move |weights| {
            // Of a fraction of an example that fraction counts.
            let taken = COVERAGE * weights.iter().sum::<f64>();
            let mut errors = 0.0;
            accepted.walk(weights, |[n, _], [m, wrong]| {
                errors += wrong * ((taken - n) / m).clamp(0.0, 1.0);
            });
            1.0 - errors / taken
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::tests::{of_classes, value};

    /// Four examples of one confidence, one of them wrong, and a surer one that is wrong: the mean over the orders.
    #[test]
    fn ties_count_as_the_mean_over_their_orders() {
        let sure: &[f64] = &[0.9, 0.1];
        let same: &[f64] = &[0.6, 0.4];
        let outcomes = of_classes(&[same, sure, same, same, same], &[0, 1, 1, 0, 0]);
        // The place of the wrong one among the four.
        let orders = (0..4).map(|wrong| {
            let errors: Vec<f64> = (0..=4)
                .map(|k| 1.0 + f64::from(u8::from(k > wrong)))
                .collect();
            let risks = errors.iter().zip(1..).map(|(e, k)| e / f64::from(k));
            let at_80 = 1.0 - errors[3] / 4.0;
            (risks.sum::<f64>() / 5.0, at_80)
        });
        let (aurc, at_80) = orders.fold((0.0, 0.0), |a, b| (a.0 + b.0 / 4.0, a.1 + b.1 / 4.0));
        assert!((value(&Aurc, &outcomes) - aurc).abs() < 1e-15);
        assert!((value(&AccuracyAt80, &outcomes) - at_80).abs() < 1e-15);
        // AUROC of confidence: of the 3 × 2 pairs of right and wrong, the sure wrong one loses 3, ties are halves.
        let auroc = 1.5 / 6.0;
        let augrc = (1.0 - auroc) * 0.6 * 0.4 + 0.4 * 0.4 / 2.0;
        assert!((value(&Augrc, &outcomes) - augrc).abs() < 1e-15);
    }

    /// An example of weight 2 is two examples, one of weight 0 is none.
    #[test]
    fn weights_are_how_often_an_example_is_there() {
        let rows: [&[f64]; 3] = [&[0.9, 0.1], &[0.8, 0.2], &[0.3, 0.7]];
        let outcomes = of_classes(&rows, &[1, 0, 0]);
        let twice = of_classes(&[rows[0], rows[2], rows[2]], &[1, 0, 0]);
        for score in [&Aurc as &dyn Score, &Augrc, &AccuracyAt80] {
            let weighted = score.of(&outcomes).unwrap()(&[1.0, 0.0, 2.0]);
            let name = score.about().name;
            assert!((weighted - value(score, &twice)).abs() < 1e-15, "{name}");
        }
    }
}
