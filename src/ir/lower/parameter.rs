//! A parameter of a layer: its tensor, with its prior and how it is fitted.

use super::Lower;
use super::settings::{Own, Resolved};
use super::types::fits;
use crate::check::Fans;
use crate::diagnostic::Diagnostic;
use crate::ir::arena::Handle;
use crate::ir::inference::Fit;
use crate::ir::model::*;
use crate::layer::{self, ParameterShape};
use crate::posterior::{Entries, Posterior};
use crate::syntax::ast::ParameterSettings;
use crate::tensor::Shape;
use crate::words::plural;

impl Lower<'_> {
    /// Why a kernel in groups, or one of tokens, cannot have this posterior, if it cannot.
    fn of_one_group(
        &self,
        name: &str,
        slot: &layer::Slot,
        shape: &Shape,
        family: &dyn Posterior,
    ) -> Option<String> {
        let above = self.pretrained.above?;
        if self.vocabulary(above).is_some() {
            let scaled = family.entries() == Entries::Scaled && slot.role == layer::Role::Kernel;
            return scaled.then(|| {
                let family = family.signature().name;
                format!(
                    "`{name}` is looked up by tokens, and {family} multiplies input channels with numbers; `MeanField` \
                     takes it"
                )
            });
        }
        // A recurrence multiplies its state, which has all the channels that there are.
        let is_whole = shape.rank() == 2;
        let channels = *self.nodes[above].shape.0.last()?;
        let scaled = matches!(family.entries(), Entries::Masked | Entries::Scaled);
        let whole =
            is_whole || slot.role != layer::Role::Kernel || shape.0[shape.rank() - 2] == channels;
        (scaled && !whole).then(|| {
            let family = family.signature().name;
            format!(
                "`{name}` is {shape}, a kernel in groups, and {family} multiplies whole input channels, of which \
                 there are {channels}: the filters of a group see a part of them; `MeanField` takes it"
            )
        })
    }

    pub(super) fn parameter(
        &mut self,
        layer: &str,
        slot: &'static layer::Slot,
        declared: ParameterShape,
        own: Own,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Tensor>> {
        let name = format!("{layer}.{}", slot.name);
        let ParameterShape {
            shape,
            fan_in,
            fan_out,
            positions,
        } = declared;
        let fans = Fans { fan_in, fan_out };
        let Resolved {
            prior,
            posterior: (posterior, posterior_from),
            estimator: (estimator, estimator_from),
        } = self.resolve(&name, slot, Some(&shape), fans, own, default)?;
        let fit = Fit {
            posterior,
            estimator,
            posterior_from,
            estimator_from,
        };
        let (mut fit, (prior, prior_from)) = self.by_method(fit, prior, Some(fans))?;
        let family = fit.posterior.family;
        let refused = family.refuse(&shape).map(|reason| {
            let family = family.signature().name;
            format!("`{name}` is {shape}, too large for {family}: {reason}")
        });
        let refused = refused.or_else(|| self.of_one_group(&name, slot, &shape, family));
        // A bias often has the settings of its layer's kernel, whose weights are `fan_in` times as many.
        let weights = match shape.rank() {
            1 => shape.len() * fan_in,
            _ => shape.len(),
        };
        let many = too_many_variables(&name, &shape, weights, &fit.posterior);
        if let Some(title) = refused.or(many) {
            let mut message = Diagnostic::error("E0411", title);
            if let Some(span) = fit.posterior_from.span() {
                message = message.at(span, "");
            }
            self.report(message);
            return None;
        }
        let prior = prior.map(|prior| self.with_local_scales(&name, &shape, prior));
        // Of a kernel with factors, these are drawn.
        let factors = self.factors(&name, &shape, &fit.posterior, fit.estimator);
        fit.estimator = fit.estimator.filter(|_| factors.is_none());
        let tensor = Tensor {
            name,
            role: slot.role.into(),
            shape,
            fan_in,
            fan_out,
            positions,
            prior,
            factors,
            prior_from,
        };
        Some(self.tensor(tensor, fit))
    }
}

/// Why a posterior has too many variables for a tensor: more directions, as `LowRank` has them, than there are
/// weights, or a variable that is too large in itself.
fn too_many_variables(
    name: &str,
    shape: &Shape,
    weights: usize,
    posterior: &BoundPosterior,
) -> Option<String> {
    let written = &posterior.written;
    posterior.variables(shape).iter().find_map(|variable| {
        let of = format!("the {} of `{written}` is {}", variable.name, variable.shape);
        // A row of directions for each weight.
        if let [_, directions] = variable.shape.0[..]
            && directions > weights
        {
            let weights = plural(weights, "weight");
            return Some(format!(
                "`{name}` is {shape}, and {of}: {directions} directions of {weights}"
            ));
        }
        let too_large = !fits(&variable.shape);
        too_large.then(|| {
            format!("`{name}` is {shape}, and {of}: more numbers than a variable can have")
        })
    })
}
