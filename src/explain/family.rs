//! What approximates the posterior.

use super::groups::grouped;
use super::symbols::number;
use super::{Kind, Methods, sentence, thousands};
use crate::initializer::Initializer;
use crate::ir::{Handle, Tensor};
use crate::maths::Maths;
use crate::posterior::{Start, Transform, VariableSpec};
use crate::pretrained::moped::FLOOR;
use crate::words::join;

impl Methods<'_> {
    pub(super) fn family(&mut self) {
        let random = self.random();
        let points: Vec<Handle<Tensor>> =
            [self.of_kind(Kind::Point), self.of_kind(Kind::Free)].concat();
        match random.is_empty() {
            true => self.document.heading("Point estimates"),
            false => self.document.heading("Variational family"),
        }
        if !random.is_empty() {
            self.document.prose(&self.approximation(&random));
        }
        for (tensors, points) in self
            .by_posterior(&random)
            .into_iter()
            .map(|tensors| (tensors, false))
            .chain(
                self.by_posterior(&points)
                    .into_iter()
                    .map(|tensors| (tensors, true)),
            )
        {
            let posterior = self.model.fitted(tensors[0]).posterior;
            let methods = sentence(&simplified(&posterior.methods()));
            let draw = match (posterior.draw(), points) {
                (Some(draw), false) => simplified(&format!(" A draw is ${draw}$.")),
                (Some(draw), true) => simplified(&format!(" What is used is ${draw}$.")),
                (None, _) => String::new(),
            };
            let is = if points { "there is" } else { "$q$ is" };
            let (names, starts) = (self.names(&tensors), self.starts(&tensors));
            self.document
                .prose(&format!("For {names}, {is} {methods}{draw} {starts}"));
        }
        let softplus = |tensor: &Handle<Tensor>| {
            let tensor = self.model.fitted(*tensor);
            let variables = tensor.posterior.variables(&tensor.shape);
            let scaled = variables
                .iter()
                .any(|variable| tensor.posterior.family.symbols(variable.name).1.is_some());
            scaled && tensor.posterior.transform == Transform::Softplus
        };
        if random.iter().any(softplus) {
            self.document.prose(
                "Here $softplus(rho) = ln(1 + e^rho)$, to which the machine epsilon is added, so that no \
                 scale is 0.",
            );
        }
    }

    fn approximation(&self, random: &[Handle<Tensor>]) -> String {
        let what = self.symbols_of(&[Kind::Weight, Kind::Latent]).join(", ");
        let independent = match random.len() {
            1 => String::new(),
            _ => ", under which the parameter tensors are independent of each other".into(),
        };
        let variational: usize = random.iter().map(|tensor| self.variables(*tensor)).sum();
        format!(
            "The posterior $p({what} | Data)$ is approximated by a distribution $q({what})$ with {} \
             parameters of its own{independent}.",
            thousands(variational)
        )
    }

    /// Trained numbers of a parameter.
    fn variables(&self, tensor: Handle<Tensor>) -> usize {
        let fitted = self.model.fitted(tensor);
        let (posterior, shape) = (fitted.posterior, &fitted.tensor.shape);
        let variables = posterior.variables(shape);
        variables.iter().map(|variable| variable.shape.len()).sum()
    }

    /// Parameters with the same family and start.
    fn by_posterior(&self, tensors: &[Handle<Tensor>]) -> Vec<Vec<Handle<Tensor>>> {
        let groups = grouped(tensors, |tensor| {
            let posterior = self.model.fitted(tensor).posterior;
            posterior.methods()
        });
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// How they start, those together that start alike.
    fn starts(&self, tensors: &[Handle<Tensor>]) -> String {
        let groups = grouped(tensors, |tensor| self.start(tensor));
        let alike = groups.len() == 1;
        let starts = groups.into_iter().map(|(start, tensors)| match alike {
            true => format!("Training starts from {start}."),
            false => format!("For {} training starts from {start}.", self.names(&tensors)),
        });
        starts.collect::<Vec<_>>().join(" ")
    }

    /// `mu_i ~ Normal(0, 0.1^2) and …`
    fn start(&self, tensor: Handle<Tensor>) -> String {
        let fitted = self.model.fitted(tensor);
        let (posterior, shape) = (fitted.posterior, &fitted.tensor.shape);
        let variables = posterior.variables(shape);
        let starts = variables.iter().map(|variable| {
            let (symbol, of) = posterior.family.symbols(variable.name);
            let pretrained = posterior.pretrained.as_ref();
            match pretrained.filter(|_| posterior.given(variable).is_some()) {
                Some(from) => match (from.delta, of) {
                    (Some(delta), Some(of)) => {
                        let (delta, floor) = (number(delta), number(FLOOR));
                        format!("${of} = max({delta} abs(mu_i), {floor})$")
                    }
                    _ => format!("${symbol} = w_i^0$, the pretrained weights"),
                },
                None => self.variable_start(tensor, variable, &posterior.start(variable)),
            }
        });
        join(starts.collect(), "and")
    }

    fn variable_start(
        &self,
        tensor: Handle<Tensor>,
        variable: &VariableSpec,
        start: &Initializer,
    ) -> String {
        let posterior = self.model.fitted(tensor).posterior;
        let (symbol, of) = posterior.family.symbols(variable.name);
        let scale = |raw: f64| number(rounded(posterior.transform.value(raw)));
        match (start, of) {
            (_, Some(of)) if variable.start == Start::UnitScale => format!("${of} = 1$"),
            (Initializer::Constant(raw), Some(of)) => format!("${of} = {}$", scale(*raw)),
            (Initializer::Constant(value), None) => format!("${symbol} = {}$", number(*value)),
            (_, Some(of)) => {
                let about = scale(start.mean());
                format!("${symbol} ~ {}$ (${of}$ about {about})", drawn(start))
            }
            _ => format!("${symbol} ~ {}$", drawn(start)),
        }
    }
}

fn drawn(initializer: &Initializer) -> String {
    let of = |name: &str, a: f64, b: f64| format!("\"{name}\"({}, {})", number(a), number(b));
    match *initializer {
        Initializer::Constant(value) => number(value),
        Initializer::Normal { loc, scale } => {
            format!("Normal({}, {})", number(loc), squared(scale))
        }
        Initializer::Uniform { low, high } => of("Uniform", low, high),
        Initializer::TruncatedNormal { loc, scale } => of("TruncatedNormal", loc, scale),
        Initializer::Orthogonal { gain } => format!("\"Orthogonal\"({})", number(gain)),
    }
}

/// `0.1^2`, and 1 for 1.
fn squared(scale: f64) -> String {
    let square = Maths::parse("s^2");
    let scale = Maths::parse(&number(scale));
    square.replace(&|_| Some(scale.clone())).source()
}

/// With what the numbers in its formulas come to.
fn simplified(text: &str) -> String {
    let formula = |text: &str| Maths::parse(text).replace(&|_| None).source();
    let words = |text: &str| alternately(text, "$", &str::to_string, &formula);
    alternately(text, "$$", &words, &formula)
}

/// Parts between marks, in turn by `outside` and by `inside`.
fn alternately(
    text: &str,
    mark: &str,
    outside: &dyn Fn(&str) -> String,
    inside: &dyn Fn(&str) -> String,
) -> String {
    let parts = text.split(mark).enumerate();
    let parts = parts.map(|(at, part)| {
        if at % 2 == 0 {
            outside(part)
        } else {
            inside(part)
        }
    });
    parts.collect::<Vec<_>>().join(mark)
}

/// To three digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}
