//! Inference methods at work, a file each: what [`crate::ir::method`] says of a method is run by the engine of the same
//! name here.

mod chains;
pub mod convergence;
mod ensemble;
mod ivon;
mod kept;
mod laplace;
mod points;
mod stochastic;
mod swag;
#[cfg(test)]
mod testing;

pub use stochastic::refuse_few_steps;

use super::Config;
use super::descent::Descent;
use crate::diagnostic::Result;
use crate::engine::{Engine, Predictor};
use crate::exec::Interpreter;
use crate::plan::Plan;
use std::sync::Arc;

/// Trains an inference.
type MakeEngine = fn(Arc<Plan>, &Config, usize) -> Result<Box<dyn Engine>>;

/// Predicts with what a checkpoint holds.
type MakePredictor = fn(Arc<Plan>, &Config, usize) -> Result<Box<dyn Predictor>>;

/// How a method is run.
struct Entry {
    /// Its name in [`crate::ir::METHODS`].
    name: &'static str,
    /// What trains it, on up to so many examples a call.
    engine: MakeEngine,
    /// What predicts with what a checkpoint of it holds.
    predictor: MakePredictor,
}

/// One for each of [`crate::ir::METHODS`].
static ENTRIES: &[Entry] = &[
    Entry {
        name: "mean_field",
        engine: descent,
        predictor: variables,
    },
    Entry {
        name: "map",
        engine: descent,
        predictor: variables,
    },
    Entry {
        name: "ensemble",
        engine: ensemble::engine,
        predictor: ensemble::predictor,
    },
    Entry {
        name: "swag",
        engine: swag::engine,
        predictor: swag::predictor,
    },
    Entry {
        name: "laplace",
        engine: laplace::engine,
        predictor: laplace::predictor,
    },
    Entry {
        name: "ivon",
        engine: ivon::engine,
        predictor: variables,
    },
    Entry {
        name: "hmc",
        engine: chains::engine,
        predictor: chains::predictor,
    },
    Entry {
        name: "nuts",
        engine: chains::engine,
        predictor: chains::predictor,
    },
    Entry {
        name: "sgld",
        engine: stochastic::engine,
        predictor: stochastic::predictor,
    },
    Entry {
        name: "sghmc",
        engine: stochastic::engine,
        predictor: stochastic::predictor,
    },
];

fn entry(plan: &Plan) -> &'static Entry {
    let name = plan.inference.method.signature().name;
    let found = ENTRIES.iter().find(|entry| entry.name == name);
    found.unwrap_or_else(|| panic!("{name} has no engine"))
}

/// What trains the plan's inference, on up to `capacity` examples a call.
///
/// # Errors
///
/// `E0613` where that takes more memory than there is.
pub fn engine(plan: Arc<Plan>, config: &Config, capacity: usize) -> Result<Box<dyn Engine>> {
    (entry(&plan).engine)(plan, config, capacity)
}

/// What predicts with the plan's inference, up to `capacity` examples a call, once the sections of a checkpoint are read
/// into its [`Predictor::weights`].
///
/// # Errors
///
/// `E0613` where that takes more memory than there is.
pub fn predictor(plan: Arc<Plan>, config: &Config, capacity: usize) -> Result<Box<dyn Predictor>> {
    (entry(&plan).predictor)(plan, config, capacity)
}

fn descent(plan: Arc<Plan>, config: &Config, capacity: usize) -> Result<Box<dyn Engine>> {
    Ok(Box::new(Descent::new(plan, config, capacity)?))
}

fn variables(plan: Arc<Plan>, _: &Config, capacity: usize) -> Result<Box<dyn Predictor>> {
    Ok(Box::new(Interpreter::<f32>::new(plan, capacity)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::METHODS;

    #[test]
    fn every_method_has_an_engine() {
        let names = |entries: &[&str]| entries.join(" ");
        let known: Vec<&str> = METHODS.iter().map(|m| m.signature().name).collect();
        let run: Vec<&str> = ENTRIES.iter().map(|entry| entry.name).collect();
        assert_eq!(names(&run), names(&known));
    }
}
