//! What leaving out the weights of the lowest signal-to-noise costs.

use super::axis::Axis;
use super::figure::{Figure, Ink, Pen};
use super::panel::Panel;
use super::pruned::Pruned;
use super::{Kind, Material, Needs, digits};

/// Scores by the share of the weights that are 0.
pub struct Pruning;

impl Kind for Pruning {
    fn name(&self) -> &'static str {
        "pruning"
    }

    fn what(&self) -> &'static str {
        "what is lost where the weights of the lowest |loc|/scale are set to 0"
    }

    fn reading(&self) -> &'static str {
        "The weights with the lowest |loc|/scale, of all layers together, are set to 0 and the examples predicted \
         again. A curve that stays level to the right says that most weights carry nothing; the dashed line is the \
         whole network."
    }

    fn needs(&self) -> Needs {
        Needs::Pruned
    }

    fn overlays(&self) -> bool {
        true
    }

    fn draw(&self, runs: &[&Material]) -> Result<Figure, String> {
        let found: Vec<(&str, &Pruned)> = runs
            .iter()
            .filter_map(|run| Some((&run.name[..], run.pruned.as_ref().ok()?)))
            .collect();
        let Some((_, first)) = found.first() else {
            return Err(runs[0].pruned.as_ref().err().cloned().unwrap_or_default());
        };
        let mut figure = Figure::new("Pruning by signal-to-noise");
        let pens = (0..).map(Pen::of_series);
        if found.len() > 1 {
            figure.legend(&super::keys(found.iter().map(|(name, _)| *name)));
        }
        let same: Vec<_> = found
            .iter()
            .filter(|(_, p)| p.score == first.score)
            .collect();
        let values = same.iter().flat_map(|(_, p)| p.points.iter().map(|p| p[2]));
        let factor = if first.score == "accuracy" {
            100.0
        } else {
            1.0
        };
        let values = values.map(|x| x * factor);
        let y = match first.score {
            "accuracy" => Axis::around(values),
            _ => Axis::for_sizes(values, 20.0),
        };
        let label = match first.score {
            "accuracy" => "accuracy, %".into(),
            name => format!("{name}, the target's units"),
        };
        let x = Axis::linear(0.0, 100.0);
        let labels = ["weights set to 0, %", &label];
        let panel = Panel::beneath(&mut figure, 180.0, [x, y], labels);
        for ((name, pruned), pen) in same.iter().zip(pens) {
            let line: Vec<[f64; 2]> = (pruned.points.iter())
                .map(|[share, _, score]| [share * 100.0, score * factor])
                .collect();
            panel.across(
                &mut figure,
                line[0][1],
                Pen::new(Ink::Axis, 1.0).dashed("3 3"),
            );
            panel.line(&mut figure, &line, pen, name);
            let dots: Vec<_> = (line.iter().zip(&pruned.points))
                .map(|(at, [share, ratio, _])| {
                    let (share, score) = (digits(share * 100.0), digits(at[1]));
                    let title = format!(
                        "{share} % of {} weights, those of |loc|/scale below {}: {} {score}",
                        crate::words::thousands(pruned.weights),
                        digits(*ratio),
                        pruned.score
                    );
                    (*at, title)
                })
                .collect();
            panel.dots(&mut figure, &dots, pen.ink);
        }
        let examples = crate::words::counted(first.examples, "example", "examples");
        let draws = crate::words::plural(first.draws, "draw");
        figure.note(&format!("{examples}, {draws} of the weights averaged"));
        Ok(figure)
    }
}
