use super::super::{Archive, Wanted, encode};
use crate::data::{Dataset, Facts, Request, SequenceInput, TargetKind, Values};
use crate::diagnostic::{Diagnostic, Result};
use crate::likelihood::Axes;
use crate::tensor::Shape;
use std::io::Cursor;
use std::path::Path;

type Array<'a> = (&'a str, &'a [usize], &'a [f64]);

fn words(name: &str, steps: usize) -> SequenceInput {
    SequenceInput {
        name: name.into(),
        steps,
        width: 1,
        vocabulary: Some(5),
    }
}

fn request(sequences: Vec<SequenceInput>) -> Request {
    let shape = |of: &SequenceInput| match of.vocabulary {
        Some(_) => Shape::new(&[of.steps]),
        None => Shape::new(&[of.steps, of.width]),
    };
    Request {
        inputs: sequences
            .iter()
            .map(|of| (of.name.clone(), shape(of)))
            .collect(),
        sequences,
        ..Request::default()
    }
}

fn load(arrays: &[Array], request: &Request) -> Result<(Dataset, Facts)> {
    let bytes = encode(arrays.iter().copied()).unwrap();
    let open = || Archive::open(Path::new("d.npz"), Cursor::new(&bytes[..]));
    let wanted = Wanted::of(request);
    let known = open()?.dataset(&wanted, false)?;
    Ok((open()?.dataset(&wanted, true)?, Facts::of(&known)))
}

fn refused(arrays: &[Array], request: &Request) -> Diagnostic {
    load(arrays, request).unwrap_err().diagnostics.remove(0)
}

const X: Array = ("x", &[2, 3], &[0.0, 1.0, 2.0, 4.0, 9.0, 9.0]);
const Y: Array = ("y", &[2], &[0.0, 1.0]);

/// Two sequences of three and of one token, in a model's row of four.
fn rows() -> Values {
    Values::F32(vec![1.0, 2.0, 3.0, 0.0, 3.0, 5.0, 0.0, 0.0, 0.0, 1.0])
}

#[test]
fn lengths_and_masks_stand_in_an_array_beside_the_sequences() {
    let mask = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0];
    for (name, shape, values) in [
        ("x_length", &[2][..], &[3.0, 1.0][..]),
        ("x_lengths", &[2], &[3.0, 1.0]),
        ("lengths", &[2, 1], &[3.0, 1.0]),
        ("words_length", &[2], &[3.0, 1.0]),
        ("x_mask", &[2, 3], &mask),
        ("mask", &[2, 3], &mask),
    ] {
        let of = request(vec![words("words", 4)]);
        let (data, facts) = load(&[X, Y, (name, shape, values)], &of).unwrap();
        assert_eq!(data.train.inputs, rows(), "{name}");
        assert_eq!(data.train.input_shape.0, [5]);
        assert_eq!(facts, Facts::of(&data));
        let what = if name.ends_with("mask") {
            "mask"
        } else {
            "lengths"
        };
        assert_eq!(
            data.seen.taken,
            [format!(
                "inputs `x` float64 [2, 3] with the {what} in `{name}`, targets `y` float64 [2]"
            )]
        );
    }
}

#[test]
fn without_lengths_all_steps_are_there() {
    let x = ("x", &[2, 2][..], &[0.5, 1.5, 2.5, 3.5][..]);
    let of = SequenceInput {
        vocabulary: None,
        ..words("x", 3)
    };
    let (data, _) = load(&[x, Y], &request(vec![of])).unwrap();
    let expected = vec![0.5, 1.5, 0.0, 2.0, 2.5, 3.5, 0.0, 2.0];
    assert_eq!(data.train.inputs, Values::F64(expected));
    assert_eq!(
        data.seen.taken[0],
        "inputs `x` float64 [2, 2] of which all steps are there, targets `y` float64 [2]"
    );
}

#[test]
fn each_part_has_its_own_lengths_and_steps() {
    let arrays = [
        ("x_train", X.1, X.2),
        ("y_train", Y.1, Y.2),
        ("x_length_train", &[2][..], &[3.0, 1.0][..]),
        ("x_test", &[1, 2], &[4.0, 3.0]),
        ("y_test", &[1], &[1.0]),
        ("x_test_length", &[1], &[1.0]),
    ];
    let (data, _) = load(&arrays, &request(vec![words("words", 4)])).unwrap();
    assert_eq!(data.train.inputs, rows());
    let test = data.test.unwrap();
    assert_eq!(test.inputs, Values::F32(vec![5.0, 0.0, 0.0, 0.0, 1.0]));
    assert_eq!(data.seen.taken.len(), 1, "{:?}", data.seen.taken);
}

/// Else the padding of one part would be read as steps.
#[test]
fn lengths_of_one_part_alone_are_refused() {
    let of = request(vec![words("words", 4)]);
    let mask = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0];
    for (told, what, expected) in [
        (
            ("x_length_train", &[2][..], &[3.0, 1.0][..]),
            ["lengths of `x_train`", "`x_test`"],
            "x_length_test",
        ),
        (
            ("x_train_mask", &[2, 3], &mask),
            ["mask of `x_train`", "`x_test`"],
            "x_test_mask",
        ),
        (
            ("x_test_length", &[1], &[1.0]),
            ["lengths of `x_test`", "`x_train`"],
            "x_train_length",
        ),
    ] {
        let arrays = [
            ("x_train", X.1, &[0.0, 1.0, 2.0, 4.0, 0.0, 0.0][..]),
            ("y_train", Y.1, Y.2),
            ("x_test", &[1, 2], &[4.0, 3.0]),
            ("y_test", &[1], &[1.0]),
            told,
        ];
        let message = refused(&arrays, &of);
        let title = format!("`d.npz` has the {}, and none of {}", what[0], what[1]);
        assert_eq!((message.code, &message.title), ("E0514", &title));
        assert!(message.notes[1].starts_with(&format!("expected an array `{expected}`")));
        // As the message says.
        let lengths = vec![1.0; if told.1[0] == 2 { 1 } else { 2 }];
        let mask = [1.0, 0.0];
        let other = match expected {
            "x_test_mask" => (expected, &[1, 2][..], &mask[..]),
            _ => (expected, &[lengths.len()][..], &lengths[..]),
        };
        load(&[&arrays[..], &[other]].concat(), &of).unwrap();
    }
}

#[test]
fn a_mask_and_lengths_say_the_same() {
    let of = request(vec![words("words", 4)]);
    let mask = ("x_mask", &[2, 3][..], &[1.0, 1.0, 1.0, 1.0, 0.0, 0.0][..]);
    let lengths = |of: &'static [f64]| ("x_length", &[2][..], of);
    let (data, _) = load(&[X, Y, mask, lengths(&[3.0, 1.0])], &of).unwrap();
    assert_eq!(data.train.inputs, rows());
    // Both have been read.
    assert_eq!(data.seen.taken.len(), 1, "{:?}", data.seen.taken);
    let message = refused(&[X, Y, mask, lengths(&[3.0, 2.0])], &of);
    assert_eq!(
        message.title,
        "`x_length` and `x_mask` of `d.npz` say different lengths"
    );
    assert_eq!(
        message.notes[0],
        "row 1 (the first being 0) has 2 steps in `x_length`, and 1 in `x_mask`"
    );
}

#[test]
fn several_inputs_stand_one_after_the_other() {
    let mut of = request(vec![words("a", 2), words("b", 3)]);
    of.inputs.insert(1, ("age".into(), Shape::new(&[1])));
    let arrays = [
        ("a", &[2, 2][..], &[0.0, 1.0, 2.0, 3.0][..]),
        ("a_length", &[2], &[1.0, 2.0]),
        ("age", &[2], &[50.0, 60.0]),
        ("b", &[2, 1], &[4.0, 3.0]),
        ("y", Y.1, Y.2),
    ];
    let (data, facts) = load(&arrays, &of).unwrap();
    let expected = [
        [1.0, 0.0, 1.0, 50.0, 5.0, 0.0, 0.0, 1.0],
        [3.0, 4.0, 2.0, 60.0, 4.0, 0.0, 0.0, 1.0],
    ];
    assert_eq!(data.train.inputs, Values::F32(expected.concat()));
    assert_eq!(facts.input_shape.0, [8]);
}

#[test]
fn a_target_of_each_step_is_missing_behind_the_length() {
    let of = Request {
        predicts: Some(TargetKind::Categories {
            classes: 5,
            places: Axes::new(&[4]).unwrap(),
        }),
        steps_of: vec![Some("words".into())],
        ..request(vec![words("words", 4)])
    };
    let y = ("y", &[2, 3][..], &[1.0, 2.0, 3.0, 4.0, -1.0, -1.0][..]);
    let length = ("x_length", &[2][..], &[3.0, 1.0][..]);
    let (data, facts) = load(&[X, y, length], &of).unwrap();
    assert_eq!(data.train.target_shape.0, [4]);
    let there = |at: &usize| !data.train.targets.get(*at).is_nan();
    assert_eq!((0..8).filter(there).collect::<Vec<_>>(), [0, 1, 2, 4]);
    assert_eq!(data.train.targets.get(4), 4.0);
    assert_eq!(facts.target.shape.0, [4]);
    let y = ("y", &[2, 2][..], &[1.0, 2.0, 3.0, 4.0][..]);
    assert_eq!(
        refused(&[X, y, length], &of).title,
        "`y` of `d.npz` has 2 steps, and the sequences of `words` have 3"
    );
}

#[test]
fn what_does_not_fit_is_told() {
    let of = request(vec![words("words", 4)]);
    for (arrays, code, title) in [
        (
            vec![X, Y],
            "E0514",
            "`x` of `d.npz` holds the token 9, and the vocabulary of `words` has 5",
        ),
        (
            vec![X, Y, ("x_length", &[2][..], &[3.0, 0.0][..])],
            "E0514",
            "row 1 (the first being 0) of `x_length` of `d.npz` is 0: a sequence has no step",
        ),
        (
            vec![X, Y, ("x_length", &[2], &[4.0, 1.0])],
            "E0514",
            "row 0 (the first being 0) of `x_length` of `d.npz` is 4, and `x` has 3 steps",
        ),
        (
            vec![("x", &[1, 5], &[0.0; 5]), ("y", &[1], &[0.0])],
            "E0514",
            "`x` of `d.npz` has 5 steps, and the input `words` takes 4",
        ),
        (
            vec![("x", &[2, 1, 3], X.2), Y],
            "E0507",
            "`d.npz` does not fit: `x` is [1, 3] an example",
        ),
    ] {
        let message = refused(&arrays, &of);
        assert_eq!((message.code, &message.title[..]), (code, title));
    }
}

#[test]
fn lengths_that_nobody_reads_are_told() {
    let mut of = request(vec![words("x", 3)]);
    of.sequences.clear();
    let (data, _) = load(&[X, Y, ("x_length", &[2][..], &[3.0, 1.0][..])], &of).unwrap();
    let [remark] = &data.seen.remarks[..] else {
        panic!("one remark: {:?}", data.seen.remarks)
    };
    assert!(remark.starts_with("`x_length` says lengths, and the model's input has none"));
}

/// An array of lengths is no target, and nothing else than the sequences is taken where there are none.
#[test]
fn sequences_to_predict_for_need_no_target() {
    let bytes = encode([X, ("x_length", &[2][..], &[3.0, 1.0][..])]).unwrap();
    let of = request(vec![words("words", 4)]);
    let wanted = Wanted::of(&of);
    let mut archive = Archive::open(Path::new("d.npz"), Cursor::new(&bytes[..])).unwrap();
    let chosen = archive.choose(&wanted, false).unwrap();
    assert_eq!(chosen.train.targets, None);
    let data = archive.inputs_alone(&chosen.train.inputs, &wanted).unwrap();
    assert_eq!(data.train.inputs, rows());
}
