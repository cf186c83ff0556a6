//! What most files say of most of their weights — a normal posterior, its scale a softplus, a normal prior
//! of known loc and scale, `adam` — in one loop: the gradient by scale, the term, the chain rule and the
//! optimizer's step of an entry, before the next entry. These are the operations of the passes apart, in
//! their order and with their bits (a test). Done apart, each pass waits for its own divisions and roots,
//! which a processor works out a few at a time; in one loop the rest of the work goes on beside them.

use super::Number;
use super::buffers::Part;
use super::weights::Block;
use crate::estimator::Slope;
use crate::kl::{self, BLOCK, normal_normal};
use crate::optimizer::{Rule, SLOTS, adam};
use crate::posterior::Transform;
use crate::tensor::simd::dispatch;

/// The loop for these, if there is one.
pub(super) struct OneLoop<T> {
    slope: Slope,
    term: normal_normal::Integrand<T>,
    rule: adam::Moves<T>,
}

impl<T: Number> OneLoop<T> {
    /// The loop over what is estimated, made and priced so; `of_second`, whether the estimator has a second array
    /// that is made of scales alone.
    pub fn find(
        slope: Option<Slope>,
        of_second: bool,
        transform: Option<Transform>,
        term: Option<normal_normal::Integrand<T>>,
        rule: &Rule<T>,
    ) -> Option<Self> {
        let slope = slope?;
        if transform != Some(Transform::Softplus) || of_second != (slope != Slope::Noise) {
            return None;
        }
        Some(OneLoop {
            slope,
            term: term?,
            rule: rule.moves()?,
        })
    }

    /// Whether it reads and leaves, not the scales, but what the estimator makes of them alone, the second of
    /// its arrays: they themselves, or their squares.
    ///
    /// Squares tell the scales to the bit: the root of a square, both rounded to the nearest, is the number
    /// itself while the square is neither too large nor too small for a number. No scale is as small
    /// ([`LEAST_SCALE`](crate::posterior::LEAST_SCALE)); with one as large the estimator's own values are infinite.
    /// A pass without the array of scales moves 64 bytes an entry in float32 in place of 76.
    pub fn of_second(&self) -> bool {
        self.slope != Slope::Noise
    }

    /// Takes the step of a block, drawn with these scales (or the [second](OneLoop::of_second) array in their
    /// place) and this noise, and leaves those of the new variables; `d` is the gradient by the array that is
    /// made of scales, where that is not the first. Returns the term's part.
    pub fn run(&self, made: &mut [T], noise: &[T], d: Option<&[T]>, of: Block<T>) -> Part {
        let first = &*of.d_first;
        let d = d.unwrap_or(first);
        let moved = (of.variables, of.state);
        // What is not read has a place all the same.
        let none = first;
        dispatch(
            #[inline(always)]
            || match self.slope {
                Slope::Noise => self.entries::<false>(
                    [first, d, noise],
                    made,
                    moved,
                    #[inline(always)]
                    |of| Slope::Noise.times(of),
                ),
                Slope::TwiceScale => self.entries::<true>(
                    [first, d, none],
                    made,
                    moved,
                    #[inline(always)]
                    |of| Slope::TwiceScale.times(of),
                ),
                Slope::One => self.entries::<false>(
                    [first, d, none],
                    made,
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
    ) -> Part {
        let mut part = Part::default();
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
            part.finite &= self.block(
                first, d, scale, noise, loc, loc_m, loc_v, rho, rho_m, rho_v, values, &by_scale,
            );
            part.value += kl::sum(values);
            match SQUARES {
                true => squares(rho, now, later, &mut roots),
                false => scales(rho, now),
            }
            made = later;
        }
        part
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
            let rule = state.begin(1, 0.1).rule;
            let (slope, of_second) = slope;
            OneLoop::find(slope, of_second, transform, term, &rule).is_some()
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
