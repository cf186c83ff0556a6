//! Pictures as SVG. A picture that is the same has the same text: numbers have up to two decimals, marks their order.
//!
//! Colours stand at each mark as on light paper, which every viewer shows; a style sheet replaces them where the
//! reader prefers dark pages.

use super::figure::{Anchor, Figure, Ink, Mark, Pen, Shape};
use std::fmt::Write;

/// What a picture is written for.
#[derive(Clone, Copy)]
pub enum Use<'a> {
    /// A file of its own, with its paper and its dark colours.
    File,
    /// A page that has [`style`] already.
    Page,
    /// A program that has no fonts: words are outlines.
    Outlines(&'a dyn Fn(&Words) -> String),
}

/// Words at a place.
pub struct Words<'a> {
    /// On the base line.
    pub at: [f64; 2],
    /// Beside it.
    pub anchor: Anchor,
    /// Of letters.
    pub size: f64,
    /// Whether they are heavy.
    pub bold: bool,
    /// The words.
    pub text: &'a str,
}

/// The fonts of words.
pub const FONTS: &str = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";

/// Room around a picture in a file.
pub const MARGIN: f64 = 12.0;

/// The rules by which marks are dark: of fills and of strokes, one for each ink.
pub fn dark_rules() -> String {
    let mut rules = String::new();
    for ink in Ink::all() {
        let (class, [_, dark]) = (ink.class(), ink.colours());
        write!(
            rules,
            ".f-{class}{{fill:{dark}}}.l-{class}{{stroke:{dark}}}"
        )
        .expect("a string");
    }
    rules
}

/// The style sheet of pictures.
pub fn style() -> String {
    let dark = dark_rules();
    format!("@media screen and (prefers-color-scheme:dark){{{dark}}}")
}

/// A picture as SVG.
pub fn write(figure: &Figure, to: Use) -> String {
    let mut out = String::new();
    // A page gives it its size, and room around it.
    let margin = match to {
        Use::Page => 0.0,
        _ => MARGIN,
    };
    let corner = number(-margin);
    let [width, height] = [figure.width, figure.height].map(|x| number(x + 2.0 * margin));
    let view = format!("{corner} {corner} {width} {height}");
    let size = match to {
        Use::Page => String::new(),
        _ => format!(" width=\"{width}\" height=\"{height}\""),
    };
    let title = escape(&figure.title);
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\"{size} viewBox=\"{view}\" role=\"img\" aria-label=\"{title}\" font-family=\"{FONTS}\">"
    )
    .expect("a string");
    if let Use::File = to {
        writeln!(out, "<style>{}</style>", style()).expect("a string");
    }
    if !matches!(to, Use::Page) {
        let paper = Shape::Bar {
            place: [
                -margin,
                -margin,
                figure.width + 2.0 * margin,
                figure.height + 2.0 * margin,
            ],
            ink: Ink::Paper,
            opacity: 1.0,
        };
        shape(&mut out, &paper, "", to);
    }
    for Mark { shape: s, title } in &figure.marks {
        shape(&mut out, s, title, to);
    }
    out.push_str("</svg>\n");
    out
}

fn shape(out: &mut String, shape: &Shape, title: &str, to: Use) {
    let mut tag = |name: &str, attributes: String| {
        match title.is_empty() {
            true => writeln!(out, "<{name} {attributes}/>"),
            false => writeln!(
                out,
                "<{name} {attributes}><title>{}</title></{name}>",
                escape(title)
            ),
        }
        .expect("a string");
    };
    match shape {
        Shape::Line { lines, pen } => {
            tag("path", format!("d=\"{}\" {}", path(lines), stroke(*pen)))
        }
        Shape::Area {
            corners,
            ink,
            opacity,
        } => {
            let line = path(std::slice::from_ref(corners));
            tag("path", format!("d=\"{line}Z\" {}", fill(*ink, *opacity)));
        }
        Shape::Bar {
            place,
            ink,
            opacity,
        } => {
            tag(
                "rect",
                format!("{} {}", rectangle(place), fill(*ink, *opacity)),
            );
        }
        Shape::Dot {
            at,
            radius,
            ink,
            opacity,
        } => {
            let [x, y] = at.map(number);
            let r = number(*radius);
            tag(
                "circle",
                format!("cx=\"{x}\" cy=\"{y}\" r=\"{r}\" {}", fill(*ink, *opacity)),
            );
        }
        Shape::Text {
            at,
            anchor,
            size,
            bold,
            ink,
            text,
        } => words(
            out,
            &Words {
                at: *at,
                anchor: *anchor,
                size: *size,
                bold: *bold,
                text,
            },
            *ink,
            to,
        ),
        // Painted over the picture.
        Shape::Image { .. } if matches!(to, Use::Outlines(_)) => {}
        Shape::Image { place, pixels } => tag(
            "image",
            format!(
                "{} preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"",
                rectangle(place),
                super::pixels::base64(&pixels.png())
            ),
        ),
    }
}

fn words(out: &mut String, words: &Words, ink: Ink, to: Use) {
    let fill = fill(ink, 1.0);
    if let Use::Outlines(outlines) = to {
        let heavy = match words.bold {
            true => format!(" stroke=\"{}\" stroke-width=\"0.5\"", ink.colours()[0]),
            false => String::new(),
        };
        writeln!(out, "<path d=\"{}\" {fill}{heavy}/>", outlines(words)).expect("a string");
        return;
    }
    let [x, y] = words.at.map(number);
    let anchor = match words.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let weight = if words.bold {
        " font-weight=\"600\""
    } else {
        ""
    };
    let (size, text) = (number(words.size), escape(words.text));
    writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{anchor}{weight} {fill}>{text}</text>"
    )
    .expect("a string");
}

fn path(lines: &[Vec<[f64; 2]>]) -> String {
    let mut out = String::new();
    for line in lines {
        for (index, point) in line.iter().enumerate() {
            let [x, y] = point.map(number);
            let to = if index == 0 { 'M' } else { 'L' };
            write!(out, "{to}{x} {y}").expect("a string");
        }
    }
    out
}

fn rectangle(place: &[f64; 4]) -> String {
    let [x, y, width, height] = place.map(number);
    format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"")
}

fn fill(ink: Ink, opacity: f64) -> String {
    let (class, [light, _]) = (ink.class(), ink.colours());
    let opacity = match opacity {
        1.0 => String::new(),
        less => format!(" fill-opacity=\"{}\"", number(less)),
    };
    format!("class=\"f-{class}\" fill=\"{light}\"{opacity}")
}

fn stroke(pen: Pen) -> String {
    let (class, [light, _]) = (pen.ink.class(), pen.ink.colours());
    let dash = match pen.dash {
        "" => String::new(),
        dash => format!(" stroke-dasharray=\"{dash}\""),
    };
    let width = number(pen.width);
    format!(
        "class=\"l-{class}\" fill=\"none\" stroke=\"{light}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{dash}"
    )
}

/// Up to two decimals: `12`, `0.25`, `-3.1`.
pub fn number(x: f64) -> String {
    let text = format!("{x:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" => "0".into(),
        _ => text.into(),
    }
}

/// Text as XML has it. Characters that act on what is around them are written as JSON writes them.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in crate::words::printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let numbers = [0.0, -0.001, 12.0, 0.256, -3.1, 100.0];
        assert_eq!(numbers.map(number), ["0", "0", "12", "0.26", "-3.1", "100"]);
    }

    #[test]
    fn a_name_cannot_leave_its_place() {
        let mut figure = Figure::new("a < b & \"c\"");
        figure.text(
            [0.0, 0.0],
            Anchor::Start,
            Ink::Text,
            "</text><script>\u{1b}ü",
        );
        let text = write(&figure, Use::File);
        assert!(
            text.contains("aria-label=\"a &lt; b &amp; &quot;c&quot;\""),
            "{text}"
        );
        assert!(
            text.contains(">&lt;/text&gt;&lt;script&gt;\\u001bü</text>"),
            "{text}"
        );
        assert!(!text.contains("<script"));
    }
}
