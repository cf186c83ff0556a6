//! What each parameter has become: loc, scale and their ratio.

use super::axis::{Axis, range};
use super::figure::{Anchor, Figure, Ink, Pen, SIZE, Shape};
use super::panel::Panel;
use super::parameters::{Parameter, Spread};
use super::text::{fit, width};
use super::{Kind, Material, Needs, digits};

/// The most parameters shown.
const MOST: usize = 24;
/// Pixels of a row.
pub(super) const ROW: f64 = 20.0;

/// Loc, scale and signal-to-noise of each parameter.
pub struct Posterior;

impl Kind for Posterior {
    fn name(&self) -> &'static str {
        "posterior"
    }

    fn what(&self) -> &'static str {
        "loc, scale and signal-to-noise |loc|/scale of each parameter's entries"
    }

    fn reading(&self) -> &'static str {
        "A row for each parameter: the dot is the median over its entries, the thick line holds the middle half of \
         them, the thin one 90 %. The cross in the middle column is the prior's standard deviation: scales that still \
         lie there have learned nothing. A ratio |loc|/scale below 1 means that the sign of a typical weight is \
         unknown."
    }

    fn needs(&self) -> Needs {
        Needs::Parameters
    }

    fn draw(&self, runs: &[&Material]) -> Result<Figure, String> {
        let all = runs[0].parameters.as_ref().map_err(String::clone)?;
        let (shown, hidden) = largest(all);
        if shown.is_empty() {
            return Err("the model has no parameters".into());
        }
        let mut figure = Figure::new("Posterior by parameter");
        let names = name_width(&shown);
        let random = shown.iter().any(|p| p.scale.is_some());
        let columns: &[Column] = if random { &COLUMNS } else { &COLUMNS[..1] };
        let each = (figure.width - names - 8.0) / columns.len() as f64;
        let top = figure.height + 20.0;
        for (number, column) in columns.iter().enumerate() {
            let left = names + each * number as f64 + 8.0;
            let place = [left, top, each - 14.0, ROW * shown.len() as f64 + 4.0];
            draw_column(&mut figure, column, place, &shown);
        }
        write_names(&mut figure, &shown, top, names);
        figure.height = top + ROW * shown.len() as f64 + 30.0;
        if hidden > 0 {
            figure.note(&format!("{hidden} smaller parameters are left out."));
        }
        if let Some(draws) = shown[0].draws {
            figure.note(&format!(
                "Loc and scale are the mean and the standard deviation of each entry over {draws} draws of the weights."
            ));
        }
        if shown.iter().any(|p| p.scale.is_none()) {
            figure.note(match random {
                true => "A parameter without a scale is a point estimate.",
                false => "Every parameter is a point estimate: it has no scale.",
            });
        }
        Ok(figure)
    }
}

/// A column: what it is called, and its numbers.
struct Column {
    name: &'static str,
    of: fn(&Parameter) -> Option<Spread>,
    mark: fn(&Parameter) -> Option<f64>,
}

const COLUMNS: [Column; 3] = [
    Column {
        name: "|loc|",
        of: |p| Some(p.loc),
        mark: |_| None,
    },
    Column {
        name: "scale",
        of: |p| p.scale,
        mark: |p| p.prior,
    },
    Column {
        name: "|loc| / scale",
        of: |p| p.ratio,
        mark: |_| None,
    },
];

/// The largest parameters, in their own order, and how many are left out.
pub(super) fn largest(all: &[Parameter]) -> (Vec<&Parameter>, usize) {
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(all[*index].entries));
    order.truncate(MOST);
    order.sort_unstable();
    let shown: Vec<&Parameter> = order.into_iter().map(|index| &all[index]).collect();
    let hidden = all.len() - shown.len();
    (shown, hidden)
}

/// Room for the names of parameters.
pub(super) fn name_width(shown: &[&Parameter]) -> f64 {
    let widths = shown.iter().map(|p| width(&p.name, SIZE));
    widths.fold(40.0, f64::max).min(130.0)
}

/// The names of parameters, a row each.
pub(super) fn write_names(figure: &mut Figure, shown: &[&Parameter], top: f64, room: f64) {
    for (row, parameter) in shown.iter().enumerate() {
        let y = top + ROW * (row as f64 + 0.5) + 4.0;
        let name = fit(&parameter.name, SIZE, room);
        figure.text([0.0, y], Anchor::Start, Ink::Text, name);
    }
}

fn draw_column(figure: &mut Figure, column: &Column, place: [f64; 4], shown: &[&Parameter]) {
    let [left, top, wide, height] = place;
    let title = [left + wide / 2.0, top - 6.0];
    figure.text(title, Anchor::Middle, Ink::Faint, column.name);
    let found = shown.iter().filter_map(|p| (column.of)(p));
    let marks = shown.iter().filter_map(|p| (column.mark)(p));
    let numbers = found.flat_map(|spread| spread.0).chain(marks);
    let positive: Vec<f64> = numbers.filter(|x| x.is_finite() && *x > 0.0).collect();
    // Entries that are exactly 0 stand at the left end.
    let [low, high] = range(positive.iter().copied());
    let x = match positive.is_empty() {
        true => Axis::logarithmic(0.1, 1.0),
        false => Axis::logarithmic((low * 0.8).max(high * 1e-7), high * 1.25),
    };
    let panel = Panel {
        place,
        x,
        y: Axis::linear(0.0, 1.0),
    };
    for (tick, _) in x.ticks(2) {
        let across = left + wide * x.at(tick);
        figure.add(Shape::Line {
            lines: vec![vec![[across, top], [across, top + height]]],
            pen: Pen::new(Ink::Grid, 1.0),
        });
    }
    panel.x_axis(figure, "");
    for (row, parameter) in shown.iter().enumerate() {
        let y = top + ROW * (row as f64 + 0.5);
        let at = |number: f64| left + wide * x.at(number.max(x.low)).clamp(0.0, 1.0);
        if let Some(deviation) = (column.mark)(parameter) {
            let (x, r) = (at(deviation), 4.0);
            let title = format!(
                "{}: prior standard deviation {}",
                parameter.name,
                digits(deviation)
            );
            let lines = vec![
                vec![[x - r, y - r], [x + r, y + r]],
                vec![[x - r, y + r], [x + r, y - r]],
            ];
            let pen = Pen::new(Ink::Series(1), 1.4);
            figure.titled(Shape::Line { lines, pen }, title);
        }
        let Some(Spread(q)) = (column.of)(parameter) else {
            continue;
        };
        let title = format!(
            "{}, {}: median {}, middle half {} to {}, 90 % {} to {}",
            parameter.name,
            column.name,
            digits(q[2]),
            digits(q[1]),
            digits(q[3]),
            digits(q[0]),
            digits(q[4])
        );
        let ink = Ink::Series(0);
        for (from, to, wide) in [(q[0], q[4], 1.2), (q[1], q[3], 4.0)] {
            figure.titled(
                Shape::Line {
                    lines: vec![vec![[at(from), y], [at(to), y]]],
                    pen: Pen::new(ink, wide),
                },
                &title[..],
            );
        }
        figure.titled(
            Shape::Dot {
                at: [at(q[2]), y],
                radius: 3.4,
                ink,
                opacity: 1.0,
            },
            title,
        );
    }
}
