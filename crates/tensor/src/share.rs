//! Work shared out over the threads of the current rayon pool by one that stays awake until all of it is done.
//!
//! rayon sends a thread to sleep that waits some ten microseconds for what another has taken, and to wake it takes
//! longer than many a pass does: with two threads a training step of a small network would take a tenth longer.

use rayon::Yield;
use rayon::iter::plumbing::{Producer, ProducerCallback};
use rayon::prelude::*;
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// While it lives its thread has work of its own to come back to: it leads a step, or looks for work already.
pub struct Busy {
    was_busy: bool,
    /// It stays on its thread.
    here: PhantomData<*const ()>,
}

impl Busy {
    /// Of the calling thread, which has to drop what it made last first.
    pub fn begin() -> Self {
        Busy {
            was_busy: BUSY.replace(true),
            here: PhantomData,
        }
    }

    /// Whether there is one of the calling thread's.
    pub fn here() -> bool {
        BUSY.get()
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        BUSY.set(self.was_busy);
    }
}

/// Looks at the other threads' queues that find nothing, in a row, before a thread takes to its own affairs: some
/// 200 µs, where the longest part of a step that one thread takes alone is shorter.
const LOOKS: usize = 300;
/// Of them those after which other programs may have the core.
const POLITE: usize = 100;

/// Pieces of work that a thread does of others before it takes to its own affairs: many steps' worth, and an end
/// where others go on for ever.
const MOST_PIECES: usize = 10_000;

/// Pieces for each thread: the last of them, which all wait for, is so small a part of a thread's at most.
const PIECES_A_THREAD: usize = 32;

/// Does what work other threads have left to be taken, until all is `done` or there has been none for long.
pub fn work_until(mut done: impl FnMut() -> bool) {
    let _busy = Busy::begin();
    let (mut idle, mut pieces) = (0, 0);
    while idle < LOOKS && pieces < MOST_PIECES && !done() {
        if rayon::yield_now() == Some(Yield::Executed) {
            idle = 0;
            pieces += 1;
            continue;
        }
        // Some hundred nanoseconds in which the other threads' queues are left alone; and where there is
        // nothing to do for long, other programs may have the core.
        for _ in 0..8 {
            std::hint::spin_loop();
            if done() {
                return;
            }
        }
        idle += 1;
        if idle > POLITE {
            std::thread::yield_now();
        }
    }
}

/// Set when it is dropped, by a panic too.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// [`rayon::join`] by a thread that stays awake, for as long as [`work_until`] does.
pub fn join(a: impl FnOnce() + Send, b: impl FnOnce() + Send) {
    let [begun, done] = [(); 2].map(|()| AtomicBool::new(false));
    // In rayon's own wait, too, where this one has come to its end.
    let _busy = Busy::begin();
    rayon::join(
        || {
            a();
            // Where nobody has begun b it is this thread's own to do.
            if begun.load(Ordering::Acquire) {
                work_until(|| done.load(Ordering::Acquire));
            }
        },
        || {
            let _done = Done(&done);
            begun.store(true, Ordering::Release);
            b();
        },
    );
}

/// How what is to be done in parallel is shared out: by halves, neither of fewer items than the iterator's least
/// (its greatest is not asked for).
pub trait Share: IndexedParallelIterator {
    /// `f` of each item. The first half is the calling thread's unless another has nothing to do.
    fn share(self, f: impl Fn(Self::Item) + Sync) {
        self.share_with(|| (), |(), item| f(item));
    }

    /// `f` of each item, with what `make` has made for it and the items beside it.
    fn share_with<W>(self, make: impl Fn() -> W + Sync, f: impl Fn(&mut W, Self::Item) + Sync) {
        let len = self.len();
        let threads = rayon::current_num_threads();
        let most = match threads {
            1 => len,
            _ => len.div_ceil(PIECES_A_THREAD * threads),
        };
        self.with_producer(Halves { len, most, make, f });
    }
}

impl<I: IndexedParallelIterator> Share for I {}

/// Shares out what a producer makes: halves of halves, down to pieces of `most` items.
struct Halves<M, F> {
    len: usize,
    most: usize,
    make: M,
    f: F,
}

impl<T, W, M: Fn() -> W + Sync, F: Fn(&mut W, T) + Sync> ProducerCallback<T> for Halves<M, F> {
    type Output = ();
    fn callback<P: Producer<Item = T>>(self, items: P) {
        // Neither half is to have fewer than the least.
        let most = self.most.max(items.min_len().saturating_mul(2) - 1);
        self.part(items, self.len, most);
    }
}

impl<M: Sync, F: Sync> Halves<M, F> {
    fn part<T, W, P: Producer<Item = T>>(&self, items: P, len: usize, most: usize)
    where
        M: Fn() -> W,
        F: Fn(&mut W, T),
    {
        if len > most {
            let half = len / 2;
            let (left, right) = items.split_at(half);
            return join(
                || self.part(left, half, most),
                || self.part(right, len - half, most),
            );
        }
        let mut own = (self.make)();
        items.into_iter().for_each(|item| (self.f)(&mut own, item));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn every_item_once_with_any_number_of_threads() {
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                for len in [0, 1, 2, 7, 100, 1000] {
                    let mut items = vec![0u32; len];
                    items.par_iter_mut().share(|item| *item += 1);
                    assert!(items.iter().all(|&item| item == 1), "{threads} {len}");
                }
            });
        }
    }

    #[test]
    fn pieces_are_no_smaller_than_is_asked_for_and_each_has_its_own() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3);
        pool.build().unwrap().install(|| {
            for (least, expected) in [(1, [64, 2]), (50, [2, 50]), (51, [1, 100])] {
                let made = AtomicUsize::new(0);
                let items = (0..100).into_par_iter().with_min_len(least);
                let longest = AtomicUsize::new(0);
                items.share_with(
                    || {
                        made.fetch_add(1, Ordering::Relaxed);
                        0
                    },
                    |count, _| {
                        *count += 1;
                        longest.fetch_max(*count, Ordering::Relaxed);
                    },
                );
                let found = [made, longest].map(AtomicUsize::into_inner);
                assert_eq!(found, expected, "{least}");
            }
        });
    }

    #[test]
    fn inside_each_other_and_beside_each_other() {
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                let sum = AtomicUsize::new(0);
                let all = || {
                    (0..40usize).into_par_iter().share(|i| {
                        (0..i).into_par_iter().share(|j| {
                            sum.fetch_add(j, Ordering::Relaxed);
                        });
                    });
                };
                for _ in 0..50 {
                    join(all, || join(all, all));
                }
                let once: usize = (0..40).map(|i| (0..i).sum::<usize>()).sum();
                assert_eq!(sum.into_inner(), 150 * once);
            });
        }
    }

    #[test]
    fn a_wait_has_an_end_though_nothing_is_ever_done() {
        static ENOUGH: AtomicBool = AtomicBool::new(false);
        fn again() {
            if !ENOUGH.load(Ordering::Relaxed) {
                rayon::spawn(again);
            }
        }
        let (ended, end) = std::sync::mpsc::channel();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        pool.unwrap().spawn(move || {
            let (before, mut meanwhile) = (Busy::here(), false);
            work_until(|| {
                meanwhile = Busy::here();
                false
            });
            // nor where there is always something to do
            again();
            work_until(|| false);
            ended.send([before, meanwhile, Busy::here()]).unwrap();
        });
        let found = end.recv_timeout(std::time::Duration::from_secs(60));
        ENOUGH.store(true, Ordering::Relaxed);
        assert_eq!(
            found,
            Ok([false, true, false]),
            "busy before, meanwhile, after"
        );
    }

    /// A panic reaches who asked for the work, from either side, as with rayon's.
    #[test]
    fn a_panic_comes_through() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build();
        pool.unwrap().install(|| {
            for guilty in [0, 39] {
                let found = std::panic::catch_unwind(|| {
                    (0..40).into_par_iter().share(|i| assert_ne!(i, guilty));
                });
                assert!(found.is_err(), "{guilty}");
            }
        });
    }
}
