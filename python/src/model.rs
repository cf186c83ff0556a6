//! A model, compiled: what it is, what its loss is, and a fit of it.

use crate::error::{raised, text};
use crate::fit::{self, Asked};
use crate::memory::Memory;
use crate::pool::without_lock;
use crate::settings::config;
use bnnc::compile::{self, Compiled};
use bnnc::diagnostic::{self, to_json};
use bnnc::exec;
use bnnc::explain::{explain, formulas};
use bnnc::ir;
use bnnc::lint::{self, Policy};
use bnnc::maths::Maths;
use bnnc::plan::Plan;
use bnnc::report;
use bnnc::source::Source;
use bnnc::syntax;
use bnnc::train::{self, Config, Known, width};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The text of a model file, and constants that are set in it.
#[pyclass(frozen)]
pub struct Model {
    text: String,
    /// The file, or what messages call the text.
    path: String,
    set: Vec<(String, String)>,
}

impl Model {
    pub fn source(&self) -> Source {
        Source {
            name: self.path.clone(),
            text: self.text.clone(),
        }
    }

    /// The settings that are given, with the model's constants and these data.
    fn config(
        &self,
        py: Python,
        file: Option<&Path>,
        given: &Bound<PyDict>,
        memory: Option<&Memory>,
    ) -> PyResult<Config> {
        let of_arrays = memory.is_some_and(|memory| !memory.is_table);
        let mut config = config(py, file, given, of_arrays)?;
        for (name, value) in &self.set {
            config.set.retain(|(other, _)| other != name);
            config.set.push((name.clone(), value.clone()));
        }
        if let Some(memory) = memory {
            config.data.memory = Some(memory.data.clone());
            config.data.name = None;
        }
        Ok(config)
    }

    /// Compiles the model with these settings and looks at the data; of `n` examples where there are none.
    fn known(
        &self,
        config: &mut Config,
        n: Option<usize>,
    ) -> diagnostic::Result<(Compiled, Known)> {
        config.watch()?;
        let source = self.source();
        let request = config.request(None);
        width::fill(&source, &mut config.set, request)?;
        let mut compiled = compile::by_method(source, &config.set, config.inference.clone())?;
        compiled.draw(config.samples);
        let mut known = train::known(config, &compiled)?;
        if let (Some(n), true) = (n, known.found.is_empty()) {
            config.choose(n, &compiled.inference);
            let facts = &mut known.facts;
            facts.training_examples = Some(n);
            facts.batch = Some(config.batch_size().min(n));
            facts.epochs = config.epochs;
        }
        Ok((compiled, known))
    }
}

#[pymethods]
impl Model {
    #[new]
    fn new(py: Python, text: String, path: String, set: Vec<(String, String)>) -> PyResult<Model> {
        let model = Model { text, path, set };
        let source = model.source();
        let leaves_width = syntax::parse(&source).is_ok_and(|file| width::leaves_width(&file));
        let is_known = model
            .set
            .iter()
            .any(|(name, _)| name == syntax::ast::OF_DATA);
        if is_known || !leaves_width {
            raised(py, compile::source(source, &model.set))?;
        }
        Ok(model)
    }

    #[getter]
    fn text(&self) -> &str {
        &self.text
    }

    #[getter]
    fn path(&self) -> &str {
        &self.path
    }

    /// What a model declares, as JSON: its name, its inputs and its targets.
    fn declared(&self) -> String {
        let mut declared = json!({ "name": Value::Null, "inputs": [], "targets": [] });
        let Ok(file) = syntax::parse(&self.source()) else {
            return declared.to_string();
        };
        for item in &file.items {
            let (key, name) = match &item.kind {
                syntax::ast::ItemKind::Model(name) => {
                    declared["name"] = json!(name.text);
                    continue;
                }
                syntax::ast::ItemKind::Input { name, .. } => ("inputs", name),
                syntax::ast::ItemKind::Target { name, .. } => ("targets", name),
                _ => continue,
            };
            let list = declared[key].as_array_mut().expect("a list");
            list.push(json!(name.text));
        }
        declared.to_string()
    }

    /// What there is to say of the model: as text of so many columns, and as JSON.
    #[pyo3(signature = (given, file, memory, n, columns))]
    fn check(
        &self,
        py: Python,
        given: &Bound<PyDict>,
        file: Option<PathBuf>,
        memory: Option<&Memory>,
        n: Option<usize>,
        columns: usize,
    ) -> PyResult<(String, String)> {
        let mut config = self.config(py, file.as_deref(), given, memory)?;
        let checked = without_lock(py, config.threads, || {
            let (compiled, mut known) = self.known(&mut config, n)?;
            if n.is_some() {
                let data = &mut known.facts.data;
                data.get_or_insert_with(|| "no data named".into());
            }
            let facts = &known.facts;
            let batch = facts.batch.unwrap_or(config.batch_size());
            let policy = Policy::default();
            let warnings = lint::run(&compiled.inference, facts, &policy);
            let plan = Arc::new(Plan::new(compiled.inference.clone()));
            let memory = exec::memory(&plan, batch);
            let mut check = report::check(&plan, facts, batch, memory);
            check.run_file = file.map(|path| path.display().to_string());
            let mut found = known.found.into_iter();
            let mut found = found.by_ref().map(|found| (found.columns, found.taken));
            if let Some(first) = found.next() {
                (check.columns, check.taken) = first;
            }
            check.others = found.collect();
            check.chosen = known.chosen;
            let mut json = check.json();
            json["warnings"] = to_json(&warnings, Some(&compiled.source));
            json["remarks_on_data"] = json!(known.remarks);
            json["warnings_text"] = json!(text(&warnings, Some(&compiled.source)));
            let formulas = formulas(&compiled.inference, facts);
            let formulas = formulas.iter().map(|formula| {
                let formula = Maths::parse(formula);
                json!({ "plain": formula.plain(), "latex": formula.latex() })
            });
            json["formulas"] = formulas.collect();
            json["ir"] = json!(ir::text(&plan.inference, facts));
            Ok((check.text(columns), json.to_string()))
        });
        raised(py, checked)
    }

    /// The model as the methods section of a paper: `text` of so many columns, `markdown` or `latex`.
    #[pyo3(signature = (given, file, memory, n, format, columns))]
    #[expect(clippy::too_many_arguments, reason = "Python's keywords")]
    fn explain(
        &self,
        py: Python,
        given: &Bound<PyDict>,
        file: Option<PathBuf>,
        memory: Option<&Memory>,
        n: Option<usize>,
        format: &str,
        columns: usize,
    ) -> PyResult<String> {
        let mut config = self.config(py, file.as_deref(), given, memory)?;
        let explained = without_lock(py, config.threads, || {
            let (compiled, known) = self.known(&mut config, n)?;
            let mut facts = known.facts;
            if file.is_some() || facts.training_examples.is_some() {
                facts.training = Some(train::training(&config));
            }
            let document = explain(&compiled.inference, &facts);
            Ok(match format {
                "markdown" => document.markdown(),
                "latex" => document.latex(),
                _ => document.text(columns),
            })
        });
        raised(py, explained)
    }

    /// Trains the model into the folder `out`; see `bnnc.Model.fit`.
    #[pyo3(signature = (given, file, memory, out, resume, watch))]
    #[expect(clippy::too_many_arguments, reason = "Python's keywords")]
    fn fit(
        &self,
        py: Python,
        given: &Bound<PyDict>,
        file: Option<PathBuf>,
        memory: Option<&Memory>,
        out: PathBuf,
        resume: bool,
        watch: Bound<PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let asked = Asked {
            config: self.config(py, file.as_deref(), given, memory)?,
            settings_from: match file {
                Some(file) => format!("{} and Python", file.display()),
                None => "Python".into(),
            },
            source: self.source(),
            out,
            resume,
        };
        fit::fit(py, asked, &watch)
    }
}
