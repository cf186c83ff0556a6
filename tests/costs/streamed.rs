//! What training on a file costs whose inputs are streamed: the memory does not grow with them.

use crate::{HELD, MOST_HELD};
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;

const MODEL: &str = "model wide
input x: real[4096]
target y: category[2]
network { f = dense(2) }
observe y ~ Categorical(logits = f)
objective elbo
";

/// An IDX file of `rows` rows of bytes, all 0 but the first of each, and one of their labels. The zeros take no room on
/// the disk.
fn files(folder: &Path, name: &str, rows: u32) -> u64 {
    let labels: Vec<u8> = (0..rows).map(|row| (row % 2) as u8).collect();
    let header = |lengths: &[u32]| {
        let mut bytes = vec![0, 0, 8, lengths.len() as u8];
        bytes.extend(lengths.iter().flat_map(|n| n.to_be_bytes()));
        bytes
    };
    let of_labels = [header(&[rows]), labels].concat();
    fs::write(folder.join(format!("{name}-labels.idx")), of_labels).unwrap();
    let mut file = File::create(folder.join(format!("{name}-images.idx"))).unwrap();
    let start = header(&[rows, 4096]);
    file.write_all(&start).unwrap();
    for row in 0..u64::from(rows) {
        file.seek(SeekFrom::Start(start.len() as u64 + 4096 * row))
            .unwrap();
        file.write_all(&[(row % 2) as u8 * 200]).unwrap();
    }
    let length = start.len() as u64 + 4096 * u64::from(rows);
    file.set_len(length).unwrap();
    length
}

/// From an IDX file. 16 and 128 MiB of inputs.
pub fn inputs_are_trained_on_in_constant_memory() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("m.bnn"), MODEL).unwrap();
    let [few, many] = [4096, 32768].map(|rows| {
        let length = files(folder, &format!("d{rows}"), rows);
        let path = |name: String| folder.join(name).into_os_string();
        let arguments = [
            "bnnc".into(),
            "train".into(),
            path("m.bnn".into()),
            "--data".into(),
            path(format!("d{rows}-images.idx")),
            "--stream=always".into(),
            "--epochs=1".into(),
            "--batch-size=128".into(),
            "--threads=2".into(),
            "--out".into(),
            path(format!("run{rows}")),
        ];
        let before = HELD.load(Relaxed);
        MOST_HELD.store(before, Relaxed);
        assert_eq!(bnnc::cli::run(arguments.into_iter()), ExitCode::SUCCESS);
        let most = MOST_HELD.load(Relaxed) - before;
        println!("training on {length} bytes took {most}");
        most
    });
    // 60 bytes an example.
    assert!(many < few + 60 * 28_672 + (2 << 20), "{few}, then {many}");
    assert!(many < 64 << 20, "{many}");
}
