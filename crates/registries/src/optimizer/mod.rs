//! Optimizers: each a file with its settings, its update and its test. [`schedule`] says how the
//! learning rate moves.
//!
//! An update is elementwise, and one pass over the variables, the gradient and the state does all of
//! it: a part at a time, in any order, wherever a part of the gradient is known ([`State::begin`]), or all of
//! it on the current rayon pool ([`State::step`]).

pub mod adam;
pub mod schedule;
mod sgd;

pub use schedule::{SCHEDULES, Schedule};

use crate::signature::{Constant, Constants, Kind, Parameter, Signature};
use crate::tensor::{Aligned, Real, blocks};
use rayon::prelude::*;
use std::ops::Range;

/// An entry of the registry.
pub trait Optimizer: Update<f32> + Update<f64> {
    /// Its name and settings, the keys of a run file's `[optimizer]`.
    fn signature(&self) -> &'static Signature;
    /// What it keeps for each variable, each of the variable's own shape: `m`, `v`.
    fn state(&self, settings: &Constants) -> &'static [&'static str];
    /// What multiplies the gradient's direction at step `t`, counted from 1.
    fn step_size(&self, settings: &Constants, learning_rate: f64, t: u64) -> f64;
}

/// The update in one number type.
pub trait Update<T>: Sync {
    /// Moves `variables` down `gradient` by a step of `size`, and says whether all of the gradient is finite
    /// numbers. `state` holds a slice as long as `variables` for each name of [`Optimizer::state`]; those left
    /// over are empty. Run in the widest vectors; no operation is reordered or fused, so the bits are the same
    /// everywhere.
    fn update(
        &self,
        settings: &Constants,
        size: f64,
        variables: &mut [T],
        gradient: &[T],
        state: [&mut [T]; SLOTS],
    ) -> bool;

    /// A step of `size` entry by entry, for a loop that makes the gradient, too ([`crate::fused_update`]); the same
    /// operations as [`Update::update`]'s. Of `adam` alone.
    fn moves(&self, settings: &Constants, size: f64) -> Option<adam::Moves<T>> {
        let _ = (settings, size);
        None
    }
}

/// A number type that variables are trained in.
pub trait Number: Real {
    /// An optimizer's arithmetic in it.
    fn update(optimizer: &'static dyn Optimizer) -> &'static dyn Update<Self>;
}

impl Number for f32 {
    fn update(optimizer: &'static dyn Optimizer) -> &'static dyn Update<f32> {
        optimizer
    }
}

impl Number for f64 {
    fn update(optimizer: &'static dyn Optimizer) -> &'static dyn Update<f64> {
        optimizer
    }
}

/// The most that an optimizer keeps for each variable.
pub const SLOTS: usize = 2;

/// Every optimizer.
pub static OPTIMIZERS: &[&dyn Optimizer] = &[&adam::Adam, &sgd::Sgd];

/// The optimizer called `name`.
pub fn find(name: &str) -> Option<&'static dyn Optimizer> {
    OPTIMIZERS
        .iter()
        .copied()
        .find(|o| o.signature().name == name)
}

/// `learning_rate`, which every optimizer has.
const fn learning_rate(default: &'static str) -> Parameter {
    Parameter {
        name: "learning_rate",
        kind: Kind::Number {
            domain: crate::signature::Domain::Positive,
            learnable: false,
        },
        default: Some(default),
        summary: "the step size before the schedule",
    }
}

/// The settings of `signature` at their defaults.
pub fn defaults(signature: &Signature) -> Constants {
    let values = signature
        .parameters
        .iter()
        .filter_map(|p| Some((p.name, parse_default(p.kind, p.default?))));
    Constants(values.collect())
}

fn parse_default(kind: Kind, text: &str) -> Constant {
    match kind {
        Kind::Choice(words) => {
            Constant::Word(words.iter().find(|w| **w == text).expect("a choice"))
        }
        Kind::Count => Constant::Count(text.parse().expect("a count")),
        _ => Constant::Number(text.parse().expect("a number")),
    }
}

/// Entries that one task updates.
const BLOCK: usize = 16 * 1024;

/// An optimizer at work on a vector of variables.
pub struct State<T> {
    optimizer: &'static dyn Optimizer,
    settings: Constants,
    slots: &'static [&'static str],
    /// A vector like the variables for each slot; empty beyond them.
    values: [Aligned<T>; SLOTS],
    len: usize,
}

/// One step of an optimizer: what updates, and the state.
pub struct Step<'a, T> {
    /// What updates a part.
    pub rule: Rule<'a, T>,
    /// The state of all variables.
    pub state: [&'a mut [T]; SLOTS],
}

/// How a step moves variables.
pub struct Rule<'a, T> {
    optimizer: &'a dyn Update<T>,
    settings: &'a Constants,
    size: f64,
}

impl<T: Number> Rule<'_, T> {
    /// Moves some variables down their gradient; `state` is theirs ([`part`]). Whether all of the gradient
    /// is finite numbers.
    pub fn update(&self, variables: &mut [T], gradient: &[T], state: [&mut [T]; SLOTS]) -> bool {
        let (optimizer, settings) = (self.optimizer, self.settings);
        optimizer.update(settings, self.size, variables, gradient, state)
    }

    /// The same, entry by entry, if there is such.
    pub fn moves(&self) -> Option<adam::Moves<T>> {
        self.optimizer.moves(self.settings, self.size)
    }
}

impl<T: Number> Step<'_, T> {
    /// Moves the variables in `range` down their gradient, on the current rayon pool. Whether all of the
    /// gradient is finite numbers.
    pub fn update(&mut self, range: &Range<usize>, variables: &mut [T], gradient: &[T]) -> bool {
        assert!(variables.len() == range.len() && gradient.len() == range.len());
        let count = range.len().div_ceil(BLOCK);
        let [first, second] = part(&mut self.state, range).map(|slot| blocks(slot, BLOCK, count));
        let rule = &self.rule;
        variables
            .par_chunks_mut(BLOCK)
            .zip(gradient.par_chunks(BLOCK))
            .zip(first.zip(second))
            .map(|((variables, gradient), (first, second))| {
                rule.update(variables, gradient, [first, second])
            })
            .reduce(|| true, |a, b| a && b)
    }
}

/// The state of the variables in `range`.
pub fn part<'a, T>(state: &'a mut [&mut [T]; SLOTS], range: &Range<usize>) -> [&'a mut [T]; SLOTS] {
    state.each_mut().map(|slot| match slot.is_empty() {
        true => &mut [][..],
        false => &mut slot[range.clone()],
    })
}

impl<T: Number> State<T> {
    /// Nothing done yet, for `len` variables.
    pub fn new(optimizer: &'static dyn Optimizer, settings: Constants, len: usize) -> Self {
        let slots = optimizer.state(&settings);
        let values = [0, 1].map(|slot| Aligned::zeros(if slot < slots.len() { len } else { 0 }));
        State {
            optimizer,
            settings,
            slots,
            values,
            len,
        }
    }

    /// What is kept for each variable.
    pub fn slots(&self) -> &'static [&'static str] {
        self.slots
    }

    /// The step numbered `t`, from 1, at `learning_rate`, to be taken part by part.
    pub fn begin(&mut self, t: u64, learning_rate: f64) -> Step<'_, T> {
        let size = self.optimizer.step_size(&self.settings, learning_rate, t);
        Step {
            rule: Rule {
                optimizer: T::update(self.optimizer),
                settings: &self.settings,
                size,
            },
            state: self.values.each_mut().map(|slot| &mut slot[..]),
        }
    }

    /// The step numbered `t`, from 1, at `learning_rate`.
    pub fn step(&mut self, t: u64, learning_rate: f64, variables: &mut [T], gradient: &[T]) {
        let all = 0..self.len;
        self.begin(t, learning_rate)
            .update(&all, variables, gradient);
    }

    /// The slot numbered `slot`, laid out as the variables.
    pub fn slot(&self, slot: usize) -> &[T] {
        &self.values[slot]
    }

    /// Every slot under its name, laid out as the variables.
    pub fn slots_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut [T])> {
        let values = self.values.iter_mut().map(|slot| &mut slot[..]);
        self.slots.iter().copied().zip(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_the_same_in_parts_and_whole() {
        let len = 2 * BLOCK + 37;
        for &optimizer in OPTIMIZERS {
            let mut settings = defaults(optimizer.signature());
            for (name, value) in &mut settings.0 {
                if *name == "momentum" {
                    *value = Constant::Number(0.9);
                }
            }
            let [mut whole, mut parts] =
                [0, 1].map(|_| State::<f32>::new(optimizer, settings.clone(), len));
            let gradient: Vec<f32> = (0..len).map(|i| (i as f32).sin()).collect();
            let (mut a, mut b) = (vec![1.0; len], vec![1.0; len]);
            for t in 1..4 {
                whole.step(t, 0.01, &mut a, &gradient);
                let Step { rule, mut state } = parts.begin(t, 0.01);
                for range in [5000..len, 0..3, 3..5000] {
                    let of_part = part(&mut state, &range);
                    rule.update(&mut b[range.clone()], &gradient[range], of_part);
                }
            }
            assert_eq!(a, b);
            assert!(!whole.slots().is_empty());
            for slot in 0..whole.slots().len() {
                assert_eq!(whole.slot(slot), parts.slot(slot));
            }
        }
    }

    #[test]
    fn defaults_are_in_their_domains() {
        let signatures = OPTIMIZERS
            .iter()
            .map(|o| o.signature())
            .chain(SCHEDULES.iter().map(|s| s.signature()));
        for signature in signatures {
            let constants = defaults(signature);
            for parameter in signature.parameters {
                if let Kind::Number { domain, .. } = parameter.kind {
                    assert!(
                        domain.holds(constants.number(parameter.name)),
                        "{}",
                        parameter.name
                    );
                }
            }
        }
    }
}
