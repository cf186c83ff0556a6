//! What is gained by leaving the least certain examples to somebody else.

use super::axis::Axis;
use super::figure::{Figure, Ink, Pen};
use super::panel::Panel;
use super::{Kind, Material, Needs, digits, known_classes};
use crate::score::curves::risk_coverage;

/// The risk–coverage curve.
pub struct RiskCoverage;

impl Kind for RiskCoverage {
    fn name(&self) -> &'static str {
        "risk_coverage"
    }

    fn what(&self) -> &'static str {
        "the share of errors among the examples that are predicted most surely"
    }

    fn reading(&self) -> &'static str {
        "From right to left the least certain predictions are left out: what remains is to be wrong less often. A curve \
         that falls steeply from the right means that the errors are where the network is unsure; a level one that \
         its certainty says nothing. The dotted line is at 80 % of the examples."
    }

    fn needs(&self) -> Needs {
        Needs::Predictions
    }

    fn overlays(&self) -> bool {
        true
    }

    fn draw(&self, runs: &[&Material]) -> Result<Figure, String> {
        let found = known_classes(runs)?;
        let mut figure = Figure::new("Risk and coverage");
        if found.len() > 1 {
            figure.legend(&super::keys(found.iter().map(|(name, _)| *name)));
        }
        let percent = |[x, y]: &[f64; 2]| [x * 100.0, y * 100.0];
        let curves: Vec<Vec<[f64; 2]>> = (found.iter())
            .map(|(_, predicted)| risk_coverage(&predicted.outcomes).unwrap_or_default())
            .map(|curve| curve.iter().map(percent).collect())
            .collect();
        // A single example that is surely wrong is 100 % of the first few: these say nothing.
        let told = |curve: &[[f64; 2]]| -> Vec<[f64; 2]> {
            let told = curve.iter().filter(|[coverage, _]| *coverage >= 1.0);
            told.copied().collect()
        };
        let all = curves.iter().flat_map(|curve| told(curve));
        let risks: Vec<f64> = all.map(|[_, risk]| risk).collect();
        let y = Axis::from_zero(risks.into_iter());
        let x = Axis::linear(0.0, 100.0);
        let labels = ["examples that are predicted, %", "of these are wrong, %"];
        let panel = Panel::beneath(&mut figure, 190.0, [x, y], labels);
        let pen = Pen::new(Ink::Axis, 1.0).dashed("1 3");
        panel.line(&mut figure, &[[80.0, y.low], [80.0, y.high]], pen, "");
        for (number, ((name, _), curve)) in found.iter().zip(&curves).enumerate() {
            let at_80 = curve.iter().find(|[coverage, _]| *coverage >= 80.0);
            let of_all = curve.last().map_or(f64::NAN, |[_, risk]| *risk);
            let title = format!(
                "{name}{}{} % wrong of all, {} % of the surest 80 %",
                if name.is_empty() { "" } else { ": " },
                digits(of_all),
                digits(at_80.map_or(f64::NAN, |[_, risk]| *risk))
            );
            panel.line(&mut figure, &told(curve), Pen::of_series(number), &title);
            if let [(_, _)] = &found[..] {
                figure.note(&title);
            }
        }
        Ok(figure)
    }
}
