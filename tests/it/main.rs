//! What a user sees, tested through the library and the command.

mod docs;
mod estimators;
mod gradients;
mod oracle;
mod support;
mod syntax;
