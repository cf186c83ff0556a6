//! Standard output and error. A reader that goes away (`bnnc list | head`) is no fault: what is printed
//! after that is dropped, and a run goes on.

use crate::diagnostic::{Diagnostic, Failure, Severity, render};
use crate::words::{printable, wrap, wrapped};
use std::cell::Cell;
use std::fmt::Arguments;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Mutex;

/// The first fault of standard output other than a reader that went away.
static FAULT: Mutex<Option<String>> = Mutex::new(None);

/// Prints a line to standard output.
macro_rules! say {
    ($($format:tt)*) => { $crate::cli::terminal::out(format_args!("{}\n", format_args!($($format)*))) };
}
pub(crate) use say;

/// Prints to standard output; names from files reach the terminal as text alone.
pub(crate) fn out(text: Arguments) {
    let mut stdout = io::stdout().lock();
    let text = text.to_string();
    let text = printable(&text);
    if let Err(error) = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        let mut fault = FAULT
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        fault.get_or_insert(error.to_string());
    }
}

/// Prints to standard error, as [`out`]; there is nowhere to say that it failed.
pub(crate) fn err(text: &str) {
    styled(&printable(text));
}

thread_local! {
    /// Whether this thread says nothing on standard error.
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`, what it would say on standard error left unsaid: of many runs each would say the same.
pub(crate) fn quietly<R>(work: impl FnOnce() -> R) -> R {
    let before = IS_QUIET.replace(true);
    let result = work();
    IS_QUIET.set(before);
    result
}

/// Prints to standard error what may have colours.
pub(crate) fn styled(text: &str) {
    if IS_QUIET.get() {
        return;
    }
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// What standard output could not take, if anything.
pub(crate) fn fault() -> Option<Failure> {
    let fault = FAULT
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
        .take()?;
    Some(
        Diagnostic::error("E0601", "cannot write to standard output")
            .note(fault)
            .into(),
    )
}

/// Whether standard error takes colours.
fn color() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// The most messages of a file that are shown; the rest are counted.
const SHOWN: usize = 50;

/// Prints messages to standard error.
pub(crate) fn report(failure: &Failure) {
    let wrapped: Vec<Diagnostic>;
    let shown = &failure.diagnostics[..failure.diagnostics.len().min(SHOWN)];
    let diagnostics = match terminal_size::terminal_size_of(io::stderr()) {
        Some((terminal_size::Width(width), _)) => {
            let all = shown.iter();
            wrapped = all.map(|d| within(d, usize::from(width).max(60))).collect();
            &wrapped[..]
        }
        None => shown,
    };
    let text = render(diagnostics, failure.source_file.as_deref(), color());
    styled(&text);
    let count = failure
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .count();
    match failure.diagnostics.len() > SHOWN {
        true => err(&format!(
            "\n{count} errors, of which the first {SHOWN} are shown\n"
        )),
        false if count > 1 => err(&format!("\n{count} errors\n")),
        false => {}
    }
}

/// A message whose sentences are broken between words, for a terminal that would break them anywhere.
fn within(diagnostic: &Diagnostic, width: usize) -> Diagnostic {
    let lines =
        |text: &str, before: usize| wrap(text, width.saturating_sub(before).max(20)).join("\n");
    let mut diagnostic = diagnostic.clone();
    // `warning[code]: `
    let before = "warning[]: ".len() + diagnostic.code.len();
    diagnostic.title = lines(&diagnostic.title, before);
    // `   = note: `, behind the number of a line.
    let before = "    = note: ".len() + 4;
    for note in &mut diagnostic.notes {
        *note = lines(note, before);
    }
    for help in &mut diagnostic.helps {
        help.text = lines(&help.text, before);
    }
    diagnostic
}

/// A path as short as it can be said: that within the working directory, where it lies in it.
pub(crate) fn here(path: &str) -> String {
    let place = std::env::current_dir().ok();
    let within =
        place.and_then(|place| Path::new(path).strip_prefix(place).ok().map(Path::to_owned));
    within.map_or(path.to_owned(), |within| within.display().to_string())
}

/// The width of standard output in characters; 100 where it is no terminal.
pub(crate) fn width() -> usize {
    terminal_size::terminal_size_of(io::stdout())
        .map_or(100, |(terminal_size::Width(w), _)| usize::from(w))
        .clamp(60, 140)
}

/// The width of standard error, where bars are drawn.
pub(crate) fn bar_width() -> usize {
    terminal_size::terminal_size_of(io::stderr())
        .map_or(80, |(terminal_size::Width(w), _)| usize::from(w))
}

/// Prints `text` after `head`, further lines under its beginning.
pub(crate) fn say_wrapped(head: &str, text: &str) {
    out(format_args!("{}", wrapped(head, text, width())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_broken_between_words() {
        let long =
            "a title of many words that goes on for longer than a narrow terminal is wide, and on";
        let message = Diagnostic::warning("some-lint", long).note(long).help(long);
        let text = render(&[within(&message, 60)], None, false);
        assert!(
            text.lines().all(|line| line.chars().count() <= 60),
            "{text}"
        );
        let words =
            |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        let found = words(&text);
        let mut rest = found.iter();
        assert!(
            words(long)
                .iter()
                .all(|word| rest.any(|other| other == word)),
            "{text}"
        );
    }
}
