//! The data sets that have a name.

use super::memory::Array;
use super::places::{Place, missing};
use super::{
    Dataset, Facts, Request, adding_problem, cifar10, fashion_mnist, inverse_sine, made_counts,
    made_language, mnist, npz, seasonal_series, shapes, shapes_and_numbers, shapes_segmentation,
    volumes,
};
use crate::diagnostic::{Diagnostic, Result, nearest};
use crate::words::list;
use std::path::{Path, PathBuf};

/// Every data set that has a name, in the order in which they are listed.
pub static CATALOG: &[&dyn CatalogEntry] = &[
    &cifar10::Cifar10,
    &mnist::MNIST,
    &fashion_mnist::FASHION_MNIST,
    &shapes::Shapes,
    &shapes_segmentation::ShapesSegmentation,
    &volumes::Volumes,
    &shapes_and_numbers::ShapesAndNumbers,
    &adding_problem::AddingProblem,
    &made_language::MadeLanguage,
    &seasonal_series::SeasonalSeries,
    &made_counts::MadeCounts,
    &inverse_sine::InverseSine,
];

/// A data set that has a name.
pub trait CatalogEntry: Sync {
    /// The word after `--data`.
    fn name(&self) -> &'static str;
    /// One line of what it is.
    fn summary(&self) -> &'static str;
    /// The folders it may lie in under a data directory, the one that `fetch` makes first; none for
    /// a data set that is made and not read.
    fn folders(&self) -> &'static [&'static str] {
        &[]
    }
    /// The files that are read.
    fn files(&self) -> &'static [DataFile] {
        &[]
    }
    /// Where they come from; `None` for a data set that is made.
    fn origin(&self) -> Option<Origin> {
        None
    }
    /// The arrays of a made data set that is read as an `.npz` is, so that its sequences become what a model takes; none
    /// of other data sets.
    fn arrays(&self) -> Vec<Array> {
        vec![]
    }
    /// What the official files hold.
    fn known_facts(&self) -> Facts {
        let data = self.read(Path::new(""));
        Facts::of(&data.expect("arrays of a data set"))
    }
    /// What the files in `folder` say they hold, from their headers and lengths alone.
    fn found_facts(&self, _folder: &Path) -> Result<Facts> {
        Ok(self.known_facts())
    }
    /// The whole data set from `folder`, which a made one ignores.
    fn read(&self, _folder: &Path) -> Result<Dataset> {
        let arrays = self.arrays();
        let from = npz::From::Made(self.name(), &arrays);
        npz::read(from, &npz::Wanted::of(&Request::default()))
    }
}

/// A file of a data set, in the forms in which it may lie there; the first that exists is read.
#[derive(Debug)]
pub struct DataFile {
    /// The forms: compressed as published, or plain.
    pub forms: &'static [Form],
}

/// A file as published: its name, and what tells whether a copy is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// The file's name.
    pub name: &'static str,
    /// Its length.
    pub bytes: u64,
    /// The sha256 of its contents, in hexadecimal.
    pub sha256: &'static str,
}

/// Where a data set is published.
#[derive(Debug, Clone, Copy)]
pub enum Origin {
    /// Every file by itself, in its first form, at `URL/name`.
    Files {
        /// Where the names are appended to.
        url: &'static str,
    },
    /// One `.tar.gz` that holds every file in its first form, in the data set's first folder.
    Archive {
        /// Where the archive's name is appended to.
        url: &'static str,
        /// The archive.
        archive: Form,
    },
}

impl DataFile {
    /// The form of this file that lies in `folder`, and its path.
    pub fn find(&self, folder: &Path) -> Option<(Form, PathBuf)> {
        let paths = self
            .forms
            .iter()
            .map(|form| (*form, folder.join(form.name)));
        paths.into_iter().find(|(_, path)| path.is_file())
    }

    /// The path of this file in `folder`, an error that names the data set if there is none.
    pub(crate) fn path(&self, folder: &Path, entry: &dyn CatalogEntry) -> Result<PathBuf> {
        self.find(folder).map(|(_, path)| path).ok_or_else(|| {
            let names: Vec<_> = self.forms.iter().map(|form| form.name).collect();
            Diagnostic::error(
                "E0502",
                format!("the data set `{}` is incomplete", entry.name()),
            )
            .note(format!(
                "{} has no {}",
                folder.display(),
                names.join(" or ")
            ))
            .help(format!(
                "`bnnc data fetch {}` downloads what is missing",
                entry.name()
            ))
            .into()
        })
    }
}

/// The entry called `name`.
pub fn entry(name: &str) -> Option<&'static dyn CatalogEntry> {
    CATALOG.iter().copied().find(|e| e.name() == name)
}

/// The entry called `name`, or an error that lists the names.
pub fn require(name: &str) -> Result<&'static dyn CatalogEntry> {
    entry(name).ok_or_else(|| unknown(name).into())
}

/// `name` is no data set.
pub(crate) fn unknown(name: &str) -> Diagnostic {
    let names: Vec<_> = CATALOG.iter().map(|e| e.name()).collect();
    let message = Diagnostic::error("E0501", format!("the data set `{name}` is not known"))
        .note(format!("the data sets are {}", list(&names)));
    match nearest(name, names.iter().copied()) {
        Some(near) => message.help(format!("the nearest name is `{near}`")),
        None => message,
    }
}

/// The folder under `places` that holds `entry`: the first with all of its files, else the first with
/// some of them.
pub fn find(entry: &dyn CatalogEntry, places: &[Place]) -> Option<PathBuf> {
    let roots = places.iter().filter_map(|place| place.path.as_deref());
    let folders: Vec<PathBuf> = roots
        .flat_map(|root| entry.folders().iter().map(move |folder| root.join(folder)))
        .collect();
    let files_in = |folder: &PathBuf| {
        entry
            .files()
            .iter()
            .filter(|f| f.find(folder).is_some())
            .count()
    };
    let complete = folders
        .iter()
        .find(|folder| files_in(folder) == entry.files().len());
    complete
        .or_else(|| folders.iter().find(|folder| files_in(folder) > 0))
        .cloned()
}

/// As [`find`]; an error that names every place if it is in none. A made data set needs no place.
pub fn locate(entry: &dyn CatalogEntry, places: &[Place]) -> Result<PathBuf> {
    match entry.folders() {
        [] => Ok(PathBuf::new()),
        [folder, ..] => find(entry, places).ok_or_else(|| missing(entry.name(), places, folder)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_well_formed() {
        for entry in CATALOG {
            let facts = entry.known_facts();
            assert!(
                facts.train > 0 && !facts.input_shape.is_empty(),
                "{}",
                entry.name()
            );
            if facts.target.labels {
                assert_eq!(facts.target.classes, Some(facts.class_names.len()));
            }
            assert_eq!(
                entry.folders().is_empty(),
                entry.origin().is_none(),
                "{}",
                entry.name()
            );
            for form in entry.files().iter().flat_map(|f| f.forms) {
                assert!(form.sha256.len() == 64 && form.bytes > 0, "{}", form.name);
            }
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let message = require("cifar").err().unwrap().diagnostics.remove(0);
        assert_eq!(message.title, "the data set `cifar` is not known");
        assert_eq!(
            message.notes,
            [
                "the data sets are `cifar10`, `mnist`, `fashion_mnist`, `shapes`, `shapes_segmentation`, `volumes`, `shapes_and_numbers`, `adding_problem`, `made_language`, `seasonal_series`, `made_counts` and `inverse_sine`"
            ]
        );
        assert_eq!(message.helps[0].text, "the nearest name is `cifar10`");
    }

    #[test]
    fn a_complete_folder_goes_before_an_incomplete_one() {
        let root = tempfile::tempdir().unwrap();
        let place = |name| Place {
            named_by: "--data-dir",
            path: Some(root.path().join(name)),
        };
        let entry = require("mnist").unwrap();
        for (folder, files) in [("a/mnist", &entry.files()[..2]), ("b/mnist", entry.files())] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
            for file in files {
                std::fs::write(root.path().join(folder).join(file.forms[1].name), b"").unwrap();
            }
        }
        assert_eq!(
            find(entry, &[place("a"), place("b")]),
            Some(root.path().join("b/mnist"))
        );
        assert_eq!(
            find(entry, &[place("a"), place("c")]),
            Some(root.path().join("a/mnist"))
        );
        assert_eq!(find(entry, &[place("c")]), None);
        let failure = entry.read(&root.path().join("a/mnist")).unwrap_err();
        assert!(
            failure.to_string().contains("incomplete") || failure.to_string().contains("truncated")
        );
    }
}
