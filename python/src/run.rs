//! A trained run: its predictions, scores, posterior and draws.

mod drawn;
mod predicted;
mod scored;

use crate::error::raised;
use crate::memory::Memory;
use crate::pool::{on_threads, without_lock};
use crate::watched::watched;
use bnnc::data::{self, Dataset};
use bnnc::diagnostic::Result;
use bnnc::engine::Predictor;
use bnnc::examples::Part;
use bnnc::explain::explain;
use bnnc::export::Values;
use bnnc::ir::Role;
use bnnc::likelihood::Summary;
use bnnc::plot::parameters::{Marginals, OverDraws};
use bnnc::predict::{Cells, Names, Target, columns, samples};
use bnnc::source::Source;
use bnnc::train;
use bnnc::train::fitting::check_part;
use bnnc::train::opened::{Opened, open};
use bnnc::train::run_dir::RunDir;
use drawn::collect;
use numpy::{PyArray1, PyArrayMethods};
use predicted::{append, by_draw, predict};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyDict, PyList};
use scored::score;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

/// A run, opened.
#[pyclass(frozen)]
pub struct Run {
    path: PathBuf,
    opened: Mutex<Open>,
}

struct Open {
    run: Opened,
    /// The run as one of each of its targets alone.
    alone: Vec<Opened>,
    predictor: Box<dyn Predictor>,
    /// Whether the fit has steps left that `resume` would do.
    interrupted: bool,
}

/// The most numbers of draws of the weights that are kept for further predictions: 64 MiB of float32.
const KEPT: usize = 1 << 24;

/// Predictions of single draws that are made between two looks for Ctrl-C: some tenths of a second.
const AT_ONCE: usize = 1 << 18;

/// The data of each target of a run.
fn load(
    source: &Arc<Source>,
    alone: &[Opened],
    memory: &data::Memory,
    with_targets: bool,
) -> Result<Vec<Dataset>> {
    let load = |own: &Opened| {
        let request = own.request_in_memory(memory.clone(), with_targets);
        let without = match with_targets {
            true => None,
            false => data::inputs_alone(&request, &own.inference.input.shape)?,
        };
        let data = match without {
            Some(data) => data,
            None => data::load(&request)?,
        };
        check_part(&data, false, &own.inference)?;
        // Another target stands where one is yet to come.
        Ok(match data.seen.to_come.is_empty() {
            true => data,
            false => data.without_targets(),
        })
    };
    let loaded: Result<_> = alone.iter().map(load).collect();
    loaded.map_err(|failure| failure.within(source))
}

/// How many draws of the weights are averaged, and their seed: those that are asked for, else the run's.
fn draws_of(
    run: &Opened,
    predictor: &dyn Predictor,
    (samples, seed): (usize, Option<u64>),
) -> (usize, u64) {
    let made = predictor.draws(run.inference.draws(samples)).max(1);
    (made, seed.unwrap_or(run.config.seed))
}

/// A NumPy array of this shape.
fn array<'py, V: numpy::Element>(
    py: Python<'py>,
    values: Vec<V>,
    shape: &[usize],
) -> PyResult<Bound<'py, PyAny>> {
    let flat = PyArray1::from_vec(py, values);
    Ok(flat.reshape(shape.to_vec())?.into_any())
}

#[pymethods]
impl Run {
    #[new]
    fn new(py: Python, path: PathBuf) -> PyResult<Run> {
        let opened = py.detach(|| {
            on_threads(None, || {
                let (run, mut predictor) = open(&path)?;
                // Other methods' draws are not those of one interpreter.
                if run.inference.method.signature().name == "mean_field" {
                    predictor.centre().keep_draws(KEPT);
                }
                let alone = run.by_target(None)?;
                // The epoch that the run predicts with may lie before its last.
                let last = RunDir::open(&path)?.last()?;
                let is_over = last.are_over(&run.config, run.record.training_examples);
                Ok(Open {
                    interrupted: !is_over && run.diverged.is_none(),
                    run,
                    alone,
                    predictor,
                })
            })
        });
        Ok(Run {
            opened: Mutex::new(raised(py, opened)?),
            path,
        })
    }

    /// What is known of the run, as JSON.
    fn about(&self, py: Python) -> PyResult<String> {
        let open = self.open(py)?;
        let run = &open.run;
        let inference = &run.inference;
        let targets = open.alone.iter().map(|own| {
            json!({
                "name": own.inference.target.name,
                "kind": own.inference.target.kind.to_string(),
                "classes": own.record.class_names,
                "are_classes": matches!(own.inference.summary(), Summary::Classes(_)),
                "columns": own.target_names(),
            })
        });
        let about = json!({
            "model": inference.name,
            "inputs": inference.inputs.iter().map(|input| json!([input.name, input.shape.0])).collect::<Value>(),
            "columns": run.record.columns.as_ref().map(|columns| &columns.inputs),
            "targets": targets.collect::<Value>(),
            "progress": run.progress(),
            "interrupted": open.interrupted,
            "method": inference.method.to_string(),
            "settings": run.config.to_toml(),
            "training_examples": run.record.training_examples,
            "validation_examples": run.record.validation_examples,
            "data": run.record.name,
            "said": run.said,
            "diverged": run.divergence(),
            "is_random": inference.is_random(),
        });
        Ok(about.to_string())
    }

    /// Predicts: of each target a dictionary of arrays by their names.
    #[pyo3(signature = (memory, samples, seed, quantiles, keep))]
    fn predict<'py>(
        &self,
        py: Python<'py>,
        memory: &Memory,
        samples: usize,
        seed: Option<u64>,
        quantiles: Vec<f64>,
        keep: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let mut open = self.open(py)?;
        let Open {
            run,
            alone,
            predictor,
            ..
        } = &mut *open;
        let loaded = without_lock(py, None, || load(&run.source, alone, &memory.data, false));
        let loaded = raised(py, loaded)?;
        let asked = (samples, seed);
        let mut all = vec![];
        for (number, (own, data)) in alone.iter().zip(&loaded).enumerate() {
            let draws = draws_of(own, &**predictor, asked);
            let rows: Vec<usize> = (0..data.train.len).collect();
            let mut found: Vec<(String, Vec<usize>, Vec<String>, Cells)> = vec![];
            let mut of_draws: Vec<(String, Vec<usize>, Vec<Vec<f64>>)> = vec![];
            let at_once = (AT_ONCE / draws.0).clamp(256, 1 << 14);
            for rows in rows.chunks(at_once) {
                let made = py.detach(|| {
                    on_threads(None, || {
                        let part = own.examples(&data.train, rows);
                        let made = predict(&mut **predictor, &part, draws, &quantiles, keep)?;
                        let single = match keep {
                            true => {
                                let of = (part.kind, &part.summary);
                                let seed = (draws.1, number);
                                samples::of_target(of, draws.0, seed, rows, &made.kept)
                            }
                            false => vec![],
                        };
                        let target = Target {
                            name: None,
                            predicted: made.predicted,
                            part,
                            names: Names {
                                classes: &own.record.class_names,
                                targets: own.target_names(),
                                ..Names::default()
                            },
                            to_come: &[],
                            further: vec![],
                        };
                        Ok((columns(&[target], rows, &[], &[], None), single))
                    })
                });
                let (columns, single) = raised(py, made)?;
                for (place, column) in columns.into_iter().enumerate() {
                    match found.get_mut(place) {
                        None => {
                            found.push((column.name, column.axes, column.entries, column.cells))
                        }
                        Some((.., cells)) => append(cells, column.cells),
                    }
                }
                for (place, (name, axes, entries)) in single.into_iter().enumerate() {
                    match of_draws.get_mut(place) {
                        None => of_draws.push((name, axes, vec![entries])),
                        Some((.., chunks)) => chunks.push(entries),
                    }
                }
                py.check_signals()?;
            }
            let answer = PyDict::new(py);
            answer.set_item("name", &own.inference.target.name)?;
            answer.set_item("draws", draws.0)?;
            let (arrays, entries) = (PyDict::new(py), PyDict::new(py));
            for (name, axes, names, cells) in found {
                let shape = [&[rows.len()], &axes[..]].concat();
                let values = match cells {
                    Cells::Numbers(all) => array(py, all, &shape)?,
                    Cells::Whole(all) => {
                        let all: Vec<i64> = all.iter().map(|x| *x as i64).collect();
                        array(py, all, &shape)?
                    }
                    Cells::Texts(all) => PyList::new(py, all)?.into_any(),
                };
                entries.set_item(&name, names)?;
                arrays.set_item(name, values)?;
            }
            answer.set_item("arrays", arrays)?;
            answer.set_item("entries", entries)?;
            let single = PyDict::new(py);
            for (name, axes, chunks) in of_draws {
                let entries: usize = axes.iter().product();
                let values = by_draw(&chunks, draws.0, entries, rows.len());
                let shape = [&[draws.0, rows.len()], &axes[..]].concat();
                single.set_item(name, array(py, values, &shape)?)?;
            }
            answer.set_item("single", single)?;
            all.push(answer);
        }
        PyList::new(py, all)
    }

    /// Scores: of each target a JSON object.
    #[pyo3(signature = (memory, data, part, samples, seed, resamples))]
    #[expect(clippy::too_many_arguments, reason = "Python's keywords")]
    fn evaluate(
        &self,
        py: Python,
        memory: Option<&Memory>,
        data: Option<String>,
        part: Option<&str>,
        samples: usize,
        seed: Option<u64>,
        resamples: usize,
    ) -> PyResult<String> {
        let mut open = self.open(py)?;
        let Open {
            run,
            alone,
            predictor,
            ..
        } = &mut *open;
        watched(py, &mut **predictor, |predictor| {
            let mut all = vec![];
            let mut add = |own: &Opened, part: &Part, name: Option<&str>| -> Result<()> {
                let draws = draws_of(own, &*predictor, (samples, seed));
                let mut found = score(&mut *predictor, part, draws, resamples)?;
                found["target"] = json!(own.inference.target.name);
                found["data"] = json!(name);
                all.push(found);
                Ok(())
            };
            match memory {
                Some(memory) => {
                    let loaded = load(&run.source, alone, &memory.data, true)?;
                    for (own, data) in alone.iter().zip(&loaded) {
                        let rows = data.all_examples(false);
                        add(own, &own.examples(&data.train, &rows), None)?;
                    }
                }
                None => {
                    let chosen = run.to_score(alone, data, part)?;
                    for (own, chosen) in alone.iter().zip(&chosen) {
                        add(own, &own.part(chosen), Some(&chosen.name))?;
                    }
                }
            }
            Ok(Value::Array(all).to_string())
        })
    }

    /// Of each parameter its name, its posterior, and the loc and scale of its entries; no scale of a point estimate.
    #[pyo3(signature = (draws,))]
    fn posterior<'py>(&self, py: Python<'py>, draws: usize) -> PyResult<Bound<'py, PyList>> {
        let mut open = self.open(py)?;
        let Open { run, predictor, .. } = &mut *open;
        let found = watched(py, &mut **predictor, |predictor| {
            let inference = &run.inference;
            let mut over = OverDraws::of_points(inference, predictor, draws, run.config.seed);
            let interpreter = predictor.centre();
            let plan = interpreter.plan().clone();
            let all = plan.inference.all_fitted();
            let kept = all.filter(|(_, tensor)| !matches!(tensor.role, Role::State(_)));
            let found = kept.map(|(handle, tensor)| {
                let marginals = match &mut over {
                    Some((_, each)) => std::mem::take(&mut each[handle.index()]).marginals(),
                    None => Marginals::of(&plan.tensors[handle], interpreter.variables()),
                };
                (
                    tensor.name.clone(),
                    tensor.posterior.written.clone(),
                    tensor.shape.0.clone(),
                    marginals,
                )
            });
            Ok(found.collect::<Vec<_>>())
        })?;
        let all = PyList::empty(py);
        for (name, family, shape, marginals) in found {
            let loc = array(py, marginals.loc, &shape)?;
            let scale = match marginals.scale.is_empty() {
                true => None,
                false => Some(array(py, marginals.scale, &shape)?),
            };
            all.append((name, family, loc, scale))?;
        }
        Ok(all)
    }

    /// Draws as arrays: of each its group as ArviZ calls it, its name, its axes, its values and the labels along its last
    /// axis; and in how many chains they lie.
    #[pyo3(signature = (draws, seed, parameters, weights, memory, log_likelihood))]
    #[expect(clippy::too_many_arguments, reason = "Python's keywords")]
    fn draws<'py>(
        &self,
        py: Python<'py>,
        draws: usize,
        seed: Option<u64>,
        parameters: Vec<String>,
        weights: bool,
        memory: Option<&Memory>,
        log_likelihood: bool,
    ) -> PyResult<(usize, Bound<'py, PyList>)> {
        let mut open = self.open(py)?;
        let Open {
            run,
            alone,
            predictor,
            ..
        } = &mut *open;
        let (chains, collected) = watched(py, &mut **predictor, |predictor| {
            let loaded = match memory {
                Some(memory) => load(&run.source, alone, &memory.data, log_likelihood)?,
                None => vec![],
            };
            let asked = (parameters, weights, log_likelihood);
            collect(run, alone, predictor, &loaded, (draws, seed), asked)
        })?;
        let all = PyList::empty(py);
        for found in collected {
            let shape = &found.shape;
            let values = match found.values {
                Values::Bool(all) => array(py, all, shape)?,
                Values::U8(all) => array(py, all, shape)?,
                Values::I64(all) => array(py, all, shape)?,
                Values::F32(all) => array(py, all, shape)?,
                Values::F64(all) => array(py, all, shape)?,
            };
            all.append((
                found.group.name(),
                found.name,
                found.axes,
                values,
                found.labels,
            ))?;
        }
        Ok((chains, all))
    }

    /// The run as the methods section of a paper.
    fn explain(&self, py: Python, format: &str, columns: usize) -> PyResult<String> {
        let open = self.open(py)?;
        let run = &open.run;
        let facts = train::facts_of_run(&run.config, &run.record, &run.inference);
        let document = explain(&run.inference, &facts);
        Ok(match format {
            "markdown" => document.markdown(),
            "latex" => document.latex(),
            _ => document.text(columns),
        })
    }

    #[getter]
    fn path(&self) -> PathBuf {
        self.path.clone()
    }
}

impl Run {
    /// The run, once no other thread has it.
    fn open(&self, py: Python) -> PyResult<MutexGuard<'_, Open>> {
        let opened = self.opened.lock_py_attached(py);
        opened.map_err(|_| PyRuntimeError::new_err("an earlier call on the run has failed"))
    }
}
