//! A part of the training set set aside to validate on.

use super::InTime;
use super::random::{Stream, mix};
use crate::diagnostic::{Diagnostic, Result};
use crate::words::plural;
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

impl Validation {
    /// A number of examples, or a fraction above 0 and below 1.
    pub fn parse(text: &str) -> Option<Validation> {
        if let Ok(count) = text.parse() {
            return Some(Validation::Count(count));
        }
        let fraction = text.parse().ok().filter(|x| *x > 0.0 && *x < 1.0);
        fraction.map(Validation::Fraction)
    }
}

/// Of the examples of a training part those to train on and those set aside, each in ascending order: a function of
/// their number, their groups, `part` and `seed`.
///
/// # Errors
///
/// `E0513` where nothing would be left to train on, a fraction is not in 0..1, or a fraction above 0
/// sets no example aside.
pub fn take_validation(
    n: usize,
    groups: Option<&[u32]>,
    part: Validation,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>)> {
    divide(
        n,
        groups,
        part,
        seed ^ 0x7661_6c69_6400_0000,
        "validation part",
    )
}

/// As [`take_validation`]; of windows of time series, which lie so, in the order of time.
///
/// # Errors
///
/// As [`take_validation`]; `E0513` where no window fits into a part.
pub fn set_aside(
    n: usize,
    groups: Option<&[u32]>,
    in_time: Option<&InTime>,
    part: Validation,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>)> {
    let Some(windows) = in_time else {
        return take_validation(n, groups, part, seed);
    };
    let found = windows.divide(part, "validation part")?;
    Ok((found.staying, found.aside))
}

/// Divides `n` rows at random into those that stay and `part` of them, called `what`. Of rows in groups, whole groups
/// are taken until there are at least as many rows; one group stays.
pub(super) fn divide(
    n: usize,
    groups: Option<&[u32]>,
    part: Validation,
    seed: u64,
    what: &str,
) -> Result<(Vec<usize>, Vec<usize>)> {
    let count = count(n, part, what)?;
    let mut stream = Stream::new(mix(seed), 0);
    let Some(groups) = groups else {
        let mut order: Vec<usize> = (0..n).collect();
        stream.shuffle(&mut order);
        let mut staying = order.split_off(count);
        staying.sort_unstable();
        order.sort_unstable();
        return Ok((staying, order));
    };
    let largest = groups.iter().max().map_or(0, |group| *group as usize + 1);
    let mut sizes = vec![0; largest];
    groups.iter().for_each(|group| sizes[*group as usize] += 1);
    let mut order: Vec<usize> = (0..largest).filter(|group| sizes[*group] > 0).collect();
    stream.shuffle(&mut order);
    let (mut taken, mut rows) = (vec![false; largest], 0);
    for group in &order[..order.len().saturating_sub(1)] {
        if rows < count {
            taken[*group] = true;
            rows += sizes[*group];
        }
    }
    if count > 0 && rows == 0 {
        let title = format!("a {what} of whole groups leaves none to train on");
        return Err(Diagnostic::error("E0513", title)
            .note(format!(
                "the {n} examples are of {}",
                plural(order.len(), "group")
            ))
            .help("leave `group` out, or name another column")
            .into());
    }
    let (aside, staying) = (0..n).partition(|row| taken[groups[*row] as usize]);
    Ok((staying, aside))
}

/// How many of `n` examples are set aside, groups left out of account.
fn count(n: usize, part: Validation, what: &str) -> Result<usize> {
    let error = |title: String| {
        Err(Diagnostic::error("E0513", title)
            .note(format!("the training part has {n} examples"))
            .into())
    };
    let count = match part {
        Validation::Count(count) => count,
        Validation::Fraction(part) if !(0.0..1.0).contains(&part) => {
            return error(format!("a {what} of {part} is not from 0 up to 1"));
        }
        Validation::Fraction(part) => match (part * n as f64).round() as usize {
            0 if part > 0.0 => {
                return error(format!("a {what} of {part} sets no example aside"));
            }
            count => count,
        },
    };
    if count >= n {
        return error(format!(
            "a {what} of {count} examples leaves none to train on"
        ));
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_in_one_part() {
        for part in [
            Validation::Count(30),
            Validation::Fraction(0.3),
            Validation::Count(0),
        ] {
            let (training, validation) = take_validation(100, None, part, 5).unwrap();
            assert_eq!(
                validation.len(),
                if part == Validation::Count(0) { 0 } else { 30 }
            );
            let mut all = [training, validation].concat();
            all.sort_unstable();
            assert_eq!(all, (0..100).collect::<Vec<_>>());
        }
        let chosen = |seed| {
            take_validation(100, None, Validation::Count(30), seed)
                .unwrap()
                .1
        };
        assert_eq!(chosen(1), chosen(1));
        assert_ne!(chosen(1), chosen(2));
    }

    #[test]
    fn groups_stay_whole() {
        let groups: Vec<u32> = (0..100).map(|row| row % 7).collect();
        for seed in 0..5 {
            let part = Validation::Fraction(0.3);
            let (training, validation) = take_validation(100, Some(&groups), part, seed).unwrap();
            assert_eq!(training.len() + validation.len(), 100);
            assert!((30..45).contains(&validation.len()), "{}", validation.len());
            let of = |rows: &[usize]| {
                rows.iter()
                    .map(|row| groups[*row])
                    .collect::<std::collections::HashSet<_>>()
            };
            assert!(of(&training).is_disjoint(&of(&validation)));
        }
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
                take_validation(10, None, part, 0).unwrap_err().diagnostics[0].code,
                "E0513"
            );
        }
        for part in [-0.1, 1.0, f64::NAN] {
            assert!(take_validation(10, None, Validation::Fraction(part), 0).is_err());
        }
    }
}
