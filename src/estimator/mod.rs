//! Estimators: how one draw of a posterior reaches the examples of a minibatch.

use crate::signature::Signature;

/// An entry of the registry.
pub trait Estimator: Sync {
    /// Its name and arguments.
    fn signature(&self) -> &'static Signature;
}
