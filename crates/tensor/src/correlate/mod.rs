//! Convolutions of stride 1 without a patch matrix, in float32.
//!
//! ```text
//! Y[i, j, :] = Σ_{a, b, c} X[i + a − top, j + b − left, c] · W[a, b, c, :]
//! ```
//!
//! For one row a of the window, the numbers of X that output (i, j) sees lie next to each other, kw·C of
//! them, and those of (i, j + 1) start C further on: what a product of matrices would copy into patches is
//! read where it is. Only the columns beside the image are made (a copy of it with zeros left and right);
//! rows above and below it are left out, so no work is done on them.
//!
//! Three passes, a file each, sums of R × V vectors held in registers:
//!
//! - `forward`: positions × vectors of filters, W in parts that stay in the first cache;
//! - `by_input`, the gradient by X: positions × input channels, of vectors along the filters;
//! - `by_weight`, the gradient by W: numbers of a window × vectors of filters, the gradient by Y in parts.
//!
//! W is brought into the order in which it is read a part at a time, at one pass over it. There a kernel
//! loc + P ⊙ (s_in s_outᵀ) is worked out, at the cost of reading P, too ([`Weights`]); a gradient is
//! added to where it is collected when a sum is done, with signs to a second place ([`Gradient`]).
//!
//! Measured (`cargo bench --bench kernels`) on one core with AVX-512, as parts of the rate of a 768³ product
//! of the `gemm` crate, 5 × 5 windows with padding, forward / by X / by W: 16 × 16 × 64 to 64 channels 1.08 /
//! 0.96 / 1.12; 32 × 32 × 3 to 64 1.01 / 0.77 / 0.90; 7 × 7 × 16 to 120 0.95 / 0.78 / 1.12; 14 × 14 × 6 to 16
//! 0.69 / 0.76 / 0.89; 28 × 28 × 1 to 6 0.18 / 0.14 / 0.15. What lies beside the image counts as work there,
//! so that a rate can be over 1. Fewer filters than a vector holds fill it badly: of 6, ten lanes of 16 are
//! padding.

mod by_input;
mod by_weight;
mod forward;
mod weights;

pub use weights::{Gradient, Signs, Weights};

use super::im2col::Window;
use super::lanes::LANES;
use pulp::Arch;
use std::ops::Range;

/// The most numbers of a row of vectors.
const MOST: usize = 4 * LANES;
/// Rows of W that are worked on at a time: with 64 columns, 32 KiB.
const DEPTH: usize = 128;
/// Numbers of the gradient by Y that are worked on at a time: 32 KiB.
const ROWS: usize = 8192;

/// A convolution of stride and dilation 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correlation {
    image: [usize; 2],
    channels: usize,
    size: [usize; 2],
    before: [usize; 2],
    output: [usize; 2],
    filters: usize,
}

impl Correlation {
    /// The convolution over `window` with so many filters, if its stride and dilation are 1 and every window has
    /// a cell inside the image.
    pub fn new(window: &Window, filters: usize) -> Option<Self> {
        let steps = window.stride == [1, 1] && window.dilation == [1, 1];
        let within = |axis: usize| {
            let (size, before) = (window.size[axis], window.before[axis]);
            let after =
                (window.output[axis] + size - 1).saturating_sub(window.image[axis] + before);
            before < size && after < size
        };
        let plain = steps && within(0) && within(1);
        plain.then_some(Correlation {
            image: window.image,
            channels: window.channels,
            size: window.size,
            before: window.before,
            output: window.output,
            filters,
        })
    }

    /// Numbers of scratch that each of its functions needs.
    pub fn scratch(&self) -> usize {
        let image = self.image[0] * self.line();
        let part = self.size[0].min((DEPTH / self.run()).max(1)) * self.run();
        let gradient = ROWS.max(self.output[1] * MOST);
        let columns = self.image[1] + self.size[1] - 1;
        let cells = self.output[0] * columns + self.size[0] * self.size[1] * by_input::CHANNELS;
        (image + gradient.max(part * MOST)).max(cells * self.padded()) + 2 * LANES
    }

    /// The rows of the gradient by Y that are worked on at a time, `width` numbers of each position.
    fn rows(&self, width: usize) -> usize {
        (ROWS / (self.output[1] * width)).clamp(1, self.output[0])
    }

    /// Numbers of one row of the window.
    fn run(&self) -> usize {
        self.size[1] * self.channels
    }

    /// Numbers of one row of the image with its zeros.
    fn line(&self) -> usize {
        (self.output[1] + self.size[1] - 1) * self.channels
    }

    /// Filters with those that fill them up.
    fn padded(&self) -> usize {
        self.filters.next_multiple_of(LANES)
    }

    /// The rows of the window at output row i that are inside the image.
    fn inside(&self, i: usize) -> Range<usize> {
        let ([height, _], [top, _], [kh, _]) = (self.image, self.before, self.size);
        let end = (height + top).saturating_sub(i).min(kh);
        top.saturating_sub(i).min(end)..end
    }

    /// The image with zeros to its left and right.
    fn pad(&self, x: &[f32], out: &mut [f32]) {
        let row = self.image[1] * self.channels;
        let left = self.before[1] * self.channels;
        let rows = out.chunks_exact_mut(self.line()).zip(x.chunks_exact(row));
        for (out, x) in rows {
            out[..left].fill(0.0);
            out[left..left + row].copy_from_slice(x);
            out[left + row..].fill(0.0);
        }
    }

    /// y = x ∘ w of one example; every entry of `y` is written.
    pub fn apply(&self, x: &[f32], w: Weights, y: &mut [f32], scratch: &mut [f32]) {
        let (image, scratch) = scratch.split_at_mut(self.image[0] * self.line());
        self.pad(x, image);
        let (of, x) = (*self, &*image);
        Arch::new().dispatch(forward::Apply {
            of,
            x,
            w,
            y,
            scratch,
        });
    }

    /// dx = the gradient by x of ⟨dy, x ∘ w⟩ of one example; every entry is written.
    pub fn transpose(&self, dy: &[f32], w: Weights, dx: &mut [f32], scratch: &mut [f32]) {
        let of = *self;
        Arch::new().dispatch(by_input::ByInput {
            of,
            dy,
            w,
            dx,
            scratch,
        });
    }

    /// The gradient by w of ⟨dy, x ∘ w⟩ of one example.
    pub fn weight_gradient(&self, x: &[f32], dy: &[f32], into: Gradient, scratch: &mut [f32]) {
        let (image, scratch) = scratch.split_at_mut(self.image[0] * self.line());
        self.pad(x, image);
        let (x, of) = (&*image, *self);
        Arch::new().dispatch(by_weight::ByWeight {
            of,
            x,
            dy,
            into,
            scratch,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::im2col::Padding;
    use super::*;
    use pulp::Simd;

    fn numbers(len: usize, salt: usize) -> Vec<f32> {
        let number = |i: usize| (((i + salt) * 7919 + 13) % 1009) as f32 / 504.0 - 1.0;
        (0..len).map(number).collect()
    }

    /// Calls `visit` with the places in x, w and y of each product of the definition.
    fn products(of: &Correlation, mut visit: impl FnMut(usize, usize, usize)) {
        let ([height, width], [kh, kw]) = (of.image, of.size);
        for i in 0..of.output[0] {
            for j in 0..of.output[1] {
                for (a, b) in (0..kh).flat_map(|a| (0..kw).map(move |b| (a, b))) {
                    let row = (i + a).wrapping_sub(of.before[0]);
                    let col = (j + b).wrapping_sub(of.before[1]);
                    if row >= height || col >= width {
                        continue;
                    }
                    for c in 0..of.channels {
                        for o in 0..of.filters {
                            visit(
                                (row * width + col) * of.channels + c,
                                ((a * kw + b) * of.channels + c) * of.filters + o,
                                (i * of.output[1] + j) * of.filters + o,
                            );
                        }
                    }
                }
            }
        }
    }

    fn close(got: &[f32], exact: &[f64]) {
        for (got, exact) in got.iter().zip(exact) {
            assert!((f64::from(*got) - exact).abs() < 2e-4, "{got} {exact}");
        }
    }

    #[test]
    fn all_three_passes_are_the_definitions() {
        for (image, size, filters) in [
            ([9, 8, 3], [5, 5], 64),
            ([9, 8, 3], [5, 5], 6),
            ([13, 14, 6], [5, 3], 16),
            ([7, 7, 16], [5, 5], 120),
            ([6, 17, 33], [2, 4], 48),
            ([3, 2, 2], [3, 2], 10),
            ([1, 9, 1], [1, 5], 1),
            ([16, 16, 64], [3, 3], 64),
            ([2, 2, 1], [5, 5], 3),
            ([7, 100, 2], [3, 3], 16),
            ([12, 30, 4], [3, 3], 33),
        ] {
            for padding in [Padding::Same, Padding::Valid] {
                let Some(window) = Window::new(image, size, [1, 1], [1, 1], padding) else {
                    continue;
                };
                let of = Correlation::new(&window, filters).unwrap();
                let x = numbers(image.iter().product(), 1);
                let w = numbers(size[0] * size[1] * image[2] * filters, 2);
                let dy = numbers(of.output[0] * of.output[1] * filters, 3);
                let mut exact = (vec![0.0; dy.len()], vec![0.0; x.len()], vec![0.0; w.len()]);
                let wide = |x: f32| f64::from(x);
                products(&of, |at_x, at_w, at_y| {
                    exact.0[at_y] += wide(x[at_x]) * wide(w[at_w]);
                    exact.1[at_x] += wide(dy[at_y]) * wide(w[at_w]);
                    exact.2[at_w] += wide(dy[at_y]) * wide(x[at_x]);
                });
                let mut scratch = vec![f32::NAN; of.scratch()];
                let mut y = vec![f32::NAN; dy.len()];
                of.apply(&x, Weights::Plain(&w), &mut y, &mut scratch);
                close(&y, &exact.0);

                let mut dx = vec![f32::NAN; x.len()];
                scratch.fill(f32::NAN);
                of.transpose(&dy, Weights::Plain(&w), &mut dx, &mut scratch);
                close(&dx, &exact.1);

                let mut dw = vec![f32::NAN; w.len()];
                let gradient = |add, first: &mut [f32], second: Option<(&mut [f32], Signs)>| {
                    let mut scratch = vec![f32::NAN; of.scratch()];
                    of.weight_gradient(&x, &dy, Gradient { first, second, add }, &mut scratch);
                };
                gradient(false, &mut dw, None);
                close(&dw, &exact.2);
                gradient(true, &mut dw, None);
                let doubled: Vec<f64> = exact.2.iter().map(|d| 2.0 * d).collect();
                close(&dw, &doubled);

                // Signs that flip and a perturbation: the definitions under the kernel written out.
                let by = numbers(w.len(), 4);
                let sign = |i: usize| if i * 7 % 5 < 2 { -1.0 } else { 1.0 };
                let input: Vec<f32> = (0..of.channels).map(sign).collect();
                let output: Vec<f32> = (0..filters).map(|o| sign(o + 3)).collect();
                let signs = Signs {
                    input: &input,
                    output: &output,
                };
                let both = |i: usize| input[i / filters % of.channels] * output[i % filters];
                let loc = |i: usize| w[i] - by[i] * both(i);
                let loc: Vec<f32> = (0..w.len()).map(loc).collect();
                let perturbed = Weights::Perturbed {
                    loc: &loc,
                    by: &by,
                    signs,
                };
                y.fill(f32::NAN);
                dx.fill(f32::NAN);
                let mut second = vec![f32::NAN; w.len()];
                gradient(false, &mut dw, Some((&mut second[..], signs)));
                gradient(true, &mut dw, Some((&mut second[..], signs)));
                close(&dw, &doubled);
                let flipped = |(i, d): (usize, &f64)| d * f64::from(both(i));
                let flipped: Vec<f64> = doubled.iter().enumerate().map(flipped).collect();
                close(&second, &flipped);
                scratch.fill(f32::NAN);
                of.apply(&x, perturbed, &mut y, &mut scratch);
                close(&y, &exact.0);
                of.transpose(&dy, perturbed, &mut dx, &mut scratch);
                close(&dx, &exact.1);
            }
        }
    }

    /// The three passes, in vectors of `simd`.
    fn passes<S: Simd>(
        simd: S,
        of: Correlation,
        x: &[f32],
        w: Weights,
        dy: &[f32],
    ) -> [Vec<f32>; 3] {
        let mut image = vec![f32::NAN; of.image[0] * of.line()];
        of.pad(x, &mut image);
        let mut scratch = vec![f32::NAN; of.scratch()];
        let kernel = of.size[0] * of.run() * of.filters;
        let mut out = [dy.len(), x.len(), kernel].map(|len| vec![f32::NAN; len]);
        let [y, dx, dw] = &mut out;
        simd.vectorize(forward::Apply {
            of,
            x: &image,
            w,
            y,
            scratch: &mut scratch,
        });
        simd.vectorize(by_input::ByInput {
            of,
            dy,
            w,
            dx,
            scratch: &mut scratch,
        });
        let into = Gradient {
            first: dw,
            second: None,
            add: false,
        };
        simd.vectorize(by_weight::ByWeight {
            of,
            x: &image,
            dy,
            into,
            scratch: &mut scratch,
        });
        out
    }

    #[test]
    fn shorter_vectors_give_the_same() {
        for (image, filters) in [([7, 7, 16], 120), ([5, 9, 3], 10), ([6, 20, 4], 33)] {
            let window = Window::new(image, [5, 3], [1, 1], [1, 1], Padding::Same).unwrap();
            let of = Correlation::new(&window, filters).unwrap();
            let x = numbers(image.iter().product(), 1);
            let [w, by] = [2, 3].map(|salt| numbers(15 * image[2] * filters, salt));
            let dy = numbers(image[0] * image[1] * filters, 4);
            let [input, output] = [image[2], filters].map(|n| {
                let signs = numbers(n, 5).into_iter().map(f32::signum);
                signs.collect::<Vec<f32>>()
            });
            let signs = Signs {
                input: &input,
                output: &output,
            };
            let w = Weights::Perturbed {
                loc: &w,
                by: &by,
                signs,
            };
            let exact = passes(pulp::Scalar::new(), of, &x, w, &dy);
            let same = |got: [Vec<f32>; 3]| {
                for (got, exact) in got.into_iter().flatten().zip(exact.iter().flatten()) {
                    assert!((got - exact).abs() < 1e-3, "{got} {exact}");
                }
            };
            #[cfg(target_arch = "x86_64")]
            if let Some(simd) = pulp::x86::V3::try_new() {
                same(passes(simd, of, &x, w, &dy));
            }
            #[cfg(target_arch = "x86_64")]
            if let Some(simd) = pulp::x86::V4::try_new() {
                same(passes(simd, of, &x, w, &dy));
            }
        }
    }

    #[test]
    fn strides_and_dilations_are_left_to_others() {
        let window = |stride, dilation| {
            Window::new([9, 9, 2], [3, 3], stride, dilation, Padding::Same).unwrap()
        };
        assert!(Correlation::new(&window([2, 1], [1, 1]), 4).is_none());
        assert!(Correlation::new(&window([1, 1], [1, 2]), 4).is_none());
    }
}
