use super::*;
use crate::data::scaling::Transform;
use crate::data::{Split, Values};
use crate::examples::{Part, Scales};
use crate::likelihood::{Categorical, Likelihood, Normal, Predictive};
use crate::tensor::Shape;

fn split(targets: Vec<f64>) -> Split {
    Split {
        inputs: Values::F64(vec![0.0; 2]),
        input_shape: Shape::new(&[1]),
        targets: Values::F64(targets),
        target_shape: Shape::default(),
        len: 2,
    }
}

fn part<'a>(split: &'a Split, scales: &'a Scales, kind: TargetKind) -> Part<'a> {
    Part {
        split,
        rows: &[0, 1],
        scales,
        kind,
        summary: match kind {
            TargetKind::Real(_) => Normal.summary(&kind),
            _ => Categorical.summary(&kind),
        },
        target: 0,
        targets: None,
        others: &[],
        with_targets: true,
    }
}

fn scales() -> Scales {
    Scales {
        inputs: Transform::identity(1),
        targets: Transform::identity(1),
    }
}

/// Writes two examples of a number at a time, `times` times.
fn written(path: &Path, times: usize) {
    let (split, scales) = (split(vec![1.0, 5.0]), scales());
    let mut sink = Out::of(path).unwrap().create().unwrap();
    for chunk in 0..times {
        let predicted = Predictive {
            examples: 2,
            draws: 3,
            width: 1,
            mean: vec![1.5, 4.0],
            within: vec![9.0, 4.0],
            between: vec![16.0, 0.0],
            ..Predictive::default()
        };
        let target = Target {
            to_come: &[],
            further: vec![],
            name: None,
            predicted,
            part: part(&split, &scales, TargetKind::Real(1)),
            names: Names::default(),
        };
        let rows = [3 + 10 * chunk, 7 + 10 * chunk];
        sink.write(columns(&[target], &rows, &[], &[], None))
            .unwrap();
    }
    sink.finish().unwrap();
}

#[test]
fn variances_add_up_in_a_csv() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.csv");
    written(&path, 2);
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "row,target,mean,std,aleatoric_std,epistemic_std\n3,1,1.5,5,3,4\n7,5,4,2,2,0\n13,1,1.5,5,3,4\n17,5,4,2,2,0\n"
    );
    let refused = Out::of(&folder.path().join("p.txt")).unwrap_err();
    assert_eq!(refused.diagnostics[0].code, "E0601");
}

#[test]
fn an_npz_holds_an_array_a_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.npz");
    written(&path, 2);
    let written = std::fs::read(&path).unwrap();
    let array = |name: &str| crate::data::npz::tests::numbers(&written, name);
    let twice = |values: [f64; 2]| (vec![4], Values::F64([values, values].concat()));
    assert_eq!(array("std"), twice([5.0, 2.0]));
    let rows = vec![3.0, 7.0, 13.0, 17.0];
    assert_eq!(array("row"), (vec![4], Values::F64(rows)));
    // Nothing is left beside it.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_is_not_finished_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["p.csv", "p.npz", "p.parquet"] {
        let path = folder.path().join(name);
        std::fs::write(&path, "old").unwrap();
        let mut sink = Out::of(&path).unwrap().create().unwrap();
        let (split, scales) = (split(vec![0.0, 1.0]), scales());
        let target = Target {
            to_come: &[],
            further: vec![],
            name: None,
            predicted: Predictive {
                examples: 2,
                draws: 1,
                width: 1,
                mean: vec![0.0; 2],
                within: vec![0.0; 2],
                between: vec![0.0; 2],
                ..Predictive::default()
            },
            part: part(&split, &scales, TargetKind::Real(1)),
            names: Names::default(),
        };
        sink.write(columns(&[target], &[0, 1], &[], &[], None))
            .unwrap();
        drop(sink);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn classes_that_have_names_are_called_by_them() {
    let (split, scales) = (split(vec![2.0, 0.0]), scales());
    let kind = TargetKind::Category(3);
    let names = ["red", "green", "blue"].map(String::from);
    let of = |names: &[String]| {
        let target = Target {
            to_come: &[],
            further: vec![],
            name: Some("hue"),
            predicted: Predictive {
                examples: 2,
                draws: 1,
                width: 3,
                mean: vec![0.1, 0.7, 0.2, 0.5, 0.2, 0.3],
                within: vec![0.0; 2],
                ..Predictive::default()
            },
            part: part(&split, &scales, kind),
            names: Names {
                classes: names,
                ..Names::default()
            },
        };
        let all = columns(&[target], &[0, 1], &[], &[], None);
        let cells = |name: &str| {
            let column = all.iter().find(|column| column.name == name).unwrap();
            [column.cell(0), column.cell(1)]
        };
        (cells("target_hue"), cells("predicted_hue"))
    };
    let text = |all: [&str; 2]| all.map(String::from);
    assert_eq!(of(&names), (text(["blue", "red"]), text(["green", "red"])));
    assert_eq!(of(&[]), (text(["2", "0"]), text(["1", "0"])));
}
