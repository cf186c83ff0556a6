//! How uncertain predictions are, and which part of it the weights have: what describes predictions without labels.
//!
//! With p(s) the probabilities of draw s, H[p] = −Σ p ln p and p̄ the mean over the draws,
//! `H[p̄] = mean of H[p(s)] + mutual information`: the first part is in the data, and more of it would not help; the second
//! is what the draws of the weights disagree about (Houlsby et al. 2011).

use crate::score::{About, Better, Outcomes, Score, Unit, Weighted, mean};

/// A mean over the examples of something that needs no label.
pub struct Described {
    about: &'static About,
    of: fn(&Outcomes, usize) -> f64,
    /// Whether it tells the data's part from the weights'.
    is_part: bool,
}

const fn nats(name: &'static str, what: &'static str, source: &'static str) -> About {
    About {
        name,
        what,
        scheme: None,
        source,
        unit: Unit::Nats,
        better: Better::Neither,
    }
}

/// The mean probability of the likeliest class.
pub const CONFIDENCE: Described = Described {
    about: &About {
        name: "confidence",
        what: "mean probability of the likeliest class",
        scheme: None,
        source: "Hendrycks and Gimpel 2017",
        unit: Unit::Plain,
        better: Better::Neither,
    },
    of: |outcomes, example| outcomes.predicted.top(example).1,
    is_part: false,
};

/// The entropy of the averaged probabilities.
pub const ENTROPY: Described = Described {
    about: &nats(
        "entropy",
        "of the averaged probabilities: all uncertainty, nats",
        "Shannon 1948",
    ),
    of: |outcomes, example| outcomes.predicted.entropy(example),
    is_part: false,
};

/// The mean of the draws' entropies.
pub const ALEATORIC: Described = Described {
    about: &nats(
        "aleatoric_entropy",
        "its part in the data: the mean of the draws' entropies, nats",
        "Depeweg et al. 2018",
    ),
    of: |outcomes, example| outcomes.predicted.within[example],
    is_part: true,
};

/// What the draws disagree about.
pub const MUTUAL_INFORMATION: Described = Described {
    about: &nats(
        "mutual_information",
        "its part in the weights, the epistemic one: entropy less aleatoric part, nats",
        "Houlsby et al. 2011",
    ),
    of: |outcomes, example| outcomes.predicted.mutual_information(example),
    is_part: true,
};

impl Score for Described {
    fn about(&self) -> &'static About {
        self.about
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        let is_known = !self.is_part || outcomes.predicted.is_split();
        (outcomes.are_classes() && is_known).then(|| {
            let each = (0..outcomes.examples()).map(|example| (self.of)(outcomes, example));
            mean(each.collect())
        })
    }
}
