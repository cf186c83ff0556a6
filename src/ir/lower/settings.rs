//! Which prior, posterior and estimator a layer's parameter has, and which weights it starts from.
//!
//! A setting is looked for in four places, and the nearest one wins:
//!
//! 1. the layer's own `kernel:` or `bias:` (or `bias = …` among its arguments),
//! 2. the layer's own settings for all of its parameters,
//! 3. the `kernel:` or `bias:` of `default` (or its `bias = …`),
//! 4. the settings of `default` for all.
//!
//! `bias = X` is short for `bias: posterior = X`; `bias = none` leaves the bias out. What is set in
//! none of them is the language's: the prior `Normal(0, 1)`, the posterior `MeanField`, the estimator
//! `reparameterization`; only a bias for which neither a prior nor a posterior is set is
//! deterministic, as in tfp.layers.
//!
//! Rows, such as a norm's gain, take a prior or posterior from places 1 and 3 alone: one meant for weights about 0
//! would switch a layer off whose gain starts at 1. Without either they are deterministic, and their loc starts where
//! the layer says. What a layer keeps between steps takes no settings but the weights of a file.
//!
//! A prior or estimator set as near as, or nearer than, a posterior that leaves it without effect is a
//! mistake. A farther one is what the nearer posterior overrides: `bias = deterministic` in a layer
//! under a `default` with a prior. One that is set for all needs one of them only: a layer's prior is
//! its kernel's where its bias is deterministic or left out.

use super::Lower;
use super::pretrained::{is_moped, sets_loc};
use crate::check::{Fans, bind, words};
use crate::diagnostic::Diagnostic;
use crate::distribution;
use crate::estimator::{self, ESTIMATORS, Estimator};
use crate::ir::model::{BoundPosterior, Origin, Prior};
use crate::ir::scalar::Scalar;
use crate::layer::{Role, Slot};
use crate::posterior::{self, Entries};
use crate::source::Span;
use crate::syntax::ast::{Argument, Expr, ParameterSettings};
use crate::tensor::Shape;

/// The rules of the language, as the IR says them.
const BARE_BIAS: &str = "a bias with no prior and no posterior set is deterministic";
const NO_PRIOR: &str = "where no prior is set, it is Normal(0, 1)";
const BARE_ROW: &str =
    "a gain, shift, threshold or slope without a prior or posterior of its own is deterministic";
const ROW_PRIOR: &str = "where a gain, shift, threshold or slope has no prior of its own, it is normal with scale 1 about its start";
pub(super) const STATE: &str = "what a layer keeps between steps is not trained";
const DROPOUT_BIAS: &str = "dropout leaves no bias out: it is a point under its prior";
const RANK1_BIAS: &str = "rank-1 factors are a kernel's: a bias is a point under its prior";
const PER_EXAMPLE: &str =
    "where none is set, the factors of Dropout and Rank1 are drawn per_example";
const NO_POSTERIOR: &str = "where no posterior is set, it is MeanField";
pub(super) const NO_ESTIMATOR: &str = "where no estimator is set, it is reparameterization";

/// A layer's slots, and what it says of its parameters itself.
#[derive(Clone, Copy)]
pub(super) struct Own<'a> {
    /// The parameters it declares.
    pub slots: &'a [&'static Slot],
    /// `bias = …` among its arguments.
    pub arguments: &'a [Argument],
    /// Its braces.
    pub body: Option<&'a ParameterSettings>,
}

/// A parameter's settings, each with who supplied it.
pub(super) struct Resolved {
    pub prior: (Option<Prior>, Origin),
    pub posterior: (BoundPosterior, Origin),
    pub estimator: (Option<&'static dyn Estimator>, Origin),
}

/// The place that a setting was taken from.
#[derive(Clone, Copy)]
pub(super) struct Pick<'a> {
    pub value: &'a Expr,
    pub span: Span,
    /// 4 for the layer's own of this parameter, down to 1 for the default of all.
    pub nearness: u8,
}

impl Pick<'_> {
    /// Whether it is set for all of the layer's parameters together.
    pub fn is_shared(&self) -> bool {
        self.nearness % 2 == 1
    }

    pub fn origin(&self) -> Origin {
        if self.nearness > 2 {
            Origin::Own(self.span)
        } else {
            Origin::Default(self.span)
        }
    }
}

/// The nearest setting of each kind for one parameter.
pub(super) struct Picks<'a> {
    /// Whose they are.
    pub slot: &'static Slot,
    /// Whether it is the layer's first, for which what is wrong with all is reported.
    pub is_first: bool,
    pub prior: Option<Pick<'a>>,
    pub posterior: Option<Pick<'a>>,
    pub estimator: Option<Pick<'a>>,
    pub from: Option<Pick<'a>>,
    pub layout: Option<Pick<'a>>,
}

impl<'a> Picks<'a> {
    fn gather(slot: &'static Slot, own: Own<'a>, default: Option<&'a ParameterSettings>) -> Self {
        let mut picks = Picks {
            slot,
            is_first: own.slots.first() == Some(&slot),
            prior: None,
            posterior: None,
            estimator: None,
            from: None,
            layout: None,
        };
        // From the farthest to the nearest, each over the one before.
        for (settings, base) in [(default, 0), (own.body, 2)] {
            let Some(settings) = settings else { continue };
            let shared = settings.shared.iter();
            for setting in shared.filter(|setting| reaches(slot, &setting.name.text)) {
                picks.take(&setting.name.text, &setting.value, setting.span, base + 1);
            }
            // Settings of a state by its name are refused where they are written.
            if matches!(slot.role, Role::State(_)) {
                continue;
            }
            for setting in settings.shared.iter().filter(|s| s.name.text == slot.name) {
                picks.take("posterior", &setting.value, setting.span, base + 2);
            }
            for group in settings
                .groups
                .iter()
                .filter(|g| g.parameter.text == slot.name)
            {
                for setting in &group.settings {
                    picks.take(&setting.name.text, &setting.value, setting.span, base + 2);
                }
            }
        }
        let mut arguments = own.arguments.iter();
        if let Some(argument) = arguments.find(|argument| is_for(slot, argument)) {
            picks.take("posterior", &argument.value, argument.span, 4);
        }
        picks
    }

    fn take(&mut self, name: &str, value: &'a Expr, span: Span, nearness: u8) {
        let pick = match name {
            "prior" => &mut self.prior,
            "posterior" => &mut self.posterior,
            "estimator" => &mut self.estimator,
            "from" => &mut self.from,
            "layout" => &mut self.layout,
            _ => return,
        };
        *pick = Some(Pick {
            value,
            span,
            nearness,
        });
    }

    /// Whether the language makes a point without a prior of it.
    pub fn is_bare(&self) -> bool {
        let is_set = self.prior.is_some() || self.posterior.is_some();
        self.slot.role != Role::Kernel && !is_set
    }

    /// Whether a setting is as near as the posterior, so that it is meant together with it.
    pub fn beside_posterior(&self, pick: &Pick) -> bool {
        pick.nearness >= self.posterior.map_or(0, |posterior| posterior.nearness)
    }
}

impl Lower<'_> {
    /// The settings of one parameter; `None` if it is left out (`bias = none`) or something is wrong.
    /// Without a shape they are checked as far as they can be.
    pub(super) fn resolve(
        &mut self,
        name: &str,
        slot: &'static Slot,
        shape: Option<&Shape>,
        fans: Fans,
        own: Own,
        default: Option<&ParameterSettings>,
    ) -> Option<Resolved> {
        let picks = Picks::gather(slot, own, default);
        let others = own.slots.iter().filter(|other| **other != slot);
        let others: Vec<Picks> = others
            .map(|other| Picks::gather(other, own, default))
            .collect();
        let found = [
            picks.prior,
            picks.posterior,
            picks.estimator,
            picks.from,
            picks.layout,
        ];
        self.used
            .extend(found.into_iter().flatten().map(|pick| pick.span));
        if let Some(none) = picks.posterior.filter(|pick| is_none(pick.value)) {
            self.left_out(none, &picks);
            return None;
        }
        // Each is looked at, whatever is wrong with another.
        let mut posterior = self.posterior_of(&picks, fans);
        let entries = posterior
            .as_ref()
            .map(|(posterior, _)| posterior.family.entries());
        let moped = picks.prior.filter(|pick| is_moped(pick.value));
        let moped = moped.filter(|_| entries != Some(Entries::Free));
        if let (Some(prior), Some(_)) = (moped, &posterior) {
            posterior = self.moped_posterior(prior, &picks, fans);
        }
        let mut started = true;
        if let Some((posterior, _)) = &mut posterior {
            let entries = posterior.family.entries();
            match self.pretrained_of(name, shape, &picks, entries) {
                Some(pretrained) => posterior.pretrained = pretrained,
                None => started = false,
            }
        }
        // What is left of `default` when every parameter has nearer settings: nothing has this posterior.
        let unused = shape.is_none() && own.arguments.is_empty() && own.body.is_none();
        let point = picks.prior.is_none() && entries == Some(Entries::Point);
        let prior = match (moped, &mut posterior) {
            _ if unused && point => None,
            (Some(pick), Some((posterior, _))) if started => {
                let prior = self.moped_prior(pick, fans, posterior);
                prior.map(|prior| (Some(prior), pick.origin()))
            }
            (Some(_), _) => None,
            _ => {
                let from = posterior.as_ref().map(|(_, from)| from);
                self.prior_of(name, &picks, &others, fans, entries.zip(from))
            }
        };
        let estimator = self.estimator_of(name, &picks, &others, posterior.as_ref());
        let (mut posterior, prior, estimator) = (posterior?, prior?, estimator?);
        if let Some(prior) = &prior.0 {
            self.settle(prior, &mut posterior.0);
        }
        self.check_support(&prior, &posterior);
        started.then_some(Resolved {
            prior,
            posterior,
            estimator,
        })
    }

    /// The posterior, with a row's loc where the layer says, unless an initialiser is written.
    fn posterior_of(&mut self, picks: &Picks, fans: Fans) -> Option<(BoundPosterior, Origin)> {
        let (mut posterior, origin) = self.posterior_as_set(picks, fans)?;
        let written = picks.posterior.is_some_and(|pick| sets_loc(pick.value));
        if matches!(picks.slot.role, Role::Row(_) | Role::State(_)) && !written {
            posterior.start_at(picks.slot.start);
        }
        Some((posterior, origin))
    }

    fn posterior_as_set(&mut self, picks: &Picks, fans: Fans) -> Option<(BoundPosterior, Origin)> {
        let is_kernel = picks.slot.role == Role::Kernel;
        let (word, rule) = match picks.posterior {
            Some(pick) => {
                let posterior = self.posterior(pick.value, Some(fans))?;
                let entries = posterior.family.entries();
                if is_kernel || !matches!(entries, Entries::Masked | Entries::Scaled) {
                    return Some((posterior, pick.origin()));
                }
                // A bias or row has no inputs to leave out or to multiply.
                let rule = match entries {
                    Entries::Masked => DROPOUT_BIAS,
                    _ => RANK1_BIAS,
                };
                let family = posterior::find("Delta").expect("in the registry");
                let point =
                    self.bound_posterior(family, "Delta", &[], Span::default(), Some(fans))?;
                return Some((point, Origin::Language(rule)));
            }
            None if picks.is_bare() => ("deterministic", bare_rule(picks.slot)),
            None => ("MeanField", NO_POSTERIOR),
        };
        let family = posterior::find(word).expect("in the registry");
        let posterior = self.bound_posterior(family, word, &[], Span::default(), Some(fans))?;
        Some((posterior, Origin::Language(rule)))
    }

    fn prior_of(
        &mut self,
        name: &str,
        picks: &Picks,
        others: &[Picks],
        fans: Fans,
        posterior: Option<(Entries, &Origin)>,
    ) -> Option<(Option<Prior>, Origin)> {
        match (picks.prior, posterior.map(|(entries, _)| entries)) {
            (Some(pick), Some(Entries::Free)) => {
                let answered = others.iter().any(|other| other.answers_for_prior(&pick));
                if picks.beside_posterior(&pick) && !answered {
                    let whose = picks.whose(name, &pick, others, |other| other.prior);
                    self.prior_without_effect(&pick, picks, &whose);
                }
                Some((None, pick.origin()))
            }
            (Some(pick), _) => {
                let prior = self.prior(name, pick.value, Some(fans))?;
                Some((Some(prior), pick.origin()))
            }
            (None, Some(Entries::Point)) => {
                if let Some((_, from)) = posterior {
                    let span = picks.posterior.map_or(Span::default(), |s| s.span);
                    self.penalty_without_prior(name, span, from);
                }
                None
            }
            (None, Some(Entries::Free)) => Some((None, Origin::Language(bare_rule(picks.slot)))),
            (None, _) => {
                let (middle, rule) = match picks.slot.role {
                    Role::Row(_) => (picks.slot.start, ROW_PRIOR),
                    _ => (0.0, NO_PRIOR),
                };
                let parameters = vec![Scalar::Fixed(middle), Scalar::Fixed(1.0)];
                let written = format!("Normal({}, 1)", crate::show(middle));
                let prior = Prior::new(&distribution::Normal, parameters, written);
                Some((Some(prior), Origin::Language(rule)))
            }
        }
    }

    fn estimator_of(
        &mut self,
        name: &str,
        picks: &Picks,
        others: &[Picks],
        posterior: Option<&(BoundPosterior, Origin)>,
    ) -> Option<(Option<&'static dyn Estimator>, Origin)> {
        let entries = posterior.map(|(posterior, _)| posterior.family.entries());
        let (estimator, origin) = match picks.estimator {
            Some(pick) => (self.estimator(pick.value)?, pick.origin()),
            None if matches!(entries, Some(Entries::Masked | Entries::Scaled)) => {
                let entry = estimator::find("per_example").expect("in the registry");
                (entry, Origin::Language(PER_EXAMPLE))
            }
            None => {
                let entry = estimator::find("reparameterization").expect("in the registry");
                (entry, Origin::Language(NO_ESTIMATOR))
            }
        };
        let (posterior, from) = posterior?;
        let entries = posterior.family.entries();
        if !entries.is_random() && entries != Entries::Scaled {
            // A bias that the language makes deterministic takes no notice of an estimator for both.
            let written = picks
                .estimator
                .filter(|pick| picks.beside_posterior(pick))
                .filter(|pick| !others.iter().any(|other| other.answers_for_estimator(pick)));
            if let Some((pick, _)) = written.zip(from.span()) {
                let family = posterior.family.signature().name;
                let whose = picks.whose(name, &pick, others, |other| other.estimator);
                self.estimator_without_effect(pick.span, &whose, family, from.span());
            }
            return Some((None, origin));
        }
        if let Some((reason, pick)) = estimator.refuse(entries).zip(picks.estimator) {
            let word = self.written(pick.value.span);
            let title = format!("`{word}` cannot draw from this posterior: {reason}");
            let mut message = Diagnostic::error("E0404", title).at(pick.span, "");
            if let Some(span) = from.span() {
                message = message.context(span, "the posterior");
            }
            let fitting = ESTIMATORS.iter().filter(|e| e.refuse(entries).is_none());
            let fitting = fitting
                .map(|e| format!("`{}`", e.signature().name))
                .collect();
            self.report(message.help(format!("what fits: {}", crate::words::join(fitting, "or"))));
        }
        Some((Some(estimator), origin))
    }

    fn estimator(&mut self, value: &Expr) -> Option<&'static dyn Estimator> {
        let known = ESTIMATORS
            .iter()
            .map(|estimator| estimator.signature().name);
        let Some(call) = value.to_call() else {
            let all = crate::words::join(known.map(|k| format!("`{k}`")).collect(), "or");
            let title = format!("an estimator is {all}");
            self.report(Diagnostic::error("E0206", title).at(value.span, ""));
            return None;
        };
        let Some(entry) = estimator::find(&call.name.text) else {
            let title = format!("`{}` is not an estimator", call.name.text);
            self.report(words::unknown(
                "E0215",
                title,
                &call.name,
                known,
                "estimators",
            ));
            return None;
        };
        let bound = bind(
            &call.name,
            &call.arguments,
            entry.signature(),
            &mut self.messages,
        );
        bound.complete.then_some(entry)
    }
}

/// The rule by which a parameter without a prior and a posterior is deterministic.
fn bare_rule(slot: &Slot) -> &'static str {
    match slot.role {
        Role::Row(_) => BARE_ROW,
        Role::State(_) => STATE,
        Role::Kernel | Role::Bias => BARE_BIAS,
    }
}

/// Whether a setting for all parameters is one for this.
fn reaches(slot: &Slot, setting: &str) -> bool {
    match slot.role {
        Role::Kernel | Role::Bias => true,
        Role::Row(_) => !["prior", "posterior"].contains(&setting),
        Role::State(_) => ["from", "layout"].contains(&setting),
    }
}

/// Whether an argument of a layer is a setting of this parameter: `bias = deterministic`.
pub(super) fn is_for(slot: &Slot, argument: &Argument) -> bool {
    let name = argument.name.as_ref();
    slot.optional && name.is_some_and(|name| name.text == slot.name)
}

pub(super) fn is_none(value: &Expr) -> bool {
    value.as_name().is_some_and(|name| name.text == "none")
}
