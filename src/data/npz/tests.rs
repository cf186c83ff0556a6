use super::*;
use crate::data::npy::Contents;
use crate::data::{TargetKind, Values};
use crate::tensor::Shape;
use proptest::prelude::*;

fn archive(arrays: &[(&str, &[usize], Vec<f64>)]) -> Vec<u8> {
    encode(
        arrays
            .iter()
            .map(|(name, shape, values)| (*name, *shape, &values[..])),
    )
    .unwrap()
}

fn load(bytes: &[u8]) -> Result<(Dataset, Facts)> {
    load_for(bytes, &Request::default())
}

fn load_for(bytes: &[u8], request: &Request) -> Result<(Dataset, Facts)> {
    let open = || Archive::open(Path::new("d.npz"), Cursor::new(bytes));
    let wanted = Wanted::of(request);
    let dataset = parted(open()?.dataset(&wanted, true)?, &wanted)?;
    let known = parted(open()?.dataset(&wanted, false)?, &wanted)?;
    Ok((dataset, Facts::of(&known)))
}

/// A request for a model that predicts this.
fn predicting(kind: TargetKind) -> Request {
    Request {
        predicts: Some(kind),
        ..Request::default()
    }
}

fn title(bytes: &[u8]) -> String {
    load(bytes).unwrap_err().diagnostics[0].title.clone()
}

#[test]
fn x_and_y_are_a_data_set() {
    let bytes = archive(&[("x", &[2, 3], vec![1.0; 6]), ("y", &[2, 1], vec![0.0, 2.0])]);
    let (data, facts) = load(&bytes).unwrap();
    assert_eq!(
        (data.train.len, &data.train.input_shape),
        (2, &Shape::new(&[3]))
    );
    assert_eq!(data.train.targets, Values::F64(vec![0.0, 2.0]));
    assert_eq!(facts, Facts::of(&data));
    assert_eq!(facts.target.classes, Some(3));
}

#[test]
fn a_test_part_is_taken_where_there_is_one() {
    let bytes = archive(&[
        ("x_train", &[2], vec![1.0; 2]),
        ("y_train", &[2, 2], vec![0.5; 4]),
        ("x_test", &[1], vec![1.0]),
        ("y_test", &[1, 2], vec![0.0, 2.0]),
    ]);
    let (data, facts) = load(&bytes).unwrap();
    assert_eq!(facts, Facts::of(&data));
    assert_eq!(
        (facts.train, facts.test, facts.target.width()),
        (2, Some(1), 2)
    );
    assert_eq!(facts.input_shape, Shape::new(&[1]));
}

#[test]
fn arrays_that_do_not_fit_are_a_message() {
    let x = |n: usize| ("x", [n, 1], vec![0.0; n]);
    let (name, shape, values) = x(3);
    let bytes = archive(&[(name, &shape, values.clone()), ("y", &[2], vec![0.0; 2])]);
    assert_eq!(
        title(&bytes),
        "`d.npz` holds arrays `x` and `y` of different lengths"
    );
    let bytes = archive(&[(name, &shape, values), ("labels", &[3], vec![0.0; 3])]);
    assert_eq!(
        load(&bytes).unwrap().0.seen.taken[0],
        "inputs `x` float64 [3, 1], targets `labels` float64 [3]"
    );
    let bytes = archive(&[(name, &shape, vec![0.0; 3]), ("speed", &[3], vec![0.0; 3])]);
    let failure = load(&bytes).unwrap_err();
    assert_eq!(
        failure.diagnostics[0].notes[1],
        "its arrays: `speed` float64 [3], `x` float64 [3, 1]"
    );
    assert!(
        failure.diagnostics[0].helps[0]
            .text
            .starts_with("`--inputs NAME --target NAME`")
    );
    let bytes = archive(&[("x", &[0, 4], vec![]), ("y", &[0], vec![])]);
    assert_eq!(title(&bytes), "`d.npz` holds an array `x` with no examples");
    let shape = |axes: &[usize]| {
        let y = vec![0.0; axes.iter().product()];
        let (data, _) = load(&archive(&[("x", &[1], vec![0.0]), ("y", axes, y)])).unwrap();
        data.train.target_shape.to_string()
    };
    assert_eq!(shape(&[1, 1, 1]), "[]");
    assert_eq!(shape(&[1, 4, 5]), "[4, 5]");
    assert_eq!(title(b"PK nonsense"), "`d.npz` is not an .npz file");
}

#[test]
fn every_truncation_is_a_message() {
    let bytes = archive(&[("x", &[2, 3], vec![1.0; 6]), ("y", &[2], vec![0.0; 2])]);
    for end in 0..bytes.len() {
        assert!(
            load(&bytes[..end]).is_err(),
            "{end} bytes of {}",
            bytes.len()
        );
    }
}

/// All arrays of an archive, each with its shape.
fn arrays(bytes: &[u8]) -> Vec<(String, Vec<usize>, Result<Contents>)> {
    let mut archive = Archive::open(Path::new("d.npz"), Cursor::new(bytes)).unwrap();
    let names = archive.names.clone();
    let read = |name: String| match archive.array(&name) {
        Ok(found) => (name, found.header.shape, Ok(found.contents)),
        Err(failure) => (name, vec![], Err(failure)),
    };
    names.into_iter().map(read).collect()
}

/// The shape and values of the array of numbers `name`.
pub(crate) fn numbers(bytes: &[u8], name: &str) -> (Vec<usize>, Values) {
    let all = arrays(bytes).into_iter();
    let mut found = all.filter(|(own, ..)| own == name);
    match found.next() {
        Some((_, shape, Ok(Contents::Numbers(values)))) => (shape, values),
        _ => panic!("no numbers called {name}"),
    }
}

/// The values of the array `name` that `numpy/write.py` wrote.
fn written_by_numpy(name: &str) -> Vec<f64> {
    let range = |least: f64, most: f64| vec![least, 0.0, 1.0, 2.0, 3.0, most];
    match name.trim_start_matches("big_") {
        "b1" => vec![1.0, 0.0, 1.0, 0.0, 0.0, 1.0],
        "u1" => range(0.0, 255.0),
        "u2" => range(0.0, 65_535.0),
        "u4" => range(0.0, 4_294_967_295.0),
        "u8" => range(0.0, 18_446_744_073_709_551_616.0),
        "i1" => range(-128.0, 127.0),
        "i2" => range(-32_768.0, 32_767.0),
        "i4" => range(-2_147_483_648.0, 2_147_483_647.0),
        "i8" => range(-9_223_372_036_854_775_808.0, 9_223_372_036_854_775_808.0),
        "f4" => {
            let [tenth, tiny] = [0.1f32, 1e-40].map(f64::from);
            vec![
                tenth,
                -0.0,
                tiny,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::NAN,
            ]
        }
        "f8" => vec![0.1, -0.0, 1e-40, f64::INFINITY, f64::NEG_INFINITY, f64::NAN],
        "fortran" if name == "fortran" => (0..24).map(f64::from).collect(),
        "fortran" | "version1" | "version2" | "version3" => (0..6).map(f64::from).collect(),
        "scalar" => vec![7.5],
        "empty" => vec![],
        other => panic!("{other} is not in write.py"),
    }
}

#[test]
fn what_numpy_wrote_is_read_to_the_bit() {
    let archives: [(&[u8], usize); 3] = [
        (include_bytes!("numpy/stored.npz"), 23),
        (include_bytes!("numpy/compressed.npz"), 23),
        (include_bytes!("numpy/versions.npz"), 3),
    ];
    for (bytes, count) in archives {
        let arrays = arrays(bytes);
        assert_eq!(arrays.len(), count);
        for (name, shape, values) in arrays {
            let Contents::Numbers(values) = values.unwrap() else {
                panic!("{name} holds text");
            };
            let expected = written_by_numpy(&name);
            let bits = |value: f64| value.to_bits();
            assert_eq!(
                (0..values.len())
                    .map(|i| bits(values.get(i)))
                    .collect::<Vec<_>>(),
                expected.into_iter().map(bits).collect::<Vec<_>>(),
                "{name}"
            );
            let expected: &[usize] = match &name[..] {
                "fortran" => &[2, 3, 4],
                "scalar" => &[],
                "empty" => &[0, 3],
                _ => &[2, 3],
            };
            assert_eq!(shape, expected, "{name}");
        }
    }
}

#[test]
fn what_is_not_numbers_is_named() {
    let expected = [
        ("complex", "complex numbers (`<c16`)"),
        ("dates", "dates or times (`<M8[D]`)"),
        (
            "objects",
            "Python objects (`|O`), which only Python can read: `array.astype(str)` makes text of labels, \
             `array.astype(float)` numbers",
        ),
        ("records", "records (`[('a', '<i4'), ('b', '<f8')]`)"),
    ];
    let arrays = arrays(include_bytes!("numpy/refused.npz"));
    assert_eq!(arrays.len(), expected.len() + 3);
    for (name, _, values) in arrays {
        let Some((array, held)) = expected.iter().find(|(array, _)| *array == name) else {
            // Kinds that were once refused: text, and float16.
            assert!(values.is_ok(), "{name}");
            continue;
        };
        let message = values.unwrap_err().diagnostics.remove(0);
        assert_eq!(name, *array);
        assert_eq!(
            message.title,
            format!("`d.npz` holds an array `{name}` that cannot be read")
        );
        let note = &message.notes[0];
        assert!(note.starts_with(&format!("it holds {held}")), "{note}");
    }
}

/// An archive of `x` of so many rows and labels.
fn labelled(labels: Entries, rows: usize) -> Vec<u8> {
    let x: Vec<f64> = (0..rows).map(|row| row as f64).collect();
    let x = Entries::Numbers(&[rows][..], &x);
    encode_all([("x", x), ("y", labels)]).unwrap()
}

#[test]
fn labels_are_what_labels_of_tables_are() {
    use TargetKind::{Binary, Category, Real};
    let of = |labels: Entries, rows, kind| {
        let (data, facts) = load_for(&labelled(labels, rows), &predicting(kind)).unwrap();
        assert_eq!(facts.class_names, data.class_names);
        let targets = &data.train.targets;
        let targets: Vec<f64> = (0..targets.len()).map(|row| targets.get(row)).collect();
        assert!(data.train.target_shape.rank() == 0 || kind == Real(3));
        (targets, data.class_names)
    };
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|name| name.to_string())
            .collect::<Vec<_>>()
    };
    let flowers = names(&["b", "a", "c", "a"]);
    assert_eq!(
        of(Entries::Texts(&flowers), 4, Category(3)),
        (vec![1.0, 0.0, 2.0, 0.0], names(&["a", "b", "c"]))
    );
    // scikit-learn's MNIST has its labels as text.
    let digits = names(&["1", "0", "2"]);
    assert_eq!(
        of(Entries::Texts(&digits), 3, Category(3)),
        (vec![1.0, 0.0, 2.0], vec![])
    );
    let numbers = |values: &[f64], kind| {
        of(
            Entries::Numbers(&[values.len()], values),
            values.len(),
            kind,
        )
    };
    assert_eq!(
        numbers(&[1.0, 3.0, 2.0], Category(3)),
        (vec![0.0, 2.0, 1.0], names(&["1", "2", "3"]))
    );
    assert_eq!(
        numbers(&[-1.0, 1.0], Binary),
        (vec![0.0, 1.0], names(&["-1", "1"]))
    );
    assert_eq!(
        numbers(&[10.0, 20.0, 40.0], Category(3)).1,
        names(&["10", "20", "40"])
    );
    assert_eq!(
        numbers(&[1.0, 0.0, 2.0], Category(3)),
        (vec![1.0, 0.0, 2.0], vec![])
    );
    assert_eq!(
        numbers(&[1.0, 3.0, 2.0], Real(1)),
        (vec![1.0, 3.0, 2.0], vec![])
    );
    let hot = [0.0, 1.0, 0.0, 1.0, 0.0, 0.0];
    assert_eq!(
        of(Entries::Numbers(&[2, 3], &hot), 2, Category(3)),
        (vec![1.0, 0.0], vec![])
    );
    assert_eq!(of(Entries::Numbers(&[2, 3], &hot), 2, Real(3)).0, hot);
}

#[test]
fn labels_that_are_none_say_why() {
    use TargetKind::{Category, Real};
    let refused = |labels: Entries, rows, kind| {
        let failure = load_for(&labelled(labels, rows), &predicting(kind)).unwrap_err();
        let message = &failure.diagnostics[0];
        format!("{} {}", message.title, message.notes.join(" "))
    };
    let soft = refused(
        Entries::Numbers(&[2, 2], &[1.0, 0.0, 0.25, 0.75]),
        2,
        Category(2),
    );
    assert!(
        soft.contains("neither labels nor one-hot") && soft.contains("row 1"),
        "{soft}"
    );
    let texts = ["a", "", "b"].map(str::to_owned);
    let empty = refused(Entries::Texts(&texts), 3, Category(2));
    assert!(
        empty.starts_with("row 1 (the first being 0) of `y` in `d.npz` has no label"),
        "{empty}"
    );
    let texts = ["a", "b", "a"].map(str::to_owned);
    let real = refused(Entries::Texts(&texts), 3, Real(1));
    assert!(
        real.contains("holds text") && real.contains("the model predicts"),
        "{real}"
    );
    let x = Entries::Numbers(&[2], &[0.0, 1.0]);
    let both = [
        ("x", x),
        ("y", Entries::Texts(&texts[..2])),
        ("x_test", x),
        ("y_test", x),
    ];
    let failure = load_for(&encode_all(both).unwrap(), &predicting(Category(2))).unwrap_err();
    let title = &failure.diagnostics[0].title;
    assert!(
        title.ends_with("holds text, and `y_test` numbers"),
        "{title}"
    );
    let own: Vec<String> = (0..40).map(|row| format!("person{row}x")).collect();
    let own = refused(Entries::Texts(&own), 40, Category(40));
    assert!(own.contains("40 different values among 40 rows"), "{own}");
}

#[test]
fn a_runs_classes_are_those_of_other_archives() {
    let of_run = Request {
        classes: Some(["a", "b", "c"].map(str::to_owned).to_vec()),
        ..predicting(TargetKind::Category(3))
    };
    let texts = ["c", "c"].map(str::to_owned);
    let (data, _) = load_for(&labelled(Entries::Texts(&texts), 2), &of_run).unwrap();
    assert_eq!(data.train.targets, Values::F64(vec![2.0; 2]));
    let texts = ["c", "d"].map(str::to_owned);
    let failure = load_for(&labelled(Entries::Texts(&texts), 2), &of_run).unwrap_err();
    let title = &failure.diagnostics[0].title;
    assert!(title.contains("row 1 ") && title.contains("`d`"), "{title}");
    // Numbers are labels still, and it is said of which classes.
    let numbers = labelled(Entries::Numbers(&[2], &[2.0, 0.0]), 2);
    let (data, _) = load_for(&numbers, &of_run).unwrap();
    assert_eq!(data.train.targets, Values::F64(vec![2.0, 0.0]));
    assert_eq!(data.seen.taken[1], "classes a = 0, b = 1, c = 2");
}

#[test]
fn a_run_whose_labels_are_numbers_knows_no_others() {
    let of_run = Request {
        classes: Some(vec![]),
        ..predicting(TargetKind::Category(3))
    };
    let texts = ["b", "a", "c"].map(str::to_owned);
    let failure = load_for(&labelled(Entries::Texts(&texts), 3), &of_run).unwrap_err();
    let message = &failure.diagnostics[0];
    assert!(
        message.title.contains("row 0 ") && message.title.contains("`b`"),
        "{failure}"
    );
    assert_eq!(message.notes[0], "its labels are numbers from 0 on");
    // From 1 on they are no other names of the classes from 0 on.
    let values = |labels| {
        let (data, _) = load_for(&labelled(labels, 3), &of_run).unwrap();
        (data.train.targets, data.class_names)
    };
    let from_one = values(Entries::Numbers(&[3], &[1.0, 2.0, 3.0]));
    assert_eq!(from_one, (Values::F64(vec![1.0, 2.0, 3.0]), vec![]));
    let digits = ["1", "0", "2"].map(str::to_owned);
    let digits = values(Entries::Texts(&digits));
    assert_eq!(digits, (Values::F64(vec![1.0, 0.0, 2.0]), vec![]));
}

#[test]
fn channels_are_moved_last_where_they_are_said_to_be_first() {
    let values: Vec<f64> = (0..2 * 3 * 2 * 2).map(f64::from).collect();
    let bytes = archive(&[
        ("images", &[2, 3, 2, 2], values),
        ("labels", &[2], vec![0.0; 2]),
    ]);
    let mut request = predicting(TargetKind::Category(2));
    request.choices.layout = Some("nchw".into());
    let (data, facts) = load_for(&bytes, &request).unwrap();
    assert_eq!(data.train.input_shape, Shape::new(&[2, 2, 3]));
    assert_eq!(facts.input_shape, data.train.input_shape);
    // The entry of image n, channel c and pixel p is 12 n + 4 c + p.
    for (n, pixel, channel) in [(0, 0, 1), (1, 3, 2), (1, 0, 0), (0, 2, 1)] {
        let place = (n * 4 + pixel) * 3 + channel;
        let expected = (12 * n + 4 * channel + pixel) as f64;
        assert_eq!(data.train.inputs.get(place), expected);
    }
    let flat = archive(&[("x", &[2, 4], vec![0.0; 8]), ("y", &[2], vec![0.0; 2])]);
    let failure = load_for(&flat, &request).unwrap_err();
    assert!(
        failure.to_string().contains("no channels to move"),
        "{failure}"
    );
}

#[test]
fn arrays_that_nobody_reads_are_told() {
    let one = |name| (name, &[1][..], vec![1.0]);
    let bytes = archive(&[one("x"), one("y"), one("x_val"), one("sample_weight")]);
    let (data, _) = load(&bytes).unwrap();
    let told = &data.seen.taken[1];
    assert!(
        told.starts_with("not read: `sample_weight` and `x_val`; "),
        "{told}"
    );
    assert!(
        told.contains("--validation") && told.contains("each counts once"),
        "{told}"
    );
}

#[test]
fn a_class_that_no_training_row_has_is_named() {
    let texts = ["a", "b", "a", "a", "c", "b"].map(str::to_owned);
    let bytes = labelled(Entries::Texts(&texts), 6);
    let folder = tempfile::tempdir().unwrap();
    let rows = folder.path().join("rows.txt");
    std::fs::write(&rows, "4\n").unwrap();
    let request = Request {
        test_rows: Some(rows),
        ..predicting(TargetKind::Category(3))
    };
    let path = folder.path().join("d.npz");
    std::fs::write(&path, bytes).unwrap();
    let data = read(From::File(&path), &Wanted::of(&request)).unwrap();
    assert_eq!(data.seen.remarks, ["no training example has the class `c`"]);
    assert_eq!(data.test.unwrap().targets, Values::F64(vec![2.0]));
}

#[test]
fn the_bytes_of_texts_are_the_same_each_time() {
    let names = ["b", "a"].map(str::to_owned);
    let bytes = || encode_all([("id", Entries::Texts(&names))]).unwrap();
    let first = bytes();
    assert_eq!(first, bytes());
    let [(name, shape, contents)] = &arrays(&first)[..] else {
        panic!("one array");
    };
    assert_eq!((&name[..], &shape[..]), ("id", &[2][..]));
    assert_eq!(*contents.as_ref().unwrap(), Contents::Texts(names.to_vec()));
}

#[test]
fn two_arrays_of_one_name_are_not_written() {
    assert!(encode([("x", &[][..], &[1.0][..]), ("x", &[], &[2.0])]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn no_damage_panics(damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = archive(&[("x", &[2, 3], vec![1.0; 6]), ("y", &[2], vec![0.0; 2])]);
        for (place, value) in damage {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let _ = load(&bytes);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = load(&bytes);
    }
}
