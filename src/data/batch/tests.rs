//! Batches gathered from every kind of value, and targets and inputs that are refused.

use super::*;
use crate::data::Padded;
use crate::tensor::Shape;

fn split(inputs: Values, shape: &[usize], targets: Values) -> Split {
    let input_shape = Shape::new(shape);
    Split {
        len: inputs.len() / input_shape.len(),
        inputs,
        input_shape,
        targets,
        target_shape: Shape::default(),
    }
}

#[test]
fn every_kind_of_value_gathers_the_same() {
    let bytes: Vec<u8> = (0..48).map(|i| i * 5).collect();
    let transform = Transform {
        offset: vec![1.5, 2.0],
        scale: vec![3.0, 0.7],
        padded: vec![],
    };
    let all = [
        Values::U8(bytes.clone()),
        Values::F32(bytes.iter().map(|&b| f32::from(b)).collect()),
        Values::F64(bytes.iter().map(|&b| f64::from(b)).collect()),
    ];
    for values in all {
        let split = split(values, &[2, 2, 2], Values::U8(vec![0; 6]));
        let mut out = vec![9.0f32; 3];
        gather(&split, &[5, 0], &transform, &mut out).unwrap();
        assert_eq!(out.len(), 16);
        assert_eq!(out[0], ((200.0 - 1.5) / 3.0) as f32);
        assert_eq!(out[9], ((5.0 - 2.0) / 0.7) as f32);
    }
    let wide = split(Values::U8(bytes), &[24], Values::U8(vec![0; 2]));
    let mut out = vec![];
    gather::<f64>(&wide, &[1], &Transform::identity(24), &mut out).unwrap();
    assert_eq!(out, (24..48).map(|i| f64::from(i * 5)).collect::<Vec<_>>());
}

#[test]
fn rows_of_one_channel_that_threads_share() {
    let numbers: Vec<u8> = (0..60).map(|i| 4 * i).collect();
    // more than one thread's share of rows, of every length about a vector
    for width in [1, 3, 20] {
        let split = split(Values::U8(numbers.clone()), &[width, 1], Values::U8(vec![]));
        let indices: Vec<usize> = (0..3 * SHARE).map(|i| (i * 7) % (60 / width)).collect();
        let transform = Transform {
            offset: vec![8.0],
            scale: vec![0.5],
            padded: vec![],
        };
        let mut out = vec![0.0f32; 7];
        gather(&split, &indices, &transform, &mut out).unwrap();
        assert_eq!(out.len(), indices.len() * width);
        for (place, &index) in indices.iter().enumerate() {
            for entry in 0..width {
                let exact = f32::from(numbers[index * width + entry]) * 2.0 - 16.0;
                assert_eq!(out[place * width + entry], exact, "{place} {entry}");
            }
        }
    }
}

/// Two rows of a sequence of up to three steps of two numbers, and of another number behind it.
#[test]
fn the_padding_of_a_scaled_sequence_is_0() {
    let rows = [
        [1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 2.0, 7.0],
        [5.0, 6.0, 0.0, 0.0, 0.0, 0.0, 1.0, 8.0],
    ];
    let split = split(Values::F64(rows.concat()), &[8], Values::U8(vec![]));
    let transform = Transform {
        offset: vec![1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 0.0, 7.5],
        scale: vec![2.0, 4.0, 2.0, 4.0, 2.0, 4.0, 1.0, 0.5],
        padded: vec![Padded {
            start: 0,
            steps: 3,
            width: 2,
        }],
    };
    let mut out = vec![];
    gather::<f32>(&split, &[1, 0], &transform, &mut out).unwrap();
    let expected = [
        [2.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0],
        [0.0, 0.0, 1.0, 0.5, 0.0, 0.0, 2.0, -1.0],
    ];
    assert_eq!(out, expected.concat());
}

#[test]
fn labels_out_of_range_name_the_row() {
    let data = split(
        Values::U8(vec![0; 4]),
        &[1],
        Values::F64(vec![0.0, 2.0, 3.0, 1.5]),
    );
    let any: &dyn Fn(f64) -> Option<String> = &|_| None;
    let mut labels = vec![];
    gather_labels(&data, &[1, 0], TargetKind::Category(3), &mut labels).unwrap();
    assert_eq!(labels, [2, 0]);
    let message = check_targets(
        &data,
        TargetKind::Category(3),
        any,
        "the training part",
        None,
    )
    .unwrap_err();
    assert_eq!(
        message.diagnostics[0].title,
        "a label of the training part is out of range"
    );
    assert_eq!(
        message.diagnostics[0].notes,
        [
            "expected a whole number from 0 to 2, row 2 (the first being 0) has 3",
            "and 1 more of 4"
        ]
    );
    assert!(gather_labels(&data, &[3], TargetKind::Category(3), &mut labels).is_err());
    assert!(check_targets(&data, TargetKind::Binary, any, "it", None).is_err());
    assert!(check_targets(&data, TargetKind::Real(1), any, "it", None).is_ok());
    assert!(check_targets(&data, TargetKind::Real(2), any, "it", None).is_err());
}

#[test]
fn labels_that_start_elsewhere_say_how_to_recode() {
    let any: &dyn Fn(f64) -> Option<String> = &|_| None;
    let told = |targets: &[f64], kind| {
        let data = split(
            Values::U8(vec![0; targets.len()]),
            &[1],
            Values::F64(targets.to_vec()),
        );
        let rows: Vec<usize> = (5..5 + targets.len()).collect();
        let failure = check_targets(&data, kind, any, "it", Some(&rows)).unwrap_err();
        let message = &failure.diagnostics[0];
        assert!(message.notes[0].contains("row 5 "), "{message:?}");
        message.helps[0].text.clone()
    };
    let three = TargetKind::Category(3);
    assert_eq!(
        told(&[3.0, 1.0, 2.0], three),
        "the labels are 1 to 3, and classes are counted from 0: subtract 1; or `category[4]` takes labels from 0 to 3"
    );
    assert_eq!(
        told(&[-1.0, 1.0], TargetKind::Binary),
        "the labels are -1 and 1: write 0 for -1"
    );
    assert_eq!(
        told(&[7.0, 0.0], three),
        "the labels are 0 to 7: `category[8]` takes labels from 0 to 7"
    );
    assert!(told(&[0.5, 1.0], three).contains("`real`"));
    let places = Axes::new(&[2]).unwrap();
    let of_places = [
        TargetKind::Categories { classes: 3, places },
        TargetKind::Binaries(places),
    ];
    for kind in of_places {
        let mut data = split(
            Values::U8(vec![0; 2]),
            &[1],
            Values::F64(vec![7.0, 0.0, 1.0, 2.0]),
        );
        data.target_shape = Shape::new(&[2]);
        let failure = check_targets(&data, kind, any, "it", None).unwrap_err();
        assert_eq!(
            failure.diagnostics[0].helps[0].text,
            "the labels are 0 to 7: `category[8][2]` takes labels from 0 to 7"
        );
    }
    assert!(told(&[0.5, 1.0], TargetKind::Count).contains("no whole numbers"));
    assert!(told(&[-3.0, 1.0], TargetKind::Count).contains("below 0"));
}

/// Pixels that nobody labelled, and numbers that nobody measured: of images alone.
#[test]
fn targets_with_places_may_miss_entries() {
    let any: &dyn Fn(f64) -> Option<String> = &|_| None;
    let of = |targets: Values| {
        let mut data = split(Values::U8(vec![0; 2]), &[1], targets);
        data.target_shape = Shape::new(&[3]);
        data
    };
    let places = Axes::new(&[3]).unwrap();
    let mask = TargetKind::Categories { classes: 3, places };
    let told = |data: &Split, kind| {
        let failure = check_targets(data, kind, any, "it", None).unwrap_err();
        let message = &failure.diagnostics[0];
        assert_eq!(message.code, "E0509");
        message.helps[0].text.clone()
    };
    for targets in [
        Values::U8(vec![2, 255, 0, 255, 255, 255]),
        Values::F64(vec![2.0, -1.0, 0.0, f64::NAN, -1.0, -1.0]),
    ] {
        let data = of(targets);
        check_targets(&data, mask, any, "it", None).unwrap();
        let mut labels = vec![];
        gather_labels(&data, &[1, 0], mask, &mut labels).unwrap();
        let gone = MISSING;
        assert_eq!(labels, [gone, gone, gone, 2, gone, 0]);
    }
    let help = "a place without a label is -1 or NaN, or 255 in an array of bytes (uint8)";
    for other in [255.0, -100.0] {
        let data = of(Values::F64(vec![2.0, other, 0.0, 1.0, 1.0, 0.0]));
        assert_eq!(told(&data, mask), help, "{other}");
    }
    // Of -1 and 1 it is not known whether -1 is a class.
    let data = of(Values::F64(vec![-1.0, 1.0, 1.0, -1.0, 1.0, 1.0]));
    assert!(told(&data, TargetKind::Binaries(places)).starts_with("write 0 for the first"));
    let axes = Axes::new(&[3, 1]).unwrap();
    let mut data = of(Values::F32(vec![2.0, f32::NAN, 0.5, 1.0, -1.0, 255.0]));
    data.target_shape = Shape::new(&[3, 1]);
    check_targets(&data, TargetKind::Reals(axes), any, "it", None).unwrap();
    // A likelihood may allow fewer numbers: what is missing is none of them.
    let positive = |y: f64| (y <= 0.0).then(|| "a number above 0".to_string());
    let refused = check_targets(&data, TargetKind::Reals(axes), &positive, "it", None);
    assert!(refused.unwrap_err().diagnostics[0].notes[0].contains("has -1"));
    // A row of numbers is there as a whole.
    data.target_shape = Shape::new(&[3]);
    assert!(check_targets(&data, TargetKind::Real(3), any, "it", None).is_err());
}

#[test]
fn values_that_the_likelihood_refuses_are_told() {
    let data = split(
        Values::U8(vec![0; 3]),
        &[1],
        Values::F64(vec![2.0, 0.0, 5.0]),
    );
    let refuse = |y: f64| (y > 3.0).then(|| "a number up to 3".to_string());
    let found = check_targets(&data, TargetKind::Real(1), &refuse, "it", None);
    let message = &found.unwrap_err().diagnostics[0];
    assert_eq!(
        message.notes,
        ["expected a number up to 3, row 2 (the first being 0) has 5"]
    );
}

#[test]
fn an_input_that_is_not_finite_names_its_row() {
    let data = split(
        Values::F32(vec![0.0, 1.0, 2.0, f32::NAN]),
        &[2],
        Values::U8(vec![0; 2]),
    );
    let message = check_inputs(&data, "the test part").unwrap_err();
    assert_eq!(
        message.diagnostics[0].notes,
        ["row 1 (the first being 0) has NaN at entry 1"]
    );
}
