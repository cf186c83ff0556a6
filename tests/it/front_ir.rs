//! The IR of every file in `specs/`.

use crate::support;
use bnnc::compile::{self, Compiled};
use bnnc::diagnostic::render;
use bnnc::exec;
use bnnc::ir::{Facts, model_text, text, validate};
use bnnc::plan::{self, Plan, SegmentKind};
use std::path::Path;
use std::sync::Arc;

/// The compiled file, or its messages as a panic.
pub fn compiled(path: &Path) -> Compiled {
    compile::file(path, &[]).unwrap_or_else(|failure| {
        panic!(
            "{}",
            render(&failure.diagnostics, failure.source_file.as_deref(), false)
        )
    })
}

/// Networks that are too long to be read layer by layer are only validated.
#[test]
fn the_ir_of_every_spec() {
    insta::glob!("../../specs", "*.bnn", |path| {
        let inference = compiled(path).inference;
        validate(&inference).unwrap();
        if inference.nodes.len() > 16 {
            return;
        }
        insta::assert_snapshot!(text(&inference, &Facts::default()));
    });
}

/// A model is printed without what says how it is fitted.
#[test]
fn a_model_alone_has_no_posterior() {
    let inference = compiled(Path::new("specs/concrete_hierarchical.bnn")).inference;
    let [whole, alone] = [
        text(&inference, &Facts::default()),
        model_text(&inference.model, &Facts::default()),
    ];
    for word in ["posterior", "estimator", "loss", "predict"] {
        assert!(
            whole.contains(word) && !alone.contains(word),
            "{word} in\n{alone}"
        );
    }
    assert!(
        alone.ends_with("\nobserve  Normal(y | f, noise)\n"),
        "{alone}"
    );
}

/// A network with both kinds of segment, and one with two outputs per target.
#[test]
fn the_plan_of_two_specs() {
    for name in ["mnist_lenet", "concrete_heteroscedastic"] {
        let path = Path::new("specs").join(name).with_extension("bnn");
        let plan = Arc::new(Plan::new(compiled(&path).inference));
        let text = plan::text(&plan, 128, exec::memory(&plan, 128));
        insta::assert_snapshot!(format!("plan_{name}"), text);
    }
}

/// A convolution that covers its whole image has one position, and is none the less no dense layer.
#[test]
fn a_convolution_of_one_position_takes_one_example_at_a_time() {
    let plan = support::plan(
        "model m\ninput x: real[4, 4, 1]\ntarget y: real\ndefault { prior = Normal(0, 1) }\n\
         network { conv2d(3, kernel = 4)\nflatten\nf = dense(1) }\n\
         observe y ~ Normal(f, 1)\nobjective elbo\n",
    );
    let kinds: Vec<_> = plan.segments.values().map(|segment| segment.kind).collect();
    assert_eq!(kinds, [SegmentKind::ByExample, SegmentKind::WholeBatch]);
}
