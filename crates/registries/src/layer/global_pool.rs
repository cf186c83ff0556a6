//! ```text
//! y[c] = 1/n Σ_p x[p, c]        ∂y[c]/∂x[p, c] = 1/n
//! y[c] = max_p x[p, c]
//! ```
//!
//! over all n positions p of an image, a sequence or a volume. The gradient of a maximum goes to the first position
//! that holds it.

use super::lanes::{in_blocks, load};
use super::max_pool::larger;
use super::sequences::{MIXES_STEPS, length, told};
use super::windows::places;
use super::{
    AnyFunction, AnyMap, Function, Layer, Map, Operation, Reads, Sequences, ShapeError, Towards,
};
use crate::signature::{Constants, Signature};
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// The mean of each channel over `N` axes.
pub struct GlobalAvgPool<const N: usize>;

/// The largest number of each channel over `N` axes.
pub struct GlobalMaxPool<const N: usize>;

const fn signature(name: &'static str, summary: &'static str) -> Signature {
    Signature {
        name,
        summary,
        parameters: &[],
    }
}

static MEANS: [Signature; 3] = [
    signature(
        "global_avg_pool1d",
        "the mean of each channel over the whole sequence",
    ),
    signature(
        "global_avg_pool2d",
        "the mean of each channel over the whole image",
    ),
    signature(
        "global_avg_pool3d",
        "the mean of each channel over the whole volume",
    ),
];

static MAXIMA: [Signature; 3] = [
    signature(
        "global_max_pool1d",
        "the largest number of each channel over the whole sequence",
    ),
    signature(
        "global_max_pool2d",
        "the largest number of each channel over the whole image",
    ),
    signature(
        "global_max_pool3d",
        "the largest number of each channel over the whole volume",
    ),
];

impl<const N: usize> Layer for GlobalAvgPool<N> {
    fn signature(&self) -> &'static Signature {
        &MEANS[N - 1]
    }

    fn methods(&self, _: &Constants) -> &'static str {
        match N {
            1 => "$y_c = 1/T sum_t x_(t c)$ over a sequence of $T$ steps",
            2 => "$y_c = 1/(H W) sum_(i, j) x_(i j c)$ over an image of $H$ rows and $W$ columns",
            _ => {
                "$y_c = 1/(D H W) sum_(i, j, k) x_(i j k c)$ over a volume of $D$ planes of $H$ rows and $W$ columns"
            }
        }
    }

    fn sequences(&self) -> Sequences {
        of_padded(N)
    }

    fn join(&self, arguments: &Constants, shapes: &[Shape]) -> Result<Operation, ShapeError> {
        match shapes {
            [sequence, _] => of_sequence(Over::Mean, sequence),
            _ => self.build(arguments, &shapes[0]),
        }
    }

    fn build(&self, _: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let (positions, channels) = places::<N>(shape)?;
        Ok(Operation::Map(Arc::new(ChannelMeans {
            cells: positions.iter().product(),
            channels,
        })))
    }
}

impl<const N: usize> Layer for GlobalMaxPool<N> {
    fn signature(&self) -> &'static Signature {
        &MAXIMA[N - 1]
    }

    fn methods(&self, _: &Constants) -> &'static str {
        match N {
            1 => "$y_c = max_t x_(t c)$ over all steps of a sequence",
            2 => "$y_c = max_(i, j) x_(i j c)$ over all pixels of an image",
            _ => "$y_c = max_(i, j, k) x_(i j k c)$ over all cells of a volume",
        }
    }

    fn sequences(&self) -> Sequences {
        of_padded(N)
    }

    fn join(&self, arguments: &Constants, shapes: &[Shape]) -> Result<Operation, ShapeError> {
        match shapes {
            [sequence, _] => of_sequence(Over::Maximum, sequence),
            _ => self.build(arguments, &shapes[0]),
        }
    }

    fn build(&self, _: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let (_, channels) = places::<N>(shape)?;
        Ok(Operation::Map(Arc::new(ChannelMaxima { channels })))
    }
}

/// Over the steps of a sequence it is told how many there are.
fn of_padded(axes: usize) -> Sequences {
    match axes {
        1 => told(false),
        _ => Sequences::Refused(MIXES_STEPS),
    }
}

/// What a pool makes of each channel.
#[derive(Clone, Copy)]
enum Over {
    Mean,
    Maximum,
}

/// A pool over the steps that are there.
struct Padded {
    over: Over,
    steps: usize,
    channels: usize,
}

fn of_sequence(over: Over, shape: &Shape) -> Result<Operation, ShapeError> {
    let ([steps], channels) = places::<1>(shape)?;
    Ok(Operation::Function(Arc::new(Padded {
        over,
        steps,
        channels,
    })))
}

impl AnyFunction for Padded {
    fn output(&self) -> Shape {
        Shape(vec![self.channels])
    }
}

impl<T: Real> Function<T> for Padded {
    fn forward(&self, reads: Reads<T>, y: &mut [T], _: &mut [T]) {
        let (cells, channels) = (length(reads.x.get(1), self.steps), self.channels);
        let x = &reads.x[0][..cells * channels];
        match self.over {
            _ if cells == 0 => y.fill(T::zero()),
            Over::Mean => ChannelMeans { cells, channels }.forward(x, y),
            Over::Maximum => ChannelMaxima { channels }.forward(x, y),
        }
    }

    fn backward(
        &self,
        reads: Reads<T>,
        _: &[T],
        dy: &[T],
        towards: &mut [Towards<T>],
        _: &mut [&mut [T]],
    ) {
        let (cells, channels) = (length(reads.x.get(1), self.steps), self.channels);
        let Towards { dx, add } = &mut towards[0];
        if dx.is_empty() {
            return;
        }
        if !*add {
            dx.fill(T::zero());
        }
        let there = cells * channels;
        let (x, dx) = (&reads.x[0][..there], &mut dx[..there]);
        match self.over {
            Over::Mean => {
                let share = T::of(1.0 / cells as f64);
                for (at, dx) in dx.iter_mut().enumerate() {
                    *dx += share * dy[at % channels];
                }
            }
            Over::Maximum => {
                for (channel, &dy) in dy.iter().enumerate() {
                    let cells = x.iter().skip(channel).step_by(channels).enumerate();
                    let first = cells.fold(None, |best: Option<(usize, T)>, (at, &x)| match best {
                        Some((_, most)) if x <= most => best,
                        _ => Some((at, x)),
                    });
                    if let Some((cell, _)) = first {
                        dx[cell * channels + channel] += dy;
                    }
                }
            }
        }
    }
}

struct ChannelMeans {
    cells: usize,
    channels: usize,
}

impl AnyMap for ChannelMeans {
    fn output(&self) -> Shape {
        Shape(vec![self.channels])
    }

    fn needs_input(&self) -> bool {
        false
    }

    fn elementwise(&self) -> bool {
        false
    }
}

impl<T: Real> Map<T> for ChannelMeans {
    fn forward(&self, x: &[T], y: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || {
                y.fill(T::zero());
                for cell in x.chunks_exact(self.channels) {
                    for (y, &x) in y.iter_mut().zip(cell) {
                        *y += x;
                    }
                }
                let share = T::of(1.0 / self.cells as f64);
                for y in y {
                    *y *= share;
                }
            },
        );
    }

    fn backward(&self, _: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || {
                let share = T::of(1.0 / self.cells as f64);
                for cell in dx.chunks_exact_mut(self.channels) {
                    for (dx, &dy) in cell.iter_mut().zip(dy) {
                        *dx = dy * share;
                    }
                }
            },
        );
    }
}

struct ChannelMaxima {
    channels: usize,
}

impl AnyMap for ChannelMaxima {
    fn output(&self) -> Shape {
        Shape(vec![self.channels])
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

impl<T: Real> Map<T> for ChannelMaxima {
    fn forward(&self, x: &[T], y: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || {
                y.fill(T::neg_infinity());
                for cell in x.chunks_exact(self.channels) {
                    for (y, &x) in y.iter_mut().zip(cell) {
                        *y = larger(*y, x);
                    }
                }
            },
        );
    }

    fn backward(&self, x: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        dx.fill(T::zero());
        T::dispatch(
            #[inline(always)]
            || {
                in_blocks!(self.channels, |first| to_first(
                    x,
                    dy,
                    dx,
                    [self.channels, first]
                ))
            },
        );
    }
}

/// The gradient by each channel's maximum to the first position that holds it.
#[inline(always)]
fn to_first<T: Real, const L: usize>(
    x: &[T],
    dy: &[T],
    dx: &mut [T],
    [channels, first]: [usize; 2],
) {
    let (mut maxima, mut places) = ([T::neg_infinity(); L], [0; L]);
    for (position, cell) in x.chunks_exact(channels).enumerate() {
        let cell: [T; L] = load(cell, first);
        for l in 0..L {
            if cell[l] > maxima[l] || cell[l].is_nan() {
                (maxima[l], places[l]) = (cell[l], position);
            }
        }
    }
    for l in 0..L {
        dx[places[l] * channels + first + l] = dy[first + l];
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::map;
    use super::*;

    /// Over the steps that are there, as over a sequence of these alone, with gradients that are written or added.
    #[test]
    fn padding_takes_no_part() {
        let numbers = super::super::testing::numbers;
        let (x, dy) = (numbers(15, 1), numbers(3, 2));
        let shapes = [Shape::new(&[5, 3]), Shape::new(&[1])];
        for layer in [&GlobalAvgPool::<1> as &dyn Layer, &GlobalMaxPool::<1>] {
            let joined = layer.join(&Constants::default(), &shapes);
            let Ok(Operation::Function(padded)) = joined else {
                panic!("a function")
            };
            for there in 1..=5 {
                let alone = map(layer, &Constants::default(), &Shape::new(&[there, 3]));
                let (own, mut expected) = (&x[..3 * there], [f64::NAN; 3]);
                Map::<f64>::forward(&*alone, own, &mut expected);
                let mut d_expected = vec![f64::NAN; 3 * there];
                Map::<f64>::backward(&*alone, own, &expected, &dy, &mut d_expected);
                d_expected.resize(15, 0.0);
                let reads = Reads {
                    x: &[&x, &[there as f64]],
                    parameters: &[],
                    mask: &[],
                };
                let mut y = [f64::NAN; 3];
                Function::<f64>::forward(&*padded, reads, &mut y, &mut []);
                assert_eq!(y, expected);
                for add in [false, true] {
                    let mut dx = vec![1.0; 15];
                    let nowhere = Towards {
                        dx: &mut [],
                        add: false,
                    };
                    let towards = &mut [Towards { dx: &mut dx, add }, nowhere];
                    Function::<f64>::backward(&*padded, reads, &[], &dy, towards, &mut []);
                    for (dx, expected) in dx.iter().zip(&d_expected) {
                        let start = if add { 1.0 } else { 0.0 };
                        assert!((dx - start - expected).abs() < 1e-15);
                    }
                }
            }
        }
    }

    #[test]
    fn one_mean_a_channel() {
        let pool = map(
            &GlobalAvgPool::<2>,
            &Constants::default(),
            &Shape::new(&[1, 2, 2]),
        );
        let mut y = [0.0f64; 2];
        Map::<f64>::forward(&*pool, &[1.0, 2.0, 3.0, 6.0], &mut y);
        assert_eq!(y, [2.0, 4.0]);
    }

    #[test]
    fn the_first_of_equal_positions_takes_the_gradient() {
        let pool = map(
            &GlobalMaxPool::<1>,
            &Constants::default(),
            &Shape::new(&[4, 2]),
        );
        let x = [1.0f32, -3.0, 2.0, -1.0, 2.0, -1.0, 0.0, -2.0];
        let (mut y, mut dx) = ([0.0; 2], [9.0; 8]);
        Map::<f32>::forward(&*pool, &x, &mut y);
        assert_eq!(y, [2.0, -1.0]);
        Map::<f32>::backward(&*pool, &x, &y, &[5.0, 7.0], &mut dx);
        assert_eq!(dx, [0.0, 0.0, 5.0, 7.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
