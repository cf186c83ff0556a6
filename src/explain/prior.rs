//! What is believed of the weights before the data.

use super::groups::grouped;
use super::{Kind, Methods, counted, symbols, thousands};
use crate::document::{Align, code};
use crate::ir::{Handle, Prior, Role, Tensor};
use crate::signature::Domain;
use crate::words::join;

/// From so many numbers on, a setting that gives each parameter another is told as it is written.
const MANY: usize = 8;

impl Methods<'_> {
    pub(super) fn prior(&mut self) {
        self.document.subheading("Prior");
        self.latent_priors();
        self.weight_priors();
        self.free();
        self.learned();
    }

    fn latent_priors(&mut self) {
        let latents = self.of_kind(Kind::Latent);
        if latents.is_empty() {
            return;
        }
        let of = |role: Role| -> Vec<Handle<Tensor>> {
            let tensors = latents.iter().copied();
            tensors
                .filter(|latent| self.model.tensors[*latent].role == role)
                .collect()
        };
        let (global, local) = (of(Role::Latent), of(Role::Local));
        let each = |latent: Handle<Tensor>, symbol: String| {
            let prior = self.prior_symbol(self.model.tensors[latent].prior.as_ref()?);
            Some(format!("{symbol} ~ {}", prior))
        };
        let globals: Vec<String> = global
            .iter()
            .filter_map(|latent| each(*latent, self.latent_symbol(*latent)))
            .collect();
        let mut text = match &globals[..] {
            [] => String::new(),
            [one] => format!("A latent variable is shared by the whole model: $${one}.$$"),
            several => {
                let several = several.join(", ");
                format!("Latent variables are shared by the whole model: $${several}.$$")
            }
        };
        for (_, local) in grouped(&local, |latent| each(latent, String::new())) {
            let Some(prior) = each(local[0], self.local_symbol().into()) else {
                continue;
            };
            let all = self.model.tensors.iter();
            let owners = all.filter(|(_, tensor)| {
                let of = tensor.prior.as_ref().and_then(|prior| prior.local);
                of.is_some_and(|of| local.contains(&of))
            });
            let names = self.names(&owners.map(|(handle, _)| handle).collect::<Vec<_>>());
            text += &match local.len() {
                1 => format!(
                    "\n\nEach output unit $o$ of {names} has a local scale of its own, $${prior}.$$"
                ),
                _ => format!(
                    "\n\nFor each of these parameters $t$ ({names}), each output unit $o$ has a local scale of \
                     its own, $${prior}.$$"
                ),
            };
        }
        if self.symbols_of(&[Kind::Latent]) == ["z"] {
            text += "\n\nTogether these are $z$.";
        }
        self.document.prose(&text);
    }

    fn weight_priors(&mut self) {
        let weights = [self.of_kind(Kind::Weight), self.of_kind(Kind::Point)].concat();
        let groups = self.prior_groups(&weights);
        let all = counted(self.count(&weights), "weight", "weights");
        let given = match self.symbols_of(&[Kind::Latent])[..] {
            [] => String::new(),
            _ => format!(" given ${}$", self.symbols_of(&[Kind::Latent]).join(", ")),
        };
        match &groups[..] {
            [] => {}
            [(prior, tensors)] => {
                let names = self.names(tensors);
                self.document.prose(&format!(
                    "The {all} ({names}) are independent a priori{given}: {}",
                    match prior {
                        Told::Symbol(symbol) => format!("$$w_i ~ {symbol}.$$"),
                        Told::Written(written) => format!("{}.", code(written)),
                    }
                ));
            }
            groups => {
                self.document.prose(&format!(
                    "The {all} are independent a priori{given}, with the distributions of [#priors]."
                ));
                let rows: Vec<Vec<String>> = groups
                    .iter()
                    .map(|(prior, tensors)| {
                        let told = match prior {
                            Told::Symbol(symbol) => format!("${symbol}$"),
                            Told::Written(written) => code(written),
                        };
                        vec![self.names(tensors), thousands(self.count(tensors)), told]
                    })
                    .collect();
                let columns = [
                    ("weights of", Align::Wrap),
                    ("number", Align::Right),
                    ("prior of each", Align::Left),
                ];
                self.document
                    .table("priors", "The priors.", &columns, &rows);
            }
        }
        self.fans(&weights);
        let prior = |tensor: &Handle<Tensor>| self.model.tensors[*tensor].prior.as_ref();
        let mut priors = weights.iter().filter_map(prior);
        if priors.clone().any(|prior| prior.anchor.is_some()) {
            self.document.prose(
                "$w_i^0$ is the weight of a pretrained network, about which the prior stands (empirical \
                 Bayes [@krishnan2020]): it is made from the data, so that what is minimised bounds the \
                 evidence of no model that was fixed before them.",
            );
        }
        let improper = priors.find_map(|prior| {
            let name = prior.distribution.signature().name;
            Some((name, prior.distribution.improper()?))
        });
        if let Some((name, what)) = improper {
            self.document
                .prose(&format!("{} is improper: {what}.", code(name)));
        }
    }

    /// Parameters by their prior. A setting with `fan_in` gives each its own; where that would be too
    /// many, they are told by the setting.
    fn prior_groups(&self, weights: &[Handle<Tensor>]) -> Vec<(Told, Vec<Handle<Tensor>>)> {
        let prior = |tensor: Handle<Tensor>| self.model.tensors[tensor].prior.as_ref();
        let written = |tensor| prior(tensor).map_or("", |prior: &Prior| &prior.written);
        let symbol =
            |tensor| prior(tensor).map_or(String::new(), |p| self.prior_symbol(p).to_string());
        let many = |tensor: Handle<Tensor>| {
            let same: Vec<_> = weights
                .iter()
                .copied()
                .filter(|other| written(*other) == written(tensor))
                .collect();
            grouped(&same, symbol).len() >= MANY
        };
        grouped(weights, |tensor| match many(tensor) {
            true => Told::Written(written(tensor).to_string()),
            false => Told::Symbol(symbol(tensor)),
        })
    }

    /// What fan_in is, where a setting has it.
    fn fans(&mut self, weights: &[Handle<Tensor>]) {
        let mut settings: Vec<&str> = Vec::new();
        for tensor in weights {
            if let Some(prior) = &self.model.tensors[*tensor].prior
                && prior.written.contains("fan_")
                && !settings.contains(&prior.written.as_str())
            {
                settings.push(&prior.written);
            }
        }
        if settings.is_empty() {
            return;
        }
        let settings = join(settings.into_iter().map(code).collect(), "and");
        self.document.prose(&format!(
            "The numbers come from {settings}: a tensor's `fan_in` is the number of products that \
             meet in one output, its `fan_out` the number of outputs that one input takes part in."
        ));
    }

    /// What has no prior.
    fn free(&mut self) {
        let free = self.of_kind(Kind::Free);
        if free.is_empty() {
            return;
        }
        let names = self.names(&free);
        let count = counted(self.count(&free), "number", "numbers");
        let which = match free.len() == self.model.tensors.len() {
            true => "parameters",
            false => "remaining parameters",
        };
        self.document.prose(&format!(
            "The {which} $theta$ ({names}, {count}) have no prior and are estimated by maximum likelihood."
        ));
    }

    /// Numbers that are learned beside the weights.
    fn learned(&mut self) {
        let mut parts = Vec::new();
        for group in self.learned_groups() {
            let first = &self.model.learned[group[0]];
            let names = group
                .iter()
                .map(|learned| code(&self.model.learned[*learned].name));
            let names = join(names.collect(), "and");
            let (range, by) = match first.domain {
                Domain::Real => ("in Reals", ""),
                Domain::Positive | Domain::NonNegative => ("> 0", ", by way of softplus"),
                Domain::Unit | Domain::OpenUnit => {
                    ("in (0, 1)", ", by way of the logistic function")
                }
            };
            let each = if group.len() > 1 {
                ", one for each tensor $t$"
            } else {
                ""
            };
            parts.push(format!(
                "${} {range}$ ({names}{each}; starting from {}{by})",
                self.learned_symbol(group[0]),
                symbols::number(first.initial)
            ));
        }
        if parts.is_empty() {
            return;
        }
        self.document.prose(&format!(
            "Learned as point estimates, without a prior and together with everything else (empirical \
             Bayes, or type-II maximum likelihood [@mackay1992]), are {}.",
            join(parts, "and")
        ));
    }
}

/// How a prior is told.
#[derive(Debug, PartialEq)]
enum Told {
    /// As a formula.
    Symbol(String),
    /// As the file has it.
    Written(String),
}
