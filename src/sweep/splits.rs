//! The rows that are held out: folds, random test parts, and files that list them.

use crate::data::random::{Stream, mix};
use crate::diagnostic::{Diagnostic, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// What splits go by: rows of one stratum are shared out evenly, rows of one group stay together.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// How many there are.
    pub count: usize,
    /// The class of each, of a target of classes.
    pub classes: Option<&'a [usize]>,
    /// The group of each, where a column of groups is named.
    pub groups: Option<&'a [u32]>,
}

/// The streams of the draws.
const FOLDS: u64 = 0x666f_6c64_7300_0000;
const SPLITS: u64 = 0x7370_6c69_7473_0000;

/// Rows in a random order, those of one class after the other.
fn ordered(rows: &Rows, stream: &mut Stream) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.count).collect();
    stream.shuffle(&mut order);
    if let Some(classes) = rows.classes {
        // The order within a class stays random.
        order.sort_by_key(|row| classes[*row]);
    }
    order
}

/// The rows of each of `count` folds, in ascending order: each row is in one.
///
/// # Errors
///
/// `E0513` of fewer rows, or groups, than folds.
pub fn folds(rows: Rows, count: usize, seed: u64) -> Result<Vec<Vec<usize>>> {
    let mut stream = Stream::new(mix(seed ^ FOLDS), 0);
    let mut folds = vec![vec![]; count];
    let few = |n: usize, what: &str| {
        let title = format!("{count} folds of {n} {what} leave some empty");
        Diagnostic::error("E0513", title).help("take fewer folds")
    };
    match rows.groups {
        None if rows.count < count => return Err(few(rows.count, "rows").into()),
        None => {
            for (place, row) in ordered(&rows, &mut stream).into_iter().enumerate() {
                folds[place % count].push(row);
            }
        }
        Some(groups) => {
            let mut whole = whole(groups);
            if whole.len() < count {
                return Err(few(whole.len(), "groups").into());
            }
            stream.shuffle(&mut whole);
            // The largest first, each to the fold with the fewest rows.
            whole.sort_by_key(|group| std::cmp::Reverse(group.len()));
            for group in whole {
                let least = folds.iter_mut().min_by_key(|fold| fold.len());
                least.expect("two folds or more").extend(group);
            }
        }
    }
    folds.iter_mut().for_each(|fold| fold.sort_unstable());
    Ok(folds)
}

/// The rows of each group.
fn whole(groups: &[u32]) -> Vec<Vec<usize>> {
    let most = groups.iter().max().map_or(0, |most| *most as usize + 1);
    let mut whole = vec![vec![]; most];
    for (row, group) in groups.iter().enumerate() {
        whole[*group as usize].push(row);
    }
    whole.retain(|group| !group.is_empty());
    whole
}

/// The rows of random test part number `number`, in ascending order: a number of rows, or a fraction of them.
///
/// # Errors
///
/// `E0513` where no row is held out, or all are.
pub fn random(rows: Rows, share: f64, number: u64, seed: u64) -> Result<Vec<usize>> {
    let n = rows.count;
    let wanted = match share < 1.0 {
        true => (share * n as f64).round() as usize,
        false => share as usize,
    };
    if wanted == 0 || wanted >= n {
        let which = if wanted == 0 { "no row" } else { "every row" };
        let title = format!("`test = {share}` holds out {which} of {n}");
        return Err(Diagnostic::error("E0513", title).into());
    }
    let mut stream = Stream::new(mix(seed ^ SPLITS), number);
    let mut held_out: Vec<usize> = match rows.groups {
        None => {
            let order = ordered(&rows, &mut stream);
            // Evenly spaced places from a random one on: so many of each class as its share, up to one.
            let from = stream.below(n as u64) as usize;
            let is_held =
                |place: usize| ((place + 1) * wanted + from) / n > (place * wanted + from) / n;
            (0..n)
                .filter(|place| is_held(*place))
                .map(|place| order[place])
                .collect()
        }
        Some(groups) => {
            let mut whole = whole(groups);
            stream.shuffle(&mut whole);
            // One group stays to train on.
            whole.pop();
            let mut held_out = vec![];
            for group in whole {
                if held_out.len() < wanted {
                    held_out.extend(group);
                }
            }
            if held_out.is_empty() {
                let title = "a test part of whole groups leaves none to train on";
                return Err(Diagnostic::error("E0513", title).into());
            }
            held_out
        }
    };
    held_out.sort_unstable();
    Ok(held_out)
}

/// The files that a pattern such as `rows/test_*.txt` names, each with its number, in the order of these: what stands in
/// the place of `*`. Without a `*` it is one file, of number 1.
///
/// # Errors
///
/// `E0503` where there is none, `E0602` where `*` stands more than once or in a folder's name, or for no number.
pub fn listed(pattern: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let shown = pattern.display();
    let name = pattern
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let folder = pattern.parent().unwrap_or(Path::new(""));
    let Some((before, after)) = name.split_once('*') else {
        return Ok(vec![(1, pattern.to_owned())]);
    };
    if after.contains('*') || folder.to_string_lossy().contains('*') {
        let title = format!("`{shown}` has more than one `*`, or one in a folder's name");
        return Err(Diagnostic::error("E0602", title).into());
    }
    let read = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut found = vec![];
    for entry in fs::read_dir(read).into_iter().flatten().flatten() {
        let own = entry.file_name().to_string_lossy().into_owned();
        let middle = own
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after));
        let Some(middle) = middle else { continue };
        let number = middle.parse().map_err(|_| {
            let title = format!(
                "`{}` has no number in the place of `*`",
                folder.join(&own).display()
            );
            Diagnostic::error("E0602", title).help(
                "files of test rows are told apart by their numbers, as test_0.txt, test_1.txt",
            )
        })?;
        found.push((number, folder.join(own)));
    }
    if found.is_empty() {
        let title = format!("there is no file `{shown}`");
        return Err(Diagnostic::error("E0503", title).into());
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(count: usize) -> Rows<'static> {
        Rows {
            count,
            classes: None,
            groups: None,
        }
    }

    #[test]
    fn folds_hold_each_row_once_and_are_of_one_size() {
        for count in [2, 3, 7] {
            let all = folds(plain(50), count, 1).unwrap();
            let mut rows: Vec<usize> = all.iter().flatten().copied().collect();
            rows.sort_unstable();
            assert_eq!(rows, (0..50).collect::<Vec<_>>());
            let sizes = all.iter().map(Vec::len);
            assert!(sizes.clone().max().unwrap() - sizes.min().unwrap() <= 1);
        }
        assert_eq!(
            folds(plain(50), 5, 1).unwrap(),
            folds(plain(50), 5, 1).unwrap()
        );
        assert_ne!(
            folds(plain(50), 5, 1).unwrap(),
            folds(plain(50), 5, 2).unwrap()
        );
        assert!(folds(plain(3), 5, 1).is_err());
    }

    #[test]
    fn each_class_is_shared_out_evenly() {
        // 60 of class 0, 30 of class 1, 10 of class 2, mixed.
        let classes: Vec<usize> = (0..100)
            .map(|row| [0, 1, 0, 0, 1, 0, 0, 2, 1, 0][row % 10])
            .collect();
        let rows = Rows {
            classes: Some(&classes),
            ..plain(100)
        };
        let of_class = |rows: &[usize], class: usize| {
            rows.iter().filter(|row| classes[**row] == class).count()
        };
        for fold in folds(rows, 5, 3).unwrap() {
            assert_eq!([0, 1, 2].map(|class| of_class(&fold, class)), [12, 6, 2]);
        }
        for number in 0..20 {
            let held_out = random(rows, 0.2, number, 3).unwrap();
            assert_eq!(held_out.len(), 20);
            for (class, expected) in [(0, 12), (1, 6), (2, 2)] {
                assert!(of_class(&held_out, class).abs_diff(expected) <= 1);
            }
        }
    }

    #[test]
    fn groups_stay_whole() {
        let groups: Vec<u32> = (0..60).map(|row| row % 9).collect();
        let rows = Rows {
            groups: Some(&groups),
            ..plain(60)
        };
        let groups_of = |rows: &[usize]| {
            let all = rows.iter().map(|row| groups[*row]);
            all.collect::<std::collections::BTreeSet<_>>()
        };
        let all = folds(rows, 4, 0).unwrap();
        let sum: usize = all.iter().map(|fold| groups_of(fold).len()).sum();
        assert_eq!((sum, all.concat().len()), (9, 60));
        let held_out = random(rows, 0.3, 0, 0).unwrap();
        for group in groups_of(&held_out) {
            let whole = groups.iter().filter(|own| **own == group).count();
            let held = held_out.iter().filter(|row| groups[**row] == group).count();
            assert_eq!(held, whole);
        }
    }

    #[test]
    fn a_random_part_is_uniform_over_the_rows() {
        let mut counts = [0; 10];
        for number in 0..3000 {
            let held_out = random(plain(10), 3.0, number, 5).unwrap();
            assert_eq!(held_out.len(), 3);
            held_out.iter().for_each(|row| counts[*row] += 1);
        }
        // 900 ± 25 each.
        assert!(
            counts.iter().all(|count| (800..1000).contains(count)),
            "{counts:?}"
        );
        assert!(random(plain(10), 0.01, 0, 0).is_err() && random(plain(10), 10.0, 0, 0).is_err());
    }

    #[test]
    fn files_come_in_the_order_of_their_numbers() {
        let place = tempfile::tempdir().unwrap();
        for name in ["test_10.txt", "test_2.txt", "other.txt"] {
            fs::write(place.path().join(name), "0\n").unwrap();
        }
        let found = listed(&place.path().join("test_*.txt")).unwrap();
        assert_eq!(
            found.iter().map(|(number, _)| *number).collect::<Vec<_>>(),
            [2, 10]
        );
        assert!(listed(&place.path().join("no_*.txt")).is_err());
        fs::write(place.path().join("test_x.txt"), "").unwrap();
        assert!(listed(&place.path().join("test_*.txt")).is_err());
    }
}
