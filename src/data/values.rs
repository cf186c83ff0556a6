//! Numbers as files have them.

use super::Stored;

/// Numbers as the file has them. Targets are in memory; inputs may be [`Stored`].
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Bytes: pixels and labels.
    U8(Vec<u8>),
    /// float32 arrays.
    F32(Vec<f32>),
    /// float64 arrays, csv cells, wider integers.
    F64(Vec<f64>),
    /// Rows that stay in their files and are read as they are asked for.
    Stored(Stored),
}

impl Values {
    /// How many numbers there are.
    pub fn len(&self) -> usize {
        match self {
            Values::U8(v) => v.len(),
            Values::F32(v) => v.len(),
            Values::F64(v) => v.len(),
            Values::Stored(stored) => stored.rows() * stored.width(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number at `index`; panics if there is none, or if it is stored and cannot be read: [`Values::of_rows`] and
    /// [`Values::show`] give stored ones, many at a time.
    pub fn get(&self, index: usize) -> f64 {
        match self {
            Values::U8(v) => f64::from(v[index]),
            Values::F32(v) => f64::from(v[index]),
            Values::F64(v) => v[index],
            Values::Stored(stored) => {
                let (row, entry) = (index / stored.width(), index % stored.width());
                let read = stored.read(&[row]);
                read.unwrap_or_else(|failure| panic!("{failure:?}"))
                    .get(entry)
            }
        }
    }

    /// The numbers of `rows`, each row `width` numbers wide; stored ones stay where they are.
    pub(super) fn rows(&self, rows: &[usize], width: usize) -> Values {
        fn pick<V: Copy>(values: &[V], rows: &[usize], width: usize) -> Vec<V> {
            rows.iter()
                .flat_map(|row| &values[row * width..(row + 1) * width])
                .copied()
                .collect()
        }
        match self {
            Values::U8(v) => Values::U8(pick(v, rows, width)),
            Values::F32(v) => Values::F32(pick(v, rows, width)),
            Values::F64(v) => Values::F64(pick(v, rows, width)),
            Values::Stored(stored) => Values::Stored(stored.subset(rows)),
        }
    }
}
