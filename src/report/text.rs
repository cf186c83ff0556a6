//! `bnnc check`: the model at a glance, as text.

use super::check::{AbsentRow, Check, ParameterRow};
use super::table::{room, shorten, table};
use crate::show;
use crate::words::{bytes, counted, distinct, grouped, join, short, thousands, wrapped};

impl Check {
    /// As text, within `width` columns.
    pub fn text(&self, width: usize) -> String {
        let mut out = format!("{}\n", self.model);
        self.head(&mut out, width);
        self.layers(&mut out, width);
        self.parameters(&mut out, width);
        self.loss(&mut out, width);
        self.start(&mut out, width);
        out
    }

    fn head(&self, out: &mut String, width: usize) {
        let b = self.batch_size;
        let line = match (&self.data, self.training_examples) {
            (Some(data), Some(n)) => {
                let last = match n % b {
                    0 => String::new(),
                    rest => format!(", the last of {rest}"),
                };
                let aside = match self.validation_examples {
                    0 => String::new(),
                    aside => format!(" ({} more set aside)", thousands(aside)),
                };
                let batches = counted(n.div_ceil(b), "minibatch", "minibatches");
                let n = thousands(n);
                format!("{data}: N = {n} training examples{aside}, {batches} of B = {b}{last}")
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
        rows.extend(self.layers.iter().map(|layer| {
            let weights = Some(layer.weights).filter(|n| *n > 0);
            let weights = weights.map_or(String::new(), thousands);
            let shape = format!("{:?}", layer.shape);
            row([&layer.name, &layer.layer, &shape, &weights])
        }));
        *out += "\n";
        *out += &table(&rows, &[3], width);
    }

    fn parameters(&self, out: &mut String, width: usize) {
        let heads = [
            "parameter",
            "shape",
            "count",
            "prior",
            "posterior",
            "estimator",
        ];
        let mut rows = vec![row(heads)];
        rows.extend(self.parameters.iter().map(|parameter| {
            let mark = if parameter.remark.is_some() { " *" } else { "" };
            let estimator = parameter.estimator.as_ref();
            let estimator = estimator.map_or("-".into(), |estimator| format!("{estimator}{mark}"));
            let (shape, count) = (format!("{:?}", parameter.shape), thousands(parameter.count));
            let prior = parameter.prior.as_deref().unwrap_or("-");
            row([
                &parameter.name,
                &shape,
                &count,
                prior,
                &parameter.posterior,
                &estimator,
            ])
        }));
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
        let mut pretrained: Vec<&ParameterRow> = self.parameters.iter().collect();
        pretrained.retain(|parameter| parameter.from.is_some());
        let mut files = grouped(&pretrained, |parameter| &parameter.from);
        files.sort_by_key(|(file, _)| *file);
        for (file, parameters) in &files {
            let names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
            let file = file.as_deref().unwrap_or_default();
            let text = format!("{} start from {file}", names.join(", "));
            *out += &wrapped("  from  ", &text, width);
        }
        if !self.learned.is_empty() && !files.is_empty() {
            let names = self.learned.join(", ");
            let text = format!("{names}: learned, from its own start; no file is read for it");
            *out += &wrapped("        ", &text, width);
        }
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
        let nll = self.initial.nll_per_example;
        rows.extend(self.terms.iter().map(|term| {
            let (nll, unknown) = match term.name.as_str() {
                "nll" => (nll, "depends on data"),
                _ => (None, "takes too long"),
            };
            let initial = term.initial_per_example.or(term.initial).or(nll);
            let initial = initial.map_or(unknown.into(), short);
            row([&term.name, &term.form, &term.scale_with_numbers, &initial])
        }));
        *out += &table(&rows, &[3], width);
        for (scale, why) in distinct(self.terms.iter().map(|term| (&term.scale, &term.why))) {
            *out += &wrapped(&format!("  {scale:<6}  "), why, width);
        }
        for (index, line) in self.lambda_text.iter().enumerate() {
            let head = if index == 0 { "lambda" } else { "" };
            *out += &wrapped(&format!("  {head:<6}  "), line, width);
        }
        let absent: Vec<&AbsentRow> = self.absent.iter().collect();
        for (reason, rows) in grouped(&absent, |absent| &absent.reason) {
            let names: Vec<&str> = rows.iter().map(|absent| absent.name.as_str()).collect();
            *out += &wrapped(
                "  absent  ",
                &format!("{}: {reason}", names.join(", ")),
                width,
            );
        }
    }

    fn start(&self, out: &mut String, width: usize) {
        *out += "\n";
        let mut line = |key: &str, text: &str| *out += &wrapped(&format!("{key:<8}"), text, width);
        if self.terms.len() > 1 {
            line("start", &self.terms_at_the_start());
        }
        if let (true, Some(start)) = (self.terms.len() > 1, self.initial.start_output) {
            let start = format!("{} at the start, for inputs of mean square 1", short(start));
            let text = match self.initial.prior_output {
                Some(prior) => format!("{} under the prior, {start}", short(prior)),
                None => format!("{start}; the prior has no standard deviation"),
            };
            line("outputs", &format!("root mean square {text}"));
        }
        if let Some(largest) = self.largest.as_ref().filter(|l| l.weights < l.of) {
            let (weights, of) = (thousands(largest.weights), thousands(largest.of));
            let share = 100.0 * largest.weights as f64 / largest.of as f64;
            let name = &largest.name;
            line(
                "largest",
                &format!("{name} has {weights} of the {of} weights with a term, {share:.1} %"),
            );
        }
        let text = format!(
            "{} operations forward and backward, not counting the estimators' own; {} trainable numbers; \
             {} of memory beside the data, in float32",
            giga(self.step.operations),
            thousands(self.step.trainable),
            bytes(self.step.memory.max(1 << 20))
        );
        line("step", &text);
    }

    /// What the terms of the parameters come to before the first step.
    fn terms_at_the_start(&self) -> String {
        let initial = &self.initial;
        let parts = &initial.parts;
        let names = parts.iter().map(|part| part.name.to_string()).collect();
        let (kl, t) = (short(initial.kl), show(initial.temperature));
        let tempered = initial.temperature != 1.0;
        let per_example = initial.kl_per_example.map(short);
        // What is printed as an equation is one.
        let value = match per_example {
            Some(value) if tempered => format!("{value} = {t} · {kl} nats / N"),
            Some(value) => format!("{value} = {kl} nats / N"),
            None if tempered => format!("{kl} nats, times {t} and over N once that is known"),
            None => format!("{kl} nats, over N once that is known"),
        };
        let mut text = format!("expected {} {value}", join(names, "and"));
        let tempered = tempered.then(|| format!("T = {t}"));
        let annealed = initial.annealed.then(|| "a taken as 1".to_owned());
        let factors: Vec<String> = tempered.into_iter().chain(annealed).collect();
        if !factors.is_empty() {
            text += &format!(", with {}", join(factors, "and"));
        }
        if parts.len() > 1 {
            let each = parts
                .iter()
                .map(|part| format!("{} {}", part.name, short(part.nats)));
            text += &format!(" ({} nats)", each.collect::<Vec<_>>().join(", "));
        }
        if parts.iter().any(|part| part.given_latents) {
            text += ", latent variables at their posteriors' middles";
        }
        let nll = initial.nll_per_example.map(short);
        text.extend(nll.map(|nll| format!("; NLL {nll} of a network that knows nothing")));
        text
    }
}

/// Puts `(1)` in the place of each text of a column that has no room within `width`; the texts, which differ
/// at their ends.
fn number_long(rows: &mut [Vec<String>], column: usize, width: usize) -> Vec<String> {
    let room = room(rows, column, 8, width);
    let cells = rows.iter().map(|row| row[column].clone());
    let long = distinct(cells.filter(|cell| cell.chars().count() > room));
    for row in rows {
        if let Some(index) = long.iter().position(|text| *text == row[column]) {
            row[column] = format!("({})", index + 1);
        }
    }
    long
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(String::from).to_vec()
}

fn giga(operations: u64) -> String {
    let operations = operations as f64;
    match operations {
        x if x >= 1e9 => format!("{} G", short(x / 1e9)),
        x if x >= 1e6 => format!("{} M", short(x / 1e6)),
        x => thousands(x as usize),
    }
}
