//! Where an activation is flat: its slope is below a hundredth of its steepest. A gradient that has to
//! pass there is lost.
//!
//! tanh is flat beyond ±3 and sigmoid beyond ±6, on both sides: their units **saturate**. relu and its
//! kin are flat on one side: a unit that is there for every input is **dead**. leaky_relu is nowhere flat.

use crate::layer::{AnyMap, Map};

/// The part of the steepest slope that is flat.
const FLAT: f64 = 0.01;

/// What there is to know of an activation.
pub struct Activation<'a> {
    map: &'a dyn AnyMap,
    /// Whether it is flat far below 0, and far above.
    pub flat: [bool; 2],
    steepest: f64,
}

fn slopes(map: &dyn AnyMap, x: &[f64]) -> Vec<f64> {
    let (mut y, mut slope) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    Map::<f64>::forward(map, x, &mut y);
    Map::<f64>::backward(map, x, &y, &vec![1.0; x.len()], &mut slope);
    slope
}

impl<'a> Activation<'a> {
    /// What a map is; `None` where it does not treat each number by itself.
    pub fn of(map: &'a dyn AnyMap) -> Option<Self> {
        if !map.elementwise() {
            return None;
        }
        let near: Vec<f64> = (-80..=80).map(|i| 0.1 * f64::from(i) + 0.01).collect();
        let near = slopes(map, &near).into_iter().map(f64::abs);
        let steepest = near.fold(0.0, f64::max);
        let far = slopes(map, &[-60.0, 60.0]);
        let flat = [0, 1].map(|side| far[side].abs() < FLAT * steepest);
        Some(Activation {
            map,
            flat,
            steepest,
        })
    }

    /// Whether both sides are flat: its values are bounded.
    pub fn saturates(&self) -> bool {
        self.flat == [true; 2]
    }

    /// The share of these values that lies where it is flat, and the share of units, by the last axis,
    /// that lie there for every one of them.
    pub fn shares(&self, x: &[f64], units: usize) -> [f64; 2] {
        let slopes = slopes(self.map, x);
        let flat = |slope: &f64| slope.abs() < FLAT * self.steepest;
        let saturated = slopes.iter().filter(|slope| flat(slope)).count();
        let mut dead = vec![true; units];
        for row in slopes.chunks_exact(units.max(1)) {
            let units = row.iter().zip(&mut dead);
            units.for_each(|(slope, dead)| *dead &= flat(slope));
        }
        let dead = dead.iter().filter(|dead| **dead).count();
        [
            saturated as f64 / x.len().max(1) as f64,
            dead as f64 / units.max(1) as f64,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{self, Operation};
    use crate::signature::{Constant, Constants};
    use crate::tensor::Shape;
    use std::sync::Arc;

    fn map(name: &str) -> Arc<dyn AnyMap> {
        let arguments = match name {
            "leaky_relu" => vec![("slope", Constant::Number(0.1))],
            "elu" => vec![("alpha", Constant::Number(1.0))],
            "gelu" => vec![("approximate", Constant::Word("none"))],
            _ => vec![],
        };
        let built = layer::find(name)
            .unwrap()
            .build(&Constants(arguments), &Shape(vec![2]));
        match built.ok().unwrap() {
            Operation::Map(map) => map,
            _ => panic!("{name} is no map"),
        }
    }

    #[test]
    fn the_flat_sides_of_each_activation() {
        for (name, flat) in [
            ("tanh", [true, true]),
            ("sigmoid", [true, true]),
            ("relu", [true, false]),
            ("softplus", [true, false]),
            ("silu", [true, false]),
            ("gelu", [true, false]),
            ("elu", [true, false]),
            ("leaky_relu", [false, false]),
        ] {
            assert_eq!(Activation::of(&*map(name)).unwrap().flat, flat, "{name}");
        }
    }

    #[test]
    fn tanh_saturates_beyond_three_and_sigmoid_beyond_six() {
        // 1 - tanh² = 0.01 at artanh √0.99 = 2.993; a sigmoid is a tanh of half its argument.
        for (name, edge) in [("tanh", 2.993_222_8), ("sigmoid", 5.986_445_7)] {
            let map = map(name);
            let shares = |x: &[f64]| Activation::of(&*map).unwrap().shares(x, 1);
            assert_eq!(shares(&[edge * 0.99, -edge * 0.99]), [0.0, 0.0], "{name}");
            assert_eq!(shares(&[edge * 1.01, -edge * 1.01]), [1.0, 1.0], "{name}");
        }
    }

    #[test]
    fn a_unit_is_dead_that_no_example_wakes() {
        let relu = map("relu");
        let relu = Activation::of(&*relu).unwrap();
        // Two units, three examples: the first is never above 0.
        let x = [-1.0, -1.0, -2.0, 3.0, -0.5, -4.0];
        assert_eq!(relu.shares(&x, 2), [5.0 / 6.0, 0.5]);
    }
}
