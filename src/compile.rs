//! From a file to a model and how it is fitted: the whole front end in one call.

mod mend;

pub use mend::{Made, mend};

use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::files;
use crate::ir::{self, Facts, Inference, InferenceMethod};
use crate::lint::{self, Policy};
use crate::source::Source;
use crate::syntax;
use crate::translate;
use std::path::Path;
use std::sync::Arc;

/// A compiled model with its source and warnings.
pub struct Compiled {
    /// The file.
    pub source: Arc<Source>,
    /// The model and how it is fitted.
    pub inference: Arc<Inference>,
    /// What is more likely a mistake than a choice, as far as the model alone shows it.
    pub warnings: Vec<Diagnostic>,
}

impl Compiled {
    /// Takes `samples` draws of the weights a step, where a run says so, in place of the model's.
    pub fn draw(&mut self, samples: Option<usize>) {
        if let (Some(samples), Some(inference)) = (samples, Arc::get_mut(&mut self.inference))
            && !inference.method.has_points()
        {
            inference.objective.samples = samples;
        }
    }
}

/// Reads and compiles a model file; `sets` are `--set name=value` pairs.
///
/// # Errors
///
/// `E0601` if it cannot be read; every mistake in it.
pub fn file(path: &Path, sets: &[(String, String)]) -> Result<Compiled> {
    source(read(path)?, sets)
}

/// As [`file()`], by `method` where one is given, whatever the file says.
///
/// # Errors
///
/// As [`file()`].
pub fn file_by_method(
    path: &Path,
    sets: &[(String, String)],
    method: Option<InferenceMethod>,
) -> Result<Compiled> {
    by_method(read(path)?, sets, method)
}

/// Reads a model file.
///
/// # Errors
///
/// `E0601` if it cannot be read.
pub fn read(path: &Path) -> Result<Source> {
    let text = files::written(path).map_err(|error| {
        let title = format!("`{}` cannot be read", path.display());
        Diagnostic::error("E0601", title).note(error.to_string())
    })?;
    Ok(Source {
        name: path.display().to_string(),
        text,
    })
}

/// Compiles a source; files that it names are looked for beside the one that it is named after.
///
/// # Errors
///
/// Every mistake in it: those of its syntax, or else all others.
pub fn source(source: Source, sets: &[(String, String)]) -> Result<Compiled> {
    by_method(source, sets, None)
}

/// As [`source`], by `method` where one is given, whatever the file says.
///
/// # Errors
///
/// As [`source`].
pub fn by_method(
    source: Source,
    sets: &[(String, String)],
    method: Option<InferenceMethod>,
) -> Result<Compiled> {
    let beside = Path::new(&source.name).parent().map(Path::to_owned);
    within(&beside.unwrap_or_default(), source, sets, method)
}

/// As [`by_method`]; files that it names are looked for in `folder`.
///
/// # Errors
///
/// As [`source`].
pub fn within(
    folder: &Path,
    source: Source,
    sets: &[(String, String)],
    method: Option<InferenceMethod>,
) -> Result<Compiled> {
    let parsed =
        syntax::parse(&source).map_err(|messages| match translate::is_python(&source.text) {
            true => vec![python(&source.name)],
            false => messages,
        });
    let inference = parsed.and_then(|file| ir::lower(&file, &source, sets, folder, method));
    let source = Arc::new(source);
    match inference {
        Ok(inference) => Ok(Compiled {
            warnings: lint::run(&inference, &Facts::default(), &Policy::default()),
            source,
            inference: Arc::new(inference),
        }),
        Err(messages) => Err(Failure::new(messages, source)),
    }
}

/// The message for a program where a model file is wanted.
fn python(name: &str) -> Diagnostic {
    Diagnostic::error("E0106", format!("{name} is Python, not a model file"))
        .note("bnnc reads what a model is and does not run programs")
        .help(format!(
            "`bnnc translate {name} --out MODEL.bnn` drafts the model file from the program's layers"
        ))
}
