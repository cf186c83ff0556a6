//! Which value a name stands for, in blocks, residuals and branches that stand in each other.

use crate::graphs::{model, names, refused};
use bnnc::ir::Inference;

/// The values that a value is made of.
fn inputs<'a>(model: &'a Inference, name: &str) -> Vec<&'a str> {
    let mut nodes = model.nodes.iter();
    let (_, node) = nodes
        .find(|(_, node)| node.name == name)
        .unwrap_or_else(|| panic!("no value `{name}`"));
    let inputs = node.inputs.iter();
    inputs.map(|i| model.nodes[*i].name.as_str()).collect()
}

/// Residuals without names are numbered as they begin, whatever stands in them.
#[test]
fn residuals_stand_in_each_other() {
    let nested = model(
        "",
        "flatten, dense(8), residual { dense(8), residual { tanh, dense(8) } }, residual { dense(8) }, logits = dense(3)",
    );
    assert_eq!(inputs(&nested, "residual_1"), ["residual_2", "dense_1"]);
    assert_eq!(inputs(&nested, "residual_2"), ["dense_3", "dense_2"]);
    assert_eq!(inputs(&nested, "residual_3"), ["dense_4", "residual_1"]);
    assert_eq!(names(&nested).len(), 10);
}
