//! What is believed of the weights before the data.

use super::numbers::number;
use super::{Kind, Methods, inline, when};
use crate::document::{Align, code};
use crate::ir::{Handle, Prior, Role, Tensor};
use crate::signature::Domain;
use crate::words::{counted, distinct, grouped, join, thousands};

/// Where a setting gives its parameters this many different priors, it is shown as it is written.
const MANY: usize = 8;

impl Methods<'_> {
    pub(super) fn prior(&mut self) {
        self.document.subheading("Prior");
        self.latent_priors();
        let weights = [self.of_kind(Kind::Weight), self.of_kind(Kind::Point)].concat();
        self.weight_priors(&weights);
        self.fans(&weights);
        self.remarks(&weights);
        self.free();
        self.learned();
    }

    fn prior_of(&self, tensor: Handle<Tensor>) -> Option<&Prior> {
        self.model.tensors[tensor].prior.as_ref()
    }

    fn symbol_of_prior(&self, tensor: Handle<Tensor>) -> String {
        let prior = self.prior_of(tensor);
        prior.map_or(String::new(), |prior| self.prior_symbol(prior).to_string())
    }

    fn latent_priors(&mut self) {
        let with_role = |role| -> Vec<Handle<Tensor>> {
            let mut latents = self.of_kind(Kind::Latent).to_vec();
            latents.retain(|latent| self.model.tensors[*latent].role == role);
            latents
        };
        let (global, local) = (with_role(Role::Latent), with_role(Role::Local));
        let globals = global.iter().map(|latent| {
            let (symbol, prior) = (self.latent_symbol(*latent), self.symbol_of_prior(*latent));
            format!("{symbol} ~ {prior}")
        });
        let globals: Vec<String> = globals.collect();
        let subject = match globals.len() {
            1 => "A latent variable is",
            _ => "Latent variables are",
        };
        let all = globals.join(", ");
        let shared = format!("{subject} shared by the whole model: $${all}.$$");
        let mut text = vec![when(!globals.is_empty(), shared)];
        for (prior, local) in grouped(&local, |latent| self.symbol_of_prior(latent)) {
            let owners = self.tensors(|tensor| {
                let of = tensor.prior.as_ref().and_then(|prior| prior.local);
                of.is_some_and(|of| local.contains(&of))
            });
            let names = self.names(&owners);
            let subject = match local.len() {
                1 => format!("Each output unit $o$ of {names}"),
                _ => format!("For each of these parameters $t$ ({names}), each output unit $o$"),
            };
            let symbol = self.local_symbol();
            text.push(format!(
                "{subject} has a local scale of its own, $${symbol} ~ {prior}.$$"
            ));
        }
        if self.symbols(&[Kind::Latent]) == "z" {
            text.push("Together these are $z$.".into());
        }
        self.say(&text.join("\n\n"));
    }

    fn weight_priors(&mut self, weights: &[Handle<Tensor>]) {
        let groups = self.prior_groups(weights);
        let all = counted(self.count(weights), "weight", "weights");
        let latents = self.symbols(&[Kind::Latent]);
        let given = when(!latents.is_empty(), format!(" given ${latents}$"));
        match &groups[..] {
            [] => {}
            [(prior, tensors)] => {
                let prior = match prior {
                    Shown::Symbol(symbol) => format!("$$w_i ~ {symbol}.$$"),
                    Shown::Written(written) => format!("{}.", code(written)),
                };
                let names = self.names(tensors);
                self.say(&format!(
                    "The {all} ({names}) are independent a priori{given}: {prior}"
                ));
            }
            groups => {
                self.say(&format!(
                    "The {all} are independent a priori{given}, with the distributions of [#priors]."
                ));
                let row = |(prior, tensors): &(Shown, Vec<Handle<Tensor>>)| {
                    let prior = match prior {
                        Shown::Symbol(symbol) => inline(symbol),
                        Shown::Written(written) => code(written),
                    };
                    vec![self.names(tensors), thousands(self.count(tensors)), prior]
                };
                let rows: Vec<Vec<String>> = groups.iter().map(row).collect();
                let heads = ["weights of", "number", "prior of each"];
                let aligned = [Align::Wrap, Align::Right, Align::Left];
                let columns: Vec<_> = heads.into_iter().zip(aligned).collect();
                self.document
                    .table("priors", "The priors.", &columns, &rows);
            }
        }
    }

    /// Parameters by their prior. A setting with `fan_in` gives each its own; where that would be too
    /// many, they are grouped by the setting.
    fn prior_groups(&self, weights: &[Handle<Tensor>]) -> Vec<(Shown, Vec<Handle<Tensor>>)> {
        let written = |tensor| self.prior_of(tensor).map_or("", |prior| &prior.written);
        let settings = grouped(weights, written);
        let many = settings.into_iter().filter(|(_, same)| {
            let symbols = same.iter().map(|tensor| self.symbol_of_prior(*tensor));
            distinct(symbols).len() >= MANY
        });
        let many: Vec<&str> = many.map(|(setting, _)| setting).collect();
        grouped(weights, |tensor| match many.contains(&written(tensor)) {
            true => Shown::Written(written(tensor).to_string()),
            false => Shown::Symbol(self.symbol_of_prior(tensor)),
        })
    }

    /// What fan_in is, where a setting has it.
    fn fans(&mut self, weights: &[Handle<Tensor>]) {
        let priors = weights.iter().filter_map(|tensor| self.prior_of(*tensor));
        let by_fans = priors.filter(|prior| prior.written.contains("fan_"));
        let settings = distinct(by_fans.map(|prior| code(&prior.written)));
        if !settings.is_empty() {
            self.say(&format!(
                "The numbers come from {}: a tensor's `fan_in` is the number of products that \
                 meet in one output, its `fan_out` the number of outputs that one input takes part in.",
                join(settings, "and")
            ));
        }
    }

    /// What makes a prior something else than a fixed distribution.
    fn remarks(&mut self, weights: &[Handle<Tensor>]) {
        let mut priors = weights.iter().filter_map(|tensor| self.prior_of(*tensor));
        let anchored = priors.clone().any(|prior| prior.anchor.is_some());
        let improper = priors.find_map(|prior| {
            let why = prior.distribution.improper()?;
            let name = code(prior.distribution.signature().name);
            Some(format!("{name} is improper: {why}."))
        });
        if anchored {
            self.say(
                "$w_i^0$ is the weight of a pretrained network, about which the prior stands (empirical \
                 Bayes [@krishnan2020]): it is made from the data, so that what is minimised bounds the \
                 evidence of no model that was fixed before them.",
            );
        }
        if let Some(improper) = improper {
            self.say(&improper);
        }
    }

    /// What has no prior.
    fn free(&mut self) {
        let free = self.of_kind(Kind::Free);
        if free.is_empty() {
            return;
        }
        let names = self.names(free);
        let count = counted(self.count(free), "number", "numbers");
        let remaining = when(free.len() < self.model.tensors.len(), "remaining ");
        self.say(&format!(
            "The {remaining}parameters $theta$ ({names}, {count}) have no prior and are estimated by \
             maximum likelihood."
        ));
    }

    /// Numbers that are learned beside the weights.
    fn learned(&mut self) {
        let parts = self.learned.iter().map(|group| {
            let learned = |handle: &Handle<_>| &self.model.learned[*handle];
            let first = learned(&group[0]);
            let names = group.iter().map(|handle| code(&learned(handle).name));
            let names = join(names.collect(), "and");
            let (range, by) = match first.domain {
                Domain::Real => ("in Reals", ""),
                Domain::Positive | Domain::NonNegative => ("> 0", ", by way of softplus"),
                Domain::Unit | Domain::OpenUnit => {
                    ("in (0, 1)", ", by way of the logistic function")
                }
            };
            let each = match first.entries {
                1 => when(group.len() > 1, ", one for each tensor $t$").to_string(),
                entries => format!(", one for each of the {entries} entries $j$ of a target"),
            };
            let starts: Vec<String> = first.initial.iter().map(|x| number(*x)).collect();
            let (symbol, start) = (self.learned_symbol(group[0]), join(starts, "and"));
            format!("${symbol} {range}$ ({names}{each}; starting from {start}{by})")
        });
        let parts: Vec<String> = parts.collect();
        if !parts.is_empty() {
            self.say(&format!(
                "Learned as point estimates, without a prior and together with everything else (empirical \
                 Bayes, or type-II maximum likelihood [@mackay1992]), are {}.",
                join(parts, "and")
            ));
        }
    }
}

/// How a prior is shown.
#[derive(Debug, PartialEq)]
enum Shown {
    /// As a formula.
    Symbol(String),
    /// As the file has it.
    Written(String),
}
