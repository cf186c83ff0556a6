//! Which images a folder holds, and which class each is of.

use super::{Path, PathBuf, count, list, unreadable};
use crate::diagnostic::{Diagnostic, Result};
use std::collections::BTreeSet;

/// Names of the parts of a data set; no classes.
const PARTS: [&str; 2] = ["train", "test"];
const OTHER_PARTS: [&str; 4] = ["val", "valid", "validation", "dev"];

/// An image and its class.
pub(super) struct Image {
    pub(super) path: PathBuf,
    pub(super) label: usize,
}

/// What a folder holds.
pub(super) struct Listed {
    /// In alphabetical order, or as a run has them; none of a folder of images without classes.
    pub(super) classes: Vec<String>,
    /// Those to train on and those held out, by class, then by name.
    pub(super) parts: [Vec<Image>; 2],
    /// What was left out, a phrase each.
    pub(super) said: Vec<String>,
}

/// The contents of one folder, each list in alphabetical order.
#[derive(Default)]
struct Contents {
    folders: Vec<String>,
    images: Vec<String>,
    others: usize,
}

/// Lists the images of `folder`; `of_run` are the classes of a run, in their order.
///
/// # Errors
///
/// `E0503` for folders that cannot be read, `E0504` for images beside folders of classes and for a part without the
/// other, `E0509` for a class that the run, or the training part, does not have.
pub(super) fn list_parts(folder: &Path, of_run: &[String]) -> Result<Listed> {
    let top = contents(folder)?;
    let has = |name: &str| top.folders.iter().any(|found| found == name);
    let mut listing = Listing {
        classes: of_run.to_vec(),
        is_open: of_run.is_empty(),
        others: 0,
        left_out: vec![],
    };
    let parts = match PARTS.map(has) {
        [true, true] => {
            let rest = top.folders.iter().filter(|name| !PARTS.contains(&&***name));
            listing.left_out.extend(rest.cloned());
            listing.others += top.others + top.images.len();
            let train = listing.part(&folder.join(PARTS[0]))?;
            // A class of the test part alone was never trained on.
            listing.is_open = false;
            [train, listing.part(&folder.join(PARTS[1]))?]
        }
        [false, false] => [listing.part(folder)?, vec![]],
        [train, _] => {
            let (there, missing) = if train {
                (PARTS[0], PARTS[1])
            } else {
                (PARTS[1], PARTS[0])
            };
            if contents(&folder.join(there))?.folders.is_empty() {
                [listing.part(folder)?, vec![]]
            } else {
                return Err(half(folder, there, missing));
            }
        }
    };
    let mut said = vec![];
    if listing.others > 0 {
        let files = count(listing.others, "file", "files");
        said.push(format!("{files} other than .png and .jpg left out"));
    }
    if !listing.left_out.is_empty() {
        said.push(format!("left out: {}", list(&listing.left_out)));
    }
    if !listing.classes.is_empty() && of_run.is_empty() {
        said.push(format!("classes {}", numbered(&listing.classes)));
    }
    Ok(Listed {
        classes: if parts.iter().flatten().any(|image| image.label != NO_CLASS) {
            listing.classes
        } else {
            vec![]
        },
        parts,
        said,
    })
}

/// `cats = 0, dogs = 1`; of many the first and the last.
fn numbered(classes: &[String]) -> String {
    const SHOWN: usize = 12;
    let one = |label: usize| format!("{} = {label}", classes[label]);
    let last = classes.len() - 1;
    match last < SHOWN {
        true => (0..=last).map(one).collect::<Vec<_>>().join(", "),
        false => format!("{}, {} … {}", one(0), one(1), one(last)),
    }
}

/// The label of an image without a class.
const NO_CLASS: usize = usize::MAX;

/// The classes that were met, and what is no image of a class.
struct Listing {
    classes: Vec<String>,
    /// Whether other classes may come.
    is_open: bool,
    others: usize,
    left_out: Vec<String>,
}

impl Listing {
    /// The images of the folders of classes in `folder`, or those in itself.
    fn part(&mut self, folder: &Path) -> Result<Vec<Image>> {
        let top = contents(folder)?;
        self.others += top.others;
        let mut classes = vec![];
        for name in top.folders {
            let inner = contents(&folder.join(&name))?;
            self.others += inner.others;
            match inner.images.is_empty() {
                true => self.left_out.push(name),
                false => classes.push((name, inner)),
            }
        }
        if classes.is_empty() {
            let image = |name| Image {
                path: folder.join(name),
                label: NO_CLASS,
            };
            return Ok(top.images.into_iter().map(image).collect());
        }
        if !top.images.is_empty() {
            return Err(beside(folder, &top.images, classes.len()));
        }
        let parts: BTreeSet<&str> = classes.iter().map(|(name, _)| &**name).collect();
        if parts
            .iter()
            .all(|name| PARTS.contains(name) || OTHER_PARTS.contains(name))
            && self.is_open
        {
            return Err(no_classes(folder, &parts));
        }
        if self.is_open {
            self.classes = classes.iter().map(|(name, _)| name.clone()).collect();
        }
        let mut images = vec![];
        for (name, inner) in classes {
            let Some(label) = self.classes.iter().position(|class| *class == name) else {
                return Err(unknown(folder, &name, &self.classes));
            };
            self.left_out
                .extend(inner.folders.iter().map(|inner| format!("{name}/{inner}")));
            let paths = inner
                .images
                .iter()
                .map(|image| folder.join(&name).join(image));
            images.extend(paths.map(|path| Image { path, label }));
        }
        Ok(images)
    }
}

/// What is in a folder, what is hidden left out.
fn contents(folder: &Path) -> Result<Contents> {
    let failed = |error: std::io::Error| unreadable(folder, "read", &error);
    let mut found = Contents::default();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else {
            found.others += 1;
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        match entry.path() {
            path if path.is_dir() => found.folders.push(name),
            path if super::decode::is_image(&path) => found.images.push(name),
            _ => found.others += 1,
        }
    }
    found.folders.sort();
    found.images.sort();
    Ok(found)
}

fn half(folder: &Path, there: &str, missing: &str) -> crate::diagnostic::Failure {
    let place = folder.display();
    Diagnostic::error(
        "E0504",
        format!("`{place}` has a folder `{there}` and none `{missing}`"),
    )
    .note("the two are the parts of a data set where both are there")
    .help(format!(
        "`--data {}` takes the classes in it",
        folder.join(there).display()
    ))
    .into()
}

fn no_classes(folder: &Path, names: &BTreeSet<&str>) -> crate::diagnostic::Failure {
    let title = format!(
        "the folders in `{}` are parts and no classes: {}",
        folder.display(),
        list(names)
    );
    Diagnostic::error("E0504", title)
        .note("expected `train` and `test` with a folder a class in each")
        .into()
}

fn beside(folder: &Path, images: &[String], classes: usize) -> crate::diagnostic::Failure {
    let title = format!(
        "`{}` has {} beside {}",
        folder.display(),
        count(images.len(), "image", "images"),
        count(classes, "folder of images", "folders of images")
    );
    Diagnostic::error("E0504", title)
        .note(format!("the first is `{}`", images[0]))
        .help("move them into the folders of their classes, or out of this one")
        .into()
}

fn unknown(folder: &Path, name: &str, classes: &[String]) -> crate::diagnostic::Failure {
    let title = format!(
        "`{}` is a class that was not trained on",
        folder.join(name).display()
    );
    Diagnostic::error("E0509", title)
        .note(format!("the classes are {}", list(classes)))
        .help("`predict` needs no classes: it takes a folder of images without folders in it")
        .into()
}
