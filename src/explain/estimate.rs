//! How draws of the weights reach the examples.

use super::groups::grouped;
use super::{Methods, sentence};
use crate::ir::{Handle, Tensor};

impl Methods<'_> {
    /// Whether an estimator has something to be said of that is not of its method.
    pub(super) fn has_remarks(&self) -> bool {
        let mut tensors = self.model.all_fitted();
        tensors.any(|(handle, tensor)| {
            let estimator = tensor.estimator;
            estimator.is_some_and(|e| e.remark(self.model.positions(handle)).is_some())
        })
    }

    pub(super) fn estimate(&mut self) {
        let drawn: Vec<Handle<Tensor>> = self
            .random()
            .into_iter()
            .filter(|tensor| self.model.fitted(*tensor).estimator.is_some())
            .collect();
        if drawn.is_empty() {
            return;
        }
        self.document
            .heading("Estimator of the expected log-likelihood");
        self.document.prose(
            "The estimators of the likelihood's term and its gradient differ in their variance and not in \
             their expectation, but where that is said.",
        );
        let groups = grouped(&drawn, |tensor| {
            self.model
                .fitted(tensor)
                .estimator
                .map(|estimator| estimator.signature().name)
        });
        for (_, tensors) in groups {
            let Some(estimator) = self.model.fitted(tensors[0]).estimator else {
                continue;
            };
            let methods = sentence(estimator.methods());
            let mut text = format!("For {}: {methods}", self.names(&tensors));
            let remarks = grouped(&tensors, |tensor| {
                estimator.remark(self.model.positions(tensor))
            });
            for (remark, tensors) in remarks {
                if let Some(remark) = remark {
                    text += &format!(" For {} it is {remark}.", self.names(&tensors));
                }
            }
            self.document.prose(&text);
        }
    }
}
