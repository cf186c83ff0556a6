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
use crate::posterior::{Transform, scales};
use crate::tensor::simd::{dispatch, each};

/// The loop for these, if there is one.
pub(super) struct OneLoop<T> {
    slope: Slope,
    term: normal_normal::Integrand<T>,
    rule: adam::Moves<T>,
}

impl<T: Number> OneLoop<T> {
    /// The loop over what is estimated, made and priced so.
    pub fn find(
        slope: Option<Slope>,
        transform: Option<Transform>,
        term: Option<normal_normal::Integrand<T>>,
        rule: &Rule<T>,
    ) -> Option<Self> {
        if transform != Some(Transform::Softplus) {
            return None;
        }
        Some(OneLoop {
            slope: slope?,
            term: term?,
            rule: rule.moves()?,
        })
    }

    /// Whether it reads and leaves, not the scales, but what the estimator makes of them alone, the second of
    /// its arrays: they themselves, or their squares.
    ///
    /// Squares tell the scales to the bit: the root of a square, both rounded to the nearest, is the number
    /// itself while the square is neither too large nor too small for a number, and no scale is as small
    /// ([`LEAST_SCALE`](crate::posterior::LEAST_SCALE)). A pass without the array of scales moves 64 bytes
    /// an entry in float32 in place of 72.
    pub fn of_second(&self) -> bool {
        self.slope != Slope::Noise
    }

    /// Takes the step of a block, drawn with these scales (or the [second](OneLoop::of_second) array in their
    /// place) and this noise, and leaves those of the new variables; `d` is the gradient by the array that is
    /// made of scales, where that is not the first. Returns the term's part.
    pub fn run(&self, made: &mut [T], noise: &[T], d: Option<&[T]>, of: Block<T>) -> Part {
        let first = &*of.d_first;
        let d = d.unwrap_or(first);
        let [loc, rho] = of.variables;
        let moved = ([loc, &mut *rho], of.state);
        // What is not read has a place all the same.
        let none = &*made;
        let part = dispatch(
            #[inline(always)]
            || match self.slope {
                Slope::Noise => self.entries(
                    [first, d, made, noise],
                    moved,
                    #[inline(always)]
                    |scale| scale,
                    #[inline(always)]
                    |of| Slope::Noise.times(of),
                ),
                Slope::TwiceScale => self.entries(
                    [first, d, made, none],
                    moved,
                    #[inline(always)]
                    |square| square.sqrt(),
                    #[inline(always)]
                    |of| Slope::TwiceScale.times(of),
                ),
                Slope::One => self.entries(
                    [first, d, made, none],
                    moved,
                    #[inline(always)]
                    |scale| scale,
                    #[inline(always)]
                    |of| Slope::One.times(of),
                ),
            },
        );
        match self.slope {
            Slope::Noise | Slope::One => scales(Transform::Softplus, rho, made),
            Slope::TwiceScale => each(
                made,
                [rho],
                #[inline(always)]
                |square, [rho]| {
                    let scale = Transform::Softplus.value(rho);
                    *square = scale * scale;
                },
            ),
        }
        part
    }

    #[inline(always)]
    fn entries(
        &self,
        of: [&[T]; 4],
        ([loc, rho], [loc_state, rho_state]): Moved<T>,
        scale_of: impl Fn(T) -> T,
        by_scale: impl Fn([T; 3]) -> T,
    ) -> Part {
        let mut part = Part::default();
        let [m, v] = loc_state.map(|slot| slot.chunks_mut(BLOCK));
        let loc = loc.chunks_mut(BLOCK).zip(m).zip(v);
        let [m, v] = rho_state.map(|slot| slot.chunks_mut(BLOCK));
        let rho = rho.chunks_mut(BLOCK).zip(m).zip(v);
        for (block, (((loc, loc_m), loc_v), ((rho, rho_m), rho_v))) in loc.zip(rho).enumerate() {
            let [first, d, made, noise] = of.map(|all| &all[block * BLOCK..][..loc.len()]);
            let mut values = [T::zero(); BLOCK];
            let values = &mut values[..loc.len()];
            part.finite &= self.block(
                first, d, made, noise, loc, loc_m, loc_v, rho, rho_m, rho_v, values, &scale_of,
                &by_scale,
            );
            part.value += kl::sum(values);
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
        made: &[T],
        noise: &[T],
        loc: &mut [T],
        loc_m: &mut [T],
        loc_v: &mut [T],
        rho: &mut [T],
        rho_m: &mut [T],
        rho_v: &mut [T],
        values: &mut [T],
        scale_of: &impl Fn(T) -> T,
        by_scale: &impl Fn([T; 3]) -> T,
    ) -> bool {
        let n = values.len();
        // the lengths are told so that the loop needs no check
        let [first, d, made, noise] = [first, d, made, noise].map(|all| &all[..n]);
        let (loc, loc_m, loc_v) = (&mut loc[..n], &mut loc_m[..n], &mut loc_v[..n]);
        let (rho, rho_m, rho_v) = (&mut rho[..n], &mut rho_m[..n], &mut rho_v[..n]);
        let mut finite = true;
        for i in 0..n {
            let scale = scale_of(made[i]);
            let term = self.term.entry(loc[i], scale);
            values[i] = term.value;
            let d_loc = first[i] + term.by_loc;
            let d_scale = by_scale([d[i], scale, noise[i]]) + term.by_scale;
            let d_rho = d_scale * Transform::Softplus.slope_beside(rho[i], scale);
            finite &= d_loc.is_finite() & d_rho.is_finite();
            self.rule
                .entry(&mut loc[i], d_loc, [&mut loc_m[i], &mut loc_v[i]]);
            self.rule
                .entry(&mut rho[i], d_rho, [&mut rho_m[i], &mut rho_v[i]]);
        }
        finite
    }
}

/// loc and rho, and the optimizer's state of each.
type Moved<'a, T> = ([&'a mut [T]; 2], [[&'a mut [T]; SLOTS]; 2]);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kl::{NormalLaplace, NormalNormal, Term};
    use crate::optimizer::{self, State, defaults};

    /// From one power of two to the next; those apart by a power of two have the same digits.
    #[test]
    fn the_root_of_a_square_is_the_number() {
        let mut all = (1f32.to_bits()..2f32.to_bits()).map(f32::from_bits);
        assert!(all.all(|x| (x * x).sqrt() == x));
        for least in [crate::posterior::LEAST_SCALE, 1e-16, 3e-9, 0.7, 1e18] {
            let least = least as f32;
            assert_eq!((least * least).sqrt(), least);
        }
    }

    #[test]
    fn it_is_for_what_it_is_written_for_alone() {
        let found = |optimizer: &str, slope, transform, term: Option<_>| {
            let optimizer = optimizer::find(optimizer).unwrap();
            let mut state = State::<f32>::new(optimizer, defaults(optimizer.signature()), 1);
            let rule = state.begin(1, 0.1).rule;
            OneLoop::find(slope, transform, term, &rule).is_some()
        };
        let normal = NormalNormal.integrand(&[0.0, 1.0], 1.0);
        let (softplus, noise) = (Some(Transform::Softplus), Some(Slope::Noise));
        assert!(found("adam", noise, softplus, normal));
        assert!(!found("sgd", noise, softplus, normal));
        assert!(!found("adam", None, softplus, normal));
        assert!(!found("adam", noise, Some(Transform::Exp), normal));
        assert!(!found("adam", noise, None, normal));
        assert!(!found("adam", noise, softplus, None));
        let laplace = NormalLaplace.integrand(&[0.0, 1.0], 1.0);
        assert!(!found("adam", noise, softplus, laplace));
    }
}
