//! Folders of images, and IDX files of every type.

use super::{damaged, told};
use crate::cli::Place;
use bnnc::data::{Dataset, Request, Values, load};
use bnnc::diagnostic::Failure;
use bnnc::tensor::Shape;
use png::{BitDepth, ColorType};
use std::fs;
use std::path::Path;

/// A PNG of 2 × 3 pixels (height × width).
fn png(colour: ColorType, depth: BitDepth, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = vec![];
    let mut encoder = png::Encoder::new(&mut bytes, 3, 2);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if colour == ColorType::Indexed {
        encoder.set_palette(&[1, 2, 3, 40, 50, 60]);
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(pixels).unwrap();
    writer.finish().unwrap();
    bytes
}

fn grey(first: u8) -> Vec<u8> {
    let pixels: Vec<u8> = (first..first + 6).collect();
    png(ColorType::Grayscale, BitDepth::Eight, &pixels)
}

/// A baseline JPEG of blocks of 8 × 8 pixels, each of one value a channel: by hand, as Annex F of ITU-T T.81 has it.
/// With a quantizer of 8, the DC coefficient k of a block is the value 128 + k.
fn jpeg(height: u16, width: u16, blocks: &[&[i8]]) -> Vec<u8> {
    let channels = blocks[0].len() as u8;
    let mut out = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0];
    out.extend([8; 64]);
    out.extend([0xFF, 0xC0, 0, 8 + 3 * channels, 8]);
    out.extend([height.to_be_bytes(), width.to_be_bytes()].concat());
    out.push(channels);
    (1..=channels).for_each(|channel| out.extend([channel, 0x11, 0]));
    // DC: the categories 0 to 8 as the 4-bit codes 0000 to 1000. AC: the end of the block alone, as 0.
    out.extend([
        0xFF, 0xC4, 0, 28, 0x00, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    out.extend(0..9);
    out.extend([
        0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    out.extend([0xFF, 0xDA, 0, 6 + 2 * channels, channels]);
    (1..=channels).for_each(|channel| out.extend([channel, 0x00]));
    out.extend([0, 63, 0]);
    let (mut bits, mut last) = (String::new(), [0; 3]);
    for block in blocks {
        for (value, last) in block.iter().zip(&mut last) {
            let difference = i32::from(*value) - *last;
            *last = i32::from(*value);
            let size = 32 - difference.unsigned_abs().leading_zeros();
            let code = if difference < 0 {
                difference + (1 << size) - 1
            } else {
                difference
            };
            bits += &format!("{size:04b}");
            if size > 0 {
                bits += &format!("{code:0width$b}", width = size as usize);
            }
            bits.push('0');
        }
    }
    while bits.len() % 8 != 0 {
        bits.push('1');
    }
    for byte in bits.as_bytes().chunks(8) {
        let byte = u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap();
        out.push(byte);
        if byte == 0xFF {
            out.push(0);
        }
    }
    out.extend([0xFF, 0xD9]);
    out
}

fn write(folder: &Path, files: &[(&str, Vec<u8>)]) {
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Reads a folder of these files, for a model that takes inputs of the shape `input`.
fn read(files: &[(&str, Vec<u8>)], input: Option<&[usize]>) -> Result<Dataset, Failure> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    load(&Request {
        data: folder.path().display().to_string(),
        input: input.map(Shape::new),
        ..Request::default()
    })
}

#[test]
fn each_folder_is_a_class() {
    let files = [
        ("dogs/b.png", grey(10)),
        ("cats/2.PNG", grey(20)),
        ("cats/10.png", grey(30)),
        ("cats/notes.txt", vec![]),
        ("cats/.hidden", vec![]),
        ("docs/readme.md", vec![]),
    ];
    let data = read(&files, None).unwrap();
    assert_eq!(data.class_names, ["cats", "dogs"]);
    assert_eq!(data.train.input_shape, Shape::new(&[2, 3, 1]));
    assert_eq!(data.train.targets, Values::U8(vec![0, 0, 1]));
    let pixels: Vec<u8> = [30..36, 20..26, 10..16].into_iter().flatten().collect();
    assert_eq!(data.train.inputs, Values::U8(pixels));
    assert_eq!(
        data.seen.said.join("; "),
        "2 files other than .png and .jpg left out; left out: `docs`; classes cats = 0, dogs = 1"
    );
    let names: Vec<String> = (0..3)
        .map(|row| data.seen.identifiers[0].cell(row))
        .collect();
    assert_eq!(names, ["cats/10.png", "cats/2.PNG", "dogs/b.png"]);
}

#[test]
fn train_and_test_are_the_parts() {
    let files = [
        ("train/a/1.png", grey(0)),
        ("train/b/1.png", grey(10)),
        ("test/b/2.png", grey(20)),
        ("val/b/3.png", grey(30)),
    ];
    let data = read(&files, Some(&[2, 3])).unwrap();
    let test = data.test.unwrap();
    assert_eq!((data.train.len, test.len), (2, 1));
    assert_eq!(test.targets, Values::U8(vec![1]));
    assert_eq!(test.inputs, Values::U8((20..26).collect()));
    assert_eq!(data.file_rows, Some([vec![0, 1], vec![2]]));
    assert_eq!(data.seen.identifiers[0].cell(2), "test/b/2.png");
    assert_eq!(data.seen.said[0], "left out: `val`");
    let others = [("train/a/1.png", grey(0)), ("test/c/2.png", grey(20))];
    let told = told(&read(&others, None).unwrap_err());
    assert!(
        told.contains("test/c` is a class that was not trained on"),
        "{told}"
    );
}

#[test]
fn channels_are_those_that_the_model_takes() {
    let colour = [
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
        [10, 20, 30],
        [255, 255, 255],
        [7, 7, 7],
    ]
    .concat();
    let with_alpha: Vec<u8> = colour
        .chunks(3)
        .flat_map(|c| [c[0], c[1], c[2], 9])
        .collect();
    let wide: Vec<u8> = colour.iter().flat_map(|byte| [*byte, 200]).collect();
    for (name, bytes, said) in [
        ("a/8.png", png(ColorType::Rgb, BitDepth::Eight, &colour), ""),
        (
            "a/alpha.png",
            png(ColorType::Rgba, BitDepth::Eight, &with_alpha),
            "1 image without their transparency",
        ),
        (
            "a/16.png",
            png(ColorType::Rgb, BitDepth::Sixteen, &wide),
            "1 image of 16 bits taken as 8",
        ),
    ] {
        let data = read(&[(name, bytes.clone())], Some(&[2, 3, 3])).unwrap();
        assert_eq!(data.train.inputs, Values::U8(colour.clone()), "{name}");
        let all = data.seen.said.join("; ");
        let classes = "classes a = 0";
        let expected = match said {
            "" => classes.to_owned(),
            _ => format!("{classes}; {said}"),
        };
        assert_eq!(all, expected, "{name}");
        // 0.299, 0.587 and 0.114 of the three.
        let data = read(&[(name, bytes)], Some(&[2, 3, 1])).unwrap();
        assert_eq!(
            data.train.inputs,
            Values::U8(vec![76, 150, 29, 18, 255, 7]),
            "{name}"
        );
        assert!(
            data.seen
                .said
                .join("; ")
                .contains("1 image in colour taken as grey")
        );
    }
    let indexed = png(
        ColorType::Indexed,
        BitDepth::One,
        &[0b0100_0000, 0b1010_0000],
    );
    let data = read(&[("a/1.png", indexed)], None).unwrap();
    let (dark, light) = ([1, 2, 3], [40, 50, 60]);
    assert_eq!(
        data.train.inputs,
        Values::U8([dark, light, dark, light, dark, light].concat())
    );
    // What an image is, its first bytes say, not its name.
    let data = read(&[("a/1.jpg", grey(7))], Some(&[2, 3, 3])).unwrap();
    let thrice: Vec<u8> = (7..13).flat_map(|value| [value; 3]).collect();
    assert_eq!(data.train.inputs, Values::U8(thrice));
}

#[test]
fn the_pixels_of_a_jpeg_are_those_that_it_codes() {
    let bytes = jpeg(8, 16, &[&[100], &[-28]]);
    let data = read(&[("a/1.jpg", bytes)], None).unwrap();
    assert_eq!(data.train.input_shape, Shape::new(&[8, 16, 1]));
    let row: Vec<u8> = [[228; 8], [100; 8]].concat();
    assert_eq!(data.train.inputs, Values::U8(row.repeat(8)));
    // Y = 128, Cb − 128 = −50, Cr − 128 = 60; R = Y + 1.402 Cr, G = Y − 0.344136 Cb − 0.714136 Cr, B = Y + 1.772 Cb.
    let data = read(&[("a/1.jpeg", jpeg(8, 8, &[&[0, -50, 60]]))], None).unwrap();
    let expected = [
        128.0 + 1.402 * 60.0,
        128.0 + 0.344_136 * 50.0 - 0.714_136 * 60.0,
        128.0 - 1.772 * 50.0,
    ];
    assert_eq!(data.train.input_shape, Shape::new(&[8, 8, 3]));
    for i in 0..data.train.inputs.len() {
        let (found, expected) = (data.train.inputs.get(i), expected[i % 3]);
        assert!((found - expected).abs() <= 1.0, "{i}: {found} {expected}");
    }
}

#[test]
fn an_image_that_exif_turns_is_said_and_taken_as_stored() {
    // TIFF of one field in each order of bytes: the orientation, a short.
    let little = |way| {
        [
            b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0",
            &[way, 0, 0, 0, 0, 0, 0, 0][..],
        ]
        .concat()
    };
    let big = |way| {
        [
            b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01",
            &[0, way, 0, 0, 0, 0, 0, 0][..],
        ]
        .concat()
    };
    let cut = little(6)[..18].to_vec();
    for (exif, is_turned) in [
        (little(1), false),
        (little(6), true),
        (big(1), false),
        (big(3), true),
        (cut, false),
        (vec![], false),
    ] {
        let mut bytes = jpeg(8, 16, &[&[100], &[-28]]);
        let segment = [
            &[0xFF, 0xE1, 0, 8 + exif.len() as u8],
            &b"Exif\0\0"[..],
            &exif,
        ]
        .concat();
        bytes.splice(2..2, segment);
        let data = read(&[("a/1.jpg", bytes)], None).unwrap();
        assert_eq!(data.train.input_shape, Shape::new(&[8, 16, 1]));
        let said = data.seen.said.join("; ");
        let turned = "; 1 image taken as stored, not turned as EXIF says";
        assert_eq!(said.contains(turned), is_turned, "{exif:?}: {said}");
    }
}

#[test]
fn another_size_is_told_with_the_file_and_both_sizes() {
    let files = [
        ("a/1.jpg", jpeg(8, 16, &[&[0], &[0]])),
        ("b/2.png", grey(0)),
    ];
    let told_of = |input| told(&read(&files, input).unwrap_err());
    let told_first = told_of(None);
    for part in [
        "b/2.png` is 2 pixels high and 3 wide",
        "a/1.jpg` is 8 pixels high and 16 wide",
        "1 of the 2 images",
        "mogrify -resize '16x8!'",
    ] {
        assert!(told_first.contains(part), "{part}: {told_first}");
    }
    let told_model = told_of(Some(&[4, 4, 3]));
    for part in [
        "a/1.jpg` is 8 pixels high and 16 wide",
        "the model takes images 4 pixels high and 4 wide",
        "2 of the 2 images",
    ] {
        assert!(told_model.contains(part), "{part}: {told_model}");
    }
    let told_alike = told(&read(&files[1..], Some(&[4, 4, 1])).unwrap_err());
    assert!(
        told_alike.contains("has the input `real[2, 3, 1]`"),
        "{told_alike}"
    );
}

#[test]
fn folders_that_are_no_classes_are_told() {
    for (files, part) in [
        (
            &[("notes.txt", vec![])][..],
            "found no .png, .jpg or .jpeg file",
        ),
        (
            &[("1.png", grey(0))],
            "found 1 image without a folder of its class",
        ),
        (
            &[("1.png", grey(0)), ("a/1.png", grey(0))],
            "has 1 image beside 1 folder of images",
        ),
        (
            &[("train/a/1.png", grey(0))],
            "has a folder `train` and none `test`",
        ),
        (
            &[("train/1.png", grey(0)), ("val/1.png", grey(0))],
            "are parts and no classes: `train` and `val`",
        ),
        (
            &[("a/1.png", b"no image".to_vec())],
            "is no PNG and no JPEG image, or is damaged",
        ),
        (
            &[("a/1.jpg", vec![])],
            "is no PNG and no JPEG image, or is damaged",
        ),
    ] {
        let told = told(&read(files, None).unwrap_err());
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_damaged_image_is_told_and_never_a_panic() {
    let images = [
        ("a/1.png", grey(0)),
        (
            "a/1.jpg",
            jpeg(16, 16, &[&[0, 1, 2], &[9, 9, 9], &[50, 3, 2], &[-7, 0, 0]]),
        ),
    ];
    for (name, bytes) in images {
        let (mut faults, mut all) = (0, 0);
        for bytes in damaged(&bytes) {
            all += 1;
            faults += usize::from(read(&[(name, bytes)], None).is_err());
        }
        assert!(faults * 3 > all, "{name}: {faults} of {all}");
        let half = bytes[..bytes.len() - 8].to_vec();
        assert!(read(&[(name, half)], None).is_err(), "{name}");
    }
}

const MODEL: &str = "model pets\ninput x: real[2, 3, 1]\ntarget y: category[2]\nnetwork {\n  flatten, f = dense(2)\n}\nobserve y ~ Categorical(logits = f)\nobjective elbo\n";

#[test]
fn a_run_is_trained_on_a_folder_and_predicts_for_others() {
    let place = Place::new();
    fs::write(place.path("m.bnn"), MODEL).unwrap();
    let image = |i: u8| grey(if i.is_multiple_of(2) { i } else { 200 - i });
    for i in 0..20 {
        let class = ["even", "odd"][usize::from(i % 2)];
        write(
            &place.path("pets"),
            &[(&*format!("{class}/{i:02}.png"), image(i))],
        );
    }
    assert!(
        place
            .ok("check m.bnn --data pets --batch-size 4")
            .contains("N = 20")
    );
    let said = place.ok("train m.bnn --data pets --epochs 2 --batch-size 4 --out run");
    assert!(said.contains("classes even = 0, odd = 1"), "{said}");
    assert!(
        place
            .ok("evaluate run --samples 2")
            .contains("the 20 examples it was trained on")
    );
    // Images without classes, and of one class alone, whose label is the run's.
    write(
        &place.path("new"),
        &[("x.png", image(40)), ("y.png", image(41))],
    );
    write(&place.path("odd_alone"), &[("odd/z.png", image(43))]);
    place.ok("predict run --data new --samples 2 --out p.csv");
    let written = fs::read_to_string(place.path("p.csv")).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    assert!(
        lines[0].starts_with("row,file,") && lines[0].contains("even"),
        "{written}"
    );
    assert!(
        lines[1].starts_with("0,x.png,") && lines[2].starts_with("1,y.png,"),
        "{written}"
    );
    place.ok("predict run --data odd_alone --samples 2 --out q.csv");
    let written = fs::read_to_string(place.path("q.csv")).unwrap();
    assert!(
        written
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("0,odd/z.png,odd,"),
        "{written}"
    );
    write(&place.path("others"), &[("birds/z.png", image(43))]);
    let refused = place.refused("evaluate run --data others");
    assert!(
        refused.contains("the classes are `even` and `odd`"),
        "{refused}"
    );
    // One more image: the folder is no more what was trained on.
    write(&place.path("pets"), &[("odd/99.png", image(99))]);
    let refused = place.refused("evaluate run --samples 2");
    assert!(refused.contains("1 row is new"), "{refused}");
}

/// An IDX file.
fn idx(element: u8, lengths: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, element, lengths.len() as u8];
    bytes.extend(lengths.iter().flat_map(|n| n.to_be_bytes()));
    bytes.extend(values);
    bytes
}

#[test]
fn idx_files_go_by_their_path_with_the_targets_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let floats: Vec<u8> = (0..12)
        .flat_map(|i| (0.25 * i as f32).to_be_bytes())
        .collect();
    let shorts: Vec<u8> = [-5i16, 300, 7]
        .iter()
        .flat_map(|i| i.to_be_bytes())
        .collect();
    write(
        folder.path(),
        &[
            ("train-images.idx4-float", idx(0x0D, &[3, 2, 2, 1], &floats)),
            ("train-labels.idx1-ubyte", idx(0x08, &[3], &[0, 2, 1])),
            (
                "test-images.idx4-float",
                idx(0x0D, &[1, 2, 2, 1], &floats[..16]),
            ),
            ("test-labels.idx1-ubyte", idx(0x08, &[1], &[2])),
            ("a-inputs.idx", idx(0x0B, &[3], &shorts)),
            ("a-targets.idx", idx(0x0D, &[3, 4], &floats)),
            ("alone-images.idx", idx(0x08, &[1], &[1])),
        ],
    );
    let of = |name: &str| {
        load(&Request {
            data: folder.path().join(name).display().to_string(),
            ..Request::default()
        })
    };
    let data = of("train-images.idx4-float").unwrap();
    assert_eq!(data.train.input_shape, Shape::new(&[2, 2, 1]));
    assert_eq!(
        data.train.inputs,
        Values::F32((0..12).map(|i| 0.25 * i as f32).collect())
    );
    assert_eq!(data.train.targets, Values::U8(vec![0, 2, 1]));
    assert_eq!(data.test.unwrap().targets, Values::U8(vec![2]));
    assert_eq!(data.seen.said.len(), 2, "{:?}", data.seen.said);
    let data = of("a-inputs.idx").unwrap();
    assert_eq!(data.train.inputs, Values::F32(vec![-5.0, 300.0, 7.0]));
    assert_eq!(
        (data.train.input_shape, data.train.target_shape),
        (Shape::new(&[1]), Shape::new(&[4]))
    );
    let told = told(&of("alone-images.idx").unwrap_err());
    assert!(told.contains("there are no targets beside"), "{told}");
    assert!(of("none-images.idx").unwrap_err().diagnostics[0].code == "E0503");
}
