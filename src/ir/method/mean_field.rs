//! `mean_field`: the posteriors that the file sets, fitted by the ELBO.

use super::{Method, Parameters};
use crate::signature::Signature;

/// The method.
pub struct MeanField;

static SIGNATURE: Signature = Signature {
    name: "mean_field",
    summary: "variational inference: the posteriors that the file sets, fitted by the ELBO; what `objective elbo` says",
    parameters: &[],
};

impl Method for MeanField {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn parameters(&self) -> Parameters {
        Parameters::Posteriors
    }
}
