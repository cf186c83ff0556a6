//! Rows of vectors: what the kernels load, store and are shaped by.

use pulp::Simd;
use std::array::from_fn;

/// Bytes of a line of the cache.
pub(super) const LINE: usize = 64;
/// Numbers of the longest vector of all instruction sets.
pub(super) const LANES: usize = 16;

/// Calls `$function::<S, R, V>` for the R of `$r`: up to 8, or up to 16.
macro_rules! with_rows {
    ($r:expr, $v:tt, $function:ident, $arguments:tt) => {
        with_rows!(@ $r, $v, $function, $arguments, 1 2 3 4 5 6 7 8)
    };
    (long $r:expr, $v:tt, $function:ident, $arguments:tt) => {
        with_rows!(@ $r, $v, $function, $arguments, 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
    };
    (@ $r:expr, $v:tt, $function:ident, $arguments:tt, $($n:literal)*) => {
        match $r {
            $($n => with_rows!(@call $function, $n, $v, $arguments),)*
            more => unreachable!("{more} rows at once"),
        }
    };
    (@call $function:ident, $n:literal, $v:tt, ($($argument:expr),*)) => {
        $function::<S, $n, $v>($($argument),*)
    };
}
pub(super) use with_rows;

/// Whether vectors are the longest that there are, and registers the most.
#[inline(always)]
pub(super) const fn wide<S: Simd>() -> bool {
    S::F32_LANES == LANES
}

/// The most rows of V vectors at once: their accumulators, and what they are made of, fit the registers.
#[inline(always)]
pub(super) const fn most_rows<S: Simd, const V: usize>() -> usize {
    match (V, S::F32_LANES) {
        (1, LANES) => 16,
        (2 | 3, LANES) => 8,
        (1, _) => 8,
        (2, _) => 6,
        (3, _) => 4,
        _ => 6,
    }
}

/// The most vectors of a row at once, where there are `rows` rows: with three of them seven or eight rows fit
/// the registers, which one tile then holds.
#[inline(always)]
pub(super) const fn most_vectors<S: Simd>(rows: usize) -> usize {
    match (S::F32_LANES, rows) {
        (LANES, 7 | 8) => 3,
        (LANES, _) => 4,
        _ => 2,
    }
}

/// A block of columns: whole vectors, but where there are fewer columns than one holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    /// Vectors.
    pub vectors: usize,
    /// Columns before it that others have seen to.
    pub before: usize,
    /// Its first column: before `before` where the last vector would go beyond the end.
    pub first: usize,
    /// Columns, of which the first `before − first` are others' too.
    pub columns: usize,
}

impl Block {
    /// The blocks of so many columns, for tiles of `rows` rows.
    #[inline(always)]
    pub fn of<S: Simd>(columns: usize, rows: usize) -> impl Iterator<Item = Block> {
        let most = most_vectors::<S>(rows);
        let mut before = 0;
        std::iter::from_fn(
            #[inline(always)]
            move || {
                let left = (columns - before).div_ceil(S::F32_LANES);
                if left == 0 {
                    return None;
                }
                let vectors = left.div_ceil(left.div_ceil(most));
                let vectors = vectors.min((columns / S::F32_LANES).max(1));
                let width = (vectors * S::F32_LANES).min(columns);
                let first = before.min(columns - width);
                let block = Block {
                    vectors,
                    before,
                    first,
                    columns: width,
                };
                before = first + width;
                Some(block)
            },
        )
    }
}

/// The start of the first vector that begins where a line of the cache does.
#[inline(always)]
pub(super) fn aligned(scratch: &mut [f32]) -> &mut [f32] {
    let skip = scratch.as_ptr().align_offset(LINE).min(LANES);
    &mut scratch[skip..]
}

/// `V` vectors from the start of a slice.
#[inline(always)]
pub(super) fn load<S: Simd, const V: usize>(from: &[f32]) -> [S::f32s; V] {
    let (vectors, _) = S::as_simd_f32s(&from[..V * S::F32_LANES]);
    from_fn(|v| vectors[v])
}

/// `V` vectors to the start of a slice.
#[inline(always)]
pub(super) fn store<S: Simd, const V: usize>(values: [S::f32s; V], to: &mut [f32]) {
    let (vectors, _) = S::as_mut_simd_f32s(&mut to[..V * S::F32_LANES]);
    vectors.copy_from_slice(&values);
}

/// `V` vectors from a slice, zeros where it is shorter.
#[inline(always)]
pub(super) fn load_some<S: Simd, const V: usize>(simd: S, from: &[f32]) -> [S::f32s; V] {
    let part = |v: usize| (v * S::F32_LANES).min(from.len());
    let mut values = [simd.splat_f32s(0.0); V];
    for (v, value) in values.iter_mut().enumerate() {
        *value = simd.partial_load_f32s(&from[part(v)..part(v + 1)]);
    }
    values
}

/// `columns` numbers of R rows that are `stride` apart, filled up with zeros.
#[inline(always)]
pub(super) fn load_rows<S: Simd, const R: usize, const V: usize>(
    simd: S,
    from: &[f32],
    stride: usize,
    columns: usize,
) -> [[S::f32s; V]; R] {
    let mut values = [[simd.splat_f32s(0.0); V]; R];
    if V > 1 || columns == S::F32_LANES {
        for (r, values) in values.iter_mut().enumerate() {
            *values = load::<S, V>(&from[r * stride..]);
        }
    } else {
        for (r, values) in values.iter_mut().enumerate() {
            *values = load_some::<S, V>(simd, &from[r * stride..][..columns]);
        }
    }
    values
}

/// `columns` numbers of R rows that are `stride` apart.
#[inline(always)]
pub(super) fn store_rows<S: Simd, const R: usize, const V: usize>(
    simd: S,
    values: [[S::f32s; V]; R],
    to: &mut [f32],
    stride: usize,
    columns: usize,
) {
    if V > 1 || columns == S::F32_LANES {
        for (r, values) in values.into_iter().enumerate() {
            store::<S, V>(values, &mut to[r * stride..]);
        }
        return;
    }
    let part = |v: usize| (v * S::F32_LANES).min(columns);
    for (r, values) in values.into_iter().enumerate() {
        let to = &mut to[r * stride..][..columns];
        for (v, value) in values.into_iter().enumerate() {
            simd.partial_store_f32s(&mut to[part(v)..part(v + 1)], value);
        }
    }
}
