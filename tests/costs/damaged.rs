//! Damaged files of every kind: messages, never a panic, in little memory and time.

#[path = "../../fuzz/targets.rs"]
mod targets;

use super::{HELD, MOST_HELD};
use bnnc::data::npz;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// As long as an input is made at most.
const LONGEST: usize = 64 << 10;
/// More than reading it may hold at once: a model of blocks in each other is 20,000 layers at most, of some 4 KB each.
const MOST: usize = 96 << 20;
/// Long after the time that an input takes: here to tell a loop without end. A busy machine is slow.
const SOON: Duration = Duration::from_secs(20);

/// What the file formats give a meaning to.
const WORDS: &[&str] = &[
    "dense(",
    "relu",
    "flatten",
    "conv2d(",
    "Normal(0, 1)",
    "MeanField",
    "Delta",
    "deterministic",
    "none",
    "learned(1)",
    "fan_in",
    "logits",
    "softplus",
    "latent ",
    "0",
    "-1",
    "1e300",
    "16000000",
    "18446744073709551616",
    "0.5",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ",",
    ";",
    "\t",
    "=",
    "\n",
    "\r\n",
    "\"",
    "#",
    "prior",
    "bias",
    "kernel:",
    "StudentT",
    "x",
    "pi",
    "/",
    "^",
    "^2",
    "NA",
    "1,234",
    "2024-01-02",
    "%",
    "\u{feff}",
    "\u{2212}",
    "π",
    "nan",
    "inf",
    "<f8",
    "|b1",
    "'shape'",
    "F32",
    "\\u001b",
    "\0",
];

/// A stream of numbers that is the same each time.
struct Random(u64);

impl Random {
    /// A number below `most`, which is not 0.
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % most
    }

    fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }

    /// A part of so many bytes, up to 40 of them.
    fn part(&mut self, len: usize) -> std::ops::Range<usize> {
        let start = self.below(len + 1);
        start..len.min(start + self.below(40))
    }
}

/// A file that is not as it was.
fn damage(mut bytes: Vec<u8>, other: &[u8], random: &mut Random) -> Vec<u8> {
    for _ in 0..1 + random.below(4) {
        let part = random.part(bytes.len());
        match random.below(9) {
            0 => drop(bytes.drain(part)),
            1 => drop(bytes.splice(part, random.pick(WORDS).bytes())),
            2 => drop(bytes.splice(part.start..part.start, random.pick(WORDS).bytes())),
            3 => bytes[part]
                .iter_mut()
                .for_each(|byte| *byte ^= 1 << random.below(8)),
            4 => bytes[part].fill(*random.pick(&[&0, &255, &b'9', &b' '])),
            5 => bytes.truncate(part.start),
            6 => drop(bytes.splice(part, other[random.part(other.len())].iter().copied())),
            7 => {
                let copy = bytes[part.clone()].to_vec();
                drop(bytes.splice(part.end..part.end, copy));
            }
            // The same part again and again, as deep or as wide as it gets.
            _ => {
                let times = (LONGEST - bytes.len().min(LONGEST)) / part.len().max(1);
                let copies = bytes[part.clone()].repeat(times);
                drop(bytes.splice(part.end..part.end, copies));
            }
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

/// The files of a folder with this ending.
fn files(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&root).expect("a folder of the repository");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == ending));
    paths.sort();
    let files = paths
        .iter()
        .map(|path| std::fs::read(path).expect("a file"));
    files.filter(|file| file.len() < LONGEST).collect()
}

fn models() -> Vec<Vec<u8>> {
    [
        "specs",
        "tests/corpus/good",
        "tests/corpus/bad",
        "tests/corpus/lint",
    ]
    .iter()
    .flat_map(|folder| files(folder, "bnn"))
    .collect()
}

fn tables() -> Vec<Vec<u8>> {
    let texts = [
        "a,b,y\n1,2.5,0\n3,-4e3,1\n0,7,2\n",
        "name;age;when;y\n\"A; b\";1,5;01.03.2024;yes\nC;2.000,25;02.03.2024;no\nC;;03.03.2024;yes\n",
        "# x y\n1 2\n3 4\n5 6\n",
        "id\tsize\tlabel\n001\t12%\tsetosa\n002\t7%\tvirginica\n003\t-999\tsetosa\n",
    ];
    let mut tables: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    let wide = texts[0].encode_utf16().flat_map(u16::to_le_bytes);
    tables.push([0xff, 0xfe].into_iter().chain(wide).collect());
    tables
}

fn programs() -> Vec<Vec<u8>> {
    let keras = "import tensorflow_probability as tfp\nfrom tensorflow import keras\nN = 60_000\n\nmodel = \
                 keras.Sequential([\n    keras.Input(shape=(28, 28, 1)),\n    tfp.layers.Convolution2DFlipout(\n        \
                 8, kernel_size=(5, 5), padding='SAME', activation=\"relu\",\n        kernel_divergence_fn=lambda q, p, \
                 _: kl(q, p) / N),\n    keras.layers.MaxPooling2D(2),\n    keras.layers.Flatten(),\n    \
                 tfp.layers.DenseFlipout(10),\n])\nmodel.compile(loss='sparse_categorical_crossentropy')\n";
    let torch = "import torch.nn as nn\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        \
                 self.a = nn.Linear(4, 50)\n        self.b = nn.Linear(50, 1)\n\n    def forward(self, x):\n        \
                 return self.b(nn.functional.relu(self.a(x)))\n\nnet = nn.Sequential(nn.Linear(4, 9), nn.Tanh())\n";
    [keras, torch].map(|text| text.as_bytes().to_vec()).to_vec()
}

fn archives() -> Vec<Vec<u8>> {
    let numbers: Vec<f64> = (0..24).map(|i| f64::from(i) / 8.0).collect();
    let inputs: npz::Array = ("x", &[6, 2, 2], &numbers);
    let targets: npz::Array = ("y", &[6], &numbers[..6]);
    let mut archives = vec![npz::encode([inputs, targets]).expect("an archive")];
    for (kind, width) in [
        ("<f4", 4),
        (">f8", 8),
        ("|u1", 1),
        ("<f2", 2),
        ("<U3", 12),
        ("|b1", 1),
    ] {
        let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': (2, 3), }}\n");
        let length = (header.len() as u16).to_le_bytes();
        let magic = [
            b"\x93NUMPY\x01\x00",
            &length[..],
            header.as_bytes(),
            &vec![0; 6 * width],
        ];
        archives.push(magic.concat());
    }
    archives
}

fn images() -> Vec<Vec<u8>> {
    let header = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28];
    vec![
        header
            .into_iter()
            .chain((0..2 * 28 * 28).map(|i| i as u8))
            .collect(),
    ]
}

/// Gives a target `count` damaged files.
fn damaged(name: &str, target: fn(&[u8]) -> bool, seeds: &[Vec<u8>], count: usize) {
    // Without damage they are taken, those of tests/corpus/bad apart.
    let taken = seeds.iter().filter(|seed| target(seed)).count();
    assert!(
        4 * taken > seeds.len(),
        "{name}: {taken} of {}",
        seeds.len()
    );
    let mut random = Random(0);
    let (mut most, mut longest) = (0, Duration::ZERO);
    for index in 0..count {
        let [seed, other] = [(); 2].map(|()| &seeds[random.below(seeds.len())]);
        let bytes = damage(seed.clone(), other, &mut random);
        let before = HELD.load(Relaxed);
        MOST_HELD.store(before, Relaxed);
        let begun = Instant::now();
        target(&bytes);
        let (held, took) = (MOST_HELD.load(Relaxed) - before, begun.elapsed());
        (most, longest) = (most.max(held), longest.max(took));
        let place = || {
            let path = std::env::temp_dir().join(format!("bnnc-{name}-{index}"));
            std::fs::write(&path, &bytes).expect("a file to write");
            path
        };
        assert!(
            held <= MOST,
            "{name} {index}: {held} bytes for {}",
            place().display()
        );
        assert!(
            took <= SOON,
            "{name} {index}: {took:?} for {}",
            place().display()
        );
    }
    println!(
        "{name:12} {count} damaged files: {} KiB and {longest:?} at most",
        most >> 10
    );
}

/// What each target makes of damaged files.
pub fn damaged_files_are_refused_in_little_memory() {
    let models = models();
    damaged("parser", targets::parser, &models, 1500);
    damaged("lowering", targets::lowering, &models, 1500);
    damaged("translate", targets::translate, &programs(), 500);
    damaged("run_file", targets::run_file, &files("specs", "toml"), 1000);
    damaged("table", targets::table, &tables(), 1000);
    damaged("npz", targets::npz, &archives(), 1000);
    damaged("idx", targets::idx, &images(), 500);
    let weights = std::fs::read("tests/corpus/pretrained.safetensors").expect("weights");
    damaged("safetensors", targets::safetensors, &[weights], 1000);
    targets::clean();
}
