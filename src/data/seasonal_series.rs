//! `seasonal_series`: a made data set of windows of a time series.
//!
//! y(t) = 20 + t/1000 + 3 sin(2πt/24) + sin(2πt/168) + ε(t)/2 at the hours t = 0 to 2547: a trend, a day, a week, and
//! independent noise of the standard deviation 0.5. An input is 48 hours, the target the hour behind them. Training
//! targets lie before t = 2000; of the test part, the inputs do not lie before it either, so that no number is in both.
//! Nobody can predict with a lower root mean squared error than 0.5, or, with normal intervals, a lower nll than
//! ln(0.5 √(2πe)) = 0.726.
//!
//! ε is the sum of twelve uniform numbers less 6: its variance is 1, and it is the same on every machine, which
//! logarithms are not. Its excess kurtosis is −0.1. The sines turn about a circle by the four operations alone.

use super::catalog::CatalogEntry;
use super::made::numbers;
use super::memory::Array;
use super::random::Stream;

/// `--data seasonal_series`
pub(crate) struct SeasonalSeries;

const WINDOW: usize = 48;
/// The first hour of the test part.
const CUT: usize = 2000;
const HOURS: usize = 2548;
const SEED: u64 = 0x7365_6173_6f6e;
/// The cosine and sine of 2π/24 and of 2π/168.
const TURNS: [[f64; 2]; 2] = [
    [0.965_925_826_289_068_3, 0.258_819_045_102_520_74],
    [0.999_300_704_788_398_5, 0.037_391_194_276_325_625],
];

impl CatalogEntry for SeasonalSeries {
    fn name(&self) -> &'static str {
        "seasonal_series"
    }

    fn summary(&self) -> &'static str {
        "made: 48 hours of a series with trend and seasons, the next hour; noise of 0.5"
    }

    fn arrays(&self) -> Vec<Array> {
        let series: Vec<f32> = signal().zip(noise()).map(|(s, e)| (s + e) as f32).collect();
        let part = |hours: std::ops::Range<usize>, ending: &str| {
            let windows: Vec<&[f32]> = series[hours].windows(WINDOW + 1).collect();
            let x = windows.iter().flat_map(|window| &window[..WINDOW]);
            let y = windows.iter().map(|window| window[WINDOW]);
            let n = windows.len();
            [
                numbers(&format!("x{ending}"), &[n, WINDOW, 1], x.copied().collect()),
                numbers(&format!("y{ending}"), &[n], y.collect()),
            ]
        };
        let parts = [part(0..CUT, "_train"), part(CUT..HOURS, "_test")];
        parts.into_iter().flatten().collect()
    }
}

fn signal() -> impl Iterator<Item = f64> {
    let mut circles = [[1.0, 0.0]; 2];
    (0..HOURS).map(move |hour| {
        let [day, week] = circles.map(|[_, sine]| sine);
        for ([c, s], [turn_c, turn_s]) in circles.iter_mut().zip(TURNS) {
            [*c, *s] = [*c * turn_c - *s * turn_s, *s * turn_c + *c * turn_s];
        }
        20.0 + hour as f64 / 1000.0 + 3.0 * day + week
    })
}

fn noise() -> impl Iterator<Item = f64> {
    (0..HOURS).map(|hour| {
        let mut random = Stream::new(SEED, hour as u64);
        0.5 * ((0..12).map(|_| random.unit()).sum::<f64>() - 6.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::made::testing::fingerprint;
    use std::f64::consts::PI;

    #[test]
    fn the_examples_are_the_same_everywhere() {
        assert_eq!(
            fingerprint(&SeasonalSeries),
            "fc7dbb9163693ffa6c9431494cd43c9ec0210ab21652e14a2a7538dfc65b9171"
        );
    }

    #[test]
    fn the_series_is_the_one_that_is_told() {
        for (hour, found) in signal().enumerate() {
            let t = hour as f64;
            let expected = 20.0
                + t / 1000.0
                + 3.0 * (2.0 * PI * t / 24.0).sin()
                + (2.0 * PI * t / 168.0).sin();
            assert!((found - expected).abs() < 1e-9, "{hour}");
        }
        let n = HOURS as f64;
        let variance = noise().map(|e| e * e).sum::<f64>() / n;
        let mean = noise().sum::<f64>() / n;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance.sqrt() - 0.5).abs() < 0.02, "{variance}");
    }

    #[test]
    fn a_window_is_followed_by_its_target_and_in_one_part_alone() {
        let data = SeasonalSeries.read(std::path::Path::new("")).unwrap();
        let test = data.test.unwrap();
        assert_eq!((data.train.len, test.len), (CUT - 48, HOURS - CUT - 48));
        // The target of a window is the last number of the next one.
        for split in [&data.train, &test] {
            for row in 1..split.len {
                let last = split.inputs.get(row * WINDOW + WINDOW - 1);
                assert_eq!(last, split.targets.get(row - 1));
            }
        }
        let series: Vec<f32> = signal().zip(noise()).map(|(s, e)| (s + e) as f32).collect();
        let first = test.inputs.get(0);
        assert_eq!(first, f64::from(series[CUT]));
        assert_eq!(test.targets.get(test.len - 1), f64::from(series[HOURS - 1]));
    }
}
