//! Programs that do for other systems what a model file says.

pub mod numpyro;
mod python;
pub mod pytorch;
mod scalar;
