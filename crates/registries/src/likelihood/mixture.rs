//! Mixtures in equal parts: what draws of the weights make of a number's distribution. The distribution function
//! is the mean of the parts'; quantiles are found to a float64's last digits.

/// The distribution of one number under one draw of the weights. A few numbers describe it: Normal's are its mean
/// and its variance.
pub trait Marginal: Sync {
    /// Whether y = scale · y′ + offset has a distribution of the same family.
    fn standardizes(&self) -> bool;
    /// Whether it is of whole numbers from 0 on.
    fn whole(&self) -> bool {
        false
    }
    /// Whether single numbers may lie so far out that means and squares are theirs alone: the mean or the variance
    /// may be infinite, or close to it.
    fn heavy_tailed(&self) -> bool {
        false
    }
    /// Turns the numbers that describe y′ into those of y = scale · y′ + offset.
    fn in_units(&self, numbers: &mut [f64], offset: f64, scale: f64);
    /// Its mean and variance.
    fn moments(&self, numbers: &[f64]) -> (f64, f64);
    /// P(Y <= y)
    fn level(&self, numbers: &[f64], y: f64) -> f64;
    /// Where most of it lies: a point, and a distance from it. The search for quantiles starts there.
    fn middle(&self, numbers: &[f64]) -> (f64, f64);
    /// The continuous ranked probability score of the mixture of `parts` in closed form, where there is one.
    fn crps(&self, parts: &[&[f64]], y: f64) -> Option<f64> {
        let _ = (parts, y);
        None
    }
}

impl std::fmt::Debug for dyn Marginal {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "a distribution of a number")
    }
}

/// P(Y <= y) and, of whole numbers, P(Y <= y - 1), below it, under the mixture of `parts`.
pub fn levels(marginal: &dyn Marginal, parts: &[&[f64]], y: f64) -> [f64; 2] {
    let upto = level(marginal, parts, y);
    match marginal.whole() {
        true => [level(marginal, parts, y - 1.0), upto],
        false => [upto; 2],
    }
}

/// P(Y <= y) under the mixture of `parts`.
pub fn level(marginal: &dyn Marginal, parts: &[&[f64]], y: f64) -> f64 {
    let levels = parts.iter().map(|part| marginal.level(part, y));
    levels.sum::<f64>() / parts.len() as f64
}

/// The least y with P(Y <= y) >= `p` under the mixture of `parts`, by bisection for whole numbers and by
/// interpolation, truncation and projection (Oliveira and Takahashi 2020) for others: a fifth of bisection's steps, and
/// at the worst one more.
pub fn quantile(marginal: &dyn Marginal, parts: &[&[f64]], p: f64) -> f64 {
    // The normal distribution's p-quantile lies within 40 standard deviations for every p of a float64.
    let ends = |sign: f64| {
        let middles = parts.iter().map(|part| marginal.middle(part));
        middles.map(move |(at, width)| at + sign * 40.0 * width)
    };
    let mut low = ends(-1.0).fold(f64::INFINITY, f64::min);
    let mut high = ends(1.0).fold(f64::NEG_INFINITY, f64::max);
    let mut numbers = parts.iter().flat_map(|part| part.iter());
    // Bisection between ends that are none would not end.
    if !numbers.all(|x| x.is_finite()) || !low.is_finite() || !high.is_finite() {
        return f64::NAN;
    }
    if low >= high {
        return low;
    }
    if marginal.whole() {
        // A quantile is a whole number; there is none below 0.
        (low, high) = (-1.0, high.ceil().max(0.0));
    }
    // Of heavy tails more may lie outside than is asked for.
    while level(marginal, parts, low) >= p && low.is_finite() {
        low -= 2.0 * (high - low);
    }
    while level(marginal, parts, high) < p && high.is_finite() {
        high += 2.0 * (high - low);
    }
    match marginal.whole() {
        true => least_whole(|y| level(marginal, parts, y) >= p, low, high),
        false => crossing(|y| level(marginal, parts, y) - p, low, high),
    }
}

/// The least whole number above `low`, and up to `high`, of which `reached` is true.
fn least_whole(reached: impl Fn(f64) -> bool, mut low: f64, mut high: f64) -> f64 {
    loop {
        let middle = (low + (high - low) / 2.0).floor();
        if middle <= low || middle >= high {
            return high;
        }
        match reached(middle) {
            true => high = middle,
            false => low = middle,
        }
    }
}

/// Where a function that grows from below 0 at `low` to 0 or more at `high` reaches 0, to a float64's last digits.
fn crossing(f: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let digit = |low: f64, high: f64| (f64::EPSILON * low.abs().max(high.abs())).max(1e-300);
    let (mut low, mut high) = (low, high);
    if !(high - low).is_finite() {
        return f64::NAN;
    }
    // Close to 0 the last digits of the first ends are not those of the point.
    while high - low > 2.0 * digit(low, high) {
        (low, high) = narrowed(&f, low, high, digit(low, high));
    }
    high
}

/// Ends at most two of the `smallest` steps apart.
fn narrowed(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64, smallest: f64) -> (f64, f64) {
    let whole = high - low;
    let (mut at_low, mut at_high) = (f(low), f(high));
    // Bisection would take so many steps; a point that leaves the middle by at most `room` makes it one more.
    let steps = (whole / (2.0 * smallest)).log2().ceil().max(0.0) + 1.0;
    let mut allowed = smallest * steps.exp2();
    while high - low > 2.0 * smallest {
        let middle = low + (high - low) / 2.0;
        let room = (allowed - (high - low) / 2.0).max(0.0);
        let interpolated = (at_high * low - at_low * high) / (at_high - at_low);
        let towards = (middle - interpolated).signum();
        let shift = 0.2 * (high - low).powi(2) / whole;
        let truncated = match shift <= (middle - interpolated).abs() {
            true => interpolated + towards * shift,
            false => middle,
        };
        let projected = match (truncated - middle).abs() <= room {
            true => truncated,
            false => middle - towards * room,
        };
        let point = projected.max(low + smallest).min(high - smallest);
        match f(point) {
            value if value >= 0.0 => (high, at_high) = (point, value),
            value => (low, at_low) = (point, value),
        }
        allowed /= 2.0;
    }
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::super::normal::NORMAL;
    use super::*;

    /// The parts of a mixture of normal distributions, by mean and standard deviation.
    fn normals(parts: &[(f64, f64)]) -> Vec<[f64; 2]> {
        parts.iter().map(|(mean, d)| [*mean, d * d]).collect()
    }

    fn level_of(parts: &[(f64, f64)], y: f64) -> f64 {
        let parts = normals(parts);
        let parts: Vec<&[f64]> = parts.iter().map(|part| &part[..]).collect();
        level(&NORMAL, &parts, y)
    }

    fn quantile_of(parts: &[(f64, f64)], p: f64) -> f64 {
        let parts = normals(parts);
        let parts: Vec<&[f64]> = parts.iter().map(|part| &part[..]).collect();
        quantile(&NORMAL, &parts, p)
    }

    #[test]
    fn quantiles_and_levels_undo_each_other() {
        let parts = [(1.0, 0.5), (-3.0, 2.0), (40.0, 0.01)];
        for p in [0.001, 0.05, 0.2, 0.5, 0.9, 0.999] {
            let y = quantile_of(&parts, p);
            assert!((level_of(&parts, y) - p).abs() < 1e-12, "{p}: {y}");
        }
        // 1.6448536269514722 is the 95 % quantile of N(0, 1).
        let y = quantile_of(&[(2.0, 3.0)], 0.95);
        assert!(
            (y - (2.0 + 3.0 * 1.644_853_626_951_472_2)).abs() < 1e-12,
            "{y}"
        );
        assert_eq!(quantile_of(&[(2.0, 0.0); 3], 0.4), 2.0);
        for part in [(f64::NAN, 1.0), (0.0, f64::INFINITY), (f64::INFINITY, 1.0)] {
            assert!(quantile_of(&[part, (0.0, 1.0)], 0.4).is_nan(), "{part:?}");
        }
        assert_eq!(level_of(&[(2.0, 0.0), (3.0, 0.0)], 2.5), 0.5);
    }

    /// Against draws: a part, and then a number of it.
    #[test]
    fn levels_are_those_of_a_sample() {
        let parts = [(0.0, 1.0), (5.0, 0.3), (5.5, 2.0), (-2.0, 0.7)];
        let draws = 200_000;
        let mut random = crate::testing::uniforms(7);
        let mut sample: Vec<f64> = (0..draws)
            .map(|i| {
                let (mean, deviation) = parts[i % parts.len()];
                // Box and Muller 1958.
                let (u, v) = (random(), random());
                let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
                mean + deviation * normal
            })
            .collect();
        sample.sort_by(f64::total_cmp);
        for p in [0.05, 0.25, 0.5, 0.75, 0.95] {
            let below = sample.partition_point(|y| *y <= quantile_of(&parts, p));
            let found = below as f64 / draws as f64;
            // Four standard deviations of a count.
            let most = 4.0 * (p * (1.0 - p) / draws as f64).sqrt();
            assert!((found - p).abs() < most, "{p}: {found}");
        }
    }
}
