//! Windows of time series, divided in the order of time: what is set aside lies behind what is trained on, and no row is in
//! both.

use super::split::Validation;
use crate::diagnostic::{Diagnostic, Result};
use crate::words::counted;

/// Where each example lies in its series: from the first row of its window to the row of its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InTime {
    /// The series of each example, its window's first row there, counted from 0, and the row of its target.
    spans: Vec<[u32; 3]>,
}

/// Examples that stay, those that are set aside, and how many reach from one part into the other and are in neither.
pub struct Divided {
    /// Those before the cut of their series.
    pub staying: Vec<usize>,
    /// Those behind it.
    pub aside: Vec<usize>,
    /// How many are in neither.
    pub left_out: usize,
}

impl InTime {
    pub(super) fn new(spans: Vec<[u32; 3]>) -> Self {
        InTime { spans }
    }

    /// These examples alone.
    pub(super) fn of(&self, examples: &[usize]) -> InTime {
        let spans = examples.iter().map(|example| self.spans[*example]);
        InTime::new(spans.collect())
    }

    /// Sets the last rows of each series aside: so many, or this part of them. `what` is what they become.
    ///
    /// # Errors
    ///
    /// `E0513` where no window fits into what is set aside, or into what is left.
    pub fn divide(&self, part: Validation, what: &str) -> Result<Divided> {
        let series = self.spans.iter().map(|[series, ..]| *series as usize + 1);
        let mut ends = vec![[u32::MAX, 0]; series.max().unwrap_or(0)];
        for [series, first, target] in &self.spans {
            let [start, end] = &mut ends[*series as usize];
            (*start, *end) = ((*start).min(*first), (*end).max(target + 1));
        }
        let cut = |[start, end]: &[u32; 2]| {
            let rows = match part {
                Validation::Count(rows) => rows as f64,
                Validation::Fraction(part) => {
                    (part * f64::from(end.saturating_sub(*start))).round()
                }
            };
            (f64::from(*end) - rows).max(0.0) as u32
        };
        let cuts: Vec<u32> = ends.iter().map(cut).collect();
        let mut found = Divided {
            staying: vec![],
            aside: vec![],
            left_out: 0,
        };
        for (example, [series, first, target]) in self.spans.iter().enumerate() {
            let cut = cuts[*series as usize];
            match () {
                () if *target < cut => found.staying.push(example),
                () if *first >= cut => found.aside.push(example),
                () => found.left_out += 1,
            }
        }
        let is_wanted = part != Validation::Count(0);
        let title = match (&found.staying[..], &found.aside[..]) {
            ([], _) => format!("a {what} of {} leaves no window to train on", told(part)),
            (_, []) if is_wanted => format!("a {what} of {} holds no window", told(part)),
            _ => return Ok(found),
        };
        let span = self
            .spans
            .first()
            .map_or(0, |[_, first, target]| target - first + 1);
        Err(Diagnostic::error("E0513", title)
            .note(format!(
                "a window and its target take {}, and must lie in one part",
                counted(span as usize, "row", "rows")
            ))
            .help(format!("set more or fewer rows aside, or take a shorter `window`; a number as a {what} counts the last rows of each series"))
            .into())
    }
}

/// `0.2` or `24 rows`
fn told(part: Validation) -> String {
    match part {
        Validation::Count(rows) => counted(rows, "row", "rows"),
        Validation::Fraction(part) => part.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows of 3 rows with the target in the next, of series of 12 and of 8 rows.
    fn windows() -> InTime {
        let of =
            |(series, rows): (u32, u32)| (0..rows - 3).map(move |first| [series, first, first + 3]);
        InTime::new([(0, 12), (1, 8)].into_iter().flat_map(of).collect())
    }

    #[test]
    fn no_row_of_a_series_is_in_both_parts() {
        for part in [Validation::Count(4), Validation::Fraction(0.5)] {
            let all = windows();
            let found = all.divide(part, "test part").unwrap();
            assert!(!found.staying.is_empty() && !found.aside.is_empty());
            let n = found.staying.len() + found.aside.len() + found.left_out;
            assert_eq!(n, 9 + 5);
            for stays in &found.staying {
                for aside in &found.aside {
                    let ([s, _, last], [a, first, _]) = (all.spans[*stays], all.spans[*aside]);
                    assert!(s != a || last < first, "{stays} {aside}");
                }
            }
        }
        // Of 12 rows the last 6, in which three windows fit.
        let found = windows()
            .divide(Validation::Fraction(0.5), "test part")
            .unwrap();
        assert_eq!(
            (found.staying, found.aside),
            (vec![0, 1, 2, 9], vec![6, 7, 8, 13])
        );
        assert_eq!(found.left_out, 6);
    }

    #[test]
    fn a_part_without_a_window_is_refused() {
        for part in [Validation::Count(3), Validation::Count(40)] {
            let failure = windows().divide(part, "test part").err().unwrap();
            assert_eq!(failure.diagnostics[0].code, "E0513");
        }
        let none = windows().divide(Validation::Count(0), "test part").unwrap();
        assert_eq!((none.staying.len(), none.left_out), (14, 0));
    }
}
