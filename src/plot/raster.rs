//! Pictures as PNG, on light paper, at twice their size. Letters are drawn as outlines of DejaVu Sans.

use super::figure::{Anchor, Figure, Shape};
use super::svg::{self, Use, Words, number};
use crate::diagnostic::{Diagnostic, Result};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use std::fmt::Write;
use ttf_parser::{Face, OutlineBuilder};

/// Pixels of the file for one of the picture.
const SCALE: f64 = 2.0;

/// A picture as a PNG file.
///
/// # Errors
///
/// `E0613` for a picture that has no room in memory.
pub fn png(figure: &Figure) -> Result<Vec<u8>> {
    let face = Face::parse(dejavu::sans::regular(), 0).expect("the font is part of the program");
    let outlines = |words: &Words| outlines(&face, words);
    let text = svg::write(figure, Use::Outlines(&outlines));
    let tree = Tree::from_str(&text, &Options::default()).expect("what `svg` writes is SVG");
    let size = tree.size();
    let [width, height] =
        [size.width(), size.height()].map(|x| (f64::from(x) * SCALE).ceil().max(1.0) as u32);
    let Some(mut pixmap) = Pixmap::new(width, height) else {
        let title = format!("a picture of {width} × {height} pixels is too large");
        return Err(Diagnostic::error("E0613", title).into());
    };
    let scale = SCALE as f32;
    resvg::render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut pixmap.as_mut(),
    );
    for mark in &figure.marks {
        if let Shape::Image { place, pixels } = &mark.shape {
            paint(
                &mut pixmap,
                place.map(|x| x * SCALE),
                svg::MARGIN * SCALE,
                pixels,
            );
        }
    }
    Ok(pixmap
        .encode_png()
        .expect("memory takes all that is written"))
}

/// Paints an image, each pixel a square.
fn paint(pixmap: &mut Pixmap, place: [f64; 4], margin: f64, image: &super::pixels::Pixels) {
    let [left, top, width, height] = place;
    let across = pixmap.width() as usize;
    let down = pixmap.height() as usize;
    let start = [left + margin, top + margin].map(|x| x.round() as usize);
    let size = [width, height].map(|x| x.round() as usize);
    let data = pixmap.data_mut();
    for y in 0..size[1].min(down.saturating_sub(start[1])) {
        for x in 0..size[0].min(across.saturating_sub(start[0])) {
            let [r, g, b] = image.rgb(y * image.height / size[1], x * image.width / size[0]);
            let at = ((start[1] + y) * across + start[0] + x) * 4;
            data[at..at + 4].copy_from_slice(&[r, g, b, 255]);
        }
    }
}

/// The outlines of words at their place, as the data of a path.
fn outlines(face: &Face, words: &Words) -> String {
    let scale = words.size / f64::from(face.units_per_em());
    let letters: Vec<_> = words
        .text
        .chars()
        .map(|c| face.glyph_index(c).unwrap_or_default())
        .collect();
    let advance = |glyph| f64::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * scale;
    let width: f64 = letters.iter().map(|glyph| advance(*glyph)).sum();
    let [x, y] = words.at;
    let mut pen = Outline {
        x: match words.anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        },
        y,
        scale,
        path: String::new(),
    };
    for glyph in letters {
        face.outline_glyph(glyph, &mut pen);
        pen.x += advance(glyph);
    }
    pen.path
}

/// The outline of letters so far, and where the next begins.
struct Outline {
    x: f64,
    y: f64,
    scale: f64,
    path: String,
}

impl Outline {
    fn point(&mut self, command: &str, points: &[[f32; 2]]) {
        self.path.push_str(command);
        for [x, y] in points {
            let x = number(self.x + f64::from(*x) * self.scale);
            let y = number(self.y - f64::from(*y) * self.scale);
            write!(self.path, "{x} {y} ").expect("a string");
        }
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.point("M", &[[x, y]]);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.point("L", &[[x, y]]);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.point("Q", &[[x1, y1], [x, y]]);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.point("C", &[[x1, y1], [x2, y2], [x, y]]);
    }
    fn close(&mut self) {
        self.path.push('Z');
    }
}
