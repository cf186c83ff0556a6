//! What makes predictions calibrated after training: a temperature of class probabilities, and conformal sets of classes
//! or intervals of numbers. Both are fitted on examples that were set aside, never on those that they are judged on.

mod conformal;
mod temperature;

pub use conformal::{Conformal, Effect};
pub use temperature::Temperature;

use crate::likelihood::{Column, Predictive};

/// What predictions of one target are calibrated by.
#[derive(Debug, Clone, Default)]
pub struct Calibration {
    /// Of classes, if it is asked for.
    pub temperature: Option<Temperature>,
    /// If it is asked for; fitted to predictions at that temperature.
    pub conformal: Option<Conformal>,
}

impl Calibration {
    /// Puts predictions at the temperature, as [`Temperature::apply`].
    pub fn apply(&self, predicted: &mut Predictive, label: Option<&dyn Fn(usize) -> usize>) {
        if let Some(temperature) = &self.temperature {
            temperature.apply(predicted, label);
        }
    }

    /// The columns of a prediction file that it adds, of predictions at the temperature.
    pub fn columns(&self, predicted: &Predictive) -> Vec<Column> {
        let conformal = self.conformal.iter();
        conformal.flat_map(|sets| sets.columns(predicted)).collect()
    }
}
