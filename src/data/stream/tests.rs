//! Tests of `stream`.

use super::*;
use crate::data::{Choices, TargetKind, load};

fn request(path: &Path, targets_needed: bool) -> Request {
    let row = |i: usize| format!("r{i},{i},{},{}\n", i * i, ["red", "blue"][i % 2]);
    let own: String = (0..30).map(row).collect();
    let own = format!("id,a,b,y\n{own}");
    std::fs::write(path.with_file_name("own.csv"), own).unwrap();
    let own = load(&Request {
        data: path.with_file_name("own.csv").display().to_string(),
        choices: Choices {
            drop: Some("id".into()),
            ..Choices::default()
        },
        predicts: Some(TargetKind::Category(2)),
        ..Request::default()
    });
    Request {
        data: path.display().to_string(),
        columns: Some(RunColumns {
            columns: own.unwrap().columns.unwrap(),
            targets_needed,
        }),
        ..Request::default()
    }
}

#[test]
fn a_table_is_the_same_read_whole_and_in_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let label = |i: usize| ["red", "blue"][i % 2];
    let row = |i: usize| format!("{},{i},\"x{}\",{}\n", label(i), i * 7919, i * i);
    let rows: String = (0..50).map(row).collect();
    let csv = folder.path().join("t.csv");
    std::fs::write(&csv, format!("y,b,id,a\n{rows}")).unwrap();
    let object = |i: usize| {
        let (id, square) = (i * 7919, i * i);
        format!(
            "{{\"id\": \"x{id}\", \"a\": \"{square}\", \"y\": \"{}\", \"b\": {i}}}\n\n",
            label(i)
        )
    };
    let lines = folder.path().join("t.jsonl");
    std::fs::write(&lines, (0..50).map(object).collect::<String>()).unwrap();
    for path in [csv, lines] {
        same_in_pieces(&path);
    }
}

#[cfg(feature = "parquet")]
#[test]
fn a_table_of_parquet_is_the_same_read_whole_and_in_pieces() {
    use crate::predict::{Cells, Column, Out};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let column = |name: &str, cells| Column {
        name: name.into(),
        entries: vec![],
        width: 1,
        axes: vec![],
        cells,
    };
    let numbers = |of: fn(usize) -> f64| Cells::Numbers((0..50).map(of).collect());
    let texts = |of: fn(usize) -> String| Cells::Texts((0..50).map(of).collect());
    let mut sink = Out::of(&path).unwrap().create().unwrap();
    sink.write(vec![
        column("y", texts(|i| ["red", "blue"][i % 2].into())),
        column("id", texts(|i| format!("x{}", i * 7919))),
        column("b", numbers(|i| i as f64)),
        column("a", texts(|i| (i * i).to_string())),
    ])
    .unwrap();
    sink.finish().unwrap();
    same_in_pieces(&path);
}

/// Compares a table of 50 rows.
fn same_in_pieces(path: &Path) {
    let request = request(path, false);
    let whole = load(&request).unwrap();
    let requests = [request];
    let found = find(&requests).unwrap().unwrap();
    assert_eq!(found.rows(), 50);
    let mut stream = Stream::of_file(&requests, &found).unwrap();
    let (mut done, mut said) = (0, vec![]);
    while let Some(data) = stream.next(7).unwrap() {
        let data = &data[0];
        assert!(data.train.len <= 7);
        for row in 0..data.train.len {
            let own = done + row;
            let of = |split: &crate::data::Split, row: usize| {
                [split.inputs.get(2 * row), split.inputs.get(2 * row + 1)]
            };
            assert_eq!(of(&data.train, row), of(&whole.train, own));
            assert_eq!(data.train.targets.get(row), whole.train.targets.get(own));
            let cell = |data: &Dataset, row: usize| data.seen.identifiers[0].cell(row);
            assert_eq!(cell(data, row), cell(&whole, own));
            assert_eq!(data.file_rows.as_ref().unwrap()[0][row], own);
        }
        done += data.train.len;
        assert_eq!(data.columns, whole.columns);
        assert_eq!(data.class_names, whole.class_names);
        said = data.seen.said.clone();
    }
    assert_eq!((done, said), (50, whole.seen.said));
}

/// The same messages, with the lines of the file.
#[test]
fn what_is_wrong_is_told_as_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    for bad in ["x,2\n", "1,2,3\n", "1,\n2,\n", "50%,1\n"] {
        let rows: String = (0..30).map(|i| format!("{i},{}\n", i + 1)).collect();
        std::fs::write(&path, format!("a,b\n{rows}{bad}{rows}{bad}")).unwrap();
        let requests = [request(&path, false)];
        let whole = load(&requests[0]).unwrap_err();
        let found = find(&requests).unwrap().unwrap();
        let stream = Stream::of_file(&requests, &found).unwrap();
        let told = stream.check(8, &mut |_| Ok(())).unwrap_err();
        assert_eq!(told.diagnostics, whole.diagnostics, "{bad:?}");
        assert!(told.diagnostics[0].title.contains(":32"), "{bad:?}: {told}");
    }
}
