//! From the file of an image to 8 bits a channel, in grey or in red, green and blue.

use crate::data::error::{corrupt, unreadable};
use crate::diagnostic::{Failure, Result};
use crate::memory;
use crate::tensor::Shape;
use png::{BitDepth, ColorType, Transformations};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// What the first bytes of an image say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) in_colour: bool,
    /// Whether a channel has 16 bits.
    pub(super) is_wide: bool,
    pub(super) is_transparent: bool,
}

/// Whether the name of a file ends as that of an image.
pub(super) fn is_image(path: &Path) -> bool {
    let extension = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    ["png", "jpg", "jpeg"].contains(&&*extension)
}

fn is_png(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("png"))
}

fn damaged(path: &Path, what: &str, error: &dyn std::fmt::Display) -> Failure {
    corrupt(path, format!("is not a {what} image, or is damaged"))
        .note(error.to_string())
        .into()
}

/// What the first bytes of the image at `path` say.
///
/// # Errors
///
/// `E0503` for a file that cannot be read, `E0504` for one that is no image.
pub(super) fn header(path: &Path) -> Result<Header> {
    match is_png(path) {
        true => {
            let reader = open_png(path)?;
            let info = reader.info();
            Ok(Header {
                height: info.height as usize,
                width: info.width as usize,
                in_colour: info.color_type as u8 & 2 != 0,
                is_wide: info.bit_depth == BitDepth::Sixteen,
                is_transparent: info.color_type as u8 & 4 != 0 || info.trns.is_some(),
            })
        }
        false => {
            let bytes = crate::files::read(path).map_err(|e| unreadable(path, "open", &e))?;
            let decoder = open_jpeg(path, &bytes)?;
            let (width, height) = decoder.dimensions().unwrap_or_default();
            Ok(Header {
                height,
                width,
                in_colour: decoder.input_colorspace() != Some(ColorSpace::Luma),
                is_wide: false,
                is_transparent: false,
            })
        }
    }
}

/// Decodes the image at `path`, which is of the height, width and channels that `shape` says, into `out`.
///
/// # Errors
///
/// As [`header`]; for what does not fit the memory.
pub(super) fn decode(path: &Path, shape: &Shape, out: &mut [u8]) -> Result<()> {
    let (pixels, from) = match is_png(path) {
        true => decode_png(path)?,
        false => decode_jpeg(path)?,
    };
    let to = shape.0[2];
    // The file was looked at before, and may be another one now.
    if pixels.len() / from != shape.0[0] * shape.0[1] {
        return Err(corrupt(path, "has changed while it was read").into());
    }
    for (out, pixel) in out.chunks_exact_mut(to).zip(pixels.chunks_exact(from)) {
        match (pixel, to) {
            ([red, green, blue, ..], 1) => out[0] = grey([*red, *green, *blue]),
            ([red, green, blue, ..], _) => out.copy_from_slice(&[*red, *green, *blue]),
            ([grey, ..], _) => out.fill(*grey),
            ([], _) => {}
        }
    }
    Ok(())
}

/// The luma of ITU-R 601, rounded.
fn grey([red, green, blue]: [u8; 3]) -> u8 {
    let [red, green, blue] = [red, green, blue].map(u32::from);
    ((299 * red + 587 * green + 114 * blue + 500) / 1000) as u8
}

fn open_png(path: &Path) -> Result<png::Reader<BufReader<File>>> {
    let file = crate::files::open(path).map_err(|e| unreadable(path, "open", &e))?;
    let mut decoder = png::Decoder::new(BufReader::new(file));
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.read_info().map_err(|e| damaged(path, "PNG", &e))
}

/// The pixels of a PNG, and how many channels they have.
fn decode_png(path: &Path) -> Result<(Vec<u8>, usize)> {
    let mut reader = open_png(path)?;
    let size = reader.output_buffer_size().unwrap_or(usize::MAX);
    memory::refuse(
        &format!("`{}`", path.display()),
        size as u64,
        "make it smaller",
    )?;
    let mut pixels = vec![0; size];
    reader
        .next_frame(&mut pixels)
        .map_err(|e| damaged(path, "PNG", &e))?;
    reader.finish().map_err(|e| damaged(path, "PNG", &e))?;
    let channels = match reader.output_color_type().0 {
        ColorType::Grayscale | ColorType::Indexed => 1,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgb => 3,
        ColorType::Rgba => 4,
    };
    Ok((pixels, channels))
}

fn open_jpeg<'a>(path: &Path, bytes: &'a [u8]) -> Result<JpegDecoder<ZCursor<&'a [u8]>>> {
    // Else what is missing of a damaged image is made up.
    let options = DecoderOptions::new_safe().set_strict_mode(true);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder
        .decode_headers()
        .map_err(|e| damaged(path, "JPEG", &e))?;
    let colours = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => ColorSpace::Luma,
        _ => ColorSpace::RGB,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    Ok(decoder)
}

/// The pixels of a JPEG, and how many channels they have.
fn decode_jpeg(path: &Path) -> Result<(Vec<u8>, usize)> {
    let bytes = crate::files::read(path).map_err(|e| unreadable(path, "open", &e))?;
    let mut decoder = open_jpeg(path, &bytes)?;
    let size = decoder.output_buffer_size().unwrap_or(usize::MAX);
    memory::refuse(
        &format!("`{}`", path.display()),
        size as u64,
        "make it smaller",
    )?;
    let channels = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => 1,
        _ => 3,
    };
    let pixels = decoder.decode().map_err(|e| damaged(path, "JPEG", &e))?;
    Ok((pixels, channels))
}
