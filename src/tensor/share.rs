//! Work shared out over the threads of the current rayon pool by one that stays awake until all of it is done.
//!
//! rayon sends a thread to sleep that waits some ten microseconds for what another has taken, and to wake it takes
//! longer than many a pass does: with two threads a training step of a small network would take a tenth longer.

use rayon::Yield;
use rayon::iter::plumbing::{Producer, ProducerCallback};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Looks at the other threads' queues that find nothing, in a row, before a thread takes to its own affairs: some
/// 200 µs, where the longest part of a step that one thread takes alone is shorter.
const LOOKS: usize = 300;
/// Of them those after which other programs may have the core.
const POLITE: usize = 100;

/// Pieces of work that a thread does of others before it takes to its own affairs: many steps' worth, and an end
/// where others go on for ever.
const MOST_PIECES: usize = 10_000;

/// Pieces for each thread: the last of them, which all wait for, is a sixteenth of a thread's part at most.
const PIECES_A_THREAD: usize = 16;

/// Does what work other threads have left to be taken, until all is `done` or there has been none for long.
pub fn work_until(mut done: impl FnMut() -> bool) {
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

/// [`rayon::join`] by a thread that stays awake.
pub fn join(a: impl FnOnce() + Send, b: impl FnOnce() + Send) {
    let [begun, done] = [(); 2].map(|()| AtomicBool::new(false));
    rayon::join(
        || {
            a();
            // Where nobody has begun b it is this thread's own to do.
            if begun.load(Ordering::Acquire) {
                work_until(|| done.load(Ordering::Acquire));
            }
        },
        || {
            begun.store(true, Ordering::Release);
            b();
            done.store(true, Ordering::Release);
        },
    );
}

/// How what is to be done in parallel is shared out.
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
        let least = items.min_len();
        self.part(items, self.len, self.most.max(least));
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
            for (least, expected) in [(1, [36, 3]), (50, [2, 50]), (200, [1, 100])] {
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
