//! Examples as images: those that are predicted most and least surely, and those that are surely wrong.

use super::figure::{Anchor, Figure, Ink, Shape};
use super::text::{fit, width};
use super::{Inputs, Kind, Material, Needs, Predicted};
use crate::likelihood::Summary;

/// Images in a row.
const ACROSS: usize = 4;
/// Pixels between images.
const GAP: f64 = 8.0;
/// The size of letters beneath.
const SMALL: f64 = 11.0;
/// Classes beneath each.
const CLASSES: usize = 3;

/// Images with their likeliest classes.
pub struct Examples;

impl Kind for Examples {
    fn name(&self) -> &'static str {
        "examples"
    }

    fn what(&self) -> &'static str {
        "the examples that are predicted least and most surely, as images with their likeliest classes"
    }

    fn reading(&self) -> &'static str {
        "Beneath each image its likeliest classes with their probabilities; the right class is heavy, and named \
         below them where it is none of these. Unsure predictions are to look ambiguous to a person, too; look at what is \
         surely wrong for labels that are."
    }

    fn needs(&self) -> Needs {
        Needs::Predictions
    }

    fn draw(&self, runs: &[&Material]) -> Result<Figure, String> {
        let predicted = runs[0].predicted.as_ref().map_err(String::clone)?;
        let Summary::Classes(_) = predicted.outcomes.summary else {
            return Err("its predictions are numbers, not classes".into());
        };
        let Inputs::Images(image) = &predicted.inputs else {
            return Err("its inputs are no images".into());
        };
        let order = by_certainty(predicted);
        let known = !predicted.outcomes.targets.is_empty();
        let wrong = order.iter().rev().copied();
        let wrong: Vec<usize> = wrong
            .filter(|example| known && !predicted.outcomes.is_right(*example))
            .take(ACROSS)
            .collect();
        let mut groups = vec![
            (
                "least certain",
                order.iter().copied().take(ACROSS).collect(),
            ),
            (
                "most certain",
                order.iter().rev().copied().take(ACROSS).collect(),
            ),
        ];
        if !wrong.is_empty() {
            groups.insert(1, ("wrong, and certain", wrong));
        }
        let mut figure = Figure::new("Least and most certain examples");
        let each = (figure.width + GAP) / ACROSS as f64;
        let size = each - GAP;
        for (name, examples) in groups {
            figure.height += 21.0;
            let at = [0.0, figure.height - 4.0];
            figure.text(at, Anchor::Start, Ink::Faint, name);
            let top = figure.height;
            for (place, example) in examples.iter().enumerate() {
                let Some(pixels) = image(*example) else {
                    return Err("its inputs are no images".into());
                };
                let left = each * place as f64;
                figure.titled(
                    Shape::Image {
                        place: [left, top, size, size],
                        pixels,
                    },
                    format!("example {example} of {}", predicted.data),
                );
                classes(
                    &mut figure,
                    predicted,
                    *example,
                    [left, top + size],
                    each - 8.0,
                );
            }
            figure.height = top + size + 17.0 * (CLASSES as f64 + 1.0) + 2.0;
        }
        Ok(figure)
    }
}

/// The probabilities of all classes of an example.
pub(super) fn probabilities(predicted: &Predicted, example: usize) -> Vec<f64> {
    match predicted.outcomes.predicted.row(example) {
        [p] => vec![1.0 - p, *p],
        row => row.to_vec(),
    }
}

/// The examples, the one whose prediction has the largest entropy first.
fn by_certainty(predicted: &Predicted) -> Vec<usize> {
    let examples = 0..predicted.outcomes.examples();
    let entropy = |example| predicted.outcomes.predicted.entropy(example);
    let mut order: Vec<(f64, usize)> = examples.map(|e| (entropy(e), e)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    order.into_iter().map(|(_, example)| example).collect()
}

/// What a class is called.
pub(super) fn class_name(predicted: &Predicted, class: usize) -> String {
    let name = predicted.classes.get(class).cloned();
    name.unwrap_or_else(|| class.to_string())
}

/// The likeliest classes beneath an image.
fn classes(
    figure: &mut Figure,
    predicted: &Predicted,
    example: usize,
    [left, top]: [f64; 2],
    room: f64,
) {
    let probabilities = probabilities(predicted, example);
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|a, b| probabilities[*b].total_cmp(&probabilities[*a]));
    order.truncate(CLASSES);
    let known = !predicted.outcomes.targets.is_empty();
    let label = known.then(|| predicted.outcomes.label(example));
    for (row, class) in order.iter().enumerate() {
        let p = probabilities[*class];
        let is_label = label == Some(*class);
        let y = top + 17.0 * (row as f64 + 1.0) - 3.0;
        figure.add(Shape::Bar {
            place: [left, y - 11.0, (room * p).max(1.0), 14.0],
            ink: Ink::Series(0),
            opacity: 0.22,
        });
        let percent = match p {
            p if p >= 0.995 => ">99%".into(),
            p if p < 0.005 => "<1%".into(),
            p => format!("{:.0}%", p * 100.0),
        };
        let name = fit(
            &class_name(predicted, *class),
            SMALL,
            room - width(&percent, SMALL) - 8.0,
        );
        figure.add(Shape::Text {
            at: [left + 3.0, y],
            anchor: Anchor::Start,
            size: SMALL,
            bold: is_label,
            ink: Ink::Text,
            text: name,
        });
        small(
            figure,
            [left + room - 2.0, y],
            Anchor::End,
            Ink::Faint,
            percent,
        );
    }
    if let Some(label) = label.filter(|label| !order.contains(label)) {
        let y = top + 17.0 * (order.len() as f64 + 1.0) - 3.0;
        let name = fit(&format!("is {}", class_name(predicted, label)), SMALL, room);
        small(figure, [left + 3.0, y], Anchor::Start, Ink::Series(1), name);
    }
}

/// Words beneath an image.
fn small(figure: &mut Figure, at: [f64; 2], anchor: Anchor, ink: Ink, text: String) {
    figure.add(Shape::Text {
        at,
        anchor,
        size: SMALL,
        bold: false,
        ink,
        text,
    });
}
