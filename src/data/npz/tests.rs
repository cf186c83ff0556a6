use super::*;
use npyz::WriterBuilder;
use npyz::npz::NpzWriter;
use npyz::zip::write::FileOptions;
use proptest::prelude::*;
use std::io::Cursor;

fn archive(arrays: &[(&str, &[u64], Vec<f32>)]) -> Vec<u8> {
    let mut bytes = Cursor::new(vec![]);
    let mut writer = NpzWriter::new(&mut bytes);
    for (name, shape, values) in arrays {
        let builder = writer.array::<f32>(name, FileOptions::default()).unwrap();
        let mut array = builder.default_dtype().shape(shape).begin_nd().unwrap();
        array.extend(values.iter().copied()).unwrap();
        array.finish().unwrap();
    }
    drop(writer);
    bytes.into_inner()
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
    assert_eq!(data.train.targets, Values::F32(vec![0.0, 2.0]));
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
    let x = |n: u64| ("x", [n, 1], vec![0.0; n as usize]);
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
