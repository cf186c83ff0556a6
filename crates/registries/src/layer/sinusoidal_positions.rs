//! ```text
//! y[t, 2i]     = x[t, 2i]     + sin(t/10000^(2i/C))        dx = dy
//! y[t, 2i + 1] = x[t, 2i + 1] + cos(t/10000^(2i/C))
//! ```
//!
//! Vaswani et al. 2017, section 3.5: waves whose lengths grow from 2π to 10000·2π steps over the C channels.

use super::positions::steps;
use super::{AnyMap, Layer, Map, Operation, Sequences, ShapeError};
use crate::signature::{Constants, Signature};
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// Sines and cosines of the step, added.
pub struct SinusoidalPositions;

impl Layer for SinusoidalPositions {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "sinusoidal_positions",
            summary: "sines and cosines of the step, of another wave length in each pair of channels, added to it",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "sinusoidal position encodings [@vaswani2017], added to each step"
    }

    fn sequences(&self) -> Sequences {
        Sequences::EachStep
    }

    fn build(&self, _: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let [steps, channels] = steps(shape)?;
        let waves = (0..steps).flat_map(|step| (0..channels).map(move |c| wave(step, c, channels)));
        Ok(Operation::Map(Arc::new(Waves {
            shape: shape.clone(),
            added: waves.collect(),
        })))
    }
}

/// What is added at a step to a channel.
fn wave(step: usize, channel: usize, channels: usize) -> f64 {
    let power = (channel - channel % 2) as f64 / channels as f64;
    let angle = step as f64 / 10_000f64.powf(power);
    match channel % 2 {
        0 => angle.sin(),
        _ => angle.cos(),
    }
}

struct Waves {
    shape: Shape,
    added: Vec<f64>,
}

impl AnyMap for Waves {
    fn output(&self) -> Shape {
        self.shape.clone()
    }

    fn needs_input(&self) -> bool {
        false
    }

    /// What is added depends on the entry's place.
    fn elementwise(&self) -> bool {
        false
    }
}

impl<T: Real> Map<T> for Waves {
    fn forward(&self, x: &[T], y: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || {
                for ((y, &x), &wave) in y.iter_mut().zip(x).zip(&self.added) {
                    *y = x + T::of(wave);
                }
            },
        );
    }

    fn backward(&self, _: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        dx.copy_from_slice(dy);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::map;
    use super::*;

    #[test]
    fn adds_sines_and_cosines_of_each_wave_length() {
        let shape = Shape::new(&[3, 5]);
        let built = map(&SinusoidalPositions, &Constants::default(), &shape);
        let mut y = [f64::NAN; 15];
        Map::<f64>::forward(&*built, &[1.0; 15], &mut y);
        let second = 2.0 / 10_000f64.powf(0.4);
        let third = 2.0 / 10_000f64.powf(0.8);
        let expected = [
            2f64.sin(),
            2f64.cos(),
            second.sin(),
            second.cos(),
            third.sin(),
        ];
        for (y, expected) in y[10..].iter().zip(expected) {
            assert!((y - 1.0 - expected).abs() < 1e-15, "{y} {expected}");
        }
        assert_eq!(y[..5], [1.0, 2.0, 1.0, 2.0, 1.0]);
    }
}
