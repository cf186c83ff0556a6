//! NumPy's `.npy` format: reads versions 1 to 3 of the kinds of numbers and text that data sets hold, writes float64
//! and text.
//!
//! The header is text. The reader looks for the three keys that NumPy writes and for nothing else, and
//! checks every product of lengths for overflow.
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>

mod contents;
mod write;

pub(crate) use contents::{Contents, read_contents};
pub use write::text_width;
pub(crate) use write::{encode, encode_texts, header};

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

#[cfg(test)]
mod tests {
    use super::super::Values;
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
        match read_contents(&header, &mut bytes)? {
            Contents::Numbers(values) => Ok((header.shape, values)),
            Contents::Texts(_) => Err("it holds text".into()),
        }
    }

    fn texts(mut bytes: &[u8]) -> Result<Vec<String>, String> {
        let header = read_header(&mut bytes)?;
        match read_contents(&header, &mut bytes)? {
            Contents::Numbers(_) => Err("it holds numbers".into()),
            Contents::Texts(texts) => Ok(texts),
        }
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
        // 1.5, as the 16 bits of IEEE 754.
        assert_eq!(one("<f2", &[0x00, 0x3E]), Ok(Values::F32(vec![1.5])));
        assert_eq!(one(">f2", &[0xC0, 0x00]), Ok(Values::F32(vec![-2.0])));
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
    fn texts_of_both_kinds_and_byte_orders() {
        let array = |kind: &str, values: &[u8]| {
            let header =
                format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': (2,), }}\n");
            texts(&array(&header, values))
        };
        let expected = Ok(vec!["é".to_owned(), "bc".to_owned()]);
        let little: Vec<u8> = [0xE9u32, 0, 0x62, 0x63]
            .iter()
            .flat_map(|c| c.to_le_bytes())
            .collect();
        let big: Vec<u8> = little
            .chunks(4)
            .flat_map(|c| c.iter().rev().copied())
            .collect();
        assert_eq!(array("<U2", &little), expected);
        assert_eq!(array(">U2", &big), expected);
        assert_eq!(array("|S2", "ébc".as_bytes()), expected);
        // Bytes that are not UTF-8 are Latin-1.
        assert_eq!(array("|S2", b"\xE9\0bc"), expected);
        assert!(array("<U0", b"").is_err());
        assert!(array("<U1", &[0xFF; 8]).unwrap_err().contains("no Unicode"));
        assert!(array("<U99999999999999999999", &[]).is_err());
        assert!(array("<U4611686018427387904", &[]).is_err());
    }

    #[test]
    fn texts_are_written_as_numpy_has_them() {
        let names = ["a", "", "Zoë"].map(str::to_owned);
        let bytes = encode_texts(&names).unwrap();
        let mut rest = &bytes[..];
        let header = read_header(&mut rest).unwrap();
        assert_eq!((&header.kind[..], &header.shape[..]), ("<U3", &[3][..]));
        assert_eq!(rest.len(), 3 * 3 * 4);
        assert_eq!(texts(&bytes), Ok(names.to_vec()));
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
            let _ = texts(&bytes);
        }

        #[test]
        fn no_header_panics(
            kind in "[<>|=]?[uifbcUS]?[0-9]{0,2}",
            order in "True|False|x",
            shape in "[(]?[0-9, ]{0,12}[)]?",
            values in proptest::collection::vec(any::<u8>(), 0..50),
        ) {
            let header = format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}");
            let _ = read(&array(&header, &values));
            let _ = texts(&array(&header, &values));
        }
    }
}
