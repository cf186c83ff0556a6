//! What makes predictions calibrated after training: a temperature of class probabilities, and conformal sets of classes
//! or intervals of numbers. Both are fitted on examples that were set aside, never on those that they are judged on.

mod conformal;
mod temperature;

pub use conformal::{Conformal, Effect};
pub use temperature::Temperature;
