//! What a request names, and what it gives.

use super::*;

fn request(data: &str) -> Request {
    Request {
        data: data.into(),
        ..Request::default()
    }
}

#[test]
fn what_is_neither_a_name_nor_a_path_lists_both() {
    let message = load(&request("data.arff"))
        .unwrap_err()
        .diagnostics
        .remove(0);
    assert_eq!(message.code, "E0501");
    assert_eq!(message.notes.len(), 2, "{message:?}");
    let message = load(&request("minst")).unwrap_err().diagnostics.remove(0);
    assert_eq!(message.helps[0].text, "the nearest name is `mnist`");
}

#[test]
fn a_target_needs_columns() {
    let wanted = Request {
        target: Some("y".into()),
        ..request("shapes")
    };
    assert_eq!(load(&wanted).unwrap_err().diagnostics[0].code, "E0506");
}

#[test]
fn facts_of_missing_data_are_the_published_ones() {
    let empty = tempfile::tempdir().unwrap();
    let nowhere = Request {
        data_dir: Some(empty.path().to_owned()),
        ..request("cifar10")
    };
    let facts = facts(&nowhere).unwrap();
    assert_eq!((facts.train, facts.test), (50_000, Some(10_000)));
    assert_eq!(facts.input_shape, Shape::new(&[32, 32, 3]));
}

#[test]
fn a_folder_that_is_named_and_missing_is_an_error() {
    let nowhere = Request {
        data_dir: Some("/nonexistent".into()),
        ..request("shapes")
    };
    for failure in [load(&nowhere).err(), facts(&nowhere).err()] {
        let message = failure.unwrap().diagnostics.remove(0);
        assert_eq!(message.code, "E0502");
        assert!(message.title.contains("/nonexistent"), "{message:?}");
    }
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    for path in ["no/such.csv", "no/such.npz", "no/such.toml", "no/such"] {
        let failure = load(&request(path)).unwrap_err();
        assert_eq!(failure.diagnostics[0].code, "E0503");
        assert!(failure.to_string().contains(path), "{failure}");
    }
}
