//! The definitions that programs are put together from: Python files, of which a program has what it uses.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The files, in the order that programs have their definitions.
static FILES: &[&str] = &[
    include_str!("pieces/noise.py"),
    include_str!("../../expression/helpers/torch/softplus.py"),
    include_str!("../../expression/helpers/torch/exp_e1.py"),
    include_str!("../../expression/helpers/torch/dawson_integral.py"),
    include_str!("pieces/model.py"),
    include_str!("pieces/posteriors/mean_field.py"),
    include_str!("pieces/layers/padded.py"),
    include_str!("pieces/layers/convolution.py"),
    include_str!("pieces/layers/pool.py"),
    include_str!("pieces/layers/upsample.py"),
    include_str!("pieces/layers/reflect.py"),
    include_str!("pieces/layers/norms.py"),
    include_str!("pieces/layers/dropout.py"),
    include_str!("pieces/layers/sequences.py"),
    include_str!("pieces/layers/attention.py"),
    include_str!("pieces/layers/embedding.py"),
    include_str!("pieces/layers/positions.py"),
    include_str!("pieces/layers/recurrent.py"),
    include_str!("pieces/posteriors/laplace.py"),
    include_str!("pieces/posteriors/cauchy.py"),
    include_str!("pieces/posteriors/transformed.py"),
    include_str!("pieces/posteriors/point.py"),
    include_str!("pieces/posteriors/radial.py"),
    include_str!("pieces/posteriors/triangular.py"),
    include_str!("pieces/posteriors/low_rank.py"),
    include_str!("pieces/posteriors/limit.py"),
    include_str!("pieces/posteriors/start.py"),
    include_str!("pieces/likelihoods/numbers.py"),
    include_str!("pieces/likelihoods/ordered.py"),
    include_str!("pieces/estimators/rows.py"),
    include_str!("pieces/estimators/flipout.py"),
    include_str!("pieces/estimators/local_reparameterization.py"),
    include_str!("pieces/estimators/per_example.py"),
    include_str!("pieces/estimators/reparameterization.py"),
    include_str!("pieces/estimators/scaled.py"),
    include_str!("pieces/terms/dropout.py"),
    include_str!("pieces/terms/quadrature.py"),
    include_str!("pieces/run/order.py"),
    include_str!("pieces/run/data.py"),
    include_str!("pieces/run/read_cifar10.py"),
    include_str!("pieces/run/read_idx.py"),
    include_str!("pieces/run/read_npz.py"),
    include_str!("pieces/run/read_csv.py"),
    include_str!("pieces/run/examples.py"),
    include_str!("pieces/run/augmentation.py"),
    include_str!("pieces/run/schedules.py"),
    include_str!("pieces/run/optimizers.py"),
    include_str!("pieces/run/methods/swag.py"),
    include_str!("pieces/run/methods/langevin.py"),
    include_str!("pieces/run/processes.py"),
    include_str!("pieces/run/checkpoint.py"),
    include_str!("pieces/run/run_directory.py"),
    include_str!("pieces/run/validation.py"),
    include_str!("pieces/run/trainer.py"),
    include_str!("pieces/run/audit.py"),
    include_str!("pieces/run/program.py"),
    include_str!("pieces/run/methods/ensemble.py"),
];

/// What a program imports, where it uses the name.
static IMPORTS: &[(&str, &str)] = &[
    ("argparse", "import argparse"),
    ("copy", "import copy"),
    ("csv", "import csv"),
    ("fcntl", "import fcntl"),
    ("gzip", "import gzip"),
    ("hashlib", "import hashlib"),
    ("json", "import json"),
    ("math", "import math"),
    ("os", "import os"),
    ("signal", "import signal"),
    ("struct", "import struct"),
    ("sys", "import sys"),
    ("time", "import time"),
    (
        "ThreadPoolExecutor",
        "from concurrent.futures import ThreadPoolExecutor",
    ),
    ("contextmanager", "from contextlib import contextmanager"),
    ("dataclass", "from dataclasses import dataclass"),
    ("partial", "from functools import partial"),
    ("Path", "from pathlib import Path"),
    ("NamedTuple", "from typing import NamedTuple"),
    ("np", "import numpy as np"),
    ("torch", "import torch"),
    ("F", "import torch.nn.functional as F"),
    ("SafetensorError", "from safetensors import SafetensorError"),
    ("safe_open", "from safetensors import safe_open"),
    ("save_file", "from safetensors.numpy import save_file"),
    ("nn", "from torch import nn"),
    (
        "fully_shard",
        "from torch.distributed.fsdp import fully_shard",
    ),
    (
        "distribute_tensor",
        "from torch.distributed.tensor import distribute_tensor",
    ),
];

/// How many of [`IMPORTS`] are of the standard library: an empty line parts them from the others.
const STANDARD: usize = 19;

/// A top-level definition of a file.
struct Definition {
    /// What it defines; empty where it is a comment or a statement for its own sake.
    name: String,
    text: &'static str,
    uses: BTreeSet<String>,
}

/// Whether a name is that of a definition, or of an import.
pub fn has(name: &str) -> bool {
    static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let defined = FILES.iter().flat_map(|file| definitions(file));
        let imported = IMPORTS.iter().map(|(name, _)| (*name).to_string());
        defined
            .map(|definition| definition.name)
            .chain(imported)
            .collect()
    });
    NAMES.contains(name)
}

/// The definitions that `program` uses, and those that these use, in the library's order.
pub fn used_by(program: &str) -> String {
    let all: Vec<Definition> = FILES.iter().flat_map(|file| definitions(file)).collect();
    let mut wanted = words(program);
    let mut taken = vec![false; all.len()];
    while let Some(next) = (0..all.len()).find(|&i| !taken[i] && wanted.contains(&all[i].name)) {
        taken[next] = true;
        wanted.extend(all[next].uses.iter().cloned());
    }
    let texts = all.iter().zip(taken).filter(|(_, taken)| *taken);
    let texts: Vec<&str> = texts.map(|(definition, _)| definition.text).collect();
    texts.join("\n\n\n")
}

/// The lines that import what `program` uses.
pub fn imports(program: &str) -> String {
    let words = words(program);
    let of = |part: &[(&str, &'static str)]| {
        let used = part.iter().filter(|(name, _)| words.contains(*name));
        used.map(|(_, line)| *line).collect::<Vec<_>>().join("\n")
    };
    let (standard, others) = IMPORTS.split_at(STANDARD);
    let parts = [of(standard), of(others)];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n")
}

/// A file's definitions: each begins, after an empty line, at the left edge.
fn definitions(file: &'static str) -> Vec<Definition> {
    let mut starts = vec![];
    let (mut at, mut after_empty) = (0, true);
    for line in file.split_inclusive('\n') {
        if after_empty && !line.starts_with([' ', '\n', ')', ']', '}']) {
            starts.push(at);
        }
        after_empty = line == "\n";
        at += line.len();
    }
    let ends = starts.iter().copied().skip(1).chain([file.len()]);
    let texts = starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| file[start..end].trim_end());
    texts
        .map(|text| Definition {
            name: name(text),
            uses: words(text),
            text,
        })
        .collect()
}

/// The name that a definition defines.
fn name(text: &str) -> String {
    let mut lines = text.lines();
    let line = lines
        .find(|line| !line.starts_with(['#', '@']))
        .unwrap_or_default();
    let line = line
        .strip_prefix("def ")
        .or(line.strip_prefix("class "))
        .unwrap_or(line);
    let end = line.find(|c: char| !is_letter(c)).unwrap_or(line.len());
    line[..end].into()
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The names that a text of Python uses: neither attributes, nor words in comments and docstrings.
fn words(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let without_docstrings = text.split("\"\"\"").step_by(2);
    for line in without_docstrings.flat_map(str::lines) {
        let code = line.split("  # ").next().unwrap_or_default();
        if code.trim_start().starts_with('#') {
            continue;
        }
        let mut before = None;
        let mut word = String::new();
        for c in code.chars().chain([' ']) {
            if is_letter(c) {
                word.push(c);
                continue;
            }
            if !word.is_empty() {
                if before != Some('.') {
                    found.insert(std::mem::take(&mut word));
                }
                word.clear();
            }
            before = Some(c);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_what_it_uses_and_no_more() {
        let text = used_by("noise = Noise(STREAMS, 1, 2)");
        assert!(
            text.contains("class Noise") && text.contains("def philox") && text.contains("WORD =")
        );
        assert_eq!(used_by("x.Noise  # Noise"), "");
        assert_eq!(
            imports("np.zeros(math.pi)"),
            "import math\n\nimport numpy as np"
        );
    }

    /// A definition that nobody can ask for is dead.
    #[test]
    fn every_definition_has_a_name_of_its_own() {
        let mut seen = BTreeSet::new();
        for definition in FILES.iter().flat_map(|file| definitions(file)) {
            assert!(!definition.name.is_empty(), "{}", definition.text);
            assert!(
                seen.insert(definition.name.clone()),
                "{} is there twice",
                definition.name
            );
        }
    }
}
