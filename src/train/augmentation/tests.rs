//! Images, and targets that are images, as a step sees them.

use super::*;
use crate::ir::Position;
use crate::likelihood::Axes;
use crate::tensor::Shape;

fn step(done: u64) -> Step {
    Step {
        seed: 7,
        round: 0,
        done,
        learning_rate: 0.1,
        at: Position {
            training_examples: 1,
            batch: 1,
            batch_index: 0,
            batches: 1,
            epoch: 0.0,
        },
    }
}

/// Images whose every number is its own.
fn images(count: usize, shape: &Shape) -> Vec<f32> {
    (1..=count * shape.len()).map(|i| i as f32).collect()
}

fn input(shape: &[usize]) -> Input {
    Input {
        name: "x".into(),
        shape: Shape::new(shape),
        sequence: None,
    }
}

fn target(kind: TargetKind) -> Target {
    Target {
        steps_of: None,
        name: "mask".into(),
        kind,
    }
}

/// A class for each place.
fn mask(sizes: &[usize]) -> Target {
    let places = Axes::new(sizes).unwrap();
    target(TargetKind::Categories { classes: 3, places })
}

fn applied(augmentation: &Augmentation, done: u64, rows: &[usize]) -> Vec<f32> {
    let shape = Shape::new(&[5, 4, 2]);
    let all = images(40, &shape);
    let inputs: Vec<f32> = rows
        .iter()
        .flat_map(|row| all[row * shape.len()..][..shape.len()].to_vec())
        .collect();
    let mut out = vec![9.0; 3];
    let mut settled = augmentation.clone();
    let label = target(TargetKind::Category(2));
    settled.settle(&input(&shape.0), &label).unwrap();
    settled.apply(&step(done), rows, (&inputs, settled.shape), &mut out);
    out
}

const ROWS: [usize; 40] = {
    let mut rows = [0; 40];
    let mut i = 0;
    while i < 40 {
        rows[i] = 39 - i;
        i += 1;
    }
    rows
};

/// An image padded by its definition, cut out at an offset, then mirrored.
fn by_definition(
    image: &[f32],
    fill: &str,
    padding: usize,
    from: [usize; 2],
    mirrored: bool,
) -> Vec<f32> {
    let (h, w, c) = (5, 4, 2);
    let line = |n: usize| -> Vec<Option<usize>> {
        let before: Vec<Option<usize>> = (1..=padding)
            .rev()
            .map(|i| (fill == "reflect").then_some(i))
            .collect();
        let after: Vec<Option<usize>> = (1..=padding)
            .map(|i| (fill == "reflect").then(|| n - 1 - i))
            .collect();
        [before, (0..n).map(Some).collect(), after].concat()
    };
    let (rows, columns) = (line(h), line(w));
    let mut out = vec![];
    for y in 0..h {
        for x in 0..w {
            let x = if mirrored { w - 1 - x } else { x };
            for channel in 0..c {
                let place = rows[y + from[0]].zip(columns[x + from[1]]);
                out.push(place.map_or(0.0, |(y, x)| image[(y * w + x) * c + channel]));
            }
        }
    }
    out
}

#[test]
fn every_image_is_a_crop_of_its_padded_self_and_every_crop_comes() {
    let len = 40;
    for (fill, padding, flip) in [
        ("zero", 2, "horizontal"),
        ("reflect", 2, "none"),
        ("zero", 0, "horizontal"),
        ("reflect", 1, "horizontal"),
    ] {
        let augmentation = Augmentation {
            flip,
            crop_padding: padding,
            crop_fill: fill,
            ..Augmentation::default()
        };
        let mut seen = std::collections::BTreeSet::new();
        for done in 0..20 {
            let out = applied(&augmentation, done, &ROWS);
            for (out, row) in out.chunks(len).zip(ROWS) {
                let image = &images(40, &Shape::new(&[5, 4, 2]))[row * len..][..len];
                let offsets =
                    (0..=2 * padding).flat_map(|y| (0..=2 * padding).map(move |x| [y, x]));
                let all = offsets.flat_map(|from| [(from, false), (from, true)]);
                let found = all
                    .filter(|(_, mirrored)| flip == "horizontal" || !mirrored)
                    .find(|(from, mirrored)| {
                        by_definition(image, fill, padding, *from, *mirrored) == out
                    });
                seen.insert(found.unwrap_or_else(|| panic!("{fill} {padding}: {out:?}")));
            }
        }
        let ways = if flip == "horizontal" { 2 } else { 1 };
        assert_eq!(
            seen.len(),
            ways * (2 * padding + 1).pow(2),
            "{fill} {padding} {flip}"
        );
    }
}

#[test]
fn half_of_the_images_are_mirrored() {
    let augmentation = Augmentation {
        flip: "horizontal",
        ..Augmentation::default()
    };
    let changes = (0..50).flat_map(|done| (0..100).map(move |row| (done, row)));
    let mirrored = changes.filter(|(done, row)| augmentation.change(&step(*done), *row).mirrored);
    // Of 5,000, with a standard deviation of 35.
    assert!(mirrored.count().abs_diff(2500) < 175);
}

#[test]
fn a_change_depends_on_seed_step_and_row_alone() {
    let augmentation = Augmentation {
        flip: "horizontal",
        crop_padding: 2,
        ..Augmentation::default()
    };
    let whole = applied(&augmentation, 3, &ROWS);
    for (place, row) in ROWS.iter().enumerate() {
        assert_eq!(
            applied(&augmentation, 3, &[*row]),
            whole[place * 40..][..40]
        );
    }
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        assert_eq!(pool.install(|| applied(&augmentation, 3, &ROWS)), whole);
    }
    assert_ne!(applied(&augmentation, 4, &ROWS), whole);
    let other = Step { seed: 8, ..step(3) };
    let changes = |step: &Step| -> Vec<Change> {
        ROWS.iter()
            .map(|row| augmentation.change(step, *row))
            .collect()
    };
    assert_ne!(changes(&other), changes(&step(3)));
}

/// A class, or a number, that is the first channel of its pixel stays beside it.
#[test]
fn targets_that_are_images_change_with_their_images() {
    use crate::data::scaling::Transform;
    use crate::data::{Split, Values};
    use crate::examples::Scales;
    use crate::likelihood::{Categorical, Likelihood, Normal};
    const PLACES: [u32; 7] = [3, 11, 0, 7, 1, 9, 4];
    let (places, channels) = (20, 2);
    let pixels = images(12, &Shape::new(&[5, 4, channels]));
    let firsts: Vec<f32> = pixels.iter().copied().step_by(channels).collect();
    let numbers = Axes::new(&[5, 4, 1]).map(TargetKind::Reals).unwrap();
    let classes = TargetKind::Categories {
        classes: 1000,
        places: Axes::new(&[5, 4]).unwrap(),
    };
    for (kind, summary) in [
        (numbers, Normal.summary(&numbers)),
        (classes, Categorical.summary(&classes)),
    ] {
        let split = Split {
            inputs: Values::F32(pixels.clone()),
            input_shape: Shape::new(&[5, 4, channels]),
            targets: Values::F32(firsts.clone()),
            target_shape: Shape::new(&[5, 4]),
            len: 12,
        };
        let scales = Scales {
            inputs: Transform::identity(channels),
            targets: Transform::identity(1),
        };
        let part = Part {
            split: &split,
            rows: &ROWS[28..],
            scales: &scales,
            kind,
            summary,
            target: 0,
            targets: None,
            others: &[],
            with_targets: true,
        };
        for crop_padding in [0, 2] {
            let mut augmentation = Augmentation {
                flip: "horizontal",
                crop_padding,
                crop_fill: "reflect",
                ..Augmentation::default()
            };
            let settled = augmentation.settle(&input(&[5, 4, channels]), &target(kind));
            settled.unwrap();
            let mut into = Buffers::default();
            let batch = augmentation.gather(&part, &PLACES, &step(1), &mut into);
            let batch = batch.unwrap();
            let plain: Vec<f32> = PLACES
                .iter()
                .flat_map(|place| {
                    pixels[part.rows[*place as usize] * places * channels..][..40].to_vec()
                })
                .collect();
            assert_ne!(batch.inputs, plain);
            let found: Vec<f32> = match batch.targets {
                Targets::Labels(labels) => labels.iter().map(|label| *label as f32).collect(),
                Targets::Reals(reals) => reals.to_vec(),
            };
            let expected: Vec<f32> = batch.inputs.iter().copied().step_by(channels).collect();
            assert_eq!(found, expected, "{kind} {crop_padding}");
        }
    }
}

#[test]
fn targets_that_cannot_change_with_their_images_are_refused() {
    let refused = |on: &Augmentation, target: &Target| {
        let failure = on.clone().settle(&input(&[8, 9, 3]), target).err()?;
        Some(failure.diagnostics[0].title.clone())
    };
    let flips = Augmentation {
        flip: "horizontal",
        ..Augmentation::default()
    };
    let crops = |crop_fill| Augmentation {
        crop_padding: 2,
        crop_fill,
        ..Augmentation::default()
    };
    let numbers = |sizes: &[usize]| target(TargetKind::Reals(Axes::new(sizes).unwrap()));
    for fits in [
        mask(&[8, 9]),
        mask(&[8, 9, 1]),
        numbers(&[8, 9]),
        numbers(&[8, 9, 4]),
    ] {
        assert_eq!(refused(&flips, &fits), None);
        assert_eq!(refused(&crops("reflect"), &fits), None);
        let title = refused(&crops("zero"), &fits).unwrap();
        assert!(title.contains("`mask` without a value"), "{title}");
    }
    // Of another size: mirrored, but not moved.
    assert_eq!(refused(&flips, &mask(&[4, 5])), None);
    let title = refused(&crops("reflect"), &mask(&[4, 5])).unwrap();
    assert!(
        title.contains("8 by 9") && title.contains("[4, 5]"),
        "{title}"
    );
    for sequence in [mask(&[9]), mask(&[2, 8, 9]), numbers(&[6, 2])] {
        let title = refused(&flips, &sequence).unwrap();
        assert!(title.contains("no height and width"), "{title}");
    }
    assert_eq!(refused(&crops("zero"), &target(TargetKind::Real(3))), None);
}

#[test]
fn what_is_no_image_is_refused() {
    let on = Augmentation {
        crop_padding: 4,
        ..Augmentation::default()
    };
    let refused = |shape: &[usize]| {
        let label = target(TargetKind::Category(2));
        let failure = on.clone().settle(&input(shape), &label).err()?;
        Some(failure.diagnostics[0].title.clone())
    };
    assert!(
        refused(&[8])
            .unwrap()
            .contains("takes images, and the input `x` is [8]")
    );
    assert!(refused(&[4, 9, 1]).unwrap().contains("4 by 9"));
    assert_eq!(refused(&[5, 9, 1]), None);
    let label = target(TargetKind::Category(2));
    assert!(Augmentation::default().settle(&input(&[8]), &label).is_ok());
}
