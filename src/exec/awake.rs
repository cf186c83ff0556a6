//! Keeps the other threads of the current rayon pool awake while a step runs and a little longer, so that they take
//! their parts of it at once: `tensor/share.rs` says what it costs to wake one.

use crate::tensor::share::{Busy, work_until};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Calls to one thread that are still to be answered, at most: a thread that does not come to look for work,
/// the leader of steps itself when it never waits for another, would otherwise gather them up.
const UNANSWERED: usize = 8;

/// How long a thread stays awake after a step, for the next: what a run does between two of them takes as long.
const BETWEEN: Duration = Duration::from_micros(100);

/// The calls of one leader's steps.
#[derive(Debug, Default, Clone)]
pub(super) struct Calls(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Calls that are still to be answered, of all threads.
    unanswered: AtomicUsize,
    /// Steps that are going on.
    steps: AtomicUsize,
}

/// While it lives the other threads of the pool look for work without a pause.
pub(super) struct Awake {
    calls: Calls,
    _busy: Busy,
}

impl Awake {
    /// Of the pool that the calling thread belongs to, if it belongs to one.
    pub fn new(calls: &Calls) -> Self {
        let counts = &calls.0;
        counts.steps.fetch_add(1, Ordering::Relaxed);
        let threads = rayon::current_num_threads();
        let leader = rayon::current_thread_index();
        let in_pool = leader.is_some() && threads > 1;
        if in_pool && counts.unanswered.load(Ordering::Relaxed) < UNANSWERED * threads {
            counts.unanswered.fetch_add(threads, Ordering::Relaxed);
            let counts = counts.clone();
            rayon::spawn_broadcast(move |thread| {
                // The leader may come to its own between two steps.
                if Some(thread.index()) != leader {
                    attend(&counts.steps);
                }
                counts.unanswered.fetch_sub(1, Ordering::Relaxed);
            });
        }
        Awake {
            calls: calls.clone(),
            _busy: Busy::begin(),
        }
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        self.calls.0.steps.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Does what work there is while `steps` go on and a little longer, or until there has been none for long.
fn attend(steps: &AtomicUsize) {
    // A thread that waits for a part of its own step may come here, too: it must not stay, or two steps at a
    // time would wait for each other. One that is here already stays for the same leader's next step.
    if Busy::here() {
        return;
    }
    let mut ended: Option<Instant> = None;
    work_until(|| {
        if steps.load(Ordering::Relaxed) > 0 {
            ended = None;
            return false;
        }
        ended.get_or_insert_with(Instant::now).elapsed() > BETWEEN
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Share;
    use rayon::prelude::*;
    use std::sync::atomic::{AtomicBool, AtomicU64};

    fn step(rounds: u64) -> u64 {
        let _awake = Awake::new(&Calls::default());
        (0..rounds)
            .map(|round| {
                let sum = AtomicU64::new(0);
                (0..1000u32).into_par_iter().share(|i| {
                    sum.fetch_add(u64::from(i) ^ round, Ordering::Relaxed);
                });
                sum.into_inner()
            })
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
            let [begun, called, inside, finished] = [(); 4].map(|()| AtomicBool::new(false));
            let until = |flag: &AtomicBool| {
                while !flag.load(Ordering::Acquire) {
                    std::thread::yield_now();
                }
            };
            let set = |flag: &AtomicBool| flag.store(true, Ordering::Release);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(2);
            pool.build().unwrap().install(|| {
                rayon::join(
                    || {
                        until(&begun);
                        let _awake = Awake::new(&Calls::default());
                        set(&called);
                        while !finished.load(Ordering::Acquire) {
                            rayon::yield_now();
                        }
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
                        set(&finished);
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
                most = most.max(calls.0.unanswered.load(Ordering::Relaxed));
            }
            assert!((1..=2 * UNANSWERED + 1).contains(&most), "{most}");
        });
    }
}
