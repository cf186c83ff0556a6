//! The IR of every file in `specs/`.

use bnnc::compile::{self, Compiled};
use bnnc::diagnostic::render;
use bnnc::exec;
use bnnc::ir::{Facts, text, validate};
use bnnc::plan::{self, Plan};
use std::path::Path;

/// The compiled file, or its messages as a panic.
pub fn compiled(path: &Path) -> Compiled {
    compile::file(path, &[]).unwrap_or_else(|failure| {
        panic!(
            "{}",
            render(&failure.diagnostics, failure.source_file.as_deref(), false)
        )
    })
}

#[test]
fn the_ir_of_every_spec() {
    insta::glob!("../../specs", "*.bnn", |path| {
        let model = compiled(path).model;
        validate(&model).unwrap();
        insta::assert_snapshot!(text(&model, &Facts::default()));
    });
}

/// A network with both kinds of segment, and one with two outputs per target.
#[test]
fn the_plan_of_two_specs() {
    for name in ["mnist_lenet", "concrete_heteroscedastic"] {
        let path = Path::new("specs").join(name).with_extension("bnn");
        let plan = Plan::new(compiled(&path).model);
        let text = plan::text(&plan, 128, exec::memory(&plan, 128));
        insta::assert_snapshot!(format!("plan_{name}"), text);
    }
}
