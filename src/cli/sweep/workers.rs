//! Work shared out over runs, each with threads of its own.

use crate::diagnostic::{Diagnostic, Result};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does `work` for each of `count` places, `jobs` at a time (else one a core). Where there are fewer than cores, each has
/// several threads: small networks have no work for two, and a result does not depend on their number.
///
/// # Errors
///
/// `E0603` where threads cannot be started.
pub(super) fn each(jobs: Option<usize>, count: usize, work: impl Fn(usize) + Sync) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = jobs.unwrap_or(cores).min(count);
    let threads = (cores / jobs.max(1)).max(1);
    let next = AtomicUsize::new(0);
    let worker = || -> Result<()> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| {
            Diagnostic::error("E0603", "a thread cannot be started").note(error.to_string())
        })?;
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= count {
                return Ok(());
            }
            pool.install(|| work(place));
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(worker)).collect();
        let mut joined = workers.into_iter().map(|worker| worker.join());
        joined.try_for_each(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
