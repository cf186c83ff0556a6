//! `bnnc check --prior-predictive` for a person.

use super::table::{shorten, table};
use crate::prior_predictive::{
    Advice, Layer, Observed, Outputs, PriorPredictive, Then, number, percent,
};
use crate::words::{short, thousands, wrapped};

impl PriorPredictive {
    /// As text, within `width` columns.
    pub fn text(&self, width: usize) -> String {
        let mut out = format!("{}\n", self.model);
        let networks = match self.draws {
            1 => "1 network drawn from the prior, run".into(),
            draws => format!(
                "{} networks drawn from the prior, each run",
                thousands(draws)
            ),
        };
        let what = format!("{networks} on {} {}", thousands(self.examples), self.inputs);
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
            out += &advice.text(width);
        }
        out
    }

    fn layers(&self, width: usize) -> String {
        let heads = ["layer", "kernel", "fan_in", "prior", "inputs", "sd", ""];
        let mut rows = vec![heads.map(String::from).to_vec()];
        for layer in &self.layers {
            let (shape, fan_in) = (format!("{:?}", layer.shape), thousands(layer.fan_in));
            let (inputs, sd) = (number(layer.inputs_rms), spread(layer));
            let then = layer.then.as_ref().map_or(String::new(), then);
            let name = layer.name.clone();
            rows.push(vec![name, shape, fan_in, prior(layer), inputs, sd, then]);
        }
        shorten(&mut rows, 3, 10, width);
        let mut out = table(&rows, &[2, 4, 5], width);
        let mut legend =
            |head: &str, text: &str| out += &wrapped(&format!("  {head:<6}  "), text, width);
        legend("inputs", "root mean square of what the layer takes");
        legend(
            "sd",
            "standard deviation of its pre-activations, over networks, examples and units",
        );
        if self.layers.iter().any(|layer| layer.pre_activations.heavy) {
            let half = "half the width of their middle 68 %: the standard deviation is infinite, or one \
                        network makes up most of it";
            legend("~", half);
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

fn then(then: &Then) -> String {
    let name = then.activation;
    match (then.saturated, then.dead) {
        (Some(share), _) => format!("{name}, {} saturated", percent(share)),
        (_, Some(share)) => format!("{name}, {} dead", percent(share)),
        _ => name.into(),
    }
}

/// What networks predict, line by line.
fn outputs(outputs: &Outputs, observed: Option<&Observed>) -> Vec<(&'static str, String)> {
    let range = |low: f64, high: f64| format!("90 % from {} to {}", number(low), number(high));
    let mut lines = Vec::new();
    match outputs {
        Outputs::Classes {
            classes,
            entropy,
            sure,
            commonest,
        } => {
            let (entropy, most) = (number(*entropy), short((*classes as f64).ln()));
            let (sure, commonest) = (percent(*sure), percent(*commonest));
            lines.extend([
                (
                    "entropy",
                    format!("{entropy} nats of a prediction; ln {classes} = {most} of one that knows nothing"),
                ),
                ("sure", format!("{sure} of the predictions, with a probability above 0.99")),
                ("commonest", format!("a network gives {commonest} of the inputs one and the same class")),
            ]);
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
            lines.push(("predictions", format!("{sd}; {}", range(low, high))));
            let [low, middle, high] = *noise;
            let varies = number(low) != number(high);
            let about = if varies {
                format!("; {}", range(low, high))
            } else {
                String::new()
            };
            lines.push((
                "noise",
                format!("standard deviation {}{about}", number(middle)),
            ));
        }
    }
    lines.extend(observed.map(|observed| {
        let text = match observed {
            Observed::Classes { entropy, commonest } => {
                let (entropy, commonest) = (short(*entropy), percent(*commonest));
                format!(
                    "the labels' entropy is {entropy} nats; {commonest} are of the commonest class"
                )
            }
            Observed::Real {
                sd,
                quantiles: [low, high],
                standardized,
                ..
            } => {
                let units = if *standardized {
                    ", standardised as in training"
                } else {
                    ""
                };
                let range = range(*low, *high);
                format!(
                    "the targets' standard deviation is {}; {range}{units}",
                    number(*sd)
                )
            }
        };
        ("data", text)
    }));
    lines
}

impl Advice {
    fn text(&self, width: usize) -> String {
        let mut out = "\ninstead, drawn and run again\n".to_owned();
        let heads = self
            .suggestions
            .iter()
            .map(|suggestion| format!("{} prior", suggestion.of));
        let head = heads
            .clone()
            .map(|head| head.chars().count())
            .max()
            .unwrap_or(0)
            .max(15);
        let mut line =
            |name: &str, text: &str| out += &wrapped(&format!("  {name:<head$}  "), text, width);
        for (name, suggestion) in heads.zip(&self.suggestions) {
            line(
                &name,
                &format!("{} -> {}", suggestion.written, suggestion.instead),
            );
        }
        let layers = self.layers.iter().map(|layer| {
            let then = layer.then.as_ref();
            let saturated = then.and_then(|then| Some((then.activation, percent(then.saturated?))));
            // No comma within an entry: commas stand between the layers.
            let saturated = saturated.map_or(String::new(), |(activation, share)| {
                format!(" ({activation} {share} saturated)")
            });
            format!("{} {}{saturated}", layer.name, spread(layer))
        });
        line("sd", &layers.collect::<Vec<_>>().join(", "));
        for (name, text) in outputs(&self.outputs, None) {
            line(name, &text);
        }
        if !self.suffices {
            let text = "no other scale of this family was found that is neither too large nor too small in \
                        every layer: this one helps and does not suffice";
            out += &wrapped("  ! ", text, width);
        }
        out
    }
}
