//! What a user sees, tested through the library and the command.

mod bench;
mod cli;
mod columns;
mod conjugate;
mod diff;
mod docs;
mod estimators;
mod explain;
mod front_bad;
mod front_check;
mod front_fuzz;
mod front_ir;
mod gradients;
mod hierarchy;
mod initializers;
mod lints;
mod oracle;
mod pages;
mod peers;
mod pretrained;
mod real_data;
mod support;
mod syntax;
mod test_part;
mod told;
mod uci;
