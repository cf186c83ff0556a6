//! Tables whose inputs are in a temporary file: what is read of them is what is read of the same table in memory.

use super::*;
use crate::data::{Choices, Facts, Streaming, facts, load};
use std::fs;

/// A table with a column of every kind, and how it is asked for.
fn place(rows: usize) -> (tempfile::TempDir, Request) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let mut text = String::from("id,age,colour,seen,smokes,site,count,y\n");
    for row in 0..rows {
        let age = match row % 11 {
            3 => String::new(),
            _ => format!("{}.5", 20 + row * 7 % 50),
        };
        let colour = ["red", "green", "blue"][row * 5 % 3];
        let smokes = ["yes", "no"][row % 2];
        let (day, site, count) = (1 + row % 28, row % 9, row % 4);
        text += &format!(
            "p{row},{age},{colour},2024-03-{day:02},{smokes},s{site},{count},{}\n",
            row as f64 / 3.0
        );
    }
    fs::write(&path, text).unwrap();
    let choices = Choices {
        drop: Some("id".into()),
        missing: Some("age=indicator".into()),
        test: Some("0.2".into()),
        group: Some("site".into()),
        weights: Some("count".into()),
        ..Choices::default()
    };
    let request = Request {
        data: path.display().to_string(),
        choices,
        ..Request::default()
    };
    (folder, request)
}

fn both(request: &Request) -> [Dataset; 2] {
    [Streaming::Never, Streaming::Always].map(|stream| {
        let request = Request {
            stream,
            ..request.clone()
        };
        load(&request).unwrap()
    })
}

fn assert_same([memory, file]: &[Dataset; 2]) {
    assert_eq!(memory.seen.streamed, None);
    assert!(file.seen.streamed.is_some());
    for (memory, file) in [
        (Some(&memory.train), Some(&file.train)),
        (memory.test.as_ref(), file.test.as_ref()),
    ] {
        let (Some(memory), Some(file)) = (memory, file) else {
            assert!(memory.is_none() && file.is_none());
            continue;
        };
        let all: Vec<usize> = (0..memory.len).collect();
        let read = file.inputs.of_rows(&all, file.input_shape.len()).unwrap();
        assert_eq!(read, memory.inputs);
        assert_eq!(file.targets, memory.targets);
        assert_eq!(file.input_shape, memory.input_shape);
    }
    assert_eq!(file.columns, memory.columns);
    assert_eq!(file.file_rows, memory.file_rows);
    assert_eq!(file.seen.said, memory.seen.said);
    assert_eq!(file.seen.remarks, memory.seen.remarks);
    assert_eq!(
        (&file.seen.groups, &file.seen.counts),
        (&memory.seen.groups, &memory.seen.counts)
    );
}

#[test]
fn all_that_is_read_is_that_of_a_table_in_memory() {
    let (_folder, mut request) = place(200);
    assert_same(&both(&request));
    let [memory, file] = [Streaming::Never, Streaming::Always].map(|stream| {
        let request = Request {
            stream,
            ..request.clone()
        };
        facts(&request).unwrap()
    });
    assert!(file.streamed.is_some());
    let streamed = None;
    assert_eq!(Facts { streamed, ..file }, memory);
    // Classes, and means that the validation part has no say in.
    request.choices.missing = Some("age=median".into());
    request.target = Some("colour".into());
    request.validation = Some((crate::data::split::Validation::Count(20), 3));
    request.choices.group = None;
    request.choices.drop = Some("id,site".into());
    assert_same(&both(&request));
}

/// Columns that do not fit the memory together are read one after the other.
#[test]
fn columns_are_learned_alone_as_together() {
    let (_folder, request) = place(60);
    let path = Path::new(&request.data);
    let wanted = Wanted {
        choices: Some(&request.choices),
        ..Wanted::default()
    };
    let found = sheet::find(path, &|header| roles(header, &wanted)).unwrap();
    let found = found.unwrap();
    let asked = Asked::of(path, found.header(), &wanted, &request).unwrap();
    let table = Unread {
        path,
        found: &found,
        asked: &asked,
    };
    let rows: Vec<usize> = (0..50).collect();
    let [one, all] = [1, usize::MAX].map(|n| table.learned(&rows, &request, n).unwrap());
    assert_eq!(one, all);
    assert_eq!(one.0.coding.inputs.len(), 4);
}

#[test]
fn rows_that_are_steps_are_read_whole_and_this_is_said() {
    let (_folder, mut request) = place(20);
    request.stream = Streaming::Always;
    request.choices = Choices {
        sequence: Some("id".into()),
        drop: Some("age".into()),
        ..Choices::default()
    };
    let data = load(&request).unwrap();
    let said = data.seen.streamed.as_deref();
    assert_eq!(
        said,
        Some("not streamed: rows that are steps are read whole")
    );
    assert!(matches!(data.train.inputs, Values::F64(_)));
}

#[test]
fn messages_are_those_of_a_table_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let rows: String = (0..30).map(|row| format!("{row}.5,{row},1\n")).collect();
    for (text, choices) in [
        // A missing value that nothing stands for.
        (format!("a,b,y\n{rows}5,,1\n"), Choices::default()),
        // A target that is missing.
        (format!("a,b,y\n{rows}5,6,\n"), Choices::default()),
        // A row that is too short.
        (format!("a,b,y\n{rows}5,6\n"), Choices::default()),
        // Texts that are in no list.
        (
            format!("a,b,y\n{rows}5,7,1\n"),
            Choices {
                categories: Some("b=1<2<3".into()),
                ..Choices::default()
            },
        ),
        // A footer.
        (format!("a,b,y\n{rows}total,,30\n"), Choices::default()),
    ] {
        fs::write(&path, &text).unwrap();
        let [memory, file] = [Streaming::Never, Streaming::Always].map(|stream| {
            let request = Request {
                data: path.display().to_string(),
                choices: choices.clone(),
                stream,
                ..Request::default()
            };
            load(&request).unwrap_err().diagnostics
        });
        assert_eq!(file, memory, "{text}");
    }
}
