//! A part of the training set set aside to validate on.

use super::Split;
use super::random::{Stream, mix};
use crate::diagnostic::{Diagnostic, Result};
use serde::{Deserialize, Serialize};

/// How much of the training set is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Validation {
    /// This many examples.
    Count(usize),
    /// This part of them, from 0 to 1, rounded to the nearest count.
    Fraction(f64),
}

/// The examples to train on and those set aside, each in ascending order: a function of the number of
/// examples, `part` and `seed`.
///
/// # Errors
///
/// `E0513` where nothing would be left to train on, a fraction is not in 0..1, or a fraction above 0
/// sets no example aside.
pub fn take_validation(
    train: &Split,
    part: Validation,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>)> {
    let n = train.len;
    let count = validation_count(n, part)?;
    let mut order: Vec<usize> = (0..n).collect();
    Stream::new(mix(seed ^ 0x7661_6c69_6400_0000), 0).shuffle(&mut order);
    let mut training = order.split_off(count);
    training.sort_unstable();
    order.sort_unstable();
    Ok((training, order))
}

/// How many of `n` examples are set aside.
///
/// # Errors
///
/// As [`take_validation`].
pub fn validation_count(n: usize, part: Validation) -> Result<usize> {
    let error = |title: String| {
        Err(Diagnostic::error("E0513", title)
            .note(format!("the training part has {n} examples"))
            .into())
    };
    let count = match part {
        Validation::Count(count) => count,
        Validation::Fraction(part) if !(0.0..1.0).contains(&part) => {
            return error(format!("a validation part of {part} is not from 0 up to 1"));
        }
        Validation::Fraction(part) => match (part * n as f64).round() as usize {
            0 if part > 0.0 => {
                return error(format!("a validation part of {part} sets no example aside"));
            }
            count => count,
        },
    };
    if count >= n {
        return error(format!(
            "a validation part of {count} examples leaves none to train on"
        ));
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::super::Values;
    use super::*;
    use crate::tensor::Shape;

    fn split(len: usize) -> Split {
        let values = Values::U8(vec![0; len]);
        let shape = Shape::default();
        Split {
            inputs: values.clone(),
            input_shape: shape.clone(),
            targets: values,
            target_shape: shape,
            len,
        }
    }

    #[test]
    fn every_example_is_in_one_part() {
        for part in [
            Validation::Count(30),
            Validation::Fraction(0.3),
            Validation::Count(0),
        ] {
            let (training, validation) = take_validation(&split(100), part, 5).unwrap();
            assert_eq!(
                validation.len(),
                if part == Validation::Count(0) { 0 } else { 30 }
            );
            let mut all = [training, validation].concat();
            all.sort_unstable();
            assert_eq!(all, (0..100).collect::<Vec<_>>());
        }
        let chosen = |seed| {
            take_validation(&split(100), Validation::Count(30), seed)
                .unwrap()
                .1
        };
        assert_eq!(chosen(1), chosen(1));
        assert_ne!(chosen(1), chosen(2));
    }

    #[test]
    fn a_part_must_leave_some_and_take_some() {
        for part in [
            Validation::Count(10),
            Validation::Count(11),
            Validation::Fraction(0.99),
            Validation::Fraction(0.01),
        ] {
            assert_eq!(
                take_validation(&split(10), part, 0)
                    .unwrap_err()
                    .diagnostics[0]
                    .code,
                "E0513"
            );
        }
        for part in [-0.1, 1.0, f64::NAN] {
            assert!(take_validation(&split(10), Validation::Fraction(part), 0).is_err());
        }
    }
}
