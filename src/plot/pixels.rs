//! Images of examples: as PNG, and as text that a page holds.

use std::io::Cursor;

/// An image.
#[derive(Debug, Clone, PartialEq)]
pub struct Pixels {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Rows from the top, channels last.
    pub bytes: Vec<u8>,
}

impl Pixels {
    /// An image out of an example's numbers: rows, columns and, where there are several, channels. `None` for a shape
    /// that is no image. Bytes are taken as they are, other numbers between the smallest and the largest of
    /// `range`.
    pub fn of(shape: &[usize], numbers: &[f64], [low, high]: [f64; 2]) -> Option<Pixels> {
        let (height, width, channels) = match *shape {
            [height, width] => (height, width, 1),
            [height, width, channels @ (1 | 3)] => (height, width, channels),
            _ => return None,
        };
        // A row or a column of numbers is no picture of anything.
        if width < 4 || height < 4 {
            return None;
        }
        let byte = |x: &f64| (255.0 * (x - low) / (high - low)).round().clamp(0.0, 255.0) as u8;
        Some(Pixels {
            width,
            height,
            channels,
            bytes: numbers.iter().map(byte).collect(),
        })
    }

    /// The colour of a pixel.
    pub fn rgb(&self, row: usize, column: usize) -> [u8; 3] {
        let at = (row * self.width + column) * self.channels;
        match self.channels {
            1 => [self.bytes[at]; 3],
            _ => [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2]],
        }
    }

    /// As a PNG file.
    pub fn png(&self) -> Vec<u8> {
        let mut out = vec![];
        let mut encoder =
            png::Encoder::new(Cursor::new(&mut out), self.width as u32, self.height as u32);
        encoder.set_color(match self.channels {
            1 => png::ColorType::Grayscale,
            _ => png::ColorType::Rgb,
        });
        encoder.set_depth(png::BitDepth::Eight);
        let written = encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&self.bytes));
        written.expect("memory takes all that is written");
        out
    }
}

/// Bytes as a page holds them (RFC 4648).
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let all = three
            .iter()
            .fold(0u32, |all, byte| all << 8 | u32::from(*byte));
        let all = all << (8 * (3 - three.len()));
        for digit in 0..4 {
            match digit <= three.len() {
                true => out.push(char::from(DIGITS[(all >> (18 - 6 * digit) & 63) as usize])),
                false => out.push('='),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of RFC 4648, section 10.
    #[test]
    fn bytes_are_text() {
        let texts = ["", "f", "fo", "foo", "foob", "fooba", "foobar"];
        let found = texts.map(|text| base64(text.as_bytes()));
        assert_eq!(
            found,
            [
                "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"
            ]
        );
    }

    #[test]
    fn an_image_comes_back_out_of_its_file() {
        let numbers: Vec<f64> = (0..48).map(|x| f64::from(x) * 5.0).collect();
        let image = Pixels::of(&[4, 4, 3], &numbers, [0.0, 255.0]).unwrap();
        assert_eq!(image.rgb(1, 0), [60, 65, 70]);
        let mut reader = png::Decoder::new(Cursor::new(image.png()))
            .read_info()
            .unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut bytes).unwrap();
        assert_eq!(bytes, image.bytes);
        assert_eq!(Pixels::of(&[8], &[0.0; 8], [0.0, 1.0]), None);
    }
}
