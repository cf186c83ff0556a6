//! Predicted numbers with bands, beside what was observed.

use super::axis::Axis;
use super::figure::{Figure, Ink, Key, Pen, Sample};
use super::panel::Panel;
use super::{Inputs, Kind, Material, Needs, Predicted, digits};
use crate::likelihood::Summary;

/// The most examples shown: evenly spaced in their order.
const EXAMPLES: usize = 240;
/// The most entries of a target, each a panel.
const ENTRIES: usize = 4;

/// Predictive means and standard deviations with the targets.
pub struct Predictions;

impl Kind for Predictions {
    fn name(&self) -> &'static str {
        "predictions"
    }

    fn what(&self) -> &'static str {
        "predicted numbers with bands of two standard deviations, and the targets"
    }

    fn reading(&self) -> &'static str {
        "The line is the predicted mean, the dots are targets. The inner band is two standard deviations of what the \
         weights leave open (epistemic): more data would narrow it. The outer one holds the noise of single \
         observations, too. Where predictions fit, about 95 % of the dots lie in the outer band."
    }

    fn needs(&self) -> Needs {
        Needs::Predictions
    }

    fn draw(&self, runs: &[&Material]) -> Result<Figure, String> {
        let predicted = runs[0].predicted.as_ref().map_err(String::clone)?;
        let Summary::Numbers(_) = predicted.outcomes.summary else {
            return Err("its predictions are probabilities of classes, not numbers".into());
        };
        let entries = predicted.outcomes.entries();
        let mut figure = Figure::new("Predictions and targets");
        let deviation = "± 2 standard deviations";
        figure.legend(&[
            key("target", Sample::Dot(Ink::Series(1))),
            key("mean", Sample::Line(Pen::of_series(0))),
        ]);
        figure.legend(&[
            key(
                &format!("{deviation}: epistemic"),
                Sample::Area(Ink::Series(0), 0.45),
            ),
            key("all", Sample::Area(Ink::Series(0), 0.18)),
        ]);
        for entry in 0..entries.min(ENTRIES) {
            draw_entry(&mut figure, predicted, entry);
        }
        if entries > ENTRIES {
            let more = entries - ENTRIES;
            figure.note(&format!("{more} more entries of the target are left out."));
        }
        let all = predicted.outcomes.examples();
        if all > EXAMPLES {
            let shown = all.div_ceil(all.div_ceil(EXAMPLES));
            let all = crate::words::thousands(all);
            figure.note(&format!(
                "{shown} of {all} examples, evenly spaced in this order"
            ));
        }
        Ok(figure)
    }
}

fn key(name: &str, sample: Sample) -> Key {
    let name = name.into();
    Key { name, sample }
}

fn draw_entry(figure: &mut Figure, predicted: &Predicted, entry: usize) {
    let outcomes = &predicted.outcomes;
    let (found, entries) = (&outcomes.predicted, outcomes.entries());
    let at = |example: usize| example * entries + entry;
    let along = |example: usize| match &predicted.inputs {
        Inputs::Number(_, numbers) => numbers[example],
        _ => found.mean[at(example)],
    };
    let mut order: Vec<usize> = (0..outcomes.examples()).collect();
    order.sort_by(|a, b| along(*a).total_cmp(&along(*b)).then(a.cmp(b)));
    let step = order.len().div_ceil(EXAMPLES).max(1);
    let shown: Vec<usize> = order.into_iter().step_by(step).collect();
    let (x_label, x): (String, Vec<f64>) = match &predicted.inputs {
        Inputs::Number(name, numbers) => {
            (name.clone(), shown.iter().map(|e| numbers[*e]).collect())
        }
        _ => (
            "examples, by their predicted mean".into(),
            (1..=shown.len()).map(|place| place as f64).collect(),
        ),
    };
    let mean = |e: usize| found.mean[at(e)];
    let epistemic = |e: usize| found.between[at(e)].max(0.0);
    let bands = |variance: &dyn Fn(usize) -> f64| -> Vec<[f64; 3]> {
        let each = shown.iter().zip(&x);
        each.map(|(e, x)| {
            let half = 2.0 * variance(*e).sqrt();
            [*x, mean(*e) - half, mean(*e) + half]
        })
        .collect()
    };
    let all = bands(&|e| epistemic(e) + found.within[at(e)].max(0.0));
    let inner = bands(&epistemic);
    let known = !outcomes.targets.is_empty();
    let target = |e: usize| outcomes.targets[at(e)];
    let targets = shown.iter().filter(|_| known).map(|e| target(*e));
    let ends = all.iter().flat_map(|[_, low, high]| [*low, *high]);
    let numbers: Vec<f64> = targets
        .chain(ends)
        .chain(shown.iter().map(|e| mean(*e)))
        .collect();
    let y = Axis::around(numbers.iter().copied());
    let x_axis = match predicted.inputs {
        Inputs::Number(..) => Axis::around(x.iter().copied()),
        _ => Axis::linear(0.0, shown.len() as f64 + 1.0),
    };
    let name = predicted.targets.get(entry).cloned();
    let name = name.unwrap_or_else(|| match entries {
        1 => "target".into(),
        _ => format!("target, entry {entry}"),
    });
    let panel = Panel::beneath(figure, 190.0, [x_axis, y], [&x_label, &name]);
    panel.band(
        figure,
        &all,
        Ink::Series(0),
        0.18,
        "mean ± 2 standard deviations",
    );
    panel.band(
        figure,
        &inner,
        Ink::Series(0),
        0.45,
        "mean ± 2 epistemic standard deviations",
    );
    if known {
        let dots: Vec<_> = (shown.iter().zip(&x))
            .map(|(e, x)| {
                let (y, mean) = (target(*e), digits(mean(*e)));
                let title = format!("example {e}: target {}, mean {mean}", digits(y));
                ([*x, y], title)
            })
            .collect();
        panel.small_dots(figure, &dots, Ink::Series(1));
    }
    let line: Vec<[f64; 2]> = shown.iter().zip(&x).map(|(e, x)| [*x, mean(*e)]).collect();
    panel.line(figure, &line, Pen::new(Ink::Series(0), 1.6), "mean");
}
