//! Clipping of a gradient by its norm over all variables.

use crate::tensor::Real;
use rayon::prelude::*;

/// Entries whose squares one task sums.
const BLOCK: usize = 16 * 1024;
/// Sums that a vector register holds.
const LANES: usize = 8;

/// Shortens gradients that are longer than a norm: g ← g·most/‖g‖, as `tf.clip_by_global_norm`.
pub struct Clip {
    most: f64,
    /// Each block's sum of squares.
    squares: Vec<f64>,
}

impl Clip {
    /// To a norm of at most `most`, of gradients of `len` entries.
    pub fn new(most: f64, len: usize) -> Self {
        Clip {
            most,
            squares: vec![0.0; len.div_ceil(BLOCK)],
        }
    }

    /// Shortens `gradient` if it is longer, and returns the norm that it had. One whose norm is not finite stays as it
    /// is. The norm is a sum in float64 over blocks in their order: the same on any number of threads.
    pub fn clip(&mut self, gradient: &mut [f32]) -> f64 {
        let blocks = gradient.par_chunks(BLOCK).zip(&mut self.squares);
        blocks.for_each(|(block, sum)| *sum = squares(block));
        let norm = self.squares.iter().sum::<f64>().sqrt();
        if norm.is_finite() && norm > self.most {
            let factor = (self.most / norm) as f32;
            gradient.par_chunks_mut(BLOCK).for_each(|block| {
                f32::dispatch(
                    #[inline(always)]
                    || block.iter_mut().for_each(|g| *g *= factor),
                );
            });
        }
        norm
    }
}

fn squares(block: &[f32]) -> f64 {
    f32::dispatch(
        #[inline(always)]
        || {
            let (lanes, rest) = block.as_chunks::<LANES>();
            let mut sums = [0.0; LANES];
            for lane in lanes {
                for (sum, &g) in sums.iter_mut().zip(lane) {
                    *sum += f64::from(g) * f64::from(g);
                }
            }
            for (sum, &g) in sums.iter_mut().zip(rest) {
                *sum += f64::from(g) * f64::from(g);
            }
            sums.iter().sum()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gradient_is_shortened_to_the_norm() {
        let mut clip = Clip::new(2.5, 2);
        let mut gradient = [3.0, -4.0];
        assert_eq!(clip.clip(&mut gradient), 5.0);
        assert_eq!(gradient, [1.5, -2.0]);
        // At the norm it stays.
        assert_eq!(clip.clip(&mut gradient), 2.5);
        assert_eq!(gradient, [1.5, -2.0]);
        gradient[0] = f32::NAN;
        assert!(clip.clip(&mut gradient).is_nan());
        assert_eq!(gradient[1], -2.0);
    }

    #[test]
    fn every_entry_counts_whatever_the_length() {
        for len in [1, 7, 8, 9, BLOCK - 1, BLOCK + 1, 3 * BLOCK + 5] {
            // The last entry alone, then all of them.
            let mut last = vec![0.0; len];
            last[len - 1] = 3.0;
            let mut clip = Clip::new(1e9, len);
            assert_eq!(clip.clip(&mut last), 3.0, "{len}");
            let mut all = vec![2.0; len];
            assert_eq!(clip.clip(&mut all), 2.0 * (len as f64).sqrt(), "{len}");
        }
    }
}
