//! `adding_problem`: a made data set of sequences.
//!
//! The adding problem of Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9, 1997, with values
//! from 0 to 1: each step is a value and a marker, and the target is the sum of the two values whose marker is 1. One of
//! these is in the first half of the sequence, one in the second. The sequences have 25 to 50 steps. Who predicts the
//! mean of all sums, 1, has a mean squared error of 1/6; the target has no noise.

use super::catalog::CatalogEntry;
use super::made::{numbers, whole};
use super::memory::Array;
use super::random::Stream;

/// `--data adding_problem`
pub(crate) struct AddingProblem;

const STEPS: usize = 50;
const FEWEST: u64 = 25;
const TRAIN: usize = 4000;
const TEST: usize = 1000;
const SEED: u64 = 0x6164_6469_6e67;

impl CatalogEntry for AddingProblem {
    fn name(&self) -> &'static str {
        "adding_problem"
    }

    fn summary(&self) -> &'static str {
        "made: 25 to 50 steps of a value and a marker, the sum of the two marked values"
    }

    fn arrays(&self) -> Vec<Array> {
        let part = |first: usize, len: usize, ending: &str| {
            let (mut x, mut y, mut lengths) = (vec![], vec![], vec![]);
            for example in first..first + len {
                let length = add(example, &mut x, &mut y);
                lengths.push(length as u8);
            }
            [
                numbers(&format!("x{ending}"), &[len, STEPS, 2], x),
                numbers(&format!("y{ending}"), &[len], y),
                whole(&format!("x_length{ending}"), &[len], lengths),
            ]
        };
        let parts = [part(0, TRAIN, "_train"), part(TRAIN, TEST, "_test")];
        parts.into_iter().flatten().collect()
    }
}

/// Adds an example, and says how many steps it has.
fn add(example: usize, x: &mut Vec<f32>, y: &mut Vec<f32>) -> usize {
    let mut random = Stream::new(SEED, example as u64);
    let length = (FEWEST + random.below(STEPS as u64 - FEWEST + 1)) as usize;
    let half = length / 2;
    let marked = [
        random.below(half as u64) as usize,
        half + random.below((length - half) as u64) as usize,
    ];
    let first = x.len();
    for step in 0..length {
        let marker = f32::from(u8::from(marked.contains(&step)));
        x.extend([random.unit() as f32, marker]);
    }
    y.push(marked.iter().map(|step| x[first + 2 * step]).sum());
    x.resize(first + 2 * STEPS, 0.0);
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::made::testing::fingerprint;
    use crate::data::{Request, SequenceInput, Values, load};
    use crate::tensor::Shape;

    #[test]
    fn the_examples_are_the_same_everywhere() {
        assert_eq!(
            fingerprint(&AddingProblem),
            "55ec4082e92b05094ee0b4b61a8d35f350eaf4393488feefce1ded4c9b2e003c"
        );
    }

    #[test]
    fn the_target_is_the_sum_of_the_two_marked_values() {
        let request = Request {
            data: "adding_problem".into(),
            inputs: vec![("x".into(), Shape::new(&[60, 2]))],
            sequences: vec![SequenceInput {
                name: "x".into(),
                steps: 60,
                width: 2,
                vocabulary: None,
            }],
            ..Request::default()
        };
        let data = load(&request).unwrap();
        let (Values::F32(rows), Values::F32(sums)) = (&data.train.inputs, &data.train.targets)
        else {
            panic!("numbers")
        };
        let mut lengths = [0; 51];
        for (row, sum) in rows.chunks_exact(121).zip(sums) {
            let length = row[120] as usize;
            lengths[length] += 1;
            let marked: Vec<usize> = (0..60).filter(|step| row[2 * step + 1] == 1.0).collect();
            let [early, late] = marked[..] else {
                panic!("two are marked")
            };
            assert!(early < length / 2 && (length / 2..length).contains(&late));
            assert_eq!(*sum, row[2 * early] + row[2 * late]);
            assert!(row[2 * length..120].iter().all(|x| *x == 0.0));
        }
        assert_eq!(lengths[..25].iter().sum::<usize>(), 0);
        assert!(lengths[25..].iter().all(|n| *n > 100), "{lengths:?}");
        // The variance of a sum of two uniform numbers is 1/6.
        let mean = sums.iter().sum::<f32>() / sums.len() as f32;
        let squares = sums.iter().map(|y| (y - mean).powi(2)).sum::<f32>();
        assert!((mean - 1.0).abs() < 0.02 && (squares / 4000.0 - 1.0 / 6.0).abs() < 0.01);
    }
}
