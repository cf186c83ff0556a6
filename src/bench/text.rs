//! The measurements as a table.

use super::{Measured, Peak, Settings, vectors};
use crate::report::table::table;
use crate::words::{bytes, plural, wrapped};

/// All of it within `width` columns; with `layers`, where each network's time goes, too.
pub fn text(
    peak: &Peak,
    settings: &Settings,
    measured: &[Measured],
    layers: bool,
    width: usize,
) -> String {
    let (threads, vectors, best) = (plural(peak.threads, "thread"), vectors(), peak.best);
    let (batch, examples, draws) = (settings.batch, settings.examples, settings.draws);
    // Each head has the width of the longest, `prediction`, and three blanks; `wrapped` indents by it.
    let head = [
        (
            "machine      ",
            format!("{threads}, {vectors}; a 2048³ product runs at {best:.0} GFLOP/s"),
        ),
        (
            "training     ",
            format!(
                "a step on {batch} examples in float32: draw, forward, loss, backward, Adam; the fastest of several"
            ),
        ),
        (
            "of peak      ",
            "the network's own operations a second, as a part of that product's, measured beside them; the median".into(),
        ),
        (
            "prediction   ",
            format!("{examples} examples × {draws} draws of the weights"),
        ),
    ];
    let mut out: String = head
        .iter()
        .map(|(head, text)| wrapped(head, text, width))
        .collect();
    out.push('\n');
    // This table begins at the left edge, without the blanks before its first column.
    for line in rates(measured).lines() {
        out += &format!("{}\n", line.strip_prefix("  ").unwrap_or(line));
    }
    if layers {
        out.extend(measured.iter().map(parts));
    }
    out
}

/// A line a network.
fn rates(measured: &[Measured]) -> String {
    // The blanks before `memory` make room for `1023 MiB`, so that the columns stand alike in most benchmarks.
    let heads = [
        "model",
        "examples/s",
        "of peak",
        "  memory",
        "predictions/s",
        "of peak",
    ];
    let mut rows = vec![heads.map(String::from).to_vec()];
    rows.extend(measured.iter().map(|row| {
        let of_peak = |quartiles: [f64; 3]| percent(quartiles[1]);
        vec![
            row.model.clone(),
            format!("{:.0}", row.training.best),
            of_peak(row.training_of_peak()),
            bytes(row.memory),
            format!("{:.0}", row.prediction.best),
            of_peak(row.prediction_of_peak()),
        ]
    }));
    table(&rows, &[1, 2, 3, 4, 5], usize::MAX)
}

fn percent(part: f64) -> String {
    format!("{:.1} %", 100.0 * part)
}

fn operations(count: u64) -> String {
    match count as f64 {
        x if x >= 1e9 => format!("{:.2} G", x / 1e9),
        x if x >= 1e6 => format!("{:.2} M", x / 1e6),
        x if x >= 1e3 => format!("{:.2} k", x / 1e3),
        x => x.to_string(),
    }
}

/// A line a layer, then what else a step does.
fn parts(row: &Measured) -> String {
    // The blank makes the column of `forward` as wide as that of `backward`.
    let heads = ["", " forward", "backward"];
    let mut rows = vec![heads.map(String::from).to_vec()];
    for part in &row.parts {
        let share = percent(part.share);
        match (part.pass, rows.last_mut()) {
            (Some("backward"), Some(layer)) => layer.push(share),
            _ => rows.push(vec![part.name.clone(), share]),
        }
    }
    format!(
        "\na step of {}: {} operations an example of the deterministic network\n{}",
        row.model,
        operations(row.operations),
        table(&rows, &[1, 2], usize::MAX)
    )
}
