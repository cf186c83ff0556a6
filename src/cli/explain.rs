//! `bnnc explain`: a model as the methods section of a paper has it; or the page of a message's code or of
//! a word, set for the terminal.

use super::arguments::{DataSource, Sets, TableFlags, without_use};
use super::check::{known, settings};
use super::terminal::{answer, err, out, width};
use super::words;
use crate::compile::{self, Compiled};
use crate::diagnostic::{Diagnostic, Result, elsewhere, nearest, page, pages};
use crate::document;
use crate::explain::explain;
use crate::ir::Facts;
use crate::lint::{self, LINTS};
use crate::show;
use crate::train;
use crate::train::fit::LEFT_OUT;
use crate::train::run_dir::RunDir;
use crate::train::settings::count;
use crate::words::{list, plural};
use clap::{Args, ValueEnum};
use std::path::Path;

/// The arguments of `bnnc explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A model file, the folder of a run, the code of a message (E0301, temperature-not-one) or a word that bnnc
    /// knows or prints (Horseshoe, nll, closed form)
    #[arg(value_name = "MODEL|RUN|CODE|WORD", required = true)]
    what: Vec<String>,
    #[command(flatten)]
    data: DataSource,
    #[command(flatten)]
    table: TableFlags,
    #[command(flatten)]
    sets: Sets,
    /// Examples a step; else the run file's beside the model, else 128
    #[arg(long, value_name = "B", value_parser = count)]
    batch_size: Option<usize>,
    /// How a model is written; text unless given
    #[arg(long, value_enum)]
    format: Option<Format>,
}

impl ExplainArgs {
    /// How it answers where something is wrong.
    pub(super) fn of_mistakes(&self) -> super::arguments::Format {
        match self.format {
            Some(Format::Json) => super::arguments::Format::Json,
            _ => super::arguments::Format::Text,
        }
    }
}

/// How a model is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For the terminal
    #[default]
    Text,
    /// Markdown with formulas between dollars
    Markdown,
    /// A LaTeX file that compiles as it is
    Latex,
    /// For a program: a model in all of these, of a word its pages in Markdown
    Json,
}

impl ExplainArgs {
    /// Those of the flags that are given which say with what a model is trained.
    fn settings(&self) -> Vec<&'static str> {
        let mut flags = self.data.given();
        flags.extend(self.table.given());
        flags.extend(self.sets.given());
        flags.extend(self.batch_size.map(|_| "--batch-size"));
        flags
    }

    /// Ends the command if a flag is given that a page makes nothing of.
    fn of_models_alone(&self, what: &str) {
        let mut flags = self.settings();
        let format = self.format.filter(|format| *format != Format::Json);
        flags.extend(format.map(|_| "--format"));
        let why = format!("the page of `{what}` is the same for every model");
        without_use(&flags, &why);
    }
}

/// Runs `bnnc explain`.
///
/// # Errors
///
/// Every mistake of a model file; data that is not found or does not fit it. `E0610` for what is neither
/// a model file nor a code.
pub fn run(args: &ExplainArgs) -> Result<()> {
    let what = args.what.join(" ");
    let path = Path::new(&what);
    let is_model = path.extension().is_some_and(|extension| extension == "bnn");
    // A folder of data may be called as a word is.
    let is_there = path.join("run.toml").exists() || is_model && path.exists();
    if !is_there && !is_model {
        let found = pages_of(&what);
        if !found.is_empty() {
            args.of_models_alone(&what);
            if args.format == Some(Format::Json) {
                answer(&serde_json::json!({ "word": what, "pages": found }));
                return Ok(());
            }
            let leads = |to: &str| words::leads(to, &what);
            let text = document::page(&found.join("\n"), width(), &leads);
            out(format_args!("{text}"));
            return Ok(());
        }
    }
    if path.is_dir() {
        return explain_run(path, args);
    }
    if !path.exists() && !is_model {
        return Err(unknown(&what).into());
    }
    let (run_file, mut config) = settings(
        (path, None),
        (&args.data, &args.table),
        &args.sets,
        args.batch_size,
    )?;
    let request = config.request(None);
    crate::train::width::fill(&compile::read(path)?, &mut config.set, request)?;
    let mut compiled = compile::file_by_method(path, &config.set, config.inference.clone())?;
    compiled.draw(config.samples);
    let mut facts = known(&mut config, &compiled)?.facts;
    if run_file.is_some() || facts.data.is_some() {
        facts.training = Some(train::training(&config));
    }
    write(&compiled, &facts, args.format.unwrap_or_default());
    Ok(())
}

/// The pages of a code, a lint, a word, or a word of another tool.
pub(super) fn pages_of(what: &str) -> Vec<String> {
    if let Some(page) = page(what).or_else(|| lint::find(what).map(|lint| lint.page())) {
        return vec![page.to_owned()];
    }
    let ways = [words::pages, of_another_tool, words::pages_of_part];
    let found = ways.iter().map(|way| way(what));
    found
        .into_iter()
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// What a word of another tool is here, as a page.
fn of_another_tool(word: &str) -> Vec<String> {
    let helps = elsewhere::helps(word);
    let items: String = helps.iter().map(|help| format!("- {help}\n")).collect();
    let page = format!("# {word}\n\nA word of another tool.\n\n{items}");
    (!helps.is_empty()).then_some(page).into_iter().collect()
}

/// The model of a run as it was trained, on what its folder says: the data is not read again.
fn explain_run(path: &Path, args: &ExplainArgs) -> Result<()> {
    let flags = args.settings();
    if !flags.is_empty() {
        let title = format!("the run in `{}` has its own settings", path.display());
        let flags = list(flags);
        return Err(Diagnostic::error("E0607", title)
            .help(format!("leave {flags} out, or name a model file"))
            .into());
    }
    let run = RunDir::open(path)?;
    let mut config = run.config()?;
    let mut compiled = run.compile(&config)?;
    compiled.draw(config.samples);
    config.follow_method(&compiled.inference.method);
    let record = run.data(&compiled.inference)?;
    let n = record.training_examples;
    if let Ok(last) = run.last()
        && !last.are_over(&config, n)
    {
        let done = last.epochs(&config, n);
        err(&format!(
            "warning: the run in `{}` is not finished, after {} of {}: what follows describes it as it will be then\n\n",
            path.display(),
            show((done * 100.0).round() / 100.0),
            plural(config.all_epochs(), "epoch")
        ));
    }
    let mut facts = train::facts_of_run(&config, &record, &compiled.inference);
    if run.said().iter().any(|(word, _)| word == "prior") {
        // Of a checkpoint that cannot be read the factor is not said: the rest is as it was.
        facts.prior_factor = train::opened::open(path)
            .ok()
            .and_then(|(_, predictor)| predictor.prior_factor());
    }
    facts.left_out = (run.said().into_iter())
        .filter(|(word, _)| word == LEFT_OUT)
        .map(|(_, text)| text)
        .collect();
    write(&compiled, &facts, args.format.unwrap_or_default());
    Ok(())
}

fn write(compiled: &Compiled, facts: &Facts, format: Format) {
    let document = explain(&compiled.inference, facts);
    let text = match format {
        Format::Text => document.text(width()),
        Format::Markdown => document.markdown(),
        Format::Latex => document.latex(),
        Format::Json => {
            return answer(&serde_json::json!({
                "model": compiled.inference.name,
                "text": document.text(width()),
                "markdown": document.markdown(),
                "latex": document.latex(),
            }));
        }
    };
    out(format_args!("{text}"));
}

fn unknown(what: &str) -> Diagnostic {
    let title =
        format!("`{what}` is neither a code, a word of the language, a model file nor a run");
    let message = Diagnostic::error("E0610", title);
    let lints = LINTS.iter().map(|lint| lint.name());
    let mut known: Vec<&str> = pages().chain(lints).chain(words::all()).collect();
    known.sort_by_key(|word| word.to_lowercase());
    known.dedup_by_key(|word| word.to_lowercase());
    let mut near = vec![];
    while near.len() < 3 {
        let Some(next) = nearest(what, known.iter().copied()) else {
            break;
        };
        known.retain(|word| *word != next);
        near.push(next);
    }
    match near.is_empty() {
        false => message.help(format!("there is {}", list(near))),
        true => message
            .note("a code stands in brackets before a message: error[E0301]")
            .help("the path of a model file ends with .bnn; `bnnc list` prints the words of the language"),
    }
}
