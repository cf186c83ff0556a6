//! Several runs side by side, and their differences to the first, example by example.

use super::super::calibrated::say_calibration;
use super::super::scored::{ScoredRun, ScoredTarget};
use super::super::terminal::{here, out, say, say_wrapped, width};
use super::rows::{beneath, headline, interval, with_interval};
use crate::report::table::table;
use crate::score::{Better, Measured, Unit};
use crate::train::progress::{number, percent};

/// Every number of a target, by its name.
fn numbers(target: &ScoredTarget) -> Vec<(String, &Measured)> {
    let own = target.measured.iter();
    let mut all: Vec<(String, &Measured)> = own.map(|m| (m.about.name.to_owned(), m)).collect();
    for ood in &target.ood {
        for detection in &ood.detections {
            // Two data sets out of distribution have scores of the same names.
            let data = match &target.ood[..] {
                [_] => String::new(),
                _ => format!(", {}", ood.data),
            };
            let by = detection.by.name;
            let scores = detection.scores.iter();
            all.extend(scores.map(|m| (format!("{} by {by}{data}", m.about.name), m)));
        }
    }
    all
}

/// For each target, by its name in the first run, how every score that both have differs from the first's.
pub fn differences(first: &ScoredRun, other: &ScoredRun) -> Vec<(String, Vec<(String, Measured)>)> {
    let pairs = first.targets.iter().zip(&other.targets);
    pairs
        .map(|(a, b)| {
            let (of_first, of_other) = (numbers(a), numbers(b));
            let found = of_other.iter().filter_map(|(name, measured)| {
                let (_, same) = of_first.iter().find(|(other, _)| other == name)?;
                Some((name.clone(), measured.minus(same)))
            });
            (a.run.inference.target.name.clone(), found.collect())
        })
        .collect()
}

/// What the interval of a difference says; nothing of a score that only describes, or without an interval.
pub fn verdict(difference: &Measured) -> Option<&'static str> {
    let [low, high] = difference.interval()?;
    let (lower, higher) = match difference.about.better {
        Better::Higher => ("worse", "better"),
        Better::Lower => ("better", "worse"),
        Better::Neither => return None,
    };
    Some(match (low, high) {
        (_, high) if high < 0.0 => lower,
        (low, _) if low > 0.0 => higher,
        _ => "cannot tell",
    })
}

/// With its sign.
fn signed(difference: &Measured) -> String {
    let x = difference.value;
    let text = match difference.about.unit {
        Unit::Share => percent(x),
        _ => number(x),
    };
    if x > 0.0 { format!("+{text}") } else { text }
}

/// Prints the runs side by side.
pub fn text(runs: &[ScoredRun]) {
    for (at, scored) in runs.iter().enumerate() {
        let draws = match scored.run.inference.is_random() {
            true => format!("{} draws of the weights", scored.samples),
            false => "no draws".into(),
        };
        let (path, name) = (scored.path.display(), &scored.run.inference.name);
        let text = format!("{path}: {name} after {}, {draws}", scored.run.progress());
        say_wrapped(&format!("run {:<7}", at + 1), &text);
        for target in &scored.targets {
            say_calibration(&target.calibration, target.outcomes.as_ref());
        }
    }
    say!("data       {}", here(&runs[0].targets[0].chosen.name));
    for target in 0..runs[0].targets.len() {
        say!("");
        if runs[0].targets.len() > 1 {
            say!("{}", runs[0].targets[target].run.inference.target.name);
        }
        print_side_by_side(runs, target);
        headline(&runs[0].targets[target]);
        for (at, other) in runs.iter().enumerate().skip(1) {
            let (_, found) = &differences(&runs[0], other)[target];
            print_differences(at, found);
        }
    }
}

fn print_side_by_side(runs: &[ScoredRun], target: usize) {
    let all: Vec<Vec<(String, &Measured)>> = runs
        .iter()
        .map(|run| numbers(&run.targets[target]))
        .collect();
    let mut names: Vec<&String> = vec![];
    for (name, _) in all.iter().flatten() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut heads = vec!["score".to_owned()];
    let mut columns: Vec<Vec<String>> = (1..=runs.len())
        .map(|at| vec![format!("run {at}")])
        .collect();
    for name in names {
        heads.push(name.clone());
        for (column, of_run) in columns.iter_mut().zip(&all) {
            let found = of_run.iter().find(|(other, _)| other == name);
            column.push(found.map_or("-".into(), |(_, measured)| with_interval(measured)));
        }
        let below: Vec<_> = runs
            .iter()
            .map(|run| beneath(&run.targets[target], name))
            .collect();
        if let Some((head, _)) = below.iter().flatten().next() {
            heads.push((*head).to_owned());
            for (column, below) in columns.iter_mut().zip(below) {
                column.push(below.map_or(String::new(), |(_, text)| text));
            }
        }
    }
    print_columns(&heads, &columns);
    say!("\nwhat each score is: `bnnc list scores`");
}

/// Prints as many columns beside each other as the terminal has room for, and the others below.
fn print_columns(heads: &[String], columns: &[Vec<String>]) {
    let widest =
        |column: &[String]| 2 + column.iter().map(|c| c.chars().count()).max().unwrap_or(0);
    let mut start = 0;
    while start < columns.len() {
        let mut room = width().saturating_sub(widest(heads));
        let fits = columns[start..].iter().take_while(|column| {
            let fits = widest(column) <= room;
            room = room.saturating_sub(widest(column));
            fits
        });
        let end = start + fits.count().max(1);
        if start > 0 {
            say!("");
        }
        let row = |at: usize| {
            let cells = columns[start..end].iter().map(|column| column[at].clone());
            std::iter::once(heads[at].clone()).chain(cells).collect()
        };
        let rows: Vec<Vec<String>> = (0..heads.len()).map(row).collect();
        out(format_args!("{}", table(&rows, &[], width())));
        start = end;
    }
}

fn print_differences(at: usize, found: &[(String, Measured)]) {
    say!("\nrun {} less run 1, of the same examples", at + 1);
    let mut rows = vec![
        ["score", "difference", "95 % interval", "run"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows[0][3] = format!("run {} is", at + 1);
    for (name, difference) in found {
        let says = verdict(difference).unwrap_or("");
        rows.push(vec![
            name.clone(),
            signed(difference),
            interval(difference),
            says.into(),
        ]);
    }
    out(format_args!("{}", table(&rows, &[1, 2], width())));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::ALL;

    #[test]
    fn an_interval_on_one_side_of_0_tells_which_is_better() {
        let of = |name: &str, replicates: &[f64]| {
            let about = ALL.iter().map(|score| score.about());
            let about = about.into_iter().find(|about| about.name == name).unwrap();
            verdict(&Measured {
                about,
                value: replicates.iter().sum::<f64>() / replicates.len() as f64,
                replicates: replicates.to_vec(),
            })
        };
        let (below, above, both) = ([-2.0, -1.0], [1.0, 2.0], [-1.0, 1.0]);
        assert_eq!(of("accuracy", &above), Some("better"));
        assert_eq!(of("accuracy", &below), Some("worse"));
        assert_eq!(of("nll", &above), Some("worse"));
        assert_eq!(of("nll", &below), Some("better"));
        assert_eq!(of("nll", &both), Some("cannot tell"));
        assert_eq!(of("entropy", &above), None);
    }
}
