//! How each term is computed, formula by formula.

use super::groups::grouped;
use super::{Methods, symbols};
use crate::check::words::join;
use crate::ir::{Form, Prior, Term, TermKind};
use crate::maths::Maths;

impl Methods<'_> {
    /// The form of a term, as the table has it.
    pub(super) fn form_name(&self, term: &Term) -> String {
        match &term.kind {
            TermKind::Nll => match self.random().is_empty() {
                true => "exact".into(),
                false => "at the draws".into(),
            },
            TermKind::Kl(_, form) => form.words().into(),
            TermKind::NegLogPrior(_) => "penalty, no KL".into(),
            TermKind::Surrogate(_) => "surrogate, no KL".into(),
        }
    }

    /// A paragraph for each form of each kind of prior.
    pub(super) fn forms(&mut self) {
        let terms: Vec<&Term> = self.model.loss.terms.iter().skip(1).collect();
        let name = |term: &Term| {
            self.prior_of(term)
                .map_or("", |p| p.distribution.signature().name)
        };
        let groups = grouped(&terms, |term| (name(term), self.form_name(term)));
        for (_, terms) in groups {
            let Some(prior) = self.prior_of(terms[0]) else {
                continue;
            };
            let text = match &terms[0].kind {
                TermKind::Kl(_, Form::ClosedForm(form)) => self.closed_form(*form, prior, &terms),
                TermKind::Kl(_, Form::Quadrature) => self.quadrature(prior, &terms),
                TermKind::Kl(_, Form::MonteCarlo { path }) => {
                    self.monte_carlo(*path, prior, &terms)
                }
                TermKind::NegLogPrior(_) => self.penalty(prior, &terms),
                TermKind::Nll | TermKind::Surrogate(_) => continue,
            };
            self.document.prose(&text);
        }
    }

    fn prior_of(&self, term: &Term) -> Option<&Prior> {
        self.model.tensors[term.kind.tensor()?].prior.as_ref()
    }

    fn closed_form(
        &self,
        form: &dyn crate::kl::ClosedForm,
        prior: &Prior,
        terms: &[&Term],
    ) -> String {
        let generic = self.generic(prior);
        let formula = Maths::parse(form.formula()).replace(&|name| match name {
            "m" => Some(Maths::parse("mu")),
            "s" => Some(Maths::parse("sigma")),
            other => symbols::parameter(other).map(Maths::parse),
        });
        format!(
            "Closed form. The KL divergence of one weight from {}, by {}, is $$KL(Normal(mu, sigma^2) || {}) = \
             {},$$ {}.",
            article(prior),
            form.source(),
            generic.source(),
            formula.source(),
            self.with_numbers(prior, terms),
        )
    }

    fn quadrature(&self, prior: &Prior, terms: &[&Term]) -> String {
        format!(
            "Quadrature. The KL divergence of one weight from {} has no closed form and is integrated \
             numerically, without noise: $$KL(Normal(mu, sigma^2) || p) approx -1/2 ln(2 pi e sigma^2) - \
             sum_k v_k ln p(mu + sigma z_k),$$ with the nodes $z_k$ and weights $v_k$ of a Gauss-Hermite \
             rule or, where $ln p$ is not smooth on the scale of $sigma$, of Gauss-Legendre rules on short \
             panels. {}",
            article(prior),
            self.density(prior, terms, "w"),
        )
    }

    fn monte_carlo(&self, path: bool, prior: &Prior, terms: &[&Term]) -> String {
        let gradient = match path {
            true => {
                " Its gradient is taken along the path of the draw alone, without the score of $q$, whose \
                 expectation is 0 [@roeder2017]."
            }
            false => "",
        };
        format!(
            "Monte Carlo. The KL divergence from {} is estimated at the draw $w$ that the likelihood is \
             evaluated at, $$KL(q || p) approx ln q(w) - ln p(w),$$ which is unbiased and noisy: its \
             variance adds to that of the likelihood, and a step's value may lie below 0.{gradient} {}",
            article(prior),
            self.density(prior, terms, "w"),
        )
    }

    fn penalty(&self, prior: &Prior, terms: &[&Term]) -> String {
        format!(
            "Penalty. A point has no KL divergence from a density; {} adds $-ln p({})$ for each entry, every \
             constant kept. {}",
            article(prior),
            self.point_symbol(),
            self.density(prior, terms, self.point_symbol()),
        )
    }

    /// A prior with symbols for its parameters.
    fn generic(&self, prior: &Prior) -> Maths {
        let names = Self::parameter_names(prior);
        self.distribution(prior, &|at| {
            symbols::parameter(&names[at]).map_or(format!("\"{}\"", names[at]), Into::into)
        })
    }

    /// The density of a prior: its formula, and its numbers.
    fn density(&self, prior: &Prior, terms: &[&Term], of: &str) -> String {
        let formula = Maths::parse(prior.distribution.formula()).replace(&|name| match name {
            "w" => Some(Maths::parse(of)),
            other => symbols::parameter(other).map(Maths::parse),
        });
        format!(
            "The density of the prior is $$p({of}) = {},$$ {}.",
            formula.source(),
            self.with_numbers(prior, terms)
        )
    }

    /// `with $m = 0$ and $s = 1$`, where all terms have the same numbers.
    fn with_numbers(&self, prior: &Prior, terms: &[&Term]) -> String {
        let same = terms.iter().all(|term| {
            self.prior_of(term)
                .is_some_and(|other| other.parameters == prior.parameters)
        });
        let names = Self::parameter_names(prior);
        let symbols = names
            .iter()
            .map(|name| symbols::parameter(name).map_or(format!("\"{name}\""), Into::into));
        if !same {
            let symbols = symbols.map(|symbol| format!("${symbol}$")).collect();
            return format!("with {} those of each prior", join(symbols, "and"));
        }
        let numbers = symbols.zip(&prior.parameters);
        let numbers =
            numbers.map(|(symbol, scalar)| format!("${symbol} = {}$", self.scalar(scalar)));
        format!("with {}", join(numbers.collect(), "and"))
    }
}

/// `a Normal prior`
fn article(prior: &Prior) -> String {
    let name = prior.distribution.signature().name;
    let word: String = name
        .chars()
        .enumerate()
        .flat_map(|(at, c)| {
            let blank = (at > 0 && c.is_uppercase()).then_some(' ');
            blank.into_iter().chain([c])
        })
        .collect();
    let article = if name.starts_with(['A', 'E', 'I', 'O']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {word} prior")
}
