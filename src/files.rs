//! Opening files. Only regular files are read: a device or a pipe may never end, and what does not fit the memory
//! is refused before it is read. And the numbers in them that no type of Rust stands for.

use crate::memory::available;
use crate::words::bytes;
use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// A model file or a run file is at most this long.
const LONGEST_TEXT: u64 = 16 << 20;

/// Opens a file to read.
///
/// # Errors
///
/// As [`File::open`]; for a device, a pipe or a socket.
pub fn open(path: &Path) -> Result<File> {
    let kind = path.metadata()?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        let why = "it is a device or a pipe, and only regular files are read";
        return Err(Error::new(ErrorKind::InvalidInput, why));
    }
    // A folder has an error of its own.
    File::open(path)
}

/// All of a file.
///
/// # Errors
///
/// As [`open`]; for a file larger than the memory.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    up_to(path, available().unwrap_or(u64::MAX), "memory")
}

/// All of a file of text in UTF-8.
///
/// # Errors
///
/// As [`read`]; for another encoding, with its name where it shows.
pub fn text(path: &Path) -> Result<String> {
    decoded(read(path)?)
}

/// All of a file that a person writes: a model, or the settings of a run.
///
/// # Errors
///
/// As [`text`]; for a file of more than 16 MiB.
pub fn written(path: &Path) -> Result<String> {
    decoded(up_to(path, LONGEST_TEXT, "longest text that is read")?)
}

fn up_to(path: &Path, most: u64, what: &str) -> Result<Vec<u8>> {
    let file = open(path)?;
    let length = file.metadata()?.len();
    if length > most {
        let why = format!("it has {}, and the {what} {}", bytes(length), bytes(most));
        return Err(Error::new(ErrorKind::FileTooLarge, why));
    }
    let mut all = Vec::with_capacity(length as usize);
    file.take(most).read_to_end(&mut all)?;
    Ok(all)
}

/// The number that 16 bits of IEEE 754 stand for: a sign, five bits of exponent, ten of mantissa.
pub fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let (exponent, mantissa) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => mantissa * (-24f64).exp2(),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + mantissa) * f64::from(exponent - 25).exp2(),
    }
}

fn decoded(bytes: Vec<u8>) -> Result<String> {
    let looks_like = match &bytes[..] {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "UTF-16",
        [_, 0, ..] | [0, _, ..] => "UTF-16 or no text",
        _ => "Latin-1",
    };
    String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        let byte = error.as_bytes()[place];
        let why = format!(
            "byte {place} is 0x{byte:02X}, which is not UTF-8: it looks like {looks_like}; save it as UTF-8"
        );
        Error::new(ErrorKind::InvalidData, why)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn what_never_ends_is_not_opened() {
        let error = read(Path::new("/dev/zero")).unwrap_err();
        assert!(error.to_string().contains("only regular files"), "{error}");
    }

    #[test]
    fn a_longer_file_is_refused_with_both_sizes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.bnn");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let error = written(&path).unwrap_err().to_string();
        assert_eq!(
            error,
            "it has 1024 GiB, and the longest text that is read 16 MiB"
        );
    }

    #[test]
    fn another_encoding_is_named() {
        for (bytes, name) in [(&b"\xFF\xFEm\0"[..], "UTF-16"), (b"caf\xE9", "Latin-1")] {
            let error = decoded(bytes.to_vec()).unwrap_err().to_string();
            assert!(error.contains(&format!("looks like {name}")), "{error}");
        }
        assert_eq!(decoded("é".into()).unwrap(), "é");
    }
}
