//! How each term is computed, formula by formula.

use super::numbers::number;
use super::objective::tensors;
use super::symbols::{parameter, parameter_or_name, shares_are_fixed};
use super::{Methods, inline, sentence, when};
use crate::distribution::Support;
use crate::document::code;
use crate::ir::{Form, Prior, Term, TermKind};
use crate::kl::ClosedForm;
use crate::maths::Maths;
use crate::posterior::Entries;
use crate::words::{grouped, join};

impl Methods<'_> {
    /// The form of a term, as the table has it.
    pub(super) fn form_name(&self, term: &Term) -> String {
        match &term.kind {
            TermKind::Nll(_) if self.random().is_empty() => "exact",
            TermKind::Nll(_) => "estimated",
            TermKind::Kl(_, form) => form.words(),
            TermKind::NegLogPrior(_) => "penalty, no KL",
            TermKind::Surrogate(_) => "surrogate, no KL",
        }
        .into()
    }

    /// A paragraph for each form, then what several of them need: densities, and what the KL of a tensor
    /// has beyond its entries'.
    pub(super) fn forms(&mut self) {
        let terms: Vec<&Term> = self
            .model
            .loss
            .of_weights()
            .map(|(.., term)| term)
            .collect();
        let groups = grouped(&terms, |term| {
            (self.form_name(term), self.form_detail(term))
        });
        let mut texts: Vec<String> = groups.iter().map(|(_, terms)| self.form(terms)).collect();
        let mut at_densities = terms.clone();
        at_densities.retain(|term| match &term.kind {
            TermKind::Kl(_, form) => !matches!(form, Form::ClosedForm(_)),
            kind => matches!(kind, TermKind::NegLogPrior(_)),
        });
        let groups = grouped(&at_densities, |term| self.prior_name(term));
        texts.extend(groups.iter().filter_map(|(_, terms)| self.density(terms)));
        let beyond = |term: &Term| match &term.kind {
            TermKind::Kl(tensor, Form::ClosedForm(_) | Form::Quadrature) => {
                self.model.fitted(*tensor).posterior.family.beyond_entries()
            }
            _ => None,
        };
        for (beyond, terms) in grouped(&terms, beyond) {
            texts.extend(beyond.map(|beyond| {
                format!(
                    "For {} the KL divergence of a tensor is the sum of its entries' own and {}",
                    self.names(&tensors(&terms)),
                    sentence(beyond)
                )
            }));
        }
        texts.iter().for_each(|text| self.say(text));
    }

    /// What terms of one form must have alike besides to share a paragraph.
    fn form_detail(&self, term: &Term) -> String {
        match &term.kind {
            TermKind::Kl(_, Form::ClosedForm(form)) => {
                format!("{} {}", form.names()[0], self.prior_name(term))
            }
            TermKind::Kl(tensor, Form::Quadrature) => {
                let entries = self.model.fitted(*tensor).posterior.family.entries();
                matches!(entries, Entries::Normal | Entries::Correlated).to_string()
            }
            TermKind::Surrogate(tensor) => {
                self.model.fitted(*tensor).posterior.drop_rate().to_string()
            }
            _ => String::new(),
        }
    }

    fn prior_of_term(&self, term: &Term) -> Option<&Prior> {
        self.model.tensors[term.kind.tensor()?].prior.as_ref()
    }

    fn prior_name(&self, term: &Term) -> &'static str {
        self.prior_of_term(term)
            .map_or("", |prior| prior.distribution.signature().name)
    }

    fn form(&self, terms: &[&Term]) -> String {
        match &terms[0].kind {
            TermKind::Kl(_, Form::ClosedForm(form)) => self.closed_form(*form, terms),
            TermKind::Kl(_, Form::Quadrature) => self.quadrature(terms),
            TermKind::Kl(_, Form::MonteCarlo { path }) => self.monte_carlo(*path, terms),
            TermKind::NegLogPrior(_) => {
                let supports = terms.iter().filter_map(|term| term.kind.tensor());
                let bounded = supports
                    .map(|tensor| self.model.fitted(tensor).posterior.support())
                    .any(|support| support != Support::Real);
                let bounded = when(
                    bounded,
                    " One that its prior keeps above 0, or between two ends, is estimated by a $z$ on the whole line, \
                     $w = e^z$ or $w = a + (b - a) sigmoid(z)$, and adds $-ln p(w)$ less the logarithm of the slope of $w$ by $z$: the penalty is of the \
                     density of $z$.",
                );
                format!(
                    "*Penalty.* A point has no KL divergence from a density; each entry of ${0}$ adds $-ln \
                     p({0})$, every constant kept.{bounded}",
                    self.point_symbol(),
                )
            }
            TermKind::Surrogate(tensor) => {
                let entry = surrogate_formula(self.model.fitted(*tensor).posterior.drop_rate());
                format!(
                    "*Surrogate.* Dropout's distribution has no density, and its KL divergence from a \
                     density is infinite. In its place stands, for each entry and up to a constant \
                     [@gal2016], {}",
                    self.with_parameters(&entry, terms),
                )
            }
            TermKind::Nll(_) => String::new(),
        }
    }

    /// The formula of one entry's term.
    pub(super) fn formula(&self, term: &Term) -> String {
        let point = self.point_symbol();
        match &term.kind {
            TermKind::Nll(_) => self.expected_likelihood(),
            TermKind::Kl(_, Form::ClosedForm(form)) => self.divergence(*form, term),
            TermKind::Kl(_, Form::Quadrature) => {
                let density = self.quadrature_density(&[term]);
                format!("KL(q || p) approx {}", quadrature_formula(density))
            }
            TermKind::Kl(_, Form::MonteCarlo { .. }) => {
                format!("KL(q || p) approx {}", self.monte_carlo_mean())
            }
            TermKind::NegLogPrior(_) => format!("-ln p({point})"),
            TermKind::Surrogate(tensor) => {
                surrogate_formula(self.model.fitted(*tensor).posterior.drop_rate())
            }
        }
    }

    /// The KL divergence of one entry in closed form.
    fn divergence(&self, form: &dyn ClosedForm, term: &Term) -> String {
        let formula = Maths::parse(form.formula()).replace(&|name| {
            Some(Maths::parse(&match name {
                "m" => "mu".into(),
                "s" => "sigma".into(),
                other => parameter(other)?,
            }))
        });
        let entry = match form.names()[0] {
            "Normal" => "Normal(mu, sigma^2)".to_string(),
            other => format!("\"{other}\"(mu, sigma)"),
        };
        let prior = self.prior_of_term(term).map_or(Maths::parse("p"), |prior| {
            let names = Self::parameter_names(prior);
            self.distribution(prior, &|at| parameter_or_name(&names[at]))
        });
        format!("KL({entry} || {prior}) = {formula}")
    }

    fn closed_form(&self, form: &dyn ClosedForm, terms: &[&Term]) -> String {
        let value = self.with_parameters(&self.divergence(form, terms[0]), terms);
        format!(
            "*Closed form.* The KL divergence of one entry is, by {}, {value}",
            form.source()
        )
    }

    /// Which density quadrature takes: the prior's, or that which the prior gives to a normal variable.
    fn quadrature_density(&self, terms: &[&Term]) -> &'static str {
        match self.form_detail(terms[0]) == "true" {
            true => "p",
            false => "p_z",
        }
    }

    fn monte_carlo_mean(&self) -> &'static str {
        match self.model.objective.samples {
            1 => "ln q(w) - ln p(w)",
            _ => "1/S sum_(s=1)^S [ln q(w^((s))) - ln p(w^((s)))]",
        }
    }

    fn quadrature(&self, terms: &[&Term]) -> String {
        let names = self.names(&tensors(terms));
        let density = self.quadrature_density(terms);
        let (of, of_what) = match density {
            "p" => ("an entry of ", ""),
            _ => {
                let what = " is that of the normal variable that it is a function of, from the density $p_z$ that \
                            the prior gives that variable. It";
                ("", what)
            }
        };
        format!(
            "*Quadrature.* The KL divergence of {of}{names}{of_what} has no closed form and is integrated \
             numerically, without noise: $$KL(Normal(mu, sigma^2) || \
             {density}) approx {},$$ with the \
             nodes $z_k$ and weights $v_k$ of a Gauss-Hermite rule or, where $ln {density}$ is not smooth on \
             the scale of $sigma$, of Gauss-Legendre rules on short panels.",
            quadrature_formula(density),
        )
    }

    fn monte_carlo(&self, path: bool, terms: &[&Term]) -> String {
        let names = self.names(&tensors(terms));
        let mean = self.monte_carlo_mean();
        let draws = match self.model.objective.samples {
            1 => "a draw $w$ from $q$",
            _ => "the $S$ draws of a step",
        };
        let along = " Its gradient is taken along the path of the draw alone, without the score of $q$, whose \
                     expectation is 0 [@roeder2017].";
        let gradient = when(path, along);
        format!(
            "*Monte Carlo.* The KL divergence of {names} is estimated at {draws}, $$KL(q || p) approx {mean},$$ \
             which is unbiased and noisy: its variance adds to that of the likelihood, and a step's value may \
             lie below 0.{gradient}"
        )
    }

    /// The density of a prior, for terms that have it in their formula.
    fn density(&self, terms: &[&Term]) -> Option<String> {
        let prior = self.prior_of_term(terms[0])?;
        let distribution = prior.distribution;
        let density = distribution.density(prior.parameters.len(), shares_are_fixed(prior));
        let density = Maths::parse(&density).replace(&|name| Some(Maths::parse(&parameter(name)?)));
        let (name, value) = (
            code(distribution.signature().name),
            format!("p(w) = {density}"),
        );
        Some(format!(
            "The density of the prior {name} is {}",
            self.with_parameters(&value, terms)
        ))
    }

    /// A formula with the prior's parameters in it, and `with $m = 0$ and $s = 1$` where all terms have
    /// the same numbers.
    fn with_parameters(&self, formula: &str, terms: &[&Term]) -> String {
        let mut priors = terms.iter().filter_map(|term| self.prior_of_term(term));
        let first = priors.clone().next();
        let Some(first) = first.filter(|prior| !prior.parameters.is_empty()) else {
            return format!("$${formula}.$$");
        };
        let names = Self::parameter_names(first);
        let symbols = names.iter().map(|name| parameter_or_name(name));
        let same = priors.all(|prior| {
            prior.parameters == first.parameters && prior.local.is_none() && prior.anchor.is_none()
        });
        if same {
            let numbers = symbols.zip(&first.parameters);
            let numbers = numbers.map(|(s, scalar)| format!("${s} = {}$", self.scalar(scalar)));
            return format!("$${formula},$$ with {}.", join(numbers.collect(), "and"));
        }
        let symbols = join(symbols.map(inline).collect(), "and");
        let table = when(self.document.has_table("priors"), " ([#priors])");
        format!("$${formula},$$ with {symbols} those of each prior{table}.")
    }
}

fn quadrature_formula(density: &str) -> String {
    format!("-1/2 ln(2 pi e sigma^2) - sum_k v_k ln {density}(mu + sigma z_k)")
}

fn surrogate_formula(drop_rate: f64) -> String {
    let rate = number(drop_rate);
    let entry = Maths::parse(&format!("(1 - {rate})/(2 s^2) (M_(i j) - m)^2"));
    entry.replace(&|_| None).to_string()
}
