//! Values by the definition, and shapes that are refused.

use super::super::testing::numbers;
use super::*;
use crate::signature::Constant;

fn attention(
    heads: usize,
    causal: &'static str,
    shapes: &[Shape],
) -> Result<Operation, ShapeError> {
    let arguments = vec![
        ("heads", Constant::Count(heads)),
        ("causal", Constant::Word(causal)),
    ];
    DotProductAttention.join(&Constants(arguments), shapes)
}

/// Values by the definition, with blocks that end within the keys and without, with a length and without.
#[test]
fn is_its_formula() {
    for (steps, keys, length, causal) in [
        (5, 5, None, "false"),
        (5, 5, Some(3), "true"),
        (70, 300, Some(290), "false"),
        (150, 150, None, "true"),
    ] {
        let (heads, depth, of_value) = (2, 3, 4);
        let mut shapes = vec![
            Shape(vec![steps, heads * depth]),
            Shape(vec![keys, heads * depth]),
            Shape(vec![keys, heads * of_value]),
        ];
        shapes.extend(length.map(|_| Shape(vec![1])));
        let Ok(Operation::Function(built)) = attention(heads, causal, &shapes) else {
            panic!("a function")
        };
        let mut x: Vec<Vec<f64>> = (0..3).map(|i| numbers(shapes[i].len(), i)).collect();
        x[0].iter_mut().for_each(|q| *q *= 9.0);
        x.extend(length.map(|length| vec![length as f64]));
        let inputs: Vec<&[f64]> = x.iter().map(|x| &x[..]).collect();
        let reads = Reads {
            x: &inputs,
            parameters: &[],
            mask: &[],
        };
        let mut y = vec![f64::NAN; built.output().len()];
        let mut saved = vec![f64::NAN; built.saved()];
        Function::<f64>::forward(&*built, reads, &mut y, &mut saved);
        for (t, h) in (0..steps).flat_map(|t| (0..heads).map(move |h| (t, h))) {
            let seen = if causal == "true" { t + 1 } else { keys };
            let seen = seen.min(length.unwrap_or(keys));
            let weight = |s: usize| {
                let products = (0..depth)
                    .map(|d| x[0][(t * heads + h) * depth + d] * x[1][(s * heads + h) * depth + d]);
                (products.sum::<f64>() / (depth as f64).sqrt()).exp()
            };
            let sum: f64 = (0..seen).map(weight).sum();
            for e in 0..of_value {
                let of = |s: usize| weight(s) / sum * x[2][(s * heads + h) * of_value + e];
                let expected: f64 = (0..seen).map(of).sum();
                let found = y[(t * heads + h) * of_value + e];
                assert!((found - expected).abs() < 1e-13, "{found} {expected}");
            }
        }
    }
}

#[test]
fn shapes_that_do_not_meet_are_refused() {
    let shape = Shape::new;
    for (heads, causal, shapes, expected) in [
        (
            1,
            "false",
            vec![shape(&[4, 2]); 2],
            "a query, a key and a value",
        ),
        (1, "false", vec![shape(&[8]); 3], "of 2 axes"),
        (
            1,
            "false",
            vec![shape(&[4, 2]), shape(&[4, 3]), shape(&[4, 3])],
            "as many channels",
        ),
        (
            1,
            "false",
            vec![shape(&[4, 2]), shape(&[4, 2]), shape(&[5, 2])],
            "as many steps",
        ),
        (
            1,
            "true",
            vec![shape(&[3, 2]), shape(&[4, 2]), shape(&[4, 2])],
            "where it is causal",
        ),
        (3, "false", vec![shape(&[4, 4]); 3], "3 heads can share"),
    ] {
        let Err(error) = attention(heads, causal, &shapes) else {
            panic!("{shapes:?}")
        };
        assert!(error.expected.contains(expected), "{}", error.expected);
    }
}
