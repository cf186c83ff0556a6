//! Layers that are linear in a kernel: their function of (x, w).

use super::window::{self, Windows, paddings};
use super::{Site, of_axes, sides};
use crate::tensor::im2col::Padding;

/// The function of (x, w), linear in w: `conv`, `partial(conv, stride=2)`.
pub(super) fn map(site: &Site) -> String {
    let name = site.call.layer.map_or("", |layer| layer.signature().name);
    let (function, options) = match name {
        "dense" => ("matmul", vec![]),
        "embedding" => ("embedding", vec![]),
        name if name.starts_with("conv_transpose") => ("conv_transpose", transposed(site)),
        _ => ("conv", convolution(site)),
    };
    match options.is_empty() {
        true => function.into(),
        false => format!("partial({function}, {})", options.join(", ")),
    }
}

/// An argument that is 1 along each axis unless it is written.
fn option(name: &str, of: &[usize]) -> Option<String> {
    let is_one = of.iter().all(|n| *n == 1);
    (!is_one).then(|| format!("{name}={}", of_axes(of)))
}

fn convolution(site: &Site) -> Vec<String> {
    let windows = Windows::of(site, "kernel");
    let padding = windows.padding(site, site.axes(), &site.node.shape.0);
    let options = [
        option("stride", &windows.stride),
        window::argument(&padding, |_, _| true),
        option("dilation", &windows.dilation),
        option("groups", &[site.arguments().count("groups")]),
    ];
    options.into_iter().flatten().collect()
}

/// PyTorch cuts as much off both ends, and adds less than a stride at the last. Whatever does not come out that way is
/// cut off and added by hand.
fn transposed(site: &Site) -> Vec<String> {
    let windows = Windows::of(site, "kernel");
    let (input, output, extents) = (site.axes(), &site.node.shape.0, windows.extents());
    let around = paddings(site.arguments(), windows.size.len());
    let (mut cut, mut added, mut by_hand) = (vec![], vec![], vec![]);
    for (axis, padding) in around.iter().enumerate() {
        let before = match padding {
            Padding::Same => extents[axis].saturating_sub(windows.stride[axis]) / 2,
            Padding::Cells(cells) => *cells,
            Padding::Valid | Padding::Causal => 0,
        };
        let whole = (input[axis] - 1) * windows.stride[axis] + extents[axis];
        let [whole, before, length] = [whole, before, output[axis]].map(|cells| cells as i64);
        cut.push(before as usize);
        added.push(length + 2 * before - whole);
        by_hand.push([-before, length + before - whole]);
    }
    let most = |axis: usize| windows.stride[axis].max(windows.dilation[axis]) as i64;
    let fits = added
        .iter()
        .enumerate()
        .all(|(axis, n)| (0..most(axis)).contains(n));
    let added: Vec<usize> = added.into_iter().map(|n| n.max(0) as usize).collect();
    let unless_none = |name: &str, of: &[usize]| {
        let is_none = of.iter().all(|n| *n == 0);
        (!is_none).then(|| format!("{name}={}", of_axes(of)))
    };
    let padding = match fits {
        true => [
            unless_none("padding", &cut),
            unless_none("output_padding", &added),
        ],
        false => [Some(format!("pad={}", sides(by_hand.into_iter()))), None],
    };
    let [padding, added] = padding;
    let options = [
        option("stride", &windows.stride),
        padding,
        added,
        option("dilation", &windows.dilation),
    ];
    options.into_iter().flatten().collect()
}
