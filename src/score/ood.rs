//! Whether uncertainty tells examples out of distribution from those in it.
//!
//! The positive class is out of distribution, and an example is the more likely to be it the larger its uncertainty is.
//! Equal uncertainties count one half in the AUROC and come together everywhere else.

use super::bootstrap::Resamples;
use super::outcomes::Groups;
use super::{About, Better, Measured, Outcomes, Unit};

/// What examples are told apart by.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    /// Its name, in JSON and in tables.
    pub name: &'static str,
    /// What it is, in a line.
    pub what: &'static str,
    of: fn(&Outcomes, usize) -> f64,
}

/// Of classes.
const OF_CLASSES: [Measure; 3] = [
    Measure {
        name: "entropy",
        what: "entropy of the averaged probabilities",
        of: |outcomes, example| outcomes.predicted.entropy(example),
    },
    Measure {
        name: "mutual_information",
        what: "what the draws disagree about",
        of: |outcomes, example| outcomes.predicted.mutual_information(example),
    },
    Measure {
        name: "maximum_probability",
        what: "1 - probability of the likeliest class",
        of: |outcomes, example| 1.0 - outcomes.predicted.top(example).1,
    },
];

/// Of classes whose average over the weights is a closed form.
const OF_AVERAGED_CLASSES: [Measure; 2] = [OF_CLASSES[0], OF_CLASSES[2]];

/// Of numbers: of several entries the root of the mean of their variances.
const OF_NUMBERS: [Measure; 2] = [
    Measure {
        name: "epistemic_std",
        what: "deviation of the draws' means",
        of: |outcomes, example| root(outcomes, example, &outcomes.predicted.between, &[]),
    },
    Measure {
        name: "std",
        what: "deviation of the whole distribution",
        of: |outcomes, example| {
            let predicted = &outcomes.predicted;
            root(outcomes, example, &predicted.between, &predicted.within)
        },
    },
];

fn root(outcomes: &Outcomes, example: usize, between: &[f64], within: &[f64]) -> f64 {
    let entries = outcomes.entries();
    let places = example * entries..(example + 1) * entries;
    let within: f64 = within.get(places.clone()).unwrap_or(&[]).iter().sum();
    ((between[places].iter().sum::<f64>() + within) / entries as f64).sqrt()
}

/// What examples of such predictions are told apart by.
pub fn measures(outcomes: &Outcomes) -> &'static [Measure] {
    match outcomes.are_classes() {
        true if outcomes.predicted.is_split() => &OF_CLASSES,
        true => &OF_AVERAGED_CLASSES,
        false => &OF_NUMBERS,
    }
}

impl Measure {
    /// Its value for every example.
    pub fn of(&self, outcomes: &Outcomes) -> Vec<f64> {
        (0..outcomes.examples())
            .map(|example| (self.of)(outcomes, example))
            .collect()
    }
}

/// How well a measure tells examples apart.
pub struct Detection {
    /// By what.
    pub by: &'static Measure,
    /// AUROC, AUPR and FPR95.
    pub scores: Vec<Measured>,
}

/// What is told of each measure.
pub static ABOUT: [About; 3] = [
    About {
        name: "auroc",
        what: "of pairs, the example out of distribution is the more uncertain",
        scheme: Some("positive: out of distribution; ties count one half"),
        source: "Hendrycks and Gimpel 2017",
        unit: Unit::Share,
        better: Better::Higher,
    },
    About {
        name: "aupr",
        what: "mean precision over the recalls of examples out of distribution",
        scheme: Some("average precision, positive: out of distribution; ties come together"),
        source: "Hendrycks and Gimpel 2017",
        unit: Unit::Share,
        better: Better::Higher,
    },
    About {
        name: "fpr95",
        what: "of examples out of distribution pass where 95 % in distribution do",
        scheme: Some("the least threshold up to which 95 % of those in distribution lie"),
        source: "Liang, Li and Srikant 2018",
        unit: Unit::Share,
        better: Better::Lower,
    },
];

/// Tells examples apart by each measure there is, with so many resamples of both sides.
pub fn detect(inside: &Outcomes, outside: &Outcomes, resamples: usize) -> Vec<Detection> {
    let (n, m) = (inside.examples(), outside.examples());
    let by = measures(inside);
    let ordered: Vec<Ordered> = by
        .iter()
        .map(|measure| Ordered::of(&measure.of(inside), &measure.of(outside)))
        .collect();
    let found: Vec<[f64; 3]> = (ordered.iter())
        .map(|one| one.scores(&vec![1.0; n], &vec![1.0; m]))
        .collect();
    // Of each resample the examples in distribution are those of every other score of this run.
    let draws = [
        Resamples::new(n, resamples),
        Resamples::beside(m, resamples),
    ];
    let replicates = draws[0].rows(|resample| {
        let [inside, outside] = draws.map(|draws| draws.weights(resample));
        let each = ordered.iter().map(|one| one.scores(&inside, &outside));
        each.collect::<Vec<_>>()
    });
    by.iter()
        .enumerate()
        .map(|(at, by)| Detection {
            by,
            scores: (ABOUT.iter().enumerate())
                .map(|(which, about)| Measured {
                    about,
                    value: found[at][which],
                    replicates: replicates.iter().map(|row| row[at][which]).collect(),
                })
                .collect(),
        })
        .collect()
}

/// Examples of both sides by a measure.
struct Ordered {
    groups: Groups,
    /// The first so many are in distribution.
    inside: usize,
}

impl Ordered {
    fn of(inside: &[f64], outside: &[f64]) -> Self {
        Ordered {
            groups: Groups::of(&[inside, outside].concat()),
            inside: inside.len(),
        }
    }

    /// AUROC, AUPR and FPR95, weighted.
    fn scores(&self, inside: &[f64], outside: &[f64]) -> [f64; 3] {
        let (all_in, all_out): (f64, f64) = (inside.iter().sum(), outside.iter().sum());
        let (mut auroc, mut aupr, mut fpr) = (0.0, 0.0, None);
        // Those that are less uncertain.
        let (mut below_in, mut below_out) = (0.0, 0.0);
        for group in self.groups.all() {
            let (mut here_in, mut here_out) = (0.0, 0.0);
            for &example in group {
                match example.checked_sub(self.inside) {
                    None => here_in += inside[example],
                    Some(example) => here_out += outside[example],
                }
            }
            auroc += here_out * (below_in + here_in / 2.0);
            // Flagged are this group and what is more uncertain.
            let (flagged_in, flagged_out) = (all_in - below_in, all_out - below_out);
            if here_out > 0.0 {
                aupr += here_out * flagged_out / (flagged_in + flagged_out);
            }
            below_in += here_in;
            below_out += here_out;
            // 95 of 100 are 95 %, whatever rounding makes of it.
            if fpr.is_none() && below_in >= 0.95 * all_in - 1e-9 {
                fpr = Some(below_out / all_out);
            }
        }
        [
            auroc / (all_in * all_out),
            aupr / all_out,
            fpr.unwrap_or(f64::NAN),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(inside: &[f64], outside: &[f64]) -> [f64; 3] {
        let ones = |side: &[f64]| vec![1.0; side.len()];
        Ordered::of(inside, outside).scores(&ones(inside), &ones(outside))
    }

    #[test]
    fn sides_apart_alike_and_swapped() {
        assert_eq!(of(&[0.1, 0.2], &[0.3, 0.4, 0.5]), [1.0, 1.0, 0.0]);
        let swapped = of(&[0.3, 0.4, 0.5], &[0.1, 0.2]);
        assert_eq!((swapped[0], swapped[2]), (0.0, 1.0));
        // All alike: nothing is told; flagged are all or none.
        let alike = of(&[0.5; 3], &[0.5]);
        assert_eq!(alike, [0.5, 0.25, 1.0]);
    }

    /// An example of weight 2 is two.
    #[test]
    fn weights_are_how_often_an_example_is_there() {
        let (inside, outside) = ([0.1, 0.4, 0.3], [0.35, 0.2]);
        let weighted = Ordered::of(&inside, &outside).scores(&[1.0, 2.0, 0.0], &[1.0, 3.0]);
        assert_eq!(weighted, of(&[0.1, 0.4, 0.4], &[0.35, 0.2, 0.2, 0.2]));
    }
}
