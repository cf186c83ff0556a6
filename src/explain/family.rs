//! What approximates the posterior, and how its draws reach the examples.

use super::numbers::number;
use super::{Kind, Methods, is_random, sentence, when};
use crate::distribution::Support;
use crate::initializer::Initializer;
use crate::ir::{BoundPosterior, Fitted, Handle, Tensor};
use crate::maths::Maths;
use crate::posterior::{Entries, Start, Transform, VariableSpec};
use crate::pretrained::moped::FLOOR;
use crate::words::{grouped, join, thousands};

impl Methods<'_> {
    pub(super) fn family(&mut self) {
        let random = self.random();
        let points = [self.of_kind(Kind::Point), self.of_kind(Kind::Free)].concat();
        if self.model.method.is_sampler() {
            return self.chain_starts(&points);
        }
        if random.is_empty() {
            self.document.heading("Point estimates");
        } else {
            self.document.heading("Variational family");
            self.approximation(&random);
        }
        for (tensors, is, draw_is) in [
            (&random, "$q$ is", "A draw is"),
            (&points, "there is", "What is used is"),
        ] {
            let methods = |tensor| {
                let posterior = self.model.fitted(tensor).posterior;
                (posterior.methods(), limit(posterior))
            };
            for ((methods, limit), tensors) in grouped(tensors, methods) {
                let draw = self.model.fitted(tensors[0]).posterior.draw();
                let draw = draw.map_or(String::new(), |draw| format!(" {draw_is} ${draw}$."));
                let said = simplified(&(sentence(&methods) + &draw));
                let (names, starts) = (self.names(&tensors), self.starts(&tensors));
                self.say(&format!("For {names}, {is} {said} {starts}{limit}"));
            }
        }
        let softplus = |tensor: Fitted| {
            let posterior = tensor.posterior;
            let has_scale =
                |variable: VariableSpec| posterior.family.symbols(variable.name).1.is_some();
            let softplus = is_random(tensor) && posterior.transform == Transform::Softplus;
            softplus && variables(tensor).into_iter().any(has_scale)
        };
        if !self.tensors(softplus).is_empty() {
            self.say(
                "Here $softplus(rho) = ln(1 + e^rho)$, to which the machine epsilon is added, so that no \
                 scale is 0.",
            );
        }
    }

    /// Where the chains of a sampler start.
    fn chain_starts(&mut self, tensors: &[Handle<Tensor>]) {
        self.document.heading("Chains");
        let training = self.facts.training.as_ref();
        if training.is_some_and(|training| training.from_a_run) {
            self.say("Each chain starts where another run has come to.");
            return;
        }
        for (start, tensors) in grouped(tensors, |tensor| start(self.model.fitted(tensor))) {
            let names = self.names(&tensors);
            self.say(&format!("For {names}, each chain starts from {start}."));
        }
    }

    fn approximation(&mut self, random: &[Handle<Tensor>]) {
        let what = self.symbols(&[Kind::Weight, Kind::Latent]);
        let independent = when(
            random.len() > 1,
            ", under which the parameter tensors are independent of each other",
        );
        let variables = random
            .iter()
            .flat_map(|tensor| variables(self.model.fitted(*tensor)));
        let numbers = thousands(variables.map(|variable| variable.shape.len()).sum());
        self.say(&format!(
            "The posterior $p({what} | Data)$ is approximated by a distribution $q({what})$ with {numbers} \
             parameters of its own{independent}."
        ));
    }

    /// How they start, those together that start alike.
    fn starts(&self, tensors: &[Handle<Tensor>]) -> String {
        let groups = grouped(tensors, |tensor| start(self.model.fitted(tensor)));
        let alike = groups.len() == 1;
        let starts = groups.into_iter().map(|(start, tensors)| match alike {
            true => format!("Training starts from {start}."),
            false => format!("For {} training starts from {start}.", self.names(&tensors)),
        });
        starts.collect::<Vec<_>>().join(" ")
    }

    /// Whether some estimator has a remark on its parameter.
    pub(super) fn has_remarks(&self) -> bool {
        let mut tensors = self.model.all_fitted();
        tensors.any(|(tensor, _)| self.model.remark(tensor).is_some())
    }

    pub(super) fn estimators(&mut self) {
        let drawn = self.tensors(|tensor| is_random(tensor) && tensor.estimator.is_some());
        if drawn.is_empty() {
            return;
        }
        self.document
            .heading("Estimator of the expected log-likelihood");
        self.say(
            "The estimators of the likelihood's term and its gradient differ in their variance and not in \
             their expectation, except where that is said.",
        );
        let methods = |tensor| {
            self.model
                .fitted(tensor)
                .estimator
                .map_or("", |e| e.methods())
        };
        for (methods, tensors) in grouped(&drawn, methods) {
            let mut text = format!("For {}: {}", self.names(&tensors), sentence(methods));
            for (remark, tensors) in grouped(&tensors, |tensor| self.model.remark(tensor)) {
                let said = |remark| format!(" For {} it is {remark}.", self.names(&tensors));
                text.extend(remark.map(said));
            }
            self.say(&text);
        }
    }
}

/// How training keeps its scales small, if it does.
fn limit(posterior: &BoundPosterior) -> String {
    posterior.largest_scale().map_or(String::new(), |largest| {
        let largest = number(format!("{largest:.2e}").parse().unwrap_or(largest));
        format!(
            " Each $sigma_i$ is at most {largest}: after every step of the optimizer, those above it are set to it."
        )
    })
}

/// What is trained of a parameter.
fn variables(tensor: Fitted) -> Vec<VariableSpec> {
    tensor.posterior.variables(&tensor.shape)
}

/// `mu_i ~ Normal(0, 0.1^2) and …`
fn start(tensor: Fitted) -> String {
    let posterior = tensor.posterior;
    let starts = variables(tensor).into_iter().map(|variable| {
        let (symbol, scale) = posterior.family.symbols(variable.name);
        let pretrained = posterior.pretrained.as_ref();
        let pretrained = pretrained.filter(|_| posterior.given(&variable).is_some());
        match (pretrained.map(|from| from.delta), scale) {
            (None, _) => variable_start(posterior, &variable),
            (Some(Some(delta)), Some(scale)) => {
                let (delta, floor) = (number(delta), number(FLOOR));
                format!("${scale} = max({delta} abs(mu_i), {floor})$")
            }
            _ => format!("${symbol} = w_i^0$, the pretrained weights"),
        }
    });
    join(starts.collect(), "and")
}

fn variable_start(posterior: &BoundPosterior, variable: &VariableSpec) -> String {
    let (symbol, scale) = posterior.family.symbols(variable.name);
    let is_bounded_point =
        posterior.family.entries() == Entries::Point && posterior.support() != Support::Real;
    let symbol = if is_bounded_point { "z_i" } else { symbol };
    // To three digits.
    let value = |raw: f64| {
        let value = posterior.transform.value(raw);
        number(format!("{value:.2e}").parse().unwrap_or(value))
    };
    let start = posterior.start(variable);
    if let (true, Some(scale)) = (posterior.starts_by_method(variable), scale) {
        return format!("${scale}$ as below");
    }
    match (&start, scale) {
        (_, Some(scale)) if variable.start == Start::UnitScale => format!("${scale} = 1$"),
        (Initializer::Constant(raw), Some(scale)) => format!("${scale} = {}$", value(*raw)),
        (Initializer::Constant(value), None) => format!("${symbol} = {}$", number(*value)),
        (_, Some(scale)) => {
            let about = value(start.mean());
            format!("${symbol} ~ {}$ (${scale}$ about {about})", drawn(&start))
        }
        _ => format!("${symbol} ~ {}$", drawn(&start)),
    }
}

fn drawn(initializer: &Initializer) -> String {
    let (name, arguments) = match *initializer {
        Initializer::Constant(value) => return number(value),
        Initializer::Normal { loc, scale } => {
            let variance = Maths::parse("s^2").replace(&|_| Some(Maths::parse(&number(scale))));
            return format!("Normal({}, {variance})", number(loc));
        }
        Initializer::Uniform { low, high } => ("Uniform", vec![low, high]),
        Initializer::TruncatedNormal { loc, scale } => ("TruncatedNormal", vec![loc, scale]),
        Initializer::Orthogonal { gain } => ("Orthogonal", vec![gain]),
    };
    let arguments: Vec<String> = arguments.into_iter().map(number).collect();
    format!("\"{name}\"({})", arguments.join(", "))
}

/// With what the numbers in its formulas come to.
fn simplified(text: &str) -> String {
    let formula = |text: &str| Maths::parse(text).replace(&|_| None).to_string();
    let between = |text: &str, mark: &str, words: &dyn Fn(&str) -> String| {
        let parts = text.split(mark).enumerate();
        let parts = parts.map(|(at, part)| {
            if at % 2 == 0 {
                words(part)
            } else {
                formula(part)
            }
        });
        parts.collect::<Vec<_>>().join(mark)
    };
    between(text, "$$", &|words| between(words, "$", &str::to_string))
}
