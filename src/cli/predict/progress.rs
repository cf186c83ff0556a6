//! How far predictions are: on a terminal, a bar with the time left.

use crate::cli::terminal::draws_bars;
use crate::predict::Out;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal};
use std::time::Duration;

/// The bar of so many rows, where that is known; hidden where standard error is no terminal, or shows the rows.
pub(super) fn bar(rows: Option<usize>, out: &Out) -> ProgressBar {
    let shows_rows = *out == Out::Stdout && io::stdout().is_terminal();
    let target = match draws_bars() && !shows_rows {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let (template, length) = match rows {
        Some(rows) => (
            "predict {bar:16} {human_pos}/{human_len} rows  {eta} left",
            Some(rows as u64),
        ),
        None => ("predict {human_pos} rows", None),
    };
    let bar = ProgressBar::with_draw_target(length, target);
    let style = ProgressStyle::with_template(template).expect("a template");
    bar.set_style(style.progress_chars("━╸ "));
    if !bar.is_hidden() {
        bar.enable_steady_tick(Duration::from_millis(250));
    }
    bar
}
