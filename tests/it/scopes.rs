//! Which value a name stands for, in blocks, residuals and branches that stand in each other.

use crate::graphs::{model, names, refused};
use bnnc::compile;
use bnnc::explain::explain;
use bnnc::ir::{Facts, Inference};
use bnnc::plan::Plan;
use bnnc::report;
use bnnc::source::Source;
use std::sync::Arc;

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

const JOIN: &str = "block join(skip) { own = dense(8), both = concat on (own, skip) }";

/// A block hands on what it is given; names of its own do not change what that is.
#[test]
fn a_value_is_handed_on_to_another_block() {
    let through = "block through(skip) { join(skip = skip) }
block among(skip) { features = dense(4), join(skip = skip) }
block within(layers, skip) { features = dense(4), layers }
block default(skip, other = skip) { join(other) }";
    let handed = model(
        &format!("{JOIN}\n{through}"),
        "features = flatten, dense(8), through(skip = features), among(features), \
         within(join(features), skip = dense_1), default(features), logits = dense(3)",
    );
    for join in [
        "through_1.join_1",
        "among_1.join_1",
        "within_1.join_1",
        "default_1.join_1",
    ] {
        let own = format!("{join}.own");
        assert_eq!(inputs(&handed, &format!("{join}.both")), [&own, "features"]);
    }
}

/// A use of a block that is used again takes the values that it was given where it is written.
#[test]
fn a_block_used_again_keeps_what_it_was_given() {
    let again = model(
        JOIN,
        "flatten, dense(8), first = join(skip = dense_1), \
         concat { { dense(8), again = reuse first } { dense(3) } }, logits = dense(3)",
    );
    let both = inputs(&again, "concat_1.1.again.both");
    assert_eq!(both, ["concat_1.1.again.own", "dense_1"]);
}

/// A block that is given the use of a block uses all of it again.
#[test]
fn the_use_of_a_block_is_given_to_a_block() {
    let again = model(
        "block encoder(n) { dense(n), relu, dense(n) }\nblock twice(layers) { reuse layers, reuse layers }",
        "flatten, dense(8), first = encoder(8), twice(first), logits = dense(3)",
    );
    // A kernel and a bias each of the first layer, the encoder's two, and logits.
    assert_eq!(again.tensors.len(), 8);
    let nodes: Vec<&str> = again.nodes.iter().map(|(_, n)| n.name.as_str()).collect();
    assert!(nodes.contains(&"twice_1.reuse_2.dense_2"), "{nodes:?}");
}

/// A block in an argument of the same block is no circle; one that is written in itself is.
#[test]
fn a_block_may_be_given_its_own_use() {
    let head = "block wrap(layers) { layers, relu }\nblock of_wrap { wrap(dense(8)) }";
    let wrapped = model(
        head,
        "flatten, wrap(wrap(dense(8))), wrap(of_wrap), logits = dense(3)",
    );
    let nodes: Vec<&str> = wrapped.nodes.iter().map(|(_, n)| n.name.as_str()).collect();
    assert!(nodes.contains(&"wrap_1.wrap_1.dense_1"), "{nodes:?}");
    let said = refused(
        "block a(layers) { layers }\nblock b { a(b) }",
        "flatten, b, logits = dense(3)",
    );
    assert!(
        said.starts_with("E0221: the block `b` uses itself"),
        "{said}"
    );
    let said = refused(
        "block a(layers) { layers(layers) }",
        "flatten, a(a), logits = dense(3)",
    );
    assert!(said.starts_with("E0307: blocks, repeats and"), "{said}");
}

/// The table of layers calls a value from around a block by the block's parameter, and one from around a repeat by its
/// own name; a block within the block stands there with what it is given.
#[test]
fn explain_names_values_from_around_a_block() {
    let head = format!(
        "{JOIN}\nblock two(skip) {{ j = join(skip), k = dense(16) on skip, concat on (j, k), tanh }}"
    );
    let network = "features = flatten, dense(8), first = two(features), repeat 2 { d = dense(16), \
                   e = dense(16) on first, concat on (d, e), concat on (concat_1, features) }, logits = dense(3)";
    let text = explain(&model(&head, network), &Facts::default()).markdown();
    let layer = |name: &str| {
        let row = text
            .lines()
            .find(|line| line.starts_with(&format!("| `.{name}` ")));
        let cells: Vec<&str> = row.unwrap().split('|').map(str::trim).collect();
        cells[2].to_owned()
    };
    assert_eq!(layer("j"), "`join(features)`");
    assert_eq!(layer("k"), "`dense(16)` on `skip`");
    assert_eq!(layer("both"), "`concat` on (`own`, `skip`)");
    assert_eq!(layer("e"), "`dense(16)` on its input");
    assert_eq!(layer("concat_2"), "`concat` on (`concat_1`, `features`)");
}

/// What is said of a network takes time in proportion to its layers: the time of their square would be an hour.
#[test]
fn long_networks_are_explained() {
    let long = model("", "flatten, repeat 2000 { dense(8) }, logits = dense(3)");
    let text = explain(&long, &Facts::default()).markdown();
    assert!(text.contains("2000 × (dense)"));
}

/// A draw and a term are said of layers that have them.
#[test]
fn what_is_used_again_is_said_as_it_is() {
    let said = |settings: &str| {
        let network = format!(
            "flatten, a = dense(8) {{ {settings} }}, tanh, dense(128), again = reuse a, logits = dense(3)"
        );
        let plan = Arc::new(Plan::new(model("", &network)));
        let check = report::check(&plan, &Facts::default(), 10, 0).text(200);
        let line = check.lines().find(|line| line.contains("reuse  "));
        line.unwrap().trim().to_owned()
    };
    let used = "reuse  a is used 2 times, by a and again: ";
    let [draw, term] = [
        "one draw a step",
        "one term in the loss for each parameter that has one",
    ];
    assert_eq!(said("estimator = flipout"), format!("{used}{draw}, {term}"));
    assert_eq!(said("kernel: posterior = Delta"), format!("{used}{term}"));
    let free = "kernel: posterior = deterministic";
    assert_eq!(said(free), format!("{used}with the same parameters"));
}

/// Each of several inputs is a row of its own, and the row of all of them is none.
#[test]
fn several_inputs_are_rows() {
    let text = "model m\ninput a: real[2]\ninput b: real[4]\ntarget y: real\nnetwork { g = dense(2), s = concat on (a, b), \
                f = dense(1) on s }\nobserve y ~ Normal(loc = f, scale = softplus(g[0]))\nobjective elbo\n";
    let (name, text) = ("m.bnn".into(), text.into());
    let inference = compile::source(Source { name, text }, &[])
        .unwrap()
        .inference;
    let explained = explain(&inference, &Facts::default()).markdown();
    assert!(explained.contains("| `a` | input |"), "{explained}");
    assert!(!explained.contains("`(a, b)` | input"), "{explained}");
    let check = report::check(&Arc::new(Plan::new(inference)), &Facts::default(), 10, 0);
    let layers = check
        .layers
        .iter()
        .map(|row| format!("{} {}", row.name, row.layer));
    let layers: Vec<String> = layers.take(5).collect();
    assert_eq!(
        layers,
        ["a input", "b input", "g dense(2)", "s concat", "f dense(1)"]
    );
    let text = check.text(100);
    assert!(text.contains("g[0]            entry of g  "), "{text}");
}

/// A repeat within a block is told once, as one of the network is, and a row that stands for one alone has its own name.
#[test]
fn what_is_folded_keeps_its_name() {
    let head = "block deep(n) { repeat 2 { dense(n), tanh }, last = dense(n) { prior = Normal(0, learned(1)) } }";
    let network = "flatten, dense(8), first = deep(8), repeat 3 { deep(8) }, repeat 1 { dense(8) }, logits = dense(3)";
    let deep = model(head, network);
    let text = explain(&deep, &Facts::default()).markdown();
    assert_eq!(text.matches("one round").count(), 2, "{text}");
    let check = report::check(&Arc::new(Plan::new(deep)), &Facts::default(), 10, 0).text(200);
    for name in [
        "kl(repeat_2.1.dense_1.kernel) ",
        "  first.last.kernel ",
        "  repeat_1.*.kernel ",
        "first.last.kernel.prior.scale, repeat_1.*.kernel.prior.scale (3): ",
        "layers of blocks and repeats",
    ] {
        assert!(check.contains(name), "{name}\n{check}");
    }
    let none = model(
        "block maybe(a) { a }",
        "flatten, maybe(none), logits = dense(3)",
    );
    let check = report::check(&Arc::new(Plan::new(none)), &Facts::default(), 10, 0).text(200);
    assert!(!check.contains("--layers"), "{check}");
}
