//! Which quantiles of a predicted number a prediction file has, and what their columns are called.

/// A quantile and its column.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantile {
    /// The column's name.
    pub name: String,
    /// The probability below it.
    pub at: f64,
}

impl Quantile {
    /// The quantiles where none are asked for: `q05`, `q50` and `q95`.
    pub fn usual() -> Vec<Quantile> {
        [0.05, 0.5, 0.95].map(Quantile::of).into()
    }

    /// The quantile of this probability, called by its percentage with two digits before the point: `q05`, `q50`,
    /// `q02.5`, `q99.9`.
    pub fn of(at: f64) -> Quantile {
        let percent = percent(at);
        let before = percent.split('.').next().map_or(0, str::len);
        let zero = if before < 2 { "0" } else { "" };
        Quantile {
            name: format!("q{zero}{percent}"),
            at,
        }
    }

    /// The two ends of the central interval of this probability, called by its percentage: `lower_90` and `upper_90`.
    pub fn ends(probability: f64) -> [Quantile; 2] {
        let percent = percent(probability);
        let tail = (1.0 - probability) / 2.0;
        [("lower", tail), ("upper", 1.0 - tail)].map(|(side, at)| Quantile {
            name: format!("{side}_{percent}"),
            at,
        })
    }
}

/// A probability in percent, without the last digits in which a product by 100 is off.
fn percent(probability: f64) -> String {
    ((probability * 1e14).round() / 1e12).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_percentages() {
        for (at, name) in [
            (0.05, "q05"),
            (0.5, "q50"),
            (0.07, "q07"),
            (0.29, "q29"),
            (0.025, "q02.5"),
            (0.975, "q97.5"),
            (0.001, "q00.1"),
            (0.999, "q99.9"),
        ] {
            assert_eq!(Quantile::of(at).name, name);
        }
        let [low, high] = Quantile::ends(0.9);
        assert_eq!([&low.name, &high.name], ["lower_90", "upper_90"]);
        assert!((low.at - 0.05).abs() < 1e-15 && (high.at - 0.95).abs() < 1e-15);
        assert_eq!(Quantile::ends(0.995)[1].name, "upper_99.5");
    }
}
