//! The known word that a mistyped one is likely to be.

/// Longer words are no slips; what they are nearest to would take the square of their length.
const LONGEST: usize = 64;
/// Of so many candidates the rest are not looked at.
const MOST: usize = 1000;

/// Words of the field that the language does not have, small and without `_`: what is near one of them is another
/// thing, not what was meant.
const OTHERS: &[&str] = &[
    "selu",
    "celu",
    "prelu",
    "relu6",
    "mish",
    "softsign",
    "logsigmoid",
    "hardsigmoid",
    "hardtanh",
    "multinomial",
    "inversegaussian",
    "gammapoisson",
    "logitnormal",
    "logistic",
    "truncatedcauchy",
];

/// The candidate nearest to `word`, if any is near enough to be a slip: equal but for case, or at
/// most a third of its letters away, two swapped neighbours counting as one. A name that differs by what it means is
/// none: `conv1d` is no `conv2d`, and `LogNormal` no `Normal`.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    if length > LONGEST {
        return None;
    }
    let lower = word.to_lowercase();
    let allowed = length.div_ceil(3);
    candidates
        .into_iter()
        .take(MOST)
        .filter(|candidate| candidate.len() <= 4 * LONGEST)
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= allowed)
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| {
            *distance <= allowed && *distance < candidate.chars().count()
        })
        .filter(|(_, candidate)| !means_another(&lower, &candidate.to_lowercase()))
        // Of two that are as near, the one that begins alike: slips come late in a word.
        .min_by_key(|(distance, candidate)| {
            let alike = word.chars().zip(candidate.chars());
            let alike = alike.take_while(|(a, b)| a == b).count();
            (*distance, std::cmp::Reverse(alike))
        })
        .map(|(_, candidate)| candidate)
}

/// Whether two words in small letters differ by a number, or one is the other behind a word more, or the first is a
/// word of its own.
fn means_another(word: &str, candidate: &str) -> bool {
    let [word, candidate] = [word, candidate].map(|text| text.replace('_', ""));
    if word == candidate {
        return false;
    }
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let (own, other) = (digits(&word), digits(&candidate));
    // In a short name, such as a code or a column's, a digit is as easily mistyped as a letter.
    let is_word = word.chars().filter(|c| c.is_alphabetic()).count() >= 3;
    let numbered = is_word && !own.is_empty() && !other.is_empty() && own != other;
    // Three letters before a word are no slip: `HalfNormal`, `LogNormal`.
    let behind = |long: &str, short: &str| {
        let before = long.strip_suffix(short).map_or(0, |before| before.len());
        before >= 3 && short.len() >= 4
    };
    numbered
        || behind(&word, &candidate)
        || behind(&candidate, &word)
        || OTHERS.contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_name_that_means_another_thing_is_not_offered() {
        let known = [
            "conv2d",
            "max_pool2d",
            "Normal",
            "Gamma",
            "Cauchy",
            "Binomial",
            "relu",
            "elu",
            "InverseGamma",
            "leaky_relu",
        ];
        for word in [
            "conv1d",
            "Conv3D",
            "max_pool1d",
            "LogNormal",
            "HalfNormal",
            "HalfCauchy",
            "Multinomial",
            "BetaBinomial",
            "InverseGaussian",
            "selu",
            "relu6",
        ] {
            assert_eq!(nearest(word, known), None, "{word}");
        }
        // A slip in a name with a number, and a name without its number.
        assert_eq!(nearest("covn2d", known), Some("conv2d"));
        assert_eq!(nearest("maxpool", ["max_pool2d"]), Some("max_pool2d"));
        assert_eq!(nearest("Norml", known), Some("Normal"));
        assert_eq!(
            nearest("Log_Normal", ["LogNormal", "Normal"]),
            Some("LogNormal")
        );
        // What is behind a word is meant by none of its own.
        assert_eq!(nearest("Normal", ["LogNormal", "HalfNormal"]), None);
        assert_eq!(nearest("E031", ["E0301"]), Some("E0301"));
    }

    #[test]
    fn finds_slips_and_nothing_else() {
        let layers = ["conv2d", "dense", "max_pool2d", "relu", "Normal", "tau"];
        for (word, found) in [
            ("denes", Some("dense")),
            ("Conv2D", Some("conv2d")),
            ("maxpool2d", Some("max_pool2d")),
            ("normal", Some("Normal")),
            ("lstm", None),
            ("max-pool2d", Some("max_pool2d")),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, layers), found, "{word}");
        }
    }

    #[test]
    fn a_long_word_costs_no_more_than_it_should() {
        assert_eq!(nearest(&"a".repeat(100_000), ["dense"]), None);
    }
}
