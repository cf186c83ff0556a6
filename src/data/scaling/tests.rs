//! Statistics of parts, of constants and of numbers far out.

use super::*;

#[test]
fn a_part_of_each_example_is_fitted_as_if_it_stood_alone() {
    let row = |n: u8| [n, 7 * n, 100 - n, 3, 2 * n + 1];
    let bytes: Vec<u8> = (0..9).flat_map(row).collect();
    let alone: Vec<u8> = (0..9).flat_map(|n| row(n)[1..].to_vec()).collect();
    let kinds = [
        |bytes: &[u8]| Values::U8(bytes.to_vec()),
        |bytes: &[u8]| Values::F32(bytes.iter().map(|b| f32::from(*b)).collect()),
        |bytes: &[u8]| Values::F64(bytes.iter().map(|b| f64::from(*b)).collect()),
    ];
    let (shape, indices, span) = (
        Shape::new(&[2, 2]),
        [1, 2, 4, 8],
        Span {
            row: 5,
            start: 1,
            is_sequence: false,
        },
    );
    for kind in kinds {
        for scaling in [Scaling::Standardize, Scaling::Quartiles, Scaling::Unit] {
            let whole = scaling.fit_spans(&kind(&bytes), &[(span, &shape)], &indices, None);
            let alone = scaling.fit(&kind(&alone), &shape, &indices);
            assert_eq!(whole.unwrap(), [alone.unwrap()]);
        }
    }
}

/// Three examples of up to three steps of two numbers; what stands behind a length is no number of the data.
#[test]
fn of_sequences_only_the_steps_that_are_there_count() {
    let rows = [
        [1, 10, 3, 20, 5, 60, 3],
        [7, 30, 99, 99, 99, 99, 1],
        [9, 0, 2, 40, 99, 99, 2],
    ];
    let there = vec![1, 10, 3, 20, 5, 60, 7, 30, 9, 0, 2, 40];
    let kinds = [
        |bytes: Vec<u8>| Values::U8(bytes),
        |bytes: Vec<u8>| Values::F32(bytes.into_iter().map(f32::from).collect()),
    ];
    let span = Span {
        row: 7,
        start: 0,
        is_sequence: true,
    };
    for kind in kinds {
        for scaling in [Scaling::Standardize, Scaling::Quartiles] {
            let (shape, rows) = (Shape::new(&[3, 2]), kind(rows.concat()));
            let found = scaling.fit_spans(&rows, &[(span, &shape)], &[0, 1, 2], None);
            let steps: Vec<usize> = (0..6).collect();
            let expected = scaling.fit(&kind(there.clone()), &Shape::new(&[2]), &steps);
            assert_eq!(found.unwrap(), [expected.unwrap()]);
        }
    }
}

#[test]
fn statistics_are_of_the_given_examples_and_channels_alone() {
    let values = Values::F64(vec![1.0, 10.0, 3.0, 10.0, 99.0, 99.0, 5.0, 10.0]);
    let fitted = Scaling::Standardize
        .fit(&values, &Shape::new(&[2]), &[0, 1, 3])
        .unwrap();
    assert_eq!(fitted.transform.offset, [3.0, 10.0]);
    assert!((fitted.transform.scale[0] - (8.0f64 / 3.0).sqrt()).abs() < 1e-15);
    assert_eq!((fitted.transform.scale[1], fitted.constant), (1.0, vec![1]));

    let images = Values::U8(vec![0, 9, 2, 9, 4, 9, 6, 9, 255, 255, 255, 255]);
    let fitted = Scaling::Standardize
        .fit(&images, &Shape::new(&[2, 1, 2]), &[0, 1])
        .unwrap();
    assert_eq!(
        fitted.transform,
        Transform {
            offset: vec![3.0, 9.0],
            scale: vec![5.0f64.sqrt(), 1.0],
            padded: vec![]
        }
    );
    assert_eq!(fitted.constant, [1]);
}

/// Of a table of two columns, one of which has a number far out; the other one is all the same.
#[test]
fn quartiles_take_no_notice_of_a_number_far_out() {
    let scales = [5.0, 1e9].map(|far| {
        let values = [1.0, 7.0, 3.0, 7.0, 2.0, 7.0, 4.0, 7.0, far, 7.0];
        let fitted = Scaling::Quartiles
            .fit(
                &Values::F64(values.to_vec()),
                &Shape::new(&[2]),
                &[0, 1, 2, 3, 4],
            )
            .unwrap();
        assert_eq!(fitted.transform.offset, [3.0, 7.0]);
        assert_eq!((fitted.transform.scale[1], fitted.constant), (1.0, vec![1]));
        fitted.transform.scale[0]
    });
    // 2 is the interquartile range, 1.349 that of N(0, 1).
    assert!((scales[0] - 2.0 / 1.349).abs() < 1e-4, "{scales:?}");
    assert_eq!(scales[0], scales[1]);
}

#[test]
fn a_constant_that_no_float_holds_exactly_is_constant() {
    let fitted = Scaling::Standardize
        .fit(
            &Values::F64(vec![0.1; 1000]),
            &Shape::default(),
            &(0..1000).collect::<Vec<_>>(),
        )
        .unwrap();
    assert_eq!(
        (fitted.transform.offset[0], fitted.constant),
        (0.1, vec![0])
    );
}

/// A place that a target has no number for counts neither for its mean nor for its spread.
#[test]
fn missing_numbers_are_left_out() {
    let (whole, all) = (vec![1.0, 10.0, 3.0, 20.0, 8.0, 60.0], [0, 1, 2]);
    let with_gaps = [1.0, 10.0, f64::NAN, f64::NAN, 3.0, 20.0, 8.0, 60.0];
    let shape = Shape::new(&[2]);
    for scaling in [Scaling::Standardize, Scaling::Quartiles] {
        let of = |values: &[f64], indices: &[usize]| {
            let values = Values::F64(values.to_vec());
            scaling.fit(&values, &shape, indices).unwrap()
        };
        assert_eq!(of(&with_gaps, &[0, 1, 2, 3]), of(&whole, &all));
        // Of no number at all nothing is scaled.
        let none = of(&[f64::NAN, 1.0, f64::NAN, 2.0], &[0, 1]);
        assert_eq!(none.transform.scale[0], 1.0);
        assert_eq!(none.transform.offset[0], 0.0);
    }
}

#[test]
fn a_large_offset_costs_no_digits() {
    let values: Vec<f64> = (0..1000).map(|i| 1e9 + f64::from(i % 2)).collect();
    let fitted = Scaling::Standardize
        .fit(
            &Values::F64(values),
            &Shape::default(),
            &(0..1000).collect::<Vec<_>>(),
        )
        .unwrap();
    assert_eq!(
        (fitted.transform.offset[0], fitted.transform.scale[0]),
        (1e9 + 0.5, 0.5)
    );
}

#[test]
fn fixed_scalings_map_bytes_to_their_range() {
    let ends = |scaling: Scaling| {
        let transform = scaling
            .fit(&Values::U8(vec![]), &Shape::new(&[4, 4, 1]), &[])
            .unwrap()
            .transform;
        (transform.apply(0, 0.0), transform.apply(0, 255.0))
    };
    assert_eq!(ends(Scaling::None), (0.0, 255.0));
    assert_eq!(ends(Scaling::Unit), (0.0, 1.0));
    assert_eq!(ends(Scaling::Symmetric), (-1.0, 1.0));
}

#[test]
fn json_keeps_every_bit() {
    let transform = Transform {
        offset: vec![0.1 + 0.2, 1.0 / 3.0],
        scale: vec![f64::MIN_POSITIVE, 1e300 / 7.0],
        padded: vec![Padded {
            start: 1,
            steps: 2,
            width: 3,
        }],
    };
    let text = serde_json::to_string(&transform).unwrap();
    assert_eq!(serde_json::from_str::<Transform>(&text).unwrap(), transform);
    assert_eq!(
        serde_json::to_string(&Scaling::Standardize).unwrap(),
        "\"standardize\""
    );
}

#[test]
fn scalings_are_as_far_apart_as_their_farthest_channel() {
    let of = |offset: &[f64], scale: &[f64]| Transform {
        offset: offset.to_vec(),
        scale: scale.to_vec(),
        padded: vec![],
    };
    let one = of(&[1.0, 2.0], &[2.0, 4.0]);
    assert_eq!(one.distance(&one), Some(0.0));
    assert_eq!(one.distance(&of(&[1.0, 4.0], &[2.0, 4.0])), Some(0.5));
    assert_eq!(one.distance(&of(&[1.0, 2.0], &[1.0, 4.0])), Some(0.5));
    assert_eq!(one.distance(&Transform::identity(3)), None);
}

#[test]
fn inverting_undoes() {
    let transform = Transform {
        offset: vec![3.5],
        scale: vec![0.3],
        padded: vec![],
    };
    assert!((transform.invert(0, transform.apply(0, 7.25)) - 7.25).abs() < 1e-14);
}
