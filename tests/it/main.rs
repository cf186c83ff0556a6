//! What a user sees, tested through the library and the command.

mod cli;
mod estimators;
mod gradients;
mod oracle;
mod support;
mod front_ir;
mod syntax;
