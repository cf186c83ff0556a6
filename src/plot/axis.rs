//! Axes: from numbers to places, with ticks at round numbers.

/// An axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// The number at its beginning.
    pub low: f64,
    /// The number at its end.
    pub high: f64,
    /// Whether equal steps are equal factors.
    pub log: bool,
}

impl Axis {
    /// From one number to another.
    pub fn linear(low: f64, high: f64) -> Axis {
        let log = false;
        match low < high {
            true => Axis { low, high, log },
            // All numbers are the same, or there are none.
            false if low.is_finite() => {
                let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
                Axis {
                    low: low - room,
                    high: low + room,
                    log,
                }
            }
            false => Axis {
                low: 0.0,
                high: 1.0,
                log,
            },
        }
    }

    /// That of equal factors; both ends above 0.
    pub fn logarithmic(low: f64, high: f64) -> Axis {
        let (low, high) = match low < high {
            true => (low, high),
            false => (low / 2.0, low * 2.0),
        };
        let log = true;
        Axis { low, high, log }
    }

    /// One that all finite numbers are on, with a little room.
    pub fn around(numbers: impl Iterator<Item = f64> + Clone) -> Axis {
        let [low, high] = range(numbers);
        let room = (high - low) * 0.04;
        Axis::linear(low - room, high + room)
    }

    /// The same from 0 on.
    pub fn from_zero(numbers: impl Iterator<Item = f64> + Clone) -> Axis {
        let [_, high] = range(numbers);
        Axis::linear(0.0, if high > 0.0 { high * 1.06 } else { 1.0 })
    }

    /// One for positive numbers of very different sizes: of equal factors where the largest is so many times the
    /// smallest, and none is 0 or less.
    pub fn for_sizes(numbers: impl Iterator<Item = f64> + Clone, times: f64) -> Axis {
        let [low, high] = range(numbers.clone());
        match low > 0.0 && high > low * times {
            true => Axis::logarithmic(low * 0.8, high * 1.25),
            false if low >= 0.0 => Axis::from_zero(numbers),
            false => Axis::around(numbers),
        }
    }

    /// Where a number lies: 0 at the beginning, 1 at the end.
    pub fn at(&self, x: f64) -> f64 {
        match self.log {
            true => (x.ln() - self.low.ln()) / (self.high.ln() - self.low.ln()),
            false => (x - self.low) / (self.high - self.low),
        }
    }

    /// Some `about` round numbers on it, with their texts.
    pub fn ticks(&self, about: usize) -> Vec<(f64, String)> {
        match self.log {
            true => self.log_ticks(about),
            false => self.linear_ticks(about),
        }
    }

    fn linear_ticks(&self, about: usize) -> Vec<(f64, String)> {
        let rough = (self.high - self.low) / about.max(1) as f64;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|k| k * power);
        let step = (step.into_iter())
            .find(|step| *step >= rough * 0.999)
            .unwrap_or(rough);
        let slack = step * 1e-9;
        let first = ((self.low - slack) / step).ceil() as i64;
        let last = ((self.high + slack) / step).floor() as i64;
        let decimals = (-(step.log10() + 1e-9).floor()).clamp(0.0, 12.0) as usize;
        (first..=last)
            .map(|k| k as f64 * step)
            .map(|x| (x, plain(x, step, decimals)))
            .collect()
    }

    fn log_ticks(&self, about: usize) -> Vec<(f64, String)> {
        let (low, high) = (self.low.log10(), self.high.log10());
        let decades = high - low;
        let inside = |x: f64| x >= self.low * (1.0 - 1e-9) && x <= self.high * (1.0 + 1e-9);
        let every = (decades / about.max(1) as f64).ceil().max(1.0) as i32;
        let powers = (low.floor() as i32..=high.ceil() as i32).filter(|k| k % every == 0);
        let factors: &[f64] = match decades {
            d if d < 1.2 => &[1.0, 2.0, 3.0, 5.0],
            d if d < 2.2 => &[1.0, 3.0],
            _ => &[1.0],
        };
        powers
            .flat_map(|k| factors.iter().map(move |f| (f * 10f64.powi(k), *f, k)))
            .filter(|(x, ..)| inside(*x))
            .map(|(x, factor, k)| (x, power_text(factor, k)))
            .collect()
    }
}

/// The smallest and the largest of the finite numbers.
pub fn range(numbers: impl Iterator<Item = f64>) -> [f64; 2] {
    let none = [f64::INFINITY, f64::NEG_INFINITY];
    let finite = numbers.filter(|x| x.is_finite());
    finite.fold(none, |[low, high], x| [low.min(x), high.max(x)])
}

/// `0.25`, `-3`, `12,000`, `2e6`.
fn plain(x: f64, step: f64, decimals: usize) -> String {
    let largest = x.abs();
    if largest >= 1e6 || step < 1e-4 {
        return match x == 0.0 {
            true => "0".into(),
            false => minus(&format!("{x:.1e}").replace(".0e", "e")),
        };
    }
    let text = match largest >= 10_000.0 && decimals == 0 {
        true => crate::words::thousands(largest.round() as usize),
        false => format!("{largest:.decimals$}"),
    };
    let zero = text.chars().all(|c| matches!(c, '0' | '.'));
    match x < 0.0 && !zero {
        true => format!("−{text}"),
        false => text,
    }
}

/// `0.01`, `300`, `2·10⁵`.
fn power_text(factor: f64, k: i32) -> String {
    if (-3..=3).contains(&k) {
        let decimals = (-k).max(0) as usize;
        let x = factor * 10f64.powi(k);
        return match x >= 1000.0 {
            true => crate::words::thousands(x.round() as usize),
            false => format!("{x:.decimals$}"),
        };
    }
    let superscript = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit as u32 - '0' as u32).unwrap_or(digit),
    };
    let power: String = k.to_string().chars().map(superscript).collect();
    match factor == 1.0 {
        true => format!("10{power}"),
        false => format!("{factor}·10{power}"),
    }
}

/// With a minus sign that is as wide as a plus.
pub fn minus(text: &str) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: Axis, about: usize) -> Vec<String> {
        axis.ticks(about)
            .into_iter()
            .map(|(_, text)| text)
            .collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(
            texts(Axis::linear(0.0, 1.0), 5),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(texts(Axis::linear(-3.2, 4.1), 4), ["−2", "0", "2", "4"]);
        assert_eq!(
            texts(Axis::linear(0.0, 52_000.0), 3),
            ["0", "20,000", "40,000"]
        );
        assert_eq!(texts(Axis::linear(0.0, 3.2e7), 3), ["0", "2e7"]);
        assert_eq!(texts(Axis::linear(0.921, 0.934), 3), ["0.925", "0.930"]);
    }

    #[test]
    fn decades_have_a_tick_each_or_every_few() {
        assert_eq!(texts(Axis::logarithmic(0.05, 30.0), 5), ["0.1", "1", "10"]);
        assert_eq!(texts(Axis::logarithmic(1.0, 9.0), 5), ["1", "2", "3", "5"]);
        assert_eq!(
            texts(Axis::logarithmic(1e-8, 1e4), 4),
            ["10⁻⁶", "0.001", "1", "1,000"]
        );
    }

    #[test]
    fn numbers_that_are_all_the_same_have_an_axis() {
        for axis in [
            Axis::around([3.0, 3.0].into_iter()),
            Axis::around([].into_iter()),
        ] {
            assert!(axis.low < axis.high, "{axis:?}");
            assert!(axis.ticks(4).len() > 1, "{axis:?}");
        }
        assert!((Axis::logarithmic(2.0, 2.0).at(2.0) - 0.5).abs() < 1e-12);
    }
}
