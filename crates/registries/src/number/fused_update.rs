//! A training step of independent entries in one loop, for what most models say of most of their weights: a normal
//! posterior whose scale is a softplus, a normal prior of known loc and scale, and `adam`.
//!
//! The loop does the gradient by scale, the KL, the chain rule and the optimizer's step of one entry before the
//! next. These are the operations of the separate passes, in the same order and with the same bits (a test in
//! `exec` compares them). Each separate pass waits for its own divisions and roots, of which a processor works out
//! a few at a time; in one loop the remaining arithmetic goes on beside them.

use crate::estimator::Slope;
use crate::kl::{self, BLOCK, normal_normal};
use crate::number::Number;
use crate::optimizer::{Rule, SLOTS, adam};
use crate::posterior::Transform;

/// The loop over the entries of one parameter.
pub struct FusedUpdate<T> {
    slope: Slope,
    term: normal_normal::Integrand<T>,
    rule: adam::Moves<T>,
}

/// What the update reads and moves of one block of entries.
pub struct Block<'a, T> {
    /// The scales of the current variables, or their squares ([`FusedUpdate::reads_squares`]). Replaced by those of
    /// the moved variables.
    pub scales: &'a mut [T],
    /// ε of the draw; read only where the slope is [`Slope::Noise`].
    pub noise: &'a [T],
    /// The gradient by the estimator's first array, which is the gradient by loc.
    pub d_first: &'a [T],
    /// The gradient by the array that is made of scales, where that is not the first.
    pub d_second: Option<&'a [T]>,
    /// loc and rho.
    pub variables: [&'a mut [T]; 2],
    /// The optimizer's state of loc, then of rho.
    pub state: [[&'a mut [T]; SLOTS]; 2],
}

/// What a block's update came to.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// The KL of the block's entries, before they moved.
    pub kl: f64,
    /// Whether every gradient was finite.
    pub finite: bool,
}

impl<T: Number> FusedUpdate<T> {
    /// The loop for this estimator, transform, term and optimizer, if there is one. `has_second` says whether the
    /// estimator has a second array that is made of scales alone.
    pub fn find(
        slope: Option<Slope>,
        has_second: bool,
        transform: Option<Transform>,
        term: Option<normal_normal::Integrand<T>>,
        rule: &Rule<T>,
    ) -> Option<Self> {
        let slope = slope?;
        if transform != Some(Transform::Softplus) || has_second != (slope != Slope::Noise) {
            return None;
        }
        Some(FusedUpdate {
            slope,
            term: term?,
            rule: rule.moves()?,
        })
    }

    /// Whether [`Block::scales`] is the estimator's second array (the squares of the scales, or a copy of them)
    /// and not the array of scales.
    ///
    /// Squares determine the scales to the bit: the root of a square, both rounded to the nearest, is the number
    /// itself as long as the square neither overflows nor underflows. No scale is as small
    /// ([`LEAST_SCALE`](crate::posterior::LEAST_SCALE)); with one as large the estimator's own values are infinite.
    /// Without the array of scales a pass moves 64 bytes an entry in float32 instead of 76.
    pub fn reads_squares(&self) -> bool {
        self.slope != Slope::Noise
    }

    /// [`Number::fused`], compiled where it is called.
    #[inline(always)]
    pub(crate) fn run(&self, of: Block<T>) -> Outcome {
        let first = of.d_first;
        let d = of.d_second.unwrap_or(first);
        let moved = (of.variables, of.state);
        // Unused inputs still need a slice of the right length.
        let unused = first;
        T::dispatch(
            #[inline(always)]
            || match self.slope {
                Slope::Noise => self.entries::<false>(
                    [first, d, of.noise],
                    of.scales,
                    moved,
                    #[inline(always)]
                    |of| Slope::Noise.times(of),
                ),
                Slope::TwiceScale => self.entries::<true>(
                    [first, d, unused],
                    of.scales,
                    moved,
                    #[inline(always)]
                    |of| Slope::TwiceScale.times(of),
                ),
                Slope::One => self.entries::<false>(
                    [first, d, unused],
                    of.scales,
                    moved,
                    #[inline(always)]
                    |of| Slope::One.times(of),
                ),
            },
        )
    }

    #[inline(always)]
    fn entries<const SQUARES: bool>(
        &self,
        of: [&[T]; 3],
        mut made: &mut [T],
        ([loc, rho], [loc_state, rho_state]): Moved<T>,
        by_scale: impl Fn([T; 3]) -> T,
    ) -> Outcome {
        let mut outcome = Outcome {
            kl: 0.0,
            finite: true,
        };
        let mut roots = [T::zero(); BLOCK];
        if SQUARES {
            for (root, square) in roots.iter_mut().zip(&*made) {
                *root = square.sqrt();
            }
        }
        let [m, v] = loc_state.map(|slot| slot.chunks_mut(BLOCK));
        let loc = loc.chunks_mut(BLOCK).zip(m).zip(v);
        let [m, v] = rho_state.map(|slot| slot.chunks_mut(BLOCK));
        let rho = rho.chunks_mut(BLOCK).zip(m).zip(v);
        for (block, (((loc, loc_m), loc_v), ((rho, rho_m), rho_v))) in loc.zip(rho).enumerate() {
            let n = loc.len();
            let [first, d, noise] = of.map(|all| &all[block * BLOCK..][..n]);
            let (now, later) = made.split_at_mut(n);
            let scale = if SQUARES { &roots[..n] } else { &*now };
            let mut values = [T::zero(); BLOCK];
            let values = &mut values[..n];
            outcome.finite &= self.block(
                first, d, scale, noise, loc, loc_m, loc_v, rho, rho_m, rho_v, values, &by_scale,
            );
            outcome.kl += kl::sum(values);
            match SQUARES {
                true => squares(rho, now, later, &mut roots),
                false => scales(rho, now),
            }
            made = later;
        }
        outcome
    }

    /// The slices are arguments of their own: a compiler that knows that none lies in another makes vectors of
    /// the loop.
    #[allow(clippy::too_many_arguments)]
    #[inline(always)]
    fn block(
        &self,
        first: &[T],
        d: &[T],
        scale: &[T],
        noise: &[T],
        loc: &mut [T],
        loc_m: &mut [T],
        loc_v: &mut [T],
        rho: &mut [T],
        rho_m: &mut [T],
        rho_v: &mut [T],
        values: &mut [T],
        by_scale: &impl Fn([T; 3]) -> T,
    ) -> bool {
        let n = values.len();
        // the lengths are told so that the loop needs no check
        let [first, d, scale, noise] = [first, d, scale, noise].map(|all| &all[..n]);
        let (loc, loc_m, loc_v) = (&mut loc[..n], &mut loc_m[..n], &mut loc_v[..n]);
        let (rho, rho_m, rho_v) = (&mut rho[..n], &mut rho_m[..n], &mut rho_v[..n]);
        let mut finite = true;
        for i in 0..n {
            let term = self.term.entry(loc[i], scale[i]);
            values[i] = term.value;
            let d_loc = first[i] + term.by_loc;
            let d_scale = by_scale([d[i], scale[i], noise[i]]) + term.by_scale;
            let d_rho = d_scale * Transform::Softplus.slope_beside(rho[i], scale[i]);
            finite &= d_loc.is_finite() & d_rho.is_finite();
            self.rule
                .entry(&mut loc[i], d_loc, [&mut loc_m[i], &mut loc_v[i]]);
            self.rule
                .entry(&mut rho[i], d_rho, [&mut rho_m[i], &mut rho_v[i]]);
        }
        finite
    }
}

/// Writes the scales of `rho`: [`crate::posterior::scales`] of what is too little to be shared out.
#[inline(always)]
fn scales<T: Number>(rho: &[T], now: &mut [T]) {
    for (scale, &rho) in now.iter_mut().zip(rho) {
        *scale = Transform::Softplus.value(rho);
    }
}

/// Writes the squares of the scales of `rho`, and the roots of the squares to come, as many as there is room for.
/// One waits for multiplications and the other for the divider: beside each other they take little more
/// time than the squares do. In the loop before, where all the rest of an entry waits for its root, roots take a
/// tenth of it.
#[inline(always)]
fn squares<T: Number>(rho: &[T], now: &mut [T], later: &[T], roots: &mut [T; BLOCK]) {
    #[inline(always)]
    fn square<T: Number>(rho: T) -> T {
        let scale = Transform::Softplus.value(rho);
        scale * scale
    }
    let both = rho.len().min(later.len());
    let (beside, alone) = now.split_at_mut(both);
    // the lengths are told so that the loop needs no check
    let (of_beside, later, roots) = (&rho[..both], &later[..both], &mut roots[..both]);
    for i in 0..both {
        beside[i] = square(of_beside[i]);
        roots[i] = later[i].sqrt();
    }
    for (to, &rho) in alone.iter_mut().zip(&rho[both..]) {
        *to = square(rho);
    }
}

/// loc and rho, and the optimizer's state of each.
type Moved<'a, T> = ([&'a mut [T]; 2], [[&'a mut [T]; SLOTS]; 2]);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kl::{NormalLaplace, NormalNormal, Term};
    use crate::optimizer::{self, State, defaults};

    /// From one power of two to the next, those apart by a power of two having the same digits; and at both ends.
    #[test]
    fn the_root_of_a_square_is_the_number() {
        let mut all = (1f32.to_bits()..2f32.to_bits()).map(f32::from_bits);
        assert!(all.all(|x| (x * x).sqrt() == x));
        for end in [crate::posterior::LEAST_SCALE as f32, 1e19] {
            assert_eq!((end * end).sqrt(), end);
        }
    }

    #[test]
    fn it_is_for_what_it_is_written_for_alone() {
        let found = |optimizer: &str, slope, transform, term: Option<_>| {
            let optimizer = optimizer::find(optimizer).unwrap();
            let mut state = State::<f32>::new(optimizer, defaults(optimizer.signature()), 1);
            let rule = state.begin(1, 0.1).rule(&(0..0));
            let (slope, of_second) = slope;
            FusedUpdate::find(slope, of_second, transform, term, &rule).is_some()
        };
        let normal = NormalNormal.integrand(&[0.0, 1.0], 1.0);
        let (softplus, noise) = (Some(Transform::Softplus), (Some(Slope::Noise), false));
        assert!(found("adam", noise, softplus, normal));
        assert!(!found("sgd", noise, softplus, normal));
        assert!(!found("adam", (None, false), softplus, normal));
        let twice = Some(Slope::TwiceScale);
        assert!(found("adam", (twice, true), softplus, normal));
        assert!(!found("adam", (twice, false), softplus, normal));
        assert!(!found("adam", noise, Some(Transform::Exp), normal));
        assert!(!found("adam", noise, None, normal));
        assert!(!found("adam", noise, softplus, None));
        let laplace = NormalLaplace.integrand(&[0.0, 1.0], 1.0);
        assert!(!found("adam", noise, softplus, laplace));
    }
}
