//! ```text
//! y[.., c] = x[.., c]·m[c]/(1 − rate), m a zero, with probability rate, or one for each channel
//! ```
//!
//! `dropout` of whole channels: neighbouring positions say much the same, so that leaving out one of
//! them leaves little out. Tompson et al., 2015.

use super::{Layer, Operation, Sequences, ShapeError, dropout, norms};
use crate::signature::{Constants, Signature};
use crate::tensor::Shape;

/// Channels left out at random in training.
pub struct SpatialDropout;

impl Layer for SpatialDropout {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "spatial_dropout",
            summary: "in training each channel is left out at random at all its positions, and the others made larger",
            parameters: &[dropout::RATE],
        };
        &SIGNATURE
    }

    fn sequences(&self) -> Sequences {
        Sequences::EachStep
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "in training $y = x m/(1 - r)$ with an $m$ for each channel that is 0 with probability $r$, else 1; $y = x$ in \
         predictions [@tompson2015]"
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let [_, channels] = norms::positions_of(
            shape,
            "of which it leaves out all of a channel",
            "`dropout` leaves out single entries",
        )?;
        Ok(dropout::operation(arguments, shape, channels))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::function;
    use super::super::{Function, Reads};
    use super::*;
    use crate::signature::Constant;

    #[test]
    fn a_channel_is_left_out_at_all_positions() {
        let arguments = Constants(vec![("rate", Constant::Number(0.5))]);
        let dropout = function(&SpatialDropout, &arguments, &Shape::new(&[2, 2]));
        let reads = Reads {
            x: &[&[1.0, 2.0, 3.0, 4.0]],
            parameters: &[],
            mask: &[0.0, 1.0],
        };
        let mut y = [f64::NAN; 4];
        Function::forward(&*dropout, reads, &mut y, &mut []);
        assert_eq!(y, [0.0, 4.0, 0.0, 8.0]);
    }
}
