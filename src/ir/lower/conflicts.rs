//! Settings that are each right and do not go together, and the words of a settings block.

use super::Lower;
use super::settings::{Slot, Slots};
use crate::check::expression::show;
use crate::check::words;
use crate::diagnostic::Diagnostic;
use crate::distribution::Support;
use crate::ir::model::*;
use crate::posterior::Entries;
use crate::source::Span;
use crate::syntax::ast::{ParameterSettings, Setting};

impl Lower<'_> {
    /// `bias = none`
    pub(super) fn left_out(&mut self, role: Role, none: Slot, slots: &Slots) {
        if role == Role::Kernel {
            return self.report(
                Diagnostic::error("E0218", "a layer cannot be without its kernel")
                    .at(none.span, "")
                    .help("`bias = none` leaves a bias out"),
            );
        }
        // `from` for both is as much the kernel's, and is not meant for this alone.
        let from = slots.from.filter(|slot| slot.nearness % 2 == 0);
        let others = [slots.prior, slots.estimator, from];
        let beside = others
            .into_iter()
            .flatten()
            .find(|slot| slot.nearness >= none.nearness);
        if let Some(slot) = beside {
            self.report(
                Diagnostic::error("E0403", "this is set for a bias that is left out")
                    .at(slot.span, "has no effect")
                    .context(none.span, "no bias"),
            );
        }
    }

    pub(super) fn prior_without_effect(&mut self, prior: &Slot, slots: &Slots) {
        let title = "this prior has no effect: the parameter is deterministic";
        let mut message = Diagnostic::error("E0403", title).at(prior.span, "");
        if let Some(posterior) = slots.posterior {
            message = message.context(posterior.span, "leaves it without a term in the loss");
        }
        self.report(
            message
                .help("leave the prior out, or set `posterior = MeanField`")
                .help("`posterior = Delta` is a point estimate that the prior penalises (MAP)"),
        );
    }

    pub(super) fn penalty_without_prior(&mut self, posterior: Span) {
        self.report(
            Diagnostic::error("E0402", "`Delta` has no prior to be penalised by")
                .at(posterior, "joins the loss as -log p(w), and no p is set")
                .help("set one, such as `prior = Normal(0, 1)`")
                .help("`posterior = deterministic` is a point without a term in the loss"),
        );
    }

    pub(super) fn estimator_without_effect(
        &mut self,
        estimator: Span,
        family: &str,
        posterior: Option<Span>,
    ) {
        let title = format!("this estimator has nothing to draw from: `{family}` is a point");
        let mut message = Diagnostic::error("E0407", title).at(estimator, "");
        if let Some(posterior) = posterior {
            message = message.context(posterior, "one value for each weight, no distribution");
        }
        self.report(message.help("leave the estimator out, or set `posterior = MeanField`"));
    }

    /// A posterior with mass where the prior has none makes the KL infinite; a point may come to where
    /// its penalty is.
    pub(super) fn check_support(
        &mut self,
        prior: &(Option<Prior>, Origin),
        posterior: &(BoundPosterior, Origin),
    ) {
        let Some(bound) = &prior.0 else { return };
        let support = self.support_of(bound);
        let family = posterior.0.family;
        if support.holds(posterior.0.support()) {
            self.check_tails(bound, prior.1.span(), posterior);
            return;
        }
        let (family, name) = (family.signature().name, bound.distribution.signature().name);
        let (title, everywhere) = match posterior.0.family.entries() {
            Entries::Point | Entries::Scaled | Entries::Free => (
                format!("the penalty -log {name}(w) is infinite for some w"),
                "may be any number".into(),
            ),
            _ => (
                format!("KL({family} ‖ {name}) is infinite"),
                match posterior.0.support() {
                    Support::Real => "gives every number a density".into(),
                    inside => format!("gives {} a density", allowed(inside)),
                },
            ),
        };
        let mut message = Diagnostic::error("E0401", title);
        if let Some(span) = prior.1.span() {
            message = message.at(span, format!("allows {} only", allowed(support)));
        }
        if let Some(span) = posterior.1.span() {
            message = message.context(span, everywhere);
        } else {
            message = message.note(format!("where no posterior is set, it is {family}"));
        }
        let message = match support {
            Support::Positive => message.help("`posterior = LogNormal` is on numbers above 0"),
            Support::Interval { .. } => {
                message.help("`posterior = LogitNormal` lies between the ends of its prior")
            }
            Support::Real => message,
        };
        self.report(message.help("a prior on every number, such as `Normal(0, 1)`"));
    }

    /// A posterior whose tails are so much heavier than the prior's that the KL is infinite.
    fn check_tails(
        &mut self,
        prior: &Prior,
        prior_at: Option<Span>,
        posterior: &(BoundPosterior, Origin),
    ) {
        // Given its local scales, a horseshoe is normal.
        let (growth, local) = match prior.per_unit {
            true => ([0.0, 2.0], "(local = unit)"),
            false => (prior.distribution.growth(), ""),
        };
        let family = posterior.0.family;
        if family.entries().integrates(growth) {
            return;
        }
        let power = match growth[1] {
            1.0 => "|w|".into(),
            power => format!("|w|^{power}"),
        };
        let (family, name) = (family.signature().name, prior.distribution.signature().name);
        let title = format!("KL({family} ‖ {name}{local}) is infinite");
        let mut message = Diagnostic::error("E0401", title);
        message = match prior_at {
            Some(span) => message.at(span, format!("-ln p(w) grows as {power}")),
            None => message.note(format!(
                "where no prior is set, it is Normal(0, 1), of which -ln p(w) grows as {power}"
            )),
        };
        if let Some(span) = posterior.1.span() {
            message = message.context(span, format!("the mean of {power} is infinite"));
        }
        self.report(
            message
                .help("a prior with tails as heavy, such as `Cauchy(0, 1)`")
                .help("`posterior = MeanField`, or `Laplace` for heavier tails"),
        );
    }

    /// Where a prior has mass.
    pub(super) fn support_of(&self, prior: &Prior) -> Support {
        let parameters: Vec<f64> = prior.parameters.iter().map(|s| self.initial(s)).collect();
        prior.distribution.support(&parameters)
    }

    /// Gives a posterior between two ends those of its prior.
    pub(super) fn between_its_ends(&self, prior: &Prior, posterior: &mut BoundPosterior) {
        if let (Entries::LogitNormal, Support::Interval { low, high }) =
            (posterior.family.entries(), self.support_of(prior))
        {
            posterior.bounds = [low, high];
        }
    }

    /// The words of a settings block, each known and given once.
    pub(super) fn check_settings(&mut self, settings: &ParameterSettings) {
        self.check_words(
            &settings.shared,
            &["prior", "posterior", "estimator", "from", "bias", "kernel"],
        );
        for (index, group) in settings.groups.iter().enumerate() {
            let parameter = &group.parameter;
            let word = parameter.text.as_str();
            if !["kernel", "bias"].contains(&word) {
                let title = format!("a layer has no parameter `{word}`");
                let message =
                    words::unknown("E0212", title, parameter, ["kernel", "bias"], "parameters");
                self.report(message);
            }
            self.check_words(
                &group.settings,
                &["prior", "posterior", "estimator", "from"],
            );
            let mut before = settings.groups[..index].iter();
            if let Some(first) = before.find(|other| other.parameter.text == word) {
                self.report(
                    Diagnostic::error("E0205", format!("`{word}:` stands here twice"))
                        .at(parameter.span, "again here")
                        .context(first.parameter.span, "first here"),
                );
            }
            let short = settings
                .shared
                .iter()
                .find(|setting| setting.name.text == word);
            let long = group
                .settings
                .iter()
                .find(|setting| setting.name.text == "posterior");
            if let Some((short, long)) = short.zip(long) {
                self.report(
                    Diagnostic::error("E0205", format!("the posterior of `{word}` is set twice"))
                        .at(long.span, "again here")
                        .context(short.span, "first here"),
                );
            }
        }
    }

    fn check_words(&mut self, settings: &[Setting], known: &[&str]) {
        for (index, setting) in settings.iter().enumerate() {
            let word = setting.name.text.as_str();
            let mut before = settings[..index].iter();
            if !known.contains(&word) {
                let title = format!("`{word}` is not a setting of a parameter");
                let settings = known.iter().copied().filter(|k| *k != "kernel");
                self.report(words::unknown(
                    "E0212",
                    title,
                    &setting.name,
                    settings,
                    "settings",
                ));
            } else if let Some(first) = before.find(|other| other.name.text == word) {
                self.report(
                    Diagnostic::error("E0205", format!("`{word}` is set twice"))
                        .at(setting.span, "again here")
                        .context(first.span, "first here"),
                );
            }
        }
    }
}

fn allowed(support: Support) -> String {
    match support {
        Support::Real => "every number".into(),
        Support::Positive => "numbers above 0".into(),
        Support::Interval { low, high } => {
            format!("numbers from {} to {}", show(low), show(high))
        }
    }
}
