//! Parameters that a posterior or prior brings with it: the factors of `Rank1`, and the local scales of
//! a horseshoe.

use super::Lower;
use crate::estimator::{self, Estimator};
use crate::ir::arena::Handle;
use crate::ir::inference::Fit;
use crate::ir::model::*;
use crate::ir::scalar::Scalar;
use crate::posterior;
use crate::source::Span;
use crate::tensor::Shape;

/// The rule of the language, as the IR says it.
const FACTOR: &str = "a factor of Rank1: its prior and posterior are that family's";

impl Lower<'_> {
    /// A prior with local scales for each output unit: these as a parameter, and the prior given them.
    pub(super) fn with_local_scales(&mut self, name: &str, shape: &Shape, prior: Prior) -> Prior {
        let Some(scales) = prior.local_scales() else {
            return prior;
        };
        let family = posterior::find("LogNormal").expect("in the registry");
        let Some(posterior) = self.bound_posterior(family, "LogNormal", &[], Span::default(), None)
        else {
            return prior;
        };
        let fixed = |numbers: &[f64]| numbers.iter().map(|x| Scalar::Fixed(*x)).collect();
        let of_scales = Prior::new(
            scales.prior,
            fixed(scales.parameters),
            prior.written.clone(),
        );
        let fit = Fit {
            posterior,
            estimator: estimator::find("reparameterization"),
            posterior_from: Origin::Language(scales.rules[1]),
            estimator_from: Origin::Language(super::settings::NO_ESTIMATOR),
        };
        let of_scales = (Some(of_scales), Origin::Language(scales.rules[0]));
        let Some((fit, (of_scales, prior_from))) = self.by_method(fit, of_scales, None) else {
            return prior;
        };
        let tensor = Tensor {
            name: format!("{name}.{}", Role::Local.word()),
            role: Role::Local,
            shape: Shape(shape.0.last().copied().into_iter().collect()),
            fan_in: 1,
            fan_out: 1,
            positions: 1,
            prior: of_scales,
            factors: None,
            prior_from,
        };
        let local = self.tensor(tensor, fit);
        let mut parameters: Vec<Scalar> = fixed(scales.first);
        parameters.extend(prior.parameters);
        Prior {
            local: Some(local),
            anchor: prior.anchor,
            ..Prior::new(scales.given, parameters, prior.written)
        }
    }

    /// The factors that a kernel brings with it, if it has any: over its input channels, and over its
    /// output channels.
    pub(super) fn factors(
        &mut self,
        kernel: &str,
        shape: &Shape,
        posterior: &BoundPosterior,
        estimator: Option<&'static dyn Estimator>,
    ) -> Option<[Handle<Tensor>; 2]> {
        let factors = posterior.family.factors(&posterior.arguments)?;
        let channels = &shape.0[shape.rank() - 2..];
        let of = |role: Role, size: usize| {
            let start = |(argument, of): &(&'static str, &str)| {
                let initializer = posterior
                    .initializer(of)
                    .expect("an argument of the kernel's");
                (*argument, initializer)
            };
            let parameters = factors.prior_parameters.iter();
            let tensor = Tensor {
                name: format!("{kernel}.{}", role.word()),
                role,
                shape: Shape(vec![size]),
                fan_in: 1,
                fan_out: 1,
                positions: 1,
                prior: Some(Prior::new(
                    factors.prior,
                    parameters.map(|x| Scalar::Fixed(*x)).collect(),
                    posterior.written.clone(),
                )),
                factors: None,
                prior_from: Origin::Language(FACTOR),
            };
            // A pretrained network without factors has none to start from.
            let fit = Fit {
                posterior: BoundPosterior {
                    initializers: factors.starts.iter().map(start).collect(),
                    transform: posterior.transform,
                    ..BoundPosterior::new(factors.family, posterior.written.clone())
                },
                estimator,
                posterior_from: Origin::Language(FACTOR),
                estimator_from: Origin::Language(FACTOR),
            };
            (tensor, fit)
        };
        let factors = [
            of(Role::InputFactor, channels[0]),
            of(Role::OutputFactor, channels[1]),
        ];
        Some(factors.map(|(tensor, fit)| self.tensor(tensor, fit)))
    }
}
