//! Optimizers: each a file with its settings, its update and its test. [`schedule`] says how the
//! learning rate moves.
//!
//! An update is elementwise, and one pass over the variables, the gradient and the state does all of
//! it. [`State`] shares fixed blocks out over the current rayon pool, so results do not depend on the
//! number of threads.

mod adam;
pub mod schedule;
mod sgd;

pub use schedule::{SCHEDULES, Schedule};

use crate::signature::{Constant, Constants, Kind, Parameter, Signature};
use crate::tensor::Real;
use rayon::prelude::*;

/// An entry of the registry.
pub trait Optimizer: Update<f32> + Update<f64> + Sync {
    /// Its name and settings, the keys of a run file's `[optimizer]`.
    fn signature(&self) -> &'static Signature;
    /// What it keeps for each variable, each of the variable's own shape: `m`, `v`.
    fn state(&self, settings: &Constants) -> &'static [&'static str];
    /// What multiplies the gradient's direction at step `t`, counted from 1.
    fn step_size(&self, settings: &Constants, learning_rate: f64, t: u64) -> f64;
}

/// The update in one number type.
pub trait Update<T: Real> {
    /// Moves `variables` down `gradient` by a step of `size`. `state` holds one slice as long as
    /// `variables` for each name of [`Optimizer::state`], one after the other. Run in the widest vectors; no
    /// operation is reordered or fused, so the bits are the same everywhere.
    fn update(
        &self,
        settings: &Constants,
        size: f64,
        variables: &mut [T],
        gradient: &[T],
        state: &mut [T],
    );
}

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
#[derive(Clone)]
pub struct State<T> {
    optimizer: &'static dyn Optimizer,
    settings: Constants,
    slots: &'static [&'static str],
    /// Block by block, in each block one part a slot.
    values: Vec<T>,
    len: usize,
}

impl<T: Real> State<T>
where
    dyn Optimizer: Update<T>,
{
    /// Nothing done yet, for `len` variables.
    pub fn new(optimizer: &'static dyn Optimizer, settings: Constants, len: usize) -> Self {
        let slots = optimizer.state(&settings);
        State {
            optimizer,
            settings,
            slots,
            values: vec![T::zero(); slots.len() * len],
            len,
        }
    }

    /// What is kept for each variable.
    pub fn slots(&self) -> &'static [&'static str] {
        self.slots
    }

    /// The step numbered `t`, from 1, at `learning_rate`.
    pub fn step(&mut self, t: u64, learning_rate: f64, variables: &mut [T], gradient: &[T]) {
        assert!(variables.len() == self.len && gradient.len() == self.len);
        let (optimizer, settings) = (self.optimizer, &self.settings);
        let size = optimizer.step_size(settings, learning_rate, t);
        let blocks = variables
            .par_chunks_mut(BLOCK)
            .zip(gradient.par_chunks(BLOCK));
        if self.slots.is_empty() {
            blocks.for_each(|(v, g)| optimizer.update(settings, size, v, g, &mut []));
        } else {
            let state = self.values.par_chunks_mut(BLOCK * self.slots.len());
            blocks
                .zip(state)
                .for_each(|((v, g), s)| optimizer.update(settings, size, v, g, s));
        }
    }

    /// The slot numbered `slot` as one vector, laid out as the variables.
    pub fn slot(&self, slot: usize) -> Vec<T> {
        self.parts(slot)
            .flat_map(|(_, place)| &self.values[place])
            .copied()
            .collect()
    }

    /// Some entries of a slot, laid out as the variables.
    pub fn entries(&self, slot: usize, range: std::ops::Range<usize>) -> impl Iterator<Item = T> {
        range.map(move |entry| {
            let start = entry / BLOCK * BLOCK;
            let block_len = BLOCK.min(self.len - start);
            self.values[start * self.slots.len() + slot * block_len + (entry - start)]
        })
    }

    /// Sets a slot from such a vector.
    pub fn set_slot(&mut self, slot: usize, from: &[T]) {
        assert_eq!(from.len(), self.len);
        for (range, place) in self.parts(slot).collect::<Vec<_>>() {
            self.values[place].copy_from_slice(&from[range]);
        }
    }

    /// For each block, its place among the variables and its slot's place in `values`.
    fn parts(
        &self,
        slot: usize,
    ) -> impl Iterator<Item = (std::ops::Range<usize>, std::ops::Range<usize>)> + use<T> {
        let (len, slots) = (self.len, self.slots.len());
        (0..len.div_ceil(BLOCK)).map(move |block| {
            let start = block * BLOCK;
            let block_len = BLOCK.min(len - start);
            let place = start * slots + slot * block_len;
            (start..start + block_len, place..place + block_len)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_the_same_in_blocks_and_whole() {
        let len = 2 * BLOCK + 37;
        for &optimizer in OPTIMIZERS {
            let settings = defaults(optimizer.signature());
            let mut state = State::<f32>::new(optimizer, settings.clone(), len);
            let mut whole = vec![0.0; state.slots().len() * len];
            let gradient: Vec<f32> = (0..len).map(|i| (i as f32).sin()).collect();
            let (mut a, mut b) = (vec![1.0; len], vec![1.0; len]);
            for t in 1..4 {
                state.step(t, 0.01, &mut a, &gradient);
                let size = optimizer.step_size(&settings, 0.01, t);
                optimizer.update(&settings, size, &mut b, &gradient, &mut whole);
            }
            assert_eq!(a, b);
            for slot in 0..state.slots().len() {
                let gathered = state.slot(slot);
                assert_eq!(gathered, whole[slot * len..(slot + 1) * len]);
                let some = BLOCK - 3..len - 2;
                let entries: Vec<f32> = state.entries(slot, some.clone()).collect();
                assert_eq!(entries, gathered[some]);
                let mut other = State::<f32>::new(optimizer, settings.clone(), len);
                other.set_slot(slot, &gathered);
                assert_eq!(other.slot(slot), gathered);
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
