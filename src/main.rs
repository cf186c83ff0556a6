//! `bnnc`: arguments to the library, its answer to the terminal, its verdict to the exit code.

fn main() -> std::process::ExitCode {
    bnnc::cli::main(bnnc_commit::commit!())
}
