//! What predicting a large table costs: the memory does not grow with its rows.

use crate::{HELD, MOST_HELD};
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;

const MODEL: &str = "model line
input x: real[12]
target y: real
network { f = dense(1) }
observe y ~ Normal(loc = f, scale = 1)
objective elbo
";

fn table(path: &Path, rows: usize) {
    let names: Vec<String> = (0..12).map(|column| format!("x{column}")).collect();
    let mut text = format!("id,{},y\n", names.join(","));
    for row in 0..rows {
        write!(text, "row {row}").unwrap();
        for column in 0..12 {
            write!(text, ",{}", (0.37 * (row * 12 + column) as f64).sin()).unwrap();
        }
        writeln!(text, ",{}", row % 7).unwrap();
    }
    std::fs::write(path, text).unwrap();
}

/// The most bytes that are held beside those before.
fn most_held(folder: &Path, arguments: &str) -> usize {
    let own = |word: &str| match word.split_once('.') {
        Some((_, "bnn" | "csv")) => folder.join(word).into_os_string(),
        _ if word == "run" => folder.join(word).into_os_string(),
        _ => word.into(),
    };
    let before = HELD.load(Relaxed);
    MOST_HELD.store(before, Relaxed);
    let arguments = arguments.split(' ').map(own);
    let code = bnnc::cli::run(std::iter::once("bnnc".into()).chain(arguments));
    assert_eq!(code, ExitCode::SUCCESS);
    MOST_HELD.load(Relaxed) - before
}

/// From csv to csv. Texts of 7 and of 28 MB.
pub fn rows_are_predicted_in_constant_memory() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("m.bnn"), MODEL).unwrap();
    table(&folder.join("own.csv"), 200);
    most_held(
        folder,
        "train m.bnn --data own.csv --drop id --epochs 1 --batch-size 100 --out run",
    );
    let [few, many] = [30_000, 120_000].map(|rows| {
        let name = format!("rows{rows}.csv");
        table(&folder.join(&name), rows);
        most_held(
            folder,
            &format!("predict run --data {name} --samples 1 --threads 2 --out p{rows}.csv"),
        )
    });
    let size = std::fs::metadata(folder.join("rows120000.csv"))
        .unwrap()
        .len() as usize;
    println!("predicting 30,000 rows took {few} bytes, 120,000 rows of {size} bytes {many}");
    assert!(many < few + few / 10 + (1 << 20), "{few}, then {many}");
    assert!(many < size, "{many} for a table of {size} bytes");
}
