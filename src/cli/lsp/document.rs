//! A model file that is open in an editor, and what is known of it: as it is typed, and when it last had a meaning.

use super::names::Names;
use super::position::{Encoding, Lines};
use crate::compile::{self, Compiled};
use crate::diagnostic::{Diagnostic, Failure};
use crate::exec;
use crate::ir::{self, Facts};
use crate::lint::{self, Policy};
use crate::plan::Plan;
use crate::report::{self, Check};
use crate::source::{Source, Span};
use crate::syntax::{self, ast};
use crate::train;
use crate::train::config::Config;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// A file that is open.
pub(super) struct Document {
    /// Where it lies; the name alone of one that was never saved.
    pub path: PathBuf,
    /// The editor's number of the text.
    pub version: i32,
    /// The text as it is now.
    pub text: String,
    /// Its lines.
    pub lines: Lines,
    /// What is wrong with it, or likely to be.
    pub messages: Vec<Diagnostic>,
    /// The last text that parsed; of a file that never did, the declarations that do.
    pub parsed: Option<Parsed>,
    /// The last text that is a model.
    pub model: Option<Compilation>,
    run: Run,
    encoding: Encoding,
}

/// A text that parsed.
pub(super) struct Parsed {
    /// The text.
    pub text: String,
    /// Its tree.
    pub file: ast::File,
    /// Its names.
    pub names: Names,
}

/// A text that is a model.
pub(super) struct Compilation {
    /// The text.
    pub text: String,
    /// The model.
    pub compiled: Compiled,
    /// What is known of its run.
    pub facts: Facts,
    batch: usize,
    report: OnceCell<Check>,
}

impl Compilation {
    /// What `bnnc check` says of the model. It takes a moment, and is worked out when it is first asked for.
    pub fn report(&self) -> &Check {
        self.report.get_or_init(|| {
            let plan = Arc::new(Plan::new(self.compiled.inference.clone()));
            let memory = exec::memory(&plan, self.batch);
            report::check(&plan, &self.facts, self.batch, memory)
        })
    }
}

/// The run that the model is for, as the run file of its name says it.
#[derive(Default)]
struct Run {
    config: Config,
    /// Facts of the data, as they were when the file was opened or last saved.
    facts: Option<Facts>,
    /// What is wrong with the run file, or between the data and the model.
    messages: Vec<Diagnostic>,
    /// When the run file was last written, as far as it has been read.
    written: Option<SystemTime>,
}

impl Document {
    /// A file that is opened.
    pub fn open(path: PathBuf, version: i32, text: String, encoding: Encoding) -> Document {
        let mut document = Document {
            path,
            version,
            lines: Lines::of(&text, encoding),
            text,
            messages: vec![],
            parsed: None,
            model: None,
            run: Run::default(),
            encoding,
        };
        document.read_run();
        document
    }

    /// Another text.
    pub fn change(&mut self, version: i32, text: String) {
        self.lines = Lines::of(&text, self.encoding);
        self.version = version;
        self.text = text;
        // They speak of the text as it was.
        self.run.messages.clear();
    }

    /// Reads the run file beside the model, and what it says of the data; then the model again.
    pub fn read_run(&mut self) {
        self.run = Run {
            written: self.written(),
            ..Run::default()
        };
        match run_of(&self.path, &self.text) {
            Ok((config, facts)) => {
                self.run.config = config;
                self.run.facts = facts;
            }
            Err((config, failure)) => {
                self.run.config = *config;
                self.run.messages = self.own(*failure);
            }
        }
        self.compile();
    }

    /// When the run file beside the model was last written, if there is one.
    fn written(&self) -> Option<SystemTime> {
        let run_file = self.path.with_extension("toml");
        run_file.metadata().ok()?.modified().ok()
    }

    /// Compiles the text as it is now; the run file is read again where it was changed.
    pub fn check(&mut self) {
        match self.written() == self.run.written {
            true => self.compile(),
            false => self.read_run(),
        }
    }

    /// Compiles the text as it is now.
    fn compile(&mut self) {
        let source = self.source();
        self.messages = match syntax::parse(&source) {
            Ok(file) => self.lower(file, source).unwrap_or_else(|wrong| wrong),
            Err(wrong) => {
                if self.parsed.is_none() {
                    self.keep(syntax::recovered(&source));
                }
                wrong
            }
        };
        self.messages.extend(self.run.messages.iter().cloned());
    }

    /// Keeps a tree of the text as it is now.
    fn keep(&mut self, file: ast::File) {
        let names = Names::of(&file, self.text.len());
        let text = self.text.clone();
        self.parsed = Some(Parsed { text, file, names });
    }

    /// Keeps the tree, and the model if it is one. Gives warnings, or what is wrong.
    fn lower(
        &mut self,
        file: ast::File,
        source: Source,
    ) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let config = self.run.config.clone();
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let method = config.inference.clone();
        let inference = ir::lower(&file, &source, &config.set, folder, method);
        self.keep(file);
        let mut compiled = Compiled {
            source: Arc::new(source),
            inference: Arc::new(inference?),
            warnings: vec![],
        };
        compiled.draw(config.samples);
        let facts = self.run.facts.clone().unwrap_or_else(|| {
            let mut config = config.clone();
            config.follow_method(&compiled.inference.method);
            train::facts(&config, &compiled.inference, None, &[], [&[]; 2])
        });
        let found = lint::run(&compiled.inference, &facts, &Policy::default());
        self.model = Some(Compilation {
            text: self.text.clone(),
            batch: facts.batch.unwrap_or(config.batch_size()),
            facts,
            compiled,
            report: OnceCell::new(),
        });
        Ok(found)
    }

    /// The text as a source of the file's name.
    pub fn source(&self) -> Source {
        Source {
            name: self.path.display().to_string(),
            text: self.text.clone(),
        }
    }

    /// The messages of a failure, those about another file without its places.
    fn own(&self, failure: Failure) -> Vec<Diagnostic> {
        let name = self.path.display().to_string();
        let other = failure.source_file.filter(|source| source.name != name);
        let mut messages = failure.diagnostics;
        for message in &mut messages {
            if let Some(other) = &other {
                let place = message.labels.first().map(|label| {
                    let (line, _) = other.line_column(label.span.start);
                    format!("{}, line {line}: ", other.name)
                });
                message.title = place.unwrap_or_default() + &message.title;
                message.labels.clear();
                message.helps.iter_mut().for_each(|help| help.patch = None);
            }
        }
        messages
    }
}

/// The settings of a run, and what is known of its data where the text is a model.
type RunOf = Result<(Config, Option<Facts>), (Box<Config>, Box<Failure>)>;

/// What the run file beside a model says.
fn run_of(path: &Path, text: &str) -> RunOf {
    let failed = |config: &Config, failure| (Box::new(config.clone()), Box::new(failure));
    let found = Config::beside(path).map_err(|f| failed(&Config::default(), f))?;
    let Some((_, mut config)) = found else {
        return Ok((Config::default(), None));
    };
    let source = Source {
        name: path.display().to_string(),
        text: text.to_owned(),
    };
    config.watch().map_err(|f| failed(&config, f))?;
    let request = config.request(None);
    train::width::fill(&source, &mut config.set, request).map_err(|f| failed(&config, f))?;
    let by_method = compile::by_method(source, &config.set, config.inference.clone());
    let Ok(mut compiled) = by_method else {
        return Ok((config, None));
    };
    compiled.draw(config.samples);
    let mut of_data = config.clone();
    match train::known(&mut of_data, &compiled) {
        Ok(known) => Ok((config, Some(known.facts))),
        Err(failure) => Err(failed(&config, failure)),
    }
}

/// Where a span of one text is in another that was edited from it: none where it was edited itself.
pub(super) fn moved(from: &str, to: &str, span: Span) -> Option<Span> {
    if from == to {
        return Some(span);
    }
    let same = |(a, b): &(u8, u8)| a == b;
    let (a, b) = (from.as_bytes(), to.as_bytes());
    let head = a
        .iter()
        .copied()
        .zip(b.iter().copied())
        .take_while(same)
        .count();
    if span.end <= head {
        return Some(span);
    }
    let reversed = a.iter().rev().copied().zip(b.iter().rev().copied());
    let tail = reversed.take_while(same).count();
    let tail = tail.min(a.len() - head).min(b.len() - head);
    let shifted = |at: usize| b.len() - (a.len() - at);
    let is_behind = span.start >= a.len() - tail;
    is_behind.then(|| Span::new(shifted(span.start), shifted(span.end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_edited_is_found_again() {
        let span = |text: &str, word: &str| {
            let start = text.find(word).unwrap();
            Span::new(start, start + word.len())
        };
        let (from, to) = ("one two three", "one twenty-two three");
        assert_eq!(moved(from, to, span(from, "one")), Some(span(to, "one")));
        assert_eq!(
            moved(from, to, span(from, "three")),
            Some(span(to, "three"))
        );
        assert_eq!(moved(from, to, span(from, "two")), None);
        assert_eq!(
            moved(to, from, span(to, "three")),
            Some(span(from, "three"))
        );
        assert_eq!(moved("aa", "aaa", Span::new(0, 2)), Some(Span::new(0, 2)));
    }
}
