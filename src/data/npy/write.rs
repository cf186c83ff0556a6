//! Writing `.npy`: float64 and text.

use super::MAGIC;
use crate::memory::available;
use crate::words::bytes;
use std::io;

/// An array of float64 as the bytes of a `.npy` file, its last axis innermost.
pub(crate) fn encode(shape: &[usize], values: &[f64]) -> Vec<u8> {
    assert_eq!(shape.iter().product::<usize>(), values.len());
    let mut bytes = header("<f8", shape, 8 * values.len());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// An array of one text a row as the bytes of a `.npy` file: each is as wide as the longest, four bytes a character.
///
/// # Errors
///
/// Where that takes more than the memory.
pub(crate) fn encode_texts(texts: &[String]) -> io::Result<Vec<u8>> {
    let lengths = texts.iter().map(|text| text.chars().count());
    let width = text_width(lengths.max().unwrap_or(0), texts.len())?;
    let room = 4 * width * texts.len();
    let mut all = header(&format!("<U{width}"), &[texts.len()], room);
    for text in texts {
        let end = all.len() + 4 * width;
        all.extend(text.chars().flat_map(|c| u32::from(c).to_le_bytes()));
        all.resize(end, 0);
    }
    Ok(all)
}

/// How many characters each text of an array has, where the longest of `count` has `longest`.
///
/// # Errors
///
/// Where the array takes more than the memory of this machine.
pub fn text_width(longest: usize, count: usize) -> io::Result<usize> {
    let width = longest.max(1);
    let needed = (4 * width as u64).saturating_mul(count as u64);
    if available().is_some_and(|available| needed > available) {
        let text = format!(
            "as an array of text, {count} of at most {width} characters take {}",
            bytes(needed)
        );
        return Err(io::Error::other(text));
    }
    Ok(width)
}

/// The bytes before the values, with room for so many more.
pub(crate) fn header(kind: &str, shape: &[usize], values: usize) -> Vec<u8> {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    // Python writes a tuple of one with a comma.
    let comma = if shape.len() == 1 { "," } else { "" };
    let axes = format!("({}{comma})", lengths.join(", "));
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {axes}, }}");
    // The values begin at a multiple of 64 bytes: magic, version, length and header fill what is before.
    let before = (MAGIC.len() + 4 + header.len() + 1).next_multiple_of(64);
    let length = before - MAGIC.len() - 4;
    let mut bytes = Vec::with_capacity(before + values);
    bytes.extend(MAGIC);
    bytes.extend([1, 0]);
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = length - 1).as_bytes());
    bytes
}
