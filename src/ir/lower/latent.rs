//! `latent tau ~ HalfCauchy(1), posterior = LogNormal(loc = 0, scale = 0.1)`: one global random number
//! with a prior and a posterior of its own.

use super::Lower;
use super::settings::NO_ESTIMATOR;
use crate::check::words;
use crate::diagnostic::Diagnostic;
use crate::distribution::Support;
use crate::estimator;
use crate::ir::inference::Fit;
use crate::ir::model::*;
use crate::posterior;
use crate::source::Span;
use crate::syntax::ast::{Call, Expr, ExprKind, File, Ident, ItemKind, Setting};
use crate::tensor::Shape;

/// The rules of the language, as the IR says them.
const POSITIVE: &str = "where a positive variable has no posterior set, it is LogNormal";
const INTERVAL: &str = "where a variable between two ends has no posterior set, it is LogitNormal";
const REAL: &str = "where a latent variable has no posterior set, it is MeanField";

impl Lower<'_> {
    /// Every latent variable, in the file's order.
    pub(super) fn latents(&mut self, file: &File) {
        // The names first, so that a use before the declaration is told as that.
        for item in &file.items {
            if let ItemKind::Latent { name, .. } = &item.kind {
                self.latents.push((name.clone(), None));
            }
        }
        for item in &file.items {
            if let ItemKind::Latent {
                name,
                prior,
                settings,
            } = &item.kind
            {
                let handle = self.latent(name, prior, settings);
                // Of two of one name, which is reported as such, the first is meant.
                let mut all = self.latents.iter_mut();
                if let Some((_, place)) = all.find(|(other, _)| other.span == name.span) {
                    *place = handle;
                }
            }
        }
    }

    fn latent(
        &mut self,
        name: &Ident,
        prior: &Call,
        settings: &[Setting],
    ) -> Option<crate::ir::arena::Handle<Tensor>> {
        let mut posterior_setting: Option<&Setting> = None;
        for setting in settings {
            let word = setting.name.text.as_str();
            if word != "posterior" {
                let title = format!("`{word}` is not a setting of a latent variable");
                self.report(words::unknown(
                    "E0212",
                    title,
                    &setting.name,
                    ["posterior"],
                    "settings",
                ));
            } else if let Some(first) = posterior_setting {
                self.report(
                    Diagnostic::error("E0205", "`posterior` is set twice")
                        .at(setting.span, "again here")
                        .context(first.span, "first here"),
                );
            } else {
                posterior_setting = Some(setting);
            }
        }
        let prior_expr = Expr {
            kind: ExprKind::Call(prior.clone()),
            span: prior.span,
        };
        let bound = self.prior(&name.text, &prior_expr, None);
        if bound
            .as_ref()
            .is_some_and(|prior| prior.local_scales().is_some())
        {
            let title = "`local = unit` is of a kernel: a latent variable has no output units";
            self.report(
                Diagnostic::error("E0403", title)
                    .at(prior.span, "")
                    .help("leave `local` out: the scale is then integrated out"),
            );
            return None;
        }
        let support = bound.as_ref().map(|prior| self.support_of(prior));
        let (word, rule) = match support {
            Some(Support::Real) | None => ("MeanField", REAL),
            Some(Support::Positive) => ("LogNormal", POSITIVE),
            Some(Support::Interval { .. }) => ("LogitNormal", INTERVAL),
        };
        let posterior = match posterior_setting {
            Some(setting) => {
                let posterior = self.posterior(&setting.value, None);
                posterior.map(|posterior| (posterior, Origin::Own(setting.span)))
            }
            None => {
                let family = posterior::find(word).expect("in the registry");
                let bound = self.bound_posterior(family, word, &[], Span::default(), None);
                bound.map(|posterior| (posterior, Origin::Language(rule)))
            }
        };
        let (prior, (mut posterior, posterior_from)) = (bound?, posterior?);
        self.settle(&prior, &mut posterior);
        let family = posterior.family;
        if let Some(reason) = family.refuse(&Shape::default()) {
            let title = format!(
                "`{}` is no posterior of one number: {reason}",
                family.signature().name
            );
            let span = posterior_from.span().unwrap_or(name.span);
            self.report(
                Diagnostic::error("E0411", title)
                    .at(span, "")
                    .help(format!("`posterior = {word}` is of one number")),
            );
            return None;
        }
        if family.entries() == posterior::Entries::Free {
            let span = posterior_from.span().unwrap_or(name.span);
            self.report(
                Diagnostic::error(
                    "E0403",
                    "a latent variable is random, and this leaves it without a term",
                )
                .at(span, "")
                .help("`learned(0.1)` in its place is a point estimate without a prior"),
            );
            return None;
        }
        let origin = Origin::Own(prior_expr.span);
        let (prior, posterior) = ((Some(prior), origin), (posterior, posterior_from));
        // Where its posterior may lie is not said again of each place that it stands in.
        if !self.check_support(&prior, &posterior) {
            return None;
        }
        let random = posterior.0.family.entries().is_random();
        let fit = Fit {
            posterior: posterior.0,
            estimator: random
                .then(|| estimator::find("reparameterization").expect("in the registry")),
            posterior_from: posterior.1,
            estimator_from: Origin::Language(NO_ESTIMATOR),
        };
        let (fit, prior) = self.by_method(fit, prior, None)?;
        let tensor = Tensor {
            name: name.text.clone(),
            role: Role::Latent,
            shape: Shape::default(),
            fan_in: 1,
            fan_out: 1,
            positions: 1,
            prior: prior.0,
            factors: None,
            prior_from: prior.1,
        };
        Some(self.tensor(tensor, fit))
    }
}
