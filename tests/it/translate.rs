//! `bnnc translate`, and what `bnnc check` says of a program.

use std::path::Path;
use std::process::{Command, Output};

const PROGRAM: &str = "import tensorflow as tf
model = tf.keras.Sequential([
    tf.keras.layers.Flatten(input_shape=(28, 28)),
    tf.keras.layers.Dense(32, activation='relu'),
    tf.keras.layers.Dropout(0.2),
    tf.keras.layers.RandomFlip('horizontal'),
    tf.keras.layers.Dense(10, activation='softmax'),
])
model.compile(optimizer=tf.keras.optimizers.Adam(1e-3), loss='sparse_categorical_crossentropy')
model.fit(x, y, epochs=5)
";

fn bnnc(place: &Path, arguments: &[&str]) -> (Output, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_bnnc"))
        .args(arguments)
        .current_dir(place)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    (output, said)
}

#[test]
fn a_program_becomes_a_file_that_is_checked_and_never_written_over() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    std::fs::write(place.join("model.py"), PROGRAM).unwrap();

    let (output, said) = bnnc(place, &["check", "model.py"]);
    assert!(!output.status.success());
    assert!(
        said.contains("E0106") && said.contains("bnnc translate model.py"),
        "{said}"
    );

    let (output, said) = bnnc(place, &["translate", "model.py", "--out", "model.bnn"]);
    assert!(
        output.status.success() && output.stdout.is_empty(),
        "{said}"
    );
    assert!(said.contains("model.py:6:5: `RandomFlip`"), "{said}");
    assert!(
        said.contains("bnnc train model.bnn --epochs 5 --learning-rate 0.001")
            || said.contains("bnnc train model.bnn --learning-rate 0.001 --epochs 5"),
        "{said}"
    );
    let (output, said) = bnnc(place, &["check", "model.bnn"]);
    assert!(output.status.success(), "{said}");

    let before = std::fs::read(place.join("model.bnn")).unwrap();
    let (output, said) = bnnc(place, &["translate", "model.py", "--out", "model.bnn"]);
    assert!(!output.status.success());
    assert!(said.contains("E0601") && said.contains("--out"), "{said}");
    assert_eq!(std::fs::read(place.join("model.bnn")).unwrap(), before);
}
