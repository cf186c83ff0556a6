//! `made_language`: a made data set of tokens, whose entropy is known.
//!
//! A text is the token of one of four dialects, 0 to 3, and then 16 to 32 of twelve words, 4 to 15. The first word is any
//! of them. Behind a word w, the dialect d has a favourite, the word number (σ(w) + 3d) mod 12, which comes with
//! probability 0.8; each other word comes with 0.2/11. The four favourites of a word differ, so that who does not look
//! back at the dialect cannot tell which it is.
//!
//! Inputs are all tokens but the last, the targets at each step the token that comes next. In nats a token,
//!
//! | known | entropy |
//! | --- | --- |
//! | nothing, at the first word | ln 12 = 2.485 |
//! | the dialect and the word before | −0.8 ln 0.8 − 0.2 ln(0.2/11) = 0.980 |
//! | the word before alone | 1.902: each favourite has the probability (0.8 + 3·0.2/11)/4 |

use super::catalog::CatalogEntry;
use super::made::whole;
use super::memory::Array;
use super::random::Stream;

/// `--data made_language`
pub(crate) struct MadeLanguage;

const STEPS: usize = 32;
const FEWEST: u64 = 16;
const TRAIN: usize = 4000;
const TEST: usize = 1000;
const SEED: u64 = 0x6c61_6e67_7561;
const DIALECTS: u64 = 4;
const WORDS: u64 = 12;
/// σ
const FAVOURITES: [u64; 12] = [7, 2, 10, 5, 0, 8, 3, 11, 1, 6, 9, 4];

impl CatalogEntry for MadeLanguage {
    fn name(&self) -> &'static str {
        "made_language"
    }

    fn summary(&self) -> &'static str {
        "made: texts of 16 to 32 of 16 tokens, the next token at each step, whose entropy is known"
    }

    fn arrays(&self) -> Vec<Array> {
        let part = |first: usize, len: usize, ending: &str| {
            let (mut x, mut y, mut lengths) = (vec![], vec![], vec![]);
            for example in first..first + len {
                let text = text(example);
                let length = text.len() - 1;
                let padded = |tokens: &[u8], all: &mut Vec<u8>| {
                    all.extend(tokens);
                    all.resize(all.len() + STEPS - length, 0);
                };
                padded(&text[..length], &mut x);
                padded(&text[1..], &mut y);
                lengths.push(length as u8);
            }
            [
                whole(&format!("x{ending}"), &[len, STEPS], x),
                whole(&format!("y{ending}"), &[len, STEPS], y),
                whole(&format!("x_length{ending}"), &[len], lengths),
            ]
        };
        let parts = [part(0, TRAIN, "_train"), part(TRAIN, TEST, "_test")];
        parts.into_iter().flatten().collect()
    }
}

/// The dialect's token, then words.
fn text(example: usize) -> Vec<u8> {
    let mut random = Stream::new(SEED, example as u64);
    let dialect = random.below(DIALECTS);
    let words = FEWEST + random.below(STEPS as u64 - FEWEST + 1);
    let mut word = random.below(WORDS);
    let mut text = vec![dialect as u8, (DIALECTS + word) as u8];
    for _ in 1..words {
        let favourite = favourite(word, dialect);
        word = match random.unit() < 0.8 {
            true => favourite,
            false => (favourite + 1 + random.below(WORDS - 1)) % WORDS,
        };
        text.push((DIALECTS + word) as u8);
    }
    text
}

fn favourite(word: u64, dialect: u64) -> u64 {
    (FAVOURITES[word as usize] + 3 * dialect) % WORDS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::made::testing::fingerprint;
    use std::collections::HashSet;

    #[test]
    fn the_examples_are_the_same_everywhere() {
        assert_eq!(
            fingerprint(&MadeLanguage),
            "e4a558e4ae463a02f151943bcf5a2e338e8e5a100da37e9206a9975cbe465065"
        );
    }

    /// The four favourites of each word differ, and each dialect's are those of a permutation: every word is as
    /// frequent as any other.
    #[test]
    fn favourites_tell_dialects_apart() {
        for word in 0..WORDS {
            let of_word: HashSet<u64> = (0..DIALECTS).map(|d| favourite(word, d)).collect();
            assert_eq!(of_word.len(), 4);
        }
        for dialect in 0..DIALECTS {
            let all: HashSet<u64> = (0..WORDS).map(|word| favourite(word, dialect)).collect();
            assert_eq!(all.len(), 12);
        }
    }

    /// The mean negative log probability of the words under the language itself is its entropy.
    #[test]
    fn the_entropy_of_the_texts_is_the_one_that_is_told() {
        let (mut nll, mut blind, mut count) = (0.0, 0.0, 0.0);
        for example in 0..TRAIN {
            let text = text(example);
            let dialect = u64::from(text[0]);
            for pair in text[1..].windows(2) {
                let [before, word] = [pair[0], pair[1]].map(|token| u64::from(token) - DIALECTS);
                let of = |is_favourite: bool| if is_favourite { 0.8 } else { 0.2 / 11.0f64 };
                nll -= of(favourite(before, dialect) == word).ln();
                let all = (0..DIALECTS).map(|dialect| of(favourite(before, dialect) == word));
                blind -= (all.sum::<f64>() / 4.0).ln();
                count += 1.0;
            }
        }
        let entropy = -0.8 * 0.8f64.ln() - 0.2 * (0.2 / 11.0f64).ln();
        assert!((entropy - 0.980).abs() < 5e-4);
        // The standard deviation of the mean over 92,000 words is 0.005.
        assert!((nll / count - entropy).abs() < 0.015, "{}", nll / count);
        assert!((blind / count - 1.902).abs() < 0.015, "{}", blind / count);
    }
}
