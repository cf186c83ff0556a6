//! One step of a model in the interpreter and in the program that is emitted for PyTorch, in float64: on the same
//! variables, draws and examples, number by number.

use crate::diagnostic::{Diagnostic, Result};
use crate::emit::pytorch;
use crate::exec::{Batch, Draw, Interpreter};
use crate::ir::{Lengths, Position};
use crate::likelihood::{MISSING, OwnedTargets, TargetKind, Targets};
use crate::plan::Plan;
use crate::train::files::failed;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

/// One step.
pub struct Step<'a> {
    /// The model, ready to run.
    pub plan: Arc<Plan>,
    /// Every variable, in the plan's order.
    pub variables: &'a [f64],
    /// The examples.
    pub batch: &'a Batch<'a, f64>,
    /// Of the draws.
    pub seed: u64,
    /// The number of the step, a part of the draws' key.
    pub step: u64,
    /// Where it stands in its run.
    pub at: Position,
    /// The back end of `torch.compile(fullgraph=True)` through which the program is run, if it is.
    pub compiled: Option<&'a str>,
}

/// A number or tensor of the step on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// `loss`, `term/kl(conv1.kernel)`, `gradient/conv1.kernel.loc`, `kept/norm1.mean.loc`.
    pub name: String,
    /// How many numbers it has.
    pub entries: usize,
    /// The largest difference of an entry, as a part of the largest entry (or of 0.001, if that is larger).
    pub error: f64,
    /// Which entry that is.
    pub at: usize,
    /// What PyTorch and the interpreter have there.
    pub values: [String; 2],
}

/// What a comparison came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of PyTorch.
    pub torch: String,
    /// The loss, its terms, the gradient by each variable, and what layers keep for the next step.
    pub rows: Vec<Difference>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Report(Report),
    Failed { failed: String },
}

/// A Python with PyTorch that compares one step after the other.
pub struct Comparison {
    child: Child,
    cases: ChildStdin,
    answers: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
}

/// The Python that is asked for: `--python`, else `BNNC_PYTHON`, else `python3`.
pub fn python(given: Option<&Path>) -> PathBuf {
    let named = given.map(Path::to_owned);
    let named = named.or_else(|| std::env::var_os("BNNC_PYTHON").map(PathBuf::from));
    named.unwrap_or_else(|| "python3".into())
}

impl Comparison {
    /// Starts this Python.
    ///
    /// # Errors
    ///
    /// `E0620` where it does not start, or lacks torch, numpy or safetensors.
    pub fn start(python: &Path) -> Result<Comparison> {
        let missing = |note: String| {
            let title = format!("`{}` is no Python with PyTorch", python.display());
            Diagnostic::error("E0620", title)
                .note(note)
                .help("name one by `--python PATH` or in BNNC_PYTHON; it needs torch, numpy and safetensors")
        };
        let test = Command::new(python)
            .args(["-c", "import torch, numpy, safetensors"])
            .output()
            .map_err(|error| missing(error.to_string()))?;
        if !test.status.success() {
            let text = String::from_utf8_lossy(&test.stderr);
            let last = text.lines().last().unwrap_or("it stopped without a word");
            return Err(missing(last.into()).into());
        }
        let folder = tempfile::tempdir()
            .map_err(|error| failed(&std::env::temp_dir(), "make a folder in", &error))?;
        let script = folder.path().join("compare.py");
        std::fs::write(&script, pytorch::COMPARE)
            .map_err(|error| failed(&script, "write", &error))?;
        let mut child = Command::new(python)
            .arg(&script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| missing(error.to_string()))?;
        let both = child.stdin.take().zip(child.stdout.take());
        let (cases, answers) = both.expect("both are pipes");
        Ok(Comparison {
            child,
            cases,
            answers: BufReader::new(answers),
            folder,
        })
    }

    /// Compares one step.
    ///
    /// # Errors
    ///
    /// `E0619` for what has no PyTorch, `E0620` where the program fails.
    pub fn compare(&mut self, step: &Step) -> Result<Report> {
        let case = self.folder.path().join("case");
        write(&case, step)?;
        let stopped = |note: String| {
            Diagnostic::error("E0620", "the program that was emitted for PyTorch failed").note(note)
        };
        let mut answer = String::new();
        writeln!(self.cases, "{}", case.display())
            .and_then(|()| self.answers.read_line(&mut answer))
            .map_err(|error| stopped(error.to_string()))?;
        match serde_json::from_str(&answer) {
            Ok(Answer::Report(report)) => Ok(report),
            Ok(Answer::Failed { failed }) => Err(stopped(failed).into()),
            Err(error) => Err(stopped(error.to_string()).into()),
        }
    }
}

impl Drop for Comparison {
    fn drop(&mut self) {
        // It waits for its next case, which never comes.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes the step to a folder of its own, with the script that holds the program against it on any machine with
/// PyTorch: `python FOLDER/compare.py FOLDER`.
///
/// # Errors
///
/// `E0619` for what has no PyTorch, `E0601` of a folder that is there already or cannot be written.
pub fn write_out(folder: &Path, step: &Step) -> Result<()> {
    if folder.exists() {
        let title = format!("`{}` is there already", folder.display());
        let help = "name a folder that is not there yet, or remove this one";
        return Err(Diagnostic::error("E0601", title).help(help).into());
    }
    let mut beside = folder.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    std::fs::create_dir(&beside).map_err(|error| failed(&beside, "make the folder", &error))?;
    let written = write(&beside, step).and_then(|()| {
        let script = beside.join("compare.py");
        std::fs::write(&script, pytorch::COMPARE)
            .map_err(|error| failed(&script, "write", &error))?;
        std::fs::rename(&beside, folder).map_err(|error| failed(folder, "make", &error))
    });
    if written.is_err() {
        let _ = std::fs::remove_dir_all(&beside);
    }
    written
}

/// Writes the program, and what the interpreter makes of the step.
fn write(folder: &Path, step: &Step) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, "make the folder", &error))?;
    let (plan, batch, at) = (&step.plan, step.batch, &step.at);
    let program = pytorch::module(plan)?;
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), batch.len);
    interpreter.variables_mut().copy_from_slice(step.variables);
    let draw = Draw {
        seed: step.seed,
        step: step.step,
        given: None,
    };
    let report = interpreter.step_before_update(batch, &draw, at);
    let model = &plan.model;
    let mut tensors = Tensors::default();
    let rows = [&[batch.len], &model.input.shape.0[..]].concat();
    tensors.add("inputs", &rows, batch.inputs);
    for (term, value) in plan.inference.loss.terms.iter().zip(&report.terms) {
        tensors.add(
            &format!("term/{}", term.kind.name(model)),
            &[],
            &[value.value],
        );
    }
    tensors.add("loss", &[], &[report.loss]);
    for variable in &plan.variables {
        let (name, shape) = (&variable.name, &variable.shape.0);
        let of = |values: &[f64]| values[variable.range.clone()].to_vec();
        tensors.add(&format!("variable/{name}"), shape, &of(step.variables));
        let kept = of(interpreter.variables());
        if kept != of(step.variables) {
            tensors.add(&format!("kept/{name}"), shape, &kept);
        }
        tensors.add(
            &format!("gradient/{name}"),
            shape,
            &of(interpreter.gradient()),
        );
    }
    let others = batch.others.iter().map(OwnedTargets::targets);
    let targets = std::iter::once(batch.targets).chain(others);
    for (number, target) in targets.enumerate() {
        tensors.add_targets(&format!("targets.{number}"), batch.len, &target);
    }
    let facts = json!({
        "seed": step.seed,
        "step": step.step,
        "compiled": step.compiled,
        "samples": plan.inference.objective.samples,
        "targets": 1 + batch.others.len(),
        "position": {
            "training_examples": at.training_examples,
            "batch": at.batch,
            "batch_index": at.batch_index,
            "batches": at.batches,
            // JSON has no infinity; annealing has ended long before.
            "epoch": at.epoch.min(1e300),
        },
    });
    let contents = [
        ("program.py", program.into_bytes()),
        ("case.json", facts.to_string().into_bytes()),
        ("case.safetensors", tensors.file()),
    ];
    for (name, contents) in contents {
        let path = folder.join(name);
        std::fs::write(&path, contents).map_err(|error| failed(&path, "write", &error))?;
    }
    Ok(())
}

/// The tensors of a file.
#[derive(Default)]
struct Tensors(Vec<(String, Vec<usize>, Dtype, Vec<u8>)>);

impl Tensors {
    fn add(&mut self, name: &str, shape: &[usize], values: &[f64]) {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.0
            .push((name.into(), shape.to_vec(), Dtype::F64, bytes));
    }

    /// Labels are whole numbers, `[B]` or `[B, places]`, -1 where one is missing; other targets rows of numbers.
    fn add_targets(&mut self, name: &str, examples: usize, targets: &Targets<f64>) {
        match targets {
            Targets::Reals(values) => self.add(name, &[examples, values.len() / examples], values),
            Targets::Labels(labels) => {
                let bytes = labels.iter().flat_map(|&label| match label {
                    MISSING => (-1i64).to_le_bytes(),
                    label => i64::from(label).to_le_bytes(),
                });
                let shape = match labels.len() / examples {
                    1 => vec![examples],
                    places => vec![examples, places],
                };
                self.0
                    .push((name.into(), shape, Dtype::I64, bytes.collect()));
            }
        }
    }

    fn file(&self) -> Vec<u8> {
        let views = self.0.iter().map(|(name, shape, dtype, bytes)| {
            let view = TensorView::new(*dtype, shape.clone(), bytes);
            (name.clone(), view.expect("as many bytes as the shape says"))
        });
        safetensors::serialize(views, None).expect("names of their own")
    }
}

/// Examples for a model without data: smooth, irregular numbers, and targets that its likelihoods allow.
pub struct Made {
    inputs: Vec<f64>,
    targets: OwnedTargets<f64>,
    others: Vec<OwnedTargets<f64>>,
    len: usize,
}

impl Made {
    /// `len` examples.
    pub fn new(plan: &Plan, len: usize) -> Made {
        let model = &plan.model;
        let row = model.input.shape.len();
        let inputs = 0..len * row;
        let mut inputs: Vec<f64> = inputs
            .map(|i| 1.3 * (0.37 * i as f64 + 0.2).sin())
            .collect();
        for row in inputs.chunks_exact_mut(row) {
            model.admit(row, Lengths::Any);
        }
        let mut targets: Vec<OwnedTargets<f64>> = model
            .observed()
            .map(|(target, observe)| {
                let fixed: Vec<Option<f64>> = observe
                    .arguments
                    .iter()
                    .map(|argument| argument.numbers().and_then(|numbers| numbers.fixed()))
                    .collect();
                made_targets(&target.kind, len, |y| {
                    observe.likelihood.refuse(&fixed, y).is_none()
                })
            })
            .collect();
        let others = targets.split_off(1);
        Made {
            inputs,
            targets: targets.remove(0),
            others,
            len,
        }
    }

    /// As a minibatch.
    pub fn batch(&self) -> Batch<'_, f64> {
        Batch {
            inputs: &self.inputs,
            targets: self.targets.targets(),
            others: &self.others,
            len: self.len,
        }
    }
}

fn made_targets(kind: &TargetKind, len: usize, allows: impl Fn(f64) -> bool) -> OwnedTargets<f64> {
    let entries = len * kind.entries();
    let classes = kind.classes();
    let is_missing = |i: usize| kind.may_miss_entries() && i % 5 == 4;
    if let Some(classes) = classes {
        let label = |i: usize| match is_missing(i) {
            true => MISSING,
            false => ((i * 7 + 3) % classes) as u32,
        };
        return OwnedTargets::Labels((0..entries).map(label).collect());
    }
    let number = |i: usize| {
        if is_missing(i) {
            return f64::NAN;
        }
        let y = (1.7 * i as f64).cos();
        let candidates = [y, y.abs() + 0.1, (i % 3) as f64, 1.0, 0.0];
        let allowed = candidates.into_iter().find(|&y| kind.holds(y) && allows(y));
        allowed.unwrap_or(0.0)
    };
    OwnedTargets::Reals((0..entries).map(number).collect())
}
