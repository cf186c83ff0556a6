//! NumPy's `.npy` format: reads versions 1 to 3 of the kinds of numbers that data sets hold, writes float64.
//!
//! The header is text. The reader looks for the three keys that NumPy writes and for nothing else, and
//! checks every product of lengths for overflow.
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>

use super::Values;
use crate::memory::available;
use crate::words::bytes;
use std::io::Read;

/// The header of one array.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Header {
    /// As written: `<f4`.
    pub kind: String,
    /// Whether the first axis is the innermost.
    pub fortran: bool,
    /// The axis lengths.
    pub shape: Vec<usize>,
    /// Their product.
    pub len: usize,
}

/// Every array begins with these bytes.
const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Longer headers are refused. NumPy writes about a hundred bytes.
const LONGEST_HEADER: u32 = 1 << 16;

/// Reads the header; the reader is left at the first value. The error is a sentence.
pub(crate) fn read_header(reader: &mut impl Read) -> Result<Header, String> {
    let mut start = [0; 8];
    reader
        .read_exact(&mut start)
        .map_err(|e| format!("it ends within the header: {e}"))?;
    if &start[..6] != MAGIC || !(1..=3).contains(&start[6]) {
        return Err("it does not begin as a NumPy array does".into());
    }
    let mut length = [0; 4];
    let width = if start[6] == 1 { 2 } else { 4 };
    reader
        .read_exact(&mut length[..width])
        .map_err(|e| format!("it ends within the header: {e}"))?;
    let length = u32::from_le_bytes(length);
    if length > LONGEST_HEADER {
        return Err(format!("its header is {length} bytes long"));
    }
    let mut text = vec![0; length as usize];
    reader
        .read_exact(&mut text)
        .map_err(|e| format!("it ends within the header: {e}"))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    parse(&text).ok_or_else(|| format!("its header is not an array's: `{}`", text.trim()))
}

/// `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`
fn parse(text: &str) -> Option<Header> {
    let after = |key: &str| Some(text.split_once(&format!("'{key}':"))?.1.trim_start());
    // A record's fields are a list, any other kind is a word in quotes.
    let described = after("descr")?;
    let kind = match described.strip_prefix('\'') {
        Some(word) => word.split_once('\'')?.0,
        None => &described[..=described.find(']')?],
    };
    let order = after("fortran_order")?;
    let fortran = order.starts_with("True");
    if !fortran && !order.starts_with("False") {
        return None;
    }
    let axes = after("shape")?.strip_prefix('(')?.split_once(')')?.0;
    let lengths = axes
        .split(',')
        .map(str::trim)
        .filter(|axis| !axis.is_empty());
    let shape: Vec<usize> = lengths
        .map(|axis| axis.parse().ok())
        .collect::<Option<_>>()?;
    let len = shape
        .iter()
        .try_fold(1usize, |all, n| all.checked_mul(*n))?;
    // The product of every tail is computed later; with an axis of 0 only the whole is bounded here.
    shape
        .iter()
        .filter(|n| **n > 0)
        .try_fold(1usize, |all, n| all.checked_mul(*n))?;
    Some(Header {
        kind: kind.to_string(),
        fortran,
        shape,
        len,
    })
}

/// Reads the values that follow `header`, innermost axis last. The error is a sentence.
pub(crate) fn read_values(header: &Header, reader: &mut impl Read) -> Result<Values, String> {
    let unknown = || not_numbers(&header.kind);
    let mut symbols = header.kind.chars();
    let big = match symbols.next() {
        Some('>') => true,
        Some('<' | '|' | '=') => false,
        _ => return Err(unknown()),
    };
    let kind = symbols.as_str();
    let width = match kind {
        "b1" | "u1" | "i1" => 1,
        "u2" | "i2" => 2,
        "u4" | "i4" | "f4" => 4,
        "u8" | "i8" | "f8" => 8,
        _ => return Err(unknown()),
    };
    let expected = header.len.checked_mul(width).ok_or_else(unknown)?;
    // A compressed member may hold a thousand times its own length.
    if let Some(available) = available().filter(|available| expected as u64 > *available) {
        return Err(format!(
            "its values take {}, and this machine has {} of memory",
            bytes(expected as u64),
            bytes(available)
        ));
    }
    let mut values = vec![];
    reader
        .by_ref()
        .take(expected as u64)
        .read_to_end(&mut values)
        .map_err(|e| e.to_string())?;
    if values.len() != expected {
        return Err(format!(
            "expected {expected} bytes of values, found {}",
            values.len()
        ));
    }
    // An archive's member has its checksum compared where its end is met.
    match reader.read(&mut [0]) {
        Ok(0) => {}
        Ok(_) => return Err("it is longer than its header says".into()),
        Err(error) => return Err(error.to_string()),
    }
    macro_rules! convert {
        ($from:ty, $to:ty) => {
            values
                .chunks_exact(size_of::<$from>())
                .map(|b| {
                    let b = b.try_into().expect("a chunk of that size");
                    (if big {
                        <$from>::from_be_bytes(b)
                    } else {
                        <$from>::from_le_bytes(b)
                    }) as $to
                })
                .collect()
        };
    }
    let values = match kind {
        "u1" | "b1" => Values::U8(values),
        "f4" => Values::F32(convert!(f32, f32)),
        "f8" => Values::F64(convert!(f64, f64)),
        "u2" => Values::F64(convert!(u16, f64)),
        "u4" => Values::F64(convert!(u32, f64)),
        "u8" => Values::F64(convert!(u64, f64)),
        "i1" => Values::F64(convert!(i8, f64)),
        "i2" => Values::F64(convert!(i16, f64)),
        "i4" => Values::F64(convert!(i32, f64)),
        "i8" => Values::F64(convert!(i64, f64)),
        _ => return Err(unknown()),
    };
    if !header.fortran || header.shape.len() < 2 || header.len == 0 {
        return Ok(values);
    }
    Ok(values.rows(&transposed(&header.shape), 1))
}

/// The message for a kind that [`read_values`] does not convert.
fn not_numbers(kind: &str) -> String {
    let held = match kind.trim_start_matches(['<', '>', '|', '=']).chars().next() {
        Some('O') => "Python objects",
        Some('U' | 'S') => "text",
        Some('c') => "complex numbers",
        Some('M' | 'm') => "dates or times",
        Some('V' | '[') => "records",
        _ => "numbers of another kind",
    };
    format!(
        "it holds {held} (`{kind}`), expected booleans (b1), integers of 1 to 8 bytes (u1 to u8, i1 to i8) \
         or floats of 4 or 8 bytes (f4, f8)"
    )
}

/// An array of float64 as the bytes of a `.npy` file, its last axis innermost.
pub(crate) fn encode(shape: &[usize], values: &[f64]) -> Vec<u8> {
    assert_eq!(shape.iter().product::<usize>(), values.len());
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    // Python writes a tuple of one with a comma.
    let comma = if shape.len() == 1 { "," } else { "" };
    let axes = format!("({}{comma})", lengths.join(", "));
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {axes}, }}");
    // The values begin at a multiple of 64 bytes: magic, version, length and header fill what is before.
    let before = (MAGIC.len() + 4 + header.len() + 1).next_multiple_of(64);
    let length = before - MAGIC.len() - 4;
    let mut bytes = Vec::with_capacity(before + 8 * values.len());
    bytes.extend(MAGIC);
    bytes.extend([1, 0]);
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = length - 1).as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// For each place of an array of `shape` with its last axis innermost, where it is found in one with
/// its first axis innermost.
fn transposed(shape: &[usize]) -> Vec<usize> {
    let mut places = vec![0];
    let mut stride = 1;
    for &length in shape {
        places = places
            .iter()
            .flat_map(|&p| (0..length).map(move |i| p + i * stride))
            .collect();
        stride *= length;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn array(header: &str, values: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(values);
        bytes
    }

    fn read(mut bytes: &[u8]) -> Result<(Vec<usize>, Values), String> {
        let header = read_header(&mut bytes)?;
        Ok((header.shape.clone(), read_values(&header, &mut bytes)?))
    }

    #[test]
    fn kinds_and_byte_orders() {
        let one = |kind: &str, values: &[u8]| {
            let header =
                format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': (1,), }}\n");
            read(&array(&header, values)).map(|(_, values)| values)
        };
        assert_eq!(one("|u1", &[200]), Ok(Values::U8(vec![200])));
        assert_eq!(one("|i1", &[200]), Ok(Values::F64(vec![-56.0])));
        assert_eq!(one("<i2", &[1, 2]), Ok(Values::F64(vec![513.0])));
        assert_eq!(one(">i2", &[1, 2]), Ok(Values::F64(vec![258.0])));
        assert_eq!(
            one("<i8", &(-5i64).to_le_bytes()),
            Ok(Values::F64(vec![-5.0]))
        );
        assert_eq!(
            one("<f4", &1.5f32.to_le_bytes()),
            Ok(Values::F32(vec![1.5]))
        );
        assert_eq!(
            one(">f8", &1.5f64.to_be_bytes()),
            Ok(Values::F64(vec![1.5]))
        );
        assert!(
            one("<c8", &[0; 8])
                .unwrap_err()
                .contains("complex numbers (`<c8`)")
        );
        assert_eq!(
            one("<f8", &[0; 7]).unwrap_err(),
            "expected 8 bytes of values, found 7"
        );
    }

    #[test]
    fn a_first_axis_innermost_is_put_right() {
        let header = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }";
        assert_eq!(
            read(&array(header, &[0, 3, 1, 4, 2, 5])),
            Ok((vec![2, 3], Values::U8(vec![0, 1, 2, 3, 4, 5])))
        );
    }

    /// What `numpy.save` writes for `numpy.array([[1.5], [-2.0]])`.
    #[test]
    fn the_bytes_are_those_of_numpy() {
        let mut expected = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }";
        expected.extend(format!("{header:<117}\n").as_bytes());
        expected.extend([0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0]);
        assert_eq!(encode(&[2, 1], &[1.5, -2.0]), expected);
    }

    #[test]
    fn lengths_that_overflow_are_refused() {
        for shape in ["(4294967296, 4294967296, 4)", "(0, 9223372036854775807, 8)"] {
            let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}");
            assert!(read(&array(&header, &[])).is_err(), "{shape}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read(
            (shape, values) in proptest::collection::vec(0usize..5, 0..4).prop_flat_map(|shape| {
                let len = shape.iter().product::<usize>();
                (Just(shape), proptest::collection::vec(any::<f64>(), len))
            }),
        ) {
            let bytes = encode(&shape, &values);
            prop_assert_eq!((bytes.len() - 8 * values.len()) % 64, 0);
            prop_assert_eq!(read(&bytes), Ok((shape, Values::F64(values))));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = read(&bytes);
        }

        #[test]
        fn no_header_panics(
            kind in "[<>|=]?[uifbc]?[0-9]{0,2}",
            order in "True|False|x",
            shape in "[(]?[0-9, ]{0,12}[)]?",
            values in proptest::collection::vec(any::<u8>(), 0..50),
        ) {
            let header = format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}");
            let _ = read(&array(&header, &values));
        }
    }
}
