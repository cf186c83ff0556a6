//! Numbers that begin where a line of the cache does. The longest vectors are as long as a line: where an array
//! begins in the midst of one, as the allocator's do, every load and store of a vector touches two.

use super::Real;
use super::lanes::LINE;
use std::ops::{Deref, DerefMut};

/// A vector of fixed length, zeros at first. It is a slice in all it does.
#[derive(Debug)]
pub struct Aligned<T> {
    values: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Real> Aligned<T> {
    /// `len` zeros. They take no memory until they are written, as those of `vec![0.0; len]`.
    pub fn zeros(len: usize) -> Self {
        // As many more as a line holds, so that one begins among them.
        let more = match len {
            0 => 0,
            _ => LINE / size_of::<T>(),
        };
        let values = vec![T::zero(); len + more];
        let start = values.as_ptr().align_offset(LINE).min(more);
        Aligned { values, start, len }
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.values[self.start..self.start + self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values[self.start..self.start + self.len]
    }
}

impl<'a, T> IntoIterator for &'a Aligned<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Real> Clone for Aligned<T> {
    fn clone(&self) -> Self {
        // Not derived: a copy of the numbers lies elsewhere in memory.
        let mut clone = Self::zeros(self.len);
        clone.copy_from_slice(self);
        clone
    }
}

impl<T: Real> Default for Aligned<T> {
    fn default() -> Self {
        Self::zeros(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begins_with_a_line<T: Real>() {
        for len in [0, 1, 15, 16, 1000, 100_000] {
            let mut values = Aligned::<T>::zeros(len);
            assert_eq!(*values, vec![T::zero(); len]);
            if let Some(last) = values.last_mut() {
                *last = T::one();
                for values in [&values, &values.clone()] {
                    let address = values.as_ptr() as usize;
                    assert!(address.is_multiple_of(LINE), "{len}");
                }
            }
            assert_eq!(*values.clone(), *values);
        }
    }

    #[test]
    fn it_begins_with_a_line_of_the_cache() {
        begins_with_a_line::<f32>();
        begins_with_a_line::<f64>();
    }
}
