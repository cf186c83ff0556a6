//! What approximates the posterior.

use super::groups::grouped;
use super::symbols::number;
use super::{Kind, Methods, thousands};
use crate::check::words::join;
use crate::ir::{Handle, Initializer, Tensor};
use crate::posterior::scale_from_rho;

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
        for tensors in self.by_posterior(&random) {
            let methods = self.model.tensors[tensors[0]].posterior.family.methods();
            let text = format!(
                "For {}, $q$ is {methods}. {}",
                self.names(&tensors),
                self.start(&tensors)
            );
            self.document.prose(&text);
        }
        for tensors in self.by_posterior(&points) {
            let methods = self.model.tensors[tensors[0]].posterior.family.methods();
            let start = self.start(&tensors);
            self.document.prose(&format!(
                "For {} there is {methods}. {start}",
                self.names(&tensors)
            ));
        }
    }

    fn approximation(&self, random: &[Handle<Tensor>]) -> String {
        let symbols = self.symbols_of(&[Kind::Weight, Kind::Latent]);
        let what = symbols.join(", ");
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
        let tensor = &self.model.tensors[tensor];
        tensor.shape.len() * tensor.posterior.family.variables().len()
    }

    /// Parameters with the same family and start.
    fn by_posterior(&self, tensors: &[Handle<Tensor>]) -> Vec<Vec<Handle<Tensor>>> {
        let groups = grouped(tensors, |tensor| {
            let posterior = &self.model.tensors[tensor].posterior;
            (posterior.family.signature().name, posterior.start_text())
        });
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// `Training starts from …`
    fn start(&self, tensors: &[Handle<Tensor>]) -> String {
        let posterior = &self.model.tensors[tensors[0]].posterior;
        let variables = posterior
            .family
            .variables()
            .iter()
            .zip(&posterior.initializers);
        let starts = variables.map(|(variable, initializer)| {
            let symbol = posterior.family.symbol(variable);
            let scale = |rho: f64| number(rounded(scale_from_rho(rho)));
            match (*variable, *initializer) {
                ("rho", Initializer::Constant(rho)) => format!("$sigma_i = {}$", scale(rho)),
                (_, Initializer::Constant(value)) => format!("${symbol} = {}$", number(value)),
                ("rho", Initializer::Normal { loc, .. }) => {
                    let at = format!("${symbol} ~ {}$", drawn(initializer));
                    format!("{at} (a scale $sigma_i$ about {})", scale(loc))
                }
                _ => format!("${symbol} ~ {}$", drawn(initializer)),
            }
        });
        format!("Training starts from {}.", join(starts.collect(), "and"))
    }
}

fn drawn(initializer: &Initializer) -> String {
    match *initializer {
        Initializer::Constant(value) => number(value),
        Initializer::Normal { loc, scale } => {
            format!("Normal({}, {}^2)", number(loc), number(scale))
        }
        Initializer::Uniform { low, high } => {
            format!("\"Uniform\"({}, {})", number(low), number(high))
        }
    }
}

/// To three digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}
