//! How draws of the weights reach the examples.

use super::Methods;
use super::groups::grouped;
use crate::ir::{Handle, Tensor};

impl Methods<'_> {
    pub(super) fn estimate(&mut self) {
        let drawn: Vec<Handle<Tensor>> = self
            .random()
            .into_iter()
            .filter(|tensor| self.model.tensors[*tensor].estimator.is_some())
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
            self.model.tensors[tensor]
                .estimator
                .map(|estimator| estimator.signature().name)
        });
        for (_, tensors) in groups {
            let Some(estimator) = self.model.tensors[tensors[0]].estimator else {
                continue;
            };
            let mut text = format!("For {}: {}.", self.names(&tensors), estimator.methods());
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
