//! Tokens of a model's vocabulary that no training example has: nothing is learned of their rows of an embedding.

use super::coding::Code;
use super::{Dataset, Request, SequenceInput, Values};

/// Larger vocabularies are not looked through.
const LARGEST: usize = 10_000_000;

impl Dataset {
    /// Notes which tokens of the inputs that `request` says are in no example of the training part. Inputs that stay in
    /// their files are not looked through.
    pub(super) fn with_unseen_tokens(mut self, request: &Request) -> Dataset {
        let values = &self.train.inputs;
        let sequence = |name: &str| request.sequences.iter().find(|of| of.name == *name);
        let width = |(name, shape): &(String, _)| match sequence(name) {
            Some(of) => of.row_len(),
            None => crate::tensor::Shape::len(shape),
        };
        let row: usize = request.inputs.iter().map(width).sum();
        let is_whole = row > 0 && values.len().is_multiple_of(row);
        if matches!(values, Values::Stored(_)) || values.is_empty() || !is_whole {
            return self;
        }
        let (mut start, mut found) = (0, vec![]);
        for input in &request.inputs {
            if let Some(of) = sequence(&input.0) {
                found
                    .extend(unseen(values, row, start, of).map(|unseen| (input.0.clone(), unseen)));
            }
            start += width(input);
        }
        // The number of all words but those of the training rows has none of them.
        let coding = self.columns.as_ref().map(|of| &of.coding.inputs);
        let others = |code: &Code| match code {
            Code::Token(words) => Some(words.len()),
            Code::Text(texts) => Some(texts.words.len()),
            _ => None,
        };
        for (input, tokens) in &mut found {
            let own = coding.and_then(|coding| coding.get(input)).and_then(others);
            let any = || coding.and_then(|coding| coding.values().filter_map(others).max());
            if let Some(others) = own.or_else(any) {
                tokens.retain(|token| *token != others);
            }
        }
        self.seen.unseen_tokens = found;
        self
    }
}

/// The tokens of the sequences at `start` of each row that none of them has; `None` where the steps are no tokens.
fn unseen(values: &Values, row: usize, start: usize, of: &SequenceInput) -> Option<Vec<usize>> {
    let vocabulary = of.vocabulary.filter(|size| *size <= LARGEST)?;
    let mut seen = vec![false; vocabulary];
    for first in (start..values.len()).step_by(row) {
        for place in first..first + of.steps {
            // A token stands there as the number behind it, and 0 is padding.
            let token = (values.get(place) as usize).checked_sub(1);
            if let Some(seen) = token.and_then(|token| seen.get_mut(token)) {
                *seen = true;
            }
        }
    }
    Some((0..vocabulary).filter(|token| !seen[*token]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::npz::encode;
    use crate::tensor::Shape;

    #[test]
    fn padding_and_other_inputs_are_no_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.npz");
        let arrays: [(&str, &[usize], &[f64]); 4] = [
            ("age", &[2], &[1.0, 4.0]),
            ("words", &[2, 3], &[0.0, 2.0, 4.0, 2.0, 4.0, 4.0]),
            ("words_length", &[2], &[2.0, 1.0]),
            ("y", &[2], &[0.5, 1.5]),
        ];
        std::fs::write(&path, encode(arrays).unwrap()).unwrap();
        let mut request = Request {
            data: path.display().to_string(),
            target: Some("y".into()),
            inputs: vec![
                ("age".into(), Shape::new(&[1])),
                ("words".into(), Shape::new(&[3])),
            ],
            sequences: vec![SequenceInput {
                name: "words".into(),
                steps: 3,
                width: 1,
                vocabulary: Some(6),
            }],
            ..Request::default()
        };
        let found = super::super::load(&request).unwrap().seen.unseen_tokens;
        assert_eq!(found, [("words".to_owned(), vec![1, 3, 4, 5])]);
        let known = super::super::facts(&request).unwrap().unseen_tokens;
        assert_eq!(known, found);
        request.sequences[0].vocabulary = None;
        request.inputs[1].1 = Shape::new(&[3, 1]);
        assert!(
            super::super::load(&request)
                .unwrap()
                .seen
                .unseen_tokens
                .is_empty()
        );
    }
}
