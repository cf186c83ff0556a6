//! Standard output and error. A reader that goes away (`bnnc list | head`) is no fault: what is printed
//! after that is dropped, and a run goes on.

use crate::diagnostic::{Diagnostic, Failure, Severity, render};
use crate::words::{printable, wrap, wrapped};
use clap::ValueEnum;
use std::cell::Cell;
use std::fmt::Arguments;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

/// What reaches standard output and error.
static LEVEL: AtomicU8 = AtomicU8::new(ALL);
/// Everything.
const ALL: u8 = 0;
/// Results and warnings.
const RESULTS: u8 = 1;
/// What is for a program, and warnings.
const ANSWERS: u8 = 2;

/// Whether messages have colours, as `--color` says it.
static COLOR: AtomicU8 = AtomicU8::new(0);

/// The code of the first message that was shown, for the hint at the end.
static FIRST_CODE: Mutex<Option<&'static str>> = Mutex::new(None);

/// When messages have colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Into files and pipes, too
    Always,
    /// Nowhere
    Never,
}

/// How the command that begins shows what it has to say.
pub(crate) fn begin(quiet: bool, color: Color) {
    LEVEL.store(if quiet { RESULTS } else { ALL }, Ordering::Relaxed);
    COLOR.store(color as u8, Ordering::Relaxed);
    *FIRST_CODE.lock().unwrap_or_else(|p| p.into_inner()) = None;
}

/// From here on only [`answer`] prints to standard output.
pub(crate) fn answers_alone() {
    LEVEL.store(ANSWERS, Ordering::Relaxed);
}

/// Whether progress and notes are shown.
fn shows_all() -> bool {
    LEVEL.load(Ordering::Relaxed) == ALL
}

/// Whether `--quiet` is given.
pub(crate) fn is_quiet() -> bool {
    LEVEL.load(Ordering::Relaxed) == RESULTS
}

/// Whether bars are drawn: on a terminal, and not under `--quiet`.
pub(crate) fn draws_bars() -> bool {
    io::stderr().is_terminal() && LEVEL.load(Ordering::Relaxed) != RESULTS
}

/// The first fault of standard output other than a reader that went away.
static FAULT: Mutex<Option<String>> = Mutex::new(None);

/// Prints a line to standard output.
macro_rules! say {
    ($($format:tt)*) => { $crate::cli::terminal::out(format_args!("{}\n", format_args!($($format)*))) };
}
pub(crate) use say;

/// Prints a line that is no result: what is read, how far it is, what to do next. Not under `--quiet`.
macro_rules! tell {
    ($($format:tt)*) => { $crate::cli::terminal::told(format_args!("{}\n", format_args!($($format)*))) };
}
pub(crate) use tell;

/// Prints what is no result to standard output, unless `--quiet` is given.
pub(crate) fn told(text: Arguments) {
    if shows_all() {
        out(text);
    }
}

/// Prints [`told`] text after `head`, further lines under its beginning.
pub(crate) fn tell_wrapped(head: &str, text: &str) {
    told(format_args!("{}", wrapped(head, text, width())));
}

/// Prints what a program reads, to standard output.
pub(crate) fn answer(value: &serde_json::Value) {
    write_out(format_args!("{value:#}\n"));
}

/// Prints to standard output; names from files reach the terminal as text alone.
pub(crate) fn out(text: Arguments) {
    if LEVEL.load(Ordering::Relaxed) != ANSWERS {
        write_out(text);
    }
}

fn write_out(text: Arguments) {
    write_as_it_is(&printable(&text.to_string()));
}

/// Prints what another program reads: no sign is put in another's place.
pub(crate) fn write_as_it_is(text: &str) {
    let mut stdout = io::stdout().lock();
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

/// Prints what is no warning to standard error, unless `--quiet` is given.
pub(crate) fn note(text: &str) {
    if LEVEL.load(Ordering::Relaxed) != RESULTS {
        err(text);
    }
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
    match COLOR.load(Ordering::Relaxed) {
        always if always == Color::Always as u8 => true,
        never if never == Color::Never as u8 => false,
        _ => {
            io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
        }
    }
}

/// Says once, on a terminal, where more about the first message is to be read.
pub(crate) fn hint() {
    let code = FIRST_CODE.lock().unwrap_or_else(|p| p.into_inner()).take();
    if let Some(code) = code
        && io::stderr().is_terminal()
    {
        note(&format!("\n`bnnc explain {code}` says more\n"));
    }
}

/// The most messages of a file that are shown; the rest are counted.
const SHOWN: usize = 50;

/// Prints messages to standard error.
pub(crate) fn report(failure: &Failure) {
    let is_error = |d: &&Diagnostic| d.severity == Severity::Error;
    let first = failure.diagnostics.iter().find(is_error);
    if let Some(first) = first.or(failure.diagnostics.first()) {
        let mut code = FIRST_CODE.lock().unwrap_or_else(|p| p.into_inner());
        code.get_or_insert(first.code);
    }
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
