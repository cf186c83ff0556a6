//! Matrix products: the one seam to the crates that compute them. float32, in which networks are trained, has the
//! kernels of `gemm-f32`; float64, the reference path, has `ndarray`'s plain product.
//!
//! C ← α·A·B + β·C, for matrices of any row and column stride. A transpose is a change of strides
//! ([`MatrixRef::transposed`]), so the three products of a linear layer are one function:
//!
//! ```text
//! forward            Y  = X·W        [n, k]·[k, m]
//! gradient by X      dX = dY·Wᵀ
//! gradient by W      dW = Xᵀ·dY
//! ```
//!
//! [`gemm()`] runs on the calling thread. [`parallel_gemm`] shares the entries of C out in pieces that
//! depend on the shapes alone, each computed whole by one thread: the bits of the result do not
//! depend on the number of threads.
#![allow(unsafe_code)]

use super::{Real, Share};
use gemm_common::Parallelism;
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, ShapeBuilder};
use rayon::prelude::*;
use std::ops::Range;

/// A matrix read from a slice: entry (i, j) is `data[i * row_stride + j * col_stride]`.
#[derive(Debug, Clone, Copy)]
pub struct MatrixRef<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a, T> MatrixRef<'a, T> {
    /// A matrix with these strides.
    ///
    /// # Panics
    /// If its last entry lies outside `data`.
    pub fn new(
        data: &'a [T],
        [rows, cols]: [usize; 2],
        [row_stride, col_stride]: [usize; 2],
    ) -> Self {
        check_extent(data.len(), [rows, cols], [row_stride, col_stride]);
        MatrixRef {
            data,
            rows,
            cols,
            row_stride,
            col_stride,
        }
    }

    /// Rows one after the other.
    pub fn row_major(data: &'a [T], rows: usize, cols: usize) -> Self {
        Self::new(data, [rows, cols], [cols, 1])
    }

    /// The same, if its numbers are float32.
    fn as_f32(self) -> Option<MatrixRef<'a, f32>>
    where
        T: Real,
    {
        Some(MatrixRef {
            data: T::as_f32(self.data)?,
            rows: self.rows,
            cols: self.cols,
            row_stride: self.row_stride,
            col_stride: self.col_stride,
        })
    }

    fn view(self) -> ArrayView2<'a, T> {
        let shape = (self.rows, self.cols).strides((self.row_stride, self.col_stride));
        ArrayView2::from_shape(shape, self.data).expect("its extent was checked")
    }

    /// The transpose, of the same data.
    pub fn transposed(self) -> Self {
        MatrixRef {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }
}

/// A matrix written to a slice: entry (i, j) is `data[i * row_stride + j * col_stride]`.
#[derive(Debug)]
pub struct MatrixMut<'a, T> {
    data: &'a mut [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a, T> MatrixMut<'a, T> {
    /// A matrix with these strides.
    ///
    /// # Panics
    /// If its last entry lies outside `data`, or if two entries could share a place: one stride must
    /// be 1 and the other at least as long as a row (or column).
    pub fn new(
        data: &'a mut [T],
        [rows, cols]: [usize; 2],
        [row_stride, col_stride]: [usize; 2],
    ) -> Self {
        check_extent(data.len(), [rows, cols], [row_stride, col_stride]);
        assert!(
            (col_stride == 1 && row_stride >= cols) || (row_stride == 1 && col_stride >= rows),
            "strides [{row_stride}, {col_stride}] let entries of a [{rows}, {cols}] matrix overlap"
        );
        MatrixMut {
            data,
            rows,
            cols,
            row_stride,
            col_stride,
        }
    }

    /// Rows one after the other.
    pub fn row_major(data: &'a mut [T], rows: usize, cols: usize) -> Self {
        Self::new(data, [rows, cols], [cols, 1])
    }

    /// The same, if its numbers are float32.
    fn as_f32(&mut self) -> Option<MatrixMut<'_, f32>>
    where
        T: Real,
    {
        Some(MatrixMut {
            data: T::as_f32_mut(self.data)?,
            rows: self.rows,
            cols: self.cols,
            row_stride: self.row_stride,
            col_stride: self.col_stride,
        })
    }
}

/// The product in any number type, on the calling thread.
fn plain<T: Real>(alpha: T, a: MatrixRef<T>, b: MatrixRef<T>, beta: T, c: MatrixMut<T>) {
    if c.rows == 0 || c.cols == 0 {
        return;
    }
    let shape = (c.rows, c.cols).strides((c.row_stride, c.col_stride));
    let mut to = ArrayViewMut2::from_shape(shape, c.data).expect("its extent was checked");
    match a.cols {
        // Sums of nothing. C is not read where `beta` is 0: it may hold what is not a number.
        0 if beta == T::zero() => to.fill(beta),
        0 => to.mapv_inplace(|c| beta * c),
        _ => general_mat_mul(alpha, &a.view(), &b.view(), beta, &mut to),
    }
}

/// Panics unless the matrix is empty or its last entry is inside `len`.
fn check_extent(len: usize, [rows, cols]: [usize; 2], [row_stride, col_stride]: [usize; 2]) {
    if rows == 0 || cols == 0 {
        return;
    }
    let last = (rows - 1)
        .checked_mul(row_stride)
        .zip((cols - 1).checked_mul(col_stride))
        .and_then(|(down, right)| down.checked_add(right));
    assert!(
        last.is_some_and(|last| last < len && isize::try_from(last).is_ok()),
        "a [{rows}, {cols}] matrix with strides [{row_stride}, {col_stride}] in {len} numbers"
    );
}

/// C ← alpha·A·B + beta·C on the calling thread. With `beta` 0, C is not read.
///
/// # Panics
/// If the sizes do not agree.
pub fn gemm<T: Real>(alpha: T, a: MatrixRef<T>, b: MatrixRef<T>, beta: T, mut c: MatrixMut<T>) {
    check_sizes(&a, &b, &c);
    match (a.as_f32(), b.as_f32(), c.as_f32()) {
        (Some(a), Some(b), Some(c)) => whole([alpha, beta].map(as_f32), a, b, c),
        _ => plain(alpha, a, b, beta, c),
    }
}

/// A number of a type that is float32.
fn as_f32<T: Real>(value: T) -> f32 {
    value.wide() as f32
}

/// [`gemm()`] in float32.
fn whole(factors: [f32; 2], a: MatrixRef<f32>, b: MatrixRef<f32>, c: MatrixMut<f32>) {
    let (rows, cols) = (0..c.rows, 0..c.cols);
    let target = Target::of(c);
    // SAFETY: the sizes agree, and `target` comes from a unique borrow that lasts until the end of
    // this function; nothing else writes to it.
    unsafe { piece(factors, a, b, target, rows, cols) }
}

/// Below this many multiplications a product is not worth sharing out (about 3 µs of one core).
const WORTH_SHARING: usize = 1 << 18;
/// The most pieces a product is cut into along one axis, and how many are enough: with as many along one axis,
/// the other is not cut.
const MOST_PIECES: usize = 8;
const ENOUGH_PIECES: usize = 4;
/// Pieces are of whole tiles of the kernel: so many rows, or so many columns. A piece of other columns than
/// whole tiles is a tenth slower.
const TILE: [usize; 2] = [6, 64];
/// And of so many tiles at least. A piece by rows reads all of B anew, which is little beside the work of 60 rows
/// but more than that of 12. With B in the third cache, pieces of 192 columns of [128, 784]·[784, 400] run at 0.99
/// of the rate of all columns, of 128 at 0.94, of 64, which are 256 bytes of each row of B, at 0.83.
const LEAST_TILES: [usize; 2] = [10, 3];

/// Tiles of `length` rows (axis 0) or columns (axis 1), and how many pieces they are cut into: as many as a
/// power of two has, so that any such number of threads has equal shares.
fn pieces(length: usize, axis: usize) -> [usize; 2] {
    let tiles = length.div_ceil(TILE[axis]);
    let most = (tiles / LEAST_TILES[axis]).clamp(1, MOST_PIECES);
    [tiles, 1 << most.ilog2()]
}

/// Rows or columns of piece number `p` of `count`, all within a tile of each other.
fn cut([tiles, count]: [usize; 2], axis: usize, length: usize, p: usize) -> Range<usize> {
    let end = |p: usize| (tiles * p / count * TILE[axis]).min(length);
    end(p)..end(p + 1)
}

/// [`gemm()`], in float32 shared out over the current rayon pool. The result is the same, bit for bit, on any
/// number of threads.
///
/// # Panics
/// If the sizes do not agree.
pub fn parallel_gemm<T: Real>(
    alpha: T,
    a: MatrixRef<T>,
    b: MatrixRef<T>,
    beta: T,
    mut c: MatrixMut<T>,
) {
    check_sizes(&a, &b, &c);
    match (a.as_f32(), b.as_f32(), c.as_f32()) {
        (Some(a), Some(b), Some(c)) => shared([alpha, beta].map(as_f32), a, b, c),
        _ => plain(alpha, a, b, beta, c),
    }
}

/// [`parallel_gemm`] in float32.
fn shared(factors: [f32; 2], a: MatrixRef<f32>, b: MatrixRef<f32>, c: MatrixMut<f32>) {
    let [rows, cols] = [c.rows, c.cols];
    if rows * cols * a.cols < WORTH_SHARING {
        return whole(factors, a, b, c);
    }
    // Along the axis with more pieces, of two with as many along the longer.
    let [mut of_rows, mut of_cols] = [pieces(rows, 0), pieces(cols, 1)];
    let by_rows = (of_rows[1], rows) >= (of_cols[1], cols);
    let (cut_most, other) = match by_rows {
        true => (of_rows[1], &mut of_cols[1]),
        false => (of_cols[1], &mut of_rows[1]),
    };
    *other = (*other).min((ENOUGH_PIECES / cut_most).max(1));
    let target = Target::of(c);
    (0..of_rows[1] * of_cols[1]).into_par_iter().share(|p| {
        let rows = cut(of_rows, 0, rows, p / of_cols[1]);
        let cols = cut(of_cols, 1, cols, p % of_cols[1]);
        // SAFETY: the sizes agree, the borrow of C lasts until every piece is done, and the pieces
        // are disjoint ranges of rows and columns: `MatrixMut` holds no two entries in one place, so
        // no two threads write to one place.
        unsafe { piece(factors, a, b, target, rows, cols) }
    });
}

fn check_sizes<T>(a: &MatrixRef<T>, b: &MatrixRef<T>, c: &MatrixMut<T>) {
    assert!(
        a.cols == b.rows && a.rows == c.rows && b.cols == c.cols,
        "[{}, {}]·[{}, {}] into [{}, {}]",
        a.rows,
        a.cols,
        b.rows,
        b.cols,
        c.rows,
        c.cols
    );
}

/// The place of a [`MatrixMut`], shared by the threads that write its pieces.
#[derive(Clone, Copy)]
struct Target {
    first: *mut f32,
    row_stride: usize,
    col_stride: usize,
}

impl Target {
    fn of(c: MatrixMut<f32>) -> Self {
        let MatrixMut {
            data,
            row_stride,
            col_stride,
            ..
        } = c;
        Target {
            first: data.as_mut_ptr(),
            row_stride,
            col_stride,
        }
    }
}

// SAFETY: a `Target` is only an address; what each thread does with it is argued where it is used.
unsafe impl Send for Target {}
// SAFETY: as above.
unsafe impl Sync for Target {}

/// Tells the crate whether to copy what it reads as vectors (rows of B, where C's rows lie next to each other)
/// before it reads it. It reads as many of them as the inner axis is long, once for each six rows of C; where they
/// are spread over the first cache, the copy costs more than it saves: without, 147 → 160 GFLOP/s for 192 columns
/// of [128, 784]·[784, 400] on one of two busy cores with B in the third cache, 132 → 153 for 320 of
/// [128, 1200]·[1200, 1200]. Whole pages apart they are all in the same few sets: 139 → 93 for
/// [128, 1024]·[1024, 1024].
///
/// This is one setting for all threads. Where products of other shapes run beside this one theirs may hold for
/// it, too: that costs time, and never changes a bit.
fn pack_columns(a: &MatrixRef<f32>, b: &MatrixRef<f32>, c: Target) {
    /// Above so many tiles of C's rows it copies: its own choice, and the most it takes.
    const PACK: [usize; 2] = [8, 256];
    const PAGE: usize = 4096;
    let stride = match c.col_stride {
        1 => b.row_stride,
        _ => a.col_stride,
    };
    let apart = usize::from(!(stride * size_of::<f32>()).is_multiple_of(PAGE));
    if gemm_common::gemm::get_lhs_packing_threshold_single_thread() != PACK[apart] {
        gemm_common::gemm::set_lhs_packing_threshold_single_thread(PACK[apart]);
    }
}

/// The entries of C in `rows` × `cols`.
///
/// # Safety
/// `c` is the place of a matrix of `a.rows` × `b.cols` that nothing else reads or writes in `rows` ×
/// `cols` meanwhile; `a.cols == b.rows`; both ranges lie inside the matrix.
unsafe fn piece(
    [alpha, beta]: [f32; 2],
    a: MatrixRef<f32>,
    b: MatrixRef<f32>,
    c: Target,
    rows: Range<usize>,
    cols: Range<usize>,
) {
    if rows.is_empty() || cols.is_empty() {
        return;
    }
    // With no inner axis the operands are empty and have no first row or column to point at.
    let (a_first, b_first) = if a.cols == 0 {
        (0, 0)
    } else {
        (rows.start * a.row_stride, cols.start * b.col_stride)
    };
    pack_columns(&a, &b, c);
    let kernel = gemm_f32::gemm::f32::get_gemm_fn();
    // SAFETY: `MatrixRef::new` and `MatrixMut::new` checked that the last entry of each matrix lies
    // in its slice, so every address formed from the sizes and strides below does too, and that the
    // offsets fit an isize; A and B are shared borrows, C is the caller's. The crate's β multiplies
    // A·B and its α multiplies C.
    unsafe {
        let a_first = a.data.as_ptr().add(a_first);
        let b_first = b.data.as_ptr().add(b_first);
        let first = rows.start * c.row_stride + cols.start * c.col_stride;
        let first = c.first.add(first);
        let [a_rows, a_cols] = [a.row_stride, a.col_stride].map(|stride| stride as isize);
        let [b_rows, b_cols] = [b.row_stride, b.col_stride].map(|stride| stride as isize);
        let [c_rows, c_cols] = [c.row_stride, c.col_stride].map(|stride| stride as isize);
        let read = beta != 0.0;
        let none = Parallelism::None;
        // The kernel is written for a C whose columns lie together: of other ones it makes the transpose,
        // Cᵀ = BᵀAᵀ.
        if c_cols < c_rows {
            kernel(
                cols.len(),
                rows.len(),
                a.cols,
                first,
                c_rows,
                c_cols,
                read,
                b_first,
                b_rows,
                b_cols,
                a_first,
                a_rows,
                a_cols,
                beta,
                alpha,
                false,
                false,
                false,
                none,
            );
        } else {
            kernel(
                rows.len(),
                cols.len(),
                a.cols,
                first,
                c_cols,
                c_rows,
                read,
                a_first,
                a_cols,
                a_rows,
                b_first,
                b_cols,
                b_rows,
                beta,
                alpha,
                false,
                false,
                false,
                none,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers<T: Real>(n: usize, salt: usize) -> Vec<T> {
        (0..n)
            .map(|i| T::of((((i + salt) * 7919 + 13) % 1009) as f64 / 504.0 - 1.0))
            .collect()
    }

    fn naive<T: Real>(
        alpha: f64,
        a: MatrixRef<T>,
        b: MatrixRef<T>,
        beta: f64,
        c: &[T],
    ) -> Vec<f64> {
        let mut out = Vec::new();
        for i in 0..a.rows {
            for j in 0..b.cols {
                let sum: f64 = (0..a.cols)
                    .map(|k| {
                        a.data[i * a.row_stride + k * a.col_stride].wide()
                            * b.data[k * b.row_stride + j * b.col_stride].wide()
                    })
                    .sum();
                out.push(alpha * sum + beta * c[i * b.cols + j].wide());
            }
        }
        out
    }

    fn compare<T: Real>(tolerance: f64) {
        for (m, k, n) in [
            (1, 1, 1),
            (1, 75, 10),
            (7, 3, 5),
            (49, 400, 12),
            (33, 17, 65),
            (4, 0, 3),
        ] {
            let (x, w) = (numbers::<T>(m * k, 1), numbers::<T>(k * n, 2));
            let plain = (
                MatrixRef::row_major(&x, m, k),
                MatrixRef::row_major(&w, k, n),
            );
            let turned = (
                MatrixRef::new(&x, [m, k], [1, m]),
                MatrixRef::row_major(&w, n, k).transposed(),
            );
            for (a, b) in [plain, turned] {
                for (alpha, beta) in [(1.0, 0.0), (1.0, 1.0), (-0.5, 2.0)] {
                    let mut c = numbers::<T>(m * n, 3);
                    let expected = naive(alpha, a, b, beta, &c);
                    if beta == 0.0 {
                        c.fill(T::nan());
                    }
                    gemm(
                        T::of(alpha),
                        a,
                        b,
                        T::of(beta),
                        MatrixMut::row_major(&mut c, m, n),
                    );
                    for (got, want) in c.iter().zip(&expected) {
                        assert!(
                            (got.wide() - want).abs() < tolerance * (1.0 + k as f64),
                            "{m} {k} {n}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn agrees_with_the_sum_of_products() {
        compare::<f32>(1e-6);
        compare::<f64>(1e-14);
    }

    #[test]
    fn writes_only_its_own_entries() {
        let (a, b) = (numbers::<f32>(6, 0), numbers::<f32>(6, 1));
        let mut c = [9.0f32; 4 * 5];
        let target = MatrixMut::new(&mut c[1..], [3, 3], [5, 1]);
        gemm(
            1.0,
            MatrixRef::row_major(&a, 3, 2),
            MatrixRef::row_major(&b, 2, 3),
            0.0,
            target,
        );
        let untouched = c.iter().filter(|&&v| v == 9.0).count();
        assert_eq!(untouched, 20 - 9);
    }

    #[test]
    fn threads_do_not_change_the_bits() {
        for (m, k, n) in [
            (300, 500, 20),
            (20, 500, 300),
            (128, 1024, 256),
            (1000, 128, 33),
        ] {
            let (x, w) = (numbers::<f32>(m * k, 4), numbers::<f32>(k * n, 5));
            let run = |threads| {
                let mut c = vec![0.0f32; m * n];
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .unwrap();
                pool.install(|| {
                    let (a, b) = (
                        MatrixRef::row_major(&x, m, k),
                        MatrixRef::row_major(&w, k, n),
                    );
                    parallel_gemm(1.0, a, b, 0.0, MatrixMut::row_major(&mut c, m, n));
                });
                c
            };
            let one = run(1);
            assert_eq!(one, run(3));
            let (a, b) = (
                MatrixRef::row_major(&x, m, k),
                MatrixRef::row_major(&w, k, n),
            );
            for (got, want) in one.iter().zip(naive(1.0, a, b, 0.0, &one)) {
                assert!((got.wide() - want).abs() < 1e-4);
            }
        }
    }

    #[test]
    #[should_panic(expected = "[2, 3]·[2, 2] into [2, 2]")]
    fn sizes_must_agree() {
        let x = [0.0f32; 6];
        let mut c = [0.0f32; 4];
        let (a, b) = (
            MatrixRef::row_major(&x, 2, 3),
            MatrixRef::row_major(&x[..4], 2, 2),
        );
        gemm(1.0, a, b, 0.0, MatrixMut::row_major(&mut c, 2, 2));
    }

    #[test]
    #[should_panic(expected = "overlap")]
    fn entries_must_not_share_a_place() {
        MatrixMut::new(&mut [0.0f32; 9], [3, 3], [0, 1]);
    }
}
