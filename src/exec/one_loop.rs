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

    /// Takes the step of a block, drawn with these scales and this noise; `d` is the gradient by the array that
    /// is made of scales, where that is not the first. Returns the term's part.
    pub fn run(&self, scale: &[T], noise: &[T], d: Option<&[T]>, of: Block<T>) -> Part {
        let first = &*of.d_first;
        let d = d.unwrap_or(first);
        let moved = (of.variables, of.state);
        // What is not read has a place all the same.
        let none = scale;
        dispatch(
            #[inline(always)]
            || match self.slope {
                Slope::Noise => self.entries(
                    [first, d, scale, noise],
                    moved,
                    #[inline(always)]
                    |of| Slope::Noise.times(of),
                ),
                Slope::TwiceScale => self.entries(
                    [first, d, scale, none],
                    moved,
                    #[inline(always)]
                    |of| Slope::TwiceScale.times(of),
                ),
                Slope::One => self.entries(
                    [first, d, scale, none],
                    moved,
                    #[inline(always)]
                    |of| Slope::One.times(of),
                ),
            },
        )
    }

    #[inline(always)]
    fn entries(
        &self,
        of: [&[T]; 4],
        ([loc, rho], [loc_state, rho_state]): Moved<T>,
        by_scale: impl Fn([T; 3]) -> T,
    ) -> Part {
        let mut part = Part::default();
        let [m, v] = loc_state.map(|slot| slot.chunks_mut(BLOCK));
        let loc = loc.chunks_mut(BLOCK).zip(m).zip(v);
        let [m, v] = rho_state.map(|slot| slot.chunks_mut(BLOCK));
        let rho = rho.chunks_mut(BLOCK).zip(m).zip(v);
        for (block, (((loc, loc_m), loc_v), ((rho, rho_m), rho_v))) in loc.zip(rho).enumerate() {
            let [first, d, scale, noise] = of.map(|all| &all[block * BLOCK..][..loc.len()]);
            let mut values = [T::zero(); BLOCK];
            let values = &mut values[..loc.len()];
            part.finite &= self.block(
                first, d, scale, noise, loc, loc_m, loc_v, rho, rho_m, rho_v, values, &by_scale,
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

/// loc and rho, and the optimizer's state of each.
type Moved<'a, T> = ([&'a mut [T]; 2], [[&'a mut [T]; SLOTS]; 2]);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kl::{NormalLaplace, NormalNormal, Term};
    use crate::optimizer::{self, State, defaults};

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
