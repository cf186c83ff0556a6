//! The model for NumPyro: priors, network and likelihood, without an inference method.
//!
//! What NUTS makes of it is an independent check of any other answer. Arrays are as in the interpreter: channels last,
//! kernels `[in, out]` and `[kh, kw, C_in, C_out]`, which are JAX's own.

mod layer;
mod sites;

use super::python::{Code, identifier};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::expression::{Dialect, Expression, Helper};
use crate::ir::{Handle, Model, Node, Tensor};

/// A program under way.
struct Context<'a> {
    model: &'a Model,
    /// The functions that its expressions call.
    helpers: Vec<&'static Helper>,
}

impl Context<'_> {
    /// The variable that holds a tensor: `conv1_kernel`.
    fn tensor(&self, tensor: Handle<Tensor>) -> String {
        identifier(&self.model.tensors[tensor].name)
    }

    /// The variable that holds a node's value. A layer may be called as a tensor or target is.
    fn value(&self, node: Handle<Node>) -> String {
        let name = match node.index() {
            0 => return "x".into(),
            _ => identifier(&self.model.nodes[node].name),
        };
        let mut tensors = self.model.tensors.values().map(|tensor| &tensor.name);
        let mut targets = self.model.observed().map(|(target, _)| &target.name);
        let taken = tensors.any(|other| identifier(other) == name)
            || targets.any(|other| identifier(other) == name);
        if taken { format!("{name}_value") } else { name }
    }

    /// An expression with the helpers that it calls.
    fn print(&mut self, expression: &Expression, x: &str) -> String {
        for helper in expression.helpers(Dialect::Jax) {
            if !self.helpers.contains(&helper) {
                self.helpers.push(helper);
            }
        }
        expression.python(Dialect::Jax, &|_| crate::expression::Operand::tensor(x))
    }
}

/// What NumPyro's program cannot say.
fn refused(what: impl Into<String>) -> Diagnostic {
    Diagnostic::error("E0619", what)
}

/// The program's text.
///
/// # Errors
///
/// `E0619` for what has no prior, and for layers that have no JAX here.
pub fn program(model: &Model) -> Result<String> {
    if let Some(input) = model.inputs.iter().find(|input| input.sequence.is_some()) {
        let title = format!(
            "the input `{}` has lengths, and padding has no NumPyro here",
            input.name
        );
        return Err(refused(title)
            .help("`real[T, C]` without `padded` has; tokens have none")
            .into());
    }
    let mut context = Context {
        model,
        helpers: vec![],
    };
    let targets: Vec<String> = model
        .observed()
        .map(|(target, _)| identifier(&target.name))
        .collect();
    let mut body = Code::default();
    let arguments: Vec<String> = targets
        .iter()
        .map(|target| format!(", {target}=None"))
        .collect();
    body.block(format!("def model(x{}):", arguments.concat()), |code| {
        let axes: Vec<String> = model.input.shape.0.iter().map(usize::to_string).collect();
        code.docstring(
            &format!(
                "p({}, weights | x) of inputs x: [N, {}].",
                targets.join(", "),
                axes.join(", ")
            ),
            "Without targets it draws them: from the prior, or given the weights of a posterior.",
        );
        sites::weights(&mut context, code)?;
        layer::network(&mut context, code)?;
        sites::targets(&context, code)
    })?;
    let body = body.finish();
    let mut head = Code::default();
    head.docstring(
        &format!(
            "The model `{}` for NumPyro: priors, network and likelihood.",
            model.name
        ),
        "",
    );
    let mut text = head.finish();
    text.truncate(text.len() - "\"\"\"\n".len());
    text += &usage(&targets);
    if body.contains("math.") {
        text += "import math\n\n";
    }
    text += "import jax\nimport jax.numpy as jnp\nimport numpyro\nimport numpyro.distributions as dist\n\n\n";
    if !body.contains("jax.") && context.helpers.is_empty() {
        text = text.replace("import jax\n", "");
    }
    if !body.contains("jnp.") && context.helpers.is_empty() {
        text = text.replace("import jax.numpy as jnp\n", "");
    }
    for helper in &context.helpers {
        text += &format!("{}\n\n\n", helper.code.trim_end());
    }
    text += &body;
    Ok(text)
}

/// How to draw from its posterior, the rest of the docstring.
fn usage(targets: &[String]) -> String {
    format!(
        "\n\nFour chains of NUTS, and what they predict:\n\n    \
         from numpyro.infer import MCMC, NUTS, Predictive\n    \
         mcmc = MCMC(NUTS(model), num_warmup=1000, num_samples=1000, num_chains=4)\n    \
         mcmc.run(jax.random.PRNGKey(0), x, {targets})\n    \
         mcmc.print_summary()\n    \
         drawn = Predictive(model, mcmc.get_samples())(jax.random.PRNGKey(1), x_new)\n\n\
         Values are as bnnc has them: inputs and targets scaled as in the run that is compared, channels last, a target\n\
         of real numbers with an axis for them: [N, 1].\n\"\"\"\n\n",
        targets = targets.join(", ")
    )
}

/// Adds a line.
fn line(code: &mut Code, text: String) -> Result<()> {
    code.statement(&text);
    Ok::<_, Failure>(())
}
