//! From source text to a syntax tree: [`parse`], [`ast`] and the tree as text.
//!
//! The grammar is `grammar/bnn.pest`. A file that does not parse gives one message for each item
//! that is wrong, in the words of the language and not of the grammar.

pub mod ast;
mod brackets;
mod build;
mod error;
pub mod follow;
mod parser;
mod python;
mod slip;
mod stand;
mod text;
mod tree;

pub use parser::{KEYWORDS, MAX_NESTING, parse};
pub(crate) use parser::{Rule, recovered};
pub use text::{expression_text, file_text};
pub(crate) use tree::{Tree, tree};
