//! Names, constants and arguments: what can be said of a file without knowing a shape.
//!
//! Nothing here stops at the first mistake: every function reports into [`Messages`] and returns
//! `None`, and whatever depends on that `None` stays silent, so that one mistake makes one message.

pub mod arguments;
pub mod constants;
pub mod expression;
mod messages;
pub mod words;

pub use arguments::{Bound, Given, bind};
pub use constants::Constants;
pub use expression::{Fans, Scope, number};
pub use messages::{Messages, Use};
