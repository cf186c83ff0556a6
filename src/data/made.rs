//! What the made data sets share.

use super::memory::Array;
use super::random::Stream;
use super::{Dataset, Seen, Split};
use std::ops::Range;

/// An array of numbers.
pub(super) fn numbers(name: &str, shape: &[usize], values: Vec<f32>) -> Array {
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    Array::new(name, "<f4", shape, Box::new(move |take| take(&bytes)))
}

/// An array of tokens, labels or lengths.
pub(super) fn whole(name: &str, shape: &[usize], values: Vec<u8>) -> Array {
    Array::new(name, "|u1", shape, Box::new(move |take| take(&values)))
}

/// A data set of these two parts.
pub(super) fn dataset(name: &str, [train, test]: [Split; 2], classes: &[&str]) -> Dataset {
    Dataset {
        name: name.into(),
        train,
        test: Some(test),
        file_rows: None,
        columns: None,
        seen: Seen::default(),
        class_names: classes.iter().map(|&class| class.to_owned()).collect(),
    }
}

/// The labels of these examples: of every `classes` in a row each class is one's, in an order of its own.
pub(super) fn labels(seed: u64, examples: Range<usize>, classes: usize) -> Vec<u8> {
    let label = |index: usize| {
        let mut order: Vec<u8> = (0..classes as u8).collect();
        Stream::new(seed, u64::MAX - (index / classes) as u64).shuffle(&mut order);
        order[index % classes]
    };
    examples.map(label).collect()
}

#[cfg(test)]
pub(super) mod testing {
    use crate::data::catalog::CatalogEntry;
    use crate::data::{Split, Values};
    use sha2::{Digest, Sha256};
    use std::path::Path;

    /// The SHA-256 of all inputs and targets, the training part's first.
    pub fn fingerprint(of: &dyn CatalogEntry) -> String {
        let data = of.read(Path::new("")).unwrap();
        let mut hash = Sha256::new();
        for split in [&data.train, data.test.as_ref().unwrap()] {
            for values in [&split.inputs, &split.targets] {
                match values {
                    Values::U8(bytes) => hash.update(bytes),
                    Values::F32(all) => all.iter().for_each(|x| hash.update(x.to_le_bytes())),
                    _ => panic!("bytes or numbers"),
                }
            }
        }
        hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }

    /// The labels of a part.
    pub fn labels(split: &Split) -> &[u8] {
        match &split.targets {
            Values::U8(labels) => labels,
            _ => panic!("bytes"),
        }
    }

    /// Whether each class is the label of so many of these.
    pub fn each_is(labels: &[u8], classes: u8, times: usize) -> bool {
        let count = |class| labels.iter().filter(|&&label| label == class).count();
        (0..classes).all(|class| count(class) == times)
    }
}
