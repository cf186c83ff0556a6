//! Settings that are each right and do not go together, and the words of a settings block.

use super::Lower;

use super::settings::{Pick, Picks, is_none};
use crate::check::words;
use crate::diagnostic::Diagnostic;
use crate::distribution::Support;
use crate::ir::model::{BoundPosterior, Origin, Prior};
use crate::layer::{self, Layer, Role};
use crate::posterior::{self, Entries};
use crate::show;
use crate::source::Span;
use crate::syntax::ast::{ParameterSettings, Setting};

impl Picks<'_> {
    /// What the posterior's entries are, as far as its word says; `None` of a bias that is left out. A
    /// word that is no posterior's is reported where it is read, and taken for one that is drawn.
    fn entries(&self) -> Option<Entries> {
        let Some(pick) = self.posterior else {
            return Some(if self.is_bare() {
                Entries::Free
            } else {
                Entries::Normal
            });
        };
        if is_none(pick.value) {
            return None;
        }
        let call = pick.value.to_call();
        let family = call.and_then(|call| posterior::find(&call.name.text));
        Some(match family.map(|family| family.entries()) {
            None => Entries::Normal,
            Some(Entries::Masked | Entries::Scaled) if self.slot.role != Role::Kernel => {
                Entries::Point
            }
            Some(entries) => entries,
        })
    }

    /// Whether this parameter of the layer answers for a prior that another one has no use for: both
    /// have it from one setting, and this one uses it, or is the one for which it is reported.
    pub fn answers_for_prior(&self, pick: &Pick) -> bool {
        let uses = self.entries().is_some_and(|e| e != Entries::Free);
        self.answers_for(pick, self.prior, uses)
    }

    /// The same of an estimator.
    pub fn answers_for_estimator(&self, pick: &Pick) -> bool {
        let entries = self.entries();
        let uses = entries.is_some_and(|e| e.is_random() || e == Entries::Scaled);
        self.answers_for(pick, self.estimator, uses)
    }

    fn answers_for(&self, pick: &Pick, mine: Option<Pick>, uses: bool) -> bool {
        let reported = self.is_first && self.beside_posterior(pick);
        pick.is_shared() && is_same(pick, mine) && (uses || reported)
    }

    /// The parameters that a setting without effect is set for: `logits.bias`. One in `default` is set
    /// for more than can be named.
    pub fn whose<'a>(
        &self,
        name: &str,
        pick: &Pick,
        others: &[Picks<'a>],
        same: impl Fn(&Picks<'a>) -> Option<Pick<'a>>,
    ) -> Whose {
        let mut names = vec![format!("`{name}`")];
        match (pick.origin(), name.rsplit_once('.')) {
            (Origin::Own(_), Some((layer, _))) if pick.is_shared() => {
                let others = others.iter().filter(|other| other.entries().is_some());
                let others = others.filter(|other| is_same(pick, same(other)));
                names.extend(others.map(|other| format!("`{layer}.{}`", other.slot.name)));
            }
            (Origin::Own(_), Some(_)) => {}
            _ => names = vec!["the parameter".into()],
        }
        Whose {
            are: if names.len() > 1 { "are" } else { "is" },
            names: crate::words::join(names, "and"),
        }
    }
}

/// Of which parameters something is said.
pub(super) struct Whose {
    names: String,
    are: &'static str,
}

fn is_same(pick: &Pick, other: Option<Pick>) -> bool {
    other.is_some_and(|other| other.span == pick.span)
}

impl Lower<'_> {
    /// `bias = none`
    pub(super) fn left_out(&mut self, none: Pick, picks: &Picks) {
        let slot = picks.slot;
        if !slot.optional {
            let title = format!("a layer cannot be without its {}", slot.name);
            return self.report(
                Diagnostic::error("E0218", title)
                    .at(none.span, "")
                    .help("`bias = none` leaves a bias out"),
            );
        }
        // What is set for all is as much the others', and is not meant for this alone.
        let others = [picks.prior, picks.estimator, picks.from];
        let mut others = others.into_iter().flatten();
        let beside = others.find(|pick| !pick.is_shared() && pick.nearness >= none.nearness);
        if let Some(pick) = beside {
            self.report(
                Diagnostic::error(
                    "E0403",
                    format!("this is set for a {} that is left out", slot.name),
                )
                .at(pick.span, "has no effect")
                .context(none.span, format!("no {}", slot.name)),
            );
        }
    }

    pub(super) fn prior_without_effect(&mut self, prior: &Pick, picks: &Picks, whose: &Whose) {
        let Whose { names, are } = whose;
        let title = format!("this prior has no effect: {names} {are} deterministic");
        let mut message = Diagnostic::error("E0403", title).at(prior.span, "");
        if let Some(posterior) = picks.posterior {
            message = message.context(posterior.span, "leaves it without a term in the loss");
        }
        self.report(
            message
                .help("leave the prior out, or set `posterior = MeanField`")
                .help("`posterior = Delta` is a point estimate that the prior penalises (MAP)"),
        );
    }

    /// Reports a point that a prior is to penalise, and that has none: by the `Delta` that is written, or by the
    /// language's rule.
    pub(super) fn penalty_without_prior(&mut self, name: &str, posterior: Span, from: &Origin) {
        let message = match from {
            Origin::Language(rule) => {
                let title = format!("`{name}` has no prior to be penalised by");
                Diagnostic::error("E0402", title).at(posterior, *rule)
            }
            _ => Diagnostic::error("E0402", "`Delta` has no prior to be penalised by")
                .at(posterior, "joins the loss as -log p(w), and no p is set"),
        };
        self.report(
            message
                .help("set one, such as `prior = Normal(0, 1)`")
                .help("`posterior = deterministic` is a point without a term in the loss"),
        );
    }

    pub(super) fn estimator_without_effect(
        &mut self,
        estimator: Span,
        whose: &Whose,
        family: &str,
        posterior: Option<Span>,
    ) {
        let names = &whose.names;
        let title = format!("this estimator has nothing to draw of {names}: `{family}` is a point");
        let mut message = Diagnostic::error("E0407", title).at(estimator, "");
        if let Some(posterior) = posterior {
            message = message.context(posterior, "one value for each weight, no distribution");
        }
        self.report(message.help("leave the estimator out, or set `posterior = MeanField`"));
    }

    /// A posterior with mass where the prior has none makes the KL infinite; a point may come to where
    /// its penalty is. Whether all is well.
    pub(super) fn check_support(
        &mut self,
        prior: &(Option<Prior>, Origin),
        posterior: &(BoundPosterior, Origin),
    ) -> bool {
        let Some(bound) = &prior.0 else { return true };
        let support = self.support_of(bound);
        let family = posterior.0.family;
        if !self.method.fits_posteriors() && family.entries().is_random() {
            // A point that fits the prior takes its place.
            return true;
        }
        if support.holds(posterior.0.support()) {
            return self.check_tails(bound, prior.1.span(), posterior);
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
        false
    }

    /// Whether the posterior's tails leave the KL finite: not if they are so much heavier than the prior's.
    fn check_tails(
        &mut self,
        prior: &Prior,
        prior_at: Option<Span>,
        posterior: &(BoundPosterior, Origin),
    ) -> bool {
        // Given its local scales, a horseshoe is normal.
        let (growth, local) = match prior.local_scales() {
            Some(local) => (local.given.growth(), "(local = unit)"),
            None => (prior.distribution.growth(), ""),
        };
        let family = posterior.0.family;
        if family.entries().integrates(growth) {
            return true;
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
        false
    }

    /// Where a prior has mass.
    pub(super) fn support_of(&self, prior: &Prior) -> Support {
        let parameters: Vec<f64> = prior.parameters.iter().map(|s| self.initial(s)).collect();
        prior.distribution.support(&parameters)
    }

    /// Gives a posterior the arguments that its prior settles.
    pub(super) fn settle(&self, prior: &Prior, posterior: &mut BoundPosterior) {
        for (name, value) in posterior.family.settled_by(self.support_of(prior)) {
            posterior.arguments.set(name, value);
        }
    }

    /// The words of a settings block, each known and given once: of a layer's braces, or of `default`.
    pub(super) fn check_settings(
        &mut self,
        settings: &ParameterSettings,
        layer: Option<&'static dyn Layer>,
    ) {
        let slots = slots_of(layer);
        let own = layer.filter(|layer| !layer.slots().is_empty());
        let owner = own.map_or("a layer".into(), |layer| {
            format!("`{}`", layer.signature().name)
        });
        self.check_words(&settings.shared, &slots);
        self.kept_not_set(settings, &slots);
        for (index, group) in settings.groups.iter().enumerate() {
            let parameter = &group.parameter;
            let word = parameter.text.as_str();
            if slots.iter().all(|slot| slot.name != word) {
                let title = format!("{owner} has no parameter `{word}`");
                let names = slots.iter().map(|slot| slot.name);
                let message = words::unknown("E0212", title, parameter, names, "parameters");
                self.report(message);
            }
            self.check_words(&group.settings, &[]);
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

    /// Settings of what a layer keeps between steps.
    fn kept_not_set(&mut self, settings: &ParameterSettings, slots: &[&layer::Slot]) {
        let shared = settings.shared.iter().map(|s| (&s.name, s.span));
        let groups = settings.groups.iter().map(|group| {
            let last = group
                .settings
                .last()
                .map_or(group.parameter.span, |s| s.span);
            (
                &group.parameter,
                Span::new(group.parameter.span.start, last.end),
            )
        });
        for (name, span) in shared.chain(groups) {
            let is_state = |slot: &&&layer::Slot| {
                slot.name == name.text && matches!(slot.role, Role::State(_))
            };
            if slots.iter().any(|slot| is_state(&slot)) {
                let title = format!("`{}` is kept, not trained: it takes no settings", name.text);
                self.report(
                    Diagnostic::error("E0218", title)
                        .at(span, "")
                        .help("`from` for all of a layer's parameters reads it from a file"),
                );
            }
        }
    }

    /// Settings of a layer all of whose parameters are rows, which settings for all do not reach.
    pub(super) fn no_own_group(
        &mut self,
        layer: &str,
        slots: &[&layer::Slot],
        body: &ParameterSettings,
    ) {
        let of_rows = slots
            .iter()
            .all(|slot| matches!(slot.role, Role::Row(_) | Role::State(_)));
        let shared = body.shared.iter().filter(|s| match s.name.text.as_str() {
            "prior" | "posterior" => true,
            "estimator" => body.groups.is_empty(),
            _ => false,
        });
        for setting in shared.filter(|_| of_rows) {
            let (word, first) = (&setting.name.text, slots[0].name);
            let title =
                format!("this {word} has no effect: the parameters of `{layer}` are points");
            let value = self.written(setting.value.span);
            self.report(
                Diagnostic::error("E0403", title)
                    .at(setting.span, "")
                    .note("they take a prior or a posterior from a group of their own alone")
                    .help(match word.as_str() {
                        "estimator" => format!("`{first}: prior = …` makes one random"),
                        _ => format!("`{first}: {word} = {value}`"),
                    }),
            );
        }
    }

    /// `slots` are the parameters whose posterior may be set by their name: `bias = X`.
    fn check_words(&mut self, settings: &[Setting], slots: &[&layer::Slot]) {
        const SETTINGS: [&str; 5] = ["prior", "posterior", "estimator", "from", "layout"];
        for (index, setting) in settings.iter().enumerate() {
            let word = setting.name.text.as_str();
            let mut before = settings[..index].iter();
            let known = SETTINGS.contains(&word) || slots.iter().any(|slot| slot.name == word);
            if !known {
                let title = format!("`{word}` is not a setting of a parameter");
                let optional = slots.iter().filter(|slot| slot.optional);
                let settings = SETTINGS.into_iter().chain(optional.map(|slot| slot.name));
                let message = words::unknown("E0212", title, &setting.name, settings, "settings");
                self.report(message);
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

/// The parameters that can be set in a layer's braces. Where the layer has none or is not known, and in
/// `default`, those of all layers.
pub(super) fn slots_of(layer: Option<&'static dyn Layer>) -> Vec<&'static layer::Slot> {
    match layer.map_or(&[][..], |layer| layer.slots()) {
        [] => layer::slots(),
        own => own.iter().collect(),
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
