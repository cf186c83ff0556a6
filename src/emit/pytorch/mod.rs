//! A PyTorch program with the loss of a model, term by term as `bnnc check` prints it.
//!
//! A program is a generated part, the model, and the definitions of [`library`] that it uses.

mod estimator;
mod library;
mod likelihood;
mod model;
mod network;
mod posterior;
mod terms;

use crate::diagnostic::{Diagnostic, Result};
use crate::emit::python::identifier;
use crate::ir::{Handle, Node, Tensor};
use crate::plan::Plan;

/// The Python script that holds a program against the interpreter's numbers; `bnnc::verify` says how.
pub const COMPARE: &str = include_str!("compare.py");

/// What the parts of a program are made of.
struct Context<'a> {
    plan: &'a Plan,
}

impl Context<'_> {
    /// The attribute of `Model` that holds a tensor's variables: `conv1_kernel`.
    fn attribute(&self, tensor: Handle<Tensor>) -> String {
        identifier(&self.plan.inference.tensors[tensor].name)
    }

    /// A tensor's draw in `network` and `terms`: `draw["conv1.kernel"]`.
    fn draw(&self, tensor: Handle<Tensor>) -> String {
        let name = &self.plan.inference.tensors[tensor].name;
        format!("draw[{}]", super::python::quoted(name))
    }

    /// The variable of `network` that holds a node's value: `conv1`.
    fn value(&self, node: Handle<Node>) -> String {
        match node.index() {
            0 => "x".into(),
            _ => identifier(&self.plan.model.nodes[node].name),
        }
    }
}

/// What a program cannot say.
fn refused(what: impl Into<String>) -> Diagnostic {
    Diagnostic::error("E0619", what)
}

/// What whoever imports a program needs beside its model.
const ALWAYS: &str = "Noise, Position, named_variables";

/// The part of a program that is the model's own, without the definitions that it uses.
///
/// # Errors
///
/// `E0619` for what has no PyTorch yet.
pub fn model(plan: &Plan) -> Result<String> {
    model::text(&Context { plan })
}

/// The program's text: the classes and functions of the model alone.
///
/// # Errors
///
/// `E0619` for what has no PyTorch yet.
pub fn module(plan: &Plan) -> Result<String> {
    let context = Context { plan };
    let model = model::text(&context)?;
    let library = library::used_by(&format!("{model}\n{ALWAYS}"));
    let body = format!("{library}\n\n\n{model}");
    Ok(format!("{}\n\n\n{body}", library::imports(&body)))
}
