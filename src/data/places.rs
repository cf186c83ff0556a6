//! Where data sets are looked for.

use crate::diagnostic::{Diagnostic, Failure, Result};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A place that may hold data sets, and what names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `--data-dir`, `BNNC_DATA` or `the user's data directory`.
    pub named_by: &'static str,
    /// The folder; `None` where it is not set.
    pub path: Option<PathBuf>,
}

/// The three places, in the order in which they are looked in.
pub fn places(data_dir: Option<&Path>) -> Vec<Place> {
    let user = etcetera::choose_base_strategy().ok();
    let user = user.map(|dirs| etcetera::BaseStrategy::data_dir(&dirs).join("bnnc"));
    arrange(data_dir, std::env::var_os("BNNC_DATA"), user)
}

fn arrange(
    data_dir: Option<&Path>,
    variable: Option<OsString>,
    user: Option<PathBuf>,
) -> Vec<Place> {
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    let variable = variable.filter(|v| !v.is_empty()).map(PathBuf::from);
    vec![
        Place {
            named_by: "--data-dir",
            path: data_dir.map(|p| absolute(p.to_owned())),
        },
        Place {
            named_by: "BNNC_DATA",
            path: variable.map(absolute),
        },
        Place {
            named_by: "the user's data directory",
            path: user,
        },
    ]
}

/// The folder that downloads go to: the first place that is set.
pub fn download_directory(data_dir: Option<&Path>) -> Result<PathBuf> {
    let first = places(data_dir).into_iter().find_map(|place| place.path);
    first.ok_or_else(|| {
        Diagnostic::error("E0502", "there is no folder to put data in")
            .note("the user has no home directory, and BNNC_DATA is not set")
            .help("name a folder with `--data-dir DIR`")
            .into()
    })
}

/// A folder of data sets that is named is not there.
pub(crate) fn no_folder(folder: &Path) -> Failure {
    let title = format!("there is no folder `{}` of data sets", folder.display());
    let fact = match folder.exists() {
        true => "it is a file",
        false => "`--data-dir`, or `directory` in a run file, names it",
    };
    Diagnostic::error("E0502", title)
        .note(fact)
        .help("name a folder that is there, or leave it out: then BNNC_DATA and the user's data directory are looked in")
        .into()
}

/// The data set `name` is in none of the places.
pub(crate) fn missing(name: &str, places: &[Place], folder: &str) -> Failure {
    let mut message = Diagnostic::error("E0502", format!("the data set `{name}` is not found"));
    for place in places {
        message = message.note(match &place.path {
            Some(path) => format!(
                "looked in {} ({})",
                path.join(folder).display(),
                place.named_by
            ),
            None => format!("{} is not set", place.named_by),
        });
    }
    message
        .help(format!("`bnnc data fetch {name}` downloads it"))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_places_are_named_whether_set_or_not() {
        let all = arrange(
            Some(Path::new("/a")),
            Some("/b".into()),
            Some("/home/u/.local/share/bnnc".into()),
        );
        let paths: Vec<_> = all.iter().map(|p| p.path.clone().unwrap()).collect();
        assert_eq!(
            paths,
            ["/a", "/b", "/home/u/.local/share/bnnc"].map(PathBuf::from)
        );

        let unset = arrange(
            None,
            Some("".into()),
            Some("/home/u/.local/share/bnnc".into()),
        );
        let message = missing("cifar10", &unset, "cifar-10-batches-bin")
            .diagnostics
            .remove(0);
        assert_eq!(
            message.notes,
            [
                "--data-dir is not set",
                "BNNC_DATA is not set",
                "looked in /home/u/.local/share/bnnc/cifar-10-batches-bin (the user's data directory)",
            ]
        );
        assert_eq!(
            message.helps[0].text,
            "`bnnc data fetch cifar10` downloads it"
        );
    }
}
