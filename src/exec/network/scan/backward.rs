//! The way back: all steps of some examples, from the last that was taken.

use super::super::super::Number;
use super::super::slots::{rows, rows_mut};
use super::buffers::Part;
use super::examples::Examples;
use super::product::Product;
use crate::layer::{Geometry, StepBack};
use crate::tensor::Aligned;

impl<T: Number> Examples<'_, T> {
    /// All steps back, with the product turned over, from the gradient by what was given and what was kept of the cells and
    /// states. The gradients by the products and the bias are left in `part`. `dx` is empty where it is not wanted.
    pub fn backward(
        &self,
        dy: &[T],
        dx: &mut [T],
        [cells, states]: [&[T]; 2],
        of_product: Product<T>,
        part: &mut Part<Aligned<T>>,
    ) {
        let Geometry {
            steps,
            units,
            products,
            memory: of_memory,
            saved,
            last,
            ..
        } = self.of.geometry;
        let cell = T::scan(self.of.scan);
        let add = !self.of.step().input().writes_first;
        let d_state = &mut part.d_state[..self.count * units];
        let d_memory = &mut part.d_memory[..self.count * of_memory];
        let d_products = &mut part.d_products[..self.count * steps * products];
        let through = &mut part.through[..self.count * units];
        let d_bias = match self.of.step().bias {
            Some(_) => &mut part.d_bias[..self.count * units],
            None => &mut [],
        };
        d_bias.fill(T::zero());
        d_memory.fill(T::zero());
        match last {
            true => d_state.copy_from_slice(dy),
            false => d_state.fill(T::zero()),
        }
        for (is_first, step) in self.of.steps().rev() {
            for example in 0..self.count {
                let row = example * steps + step;
                let d_product = rows_mut(d_products, row, 1, products);
                let to_x = rows_mut(dx, row, 1, products);
                if step >= self.length(example) {
                    d_product.fill(T::zero());
                    if !add {
                        to_x.fill(T::zero());
                    }
                    continue;
                }
                let d_state = rows_mut(d_state, example, 1, units);
                if !last {
                    T::add_to(d_state, rows(dy, row, 1, units));
                }
                let is_written = !add && !to_x.is_empty();
                cell.back(StepBack {
                    saved: rows(cells, row, 1, saved),
                    before: rows(states, row, 1, units),
                    d_state,
                    d_memory: rows_mut(d_memory, example, 1, of_memory),
                    dx: match is_written {
                        true => &mut *to_x,
                        false => &mut part.dx,
                    },
                    d_product,
                    d_bias: rows_mut(d_bias, example, 1, units),
                });
                if add && !to_x.is_empty() {
                    T::add_to(to_x, &part.dx);
                }
            }
            // Before the first step the state is 0, whatever the weights.
            if is_first {
                continue;
            }
            let product = &mut part.product[..self.count * products];
            for (example, product) in product.chunks_exact_mut(products).enumerate() {
                product.copy_from_slice(rows(d_products, example * steps + step, 1, products));
            }
            of_product.transpose(product, through, &mut part.work);
            T::add_to(d_state, through);
        }
    }
}
