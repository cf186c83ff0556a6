//! How the entries of a tensor lie: as here, which is as in Keras, or as in PyTorch.
//!
//! | | here | PyTorch |
//! | --- | --- | --- |
//! | dense kernel | `[in, out]` | `[out, in]` |
//! | convolution's kernel | `[kh, kw, in, out]` | `[out, in, kh, kw]` |
//! | transposed convolution's kernel | `[kh, kw, in, out]` | `[in, out, kh, kw]` |
//! | images | channels last | channels first |
//!
//! So the inputs of the first dense layer after a `flatten` of images stand in another order, too: (h, w, c) here,
//! (c, h, w) there.

use crate::tensor::Shape;

/// The program that wrote a tensor, as far as the order of its entries goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// As here.
    Bnnc,
    /// As PyTorch has them.
    Torch,
    /// As PyTorch has those of a transposed convolution.
    TorchTransposed,
}

/// Whether the inputs of a dense layer are the flattened values of images.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Flattened {
    /// They are not.
    #[default]
    No,
    /// Of images of this shape, `[height, width, channels]`.
    Images([usize; 3]),
    /// It cannot be told in which order another program has them; why, in words.
    Unknown(String),
}

/// What was done to the entries of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrangement {
    /// Nothing.
    Same,
    /// `[out, in]` to `[in, out]`.
    Transposed,
    /// The same, and the rows from channels first to channels last.
    TransposedRows,
    /// `[out, in, kh, kw]` to `[kh, kw, in, out]`.
    Convolution,
    /// `[in, out, kh, kw]` to `[kh, kw, in, out]`.
    TransposedConvolution,
    /// A norm's row of flattened images, from channels first to channels last.
    Row,
}

impl Flattened {
    /// Where PyTorch has each of so many values.
    fn columns(&self, len: usize) -> Vec<usize> {
        let column = |place: usize| match self {
            Flattened::Images([height, width, channels]) => {
                place % channels * (height * width) + place / channels
            }
            _ => place,
        };
        (0..len).map(column).collect()
    }
}

impl Layout {
    /// The word for it in a model.
    pub fn find(word: &str) -> Option<Layout> {
        match word {
            "bnnc" => Some(Layout::Bnnc),
            "torch" => Some(Layout::Torch),
            _ => None,
        }
    }

    /// The shape of the tensor that a parameter of `shape` starts from.
    pub fn shape(self, shape: &Shape) -> Shape {
        match (self, &shape.0[..]) {
            (Layout::Torch, [input, output]) => Shape::new(&[*output, *input]),
            (Layout::Torch, [cells @ .., input, output]) => {
                Shape([&[*output, *input], cells].concat())
            }
            (Layout::TorchTransposed, [cells @ .., input, output]) => {
                Shape([&[*input, *output], cells].concat())
            }
            _ => shape.clone(),
        }
    }

    /// The entries of a parameter of `shape` out of those of a tensor that lies so, and what was done to them.
    pub fn arrange(
        self,
        values: Vec<f64>,
        shape: &Shape,
        flattened: &Flattened,
    ) -> (Vec<f64>, Arrangement) {
        match (self, &shape.0[..]) {
            (Layout::Torch, [_]) => {
                let column = flattened.columns(values.len());
                let how = match column.is_sorted() {
                    true => Arrangement::Same,
                    false => Arrangement::Row,
                };
                (column.into_iter().map(|place| values[place]).collect(), how)
            }
            (Layout::Torch, [input, output]) => {
                let column = flattened.columns(*input);
                let how = match column.is_sorted() {
                    true => Arrangement::Transposed,
                    false => Arrangement::TransposedRows,
                };
                let rows = column.iter();
                let entries = rows.flat_map(|column| (0..*output).map(move |o| o * input + column));
                (entries.map(|place| values[place]).collect(), how)
            }
            (Layout::Torch | Layout::TorchTransposed, [cells @ .., input, output]) => {
                let cells: usize = cells.iter().product();
                let transposed = self == Layout::TorchTransposed;
                let channels = |i: usize, o: usize| match transposed {
                    true => i * output + o,
                    false => o * input + i,
                };
                let mut arranged = Vec::with_capacity(values.len());
                for cell in 0..cells {
                    for i in 0..*input {
                        let entries = (0..*output).map(|o| values[channels(i, o) * cells + cell]);
                        arranged.extend(entries);
                    }
                }
                let how = match transposed {
                    true => Arrangement::TransposedConvolution,
                    false => Arrangement::Convolution,
                };
                (arranged, how)
            }
            _ => (values, Arrangement::Same),
        }
    }
}

impl Arrangement {
    /// What was done, behind the tensor's name: ` [out, in], transposed`.
    pub fn words(self) -> &'static str {
        match self {
            Arrangement::Same => "",
            Arrangement::Transposed => " [out, in], transposed",
            Arrangement::TransposedRows => {
                " [out, in], transposed, its inputs from channels first to channels last"
            }
            Arrangement::Convolution => " [out, in, height, width], transposed",
            Arrangement::TransposedConvolution => " [in, out, height, width], transposed",
            Arrangement::Row => ", from channels first to channels last",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_goes_to_its_place() {
        // The entry of output o for input i is 10 o + i.
        let torch: Vec<f64> = (0..2)
            .flat_map(|o| (0..12).map(move |i| f64::from(10 * o + i)))
            .collect();
        let shape = Shape::new(&[12, 2]);
        let (plain, how) = Layout::Torch.arrange(torch.clone(), &shape, &Flattened::No);
        assert_eq!(
            (plain[2 * 5], plain[2 * 5 + 1], how),
            (5.0, 15.0, Arrangement::Transposed)
        );
        // Images of 2 rows, 3 columns and 2 channels: (h, w, c) = (1, 0, 1) is at 7 here, at 9 there.
        let images = Flattened::Images([2, 3, 2]);
        let (rows, how) = Layout::Torch.arrange(torch, &shape, &images);
        assert_eq!(
            (rows[2 * 7], rows[2 * 7 + 1], how),
            (9.0, 19.0, Arrangement::TransposedRows)
        );

        // Of a convolution: o, i, h, w are the digits.
        let digits =
            |o: usize, i: usize, h: usize, w: usize| (1000 * o + 100 * i + 10 * h + w) as f64;
        let mut torch = vec![];
        for (o, i) in (0..5).flat_map(|o| (0..4).map(move |i| (o, i))) {
            torch.extend((0..3).flat_map(|h| (0..2).map(move |w| digits(o, i, h, w))));
        }
        // The same numbers over one axis, and of a transposed convolution from 5 channels to 4.
        let shape = Shape::new(&[6, 5, 4]);
        assert_eq!(
            Layout::TorchTransposed.shape(&shape),
            Shape::new(&[5, 4, 6])
        );
        let (ours, _) = Layout::TorchTransposed.arrange(torch.clone(), &shape, &Flattened::No);
        assert_eq!(ours[(3 * 5 + 2) * 4 + 1], digits(2, 1, 1, 1));
        let shape = Shape::new(&[6, 4, 5]);
        assert_eq!(Layout::Torch.shape(&shape), Shape::new(&[5, 4, 6]));
        let (ours, _) = Layout::Torch.arrange(torch.clone(), &shape, &Flattened::No);
        assert_eq!(ours[(3 * 4 + 1) * 5 + 2], digits(2, 1, 1, 1));
        let shape = Shape::new(&[3, 2, 4, 5]);
        assert_eq!(Layout::Torch.shape(&shape), Shape::new(&[5, 4, 3, 2]));
        let (ours, _) = Layout::Torch.arrange(torch, &shape, &Flattened::No);
        for (h, w, i, o) in [(0, 0, 0, 0), (2, 1, 3, 4), (1, 0, 2, 3), (0, 1, 3, 0)] {
            assert_eq!(ours[((h * 2 + w) * 4 + i) * 5 + o], digits(o, i, h, w));
        }
    }
}
