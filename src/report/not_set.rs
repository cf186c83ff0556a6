//! What a file leaves out, and the rule that supplies it.

use crate::ir::{Inference, Origin, Role};
use crate::words::distinct;

/// Each rule of the language that a setting is from. The objective's options are told by the loss itself:
/// forms, scales and lambda.
pub(super) fn not_set(inference: &Inference) -> Vec<String> {
    let origins = inference.all_fitted().flat_map(|(_, tensor)| {
        let of_layer = tensor.role.is_of_layer();
        let own = of_layer || tensor.role == Role::Latent;
        let origins = [
            Some(&tensor.tensor.prior_from).filter(|_| of_layer && tensor.prior.is_some()),
            Some(tensor.posterior_from).filter(|_| own),
            Some(tensor.estimator_from).filter(|_| of_layer && tensor.estimator.is_some()),
        ];
        origins.into_iter().flatten()
    });
    distinct(origins.filter_map(|origin| match origin {
        Origin::Language(rule) => Some((*rule).into()),
        Origin::Own(_) | Origin::Default(_) => None,
    }))
}
