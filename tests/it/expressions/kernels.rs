//! The values of expressions.

use super::{CLASSES, Case, cases};
use bnnc::expression::Expression;
use bnnc::maths::Maths;

/// Every entry of every registry has an expression, and its kernel gives the same number.
#[test]
fn kernels_are_their_expressions() {
    for case in cases(50) {
        let at = |name: &str| {
            let value = case.values.iter().find(|(own, _)| own == name);
            value.unwrap_or_else(|| panic!("{}: {name}", case.what)).1
        };
        let (kernel, value) = (case.kernel, case.expression.expand("k", CLASSES).value(&at));
        let error = (kernel - value).abs() / kernel.abs().max(1.0);
        let same = kernel == value || error < 1e-12;
        let Case { what, values, .. } = &case;
        assert!(
            same,
            "{what}: {kernel}, and its expression {value} with {values:?}"
        );
    }
}

/// Small scales, too: there the number that is added to a softplus counts.
#[test]
fn small_scales_are_their_expressions() {
    for case in super::scales() {
        let value = case.expression.value(&|_| case.values[0].1);
        assert!(
            (value / case.kernel - 1.0).abs() < 1e-12,
            "{}: {value}",
            case.what
        );
    }
}

/// What is not computed is refused, with what it is.
#[test]
fn what_has_no_code_is_named() {
    let of = |text: &str| Expression::of(&Maths::parse(text), &["w", "scale"]).unwrap_err();
    insta::assert_snapshot!(
        [
            "exp(-w^2/scale)/Z",
            "integral_0^w t^2 d t",
            "product_k w_k",
            "zeta(w)",
            "norm(w)",
            "w + , w > 0",
            "Normal(w)",
            "ln",
        ]
        .map(|text| format!("{text}: {}\n", of(text)))
        .concat()
    );
}
