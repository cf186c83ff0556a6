//! How many targets lie below predicted quantiles.

use super::axis::Axis;
use super::figure::{Figure, Ink, Pen};
use super::panel::Panel;
use super::{Kind, Material, Needs, known_numbers};
use crate::score::curves::quantile_calibration;

const STEPS: usize = 50;

/// The quantile calibration curve.
pub struct Quantiles;

impl Kind for Quantiles {
    fn name(&self) -> &'static str {
        "quantiles"
    }

    fn what(&self) -> &'static str {
        "the share of the targets below each predicted quantile"
    }

    fn reading(&self) -> &'static str {
        "On the diagonal 30 % of the targets lie below the predicted 30 % quantile. An S that is flat at its ends is of \
         predictions that are too wide, one that is steep there of predictions that are too narrow; a curve above \
         the diagonal predicts too large numbers, one below it too small ones. The grey band is what chance makes, \
         95 % at each level."
    }

    fn needs(&self) -> Needs {
        Needs::Predictions
    }

    fn overlays(&self) -> bool {
        true
    }

    fn draw(&self, runs: &[&Material]) -> Result<Figure, String> {
        let found = known_numbers(runs)?;
        let examples = found[0].1.outcomes.examples() as f64;
        let mut figure = Figure::new("Quantile calibration");
        if found.len() > 1 {
            figure.legend(&super::keys(found.iter().map(|(name, _)| *name)));
        }
        let axis = Axis::linear(0.0, 100.0);
        let labels = ["predicted quantile, %", "targets below it, %"];
        let panel = Panel::beneath(&mut figure, 200.0, [axis, axis], labels);
        let band: Vec<[f64; 3]> = (0..=STEPS)
            .map(|step| {
                let p = step as f64 / STEPS as f64;
                let half = 1.96 * (p * (1.0 - p) / examples).sqrt();
                [p, (p - half).max(0.0), (p + half).min(1.0)].map(|x| x * 100.0)
            })
            .collect();
        panel.band(&mut figure, &band, Ink::Axis, 0.3, "95 % by chance");
        let pen = Pen::new(Ink::Axis, 1.2).dashed("3 3");
        panel.line(
            &mut figure,
            &[[0.0, 0.0], [100.0, 100.0]],
            pen,
            "calibrated",
        );
        for (number, (name, predicted)) in found.iter().enumerate() {
            let curve = quantile_calibration(&predicted.outcomes, STEPS).unwrap_or_default();
            let line: Vec<[f64; 2]> = curve.iter().map(|[x, y]| [x * 100.0, y * 100.0]).collect();
            panel.line(&mut figure, &line, Pen::of_series(number), name);
        }
        Ok(figure)
    }
}
