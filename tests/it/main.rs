//! What a user sees, tested through the library and the command.

mod estimators;
mod gradients;
mod oracle;
mod support;
mod front_ir;
mod syntax;
