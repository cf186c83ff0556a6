//! Folders of images: a folder of `.png` and `.jpg` files for each class, in `train` and `test` where both are there.

mod decode;
mod folder;
mod on_demand;

use super::error::{Faults, unreadable};
use super::sheet::Builder;
use super::stored::Stored;
use super::streaming;
use super::{Dataset, Identifier, Request, Seen, Split, Values};
use crate::diagnostic::{Diagnostic, Result};
use crate::memory;
use crate::tensor::Shape;
use crate::words::{count, list};
use decode::Header;
use folder::{Listed, list_parts};
use on_demand::OnDemand;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Reads the folder that `request` names. Without `pixels`, what `facts` needs: the labels, and the images' sizes.
pub(super) fn read(folder: &Path, request: &Request, pixels: bool) -> Result<Dataset> {
    let listed = list_parts(folder, request.classes.as_deref().unwrap_or_default())?;
    if listed.classes.is_empty() {
        return Err(no_classes(folder, &listed));
    }
    dataset(folder, request, &listed, pixels)
}

/// The images of a folder without folders of classes; `None` for any other.
pub(super) fn inputs(folder: &Path, request: &Request) -> Result<Option<Dataset>> {
    let listed = list_parts(folder, request.classes.as_deref().unwrap_or_default())?;
    match listed.classes.is_empty() && !listed.parts[0].is_empty() {
        true => dataset(folder, request, &listed, true).map(Some),
        false => Ok(None),
    }
}

fn no_classes(folder: &Path, listed: &Listed) -> crate::diagnostic::Failure {
    let title = format!(
        "`{}` has no folder of images for each class",
        folder.display()
    );
    let found = match listed.parts[0].len() {
        0 => "found no .png, .jpg or .jpeg file in it, nor in a folder in it".to_owned(),
        n => format!(
            "found {} without a folder of its class",
            count(n, "image", "images")
        ),
    };
    Diagnostic::error("E0504", title)
        .note(found)
        .note("expected a folder a class, such as `cats` and `dogs`, or `train` and `test` with these in each")
        .into()
}

fn dataset(folder: &Path, request: &Request, listed: &Listed, pixels: bool) -> Result<Dataset> {
    let all: Vec<&Path> = listed
        .parts
        .iter()
        .flatten()
        .map(|image| &*image.path)
        .collect();
    let headers: Vec<Result<Header>> = all.par_iter().map(|path| decode::header(path)).collect();
    let headers = whole(headers)?;
    let shape = shape(folder, request, &all, &headers)?;
    let bytes = (all.len() as u64).saturating_mul(shape.len() as u64);
    let is_streamed = request.stream.takes(bytes);
    if pixels && !is_streamed {
        let what = format!("the {} images in `{}`", all.len(), folder.display());
        memory::refuse(&what, bytes, "`--stream always` reads each as it is needed")?;
    }
    let [train, test] = &listed.parts;
    let split = |images: &[folder::Image]| -> Result<Split> {
        Ok(Split {
            inputs: match (pixels, is_streamed) {
                (false, _) => Values::U8(vec![]),
                (true, false) => Values::U8(decoded(images, &shape)?),
                (true, true) => Values::Stored(Stored::new(OnDemand::new(images, &shape)?)),
            },
            input_shape: shape.clone(),
            targets: targets(images, listed.classes.len()),
            target_shape: match listed.classes.is_empty() {
                true => Shape::new(&[0]),
                false => Shape::default(),
            },
            len: images.len(),
        })
    };
    let mut said = listed.said.clone();
    said.extend(converted(&headers, shape.0[2]));
    let mut names = Builder::default();
    for path in &all {
        names.push_text(
            &path
                .strip_prefix(folder)
                .unwrap_or(path)
                .display()
                .to_string(),
        );
    }
    Ok(Dataset {
        name: folder.display().to_string(),
        train: split(train)?,
        test: match test.is_empty() {
            true => None,
            false => Some(split(test)?),
        },
        file_rows: (!test.is_empty()).then(|| {
            [
                (0..train.len()).collect(),
                (train.len()..all.len()).collect(),
            ]
        }),
        columns: None,
        seen: Seen {
            said,
            streamed: is_streamed.then(|| streaming::from_file(bytes, folder)),
            identifiers: vec![Identifier::of("file", names)],
            ..Seen::default()
        },
        class_names: listed.classes.clone(),
    })
}

/// All results, or the first errors and how many there are.
fn whole<T>(results: Vec<Result<T>>) -> Result<Vec<T>> {
    let (mut all, mut faults) = (vec![], Faults::default());
    for result in results {
        match result {
            Ok(one) => all.push(one),
            Err(failure) => failure
                .diagnostics
                .into_iter()
                .for_each(|one| faults.add(|| one)),
        }
    }
    faults.finish("faulty images")?;
    Ok(all)
}

/// The shape of an image: the model's, where it takes images; else that of the first, in colour where any is.
///
/// # Errors
///
/// `E0507` for an image of another size.
fn shape(folder: &Path, request: &Request, paths: &[&Path], headers: &[Header]) -> Result<Shape> {
    let of_model = request.input.as_ref().and_then(|shape| match shape.0[..] {
        [height, width] => Some([height, width, 1]),
        [height, width, channels @ (1 | 3)] => Some([height, width, channels]),
        _ => None,
    });
    let of_first = || {
        let in_colour = headers.iter().any(|header| header.in_colour);
        [
            headers[0].height,
            headers[0].width,
            if in_colour { 3 } else { 1 },
        ]
    };
    let shape = of_model.unwrap_or_else(of_first);
    let [height, width, channels] = shape;
    let differs = |header: &Header| (header.height, header.width) != (height, width);
    let Some(first) = headers.iter().position(differs) else {
        return Ok(Shape::new(&shape));
    };
    let found = &headers[first];
    let size = |height, width| format!("{height} pixels high and {width} wide");
    let name = paths[first].display();
    let title = format!("`{name}` is {}", size(found.height, found.width));
    let expected = match of_model {
        Some(_) => format!("the model takes images {}", size(height, width)),
        None => format!("`{}` is {}", paths[0].display(), size(height, width)),
    };
    let others = headers.iter().filter(|header| differs(header)).count();
    let message = Diagnostic::error("E0507", title)
        .note(expected)
        .note(format!(
            "{others} of the {} in `{}` have another size",
            count(headers.len(), "image", "images"),
            folder.display()
        ));
    let resize = format!(
        "resize the images, as `mogrify -resize '{width}x{height}!'` of ImageMagick does in place"
    );
    let message = message.help(resize);
    let all_alike = headers
        .iter()
        .all(|header| (header.height, header.width) == (found.height, found.width));
    Err(match all_alike {
        true => message.help(format!(
            "a model of these images has the input `real[{}, {}, {channels}]`",
            found.height, found.width
        )),
        false => message,
    }
    .into())
}

/// What is done to the images' channels, a phrase each.
fn converted(headers: &[Header], channels: usize) -> Vec<String> {
    let phrase = |holds: fn(&Header) -> bool, what: &str| {
        let n = headers.iter().filter(|header| holds(header)).count();
        (n > 0).then(|| format!("{} {what}", count(n, "image", "images")))
    };
    let colour = match channels {
        1 => phrase(|header| header.in_colour, "in colour taken as grey"),
        _ => phrase(|header| !header.in_colour, "in grey taken as colour"),
    };
    let wide = phrase(|header| header.is_wide, "of 16 bits taken as 8");
    let transparent = phrase(|header| header.is_transparent, "without their transparency");
    let turned = phrase(
        |header| header.is_turned,
        "taken as stored, not turned as EXIF says",
    );
    [colour, wide, transparent, turned]
        .into_iter()
        .flatten()
        .collect()
}

/// The pixels of images, one after the other.
fn decoded(images: &[folder::Image], shape: &Shape) -> Result<Vec<u8>> {
    let mut pixels = vec![0; images.len() * shape.len()];
    let results = pixels.par_chunks_mut(shape.len()).zip(images);
    let results = results.map(|(pixels, image)| decode::decode(&image.path, shape, pixels));
    whole(results.collect())?;
    Ok(pixels)
}

fn targets(images: &[folder::Image], classes: usize) -> Values {
    let labels = images.iter().map(|image| image.label);
    match classes {
        0 => Values::F64(vec![]),
        1..=256 => Values::U8(labels.map(|label| label as u8).collect()),
        _ => Values::F64(labels.map(|label| label as f64).collect()),
    }
}
