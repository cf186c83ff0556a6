//! A bar of the predictions that are left.

use crate::cli::terminal::draws_bars;
use crate::engine::Observer;
use crate::train::progress::duration;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// Draws a bar of the predictions that are left; on standard error, if that is a terminal.
pub struct Bar {
    bar: ProgressBar,
    total: u64,
    done: u64,
    begun: Instant,
    drawn: Instant,
}

impl Bar {
    /// For so many predictions, of each example one a draw; without a word before it no bar is drawn.
    pub fn new(what: Option<String>, total: u64) -> Self {
        // Of a target that is no terminal nothing is drawn.
        let target = match what {
            Some(_) if draws_bars() => ProgressDrawTarget::stderr(),
            _ => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let style = ProgressStyle::with_template("{prefix}  {bar:20} {percent:>3} %  {wide_msg}")
            .expect("a template");
        bar.set_style(style.progress_chars("━╸ "));
        bar.set_prefix(what.unwrap_or_default());
        Bar {
            bar,
            total,
            done: 0,
            begun: Instant::now(),
            drawn: Instant::now(),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Bar {
    fn predicted(&mut self, examples: usize) {
        self.done += examples as u64;
        if self.bar.is_hidden() || self.drawn.elapsed() < Duration::from_millis(100) {
            return;
        }
        self.drawn = Instant::now();
        let rest = self.total.saturating_sub(self.done) as f64 / self.done.max(1) as f64;
        let left = duration(self.begun.elapsed().mul_f64(rest));
        self.bar.set_message(format!("{left} left"));
        self.bar.set_position(self.done);
    }
}
