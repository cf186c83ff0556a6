//! The rate that others are measured by: a 2048³ float32 product of matrices.
//!
//! A machine that is shared runs now faster, now slower, by a third and for seconds. So a fraction of the
//! peak is the median of pairs ([`Peak::beside`]): a slice of the work between two products, over the rate
//! of those two. The best of the work over the best of the product would compare two moments of luck.

use crate::tensor::gemm::{MatrixMut, MatrixRef, parallel_gemm};
use std::time::{Duration, Instant};

/// Rows and columns of the matrices.
const N: usize = 2048;

/// The product, and how fast it has run so far.
pub struct Peak {
    a: Vec<f32>,
    b: Vec<f32>,
    c: Vec<f32>,
    /// Of the best product, GFLOP/s.
    pub best: f64,
    /// Threads it is measured with: those of the rayon pool.
    pub threads: usize,
}

/// How fast a work ran, in its own units a second.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Of the best slice.
    pub best: f64,
    /// Lower quartile, median and upper quartile of the slices' rates over the products' beside them; in
    /// units a floating-point operation.
    pub beside: [f64; 3],
}

impl Default for Peak {
    fn default() -> Self {
        let matrix = |period: usize| (0..N * N).map(|i| (i % period) as f32 * 0.1).collect();
        let mut peak = Peak {
            a: matrix(13),
            b: matrix(7),
            c: vec![0.0; N * N],
            best: 0.0,
            threads: rayon::current_num_threads(),
        };
        // The first one finds nothing in the caches.
        peak.product();
        peak.best = 0.0;
        peak
    }
}

impl Peak {
    /// Seconds of one product.
    fn product(&mut self) -> f64 {
        let start = Instant::now();
        let a = MatrixRef::row_major(&self.a, N, N);
        let b = MatrixRef::row_major(&self.b, N, N);
        parallel_gemm(1.0, a, b, 0.0, MatrixMut::row_major(&mut self.c, N, N));
        let seconds = start.elapsed().as_secs_f64();
        self.best = self.best.max(operations() / seconds / 1e9);
        seconds
    }

    /// Runs `work`, which returns how many units it did, in slices as long as a product, each between two
    /// products, for `length` in all and three slices at least. The first run of a slice is not timed: it
    /// finds the product's matrices in the caches.
    pub fn beside(&mut self, length: Duration, mut work: impl FnMut() -> usize) -> Rate {
        let begun = Instant::now();
        let mut before = self.product();
        let mut slices = Vec::new();
        while begun.elapsed() < length || slices.len() < 3 {
            work();
            let start = Instant::now();
            let mut units = 0;
            while units == 0 || start.elapsed().as_secs_f64() < before {
                units += work();
            }
            let seconds = start.elapsed().as_secs_f64();
            let after = self.product();
            slices.push(Slice {
                units,
                seconds,
                beside: [before, after],
            });
            before = after;
        }
        Rate::of(&slices)
    }
}

/// A slice of the work.
struct Slice {
    units: usize,
    seconds: f64,
    /// Seconds of the products before and after it.
    beside: [f64; 2],
}

impl Rate {
    fn of(slices: &[Slice]) -> Self {
        let rate = |slice: &Slice| slice.units as f64 / slice.seconds;
        // Over the rate of both products together.
        let beside = |slice: &Slice| slice.beside.iter().sum::<f64>() / (2.0 * operations());
        let parts = slices.iter().map(|slice| rate(slice) * beside(slice));
        let mut parts: Vec<f64> = parts.collect();
        parts.sort_by(f64::total_cmp);
        let quantile = |q: f64| parts[(q * (parts.len() - 1) as f64).round() as usize];
        Rate {
            best: slices.iter().map(rate).fold(0.0, f64::max),
            beside: [0.25, 0.5, 0.75].map(quantile),
        }
    }
}

/// Of one product.
fn operations() -> f64 {
    2.0 * (N as f64).powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_slows_down_does_not_change_the_fraction() {
        // 6 units in the time of a product that takes 1 s, then 2 s, then 4 s; and one slice during which
        // the machine was busy with something else
        let slice = |seconds: f64, beside| Slice {
            units: 6,
            seconds,
            beside,
        };
        let slices = [
            slice(1.0, [1.0, 1.0]),
            slice(1.5, [1.0, 2.0]),
            slice(2.0, [2.0, 2.0]),
            slice(20.0, [2.0, 4.0]),
            slice(4.0, [4.0, 4.0]),
        ];
        let rate = Rate::of(&slices);
        assert_eq!(rate.best, 6.0);
        let all = 6.0 / operations();
        for part in rate.beside {
            assert!((part / all - 1.0).abs() < 1e-12, "{rate:?}");
        }
        let slowest = Rate::of(&slices[3..4]).beside[1];
        assert!((slowest / all - 3.0 / 20.0).abs() < 1e-12);
    }
}
