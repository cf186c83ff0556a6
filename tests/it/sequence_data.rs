//! Sequences and windows from arrays and tables, as a user trains and predicts with them.

use crate::cli::Place;
use bnnc::data::npz::encode;

fn place(model: &str) -> Place {
    let place = Place::new();
    let (declared, network) = model.split_once('|').unwrap();
    let text = format!(
        "model m\n{declared}\ndefault {{ prior = Normal(0, 1), posterior = MeanField, estimator = flipout }}\n\
         network {{ {network} }}\nobjective elbo\n"
    );
    let text = text
        .replace(" observe", "\nobserve")
        .replace(" }\nobjective", "\nobjective");
    std::fs::write(place.path("m.bnn"), text).unwrap();
    place
}

/// The lines of a file of predictions, cell by cell.
fn cells(place: &Place, name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(place.path(name)).unwrap();
    let lines = text.lines();
    lines
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

/// The cells of the column `name` below its header.
fn column<'a>(cells: &'a [Vec<String>], name: &str) -> Vec<&'a str> {
    let place = cells[0].iter().position(|cell| cell == name);
    let place = place.unwrap_or_else(|| panic!("{name}: {:?}", cells[0]));
    cells[1..].iter().map(|row| &row[place][..]).collect()
}

const EACH_STEP: &str = "input x: real[4, 2, padded]\ntarget y: real[4, 1]|dense(6), tanh, f = dense(1) } \
                         observe y ~ Normal(f, 0.5)";
const ONCE: &str = "input x: real[4, 2, padded]\ntarget y: real|flatten, dense(6), tanh, f = dense(1) } \
                    observe y ~ Normal(f, 0.5)";

/// 20 sequences of 1 to 3 steps of two numbers with a target at each, and their lengths.
fn arrays(garbage: f64) -> Vec<u8> {
    let (mut x, mut y, mut lengths) = (vec![], vec![], vec![]);
    for i in 0..20 {
        let length = 1 + i % 3;
        lengths.push(length as f64);
        for step in 0..3 {
            let t = f64::from(3 * i + step);
            let numbers = [(0.7 * t).sin(), (0.3 * t).cos()];
            let is_there = step < length;
            x.extend(if is_there { numbers } else { [garbage; 2] });
            y.push(if is_there { 3.0 + numbers[0] } else { garbage });
        }
    }
    let arrays: [(&str, &[usize], &[f64]); 3] = [
        ("x", &[20, 3, 2], &x),
        ("y", &[20, 3, 1], &y),
        ("x_length", &[20], &lengths),
    ];
    encode(arrays).unwrap()
}

/// What stands behind the lengths changes no bit of a run, and a prediction of each step goes with its row and step.
#[test]
fn padding_of_arrays_takes_no_part() {
    let place = place(EACH_STEP);
    let mut checkpoints = vec![];
    for (name, garbage) in [("a", 0.0), ("b", 99.0)] {
        std::fs::write(place.path(&format!("{name}.npz")), arrays(garbage)).unwrap();
        let said = place.ok(&format!(
            "train m.bnn --data {name}.npz --epochs 3 --batch-size 8 --test 4 --out {name}"
        ));
        assert!(said.contains("with the lengths in `x_length`"), "{said}");
        let run = place.path(name).join("checkpoint.safetensors");
        checkpoints.push(std::fs::read(run).unwrap());
    }
    assert!(checkpoints[0] == checkpoints[1]);
    let said = place.ok("check m.bnn --data a.npz");
    assert!(said.contains("N = 20"), "{said}");
    place.ok("predict a --samples 2 --split train --out p.csv");
    let written = cells(&place, "p.csv");
    let steps = column(&written, "step");
    assert_eq!(column(&written, "row").len(), steps.len());
    // 16 of the 20 sequences, of 1 to 3 steps each.
    let first = steps.iter().filter(|step| **step == "0").count();
    assert_eq!(first, 16);
    assert!(steps.iter().all(|step| *step < "3"), "{steps:?}");
    assert!(
        !written.iter().flatten().any(|cell| cell == "NaN"),
        "{written:?}"
    );
    let said = place.ok("evaluate a --samples 2");
    assert!(said.contains("test part of 4 examples"), "{said}");
    place.ok("predict a --data b.npz --samples 2 --out p.npz");
    let said = place.ok("explain a");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("sequences of at most 4 steps in ℝ² (x), and targets"),
        "{said}"
    );
}

#[test]
fn lengths_that_do_not_fit_are_refused_before_training() {
    let place = place(ONCE);
    let lengths = [2.0, 4.0];
    let arrays: [(&str, &[usize], &[f64]); 3] = [
        ("x", &[2, 3, 2], &[0.5; 12]),
        ("y", &[2], &[0.5, 1.0]),
        ("x_length", &[2], &lengths),
    ];
    std::fs::write(place.path("a.npz"), encode(arrays).unwrap()).unwrap();
    for command in [
        "check m.bnn --data a.npz",
        "train m.bnn --data a.npz --out r",
    ] {
        let said = place.refused(command);
        assert!(said.starts_with("error[E0514]: row 1 (the first being 0) of `x_length` of `"));
        assert!(said.contains("is 4, and `x` has 3 steps"), "{said}");
    }
}

/// Patients with 1 to 4 visits; the last of each is that of the next patient's line.
fn visits() -> String {
    let mut text = String::from("day,patient,pulse,pressure,ill\n");
    for day in (0..4).rev() {
        for patient in 0..24 {
            if day <= patient % 4 {
                let t = f64::from(patient) + 0.1 * f64::from(day);
                let row = format!("{day},p{patient:02},{:.3},{:.3}", t.sin(), t.cos());
                text += &format!("{row},{}\n", patient % 2);
            }
        }
    }
    text
}

#[test]
fn a_table_with_a_row_a_step_is_trained_on_and_predicted_for() {
    let place = place(ONCE);
    std::fs::write(place.path("t.csv"), visits()).unwrap();
    let said = place.ok(
        "train m.bnn --data t.csv --target ill --sequence patient --time day --test 0.25 --epochs 2 --batch-size 8 --out run",
    );
    assert!(
        said.contains("N = 18 examples to train on, 6 held out"),
        "{said}"
    );
    place.ok("predict run --samples 2 --out p.csv");
    let written = cells(&place, "p.csv");
    let patients = column(&written, "patient");
    assert_eq!(patients.len(), 6);
    // The row that each goes by is its first visit's.
    let rows = column(&written, "row");
    let table: Vec<String> = visits().lines().skip(1).map(str::to_owned).collect();
    for (row, patient) in rows.iter().zip(&patients) {
        let line = &table[row.parse::<usize>().unwrap()];
        assert!(
            line.starts_with(&format!("0,{patient},")),
            "{row} {patient}: {line}"
        );
    }
    // Another table, in another order and without targets.
    let other = "patient,pressure,day,pulse\nz,0.1,2,0.2\nz,0.3,1,0.4\n";
    std::fs::write(place.path("new.csv"), other).unwrap();
    place.ok("predict run --data new.csv --samples 2 --out q.csv");
    let written = cells(&place, "q.csv");
    assert_eq!(
        (column(&written, "patient"), column(&written, "row")),
        (vec!["z"], vec!["1"])
    );
}

/// Each step of a table's sequences is predicted beside its own row.
#[test]
fn predictions_of_steps_go_with_the_rows_of_a_table() {
    let place = place(EACH_STEP);
    std::fs::write(place.path("t.csv"), visits()).unwrap();
    place.ok(
        "train m.bnn --data t.csv --target ill --sequence patient --time day --epochs 2 --batch-size 8 --out run",
    );
    place.ok("predict run --samples 2 --out p.csv");
    let written = cells(&place, "p.csv");
    let table: Vec<String> = visits().lines().skip(1).map(str::to_owned).collect();
    let all = column(&written, "row").into_iter();
    let all = all
        .zip(column(&written, "day"))
        .zip(column(&written, "patient"));
    let all = all
        .zip(column(&written, "step"))
        .zip(column(&written, "target"));
    let mut count = 0;
    for ((((row, day), patient), step), target) in all {
        let line = &table[row.parse::<usize>().unwrap()];
        assert!(line.starts_with(&format!("{day},{patient},")), "{line}");
        assert!(line.ends_with(&format!(",{target}")), "{line} {target}");
        assert_eq!(day, step);
        count += 1;
    }
    assert_eq!(count, table.len());
}

#[test]
fn windows_of_a_series_are_divided_in_time_and_predict_what_is_yet_to_come() {
    let model = "input x: real[6, 1]\ntarget load: real|flatten, f = dense(1) } observe load ~ Normal(f, 0.5)";
    let place = place(model);
    let row = |t: usize| format!("2024-01-{:02},{:.3}\n", t + 1, (t as f64).sin());
    let table = |days: std::ops::Range<usize>| -> String {
        format!("day,load\n{}", days.map(row).collect::<String>())
    };
    std::fs::write(place.path("t.csv"), table(0..30)).unwrap();
    let train = "train m.bnn --data t.csv --time day --window 6 --epochs 2 --batch-size 4";
    let said = place.ok(&format!("{train} --test 0.4 --out run"));
    assert!(
        said.contains("N = 12 examples to train on, 6 held out"),
        "{said}"
    );
    assert!(
        said.contains("6 windows that reach from the training"),
        "{said}"
    );
    place.ok("evaluate run --samples 2");
    place.ok("predict run --samples 2 --out p.csv");
    let written = cells(&place, "p.csv");
    // The first window of the test part ends on the 24th.
    assert_eq!(column(&written, "day")[0], "2024-01-24");
    assert_eq!(column(&written, "target")[0], format!("{:.3}", 24f64.sin()));
    // The last six days are enough to predict the day after.
    std::fs::write(place.path("last.csv"), table(24..30)).unwrap();
    place.ok("predict run --data last.csv --samples 2 --out q.csv");
    assert_eq!(column(&cells(&place, "q.csv"), "day"), ["2024-01-30"]);
    let said = place.refused(&format!("{train} --test 3 --out other"));
    assert!(
        said.starts_with("error[E0513]: a test part of 3 rows holds no window"),
        "{said}"
    );
    let said = place.refused("check m.bnn --data last.csv --time day --window 6");
    assert!(said.starts_with("error[E0515]: the series of `"), "{said}");
    assert!(said.contains("is shorter than a window of 6 rows with its target"));
}

/// Columns that tell rows apart are those of the rows that are held out, not of the table's first ones.
#[test]
fn identifiers_beside_predictions_of_a_test_part_are_its_own() {
    let place = Place::new();
    let table = std::fs::read_to_string(place.path("t.csv")).unwrap();
    let rows = table.lines().enumerate().map(|(at, line)| match at {
        0 => format!("id,{line}\n"),
        _ => format!("name{:02},{line}\n", at - 1),
    });
    std::fs::write(place.path("named.csv"), rows.collect::<String>()).unwrap();
    place.ok(
        "train line.bnn --data named.csv --drop id --test 0.2 --epochs 1 --batch-size 16 --out run",
    );
    place.ok("predict run --samples 2 --out p.csv");
    let written = cells(&place, "p.csv");
    assert_eq!(written.len(), 13);
    for (row, id) in column(&written, "row").iter().zip(column(&written, "id")) {
        assert_eq!(id, format!("name{:02}", row.parse::<usize>().unwrap()));
    }
}
