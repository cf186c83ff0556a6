//! How near predictive probabilities come to those of a reference, such as a long run of HMC (Izmailov, Vikram, Hoffman and
//! Wilson 2021, "What are Bayesian neural network posteriors really like?", section 5).

use super::{About, Better, Measured, Outcomes, Unit, Weighted, mean, measure_ready};
use crate::likelihood::Predictive;

/// The share of the examples whose likeliest class is the same.
static AGREEMENT: About = About {
    name: "agreement",
    what: "share of the examples whose likeliest class is that of the reference",
    scheme: Some("the first of equally likely classes"),
    source: "Izmailov et al. 2021",
    unit: Unit::Share,
    better: Better::Higher,
};

/// The mean of the total variation distance, ½ Σ |p − q| over the classes.
static TOTAL_VARIATION: About = About {
    name: "total_variation",
    what: "distance to the reference's probabilities, the mean over the examples",
    scheme: Some("half the sum over all classes of |p - q|, from 0 to 1"),
    source: "Izmailov et al. 2021",
    unit: Unit::Plain,
    better: Better::Lower,
};

/// The scores that need a reference.
pub const OF_A_REFERENCE: [&About; 2] = [&AGREEMENT, &TOTAL_VARIATION];

/// Measures both, against probabilities that are laid out as the predicted ones: a row an example, of a binary target that
/// of the label 1 alone. There are as many.
pub fn measure_against(
    outcomes: &Outcomes,
    reference: Vec<f64>,
    resamples: usize,
) -> Vec<Measured> {
    let predicted = &outcomes.predicted;
    let reference = Predictive {
        examples: predicted.examples,
        draws: 1,
        width: predicted.width,
        mean: reference,
        ..Predictive::default()
    };
    assert_eq!(reference.mean.len(), predicted.mean.len(), "a number each");
    let examples = 0..predicted.examples;
    let same = |example: usize| predicted.top(example).0 == reference.top(example).0;
    let agreement = examples.clone().map(|i| f64::from(u8::from(same(i))));
    let distance = |example: usize| {
        let (row, other) = (predicted.row(example), reference.row(example));
        let sum: f64 = row.iter().zip(other).map(|(p, q)| (p - q).abs()).sum();
        // The other class of two is as far off.
        if row.len() == 1 { sum } else { sum / 2.0 }
    };
    let ready: [(&'static About, Weighted); 2] = [
        (&AGREEMENT, mean(agreement.collect())),
        (&TOTAL_VARIATION, mean(examples.map(distance).collect())),
    ];
    measure_ready(&ready, predicted.examples, resamples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::tests::of_classes;

    fn values(rows: &[&[f64]], reference: &[&[f64]]) -> [f64; 2] {
        let outcomes = of_classes(rows, &vec![0; rows.len()]);
        let measured = measure_against(&outcomes, reference.concat(), 20);
        assert_eq!(measured[0].replicates.len(), 20);
        [measured[0].value, measured[1].value]
    }

    /// By hand: the distances are ½(0.2 + 0.1 + 0.1) = 0.2, ½(0.1 + 0.3 + 0.4) = 0.4 and 0.
    #[test]
    fn agreement_and_distance_are_those_worked_out_by_hand() {
        let [agreement, distance] = values(
            &[&[0.5, 0.3, 0.2], &[0.5, 0.4, 0.1], &[0.0, 0.0, 1.0]],
            &[&[0.7, 0.2, 0.1], &[0.4, 0.1, 0.5], &[0.0, 0.0, 1.0]],
        );
        assert_eq!(agreement, 2.0 / 3.0);
        assert!((distance - 0.2).abs() < 1e-15);
        // Of two classes told by one probability: ½(0.1 + 0.1) and ½(0.7 + 0.7).
        let [agreement, distance] = values(&[&[0.6], &[0.1]], &[&[0.7], &[0.8]]);
        assert_eq!(agreement, 0.5);
        assert!((distance - 0.4).abs() < 1e-15);
        let itself = [&[0.2, 0.8][..], &[0.5, 0.5]];
        assert_eq!(values(&itself, &itself), [1.0, 0.0]);
    }
}
