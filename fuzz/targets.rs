//! What reads files that somebody else wrote. Each target gives it any bytes: it may refuse them, in words, but not
//! panic, nor take long or much memory; the answer says whether it took them. `tests/costs/damaged.rs` gives each
//! some thousand damaged files.

use bnnc::data::{self, Request, TargetKind};
use bnnc::diagnostic::{Diagnostic, Failure, render};
use bnnc::pretrained::layout::{Flattened, Layout};
use bnnc::source::Source;
use bnnc::tensor::Shape;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;

/// A model file, up to its tree.
pub fn parser(bytes: &[u8]) -> bool {
    let Some(source) = source("model.bnn", bytes) else {
        return false;
    };
    let file = bnnc::syntax::parse(&source);
    file.map_err(|mistakes| shown(&mistakes, Some(&source)))
        .is_ok()
}

/// A model file, up to its loss and everything that `check` and `explain` print of it.
pub fn lowering(bytes: &[u8]) -> bool {
    let Some(source) = source("model.bnn", bytes) else {
        return false;
    };
    taken(bnnc::compile::source(source, &[]).map(|compiled| {
        render(&compiled.warnings, Some(&compiled.source), true);
        let facts = bnnc::ir::Facts::default();
        bnnc::ir::text(&compiled.inference, &facts);
        bnnc::explain::explain(&compiled.inference, &facts);
    }))
}

/// A Python program, up to the draft of a model.
pub fn translate(bytes: &[u8]) -> bool {
    let Some(source) = source("model.py", bytes) else {
        return false;
    };
    let draft = bnnc::translate::translate(&source);
    draft
        .map_err(|mistake| shown(&[mistake], Some(&source)))
        .is_ok()
}

/// A run file.
pub fn run_file(bytes: &[u8]) -> bool {
    source("model.toml", bytes).is_some_and(|source| taken(bnnc::train::Config::parse(source)))
}

/// A table: described, then read for a model of numbers and for one of classes.
pub fn table(bytes: &[u8]) -> bool {
    let path = file("table.csv", bytes);
    taken(data::describe(&path)) & both(&path)
}

/// An archive of NumPy arrays, or its inputs alone: an archive is whole then, and what is in it is not.
pub fn npz(bytes: &[u8]) -> bool {
    let archive = match bytes.starts_with(b"PK") {
        true => bytes.to_vec(),
        false => archive(bytes),
    };
    let path = file("arrays.npz", &archive);
    let request = Request {
        data: path.display().to_string(),
        ..Request::default()
    };
    taken(data::inputs_alone(&request, &Shape::new(&[1]))) & both(&path)
}

/// The images of a data set in MNIST's format, beside labels that are as they should be.
pub fn idx(bytes: &[u8]) -> bool {
    let labels = [0, 0, 8, 1, 0, 0, 0, 2, 1, 2];
    for part in ["train", "t10k"] {
        file(&format!("mnist/{part}-images-idx3-ubyte"), bytes);
        file(&format!("mnist/{part}-labels-idx1-ubyte"), &labels);
    }
    let request = Request {
        data: "mnist".into(),
        data_dir: Some(folder()),
        ..Request::default()
    };
    taken(data::facts(&request)) & taken(data::load(&request))
}

/// A checkpoint, of this program or another: read, and asked for a tensor.
pub fn safetensors(bytes: &[u8]) -> bool {
    let path = file("weights.safetensors", bytes);
    taken(bnnc::train::checkpoint::load(&path, "", vec![]));
    match bnnc::pretrained::Checkpoint::read(&path) {
        Ok(read) => {
            let shape = Shape::new(&[8, 3]);
            let take = |name: &str, layout| read.take(name, &shape, layout, &Flattened::No).is_ok();
            let modules = read.modules().into_iter();
            modules.for_each(|module| _ = take(&module.kernel, Layout::Torch));
            read.named("h.kernel")
                .is_some_and(|name| take(&name, Layout::Bnnc))
        }
        Err(why) => {
            assert!(!why.is_empty());
            false
        }
    }
}

/// A file as the data of a model of numbers and of one of classes.
fn both(path: &Path) -> bool {
    let read = [TargetKind::Real(1), TargetKind::Category(3)].map(|kind| {
        let request = Request {
            data: path.to_str().expect("a path of this program's").into(),
            predicts: Some(kind),
            ..Request::default()
        };
        taken(data::facts(&request)) & taken(data::load(&request))
    });
    read.contains(&true)
}

/// An archive with these bytes as `x.npy`.
fn archive(bytes: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(vec![]));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let targets = b"\x93NUMPY\x01\x00\x38\x00{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}\n\x01\x02";
    for (name, bytes) in [("x.npy", bytes), ("y.npy", targets)] {
        archive.start_file(name, stored).expect("writing to memory");
        archive.write_all(bytes).expect("writing to memory");
    }
    archive.finish().expect("writing to memory").into_inner()
}

/// Bytes as a text file; what is no UTF-8 is refused before it comes here.
fn source(name: &str, bytes: &[u8]) -> Option<Source> {
    let text = std::str::from_utf8(bytes).ok()?.to_owned();
    Some(Source {
        name: name.into(),
        text,
    })
}

/// Whether it was taken; else what is said is shown.
fn taken<T>(result: Result<T, Failure>) -> bool {
    result
        .map_err(|failure| shown(&failure.diagnostics, failure.source_file.as_deref()))
        .is_ok()
}

/// As the command line shows them: the first fifty.
fn shown(mistakes: &[Diagnostic], source: Option<&Source>) {
    assert!(!mistakes.is_empty());
    render(&mistakes[..mistakes.len().min(50)], source, true);
}

/// A folder of this process's own.
fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("bnnc-fuzz-{}", std::process::id()))
}

/// Bytes as a file there.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder to write to");
    fs::write(&path, bytes).expect("a file to write");
    path
}

/// Removes what the targets wrote.
#[allow(dead_code)]
pub fn clean() {
    let _ = fs::remove_dir_all(folder());
}
