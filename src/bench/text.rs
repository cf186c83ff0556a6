//! The measurements as a table.

use super::{Measured, Peak, Settings, vectors};
use std::fmt::Write;

/// All of it; with `layers`, where each network's time goes, too.
pub fn text(peak: &Peak, settings: &Settings, measured: &[Measured], layers: bool) -> String {
    let threads = match peak.threads {
        1 => "1 thread".into(),
        n => format!("{n} threads"),
    };
    let mut out = format!(
        "machine      {threads}, {}; a 2048³ product runs at {:.0} GFLOP/s\n\
         training     {} examples a step, float32: draws, forward, loss, backward, adam; best of several runs\n\
         of peak      the operations of the deterministic network, as a part of that product's rate\n\
         prediction   {} examples × {} draws of the weights\n\n",
        vectors(),
        peak.best,
        settings.batch,
        settings.examples,
        settings.draws,
    );
    let name = |row: &Measured| row.model.chars().count();
    let width = measured.iter().map(name).max().unwrap_or(0).max(5);
    let _ = writeln!(
        out,
        "{:<width$}  {:>13}  {:>10}  {:>7}  {:>9}  {:>13}",
        "model", "op an example", "examples/s", "of peak", "memory", "predictions/s"
    );
    for row in measured {
        let _ = writeln!(
            out,
            "{:<width$}  {:>11.2} M  {:>10.0}  {:>5.1} %  {:>5.0} MiB  {:>13.0}",
            row.model,
            row.operations as f64 / 1e6,
            row.examples_per_second,
            100.0 * row.gflops / peak.best,
            row.memory as f64 / f64::from(1 << 20),
            row.predictions_per_second,
        );
    }
    if layers {
        measured.iter().for_each(|row| parts(row, &mut out));
    }
    out
}

/// A line a layer, then what else a step does.
fn parts(row: &Measured, out: &mut String) {
    let name = |part: &super::Share| part.name.chars().count();
    let width = row.parts.iter().map(name).max().unwrap_or(0);
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let _ = writeln!(out, "\na step of {}", row.model);
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
