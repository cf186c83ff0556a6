//! Keeps the threads of the current rayon pool awake. One that finds no work for some ten microseconds goes to
//! sleep, and to wake it takes longer than many a part of a step does: with two threads a step of a small
//! network would take a tenth longer.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

thread_local! {
    /// Whether this thread has work of its own to come back to: it leads a step, or is in [`attend`].
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// Calls to one thread that are still to be answered, at most: a thread that does not come to look for work,
/// the leader of steps itself when it never waits for another, would otherwise gather them up.
const UNANSWERED: usize = 8;

/// Counts calls that are still to be answered, of all threads.
#[derive(Debug, Default, Clone)]
pub(super) struct Calls(Arc<AtomicUsize>);

/// Looks at the other threads' queues that find nothing, in a row, before a thread takes to its own affairs: some
/// 200 µs, where the longest part of a step that one thread takes alone is shorter. It must be bounded: a thread
/// may come to [`attend`] while it waits for a part of a part that it has taken, which the leader waits for.
const LOOKS: usize = 300;
/// Of them those after which other programs may have the core.
const POLITE: usize = 100;

/// Pieces of work that a thread does in one answer: many steps' worth, and an end where other steps go on for
/// ever while one waits for this thread.
const PIECES: usize = 10_000;

/// While it lives the other threads of the pool look for work without a pause.
pub(super) struct Awake {
    done: Arc<AtomicBool>,
    was_busy: bool,
}

impl Awake {
    /// Of the pool that the calling thread belongs to, if it belongs to one.
    pub fn new(calls: &Calls) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let threads = rayon::current_num_threads();
        let in_pool = rayon::current_thread_index().is_some() && threads > 1;
        if in_pool && calls.0.load(Ordering::Relaxed) < UNANSWERED * threads {
            calls.0.fetch_add(threads, Ordering::Relaxed);
            let (done, calls) = (done.clone(), calls.clone());
            rayon::spawn_broadcast(move |_| {
                attend(&done);
                calls.0.fetch_sub(1, Ordering::Relaxed);
            });
        }
        let was_busy = BUSY.replace(true);
        Awake { done, was_busy }
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        BUSY.set(self.was_busy);
    }
}

/// Does what work there is until all is `done`, or there has been none for long.
fn attend(done: &AtomicBool) {
    // A thread that waits for a part of its own step may come here, too: it must not stay, or two steps at a
    // time would wait for each other.
    if BUSY.replace(true) {
        return;
    }
    let (mut idle, mut pieces) = (0, 0);
    while idle < LOOKS && pieces < PIECES && !done.load(Ordering::Relaxed) {
        if rayon::yield_now() == Some(rayon::Yield::Executed) {
            idle = 0;
            pieces += 1;
            continue;
        }
        // Some hundred nanoseconds in which the other threads' queues are left alone; and where there is
        // nothing to do for long, other programs may have the core.
        (0..8).for_each(|_| std::hint::spin_loop());
        idle += 1;
        if idle > POLITE {
            std::thread::yield_now();
        }
    }
    BUSY.set(false);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;
    use std::time::Duration;

    fn step(rounds: u64) -> u64 {
        let _awake = Awake::new(&Calls::default());
        (0..rounds)
            .map(|round| (0..1000u64).into_par_iter().map(|i| i ^ round).sum::<u64>())
            .sum()
    }

    #[test]
    fn steps_at_a_time_and_inside_each_other_come_to_an_end() {
        let alone = step(50);
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                for _ in 0..20 {
                    let (a, (b, c)) =
                        rayon::join(|| step(50), || rayon::join(|| step(50), || step(50)));
                    assert_eq!([a, b, c], [alone; 3]);
                    let _awake = Awake::new(&Calls::default());
                    assert_eq!(step(50), alone);
                }
            });
        }
    }

    /// A thread that is called while it waits for a part of what it does for the leader.
    #[test]
    fn a_call_does_not_keep_a_thread_from_what_it_has_begun() {
        let (ended, end) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let [begun, called, inside] = [(); 3].map(|()| AtomicBool::new(false));
            let until = |flag: &AtomicBool| {
                while !flag.load(Ordering::Acquire) {
                    std::thread::yield_now();
                }
            };
            let set = |flag: &AtomicBool| flag.store(true, Ordering::Release);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(2);
            pool.build().unwrap().install(|| {
                let mut awake = None;
                rayon::join(
                    || {
                        until(&begun);
                        awake = Some(Awake::new(&Calls::default()));
                        set(&called);
                    },
                    // the other thread's, which then waits for a part that the leader has taken
                    || {
                        set(&begun);
                        until(&called);
                        rayon::join(
                            || until(&inside),
                            || {
                                set(&inside);
                                std::thread::sleep(Duration::from_millis(50));
                            },
                        );
                    },
                );
            });
            ended.send(()).unwrap();
        });
        let waited = end.recv_timeout(Duration::from_secs(60));
        assert!(waited.is_ok(), "the threads wait for each other");
    }

    #[test]
    fn a_leader_that_never_waits_does_not_gather_calls() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2);
        pool.build().unwrap().install(|| {
            let calls = Calls::default();
            let mut most = 0;
            for _ in 0..1000 {
                drop(Awake::new(&calls));
                most = most.max(calls.0.load(Ordering::Relaxed));
            }
            assert!((1..=2 * UNANSWERED + 1).contains(&most), "{most}");
        });
    }
}
