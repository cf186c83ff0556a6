//! What a run took: by its checkpoint and its `metrics.jsonl`.

/// What a run took.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// Entries of all parameters.
    pub weights: usize,
    /// Whole epochs done.
    pub epochs: usize,
    /// Of their training; those of an epoch that was resumed are of its last part alone.
    pub seconds: Option<f64>,
    /// Training examples a second: the median of the epochs.
    pub examples_per_second: Option<f64>,
}

impl Cost {
    /// Of a run with so many weights, so many whole epochs done and this log; lines that are none are left out.
    pub fn of(weights: usize, epochs: usize, log: &str) -> Cost {
        let lines: Vec<serde_json::Value> = log
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(|line: &serde_json::Value| line["kind"] == "epoch")
            .collect();
        let numbers = |key: &str| -> Vec<f64> {
            let all = lines.iter().filter_map(|line| line[key].as_f64());
            all.collect()
        };
        let seconds = numbers("seconds");
        Cost {
            weights,
            epochs,
            seconds: (!seconds.is_empty()).then(|| seconds.iter().sum()),
            examples_per_second: median(numbers("examples_per_second")),
        }
    }
}

/// The one in the middle, the lower of two.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_says_what_a_run_took() {
        let epoch = |seconds: f64, speed: f64| {
            format!(
                "{{\"kind\":\"epoch\",\"seconds\":{seconds},\"examples_per_second\":{speed}}}\n"
            )
        };
        let step = "{\"kind\":\"step\",\"seconds\":9.0,\"examples_per_second\":1.0}\n";
        let log = [
            &epoch(2.0, 50.0),
            step,
            &epoch(1.0, 100.0),
            &epoch(4.0, 25.0),
            "{\"kind",
        ]
        .concat();
        let cost = Cost::of(7, 3, &log);
        assert_eq!((cost.weights, cost.epochs), (7, 3));
        assert_eq!(
            (cost.seconds, cost.examples_per_second),
            (Some(7.0), Some(50.0))
        );
        let none = Cost::of(7, 40, "");
        assert_eq!(
            (none.epochs, none.seconds, none.examples_per_second),
            (40, None, None)
        );
    }
}
