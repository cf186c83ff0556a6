//! Rows in files are those in memory, in whatever way they are asked for; files that change are told.

use super::*;
use crate::data::batch::gather;
use crate::data::scaling::{Scaling, Span};
use crate::data::{Choices, Dataset, Request, Split, Streaming, facts, load};
use crate::examples::fingerprint;
use crate::tensor::Shape;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The data at `path`, in memory and in their file.
fn both(path: &Path, choices: &Choices) -> [Dataset; 2] {
    [Streaming::Never, Streaming::Always].map(|stream| {
        let request = Request {
            data: path.display().to_string(),
            choices: choices.clone(),
            stream,
            ..Request::default()
        };
        load(&request).unwrap()
    })
}

fn stored(split: &Split) -> &Stored {
    match &split.inputs {
        Values::Stored(stored) => stored,
        other => panic!("{other:?}"),
    }
}

/// Holds rows of a split in a file against the same in memory: batches, statistics, and what tells them apart.
fn assert_same([memory, file]: [&Split; 2]) {
    assert_eq!(memory.len, file.len);
    let (width, rows) = (memory.input_shape.len(), stored(file));
    assert_eq!((rows.rows(), rows.width()), (memory.len, width));
    assert_eq!(rows.kind(), memory.inputs.kind());
    let all: Vec<usize> = (0..memory.len).collect();
    let some: Vec<usize> = all.iter().copied().filter(|row| row % 3 != 1).collect();
    let shuffled: Vec<usize> = all.iter().map(|row| (row * 7 + 3) % memory.len).collect();
    for picked in [&all, &some, &shuffled] {
        let read = rows.read(picked).unwrap();
        assert_eq!(read, memory.inputs.rows(picked, width));
        rows.expect(picked);
        assert_eq!(rows.read(picked).unwrap(), read);
    }
    // What was expected is not what is asked for.
    rows.expect(&some);
    assert_eq!(rows.read(&all).unwrap(), memory.inputs);
    let scaling = Scaling::Standardize;
    let shape = &memory.input_shape;
    let fitted = [memory, file].map(|split| scaling.fit(&split.inputs, shape, &some).unwrap());
    assert_eq!(fitted[0], fitted[1]);
    let gathered = [memory, file].map(|split| {
        let mut out: Vec<f32> = vec![];
        gather(split, &shuffled, &fitted[0].transform, &mut out).unwrap();
        out
    });
    assert_eq!(gathered[0], gathered[1]);
    assert_eq!(fingerprint(memory).unwrap(), fingerprint(file).unwrap());
    assert_eq!(memory.targets, file.targets);
    let [memory, file] = [memory, file].map(|split| split.rows(&some));
    assert_eq!(
        stored(&file).read(&[1, 0]).unwrap(),
        memory.inputs.rows(&[1, 0], width)
    );
    assert_eq!(fingerprint(&memory).unwrap(), fingerprint(&file).unwrap());
}

/// The entries of an array of `kind`, whatever they are: finite numbers.
fn array(kind: &str, len: usize) -> Vec<u8> {
    let byte = |i: usize| (i * 37 + i / 11) as u8;
    match kind {
        "<f4" => (0..len)
            .flat_map(|i| (f32::from(byte(i)) / 7.0).to_le_bytes())
            .collect(),
        ">f8" => (0..len)
            .flat_map(|i| (f64::from(byte(i)) / 7.0).to_be_bytes())
            .collect(),
        "<i2" => (0..len)
            .flat_map(|i| (i as i16 - 40).to_le_bytes())
            .collect(),
        "<f2" => (0..len)
            .flat_map(|i| (0x3c00 + i as u16).to_le_bytes())
            .collect(),
        _ => (0..len).map(byte).collect(),
    }
}

fn write(path: &Path, compressed: bool, arrays: &[(&str, &str, &[usize])]) {
    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};
    let mut archive = ZipWriter::new(fs::File::create(path).unwrap());
    let method = match compressed {
        true => CompressionMethod::Deflated,
        false => CompressionMethod::Stored,
    };
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, kind, shape) in arrays {
        archive.start_file(format!("{name}.npy"), options).unwrap();
        archive
            .write_all(&crate::data::npy::header(kind, shape, 0))
            .unwrap();
        archive
            .write_all(&array(kind, shape.iter().product()))
            .unwrap();
    }
    archive.finish().unwrap();
}

#[test]
fn arrays_of_every_kind_are_those_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    for kind in ["|u1", "<f4", ">f8", "<i2", "<f2"] {
        for compressed in [false, true] {
            // 21 bytes a row: no whole words.
            write(
                &path,
                compressed,
                &[("x", kind, &[10, 7, 3]), ("y", "|u1", &[10])],
            );
            let [memory, file] = both(&path, &Choices::default());
            assert_same([&memory.train, &file.train]);
            assert_eq!(memory.seen.streamed, None);
            let said = file.seen.streamed.unwrap();
            assert_eq!(said.contains("unpacked"), compressed, "{said}");
        }
    }
}

#[test]
fn channels_are_moved_and_rows_held_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    write(
        &path,
        false,
        &[("x", "<f4", &[12, 3, 4, 5]), ("y", "|u1", &[12])],
    );
    let choices = Choices {
        layout: Some("nchw".into()),
        test: Some("4".into()),
        ..Choices::default()
    };
    let [memory, file] = both(&path, &choices);
    assert_eq!(file.train.input_shape, Shape::new(&[4, 5, 3]));
    assert_same([&memory.train, &file.train]);
    assert_same([&memory.test.unwrap(), &file.test.unwrap()]);
}

#[test]
fn several_inputs_stand_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    for (second, kind) in [
        ("|u1", Kind::U8),
        ("<f4", Kind::F32),
        ("<i2", Kind::F32),
        (">f8", Kind::F64),
    ] {
        write(
            &path,
            false,
            &[
                ("a", "|u1", &[9, 4, 2]),
                ("b", second, &[9, 3]),
                ("y", "|u1", &[9]),
            ],
        );
        let [memory, file] = [Streaming::Never, Streaming::Always].map(|stream| {
            let inputs = [("a", &[4, 2][..]), ("b", &[3][..])];
            let inputs = inputs.map(|(name, shape)| (name.to_owned(), Shape::new(shape)));
            let request = Request {
                data: path.display().to_string(),
                inputs: inputs.to_vec(),
                stream,
                ..Request::default()
            };
            load(&request).unwrap().train
        });
        assert_same([&memory, &file]);
        assert_eq!(file.inputs.kind(), kind);
        let spans = |split: &Split| {
            let shapes = [Shape::new(&[4, 2]), Shape::new(&[3])];
            let span = |start| Span {
                row: 11,
                start,
                is_sequence: false,
            };
            let parts = [(span(0), &shapes[0]), (span(8), &shapes[1])];
            Scaling::Standardize
                .fit_spans(&split.inputs, &parts, &[0, 1, 5, 6], None)
                .unwrap()
        };
        assert_eq!(spans(&memory), spans(&file));
    }
}

#[test]
fn idx_is_that_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let idx = |element: u8, lengths: &[u32], values: &[u8]| -> Vec<u8> {
        let mut bytes = vec![0, 0, element, lengths.len() as u8];
        bytes.extend(lengths.iter().flat_map(|n| n.to_be_bytes()));
        bytes.extend(values);
        bytes
    };
    let packed = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    fs::write(path("a-labels.idx"), idx(8, &[11], &array("|u1", 11))).unwrap();
    fs::write(path("b-labels.idx"), idx(8, &[11], &array("|u1", 11))).unwrap();
    for (element, width) in [(0x08, 1), (0x0B, 2), (0x0C, 4), (0x0D, 4)] {
        let values: Vec<u8> = (0..11 * 9 * width).map(|i| (i * 29 % 113) as u8).collect();
        let file = idx(element, &[11, 3, 3], &values);
        fs::write(path("a-images.idx"), &file).unwrap();
        fs::write(path("b-images.idx.gz"), packed(&file)).unwrap();
        for name in ["a-images.idx", "b-images.idx.gz"] {
            let [memory, file] = both(&path(name), &Choices::default());
            assert_same([&memory.train, &file.train]);
        }
    }
}

/// The archive as it is changed while it is read, and what is said of it.
fn refused(path: &Path, change: impl FnOnce(&PathBuf)) -> String {
    write(
        path,
        false,
        &[("x", "<f4", &[100, 7]), ("y", "|u1", &[100])],
    );
    let [_, file] = both(path, &Choices::default());
    change(&path.to_owned());
    let message = stored(&file.train)
        .read(&[3, 99])
        .unwrap_err()
        .diagnostics
        .remove(0);
    assert_eq!(message.code, "E0504");
    let mut shown = false;
    let failed = file
        .train
        .inputs
        .show(100, &mut |_| shown = true)
        .unwrap_err();
    assert!(!shown);
    assert_eq!(failed.diagnostics[0].title, message.title);
    format!("{}\n{}", message.title, message.notes.join("\n"))
}

#[test]
fn a_file_that_changes_while_it_is_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let cut = refused(&path, |path| {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_len(1000).unwrap();
    });
    assert!(
        cut.contains("a.npz` has changed while it was read"),
        "{cut}"
    );
    assert!(cut.contains("and has 1000"), "{cut}");
    let written = refused(&path, |path| {
        let file = fs::File::options().write(true).open(path).unwrap();
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
        file.set_modified(later).unwrap();
    });
    assert!(written.contains("written to after"), "{written}");
}

#[test]
fn a_shorter_array_than_its_header_says_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    write(
        &path,
        false,
        &[("x", "<f4", &[100, 7]), ("y", "|u1", &[100])],
    );
    let bytes = fs::read(&path).unwrap();
    let place = bytes.windows(8).position(|at| at == b"(100, 7)").unwrap();
    let mut longer = bytes.clone();
    longer[place..place + 8].copy_from_slice(b"(100, 9)");
    fs::write(&path, longer).unwrap();
    let request = Request {
        data: path.display().to_string(),
        stream: Streaming::Always,
        ..Request::default()
    };
    let message = load(&request).unwrap_err().diagnostics.remove(0);
    assert_eq!(message.code, "E0504");
    assert_eq!(message.notes, ["expected 3600 bytes of values, found 2800"]);
    // Facts read no inputs.
    assert_eq!(facts(&request).unwrap().train, 100);
}

#[test]
fn fortran_order_is_read_whole_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    write(&path, false, &[("x", "<f4", &[10, 7]), ("y", "|u1", &[10])]);
    let bytes = fs::read(&path).unwrap();
    let place = bytes.windows(5).position(|at| at == b"False").unwrap();
    let mut turned = bytes.clone();
    turned[place..place + 5].copy_from_slice(b"True ");
    fs::write(&path, turned).unwrap();
    let request = Request {
        data: path.display().to_string(),
        stream: Streaming::Always,
        ..Request::default()
    };
    // The checksum is of other bytes: facts look at the header alone.
    let said = facts(&request).unwrap().streamed.unwrap();
    assert!(said.starts_with("not streamed: the rows of `x`"), "{said}");
}
