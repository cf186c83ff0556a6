//! ```text
//! y = x₁ · x₂ · …        dxᵢ = dy · Π_{j ≠ i} xⱼ
//! ```

use super::joins::{alike, operation};
use super::{
    AnyFunction, Function, Layer, Operation, Reads, Sequences, ShapeError, Takes, Towards,
};
use crate::signature::{Constants, Signature};
use crate::tensor::{Real, Shape};

/// The product of values of one shape, entry by entry.
pub struct Multiply;

impl Layer for Multiply {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "multiply",
            summary: "the product of values of one shape, entry by entry",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn sequences(&self) -> Sequences {
        Sequences::EachStep
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "the product of its inputs, entry by entry"
    }

    fn takes(&self) -> Takes {
        Takes::Several
    }

    fn join(&self, _: &Constants, shapes: &[Shape]) -> Result<Operation, ShapeError> {
        Ok(operation(Product(alike(shapes)?)))
    }
}

struct Product(Shape);

impl AnyFunction for Product {
    fn output(&self) -> Shape {
        self.0.clone()
    }

    fn mean_square(&self, inputs: &[f64], _: &[Option<f64>]) -> Option<f64> {
        Some(inputs.iter().product())
    }
}

impl<T: Real> Function<T> for Product {
    fn forward(&self, reads: Reads<T>, y: &mut [T], _: &mut [T]) {
        let [first, rest @ ..] = reads.x else { return };
        y.copy_from_slice(first);
        T::dispatch(
            #[inline(always)]
            || {
                for x in rest {
                    for (y, &x) in y.iter_mut().zip(*x) {
                        *y *= x;
                    }
                }
            },
        );
    }

    fn backward(
        &self,
        reads: Reads<T>,
        _: &[T],
        dy: &[T],
        towards: &mut [Towards<T>],
        _: &mut [&mut [T]],
    ) {
        for (own, Towards { dx, add }) in towards.iter_mut().enumerate() {
            T::dispatch(
                #[inline(always)]
                || by_one(reads.x, own, dy, dx, *add),
            );
        }
    }
}

/// Numbers that are worked out at a time, on the stack.
const BLOCK: usize = 64;

/// The gradient by input number `own`.
#[inline(always)]
fn by_one<T: Real>(x: &[&[T]], own: usize, dy: &[T], dx: &mut [T], add: bool) {
    let blocks = dx.chunks_mut(BLOCK).zip(dy.chunks(BLOCK)).enumerate();
    for (block, (dx, dy)) in blocks {
        let mut product = [T::zero(); BLOCK];
        let product = &mut product[..dx.len()];
        product.copy_from_slice(dy);
        for (other, x) in x.iter().enumerate() {
            if other == own {
                continue;
            }
            for (product, &x) in product.iter_mut().zip(&x[block * BLOCK..]) {
                *product *= x;
            }
        }
        for (dx, &product) in dx.iter_mut().zip(&*product) {
            *dx = if add { *dx + product } else { product };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplies() {
        let shape = Shape::new(&[2]);
        let built = Multiply.join(&Constants::default(), &[shape.clone(), shape]);
        let Ok(Operation::Function(product)) = built else {
            panic!("a function")
        };
        let reads = Reads {
            x: &[&[1.0, 2.0], &[10.0, 20.0]],
            parameters: &[],
            mask: &[],
        };
        let mut y = [0.0f64; 2];
        Function::forward(&*product, reads, &mut y, &mut []);
        assert_eq!(y, [10.0, 40.0]);
    }
}
