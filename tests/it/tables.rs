//! Tables as they come: what is read of them, to the number, and what is said of those that are not read.

use bnnc::data::{Choices, Dataset, Request, Values, load};
use bnnc::diagnostic::Failure;
use bnnc::likelihood::TargetKind;
use proptest::prelude::*;

/// Reads a table of this text, as the file `name`.
pub fn read(
    name: &str,
    bytes: &[u8],
    change: impl FnOnce(&mut Request),
) -> Result<Dataset, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let mut request = Request {
        data: path.display().to_string(),
        ..Request::default()
    };
    change(&mut request);
    load(&request)
}

/// `1 2 | 3; 4 5 | 6`: inputs and targets, a row each.
pub fn numbers(data: &Dataset) -> String {
    let values = |values: &Values, width: usize, row: usize| {
        let row = (0..width).map(|i| values.get(row * width + i).to_string());
        row.collect::<Vec<_>>().join(" ")
    };
    let train = &data.train;
    let row = |row| {
        let (inputs, targets) = (train.input_shape.len(), train.target_shape.len());
        format!(
            "{} | {}",
            values(&train.inputs, inputs, row),
            values(&train.targets, targets, row)
        )
    };
    (0..train.len).map(row).collect::<Vec<_>>().join("; ")
}

/// The title, notes and helps of all messages.
pub fn told(failure: &Failure) -> String {
    let one = |message: &bnnc::diagnostic::Diagnostic| {
        let mut parts = vec![message.title.clone()];
        parts.extend(message.notes.clone());
        parts.extend(message.helps.iter().map(|help| help.text.clone()));
        parts.join("\n")
    };
    let all: Vec<String> = failure.diagnostics.iter().map(one).collect();
    let text = all.join("\n");
    // The folder is another each time.
    let (start, end) = match (text.find("/tmp"), text.find("t.csv")) {
        (Some(start), Some(end)) if start < end => (start, end),
        _ => return text,
    };
    let folder = text[start..end].to_owned();
    text.replace(&folder, "")
}

#[test]
fn numbers_are_read_however_they_are_written() {
    const PLAIN: &str = "0.5 2 | -1.25; 1000 -3 | 4";
    let utf16 = |text: &str| {
        [
            vec![0xFF, 0xFE],
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ]
        .concat()
    };
    for (bytes, said) in [
        (b"a,b,y\n0.5,2,-1.25\n1e3,-3,4".to_vec(), ""),
        (
            b"\xEF\xBB\xBF\"a\",\"b\",\"y\"\r\n\"0.5\",\"2\",\"-1.25\"\r\n1000,-3,4\r\n".to_vec(),
            "UTF-8 with a byte-order mark",
        ),
        (
            utf16("a,b,y\n0.5,2,-1.25\n1000,-3,4\n"),
            "UTF-16 (little-endian)",
        ),
        (
            b"a;b;y\n0,5;2;-1,25\n1000;-3;4\n".to_vec(),
            "cells separated by `;`, decimal commas",
        ),
        (
            b"a;b;y\n0,5;2;-1,25\n1.000,0;-3;4\n".to_vec(),
            "cells separated by `;`, decimal commas, points or blanks between thousands",
        ),
        (
            b"a\tb\ty\n0.5\t2\t-1.25\n1000\t-3\t4\n".to_vec(),
            "cells separated by tabs",
        ),
        (
            b" a b   y\n0.5 2 -1.25\n1000  -3 4\n".to_vec(),
            "cells separated by blanks",
        ),
        (
            b"# a logger's\na,b,y\n0.5,2,-1.25\n# later\n1000,-3,4\n".to_vec(),
            "2 comment lines left out",
        ),
        (
            b"# a,b,y\n0.5,2,-1.25\n1000,-3,4\n".to_vec(),
            "the header behind `#`",
        ),
        (
            "a,b,y\n50%,2,\u{2212}1.25\n\"100,000%\",-3\u{a0},4\n".into(),
            "commas or blanks between thousands, percent as hundredths, Unicode minus signs",
        ),
        (
            b"a,b,y\nkg,,MPa\n0.5,2,-1.25\n1000,-3,4\n".to_vec(),
            "the first row, of units, left out",
        ),
        (
            b"gr\xF6\xDFe,b,y\n0.5,2,-1.25\n1000,-3,4\n".to_vec(),
            "Windows-1252, as it is not UTF-8",
        ),
        (
            b"2019,\"b, in kg\",y\n0.5,2,-1.25\n1000,-3,4\n".to_vec(),
            "",
        ),
        (b"A,a,y\n0.5,2,-1.25\n1000,-3,4\n".to_vec(), ""),
        (b"a,,y\n0.5,2,-1.25\n1000,-3,4\n".to_vec(), ""),
    ] {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let data =
            read("t.csv", &bytes, |_| {}).unwrap_or_else(|failure| panic!("{text}: {failure}"));
        assert_eq!(
            (numbers(&data).as_str(), data.seen.said.join(", ").as_str()),
            (PLAIN, said),
            "{text}"
        );
    }
    for name in ["t.tsv", "T.CSV"] {
        let data = read(name, b"a\tb\ty\n0.5\t2\t-1.25\n1000\t-3\t4\n", |_| {}).unwrap();
        assert_eq!(numbers(&data), PLAIN);
    }
}

#[test]
fn the_decimal_mark_is_found_column_by_column_in_all_rows() {
    let late = format!("a;y\n{}1,234;2\n", "5;1\n".repeat(1100));
    for (text, drop, last, said) in [
        (
            &*late,
            None,
            "1.234 | 2",
            "cells separated by `;`, decimal commas",
        ),
        (
            "price,b,y\n1.034,\"0,20\",8\n2.276,\"0,10\",9\n",
            None,
            "2.276 0.1 | 9",
            "decimal commas in `b`",
        ),
        (
            "price,b,y\n\"1.034,5\",\"0,20\",8\n2.276,\"0,10\",9\n",
            None,
            "2276 0.1 | 9",
            "decimal commas, points or blanks between thousands",
        ),
        (
            "a,b,y\n\"8,754\",0.5,1\n\"8,754\",1.5,2\n",
            None,
            "8754 1.5 | 2",
            "commas or blanks between thousands",
        ),
        (
            "time;a;y\n12.30;8,5;1\n12.30;8,75;2,5\n",
            None,
            "12.3 8.75 | 2.5",
            "cells separated by `;`, decimal commas in `a` and `y`",
        ),
        (
            "time;a;y\n12.30;8,754;1\n12.30;8,754;2\n",
            Some("time"),
            "8.754 | 2",
            "cells separated by `;`, decimal commas",
        ),
        (
            "time;a;y\n12.30;8,754;1\n12.30;8,754;2\n",
            Some("a"),
            "12.3 | 2",
            "cells separated by `;`",
        ),
    ] {
        let data = read("t.csv", text.as_bytes(), |request| {
            request.choices.drop = drop.map(str::to_owned)
        })
        .unwrap_or_else(|failure| panic!("{text}: {failure}"));
        let found = numbers(&data);
        let found = (
            found.rsplit("; ").next().unwrap(),
            data.seen.said.join(", "),
        );
        assert_eq!(found, (last, said.to_owned()), "{text}");
    }
}

#[test]
fn columns_become_inputs_by_what_they_hold() {
    let site = "site,y\nnorth,1\nsouth,2\nnorth,3\n";
    let day = "day,y\n1970-01-02,1\n1970-01-11,2\n";
    let age = "age,y\n2,1\n?,2\n7,3\nNA,4\n";
    let choices = |change: fn(&mut Choices)| {
        let mut choices = Choices::default();
        change(&mut choices);
        choices
    };
    for (text, choices, expected) in [
        (site, Choices::default(), "1 0 0 | 1; 0 1 0 | 2; 1 0 0 | 3"),
        (
            site,
            choices(|c| c.categories = Some("site=ordinal".into())),
            "0 | 1; 1 | 2; 0 | 3",
        ),
        (
            site,
            choices(|c| c.categories = Some("site=south<north".into())),
            "1 | 1; 0 | 2; 1 | 3",
        ),
        (
            "size,y\n01,1\n03,2\n1,3\n",
            choices(|c| c.categories = Some("size=01<02<03".into())),
            "0 | 1; 2 | 2; 0 | 3",
        ),
        (day, Choices::default(), "1 | 1; 10 | 2"),
        ("a,y\n5%,1\n0,2\n", Choices::default(), "0.05 | 1; 0 | 2"),
        ("b,y\nyes,1\nNo,2\n", Choices::default(), "1 | 1; 0 | 2"),
        ("b,y\nTrue,1\nFalse,2\n", Choices::default(), "1 | 1; 0 | 2"),
        (
            "z,y\n10,1\n9,2\n",
            choices(|c| c.categories = Some("z".into())),
            "0 1 0 | 1; 1 0 0 | 2",
        ),
        (
            age,
            choices(|c| c.missing = Some("mean".into())),
            "2 | 1; 4.5 | 2; 7 | 3; 4.5 | 4",
        ),
        (
            age,
            choices(|c| c.missing = Some("age=indicator".into())),
            "2 0 | 1; 4.5 1 | 2; 7 0 | 3; 4.5 1 | 4",
        ),
        (
            "s,y\na,1\n,2\n",
            choices(|c| c.missing = Some("mean, category".into())),
            "1 0 0 | 1; 0 1 0 | 2",
        ),
        (
            "t,y\n1,1\n-999,2\n3,3\n",
            choices(|c| {
                c.missing = Some("median".into());
                c.missing_values = Some("-999".into());
            }),
            "1 | 1; 2 | 2; 3 | 3",
        ),
        (
            "id,a,b,y\nP1,1,2,3\n",
            choices(|c| c.drop = Some("id".into())),
            "1 2 | 3",
        ),
        (
            "id,a,b,y\nP1,1,2,3\n",
            choices(|c| c.inputs = Some("b,a".into())),
            "2 1 | 3",
        ),
    ] {
        let data = read("t.csv", text.as_bytes(), |request| {
            request.choices = choices.clone()
        });
        let data = data.unwrap_or_else(|failure| panic!("{text}: {failure}"));
        assert_eq!(numbers(&data), expected, "{text} {choices:?}");
    }
    // Of the rows that are held out, and of those set aside, nothing is learned.
    let data = read(
        "t.csv",
        b"age,y\n2,1\n,2\n7,3\n100,4\n100,5\n100,6\n",
        |request| {
            request.choices.missing = Some("mean".into());
            request.choices.test = Some("0.5".into());
        },
    );
    let data = data.unwrap();
    let known: Vec<f64> = data.file_rows.as_ref().unwrap()[0]
        .iter()
        .map(|row| [2.0, f64::NAN, 7.0, 100.0, 100.0, 100.0][*row])
        .collect();
    let known: Vec<f64> = known.into_iter().filter(|x| !x.is_nan()).collect();
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    let all = [Some(&data.train), data.test.as_ref()];
    let filled = all.into_iter().flatten().flat_map(|split| {
        (0..split.len).map(|row| (split.targets.get(row), split.inputs.get(row)))
    });
    assert_eq!(filled.into_iter().find(|(y, _)| *y == 2.0).unwrap().1, mean);
}

#[test]
fn labels_are_mapped_to_classes() {
    let three = Some(TargetKind::Category(3));
    let binary = Some(TargetKind::Binary);
    for (labels, predicts, expected, classes) in [
        (
            "virginica setosa versicolor",
            None,
            "2 0 1",
            "setosa versicolor virginica",
        ),
        ("1 2 3", three, "0 1 2", "1 2 3"),
        ("1.0 3.0 2.0", three, "0 2 1", "1 2 3"),
        ("10 30 9", three, "1 2 0", "9 10 30"),
        ("-1 1 -1", binary, "0 1 0", "-1 1"),
        ("1 2 1", binary, "0 1 0", "1 2"),
        ("no yes no", binary, "0 1 0", "no yes"),
        ("True False True", binary, "1 0 1", "False True"),
        // No before yes, whatever the letters.
        ("Yes no Yes yes NO", binary, "1 0 1 1 0", "NO Yes"),
        ("no yes no", None, "0 1 0", "no yes"),
        ("Yes no", None, "1 0", "no Yes"),
        // Labels that are counted from 0, numbers of another kind, and those of no class.
        ("0 2 1", three, "0 2 1", ""),
        ("0.0 2.0 1.0", three, "0 2 1", ""),
        ("1 2 2", three, "1 2 2", ""),
        ("1 2 3", Some(TargetKind::Real(1)), "1 2 3", ""),
    ] {
        let rows: String = labels
            .split(' ')
            .map(|label| format!("0.5,{label}\n"))
            .collect();
        let data = read("t.csv", format!("a,y\n{rows}").as_bytes(), |request| {
            request.predicts = predicts
        })
        .unwrap();
        let found: Vec<String> = (0..data.train.len)
            .map(|i| data.train.targets.get(i).to_string())
            .collect();
        assert_eq!(
            (
                found.join(" ").as_str(),
                data.class_names.join(" ").as_str()
            ),
            (expected, classes),
            "{labels}"
        );
    }
}

#[test]
fn what_cannot_be_taken_is_told_with_what_to_do() {
    let ids: String = (0..30)
        .map(|i| format!("P{i},{},1\n", if i == 4 { "" } else { "2" }))
        .collect();
    let long: String = (0..3)
        .map(|i| format!("{},1\n", 9_007_199_254_740_993_u64 + 2 * i))
        .collect();
    for (text, expected) in [
        (
            "",
            "`t.csv` is empty\nexpected a header with the columns' names",
        ),
        ("a,b,c,y\n", "`t.csv` has a header and no rows"),
        (
            "1,2\n3,4\n",
            "`t.csv` has no header\nexpected the columns' names in the first row, found `1` and `2`",
        ),
        ("a\n1\n", "`t.csv` has no column besides the target"),
        (
            "a,b,b,y\n1,2,3,4\n",
            "`t.csv` has more than one column `b`\ncolumns 2 and 3 of 4\nleave one of them out, or give it a name of its own",
        ),
        (
            "a,y\n1,2\n\0,3\n",
            "`t.csv` holds a NUL character in line 3\nexpected text: the file is damaged, or it is of another kind than its ending says",
        ),
        (
            "a,b,y\n1,2,3\n\n1,2\n",
            "t.csv:4: the row is ragged\nexpected 3 cells as in the header, found 2\nfill in the cells that are missing, or leave the row out",
        ),
        (
            "a,b,y\n1,2,3\n1,?,3\n",
            "`t.csv`: column `b` cannot be taken as it is\n`b`: number, 1 of 2 values missing (`?` in line 3)\n`--missing b=mean`, or `missing = \"b=mean\"` under [data] of the run file or in the data's .toml",
        ),
        // A row of missing values holds no units.
        (
            "a,y\nNA,NA\n1,2\n3,4\n",
            "`t.csv`: 2 columns cannot be taken as they are\n`a`: number, 1 of 3 values missing (`NA` in line 2)\n`y`: the target, number, 1 of 3 values missing (`NA` in line 2)\n`--missing a=mean`, or `missing = \"a=mean\"` under [data] of the run file or in the data's .toml\nleave out the rows whose target is missing: they say nothing",
        ),
        (
            "a,y\n5%,2\n0,3\n0.25,4\n",
            "`t.csv`: column `a` cannot be taken as it is\n`a`: number, with `%` in line 2 and without in line 4\nwrite all numbers of a column with `%`, or none",
        ),
        (
            "a,y\n1,2\n2,5%\n3,4\n",
            "`t.csv`: column `y` cannot be taken as it is\n`y`: the target, number, with `%` in line 3 and without in line 2\nwrite all numbers of a column with `%`, or none",
        ),
        // No cell tells what 8,754 is.
        (
            "time;a;y\n12.30;7;1\n14.10;8,754;2\n",
            "`t.csv` does not tell which mark its decimals have\n`8,754` in line 3, column `a`, is 8.754 or 8754\n`12.30` in line 2, column `time`, has another mark\nwrite the numbers without a mark between thousands, or `--drop` one of the columns",
        ),
        (
            "a;b;y\n1.234;1;1\n2.345;5,678;2\n",
            "`t.csv` does not tell which mark its decimals have\n`1.234` in line 2, column `a`, is 1.234 or 1234\n`5,678` in line 3, column `b`, has another mark\nwrite the numbers without a mark between thousands, or `--drop` one of the columns",
        ),
        (
            "a,y\n1,2\n1.5,NA\n",
            "`t.csv`: column `y` cannot be taken as it is\n`y`: the target, number, 1 of 2 values missing (`NA` in line 3)\nleave out the rows whose target is missing: they say nothing",
        ),
        (
            "a,y\n1,2\n0x1F,3\n",
            "`t.csv`: column `a` cannot be taken as it is\n`a`: number, but for 1 cell of text: `0x1F` in line 3\nput numbers in these cells or leave their rows out; `--missing-values 0x1F` takes `0x1F` for a missing value",
        ),
        (
            "a,y\n1,2\n1_000,3\n",
            "`t.csv`: column `a` cannot be taken as it is\n`a`: number, but for 1 cell of text: `1_000` in line 3\nput numbers in these cells or leave their rows out; `--missing-values 1_000` takes `1_000` for a missing value",
        ),
        (
            "a,y\n0.5,2\n\"1,5\",3\n",
            "`t.csv`: column `a` cannot be taken as it is\n`a`: number, but for 1 cell of text: `1,5` in line 3\nput numbers in these cells or leave their rows out; `--missing-values '\"1,5\"'` takes `1,5` for a missing value",
        ),
        (
            "a,y\n1,2\ninf,3\n",
            "`t.csv`: column `a` cannot be taken as it is\n`a`: number, but for 1 cell of text: `inf` in line 3\nput numbers in these cells or leave their rows out; `--missing-values inf` takes `inf` for a missing value",
        ),
        (
            "a,b,y\n1,2,3\n2,3,4\nTotal,,7\n",
            "`t.csv`: 2 columns cannot be taken as they are\n`a`: number, but for 1 cell of text: `Total` in line 4\n`b`: number, 1 of 3 values missing (the first in line 4)\nline 4, `Total`, is a footer and no example: leave it out",
        ),
        (
            "a,y\n1,2\n\na,y\n3,4\n",
            "`t.csv`: 2 columns cannot be taken as they are\n`a`: number, but for 1 cell of text: `a` in line 4\n`y`: the target, number, but for 1 cell of text: `y` in line 4\nline 4 is the header again: leave it out, or keep the two tables in files of their own",
        ),
        (
            &format!("id,b,y\n{ids}"),
            "`t.csv`: 2 columns cannot be taken as they are\n`id`: identifier, all different, as `P0`\n`b`: number, 1 of 30 values missing (the first in line 6)\n`--drop id --missing b=mean`, or `drop = \"id\"` and `missing = \"b=mean\"` under [data] of the run file or in the data's .toml",
        ),
        (
            &format!("id,y\n{long}"),
            "`t.csv`: column `id` cannot be taken as it is\n`id`: identifier, all different, as `9007199254740993`: whole numbers above 2^53, which float64 does not tell apart\n`--drop id`, or `drop = \"id\"` under [data] of the run file or in the data's .toml",
        ),
    ] {
        let failure = read("t.csv", text.as_bytes(), |_| {}).expect_err(text);
        assert_eq!(told(&failure), expected, "{text}");
    }
    let many = format!("a,b\n{}", "1,\n".repeat(1000));
    assert_eq!(
        read("t.csv", many.as_bytes(), |_| {})
            .unwrap_err()
            .diagnostics
            .len(),
        1
    );
}

#[test]
fn what_is_odd_is_pointed_out() {
    let of = |text: &str| read("t.csv", text.as_bytes(), |_| {}).unwrap().seen.remarks;
    let rows: String = (0..20)
        .map(|i| {
            format!(
                "{i},{},{}\n",
                if i % 7 == 3 {
                    "-999".into()
                } else {
                    (f64::from(i) * 0.1).to_string()
                },
                i * i
            )
        })
        .collect();
    assert_eq!(
        of(&format!("n,t,y\n{rows}")),
        [
            "column `n` counts the rows: `--drop n` leaves it out, and `predict` copies it",
            "column `t` holds -999 3 times, far outside its other values: if that means a missing value, \
             `--missing-values=-999` says so",
        ]
    );
    let classes = read("t.csv", b"a,y\n1,b\n2,b\n3,a\n4,b\n", |request| {
        request.test_rows = None;
        request.choices.test = Some("1".into());
    });
    let classes = classes.unwrap();
    assert_eq!(classes.class_names, ["a", "b"]);
}

#[test]
fn groups_go_whole_to_one_part() {
    let rows: String = (0..60)
        .map(|i| format!("p{},{},{}\n", i % 6, i as f64 * 0.37, i))
        .collect();
    let data = read(
        "t.csv",
        format!("patient,x,y\n{rows}").as_bytes(),
        |request| {
            request.choices.test = Some("0.3".into());
            request.choices.group = Some("patient".into());
        },
    );
    let data = data.unwrap();
    let [training, testing] = data.file_rows.unwrap();
    let of = |rows: &[usize]| {
        rows.iter()
            .map(|row| row % 6)
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(
        (training.len(), testing.len(), data.train.input_shape.len()),
        (40, 20, 1)
    );
    assert!(of(&training).is_disjoint(&of(&testing)));
}

#[test]
fn many_targets_are_named_at_once() {
    let header = "id,x0,x1,y0,y1,y2\n";
    let rows = "0,1,2,3,4,5\n1,6,7,8,9,10\n";
    for target in ["y*", "y0..y2", "y0, y1,y2"] {
        let data = read("t.csv", format!("{header}{rows}").as_bytes(), |request| {
            request.target = Some(target.into());
            request.choices.drop = Some("id".into());
        });
        assert_eq!(
            numbers(&data.unwrap()),
            "1 2 | 3 4 5; 6 7 | 8 9 10",
            "{target}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read("t.csv", &bytes, |_| {});
        let headed = [b"a,b\n".as_slice(), &bytes].concat();
        let _ = read("t.csv", &headed, |request| request.target = Some("a".into()));
    }

    #[test]
    fn no_table_of_cells_panics(text in "a[,; \t]b,\"?c\"?\n([0-9eE.+\\-,;#%'\"\n\r\t ]{0,40})") {
        let _ = read("t.csv", text.as_bytes(), |_| {});
    }
}
