//! `bnnc diff` for a person: a fact a line, what changes alike in one.

use super::{Change, Diff, Section, Totals, What};
use crate::check::words::{count, join};
use crate::ir::Role;
use crate::report::table::{short, thousands};

/// The sections by their headings, in order.
const HEADINGS: [(Section, &str); 9] = [
    (Section::Data, "data"),
    (Section::Network, "network"),
    (Section::Parameters, "parameters"),
    (Section::Latents, "latent variables"),
    (Section::Learned, "learned numbers"),
    (Section::Likelihood, "likelihood"),
    (Section::Objective, "objective"),
    (Section::Loss, "loss"),
    (Section::Run, "run"),
];

/// The longest list of names that stands in one line with what it is of.
const NAMES: usize = 34;

/// What changes alike.
struct Row<'a> {
    change: &'a Change,
    /// The subjects, in order.
    of: Vec<&'a Change>,
}

/// A line: `  hidden.kernel  prior  Normal(0, 1) -> Normal(0, 2)`.
struct Line {
    mark: char,
    subject: String,
    field: &'static str,
    before: String,
    after: Option<String>,
    /// Below it.
    more: Vec<String>,
}

impl Diff {
    /// As text, within `width` columns.
    pub fn text(&self, width: usize) -> String {
        let [a, b] = &self.models;
        let mut out = match (self.same, a == b) {
            (true, true) => "the same model\n".into(),
            (true, false) => format!("the same model, under two names: {a} and {b}\n"),
            (false, _) => format!("{a} -> {b}\n"),
        };
        if self.changes.is_empty() {
            return out;
        }
        for (section, heading) in HEADINGS {
            let rows = rows(
                self.changes
                    .iter()
                    .filter(|change| change.section == section),
            );
            if !rows.is_empty() {
                out += &format!("\n{heading}\n");
                let lines: Vec<Line> = rows.iter().map(|row| self.line(row)).collect();
                out += &set(&lines, width);
            }
        }
        let totals = totals(&self.totals, &self.weighted);
        if !totals.is_empty() {
            out += "\ntotals\n";
            out += &set(&totals, width);
        }
        out
    }

    fn line(&self, row: &Row) -> Line {
        let change = row.change;
        let (subject, names) = self.subject(row);
        let mut more: Vec<String> = names.into_iter().collect();
        more.extend(change.note.clone());
        let (mark, before, after) = match (change.what, &change.before, &change.after) {
            (What::Added, _, Some(after)) => ('+', after.clone(), None),
            (What::Removed, Some(before), _) => ('-', before.clone(), None),
            (_, before, after) => (' ', before.clone().unwrap_or_default(), after.clone()),
        };
        // Layers that the language counts are told together.
        let (before, after) = match change.field {
            "number" if row.of.len() > 1 => {
                let moves = row.of.iter().filter_map(|c| {
                    Some(format!("{} -> {}", c.before.as_ref()?, c.after.as_ref()?))
                });
                (moves.collect::<Vec<_>>().join(", "), None)
            }
            _ => (before, after),
        };
        Line {
            mark,
            subject,
            field: change.field,
            before,
            after,
            more,
        }
    }

    /// What a line is of, and the names where there is no room for them.
    fn subject(&self, row: &Row) -> (String, Option<String>) {
        let names: Vec<&str> = row
            .of
            .iter()
            .map(|change| change.subject.as_str())
            .collect();
        if row.change.field == "number" && names.len() > 1 {
            return (count(names.len(), "layer", "layers"), None);
        }
        let joined = names.join(", ");
        if names.len() == 1 {
            return (joined, None);
        }
        let of = |role: Role| row.of.iter().filter(|c| c.role == Some(role)).count();
        let (kernels, biases) = (of(Role::Kernel), of(Role::Bias));
        let whole = kernels + biases == names.len();
        let changed = row.change.what == What::Changed;
        match [kernels, biases] {
            all if changed && whole && all == self.common && kernels > 0 && biases > 0 => {
                return ("every kernel and bias".into(), None);
            }
            [n, 0] if changed && whole && n == self.common[0] => {
                return ("every kernel".into(), None);
            }
            [0, n] if changed && whole && n == self.common[1] => {
                return ("every bias".into(), None);
            }
            _ if joined.chars().count() <= NAMES => return (joined, None),
            _ => {}
        }
        let what = match (row.change.section, kernels, biases) {
            (_, n, 0) if n == names.len() => "kernels",
            (_, 0, n) if n == names.len() => "biases",
            (Section::Network, ..) => "layers",
            (Section::Latents, ..) => "latent variables",
            _ => "parameters",
        };
        (format!("{} {what}", names.len()), Some(joined))
    }
}

/// Changes that are alike, each kind once.
fn rows<'a>(changes: impl Iterator<Item = &'a Change>) -> Vec<Row<'a>> {
    let mut rows: Vec<Row> = Vec::new();
    for change in changes {
        let alike = |row: &&mut Row| {
            let other = row.change;
            let numbers = change.field == "number" && other.field == "number";
            let values = (other.field, &other.before, &other.after)
                == (change.field, &change.before, &change.after)
                && (other.what, &other.note) == (change.what, &change.note)
                // One that comes or goes has a line, but for its term.
                && (change.what == What::Changed || change.section == Section::Loss)
                && change.role.is_some() == other.role.is_some()
                && !matches!(change.section, Section::Objective | Section::Data | Section::Run);
            numbers || values
        };
        match rows.iter_mut().find(alike) {
            Some(row) => row.of.push(change),
            None => rows.push(Row {
                change,
                of: vec![change],
            }),
        }
    }
    rows
}

fn totals(totals: &Totals, [first, second]: &[Vec<&str>; 2]) -> Vec<Line> {
    let names = |words: &[&str]| join(words.iter().map(ToString::to_string).collect(), "and");
    let (before, after) = (names(first), names(second));
    let what = match (first.is_empty(), second.is_empty()) {
        _ if before == after => after,
        (true, _) => after,
        (_, true) => before,
        _ => format!("{before}, now {after},"),
    };
    let mut lines = Vec::new();
    let mut line = |subject: &str, values: [String; 2]| {
        let [before, after] = values;
        if before != after {
            lines.push(Line {
                mark: ' ',
                subject: subject.into(),
                field: "",
                before,
                after: Some(after),
                more: vec![],
            });
        }
    };
    let number = |n: usize| thousands(n as u64);
    line("random weights", totals.random_weights.map(number));
    line("trainable numbers", totals.trainable.map(number));
    let nats = |kl: Option<f64>| kl.map_or("not known".into(), |kl| format!("{} nats", short(kl)));
    line(
        &format!("expected {what} at the start"),
        totals.initial_kl.map(nats),
    );
    line(
        "weight of the KL, lambda",
        totals.lambda.map(|lambda| lambda.to_string()),
    );
    lines
}

/// Subjects and fields in columns; what does not fit beside them in lines below each other.
fn set(lines: &[Line], width: usize) -> String {
    let widest = |of: &dyn Fn(&Line) -> usize| lines.iter().map(of).max().unwrap_or(0);
    let subjects = widest(&|line| line.subject.chars().count()).min(NAMES);
    let fields = widest(&|line| line.field.len());
    let mut indent = 4 + subjects + 2;
    if fields > 0 {
        indent += fields + 2;
    }
    let room = width.saturating_sub(indent).max(24);
    let mut out = String::new();
    for line in lines {
        let mut head = format!("  {} {:<subjects$}  ", line.mark, line.subject);
        if fields > 0 {
            head += &format!("{:<fields$}  ", line.field);
        }
        let mut texts = Vec::new();
        match &line.after {
            Some(after) => {
                let whole = format!("{} -> {after}", line.before);
                match whole.chars().count() <= room {
                    true => texts.push(whole),
                    false => texts.extend([line.before.clone(), format!("-> {after}")]),
                }
            }
            None => texts.push(line.before.clone()),
        }
        texts.extend(line.more.clone());
        let mut parts = Vec::new();
        for text in &texts {
            parts.extend(wrap(text, room));
        }
        if head.chars().count() > indent {
            out += head.trim_end();
            out.push('\n');
            head = " ".repeat(indent);
        }
        for part in parts {
            out += format!("{head}{part}").trim_end();
            out.push('\n');
            head = " ".repeat(indent);
        }
    }
    out
}

/// Lines of up to `room` characters, further ones two in.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let first = lines.len() == 1;
        let last = lines.last_mut().expect("there is a first line");
        let length = last.chars().count();
        if length > 0 && length + 1 + word.chars().count() > room {
            lines.push(format!("  {word}"));
        } else {
            if !(last.is_empty() && first) {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}
