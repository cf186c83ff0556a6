//! The known word that a mistyped one is likely to be.

/// Longer words are no slips; what they are nearest to would take the square of their length.
const LONGEST: usize = 64;
/// Of so many candidates the rest are not looked at.
const MOST: usize = 1000;

/// The candidate nearest to `word`, if any is near enough to be a slip: equal but for case, or at
/// most a third of its letters away, two swapped neighbours counting as one.
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
        // Of two that are as near, the one that begins alike: slips come late in a word.
        .min_by_key(|(distance, candidate)| {
            let alike = word.chars().zip(candidate.chars());
            let alike = alike.take_while(|(a, b)| a == b).count();
            (*distance, std::cmp::Reverse(alike))
        })
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

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
