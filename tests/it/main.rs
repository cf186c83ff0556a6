//! What a user sees, tested through the library and the command.

mod syntax;
