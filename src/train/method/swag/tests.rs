use super::*;
use crate::compile;
use crate::data::order::epoch_order;
use crate::engine::Kept;
use crate::examples::Buffers;
use crate::exec::Batch;
use crate::ir::Position;
use crate::likelihood::Targets;
use crate::source::Source;
use crate::train::fit::step_after;
use crate::train::method::testing::{MODEL, prepared};
use serde::Deserialize;

const BATCH: usize = 6;

/// The plan of a network with this many units, fitted by SWAG.
fn plan(units: usize, method: &str) -> Arc<Plan> {
    let source = Source {
        name: "m.bnn".into(),
        text: format!(
            "model m\ninput x: real[2]\ntarget y: real\ndefault {{ prior = Normal(0, 1) }}\n\
             network {{ dense({units}), tanh, f = dense(1) }}\nobserve y ~ Normal(f, learned(0.5))\n\
             inference {method}\n"
        ),
    };
    let compiled = compile::source(source, &[]).expect("a model");
    Arc::new(Plan::new(compiled.inference))
}

/// The settings of a run file.
fn config(plan: &Plan, text: &str) -> Config {
    let source = Source {
        name: "run.toml".into(),
        text: text.into(),
    };
    let mut config = Config::parse(source).expect("a run file");
    config.method = plan.inference.method.clone();
    config
}

#[derive(Deserialize)]
struct Fixture {
    snapshots: Vec<Vec<f32>>,
    mean: Vec<f64>,
    second_moment: Vec<f64>,
    deviations: Vec<Vec<f64>>,
    covariance: Vec<Vec<f64>>,
    z1: Vec<f64>,
    z2: Vec<f64>,
    draw: Vec<f64>,
}

fn fixture() -> Fixture {
    let text = include_str!("../../../../tests/fixtures/swag.json");
    serde_json::from_str(text).expect("a fixture")
}

/// The moments of the fixture's snapshots with its rank.
fn moments(of: &Fixture) -> Moments {
    let mut moments = Moments::new(of.mean.len(), of.deviations.len());
    moments.stand(&[9.0; 6]);
    of.snapshots
        .iter()
        .for_each(|snapshot| moments.take(snapshot));
    moments
}

#[track_caller]
fn close(found: impl IntoIterator<Item = f64>, expected: &[f64], tolerance: f64) {
    let found: Vec<f64> = found.into_iter().collect();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let error = (found - expected).abs();
        assert!(
            error <= tolerance * expected.abs().max(1.0),
            "{found} {expected}"
        );
    }
}

#[test]
fn moments_and_draws_are_those_of_the_paper() {
    let fixture = fixture();
    let moments = moments(&fixture);
    close(moments.mean.clone(), &fixture.mean, 1e-14);
    close(moments.second_moment.clone(), &fixture.second_moment, 1e-14);
    // Snapshots 5, 6 and 7 lie at 1, 2 and 0.
    let place = |column: usize| (column + 1) % 3;
    let mut z2 = vec![0.0; 3];
    for (column, deviation) in fixture.deviations.iter().enumerate() {
        let found = moments.deviations[place(column)]
            .iter()
            .map(|x| f64::from(*x));
        close(found, deviation, 1e-7);
        z2[place(column)] = fixture.z2[column];
    }
    let mut draw = [0.0; 6];
    moments.draw(0, &fixture.z1, &z2, &mut draw);
    close(draw.map(f64::from), &fixture.draw, 1e-7);
    // A part of it is the same numbers.
    let mut part = [0.0; 2];
    moments.draw(3, &fixture.z1[3..5], &z2, &mut part);
    assert_eq!(part, draw[3..5]);
}

#[test]
fn a_single_snapshot_is_a_point() {
    let mut moments = Moments::new(2, 3);
    for point in [[1.0, 2.0], [3.0, 4.0]] {
        moments.stand(&point);
        let mut draw = [0.0; 2];
        moments.draw(0, &[5.0, 5.0], &[], &mut draw);
        assert_eq!(draw, point);
    }
    moments.take(&[0.5, 0.25]);
    let mut draw = [0.0; 2];
    moments.draw(0, &[5.0, 5.0], &[5.0], &mut draw);
    assert_eq!(draw, [0.5, 0.25]);
}

/// The moments of the fixture's snapshots, as those of a network whose six variables lie in five tensors.
#[test]
fn many_draws_have_the_covariance_of_the_closed_form_across_tensors() {
    const DRAWS: usize = 20_000;
    let plan = plan(1, "swag(rank = 3)");
    assert_eq!((plan.trainable(), plan.variables.len()), (6, 5));
    let fixture = fixture();
    let mut swag = Swag::new(plan.clone(), &config(&plan, "epochs = 40"));
    swag.moments = moments(&fixture);
    let mut sums = [[0.0; 6]; 6];
    let mut means = [0.0; 6];
    for draw in 0..DRAWS {
        let mut variables = [0.0; 6];
        swag.draw(draw, 5, &mut variables);
        let centred: Vec<f64> = variables
            .iter()
            .zip(&fixture.mean)
            .map(|(x, m)| f64::from(*x) - m)
            .collect();
        for i in 0..6 {
            means[i] += centred[i] / DRAWS as f64;
            for j in 0..6 {
                sums[i][j] += centred[i] * centred[j] / DRAWS as f64;
            }
        }
    }
    let exact = &fixture.covariance;
    let mut correlated = 0;
    for i in 0..6 {
        let error = (exact[i][i] / DRAWS as f64).sqrt();
        assert!(
            means[i].abs() < 4.5 * error,
            "mean {i}: {} {error}",
            means[i]
        );
        for j in 0..6 {
            let variances = exact[i][i] * exact[j][j];
            let error = ((variances + exact[i][j].powi(2)) / DRAWS as f64).sqrt();
            let off = (sums[i][j] - exact[i][j]).abs();
            assert!(off < 4.5 * error, "{i} {j}: {off} {error}");
            correlated += usize::from(i != j && exact[i][j].abs() > 10.0 * error);
        }
    }
    // With a z₂ of its own for each tensor, all of these would be 0.
    assert!(correlated >= 10, "{correlated}");
}

#[test]
fn draws_do_not_depend_on_the_number_of_threads() {
    let plan = plan(3000, "swag(rank = 2)");
    let variables = plan.trainable();
    assert!(variables > 2 * SHARE);
    let draw = |threads: usize| {
        let mut swag = Swag::new(plan.clone(), &config(&plan, "epochs = 8"));
        for snapshot in 0..3u32 {
            let point = (0..variables).map(|i| ((i as f32) * (snapshot as f32 + 0.7)).sin());
            swag.moments.take(&point.collect::<Vec<_>>());
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let mut drawn = vec![0.0; variables];
        pool.expect("a pool")
            .install(|| swag.draw(3, 7, &mut drawn));
        drawn
    };
    let one = draw(1);
    assert_eq!(one, draw(3));
    // Entries that are alike in a tensor's place have noise of their own.
    assert_ne!(one[0] - one[1], one[SHARE] - one[SHARE + 1]);
}

/// Steps number `range` of a run of 8 epochs of 5 steps, with what happens at its epochs' ends.
fn train(engine: &mut dyn Engine, range: Range<u64>) {
    let inputs: Vec<f32> = (0..2 * BATCH).map(|i| (i as f32).sin()).collect();
    let targets: Vec<f32> = (0..BATCH).map(|i| (3.0 * i as f32).cos()).collect();
    let step = |done| Step {
        seed: 5,
        round: 0,
        done,
        learning_rate: 0.0625,
        at: Position {
            training_examples: 30,
            batch: BATCH,
            batch_index: (done % 5) as usize,
            batches: 5,
            epoch: done as f64 / 5.0,
        },
    };
    for done in range {
        let batch = Batch {
            inputs: &inputs,
            targets: Targets::Reals(&targets),
            others: &[],
            len: BATCH,
        };
        engine.step(&batch, &step(done), &mut []);
        if done % 5 == 4 {
            engine.epoch_ended(&step(done + 1));
        }
    }
}

fn begun() -> Box<dyn Engine> {
    let plan = plan(3, "swag(start = 0.6, rank = 2)");
    let config = config(&plan, "epochs = 8");
    let mut engine = engine(plan, &config, BATCH).expect("little memory");
    engine.initialize(2);
    engine
}

fn section(engine: &mut dyn Engine, name: &str) -> Vec<f64> {
    let mut sections = engine.sections().into_iter();
    let found = sections.find(|section| section.name == name);
    match found.expect("a section").values.kept() {
        Kept::F32(values) => values.iter().map(|x| f64::from(*x)).collect(),
        Kept::F64(values) => values,
    }
}

/// 60 % of 8 epochs are 5: snapshots are taken after epochs 6, 7 and 8.
#[test]
fn snapshots_are_the_variables_at_the_last_epochs_ends() {
    let mut engine = begun();
    let name = "f.kernel.loc";
    let mut ends = vec![];
    for epoch in 0..8 {
        train(&mut *engine, 5 * epoch..5 * (epoch + 1));
        let snapshots = section(&mut *engine, "swag.snapshots")[0];
        assert_eq!(snapshots, (epoch as f64 - 4.0).max(0.0));
        assert_eq!(
            engine.predictor().draws(7),
            if snapshots < 2.0 { 1 } else { 7 }
        );
        let mean = section(&mut *engine, &format!("swag.mean/{name}"));
        ends.push(section(&mut *engine, name));
        if epoch < 6 {
            // The point that predicts before there are two of them.
            assert_eq!(mean, ends[epoch as usize]);
        }
    }
    let mean = |entry: usize| ends[5..].iter().map(|end| end[entry]).sum::<f64>() / 3.0;
    let expected: Vec<f64> = (0..3).map(mean).collect();
    let found = section(&mut *engine, &format!("swag.mean/{name}"));
    close(found, &expected, 1e-15);
    // The centre is the mean.
    let variables = engine.predictor().centre().variables().to_vec();
    let means = engine.predictor().weights().into_iter();
    let means = means.filter(|section| section.name.starts_with("swag.mean/"));
    let means = means.flat_map(|section| match section.values.kept() {
        Kept::F64(values) => values,
        Kept::F32(_) => panic!("the mean is float64"),
    });
    assert_eq!(
        variables,
        means.map(|mean| mean as f32).collect::<Vec<f32>>()
    );
}

#[test]
fn a_run_that_is_resumed_anywhere_goes_through_the_same_bits() {
    let mut whole = begun();
    train(&mut *whole, 0..40);
    for stopped in [3, 25, 32, 35] {
        let mut first = begun();
        train(&mut *first, 0..stopped);
        let kept: Vec<Kept> = first.sections().iter().map(|s| s.values.kept()).collect();
        let mut second = begun();
        for (section, mut kept) in second.sections().into_iter().zip(kept) {
            match (section.values, kept.numbers()) {
                (crate::engine::Numbers::F32(to), crate::engine::Numbers::F32(from)) => {
                    to.copy_from_slice(from);
                }
                (crate::engine::Numbers::F64(to), crate::engine::Numbers::F64(from)) => {
                    to.copy_from_slice(from);
                }
                _ => panic!("{} has another type", section.name),
            }
        }
        train(&mut *second, stopped..40);
        for (a, b) in whole.sections().iter().zip(second.sections()) {
            match (a.values.kept(), b.values.kept()) {
                (Kept::F32(a), Kept::F32(b)) => assert_eq!(a, b),
                (Kept::F64(a), Kept::F64(b)) => assert_eq!(a, b),
                _ => panic!("{} has another type", b.name),
            }
        }
    }
}

#[test]
fn what_swag_cannot_do_is_refused_with_its_numbers() {
    let refused = |method: &str, settings: &str| {
        let plan = plan(2, method);
        let config = config(&plan, settings);
        let failure = engine(plan, &config, BATCH).err().expect("a refusal");
        failure.diagnostics[0].title.clone()
    };
    assert_eq!(
        refused("swag", "epochs = 4"),
        "`swag` takes 1 snapshot in 4 epochs from `start = 0.75` of them on: it needs 2 at least"
    );
    assert!(refused("swag(start = 1)", "epochs = 9").contains("0 snapshots in 9 epochs"));
    let ends_early = "epochs = 40\nearly_stopping = true";
    assert!(refused("swag", ends_early).contains("`early_stopping`"));
    assert!(refused("swag", "epochs = 40\nema_decay = 0.9").contains("`ema_decay`"));
}

/// Each draw's batch norm has the mean and the variance that its own weights give, averaged over parts of the training
/// examples.
#[test]
fn draws_have_batch_statistics_of_their_own() {
    let model = MODEL.replace("dense(3), tanh", "dense(3), batch_norm, tanh");
    let (prepared, plan, config) = prepared(&model, "swag(start = 0.5, rank = 3)");
    let training = prepared.training();
    // Three parts of nearly the same size.
    let mut engine = engine(plan, &config, 8).unwrap();
    engine.initialize(3);
    let order = epoch_order(20, SEED, 0);
    let parts: Vec<&[u32]> = vec![&order[..6], &order[6..13], &order[13..]];
    let mut buffers = Buffers::default();
    for done in 0..config.epochs() as u64 * 3 {
        let step = step_after(&config, 20, done);
        let first = step.at.batch_index * config.batch_size();
        let batch = training
            .gather(first..first + step.at.batch, &mut buffers)
            .unwrap();
        engine.step(&batch, &step, &mut []);
        if step.at.batch_index == 2 {
            engine.epoch_ended(&step_after(&config, 20, done + 1));
            assert_eq!(engine.predictor().draws(50), 1, "they are not known yet");
        }
    }
    let said = engine.finish(&training).unwrap();
    assert_eq!(said[1].0, "statistics");
    assert!(
        said[1]
            .1
            .ends_with("of 30 draws, over 20 training examples"),
        "{}",
        said[1].1
    );
    let batch = training.gather(0..20, &mut buffers).unwrap();
    let inputs = batch.inputs.to_vec();
    let close = |predictor: &mut dyn Predictor, what: &str| {
        let drawn = predictor.drawn();
        let values = |name: &str| {
            let found = drawn.iter().find(|drawn| drawn.name == name);
            found.unwrap_or_else(|| panic!("no {name}")).values.to_vec()
        };
        let (kernel, bias) = (values("dense_1.kernel"), values("dense_1.bias"));
        let (means, variances) = (values("batch_norm_1.mean"), values("batch_norm_1.variance"));
        for unit in 0..3 {
            let rows = inputs.chunks(2);
            let of = rows.map(|x| x[0] * kernel[unit] + x[1] * kernel[3 + unit] + bias[unit]);
            let of: Vec<f32> = of.collect();
            let (mut mean, mut variance) = (0.0, 0.0);
            for part in &parts {
                let of: Vec<f32> = part.iter().map(|place| of[*place as usize]).collect();
                let n = of.len() as f32;
                let own = of.iter().sum::<f32>() / n;
                mean += own / 3.0;
                variance += of.iter().map(|x| (x - own).powi(2)).sum::<f32>() / n / 3.0;
            }
            let off = (mean - means[unit])
                .abs()
                .max((variance - variances[unit]).abs());
            assert!(off < 1e-5 * variance.max(1.0), "{what}, unit {unit}: {off}");
        }
        kernel
    };
    let predictor = engine.predictor();
    assert_eq!((predictor.draws(7), predictor.draws(50)), (7, 30));
    let mut kernels = vec![];
    for draw in [0, 1, 29] {
        // Whatever the seed.
        predictor.draw_weights(draw, 7 + draw as u64);
        kernels.push(close(predictor, &format!("draw {draw}")));
    }
    assert!(kernels[0] != kernels[1] && kernels[1] != kernels[2]);
    let centre = predictor.centre();
    centre.draw_weights(0, 0);
    kernels.push(close(centre, "the mean"));
}
