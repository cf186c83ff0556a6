use super::*;

fn words(steps: usize, vocabulary: usize) -> SequenceInput {
    SequenceInput {
        name: "words".into(),
        steps,
        width: 1,
        vocabulary: Some(vocabulary),
    }
}

fn numbers(steps: usize, width: usize) -> SequenceInput {
    SequenceInput {
        name: "x".into(),
        steps,
        width,
        vocabulary: None,
    }
}

fn stored<'a>(
    values: &'a Values,
    [steps, width]: [usize; 2],
    lengths: Option<&'a [usize]>,
) -> Unpadded<'a> {
    Unpadded {
        what: "`x` of `a.npz`",
        values,
        steps,
        width,
        lengths,
        places: None,
        names: None,
    }
}

fn told<'a>(is_mask: bool, shape: &'a [usize], values: &'a Values) -> Told<'a> {
    Told {
        what: "`x_length` of `a.npz`",
        is_mask,
        shape,
        values,
    }
}

#[test]
fn tokens_are_one_more_and_padding_is_0_before_the_length() {
    // What stands behind a length does not matter.
    let values = Values::F64(vec![0.0, 3.0, -1.0, 2.0, 99.0, -7.0]);
    let of = stored(&values, [3, 1], Some(&[2, 1]));
    let expected = Values::F32(vec![1.0, 4.0, 0.0, 0.0, 2.0, 3.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(of.rows(&words(4, 4)).unwrap(), expected);
    // Bytes stay bytes while all of it fits them.
    let bytes = Values::U8(vec![0, 254]);
    let of = stored(&bytes, [2, 1], None);
    assert_eq!(
        of.rows(&words(3, 255)).unwrap(),
        Values::U8(vec![1, 255, 0, 2])
    );
    assert_eq!(
        of.rows(&words(2, 256)).unwrap(),
        Values::F32(vec![1.0, 255.0, 2.0])
    );
}

#[test]
fn steps_of_several_numbers_stay_together() {
    let values = Values::F32(vec![1.0, 2.0, f32::NAN, 9.0, 5.0, 6.0, 7.0, 8.0]);
    let of = stored(&values, [2, 2], Some(&[1, 2]));
    let expected = [
        [1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 1.0],
        [5.0, 6.0, 7.0, 8.0, 0.0, 0.0, 2.0],
    ];
    assert_eq!(
        of.rows(&numbers(3, 2)).unwrap(),
        Values::F32(expected.concat())
    );
}

#[test]
fn what_is_no_token_is_told_with_its_place() {
    let told = |values: Vec<f64>, lengths: Option<&[usize]>| {
        let values = Values::F64(values);
        stored(&values, [2, 1], lengths)
            .rows(&words(2, 5))
            .unwrap_err()
    };
    let message = told(vec![0.0, 1.0, 4.0, 5.0], None);
    assert_eq!(
        (message.code, &message.title[..], &message.notes[0][..]),
        (
            "E0514",
            "`x` of `a.npz` holds the token 5, and the vocabulary of `words` has 5",
            "it stands in row 1, step 1 (the first of each being 0)"
        )
    );
    assert_eq!(message.helps[0].text, "`vocabulary = 6` has room for all");
    let message = told(vec![0.0, -1.0, -1.0, -1.0], None);
    assert_eq!(
        message.title,
        "`x` of `a.npz` holds -1, and tokens are counted from 0"
    );
    assert_eq!(message.notes[2], "and 2 more");
    assert!(message.helps[0].text.contains("words_length"));
    let message = told(vec![0.5, 0.0], Some(&[2]));
    assert_eq!(message.title, "`x` of `a.npz` holds 0.5, which is no token");
}

#[test]
fn longer_sequences_than_the_model_takes_are_refused() {
    let values = Values::U8(vec![0; 6]);
    let message = stored(&values, [3, 1], None)
        .rows(&words(2, 5))
        .unwrap_err();
    assert_eq!(
        message.title,
        "`x` of `a.npz` has 3 steps, and the input `words` takes 2"
    );
}

#[test]
fn a_mask_of_ones_and_then_zeros_is_a_length() {
    let lengths = Values::F64(vec![3.0, 1.0]);
    let mask = Values::U8(vec![1, 1, 1, 1, 0, 0]);
    for (is_mask, shape, values) in [
        (false, &[2][..], &lengths),
        (false, &[2, 1], &lengths),
        (true, &[2, 3], &mask),
        (true, &[2, 3, 1], &mask),
    ] {
        let found = told(is_mask, shape, values).lengths("`x`", [2, 3]);
        assert_eq!(found.unwrap(), [3, 1]);
    }
}

#[test]
fn lengths_and_masks_that_are_none_are_told_with_their_place() {
    let of = |is_mask, shape: &[usize], values: Vec<f64>| {
        let values = Values::F64(values);
        let message = told(is_mask, shape, &values)
            .lengths("`x`", [2, 3])
            .unwrap_err();
        assert_eq!(message.code, "E0514");
        message.title
    };
    for (is_mask, shape, values, expected) in [
        (
            false,
            &[2][..],
            vec![3.0, 0.0],
            "row 1 (the first being 0) of `x_length` of `a.npz` is 0: a sequence has no step",
        ),
        (
            false,
            &[2],
            vec![4.0, 1.0],
            "row 0 (the first being 0) of `x_length` of `a.npz` is 4, and `x` has 3 steps",
        ),
        (
            false,
            &[2],
            vec![-1.0, 1.0],
            "row 0 (the first being 0) of `x_length` of `a.npz` is -1, which is no length",
        ),
        (
            false,
            &[3],
            vec![1.0; 3],
            "`x_length` of `a.npz` does not go with `x`: it has the shape [3]",
        ),
        (
            true,
            &[2, 2],
            vec![1.0; 4],
            "`x_length` of `a.npz` does not go with `x`: it has the shape [2, 2]",
        ),
        (
            true,
            &[2, 3],
            vec![1.0, 1.0, 1.0, 1.0, 0.0, 1.0],
            "row 1, step 2 (the first of each being 0) of `x_length` of `a.npz` is 1 behind a 0",
        ),
        (
            true,
            &[2, 3],
            vec![1.0, 0.5, 0.0, 1.0, 0.0, 0.0],
            "row 0, step 1 (the first of each being 0) of `x_length` of `a.npz` is 0.5, neither 0 nor 1",
        ),
        (
            true,
            &[2, 3],
            vec![1.0, 1.0, 0.0, 0.0, 0.0, 0.0],
            "row 1 (the first being 0) of `x_length` of `a.npz` has no 1: a sequence has no step",
        ),
    ] {
        assert_eq!(of(is_mask, shape, values), expected);
    }
}

#[test]
fn targets_behind_a_length_are_missing() {
    let labels = Values::U8(vec![1, 2, 3, 4]);
    let Values::F32(padded) = targets_of_steps(&labels, [2, 3, 1], Some(&[2, 1])) else {
        panic!("a missing label is no byte");
    };
    let shown: Vec<Option<f32>> = padded
        .iter()
        .map(|x| Some(*x).filter(|x| !x.is_nan()))
        .collect();
    assert_eq!(shown, [Some(1.0), Some(2.0), None, Some(3.0), None, None]);
    // Nothing is missing, and bytes stay bytes.
    assert_eq!(targets_of_steps(&labels, [2, 2, 1], Some(&[2, 2])), labels);
}
