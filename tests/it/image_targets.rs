//! Targets that are images: a class or a number at each of many places.

use crate::cli::Place;
use crate::support::{Examples, draw, plan, step};
use bnnc::data::npz::{Entries, encode_all};
use bnnc::data::{Split, Values};
use bnnc::evaluate;
use bnnc::examples::{Part, Scales};
use bnnc::exec::Interpreter;
use bnnc::likelihood::Detail;
use bnnc::tensor::Shape;
use std::fmt::Write as _;

fn model(target: &str, channels: usize, observe: &str) -> String {
    format!(
        "model places\ninput image: real[4, 5, 2]\ntarget y: {target}\n\
         default {{ prior = Normal(0, 1), posterior = MeanField, estimator = flipout }}\n\
         network {{\n  conv2d(3, kernel = 3, padding = same)\n  tanh\n  \
         f = conv2d({channels}, kernel = 3, padding = same)\n}}\nobserve y ~ {observe}\nobjective elbo\n"
    )
}

const PLACES: usize = 20;

fn examples(len: usize, classes: u32, width: usize) -> Examples<f64> {
    Examples {
        labels: (0..(len * PLACES) as u32)
            .map(|i| (i * i + 3) % classes)
            .collect(),
        ..Examples::new(len, 40, 1, width)
    }
}

/// The outputs of the last step as rows of an example.
fn outputs(interpreter: &Interpreter<f64>) -> Vec<Vec<f64>> {
    let all = interpreter.outputs().into_iter();
    all.map(|(_, _, values)| values).collect()
}

#[test]
fn the_nll_is_the_sum_over_places() {
    let len = 3;
    let near = |found: f64, expected: f64, what: &str| {
        assert!(
            (found - expected).abs() < 1e-10 * expected.abs(),
            "{what}: {found} {expected}"
        );
    };
    // Classes.
    let data = examples(len, 3, 0);
    let text = model("category[3][4, 5]", 3, "Categorical(logits = f)");
    let mut interpreter = Interpreter::<f64>::new(plan(&text), len);
    interpreter.initialize(1);
    let report = step(&mut interpreter, &data, &draw(1, 2), 10);
    let logits = &outputs(&interpreter)[0];
    assert_eq!(logits.len(), len * PLACES * 3);
    let at_place = |(row, &label): (&[f64], &u32)| {
        let sum: f64 = row.iter().map(|x| x.exp()).sum();
        sum.ln() - row[label as usize]
    };
    let nll: f64 = logits.chunks(3).zip(&data.labels).map(at_place).sum();
    near(report.terms[0].value, nll, "classes");
    // A term for each of two kernels and two biases, whatever the number of places.
    assert_eq!(report.terms.len(), 5);
    // 0 or 1.
    let data = examples(len, 2, 0);
    let text = model("binary[4, 5, 1]", 1, "Bernoulli(logits = f)");
    let mut interpreter = Interpreter::<f64>::new(plan(&text), len);
    interpreter.initialize(1);
    let report = step(&mut interpreter, &data, &draw(1, 2), 10);
    let logits = &outputs(&interpreter)[0];
    let at_place = |(x, &label): (&f64, &u32)| x.exp().ln_1p() - x * f64::from(label);
    let nll: f64 = logits.iter().zip(&data.labels).map(at_place).sum();
    near(report.terms[0].value, nll, "0 or 1");
    // Numbers, with one noise for all of them.
    let data = examples(len, 1, PLACES);
    let text = model("real[4, 5, 1]", 1, "Normal(loc = f, scale = learned(0.1))");
    let plan = plan(&text);
    assert_eq!(
        plan.learned
            .values()
            .map(|learned| learned.range.len())
            .sum::<usize>(),
        1
    );
    let mut interpreter = Interpreter::<f64>::new(plan, len);
    interpreter.initialize(1);
    let report = step(&mut interpreter, &data, &draw(1, 2), 10);
    let loc = &outputs(&interpreter)[0];
    let scale: f64 = 0.1;
    let at_place = |(loc, y): (&f64, &f64)| {
        0.5 * ((y - loc) / scale).powi(2) + (scale * (2.0 * std::f64::consts::PI).sqrt()).ln()
    };
    let nll: f64 = loc.iter().zip(&data.reals).map(at_place).sum();
    near(report.terms[0].value, nll, "numbers");
}

/// Two pictures: an image out of noise, and its mask.
fn arrays(rows: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let (mut images, mut masks, mut sums) = (vec![], vec![], vec![]);
    for row in 0..rows {
        for place in 0..PLACES {
            let x = (0.9 * (row * PLACES + place) as f64).sin();
            let z = (1.7 * (row * row + place) as f64).cos();
            images.extend([x, z]);
            masks.push(f64::from(u8::from(x > 0.3)) + f64::from(u8::from(x > -0.3)));
            sums.push(50.0 + 10.0 * (x + z));
        }
    }
    (images, masks, sums)
}

fn write(place: &Place, name: &str, arrays: &[(&str, &[usize], &[f64])]) {
    let arrays = arrays.iter();
    let bytes =
        encode_all(arrays.map(|(name, shape, values)| (*name, Entries::Numbers(shape, values))));
    std::fs::write(place.path(name), bytes.unwrap()).unwrap();
}

/// An array of a prediction file: its shape and its numbers.
pub fn array(bytes: &[u8], name: &str) -> (Vec<usize>, Vec<f64>) {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut member = archive.by_name(&format!("{name}.npy")).unwrap();
    let mut bytes = vec![];
    std::io::Read::read_to_end(&mut member, &mut bytes).unwrap();
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8(bytes[10..10 + length].to_vec()).unwrap();
    let shape = header
        .split_once("'shape': (")
        .unwrap()
        .1
        .split_once(')')
        .unwrap()
        .0;
    let shape = shape
        .split(',')
        .filter_map(|n| n.trim().parse().ok())
        .collect();
    let numbers = bytes[10 + length..].chunks_exact(8);
    let numbers = numbers
        .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
        .collect();
    (shape, numbers)
}

/// Probabilities of 0 or 1 are rounded; the nll is not made of them.
#[test]
fn a_network_that_is_sure_and_wrong_has_a_finite_nll() {
    for (target, channels, observe) in [
        ("category[3][4, 5]", 3, "Categorical(logits = f)"),
        ("binary[4, 5, 1]", 1, "Bernoulli(logits = f)"),
    ] {
        let mut interpreter = Interpreter::<f32>::new(plan(&model(target, channels, observe)), 4);
        interpreter.initialize(1);
        // Logits of some hundreds.
        let variables = interpreter.variables_mut().iter_mut();
        variables.for_each(|variable| *variable *= 1000.0);
        let mut split = Split {
            inputs: Values::F32((0..160).map(|i| (0.7 * i as f32).sin()).collect()),
            input_shape: Shape::new(&[4, 5, 2]),
            targets: Values::U8(vec![0; 80]),
            target_shape: Shape::new(&[4, 5]),
            len: 4,
        };
        let inference = interpreter.plan().inference.clone();
        let scales = Scales::identity(&inference);
        let mut scored = |split: &Split| {
            let part = Part {
                split,
                rows: &[0, 1, 2, 3],
                scales: &scales,
                kind: inference.target.kind,
                summary: inference.summary(),
                target: 0,
                targets: None,
                others: &[],
                with_targets: true,
            };
            let predicted = evaluate::predict(&mut interpreter, &part, 1, 0).unwrap();
            let detail = Detail::Moments;
            let scores = evaluate::scored(&mut interpreter, &part, 1, 0, detail).unwrap();
            (predicted, scores)
        };
        let (predicted, _) = scored(&split);
        let unlikely = (0..80).map(|row| match predicted.row(row) {
            [p] => u8::from(*p < 0.5),
            row => (0..3).min_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap() as u8,
        });
        split.targets = Values::U8(unlikely.collect());
        let (_, scores) = scored(&split);
        assert_eq!(scores.number("accuracy"), Some(0.0));
        // One draw: the mean over draws is that draw's.
        assert!(scores.nll() > 20.0 * 50.0, "{scores:?}");
        assert!(
            (scores.nll() / scores.expected_nll - 1.0).abs() < 1e-12,
            "{scores:?}"
        );
    }
}

#[test]
fn masks_are_learned_scored_and_written() {
    let place = Place::new();
    let text = model("category[3][4, 5]", 3, "Categorical(logits = f)");
    std::fs::write(place.path("m.bnn"), text).unwrap();
    let rows = 40;
    let (images, masks, _) = arrays(rows);
    let of_images: (&str, &[usize], &[f64]) = ("image", &[rows, 4, 5, 2], &images);
    write(
        &place,
        "d.npz",
        &[of_images, ("label", &[rows, 4, 5], &masks)],
    );
    let told = place
        .ok("train m.bnn --data d.npz --epochs 40 --batch-size 10 --learning-rate 0.02 --out run");
    assert!(told.contains("--out predictions.npz"), "{told}");
    assert!(
        told.contains("targets `label` float64 [40, 4, 5]"),
        "{told}"
    );
    let scores: serde_json::Value =
        serde_json::from_str(&place.ok("evaluate run --samples 7 --format json")).unwrap();
    let number = |name: &str| scores[name].as_f64().unwrap();
    assert!(number("accuracy") > 0.8, "{scores:#}");
    place.ok("predict run --samples 7 --out p.npz");
    let bytes = std::fs::read(place.path("p.npz")).unwrap();
    let (shape, probability) = array(&bytes, "probability");
    assert_eq!(shape, [rows, 4, 5, 3]);
    let (shape, predicted) = array(&bytes, "predicted");
    assert_eq!(shape, [rows, 4, 5]);
    assert_eq!(array(&bytes, "row").0, [rows]);
    assert_eq!(array(&bytes, "target"), (vec![rows, 4, 5], masks.clone()));
    // What `evaluate` says of them, from the file.
    let (mut right, mut nll) = (0.0, 0.0);
    let mut both = [[0.0; 2]; 3];
    for (place, row) in probability.chunks(3).enumerate() {
        let label = masks[place] as usize;
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-6);
        let top = (0..3).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap();
        assert_eq!(top as f64, predicted[place]);
        right += f64::from(u8::from(top == label));
        // Of each place by itself, and summed over an example's.
        nll -= row[label].ln() * PLACES as f64;
        for (class, [both, either]) in both.iter_mut().enumerate() {
            let of = [top == class, label == class];
            *both += f64::from(u8::from(of[0] && of[1]));
            *either += f64::from(u8::from(of[0] || of[1]));
        }
    }
    let count = masks.len() as f64;
    let iou = both.iter().map(|[both, either]| both / either).sum::<f64>() / 3.0;
    for (name, expected) in [
        ("accuracy", right / count),
        ("nll", nll / count),
        ("mean_iou", iou),
    ] {
        assert!(
            // Probabilities of draws are float32.
            (number(name) - expected).abs() < 1e-5 * expected,
            "{name}: {expected} in {scores:#}"
        );
        // Images are drawn with all their places.
        let interval = scores["intervals"][name].as_array().unwrap();
        let [low, high] = [0, 1].map(|end| interval[end].as_f64().unwrap());
        assert!(low <= number(name) && number(name) <= high && low < high);
    }
    // The baseline is what is known of the masks without a network.
    let share = |class: f64| masks.iter().filter(|label| **label == class).count() as f64 / count;
    let shares = [share(0.0), share(1.0), share(2.0)];
    let entropy: f64 = shares.iter().map(|p| -p * p.ln()).sum();
    let baseline = scores["baseline"]["nll"].as_f64().unwrap();
    assert!(
        (baseline - entropy * PLACES as f64).abs() < 1e-9,
        "{scores:#}"
    );
    // Of an example, too: more than that of averaged draws by what the draws disagree about.
    let (information, expected) = (
        array(&bytes, "mutual_information").1,
        number("expected_nll"),
    );
    let information = information.iter().sum::<f64>() / rows as f64;
    let more = expected - number("nll");
    assert!(
        more > 0.3 * information && more < 3.0 * information,
        "{more} {information}: {scores:#}"
    );
    let refused = place.refused("predict run --out p.csv");
    assert!(
        refused.contains("E0601") && refused.contains("--out p.npz"),
        "{refused}"
    );
}

/// Pixels without a label: what is learned, scored and written is that of the others.
#[test]
fn missing_places_take_no_part() {
    let place = Place::new();
    let rows = 30;
    let (images, masks, sums) = arrays(rows);
    let of_images: (&str, &[usize], &[f64]) = ("x", &[rows, 4, 5, 2], &images);
    let is_gone = |at: usize| (at * 7 + at / PLACES).is_multiple_of(3) || at >= (rows - 2) * PLACES;
    let punched = |values: &[f64], gone: f64| -> Vec<f64> {
        let each = values.iter().enumerate();
        each.map(|(at, y)| if is_gone(at) { gone } else { *y })
            .collect()
    };
    let classes = model("category[3][4, 5]", 3, "Categorical(logits = f)");
    std::fs::write(place.path("m.bnn"), classes).unwrap();
    let numbers = model("real[4, 5, 1]", 1, "Normal(loc = f, scale = learned(0.5))");
    std::fs::write(place.path("n.bnn"), numbers).unwrap();
    let train = "--epochs 30 --batch-size 10 --learning-rate 0.02";
    let evaluate = |run: &str| -> serde_json::Value {
        serde_json::from_str(&place.ok(&format!("evaluate {run} --samples 5 --format json")))
            .unwrap()
    };
    // -1 or NaN: the same run.
    let weights =
        |run: &str| std::fs::read(place.path(&format!("{run}/checkpoint.safetensors"))).unwrap();
    for (run, gone) in [("minus", -1.0), ("nan", f64::NAN)] {
        let masks = punched(&masks, gone);
        write(
            &place,
            &format!("{run}.npz"),
            &[of_images, ("y", &[rows, 4, 5], &masks)],
        );
        place.ok(&format!("train m.bnn --data {run}.npz {train} --out {run}"));
    }
    assert_eq!(weights("minus"), weights("nan"));
    let scores = evaluate("minus");
    place.ok("predict minus --samples 5 --out p.npz");
    let bytes = std::fs::read(place.path("p.npz")).unwrap();
    let (_, probability) = array(&bytes, "probability");
    let (_, predicted) = array(&bytes, "predicted");
    assert_eq!(array(&bytes, "target").1, punched(&masks, -1.0));
    let (mut right, mut there, mut nll) = (0.0, 0.0, 0.0);
    for (at, row) in probability
        .chunks(3)
        .enumerate()
        .filter(|(at, _)| !is_gone(*at))
    {
        there += 1.0;
        right += f64::from(u8::from(predicted[at] == masks[at]));
        nll -= row[masks[at] as usize].ln();
    }
    let near = |found: &serde_json::Value, expected: f64| {
        let found = found.as_f64().unwrap();
        assert!(
            (found - expected).abs() < 1e-5 * expected,
            "{found} {expected}"
        );
    };
    near(&scores["accuracy"], right / there);
    near(&scores["nll"], nll / rows as f64);
    assert!(right / there > 0.8, "{scores:#}");
    // Numbers, standardized: NaN takes no part in mean and deviation, nor in the constant that units add to the nll.
    let gaps = punched(&sums, f64::NAN);
    write(
        &place,
        "n.npz",
        &[of_images, ("y", &[rows, 4, 5, 1], &gaps)],
    );
    place.ok(&format!("train n.bnn --data n.npz {train} --out numbers"));
    let scores = evaluate("numbers");
    place.ok("predict numbers --samples 1 --out n-p.npz");
    let bytes = std::fs::read(place.path("n-p.npz")).unwrap();
    assert!(
        array(&bytes, "target")
            .1
            .iter()
            .zip(&gaps)
            .all(|(a, b)| a == b || a.is_nan() && b.is_nan())
    );
    let (mean, std) = (array(&bytes, "mean").1, array(&bytes, "std").1);
    let one: serde_json::Value =
        serde_json::from_str(&place.ok("evaluate numbers --samples 1 --format json")).unwrap();
    let (mut squares, mut nll) = (0.0, 0.0);
    for at in (0..gaps.len()).filter(|at| !is_gone(*at)) {
        squares += (mean[at] - sums[at]).powi(2);
        nll += 0.5 * ((mean[at] - sums[at]) / std[at]).powi(2) + std[at].ln();
        nll += 0.5 * std::f64::consts::TAU.ln();
    }
    near(&one["rmse"], (squares / there).sqrt());
    near(&one["nll"], nll / rows as f64);
    let baseline = scores["baseline"]["nll"].as_f64().unwrap();
    assert!(scores["nll"].as_f64().unwrap() < baseline, "{scores:#}");
    // A place whose number is not finite is refused as before, as is a row of numbers with a gap.
    let broken = punched(&sums, f64::INFINITY);
    write(
        &place,
        "n.npz",
        &[of_images, ("y", &[rows, 4, 5, 1], &broken)],
    );
    assert!(
        place
            .refused("train n.bnn --data n.npz --epochs 1")
            .contains("E0509")
    );
}

/// Images and masks that are mirrored and cropped: the same bits in a run that is resumed, on any number of threads.
#[test]
fn an_augmented_run_has_the_same_bits_longer_or_resumed() {
    let place = Place::new();
    let text = model("category[3][4, 5]", 3, "Categorical(logits = f)");
    std::fs::write(place.path("m.bnn"), text).unwrap();
    let rows = 20;
    let (images, masks, _) = arrays(rows);
    let of_images: (&str, &[usize], &[f64]) = ("image", &[rows, 4, 5, 2], &images);
    let arrays = [of_images, ("label", &[rows, 4, 5], &masks)];
    write(&place, "d.npz", &arrays);
    let run = |augmentation: &str| {
        format!(
            "batch_size = 8\nseed = 4\n[data]\nname = 'd.npz'\n[augmentation]\n{augmentation}\n"
        )
    };
    let changed = "flip = 'horizontal'\ncrop_padding = 2\ncrop_fill = 'reflect'";
    std::fs::write(place.path("m.toml"), run(changed)).unwrap();
    std::fs::write(place.path("zero.toml"), run("crop_padding = 2")).unwrap();
    std::fs::write(place.path("plain.toml"), run("flip = 'none'")).unwrap();
    place.ok("train m.bnn --epochs 5 --out whole --threads 1");
    place.ok("train m.bnn --epochs 2 --out parts --threads 2");
    place.ok("train m.bnn --epochs 5 --out parts --resume");
    place.ok("train m.bnn --config plain.toml --epochs 5 --out plain");
    let weights = |run: &str| {
        let bytes = std::fs::read(place.path(&format!("{run}/checkpoint.safetensors"))).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let mut all: Vec<(String, Vec<u8>)> = (tensors.iter())
            .map(|(name, view)| (name.to_owned(), view.data().to_vec()))
            .collect();
        all.sort();
        all
    };
    assert_eq!(weights("whole"), weights("parts"));
    assert_ne!(weights("whole"), weights("plain"));
    let refused = place.refused("train m.bnn --config zero.toml --epochs 1 --out zero");
    assert!(
        refused.contains("E0603") && refused.contains("the target `y` without a value"),
        "{refused}"
    );
}

#[test]
fn images_of_numbers_are_scored_in_own_units() {
    let place = Place::new();
    let text = model("real[4, 5, 1]", 1, "Normal(loc = f, scale = learned(0.5))");
    std::fs::write(place.path("m.bnn"), text).unwrap();
    let rows = 40;
    let (images, _, sums) = arrays(rows);
    let of_images: (&str, &[usize], &[f64]) = ("x", &[rows, 4, 5, 2], &images);
    // The axis of 1 may be there or not.
    write(
        &place,
        "with.npz",
        &[of_images, ("y", &[rows, 4, 5, 1], &sums)],
    );
    write(
        &place,
        "without.npz",
        &[of_images, ("y", &[rows, 4, 5], &sums)],
    );
    let train = "--epochs 60 --batch-size 10 --learning-rate 0.02";
    place.ok(&format!("train m.bnn --data with.npz {train} --out run"));
    place.ok(&format!(
        "train m.bnn --data without.npz {train} --out same"
    ));
    let weights =
        |run: &str| std::fs::read(place.path(&format!("{run}/checkpoint.safetensors"))).unwrap();
    assert_eq!(weights("run"), weights("same"));
    let text = place.ok("evaluate run --samples 9 --format json");
    let scores: serde_json::Value = serde_json::from_str(&text).unwrap();
    place.ok("predict run --samples 9 --out p.npz");
    let bytes = std::fs::read(place.path("p.npz")).unwrap();
    let (shape, mean) = array(&bytes, "mean");
    assert_eq!(shape, [rows, 4, 5, 1]);
    let (_, std) = array(&bytes, "std");
    assert!(std.iter().all(|std| *std > 0.0));
    let squares = mean
        .iter()
        .zip(&sums)
        .map(|(a, b)| (a - b).powi(2))
        .sum::<f64>();
    let rmse = (squares / sums.len() as f64).sqrt();
    assert!(
        (scores["rmse"].as_f64().unwrap() - rmse).abs() < 1e-9,
        "{scores:#} {rmse}"
    );
    assert!(rmse < 3.0, "{rmse}");
    assert!(scores["rmse_by_entry"].is_null());
    assert!(scores["coverage"].is_array());
}

#[test]
fn shapes_that_do_not_fit_are_told() {
    let place = Place::new();
    let check = |target: &str, channels: usize, observe: &str, more: &str| {
        std::fs::write(place.path("m.bnn"), model(target, channels, observe)).unwrap();
        place.refused(&format!("check m.bnn{more}"))
    };
    let classes = "Categorical(logits = f)";
    let text = check("category[3][4, 5]", 2, classes, "");
    assert!(
        text.contains("E0305") && text.contains("`f` is [4, 5, 2]"),
        "{text}"
    );
    assert!(
        text.contains("[4, 5, 3] wanted") && text.contains("conv2d(3, kernel = 1)"),
        "{text}"
    );
    let text = check("category[3][8, 8]", 3, classes, "");
    assert!(text.contains("[8, 8, 3] wanted"), "{text}");
    let text = check("category[3, 4, 5]", 3, classes, "");
    assert!(
        text.contains("E0206") && text.contains("category[3][64, 64]"),
        "{text}"
    );
    let (images, masks, _) = arrays(6);
    let x: (&str, &[usize], &[f64]) = ("x", &[6, 4, 5, 2], &images);
    write(&place, "flat.npz", &[x, ("y", &[6, 20], &masks)]);
    let text = check("category[3][4, 5]", 3, classes, " --data flat.npz");
    assert!(
        text.contains("E0509") && text.contains("category[3][4, 5]"),
        "{text}"
    );
    let text = check("category[2][4, 5]", 2, classes, " --data d.npz");
    assert!(text.contains("E0503"), "{text}");
    write(&place, "d.npz", &[x, ("y", &[6, 4, 5], &masks)]);
    let text = check("category[2][4, 5]", 2, classes, " --data d.npz");
    assert!(
        text.contains("E0509") && text.contains("from 0 to 2"),
        "{text}"
    );
}

/// A made data set, from the model to a first score.
#[test]
fn the_made_data_set_of_masks_is_trained_on() {
    let place = Place::new();
    let mut text = String::from("model seg\ninput image: real[32, 32, 3]\n");
    writeln!(
        text,
        "target mask: category[3][32, 32]\ndefault {{ prior = Normal(0, 1) }}"
    )
    .unwrap();
    writeln!(text, "network {{ f = conv2d(3, kernel = 1) }}").unwrap();
    writeln!(
        text,
        "observe mask ~ Categorical(logits = f)\nobjective elbo"
    )
    .unwrap();
    std::fs::write(place.path("seg.bnn"), text).unwrap();
    let told = place.ok("check seg.bnn --data shapes_segmentation");
    assert!(told.contains("the sum over its 1,024 places"), "{told}");
    // A network that knows nothing, of 1,000 examples: ln 3 at each place.
    let nll = 1024.0 * 3f64.ln();
    let lines = told
        .lines()
        .filter(|line| line.trim_start().starts_with("nll "));
    let found: Vec<f64> = lines
        .filter_map(|line| {
            line.split_whitespace()
                .last()?
                .replace(',', "")
                .parse()
                .ok()
        })
        .collect();
    assert!(
        (found[0] / nll - 1.0).abs() < 1e-3,
        "{found:?} {nll}: {told}"
    );
}
