//! Random numbers without state: entry i of a stream is a function of the stream and i.
//!
//! A [`Stream`] belongs to a use of a parameter in a step of a run. What it gives does not depend on
//! the number of threads, on the block it is filled in, on runs that stopped and resumed, or on the
//! machine: whole numbers, and floating-point operations, some of them fused multiply-adds, rounded as
//! IEEE 754 says, in one order.
//!
//! The words come from Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
//! easy as 1, 2, 3", 2011): a bijection of 128-bit counters under a 64-bit key, ten rounds of
//!
//! ```text
//! (c0, c1, c2, c3) <- (hi(M1·c2) ^ c1 ^ k0, lo(M1·c2), hi(M0·c0) ^ c3 ^ k1, lo(M0·c0))
//! (k0, k1)         <- (k0 + W0, k1 + W1)
//! ```
//!
//! Normal deviates are Box and Muller's (1958): from two words, with U = (word + ½)/2³²,
//!
//! ```text
//! z₀ = √(−2 ln U₁)·cos(2π U₂)        z₁ = √(−2 ln U₁)·sin(2π U₂)
//! ```
//!
//! which reach √(66 ln 2) = 6.76.

use super::Real;
use super::math::{LN_NEAR_ONE, fused_polynomial};
use std::f32::consts::{FRAC_1_SQRT_2, LN_2};

const M0: u64 = 0xD251_1F53;
const M1: u64 = 0xCD9E_8D57;
const W0: u32 = 0x9E37_79B9;
const W1: u32 = 0xBB67_AE85;

/// Counters that are worked on side by side.
const LANES: usize = 16;
/// Words of `LANES` counters.
pub(super) const GROUP: usize = 4 * LANES;
/// Word w of each of the counters.
pub(super) type Words = [[u32; LANES]; 4];

/// Philox4x32-10 of `N` counters that differ in their lowest word alone: `first`, `first` + 1, …
///
/// Words are kept in the lower halves of 64-bit lanes; what the upper halves hold is never read.
#[inline(always)]
fn philox<const N: usize>(first: u32, rest: [u32; 3], [mut k0, mut k1]: [u32; 2]) -> [[u32; N]; 4] {
    const LOW: u64 = 0xFFFF_FFFF;
    let mut c0 = [0u64; N];
    for (lane, c0) in c0.iter_mut().enumerate() {
        *c0 = u64::from(first.wrapping_add(lane as u32));
    }
    let [mut c1, mut c2, mut c3] = rest.map(|word| [u64::from(word); N]);
    for _ in 0..10 {
        let (key0, key1) = (u64::from(k0), u64::from(k1));
        for lane in 0..N {
            let p0 = (c0[lane] & LOW) * M0;
            let p1 = (c2[lane] & LOW) * M1;
            c0[lane] = (p1 >> 32) ^ c1[lane] ^ key0;
            c1[lane] = p1;
            c2[lane] = (p0 >> 32) ^ c3[lane] ^ key1;
            c3[lane] = p0;
        }
        (k0, k1) = (k0.wrapping_add(W0), k1.wrapping_add(W1));
    }
    [c0, c1, c2, c3].map(|c| c.map(|word| word as u32))
}

/// The random numbers of one use of one parameter in one step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    key: [u32; 2],
    prefix: [u32; 2],
}

impl Stream {
    /// The stream of this use of this parameter in this step of the run with this seed.
    ///
    /// Key and prefix are Philox of (parameter, use, step) under the seed. That is a bijection, so
    /// under one seed no two streams share a counter and key.
    pub fn new(seed: u64, step: u64, parameter: u32, use_: u32) -> Self {
        let rest = [use_, step as u32, (step >> 32) as u32];
        let words = philox::<1>(parameter, rest, [seed as u32, (seed >> 32) as u32]);
        let [k0, k1, p0, p1] = words.map(|[word]| word);
        Stream {
            key: [k0, k1],
            prefix: [p0, p1],
        }
    }

    /// The words of counters `first` to `first` + `LANES` − 1; `first` is a multiple of `LANES`.
    #[inline(always)]
    fn words(&self, first: u64) -> Words {
        let [p0, p1] = self.prefix;
        philox(first as u32, [(first >> 32) as u32, p0, p1], self.key)
    }

    /// [`Stream::words`] of two groups.
    #[inline(always)]
    fn pair(&self, first: u64) -> [Words; 2] {
        let [p0, p1] = self.prefix;
        let rest = [(first >> 32) as u32, p0, p1];
        let both = philox::<{ 2 * LANES }>(first as u32, rest, self.key);
        let mut words = [[[0; LANES]; 4]; 2];
        for (group, words) in words.iter_mut().enumerate() {
            for (words, both) in words.iter_mut().zip(&both) {
                words.copy_from_slice(&both[group * LANES..][..LANES]);
            }
        }
        words
    }

    /// Entries `start`, `start` + 1, … of the stream's standard normal deviates.
    ///
    /// In float32 and float64 they are the same deviates, 3e-7·(1 + |z|) apart.
    pub fn fill_normal<T: Real>(&self, start: usize, out: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || {
                self.deviates(
                    start,
                    out,
                    #[inline(always)]
                    |words, group| T::normals(words, group),
                )
            },
        );
    }

    /// Entries `start`, `start` + 1, … of the stream's deviates of the Laplace distribution of scale 1,
    /// one word each: ln 2U below ½, −ln 2(1 − U) above, which reach ±32 ln 2 = ±22.2.
    pub fn fill_laplace<T: Real>(&self, start: usize, out: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || {
                self.deviates(
                    start,
                    out,
                    #[inline(always)]
                    |words, group| T::laplaces(words, group),
                )
            },
        );
    }

    /// Entries `start`, `start` + 1, … of the stream's deviates of the Cauchy distribution of scale 1, one
    /// word each: tan 2πU, which reach ±2³²/π = ±1.4e9.
    pub fn fill_cauchy<T: Real>(&self, start: usize, out: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || {
                self.deviates(
                    start,
                    out,
                    #[inline(always)]
                    |words, group| T::cauchys(words, group),
                )
            },
        );
    }

    #[inline(always)]
    fn deviates<T: Real>(
        &self,
        start: usize,
        out: &mut [T],
        make: impl Fn(&Words, &mut [T; GROUP]),
    ) {
        let mut group = [T::zero(); GROUP];
        let mut next = start;
        let (head, rest) = out.split_at_mut((start.next_multiple_of(GROUP) - start).min(out.len()));
        if !head.is_empty() {
            let first = start / GROUP * GROUP;
            make(&self.words((first / 4) as u64), &mut group);
            head.copy_from_slice(&group[start - first..start - first + head.len()]);
            next += head.len();
        }
        // Two groups at a time, so that one's chain of multiplications goes on beside the other's; from an even
        // one, so that the counter's low word does not run over between them.
        let odd = match next % (2 * GROUP) {
            0 => 0,
            _ => GROUP.min(rest.len()) / GROUP * GROUP,
        };
        let (odd, rest) = rest.split_at_mut(odd);
        for out in odd.as_chunks_mut::<GROUP>().0 {
            make(&self.words((next / 4) as u64), out);
            next += GROUP;
        }
        let paired = match next % (2 * GROUP) {
            0 => rest.len() / (2 * GROUP) * (2 * GROUP),
            _ => 0,
        };
        let (pairs, rest) = rest.split_at_mut(paired);
        for out in pairs.as_chunks_mut::<{ 2 * GROUP }>().0 {
            let words = self.pair((next / 4) as u64);
            for (words, out) in words.iter().zip(out.as_chunks_mut::<GROUP>().0) {
                make(words, out);
            }
            next += 2 * GROUP;
        }
        let (groups, tail) = rest.as_chunks_mut::<GROUP>();
        for out in groups {
            make(&self.words((next / 4) as u64), out);
            next += GROUP;
        }
        if !tail.is_empty() {
            make(&self.words((next / 4) as u64), &mut group);
            tail.copy_from_slice(&group[..tail.len()]);
        }
    }

    /// Entries `start`, `start` + 1, … of the stream's numbers above 0 and below 1, uniform on the
    /// 2⁵² midpoints (k + ½)/2⁵².
    pub fn fill_uniform(&self, start: usize, out: &mut [f64]) {
        const EACH: usize = GROUP / 2;
        let (mut words, mut group) = ([[0; LANES]; 4], usize::MAX);
        for (entry, out) in (start..).zip(out) {
            if entry / EACH != group {
                group = entry / EACH;
                words = self.words((group * LANES) as u64);
            }
            let (half, lane) = (entry % EACH / LANES, entry % LANES);
            let (high, low) = (
                u64::from(words[2 * half][lane]),
                u64::from(words[2 * half + 1][lane]),
            );
            *out = ((high << 20 | low >> 12) as f64 + 0.5) / (1u64 << 52) as f64;
        }
    }

    /// Entries `start`, `start` + 1, … of the stream's signs: 1 or −1 with equal probability, one bit
    /// each.
    pub fn fill_signs<T: Real>(&self, start: usize, out: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || self.signs(start, out),
        );
    }

    #[inline(always)]
    fn signs<T: Real>(&self, start: usize, mut out: &mut [T]) {
        let (mut words, mut group) = ([[0; LANES]; 4], usize::MAX);
        let mut entry = start;
        while !out.is_empty() {
            let (word, bit) = (entry / 32, entry % 32);
            if word / GROUP != group {
                group = word / GROUP;
                words = self.words((group * LANES) as u64);
            }
            let bits = words[word % GROUP / LANES][word % LANES] >> bit;
            let (now, later) = out.split_at_mut((32 - bit).min(out.len()));
            for (shift, out) in now.iter_mut().enumerate() {
                *out = if (bits >> shift) & 1 == 0 {
                    T::one()
                } else {
                    -T::one()
                };
            }
            entry += now.len();
            out = later;
        }
    }
}

/// Deviates in float32, 0 and 1 of each counter's first two words, then of its last two.
#[inline(always)]
pub(super) fn normals_f32(words: &Words, out: &mut [f32; GROUP]) {
    for pair in 0..2 {
        for lane in 0..LANES {
            let radius = minus_two_ln(words[2 * pair][lane]).sqrt();
            let (sin, cos) = sin_cos_turn(words[2 * pair + 1][lane]);
            out[2 * pair * LANES + lane] = radius * cos;
            out[(2 * pair + 1) * LANES + lane] = radius * sin;
        }
    }
}

/// [`normals_f32`] in float64.
pub(super) fn normals_f64(words: &Words, out: &mut [f64; GROUP]) {
    for pair in 0..2 {
        for lane in 0..LANES {
            let unit = |word: u32| (f64::from(word) + 0.5) / TWO_32;
            let radius = (-2.0 * libm::log(unit(words[2 * pair][lane]))).sqrt();
            let angle = 2.0 * std::f64::consts::PI * unit(words[2 * pair + 1][lane]);
            let (sin, cos) = libm::sincos(angle);
            out[2 * pair * LANES + lane] = radius * cos;
            out[(2 * pair + 1) * LANES + lane] = radius * sin;
        }
    }
}

/// Deviates of the Laplace distribution in float32, by inversion.
#[inline(always)]
pub(super) fn laplaces_f32(words: &Words, out: &mut [f32; GROUP]) {
    for (words, out) in words.iter().zip(out.as_chunks_mut::<LANES>().0) {
        for (&word, out) in words.iter().zip(out) {
            let tail = word.min(!word);
            let size = 0.5 * minus_two_ln(tail) - LN_2;
            *out = if word == tail { -size } else { size };
        }
    }
}

/// [`laplaces_f32`] in float64.
pub(super) fn laplaces_f64(words: &Words, out: &mut [f64; GROUP]) {
    for (&word, out) in words.iter().flatten().zip(out) {
        let tail = word.min(!word);
        let size = -libm::log((2.0 * f64::from(tail) + 1.0) / TWO_32);
        *out = if word == tail { -size } else { size };
    }
}

/// Deviates of the Cauchy distribution in float32.
#[inline(always)]
pub(super) fn cauchys_f32(words: &Words, out: &mut [f32; GROUP]) {
    for (words, out) in words.iter().zip(out.as_chunks_mut::<LANES>().0) {
        for (&word, out) in words.iter().zip(out) {
            let (sin, cos) = sin_cos_turn(word);
            *out = sin / cos;
        }
    }
}

/// [`cauchys_f32`] in float64.
pub(super) fn cauchys_f64(words: &Words, out: &mut [f64; GROUP]) {
    for (&word, out) in words.iter().flatten().zip(out) {
        // quarter turns are taken off exactly, as the tangent of what is next to one is large
        let quarter = word.wrapping_add(1 << 29) >> 30;
        let rest = word.wrapping_sub(quarter << 30) as i32;
        let angle = (f64::from(rest) + 0.5) * (2.0 * std::f64::consts::PI / TWO_32);
        let tan = libm::tan(angle);
        *out = if quarter & 1 == 0 { tan } else { -1.0 / tan };
    }
}

const TWO_32: f64 = 4_294_967_296.0;

/// −2 ln((word + ½)/2³²)
#[inline(always)]
fn minus_two_ln(word: u32) -> f32 {
    // Where (word + ½)/2³² = (1 + f)·2ᵉ with 1 + f from √½ to √2 has e = 0.
    const NEAR_ONE: u32 = 0xB504_F334;
    let near = word >= NEAR_ONE;
    // Near 1 what is lost in rounding the word is kept in its distance from the end.
    let x = (if near { !word } else { word }) as f32 + 0.5;
    let above = x
        .to_bits()
        .wrapping_sub((TWO_32 as f32 * FRAC_1_SQRT_2).to_bits());
    let m = f32::from_bits((above & 0x007f_ffff) + FRAC_1_SQRT_2.to_bits());
    let (f, e) = if near {
        (x * (-1.0 / TWO_32) as f32, 0.0)
    } else {
        (m - 1.0, (above as i32 >> 23) as f32)
    };
    // f - ½ f² + f³ P(f), twice, with its sign changed
    let p = fused_polynomial(&LN_NEAR_ONE, f).mul_add(-2.0 * f, 1.0);
    let ln = (f * f).mul_add(p, -2.0 * f);
    e.mul_add(-2.0 * LN_2, ln)
}

/// Sine and cosine of 2π(word + ½)/2³²: quarter turns are taken off the whole number, exactly; the
/// polynomials are those of Cephes' `sinf` and `cosf`.
#[inline(always)]
fn sin_cos_turn(word: u32) -> (f32, f32) {
    const STEP: f64 = 2.0 * std::f64::consts::PI / TWO_32;
    const SIN: [f32; 3] = [-1.951_529_6e-4, 8.332_161e-3, -1.666_665_5e-1];
    const COS: [f32; 5] = [2.443_315_7e-5, -1.388_731_6e-3, 4.166_664_6e-2, -0.5, 1.0];
    // The upper two bits are the quarter turns; shifting them out leaves four times the rest.
    let quarters = word.wrapping_add(1 << 29);
    let rest = (word << 2) as i32 as f32;
    let x = rest.mul_add((STEP / 4.0) as f32, (STEP / 2.0) as f32);
    let z = x * x;
    let sin = (fused_polynomial(&SIN, z) * z).mul_add(x, x);
    let cos = fused_polynomial(&COS, z);
    let (s, c) = if quarters & (1 << 30) == 0 {
        (sin, cos)
    } else {
        (cos, sin)
    };
    let negate = |x: f32, by: u32| f32::from_bits(x.to_bits() ^ (by & (1 << 31)));
    (
        negate(s, quarters),
        negate(c, quarters.wrapping_add(1 << 30)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_answers() {
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        for (counter, key, answer) in [
            (
                [0; 4],
                [0; 2],
                [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8],
            ),
            (
                [!0; 4],
                [!0; 2],
                [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd],
            ),
            (
                pi,
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ] {
            let [first, rest @ ..] = counter;
            assert_eq!(philox::<1>(first, rest, key).map(|[word]| word), answer);
            let lanes = philox::<8>(first.wrapping_sub(5), rest, key);
            assert_eq!(lanes.map(|lane| lane[5]), answer);
        }
    }

    #[test]
    fn streams_differ_in_everything_that_names_them() {
        let first = Stream::new(1, 2, 3, 4);
        assert_eq!(first, Stream::new(1, 2, 3, 4));
        for other in [
            Stream::new(0, 2, 3, 4),
            Stream::new(1 | 1 << 32, 2, 3, 4),
            Stream::new(1, 0, 3, 4),
            Stream::new(1, 2 | 1 << 32, 3, 4),
            Stream::new(1, 2, 0, 4),
            Stream::new(1, 2, 3, 0),
            Stream::new(1, 2, 4, 3),
        ] {
            assert_ne!(first.key, other.key);
            let (mut a, mut b) = ([0.0f64; 4096], [0.0f64; 4096]);
            first.fill_normal(0, &mut a);
            other.fill_normal(0, &mut b);
            let correlation: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>() / 4096.0;
            assert!(correlation.abs() < 5.0 / 64.0);
        }
    }

    fn same_in_pieces<T: Copy + PartialEq + std::fmt::Debug>(
        zero: T,
        fill: impl Fn(usize, &mut [T]),
    ) {
        let mut whole = vec![zero; 5000];
        fill(0, &mut whole);
        for length in [1, 4, 7, 64, 100, 1000, 4097] {
            let mut pieces = vec![zero; 5000];
            for (p, piece) in pieces.chunks_mut(length).enumerate() {
                fill(p * length, piece);
            }
            assert_eq!(pieces, whole, "in pieces of {length}");
        }
    }

    #[test]
    fn pieces_make_the_same_whole() {
        let stream = Stream::new(7, 8, 9, 10);
        same_in_pieces(0.0f32, |start, out| stream.fill_normal(start, out));
        same_in_pieces(0.0f64, |start, out| stream.fill_normal(start, out));
        same_in_pieces(0.0f32, |start, out| stream.fill_laplace(start, out));
        same_in_pieces(0.0f64, |start, out| stream.fill_cauchy(start, out));
        same_in_pieces(0.0f64, |start, out| stream.fill_uniform(start, out));
        same_in_pieces(0.0f32, |start, out| stream.fill_signs(start, out));
    }

    #[test]
    fn entries_past_two_to_the_32nd_counter() {
        let stream = Stream::new(7, 8, 9, 10);
        let (mut low, mut high) = ([0.0f32; 8], [0.0f32; 8]);
        stream.fill_normal(0, &mut low);
        stream.fill_normal(1 << 34, &mut high);
        assert_ne!(low, high);
    }

    #[test]
    fn float32_and_float64_are_the_same_deviates() {
        let mut words = [[0u32; LANES]; 4];
        let edges = [
            0,
            1,
            2,
            !0,
            !1,
            !2,
            1 << 29,
            1 << 30,
            1 << 31,
            (1 << 31) - 1,
            0xB504_F333,
        ];
        for (i, &radius) in edges.iter().enumerate() {
            words[0] = [radius; LANES];
            words[1] = std::array::from_fn(|lane| edges[lane % edges.len()]);
            words[2] = std::array::from_fn(|lane| (lane as u32) << 28 | i as u32);
            words[3] = std::array::from_fn(|lane| (lane as u32) << 28);
            let (mut single, mut double) = ([0.0; GROUP], [0.0; GROUP]);
            normals_f32(&words, &mut single);
            normals_f64(&words, &mut double);
            for (single, double) in single.iter().zip(&double) {
                assert!(
                    (single.wide() - double).abs() < 3e-7 * (1.0 + double.abs()),
                    "{single} {double}"
                );
            }
        }
        let stream = Stream::new(1, 0, 0, 0);
        let (mut single, mut double) = (vec![0.0f32; 1 << 18], vec![0.0f64; 1 << 18]);
        stream.fill_normal(0, &mut single);
        stream.fill_normal(0, &mut double);
        for (single, double) in single.iter().zip(&double) {
            assert!(
                (single.wide() - double).abs() < 3e-7 * (1.0 + double.abs()),
                "{single} {double}"
            );
        }
    }

    #[test]
    fn other_deviates_are_the_same_in_both_types() {
        let edges = [
            0,
            1,
            2,
            !0,
            !1,
            !2,
            1 << 29,
            1 << 30,
            (1 << 30) - 1,
            1 << 31,
            (1 << 31) - 1,
        ];
        let mut words = [[0u32; LANES]; 4];
        for (word, edge) in words.iter_mut().flatten().zip(edges.into_iter().cycle()) {
            *word = edge;
        }
        let (mut single, mut double) = ([0.0; GROUP], [0.0; GROUP]);
        for cauchy in [false, true] {
            if cauchy {
                cauchys_f32(&words, &mut single);
                cauchys_f64(&words, &mut double);
            } else {
                laplaces_f32(&words, &mut single);
                laplaces_f64(&words, &mut double);
            }
            for (single, double) in single.iter().zip(&double) {
                assert!(
                    (single.wide() - double).abs() < 5e-7 * (1.0 + double.abs()),
                    "{single} {double}"
                );
            }
            let most = double.iter().fold(0f64, |most, x| most.max(x.abs()));
            let expected = if cauchy {
                TWO_32 / std::f64::consts::PI
            } else {
                32.0 * 2f64.ln()
            };
            assert!((most / expected - 1.0).abs() < 1e-6, "{most} at most");
        }
    }

    /// The largest distance between the sample's distribution function and `cdf`, times √n.
    fn kolmogorov_smirnov(sample: &mut [f64], cdf: impl Fn(f64) -> f64) -> f64 {
        let n = sample.len() as f64;
        sample.sort_by(f64::total_cmp);
        let distance = sample.iter().enumerate().map(|(i, &x)| {
            let p = cdf(x);
            (p - i as f64 / n).max((i + 1) as f64 / n - p)
        });
        distance.fold(0.0, f64::max) * n.sqrt()
    }

    #[test]
    fn normals_are_normal() {
        let n = 1 << 21;
        let mut single = vec![0.0f32; n];
        Stream::new(20, 1, 2, 3).fill_normal(0, &mut single);
        let mut sample: Vec<f64> = single.iter().map(|&z| z.wide()).collect();
        // E zᵏ and the variance of zᵏ, for k = 1 to 4; five standard errors.
        for (k, (mean, variance)) in [(0.0, 1.0), (1.0, 2.0), (0.0, 15.0), (3.0, 96.0)]
            .iter()
            .enumerate()
        {
            let moment = sample.iter().map(|z| z.powi(k as i32 + 1)).sum::<f64>() / n as f64;
            assert!(
                (moment - mean).abs() < 5.0 * (variance / n as f64).sqrt(),
                "moment {k}: {moment}"
            );
        }
        // Neighbours, and the two deviates of one pair, are not correlated, nor are their squares.
        for lag in [1, 4, LANES, GROUP] {
            let pairs = || sample.iter().zip(&sample[lag..]);
            let plain: f64 = pairs().map(|(a, b)| a * b).sum();
            let squares: f64 = pairs().map(|(a, b)| (a * a - 1.0) * (b * b - 1.0)).sum();
            assert!(plain.abs() < 5.0 * (n as f64).sqrt(), "lag {lag}");
            assert!(squares.abs() < 10.0 * (n as f64).sqrt(), "lag {lag}");
        }
        for sigma in [3.0, 4.0, 4.5] {
            let expected = n as f64 * libm::erfc(sigma * std::f64::consts::FRAC_1_SQRT_2);
            let beyond = sample.iter().filter(|z| z.abs() > sigma).count() as f64;
            assert!(
                (beyond - expected).abs() < 5.0 * expected.sqrt(),
                "{beyond} beyond {sigma}"
            );
        }
        // 1.95 has probability 0.001.
        let cdf = |z: f64| 0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2);
        let distance = kolmogorov_smirnov(&mut sample, cdf);
        assert!(distance < 1.95, "{distance}");
    }

    #[test]
    fn uniforms_are_uniform() {
        let mut sample = vec![0.0; 1 << 18];
        Stream::new(20, 1, 2, 4).fill_uniform(0, &mut sample);
        assert!(sample.iter().all(|&u| u > 0.0 && u < 1.0));
        let distance = kolmogorov_smirnov(&mut sample, |u| u);
        assert!(distance < 1.95, "{distance}");
    }

    #[test]
    fn signs_are_balanced() {
        let n = 1 << 20;
        let mut signs = vec![0.0f32; n];
        Stream::new(20, 1, 2, 5).fill_signs(0, &mut signs);
        assert!(signs.iter().all(|sign| sign.abs() == 1.0));
        let bound = 5.0 * (n as f32).sqrt();
        assert!(signs.iter().sum::<f32>().abs() < bound);
        for lag in [1, 2, 31, 32, 128, 2048] {
            let together: f32 = signs.iter().zip(&signs[lag..]).map(|(a, b)| a * b).sum();
            assert!(together.abs() < bound, "lag {lag}");
        }
    }
}
