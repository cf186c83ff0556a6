//! Editors' grammars against the language's own: the same words at the same places, of the same kinds.

mod language;
mod textmate;
mod tree_sitter;
