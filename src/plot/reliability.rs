//! How often predictions are right, by how sure they say to be.

use super::axis::Axis;
use super::figure::{Figure, Ink, Key, Pen, Sample};
use super::panel::Panel;
use super::{Kind, Material, Needs, Predicted, digits, known_classes};
use crate::score::curves::{calibration, reliability};
use crate::words::thousands;

/// Bins of equal width, as those of the `ece`.
const BINS: usize = 15;
/// Curves that the band is made of.
const RESAMPLES: usize = 200;
/// What the band is called: at each probability by itself, not of the curve as a whole.
const BAND: &str = "90 % consistency band, pointwise";
/// Points of a curve.
const POINTS: usize = 120;

/// The reliability diagram.
pub struct Reliability;

impl Kind for Reliability {
    fn name(&self) -> &'static str {
        "reliability"
    }

    fn what(&self) -> &'static str {
        "how often the likeliest class is right, by its probability: bins with counts, and the PAVA curve with its band"
    }

    fn reading(&self) -> &'static str {
        "On the diagonal a probability of 0.8 is right in 80 % of all cases. Below it predictions are overconfident, \
         above it underconfident. The curve needs no bins: it is the best one that never falls. The grey \
         band is pointwise: at each probability by itself it holds 90 % of the curves of true probabilities, so that such a \
         curve, too, leaves it over about a tenth of its length. Leaving it over much more is miscalibration."
    }

    fn needs(&self) -> Needs {
        Needs::Predictions
    }

    fn overlays(&self) -> bool {
        true
    }

    fn draw(&self, runs: &[&Material]) -> Result<Figure, String> {
        let found = known_classes(runs)?;
        let mut figure = Figure::new("Reliability");
        match &found[..] {
            [(_, only)] => one(&mut figure, only),
            several => overlaid(&mut figure, several),
        }
        Ok(figure)
    }
}

fn percent(name: &str) -> String {
    format!("{name}, %")
}

fn panel(figure: &mut Figure, from: f64) -> Panel {
    let axis = || Axis::linear(from, 100.0);
    let labels = [
        percent("probability of the likeliest class"),
        percent("of these are right"),
    ];
    // As high as wide, so that the diagonal is one.
    let axes = [axis(), Axis::linear(0.0, 100.0)];
    Panel::beneath(figure, 230.0, axes, [&labels[0], &labels[1]])
}

/// The lowest probability, down to a round number.
fn lowest(predicted: &Predicted) -> f64 {
    let found = &predicted.outcomes.predicted;
    let tops = (0..found.examples).map(|example| found.top(example).1);
    let low = tops.fold(1.0, f64::min);
    (low * 10.0).floor().clamp(0.0, 9.0) * 10.0
}

fn diagonal(figure: &mut Figure, panel: &Panel) {
    let pen = Pen::new(Ink::Axis, 1.2).dashed("3 3");
    let from = panel.x.low;
    panel.line(
        figure,
        &[[from, from], [100.0, 100.0]],
        pen,
        "true probabilities",
    );
}

/// The points of the curve without bins.
fn curve(predicted: &Predicted, resamples: usize) -> Vec<([f64; 2], [f64; 2])> {
    let points = calibration(&predicted.outcomes, resamples, POINTS).unwrap_or_default();
    let scaled = points.iter().map(|point| {
        let at = [point.confidence * 100.0, point.accuracy * 100.0];
        (at, point.band.map(|x| x * 100.0))
    });
    scaled.collect()
}

fn one(figure: &mut Figure, predicted: &Predicted) {
    let [dot, line] = [Ink::Series(1), Ink::Series(0)];
    figure.legend(&[
        Key {
            name: format!("{BINS} bins"),
            sample: Sample::Dot(dot),
        },
        Key {
            name: "without bins (PAVA)".into(),
            sample: Sample::Line(Pen::new(line, 1.8)),
        },
        Key {
            name: BAND.into(),
            sample: Sample::Area(Ink::Axis, 0.3),
        },
    ]);
    let from = lowest(predicted);
    let shown = panel(figure, from);
    let points = curve(predicted, RESAMPLES);
    let band: Vec<[f64; 3]> = points.iter().map(|([x, _], [l, h])| [*x, *l, *h]).collect();
    shown.band(figure, &band, Ink::Axis, 0.3, BAND);
    diagonal(figure, &shown);
    let line_points: Vec<[f64; 2]> = points.iter().map(|(at, _)| *at).collect();
    shown.line(
        figure,
        &line_points,
        Pen::new(line, 1.8),
        "calibration curve (PAVA)",
    );
    let bins = reliability(&predicted.outcomes, BINS).unwrap_or_default();
    let filled = bins.iter().filter(|bin| bin.count > 0);
    let dots: Vec<_> = filled
        .clone()
        .map(|bin| {
            let title = format!(
                "{} examples: says {} %, is right in {} %",
                thousands(bin.count),
                digits(bin.confidence * 100.0),
                digits(bin.accuracy * 100.0)
            );
            ([bin.confidence * 100.0, bin.accuracy * 100.0], title)
        })
        .collect();
    shown.dots(figure, &dots, dot);
    let counts = filled.clone().map(|bin| bin.count as f64);
    let y = Axis::for_sizes(counts, 20.0);
    let label = if y.log {
        "examples of each bin, logarithmic"
    } else {
        "examples of each bin"
    };
    let x = Axis::linear(from, 100.0);
    let below = Panel::beneath(figure, 56.0, [x, y], ["", label]);
    for bin in filled {
        let edges = bin.edges.map(|edge| (edge * 100.0).max(from));
        let title = format!("{} examples", thousands(bin.count));
        below.bar(figure, edges, bin.count as f64, dot, &title);
    }
    figure.height -= 12.0;
}

fn overlaid(figure: &mut Figure, found: &[(&str, &Predicted)]) {
    let keys = super::keys(found.iter().map(|(name, _)| *name));
    figure.legend(&keys);
    let from = found.iter().map(|(_, p)| lowest(p)).fold(90.0, f64::min);
    let shown = panel(figure, from);
    diagonal(figure, &shown);
    for (number, (name, predicted)) in found.iter().enumerate() {
        let line: Vec<[f64; 2]> = curve(predicted, 0).iter().map(|(at, _)| *at).collect();
        shown.line(figure, &line, Pen::of_series(number), name);
    }
}
