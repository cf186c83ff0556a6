//! Scaled dot-product attention (Vaswani et al. 2017) of queries `[T, heads·D]` over keys `[S, heads·D]` and values
//! `[S, heads·E]`:
//!
//! ```text
//! p[h, t, s] = softmax over s of (q[t, h]·k[s, h])/√D        y[t, h] = Σ_s p[h, t, s]·v[s, h]
//!
//! dv[s, h] = Σ_t p·dy[t, h]        dp = dy[t, h]·v[s, h]        g = p·(dp − dy[t, h]·y[t, h])/√D
//! dq[t, h] = Σ_s g·k[s, h]         dk[s, h] = Σ_t g·q[t, h]
//! ```
//!
//! The probabilities of all pairs would take T·S numbers a head. A few queries meet a few keys at a time instead
//! (Dao et al. 2022): the softmax runs along with the blocks of keys, and the way back works the probabilities out
//! again from the logarithm of each query's sum of exponentials. What is kept is that, and the output.
//!
//! With `causal = true` query t sees keys up to t. Keys at and after the length, a last input of one number, are padding:
//! no query sees them.

use super::{
    AnyFunction, Function, Layer, Operation, Reads, Sequences, ShapeError, Takes, Towards, joins,
    lanes, sequences,
};
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::gemm::{MatrixMut, MatrixRef, gemm};
use crate::tensor::{Math, Real, Shape};
use std::ops::Range;

/// A weighted mean of values, the weights by how alike queries and keys are.
pub struct DotProductAttention;

/// How many parts, each with weights of its own.
pub(super) const HEADS: Parameter = Parameter {
    name: "heads",
    kind: Kind::Count,
    default: Some("1"),
    summary: "how many parts the channels are cut into, each with its own weights",
};

/// Whether steps see later ones.
pub(super) const CAUSAL: Parameter = Parameter {
    name: "causal",
    kind: Kind::Choice(&["false", "true"]),
    default: Some("false"),
    summary: "whether a step sees itself and earlier steps alone",
};

impl Layer for DotProductAttention {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "dot_product_attention",
            summary: "for each query the mean of the values, weighted by how alike the query and their keys are",
            parameters: &[HEADS, CAUSAL],
        };
        &SIGNATURE
    }

    fn methods(&self, arguments: &Constants) -> &'static str {
        match arguments.word("causal") {
            "true" => {
                "scaled dot-product attention [@vaswani2017] of each step over itself and earlier steps, \
                 $y_t = sum_(s <= t) p_(t s) v_s$ with $p_(t s) = e^(q_t^T k_s / sqrt(D)) / (sum_(r <= t) e^(q_t^T k_r / sqrt(D)))$ \
                 in each head of $D$ channels"
            }
            _ => {
                "scaled dot-product attention [@vaswani2017], \
                 $y_t = sum_s p_(t s) v_s$ with $p_(t s) = e^(q_t^T k_s / sqrt(D)) / (sum_r e^(q_t^T k_r / sqrt(D)))$ \
                 in each head of $D$ channels"
            }
        }
    }

    fn takes(&self) -> Takes {
        Takes::Several
    }

    fn sequences(&self) -> Sequences {
        Sequences::Told { of: 1, keeps: true }
    }

    fn join(&self, arguments: &Constants, shapes: &[Shape]) -> Result<Operation, ShapeError> {
        let heads = arguments.count("heads");
        let causal = arguments.word("causal") == "true";
        let axes: Vec<&[usize]> = shapes.iter().map(|shape| &shape.0[..]).collect();
        let (queries, keys, values) = match axes[..] {
            [q, k, v] | [q, k, v, [] | [1]] => (q, k, v),
            _ => return Err(expected("a query, a key and a value")),
        };
        let (&[steps, width], &[keys, of_key], &[of_values, of_value]) = (queries, keys, values)
        else {
            return Err(expected(
                "a query, a key and a value of 2 axes [steps, channels] each",
            ));
        };
        if of_key != width {
            return Err(expected("a query and a key of as many channels"));
        }
        if of_values != keys {
            return Err(expected("a key and a value of as many steps"));
        }
        if causal && steps != keys {
            return Err(ShapeError {
                expected: "a query and a key of as many steps, where it is causal".into(),
                help: Some("`causal = false` lets a step see all of another sequence".into()),
            });
        }
        if width % heads != 0 || of_value % heads != 0 {
            return Err(ShapeError {
                expected: format!("channels that {heads} heads can share"),
                help: Some(
                    "a number of heads that divides the last axes of query, key and value".into(),
                ),
            });
        }
        Ok(joins::operation(Attention {
            heads,
            steps: [steps, keys],
            depth: [width, of_value].map(|channels| channels / heads),
            causal,
        }))
    }
}

fn expected(what: &str) -> ShapeError {
    ShapeError {
        expected: what.into(),
        help: Some("name them after it: `dot_product_attention on (query, key, value)`".into()),
    }
}

/// Queries that are worked on at a time, and the keys that they meet. Two arrays of a number a pair fit the second cache.
const QUERIES: usize = 64;
const KEYS: usize = 128;
type Pairs<T> = [T; QUERIES * KEYS];

struct Attention {
    heads: usize,
    /// Of queries, and of keys.
    steps: [usize; 2],
    /// Channels of a head of a key, and of a value.
    depth: [usize; 2],
    causal: bool,
}

/// Some queries of one head, and the keys that they meet.
struct Block {
    head: usize,
    queries: Range<usize>,
    keys: Range<usize>,
}

impl Attention {
    /// Channels of keys, and of values.
    fn widths(&self) -> [usize; 2] {
        self.depth.map(|depth| depth * self.heads)
    }

    /// Keys that are no padding.
    fn keys<T: Real>(&self, inputs: &[&[T]]) -> usize {
        sequences::length(inputs.get(3), self.steps[1])
    }

    /// Heads, and some queries at a time.
    fn queries(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        let steps = self.steps[0];
        (0..self.heads).flat_map(move |head| {
            let starts = (0..steps).step_by(QUERIES);
            starts.map(move |start| (head, start..steps.min(start + QUERIES)))
        })
    }

    /// The blocks of `keys` keys that some queries meet: no later ones than they see.
    fn blocks(
        &self,
        head: usize,
        queries: &Range<usize>,
        keys: usize,
    ) -> impl Iterator<Item = Block> {
        let seen = if self.causal {
            keys.min(queries.end)
        } else {
            keys
        };
        let queries = queries.clone();
        (0..seen).step_by(KEYS).map(move |start| Block {
            head,
            queries: queries.clone(),
            keys: start..seen.min(start + KEYS),
        })
    }

    /// How many of a block's keys a query sees: the first of them.
    fn seen(&self, block: &Block, query: usize) -> usize {
        match self.causal {
            true => (query + 1)
                .saturating_sub(block.keys.start)
                .min(block.keys.len()),
            false => block.keys.len(),
        }
    }

    /// Writes the scaled products of a block's queries and keys, a row a query.
    fn products<T: Real>(&self, q: &[T], k: &[T], block: &Block, pairs: &mut [T]) {
        let [depth, _] = self.depth;
        let width = depth * self.heads;
        gemm(
            T::of(1.0 / (depth as f64).sqrt()),
            part(q, &block.queries, [width, depth], block.head),
            part(k, &block.keys, [width, depth], block.head).transposed(),
            T::zero(),
            MatrixMut::row_major(pairs, block.queries.len(), block.keys.len()),
        );
    }
}

/// The channels of one head at some steps of an array that has `depth` for each head and `width` in all.
fn part<'a, T>(
    all: &'a [T],
    steps: &Range<usize>,
    [width, depth]: [usize; 2],
    head: usize,
) -> MatrixRef<'a, T> {
    let data = &all[steps.start * width + head * depth..];
    MatrixRef::new(data, [steps.len(), depth], [width, 1])
}

/// [`part`] to be written.
fn part_mut<'a, T>(
    all: &'a mut [T],
    steps: &Range<usize>,
    [width, depth]: [usize; 2],
    head: usize,
) -> MatrixMut<'a, T> {
    let data = &mut all[steps.start * width + head * depth..];
    MatrixMut::new(data, [steps.len(), depth], [width, 1])
}

/// e^(x − shift) of each number, and their sum.
#[inline(always)]
fn exponentials<T: Math>(row: &mut [T], shift: T) -> T {
    for x in row.iter_mut() {
        *x = (*x - shift).fast_exp();
    }
    lanes::total(
        [row],
        #[inline(always)]
        |[x]| x,
    )
}

impl AnyFunction for Attention {
    fn output(&self) -> Shape {
        Shape(vec![self.steps[0], self.widths()[1]])
    }

    /// The logarithm of each head's and query's sum of exponentials, and the output.
    fn saved(&self) -> usize {
        self.steps[0] * (self.heads + self.widths()[1])
    }

    /// It is that of the values for a query that sees one key alone, and that of their mean where it sees all alike.
    fn mean_square(&self, _: &[f64], _: &[Option<f64>]) -> Option<f64> {
        None
    }
}

impl<T: Math> Function<T> for Attention {
    fn forward(&self, reads: Reads<T>, y: &mut [T], saved: &mut [T]) {
        let (q, k, v) = (reads.x[0], reads.x[1], reads.x[2]);
        let keys = self.keys(reads.x);
        let ([_, depth], [_, width]) = (self.depth, self.widths());
        let (logarithms, kept) = saved.split_at_mut(self.steps[0] * self.heads);
        let mut pairs: Pairs<T> = [T::zero(); QUERIES * KEYS];
        y.fill(T::zero());
        for (head, queries) in self.queries() {
            // Of each query the largest product so far, and the sum of exponentials of the others less that.
            let mut most = [T::neg_infinity(); QUERIES];
            let mut sums = [T::zero(); QUERIES];
            for block in self.blocks(head, &queries, keys) {
                let pairs = &mut pairs[..queries.len() * block.keys.len()];
                self.products(q, k, &block, pairs);
                T::dispatch(
                    #[inline(always)]
                    || {
                        let rows = pairs.chunks_exact_mut(block.keys.len()).enumerate();
                        for (at, row) in rows {
                            let (row, unseen) =
                                row.split_at_mut(self.seen(&block, queries.start + at));
                            unseen.fill(T::zero());
                            let top = lanes::largest(row).max(most[at]);
                            let fade = (most[at] - top).fast_exp();
                            if block.keys.start > 0 && fade < T::one() {
                                let y =
                                    &mut y[(queries.start + at) * width + head * depth..][..depth];
                                y.iter_mut().for_each(|y| *y *= fade);
                                sums[at] *= fade;
                            }
                            most[at] = top;
                            sums[at] += exponentials(row, top);
                        }
                    },
                );
                gemm(
                    T::one(),
                    MatrixRef::row_major(pairs, queries.len(), block.keys.len()),
                    part(v, &block.keys, [width, depth], head),
                    T::one(),
                    part_mut(y, &queries, [width, depth], head),
                );
            }
            for (at, query) in queries.clone().enumerate().filter(|_| keys > 0) {
                let y = &mut y[query * width + head * depth..][..depth];
                let share = T::one() / sums[at];
                y.iter_mut().for_each(|y| *y *= share);
                logarithms[head * self.steps[0] + query] = most[at] + sums[at].ln();
            }
        }
        kept.copy_from_slice(y);
    }

    fn backward(
        &self,
        reads: Reads<T>,
        saved: &[T],
        dy: &[T],
        towards: &mut [Towards<T>],
        _: &mut [&mut [T]],
    ) {
        let (q, k, v) = (reads.x[0], reads.x[1], reads.x[2]);
        let keys = self.keys(reads.x);
        let (logarithms, y) = saved.split_at(self.steps[0] * self.heads);
        for Towards { dx, add } in towards.iter_mut() {
            if !*add {
                dx.fill(T::zero());
            }
        }
        let [dq, dk, dv, ..] = towards else {
            unreachable!("a query, a key and a value")
        };
        let ([of_keys, of_values], [key_width, value_width]) = (self.depth, self.widths());
        let (for_keys, for_values) = ([key_width, of_keys], [value_width, of_values]);
        let scale = T::of(1.0 / (of_keys as f64).sqrt());
        let [mut p, mut g]: [Pairs<T>; 2] = [[T::zero(); QUERIES * KEYS]; 2];
        for (head, queries) in self.queries() {
            let mut inner = [T::zero(); QUERIES];
            for (inner, query) in inner.iter_mut().zip(queries.clone()) {
                let at = query * value_width + head * of_values..;
                let (y, dy) = (&y[at.clone()][..of_values], &dy[at][..of_values]);
                *inner = y.iter().zip(dy).map(|(&y, &dy)| y * dy).sum();
            }
            for block in self.blocks(head, &queries, keys) {
                let [rows, cols] = [queries.len(), block.keys.len()];
                let (p, g) = (&mut p[..rows * cols], &mut g[..rows * cols]);
                self.products(q, k, &block, p);
                gemm(
                    T::one(),
                    part(dy, &queries, for_values, head),
                    part(v, &block.keys, for_values, head).transposed(),
                    T::zero(),
                    MatrixMut::row_major(g, rows, cols),
                );
                T::dispatch(
                    #[inline(always)]
                    || {
                        let all = p.chunks_exact_mut(cols).zip(g.chunks_exact_mut(cols));
                        for (at, (p, g)) in all.enumerate() {
                            let query = queries.start + at;
                            let seen = self.seen(&block, query);
                            let logarithm = logarithms[head * self.steps[0] + query];
                            for (p, g) in p[..seen].iter_mut().zip(&mut g[..seen]) {
                                *p = (*p - logarithm).fast_exp();
                                *g = *p * (*g - inner[at]) * scale;
                            }
                            p[seen..].fill(T::zero());
                            g[seen..].fill(T::zero());
                        }
                    },
                );
                let p = MatrixRef::row_major(p, rows, cols);
                let g = MatrixRef::row_major(g, rows, cols);
                let add = |to: &mut Towards<T>, a, b, steps, of| {
                    if !to.dx.is_empty() {
                        gemm(T::one(), a, b, T::one(), part_mut(to.dx, steps, of, head));
                    }
                };
                let of_dy = part(dy, &queries, for_values, head);
                let [k, q] =
                    [(k, &block.keys), (q, &queries)].map(|(x, at)| part(x, at, for_keys, head));
                add(dv, p.transposed(), of_dy, &block.keys, for_values);
                add(dq, g, k, &queries, for_keys);
                add(dk, g.transposed(), q, &block.keys, for_keys);
            }
        }
    }
}

#[cfg(test)]
mod tests;
