//! What is minimised, term by term.

use super::numbers::number;
use super::{Kind, Methods, inline, when};
use crate::document::{Align, code};
use crate::ir::{AbsentReason, Handle, Minibatch, Subject, Tensor, Term, TermKind};
use crate::words::{distinct, grouped, join, thousands};

/// What the loss is called.
struct Quantity {
    /// What it is, per example.
    is: &'static str,
    /// What is said where its terms are weighted.
    is_not: &'static str,
    /// What it would be without weights.
    unweighted: &'static str,
    /// What is reported whatever the weights are.
    reported: &'static str,
}

const LIKELIHOOD: Quantity = Quantity {
    is: "the negative log-likelihood per example, since no parameter has a prior. Its minimum is the \
         maximum likelihood estimate.",
    is_not: "",
    unweighted: "",
    reported: "",
};
const JOINT: Quantity = Quantity {
    is: "the negative log joint probability per example, since every parameter with a prior is a point. Its \
         minimum is the maximum a posteriori estimate; it is no bound on the evidence.",
    is_not: "This is not the negative log joint probability, and its minimum is not the maximum a posteriori \
             estimate",
    unweighted: "the negative log joint probability",
    reported: "the log joint probability",
};
const SURROGATE: Quantity = Quantity {
    is: "per example and in nats, with a surrogate in place of dropout's part of the KL divergence: it \
         resembles the negative ELBO [@jordan1999] and is no bound on the evidence.",
    is_not: "This is no bound on the evidence, since a surrogate stands for dropout's part of the KL \
             divergence",
    unweighted: "what it is at weight 1",
    reported: "the value",
};
const BOUND: Quantity = Quantity {
    is: "per example and in nats, the negative of a lower bound [@jordan1999] on the log evidence jointly \
         with the log prior density of the point estimates.",
    is_not: "This is not the negative of a lower bound [@jordan1999] on the log evidence jointly with the \
             log prior density of the point estimates",
    unweighted: "the negative of a bound",
    reported: "the bound",
};
const ELBO: Quantity = Quantity {
    is: "the negative evidence lower bound [@jordan1999] per example, in nats.",
    is_not: "This is not the negative ELBO [@jordan1999]",
    unweighted: "the negative ELBO",
    reported: "the ELBO",
};

impl Methods<'_> {
    pub(super) fn objective(&mut self) {
        self.document.heading("Objective");
        self.whole();
        let method = &self.model.method;
        if let Some(mut text) = method.entry.methods(&method.arguments, self.model) {
            if let Some(factor) = self.facts.prior_factor {
                let factor = number(factor);
                text += &format!(" It is {factor} times the scale that was given above.");
            }
            if !self.facts.left_out.is_empty() {
                let all = self.facts.left_out.join("; ");
                text += &format!(" Not all of these predict: {all}.");
            }
            self.say(&text);
        }
        if method.transitions().is_none() {
            self.minibatch();
        }
        self.term_table();
        self.forms();
        self.reasons();
        self.absent();
        self.deviations();
    }

    fn quantity(&self) -> Quantity {
        match self.model {
            model if model.is_maximum_likelihood() => LIKELIHOOD,
            model if model.is_map() => JOINT,
            model if model.has_surrogate() => SURROGATE,
            model if model.has_penalty() => BOUND,
            _ => ELBO,
        }
    }

    /// The loss of the whole training set.
    fn whole(&mut self) {
        let quantity = self.quantity();
        let of_weights = !self.model.is_maximum_likelihood();
        let tempered = !self.factors().is_empty() && of_weights;
        let is_elbo = quantity.unweighted == ELBO.unweighted && !tempered;
        let elbo = when(is_elbo, " = -\"ELBO\"/N");
        let terms = self.expected_likelihood() + &self.loss_of_weights();
        let free = self.symbols_of(&[Kind::Free]).into_iter().map(inline);
        let over: Vec<String> = free.chain(self.learned_symbols()).collect();
        let also = of_weights && !over.is_empty();
        let over = when(
            also,
            format!(" It is minimised over {}, too.", join(over, "and")),
        );
        let (stop, is) = match tempered {
            false => (",", quantity.is.to_owned()),
            true => {
                let weighted = "all but its first part is weighted, as said below.";
                (".", format!("{}: {weighted}", quantity.is_not))
            }
        };
        if self.model.method.is_sampler() {
            return self.say(&format!(
                "What is sampled is the posterior, whose density is proportional to $exp(-N Loss)$ with the negative log \
                 joint probability per example $$Loss = {terms}.$$"
            ));
        }
        self.say(&format!(
            "What is minimised is $$Loss{elbo} = {terms}{stop}$$ {is}{over}"
        ));
    }

    /// The first part of the loss: of the data.
    pub(super) fn expected_likelihood(&self) -> String {
        let given = self.given("x_n");
        match &self.symbols(&[Kind::Weight, Kind::Latent])[..] {
            "" => format!("-1/N sum_(n=1)^N ln p(y_n | {given})"),
            random => format!("1/N sum_(n=1)^N E_(q({random}))[-ln p(y_n | {given})]"),
        }
    }

    /// All other parts: of what has a prior.
    fn loss_of_weights(&self) -> String {
        let [latents, weights, points] =
            [Kind::Latent, Kind::Weight, Kind::Point].map(|kind| self.symbols(&[kind]));
        // Where priors depend on latent variables, their terms are expectations over these.
        let is_drawn = |latent| {
            let entries = self.model.fitted(latent).posterior.family.entries();
            entries.is_random()
        };
        let depends = |penalty: bool| {
            let mut terms = self.model.loss.terms.iter();
            terms.any(|term| {
                penalty == matches!(term.kind, TermKind::NegLogPrior(_))
                    && self.model.latents_of(term).into_iter().any(is_drawn)
            })
        };
        let weight = match &self.factors()[..] {
            "" => "1/N".into(),
            factors => format!("({factors})/N"),
        };
        let of_latents = when(
            !latents.is_empty(),
            format!("KL(q({latents}) || p({latents}))"),
        );
        let of_weights = match depends(false) {
            true => format!("E_(q({latents}))[KL(q({weights}) || p({weights} | {latents}))]"),
            false => format!("KL(q({weights}) || p({weights}))"),
        };
        let of_weights = when(!weights.is_empty(), of_weights);
        let divergence = match (latents.is_empty(), weights.is_empty()) {
            (true, true) => String::new(),
            (false, false) => format!(" + {weight} ({of_latents} + {of_weights})"),
            _ => format!(" + {weight} {of_latents}{of_weights}"),
        };
        let penalty = match depends(true) {
            true => format!(" - {weight} E_(q({latents}))[ln p({points} | {latents})]"),
            false => format!(" - {weight} ln p({points})"),
        };
        divergence + &when(!points.is_empty(), penalty)
    }

    /// `$psi_1$`, `$psi_2$`
    fn learned_symbols(&self) -> Vec<String> {
        let groups = self.learned.iter();
        groups
            .map(|group| inline(self.learned_symbol(group[0])))
            .collect()
    }

    /// What weights the terms of the priors: `T * a`, or nothing.
    fn factors(&self) -> String {
        let objective = &self.model.objective;
        match (objective.temperature != 1.0, objective.annealing.is_some()) {
            (true, true) => "T * a",
            (true, false) => "T",
            (false, true) => "a",
            (false, false) => "",
        }
        .into()
    }

    /// What a step computes.
    fn minibatch(&mut self) {
        let samples = self.model.objective.samples;
        let draws = [self.draws(), self.symbols_of(&[Kind::Point])]
            .concat()
            .join(", ");
        let likelihood = match samples {
            1 => format!("(-ln p(y_b | {}))", self.given("x_b")),
            _ => format!("1/S sum_(s=1)^S (-ln p(y_b | x_b, {draws}))"),
        };
        let of_terms = " with the terms $R_t$ of [#terms], each a sum over all entries of its parameters, \
                        taken once.";
        let (terms, explained) = match self.model.loss.terms.get(1) {
            Some(term) => (format!(" + {} sum_t R_t,", term.scale), of_terms),
            None => (".".into(), ""),
        };
        let draws = match (self.random().is_empty(), samples) {
            (true, _) => String::new(),
            (false, 1) => " and at one draw from $q$".into(),
            (false, samples) => format!(" and at $S = {samples}$ draws from $q$"),
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
        self.say(&format!(
            "Each step estimates it on a minibatch of $B$ examples [@hoffman2013]{draws}{bias}: \
             $$Loss_B = 1/B sum_(b=1)^B {likelihood}{terms}$${explained}{last}",
        ));
    }

    /// The terms, those together that differ in their parameter alone.
    fn term_table(&mut self) {
        let (n, b) = (self.facts.training_examples, self.facts.batch);
        let all: Vec<&Term> = self.model.loss.terms.iter().collect();
        let key = |term: &Term| {
            (
                self.term_symbol(term),
                self.form_name(term),
                term.scale.with_numbers(n, b),
            )
        };
        let rows = grouped(&all, key)
            .into_iter()
            .map(|((symbol, form, scale), terms)| {
                let tensors = tensors(&terms);
                let (of, count) = match tensors.is_empty() {
                    true => (self.of_examples(&terms), String::new()),
                    false => (self.names(&tensors), thousands(self.count(&tensors))),
                };
                vec![inline(symbol), of, count, form, inline(scale)]
            });
        let rows: Vec<Vec<String>> = rows.collect();
        let columns = [
            ("term", Align::Left),
            ("of", Align::Wrap),
            ("entries", Align::Right),
            ("form", Align::Wrap),
            ("scale", Align::Left),
        ];
        let caption = "The terms of the loss, each multiplied with its scale.";
        self.document.table("terms", caption, &columns, &rows);
    }

    /// What data terms are of.
    fn of_examples(&self, terms: &[&Term]) -> String {
        let names = terms.iter().filter_map(|term| match term.kind {
            TermKind::Nll(target) if self.alone.len() > 1 => {
                Some(code(&self.alone[target].target.name))
            }
            _ => None,
        });
        let names: Vec<String> = names.collect();
        match names.is_empty() {
            true => "each example".into(),
            false => format!("{} of each example", join(names, "and")),
        }
    }

    fn term_symbol(&self, term: &Term) -> String {
        let latents = self.model.latents_of(term);
        let latents: Vec<String> = latents.iter().map(|l| self.latent_symbol(*l)).collect();
        // The expectation over all latent variables is as good as that over many, and shorter.
        let latents = if latents.len() > 2 {
            "z".into()
        } else {
            latents.join(", ")
        };
        let point = self.point_symbol();
        match (&term.kind, &latents[..]) {
            (TermKind::Nll(_), _) => format!("-ln p(y | {})", self.given("x")),
            (TermKind::Kl(..), "") => "KL(q || p)".into(),
            (TermKind::Kl(..), latents) => format!("E_(q({latents}))[KL(q || p)]"),
            (TermKind::NegLogPrior(_), "") => format!("-ln p({point})"),
            (TermKind::NegLogPrior(_), latents) if self.model.is_map() => {
                format!("-ln p({point} | {latents})")
            }
            (TermKind::NegLogPrior(_), latents) => {
                format!("E_(q({latents}))[-ln p({point} | {latents})]")
            }
            (TermKind::Surrogate(_), _) => "R".into(),
        }
    }

    /// Why each scale is what it is.
    fn reasons(&mut self) {
        let terms: Vec<&Term> = self.model.loss.terms.iter().collect();
        let groups = grouped(&terms, |term| (term.scale.to_string(), term.why));
        let items = groups.into_iter().map(|((scale, why), terms)| {
            let symbols = distinct(terms.into_iter().map(|term| inline(self.term_symbol(term))));
            let why = why.marked().replace("log p", "ln p");
            format!("${scale}$ of {}: {why}.", join(symbols, "and"))
        });
        let items: Vec<String> = items.collect();
        self.say("The scales:");
        self.document.list(&items);
    }

    fn absent(&mut self) {
        let all: Vec<_> = self.model.loss.absent.iter().collect();
        let reasons = [
            AbsentReason::Deterministic,
            AbsentReason::PointEstimate,
            AbsentReason::Kept,
        ];
        let parts = reasons.map(|reason| {
            let absent = all.iter().filter(|absent| absent.reason == reason);
            let tensors = absent.clone().filter_map(|absent| match absent.subject {
                Subject::Tensor(tensor) => Some(tensor),
                Subject::Learned(_) => None,
            });
            let tensors: Vec<Handle<Tensor>> = tensors.collect();
            let names = match tensors.is_empty() {
                true => join(self.learned_symbols(), "and"),
                false => self.names(&tensors),
            };
            (absent.count() > 0).then(|| format!("{names} ({reason})"))
        });
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if !parts.is_empty() && !self.model.is_maximum_likelihood() {
            self.say(&format!(
                "Without a term of their own: {}.",
                parts.join("; ")
            ));
        }
    }

    /// What makes the loss something else than its quantity.
    fn deviations(&mut self) {
        if self.model.is_maximum_likelihood() {
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
        let is = if matches!(&weighted[..], ["KL" | "surrogate"]) {
            "is"
        } else {
            "are"
        };
        let quantity = self.quantity();
        let (unweighted, reported) = (quantity.unweighted, quantity.reported);
        let t = objective.temperature;
        if t != 1.0 {
            let posterior = if t < 1.0 { "cold" } else { "warm" };
            self.say(&format!(
                "The temperature $T = {}$ multiplies the {what} and leaves the likelihood as it is: a \
                 {posterior} posterior [@wenzel2020]. What is minimised is not {unweighted}; {reported} \
                 that is reported has $T = 1$.",
                number(t)
            ));
        }
        if let Some(annealing) = objective.annealing {
            self.say(&format!(
                "Over the first {} epochs the {what} {is} multiplied with $a = min(1, e/{0})$, $e$ the epochs \
                 done [@sonderby2016]. Until then what is minimised is not {unweighted}.",
                number(annealing.epochs)
            ));
        }
        if objective.minibatch == Minibatch::Blundell {
            self.say(
                "The shares $pi_i$ of an epoch's minibatches halve from one to the next [@blundell2015], so \
                 that the terms of the weights act on the first minibatches of an epoch most.",
            );
        }
    }
}

/// The parameters of terms.
pub(super) fn tensors(terms: &[&Term]) -> Vec<Handle<Tensor>> {
    terms.iter().filter_map(|term| term.kind.tensor()).collect()
}
