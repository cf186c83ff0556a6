//! Messages as an editor shows them.

use super::document::Document;
use crate::diagnostic::{Diagnostic, Severity, page};
use crate::lint;
use crate::source::Span;
use crate::train::files::Beside;
use lsp_types::{
    CodeDescription, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString,
    Uri,
};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A longer note is cut off.
const LONGEST_NOTE: usize = 240;

/// Where the pages of messages are kept, so that an editor can open them.
pub(super) struct Pages {
    folder: Option<PathBuf>,
}

impl Pages {
    /// Below the user's folder of caches.
    pub fn new() -> Pages {
        use etcetera::BaseStrategy;
        let base = etcetera::choose_base_strategy().ok();
        let folder = format!("pages-{}", env!("CARGO_PKG_VERSION"));
        Pages {
            folder: base.map(|base| base.cache_dir().join("bnnc").join(folder)),
        }
    }

    /// Nowhere: codes have no links.
    #[cfg(test)]
    pub fn none() -> Pages {
        Pages { folder: None }
    }

    /// The page of a code, written there; none where that is not possible.
    fn link(&self, code: &str) -> Option<CodeDescription> {
        let text = page(code).or_else(|| lint::find(code).map(|lint| lint.page()))?;
        let folder = self.folder.as_ref()?;
        let path = folder.join(format!("{code}.md"));
        if !std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
            std::fs::create_dir_all(folder).ok()?;
            // Servers share the folder: none reads half of what another writes.
            let server = std::process::id().to_string();
            let mut beside = Beside::new(&path, &server).ok()?;
            beside.file.write_all(text.as_bytes()).ok()?;
            beside.finish().ok()?;
        }
        let href = Uri::from_str(&uri_of(&path)).ok()?;
        Some(CodeDescription { href })
    }
}

/// `file:///home/a%20b/m.bnn`
pub(super) fn uri_of(path: &Path) -> String {
    let mut uri = String::from("file://");
    let text = path.display().to_string().replace('\\', "/");
    if !text.starts_with('/') {
        uri.push('/');
    }
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(byte.into());
            }
            _ => uri += &format!("%{byte:02X}"),
        }
    }
    uri
}

/// The path of a `file:` URI; of another, such as that of a file that was never saved, its last part.
pub(super) fn path_of(uri: &Uri) -> PathBuf {
    let text = uri.as_str();
    let (encoded, is_file) = match text.strip_prefix("file://") {
        Some(rest) => (&rest[rest.find('/').unwrap_or(0)..], true),
        None => (text.rsplit(['/', ':']).next().unwrap_or(text), false),
    };
    let bytes = decoded(encoded.as_bytes());
    let path = String::from_utf8_lossy(&bytes).into_owned();
    // `/c:/models/m.bnn`
    let is_drive = cfg!(windows) && is_file && path.as_bytes().get(2) == Some(&b':');
    PathBuf::from(if is_drive { &path[1..] } else { &path })
}

/// Bytes with those that are written as `%20` in their place.
fn decoded(mut rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![];
    while let Some((&first, more)) = rest.split_first() {
        let digits = more.get(..2).and_then(|two| str::from_utf8(two).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let (byte, next) = match (first, code) {
            (b'%', Some(code)) => (code, &more[2..]),
            _ => (first, more),
        };
        bytes.push(byte);
        rest = next;
    }
    bytes
}

/// The messages of a document.
pub(super) fn diagnostics(
    document: &Document,
    uri: &Uri,
    pages: &Pages,
) -> Vec<lsp_types::Diagnostic> {
    let one = |message: &Diagnostic| {
        let range = |span| document.lines.range(&document.text, span);
        let contexts = message.labels.iter().filter(|label| !label.primary);
        let related: Vec<_> = contexts
            .map(|label| DiagnosticRelatedInformation {
                location: Location::new(uri.clone(), range(label.span)),
                message: label.text.clone(),
            })
            .collect();
        lsp_types::Diagnostic {
            range: range(place(message, document)),
            severity: Some(match message.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
            }),
            code: Some(NumberOrString::String(message.code.into())),
            code_description: pages.link(message.code),
            source: Some("bnnc".into()),
            message: text(message),
            related_information: (!related.is_empty()).then_some(related),
            tags: None,
            data: None,
        }
    };
    document.messages.iter().map(one).collect()
}

/// Where a message stands; one about the whole model at its first line.
pub(super) fn place(message: &Diagnostic, document: &Document) -> Span {
    let primary = message.labels.iter().find(|label| label.primary);
    match primary.or(message.labels.first()) {
        Some(label) => label.span,
        None => {
            let text = &document.text;
            let start = text.find("model ").unwrap_or(0);
            let line = text[start..].lines().next().unwrap_or("");
            Span::new(start, start + line.len())
        }
    }
}

/// A message in words: the fact, what the place is, what was found, what to do.
fn text(message: &Diagnostic) -> String {
    let mut text = message.title.clone();
    let primary = message.labels.iter().filter(|label| label.primary);
    for label in primary.filter(|label| !label.text.is_empty()) {
        text += &format!("\n{}", label.text);
    }
    for note in &message.notes {
        // Whole lists of what the language knows: completion offers them.
        let short: String = note.chars().take(LONGEST_NOTE).collect();
        let more = if short.len() < note.len() { "…" } else { "" };
        text += &format!("\nnote: {short}{more}");
    }
    for help in &message.helps {
        text += &format!("\nhelp: {}", help.text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_its_uri() {
        let path = Path::new("/home/a b/ü%.bnn");
        let uri = uri_of(path);
        assert_eq!(uri, "file:///home/a%20b/%C3%BC%25.bnn");
        assert_eq!(path_of(&Uri::from_str(&uri).unwrap()), path);
        let untitled = Uri::from_str("untitled:Untitled-1").unwrap();
        assert_eq!(path_of(&untitled), Path::new("Untitled-1"));
        let host = Uri::from_str("file://localhost/a%zz.bnn");
        assert!(host.is_err() || path_of(&host.unwrap()) == Path::new("/a%zz.bnn"));
    }
}
