//! A model of Keras, TensorFlow Probability or PyTorch to the draft of a model file. The program is read, never run:
//! what is not a stack of layers with numbers in it stands as a comment in the draft.

mod arguments;
mod draft;
mod layers;
mod module;
mod parser;
mod program;
mod recurrent;
mod statements;
mod tokens;

use crate::diagnostic::Diagnostic;
use crate::source::Source;

/// A model file that a program was translated to.
#[derive(Debug)]
pub struct Draft {
    /// The model file.
    pub text: String,
    /// What was not translated, or was guessed, and its line and column in the program if it has a place there.
    pub notes: Vec<(Option<(usize, usize)>, String)>,
    /// `--epochs 10`: how the program trains, as flags of `bnnc train`.
    pub flags: Vec<String>,
}

/// Whether a text that is no model file is Python.
pub fn is_python(text: &str) -> bool {
    const PARTS: &[&str] = &[
        "Sequential(",
        "tf.keras.",
        "keras.layers.",
        "tfp.layers.",
        "torch.nn.",
        "nn.Linear(",
    ];
    let mut lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or("").trim());
    let is_ours = |line: &str| line.starts_with("network") || line.starts_with("observe ");
    let is_theirs = |line: &str| match line.split_whitespace().next() {
        Some("import") => true,
        Some("from") => line.contains(" import "),
        Some("def" | "class") => line.ends_with(':'),
        _ => PARTS.iter().any(|part| line.contains(part)),
    };
    lines.clone().any(is_theirs) && !lines.any(is_ours)
}

/// Translates a program.
///
/// # Errors
///
/// `E0107` where it has no stack of layers.
pub fn translate(source: &Source) -> Result<Draft, Diagnostic> {
    let program = program::read(&source.text);
    if program.layers.is_empty() {
        return Err(
            Diagnostic::error("E0107", format!("no layers are found in {}", source.name))
                .note("read are `Sequential([…])`, `model.add(…)`, layers called one after another, `x = Dense(10)(x)`, and a `forward` that calls them so")
                .help("write the layers of the model as a Sequential, or the model file by hand: `bnnc list layers`"),
        );
    }
    Ok(draft::write(source, &program))
}

#[cfg(test)]
mod tests;
