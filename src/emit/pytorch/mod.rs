//! A PyTorch program with the loss of a model, term by term as `bnnc check` prints it.
//!
//! A program is a generated part, the model, and the definitions of the library that it uses.

mod array;
mod data;
mod estimator;
mod header;
mod layer;
mod library;
mod likelihood;
mod method;
mod model;
mod network;
mod posterior;
mod prior;
mod program;
mod scalar;
mod start;
mod terms;

pub use program::{Run, program};

use crate::diagnostic::{Diagnostic, Result};
use crate::emit::python::{self, identifier};
use crate::ir::{Handle, Node, Table, Tensor};
use crate::plan::Plan;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The Python script that holds a program against the interpreter's numbers; `bnnc::verify` says how.
pub const COMPARE: &str = include_str!("compare.py");

/// What the parts of a program are made of.
struct Context<'a> {
    plan: &'a Plan,
    /// The variable of `network` that holds each node's value.
    values: Table<Node, String>,
    /// Functions that the model uses and that are made for it, by their names.
    functions: RefCell<BTreeMap<String, String>>,
    /// The entries of `QUADRATURES`: priors whose terms are integrals.
    quadratures: RefCell<Vec<String>>,
}

impl<'a> Context<'a> {
    fn new(plan: &'a Plan) -> Self {
        let values = network::variables(&plan.model);
        Context {
            plan,
            values,
            functions: RefCell::default(),
            quadratures: RefCell::default(),
        }
    }

    /// Notes a function that the model uses.
    fn define(&self, name: &str, text: String) {
        self.functions.borrow_mut().insert(name.into(), text);
    }

    /// The text of what was noted.
    fn defined(&self) -> String {
        let mut text: String = self
            .functions
            .borrow()
            .values()
            .map(|text| format!("{text}\n\n"))
            .collect();
        let quadratures = self.quadratures.borrow();
        if !quadratures.is_empty() {
            let mut code = python::Code::default();
            code.comment("The priors whose terms are integrals.");
            code.call("QUADRATURES = {", &quadratures, "}");
            text += &format!("{}\n\n", code.finish());
        }
        text
    }

    /// The attribute of `Model` that holds a tensor's variables: `conv1_kernel`.
    fn attribute(&self, tensor: Handle<Tensor>) -> String {
        identifier(&self.plan.inference.tensors[tensor].name)
    }

    /// A tensor's draw in `network` and `terms`: `draw["conv1.kernel"]`.
    fn draw(&self, tensor: Handle<Tensor>) -> String {
        let name = &self.plan.inference.tensors[tensor].name;
        format!("draw[{}]", python::quoted(name))
    }

    /// The variable of `network` that holds a node's value: `conv1`.
    fn value(&self, node: Handle<Node>) -> String {
        self.values[node].clone()
    }
}

/// What a program cannot say.
fn refused(what: impl Into<String>) -> Diagnostic {
    Diagnostic::error("E0619", what)
}

/// What whoever imports a program needs beside its model.
const ALWAYS: &str = "Noise, Position, named_variables, limit, initialize";

/// The part of a program that is the model's own, without the definitions that it uses.
///
/// # Errors
///
/// `E0619` for what has no PyTorch yet.
pub fn model(plan: &Plan) -> Result<String> {
    method::fit(plan)?;
    let context = Context::new(plan);
    let model = model::text(&context)?;
    Ok(format!("{}{model}", context.defined()))
}

/// The program's text: the classes and functions of the model alone.
///
/// # Errors
///
/// `E0619` for what has no PyTorch yet.
pub fn module(plan: &Plan) -> Result<String> {
    let model = model(plan)?;
    let library = library::used_by(&format!("{model}\n{ALWAYS}"));
    let body = format!("{library}\n\n\n{model}");
    Ok(format!("{}\n\n{body}", library::imports(&body)))
}
