//! Programs that do for other systems what a model file says.

mod python;
pub mod pytorch;
