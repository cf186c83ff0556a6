//! The arguments of a layer of another tool as they are written here.

use super::layers::Line;
use super::parser::{Argument, Expr, ExprKind};
use super::program::Program;
use crate::diagnostic::elsewhere;
use crate::layer;
use crate::show;
use crate::source::Span;

/// Arguments of other tools that say nothing of the model.
const SILENT: &[&str] = &["name", "dtype", "trainable", "seed", "inplace"];
/// Arguments that say the shape of the input.
pub(super) const SHAPES: &[&str] = &["input_shape", "shape", "input_dim", "batch_input_shape"];

/// The arguments of a call as they are translated, one after another.
pub(super) struct Call<'a> {
    /// The layer there.
    word: &'a str,
    /// The layer here.
    ours: &'static str,
    /// What its arguments are called here.
    names: Vec<&'static str>,
    /// What those by place are called there, from the next on.
    places: std::vec::IntoIter<&'static str>,
    /// As they are written here.
    pub given: Vec<String>,
    /// Sizes that are numbers, of both axes of an image: of the kernel, the stride, …
    pairs: Vec<(&'static str, [f64; 2])>,
    /// A padding that is a number, or one for each axis.
    padding: Option<(Span, [f64; 2])>,
    /// How many outputs a dense layer has.
    pub units: Option<usize>,
    /// The activation, which is a layer of its own here.
    pub activation: Option<&'a Expr>,
    /// Whether a norm of PyTorch has a gain and a shift, where the program says it.
    pub affine: Option<bool>,
}

impl<'a> Call<'a> {
    pub fn new(word: &'a str, ours: &'static str, arguments: &[Argument]) -> Self {
        let parameters = layer::find(ours).map_or(&[][..], |entry| entry.signature().parameters);
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
        let given: Vec<Option<&str>> = arguments.iter().map(|a| a.name.as_deref()).collect();
        let places = elsewhere::order(word, &given).unwrap_or(&names).to_vec();
        Call {
            word,
            ours,
            names,
            places: places.into_iter(),
            given: vec![],
            pairs: vec![],
            padding: None,
            units: None,
            activation: None,
            affine: None,
        }
    }

    /// Translates one argument, or notes why not.
    pub fn argument(&mut self, program: &Program, argument: &'a Argument, line: &mut Line) {
        let given = &argument.value;
        let name = match &argument.name {
            Some(name) => name,
            None => self.places.next().unwrap_or(""),
        };
        let entry = elsewhere::find("E0203", name, &self.names);
        let same = self.names.iter().copied().find(|known| *known == name);
        let parameter = same.or_else(|| entry.and_then(|entry| entry.ours));
        let text = parameter.and_then(|parameter| value(program, parameter, given));
        let pair = pair(program, given);
        let mut note = |text: String| line.notes.push((given.span, text));
        match (name, parameter, text) {
            ("activation", ..) => self.activation = Some(given),
            ("use_bias" | "bias", ..) => match given.last_name() {
                Some("False") => self.given.push("bias = none".into()),
                Some("True") => {}
                _ => note(format!(
                    "whether `{}` has a bias is not said; in the draft it has",
                    self.word
                )),
            },
            ("affine" | "elementwise_affine", ..) => match given.last_name() {
                Some("False") => self.affine = Some(false),
                Some("True") => self.affine = Some(true),
                _ => note(format!(
                    "whether `{}` has a gain and a shift is not said; in the draft it has",
                    self.word
                )),
            },
            // The width of what a norm takes is that of the value above it.
            (name, None, _) if elsewhere::is_input_width(name) && !name.starts_with("in_") => {}
            ("in_features", ..) => line.shape = program.sizes(given),
            ("in_channels", ..) => line.channels = program.number(given).map(|n| n as usize),
            ("groups", ..) if program.number(given) == Some(1.0) => {}
            ("padding", Some(_), _) if pair.is_some() => {
                self.padding = pair.map(|pair| (given.span, pair));
            }
            (_, Some(parameter), Some(text)) => {
                if parameter == "units" {
                    self.units = text.parse().ok();
                }
                self.pairs.extend(pair.map(|pair| (parameter, pair)));
                self.given
                    .push(match self.names.first() == Some(&parameter) {
                        true => text,
                        false => format!("{parameter} = {text}"),
                    });
            }
            (_, Some(parameter), None) => note(format!(
                "`{parameter}` of `{}` is not a number that the program says",
                self.word
            )),
            (name, None, _) if SILENT.contains(&name) || SHAPES.contains(&name) => {}
            ("", None, _) => note(format!("an argument of `{}` is left out", self.word)),
            (name, None, _) => {
                let why = entry.map_or("there is no such argument here", |entry| entry.help);
                note(format!(
                    "`{name}`: {}",
                    why.trim_start_matches("delete this: ")
                ));
            }
        }
    }

    /// A padding by numbers, as a word where it is one here.
    pub fn pad(&mut self, notes: &mut Vec<(Span, String)>) {
        let Some((span, padding)) = self.padding else {
            return;
        };
        let of = |name: &str| self.pairs.iter().find(|(of, _)| *of == name);
        let of = |name: &str| of(name).map_or([1.0, 1.0], |(_, pair)| *pair);
        let (kernel, dilation) = (of("kernel"), of("dilation"));
        // The output is as large as the input.
        let same = |axis: usize| 2.0 * padding[axis] == dilation[axis] * (kernel[axis] - 1.0);
        let transposed = self.ours.starts_with("conv_transpose");
        if padding == [0.0, 0.0] && !transposed {
            return;
        }
        let convolution = self.ours.starts_with("conv") && !transposed;
        let text = match padding {
            _ if convolution && of("stride") == [1.0, 1.0] && same(0) && same(1) => "same".into(),
            [a, b] if a == b => show(a),
            [a, b] => format!("[{}, {}]", show(a), show(b)),
        };
        self.given.push(format!("padding = {text}"));
        if self.ours.starts_with("avg_pool") {
            let note = "padding is not counted in means here; PyTorch counts it unless `count_include_pad=False`";
            notes.push((span, note.into()));
        }
    }
}

/// A number for both axes of an image, or one for each.
fn pair(program: &Program, value: &Expr) -> Option<[f64; 2]> {
    match &value.kind {
        ExprKind::List(items) => {
            let numbers = items.iter().map(|item| program.number(item));
            let numbers: Option<Vec<f64>> = numbers.collect();
            numbers?.try_into().ok()
        }
        _ => program.number(value).map(|number| [number; 2]),
    }
}

/// The value of an argument as it is written here.
fn value(program: &Program, parameter: &str, value: &Expr) -> Option<String> {
    if let Some(number) = program.number(value) {
        return Some(show(number));
    }
    match &value.kind {
        ExprKind::Text(text) if parameter == "padding" => Some(text.to_lowercase()),
        ExprKind::List(items) => {
            let numbers = items.iter().map(|item| program.number(item).map(show));
            let numbers: Vec<String> = numbers.collect::<Option<_>>()?;
            match &numbers[..] {
                [a, b] if a == b && parameter != "shape" => Some(a.clone()),
                _ => Some(format!("[{}]", numbers.join(", "))),
            }
        }
        _ => None,
    }
}
