//! What layers of windows have in common: the axes that they take, and their windows by their arguments.
//!
//! Layers of 1, 2 and 3 axes run the same code over volumes: an image is a volume of one plane, a sequence one of
//! one row.

use super::ShapeError;
use crate::signature::{Constant, Constants};
use crate::tensor::Shape;
use crate::tensor::im2col::{Padding, Window};

/// What a value of `N` axes of positions is called, and its axes.
pub(super) const fn names<const N: usize>() -> (&'static str, &'static str) {
    match N {
        1 => ("sequence", "steps"),
        2 => ("image", "height, width"),
        _ => ("volume", "depth, height, width"),
    }
}

/// The `N` axes of positions of a layer's input, and its channels.
pub(super) fn places<const N: usize>(shape: &Shape) -> Result<([usize; N], usize), ShapeError> {
    let (what, axes) = names::<N>();
    let split = shape.0.split_last();
    if let Some((positions, channels)) =
        split.and_then(|(channels, positions)| Some((positions.try_into().ok()?, *channels)))
    {
        return Ok((positions, channels));
    }
    let listed: String = shape.0.iter().map(|axis| format!("{axis}, ")).collect();
    Err(ShapeError {
        expected: format!("an input of {} axes [{axes}, channels]", N + 1),
        help: match shape.rank() {
            1 if N == 1 => Some(format!(
                "put `reshape([{listed}1])` before it to give the sequence one channel. A row of numbers in no \
                 order has no steps to slide over: `dense`"
            )),
            rank if rank == N => Some(format!(
                "put `reshape([{listed}1])` before it to give the {what} one channel"
            )),
            1 => Some(format!("put `reshape([{axes}, channels])` before it")),
            _ => None,
        },
    })
}

/// The padding of each axis that the argument `padding` asks for.
fn padding<const N: usize>(arguments: &Constants) -> [Padding; N] {
    match arguments.get("padding") {
        Constant::Word(word) => [Padding::of(word); N],
        _ => {
            let cells = arguments.cells("padding", N);
            let cells = cells.expect("the argument's check counts them");
            std::array::from_fn(|axis| Padding::Cells(cells[axis]))
        }
    }
}

/// `N` numbers for the last axes of a volume, `first` for those before them.
pub(super) fn of_volume<const N: usize, T: Copy>(of: [T; N], first: T) -> [T; 3] {
    std::array::from_fn(|axis| match (axis + N).checked_sub(3) {
        Some(axis) => of[axis],
        None => first,
    })
}

/// The windows of so many cells over an input of `shape`, as a volume's.
pub(super) fn windows<const N: usize>(
    arguments: &Constants,
    shape: &Shape,
    size: [usize; N],
    dilation: [usize; N],
) -> Result<Window<3>, ShapeError> {
    let (image, channels) = places::<N>(shape)?;
    let stride = arguments.axes::<N>("stride");
    Window::over(
        of_volume(image, 1),
        channels,
        of_volume(size, 1),
        of_volume(stride, 1),
        of_volume(dilation, 1),
        of_volume(padding::<N>(arguments), Padding::Valid),
    )
    .ok_or_else(|| {
        let least: [usize; N] = std::array::from_fn(|axis| (size[axis] - 1) * dilation[axis] + 1);
        too_small(least)
    })
}

/// The error of an input that a window does not fit in.
fn too_small<const N: usize>(least: [usize; N]) -> ShapeError {
    let (what, _) = names::<N>();
    let expected = match least[..] {
        [steps] => format!("an input of {steps} steps or more"),
        [height, width] => format!("an input of height {height} and width {width} or more"),
        _ => format!("an input of {least:?} or more cells"),
    };
    ShapeError {
        expected,
        help: Some(format!("`padding = same` pads the {what}")),
    }
}

/// The shape of `positions` of a volume with so many channels, in a layer of `axes` axes.
pub(super) fn shape(positions: [usize; 3], channels: usize, axes: usize) -> Shape {
    let mut shape = positions[3 - axes..].to_vec();
    shape.push(channels);
    Shape(shape)
}
