//! The arithmetic of a variational family: its draw as a function of standard normal noise, its
//! marginal scales, what its KL has beyond its marginals', and its density, each with derivatives.
//!
//! For w jointly normal and a prior p of independent entries
//!
//! ```text
//! KL(q ‖ p) = Σ_i KL(q_i ‖ p_i) + TC(q),   TC(q) = Σ_i ln s_i - ½ ln det Σ,   s_i² = Σ_ii
//! ```
//!
//! TC, the total correlation (Watanabe 1960), is KL(q ‖ Π_i q_i), never below 0. So every form there
//! is for an independent normal posterior, closed or by quadrature, serves a correlated one.

use super::Transform;
use crate::tensor::{Math, Shape};

/// What a family's arithmetic needs to know of its tensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dimensions {
    /// All axes but the last, multiplied; 1 for a bias (one row) or a single number.
    pub rows: usize,
    /// The last axis; 1 for a single number.
    pub columns: usize,
    /// How a positive number comes out of its variable.
    pub transform: Transform,
}

impl Dimensions {
    /// Those of a tensor of this shape.
    pub fn of(shape: &Shape, transform: Transform) -> Self {
        let columns = shape.0.last().copied().unwrap_or(1);
        let rows = shape.0.iter().rev().skip(1).product();
        Dimensions {
            rows,
            columns,
            transform,
        }
    }

    /// Entries of the tensor.
    pub fn entries(&self) -> usize {
        self.rows * self.columns
    }
}

/// One variable of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableSpec {
    /// Its name in checkpoints: `loc`, `rho`, `lower`.
    pub name: &'static str,
    /// Its shape; never empty.
    pub shape: Shape,
    /// How it starts.
    pub start: Start,
}

/// How a variable starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// By the initialiser that stands for this argument of the family's signature.
    Argument(&'static str),
    /// Every entry 0.
    Zero,
    /// Every entry the number whose scale under the transform is 1.
    UnitScale,
}

impl VariableSpec {
    pub(crate) fn new(name: &'static str, shape: Shape, start: Start) -> Self {
        VariableSpec { name, shape, start }
    }
}

/// A family whose draw is a function of standard normal noise, w = g(values, noise).
///
/// `values` are all variables of the tensor, one after the other in the order of
/// [`Posterior::variables`](super::Posterior::variables), loc first; `gradient` has their layout and is added to, never
/// overwritten. `scales` are what [`marginal_scales`](Variational::marginal_scales) gives for these
/// values, `w` what [`draw`](Variational::draw) gives for these values and this noise.
pub trait Variational<T: Math>: Sync {
    /// Standard normal numbers that one draw takes.
    fn noise(&self, at: &Dimensions) -> usize;

    /// Writes s_i, the standard deviation of each entry; for a family that transforms a normal
    /// (`LogNormal`, `LogitNormal`) that of the normal.
    fn marginal_scales(&self, at: &Dimensions, values: &[T], scales: &mut [T]);

    /// From the gradient by the marginal scales: adds to the gradient by the values.
    fn marginal_scales_backward(
        &self,
        at: &Dimensions,
        values: &[T],
        scales: &[T],
        d_scales: &[T],
        gradient: &mut [T],
    );

    /// What KL(q ‖ p) of the whole tensor has beyond the sum of KL(N(loc_i, s_i²) ‖ p_i) over its
    /// entries: the total correlation of a jointly normal q, 0 for independent entries; for `Radial`,
    /// under a normal prior, a constant. Adds `weight` times its derivatives: those by the values to
    /// `gradient`, and to `d_scales` any that are taken by way of the marginal scales.
    fn total_correlation(
        &self,
        at: &Dimensions,
        values: &[T],
        scales: &[T],
        weight: T,
        d_scales: &mut [T],
        gradient: &mut [T],
    ) -> f64;

    /// Writes w of one draw.
    fn draw(&self, at: &Dimensions, values: &[T], noise: &[T], w: &mut [T]);

    /// From the gradient by w: adds to the gradient by the values, noise held.
    fn draw_backward(
        &self,
        at: &Dimensions,
        values: &[T],
        noise: &[T],
        w: &[T],
        d_w: &[T],
        gradient: &mut [T],
    );

    /// Writes ∂ ln q(w)/∂w at fixed values (for sticking the landing, Roeder et al. 2017).
    fn score(&self, at: &Dimensions, values: &[T], noise: &[T], w: &[T], out: &mut [T]);

    /// Adds `weight` times the derivative of ln q(w) by the values through the draw alone, noise and q
    /// held: the score carried back through the draw. A family whose score may be beyond the number
    /// type where the draw's slope is 0 gives their product in one.
    fn score_backward(
        &self,
        at: &Dimensions,
        values: &[T],
        noise: &[T],
        w: &[T],
        weight: T,
        gradient: &mut [T],
    ) {
        let mut score = vec![T::zero(); w.len()];
        self.score(at, values, noise, w, &mut score);
        score.iter_mut().for_each(|score| *score *= weight);
        self.draw_backward(at, values, noise, w, &score, gradient);
    }

    /// ln q(w), every constant kept. Adds `weight` times its total derivative by the values, noise
    /// held: through w as well as directly. Where w is invertible in the noise, it is that of
    /// -ln |det ∂w/∂noise|.
    fn log_density(
        &self,
        at: &Dimensions,
        values: &[T],
        noise: &[T],
        w: &[T],
        weight: T,
        gradient: &mut [T],
    ) -> f64;
}

/// A family's arithmetic in both number types, its arguments settled.
pub trait AnyVariational: Variational<f32> + Variational<f64> + Send {}
impl<A: Variational<f32> + Variational<f64> + Send> AnyVariational for A {}
