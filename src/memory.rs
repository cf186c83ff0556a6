//! How much memory this machine has left, and the message of what takes more.

use crate::diagnostic::{Diagnostic, Result};
use crate::words::bytes;
use std::fs::read_to_string;

/// Refuses `what` where it takes more bytes than this machine has; where that is not known, nothing is refused.
///
/// # Errors
///
/// `E0613`, with both numbers.
pub fn refuse(what: &str, needed: u64, help: &str) -> Result<()> {
    match available() {
        Some(available) if needed > available => Err(Diagnostic::error(
            "E0613",
            format!(
                "{what} takes {} of memory, and this machine has {}",
                bytes(needed),
                bytes(available)
            ),
        )
        .help(help)
        .into()),
        _ => Ok(()),
    }
}

/// Bytes that this process can still take: what the system has without swapping, a container's limit, and the
/// limit on a process's addresses (`ulimit -v`), whichever is least. `None` where the system does not say.
pub fn available() -> Option<u64> {
    let free = number(&read_to_string("/proc/meminfo").ok()?, "MemAvailable:").map(kibibytes);
    let container = read_to_string("/sys/fs/cgroup/memory.max").ok();
    let container = container.and_then(|text| text.trim().parse().ok());
    [free, container, addresses()].into_iter().flatten().min()
}

/// The most bytes of memory that this process has had at once; `None` where the system does not say.
pub fn peak() -> Option<u64> {
    number(&read_to_string("/proc/self/status").ok()?, "VmHWM:").map(kibibytes)
}

/// What is left of the limit on a process's addresses, if there is one.
fn addresses() -> Option<u64> {
    let limits = read_to_string("/proc/self/limits").ok()?;
    let limit = number(&limits, "Max address space")?;
    let taken = number(&read_to_string("/proc/self/status").ok()?, "VmSize:").map(kibibytes);
    Some(limit.saturating_sub(taken.unwrap_or(0)))
}

/// The number that follows `name` at the beginning of a line.
fn number(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines();
    let rest = lines.find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn kibibytes(n: u64) -> u64 {
    n.saturating_mul(1 << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn what_no_machine_has_is_refused_with_both_numbers() {
        let failure = refuse("training", u64::MAX, "a smaller batch").unwrap_err();
        let title = &failure.diagnostics[0].title;
        assert!(
            title.starts_with("training takes 16 EiB of memory, and this machine has "),
            "{title}"
        );
        assert_eq!(refuse("training", 1, ""), Ok(()));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_peak_has_what_was_taken_and_given_back() {
        let before = peak().unwrap();
        let taken = 64 << 20;
        drop(std::hint::black_box(vec![1u8; taken]));
        let now = number(&read_to_string("/proc/self/status").unwrap(), "VmRSS:").unwrap();
        let peak = peak().unwrap();
        assert!(peak >= before && peak >= taken as u64 && peak >= kibibytes(now));
    }

    #[test]
    fn numbers_are_read_off_their_lines() {
        let text = "MemTotal:  8 kB\nMemAvailable:    5120 kB\n";
        assert_eq!(number(text, "MemAvailable:"), Some(5120));
        assert_eq!(
            number("Max address space         unlimited", "Max address space"),
            None
        );
        assert_eq!(number(text, "SwapFree:"), None);
    }
}
