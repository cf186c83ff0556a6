use super::*;
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
    let path = Path::new("d.npz");
    let dataset = Archive::open(path, Cursor::new(bytes))?.dataset()?;
    Ok((dataset, Archive::open(path, Cursor::new(bytes))?.facts()?))
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
    let failure = load(&bytes).unwrap_err();
    assert_eq!(failure.diagnostics[0].notes[1], "found `labels` and `x`");
    let bytes = archive(&[("x", &[0, 4], vec![]), ("y", &[0], vec![])]);
    assert_eq!(title(&bytes), "`d.npz` holds an array `x` with no examples");
    let bytes = archive(&[("x", &[1], vec![0.0]), ("y", &[1, 1, 1], vec![0.0])]);
    assert_eq!(title(&bytes), "`d.npz` holds an array `y` of too many axes");
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
pub(crate) fn arrays(bytes: &[u8]) -> Vec<(String, Vec<usize>, Result<Values>)> {
    let mut archive = Archive::open(Path::new("d.npz"), Cursor::new(bytes)).unwrap();
    let names = archive.names.clone();
    let read = |name: String| match archive.array(&name, true) {
        Ok((header, values)) => (name, header.shape, Ok(values.unwrap())),
        Err(failure) => (name, vec![], Err(failure)),
    };
    names.into_iter().map(read).collect()
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
            let values = values.unwrap();
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
        ("bytes", "text (`|S2`)"),
        ("complex", "complex numbers (`<c16`)"),
        ("dates", "dates or times (`<M8[D]`)"),
        ("half", "numbers of another kind (`<f2`)"),
        ("objects", "Python objects (`|O`)"),
        ("records", "records (`[('a', '<i4'), ('b', '<f8')]`)"),
        ("text", "text (`<U2`)"),
    ];
    let arrays = arrays(include_bytes!("numpy/refused.npz"));
    assert_eq!(arrays.len(), expected.len());
    for ((name, _, values), (array, held)) in arrays.into_iter().zip(expected) {
        let message = values.unwrap_err().diagnostics.remove(0);
        assert_eq!(name, array);
        assert_eq!(
            message.title,
            format!("`d.npz` holds an array `{name}` that cannot be read")
        );
        let note = &message.notes[0];
        assert!(
            note.starts_with(&format!("it holds {held}, expected booleans")),
            "{note}"
        );
    }
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
