//! `kl_weight = 1 / N`: in other tools a factor that brings the KL to the scale of a mean loss. Here the
//! KL is divided by N already, and `temperature = 1 / N` would divide it once more.

use super::Lower;
use crate::check::expression::number;
use crate::check::{Messages, Scope};
use crate::diagnostic::{Diagnostic, elsewhere};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Operator, Setting};

/// What is said of such a factor.
const DELETE: &str = "delete this line: bnnc scales the KL by 1/N itself";

/// Names that programs have for numbers of examples and of minibatches, without `_`, in small letters.
const COUNTS: &[&str] = &[
    "n",
    "b",
    "m",
    "len",
    "ntrain",
    "numtrain",
    "numtrainexamples",
    "numexamples",
    "nexamples",
    "numsamples",
    "nsamples",
    "numdata",
    "ndata",
    "numpoints",
    "numbatches",
    "nbatches",
    "batchsize",
    "trainsize",
    "datasetsize",
    "datasize",
];

impl Lower<'_> {
    /// The message for an option of another tool that multiplies the KL by 1/N.
    pub(super) fn share(&self, setting: &Setting, all: &[Setting]) -> Option<Diagnostic> {
        let word = setting.name.text.as_str();
        let is_share = elsewhere::is_kl_weight(word) && self.is_share(&setting.value);
        is_share.then(|| {
            let title = format!("`{word}` is not an option of the objective");
            let place = self.deletion(setting, all);
            Diagnostic::error("E0212", title)
                .at(setting.span, "")
                .patch(DELETE, place, "")
        })
    }

    /// The message for `temperature = 1 / N` with an N that no constant is called.
    pub(super) fn undeclared_count(
        &self,
        setting: &Setting,
        all: &[Setting],
    ) -> Option<Diagnostic> {
        let mut names = vec![];
        names_in(&setting.value, &mut names);
        let name = names.into_iter().find(|name| {
            let plain = name.to_lowercase().replace('_', "");
            COUNTS.contains(&plain.as_str()) && !self.constants.is_declared(name)
        })?;
        let title = format!("`{name}` is not a constant of this file");
        let place = self.deletion(setting, all);
        Some(
            Diagnostic::error("E0202", title)
                .at(setting.value.span, "")
                .patch(DELETE, place, ""),
        )
    }

    /// Whether a factor is 1/N, N or the like rather than a temperature: it has a count in it, or its
    /// number is far from 1.
    fn is_share(&self, value: &Expr) -> bool {
        let mut unsaid = Messages::default();
        let scope = Scope {
            constants: &self.constants,
            fans: None,
        };
        let Some(factor) = number(value, scope, &mut unsaid) else {
            let mut names = vec![];
            names_in(value, &mut names);
            return !names.is_empty();
        };
        let divides = matches!(
            value.kind,
            ExprKind::Binary {
                operator: Operator::Divide,
                ..
            }
        );
        !(0.01..=50.0).contains(&factor) || divides && factor <= 0.1
    }

    /// The place of a setting with what goes with it: its block where nothing else stands in it, its line
    /// where it has one to itself, or else the comma before or after it.
    fn deletion(&self, setting: &Setting, all: &[Setting]) -> Span {
        let text = self.source.text.as_str();
        let Span { start, end } = setting.span;
        let (before, after) = (&text[..start], &text[end..]);
        let close = match all.len() {
            1 => after.find('}').filter(|to| after[..*to].trim().is_empty()),
            _ => None,
        };
        // A comment may stand above it in the block: then its line goes, and the block stays.
        if let Some((close, open)) = close.zip(before.trim_end().strip_suffix('{')) {
            return Span::new(open.trim_end().len(), end + close + 1);
        }
        let blanks = [' ', '\t'];
        let line = before.trim_end_matches(blanks).len();
        let rest = after.trim_start_matches([' ', '\t', ',']);
        let rest_of_line = rest.lines().next().unwrap_or("");
        let alone = before[..line].ends_with('\n')
            && (rest_of_line.is_empty() || rest_of_line.starts_with('#'));
        match () {
            () if alone => {
                let rest = rest
                    .find('\n')
                    .map_or(text.len(), |to| text.len() - rest.len() + to + 1);
                Span::new(line, rest)
            }
            () if before.trim_end().ends_with(',') => Span::new(before.trim_end().len() - 1, end),
            () => Span::new(start, text.len() - rest.len()),
        }
    }
}

/// The names in an expression, of functions too.
fn names_in<'a>(expr: &'a Expr, names: &mut Vec<&'a str>) {
    match &expr.kind {
        ExprKind::Name(name) => names.push(&name.text),
        ExprKind::Call(call) => names.push(&call.name.text),
        _ => {}
    }
    let parts = expr.parts().into_iter();
    parts.for_each(|part| names_in(part, names));
}
