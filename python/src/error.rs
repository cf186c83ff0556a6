//! Failures as Python's exceptions.

use bnnc::diagnostic::{Diagnostic, Failure, render, to_json};
use bnnc::source::Source;
use pyo3::prelude::*;

/// Gives the answer, or raises `bnnc.Error` with the text that the command line prints.
pub fn raised<V>(py: Python, result: Result<V, Failure>) -> PyResult<V> {
    result.map_err(|failure| {
        let error = error(py, &failure);
        error.unwrap_or_else(|raised| raised)
    })
}

fn error(py: Python, failure: &Failure) -> PyResult<PyErr> {
    let class = py.import("bnnc._error")?.getattr("Error")?;
    let source = failure.source_file.as_deref();
    let messages = to_json(&failure.diagnostics, source).to_string();
    let error = class.call1((text(&failure.diagnostics, source), messages))?;
    Ok(PyErr::from_value(error))
}

/// Messages as the command line prints them, without colours.
pub fn text(messages: &[Diagnostic], source: Option<&Source>) -> String {
    render(messages, source, false).trim_end().to_owned()
}
