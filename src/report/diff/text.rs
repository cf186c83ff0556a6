//! `bnnc diff` for a person: sections with their subjects, and below each the lines that differ.

use super::{Change, Diff};
use crate::words::{grouped, join, short, thousands, wrapped};

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
        let changes: Vec<Change> = self.changes.iter().cloned().chain(self.sums()).collect();
        for section in changes.chunk_by(|x, y| x.section == y.section) {
            out += &format!("\n{}\n", section[0].section);
            if section[0].section == "names" {
                out += &wrapped("  ", &names(section), width);
                continue;
            }
            let length = |text: &String| text.chars().count();
            let single = section.iter().filter(|change| change.field.is_empty());
            let single = single
                .map(|change| length(&change.subject))
                .max()
                .unwrap_or(0);
            for (subjects, changes) in alike(section) {
                // A subject that has one value needs no line of its own.
                if changes.iter().all(|change| change.field.is_empty()) {
                    for change in changes {
                        let head = format!("{:<single$}", change.subject);
                        out += &lines(change, &head, 0, width);
                    }
                    continue;
                }
                out += &wrapped("  ", &subjects.join(", "), width);
                let fields = changes.iter().map(|change| length(&change.field));
                let room = fields.max().unwrap_or(0);
                for change in changes {
                    out += &lines(change, &format!("{:<room$}", change.field), 2, width);
                }
            }
        }
        out
    }

    /// The totals that differ, as changes.
    fn sums(&self) -> Vec<Change> {
        let totals = &self.totals;
        let nats =
            |kl: Option<f64>| kl.map_or("not known".into(), |kl| format!("{} nats", short(kl)));
        let words = self.weighted.iter().map(ToString::to_string).collect();
        let initial = format!("expected {} at the start", join(words, "and"));
        let sums = [
            ("random weights", totals.random_weights.map(thousands)),
            ("trainable numbers", totals.trainable.map(thousands)),
            (&initial, totals.initial_kl.map(nats)),
        ];
        let differing = sums.iter().filter(|(_, [before, after])| before != after);
        let change = |(subject, [before, after]): &(&str, [String; 2])| {
            Change::new(["totals", subject, ""], Some(before), Some(after))
        };
        differing.map(change).collect()
    }
}

/// Layers under other names: `relu_1 -> relu_2, relu_2 -> relu_3`.
fn names(changes: &[Change]) -> String {
    let name = |name: &Option<String>| name.clone().unwrap_or_default();
    let moves = changes
        .iter()
        .map(|change| format!("{} -> {}", name(&change.before), name(&change.after)));
    moves.collect::<Vec<_>>().join(", ")
}

/// The changes of each subject; subjects whose changes are the same stand together.
fn alike(section: &[Change]) -> Vec<(Vec<&str>, Vec<&Change>)> {
    let changes: Vec<&Change> = section.iter().collect();
    let subjects = grouped(&changes, |change| change.subject.as_str());
    // A subject that has one value stands alone.
    let values = |at: usize| {
        let (subject, changes) = &subjects[at];
        let alone = changes[0].field.is_empty().then_some(*subject);
        let values = changes
            .iter()
            .map(|change| (&change.field, &change.before, &change.after));
        (alone, values.collect::<Vec<_>>())
    };
    let all: Vec<usize> = (0..subjects.len()).collect();
    let groups = grouped(&all, values).into_iter().map(|(_, alike)| {
        let names = alike.iter().map(|at| subjects[*at].0);
        (names.collect(), subjects[alike[0]].1.clone())
    });
    groups.collect()
}

/// `prior  Normal(0, 1) -> Normal(0, 2)`, or two lines where one is too narrow.
fn lines(change: &Change, field: &str, indent: usize, width: usize) -> String {
    let head = |mark: &str| format!("{:indent$}  {mark} {field}  ", "");
    let (before, after) = (change.before.as_deref(), change.after.as_deref());
    if let (Some(before), Some(after)) = (before, after) {
        let line = format!("{}{before} -> {after}", head(" "));
        if line.chars().count() <= width {
            return line + "\n";
        }
    }
    let before = before.map(|text| wrapped(&head("-"), text, width));
    let after = after.map(|text| wrapped(&head("+"), text, width));
    before.unwrap_or_default() + &after.unwrap_or_default()
}
