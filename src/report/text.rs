//! `bnnc check`: the model at a glance, as text.

use super::check::{Check, Initial, Step};
use super::table::{room, shorten, table};
use crate::show;
use crate::words::{join, short, thousands, wrapped};
use std::fmt::Write;

impl Check {
    /// As text, within `width` columns.
    pub fn text(&self, width: usize) -> String {
        let mut out = format!("{}\n", self.model);
        self.head(&mut out, width);
        self.layers(&mut out, width);
        self.parameters(&mut out, width);
        self.not_set(&mut out, width);
        self.loss(&mut out, width);
        self.start(&mut out, width);
        out
    }

    fn head(&self, out: &mut String, width: usize) {
        let b = self.batch_size;
        let line = match (&self.data, self.training_examples) {
            (Some(data), Some(n)) => {
                let batches = n.div_ceil(b);
                let last = match n % b {
                    0 => String::new(),
                    rest => format!(", the last of {rest}"),
                };
                let minibatches = if batches == 1 {
                    "minibatch"
                } else {
                    "minibatches"
                };
                let batches = thousands(batches);
                let aside = match self.validation_examples {
                    0 => String::new(),
                    aside => format!(" ({} more set aside)", thousands(aside)),
                };
                let n = thousands(n);
                format!(
                    "{data}: N = {n} training examples{aside}, {batches} {minibatches} of B = {b}{last}"
                )
            }
            _ => format!("no data named: N is not known, B = {b}  (--data NAME gives the numbers)"),
        };
        *out += &wrapped("  ", &line, width);
        if let Some(columns) = &self.columns {
            *out += &wrapped("  ", &columns.to_string(), width);
        }
        for (name, value) in &self.set {
            *out += &format!("  set  {name} = {value}\n");
        }
        if let Some(path) = &self.run_file {
            *out += &format!("  run file  {path}\n");
        }
    }

    fn layers(&self, out: &mut String, width: usize) {
        let mut rows = vec![row(["layer", "", "shape", "weights"])];
        for layer in &self.layers {
            let weights = match layer.weights {
                0 => String::new(),
                n => thousands(n),
            };
            rows.push(vec![
                layer.name.clone(),
                layer.layer.clone(),
                format!("{:?}", layer.shape),
                weights,
            ]);
        }
        *out += "\n";
        *out += &table(&rows, &[3], width);
    }

    fn parameters(&self, out: &mut String, width: usize) {
        let mut rows = vec![row([
            "parameter",
            "shape",
            "count",
            "prior",
            "posterior",
            "estimator",
        ])];
        for parameter in &self.parameters {
            let mark = if parameter.remark.is_some() { " *" } else { "" };
            rows.push(vec![
                parameter.name.clone(),
                format!("{:?}", parameter.shape),
                thousands(parameter.count),
                parameter.prior.clone().unwrap_or("-".into()),
                parameter.posterior.clone(),
                parameter
                    .estimator
                    .as_ref()
                    .map_or("-".into(), |e| format!("{e}{mark}")),
            ]);
        }
        shorten(&mut rows, 5, 12, width);
        let written = number_long(&mut rows, 3, width);
        *out += "\n";
        *out += &table(&rows, &[2], width);
        for (index, prior) in written.iter().enumerate() {
            *out += &wrapped(&format!("  ({})  ", index + 1), prior, width);
        }
        let mut remarks: Vec<&String> = self.parameters.iter().flat_map(|p| &p.remark).collect();
        remarks.dedup();
        for remark in remarks {
            *out += &wrapped("  * ", remark, width);
        }
        let mut files: Vec<&String> = self.parameters.iter().flat_map(|p| &p.from).collect();
        files.sort();
        files.dedup();
        for file in files {
            let these = self
                .parameters
                .iter()
                .filter(|p| p.from.as_ref() == Some(file));
            let names: Vec<&str> = these.map(|p| p.name.as_str()).collect();
            let text = format!("{} start from {file}", names.join(", "));
            *out += &wrapped("  from  ", &text, width);
        }
        if !self.learned.is_empty() && self.parameters.iter().any(|p| p.from.is_some()) {
            let names = self.learned.join(", ");
            let text = format!("{names}: learned, from its own start; no file is read for it");
            *out += &wrapped("        ", &text, width);
        }
    }

    fn not_set(&self, out: &mut String, width: usize) {
        if !self.not_set.is_empty() {
            *out += &wrapped("  not set  ", &self.not_set.join("; "), width);
        }
    }

    fn loss(&self, out: &mut String, width: usize) {
        let (unit, last) = match self.training_examples {
            Some(_) => ("; in nats/example", "at the start"),
            None => ("", "nats at the start"),
        };
        *out += "\n";
        *out += &wrapped("loss  ", &format!("{}{unit}", self.loss), width);
        for remark in &self.remarks {
            *out += &wrapped("  ! ", remark, width);
        }
        let mut rows = vec![row(["term", "form", "scale", last])];
        for term in &self.terms {
            let initial = match (term.initial, term.initial_per_example) {
                (_, Some(value)) | (Some(value), None) => short(value),
                (None, None) => self
                    .initial
                    .nll_per_example
                    .map_or("depends on data".into(), short),
            };
            rows.push(vec![
                term.name.clone(),
                term.form.clone(),
                term.scale_with_numbers.clone(),
                initial,
            ]);
        }
        *out += &table(&rows, &[3], width);
        let mut whys: Vec<(&str, &str)> = Vec::new();
        for term in &self.terms {
            if !whys.contains(&(&term.scale, &term.why)) {
                whys.push((&term.scale, &term.why));
            }
        }
        for (scale, why) in whys {
            *out += &wrapped(&format!("  {scale:<6}  "), why, width);
        }
        for (index, line) in self.lambda_text.iter().enumerate() {
            let head = if index == 0 {
                "  lambda  "
            } else {
                "          "
            };
            *out += &wrapped(head, line, width);
        }
        let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
        for absent in &self.absent {
            match reasons
                .iter_mut()
                .find(|(reason, _)| *reason == absent.reason)
            {
                Some((_, names)) => names.push(&absent.name),
                None => reasons.push((&absent.reason, vec![&absent.name])),
            }
        }
        for (reason, names) in reasons {
            let text = format!("{}: {reason}", names.join(", "));
            *out += &wrapped("  absent  ", &text, width);
        }
    }

    fn start(&self, out: &mut String, width: usize) {
        let line = |out: &mut String, key: &str, text: String| {
            *out += &wrapped(&format!("{key:<8}"), &text, width);
        };
        *out += "\n";
        if self.terms.len() > 1 {
            let parts = &self.initial.parts;
            let names = parts.iter().map(|part| part.name.to_string()).collect();
            let what = join(names, "and");
            let Initial {
                kl,
                temperature,
                annealed,
                ..
            } = self.initial;
            // What is printed as an equation is one.
            let tempered = temperature != 1.0;
            let mut text = match self.initial.kl_per_example {
                Some(value) if tempered => format!(
                    "expected {what} {} = {} · {} nats / N",
                    short(value),
                    show(temperature),
                    short(kl)
                ),
                Some(value) => format!("expected {what} {} = {} nats / N", short(value), short(kl)),
                None if tempered => format!(
                    "expected {what} {} nats, times {} and over N once that is known",
                    short(kl),
                    show(temperature)
                ),
                None => format!(
                    "expected {what} {} nats, over N once that is known",
                    short(kl)
                ),
            };
            let tempered = tempered.then(|| format!("T = {}", show(temperature)));
            let annealed = annealed.then(|| "a taken as 1".to_owned());
            let factors: Vec<String> = tempered.into_iter().chain(annealed).collect();
            if !factors.is_empty() {
                write!(text, ", with {}", join(factors, "and")).expect("writing to a string");
            }
            if parts.len() > 1 {
                let each = parts.iter();
                let each = each.map(|part| format!("{} {}", part.name, short(part.nats)));
                let each = each.collect::<Vec<_>>().join(", ");
                write!(text, " ({each} nats)").expect("writing to a string");
            }
            if parts.iter().any(|part| part.given_latents) {
                text += ", latent variables at their posteriors' middles";
            }
            if let Some(nll) = self.initial.nll_per_example {
                write!(text, "; NLL {} of a network that knows nothing", short(nll))
                    .expect("writing to a string");
            }
            line(out, "start", text);
        }
        if let (true, Some(start)) = (self.terms.len() > 1, self.initial.start_output) {
            let text = match self.initial.prior_output {
                Some(prior) => format!(
                    "root mean square {} under the prior, {} at the start, for inputs of mean square 1",
                    short(prior),
                    short(start)
                ),
                None => format!(
                    "root mean square {} at the start, for inputs of mean square 1; the prior has no \
                     standard deviation",
                    short(start)
                ),
            };
            line(out, "outputs", text);
        }
        if let Some(largest) = self.largest.as_ref().filter(|l| l.weights < l.of) {
            let text = format!(
                "{} has {} of the {} weights with a term, {:.1} %",
                largest.name,
                thousands(largest.weights),
                thousands(largest.of),
                100.0 * largest.weights as f64 / largest.of as f64
            );
            line(out, "largest", text);
        }
        let Step {
            operations,
            trainable,
            memory,
        } = self.step;
        let text = format!(
            "{} operations forward and backward, not counting the estimators' own; {} trainable numbers; \
             {:.0} MiB of memory beside the data, in float32",
            giga(operations),
            thousands(trainable),
            (memory as f64 / f64::from(1 << 20)).ceil()
        );
        line(out, "step", text);
    }
}

/// Puts `(1)` in the place of each text of a column that has no room within `width`; the texts, which differ
/// at their ends.
fn number_long(rows: &mut [Vec<String>], column: usize, width: usize) -> Vec<String> {
    let room = room(rows, column, 8, width);
    let mut long: Vec<String> = Vec::new();
    for row in rows {
        let cell = &mut row[column];
        if cell.chars().count() > room {
            let known = long.iter().position(|other| other == cell);
            let index = known.unwrap_or_else(|| {
                long.push(cell.clone());
                long.len() - 1
            });
            *cell = format!("({})", index + 1);
        }
    }
    long
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.iter().map(ToString::to_string).collect()
}

fn giga(operations: u64) -> String {
    let operations = operations as f64;
    match operations {
        x if x >= 1e9 => format!("{} G", short(x / 1e9)),
        x if x >= 1e6 => format!("{} M", short(x / 1e6)),
        x => thousands(x as usize),
    }
}
