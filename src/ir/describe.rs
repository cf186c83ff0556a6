//! The loss in words: what is minimised, what each term is, where it is from.

use super::arena::Handle;
use super::inference::*;
use super::loss::*;
use super::model::*;
use crate::distribution::Support;
use crate::posterior::Entries;
use crate::show;

impl Inference {
    /// What is minimised.
    pub fn loss_head(&self) -> String {
        if let Some(head) = self.method.entry.head(&self.method.arguments) {
            return head;
        }
        if self.is_maximum_likelihood() {
            return "-log likelihood / N, minimised: maximum likelihood, no parameter has a term"
                .into();
        }
        let deviates = self.objective.temperature != 1.0 || self.objective.annealing.is_some();
        if self.is_map() {
            return match deviates {
                true => {
                    "the -log likelihood and weighted penalties, minimised; not the log posterior"
                }
                false => "-(log likelihood + log prior) / N, minimised: maximum a posteriori",
            }
            .into();
        }
        if self.has_surrogate() {
            return "the expected -log likelihood and dropout's surrogate of a KL, minimised; not an ELBO"
                .into();
        }
        match (deviates, self.has_penalty()) {
            (true, true) => {
                "the expected -log likelihood, weighted KLs and penalties, minimised; all constants kept"
            }
            (true, false) => {
                "the expected -log likelihood and weighted KLs, minimised; all constants kept"
            }
            (false, true) => {
                "-(ELBO + log prior of the point estimates) / N, minimised; all constants kept"
            }
            (false, false) => "-ELBO / N, minimised; all constants kept",
        }
        .into()
    }

    /// The quantity whose bound or value the loss is at weight 1: what is reported whatever tempers it.
    pub fn quantity(&self) -> &'static str {
        match () {
            () if self.is_maximum_likelihood() => "-log likelihood / N",
            () if self.is_map() => "-(log likelihood + log prior) / N",
            () if self.has_surrogate() => "-log likelihood and surrogate, / N",
            () if self.has_penalty() => "-(ELBO + log prior of points) / N",
            () => "-ELBO / N",
        }
    }

    /// All terms but the data's, scaled, in one short name: `kl/N`, `T·kl/N`, `penalty/N` of point
    /// estimates, `weights/N` of both.
    /// `None` of maximum likelihood, which has no other.
    pub fn weights_label(&self) -> Option<String> {
        let penalties = |term: &Term| matches!(term.kind, TermKind::NegLogPrior(_));
        let what = match &self.loss.terms[self.loss.data_terms()..] {
            [] => return None,
            terms if terms.iter().all(penalties) => "penalty",
            terms if terms.iter().any(penalties) => "weights",
            _ => "kl",
        };
        let factors = [
            (self.objective.temperature != 1.0, "T·"),
            (self.objective.annealing.is_some(), "a·"),
        ];
        let factors = factors.iter().filter(|(there, _)| *there);
        let factors: String = factors.map(|(_, symbol)| *symbol).collect();
        Some(format!("{factors}{what}/N"))
    }

    /// What is to be known of the loss as a whole, beside [`lambda_lines`](Self::lambda_lines).
    pub fn loss_remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let (method, arguments) = (self.method.entry, &self.method.arguments);
        remarks.extend(method.remarks(arguments));
        remarks.extend(method.remarks_of(arguments, self));
        if self.is_map() && !self.objective.map {
            remarks.push(
                "every posterior is a point: `objective elbo` is `objective map` here".into(),
            );
        }
        for (target, _) in self.observed() {
            let Some(axes) = target.kind.axes() else {
                continue;
            };
            let places = match target.kind.classes() {
                Some(_) => "places",
                None => "entries",
            };
            let of = match self.others.is_empty() {
                true => String::new(),
                false => format!("({})", target.name),
            };
            let count = crate::words::thousands(axes.len());
            let steps = target.steps_of.and_then(|input| self.inputs.get(input));
            remarks.push(match steps {
                None => format!("the nll{of} of an example is the sum over its {count} {places}"),
                Some(input) => format!(
                    "the nll{of} of an example is the sum over the {places} of its steps, at most {count}: those behind \
                     the length of `{}`, and those without a target, have no term",
                    input.name
                ),
            });
        }
        if !self.others.is_empty() {
            let names = self.several_targets().into_iter();
            let names = names.map(|(name, _)| format!("`{name}`"));
            remarks.push(format!(
                "{} are independent given the network's values: their log-likelihoods add up, and each weight has \
                 one term beside all of them",
                crate::words::join(names.collect(), "and")
            ));
        }
        if !self.unused.is_empty() {
            let unused = self.unused.iter();
            let unused = unused.map(|one| format!("`{} = {}`", one.setting, one.written));
            remarks.push(format!(
                "`{}` does not use {}",
                self.method.signature().name,
                crate::words::join(unused.collect(), "and")
            ));
        }
        if self.has_surrogate() {
            remarks.push(
                "not an ELBO: dropout's KL is infinite, and its published surrogate stands for it"
                    .into(),
            );
        }
        if let Some((_, name)) = self.improper_priors().next() {
            let what = match self.is_map() {
                true => "the loss",
                false => "the ELBO bounds no evidence and",
            };
            remarks.push(format!(
                "up to a constant: {name} is improper, so that {what} ranks no models"
            ));
        }
        if self.loss.has_monte_carlo() {
            remarks.push(match self.objective.samples {
                1 => "the KL is estimated at one draw of the weights a step: unbiased, noisy".into(),
                samples => format!(
                    "the KL is estimated as the mean over {samples} draws of the weights a step: unbiased, noisy"
                ),
            });
        }
        let mut latents: Vec<Handle<Tensor>> = Vec::new();
        for latent in self
            .loss
            .terms
            .iter()
            .flat_map(|term| self.latents_of(term))
        {
            let is_drawn = self.fits[latent].posterior.family.entries().is_random();
            if is_drawn && !latents.contains(&latent) {
                latents.push(latent);
            }
        }
        if !latents.is_empty() {
            let names = latents.iter().map(|l| self.tensors[*l].name.clone());
            let names = crate::words::join(names.collect(), "and");
            let at = match (self.objective.samples, latents.len()) {
                (1, 1) => "at the draw of it".into(),
                (1, _) => "at the draw of them".into(),
                (samples, _) => format!("as the mean over {samples} draws a step"),
            };
            remarks.push(format!(
                "terms that depend on {names} are taken {at}: unbiased, noisy"
            ));
        }
        remarks
    }

    /// What a term is, before its scale.
    pub fn term_value(&self, term: &Term) -> String {
        match term.kind {
            TermKind::Nll(target) => {
                let samples = match self.objective.samples {
                    1 => String::new(),
                    samples => format!(", averaged over {samples} draws of the weights"),
                };
                format!(
                    "-log {}, summed over B examples{samples}",
                    self.likelihood_text_of(target)
                )
            }
            TermKind::Kl(tensor, form) => {
                let (tensor, prior) = self.with_prior(tensor);
                let value = match form {
                    Form::ClosedForm(form) => form.formula(),
                    Form::Quadrature => "the integral of q(w) ln(q(w)/p(w))",
                    Form::MonteCarlo { .. } if self.objective.samples > 1 => {
                        "the mean over the draws w of ln q(w) - ln p(w)"
                    }
                    Form::MonteCarlo { .. } => "ln q(w) - ln p(w) at the draw w",
                };
                let entries = tensor.posterior.family.entries();
                let posterior = match entries.marginal() {
                    Some(marginal) => format!("{}(m, s)", marginal.signature().name),
                    None => tensor.posterior.family.signature().name.into(),
                };
                let joint = match (entries, form) {
                    (Entries::Correlated, Form::ClosedForm(_) | Form::Quadrature) => {
                        "; its entries' own KL, and their total correlation sum ln s - ln(det)/2"
                    }
                    (Entries::Radial, Form::ClosedForm(_)) => {
                        "; s its entries' standard deviation, and a constant"
                    }
                    _ => "",
                };
                let over = self.over_latents(term);
                format!(
                    "{value}, summed over the weights; {}, {posterior} || {prior}{joint}{over}",
                    form.words()
                )
            }
            TermKind::Surrogate(tensor) => {
                let (tensor, prior) = self.with_prior(tensor);
                let rate = show(tensor.posterior.drop_rate());
                format!(
                    "(1 - {rate})/(2 scale^2) (m - loc)^2, summed over the weights; dropout's surrogate and not \
                     a KL, up to a constant (Gal and Ghahramani 2016), p = {prior}"
                )
            }
            TermKind::NegLogPrior(tensor) => {
                let (tensor, prior) = self.with_prior(tensor);
                let made_of = match tensor.posterior.support() {
                    Support::Real => "",
                    Support::Positive => "w = e^z, ",
                    Support::Interval { .. } => "w = low + (high - low) sigmoid(z), ",
                };
                if !made_of.is_empty() {
                    return format!(
                        "-ln p(w) - ln |dw/dz|, {made_of}z = loc; a penalty of z and not a KL, p = {prior}"
                    );
                }
                format!("-ln p(loc), summed over the weights; a penalty and not a KL, p = {prior}")
            }
        }
    }

    /// `; the mean over tau, taken at its draw`, where a term's prior depends on latent variables.
    fn over_latents(&self, term: &Term) -> String {
        let latents = self.latents_of(term).into_iter();
        let names: Vec<String> = latents.map(|l| self.tensors[l].name.clone()).collect();
        match &names[..] {
            [] => String::new(),
            [one] => format!("; the mean over {one}, taken at its draw"),
            _ => {
                let names = crate::words::join(names, "and");
                format!("; the mean over {names}, taken at their draws")
            }
        }
    }

    /// The noise that the form adds to the loss, where it adds any.
    pub fn term_noise(&self, term: &Term) -> Option<&'static str> {
        let is_drawn = |latent| self.fits[latent].posterior.family.entries().is_random();
        match term.kind {
            TermKind::Kl(tensor, Form::MonteCarlo { .. }) => {
                let entries = self.fitted(tensor).posterior.family.entries();
                Some(match entries.has_quadrature() {
                    true => "above 0; `kl = quadrature` has none",
                    false => "above 0",
                })
            }
            _ if self.latents_of(term).into_iter().any(is_drawn) => {
                Some("above 0, of the latent variable's draw")
            }
            _ => None,
        }
    }

    /// Where a term is from.
    pub fn term_origin(&self, term: &Term) -> String {
        match term.kind {
            TermKind::Nll(target) => {
                let observed = self.observed().nth(target);
                observed.map_or(String::new(), |(_, observe)| observe.text.clone())
            }
            TermKind::Kl(tensor, _)
            | TermKind::NegLogPrior(tensor)
            | TermKind::Surrogate(tensor) => {
                let tensor = &self.tensors[tensor];
                let written = tensor.prior.as_ref().map_or("", |prior| &prior.written);
                tensor.prior_from.text("prior", written)
            }
        }
    }

    /// What a parameter's estimator says of it beside its method.
    pub fn remark(&self, tensor: Handle<Tensor>) -> Option<&'static str> {
        let tensor = self.fitted(tensor);
        tensor.estimator?.remark(tensor.positions)
    }

    fn with_prior(&self, tensor: Handle<Tensor>) -> (Fitted<'_>, String) {
        let tensor = self.fitted(tensor);
        (
            tensor,
            tensor
                .prior
                .as_ref()
                .map_or(String::new(), |prior| self.prior_text(prior)),
        )
    }
}

impl Model {
    /// The name of what is absent.
    pub fn subject_name(&self, subject: Subject) -> &str {
        match subject {
            Subject::Tensor(tensor) => &self.tensors[tensor].name,
            Subject::Learned(learned) => &self.learned[learned].name,
        }
    }
}

impl Form {
    /// `closed form`, `quadrature`, `Monte Carlo`.
    pub fn words(self) -> &'static str {
        match self {
            Form::ClosedForm(_) => "closed form",
            Form::Quadrature => "quadrature",
            Form::MonteCarlo { .. } => "Monte Carlo",
        }
    }
}
