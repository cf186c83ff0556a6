//! The geometry of a window that slides over an image, a sequence or a volume.

use std::ops::Range;

/// How many cells are added around an axis of n cells under windows of k_eff = (k − 1)·dilation + 1 cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// None: windows lie inside the image, ⌊(n − k_eff)/s⌋ + 1 of them.
    Valid,
    /// So that there are ⌈n/s⌉ windows: total = max((⌈n/s⌉ − 1)·s + k_eff − n, 0), half of it
    /// (rounded down) before and the rest after. TensorFlow's and Keras's rule.
    Same,
    /// k_eff − 1 before and none after: a window sees nothing that comes after its last cell.
    Causal,
    /// So many before and as many after. PyTorch's rule.
    Cells(usize),
}

impl Padding {
    /// The words that name one for any layer in a `.bnn` file.
    pub const WORDS: &'static [&'static str] = &["valid", "same"];
    /// Those of a layer over steps in time.
    pub const WORDS_OF_STEPS: &'static [&'static str] = &["valid", "same", "causal"];

    /// The padding called `word`.
    ///
    /// # Panics
    /// If the word is not one of [`Padding::WORDS_OF_STEPS`].
    pub fn of(word: &str) -> Self {
        match word {
            "valid" => Padding::Valid,
            "same" => Padding::Same,
            "causal" => Padding::Causal,
            other => panic!("no padding is called {other}"),
        }
    }

    /// Cells before the first of `n`, and how many windows of `extent` cells there are every `stride` cells; `None`
    /// where not one fits.
    fn windows(self, n: usize, extent: usize, stride: usize) -> Option<(usize, usize)> {
        let inside = |n: usize| Some(n.checked_sub(extent)? / stride + 1);
        match self {
            Padding::Valid => Some((0, inside(n)?)),
            Padding::Same => {
                let count = n.div_ceil(stride);
                let total = (count.checked_sub(1)? * stride + extent).saturating_sub(n);
                Some((total / 2, count))
            }
            Padding::Causal => Some((extent - 1, inside(n + extent - 1)?)),
            Padding::Cells(cells) => Some((cells, inside(n + 2 * cells)?)),
        }
    }
}

/// A window's geometry over one image of `N` axes and its channels; \[vertical, horizontal\] of two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window<const N: usize = 2> {
    /// Cells of the image on each axis.
    pub image: [usize; N],
    /// Numbers in one cell of the image.
    pub channels: usize,
    /// Cells of the window.
    pub size: [usize; N],
    /// Steps from one window to the next.
    pub stride: [usize; N],
    /// Steps from one cell of the window to the next.
    pub dilation: [usize; N],
    /// Cells of padding before the image's first: rows above, columns to the left.
    pub before: [usize; N],
    /// Windows on each axis.
    pub output: [usize; N],
}

impl Window {
    /// The windows over an image `[height, width, channels]`, or `None` where not one fits.
    pub fn new(
        [height, width, channels]: [usize; 3],
        size: [usize; 2],
        stride: [usize; 2],
        dilation: [usize; 2],
        padding: Padding,
    ) -> Option<Self> {
        let image = [height, width];
        Window::over(image, channels, size, stride, dilation, [padding; 2])
    }
}

impl<const N: usize> Window<N> {
    /// The windows over an image of so many cells on each axis, or `None` where not one fits.
    pub fn over(
        image: [usize; N],
        channels: usize,
        size: [usize; N],
        stride: [usize; N],
        dilation: [usize; N],
        padding: [Padding; N],
    ) -> Option<Self> {
        let (mut before, mut output) = ([0; N], [0; N]);
        for axis in 0..N {
            let extent = (size[axis] - 1) * dilation[axis] + 1;
            let found = padding[axis].windows(image[axis], extent, stride[axis])?;
            (before[axis], output[axis]) = found;
        }
        Some(Window {
            image,
            channels,
            size,
            stride,
            dilation,
            before,
            output,
        })
    }

    /// Windows in all.
    pub fn positions(&self) -> usize {
        product(&self.output)
    }

    /// Cells of one window.
    pub fn cells(&self) -> usize {
        product(&self.size)
    }

    /// Numbers in one window: a row of the patch matrix.
    pub fn patch(&self) -> usize {
        self.cells().saturating_mul(self.channels)
    }

    /// Numbers of the image.
    pub fn input(&self) -> usize {
        product(&self.image).saturating_mul(self.channels)
    }

    /// The image cell under cell `offset` of window `index` on `axis`, if it is inside the image.
    #[inline(always)]
    pub fn cell(&self, axis: usize, index: usize, offset: usize) -> Option<usize> {
        (index * self.stride[axis] + offset * self.dilation[axis])
            .checked_sub(self.before[axis])
            .filter(|&cell| cell < self.image[axis])
    }

    /// The cells of window `index` on `axis` that are inside the image.
    #[inline(always)]
    pub fn inside(&self, axis: usize, index: usize) -> Range<usize> {
        let (start, dilation) = (index * self.stride[axis], self.dilation[axis]);
        let mut first = self.before[axis].saturating_sub(start);
        let mut end = (self.image[axis] + self.before[axis]).saturating_sub(start);
        if dilation > 1 {
            (first, end) = (first.div_ceil(dilation), end.div_ceil(dilation));
        }
        first.min(self.size[axis])..end.min(self.size[axis])
    }
}

/// The product of all, at most `usize::MAX`: layers are built before their sizes are checked.
fn product(all: &[usize]) -> usize {
    all.iter().fold(1, |product, n| product.saturating_mul(*n))
}

impl Window<3> {
    /// Depth, row and column of window number `position`.
    #[inline(always)]
    pub fn place(&self, position: usize) -> [usize; 3] {
        let [_, height, width] = self.output;
        [
            position / width / height,
            position / width % height,
            position % width,
        ]
    }

    /// Calls `visit(cell, at)` for each cell of the window at `place` that is inside the image, in reading order: its
    /// number in the window, and where its channels begin in the image.
    #[inline(always)]
    pub fn each_cell(&self, place: [usize; 3], mut visit: impl FnMut(usize, usize)) {
        let [planes, rows, cols] = [0, 1, 2].map(|axis| self.inside(axis, place[axis]));
        let at = |axis: usize, offset: usize| {
            place[axis] * self.stride[axis] + offset * self.dilation[axis] - self.before[axis]
        };
        for a in planes {
            let plane = at(0, a) * self.image[1];
            for b in rows.clone() {
                let row = (plane + at(1, b)) * self.image[2];
                let cell = (a * self.size[1] + b) * self.size[2];
                for c in cols.clone() {
                    visit(cell + c, (row + at(2, c)) * self.channels);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_is_tensorflows() {
        let one = |n, k, s| {
            let window = Window::new([n, n, 1], [k, k], [s, s], [1, 1], Padding::Same).unwrap();
            (window.before[0], window.output[0])
        };
        assert_eq!(one(28, 5, 1), (2, 28));
        assert_eq!(one(28, 3, 2), (0, 14)); // one row of padding in all: below
        assert_eq!(one(7, 3, 2), (1, 4));
        assert_eq!(one(8, 2, 2), (0, 4));
        assert_eq!(one(7, 2, 2), (0, 4));
        assert_eq!(one(5, 1, 3), (0, 2));
    }

    #[test]
    fn causal_windows_end_at_their_step_and_numbers_pad_both_sides() {
        let of = |n, k, s, d, padding: Padding| {
            let window = Window::over([n], 1, [k], [s], [d], [padding])?;
            Some((window.before[0], window.output[0]))
        };
        assert_eq!(of(10, 3, 1, 1, Padding::Causal), Some((2, 10)));
        assert_eq!(of(10, 3, 2, 1, Padding::Causal), Some((2, 5)));
        assert_eq!(of(10, 3, 1, 4, Padding::Causal), Some((8, 10)));
        assert_eq!(of(10, 3, 2, 1, Padding::Cells(1)), Some((1, 5)));
        assert_eq!(of(1, 5, 1, 1, Padding::Cells(2)), Some((2, 1)));
        assert_eq!(of(1, 5, 1, 1, Padding::Cells(1)), None);
    }
}
