//! Where targets lie in their predictive distributions.

use super::axis::Axis;
use super::figure::{Figure, Ink, Pen};
use super::panel::Panel;
use super::{Kind, Material, Needs, digits, known_numbers};
use crate::score::curves::pit_histogram;

/// The histogram of the probability integral transforms.
pub struct Pit;

impl Kind for Pit {
    fn name(&self) -> &'static str {
        "pit"
    }

    fn what(&self) -> &'static str {
        "the histogram of the probability integral transform: where targets lie in their predictive distributions"
    }

    fn reading(&self) -> &'static str {
        "Where predictions fit, targets lie anywhere in them equally often, and all bars are near 1; the grey band \
         holds 95 % of the bars that chance makes of so many examples. A hill means that predictive distributions \
         are too wide, a valley that they are too narrow, a slope that they are off to one side."
    }

    fn needs(&self) -> Needs {
        Needs::Predictions
    }

    fn overlays(&self) -> bool {
        true
    }

    fn draw(&self, runs: &[&Material]) -> Result<Figure, String> {
        let found = known_numbers(runs)?;
        let (examples, entries) = {
            let outcomes = &found[0].1.outcomes;
            (outcomes.examples(), outcomes.entries())
        };
        let bins = if examples < 200 { 10 } else { 20 };
        let heights: Vec<Vec<f64>> = (found.iter())
            .map(|(_, predicted)| {
                let counts = pit_histogram(&predicted.outcomes, bins).unwrap_or_default();
                let expected = counts.iter().sum::<f64>() / bins as f64;
                counts.iter().map(|count| count / expected).collect()
            })
            .collect();
        let mut figure = Figure::new("Probability integral transform");
        if found.len() > 1 {
            figure.legend(&super::keys(found.iter().map(|(name, _)| *name)));
        }
        // Entries of an example are not independent: chance is that of examples.
        let p = 1.0 / bins as f64;
        let half = 1.96 * ((1.0 - p) / (p * examples as f64)).sqrt();
        let tallest = heights.iter().flatten().copied().chain([1.0 + half]);
        let y = Axis::from_zero(tallest.collect::<Vec<_>>().into_iter());
        let labels = [
            "P(Y ≤ target), predicted",
            "times as many targets as expected",
        ];
        let panel = Panel::beneath(&mut figure, 180.0, [Axis::linear(0.0, 1.0), y], labels);
        let edge = |bin: usize| bin as f64 / bins as f64;
        if let [only] = &heights[..] {
            for (bin, height) in only.iter().enumerate() {
                let title = format!("{} to {}: {}", edge(bin), edge(bin + 1), digits(*height));
                panel.bar(
                    &mut figure,
                    [edge(bin), edge(bin + 1)],
                    *height,
                    Ink::Series(0),
                    &title,
                );
            }
        }
        let band = [
            [0.0, (1.0 - half).max(0.0), 1.0 + half],
            [1.0, (1.0 - half).max(0.0), 1.0 + half],
        ];
        panel.band(&mut figure, &band, Ink::Axis, 0.3, "95 % of bars by chance");
        panel.across(&mut figure, 1.0, Pen::new(Ink::Text, 1.0).dashed("3 3"));
        if heights.len() > 1 {
            for (number, bars) in heights.iter().enumerate() {
                let steps = bars.iter().enumerate();
                let line: Vec<[f64; 2]> = steps
                    .flat_map(|(bin, height)| [[edge(bin), *height], [edge(bin + 1), *height]])
                    .collect();
                panel.line(&mut figure, &line, Pen::of_series(number), found[number].0);
            }
        }
        if entries > 1 {
            figure.note(&format!("All {entries} entries of the target together."));
        }
        Ok(figure)
    }
}
