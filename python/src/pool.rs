//! The threads that work is done on.

use bnnc::diagnostic::{Diagnostic, Result};
use pyo3::Python;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::{Arc, Mutex};

/// Threads, one a core, and the process that started them: a process that was forked from it has none.
static ALL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// Runs `work` on so many threads; on one a core without a number.
///
/// # Errors
///
/// `E0603` where the threads cannot be started.
pub fn on_threads<R: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> Result<R> + Send,
) -> Result<R> {
    let pool = match threads {
        Some(threads) => Arc::new(started(threads)?),
        None => {
            let mut all = ALL.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let process = std::process::id();
            match &*all {
                Some((of, pool)) if *of == process => pool.clone(),
                _ => {
                    let pool = Arc::new(started(0)?);
                    // The threads of the other process cannot be joined.
                    std::mem::forget(all.replace((process, pool.clone())));
                    pool
                }
            }
        }
    };
    pool.install(work)
}

/// Runs `work` on so many threads, as [`on_threads`], while other threads of Python run.
///
/// # Errors
///
/// `E0603` where the threads cannot be started.
pub fn without_lock<R: Send>(
    py: Python,
    threads: Option<usize>,
    work: impl FnOnce() -> Result<R> + Send,
) -> Result<R> {
    py.detach(|| on_threads(threads, work))
}

fn started(threads: usize) -> Result<ThreadPool> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(cores);
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| {
        let title = format!("{threads} threads cannot be started");
        Diagnostic::error("E0603", title)
            .note(error.to_string())
            .into()
    })
}
