//! Tables whose rows are steps, read as `bnnc train` reads them.

use crate::data::split::{Validation, set_aside};
use crate::data::{Choices, Dataset, Request, RunColumns, SequenceInput, TargetKind, Values, load};
use crate::diagnostic::{Diagnostic, Result};
use crate::likelihood::Axes;
use crate::tensor::Shape;

/// `a, b = 1` as choices: `sequence=id, window=3`.
fn choices(said: &[(&str, &str)]) -> Choices {
    let mut choices = Choices::default();
    for (key, value) in said {
        let place = match *key {
            "sequence" => &mut choices.sequence,
            "time" => &mut choices.time,
            "window" => &mut choices.window,
            "horizon" => &mut choices.horizon,
            "inputs" => &mut choices.inputs,
            "test" => &mut choices.test,
            "group" => &mut choices.group,
            _ => panic!("{key}"),
        };
        *place = Some((*value).to_owned());
    }
    choices
}

fn read(text: &str, request: Request) -> Result<Dataset> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, text).unwrap();
    load(&Request {
        data: path.display().to_string(),
        ..request
    })
}

/// A model's only input, of so many numbers a step.
fn input(steps: usize, width: usize, vocabulary: Option<usize>) -> Request {
    Request {
        inputs: vec![("x".into(), Shape::new(&[steps, width]))],
        sequences: vec![SequenceInput {
            name: "x".into(),
            steps,
            width,
            vocabulary,
        }],
        ..Request::default()
    }
}

fn refused(text: &str, request: Request) -> Diagnostic {
    read(text, request).unwrap_err().diagnostics.remove(0)
}

fn values(values: &Values) -> Vec<f64> {
    (0..values.len()).map(|at| values.get(at)).collect()
}

/// Two patients, whose visits stand in no order.
const VISITS: &str = "id,day,a,b,y\nq,2,5,50,1\np,1,1,10,0\np,3,3,30,0\nq,1,4,40,1\np,2,2,20,0\n";

#[test]
fn a_row_is_a_step_of_the_sequence_that_it_names() {
    let said = choices(&[("sequence", "id"), ("time", "day")]);
    let data = read(
        VISITS,
        Request {
            choices: said.clone(),
            ..input(4, 2, None)
        },
    )
    .unwrap();
    let expected = [
        [4.0, 40.0, 5.0, 50.0, 0.0, 0.0, 0.0, 0.0, 2.0],
        [1.0, 10.0, 2.0, 20.0, 3.0, 30.0, 0.0, 0.0, 3.0],
    ];
    assert_eq!(values(&data.train.inputs), expected.concat());
    assert_eq!(values(&data.train.targets), [1.0, 0.0]);
    // Each goes by its first row, with which its name is written beside predictions.
    assert_eq!(data.file_rows, Some([vec![3, 1], vec![]]));
    let columns = data.columns.unwrap();
    assert_eq!(columns.inputs, ["a", "b"]);
    assert_eq!(columns.identifiers, ["id", "day"]);
    assert_eq!(data.seen.identifiers[0].cell(3), "q");
    // Another table is read by the run's columns, in whatever order.
    let other = "day,b,id,a\n2,8,r,7\n1,6,r,5\n";
    let run = RunColumns {
        columns,
        targets_needed: false,
    };
    let of_run = Request {
        columns: Some(run),
        ..input(4, 2, None)
    };
    let data = read(other, of_run).unwrap();
    let expected = [5.0, 6.0, 7.0, 8.0, 0.0, 0.0, 0.0, 0.0, 2.0];
    assert_eq!(values(&data.train.inputs), expected);
    assert!(!data.train.has_targets());
}

#[test]
fn whole_sequences_are_held_out() {
    let said = choices(&[("sequence", "id"), ("test", "1")]);
    let data = read(
        VISITS,
        Request {
            choices: said,
            ..input(3, 3, None)
        },
    )
    .unwrap();
    let test = data.test.unwrap();
    assert_eq!((data.train.len, test.len), (1, 1));
    let lengths = [&data.train, &test].map(|part| part.inputs.get(9));
    assert_eq!(lengths.iter().sum::<f64>(), 5.0);
}

#[test]
fn a_target_of_each_step_ends_with_its_sequence() {
    let text = "id,word,next\na,0,1\na,1,2\nb,2,0\n";
    let of = Request {
        choices: choices(&[("sequence", "id")]),
        predicts: Some(TargetKind::Categories {
            classes: 3,
            places: Axes::new(&[3]).unwrap(),
        }),
        steps_of: vec![Some("x".into())],
        ..input(3, 1, Some(3))
    };
    let data = read(text, of).unwrap();
    let expected = [1.0, 2.0, 0.0, 2.0, 3.0, 0.0, 0.0, 1.0];
    assert_eq!(values(&data.train.inputs), expected);
    assert_eq!(data.train.target_shape.0, [3]);
    let there = |at: &usize| !data.train.targets.get(*at).is_nan();
    assert_eq!((0..6).filter(there).collect::<Vec<_>>(), [0, 1, 3]);
}

#[test]
fn words_are_tokens_in_their_order_and_a_new_one_is_the_last() {
    let text = "id,word,y\na,dog,1\na,cat,1\nb,cat,0\nb,bird,0\n";
    let of = || Request {
        choices: choices(&[("sequence", "id")]),
        ..input(2, 1, Some(4))
    };
    let data = read(text, of()).unwrap();
    assert_eq!(values(&data.train.inputs), [3.0, 2.0, 2.0, 2.0, 1.0, 2.0]);
    let run = RunColumns {
        columns: data.columns.unwrap(),
        targets_needed: false,
    };
    let of_run = Request {
        columns: Some(run),
        ..of()
    };
    let other = read("id,word\nc,fish\nc,dog\n", of_run).unwrap();
    assert_eq!(values(&other.train.inputs), [4.0, 3.0, 2.0]);
}

#[test]
fn an_input_beside_a_sequence_is_the_same_in_all_of_its_rows() {
    let mut of = input(3, 1, None);
    of.inputs.push(("age".into(), Shape::new(&[1])));
    of.choices = choices(&[("sequence", "id")]);
    let text = "id,x,age,y\na,1,50,0\na,2,50,0\nb,3,60,1\n";
    let data = read(text, of.clone()).unwrap();
    let expected = [[1.0, 2.0, 0.0, 2.0, 50.0], [3.0, 0.0, 0.0, 1.0, 60.0]];
    assert_eq!(values(&data.train.inputs), expected.concat());
    let message = refused(&text.replace("2,50", "2,51"), of);
    assert_eq!(message.code, "E0515");
    assert!(
        message
            .title
            .starts_with("the input `age` of the sequence `a`")
    );
}

/// 0 to 11, each row's number ten times as large beside it.
fn series(rows: usize) -> String {
    let row = |t: usize| format!("{t},{}\n", 10 * t);
    format!("t,v\n{}", (0..rows).map(row).collect::<String>())
}

#[test]
fn windows_are_followed_by_what_they_predict() {
    let said = choices(&[("window", "3"), ("horizon", "2"), ("time", "t")]);
    let of = Request {
        choices: said,
        ..Request::default()
    };
    let data = read(&series(7), of.clone()).unwrap();
    assert_eq!(data.train.input_shape.0, [3, 1]);
    let expected = [[0.0, 10.0, 20.0], [10.0, 20.0, 30.0], [20.0, 30.0, 40.0]];
    assert_eq!(values(&data.train.inputs), expected.concat());
    assert_eq!(values(&data.train.targets), [40.0, 50.0, 60.0]);
    assert_eq!(data.file_rows, Some([vec![2, 3, 4], vec![]]));
    // A run also predicts from those whose targets are yet to come.
    let run = RunColumns {
        columns: data.columns.unwrap(),
        targets_needed: false,
    };
    let of_run = Request {
        columns: Some(run),
        ..Request::default()
    };
    let data = read(&series(5), of_run.clone()).unwrap();
    assert_eq!(data.train.len, 3);
    assert_eq!(values(&data.train.inputs)[6..], [20.0, 30.0, 40.0]);
    assert_eq!(data.train.targets.get(0), 40.0);
    assert_eq!(data.seen.to_come, [false, true, true]);
    // Or from these alone, which have no targets.
    let to_come = Request {
        to_come: true,
        ..of_run
    };
    for (rows, windows) in [(5, 2), (4, 2), (3, 1)] {
        let data = read(&series(rows), to_come.clone()).unwrap();
        assert_eq!((data.train.len, data.train.has_targets()), (windows, false));
        let last = rows as f64 * 10.0 - 10.0;
        assert_eq!(values(&data.train.inputs).last(), Some(&last));
        assert!(data.seen.to_come.is_empty());
    }
}

#[test]
fn windows_of_several_series_in_the_order_of_time() {
    let text = "shop,date,v,w\nb,2024-01-02,6,0\na,2024-01-03,3,0\nb,2024-01-01,5,0\n\
                a,2024-01-01,1,0\nb,2024-01-03,7,0\na,2024-01-02,2,0\n";
    let of = |window, horizon| Request {
        choices: choices(&[
            ("sequence", "shop"),
            ("time", "date"),
            ("window", window),
            ("horizon", horizon),
            ("inputs", "v"),
        ]),
        target: Some("v".into()),
        ..Request::default()
    };
    let data = read(text, of("2", "1")).unwrap();
    assert_eq!(values(&data.train.inputs), [5.0, 6.0, 1.0, 2.0]);
    assert_eq!(values(&data.train.targets), [7.0, 3.0]);
    let message = refused(text, of("2", "2"));
    assert_eq!(message.code, "E0515");
    assert!(message.title.starts_with("the series `b` of"));
    // Rows of one moment have no order.
    let message = refused(&text.replace("2024-01-02,2", "2024-01-03,2"), of("2", "1"));
    assert_eq!(message.code, "E0515");
    assert!(message.notes[0].contains("the series `a`"), "{message:?}");
}

#[test]
fn windows_are_divided_in_time_and_those_between_the_parts_are_left_out() {
    let of = Request {
        choices: choices(&[("window", "3"), ("time", "t"), ("test", "0.4")]),
        ..Request::default()
    };
    let data = read(&series(20), of).unwrap();
    // Of 20 rows the last 8.
    let test = data.test.as_ref().unwrap();
    assert_eq!(values(&test.inputs)[..3], [120.0, 130.0, 140.0]);
    assert_eq!((data.train.len, test.len), (9, 5));
    assert_eq!(
        data.seen.said,
        ["3 windows that reach from the training into the test part are left out"]
    );
    // So is the validation part: the last 5 of the 12 rows that are left.
    let part = Validation::Count(5);
    let (training, validation) = set_aside(data.train.len, None, data.in_time(), part, 0).unwrap();
    assert_eq!((training, validation), ((0..4).collect(), vec![7, 8]));
}

#[test]
fn what_rows_cannot_be_is_told() {
    for (text, said, code, title) in [
        (
            VISITS,
            &[("time", "day")][..],
            "E0506",
            "`time` says nothing without `sequence` or `window`",
        ),
        (
            VISITS,
            &[("sequence", "id"), ("horizon", "2")],
            "E0506",
            "`horizon` says nothing without `window`",
        ),
        (
            VISITS,
            &[("window", "0")],
            "E0506",
            "`window` is a number of rows, not `0`",
        ),
        (
            VISITS,
            &[("sequence", "patient")],
            "E0506",
            "there is no column `patient`, which `sequence` names",
        ),
    ] {
        let of = Request {
            choices: choices(said),
            ..input(3, 2, None)
        };
        let message = refused(text, of);
        assert_eq!((message.code, &message.title[..]), (code, title));
    }
    let of = |steps, width, said: &[(&str, &str)]| Request {
        choices: choices(said),
        ..input(steps, width, None)
    };
    let by_id = &[("sequence", "id"), ("inputs", "a")][..];
    let message = refused(VISITS, of(2, 1, by_id));
    assert_eq!(message.code, "E0514");
    assert!(
        message.title.starts_with("the sequence `p` of"),
        "{message:?}"
    );
    let message = refused(VISITS, of(3, 2, by_id));
    assert_eq!(message.code, "E0507");
    let message = refused(&VISITS.replace("3,30,0", "3,30,1"), of(3, 1, by_id));
    assert_eq!(message.code, "E0515");
    assert!(message.title.starts_with("the target of the sequence `p`"));
    let message = refused(&VISITS.replace("q,2", ",2"), of(3, 1, by_id));
    assert!(
        message
            .title
            .ends_with("t.csv:2: the row has no name of a sequence")
    );
}

/// A column a step: the same table as a run keeps it.
#[test]
fn a_sequence_may_stand_in_a_row() {
    let text = "e1,e2,e3,y\n4,,,0\n0,1,2,1\n";
    let data = read(text, input(4, 1, Some(5))).unwrap();
    let expected = [[5.0, 0.0, 0.0, 0.0, 1.0], [1.0, 2.0, 3.0, 0.0, 3.0]];
    assert_eq!(values(&data.train.inputs), expected.concat());
    let run = RunColumns {
        columns: data.columns.unwrap(),
        targets_needed: false,
    };
    let of_run = Request {
        columns: Some(run),
        ..input(4, 1, Some(5))
    };
    let other = read("e3,e2,e1\n,3,2\n", of_run).unwrap();
    assert_eq!(values(&other.train.inputs), [3.0, 4.0, 0.0, 0.0, 2.0]);
    let message = refused("e1,e2,y\n4,,0\n7,1,1\n", input(4, 1, Some(5)));
    assert_eq!(message.code, "E0514");
    assert_eq!(
        message.notes[0],
        "it stands in line 3, step 0 (the first being 0)"
    );
}

/// Gaps are told in the largest unit in which the least of them is 1 or more.
#[test]
fn gaps_in_time_have_a_unit_that_fits() {
    let remark = |times: [&str; 4]| {
        let rows = times.iter().map(|time| format!("{time},1,0.5\n"));
        let text = format!("t,a,y\n{}", rows.collect::<String>());
        let request = Request {
            choices: choices(&[("time", "t"), ("window", "2"), ("inputs", "a")]),
            ..input(2, 1, None)
        };
        let remarks = read(&text, request).unwrap().seen.remarks;
        let mut remarks = remarks.into_iter();
        remarks.find(|remark| remark.contains("a window counts rows"))
    };
    let hours = [
        "2024-01-01 00:00",
        "2024-01-01 01:00",
        "2024-01-01 02:00",
        "2024-01-02 09:00",
    ];
    let said = remark(hours).unwrap();
    assert!(said.contains("from 1 to 31 hours apart in `t`"), "{said}");
    let days = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-09"];
    let said = remark(days).unwrap();
    assert!(said.contains("from 1 to 6 days apart"), "{said}");
    let said = remark(["1", "2", "3", "9"]).unwrap();
    assert!(said.contains("from 1.000 to 6.000 apart"), "{said}");
}
