//! Training throughput of whole networks: examples/s, GFLOP/s on the deterministic network's
//! operations, and the fraction of the 2048³ sgemm peak measured in the same run.
//!
//!     cargo bench --bench throughput [-- MODEL …]
//!
//! A step is all of it: draws, forward, nll + KL/N, backward, Adam. Batch 128, float32, every thread
//! of the rayon pool (`RAYON_NUM_THREADS` sets their number). Best of several runs.

use bnnc::exec::{Batch, Draw, Interpreter};
use bnnc::ir::Position;
use bnnc::likelihood::{TargetKind, Targets};
use bnnc::optimizer;
use bnnc::plan::Plan;
use bnnc::tensor::gemm::{MatrixMut, MatrixRef, parallel_gemm};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const BATCH: usize = 128;
const N: usize = 50_000;

/// GFLOP/s of the best of several 2048³ float32 products.
fn sgemm_peak() -> f64 {
    let n = 2048;
    let a: Vec<f32> = (0..n * n).map(|i| (i % 13) as f32 * 0.1).collect();
    let b: Vec<f32> = (0..n * n).map(|i| (i % 7) as f32 * 0.1).collect();
    let mut c = vec![0.0f32; n * n];
    let mut best = f64::INFINITY;
    for _ in 0..6 {
        let start = Instant::now();
        let (a, b) = (
            MatrixRef::row_major(&a, n, n),
            MatrixRef::row_major(&b, n, n),
        );
        parallel_gemm(1.0, a, b, 0.0, MatrixMut::row_major(&mut c, n, n));
        best = best.min(start.elapsed().as_secs_f64());
    }
    2.0 * (n as f64).powi(3) / best / 1e9
}

/// One network's examples/s: the best of several stretches.
fn examples_per_second(plan: &Arc<Plan>) -> f64 {
    let mut interpreter = Interpreter::<f32>::new(plan.clone(), BATCH);
    interpreter.initialize(0);
    let len = BATCH * plan.model.input.shape.len();
    let inputs: Vec<f32> = (0..len).map(|i| (0.37 * i as f32).sin()).collect();
    let TargetKind::Category(classes) = plan.model.target.kind else {
        panic!("a classifier is expected")
    };
    let labels: Vec<u32> = (0..BATCH as u32).map(|i| i % classes as u32).collect();
    let batch = Batch {
        inputs: &inputs,
        targets: Targets::Labels(&labels),
        len: BATCH,
    };
    let at = Position {
        training_examples: N,
        batch: BATCH,
        batch_index: 0,
        batches: N / BATCH,
        epoch: 0.0,
    };
    let adam = optimizer::find("adam").expect("adam is an optimizer");
    let mut adam = optimizer::State::new(
        adam,
        optimizer::defaults(adam.signature()),
        plan.trainable(),
    );
    let mut step = 0;
    let mut run = |steps: u64| {
        let start = Instant::now();
        for _ in 0..steps {
            interpreter.step(
                &batch,
                &Draw {
                    seed: 0,
                    step,
                    given: None,
                },
                &at,
            );
            step += 1;
            adam.step(
                step,
                1e-4,
                &mut interpreter.variables,
                &interpreter.gradient,
            );
        }
        start.elapsed().as_secs_f64() / steps as f64
    };
    run(2);
    let (begun, mut best) = (Instant::now(), f64::INFINITY);
    while begun.elapsed() < Duration::from_secs(8) {
        best = best.min(run(5));
    }
    BATCH as f64 / best
}

fn main() {
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let models = [
        "cifar10_flipout",
        "mnist_lenet",
        "cifar10_two_convs",
        "mnist_mlp",
    ];
    println!(
        "{} threads, batch {BATCH}, float32, best of several runs",
        rayon::current_num_threads()
    );
    // Measured again after each network: the best of them all is the peak, so that a moment in which
    // the machine was busy with something else does not flatter the fractions.
    let mut peak = sgemm_peak();
    let mut rows = Vec::new();
    for model in models
        .iter()
        .filter(|m| named.is_empty() || named.iter().any(|n| n == *m))
    {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("specs")
            .join(format!("{model}.bnn"));
        let compiled = bnnc::compile::file(&path, &[]).unwrap_or_else(|e| panic!("{model}: {e}"));
        let plan = Arc::new(Plan::new(compiled.model));
        rows.push((model, plan.operations() as f64, examples_per_second(&plan)));
        peak = peak.max(sgemm_peak());
    }
    println!("2048³ sgemm: {peak:.0} GFLOP/s\n");
    println!(
        "{:<20} {:>12} {:>12} {:>10} {:>10}",
        "model", "Mop/example", "examples/s", "GFLOP/s", "of peak"
    );
    for (model, operations, rate) in rows {
        let flops = rate * operations / 1e9;
        println!(
            "{model:<20} {:>12.2} {rate:>12.0} {flops:>10.1} {:>9.1} %",
            operations / 1e6,
            100.0 * flops / peak
        );
    }
}
