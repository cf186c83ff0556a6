//! Words of other tools, and what is written here instead.

mod layers;
mod words;

pub use layers::{
    Activation, LayerWord, activation, is_input_width, known_layer, layer, order, plain,
};
use words::{KL_WEIGHT, WORDS};

/// What is said of a word that another tool has.
pub struct Elsewhere {
    /// Of the error that the word is, which is where it stands; [`ANYWHERE`] of a word that may be any.
    code: &'static str,
    /// As they are written there, in small letters.
    theirs: &'static [&'static str],
    /// The word here that stands in its place, if there is one.
    pub ours: Option<&'static str>,
    /// What to write.
    pub help: &'static str,
}

/// The code of words that may stand in any place.
const ANYWHERE: &str = "";

/// What another tool's word is here, where these words are known.
pub fn find(code: &str, word: &str, known: &[&str]) -> Option<&'static Elsewhere> {
    let word = word.to_lowercase();
    let mut all = WORDS.iter();
    all.find(|entry| {
        [code, ANYWHERE].contains(&entry.code)
            && entry.theirs.contains(&word.as_str())
            && entry.ours.is_none_or(|ours| known.contains(&ours))
    })
}

/// Whether another tool calls what multiplies the KL so.
pub fn is_kl_weight(word: &str) -> bool {
    KL_WEIGHT.contains(&word.to_lowercase().as_str())
}

/// What is written in the place of another tool's word that begins a line of its own, outside of every block.
pub fn declaration(word: &str) -> Option<&'static str> {
    find("E0212", word, &[]).map(|entry| entry.help)
}

/// What is said of a word that may stand in any place.
pub fn anywhere(word: &str) -> Option<&'static str> {
    find(ANYWHERE, word, &[]).map(|entry| entry.help)
}

/// All that is to be said of a word of other tools; nothing of a word that they do not have.
pub fn helps(word: &str) -> Vec<String> {
    let mut helps: Vec<String> = vec![];
    helps.extend(layer(word).map(|row| format!("here it is `{}`", row.written("(…)"))));
    helps.extend(data_type(word).map(|ours| format!("as a type it is called `{ours}` here")));
    let lower = word.to_lowercase();
    let entries = WORDS
        .iter()
        .filter(|entry| entry.theirs.contains(&lower.as_str()));
    helps.extend(entries.map(|entry| entry.help.to_owned()));
    helps.dedup();
    helps.sort_by_key(|help| !help.starts_with("delete "));
    helps
}

/// Every word of other tools, as messages look for it.
pub fn all() -> impl Iterator<Item = &'static str> {
    WORDS.iter().flat_map(|entry| entry.theirs.iter().copied())
}

/// What a type of another tool is called here.
pub fn data_type(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "categorical" | "class" | "classes" | "label" | "int" | "int32" | "int64" | "integer" => {
            "category"
        }
        "float" | "float32" | "float64" | "double" | "tensor" | "continuous" => "real",
        "bool" | "boolean" => "binary",
        _ => return None,
    })
}
