//! `bnnc verify`: one step of a model in the interpreter and in the program emitted for another system.

use super::arguments::{DataSource, Format, Sets, TableFlags, method, with_threads};
use super::check::settings;
use super::terminal::say;
use super::train::shell_word;
use crate::compile;
use crate::data;
use crate::diagnostic::Result;
use crate::examples::Buffers;
use crate::exec::Interpreter;
use crate::ir::{InferenceMethod, Position};
use crate::loss;
use crate::plan::Plan;
use crate::train::prepared::Prepared;
use crate::train::settings::{count, seed};
use crate::verify::{self, Comparison, Difference, Made, Report, Step};
use crate::words::plural;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// The arguments of `bnnc verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The model file
    model: PathBuf,
    /// Whose program
    #[arg(long = "with", value_enum, default_value_t)]
    with: With,
    #[command(flatten)]
    data: DataSource,
    /// A run file; else the one of the model's name beside it, if there is one
    #[arg(long, value_name = "RUN.toml")]
    config: Option<PathBuf>,
    #[command(flatten)]
    table: TableFlags,
    /// Every variable under its name, or a run's checkpoint; else they start as a training of this seed does
    #[arg(long, value_name = "FILE.safetensors")]
    variables: Option<PathBuf>,
    /// Examples of the minibatch: the first of the data, else made ones
    #[arg(long, value_name = "B", value_parser = count, allow_negative_numbers = true, default_value_t = 32)]
    examples: usize,
    /// Of the draws, and of the variables where no file has them
    #[arg(long, value_parser = seed, allow_negative_numbers = true, default_value_t = 0)]
    seed: u64,
    /// The largest difference that is let pass, as a part of a tensor's largest entry
    #[arg(long, value_name = "X", default_value_t = 1e-10)]
    tolerance: f64,
    /// Run the program through torch.compile(fullgraph=True) with this back end: inductor, which needs a compiler of C++,
    /// or aot_eager
    #[arg(long, value_name = "BACKEND", num_args = 0..=1, default_missing_value = "inductor")]
    compile: Option<String>,
    /// A Python with torch, numpy and safetensors; else BNNC_PYTHON, else python3
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Compare on another machine: write the step to this new folder, with compare.py to hold the program against it
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["python", "tolerance"])]
    out: Option<PathBuf>,
    /// The inference method, `bnnc list inference`; else the model's
    #[arg(long, value_name = "METHOD", value_parser = method)]
    inference: Option<InferenceMethod>,
    #[command(flatten)]
    sets: Sets,
    /// Threads; else one a core. The numbers do not depend on it
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    threads: Option<usize>,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum With {
    /// The program that `bnnc emit pytorch` writes
    #[default]
    Pytorch,
}

/// Runs `bnnc verify`; whether a number differs.
pub fn run(args: &VerifyArgs) -> Result<bool> {
    with_threads(args.threads, || verify(args))
}

fn verify(args: &VerifyArgs) -> Result<bool> {
    let With::Pytorch = args.with;
    let sources = (&args.data, &args.table);
    let (_, mut config) = settings(
        (&args.model, args.config.as_deref()),
        sources,
        &args.sets,
        None,
    )?;
    let request = config.request(None);
    crate::train::width::fill(&compile::read(&args.model)?, &mut config.set, request)?;
    let method = args.inference.clone().or(config.inference.clone());
    let mut compiled = compile::file_by_method(&args.model, &config.set, method)?;
    compiled.draw(config.samples);
    config.follow_method(&compiled.inference.method);
    let plan = Arc::new(Plan::new(compiled.inference.clone()));
    let variables = match &args.variables {
        Some(path) => loss::variables(&plan, path)?,
        None => {
            let mut start = Interpreter::<f64>::new(plan.clone(), 1);
            start.initialize(args.seed);
            start.variables().to_vec()
        }
    };
    let (made, prepared);
    let mut buffers = Buffers::default();
    let (name, batch, training_examples) = match config.request(Some(&compiled.inference)) {
        None => {
            made = Made::new(&plan, args.examples);
            (None, made.batch(), args.examples)
        }
        Some(request) => {
            let (found, others) = data::load_all(&request)?;
            prepared = Prepared::new(found, others, &compiled.inference, &mut config)
                .map_err(|failure| failure.within(&compiled.source))?;
            let part = prepared.training();
            let rows = args.examples.min(part.len());
            let batch = part.gather(0..rows, &mut buffers)?;
            (Some(&prepared.data.name), batch, part.len())
        }
    };
    let step = Step {
        plan,
        variables: &variables,
        batch: &batch,
        seed: args.seed,
        step: 0,
        at: Position {
            training_examples,
            ..Position::full_batch(batch.len)
        },
        compiled: args.compile.as_deref(),
    };
    if let Some(folder) = &args.out {
        verify::write_out(folder, &step).map_err(|failure| failure.within(&compiled.source))?;
        let out = folder.display();
        match args.format {
            Format::Json => say!("{}", json!({ "out": out.to_string() })),
            Format::Text => {
                say!(
                    "wrote      {out}: the program, one step's examples and draws, and bnnc's numbers"
                );
                let script = shell_word(&folder.join("compare.py"));
                say!(
                    "next       python {script} {} --device cuda",
                    shell_word(folder)
                );
            }
        }
        return Ok(false);
    }
    let python = verify::python(args.python.as_deref());
    let report = Comparison::start(&python)?
        .compare(&step)
        .map_err(|failure| failure.within(&compiled.source))?;
    let differs = report.rows.iter().any(|row| row.error > args.tolerance);
    match args.format {
        Format::Json => say!(
            "{}",
            serde_json::to_string_pretty(&report).expect("plain data")
        ),
        Format::Text => {
            let minibatch = match name {
                Some(name) => format!("{} of {name}", plural(batch.len, "example")),
                None => plural(batch.len, "made example"),
            };
            say!("model      {}", compiled.inference.name);
            say!("minibatch  {minibatch}, N = {training_examples}");
            say!("numbers    float64, PyTorch {}\n", report.torch);
            print(&report, args.tolerance);
        }
    }
    Ok(differs)
}

/// The table of all numbers, and what it comes to.
fn print(report: &Report, tolerance: f64) {
    let (gradients, values): (Vec<&Difference>, Vec<&Difference>) = report
        .rows
        .iter()
        .partition(|row| row.name.starts_with("gradient/"));
    let name = |row: &Difference| match row.name.split_once('/') {
        Some((_, name)) => name.to_owned(),
        None => row.name.clone(),
    };
    let names = report.rows.iter().map(|row| name(row).chars().count());
    let width = names.max().unwrap_or(0).max("gradient by".len());
    let mark = |row: &Difference| if row.error > tolerance { "  <-" } else { "" };
    say!(
        "{:width$}  {:>24}  {:>24}  difference",
        "",
        "bnnc",
        "PyTorch"
    );
    for row in values {
        let [theirs, ours] = &row.values;
        say!(
            "{:width$}  {ours:>24}  {theirs:>24}  {:>10}{}",
            name(row),
            difference(row.error),
            mark(row)
        );
    }
    say!(
        "\n{:width$}  {:>24}  {:>24}  difference",
        "gradient by",
        "entries",
        "at entry"
    );
    for row in gradients {
        say!(
            "{:width$}  {:>24}  {:>24}  {:>10}{}",
            name(row),
            row.entries,
            row.at,
            difference(row.error),
            mark(row)
        );
    }
    let worst = report.rows.iter().map(|row| row.error).fold(0.0, f64::max);
    let verdict = match worst <= tolerance {
        true => "the same",
        false => "NOT the same",
    };
    say!(
        "\n{verdict}: the largest difference is {} of its tensor's largest entry; {} is let pass",
        difference(worst),
        difference(tolerance)
    );
}

fn difference(error: f64) -> String {
    match error {
        0.0 => "0".into(),
        1e300.. => "not finite".into(),
        error => format!("{error:.1e}"),
    }
}
