//! Inputs that stay in their files: the runs, scores and predictions are those of inputs in memory.

use crate::cli::Place;
use bnnc::data::npz::{Written, encode, write_stored};
use std::fs;
use std::io::Write;

const MODEL: &str = "model groups
input  x: real[4, 4, 1]
target y: category[2]
network {
  flatten
  f = dense(2)
}
observe y ~ Categorical(logits = f)
objective elbo
";

const ROWS: usize = 60;

/// A grey image of four by four: brighter at the left, or at the right.
fn image(row: usize) -> Vec<u8> {
    let pixel = |at: usize| {
        let bright = (at % 4 < 2) == row.is_multiple_of(2);
        (row * 7 + at * 31) % 90 + if bright { 140 } else { 20 }
    };
    (0..16).map(|at| pixel(at) as u8).collect()
}

fn png(row: usize) -> Vec<u8> {
    let mut bytes = vec![];
    let mut encoder = png::Encoder::new(&mut bytes, 4, 4);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&image(row)).unwrap();
    writer.finish().unwrap();
    bytes
}

/// A place with the images in an archive, as float32, and in a folder.
fn place() -> Place {
    let place = Place::new();
    fs::write(place.path("m.bnn"), MODEL).unwrap();
    let file = fs::File::create(place.path("d.npz")).unwrap();
    let write = |to: &mut dyn Write, of: &dyn Fn(usize) -> Vec<f32>| -> std::io::Result<()> {
        (0..ROWS).try_for_each(|row| {
            let numbers = of(row).into_iter().flat_map(f32::to_le_bytes);
            to.write_all(&numbers.collect::<Vec<u8>>())
        })
    };
    let pixels = |row| {
        image(row)
            .into_iter()
            .map(|pixel| f32::from(pixel) / 3.0)
            .collect()
    };
    let label = |row: usize| vec![(row % 2) as f32];
    type Of<'a> = &'a dyn Fn(usize) -> Vec<f32>;
    let arrays: [(&str, &[usize], Of); 2] = [("x", &[ROWS, 4, 4], &pixels), ("y", &[ROWS], &label)];
    let arrays = arrays.map(|(name, shape, of)| Written {
        name,
        kind: "<f4",
        shape,
        bytes: 4 * shape.iter().product::<usize>(),
        values: move |to: &mut dyn Write| write(to, of),
    });
    write_stored(file, arrays).unwrap();
    for (class, name) in ["left", "right"].iter().enumerate() {
        fs::create_dir_all(place.path("pets").join(name)).unwrap();
        for row in (class..ROWS).step_by(2) {
            let path = place.path("pets").join(name).join(format!("{row}.png"));
            fs::write(path, png(row)).unwrap();
        }
    }
    place
}

/// What a run wrote, without what a clock says.
fn written(place: &Place, run: &str) -> (Vec<u8>, String, Vec<u8>) {
    let read = |name: &str| fs::read(place.path(run).join(name)).unwrap();
    let data = String::from_utf8(read("data.json")).unwrap();
    (
        read("checkpoint.safetensors"),
        data,
        read("rows.safetensors"),
    )
}

#[test]
fn runs_scores_and_predictions_have_the_bits_of_those_in_memory() {
    let place = place();
    for data in ["d.npz", "pets"] {
        let run = |stream: &str| {
            let out = format!("{data}-{stream}");
            let text = place.ok(&format!(
                "train m.bnn --data {data} --validation 10 --epochs 3 --batch-size 16 --stream {stream} --out {out}"
            ));
            assert_eq!(
                text.contains("streamed: the inputs"),
                stream == "always",
                "{text}"
            );
            let scores = place.ok(&format!("evaluate {out} --samples 5 --format json"));
            let predictions = format!("{out}.csv");
            place.ok(&format!(
                "predict {out} --data {data} --samples 5 --out {predictions}"
            ));
            let scores = scores.replace(&out, "");
            (
                written(&place, &out),
                scores,
                fs::read(place.path(&predictions)).unwrap(),
            )
        };
        let (streamed, memory) = (run("always"), run("never"));
        assert!(streamed.0 == memory.0, "{data}: another run");
        assert_eq!(streamed.1, memory.1);
        assert!(streamed.2 == memory.2, "{data}: other predictions");
        // A run goes on either way.
        let longer = |run: &str, stream: &str| {
            let out = format!("{data}-{run}");
            place.ok(&format!(
                "train m.bnn --data {data} --out {out} --resume --epochs 5 --stream {stream}"
            ));
            written(&place, &out)
        };
        assert!(longer("always", "never") == longer("never", "always"));
    }
}

/// A table is written to a temporary file as numbers: categories, dates, missing values and counts of rows, too.
#[test]
fn tables_and_sequences_have_the_bits_of_those_in_memory() {
    let place = Place::new();
    let mut table = String::from("site,day,a,n,y\n");
    for row in 0..60 {
        let a = match row % 7 {
            3 => String::new(),
            _ => format!("{}", (0.7 * f64::from(row)).sin()),
        };
        let site = ["north", "south", "east"][row as usize % 3];
        table += &format!(
            "{site},2024-03-{:02},{a},{},{row}\n",
            1 + row % 28,
            1 + row % 2
        );
    }
    fs::write(place.path("sites.csv"), table).unwrap();
    let line = fs::read_to_string(place.path("line.bnn")).unwrap();
    fs::write(place.path("sites.bnn"), line.replace("real[2]", "real[_]")).unwrap();
    fs::write(place.path("steps.bnn"), STEPS).unwrap();
    fs::write(place.path("steps.npz"), steps()).unwrap();
    for (model, data, flags) in [
        (
            "sites.bnn",
            "sites.csv",
            "--missing a=mean --weights n --test 0.2",
        ),
        ("steps.bnn", "steps.npz", ""),
    ] {
        let run = |stream: &str| {
            let out = format!("{data}-{stream}");
            let text = place.ok(&format!(
                "train {model} --data {data} {flags} --validation 8 --epochs 3 --batch-size 16 --stream {stream} --out {out}"
            ));
            assert_eq!(
                text.contains("streamed: the inputs"),
                stream == "always",
                "{text}"
            );
            let scores = place.ok(&format!("evaluate {out} --samples 5 --format json"));
            let predictions = format!("{out}.p.csv");
            place.ok(&format!("predict {out} --samples 5 --out {predictions}"));
            let predictions = fs::read(place.path(&predictions)).unwrap();
            (written(&place, &out), scores.replace(&out, ""), predictions)
        };
        let (streamed, memory) = (run("always"), run("never"));
        assert!(streamed.0 == memory.0, "{data}: another run");
        assert_eq!(streamed.1, memory.1);
        assert!(streamed.2 == memory.2, "{data}: other predictions");
    }
}

const STEPS: &str = "model steps
input  words: token[5, vocabulary = 9]
input  x: real[4, 2, padded]
target y: real
network {
  embedding(3) on words
  a = global_avg_pool1d
  lstm(3) on x
  b = global_avg_pool1d
  concat on (a, b)
  f = dense(1)
}
observe y ~ Normal(f, 0.5)
objective elbo
";

/// Tokens and numbers in steps with lengths, of 60 examples.
fn steps() -> Vec<u8> {
    let all = |n: usize, of: &dyn Fn(usize) -> usize| -> Vec<f64> {
        (0..n).map(|i| of(i) as f64).collect()
    };
    let words = all(ROWS * 5, &|at| at * 7 % 9);
    let x: Vec<f64> = (0..ROWS * 8).map(|at| (0.3 * at as f64).sin()).collect();
    let y: Vec<f64> = (0..ROWS).map(|at| (0.9 * at as f64).cos()).collect();
    let arrays: [(&str, &[usize], &[f64]); 5] = [
        ("words", &[ROWS, 5], &words),
        ("words_length", &[ROWS], &all(ROWS, &|at| 1 + at % 5)),
        ("x", &[ROWS, 4, 2], &x),
        ("x_length", &[ROWS], &all(ROWS, &|at| 1 + at % 4)),
        ("y", &[ROWS], &y),
    ];
    encode(arrays).unwrap()
}

#[test]
fn check_says_that_inputs_are_streamed() {
    let place = place();
    let text = place.ok("check m.bnn --data d.npz --stream always");
    assert!(
        text.contains("streamed: the inputs, 4 KiB of memory, stay in `d.npz`"),
        "{text}"
    );
    assert!(!place.ok("check m.bnn --data d.npz").contains("streamed"));
    let wrong = place.bnnc("check m.bnn --data d.npz --stream sometimes");
    let text = String::from_utf8(wrong.stderr).unwrap();
    assert_eq!(wrong.status.code(), Some(2), "{text}");
    assert!(text.contains("always"), "{text}");
}

/// A damaged image is named, and so are those beside it that are damaged, too.
#[test]
fn a_damaged_image_is_named() {
    let place = place();
    let path = place.path("pets/right/33.png");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 20]).unwrap();
    let text =
        place.refused("train m.bnn --data pets --epochs 1 --batch-size 16 --stream always --out r");
    assert!(text.contains("E0504") && text.contains("33.png"), "{text}");
    assert!(!place.path("r").exists());
}
