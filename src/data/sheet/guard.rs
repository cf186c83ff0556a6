//! A damaged file does not end the program, whatever the crate that reads it does.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread is told by [`caught`].
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; what it gives, or the text of its panic, which is not printed.
///
/// The crates `parquet` and `calamine` are not written for damaged files: the first asserts that lengths in a page are
/// right, the second adds up the digits of a cell's row in 32 bits.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> std::result::Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_CAUGHT.get() {
                print(panic);
            }
        }));
    });
    IS_CAUGHT.set(true);
    // What `work` changes is dropped with it.
    let result = catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(false);
    result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()));
        text.unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_the_next_work_is_done() {
        let text = caught(|| panic!("at {}", 3)).unwrap_err();
        assert_eq!(text, "at 3");
        assert_eq!(caught(|| 7), Ok(7));
    }
}
