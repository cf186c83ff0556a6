//! Layers that move numbers, and joins.

use super::{Site, counts, of_any_rank, sides, tuple};
use crate::diagnostic::Result;
use crate::signature::Constant;

pub(super) fn expressions(site: &Site, name: &str) -> Result<Option<Vec<String>>> {
    let text = match of_any_rank(name) {
        "pad" => pad(site),
        "crop" => crop(site),
        "upsample" => upsample(site),
        "pad_channels" => pad_channels(site),
        "add" => site.inputs.join(" + "),
        "multiply" => site.inputs.join(" * "),
        "mask_padding" => match &site.inputs[..] {
            [x, length] => format!("mask_padding({x}, {length})"),
            _ => site.x().into(),
        },
        "concat" => format!("torch.cat([{}], -1)", site.inputs.join(", ")),
        _ => return Ok(None),
    };
    Ok(Some(vec![text]))
}

/// The same numbers under other axes.
pub(super) fn view(site: &Site, axes: &[usize]) -> String {
    let x = site.x();
    match axes {
        [_] => format!("{x}.flatten(1)"),
        [] => format!("{x}.reshape(-1)"),
        axes => {
            let axes: Vec<String> = axes.iter().map(usize::to_string).collect();
            format!("{x}.reshape(-1, {})", axes.join(", "))
        }
    }
}

/// Entries of the last axis, or one of several inputs, which lie in a row.
pub(super) fn selection(site: &Site) -> String {
    let (x, axes) = (site.x(), &site.node.shape.0);
    let first = match site.call.arguments.find("first") {
        Some(Constant::Cells(cells)) => cells[0],
        _ => 0,
    };
    let all: usize = axes.iter().product();
    let part = format!("{x}[..., {first}:{}]", first + all);
    match axes.len() {
        1 => part,
        _ => {
            let axes: Vec<String> = axes.iter().map(usize::to_string).collect();
            format!(
                "{part}.reshape({})",
                [&["-1".into()], &axes[..]].concat().join(", ")
            )
        }
    }
}

/// The cells before and after each axis but the last.
fn cells(site: &Site) -> Vec<[usize; 2]> {
    let axes = site.axes().len() - 1;
    let of = |name| site.arguments().cells(name, axes).unwrap_or_default();
    let both = of("before").into_iter().zip(of("after"));
    both.map(|(before, after)| [before, after]).collect()
}

fn pad(site: &Site) -> String {
    let function = match site.arguments().word("mode") {
        "reflect" => "reflect",
        _ => "padded",
    };
    format!(
        "{function}({}, {})",
        site.x(),
        sides(cells(site).into_iter())
    )
}

fn crop(site: &Site) -> String {
    let axes = cells(site).into_iter().zip(site.axes());
    let ranges = axes.map(|([before, after], n)| match n - after {
        end if (before, end) == (0, *n) => ":".into(),
        end => format!("{before}:{end}"),
    });
    format!("{}[:, {}]", site.x(), ranges.collect::<Vec<_>>().join(", "))
}

fn upsample(site: &Site) -> String {
    let function = match site.arguments().find("interpolation") {
        Some(Constant::Word("bilinear")) => "bilinear",
        _ => "nearest",
    };
    let sizes = counts(site.arguments(), "size");
    format!(
        "{function}({}, {})",
        site.x(),
        tuple(sizes.iter().map(usize::to_string))
    )
}

fn pad_channels(site: &Site) -> String {
    let (stride, channels) = (
        site.arguments().count("stride"),
        site.arguments().count("channels"),
    );
    let (own, positions) = (
        site.axes().last().copied().unwrap_or(0),
        site.axes().len() - 1,
    );
    let x = match stride > 1 && positions > 0 {
        true => format!(
            "{}[:, {}]",
            site.x(),
            vec![format!("::{stride}"); positions].join(", ")
        ),
        false => site.x().into(),
    };
    match channels - own {
        0 => x,
        more => format!("F.pad({x}, (0, {more}))"),
    }
}
