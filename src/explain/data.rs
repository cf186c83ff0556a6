//! What is learned from, how it is trained on, and what is predicted.

use super::{Kind, Methods, counted, thousands, when};
use crate::document::code;
use crate::ir::Method;
use crate::tensor::Shape;
use crate::words::join;

impl Methods<'_> {
    pub(super) fn data(&mut self) {
        let (model, facts) = (self.model, self.facts);
        self.document.heading("Data and notation");
        let examples = facts
            .training_examples
            .map_or("$N$".into(), |n| format!("$N = {}$", thousands(n)));
        let source = facts
            .data
            .as_ref()
            .map_or(String::new(), |name| format!(" of {}", code(name)));
        let (input, input_name) = (space(&model.input.shape), code(&model.input.name));
        let target = model.target.kind.notation();
        let target_name = code(&model.target.name);
        let mut text = format!(
            "The training set $Data$ holds {examples} examples{source}: inputs $x_n in {input}$ \
             ({input_name}) and targets {target} ({target_name}).{}",
            self.units()
        );
        if facts.validation_examples > 0 {
            let aside = counted(facts.validation_examples, "example is", "examples are");
            text += &format!(" {aside} set aside for validation and not among them.");
        }
        let batch = self.batch();
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

    /// `$B = 128$`
    fn batch(&self) -> String {
        self.facts
            .batch
            .map_or("$B$".into(), |b| format!("$B = {}$", thousands(b)))
    }

    /// In which units the model has the data; empty where no run is known.
    fn units(&self) -> String {
        let Some(training) = &self.facts.training else {
            return String::new();
        };
        let each = match self.model.input.shape.rank() {
            0 | 1 => "feature",
            _ => "channel",
        };
        let by = "by the mean and standard deviation over the training examples";
        let summary = self.model.summary();
        let targets = summary.standardizes() && training.targets_standardized;
        let (too, targets_by) = if summary.heavy_tailed() {
            let by = "by the median and the interquartile range, divided by 1.349, of the training examples";
            (format!(", and the targets are {by}"), by)
        } else {
            (", and so are the targets".into(), by)
        };
        let said = match (training.inputs, targets) {
            ("standardize", _) => {
                let targets = when(targets, too);
                format!("Each {each} of the inputs is standardized {by}{targets}")
            }
            ("symmetric" | "unit", _) => {
                let low = if training.inputs == "unit" { 0 } else { -1 };
                let targets = when(
                    targets,
                    format!(", and targets are standardized {targets_by}"),
                );
                format!("Inputs are scaled from 0 to 255 to between {low} and 1{targets}")
            }
            (_, true) => format!("Targets are standardized {targets_by}"),
            (_, false) => return " Inputs and targets are as the data has them.".into(),
        };
        let inputs = matches!(training.inputs, "standardize" | "symmetric" | "unit");
        let these = match (inputs, targets) {
            (true, true) => "$x_n$ and $y_n$ are",
            (true, false) => "$x_n$ is",
            _ => "$y_n$ is",
        };
        format!(" {said}; here and below {these} in these units.")
    }

    /// What minimises the objective.
    pub(super) fn training(&mut self) {
        let Some(training) = &self.facts.training else {
            return;
        };
        let rate = match training.schedule.name {
            "constant" => "the learning rate is the same throughout".into(),
            _ => format!(
                "the learning rate follows the schedule {}",
                call(&training.schedule)
            ),
        };
        let (optimizer, batch) = (call(&training.optimizer), self.batch());
        let epochs = counted(training.epochs, "epoch", "epochs");
        self.document.heading("Training");
        self.say(&format!(
            "The objective is minimized with {optimizer} for {epochs}, in minibatches of {batch} \
             examples; {rate}."
        ));
    }

    /// The predictive distribution.
    pub(super) fn prediction(&mut self) {
        self.document.heading("Prediction");
        if self.random().is_empty() {
            let points = self.symbols(&[Kind::Point, Kind::Free]);
            self.say(&format!(
                "A new input's target has the distribution $p(y | {})$ at the estimates of ${points}$: \
                 no uncertainty of the weights is in it.",
                self.given("x")
            ));
            return;
        }
        let drawn = self.draws();
        let together = if drawn.len() > 1 {
            format!("({})", drawn.join(", "))
        } else {
            drawn[0].clone()
        };
        let given = [drawn, self.symbols_of(&[Kind::Point])].concat().join(", ");
        self.say(&format!(
            "The predictive distribution is the mixture over $S$ draws from $q$, made as in training: \
             $$p(y | x, Data) approx 1/S sum_(s=1)^S p(y | x, {given}), {together} ~ q.$$"
        ));
        self.say(&self.model.summary().prose());
    }

    /// The s-th draw of all that is random: `w^((s))`, `z^((s))`.
    pub(super) fn draws(&self) -> Vec<String> {
        let symbols = self.symbols_of(&[Kind::Weight, Kind::Latent]);
        symbols
            .iter()
            .map(|symbol| format!("{symbol}^((s))"))
            .collect()
    }
}

/// `adam(learning_rate = 0.001, beta1 = 0.9)`
fn call(method: &Method) -> String {
    let settings = method
        .settings
        .iter()
        .map(|(name, value)| format!("{name} = {value}"));
    match settings.collect::<Vec<_>>() {
        settings if settings.is_empty() => code(method.name),
        settings => code(&format!("{}({})", method.name, settings.join(", "))),
    }
}

/// `Reals^(32 times 32 times 3)`
pub(super) fn space(shape: &Shape) -> String {
    match &shape.0[..] {
        [] | [1] => "Reals".into(),
        axes => format!("Reals^({})", product(axes)),
    }
}

/// `32 times 32 times 3`
pub(super) fn product(axes: &[usize]) -> String {
    let axes: Vec<String> = axes.iter().map(ToString::to_string).collect();
    axes.join(" times ")
}
