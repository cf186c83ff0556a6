//! IDX files by their path: inputs, and the targets beside them, which their name tells.

use super::error::unreadable;
use super::idx;
use super::streaming::{self, Streaming};
use super::{Dataset, Seen, Split, Values};
use crate::diagnostic::{Diagnostic, Result};
use crate::tensor::Shape;
use std::path::{Path, PathBuf};

/// What a file of inputs has in its name, and what that of its targets has in its place.
const PARTNERS: [[&str; 2]; 4] = [
    ["images", "labels"],
    ["images", "targets"],
    ["inputs", "targets"],
    ["inputs", "labels"],
];

/// What a training part has in its name, and what the test part beside it has in its place.
const PARTS: [[&str; 2]; 2] = [["train", "t10k"], ["train", "test"]];

/// Whether the name of a file is that of an IDX file: `train-images-idx3-ubyte`, `images.idx3-ubyte.gz`, `x.idx`.
pub(super) fn is_idx(path: &Path) -> bool {
    stem(path).is_some()
}

/// The name of an IDX file before the part that says so, in small letters.
fn stem(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let place = name.rfind("idx")?;
    let (stem, rest) = (
        name[..place].strip_suffix(['.', '-', '_'])?,
        &name[place + 3..],
    );
    let of_axes = |rest: &str| {
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.is_empty() || rest.starts_with(['-', '.', '_'])
    };
    of_axes(rest).then(|| stem.to_owned())
}

/// The IDX file beside `path` whose name has another word, of which `words` are the one here and the one there.
fn beside(path: &Path, words: &[[&str; 2]]) -> Option<PathBuf> {
    let own = stem(path)?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let files = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.file_name()));
    let mut files: Vec<PathBuf> = files.map(|name| path.with_file_name(name)).collect();
    files.sort();
    let mut wanted = words.iter().filter_map(|[here, there]| {
        let place = own.rfind(here)?;
        Some(format!(
            "{}{there}{}",
            &own[..place],
            &own[place + here.len()..]
        ))
    });
    // Plain files sort before the same with `.gz`.
    wanted
        .find_map(|wanted| {
            files
                .iter()
                .find(|file| stem(file).as_ref() == Some(&wanted))
        })
        .cloned()
}

/// Reads the files whose inputs are at `path`, or leaves them where they are, as `stream` says. Without `values`, what `facts` needs: the inputs' headers, and the targets.
pub(super) fn read(path: &Path, values: bool, stream: Streaming) -> Result<Dataset> {
    // That there is no such file is told before that it has no targets.
    crate::files::open(path).map_err(|e| unreadable(path, "open", &e))?;
    let Some(targets) = beside(path, &PARTNERS) else {
        return Err(no_targets(path));
    };
    let mut said = vec![format!("targets from `{}`", targets.display())];
    let test = beside(path, &PARTS);
    let of_inputs: Vec<&Path> = [Some(path), test.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let streamed = streamed(&of_inputs, stream)?;
    let how = match (values, &streamed) {
        (false, _) => How::Header,
        (true, None) => How::Memory,
        (true, Some(_)) => How::File,
    };
    let train = split(path, &targets, how)?;
    let test = test.clone().map(|test| {
        let targets = beside(&test, &PARTNERS).ok_or_else(|| no_targets(&test))?;
        said.push(format!("test part from `{}`", test.display()));
        split(&test, &targets, how)
    });
    let test = test.transpose()?;
    if let Some(test) = &test
        && (&test.input_shape, &test.target_shape) != (&train.input_shape, &train.target_shape)
    {
        let title = format!("the test part beside `{}` has other shapes", path.display());
        return Err(Diagnostic::error("E0507", title)
            .note(format!(
                "inputs {} and targets {} there, inputs {} and targets {} here",
                test.input_shape, test.target_shape, train.input_shape, train.target_shape
            ))
            .into());
    }
    Ok(Dataset {
        name: path.display().to_string(),
        train,
        test,
        file_rows: None,
        columns: None,
        seen: Seen {
            said,
            streamed,
            ..Seen::default()
        },
        class_names: vec![],
    })
}

fn no_targets(path: &Path) -> crate::diagnostic::Failure {
    let title = format!("there are no targets beside `{}`", path.display());
    Diagnostic::error("E0502", title)
        .note("expected in its folder an IDX file of the same name with `labels` or `targets` in the place of `images` or `inputs`")
        .help("name the two `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, or `images.idx` and `labels.idx`")
        .into()
}

/// How much is read of a file of inputs.
#[derive(Clone, Copy)]
enum How {
    Header,
    Memory,
    File,
}

/// What is said of files of inputs that stay where they are; `None` of those that are read at once.
fn streamed(files: &[&Path], stream: Streaming) -> Result<Option<String>> {
    let mut bytes = 0;
    for file in files {
        bytes += idx::open(file)?.0.in_memory();
    }
    Ok(stream.takes(bytes).then(|| match files {
        [first, ..] if !idx::is_compressed(first) => streaming::from_file(bytes, first),
        _ => streaming::unpacked(bytes),
    }))
}

fn inputs_of(path: &Path, how: How) -> Result<(idx::Header, Values)> {
    match how {
        How::Header => Ok((idx::open(path)?.0, Values::U8(vec![]))),
        How::Memory => idx::read(path),
        How::File => idx::stored(path).map(|(header, stored)| (header, Values::Stored(stored))),
    }
}

fn split(inputs: &Path, targets: &Path, how: How) -> Result<Split> {
    let (of_inputs, input_values) = inputs_of(inputs, how)?;
    let (of_targets, target_values) = idx::read(targets)?;
    idx::same_count(inputs, &of_inputs, targets, &of_targets)?;
    Ok(Split {
        inputs: input_values,
        input_shape: of_inputs.of_example(),
        targets: target_values,
        target_shape: match of_targets.of_example() {
            shape if shape.len() == 1 => Shape::default(),
            shape => Shape::new(&[shape.len()]),
        },
        len: of_inputs.lengths[0] as usize,
    })
}

/// The inputs at `path`, where no targets are beside them, and what is said of them where they stay there.
pub(super) fn inputs(path: &Path, stream: Streaming) -> Result<Option<(Split, Option<String>)>> {
    if beside(path, &PARTNERS).is_some() {
        return Ok(None);
    }
    crate::files::open(path).map_err(|e| unreadable(path, "open", &e))?;
    let streamed = streamed(&[path], stream)?;
    let how = match streamed {
        Some(_) => How::File,
        None => How::Memory,
    };
    let (header, inputs) = inputs_of(path, how)?;
    let split = Split {
        inputs,
        input_shape: header.of_example(),
        targets: Values::F64(vec![]),
        target_shape: Shape::new(&[0]),
        len: header.lengths[0] as usize,
    };
    Ok(Some((split, streamed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_which_files_belong_together() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in [
            "train-images-idx3-ubyte",
            "train-labels-idx1-ubyte.gz",
            "t10k-images-idx3-ubyte.gz",
            "a.inputs.idx",
            "a.targets.idx",
            "b_images.idx4-float",
            "train.csv",
        ] {
            std::fs::write(path(name), "").unwrap();
        }
        let found = |name: &str, words| {
            let found = beside(&path(name), words)?;
            Some(found.file_name().unwrap().to_string_lossy().into_owned())
        };
        for (name, partner) in [
            (
                "train-images-idx3-ubyte",
                Some("train-labels-idx1-ubyte.gz"),
            ),
            ("t10k-images-idx3-ubyte.gz", None),
            ("a.inputs.idx", Some("a.targets.idx")),
            ("b_images.idx4-float", None),
            ("train.csv", None),
        ] {
            assert_eq!(found(name, &PARTNERS).as_deref(), partner, "{name}");
        }
        let test = found("train-images-idx3-ubyte", &PARTS);
        assert_eq!(test.as_deref(), Some("t10k-images-idx3-ubyte.gz"));
        assert_eq!(found("a.inputs.idx", &PARTS), None);
        for (name, expected) in [
            ("X-IMAGES-IDX3-UBYTE.gz", true),
            ("x.idx.gz", true),
            ("idx.csv", false),
            ("a-idxes.npz", false),
            ("x.gz", false),
        ] {
            assert_eq!(is_idx(Path::new(name)), expected, "{name}");
        }
    }
}
