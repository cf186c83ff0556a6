//! What one task may read and write of the values (or gradients) of a minibatch.

use crate::ir::{Handle, Table};
use crate::plan::{Graph, Place, Storage};
use crate::tensor::Aligned;
use std::mem;

/// The rows of one storage that a task may use.
#[derive(Default)]
pub enum Slot<'a, T> {
    /// None.
    #[default]
    Absent,
    /// To read.
    Read(&'a [T]),
    /// To write; no other task has them.
    Write(&'a mut [T]),
}

/// What a task may use of the values in each storage.
pub type Slots<'a, T> = Table<Storage, Slot<'a, T>>;

/// What a task may use of the gradients in each place.
pub type GradientSlots<'a, T> = Table<Place, Slot<'a, T>>;

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
pub fn rows<T>(values: &[T], start: usize, count: usize, len: usize) -> &[T] {
    if values.is_empty() {
        &[]
    } else {
        &values[start * len..(start + count) * len]
    }
}

/// [`rows`], to write.
pub fn rows_mut<T>(values: &mut [T], start: usize, count: usize, len: usize) -> &mut [T] {
    if values.is_empty() {
        &mut []
    } else {
        &mut values[start * len..(start + count) * len]
    }
}

/// The arrays of `examples` rows each, each in its rows of so many examples; an empty one in empty ones.
pub fn by_rows<T, const N: usize>(
    arrays: [&mut [T]; N],
    examples: usize,
    at_once: usize,
) -> Vec<[&mut [T]; N]> {
    let mut rest = arrays.map(|all| (all.len() / examples.max(1), all));
    let starts = (0..examples).step_by(at_once);
    let parts = starts.map(|start| {
        let count = at_once.min(examples - start);
        rest.each_mut().map(|(len, rest)| {
            let rows = rest.split_off_mut(..count * *len);
            rows.expect("rows of as many examples")
        })
    });
    parts.collect()
}

/// One table of slots for each chunk: the storages in `writable` cut into chunks of `chunk_len` rows to
/// write, the others to read. `examples` rows are in use.
pub fn deal<'a, T>(
    graph: &Graph,
    storages: &'a mut Table<Storage, Aligned<T>>,
    writable: &[Handle<Storage>],
    chunk_len: usize,
    examples: usize,
) -> Vec<Slots<'a, T>> {
    let table = || Table::with_capacity(graph.storages.len());
    let mut tables: Vec<Slots<T>> = (0..examples.div_ceil(chunk_len)).map(|_| table()).collect();
    for (values, (handle, storage)) in storages.values_mut().zip(graph.storages.iter()) {
        let (used, chunk) = (examples * storage.len, chunk_len * storage.len);
        if values.is_empty() {
            for table in &mut tables {
                table.push(Slot::Absent);
            }
        } else if writable.contains(&handle) {
            let chunks = values[..used].chunks_mut(chunk).map(Slot::Write);
            for (table, slot) in tables.iter_mut().zip(chunks) {
                table.push(slot);
            }
        } else {
            let chunks = values[..used].chunks(chunk).map(Slot::Read);
            for (table, slot) in tables.iter_mut().zip(chunks) {
                table.push(slot);
            }
        }
    }
    tables
}

/// One table of slots for each chunk, with the gradients by the storages that are `touched` to write. `examples` rows
/// are in use.
pub fn deal_gradients<'a, T>(
    graph: &Graph,
    places: &'a mut Table<Place, Aligned<T>>,
    touched: impl Iterator<Item = Handle<Storage>>,
    chunk_len: usize,
    examples: usize,
) -> Vec<GradientSlots<'a, T>> {
    let mut lens: Table<Place, Option<usize>> = graph.places.map(|_, _| None);
    for storage in touched.map(|storage| &graph.storages[storage]) {
        if let Some(place) = storage.place {
            lens[place] = Some(storage.len);
        }
    }
    let table = || graph.places.map(|_, _| Slot::Absent);
    let mut tables: Vec<GradientSlots<T>> =
        (0..examples.div_ceil(chunk_len)).map(|_| table()).collect();
    for (all, (place, len)) in places.values_mut().zip(lens.iter()) {
        let Some(len) = len.filter(|_| !all.is_empty()) else {
            continue;
        };
        let chunks = all[..examples * len].chunks_mut(chunk_len * len);
        for (table, chunk) in tables.iter_mut().zip(chunks) {
            table[place] = Slot::Write(chunk);
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_cut_at_the_same_examples() {
        let (mut a, mut b) = ([0, 0, 1, 1, 2, 2, 3, 3, 4, 4], [0, 1, 2, 3, 4]);
        let parts = by_rows([&mut a, &mut [], &mut b], 5, 2);
        let expected: [[&[i32]; 3]; 3] = [
            [&[0, 0, 1, 1], &[], &[0, 1]],
            [&[2, 2, 3, 3], &[], &[2, 3]],
            [&[4, 4], &[], &[4]],
        ];
        assert_eq!(parts, expected);
        assert!(by_rows([&mut [0; 0]], 0, 2).is_empty());
    }
}
