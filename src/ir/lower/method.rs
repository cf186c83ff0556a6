//! What an inference method makes of a file's settings: under all but `mean_field` every posterior is a point.

use super::Lower;
use crate::check::Fans;
use crate::ir::inference::{Fit, KlChoice, Objective};
use crate::ir::method::Unused;
use crate::ir::model::{Origin, Prior};
use crate::posterior::{self, Entries};
use crate::source::Span;

/// The rule of the language, as the IR says it.
pub(super) const POINTS: &str = "this inference method has points in place of posteriors";

impl Lower<'_> {
    /// A parameter's fit under the method. A point starts where the loc of the posterior that it replaces
    /// does. `None` once what is wrong has been said.
    pub(super) fn by_method(
        &mut self,
        fit: Fit,
        prior: (Option<Prior>, Origin),
        fans: Option<Fans>,
    ) -> Option<(Fit, (Option<Prior>, Origin))> {
        let entries = fit.posterior.family.entries();
        let kept = matches!(entries, Entries::Point | Entries::Free);
        if self.method.fits_posteriors() || kept {
            return Some((fit, prior));
        }
        let unused = &mut self.unused;
        let (posterior, from) = (&fit.posterior, &fit.posterior_from);
        Unused::add(unused, "posterior", &posterior.written, from);
        if let Some(estimator) = fit.estimator {
            let name = estimator.signature().name;
            Unused::add(unused, "estimator", name, &fit.estimator_from);
        }
        let family = posterior::find("Delta").expect("in the registry");
        let mut point = self.bound_posterior(family, "Delta", &[], Span::default(), fans)?;
        if let Some(start) = fit.posterior.initializer("loc") {
            point.initializers = vec![("loc", start)];
        }
        if let Some(prior) = &prior.0 {
            self.settle(prior, &mut point);
        }
        point.pretrained = fit.posterior.pretrained;
        let posterior = (point, Origin::Language(POINTS));
        if !self.check_support(&prior, &posterior) {
            return None;
        }
        let fit = Fit {
            posterior: posterior.0,
            posterior_from: posterior.1,
            estimator: None,
            ..fit
        };
        Some((fit, prior))
    }

    /// What of the objective the method does not use.
    pub(super) fn objective_by_method(&mut self, mut objective: Objective) -> Objective {
        if self.method.fits_posteriors() {
            return objective;
        }
        for (option, span) in &objective.option_spans {
            if ["kl", "samples"].contains(option) {
                let text = self.written(*span);
                let value = text.split_once('=').map_or("", |(_, value)| value.trim());
                Unused::add(&mut self.unused, option, value, &Origin::Own(*span));
            }
        }
        objective.map = true;
        objective.kl = KlChoice::Auto;
        objective.samples = 1;
        objective
    }
}
