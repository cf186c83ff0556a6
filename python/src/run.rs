//! A trained run: its predictions, scores, posterior and draws.

use crate::error::raised;
use crate::memory::Memory;
use crate::pool::on_threads;
use bnnc::data::{self, Dataset};
use bnnc::diagnostic::Result;
use bnnc::engine::Predictor;
use bnnc::evaluate::{self, Scores, Wanted, not_finite, outcomes, scored_by_example};
use bnnc::examples::Part;
use bnnc::explain::explain;
use bnnc::export::{self, Array, Values, in_chains};
use bnnc::ir::{Facts, Role};
use bnnc::likelihood::{Detail, Predictive, Quantile, Summary};
use bnnc::plot::parameters::{Marginals, OverDraws};
use bnnc::predict::{Cells, Names, Target, columns, samples};
use bnnc::score::{Measured, baseline, measure, measure_tallies};
use bnnc::source::Source;
use bnnc::train;
use bnnc::train::fitting::check_part;
use bnnc::train::opened::{Opened, open};
use numpy::{PyArray1, PyArrayMethods};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyDict, PyList};
use serde_json::{Map, Value, json};
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
}

/// The most numbers of draws of the weights that are kept for further predictions: 64 MiB of float32.
const KEPT: usize = 1 << 24;

/// Rows that are predicted between two looks for Ctrl-C.
const ROWS: usize = 1 << 14;

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
        Ok(data)
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

/// What is predicted of some rows of a target: its predictions, and what each draw predicts of each, one example's draws
/// after the other.
struct Predicted {
    predicted: Predictive,
    kept: Vec<f64>,
}

fn predict(
    predictor: &mut dyn Predictor,
    part: &Part,
    (draws, seed): (usize, u64),
    quantiles: &[f64],
    keep: bool,
) -> Result<Predicted> {
    let row = part.summary.row();
    let mut kept = vec![0.0; if keep { part.len() * draws * row } else { 0 }];
    let mut watch = |place: usize, draw: usize, own: &[f64]| {
        kept[(place * draws + draw) * row..][..row].copy_from_slice(own);
    };
    let is_image = part.kind.axes().is_some();
    let detail = match quantiles.is_empty() || is_image {
        true => Detail::Moments,
        false => Detail::Quantiles,
    };
    let wanted = Wanted {
        quantiles: quantiles.iter().map(|p| Quantile::of(*p)).collect(),
        watch: if keep { Some(&mut watch) } else { None },
        ..Wanted::new(draws, seed, detail)
    };
    let (predicted, broken) = evaluate::predict_some(predictor, part, wanted)?;
    match broken.first() {
        None => Ok(Predicted { predicted, kept }),
        Some(first) => {
            let farthest = part.farthest_input(*first);
            Err(not_finite(broken.len(), *first, part.len(), farthest))
        }
    }
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
                Ok(Open {
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
        } = &mut *open;
        let loaded = py.detach(|| load(&run.source, alone, &memory.0, false));
        let loaded = raised(py, loaded)?;
        let asked = (samples, seed);
        let mut all = vec![];
        for (number, (own, data)) in alone.iter().zip(&loaded).enumerate() {
            let draws = draws_of(own, &**predictor, asked);
            let rows: Vec<usize> = (0..data.train.len).collect();
            let mut found: Vec<(String, Vec<usize>, Vec<String>, Cells)> = vec![];
            let mut of_draws: Vec<(String, Vec<usize>, Vec<Vec<f64>>)> = vec![];
            for rows in rows.chunks(ROWS) {
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
                            further: vec![],
                        };
                        Ok((columns(&[target], rows, &[], &[]), single))
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
    #[pyo3(signature = (memory, samples, seed, resamples))]
    fn evaluate(
        &self,
        py: Python,
        memory: &Memory,
        samples: usize,
        seed: Option<u64>,
        resamples: usize,
    ) -> PyResult<String> {
        let mut open = self.open(py)?;
        let Open {
            run,
            alone,
            predictor,
        } = &mut *open;
        let scored = py.detach(|| {
            on_threads(None, || {
                let loaded = load(&run.source, alone, &memory.0, true)?;
                let mut all = vec![];
                for (own, data) in alone.iter().zip(&loaded) {
                    let draws = draws_of(own, &**predictor, (samples, seed));
                    let rows = data.all_examples(false);
                    let part = own.examples(&data.train, &rows);
                    let mut found = score(&mut **predictor, &part, draws, resamples)?;
                    found["target"] = json!(own.inference.target.name);
                    all.push(found);
                }
                Ok(Value::Array(all).to_string())
            })
        });
        raised(py, scored)
    }

    /// Of each parameter its name, its posterior, and the loc and scale of its entries; no scale of a point estimate.
    #[pyo3(signature = (draws,))]
    fn posterior<'py>(&self, py: Python<'py>, draws: usize) -> PyResult<Bound<'py, PyList>> {
        let mut open = self.open(py)?;
        let Open { run, predictor, .. } = &mut *open;
        let found = py.detach(|| {
            on_threads(None, || {
                let seed = run.config.seed;
                let over = over_draws(run, &mut **predictor, draws, seed);
                let interpreter = predictor.centre();
                let plan = interpreter.plan().clone();
                let mut over = over;
                let all = plan.inference.all_fitted();
                let kept = all.filter(|(_, tensor)| !matches!(tensor.role, Role::State(_)));
                let found = kept.map(|(handle, tensor)| {
                    let marginals = match &mut over {
                        Some(each) => std::mem::take(&mut each[handle.index()]).marginals(),
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
            })
        });
        let all = PyList::empty(py);
        for (name, family, shape, marginals) in raised(py, found)? {
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
        } = &mut *open;
        let collected = py.detach(|| {
            on_threads(None, || {
                let loaded = match memory {
                    Some(memory) => load(&run.source, alone, &memory.0, log_likelihood)?,
                    None => vec![],
                };
                collect(
                    run,
                    alone,
                    &mut **predictor,
                    &loaded,
                    (draws, seed),
                    (parameters, weights, log_likelihood),
                )
            })
        });
        let (chains, collected) = raised(py, collected)?;
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
        let n = run.record.training_examples;
        let facts = Facts {
            training_examples: Some(n),
            validation_examples: run.record.validation_examples,
            batch: Some(run.config.batch_size().min(n)),
            data: Some(run.record.name.clone()),
            training: Some(train::training(&run.config)),
            ..train::facts(&run.config, &run.inference, None, &[], &[])
        };
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

/// Appends the entries of further examples.
fn append(cells: &mut Cells, further: Cells) {
    match (cells, further) {
        (Cells::Numbers(all), Cells::Numbers(further))
        | (Cells::Whole(all), Cells::Whole(further)) => all.extend(further),
        (Cells::Texts(all), Cells::Texts(further)) => all.extend(further),
        _ => {}
    }
}

/// The entries of single draws, one draw's examples after the other; `chunks` have them an example's draws after the
/// other.
fn by_draw(chunks: &[Vec<f64>], draws: usize, entries: usize, examples: usize) -> Vec<f64> {
    let mut all = Vec::with_capacity(draws * examples * entries);
    for draw in 0..draws {
        for of_example in chunks
            .iter()
            .flat_map(|chunk| chunk.chunks_exact(draws * entries))
        {
            all.extend_from_slice(&of_example[draw * entries..][..entries]);
        }
    }
    all
}

/// The scores of some examples with their 95 % intervals, and those of predictions without the inputs.
fn score(
    predictor: &mut dyn Predictor,
    part: &Part,
    (draws, seed): (usize, u64),
    resamples: usize,
) -> Result<Value> {
    let (scores, measured, known) = match part.kind.axes() {
        Some(_) => {
            let (scores, tallies) = scored_by_example(predictor, part, draws, seed)?;
            (scores, measure_tallies(&tallies, resamples), vec![])
        }
        None => {
            let found = outcomes(predictor, part, draws, seed, Detail::Scores)?;
            let known = baseline(&found).map_or(vec![], |known| measure(&known, 0));
            (Scores::of(&found), measure(&found, resamples), known)
        }
    };
    // In the order of the scores, which an object would not keep.
    let of = |all: &[Measured]| -> Value {
        let named = all.iter().map(|m| json!([m.about.name, m.value]));
        named.collect()
    };
    let mut intervals = Map::new();
    let mut about = Map::new();
    for m in &measured {
        intervals.insert(m.about.name.into(), json!(m.interval()));
        about.insert(m.about.name.into(), json!(m.about.what));
    }
    Ok(json!({
        "scores": of(&measured),
        "intervals": intervals,
        "about": about,
        "baseline": of(&known),
        "examples": scores.examples,
        "draws": scores.draws,
        "expected_nll": scores.expected_nll,
    }))
}

/// The moments of each tensor over the draws of a run whose draws are points; `None` where the posterior's variables say
/// more.
fn over_draws(
    run: &Opened,
    predictor: &mut dyn Predictor,
    asked: usize,
    seed: u64,
) -> Option<Vec<OverDraws>> {
    let inference = &run.inference;
    let draws = predictor.draws(inference.draws_of_weights(asked));
    if !inference.method.has_points() || draws < 2 {
        return None;
    }
    let mut each = vec![OverDraws::default(); inference.tensors.len()];
    for draw in 0..draws {
        predictor.draw_weights(draw, seed);
        for (over, drawn) in each.iter_mut().zip(predictor.drawn()) {
            over.add(&drawn.values);
        }
    }
    Some(each)
}

/// Draws of the weights, and of what they predict of some data, with the number of chains in which they lie.
fn collect(
    run: &Opened,
    alone: &[Opened],
    predictor: &mut dyn Predictor,
    loaded: &[Dataset],
    (samples, seed): (usize, Option<u64>),
    (parameters, weights, log_likelihood): (Vec<String>, bool, bool),
) -> Result<(usize, Vec<Array>)> {
    if run.inference.closed_form().is_some() {
        predictor.predict_by_draws();
    }
    let draws = predictor
        .draws(run.inference.draws_of_weights(samples))
        .max(1);
    let mut asked = export::Asked {
        weights,
        latent: weights,
        predictions: !loaded.is_empty(),
        log_likelihood,
        inputs: false,
        prior: false,
        prior_draws: 0,
        parameters,
        draws,
        seed: seed.unwrap_or(run.config.seed),
        order: vec![],
    };
    let mut chains = 1;
    if let Some((order, count)) = in_chains(predictor, draws) {
        (asked.draws, asked.order, chains) = (order.len(), order, count);
    }
    let rows: Vec<usize> = (0..loaded.first().map_or(0, |data| data.train.len)).collect();
    let targets = alone.iter().zip(loaded).map(|(own, data)| export::Target {
        name: &own.inference.target.name,
        part: own.examples(&data.train, &rows),
        labels: match own.record.class_names.is_empty() {
            true => own.target_names(),
            false => &own.record.class_names,
        },
    });
    let targets: Vec<_> = targets.collect();
    let arrays = export::collect(predictor, &run.inference, &targets, &rows, &asked)?;
    Ok((chains, arrays))
}
