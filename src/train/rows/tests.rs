//! Rows of which every change is known.

use super::*;
use crate::data::Dataset;
use crate::tensor::Shape;

fn split(rows: &[(f64, f64)]) -> Split {
    Split {
        inputs: Values::F64(rows.iter().map(|row| row.0).collect()),
        input_shape: Shape::new(&[1]),
        targets: Values::F64(rows.iter().map(|row| row.1).collect()),
        target_shape: Shape::default(),
        len: rows.len(),
    }
}

fn data(train: &[(f64, f64)], test: &[(f64, f64)]) -> Dataset {
    Dataset {
        name: "t.csv".into(),
        train: split(train),
        test: (!test.is_empty()).then(|| split(test)),
        class_names: vec![],
        file_rows: None,
        columns: None,
        seen: crate::data::Seen::default(),
    }
}

const A: (f64, f64) = (1.0, 10.5);
const B: (f64, f64) = (2.0, 20.5);
const C: (f64, f64) = (3.0, 30.5);
const D: (f64, f64) = (4.0, 40.5);

/// A run that was trained on A and A again, set B aside and held C out.
fn run() -> Rows {
    let part = |rows: &[(f64, f64)]| digests(&split(rows)).unwrap();
    Rows([part(&[A, A]), part(&[B]), part(&[C])])
}

#[test]
fn rows_are_known_by_content_wherever_they_stand() {
    let compared = run().compare(&data(&[B, A, A], &[C]), By::Row).unwrap();
    assert!(compared.same());
    assert_eq!(
        compared.train,
        [Use::Validation, Use::Training, Use::Training]
    );
    for (train, test, facts) in [
        (vec![A, B], vec![C], "1 row is gone that the run had"),
        (
            vec![A, A, B, D],
            vec![C],
            "1 row is new: row 3 (the first being 0)",
        ),
        (
            vec![A, B, C],
            vec![A],
            "1 row of the test part was trained on or set aside: row 0 (the first being 0); \
             1 row was held out and is in the training part now: row 2 (the first being 0)",
        ),
        // A third copy of what was trained on was trained on.
        (
            vec![A, B, A],
            vec![C, A],
            "1 row of the test part was trained on or set aside: row 1 (the first being 0)",
        ),
        // The same inputs with another target are another row.
        (
            vec![A, A, (2.0, 20.0)],
            vec![C],
            "1 row is new: row 2 (the first being 0); 1 row is gone that the run had",
        ),
    ] {
        let compared = run().compare(&data(&train, &test), By::Row).unwrap();
        assert!(!compared.same(), "{facts}");
        assert_eq!(compared.differences(None).join("; "), facts);
    }
    assert!(!run().compare(&data(&[D], &[]), By::Row).unwrap().overlaps());
}

#[test]
fn inputs_alone_tell_rows_whose_targets_are_others() {
    let other = data(&[(1.0, 0.0), (2.0, 0.0), (1.0, 5.0)], &[(3.0, 7.0)]);
    assert!(!run().compare(&other, By::Row).unwrap().overlaps());
    assert!(run().compare(&other, By::Inputs).unwrap().same());
}

#[test]
fn rows_of_which_many_are_equal_are_not_told_by_content() {
    let run = |n: usize, different: usize| {
        let rows: Vec<_> = (0..n).map(|i| ((i % different) as f64, 0.5)).collect();
        Rows([digests(&split(&rows)).unwrap(), vec![], vec![]])
    };
    assert!(run(100, 91).distinct(By::Row));
    assert!(!run(100, 90).distinct(By::Row));
}

#[test]
fn a_digest_does_not_depend_on_the_type_of_the_numbers() {
    let of = |inputs| {
        let split = Split {
            inputs,
            input_shape: Shape::new(&[2]),
            targets: Values::U8(vec![1, 2]),
            target_shape: Shape::default(),
            len: 2,
        };
        digests(&split).unwrap()
    };
    let bytes = of(Values::U8(vec![0, 255, 3, 4]));
    assert_eq!(bytes, of(Values::F32(vec![-0.0, 255.0, 3.0, 4.0])));
    assert_eq!(bytes, of(Values::F64(vec![0.0, 255.0, 3.0, 4.0])));
    let wide = of(Values::F64(vec![0.5, 256.0, 3.0, -4.0]));
    assert_eq!(wide, of(Values::F32(vec![0.5, 256.0, 3.0, -4.0])));
    let all = [bytes, wide].concat();
    assert!((0..4).all(|i| (0..i).all(|j| all[i] != all[j])), "{all:?}");
}

#[test]
fn digests_come_back_from_their_file_or_it_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.safetensors");
    assert_eq!(Rows::read(&path).unwrap(), None);
    run().write(&path).unwrap();
    assert_eq!(Rows::read(&path).unwrap(), Some(run()));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(Rows::read(&path).unwrap_err().diagnostics[0].code, "E0605");
}
