//! The graph: `Model.network`, a line or a few for each node.

use super::Context;
use super::layer::Site;
use crate::diagnostic::Result;
use crate::emit::python::{Code, quoted};
use crate::ir::{Argument, Composition, Model};

/// The lines of `Model.network`.
pub(super) fn body(context: &Context, code: &mut Code) -> Result<()> {
    let model = &context.plan.model;
    let mut before = None;
    for (handle, node) in model.nodes.iter() {
        let Some(site) = Site::of(context, handle) else {
            continue;
        };
        let section = Section::of(model, &node.name);
        if section != before {
            code.line("");
            section
                .iter()
                .for_each(|section| code.comment(&section.title()));
            before = section;
        }
        let (value, axes) = (context.value(handle), &node.shape.0);
        for (at, expression) in site.expressions()?.into_iter().enumerate() {
            let text = format!("{value} = {expression}");
            let changed = at == 0
                && node
                    .inputs
                    .iter()
                    .all(|&input| model.nodes[input].shape.0 != *axes);
            let axes: Vec<String> = axes.iter().map(usize::to_string).collect();
            match changed {
                true => code.statement_with(&text, &format!("[B, {}]", axes.join(", "))),
                false => code.statement(&text),
            }
        }
    }
    if before.is_some() {
        code.line("");
    }
    let mut values: Vec<String> = vec![];
    for node in model.arguments().filter_map(Argument::node) {
        let item = format!(
            "{}: {}",
            quoted(&model.nodes[node].name),
            context.value(node)
        );
        if !values.contains(&item) {
            values.push(item);
        }
    }
    code.call("return {", &values, "}");
    Ok(())
}

/// The use of a block that a node is in, or the round of a `repeat`.
#[derive(PartialEq)]
struct Section<'a> {
    of: &'a Composition,
    /// `stage2.1`
    path: String,
}

impl<'a> Section<'a> {
    /// The innermost one; `None` of a node that stands in the network itself.
    fn of(model: &'a Model, name: &str) -> Option<Self> {
        let compositions = &model.compositions;
        let mut innermost: Option<&Composition> = None;
        while let Some(of) = compositions.of(name, innermost.map_or("", |of| &of.path)) {
            innermost = Some(of);
        }
        let of = innermost?;
        let inside = name.strip_prefix(&of.path)?.trim_start_matches('.');
        let path = match (&of.block, inside.split_once('.')) {
            // The first part is the round.
            (None, Some((round, _))) => format!("{}.{round}", of.path),
            _ => of.path.clone(),
        };
        Some(Section { of, path })
    }

    /// `stage2.1: basic(32)`
    fn title(&self) -> String {
        format!("{}: {}", self.path, self.of.written)
    }
}
