//! Loops over the positions of values `[.., channels]`, for some neighbouring channels at a time, whose numbers stay
//! in registers.

use crate::tensor::Real;

/// Calls `$function::<L>(…, first, …)` for blocks of L channels from `first` on, until all have been: of 16, then
/// of 8, then single ones.
macro_rules! in_blocks {
    ($channels:expr, |$first:ident| $function:ident($($argument:expr),* $(,)?)) => {{
        let channels = $channels;
        let mut $first = 0;
        while $first + 16 <= channels {
            $function::<_, 16>($($argument),*);
            $first += 16;
        }
        while $first + 8 <= channels {
            $function::<_, 8>($($argument),*);
            $first += 8;
        }
        while $first < channels {
            $function::<_, 1>($($argument),*);
            $first += 1;
        }
    }};
}
pub(super) use in_blocks;

/// L numbers of `all` from `first` on.
#[inline(always)]
pub(super) fn load<T: Real, const L: usize>(all: &[T], first: usize) -> [T; L] {
    let part = &all[first..first + L];
    let mut lanes = [T::zero(); L];
    lanes.copy_from_slice(part);
    lanes
}

/// The same of a row of parameters; `absent` where it is left out.
#[inline(always)]
pub(super) fn load_or<T: Real, const L: usize>(row: &[T], first: usize, absent: T) -> [T; L] {
    match row.is_empty() {
        true => [absent; L],
        false => load(row, first),
    }
}

/// Writes L numbers of `all` from `first` on.
#[inline(always)]
pub(super) fn store<T: Real, const L: usize>(all: &mut [T], first: usize, lanes: [T; L]) {
    let part = &mut all[first..first + L];
    part.copy_from_slice(&lanes);
}

/// Adds to L numbers of a row from `first` on, unless it is left out.
#[inline(always)]
pub(super) fn add<T: Real, const L: usize>(row: &mut [T], first: usize, lanes: [T; L]) {
    if row.is_empty() {
        return;
    }
    let part = &mut row[first..first + L];
    for lane in 0..L {
        part[lane] += lanes[lane];
    }
}

/// `f` of each lane.
#[inline(always)]
pub(super) fn lanes<T: Real, const L: usize>(f: impl Fn(usize) -> T) -> [T; L] {
    let mut lanes = [T::zero(); L];
    for (lane, to) in lanes.iter_mut().enumerate() {
        *to = f(lane);
    }
    lanes
}

/// Replaces the numbers of each `width` lanes by their sum.
#[inline(always)]
pub(super) fn fold<T: Real, const L: usize>(lanes: &mut [T; L], width: usize) {
    for group in lanes.chunks_exact_mut(width) {
        let mut sum = T::zero();
        for lane in group.iter() {
            sum += *lane;
        }
        group.fill(sum);
    }
}

/// S sums over all positions, channel by channel, of what `f` makes of the numbers of N arrays and their lane. APART
/// positions are summed apart, so that an addition need not wait for the one before it.
#[inline(always)]
pub(super) fn sums<T: Real, const L: usize, const N: usize, const S: usize, const APART: usize>(
    of: [&[T]; N],
    [channels, first]: [usize; 2],
    f: impl Fn([T; N], usize) -> [T; S],
) -> [[T; L]; S] {
    let mut apart = [[[T::zero(); L]; S]; APART];
    let positions = of[0].len() / channels;
    let whole = positions / APART * APART;
    let mut position = 0;
    while position < positions {
        // What is left over goes into the first.
        let together = if position < whole { APART } else { 1 };
        for (k, sums) in apart.iter_mut().take(together).enumerate() {
            let at = (position + k) * channels + first;
            let mut rows = [[T::zero(); L]; N];
            for n in 0..N {
                rows[n] = load(of[n], at);
            }
            for lane in 0..L {
                let mut numbers = [T::zero(); N];
                for n in 0..N {
                    numbers[n] = rows[n][lane];
                }
                let terms = f(numbers, lane);
                for s in 0..S {
                    sums[s][lane] += terms[s];
                }
            }
        }
        position += together;
    }
    let mut all = apart[0];
    for part in &apart[1..] {
        for s in 0..S {
            for lane in 0..L {
                all[s][lane] += part[s][lane];
            }
        }
    }
    all
}

/// `to` = or += `f` of the numbers of N arrays and their lane, at every position.
#[inline(always)]
pub(super) fn write<T: Real, const L: usize, const N: usize>(
    to: &mut [T],
    add: bool,
    of: [&[T]; N],
    [channels, first]: [usize; 2],
    f: impl Fn([T; N], usize) -> T,
) {
    let len = to.len();
    let of = of.map(
        #[inline(always)]
        |all| &all[..len],
    );
    let mut at = first;
    while at < len {
        let mut rows = [[T::zero(); L]; N];
        for n in 0..N {
            rows[n] = load(of[n], at);
        }
        let mut found = [T::zero(); L];
        for lane in 0..L {
            let mut numbers = [T::zero(); N];
            for n in 0..N {
                numbers[n] = rows[n][lane];
            }
            found[lane] = f(numbers, lane);
        }
        match add {
            true => self::add(to, at, found),
            false => store(to, at, found),
        }
        at += channels;
    }
}

/// Parts that a row is taken in: they fill vectors.
const PARTS: usize = 16;

/// The sum over a row of what `f` makes of the numbers of N arrays.
#[inline(always)]
pub(super) fn total<T: Real, const N: usize>(of: [&[T]; N], f: impl Fn([T; N]) -> T) -> T {
    let len = of[0].len();
    let mut parts = [T::zero(); PARTS];
    let mut at = 0;
    while at < len {
        let part = PARTS.min(len - at);
        let of = of.map(
            #[inline(always)]
            |all| &all[at..at + part],
        );
        for lane in 0..part {
            let mut numbers = [T::zero(); N];
            for n in 0..N {
                numbers[n] = of[n][lane];
            }
            parts[lane] += f(numbers);
        }
        at += PARTS;
    }
    halve(
        parts,
        #[inline(always)]
        |a, b| a + b,
    )
}

#[inline(always)]
fn larger<T: Real>(a: T, b: T) -> T {
    if b > a { b } else { a }
}

/// The largest of a row; -inf of an empty one.
#[inline(always)]
pub(super) fn largest<T: Real>(row: &[T]) -> T {
    let mut parts = [T::neg_infinity(); PARTS];
    let mut chunks = row.chunks_exact(PARTS);
    for chunk in &mut chunks {
        for lane in 0..PARTS {
            parts[lane] = larger(parts[lane], chunk[lane]);
        }
    }
    for (part, &x) in parts.iter_mut().zip(chunks.remainder()) {
        *part = larger(*part, x);
    }
    halve(parts, larger)
}

/// One of all parts: the two halves together, and again.
#[inline(always)]
fn halve<T: Real>(mut parts: [T; PARTS], f: impl Fn(T, T) -> T) -> T {
    let mut half = PARTS / 2;
    while half > 0 {
        for lane in 0..half {
            parts[lane] = f(parts[lane], parts[lane + half]);
        }
        half /= 2;
    }
    parts[0]
}
