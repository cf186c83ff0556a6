//! The terms of the loss that are of the weights: `Model.terms`.

mod quadrature;

use super::Context;
use super::prior::{self, Numbers};
use crate::diagnostic::Result;
use crate::emit::python::{Code, number, quoted};
use crate::ir::{Form, Handle, Prior, Tensor, Term, TermKind};
use crate::plan::Family;
use crate::posterior::Entries;
use crate::report::check::form;

/// The lines of `Model.terms`.
pub(super) fn body(context: &Context, code: &mut Code) -> Result<()> {
    let inference = &context.plan.inference;
    code.line("terms = {}");
    let mut last = None;
    for (_, tensor, term) in inference.loss.of_weights() {
        // Terms that follow each other mostly have the same form and scale for the same reason.
        let about = format!("{}, x {}: {}", form(inference, term), term.scale, term.why);
        if last.as_ref() != Some(&about) {
            code.comment(&about);
        }
        last = Some(about);
        let lines = lines(context, tensor, term)?;
        let (value, before) = lines.split_last().expect("a term has a value");
        before.iter().for_each(|line| code.statement(line));
        let name = quoted(&term.kind.name(inference));
        code.statement(&format!("terms[{name}] = {value}"));
    }
    code.line("return terms");
    Ok(())
}

/// What a term is of.
struct Subject<'a> {
    /// The attribute with its variables.
    variables: String,
    prior: &'a Prior,
    numbers: Numbers,
    /// Whether its family draws the whole tensor at once, and has a density of its own.
    whole: bool,
    entries: Entries,
}

/// Assignments, and the expression of the term's value.
fn lines(context: &Context, handle: Handle<Tensor>, term: &Term) -> Result<Vec<String>> {
    let inference = &context.plan.inference;
    let fitted = inference.fitted(handle);
    let prior = fitted.prior.as_ref().expect("a term has a prior");
    let of = Subject {
        variables: format!("self.{}", context.attribute(handle)),
        prior,
        numbers: Numbers::of(context, prior)?,
        whole: matches!(
            context.plan.tensors[handle].family,
            Family::Variational { .. }
        ),
        entries: fitted.posterior.family.entries(),
    };
    let mut lines = vec![];
    let frame = Frame::of(context, &of, &mut lines);
    let draw = context.draw(handle);
    let value = match term.kind {
        TermKind::Kl(_, Form::ClosedForm(form)) => {
            marginals(&of, &frame, &draw, &mut lines);
            let function = prior::closed_form(context, form, &of.numbers)?;
            with_joint(
                &of,
                format!("{function}(q.loc, q.scale{}).sum()", of.numbers.arguments()),
            )
        }
        TermKind::Kl(_, Form::Quadrature) => {
            marginals(&of, &frame, &draw, &mut lines);
            let posterior = fitted.posterior;
            let name = term.kind.name(inference);
            with_joint(
                &of,
                quadrature::call(context, &name, of.prior, &of.numbers, posterior.made_of())?,
            )
        }
        TermKind::Kl(_, Form::MonteCarlo { path }) => {
            lines.push(format!("q = {draw}"));
            if !of.whole && frame.is_some() {
                // Moved and stretched, q and p alike.
                lines.push(format!(
                    "q = Drawn({}, {}, q.epsilon)",
                    frame.move_to("q.loc"),
                    frame.stretch("q.scale")
                ));
            }
            let method = if path { "path_density" } else { "log_density" };
            let q = format!("{}.{method}(q)", of.variables);
            match of.whole {
                true => format!("{q} {}", minus_log_prior(context, &of, &frame, "q.w")?),
                false => format!(
                    "{q} {}",
                    minus_log_prior(context, &of, &Frame::default(), "q.w")?
                ),
            }
        }
        TermKind::NegLogPrior(_) if of.whole => {
            lines.push(format!("q = {draw}"));
            format!(
                "{}.log_density(q) {}",
                of.variables,
                minus_log_prior(context, &of, &frame, "q.w")?
            )
        }
        TermKind::NegLogPrior(_) => {
            let minus = minus_log_prior(context, &of, &frame, &format!("{draw}.w"))?;
            minus.replacen("- ", "-", 1)
        }
        TermKind::Surrogate(_) => {
            let keep = number(1.0 - fitted.posterior.drop_rate());
            let w = frame.move_to(&format!("{draw}.w"));
            format!("dropout_surrogate({w}, {keep}{})", of.numbers.arguments())
        }
        TermKind::Nll(_) => unreachable!("a term of weights"),
    };
    lines.push(value);
    Ok(lines)
}

/// `q`: loc and scale of each entry.
fn marginals(of: &Subject, frame: &Frame, draw: &str, lines: &mut Vec<String>) {
    lines.push(match of.whole {
        true => format!("q = {}.marginals()", of.variables),
        false => format!("q = {draw}"),
    });
    if frame.is_some() {
        lines.push(format!(
            "q = Drawn({}, {})",
            frame.move_to("q.loc"),
            frame.stretch("q.scale")
        ));
    }
}

/// With what the KL of a joint distribution has beyond its marginals'.
fn with_joint(of: &Subject, marginals: String) -> String {
    match of.entries {
        Entries::Correlated | Entries::Radial => {
            format!("{marginals} + {}.total_correlation()", of.variables)
        }
        _ => marginals,
    }
}

/// `- log_normal(w, 0.0, 1.0).sum()`
fn minus_log_prior(context: &Context, of: &Subject, frame: &Frame, w: &str) -> Result<String> {
    let function = prior::log_density(context, of.prior.distribution, &of.numbers)?;
    let log_prior = format!("{function}({}{})", frame.move_to(w), of.numbers.arguments());
    // The density of w is that of its distance over the local scale, divided by that.
    Ok(match frame.local {
        true => format!("- ({log_prior} - torch.log(local)).sum()"),
        false => format!("- {log_prior}.sum()"),
    })
}

/// What a prior is moved and stretched by: it is of (w - anchor) / local.
#[derive(Default)]
struct Frame {
    anchor: Option<String>,
    local: bool,
}

impl Frame {
    /// That of a prior; `local` is assigned in `lines`.
    fn of(context: &Context, of: &Subject, lines: &mut Vec<String>) -> Self {
        if let Some(local) = of.prior.local {
            lines.push(format!("local = {}.w", context.draw(local)));
        }
        Frame {
            anchor: of
                .prior
                .anchor
                .as_ref()
                .map(|_| format!("{}.anchor", of.variables)),
            local: of.prior.local.is_some(),
        }
    }

    fn is_some(&self) -> bool {
        self.local || self.anchor.is_some()
    }

    fn move_to(&self, w: &str) -> String {
        match (&self.anchor, self.local) {
            (None, false) => w.into(),
            (None, true) => format!("{w} / local"),
            (Some(anchor), false) => format!("{w} - {anchor}"),
            (Some(anchor), true) => format!("({w} - {anchor}) / local"),
        }
    }

    fn stretch(&self, scale: &str) -> String {
        match self.local {
            true => format!("{scale} / local"),
            false => scale.into(),
        }
    }
}
