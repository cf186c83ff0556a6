//! What a user sees, tested through the library and the command.

mod cli;
mod conjugate;
mod docs;
mod estimators;
mod explain;
mod front_bad;
mod front_check;
mod front_fuzz;
mod front_ir;
mod gradients;
mod initializers;
mod oracle;
mod real_data;
mod support;
mod syntax;
mod test_part;
mod told;
