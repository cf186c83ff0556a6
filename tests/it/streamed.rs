//! Inputs that stay in their files: the runs, scores and predictions are those of inputs in memory.

use crate::cli::Place;
use bnnc::data::npz::{Written, write_stored};
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
