//! The readers on the real data sets, where they are at hand: beside the checkout, or where
//! `BNNC_SHARED` says.

use bnnc::data::scaling::Scaling;
use bnnc::data::{Dataset, Facts, Request, Split, Values, facts, load};
use bnnc::tensor::Shape;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The data sets laid out as their archives are; `None`, said aloud, where they are not at hand.
pub fn data_dir() -> Option<PathBuf> {
    static DIRECTORY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let lay_out = || {
        let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
        let shared = std::env::var_os("BNNC_SHARED").map_or_else(beside, PathBuf::from);
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("data");
        let script = shared.join("data/unpack.sh");
        let done = script
            .is_file()
            .then(|| Command::new(&script).arg(&directory).status());
        match done {
            Some(Ok(status)) if status.success() => Some(directory),
            other => {
                eprintln!("SKIPPED: no data from {} ({other:?})", script.display());
                None
            }
        }
    };
    DIRECTORY.get_or_init(lay_out).clone()
}

fn read(name: &str) -> Option<Dataset> {
    let request = Request {
        data: name.into(),
        data_dir: Some(data_dir()?),
        ..Request::default()
    };
    let facts = facts(&request).unwrap();
    let data = load(&request).unwrap();
    assert_eq!(facts, Facts::of(&data));
    Some(data)
}

fn labels(split: &Split) -> &[u8] {
    let Values::U8(labels) = &split.targets else {
        panic!("labels are bytes")
    };
    labels
}

/// The mean and deviation of each channel, of values from 0 to 1.
fn assert_moments(split: &Split, expected: &[[f64; 2]]) {
    let all: Vec<usize> = (0..split.len).collect();
    let fitted = Scaling::Standardize
        .fit(&split.inputs, &split.input_shape, &all)
        .unwrap()
        .transform;
    for (channel, [mean, deviation]) in expected.iter().enumerate() {
        assert!(
            (fitted.offset[channel] / 255.0 - mean).abs() < 6e-7,
            "{fitted:?}"
        );
        assert!(
            (fitted.scale[channel] / 255.0 - deviation).abs() < 6e-7,
            "{fitted:?}"
        );
    }
}

#[test]
fn mnist() {
    let Some(data) = read("mnist") else { return };
    let test = data.test.as_ref().unwrap();
    assert_eq!((data.train.len, test.len), (60_000, 10_000));
    assert_eq!(data.train.input_shape, Shape::new(&[28, 28, 1]));
    assert_eq!(labels(&data.train)[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    assert_eq!(labels(test)[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    assert_moments(&data.train, &[[0.130660, 0.308108]]);
    assert_moments(test, &[[0.132515, 0.310480]]);
}

#[test]
fn fashion_mnist() {
    let Some(data) = read("fashion_mnist") else {
        return;
    };
    let test = data.test.as_ref().unwrap();
    assert_eq!(labels(&data.train)[..10], [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]);
    assert_eq!(labels(test)[..10], [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]);
    assert_moments(&data.train, &[[0.286041, 0.353024]]);
    assert_moments(test, &[[0.286849, 0.352444]]);
}

#[test]
fn cifar10() {
    let Some(data) = read("cifar10") else { return };
    let test = data.test.as_ref().unwrap();
    assert_eq!((data.train.len, test.len), (50_000, 10_000));
    assert_eq!(labels(&data.train)[..10], [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]);
    assert_eq!(labels(test)[..10], [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]);
    assert_moments(
        &data.train,
        &[
            [0.491400, 0.247032],
            [0.482158, 0.243485],
            [0.446531, 0.261588],
        ],
    );
    assert_moments(
        test,
        &[
            [0.494215, 0.246649],
            [0.485132, 0.242892],
            [0.450408, 0.261590],
        ],
    );
}

#[test]
fn a_regression_table_with_its_held_out_rows() {
    let Some(directory) = data_dir() else { return };
    let folder = directory.join("uci/concrete");
    let path = folder.join("data.csv").display().to_string();
    let data = load(&Request {
        data: path,
        ..Request::default()
    })
    .unwrap();
    assert_eq!(
        (data.train.len, &data.train.input_shape),
        (1030, &Shape::new(&[8]))
    );
    let all: Vec<usize> = (0..1030).collect();
    let fitted = Scaling::Standardize
        .fit(&data.train.targets, &Shape::default(), &all)
        .unwrap()
        .transform;
    assert!(
        (fitted.offset[0] - 35.818).abs() < 5e-4 && (fitted.scale[0] - 16.698).abs() < 5e-4,
        "{fitted:?}"
    );

    let table = folder.join("split_3.toml");
    std::fs::write(
        &table,
        "file = \"data.csv\"\ntarget = \"y\"\ntest_rows = \"test_3.txt\"\n",
    )
    .unwrap();
    let request = Request {
        data: table.display().to_string(),
        ..Request::default()
    };
    let split = load(&request).unwrap();
    assert_eq!(
        (split.train.len, split.test.as_ref().unwrap().len),
        (927, 103)
    );
    assert_eq!(facts(&request).unwrap(), Facts::of(&split));
}
