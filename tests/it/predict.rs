//! Prediction files: what is in them, in each format.

use crate::cli::Place;
use bnnc::data::{Request, load};
use std::collections::BTreeMap;

/// The columns of a csv by their names.
fn table(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let mut columns: Vec<(String, Vec<String>)> =
        names.iter().map(|name| (name.into(), vec![])).collect();
    for row in reader.records() {
        for ((_, cells), cell) in columns.iter_mut().zip(&row.unwrap()) {
            cells.push(cell.into());
        }
    }
    columns.into_iter().collect()
}

fn written(place: &Place, name: &str) -> BTreeMap<String, Vec<String>> {
    table(&std::fs::read_to_string(place.path(name)).unwrap())
}

fn numbers(cells: &[String]) -> Vec<f64> {
    cells.iter().map(|cell| cell.parse().unwrap()).collect()
}

/// A run of one number.
fn line() -> Place {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --epochs 1 --batch-size 20 --out run");
    place
}

const CLASSES: &str = "model m\ninput x: real[2]\ntarget y: category[3]\nnetwork { f = dense(3) }\n\
                       observe y ~ Categorical(logits = f)\nobjective elbo\n";

/// A run of classes with names, and a column that tells rows apart.
fn classes() -> Place {
    let place = Place::new();
    std::fs::write(place.path("m.bnn"), CLASSES).unwrap();
    let row = |i: usize| {
        let names = ["no, none", "=red", "blå"];
        format!("P{},{},{},\"{}\"\n", i * 7919, i % 3, i % 5, names[i % 3])
    };
    let rows: String = (0..60).map(row).collect();
    std::fs::write(place.path("c.csv"), format!("id,a,b,y\n{rows}")).unwrap();
    place.ok("train m.bnn --data c.csv --drop id --epochs 3 --batch-size 20 --out run");
    place
}

#[test]
fn quantiles_and_intervals_are_those_asked_for() {
    let place = line();
    place.ok("predict run --samples 5 --out usual.csv");
    let usual = written(&place, "usual.csv");
    let asked = "--quantiles 0.025,0.5,0.975 --interval 0.9 --interval 0.95";
    place.ok(&format!("predict run --samples 5 {asked} --out p.csv"));
    let found = written(&place, "p.csv");
    for (name, same) in [
        ("lower_90", &usual["q05"]),
        ("upper_90", &usual["q95"]),
        ("q50", &usual["q50"]),
        ("mean", &usual["mean"]),
    ] {
        let pairs = numbers(&found[name]).into_iter().zip(numbers(same));
        for (found, same) in pairs {
            assert!(
                (found - same).abs() <= 1e-9 * same.abs(),
                "{name}: {found} {same}"
            );
        }
    }
    assert_eq!(found["lower_95"].len(), 60);
    for (quantile, end) in [("q02.5", "lower_95"), ("q97.5", "upper_95")] {
        for (quantile, end) in numbers(&found[quantile]).iter().zip(numbers(&found[end])) {
            assert!((quantile - end).abs() <= 1e-9 * end.abs());
        }
    }
    assert!(!found.contains_key("q05") && !found.contains_key("q95"));
    for wrong in ["--interval 90", "--quantiles 0.1,1", "--quantiles half"] {
        let refused = place.bnnc(&format!("predict run {wrong} --out p.csv"));
        let text = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{wrong}");
        assert!(text.contains("between 0 and 1"), "{text}");
    }
}

/// What is written of classes with names compares with the data's own column as text, in each format.
#[test]
fn classes_are_called_by_the_names_of_the_data() {
    let place = classes();
    let refused = place.refused("predict run --interval 0.5 --out p.csv");
    assert!(
        refused.contains("`y: category[3]`") && refused.contains("classes have no order"),
        "{refused}"
    );
    let said = place.ok("evaluate run --data c.csv --split train --samples 4 --format json");
    let scores: serde_json::Value = serde_json::from_str(&said).unwrap();
    place.ok("predict run --data c.csv --split train --samples 4 --out p.csv");
    let mut reader = csv::Reader::from_path(place.path("p.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let mut data = csv::Reader::from_path(place.path("c.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = data.records().map(Result::unwrap).collect();
    let (mut right, mut count) = (0.0, 0.0);
    for row in reader.records() {
        let row = row.unwrap();
        let own: usize = row[0].parse().unwrap();
        assert_eq!(row[column("id")], rows[own][0]);
        assert_eq!(row[column("target")], rows[own][3]);
        right += f64::from(u8::from(row[column("predicted")] == rows[own][3]));
        count += 1.0;
        let of = |name: &str| {
            row[column(&format!("probability_{name}"))]
                .parse::<f64>()
                .unwrap()
        };
        let best = ["no, none", "=red", "blå"]
            .into_iter()
            .max_by(|a, b| of(a).total_cmp(&of(b)));
        assert_eq!(Some(&row[column("predicted")]), best);
    }
    assert_eq!(right / count, scores["accuracy"].as_f64().unwrap());
    // Without names, numbers.
    let labels = std::fs::read_to_string(place.path("c.csv")).unwrap();
    let labels = labels.replace("\"no, none\"", "0").replace("\"=red\"", "1");
    std::fs::write(place.path("n.csv"), labels.replace("\"blå\"", "2")).unwrap();
    place.ok("train m.bnn --data n.csv --drop id --epochs 1 --batch-size 20 --out plain");
    place.ok("predict plain --samples 2 --out n_p.csv");
    let found = written(&place, "n_p.csv");
    assert!(
        numbers(&found["target"])
            .iter()
            .all(|label| label.fract() == 0.0)
    );
    assert!(
        numbers(&found["predicted"])
            .iter()
            .all(|label| *label < 3.0)
    );
}

/// A table of Parquet holds what a csv holds, for our own reader and for pyarrow.
#[cfg(feature = "parquet")]
#[test]
fn parquet_holds_what_a_csv_holds() {
    let place = classes();
    place.ok("predict run --data c.csv --split train --samples 4 --out p.csv");
    place.ok("predict run --data c.csv --split train --samples 4 --out p.parquet");
    let read = |name: &str| {
        let data = load(&Request {
            data: place.path(name).display().to_string(),
            target: Some("entropy".into()),
            choices: bnnc::data::Choices {
                drop: Some("id,target,predicted".into()),
                ..Default::default()
            },
            ..Request::default()
        });
        let data = data.unwrap();
        (
            data.columns.unwrap().inputs,
            data.train.inputs,
            data.train.targets,
        )
    };
    assert_eq!(read("p.csv"), read("p.parquet"));
    let program = "import csv, sys, pyarrow.parquet as pq\n\
        table = pq.read_table('p.parquet')\n\
        rows = list(csv.reader(open('p.csv', encoding='utf-8')))\n\
        assert table.column_names == rows[0], table.column_names\n\
        kinds = {name: str(table.schema.field(name).type) for name in rows[0]}\n\
        assert kinds['row'] == 'int64' and kinds['predicted'] == 'string' and kinds['entropy'] == 'double', kinds\n\
        of = lambda name, text: text if kinds[name] == 'string' else float(text)\n\
        for place, name in enumerate(rows[0]):\n\
        \x20   own = [of(name, row[place]) for row in rows[1:]]\n\
        \x20   assert table.column(name).to_pylist() == own, name\n\
        print('the same')\n";
    std::fs::write(place.path("compare.py"), program).unwrap();
    let python = std::env::var("BNNC_PYTHON").unwrap_or("python3".into());
    let has = std::process::Command::new(&python)
        .args(["-c", "import pyarrow.parquet"])
        .output();
    if !has.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: {python} has no pyarrow, which nothing was compared with");
        return;
    }
    let output = std::process::Command::new(&python)
        .arg("compare.py")
        .current_dir(place.path("."))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "the same\n");
}

/// A run that knows an identifier, and a table of more rows than it was trained on.
fn streamed(rows: usize) -> Place {
    let place = Place::new();
    let row = |i: usize| {
        let (a, b) = ((0.7 * i as f64).sin(), (0.3 * i as f64).cos());
        format!(
            "\"r{}, x\",{a},{b},{}\n",
            i * 7919,
            100.0 + 20.0 * a - 7.0 * b
        )
    };
    let table =
        |rows: std::ops::Range<usize>| format!("id,a,b,y\n{}", rows.map(row).collect::<String>());
    std::fs::write(place.path("own.csv"), table(0..60)).unwrap();
    std::fs::write(place.path("big.csv"), table(1000..1000 + rows)).unwrap();
    for (number, start) in (1000..1000 + rows).step_by(50).enumerate() {
        let end = (start + 50).min(1000 + rows);
        std::fs::write(place.path(&format!("few{number}.csv")), table(start..end)).unwrap();
    }
    place.ok("train line.bnn --data own.csv --drop id --epochs 1 --batch-size 20 --out run");
    place
}

/// The rows of a csv without its header and the number that each begins with.
fn without_numbers(text: &str) -> Vec<String> {
    let rows = text.lines().skip(1);
    rows.map(|row| row.split_once(',').unwrap().1.to_owned())
        .collect()
}

fn piped(place: &Place, arguments: &str, input: &str) -> std::process::Output {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_bnnc"))
        .args(arguments.split_whitespace())
        .current_dir(place.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writing = std::thread::spawn(move || {
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    output
}

/// A table with more rows than the run's is read some rows at a time: to the bit as smaller tables are, read whole.
#[test]
fn rows_are_the_same_streamed_and_read_whole() {
    let place = streamed(220);
    place.ok("predict run --data big.csv --samples 3 --out big_p.csv");
    let big = std::fs::read_to_string(place.path("big_p.csv")).unwrap();
    let mut few = vec![];
    for number in 0..5 {
        place.ok(&format!(
            "predict run --data few{number}.csv --samples 3 --out p.csv"
        ));
        few.extend(without_numbers(
            &std::fs::read_to_string(place.path("p.csv")).unwrap(),
        ));
    }
    assert_eq!(without_numbers(&big), few);
    let numbers: Vec<&str> = big
        .lines()
        .skip(1)
        .map(|row| row.split(',').next().unwrap())
        .collect();
    assert_eq!(
        numbers,
        (0..220).map(|row| row.to_string()).collect::<Vec<_>>()
    );

    // From one program to the next, with nothing else among the rows.
    let input = std::fs::read_to_string(place.path("big.csv")).unwrap();
    let output = piped(&place, "predict run --data - --out - --samples 3", &input);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(String::from_utf8(output.stdout).unwrap(), big);

    // JSON lines, one column of texts that are numbers.
    let object = |row: &str| {
        let (id, numbers) = row.split_at(row.rfind('"').unwrap() + 1);
        let cells: Vec<&str> = numbers.split(',').skip(1).collect();
        format!(
            "{{\"id\": {id}, \"b\": {}, \"a\": \"{}\", \"y\": {}}}\n",
            cells[1], cells[0], cells[2]
        )
    };
    let lines: String = input.lines().skip(1).map(object).collect();
    std::fs::write(place.path("big.jsonl"), &lines).unwrap();
    place.ok("predict run --data big.jsonl --samples 3 --out lines_p.csv");
    assert_eq!(
        std::fs::read_to_string(place.path("lines_p.csv")).unwrap(),
        big
    );
    let output = piped(&place, "predict run --data - --out - --samples 3", &lines);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(String::from_utf8(output.stdout).unwrap(), big);

    // What is wrong is told with its line before anything is written.
    let bad = input.clone() + "id,2,much,3\n";
    std::fs::write(place.path("bad.csv"), &bad).unwrap();
    let refused = place.refused("predict run --data bad.csv --samples 3 --out big_p.csv");
    assert!(
        refused.contains("bad.csv:222: column `b` holds no number"),
        "{refused}"
    );
    assert_eq!(
        std::fs::read_to_string(place.path("big_p.csv")).unwrap(),
        big
    );
    let output = piped(&place, "predict run --data - --out p.csv --samples 3", &bad);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text.contains("standard input:222: column `b` holds no number"),
        "{text}"
    );
    // A header alone leaves what was written before as it is.
    let header = format!("{}\n", input.lines().next().unwrap());
    let output = piped(&place, "predict run --data - --out big_p.csv", &header);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        std::fs::read_to_string(place.path("big_p.csv")).unwrap(),
        big
    );
    for flags in ["--split test", "--allow-changed", "--samples-out s.npz"] {
        let output = piped(
            &place,
            &format!("predict run --data - --out - {flags}"),
            &input,
        );
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(
            text.contains("E0603") && text.contains("read once"),
            "{flags}: {text}"
        );
        assert!(output.stdout.is_empty());
    }
}

/// A program that writes a row and waits for its prediction has it; one that stops reading ends the command without a
/// word.
#[test]
fn a_row_is_answered_as_it_comes_and_a_closed_pipe_is_no_fault() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};
    let place = streamed(220);
    let start = || {
        Command::new(env!("CARGO_BIN_EXE_bnnc"))
            .args([
                "predict",
                "run",
                "--data",
                "-",
                "--out",
                "-",
                "--samples",
                "2",
            ])
            .current_dir(place.path("."))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let input = std::fs::read_to_string(place.path("big.csv")).unwrap();
    let mut child = start();
    let (mut stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut answers = BufReader::new(stdout).lines();
    let mut rows = input.lines();
    writeln!(stdin, "{}", rows.next().unwrap()).unwrap();
    for (number, row) in rows.take(3).enumerate() {
        writeln!(stdin, "{row}").unwrap();
        if number == 0 {
            assert!(answers.next().unwrap().unwrap().starts_with("row,id,"));
        }
        let answer = answers.next().unwrap().unwrap();
        assert!(answer.starts_with(&format!("{number},")), "{answer}");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());

    let mut child = start();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    // It may have ended while this is written.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && !text.contains("E0601"), "{text}");
}

/// A row that is not whole is told, also where it is the last thing that comes.
#[test]
fn a_row_that_breaks_off_at_the_end_is_refused() {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::process::{Command, Stdio};
    let place = line();
    // The rows before are answered first, so that the last one comes by itself.
    let mut child = Command::new(env!("CARGO_BIN_EXE_bnnc"))
        .args("predict run --data - --out - --samples 2".split(' '))
        .current_dir(place.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    write!(stdin, "a,b\n0.5,1\n0.25,2\n").unwrap();
    let mut answers = BufReader::new(stdout).lines();
    for _ in 0..3 {
        answers.next().unwrap().unwrap();
    }
    writeln!(stdin, "0.5").unwrap();
    drop(stdin);
    assert!(answers.next().is_none());
    let mut text = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(
        text.contains("E0505") && text.contains("standard input:4"),
        "{text}"
    );
}

/// Single draws that are wanted are written whole, though no one reads the predictions beside them.
#[test]
fn single_draws_are_whole_though_the_pipe_is_closed() {
    use std::process::{Command, Stdio};
    let place = streamed(220);
    let command = "predict run --data big.csv --samples 40 --samples-out";
    for name in ["s.safetensors", "s.npz"] {
        place.ok(&format!("{command} {name} --out p.csv"));
        let expected = std::fs::read(place.path(name)).unwrap();
        std::fs::write(place.path(name), "before").unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_bnnc"))
            .args(format!("{command} {name} --out -").split(' '))
            .current_dir(place.path("."))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert!(child.wait().unwrap().success());
        assert_eq!(std::fs::read(place.path(name)).unwrap(), expected, "{name}");
    }
}

#[test]
fn two_outputs_in_one_file_and_two_quantiles_in_one_column_are_refused() {
    let place = line();
    std::fs::create_dir(place.path("sub")).unwrap();
    for other in ["p.npz", "./p.npz", "sub/../p.npz"] {
        let text = place.refused(&format!("predict run --out p.npz --samples-out {other}"));
        assert!(
            text.contains("E0601") && text.contains("both `--out` and `--samples-out`"),
            "{other}: {text}"
        );
        assert!(!place.path("p.npz").exists());
    }
    let text = place.refused("predict run --out p.csv --quantiles 1e-300,1e-250");
    assert!(text.contains("E0603") && text.contains("`q00`"), "{text}");
    place.ok("predict run --out p.csv --quantiles 0.1,0.10 --interval 0.5 --interval 0.5");
}

/// Single draws average to what is written of all.
#[test]
fn single_draws_are_what_is_averaged() {
    use crate::image_targets::array;
    let place = streamed(220);
    let command = "predict run --data big.csv --samples 4 --out p.csv --samples-out";
    place.ok(&format!("{command} s.npz"));
    place.ok(&format!("{command} s.safetensors --threads 1"));
    let bytes = std::fs::read(place.path("s.npz")).unwrap();
    let tensors = std::fs::read(place.path("s.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&tensors).unwrap();
    let of = |name: &str| {
        let (shape, values) = array(&bytes, name);
        assert_eq!(shape, [4, 220]);
        let own: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(tensors.tensor(name).unwrap().data(), own, "{name}");
        values
    };
    let found = written(&place, "p.csv");
    let (means, stds, draws) = (of("mean"), of("std"), of("draw"));
    let (mean, aleatoric) = (numbers(&found["mean"]), numbers(&found["aleatoric_std"]));
    for row in 0..220 {
        let of_row = |values: &[f64]| {
            (0..4)
                .map(|draw| values[draw * 220 + row])
                .collect::<Vec<_>>()
        };
        let average = of_row(&means).iter().sum::<f64>() / 4.0;
        assert!(
            (average - mean[row]).abs() < 1e-9,
            "{average} {}",
            mean[row]
        );
        let within = of_row(&stds).iter().map(|s| s * s).sum::<f64>() / 4.0;
        assert!((within.sqrt() - aleatoric[row]).abs() < 1e-9);
    }
    // 880 standardized draws have the moments of a standard normal distribution, within four standard errors.
    let z: Vec<f64> = (0..880).map(|i| (draws[i] - means[i]) / stds[i]).collect();
    let mean = z.iter().sum::<f64>() / 880.0;
    let square = z.iter().map(|z| z * z).sum::<f64>() / 880.0;
    assert!(mean.abs() < 4.0 / 880f64.sqrt(), "{mean}");
    assert!(
        (square - 1.0).abs() < 4.0 * (2.0 / 880.0f64).sqrt(),
        "{square}"
    );

    let place = classes();
    place.ok("predict run --samples 3 --split train --out p.csv --samples-out s.npz");
    let bytes = std::fs::read(place.path("s.npz")).unwrap();
    let (shape, values) = array(&bytes, "probability");
    let rows = shape[1];
    assert_eq!(shape, [3, rows, 3]);
    let text = std::fs::read_to_string(place.path("p.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let first = header
        .iter()
        .position(|name| name.starts_with("probability_"))
        .unwrap();
    for (row, cells) in reader.records().enumerate() {
        let cells = cells.unwrap();
        for class in 0..3 {
            let of = |draw: usize| values[(draw * rows + row) * 3 + class];
            let mean = (of(0) + of(1) + of(2)) / 3.0;
            let own: f64 = cells[first + class].parse().unwrap();
            assert!((mean - own).abs() < 1e-12, "{mean} {own}");
        }
    }
    let refused = place.refused("predict run --out p.csv --samples-out s.csv");
    assert!(
        refused.contains("E0601") && refused.contains(".safetensors"),
        "{refused}"
    );
}
