//! A panel: a part of a picture with two axes, on which data is drawn.

use super::axis::Axis;
use super::figure::{Anchor, Figure, Ink, Pen, SIZE, Shape};
use super::text::width as words;

/// A panel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Panel {
    /// Left, top, width, height of what is between the axes.
    pub place: [f64; 4],
    /// To the right.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
}

/// Pixels between ticks.
const APART: [f64; 2] = [70.0, 30.0];

impl Panel {
    /// A panel beneath what there is, as wide as the picture, with its axes: `labels` are what they are of.
    pub fn beneath(figure: &mut Figure, height: f64, axes: [Axis; 2], labels: [&str; 2]) -> Panel {
        let [x, y] = axes;
        let ticks = y.ticks((height / APART[1]).max(2.0) as usize);
        let widths = ticks.iter().map(|(_, text)| words(text, SIZE));
        let left = widths.fold(16.0, f64::max) + 8.0;
        let top = figure.height + 27.0;
        let panel = Panel {
            place: [left, top, figure.width - left - 14.0, height],
            x,
            y,
        };
        let at = [0.0, figure.height + 12.0];
        figure.text(at, Anchor::Start, Ink::Faint, labels[1]);
        for (y, text) in ticks {
            panel.across(figure, y, Pen::new(Ink::Grid, 1.0));
            let at = [left - 6.0, panel.at(x.low, y)[1] + 4.0];
            figure.text(at, Anchor::End, Ink::Faint, text);
        }
        panel.x_axis(figure, labels[0]);
        figure.height = top + height + 38.0;
        panel
    }

    /// The axis at the bottom.
    pub fn x_axis(&self, figure: &mut Figure, label: &str) {
        let [left, top, width, height] = self.place;
        let bottom = top + height;
        figure.add(Shape::Line {
            lines: vec![vec![[left, bottom], [left + width, bottom]]],
            pen: Pen::new(Ink::Axis, 1.0),
        });
        let mut free = f64::NEG_INFINITY;
        for (x, text) in self.x.ticks((width / APART[0]).max(2.0) as usize) {
            let x = left + width * self.x.at(x);
            let half = words(&text, SIZE) / 2.0;
            if x - half < free {
                continue;
            }
            free = x + half + 4.0;
            figure.add(Shape::Line {
                lines: vec![vec![[x, bottom], [x, bottom + 4.0]]],
                pen: Pen::new(Ink::Axis, 1.0),
            });
            figure.text([x, bottom + 17.0], Anchor::Middle, Ink::Faint, text);
        }
        if !label.is_empty() {
            let at = [left + width / 2.0, bottom + 33.0];
            figure.text(at, Anchor::Middle, Ink::Faint, label);
        }
    }

    /// The place of a pair of numbers.
    pub fn at(&self, x: f64, y: f64) -> [f64; 2] {
        let [left, top, width, height] = self.place;
        [
            left + width * self.x.at(x),
            top + height * (1.0 - self.y.at(y)),
        ]
    }

    /// Lines through points, broken where a number is not finite, or has no place on a logarithmic axis.
    pub fn line(&self, figure: &mut Figure, points: &[[f64; 2]], pen: Pen, title: &str) {
        let has_place = |[x, y]: &[f64; 2]| {
            x.is_finite() && y.is_finite() && !(self.y.log && *y <= 0.0 || self.x.log && *x <= 0.0)
        };
        let lines: Vec<Vec<[f64; 2]>> = (points.split(|point| !has_place(point)))
            .filter(|run| !run.is_empty())
            .map(|run| thinned(run.iter().map(|[x, y]| self.at(*x, *y)).collect()))
            .collect();
        // A line of one point is none.
        for alone in lines.iter().filter(|line| line.len() == 1) {
            dot(figure, alone[0], 3.0, pen.ink, title);
        }
        let lines: Vec<_> = lines.into_iter().filter(|line| line.len() > 1).collect();
        if !lines.is_empty() {
            figure.titled(Shape::Line { lines, pen }, title);
        }
    }

    /// Dots at pairs of numbers.
    pub fn dots(&self, figure: &mut Figure, points: &[([f64; 2], String)], ink: Ink) {
        self.dots_of(figure, points, ink, 3.0);
    }

    /// The same for many of them.
    pub fn small_dots(&self, figure: &mut Figure, points: &[([f64; 2], String)], ink: Ink) {
        self.dots_of(figure, points, ink, 1.8);
    }

    fn dots_of(&self, figure: &mut Figure, points: &[([f64; 2], String)], ink: Ink, radius: f64) {
        for ([x, y], title) in points {
            if x.is_finite() && y.is_finite() {
                dot(figure, self.at(*x, *y), radius, ink, title);
            }
        }
    }

    /// What lies between two lines: x, below and above.
    pub fn band(
        &self,
        figure: &mut Figure,
        points: &[[f64; 3]],
        ink: Ink,
        opacity: f64,
        title: &str,
    ) {
        let points = points.iter().filter(|p| p.iter().all(|x| x.is_finite()));
        let above = points.clone().map(|[x, _, high]| self.at(*x, *high));
        let below = points.rev().map(|[x, low, _]| self.at(*x, *low));
        let corners: Vec<_> = above.chain(below).collect();
        if corners.len() > 2 {
            let area = Shape::Area {
                corners,
                ink,
                opacity,
            };
            figure.titled(area, title);
        }
    }

    /// A bar from the bottom up to `y`, between two numbers of the x axis.
    pub fn bar(&self, figure: &mut Figure, [from, to]: [f64; 2], y: f64, ink: Ink, title: &str) {
        let ([left, top], [right, bottom]) = (self.at(from, y), self.at(to, self.y.low));
        let size = [right - left - 1.0, bottom - top].map(|x| x.max(0.5));
        let bar = Shape::Bar {
            place: [left + 0.5, top, size[0], size[1]],
            ink,
            opacity: 0.75,
        };
        figure.titled(bar, title);
    }

    /// A level line.
    pub fn across(&self, figure: &mut Figure, y: f64, pen: Pen) {
        let [left, _, width, _] = self.place;
        let y = self.at(self.x.low, y)[1];
        figure.add(Shape::Line {
            lines: vec![vec![[left, y], [left + width, y]]],
            pen,
        });
    }
}

fn dot(figure: &mut Figure, at: [f64; 2], radius: f64, ink: Ink, title: &str) {
    let dot = Shape::Dot {
        at,
        radius,
        ink,
        opacity: 1.0,
    };
    figure.titled(dot, title);
}

/// Points of a long line that are less than half a pixel from the last one left out, but for the last.
fn thinned(points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    if points.len() < 1000 {
        return points;
    }
    let mut kept: Vec<[f64; 2]> = vec![];
    for (index, point) in points.iter().enumerate() {
        let near = |last: &[f64; 2]| (last[0] - point[0]).abs() + (last[1] - point[1]).abs() < 0.5;
        if index + 1 == points.len() || !kept.last().is_some_and(near) {
            kept.push(*point);
        }
    }
    kept
}
