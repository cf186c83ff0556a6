//! How sure predictions are: in distribution and out of it.

use super::axis::Axis;
use super::figure::{Figure, Ink, Key, Pen, Sample};
use super::panel::Panel;
use super::{Kind, Material, Needs, Predicted};
use crate::likelihood::Summary;

const BINS: usize = 24;

/// Histograms of the predictive entropy.
pub struct Entropy;

impl Kind for Entropy {
    fn name(&self) -> &'static str {
        "entropy"
    }

    fn what(&self) -> &'static str {
        "the predictive entropy, of right and wrong predictions or in and out of distribution"
    }

    fn reading(&self) -> &'static str {
        "0 is a sure prediction, the right end is one that gives every class the same probability. Data out of \
         distribution are compared with the run's own; without any, wrong predictions with right ones. The less the \
         histograms overlap, the better the entropy tells them apart."
    }

    fn needs(&self) -> Needs {
        Needs::Predictions
    }

    fn draw(&self, runs: &[&Material]) -> Result<Figure, String> {
        let predicted = runs[0].predicted.as_ref().map_err(String::clone)?;
        let Summary::Classes(_) = predicted.outcomes.summary else {
            return Err("its predictions are numbers, which have no entropy of classes".into());
        };
        let all: Vec<f64> = entropies(predicted);
        let outcomes = &predicted.outcomes;
        let of = |right: bool| -> Vec<f64> {
            let each = all.iter().enumerate();
            let kept = each.filter(|(example, _)| outcomes.is_right(*example) == right);
            kept.map(|(_, entropy)| *entropy).collect()
        };
        let groups: Vec<(String, Vec<f64>)> = match &runs[0].elsewhere[..] {
            [] if outcomes.targets.is_empty() => vec![(predicted.data.clone(), all)],
            [] => vec![("right".into(), of(true)), ("wrong".into(), of(false))],
            others => {
                let others = others
                    .iter()
                    .map(|other| (other.data.clone(), entropies(other)));
                std::iter::once((predicted.data.clone(), all))
                    .chain(others)
                    .collect()
            }
        };
        let classes = outcomes.predicted.width.max(2) as f64;
        Ok(histograms(
            "Predictive entropy",
            &groups,
            [0.0, classes.ln()],
            "entropy, nats",
        ))
    }
}

fn entropies(predicted: &Predicted) -> Vec<f64> {
    let examples = 0..predicted.outcomes.examples();
    examples
        .map(|example| predicted.outcomes.predicted.entropy(example))
        .collect()
}

/// The name of some data without what is said of its parts.
fn short(name: &str) -> String {
    let alone = name.split(',').next().unwrap_or(name);
    super::text::fit(alone, super::figure::SIZE, 240.0)
}

/// Histograms over each other, each of the share of its own numbers.
fn histograms(
    title: &str,
    groups: &[(String, Vec<f64>)],
    [low, high]: [f64; 2],
    label: &str,
) -> Figure {
    let mut figure = Figure::new(title);
    let shares: Vec<Vec<f64>> = (groups.iter())
        .map(|(_, numbers)| {
            let mut bins = vec![0.0; BINS];
            for x in numbers {
                let bin = ((x - low) / (high - low) * BINS as f64) as usize;
                bins[bin.min(BINS - 1)] += 100.0 / numbers.len() as f64;
            }
            bins
        })
        .collect();
    let keys: Vec<Key> = (groups.iter().enumerate())
        .map(|(number, (name, numbers))| Key {
            name: format!(
                "{} ({})",
                short(name),
                crate::words::thousands(numbers.len())
            ),
            sample: Sample::Line(Pen::of_series(number)),
        })
        .collect();
    figure.legend(&keys);
    let filled = shares
        .iter()
        .flatten()
        .copied()
        .filter(|share| *share > 0.0);
    let y = Axis::for_sizes(filled, 12.0);
    let what = if y.log {
        "share of them, %, logarithmic"
    } else {
        "share of them, %"
    };
    let x = Axis::linear(low, high);
    let panel = Panel::beneath(&mut figure, 170.0, [x, y], [label, what]);
    let edge = |bin: usize| low + (high - low) * bin as f64 / BINS as f64;
    for (number, (bins, (name, _))) in shares.iter().zip(groups).enumerate() {
        let mut steps = vec![];
        for (bin, share) in bins.iter().enumerate() {
            let height = share.max(y.low);
            steps.push([edge(bin), y.low, height]);
            steps.push([edge(bin + 1), y.low, height]);
        }
        panel.band(&mut figure, &steps, Ink::Series(number), 0.14, name);
        let line: Vec<[f64; 2]> = steps.iter().map(|[x, _, y]| [*x, *y]).collect();
        panel.line(&mut figure, &line, Pen::of_series(number), name);
    }
    figure
}
