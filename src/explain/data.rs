//! What is learned from, how it is trained on, and what is predicted.

use super::{Kind, Methods, inline, when};
use crate::document::code;
use crate::ir::{Inference, Input, Method};
use crate::layer::Sequence;
use crate::likelihood::numbers;
use crate::show;
use crate::words::{counted, join, thousands};

/// What one of several inputs is, or a sequence.
fn described(input: &Input) -> String {
    let (axes, name) = (&input.shape.0, code(&input.name));
    let steps = axes.first().copied().unwrap_or(1);
    match input.sequence {
        None => format!("{name} in ${}$", space(axes)),
        Some(Sequence { vocabulary: None }) => {
            format!(
                "sequences of at most {} in ${}$ ({name})",
                counted(steps, "step", "steps"),
                space(&axes[1..])
            )
        }
        Some(Sequence {
            vocabulary: Some(size),
        }) => format!(
            "sequences of at most {steps} of {} tokens ({name})",
            thousands(size)
        ),
    }
}

impl Methods<'_> {
    pub(super) fn data(&mut self) {
        let (model, facts) = (self.model, self.facts);
        self.document.heading("Data and notation");
        let examples = sized("N", facts.training_examples);
        let source = facts.data.iter().map(|name| format!(" of {}", code(name)));
        let source: String = source.collect();
        let inputs = match model.inputs.iter().any(|input| input.sequence.is_some()) {
            true => {
                let each = model.inputs.iter().map(described);
                format!("inputs $x_n$, {},", join(each.collect(), "and"))
            }
            false => format!(
                "inputs $x_n in {}$ ({})",
                space(&model.input.shape.0),
                code(&model.input.name)
            ),
        };
        let targets = (model.observed())
            .map(|(target, _)| format!("{} ({})", target.kind.notation(), code(&target.name)));
        let mut text = format!(
            "The training set $Data$ holds {examples} examples{source}: {inputs} and targets {}.{}{}",
            join(targets.collect(), "and"),
            (facts.made_of.as_ref()).map_or(String::new(), |made_of| format!(
                " In that table {made_of}."
            )),
            self.units()
        );
        if facts.validation_examples > 0 {
            let aside = counted(facts.validation_examples, "example is", "examples are");
            text += &format!(" {aside} set aside for validation and not among them.");
        }
        let batch = sized("B", self.facts.batch);
        text += &match (facts.training_examples, facts.batch) {
            (Some(n), Some(b)) => {
                let rest = format!(", the last of {}", counted(n % b, "example", "examples"));
                let batches = counted(n.div_ceil(b), "minibatch", "minibatches");
                format!(
                    " An epoch goes through them in {batches} of {batch}{}.",
                    when(n % b > 0, rest)
                )
            }
            _ => format!(" Each step uses a minibatch of {batch} of them."),
        };
        if !facts.set.is_empty() {
            let set = facts
                .set
                .iter()
                .map(|(name, value)| code(&format!("{name} = {value}")));
            let set = join(set.collect(), "and");
            text += &format!(" The model file's constants are overridden by {set}.");
        }
        self.say(&text);
    }

    /// In which units the model has the data; empty where no run is known.
    fn units(&self) -> String {
        let Some(training) = &self.facts.training else {
            return String::new();
        };
        let sequences = || self.model.inputs.iter().filter_map(|input| input.sequence);
        let of_steps = sequences().any(|of| of.vocabulary.is_none());
        let of_tokens = sequences().filter(|of| of.vocabulary.is_some()).count();
        let each = match self.model.input.shape.rank() {
            0 | 1 if !of_steps => "feature",
            _ => "channel",
        };
        let by = match of_steps {
            false => "by the mean and standard deviation over the training examples",
            true => {
                "by the mean and standard deviation over the training examples, padding left out"
            }
        };
        let by_quartiles =
            "by the median and the interquartile range, divided by 1.349, of the training examples";
        let standardizes = |alone: &&Inference| alone.summary().standardizes();
        let scaled: Vec<&Inference> = self.alone.iter().filter(standardizes).collect();
        let targets = !scaled.is_empty() && training.targets_standardized;
        let of_some = self.alone.len() > 1;
        let (too, targets_by) = match &scaled[..] {
            // Which of several, each by its own.
            several if of_some => {
                let each = several.iter().map(|alone| {
                    let name = code(&alone.target.name);
                    match alone.summary().heavy_tailed() {
                        true => format!(", and {name} is {by_quartiles}"),
                        false => format!(", and so is {name}"),
                    }
                });
                (each.collect::<String>(), by)
            }
            [only] if only.summary().heavy_tailed() => (
                format!(", and the targets are {by_quartiles}"),
                by_quartiles,
            ),
            _ => (", and so are the targets".into(), by),
        };
        let range = |low| format!("Inputs are scaled from 0 to 255 to between {low} and 1");
        let standardized = |targets| match of_some {
            true => too.clone(),
            false => format!("{targets} are standardized {targets_by}"),
        };
        let scaling = match of_tokens == self.model.inputs.len() {
            true => "none",
            false => training.inputs,
        };
        let (inputs, targets_too) = match scaling {
            "standardize" => (
                format!("Each {each} of the inputs is standardized {by}"),
                too.clone(),
            ),
            "symmetric" => (range(-1), standardized(", and targets")),
            "unit" => (range(0), standardized(", and targets")),
            _ if of_some => ("Inputs are as the data has them".into(), too.clone()),
            _ => (String::new(), standardized("Targets")),
        };
        let these = match (!inputs.is_empty(), targets) {
            (true, true) => "$x_n$ and $y_n$ are",
            (true, false) => "$x_n$ is",
            (false, true) => "$y_n$ is",
            (false, false) => return " Inputs and targets are as the data has them.".into(),
        };
        let targets_too = when(targets, targets_too);
        format!(" {inputs}{targets_too}; here and below {these} in these units.")
    }

    /// What minimises the objective.
    pub(super) fn training(&mut self) {
        let Some(training) = &self.facts.training else {
            return;
        };
        if training.epochs == 0 {
            self.document.heading("Training");
            return self
                .say("Nothing is trained: the parameters are those that another run has come to.");
        }
        let rate = match training.schedule.name {
            "constant" if !warms_up(&training.schedule) => {
                "the learning rate is the same throughout".into()
            }
            _ => format!(
                "the learning rate follows the schedule {}",
                call(&training.schedule)
            ),
        };
        let (optimizer, batch) = (call(&training.optimizer), sized("B", self.facts.batch));
        let epochs = counted(training.epochs, "epoch", "epochs");
        let method = &self.model.method;
        if method.transitions().is_some() {
            return;
        }
        self.document.heading("Training");
        let descends = !method.is_sampler();
        let each = when(method.rounds() > 1, " of each chain");
        self.say(&match descends {
            true => format!(
                "The objective is minimized with {optimizer} for {epochs}, in minibatches of {batch} \
                 examples; {rate}."
            ),
            false => format!(
                "The steps{each} were taken for {epochs}, in minibatches of {batch} examples."
            ),
        });
        if training.from_a_run && descends {
            self.say("Parameters start from those that another run has come to.");
        }
        if let Some(how) = &training.augmentation {
            self.say(&format!(
                "Training images are augmented at each step: {how}; $N$ counts each image once."
            ));
        }
        if !descends {
            return;
        }
        if let Some(most) = training.clip_norm {
            self.say(&format!(
                "A gradient whose norm over all trained numbers exceeds {} is scaled to that norm.",
                show(most)
            ));
        }
        if let Some(decay) = training.ema_decay {
            self.say(&format!(
                "Predictions use an exponential moving average of the trained numbers over the steps, with decay {} \
                 and weights that sum to 1.",
                show(decay)
            ));
        }
    }

    /// The predictive distribution.
    pub(super) fn prediction(&mut self) {
        self.document.heading("Prediction");
        // Of a method whose draws are points, as the members of an ensemble are.
        let of_points = self.model.method.has_points() && self.model.is_random();
        let method = &self.model.method;
        let own = method.entry.prediction(&method.arguments);
        if self.random().is_empty() && !of_points {
            if let Some(own) = own {
                return self.say(&own);
            }
            let points = self.symbols(&[Kind::Point, Kind::Free]);
            self.say(&format!(
                "A new input's target has the distribution $p(y | {})$ at the estimates of ${points}$: \
                 no uncertainty of the weights is in it.",
                self.given("x")
            ));
            return;
        }
        let drawn = match of_points {
            true => self.at_draws(&[Kind::Point, Kind::Free]),
            false => self.draws(),
        };
        let together = match &drawn[..] {
            [one] => one.clone(),
            several => format!("({})", several.join(", ")),
        };
        let (from, law, points) = match of_points {
            true => ("of the weights", String::new(), vec![]),
            false => (
                "from $q$",
                format!(", {together} ~ q"),
                self.symbols_of(&[Kind::Point]),
            ),
        };
        let given = [drawn, points].concat().join(", ");
        self.say(&own.unwrap_or_else(|| {
            format!(
                "The predictive distribution is the mixture over $S$ draws {from}, each the same for all inputs: \
                 $$p(y | x, Data) approx 1/S sum_(s=1)^S p(y | x, {given}){law}.$$"
            )
        }));
        self.of_each_target(|text, of| {
            let prose = text.model.summary().prose();
            match of.strip_prefix(" of ") {
                None => text.say(&prose),
                Some(name) => {
                    let (first, rest) = prose.split_at(1);
                    text.say(&format!("Of {name}: {}{rest}", first.to_lowercase()));
                }
            }
        });
    }

    /// The s-th draw of all that is random: `w^((s))`, `z^((s))`.
    pub(super) fn draws(&self) -> Vec<String> {
        self.at_draws(&[Kind::Weight, Kind::Latent])
    }

    fn at_draws(&self, kinds: &[Kind]) -> Vec<String> {
        let symbols = self.symbols_of(kinds).into_iter();
        symbols.map(|symbol| format!("{symbol}^((s))")).collect()
    }
}

/// Whether the learning rate first grows from 0.
fn warms_up(schedule: &Method) -> bool {
    let mut settings = schedule.settings.iter();
    settings.any(|(name, value)| *name == "warmup_epochs" && value != "0")
}

/// `$B = 128$`; the letter alone where the number is not known.
fn sized(letter: &str, n: Option<usize>) -> String {
    n.map_or(inline(letter), |n| format!("${letter} = {}$", thousands(n)))
}

/// `adam(learning_rate = 0.001, beta1 = 0.9)`
fn call(method: &Method) -> String {
    let settings = method
        .settings
        .iter()
        .map(|(name, value)| format!("{name} = {value}"));
    let settings: Vec<String> = settings.collect();
    let settings = when(!settings.is_empty(), format!("({})", settings.join(", ")));
    code(&format!("{}{settings}", method.name))
}

/// `Reals^(32 times 32 times 3)`
pub(super) fn space(shape: &[usize]) -> String {
    match shape {
        [] | [1] => "Reals".into(),
        axes => format!("Reals^({})", product(axes)),
    }
}

/// Where one example of an input lies: tokens are whole numbers.
pub(super) fn input_space(input: &Input) -> String {
    match (input.sequence, &input.shape.0[..]) {
        (
            Some(Sequence {
                vocabulary: Some(size),
            }),
            axes,
        ) => {
            format!("{}^({})", numbers(size), product(axes))
        }
        (_, axes) => space(axes),
    }
}

/// `32 times 32 times 3`
pub(super) fn product(axes: &[usize]) -> String {
    let axes: Vec<String> = axes.iter().map(ToString::to_string).collect();
    axes.join(" times ")
}
