//! The IR of every file in `specs/`.

use bnnc::compile::{self, Compiled};
use bnnc::diagnostic::render;
use bnnc::ir::{Facts, text, validate};
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
