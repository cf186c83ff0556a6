//! The loop on a line of one variable, whose every step is known.

use super::super::config::EarlyStopping;
use super::*;
use crate::data::scaling::Transform;
use crate::data::{Split, Stored, Values};
use crate::engine::{self, Predictor, Section};
use crate::examples::Scales;
use crate::exec::{Batch, Interpreter, StepReport, TermValue, Trained};
use crate::ir::{Annealing, Factor, InferenceMethod, Initializer, Scale};
use crate::likelihood::{Likelihood, Normal, TargetKind, Targets};
use crate::optimizer::State;
use crate::plan::Variable;
use crate::tensor::Shape;
use std::path::Path;

/// y ~ N(w x, 1) with noise on the gradient that depends on the step's number alone.
struct Line1 {
    w: [f32; 1],
    optimizer: State<f32>,
    spoil_at: Option<u64>,
    spoil_gradient_at: Option<u64>,
    /// The fits of several that are spoilt; all if none is named.
    spoil: Vec<usize>,
    /// Steps at which the nll is a million times too high.
    far: std::ops::Range<u64>,
    patience: Option<usize>,
    /// Epochs in which the KL's weight grows.
    annealed: Option<f64>,
    stop_at: Option<(u64, &'static AtomicBool)>,
    /// Which of its fits are left out.
    left_out: Vec<usize>,
    /// Of an ensemble: how many fits there are.
    members: usize,
    /// Whether the inputs stay in a file.
    streamed: bool,
}

/// Its one variable.
fn variables() -> [Variable; 1] {
    [Variable {
        name: "w".into(),
        shape: Shape::default(),
        range: 0..1,
        initializer: Initializer::Constant(0.0),
        given: None,
    }]
}

impl Engine for Line1 {
    fn predictor(&mut self) -> &mut dyn Predictor {
        self
    }
    fn initialize(&mut self, _: u64) {
        self.optimizer.clear();
    }
    fn leave_out(&mut self, round: usize) {
        self.left_out.push(round);
        self.w = [0.0];
        self.optimizer.clear();
    }
    fn step(&mut self, batch: &Batch<f32>, step: &Step, predictive: &mut [f32]) -> Trained {
        let Targets::Reals(y) = batch.targets else {
            panic!()
        };
        let errors: Vec<f32> = batch
            .inputs
            .iter()
            .zip(y)
            .map(|(x, y)| self.w[0] * x - y)
            .collect();
        let mut nll: f64 = errors.iter().map(|e| 0.5 * f64::from(e * e)).sum();
        if self.far.contains(&step.done) {
            nll = 1e6 * (nll + 1.0);
        }
        let is_of_them = self.spoil.is_empty() || self.spoil.contains(&step.round);
        if is_of_them && self.spoil_at == Some(step.done) {
            nll = f64::NAN;
        }
        // Of several fits in the last.
        if let Some((at, flag)) = self.stop_at
            && (step.round + 1, step.done) == (self.members, at)
        {
            flag.store(true, Ordering::Relaxed);
        }
        let mut gradient = errors
            .iter()
            .zip(batch.inputs)
            .map(|(e, x)| e * x)
            .sum::<f32>()
            / batch.len as f32
            + 0.1 * (step.done as f32).sin();
        let rows = predictive.chunks_exact_mut(2).zip(batch.inputs);
        rows.for_each(|(row, x)| row.copy_from_slice(&[self.w[0] * x, 1.0]));
        let kl = f64::from(self.w[0]).powi(2);
        let term = |value: f64, scale: f64| TermValue {
            value,
            scale,
            scaled: value * scale,
        };
        let terms = vec![
            term(nll, 1.0 / step.at.batch as f64),
            term(kl, 1.0 / step.at.training_examples as f64),
        ];
        let mut not_finite = vec![];
        if self.spoil_gradient_at == Some(step.done) {
            gradient = f32::INFINITY;
            not_finite.push(0..1);
        }
        self.optimizer
            .step(step.done + 1, step.learning_rate, &mut self.w, &[gradient]);
        Trained {
            report: StepReport {
                loss: terms.iter().map(|t| t.scaled).sum(),
                terms,
            },
            not_finite,
        }
    }
    fn sections(&mut self) -> Vec<Section<'_>> {
        let mut all = engine::sections("", &variables(), &mut self.w);
        for (name, values) in self.optimizer.slots_mut() {
            all.extend(engine::sections(
                &format!("optimizer.{name}/"),
                &variables(),
                values,
            ));
        }
        all
    }
}

impl Predictor for Line1 {
    fn drawn(&self) -> Vec<crate::engine::Drawn<'_>> {
        vec![]
    }
    fn draw_weights(&mut self, _: usize, _: u64) {}
    fn predict_drawn(
        &mut self,
        inputs: &[f32],
        _: usize,
        out: &mut [f32],
        nll: Option<(Targets<f32>, &mut [f32])>,
    ) {
        inputs
            .iter()
            .zip(out.chunks_exact_mut(2))
            .for_each(|(x, row)| row.copy_from_slice(&[self.w[0] * x, 1.0]));
        if let Some((_, nll)) = nll {
            // Lowest at w = 0.03.
            nll.fill(1.0 + (self.w[0] - 0.03).abs());
        }
    }
    fn predict_target(&mut self, _: usize) {}
    fn weight_terms(&mut self, _: usize, _: u64) -> Vec<Option<f64>> {
        vec![None, Some(0.0)]
    }
    fn centre(&mut self) -> &mut Interpreter<f32> {
        unreachable!("the loop does not look at it")
    }
    fn weights(&mut self) -> Vec<Section<'_>> {
        engine::sections("", &variables(), &mut self.w)
    }
    fn capacity(&self) -> usize {
        8
    }
    fn draws(&self, _: usize) -> usize {
        self.members - self.left_out.len()
    }
}

fn line() -> Line1 {
    let (optimizer, settings) = Config::default().optimizer;
    Line1 {
        w: [0.0],
        optimizer: State::new(optimizer, settings, 1),
        spoil_at: None,
        spoil_gradient_at: None,
        spoil: vec![],
        far: 0..0,
        patience: None,
        annealed: None,
        stop_at: None,
        left_out: vec![],
        members: 1,
        streamed: false,
    }
}

/// Four epochs, to the last of them.
const FINISHED: Outcome = Outcome::Finished {
    epochs: 4,
    best: None,
    clipped: 0,
    said: vec![],
};

struct Quiet;
impl Watch for Quiet {
    fn epoch_begins(&mut self, _: usize, _: usize) {}
    fn step(&mut self, _: usize, line: &dyn Fn() -> Line) {
        assert!(line().loss.is_finite());
    }
    fn epoch_ends(&mut self, _: usize, _: &Line) {}
}

fn run(
    engine: &mut Line1,
    out: &Path,
    resume: bool,
    epochs: usize,
    stop: &AtomicBool,
) -> Result<Outcome> {
    let n = 11;
    let inputs: Vec<f64> = (0..n).map(|i| i as f64 / 10.0).collect();
    let split = Split {
        inputs: match engine.streamed {
            true => Values::Stored(Stored::of_numbers(&inputs, 1)),
            false => Values::F64(inputs),
        },
        input_shape: Shape::new(&[1]),
        targets: Values::F64((0..n).map(|i| i as f64 / 5.0).collect()),
        target_shape: Shape::default(),
        len: n,
    };
    let scales = Scales {
        inputs: Transform::identity(1),
        targets: Transform::identity(1),
    };
    let rows: Vec<usize> = (0..n).collect();
    let part = Part {
        split: &split,
        rows: &rows,
        scales: &scales,
        kind: TargetKind::Real(1),
        summary: Normal.summary(&TargetKind::Real(1)),
        target: 0,
        targets: None,
        others: &[],
        with_targets: true,
    };
    let config = Config {
        early_stopping: engine
            .patience
            .map_or(EarlyStopping::Off, EarlyStopping::After),
        epochs: Some(epochs),
        batch_size: Some(4),
        log_every: 2,
        method: match engine.members {
            1 => InferenceMethod::mean_field(),
            members => InferenceMethod::parse(&format!("ensemble(members = {members})")).unwrap(),
        },
        ..Config::default()
    };
    std::fs::create_dir_all(out).unwrap();
    let dir = match resume {
        false => RunDir::create(Some(out), "line").unwrap().0,
        true => {
            for file in ["model.bnn", "run.toml", "data.json"] {
                std::fs::write(out.join(file), "").unwrap();
            }
            RunDir::open(out).unwrap()
        }
    };
    let mut kl_scale = vec![Factor::PerExample];
    kl_scale.extend(
        engine
            .annealed
            .map(|epochs| Factor::Annealing(Annealing { epochs })),
    );
    let mut training = Training {
        events: None,
        engine,
        fingerprint: "f",
        config: &config,
        part,
        validation: Part {
            rows: &rows[..3],
            ..part
        },
        draws: 1,
        naming: Naming {
            names: vec!["nll".into(), "kl(w)".into()],
            targets: vec![],
            kl_scale: Some(Scale(kl_scale)),
        },
        run: &dir,
        stop,
        between_saves: Duration::ZERO,
    };
    let counters = if resume {
        training.load()?
    } else {
        Counters::default()
    };
    training.save(&counters)?;
    training.train(counters, &mut Quiet)
}

/// Without what a clock says.
fn metrics(out: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(out.join("metrics.jsonl")).unwrap();
    let lines = text.lines().map(|line| {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        line.as_object_mut()
            .unwrap()
            .retain(|key, _| key != "seconds" && key != "examples_per_second");
        line
    });
    lines.collect()
}

#[test]
fn a_run_that_is_stopped_anywhere_and_resumed_is_the_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    static STOP: AtomicBool = AtomicBool::new(false);
    let whole = folder.path().join("whole");
    let mut whole_line = line();
    assert_eq!(
        run(&mut whole_line, &whole, false, 4, &STOP).unwrap(),
        FINISHED
    );
    assert_eq!(metrics(&whole).len(), 4 + 6);
    // Inputs in memory and in a file, in turns: the middle of an epoch, and its end.
    for (at, streamed) in [
        (0, [false, true]),
        (2, [false; 2]),
        (4, [true; 2]),
        (7, [true, false]),
    ] {
        let out = folder.path().join(format!("stopped-{at}"));
        STOP.store(false, Ordering::Relaxed);
        let mut first = Line1 {
            stop_at: Some((at, &STOP)),
            streamed: streamed[0],
            ..line()
        };
        let outcome = run(&mut first, &out, false, 4, &STOP).unwrap();
        assert_eq!(outcome, Outcome::Interrupted { step: at + 1 });
        STOP.store(false, Ordering::Relaxed);
        let mut second = Line1 {
            streamed: streamed[1],
            ..line()
        };
        assert_eq!(run(&mut second, &out, true, 4, &STOP).unwrap(), FINISHED);
        assert_eq!(second.w[0].to_bits(), whole_line.w[0].to_bits());
        assert_eq!(metrics(&out), metrics(&whole));
        let bytes = |out: &Path| std::fs::read(out.join("checkpoint.safetensors")).unwrap();
        assert_eq!(bytes(&out), bytes(&whole));
    }
}

/// The third step far off ends the run, also where the second of them was the last before a stop.
#[test]
fn a_run_that_diverges_does_so_when_it_is_resumed() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let folder = tempfile::tempdir().unwrap();
    let far = || Line1 {
        far: 9..12,
        ..line()
    };
    let [whole, parts] = ["whole", "parts"].map(|name| folder.path().join(name));
    let title = |outcome: Result<Outcome>| outcome.unwrap_err().diagnostics[0].title.clone();
    let expected = title(run(&mut far(), &whole, false, 4, &STOP));
    let mut first = Line1 {
        stop_at: Some((10, &STOP)),
        ..far()
    };
    let stopped = run(&mut first, &parts, false, 4, &STOP).unwrap();
    assert_eq!(stopped, Outcome::Interrupted { step: 11 });
    STOP.store(false, Ordering::Relaxed);
    assert_eq!(title(run(&mut far(), &parts, true, 4, &STOP)), expected);
}

/// Before the first step no learning rate has been used.
#[test]
fn a_first_step_that_fails_is_not_put_down_to_the_learning_rate() {
    for (step, told) in [(0, false), (4, true)] {
        let folder = tempfile::tempdir().unwrap();
        let mut spoilt = Line1 {
            spoil_at: Some(step),
            ..line()
        };
        let stop = AtomicBool::new(false);
        let failure = run(&mut spoilt, folder.path(), false, 4, &stop).unwrap_err();
        let message = format!("{:?}", failure.diagnostics[0]);
        assert_eq!(
            message.contains("in a trial of 40 steps"),
            told,
            "{message}"
        );
    }
}

#[test]
fn a_member_that_goes_astray_is_left_out_and_the_rest_is_kept() {
    let stop = AtomicBool::new(false);
    // Epochs of three steps: each member has two.
    let of = |spoil: &[usize]| Line1 {
        members: 3,
        spoil: spoil.to_vec(),
        spoil_at: Some(4),
        ..line()
    };
    for (spoil, told, epochs) in [
        (
            [1, 1],
            "member 2 of 3: the loss is not finite at step 11 (epoch 4), first to go: nll = NaN",
            [3, 6, 9, 15, 18],
        ),
        (
            [2, 2],
            "member 3 of 3: the loss is not finite at step 17 (epoch 6), first to go: nll = NaN",
            [3, 6, 9, 12, 15],
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = of(&spoil);
        let Outcome::Finished {
            said, epochs: done, ..
        } = run(&mut engine, folder.path(), false, 2, &stop).unwrap()
        else {
            panic!("it was not stopped");
        };
        assert_eq!((said, done), (vec![("left out", told.to_owned())], 5));
        assert_eq!(engine.left_out, [spoil[0]]);
        let lines = metrics(folder.path()).into_iter();
        let ends = lines.filter(|line| line["kind"] == "epoch");
        let ends: Vec<u64> = ends.map(|line| line["step"].as_u64().unwrap()).collect();
        assert_eq!(ends, epochs);
        let counters = checkpoint::counters(&folder.path().join("checkpoint.safetensors")).unwrap();
        assert_eq!(
            (counters.left_out, counters.step),
            (vec![told.to_owned()], 18)
        );
    }
    // Stopped and resumed it is the same, and knows what was left out.
    static STOP: AtomicBool = AtomicBool::new(false);
    let folder = tempfile::tempdir().unwrap();
    let [whole, parts] = ["whole", "parts"].map(|name| folder.path().join(name));
    let outcome = run(&mut of(&[1]), &whole, false, 2, &STOP).unwrap();
    let mut first = Line1 {
        stop_at: Some((1, &STOP)),
        ..of(&[1])
    };
    let stopped = run(&mut first, &parts, false, 2, &STOP).unwrap();
    assert_eq!(stopped, Outcome::Interrupted { step: 14 });
    STOP.store(false, Ordering::Relaxed);
    // A checkpoint of this engine does not say how many draws it has.
    let mut second = Line1 {
        left_out: vec![1],
        ..of(&[1])
    };
    assert_eq!(run(&mut second, &parts, true, 2, &STOP).unwrap(), outcome);
    assert_eq!(metrics(&parts), metrics(&whole));
    let bytes = |out: &Path| std::fs::read(out.join("checkpoint.safetensors")).unwrap();
    assert_eq!(bytes(&parts), bytes(&whole));
    let folder = tempfile::tempdir().unwrap();
    let failure = run(&mut of(&[]), folder.path(), false, 2, &stop).unwrap_err();
    let message = &failure.diagnostics[0];
    assert_eq!(
        message.title,
        "member 3 of 3, the last that was left: the loss is not finite at step 17 (epoch 6)"
    );
    let others: Vec<&String> = message
        .notes
        .iter()
        .filter(|note| note.starts_with("member"))
        .collect();
    assert_eq!(
        others,
        [
            "member 1 of 3: the loss is not finite at step 5 (epoch 2), first to go: nll = NaN",
            "member 2 of 3: the loss is not finite at step 11 (epoch 4), first to go: nll = NaN"
        ]
    );
}

#[test]
fn a_loss_that_is_no_number_stops_the_run_and_names_its_term() {
    let folder = tempfile::tempdir().unwrap();
    let mut spoilt = Line1 {
        spoil_at: Some(4),
        ..line()
    };
    let failure = run(
        &mut spoilt,
        folder.path(),
        false,
        4,
        &AtomicBool::new(false),
    )
    .unwrap_err();
    let message = &failure.diagnostics[0];
    assert_eq!(message.title, "the loss is not finite at step 5 (epoch 2)");
    assert!(
        message.notes[0].starts_with("first to go: nll = NaN; still finite: kl(w) = "),
        "{:?}",
        message.notes
    );
    assert!(
        message.notes[1].ends_with("keeps the state after step 3"),
        "{:?}",
        message.notes
    );
    assert_eq!(metrics(folder.path()).len(), 3);
}

#[test]
fn a_gradient_that_is_no_number_stops_the_run_and_names_its_variable() {
    let folder = tempfile::tempdir().unwrap();
    let mut spoilt = Line1 {
        spoil_gradient_at: Some(4),
        ..line()
    };
    let stop = AtomicBool::new(false);
    let failure = run(&mut spoilt, folder.path(), false, 4, &stop).unwrap_err();
    let message = &failure.diagnostics[0];
    assert_eq!(
        message.title,
        "the gradient is not finite at step 5 (epoch 2)"
    );
    assert_eq!(
        message.notes[0],
        "every term is finite; the gradient is not by w"
    );
    assert!(
        message.notes[1].ends_with("keeps the state after step 3"),
        "{:?}",
        message.notes
    );
}

#[test]
fn epoch_lines_carry_validation_and_the_sum_of_the_terms() {
    let folder = tempfile::tempdir().unwrap();
    run(
        &mut line(),
        folder.path(),
        false,
        1,
        &AtomicBool::new(false),
    )
    .unwrap();
    let lines = metrics(folder.path());
    let epoch = lines.last().unwrap();
    assert_eq!(
        (&epoch["kind"], &epoch["step"], &epoch["epoch"]),
        (&"epoch".into(), &3.into(), &1.0.into())
    );
    assert_eq!(epoch["validation"]["examples"], 3);
    assert_eq!(epoch["lambda"], 1.0);
    let scaled = |i: usize| epoch["terms"][i]["scaled"].as_f64().unwrap();
    assert_eq!(epoch["loss"].as_f64().unwrap(), scaled(0) + scaled(1));
}

/// With a patience of two epochs, the same variables and the same end, stopped and resumed anywhere.
#[test]
fn a_run_that_ends_early_ends_at_the_same_epoch_when_it_is_resumed() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let patient = || Line1 {
        patience: Some(2),
        ..line()
    };
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    STOP.store(false, Ordering::Relaxed);
    let outcome = run(&mut patient(), &whole, false, 40, &STOP).unwrap();
    let nll = |line: &serde_json::Value| line["validation"]["nll"].as_f64();
    let nlls: Vec<f64> = metrics(&whole).iter().filter_map(nll).collect();
    let lowest = nlls.iter().copied().fold(f64::INFINITY, f64::min);
    let epoch = nlls.iter().position(|x| *x == lowest).unwrap() + 1;
    let best = Some(Best { epoch, nll: lowest });
    let expected = Outcome::Finished {
        epochs: epoch + 2,
        best,
        clipped: 0,
        said: vec![],
    };
    assert_eq!(outcome, expected);
    assert!((2..38).contains(&epoch), "{nlls:?}");
    let bytes = |out: &Path, name: &str| std::fs::read(out.join(name)).unwrap();
    let last = 3 * (epoch as u64 + 2);
    for at in [1, 5, last - 4] {
        let out = folder.path().join(format!("stopped-{at}"));
        STOP.store(false, Ordering::Relaxed);
        let mut first = Line1 {
            stop_at: Some((at, &STOP)),
            ..patient()
        };
        let outcome = run(&mut first, &out, false, 40, &STOP).unwrap();
        assert_eq!(outcome, Outcome::Interrupted { step: at + 1 });
        STOP.store(false, Ordering::Relaxed);
        assert_eq!(
            run(&mut patient(), &out, true, 40, &STOP).unwrap(),
            expected
        );
        assert_eq!(metrics(&out), metrics(&whole));
        for name in ["checkpoint.safetensors", "best.safetensors"] {
            assert_eq!(bytes(&out, name), bytes(&whole, name), "{name}");
        }
    }
}

#[test]
fn an_nll_that_stays_far_off_ends_the_run_and_the_checkpoint_before_it_stays() {
    let stop = AtomicBool::new(false);
    let folder = tempfile::tempdir().unwrap();
    let mut lost = Line1 {
        far: 4..100,
        ..line()
    };
    let failure = run(&mut lost, folder.path(), false, 4, &stop).unwrap_err();
    let message = &failure.diagnostics[0];
    assert_eq!(
        (message.code, message.title.as_str()),
        ("E0608", "the loss has diverged by step 12 (epoch 4)")
    );
    assert!(
        message.notes[1].ends_with("keeps the state after step 3"),
        "{:?}",
        message.notes
    );
    // A single draw of the weights may be far off.
    let folder = tempfile::tempdir().unwrap();
    let mut spike = Line1 {
        far: 5..6,
        ..line()
    };
    assert_eq!(
        run(&mut spike, folder.path(), false, 4, &stop).unwrap(),
        FINISHED
    );
}

/// Before, the nll is of another objective.
#[test]
fn a_run_ends_early_only_once_the_kl_has_its_weight() {
    let stop = AtomicBool::new(false);
    let folder = tempfile::tempdir().unwrap();
    let mut annealed = Line1 {
        patience: Some(2),
        annealed: Some(20.0),
        ..line()
    };
    let outcome = run(&mut annealed, folder.path(), false, 40, &stop).unwrap();
    // In epoch 21 the weight is 1 for the first time, and the nll has been rising since epoch 10 or so.
    let Outcome::Finished {
        epochs: 23,
        best: Some(Best { epoch: 21, .. }),
        ..
    } = outcome
    else {
        panic!("{outcome:?}")
    };
}
