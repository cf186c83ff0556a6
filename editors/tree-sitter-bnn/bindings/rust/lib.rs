//! The tree-sitter grammar of bnnc's model files, for editors and other programs that read syntax trees.
//!
//! ```ignore
//! let mut parser = tree_sitter::Parser::new();
//! parser.set_language(&tree_sitter_bnn::LANGUAGE.into())?;
//! let tree = parser.parse("model m", None);
//! ```
#![allow(
    unsafe_code,
    reason = "the parser is C: its one function is declared and handed on"
)]

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_bnn() -> *const ();
}

/// The grammar.
// SAFETY: the function is the one that `src/parser.c` defines, and it has this type.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_bnn) };

/// Which colour a node has, as a query.
pub const HIGHLIGHTS_QUERY: &str = include_str!("../../queries/highlights.scm");

/// What can be folded, as a query.
pub const FOLDS_QUERY: &str = include_str!("../../queries/folds.scm");
