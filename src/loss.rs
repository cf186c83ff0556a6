//! One step's loss on given parameters, for holding it against another system's numbers: every term
//! unscaled, its scale, and scaled; the network's outputs; the gradient by every variable.

use crate::diagnostic::{Diagnostic, Result, nearest};
use crate::examples::{Buffers, Part};
use crate::exec::{self, Draw, Interpreter, Number};
use crate::files;
use crate::ir::Position;
use crate::memory;
use crate::plan::Plan;
use crate::pretrained::checksum;
use crate::terms::{Naming, Term};
use crate::train::files::{failed, write_whole};
use crate::words::plural;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What to compute the loss with.
pub struct Step<'a> {
    /// Every variable under its name.
    pub weights: &'a Path,
    /// Every random draw under its name; else they are made from `seed`.
    pub noise: Option<&'a Path>,
    /// N; else as many as there are examples.
    pub training_examples: Option<usize>,
    /// Of the draws that are not given.
    pub seed: u64,
}

/// The loss of one step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// `float32` or `float64`.
    pub dtype: &'static str,
    /// B, all rows in one minibatch.
    pub batch: usize,
    /// N.
    pub training_examples: usize,
    /// The sum of the scaled terms: the estimate of −ELBO/N.
    pub loss: f64,
    /// In the order of the loss.
    pub terms: Vec<Term>,
    /// The network's values that the likelihood takes.
    pub outputs: Vec<Output>,
}

/// One argument of the likelihood.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// `logits`, `loc`.
    pub name: String,
    /// `[B, k]`, or `[]` where one number serves all.
    pub shape: Vec<usize>,
    /// In C order.
    pub values: Vec<f64>,
}

/// A gradient under its variable's name.
pub type Gradient = (String, Vec<usize>, Vec<f64>);

/// One step with all of `part` as one minibatch; the report and the gradients.
///
/// # Errors
///
/// `E0613` for more rows than the memory holds, `E0601` and `E0605` for files that cannot be read, `E0609` for every tensor that is missing, unknown
/// or of another shape.
pub fn compute<T: Number>(
    plan: Arc<Plan>,
    part: &Part,
    step: &Step,
) -> Result<(Report, Vec<Gradient>)> {
    let rows = part.len();
    let variables = variables(&plan, step.weights)?;
    let noise = step
        .noise
        .map(|path| {
            let expected = plan
                .draws(rows)
                .into_iter()
                .map(|(name, shape)| (name, shape.0));
            read(path, "noise", &expected.collect::<Vec<_>>())
        })
        .transpose()?;
    let numbers = exec::memory(&plan, rows) / size_of::<f32>() as u64;
    memory::refuse(
        &format!("the loss of {}", plural(rows, "example")),
        numbers.saturating_mul(size_of::<T>() as u64),
        "all rows are one minibatch: a file of fewer rows takes less",
    )?;
    let mut interpreter = Interpreter::<T>::new(plan.clone(), rows);
    for (to, from) in interpreter.variables_mut().iter_mut().zip(variables) {
        *to = T::of(from);
    }
    let mut buffers = Buffers::default();
    let batch = part.gather(0..rows, &mut buffers)?;
    let at = Position {
        training_examples: step.training_examples.unwrap_or(rows),
        ..Position::full_batch(rows)
    };
    let draw = Draw {
        seed: step.seed,
        step: 0,
        given: noise.as_ref(),
    };
    let report = interpreter.step(&batch, &draw, &at);
    let inference = &plan.inference;
    // What scaled targets take off the nll is added back: nothing where they are as they are.
    let naming = Naming::new(inference);
    let values = naming.terms(&report, &part.log_scales(&batch));
    let terms = inference.loss.terms.iter().zip(&values);
    let outputs = interpreter
        .outputs()
        .into_iter()
        .map(|(name, shape, values)| Output {
            name,
            shape,
            values: values.iter().map(|x| x.wide()).collect(),
        });
    let report = Report {
        dtype: T::NAME,
        batch: rows,
        training_examples: at.training_examples,
        loss: values.iter().map(|term| term.value.scaled).sum(),
        terms: terms
            .map(|(term, named)| Term {
                symbol: Some(term.scale.to_string()),
                ..named.clone()
            })
            .collect(),
        outputs: outputs.collect(),
    };
    let gradient = |v: &crate::plan::Variable| {
        let values = interpreter.gradient()[v.range.clone()]
            .iter()
            .map(|x| x.wide());
        (v.name.clone(), v.shape.0.clone(), values.collect())
    };
    Ok((report, plan.variables.iter().map(gradient).collect()))
}

/// Every variable of a file of weights or of a checkpoint, in the plan's order.
///
/// # Errors
///
/// `E0601` and `E0605` for a file that cannot be read, `E0609` for every tensor that is missing, unknown or of another
/// shape.
pub fn variables(plan: &Plan, path: &Path) -> Result<Vec<f64>> {
    let all = plan.variables.iter();
    let expected: Vec<_> = all.map(|v| (v.name.clone(), v.shape.0.clone())).collect();
    let weights = read(path, "weights", &expected)?;
    let of = |(name, _): &(String, Vec<usize>)| weights[name].iter().copied();
    Ok(expected.iter().flat_map(of).collect())
}

/// Reads the tensors of a safetensors file, float32 or float64; each must be there, in its shape. In a
/// checkpoint, the optimizer's state is passed over.
fn read(
    path: &Path,
    what: &str,
    expected: &[(String, Vec<usize>)],
) -> Result<BTreeMap<String, Vec<f64>>> {
    let file = files::read(path).map_err(|error| failed(path, "read", &error))?;
    let tensors = SafeTensors::deserialize(&file).map_err(|error| {
        let title = format!("`{}` is not a safetensors file", path.display());
        Diagnostic::error("E0605", title).note(error.to_string())
    })?;
    checksum::check(&file, &tensors).map_err(|fact| {
        let title = format!("the checkpoint `{}` is damaged", path.display());
        Diagnostic::error("E0605", title).note(fact)
    })?;
    let mut found = BTreeMap::new();
    let mut wrong = vec![];
    for (name, shape) in expected {
        let Ok(view) = tensors.tensor(name) else {
            wrong.push(format!("`{name}` {shape:?} is missing"));
            continue;
        };
        let values: Vec<f64> = match view.dtype() {
            Dtype::F32 => numbers(view.data(), |b| f64::from(f32::from_le_bytes(b))),
            Dtype::F64 => numbers(view.data(), f64::from_le_bytes),
            other => {
                wrong.push(format!("`{name}` is {other:?}, not float32 or float64"));
                continue;
            }
        };
        if view.shape() != shape {
            wrong.push(format!(
                "`{name}` is {:?}, expected {shape:?}",
                view.shape()
            ));
        }
        found.insert(name.clone(), values);
    }
    let mut names: Vec<&str> = tensors.names();
    names.sort_unstable();
    for name in names {
        if !expected.iter().any(|(n, _)| n == name) && !name.starts_with("optimizer.") {
            let near = nearest(name, expected.iter().map(|(n, _)| n.as_str()));
            let near = near.map_or(String::new(), |n| format!("; the nearest is `{n}`"));
            wrong.push(format!("`{name}` is not known{near}"));
        }
    }
    if wrong.is_empty() {
        return Ok(found);
    }
    let title = format!(
        "the {what} file `{}` does not fit the model",
        path.display()
    );
    let mut message = wrong
        .into_iter()
        .fold(Diagnostic::error("E0609", title), Diagnostic::note);
    let names: Vec<_> = expected
        .iter()
        .map(|(name, shape)| format!("{name} {shape:?}"))
        .collect();
    let all = if names.is_empty() {
        "no tensors at all".into()
    } else {
        names.join(", ")
    };
    message = message.help(format!("expected {all}"));
    Err(message.into())
}

fn numbers<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    bytes
        .chunks_exact(N)
        .map(|b| read(b.try_into().expect("whole numbers")))
        .collect()
}

/// Writes gradients under their variables' names, in float64.
pub fn write_gradients(path: &Path, gradients: &[Gradient]) -> Result<()> {
    let bytes: Vec<Vec<u8>> = gradients
        .iter()
        .map(|(_, _, values)| values.iter().flat_map(|x| x.to_le_bytes()).collect())
        .collect();
    let views = gradients
        .iter()
        .zip(&bytes)
        .map(|((name, shape, _), bytes)| {
            (
                name,
                TensorView::new(Dtype::F64, shape.clone(), bytes)
                    .expect("as many bytes as the shape says"),
            )
        });
    let file = safetensors::serialize(views, None);
    write_whole(
        path,
        &file.map_err(|error| failed(path, "write", &std::io::Error::other(error)))?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tensor_that_does_not_fit_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        let gradients = [
            ("a.kernel.loc".to_owned(), vec![2], vec![1.0, 2.0]),
            ("a.kernel.row".into(), vec![], vec![0.5]),
        ];
        write_gradients(&path, &gradients).unwrap();
        let expected = [
            ("a.kernel.loc".to_owned(), vec![2]),
            ("a.kernel.row".to_owned(), vec![]),
        ];
        let found = read(&path, "weights", &expected).unwrap();
        assert_eq!(
            (&found["a.kernel.loc"], &found["a.kernel.row"]),
            (&vec![1.0, 2.0], &vec![0.5])
        );

        let expected = [
            ("a.kernel.loc".to_owned(), vec![3]),
            ("a.kernel.rho".to_owned(), vec![]),
        ];
        let message = read(&path, "weights", &expected)
            .unwrap_err()
            .diagnostics
            .remove(0);
        assert_eq!(
            message.notes,
            [
                "`a.kernel.loc` is [2], expected [3]",
                "`a.kernel.rho` [] is missing",
                "`a.kernel.row` is not known; the nearest is `a.kernel.rho`",
            ]
        );
        assert_eq!(
            message.helps[0].text,
            "expected a.kernel.loc [3], a.kernel.rho []"
        );
    }
}
