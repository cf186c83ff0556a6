//! Sequences and windows from arrays and tables, as a user trains and predicts with them.

use crate::cli::Place;
use bnnc::data::npz::encode;

pub fn place(model: &str) -> Place {
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
pub fn cells(place: &Place, name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(place.path(name)).unwrap();
    let lines = text.lines();
    lines
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

/// The cells of the column `name` below its header.
pub fn column<'a>(cells: &'a [Vec<String>], name: &str) -> Vec<&'a str> {
    let place = cells[0].iter().position(|cell| cell == name);
    let place = place.unwrap_or_else(|| panic!("{name}: {:?}", cells[0]));
    cells[1..].iter().map(|row| &row[place][..]).collect()
}

pub const EACH_STEP: &str = "input x: real[4, 2, padded]\ntarget y: real[4, 1]|dense(6), tanh, f = dense(1) } \
                         observe y ~ Normal(f, 0.5)";
pub const ONCE: &str = "input x: real[4, 2, padded]\ntarget y: real|flatten, dense(6), tanh, f = dense(1) } \
                    observe y ~ Normal(f, 0.5)";

/// 20 sequences of 1 to 3 steps of two numbers with a target at each, and their lengths.
pub fn arrays(garbage: f64) -> Vec<u8> {
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
pub fn visits() -> String {
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
    // So is the run's own table, for what comes next.
    place.ok("predict run --split future --samples 2 --out f.csv");
    let [own, last] = ["f.csv", "q.csv"].map(|name| cells(&place, name));
    assert_eq!(column(&own, "day"), ["2024-01-30"]);
    assert_eq!(column(&own, "mean"), column(&last, "mean"));
    assert!(!own[0].contains(&"target".to_owned()), "{:?}", own[0]);
    // Of another table each window has its target, if it has come.
    std::fs::write(place.path("more.csv"), table(22..30)).unwrap();
    place.ok("predict run --data more.csv --samples 2 --out m.csv");
    let written = cells(&place, "m.csv");
    let days = ["2024-01-28", "2024-01-29", "2024-01-30"];
    assert_eq!(column(&written, "day"), days);
    let targets = [28.0, 29.0].map(|t: f64| format!("{:.3}", t.sin()));
    assert_eq!(
        column(&written, "target"),
        [&targets[0], &targets[1], "NaN"]
    );
    let density = column(&written, "log_density");
    let are_none: Vec<bool> = density.iter().map(|x| *x == "NaN").collect();
    assert_eq!(are_none, [false, false, true]);
    assert_eq!(column(&written, "mean")[2], column(&last, "mean")[0]);
    let said = place.refused("evaluate run --split future");
    assert!(
        said.starts_with("error[E0603]: targets that are yet to come"),
        "{said}"
    );
    // As wide as the data; and what else may be meant.
    let text = std::fs::read_to_string(place.path("m.bnn")).unwrap();
    std::fs::write(
        place.path("wide.bnn"),
        text.replace("real[6, 1]", "real[6, _]"),
    )
    .unwrap();
    place.ok("check wide.bnn --data t.csv --time day --window 6");
    std::fs::write(
        place.path("other.bnn"),
        text.replace("real[6, 1]", "real[6, 3]"),
    )
    .unwrap();
    let said = place.refused("check other.bnn --data t.csv --time day --window 6");
    assert!(
        said.contains("has the input `x: real[6, 1]`, 1 number a step"),
        "{said}"
    );
    let said = place.refused("check other.bnn --data t.csv");
    assert!(
        said.contains("`--window 6` makes one of every 6 rows"),
        "{said}"
    );
    let said = place.refused(&format!("{train} --test 3 --out other"));
    assert!(
        said.starts_with("error[E0513]: a test part of 3 rows holds no window"),
        "{said}"
    );
    let said = place.refused("check m.bnn --data last.csv --time day --window 6");
    assert!(said.starts_with("error[E0515]: the series of `"), "{said}");
    assert!(said.contains("is shorter than a window of 6 rows with its target"));
}

/// The past of every target is an input of each.
#[test]
fn windows_hold_the_past_of_all_targets() {
    let model = "input x: real[4, _]\ntarget load: real\ntarget heat: real|flatten, h = dense(3), a = dense(1), \
                 b = dense(1) on h } observe load ~ Normal(a, 0.5) observe heat ~ Normal(b, 0.5)";
    let place = place(model);
    let row = |t: usize| format!("{t},{:.3},{:.3}\n", (t as f64).sin(), (t as f64).cos());
    let table: String = (0..30).map(row).collect();
    std::fs::write(place.path("t.csv"), format!("hour,load,heat\n{table}")).unwrap();
    let train = "train m.bnn --data t.csv --time hour --window 4 --epochs 1 --batch-size 4";
    for flags in ["", "--inputs load,heat"] {
        let said = place.ok(&format!("{train} {flags} --out run"));
        assert!(said.contains("load, heat"), "{said}");
        let model = std::fs::read_to_string(place.path("run/ir.txt")).unwrap();
        assert!(model.contains("real[B, 4, 2]"), "{model}");
        std::fs::remove_dir_all(place.path("run")).unwrap();
    }
}

/// Of steps there are quantiles, and nothing of the sequence as a whole; arrays hold nothing behind the lengths.
#[test]
fn predictions_of_steps_are_of_steps_alone() {
    let place = place(EACH_STEP);
    std::fs::write(place.path("a.npz"), arrays(0.0)).unwrap();
    place.ok("train m.bnn --data a.npz --epochs 1 --batch-size 8 --out run");
    place.ok("predict run --samples 2 --interval 0.8 --out p.csv");
    let written = cells(&place, "p.csv");
    assert!(
        !written[0].iter().any(|name| name.starts_with("log_")),
        "{:?}",
        written[0]
    );
    let number = |name: &str| -> Vec<f64> {
        let cells = column(&written, name).into_iter();
        cells.map(|cell| cell.parse().unwrap()).collect()
    };
    for names in [["q05", "q50"], ["q50", "q95"], ["lower_80", "upper_80"]] {
        let [low, high] = names.map(number);
        assert!(
            low.iter().zip(&high).all(|(low, high)| low < high),
            "{names:?}"
        );
    }
    place.ok("predict run --samples 2 --out p.npz");
    let data = bnnc::data::load(&bnnc::data::Request {
        data: place.path("p.npz").display().to_string(),
        target: Some("length".into()),
        choices: bnnc::data::Choices {
            inputs: Some("mean".into()),
            ..Default::default()
        },
        ..Default::default()
    });
    let data = data.unwrap().train;
    assert_eq!((data.len, &data.input_shape.0[..]), (20, &[4, 1][..]));
    for at in 0..80 {
        let is_behind = (at % 4) as f64 >= data.targets.get(at / 4);
        assert_eq!(data.inputs.get(at).is_nan(), is_behind, "{at}");
    }
}

/// A step need not have a target; and in a row that is a sequence, each step has one.
#[test]
fn targets_of_steps_may_be_missing_and_stand_in_a_row() {
    let place = place(EACH_STEP);
    let table = visits();
    let first = table.lines().nth(1).unwrap();
    let without = first.rsplit_once(',').unwrap().0;
    let table = table.replacen(first, &format!("{without},"), 1);
    std::fs::write(place.path("t.csv"), table).unwrap();
    place.ok(
        "train m.bnn --data t.csv --target ill --sequence patient --time day --epochs 1 --batch-size 8 --out run",
    );
    place.ok("predict run --samples 2 --out p.csv");
    let written = cells(&place, "p.csv");
    let rows = column(&written, "row");
    for (row, target) in rows.iter().zip(column(&written, "target")) {
        assert_eq!(target == "NaN", *row == "0", "{row}");
    }
    let rows = "0.1,0.2,0.3,0.4,5,6,\n0.5,0.6,,,7,99,\n0.7,0.8,0.9,1,8,,\n";
    let table = format!("a1,b1,a2,b2,y1,y2,y3\n{}", rows.repeat(4));
    std::fs::write(place.path("wide.csv"), table).unwrap();
    place.ok("train m.bnn --data wide.csv --target y1..y3 --epochs 1 --batch-size 4 --out wide");
    place.ok("predict wide --samples 2 --out w.csv");
    let written = cells(&place, "w.csv");
    let targets = column(&written, "target");
    assert_eq!(targets[..5], ["5", "6", "7", "8", "NaN"]);
    assert_eq!(column(&written, "step")[..5], ["0", "1", "0", "0", "1"]);
}

#[test]
fn what_is_forgotten_of_sequences_is_named() {
    let place = place(ONCE);
    std::fs::write(place.path("t.csv"), visits()).unwrap();
    let said = place.refused("check m.bnn --data t.csv --target ill");
    assert!(
        said.contains("`--sequence COLUMN` names the column"),
        "{said}"
    );
    // Padding without lengths.
    let x: Vec<f64> = (0..12)
        .map(|at| if at > 9 { f64::NAN } else { 0.5 })
        .collect();
    let arrays: [(&str, &[usize], &[f64]); 2] = [("x", &[2, 3, 2], &x), ("y", &[2], &[0.5, 1.0])];
    std::fs::write(place.path("a.npz"), encode(arrays).unwrap()).unwrap();
    let train = "train m.bnn --data a.npz --batch-size 1 --out r";
    let said = place.refused(train);
    assert!(said.starts_with("error[E0510]: `x` of `"), "{said}");
    assert!(said.contains("an array `x_length`"), "{said}");
    let text = std::fs::read_to_string(place.path("m.bnn")).unwrap();
    let text = text.replace("real[4, 2, padded]", "real[3, 2]");
    std::fs::write(place.path("m.bnn"), text).unwrap();
    let said = place.refused(train);
    assert!(said.contains("the input `x: real[3, 2, padded]`"), "{said}");
}

#[test]
fn the_order_of_classes_is_told_and_can_be_said() {
    let place = place(
        "input x: real[1]\ntarget grade: category[3]|f = dense(1, bias = none) } \
         observe grade ~ OrderedLogistic(eta = f, cutpoints = learned(0))",
    );
    let row = |at: usize| format!("{at},{}\n", ["low", "medium", "high"][at / 4]);
    let table = format!("x,grade\n{}", (0..12).map(row).collect::<String>());
    std::fs::write(place.path("t.csv"), table).unwrap();
    let check = |flags: &str| {
        let output = place.bnnc(&format!("check m.bnn --data t.csv {flags}"));
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success(), "{text}");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let said = check("");
    let told = "in the order of the alphabet, high < low < medium";
    assert!(said.contains(told), "{said}");
    assert!(said.contains("high = 0, low = 1, medium = 2"), "{said}");
    let said = check("--categories grade=low<medium<high");
    assert!(!said.contains("alphabet"), "{said}");
    assert!(said.contains("low = 0, medium = 1, high = 2"), "{said}");
    let said = place.refused("check m.bnn --data t.csv --categories grade=low<high");
    assert!(
        said.contains("found `medium`, which is not in the list"),
        "{said}"
    );
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

/// The last token is that of words that training never saw: that it never occurs there is no fault.
#[test]
fn the_token_of_other_words_is_not_missed() {
    let check = |vocabulary: usize| {
        let place = place(&format!(
            "input review: token[4, vocabulary = {vocabulary}]\ntarget mood: category[2]|embedding(4), \
             global_avg_pool1d, f = dense(2) }} observe mood ~ Categorical(logits = f)"
        ));
        let row = |at: usize| format!("{} film,{}\n", ["good", "bad"][at % 2], at % 2);
        let table = format!("review,mood\n{}", (0..40).map(row).collect::<String>());
        std::fs::write(place.path("t.csv"), table).unwrap();
        let output = place.bnnc("check m.bnn --data t.csv --batch-size 10");
        String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap()
    };
    // bad, film, good and the one for others.
    let fits = check(4);
    assert!(fits.contains("review"), "{fits}");
    assert!(!fits.contains("tokens-never-seen"), "{fits}");
    let wide = check(6);
    assert!(wide.contains("2 occur in no training example"), "{wide}");
    assert!(wide.contains("`vocabulary = 4` has room"), "{wide}");
}
