//! More classes than the data has labels for, or labels between others that none has: the model gives probability to
//! what never occurs, and the number is more likely another data set's.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::likelihood::{Classes, Summary};

/// At most so many labels are listed.
const MOST_LISTED: usize = 8;

/// `the label 3`, `the labels 3 and 7`; `None` of no label.
fn listed(labels: &[usize]) -> Option<String> {
    let mut shown: Vec<String> = labels
        .iter()
        .take(MOST_LISTED)
        .map(usize::to_string)
        .collect();
    if labels.len() > MOST_LISTED {
        shown.push(format!("{} more", labels.len() - MOST_LISTED));
    }
    match labels.len() {
        0 => None,
        1 => Some(format!("the label {}", labels[0])),
        _ => Some(format!("the labels {}", crate::words::join(shown, "and"))),
    }
}

/// `classes-never-seen`
pub struct ClassesNeverSeen;

impl Lint for ClassesNeverSeen {
    fn name(&self) -> &'static str {
        "classes-never-seen"
    }
    fn summary(&self) -> &'static str {
        "the model has classes of which the data has no example"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/classes-never-seen.md")
    }
    fn looks_at_target(&self) -> bool {
        true
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let Summary::Classes(Classes {
            probabilities: classes,
            ..
        }) = inference.summary()
        else {
            return None;
        };
        let found = facts.classes?;
        let name = &inference.target.name;
        let data = facts.data.as_deref().unwrap_or("the data");
        let absent = listed(&facts.absent_classes);
        let told = |title: String| {
            Diagnostic::warning(self.name(), title).at(
                inference.observe.span,
                "gives some probability to every class",
            )
        };
        match (found < classes, absent) {
            (true, absent) => {
                let last = found - 1;
                let title = format!(
                    "`{name}` has {classes} classes, and the labels of {data} go from 0 to {last}"
                );
                let mut message = told(title);
                if let Some(absent) = absent {
                    message = message.note(format!("between them, no example has {absent}"));
                }
                let kind = inference.target.kind.with_classes(found);
                Some(message.help(format!("`target {name}: {kind}`")))
            }
            (false, Some(absent)) => {
                let title = format!("no training example of {data} has {absent}");
                Some(told(title).help("count the labels that there are from 0 on, without gaps"))
            }
            (false, None) => None,
        }
    }
}
