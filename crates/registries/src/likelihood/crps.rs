//! The continuous ranked probability score (Matheson and Winkler 1976; Gneiting and Raftery 2007) of a mixture:
//!
//! ```text
//! CRPS(F, y) = ∫ (F(x) − [x >= y])² dx        of whole numbers   Σ (F(k) − [k >= y])², k = 0, 1, …
//! ```
//!
//! Where a marginal has no closed form, the distribution function is integrated (Gauss and Kronrod's 15 points,
//! halving what is not yet exact) between the mixture's quantiles, and along the logarithm of the distance beyond them;
//! the rest of a tail that falls as a power is that power's. Sums are those of parabolas through whole numbers, halving
//! likewise: exact where few numbers are meant, and few steps where millions are.

use super::Marginal;
use super::mixture::level;

/// The error of a part of the integral, over the width of the distribution.
const TOLERANCE: f64 = 1e-8;
/// The most halvings of a part of the integral.
const HALVINGS: usize = 24;
/// How far out the integrand is followed, in widths; its logarithm.
const FAR: f64 = 1e5;

/// The score of the mixture of `parts` at `y`; `knots` are quantiles of the mixture, the ends of what holds most of it
/// among them. Infinite where tails are so heavy that the integral is.
pub fn crps(marginal: &dyn Marginal, parts: &[&[f64]], y: f64, knots: &[f64]) -> f64 {
    let mut numbers = parts.iter().flat_map(|part| part.iter());
    if !numbers.all(|x| x.is_finite()) || !y.is_finite() || knots.iter().any(|x| x.is_nan()) {
        return f64::NAN;
    }
    if let Some(closed) = marginal.crps(parts, y) {
        return closed;
    }
    let level = |x: f64| level(marginal, parts, x);
    let mut knots = knots.to_vec();
    knots.sort_by(f64::total_cmp);
    knots.dedup();
    match marginal.whole() {
        true => summed(&level, y, &knots),
        false => integrated(&level, y, &knots),
    }
}

fn integrated(level: &dyn Fn(f64) -> f64, y: f64, knots: &[f64]) -> f64 {
    let (first, last) = (knots[0], knots[knots.len() - 1]);
    // All of it at one place, or at places so far apart that its width says nothing.
    let width = (last - first).max(1e-12 * first.abs()).max(1e-150);
    let square = |x: f64| match x < y {
        true => level(x).powi(2),
        false => (1.0 - level(x)).powi(2),
    };
    let mut knots = knots.to_vec();
    knots.push(y);
    knots.sort_by(f64::total_cmp);
    let tolerance = TOLERANCE * width;
    let between = |pair: &[f64]| kronrod(&square, pair[0], pair[1], tolerance, HALVINGS);
    let amid: f64 = knots.windows(2).map(between).sum();
    let (first, last) = (knots[0], knots[knots.len() - 1]);
    let below = tail(&|t| square(first - t), width, amid);
    let above = tail(&|t| square(last + t), width, amid);
    amid + below + above
}

/// The integral of a function that falls, from 0 on.
fn tail(f: &dyn Fn(f64) -> f64, width: f64, amid: f64) -> f64 {
    let tolerance = TOLERANCE * width;
    let near = kronrod(f, 0.0, width, tolerance, HALVINGS);
    let stretched = |s: f64| {
        let t = width * s.exp();
        f(t) * t
    };
    let far = kronrod(&stretched, 0.0, FAR.ln(), tolerance, HALVINGS);
    let (end, before) = (f(width * FAR), f(width * FAR / std::f64::consts::E));
    let rest = end * width * FAR;
    if rest <= 1e-3 * TOLERANCE * (amid + near + width) {
        return near + far;
    }
    // f falls as t^-power there.
    let power = (before / end).ln();
    match power > 1.001 {
        true => near + far + rest / (power - 1.0),
        false => f64::INFINITY,
    }
}

/// Nodes above 0 and weights of Kronrod's 15 points, and the weights of Gauss's 7 among them.
const NODES: [f64; 7] = [
    0.991_455_371_120_812_6,
    0.949_107_912_342_758_5,
    0.864_864_423_359_769_1,
    0.741_531_185_599_394_4,
    0.586_087_235_467_691_1,
    0.405_845_151_377_397_2,
    0.207_784_955_007_898_47,
];
const KRONROD: [f64; 8] = [
    0.022_935_322_010_529_224,
    0.063_092_092_629_978_55,
    0.104_790_010_322_250_18,
    0.140_653_259_715_525_9,
    0.169_004_726_639_267_9,
    0.190_350_578_064_785_4,
    0.204_432_940_075_298_9,
    0.209_482_141_084_727_82,
];
const GAUSS: [f64; 4] = [
    0.129_484_966_168_869_7,
    0.279_705_391_489_276_64,
    0.381_830_050_505_118_9,
    0.417_959_183_673_469_4,
];

/// ∫ f from a to b, halved until Gauss and Kronrod agree.
fn kronrod(f: &dyn Fn(f64) -> f64, a: f64, b: f64, tolerance: f64, halvings: usize) -> f64 {
    if a >= b {
        return 0.0;
    }
    let (middle, half) = (a + (b - a) / 2.0, (b - a) / 2.0);
    let centre = f(middle);
    let (mut fine, mut coarse) = (KRONROD[7] * centre, GAUSS[3] * centre);
    for (i, node) in NODES.iter().enumerate() {
        let pair = f(middle - half * node) + f(middle + half * node);
        fine += KRONROD[i] * pair;
        if i % 2 == 1 {
            coarse += GAUSS[i / 2] * pair;
        }
    }
    // What Kronrod's points miss is far less than the difference.
    let off = half * (fine - coarse).abs();
    if halvings == 0 || off <= 100.0 * tolerance && off.powf(1.5) <= tolerance * half.sqrt() {
        return half * fine;
    }
    let of = |a, b| kronrod(f, a, b, tolerance / 2.0, halvings - 1);
    of(a, middle) + of(middle, b)
}

fn summed(level: &dyn Fn(f64) -> f64, y: f64, knots: &[f64]) -> f64 {
    let (first, last) = (knots[0], knots[knots.len() - 1]);
    let width = last - first + 1.0;
    let tolerance = TOLERANCE * width;
    // Beyond it is nothing.
    let mut end = last + width;
    while 1.0 - level(end) > 1e-9 {
        end += end - last;
    }
    let within = |from: f64, to: f64| {
        let mut all: Vec<f64> = (knots.iter().copied())
            .filter(|k| from < *k && *k < to)
            .collect();
        all.insert(0, from);
        all.push(to);
        all
    };
    let sum = |f: &dyn Fn(f64) -> f64, places: &[f64]| -> f64 {
        let parts = places.windows(2);
        // A knot belongs to what begins with it.
        let parts: f64 = parts.map(|p| range(f, p[0], p[1] - 1.0, tolerance)).sum();
        parts + f(places[places.len() - 1])
    };
    let y = y.max(0.0).floor();
    let below = match y > 0.0 {
        true => sum(&|k| level(k).powi(2), &within(0.0, y - 1.0)),
        false => 0.0,
    };
    below + sum(&|k| (1.0 - level(k)).powi(2), &within(y, end.max(y)))
}

/// Σ f(k) over the whole numbers from a to b.
fn range(f: &dyn Fn(f64) -> f64, mut a: f64, b: f64, tolerance: f64) -> f64 {
    let mut sum = 0.0;
    while b - a >= 2.0 {
        // A power of two: it can be halved until single numbers are left.
        let half = ((b - a) / 2.0).log2().floor().exp2();
        let ends = [f(a), f(a + half), f(a + 2.0 * half)];
        sum += parabolas(f, a, half, ends, tolerance) - ends[2];
        a += 2.0 * half;
    }
    while a <= b {
        sum += f(a);
        a += 1.0;
    }
    sum
}

/// Σ over the parabola through three numbers, h apart.
fn parabola([low, middle, high]: [f64; 3], h: f64) -> f64 {
    let bend = (low - 2.0 * middle + high) / (2.0 * h * h);
    middle * (2.0 * h + 1.0) + bend * h * (h + 1.0) * (2.0 * h + 1.0) / 3.0
}

/// Σ f(k) from a to a + 2h, both included.
fn parabolas(f: &dyn Fn(f64) -> f64, a: f64, h: f64, at: [f64; 3], tolerance: f64) -> f64 {
    let whole = parabola(at, h);
    if h == 1.0 {
        return whole;
    }
    let half = h / 2.0;
    let low = [at[0], f(a + half), at[1]];
    let high = [at[1], f(a + h + half), at[2]];
    let halves = parabola(low, half) + parabola(high, half) - at[1];
    if half == 1.0 || (halves - whole).abs() <= tolerance {
        return halves;
    }
    let of = |a, at| parabolas(f, a, half, at, tolerance / 2.0);
    of(a, low) + of(a + h, high) - at[1]
}

#[cfg(test)]
mod tests {
    use super::super::{counts, mixture, normal::NORMAL, reals};
    use super::*;

    fn of(marginal: &dyn Marginal, parts: &[&[f64]], y: f64) -> f64 {
        let knots = [0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975]
            .map(|p| mixture::quantile(marginal, parts, p));
        crps(marginal, parts, y, &knots)
    }

    fn quadrature(marginal: &dyn Marginal, parts: &[&[f64]], y: f64) -> f64 {
        let knots = [0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975]
            .map(|p| mixture::quantile(marginal, parts, p));
        integrated(&|x| level(marginal, parts, x), y, &knots)
    }

    fn close(found: f64, expected: f64, most: f64) {
        let off = (found - expected).abs() / expected.abs().max(1e-3);
        assert!(off < most, "{found}, expected {expected}");
    }

    /// Quadrature against the closed form of normal mixtures, with parts far apart and narrow ones.
    #[test]
    fn quadrature_of_normal_mixtures_gives_the_closed_form() {
        let mixtures: [&[&[f64]]; 4] = [
            &[&[0.0, 1.0]],
            &[&[0.0, 1.0], &[0.3, 2.0], &[-0.2, 0.5]],
            &[&[-50.0, 1e-4], &[70.0, 1e-2], &[0.0, 4.0]],
            &[&[3.0, 1e-8], &[3.0, 1e-8]],
        ];
        for parts in mixtures {
            for y in [-60.0, -0.5, 0.0, 3.0, 71.0, 500.0] {
                let closed = NORMAL.crps(parts, y).unwrap();
                let width = parts.iter().map(|p| p[0].abs() + p[1].sqrt()).sum::<f64>();
                let found = quadrature(&NORMAL, parts, y);
                assert!(
                    (found - closed).abs() < 1e-5 * (closed + width),
                    "{parts:?} {y}: {found}, closed {closed}"
                );
            }
        }
        // Of one normal (Gneiting et al. 2005): 2φ(0) − 1/√π at its mean.
        let at_mean = (2.0 / std::f64::consts::PI).sqrt() - 1.0 / std::f64::consts::PI.sqrt();
        close(
            NORMAL.crps(&[&[5.0, 4.0]], 5.0).unwrap(),
            2.0 * at_mean,
            1e-14,
        );
        // Of points: those of the empirical distribution.
        let points: &[&[f64]] = &[&[1.0, 0.0], &[4.0, 0.0]];
        close(NORMAL.crps(points, 2.0).unwrap(), 1.5 - 0.75, 1e-15);
    }

    /// Closed forms of single distributions (Jordan, Krüger and Lerch 2019).
    #[test]
    fn quadrature_gives_the_closed_forms_of_other_distributions() {
        for (y, loc, scale) in [(0.3, 0.0, 1.0), (-7.0, 2.0, 0.5), (40.0, 2.0, 3.0)] {
            let z = f64::abs((y - loc) / scale);
            let laplace = scale * (z + (-z).exp() - 0.75);
            close(of(&reals::LAPLACE, &[&[loc, scale]], y), laplace, 1e-6);
        }
        for (y, rate) in [(0.5, 1.0), (9.0, 0.2), (-1.0, 3.0)] {
            let level = if y > 0.0 {
                1.0 - f64::exp(-rate * y)
            } else {
                0.0
            };
            let exponential = f64::abs(y) - 2.0 * level / rate + 0.5 / rate;
            close(of(&reals::EXPONENTIAL, &[&[rate]], y), exponential, 1e-6);
        }
        // Student's t with 2 degrees of freedom has a simple distribution function: F = ½ + x/(2√(2 + x²)), and
        // CRPS(F, 0) = 2 ∫ from 0 (1 − F)² dx = (2 − π/2)/√2.
        let at_centre = std::f64::consts::FRAC_1_SQRT_2 * (2.0 - std::f64::consts::FRAC_PI_2);
        close(
            of(&reals::STUDENT_T, &[&[2.0, 0.0, 1.0]], 0.0),
            at_centre,
            1e-6,
        );
    }

    /// A Cauchy distribution has no mean, and a score; at its centre 2 ∫ from 0 (½ − atan(x)/π)² dx = 2 ln 2 / π. With half a
    /// degree of freedom there is none.
    #[test]
    fn heavy_tails_have_a_score_or_an_infinite_one() {
        let at_centre = 2.0 * std::f64::consts::LN_2 / std::f64::consts::PI;
        close(of(&reals::CAUCHY, &[&[1.0, 1.0]], 1.0), at_centre, 1e-6);
        close(
            of(&reals::STUDENT_T, &[&[1.0, 0.0, 1.0]], 0.0),
            at_centre,
            1e-6,
        );
        let score = |df: f64| of(&reals::STUDENT_T, &[&[df, 0.0, 1.0]], 0.3);
        assert!(score(0.7).is_finite() && score(0.7) > score(0.9));
        assert_eq!(score(0.45), f64::INFINITY);
    }

    #[test]
    fn sums_of_counts_are_those_number_by_number() {
        let by_number = |marginal: &dyn Marginal, parts: &[&[f64]], y: f64, most: usize| -> f64 {
            let square = |k: f64| {
                let step = f64::from(u8::from(k >= y));
                (level(marginal, parts, k) - step).powi(2)
            };
            (0..most).map(|k| square(k as f64)).sum()
        };
        let poisson: [&[&[f64]]; 3] = [&[&[-2.0]], &[&[1.0], &[2.5]], &[&[6.0], &[7.0]]];
        for parts in poisson {
            for y in [0.0, 1.0, 7.0, 400.0, 3000.0] {
                let expected = by_number(&counts::POISSON, parts, y, 4000);
                close(of(&counts::POISSON, parts, y), expected, 1e-6);
            }
        }
        let negative: &[&[f64]] = &[&[3.0, 0.5], &[1.0, 2.0]];
        let expected = by_number(&counts::NEGATIVE_BINOMIAL, negative, 12.0, 4000);
        close(
            of(&counts::NEGATIVE_BINOMIAL, negative, 12.0),
            expected,
            1e-6,
        );
        let trials: &[&[f64]] = &[&[5.0, 0.3], &[5.0, -1.0]];
        let expected = by_number(&counts::BINOMIAL, trials, 5.0, 7);
        close(of(&counts::BINOMIAL, trials, 5.0), expected, 1e-9);
        // A large rate is nearly normal.
        let rate = 1e6f64;
        let wide = of(&counts::POISSON, &[&[rate.ln()]], rate);
        close(wide, NORMAL.crps(&[&[rate, rate]], rate).unwrap(), 1e-3);
    }

    /// The mixture of one part with itself is that part; of several it is never above the mean of theirs.
    #[test]
    fn mixtures_are_convex() {
        let (a, b): (&[f64], &[f64]) = (&[2.0, 1.0], &[0.5, 3.0]);
        for y in [0.1, 1.0, 8.0] {
            let one = of(&reals::GAMMA, &[a], y);
            close(of(&reals::GAMMA, &[a, a, a], y), one, 1e-6);
            let both = of(&reals::GAMMA, &[a, b], y);
            assert!(both <= (one + of(&reals::GAMMA, &[b], y)) / 2.0 + 1e-9);
        }
    }
}
