//! How each term is computed, formula by formula.

use super::groups::grouped;
use super::objective::tensors;
use super::{Methods, sentence, symbols};
use crate::document::code;
use crate::ir::{Fitted, Form, Prior, Term, TermKind};
use crate::kl::ClosedForm;
use crate::maths::Maths;
use crate::posterior::Entries;
use crate::words::join;

impl Methods<'_> {
    /// The form of a term, as the table has it.
    pub(super) fn form_name(&self, term: &Term) -> String {
        match &term.kind {
            TermKind::Nll => match self.random().is_empty() {
                true => "exact".into(),
                false => "estimated".into(),
            },
            TermKind::Kl(_, form) => form.words().into(),
            TermKind::NegLogPrior(_) => "penalty, no KL".into(),
            TermKind::Surrogate(_) => "surrogate, no KL".into(),
        }
    }

    /// A paragraph for each form, then what several of them need: densities, and what the KL of a tensor
    /// has beyond its entries'.
    pub(super) fn forms(&mut self) {
        let terms: Vec<&Term> = self.model.loss.terms.iter().skip(1).collect();
        for (form, terms) in grouped(&terms, |term| self.form_of(term)) {
            let text = match &terms[0].kind {
                TermKind::Kl(_, Form::ClosedForm(form)) => self.closed_form(*form, &terms),
                TermKind::Kl(_, Form::Quadrature) => self.quadrature(form.1, &terms),
                TermKind::Kl(_, Form::MonteCarlo { path }) => self.monte_carlo(*path, &terms),
                TermKind::NegLogPrior(_) => self.penalty(),
                TermKind::Surrogate(tensor) => {
                    self.surrogate(self.model.fitted(*tensor).posterior.drop_rate(), &terms)
                }
                TermKind::Nll => continue,
            };
            self.document.prose(&text);
        }
        self.densities(&terms);
        self.beyond(&terms);
    }

    /// What terms must have alike to be told of in one paragraph.
    fn form_of(&self, term: &Term) -> (String, &'static str) {
        let Some((tensor, prior)) = self.tensor_of(term) else {
            return (String::new(), "");
        };
        let pair = match &term.kind {
            TermKind::Kl(_, Form::ClosedForm(form)) => form.names()[0],
            TermKind::Kl(_, Form::Quadrature) => match tensor.posterior.family.entries() {
                Entries::Normal | Entries::Correlated => "Normal",
                _ => "",
            },
            _ => "",
        };
        let prior = match &term.kind {
            TermKind::Kl(_, Form::ClosedForm(_)) => prior.distribution.signature().name.to_string(),
            TermKind::Surrogate(_) => tensor.posterior.drop_rate().to_string(),
            _ => String::new(),
        };
        (format!("{} {prior}", self.form_name(term)), pair)
    }

    fn tensor_of(&self, term: &Term) -> Option<(Fitted<'_>, &Prior)> {
        let tensor = self.model.fitted(term.kind.tensor()?);
        Some((tensor, tensor.tensor.prior.as_ref()?))
    }

    fn closed_form(&self, form: &dyn ClosedForm, terms: &[&Term]) -> String {
        let formula = Maths::parse(form.formula()).replace(&|name| match name {
            "m" => Some(Maths::parse("mu")),
            "s" => Some(Maths::parse("sigma")),
            other => symbols::parameter(other).map(Maths::parse),
        });
        let entry = match form.names()[0] {
            "Normal" => "Normal(mu, sigma^2)".to_string(),
            other => format!("\"{other}\"(mu, sigma)"),
        };
        let Some((_, prior)) = self.tensor_of(terms[0]) else {
            return String::new();
        };
        let entry = format!(
            "KL({entry} || {}) = {}",
            self.generic(prior).source(),
            formula.source()
        );
        format!(
            "*Closed form.* The KL divergence of one entry is, by {}, {}",
            form.source(),
            self.with_numbers(&entry, prior, terms),
        )
    }

    fn quadrature(&self, posterior: &str, terms: &[&Term]) -> String {
        let names = self.names(&tensors(terms));
        let (of, density) = match posterior {
            "Normal" => (
                format!("The KL divergence of an entry of {names} has no closed form and"),
                "p",
            ),
            _ => (
                format!(
                    "The KL divergence of {names} is that of the normal variable that it is a function of, from \
                     the density $p_z$ that the prior gives that variable. It has no closed form and"
                ),
                "p_z",
            ),
        };
        format!(
            "*Quadrature.* {of} is integrated numerically, without noise: $$KL(Normal(mu, sigma^2) || {density}) \
             approx -1/2 ln(2 pi e sigma^2) - sum_k v_k ln {density}(mu + sigma z_k),$$ with the nodes $z_k$ \
             and weights $v_k$ of a Gauss-Hermite rule or, where $ln {density}$ is not smooth on the scale of \
             $sigma$, of Gauss-Legendre rules on short panels.",
        )
    }

    fn monte_carlo(&self, path: bool, terms: &[&Term]) -> String {
        let gradient = match path {
            true => {
                " Its gradient is taken along the path of the draw alone, without the score of $q$, whose \
                 expectation is 0 [@roeder2017]."
            }
            false => "",
        };
        let estimated = match self.model.objective.samples {
            1 => "a draw $w$ from $q$, $$KL(q || p) approx ln q(w) - ln p(w),$$",
            _ => {
                "the $S$ draws of a step, $$KL(q || p) approx 1/S sum_(s=1)^S [ln q(w^((s))) - ln p(w^((s)))],$$"
            }
        };
        format!(
            "*Monte Carlo.* The KL divergence of {} is estimated at {estimated} which is unbiased and noisy: its variance adds to that of the likelihood, \
             and a step's value may lie below 0.{gradient}",
            self.names(&tensors(terms)),
        )
    }

    fn penalty(&self) -> String {
        format!(
            "*Penalty.* A point has no KL divergence from a density; each entry of ${0}$ adds $-ln p({0})$, \
             every constant kept.",
            self.point_symbol(),
        )
    }

    fn surrogate(&self, rate: f64, terms: &[&Term]) -> String {
        let Some((_, prior)) = self.tensor_of(terms[0]) else {
            return String::new();
        };
        let entry = format!("(1 - {})/(2 s^2) (M_(i j) - m)^2", symbols::number(rate));
        let entry = Maths::parse(&entry).replace(&|_| None).source();
        format!(
            "*Surrogate.* Dropout's distribution has no density, and its KL divergence from a density is \
             infinite. In its place stands, for each entry and up to a constant [@gal2016], {}",
            self.with_numbers(&entry, prior, terms),
        )
    }

    /// The densities that terms without a closed form have in their formula.
    fn densities(&mut self, terms: &[&Term]) {
        let open: Vec<&Term> = terms
            .iter()
            .copied()
            .filter(|term| match &term.kind {
                TermKind::Kl(_, form) => !matches!(form, Form::ClosedForm(_)),
                TermKind::NegLogPrior(_) => true,
                TermKind::Nll | TermKind::Surrogate(_) => false,
            })
            .collect();
        let name = |term: &Term| {
            self.tensor_of(term)
                .map_or("", |(_, p)| p.distribution.signature().name)
        };
        let texts: Vec<String> = grouped(&open, name)
            .into_iter()
            .filter_map(|(_, terms)| {
                let (_, prior) = self.tensor_of(terms[0])?;
                let density = prior.distribution.density(prior.parameters.len());
                let formula = Maths::parse(&symbols::normalised(prior, density)).replace(&|name| {
                    let known = symbols::parameter(name.split('_').next()?);
                    known.map(|_| Maths::parse(&symbols::parameter_or_name(name)))
                });
                Some(format!(
                    "The density of the prior {} is {}",
                    code(prior.distribution.signature().name),
                    self.with_numbers(&format!("p(w) = {}", formula.source()), prior, &terms)
                ))
            })
            .collect();
        for text in texts {
            self.document.prose(&text);
        }
    }

    /// What a tensor's KL has beyond that of its entries.
    fn beyond(&mut self, terms: &[&Term]) {
        let exact: Vec<&Term> = terms
            .iter()
            .copied()
            .filter(|term| {
                matches!(
                    &term.kind,
                    TermKind::Kl(_, Form::ClosedForm(_) | Form::Quadrature)
                )
            })
            .collect();
        let beyond = |term: &Term| self.tensor_of(term)?.0.posterior.family.beyond_entries();
        let texts: Vec<String> = grouped(&exact, beyond)
            .into_iter()
            .filter_map(|(beyond, terms)| {
                let names = self.names(&tensors(&terms));
                Some(format!(
                    "For {names} the KL divergence of a tensor is the sum of its entries' own and {}",
                    sentence(beyond?)
                ))
            })
            .collect();
        for text in texts {
            self.document.prose(&text);
        }
    }

    /// A prior with symbols for its parameters.
    fn generic(&self, prior: &Prior) -> Maths {
        let names = Self::parameter_names(prior);
        self.distribution(prior, &|at| symbols::parameter_or_name(&names[at]))
    }

    /// A formula with the prior's parameters in it, and `with $m = 0$ and $s = 1$` where all terms have
    /// the same numbers.
    fn with_numbers(&self, formula: &str, prior: &Prior, terms: &[&Term]) -> String {
        let same = terms.iter().all(|term| {
            let other = self.tensor_of(term).map(|(_, prior)| prior);
            other.is_some_and(|other| {
                let alike = (&other.parameters, other.local) == (&prior.parameters, prior.local);
                alike && other.anchor.is_none()
            })
        });
        let names = Self::parameter_names(prior);
        if names.is_empty() {
            return format!("$${formula}.$$");
        }
        let symbols = names.iter().map(|name| symbols::parameter_or_name(name));
        if !same || prior.local.is_some() {
            let symbols = symbols.map(|symbol| format!("${symbol}$")).collect();
            let table = match self.document.has_table("priors") {
                true => " ([#priors])",
                false => "",
            };
            let symbols = join(symbols, "and");
            return format!("$${formula},$$ with {symbols} those of each prior{table}.");
        }
        let numbers = symbols.zip(&prior.parameters);
        let numbers =
            numbers.map(|(symbol, scalar)| format!("${symbol} = {}$", self.scalar(scalar)));
        format!("$${formula},$$ with {}.", join(numbers.collect(), "and"))
    }
}
