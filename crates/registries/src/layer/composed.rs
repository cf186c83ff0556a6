//! Layers that are written in the language, of other layers.

use crate::signature::Constants;

/// The value that such a layer takes.
pub const INPUT: &str = "input";

/// The second value that it takes; the first where there is one.
pub const MEMORY: &str = "memory";

/// How long the last axis of its first value is, as the default of an argument.
pub const WIDTH: &str = "width";

/// The text of the block that a layer with these arguments stands for.
pub type Block = fn(&Constants) -> String;
