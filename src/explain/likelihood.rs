//! How the data depend on the weights.

use super::symbols::parameter_or_name;
use super::{Kind, Methods, inline, when};
use crate::document::code;
use crate::ir::Argument;
use crate::maths::Maths;
use crate::signature::Kind as Takes;
use crate::words::join;

impl Methods<'_> {
    pub(super) fn likelihood(&mut self) {
        self.document.subheading("Likelihood");
        self.of_each_target(|text, of| text.likelihood_of(of));
        let of_one = self.given("x_n");
        if self.alone.len() > 1 {
            self.say(&format!(
                "An example's targets are independent given these values, so that their negative log-likelihoods add up: \
                 below, $p(y_n | {of_one})$ is the product over them."
            ));
        }
        let latents = self.symbols(&[Kind::Latent]);
        let weights = self.symbols(&[Kind::Weight, Kind::Point]);
        let bar = when(!latents.is_empty(), " | ");
        let factors = [
            when(!latents.is_empty(), format!("p({latents})")),
            when(!weights.is_empty(), format!("p({weights}{bar}{latents})")),
        ];
        let factors = factors.join(" ");
        let unknown = self.symbols(&[Kind::Weight, Kind::Point, Kind::Latent]);
        if !unknown.is_empty() {
            self.say(&format!(
                "The joint distribution of what is random is \
                 $$p(y, {unknown} | x) = {factors} product_(n=1)^N p(y_n | {of_one}).$$"
            ));
        }
    }

    /// That of the only target of the model; `of` tells it from others.
    fn likelihood_of(&mut self, of: &str) {
        let likelihood = self.model.observe.likelihood;
        let input = self.weights_after("x_n");
        let distribution = self.with_arguments(likelihood.notation(), &input);
        let formula = self.with_arguments(likelihood.formula(), "");
        let (width, of_steps) = (self.model.target.kind.entries(), self.model.target.steps_of);
        let which = when(self.differs_by_entry(), " $j$");
        let (entries, summed) = match of_steps {
            _ if width == 1 => (String::new(), ""),
            None => (
                format!(", and so are the {width} entries{which} of each"),
                "; a target's is the sum over its entries",
            ),
            Some(input) => (
                format!(
                    ", and so are the entries{which} of each at the steps of {}, at most {width}: those behind its \
                     length, and those without a target, have no term",
                    code(&self.model.inputs[input].name)
                ),
                "; a target's is the sum over the entries at its steps",
            ),
        };
        let (of_one, given, values) = (self.given("x_n"), self.given("x"), self.network_values());
        self.say(&format!(
            "Given all of these, the targets{of} are independent{entries}: $$y_n | {of_one} ~ {distribution}.$$ \
             With every constant kept, the negative log-likelihood of a target $y$ is \
             $$-ln p(y | {given}) = {formula},$$ where {values}{summed}."
        ));
    }

    /// `x_n, w, tau`: what the likelihood of an example is given.
    pub(super) fn given(&self, input: &str) -> String {
        let mut given = self.symbols_of(&[Kind::Weight, Kind::Point, Kind::Latent]);
        given.insert(0, input.into());
        given.join(", ")
    }

    /// A formula of the likelihood with its arguments, `at` being what the network is a function of.
    fn with_arguments(&self, formula: &str, at: &str) -> Maths {
        let observe = &self.model.observe;
        let parameters = observe.likelihood.signature().parameters;
        Maths::parse(formula).replace(&|name| {
            let index = parameters
                .iter()
                .position(|parameter| parameter.name == name)?;
            Some(Maths::parse(&match &observe.arguments[index] {
                // Entries of these have indices in the formula.
                _ if self.has_indices(index) => parameter_or_name(name),
                Argument::Node(node) => self.value(*node, at),
                Argument::Numbers(numbers) => match &numbers.each[..] {
                    [only] => self.scalar(only),
                    _ => format!("{}_j", parameter_or_name(name)),
                },
            }))
        })
    }

    /// Whether the formula gives an argument indices of its own: cutpoints, components of a mixture.
    fn has_indices(&self, argument: usize) -> bool {
        let likelihood = self.model.observe.likelihood;
        likelihood.has_components()
            || likelihood.signature().parameters[argument].kind == Takes::Ordered
    }

    /// Whether a number among the arguments is another for each entry of a target.
    fn differs_by_entry(&self) -> bool {
        let observe = &self.model.observe;
        let parameters = observe.likelihood.signature().parameters.iter();
        let mut arguments = parameters.zip(&observe.arguments);
        arguments.any(|(of, argument)| argument.width() > 1 && of.kind != Takes::Ordered)
    }

    /// `s = (psi_1, psi_2)`: the arguments that are a number for each entry of a target.
    fn lists(&self) -> impl Iterator<Item = String> {
        let observe = &self.model.observe;
        let parameters = observe.likelihood.signature().parameters.iter();
        let arguments = parameters.zip(&observe.arguments);
        arguments.filter_map(|(parameter, argument)| {
            let symbol = parameter_or_name(parameter.name);
            let of_components = observe.likelihood.has_components();
            let numbers = match argument {
                Argument::Node(node) => {
                    let value = || inline(format!("{symbol} = {}", self.value(*node, "")));
                    return of_components.then(value);
                }
                Argument::Numbers(numbers) => &numbers.each[..],
            };
            let all = numbers.iter().map(|number| self.scalar(number));
            let all = all.collect::<Vec<_>>().join(", ");
            if of_components {
                return Some(inline(format!("{symbol}_k = {all}")));
            }
            match parameter.kind {
                Takes::Ordered => {
                    let last = numbers.len() + 1;
                    let ends = format!("{symbol}_0 = -infinity, {symbol}_{last} = infinity");
                    let list = (1..last).map(|k| format!("{symbol}_{k}"));
                    let list = list.collect::<Vec<_>>().join(", ");
                    Some(inline(format!("({list}) = ({all}), {ends}")))
                }
                _ => (numbers.len() > 1).then(|| inline(format!("{symbol} = ({all})"))),
            }
        })
    }

    /// `f = f(x ; w)`, which the formula leaves out.
    fn network_values(&self) -> String {
        let at = self.weights_after("x");
        let roots = self.roots().into_iter();
        let values = roots.map(|root| {
            inline(format!(
                "{} = {}",
                self.value(root, ""),
                self.value(root, &at)
            ))
        });
        join(values.chain(self.lists()).collect(), "and")
    }
}
