//! How the data depend on the weights.

use super::{Kind, Methods};
use crate::ir::Argument;
use crate::maths::Maths;

impl Methods<'_> {
    pub(super) fn likelihood(&mut self) {
        self.document.subheading("Likelihood");
        let input = self.weights_after("x_n");
        let given = self.given("x_n");
        let distribution = self.likelihood_symbol(&|argument| self.argument(argument, &input));
        let entries = match self.model.target.kind.entries() {
            1 => String::new(),
            width => format!(", and so are the {width} entries of each"),
        };
        let formula = Maths::parse(self.model.observe.likelihood.formula());
        let formula = self.with_arguments(&formula, &|argument| self.argument(argument, ""));
        let summed = match entries.is_empty() {
            true => "",
            false => "; a target's is the sum over its entries",
        };
        self.document.prose(&format!(
            "Given all of these, the targets are independent{entries}: $$y_n | {given} ~ {}.$$ With every \
             constant kept, the negative log-likelihood of a target $y$ is $$-ln p(y | {}) = {},$$ \
             {}{summed}.",
            distribution.source(),
            self.given("x"),
            formula.source(),
            self.network_values(),
        ));
        let latents = self.symbols_of(&[Kind::Latent]);
        let weights = self.symbols_of(&[Kind::Weight, Kind::Point]);
        let mut unknown = vec!["y".to_string()];
        unknown.extend(weights.clone());
        unknown.extend(latents.clone());
        let mut factors = Vec::new();
        if !latents.is_empty() {
            factors.push(format!("p({})", latents.join(", ")));
        }
        if !weights.is_empty() {
            let bar = if latents.is_empty() { "" } else { " | " };
            factors.push(format!(
                "p({}{bar}{})",
                weights.join(", "),
                latents.join(", ")
            ));
        }
        if factors.is_empty() {
            return;
        }
        self.document.prose(&format!(
            "The joint density of what is random is $$p({} | x) = {} product_(n=1)^N p(y_n | {given}).$$",
            unknown.join(", "),
            factors.join(" "),
        ));
    }

    /// `x_n, w, tau`: what the likelihood of an example is given.
    pub(super) fn given(&self, input: &str) -> String {
        let mut given = vec![input.to_string()];
        given.extend(self.symbols_of(&[Kind::Weight, Kind::Point, Kind::Latent]));
        given.join(", ")
    }

    /// The likelihood's distribution with its arguments.
    fn likelihood_symbol(&self, of: &dyn Fn(&Argument) -> String) -> Maths {
        let notation = Maths::parse(self.model.observe.likelihood.notation());
        self.with_arguments(&notation, of)
    }

    fn with_arguments(&self, formula: &Maths, of: &dyn Fn(&Argument) -> String) -> Maths {
        let observe = &self.model.observe;
        let parameters = observe.likelihood.signature().parameters;
        formula.replace(&|name| {
            let at = parameters
                .iter()
                .position(|parameter| parameter.name == name)?;
            Some(Maths::parse(&of(&observe.arguments[at])))
        })
    }

    /// `where f = f(x; w)`, which the formula leaves out.
    fn network_values(&self) -> String {
        let at = self.weights_after("x");
        let mut values: Vec<String> = Vec::new();
        for argument in &self.model.observe.arguments {
            if let Argument::Node(node) = argument {
                let root = self.root(*node);
                let value = format!("${} = {}$", self.value(root, ""), self.value(root, &at));
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        format!("where {}", crate::words::join(values, "and"))
    }
}
