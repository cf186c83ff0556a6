//! A picture: marks at places, in inks that each way of writing gives its colours.

use super::text::width;

/// What something is drawn with. A name and no colour: a page has light and dark ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Behind everything.
    Paper,
    /// Words, and what is most important.
    Text,
    /// Words beside the marks.
    Faint,
    /// Axes.
    Axis,
    /// Lines across a panel.
    Grid,
    /// The data, by number.
    Series(usize),
}

/// The inks of data: Okabe and Ito's colours, which the colour-blind tell apart. Without their yellow, which paper
/// swallows; dashes and markers tell them apart in print.
pub const SERIES: [[&str; 2]; 6] = [
    ["#0072b2", "#56a8e0"],
    ["#d55e00", "#f08a4b"],
    ["#009e73", "#35c199"],
    ["#cc79a7", "#dd9cc0"],
    ["#e69f00", "#e8b04a"],
    ["#56b4e9", "#8fd0f5"],
];

/// Dashes, by number of series; none is a solid line.
const DASHES: [&str; 6] = ["", "6 3", "2 2.5", "9 3 2 3", "4 1.5", "1 3"];

impl Ink {
    /// Its colour on light and on dark paper.
    pub fn colours(self) -> [&'static str; 2] {
        match self {
            Ink::Paper => ["#ffffff", "#16181c"],
            Ink::Text => ["#1f2328", "#e6e8eb"],
            Ink::Faint => ["#59636e", "#9aa4af"],
            Ink::Axis => ["#8c959f", "#6e7681"],
            Ink::Grid => ["#e6e8eb", "#2b3036"],
            Ink::Series(number) => SERIES[number % SERIES.len()],
        }
    }

    /// What it is called in a style sheet.
    pub fn class(self) -> String {
        match self {
            Ink::Paper => "paper".into(),
            Ink::Text => "text".into(),
            Ink::Faint => "faint".into(),
            Ink::Axis => "axis".into(),
            Ink::Grid => "grid".into(),
            Ink::Series(number) => format!("s{}", number % SERIES.len()),
        }
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Ink> {
        let plain = [Ink::Paper, Ink::Text, Ink::Faint, Ink::Axis, Ink::Grid];
        let series = (0..SERIES.len()).map(Ink::Series);
        plain.into_iter().chain(series)
    }
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pen {
    /// Its colour.
    pub ink: Ink,
    /// Its width in pixels.
    pub width: f64,
    /// Lengths of dashes and gaps; empty for a solid line.
    pub dash: &'static str,
}

impl Pen {
    /// A solid line.
    pub fn new(ink: Ink, width: f64) -> Pen {
        let dash = "";
        Pen { ink, width, dash }
    }

    /// The line of a series of data: each with its own dashes.
    pub fn of_series(number: usize) -> Pen {
        Pen {
            ink: Ink::Series(number),
            width: 1.6,
            dash: DASHES[(number + number / SERIES.len()) % DASHES.len()],
        }
    }

    /// The same with other dashes.
    pub fn dashed(self, dash: &'static str) -> Pen {
        Pen { dash, ..self }
    }
}

/// Where a text lies beside its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// Something drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Lines from point to point, each list by itself.
    Line {
        /// The points of each.
        lines: Vec<Vec<[f64; 2]>>,
        /// How they are drawn.
        pen: Pen,
    },
    /// The inside of a closed line.
    Area {
        /// Its corners.
        corners: Vec<[f64; 2]>,
        /// Its colour.
        ink: Ink,
        /// How little of what is behind it shows.
        opacity: f64,
    },
    /// A rectangle: left, top, width, height.
    Bar {
        /// Its place.
        place: [f64; 4],
        /// Its colour.
        ink: Ink,
        /// How little of what is behind it shows.
        opacity: f64,
    },
    /// A disc.
    Dot {
        /// Its middle.
        at: [f64; 2],
        /// Half its width.
        radius: f64,
        /// Its colour.
        ink: Ink,
        /// How little of what is behind it shows.
        opacity: f64,
    },
    /// Words.
    Text {
        /// Its place, on the base line.
        at: [f64; 2],
        /// Where it lies beside that.
        anchor: Anchor,
        /// The size of its letters.
        size: f64,
        /// Whether it is heavy.
        bold: bool,
        /// Its colour.
        ink: Ink,
        /// The words.
        text: String,
    },
    /// An image, each pixel a square.
    Image {
        /// Left, top, width, height.
        place: [f64; 4],
        /// What it shows.
        pixels: super::pixels::Pixels,
    },
}

/// A shape, and what a reader is told of it who points at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// The shape.
    pub shape: Shape,
    /// What is told; may be empty.
    pub title: String,
}

/// The size of ordinary letters.
pub const SIZE: f64 = 12.0;
/// The width of a picture in pixels: a phone shows it at four fifths of its size, and letters stay readable.
pub const WIDTH: f64 = 440.0;

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it shows, in a few words.
    pub title: String,
    /// In pixels.
    pub width: f64,
    /// In pixels: grows as things are put beneath each other.
    pub height: f64,
    /// What is drawn, in order.
    pub marks: Vec<Mark>,
}

/// What a legend has of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// What stands before the name.
    pub sample: Sample,
}

/// What a series looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sample {
    /// A line.
    Line(Pen),
    /// An area or bars.
    Area(Ink, f64),
    /// Dots.
    Dot(Ink),
}

impl Figure {
    /// A picture with its title on top.
    pub fn new(title: impl Into<String>) -> Figure {
        let title = title.into();
        let mut figure = Figure {
            title: title.clone(),
            width: WIDTH,
            height: 20.0,
            marks: vec![],
        };
        figure.add(Shape::Text {
            at: [0.0, 14.0],
            anchor: Anchor::Start,
            size: 13.5,
            bold: true,
            ink: Ink::Text,
            text: title,
        });
        figure
    }

    /// Draws a shape.
    pub fn add(&mut self, shape: Shape) {
        self.titled(shape, "");
    }

    /// Draws a shape of which something is told.
    pub fn titled(&mut self, shape: Shape, title: impl Into<String>) {
        let title = title.into();
        self.marks.push(Mark { shape, title });
    }

    /// Words of ordinary size.
    pub fn text(&mut self, at: [f64; 2], anchor: Anchor, ink: Ink, text: impl Into<String>) {
        self.add(Shape::Text {
            at,
            anchor,
            size: SIZE,
            bold: false,
            ink,
            text: text.into(),
        });
    }

    /// Words beneath what there is, in lines.
    pub fn note(&mut self, text: &str) {
        let letters = (self.width / width("n", SIZE)) as usize;
        for line in crate::words::wrap(text, letters) {
            self.height += 16.0;
            self.text([0.0, self.height - 4.0], Anchor::Start, Ink::Faint, line);
        }
        self.height += 2.0;
    }

    /// What each series looks like, beneath what there is.
    pub fn legend(&mut self, keys: &[Key]) {
        let mut x = 0.0;
        self.height += 18.0;
        for key in keys {
            let room = 24.0 + width(&key.name, SIZE) + 14.0;
            if x > 0.0 && x + room - 14.0 > self.width {
                (x, self.height) = (0.0, self.height + 18.0);
            }
            let middle = self.height - 8.0;
            self.add(match key.sample {
                Sample::Line(pen) => Shape::Line {
                    lines: vec![vec![[x, middle], [x + 18.0, middle]]],
                    pen,
                },
                Sample::Area(ink, opacity) => Shape::Bar {
                    place: [x + 2.0, middle - 5.0, 14.0, 10.0],
                    ink,
                    opacity,
                },
                Sample::Dot(ink) => Shape::Dot {
                    at: [x + 9.0, middle],
                    radius: 3.0,
                    ink,
                    opacity: 1.0,
                },
            });
            let at = [x + 24.0, middle + 4.0];
            self.text(at, Anchor::Start, Ink::Text, key.name.as_str());
            x += room;
        }
        self.height += 4.0;
    }
}
