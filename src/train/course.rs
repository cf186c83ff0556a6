//! What the epochs of a run say at its end: whether it would fall further, and where it was best.

use super::config::Config;
use super::metrics::{Epoch, Epochs};
use super::progress::number;
use crate::words::plural;

/// By how much, in nats per example, a loss has to change over the last tenth of a run to be told.
const MATTERS: f64 = 0.01;
/// By how many standard errors.
const ERRORS: f64 = 3.0;
/// Where so many standard errors are more, in nats per example, nothing can be said.
const LOUD: f64 = 0.1;

/// Two windows of epochs of equal length, the last ones and those before.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Windows {
    /// Epochs of one.
    length: usize,
    /// By how much the mean of the last is below that of the one before.
    fall: f64,
    /// The standard error of that difference, from what neighbouring epochs differ by beside the trend.
    error: f64,
}

impl Windows {
    /// A tenth of the epochs each, or three; `None` of fewer than four.
    fn of(values: &[f64]) -> Option<Windows> {
        let n = values.len();
        let length = (n / 10).max(3.min(n / 2));
        let both = &values[n - 2 * length..];
        if length < 2 || !both.iter().all(|x| x.is_finite()) {
            return None;
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let fall = mean(&both[..length]) - mean(&both[length..]);
        let steps: Vec<f64> = both.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let trend = mean(&steps);
        let squares = steps.iter().map(|step| (step - trend).powi(2)).sum::<f64>();
        // A difference of two independent values has twice the variance of one.
        let variance = squares / (steps.len() - 1) as f64 / 2.0;
        let error = (2.0 * variance / length as f64).sqrt();
        Some(Windows {
            length,
            fall,
            error,
        })
    }

    /// Whether the last values are as those before, by what can be said in their noise.
    fn is_flat(&self) -> bool {
        let noise = ERRORS * self.error;
        self.fall.abs() <= noise.max(MATTERS) && noise <= LOUD
    }

    /// Whether the last values are lower than those before by more than noise.
    fn falls(&self) -> bool {
        self.fall > MATTERS && self.fall > ERRORS * self.error
    }
}

/// The last line of a finished run: nothing of one that is too short to say.
pub fn verdict(epochs: &Epochs, config: &Config, ended_early: bool) -> Option<String> {
    let all = &epochs.0;
    let done = all.len();
    // An nll under another weight of the KL is of another objective: it is no epoch to go back to.
    let same = |epoch: &Epoch| {
        let weights = epoch.lambda.zip(all[done - 1].lambda);
        weights.is_none_or(|(a, b)| (a - b).abs() <= 1e-9 * b.abs())
    };
    let validation = |epoch: &Epoch| {
        epoch
            .validation
            .map(|nll| if same(epoch) { nll } else { f64::INFINITY })
    };
    let validation: Option<Vec<f64>> = all.iter().map(validation).collect();
    let best = validation
        .as_deref()
        .filter(|all| !all.is_empty())
        .map(lowest);
    if let (Some((epoch, nll)), true) = (best, ended_early) {
        let since = plural(done - epoch, "epoch");
        return Some(format!(
            "ended early: the validation nll was lowest after epoch {epoch}, {}, and has not fallen in the {since} \
             since; the variables of epoch {epoch} are kept",
            number(nll)
        ));
    }
    if let Some((epoch, nll)) = best
        && let Some(rise) = validation
            .as_deref()
            .and_then(|all| rise(all, (epoch, nll)))
    {
        let kept = match config.patience() {
            Some(_) => format!("the variables of epoch {epoch} are kept"),
            None => "`--early-stopping` would keep the variables of that epoch".into(),
        };
        return Some(format!(
            "past its best: the validation nll was lowest after epoch {epoch} of {done}, {}, and is {} higher over the \
             last {}; {kept}",
            number(nll),
            number(rise),
            plural(Windows::of(validation.as_deref()?)?.length, "epoch")
        ));
    }
    let losses: Vec<f64> = all.iter().map(|epoch: &Epoch| epoch.loss).collect();
    let windows = Windows::of(&losses)?;
    let what = match windows.falls() {
        true => {
            let before = losses[done - 2 * windows.length..][..windows.length].iter();
            let before = before.sum::<f64>() / windows.length as f64;
            // A share of a loss around 0 says nothing.
            let share = match before > 1.0 {
                true => format!(", {:.1} %,", 100.0 * windows.fall / before),
                false => String::new(),
            };
            format!(
                "still improving: the loss fell by {}{share} over the last {} (epochs {} to {done}); try --epochs {}",
                number(windows.fall),
                plural(windows.length, "epoch"),
                done - windows.length + 1,
                2 * config.epochs()
            )
        }
        false if windows.is_flat() => format!(
            "settled: the loss has not fallen beyond its noise over the last {}",
            plural(windows.length, "epoch")
        ),
        // It rises, as where the weight of the KL grows, or there is too much noise to say.
        false => return None,
    };
    let kept = config
        .patience()
        .map_or("", |_| ", whose variables are kept");
    Some(match best {
        Some((epoch, nll)) => format!(
            "{what}; the validation nll was lowest after epoch {epoch}, {}{kept}",
            number(nll)
        ),
        None => what,
    })
}

/// The epoch of the lowest value, the first being 1, and that value.
fn lowest(values: &[f64]) -> (usize, f64) {
    let places = values.iter().enumerate();
    let (place, nll) = places
        .min_by(|a, b| a.1.total_cmp(b.1))
        .map_or((0, f64::NAN), |(place, nll)| (place, *nll));
    (place + 1, nll)
}

/// By how much the last epochs' mean is above the lowest value, where that is before them and it is more than noise.
fn rise(values: &[f64], (epoch, lowest): (usize, f64)) -> Option<f64> {
    let windows = Windows::of(values)?;
    if epoch + windows.length > values.len() {
        return None;
    }
    let last = &values[values.len() - windows.length..];
    let rise = last.iter().sum::<f64>() / windows.length as f64 - lowest;
    // The lowest of many is below its mean by some standard deviations of one.
    let noise = windows.error * (windows.length as f64 / 2.0).sqrt();
    (rise > MATTERS && rise > 2.0 * ERRORS * noise).then_some(rise)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Epochs with these losses, and validation nlls if there are any; noise of ±0.02 that a formula makes.
    fn epochs(n: usize, loss: impl Fn(f64) -> f64, validation: Option<fn(f64) -> f64>) -> Epochs {
        let noise = |i: usize| 0.02 * (((31 * i * i + 17 * i) % 29) as f64 / 14.0 - 1.0);
        let epoch = |i: usize| Epoch {
            loss: loss(i as f64) + noise(i),
            nll: loss(i as f64),
            validation: validation.map(|f| f(i as f64) + noise(i + 7)),
            lambda: Some((i as f64 / 10.0).min(1.0)),
        };
        Epochs((0..n).map(epoch).collect())
    }

    fn said(epochs: &Epochs, config: &Config) -> String {
        verdict(epochs, config, false).unwrap_or_default()
    }

    #[test]
    fn a_loss_that_falls_is_told_with_what_to_try() {
        let config = Config {
            epochs: Some(20),
            ..Config::default()
        };
        let told = said(&epochs(20, |i| 10.0 - 0.1 * i, None), &config);
        assert!(
            told.starts_with("still improving: the loss fell by 0."),
            "{told}"
        );
        assert!(
            told.contains("over the last 3 epochs (epochs 18 to 20); try --epochs 40"),
            "{told}"
        );
        assert!(told.contains(" %,"), "{told}");
    }

    #[test]
    fn noise_is_not_taken_for_a_fall() {
        let config = Config::default();
        for n in [6, 10, 40, 400] {
            let told = said(&epochs(n, |_| 3.0, None), &config);
            assert!(told.starts_with("settled"), "{n}: {told}");
        }
        // Too loud to be called settled: neighbours differ by up to 4.
        let loud = epochs(40, |i| 4.0 * (i * i % 7.0) / 7.0, None);
        assert_eq!(verdict(&loud, &config, false), None);
        let rising = epochs(40, |i| 0.1 * i, None);
        assert_eq!(verdict(&rising, &config, false), None);
        assert_eq!(verdict(&epochs(3, |i| -i, None), &config, false), None);
    }

    #[test]
    fn a_validation_part_says_which_epoch_was_best() {
        let config = Config::default();
        let turns: fn(f64) -> f64 = |i| 1.0 + (i - 20.0).abs() / 20.0;
        let told = said(&epochs(60, |i| -0.05 * i, Some(turns)), &config);
        assert!(
            told.starts_with("past its best: the validation nll was lowest after epoch 2"),
            "{told}"
        );
        assert!(
            told.contains("of 60") && told.contains("--early-stopping"),
            "{told}"
        );
        // The first ten epochs are under another weight of the KL.
        let rising: fn(f64) -> f64 = |i| i / 20.0;
        let told = said(&epochs(60, |i| -0.05 * i, Some(rising)), &config);
        assert!(told.contains("lowest after epoch 11 of 60"), "{told}");
        let flat: fn(f64) -> f64 = |_| 1.0;
        let told = said(&epochs(60, |_| 3.0, Some(flat)), &config);
        assert!(
            told.starts_with("settled") && told.contains("lowest after epoch"),
            "{told}"
        );
        // One that has fallen to the end is not past its best.
        let falling: fn(f64) -> f64 = |i| 3.0 - i / 10.0;
        let told = said(&epochs(16, |i| -0.05 * i, Some(falling)), &config);
        assert!(told.contains("lowest after epoch 16"), "{told}");
        assert!(!told.contains("past its best"), "{told}");
        let ended = verdict(&epochs(60, |_| 3.0, Some(turns)), &config, true).unwrap();
        assert!(ended.starts_with("ended early"), "{ended}");
    }
}
