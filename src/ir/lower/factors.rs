//! Parameters that a posterior or prior brings with it: the factors of `Rank1`.

use super::Lower;
use crate::distribution;
use crate::estimator::Estimator;
use crate::ir::arena::Handle;
use crate::ir::model::*;
use crate::ir::scalar::Scalar;
use crate::posterior;
use crate::tensor::Shape;

/// The rule of the language, as the IR says it.
const FACTOR: &str = "a factor of Rank1: its prior and posterior are that family's";

impl Lower<'_> {
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
            Tensor {
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
                    written: posterior.written.clone(),
                }),
                posterior: BoundPosterior {
                    family: posterior::find(family).expect("in the registry"),
                    initializers: vec![start("loc", "factor_loc"), start("scale", "factor_scale")],
                    written: posterior.written.clone(),
                    ..posterior.clone()
                },
                factors: None,
                estimator,
                prior_from: Origin::Language(FACTOR),
                posterior_from: Origin::Language(FACTOR),
                estimator_from: Origin::Language(FACTOR),
            }
        };
        [
            self.tensors.push(of(Role::InputFactor, channels[0])),
            self.tensors.push(of(Role::OutputFactor, channels[1])),
        ]
    }
}
