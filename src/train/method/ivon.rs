//! IVON: online Newton steps for independent normals whose scales follow from the curvature
//! (Shen et al. 2024, algorithm 1; the package `ivon-opt` 0.1.3 with its defaults, `rescale_lr` among them).
//!
//! An entry with the prior Normal(μ₀, s) has loc μ and scale σ. The step number t counts from 1; g is the gradient of the
//! mean negative log-likelihood of the minibatch at w = μ + σε. Means are over the samples of the step.
//!
//! ```text
//! λ = N/T,  δ = 1/(λ s²),  σ² = 1/(λ(h + δ))
//! f = λ(h + δ)·mean(σε·g)
//! m ← β₁m + (1 − β₁)·mean(g)
//! h ← β₂h + (1 − β₂)f + ½(1 − β₂)²(h − f)²/(h + δ)
//! μ ← μ − lr·(h₀ + δ)·clip((m/(1 − β₁ᵗ) + δ(μ − μ₀))/(h + δ), ±ξ)
//! ```
//!
//! With x = (1 − β₂)(f − h)/(h + δ) the second last line multiplies h + δ with 1 + x + x²/2, which is at least ½: σ
//! stays a number.
//!
//! The interpreter's variable of a scale is rho = ln σ, so that its gradient by rho is mean(σε·g) already.
//!
//! A number without a prior has no scale. It takes the same step with h = h₀ and δ = 0, which is
//! μ ← μ − lr·h₀·clip(m/(1 − β₁ᵗ)/h₀, ±ξ).
//!
//! A checkpoint has m as `ivon.momentum/conv1.kernel.loc` and h as `ivon.hessian/conv1.kernel.loc`, beside the variables.

use crate::diagnostic::{Diagnostic, Result};
use crate::engine::{Engine, Numbers, Predictor, Section, Step};
use crate::exec::{self, Batch, Draw, Interpreter, Trained};
use crate::ir::method::ivon::normal_prior;
use crate::ir::{Handle, Role, Term};
use crate::memory;
use crate::plan::{Plan, Variable};
use crate::tensor::simd::SHARE;
use crate::tensor::{Aligned, Math, Real, Shape};
use crate::train::Config;
use crate::words::plural;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// The interpreter, and what each entry's step needs to know of those before.
pub struct Ivon {
    plan: Arc<Plan>,
    interpreter: Interpreter<f32>,
    settings: Settings,
    blocks: Vec<Block>,
    /// m of each block, one after the other.
    momentum: Aligned<f32>,
    /// h of each block that has a prior.
    hessian: Aligned<f32>,
}

/// The method's arguments.
struct Settings {
    hess_init: f64,
    beta1: f64,
    beta2: f64,
    clip_radius: f64,
}

/// A parameter or a learned number.
struct Block {
    /// `dense_1.kernel.loc`, `y.scale.rho`
    name: String,
    shape: Shape,
    /// Its place in the flat vector of variables.
    loc: Range<usize>,
    /// Its place among those of m.
    momentum: Range<usize>,
    normal: Option<Normal>,
}

/// What a block with a prior has more.
struct Normal {
    /// The place of ln σ.
    rho: Range<usize>,
    /// Its place among those of h.
    hessian: Range<usize>,
    /// Its KL, whose scale is 1/λ.
    term: Handle<Term>,
    /// s⁻²
    precision: f64,
    /// μ₀ of each entry, or of all.
    centre: Vec<f32>,
}

/// The numbers of a step that all entries of a block share.
struct Rule<T> {
    /// 1 − β₁, 1 − β₂
    new: [T; 2],
    /// 1/(1 − β₁ᵗ)
    unbiased: T,
    lambda: T,
    delta: T,
    /// lr·(h₀ + δ)
    rate: T,
    clip_radius: T,
}

impl<T: Math> Rule<T> {
    fn new(settings: &Settings, [lambda, delta]: [f64; 2], learning_rate: f64, t: u64) -> Self {
        let decayed = (t as f64 * settings.beta1.ln()).exp();
        Rule {
            new: [settings.beta1, settings.beta2].map(|beta| T::of(1.0 - beta)),
            unbiased: T::of(1.0 / (1.0 - decayed)),
            lambda: T::of(lambda),
            delta: T::of(delta),
            rate: T::of(learning_rate * (settings.hess_init + delta)),
            clip_radius: T::of(settings.clip_radius),
        }
    }

    /// One entry's step; `by_loc` is mean(g), `by_rho` mean(σε·g).
    #[inline(always)]
    fn step(&self, mu: &mut T, m: &mut T, h: &mut T, [by_loc, by_rho, centre]: [T; 3]) {
        let precision = *h + self.delta;
        let f = self.lambda * precision * by_rho;
        let x = self.new[1] * (f - *h) / precision;
        *h += precision * (x + T::of(0.5) * x * x);
        self.step_at(mu, m, *h, [by_loc, centre]);
    }

    /// The same at a given h.
    #[inline(always)]
    fn step_at(&self, mu: &mut T, m: &mut T, h: T, [by_loc, centre]: [T; 2]) {
        *m += self.new[0] * (by_loc - *m);
        let newton = (*m * self.unbiased + self.delta * (*mu - centre)) / (h + self.delta);
        // Written so that what is no number stays none.
        let clipped = match newton {
            most if most > self.clip_radius => self.clip_radius,
            least if least < -self.clip_radius => -self.clip_radius,
            within => within,
        };
        *mu -= self.rate * clipped;
    }

    /// ln σ
    #[inline(always)]
    fn rho(&self, h: T) -> T {
        T::of(-0.5) * (self.lambda * (h + self.delta)).fast_ln()
    }
}

/// IVON in training.
///
/// # Errors
///
/// `E0603` for settings of an optimizer's steps; `E0613` where it takes more memory than there is.
pub(super) fn engine(plan: Arc<Plan>, config: &Config, capacity: usize) -> Result<Box<dyn Engine>> {
    for (setting, is_set, help) in [
        (
            "clip_norm",
            config.clip_norm.is_some(),
            "`ivon(clip_radius = 1)` limits each entry of a step",
        ),
        (
            "ema_decay",
            config.ema_decay.is_some(),
            "leave it out: `beta2` says how slowly the scales move",
        ),
    ] {
        if is_set {
            let title = format!("`{setting}` is of an optimizer's steps, and `ivon` takes its own");
            return Err(Diagnostic::error("E0603", title).help(help).into());
        }
    }
    let what = format!("training with {} a step", plural(capacity, "example"));
    // m, h and the whole gradient.
    let more = (3 * plan.trainable() * size_of::<f32>()) as u64;
    memory::refuse(
        &what,
        exec::memory(&plan, capacity) + more,
        "a smaller batch size (`batch_size` in the run file, `--batch-size`) or a smaller model takes less",
    )?;
    Ok(Box::new(Ivon::new(plan, capacity)))
}

impl Ivon {
    fn new(plan: Arc<Plan>, capacity: usize) -> Self {
        let arguments = &plan.inference.method.arguments;
        let number = |name| arguments.number(name);
        let settings = Settings {
            hess_init: number("hess_init"),
            beta1: number("beta1"),
            beta2: number("beta2"),
            clip_radius: arguments
                .number_if_any("clip_radius")
                .unwrap_or(f64::INFINITY),
        };
        let blocks = blocks(&plan);
        let normals = blocks.iter().filter_map(|block| block.normal.as_ref());
        let of_hessian = normals.map(|normal| normal.hessian.end).max();
        Ivon {
            interpreter: Interpreter::new(plan.clone(), capacity),
            momentum: Aligned::zeros(blocks.last().map_or(0, |block| block.momentum.end)),
            hessian: Aligned::zeros(of_hessian.unwrap_or(0)),
            settings,
            blocks,
            plan,
        }
    }

    /// λ and δ of a block.
    fn weights(&self, normal: &Normal, step: &Step) -> [f64; 2] {
        let of_kl = self.plan.inference.loss[normal.term].scale.value(&step.at);
        [1.0 / of_kl, of_kl * normal.precision]
    }

    fn rule(&self, normal: Option<&Normal>, step: &Step) -> Rule<f32> {
        let weights = normal.map_or([1.0, 0.0], |normal| self.weights(normal, step));
        Rule::new(&self.settings, weights, step.learning_rate, step.done + 1)
    }

    /// Sets every scale to what its h makes of it.
    fn set_scales(&mut self, step: &Step) {
        for block in &self.blocks {
            let Some(normal) = &block.normal else {
                continue;
            };
            let rule = self.rule(Some(normal), step);
            let rho = &mut self.interpreter.variables_mut()[normal.rho.clone()];
            let all = rho.iter_mut().zip(&self.hessian[normal.hessian.clone()]);
            all.for_each(|(rho, h)| *rho = rule.rho(*h));
        }
    }

    /// A step with the draws that `draw` says.
    fn step_drawn(
        &mut self,
        batch: &Batch<f32>,
        draw: &Draw,
        step: &Step,
        predictive: &mut [f32],
    ) -> Trained {
        if step.done == 0 {
            self.set_scales(step);
        }
        let report = self.interpreter.step_of_data(batch, draw, &step.at);
        if !predictive.is_empty() {
            self.interpreter.last_predictive(predictive);
        }
        let rules: Vec<Rule<f32>> = (self.blocks.iter())
            .map(|block| self.rule(block.normal.as_ref(), step))
            .collect();
        let hess_init = self.settings.hess_init as f32;
        let (variables, gradient) = self.interpreter.variables_and_gradient();
        let gradient = &*gradient;
        let mut not_finite = vec![];
        for (block, rule) in self.blocks.iter().zip(&rules) {
            let m = &mut self.momentum[block.momentum.clone()];
            let by_loc = &gradient[block.loc.clone()];
            let finite = match &block.normal {
                None => {
                    let all = variables[block.loc.clone()].iter_mut().zip(m).zip(by_loc);
                    all.for_each(|((mu, m), by_loc)| {
                        rule.step_at(mu, m, hess_init, [*by_loc, 0.0]);
                    });
                    variables[block.loc.clone()].iter().all(|x| x.is_finite())
                }
                Some(normal) => {
                    let all = &mut variables[block.loc.start..normal.rho.end];
                    let (loc, rho) = all.split_at_mut(block.loc.len());
                    let h = &mut self.hessian[normal.hessian.clone()];
                    let by_rho = &gradient[normal.rho.clone()];
                    let moved = Moved { loc, rho, m, h };
                    moved.step(rule, by_loc, by_rho, &normal.centre)
                }
            };
            if !finite {
                not_finite.push(block.loc.clone());
            }
        }
        Trained { report, not_finite }
    }
}

/// What a step moves of a block.
struct Moved<'a> {
    loc: &'a mut [f32],
    rho: &'a mut [f32],
    m: &'a mut [f32],
    h: &'a mut [f32],
}

impl Moved<'_> {
    /// The step of all entries, whether all are finite after it.
    fn step(self, rule: &Rule<f32>, by_loc: &[f32], by_rho: &[f32], centre: &[f32]) -> bool {
        let loc = self.loc.par_chunks_mut(SHARE);
        let rho = self.rho.par_chunks_mut(SHARE);
        let m = self.m.par_chunks_mut(SHARE);
        let h = self.h.par_chunks_mut(SHARE);
        let by = by_loc.par_chunks(SHARE).zip(by_rho.par_chunks(SHARE));
        let all = loc.zip(rho).zip(m.zip(h)).zip(by).enumerate();
        let moved = all.map(|(share, (((loc, rho), (m, h)), (by_loc, by_rho)))| {
            let centre = match centre {
                [_] => centre,
                all => &all[share * SHARE..],
            };
            f32::dispatch(
                #[inline(always)]
                || {
                    let last = centre.len() - 1;
                    let mut finite = true;
                    for i in 0..loc.len() {
                        let by = [by_loc[i], by_rho[i], centre[i.min(last)]];
                        rule.step(&mut loc[i], &mut m[i], &mut h[i], by);
                        rho[i] = rule.rho(h[i]);
                        finite &= loc[i].is_finite() && rho[i].is_finite();
                    }
                    finite
                },
            )
        });
        moved.reduce(|| true, |a, b| a && b)
    }
}

/// All that moves, in the order of the plan's variables.
fn blocks(plan: &Plan) -> Vec<Block> {
    let [mut momentum, mut hessian] = [0; 2];
    let take = |len: usize, taken: &mut usize| {
        *taken += len;
        *taken - len..*taken
    };
    let variable = |loc: &Range<usize>| -> &Variable {
        let mut all = plan.variables.iter();
        all.find(|variable| variable.range.start == loc.start)
            .expect("each parameter begins with a variable")
    };
    let model = &plan.inference.model;
    let mut blocks = vec![];
    for (handle, tensor) in plan.tensors.iter() {
        if matches!(model.tensors[handle].role, Role::State(_)) {
            continue;
        }
        let prior = model.tensors[handle].prior.as_ref();
        let both = prior
            .and_then(normal_prior)
            .zip(plan.terms[handle].as_ref());
        let normal = both.map(|([loc, scale], term)| Normal {
            rho: tensor.rho(),
            hessian: take(tensor.loc.len(), &mut hessian),
            term: term.term,
            precision: scale.powi(-2),
            centre: match tensor.frame.anchor() {
                [] => vec![loc as f32],
                anchor => anchor.iter().map(|at| (at + loc) as f32).collect(),
            },
        });
        let of = variable(&tensor.loc);
        blocks.push(Block {
            name: of.name.clone(),
            shape: of.shape.clone(),
            momentum: take(tensor.loc.len(), &mut momentum),
            loc: tensor.loc.clone(),
            normal,
        });
    }
    for learned in plan.learned.values() {
        let of = variable(&learned.range);
        blocks.push(Block {
            name: of.name.clone(),
            shape: of.shape.clone(),
            momentum: take(learned.range.len(), &mut momentum),
            loc: learned.range.clone(),
            normal: None,
        });
    }
    blocks
}

impl Engine for Ivon {
    fn predictor(&mut self) -> &mut dyn Predictor {
        &mut self.interpreter
    }
    fn initialize(&mut self, seed: u64) {
        self.interpreter.initialize(seed);
        self.momentum.fill(0.0);
        self.hessian.fill(self.settings.hess_init as f32);
    }
    fn step(&mut self, batch: &Batch<f32>, step: &Step, predictive: &mut [f32]) -> Trained {
        self.step_drawn(batch, &step.draw(), step, predictive)
    }
    fn sections(&mut self) -> Vec<Section<'_>> {
        let mut all = self.interpreter.weights();
        let (mut momentum, mut hessian) = (&mut self.momentum[..], &mut self.hessian[..]);
        for block in &self.blocks {
            let section = |what: &str, values| Section {
                name: format!("ivon.{what}/{}", block.name),
                shape: block.shape.clone(),
                values: Numbers::F32(values),
            };
            let len = block.loc.len();
            let own = momentum.split_off_mut(..len).expect("each block's m");
            all.push(section("momentum", own));
            if block.normal.is_some() {
                let own = hessian.split_off_mut(..len).expect("each prior's h");
                all.push(section("hessian", own));
            }
        }
        all
    }
}

#[cfg(test)]
mod tests;
