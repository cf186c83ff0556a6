//! The measurements as a table.

use super::{Measured, Peak, Settings, vectors};
use crate::words::wrapped;
use std::fmt::Write;

/// All of it within `width` columns; with `layers`, where each network's time goes, too.
pub fn text(
    peak: &Peak,
    settings: &Settings,
    measured: &[Measured],
    layers: bool,
    width: usize,
) -> String {
    let threads = match peak.threads {
        1 => "1 thread".into(),
        n => format!("{n} threads"),
    };
    let (vectors, best) = (vectors(), peak.best);
    let (batch, examples, draws) = (settings.batch, settings.examples, settings.draws);
    let head = [
        (
            "machine      ",
            format!("{threads}, {vectors}; a 2048³ product runs at {best:.0} GFLOP/s"),
        ),
        (
            "training     ",
            format!(
                "{batch} examples a step, float32: draws, forward, loss, backward, adam; best of several slices"
            ),
        ),
        (
            "of peak      ",
            "the operations of the deterministic network, as a part of that product's rate just before and after; the median".into(),
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
    let name = |row: &Measured| row.model.chars().count();
    let width = measured.iter().map(name).max().unwrap_or(0).max(5);
    let _ = writeln!(
        out,
        "\n{:<width$}  {:>10}  {:>7}  {:>8}  {:>13}  {:>7}",
        "model", "examples/s", "of peak", "memory", "predictions/s", "of peak"
    );
    for row in measured {
        let _ = writeln!(
            out,
            "{:<width$}  {:>10.0}  {:>5.1} %  {:>8}  {:>13.0}  {:>5.1} %",
            row.model,
            row.training.best,
            100.0 * row.training_of_peak()[1],
            memory(row.memory),
            row.prediction.best,
            100.0 * row.prediction_of_peak()[1],
        );
    }
    if layers {
        measured.iter().for_each(|row| parts(row, &mut out));
    }
    out
}

fn operations(count: u64) -> String {
    match count as f64 {
        x if x >= 1e9 => format!("{:.2} G", x / 1e9),
        x if x >= 1e6 => format!("{:.2} M", x / 1e6),
        x if x >= 1e3 => format!("{:.2} k", x / 1e3),
        x => x.to_string(),
    }
}

fn memory(bytes: usize) -> String {
    match bytes.div_ceil(1 << 10) {
        kibibytes if kibibytes < 1 << 10 => format!("{kibibytes} KiB"),
        kibibytes => format!("{} MiB", kibibytes.div_ceil(1 << 10)),
    }
}

/// A line a layer, then what else a step does.
fn parts(row: &Measured, out: &mut String) {
    let name = |part: &super::Share| part.name.chars().count();
    let width = row.parts.iter().map(name).max().unwrap_or(0);
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let operations = operations(row.operations);
    let _ = writeln!(
        out,
        "\na step of {}: {operations} operations an example of the deterministic network",
        row.model
    );
    let _ = writeln!(out, "  {:<width$}  {:>8}  {:>8}", "", "forward", "backward");
    let mut parts = row.parts.iter();
    while let Some(part) = parts.next() {
        let share = percent(part.share);
        let _ = match part.pass {
            Some(_) => {
                let back = parts.next().map_or(0.0, |part| part.share);
                writeln!(
                    out,
                    "  {:<width$}  {share:>8}  {:>8}",
                    part.name,
                    percent(back)
                )
            }
            None => writeln!(out, "  {:<width$}  {share:>8}", part.name),
        };
    }
}
