//! Arguments that several commands take.

use crate::check::words::join;
use crate::data::Request;
use crate::data::split::Validation;
use crate::diagnostic::{Diagnostic, Result};
use clap::error::ErrorKind;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Which data.
#[derive(Debug, Clone, Default, Args)]
pub struct DataSource {
    /// A named data set (`bnnc list data`), or the path of a .csv, .npz or .toml
    #[arg(long, value_name = "NAME|PATH")]
    pub data: Option<String>,
    /// The folder of the named data sets; else BNNC_DATA, else the user's data directory
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The target column of a .csv, or several with commas between; else its last column
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,
    /// A file of the rows that are the test part, one number a line, the first row of the data being 0
    #[arg(long, value_name = "FILE")]
    pub test_rows: Option<PathBuf>,
}

impl DataSource {
    /// Those of the flags that are given.
    pub fn given(&self) -> Vec<&'static str> {
        let flags = [
            ("--data", self.data.is_some()),
            ("--data-dir", self.data_dir.is_some()),
            ("--target", self.target.is_some()),
            ("--test-rows", self.test_rows.is_some()),
        ];
        flags
            .iter()
            .filter(|(_, given)| *given)
            .map(|(flag, _)| *flag)
            .collect()
    }

    /// The request, if data is named.
    pub fn request(&self) -> Option<Request> {
        self.data.clone().map(|data| Request {
            data,
            data_dir: self.data_dir.clone(),
            target: self.target.clone(),
            test_rows: self.test_rows.clone(),
            columns: None,
        })
    }
}

/// Constants of the model file.
#[derive(Debug, Clone, Default, Args)]
pub struct Sets {
    /// Override a constant of the model file; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,
}

impl Sets {
    /// Whether the flag is given.
    pub fn given(&self) -> Option<&'static str> {
        (!self.set.is_empty()).then_some("--set")
    }
}

/// Ends the command where flags would be ignored without a word, as clap does where arguments do not go
/// together: with exit code 2.
pub fn without_use(flags: &[&str], why: &str) {
    if !flags.is_empty() {
        let text = format!(
            "{} cannot be used: {why}\n",
            join(flags.iter().map(|f| format!("'{f}'")).collect(), "and")
        );
        clap::Error::raw(ErrorKind::ArgumentConflict, text).exit()
    }
}

/// `NAME=VALUE`
pub fn pair(text: &str) -> std::result::Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// How a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For a person
    #[default]
    Text,
    /// For a program
    Json,
}

/// Runs `work` on `threads` threads; on one a core without a number.
///
/// # Errors
///
/// `E0603` where the threads cannot be started.
pub fn with_threads<R: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> Result<R> + Send,
) -> Result<R> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .build();
    let pool = pool.map_err(|error| {
        let title = format!("{} threads cannot be started", threads.unwrap_or(0));
        Diagnostic::error("E0603", title).note(error.to_string())
    })?;
    pool.install(work)
}

/// A whole number of at least 1.
pub fn count(text: &str) -> std::result::Result<usize, String> {
    text.parse()
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| "expected a whole number of at least 1".into())
}

/// Where random numbers start.
pub fn seed(text: &str) -> std::result::Result<u64, String> {
    let expected = || {
        format!(
            "expected a whole number of at least 0 and at most {}",
            u64::MAX
        )
    };
    text.parse().map_err(|_| expected())
}

/// What is set aside: a number of examples, or a fraction of them.
pub fn validation(text: &str) -> std::result::Result<Validation, String> {
    match text.parse() {
        Ok(count) => Ok(Validation::Count(count)),
        Err(_) => text
            .parse()
            .ok()
            .filter(|x| *x > 0.0 && *x < 1.0)
            .map(Validation::Fraction)
            .ok_or_else(|| {
                "expected a number of examples, or a fraction above 0 and below 1".into()
            }),
    }
}

/// A number above 0.
pub fn positive(text: &str) -> std::result::Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|x| *x > 0.0 && x.is_finite())
        .ok_or_else(|| "expected a number above 0".into())
}
