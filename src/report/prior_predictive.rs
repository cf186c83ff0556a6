//! `bnnc check --prior-predictive` for a person.

use super::table::{short, table, thousands};
use super::text::wrapped;
use crate::prior_predictive::{Advice, Layer, Observed, Outputs, PriorPredictive, number, percent};

impl PriorPredictive {
    /// As text, within `width` columns.
    pub fn text(&self, width: usize) -> String {
        let mut out = format!("{}\n", self.model);
        let what = format!(
            "{} networks drawn from the prior, each run on {} {}",
            thousands(self.draws as u64),
            thousands(self.examples as u64),
            self.inputs
        );
        out += &wrapped("  ", &what, width);
        out += "\n";
        out += &self.layers(width);
        out += "\noutputs\n";
        for (head, text) in outputs(&self.outputs, self.observed.as_ref()) {
            out += &wrapped(&format!("  {head:<12}"), &text, width);
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
        let heads = [
            "layer",
            "kernel",
            "fan_in",
            "prior",
            "inputs",
            "pre-activations",
            "",
        ];
        let mut rows = vec![heads.map(String::from).to_vec()];
        for layer in &self.layers {
            rows.push(vec![
                layer.name.clone(),
                format!("{:?}", layer.shape),
                thousands(layer.fan_in as u64),
                prior(layer),
                number(layer.inputs_rms),
                spread(layer),
                then(layer),
            ]);
        }
        let mut out = table(&rows, &[2, 4, 5], width);
        let legend = "root mean square of what the layer takes";
        out += &wrapped("  inputs           ", legend, width);
        let legend = "their standard deviation, over networks, examples and units";
        out += &wrapped("  pre-activations  ", legend, width);
        if self.layers.iter().any(|layer| layer.pre_activations.heavy) {
            let legend = "half the width of their middle 68 %: one network in many makes up most of \
                          the standard deviation, or it is infinite";
            out += &wrapped("  ~                ", legend, width);
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
                true => format!("half the middle 68 % {}", number(mean.central)),
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
        for suggestion in &self.suggestions {
            let text = format!("{} -> {}", suggestion.written, suggestion.instead);
            let of = format!("{} prior", suggestion.of);
            out += &wrapped(&format!("  {of:<15}  "), &text, width);
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
        out += &wrapped("  pre-activations  ", &layers.join(", "), width);
        for (head, text) in outputs(&self.outputs, observed) {
            if head != "data" {
                out += &wrapped(&format!("  {head:<15}  "), &text, width);
            }
        }
        out
    }
}
