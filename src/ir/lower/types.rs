//! The types of inputs and of the target: `real[32, 32, 3]`, `category[10]`.

use super::items::Items;
use super::{Lower, scoped};
use crate::check::{Scope, arguments};
use crate::diagnostic::{Diagnostic, elsewhere, nearest};
use crate::ir::model::{Input, Target};
use crate::layer::Sequence;
use crate::layer::sequences::VOCABULARY;
use crate::likelihood::MOST_COUNTED;
use crate::likelihood::TargetKind;
use crate::source::Span;
use crate::syntax::ast::{DataType, Expr, ExprKind, Ident, OF_DATA, PADDED};
use crate::tensor::Shape;

impl Lower<'_> {
    /// The inputs; `None` where something is wrong with one.
    pub(super) fn declared_inputs(&mut self, items: &Items) -> Option<Vec<Input>> {
        let all = items.inputs.iter();
        let all: Vec<Option<Input>> = all.map(|&input| self.input(input, items)).collect();
        let all: Vec<Input> = all.into_iter().collect::<Option<_>>()?;
        let row = Shape(vec![all.iter().map(Input::row_len).sum()]);
        if !fits(&row) {
            let title =
                format!("the inputs together are {row}: more numbers than one example can have");
            let last = items.inputs.last().map(|(name, _)| name.span)?;
            self.report(Diagnostic::error("E0307", title).at(last, ""));
            return None;
        }
        (!all.is_empty()).then_some(all)
    }

    fn input(&mut self, (name, data_type): (&Ident, &DataType), items: &Items) -> Option<Input> {
        let word = data_type.name.text.as_str();
        if word == "token" {
            return self.tokens(name, data_type);
        }
        if word != "real" {
            let message =
                Diagnostic::error("E0206", "an input is made of real numbers, or of tokens")
                    .at(data_type.span, "");
            let help = format!(
                "such as `input {}: real[32, 32, 3]`, channels last, or `token[64, vocabulary = 20_000]`",
                name.text
            );
            self.report(match elsewhere::data_type(&data_type.name.text) {
                Some("real") => message.patch("numbers are `real`", data_type.name.span, "real"),
                _ => message.help(help),
            });
            return None;
        }
        if data_type.places.is_some() {
            let title = "an input has its sizes in one pair of brackets";
            self.report(Diagnostic::error("E0206", title).at(data_type.span, ""));
            return None;
        }
        if let Some(said) = data_type.said.first() {
            let title = "a `real` input has nothing that is said by name";
            let help = "`real[100, 3]`, or `real[100, 3, padded]` where examples have lengths of their own";
            self.report(
                Diagnostic::error("E0206", title)
                    .at(said.span, "")
                    .help(help),
            );
            return None;
        }
        let padded =
            |axis: &Expr| matches!(&axis.kind, ExprKind::Name(name) if name.text == PADDED);
        let (last, sizes) = match data_type.axes.as_deref() {
            Some([sizes @ .., last]) if padded(last) => (Some(last), sizes),
            axes => (None, axes.unwrap_or_default()),
        };
        // A slip of the word would be read as a constant.
        let slip = sizes.last().and_then(Expr::as_name).filter(|word| {
            let known = self.constants.find(&word.text).is_some();
            !known && nearest(&word.text.to_lowercase(), [PADDED, "padding"]).is_some()
        });
        if let Some(word) = slip {
            let title = format!("`{}` is not a constant of this file", word.text);
            let help = "a sequence whose examples have lengths of their own is `padded`";
            let message = Diagnostic::error("E0202", title).at(word.span, "");
            self.report(message.patch(help, word.span, PADDED));
            return None;
        }
        if let Some(last) = last
            && sizes.is_empty()
        {
            let title = "a sequence has a number of steps, the most that an example has";
            let help = "`real[100, padded]`, `real[100, 3, padded]`";
            self.report(
                Diagnostic::error("E0206", title)
                    .at(last.span, "")
                    .help(help),
            );
            return None;
        }
        let shape = match &data_type.axes {
            // One number an example is a row of one.
            None => Shape(vec![1]),
            Some(_) => {
                let axes = sizes;
                let of_data = |axis: &&Expr| matches!(&axis.kind, ExprKind::Name(name) if name.text == OF_DATA);
                if let (Some(axis), [_, _, ..]) = (axes.iter().find(of_data), &items.inputs[..]) {
                    let title = "of several inputs each has a width of its own";
                    self.report(
                        Diagnostic::error("E0206", title)
                            .at(axis.span, "")
                            .help("write how many numbers it is, as `real[8]`"),
                    );
                    return None;
                }
                if let Some(axis) = axes.iter().find(of_data)
                    && self.constants.find(OF_DATA).is_none()
                {
                    let title = format!(
                        "the width of `{}` is that of the data, and no data are named",
                        name.text
                    );
                    self.report(
                        Diagnostic::error("E0206", title)
                            .at(axis.span, "")
                            .help("`--data FILE` names them; or write the width, as `real[8]`"),
                    );
                    return None;
                }
                self.axes(axes, data_type, "the size of an axis")?
            }
        };
        // A number a step is a sequence of one channel.
        let shape = match (last, &shape.0[..]) {
            (Some(_), [steps]) => Shape::new(&[*steps, 1]),
            _ => shape,
        };
        Some(Input {
            name: name.text.clone(),
            shape,
            sequence: last.map(|_| Sequence { vocabulary: None }),
        })
    }

    /// `token[64, vocabulary = 20_000]`
    fn tokens(&mut self, name: &Ident, data_type: &DataType) -> Option<Input> {
        let steps = data_type.axes.as_deref().unwrap_or_default();
        let size = match &data_type.said[..] {
            [one]
                if one
                    .name
                    .as_ref()
                    .is_some_and(|name| name.text == VOCABULARY) =>
            {
                Some(one)
            }
            _ => None,
        };
        let ([steps], Some(size), None) = (steps, size, &data_type.places) else {
            let title = "a sequence of tokens says the most steps that an example has, and how many tokens there are";
            let help = format!("`input {}: token[64, vocabulary = 20_000]`", name.text);
            self.report(
                Diagnostic::error("E0206", title)
                    .at(data_type.span, "")
                    .help(help),
            );
            return None;
        };
        let what = "the number of steps";
        let shape = self.axes(std::slice::from_ref(steps), data_type, what);
        let (scope, messages) = scoped!(self, None);
        let what = "the size of the vocabulary";
        let size_of = arguments::count(what, &size.value, scope, messages)?;
        if size_of as f64 > MOST_COUNTED {
            let most = crate::words::thousands(MOST_COUNTED as usize);
            let title = format!("a vocabulary has at most {most} tokens");
            self.report(Diagnostic::error("E0307", title).at(size.value.span, ""));
            return None;
        }
        Some(Input {
            name: name.text.clone(),
            shape: shape?,
            sequence: Some(Sequence {
                vocabulary: Some(size_of),
            }),
        })
    }

    fn axes(&mut self, axes: &[Expr], data_type: &DataType, what: &str) -> Option<Shape> {
        let word = &data_type.name.text;
        if axes.is_empty() {
            self.report(
                Diagnostic::error("E0206", format!("`{word}[]` has no size"))
                    .at(data_type.span, "")
                    .help(format!("such as `{word}[10]`")),
            );
            return None;
        }
        if let Some(message) = batch_axis(axes, data_type) {
            self.report(message);
            return None;
        }
        let (scope, messages) = scoped!(self, None);
        let sizes: Vec<Option<usize>> = axes
            .iter()
            .map(|axis| arguments::count(what, axis, scope, messages))
            .collect();
        let shape = Shape(sizes.into_iter().collect::<Option<_>>()?);
        if !fits(&shape) {
            let title = format!("{shape} is more numbers than one example can have");
            self.report(Diagnostic::error("E0307", title).at(data_type.span, ""));
            return None;
        }
        Some(shape)
    }

    /// The targets, in the order of the file; `None` for one that is not right, which has been said.
    pub(super) fn targets(&mut self, items: &Items) -> Vec<Option<Target>> {
        let targets = items.targets.iter();
        targets
            .map(|(name, data_type)| self.target(name, data_type))
            .collect()
    }

    fn target(&mut self, name: &Ident, data_type: &DataType) -> Option<Target> {
        let word = data_type.name.text.as_str();
        let what = match word {
            "category" => "the number of classes",
            _ => "the size of an axis",
        };
        let sizes = match &data_type.axes {
            None => None,
            Some(axes) => Some(self.axes(axes, data_type, what)?),
        };
        let places = match &data_type.places {
            None => None,
            Some(axes) => Some(self.axes(axes, data_type, "the size of an axis")?),
        };
        let kind = |word: &str| {
            let axes = |shape: &Option<Shape>| shape.as_ref().map(|shape| shape.0.clone());
            TargetKind::of(word, axes(&sizes).as_deref(), axes(&places).as_deref())
        };
        if word == "category" && sizes == Some(Shape(vec![1])) {
            let title = "a category has at least 2 classes";
            self.report(Diagnostic::error("E0207", title).at(data_type.span, ""));
            return None;
        }
        let Some(kind) = kind(word) else {
            let all = TargetKind::EXAMPLES.iter().map(|kind| format!("`{kind}`"));
            let all = crate::words::join(all.collect(), "or");
            let message =
                Diagnostic::error("E0206", "this is not a type of target").at(data_type.span, "");
            let ours = elsewhere::data_type(word);
            let ours = ours.filter(|ours| kind(ours).is_some());
            self.report(match ours {
                Some(ours) => {
                    let help = format!("here it is called `{ours}`");
                    message.patch(help, data_type.name.span, ours)
                }
                None => message.help(format!("a target is {all}")),
            });
            return None;
        };
        let classes = kind.classes().unwrap_or(1);
        let values = Shape(vec![kind.entries(), classes]);
        if !fits(&values) {
            let title = format!("{kind} is more numbers than one example can have");
            self.report(Diagnostic::error("E0307", title).at(data_type.span, ""));
            return None;
        }
        Some(Target {
            name: name.text.clone(),
            kind,
            steps_of: None,
        })
    }
}

/// The message for `real[None, 28, 28, 1]`: an axis for the batch.
fn batch_axis(axes: &[Expr], data_type: &DataType) -> Option<Diagnostic> {
    let [first, rest @ ..] = axes else {
        return None;
    };
    let is_batch = match &first.kind {
        ExprKind::Name(name) => {
            ["None", "none", "batch", "batch_size"].contains(&name.text.as_str())
        }
        ExprKind::Negate(inner) => inner.kind == ExprKind::Number(1.0),
        _ => false,
    };
    let place = match rest {
        [] => Span::new(data_type.name.span.end, data_type.span.end),
        [second, ..] => Span::new(first.span.start, second.span.start),
    };
    is_batch.then(|| {
        Diagnostic::error(
            "E0206",
            "a type is that of one example, and has no axis for the batch",
        )
        .at(first.span, "")
        .patch("leave it out", place, "")
    })
}

/// Whether a shape is small enough that nothing made of it overflows.
pub(super) fn fits(shape: &Shape) -> bool {
    const LARGEST: f64 = (1u64 << 31) as f64;
    shape.0.iter().map(|axis| *axis as f64).product::<f64>() <= LARGEST
}
