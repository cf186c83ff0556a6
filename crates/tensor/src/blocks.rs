//! A slice in blocks, shared out; an empty one in as many empty blocks.
//!
//! One type for both: a pass over a parameter zips ten arrays, some of which there may not be, and of a choice
//! between two iterators in each the compiler would make all 2¹⁰ combinations.

use rayon::iter::plumbing::{Consumer, Producer, ProducerCallback, UnindexedConsumer, bridge};
use rayon::prelude::*;
use std::mem;

/// `all` in blocks of `block`, the last as long as what is left; or `count` empty ones if it is empty.
///
/// # Panics
/// If it is not empty and its blocks are not `count`.
pub fn blocks<T: Send>(all: &mut [T], block: usize, count: usize) -> Blocks<'_, T> {
    assert!(all.is_empty() || all.len().div_ceil(block) == count);
    Blocks(Part { all, block, count })
}

/// The blocks of a slice.
pub struct Blocks<'a, T>(Part<'a, T>);

impl<'a, T: Send> ParallelIterator for Blocks<'a, T> {
    type Item = &'a mut [T];
    fn drive_unindexed<C: UnindexedConsumer<Self::Item>>(self, consumer: C) -> C::Result {
        bridge(self, consumer)
    }
    fn opt_len(&self) -> Option<usize> {
        Some(self.0.count)
    }
}

impl<T: Send> IndexedParallelIterator for Blocks<'_, T> {
    fn len(&self) -> usize {
        self.0.count
    }
    fn drive<C: Consumer<Self::Item>>(self, consumer: C) -> C::Result {
        bridge(self, consumer)
    }
    fn with_producer<P: ProducerCallback<Self::Item>>(self, callback: P) -> P::Output {
        callback.callback(self.0)
    }
}

/// Some of the blocks, one after the other.
struct Part<'a, T> {
    all: &'a mut [T],
    block: usize,
    count: usize,
}

impl<'a, T> Part<'a, T> {
    /// Where block number `index` begins.
    fn start(&self, index: usize) -> usize {
        (index * self.block).min(self.all.len())
    }
}

impl<'a, T: Send> Producer for Part<'a, T> {
    type Item = &'a mut [T];
    type IntoIter = Self;
    fn into_iter(self) -> Self {
        self
    }
    fn split_at(self, index: usize) -> (Self, Self) {
        let (start, block) = (self.start(index), self.block);
        let (left, right) = self.all.split_at_mut(start);
        let part = |all, count| Part { all, block, count };
        (part(left, index), part(right, self.count - index))
    }
}

impl<'a, T> Iterator for Part<'a, T> {
    type Item = &'a mut [T];
    fn next(&mut self) -> Option<&'a mut [T]> {
        self.count = self.count.checked_sub(1)?;
        let end = self.start(1);
        let (first, rest) = mem::take(&mut self.all).split_at_mut(end);
        self.all = rest;
        Some(first)
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl<T> ExactSizeIterator for Part<'_, T> {}

impl<T> DoubleEndedIterator for Part<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.count = self.count.checked_sub(1)?;
        let start = self.start(self.count);
        let (rest, last) = mem::take(&mut self.all).split_at_mut(start);
        self.all = rest;
        Some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_the_chunks_of_the_slice() {
        for len in [1, 3, 4, 5, 1000] {
            let mut all: Vec<usize> = (0..len).collect();
            let expected: Vec<Vec<usize>> = all.chunks(4).map(|chunk| chunk.to_vec()).collect();
            let count = expected.len();
            let got: Vec<Vec<usize>> = blocks(&mut all, 4, count).map(|b| b.to_vec()).collect();
            assert_eq!(got, expected);
            let mut back: Vec<Vec<usize>> = blocks(&mut all, 4, count)
                .rev()
                .map(|b| b.to_vec())
                .collect();
            back.reverse();
            assert_eq!(back, expected);
        }
        assert_eq!(
            blocks::<u8>(&mut [], 4, 7).filter(|b| b.is_empty()).count(),
            7
        );
    }

    #[test]
    #[should_panic]
    fn they_are_as_many_as_the_others() {
        let _ = blocks(&mut [0; 9], 4, 2);
    }
}
