//! Draws of the weights that are kept: who predicts a few examples at a time, with the same draws each time, makes them
//! once.

use crate::tensor::Aligned;
use crate::tensor::Real;
use std::collections::HashMap;
use std::mem::replace;

/// The seed and the number of a draw.
type Draw = (u64, u64);

/// Draws of all parameters, by their seeds and numbers.
pub(super) struct KeptDraws<T> {
    /// How many numbers the draws may have together; none are kept at first.
    most: usize,
    /// The draw that is in use.
    in_use: Option<Draw>,
    others: HashMap<Draw, Aligned<T>>,
}

impl<T> Default for KeptDraws<T> {
    fn default() -> Self {
        KeptDraws {
            most: 0,
            in_use: None,
            others: HashMap::new(),
        }
    }
}

impl<T: Real> KeptDraws<T> {
    /// From now on keeps draws of up to `most` numbers in all.
    pub(super) fn keep(&mut self, most: usize) {
        self.most = most;
    }

    /// Forgets all draws: the variables have changed, or what is in use is no whole draw.
    pub(super) fn forget(&mut self) {
        self.in_use = None;
        self.others.clear();
    }

    /// Puts draw `wanted` in use if it is kept, and says whether it was; else `weights` are to be drawn anew.
    pub(super) fn take(&mut self, wanted: Draw, weights: &mut Aligned<T>) -> bool {
        if self.most == 0 {
            return false;
        }
        if self.in_use == Some(wanted) {
            return true;
        }
        let found = self.others.remove(&wanted);
        let is_found = found.is_some();
        let has_room = (self.others.len() + 2) * weights.len() <= self.most;
        match (self.in_use.replace(wanted), found) {
            (Some(before), Some(found)) => {
                self.others.insert(before, replace(weights, found));
            }
            (None, Some(found)) => *weights = found,
            (Some(before), None) if has_room => {
                let room = weights.clone();
                self.others.insert(before, replace(weights, room));
            }
            _ => {}
        }
        is_found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a user of the weights sees: draw (s, d) is 10·s + d in every entry. How often one was made.
    fn made(kept: &mut KeptDraws<f32>, weights: &mut Aligned<f32>, draws: &[Draw]) -> usize {
        let mut made = 0;
        for &(seed, draw) in draws {
            let value = (10 * seed + draw) as f32;
            if !kept.take((seed, draw), weights) {
                weights.fill(value);
                made += 1;
            }
            assert!(weights.iter().all(|w| *w == value), "{seed} {draw}");
        }
        made
    }

    #[test]
    fn as_many_draws_are_kept_as_there_is_room_for() {
        let (mut kept, mut weights) = (KeptDraws::default(), Aligned::zeros(4));
        let draws = [(0, 0), (0, 1), (1, 0), (0, 2)];
        assert_eq!(made(&mut kept, &mut weights, &draws), 4);
        assert_eq!(made(&mut kept, &mut weights, &draws), 4);
        kept.keep(16);
        assert_eq!(made(&mut kept, &mut weights, &draws), 4);
        assert_eq!(made(&mut kept, &mut weights, &draws), 0);
        let mut others = draws;
        others.reverse();
        assert_eq!(made(&mut kept, &mut weights, &others), 0);
        // A fifth has no room: it takes that of the draw in use.
        assert_eq!(made(&mut kept, &mut weights, &[(2, 0), (0, 1), (0, 2)]), 1);
        kept.forget();
        assert_eq!(made(&mut kept, &mut weights, &[(0, 1), (0, 2), (0, 1)]), 2);
    }
}
