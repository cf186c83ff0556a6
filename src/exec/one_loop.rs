//! What most files say of most of their weights — a normal posterior, its scale a softplus, a normal prior
//! of known loc and scale, `adam` — in one loop: the gradient by scale, the term, the chain rule and the
//! optimizer's step of an entry, before the next entry. These are the operations of the passes apart, in
//! their order and with their bits (a test). Done apart, each pass waits for its own divisions and roots,
//! which a processor works out a few at a time; in one loop the rest of the work goes on beside them.

use super::Number;
use super::buffers::Part;
use crate::estimator::{self, flipout, local_reparameterization, reparameterization};
use crate::kl::{self, BLOCK, normal_normal};
use crate::optimizer::{self, Rule, SLOTS, adam};
use crate::posterior::{Transform, scale_slope};
use crate::tensor::simd::dispatch;

/// The loop for these, if there is one.
pub(super) struct OneLoop<T> {
    estimator: estimator::ByEntries,
    term: normal_normal::Integrand<T>,
    rule: adam::Moves<T>,
}

/// The gradient of one sample by an estimator's two arrays.
#[derive(Clone, Copy)]
pub(super) struct Sampled<'a, T> {
    pub first: &'a [T],
    pub second: &'a [T],
}

/// The variables of a block, each with the optimizer's state.
pub(super) struct Moved<'a, T> {
    pub loc: &'a mut [T],
    pub rho: &'a mut [T],
    pub loc_state: [&'a mut [T]; SLOTS],
    pub rho_state: [&'a mut [T]; SLOTS],
}

impl<T: Number> OneLoop<T> {
    /// The loop over what is estimated, made and priced so.
    pub fn find(
        estimator: Option<estimator::ByEntries>,
        transform: Option<Transform>,
        term: Option<kl::ByEntries<T>>,
        rule: &Rule<T>,
    ) -> Option<Self> {
        let (Some(Transform::Softplus), Some(estimator)) = (transform, estimator) else {
            return None;
        };
        let kl::ByEntries::NormalNormal(term) = term?;
        let optimizer::ByEntries::Adam(rule) = rule.by_entries()?;
        Some(OneLoop {
            estimator,
            term,
            rule,
        })
    }

    /// Takes the step of a block, drawn with these scales and this noise. Returns the term's part.
    pub fn run(&self, scale: &[T], noise: &[T], sampled: Sampled<T>, moved: Moved<T>) -> Part {
        let Sampled { first, second } = sampled;
        dispatch(
            #[inline(always)]
            || match self.estimator {
                estimator::ByEntries::Reparameterization => self.entries(
                    [scale, first, noise, first],
                    moved,
                    #[inline(always)]
                    |_, d_first, noise, _| reparameterization::by_scale([d_first, noise]),
                ),
                estimator::ByEntries::LocalReparameterization => self.entries(
                    [scale, first, second, first],
                    moved,
                    #[inline(always)]
                    |scale, _, d, _| local_reparameterization::by_scale([d, scale]),
                ),
                estimator::ByEntries::Flipout => self.entries(
                    [scale, first, noise, second],
                    moved,
                    #[inline(always)]
                    |_, _, noise, d| flipout::by_scale([d, noise]),
                ),
            },
        )
    }

    #[inline(always)]
    fn entries(&self, of: [&[T]; 4], moved: Moved<T>, by_scale: impl Fn(T, T, T, T) -> T) -> Part {
        let mut part = Part::default();
        let [m, v] = moved.loc_state.map(|slot| slot.chunks_mut(BLOCK));
        let loc = moved.loc.chunks_mut(BLOCK).zip(m).zip(v);
        let [m, v] = moved.rho_state.map(|slot| slot.chunks_mut(BLOCK));
        let rho = moved.rho.chunks_mut(BLOCK).zip(m).zip(v);
        for (block, (((loc, loc_m), loc_v), ((rho, rho_m), rho_v))) in loc.zip(rho).enumerate() {
            let [scale, first, a, b] = of.map(|all| &all[block * BLOCK..][..loc.len()]);
            let mut values = [T::zero(); BLOCK];
            let values = &mut values[..loc.len()];
            part.finite &= self.block(
                scale, first, a, b, loc, loc_m, loc_v, rho, rho_m, rho_v, values, &by_scale,
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
        scale: &[T],
        first: &[T],
        a: &[T],
        b: &[T],
        loc: &mut [T],
        loc_m: &mut [T],
        loc_v: &mut [T],
        rho: &mut [T],
        rho_m: &mut [T],
        rho_v: &mut [T],
        values: &mut [T],
        by_scale: &impl Fn(T, T, T, T) -> T,
    ) -> bool {
        let n = values.len();
        // the lengths are told so that the loop needs no check
        let [scale, first, a, b] = [scale, first, a, b].map(|all| &all[..n]);
        let (loc, loc_m, loc_v) = (&mut loc[..n], &mut loc_m[..n], &mut loc_v[..n]);
        let (rho, rho_m, rho_v) = (&mut rho[..n], &mut rho_m[..n], &mut rho_v[..n]);
        let mut finite = true;
        for i in 0..n {
            let term = self.term.entry(loc[i], scale[i]);
            values[i] = term.value;
            let d_loc = first[i] + term.by_loc;
            let d_scale = by_scale(scale[i], first[i], a[i], b[i]) + term.by_scale;
            let d_rho = d_scale * scale_slope(rho[i]);
            finite &= d_loc.is_finite() & d_rho.is_finite();
            self.rule
                .entry(&mut loc[i], d_loc, [&mut loc_m[i], &mut loc_v[i]]);
            self.rule
                .entry(&mut rho[i], d_rho, [&mut rho_m[i], &mut rho_v[i]]);
        }
        finite
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kl::{NormalLaplace, NormalNormal, Term};
    use crate::optimizer::{State, defaults};

    #[test]
    fn it_is_for_what_it_is_written_for_alone() {
        let found = |optimizer: &str, transform, term: Option<kl::ByEntries<f32>>| {
            let optimizer = optimizer::find(optimizer).unwrap();
            let mut state = State::new(optimizer, defaults(optimizer.signature()), 1);
            let rule = state.begin(1, 0.1).rule;
            let estimator = Some(estimator::ByEntries::Flipout);
            OneLoop::find(estimator, transform, term, &rule).is_some()
        };
        let normal = NormalNormal.by_entries(&[0.0, 1.0], 1.0);
        let softplus = Some(Transform::Softplus);
        assert!(found("adam", softplus, normal));
        assert!(!found("sgd", softplus, normal));
        assert!(!found("adam", Some(Transform::Exp), normal));
        assert!(!found("adam", None, normal));
        assert!(!found("adam", softplus, None));
        let laplace = NormalLaplace.by_entries(&[0.0, 1.0], 1.0);
        assert!(!found("adam", softplus, laplace));
    }
}
