//! `MatrixNormal(loc, scale)`: one covariance of the rows times one of the columns.

use super::entrywise::{add_scaled, dot, standard_normal};
use super::triangular::{Triangular, TriangularGradient, packed, refuse_wide, solve_transposed};
use super::variational::{AnyVariational, Dimensions, Start, VariableSpec, Variational};
use super::{Entries, Posterior};
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::gemm::{MatrixMut, MatrixRef, parallel_gemm};
use crate::tensor::{Math, Shape};
use std::sync::Arc;

/// MatrixNormal(loc, scale), over a matrix of r rows and c columns
///
/// ```text
/// W = M + F E Gᵀ,   A = F Fᵀ [r, r],   B = G Gᵀ [c, c],   E [r, c] standard normal
/// Cov(W_ij, W_kl) = A_ik B_jl,   s_ij = |F_i| |G_j|   (lengths of rows)
/// ½ ln det Σ = c ln det F + r ln det G
/// TC         = c (Σ_i ln |F_i| - ln det F) + r (Σ_j ln |G_j| - ln det G)
/// ∂ ln q/∂W  = -F⁻ᵀ E G⁻¹
/// ```
///
/// so that under N(0, 1) the KL is ½ [tr A tr B + |M|² - r c - c ln det A - r ln det B] (Louizos and
/// Welling 2016, "Structured and efficient variational deep learning with matrix Gaussian posteriors",
/// with full rather than diagonal A and B).
///
/// Rows are all axes but the last: the inputs of a dense layer. F and G are lower triangular with a
/// positive diagonal, packed, and written out as dense matrices for each draw, which is two matrix
/// products. A k and B/k are the same posterior for any k: one direction of the variables has no effect.
/// At the start F is the identity and G diagonal: each entry has its column's scale.
pub struct MatrixNormal;

static SIGNATURE: Signature = Signature {
    name: "MatrixNormal",
    summary: "a covariance of the rows times one of the columns",
    parameters: &[
        Parameter {
            name: "loc",
            kind: Kind::Initializer,
            default: Some("Normal(0, 0.1)"),
            summary: "how the means start",
        },
        Parameter {
            name: "scale",
            kind: Kind::ScaleInitializer,
            default: Some("Softplus(Normal(-3, 0.1))"),
            summary: "how each column's standard deviation starts; correlations start at 0",
        },
    ],
};

impl Posterior for MatrixNormal {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn variables(&self, shape: &Shape, _: &Constants) -> Vec<VariableSpec> {
        let at = Dimensions::of(shape, Default::default());
        let numbers = |n| Shape::new(&[n]);
        let specs = [
            VariableSpec::new("loc", shape.clone(), Start::Argument("loc")),
            VariableSpec::new("row_rho", numbers(at.rows), Start::UnitScale),
            VariableSpec::new("row_lower", numbers(packed(at.rows)), Start::Zero),
            VariableSpec::new("column_rho", numbers(at.columns), Start::Argument("scale")),
            VariableSpec::new("column_lower", numbers(packed(at.columns)), Start::Zero),
        ];
        specs
            .into_iter()
            .filter(|spec| !spec.shape.is_empty())
            .collect()
    }
    fn variational(&self, _: &Constants) -> Option<Arc<dyn AnyVariational>> {
        Some(Arc::new(MatrixNormal))
    }
    fn entries(&self) -> Entries {
        Entries::Correlated
    }
    fn refuse(&self, shape: &Shape) -> Option<String> {
        let at = Dimensions::of(shape, Default::default());
        refuse_wide(at.rows, "the covariance of its rows")
            .or_else(|| refuse_wide(at.columns, "the covariance of its columns"))
    }
    fn formula(&self) -> &'static str {
        "MatrixNormal(loc, F F^T, G G^T), F and G lower triangular"
    }
    fn methods(&self) -> &'static str {
        "a matrix normal with a covariance of the rows and one of the columns [@louizos2016], \
         $$q(W) = \"MatrixNormal\"(M, F F^T, G G^T), F_(i i) = softplus(rho_i), G_(j j) = softplus(eta_j),$$ \
         with $F$ and $G$ lower triangular; rows are all axes of the tensor but the last"
    }
    fn draw(&self) -> Option<&'static str> {
        Some("W = M + F epsilon G^T, epsilon_(i j) ~ Normal(0, 1)")
    }
    fn beyond_entries(&self) -> Option<&'static str> {
        Some(
            "their total correlation [@watanabe1960], $$sum_(i, j) ln sigma_(i j) - c ln det F - r ln det G, sigma_(i j) = norm(F_i) norm(G_j),$$ for $r$ rows and $c$ columns, with $F_i$ and $G_j$ rows of $F$ and $G$ and $sigma_(i j)$ the standard deviation of an entry",
        )
    }
    fn symbols(&self, variable: &str) -> (&'static str, Option<&'static str>) {
        match variable {
            "loc" => ("M_(i j)", None),
            "row_rho" => ("rho_i", Some("F_(i i)")),
            "column_rho" => ("eta_j", Some("G_(j j)")),
            "row_lower" => ("F_(i k)", None),
            _ => ("G_(j k)", None),
        }
    }
}

/// The values taken apart.
struct Parts<'a, T> {
    loc: &'a [T],
    row: Triangular<'a, T>,
    column: Triangular<'a, T>,
}

impl<'a, T: Math> Parts<'a, T> {
    fn of(at: &Dimensions, values: &'a [T]) -> Self {
        let (loc, rest) = values.split_at(at.entries());
        let (row, rest) = Triangular::split(at.transform, at.rows, rest);
        let (column, _) = Triangular::split(at.transform, at.columns, rest);
        Parts { loc, row, column }
    }

    /// The lengths of the rows of F, and of G.
    fn lengths(&self) -> (Vec<T>, Vec<T>) {
        let mut row = vec![T::zero(); self.row.size()];
        let mut column = vec![T::zero(); self.column.size()];
        self.row.lengths(&mut row);
        self.column.lengths(&mut column);
        (row, column)
    }
}

/// The gradient by loc, F and G.
struct PartsGradient<'a, T> {
    loc: &'a mut [T],
    row: TriangularGradient<'a, T>,
    column: TriangularGradient<'a, T>,
}

impl<'a, T: Math> PartsGradient<'a, T> {
    fn of(at: &Dimensions, gradient: &'a mut [T]) -> Self {
        let (loc, rest) = gradient.split_at_mut(at.entries());
        let (row, rest) = TriangularGradient::split(at.rows, rest);
        let (column, _) = TriangularGradient::split(at.columns, rest);
        PartsGradient { loc, row, column }
    }
}

/// a·b of matrices whose rows lie one after the other, [m, k]·[k, n].
fn product<T: Math>(a: MatrixRef<T>, b: MatrixRef<T>, [m, n]: [usize; 2]) -> Vec<T> {
    let mut out = vec![T::zero(); m * n];
    let to = MatrixMut::row_major(&mut out, m, n);
    parallel_gemm(T::one(), a, b, T::zero(), to);
    out
}

impl<T: Math> Variational<T> for MatrixNormal {
    fn noise(&self, at: &Dimensions) -> usize {
        at.entries()
    }

    fn marginal_scales(&self, at: &Dimensions, values: &[T], scales: &mut [T]) {
        let (row, column) = Parts::of(at, values).lengths();
        for (scales, &row) in scales.chunks_exact_mut(at.columns).zip(&row) {
            scales
                .iter_mut()
                .zip(&column)
                .for_each(|(scale, &column)| *scale = row * column);
        }
    }

    fn marginal_scales_backward(
        &self,
        at: &Dimensions,
        values: &[T],
        _scales: &[T],
        d_scales: &[T],
        gradient: &mut [T],
    ) {
        let parts = Parts::of(at, values);
        let (row, column) = parts.lengths();
        let mut d_row = vec![T::zero(); at.rows];
        let mut d_column = vec![T::zero(); at.columns];
        for (i, d) in d_scales.chunks_exact(at.columns).enumerate() {
            d_row[i] = dot(d, &column);
            add_scaled(&mut d_column, row[i], d);
        }
        let mut gradient = PartsGradient::of(at, gradient);
        parts.row.lengths_backward(&row, &d_row, &mut gradient.row);
        parts
            .column
            .lengths_backward(&column, &d_column, &mut gradient.column);
    }

    fn total_correlation(
        &self,
        at: &Dimensions,
        values: &[T],
        _scales: &[T],
        weight: T,
        _d_scales: &mut [T],
        gradient: &mut [T],
    ) -> f64 {
        let parts = Parts::of(at, values);
        let mut gradient = PartsGradient::of(at, gradient);
        let (rows, columns) = (at.rows as f64, at.columns as f64);
        let row = parts.row.excess(weight * T::of(columns), &mut gradient.row);
        let column = parts
            .column
            .excess(weight * T::of(rows), &mut gradient.column);
        columns * row + rows * column
    }

    fn draw(&self, at: &Dimensions, values: &[T], noise: &[T], w: &mut [T]) {
        let (r, c) = (at.rows, at.columns);
        let parts = Parts::of(at, values);
        let (row, column) = (parts.row.dense(), parts.column.dense());
        let mixed = product(
            MatrixRef::row_major(&row, r, r),
            MatrixRef::row_major(noise, r, c),
            [r, c],
        );
        w.copy_from_slice(parts.loc);
        parallel_gemm(
            T::one(),
            MatrixRef::row_major(&mixed, r, c),
            MatrixRef::row_major(&column, c, c).transposed(),
            T::one(),
            MatrixMut::row_major(w, r, c),
        );
    }

    /// By F: dW (E Gᵀ)ᵀ = (dW G) Eᵀ; by G: dWᵀ (F E).
    fn draw_backward(
        &self,
        at: &Dimensions,
        values: &[T],
        noise: &[T],
        _w: &[T],
        d_w: &[T],
        gradient: &mut [T],
    ) {
        let (r, c) = (at.rows, at.columns);
        let parts = Parts::of(at, values);
        let mut gradient = PartsGradient::of(at, gradient);
        let (row, column) = (parts.row.dense(), parts.column.dense());
        let (noise, d) = (
            MatrixRef::row_major(noise, r, c),
            MatrixRef::row_major(d_w, r, c),
        );
        let d_mixed = product(d, MatrixRef::row_major(&column, c, c), [r, c]);
        let d_row = product(
            MatrixRef::row_major(&d_mixed, r, c),
            noise.transposed(),
            [r, r],
        );
        let mixed = product(MatrixRef::row_major(&row, r, r), noise, [r, c]);
        let d_column = product(d.transposed(), MatrixRef::row_major(&mixed, r, c), [c, c]);
        gradient
            .loc
            .iter_mut()
            .zip(d_w)
            .for_each(|(to, &d)| *to += d);
        parts.row.dense_backward(&d_row, &mut gradient.row);
        parts.column.dense_backward(&d_column, &mut gradient.column);
    }

    fn score(&self, at: &Dimensions, values: &[T], noise: &[T], _w: &[T], out: &mut [T]) {
        let (r, c) = (at.rows, at.columns);
        let parts = Parts::of(at, values);
        out.iter_mut().zip(noise).for_each(|(out, &e)| *out = -e);
        solve_transposed(&parts.row.dense(), r, out);
        // X G⁻¹ is the transpose of G⁻ᵀ Xᵀ
        let mut turned = vec![T::zero(); r * c];
        transpose(out, c, &mut turned);
        solve_transposed(&parts.column.dense(), c, &mut turned);
        transpose(&turned, r, out);
    }

    fn log_density(
        &self,
        at: &Dimensions,
        values: &[T],
        noise: &[T],
        _w: &[T],
        weight: T,
        gradient: &mut [T],
    ) -> f64 {
        let parts = Parts::of(at, values);
        let mut gradient = PartsGradient::of(at, gradient);
        let (rows, columns) = (at.rows as f64, at.columns as f64);
        parts
            .row
            .log_determinant_backward(-weight * T::of(columns), &mut gradient.row);
        parts
            .column
            .log_determinant_backward(-weight * T::of(rows), &mut gradient.column);
        standard_normal(noise)
            - columns * parts.row.log_determinant()
            - rows * parts.column.log_determinant()
    }
}

/// Writes the transpose of a matrix with this many columns.
fn transpose<T: Math>(from: &[T], columns: usize, to: &mut [T]) {
    let rows = from.len() / columns;
    for (i, row) in from.chunks_exact(columns).enumerate() {
        for (j, &x) in row.iter().enumerate() {
            to[j * rows + i] = x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, Dense};
    use super::*;
    use crate::posterior::Transform;
    use crate::testing::assert_close;

    fn cases() -> Vec<Case> {
        let mut cases = Vec::new();
        for transform in [Transform::Softplus, Transform::Exp] {
            for (shape, rows, columns) in [
                (vec![], vec![0.3], vec![1.1]),
                (vec![4], vec![1.0], vec![0.5, 1e-6, 2.0, 1e3]),
                (vec![2, 3], vec![0.1, 0.4], vec![0.3, 0.7, 0.5]),
                (vec![1, 3, 2], vec![1e-3, 5.0, 0.4], vec![0.3, 0.7]),
            ] {
                let mut case = Case::new(&MatrixNormal, &shape, Constants::default(), transform);
                let below = |scales: &[f64], entry: usize| {
                    let row = (1..scales.len()).rfind(|&i| packed(i) <= entry);
                    scales[row.expect("a row below the first")] * [0.7, -0.4, 1.1][entry % 3]
                };
                case.fill(|name, entry| match name {
                    "row_rho" => transform.raw(rows[entry], f64::EPSILON),
                    "column_rho" => transform.raw(columns[entry], f64::EPSILON),
                    "row_lower" => below(&rows, entry),
                    "column_lower" => below(&columns, entry),
                    _ => 0.3 * entry as f64 - 0.5,
                });
                cases.push(case);
            }
        }
        cases
    }

    /// L Lᵀ of one side.
    fn side(case: &Case, rho: &str, lower: &str) -> Vec<f64> {
        let (rho, lower) = (case.variable(rho), case.variable(lower));
        let n = rho.len();
        let entry = |i: usize, j: usize| match i.cmp(&j) {
            std::cmp::Ordering::Less => 0.0,
            std::cmp::Ordering::Equal => case.at.transform.value(rho[i]),
            std::cmp::Ordering::Greater => lower[i * (i - 1) / 2 + j],
        };
        let product = |i: usize, j: usize| (0..n).map(|k| entry(i, k) * entry(j, k)).sum();
        (0..n * n).map(|ij| product(ij / n, ij % n)).collect()
    }

    #[test]
    fn it_is_the_normal_with_the_product_of_the_covariances() {
        for case in cases() {
            let (a, b) = (
                side(&case, "row_rho", "row_lower"),
                side(&case, "column_rho", "column_lower"),
            );
            let (r, c) = (case.at.rows, case.at.columns);
            let n = r * c;
            let entry = |x: usize, y: usize| a[x / c * r + y / c] * b[x % c * c + y % c];
            let covariance = (0..n * n).map(|xy| entry(xy / n, xy % n)).collect();
            case.check_normal(&Dense::new(case.variable("loc"), covariance));
        }
    }

    /// The closed form as Louizos and Welling have it.
    #[test]
    fn its_kl_is_the_published_one() {
        for case in cases() {
            let (r, c) = (case.at.rows, case.at.columns);
            let trace = |a: &[f64], n: usize| (0..n).map(|i| a[i * n + i]).sum::<f64>();
            let log_determinant = |rho: &str| {
                let scale = |&x: &f64| case.at.transform.value(x).ln();
                2.0 * case.variable(rho).iter().map(scale).sum::<f64>()
            };
            let (a, b) = (
                side(&case, "row_rho", "row_lower"),
                side(&case, "column_rho", "column_lower"),
            );
            let square: f64 = case.variable("loc").iter().map(|m| m * m).sum();
            let published = 0.5
                * (trace(&a, r) * trace(&b, c) + square
                    - (r * c) as f64
                    - c as f64 * log_determinant("row_rho")
                    - r as f64 * log_determinant("column_rho"));
            let marginals: f64 = case
                .scales()
                .iter()
                .zip(case.variable("loc"))
                .map(|(s, m)| 0.5 * (s * s + m * m - 1.0) - s.ln())
                .sum();
            let found = marginals + case.total_correlation();
            assert_close(found, published, 1e-9, "KL");
        }
    }

    #[test]
    fn its_derivatives_and_its_float32() {
        for case in cases() {
            case.check_derivatives();
            case.check_float32();
        }
    }
}
