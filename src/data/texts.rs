//! Texts as tokens: a cell is split into words, and the words of the training part are the vocabulary.
//!
//! Words are in small letters and end where Unicode says so for any script (Unicode Standard Annex 29): `don't` and `3.5`
//! are one. Every other sign but blanks is a word of its own. What looks alike is alike (normalisation form KC).

use super::look::is_missing;
use super::sheet::{Cell, Column};
use crate::words::{counted, thousands};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// How a column of texts is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// The words that have tokens, from 0 on, in alphabetical order; one more token stands for any other.
    pub words: Vec<String>,
    /// How many words of a text are read.
    pub most: usize,
}

/// The words of a text.
fn split(text: &str) -> Vec<String> {
    let text: String = text.nfkc().collect();
    let text = text.to_lowercase().replace('\u{2019}', "'");
    let words = text.split_word_bounds().map(str::trim);
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

fn words_of(cell: Cell) -> Vec<String> {
    match cell {
        Cell::Text(text) => split(text),
        Cell::Number(number) => split(&number.to_string()),
    }
}

impl Texts {
    /// Learned from these rows of a column, for up to `most` words of a `vocabulary`; what is to be said of it.
    ///
    /// The last token stands for words that are not listed. Where there are more words than tokens, the most frequent ones
    /// are listed.
    pub(super) fn learn(
        column: &Column,
        rows: &[usize],
        marks: &[String],
        [most, vocabulary]: [usize; 2],
    ) -> (Texts, Option<String>) {
        let mut counts: HashMap<String, usize> = HashMap::new();
        let there = rows.iter().map(|row| column.cell(*row));
        for cell in there.filter(|cell| !is_missing(*cell, marks)) {
            for word in words_of(cell).into_iter().take(most) {
                *counts.entry(word).or_default() += 1;
            }
        }
        let mut words: Vec<(String, usize)> = counts.into_iter().collect();
        words.sort_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then(a.cmp(b)));
        let (all, room) = (words.len(), vocabulary.saturating_sub(1));
        words.truncate(room);
        let mut words: Vec<String> = words.into_iter().map(|(word, _)| word).collect();
        words.sort_unstable();
        let remark = (all > room).then(|| {
            format!(
                "the texts of the column `{}` have {}: {}, and all others are one token, (other); `vocabulary = {}` has \
                 room for all",
                column.name,
                counted(all, "different word", "different words"),
                match room {
                    1 => "the most frequent one is a token".into(),
                    room => format!("the {} most frequent are tokens", thousands(room)),
                },
                thousands(all + 1).replace(',', "_")
            )
        });
        (Texts { words, most }, remark)
    }

    /// Appends the tokens of a text; NaN stands behind its last word.
    pub(super) fn tokens(&self, cell: Cell, marks: &[String], out: &mut Vec<f64>) {
        let end = out.len() + self.most;
        if !is_missing(cell, marks) {
            let words = words_of(cell).into_iter().take(self.most);
            out.extend(words.map(|word| self.token(&word) as f64));
        }
        out.resize(end, f64::NAN);
    }

    fn token(&self, word: &str) -> usize {
        let found = self.words.binary_search_by(|own| own.as_str().cmp(word));
        found.unwrap_or(self.words.len())
    }

    /// What is to be said of texts that are longer than is read.
    pub(super) fn cut(&self, column: &Column) -> Option<String> {
        let lengths = column.iter().map(|cell| words_of(cell).len());
        let longer: Vec<usize> = lengths.filter(|length| *length > self.most).collect();
        let longest = longer.iter().max()?;
        Some(format!(
            "{} of the column `{}` than the model reads: of these the first {} are read; the longest has {}",
            counted(longer.len(), "text has more words", "texts have more words"),
            column.name,
            thousands(self.most),
            thousands(*longest)
        ))
    }

    /// What is to be said of words that have no token.
    pub(super) fn unseen(&self, column: &Column, marks: &[String]) -> Option<String> {
        let (mut texts, mut unseen) = (0, FirstWords::default());
        for cell in column.iter().filter(|cell| !is_missing(*cell, marks)) {
            let words = words_of(cell).into_iter().take(self.most);
            let mut others = words
                .filter(|word| self.token(word) == self.words.len())
                .peekable();
            texts += usize::from(others.peek().is_some());
            others.for_each(|word| unseen.add(&word));
        }
        (texts > 0).then(|| {
            format!(
                "{} of the column `{}` without a token of their own: {unseen}; all of these are one token, (other)",
                counted(texts, "text has words", "texts have words"),
                column.name,
            )
        })
    }
}

/// The first of some words, each once: "`a`, `b`, `c`, …".
#[derive(Default)]
pub(super) struct FirstWords(Vec<String>);

impl FirstWords {
    const SHOWN: usize = 3;

    /// Adds a word.
    pub(super) fn add(&mut self, word: &str) {
        if self.0.len() <= Self::SHOWN && !self.0.iter().any(|own| own == word) {
            self.0.push(word.to_owned());
        }
    }
}

impl fmt::Display for FirstWords {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let shown = self.0.iter().take(Self::SHOWN);
        let shown: Vec<String> = shown.map(|word| format!("`{word}`")).collect();
        let more = if self.0.len() > Self::SHOWN {
            ", …"
        } else {
            ""
        };
        write!(f, "{}{more}", shown.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::sheet::{Builder, Decimal};

    #[test]
    fn a_text_is_split_into_words_and_signs() {
        let of = |text| split(text).join("|");
        assert_eq!(of("Don't  worry, be HAPPY!"), "don't|worry|,|be|happy|!");
        assert_eq!(of("'quoted' rock'n'roll’s"), "'|quoted|'|rock'n'roll's");
        assert_eq!(of("3.5 mm\tÄpfel\n"), "3.5|mm|äpfel");
        assert_eq!(of("हिन्दी अच्छा"), "हिन्दी|अच्छा");
        assert_eq!(of("cafe\u{301}"), of("café"));
        assert_eq!(of("a--b"), "a|-|-|b");
        assert_eq!(of("  "), "");
    }

    fn column(texts: &[&str]) -> Column {
        let mut cells = Builder::default();
        texts.iter().for_each(|text| cells.push(Cell::Text(text)));
        cells.finish("review".into(), Decimal::Point)
    }

    #[test]
    fn the_most_frequent_words_are_tokens() {
        let column = column(&["b a b", "c b a d", "z z z z"]);
        let (texts, remark) = Texts::learn(&column, &[0, 1], &[], [3, 3]);
        assert_eq!(texts.words, ["a", "b"]);
        let remark = remark.unwrap();
        assert!(
            remark.contains("have 3 different words: the 2 most frequent"),
            "{remark}"
        );
        assert!(
            remark.contains("`vocabulary = 4` has room for all"),
            "{remark}"
        );
        let mut tokens = vec![];
        texts.tokens(Cell::Text("B, a b a"), &[], &mut tokens);
        assert_eq!(tokens, [1.0, 2.0, 0.0]);
        texts.tokens(Cell::Text("a"), &[], &mut tokens);
        assert_eq!(tokens[3], 0.0);
        assert!(tokens[4..].iter().all(|token| token.is_nan()) && tokens.len() == 6);
        let cut = texts.cut(&column).unwrap();
        assert!(
            cut.starts_with("2 texts have more words of the column `review`"),
            "{cut}"
        );
        let unseen = texts.unseen(&column, &[]).unwrap();
        assert!(
            unseen.contains("2 texts have words") && unseen.contains("`c`, `z`;"),
            "{unseen}"
        );
        let (_, remark) = Texts::learn(&column, &[0, 1], &[], [3, 2]);
        assert!(
            remark
                .unwrap()
                .contains(": the most frequent one is a token,")
        );
        let (_, remark) = Texts::learn(&column, &[0, 1], &[], [3, 4]);
        assert_eq!(remark, None);
    }
}
