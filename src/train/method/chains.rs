//! HMC and NUTS: chains side by side, each with an interpreter of its own. A step of the run is a transition of every
//! chain on all examples.
//!
//! The potential is U/T in float64: N times the loss, whose sums over examples and weights are float64. The network and
//! its gradient are float32: they are a function of the position, so that leapfrogs can still be reversed, and the error
//! of U is far below what the acceptance sees.

mod measures;

use super::convergence;
use super::kept::Kept;
use super::points::PointPredictor;
use crate::diagnostic::{Diagnostic, Result};
use crate::engine::{Engine, Numbers, Piece, Predictor, Section, Step, put};
use crate::examples::Part;
use crate::exec::{self, Batch, Draw, Interpreter, Trained};
use crate::ir::Position;
use crate::memory;
use crate::plan::Plan;
use crate::sampler::hmc::Length;
use crate::sampler::{Chain, Kernel, NoStart, Potential, Settings, Transition, Warmup};
use crate::show;
use crate::tensor::Shape;
use crate::train::Config;
use crate::train::fit::LEFT_OUT;
use crate::words::join;
use measures::MEASURES;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::{Arc, Mutex};
use std::thread;

/// So many draws without a move are no accident: with the acceptance that step sizes adapt to there is a move in each ten.
const STUCK: usize = 10;

/// A chain with what it needs to move.
struct Member {
    interpreter: Interpreter<f32>,
    settings: Settings,
    /// `None` before the first step, and if it could not start.
    chain: Option<Chain>,
    /// Why it could not start.
    failure: Option<NoStart>,
    /// [`Chain::save`], as a section holds it; before the first step its position alone, where the chain starts.
    saved: Vec<f64>,
    last: Option<Transition>,
}

/// Chains of HMC or NUTS.
pub(super) struct Chains {
    plan: Arc<Plan>,
    members: Vec<Member>,
    /// The threads of the chains, made at the first step.
    pools: Vec<ThreadPool>,
    /// Whether all chains start from another run.
    start_alike: bool,
    predictor: PointPredictor<Kept>,
}

/// The method at work.
///
/// # Errors
///
/// `E0603` for settings of steps down a gradient, `E0613` where it takes more memory than there is.
pub(super) fn engine(plan: Arc<Plan>, config: &Config, capacity: usize) -> Result<Box<dyn Engine>> {
    let method = &plan.inference.method;
    let arguments = &method.arguments;
    refuse_settings(method.signature().name, config)?;
    let is_hmc = arguments.find("trajectory").is_some();
    let chains = arguments.count("chains");
    let bytes = Kept::bytes(&plan, MEASURES.len());
    let each =
        exec::memory(&plan, capacity) + (Chain::saved_length(plan.trainable()) * 2 * 8) as u64;
    memory::refuse(
        "sampling with so many chains and draws",
        bytes.saturating_add(each.saturating_mul(chains as u64)),
        "take fewer `draws` or `chains`, or a smaller model",
    )?;
    let kernel = match is_hmc {
        true => Kernel::Hmc(Length::Trajectory(arguments.number("trajectory"))),
        false => Kernel::Nuts(arguments.count("depth")),
    };
    let fixed = arguments.number_if_any("step_size");
    let settings = |chain: usize| Settings {
        seed: config.seed,
        chain: chain as u32,
        kernel,
        warmup: Warmup {
            transitions: arguments.count("warmup"),
            step_size: fixed.is_none(),
            mass: !is_hmc || arguments.word("mass") == "diagonal",
            target: arguments.number("acceptance"),
        },
        step_size: fixed.unwrap_or(0.1),
    };
    let member = |chain: usize| Member {
        interpreter: Interpreter::new(plan.clone(), capacity),
        settings: settings(chain),
        chain: None,
        failure: None,
        saved: vec![0.0; Chain::saved_length(plan.trainable())],
        last: None,
    };
    Ok(Box::new(Chains {
        members: (0..chains).map(member).collect(),
        pools: vec![],
        start_alike: config.from.is_some(),
        predictor: predictor_of(plan.clone(), capacity),
        plan,
    }))
}

fn predictor_of(plan: Arc<Plan>, capacity: usize) -> PointPredictor<Kept> {
    let kept = Kept::new(plan.clone(), MEASURES);
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

/// Settings that mean nothing to a sampler.
pub(super) fn refuse_settings(name: &str, config: &Config) -> Result<()> {
    let set = [
        (config.patience().is_some(), "early_stopping"),
        (config.clip_norm.is_some(), "clip_norm"),
        (config.ema_decay.is_some(), "ema_decay"),
        (config.augmentation.is_on(), "[augmentation]"),
    ];
    match set.into_iter().find(|(is_set, _)| *is_set) {
        None => Ok(()),
        Some((_, setting)) => {
            let title =
                format!("`{setting}` changes what is sampled, and `{name}` samples the posterior");
            Err(Diagnostic::error("E0603", title)
                .help("leave the setting out")
                .into())
        }
    }
}

/// The potential of a network's variables on all examples.
struct OfNetwork<'a, 'b> {
    interpreter: &'a mut Interpreter<f32>,
    batch: &'a Batch<'b, f32>,
    at: Position,
    /// N/T: what the loss is multiplied with.
    factor: f64,
}

impl Potential for OfNetwork<'_, '_> {
    fn dimension(&self) -> usize {
        self.interpreter.variables().len()
    }
    fn value_and_gradient(&mut self, q: &[f64], gradient: &mut [f64]) -> f64 {
        let variables = self.interpreter.variables_mut();
        variables
            .iter_mut()
            .zip(q)
            .for_each(|(to, q)| *to = *q as f32);
        let report = self.interpreter.step(self.batch, &NO_DRAW, &self.at);
        let by_variables = self.interpreter.gradient();
        let each = gradient.iter_mut().zip(by_variables);
        each.for_each(|(to, d)| *to = self.factor * f64::from(*d));
        self.factor * report.loss
    }
}

/// Every variable is a point: nothing is drawn.
const NO_DRAW: Draw<'static> = Draw {
    seed: 0,
    step: 0,
    given: None,
};

impl Member {
    /// The chain starts where the interpreter's variables are.
    fn starts(&mut self) {
        let start = Chain::saved_position(&mut self.saved);
        let each = start.iter_mut().zip(self.interpreter.variables());
        each.for_each(|(to, x)| *to = f64::from(*x));
    }

    fn transition(&mut self, batch: &Batch<f32>, at: Position, factor: f64) {
        let Member {
            interpreter,
            settings,
            chain,
            failure,
            saved,
            last,
        } = self;
        if failure.is_some() {
            return;
        }
        let start = Chain::saved_position(saved).to_vec();
        let mut potential = OfNetwork {
            interpreter,
            batch,
            at,
            factor,
        };
        if chain.is_none() {
            // What a checkpoint holds has transitions behind it.
            let begun = match saved[0] > 0.0 {
                true => Ok(Chain::restore(*settings, saved).expect("of this length")),
                false => Chain::new(*settings, start, &mut potential),
            };
            match begun {
                Ok(begun) => *chain = Some(begun),
                Err(why) => *failure = Some(why),
            }
        }
        *last = chain.as_mut().map(|chain| chain.transition(&mut potential));
    }
}

impl Chains {
    /// A transition of every chain, shared out over the threads of the run.
    fn transitions(&mut self, batch: &Batch<f32>, at: Position, factor: f64) {
        let threads = rayon::current_num_threads();
        let workers = threads.min(self.members.len());
        if workers == 1 {
            let members = self.members.iter_mut();
            members.for_each(|member| member.transition(batch, at, factor));
            return;
        }
        while self.pools.len() < workers {
            let pool = ThreadPoolBuilder::new().num_threads(threads / workers);
            self.pools.push(pool.build().expect("threads"));
        }
        let queue = Mutex::new(self.members.iter_mut());
        let next = || queue.lock().expect("no panic before").next();
        thread::scope(|scope| {
            for pool in &self.pools {
                scope.spawn(|| {
                    pool.install(|| {
                        while let Some(member) = next() {
                            member.transition(batch, at, factor);
                        }
                    })
                });
            }
        });
    }

    /// Keeps where the chains are, once the warm-up is done.
    fn keep(&mut self) {
        for (number, member) in self.members.iter().enumerate() {
            let (Some(chain), Some(made)) = (&member.chain, &member.last) else {
                continue;
            };
            if made.is_warmup {
                continue;
            }
            let measured = [
                made.accept_probability,
                f64::from(made.is_accepted),
                f64::from(made.is_divergent),
                made.energy,
                // Infinite where the trajectory left all numbers: a checkpoint has finite ones alone.
                made.energy_error.min(f64::MAX),
                -chain.potential(),
                made.leapfrogs as f64,
                made.step_size,
                made.tree_depth as f64,
            ];
            let position = chain.position().iter().map(|q| *q as f32);
            self.predictor.points.keep(number, position, &measured);
        }
    }

    /// Leaves chains out of predictions that could not start or do not move. What is to be said of them, a line for each
    /// reason.
    fn leave_out(&mut self) -> Vec<String> {
        let kept = &mut self.predictor.points;
        let mut reasons: Vec<(&str, Vec<String>)> = vec![];
        for (number, member) in self.members.iter().enumerate() {
            let draws = kept.count(number);
            let moved = |chain: &Chain| match draws {
                0 => true,
                1..STUCK => chain.accepted() > 0,
                _ => kept.measured(number, "accepted").contains(&1.0),
            };
            let why = match member.failure {
                Some(NoStart::NotFinite) => {
                    "could not start: the loss or its gradient is not finite there"
                }
                Some(NoStart::NoStepSize) => "could not start: no step size is accepted there",
                None if member.chain.as_ref().is_none_or(moved) => continue,
                None => {
                    "accepted no proposal: the step size is too large, or the start has no density"
                }
            };
            kept.leave_out(number);
            let number = (number + 1).to_string();
            match reasons.iter_mut().find(|(reason, _)| *reason == why) {
                Some((_, numbers)) => numbers.push(number),
                None => reasons.push((why, vec![number])),
            }
        }
        let line = |(why, numbers): (&str, Vec<String>)| match &numbers[..] {
            [only] => format!("chain {only} {why}; it is left out of predictions"),
            _ => format!(
                "chains {} {why}; they are left out of predictions",
                join(numbers, "and")
            ),
        };
        reasons.into_iter().map(line).collect()
    }

    /// The failure of a run without a draw.
    fn no_draws(&self, left_out: Vec<String>) -> Diagnostic {
        let method = &self.plan.inference.method;
        let title = format!("`{}` has kept no draw", method.signature().name);
        let mut message = Diagnostic::error("E0608", title);
        message.notes = left_out;
        message.help(match method.arguments.number_if_any("step_size") {
            Some(size) => format!(
                "a smaller `step_size` than {}, or `none`, which adapts it during the warm-up",
                show(size)
            ),
            None => format!(
                "a longer `warmup` than {}, in which the step size adapts; or a start nearer to the posterior, with \
                 `--from` of a run by `map`",
                method.arguments.count("warmup")
            ),
        })
    }
}

impl Engine for Chains {
    fn predictor(&mut self) -> &mut dyn Predictor {
        &mut self.predictor
    }
    fn initialize(&mut self, seed: u64) {
        for (number, member) in (0..).zip(&mut self.members) {
            member.interpreter.initialize(seed.wrapping_add(number));
            (member.chain, member.failure, member.last) = (None, None, None);
            member.saved.fill(0.0);
            member.starts();
        }
        let first = self.members[0].interpreter.variables();
        self.predictor.points.set_current(first);
    }
    fn begin_at(&mut self, pieces: &[Piece]) {
        for member in &mut self.members {
            put(pieces, member.interpreter.variables_mut());
            member.starts();
        }
        let first = self.members[0].interpreter.variables();
        self.predictor.points.set_current(first);
    }
    fn step(&mut self, batch: &Batch<f32>, step: &Step, predictive: &mut [f32]) -> Trained {
        let temperature = self.plan.inference.method.arguments.number("temperature");
        let factor = step.at.training_examples as f64 / temperature;
        self.transitions(batch, step.at, factor);
        self.keep();
        // The log is of the first chain that goes on.
        let going = self
            .members
            .iter()
            .position(|member| member.failure.is_none());
        let member = &mut self.members[going.unwrap_or(0)];
        if let Some(chain) = &member.chain {
            let variables = member.interpreter.variables_mut();
            let each = variables.iter_mut().zip(chain.position());
            each.for_each(|(to, q)| *to = *q as f32);
        }
        let report = member.interpreter.step(batch, &NO_DRAW, &step.at);
        if !predictive.is_empty() {
            member.interpreter.last_predictive(predictive);
        }
        let variables = member.interpreter.variables();
        self.predictor.points.set_current(variables);
        let all = 0..variables.len();
        Trained {
            report,
            // With no chain left there is nothing to go on with.
            not_finite: if going.is_none() { vec![all] } else { vec![] },
        }
    }
    fn epoch_ended(&mut self, next: &Step) {
        // Before the last checkpoint is made.
        let transitions = self.plan.inference.method.transitions();
        if transitions.is_some_and(|all| next.done >= all as u64) {
            self.leave_out();
        }
    }
    fn finish(&mut self, training: &Part) -> Result<Vec<(&'static str, String)>> {
        let left_out = self.leave_out();
        let kept = &self.predictor.points;
        let chains = kept.chains();
        if chains.is_empty() {
            return Err(self.no_draws(left_out).into());
        }
        let mut said = vec![
            ("draws", kept.said(self.start_alike)),
            ("sampled", measures::said(kept, &chains, &self.plan)),
        ];
        said.extend(left_out.into_iter().map(|text| (LEFT_OUT, text)));
        said.extend(convergence::judge(&mut self.predictor, training)?);
        Ok(said)
    }
    fn measured(&self) -> Vec<(&'static str, f64)> {
        let made: Vec<&Transition> = self
            .members
            .iter()
            .filter_map(|m| m.last.as_ref())
            .collect();
        let mean = |f: fn(&Transition) -> f64| {
            made.iter().map(|made| f(made)).sum::<f64>() / made.len().max(1) as f64
        };
        vec![
            ("acceptance", mean(|made| made.accept_probability)),
            (
                "divergences",
                made.iter().filter(|made| made.is_divergent).count() as f64,
            ),
            ("energy", mean(|made| made.energy)),
            ("leapfrogs", mean(|made| made.leapfrogs as f64)),
            ("step_size", mean(|made| made.step_size)),
        ]
        .into_iter()
        .filter(|(_, x)| x.is_finite())
        .collect()
    }
    fn sections(&mut self) -> Vec<Section<'_>> {
        let mut all = self.predictor.weights();
        for (number, member) in (1..).zip(&mut self.members) {
            if let Some(chain) = &member.chain {
                member.saved = chain.save();
            }
            all.push(Section {
                name: format!("chain.{number}/state"),
                shape: Shape(vec![member.saved.len()]),
                values: Numbers::F64(&mut member.saved),
            });
        }
        all
    }
}

#[cfg(test)]
mod tests;
