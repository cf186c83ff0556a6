//! The way on: all steps of some examples.

use super::super::super::Number;
use super::super::slots::{rows, rows_mut};
use super::super::{Mode, alike};
use super::buffers::Part;
use super::examples::Examples;
use super::product::Product;
use crate::layer::{Geometry, StepForward};
use crate::tensor::Aligned;

impl<T: Number> Examples<'_, T> {
    /// All steps, with this product. What is kept of the cells and states is empty
    /// where there is no way back.
    pub fn forward(
        &self,
        y: &mut [T],
        [cells, states]: [&mut [T]; 2],
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
        let is_kept = self.of.pass.mode == Mode::Train;
        let state = &mut part.state[..self.count * units];
        let memory = &mut part.memory[..self.count * of_memory];
        let product = &mut part.product[..self.count * products];
        state.fill(T::zero());
        memory.fill(T::zero());
        for (is_first, step) in self.of.steps() {
            let mut apply = |x: &[T], y: &mut [T]| of_product.apply(x, y, &mut part.work);
            match self.of.pass.mode {
                _ if is_first => product.fill(T::zero()),
                Mode::Train => apply(state, product),
                Mode::Predict => alike::product([units, products], state, product, apply),
            }
            for example in 0..self.count {
                let row = example * steps + step;
                let is_there = step < self.length(example);
                let state = rows_mut(state, example, 1, units);
                if is_there {
                    if is_kept {
                        rows_mut(states, row, 1, units).copy_from_slice(state);
                    }
                    cell.step(StepForward {
                        x: rows(self.x, row, 1, products),
                        product: rows(product, example, 1, products),
                        bias: self.bias(example),
                        state: &mut *state,
                        memory: rows_mut(memory, example, 1, of_memory),
                        saved: match is_kept {
                            true => rows_mut(cells, row, 1, saved),
                            false => &mut part.kept,
                        },
                    });
                }
                if !last {
                    let y = rows_mut(y, row, 1, units);
                    match is_there {
                        true => y.copy_from_slice(state),
                        false => y.fill(T::zero()),
                    }
                }
            }
        }
        if last {
            y.copy_from_slice(state);
        }
    }
}
