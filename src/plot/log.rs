//! What a run wrote while it was trained, as pictures need it.

use crate::ir::is_data_term;

/// Of fewer epochs steps are shown, where there are more of these.
const EPOCHS: usize = 8;

/// The lines of `metrics.jsonl`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Log {
    /// The names of the loss's terms.
    pub terms: Vec<String>,
    /// Epochs; of a run of few epochs the steps that it wrote.
    pub points: Vec<Point>,
    /// Whether the points are single minibatches.
    pub by_step: bool,
    /// Epochs with the nll of the validation part.
    pub validation: Vec<[f64; 2]>,
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Epochs done.
    pub epoch: f64,
    /// The sum of the scaled terms; not a number where it was none.
    pub loss: f64,
    /// The scaled terms, in the order of their names.
    pub terms: Vec<f64>,
}

impl Log {
    /// Reads a log's text. Lines that are none are left out.
    pub fn of(text: &str) -> Log {
        let lines: Vec<serde_json::Value> = (text.lines())
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let is_epoch = |line: &&serde_json::Value| line["kind"] == "epoch";
        let epochs = lines.iter().filter(is_epoch).count();
        let by_step = epochs < EPOCHS && lines.len() - epochs > epochs;
        let terms =
            |line: &serde_json::Value| line["terms"].as_array().cloned().unwrap_or_default();
        let names = lines.first().map(terms).unwrap_or_default();
        let number = |value: &serde_json::Value| value.as_f64().unwrap_or(f64::NAN);
        let names: Vec<String> = (names.iter())
            .filter_map(|term| Some(term["name"].as_str()?.to_owned()))
            .collect();
        Log {
            points: (lines.iter())
                .filter(|line| is_epoch(line) != by_step)
                .map(|line| Point {
                    epoch: number(&line["epoch"]),
                    loss: number(&line["loss"]),
                    terms: terms(line)
                        .iter()
                        .map(|term| number(&term["scaled"]))
                        .collect(),
                })
                // A damaged line may have other terms.
                .filter(|point| point.terms.len() == names.len())
                .collect(),
            terms: names,
            by_step,
            validation: (lines.iter().filter(is_epoch))
                .filter_map(|line| {
                    Some([number(&line["epoch"]), line["validation"]["nll"].as_f64()?])
                })
                .collect(),
        }
    }

    /// Whether a term, by its number, is the nll of a target.
    pub fn is_data(&self, term: usize) -> bool {
        is_data_term(&self.terms[term])
    }

    /// The sum of some of the terms over training.
    pub fn sum(&self, of: impl Fn(usize) -> bool) -> Vec<[f64; 2]> {
        let sum = |point: &Point| {
            let terms = point.terms.iter().enumerate();
            terms
                .filter(|(term, _)| of(*term))
                .map(|(_, value)| value)
                .sum()
        };
        self.points
            .iter()
            .map(|point| [point.epoch, sum(point)])
            .collect()
    }

    /// The layers that the terms of the weights are of, each with the numbers of its terms, in their order.
    pub fn layers(&self) -> Vec<(String, Vec<usize>)> {
        let mut layers: Vec<(String, Vec<usize>)> = vec![];
        for (number, name) in self.terms.iter().enumerate() {
            if self.is_data(number) {
                continue;
            }
            let inner = name.split_once('(').map_or(&name[..], |(_, inner)| inner);
            let parameter = inner.trim_end_matches(')');
            let layer = layer(parameter);
            match layers.iter_mut().find(|(other, _)| other == layer) {
                Some((_, terms)) => terms.push(number),
                None => layers.push((layer.into(), vec![number])),
            }
        }
        layers
    }
}

/// The layer of a parameter: `conv1` of `conv1.kernel` and of `conv1.kernel.r`.
fn layer(parameter: &str) -> &str {
    let without = |name: &'_ str, ends: &[&str]| {
        let (head, last) = name.rsplit_once('.')?;
        (ends.is_empty() || ends.contains(&last)).then_some(head.len())
    };
    let kept = without(parameter, &["r", "s", "local"]).unwrap_or(parameter.len());
    let name = &parameter[..kept];
    &name[..without(name, &[]).unwrap_or(kept)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_put_together_by_layers() {
        let names = [
            "nll",
            "kl(a.kernel)",
            "kl(a.bias)",
            "kl(b.1.kernel.r)",
            "kl(tau)",
        ];
        let log = Log {
            terms: names.map(String::from).to_vec(),
            ..Log::default()
        };
        let layers = log.layers();
        let expected = [("a", vec![1, 2]), ("b.1", vec![3]), ("tau", vec![4])];
        assert_eq!(
            layers,
            expected.map(|(name, terms)| (name.to_owned(), terms))
        );
    }

    #[test]
    fn a_loss_that_was_no_number_is_none() {
        let line =
            r#"{"kind":"epoch","epoch":1.0,"loss":null,"terms":[{"name":"nll","scaled":null}]}"#;
        let log = Log::of(&format!("{line}\nbroken\n"));
        assert_eq!(log.points.len(), 1);
        assert!(log.points[0].loss.is_nan() && log.points[0].terms[0].is_nan());
    }

    #[test]
    fn a_line_with_other_terms_is_left_out() {
        let line = |terms: &str| {
            format!("{{\"kind\":\"epoch\",\"epoch\":1,\"loss\":2,\"terms\":[{terms}]}}\n")
        };
        let nll = r#"{"name":"nll","scaled":1.5}"#;
        let kl = r#"{"name":"kl(a)","scaled":0.5}"#;
        let both = format!("{nll},{kl}");
        let text = [line(&both), line(nll), line(&format!("{both},{kl}"))].concat();
        let log = Log::of(&text);
        assert_eq!(log.points.len(), 1);
        assert_eq!(log.sum(|term| !log.is_data(term)), [[1.0, 0.5]]);
    }
}
