//! What a training step costs in memory: what it allocates, and how the memory that `bnnc check` prints
//! compares to what training takes. And what reading damaged files costs.
// An allocator that counts has to be one.
#![allow(unsafe_code)]

mod damaged;
mod predicted;
mod streamed;

use bnnc::exec::{Batch, Draw, Interpreter, Update};
use bnnc::ir::Position;
use bnnc::likelihood::{TargetKind, Targets};
use bnnc::optimizer;
use bnnc::plan::Plan;
use bnnc::source::Source;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The system's allocator, counting what it is asked for.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
/// Bytes that are held.
static HELD: AtomicUsize = AtomicUsize::new(0);
/// The most bytes that were held since this was set to some number.
static MOST_HELD: AtomicUsize = AtomicUsize::new(0);
/// The most bytes asked for at once since this was set to 0.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

fn count(bytes: usize) {
    ALLOCATIONS.fetch_add(1, Relaxed);
    let held = HELD.fetch_add(bytes, Relaxed) + bytes;
    MOST_HELD.fetch_max(held, Relaxed);
    LARGEST.fetch_max(bytes, Relaxed);
}

// SAFETY: all is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller has it.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller has it.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller has it.
        unsafe { System.realloc(place, layout, size) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller has it.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn plan(text: &str) -> Arc<Plan> {
    let source = Source {
        name: "costs.bnn".into(),
        text: text.into(),
    };
    let compiled = bnnc::compile::source(source, &[]).expect("a model");
    Arc::new(Plan::new(compiled.inference))
}

/// A network under training with Adam, on examples that are all alike.
struct Training {
    interpreter: Interpreter<f32>,
    optimizer: optimizer::State<f32>,
    inputs: Vec<f32>,
    labels: Vec<u32>,
    reals: Vec<f32>,
    batch: usize,
    steps: u64,
}

impl Training {
    fn new(plan: &Arc<Plan>, batch: usize) -> Self {
        let adam = optimizer::find("adam").expect("an optimizer");
        let settings = optimizer::defaults(adam.signature());
        let width = plan.model.input.shape.len();
        let mut interpreter = Interpreter::new(plan.clone(), batch);
        interpreter.initialize(0);
        Training {
            optimizer: optimizer::State::new(adam, settings, plan.trainable()),
            inputs: (0..batch * width).map(|i| (i as f32).sin()).collect(),
            labels: vec![1; batch],
            reals: match plan.model.target.kind {
                TargetKind::Real(width) => vec![0.5; batch * width],
                _ => vec![],
            },
            interpreter,
            batch,
            steps: 0,
        }
    }

    fn step(&mut self) {
        let targets = match self.reals.is_empty() {
            true => Targets::Labels(&self.labels),
            false => Targets::Reals(&self.reals),
        };
        let batch = Batch {
            inputs: &self.inputs,
            targets,
            others: &[],
            len: self.batch,
        };
        let draw = Draw {
            seed: 0,
            step: self.steps,
            given: None,
        };
        let at = Position {
            training_examples: 1000,
            batch: self.batch,
            batch_index: 0,
            batches: 10,
            epoch: 0.0,
        };
        self.steps += 1;
        let update = Update {
            step: self.optimizer.begin(self.steps, 1e-3),
            predictive: &mut [],
        };
        let trained = self.interpreter.train(&batch, &draw, &at, update);
        assert!(trained.report.loss.is_finite() && trained.not_finite.is_empty());
    }
}

/// A convolution and two dense layers.
fn network(estimator: &str, prior: &str) -> String {
    format!(
        "model costs
         input x: real[12, 12, 2]
         target y: category[3]
         default {{
           prior     = {prior}
           estimator = {estimator}
         }}
         network {{
           conv2d(8, kernel = 3)
           relu
           max_pool2d(2)
           flatten
           dense(70)
           tanh
           logits = dense(3)
         }}
         observe y ~ Categorical(logits = logits)
         objective elbo"
    )
}

/// What one step allocated.
struct Allocated {
    times: usize,
    largest: usize,
}

/// Bytes that are held, once the pool's other threads have put away what they woke up for: for which it waits
/// a moment, and longer while there are more than `most`.
fn held(most: usize) -> usize {
    let begun = Instant::now();
    loop {
        // This thread is one of the pool's: it does what it was called for, too.
        while rayon::yield_now() == Some(rayon::Yield::Executed) {}
        std::thread::sleep(Duration::from_millis(1));
        let now = HELD.load(Relaxed);
        if now <= most || begun.elapsed() > Duration::from_secs(2) {
            return now;
        }
    }
}

/// Takes `steps` steps and counts in the last; no step but the first holds more than the one before.
fn last_of(steps: usize, plan: &Arc<Plan>, batch: usize) -> Allocated {
    let mut training = Training::new(plan, batch);
    training.step();
    let mut last = Allocated {
        times: 0,
        largest: 0,
    };
    let before = held(usize::MAX);
    for step in 1..steps {
        let times = ALLOCATIONS.load(Relaxed);
        LARGEST.store(0, Relaxed);
        training.step();
        last = Allocated {
            times: ALLOCATIONS.load(Relaxed) - times,
            largest: LARGEST.load(Relaxed),
        };
        let now = held(before);
        assert!(
            now <= before,
            "step {step} has kept something: {now}, {before} before"
        );
    }
    last
}

/// All values and gradients lie in buffers that are made once. What a step does allocate, and frees: tables of
/// who may read and write which rows, one a chunk of examples; the report; and, by the crate that multiplies
/// matrices, copies of blocks whose size depends on the machine's caches (373 KiB where a core's second cache has
/// 512). `per_example` makes a bias's noise for each example.
fn a_step_allocates_nothing_as_large_as_its_batch() {
    for estimator in [
        "reparameterization",
        "local_reparameterization",
        "flipout",
        "per_example",
    ] {
        for prior in [
            "Normal(0, 1)",
            "ScaleMixture(0.5, [1, 0.1])",
            "Normal(0, learned(1))",
        ] {
            let plan = plan(&network(estimator, prior));
            let by_batch = [256, 512].map(|batch| last_of(4, &plan, batch));
            let of_examples = match estimator {
                "per_example" => 4,
                _ => 0,
            };
            let what = format!("{estimator}, {prior}");
            let [less, more] = by_batch.map(|allocated| {
                // the values of the smallest layer are 512 · 3 · 4 bytes, of the largest 512 · 800 · 4
                assert!(
                    allocated.largest <= 512 << 10,
                    "{what}: {}",
                    allocated.largest
                );
                allocated.times
            });
            assert!(less <= 400 + 256 * of_examples, "{what}: {less}");
            // Larger products are cut into more pieces, up to eight, each with its packing; or taken in two parts.
            assert!(
                more <= less + 96 + 256 * of_examples,
                "{what}: {less}, then {more}"
            );
        }
    }
}

/// Kilobytes, from a line of /proc/self/status.
#[cfg(target_os = "linux")]
fn status(key: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.expect("a number").parse().expect("a number")
}

/// Set where this program is a child of itself: trains this network with this batch size, as NAME:B, and
/// prints by how many kilobytes it has grown. What one network has freed would be in the way of another.
#[cfg(target_os = "linux")]
const GROWTH_OF: &str = "BNNC_GROWTH_OF";

#[cfg(target_os = "linux")]
fn builtin(name: &str) -> Arc<Plan> {
    let found = bnnc::bench::NETWORKS.iter().find(|[n, _]| *n == name);
    plan(found.expect("a network that is brought along")[1])
}

#[cfg(target_os = "linux")]
fn print_growth(of: &str) {
    let (name, batch) = of.split_once(':').expect("NAME:B");
    let (plan, batch) = (builtin(name), batch.parse().expect("a batch size"));
    let before = status("VmRSS:");
    let mut training = Training::new(&plan, batch);
    (0..2).for_each(|_| training.step());
    println!("growth {}", status("VmHWM:") - before);
}

/// What `bnnc check` prints. How much the crate that multiplies matrices packs follows the machine's caches: most
/// machines are within 15 %, one was at 17 %.
#[cfg(target_os = "linux")]
fn memory_is_what_training_takes() {
    let all = bnnc::bench::NETWORKS.iter().map(|[name, _]| *name);
    let few = [
        "mlp400_local",
        "lenet_reparameterization",
        "one_conv_flipout",
    ];
    let wanted = std::env::var_os("BNNC_ALL_NETWORKS").is_some();
    for name in all.filter(|name| wanted || few.contains(name)) {
        for batch in [128, 1024] {
            let program = std::env::current_exe().expect("a program");
            let child = std::process::Command::new(program)
                .args(["what_a_step_costs", "--nocapture"])
                .env(GROWTH_OF, format!("{name}:{batch}"))
                .output()
                .expect("a child");
            let printed = String::from_utf8(child.stdout).expect("text");
            let growth = printed
                .lines()
                .find_map(|line| line.split("growth ").nth(1));
            let growth: f64 = growth.expect(&printed).trim().parse().expect("a number");
            let told = bnnc::exec::memory(&builtin(name), batch) as f64 / 1024.0;
            println!(
                "{name:30} B = {batch:4}  told {told:7.0} KiB  grew {growth:7.0} KiB  {:.3}",
                told / growth
            );
            assert!(
                (told / growth - 1.0).abs() < 0.25,
                "{name}, B = {batch}: {told} KiB, and grew by {growth}"
            );
        }
    }
}

/// One test: another beside it would be counted, too.
#[test]
fn what_a_step_costs() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build();
    pool.expect("two threads").install(|| {
        #[cfg(target_os = "linux")]
        if let Ok(of) = std::env::var(GROWTH_OF) {
            return print_growth(&of);
        }
        if std::env::var("ONLY").is_err() {
            a_step_allocates_nothing_as_large_as_its_batch();
            #[cfg(target_os = "linux")]
            memory_is_what_training_takes();
        }
        predicted::rows_are_predicted_in_constant_memory();
        streamed::inputs_are_trained_on_in_constant_memory();
        damaged::damaged_files_are_refused_in_little_memory();
    });
}
