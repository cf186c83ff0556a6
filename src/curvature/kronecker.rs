//! A Kronecker product for each parameter (Martens & Grosse 2015; convolutions: Grosse & Martens 2016, which others call
//! 'expand').
//!
//! Of a kernel W `[in, out]` with inputs a and gradients g by its outputs, at T positions of each of N examples,
//!
//! ```text
//! H ≈ A ⊗ B        A = 1/(N T) Σ_n Σ_t a aᵀ        B = Σ_n Σ_t Σ_c g gᵀ
//! ```
//!
//! c over the columns of the information's factor. A bias has B alone, and so has a parameter that is a row, with its
//! own gradients in the place of g: of one position that is exact. A kernel that several layers apply has their
//! positions together.
//!
//! The prior's precision δ is added exactly: with A = Q_A diag(a) Q_Aᵀ and B = Q_B diag(b) Q_Bᵀ, P has the eigenvectors
//! Q_A ⊗ Q_B and the eigenvalues a b + δ.

use super::linearized::{Applied, Use};
use super::matrix::{Eigen, add_gram, eigen, product};
use super::{
    Array, Linearized, Precision, Refusal, Result, not_finite, refuse_not_finite, singular,
};
use crate::exec::{Kernels, Number};
use crate::layer::Linear;
use std::ops::Range;

/// The most numbers of inputs that are unfolded at a time.
const AT_ONCE: usize = 1 << 20;

/// The factors of all parameters.
pub struct Kronecker {
    blocks: Vec<Block>,
}

/// The factors of one parameter.
struct Block {
    name: String,
    range: Range<usize>,
    /// The side of `a`; 1 of a row.
    inputs: usize,
    outputs: usize,
    /// Σ a aᵀ; 1 of a row.
    a: Vec<f64>,
    /// B
    b: Vec<f64>,
    /// The number of positions of all examples that `a` is a sum over; 1 of a row.
    positions: [f64; 1],
}

impl Kronecker {
    /// # Errors
    /// A kernel whose layer is not a product of matrices.
    pub(super) fn new<T: Number>(of: &Linearized<T>) -> Result<Self> {
        let mut blocks = vec![];
        for parameter in of.parameters() {
            let outputs = parameter.range.len() / parameter.inputs.max(1);
            let is_kernel = |of: &Use| of.role == Applied::Kernel;
            let kernels = || parameter.uses.iter().filter(|of| is_kernel(of));
            for layer in kernels() {
                let linear = of.linear(layer.node);
                if let Err(why) = linear.unfolds() {
                    return Err(Refusal::new(
                        format!("`{}` has no Kronecker factors: {why}", parameter.name),
                        "take `structure = diagonal` or `full`, or leave its layer out of `of`",
                    ));
                }
            }
            let is_row = kernels().next().is_none();
            let inputs = if is_row { 1 } else { parameter.inputs };
            let outputs = if is_row {
                parameter.range.len()
            } else {
                outputs
            };
            let mut a = vec![0.0; inputs * inputs];
            if is_row {
                a[0] = 1.0;
            }
            blocks.push(Block {
                name: parameter.name.clone(),
                range: parameter.range.clone(),
                inputs,
                outputs,
                a,
                b: vec![0.0; outputs * outputs],
                positions: [f64::from(u8::from(is_row))],
            });
        }
        Ok(Kronecker { blocks })
    }

    /// What does not depend on the direction: the inputs of each kernel.
    pub(super) fn add_inputs<T: Number>(&mut self, of: &Linearized<T>, inputs: &[T]) {
        for (block, parameter) in self.blocks.iter_mut().zip(of.parameters()) {
            let size = block.inputs;
            let mut scratch = vec![T::zero(); size * size];
            for layer in &parameter.uses {
                if layer.role != Applied::Kernel {
                    continue;
                }
                let linear = of.linear(layer.node);
                let positions = linear.positions();
                let of_example = positions * size;
                let most = (AT_ONCE / of_example.max(1)).clamp(1, of.examples().max(1));
                let mut patches = vec![T::zero(); most * of_example];
                for start in (0..of.examples()).step_by(most) {
                    let examples = start..of.examples().min(start + most);
                    let patches = &mut patches[..examples.len() * of_example];
                    let rows = patches.chunks_exact_mut(of_example);
                    for (example, patches) in examples.zip(rows) {
                        let x = of.network().taken(layer.node, inputs, example..example + 1);
                        Linear::unfold(T::linear(linear), x, patches);
                    }
                    add_gram(patches, size, &mut scratch, &mut block.a);
                }
                block.positions[0] += (of.examples() * positions) as f64;
            }
        }
    }

    /// The gradients along one direction.
    pub(super) fn add<T: Number>(
        &mut self,
        of: &Linearized<T>,
        kernels: &Kernels<T>,
        inputs: &[T],
    ) {
        for (block, parameter) in self.blocks.iter_mut().zip(of.parameters()) {
            let size = block.outputs;
            let mut scratch = vec![T::zero(); size * size];
            let is_row = |of: &Use| matches!(of.role, Applied::Row(_));
            if parameter.uses.iter().any(is_row) {
                let mut rows = vec![T::zero(); of.examples() * size];
                of.gradients(kernels, inputs, parameter, 0..of.examples(), &mut rows);
                add_gram(&rows, size, &mut scratch, &mut block.b);
                continue;
            }
            for layer in &parameter.uses {
                let gradients = of.network().by_output(layer.node, 0..of.examples());
                add_gram(gradients, size, &mut scratch, &mut block.b);
            }
        }
    }

    pub(super) fn arrays(&mut self) -> Vec<Array<'_>> {
        self.blocks
            .iter_mut()
            .flat_map(|block| {
                let name = block.name.clone();
                let array = |part: &str, shape: Vec<usize>| (format!("{name}.{part}"), shape);
                let names = [
                    array("inputs", vec![block.inputs; 2]),
                    array("outputs", vec![block.outputs; 2]),
                    array("positions", vec![1]),
                ];
                let values = [&mut block.a[..], &mut block.b[..], &mut block.positions[..]];
                let arrays = names.into_iter().zip(values);
                arrays.map(|((name, shape), values)| Array {
                    name,
                    shape,
                    values,
                })
            })
            .collect()
    }

    /// The blocks by their eigenvectors; of each the prior's precision.
    fn decomposed(&self, prior: &[f64]) -> Result<Vec<Decomposed>> {
        let one = |block: &Block| {
            let prior = &prior[block.range.clone()];
            let first = prior.first().copied().unwrap_or(0.0);
            if prior.iter().any(|p| (p - first).abs() > 1e-9 * first.abs()) {
                return Err(Refusal::new(
                    format!(
                        "the entries of `{}` have priors of several precisions, which a Kronecker product does not hold",
                        block.name
                    ),
                    "take `structure = diagonal` or `full`, or a normal prior of one scale",
                ));
            }
            let mean: Vec<f64> = block.a.iter().map(|a| a / block.positions[0]).collect();
            let a = eigen(&mean, block.inputs).ok_or_else(not_finite)?;
            let b = eigen(&block.b, block.outputs).ok_or_else(not_finite)?;
            // Sums of squares have no eigenvalue below 0 but by rounding.
            let pairs = a.values.iter().flat_map(|a| {
                let outputs = b.values.iter();
                outputs.map(|b| a.max(0.0) * b.max(0.0))
            });
            Ok(Decomposed {
                range: block.range.clone(),
                values: pairs.collect(),
                prior: first,
                a,
                b,
            })
        };
        self.blocks.iter().map(one).collect()
    }

    pub(super) fn precision(&self, prior: &[f64]) -> Result<KroneckerPrecision> {
        let mut blocks = self.decomposed(prior)?;
        for (block, of) in blocks.iter_mut().zip(&self.blocks) {
            let prior = block.prior;
            block.values.iter_mut().for_each(|value| *value += prior);
            refuse_not_finite(&block.values)?;
            if block.values.iter().any(|p| *p <= 0.0) {
                return Err(singular(&format!(" in `{}`", of.name)));
            }
        }
        Ok(KroneckerPrecision { blocks })
    }

    pub(super) fn relative(&self, prior: &[f64]) -> Result<Vec<f64>> {
        let blocks = self.decomposed(prior)?;
        let of = |block: &Decomposed| -> Vec<f64> {
            block.values.iter().map(|v| v / block.prior).collect()
        };
        Ok(blocks.iter().flat_map(of).collect())
    }
}

/// A block in its eigenbasis.
struct Decomposed {
    range: Range<usize>,
    a: Eigen,
    b: Eigen,
    /// Row by row: an eigenvalue of A, then those of B.
    values: Vec<f64>,
    prior: f64,
}

impl Decomposed {
    /// Qᵀ v, or Q v: Q_Aᵀ V Q_B for the matrix V.
    fn rotated(&self, v: &[f64], back: bool) -> Vec<f64> {
        let (inputs, outputs) = (self.a.values.len(), self.b.values.len());
        let half = product(
            (&self.a.vectors, !back),
            (v, false),
            [inputs, inputs, outputs],
        );
        product(
            (&half, false),
            (&self.b.vectors, back),
            [inputs, outputs, outputs],
        )
    }
}

/// P in the blocks' eigenbases.
pub(super) struct KroneckerPrecision {
    blocks: Vec<Decomposed>,
}

impl Precision for KroneckerPrecision {
    fn log_det(&self) -> f64 {
        let values = self.blocks.iter().flat_map(|block| &block.values);
        values.map(|value| value.ln()).sum()
    }

    fn draw(&self, z: &[f64], out: &mut [f64]) {
        for block in &self.blocks {
            let scaled = z[block.range.clone()].iter().zip(&block.values);
            let scaled: Vec<f64> = scaled.map(|(z, value)| z / value.sqrt()).collect();
            out[block.range.clone()].copy_from_slice(&block.rotated(&scaled, true));
        }
    }

    fn whiten(&self, j: &[f64], out: &mut [f64]) {
        for block in &self.blocks {
            let rotated = block.rotated(&j[block.range.clone()], false);
            let entries = rotated.iter().zip(&block.values);
            let out = out[block.range.clone()].iter_mut();
            out.zip(entries)
                .for_each(|(out, (j, value))| *out = j / value.sqrt());
        }
    }
}
