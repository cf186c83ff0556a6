//! The Python module `bnnc._bnnc`: the library's types and functions, as `python/bnnc/` uses them. What a user reads
//! and types is written there; nothing here prints.

mod error;
mod fit;
mod memory;
mod model;
mod pool;
mod run;
mod settings;
mod watched;

use pyo3::prelude::*;

/// The compiled part of the package `bnnc`.
#[pymodule]
mod _bnnc {
    use super::*;
    use std::ffi::OsString;

    #[pymodule_export]
    use memory::{Memory, arrays, table};
    #[pymodule_export]
    use model::Model;
    #[pymodule_export]
    use run::Run;
    #[pymodule_export]
    use settings::settings;

    /// Runs the command line with these arguments, the first of which is the program's name. Returns the exit code.
    #[pyfunction]
    fn command(py: Python, arguments: Vec<OsString>) -> u8 {
        bnnc::cli::built_from(bnnc_commit::commit!());
        py.detach(|| bnnc::cli::code(arguments))
    }

    #[pymodule_init]
    fn init(module: &Bound<PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
