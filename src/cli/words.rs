//! The pages of words, which `bnnc explain WORD` prints: of a registry's entry its own, of a keyword or an
//! option the section that is about it.

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
        "Bernoulli" "Binomial" "Categorical" "Cauchy" "Exponential" "Gamma" "InverseGamma" "Laplace"
        "LogNormal" "NegativeBinomial" "Normal" "Poisson" "StudentT";
};

static LANGUAGE: &str = include_str!("../../docs/language.md");
static LOSS: &str = include_str!("../../docs/loss.md");
static INFERENCE: &str = include_str!("../../docs/inference.md");
static RUN_FILES: &str = include_str!("../../docs/run-files.md");

/// Words without a page of their own: the page, the heading of its section that is about them, they.
static SECTIONS: &[(&str, &str, &[&str])] = &[
    (LANGUAGE, "model", &["model"]),
    (LANGUAGE, "const", &["const"]),
    (LANGUAGE, "input", &["input"]),
    (LANGUAGE, "target", &["target"]),
    (LANGUAGE, "network", &["network"]),
    (
        LANGUAGE,
        "Settings",
        &[
            "default",
            "prior",
            "posterior",
            "estimator",
            "bias",
            "kernel",
        ],
    ),
    (LANGUAGE, "Pretrained weights", &["from"]),
    (LANGUAGE, "learned", &["learned"]),
    (LANGUAGE, "Latent variables", &["latent"]),
    (LANGUAGE, "observe", &["observe"]),
    (LANGUAGE, "objective", &["objective", "samples"]),
    (INFERENCE, "Inference methods", &["inference", "mean_field"]),
    (LOSS, "The objective", &["elbo"]),
    (LOSS, "Forms of the KL", &["kl"]),
    (LOSS, "Minibatches", &["minibatch"]),
    (
        LOSS,
        "Temperature and annealing",
        &["temperature", "annealing"],
    ),
    (LOSS, "MAP and maximum likelihood", &["map"]),
    (
        RUN_FILES,
        "Batch size and epochs",
        &["epochs", "batch_size"],
    ),
    (RUN_FILES, "Early stopping", &["early_stopping"]),
    (RUN_FILES, "[optimizer]", &["optimizer", "adam", "sgd"]),
    (
        RUN_FILES,
        "[schedule]",
        &["schedule", "constant", "cosine", "step"],
    ),
];

/// The pages and sections of a word, in whatever case it is given: those of the word as it is given first.
pub fn pages(word: &str) -> Vec<String> {
    let entries = ENTRIES.iter();
    let entries = entries.map(|(known, page)| (*known, (*page).to_owned()));
    let sections = SECTIONS.iter().flat_map(|(page, heading, words)| {
        let of = move |known: &&'static str| (*known, section(page, heading));
        words.iter().map(of)
    });
    let all = entries.chain(sections);
    let mut found: Vec<_> = all
        .filter(|(known, _)| known.eq_ignore_ascii_case(word))
        .collect();
    found.sort_by_key(|(known, _)| *known != word);
    found.into_iter().map(|(_, page)| page).collect()
}

/// The section of a page, with the sections within it.
fn section(page: &str, heading: &str) -> String {
    let mut fenced = false;
    let mut inside: Option<usize> = None;
    let mut out = String::new();
    for line in page.lines() {
        fenced ^= line.starts_with("```");
        let level = line.chars().take_while(|c| *c == '#').count();
        if level > 0 && !fenced {
            match inside {
                Some(outer) if level <= outer => break,
                None if line[level..].trim() == heading => inside = Some(level),
                _ => {}
            }
        }
        if inside.is_some() {
            out += line;
            out.push('\n');
        }
    }
    format!("{}\n", out.trim_end())
}

/// Every word.
pub fn all() -> impl Iterator<Item = &'static str> {
    let entries = ENTRIES.iter().map(|(word, _)| *word);
    entries.chain(
        SECTIONS
            .iter()
            .flat_map(|(.., words)| words.iter().copied()),
    )
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
            assert!(!pages(name).is_empty(), "{name}");
        }
        assert_eq!(pages("laplace").len(), 3);
    }

    #[test]
    fn a_word_in_the_case_it_is_given_comes_first() {
        let first = |word: &str| pages(word)[0].lines().next().unwrap().to_owned();
        assert_ne!(first("softplus"), first("Softplus"));
        assert_eq!(pages("Softplus")[0], pages("softplus")[1]);
    }

    #[test]
    fn every_section_is_there_and_ends_where_the_next_begins() {
        for (_, heading, words) in SECTIONS {
            for word in *words {
                let page = pages(word).swap_remove(0);
                let (first, rest) = page.split_once('\n').expect(word);
                assert_eq!(first.trim_start_matches('#').trim(), *heading);
                assert!(rest.len() > 20, "{word}: {rest}");
            }
        }
        let kl = &pages("KL")[0];
        assert!(
            kl.contains("### Quadrature") && !kl.contains("\n## "),
            "{kl}"
        );
        assert!(pages("cosine")[0].contains("warmup_epochs"));
        assert!(!pages("temperature")[0].contains("Minibatches"));
    }
}
