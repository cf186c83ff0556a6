//! How the model is trained: the units of its data, and what minimises its objective.

use super::{Methods, counted, thousands};
use crate::document::code;
use crate::ir::Method;

impl Methods<'_> {
    /// In which units the model has the data; empty where no run is known.
    pub(super) fn units(&self) -> String {
        let Some(training) = &self.facts.training else {
            return String::new();
        };
        let each = match self.model.input.shape.rank() {
            0 | 1 => "feature",
            _ => "channel",
        };
        let inputs = match training.inputs {
            "standardize" => Some(format!(
                "each {each} of the inputs is standardized by its mean and standard deviation over the \
                 training examples"
            )),
            "symmetric" => Some("inputs are scaled from 0 to 255 to between -1 and 1".into()),
            "unit" => Some("inputs are scaled from 0 to 255 to between 0 and 1".into()),
            _ => None,
        };
        let targets = self.model.summary().standardizes() && training.targets_standardized;
        let these = match (inputs.is_some(), targets) {
            (true, true) => "$x_n$ and $y_n$ are",
            (true, false) => "$x_n$ is",
            (false, true) => "$y_n$ is",
            (false, false) => return " Inputs and targets are as the data has them.".into(),
        };
        let said = match (inputs, targets) {
            (Some(inputs), false) => inputs,
            (Some(inputs), true) if training.inputs == "standardize" => {
                format!("{inputs}, and so are the targets")
            }
            (inputs, _) => format!(
                "{}targets are standardized by their mean and standard deviation over the training \
                 examples",
                inputs.map_or(String::new(), |inputs| format!("{inputs}, and "))
            ),
        };
        let mut letters = said.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        let said: String = first.into_iter().chain(letters).collect();
        format!(" {said}; here and below {these} in these units.")
    }

    /// What minimises the objective.
    pub(super) fn training(&mut self) {
        let Some(training) = &self.facts.training else {
            return;
        };
        let batch = match self.facts.batch {
            Some(b) => format!("minibatches of $B = {}$ examples", thousands(b)),
            None => "minibatches of $B$ examples".into(),
        };
        let rate = match training.schedule.name {
            "constant" => "the learning rate is the same throughout".into(),
            _ => format!(
                "the learning rate goes by the schedule {}",
                call(&training.schedule)
            ),
        };
        let text = format!(
            "The objective is minimized with {} for {}, in {batch}; {rate}.",
            call(&training.optimizer),
            counted(training.epochs, "epoch", "epochs"),
        );
        self.document.heading("Training");
        self.document.prose(&text);
    }
}

/// `adam(learning_rate = 0.001, beta1 = 0.9)`
fn call(method: &Method) -> String {
    let settings = method.settings.iter();
    let settings: Vec<String> = settings
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    match settings.is_empty() {
        true => code(method.name),
        false => code(&format!("{}({})", method.name, settings.join(", "))),
    }
}
