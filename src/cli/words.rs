//! The pages of the language's words, which `bnnc explain WORD` prints: a registry's entries, and the
//! options of the objective.

/// Words with their pages in the book.
macro_rules! pages {
    ($($folder:literal: $($word:literal)*;)*) => {
        &[$($(($word, include_str!(concat!("../../docs/", $folder, "/", $word, ".md")))),*),*]
    };
}

/// Every entry of the language's registries; a word of two of them has two pages.
static ENTRIES: &[(&str, &str)] = pages! {
    "layers":
        "avg_pool2d" "conv2d" "dense" "elu" "flatten" "gelu" "global_avg_pool2d" "leaky_relu"
        "max_pool2d" "relu" "reshape" "sigmoid" "silu" "softplus" "tanh";
    "priors":
        "Cauchy" "Exponential" "Gamma" "HalfCauchy" "HalfNormal" "Horseshoe" "InverseGamma"
        "Laplace" "LogNormal" "LogUniform" "MOPED" "Normal" "ScaleMixture" "StudentT"
        "Uniform";
    "posteriors":
        "Cauchy" "Delta" "Dropout" "FullRank" "Laplace" "LogNormal" "LogitNormal" "LowRank"
        "MatrixNormal" "MeanField" "Radial" "Rank1" "deterministic";
    "initializers":
        "Constant" "Exp" "GlorotNormal" "GlorotUniform" "HeNormal" "HeUniform" "LecunNormal"
        "Normal" "Orthogonal" "Softplus" "TruncatedNormal" "Uniform";
    "estimators":
        "flipout" "local_reparameterization" "per_example" "reparameterization";
    "likelihoods":
        "Bernoulli" "Categorical" "Normal";
};

/// Options of the objective, which the page of the loss is about.
static OPTIONS: &[&str] = &[
    "kl",
    "samples",
    "minibatch",
    "temperature",
    "annealing",
    "elbo",
    "map",
];

static LOSS: &str = include_str!("../../docs/loss.md");

/// The pages of a word, in whatever case it is given.
pub fn pages(word: &str) -> impl Iterator<Item = &'static str> {
    let is = move |known: &str| known.eq_ignore_ascii_case(word);
    let option = OPTIONS.iter().any(|option| is(option));
    let entries = ENTRIES.iter().filter(move |(known, _)| is(known));
    entries.map(|(_, page)| *page).chain(option.then_some(LOSS))
}

/// Every word.
pub fn all() -> impl Iterator<Item = &'static str> {
    let entries = ENTRIES.iter().map(|(word, _)| *word);
    entries.chain(OPTIONS.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::DISTRIBUTIONS;
    use crate::estimator::ESTIMATORS;
    use crate::initializer::INITIALIZERS;
    use crate::layer::LAYERS;
    use crate::likelihood::LIKELIHOODS;
    use crate::posterior::POSTERIORS;

    #[test]
    fn every_entry_of_the_registries_has_a_page() {
        let names = LAYERS.iter().map(|e| e.signature().name);
        let names = names
            .chain(DISTRIBUTIONS.iter().map(|e| e.signature().name))
            .chain(POSTERIORS.iter().map(|e| e.signature().name))
            .chain(INITIALIZERS.iter().map(|e| e.signature().name))
            .chain(ESTIMATORS.iter().map(|e| e.signature().name))
            .chain(LIKELIHOODS.iter().map(|e| e.signature().name));
        for name in names {
            assert!(pages(name).next().is_some(), "{name}");
        }
        assert_eq!(pages("laplace").count(), 2);
        assert!(
            pages("KL")
                .next()
                .unwrap()
                .starts_with("# What is in my loss")
        );
    }
}
