//! A block that the network has no use of: its layers are in no network, and so are not checked.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::words::list;

/// `unused-block`
pub struct UnusedBlock;

impl Lint for UnusedBlock {
    fn name(&self) -> &'static str {
        "unused-block"
    }
    fn summary(&self) -> &'static str {
        "a block that the network does not use"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/unused-block.md")
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let unused = &inference.compositions.unused_blocks;
        let (_, first) = unused.first()?;
        let names = list(unused.iter().map(|(name, _)| name));
        let title = match unused.len() {
            1 => format!("the network does not use the block {names}"),
            _ => format!("the network does not use the blocks {names}"),
        };
        let message = Diagnostic::warning(self.name(), title)
            .at(*first, "declared here")
            .note("the layers of a block are checked where it is used")
            .help("use it, or leave it out");
        let others = unused[1..].iter();
        Some(others.fold(message, |message, (_, place)| {
            message.context(*place, "and here")
        }))
    }
}
