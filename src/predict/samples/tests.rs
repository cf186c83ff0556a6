use super::*;
use crate::data::Values;
use crate::likelihood::{Categorical, Likelihood, Normal};

/// A file of fewer rows than were said does not take the place of one that is whole.
#[test]
fn a_file_without_all_of_its_rows_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let real = TargetKind::Real(1);
    let targets = [(None, real, Normal.summary(&real))];
    for name in ["s.npz", "s.safetensors"] {
        let path = folder.path().join(name);
        std::fs::write(&path, "before").unwrap();
        let mut samples = Samples::create(&path, [1, 3], 7, &targets).unwrap();
        samples.take(0, 0, &[4, 5], &[1.0, 4.0, 2.0, 9.0]).unwrap();
        let told = samples.finish().unwrap_err().to_string();
        assert!(told.contains("E0601"), "{told}");
        assert_eq!(std::fs::read(&path).unwrap(), b"before");
    }
}

/// Two draws of three examples, in two chunks, as both formats hold them.
#[test]
fn draws_are_where_they_belong() {
    let folder = tempfile::tempdir().unwrap();
    let (real, kind) = (TargetKind::Real(1), TargetKind::Category(2));
    let targets = [
        (Some("age"), real, Normal.summary(&real)),
        (Some("kind"), kind, Categorical.summary(&kind)),
    ];
    let write = |path: &Path| {
        let mut samples = Samples::create(path, [2, 3], 7, &targets).unwrap();
        // An example's draws one after the other: mean and variance.
        samples
            .take(0, 0, &[4, 5], &[1.0, 4.0, 2.0, 9.0, 3.0, 1.0, 4.0, 16.0])
            .unwrap();
        samples
            .take(1, 0, &[4, 5], &[0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6])
            .unwrap();
        samples.take(0, 2, &[9], &[5.0, 0.0, 6.0, 0.25]).unwrap();
        samples.take(1, 2, &[9], &[0.5, 0.5, 0.6, 0.4]).unwrap();
        samples.finish().unwrap();
    };
    let (npz, tensors) = (
        folder.path().join("s.npz"),
        folder.path().join("s.safetensors"),
    );
    write(&npz);
    write(&tensors);
    let (npz, tensors) = (std::fs::read(npz).unwrap(), std::fs::read(tensors).unwrap());
    let tensors = safetensors::SafeTensors::deserialize(&tensors).unwrap();
    let array = |name: &str| -> (Vec<usize>, Vec<f64>) {
        let (shape, Values::F64(values)) = crate::data::npz::tests::numbers(&npz, name) else {
            panic!("float64")
        };
        let view = tensors.tensor(name).unwrap();
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(
            (view.shape(), view.data()),
            (&shape[..], &bytes[..]),
            "{name}"
        );
        (shape, values)
    };
    assert_eq!(array("row"), (vec![3], vec![4.0, 5.0, 9.0]));
    assert_eq!(
        array("mean_age"),
        (vec![2, 3], vec![1.0, 3.0, 5.0, 2.0, 4.0, 6.0])
    );
    assert_eq!(
        array("std_age"),
        (vec![2, 3], vec![2.0, 1.0, 0.0, 3.0, 4.0, 0.5])
    );
    assert_eq!(
        array("probability_kind"),
        (
            vec![2, 3, 2],
            vec![0.1, 0.9, 0.3, 0.7, 0.5, 0.5, 0.2, 0.8, 0.4, 0.6, 0.6, 0.4]
        )
    );
    let (_, draws) = array("draw_age");
    // Without variance, the mean itself.
    assert_eq!(draws[2], 5.0);
    assert!(draws.iter().all(|x| x.is_finite()));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

/// Many draws of one distribution have its mean and deviation.
#[test]
fn draws_have_the_distribution_of_their_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.npz");
    let real = TargetKind::Real(1);
    let n = 20_000;
    let targets = [(None, real, Normal.summary(&real))];
    let mut samples = Samples::create(&path, [1, n], 3, &targets).unwrap();
    let rows: Vec<usize> = (0..n).collect();
    samples.take(0, 0, &rows, &[10.0, 4.0].repeat(n)).unwrap();
    samples.finish().unwrap();
    let bytes = std::fs::read(path).unwrap();
    let (_, Values::F64(draws)) = crate::data::npz::tests::numbers(&bytes, "draw") else {
        panic!("float64")
    };
    let mean = draws.iter().sum::<f64>() / n as f64;
    let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
    // Four standard errors.
    assert!(
        (mean - 10.0).abs() < 4.0 * 2.0 / (n as f64).sqrt(),
        "{mean}"
    );
    assert!(
        (variance - 4.0).abs() < 4.0 * 4.0 * (2.0 / n as f64).sqrt(),
        "{variance}"
    );
}

#[test]
fn what_no_file_holds_is_refused() {
    let path = Path::new("nowhere/s.npz");
    let real = TargetKind::Real(1);
    let targets = [(None, real, Normal.summary(&real))];
    let refused = Samples::create(path, [1 << 40, 1 << 40], 0, &targets)
        .err()
        .unwrap();
    assert_eq!(refused.diagnostics[0].code, "E0613");
    assert_eq!(
        refuse_ending(Path::new("s.csv")).unwrap_err().diagnostics[0].code,
        "E0601"
    );
}
