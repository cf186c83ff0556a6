//! The parts of the loss over training.

use super::axis::{Axis, range};
use super::figure::{Figure, Ink, Key, Pen, Sample};
use super::log::Log;
use super::panel::Panel;
use super::svg::number;
use super::{Kind, Material, Needs, digits};

/// The most layers with a line of their own.
const LAYERS: usize = 5;

/// The loss, its nll and what each layer adds.
pub struct Loss;

impl Kind for Loss {
    fn name(&self) -> &'static str {
        "loss"
    }

    fn what(&self) -> &'static str {
        "the loss by part over training: the nll, and the KL of each layer"
    }

    fn reading(&self) -> &'static str {
        "Above, the nll of the training examples, each batch with its step's draw of the weights, and of the validation part \
         where there is one: it is to fall and stay. At the bottom the loss, of a single run with the nll and what each \
         layer adds to it. A layer whose KL outweighs the nll is held to its prior more than to the data."
    }

    fn needs(&self) -> Needs {
        Needs::Log
    }

    fn overlays(&self) -> bool {
        true
    }

    fn draw(&self, runs: &[&Material]) -> Result<Figure, String> {
        let mut logs = vec![];
        for run in runs {
            if let Ok(log) = &run.log
                && !log.points.is_empty()
            {
                logs.push((&run.name[..], log));
            }
        }
        match (&logs[..], runs) {
            ([], [run, ..]) => Err(match &run.log {
                Err(why) => why.clone(),
                Ok(_) => "no step was logged: training was stopped before".into(),
            }),
            ([(_, log)], [_]) => Ok(one(log)),
            _ => Ok(several(&logs)),
        }
    }
}

/// The nll over training, of all targets together.
fn nll(log: &Log) -> Vec<[f64; 2]> {
    log.sum(|term| log.is_data(term))
}

fn loss(log: &Log) -> Vec<[f64; 2]> {
    log.points.iter().map(|p| [p.epoch, p.loss]).collect()
}

/// What a line is called, with its last number.
fn told(name: &str, line: &[[f64; 2]]) -> String {
    match line.iter().rfind(|[_, value]| value.is_finite()) {
        Some([epoch, last]) => format!("{name}: {} at epoch {}", digits(*last), number(*epoch)),
        None => name.into(),
    }
}

/// A line with its name.
type Named = (String, Vec<[f64; 2]>, Pen);

/// The epochs, the same in all panels.
fn epochs(logs: &[(&str, &Log)]) -> Axis {
    let trained = logs.iter().flat_map(|(_, log)| &log.points);
    let validated = logs.iter().flat_map(|(_, log)| &log.validation);
    let all = trained
        .map(|point| point.epoch)
        .chain(validated.map(|point| point[0]));
    let [_, last] = range(all);
    Axis::linear(0.0, if last > 0.0 { last } else { 1.0 })
}

fn draw_panel(figure: &mut Figure, lines: &[Named], x: Axis, what: &str, height: f64) {
    let keys: Vec<Key> = lines
        .iter()
        .map(|(name, line, pen)| Key {
            name: name.clone(),
            // As it is drawn.
            sample: match line.len() {
                1 => Sample::Dot(pen.ink),
                _ => Sample::Line(*pen),
            },
        })
        .collect();
    if keys.len() > 1 {
        figure.legend(&keys);
    }
    let all = || lines.iter().flat_map(|(_, line, _)| line);
    let y = match range(all().map(|point| point[1])) {
        [low, high] if low > 0.0 && high > 8.0 * low => {
            Axis::for_sizes(all().map(|point| point[1]), 8.0)
        }
        _ => Axis::around(all().map(|point| point[1])),
    };
    let label = if y.log {
        format!("{what}, logarithmic")
    } else {
        what.into()
    };
    let panel = Panel::beneath(figure, height, [x, y], ["epoch", &label]);
    for (name, line, pen) in lines {
        panel.line(figure, line, *pen, &told(name, line));
    }
}

fn one(log: &Log) -> Figure {
    let mut figure = Figure::new("Loss by part over training");
    let x = epochs(&[("", log)]);
    let mut lines = vec![("training".into(), nll(log), Pen::of_series(0))];
    if !log.validation.is_empty() {
        lines.push((
            "validation".into(),
            log.validation.clone(),
            Pen::of_series(1),
        ));
    }
    let of = if log.by_step {
        "nll of minibatches"
    } else {
        "nll"
    };
    draw_panel(
        &mut figure,
        &lines,
        x,
        &format!("{of}, nats an example"),
        130.0,
    );
    let layers = log.layers();
    if layers.is_empty() {
        figure.note("The loss has no terms over the weights.");
    } else {
        let lines = parts(log, layers);
        draw_panel(
            &mut figure,
            &lines,
            x,
            "loss and its parts, nats an example",
            150.0,
        );
    }
    broken(&mut figure, &[("The loss", log)]);
    figure
}

/// The loss, the nll, and the layers that add most at the end.
fn parts(log: &Log, layers: Vec<(String, Vec<usize>)>) -> Vec<Named> {
    let mut lines = vec![
        ("loss".into(), loss(log), Pen::new(Ink::Text, 2.0)),
        ("nll".into(), nll(log), Pen::of_series(0)),
    ];
    let last = |terms: &[usize]| -> f64 {
        let finite = log.points.iter().rev().find(|p| p.loss.is_finite());
        finite.map_or(0.0, |point| {
            terms.iter().map(|term| point.terms[*term]).sum()
        })
    };
    let mut largest: Vec<usize> = (0..layers.len()).collect();
    largest.sort_by(|a, b| last(&layers[*b].1).total_cmp(&last(&layers[*a].1)));
    let alone = match layers.len() {
        n if n <= LAYERS => n,
        _ => LAYERS - 1,
    };
    let (mut shown, rest) = (largest[..alone].to_vec(), &largest[alone..]);
    shown.sort_unstable();
    for (number, layer) in shown.iter().enumerate() {
        let (name, terms) = &layers[*layer];
        let line = log.sum(|term| terms.contains(&term));
        lines.push((name.clone(), line, Pen::of_series(number + 1)));
    }
    if !rest.is_empty() {
        let terms: Vec<usize> = rest
            .iter()
            .flat_map(|layer| layers[*layer].1.clone())
            .collect();
        let line = log.sum(|term| terms.contains(&term));
        let name = format!("{} other layers", rest.len());
        lines.push((name, line, Pen::of_series(alone + 1)));
    }
    lines
}

fn several(logs: &[(&str, &Log)]) -> Figure {
    let mut figure = Figure::new("Loss over training");
    let x = epochs(logs);
    let lines = |of: &dyn Fn(&Log) -> Vec<[f64; 2]>| -> Vec<Named> {
        let all = logs.iter().enumerate();
        all.map(|(number, (name, log))| (name.to_string(), of(log), Pen::of_series(number)))
            .filter(|(_, line, _)| !line.is_empty())
            .collect()
    };
    draw_panel(
        &mut figure,
        &lines(&nll),
        x,
        "training nll, nats an example",
        130.0,
    );
    let validation = lines(&|log| log.validation.clone());
    if !validation.is_empty() {
        draw_panel(
            &mut figure,
            &validation,
            x,
            "validation nll, nats an example",
            130.0,
        );
    }
    draw_panel(
        &mut figure,
        &lines(&loss),
        x,
        "loss, nats an example",
        130.0,
    );
    broken(&mut figure, logs);
    figure
}

/// Says where a loss was no number.
fn broken(figure: &mut Figure, logs: &[(&str, &Log)]) {
    for (name, log) in logs {
        if let Some(point) = log.points.iter().find(|point| !point.loss.is_finite()) {
            figure.note(&format!(
                "{name} is not finite from epoch {} on: training diverged.",
                number(point.epoch)
            ));
        }
    }
}
