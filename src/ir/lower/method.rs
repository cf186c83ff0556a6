//! What an inference method makes of a file's settings: under most, every posterior is a point.

use super::Lower;
use crate::check::Fans;
use crate::estimator;
use crate::ir::inference::{Fit, KlChoice, Objective};
use crate::ir::method::{Parameters, Unused};
use crate::ir::model::{Origin, Prior};
use crate::posterior::{self, Entries, Transform};
use crate::source::Span;

/// The rule of the language, as the IR says it.
const POINTS: &str = "this inference method has points in place of posteriors";

/// The same of [`Parameters::Normals`].
const NORMALS: &str = "this inference method has a normal for each entry and sets its scale";

/// Of their estimator.
const ONE_DRAW: &str = "this inference method draws the weights once for all examples of a step";

impl Lower<'_> {
    /// A parameter's fit under the method. What replaces a posterior starts where its loc does. `None` once what is wrong
    /// has been said. A latent variable has no `fans`.
    pub(super) fn by_method(
        &mut self,
        fit: Fit,
        prior: (Option<Prior>, Origin),
        fans: Option<Fans>,
    ) -> Option<(Fit, (Option<Prior>, Origin))> {
        let entries = fit.posterior.family.entries();
        let parameters = self.method.entry.parameters();
        let kept = match parameters {
            Parameters::Posteriors => true,
            Parameters::Points => matches!(entries, Entries::Point | Entries::Free),
            // A latent variable is refused as it stands in the file.
            Parameters::Normals => entries == Entries::Free || fans.is_none(),
        };
        if kept {
            return Some((fit, prior));
        }
        let unused = &mut self.unused;
        let (posterior, from) = (&fit.posterior, &fit.posterior_from);
        Unused::add(unused, "posterior", &posterior.written, from);
        if let Some(estimator) = fit.estimator {
            let name = estimator.signature().name;
            Unused::add(unused, "estimator", name, &fit.estimator_from);
        }
        let is_normal = parameters == Parameters::Normals;
        let (word, rule) = match is_normal {
            true => ("MeanField", NORMALS),
            false => ("Delta", POINTS),
        };
        let family = posterior::find(word).expect("in the registry");
        let mut bound = self.bound_posterior(family, word, &[], Span::default(), fans)?;
        // The scales of normals start where the method has them.
        let start = fit.posterior.initializer("loc");
        let start = start.or(bound.initializer("loc"));
        bound.initializers = start.into_iter().map(|start| ("loc", start)).collect();
        bound.pretrained = fit.posterior.pretrained;
        if is_normal {
            bound.transform = Transform::Exp;
            bound.pretrained.iter_mut().for_each(|p| p.delta = None);
        }
        if let Some(prior) = &prior.0 {
            self.settle(prior, &mut bound);
        }
        let posterior = (bound, Origin::Language(rule));
        if !self.check_support(&prior, &posterior) {
            return None;
        }
        let fit = Fit {
            posterior: posterior.0,
            posterior_from: posterior.1,
            estimator: is_normal
                .then(|| estimator::find("reparameterization").expect("in the registry")),
            estimator_from: match is_normal {
                true => Origin::Language(ONE_DRAW),
                false => fit.estimator_from,
            },
        };
        Some((fit, prior))
    }

    /// What of the objective the method does not use.
    pub(super) fn objective_by_method(&mut self, mut objective: Objective) -> Objective {
        if self.method.fits_posteriors() {
            return objective;
        }
        let points = self.method.has_points();
        for (option, span) in &objective.option_spans {
            if *option == "kl" || *option == "samples" && points {
                let text = self.written(*span);
                let value = text.split_once('=').map_or("", |(_, value)| value.trim());
                Unused::add(&mut self.unused, option, value, &Origin::Own(*span));
            }
        }
        objective.map = points;
        objective.kl = KlChoice::Auto;
        if points {
            objective.samples = 1;
        }
        objective
    }
}
