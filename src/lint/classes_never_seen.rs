//! More classes than the data has labels for: the model gives probability to what never occurs, and
//! the number is more likely another data set's.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::likelihood::{Classes, Summary};

/// `classes-never-seen`
pub struct ClassesNeverSeen;

impl Lint for ClassesNeverSeen {
    fn name(&self) -> &'static str {
        "classes-never-seen"
    }
    fn summary(&self) -> &'static str {
        "the model has more classes than the data has labels"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/classes-never-seen.md")
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let Summary::Classes(Classes {
            probabilities: classes,
        }) = inference.summary()
        else {
            return None;
        };
        let found = facts.classes?;
        let name = &inference.target.name;
        let data = facts.data.as_deref().unwrap_or("the data");
        let title = format!(
            "`{name}` has {classes} classes, and the labels of {data} go from 0 to {}",
            found - 1
        );
        (found < classes).then(|| {
            Diagnostic::warning(self.name(), title)
                .at(
                    inference.observe.span,
                    "gives some probability to every class",
                )
                .help(format!("`target {name}: category[{found}]`"))
        })
    }
}
