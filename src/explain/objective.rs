//! What is minimised, term by term.

use super::groups::grouped;
use super::symbols::number;
use super::{Kind, Methods, thousands};
use crate::document::Align;
use crate::ir::{AbsentReason, Handle, Minibatch, Subject, Tensor, Term, TermKind};
use crate::words::join;

impl Methods<'_> {
    pub(super) fn objective(&mut self) {
        self.document.heading("Objective");
        self.whole();
        self.minibatch();
        self.term_table();
        self.forms();
        self.reasons();
        self.absent();
        self.deviations();
    }

    /// The loss of the whole training set.
    fn whole(&mut self) {
        let given = self.given("x_n");
        let symbols = |kinds: &[Kind]| self.symbols_of(kinds).join(", ");
        let (weights, latents, points) = (
            symbols(&[Kind::Weight]),
            symbols(&[Kind::Latent]),
            symbols(&[Kind::Point]),
        );
        let random = symbols(&[Kind::Weight, Kind::Latent]);
        let text = if self.model.is_maximum_likelihood() {
            "No parameter has a prior: what is minimised is the mean negative log-likelihood, $$Loss = \
             -1/N sum_(n=1)^N ln p(y_n | x_n),$$ whose minimum is the maximum likelihood estimate."
                .to_string()
        } else if self.model.is_map() && self.is_tempered() {
            format!(
                "Every parameter with a prior is a point: what is minimised is the negative log-likelihood \
                 and the weighted negative log prior density, per example, $$Loss({points}) = -1/N \
                 [sum_(n=1)^N ln p(y_n | {given}) + {} ln p({points})].$$ This is not the negative log joint \
                 density, and its minimum not the maximum a posteriori estimate: its second part is \
                 weighted, as said below.",
                self.weight_of_priors(false),
            )
        } else if self.model.is_map() {
            format!(
                "Every parameter with a prior is a point: what is minimised is the negative log joint \
                 density per example, $$Loss({points}) = -1/N [sum_(n=1)^N ln p(y_n | {given}) + {} ln \
                 p({points})],$$ whose minimum is the maximum a posteriori estimate. It is no bound on \
                 the evidence.",
                self.weight_of_priors(false),
            )
        } else {
            let weight = self.weight_of_priors(true);
            let divergence = match (weights.is_empty(), latents.is_empty()) {
                (false, false) if self.weights_depend_on_latents() => format!(
                    "{weight} (KL(q({latents}) || p({latents})) + E_(q({latents}))[KL(q({weights}) || p({weights} | {latents}))])"
                ),
                (false, false) => {
                    format!(
                        "{weight} (KL(q({latents}) || p({latents})) + KL(q({weights}) || p({weights})))"
                    )
                }
                (false, true) => format!("{weight} KL(q({weights}) || p({weights}))"),
                _ => format!("{weight} KL(q({latents}) || p({latents}))"),
            };
            let penalty = match points.is_empty() {
                true => String::new(),
                false if self.points_depend_on_latents() => {
                    format!(" - {weight} E_(q({latents}))[ln p({points} | {latents})]")
                }
                false => format!(" - {weight} ln p({points})"),
            };
            let surrogate = self
                .model
                .loss
                .terms
                .iter()
                .any(|term| matches!(term.kind, TermKind::Surrogate(_)));
            let (name, sense) = match (self.is_tempered(), surrogate, points.is_empty()) {
                (true, true, _) => (
                    "Loss",
                    "This is no bound on the evidence: its second part is weighted, as said below, and a \
                     surrogate stands in it for dropout's part of the KL divergence.",
                ),
                (true, _, true) => (
                    "Loss",
                    "This is not the negative ELBO [@jordan1999]: its second part is weighted, as said below.",
                ),
                (true, ..) => (
                    "Loss",
                    "This is not the negative of a lower bound [@jordan1999] on the log evidence jointly with \
                     the log prior density of the point estimates: all but its first part is weighted, as said \
                     below.",
                ),
                (_, true, _) => (
                    "Loss",
                    "per example and in nats, with a surrogate in place of dropout's part of the KL \
                     divergence: it resembles the negative ELBO [@jordan1999] and is no bound on the evidence.",
                ),
                (_, _, true) => (
                    "Loss = -\"ELBO\"/N",
                    "the negative evidence lower bound [@jordan1999] per example, in nats.",
                ),
                _ => (
                    "Loss",
                    "per example and in nats, the negative of a lower bound [@jordan1999] on the log \
                     evidence jointly with the log prior density of the point estimates.",
                ),
            };
            let stop = if sense.starts_with("This") { "." } else { "," };
            format!(
                "What is minimised is $${name} = 1/N sum_(n=1)^N E_(q({random}))[-ln p(y_n | {given})] + \
                 {divergence}{penalty}{stop}$$ {sense}"
            )
        };
        let learned = match (
            self.of_kind(Kind::Free).is_empty(),
            self.model.learned.is_empty(),
        ) {
            (true, true) => String::new(),
            (false, true) => " It is minimised over $theta$, too.".into(),
            (true, false) => format!(" It is minimised over {}, too.", self.learned_names()),
            (false, false) => {
                format!(
                    " It is minimised over $theta$ and {}, too.",
                    self.learned_names()
                )
            }
        };
        let learned = if self.model.is_maximum_likelihood() {
            String::new()
        } else {
            learned
        };
        self.document.prose(&format!("{text}{learned}"));
    }

    /// `$psi_1$ and $psi_2$`
    pub(super) fn learned_names(&self) -> String {
        let groups = self.learned_groups();
        let names = groups
            .iter()
            .map(|group| format!("${}$", self.learned_symbol(group[0])));
        join(names.collect(), "and")
    }

    /// What stands before the terms of the priors: `1/N`, `(T a)/N`.
    fn weight_of_priors(&self, over_examples: bool) -> String {
        let mut factors = Vec::new();
        if self.model.objective.temperature != 1.0 {
            factors.push("T");
        }
        if self.model.objective.annealing.is_some() {
            factors.push("a");
        }
        let factors = factors.join(" * ");
        match (over_examples, factors.is_empty()) {
            (true, true) => "1/N".into(),
            (true, false) => format!("({factors})/N"),
            (false, _) => factors,
        }
    }

    /// Whether what is minimised is something else than its quantity.
    fn is_tempered(&self) -> bool {
        self.model.objective.temperature != 1.0 || self.model.objective.annealing.is_some()
    }

    /// Whether priors of drawn weights depend on latent variables.
    fn weights_depend_on_latents(&self) -> bool {
        self.depends_on_latents(|kind| !matches!(kind, TermKind::NegLogPrior(_)))
    }

    /// Whether priors of points do: these are expectations over them.
    fn points_depend_on_latents(&self) -> bool {
        self.depends_on_latents(|kind| matches!(kind, TermKind::NegLogPrior(_)))
    }

    fn depends_on_latents(&self, of: impl Fn(&TermKind) -> bool) -> bool {
        let mut terms = self.model.loss.terms.iter().filter(|term| of(&term.kind));
        terms.any(|term| !self.model.latents_of(term).is_empty())
    }

    /// What a step computes.
    fn minibatch(&mut self) {
        let given = self.given("x_b");
        let samples = self.model.objective.samples;
        let drawn = !self.random().is_empty();
        let likelihood = match samples {
            1 => format!("1/B sum_(b=1)^B (-ln p(y_b | {given}))"),
            _ => {
                let draws: Vec<String> = self
                    .symbols_of(&[Kind::Weight, Kind::Latent])
                    .iter()
                    .map(|symbol| format!("{symbol}^((s))"))
                    .chain(self.symbols_of(&[Kind::Point]))
                    .collect();
                let draws = draws.join(", ");
                format!("1/B sum_(b=1)^B 1/S sum_(s=1)^S (-ln p(y_b | x_b, {draws}))")
            }
        };
        let (terms, where_) = match self.model.loss.terms.get(1) {
            Some(term) => (
                format!(" + {} sum_t R_t,", term.scale),
                " with the terms $R_t$ of [#terms], each a sum over all entries of its parameters, \
                 taken once.",
            ),
            None => (".".into(), ""),
        };
        let draws = match (drawn, samples) {
            (false, _) => String::new(),
            (true, 1) => " and at one draw from $q$".into(),
            (true, samples) => format!(" and at $S = {samples}$ draws from $q$"),
        };
        // Some estimator may be an approximation, and Blundell's shares are right over an epoch alone.
        let bias = match self.model.objective.minibatch {
            _ if self.has_remarks() => "",
            Minibatch::Blundell => ", over an epoch without bias",
            Minibatch::Uniform => ", without bias",
        };
        let last = match (self.facts.training_examples, self.facts.batch) {
            (Some(n), Some(b)) if n % b == 0 => "",
            _ => " The last, smaller minibatch of an epoch is a mean over its own examples.",
        };
        self.document.prose(&format!(
            "Each step estimates it on a minibatch of $B$ examples [@hoffman2013]{draws}{bias}: \
             $$Loss_B = {likelihood}{terms}$${where_}{last}",
        ));
    }

    fn term_table(&mut self) {
        let numbers = |term: &Term| {
            format!(
                "${}$",
                term.scale
                    .with_numbers(self.facts.training_examples, self.facts.batch)
            )
        };
        let mut rows = Vec::new();
        for (symbol, form, terms) in self.term_groups() {
            let tensors = tensors(&terms);
            let (of, count) = match tensors.is_empty() {
                true => ("each example".into(), String::new()),
                false => (self.names(&tensors), thousands(self.count(&tensors))),
            };
            rows.push(vec![
                format!("${symbol}$"),
                of,
                count,
                form,
                numbers(terms[0]),
            ]);
        }
        let columns = [
            ("term", Align::Left),
            ("of", Align::Wrap),
            ("entries", Align::Right),
            ("form", Align::Wrap),
            ("scale", Align::Left),
        ];
        self.document.table(
            "terms",
            "The terms of the loss, each multiplied with its scale.",
            &columns,
            &rows,
        );
    }

    /// The terms, those together that differ in their parameter alone: symbol, form, terms.
    fn term_groups(&self) -> Vec<(String, String, Vec<&Term>)> {
        let terms: Vec<&Term> = self.model.loss.terms.iter().collect();
        let groups = grouped(&terms, |term| {
            (
                self.term_symbol(term),
                self.form_name(term),
                term.scale.to_string(),
            )
        });
        groups
            .into_iter()
            .map(|((symbol, form, _), terms)| (symbol, form, terms))
            .collect()
    }

    fn term_symbol(&self, term: &Term) -> String {
        let latents: Vec<String> = self
            .model
            .latents_of(term)
            .iter()
            .map(|latent| self.latent_symbol(*latent))
            .collect();
        // Of many, the expectation over all is as good and shorter.
        let latents = match latents.len() {
            0..=2 => latents.join(", "),
            _ => "z".into(),
        };
        match (&term.kind, latents.is_empty()) {
            (TermKind::Nll, _) => format!("-ln p(y | {})", self.given("x")),
            (TermKind::Kl(..), true) => "KL(q || p)".into(),
            (TermKind::Kl(..), false) => format!("E_(q({latents}))[KL(q || p)]"),
            (TermKind::NegLogPrior(_), true) => format!("-ln p({})", self.point_symbol()),
            (TermKind::NegLogPrior(_), false) => {
                format!(
                    "E_(q({latents}))[-ln p({} | {latents})]",
                    self.point_symbol()
                )
            }
            (TermKind::Surrogate(_), _) => "R".into(),
        }
    }

    /// Why each scale is what it is.
    fn reasons(&mut self) {
        let terms: Vec<&Term> = self.model.loss.terms.iter().collect();
        let mut items: Vec<String> = Vec::new();
        for ((scale, why), terms) in grouped(&terms, |term| (term.scale.to_string(), term.why)) {
            let mut symbols: Vec<String> = Vec::new();
            for term in terms {
                let symbol = format!("${}$", self.term_symbol(term));
                if !symbols.contains(&symbol) {
                    symbols.push(symbol);
                }
            }
            let why = why.marked().replace("log p", "ln p");
            items.push(format!("${scale}$ of {}: {why}.", join(symbols, "and")));
        }
        self.document.prose("The scales:");
        self.document.list(&items);
    }

    fn absent(&mut self) {
        let absent = &self.model.loss.absent;
        let with =
            |reason: AbsentReason| absent.iter().filter(move |absent| absent.reason == reason);
        let tensors: Vec<Handle<Tensor>> = with(AbsentReason::Deterministic)
            .filter_map(|absent| match absent.subject {
                Subject::Tensor(tensor) => Some(tensor),
                Subject::Learned(_) => None,
            })
            .collect();
        let mut parts = Vec::new();
        if !tensors.is_empty() {
            parts.push(format!(
                "{} ({})",
                self.names(&tensors),
                AbsentReason::Deterministic
            ));
        }
        if with(AbsentReason::PointEstimate).next().is_some() {
            parts.push(format!(
                "{} ({})",
                self.learned_names(),
                AbsentReason::PointEstimate
            ));
        }
        if !parts.is_empty() && !self.model.is_maximum_likelihood() {
            self.document.prose(&format!(
                "Without a term of their own: {}.",
                parts.join("; ")
            ));
        }
    }

    /// What makes the loss something else than the negative ELBO.
    fn deviations(&mut self) {
        if self.model.loss.terms.len() < 2 {
            return;
        }
        let objective = &self.model.objective;
        let weighted = self.model.weighted();
        let words = weighted.iter().map(|word| match *word {
            "KL" => "KL divergence".to_string(),
            "penalty" => "penalties".into(),
            other => other.into(),
        });
        let what = join(words.collect(), "and");
        let is = match &weighted[..] {
            ["KL" | "surrogate"] => "is",
            _ => "are",
        };
        let (whole, reported) = match () {
            () if self.model.is_map() => (
                "the negative log joint density",
                "the log joint density that is reported has",
            ),
            () if self.model.has_surrogate() => ("what it is at weight 1", "what is reported has"),
            () if self.model.has_penalty() => {
                ("the negative of a bound", "the bound that is reported has")
            }
            () => ("the negative ELBO", "the ELBO that is reported has"),
        };
        let mut paragraphs = Vec::new();
        let t = objective.temperature;
        if t != 1.0 {
            let sense = if t < 1.0 {
                "a cold posterior"
            } else {
                "a warm posterior"
            };
            paragraphs.push(format!(
                "The temperature $T = {}$ multiplies the {what} and leaves the likelihood as it is: {sense} \
                 [@wenzel2020]. What is minimised is not {whole}; {reported} $T = 1$.",
                number(t)
            ));
        }
        if let Some(annealing) = objective.annealing {
            paragraphs.push(format!(
                "Over the first {} epochs the {what} {is} multiplied with $a = min(1, e/{0})$, $e$ the epochs \
                 done [@sonderby2016]. Until then what is minimised is not {whole}.",
                number(annealing.epochs)
            ));
        }
        if objective.minibatch == Minibatch::Blundell {
            paragraphs.push(
                "The shares $pi_i$ of an epoch's minibatches halve from one to the next [@blundell2015], so \
                 that the terms of the weights act on the first minibatches of an epoch most."
                    .into(),
            );
        }
        for paragraph in paragraphs {
            self.document.prose(&paragraph);
        }
    }
}

/// The parameters of terms.
pub(super) fn tensors(terms: &[&Term]) -> Vec<Handle<Tensor>> {
    terms.iter().filter_map(|term| term.kind.tensor()).collect()
}
