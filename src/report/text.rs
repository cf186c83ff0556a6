//! `bnnc check`: the model at a glance, as text.

use super::check::{AbsentRow, Check, ParameterRow};
use super::columns;
use super::table::{room, shorten, table};
use crate::ir::is_data_term;
use crate::show;
use crate::words::{bytes, counted, distinct, grouped, join, short, thousands, wrapped};

impl Check {
    /// As text, within `width` columns: the loss first, then what it is of.
    pub fn text(&self, width: usize) -> String {
        let mut out = format!("{}\n", self.model);
        self.head(&mut out, width);
        self.loss(&mut out, width);
        self.start(&mut out, width);
        self.layers(&mut out, width);
        self.parameters(&mut out, width);
        self.cost(&mut out, width);
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
                let batches = counted(n.div_ceil(b), "batch", "batches");
                let n = thousands(n);
                let counted = self.counted.as_ref();
                let counted = counted.map_or(String::new(), |counted| counted.to_string());
                format!(
                    "{data}: N = {n} training examples{counted}{aside}, {batches} of B = {b}{last}"
                )
            }
            _ => format!("no data named: N is not known, B = {b}  (--data NAME gives the numbers)"),
        };
        *out += &wrapped("  ", &line, width);
        if let Some(chosen) = &self.chosen {
            *out += &wrapped("  ", chosen, width);
        }
        if let Some(columns) = &self.columns {
            for line in columns::lines(columns) {
                *out += &wrapped("  ", &line, width);
            }
            *out += &columns::table(&columns::decided(columns), "  ", width);
        }
        for line in &self.taken {
            *out += &wrapped("  ", line, width);
        }
        for (columns, taken) in &self.others {
            *out += &columns::of_other_target(columns.as_ref(), taken, "  ", width);
        }
        for (name, value) in &self.set {
            *out += &format!("  set  {name} = {value}\n");
        }
        if let Some(path) = &self.run_file {
            *out += &format!("  run file  {path}\n");
        }
    }

    /// The layers as rows of texts, the first the names of the columns, the last column numbers.
    pub fn layer_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![row(["layer", "", "shape", "weights"])];
        rows.extend(self.fold().layers(&self.layers).iter().map(|layer| {
            let weights = Some(layer.weights).filter(|n| *n > 0);
            let weights = weights.map_or(String::new(), thousands);
            let shape = format!("{:?}", layer.shape);
            row([&layer.name, &layer.layer, &shape, &weights])
        }));
        rows
    }

    fn layers(&self, out: &mut String, width: usize) {
        *out += "\n";
        *out += &table(&self.layer_rows(), &[3], width);
        if self.is_folded() {
            let told = "the layers of blocks and repeats, each by itself: --layers";
            *out += &wrapped("  ", told, width);
        }
        for reused in self.fold().reused(&self.reused) {
            *out += &wrapped("  reuse  ", &reused.text(), width);
        }
    }

    /// The parameters as [`Check::layer_rows`] has layers; the third column has numbers.
    pub fn parameter_rows(&self) -> Vec<Vec<String>> {
        let heads = [
            "parameter",
            "shape",
            "count",
            "prior",
            "posterior",
            "estimator",
        ];
        let mut rows = vec![row(heads)];
        let shown = self.fold().parameters(&self.parameters);
        rows.extend(shown.iter().map(|(parameter, times)| {
            let mark = if parameter.remark.is_some() { " *" } else { "" };
            let estimator = parameter.estimator.as_ref();
            let estimator = estimator.map_or("-".into(), |estimator| format!("{estimator}{mark}"));
            let count = thousands(parameter.count);
            let shape = match times {
                1 => format!("{:?}", parameter.shape),
                times => format!("{times} tensors"),
            };
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
        rows
    }

    fn parameters(&self, out: &mut String, width: usize) {
        let mut rows = self.parameter_rows();
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
        let all: Vec<&ParameterRow> = self.parameters.iter().collect();
        for (largest, parameters) in grouped(&all, |parameter| parameter.largest_scale) {
            let Some(largest) = largest else { continue };
            let mut same = all
                .iter()
                .filter(|p| p.posterior == parameters[0].posterior);
            let of = match same.all(|p| p.largest_scale == Some(largest)) {
                true => format!("every {}", parameters[0].posterior),
                false => {
                    let names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
                    join(self.fold().names(&names), "and")
                }
            };
            let text = format!("at most {} after each step, of {of}", show(largest));
            *out += &wrapped("  scale  ", &text, width);
        }
        let mut pretrained = all;
        pretrained.retain(|parameter| parameter.from.is_some());
        let mut files = grouped(&pretrained, |parameter| &parameter.from);
        files.sort_by_key(|(file, _)| *file);
        for (file, parameters) in &files {
            let names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
            let file = file.as_deref().unwrap_or_default();
            let text = format!("{} start from {file}", self.fold().names(&names).join(", "));
            *out += &wrapped("  from  ", &text, width);
            let told = parameters.iter().filter(|p| p.from_tensor.is_some());
            let longest = told.clone().map(|p| p.name.chars().count()).max();
            for parameter in told {
                let tensor = parameter.from_tensor.as_deref().unwrap_or_default();
                let (name, longest) = (&parameter.name, longest.unwrap_or_default());
                let head = format!("        {name:longest$}  from ");
                *out += &wrapped(&head, tensor, width);
            }
        }
        for unread in &self.unread {
            *out += &wrapped("        ", &format!("not read of {unread}"), width);
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
        *out += "\n";
        let head = format!("{}; values expected at the start", self.loss);
        *out += &wrapped("loss  ", &head, width);
        for remark in &self.remarks {
            *out += &wrapped("  ! ", remark, width);
        }
        let mut rows = self.terms_table();
        let most = room(&rows, 1, 8, width);
        let mut long = vec![];
        for row in rows.iter_mut().filter(|row| is_data_term(&row[0])) {
            if most < row[1].chars().count() {
                let target = row[0]
                    .strip_prefix("nll(")
                    .and_then(|name| name.strip_suffix(')'));
                let target = target.unwrap_or("target").to_owned();
                let form = row[1].trim_start_matches("-log ").to_owned();
                row[1] = format!("-log p({target})");
                long.push(format!("p({target}) is {form}"));
            }
        }
        *out += &table(&rows, &[3, 4], width);
        let mut line = |key: &str, text: &str| {
            *out += &wrapped(&format!("  {key:<6}  "), text, width);
        };
        let at_start = match self.initial.nll_per_example {
            Some(_) => "at the start that of a network that knows nothing",
            None => "at the start it depends on the data",
        };
        long.push(at_start.into());
        line("nll", &long.join("; "));
        for (scale, why) in distinct(self.terms.iter().map(|term| (&term.scale, &term.why))) {
            line(scale, why);
        }
        for (index, text) in self.lambda_text.iter().enumerate() {
            line(if index == 0 { "lambda" } else { "" }, text);
        }
        let absent: Vec<&AbsentRow> = self.absent.iter().collect();
        for (reason, rows) in grouped(&absent, |absent| &absent.reason) {
            let names: Vec<&str> = rows.iter().map(|absent| absent.name.as_str()).collect();
            let names = self.fold().names(&names).join(", ");
            line("absent", &format!("{names}: {reason}"));
        }
    }

    /// The terms and what they add up to: in nats, of the whole data set and of an example.
    pub fn terms_table(&self) -> Vec<Vec<String>> {
        let n = self.training_examples;
        let initial = &self.initial;
        let cell = |value: Option<f64>| value.map_or(String::new(), nats);
        let each = |value: Option<f64>| value.map_or(String::new(), short);
        let unknown = || match n {
            Some(_) => "takes too long".into(),
            None => "?".into(),
        };
        let whole = |per_example: Option<f64>| Some(per_example? * n? as f64);
        let mut rows = vec![row(["term", "form", "scale", "nats", "nats/example"])];
        let shown = self.fold().terms(&self.terms);
        rows.extend(shown.iter().map(|(term, times)| {
            let (all, one) = match is_data_term(&term.name) {
                true => (
                    cell(whole(term.uninformed)),
                    term.uninformed.map_or("?".into(), short),
                ),
                false => (
                    term.initial.map_or_else(unknown, nats),
                    each(term.initial_per_example),
                ),
            };
            let form = match times {
                1 => term.form.clone(),
                times => format!("{} ({times} terms)", term.form),
            };
            row([&term.name, &form, &term.scale_with_numbers, &all, &one])
        }));
        let mut weights = self
            .terms
            .iter()
            .filter(|term| !is_data_term(&term.name))
            .peekable();
        if weights.peek().is_none() || !weights.all(|term| term.initial.is_some()) {
            return rows;
        }
        for part in initial.parts.iter().filter(|part| part.terms > 1) {
            let one = n.map(|n| initial.temperature * part.nats / n as f64);
            let name = match part.name.strip_suffix('y') {
                Some(stem) => format!("sum of {stem}ies"),
                None => format!("sum of {}s", part.name),
            };
            rows.push(row([&name, "", "", &nats(part.nats), &each(one)]));
        }
        if let (Some(nll), Some(weights)) = (initial.nll_per_example, initial.kl_per_example) {
            let loss = Some(nll + weights);
            let all = if initial.temperature == 1.0 {
                cell(whole(loss))
            } else {
                String::new()
            };
            rows.push(row(["loss", "", "", &all, &each(loss)]));
        }
        rows
    }

    fn start(&self, out: &mut String, width: usize) {
        let mut line = |key: &str, text: &str| {
            *out += &wrapped(&format!("  {key:<6}  "), text, width);
        };
        if self.terms.iter().all(|term| is_data_term(&term.name)) {
            return;
        }
        if let Some(text) = self.weighted_at_the_start() {
            line("start", &text);
        }
        if let Some(start) = self.initial.start_output {
            let given = "for inputs of mean square 1";
            let start = near(start);
            let text = match self.initial.prior_output {
                Some(prior) => format!(
                    "under the prior, outputs have a standard deviation near {}; at the start, near {start} ({given})",
                    near(prior)
                ),
                None => format!(
                    "at the start, outputs have a standard deviation near {start} ({given}); under the prior they have none"
                ),
            };
            line("output", &text);
        }
        if let Some(largest) = self.largest.as_ref().filter(|l| l.weights < l.of) {
            let share = 100.0 * largest.weights as f64 / largest.of as f64;
            let name = &largest.name;
            let text = format!("{name} has {share:.1} % of the weights that have a term");
            line("most", &text);
        }
    }

    /// What a step of training takes.
    fn cost(&self, out: &mut String, width: usize) {
        let kept = match self.step.kept {
            0 => String::new(),
            kept => format!(" and {} that are kept, not trained", thousands(kept)),
        };
        let text = format!(
            "{} operations forward and backward, not counting the estimators' own; {} trainable numbers{kept}; \
             {} of memory beside the data, in float32",
            giga(self.step.operations),
            thousands(self.step.trainable),
            bytes(self.step.memory.max(1 << 20))
        );
        *out += "\n";
        *out += &wrapped("step    ", &text, width);
    }

    /// How the terms of the weights come to their share of an example, where that is not their sum over N.
    fn weighted_at_the_start(&self) -> Option<String> {
        let initial = &self.initial;
        let parts = &initial.parts;
        let mut said = vec![];
        let t = show(initial.temperature);
        if initial.temperature != 1.0 {
            let names = parts.iter().map(|part| part.name.to_string()).collect();
            let names = join(names, "and");
            let kl = nats(initial.kl);
            // What is printed as an equation is one.
            said.push(match initial.kl_per_example.map(short) {
                Some(value) => format!("{names} {value} = {t} · {kl} nats / N"),
                None => format!("{names} {t} · {kl} nats / N, once N is known"),
            });
        }
        let tempered = (initial.temperature != 1.0).then(|| format!("T = {t}"));
        let annealed = initial.annealed.then(|| "a taken as 1".to_owned());
        let factors: Vec<String> = tempered.into_iter().chain(annealed).collect();
        if !factors.is_empty() {
            said.push(format!("with {}", join(factors, "and")));
        }
        if parts.iter().any(|part| part.given_latents) {
            said.push("latent variables at their posteriors' middles".into());
        }
        (!said.is_empty()).then(|| said.join(", "))
    }
}

/// Nats of a whole data set: to the nat from 1,000 on.
fn nats(value: f64) -> String {
    match value.abs() {
        1e3..1e12 => {
            let sign = if value < 0.0 { "-" } else { "" };
            format!("{sign}{}", thousands(value.abs().round() as usize))
        }
        _ => short(value),
    }
}

/// A size that is worked out roughly, in three digits: `215,000`, `3.80`.
fn near(value: f64) -> String {
    match value.abs() {
        1e3..1e12 => {
            let step = 10f64.powf(value.log10().floor() - 2.0);
            thousands(((value / step).round() * step).round() as usize)
        }
        100.0..1e3 => format!("{value:.0}"),
        10.0..100.0 => format!("{value:.1}"),
        0.1..10.0 => format!("{value:.2}"),
        _ => short(value),
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
