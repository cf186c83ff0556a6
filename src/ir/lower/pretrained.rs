//! `from = "lenet.safetensors"`: parameters that start from a pretrained network, and
//! `prior = MOPED(…)`, a prior about them.

use super::settings::{Pick, Picks};
use super::weights::Wanted;
use super::{Lower, scoped};
use crate::check::{Fans, Scope, bind};
use crate::diagnostic::{Diagnostic, nearest};
use crate::distribution::Normal;
use crate::ir::model::*;
use crate::ir::scalar::Scalar;
use crate::posterior::{self, Entries};
use crate::pretrained::layout::Layout;
use crate::pretrained::{Refusal, moped};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};
use crate::tensor::Shape;
use std::sync::Arc;

/// The rule of the language, as the IR says it.
pub(super) const MOPED_POSTERIOR: &str = "MOPED sets the posterior: MeanField, its loc at the pretrained weights, its scale by their size";

/// A parameter that a file has no fitting tensor for.
pub(super) struct Refused {
    setting: Span,
    file: String,
    parameter: String,
    shape: Shape,
    why: Refusal,
}

/// Whether a prior is `MOPED`.
pub(super) fn is_moped(prior: &Expr) -> bool {
    let call = prior.to_call();
    call.is_some_and(|call| call.name.text == moped::SIGNATURE.name)
}

/// Whether a posterior says itself where its loc starts.
pub(super) fn sets_loc(value: &Expr) -> bool {
    let Some(call) = value.to_call() else {
        return false;
    };
    let Some(family) = posterior::find(&call.name.text) else {
        return false;
    };
    let mut parameters = family.signature().parameters.iter();
    let place = parameters.position(|parameter| parameter.name == "loc");
    let by_place = call.arguments.iter().filter(|a| a.name.is_none()).count();
    let mut names = call.arguments.iter().filter_map(|a| a.name.as_ref());
    names.any(|name| name.text == "loc") || place.is_some_and(|place| place < by_place)
}

impl Lower<'_> {
    /// What a parameter starts from; without a shape, only the setting is checked. The outer `None` says
    /// that something is wrong, which has been said.
    pub(super) fn pretrained_of(
        &mut self,
        parameter: &str,
        shape: Option<&Shape>,
        picks: &Picks,
        entries: Entries,
    ) -> Option<Option<Pretrained>> {
        let layout = self.layout(picks);
        let Some(from) = picks.from else {
            if let Some(layout) = picks.layout.filter(|_| picks.is_first) {
                let title = "`layout` says how the tensors of a file lie, and no `from` names one";
                self.report(Diagnostic::error("E0206", title).at(layout.span, ""));
            }
            return Some(None);
        };
        let ExprKind::Text(written) = &from.value.kind else {
            if super::settings::is_none(from.value) {
                return Some(None);
            }
            self.no_file(from.value);
            return None;
        };
        if let Some(posterior) = picks.posterior.filter(|pick| sets_loc(pick.value)) {
            if posterior.nearness > from.nearness {
                return Some(None);
            }
            if posterior.nearness == from.nearness {
                self.report(
                    Diagnostic::error("E0418", "where loc starts is set twice")
                        .at(from.span, "from these weights")
                        .context(posterior.span, "and by an initialiser")
                        .help("leave one of them out"),
                );
                return None;
            }
        }
        if matches!(entries, Entries::LogNormal | Entries::LogitNormal) {
            let title = "this posterior cannot start from weights: its loc is not one";
            let mut message = Diagnostic::error("E0418", title).at(from.span, "");
            if let Some(posterior) = picks.posterior {
                message = message.context(posterior.span, "a function of a normal with that loc");
            }
            self.report(message);
            return None;
        }
        let index = self.file(written, from)?;
        let layout = layout?;
        let start = |tensor: String, values| Pretrained {
            file: written.clone(),
            tensor,
            values,
            delta: None,
        };
        let Some(shape) = shape else {
            return Some(Some(start(String::new(), Arc::new([]))));
        };
        let wanted = Wanted {
            parameter,
            shape,
            layout: layout.map(|layout| match layout {
                Layout::Torch => self.pretrained.torch,
                layout => layout,
            }),
            torch: self.pretrained.torch,
        };
        match self.pretrained.find(index, wanted, &self.nodes) {
            Ok(found) => {
                let tensor = found.name + found.arrangement.words();
                Some(Some(start(tensor, found.values)))
            }
            Err(why) => {
                self.pretrained.refused.push(Refused {
                    setting: from.span,
                    file: written.clone(),
                    parameter: parameter.to_owned(),
                    shape: shape.clone(),
                    why,
                });
                None
            }
        }
    }

    fn no_file(&mut self, value: &Expr) {
        let title = "`from` is the name of a file in quotes, or `none`";
        let message = Diagnostic::error("E0206", title).at(value.span, "");
        self.report(match value.as_name() {
            Some(name) => {
                let quoted = format!("\"{}\"", name.text);
                message.patch("in quotes", value.span, quoted)
            }
            None => message.help("such as `from = \"lenet.safetensors\"`"),
        });
    }

    /// The file's place among those read; `None` once what is wrong with it has been said.
    fn file(&mut self, written: &str, from: Pick) -> Option<usize> {
        let (index, fault) = self.pretrained.open(written);
        if let Some(fact) = fault {
            let title = format!("no weights can be read from `{written}`");
            self.report(
                Diagnostic::error("E0415", title)
                    .at(from.value.span, "")
                    .note(fact)
                    .help("the name is that of a safetensors file, seen from the model's folder"),
            );
        }
        self.pretrained.is_read(index).then_some(index)
    }

    /// How the file's tensors lie, where the model says it; the outer `None` says that something is wrong, which has
    /// been said.
    fn layout(&mut self, picks: &Picks) -> Option<Option<Layout>> {
        let Some(pick) = picks.layout else {
            return Some(None);
        };
        let word = pick.value.as_name().map(|name| name.text.as_str());
        let layout = word.and_then(Layout::find);
        if layout.is_none() && picks.is_first {
            let title = "`layout` is `torch` or `bnnc`";
            self.report(Diagnostic::error("E0206", title).at(pick.value.span, "").note(
                "as PyTorch has them: [out, in], and [out, in, height, width] of a convolution; or as they are here: \
                 [in, out], and [height, width, in, out]",
            ));
        }
        layout.map(Some)
    }

    /// What files have no fitting tensors for: a message for each setting and kind of refusal.
    pub(super) fn report_refused(&mut self) {
        let mut refused = std::mem::take(&mut self.pretrained.refused);
        while !refused.is_empty() {
            let (setting, kind) = (refused[0].setting, std::mem::discriminant(&refused[0].why));
            let (same, others): (Vec<_>, Vec<_>) = refused.into_iter().partition(|other| {
                other.setting == setting && std::mem::discriminant(&other.why) == kind
            });
            refused = others;
            self.report(message(&same));
        }
    }

    /// The posterior of a parameter under `MOPED`, which sets it: `MeanField`, whether it is named or not.
    /// `None` where another is set as near, which is said.
    pub(super) fn moped_posterior(
        &mut self,
        prior: Pick,
        picks: &Picks,
        fans: Fans,
    ) -> Option<(BoundPosterior, Origin)> {
        let near = picks
            .posterior
            .filter(|posterior| posterior.nearness >= prior.nearness);
        if let Some(posterior) = near {
            let call = posterior.value.to_call();
            let plain = call.is_some_and(|c| c.name.text == "MeanField" && c.arguments.is_empty());
            if !plain {
                self.report(
                    Diagnostic::error(
                        "E0419",
                        "`MOPED` sets the posterior itself, and another one is set beside it",
                    )
                    .at(posterior.span, "")
                    .context(
                        prior.span,
                        "loc at the pretrained weights, scale = delta |loc|",
                    )
                    .help("leave the posterior out, or write `posterior = MeanField`"),
                );
                return None;
            }
        }
        let family = posterior::find("MeanField").expect("in the registry");
        let bound = self.bound_posterior(family, "MeanField", &[], Span::default(), Some(fans))?;
        let origin = near.map_or(Origin::Language(MOPED_POSTERIOR), |pick| pick.origin());
        Some((bound, origin))
    }

    /// `MOPED(delta = 0.1, scale = 1)`: the prior, and in the posterior what it starts with.
    pub(super) fn moped_prior(
        &mut self,
        pick: Pick,
        fans: Fans,
        posterior: &mut BoundPosterior,
    ) -> Option<Prior> {
        let call = pick.value.to_call().expect("it is a call of MOPED");
        let bound = bind(
            &call.name,
            &call.arguments,
            &moped::SIGNATURE,
            &mut self.messages,
        );
        let (scope, messages) = scoped!(self, Some(fans));
        let constants = bound.constants(scope, messages)?;
        let Some(pretrained) = &mut posterior.pretrained else {
            self.no_weights(pick.value.span);
            return None;
        };
        pretrained.delta = Some(constants.number("delta"));
        let parameters = vec![Scalar::Fixed(0.0), Scalar::Fixed(constants.number("scale"))];
        let anchor = Some(pretrained.values.clone());
        let written = self.written(pick.value.span);
        Some(Prior {
            anchor,
            ..Prior::new(&Normal, parameters, written)
        })
    }

    /// `MOPED` where there is nothing to be about.
    pub(super) fn no_weights(&mut self, prior: Span) {
        self.report(
            Diagnostic::error(
                "E0419",
                "`MOPED` is a prior about pretrained weights, and no file of them is named here",
            )
            .at(prior, "")
            .help("`from = \"lenet.safetensors\"` beside it names the file"),
        );
    }
}

/// What is said of parameters that one setting gives no start, all for one kind of reason.
fn message(refused: &[Refused]) -> Diagnostic {
    let first = &refused[0];
    let Refused {
        file, parameter, ..
    } = first;
    let rest = refused[1..].iter();
    match &first.why {
        Refusal::Missing(names) => {
            let title = format!("`{file}` has no tensor `{parameter}`");
            let mut message = Diagnostic::error("E0416", title).at(first.setting, "");
            let known = names.iter().map(String::as_str);
            if let Some(near) = nearest(parameter, known.clone()) {
                message = message.help(format!("there is `{near}`"));
            }
            if !refused[1..].is_empty() {
                let others = crate::words::list(rest.map(|r| r.parameter.as_str()));
                message = message.note(format!("nor has it {others}"));
            }
            let (most, all) = (8, names.len());
            let mut shown: Vec<&str> = known.take(most).collect();
            if all > most {
                shown.push("…");
            }
            let shown = match all {
                0 => "none".to_string(),
                _ => shown.join(", "),
            };
            let message = message.note(format!("its tensors: {shown}"));
            let message = match parameter.ends_with(".bias") {
                true => message.help("`bias = none` makes a layer without one"),
                false => message,
            };
            message.help("`from = none` in the layer's settings leaves it out")
        }
        Refusal::Shape { name, found } => {
            let title = format!(
                "`{parameter}` is {}, and `{name}` of `{file}` is {found}",
                first.shape
            );
            let mut message = Diagnostic::error("E0417", title).at(first.setting, "");
            for other in rest {
                message = message.note(format!(
                    "`{}` is {}, and {}",
                    other.parameter, other.shape, other.why
                ));
            }
            let message = message.note(
                "kernels lie here as Keras has them: [in, out], and [height, width, in, out] of a convolution; \
                 PyTorch has [out, in], and [out, in, height, width]",
            );
            let lies = |layout: Layout| layout.shape(&first.shape) == *found;
            match (lies(Layout::Torch), lies(Layout::Bnnc)) {
                (true, false) => {
                    message.help("`layout = torch` beside `from` takes tensors as PyTorch has them")
                }
                (false, true) => {
                    message.help("`layout = bnnc` beside `from` takes tensors as they lie here")
                }
                _ => message.help("`from = none` in the layer's settings leaves it out"),
            }
        }
        Refusal::Layout(name) => {
            let title =
                format!("nothing tells in which order the entries of `{name}` of `{file}` lie");
            let mut message = Diagnostic::error("E0417", title).at(first.setting, "");
            message = message.note(format!(
                "`{parameter}` is {}, which fits [in, out] as here and [out, in] as in PyTorch",
                first.shape
            ));
            for other in rest {
                message = message.note(format!("`{}`: {}", other.parameter, other.why));
            }
            message.help("`layout = torch` or `layout = bnnc` beside `from` says it")
        }
        Refusal::Unordered([one, other]) => {
            let (layer, _) = parameter.rsplit_once('.').unwrap_or((parameter, ""));
            let title = format!(
                "`{layer}` may start from `{one}` or from `{other}` of `{file}`, and nothing tells from which"
            );
            let mut message = Diagnostic::error("E0417", title)
                .at(first.setting, "")
                .note("layers are taken in the order of their names where these differ in their numbers alone");
            for other in rest {
                message = message.note(format!("`{}`: {}", other.parameter, other.why));
            }
            message.help("a layer that is called as in the file takes the tensors of that name")
        }
        Refusal::Order { name, why } => {
            let title = format!("`{parameter}` cannot start from `{name}` of `{file}`");
            let mut message = Diagnostic::error("E0417", title)
                .at(first.setting, "")
                .note(why);
            for other in rest {
                message = message.note(format!("`{}`: {}", other.parameter, other.why));
            }
            message
                .note("the order of its entries cannot be told")
                .help("`from = none` in the layer's settings leaves it out")
        }
        Refusal::Type { .. } | Refusal::NotFinite(_) | Refusal::TooLarge(_) => {
            let title = format!("`{parameter}` cannot start from `{file}`: {}", first.why);
            let mut message = Diagnostic::error("E0416", title).at(first.setting, "");
            for other in rest {
                message = message.note(format!("`{}`: {}", other.parameter, other.why));
            }
            message.note("weights are float64, float32, float16 or bfloat16, and finite")
        }
    }
}
