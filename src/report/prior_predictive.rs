//! `bnnc check --prior-predictive` for a person.

use super::table::{shorten, table};
use crate::prior_predictive::{Advice, Layer, Observed, Outputs, PriorPredictive, number, percent};
use crate::words::{short, thousands, wrapped};

impl PriorPredictive {
    /// As text, within `width` columns.
    pub fn text(&self, width: usize) -> String {
        let mut out = format!("{}\n", self.model);
        let what = format!(
            "{} drawn from the prior, {} on {} {}",
            match self.draws {
                1 => "1 network".into(),
                draws => format!("{} networks", thousands(draws)),
            },
            if self.draws == 1 { "run" } else { "each run" },
            thousands(self.examples),
            self.inputs
        );
        out += &wrapped("  ", &what, width);
        out += "\n";
        out += &self.layers(width);
        out += "\noutputs\n";
        for (head, text) in outputs(&self.outputs, self.observed.as_ref()) {
            out += &wrapped(&format!("  {head:<11}  "), &text, width);
        }
        out += "\nwhat follows\n";
        for finding in &self.findings {
            out += &wrapped("  - ", finding, width);
        }
        if let Some(advice) = &self.advice {
            out += &advice.text(width, self.observed.as_ref());
        }
        out
    }

    fn layers(&self, width: usize) -> String {
        let heads = ["layer", "kernel", "fan_in", "prior", "inputs", "sd", ""];
        let mut rows = vec![heads.map(String::from).to_vec()];
        for layer in &self.layers {
            rows.push(vec![
                layer.name.clone(),
                format!("{:?}", layer.shape),
                thousands(layer.fan_in),
                prior(layer),
                number(layer.inputs_rms),
                spread(layer),
                then(layer),
            ]);
        }
        shorten(&mut rows, 3, 10, width);
        let mut out = table(&rows, &[2, 4, 5], width);
        out += &wrapped(
            "  inputs  ",
            "root mean square of what the layer takes",
            width,
        );
        let legend = "standard deviation of its pre-activations, over networks, examples and units";
        out += &wrapped("  sd      ", legend, width);
        if self.layers.iter().any(|layer| layer.pre_activations.heavy) {
            let legend = "half the width of their middle 68 %: the standard deviation is infinite, or one \
                          network makes up most of it";
            out += &wrapped("  ~       ", legend, width);
        }
        out
    }
}

/// The prior of the kernel, and that of the bias where it is another one.
fn prior(layer: &Layer) -> String {
    let kernel = layer.prior.clone().unwrap_or("none".into());
    match &layer.bias_prior {
        Some(bias) if *bias != kernel => format!("{kernel}; bias {bias}"),
        _ => kernel,
    }
}

fn spread(layer: &Layer) -> String {
    let spread = &layer.pre_activations;
    let mark = if spread.heavy { "~ " } else { "" };
    format!("{mark}{}", number(spread.typical()))
}

fn then(layer: &Layer) -> String {
    let Some(then) = &layer.then else {
        return String::new();
    };
    let name = then.activation;
    match (then.saturated, then.dead) {
        (Some(share), _) => format!("{name}, {} saturated", percent(share)),
        (_, Some(share)) => format!("{name}, {} dead", percent(share)),
        _ => name.into(),
    }
}

/// What networks predict, line by line.
fn outputs(outputs: &Outputs, observed: Option<&Observed>) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    match outputs {
        Outputs::Classes {
            classes,
            entropy,
            sure,
            commonest,
        } => {
            let most = (*classes as f64).ln();
            lines.push((
                "entropy",
                format!(
                    "{} nats of a prediction; ln {classes} = {} of one that knows nothing",
                    number(*entropy),
                    short(most)
                ),
            ));
            let sure = format!(
                "{} of the predictions, with a probability above 0.99",
                percent(*sure)
            );
            lines.push(("sure", sure));
            let commonest = format!(
                "a network gives {} of the inputs one and the same class",
                percent(*commonest)
            );
            lines.push(("commonest", commonest));
        }
        Outputs::Real { mean, noise } => {
            let [low, _, high] = mean.quantiles;
            let sd = match mean.heavy {
                true => format!(
                    "half the width of the middle 68 % is {}",
                    number(mean.central)
                ),
                false => format!("standard deviation {}", number(mean.sd)),
            };
            let text = format!("{sd}; 90 % from {} to {}", number(low), number(high));
            lines.push(("predictions", text));
            let [low, middle, high] = noise.map(number);
            lines.push((
                "noise",
                match low == high {
                    true => format!("standard deviation {middle}"),
                    false => format!("standard deviation {middle}; 90 % from {low} to {high}"),
                },
            ));
        }
    }
    match observed {
        Some(Observed::Classes { entropy, commonest }) => {
            let text = format!(
                "the labels' entropy is {} nats; {} are of the commonest class",
                short(*entropy),
                percent(*commonest)
            );
            lines.push(("data", text));
        }
        Some(Observed::Real {
            sd,
            quantiles: [low, high],
            standardized,
            ..
        }) => {
            let units = if *standardized {
                ", standardised as in training"
            } else {
                ""
            };
            let text = format!(
                "the targets' standard deviation is {}; 90 % from {} to {}{units}",
                number(*sd),
                number(*low),
                number(*high)
            );
            lines.push(("data", text));
        }
        None => {}
    }
    lines
}

impl Advice {
    fn text(&self, width: usize, observed: Option<&Observed>) -> String {
        let mut out = "\ninstead, drawn and run again\n".to_owned();
        let heads = self
            .suggestions
            .iter()
            .map(|suggestion| suggestion.of.chars().count() + 6);
        let head = heads.max().unwrap_or(0).max(15);
        for suggestion in &self.suggestions {
            let text = format!("{} -> {}", suggestion.written, suggestion.instead);
            let of = format!("{} prior", suggestion.of);
            out += &wrapped(&format!("  {of:<head$}  "), &text, width);
        }
        let layers: Vec<String> = self
            .layers
            .iter()
            .map(|layer| {
                let share = layer
                    .then
                    .as_ref()
                    .and_then(|then| Some((then.saturated?, then.activation)));
                match share {
                    Some((share, name)) => format!(
                        "{} {} ({name} {} saturated)",
                        layer.name,
                        spread(layer),
                        percent(share)
                    ),
                    None => format!("{} {}", layer.name, spread(layer)),
                }
            })
            .collect();
        out += &wrapped(&format!("  {:<head$}  ", "sd"), &layers.join(", "), width);
        for (name, text) in outputs(&self.outputs, observed) {
            if name != "data" {
                out += &wrapped(&format!("  {name:<head$}  "), &text, width);
            }
        }
        if !self.suffices {
            let text = "no other scale of this family was found that is neither too large nor too small in \
                        every layer: this one helps and does not suffice";
            out += &wrapped("  ! ", text, width);
        }
        out
    }
}
