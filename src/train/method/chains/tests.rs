//! Runs of several fits that stop and go on, and that go on without one of them.

use super::super::testing::{MODEL, prepared};
use crate::engine::{Kept, Numbers};
use crate::examples::Buffers;
use crate::train::fit::step_after;
use crate::train::method;

fn bits(mut kept: Kept) -> Vec<u64> {
    match kept.numbers() {
        Numbers::F32(x) => x.iter().map(|x| u64::from(x.to_bits())).collect(),
        Numbers::F64(x) => x.iter().map(|x| x.to_bits()).collect(),
    }
}

#[test]
fn a_run_that_was_stopped_goes_on_with_the_same_bits() {
    for text in [
        "nuts(warmup = 30, draws = 10, chains = 2)",
        "hmc(trajectory = 0.5, mass = diagonal, warmup = 30, draws = 10, chains = 2)",
        "sghmc(draws = 8, chains = 2, cycles = 2, preconditioner = rmsprop)",
        "sgld(draws = 8, chains = 2)",
    ] {
        let (prepared, plan, config) = prepared(MODEL, text);
        let part = prepared.training();
        let all = (config.all_epochs() * config.steps(20)) as u64;
        // A copy of all sections after the steps from one place to another.
        let go = |from: Option<(u64, Vec<Kept>)>, to: u64| -> Vec<Kept> {
            let mut engine = method::engine(plan.clone(), &config, 20).unwrap();
            engine.initialize(config.seed);
            let mut start = 0;
            if let Some((done, mut kept)) = from {
                start = done;
                for (section, kept) in engine.sections().into_iter().zip(&mut kept) {
                    match (section.values, kept.numbers()) {
                        (Numbers::F32(to), Numbers::F32(from)) => to.copy_from_slice(from),
                        (Numbers::F64(to), Numbers::F64(from)) => to.copy_from_slice(from),
                        _ => panic!("{} has another type", section.name),
                    }
                }
            }
            let mut buffers = Buffers::default();
            for done in start..to {
                let step = step_after(&config, 20, done);
                let first = step.at.batch_index * config.batch_size();
                let places = first..first + step.at.batch;
                let batch = part.gather(places, &mut buffers).unwrap();
                engine.step(&batch, &step, &mut []);
            }
            let sections = engine.sections().into_iter();
            sections.map(|section| section.values.kept()).collect()
        };
        let whole: Vec<u64> = go(None, all).into_iter().flat_map(bits).collect();
        for at in [1, all / 3, all / 2 + 1, all - 1] {
            let parts = go(Some((at, go(None, at))), all);
            let parts: Vec<u64> = parts.into_iter().flat_map(bits).collect();
            assert!(whole == parts, "{text}, stopped after {at} of {all}");
        }
    }
}

#[test]
fn a_fit_that_is_left_out_predicts_no_more_and_the_others_are_as_without_it() {
    for (text, each) in [
        ("sghmc(draws = 4, chains = 3, preconditioner = rmsprop)", 4),
        ("sgld(draws = 4, chains = 3)", 4),
        ("ensemble(members = 3)", 1),
    ] {
        let (prepared, plan, config) = prepared(MODEL, text);
        let part = prepared.training();
        let (n, batches) = (20, config.steps(20) as u64);
        let of_fit = config.epochs() as u64 * batches;
        // The weights of all draws, sorted, of a run that leaves out a fit after so many of its steps.
        let draws = |left_out: Option<(u64, u64)>| {
            let mut engine = method::engine(plan.clone(), &config, n).unwrap();
            engine.initialize(config.seed);
            let mut buffers = Buffers::default();
            let mut done = 0;
            while done < 3 * of_fit {
                let step = step_after(&config, n, done);
                let first = step.at.batch_index * config.batch_size();
                let batch = part
                    .gather(first..first + step.at.batch, &mut buffers)
                    .unwrap();
                engine.step(&batch, &step, &mut []);
                done += 1;
                if let Some((fit, after)) = left_out
                    && done == fit * of_fit + after
                {
                    engine.leave_out(fit as usize);
                    assert!(engine.sections().iter().all(|section| section.is_finite()));
                    done = (fit + 1) * of_fit;
                } else if done % batches == 0 {
                    engine.epoch_ended(&step_after(&config, n, done));
                }
            }
            let predictor = engine.predictor();
            let count = predictor.draws(1000);
            let draw = |number: usize| -> Vec<u32> {
                predictor.draw_weights(number, 0);
                let drawn = predictor.drawn().into_iter();
                drawn
                    .flat_map(|drawn| drawn.values.to_vec())
                    .map(f32::to_bits)
                    .collect()
            };
            (0..count)
                .map(draw)
                .collect::<std::collections::BTreeSet<_>>()
        };
        let all = draws(None);
        assert_eq!(all.len(), 3 * each, "{text}");
        // Before and after it has kept something.
        for fit in 0..3 {
            for after in [1, of_fit - 1] {
                let rest = draws(Some((fit, after)));
                assert_eq!(rest.len(), 2 * each, "{text}, without fit {fit}");
                assert!(rest.is_subset(&all), "{text}, without fit {fit}");
            }
        }
    }
}
