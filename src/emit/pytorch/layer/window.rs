//! Windows over one axis or several: how many cells are added around the input.

use super::{Site, counts, of_axes, sides};
use crate::signature::{Constant, Constants};
use crate::tensor::im2col::Padding;

/// The windows of a layer.
pub(super) struct Windows {
    pub size: Vec<usize>,
    pub stride: Vec<usize>,
    pub dilation: Vec<usize>,
}

impl Windows {
    /// Those of a layer whose argument `size` has the cells of one.
    pub(super) fn of(site: &Site, size: &str) -> Self {
        let size = counts(site.arguments(), size);
        let stride = counts(site.arguments(), "stride");
        let dilation = match counts(site.arguments(), "dilation") {
            none if none.is_empty() => vec![1; size.len()],
            dilation => dilation,
        };
        Windows {
            size,
            stride,
            dilation,
        }
    }

    /// How many cells a window reaches over along each axis.
    pub(super) fn extents(&self) -> Vec<usize> {
        let axes = self.size.iter().zip(&self.dilation);
        axes.map(|(size, dilation)| (size - 1) * dilation + 1)
            .collect()
    }

    /// The cells added before and after an input of these axes, under so many windows.
    pub(super) fn padding(
        &self,
        site: &Site,
        input: &[usize],
        windows: &[usize],
    ) -> Vec<[usize; 2]> {
        let extents = self.extents();
        let around = paddings(site.arguments(), self.size.len());
        let axis = |axis: usize| {
            let reach = (windows[axis] - 1) * self.stride[axis] + extents[axis];
            let more = reach.saturating_sub(input[axis]);
            match around[axis] {
                Padding::Valid => [0, 0],
                Padding::Same => [more / 2, more - more / 2],
                Padding::Causal => [extents[axis] - 1, 0],
                Padding::Cells(cells) => [cells, cells],
            }
        };
        (0..self.size.len()).map(axis).collect()
    }
}

/// The padding of each axis that the argument `padding` asks for.
pub(super) fn paddings(arguments: &Constants, axes: usize) -> Vec<Padding> {
    match arguments.get("padding") {
        Constant::Word(word) => vec![Padding::of(word); axes],
        _ => {
            let cells = arguments.cells("padding", axes).unwrap_or_default();
            cells.into_iter().map(Padding::Cells).collect()
        }
    }
}

/// An argument for padding: none, `padding` where it is the same before and after, else `pad`.
pub(super) fn argument(
    padding: &[[usize; 2]],
    alike: impl Fn(usize, usize) -> bool,
) -> Option<String> {
    let all = padding.iter().enumerate();
    if padding.iter().all(|sides| *sides == [0, 0]) {
        return None;
    }
    let before: Vec<usize> = padding.iter().map(|[before, _]| *before).collect();
    let alike = all
        .into_iter()
        .all(|(axis, [before, after])| before == after && alike(axis, *before));
    Some(match alike {
        true => format!("padding={}", of_axes(&before)),
        false => format!("pad={}", sides(padding.iter().copied())),
    })
}
