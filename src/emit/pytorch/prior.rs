//! The numbers of priors, and functions of one entry that a program defines: densities and closed forms of a KL.

use super::{Context, refused, scalar};
use crate::diagnostic::Result;
use crate::distribution::Distribution;
use crate::emit::python::Code;
use crate::expression::{self, Dialect, Expression, Operand};
use crate::ir::{Prior, Scalar};
use crate::kl::ClosedForm;

/// A prior's numbers under the names that its formula has for them.
pub(super) struct Numbers {
    /// `loc`; of a list `scales_1`, …
    pub names: Vec<String>,
    /// Python text of each.
    pub texts: Vec<String>,
    /// The value of each that is fixed.
    pub fixed: Vec<Option<f64>>,
}

impl Numbers {
    /// Those of a prior, as `Model.terms` has them.
    pub fn of(context: &Context, prior: &Prior) -> Result<Self> {
        let count = prior.parameters.len();
        let parameters = prior.distribution.signature().parameters.iter();
        let lengths = prior.distribution.lengths(count);
        let mut names = vec![];
        for (parameter, length) in parameters.zip(lengths) {
            match length {
                1 => names.push(parameter.name.to_string()),
                _ => names.extend((1..=length).map(|k| format!("{}_{k}", parameter.name))),
            }
        }
        let fixed: Vec<Option<f64>> = prior.parameters.iter().map(Scalar::fixed).collect();
        let texts: Result<Vec<String>> = prior
            .parameters
            .iter()
            .map(|parameter| scalar::python(context, parameter, None))
            .collect();
        let texts = texts?;
        Ok(Numbers {
            names,
            texts,
            fixed,
        })
    }

    /// Those that are not fixed: their names.
    pub fn free(&self) -> impl Iterator<Item = &str> {
        let all = self.names.iter().zip(&self.fixed);
        all.filter(|(_, fixed)| fixed.is_none())
            .map(|(name, _)| &**name)
    }

    /// `, 0.0, 1.0`
    pub fn arguments(&self) -> String {
        self.texts.iter().map(|text| format!(", {text}")).collect()
    }

    fn operand(&self, name: &str) -> Operand {
        match self.names.iter().position(|own| own == name) {
            Some(at) if self.fixed[at].is_some() => Operand::float(name),
            _ => Operand::tensor(name),
        }
    }

    /// Defines a function of `variables`, tensors, and of these numbers. Those that are learned make it another
    /// function, as the logarithm of a float is another's.
    fn define(
        &self,
        context: &Context,
        name: &str,
        variables: &[&str],
        about: &str,
        value: &Expression,
    ) -> String {
        let mut name = name.to_string();
        for free in self.free() {
            name += &format!("_of_{free}");
        }
        let operands = |name: &str| self.operand(name);
        let mut code = Code::default();
        let arguments: Vec<&str> = variables
            .iter()
            .copied()
            .chain(self.names.iter().map(|name| &**name))
            .collect();
        let is_used = value
            .any(&|part| matches!(part, Expression::Name(name) if variables.contains(&&**name)));
        let _ = code.block(format!("def {name}({}):", arguments.join(", ")), |code| {
            code.docstring(about, "");
            let start = match is_used {
                true => "return ".to_string(),
                // The same for all entries.
                false => format!("return torch.zeros_like({}) + ", variables[0]),
            };
            code.placed(|indent| value.statement(Dialect::Torch, &operands, indent, &start));
            Ok::<_, crate::diagnostic::Failure>(())
        });
        context.define(&name, code.finish());
        name
    }
}

/// The function ln p(w) of a prior's density, inside its support: its name.
pub(super) fn log_density(
    context: &Context,
    prior: &dyn Distribution,
    numbers: &Numbers,
) -> Result<String> {
    let name = prior.signature().name;
    let weights = numbers.names.iter().zip(&numbers.fixed);
    let fixed_weights = weights
        .filter(|(name, _)| name.starts_with("weight"))
        .all(|(_, fixed)| fixed.is_some());
    let expression = expression::log_prob(prior, numbers.names.len(), fixed_weights)
        .map_err(|what| refused(format!("the prior `{name}` has no PyTorch yet: {what}")))?;
    let about = format!("ln {name}(w), of each entry.");
    Ok(numbers.define(
        context,
        &format!("log_{}", snake(name)),
        &["w"],
        &about,
        expression.inside(),
    ))
}

/// The function of a closed form, of the posterior's loc m and scale s: its name.
pub(super) fn closed_form(
    context: &Context,
    form: &dyn ClosedForm,
    numbers: &Numbers,
) -> Result<String> {
    let [posterior, prior] = form.names();
    let name = format!("kl_{}_{}", snake(posterior), snake(prior));
    let expression = expression::closed_form(form).map_err(|what| {
        refused(format!(
            "the KL of `{posterior}` to `{prior}` has no PyTorch yet: {what}"
        ))
    })?;
    let about = format!(
        "KL({posterior}(m, s) || {prior}({})), of each entry.",
        numbers.names.join(", ")
    );
    Ok(numbers.define(context, &name, &["m", "s"], &about, expression.inside()))
}

/// `LogNormal` as `log_normal`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}
