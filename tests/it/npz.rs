//! Archives of NumPy as people save them, from training to predictions.

use crate::cli::Place;
use bnnc::data::npz::{Entries, encode_all};

const MODEL: &str = "model groups
input  x: real[2]
target y: category[3]
default { prior = Normal(0, 1), posterior = MeanField }
network {
  dense(8)
  tanh
  f = dense(3)
}
observe y ~ Categorical(logits = f)
objective elbo
";

const ROWS: usize = 60;

/// Three groups of points, row by row.
fn inputs() -> Vec<f64> {
    let point = |row: usize| {
        let (noise, angle) = ((1.9 * row as f64).sin(), 2.1 * (row % 3) as f64);
        [
            2.0 * angle.cos() + 0.2 * noise,
            2.0 * angle.sin() - 0.2 * noise,
        ]
    };
    (0..ROWS).flat_map(point).collect()
}

fn place() -> Place {
    let place = Place::new();
    std::fs::write(place.path("groups.bnn"), MODEL).unwrap();
    place
}

fn write(place: &Place, name: &str, arrays: &[(&str, Entries)]) {
    let bytes = encode_all(arrays.iter().copied()).unwrap();
    std::fs::write(place.path(name), bytes).unwrap();
}

const TRAIN: &str = "train groups.bnn --batch-size 20 --epochs 12 --learning-rate 0.05";

/// The accuracy that `evaluate` prints.
fn accuracy(text: &str) -> f64 {
    let line = text
        .lines()
        .find(|line| line.starts_with("accuracy"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// However the labels are written, the three groups are learned, and the names are those of the predictions' columns.
#[test]
fn labels_of_every_kind_are_learned_and_named() {
    let place = place();
    let x = inputs();
    let x = Entries::Numbers(&[ROWS, 2], &x);
    let words: Vec<String> = (0..ROWS)
        .map(|row| ["low", "mid", "high"][row % 3].into())
        .collect();
    let from_one: Vec<f64> = (0..ROWS).map(|row| (row % 3 + 1) as f64).collect();
    let hot: Vec<f64> = (0..ROWS)
        .flat_map(|row| (0..3).map(move |class| f64::from(u8::from(row % 3 == class))))
        .collect();
    let cases = [
        (
            "words",
            Entries::Texts(&words),
            "high,low,mid",
            "classes high = 0, low = 1, mid = 2",
        ),
        (
            "from_one",
            Entries::Numbers(&[ROWS], &from_one),
            "1,2,3",
            "classes 1 = 0, 2 = 1, 3 = 2",
        ),
        (
            "hot",
            Entries::Numbers(&[ROWS, 3], &hot),
            "0,1,2",
            "`target` is one-hot",
        ),
    ];
    for (name, labels, columns, said) in cases {
        let file = format!("{name}.npz");
        write(&place, &file, &[("data", x), ("target", labels)]);
        let check = place.ok(&format!("check groups.bnn --data {file} --batch-size 20"));
        let train = place.ok(&format!("{TRAIN} --data {file} --out {name}"));
        for text in [&check, &train] {
            assert!(
                text.contains("inputs `data` float64 [60, 2], targets `target`"),
                "{text}"
            );
            assert!(text.contains(said), "{text}");
        }
        let scores = place.ok(&format!("evaluate {name} --data {file} --samples 5"));
        assert_eq!(accuracy(&scores), 100.0, "{scores}");
        // New inputs need no labels, whatever their array is called.
        write(&place, "new.npz", &[("x", x)]);
        place.ok(&format!(
            "predict {name} --data new.npz --samples 5 --out p.csv"
        ));
        let table = std::fs::read_to_string(place.path("p.csv")).unwrap();
        let head: Vec<String> = columns
            .split(',')
            .map(|class| format!("probability_{class}"))
            .collect();
        assert!(
            table.starts_with(&format!("row,{}", head.join(","))),
            "{table}"
        );
    }
    let other: Vec<String> = (0..ROWS)
        .map(|row| ["low", "mid", "far"][row % 3].into())
        .collect();
    write(
        &place,
        "other.npz",
        &[("x", x), ("y", Entries::Texts(&other))],
    );
    let text = place.refused("evaluate words --data other.npz");
    assert!(
        text.contains("row 2 (the first being 0) of `y`") && text.contains("`far`"),
        "{text}"
    );
}

/// Arrays that are called as the model calls its input and target are these, with `_train` and `_test`, too.
#[test]
fn arrays_have_the_names_of_the_model() {
    let place = place();
    let model = MODEL
        .replace("input  x", "input spot")
        .replace("target y", "target kind");
    let model = model.replace("observe y", "observe kind");
    std::fs::write(place.path("groups.bnn"), model).unwrap();
    let (x, zeros) = (inputs(), vec![0.0; ROWS]);
    let labels: Vec<f64> = (0..ROWS).map(|row| (row % 3) as f64).collect();
    for [spot, kind] in [["spot", "kind"], ["spot_train", "kind_train"]] {
        let arrays = [
            (spot, Entries::Numbers(&[ROWS, 2], &x)),
            (kind, Entries::Numbers(&[ROWS], &labels)),
            ("y", Entries::Numbers(&[ROWS], &zeros)),
        ];
        write(&place, "d.npz", &arrays);
        for flags in ["", "--target kind"] {
            let text = place.ok(&format!("{TRAIN} --data d.npz {flags}"));
            let taken = format!("inputs `{spot}` float64 [60, 2], targets `{kind}` float64 [60]");
            assert!(text.contains(&taken), "{text}");
        }
    }
}

#[test]
fn arrays_are_named_by_flags_by_the_run_file_and_by_a_description() {
    let place = place();
    let (x, odd) = (inputs(), vec![0.0; 2 * ROWS]);
    let labels: Vec<f64> = (0..ROWS).map(|row| (row % 3) as f64).collect();
    let zeros = vec![0.0; ROWS];
    write(
        &place,
        "d.npz",
        &[
            ("points", Entries::Numbers(&[ROWS, 2], &x)),
            ("odd", Entries::Numbers(&[ROWS, 2], &odd)),
            ("kind", Entries::Numbers(&[ROWS, 1], &labels)),
            ("weight", Entries::Numbers(&[ROWS], &zeros)),
        ],
    );
    let text = place.refused(&format!("{TRAIN} --data d.npz"));
    assert!(
        text.contains("`kind` float64 [60, 1], `odd` float64 [60, 2], `points` float64 [60, 2]"),
        "{text}"
    );
    assert!(text.contains("--inputs NAME --target NAME"), "{text}");
    let text = place.refused(&format!(
        "{TRAIN} --data d.npz --inputs points --target kinds"
    ));
    assert!(text.contains("the nearest name is `kind`"), "{text}");
    let text = place.refused(&format!("{TRAIN} --data d.npz --drop odd"));
    assert!(
        text.contains("has no columns, which `drop` is about"),
        "{text}"
    );

    let flags = place.ok(&format!(
        "{TRAIN} --data d.npz --inputs points --target kind --out flags"
    ));
    assert!(flags.contains("not read: `odd` and `weight`"), "{flags}");
    let words: Vec<&str> = flags.split_whitespace().collect();
    assert!(
        words
            .join(" ")
            .contains("such as `weight` are not taken, each counts once"),
        "{flags}"
    );
    let described = "file = \"d.npz\"\ninputs = \"points\"\ntarget = \"kind\"\ntest = 0.2\n";
    std::fs::write(place.path("d.toml"), described).unwrap();
    let text = place.ok(&format!("{TRAIN} --data d.toml --out described"));
    assert!(
        text.contains("48 examples to train on, 12 held out"),
        "{text}"
    );
    // What the run was told of its own arrays is said once.
    for (run, examples) in [("flags", 60), ("described", 12)] {
        let scores = place.ok(&format!("evaluate {run} --samples 5"));
        assert_eq!(accuracy(&scores), 100.0, "{scores}");
        assert!(scores.contains(&format!("{examples} examples")), "{scores}");
    }
    std::fs::copy(place.path("d.npz"), place.path("copy.npz")).unwrap();
    place.ok("predict flags --data copy.npz --samples 2 --out p.csv");
    let resumed = TRAIN.replace("12", "13");
    place.ok(&format!("{resumed} --data d.npz --out flags --resume"));
}

#[test]
fn images_with_channels_first_are_moved_or_refused() {
    let place = place();
    let model = MODEL
        .replace("real[2]", "real[4, 2, 3]")
        .replace("  dense(8)", "  flatten\n  dense(8)");
    std::fs::write(place.path("groups.bnn"), model).unwrap();
    let first: Vec<f64> = (0..ROWS * 24).map(|i| (1.1 * i as f64).sin()).collect();
    // Pixel (h, w) of channel c is entry 8 c + 2 h + w of an image with channels first.
    let last: Vec<f64> = (0..ROWS * 24)
        .map(|i| (i / 24 * 24, i % 24 / 3, i % 3))
        .map(|(image, pixel, channel)| first[image + 8 * channel + pixel])
        .collect();
    let labels: Vec<f64> = (0..ROWS).map(|row| (row % 3) as f64).collect();
    let labels = ("labels", Entries::Numbers(&[ROWS], &labels));
    let first = ("images", Entries::Numbers(&[ROWS, 3, 4, 2], &first));
    write(&place, "first.npz", &[first, labels]);
    let last = ("images", Entries::Numbers(&[ROWS, 4, 2, 3], &last));
    write(&place, "last.npz", &[last, labels]);
    let train = "train groups.bnn --batch-size 20 --epochs 2";
    let text = place.refused(&format!("{train} --data first.npz"));
    assert!(
        text.contains("its channels come first") && text.contains("--layout nchw"),
        "{text}"
    );
    let text = place.refused(&format!("{train} --data last.npz --layout nchw"));
    assert!(text.contains("its channels are last already"), "{text}");
    place.ok(&format!("{train} --data last.npz --out last"));
    place.ok(&format!(
        "{train} --data first.npz --layout nchw --out first"
    ));
    let weights =
        |run: &str| std::fs::read(place.path(run).join("checkpoint.safetensors")).unwrap();
    assert_eq!(weights("first"), weights("last"));
    // The run's layout is that of other images, too, unless another one is said.
    place.ok("predict first --data first.npz --samples 3 --out a.npz");
    place.ok("predict first --data last.npz --layout nhwc --samples 3 --out b.npz");
    place.ok("predict last --data last.npz --samples 3 --out c.npz");
    let bytes = |name: &str| std::fs::read(place.path(name)).unwrap();
    assert!(bytes("a.npz") == bytes("b.npz") && bytes("a.npz") == bytes("c.npz"));

    let flat: Vec<f64> = vec![0.5; ROWS * 24];
    write(
        &place,
        "flat.npz",
        &[("x", Entries::Numbers(&[ROWS, 24], &flat)), labels],
    );
    let text = place.refused(&format!("{train} --data flat.npz"));
    assert!(
        text.contains("`x: real[24]` and `reshape([4, 2, 3])`"),
        "{text}"
    );
    let text = place.refused("check line.bnn --data t.csv --layout nchw --batch-size 20");
    assert!(text.contains("has no images"), "{text}");
}

#[test]
fn what_identifies_a_row_is_text_beside_the_predictions() {
    let place = place();
    let x = inputs();
    let row = |row: usize| {
        let class = ["low", "mid", "high"][row % 3];
        format!("person {row},{},{},{class}\n", x[2 * row], x[2 * row + 1])
    };
    let table: String = (0..ROWS).map(row).collect();
    std::fs::write(place.path("d.csv"), format!("mean_class,a,b,y\n{table}")).unwrap();
    place.ok(&format!("{TRAIN} --data d.csv --drop mean_class --out run"));
    place.ok("predict run --samples 3 --out p.npz");
    place.ok("predict run --samples 3 --out again.npz");
    let bytes = std::fs::read(place.path("p.npz")).unwrap();
    assert_eq!(bytes, std::fs::read(place.path("again.npz")).unwrap());
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut array = vec![];
    let mut member = archive.by_name("mean_class.npy").unwrap();
    std::io::copy(&mut member, &mut array).unwrap();
    // Of the last row: nine characters of four bytes.
    assert!(String::from_utf8_lossy(&array).contains("'descr': '<U9'"));
    let last = array[array.len() - 36..]
        .chunks(4)
        .map(|c| char::from(c[0]));
    assert_eq!(last.collect::<String>(), "person 59");
}

/// Labels between others that no example has are as suspicious as those behind the last.
#[test]
fn gaps_between_labels_are_warned_of() {
    let place = place();
    let x = inputs();
    let x = ("x", Entries::Numbers(&[ROWS, 2], &x));
    let labels: Vec<f64> = (0..ROWS).map(|row| [0.0, 2.0][row % 2]).collect();
    write(
        &place,
        "d.npz",
        &[x, ("y", Entries::Numbers(&[ROWS], &labels))],
    );
    let output = place.bnnc("check groups.bnn --data d.npz --batch-size 20");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("warning[classes-never-seen]: no training example of d.npz has the label 1"),
        "{text}"
    );
}
