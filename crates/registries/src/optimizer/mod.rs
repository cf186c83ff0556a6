//! Optimizers: each a file with its settings, its update and its test. [`schedule`] says how the
//! learning rate moves.
//!
//! An update is elementwise, and one pass over the variables, the gradient and the state does all of
//! it: a part at a time, in any order, wherever a part of the gradient is known ([`State::begin`]), or all of
//! it on the current rayon pool ([`State::step`]).

pub mod adam;
mod adamw;
mod average;
mod clip;
mod rmsprop;
pub mod schedule;
mod sgd;

pub use average::Average;
pub use clip::Clip;
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
    /// Which variables it decays, and by what part of them a step at this learning rate does.
    fn decay(&self, settings: &Constants, learning_rate: f64) -> Option<Decay> {
        let _ = (settings, learning_rate);
        None
    }
}

/// A decay of variables at each step, before the step itself: w ← w − rate·w.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decay {
    /// Which variables.
    pub of: Decayed,
    /// The part of them that goes.
    pub rate: f64,
}

/// Variables that an optimizer decays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decayed {
    /// Those of kernels that have no term in the loss.
    KernelsWithoutPrior,
    /// The locations of all kernels.
    AllKernels,
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
pub static OPTIMIZERS: &[&dyn Optimizer] =
    &[&adam::Adam, &adamw::AdamW, &sgd::Sgd, &rmsprop::RmsProp];

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
        Kind::Counts => {
            let items = text.trim_matches(['[', ']']).split(", ");
            Constant::Counts(items.map(|item| item.parse().expect("a count")).collect())
        }
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
    /// The variables that are decayed, if any are.
    decayed: Vec<Range<usize>>,
}

/// One step of an optimizer: what updates, and the state.
pub struct Step<'a, T> {
    rule: Rule<'a, T>,
    /// The part of decayed variables that goes, and where these lie.
    decay: (f64, &'a [Range<usize>]),
    /// The state of all variables.
    pub state: [&'a mut [T]; SLOTS],
}

/// How a step moves variables.
#[derive(Clone, Copy)]
pub struct Rule<'a, T> {
    optimizer: &'a dyn Update<T>,
    settings: &'a Constants,
    size: f64,
    /// The part of the variables that goes before they move.
    decay: f64,
}

impl<T: Number> Rule<'_, T> {
    /// Moves some variables down their gradient; `state` is theirs ([`part`]). Whether all of the gradient
    /// is finite numbers.
    pub fn update(&self, variables: &mut [T], gradient: &[T], state: [&mut [T]; SLOTS]) -> bool {
        let (optimizer, settings) = (self.optimizer, self.settings);
        if self.decay > 0.0 {
            decay(variables, self.decay);
        }
        optimizer.update(settings, self.size, variables, gradient, state)
    }

    /// The same without the decay.
    pub fn undecayed(self) -> Self {
        Rule { decay: 0.0, ..self }
    }

    /// The same as [`Rule::update`] entry by entry, if there is such.
    pub fn moves(&self) -> Option<adam::Moves<T>> {
        match self.decay > 0.0 {
            true => None,
            false => self.optimizer.moves(self.settings, self.size),
        }
    }
}

/// w ← w − rate·w
fn decay<T: Real>(variables: &mut [T], rate: f64) {
    let rate = T::of(rate);
    T::dispatch(
        #[inline(always)]
        || variables.iter_mut().for_each(|w| *w -= *w * rate),
    );
}

impl<'a, T: Number> Step<'a, T> {
    /// How the step moves the variables in `range`, all of which are decayed or none.
    pub fn rule(&self, range: &Range<usize>) -> Rule<'a, T> {
        let (rate, decayed) = self.decay;
        let inside = |of: &Range<usize>| of.start <= range.start && range.end <= of.end;
        match decayed.iter().any(inside) {
            true => Rule {
                decay: rate,
                ..self.rule
            },
            false => self.rule,
        }
    }
}

impl<T: Number> Step<'_, T> {
    /// Moves the variables in `range` down their gradient, on the current rayon pool. Whether all of the
    /// gradient is finite numbers.
    pub fn update(&mut self, range: &Range<usize>, variables: &mut [T], gradient: &[T]) -> bool {
        assert!(variables.len() == range.len() && gradient.len() == range.len());
        let (rate, decayed) = self.decay;
        for of in decayed {
            let (start, end) = (of.start.max(range.start), of.end.min(range.end));
            if start < end {
                decay(&mut variables[start - range.start..end - range.start], rate);
            }
        }
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
            decayed: vec![],
        }
    }

    /// Which variables the optimizer decays, if it decays any.
    pub fn decays(&self) -> Option<Decayed> {
        let decay = self.optimizer.decay(&self.settings, 1.0);
        decay.map(|decay| decay.of)
    }

    /// Says where the variables of [`State::decays`] lie.
    pub fn decay(&mut self, ranges: Vec<Range<usize>>) {
        self.decayed = ranges;
    }

    /// What is kept for each variable.
    pub fn slots(&self) -> &'static [&'static str] {
        self.slots
    }

    /// The step numbered `t`, from 1, at `learning_rate`, to be taken part by part.
    pub fn begin(&mut self, t: u64, learning_rate: f64) -> Step<'_, T> {
        let size = self.optimizer.step_size(&self.settings, learning_rate, t);
        let decay = self.optimizer.decay(&self.settings, learning_rate);
        Step {
            rule: Rule {
                optimizer: T::update(self.optimizer),
                settings: &self.settings,
                size,
                decay: 0.0,
            },
            decay: (decay.map_or(0.0, |decay| decay.rate), &self.decayed),
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

    /// Forgets what was done.
    pub fn clear(&mut self) {
        for values in &mut self.values {
            values.fill(T::zero());
        }
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
            whole.decay(vec![0..3, 5000..len]);
            parts.decay(vec![0..3, 5000..len]);
            let gradient: Vec<f32> = (0..len).map(|i| (i as f32).sin()).collect();
            let (mut a, mut b) = (vec![1.0; len], vec![1.0; len]);
            for t in 1..4 {
                whole.step(t, 0.01, &mut a, &gradient);
                let mut step = parts.begin(t, 0.01);
                for range in [5000..len, 0..3, 3..5000] {
                    let rule = step.rule(&range);
                    let of_part = part(&mut step.state, &range);
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
