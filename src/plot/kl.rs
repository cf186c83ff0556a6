//! What each parameter's posterior costs against its prior.

use super::axis::{Axis, range};
use super::figure::{Anchor, Figure, Ink, Pen, SIZE, Shape};
use super::panel::Panel;
use super::parameters::Parameter;
use super::posterior::{ROW, largest, name_width, write_names};
use super::text::width;
use super::{Kind, Material, Needs, digits};

/// The KL a weight, by parameter.
pub struct Kl;

impl Kind for Kl {
    fn name(&self) -> &'static str {
        "kl"
    }

    fn what(&self) -> &'static str {
        "the KL of each parameter against its prior, in nats a weight"
    }

    fn reading(&self) -> &'static str {
        "How far each parameter has moved from its prior, in nats a weight; on the right its part of the whole. \
         Near 0 a weight is its prior and could be left out; several nats mean that the data has fixed it, or that \
         the prior does not fit."
    }

    fn needs(&self) -> Needs {
        Needs::Parameters
    }

    fn draw(&self, runs: &[&Material]) -> Result<Figure, String> {
        let all = runs[0].parameters.as_ref().map_err(String::clone)?;
        let with_term: Vec<Parameter> = all.iter().filter(|p| p.term.is_some()).cloned().collect();
        let Some((word, _)) = with_term.first().and_then(|p| p.term) else {
            return Err(
                "no parameter has a term in the loss: there is no prior to compare with".into(),
            );
        };
        let nats = |p: &Parameter| p.term.map_or(0.0, |(_, nats)| nats);
        let total: f64 = with_term.iter().map(nats).sum();
        let (shown, hidden) = largest(&with_term);
        let mut figure = Figure::new(format!("{word} a weight, by parameter"));
        figure.note(&format!("{} nats in all", digits(total)));
        let names = name_width(&shown);
        let shares: Vec<String> = shown
            .iter()
            .map(|p| match total.is_finite() && total > 0.0 {
                true => match 100.0 * nats(p) / total {
                    share if share < 1.0 => "<1 %".into(),
                    share => format!("{share:.0} %"),
                },
                false => String::new(),
            })
            .collect();
        let room = shares.iter().map(|s| width(s, SIZE)).fold(0.0, f64::max) + 8.0;
        let top = figure.height + 8.0;
        let left = names + 10.0;
        let place = [
            left,
            top,
            figure.width - left - room,
            ROW * shown.len() as f64 + 4.0,
        ];
        let each = |p: &Parameter| nats(p) / p.entries as f64;
        let numbers = shown.iter().map(|p| each(p));
        let [low, high] = range(numbers.clone());
        let x = match low > 0.0 && high > 30.0 * low {
            true => Axis::logarithmic(low * 0.6, high * 1.4),
            false if low < 0.0 => Axis::around(numbers.chain([0.0])),
            false => Axis::from_zero(numbers),
        };
        let panel = Panel {
            place,
            x,
            y: Axis::linear(0.0, 1.0),
        };
        let label = if x.log {
            "nats a weight, logarithmic"
        } else {
            "nats a weight"
        };
        for (tick, _) in x.ticks(4) {
            let across = panel.at(tick, 0.0)[0];
            figure.add(Shape::Line {
                lines: vec![vec![[across, top], [across, top + place[3]]]],
                pen: Pen::new(Ink::Grid, 1.0),
            });
        }
        panel.x_axis(&mut figure, label);
        for (row, parameter) in shown.iter().enumerate() {
            let y = top + ROW * (row as f64 + 0.5);
            let at = |number: f64| left + place[2] * x.at(number.max(x.low)).clamp(0.0, 1.0);
            let title = format!(
                "{}: {} nats over {} entries, {} each",
                parameter.name,
                digits(nats(parameter)),
                crate::words::thousands(parameter.entries),
                digits(each(parameter))
            );
            let start = if x.log { left } else { at(0.0) };
            let end = at(each(parameter));
            let line = Shape::Line {
                lines: vec![vec![[start, y], [end, y]]],
                pen: Pen::new(Ink::Series(0), 1.2),
            };
            figure.titled(line, &title[..]);
            let dot = Shape::Dot {
                at: [end, y],
                radius: 4.0,
                ink: Ink::Series(0),
                opacity: 1.0,
            };
            figure.titled(dot, title);
            let at = [figure.width, y + 4.0];
            figure.text(at, Anchor::End, Ink::Faint, shares[row].as_str());
        }
        write_names(&mut figure, &shown, top, names);
        figure.height = top + ROW * shown.len() as f64 + 44.0;
        if hidden > 0 {
            figure.note(&format!("{hidden} smaller parameters are left out."));
        }
        Ok(figure)
    }
}
