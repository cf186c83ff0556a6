//! SGLD and SGHMC: noisy steps on minibatches. Chains follow each other, each from a seed of its own.
//!
//! The loss is U/N estimated on a minibatch, and the argument `step_size` is N times the ε of the formulas.

use super::chains::refuse_settings;
use super::convergence;
use super::kept::Kept;
use super::points::PointPredictor;
use crate::diagnostic::{Diagnostic, Result};
use crate::engine::{Engine, Numbers, Piece, Predictor, Section, Step, put, sections};
use crate::examples::Part;
use crate::exec::{self, Batch, Interpreter, Trained};
use crate::ir::InferenceMethod;
use crate::memory;
use crate::plan::Plan;
use crate::sampler::cyclical::Cycles;
use crate::sampler::preconditioner::Rmsprop;
use crate::sampler::sghmc::Sghmc;
use crate::sampler::sgld::Sgld;
use crate::signature::Constants;
use crate::tensor::Stream;
use crate::train::Config;
use crate::words::{plural, thousands};
use std::sync::Arc;

/// The use of a step's noise: no parameter's.
const NOISE: u32 = 0x5A10;

/// The smallest mass and the average of RMSprop, as Izmailov et al. 2021 have them.
const RMSPROP: Rmsprop = Rmsprop {
    decay: 0.99,
    epsilon: 1e-7,
};

/// Chains of noisy steps.
pub(super) struct Stochastic {
    plan: Arc<Plan>,
    interpreter: Interpreter<f32>,
    /// Of SGHMC.
    momentum: Vec<f32>,
    /// The averages of squared gradients, if there is a preconditioner.
    squares: Vec<f32>,
    mass: Vec<f32>,
    noise: Vec<f32>,
    /// That of U.
    gradient: Vec<f32>,
    epochs: usize,
    /// The step size of the last step.
    step_size: f64,
    /// Where every chain starts, if that is another run.
    start: Vec<f32>,
    predictor: PointPredictor<Kept>,
}

/// The method at work.
///
/// # Errors
///
/// `E0603` for settings of a descent, `E0613` where it takes more memory than there is.
pub(super) fn engine(plan: Arc<Plan>, config: &Config, capacity: usize) -> Result<Box<dyn Engine>> {
    let method = &plan.inference.method;
    let arguments = &method.arguments;
    refuse_settings(method.signature().name, config)?;
    let n = plan.trainable();
    let vectors = (6 * n * size_of::<f32>()) as u64;
    memory::refuse(
        "sampling with so many chains and draws",
        Kept::bytes(&plan, 0)
            .saturating_add(exec::memory(&plan, capacity))
            .saturating_add(vectors),
        "take fewer `draws` or `chains`, or a smaller model",
    )?;
    let has_momentum = momentum(arguments) > 0.0;
    let is_preconditioned = arguments.word("preconditioner") == "rmsprop";
    Ok(Box::new(Stochastic {
        interpreter: Interpreter::new(plan.clone(), capacity),
        momentum: vec![0.0; if has_momentum { n } else { 0 }],
        squares: vec![0.0; if is_preconditioned { n } else { 0 }],
        mass: vec![1.0; n],
        noise: vec![0.0; n],
        gradient: vec![0.0; n],
        epochs: config.epochs(),
        step_size: 0.0,
        start: vec![0.0; if config.from.is_some() { n } else { 0 }],
        predictor: predictor_of(plan.clone(), capacity),
        plan,
    }))
}

fn predictor_of(plan: Arc<Plan>, capacity: usize) -> PointPredictor<Kept> {
    let kept = Kept::new(plan.clone(), &[]);
    PointPredictor::new(plan, capacity, kept)
}

/// What predicts with the draws of a checkpoint.
pub(super) fn predictor(
    plan: Arc<Plan>,
    _: &Config,
    capacity: usize,
) -> Result<Box<dyn Predictor>> {
    Ok(Box::new(predictor_of(plan, capacity)))
}

/// β of SGHMC; 0 of SGLD, which has none.
fn momentum(arguments: &Constants) -> f64 {
    let is_there = arguments.0.iter().any(|(name, _)| *name == "momentum");
    if is_there {
        arguments.number("momentum")
    } else {
        0.0
    }
}

/// Which steps of a chain have noise, how large they are, and after which a draw is kept.
struct Schedule {
    steps: u64,
    draws: u64,
    burn_in: f64,
    cycles: Option<(u64, Cycles)>,
}

impl Schedule {
    fn new(arguments: &Constants, steps: u64) -> Schedule {
        let cycles = arguments.number_if_any("cycles").map(|cycles| {
            let length = (steps / cycles as u64).max(1);
            let exploration = arguments.number("exploration");
            (
                cycles as u64,
                Cycles {
                    length,
                    exploration,
                },
            )
        });
        Schedule {
            steps,
            draws: arguments.count("draws") as u64,
            burn_in: arguments.number("burn_in"),
            cycles,
        }
    }

    /// What the step size is multiplied with at this step, and whether it has noise.
    fn at(&self, step: u64) -> (f64, bool) {
        match &self.cycles {
            None => (1.0, true),
            Some((_, cycles)) => (cycles.factor(step), cycles.has_noise(step)),
        }
    }

    /// How many draws are due once so many steps are done.
    fn due(&self, done: u64) -> u64 {
        let of_part = |done: u64, steps: u64, before: f64, draws: u64| {
            let before = (before * steps as f64).floor();
            let share = (done as f64 - before) / (steps as f64 - before);
            (draws as f64 * share.clamp(0.0, 1.0) + 1e-9) as u64
        };
        match &self.cycles {
            None => of_part(done, self.steps, self.burn_in, self.draws),
            Some((count, cycles)) => {
                let (whole, rest) = (done / cycles.length, done % cycles.length);
                let before = |cycle: u64| self.draws * cycle / count;
                if whole >= *count {
                    return self.draws;
                }
                let own = before(whole + 1) - before(whole);
                before(whole) + of_part(rest, cycles.length, cycles.exploration, own)
            }
        }
    }
}

/// Refuses a chain of so few steps that it cannot keep its draws.
///
/// # Errors
///
/// `E0603`, with how many it could keep.
pub fn refuse_few_steps(method: &InferenceMethod, steps: usize) -> Result<()> {
    let arguments = &method.arguments;
    if arguments.find("burn_in").is_none() {
        return Ok(());
    }
    let schedule = Schedule::new(arguments, steps as u64);
    let after = |steps: u64, before: f64| steps - (before * steps as f64).floor() as u64;
    let (room, when) = match &schedule.cycles {
        None => (after(schedule.steps, schedule.burn_in), "the burn-in"),
        Some((count, cycles)) => {
            let each = match schedule.steps < *count {
                true => 0,
                false => after(cycles.length, cycles.exploration),
            };
            let lacks = schedule.draws.div_ceil(*count) > each;
            // Where each cycle has room for its own, all of them have for all.
            let room = if lacks { each * count } else { schedule.draws };
            (room, "the exploration of each cycle")
        }
    };
    if room >= schedule.draws {
        return Ok(());
    }
    let title = format!(
        "`{}` is to keep {} of each chain, and {} leave {} after {when}",
        method.signature().name,
        plural(schedule.draws as usize, "draw"),
        plural(steps, "step"),
        thousands(room as usize),
    );
    Err(Diagnostic::error("E0603", title)
        .help("fewer `draws`, more `epochs`, a shorter `burn_in` or `exploration`, or a smaller `--batch-size`, of which an \
               epoch has more steps")
        .into())
}

impl Engine for Stochastic {
    fn predictor(&mut self) -> &mut dyn Predictor {
        &mut self.predictor
    }
    fn initialize(&mut self, seed: u64) {
        self.interpreter.initialize(seed);
        self.momentum.fill(0.0);
        self.squares.fill(0.0);
        let variables = self.interpreter.variables();
        self.predictor.points.set_current(variables);
    }
    fn begin_at(&mut self, pieces: &[Piece]) {
        put(pieces, self.interpreter.variables_mut());
        if !self.start.is_empty() {
            self.start.copy_from_slice(self.interpreter.variables());
        }
        let variables = self.interpreter.variables();
        self.predictor.points.set_current(variables);
    }
    fn step(&mut self, batch: &Batch<f32>, step: &Step, predictive: &mut [f32]) -> Trained {
        if step.done == 0 && step.round > 0 {
            self.initialize(step.seed);
            if !self.start.is_empty() {
                let variables = self.interpreter.variables_mut();
                variables.copy_from_slice(&self.start);
            }
        }
        let plan = self.plan.clone();
        let arguments = &plan.inference.method.arguments;
        let steps = (self.epochs * step.at.batches) as u64;
        let schedule = Schedule::new(arguments, steps);
        let report = self.interpreter.step(batch, &step.draw(), &step.at);
        if !predictive.is_empty() {
            self.interpreter.last_predictive(predictive);
        }
        let n = step.at.training_examples as f64;
        let by_loss = self.interpreter.gradient();
        let each = self.gradient.iter_mut().zip(by_loss);
        each.for_each(|(to, d)| *to = n as f32 * d);
        if !self.squares.is_empty() {
            RMSPROP.update(&mut self.squares, &self.gradient, &mut self.mass);
        }
        let (factor, has_noise) = schedule.at(step.done);
        self.step_size = arguments.number("step_size") * factor;
        let step_size = (self.step_size / n) as f32;
        let temperature = if has_noise {
            arguments.number("temperature") as f32
        } else {
            0.0
        };
        Stream::new(step.seed, step.done, 0, NOISE).fill_normal(0, &mut self.noise);
        let (gradient, noise, mass) = (&self.gradient, &self.noise, &self.mass);
        let variables = self.interpreter.variables_mut();
        match momentum(arguments) {
            0.0 => Sgld {
                step_size,
                temperature,
            }
            .step(variables, gradient, noise, mass),
            decay => Sghmc {
                step_size,
                momentum_decay: decay as f32,
                temperature,
            }
            .step(variables, &mut self.momentum, gradient, noise, mass),
        }
        let finite = variables.iter().all(|x| x.is_finite());
        let kept = &mut self.predictor.points;
        kept.set_current(variables);
        if finite && schedule.due(step.done + 1) > schedule.due(step.done) {
            kept.keep(step.round, variables.iter().copied(), &[]);
        }
        let all = 0..variables.len();
        Trained {
            report,
            not_finite: if finite { vec![] } else { vec![all] },
        }
    }
    fn leave_out(&mut self, chain: usize) {
        self.initialize(0);
        self.predictor.points.leave_out(chain);
    }
    fn finish(&mut self, training: &Part) -> Result<Vec<(&'static str, String)>> {
        let kept = &self.predictor.points;
        let mut said = vec![("draws", kept.said(!self.start.is_empty()))];
        said.extend(convergence::judge(&mut self.predictor, training)?);
        Ok(said)
    }
    fn measured(&self) -> Vec<(&'static str, f64)> {
        vec![("step_size", self.step_size)]
    }
    fn sections(&mut self) -> Vec<Section<'_>> {
        let Stochastic {
            plan,
            predictor,
            interpreter,
            momentum,
            squares,
            start,
            ..
        } = self;
        let mut all = predictor.weights();
        all.extend(sections(
            "sampler/",
            &plan.variables,
            interpreter.variables_mut(),
        ));
        for (name, values) in [
            ("momentum", momentum),
            ("squares", squares),
            ("start", start),
        ] {
            if !values.is_empty() {
                all.push(Section {
                    name: format!("sampler.{name}"),
                    shape: crate::tensor::Shape(vec![values.len()]),
                    values: Numbers::F32(values),
                });
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(schedule: &Schedule) -> Vec<u64> {
        let steps = 0..schedule.steps;
        steps
            .filter(|k| schedule.due(k + 1) > schedule.due(*k))
            .collect()
    }

    #[test]
    fn draws_are_spread_over_the_steps_after_the_burn_in() {
        let schedule = Schedule {
            steps: 100,
            draws: 5,
            burn_in: 0.5,
            cycles: None,
        };
        assert_eq!(kept(&schedule), [59, 69, 79, 89, 99]);
        assert_eq!(schedule.at(0), (1.0, true));
    }

    #[test]
    fn each_cycle_gives_its_draws_at_its_end() {
        let cycles = Cycles {
            length: 50,
            exploration: 0.8,
        };
        let schedule = Schedule {
            steps: 101,
            draws: 4,
            burn_in: 0.5,
            cycles: Some((2, cycles)),
        };
        assert_eq!(kept(&schedule), [44, 49, 94, 99]);
        let odd = Schedule {
            draws: 5,
            ..schedule
        };
        assert_eq!(kept(&odd).len(), 5, "every draw falls into some cycle");
        assert!(!odd.at(39).1 && odd.at(40).1);
    }
}
