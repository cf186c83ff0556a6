//! Run directories: all that a run is made of, so that it can be resumed, evaluated and read.
//!
//! ```text
//! model.bnn                the model's source
//! run.toml                 the settings, every default filled in
//! data.json                the data set, its scaling, and N
//! rows.safetensors         a digest of every row, see `rows`
//! ir.txt                   the model as `bnnc check --emit ir` prints it
//! metrics.jsonl            see `metrics`
//! checkpoint.safetensors   see `checkpoint`
//! best.safetensors         the variables of the lowest validation nll, of a run that may end early
//! diverged.txt             why the fit ended, where its loss diverged
//! finished.json            what the method says at the end, such as whether a sampler's chains agree
//! sha256sums.txt           of each file above `metrics.jsonl`, and of those in pretrained/, see `sums`
//! lock                     see `lock`
//! pretrained/              copies of the files that the model starts from, where it names any
//! ```

use super::checkpoint::{self, Counters};
use super::config::Config;
use super::data_record::DataRecord;
use super::files::{failed, read_text, write_whole};
use super::lock::{self, Lock};
use super::rows::Rows;
use super::sums;
use crate::compile::{self, Compiled};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::engine::Section;
use crate::examples::Scales;
use crate::ir::Model;
use crate::pretrained;
use crate::source::Source;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of a run that are written before its first step.
const OWN: [&str; 5] = [
    "model.bnn",
    "run.toml",
    "data.json",
    "rows.safetensors",
    "ir.txt",
];

/// The file that says why the fit ended, where its loss diverged.
const DIVERGED: &str = "diverged.txt";

/// The file of what the method says at the end.
const FINISHED: &str = "finished.json";

/// A directory that holds a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir(PathBuf);

impl RunDir {
    /// Makes the directory of a new run: `out`, or the first `runs/NAME-k` that does not exist. What is left of a
    /// training that was stopped before its first step is removed.
    ///
    /// # Errors
    ///
    /// `E0604` where `out` exists and is not empty, or another program is about to write it.
    pub fn create(out: Option<&Path>, name: &str) -> Result<(RunDir, Lock)> {
        let make = |path: &Path| {
            fs::create_dir_all(path).map_err(|error| failed(path, "make the folder", &error))
        };
        if let Some(out) = out {
            Self::refuse_used(out)?;
            make(out)?;
            let (run, lock) = (RunDir(out.to_owned()), Lock::take(out)?);
            // Another program may have begun it since.
            Self::refuse_used(out)?;
            run.remove_files();
            return Ok((run, lock));
        }
        let runs = Path::new("runs");
        make(runs)?;
        // `create_dir` takes the name or fails: two runs that start at once get one each.
        for k in 1.. {
            let path = runs.join(format!("{name}-{k}"));
            match fs::create_dir(&path) {
                Ok(()) => {
                    let lock = Lock::take(&path)?;
                    return Ok((RunDir(path), lock));
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(&path, "make the folder", &error)),
            }
        }
        unreachable!("some name is free")
    }

    /// Whether a new run may go to `out`.
    ///
    /// # Errors
    ///
    /// `E0604` where it exists and holds more than what a training leaves that is stopped before its first step.
    pub fn refuse_used(out: &Path) -> Result<()> {
        let entries = match fs::read_dir(out) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(|error| failed(out, "read", &error))?,
        };
        let unbegun = |name: &str| {
            let name = name.strip_suffix(".part").unwrap_or(name);
            OWN.contains(&name) || [sums::NAME, lock::NAME, pretrained::FOLDER].contains(&name)
        };
        let entries: Vec<_> = entries.flatten().collect();
        // A link leads elsewhere: what is behind it is not a training's to remove.
        let is_own = |entry: &fs::DirEntry| {
            let kind = entry.file_type();
            kind.is_ok_and(|kind| match entry.file_name() == pretrained::FOLDER {
                true => kind.is_dir(),
                false => kind.is_file(),
            })
        };
        let own = entries.iter().all(is_own);
        let names: Vec<_> = entries.iter().map(|entry| entry.file_name()).collect();
        let all = names.iter().all(|name| name.to_str().is_some_and(unbegun));
        // The lock comes first: without it, this folder is none that a training made.
        if names.is_empty() || own && all && names.iter().any(|name| name == lock::NAME) {
            return Ok(());
        }
        let title = format!("the folder `{}` is not empty", out.display());
        Err(Diagnostic::error("E0604", title)
            .help("`--resume` goes on with the run in it; another `--out` starts a new one")
            .into())
    }

    /// The run in `path`.
    ///
    /// # Errors
    ///
    /// `E0604` where there is none.
    pub fn open(path: &Path) -> Result<RunDir> {
        let files = ["model.bnn", "run.toml", "data.json"];
        match files.iter().find(|file| !path.join(file).is_file()) {
            None => {
                let run = RunDir(path.to_owned());
                run.refuse_links()?;
                sums::check(path)?;
                Ok(run)
            }
            Some(missing) => {
                let title = format!("`{}` is not the folder of a run", path.display());
                let message = Diagnostic::error("E0604", title);
                Err(match (path.is_dir(), path.is_file()) {
                    (true, _) => message.note(format!("it has no {missing}")),
                    (_, true) => message
                        .note("it is a file")
                        .help("`bnnc train MODEL` prints the folder of the run that it makes"),
                    _ => message.note("there is no such folder"),
                }
                .into())
            }
        }
    }

    /// Takes the right to go on with the run.
    ///
    /// # Errors
    ///
    /// `E0604` where another program has it.
    pub fn lock(&self) -> Result<Lock> {
        Lock::take(&self.0)
    }

    /// Refuses symbolic links among the files: through one, a run directory from elsewhere could write over a file
    /// of one's own.
    fn refuse_links(&self) -> Result<()> {
        let link = |file: &PathBuf| fs::symlink_metadata(file).is_ok_and(|file| file.is_symlink());
        let folder = [self.0.join(pretrained::FOLDER)];
        let Some(file) = self.files().into_iter().chain(folder).find(link) else {
            return Ok(());
        };
        let title = format!("`{}` is a symbolic link", file.display());
        Err(Diagnostic::error("E0604", title)
            .note("the files of a run are its own: what is written to a link changes a file elsewhere")
            .help("put a copy of the file in its place")
            .into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the checkpoint is.
    pub fn checkpoint(&self) -> PathBuf {
        self.0.join("checkpoint.safetensors")
    }

    /// Where the variables of the lowest validation nll are, of a run that may end early.
    pub fn best(&self) -> PathBuf {
        self.0.join("best.safetensors")
    }

    /// Reads the variables that predictions are made with into these sections: those of the lowest validation nll
    /// where the run keeps them, else those of the last checkpoint; and how far they are.
    ///
    /// # Errors
    ///
    /// As [`checkpoint::load`].
    pub fn load(&self, model: &str, sections: Vec<Section>) -> Result<Counters> {
        match self.last()?.best {
            Some(_) => checkpoint::load(&self.best(), model, sections),
            None => checkpoint::load(&self.checkpoint(), model, sections),
        }
    }

    /// How far the run's last checkpoint is.
    ///
    /// # Errors
    ///
    /// As [`checkpoint::counters`].
    pub fn last(&self) -> Result<Counters> {
        checkpoint::counters(&self.checkpoint())
    }

    /// Why the fit ended, where its loss diverged.
    pub fn diverged(&self) -> Option<String> {
        let text = read_text(&self.0.join(DIVERGED)).ok()?;
        Some(text.trim_end().to_owned())
    }

    /// Keeps why the fit has ended, or forgets it where the run goes on.
    ///
    /// # Errors
    ///
    /// `E0601` where the file cannot be written.
    pub(super) fn set_diverged(&self, why: Option<&str>) -> Result<()> {
        self.keep_text(DIVERGED, why.map(|why| format!("{why}\n")))
    }

    /// What the method has said at the end, a word and a text each; nothing of a run that is not finished.
    pub fn said(&self) -> Vec<(String, String)> {
        let text = read_text(&self.0.join(FINISHED)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Keeps what the method says at the end, or forgets it where the run goes on.
    ///
    /// # Errors
    ///
    /// `E0601` where the file cannot be written.
    pub(super) fn set_said(&self, said: &[(&'static str, String)]) -> Result<()> {
        let text = serde_json::to_string(said).expect("texts");
        self.keep_text(FINISHED, (!said.is_empty()).then(|| text + "\n"))
    }

    /// Writes a file, or removes it where there is nothing to write.
    fn keep_text(&self, name: &str, text: Option<String>) -> Result<()> {
        let path = self.0.join(name);
        match text {
            Some(text) => write_whole(&path, text.as_bytes()),
            None => match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(failed(&path, "remove", &error))
                }
                _ => Ok(()),
            },
        }
    }

    /// Where the metrics are.
    pub fn metrics(&self) -> PathBuf {
        self.0.join("metrics.jsonl")
    }

    /// Keeps copies of the files that the model starts from, so that the run needs no others.
    ///
    /// # Errors
    ///
    /// `E0601` where one cannot be read or written, or has changed since the model was compiled.
    pub fn keep(&self, files: &[pretrained::File]) -> Result<()> {
        let folder = self.0.join(pretrained::FOLDER);
        for file in files {
            let contents = crate::files::read(&file.path)
                .map_err(|error| failed(&file.path, "read", &error))?;
            if pretrained::sha256(&contents) != file.sha256 {
                let title = format!("`{}` has changed while it was read", file.path.display());
                return Err(Diagnostic::error("E0601", title).into());
            }
            fs::create_dir_all(&folder)
                .map_err(|error| failed(&folder, "make the folder", &error))?;
            write_whole(
                &folder.join(pretrained::kept_name(&file.written)),
                &contents,
            )?;
        }
        Ok(())
    }

    /// Writes all that is known before the first step.
    pub fn write(
        &self,
        source: &str,
        config: &Config,
        data: &DataRecord,
        rows: &Rows,
        ir: &str,
    ) -> Result<()> {
        write_whole(&self.0.join("model.bnn"), source.as_bytes())?;
        self.put_config(config)?;
        write_whole(&self.0.join("data.json"), data.text().as_bytes())?;
        rows.write(&self.0.join("rows.safetensors"))?;
        write_whole(&self.0.join("ir.txt"), ir.as_bytes())?;
        self.write_sums()
    }

    fn write_sums(&self) -> Result<()> {
        let mut names: Vec<String> = OWN.map(str::to_owned).to_vec();
        names.extend(self.kept());
        sums::write(&self.0, &names)
    }

    /// The copies of the files that the model starts from: `pretrained/NAME`, in the order of their names.
    fn kept(&self) -> impl Iterator<Item = String> {
        let kept = fs::read_dir(self.0.join(pretrained::FOLDER));
        let names = kept.into_iter().flatten().flatten();
        let names = names.filter_map(|entry| entry.file_name().into_string().ok());
        let names = names.filter(|name| name.trim_end_matches(".part").ends_with(".safetensors"));
        let mut names: Vec<String> = names
            .map(|name| format!("{}/{name}", pretrained::FOLDER))
            .collect();
        names.sort();
        names.into_iter()
    }

    /// Takes back what [`RunDir::keep`] and [`RunDir::write`] wrote, and the folder if nothing else is
    /// in it.
    pub fn remove_unbegun(&self) {
        self.remove_files();
        let _ = fs::remove_file(self.0.join(lock::NAME));
        let _ = fs::remove_dir(&self.0);
    }

    /// Removes what is written before the first checkpoint.
    fn remove_files(&self) {
        let mut files: Vec<String> = self.kept().collect();
        files.extend(OWN.into_iter().chain([sums::NAME]).map(str::to_owned));
        for file in files {
            let _ = fs::remove_file(self.0.join(&file));
            let _ = fs::remove_file(self.0.join(file + ".part"));
        }
        let _ = fs::remove_dir(self.0.join(pretrained::FOLDER));
    }

    /// The files that make up the run.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = OWN.map(|file| self.0.join(file)).to_vec();
        files.extend([self.checkpoint(), self.best(), self.metrics()]);
        files.extend([sums::NAME, lock::NAME, DIVERGED, FINISHED].map(|file| self.0.join(file)));
        files.extend(self.kept().map(|file| self.0.join(file)));
        files
    }

    /// Writes the settings of a run that goes on.
    pub fn write_config(&self, config: &Config) -> Result<()> {
        self.put_config(config)?;
        self.write_sums()
    }

    fn put_config(&self, config: &Config) -> Result<()> {
        write_whole(&self.0.join("run.toml"), config.text().as_bytes())
    }

    /// The settings.
    pub fn config(&self) -> Result<Config> {
        let path = self.0.join("run.toml");
        Config::parse(Source {
            name: path.display().to_string(),
            text: read_text(&path)?,
        })
    }

    /// The model's source.
    pub fn source(&self) -> Result<String> {
        read_text(&self.0.join("model.bnn"))
    }

    /// The model, compiled as the run has it.
    pub fn compile(&self, config: &Config) -> Result<Compiled> {
        let name = self.0.join("model.bnn").display().to_string();
        compile::by_method(
            Source {
                name,
                text: self.source()?,
            },
            &config.set,
            config.inference.clone(),
        )
    }

    /// What it is trained on, as `data.json` says it.
    ///
    /// # Errors
    ///
    /// `E0601` where it cannot be read, `E0605` where it is damaged.
    pub fn record(&self) -> Result<DataRecord> {
        let text = read_text(&self.0.join("data.json"))?;
        let record: DataRecord =
            serde_json::from_str(&text).map_err(|e| self.damaged_record(e.to_string()))?;
        if record.training_examples == 0 {
            return Err(self.damaged_record("its `training_examples` is 0".into()));
        }
        Ok(record)
    }

    /// Which rows it was trained on; none of a run of before they were kept.
    ///
    /// # Errors
    ///
    /// `E0601` where the file cannot be read, `E0605` where it is damaged.
    pub fn rows(&self) -> Result<Option<Rows>> {
        Rows::read(&self.0.join("rows.safetensors"))
    }

    fn damaged_record(&self, fact: String) -> Failure {
        let title = format!("`{}` is damaged", self.0.join("data.json").display());
        Diagnostic::error("E0605", title).note(fact).into()
    }

    /// What it is trained on; its scaling is one that inputs and targets of `model` can take.
    ///
    /// # Errors
    ///
    /// `E0601` where it cannot be read, `E0605` where it is damaged.
    pub fn data(&self, model: &Model) -> Result<DataRecord> {
        let record = self.record()?;
        for number in 0..=model.others.len() {
            let Some(of_target) = record.of_target(number) else {
                return Err(self.damaged_record("it has fewer targets than the model".into()));
            };
            self.check(&of_target, &model.of_target(number))?;
        }
        Ok(record)
    }

    fn check(&self, record: &DataRecord, model: &Model) -> Result<()> {
        let damaged = |fact| self.damaged_record(fact);
        let identity = Scales::identity(model);
        let of_model = [&identity.inputs, &identity.targets];
        let found = [&record.scales.inputs, &record.scales.targets];
        for (what, (found, expected)) in ["inputs", "targets"]
            .iter()
            .zip(found.into_iter().zip(of_model))
        {
            let width = expected.channels();
            if [found.offset.len(), found.scale.len()] != [width; 2] {
                return Err(damaged(format!(
                    "`{what}` has {} offsets and {} scales, and the model {width} of each",
                    found.offset.len(),
                    found.scale.len()
                )));
            }
            if found.padded != expected.padded {
                return Err(damaged(format!(
                    "`{what}` has other sequences than the model"
                )));
            }
            let offsets = found.offset.iter().all(|x| x.is_finite());
            if !offsets || !found.scale.iter().all(|x| x.is_finite() && *x > 0.0) {
                return Err(damaged(format!("`{what}` is no scaling")));
            }
        }
        // A column is a number of each step there.
        let of_steps = model.inputs.iter().any(|input| input.sequence.is_some());
        let columns = record.columns.as_ref();
        if let Some(columns) = columns.filter(|columns| !of_steps && columns.steps.is_none()) {
            let found = [columns.entries().len(), columns.targets.len()];
            let expected = [model.input.shape.len(), identity.targets.channels()];
            if found != expected {
                return Err(damaged(format!(
                    "`columns` has {} inputs and {} targets, and the model {} and {}",
                    found[0], found[1], expected[0], expected[1]
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_use_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a/b");
        let refused = || {
            RunDir::create(Some(&out), "m").unwrap_err().diagnostics[0]
                .title
                .clone()
        };
        let (run, lock) = RunDir::create(Some(&out), "m").unwrap();
        assert_eq!(RunDir::open(&out).unwrap_err().diagnostics[0].code, "E0604");
        assert!(
            refused().starts_with("another `bnnc train`"),
            "{}",
            refused()
        );
        // Killed before its first checkpoint, it was never begun.
        run.put_config(&Config::default()).unwrap();
        assert!(run.config().unwrap().change(&Config::default()).is_none());
        fs::create_dir(out.join("pretrained")).unwrap();
        fs::write(out.join("pretrained/a.safetensors.part"), "x").unwrap();
        drop(lock);
        let (_, lock) = RunDir::create(Some(&out), "m").unwrap();
        let left = fs::read_dir(&out).unwrap().flatten();
        assert_eq!(
            left.map(|file| file.file_name()).collect::<Vec<_>>(),
            ["lock"]
        );
        drop(lock);
        for file in ["checkpoint.safetensors", "notes.txt"] {
            fs::write(out.join(file), "x").unwrap();
            assert!(refused().ends_with("is not empty"), "{}", refused());
            fs::remove_file(out.join(file)).unwrap();
        }
        // A folder of one's own may have files of these names.
        fs::remove_file(out.join("lock")).unwrap();
        fs::write(out.join("model.bnn"), "model m").unwrap();
        assert!(refused().ends_with("is not empty"), "{}", refused());
    }
}
