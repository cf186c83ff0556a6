//! Parameters that a posterior or prior brings with it: the factors of `Rank1`, and the local scales of
//! a horseshoe.

use super::Lower;
use crate::distribution;
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

/// The rules of the language for local scales.
const LOCAL_PRIOR: &str = "a local scale of a horseshoe is half-Cauchy";
const LOCAL: &str = "a local scale of a horseshoe has a LogNormal posterior";

impl Lower<'_> {
    /// A prior with local scales for each output unit: these as a parameter, and what it is given them.
    pub(super) fn with_local_scales(&mut self, name: &str, shape: &Shape, prior: Prior) -> Prior {
        if !prior.per_unit {
            return prior;
        }
        let family = posterior::find("LogNormal").expect("in the registry");
        let Some(posterior) = self.bound_posterior(family, "LogNormal", &[], Span::default(), None)
        else {
            return prior;
        };
        let tensor = Tensor {
            name: format!("{name}.{}", Role::Local.word()),
            role: Role::Local,
            shape: Shape(shape.0.last().copied().into_iter().collect()),
            fan_in: 1,
            fan_out: 1,
            prior: Some(Prior {
                distribution: distribution::find("HalfCauchy").expect("in the registry"),
                parameters: vec![Scalar::Fixed(1.0)],
                anchor: None,
                local: None,
                per_unit: false,
                written: prior.written.clone(),
            }),
            factors: None,
            prior_from: Origin::Language(LOCAL_PRIOR),
        };
        let fit = Fit {
            posterior,
            estimator: estimator::find("reparameterization"),
            posterior_from: Origin::Language(LOCAL),
            estimator_from: Origin::Language(super::settings::NO_ESTIMATOR),
        };
        let local = self.tensor(tensor, fit);
        let mut parameters = vec![Scalar::Fixed(0.0)];
        parameters.extend(prior.parameters);
        Prior {
            distribution: distribution::find("Normal").expect("in the registry"),
            parameters,
            local: Some(local),
            ..prior
        }
    }

    /// The factors of a kernel: over its input channels, and over its output channels.
    pub(super) fn factors(
        &mut self,
        kernel: &str,
        shape: &Shape,
        posterior: &BoundPosterior,
        estimator: Option<&'static dyn Estimator>,
    ) -> [Handle<Tensor>; 2] {
        let channels = &shape.0[shape.rank() - 2..];
        let of = |role: Role, size: usize| {
            let FactorPrior { cauchy, scale } = posterior.factor;
            let (prior, family) = match cauchy {
                true => ("Cauchy", "Cauchy"),
                false => ("Normal", "MeanField"),
            };
            let start = |argument, of| {
                let initializer = posterior.initializer(of).expect("an argument of Rank1");
                (argument, initializer)
            };
            let tensor = Tensor {
                name: format!("{kernel}.{}", role.word()),
                role,
                shape: Shape(vec![size]),
                fan_in: 1,
                fan_out: 1,
                prior: Some(Prior {
                    distribution: distribution::find(prior).expect("in the registry"),
                    parameters: vec![Scalar::Fixed(1.0), Scalar::Fixed(scale)],
                    anchor: None,
                    local: None,
                    per_unit: false,
                    written: posterior.written.clone(),
                }),
                factors: None,
                prior_from: Origin::Language(FACTOR),
            };
            let fit = Fit {
                posterior: BoundPosterior {
                    family: posterior::find(family).expect("in the registry"),
                    initializers: vec![start("loc", "factor_loc"), start("scale", "factor_scale")],
                    // A network without factors has none to start from.
                    pretrained: None,
                    written: posterior.written.clone(),
                    ..posterior.clone()
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
        factors.map(|(tensor, fit)| self.tensor(tensor, fit))
    }
}
