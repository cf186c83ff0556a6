//! Maps that treat each entry on its own: what an activation function needs to be a layer.

use super::{AnyMap, Layer, Map, Operation, Sequences, ShapeError};
use crate::signature::{Constants, Signature};
use crate::tensor::{Math, Shape};
use std::marker::PhantomData;
use std::sync::Arc;

/// A layer y = f(x), entry by entry.
pub(super) trait Activation: Copy + Send + Sync + 'static {
    /// Its name and arguments.
    const SIGNATURE: &'static Signature;
    /// f(x), in the notation of `bnnc::maths`, of `x` and the arguments by their names.
    const FORMULA: &'static str;
    /// [`Layer::methods`]
    const METHODS: &'static str = "";
    /// Whether [`Activation::slope`] reads `x`. Where it does not, `x` is 0 there.
    const NEEDS_INPUT: bool;
    /// [`AnyMap::after_maxima`].
    const AFTER_MAXIMA: bool = false;
    /// f with these arguments.
    fn new(arguments: &Constants) -> Self;
    /// f(x)
    fn value<T: Math>(self, x: T) -> T;
    /// f′(x), where y = f(x).
    fn slope<T: Math>(self, x: T, y: T) -> T;
}

/// The registry's entry of an [`Activation`].
pub(super) struct Entry<A>(PhantomData<A>);

impl<A> Entry<A> {
    pub(super) const NEW: Self = Entry(PhantomData);
}

impl<A: Activation> Layer for Entry<A> {
    fn signature(&self) -> &'static Signature {
        A::SIGNATURE
    }

    fn formula(&self, _: &Constants) -> Option<&'static str> {
        Some(A::FORMULA)
    }

    fn sequences(&self) -> Sequences {
        Sequences::EachStep
    }

    fn methods(&self, _: &Constants) -> &'static str {
        A::METHODS
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        Ok(Operation::Map(Arc::new(Pointwise {
            activation: A::new(arguments),
            shape: shape.clone(),
        })))
    }
}

struct Pointwise<A> {
    activation: A,
    shape: Shape,
}

impl<A: Activation> AnyMap for Pointwise<A> {
    fn output(&self) -> Shape {
        self.shape.clone()
    }

    fn needs_input(&self) -> bool {
        A::NEEDS_INPUT
    }

    fn elementwise(&self) -> bool {
        true
    }

    fn after_maxima(&self) -> bool {
        A::AFTER_MAXIMA
    }
}

impl<A: Activation, T: Math> Map<T> for Pointwise<A> {
    fn forward(&self, x: &[T], y: &mut [T]) {
        assert_eq!(x.len(), y.len());
        T::dispatch(
            #[inline(always)]
            || {
                for (&x, y) in x.iter().zip(y) {
                    *y = self.activation.value(x);
                }
            },
        );
    }

    fn forward_in_place(&self, xy: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || {
                for xy in xy {
                    *xy = self.activation.value(*xy);
                }
            },
        );
    }

    fn backward(&self, x: &[T], y: &[T], dy: &[T], dx: &mut [T]) {
        assert_eq!((y.len(), dy.len()), (dx.len(), dx.len()));
        T::dispatch(
            #[inline(always)]
            || {
                if A::NEEDS_INPUT {
                    assert_eq!(x.len(), dx.len());
                    for (((&x, &y), &dy), dx) in x.iter().zip(y).zip(dy).zip(dx) {
                        *dx = dy * self.activation.slope(x, y);
                    }
                } else {
                    for ((&y, &dy), dx) in y.iter().zip(dy).zip(dx) {
                        *dx = dy * self.activation.slope(T::zero(), y);
                    }
                }
            },
        );
    }

    fn backward_in_place(&self, x: &[T], y: &[T], dxy: &mut [T]) {
        assert_eq!(y.len(), dxy.len());
        T::dispatch(
            #[inline(always)]
            || {
                if A::NEEDS_INPUT {
                    assert_eq!(x.len(), dxy.len());
                    for ((&x, &y), dxy) in x.iter().zip(y).zip(dxy) {
                        *dxy *= self.activation.slope(x, y);
                    }
                } else {
                    for (&y, dxy) in y.iter().zip(dxy) {
                        *dxy *= self.activation.slope(T::zero(), y);
                    }
                }
            },
        );
    }
}
