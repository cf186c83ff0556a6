//! What one task may read and write of the values (or gradients) of a minibatch.

use crate::tensor::Aligned;
use std::mem;

/// The rows of one storage that a task has.
#[derive(Default)]
pub(super) enum Slot<'a, T> {
    /// None.
    #[default]
    Absent,
    /// To read.
    Read(&'a [T]),
    /// To write; no other task has them.
    Write(&'a mut [T]),
}

impl<T> Slot<'_, T> {
    /// The entries.
    pub fn read(&self) -> &[T] {
        match self {
            Slot::Absent => &[],
            Slot::Read(rows) => rows,
            Slot::Write(rows) => rows,
        }
    }

    /// The entries, to write.
    pub fn write(&mut self) -> &mut [T] {
        match self {
            Slot::Write(rows) => rows,
            _ => &mut [],
        }
    }

    /// Takes the slot out of its table, so that others can be read while it is written.
    pub fn take(&mut self) -> Self {
        mem::take(self)
    }
}

/// Rows `start .. start + count` of `len` entries each; none where there are no rows.
pub(super) fn rows<T>(values: &[T], start: usize, count: usize, len: usize) -> &[T] {
    if values.is_empty() {
        &[]
    } else {
        &values[start * len..(start + count) * len]
    }
}

/// [`rows`], to write.
pub(super) fn rows_mut<T>(values: &mut [T], start: usize, count: usize, len: usize) -> &mut [T] {
    if values.is_empty() {
        &mut []
    } else {
        &mut values[start * len..(start + count) * len]
    }
}

/// One table of slots a chunk: the storages in `writable` cut into chunks of `chunk_len` rows, the
/// others whole chunks to read. `examples` rows are in use.
pub(super) fn deal<'a, T>(
    storages: &'a mut [Aligned<T>],
    lens: &[usize],
    writable: &[usize],
    chunk_len: usize,
    examples: usize,
) -> Vec<Vec<Slot<'a, T>>> {
    let count = examples.div_ceil(chunk_len);
    let mut tables: Vec<Vec<Slot<T>>> =
        (0..count).map(|_| Vec::with_capacity(lens.len())).collect();
    for (index, (values, &len)) in storages.iter_mut().zip(lens).enumerate() {
        if values.is_empty() {
            tables.iter_mut().for_each(|table| table.push(Slot::Absent));
        } else if writable.contains(&index) {
            let chunks = values[..examples * len].chunks_mut(chunk_len * len);
            tables
                .iter_mut()
                .zip(chunks)
                .for_each(|(table, chunk)| table.push(Slot::Write(chunk)));
        } else {
            let chunks = values[..examples * len].chunks(chunk_len * len);
            tables
                .iter_mut()
                .zip(chunks)
                .for_each(|(table, chunk)| table.push(Slot::Read(chunk)));
        }
    }
    tables
}
