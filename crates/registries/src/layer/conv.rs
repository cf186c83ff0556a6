//! ```text
//! y[i, j, o] = Σ_{a, b, c} x[i·s + a·d − before, j·s + b·d − before, c] · w[a, b, c, o]
//! ```
//!
//! and the same over one axis or three. A cross-correlation, as everywhere in deep learning; x is 0 outside the
//! image, s the stride, d the dilation. The kernel is `[kh, kw, C_in, C_out]`, as in Keras.
//!
//! In groups, filters see a part of the channels only: with C = C_in/groups and F = C_out/groups, filters
//! g·F … (g + 1)·F − 1 see channels g·C … (g + 1)·C − 1, and the kernel is `[kh, kw, C, C_out]`. With as many groups
//! as channels the convolution is depthwise.

use super::grouped::Grouped;
use super::image_convolution::Convolution;
use super::sequences::MIXES_STEPS;
use super::windows::{places, windows};
use super::{Layer, Operation, Sequences, ShapeError, Slot};
use crate::signature::{Constant, Constants, Kind, Parameter, Signature};
use crate::tensor::Shape;
use crate::tensor::im2col::{Padding, Window};
use std::sync::Arc;

/// A convolution over `N` axes.
pub struct Conv<const N: usize>;

/// What a convolution takes, of as many axes as `kind` has.
const fn parameters(
    kind: Kind,
    axes: usize,
    [window, padding]: [&'static str; 2],
) -> [Parameter; 6] {
    let words = match axes {
        1 => Padding::WORDS_OF_STEPS,
        _ => Padding::WORDS,
    };
    [
        Parameter {
            name: "filters",
            kind: Kind::Count,
            default: None,
            summary: "the number of output channels",
        },
        Parameter {
            name: "kernel",
            kind,
            default: None,
            summary: window,
        },
        Parameter {
            name: "stride",
            kind,
            default: Some("1"),
            summary: "steps from one window to the next",
        },
        Parameter {
            name: "dilation",
            kind,
            default: Some("1"),
            summary: "steps from one cell of the window to the next",
        },
        Parameter {
            name: "padding",
            kind: Kind::Cells { words, axes },
            default: Some("valid"),
            summary: padding,
        },
        Parameter {
            name: "groups",
            kind: Kind::Count,
            default: Some("1"),
            summary: "parts of the channels, each with filters of its own; as many as channels: depthwise",
        },
    ]
}

static SIGNATURES: [Signature; 3] = [
    Signature {
        name: "conv1d",
        summary: "a weighted sum of each window of a sequence, for each filter",
        parameters: &parameters(
            Kind::Count,
            1,
            [
                "steps of the window",
                "whether zeros around the sequence let the output keep its length",
            ],
        ),
    },
    Signature {
        name: "conv2d",
        summary: "a weighted sum of each window of an image, for each filter",
        parameters: &parameters(
            Kind::Pair,
            2,
            [
                "height and width of the window",
                "whether zeros around the image let the output keep its size",
            ],
        ),
    },
    Signature {
        name: "conv3d",
        summary: "a weighted sum of each window of a volume, for each filter",
        parameters: &parameters(
            Kind::Triple,
            3,
            [
                "depth, height and width of the window",
                "whether zeros around the volume let the output keep its size",
            ],
        ),
    },
];

static METHODS: [&str; 3] = [
    "$y_(t o) = sum_(u, c) x_(s t + d u, c) W_(u c o) + b_o$, a cross-correlation with stride $s$ and dilation $d$; where padded, the sequence is 0 outside",
    "$y_(i j o) = sum_(u, v, c) x_(s i + d u, s j + d v, c) W_(u v c o) + b_o$, a cross-correlation with stride $s$ and dilation $d$; where padded, the image is 0 outside",
    "$y_(i j k o) = sum_(u, v, w, c) x_(s i + d u, s j + d v, s k + d w, c) W_(u v w c o) + b_o$, a cross-correlation with stride $s$ and dilation $d$; where padded, the volume is 0 outside",
];

static GROUPED: [&str; 3] = [
    "$y_(t o) = sum_(u, c) x_(s t + d u, c) W_(u c o) + b_o$, $c$ over the channels of the group of $o$, a cross-correlation with stride $s$ and dilation $d$; where padded, the sequence is 0 outside",
    "$y_(i j o) = sum_(u, v, c) x_(s i + d u, s j + d v, c) W_(u v c o) + b_o$, $c$ over the channels of the group of $o$, a cross-correlation with stride $s$ and dilation $d$; where padded, the image is 0 outside",
    "$y_(i j k o) = sum_(u, v, w, c) x_(s i + d u, s j + d v, s k + d w, c) W_(u v w c o) + b_o$, $c$ over the channels of the group of $o$, a cross-correlation with stride $s$ and dilation $d$; where padded, the volume is 0 outside",
];

static SLOTS: [[Slot; 2]; 3] = [
    [
        Slot::kernel("[k, C_in/groups, filters]"),
        Slot::bias("[filters]"),
    ],
    [
        Slot::kernel("[kh, kw, C_in/groups, filters]"),
        Slot::bias("[filters]"),
    ],
    [
        Slot::kernel("[kd, kh, kw, C_in/groups, filters]"),
        Slot::bias("[filters]"),
    ],
];

impl<const N: usize> Layer for Conv<N> {
    fn signature(&self) -> &'static Signature {
        &SIGNATURES[N - 1]
    }

    fn methods(&self, arguments: &Constants) -> &'static str {
        match arguments.find("groups") {
            Some(Constant::Count(2..)) => GROUPED[N - 1],
            _ => METHODS[N - 1],
        }
    }

    fn sequences(&self) -> Sequences {
        match N {
            1 => Sequences::Zeroed { keeps: true },
            _ => Sequences::Refused(MIXES_STEPS),
        }
    }

    fn slots(&self) -> &'static [Slot] {
        &SLOTS[N - 1]
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let (_, channels) = places::<N>(shape)?;
        let (size, stride) = (arguments.axes::<N>("kernel"), arguments.axes::<N>("stride"));
        let dilation = arguments.axes::<N>("dilation");
        if stride != [1; N] && dilation != [1; N] {
            return Err(ShapeError {
                expected: "a stride of 1 or a dilation of 1".into(),
                help: Some(format!(
                    "a stride of {stride:?} with a dilation of {dilation:?} is not supported"
                )),
            });
        }
        let (filters, groups) = (arguments.count("filters"), arguments.count("groups"));
        if channels % groups > 0 || filters % groups > 0 {
            return Err(ShapeError {
                expected: format!("channels and filters that its {groups} groups divide evenly"),
                help: Some(format!(
                    "the input has {channels} channels and there are {filters} filters: `groups` divides both, so it \
                     is 1{}",
                    common(channels, filters)
                )),
            });
        }
        let window = windows(arguments, shape, size, dilation)?;
        Ok(Operation::Linear(match flat(&window) {
            // A long sequence is one long row, whose patches would fill the memory: they are made in parts.
            Some(image)
                if groups == 1
                    && (N == 2 || N == 1 && image.positions() * image.patch() <= MOST_OF_A_ROW) =>
            {
                Arc::new(Convolution::new(image, filters, N))
            }
            _ => Arc::new(Grouped::new(window, filters, groups, N)),
        }))
    }
}

/// The most numbers of the patches of a sequence that are made at a time.
const MOST_OF_A_ROW: usize = 1 << 20;

/// The windows of a volume of one plane as an image's.
fn flat(window: &Window<3>) -> Option<Window> {
    let last = |of: [usize; 3]| [of[1], of[2]];
    (window.image[0] == 1 && window.size[0] == 1 && window.output[0] == 1).then(|| Window {
        image: last(window.image),
        channels: window.channels,
        size: last(window.size),
        stride: last(window.stride),
        dilation: last(window.dilation),
        before: last(window.before),
        output: last(window.output),
    })
}

/// The numbers above 1 that divide both, as far as a reader wants them: `, 2 or 4`.
fn common(a: usize, b: usize) -> String {
    let divides = |d: &usize| a.is_multiple_of(*d) && b.is_multiple_of(*d);
    let all: Vec<String> = (2..=a.min(b).min(1 << 16))
        .filter(divides)
        .take(8)
        .map(|d| d.to_string())
        .collect();
    match &all[..] {
        [] => String::new(),
        [one] => format!(" or {one}"),
        [first @ .., last] => format!(", {} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Linear;
    use super::super::testing::{conv, conv2d, convolutions, linear, numbers, window_cells};
    use super::*;

    /// The definition, read off the formula.
    fn naive(window: &Window, filters: usize, x: &[f64], w: &[f64]) -> Vec<f64> {
        let ([height, width], channels, [_, kw]) = (window.image, window.channels, window.size);
        let mut y = vec![0.0; window.positions() * filters];
        for (place, y) in y.iter_mut().enumerate() {
            let (position, o) = (place / filters, place % filters);
            let (i, j) = (position / window.output[1], position % window.output[1]);
            for (at, w) in w.iter().enumerate().filter(|(at, _)| at % filters == o) {
                let (c, cell) = (at / filters % channels, at / filters / channels);
                let row = i * window.stride[0] + (cell / kw) * window.dilation[0];
                let col = j * window.stride[1] + (cell % kw) * window.dilation[1];
                let (row, col) = (
                    row.wrapping_sub(window.before[0]),
                    col.wrapping_sub(window.before[1]),
                );
                if row < height && col < width {
                    *y += x[(row * width + col) * channels + c] * w;
                }
            }
        }
        y
    }

    /// What is too large is refused by who counts its memory, which takes a layer that is built.
    #[test]
    fn more_positions_than_can_be_counted_are_no_error_here() {
        let padding = Constant::Cells(vec![2_097_151]);
        let arguments = conv(4, [1; 3], [1; 3], [1; 3], padding, 1);
        let operation = Conv::<3>.build(&arguments, &Shape::new(&[2, 2, 2, 1]));
        let Ok(Operation::Linear(linear)) = operation else {
            panic!("a convolution")
        };
        assert_eq!(linear.positions(), usize::MAX);
    }

    #[test]
    fn each_output_is_a_weighted_sum_of_its_window() {
        for (image, size, stride, dilation) in [
            ([9, 8, 3], [3, 3], [1, 1], [1, 1]),
            ([9, 8, 3], [5, 2], [2, 1], [1, 1]),
            ([9, 8, 17], [3, 3], [1, 1], [2, 2]),
            ([6, 6, 2], [1, 1], [1, 1], [1, 1]),
            ([6, 7, 2], [1, 1], [2, 2], [1, 1]),
            ([40, 40, 16], [5, 5], [1, 1], [1, 1]), // several bands
        ] {
            for padding in Padding::WORDS {
                let arguments = conv2d(4, size, stride, dilation, padding);
                let convolution = linear(&Conv::<2>, &arguments, &Shape(image.to_vec()));
                let window =
                    Window::new(image, size, stride, dilation, Padding::of(padding)).unwrap();
                let x = numbers(2 * image.iter().product::<usize>(), 1);
                let w = numbers(convolution.kernel().len(), 2);
                let mut y = vec![f64::NAN; 2 * convolution.output().len()];
                let mut scratch = vec![f64::NAN; convolution.scratch(2)];
                Linear::<f64>::apply(&*convolution, &x, &w, &mut y, &mut scratch);
                let (first, second) = x.split_at(x.len() / 2);
                let expected =
                    [naive(&window, 4, first, &w), naive(&window, 4, second, &w)].concat();
                for (y, expected) in y.iter().zip(&expected) {
                    assert!((y - expected).abs() < 1e-12);
                }
                let (positions, fan_in) = (convolution.positions(), convolution.fan_in());
                let mut patches = vec![f64::NAN; positions * fan_in];
                assert!(convolution.unfolds().is_ok());
                Linear::<f64>::unfold(&*convolution, first, &mut patches);
                for (at, expected) in expected[..4 * positions].iter().enumerate() {
                    let patch = &patches[at / 4 * fan_in..][..fan_in];
                    let weights = w.iter().skip(at % 4).step_by(4);
                    let sum: f64 = patch.iter().zip(weights).map(|(x, w)| x * w).sum();
                    assert!((sum - expected).abs() < 1e-12);
                }
            }
        }
    }

    /// Of one example, read off the formula.
    fn definition(
        window: &Window<3>,
        filters: usize,
        groups: usize,
        x: &[f64],
        w: &[f64],
    ) -> Vec<f64> {
        let (channels, own) = (window.channels / groups, filters / groups);
        let mut y = vec![0.0; window.positions() * filters];
        for (place, y) in y.iter_mut().enumerate() {
            let (position, o) = (place / filters, place % filters);
            for (cell, at) in window_cells(window, position) {
                for c in 0..channels {
                    let w = w[(cell * channels + c) * filters + o];
                    *y += x[at + o / own * channels + c] * w;
                }
            }
        }
        y
    }

    fn check_definition<const N: usize>(name: &str) {
        for (arguments, shape) in convolutions(name) {
            let what = format!("{arguments:?} of {shape}");
            let operation = linear(&Conv::<N>, &arguments, &shape);
            let (filters, groups) = (arguments.count("filters"), arguments.count("groups"));
            let [size, dilation] = ["kernel", "dilation"].map(|name| arguments.axes::<N>(name));
            let window = windows(&arguments, &shape, size, dilation).unwrap();
            let x = numbers(shape.len(), 1);
            let w = numbers(operation.kernel().len(), 2);
            let expected = definition(&window, filters, groups, &x, &w);
            let mut y = vec![f64::NAN; expected.len()];
            let mut scratch = vec![f64::NAN; operation.scratch(1)];
            Linear::<f64>::apply(&*operation, &x, &w, &mut y, &mut scratch);
            assert_eq!(operation.output().len(), y.len(), "{what}");
            for (y, expected) in y.iter().zip(expected) {
                assert!((y - expected).abs() < 1e-12, "{what}: {y} for {expected}");
            }
        }
    }

    #[test]
    fn over_one_axis_or_three_and_in_groups_it_is_the_same_sum() {
        check_definition::<1>("conv1d");
        check_definition::<2>("conv2d");
        check_definition::<3>("conv3d");
    }

    #[test]
    fn groups_divide_channels_and_filters() {
        let refuse = |filters, groups, channels| {
            let arguments = conv(filters, [3], [1], [1], Constant::Word("same"), groups);
            let error = Conv::<1>.build(&arguments, &Shape(vec![9, channels]));
            let error = error.err().unwrap();
            (error.expected, error.help.unwrap())
        };
        let (expected, help) = refuse(12, 4, 6);
        assert_eq!(
            expected,
            "channels and filters that its 4 groups divide evenly"
        );
        assert_eq!(
            help,
            "the input has 6 channels and there are 12 filters: `groups` divides both, so it is 1, 2, 3 or 6"
        );
        let (_, help) = refuse(5, 2, 6);
        assert!(help.ends_with("so it is 1"), "{help}");
    }

    #[test]
    fn a_grouped_kernel_holds_the_channels_of_one_group() {
        let arguments = conv(8, [3, 5], [1, 1], [1, 1], Constant::Word("same"), 4);
        let operation = linear(&Conv::<2>, &arguments, &Shape::new(&[9, 9, 12]));
        assert_eq!(operation.kernel(), Shape::new(&[3, 5, 3, 8]));
        assert_eq!((operation.fan_in(), operation.fan_out()), (45, 30));
        assert_eq!(operation.multiplications(), 81 * 45 * 8);
    }

    #[test]
    fn counts() {
        let arguments = conv2d(64, [5, 5], [1, 1], [1, 1], "same");
        let convolution = linear(&Conv::<2>, &arguments, &Shape::new(&[32, 32, 3]));
        assert_eq!(convolution.output(), Shape::new(&[32, 32, 64]));
        assert_eq!(convolution.kernel(), Shape::new(&[5, 5, 3, 64]));
        assert_eq!((convolution.fan_in(), convolution.fan_out()), (75, 1600));
        assert_eq!(convolution.multiplications(), 1024 * 75 * 64);
    }

    #[test]
    fn refusals() {
        let refuse = |arguments, shape: &[usize]| {
            Conv::<2>
                .build(&arguments, &Shape::new(shape))
                .err()
                .unwrap()
        };
        let plain = || conv2d(8, [5, 5], [1, 1], [1, 1], "valid");
        let error = refuse(plain(), &[28, 28]);
        assert_eq!(
            error.expected,
            "an input of 3 axes [height, width, channels]"
        );
        assert!(error.help.unwrap().contains("`reshape([28, 28, 1])`"));
        assert_eq!(
            refuse(plain(), &[4, 9, 1]).expected,
            "an input of height 5 and width 5 or more"
        );
        let both = conv2d(8, [3, 3], [2, 2], [2, 2], "same");
        assert_eq!(
            refuse(both, &[28, 28, 1]).expected,
            "a stride of 1 or a dilation of 1"
        );
    }
}
