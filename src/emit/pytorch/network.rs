//! The graph: `Model.network`, a line or a few for each node.

use super::layer::Site;
use super::{Context, library};
use crate::diagnostic::Result;
use crate::emit::python::{Code, identifier, is_word, quoted};
use crate::ir::{Argument, Composition, Model, Node, Table};
use std::collections::HashMap;

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

/// The variable that holds each node's value: the node's name, without the path of its block where no value under
/// that name is still needed. The input keeps its own.
pub(super) fn variables(model: &Model) -> Table<Node, String> {
    let mut last_use = model.nodes.map(|_, _| 0);
    for (handle, node) in model.nodes.iter() {
        node.inputs
            .iter()
            .for_each(|&input| last_use[input] = handle.index());
    }
    let mut needed_until = HashMap::from([("x".to_string(), usize::MAX)]);
    for node in model.arguments().filter_map(Argument::node) {
        last_use[node] = usize::MAX;
    }
    model.nodes.map(|handle, node| {
        let at = handle.index();
        if at == 0 {
            return "x".into();
        }
        let is_free = |name: &String| needed_until.get(name).is_none_or(|&until| until <= at);
        let dots = node
            .name
            .rmatch_indices('.')
            .map(|(dot, _)| &node.name[dot + 1..]);
        let names = dots.filter(|name| !name.starts_with(|c: char| c.is_ascii_digit()));
        let mut names = names.chain([&*node.name]).map(variable);
        let name = names.find(is_free).unwrap_or_else(|| {
            let mut name = variable(&node.name);
            while !is_free(&name) {
                name.push('_');
            }
            name
        });
        needed_until.insert(name.clone(), last_use[handle]);
        name
    })
}

/// A node's name as a variable: none that has a meaning of its own in the program.
fn variable(name: &str) -> String {
    let mut name = identifier(name).trim_end_matches('_').to_string();
    while is_word(&name) || library::has(&name) {
        name.push('_');
    }
    name
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
