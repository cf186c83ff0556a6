//! ```text
//! y[i, j, c] = max over the cells (a, b) of the window of x[i·s + a − before, j·s + b − before, c]
//! ```
//!
//! and the same over one axis or three. Padding cells never win. The gradient goes to the first cell, in reading
//! order, that holds the maximum; it is found again from x. A window that holds something that is not a number gives
//! not a number.

use super::windows::{shape, windows};
use super::{AnyMap, Layer, Map, Operation, ShapeError};
use crate::signature::{Constant, Constants, Kind, Parameter, Signature};
use crate::tensor::im2col::{Padding, Window};
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// The largest of each window over `N` axes.
pub struct MaxPool<const N: usize>;

/// What pooling layers of as many axes as `kind` has take.
pub(super) const fn parameters(kind: Kind, axes: usize, window: &'static str) -> [Parameter; 3] {
    [
        Parameter {
            name: "size",
            kind,
            default: None,
            summary: window,
        },
        Parameter {
            name: "stride",
            kind,
            default: Some("size"),
            summary: "steps from one window to the next",
        },
        Parameter {
            name: "padding",
            kind: Kind::Cells {
                words: Padding::WORDS,
                axes,
            },
            default: Some("valid"),
            summary: "whether windows may reach over the edge",
        },
    ]
}

pub(super) const OF_STEPS: &[Parameter] = &parameters(Kind::Count, 1, "steps of the window");
pub(super) const OF_IMAGES: &[Parameter] =
    &parameters(Kind::Pair, 2, "height and width of the window");
pub(super) const OF_VOLUMES: &[Parameter] =
    &parameters(Kind::Triple, 3, "depth, height and width of the window");

/// The windows that pooling with these arguments slides over an input of `shape`.
pub(super) fn pooled<const N: usize>(
    arguments: &Constants,
    shape: &Shape,
) -> Result<Window<3>, ShapeError> {
    let size = arguments.axes::<N>("size");
    let window = windows(arguments, shape, size, [1; N])?;
    if let Constant::Cells(_) = arguments.get("padding")
        && (0..3).any(|axis| window.before[axis] >= window.size[axis])
    {
        return Err(ShapeError {
            expected: "a padding of fewer cells than its window has".into(),
            help: Some("a window that is in the padding alone has no cell to take".into()),
        });
    }
    Ok(window)
}

static SIGNATURES: [Signature; 3] = [
    Signature {
        name: "max_pool1d",
        summary: "the largest number of each window of steps, channel by channel",
        parameters: OF_STEPS,
    },
    Signature {
        name: "max_pool2d",
        summary: "the largest number of each window, channel by channel",
        parameters: OF_IMAGES,
    },
    Signature {
        name: "max_pool3d",
        summary: "the largest number of each window of a volume, channel by channel",
        parameters: OF_VOLUMES,
    },
];

impl<const N: usize> Layer for MaxPool<N> {
    fn signature(&self) -> &'static Signature {
        &SIGNATURES[N - 1]
    }

    fn methods(&self, _: &Constants) -> &'static str {
        match N {
            1 => "$y_(t c) = max_u x_(s t + u, c)$ over the steps $u$ of a window, $s$ its stride",
            2 => {
                "$y_(i j c) = max_(u, v) x_(s i + u, s j + v, c)$ over the cells $(u, v)$ of a window, $s$ its stride"
            }
            _ => {
                "$y_(i j k c) = max_(u, v, w) x_(s i + u, s j + v, s k + w, c)$ over the cells $(u, v, w)$ of a window, $s$ its stride"
            }
        }
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        Ok(Operation::Map(Arc::new(Maxima {
            window: pooled::<N>(arguments, shape)?,
            axes: N,
        })))
    }
}

struct Maxima {
    window: Window<3>,
    axes: usize,
}

impl AnyMap for Maxima {
    fn output(&self) -> Shape {
        shape(self.window.output, self.window.channels, self.axes)
    }

    fn needs_input(&self) -> bool {
        true
    }

    fn elementwise(&self) -> bool {
        false
    }

    fn takes_maxima(&self) -> bool {
        true
    }
}

impl Maxima {
    /// Whether the windows are 2×2 and touch without overlap, the usual case.
    fn quarters(&self) -> bool {
        let window = &self.window;
        let whole = |axis| window.output[axis] * 2 <= window.image[axis];
        let before = window.before == [0; 3];
        let halves = window.size == [1, 2, 2] && window.stride[1..] == [2, 2] && before;
        self.axes == 2 && halves && whole(1) && whole(2)
    }
}

impl<T: Real> Map<T> for Maxima {
    fn forward(&self, x: &[T], y: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || match self.quarters() {
                true => quarter_maxima(&self.window, x, y),
                false => maxima(&self.window, x, y),
            },
        );
    }

    fn backward(&self, x: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || match self.quarters() {
                true => quarter_gradient(&self.window, x, dy, dx),
                false => gradient(&self.window, x, dy, dx),
            },
        );
    }
}

/// The larger of the two, `a` where they are equal, not a number where either is.
#[inline(always)]
pub(super) fn larger<T: Real>(a: T, b: T) -> T {
    if b > a || b.is_nan() { b } else { a }
}

#[inline(always)]
fn maxima<T: Real>(window: &Window<3>, x: &[T], y: &mut [T]) {
    let channels = window.channels;
    for (position, y) in y.chunks_exact_mut(channels).enumerate() {
        let place = window.place(position);
        y.fill(T::neg_infinity());
        let raise = |_: usize, at: usize| {
            for (y, &x) in y.iter_mut().zip(&x[at..at + channels]) {
                *y = larger(*y, x);
            }
        };
        window.each_cell(place, raise);
    }
}

/// Channels whose gradients are handed out at a time.
const LANES: usize = 16;

#[inline(always)]
fn gradient<T: Real>(window: &Window<3>, x: &[T], dy: &[T], dx: &mut [T]) {
    let channels = window.channels;
    dx.fill(T::zero());
    for (position, dy) in dy.chunks_exact(channels).enumerate() {
        let place = window.place(position);
        for c in (0..channels).step_by(LANES) {
            let lanes = c..(c + LANES).min(channels);
            // What of the gradient no cell has taken yet.
            let mut left = [T::zero(); LANES];
            left[..lanes.len()].copy_from_slice(&dy[lanes.clone()]);
            let mut y = [T::neg_infinity(); LANES];
            let raise = |_: usize, at: usize| {
                let x = &x[at + lanes.start..at + lanes.end];
                y.iter_mut().zip(x).for_each(|(y, &x)| *y = larger(*y, x));
            };
            window.each_cell(place, raise);
            let hand_out = |_: usize, at: usize| {
                let x = &x[at + lanes.start..at + lanes.end];
                let dx = &mut dx[at + lanes.start..at + lanes.end];
                for (((x, y), left), dx) in x.iter().zip(&y).zip(&mut left).zip(dx) {
                    let taken = if x == y { *left } else { T::zero() };
                    *dx += taken;
                    *left -= taken;
                }
            };
            window.each_cell(place, hand_out);
        }
    }
}

#[inline(always)]
fn quarter_maxima<T: Real>(window: &Window<3>, x: &[T], y: &mut [T]) {
    let channels = window.channels;
    let line = window.image[2] * channels;
    let lines = y
        .chunks_exact_mut(window.output[2] * channels)
        .zip(x.chunks_exact(2 * line));
    for (y, pair) in lines {
        let (upper, lower) = pair.split_at(line);
        let cells = upper
            .chunks_exact(2 * channels)
            .zip(lower.chunks_exact(2 * channels));
        for (y, (upper, lower)) in y.chunks_exact_mut(channels).zip(cells) {
            let ((a, b), (c, d)) = (upper.split_at(channels), lower.split_at(channels));
            for ((((y, &a), &b), &c), &d) in y.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *y = larger(larger(larger(a, b), c), d);
            }
        }
    }
}

#[inline(always)]
fn quarter_gradient<T: Real>(window: &Window<3>, x: &[T], dy: &[T], dx: &mut [T]) {
    let channels = window.channels;
    let line = window.image[2] * channels;
    let out = window.output[2] * channels;
    let covered = window.output[1] * 2 * line;
    dx[covered..].fill(T::zero()); // the last row of an odd height
    let lines = x.chunks_exact(2 * line).zip(dx.chunks_exact_mut(2 * line));
    for (dy, (x, dx)) in dy.chunks_exact(out).zip(lines) {
        for row in [0, line] {
            dx[row + 2 * out..row + line].fill(T::zero()); // the last column of an odd width
        }
        for (j, dy) in dy.chunks_exact(channels).enumerate() {
            let (left, right) = (2 * j * channels, (2 * j + 1) * channels);
            let cells = [left, right, left + line, right + line];
            let mut c = 0;
            while c < channels {
                let (at, dy) = (cells.map(|at| at + c), &dy[c..]);
                c += match channels - c {
                    LANES.. => quarter_lanes::<T, LANES>(at, x, dy, dx),
                    4.. => quarter_lanes::<T, 4>(at, x, dy, dx),
                    2.. => quarter_lanes::<T, 2>(at, x, dy, dx),
                    _ => quarter_lanes::<T, 1>(at, x, dy, dx),
                };
            }
        }
    }
}

/// Hands out the gradients of `N` channels to the four cells of a window, in their order; gives `N`.
#[inline(always)]
fn quarter_lanes<T: Real, const N: usize>(
    cells: [usize; 4],
    x: &[T],
    dy: &[T],
    dx: &mut [T],
) -> usize {
    let mut left = [T::zero(); N];
    left.copy_from_slice(&dy[..N]);
    let x = cells.map(|at| {
        let mut lanes = [T::zero(); N];
        lanes.copy_from_slice(&x[at..at + N]);
        lanes
    });
    let mut y = x[0];
    for x in &x[1..] {
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = larger(*y, x));
    }
    for (at, x) in cells.into_iter().zip(x) {
        let mut taken = [T::zero(); N];
        for (((taken, left), x), y) in taken.iter_mut().zip(&mut left).zip(x).zip(y) {
            *taken = if x == y { *left } else { T::zero() };
            *left -= *taken;
        }
        dx[at..at + N].copy_from_slice(&taken);
    }
    N
}

#[cfg(test)]
mod tests {
    use super::super::testing::{map, pool};
    use super::*;

    #[test]
    fn the_first_of_equal_cells_takes_the_gradient() {
        for (size, stride) in [([2, 2], [2, 2]), ([3, 2], [1, 1])] {
            let pool = map(
                &MaxPool::<2>,
                &pool(size, stride, "valid"),
                &Shape::new(&[3, 2, 1]),
            );
            let x = [1.0f32, 5.0, 5.0, 2.0, 0.0, 5.0];
            let (mut y, mut dx) = ([0.0], [9.0; 6]);
            Map::<f32>::forward(&*pool, &x, &mut y);
            assert_eq!(y, [5.0]);
            Map::<f32>::backward(&*pool, &x, &y, &[3.0], &mut dx);
            assert_eq!(dx, [0.0, 3.0, 0.0, 0.0, 0.0, 0.0]);
        }
    }

    /// What the plan relies on where it moves them.
    #[test]
    fn a_bias_and_a_relu_may_come_after_it() {
        use super::super::{pointwise::Entry, relu::Relu};
        let shape = Shape::new(&[6, 7, 5]);
        let x: Vec<f32> = (0..210).map(|i| (i as f32 * 0.37).sin() * 3.0).collect();
        let bias = |i: usize| [0.3f32, -1.7, 1e-8, 3e4, f32::NAN][i % 5];
        let add = |of: &[f32]| -> Vec<f32> {
            let add = |(i, x): (usize, &f32)| x + bias(i);
            of.iter().enumerate().map(add).collect()
        };
        let relu = map(&Entry::<Relu>::NEW, &Constants::default(), &shape);
        for (size, stride, padding) in [([2, 2], [2, 2], "valid"), ([3, 2], [1, 2], "same")] {
            let pool = map(&MaxPool::<2>, &pool(size, stride, padding), &shape);
            let len = pool.output().len();
            let (mut before, mut after) = (vec![0.0; len], vec![0.0; len]);
            let mut changed = add(&x);
            Map::<f32>::forward_in_place(&*relu, &mut changed);
            Map::<f32>::forward(&*pool, &changed, &mut before);
            Map::<f32>::forward(&*pool, &x, &mut after);
            let mut after = add(&after);
            Map::<f32>::forward_in_place(&*relu, &mut after);
            let bits = |of: &[f32]| of.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&before), bits(&after));
        }
    }

    #[test]
    fn padding_never_wins() {
        let pool = map(
            &MaxPool::<2>,
            &pool([3, 3], [2, 2], "same"),
            &Shape::new(&[2, 2, 1]),
        );
        let x = [-4.0f32, -3.0, -2.0, -1.0];
        let mut y = [0.0];
        Map::<f32>::forward(&*pool, &x, &mut y);
        assert_eq!(y, [-1.0]);
    }

    #[test]
    fn not_a_number_is_kept() {
        let pool = map(
            &MaxPool::<2>,
            &pool([2, 2], [2, 2], "valid"),
            &Shape::new(&[2, 2, 1]),
        );
        for hole in 0..4 {
            let mut x = [1.0f32, 2.0, 3.0, 4.0];
            x[hole] = f32::NAN;
            let mut y = [0.0];
            Map::<f32>::forward(&*pool, &x, &mut y);
            assert!(y[0].is_nan());
        }
    }

    #[test]
    fn agrees_with_the_definition() {
        let layers = [&MaxPool::<1> as &dyn Layer, &MaxPool::<2>, &MaxPool::<3>];
        super::super::testing::pools(layers, |cells| {
            cells.iter().copied().fold(f64::NEG_INFINITY, f64::max)
        });
    }
}
