//! What a file leaves out, and the rule that supplies it.

use crate::ir::{Model, Origin, Role};

/// Each rule of the language that a setting is from, and the options of the objective at their defaults.
pub(super) fn not_set(model: &Model) -> Vec<String> {
    let mut rules: Vec<String> = Vec::new();
    for (_, tensor) in model.tensors.iter() {
        let of_layer = tensor.role.is_of_layer();
        let own = of_layer || tensor.role == Role::Latent;
        let origins = [
            Some(&tensor.prior_from).filter(|_| of_layer && tensor.prior.is_some()),
            Some(&tensor.posterior_from).filter(|_| own),
            Some(&tensor.estimator_from).filter(|_| of_layer && tensor.estimator.is_some()),
        ];
        for origin in origins.into_iter().flatten() {
            if let Origin::Language(rule) = origin
                && !rules.iter().any(|known| known == rule)
            {
                rules.push((*rule).into());
            }
        }
    }
    let written = &model.objective.option_spans;
    let options: Vec<String> = [
        ("kl", "auto"),
        ("samples", "1"),
        ("minibatch", "uniform"),
        ("temperature", "1"),
        ("annealing", "none"),
    ]
    .iter()
    .filter(|(option, _)| !written.iter().any(|(other, _)| other == option))
    // `--samples` is as good as the file.
    .filter(|(option, _)| *option != "samples" || model.objective.samples == 1)
    .map(|(option, default)| format!("{option} = {default}"))
    .collect();
    if !options.is_empty() {
        rules.push(format!("the objective's {}", options.join(", ")));
    }
    rules
}
