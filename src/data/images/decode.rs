//! From the file of an image to 8 bits a channel, in grey or in red, green and blue.

use crate::data::error::{corrupt, unreadable};
use crate::diagnostic::{Failure, Result};
use crate::memory;
use crate::tensor::Shape;
use png::{BitDepth, ColorType, Transformations};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
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
    /// Whether its EXIF says that it is to be turned or mirrored where it is shown.
    pub(super) is_turned: bool,
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

/// An image whose first bytes are read. The decoders are large.
enum Opened {
    Png(Box<png::Reader<BufReader<File>>>),
    Jpeg(Box<JpegDecoder<BufReader<File>>>),
}

/// Opens the image at `path`; its first bytes tell what it is, whatever its name ends with.
fn open(path: &Path) -> Result<Opened> {
    let file = crate::files::open(path).map_err(|e| unreadable(path, "open", &e))?;
    let mut reader = BufReader::new(file);
    let start = reader
        .fill_buf()
        .map_err(|e| unreadable(path, "read", &e))?;
    if start.starts_with(b"\x89PNG") {
        let mut decoder = png::Decoder::new(reader);
        decoder.set_transformations(Transformations::normalize_to_color8());
        let reader = decoder.read_info().map_err(|e| damaged(path, &e))?;
        return Ok(Opened::Png(Box::new(reader)));
    }
    // Strict, as the decoder makes up what is missing of a damaged image otherwise; without instructions that only some
    // machines have, as its pixels are to be the same on all.
    let options = DecoderOptions::new_safe().set_strict_mode(true);
    let mut decoder = JpegDecoder::new_with_options(reader, options);
    decoder.decode_headers().map_err(|e| damaged(path, &e))?;
    let colours = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => ColorSpace::Luma,
        _ => ColorSpace::RGB,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    Ok(Opened::Jpeg(Box::new(decoder)))
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    corrupt(path, "is no PNG and no JPEG image, or is damaged")
        .note(error.to_string().trim_end())
        .into()
}

/// What the first bytes of the image at `path` say.
///
/// # Errors
///
/// `E0503` for a file that cannot be read, `E0504` for one that is no image.
pub(super) fn header(path: &Path) -> Result<Header> {
    Ok(match open(path)? {
        Opened::Png(reader) => {
            let info = reader.info();
            Header {
                height: info.height as usize,
                width: info.width as usize,
                in_colour: info.color_type as u8 & 2 != 0,
                is_wide: info.bit_depth == BitDepth::Sixteen,
                is_transparent: info.color_type as u8 & 4 != 0 || info.trns.is_some(),
                is_turned: info.exif_metadata.as_deref().is_some_and(is_turned),
            }
        }
        Opened::Jpeg(decoder) => {
            let (width, height) = decoder.dimensions().unwrap_or_default();
            Header {
                height,
                width,
                in_colour: decoder.input_colorspace() != Some(ColorSpace::Luma),
                is_wide: false,
                is_transparent: false,
                is_turned: decoder.exif().is_some_and(|exif| is_turned(exif)),
            }
        }
    })
}

/// Whether the orientation that EXIF has is another than that of the pixels.
fn is_turned(exif: &[u8]) -> bool {
    orientation(exif).is_some_and(|way| (2..=8).contains(&way))
}

/// The orientation in EXIF, which is TIFF without pixels: a list of fields of 12 bytes.
fn orientation(exif: &[u8]) -> Option<u16> {
    const ORIENTATION: u16 = 0x0112;
    let is_little = exif.starts_with(b"II");
    let short = |at: usize| {
        let bytes = exif.get(at..at + 2)?.try_into().ok()?;
        Some(if is_little {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    };
    let (first, second) = (usize::from(short(4)?), usize::from(short(6)?));
    let start = match is_little {
        true => second << 16 | first,
        false => first << 16 | second,
    };
    let mut fields = (0..usize::from(short(start)?)).map(|field| start + 2 + 12 * field);
    let field = fields.find(|at| short(*at) == Some(ORIENTATION))?;
    short(field + 8)
}

/// Decodes the image at `path`, which is of the height, width and channels that `shape` says, into `out`.
///
/// # Errors
///
/// As [`header`]; for what does not fit the memory.
pub(super) fn decode(path: &Path, shape: &Shape, out: &mut [u8]) -> Result<()> {
    let (pixels, from) = pixels(path, open(path)?)?;
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

/// The pixels of an image, and how many channels they have.
fn pixels(path: &Path, image: Opened) -> Result<(Vec<u8>, usize)> {
    let size = match &image {
        Opened::Png(reader) => reader.output_buffer_size(),
        Opened::Jpeg(decoder) => decoder.output_buffer_size(),
    };
    let size = size.unwrap_or(usize::MAX);
    let what = format!("`{}`", path.display());
    memory::refuse(&what, size as u64, "make it smaller")?;
    let mut pixels = vec![0; size];
    let channels = match image {
        Opened::Png(mut reader) => {
            let read = reader.next_frame(&mut pixels);
            read.map_err(|e| damaged(path, &e))?;
            reader.finish().map_err(|e| damaged(path, &e))?;
            match reader.output_color_type().0 {
                ColorType::Grayscale | ColorType::Indexed => 1,
                ColorType::GrayscaleAlpha => 2,
                ColorType::Rgb => 3,
                ColorType::Rgba => 4,
            }
        }
        Opened::Jpeg(mut decoder) => {
            let read = decoder.decode_into(&mut pixels);
            read.map_err(|e| damaged(path, &e))?;
            match decoder.input_colorspace() {
                Some(ColorSpace::Luma) => 1,
                _ => 3,
            }
        }
    };
    Ok((pixels, channels))
}
